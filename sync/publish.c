#include "sync/publish.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/describe.h"
#include "git/store.h"
#include "base/crash.h"
#include "sync/anew.h"

#define LOCK_WAIT_MS 30000
#define DIR_MODE 0750
#define HEADS "refs/heads/"

static int
lock(struct ctx *c, const struct publication *p, int **lock_out)
{
	const char *folder = arena_strndup(
	    c->mem, p->store_dir, (size_t)(strrchr(p->store_dir, '/') - p->store_dir));

	TRY(path_make_dir(c, folder, DIR_MODE));
	if (path_lock(c, project_store_lock(c, p->store_id), LOCK_WAIT_MS, lock_out) != OK)
		return fail(c, E_INTERNAL, "the store's lock cannot be had: %s", c->reason);
	return OK;
}

static int
open_store(struct ctx *c, const struct publication *p)
{
	const char *head = p->refs->head;

	if (!path_is_dir(p->store_dir))
		return git_store_create(
		    c, p->store_dir, head != NULL ? head + strlen(HEADS) : "main");
	TRY(git_store_check(c, p->store_dir));
	return git_store_tidy(c, p->store_dir);
}

/* The index comes last: a pack without one is not seen by anybody, and git_store_tidy removes it.
 */
static int
move_pack(struct ctx *c, const struct publication *p)
{
	const char *name;

	if (p->pack == NULL)
		return OK;
	name = arena_printf(c->mem, "%s/objects/pack%s", p->store_dir, strrchr(p->pack, '/'));
	TRY(path_rename(
	    c, arena_printf(c->mem, "%s.pack", p->pack), arena_printf(c->mem, "%s.pack", name)));
	crash_point("pack-moved");
	TRY(path_rename(
	    c, arena_printf(c->mem, "%s.idx", p->pack), arena_printf(c->mem, "%s.idx", name)));
	crash_point("idx-moved");
	return OK;
}

/* ---- HEAD */

/* HEAD follows the upstream; where that leads nowhere it stays, and where its branch is gone it
 * goes to the likeliest one left (checklists/security.md M-18). NULL: there is no branch at all. */
static const char *
next_head(const struct git_refs *refs, const char *now)
{
	static const char *const usual[] = { HEADS "main", HEADS "master" };

	if (refs->head != NULL)
		return refs->head;
	if (now != NULL && git_refs_find(refs, now) != NULL)
		return now;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (git_refs_find(refs, usual[i]) != NULL)
			return usual[i];
	for (size_t i = 0; i < refs->n; i++)
		if (str_starts(refs->rows[i].name, HEADS))
			return refs->rows[i].name;
	return NULL;
}

/* HEAD moves before the refs where its branch is there already, so that it never dangles. */
static int
swap_refs(struct ctx *c, struct publication *p, const struct git_refs *before,
    const struct git_refs *kept)
{
	const char *now, *next;
	bool moves, is_there;

	TRY(git_head_load(c, p->store_dir, &now));
	next = next_head(p->refs, now);
	moves = next != NULL && !str_is_equal(next, now);
	is_there = moves && git_refs_find(before, next) != NULL;
	if (is_there)
		TRY(git_head_set(c, p->store_dir, next));
	TRY(git_refs_publish(c, p->store_dir, p->refs, kept));
	crash_point("refs-written");
	if (moves && !is_there)
		TRY(git_head_set(c, p->store_dir, next));
	crash_point("head-written");
	return git_refs_drop_loose(c, p->store_dir);
}

/* What readers see now has to be what the upstream had. */
static int
verify(struct ctx *c, const struct publication *p)
{
	struct git_refs now;

	TRY(git_refs_load(c, p->store_dir, &now, NULL));
	if (p->refs->head == NULL)
		now.head = NULL; /* ours, not the upstream's */
	if (strcmp(git_refs_fingerprint(c->mem, &now), git_refs_fingerprint(c->mem, p->refs)) != 0)
		return fail(c, E_INTERNAL, "%s has not the refs that were written", p->store_dir);
	return OK;
}

/* What was there, and what was told of it: the very same where the refs were only put right. Of a
 * damaged store that cannot be told, nothing is. */
static int
load_before(struct ctx *c, const struct publication *p, const char *old_dir,
    struct git_refs *before, struct git_refs *kept, struct git_refs *told)
{
	bool is_all,
	    is_told = str_is_equal(git_refs_fingerprint(c->mem, p->refs), p->old_fingerprint);

	*told = *p->refs;
	if (!p->is_anew) {
		TRY(git_refs_load(c, old_dir, before, kept));
		return is_told ? OK : git_refs_told(c, old_dir, p->old_fingerprint, before, told);
	}
	TRY(anew_refs(c, old_dir, before, kept, &is_all));
	if (is_told)
		return OK;
	if (!is_all || git_refs_told(c, old_dir, p->old_fingerprint, before, told) != OK)
		*told = *p->refs;
	return OK;
}

/* HEAD of the old one, as long as the upstream says nothing else. */
static int
make_fresh(struct ctx *c, struct publication *p)
{
	const char *head = p->refs->head, *now;

	if (head == NULL && git_head_load(c, p->store_dir, &now) == OK && now != NULL &&
	    git_refs_find(p->refs, now) != NULL)
		head = now;
	return anew_make(
	    c, p->store_dir, head != NULL ? head + strlen(HEADS) : "main", &p->store_dir);
}

static int
take_place(struct ctx *c, struct publication *p, const char *old_dir)
{
	TRY(git_refs_carry_told(c, old_dir, p->store_dir, p->old_fingerprint));
	TRY(anew_swap(c, p->store_id, old_dir, p->store_dir, "old"));
	p->store_dir = old_dir;
	return OK;
}

static bool
is_theirs(const struct publication *p, const struct git_ref *row)
{
	const struct git_ref *theirs = git_refs_find(p->upstream, row->name);

	return theirs != NULL && memcmp(theirs->oid, row->oid, GIT_OID_BYTES) == 0;
}

/* What is published and not the upstream's has its objects in the old store, too. What cannot be
 * read there is lost: the upstream's takes its place. */
static int
carry_refs(struct ctx *c, struct publication *p, const char *old_dir)
{
	struct git_refs *all = arena_new_of(c->mem, struct git_refs);
	struct git_refs ours = { .n = 0 };

	*all = (struct git_refs){ .head = p->refs->head };
	all->rows = arena_new_array(c->mem, struct git_ref, p->refs->n + 1);
	ours.rows = arena_new_array(c->mem, struct git_ref, p->refs->n + 1);
	for (size_t i = 0; i < p->refs->n; i++)
		if (!is_theirs(p, &p->refs->rows[i]))
			ours.rows[ours.n++] = p->refs->rows[i];
	if (ours.n == 0)
		return OK;
	TRY(anew_carry(c, old_dir, p->store_dir, p->upstream, &ours));
	for (size_t i = 0; i < p->refs->n; i++) {
		const struct git_ref *row = &p->refs->rows[i];

		if (!is_theirs(p, row) && git_refs_find(&ours, row->name) == NULL)
			row = git_refs_find(p->upstream, row->name);
		if (row != NULL)
			all->rows[all->n++] = *row;
	}
	p->refs = all;
	return OK;
}

static int
carry(struct ctx *c, struct publication *p, const char *old_dir, struct git_refs *kept)
{
	TRY(carry_refs(c, p, old_dir));
	return anew_carry(c, old_dir, p->store_dir, p->upstream, kept);
}

static int
publish_locked(struct ctx *c, struct publication *p)
{
	const char *old_dir = p->store_dir;
	struct git_refs before, kept, next_kept, told;
	struct git_repository *repo;

	TRY(p->is_anew ? make_fresh(c, p) : open_store(c, p));
	TRY(load_before(c, p, old_dir, &before, &kept, &told));
	TRY(move_pack(c, p));
	git_kept_next(c, &kept, &before, p->refs, p->moves, p->kept_rule, &next_kept);
	if (p->is_anew)
		TRY(carry(c, p, old_dir, &next_kept));
	TRY(swap_refs(c, p, &before, &next_kept));
	TRY(verify(c, p));
	if (p->is_anew)
		TRY(take_place(c, p, old_dir));
	if (strcmp(git_refs_fingerprint(c->mem, p->refs), p->old_fingerprint) == 0)
		git_refs_forget_told(c->mem, p->store_dir);
	p->refs_changed = git_refs_count_changes(&told, p->refs);
	p->n_changes = git_refs_changes(c->mem, &told, p->refs, p->changes_most, &p->changes);
	TRY(git_store_open(c, p->store_dir, &repo));
	p->latest_version = git_describe_version(c->mem, repo);
	return git_store_size(c, p->store_dir, &p->size_bytes);
}

int
publish_refs(struct ctx *c, struct publication *p)
{
	int *held, code;

	TRY(lock(c, p, &held));
	if (!p->may_publish(p->payload))
		code = fail(c, E_CONFLICT, "another worker has this mirror now");
	else if (publish_locked(c, p) == OK)
		code = OK;
	else
		code = E_INTERNAL; /* whatever it was, it is about us */
	path_unlock(c, held);
	return code;
}
