#include "core/mirror_edit.h"

#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "core/folder.h"
#include "core/name.h"
#include "core/project.h"
#include "core/repo.h"
#include "core/rule.h"
#include "core/upstream.h"
#include "db/db.h"
#include "git/branches.h"
#include "store/access.h"
#include "store/mirror.h"
#include "store/queue.h"
#include "store/repo.h"

#define DESCRIPTION_MOST 10000

/* ---- what may be typed */

static const char *
without_blanks(struct ctx *c, const char *text)
{
	const char *start = text != NULL ? text + strspn(text, " \t\r\n\f\v") : "";
	size_t len = strlen(start);

	while (len > 0 && strchr(" \t\r\n\f\v", start[len - 1]) != NULL)
		len--;
	return arena_strndup(c->mem, start, len);
}

static void
judge_credentials(
    struct faults *f, const char *user, const char *password, const struct upstream *u)
{
	if (user[0] == '\0' && password[0] == '\0')
		return;
	if (!upstream_is_http(u))
		faults_say(f, "user", FAULT_MISMATCH,
		    "a user and a password are for addresses with http:// and https:// alone");
	else if (u->credentials != NULL)
		faults_say(f, "user", FAULT_MISMATCH,
		    "there are a user and a password in the address, too: leave one of them out");
	else if (user[0] == '\0')
		faults_say(f, "user", FAULT_BLANK, "a password needs a user");
	else if (strchr(user, ':') != NULL || !str_is_printable(user))
		faults_say(f, "user", FAULT_INVALID,
		    "a user has neither colons nor control characters in it");
	if (!str_is_printable(password))
		faults_say(
		    f, "password", FAULT_INVALID, "a password has no control characters in it");
}

/* The address with the credentials in it, as the other verbs take it; NULL after a fault. */
static const char *
judge_upstream(
    struct ctx *c, struct faults *f, const char *url, const char *user, const char *password)
{
	struct ctx quiet = *c; /* the reason becomes a fault's sentence */
	struct upstream u;
	size_t n = f->n;
	const char *rest;

	if (url[0] == '\0') {
		faults_say(f, "url", FAULT_BLANK, "say where it comes from");
		return NULL;
	}
	if (upstream_check(&quiet, url, &u) != OK) {
		faults_say(f, "url", FAULT_INVALID, quiet.reason);
		return NULL;
	}
	judge_credentials(f, user, password, &u);
	if (f->n > n)
		return NULL;
	if (user[0] == '\0')
		return url;
	rest = strstr(u.url, "://") + 3;
	return arena_printf(c->mem, "%.*s%s:%s@%s", (int)(rest - u.url), u.url,
	    str_percent(c->mem, user), str_percent(c->mem, password), rest);
}

static int64_t
judge_interval(struct faults *f, const char *text)
{
	int64_t s = 0;

	if (text[0] == '\0')
		return 0;
	if (!str_is_int(text, &s) || s < MIRROR_INTERVAL_LEAST_S || s > MIRROR_INTERVAL_MOST_S)
		faults_say(f, "interval", FAULT_INVALID,
		    "an interval is a number of seconds, from a minute to a year");
	return s;
}

static int
check_name(struct ctx *c, const char *path, bool is_mirror)
{
	if (strchr(path, '/') != NULL)
		return name_check_slug(c, path);
	return is_mirror ? name_check_mirror(c, path) : name_check_path(c, path);
}

static void
judge_path(struct ctx *c, struct faults *f, const char *path, bool is_mirror)
{
	struct ctx quiet = *c;

	if (check_name(&quiet, path, is_mirror) != OK)
		faults_say(f, "path", FAULT_INVALID, quiet.reason);
}

/* The path as typed, or as the address gives it. */
static const char *
path_of(struct ctx *c, struct faults *f, const char *typed, const char *url)
{
	struct ctx quiet = *c;
	const char *path = without_blanks(c, typed);

	if (path[0] != '\0') {
		judge_path(c, f, path, true);
		return path;
	}
	if (url != NULL && name_from_url(&quiet, url, &path) != OK)
		faults_say(f, "path", FAULT_INVALID, quiet.reason);
	return path;
}

/* ---- where it may be */

/* One may not learn here what is hidden: a folder that is missing and one that is hidden are
 * alike. */
static int
no_place(struct ctx *c, const struct actor *who, int code)
{
	struct faults *f = faults_new(c->mem);
	bool is_place = c->faults != NULL &&
	    (strcmp(c->faults->rows[0].field, "top") == 0 ||
		strcmp(c->faults->rows[0].field, "folder") == 0);

	if (!is_place)
		return code;
	faults_say(f, "path", FAULT_REFUSED,
	    arena_printf(c->mem,
		"you may not make anything there; %s/ in front of the name is a place of yours",
		who->account->uname));
	return faults_end(c, f);
}

static int
make_way(struct ctx *c, const struct actor *who, const char *path)
{
	int code = strchr(path, '/') != NULL ? folder_make_way(c, who, path)
					     : folder_may_create(c, who, path);

	return code == OK ? OK : no_place(c, who, code);
}

static int
taken(struct ctx *c, int code)
{
	const char *constraint = db_constraint(c->db);

	if (code == E_CONFLICT &&
	    (strcmp(constraint, "project_path_key") == 0 ||
		strcmp(constraint, "path_taken_pkey") == 0))
		return fault(c, "path", FAULT_TAKEN, 0);
	return code;
}

/* ---- making */

int
mirror_make(struct ctx *c, const struct actor *who, const struct mirror_input *in, int64_t *id_out,
    const char **path_out)
{
	struct faults *f = faults_new(c->mem);
	struct mirror_wish wish = {
		.url = judge_upstream(c, f, without_blanks(c, in->url), without_blanks(c, in->user),
		    in->password != NULL ? in->password : ""),
		.description = without_blanks(c, in->description),
		.is_private = str_is_equal(in->visibility, "hidden"),
	};
	int64_t interval_s;

	wish.path = path_of(c, f, in->path, wish.url);
	rule_length(f, "description", wish.description, DESCRIPTION_MOST);
	rule_visibility(f, in->visibility);
	interval_s = judge_interval(f, without_blanks(c, in->interval));
	TRY(faults_end(c, f));
	TRY(make_way(c, who, wish.path));
	TRY(taken(c, project_create_mirror(c, who, &wish, id_out)));
	*path_out = wish.path;
	return interval_s > 0 ? mirror_set_interval(c, *id_out, interval_s) : OK;
}

int
plain_make(
    struct ctx *c, const struct actor *who, const struct plain_input *in, const char **path_out)
{
	struct faults *f = faults_new(c->mem);
	const char *path = without_blanks(c, in->path);
	const char *description = without_blanks(c, in->description);
	bool is_hidden = str_is_equal(in->visibility, "hidden");
	int64_t id;

	if (path[0] == '\0')
		faults_say(f, "path", FAULT_BLANK, "a project needs a name");
	else
		judge_path(c, f, path, false);
	rule_length(f, "description", description, DESCRIPTION_MOST);
	rule_visibility(f, in->visibility);
	TRY(faults_end(c, f));
	TRY(make_way(c, who, path));
	TRY(taken(
	    c, project_create_plain(c, who, path, is_hidden ? ACCESS_NONE : ACCESS_READ, &id)));
	*path_out = path;
	return description[0] != '\0' ? repo_set_description(c, id, description) : OK;
}

/* ---- changing */

/* NULL: the address and what is kept for it stay. */
static const char *
new_upstream(
    struct ctx *c, struct faults *f, const struct mirror_settings *now, const struct edit_input *in)
{
	const char *url = without_blanks(c, in->url), *user = without_blanks(c, in->user);
	const char *password = in->password != NULL ? in->password : "";
	bool is_same = strcmp(url, now->url) == 0 && user[0] == '\0' && password[0] == '\0';

	if (in->url == NULL || (is_same && !(in->forgets_credentials && now->has_credentials)))
		return NULL;
	return judge_upstream(c, f, url, user, password);
}

static int
set_interval(struct ctx *c, const struct actor *who, const struct project *p, int64_t interval_s)
{
	TRY(mirror_set_interval(c, p->id, interval_s));
	return actor_record(c, who, "mirror.interval", p->path,
	    interval_s > 0 ? arena_printf(c->mem, "%lld s", (long long)interval_s) : "the hub's");
}

static int
edit_mirror(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct edit_input *in, struct faults *f, struct repo_change *change)
{
	struct mirror_settings now;
	int64_t interval_s;

	TRY(mirror_settings_of(c, p->base.id, &now));
	change->url = new_upstream(c, f, &now, in);
	interval_s = judge_interval(f, without_blanks(c, in->interval));
	TRY(faults_end(c, f));
	if (in->interval != NULL && interval_s != now.interval_s)
		TRY(set_interval(c, who, &p->base, interval_s));
	return OK;
}

static void
judge_branch(struct ctx *c, struct faults *f, const struct project_full *p, const char *branch,
    struct repo_change *change)
{
	if (branch[0] == '\0' || strcmp(branch, p->head) == 0)
		return;
	if (!git_branch_is_name(branch))
		faults_say(f, "branch", FAULT_INVALID, "this cannot be the name of a branch");
	else
		change->landing = arena_printf(c->mem, "branch:%s", branch);
}

/* What project_update calls it. */
static int
of_branch(struct ctx *c, int code)
{
	struct faults *f = faults_new(c->mem);

	if (c->faults == NULL || strcmp(c->faults->rows[0].field, "default_branch") != 0)
		return code;
	faults_say(f, "branch", FAULT_UNKNOWN, "there is no such branch");
	return faults_end(c, f);
}

int
project_edit(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct edit_input *in)
{
	struct faults *f = faults_new(c->mem);
	bool is_private = str_is_equal(in->visibility, "hidden");
	struct repo_change change = { .is_private = in->visibility != NULL ? &is_private : NULL };
	const char *path;
	int code;

	if (in->description != NULL)
		change.description = without_blanks(c, in->description);
	rule_length(f, "description", change.description, DESCRIPTION_MOST);
	if (in->visibility != NULL)
		rule_visibility(f, in->visibility);
	if (p->base.is_mirror)
		TRY(edit_mirror(c, who, p, in, f, &change));
	else
		judge_branch(c, f, p, without_blanks(c, in->branch), &change);
	TRY(faults_end(c, f));
	code = repo_update(c, who, p, &change, &path);
	return code == OK ? OK : of_branch(c, code);
}

int
project_accept_move(
    struct ctx *c, const struct actor *who, const struct project_full *p, const char *url)
{
	struct faults *f = faults_new(c->mem);
	struct repo_change change = { .url = NULL };
	struct mirror now;
	const char *path;

	TRY(mirror_by_project(c, p->base.id, &now));
	if (now.moved_to[0] == '\0')
		return fail(c, E_NOTFOUND, "the upstream of %s has not moved", p->base.path);
	if (url != NULL && url[0] != '\0' && strcmp(url, now.moved_to) != 0)
		return fail(c, E_CONFLICT, "its upstream has moved elsewhere by now");
	change.url = judge_upstream(c, f, now.moved_to, "", "");
	TRY(faults_end(c, f));
	return repo_update(c, who, p, &change, &path);
}

/* ---- pausing, deleting */

static int
check_mirror(struct ctx *c, const struct project *p)
{
	return p->is_mirror ? OK : fail(c, E_INVALID, "%s is no mirror", p->path);
}

int
project_pause(struct ctx *c, const struct actor *who, const struct project *p)
{
	bool is_new;

	TRY(check_mirror(c, p));
	TRY(mirror_pause(c, p->id, &is_new));
	return is_new ? actor_record(c, who, "mirror.pause", p->path, "") : OK;
}

int
project_resume(struct ctx *c, const struct actor *who, const struct project *p)
{
	bool is_new;

	TRY(check_mirror(c, p));
	TRY(mirror_resume(c, p->id, &is_new));
	if (!is_new)
		return OK;
	TRY(queue_request_sync(c, p->id));
	return actor_record(c, who, "mirror.resume", p->path, "");
}

int
project_delete_named(
    struct ctx *c, const struct actor *who, const struct project *p, const char *typed)
{
	struct faults *f = faults_new(c->mem);

	if (strcmp(without_blanks(c, typed), p->path) != 0)
		faults_say(f, "confirm", FAULT_MISMATCH,
		    arena_printf(c->mem, "type %s to delete it", p->path));
	TRY(faults_end(c, f));
	return project_delete(c, who, p);
}
