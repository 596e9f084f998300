#include "core/repo.h"

#include <string.h>

#include "auth/seal.h"
#include "base/cache.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/folder.h"
#include "core/history.h"
#include "core/project.h"
#include "core/project_edit.h"
#include "core/upstream.h"
#include "db/db.h"
#include "git/branches.h"
#include "store/access.h"
#include "store/queue.h"
#include "store/repo.h"

#define FIRST_BRANCH "main"
#define DESCRIPTION_MOST 10000
#define LOCK_WAIT_MS 2000

/* ---- what both making and changing ask */

static bool
is_blank(const char *text)
{
	return text == NULL || text[0] == '\0';
}

/* The branch that is named, or NULL: whatever HEAD names is the tip. */
static int
landing_branch(struct ctx *c, const char *landing, const char **out)
{
	const char *prefix = "branch:";

	*out = NULL;
	if (is_blank(landing) || strcmp(landing, "rev:tip") == 0 || strcmp(landing, "tip") == 0)
		return OK;
	if (!str_starts(landing, prefix) || !git_branch_is_name(landing + strlen(prefix)))
		return fail(c, E_INVALID, "a landing revision is rev:tip or branch:NAME");
	*out = landing + strlen(prefix);
	return OK;
}

static int
check_description(struct ctx *c, const char *description)
{
	if (description != NULL && str_characters(description) > DESCRIPTION_MOST)
		return fault(c, "description", FAULT_TOO_LONG, DESCRIPTION_MOST);
	return OK;
}

static int
taken(struct ctx *c, int code)
{
	if (code == E_CONFLICT && strcmp(db_constraint(c->db), "project_path_key") == 0)
		return fault(c, "path", FAULT_TAKEN, 0);
	return code;
}

/* ---- making */

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int
insert_plain(struct ctx *c, const struct actor *who, const struct repo_wish *wish,
    const char *branch, int64_t *id_out)
{
	const struct owner owner = { .id = wish->owner_account_id };
	const struct project_values row = { .path = wish->path,
		.default_access = wish->is_private ? ACCESS_NONE : ACCESS_READ,
		.description = wish->description,
		.head = branch != NULL ? branch : FIRST_BRANCH,
		.maintainer_id = owner.id,
		.has_issues = true,
		.autostart_status = -1 };
	struct project_ids ids;

	TRY(taken(c, project_insert(c, &owner, &row, &ids)));
	TRY(actor_record(c, who, "project.create", row.path, ""));
	TRY(project_make_store(c, ids.store_id, row.head));
	*id_out = ids.id;
	return OK;
}

static int
insert_mirror(struct ctx *c, const struct actor *who, const struct repo_wish *wish, int64_t *id_out)
{
	const struct mirror_wish mirror = { .path = wish->path,
		.url = wish->url,
		.owner_account_id = wish->owner_account_id,
		.description = wish->description,
		.is_private = wish->is_private };

	return taken(c, project_create_mirror(c, who, &mirror, id_out));
}

static int
insert(struct ctx *c, const struct actor *who, const struct repo_wish *wish, int64_t *id_out)
{
	const char *branch;

	if (wish->type != NULL && strcmp(wish->type, "git") != 0)
		return fail(c, E_INVALID, "this hub keeps git repositories alone");
	TRY(landing_branch(c, wish->landing, &branch));
	TRY(check_description(c, wish->description));
	TRY(folder_make_way(c, who, wish->path));
	if (is_blank(wish->url))
		TRY(insert_plain(c, who, wish, branch, id_out));
	else
		TRY(insert_mirror(c, who, wish, id_out));
	return wish->copies_grants
	    ? repo_copy_folder_grants(c, *id_out, folder_above(c, wish->path))
	    : OK;
}

static int
wait_for_first(struct ctx *c, const struct actor *who, const struct sync_wait *wait)
{
	enum sync_end end;
	const char *why;

	TRY(sync_wait_end(c, wait, &end, &why));
	if (end == SYNC_FAILED)
		return project_undo(c, who, wait->project_id,
		    arena_printf(c->mem, "the first sync failed: %s", why));
	if (end == SYNC_GONE)
		return fail(c, E_INVALID, "the mirror was deleted or paused meanwhile");
	return OK;
}

int
repo_create(struct ctx *c, const struct actor *who, const struct repo_wish *asked,
    const struct sync_wait *waits, int64_t *id_out)
{
	struct sync_wait wait = { 0 };
	struct repo_wish wish = *asked;

	if (wish.owner_account_id == 0)
		wish.owner_account_id = who->account->id;
	if (is_blank(wish.description))
		wish.description = last_part(wish.path);
	if (waits != NULL)
		wait = *waits;
	wait.is_one_of_few = !who->account->is_admin;
	TRY(sync_wait_begin(c, &wait));
	TRY(db_begin(c, DB_WRITE));
	TRY(insert(c, who, &wish, &wait.project_id));
	TRY(db_commit(c));
	*id_out = wait.project_id;
	return is_blank(wish.url) ? OK : wait_for_first(c, who, &wait);
}

/* ---- changing */

static int
check_folder(struct ctx *c, const struct actor *who, const char *path)
{
	struct folder f;
	int code;

	if (path[0] == '\0')
		return OK;
	code = folder_by_path(c, who->account, path, &f);
	if (code == E_NOTFOUND || (code == OK && f.access < ACCESS_READ))
		return fault(c, "folder", FAULT_UNKNOWN, 0);
	return code;
}

static const char *
path_after(struct ctx *c, const struct project_full *p, const struct repo_change *change)
{
	const char *folder =
	    change->folder != NULL ? change->folder : folder_above(c, p->base.path);
	const char *name = change->name != NULL ? change->name : p->card.name;

	return folder[0] != '\0' ? arena_printf(c->mem, "%s/%s", folder, name) : name;
}

static int
move(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct repo_change *change, const char **path_out)
{
	const char *path = path_after(c, p, change);

	*path_out = path;
	if (change->folder != NULL)
		TRY(check_folder(c, who, change->folder));
	if (strcmp(path, p->base.path) == 0)
		return OK;
	if (change->name != NULL && strchr(change->name, '/') != NULL)
		return fail(c, E_INVALID, "a name is one part of a path");
	TRY(folder_make_way(c, who, path));
	TRY(taken(c, repo_set_path(c, p->base.id, path)));
	return actor_record(c, who, "project.move", p->base.path, path);
}

static int
set_owner(struct ctx *c, const struct actor *who, const struct project_full *p, int64_t owner_id)
{
	if (owner_id == 0 || owner_id == p->base.owner_account_id)
		return OK;
	if (p->is_package) /* it stands in its owner's personal repository */
		TRY(project_detach_personal(c, p->base.id));
	TRY(repo_set_owner(c, p->base.id, owner_id));
	if (p->is_package)
		TRY(project_conflict(c, project_attach_personal(c, p->base.id)));
	return actor_record(c, who, "project.owner", p->base.path,
	    arena_printf(c->mem, "account %lld", (long long)owner_id));
}

/* Whoever holds the lock publishes nothing meanwhile; who waits for it finds its job gone. */
static int
drop_upstream(struct ctx *c, const struct actor *who, const struct project_full *p)
{
	int *lock;

	TRY(project_lock_store(c, p->base.store_id, LOCK_WAIT_MS, &lock));
	TRY(repo_drop_upstream(c, p->base.id));
	return actor_record(c, who, "mirror.remove", p->base.path, "");
}

/* What it has would be lost to its upstream's. */
static int
check_empty(struct ctx *c, const struct project_full *p)
{
	struct git_tip *tips;
	size_t n;
	int *lock;

	if (p->alias_of != 0)
		return fail(c, E_INVALID, "an alias is no mirror");
	TRY(project_lock_store(c, p->base.store_id, LOCK_WAIT_MS, &lock));
	TRY(project_list_tips(c, &p->base, &tips, &n));
	return n == 0 ? OK : fail(c, E_INVALID, "what has branches does not become a mirror");
}

static int
set_url(struct ctx *c, const struct actor *who, const struct project_full *p, const char *url)
{
	const char *sealed = NULL;
	struct upstream upstream;

	if (url == NULL || (url[0] == '\0' && !p->base.is_mirror))
		return OK;
	if (url[0] == '\0')
		return drop_upstream(c, who, p);
	TRY(upstream_check(c, url, &upstream));
	if (upstream.credentials != NULL)
		TRY(seal_close(
		    c, project_seal_context(c, p->base.id), upstream.credentials, &sealed));
	if (p->base.is_mirror) {
		TRY(repo_set_upstream(c, p->base.id, upstream.url, sealed));
	} else {
		TRY(check_empty(c, p));
		TRY(repo_add_upstream(c, p->base.id, upstream.url, sealed));
	}
	if (!p->base.is_paused)
		TRY(queue_request_sync(c, p->base.id));
	return actor_record(
	    c, who, "mirror.upstream", p->base.path, str_redact(c->mem, upstream.url));
}

int
repo_update(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct repo_change *change, const char **path_out)
{
	struct project_wish wish = project_wish_of(p);
	const char *branch;

	TRY(landing_branch(c, change->landing, &branch));
	TRY(check_description(c, change->description));
	if (change->description != NULL)
		wish.description = change->description;
	if (change->is_private != NULL)
		wish.visibility = *change->is_private ? "hidden" : "open";
	if (branch != NULL)
		wish.default_branch = branch;
	TRY(move(c, who, p, change, path_out));
	TRY(set_owner(c, who, p, change->owner_account_id));
	TRY(set_url(c, who, p, change->url));
	return project_update(c, who, p, &wish);
}

/* ---- removing */

static int
delete_fork(struct ctx *c, const struct actor *who, const struct repo_fork *fork)
{
	struct project p = { .id = fork->id };
	struct repo row;

	if (fork->access < ACCESS_ADMIN)
		return fail(c, E_CONFLICT, "a fork of it is somebody else's");
	TRY(repo_by_id(c, who->account, fork->id, &row));
	p.path = row.path;
	p.store_id = row.store_id;
	return project_delete(c, who, &p);
}

/* Forks of a deleted fork become forks of the project itself, and their turn comes. */
static int
delete_forks(struct ctx *c, const struct actor *who, int64_t id, size_t *n_out)
{
	struct repo_fork *forks;
	size_t n;

	*n_out = 0;
	for (;;) {
		TRY(repo_list_forks(c, who->account, id, REPO_FORKS_MOST + 1, &forks, &n));
		if (n == 0)
			return OK;
		if (*n_out + n > REPO_FORKS_MOST)
			return fail(c, E_CONFLICT, "it has more than %d forks", REPO_FORKS_MOST);
		for (size_t i = 0; i < n; i++)
			TRY(delete_fork(c, who, &forks[i]));
		*n_out += n;
	}
}

int
repo_delete(struct ctx *c, const struct actor *who, const struct project *p, enum repo_forks mode,
    size_t *n_out)
{
	struct repo_fork *forks;

	TRY(repo_list_forks(c, who->account, p->id, REPO_FORKS_MOST + 1, &forks, n_out));
	if (*n_out > 0 && mode == REPO_FORKS_REFUSE)
		return fault(c, "forks", FAULT_FIXED, 0);
	if (*n_out > REPO_FORKS_MOST)
		return fail(c, E_CONFLICT, "it has more than %d forks", REPO_FORKS_MOST);
	if (mode == REPO_FORKS_DELETE)
		TRY(delete_forks(c, who, p->id, n_out));
	else
		TRY(repo_detach_forks(c, p->id));
	return project_delete(c, who, p);
}

/* ---- what is kept of it */

int
repo_forget_kept(struct ctx *c, const struct actor *who, const struct project *p)
{
	TRY(project_raise_generation(c, p->store_id, NULL));
	TRY(cache_remove(c, project_cache_dir(c), project_cache_prefix(c, p->store_id), NULL));
	TRY(project_history_forget(c, p->store_id));
	return actor_record(c, who, "project.forget_kept", p->path, "");
}
