#include "tests/db/harness.h"

static const struct db_stmt *const no_tables[] = { NULL };

const char *
harness_conninfo(struct arena *mem, const char *role)
{
	const char *database = getenv("MIRRORHUB_TEST_DB");

	if (database == NULL) {
		fputs("there is no database: tests/db/run.py PROGRAM makes one\n", stderr);
		exit(77);
	}
	return arena_printf(mem, "%s user=%s", database, role);
}

struct ctx *
harness_open(const char *role, const struct db_stmt *const *tables)
{
	struct ctx *c = calloc(1, sizeof(*c));

	c->mem = arena_new();
	c->reason = "";
	assert_ok(c, db_open(c, harness_conninfo(c->mem, role), tables, 5, &c->db));
	return c;
}

void
harness_close(struct ctx *c)
{
	arena_free(c->mem);
	free(c);
}

int
harness_begin(void **state)
{
	const struct harness *h = *state;
	struct ctx *c = harness_open(h->role, h->tables);

	c->conf = h->conf;
	if (h->open != NULL)
		h->open(c);
	*state = c;
	return 0;
}

int
harness_end(void **state)
{
	harness_close(*state);
	return 0;
}

void
harness_sql(const char *sql)
{
	struct ctx *c = harness_open("postgres", no_tables);

	assert_ok(c, db_script(c, sql));
	harness_close(c);
}
