/* What the bytes of a file are, for the pages. */
#include "tests/unit/unit.h"

#include "cgi/web/file.h"

static void
images_are_known_by_their_bytes_alone(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *type;
	} rows[] = {
		{ "\x89PNG\r\n\x1a\n...", 11, "image/png" },
		{ "\x89PNG\r\n\x1a", 7, NULL },
		{ "\xff\xd8\xff\xe0", 4, "image/jpeg" },
		{ "GIF87a", 6, "image/gif" },
		{ "GIF89a/*", 8, "image/gif" },
		{ "GIF8", 4, NULL },
		{ "RIFF\1\0\0\0WEBP", 12, "image/webp" },
		{ "RIFF\1\0\0\0WAVE", 12, NULL },
		{ "RIFF\1\0\0\0WEB", 11, NULL },
		{ "<svg xmlns=", 11, NULL },
		{ "%PDF-1.4", 8, NULL },
		{ "", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *type = file_image(rows[i].bytes, rows[i].len);

		assert_true((type == NULL) == (rows[i].type == NULL));
		if (type != NULL)
			assert_string_equal(type, rows[i].type);
	}
}

static void
characters_that_turn_text_around_are_found(void **state)
{
	static const char *const with[] = { "\u202a", "\u202b", "\u202c", "\u202d", "a\u202e b",
		"\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f", "x\u061c", "\u2014 \u202e" };
	static const char *const without[] = { "", "a", "\u2014", "\u2013\u2018", "\u2065", "\u206a",
		"\u202f", "\u2029", "\u200b", "\xe2", "\xe2\x80", "\u05d0\u05d1", "\u061b" };

	(void)state;
	for (size_t i = 0; i < N_OF(with); i++)
		assert_true(file_has_bidi(with[i], strlen(with[i])));
	for (size_t i = 0; i < N_OF(without); i++)
		assert_false(file_has_bidi(without[i], strlen(without[i])));
	assert_false(file_has_bidi("\u202e", 2)); /* the end is the end */
}

#define OID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define V "version https://git-lfs.github.com/spec/v1\n"

static void
pointers_of_git_lfs_are_read(void **state)
{
	static const char *const good[] = { V "oid sha256:" OID "\nsize 12\n", V
		"ext-0-x sha256:" OID "\noid sha256:" OID "\nsize 12\n" };
	static const char *const bad[] = { "", V, V "oid sha256:" OID "\n", V "size 12\n",
		V "oid sha256:0123\nsize 12\n", V "oid md5:" OID "\nsize 12\n",
		V "oid sha256:" OID "\nsize -1\n", V "oid sha256:" OID "\nsize x\n",
		V "oid sha256:" OID "\nsize 99999999999999999999999999999999999999\n",
		"version https://example.com\noid sha256:" OID "\nsize 12\n" };
	struct file_lfs lfs;
	char long_text[2000] = V;

	(void)state;
	for (size_t i = 0; i < N_OF(good); i++) {
		assert_true(file_is_lfs(good[i], strlen(good[i]), &lfs));
		assert_string_equal(lfs.oid, OID);
		assert_int_equal(lfs.size_bytes, 12);
	}
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_false(file_is_lfs(bad[i], strlen(bad[i]), &lfs));
	assert_false(file_is_lfs(long_text, sizeof(long_text), &lfs));
}

/* checklists P-31 */
static void
names_for_saving_cannot_leave_their_header(void **state)
{
	static const struct {
		const char *name, *header;
	} rows[] = {
		{ "a.bin", "attachment; filename=\"a.bin\"; filename*=UTF-8''a.bin" },
		{ "a b", "attachment; filename=\"a b\"; filename*=UTF-8''a%20b" },
		{ "a\r\nX: y", "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y" },
		{ "\"\\%", "attachment; filename=\"___\"; filename*=UTF-8''%22%5C%25" },
		{ "\xff", "attachment; filename=\"_\"; filename*=UTF-8''%EF%BF%BD" },
	};
	struct ctx *c = *state;
	char *name = arena_alloc(c->mem, 5000);
	const char *header;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(file_attachment(c->mem, rows[i].name), rows[i].header);
	for (size_t pad = 0; pad < 3; pad++) { /* wherever the cut falls */
		memset(name, 'x', pad);
		memset(name + pad, ' ', 4000);
		header = file_attachment(c->mem, name);
		assert_true(strlen(header) < 400);
		assert_string_equal(header + strlen(header) - 3, "%20");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_are_known_by_their_bytes_alone),
		cmocka_unit_test(characters_that_turn_text_around_are_found),
		cmocka_unit_test(pointers_of_git_lfs_are_read),
		WITH_CTX(names_for_saving_cannot_leave_their_header),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
