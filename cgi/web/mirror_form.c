/* The form for a new mirror, and the small one for a project of one's own. */
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "cgi/web/choices.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/mirror_edit.h"
#include "web/html.h"

/* more than the rules allow: core says what is too long, at its field */
#define LONG_BYTES 8192
#define TEXT_BYTES 65536

const struct field web_mirror_in[] = { FIELD_MAX(mirror_input, url, LONG_BYTES),
	FIELD_MAX(mirror_input, user, LONG_BYTES), FIELD_MAX(mirror_input, password, LONG_BYTES),
	FIELD_MAX(mirror_input, path, LONG_BYTES), FIELD_MAX(mirror_input, description, TEXT_BYTES),
	FIELD(mirror_input, visibility), FIELD(mirror_input, interval), { 0 } };

const struct field web_plain_in[] = { FIELD_MAX(plain_input, path, LONG_BYTES),
	FIELD_MAX(plain_input, description, TEXT_BYTES), FIELD(plain_input, visibility), { 0 } };

static const char *
path_hint(struct req *r)
{
	return arena_printf(r->ctx->mem,
	    "Letters, digits and . _ - with slashes between folders: %s/tool is a place of yours.",
	    r->account.uname);
}

/* An address can bring it along: /-/new?url=… */
static const char *
sent_or_asked(struct req *r, const char *sent, const char *name)
{
	return sent != NULL ? sent : req_query(r, name);
}

static void
add_mirror_form(struct req *r, const struct mirror_input *in)
{
	form_begin(r, "/-/new", "new");
	form_field(r,
	    &(struct form_field){ .name = "url",
		.label = "Address of the upstream",
		.value = sent_or_asked(r, in->url, "url"),
		.is_first = true,
		.hint = "As you would give it to git clone, for example "
			"https://example.org/team/tool.git" });
	form_field(r,
	    &(struct form_field){ .name = "user",
		.label = "User at the upstream",
		.value = in->user,
		.is_optional = true,
		.hint = "Only if it wants to know who asks." });
	form_field(r,
	    &(struct form_field){ .name = "password",
		.label = "Password or token",
		.type = "password",
		.autocomplete = "new-password",
		.is_optional = true,
		.hint = "Kept sealed: nobody is shown it again." });
	form_field(r,
	    &(struct form_field){ .name = "path",
		.label = "Name here",
		.value = in->path,
		.is_optional = true,
		.hint = arena_printf(r->ctx->mem,
		    "Left empty, it is made of the address (team-tool). %s", path_hint(r)) });
	form_field(r,
	    &(struct form_field){ .name = "description",
		.label = "Description",
		.value = in->description,
		.is_optional = true,
		.is_area = true });
	form_select(r, "visibility", "Who may read it", in->visibility, choices_visibility);
	form_select(r, "interval", "How often it is synced", in->interval,
	    choices_interval(r, in->interval));
	form_end(r, "Create the mirror");
}

static void
add_plain_form(struct req *r)
{
	html(r->out, "<details>\n<summary>Or an empty project to push to</summary>\n");
	form_begin(r, "/-/new/plain", "new");
	html(r->out,
	    "<p class=\"field\"><label for=\"plain-path\">Name</label> "
	    "<input id=\"plain-path\" name=\"path\" value=\"\" required></p>\n"
	    "<p class=\"field\"><label for=\"plain-description\">Description</label> "
	    "<input id=\"plain-description\" name=\"description\" value=\"\"></p>\n"
	    "<p class=\"field\"><label for=\"plain-visibility\">Who may read it</label> "
	    "<select id=\"plain-visibility\" name=\"visibility\">\n"
	    "<option value=\"open\">everyone</option>\n"
	    "<option value=\"hidden\">only those whom you let in</option>\n</select></p>\n");
	form_end(r, "Create the project");
	html(r->out, "</details>\n");
}

/* Sent again: the small form alone, with what was typed. */
static void
add_plain_again(struct req *r, const struct plain_input *in)
{
	form_begin(r, "/-/new/plain", "new");
	form_field(r,
	    &(struct form_field){ .name = "path",
		.label = "Name",
		.value = in->path,
		.is_first = true,
		.hint = path_hint(r) });
	form_field(r,
	    &(struct form_field){ .name = "description",
		.label = "Description",
		.value = in->description,
		.is_optional = true,
		.is_area = true });
	form_select(r, "visibility", "Who may read it", in->visibility, choices_visibility);
	form_end(r, "Create the project");
}

int
web_new(struct req *r)
{
	static const struct mirror_input no_mirror;
	static const struct plain_input no_plain;
	bool is_plain = r->route->in == web_plain_in;

	page_begin(r, &(struct page){ .title = is_plain ? "New project" : "New mirror" });
	html(r->out, "<h1>%s</h1>\n", is_plain ? "New project" : "New mirror");
	form_reason(r);
	if (is_plain) {
		add_plain_again(r, r->in != NULL ? r->in : &no_plain);
	} else {
		add_mirror_form(r, r->in != NULL ? r->in : &no_mirror);
		add_plain_form(r);
	}
	page_end(r);
	return OK;
}

static int
see(struct req *r, const char *path)
{
	const struct project p = { .path = path };

	return page_see_other(r, url_project(r, &p));
}

int
web_create_mirror(struct req *r)
{
	const struct actor who = req_actor(r);
	const char *path;
	int64_t id;

	TRY(mirror_make(r->ctx, &who, r->in, &id, &path));
	return see(r, path);
}

int
web_create_plain(struct req *r)
{
	const struct actor who = req_actor(r);
	const char *path;

	TRY(plain_make(r->ctx, &who, r->in, &path));
	return see(r, path);
}
