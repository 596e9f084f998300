/* The list of refs that a fetch begins with, told without a Git child: gitprotocol-pack (versions 0
 * and 1), gitprotocol-v2 (the capabilities, and the command ls-refs). */
#ifndef CGI_GIT_ADVERT_H
#define CGI_GIT_ADVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "git/reflist.h"

struct buf;

/* The capabilities in an advertisement of Git's own, of version 0 or 1, without a service line.
 * NULL: it has none. Those of version 2 are the whole answer. */
const char *advert_find_words(struct arena *mem, const char *text, size_t len);

/* Adds the advertisement of version 0 or 1, without the service line. words: as found, of any
 * store; what they say of HEAD is replaced. */
void advert_add(struct buf *b, int version, const char *words, const struct git_reflist *refs);

#define ADVERT_PREFIXES_MAX 1000

/* The command ls-refs, as a request says it. */
struct advert_ask {
	bool wants_peeled, wants_symrefs, wants_unborn;
	const char *prefixes[ADVERT_PREFIXES_MAX]; /* none: everything */
	size_t n_prefixes;
};

/* false: the request is another command, or says more than we know of: then it is Git's. */
bool advert_ask_parse(struct arena *mem, const char *text, size_t len, struct advert_ask *out);

/* Adds the answer. */
void advert_ask_add(struct buf *b, const struct advert_ask *ask, const struct git_reflist *refs);

#endif
