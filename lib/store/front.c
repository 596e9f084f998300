#include "store/front.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/access_rule.h"
#include "store/mirror_fields.h"
#include "store/store.h"

#define TRIGRAM 3

static const struct field front_row[] = {
	FIELD(front_row, id),
	FIELD(front_row, path),
	FIELD(front_row, description),
	FIELD(front_row, is_hidden),
	FIELD(front_row, changed_at),
	FIELD(front_row, is_mirror),
	MIRROR_FIELDS(front_row, mirror.),
	FIELD(front_row, runs),
	{ 0 },
};

static const struct field counts_row[] = {
	FIELD(front_counts, projects),
	FIELD(front_counts, mirrors),
	FIELD(front_counts, syncing),
	FIELD(front_counts, paused),
	FIELD(front_counts, failing),
	FIELD(front_counts, held),
	FIELD(front_counts, waiting),
	FIELD(front_counts, behind),
	{ 0 },
};

enum {
	BY_PATH,
	BY_CHANGE,
	BY_PATH_SHORT,
	BY_CHANGE_SHORT,
	FOUND,
	FRESH_BY_PATH,
	FRESH_BY_CHANGE,
	SYNCING,
	PAUSED,
	FAILING,
	HELD,
	WAITING,
	BEHIND,
	COUNT,
};

/* clang-format off */
/* ---- the page's rows: its ids come from narrow indexes first. $1 asker, $2 is he an administrator,
 * $3 limit, $4 offset */

#define RUNS                                                                                       \
	"coalesce((SELECT string_agg(left(q.outcome, 1) || q.ms, ' ' ORDER BY q.id) FROM ("        \
	"SELECT o.id, o.outcome, "                                                                 \
	"floor(date_part('epoch', o.finished_at - o.started_at) * 1000)::bigint AS ms "            \
	"FROM hub.run o WHERE o.project_id = p.id AND p.is_mirror "                                \
	"ORDER BY o.id DESC LIMIT 20) q), '') AS runs"

#define ROWS(order)                                                                                \
	"SELECT w.* FROM page CROSS JOIN LATERAL ("                                                \
	"SELECT p.id, p.path, p.description, p.default_access = 0 AS is_hidden, "                  \
	"CASE WHEN s.generation > 0 THEN " DB_SECONDS("s.changed_at") " ELSE 0 END AS changed_at, " \
	"p.is_mirror, " MIRROR_COLUMNS ", " RUNS " FROM hub.project p "                            \
	"JOIN hub.store s ON s.id = p.store_id LEFT JOIN hub.mirror m ON m.project_id = p.id "     \
	MIRROR_JOB "WHERE p.id = page.id LIMIT 1) w " order

#define PATH_ORDER "ORDER BY page.path"
#define CHANGE_ORDER "ORDER BY page.changed_at DESC, page.store_id DESC, page.id"
#define LIMITS " LIMIT $3 OFFSET $4) "

/* Walks the index in the page's order; and_more leaves out what is not looked for. */
#define WALK_PATHS(join, and_more)                                                                 \
	WITH_TOUCHED ", page AS MATERIALIZED (SELECT p.id, p.path FROM hub.project p " join        \
	"WHERE " LIST_RULE " > 0 " and_more "ORDER BY p.path" LIMITS ROWS(PATH_ORDER)
/* OFFSET 0: one look into an index per store, or the planner would read everything to sort it. */
#define WALK_CHANGES(join, and_more)                                                               \
	WITH_TOUCHED ", page AS MATERIALIZED (SELECT p.id, s.changed_at, s.id AS store_id "        \
	"FROM hub.store s CROSS JOIN LATERAL (SELECT q.id, q.path, q.description, "                \
	"q.owner_account_id, q.owner_team_id, q.default_access FROM hub.project q "                \
	"WHERE q.store_id = s.id OFFSET 0) p " join "WHERE " LIST_RULE " > 0 " and_more            \
	"ORDER BY s.changed_at DESC, s.id DESC, p.id" LIMITS ROWS(CHANGE_ORDER)

/* All that is found, up to a number, then in order: by change if $6. */
#define FOUND_MOST "5000"
#define SORTED(hits)                                                                               \
	WITH_TOUCHED ", hit AS MATERIALIZED (" hits " LIMIT " FOUND_MOST "), "                      \
	"page AS MATERIALIZED (SELECT h.id, row_number() OVER (ORDER BY "                          \
	"CASE WHEN $6 THEN s.changed_at END DESC, h.path) AS n FROM hit h "                        \
	"JOIN hub.store s ON s.id = h.store_id ORDER BY n" LIMITS ROWS("ORDER BY page.n")

/* ---- a text: $5, as a pattern for the trigram indexes; or literally, when it is shorter than those
 * know, in paths alone: they come from the index, descriptions would be a read of everything. Paths are
 * ASCII. */
#define HAS_TEXT "AND strpos(lower(p.path), lower($5 COLLATE \"C\")) > 0 "
#define LIKE_TEXT                                                                                  \
	"(lower(p.path) LIKE lower($5 COLLATE \"C\") OR lower(p.description) LIKE lower($5)) "
#define IS_TEXT "AND ($5 = '' OR " LIKE_TEXT ") "

/* ---- the states, as mirror_state_of has them; interval: seconds */
#define LATE(interval) "now() - make_interval(secs => 2 * coalesce(m.interval_s, " interval ")::float) "
#define OVERDUE(interval) "now() - make_interval(secs => coalesce(m.interval_s, " interval ")::float) "
#define WORKS "NOT m.paused AND m.failures = 0 AND j.state IS DISTINCT FROM 'running' "
#define WELL "m.held_at IS NULL AND " WORKS

#define IS_SYNCING "hub.job j JOIN hub.mirror m ON m.project_id = j.project_id "                   \
	"JOIN hub.project p ON p.id = m.project_id WHERE j.kind = 'sync' AND j.state = 'running' "
#define IS_PAUSED "hub.mirror m " MIRROR_JOB "JOIN hub.project p ON p.id = m.project_id "          \
	"WHERE m.paused AND j.state IS DISTINCT FROM 'running' "
#define IS_FAILING "hub.mirror m " MIRROR_JOB "JOIN hub.project p ON p.id = m.project_id "         \
	"WHERE m.failures > 0 AND NOT m.paused AND j.state IS DISTINCT FROM 'running' "
#define IS_HELD "hub.mirror m " MIRROR_JOB "JOIN hub.project p ON p.id = m.project_id "            \
	"WHERE m.held_fingerprint IS NOT NULL AND " WORKS
#define IS_WAITING "hub.store u JOIN hub.project p ON p.store_id = u.id "                          \
	"JOIN hub.mirror m ON m.project_id = p.id " MIRROR_JOB                                     \
	"WHERE u.generation = 0 AND m.last_success_at IS NULL AND " WELL
/* whoever is late has a job that should have run: each kind of them has its index */
#define DUE(and_which)                                                                             \
	"SELECT d.project_id, d.state, hub.job_was_due(d) AS was_due FROM hub.job d "              \
	"WHERE d.kind = 'sync' AND d.state <> 'running' AND " and_which " "
#define IS_BEHIND(interval) "(" DUE("d.run_at <= now() AND NOT d.is_probed")                       \
	"UNION ALL " DUE("d.run_at <= now() AND d.is_probed")                                      \
	"UNION ALL " DUE("d.run_at > now() AND d.due_at IS NOT NULL") ") j "                       \
	"JOIN hub.mirror m ON m.project_id = j.project_id "                                        \
	"JOIN hub.project p ON p.id = m.project_id "                                               \
	"WHERE m.last_success_at < " LATE(interval) "AND " MIRROR_CHECKED " < " LATE(interval)     \
	"AND j.was_due < " OVERDUE(interval) "AND " WELL

#define FRESH_JOIN "JOIN hub.mirror m ON m.project_id = p.id " MIRROR_JOB
#define IS_FRESH(interval)                                                                         \
	"AND " WELL "AND m.last_success_at IS NOT NULL "                                           \
	"AND (hub.job_was_due(j) >= " OVERDUE(interval) "OR " MIRROR_CHECKED " >= " LATE(interval) ") "

#define IN_STATE(is_it)                                                                            \
	SORTED("SELECT p.id, p.path, p.store_id FROM " is_it "AND " LIST_RULE " > 0 " IS_TEXT)

/* The statement has $7 whether it needs it or not. */
#define ANY_INTERVAL "AND $7::bigint IS NOT NULL "

#define COUNTED(is_it)                                                                             \
	"(SELECT count(*) FROM (SELECT FROM " is_it "AND " LIST_RULE " > 0 LIMIT 5001) n)"

/* As project_count_mirrors has it. */
#define TOTAL_OF(all, open, and_kind)                                                              \
	"CASE WHEN $2 THEN (SELECT n FROM hub.counter WHERE name = '" all "') "                    \
	"ELSE (SELECT n FROM hub.counter WHERE name = '" open "') + "                              \
	"CASE WHEN $1 = 0 THEN 0 ELSE coalesce((SELECT sum((" RULE("$1", "$2") " > 0)::integer "   \
	"- (p.default_access > 0)::integer) FROM hub.project p WHERE " and_kind                    \
	"p.id IN (SELECT o.id FROM hub.project o WHERE o.owner_account_id = $1 "                   \
	"UNION SELECT t.id FROM touched t)), 0) END END"

#define ROW front_row, sizeof(struct front_row)

const struct db_stmt front_sql[] = {
	[BY_PATH] = { "front_by_path", WALK_PATHS("", ""), ROW },
	[BY_CHANGE] = { "front_by_change", WALK_CHANGES("", ""), ROW },
	[BY_PATH_SHORT] = { "front_by_path_short", WALK_PATHS("", HAS_TEXT), ROW },
	[BY_CHANGE_SHORT] = { "front_by_change_short", WALK_CHANGES("", HAS_TEXT), ROW },
	[FOUND] = { "front_found",
	    SORTED("SELECT p.id, p.path, p.store_id FROM hub.project p WHERE " LIKE_TEXT "AND "
	    LIST_RULE " > 0"),
	    ROW },
	[FRESH_BY_PATH] = { "front_fresh_by_path", WALK_PATHS(FRESH_JOIN, IS_FRESH("$6") IS_TEXT),
	    ROW },
	[FRESH_BY_CHANGE] = { "front_fresh_by_change",
	    WALK_CHANGES(FRESH_JOIN, IS_FRESH("$6") IS_TEXT), ROW },
	[SYNCING] = { "front_syncing", IN_STATE(IS_SYNCING ANY_INTERVAL), ROW },
	[PAUSED] = { "front_paused", IN_STATE(IS_PAUSED ANY_INTERVAL), ROW },
	[FAILING] = { "front_failing", IN_STATE(IS_FAILING ANY_INTERVAL), ROW },
	[HELD] = { "front_held", IN_STATE(IS_HELD ANY_INTERVAL), ROW },
	[WAITING] = { "front_waiting", IN_STATE(IS_WAITING ANY_INTERVAL), ROW },
	[BEHIND] = { "front_behind", IN_STATE(IS_BEHIND("$7")), ROW },
	[COUNT] = { "front_count",
	    WITH_TOUCHED "SELECT "
	    TOTAL_OF("projects", "projects_open", "") " AS projects, "
	    TOTAL_OF("mirrors", "mirrors_open", "p.is_mirror AND ") " AS mirrors, "
	    COUNTED(IS_SYNCING) " AS syncing, " COUNTED(IS_PAUSED) " AS paused, "
	    COUNTED(IS_FAILING) " AS failing, " COUNTED(IS_HELD) " AS held, " COUNTED(IS_WAITING) " AS waiting, "
	    COUNTED(IS_BEHIND("$3")) " AS behind",
	    counts_row, sizeof(struct front_counts) },
	{ 0 }
};
/* clang-format on */

/* "%text%" with nothing in it that LIKE would not take literally; "" for "". */
static const char *
pattern_of(struct ctx *c, const char *text)
{
	struct buf *b = buf_new(c->mem, 2 * strlen(text) + 3);

	if (text[0] == '\0')
		return "";
	buf_char(b, '%');
	for (; *text != '\0'; text++) {
		if (strchr("%_\\", *text) != NULL)
			buf_char(b, '\\');
		buf_char(b, *text);
	}
	buf_char(b, '%');
	return b->data;
}

#define FIRST_FOUR                                                                                 \
	db_int(asker->id), db_bool(asker->is_admin), db_int(wish->limit), db_int(wish->offset)

static int
list_all(struct ctx *c, const struct account *asker, const struct front_wish *wish,
    struct front_row **rows_out, size_t *n_out)
{
	bool by_change = wish->order == FRONT_BY_CHANGE;

	if (wish->text[0] == '\0')
		return db_all(
		    c, &front_sql[by_change ? BY_CHANGE : BY_PATH], rows_out, n_out, FIRST_FOUR);
	if (str_characters(wish->text) < TRIGRAM)
		return db_all(c, &front_sql[by_change ? BY_CHANGE_SHORT : BY_PATH_SHORT], rows_out,
		    n_out, FIRST_FOUR, db_text(wish->text));
	return db_all(c, &front_sql[FOUND], rows_out, n_out, FIRST_FOUR,
	    db_text(pattern_of(c, wish->text)), db_bool(by_change));
}

int
front_list(struct ctx *c, const struct account *asker, const struct front_wish *wish,
    struct front_row **rows_out, size_t *n_out)
{
	static const int statements[] = {
		[FRONT_SYNCING] = SYNCING,
		[FRONT_PAUSED] = PAUSED,
		[FRONT_FAILING] = FAILING,
		[FRONT_HELD] = HELD,
		[FRONT_WAITING] = WAITING,
		[FRONT_BEHIND] = BEHIND,
	};
	bool by_change = wish->order == FRONT_BY_CHANGE;

	assert(wish->set >= FRONT_ALL && wish->set <= FRONT_FRESH && wish->order > 0);
	if (wish->set == FRONT_ALL)
		return list_all(c, asker, wish, rows_out, n_out);
	if (wish->set == FRONT_FRESH)
		return db_all(c, &front_sql[by_change ? FRESH_BY_CHANGE : FRESH_BY_PATH], rows_out,
		    n_out, FIRST_FOUR, db_text(pattern_of(c, wish->text)),
		    db_int(wish->interval_s));
	return db_all(c, &front_sql[statements[wish->set]], rows_out, n_out, FIRST_FOUR,
	    db_text(pattern_of(c, wish->text)), db_bool(by_change), db_int(wish->interval_s));
}

int
front_count(
    struct ctx *c, const struct account *asker, int64_t interval_s, struct front_counts *out)
{
	return db_one(c, &front_sql[COUNT], out, db_int(asker->id), db_bool(asker->is_admin),
	    db_int(interval_s));
}
