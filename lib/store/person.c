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

enum {
	PERSON_BY_ID,
	PERSON_BY_UNAME,
	PERSON_BY_SELF,
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
