#include "base/js.h"
#include "cgi/abf/abf.h"
#include "core/repository.h"
#include "store/platform.h"

/* ---- one */

static void
add_mini(struct req *r)
{
	const struct repository *row = r->repository;

	buf_printf(r->out, "{\"repository\":{\"id\":%lld,\"name\":", (long long)row->id);
	js_text(r->out, row->name);
	abf_url(r, "url", "/api/v1/repositories/%lld.json", (long long)row->id);
	buf_char(r->out, ',');
}

static const struct field show_json[] = { FIELD(repository, created_at),
	FIELD(repository, updated_at), FIELD(repository, description),
	FIELD(repository, publish_without_qa), FIELD(repository, publish_builds_only_from_branch),
	{ 0 } };

int
show_package_repository(struct req *r)
{
	const struct repository *row = r->repository;
	const struct platform platform = { .id = row->platform_id,
		.name = row->platform_name,
		.is_hidden = row->platform_is_hidden,
		.platform_type = row->platform_type };

	add_mini(r);
	abf_members(r, show_json, row);
	buf_text(r->out, ",\"platform\":{");
	abf_platform_mini(r, &platform);
	buf_text(r->out, "}}}");
	return OK;
}

int
list_repository_projects(struct req *r)
{
	struct abf_page page = abf_page(r);
	const struct repository *row = r->repository;
	struct project_card *cards;
	size_t n;

	TRY(repository_projects(r->ctx, &r->account, row, page.limit + 1, page.offset, &cards, &n));
	if (abf_page_needs_total(&page, n))
		TRY(repository_projects_total(r->ctx, &r->account, row, &page.total));
	n = abf_page_links(r, &page, n);
	add_mini(r);
	buf_text(r->out, "\"projects\":");
	abf_project_minis(r, cards, n, sizeof(*cards));
	buf_char(r->out, '}');
	abf_url(r, "url", "/api/v1/repositories/%lld/projects.json", (long long)row->id);
	buf_char(r->out, '}');
	return OK;
}

/* ---- changes */

struct repository_input {
	const char *platform_id, *name, *description, *publish_without_qa;
	const char *publish_builds_only_from_branch, *synchronizing_publications;
};

const struct field create_repository_in[] = { FIELD(repository_input, platform_id),
	ABF_TEXT(repository_input, name), ABF_TEXT(repository_input, description),
	FIELD(repository_input, publish_without_qa),
	ABF_TEXT(repository_input, publish_builds_only_from_branch), { 0 } };
const struct field update_repository_in[] = { ABF_TEXT(repository_input, description),
	FIELD(repository_input, publish_without_qa),
	ABF_TEXT(repository_input, publish_builds_only_from_branch),
	FIELD(repository_input, synchronizing_publications), { 0 } };

int
create_package_repository(struct req *r)
{
	const struct repository_input *in = r->in;
	const struct repository_wish wish = { .platform_id = abf_id(in->platform_id),
		.name = in->name,
		.description = in->description,
		.publish_without_qa = abf_flag(in->publish_without_qa),
		.publish_builds_only_from_branch = in->publish_builds_only_from_branch };
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(repository_create(r->ctx, &who, &wish, &id));
	return abf_done(r, id);
}

int
update_package_repository(struct req *r)
{
	const struct repository_input *in = r->in;
	const struct repository *row = r->repository;
	const struct repository_wish wish = { .description = in->description,
		.publish_without_qa = abf_flag(in->publish_without_qa),
		.publish_builds_only_from_branch = in->publish_builds_only_from_branch,
		.synchronizing_publications = abf_flag(in->synchronizing_publications) };
	const struct actor who = req_actor(r);

	TRY(repository_update(r->ctx, &who, row, &wish));
	return abf_done(r, row->id);
}

int
destroy_package_repository(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(repository_destroy(r->ctx, &who, r->repository));
	return abf_done(r, r->repository->id);
}

/* ---- members */

struct repository_member_input {
	const char *member_id, *type;
};

const struct field repository_member_in[] = { FIELD(repository_member_input, member_id),
	FIELD(repository_member_input, type), { 0 } };

int
add_repository_member(struct req *r)
{
	const struct repository_member_input *in = r->in;
	const struct actor who = req_actor(r);
	struct abf_whom whom;

	TRY(abf_whom(r, in->type, in->member_id, &whom));
	TRY(repository_admit(r->ctx, &who, r->repository, whom.is_team, whom.id));
	return abf_done_about(r, r->repository->id, whom.about);
}

int
remove_repository_member(struct req *r)
{
	const struct repository_member_input *in = r->in;
	const struct actor who = req_actor(r);
	struct abf_whom whom;

	TRY(abf_whom(r, in->type, in->member_id, &whom));
	TRY(repository_dismiss(r->ctx, &who, r->repository, whom.is_team, whom.id));
	return abf_done_about(r, r->repository->id, whom.about);
}

/* ---- projects */

struct project_input {
	const char *project_id;
};

const struct field repository_project_in[] = { FIELD(project_input, project_id), { 0 } };

/* As it was sent: what is removed need not be there. */
static int
done_with_project(struct req *r)
{
	const struct project_input *in = r->in;
	const char *id = in->project_id != NULL ? in->project_id : "";

	return abf_done_about(r, r->repository->id, arena_printf(r->ctx->mem, "Project '%s'", id));
}

int
add_repository_project(struct req *r)
{
	const struct project_input *in = r->in;
	const struct actor who = req_actor(r);

	TRY(repository_add_project(r->ctx, &who, r->repository, abf_id(in->project_id)));
	return done_with_project(r);
}

int
remove_repository_project(struct req *r)
{
	const struct project_input *in = r->in;
	const struct actor who = req_actor(r);

	TRY(repository_remove_project(r->ctx, &who, r->repository, abf_id(in->project_id)));
	return done_with_project(r);
}

/* ---- lock files */

int
add_lock_file(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(repository_lock(r->ctx, &who, r->repository));
	return abf_done(r, r->repository->id);
}

int
remove_lock_file(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(repository_unlock(r->ctx, &who, r->repository));
	return abf_done(r, r->repository->id);
}
