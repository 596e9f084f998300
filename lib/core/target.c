#include "core/target.h"

#include <string.h>

#include "auth/seal.h"
#include "base/conf.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/provider_options.h"
#include "core/upstream.h"
#include "db/db.h"
#include "git/filter.h"

#define NAMESPACE_MOST 1000
#define OPTIONS_MOST 4000
#define PATTERNS_MOST 10000

static const char *const providers[] = { "none", "gitlab", "gitea", "github", NULL };

/* ---- what is asked for */

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static const char *
text_of(const char *text)
{
	return text != NULL ? text : "";
}

/* Credentials are not said in an address, where logs and shells would keep them (M-11). */
static void
judge_url(struct ctx *c, struct faults *f, const char *field, const char *url, bool is_api)
{
	struct ctx quiet = *c;
	struct upstream u;

	if (upstream_check(&quiet, url, &u) != OK)
		faults_say(f, field, FAULT_INVALID, quiet.reason);
	else if (u.credentials != NULL)
		faults_say(f, field, FAULT_INVALID,
		    "an address has no user and password in it: they have places of their own");
	else if (strpbrk(url, "?#\"<>") != NULL)
		faults_say(f, field, FAULT_INVALID, "an address has no query and no fragment");
	else if (is_api && (!upstream_is_http(&u) || u.is_scp))
		faults_say(f, field, FAULT_INVALID,
		    "the address of an API begins with http:// or https://");
	else if (strcmp(u.scheme, "git") == 0)
		faults_say(f, field, FAULT_INVALID, "nothing can be pushed over git://");
	else if (strcmp(u.scheme, "file") == 0)
		faults_say(
		    f, field, FAULT_INVALID, "nothing can be pushed to a folder of this machine");
}

static void
judge_provider(struct ctx *c, struct faults *f, const struct target_wish *w)
{
	struct ctx quiet = *c;
	struct provider_options options;
	bool is_known = false;

	for (size_t i = 0; providers[i] != NULL; i++)
		is_known |= str_is_equal(w->provider, providers[i]);
	if (!is_known) {
		faults_say(f, "provider", FAULT_NOT_INCLUDED,
		    "a provider is none, gitlab, gitea or github");
		return;
	}
	if (!is_given(w->provider_url))
		faults_say(f, "provider_url", FAULT_BLANK, "say where the provider's API is");
	else
		judge_url(c, f, "provider_url", w->provider_url, true);
	if (!is_given(w->provider_namespace))
		faults_say(f, "provider_namespace", FAULT_BLANK,
		    "say in which group, organisation or account the project is to be");
	else if (strlen(w->provider_namespace) > NAMESPACE_MOST ||
	    !str_is_printable(w->provider_namespace))
		faults_add(f, "provider_namespace", FAULT_INVALID, 0);
	if (is_given(w->provider_options) &&
	    (strlen(w->provider_options) > OPTIONS_MOST ||
		provider_options_parse(&quiet, w->provider_options, &options) != OK))
		faults_say(f, "provider_options", FAULT_INVALID, quiet.reason);
}

static void
judge_secret(struct faults *f, const char *field, const char *secret)
{
	if (secret == NULL)
		return;
	if (strlen(secret) > TARGET_SECRET_MOST)
		faults_add(f, field, FAULT_TOO_LONG, TARGET_SECRET_MOST);
	else if (!str_is_utf8(secret, strlen(secret)) || !str_is_printable(secret))
		faults_say(f, field, FAULT_INVALID, "a secret has no control characters in it");
}

static void
judge_credentials(struct ctx *c, struct faults *f, const struct target_wish *w)
{
	struct ctx quiet = *c;
	struct upstream u;

	judge_secret(f, "user", w->user);
	judge_secret(f, "password", w->password);
	judge_secret(f, "token", w->token);
	if (!is_given(w->user) && is_given(w->password))
		faults_say(f, "user", FAULT_BLANK, "a password needs a user");
	if (!is_given(w->user))
		return;
	if (strchr(w->user, ':') != NULL)
		faults_say(f, "user", FAULT_INVALID, "a user has no colon in it");
	if (is_given(w->url) && upstream_parse(&quiet, w->url, &u) == OK && !upstream_is_http(&u))
		faults_say(f, "user", FAULT_MISMATCH,
		    "a user and a password are for addresses with http:// and https:// alone");
}

static void
judge_patterns(struct ctx *c, struct faults *f, const struct target_wish *w)
{
	struct ctx quiet = *c;
	const struct git_filter *filter;

	if (git_filter_parse(&quiet, w->ref_include, NULL, &filter) != OK ||
	    strlen(text_of(w->ref_include)) > PATTERNS_MOST)
		faults_say(f, "ref_include", FAULT_INVALID, quiet.reason);
	if (git_filter_parse(&quiet, NULL, w->ref_exclude, &filter) != OK ||
	    strlen(text_of(w->ref_exclude)) > PATTERNS_MOST)
		faults_say(f, "ref_exclude", FAULT_INVALID, quiet.reason);
}

static bool
has_provider(const struct target_wish *w)
{
	return is_given(w->provider) && strcmp(w->provider, "none") != 0;
}

static int
check_wish(struct ctx *c, const struct target_wish *w)
{
	struct faults *f = faults_new(c->mem);

	if (has_provider(w))
		judge_provider(c, f, w);
	if (is_given(w->url))
		judge_url(c, f, "url", w->url, false);
	else if (!has_provider(w))
		faults_say(f, "url", FAULT_BLANK, "say where it is pushed to");
	judge_credentials(c, f, w);
	judge_patterns(c, f, w);
	return faults_end(c, f);
}

static const char *
options_of(const char *text)
{
	return text != NULL && text[0] == '\0' ? "{}" : text;
}

static struct target_change
change_of(const struct target_wish *w)
{
	bool has = has_provider(w);

	return (struct target_change){ .url = is_given(w->url) ? w->url : NULL,
		.provider = has ? w->provider : "none",
		.provider_url = has ? w->provider_url : NULL,
		.provider_namespace = has ? w->provider_namespace : "",
		.provider_options = has ? options_of(w->provider_options) : "{}",
		.ref_include = text_of(w->ref_include),
		.ref_exclude = text_of(w->ref_exclude),
		.overwrites = w->overwrites,
		.is_thin = w->is_thin,
		.active = w->active };
}

/* ---- secrets */

static int
seal(struct ctx *c, int64_t id, const char *what, const char *text, const char **out)
{
	*out = NULL;
	if (!is_given(text))
		return OK;
	return seal_close(
	    c, arena_printf(c->mem, "target:%lld:%s", (long long)id, what), text, out);
}

static int
seal_both(struct ctx *c, int64_t id, const struct target_wish *w, const char **credentials_out,
    const char **token_out)
{
	const char *pair =
	    is_given(w->user) ? arena_printf(c->mem, "%s:%s", w->user, text_of(w->password)) : NULL;

	TRY(seal(c, id, "credentials", pair, credentials_out));
	return seal(c, id, "token", w->token, token_out);
}

/* ---- the verbs */

static int
record(
    struct ctx *c, const struct actor *who, const char *action, const struct project *p, int64_t id)
{
	return actor_record(c, who, action, p != NULL ? p->path : "",
	    arena_printf(c->mem, "target %lld", (long long)id));
}

static int
of_place(struct ctx *c, int code)
{
	struct faults *f = faults_new(c->mem);

	if (code != E_CONFLICT || strcmp(db_constraint(c->db), "target_place_key") != 0)
		return code;
	faults_say(f, "url", FAULT_TAKEN, "a project of this hub is pushed there already");
	return faults_end(c, f);
}

int
target_create(struct ctx *c, const struct actor *who, const struct project *project,
    const struct target_wish *wish, int64_t *id_out)
{
	const struct target_change change = change_of(wish);
	const char *credentials, *token;
	struct target *rows;
	size_t n;

	TRY(check_wish(c, wish));
	TRY(target_list(c, project->id, &rows, &n));
	if (n >= TARGETS_MAX)
		return fault(c, "targets", FAULT_TOO_MANY, TARGETS_MAX);
	TRY(target_next_id(c, id_out));
	TRY(seal_both(c, *id_out, wish, &credentials, &token));
	TRY(of_place(c, target_insert(c, *id_out, project->id, &change, credentials, token)));
	TRY(target_push(c, *id_out, false));
	return record(c, who, "target.create", project, *id_out);
}

int
target_edit(struct ctx *c, const struct actor *who, const struct project *project, int64_t id,
    const struct target_wish *wish)
{
	const struct target_change change = change_of(wish);
	const char *credentials, *token;

	TRY(check_wish(c, wish));
	TRY(of_place(c, target_update(c, project->id, id, &change)));
	TRY(seal_both(c, id, wish, &credentials, &token));
	if (credentials != NULL || wish->forgets_credentials)
		TRY(target_set_credentials(c, id, credentials));
	if (token != NULL || wish->forgets_token)
		TRY(target_set_token(c, id, token));
	TRY(target_push(c, id, false));
	return record(c, who, "target.update", project, id);
}

int
target_remove(struct ctx *c, const struct actor *who, const struct project *project, int64_t id)
{
	TRY(target_delete(c, project->id, id));
	return record(c, who, "target.delete", project, id);
}

int
target_push_now(struct ctx *c, const struct actor *who, const struct project *project, int64_t id,
    bool overwrites)
{
	struct target t;

	TRY(target_by_id(c, project->id, id, &t));
	if (!t.active)
		return fail(c, E_INVALID, "this target is paused");
	TRY(target_push(c, id, overwrites));
	return record(c, who, overwrites ? "target.overwrite" : "target.push", project, id);
}

int
target_change_secret(
    struct ctx *c, const struct actor *who, int64_t id, bool is_token, const char *secret)
{
	struct faults *f = faults_new(c->mem);
	int64_t project_id;
	const char *sealed;

	judge_secret(f, "secret", secret);
	if (!is_given(secret) || (!is_token && strchr(secret, ':') == NULL))
		faults_say(f, "secret", FAULT_BLANK,
		    is_token ? "the token is empty" : "the secret is user:password");
	TRY(faults_end(c, f));
	TRY(target_project(c, id, &project_id));
	TRY(seal(c, id, is_token ? "token" : "credentials", secret, &sealed));
	TRY(is_token ? target_set_token(c, id, sealed) : target_set_credentials(c, id, sealed));
	TRY(target_push(c, id, false));
	return record(c, who, "target.update", NULL, id);
}
