#include "store/package.h"

#include "store/store.h"

struct answer {
	bool is_so;
};

static const struct field package_row[] = { FIELD(package, id), FIELD(package, owner_uname),
	FIELD(package, project_name), FIELD(package, name), FIELD(package, epoch),
	FIELD(package, version), FIELD(package, release), FIELD(package, maintainer_uname),
	FIELD(package, maintainer_email), FIELD(package, committer_uname),
	FIELD(package, committer_email), { 0 } };
static const struct field answer_row[] = { FIELD(answer, is_so), { 0 } };

enum { PACKAGE_LIST, PACKAGE_IS_PENDING, PACKAGE_NOTE_READING };

/* clang-format off */
/* The account of an address: its own before one that somebody only added. */
#define BY_EMAIL(email)                                                                            \
	"SELECT x.uname, x.email FROM (SELECT 1 AS turn, a.id, a.uname, a.email "                  \
	"FROM hub.account a WHERE lower(a.email) = lower(" email ") AND a.email <> '' "            \
	"UNION ALL SELECT 2, a.id, a.uname, a.email FROM hub.account_email e "                     \
	"JOIN hub.account a ON a.id = e.account_id WHERE lower(e.email) = lower(" email ")) x "    \
	"ORDER BY x.turn, x.id LIMIT 1"

const struct db_stmt package_sql[] = {
	[PACKAGE_LIST] = { "package_list",
	    "SELECT k.id, coalesce(o.uname, t.uname) AS owner_uname, p.name AS project_name, "
	    "k.name, k.epoch, k.version, k.release, coalesce(m.uname, '') AS maintainer_uname, "
	    "coalesce(m.email, '') AS maintainer_email, "
	    "coalesce(w.uname, k.committer_name) AS committer_uname, "
	    "coalesce(w.email, k.committer_email) AS committer_email "
	    "FROM hub.package k JOIN hub.project p ON p.id = k.project_id "
	    "LEFT JOIN hub.account o ON o.id = p.owner_account_id "
	    "LEFT JOIN hub.team t ON t.id = p.owner_team_id "
	    "LEFT JOIN hub.account m ON m.id = p.maintainer_id "
	    "LEFT JOIN LATERAL (" BY_EMAIL("k.committer_email") ") w ON true "
	    "WHERE k.repository_id = $1 AND k.id > $2 ORDER BY k.id LIMIT $3",
	    package_row, sizeof(struct package) },
	[PACKAGE_IS_PENDING] = { "package_is_pending",
	    "SELECT EXISTS (SELECT FROM hub.repository_project a JOIN hub.job j "
	    "ON j.project_id = a.project_id AND j.kind = 'packages' "
	    "WHERE a.repository_id = $1 AND j.state IN ('queued', 'running')) AS is_so",
	    answer_row, sizeof(struct answer) },
	/* a time to come is a clock that was set back: it does not shut the platform up */
	[PACKAGE_NOTE_READING] = { "package_note_reading",
	    "UPDATE hub.platform SET packages_read_at = now() WHERE id = $1 "
	    "AND (packages_read_at IS NULL OR packages_read_at > now() "
	    "OR packages_read_at <= now() - make_interval(secs => $2::bigint))",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
package_list(struct ctx *c, int64_t repository_id, int64_t after_id, int64_t limit,
    struct package **rows_out, size_t *n_out)
{
	return db_all(c, &package_sql[PACKAGE_LIST], rows_out, n_out, db_int(repository_id),
	    db_int(after_id), db_int(limit));
}

int
package_is_pending(struct ctx *c, int64_t repository_id, bool *out)
{
	struct answer row;

	TRY(db_one(c, &package_sql[PACKAGE_IS_PENDING], &row, db_int(repository_id)));
	*out = row.is_so;
	return OK;
}

int
package_note_reading(struct ctx *c, int64_t platform_id, int64_t window_s)
{
	int64_t n;

	TRY(db_do(
	    c, &package_sql[PACKAGE_NOTE_READING], &n, db_int(platform_id), db_int(window_s)));
	return n == 1 ? OK : fail(c, E_CONFLICT, "the packages were read just now");
}
