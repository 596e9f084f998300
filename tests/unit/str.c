#include "tests/unit/unit.h"

#include "base/str.h"

static void
equality_knows_null(void **state)
{
	(void)state;
	assert_true(str_is_equal("a", "a"));
	assert_false(str_is_equal("a", "A"));
	assert_true(str_is_equal(NULL, NULL));
	assert_false(str_is_equal("", NULL));
	assert_false(str_is_equal(NULL, ""));
}

static void
case_is_ascii_only(void **state)
{
	struct ctx *c = *state;

	assert_true(str_is_equal_nocase("AbZ[", "aBz["));
	assert_false(str_is_equal_nocase("abc", "abcd"));
	assert_false(str_is_equal_nocase("@", "`"));
	assert_string_equal(str_lower(c->mem, "ABCZ[\xc3\x84"), "abcz[\xc3\x84");
}

static void
starts_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts("https://x", "https://"));
	assert_false(str_starts("http", "https"));
	assert_true(str_starts("a", ""));
	assert_true(str_ends("x.git", ".git"));
	assert_false(str_ends("git", ".git"));
	assert_true(str_ends("a", ""));
}

static void
integers_are_whole_and_within_64_bits(void **state)
{
	static const struct {
		const char *text;
		bool is_int;
		int64_t n;
	} rows[] = {
		{ "0", true, 0 },
		{ "-1", true, -1 },
		{ "007", true, 7 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1\n", false, 0 },
		{ "0x10", false, 0 },
		{ "1.0", false, 0 },
		{ "1e3", false, 0 },
		{ "12abc", false, 0 },
		{ "--1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		int64_t n = 0;

		assert_int_equal(str_is_int(rows[i].text, &n), rows[i].is_int);
		assert_int_equal(n, rows[i].n);
	}
}

/* Text, its first sequence's length, and what str_utf8 makes of the whole. */
static const struct {
	const char *bytes;
	size_t first;
	const char *repaired;
} utf8_rows[] = {
	{ "a", 1, "a" },
	{ "\x7f", 1, "\x7f" },
	{ "\xc2\x80", 2, "\xc2\x80" },
	{ "\xdf\xbf", 2, "\xdf\xbf" },
	{ "\xe0\xa0\x80", 3, "\xe0\xa0\x80" },
	{ "\xed\x9f\xbf", 3, "\xed\x9f\xbf" },
	{ "\xee\x80\x80", 3, "\xee\x80\x80" },
	{ "\xf0\x90\x80\x80", 4, "\xf0\x90\x80\x80" },
	{ "\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf" },
	/* overlong */
	{ "\xc0\xaf", 0, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xc1\xbf", 0, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xe0\x80\xaf", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xf0\x80\x80\xaf", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	/* surrogates, beyond the end */
	{ "\xed\xa0\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xf4\x90\x80\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xf5\x80\x80\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	/* alone, cut, interrupted */
	{ "\x80", 0, "\xef\xbf\xbd" },
	{ "\xff\xfe", 0, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xc3", 0, "\xef\xbf\xbd" },
	{ "\xe2\x82", 0, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xe2\x28\xa1", 0, "\xef\xbf\xbd(\xef\xbf\xbd" },
};

static void
utf8_is_what_rfc_3629_says(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(utf8_rows); i++) {
		const char *bytes = utf8_rows[i].bytes;
		size_t len = strlen(bytes);

		assert_int_equal(str_utf8_len(bytes, len), utf8_rows[i].first);
		assert_int_equal(str_is_utf8(bytes, len), utf8_rows[i].first != 0);
		assert_string_equal(str_utf8(c->mem, bytes, len), utf8_rows[i].repaired);
	}
}

static void
a_nul_inside_becomes_visible(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(str_utf8(c->mem, "a\0b", 3),
	    "a\xef\xbf\xbd"
	    "b");
}

static void
printable_has_no_control_bytes(void **state)
{
	(void)state;
	assert_true(str_is_printable("a b ~ \xc3\xa9"));
	assert_true(str_is_printable(""));
	assert_false(str_is_printable("a\nb"));
	assert_false(str_is_printable("\x1b[31m"));
	assert_false(str_is_printable("\x7f"));
	assert_false(str_is_printable("tab\t"));
}

static void
hex_goes_both_ways(void **state)
{
	struct ctx *c = *state;
	unsigned char bytes[3];

	assert_string_equal(str_hex(c->mem, "\x00\xaf\x10", 3), "00af10");
	assert_true(str_is_hex("00AF10", bytes, 3));
	assert_memory_equal(bytes, "\x00\xaf\x10", 3);
	assert_false(str_is_hex("00af1", bytes, 3));
	assert_false(str_is_hex("00af1g", bytes, 3));
	assert_false(str_is_hex("00af1000", bytes, 3));
	assert_false(str_is_hex("00 f10", bytes, 3));
	assert_string_equal(str_hex(c->mem, "", 0), "");
}

static void
base64_goes_both_ways(void **state)
{
	/* RFC 4648, section 10 */
	static const char *const rows[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xfb\xff", "+/8=" } };
	struct ctx *c = *state;
	size_t len;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_string_equal(str_base64(c->mem, rows[i][0], strlen(rows[i][0])), rows[i][1]);
		assert_string_equal(str_unbase64(c->mem, rows[i][1], &len), rows[i][0]);
		assert_int_equal(len, strlen(rows[i][0]));
	}
}

static void
what_is_not_base64_is_refused(void **state)
{
	static const char *const rows[] = { "Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zm 9v", "Zm9v\n",
		"-_8=", "Zh==", "Z===", "=Zg=", "Zg==Zg==", "\xc3\xa9==" };
	struct ctx *c = *state;
	size_t len;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_null(str_unbase64(c->mem, rows[i], &len));
}

static void
percent_is_decoded_once(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(str_unpercent(c->mem, "a%20b%2Fc%2fd", 13, false), "a b/c/d");
	assert_string_equal(str_unpercent(c->mem, "%252e", 5, false), "%2e");
	assert_string_equal(str_unpercent(c->mem, "a+b", 3, false), "a+b");
	assert_string_equal(str_unpercent(c->mem, "a+b%2B", 6, true), "a b+");
	assert_string_equal(str_unpercent(c->mem, "abcdef", 3, false), "abc");
	assert_string_equal(str_unpercent(c->mem, "", 0, false), "");
}

static void
bad_escapes_and_nul_are_refused(void **state)
{
	static const char *const rows[] = { "%", "%2", "%zz", "%2g", "%g2", "a%", "%00", "a%00b",
		"%-1", "% 1", "%+1" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_null(str_unpercent(c->mem, rows[i], strlen(rows[i]), false));
	assert_null(str_unpercent(c->mem, "a\0b", 3, false));
	assert_null(str_unpercent(c->mem, "%20", 2, false)); /* cut before the second digit */
}

static void
percent_encoding_keeps_unreserved_characters_only(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(str_percent(c->mem, "aZ09-._~"), "aZ09-._~");
	assert_string_equal(str_percent(c->mem, "a b/c?d#e%f&g\"\xc3\xa9\n"),
	    "a%20b%2Fc%3Fd%23e%25f%26g%22%C3%A9%0A");
	assert_string_equal(str_percent_path(c->mem, "a/b c"), "a/b%20c");
}

static void
split_keeps_empty_parts(void **state)
{
	struct ctx *c = *state;
	size_t n;
	char **parts = str_split(c->mem, "/a//b/", '/', &n);

	assert_int_equal(n, 5);
	assert_string_equal(parts[0], "");
	assert_string_equal(parts[1], "a");
	assert_string_equal(parts[2], "");
	assert_string_equal(parts[3], "b");
	assert_string_equal(parts[4], "");
	assert_null(parts[5]);
	parts = str_split(c->mem, "", '/', &n);
	assert_int_equal(n, 1);
	assert_string_equal(parts[0], "");
}

static void
secrets_compare_by_their_whole_length(void **state)
{
	(void)state;
	assert_true(str_is_same_secret("abc", "abc"));
	assert_true(str_is_same_secret("", ""));
	assert_false(str_is_same_secret("abc", "abd"));
	assert_false(str_is_same_secret("abc", "abcd"));
	assert_false(str_is_same_secret("abc", ""));
}

static void
characters_are_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(str_characters(""), 0);
	assert_int_equal(str_characters("abc"), 3);
	assert_int_equal(str_characters("\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xe2\x82\xac"), 6);
	assert_int_equal(str_characters("\xf0\x9f\x90\xa7"), 1);
}

static void
url_secrets_are_redacted(void **state)
{
	static const char *const rows[][2] = {
		{ "no url", "no url" },
		{ "https://h/x", "https://h/x" },
		{ "https://u:p@h/x", "https://u:***@h/x" },
		{ "get https://u:p@h/x, then http://a:b@c",
		    "get https://u:***@h/x, then http://a:***@c" },
		{ "https://u:p@ss@h/x", "https://u:***@h/x" },
		{ "https://u:@h", "https://u:***@h" },
		{ "https://:p@h", "https://:***@h" },
		{ "https://h:8080/x@y:z", "https://h:8080/x@y:z" },
		{ "ssh://git@h:22/x", "ssh://git@h:22/x" },
		/* a token in the place of the name, as GitHub allows */
		{ "https://ghp_0123@h/x", "https://***@h/x" },
		{ "http://t@h", "http://***@h" },
		{ "'https://u:p@h'", "'https://u:***@h'" },
		{ "://", "://" },
		{ "a://b://c:d@e", "a://b://c:***@e" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(str_redact(c->mem, rows[i][0]), rows[i][1]);
}

static void
a_size_is_said_in_thousands(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} rows[] = { { 0, "0 bytes" }, { 1, "1 byte" }, { 999, "999 bytes" }, { 1000, "1.0 kB" },
		{ 3449, "3.4 kB" }, { 9999, "10 kB" }, { 999499, "999 kB" }, { 999500, "1.0 MB" },
		{ 12345678, "12 MB" }, { INT64_MAX, "9.2 EB" } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(str_size(c->mem, rows[i].bytes), rows[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_knows_null),
		WITH_CTX(case_is_ascii_only),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(integers_are_whole_and_within_64_bits),
		WITH_CTX(utf8_is_what_rfc_3629_says),
		cmocka_unit_test(characters_are_not_bytes),
		WITH_CTX(a_nul_inside_becomes_visible),
		cmocka_unit_test(printable_has_no_control_bytes),
		WITH_CTX(hex_goes_both_ways),
		WITH_CTX(base64_goes_both_ways),
		WITH_CTX(what_is_not_base64_is_refused),
		WITH_CTX(percent_is_decoded_once),
		WITH_CTX(bad_escapes_and_nul_are_refused),
		WITH_CTX(percent_encoding_keeps_unreserved_characters_only),
		WITH_CTX(split_keeps_empty_parts),
		cmocka_unit_test(secrets_compare_by_their_whole_length),
		WITH_CTX(url_secrets_are_redacted),
		WITH_CTX(a_size_is_said_in_thousands),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
