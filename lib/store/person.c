#include "store/person.h"

#include "store/access_rule.h"
#include "store/store.h"

static const struct field person_row[] = {
	FIELD(person, id),
	FIELD(person, uname),
	FIELD(person, name),
	FIELD(person, email),
	FIELD(person, role),
	FIELD(person, language),
	FIELD(person, professional_experience),
	FIELD(person, site),
	FIELD(person, company),
	FIELD(person, location),
	FIELD(person, build_priority),
	FIELD(person, own_projects_count),
	FIELD(person, created_at),
	FIELD(person, updated_at),
	{ 0 },
};

const struct field notifiers_fields[] = {
	FIELD(notifiers, can_notify),
	FIELD(notifiers, new_comment),
	FIELD(notifiers, new_comment_reply),
	FIELD(notifiers, new_issue),
	FIELD(notifiers, issue_assign),
	FIELD(notifiers, new_comment_commit_owner),
	FIELD(notifiers, new_comment_commit_repo_owner),
	FIELD(notifiers, new_comment_commit_commentor),
	FIELD(notifiers, new_build),
	FIELD(notifiers, new_associated_build),
	FIELD(notifiers, update_code),
	{ 0 },
};

enum {
	PERSON_BY_ID,
	PERSON_BY_UNAME,
	PERSON_BY_SELF,
	PERSON_SET_TEXTS,
	PERSON_NOTIFIERS,
	PERSON_SET_NOTIFIERS,
};

/* clang-format off */
/* $1 asker, $2 is he an administrator: a count must not tell of what is hidden */
#define PERSON                                                                                     \
	WITH_TOUCHED                                                                               \
	"SELECT a.id, a.uname, "                                                                   \
	"nullif(trim(a.first_name || ' ' || a.last_name), '') AS name, "                           \
	"nullif(a.email, '') AS email, a.role, a.language, "                                       \
	"nullif(a.professional_experience, '') AS professional_experience, "                       \
	"nullif(a.site, '') AS site, nullif(a.company, '') AS company, "                           \
	"nullif(a.location, '') AS location, a.build_priority, "                                   \
	"(SELECT count(*) FROM hub.project p WHERE p.owner_account_id = a.id "                     \
	"AND " LIST_RULE " > 0) AS own_projects_count, "                                           \
	DB_SECONDS("a.created_at") " AS created_at, " DB_SECONDS("a.updated_at") " AS updated_at " \
	"FROM hub.account a "

const struct db_stmt person_sql[] = {
	[PERSON_BY_ID] = { "person_by_id", PERSON "WHERE a.id = $3 AND a.role <> 'system'",
	    person_row, sizeof(struct person) },
	[PERSON_BY_UNAME] = { "person_by_uname",
	    PERSON "WHERE lower(a.uname) = lower($3 COLLATE \"C\") AND a.role <> 'system'",
	    person_row, sizeof(struct person) },
	[PERSON_BY_SELF] = { "person_by_self", PERSON "WHERE a.id = $1", person_row,
	    sizeof(struct person) },
	[PERSON_SET_TEXTS] = { "person_set_texts",
	    "UPDATE hub.account SET first_name = coalesce($2, first_name), "
	    "last_name = coalesce($3, last_name), email = coalesce($4, email), "
	    "language = coalesce($5, language), "
	    "professional_experience = coalesce($6, professional_experience), "
	    "site = coalesce($7, site), company = coalesce($8, company), "
	    "location = coalesce($9, location), updated_at = now() WHERE id = $1",
	    NULL, 0 },
	[PERSON_NOTIFIERS] = { "person_notifiers",
	    "SELECT coalesce(n.can_notify, true) AS can_notify, "
	    "coalesce(n.new_comment, true) AS new_comment, "
	    "coalesce(n.new_comment_reply, true) AS new_comment_reply, "
	    "coalesce(n.new_issue, true) AS new_issue, "
	    "coalesce(n.issue_assign, true) AS issue_assign, "
	    "coalesce(n.new_comment_commit_owner, true) AS new_comment_commit_owner, "
	    "coalesce(n.new_comment_commit_repo_owner, true) AS new_comment_commit_repo_owner, "
	    "coalesce(n.new_comment_commit_commentor, true) AS new_comment_commit_commentor, "
	    "coalesce(n.new_build, true) AS new_build, "
	    "coalesce(n.new_associated_build, true) AS new_associated_build, "
	    "coalesce(n.update_code, true) AS update_code "
	    "FROM hub.account a LEFT JOIN hub.notifier n ON n.account_id = a.id WHERE a.id = $1",
	    notifiers_fields, sizeof(struct notifiers) },
	[PERSON_SET_NOTIFIERS] = { "person_set_notifiers",
	    "INSERT INTO hub.notifier (account_id, can_notify, new_comment, new_comment_reply, "
	    "new_issue, issue_assign, new_comment_commit_owner, new_comment_commit_repo_owner, "
	    "new_comment_commit_commentor, new_build, new_associated_build, update_code) "
	    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
	    "ON CONFLICT (account_id) DO UPDATE SET can_notify = $2, new_comment = $3, "
	    "new_comment_reply = $4, new_issue = $5, issue_assign = $6, "
	    "new_comment_commit_owner = $7, new_comment_commit_repo_owner = $8, "
	    "new_comment_commit_commentor = $9, new_build = $10, new_associated_build = $11, "
	    "update_code = $12",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
person_by_id(struct ctx *c, const struct account *asker, int64_t id, struct person *out)
{
	return db_one(c, &person_sql[PERSON_BY_ID], out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(id));
}

int
person_by_uname(struct ctx *c, const struct account *asker, const char *uname, struct person *out)
{
	return db_one(c, &person_sql[PERSON_BY_UNAME], out, db_int(asker->id),
	    db_bool(asker->is_admin), db_text(uname));
}

int
person_by_self(struct ctx *c, const struct account *asker, struct person *out)
{
	return db_one(
	    c, &person_sql[PERSON_BY_SELF], out, db_int(asker->id), db_bool(asker->is_admin));
}

int
person_set_texts(struct ctx *c, int64_t id, const struct person_texts *texts)
{
	int64_t n;

	TRY(db_do(c, &person_sql[PERSON_SET_TEXTS], &n, db_int(id), db_text(texts->first_name),
	    db_text(texts->last_name), db_text(texts->email), db_text(texts->language),
	    db_text(texts->professional_experience), db_text(texts->site), db_text(texts->company),
	    db_text(texts->location)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such account");
}

int
person_notifiers(struct ctx *c, int64_t id, struct notifiers *out)
{
	return db_one(c, &person_sql[PERSON_NOTIFIERS], out, db_int(id));
}

int
person_set_notifiers(struct ctx *c, int64_t id, const struct notifiers *n)
{
	return db_do(c, &person_sql[PERSON_SET_NOTIFIERS], NULL, db_int(id), db_bool(n->can_notify),
	    db_bool(n->new_comment), db_bool(n->new_comment_reply), db_bool(n->new_issue),
	    db_bool(n->issue_assign), db_bool(n->new_comment_commit_owner),
	    db_bool(n->new_comment_commit_repo_owner), db_bool(n->new_comment_commit_commentor),
	    db_bool(n->new_build), db_bool(n->new_associated_build), db_bool(n->update_code));
}
