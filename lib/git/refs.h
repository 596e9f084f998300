/* Refs: what an upstream lists, what of it we take, and how a store keeps it: all in one
 * packed-refs file, replaced whole, so that a reader sees the old set or the new one. */
#ifndef GIT_REFS_H
#define GIT_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_filter;
struct git_wire;

#define GIT_OID_BYTES 20
#define GIT_REF_NAME_MAX 1000

struct git_ref {
	const char *name; /* full */
	unsigned char oid[GIT_OID_BYTES];
	unsigned char peeled[GIT_OID_BYTES]; /* only where is_peeled */
	bool is_peeled;			     /* an annotated tag */
};

/* Sorted by name in byte order, each name once. */
struct git_refs {
	struct git_ref *rows;
	size_t n;
	const char *head; /* the branch HEAD names, one of rows; NULL: none that we could follow */
};

/* What an upstream answers to "which refs have you". */
struct git_advert {
	struct git_refs refs;	  /* those that the filter takes (checklists/security.md M-19) */
	const char *capabilities; /* the words, divided by blanks */
};

/* Reads the advertisement from the wire; filter NULL: branches and tags. Left out, as git itself
 * does: names that Git does not allow, names longer than GIT_REF_NAME_MAX, and names below another
 * ref's name. E_NOTFOUND: the upstream says it has no such repository. E_INVALID: not Git, SHA-256,
 * shallow. E_DENIED: more than refs_most refs or sync.advert_bytes bytes. Failures of the wire as
 * they are. */
must_check int git_advert_read(struct ctx *c, struct git_wire *wire,
    const struct git_filter *filter, int64_t refs_most, struct git_advert *out);

/* 64 hex digits: SHA-256 over "ref: <branch> HEAD" and "<oid> <name>" lines. Peeled ids are left
 * out: the oid decides them, and not every server lists them. */
const char *git_refs_fingerprint(struct arena *mem, const struct git_refs *refs);

/* The row with that name, or NULL. */
const struct git_ref *git_refs_find(const struct git_refs *refs, const char *name);

/* How many names were added, removed or moved between the two. */
size_t git_refs_count_changes(const struct git_refs *before, const struct git_refs *after);

struct git_ref_change {
	const char *name;
	char old_id[2 * GIT_OID_BYTES + 1], new_id[2 * GIT_OID_BYTES + 1]; /* zeros: none */
};

/* The first `most` of them, by name: branches before tags. */
size_t git_refs_changes(struct arena *mem, const struct git_refs *before,
    const struct git_refs *after, size_t most, struct git_ref_change **out);

/* ---- on disk */

/* What is published: packed-refs without refs/mirrorhub/ (those go to *kept_out, which may be
 * NULL), and HEAD if its branch exists. A store without packed-refs has none. E_INTERNAL: the file
 * is damaged. */
must_check int git_refs_load(
    struct ctx *c, const char *store_dir, struct git_refs *out, struct git_refs *kept_out);

/* The same of a damaged file: the lines that can be read, each name once. */
must_check int git_refs_load_readable(
    struct ctx *c, const char *store_dir, struct git_refs *out, struct git_refs *kept_out);

/* All refs that can be read, those of ours and loose ones too, by name. */
must_check int git_refs_load_all_readable(
    struct ctx *c, const char *store_dir, struct git_refs *out);

/* Replaces packed-refs by `refs` and `kept` in one durable rename, through packed-refs.lock, which
 * git itself respects. E_CONFLICT: someone else holds that lock. */
must_check int git_refs_publish(
    struct ctx *c, const char *store_dir, const struct git_refs *refs, const struct git_refs *kept);

/* The refs that somebody was last told of, who asks by their fingerprint ("": of none). What is
 * published may be newer: whoever published it was killed before he could tell. Then the copy that
 * he kept is read, else `now` is it, and is kept (a second name for packed-refs, durable) before it
 * is replaced. Under the store's lock. */
must_check int git_refs_told(struct ctx *c, const char *store_dir, const char *fingerprint,
    const struct git_refs *now, struct git_refs *out);

/* Whether something may have been published over the refs of that fingerprint, of which who asks
 * has not heard: git_refs_told was asked for them, and what came then was not told since. */
bool git_refs_is_untold(struct arena *mem, const char *store_dir, const char *fingerprint);

/* The copy of git_refs_told, if there is one, for a store that takes the other's place. */
must_check int git_refs_carry_told(
    struct ctx *c, const char *from_dir, const char *to_dir, const char *fingerprint);

/* What is published is what was last told, again. Under the store's lock. */
void git_refs_forget_told(struct arena *mem, const char *store_dir);

/* The branch that HEAD names, whether it exists or not; NULL: HEAD is detached. */
must_check int git_head_load(struct ctx *c, const char *store_dir, const char **branch_out);

must_check int git_head_set(struct ctx *c, const char *store_dir, const char *branch);

/* Whether there is any loose ref. */
must_check int git_refs_has_loose(struct ctx *c, const char *store_dir, bool *out);

/* Removes loose refs, which would hide those of packed-refs; a mirror has none. */
must_check int git_refs_drop_loose(struct ctx *c, const char *store_dir);

#endif
