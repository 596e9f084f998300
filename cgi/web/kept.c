/* Kept tips of a mirror: where its refs were before they were forced, moved or deleted, to be taken
 * back; and what was taken back. */
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "cgi/web/form.h"
#include "cgi/web/mirror.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/guard.h"
#include "web/html.h"

#define ROWS_MOST 50
#define NAME_BYTES 2000
#define ID_SHOWN 10

struct restore_input {
	const char *name, *as;
};

struct let_go_input {
	const char *ref;
};

const struct field web_restore_in[] = { FIELD_MAX(restore_input, name, NAME_BYTES),
	FIELD_MAX(restore_input, as, NAME_BYTES), { 0 } };

const struct field web_let_go_in[] = { FIELD_MAX(let_go_input, ref, NAME_BYTES), { 0 } };

static const char *
kept_url(struct req *r, const char *action)
{
	return url_view(r, r->project, "kept", action, NULL);
}

/* "heads/main" of a ref, as text. */
static void
add_ref(struct req *r, const char *ref)
{
	html_marked(r->out, str_utf8(r->ctx->mem, ref, strlen(ref)));
}

static void
add_commit(struct req *r, const char *commit)
{
	html(r->out, "<a href=\"%s\"><code>%s</code></a>",
	    url_view(r, r->project, "commit", commit, NULL),
	    arena_strndup(r->ctx->mem, commit, ID_SHOWN));
}

/* ---- what is kept */

/* Where the ref went from there: to the next kept tip of it, or on to what it is now. */
static void
add_next(struct req *r, const struct git_refs *refs, const struct git_kept_tip *rows, size_t i)
{
	const struct git_ref *now = git_refs_find(refs, rows[i].ref);

	if (i > 0 && strcmp(rows[i - 1].ref, rows[i].ref) == 0)
		add_commit(r, rows[i - 1].commit);
	else if (now != NULL)
		add_commit(r,
		    str_hex(r->ctx->mem, now->is_peeled ? now->peeled : now->oid, GIT_OID_BYTES));
	else
		html(r->out, "it was deleted");
}

static void
add_restore(struct req *r, const struct git_kept_tip *tip)
{
	form_begin(r, kept_url(r, "restore"), "row");
	html(r->out,
	    "<input type=\"hidden\" name=\"name\" value=\"%s\">"
	    "<input name=\"as\" aria-label=\"Name it gets\" placeholder=\"name, if another\"> "
	    "<button>Take it back</button></form>\n",
	    tip->name);
}

static void
add_tip(struct req *r, const struct git_refs *refs, const struct git_kept_tip *rows, size_t i)
{
	const struct git_kept_tip *tip = &rows[i];

	html(r->out, "<tr><th scope=\"row\">");
	add_ref(r, tip->ref[0] != '\0' ? tip->ref : tip->name);
	html(r->out, "</th><td>");
	add_commit(r, tip->commit);
	html(r->out, "</td><td>");
	add_next(r, refs, rows, i);
	html(r->out, "</td><td>");
	page_time(r, tip->at);
	html(r->out, "</td><td>");
	if (str_is_utf8(tip->name, strlen(tip->name)))
		add_restore(r, tip);
	html(r->out, "</td></tr>\n");
}

static int
add_tips(struct req *r)
{
	struct git_kept_tip *rows;
	struct git_refs refs;
	int64_t page = pager_page(r);
	size_t n, first = (size_t)(page - 1) * ROWS_MOST;

	TRY(kept_list(r->ctx, r->project, &refs, &rows, &n));
	if (page > 1 && first >= n)
		return fail(r->ctx, E_NOTFOUND, "there is no such page");
	if (n == 0) {
		html(r->out,
		    "<p>Nothing is kept: no branch or tag was rewritten, moved or "
		    "deleted.</p>\n");
		return OK;
	}
	html(r->out,
	    "<table class=\"kept\">\n<thead><tr><th scope=\"col\">Ref</th>"
	    "<th scope=\"col\">It was at</th><th scope=\"col\">It went to</th>"
	    "<th scope=\"col\">When</th><th scope=\"col\">Take it "
	    "back</th></tr></thead>\n<tbody>\n");
	for (size_t i = first; i < n && i < first + ROWS_MOST; i++)
		add_tip(r, &refs, rows, i);
	html(r->out, "</tbody>\n</table>\n");
	pager_numbered(r, kept_url(r, NULL), page, ROWS_MOST, (int64_t)n);
	return OK;
}

/* ---- what was taken back */

static void
add_pin(struct req *r, const struct mirror_pin *pin)
{
	html(r->out, "<tr><th scope=\"row\">");
	add_ref(r, pin->ref);
	html(r->out, "</th><td>");
	add_commit(r, pin->oid);
	html(r->out, "</td><td>%s</td><td>", pin->actor);
	page_time(r, pin->created_at);
	html(r->out, "</td><td>");
	form_button(r, kept_url(r, "let-go"), "ref", pin->ref, "Let it go");
	html(r->out, "</td></tr>\n");
}

static int
add_pins(struct req *r)
{
	struct mirror_pin *rows;
	size_t n;

	TRY(mirror_pin_list(r->ctx, r->project->id, &rows, &n));
	if (n == 0)
		return OK;
	html(r->out,
	    "<h2>Taken back</h2>\n<p>These are published as long as the upstream has nothing of "
	    "that name.</p>\n<table class=\"kept pins\">\n<thead><tr><th scope=\"col\">Ref</th>"
	    "<th scope=\"col\">Commit</th><th scope=\"col\">By</th><th scope=\"col\">When</th>"
	    "<th scope=\"col\">Let it go</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++)
		add_pin(r, &rows[i]);
	html(r->out, "</tbody>\n</table>\n");
	return OK;
}

static int
add_notices(struct req *r)
{
	struct git_findings notices;
	struct guard g;

	TRY(guard_of(r->ctx, r->project->id, &g));
	TRY(guard_findings(r->ctx, g.notices, &notices));
	if (notices.n == 0)
		return OK;
	html(r->out, "<h2>The last change</h2>\n");
	mirror_findings(r, &notices);
	return OK;
}

/* Also drawn again, when a name was refused. */
int
web_kept(struct req *r)
{
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "Kept tips of %s", r->project->path),
		.project = r->project,
		.tab = "runs" });
	html(r->out,
	    "<h1>Kept tips</h1>\n<p>Where branches and tags were before their upstream rewrote, "
	    "moved or deleted them. Clones do not see them.</p>\n");
	if (r->ctx->faults != NULL && r->ctx->faults->rows[0].sentence != NULL)
		html(r->out, "<p class=\"fault\" role=\"alert\">%s</p>\n",
		    form_sentence(r->ctx->mem, r->ctx->faults->rows[0].sentence));
	else
		form_reason(r);
	TRY(add_tips(r));
	TRY(add_pins(r));
	TRY(add_notices(r));
	page_end(r);
	return OK;
}

int
web_restore(struct req *r)
{
	const struct restore_input *in = r->in;
	const struct actor who = req_actor(r);
	const char *ref;

	TRY(kept_restore(r->ctx, &who, r->project, in->name, in->as, &ref));
	return page_see_other(r, kept_url(r, NULL));
}

int
web_let_go(struct req *r)
{
	const struct let_go_input *in = r->in;
	const struct actor who = req_actor(r);

	TRY(kept_let_go(r->ctx, &who, r->project, in->ref != NULL ? in->ref : ""));
	return page_see_other(r, kept_url(r, NULL));
}
