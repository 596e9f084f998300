#include "store/search.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/access_rule.h"
#include "store/platform_fields.h"
#include "store/project_fields.h"
#include "store/project_full.h"
#include "store/store.h"

#define TRIGRAM 3

static const struct field person_row[] = {
	FIELD(found_person, id),
	FIELD(found_person, uname),
	FIELD(found_person, name),
	{ 0 },
};
static const struct field team_row[] = {
	FIELD(found_team, id),
	FIELD(found_team, uname),
	{ 0 },
};
static const struct field platform_row[] = {
	FIELD(found_platform, id),
	FIELD(found_platform, name),
	FIELD(found_platform, platform_type),
	FIELD(found_platform, is_hidden),
	{ 0 },
};
static const struct field card_row[] = { CARD_FIELDS(project_card, ), { 0 } };

enum {
	SEARCH_PEOPLE,
	SEARCH_PEOPLE_SHORT,
	SEARCH_TEAMS,
	SEARCH_TEAMS_SHORT,
	SEARCH_PROJECTS,
	SEARCH_PROJECTS_SHORT,
	SEARCH_PLATFORMS,
	SEARCH_PLATFORMS_SHORT,
};

/* clang-format off */
/* $1 asker, $2 is he an administrator, $3 limit, $4 offset, $5 the text in lower case: as a pattern
 * for the trigram indexes, or as it is. */
#define LIKE(name) "lower(" name ") LIKE $5 "
#define HAS(name) "strpos(lower(" name "), $5) > 0 "
#define SHORTEST_FIRST(name) "ORDER BY length(" name "), lower(" name ")"

/* All hits first: the planner must not walk the names in the hope that the page is full soon. */
#define HITS(select) "hit AS MATERIALIZED (" select ") "
#define PAGE " LIMIT $3 OFFSET $4"

/* The types of $1 and $2 where nothing else tells them. */
#define NO_RULE " AND $1::bigint IS NOT NULL AND $2::boolean IS NOT NULL "

#define PEOPLE(fits)                                                                               \
	"SELECT a.id, a.uname, nullif(btrim(a.first_name || ' ' || a.last_name), '') AS name "     \
	"FROM hub.account a WHERE a.role <> 'system' AND " fits NO_RULE
#define TEAMS(fits)                                                                                \
	"SELECT t.id, t.uname FROM hub.team t WHERE " fits                                         \
	"AND hub.team_access($1, $2, t.id, t.owner_account_id) > 0 "
#define PLATFORMS(fits)                                                                            \
	"SELECT p.id, p.name, p.platform_type, p.is_hidden FROM hub.platform p WHERE " fits        \
	"AND (NOT p.is_hidden OR " PLATFORM_ACCESS("$1", "$2") " > 0) "
#define PROJECTS(fits) "SELECT p.id, p.name FROM hub.project p WHERE " fits "AND " LIST_RULE " > 0 "

/* The wide rows are read for the page only. */
#define CARDS                                                                                      \
	"SELECT w.* FROM page CROSS JOIN LATERAL (SELECT " CARD_COLUMNS " FROM hub.project p"      \
	CARD_JOINS "WHERE p.id = page.id LIMIT 1) w " SHORTEST_FIRST("page.name") ", page.id"

const struct db_stmt search_sql[] = {
	[SEARCH_PEOPLE] = { "search_people",
	    "WITH " HITS(PEOPLE(LIKE("a.uname"))) "SELECT id, uname, name FROM hit "
	    SHORTEST_FIRST("uname") PAGE,
	    person_row, sizeof(struct found_person) },
	[SEARCH_PEOPLE_SHORT] = { "search_people_short",
	    PEOPLE(HAS("a.uname")) SHORTEST_FIRST("a.uname") PAGE,
	    person_row, sizeof(struct found_person) },
	[SEARCH_TEAMS] = { "search_teams",
	    "WITH " HITS(TEAMS(LIKE("t.uname"))) "SELECT id, uname FROM hit "
	    SHORTEST_FIRST("uname") PAGE,
	    team_row, sizeof(struct found_team) },
	[SEARCH_TEAMS_SHORT] = { "search_teams_short",
	    TEAMS(HAS("t.uname")) SHORTEST_FIRST("t.uname") PAGE,
	    team_row, sizeof(struct found_team) },
	[SEARCH_PROJECTS] = { "search_projects",
	    WITH_TOUCHED ", " HITS(PROJECTS(LIKE("p.name")))
	    ", page AS MATERIALIZED (SELECT id, name FROM hit " SHORTEST_FIRST("name") ", id" PAGE
	    ") " CARDS,
	    card_row, sizeof(struct project_card) },
	[SEARCH_PROJECTS_SHORT] = { "search_projects_short",
	    WITH_TOUCHED ", page AS MATERIALIZED ("
	    PROJECTS(HAS("p.name")) SHORTEST_FIRST("p.name") ", p.id" PAGE ") " CARDS,
	    card_row, sizeof(struct project_card) },
	[SEARCH_PLATFORMS] = { "search_platforms",
	    "WITH " HITS(PLATFORMS(LIKE("p.name")))
	    "SELECT id, name, platform_type, is_hidden FROM hit ORDER BY lower(name)" PAGE,
	    platform_row, sizeof(struct found_platform) },
	[SEARCH_PLATFORMS_SHORT] = { "search_platforms_short",
	    PLATFORMS(HAS("p.name")) "ORDER BY lower(p.name)" PAGE,
	    platform_row, sizeof(struct found_platform) },
	{ 0 }
};
/* clang-format on */

/* Three letters or digits in a row make a trigram that must be there. */
static bool
has_trigram(const char *text)
{
	size_t run = 0;

	for (; *text != '\0' && run < TRIGRAM; text++)
		run = isalnum((unsigned char)*text) ? run + 1 : 0;
	return run == TRIGRAM;
}

/* A pattern of LIKE for what contains the text. */
static const char *
pattern(struct ctx *c, const char *text)
{
	struct buf *b = buf_new(c->mem, 2 * strlen(text) + 3);

	buf_char(b, '%');
	for (; *text != '\0'; text++) {
		if (strchr("\\%_", *text) != NULL)
			buf_char(b, '\\');
		buf_char(b, *text);
	}
	buf_char(b, '%');
	return b->data;
}

/* The statement for a text with a trigram; the next one is that for a shorter one. */
static int
search(struct ctx *c, int which, const struct search *s, void **rows_out, size_t *n_out)
{
	const char *text = str_lower(c->mem, s->text);
	bool is_long = has_trigram(text);

	return db_all(c, &search_sql[is_long ? which : which + 1], rows_out, n_out,
	    db_int(s->asker->id), db_bool(s->asker->is_admin), db_int(s->limit), db_int(s->offset),
	    db_text(is_long ? pattern(c, text) : text));
}

int
search_people(struct ctx *c, const struct search *s, struct found_person **rows_out, size_t *n_out)
{
	return search(c, SEARCH_PEOPLE, s, (void **)rows_out, n_out);
}

int
search_teams(struct ctx *c, const struct search *s, struct found_team **rows_out, size_t *n_out)
{
	return search(c, SEARCH_TEAMS, s, (void **)rows_out, n_out);
}

int
search_projects(
    struct ctx *c, const struct search *s, struct project_card **rows_out, size_t *n_out)
{
	return search(c, SEARCH_PROJECTS, s, (void **)rows_out, n_out);
}

int
search_platforms(
    struct ctx *c, const struct search *s, struct found_platform **rows_out, size_t *n_out)
{
	return search(c, SEARCH_PLATFORMS, s, (void **)rows_out, n_out);
}
