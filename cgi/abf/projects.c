#include <string.h>

#include "base/js.h"
#include "base/str.h"
#include "cgi/abf/abf.h"
#include "core/project.h"
#include "core/project_edit.h"
#include "core/project_fork.h"
#include "git/branches.h"
#include "store/statistic.h"

/* ---- reading */

int
list_projects(struct req *r)
{
	struct abf_page page = abf_page(r);
	struct project_full *rows;
	size_t n;

	TRY(project_full_list(r->ctx, &r->account, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n))
		TRY(project_full_count(r->ctx, &r->account, &page.total));
	n = abf_page_links(r, &page, n);
	buf_text(r->out, "{\"projects\":[");
	for (size_t i = 0; i < n; i++) {
		buf_text(r->out, i > 0 ? ",{" : "{");
		abf_project_full(r, &rows[i]);
		buf_char(r->out, '}');
	}
	buf_char(r->out, ']');
	abf_url(r, "url", "/api/v1/projects.json");
	buf_char(r->out, '}');
	return OK;
}

static const struct field statistic_json[] = { FIELD(statistic, average_build_time),
	FIELD(statistic, build_count), FIELD(statistic, arch_id), { 0 } };

static void
add_attachment(struct req *r, const struct attachment *a)
{
	buf_printf(r->out, "{\"id\":%lld,\"name\":", (long long)a->id);
	js_text(r->out, a->name);
	abf_url(r, "url", "/api/v1/repositories/%lld.json", (long long)a->id);
	buf_printf(r->out, ",\"platform\":{\"id\":%lld,\"name\":", (long long)a->platform_id);
	js_text(r->out, a->platform_name);
	abf_url(r, "url", "/api/v1/platforms/%lld.json", (long long)a->platform_id);
	buf_text(r->out, "}}");
}

int
show_project(struct req *r)
{
	struct statistic *statistics;
	struct attachment *places;
	size_t n, n_places;

	TRY(statistic_list(r->ctx, r->project->id, &statistics, &n));
	TRY(attachment_list(r->ctx, &r->account, r->project->id, &places, &n_places));
	buf_text(r->out, "{\"project\":{");
	abf_project_full(r, r->project_full);
	buf_text(r->out, ",\"project_statistics\":");
	js_list(r->out, statistic_json, statistics, n, sizeof(*statistics));
	buf_text(r->out, ",\"repositories\":[");
	for (size_t i = 0; i < n_places; i++) {
		buf_text(r->out, i > 0 ? "," : "");
		add_attachment(r, &places[i]);
	}
	buf_text(r->out, "]}}");
	return OK;
}

int
show_project_id(struct req *r)
{
	buf_text(r->out, "{\"project\":{");
	abf_project_mini(r, &r->project_full->card);
	buf_text(r->out, ",\"owner\":");
	abf_project_owner(r, r->project_full);
	buf_text(r->out, "}}");
	return OK;
}

static void
add_tip(struct req *r, const struct git_tip *tip)
{
	buf_text(r->out, "{\"ref\":");
	js_text(r->out, tip->name);
	buf_printf(r->out, ",\"object\":{\"type\":\"%s\",\"sha\":\"%s\"}}",
	    tip->is_tag ? "tag" : "commit", tip->commit);
}

int
list_project_refs(struct req *r)
{
	struct git_tip *tips;
	size_t n;

	TRY(project_list_tips(r->ctx, r->project, &tips, &n));
	buf_text(r->out, "{\"refs_list\":[");
	for (size_t i = 0; i < n; i++) {
		buf_text(r->out, i > 0 ? "," : "");
		add_tip(r, &tips[i]);
	}
	buf_char(r->out, ']');
	abf_url(r, "url", "/api/v1/projects/%lld/refs_list.json", (long long)r->project->id);
	buf_char(r->out, '}');
	return OK;
}

/* ---- making and changing */

struct project_input {
	const char *name, *visibility, *description, *default_branch, *maintainer_id;
	const char *is_package, *has_issues, *has_wiki, *publish_i686_into_x86_64;
	const char *architecture_dependent, *autostart_status;
	const char *owner_id, *owner_type; /* of a new one */
};

#define CHANGEABLE                                                                                 \
	ABF_TEXT(project_input, name), ABF_TEXT(project_input, visibility),                        \
	    ABF_TEXT(project_input, description), ABF_TEXT(project_input, default_branch),         \
	    ABF_TEXT(project_input, maintainer_id), ABF_TEXT(project_input, is_package),           \
	    ABF_TEXT(project_input, has_issues), ABF_TEXT(project_input, has_wiki),                \
	    ABF_TEXT(project_input, publish_i686_into_x86_64),                                     \
	    ABF_TEXT(project_input, architecture_dependent),                                       \
	    ABF_TEXT(project_input, autostart_status)

const struct field create_project_in[] = { CHANGEABLE, ABF_TEXT(project_input, owner_id),
	ABF_TEXT(project_input, owner_type), { 0 } };
const struct field update_project_in[] = { CHANGEABLE, { 0 } };

static const char *
given(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

/* 0 to 2; -1 for null; what is no number is one that core refuses. */
static int64_t
autostart(const char *text, int64_t otherwise)
{
	int64_t status;

	if (text == NULL)
		return otherwise;
	if (text[0] == '\0')
		return -1;
	return str_is_int(text, &status) && status >= 0 ? status : INT64_MAX;
}

/* What the inputs change of a wish. */
static void
overlay(const struct project_input *in, struct project_wish *w)
{
	w->name = given(in->name, w->name);
	w->visibility = given(in->visibility, w->visibility);
	w->description = given(in->description, w->description);
	w->default_branch = given(in->default_branch, w->default_branch);
	if (in->maintainer_id != NULL)
		w->maintainer_id = abf_id_or_none(in->maintainer_id);
	w->is_package = abf_bool(in->is_package, w->is_package);
	w->has_issues = abf_bool(in->has_issues, w->has_issues);
	w->has_wiki = abf_bool(in->has_wiki, w->has_wiki);
	w->publish_i686_into_x86_64 =
	    abf_bool(in->publish_i686_into_x86_64, w->publish_i686_into_x86_64);
	w->architecture_dependent = abf_bool(in->architecture_dependent, w->architecture_dependent);
	w->autostart_status = autostart(in->autostart_status, w->autostart_status);
}

/* Blank is not given, where a new project has a default. */
static const char *
or_default(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

int
create_project(struct req *r)
{
	const struct actor who = req_actor(r);
	struct project_wish wish = project_wish_new(&who);
	struct project_input in = *(const struct project_input *)r->in;
	struct owner owner = { .is_team = str_is_equal(in.owner_type, "Group") };
	int64_t id;

	if (owner.is_team || str_is_equal(in.owner_type, "User"))
		owner.id = abf_id(in.owner_id);
	in.default_branch = or_default(in.default_branch);
	in.maintainer_id = or_default(in.maintainer_id);
	overlay(&in, &wish);
	TRY(project_create(r->ctx, &who, &owner, &wish, &id));
	return abf_done(r, id);
}

int
update_project(struct req *r)
{
	const struct actor who = req_actor(r);
	struct project_wish wish = project_wish_of(r->project_full);

	overlay(r->in, &wish);
	TRY(project_update(r->ctx, &who, r->project_full, &wish));
	return abf_done(r, r->project->id);
}

int
destroy_project(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(project_delete(r->ctx, &who, r->project));
	return abf_done(r, r->project->id);
}

/* ---- copies */

struct copy_input {
	const char *fork_name, *group_id;
};

const struct field copy_project_in[] = { ABF_TEXT(copy_input, fork_name),
	ABF_TEXT(copy_input, group_id), { 0 } };

static struct copy_wish
copy_wish(const struct req *r)
{
	const struct copy_input *in = r->in;

	return (struct copy_wish){ .name = in->fork_name,
		.is_for_team = or_default(in->group_id) != NULL,
		.team_id = abf_id(in->group_id) };
}

int
fork_project(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct copy_wish wish = copy_wish(r);
	int64_t id;

	TRY(project_fork(r->ctx, &who, r->project_full, &wish, &id));
	return abf_done(r, id);
}

int
alias_project(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct copy_wish wish = copy_wish(r);
	int64_t id;

	TRY(project_alias(r->ctx, &who, r->project_full, &wish, &id));
	return abf_done(r, id);
}
