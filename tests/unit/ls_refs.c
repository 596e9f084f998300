/* Lists of refs in pieces: one fingerprint, however they are told and wherever they are split. */
#include "tests/unit/script.h"

#include "git/ls_refs.h"
#include "git/refs.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define C "3333333333333333333333333333333333333333"

#define SERVICE "001e# service=git-upload-pack\n0000"

static int
feed(struct ctx *c, bool is_advert, const struct buf *text, size_t step, const char **out)
{
	struct git_ls_refs *l = git_ls_refs_new(c, is_advert, NULL, c->conf->sync_refs);

	for (size_t at = 0; at < text->len; at += step)
		TRY(git_ls_refs_feed(
		    l, text->data + at, text->len - at < step ? text->len - at : step));
	return git_ls_refs_end(l, out);
}

/* What a worker makes of the same advertisement. */
static int
published(struct ctx *c, const struct buf *text, const char **out)
{
	struct script s = { text->data, text->len, 0, 1 << 20 };
	struct git_wire wire = { .payload = &s, .is_rpc = true, .receive = script_receive };
	struct git_advert advert;

	TRY(git_advert_read(c, &wire, NULL, c->conf->sync_refs, &advert));
	*out = git_refs_fingerprint(c->mem, &advert.refs);
	return OK;
}

/* The same repository as both versions tell it. */
static const struct repository {
	const char *name, *v0[12], *v2[12];
} repositories[] = {
	{ "one branch and tags",
	    { A " HEAD|side-band symref=HEAD:refs/heads/main", A " refs/heads/main",
		A " refs/pull/1/head", B " refs/tags/v1", A " refs/tags/v1^{}", C " refs/tags/v2",
		NULL },
	    { A " HEAD symref-target:refs/heads/main", A " refs/heads/main",
		B " refs/tags/v1 peeled:" A, C " refs/tags/v2", NULL } },
	{ "a detached HEAD at a branch",
	    { B " HEAD|side-band", A " refs/heads/a", B " refs/heads/b", B " refs/heads/master",
		NULL },
	    { B " HEAD", A " refs/heads/a", B " refs/heads/b", B " refs/heads/master", NULL } },
	{ "a detached HEAD elsewhere", { C " HEAD|side-band", A " refs/heads/a", NULL },
	    { C " HEAD", A " refs/heads/a", NULL } },
	{ "nothing", { "0000000000000000000000000000000000000000 capabilities^{}|side-band", NULL },
	    { NULL } },
	{ "an unborn HEAD", { A " refs/heads/a|side-band", NULL },
	    { "unborn HEAD symref-target:refs/heads/main", A " refs/heads/a", NULL } },
	{ "a HEAD that we do not take",
	    { A " HEAD|symref=HEAD:refs/pull/1/head", A " refs/heads/a", A " refs/pull/1/head", NULL },
	    { A " HEAD symref-target:refs/pull/1/head", A " refs/heads/a", NULL } },
	{ "names that cannot be",
	    { A " HEAD|symref=HEAD:refs/heads/a", A " refs/heads/a", B " refs/heads/a/b",
		A " refs/heads/a-b", B " refs/heads/x..y", B " refs/tags/x.lock", NULL },
	    { A " HEAD symref-target:refs/heads/a", A " refs/heads/a", B " refs/heads/a/b",
		A " refs/heads/a-b", B " refs/heads/x..y", B " refs/tags/x.lock", NULL } },
	{ "no order",
	    { B " refs/tags/v1|side-band", A " refs/tags/v1^{}", A " refs/heads/z",
		A " refs/heads/a", NULL },
	    { A " refs/heads/z", B " refs/tags/v1", A " refs/heads/a", NULL } },
	{ "HEAD last",
	    { A " refs/heads/z|symref=HEAD:refs/heads/z", A " HEAD", NULL },
	    { A " refs/heads/z", A " HEAD symref-target:refs/heads/z", NULL } },
};

static void
both_versions_and_what_is_published_have_one_fingerprint(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 5, 7, 64, 1 << 20 };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(repositories); i++) {
		const struct repository *r = &repositories[i];
		struct buf *v0 = script_lines(c, SERVICE, r->v0), *v2 = script_lines(c, "", r->v2);
		const char *expected = NULL, *got;

		assert_int_equal(published(c, v0, &expected), OK);
		for (size_t k = 0; k < N_OF(steps); k++) {
			if (feed(c, true, v0, steps[k], &got) != OK || strcmp(got, expected) != 0)
				unit_fail("%s, version 0 by %zu: %s", r->name, steps[k], c->reason);
			if (feed(c, false, v2, steps[k], &got) != OK || strcmp(got, expected) != 0)
				unit_fail("%s, version 2 by %zu: %s", r->name, steps[k], c->reason);
		}
	}
}

static void
what_is_no_list_is_refused(void **state)
{
	static const struct {
		bool is_advert;
		const char *text;
		int code;
	} rows[] = {
		{ false, "", E_INVALID }, { true, "", E_INVALID }, { true, SERVICE, E_INVALID },
		{ false, "0000", OK }, { false, "000", E_INVALID }, { false, "0000000", E_INVALID },
		{ false, "00000000", OK }, { false, "zzzz", E_INVALID }, { false, "0001", E_INVALID },
		{ false, "fff5", E_INVALID }, { false, "00040000", E_INVALID },
		{ false, "003d" A " refs/heads/main\n", E_INVALID },
		{ false, "003d" A " refs/heads/main\n0000", OK },
		{ false, "003d" A " refs/heads/main\n003d" A " refs/heads/main\n0000", E_INVALID },
		{ false, "0031" A "\n0000", E_INVALID }, { false, "0009hello0000", E_INVALID },
		{ false, "0012ERR who are you0000", E_NOTFOUND },
		{ true, "0000", E_INVALID }, { true, "003d" A " refs/heads/main\n0000", E_INVALID },
		{ false, "<html></html>", E_INVALID }, { true, "<html></html>", E_INVALID },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		for (size_t step = 1; step < 70; step += 60) {
			struct buf *text = buf_new(c->mem, 4096);
			const char *got;

			buf_text(text, rows[i].text);
			if (feed(c, rows[i].is_advert, text, step, &got) != rows[i].code)
				unit_fail("\"%s\": %s", rows[i].text, c->reason);
		}
}

static void
the_list_of_capabilities_of_version_2_is_known(void **state)
{
	static const char *const texts[] = { "000eversion 2\n0012ls-refs=unborn0000",
		SERVICE "000eversion 2\n0012ls-refs=unborn0000" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(texts); i++) {
		struct git_ls_refs *l = git_ls_refs_new(c, true, NULL, 10);
		const char *got;

		assert_int_equal(git_ls_refs_feed(l, texts[i], strlen(texts[i])), OK);
		assert_true(git_ls_refs_is_v2_advert(l));
		assert_int_equal(git_ls_refs_end(l, &got), E_INVALID);
	}
}

static void
there_are_no_more_refs_than_may_be(void **state)
{
	static const char text[] = "003d" A " refs/heads/main\n003a" A " refs/heads/x\n\n";
	struct ctx *c = *state;
	struct git_ls_refs *l = git_ls_refs_new(c, false, NULL, 1);

	assert_int_equal(git_ls_refs_feed(l, text, 0x3d), OK);
	assert_int_equal(git_ls_refs_feed(l, text + 0x3d, 0x3a), E_DENIED);
}

static void
sha256_is_refused(void **state)
{
	static const char *const lines[] = { A " HEAD|object-format=sha256", NULL };
	struct ctx *c = *state;
	const char *got;

	assert_int_equal(feed(c, true, script_lines(c, SERVICE, lines), 9, &got), E_INVALID);
	assert_non_null(strstr(c->reason, "SHA-256"));
}

static void
what_is_asked_for_is_what_can_be_taken(void **state)
{
	struct ctx *c = *state;
	const struct git_filter *filter;

	assert_string_equal(git_ls_refs_request(c, NULL),
	    "0014command=ls-refs\n0001000csymrefs\n0014ref-prefix HEAD\n"
	    "001bref-prefix refs/heads/\n001aref-prefix refs/tags/\n0000");
	assert_int_equal(git_filter_parse(c, "refs/changes/*\n", "", &filter), OK);
	assert_string_equal(git_ls_refs_request(c, filter),
	    "0014command=ls-refs\n0001000csymrefs\n0014ref-prefix HEAD\n"
	    "001dref-prefix refs/changes/\n0000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(both_versions_and_what_is_published_have_one_fingerprint),
		WITH_GIT(what_is_no_list_is_refused),
		WITH_GIT(the_list_of_capabilities_of_version_2_is_known),
		WITH_GIT(there_are_no_more_refs_than_may_be),
		WITH_GIT(sha256_is_refused),
		WITH_GIT(what_is_asked_for_is_what_can_be_taken),
	};

	return cmocka_run_group_tests_name("ls_refs", tests, NULL, NULL);
}
