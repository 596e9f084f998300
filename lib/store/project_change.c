#include "store/project_change.h"

#include "store/store.h"

struct number {
	int64_t n;
};

static const struct field facts_row[] = { FIELD(project_facts, owner_uname),
	FIELD(project_facts, owner_access), FIELD(project_facts, n_projects),
	FIELD(project_facts, is_name_taken), FIELD(project_facts, has_maintainer), { 0 } };
static const struct field ids_row[] = { FIELD(project_ids, id), FIELD(project_ids, store_id),
	{ 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };

#define NUMBER number_row, sizeof(struct number)

enum {
	ASK,
	INSERT_PROJECT,
	HOLD_STORE,
	HOLD_PROJECT,
	UPDATE_PROJECT,
	UPDATE_HEAD,
	INSERT_ALIAS,
	INSERT_FORK,
	HOLD_PARENT,
	LOCK_PROJECT,
	FREE_PROJECT,
	ATTACH,
	DETACH,
	RESERVE,
	KEEP_JOB,
	KEEP_STORE,
	GIVE_UP,
};

/* clang-format off */
/* What a copy has of its source. */
#define COPIED                                                                                     \
	"description, maintainer_id, is_package, has_issues, has_wiki, publish_i686_into_x86_64, " \
	"architecture_dependent, autostart_status"
#define COPIED_OF_P                                                                                \
	"p.description, p.maintainer_id, p.is_package, p.has_issues, p.has_wiki, "                 \
	"p.publish_i686_into_x86_64, p.architecture_dependent, p.autostart_status"

/* Project $1 as `p` with its owner's personal platform as `pl`, found in this order (OFFSET 0). */
#define WITH_PERSONAL                                                                              \
	"(SELECT q.id, q.name FROM hub.project q WHERE q.id = $1) p CROSS JOIN LATERAL "           \
	"(SELECT f.id FROM hub.project q JOIN hub.platform f ON f.platform_type = 'personal' AND " \
	"(f.owner_account_id = q.owner_account_id OR f.owner_team_id = q.owner_team_id) "          \
	"WHERE q.id = p.id OFFSET 0) pl "

const struct db_stmt project_change_sql[] = {
	[ASK] = { "project_ask",
	    "SELECT coalesce(oa.uname, ot.uname) AS owner_uname, "
	    "CASE WHEN ot.id IS NOT NULL THEN CASE WHEN $2 OR ot.active OR ot.owner_account_id = $1 "
	    "THEN hub.team_access($1, $2, ot.id, ot.owner_account_id) ELSE 0 END "
	    "WHEN $2 OR oa.id = $1 THEN 4 ELSE 0 END::bigint AS owner_access, "
	    "(SELECT count(*) FROM (SELECT FROM hub.project p WHERE p.owner_account_id = $3 "
	    "OR p.owner_team_id = $4 LIMIT $9) counted) AS n_projects, "
	    "EXISTS (SELECT FROM hub.project p WHERE lower(p.path) = "
	    "lower((coalesce($5, coalesce(oa.uname, ot.uname) || '/') || $6) COLLATE \"C\") "
	    "AND p.id <> $7) OR "
	    "EXISTS (SELECT FROM hub.project p WHERE length(p.name) = length($6) "
	    "AND lower(p.name) = lower($6 COLLATE \"C\") AND p.id <> $7 "
	    "AND (p.owner_account_id = $3 OR p.owner_team_id = $4)) AS is_name_taken, "
	    "EXISTS (SELECT FROM hub.account m WHERE m.id = $8) AS has_maintainer "
	    "FROM (SELECT) one LEFT JOIN hub.account oa ON oa.id = $3 "
	    "LEFT JOIN hub.team ot ON ot.id = $4",
	    facts_row, sizeof(struct project_facts) },
	[INSERT_PROJECT] = { "project_insert",
	    "WITH s AS (INSERT INTO hub.store (head) VALUES ($5) RETURNING id) "
	    "INSERT INTO hub.project (path, owner_account_id, owner_team_id, default_access, "
	    COPIED ", store_id) "
	    "SELECT $1, $2, $3, $4, $6, $7, $8, $9, $10, $11, $12, $13, s.id FROM s "
	    "RETURNING id, store_id",
	    ids_row, sizeof(struct project_ids) },
	/* a mirror's is nobody else's, and a sync that ends comes to it last */
	[HOLD_STORE] = { "project_hold_store",
	    "SELECT FROM hub.store s WHERE s.id = (SELECT p.store_id FROM hub.project p "
	    "WHERE p.id = $1 AND NOT p.is_mirror) FOR NO KEY UPDATE",
	    NULL, 0 },
	[HOLD_PROJECT] = { "project_hold",
	    "SELECT id AS n FROM hub.project WHERE id = $1 FOR NO KEY UPDATE", NUMBER },
	[UPDATE_PROJECT] = { "project_update",
	    "UPDATE hub.project SET path = $2, default_access = $3, description = $4, "
	    "maintainer_id = $5, is_package = $6, has_issues = $7, has_wiki = $8, "
	    "publish_i686_into_x86_64 = $9, architecture_dependent = $10, autostart_status = $11, "
	    "updated_at = now() WHERE id = $1",
	    NULL, 0 },
	[UPDATE_HEAD] = { "project_update_head",
	    "UPDATE hub.store SET head = $2 WHERE id = $1 AND head <> $2", NULL, 0 },
	/* the lock: whoever deletes the source sees the alias, or the alias does not come */
	[INSERT_ALIAS] = { "project_insert_alias",
	    "INSERT INTO hub.project (path, owner_account_id, owner_team_id, default_access, "
	    COPIED ", store_id, parent_id, alias_of) "
	    "SELECT $2, $3, $4, p.default_access, " COPIED_OF_P ", p.store_id, p.id, "
	    "coalesce(p.alias_of, p.id) FROM hub.project p WHERE p.id = $1 FOR SHARE OF p "
	    "RETURNING id AS n",
	    NUMBER },
	[INSERT_FORK] = { "project_insert_fork",
	    "INSERT INTO hub.project (path, owner_account_id, owner_team_id, default_access, "
	    COPIED ", store_id, parent_id) "
	    "SELECT $2, $3, $4, least(p.default_access::smallint, 1), " COPIED_OF_P ", $5, p.id "
	    "FROM hub.project p WHERE p.id = $1 FOR SHARE OF p RETURNING id AS n",
	    NUMBER },
	/* its children become those of its parent, which is older: before them */
	[HOLD_PARENT] = { "project_hold_parent",
	    "SELECT FROM hub.project q WHERE q.id = (SELECT p.parent_id FROM hub.project p "
	    "WHERE p.id = $1) FOR KEY SHARE",
	    NULL, 0 },
	[LOCK_PROJECT] = { "project_lock",
	    "SELECT id AS n FROM hub.project WHERE id = $1 FOR UPDATE", NUMBER },
	[FREE_PROJECT] = { "project_free",
	    "UPDATE hub.project p SET "
	    "parent_id = CASE WHEN p.parent_id = d.id THEN d.parent_id ELSE p.parent_id END, "
	    "alias_of = CASE WHEN p.alias_of = d.id THEN nullif(d.heir, p.id) ELSE p.alias_of END "
	    "FROM (SELECT g.id, g.parent_id, (SELECT min(h.id) FROM hub.project h "
	    "WHERE h.alias_of = g.id) AS heir FROM hub.project g WHERE g.id = $1) d "
	    "WHERE p.parent_id = d.id OR p.alias_of = d.id",
	    NULL, 0 },
	[ATTACH] = { "project_attach_personal",
	    "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, name_key) "
	    "SELECT r.id, pl.id, p.id, lower(p.name) FROM " WITH_PERSONAL
	    "JOIN hub.repository r ON r.platform_id = pl.id AND r.name = 'main' "
	    "WHERE NOT EXISTS (SELECT FROM hub.repository_project a "
	    "WHERE a.project_id = $1 AND a.platform_id = pl.id)",
	    NULL, 0 },
	[DETACH] = { "project_detach_personal",
	    "DELETE FROM hub.repository_project a USING " WITH_PERSONAL
	    "WHERE a.project_id = $1 AND a.platform_id = pl.id",
	    NULL, 0 },
	[RESERVE] = { "store_reserve",
	    "WITH s AS (INSERT INTO hub.store DEFAULT VALUES RETURNING id) "
	    "INSERT INTO hub.job (kind, store_id, state, run_at) "
	    "SELECT 'remove_store', s.id, 'scheduled', now() + interval '1 hour' FROM s "
	    "RETURNING store_id AS n",
	    NUMBER },
	[KEEP_JOB] = { "store_keep_job",
	    "DELETE FROM hub.job WHERE store_id = $1 AND kind = 'remove_store' "
	    "AND state = 'scheduled'",
	    NULL, 0 },
	[KEEP_STORE] = { "store_keep", "UPDATE hub.store SET head = $2 WHERE id = $1", NULL, 0 },
	[GIVE_UP] = { "store_give_up",
	    "UPDATE hub.job SET state = 'queued', run_at = '-infinity' WHERE store_id = $1 "
	    "AND kind = 'remove_store' AND state = 'scheduled'",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

/* The two columns of an owner. */
#define OWNER_PARAMS(o)                                                                            \
	db_reference((o)->is_team ? 0 : (o)->id), db_reference((o)->is_team ? (o)->id : 0)

static struct db_param
autostart(int64_t status)
{
	return status < 0 ? db_null() : db_int(status);
}

static int
one_row(struct ctx *c, int code, int64_t n)
{
	TRY(code);
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such project");
}

int
project_ask(struct ctx *c, const struct account *asker, const struct project_question *q,
    struct project_facts *out)
{
	const char *folder = q->folder;

	if (folder != NULL && folder[0] != '\0')
		folder = arena_printf(c->mem, "%s/", folder);
	return db_one(c, &project_change_sql[ASK], out, db_int(asker->id), db_bool(asker->is_admin),
	    OWNER_PARAMS(&q->owner), db_text(folder), db_text(q->name), db_int(q->id),
	    db_int(q->maintainer_id), db_int(PROJECTS_PER_OWNER));
}

int
project_insert(struct ctx *c, const struct owner *owner, const struct project_values *row,
    struct project_ids *out)
{
	return db_one(c, &project_change_sql[INSERT_PROJECT], out, db_text(row->path),
	    OWNER_PARAMS(owner), db_int(row->default_access), db_text(row->head),
	    db_text(row->description), db_reference(row->maintainer_id), db_bool(row->is_package),
	    db_bool(row->has_issues), db_bool(row->has_wiki),
	    db_bool(row->publish_i686_into_x86_64), db_bool(row->architecture_dependent),
	    autostart(row->autostart_status));
}

int
project_update_row(struct ctx *c, int64_t id, int64_t store_id, const struct project_values *row)
{
	int64_t n = 0;
	int code;

	/* first: it asks for the packages of all aliases, in their order, and the row for its own
	 */
	if (row->head != NULL)
		TRY(db_do(c, &project_change_sql[UPDATE_HEAD], NULL, db_int(store_id),
		    db_text(row->head)));
	code = db_do(c, &project_change_sql[UPDATE_PROJECT], &n, db_int(id), db_text(row->path),
	    db_int(row->default_access), db_text(row->description),
	    db_reference(row->maintainer_id), db_bool(row->is_package), db_bool(row->has_issues),
	    db_bool(row->has_wiki), db_bool(row->publish_i686_into_x86_64),
	    db_bool(row->architecture_dependent), autostart(row->autostart_status));
	return one_row(c, code, n);
}

static int
no_source(struct ctx *c, int code)
{
	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "no such project") : code;
}

int
project_insert_alias(
    struct ctx *c, int64_t source_id, const struct owner *owner, const char *path, int64_t *id_out)
{
	struct number row;

	TRY(project_hold_store(c, source_id));
	TRY(no_source(c,
	    db_one(c, &project_change_sql[INSERT_ALIAS], &row, db_int(source_id), db_text(path),
		OWNER_PARAMS(owner))));
	*id_out = row.n;
	return OK;
}

int
project_insert_fork(struct ctx *c, int64_t source_id, const struct owner *owner, const char *path,
    int64_t store_id, int64_t *id_out)
{
	struct number row;

	TRY(no_source(c,
	    db_one(c, &project_change_sql[INSERT_FORK], &row, db_int(source_id), db_text(path),
		OWNER_PARAMS(owner), db_int(store_id))));
	*id_out = row.n;
	return OK;
}

int
project_hold_store(struct ctx *c, int64_t id)
{
	return db_do(c, &project_change_sql[HOLD_STORE], NULL, db_int(id));
}

int
project_hold(struct ctx *c, int64_t id)
{
	struct number row;

	return no_source(c, db_one(c, &project_change_sql[HOLD_PROJECT], &row, db_int(id)));
}

int
project_free(struct ctx *c, int64_t id)
{
	struct number row;

	TRY(project_hold_store(c, id));
	TRY(db_do(c, &project_change_sql[HOLD_PARENT], NULL, db_int(id)));
	TRY(no_source(c, db_one(c, &project_change_sql[LOCK_PROJECT], &row, db_int(id))));
	return db_do(c, &project_change_sql[FREE_PROJECT], NULL, db_int(id));
}

int
project_attach_personal(struct ctx *c, int64_t id)
{
	return db_do(c, &project_change_sql[ATTACH], NULL, db_int(id));
}

int
project_detach_personal(struct ctx *c, int64_t id)
{
	return db_do(c, &project_change_sql[DETACH], NULL, db_int(id));
}

/* ---- a store that is being made */

int
store_reserve(struct ctx *c, int64_t *id_out)
{
	struct number row;

	TRY(db_one(c, &project_change_sql[RESERVE], &row));
	*id_out = row.n;
	return OK;
}

int
store_keep(struct ctx *c, int64_t id, const char *head)
{
	int64_t n;

	TRY(db_do(c, &project_change_sql[KEEP_JOB], &n, db_int(id)));
	if (n != 1)
		return fail(c, E_CONFLICT, "store %lld took too long to make", (long long)id);
	return db_do(c, &project_change_sql[KEEP_STORE], NULL, db_int(id), db_text(head));
}

int
store_give_up(struct ctx *c, int64_t id)
{
	return db_do(c, &project_change_sql[GIVE_UP], NULL, db_int(id));
}
