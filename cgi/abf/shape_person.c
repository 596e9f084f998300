/* People and groups in the ABF API's JSON (contract 6.1, 6.2). */
#include <string.h>

#include "base/js.h"
#include "cgi/abf/abf.h"

/* The key has to be there and to hold a text. There are no pictures, and asking a third party for
 * them would tell it who is looked at. */
#define NO_AVATAR ""

/* The end of both objects. */
static void
add_addresses(struct req *r, const char *kind, int64_t id, const char *uname)
{
	buf_text(r->out, ",\"avatar_url\":\"" NO_AVATAR "\"");
	abf_url(r, "url", "/api/v1/%s/%lld.json", kind, (long long)id);
	abf_url(r, "html_url", "/%s", uname);
	buf_char(r->out, '}');
}

static const struct field person_json[] = {
	FIELD(person, id),
	FIELD(person, name),
	FIELD(person, email),
	FIELD(person, uname),
	FIELD(person, language),
	FIELD(person, own_projects_count),
	FIELD(person, professional_experience),
	FIELD(person, site),
	FIELD(person, company),
	FIELD(person, location),
	FIELD(person, build_priority),
	FIELD(person, created_at),
	FIELD(person, updated_at),
	{ 0 },
};

void
abf_person(struct req *r, const struct person *p, bool with_role)
{
	buf_char(r->out, '{');
	abf_members(r, person_json, p);
	if (with_role) { /* everybody's is null (1.2) */
		buf_text(r->out, ",\"role\":");
		js_text(r->out, strcmp(p->role, "user") == 0 ? NULL : p->role);
	}
	add_addresses(r, "users", p->id, p->uname);
}

static const struct field team_json[] = {
	FIELD(team, id),
	FIELD(team, uname),
	FIELD(team, own_projects_count),
	FIELD(team, description),
	FIELD(team, created_at),
	FIELD(team, updated_at),
	{ 0 },
};

void
abf_team(struct req *r, const struct team *t)
{
	buf_char(r->out, '{');
	abf_members(r, team_json, t);
	buf_text(r->out, ",\"owner\":");
	abf_owner(r, false, t->owner_account_id, t->owner_uname, t->owner_name);
	add_addresses(r, "groups", t->id, t->uname);
}
