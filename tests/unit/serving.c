/* Git's wire format as clients send it: pkt-lines, the commands of a push, names of refs. */
#include "cgi/git/commands.h"

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/str.h"
#include "cgi/git/body.h"
#include "cgi/git/pkt.h"
#include "cgi/git/refs.h"
#include "cgi/git/service.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"

static void
the_length_of_a_line_is_four_hex_digits(void **state)
{
	static const struct {
		const char *text;
		int length;
	} rows[] = {
		{ "0000", PKT_FLUSH },
		{ "0004", 4 },
		{ "000a", 10 },
		{ "000A", 10 },
		{ "fff0", 65520 },
		{ "", PKT_MORE },
		{ "0", PKT_MORE },
		{ "00f", PKT_MORE },
		{ "0001", PKT_BAD },
		{ "0003", PKT_BAD },
		{ "fff1", PKT_BAD },
		{ "ffff", PKT_BAD },
		{ "zzzz", PKT_BAD },
		{ "z", PKT_BAD },
		{ "+00a", PKT_BAD },
		{ "0x0a", PKT_BAD },
		{ " 00a", PKT_BAD },
		{ "\x10\x11\x12\x13", PKT_BAD },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(pkt_length(rows[i].text, strlen(rows[i].text)), rows[i].length);
}

static void
a_line_is_written_as_it_is_read(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 100);

	pkt_text(b, "hello\n");
	pkt_flush(b);
	assert_string_equal(b->data, "000ahello\n0000");
	assert_int_equal(pkt_length(b->data, b->len), 10);
}

static void
names_that_mean_something_else_to_git_are_no_refs(void **state)
{
	static const char *const good[] = { "refs/heads/main", "refs/tags/-x", "refs/heads/$(id)",
		"refs/heads/\xff", "refs/heads/<b>", "refs/heads/a@b", "refs/heads/\"'" };
	static const char *const bad[] = { "", "HEAD", "main", A, "--all", "refs",
		"refs/heads/a..b", "refs/heads/a:b", "refs/heads/a^", "refs/heads/a~1",
		"refs/heads/a b", "refs/heads/a@{1}", "refs/heads/*", "refs/heads/a?",
		"refs/heads/[a", "refs/heads/a\\b", "refs/heads/a\nb", "refs/heads/a\x7f" };

	(void)state;
	for (size_t i = 0; i < N_OF(good); i++)
		assert_true(ref_is_name(good[i]));
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_false(ref_is_name(bad[i]));
}

static void
the_highest_known_version_counts(void **state)
{
	static const struct {
		const char *protocol;
		int fetch, push;
	} rows[] = {
		{ "", 0, 0 },
		{ "version=0", 0, 0 },
		{ "version=1", 1, 1 },
		{ "version=2", 2, 0 },
		{ "version=1:version=2", 2, 1 },
		{ "version=20:version=2:version=9", 2, 0 },
		{ "version=20", 0, 0 },
		{ "version=02", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(service_version(&service_fetch, rows[i].protocol), rows[i].fetch);
		assert_int_equal(service_version(&service_push, rows[i].protocol), rows[i].push);
	}
}

/* ---- the commands of a push */

static int
read_commands(struct ctx *c, const struct buf *bytes, struct commands *out, struct body **body)
{
	struct req *r = arena_new_of(c->mem, struct req);

	r->ctx = c;
	*body = body_of(r, bytes);
	*out = (struct commands){ .n = 0 };
	return commands_read(r, *body, out);
}

static void
commands_are_read_and_given_on(void **state)
{
	struct ctx *c = *state;
	struct buf *bytes = buf_new(c->mem, 10000);
	struct commands commands;
	struct body *body;
	const char *again;
	size_t len;
	static const char first[] = A " " B " refs/heads/main\0 report-status side-band-64k";

	pkt_text(bytes, "shallow " A);
	pkt_add(bytes, first, sizeof(first) - 1);
	pkt_text(bytes, B " " A " refs/tags/v1\n");
	pkt_text(bytes, B " " A " refs/heads/a:b");
	pkt_text(bytes, "push-cert");
	pkt_flush(bytes);
	buf_text(bytes, "PACK and so on");
	assert_int_equal(read_commands(c, bytes, &commands, &body), OK);
	assert_int_equal(commands.n_lines, 5);
	assert_int_equal(commands.n, 2);
	assert_string_equal(commands.refs[0], "refs/heads/main");
	assert_string_equal(commands.refs[1], "refs/tags/v1");
	assert_true(commands.has_sideband);
	assert_int_equal(body_next(body, &again, &len), OK);
	assert_int_equal(len, bytes->len);
	assert_memory_equal(again, bytes->data, len);
	assert_int_equal(body_next(body, &again, &len), OK);
	assert_int_equal(len, 0);
}

static void
capabilities_stand_behind_a_nul(void **state)
{
	struct ctx *c = *state;
	struct buf *bytes = buf_new(c->mem, 10000);
	struct commands commands;
	struct body *body;
	static const char with[] = A " " B " refs/heads/main\0report-status side-band-64k";

	pkt_add(bytes, with, sizeof(with) - 1);
	pkt_flush(bytes);
	assert_int_equal(read_commands(c, bytes, &commands, &body), OK);
	assert_true(commands.has_sideband);
	buf_clear(bytes);
	pkt_text(bytes, A " " B " refs/heads/side-band-64k");
	pkt_flush(bytes);
	assert_int_equal(read_commands(c, bytes, &commands, &body), OK);
	assert_false(commands.has_sideband);
}

static void
commands_that_make_no_sense_are_refused(void **state)
{
	static const char *const rows[] = { "", "0", "000", "zzzz", "0001", "0008x", "0008abcd",
		"ffff" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct buf *bytes = buf_new(c->mem, 100);
		struct commands commands;
		struct body *body;

		buf_text(bytes, rows[i]);
		assert_int_equal(read_commands(c, bytes, &commands, &body), E_INVALID);
		assert_int_equal(c->http_status, 400);
	}
}

static void
more_commands_than_allowed_are_counted_no_further(void **state)
{
	struct ctx *c = *state;
	struct buf *bytes = buf_new(c->mem, 4 * 1024 * 1024);
	struct commands commands;
	struct body *body;

	for (int i = 0; i < COMMANDS_MAX; i++)
		pkt_text(bytes, A " " B " refs/heads/many");
	pkt_flush(bytes);
	assert_int_equal(read_commands(c, bytes, &commands, &body), OK);
	assert_int_equal(commands.n, COMMANDS_MAX);
	bytes->len -= 4;
	pkt_text(bytes, A " " B " refs/heads/one-more");
	assert_int_equal(read_commands(c, bytes, &commands, &body), OK);
	assert_true(commands.n_lines > COMMANDS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_of_a_line_is_four_hex_digits),
		WITH_CTX(a_line_is_written_as_it_is_read),
		cmocka_unit_test(names_that_mean_something_else_to_git_are_no_refs),
		cmocka_unit_test(the_highest_known_version_counts),
		WITH_CTX(commands_are_read_and_given_on),
		WITH_CTX(capabilities_stand_behind_a_nul),
		WITH_CTX(commands_that_make_no_sense_are_refused),
		WITH_CTX(more_commands_than_allowed_are_counted_no_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
