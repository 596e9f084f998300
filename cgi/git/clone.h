/* The answer to a full clone, kept: whoever asks the same of the same refs gets the same bytes, so
 * Git has to make them only once. Files in project_cache_dir, within git.cache_bytes. */
#ifndef CGI_GIT_CLONE_H
#define CGI_GIT_CLONE_H

#include <stdbool.h>
#include <stddef.h>

#include "git/reflist.h"
#include "web/req.h"

/* ---- what is asked */

struct clone_ask {
	char **wants; /* ids, in order, each once */
	size_t n_wants;
	unsigned flags; /* enum clone_flags */
};

enum clone_flags {
	CLONE_THIN = 1,
	CLONE_OFS_DELTA = 2,
	CLONE_QUIET = 4,
	CLONE_WITH_TAGS = 8,
};

/* A fetch of protocol version 2 by someone who has nothing. false: anything else (haves, depths,
 * filters, words that we do not know). */
bool clone_parse(struct arena *mem, const char *text, size_t len, struct clone_ask *out);

/* Whether all branches are wanted: what only some ask for is not worth its place. */
bool clone_is_full(const struct clone_ask *ask, const struct git_reflist *refs);

/* ---- the answer */

struct clone {
	const char *dir, *name;	   /* its file */
	const char *store, *state; /* its name begins with these: of the store; with these refs */
	int *fd;		   /* where a new one is written */
	int64_t max_bytes;
};

/* The file that has or will have the answer to the request. false: such answers are not kept. */
bool clone_find(
    struct req *r, const struct buf *request, const struct git_reflist *refs, struct clone *out);

/* Sends it; type and headers but the length are set. E_NOTFOUND: there is none yet. E_INTERNAL: the
 * client went away (499), or it took longer than git.total_s. */
must_check int clone_send(struct req *r, const struct clone *clone);

/* Begins a new one. false: someone else does, or the disk has no room. */
bool clone_begin(struct req *r, struct clone *clone);

/* Keeps what was written, or not: it is incomplete, or too little to be worth it. What was kept for
 * earlier refs of the store goes. */
void clone_end(struct req *r, struct clone *clone, bool is_whole);

#endif
