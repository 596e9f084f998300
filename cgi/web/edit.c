/* Settings of a project: what it says of itself, where a mirror gets it from and how often,
 * pausing, and deleting. */
#include <string.h>

#include "base/str.h"
#include "cgi/web/choices.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/mirror_edit.h"
#include "store/mirror.h"
#include "web/html.h"
#include "web/route.h"

#define LONG_BYTES 8192
#define TEXT_BYTES 65536

const struct field web_edit_in[] = { FIELD_MAX(edit_input, description, TEXT_BYTES),
	FIELD(edit_input, visibility), FIELD_MAX(edit_input, url, LONG_BYTES),
	FIELD_MAX(edit_input, user, LONG_BYTES), FIELD_MAX(edit_input, password, LONG_BYTES),
	FIELD(edit_input, interval), FIELD(edit_input, forgets_credentials),
	FIELD_MAX(edit_input, branch, LONG_BYTES), { 0 } };

struct delete_input {
	const char *confirm;
};

const struct field web_delete_in[] = { FIELD_MAX(delete_input, confirm, LONG_BYTES), { 0 } };

/* By its number: r->project is what the address named. */
static int
load_full(struct req *r, struct project_full *out)
{
	struct account account;

	return project_full_by_id(r->ctx, &r->claim, r->project->id, &account, out);
}

/* What stands in the fields before anybody types. */
static void
fill(struct req *r, const struct project_full *p, const struct mirror_settings *m,
    struct edit_input *out)
{
	*out = (struct edit_input){ .description = p->base.description,
		.visibility = p->base.default_access > 0 ? "open" : "hidden",
		.url = m->url,
		.interval = m->interval_s > 0
		    ? arena_printf(r->ctx->mem, "%lld", (long long)m->interval_s)
		    : "",
		.branch = p->head };
}

/* ---- the forms */

static void
add_upstream(struct req *r, const struct mirror_settings *now, const struct edit_input *in)
{
	form_field(r,
	    &(struct form_field){ .name = "url",
		.label = "Address of the upstream",
		.value = in->url,
		.hint = "Another address forgets the user and password of this one." });
	form_field(r,
	    &(struct form_field){ .name = "user",
		.label = "User at the upstream",
		.value = in->user,
		.is_optional = true,
		.hint = now->has_credentials
		    ? "A user and a password are kept. Left empty, they stay."
		    : "None is kept." });
	form_field(r,
	    &(struct form_field){ .name = "password",
		.label = "Password or token",
		.type = "password",
		.autocomplete = "new-password",
		.is_optional = true });
	if (now->has_credentials)
		form_check(r, "forgets_credentials", "Forget the user and password that are kept",
		    in->forgets_credentials);
	form_select(r, "interval", "How often it is synced", in->interval,
	    choices_interval(r, in->interval));
}

static void
add_settings(struct req *r, const struct mirror_settings *now, const struct edit_input *in)
{
	const struct project *p = r->project;

	form_begin(r, url_view(r, p, "edit", NULL, NULL), "edit");
	form_field(r,
	    &(struct form_field){ .name = "description",
		.label = "Description",
		.value = in->description,
		.is_optional = true,
		.is_area = true });
	form_select(r, "visibility", "Who may read it", in->visibility, choices_visibility);
	if (p->is_mirror)
		add_upstream(r, now, in);
	else
		form_field(r,
		    &(struct form_field){ .name = "branch",
			.label = "Default branch",
			.value = in->branch,
			.hint = "What people see first, and what a clone checks out." });
	form_end(r, "Save");
}

static void
add_pause(struct req *r, const struct mirror_settings *m)
{
	const struct project *p = r->project;

	html(r->out, "<section>\n<h2>%s</h2>\n<p>%s</p>\n", m->is_paused ? "Resume" : "Pause",
	    m->is_paused ? "It is paused: nothing is synced, what is here stays as it is."
			 : "Nothing is synced until it is resumed; what is here stays as it is.");
	form_button(r, url_view(r, p, m->is_paused ? "resume" : "pause", NULL, NULL), NULL, NULL,
	    m->is_paused ? "Resume" : "Pause");
	html(r->out, "</section>\n");
}

static void
add_delete(struct req *r)
{
	const struct project *p = r->project;
	const struct delete_input *in = r->route->in == web_delete_in ? r->in : NULL;

	if (!route_may(r, PERM_OWNER))
		return;
	html(r->out,
	    "<section class=\"danger\">\n<h2>Delete</h2>\n"
	    "<p>The project and all its branches and tags go, and do not come back.</p>\n");
	form_begin(r, url_view(r, p, "delete", NULL, NULL), "delete");
	form_field(r,
	    &(struct form_field){ .name = "confirm",
		.label = arena_printf(r->ctx->mem, "Type %s to delete it", p->path),
		.value = in != NULL ? in->confirm : NULL });
	form_end(r, "Delete the project");
	html(r->out, "</section>\n");
}

/* Also drawn again, when what was sent to it was refused. */
int
web_edit_form(struct req *r)
{
	const struct project *p = r->project;
	struct mirror_settings m = { .url = "" };
	struct project_full full;
	struct edit_input in;

	TRY(load_full(r, &full));
	if (p->is_mirror)
		TRY(mirror_settings_of(r->ctx, p->id, &m));
	fill(r, &full, &m, &in);
	if (r->route->in == web_edit_in && r->in != NULL)
		in = *(const struct edit_input *)r->in;
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "Settings of %s", p->path),
		.project = p,
		.tab = "settings" });
	html(r->out, "<h1>Settings</h1>\n");
	form_reason(r);
	add_settings(r, &m, &in);
	if (p->is_mirror) {
		html(r->out,
		    "<p><a href=\"%s\">What is taken over</a>: branches and tags, deletions, "
		    "rewritten history, old tips, limits.</p>\n",
		    url_view(r, p, "options", NULL, NULL));
		add_pause(r, &m);
	}
	add_delete(r);
	page_end(r);
	return OK;
}

/* ---- what they do */

int
web_edit(struct req *r)
{
	const struct actor who = req_actor(r);
	struct project_full full;

	TRY(load_full(r, &full));
	TRY(project_edit(r->ctx, &who, &full, r->in));
	return page_see_other(r, url_project(r, r->project));
}

struct move_input {
	const char *url;
};

const struct field web_accept_move_in[] = { FIELD_MAX(move_input, url, LONG_BYTES), { 0 } };

int
web_accept_move(struct req *r)
{
	const struct move_input *in = r->in;
	const struct actor who = req_actor(r);
	struct project_full full;

	TRY(load_full(r, &full));
	TRY(project_accept_move(r->ctx, &who, &full, in->url));
	return page_see_other(r, url_project(r, r->project));
}

int
web_pause(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(project_pause(r->ctx, &who, r->project));
	return page_see_other(r, url_project(r, r->project));
}

int
web_resume(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(project_resume(r->ctx, &who, r->project));
	return page_see_other(r, url_project(r, r->project));
}

int
web_delete(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct delete_input *in = r->in;

	TRY(project_delete_named(r->ctx, &who, r->project, in->confirm));
	return page_see_other(r, "/");
}
