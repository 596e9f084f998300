/* What a target tells of itself before anything is pushed to it. */
#include "tests/unit/script.h"

#include "git/receive.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define ZERO "0000000000000000000000000000000000000000"
#define SERVICE "001f# service=git-receive-pack\n0000"
#define CAN "|report-status delete-refs side-band-64k quiet ofs-delta agent=git/2.39.5"

static int
read_text(struct ctx *c, const char *text, size_t len, bool is_rpc, struct git_receive *out)
{
	struct script s = { text, len, 0, 7 };
	struct git_wire wire = { .payload = &s, .is_rpc = is_rpc, .receive = script_receive };

	return git_receive_read(c, &wire, out);
}

/* The same over both kinds of wire. */
static int
read_lines(struct ctx *c, const char *const *lines, struct git_receive *out)
{
	struct buf *http = script_lines(c, SERVICE, lines), *stream = script_lines(c, "", lines);
	struct git_receive other;
	int code = read_text(c, stream->data, stream->len, false, out);

	assert_int_equal(read_text(c, http->data, http->len, true, &other), code);
	if (code == OK)
		assert_int_equal(other.refs.n, out->refs.n);
	return code;
}

static void
all_its_refs_are_read_in_order(void **state)
{
	static const char *const lines[] = { B " refs/tags/v1" CAN, A " refs/heads/main",
		A " refs/pull/1/head", A " refs/heads/a", NULL };
	struct ctx *c = *state;
	struct git_receive r;

	assert_int_equal(read_lines(c, lines, &r), OK);
	assert_int_equal(r.refs.n, 4);
	assert_string_equal(r.refs.rows[0].name, "refs/heads/a");
	assert_string_equal(r.refs.rows[3].name, "refs/tags/v1");
	assert_string_equal(str_hex(c->mem, r.refs.rows[3].oid, GIT_OID_BYTES), B);
	assert_null(r.refs.head);
	assert_int_equal(r.n_others, 0);
}

static void
an_empty_target_has_none(void **state)
{
	static const char *const lines[] = { ZERO " capabilities^{}" CAN, NULL };
	struct git_receive r;

	assert_int_equal(read_lines(*state, lines, &r), OK);
	assert_int_equal(r.refs.n, 0);
}

static void
git_itself_is_understood(void **state)
{
	struct ctx *c = *state;
	const char *dir = path_under(c->mem, unit_folder(c), "target.git"), *main_id;
	struct git_receive r;
	struct buf *text;

	repo_init(c, dir);
	assert_int_equal(
	    repo_try(c, dir, "0000", 4, &text, (const char *const[]){ "receive-pack", ".", NULL }),
	    0);
	assert_int_equal(read_text(c, text->data, text->len, false, &r), OK);
	assert_int_equal(r.refs.n, 0);
	main_id = repo_commit(c, dir, "main", "one");
	assert_int_equal(
	    repo_try(c, dir, "0000", 4, &text, (const char *const[]){ "receive-pack", ".", NULL }),
	    0);
	assert_int_equal(read_text(c, text->data, text->len, false, &r), OK);
	assert_int_equal(r.refs.n, 1);
	assert_string_equal(str_hex(c->mem, r.refs.rows[0].oid, GIT_OID_BYTES), main_id);
	assert_true(r.reports && r.deletes && r.takes_ofs_delta && r.takes_thin &&
	    r.has_side_band && r.is_quiet);
}

static void
what_it_can_do_is_said_by_whole_words(void **state)
{
	static const struct {
		const char *words;
		bool deletes, takes_ofs_delta, takes_thin, has_side_band, is_quiet;
	} rows[] = {
		{ "report-status", false, false, true, false, false },
		{ "delete-refs report-status ofs-delta side-band-64k quiet no-thin", true, true,
		    false, true, true },
		{ "report-status xdelete-refs delete-refsx ofs-delta=1 side-band unquiet "
		  "no-thinner",
		    false, false, true, false, false },
		{ "report-status agent=delete-refs", false, false, true, false, false },
		{ "report-status delete-refs-delete-refs delete-refs", true, false, true, false,
		    false },
		{ "report-status object-format=sha1", false, false, true, false, false },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *const lines[] = {
			arena_printf(c->mem, A " refs/heads/main|%s", rows[i].words), NULL
		};
		struct git_receive r;

		assert_int_equal(read_lines(c, lines, &r), OK);
		if (r.deletes != rows[i].deletes || r.takes_ofs_delta != rows[i].takes_ofs_delta ||
		    r.takes_thin != rows[i].takes_thin || r.is_quiet != rows[i].is_quiet ||
		    r.has_side_band != rows[i].has_side_band)
			unit_fail("%s", rows[i].words);
	}
}

static void
tips_of_other_stores_are_no_refs(void **state)
{
	static const char *const lines[] = { A " refs/heads/main" CAN, B " .have", A " .have",
		NULL };
	struct ctx *c = *state;
	struct git_receive r;

	assert_int_equal(read_lines(c, lines, &r), OK);
	assert_int_equal(r.refs.n, 1);
	assert_int_equal(r.n_others, 2);
	assert_string_equal(str_hex(c->mem, r.others[0], GIT_OID_BYTES), B);
}

static void
names_that_we_never_push_to_are_passed_over(void **state)
{
	struct ctx *c = *state;
	char *longest = arena_alloc(c->mem, GIT_REF_NAME_MAX + 2);
	struct git_receive r;

	memset(longest, 'x', GIT_REF_NAME_MAX + 1);
	memcpy(longest, "refs/heads/", 11);
	longest[GIT_REF_NAME_MAX + 1] = '\0';

	const char *const lines[] = { A " HEAD" CAN, A " refs/heads/main", A " heads/x", A " ",
		arena_printf(c->mem, A " %s", longest),
		arena_printf(c->mem, A " %.*s", GIT_REF_NAME_MAX, longest), NULL };

	assert_int_equal(read_lines(c, lines, &r), OK);
	assert_int_equal(r.refs.n, 2);
}

static void
what_is_no_advertisement_is_refused(void **state)
{
	static const struct {
		const char *lines[4];
		int code;
		const char *why;
	} rows[] = {
		{ { NULL }, E_INVALID, "the target does not speak" },
		{ { A " refs/heads/main", NULL }, E_INVALID, "the target does not speak" },
		{ { A "|report-status", NULL }, E_INVALID, "the target does not speak" },
		{ { A "-refs/heads/main" CAN, NULL }, E_INVALID, "the target does not speak" },
		{ { "x" A " refs/heads/main" CAN, NULL }, E_INVALID, "the target does not speak" },
		{ { A " refs/heads/main" CAN, "zz" A " refs/heads/x", NULL }, E_INVALID,
		    "the target does not speak" },
		{ { A " refs/heads/main" CAN, A, NULL }, E_INVALID, "the target does not speak" },
		{ { "<html>", NULL }, E_INVALID, "the target does not speak" },
		/* a name twice: which one is there? */
		{ { A " refs/heads/main" CAN, B " refs/heads/main", NULL }, E_INVALID, "twice" },
		{ { A " refs/heads/main|report-status object-format=sha256", NULL }, E_INVALID,
		    "SHA-1" },
		{ { A " refs/heads/main|delete-refs", NULL }, E_INVALID, "does not report" },
		{ { A " refs/heads/main|report-status-v2 xreport-status", NULL }, E_INVALID,
		    "does not report" },
		{ { "ERR no such\x1b[31m project", NULL }, E_NOTFOUND,
		    "says: no such?[31m project" },
		{ { A " refs/heads/main" CAN, "ERR gone in the middle", NULL }, E_NOTFOUND,
		    "gone in" },
		{ { "version 1", A " refs/heads/main" CAN, "shallow " A, NULL }, OK, "" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct git_receive r;

		c->reason = "";
		if (read_lines(c, rows[i].lines, &r) != rows[i].code ||
		    strstr(c->reason, rows[i].why) == NULL)
			unit_fail("row %zu: %s", i, c->reason);
	}
}

static void
one_that_is_cut_off_is_never_taken_for_a_shorter_one(void **state)
{
	static const char *const lines[] = { A " refs/heads/main" CAN, B " refs/tags/v1", NULL };
	struct ctx *c = *state;
	const struct buf *text = script_lines(c, "", lines),
			 *http = script_lines(c, SERVICE, lines);
	struct git_receive r;

	for (size_t len = 0; len < text->len; len++)
		if (read_text(c, text->data, len, false, &r) != E_INVALID)
			unit_fail("%zu bytes were enough", len);
	for (size_t len = 0; len < http->len; len++)
		if (read_text(c, http->data, len, true, &r) != E_INVALID)
			unit_fail("%zu bytes over HTTP were enough", len);
	/* of another service */
	text = script_lines(c, "001e# service=git-upload-pack\n0000", lines);
	assert_int_equal(read_text(c, text->data, text->len, true, &r), E_INVALID);
}

static void
one_that_is_too_much_is_left(void **state)
{
	static const char *const lines[] = { A " refs/heads/main" CAN, B " refs/tags/v1",
		B " .have", NULL };
	struct ctx *c = *state;
	struct conf *conf = (struct conf *)(uintptr_t)c->conf;
	const struct buf *text = script_lines(c, "", lines);
	struct git_receive r;

	conf->sync_refs = 2;
	assert_int_equal(read_lines(c, lines, &r), OK);
	conf->sync_refs = 1;
	assert_int_equal(read_lines(c, lines, &r), E_DENIED);
	conf->sync_refs = 2;
	conf->sync_advert_bytes = (int64_t)text->len;
	assert_int_equal(read_text(c, text->data, text->len, false, &r), OK);
	conf->sync_advert_bytes--;
	assert_int_equal(read_text(c, text->data, text->len, false, &r), E_DENIED);
	assert_non_null(strstr(c->reason, "the target sends more than"));
}

/* Thousands of forks: a few tips are enough to make small packs. */
static void
of_the_tips_of_other_stores_the_first_thousands_are_kept(void **state)
{
	struct ctx *c = *state;
	const char **lines = arena_new_array(c->mem, const char *, 5002);
	struct git_receive r;

	lines[0] = A " refs/heads/main" CAN;
	for (int i = 1; i <= 5000; i++)
		lines[i] = B " .have";
	assert_int_equal(read_lines(c, lines, &r), OK);
	assert_int_equal(r.n_others, 4096);
}

static int
fail_now(void *payload, void *bytes, size_t size, size_t *got_out)
{
	(void)bytes;
	(void)size;
	(void)got_out;
	return fail(payload, E_CONFLICT, "the wire was cut");
}

static void
a_failure_of_the_wire_comes_out_as_it_is(void **state)
{
	struct ctx *c = *state;
	struct git_wire wire = { .payload = c, .receive = fail_now };
	struct git_receive r;

	assert_int_equal(git_receive_read(c, &wire, &r), E_CONFLICT);
	assert_string_equal(c->reason, "the wire was cut");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(all_its_refs_are_read_in_order),
		WITH_GIT(an_empty_target_has_none),
		WITH_GIT(git_itself_is_understood),
		WITH_GIT(what_it_can_do_is_said_by_whole_words),
		WITH_GIT(tips_of_other_stores_are_no_refs),
		WITH_GIT(names_that_we_never_push_to_are_passed_over),
		WITH_GIT(what_is_no_advertisement_is_refused),
		WITH_GIT(one_that_is_cut_off_is_never_taken_for_a_shorter_one),
		WITH_GIT(one_that_is_too_much_is_left),
		WITH_GIT(of_the_tips_of_other_stores_the_first_thousands_are_kept),
		WITH_GIT(a_failure_of_the_wire_comes_out_as_it_is),
	};

	return cmocka_run_group_tests_name("receive", tests, NULL, NULL);
}
