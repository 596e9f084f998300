/* What of a mirror's upstream waits for approval: why, and the choice. */
#include "cgi/web/form.h"
#include "cgi/web/mirror.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/guard.h"
#include "web/html.h"

void
mirror_findings(struct req *r, const struct git_findings *findings)
{
	html(r->out, "<ul class=\"findings\">\n");
	for (size_t i = 0; i < findings->n; i++) {
		html(r->out, "<li>");
		html_marked(r->out, findings->rows[i].sentence);
		html(r->out, "</li>\n");
	}
	html(r->out, "</ul>\n");
}

static void
add_choice(struct req *r, const struct project *p, const struct guard *g)
{
	html(r->out,
	    "<p>If that was meant, approve it: it is published with a sync at once, and what it "
	    "replaces is kept. If not, reject it: it is passed over until the upstream changes "
	    "again.</p>\n<div class=\"choice\">\n");
	form_button(
	    r, url_view(r, p, "approve", NULL, NULL), "fingerprint", g->fingerprint, "Approve");
	form_button(
	    r, url_view(r, p, "reject", NULL, NULL), "fingerprint", g->fingerprint, "Reject");
	html(r->out, "</div>\n");
}

int
mirror_held(struct req *r, const struct project *p)
{
	struct git_findings findings;
	struct guard g;

	TRY(guard_of(r->ctx, p->id, &g));
	if (g.held_at == 0)
		return OK;
	TRY(guard_findings(r->ctx, g.findings, &findings));
	mirror_findings(r, &findings);
	if (route_may(r, PERM_ADMIN))
		add_choice(r, p, &g);
	return OK;
}

/* ---- the buttons */

struct held_input {
	const char *fingerprint;
};

const struct field web_held_in[] = { FIELD(held_input, fingerprint), { 0 } };

int
web_approve(struct req *r)
{
	const struct held_input *in = r->in;
	const struct actor who = req_actor(r);

	TRY(guard_approve(r->ctx, &who, r->project, in->fingerprint));
	return page_see_other(r, url_project(r, r->project));
}

int
web_reject(struct req *r)
{
	const struct held_input *in = r->in;
	const struct actor who = req_actor(r);

	TRY(guard_reject(r->ctx, &who, r->project, in->fingerprint));
	return page_see_other(r, url_project(r, r->project));
}
