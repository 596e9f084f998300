#include "store/user.h"

#include "store/store.h"

struct number {
	int64_t n;
};

struct owner {
	int64_t id;
	bool owns;
};

static const struct field user_row[] = {
	FIELD(user, id),
	FIELD(user, uname),
	FIELD(user, first_name),
	FIELD(user, last_name),
	FIELD(user, email),
	FIELD(user, more_emails),
	FIELD(user, role),
	FIELD(user, is_active),
	FIELD(user, is_admin),
	FIELD(user, may_create_at_top),
	{ 0 },
};

static const struct field right_row[] = { FIELD(user_right, name), FIELD(user_right, access),
	{ 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };
static const struct field owner_row[] = { FIELD(owner, id), FIELD(owner, owns), { 0 } };

#define NUMBER number_row, sizeof(struct number)

enum {
	USER_BY_ID,
	USER_LIST,
	USER_LIST_OF_TEAM,
	USER_SET,
	USER_HAS_OTHER_EMAIL,
	USER_COUNT_OTHER_ADMINS,
	USER_LOCK_OWNER,
	USER_DEL,
	USER_LIST_PROJECTS,
	USER_LIST_TEAMS,
	USER_LIST_FOLDERS,
};

/* clang-format off */
#define USER                                                                                       \
	"SELECT a.id, a.uname, a.first_name, a.last_name, a.email, "                               \
	"coalesce((SELECT json_agg(e.email ORDER BY e.email)::text FROM hub.account_email e "      \
	"WHERE e.account_id = a.id), '[]') AS more_emails, a.role, "                               \
	"a.active AND a.role <> 'banned' AS is_active, a.role = 'admin' AS is_admin, "     \
	"a.role = 'admin' OR a.may_create_at_top AS may_create_at_top "                            \
	"FROM hub.account a "

const struct db_stmt user_sql[] = {
	[USER_BY_ID] = { "user_by_id", USER "WHERE a.id = $1", user_row,
	    sizeof(struct user) },
	[USER_LIST] = { "user_list", USER "WHERE a.role <> 'system' ORDER BY a.uname LIMIT $1",
	    user_row, sizeof(struct user) },
	[USER_LIST_OF_TEAM] = { "user_list_of_team",
	    USER "JOIN hub.team_member m ON m.account_id = a.id WHERE m.team_id = $2 "
	    "ORDER BY a.uname LIMIT $1",
	    user_row, sizeof(struct user) },
	[USER_SET] = { "user_set",
	    "UPDATE hub.account SET uname = coalesce($2, uname), "
	    "first_name = coalesce($3, first_name), last_name = coalesce($4, last_name), "
	    "email = coalesce($5, email), password_hash = coalesce($6, password_hash), "
	    "password_version = password_version "
	    "+ ($6 IS NOT NULL OR coalesce($2, uname) <> uname)::integer, "
	    "role = coalesce($7, role), active = coalesce($8, active), updated_at = now() "
	    "WHERE id = $1 AND role <> 'system'",
	    NULL, 0 },
	[USER_HAS_OTHER_EMAIL] = { "user_has_other_email",
	    "SELECT count(*) AS n FROM hub.account_email "
	    "WHERE lower(email) = lower($2) AND account_id <> $1",
	    NUMBER },
	[USER_COUNT_OTHER_ADMINS] = { "user_count_other_admins",
	    "WITH locked AS MATERIALIZED (SELECT id FROM hub.account "
	    "WHERE role = 'admin' AND active ORDER BY id FOR NO KEY UPDATE) "
	    "SELECT count(*) AS n FROM locked WHERE id <> $1",
	    NUMBER },
	[USER_LOCK_OWNER] = { "user_lock_owner",
	    "WITH locked AS MATERIALIZED "
	    "(SELECT id FROM hub.account WHERE id = $1 AND role <> 'system' FOR UPDATE) "
	    "SELECT l.id, EXISTS (SELECT FROM hub.project p WHERE p.owner_account_id = l.id) "
	    "OR EXISTS (SELECT FROM hub.team t WHERE t.owner_account_id = l.id) "
	    "OR EXISTS (SELECT FROM hub.folder f WHERE f.owner_account_id = l.id) "
	    "OR EXISTS (SELECT FROM hub.platform q WHERE q.owner_account_id = l.id "
	    "AND q.platform_type <> 'personal') AS owns FROM locked l",
	    owner_row, sizeof(struct owner) },
	[USER_DEL] = { "user_del", "DELETE FROM hub.account WHERE id = $1 AND role <> 'system'",
	    NULL, 0 },
	[USER_LIST_PROJECTS] = { "user_list_projects",
	    "SELECT p.path AS name, hub.project_access($1, $2, p.id, p.owner_account_id, "
	    "p.owner_team_id, p.default_access)::bigint AS access FROM hub.project p "
	    "WHERE p.id IN (SELECT hub.projects_touched($1) "
	    "UNION SELECT o.id FROM hub.project o WHERE o.owner_account_id = $1) "
	    "ORDER BY p.path LIMIT $3",
	    right_row, sizeof(struct user_right) },
	[USER_LIST_TEAMS] = { "user_list_teams",
	    "SELECT t.uname AS name, hub.team_access($1, $2, t.id, t.owner_account_id)::bigint "
	    "AS access FROM hub.team t WHERE t.id IN "
	    "(SELECT m.team_id FROM hub.team_member m WHERE m.account_id = $1 "
	    "UNION SELECT o.id FROM hub.team o WHERE o.owner_account_id = $1) "
	    "ORDER BY t.uname LIMIT $3",
	    right_row, sizeof(struct user_right) },
	[USER_LIST_FOLDERS] = { "user_list_folders",
	    "SELECT f.path AS name, hub.folder_access($1, $2, f.id, f.owner_account_id, "
	    "f.default_access)::bigint AS access FROM hub.folder f WHERE f.id IN "
	    "(SELECT o.id FROM hub.folder o WHERE o.owner_account_id = $1 "
	    "UNION SELECT g.folder_id FROM hub.folder_grant g WHERE g.account_id = $1 "
	    "UNION SELECT g.folder_id FROM hub.team_member m "
	    "JOIN hub.folder_grant g ON g.team_id = m.team_id WHERE m.account_id = $1) "
	    "ORDER BY f.path LIMIT $3",
	    right_row, sizeof(struct user_right) },
	{ 0 }
};
/* clang-format on */

static int
check_count(struct ctx *c, size_t n)
{
	if (n > USERS_MOST)
		return fail(c, E_INTERNAL, "a list of more than %d rows", USERS_MOST);
	return OK;
}

int
user_by_id(struct ctx *c, int64_t id, struct user *out)
{
	return db_one(c, &user_sql[USER_BY_ID], out, db_int(id));
}

int
user_list(struct ctx *c, struct user **rows_out, size_t *n_out)
{
	TRY(db_all(c, &user_sql[USER_LIST], rows_out, n_out, db_int(USERS_MOST + 1)));
	return check_count(c, *n_out);
}

int
user_list_of_team(struct ctx *c, int64_t team_id, struct user **rows_out, size_t *n_out)
{
	TRY(db_all(c, &user_sql[USER_LIST_OF_TEAM], rows_out, n_out, db_int(USERS_MOST + 1),
	    db_int(team_id)));
	return check_count(c, *n_out);
}

int
user_set(struct ctx *c, int64_t id, const struct user_fields *f)
{
	int64_t n;

	TRY(db_do(c, &user_sql[USER_SET], &n, db_int(id), db_text(f->uname), db_text(f->first_name),
	    db_text(f->last_name), db_text(f->email), db_text(f->password_hash), db_text(f->role),
	    f->is_active != NULL ? db_bool(*f->is_active) : db_null()));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such account");
}

int
user_has_other_email(struct ctx *c, int64_t id, const char *email, bool *out)
{
	struct number row;

	TRY(db_one(c, &user_sql[USER_HAS_OTHER_EMAIL], &row, db_int(id), db_text(email)));
	*out = row.n > 0;
	return OK;
}

int
user_count_other_admins(struct ctx *c, int64_t id, int64_t *out)
{
	struct number row;

	TRY(db_one(c, &user_sql[USER_COUNT_OTHER_ADMINS], &row, db_int(id)));
	*out = row.n;
	return OK;
}

int
user_lock_owner(struct ctx *c, int64_t id, bool *owns_out)
{
	struct owner row;

	TRY(db_one(c, &user_sql[USER_LOCK_OWNER], &row, db_int(id)));
	*owns_out = row.owns;
	return OK;
}

int
user_del(struct ctx *c, int64_t id)
{
	int64_t n;

	TRY(db_do(c, &user_sql[USER_DEL], &n, db_int(id)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such account");
}

static int
list_rights(
    struct ctx *c, const struct db_stmt *stmt, const struct user *u, struct user_rights *out)
{
	TRY(db_all(c, stmt, &out->rows, &out->n, db_int(u->id), db_bool(u->is_admin),
	    db_int(USERS_MOST + 1)));
	return check_count(c, out->n);
}

int
user_list_projects(struct ctx *c, const struct user *u, struct user_rights *out)
{
	return list_rights(c, &user_sql[USER_LIST_PROJECTS], u, out);
}

int
user_list_teams(struct ctx *c, const struct user *u, struct user_rights *out)
{
	return list_rights(c, &user_sql[USER_LIST_TEAMS], u, out);
}

int
user_list_folders(struct ctx *c, const struct user *u, struct user_rights *out)
{
	return list_rights(c, &user_sql[USER_LIST_FOLDERS], u, out);
}
