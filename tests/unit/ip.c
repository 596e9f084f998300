/* Addresses and networks. */
#include "base/ip.h"

#include "tests/unit/unit.h"

static void
an_address_is_in_a_network_by_its_leading_bits(void **state)
{
	static const struct {
		const char *ip, *network;
		bool is_in;
	} rows[] = {
		{ "192.0.2.7", "192.0.2.0/24", true },
		{ "192.0.3.7", "192.0.2.0/24", false },
		{ "192.0.3.7", "192.0.2.0/23", true },
		{ "192.0.2.127", "192.0.2.0/25", true },
		{ "192.0.2.128", "192.0.2.0/25", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.7/32", true },
		{ "192.0.2.8", "192.0.2.7", false },
		{ "192.0.2.8", "0.0.0.0/0", true },
		{ "2001:db8::1", "2001:db8::/32", true },
		{ "2001:db9::1", "2001:db8::/32", false },
		{ "2001:db8::1", "::/0", true },
		{ "2001:db8::1", "0.0.0.0/0", false },
		{ "::ffff:192.0.2.7", "192.0.2.0/24", true },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct ip ip;
		struct ip_network network;

		assert_true(ip_parse_peer(rows[i].ip, &ip));
		assert_true(ip_parse_network(c->mem, rows[i].network, &network));
		assert_int_equal(ip_is_in(&ip, &network), rows[i].is_in);
	}
}

static void
what_is_no_network_is_refused(void **state)
{
	static const char *const texts[] = { "", "/", "/8", "x", "192.0.2", "192.0.2.0/33",
		"192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/x", "192.0.2.0/8 ", "::/129", "::1/",
		"host.example", "192.0.2.0/99999999999999999999" };
	struct ctx *c = *state;
	struct ip_network network;

	for (size_t i = 0; i < N_OF(texts); i++)
		assert_false(ip_parse_network(c->mem, texts[i], &network));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(an_address_is_in_a_network_by_its_leading_bits),
		WITH_CTX(what_is_no_network_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
