/* The commands at the head of a push: "<old id> <new id> <ref>" lines up to a flush. */
#ifndef CGI_GIT_COMMANDS_H
#define CGI_GIT_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "web/req.h"

struct body;

/* The most refs that one push may change (security.md G-13). */
#define COMMANDS_MAX 10000

struct commands {
	const char **refs; /* names that can be refs; at most COMMANDS_MAX */
	size_t n;
	size_t n_lines;	   /* how many lines came; more than COMMANDS_MAX: refuse it */
	bool has_sideband; /* the client can be told things in channels */
};

/* Reads them and puts what it read back into the body. E_INVALID: not pkt-lines, or no end (400),
 * or far too long (413). */
must_check int commands_read(struct req *r, struct body *body, struct commands *out);

/* Fills r->out with a refusal of the whole push, in the form that the client prints. */
void commands_refuse(struct req *r, const struct commands *c, const char *sentence);

#endif
