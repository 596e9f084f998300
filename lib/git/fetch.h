/* Objects from an upstream into a quarantine: a bare repository of its own that sees the store's
 * objects through alternates. Nothing in the store is touched. */
#ifndef GIT_FETCH_H
#define GIT_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/packfile.h"
#include "git/refs.h"

struct git_wire;

struct git_fetch {
	const char *quarantine_dir;	  /* made here; must not exist */
	const char *store_dir;		  /* NULL: there is none yet */
	const struct git_advert *advert;  /* what was read from wire right before */
	const struct git_refs *published; /* of the store */
	struct git_wire *wire;
	/* Called while bytes come and deltas are resolved. false: give up. */
	bool (*progress)(void *payload, int64_t bytes, int64_t objects, int64_t objects_total);
	void *payload;
};

struct git_fetched {
	int64_t bytes, objects;
	const char *pack; /* path without ".pack"; NULL: nothing had to be fetched */
	enum git_indexed_by indexed_by;
};

/* Asks for every listed tip that the store lacks. E_INVALID: what came is no good pack. E_DENIED: a
 * limit (sync.pack_bytes). E_CONFLICT: progress said so. E_INTERNAL: disk. Failures of the wire as
 * they are. Ends the conversation on the wire in any case where it returns OK. */
must_check int git_fetch(struct ctx *c, const struct git_fetch *f, struct git_fetched *out);

/* Ends a conversation in which nothing is wanted. */
must_check int git_fetch_nothing(struct git_wire *wire);

#endif
