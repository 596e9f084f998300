/* The commands at the head of a push: "<old id> <new id> <ref>" lines up to a flush. */
#ifndef CGI_GIT_COMMANDS_H
#define CGI_GIT_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "web/req.h"

struct body;

/* The most refs that one push may change (security.md G-13). */
#define COMMANDS_MAX 10000

/* Parts of a ref's name. libgit2 reads loose refs 100 folders deep, and ends its list there without
 * a word: one that is deeper would hide all that come behind it. */
#define COMMANDS_PARTS_MAX 64

struct commands {
	const char **refs; /* names that can be refs; at most COMMANDS_MAX */
	size_t n;
	size_t n_lines;	   /* how many lines came; more than COMMANDS_MAX: refuse it */
	bool has_sideband; /* the client can be told things in channels */
};

/* Reads them and puts what it read back into the body. E_INVALID: not pkt-lines, or no end (400),
 * or far too long (413). */
must_check int commands_read(struct req *r, struct body *body, struct commands *out);

/* Whether one of the names has more than COMMANDS_PARTS_MAX parts. */
bool commands_are_deep(const struct commands *c);

/* Fills r->out with a refusal of the whole push, in the form that the client prints. */
void commands_refuse(struct req *r, const struct commands *c, const char *sentence);

#endif
