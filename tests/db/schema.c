/* Every named statement fits the schema and its fields, and its program's role may run it. */
#include "store/store.h"
#include "tests/db/harness.h"

static void
check_tables(const char *role, const struct db_stmt *const *tables)
{
	static const struct db_stmt *const none[] = { NULL };
	struct ctx *c = harness_open(role, none);
	int wrong = 0;

	for (; *tables != NULL; tables++)
		for (const struct db_stmt *s = *tables; s->name != NULL; s++)
			if (db_check_stmt(c, s) != OK) {
				print_error("%s: %s: %s\n", role, s->name, c->reason);
				wrong++;
			}
	harness_close(c);
	assert_int_equal(wrong, 0);
}

static void
statements_of_the_web_programs_fit(void **state)
{
	(void)state;
	check_tables("mirrorhub_web", store_web_tables);
}

static void
statements_of_the_sync_program_fit(void **state)
{
	(void)state;
	check_tables("mirrorhub_sync", store_sync_tables);
}

static void
statements_of_the_administrator_fit(void **state)
{
	(void)state;
	check_tables("mirrorhub_owner", store_admin_tables);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names are the server's key to prepared statements: one connection, one name, one text. */
static void
names_are_unique(const struct db_stmt *const *tables)
{
	const char *names[1000];
	size_t n = 0;

	for (; *tables != NULL; tables++)
		for (const struct db_stmt *s = *tables; s->name != NULL; s++) {
			assert_true(n < N_OF(names));
			names[n++] = s->name;
		}
	qsort(names, n, sizeof(names[0]), compare_names);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(names[i - 1], names[i]);
}

static void
no_two_statements_of_a_program_share_a_name(void **state)
{
	(void)state;
	names_are_unique(store_web_tables);
	names_are_unique(store_sync_tables);
	names_are_unique(store_admin_tables);
}

/* What db_open does at the start of each program. */
static void
all_statements_of_a_program_are_prepared_at_once(void **state)
{
	(void)state;
	harness_close(harness_open("mirrorhub_web", store_web_tables));
	harness_close(harness_open("mirrorhub_sync", store_sync_tables));
	harness_close(harness_open("mirrorhub_owner", store_admin_tables));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_of_the_web_programs_fit),
		cmocka_unit_test(statements_of_the_sync_program_fit),
		cmocka_unit_test(statements_of_the_administrator_fit),
		cmocka_unit_test(no_two_statements_of_a_program_share_a_name),
		cmocka_unit_test(all_statements_of_a_program_are_prepared_at_once),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
