/* Lines that list refs, of both protocols, and what becomes of them: the refs of an upstream that a
 * mirror takes. Used by the reading of an advertisement (git/refs.h) and of a probe's answer
 * (git/ls_refs.h), so that both see the same. */
#ifndef GIT_REF_LINES_H
#define GIT_REF_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/filter.h"
#include "git/refs.h"

struct git_ref_lines {
	struct ctx *c;
	const struct git_filter *filter; /* NULL: branches and tags */
	int64_t refs_most;
	/* so far */
	struct git_refs refs;
	size_t size; /* rows there is room for */
	const char *capabilities, *symref;
	unsigned char head[GIT_OID_BYTES];
	bool has_head, is_last_taken;
};

/* A line of protocol version 0 or 1: "<oid> <name>", the first one with NUL and capabilities
 * behind, or "<oid> <name>^{}". Writes into it. Codes as git_advert_read. */
must_check int git_ref_lines_advert(struct git_ref_lines *l, char *line, size_t len);

/* A line of ls-refs, protocol version 2: "<oid> <name>", with attributes. */
must_check int git_ref_lines_listed(struct git_ref_lines *l, char *line, size_t len);

/* All lines have been there: the refs in order, and HEAD. E_INVALID: a name twice. */
must_check int git_ref_lines_end(struct git_ref_lines *l, struct git_refs *out);

#endif
