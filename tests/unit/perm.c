/* The rights: every asker x right x access, against a table. */
#include "tests/unit/unit.h"

#include "auth/perm.h"

enum who { NOBODY, USER, HUB_ADMIN, SYSTEM, READS, WRITES, WHO_N };

static const struct account askers[WHO_N] = {
	[NOBODY] = { 0 },
	[USER] = { .id = 7, .uname = "bob", .role = "user", .scope = 3 },
	[HUB_ADMIN] = { .id = 1, .uname = "root", .role = "admin", .is_admin = true, .scope = 3 },
	[SYSTEM] = { .id = 9, .uname = "builder", .role = "system", .scope = 3 },
	[READS] = { .id = 7, .uname = "bob", .role = "user", .scope = 1, .token_id = 1 },
	[WRITES] = { .id = 7, .uname = "bob", .role = "user", .scope = 2, .token_id = 2 },
};

#define _ MAY
#define N MAY_NOT
#define W WHO_ARE_YOU
#define X NO_SUCH

/* clang-format off */
/* Asks without an object (access -1), then with access 0, 1, 2, 3, 4; first reading, then writing. */
static const struct {
	enum who who;
	enum perm perm;
	enum verdict reading[6], writing[6];
} rows[] = {
	/*                                  reading                   writing
	 *                                  -1 0  1  2  3  4          -1 0  1  2  3  4 */
	{ NOBODY,    PERM_PUBLIC,          { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ NOBODY,    PERM_USER,            { W, X, W, W, W, W },     { W, X, W, W, W, W } },
	{ NOBODY,    PERM_READ,            { 0, X, _, _, _, _ },     { 0, X, _, _, _, _ } },
	{ NOBODY,    PERM_WRITE,           { 0, X, W, W, W, W },     { 0, X, W, W, W, W } },
	{ NOBODY,    PERM_ADMIN,           { 0, X, W, W, W, W },     { 0, X, W, W, W, W } },
	{ NOBODY,    PERM_OWNER,           { 0, X, W, W, W, W },     { 0, X, W, W, W, W } },
	{ NOBODY,    PERM_HUB_ADMIN,       { W, X, W, W, W, W },     { W, X, W, W, W, W } },
	{ NOBODY,    PERM_SYSTEM,          { 0, X, W, W, W, W },     { 0, X, W, W, W, W } },
	{ NOBODY,    PERM_WRITE_OR_SYSTEM, { 0, X, W, W, W, W },     { 0, X, W, W, W, W } },
	{ NOBODY,    PERM_ADMIN_OR_SYSTEM, { 0, X, W, W, W, W },     { 0, X, W, W, W, W } },
	{ NOBODY,      PERM_PUSH,            { 0, X, W, _, _, _ },     { 0, X, W, _, _, _ } },
	{ USER,      PERM_PUBLIC,          { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ USER,      PERM_USER,            { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ USER,      PERM_READ,            { 0, X, _, _, _, _ },     { 0, X, _, _, _, _ } },
	{ USER,      PERM_WRITE,           { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ USER,      PERM_ADMIN,           { 0, X, N, N, _, _ },     { 0, X, N, N, _, _ } },
	{ USER,      PERM_OWNER,           { 0, X, N, N, N, _ },     { 0, X, N, N, N, _ } },
	{ USER,      PERM_HUB_ADMIN,       { N, X, N, N, N, N },     { N, X, N, N, N, N } },
	{ USER,      PERM_SYSTEM,          { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ USER,      PERM_WRITE_OR_SYSTEM, { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ USER,      PERM_ADMIN_OR_SYSTEM, { 0, X, N, N, _, _ },     { 0, X, N, N, _, _ } },
	{ USER,        PERM_PUSH,            { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ HUB_ADMIN, PERM_PUBLIC,          { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ HUB_ADMIN, PERM_USER,            { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ HUB_ADMIN, PERM_READ,            { 0, X, _, _, _, _ },     { 0, X, _, _, _, _ } },
	{ HUB_ADMIN, PERM_WRITE,           { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ HUB_ADMIN, PERM_ADMIN,           { 0, X, N, N, _, _ },     { 0, X, N, N, _, _ } },
	{ HUB_ADMIN, PERM_OWNER,           { 0, X, N, N, N, _ },     { 0, X, N, N, N, _ } },
	{ HUB_ADMIN, PERM_HUB_ADMIN,       { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ HUB_ADMIN, PERM_SYSTEM,          { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ HUB_ADMIN, PERM_WRITE_OR_SYSTEM, { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ HUB_ADMIN, PERM_ADMIN_OR_SYSTEM, { 0, X, N, N, _, _ },     { 0, X, N, N, _, _ } },
	{ HUB_ADMIN,   PERM_PUSH,            { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ SYSTEM,    PERM_PUBLIC,          { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ SYSTEM,    PERM_USER,            { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ SYSTEM,    PERM_READ,            { 0, X, _, _, _, _ },     { 0, X, _, _, _, _ } },
	{ SYSTEM,    PERM_WRITE,           { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ SYSTEM,    PERM_ADMIN,           { 0, X, N, N, _, _ },     { 0, X, N, N, _, _ } },
	{ SYSTEM,    PERM_OWNER,           { 0, X, N, N, N, _ },     { 0, X, N, N, N, _ } },
	{ SYSTEM,    PERM_HUB_ADMIN,       { N, X, N, N, N, N },     { N, X, N, N, N, N } },
	{ SYSTEM,    PERM_SYSTEM,          { 0, _, _, _, _, _ },     { 0, _, _, _, _, _ } },
	{ SYSTEM,    PERM_WRITE_OR_SYSTEM, { 0, _, _, _, _, _ },     { 0, _, _, _, _, _ } },
	{ SYSTEM,    PERM_ADMIN_OR_SYSTEM, { 0, _, _, _, _, _ },     { 0, _, _, _, _, _ } },
	{ SYSTEM,      PERM_PUSH,            { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ READS,     PERM_PUBLIC,          { _, X, _, _, _, _ },     { N, X, N, N, N, N } },
	{ READS,     PERM_USER,            { _, X, _, _, _, _ },     { N, X, N, N, N, N } },
	{ READS,     PERM_READ,            { 0, X, _, _, _, _ },     { 0, X, N, N, N, N } },
	{ READS,     PERM_WRITE,           { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ READS,     PERM_ADMIN,           { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ READS,     PERM_OWNER,           { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ READS,     PERM_HUB_ADMIN,       { N, X, N, N, N, N },     { N, X, N, N, N, N } },
	{ READS,     PERM_SYSTEM,          { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ READS,     PERM_WRITE_OR_SYSTEM, { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ READS,     PERM_ADMIN_OR_SYSTEM, { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ READS,       PERM_PUSH,            { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ WRITES,    PERM_PUBLIC,          { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ WRITES,    PERM_USER,            { _, X, _, _, _, _ },     { _, X, _, _, _, _ } },
	{ WRITES,    PERM_READ,            { 0, X, _, _, _, _ },     { 0, X, _, _, _, _ } },
	{ WRITES,    PERM_WRITE,           { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ WRITES,    PERM_ADMIN,           { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ WRITES,    PERM_OWNER,           { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ WRITES,    PERM_HUB_ADMIN,       { N, X, N, N, N, N },     { N, X, N, N, N, N } },
	{ WRITES,    PERM_SYSTEM,          { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ WRITES,    PERM_WRITE_OR_SYSTEM, { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
	{ WRITES,    PERM_ADMIN_OR_SYSTEM, { 0, X, N, N, N, N },     { 0, X, N, N, N, N } },
	{ WRITES,      PERM_PUSH,            { 0, X, N, _, _, _ },     { 0, X, N, _, _, _ } },
};
/* clang-format on */

static void
every_asker_gets_what_the_table_says(void **state)
{
	int n_bad = 0;

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		for (int access = -1; access <= 4; access++)
			for (int writes = 0; writes <= 1; writes++) {
				enum verdict want = writes ? rows[i].writing[access + 1]
							   : rows[i].reading[access + 1];

				if (want == 0) /* a right on an object without one is a bug */
					continue;
				if (perm_may(&askers[rows[i].who], rows[i].perm, access, writes,
					true) == want)
					continue;
				print_error("row %zu, access %d, writes %d\n", i, access, writes);
				n_bad++;
			}
	assert_int_equal(n_bad, 0);
}

static void
the_table_is_whole(void **state)
{
	bool seen[WHO_N][PERM_MAX + 1] = { 0 };

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		seen[rows[i].who][rows[i].perm] = true;
	for (int who = 0; who < WHO_N; who++)
		for (int perm = PERM_PUBLIC; perm <= PERM_MAX; perm++)
			assert_true(seen[who][perm]);
}

static void
without_anonymous_reading_nobody_learns_anything(void **state)
{
	(void)state;
	for (enum perm perm = PERM_PUBLIC; perm <= PERM_MAX; perm++)
		for (int access = 0; access <= 4; access++)
			assert_int_equal(
			    perm_may(&askers[NOBODY], perm, access, false, false), WHO_ARE_YOU);
	assert_int_equal(perm_may(&askers[NOBODY], PERM_PUBLIC, -1, false, false), WHO_ARE_YOU);
	assert_int_equal(perm_may(&askers[USER], PERM_READ, 1, false, false), MAY);
}

static void
a_token_of_no_scope_may_nothing(void **state)
{
	const struct account none = { .id = 1, .uname = "root", .role = "admin", .is_admin = true };

	(void)state;
	for (enum perm perm = PERM_USER; perm <= PERM_MAX; perm++)
		assert_int_equal(perm_may(&none, perm, 3, false, true), MAY_NOT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_asker_gets_what_the_table_says),
		cmocka_unit_test(the_table_is_whole),
		cmocka_unit_test(without_anonymous_reading_nobody_learns_anything),
		cmocka_unit_test(a_token_of_no_scope_may_nothing),
	};

	return cmocka_run_group_tests_name("perm", tests, NULL, NULL);
}
