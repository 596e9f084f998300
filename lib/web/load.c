#include "web/load.h"

#include <ctype.h>
#include <string.h>

#include "auth/hook.h"
#include "base/str.h"
#include "store/platform.h"
#include "store/project_full.h"
#include "store/repository.h"
#include "web/body.h"
#include "web/match.h"

/* ---- by path */

/* The project, and in the same statement who asks. */
static int
load_project(struct req *r)
{
	struct project *p = arena_new_of(r->ctx->mem, struct project);

	TRY(project_by_path(r->ctx, &r->claim, req_param(r, "path"), &r->account, p));
	r->project = p;
	r->access = p->access;
	return OK;
}

static int
load_mirror(struct req *r)
{
	TRY(load_project(r));
	if (!r->project->is_mirror) {
		r->project = NULL;
		return fail(r->ctx, E_NOTFOUND, "not a mirror");
	}
	return OK;
}

static void
take_full(struct req *r, struct project_full *p)
{
	r->project_full = p;
	r->project = &p->base;
	r->access = p->base.access;
}

/* What nobody may see is missing in both ways, after the same two statements. */
static int
load_clone(struct req *r)
{
	struct project_full *p = arena_new_of(r->ctx->mem, struct project_full);
	const char *path = req_param(r, "path"), *slash = strchr(path, '/');
	int code = load_project(r);

	if (code != E_NOTFOUND || slash == NULL || strchr(slash + 1, '/') != NULL)
		return code;
	TRY(project_full_by_name(r->ctx, &r->claim,
	    arena_strndup(r->ctx->mem, path, (size_t)(slash - path)), slash + 1, &r->account, p));
	take_full(r, p);
	return OK;
}

/* ---- by number */

static int
load_project_id(struct req *r)
{
	struct project_full *p = arena_new_of(r->ctx->mem, struct project_full);
	int64_t id;

	if (load_id(r, "id", &id) != OK)
		id = 0; /* no project has it; who asks is to be known all the same */
	TRY(project_full_by_id(r->ctx, &r->claim, id, &r->account, p));
	take_full(r, p);
	return OK;
}

static int
load_platform(struct req *r)
{
	struct platform *p = arena_new_of(r->ctx->mem, struct platform);
	int64_t id;

	TRY(account_by_claim(r->ctx, &r->claim, &r->account));
	TRY(load_id(r, "id", &id));
	TRY(platform_by_id(r->ctx, &r->account, id, p));
	r->platform = p;
	r->access = p->access;
	return OK;
}

static int
load_repository(struct req *r)
{
	struct repository *row = arena_new_of(r->ctx->mem, struct repository);
	int64_t id;

	TRY(account_by_claim(r->ctx, &r->claim, &r->account));
	TRY(load_id(r, "id", &id));
	TRY(repository_by_id(r->ctx, &r->account, id, row));
	r->repository = row;
	r->access = row->access;
	return OK;
}

static int
load_team(struct req *r)
{
	struct team *t = arena_new_of(r->ctx->mem, struct team);
	int64_t id;

	TRY(account_by_claim(r->ctx, &r->claim, &r->account));
	TRY(load_id(r, "id", &id));
	TRY(team_by_id(r->ctx, &r->account, id, t));
	r->team = t;
	r->access = t->access;
	return OK;
}

/* ---- by number or uname */

/* Unames are never all digits. */
static int
load_person(struct req *r)
{
	struct person *p = arena_new_of(r->ctx->mem, struct person);
	const char *text = req_param(r, "id");
	int64_t id;

	TRY(account_by_claim(r->ctx, &r->claim, &r->account));
	if (text[strspn(text, "0123456789")] != '\0') {
		TRY(person_by_uname(r->ctx, &r->account, text, p));
	} else {
		TRY(load_id(r, "id", &id));
		TRY(person_by_id(r->ctx, &r->account, id, p));
	}
	r->person = p;
	r->access = 1;
	return OK;
}

/* ---- by the query */

/* owner alone may be "owner/name". */
static int
load_project_name(struct req *r)
{
	struct project_full *p = arena_new_of(r->ctx->mem, struct project_full);
	const char *owner = req_query(r, "owner"), *name = req_query(r, "name"), *slash;

	if (owner == NULL)
		owner = "";
	slash = strchr(owner, '/');
	if (slash != NULL && (name == NULL || name[0] == '\0')) {
		name = slash + 1;
		owner = arena_strndup(r->ctx->mem, owner, (size_t)(slash - owner));
	}
	TRY(project_full_by_name(
	    r->ctx, &r->claim, owner, name != NULL ? name : "", &r->account, p));
	take_full(r, p);
	return OK;
}

/* ---- by what a push notice names */

static int
load_push_target(struct req *r)
{
	struct ctx *c = r->ctx;
	struct push_target *t = arena_new_of(c->mem, struct push_target);
	struct hook_notice notice = { .signature = req_header(r, "X-Hub-Signature-256"),
		.token = req_header(r, "X-Gitlab-Token") };
	const struct body *body;
	struct hook_verdict verdict;
	const char *path;

	TRY(r->dialect->named(r, &path));
	TRY(body_read(r, &body));
	notice.body = body->bytes->data;
	notice.body_bytes = body->bytes->len;
	notice.names_nothing = path == NULL;
	TRY(push_target_by_path(c, &r->claim, path != NULL ? path : "", &r->account, t));
	TRY(hook_judge(c, &r->account, t, &notice, &verdict));
	if (verdict.is_known)
		r->project = &t->project;
	r->access = verdict.access;
	return OK;
}

/* Who asks is to be known even of a notice that cannot be read: wrong credentials are wrong. */
static int
load_push(struct req *r)
{
	struct ctx *c = r->ctx;
	int code = load_push_target(r), http_status = c->http_status;
	const char *reason = c->reason;

	if (code != E_INVALID || r->account.id != 0)
		return code;
	TRY(account_by_claim(c, &r->claim, &r->account));
	fail(c, code, "%s", reason);
	c->http_status = http_status;
	return code;
}

/* ---- the table */

static const struct {
	int (*load)(struct req *r);
	const char *params[2]; /* the pattern has one of them; none: it needs none */
} loads[] = {
	[LOAD_PROJECT] = { load_project, { ":path", "*path" } },
	[LOAD_MIRROR] = { load_mirror, { ":path", "*path" } },
	[LOAD_CLONE] = { load_clone, { "*path.git" } },
	[LOAD_PROJECT_ID] = { load_project_id, { ":id" } },
	[LOAD_PROJECT_NAME] = { load_project_name, { NULL } },
	[LOAD_PLATFORM] = { load_platform, { ":id" } },
	[LOAD_REPOSITORY] = { load_repository, { ":id" } },
	[LOAD_PERSON] = { load_person, { ":id" } },
	[LOAD_TEAM] = { load_team, { ":id" } },
	[LOAD_PUSH] = { load_push, { NULL } },
};

int
load_object(struct req *r)
{
	int code;

	do
		code = loads[r->route->load].load(r);
	while (code == E_NOTFOUND && match_next(r));
	return code;
}

const char *
load_name(const struct req *r)
{
	if (r->project != NULL)
		return r->project->path;
	if (r->person != NULL)
		return r->person->uname;
	if (r->team != NULL)
		return r->team->uname;
	if (r->platform != NULL)
		return r->platform->name;
	if (r->repository != NULL)
		return arena_printf(
		    r->ctx->mem, "%s/%s", r->repository->platform_name, r->repository->name);
	return "";
}

bool
load_fits(enum load load, const char *pattern)
{
	if (loads[load].load == NULL)
		return false;
	if (loads[load].params[0] == NULL)
		return true;
	for (size_t i = 0; i < 2; i++)
		if (loads[load].params[i] != NULL && strstr(pattern, loads[load].params[i]) != NULL)
			return true;
	return false;
}

int
load_id(struct req *r, const char *param, int64_t *out)
{
	const char *text = req_param(r, param);

	if (!isdigit((unsigned char)text[0]) || !str_is_int(text, out) || *out == 0)
		return fail(r->ctx, E_NOTFOUND, "not found");
	return OK;
}
