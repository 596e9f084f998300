#include "tests/unit/unit.h"

#include "sync/wire.h"

static int
parse(struct ctx *c, const char *line, struct wire_message *out)
{
	return wire_parse(c, line, strlen(line), out);
}

static void
a_job_arrives_as_it_was_sent(void **state)
{
	struct ctx *c = *state;
	struct wire_message got,
	    sent = { .type = WIRE_JOB,
		    .job = { .kind = "sync",
			.fence = 7,
			.store_id = 1001,
			.url = "https://host/\"quoted\"\n\x01",
			.credentials = "bob:p\xc3\xa4ss",
			.fingerprint = "",
			.answer_s = 120,
			.running = "" } };
	const char *line = wire_text(c->mem, &sent);

	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_int_equal(parse(c, line, &got), OK);
	assert_int_equal(got.type, WIRE_JOB);
	assert_string_equal(got.job.kind, "sync");
	assert_int_equal(got.job.fence, 7);
	assert_int_equal(got.job.store_id, 1001);
	assert_string_equal(got.job.url, sent.job.url);
	assert_string_equal(got.job.credentials, sent.job.credentials);
	assert_int_equal(got.job.answer_s, 120);
}

static void
a_result_keeps_no_version_apart_from_an_empty_one(void **state)
{
	struct ctx *c = *state;
	struct wire_message got,
	    sent = { .type = WIRE_RESULT,
		    .result = { .error = "", .error_text = "", .fingerprint = "" } };

	assert_int_equal(parse(c, wire_text(c->mem, &sent), &got), OK);
	assert_null(got.result.latest_version);
	sent.result.latest_version = "";
	assert_int_equal(parse(c, wire_text(c->mem, &sent), &got), OK);
	assert_string_equal(got.result.latest_version, "");
}

static void
a_package_arrives_as_it_was_sent(void **state)
{
	struct ctx *c = *state;
	struct wire_message got,
	    sent = { .type = WIRE_PACKAGE,
		    .package = { .branch = "",
			.commit_id = "abc",
			.committer_name = "O'Hara, \"Bob\"",
			.committer_email = "b@x",
			.name = "foo",
			.epoch = 4294967295,
			.version = "1",
			.release = "" } };

	assert_int_equal(parse(c, wire_text(c->mem, &sent), &got), OK);
	assert_int_equal(got.type, WIRE_PACKAGE);
	assert_string_equal(got.package.committer_name, sent.package.committer_name);
	assert_int_equal(got.package.epoch, 4294967295);
	assert_string_equal(got.package.release, "");
}

static void
what_is_left_out_is_empty(void **state)
{
	struct ctx *c = *state;
	struct wire_message got;

	assert_int_equal(parse(c, "{\"progress\":{\"bytes\":5}}", &got), OK);
	assert_int_equal(got.type, WIRE_PROGRESS);
	assert_string_equal(got.progress.phase, "");
	assert_int_equal(got.progress.bytes, 5);
}

static void
what_is_not_ours_is_refused(void **state)
{
	static const char *const lines[] = { "", "[]", "{}", "7", "{\"hello\":{}}",
		"{\"result\":[]}", "{\"result\":{\"bytes\":\"many\"}}",
		"{\"result\":{\"error\":5}}", "{\"progress\":{\"bytes\":1}} x",
		"{\"ask\":{\"fence\":1,\"fence\":2}}",
		"{\"result\":{\"error_text\":\"a\\u0000b\"}}",
		"{\"ask\":{\"fence\":99999999999999999999}}" };
	struct ctx *c = *state;
	struct wire_message got;

	for (size_t i = 0; i < N_OF(lines); i++) {
		if (parse(c, lines[i], &got) != E_INVALID)
			print_error("taken: %s\n", lines[i]);
		assert_int_equal(parse(c, lines[i], &got), E_INVALID);
	}
}

static void
what_people_made_too_long_for_a_line_is_told(void **state)
{
	struct ctx *c = *state;
	char *options = arena_alloc(c->mem, WIRE_LINE_MAX);
	struct wire_message sent = { .type = WIRE_JOB, .job = { .options = options } };
	const char *line;

	memset(options, 'x', WIRE_LINE_MAX - 1000);
	assert_int_equal(wire_line(c, &sent, &line), OK);
	assert_true(strlen(line) <= WIRE_LINE_MAX);
	memset(options, 'x', WIRE_LINE_MAX - 1);
	assert_int_equal(wire_line(c, &sent, &line), E_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_job_arrives_as_it_was_sent),
		WITH_CTX(a_result_keeps_no_version_apart_from_an_empty_one),
		WITH_CTX(a_package_arrives_as_it_was_sent),
		WITH_CTX(what_is_left_out_is_empty),
		WITH_CTX(what_is_not_ours_is_refused),
		WITH_CTX(what_people_made_too_long_for_a_line_is_told),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
