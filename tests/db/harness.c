#include "store/store.h"
#include "tests/db/harness.h"

static const struct db_stmt *const no_tables[] = { NULL };

const struct field number_row[] = { FIELD(number, n), { 0 } };
const struct field text_row[] = { FIELD(text, text), { 0 } };

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

static struct ctx *
enter(const struct stage *s, const char *role, const struct db_stmt *const *tables)
{
	struct ctx *c = harness_open(role, tables);

	c->conf = s->conf;
	return c;
}

/* All that tests put rows into, and then these. */
static void
clear(const char *rows)
{
	struct ctx *c = harness_open("postgres", no_tables);

	assert_ok(c,
	    db_script(c,
		"TRUNCATE hub.account, hub.store, hub.project, hub.job, hub.run, hub.worker,"
		" hub.uname_taken, hub.platform, hub.host, hub.webhook, hub.hook_task, hub.event,"
		" hub.target RESTART IDENTITY CASCADE;"
		"UPDATE hub.counter SET n = 0, wall_us = 0"));
	assert_ok(c, db_script(c, rows));
	harness_close(c);
}

int
stage_begin(void **state)
{
	const struct stage *s = *state;
	struct programs *p = calloc(1, sizeof(*p));

	clear(s->rows);
	p->a = enter(s, "mirrorhub_sync", store_sync_tables);
	p->b = enter(s, "mirrorhub_sync", store_sync_tables);
	p->web = s->has_web ? enter(s, "mirrorhub_web", store_web_tables) : NULL;
	p->eye = enter(s, "mirrorhub_owner", s->looks != NULL ? s->looks : no_tables);
	if (s->open != NULL)
		s->open(p);
	*state = p;
	return 0;
}

int
stage_end(void **state)
{
	struct programs *p = *state;

	harness_close(p->a);
	harness_close(p->b);
	if (p->web != NULL)
		harness_close(p->web);
	harness_close(p->eye);
	free(p);
	return 0;
}

void
stage_again(void **state, const struct stage *stage)
{
	(void)stage_end(state);
	*state = (void *)(uintptr_t)stage;
	(void)stage_begin(state);
}

void
harness_sql(const char *sql)
{
	struct ctx *c = harness_open("postgres", no_tables);

	assert_ok(c, db_script(c, sql));
	harness_close(c);
}
