/* Reading grokmirror's manifests as they come, in pieces of any size. */
#include "sync/manifest_scan.h"

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "sync/manifest.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"

static int
note(void *payload, const char *path, const char *fingerprint)
{
	buf_printf(payload, "%.2s %s\n", fingerprint, path);
	return OK;
}

/* In pieces of that many bytes. */
static int
read_in(struct ctx *c, const char *text, size_t step, const char **found_out)
{
	struct manifest_scan *s = arena_new_of(c->mem, struct manifest_scan);
	struct buf *found = buf_new(c->mem, 1 << 20);
	size_t len = strlen(text);

	s->found = note;
	s->payload = found;
	for (size_t i = 0; i < len; i += step)
		TRY(manifest_scan(c, s, text + i, len - i < step ? len - i : step));
	*found_out = found->data;
	return manifest_scan_end(c, s);
}

static void
assert_found(struct ctx *c, const char *text, const char *wanted)
{
	const char *found;

	for (size_t step = 1; step < 40; step += 6) {
		assert_int_equal(read_in(c, text, step, &found), OK);
		assert_string_equal(found, wanted);
	}
}

static void
paths_and_fingerprints_are_all_that_is_taken(void **state)
{
	assert_found(*state,
	    "{\"/a.git\": {\"description\": \"x \\\" y\", \"fingerprint\": \"" A "\", \"modified\": "
	    "1.5e3, \"reference\": null, \"symlinks\": [\"/l.git\", {\"fingerprint\": \"" B
	    "\"}]},\n\"b.git\":{\"fingerprint\":\"" B "\",\"head\":true}}\n",
	    "11 /a.git\n22 b.git\n");
	assert_found(*state, " { } ", "");
}

static void
a_repository_without_a_fingerprint_is_passed_over(void **state)
{
	assert_found(*state,
	    "{\"/a\":{\"fingerprint\":null},\"/b\":{\"fingerprint\":\"12\"},\"/c\":{},"
	    "\"/d\":{\"x\":{\"fingerprint\":\"" A "\"}},\"/e\":[{\"fingerprint\":\"" A "\"}],"
	    "\"/f\":7,\"fingerprint\":\"" A "\",\"/g\":{\"fingerprint\":\"" A "\"}}",
	    "11 /g\n");
}

static void
escapes_are_read_and_halves_of_pairs_are_no_path(void **state)
{
	assert_found(*state,
	    "{\"\\/\\u00e4\\u20ac\\ud83d\\ude00\":{\"fingerprint\":\"" A "\"},"
	    "\"/\\ud83d\":{\"fingerprint\":\"" A "\"},\"/\\ude00\":{\"fingerprint\":\"" A "\"},"
	    "\"/\\u0000\":{\"fingerprint\":\"" A "\"}}",
	    "11 /\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n");
}

static void
what_is_no_json_is_refused(void **state)
{
	static const char *const wrong[] = { "[]", "\"x\"", "7", "{", "{\"a\"}", "{\"a\":}",
		"{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\":[1,]}", "{}{}", "{\"a\":\"\n\"}",
		"{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":[}", "{\"a\":{]}", "{a:1}", "" };
	const char *found;

	for (size_t i = 0; i < N_OF(wrong); i++)
		assert_int_equal(read_in(*state, wrong[i], 3, &found), E_INVALID);
}

static void
depth_and_length_have_limits(void **state)
{
	struct ctx *c = *state;
	struct buf *deep = buf_new(c->mem, 1000), *wide = buf_new(c->mem, 1 << 24);
	const char *found;
	char *long_path = arena_alloc(c->mem, 3000);

	buf_text(deep, "{\"a\":");
	for (int i = 0; i < MANIFEST_DEPTH_MAX; i++)
		buf_char(deep, '[');
	assert_int_equal(read_in(c, deep->data, 99, &found), E_INVALID);
	for (int i = 0; i <= MANIFEST_ENTRIES_MAX; i++)
		buf_text(wide, i == 0 ? "{\"a\":{}" : ",\"a\":{}");
	buf_char(wide, '}');
	assert_int_equal(read_in(c, wide->data, 4096, &found), E_INVALID);
	memset(long_path, 'x', 2999);
	assert_found(c,
	    arena_printf(c->mem, "{\"%s\":{\"fingerprint\":\"" A "\"},\"/b\":{\"fingerprint\":\"" B
				 "\"}}", long_path),
	    "22 /b\n");
}

static void
a_line_is_a_fingerprint_and_a_path(void **state)
{
	(void)state;
	assert_true(manifest_is_line(A " /a.git", 47));
	assert_false(manifest_is_line(A " a.git", 46));
	assert_false(manifest_is_line(A "/a.git", 46));
	assert_false(manifest_is_line("x" A " /a", 44));
	assert_false(manifest_is_line(A " /a\tb", 45));
	assert_false(manifest_is_line(A " /\xff", 43));
	assert_false(manifest_is_line(A, 40));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(paths_and_fingerprints_are_all_that_is_taken),
		WITH_CTX(a_repository_without_a_fingerprint_is_passed_over),
		WITH_CTX(escapes_are_read_and_halves_of_pairs_are_no_path),
		WITH_CTX(what_is_no_json_is_refused),
		WITH_CTX(depth_and_length_have_limits),
		WITH_CTX(a_line_is_a_fingerprint_and_a_path),
	};

	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
