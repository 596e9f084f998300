/* Where a project is pushed on to. */
#include <string.h>

#include "base/clock.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/target.h"
#include "web/html.h"
#include "web/load.h"

#define LONG_BYTES 16384
#define REFUSALS_SHOWN 100

const struct field web_target_in[] = { FIELD_MAX(target_wish, url, LONG_BYTES),
	FIELD(target_wish, provider), FIELD_MAX(target_wish, provider_url, LONG_BYTES),
	FIELD_MAX(target_wish, provider_namespace, LONG_BYTES),
	FIELD_MAX(target_wish, provider_options, LONG_BYTES),
	FIELD_MAX(target_wish, user, LONG_BYTES), FIELD_MAX(target_wish, password, LONG_BYTES),
	FIELD_MAX(target_wish, token, LONG_BYTES), FIELD_MAX(target_wish, ref_include, LONG_BYTES),
	FIELD_MAX(target_wish, ref_exclude, LONG_BYTES), FIELD(target_wish, overwrites),
	FIELD(target_wish, is_thin), FIELD(target_wish, active),
	FIELD(target_wish, forgets_credentials), FIELD(target_wish, forgets_token), { 0 } };

struct push_input {
	bool overwrites;
};

const struct field web_target_push_in[] = { FIELD(push_input, overwrites), { 0 } };

static const struct form_choice providers[] = { { "none", "nobody: it is there already" },
	{ "gitlab", "GitLab" }, { "gitea", "Gitea or Forgejo" }, { "github", "GitHub" },
	{ NULL, NULL } };

static const char *
targets_url(struct req *r)
{
	return url_view(r, r->project, "targets", NULL, NULL);
}

static const char *
target_url(struct req *r, int64_t id, const char *behind)
{
	return arena_printf(r->ctx->mem, "%s/%ld%s", targets_url(r), id, behind);
}

static void
begin(struct req *r, const char *title)
{
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "%s of %s", title, r->project->path),
		.project = r->project,
		.tab = "targets" });
	html(r->out, "<h1>%s</h1>\n", title);
	form_reason(r);
}

/* ---- words */

static const char *
place_text(const struct target *t)
{
	if (t->shown_url != NULL)
		return t->shown_url;
	return t->url != NULL ? t->url : t->provider_url;
}

static void
add_state(struct req *r, const struct target *t)
{
	enum target_state state = target_state_of(t);

	html(r->out,
	    "<span class=\"state %s\"><span class=\"sign\" aria-hidden=\"true\">%s</span> "
	    "%s</span> ",
	    target_state_class(state), target_state_sign(state), target_state_word(state));
	html_marked(r->out, target_state_sentence(r->ctx->mem, t, clock_now()));
}

static void
add_list(struct req *r, const struct target *rows, size_t n)
{
	html(r->out, "<dl class=\"targets\">\n");
	for (size_t i = 0; i < n; i++) {
		html(r->out, "<dt><a href=\"%s\">", target_url(r, rows[i].id, ""));
		html_marked(r->out, place_text(&rows[i]));
		html(r->out, "</a></dt><dd>");
		add_state(r, &rows[i]);
		html(r->out, "</dd>\n");
	}
	html(r->out, "</dl>\n");
}

/* ---- on the project's page */

int
targets_panel(struct req *r, const struct project *p)
{
	struct target *rows;
	size_t n;

	if (!route_may(r, PERM_ADMIN))
		return OK;
	TRY(target_list(r->ctx, p->id, &rows, &n));
	if (n == 0)
		return OK;
	html(r->out,
	    "<section class=\"mirror\" aria-labelledby=\"targets\">\n"
	    "<h2 id=\"targets\">Pushed on to</h2>\n");
	add_list(r, rows, n);
	html(r->out, "</section>\n");
	return OK;
}

/* ---- the form */

static void
add_secrets(struct req *r, const struct target_wish *w, const struct target *now)
{
	form_field(r,
	    &(struct form_field){ .name = "user",
		.label = "User of the push",
		.value = w->user,
		.is_optional = true,
		.hint = now != NULL && now->has_credentials
		    ? "A user and a password are kept. Left empty, they stay."
		    : "Of http and https; ssh has the hub's key." });
	form_field(r,
	    &(struct form_field){ .name = "password",
		.label = "Password or token of the push",
		.type = "password",
		.autocomplete = "new-password",
		.is_optional = true,
		.hint = "Nobody is shown it again. Another address forgets it." });
	if (now != NULL && now->has_credentials)
		form_check(r, "forgets_credentials", "Forget the user and password that are kept",
		    w->forgets_credentials);
}

static void
add_provider(struct req *r, const struct target_wish *w, const struct target *now)
{
	html(r->out, "<fieldset>\n<legend>Who makes the project there</legend>\n");
	form_select(r, "provider", "Provider", w->provider, providers);
	form_field(r,
	    &(struct form_field){ .name = "provider_url",
		.label = "Address of its API",
		.value = w->provider_url,
		.is_optional = true,
		.hint = "As https://gitlab.example/api/v4." });
	form_field(r,
	    &(struct form_field){ .name = "provider_namespace",
		.label = "Group, organisation or account there",
		.value = w->provider_namespace,
		.is_optional = true });
	form_field(r,
	    &(struct form_field){ .name = "token",
		.label = "Token of its API",
		.type = "password",
		.autocomplete = "new-password",
		.is_optional = true,
		.hint = now != NULL && now->has_token ? "One is kept. Left empty, it stays."
						      : "Nobody is shown it again." });
	form_field(r,
	    &(struct form_field){ .name = "provider_options",
		.label = "Options",
		.value = w->provider_options,
		.is_optional = true,
		.hint = "A JSON object, as {\"visibility\": \"private\", \"wiki\": false}." });
	html(r->out, "</fieldset>\n");
}

/* now: the target that is changed; NULL: a new one. */
static void
add_form(struct req *r, const struct target_wish *w, const struct target *now)
{
	form_begin(r, now != NULL ? target_url(r, now->id, "") : targets_url(r), "target");
	form_field(r,
	    &(struct form_field){ .name = "url",
		.label = "Address",
		.value = w->url,
		.is_optional = true,
		.hint =
		    "https://host/path.git, or ssh. Empty when a provider makes the project." });
	add_secrets(r, w, now);
	add_provider(r, w, now);
	form_field(r,
	    &(struct form_field){ .name = "ref_include",
		.label = "What is pushed",
		.value = w->ref_include,
		.is_optional = true,
		.is_area = true,
		.hint = "Patterns, one per line: main, refs/heads/release/*. Empty: all branches "
			"and tags." });
	form_field(r,
	    &(struct form_field){ .name = "ref_exclude",
		.label = "What is not",
		.value = w->ref_exclude,
		.is_optional = true,
		.is_area = true });
	form_check(
	    r, "overwrites", "Overwrite what others put there under the same names", w->overwrites);
	form_check(r, "is_thin", "It takes packs that lean on what it has", w->is_thin);
	form_check(r, "active", "Push there", w->active);
	form_end(r, now != NULL ? "Save" : "Add");
}

/* ---- the list */

int
web_targets(struct req *r)
{
	const struct target_wish fresh = { .is_thin = true, .active = true };
	struct target *rows;
	size_t n;

	TRY(target_list(r->ctx, r->project->id, &rows, &n));
	begin(r, "Targets");
	if (n > 0)
		add_list(r, rows, n);
	else
		html(r->out, "<p>It is pushed nowhere yet.</p>\n");
	html(r->out, "<h2>Add one</h2>\n");
	add_form(r, r->in != NULL ? r->in : &fresh, NULL);
	page_end(r);
	return OK;
}

int
web_target_create(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(target_create(r->ctx, &who, r->project, r->in, &id));
	return page_see_other(r, target_url(r, id, ""));
}

/* ---- one target */

static int
load_target(struct req *r, struct target *out)
{
	int64_t id;

	TRY(load_id(r, "id", &id));
	return target_by_id(r->ctx, r->project->id, id, out);
}

static void
add_ref(struct req *r, const char *ref, const char *why)
{
	html(r->out, "<tr><th scope=\"row\">");
	html_marked(r->out, ref);
	html(r->out, "</th><td>");
	html_marked(r->out, why);
	html(r->out, "</td></tr>\n");
}

static const char *
text_in(struct req *r, const struct js *object, const char *key)
{
	const struct js *v = js_get(object, key);

	return v != NULL && js_type(v) == JS_TEXT ? js_text_of(r->ctx, v) : "";
}

static int
add_trouble(struct req *r, const struct target *t)
{
	struct target_refusal *rows;
	const struct js *conflicts;
	size_t n;

	if (t->n_conflicts == 0 && t->n_refused == 0)
		return OK;
	TRY(target_refusals(r->ctx, t->id, REFUSALS_SHOWN, &rows, &n));
	TRY(js_parse(r->ctx, t->conflicts, strlen(t->conflicts), &conflicts));
	html(r->out,
	    "<table class=\"trouble\">\n<thead><tr><th scope=\"col\">Left as it is there</th>"
	    "<th scope=\"col\">Why</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < js_count(conflicts); i++)
		add_ref(r, text_in(r, js_at(conflicts, i), "ref"),
		    text_in(r, js_at(conflicts, i), "why"));
	for (size_t i = 0; i < n; i++)
		add_ref(r, rows[i].name, rows[i].error);
	html(r->out, "</tbody>\n</table>\n");
	return OK;
}

static void
add_moment(struct req *r, const char *word, int64_t at)
{
	if (at == 0)
		return;
	html(r->out, "<dt>%s</dt><dd>", word);
	page_time(r, at);
	html(r->out, "</dd>\n");
}

static int
add_facts(struct req *r, const struct target *t)
{
	html(r->out, "<p class=\"place\">");
	html_marked(r->out, place_text(t));
	html(r->out, "</p>\n<p class=\"now\">");
	add_state(r, t);
	html(r->out, "</p>\n<dl>\n");
	add_moment(r, "Last push that changed something", t->pushed_at);
	add_moment(r, "Last look at all its refs", t->audited_at);
	html(r->out, "</dl>\n");
	TRY(add_trouble(r, t));
	if (t->active)
		form_button(r, target_url(r, t->id, "/push"), NULL, NULL, "Push now");
	if (t->active && t->n_conflicts > 0)
		form_button(
		    r, target_url(r, t->id, "/push"), "overwrites", "true", "Overwrite this once");
	return OK;
}

static void
add_end(struct req *r, const struct target *t)
{
	html(r->out,
	    "<section class=\"danger\">\n<h2>Remove this target</h2>\n<p>Nothing is pushed there "
	    "any more. What lies there stays.</p>\n");
	form_begin(r, target_url(r, t->id, "/delete"), "removal");
	form_end(r, "Remove it");
	html(r->out, "</section>\n");
}

int
web_target(struct req *r)
{
	struct target t;
	struct target_wish wish;

	TRY(load_target(r, &t));
	wish = (struct target_wish){ .url = t.url,
		.provider = t.provider,
		.provider_url = t.provider_url,
		.provider_namespace = t.provider_namespace,
		.provider_options = t.provider_options,
		.ref_include = t.ref_include,
		.ref_exclude = t.ref_exclude,
		.overwrites = t.overwrites,
		.is_thin = t.is_thin,
		.active = t.active };
	begin(r, "Target");
	TRY(add_facts(r, &t));
	html(r->out, "<h2>Change it</h2>\n");
	add_form(r, r->in != NULL && r->route->in == web_target_in ? r->in : &wish, &t);
	add_end(r, &t);
	page_end(r);
	return OK;
}

int
web_target_edit(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(target_edit(r->ctx, &who, r->project, id, r->in));
	return page_see_other(r, target_url(r, id, ""));
}

int
web_target_delete(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(target_remove(r->ctx, &who, r->project, id));
	return page_see_other(r, targets_url(r));
}

int
web_target_push(struct req *r)
{
	const struct push_input *in = r->in;
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(target_push_now(r->ctx, &who, r->project, id, in->overwrites));
	return page_see_other(r, target_url(r, id, ""));
}
