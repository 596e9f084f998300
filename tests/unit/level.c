/* RhodeCode's texts of levels, in both spellings. */
#include "core/level.h"
#include "tests/unit/unit.h"

static void
a_level_is_known_by_its_text(void **state)
{
	static const struct {
		const char *kind, *text;
		enum level_kind is;
		int64_t level;
	} rows[] = {
		{ "group", "group.none", LEVEL_FITS, 0 },
		{ "group", "group_read", LEVEL_FITS, 1 },
		{ "usergroup", "usergroup.write", LEVEL_FITS, 2 },
		{ "repository", "repository_admin", LEVEL_FITS, 3 },
		{ "group", "repository.read", LEVEL_OF_OTHERS, -1 },
		{ "group", "usergroup.read", LEVEL_OF_OTHERS, -1 },
		{ "usergroup", "group.read", LEVEL_OF_OTHERS, -1 },
		{ "repository", "hg.admin", LEVEL_OF_OTHERS, -1 },
		{ "repository", "hg.create.repository", LEVEL_OF_OTHERS, -1 },
		{ "group", "", LEVEL_UNKNOWN, -1 },
		{ "group", "read", LEVEL_UNKNOWN, -1 },
		{ "group", "group", LEVEL_UNKNOWN, -1 },
		{ "group", "group.", LEVEL_UNKNOWN, -1 },
		{ "group", "group.reader", LEVEL_UNKNOWN, -1 },
		{ "group", "groups.read", LEVEL_UNKNOWN, -1 },
		{ "group", "Group.read", LEVEL_UNKNOWN, -1 },
		{ "group", "haha.no.permission", LEVEL_UNKNOWN, -1 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		int64_t level = -1;

		if (level_parse(rows[i].kind, rows[i].text, &level) != rows[i].is ||
		    level != rows[i].level)
			unit_fail("%s of %s", rows[i].text, rows[i].kind);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_level_is_known_by_its_text) };

	return cmocka_run_group_tests_name("level", tests, NULL, NULL);
}
