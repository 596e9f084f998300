/* A pack that was just indexed (git/pack_in.h: every object hashed, checksum compared), read once
 * more in the order that costs least: each commit, tree and tag is unpacked exactly once, its base
 * at hand. libgit2's own reading, object by object, would rebuild every delta chain. */
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

/* Who indexed a pack has looked at its blobs in one of two ways. libgit2 hashes what a whole blob's
 * stream holds under the length that its head claims, and does not compare the two: such a blob
 * would have an id, but nobody could ever read it. Git compares. */
enum git_indexed_by { GIT_INDEXED_BY_LIBGIT2 = 1, GIT_INDEXED_BY_GIT };

/* Calls each for every object that is no blob. bytes has a NUL behind and is valid during the call.
 * Stops at the first result that is not OK. E_INVALID: an object does not unpack, or not to the
 * length it claims. E_DENIED: a blob larger than sync.object_bytes. */
must_check int git_packfile_each(struct ctx *c, const struct git_packfile *p,
    enum git_indexed_by by,
    int (*each)(
	void *payload, const unsigned char *oid, enum git_kind kind, const char *bytes, size_t len),
    void *payload);

#endif
