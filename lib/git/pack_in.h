/* A pack while it comes in: stored and indexed as its bytes arrive, in a repository of its own that
 * nobody reads yet. A small one is indexed by libgit2 in this process; one of
 * sync.index_pack_objects or more by `git index-pack`, which uses several processors and a fraction
 * of the memory (mirroring.md goals G7, G17): below that a process costs more than it saves. */
#ifndef GIT_PACK_IN_H
#define GIT_PACK_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_odb;
struct git_fetched;
struct git_pack_in;

struct git_pack_in_spec {
	const char *dir;     /* the bare repository */
	struct git_odb *odb; /* its objects and those it borrows: bases of a thin pack */
	/* Called while bytes come and deltas are resolved. false: give up. */
	bool (*progress)(void *payload, int64_t objects, int64_t objects_total);
	void *payload;
};

struct git_pack_in *git_pack_in_new(struct ctx *c, const struct git_pack_in_spec *spec);

/* More of its bytes, cut anywhere. E_INVALID: no good pack, or more than sync.objects. E_CONFLICT:
 * progress said so. E_INTERNAL: disk or memory. */
must_check int git_pack_in_add(struct git_pack_in *p, const void *bytes, size_t len);

/* All of it has come: objects, pack (NULL: one without objects, which is not kept) and indexed_by
 * are filled in. Failures as before. E_DENIED: git needs more than sync.memory_bytes for it. */
must_check int git_pack_in_end(struct git_pack_in *p, struct git_fetched *out);

#endif
