/* Webhooks of a project, and with no project loaded those of all projects (administrators of the
 * hub). */
#include <string.h>

#include "base/conf.h"
#include "base/str.h"
#include "cgi/web/admin.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/webhook.h"
#include "web/html.h"
#include "web/load.h"

#define PAGE_ROWS 50

/* more than core takes: it says itself what is too long */
const struct field web_hook_in[] = { FIELD_MAX(webhook_wish, url, 4000),
	FIELD(webhook_wish, on_push), FIELD(webhook_wish, on_sync), FIELD(webhook_wish, on_failure),
	FIELD(webhook_wish, active), FIELD_MAX(webhook_wish, secret, 4000),
	FIELD_MAX(webhook_wish, header_lines, 8000), FIELD(webhook_wish, no_secret),
	FIELD(webhook_wish, no_headers), { 0 } };

static const char *
hooks_url(struct req *r)
{
	return r->project != NULL ? url_view(r, r->project, "hooks", NULL, NULL) : "/-/admin/hooks";
}

static const char *
hook_url(struct req *r, int64_t id, const char *behind)
{
	return arena_printf(r->ctx->mem, "%s/%ld%s", hooks_url(r), id, behind);
}

/* Those of all projects are one of the administrators' pages. */
static void
begin(struct req *r, const char *title)
{
	if (r->project == NULL) {
		admin_begin(r, "hooks", title);
		return;
	}
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "%s of %s", title, r->project->path),
		.project = r->project,
		.tab = "hooks" });
	html(r->out, "<h1>%s</h1>\n", title);
	form_reason(r);
}

/* ---- words */

/* Services keep tokens behind the question mark. */
static const char *
short_url(struct req *r, const struct webhook *w)
{
	size_t len = strcspn(w->url, "?");

	return w->url[len] == '\0' ? w->url : arena_printf(r->ctx->mem, "%.*s?…", (int)len, w->url);
}

static const char *
events_text(struct req *r, const struct webhook *w)
{
	const char *text = arena_printf(r->ctx->mem, "%s%s%s", w->on_push ? ", push" : "",
	    w->on_sync ? ", sync" : "", w->on_failure ? ", failure" : "");

	return text[0] != '\0' ? text + 2 : "";
}

static void
add_state(struct req *r, const struct webhook *w)
{
	if (!w->active && w->off_why[0] != '\0')
		html(r->out, "<span class=\"state-failing\">✕ %s</span>", w->off_why);
	else if (!w->active)
		html(r->out, "<span class=\"state-paused\">‖ off</span>");
	else if (w->failures > 0)
		html(r->out, "<span class=\"state-failing\">✕ %ld failed in a row</span>",
		    w->failures);
	else
		html(r->out, "<span class=\"state-fresh\">✓ on</span>");
	if (w->active && w->failures > 0 && w->next_at != 0) {
		html(r->out, ", next try ");
		page_time(r, w->next_at);
	}
}

static const char *
answer_text(struct req *r, int64_t status, const char *error)
{
	if (status == 0)
		return error;
	return arena_printf(r->ctx->mem, "HTTP %ld", status);
}

/* ---- the form */

static void
add_kept(struct req *r, bool has, const char *name, const char *label)
{
	if (has)
		form_check(r, name, label, false);
}

static void
add_fault(struct req *r, const char *name)
{
	const char *sentence = form_fault(r, name, NULL);

	if (sentence != NULL)
		html(r->out, "<p class=\"fault\">%s</p>\n", sentence);
}

/* now: the webhook that is changed; NULL: a new one. */
static void
add_form(struct req *r, const struct webhook_wish *w, const struct webhook *now)
{
	add_fault(r, "webhooks");
	form_begin(r, now != NULL ? hook_url(r, now->id, "") : hooks_url(r), "webhook");
	form_field(r,
	    &(struct form_field){ .name = "url",
		.label = "Address",
		.value = w->url,
		.type = "url",
		.hint = "It gets a POST with JSON, as GitHub sends it.",
		.wrong = arena_printf(r->ctx->mem,
		    "This begins with %s and ://, and has no user, password or fragment.",
		    r->ctx->conf->webhook_schemes) });
	html(r->out, "<fieldset>\n<legend>It is told of</legend>\n");
	add_fault(r, "events");
	form_check(r, "on_push", "each branch and tag that changes", w->on_push);
	form_check(r, "on_sync", "each sync that changed something", w->on_sync);
	form_check(r, "on_failure", "syncs that begin to fail, or work again", w->on_failure);
	html(r->out, "</fieldset>\n");
	form_field(r,
	    &(struct form_field){ .name = "secret",
		.label = now != NULL && now->has_secret ? "Another secret" : "Secret",
		.type = "password",
		.is_optional = true,
		.autocomplete = "new-password",
		.hint = "Signs what is sent. At least 8 characters; nobody is shown it again. "
			"For a day, the one before signs too." });
	add_kept(r, now != NULL && now->has_secret, "no_secret", "remove the secret it has");
	form_field(r,
	    &(struct form_field){ .name = "header_lines",
		.label = now != NULL && now->has_headers ? "Other header lines" : "Header lines",
		.is_area = true,
		.is_optional = true,
		.hint = "One \"Name: value\" per line, at most 10. Nobody is shown them again.",
		.wrong = "Each line is \"Name: value\". Names that the hub sets itself (Host, "
			 "Content-Length, X-Hub-Signature-256 …) cannot be set here." });
	add_kept(r, now != NULL && now->has_headers, "no_headers", "remove the lines it has");
	form_check(r, "active", "switched on", w->active);
	form_end(r, now != NULL ? "Save" : "Add");
}

/* ---- the list */

static void
add_row(struct req *r, const struct webhook *w)
{
	html(r->out, "<tr><th scope=\"row\"><a href=\"%s\">", hook_url(r, w->id, ""));
	html_marked(r->out, short_url(r, w));
	html(r->out, "</a></th><td>%s</td><td>", events_text(r, w));
	add_state(r, w);
	html(r->out, "</td><td>");
	if (w->last_at != 0) {
		page_time(r, w->last_at);
		html(r->out, ", %s", answer_text(r, w->last_status, w->last_error));
	}
	html(r->out, "</td><td>%ld</td></tr>\n", w->n_waiting);
}

static int
draw_list(struct req *r, const struct webhook_wish *wish)
{
	struct webhook *rows;
	size_t n;

	TRY(webhook_list(r->ctx, r->project != NULL ? r->project->id : 0, &rows, &n));
	begin(r, r->project != NULL ? "Webhooks" : "Webhooks of all projects");
	if (n > 0)
		html(r->out,
		    "<table class=\"webhooks\">\n<thead><tr><th scope=\"col\">Address</th>"
		    "<th scope=\"col\">Told of</th><th scope=\"col\">State</th>"
		    "<th scope=\"col\">Last</th><th scope=\"col\">Waiting</th></tr></thead>\n"
		    "<tbody>\n");
	for (size_t i = 0; i < n; i++)
		add_row(r, &rows[i]);
	html(r->out, n > 0 ? "</tbody>\n</table>\n" : "<p>There is none yet.</p>\n");
	html(r->out, "<h2>Add one</h2>\n");
	add_form(r, wish, NULL);
	page_end(r);
	return OK;
}

int
web_hooks(struct req *r)
{
	const struct webhook_wish fresh = { .on_push = true, .active = true };

	return draw_list(r, r->in != NULL ? r->in : &fresh);
}

int
web_hook_create(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(webhook_create(r->ctx, &who, r->project, r->in, &id));
	return page_see_other(r, hook_url(r, id, ""));
}

/* ---- one webhook */

static int
load_hook(struct req *r, struct webhook *out)
{
	int64_t id;

	TRY(load_id(r, "id", &id));
	return webhook_by_id(r->ctx, r->project != NULL ? r->project->id : 0, id, out);
}

static void
add_facts(struct req *r, const struct webhook *w)
{
	html(r->out, "<p>");
	add_state(r, w);
	html(r->out, ". %s", w->has_secret ? "It signs with a secret" : "It has no secret");
	html(r->out, "%s", w->has_old_secret ? ", and for a day with the one before" : "");
	html(r->out, "%s.</p>\n", w->has_headers ? "; it has header lines of its own" : "");
	if (w->answerer != NULL)
		html(r->out,
		    "<p class=\"hint\">%s answers for it: what that account may not read is not "
		    "sent.</p>\n",
		    w->answerer);
	if (w->dropped > 0)
		html(r->out, "<p>%ld deliveries were dropped while 1000 waited.</p>\n", w->dropped);
	form_button(r, hook_url(r, w->id, "/ping"), NULL, NULL, "Send a ping");
	form_button(r, hook_url(r, w->id, "/delete"), NULL, NULL, "Delete this webhook");
}

static void
add_delivery(struct req *r, const struct webhook *w, const struct webhook_delivery *d)
{
	html(r->out, "<tr><th scope=\"row\"><a href=\"%s/deliveries/%ld\">%s</a></th>",
	    hook_url(r, w->id, ""), d->id, d->event);
	html(r->out, "<td>%s</td><td>%ld</td><td>", d->state, d->attempts);
	page_time(r, d->sent_at != 0 ? d->sent_at : d->created_at);
	html(r->out, "</td><td>");
	html_marked(r->out, answer_text(r, d->status, d->error));
	html(r->out, "</td></tr>\n");
}

static int
add_deliveries(struct req *r, const struct webhook *w)
{
	const char *before = req_query(r, "before");
	struct webhook_delivery *rows;
	int64_t before_id = 0;
	size_t n;

	if (before != NULL && (!str_is_int(before, &before_id) || before_id < 0))
		before_id = 0;
	TRY(webhook_deliveries(r->ctx, w->id, before_id, PAGE_ROWS + 1, &rows, &n));
	html(r->out, "<h2 id=\"deliveries\">Deliveries of the last 30 days</h2>\n");
	if (n == 0) {
		html(r->out, "<p>There are none.</p>\n");
		return OK;
	}
	html(r->out,
	    "<table class=\"deliveries\">\n<thead><tr><th scope=\"col\">Of</th>"
	    "<th scope=\"col\">State</th><th scope=\"col\">Tries</th><th scope=\"col\">When</th>"
	    "<th scope=\"col\">Answer</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n && i < PAGE_ROWS; i++)
		add_delivery(r, w, &rows[i]);
	html(r->out, "</tbody>\n</table>\n");
	pager_show(r,
	    &(struct pager){ .words = PAGER_FROM_NEWEST,
		.before = before_id > 0 ? hook_url(r, w->id, "#deliveries") : NULL,
		.after = n > PAGE_ROWS ? hook_url(r, w->id,
					     arena_printf(r->ctx->mem, "?before=%lld#deliveries",
						 (long long)rows[PAGE_ROWS - 1].id))
				       : NULL });
	return OK;
}

int
web_hook(struct req *r)
{
	struct webhook w;
	struct webhook_wish wish;

	TRY(load_hook(r, &w));
	wish = (struct webhook_wish){ .url = w.url,
		.on_push = w.on_push,
		.on_sync = w.on_sync,
		.on_failure = w.on_failure,
		.active = w.active };
	begin(r, "Webhook");
	add_facts(r, &w);
	html(r->out, "<h2>Change it</h2>\n");
	add_form(r, r->in != NULL ? r->in : &wish, &w);
	TRY(add_deliveries(r, &w));
	page_end(r);
	return OK;
}

int
web_hook_edit(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(webhook_edit(r->ctx, &who, r->project, id, r->in));
	return page_see_other(r, hook_url(r, id, ""));
}

int
web_hook_delete(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(webhook_remove(r->ctx, &who, r->project, id));
	return page_see_other(r, hooks_url(r));
}

int
web_hook_ping(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(webhook_try(r->ctx, &who, r->project, id));
	return page_see_other(r, hook_url(r, id, "#deliveries"));
}

/* ---- one delivery */

static void
add_text(struct req *r, const char *title, const char *text)
{
	if (text[0] == '\0')
		return;
	html(r->out, "<h2>%s</h2>\n<pre class=\"raw\">", title);
	html_marked(r->out, text);
	html(r->out, "</pre>\n");
}

int
web_hook_delivery(struct req *r)
{
	struct webhook_delivery d;
	struct webhook w;
	int64_t id;

	TRY(load_hook(r, &w));
	TRY(load_id(r, "delivery", &id));
	TRY(webhook_delivery(r->ctx, w.id, id, &d));
	begin(r, "Delivery");
	html(r->out, "<p><code>%s</code>, <a href=\"%s\">", d.guid, hook_url(r, w.id, ""));
	html_marked(r->out, short_url(r, &w));
	html(r->out, "</a></p>\n<p>%s, %s: %ld tries, ", d.event, d.state, d.attempts);
	page_time(r, d.sent_at != 0 ? d.sent_at : d.created_at);
	html(r->out, ", %ld ms. %s</p>\n", d.took_ms, answer_text(r, d.status, d.error));
	if (d.payload[0] != '\0')
		form_button(r,
		    arena_printf(
			r->ctx->mem, "%s/deliveries/%ld/again", hook_url(r, w.id, ""), d.id),
		    NULL, NULL, "Send it again");
	add_text(r, "What was sent", d.payload);
	add_text(r, "What was answered", d.answer);
	page_end(r);
	return OK;
}

int
web_hook_again(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id, delivery;

	TRY(load_id(r, "id", &id));
	TRY(load_id(r, "delivery", &delivery));
	TRY(webhook_send_again(r->ctx, &who, r->project, id, delivery));
	return page_see_other(r, hook_url(r, id, "#deliveries"));
}
