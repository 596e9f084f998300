#include "sync/anew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cache.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crash.h"
#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/chore.h"
#include "git/store.h"

#define MS_PER_S 1000
#define IDS_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define TIPS_TRIED 5000 /* one by one, when they cannot be had together */

int
anew_make(struct ctx *c, const char *store_dir, const char *branch, const char **fresh_out)
{
	const char *fresh = arena_printf(c->mem, "%s.anew", store_dir);

	TRY(path_remove_tree(c, fresh));
	TRY(git_store_create(c, fresh, branch));
	*fresh_out = fresh;
	return OK;
}

int
anew_refs(struct ctx *c, const char *store_dir, struct git_refs *out, struct git_refs *kept_out,
    bool *is_all_out)
{
	*is_all_out = git_refs_load(c, store_dir, out, kept_out) == OK;
	return *is_all_out ? OK : git_refs_load_readable(c, store_dir, out, kept_out);
}

/* ---- kept tips */

static void
add_id(struct buf *b, const char *before, const unsigned char *oid)
{
	buf_printf(b, "%s%s\n", before, str_hex(b->mem, oid, GIT_OID_BYTES));
}

/* In the fresh store, which finds in the old one what it lacks. */
static int
pack_tips(struct ctx *c, const char *store_dir, const char *fresh_dir, const struct git_refs *refs,
    const struct git_refs *tips)
{
	const char *const argv[] = { "git", "pack-objects", "-q", "--revs", "--delta-base-offset",
		"--non-empty", path_under(c->mem, fresh_dir, "objects/pack/pack"), NULL };
	struct buf *ids = buf_new(c->mem, IDS_MAX_BYTES);
	struct git_chore chore = { .dir = fresh_dir,
		.argv = argv,
		.alternate = path_under(c->mem, store_dir, "objects"),
		.wall_ms = c->conf->sync_total_s * MS_PER_S / 4 };

	for (size_t i = 0; i < tips->n; i++)
		add_id(ids, "", tips->rows[i].oid);
	for (size_t i = 0; i < refs->n; i++)
		add_id(ids, "^", refs->rows[i].oid);
	if (ids->full)
		return fail(c, E_INTERNAL, "too many refs to carry kept tips over");
	chore.input = ids->data;
	chore.input_len = ids->len;
	return git_chore_run(c, &chore);
}

/* A git child that dies at the first object it cannot read says nothing of the other tips. */
static int
pack_each(struct ctx *c, const char *store_dir, const char *fresh_dir, const struct git_refs *refs,
    struct git_refs *kept)
{
	struct git_refs has = { .n = refs->n }; /* and what has come over so far */
	size_t n = 0;

	has.rows = arena_new_array(c->mem, struct git_ref, refs->n + kept->n + 1);
	if (refs->n > 0)
		memcpy(has.rows, refs->rows, refs->n * sizeof(refs->rows[0]));
	for (size_t i = 0; i < kept->n && i < TIPS_TRIED; i++) {
		const struct git_refs one = { .rows = &kept->rows[i], .n = 1 };

		if (pack_tips(c, store_dir, fresh_dir, &has, &one) == OK) {
			has.rows[has.n++] = kept->rows[i];
			kept->rows[n++] = kept->rows[i];
		}
	}
	kept->n = n;
	return OK;
}

int
anew_carry(struct ctx *c, const char *store_dir, const char *fresh_dir, const struct git_refs *refs,
    struct git_refs *kept)
{
	if (kept->n == 0)
		return OK;
	if (pack_tips(c, store_dir, fresh_dir, refs, kept) == OK)
		return OK;
	return pack_each(c, store_dir, fresh_dir, refs, kept);
}

/* ---- taking the place */

/* Readers see one or the other at any moment; where the file system cannot exchange two folders,
 * none for a moment. */
static int
exchange(struct ctx *c, const char *store_dir, const char *fresh_dir, const char *old)
{
	if (renameat2(AT_FDCWD, fresh_dir, AT_FDCWD, store_dir, RENAME_EXCHANGE) == 0) {
		crash_point("anew-exchanged");
		return path_rename(c, fresh_dir, old);
	}
	if (errno != EINVAL && errno != ENOSYS)
		return fail(c, E_INTERNAL, "exchange %s: %s", store_dir, strerror(errno));
	TRY(path_rename(c, store_dir, old));
	return path_rename(c, fresh_dir, store_dir);
}

int
anew_swap(
    struct ctx *c, int64_t store_id, const char *store_dir, const char *fresh_dir, const char *word)
{
	const char *old =
	    arena_printf(c->mem, "%s.%s-%lld", store_dir, word, (long long)clock_now());

	TRY(path_remove_tree(c, old)); /* of the same second: of nobody's interest */
	TRY(path_fsync(c, fresh_dir));
	crash_point("anew-made");
	TRY(exchange(c, store_dir, fresh_dir, old));
	/* answers that were made of the old one */
	TRY(cache_remove(c, project_cache_dir(c), project_cache_prefix(c, store_id), NULL));
	return cache_remove(c, project_readme_dir(c), project_cache_prefix(c, store_id), NULL);
}
