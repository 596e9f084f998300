/* A pack that libgit2 has just indexed (every object hashed, checksum compared), read once more in
 * the order that costs least: each commit, tree and tag is unpacked exactly once, its base at hand.
 * Whole blobs are measured, blobs made of deltas were already (libgit2 does it when it applies
 * them). libgit2's own reading, object by object, would rebuild every delta chain. */
#ifndef GIT_PACKFILE_H
#define GIT_PACKFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum git_kind { GIT_KIND_COMMIT = 1, GIT_KIND_TREE, GIT_KIND_BLOB, GIT_KIND_TAG };

const char *git_kind_text(enum git_kind kind);

struct git_packfile;

/* path without ".pack" and ".idx"; mapped until the arena closes. E_INVALID: not a version 2 pack
 * that holds all its bases. */
must_check int git_packfile_open(struct ctx *c, const char *path, struct git_packfile **out);

size_t git_packfile_count(const struct git_packfile *p);

/* false: the object is not in this pack. */
bool git_packfile_has(
    const struct git_packfile *p, const unsigned char *oid, enum git_kind *kind_out);

/* Calls each for every object that is no blob. bytes has a NUL behind and is valid during the call.
 * Stops at the first result that is not OK. E_INVALID: an object does not unpack, or not to the
 * length it claims. E_DENIED: a blob larger than sync.object_bytes. */
must_check int git_packfile_each(struct ctx *c, const struct git_packfile *p,
    int (*each)(
	void *payload, const unsigned char *oid, enum git_kind kind, const char *bytes, size_t len),
    void *payload);

#endif
