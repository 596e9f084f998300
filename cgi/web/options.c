/* What of its upstream a mirror takes over: the form. */
#include "base/conf.h"
#include "base/fault.h"
#include "base/str.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/guard.h"
#include "web/html.h"

#define PATTERNS_BYTES 20000

const struct field web_options_in[] = { FIELD(mirror_options, mode),
	FIELD_MAX(mirror_options, ref_include, PATTERNS_BYTES),
	FIELD_MAX(mirror_options, ref_exclude, PATTERNS_BYTES), FIELD(mirror_options, prunes),
	FIELD(mirror_options, allow_rewrite), FIELD(mirror_options, kept_count),
	FIELD(mirror_options, kept_days), FIELD(mirror_options, most_bytes),
	FIELD(mirror_options, most_objects), FIELD(mirror_options, most_refs),
	FIELD(mirror_options, most_blob_bytes), { 0 } };

/* "as this hub does: exact" in front of the others. */
static const struct form_choice *
choices(struct req *r, const char *of_hub, const struct form_choice *rest)
{
	struct form_choice *rows = arena_new_array(r->ctx->mem, struct form_choice, 6);

	rows[0] =
	    (struct form_choice){ "", arena_printf(r->ctx->mem, "as this hub does: %s", of_hub) };
	for (size_t i = 0; rest[i].value != NULL; i++)
		rows[i + 1] = rest[i];
	return rows;
}

static void
add_what(struct req *r, const struct mirror_options *o)
{
	static const struct form_choice modes[] = {
		{ "exact", "exact: as the upstream is" },
		{ "additive", "additive: nothing is ever deleted or rewritten" },
		{ "archival", "archival: exact, and what is replaced is kept for ever" },
		{ NULL, NULL },
	};

	form_select(r, "mode", "Mode", o->mode, choices(r, r->ctx->conf->mirror_mode, modes));
	form_field(r,
	    &(struct form_field){ .name = "ref_include",
		.label = "Only these refs",
		.value = o->ref_include,
		.is_optional = true,
		.is_area = true,
		.hint = "One pattern per line, with at most one *: main, release/*, "
			"refs/pull/*/head. Left empty: all branches and tags." });
	form_field(r,
	    &(struct form_field){ .name = "ref_exclude",
		.label = "But not these",
		.value = o->ref_exclude,
		.is_optional = true,
		.is_area = true });
}

static void
add_how(struct req *r, const struct mirror_options *o)
{
	static const struct form_choice yes_no[] = { { "yes", "yes" }, { "no", "no" },
		{ NULL, NULL } };
	const struct conf *conf = r->ctx->conf;

	form_select(r, "prunes", "What the upstream deletes is deleted here", o->prunes,
	    choices(r, conf->mirror_prune ? "yes" : "no", yes_no));
	form_select(r, "allow_rewrite", "Suspicious changes are published without asking",
	    o->allow_rewrite, choices(r, conf->guard_allow_rewrite ? "yes" : "no", yes_no));
}

static void
add_number(struct req *r, const char *name, const char *label, const char *value, int64_t of_hub)
{
	form_field(r,
	    &(struct form_field){ .name = name,
		.label = label,
		.value = value,
		.is_optional = true,
		.hint = arena_printf(
		    r->ctx->mem, "Left empty: %lld, as this hub does.", (long long)of_hub) });
}

static void
add_bytes(struct req *r, const char *name, const char *label, const char *value, int64_t of_hub)
{
	form_field(r,
	    &(struct form_field){ .name = name,
		.label = label,
		.value = value,
		.is_optional = true,
		.hint = arena_printf(r->ctx->mem, "Left empty: %lld (%s), as this hub does.",
		    (long long)of_hub, str_size(r->ctx->mem, of_hub)) });
}

static void
add_numbers(struct req *r, const struct mirror_options *o)
{
	const struct conf *conf = r->ctx->conf;

	add_number(r, "kept_count", "Old tips kept of each ref", o->kept_count, conf->kept_count);
	add_number(r, "kept_days", "Days they are kept", o->kept_days, conf->kept_days);
	html(r->out, "<h2>Limits</h2>\n<p>They can only be lower than the hub's.</p>\n");
	add_bytes(r, "most_bytes", "Bytes of one fetch", o->most_bytes, conf->sync_pack_bytes);
	add_number(r, "most_objects", "Objects of one fetch", o->most_objects, conf->sync_objects);
	add_number(r, "most_refs", "Branches, tags and other refs", o->most_refs, conf->sync_refs);
	add_bytes(
	    r, "most_blob_bytes", "Bytes of one file", o->most_blob_bytes, conf->sync_object_bytes);
}

/* Also drawn again, when what was sent to it was refused. */
int
web_options_form(struct req *r)
{
	const struct project *p = r->project;
	struct mirror_options o;

	TRY(mirror_options_of(r->ctx, p->id, &o));
	if (r->in != NULL)
		o = *(const struct mirror_options *)r->in;
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "What %s takes over", p->path),
		.project = p,
		.tab = "settings" });
	html(r->out,
	    "<h1>What is taken over</h1>\n<p>A change is followed by a sync at once.</p>\n");
	form_reason(r);
	form_begin(r, url_view(r, p, "options", NULL, NULL), "edit");
	add_what(r, &o);
	add_how(r, &o);
	add_numbers(r, &o);
	form_end(r, "Save");
	page_end(r);
	return OK;
}

int
web_options(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(guard_set_options(r->ctx, &who, r->project, r->in));
	return page_see_other(r, url_project(r, r->project));
}
