#include "tests/unit/unit.h"

#include "base/field.h"

struct row {
	bool is_open;
	const char *name;
	int64_t size;
};

static const struct field fields[] = { FIELD_MAX(row, name, 40), FIELD_AS(row, size, "bytes"),
	FIELD(row, is_open), { 0 } };

static void
the_type_comes_from_the_member(void **state)
{
	(void)state;
	assert_int_equal(fields[0].type, F_TEXT);
	assert_int_equal(fields[1].type, F_INT);
	assert_int_equal(fields[2].type, F_BOOL);
}

static void
names_and_limits_are_kept(void **state)
{
	(void)state;
	assert_string_equal(fields[0].name, "name");
	assert_int_equal(fields[0].max, 40);
	assert_string_equal(fields[1].name, "bytes");
	assert_int_equal(fields[1].max, 0);
}

static void
field_at_points_to_the_member(void **state)
{
	struct row r = { .size = 7, .name = "x" };

	(void)state;
	*FIELD_AT(&r, &fields[2], bool) = true;
	assert_true(r.is_open);
	assert_int_equal(*FIELD_AT(&r, &fields[1], int64_t), 7);
	assert_ptr_equal(*FIELD_AT(&r, &fields[0], const char *), r.name);
}

static void
size_covers_the_last_member(void **state)
{
	static const struct field none[] = { { 0 } };

	(void)state;
	assert_int_equal(field_size(fields), sizeof(struct row));
	assert_int_equal(field_size(none), 0);
}

static void
a_field_is_found_by_its_exact_name(void **state)
{
	(void)state;
	assert_ptr_equal(field_by_name(fields, "bytes"), &fields[1]);
	assert_null(field_by_name(fields, "size"));
	assert_null(field_by_name(fields, "Bytes"));
	assert_null(field_by_name(fields, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_type_comes_from_the_member),
		cmocka_unit_test(names_and_limits_are_kept),
		cmocka_unit_test(field_at_points_to_the_member),
		cmocka_unit_test(size_covers_the_last_member),
		cmocka_unit_test(a_field_is_found_by_its_exact_name),
	};

	return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
