/* What prober and supervisor say of a probe, and how much of it goes at once. */
#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/str.h"
#include "net/url.h"
#include "sync/peer.h"
#include "sync/probe_row.h"
#include "sync/wire.h"

#define PRINT "aa00000000000000000000000000000000000000000000000000000000000000"

/* A report as the other side has it: through a line of JSON. */
static int
tell(struct ctx *c, const struct probe_report *r, struct probe_report *out)
{
	struct buf *rows = buf_new(c->mem, 64 * 1024);
	struct wire_message got, sent = { .type = WIRE_PROBED };
	const char *line;
	size_t n;

	probe_report_add(rows, r);
	sent.probed.rows = rows->data;
	line = wire_text(c->mem, &sent);
	assert_int_equal(wire_parse(c, line, strlen(line), &got), OK);
	return probe_report_parse(c, str_split(c->mem, got.probed.rows, '\n', &n)[0], out);
}

static const char *
many(struct ctx *c, const char *what, size_t n)
{
	struct buf *b = buf_new(c->mem, n * strlen(what));

	for (size_t i = 0; i < n; i++)
		buf_text(b, what);
	return b->data;
}

static void
a_report_arrives_as_it_was_sent(void **state)
{
	const struct probe_report sent = { .fence = 7,
		.fingerprint = PRINT,
		.error = "",
		.host_v2 = 1,
		.moved_to = "https://host/new",
		.error_text = "" };
	struct probe_report got;

	assert_int_equal(tell(*state, &sent, &got), OK);
	assert_int_equal(got.fence, 7);
	assert_string_equal(got.fingerprint, PRINT);
	assert_int_equal(got.host_v2, 1);
	assert_string_equal(got.moved_to, "https://host/new");
}

/* Else a stranger's bytes would end the prober, and with it everybody's probes. */
static void
whatever_a_stranger_says_it_is_a_report(void **state)
{
	static const char *const pieces[] = { "\xc3\xa4", "\xff", "\x7f", "\"", "\t\n", "a" };
	struct ctx *c = *state;
	struct probe_report got;

	for (size_t i = 0; i < N_OF(pieces); i++) {
		const struct probe_report sent = { .fingerprint = "",
			.error = "network",
			.moved_to = "",
			.error_text = many(c, pieces[i], 1500) };

		assert_int_equal(tell(c, &sent, &got), OK);
	}
}

/* As the prober has it from a Location. */
static const char *
proposed(struct ctx *c, const char *text)
{
	struct net_url url;

	assert_int_equal(net_url_parse(c, text, &url), OK);
	return peer_address(c->mem, &url);
}

static void
wherever_an_upstream_has_moved_it_is_a_report(void **state)
{
	struct ctx *c = *state;
	const char *base = "https://host/";

	for (size_t len = 900; len < 1900; len += 1) {
		const char *to = proposed(c, arena_printf(c->mem, "%s%s", base, many(c, "x", len)));
		const struct probe_report sent = {
			.fingerprint = PRINT, .error = "", .moved_to = to, .error_text = ""
		};
		struct probe_report got;

		assert_int_equal(tell(c, &sent, &got), OK);
		assert_string_equal(got.moved_to, to);
		assert_int_equal(to[0] != '\0', len + strlen(base) <= PEER_ADDRESS_MAX);
	}
	assert_string_equal(proposed(c, "https://host/\xff"), "https://host/%FF");
	assert_string_equal(proposed(c, "https://host/a.git"), "https://host/a.git");
}

static void
what_selects_refs_is_told_however_many_pins_there_are(void **state)
{
	struct ctx *c = *state;
	const char *pins = many(c, "{\"oid\":\"\",\"ref\":\"\",\"is_let_go\":false},", 1000);
	const char *json = arena_printf(
	    c->mem, "{\"most_refs\":5,\"pins\":[%s{}],\"ref_exclude\":\"a\"}", pins);

	assert_string_equal(
	    probe_order_options(c, json), "{\"ref_exclude\":\"a\",\"most_refs\":5}");
}

static void
whole_rows_go_as_many_as_fit(void **state)
{
	(void)state;
	assert_int_equal(probe_rows_fit("", 0, 10), 0);
	assert_int_equal(probe_rows_fit("aa\nbb\n", 6, 6), 6);
	assert_int_equal(probe_rows_fit("aa\nbb\n", 6, 5), 3);
	assert_int_equal(probe_rows_fit("aa\nbb\n", 6, 3), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_report_arrives_as_it_was_sent),
		WITH_CTX(whatever_a_stranger_says_it_is_a_report),
		WITH_CTX(wherever_an_upstream_has_moved_it_is_a_report),
		WITH_CTX(what_selects_refs_is_told_however_many_pins_there_are),
		WITH_CTX(whole_rows_go_as_many_as_fit),
	};

	return cmocka_run_group_tests_name("probe_row", tests, NULL, NULL);
}
