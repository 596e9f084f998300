#include "core/project.h"

#include <string.h>

#include "auth/seal.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "core/name.h"
#include "core/upstream.h"
#include "db/db.h"
#include "git/branches.h"
#include "git/init.h"
#include "git/store.h"
#include "git/view.h"
#include "store/access.h"
#include "store/mirror.h"
#include "store/project_change.h"
#include "store/queue.h"
#include "store/repo.h"

#define STORES_PER_FOLDER 1000
#define DEFAULT_BRANCH "main"
#define DIR_MODE 0700
#define LOCK_RETRY_S 10
#define RETRY_NOT_CLONED_S 10

static int
taken(struct ctx *c, const char *path)
{
	return fail(c, E_CONFLICT, "there is a project %s already", path);
}

static int
add(struct ctx *c, const struct project_new *row, int64_t *id_out, int64_t *store_id_out)
{
	int code = project_add(c, row, id_out, store_id_out);

	return code == E_CONFLICT ? taken(c, row->path) : code;
}

/* The credentials are sealed for this very project: their box does not open for another one. */
static int
add_mirror(struct ctx *c, int64_t id, const struct upstream *upstream)
{
	struct mirror_new row = { .project_id = id, .url = upstream->url };

	if (upstream->credentials != NULL)
		TRY(seal_close(c, project_seal_context(c, id), upstream->credentials,
		    &row.sealed_credentials));
	return mirror_add(c, &row);
}

int
project_create_mirror(
    struct ctx *c, const struct actor *who, const struct mirror_wish *wish, int64_t *id_out)
{
	struct project_new row = {
		.owner_account_id =
		    wish->owner_account_id != 0 ? wish->owner_account_id : who->account->id,
		.default_access = wish->is_private ? ACCESS_NONE : ACCESS_READ,
		.description = wish->description != NULL ? wish->description : "",
		.is_mirror = true,
	};
	struct upstream upstream;
	int64_t id, store_id;

	TRY(upstream_check(c, wish->url, &upstream));
	row.path = wish->path;
	if (row.path == NULL || row.path[0] == '\0')
		TRY(name_from_url(c, wish->url, &row.path));
	TRY(name_check_mirror(c, row.path));
	TRY(add(c, &row, &id, &store_id));
	TRY(add_mirror(c, id, &upstream));
	if (!wish->without_sync)
		TRY(queue_request_sync(c, id));
	TRY(actor_record(c, who, "project.create", row.path,
	    arena_printf(c->mem, "mirror of %s", str_redact(c->mem, upstream.url))));
	*id_out = id;
	return OK;
}

int
project_make_store_folder(struct ctx *c, int64_t store_id)
{
	const char *dir = project_store_dir(c, store_id);

	return path_make_dir(
	    c, arena_strndup(c->mem, dir, (size_t)(strrchr(dir, '/') - dir)), DIR_MODE);
}

/* A folder whose row is rolled back is nobody's: its id never comes again, and sweeps tell of it.
 */
int
project_make_store(struct ctx *c, int64_t store_id, const char *branch)
{
	TRY(project_make_store_folder(c, store_id));
	return git_store_create(c, project_store_dir(c, store_id), branch);
}

int
project_create_plain(struct ctx *c, const struct actor *who, const char *path,
    int64_t default_access, int64_t *id_out)
{
	const struct owner owner = { .id = who->account->id };
	const struct project_values row = { .path = path,
		.default_access = default_access,
		.description = "",
		.head = DEFAULT_BRANCH,
		.maintainer_id = who->account->id,
		.has_issues = true,
		.autostart_status = -1 };
	struct project_ids ids;
	int code;

	TRY(name_check_path(c, path));
	code = project_insert(c, &owner, &row, &ids);
	if (code == E_CONFLICT)
		return taken(c, path);
	TRY(code);
	TRY(actor_record(c, who, "project.create", path, ""));
	TRY(project_make_store(c, ids.store_id, row.head));
	*id_out = ids.id;
	return OK;
}

int
project_sync(struct ctx *c, const struct actor *who, const struct project *p)
{
	int code;

	if (!p->is_mirror)
		return fail(c, E_INVALID, "%s is no mirror: it has nothing to sync from", p->path);
	if (p->is_paused)
		return fail(c, E_CONFLICT, "the mirror %s is paused", p->path);
	code = queue_request_sync(c, p->id);
	if (code == E_NOTFOUND)
		return fail(c, E_NOTFOUND, "no such project"); /* deleted since it was loaded */
	TRY(code);
	return actor_record(c, who, "sync.request", p->path, "");
}

int
project_delete(struct ctx *c, const struct actor *who, const struct project *p)
{
	bool is_last;

	TRY(project_free(c, p->id));
	TRY(project_del(c, p->id, &is_last));
	if (is_last)
		TRY(queue_remove_store(c, p->store_id));
	return actor_record(c, who, "project.delete", p->path, "");
}

int
project_undo(struct ctx *c, const struct actor *who, int64_t id, const char *why)
{
	struct project p = { .id = id };
	struct repo row;

	TRY(db_begin(c, DB_WRITE));
	TRY(repo_by_id(c, who->account, id, &row));
	p.path = row.path;
	p.store_id = row.store_id;
	TRY(project_delete(c, who, &p));
	TRY(db_commit(c));
	return fail(c, E_INVALID, "%s", why);
}

bool
project_is_cloned(const struct project *p)
{
	return !p->is_mirror || p->last_success_at != 0;
}

int
project_check_cloned(struct ctx *c, const struct project *p)
{
	if (project_is_cloned(p))
		return OK;
	fail(c, E_CONFLICT, "repository '%s' is still being cloned", p->path);
	c->http_status = 503;
	c->retry_after_s = RETRY_NOT_CLONED_S;
	return E_CONFLICT;
}

int
project_open_view(struct ctx *c, const struct project *p, struct git_view **out)
{
	int code;

	TRY(project_check_cloned(c, p));
	code = git_view_open(c, project_store_dir(c, p->store_id), out);
	if (code == E_NOTFOUND)
		return fail(
		    c, E_INTERNAL, "the folder of store %lld is missing", (long long)p->store_id);
	return code;
}

int
project_list_tips(struct ctx *c, const struct project *p, struct git_tip **rows_out, size_t *n_out)
{
	struct git_repository *repo;

	*n_out = 0;
	if (!project_is_cloned(p))
		return OK;
	TRY(git_init(c));
	TRY(git_store_open(c, project_store_dir(c, p->store_id), &repo));
	return git_branches_and_tags(c, repo, (size_t)c->conf->sync_refs, rows_out, n_out);
}

static const char *
store_file(struct ctx *c, int64_t store_id, const char *suffix)
{
	return path_under(c->mem, c->conf->data_dir,
	    arena_printf(c->mem, "repos/%lld/%lld.%s", (long long)(store_id / STORES_PER_FOLDER),
		(long long)store_id, suffix));
}

const char *
project_store_dir(struct ctx *c, int64_t store_id)
{
	return store_file(c, store_id, "git");
}

const char *
project_store_lock(struct ctx *c, int64_t store_id)
{
	return store_file(c, store_id, "lock");
}

int
project_lock_store(struct ctx *c, int64_t store_id, int wait_ms, int **lock_out)
{
	int code = path_lock(c, project_store_lock(c, store_id), wait_ms, lock_out);

	if (code != E_CONFLICT)
		return code;
	fail(c, E_CONFLICT, "someone else is changing this repository, try again in a moment");
	c->http_status = 503;
	c->retry_after_s = LOCK_RETRY_S;
	return E_CONFLICT;
}

const char *
project_cache_dir(struct ctx *c)
{
	return path_under(c->mem, c->conf->data_dir, "cache/clones");
}

const char *
project_readme_dir(struct ctx *c)
{
	return path_under(c->mem, c->conf->data_dir, "cache/readmes");
}

const char *
project_cache_prefix(struct ctx *c, int64_t store_id)
{
	return arena_printf(c->mem, "%lld-", (long long)store_id);
}

const char *
project_clone_url(struct ctx *c, const char *path)
{
	return arena_printf(c->mem, "%s/%s.git", c->conf->base_url, str_percent_path(c->mem, path));
}

const char *
project_seal_context(struct ctx *c, int64_t id)
{
	return arena_printf(c->mem, "mirror:%lld", (long long)id);
}

const char *
project_status(const struct project *p)
{
	bool is_running = strcmp(p->job_state, "running") == 0;

	if ((is_running || strcmp(p->job_state, "queued") == 0) && p->last_success_at == 0)
		return "cloning";
	if (is_running)
		return "fetching";
	return p->is_pushed_on ? "pushing" : "idle";
}
