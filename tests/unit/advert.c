/* Lists of refs told without Git: what is asked, and the bytes of the answers. */
#include "tests/unit/unit.h"

#include "base/buf.h"
#include "cgi/git/advert.h"
#include "cgi/git/pkt.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"

static const struct git_store_ref rows[] = {
	{ .name = "HEAD", .oid = A, .symref = "refs/heads/main" },
	{ .name = "refs/heads/main", .oid = A },
	{ .name = "refs/tags/v1", .oid = B, .peeled = A },
};

static const struct git_reflist refs = { .rows = rows, .n = 3, .head = "refs/heads/main" };
static const struct git_reflist unborn = { .rows = rows + 1, .n = 2, .head = "refs/heads/new" };

static bool
parses(struct arena *mem, const char *text)
{
	struct advert_ask *ask = arena_new_of(mem, struct advert_ask);

	return advert_ask_parse(mem, text, strlen(text), ask);
}

static void
only_a_whole_known_request_is_answered(void **state)
{
	struct arena *mem = ((struct ctx *)*state)->mem;

	assert_true(parses(mem, "0013command=ls-refs0000"));
	assert_true(parses(mem, "0014command=ls-refs\n0000"));
	assert_true(parses(mem, "0014command=ls-refs\n00010009peel\n0000"));
	assert_false(parses(mem, ""));
	assert_false(parses(mem, "0014command=ls-refs\n"));
	assert_false(parses(mem, "0014command=ls-refs\n0000x"));
	assert_false(parses(mem, "0014command=ls-refs\n00000000"));
	assert_false(parses(mem, "0014command=ls-refs\n0002"));
	assert_false(parses(mem, "0014command=ls-refs\n00010001"));
	assert_false(parses(mem, "0014command=ls-refs\n0001ffffpeel"));
	assert_false(parses(mem, "0014command=ls-refs\n0001000apeels\n0000"));
	assert_false(parses(mem, "0014command=ls-refs\n0018object-format=sha2560000"));
	assert_false(parses(mem, "0012command=fetch\n0000"));
	assert_false(parses(mem, "00010014command=ls-refs\n0000"));
}

static const char *
answer(struct arena *mem, const char *args, const struct git_reflist *list)
{
	struct advert_ask *ask = arena_new_of(mem, struct advert_ask);
	const char *request = arena_printf(mem, "0014command=ls-refs\n0001%s0000", args);
	struct buf *b = buf_new(mem, 4096);

	assert_true(advert_ask_parse(mem, request, strlen(request), ask));
	advert_ask_add(b, ask, list);
	return b->data;
}

#define HEAD_LINE "0032" A " HEAD\n"
#define MAIN_LINE "003d" A " refs/heads/main\n"
#define TAG_LINE "003a" B " refs/tags/v1\n"

static void
ls_refs_tells_what_was_asked(void **state)
{
	struct arena *mem = ((struct ctx *)*state)->mem;

	assert_string_equal(answer(mem, "", &refs), HEAD_LINE MAIN_LINE TAG_LINE "0000");
	assert_string_equal(answer(mem, "0009peel\n", &unborn),
	    MAIN_LINE "006a" B " refs/tags/v1 peeled:" A "\n0000");
	assert_string_equal(answer(mem, "001bref-prefix refs/heads/\n", &refs), MAIN_LINE "0000");
	assert_string_equal(answer(mem, "0014ref-prefix HEAD\n000csymrefs\n", &refs),
	    "0050" A " HEAD symref-target:refs/heads/main\n0000");
	assert_string_equal(answer(mem, "0016ref-prefix nothing", &refs), "0000");
}

static void
an_unborn_head_is_told_to_those_who_know_of_it(void **state)
{
	struct arena *mem = ((struct ctx *)*state)->mem;

	assert_string_equal(answer(mem, "0014ref-prefix HEAD\n000bunborn\n000csymrefs\n", &unborn),
	    "002dunborn HEAD symref-target:refs/heads/new\n0000");
	assert_string_equal(answer(mem, "0014ref-prefix HEAD\n000bunborn\n", &unborn), "0000");
	assert_string_equal(answer(mem, "0014ref-prefix HEAD\n000csymrefs\n", &unborn), "0000");
}

static void
words_of_one_store_serve_another(void **state)
{
	static const char said[] = "005c" A " HEAD\0side-band symref=HEAD:refs/heads/x filter\n0000";
	struct arena *mem = ((struct ctx *)*state)->mem;
	struct buf *b = buf_new(mem, 4096);
	const char *words;

	words = advert_find_words(mem, said, sizeof(said) - 1);
	assert_string_equal(words, "side-band symref=HEAD:refs/heads/x filter");
	advert_add(b, 1, words, &refs);
	assert_memory_equal(b->data, "000eversion 1\n", 14);
	assert_string_equal(b->data + 14 + 4 + 40 + strlen(" HEAD") + 1,
	    "side-band symref=HEAD:refs/heads/main filter\n" MAIN_LINE TAG_LINE
	    "003d" A " refs/tags/v1^{}\n0000");
	buf_clear(b);
	advert_add(b, 0, words, &unborn);
	assert_string_equal(b->data + 4 + 40 + strlen(" refs/heads/main") + 1,
	    "side-band filter\n" TAG_LINE "003d" A " refs/tags/v1^{}\n0000");
	assert_null(advert_find_words(mem, "0000", 4));
	assert_null(advert_find_words(mem, "ffff", 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(only_a_whole_known_request_is_answered),
		WITH_CTX(ls_refs_tells_what_was_asked),
		WITH_CTX(an_unborn_head_is_told_to_those_who_know_of_it),
		WITH_CTX(words_of_one_store_serve_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
