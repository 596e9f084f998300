#include "base/js.h"
#include "cgi/abf/abf.h"
#include "core/platform.h"
#include "store/repository.h"
#include "web/form.h"

/* ---- lists */

/* What belongs to one platform of the cards, which are sorted by platform. */
static void
add_repositories(struct req *r, int64_t platform_id, const struct repository_card *cards, size_t n)
{
	size_t first = 0, end;

	while (first < n && cards[first].platform_id != platform_id)
		first++;
	for (end = first; end < n && cards[end].platform_id == platform_id;)
		end++;
	buf_text(r->out, ",\"repositories\":");
	abf_repository_minis(r, cards + first, end - first);
}

static void
add_owner(struct req *r, const struct platform *p)
{
	bool is_team = p->owner_team_id != 0;

	buf_text(r->out, ",\"owner\":");
	abf_owner(r, is_team, is_team ? p->owner_team_id : p->owner_account_id, p->owner_uname,
	    p->owner_name);
}

static int
answer_list(struct req *r, const struct platform *rows, size_t n, const char *url)
{
	int64_t *ids = arena_new_array(r->ctx->mem, int64_t, n);
	struct repository_card *cards;
	size_t n_cards;

	for (size_t i = 0; i < n; i++)
		ids[i] = rows[i].id;
	TRY(repository_list_cards(r->ctx, ids, n, &cards, &n_cards));
	buf_text(r->out, "{\"platforms\":[");
	for (size_t i = 0; i < n; i++) {
		buf_text(r->out, i > 0 ? ",{" : "{");
		abf_platform_mini(r, &rows[i]);
		add_owner(r, &rows[i]);
		add_repositories(r, rows[i].id, cards, n_cards);
		buf_char(r->out, '}');
	}
	buf_char(r->out, ']');
	abf_url(r, "url", "%s", url);
	buf_char(r->out, '}');
	return OK;
}

int
list_platforms(struct req *r)
{
	struct abf_page page = abf_page(r);
	const char *asked = req_query(r, "type"), *type = asked != NULL ? asked : "";
	struct platform *rows;
	size_t n;

	TRY(platform_list_related(
	    r->ctx, &r->account, type, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n))
		TRY(platform_count_related(r->ctx, &r->account, type, &page.total));
	n = abf_page_links(r, &page, n);
	return answer_list(r, rows, n, "/api/v1/platforms.json");
}

int
list_platforms_for_build(struct req *r)
{
	struct abf_page page = abf_page(r);
	struct platform *rows;
	size_t n;

	TRY(platform_list_for_build(r->ctx, &r->account, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n))
		TRY(platform_count_for_build(r->ctx, &r->account, &page.total));
	n = abf_page_links(r, &page, n);
	return answer_list(r, rows, n, "/api/v1/platforms/platforms_for_build.json");
}

/* ---- one */

static const struct field show_json[] = { FIELD_AS(platform, is_released, "released"),
	FIELD(platform, distrib_type), FIELD(platform, default_branch), FIELD(platform, created_at),
	FIELD(platform, updated_at), { 0 } };

int
show_platform(struct req *r)
{
	const struct platform *p = r->platform;
	struct repository_card *cards;
	size_t n;

	TRY(repository_list_cards(r->ctx, &p->id, 1, &cards, &n));
	buf_text(r->out, "{\"platform\":{");
	abf_platform_mini(r, p);
	buf_text(r->out, ",\"description\":");
	js_text(r->out, p->description);
	buf_text(r->out, ",\"parent_platform_id\":");
	if (p->parent_platform_id != 0)
		buf_int(r->out, p->parent_platform_id);
	else
		buf_text(r->out, "null");
	buf_char(r->out, ',');
	abf_members(r, show_json, p);
	add_owner(r, p);
	add_repositories(r, p->id, cards, n);
	buf_text(r->out, ",\"products\":[]}}"); /* there are none in a hub for Git */
	return OK;
}

/* ---- changes */

struct platform_input {
	const char *name, *description, *default_branch, *distrib_type, *visibility;
	const char *released, *owner_id;
};

const struct field create_platform_in[] = { ABF_TEXT(platform_input, name),
	ABF_TEXT(platform_input, description), ABF_TEXT(platform_input, default_branch),
	ABF_TEXT(platform_input, distrib_type), ABF_TEXT(platform_input, visibility),
	FIELD(platform_input, released), FIELD(platform_input, owner_id), { 0 } };
const struct field update_platform_in[] = { ABF_TEXT(platform_input, description),
	ABF_TEXT(platform_input, default_branch), ABF_TEXT(platform_input, visibility),
	FIELD(platform_input, released), FIELD(platform_input, owner_id), { 0 } };
const struct field clone_platform_in[] = { ABF_TEXT(platform_input, name),
	ABF_TEXT(platform_input, description), ABF_TEXT(platform_input, default_branch), { 0 } };

static struct platform_wish
wish_of(const struct platform_input *in)
{
	return (struct platform_wish){ .name = in->name,
		.distrib_type = in->distrib_type,
		.description = in->description,
		.default_branch = in->default_branch,
		.visibility = in->visibility,
		.released = abf_flag(in->released),
		.owner_account_id = abf_id_or_none(in->owner_id) };
}

int
create_platform(struct req *r)
{
	const struct platform_wish wish = wish_of(r->in);
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(platform_create(r->ctx, &who, &wish, &id));
	return abf_done(r, id);
}

int
update_platform(struct req *r)
{
	const struct platform_wish wish = wish_of(r->in);
	const struct actor who = req_actor(r);

	TRY(platform_update(r->ctx, &who, r->platform, &wish));
	return abf_done(r, r->platform->id);
}

int
destroy_platform(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(platform_destroy(r->ctx, &who, r->platform));
	return abf_done(r, r->platform->id);
}

/* The answer has the number of the one that was cloned. */
int
clone_platform(struct req *r)
{
	const struct platform_wish wish = wish_of(r->in);
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(platform_clone(r->ctx, &who, r->platform, &wish, &id));
	return abf_done(r, r->platform->id);
}

int
clear_platform(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(platform_clear(r->ctx, &who, r->platform));
	return abf_done(r, r->platform->id);
}

/* ---- members */

struct member_input {
	const char *member_id, *type;
};

const struct field platform_member_in[] = { FIELD(member_input, member_id),
	FIELD(member_input, type), { 0 } };

int
list_platform_members(struct req *r)
{
	struct abf_page page = abf_page(r);
	const struct platform *p = r->platform;
	struct member *rows;
	size_t n;

	TRY(platform_members(r->ctx, &r->account, p, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n)) /* the list has said that he may see it */
		TRY(platform_count_members(r->ctx, p->id, &page.total));
	n = abf_page_links(r, &page, n);
	buf_text(r->out, "{\"platform\":{");
	abf_platform_mini(r, p);
	buf_text(r->out, ",\"members\":");
	abf_member_list(r, rows, n);
	buf_char(r->out, '}');
	abf_url(r, "url", "/api/v1/platforms/%lld/members.json", (long long)p->id);
	buf_char(r->out, '}');
	return OK;
}

int
add_platform_member(struct req *r)
{
	const struct member_input *in = r->in;
	const struct actor who = req_actor(r);
	struct abf_whom whom;

	TRY(abf_whom(r, in->type, in->member_id, &whom));
	TRY(platform_admit(r->ctx, &who, r->platform, whom.is_team, whom.id));
	return abf_done_about(r, r->platform->id, whom.about);
}

int
remove_platform_member(struct req *r)
{
	const struct member_input *in = r->in;
	const struct actor who = req_actor(r);
	struct abf_whom whom;

	TRY(abf_whom(r, in->type, in->member_id, &whom));
	TRY(platform_dismiss(r->ctx, &who, r->platform, whom.is_team, whom.id));
	return abf_done_about(r, r->platform->id, whom.about);
}

/* ---- for web servers */

/* A web server that passes on an address as it came passes on "&path=/another" in it, too. */
static bool
has_two_paths(const struct req *r)
{
	return r->args != NULL && form_value(r->args, "path") != form_last_value(r->args, "path");
}

/* nginx's auth_request looks at the status alone. */
int
allow_platform(struct req *r)
{
	const char *path = req_query(r, "path");
	bool may = false;

	if (!has_two_paths(r))
		TRY(platform_allows(r->ctx, &r->account, path != NULL ? path : "", &may));
	r->status = may ? 200 : 403;
	return OK;
}
