#include "base/str.h"
#include "cgi/abf/abf.h"
#include "core/project_member.h"
#include "store/project_member.h"

int
list_project_members(struct req *r)
{
	struct abf_page page = abf_page(r);
	struct member *rows;
	size_t n;

	TRY(project_list_members(r->ctx, r->project->id, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n))
		TRY(project_count_members(r->ctx, r->project->id, &page.total));
	n = abf_page_links(r, &page, n);
	buf_printf(r->out, "{\"project\":{\"id\":%lld,\"members\":", (long long)r->project->id);
	abf_member_list(r, rows, n);
	buf_char(r->out, '}');
	abf_url(r, "url", "/api/v1/projects/%lld/members.json", (long long)r->project->id);
	buf_char(r->out, '}');
	return OK;
}

struct project_member_input {
	const char *member_id, *type, *role;
};

const struct field project_member_in[] = { ABF_TEXT(project_member_input, member_id),
	ABF_TEXT(project_member_input, type), ABF_TEXT(project_member_input, role), { 0 } };

/* Whom it is about, and how he is called. */
static int
read_whom(struct req *r, struct whom *out, const char **about_out)
{
	const struct project_member_input *in = r->in;
	struct abf_whom whom;

	TRY(abf_whom(r, in->type, in->member_id, &whom));
	*out = (struct whom){ .is_team = whom.is_team, .id = whom.id };
	*about_out = whom.about;
	return OK;
}

int
add_project_member(struct req *r)
{
	const struct project_member_input *in = r->in;
	const struct actor who = req_actor(r);
	const char *about;
	struct whom whom;

	TRY(read_whom(r, &whom, &about));
	TRY(project_admit(r->ctx, &who, r->project, &whom, in->role));
	return abf_done_about(r, r->project->id, about);
}

int
remove_project_member(struct req *r)
{
	const struct actor who = req_actor(r);
	const char *about;
	struct whom whom;

	TRY(read_whom(r, &whom, &about));
	TRY(project_dismiss(r->ctx, &who, r->project, &whom));
	return abf_done_about(r, r->project->id, about);
}

int
update_project_member(struct req *r)
{
	const struct project_member_input *in = r->in;
	const struct actor who = req_actor(r);
	const char *about;
	struct whom whom;

	TRY(read_whom(r, &whom, &about));
	TRY(project_promote(r->ctx, &who, r->project, &whom, in->role));
	return abf_done_about(r, r->project->id, str_lower(r->ctx->mem, about));
}

/* ---- what was built */

struct build_input {
	const char *arch_id, *duration, *success;
};

const struct field build_result_in[] = { ABF_TEXT(build_input, arch_id),
	ABF_TEXT(build_input, duration), ABF_TEXT(build_input, success), { 0 } };

int
add_build_result(struct req *r)
{
	const struct build_input *in = r->in;
	const struct actor who = req_actor(r);
	struct build build = { .arch_id = abf_id(in->arch_id),
		.is_success = abf_bool(in->success, false) };

	if (in->duration == NULL || !str_is_int(in->duration, &build.duration_s))
		build.duration_s = -1;
	TRY(project_add_build(r->ctx, &who, r->project, &build));
	return abf_done(r, r->project->id);
}
