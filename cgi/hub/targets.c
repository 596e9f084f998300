/* Where a repository is pushed on to. Secrets go in, and are never shown again. */
#include "base/clock.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/hub/hub.h"
#include "core/target.h"
#include "web/load.h"

#define LONG_BYTES 16384
#define REFUSALS_MOST 100

struct target_in {
	const char *url, *provider, *provider_url, *provider_namespace, *provider_options;
	const char *user, *password, *token, *include, *exclude;
	bool overwrites, whole_packs, paused, forget_credentials, forget_token;
};

const struct field hub_target_in[] = {
	FIELD_MAX(target_in, url, LONG_BYTES),
	FIELD(target_in, provider),
	{ "providerUrl", offsetof(struct target_in, provider_url), F_TEXT, LONG_BYTES },
	{ "providerNamespace", offsetof(struct target_in, provider_namespace), F_TEXT, LONG_BYTES },
	{ "providerOptions", offsetof(struct target_in, provider_options), F_TEXT, LONG_BYTES },
	FIELD_MAX(target_in, user, LONG_BYTES),
	FIELD_MAX(target_in, password, LONG_BYTES),
	FIELD_MAX(target_in, token, LONG_BYTES),
	FIELD_MAX(target_in, include, LONG_BYTES),
	FIELD_MAX(target_in, exclude, LONG_BYTES),
	FIELD(target_in, overwrites),
	FIELD_AS(target_in, whole_packs, "wholePacks"),
	FIELD(target_in, paused),
	FIELD_AS(target_in, forget_credentials, "forgetCredentials"),
	FIELD_AS(target_in, forget_token, "forgetToken"),
	{ 0 },
};

struct push_in {
	bool overwrite;
};

const struct field hub_target_push_in[] = { FIELD(push_in, overwrite), { 0 } };

static struct target_wish
wish_of(const struct target_in *in)
{
	return (struct target_wish){ .url = in->url,
		.provider = in->provider,
		.provider_url = in->provider_url,
		.provider_namespace = in->provider_namespace,
		.provider_options = in->provider_options,
		.user = in->user,
		.password = in->password,
		.token = in->token,
		.ref_include = in->include,
		.ref_exclude = in->exclude,
		.overwrites = in->overwrites,
		.is_thin = !in->whole_packs,
		.active = !in->paused,
		.forgets_credentials = in->forget_credentials,
		.forgets_token = in->forget_token };
}

/* ---- what it looks like */

struct target_out {
	int64_t id;
	const char *url, *shown_url, *provider, *provider_url, *provider_namespace,
	    *provider_project_id;
	bool has_credentials, has_token;
	const char *include, *exclude;
	bool overwrites, whole_packs, paused;
	const char *state, *sentence, *error_class, *error;
	int64_t failures, n_conflicts, n_refused;
	const char *pushed_at, *looked_at, *attempted_at, *next_at; /* NULL: never */
};

static const struct field target_json[] = {
	FIELD(target_out, id),
	FIELD(target_out, url),
	FIELD_AS(target_out, shown_url, "shownUrl"),
	FIELD(target_out, provider),
	FIELD_AS(target_out, provider_url, "providerUrl"),
	FIELD_AS(target_out, provider_namespace, "providerNamespace"),
	FIELD_AS(target_out, provider_project_id, "providerProjectId"),
	FIELD_AS(target_out, has_credentials, "hasCredentials"),
	FIELD_AS(target_out, has_token, "hasToken"),
	FIELD(target_out, include),
	FIELD(target_out, exclude),
	FIELD(target_out, overwrites),
	FIELD_AS(target_out, whole_packs, "wholePacks"),
	FIELD(target_out, paused),
	FIELD(target_out, state),
	FIELD(target_out, sentence),
	FIELD_AS(target_out, error_class, "errorClass"),
	FIELD(target_out, error),
	FIELD(target_out, failures),
	FIELD_AS(target_out, n_conflicts, "numConflicts"),
	FIELD_AS(target_out, n_refused, "numRefused"),
	FIELD_AS(target_out, pushed_at, "pushedAt"),
	FIELD_AS(target_out, looked_at, "lookedAt"),
	FIELD_AS(target_out, attempted_at, "attemptedAt"),
	FIELD_AS(target_out, next_at, "nextAt"),
	{ 0 },
};

static const struct field refusal_json[] = { FIELD_AS(target_refusal, name, "ref"),
	FIELD(target_refusal, error), { 0 } };

static const char *
moment(struct req *r, int64_t at)
{
	return at != 0 ? clock_text_rfc3339(r->ctx->mem, at) : NULL;
}

static void
shape_target(struct req *r, const struct target *t)
{
	const struct target_out row = { .id = t->id,
		.url = t->url,
		.shown_url = t->shown_url != NULL ? t->shown_url : t->url,
		.provider = t->provider,
		.provider_url = t->provider_url,
		.provider_namespace = t->provider_namespace,
		.provider_project_id = t->provider_project_id,
		.has_credentials = t->has_credentials,
		.has_token = t->has_token,
		.include = t->ref_include,
		.exclude = t->ref_exclude,
		.overwrites = t->overwrites,
		.whole_packs = !t->is_thin,
		.paused = !t->active,
		.state = target_state_word(target_state_of(t)),
		.sentence = target_state_sentence(r->ctx->mem, t, clock_now()),
		.error_class = t->error_class,
		.error = t->error_text,
		.failures = t->failures,
		.n_conflicts = t->n_conflicts,
		.n_refused = t->n_refused,
		.pushed_at = moment(r, t->pushed_at),
		.looked_at = moment(r, t->audited_at),
		.attempted_at = moment(r, t->attempted_at),
		.next_at = moment(r, t->next_at) };

	js_row(r->out, target_json, &row);
}

/* With the refs that are not as they should be. */
static int
answer_one(struct req *r, int64_t id)
{
	struct target t;
	struct target_refusal *rows;
	size_t n;

	TRY(target_by_id(r->ctx, r->project->id, id, &t));
	TRY(target_refusals(r->ctx, id, REFUSALS_MOST, &rows, &n));
	buf_text(r->out, "{\"target\":");
	shape_target(r, &t);
	buf_printf(r->out, ",\"conflicts\":%s,\"refused\":", t.conflicts);
	js_list(r->out, refusal_json, rows, n, sizeof(rows[0]));
	buf_char(r->out, '}');
	return OK;
}

/* ---- the calls */

int
list_hub_targets(struct req *r)
{
	struct target *rows;
	size_t n;

	TRY(target_list(r->ctx, r->project->id, &rows, &n));
	buf_text(r->out, "{\"targets\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		shape_target(r, &rows[i]);
	}
	buf_text(r->out, "]}");
	return OK;
}

int
create_hub_target(struct req *r)
{
	const struct target_wish wish = wish_of(r->in);
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(target_create(r->ctx, &who, r->project, &wish, &id));
	r->status = 201;
	return answer_one(r, id);
}

int
show_hub_target(struct req *r)
{
	int64_t id;

	TRY(load_id(r, "id", &id));
	return answer_one(r, id);
}

int
edit_hub_target(struct req *r)
{
	const struct target_wish wish = wish_of(r->in);
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(target_edit(r->ctx, &who, r->project, id, &wish));
	return answer_one(r, id);
}

int
delete_hub_target(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(target_remove(r->ctx, &who, r->project, id));
	r->status = 204;
	return OK;
}

int
push_hub_target(struct req *r)
{
	const struct push_in *in = r->in;
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(target_push_now(r->ctx, &who, r->project, id, in->overwrite));
	r->status = 202;
	return answer_one(r, id);
}
