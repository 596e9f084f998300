#include "base/js.h"
#include "cgi/abf/abf.h"
#include "core/team.h"
#include "store/member.h"

/* ---- groups */

int
list_groups(struct req *r)
{
	struct abf_page page = abf_page(r);
	struct team *rows;
	size_t n;

	TRY(team_list_of(r->ctx, &r->account, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n))
		TRY(team_count_of(r->ctx, &r->account, &page.total));
	n = abf_page_links(r, &page, n);
	buf_text(r->out, "{\"groups\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		abf_team(r, &rows[i]);
	}
	buf_text(r->out, "],\"url\":\"/api/v1/groups.json\"}");
	return OK;
}

int
show_group(struct req *r)
{
	buf_text(r->out, "{\"group\":");
	abf_team(r, r->team);
	buf_char(r->out, '}');
	return OK;
}

const struct field create_group_in[] = {
	ABF_TEXT(team_wish, uname),
	ABF_TEXT(team_wish, description),
	{ 0 },
};

int
create_group(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(team_create(r->ctx, &who, r->in, &id));
	return abf_done(r, id);
}

const struct field update_group_in[] = {
	ABF_TEXT(team_change, description),
	ABF_TEXT(team_change, default_branch),
	{ 0 },
};

int
update_group(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(team_update(r->ctx, &who, r->team, r->in));
	return abf_done(r, r->team->id);
}

int
destroy_group(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(team_delete(r->ctx, &who, r->team));
	return abf_done(r, r->team->id);
}

/* ---- members */

int
list_group_members(struct req *r)
{
	struct abf_page page = abf_page(r);
	struct member *rows;
	size_t n;

	TRY(team_list_members(r->ctx, r->team, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n))
		TRY(team_count_members(r->ctx, r->team, &page.total));
	n = abf_page_links(r, &page, n);
	buf_printf(r->out, "{\"group\":{\"id\":%lld,\"members\":[", (long long)r->team->id);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		abf_owner(r, false, rows[i].id, rows[i].uname, rows[i].name);
	}
	buf_text(r->out, "]}");
	abf_url(r, "url", "/api/v1/groups/%lld/members.json", (long long)r->team->id);
	buf_char(r->out, '}');
	return OK;
}

struct group_member {
	const char *member_id;
	const char *role;
};

const struct field group_member_in[] = {
	ABF_TEXT(group_member, member_id),
	ABF_TEXT(group_member, role),
	{ 0 },
};

static int
done_about(struct req *r, const char *who, int64_t id)
{
	return abf_done_about(
	    r, r->team->id, arena_printf(r->ctx->mem, "%s '%lld'", who, (long long)id));
}

int
add_group_member(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct group_member *in = r->in;
	int64_t id = abf_id(in->member_id);

	TRY(team_admit(r->ctx, &who, r->team, id, in->role));
	return done_about(r, "User", id);
}

int
remove_group_member(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct group_member *in = r->in;
	int64_t id = abf_id(in->member_id);

	TRY(team_dismiss(r->ctx, &who, r->team, id));
	return done_about(r, "User", id);
}

int
update_group_member(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct group_member *in = r->in;
	int64_t id = abf_id(in->member_id);

	TRY(team_promote(r->ctx, &who, r->team, id, in->role));
	return done_about(r, "user", id);
}
