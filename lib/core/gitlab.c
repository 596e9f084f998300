#include "core/gitlab.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "core/provider_options.h"
#include "core/sync_wait.h"
#include "db/db.h"
#include "store/forge.h"
#include "store/repo.h"
#include "store/target.h"

#define PAUSE_US 100000
#define US_PER_S 1000000LL
#define SSH_PORT 22

bool
gitlab_is_set(const struct conf *conf)
{
	return conf->gitlab_endpoint[0] != '\0';
}

/* The host of the API's address; "" when it is none. */
static const char *
host_of(struct ctx *c)
{
	const char *endpoint = c->conf->gitlab_endpoint, *host;

	if (!str_starts(endpoint, "http://") && !str_starts(endpoint, "https://"))
		return "";
	host = strstr(endpoint, "://") + 3;
	return str_lower(c->mem, arena_strndup(c->mem, host, strcspn(host, ":/")));
}

int
gitlab_check_settings(struct ctx *c)
{
	const struct conf *conf = c->conf;

	if (host_of(c)[0] == '\0' || strchr(conf->gitlab_endpoint, '@') != NULL)
		return fail(c, E_INVALID, "gitlab.endpoint is an http or https address");
	if (strstr(conf->gitlab_endpoint, "/api/v4") == NULL)
		return fail(c, E_INVALID, "gitlab.endpoint ends in /api/v4");
	if (strcmp(conf->gitlab_token_type, "private") != 0 &&
	    strcmp(conf->gitlab_token_type, "oauth") != 0)
		return fail(c, E_INVALID, "gitlab.token_type is private or oauth");
	if (strcmp(conf->gitlab_push_over, "http") != 0 &&
	    strcmp(conf->gitlab_push_over, "ssh") != 0)
		return fail(c, E_INVALID, "gitlab.push_over is http or ssh");
	if (conf->gitlab_group_name[0] == '\0')
		return fail(c, E_INVALID, "gitlab.group_name is the path of a group");
	return OK;
}

const char *
gitlab_options(struct ctx *c, const char *name, bool without_create)
{
	const struct conf *conf = c->conf;
	const struct provider_options options = { .name = name,
		.visibility = conf->gitlab_project_public ? "public" : "private",
		.without_create = without_create,
		.issues = conf->gitlab_project_issue,
		.wiki = conf->gitlab_project_wiki,
		.merge_requests = conf->gitlab_project_merge_request,
		.snippets = conf->gitlab_project_snippet,
		.ssh = strcmp(conf->gitlab_push_over, "ssh") == 0,
		.ssh_port = conf->gitlab_ssh_port,
		.token_type = conf->gitlab_token_type };

	return provider_options_text(c->mem, &options);
}

/* What mirror_url will be, as far as one can know (contract A5.6, rule 2). */
static const char *
shown_url(struct ctx *c, const char *path)
{
	const char *host = host_of(c), *group = c->conf->gitlab_group_name;
	const char *name = str_lower(c->mem, path);

	if (c->conf->gitlab_ssh_port == SSH_PORT)
		return arena_printf(c->mem, "git@%s:%s/%s.git", host, group, name);
	return arena_printf(c->mem, "ssh://git@%s:%lld/%s/%s.git", host,
	    (long long)c->conf->gitlab_ssh_port, group, name);
}

/* ---- create */

static int
add_target(struct ctx *c, const struct actor *who, int64_t id, const char *path,
    bool without_create, int64_t *target_id_out)
{
	const struct forge_target row = { .provider_url = c->conf->gitlab_endpoint,
		.provider_namespace = c->conf->gitlab_group_name,
		.provider_options = gitlab_options(c, "", without_create),
		.shown_url = shown_url(c, path) };

	TRY(gitlab_check_settings(c));
	TRY(forge_target_add(c, id, &row, target_id_out));
	TRY(target_push(c, *target_id_out, false));
	return actor_record(c, who, "target.create", path,
	    arena_printf(
		c->mem, "gitlab, group %s at %s", row.provider_namespace, row.provider_url));
}

/* *target_id_out stays as it is without a GitLab. */
static int
attach(
    struct ctx *c, const struct actor *who, int64_t id, bool without_create, int64_t *target_id_out)
{
	struct repo row;

	if (!gitlab_is_set(c->conf))
		return OK;
	TRY(repo_by_id(c, who->account, id, &row));
	return add_target(c, who, id, row.path, without_create, target_id_out);
}

int
gitlab_attach(struct ctx *c, const struct actor *who, int64_t id)
{
	int64_t target_id;

	return attach(c, who, id, false, &target_id);
}

static int
create(struct ctx *c, const struct actor *who, const struct gitlab_wish *wish, int64_t *id_out,
    int64_t *target_id_out)
{
	TRY(db_begin(c, DB_WRITE));
	TRY(project_create_mirror(c, who, &wish->mirror, id_out));
	TRY(attach(c, who, *id_out, wish->without_create, target_id_out));
	return db_commit(c);
}

/* Those pass by themselves, or are for the administrator: sync goes on trying. */
static bool
may_pass(const char *error_class)
{
	static const char *const classes[] = { "network", "busy", "local", "fenced", NULL };
	size_t i = 0;

	while (classes[i] != NULL && strcmp(classes[i], error_class) != 0)
		i++;
	return classes[i] != NULL;
}

static int
wait_for_first(struct ctx *c, const struct actor *who, int64_t id, int64_t target_id)
{
	int64_t until_us = clock_mono_us() + GITLAB_WAIT_S * US_PER_S;
	struct forge_attempt attempt;
	bool is_late;
	int code;

	do {
		is_late = clock_mono_us() >= until_us; /* looked at once more all the same */
		code = forge_attempt_of(c, target_id, &attempt);
		if (code == E_NOTFOUND)
			return fail(c, E_INVALID, "the mirror was deleted meanwhile");
		TRY(code);
		if (attempt.is_made || (attempt.is_tried && attempt.error_class[0] == '\0'))
			return OK;
		if (attempt.is_tried)
			return may_pass(attempt.error_class)
			    ? OK
			    : project_undo(c, who, id, attempt.error_text);
		clock_pause(PAUSE_US, &until_us);
	} while (!is_late);
	return OK;
}

int
gitlab_create_mirror(
    struct ctx *c, const struct actor *who, const struct gitlab_wish *wish, int64_t *id_out)
{
	int64_t target_id = 0;
	bool is_alive = false;

	TRY(create(c, who, wish, id_out, &target_id));
	if (target_id == 0 || wish->without_wait)
		return OK;
	TRY(sync_wait_take_place(c, &is_alive));
	if (is_alive)
		TRY(forge_has_sync(c, &is_alive));
	return is_alive ? wait_for_first(c, who, *id_out, target_id) : OK;
}

/* ---- delete */

int
gitlab_delete_mirror(struct ctx *c, const struct actor *who, const struct project *p)
{
	TRY(forge_ask_removal(c, p->id));
	return project_delete(c, who, p);
}
