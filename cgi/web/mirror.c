#include "cgi/web/mirror.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/mirror_state.h"
#include "core/project.h"
#include "web/html.h"
#include "web/route.h"

#define REFRESH_S 2

int
mirror_refresh_s(const struct project *p)
{
	bool is_running = strcmp(p->job_state, "running") == 0;
	bool is_next = strcmp(p->job_state, "queued") == 0 && !p->is_paused;

	return p->is_mirror && (is_running || is_next) ? REFRESH_S : 0;
}

static enum mirror_state
state_of(struct req *r, const struct mirror *m)
{
	return mirror_state_of(m, r->ctx->conf->schedule_s, clock_now());
}

void
mirror_badge(struct req *r, const struct mirror *m)
{
	enum mirror_state state = state_of(r, m);

	html(r->out,
	    "<span class=\"state %s\"><span class=\"sign\" aria-hidden=\"true\">%s</span> "
	    "%s</span>",
	    mirror_state_class(state), mirror_state_sign(state), mirror_state_word(state));
}

void
mirror_progress(struct req *r, const struct mirror *m)
{
	int percent = mirror_percent(m);

	if (percent >= 0)
		html(r->out,
		    "<p><label>Objects <progress max=\"100\" value=\"%d\">%d %%</progress></label>"
		    "</p>\n",
		    percent, percent);
	else if (state_of(r, m) == MIRROR_SYNCING)
		html(r->out, "<p><label>Sync <progress>under way</progress></label></p>\n");
}

/* ---- the panel */

static void
add_address(struct req *r, const char *word, const char *url)
{
	const char *shown = str_redact(r->ctx->mem, url);
	bool is_link = str_starts(shown, "https://") || str_starts(shown, "http://");

	html(r->out, "<dt>%s</dt><dd>", word);
	if (is_link)
		html(r->out, "<a href=\"%s\" rel=\"nofollow noreferrer\">", shown);
	html_marked(r->out, shown);
	html(r->out, is_link ? "</a></dd>\n" : "</dd>\n");
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

static void
add_facts(struct req *r, const struct mirror *m, const struct mirror_trust *trust)
{
	html(r->out, "<dl>\n");
	add_address(r, "Upstream", m->url);
	if (m->mirror_url != NULL)
		add_address(r, "Pushed on to", m->mirror_url);
	add_moment(r, "Last success", m->last_success_at);
	add_moment(r, "Last change", m->last_change_at);
	add_moment(r, "Verified against upstream", trust->verified_at);
	add_moment(r, "All objects checked", trust->audited_at);
	add_moment(r, "Next run", m->is_paused ? 0 : m->next_at);
	if (m->latest_version[0] != '\0') {
		html(r->out, "<dt>Latest version</dt><dd>");
		html_marked(r->out, m->latest_version);
		html(r->out, "</dd>\n");
	}
	html(r->out, "</dl>\n");
}

static void
add_advice(struct req *r, const struct mirror *m)
{
	const char *advice = mirror_error_advice(m->error_class);

	if (m->failures > 0 && advice[0] != '\0')
		html(r->out, "<p class=\"advice\">%s</p>\n", advice);
}

/* A proposal, followed by nobody until somebody takes it over. */
static void
add_moved(struct req *r, const struct project *p, const struct mirror *m)
{
	if (m->moved_to[0] == '\0')
		return;
	html(r->out, "<p class=\"advice\">The upstream has moved to ");
	html_marked(r->out, str_redact(r->ctx->mem, m->moved_to));
	html(r->out, "</p>\n");
	if (route_may(r, PERM_ADMIN))
		form_button(r, url_view(r, p, "accept-move", NULL, NULL), "url", m->moved_to,
		    "Take the new address");
}

static void
add_actions(struct req *r, const struct project *p, const struct mirror *m)
{
	html(r->out, "<p><a href=\"%s\">Runs of this mirror</a></p>\n",
	    url_view(r, p, "runs", NULL, NULL));
	if (route_may(r, PERM_ADMIN))
		html(r->out, "<p><a href=\"%s\">Kept tips</a></p>\n",
		    url_view(r, p, "kept", NULL, NULL));
	if (route_may(r, PERM_WRITE) && !m->is_paused && !mirror_is_moving(m))
		form_button(r, url_view(r, p, "sync", NULL, NULL), NULL, NULL, "Sync now");
}

/* What was wrong is for the administrator: admin.stores, `mirrorhub check`. */
static void
add_damage(struct req *r, const struct project *p)
{
	html(r->out,
	    "<p class=\"advice\">A check found this repository damaged: some of it may not be "
	    "readable. %s</p>\n",
	    p->is_mirror ? "It is being fetched anew from its upstream."
			 : "The administrator of this hub has been told.");
}

int
mirror_panel(struct req *r, const struct project *p)
{
	struct mirror_trust trust;
	struct mirror m;
	int code = mirror_trust_of(r->ctx, p->id, &trust);

	if (code == E_NOTFOUND) /* deleted meanwhile */
		return OK;
	TRY(code);
	if (trust.is_damaged)
		add_damage(r, p);
	if (!p->is_mirror)
		return OK;
	code = mirror_by_project(r->ctx, p->id, &m);
	if (code == E_NOTFOUND) /* it has become a project of its own meanwhile */
		return OK;
	TRY(code);
	html(r->out,
	    "<section class=\"mirror\" aria-labelledby=\"mirror\">\n"
	    "<h2 id=\"mirror\">Mirror</h2>\n<p class=\"now\">");
	mirror_badge(r, &m);
	html(r->out, " ");
	html_marked(
	    r->out, mirror_state_sentence(r->ctx->mem, &m, r->ctx->conf->schedule_s, clock_now()));
	html(r->out, "</p>\n");
	mirror_progress(r, &m);
	add_advice(r, &m);
	add_moved(r, p, &m);
	if (m.held_at > 0)
		TRY(mirror_held(r, p));
	add_facts(r, &m, &trust);
	add_actions(r, p, &m);
	html(r->out, "</section>\n");
	return OK;
}

/* ---- the button */

int
web_sync(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(project_sync(r->ctx, &who, r->project));
	return page_see_other(r, url_project(r, r->project));
}
