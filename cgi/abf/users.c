#include "base/js.h"
#include "cgi/abf/abf.h"
#include "core/person.h"

/* ---- who is who */

static int
answer(struct req *r, const struct person *p, bool with_role)
{
	buf_text(r->out, "{\"user\":");
	abf_person(r, p, with_role);
	buf_char(r->out, '}');
	return OK;
}

int
show_user(struct req *r)
{
	return answer(r, r->person, false);
}

int
show_self(struct req *r)
{
	struct person self;

	TRY(person_by_self(r->ctx, &r->account, &self));
	return answer(r, &self, true);
}

/* ---- changes */

const struct field create_user_in[] = {
	ABF_TEXT(person_wish, uname),
	ABF_TEXT(person_wish, email),
	ABF_TEXT(person_wish, password),
	ABF_TEXT(person_wish, name),
	ABF_TEXT(person_wish, role),
	{ 0 },
};

int
create_user(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(person_create(r->ctx, &who, r->in, &id));
	return abf_done(r, id);
}

const struct field update_user_in[] = {
	ABF_TEXT(person_change, name),
	ABF_TEXT(person_change, email),
	ABF_TEXT(person_change, language),
	ABF_TEXT(person_change, professional_experience),
	ABF_TEXT(person_change, site),
	ABF_TEXT(person_change, company),
	ABF_TEXT(person_change, location),
	{ 0 },
};

int
update_self(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(person_update(r->ctx, &who, r->in));
	return abf_done(r, r->account.id);
}

/* ---- notifiers */

int
show_notifiers(struct req *r)
{
	struct notifiers row;

	TRY(person_notifiers(r->ctx, r->account.id, &row));
	buf_printf(r->out, "{\"user\":{\"id\":%lld,\"notifiers\":", (long long)r->account.id);
	js_row(r->out, notifiers_fields, &row);
	buf_text(r->out, "},\"url\":\"/api/v1/user/notifiers.json\"}");
	return OK;
}

/* The same names as in struct notifiers, as texts. */
struct notifiers_input {
	const char *can_notify;
	const char *new_comment, *new_comment_reply;
	const char *new_issue, *issue_assign;
	const char *new_comment_commit_owner, *new_comment_commit_repo_owner;
	const char *new_comment_commit_commentor;
	const char *new_build, *new_associated_build;
	const char *update_code;
};

const struct field notifiers_in[] = {
	FIELD(notifiers_input, can_notify),
	FIELD(notifiers_input, new_comment),
	FIELD(notifiers_input, new_comment_reply),
	FIELD(notifiers_input, new_issue),
	FIELD(notifiers_input, issue_assign),
	FIELD(notifiers_input, new_comment_commit_owner),
	FIELD(notifiers_input, new_comment_commit_repo_owner),
	FIELD(notifiers_input, new_comment_commit_commentor),
	FIELD(notifiers_input, new_build),
	FIELD(notifiers_input, new_associated_build),
	FIELD(notifiers_input, update_code),
	{ 0 },
};

int
update_notifiers(struct req *r)
{
	const struct actor who = req_actor(r);
	struct notifiers row;

	TRY(person_notifiers(r->ctx, r->account.id, &row));
	for (const struct field *f = notifiers_fields; f->name != NULL; f++) {
		bool *flag = FIELD_AT(&row, f, bool);

		*flag = abf_bool(
		    *FIELD_AT(r->in, field_by_name(notifiers_in, f->name), const char *), *flag);
	}
	TRY(person_want_notifiers(r->ctx, &who, &row));
	return abf_done(r, r->account.id);
}
