/* What every database test begins with: a ctx with a connection, as one of the three roles, to a
 * database that this program has for itself (tests/db/run.py makes it). */
#ifndef TESTS_DB_HARNESS_H
#define TESTS_DB_HARNESS_H

#include "db/db.h"
#include "tests/unit/unit.h"

/* "host=… dbname=… user=ROLE" of this program's database. Ends the program without run.py. */
const char *harness_conninfo(struct arena *mem, const char *role);

/* A ctx with its own arena, connected; ended by harness_close. role: "mirrorhub_owner", … */
struct ctx *harness_open(const char *role, const struct db_stmt *const *tables);
void harness_close(struct ctx *c);

/* Each test with a connection of its own as its *state, closed behind it:
 *   static struct harness web = { "mirrorhub_web", store_web_tables, &conf, NULL };
 *   #define CONNECTED(test) WITH_HARNESS(test, web) */
struct harness {
	const char *role;
	const struct db_stmt *const *tables;
	const struct conf *conf;     /* may be NULL */
	void (*open)(struct ctx *c); /* what else a test needs; may be NULL */
};

#define WITH_HARNESS(test, harness)                                                                \
	cmocka_unit_test_prestate_setup_teardown(test, harness_begin, harness_end, &(harness))
int harness_begin(void **state);
int harness_end(void **state);

/* The programs that meet at the database: two of sync, one of the web, and one that looks, as the
 * owner; each with a connection of its own. */
struct programs {
	struct ctx *a, *b, *web, *eye;
};

/* Each test with the programs as its *state, over rows of its own:
 *   static const struct stage stage = { rows_sql, &conf, look_tables, .has_web = true };
 *   #define STAGED(test) WITH_STAGE(test, stage) */
struct stage {
	const char *rows; /* SQL, behind a TRUNCATE of all that tests put rows into */
	const struct conf *conf;
	const struct db_stmt *const *looks; /* of eye */
	bool has_web;			    /* false: web is NULL */
	void (*open)(struct programs *p);   /* what else a test needs; may be NULL */
};

#define WITH_STAGE(test, stage)                                                                    \
	cmocka_unit_test_prestate_setup_teardown(                                                  \
	    test, stage_begin, stage_end, (void *)(uintptr_t) & (stage))
int stage_begin(void **state);
int stage_end(void **state);
/* In the middle of a test: other programs, and its rows as they were. */
void stage_again(void **state, const struct stage *stage);

/* What a look that gives one number, or one text, gives. */
struct number {
	int64_t n;
};

struct text {
	const char *text;
};

extern const struct field number_row[], text_row[];

/* Runs SQL as the superuser: for what a test has to arrange behind the hub's back. */
void harness_sql(const char *sql);

#define number_of(c, stmt, ...)                                                                    \
	({                                                                                         \
		struct number out_;                                                                \
		assert_ok((c), db_one((c), (stmt), &out_, ##__VA_ARGS__));                         \
		out_.n;                                                                            \
	})
#define text_of(c, stmt, ...)                                                                      \
	({                                                                                         \
		struct text out_;                                                                  \
		assert_ok((c), db_one((c), (stmt), &out_, ##__VA_ARGS__));                         \
		out_.text;                                                                         \
	})

/* The calls that fail print their reason. */
#define assert_code(c, call, code)                                                                 \
	do {                                                                                       \
		int got_ = (call);                                                                 \
		if (got_ != (code))                                                                \
			print_error("%s\n", (c)->reason);                                          \
		assert_int_equal(got_, (code));                                                    \
	} while (0)
#define assert_ok(c, call) assert_code((c), (call), OK)

#endif
