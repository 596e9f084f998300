#include "core/project_fork.h"

#include <string.h>

#include "base/conf.h"
#include "base/crash.h"
#include "base/fault.h"
#include "base/path.h"
#include "core/folder.h"
#include "core/name.h"
#include "core/project.h"
#include "db/db.h"
#include "git/copy.h"
#include "store/access.h"
#include "store/repo.h"

#define LOCK_WAIT_MS 5000

struct fork {
	const struct project_full *source;
	int *source_lock;
	struct copy_place place;
	const struct fork_wish *wish; /* NULL: ABF's, in its owner's place */
	int64_t store_id;	      /* of the copy */
	const char *head;	      /* the branch its HEAD names */
};

static int
copy_store(struct ctx *c, struct fork *f)
{
	const char *from = project_store_dir(c, f->source->base.store_id);
	int *lock;
	int code;

	TRY(project_make_store_folder(c, f->store_id));
	TRY(project_lock_store(c, f->store_id, LOCK_WAIT_MS, &lock));
	code = git_store_copy(
	    c, from, project_store_dir(c, f->store_id), (size_t)c->conf->sync_refs, &f->head);
	path_unlock(c, lock);
	path_unlock(c, f->source_lock);
	return code;
}

/* What the source has beyond that. */
static int
settle(struct ctx *c, const struct fork *f, int64_t id)
{
	const struct fork_wish *wish = f->wish;

	if (wish == NULL && f->source->is_package)
		return project_conflict(c, project_attach_personal(c, id));
	if (wish == NULL)
		return OK;
	if (wish->description != NULL)
		TRY(repo_set_description(c, id, wish->description));
	if (wish->is_private)
		TRY(repo_set_default(c, id, ACCESS_NONE));
	return wish->copies_grants ? repo_copy_grants(c, f->source->base.id, id) : OK;
}

static int
insert(struct ctx *c, const struct actor *who, const struct fork *f, int64_t *id_out)
{
	const struct project_full *source = f->source;

	if (f->wish != NULL)
		TRY(folder_make_way(c, who, f->place.path));
	TRY(project_conflict(c,
	    project_insert_fork(
		c, source->base.id, &f->place.owner, f->place.path, f->store_id, id_out)));
	TRY(settle(c, f, *id_out));
	return actor_record(c, who, "project.fork", f->place.path,
	    arena_printf(c->mem, "of %s", source->base.path));
}

/* The store is kept and the project is there, in one transaction. */
static int
finish(struct ctx *c, const struct actor *who, struct fork *f, int64_t *id_out)
{
	int64_t id;

	TRY(copy_store(c, f));
	TRY(db_ready(c)); /* a long copy may have outlived the connection */
	TRY(db_begin(c, DB_WRITE));
	TRY(store_keep(c, f->store_id, f->head));
	TRY(insert(c, who, f, &id));
	crash_point("fork-inserted");
	TRY(db_commit(c));
	*id_out = id;
	return OK;
}

static int
make(struct ctx *c, const struct actor *who, struct fork *f, int64_t *id_out)
{
	struct ctx failed;
	int code;

	TRY(project_lock_store(c, f->source->base.store_id, LOCK_WAIT_MS, &f->source_lock));
	TRY(store_reserve(c, &f->store_id));
	crash_point("fork-reserved");
	code = finish(c, who, f, id_out);
	if (code == OK)
		return OK;
	failed = *c;
	db_rollback(c);
	if (store_give_up(c, f->store_id) != OK)
		db_rollback(c); /* then it goes in an hour */
	*c = failed;
	return code;
}

int
project_fork(struct ctx *c, const struct actor *who, const struct project_full *source,
    const struct copy_wish *wish, int64_t *id_out)
{
	struct fork f = { .source = source };

	TRY(project_check_cloned(c, &source->base));
	TRY(project_copy_place(c, who, source, wish, &f.place));
	return make(c, who, &f, id_out);
}

static int
check_landing(struct ctx *c, const struct project_full *source, const char *landing)
{
	if (landing == NULL || landing[0] == '\0' || strcmp(landing, "rev:tip") == 0 ||
	    strcmp(landing, "tip") == 0 ||
	    strcmp(landing, arena_printf(c->mem, "branch:%s", source->head)) == 0)
		return OK;
	return fail(c, E_INVALID, "a fork begins with the branch that its source has");
}

/* Said before anything is copied; the constraint and folder_make_way have the last word. */
static int
check_place(struct ctx *c, const struct actor *who, const struct fork_wish *wish, bool *is_fork_out)
{
	struct repo_at at;

	TRY(repo_ask(c, wish->path, &at));
	*is_fork_out = at.is_fork;
	TRY(name_check_slug(c, wish->path));
	TRY(folder_may_create(c, who, wish->path)); /* who may not is not told what is there */
	return at.is_there ? fault(c, "path", FAULT_TAKEN, 0) : OK;
}

int
project_fork_at(struct ctx *c, const struct actor *who, const struct project_full *source,
    const struct fork_wish *wish, bool *is_fork_out, int64_t *id_out)
{
	struct fork f = { .source = source, .wish = wish };

	f.place.path = wish->path;
	f.place.owner.id = wish->owner_account_id != 0 ? wish->owner_account_id : who->account->id;
	TRY(check_place(c, who, wish, is_fork_out));
	TRY(check_landing(c, source, wish->landing));
	TRY(project_check_cloned(c, &source->base));
	return make(c, who, &f, id_out);
}
