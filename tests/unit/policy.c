#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include "base/conf.h"
#include "net/net.h"
#include "net/policy.h"

/* A policy from the defaults, with net.allow. */
static struct net_policy *
policy_with(struct ctx *c, const char *allow)
{
	struct conf *conf = arena_new_of(c->mem, struct conf);
	struct net_policy *p = NULL;

	assert_int_equal(conf_load(c, NULL, conf), OK);
	conf->net_allow = allow;
	c->conf = conf;
	assert_int_equal(net_policy_open(c, &p), OK);
	return p;
}

static int
judge(struct ctx *c, struct net_policy *p, const char *host, const char *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return net_policy_check_address(c, p, host, (struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	return net_policy_check_address(c, p, host, (struct sockaddr *)&v6);
}

/* The table below group M of checklists/security.md, first and last address of each row. */
static const char *const blocked[] = {
	"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
	"127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0",
	"172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
	"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
	"239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
	"::ffff:10.1.2.3", "::ffff:169.254.169.254", "::10.0.0.1", "::127.0.0.1", "::2", "::ff:ffff",
	"64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "64:ff9b:1::8.8.8.8", "100::1",
	"2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1ff::1", "2001:db8::1",
	"2002:7f00:1::", "2002:a01:203::", "2002:c0a8:101::1", "fc00::1", "fdff::1", "fe80::1",
	"febf::1", "fec0::1", "ff02::1",
};

static const char *const open[] = {
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
	"126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	"172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
	"223.255.255.255", "2001:200::1", "2606:4700::1", "2a00::1", "::ffff:8.8.8.8",
	"64:ff9b::8.8.8.8", "2002:808:808::1",
};

static void
private_and_reserved_addresses_are_refused(void **state)
{
	struct ctx *c = *state;
	struct net_policy *p = policy_with(c, "");

	for (size_t i = 0; i < N_OF(blocked); i++)
		if (judge(c, p, "host.example", blocked[i]) != E_DENIED)
			unit_fail("%s passes", blocked[i]);
	for (size_t i = 0; i < N_OF(open); i++)
		if (judge(c, p, "host.example", open[i]) != OK)
			unit_fail("%s: %s", open[i], c->reason);
}

static void
this_machine_is_refused_by_every_address_it_has(void **state)
{
	struct ctx *c = *state;
	struct net_policy *p = policy_with(c, "");
	struct ifaddrs *all;

	assert_int_equal(getifaddrs(&all), 0);
	for (struct ifaddrs *a = all; a != NULL; a = a->ifa_next)
		if (a->ifa_addr != NULL &&
		    (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6))
			assert_int_equal(net_policy_check_address(c, p, "h", a->ifa_addr), E_DENIED);
	freeifaddrs(all);
}

static void
net_allow_opens_networks_and_names(void **state)
{
	struct ctx *c = *state;
	struct net_policy *p = policy_with(c, "10.1.0.0/16  fd00::/8 127.0.0.1 Git.Intranet ::1/128");

	assert_int_equal(judge(c, p, "h", "10.1.2.3"), OK);
	assert_int_equal(judge(c, p, "h", "::ffff:10.1.2.3"), OK);
	assert_int_equal(judge(c, p, "h", "10.2.0.0"), E_DENIED);
	assert_int_equal(judge(c, p, "h", "fd12::1"), OK);
	assert_int_equal(judge(c, p, "h", "fc12::1"), E_DENIED);
	assert_int_equal(judge(c, p, "h", "127.0.0.1"), OK);
	assert_int_equal(judge(c, p, "h", "127.0.0.2"), E_DENIED);
	assert_int_equal(judge(c, p, "git.intranet", "192.168.7.7"), OK);
	assert_int_equal(judge(c, p, "xgit.intranet", "192.168.7.7"), E_DENIED);
}

static void
a_wrong_net_allow_is_an_error(void **state)
{
	static const char *const wrong[] = { "10.0.0.0/33", "10.0.0/8", "::/129", "1.2.3.4/x",
		"x/8", "10.0.0.0/-1" };
	struct ctx *c = *state;
	struct conf *conf = arena_new_of(c->mem, struct conf);
	struct net_policy *p;

	assert_int_equal(conf_load(c, NULL, conf), OK);
	c->conf = conf;
	for (size_t i = 0; i < N_OF(wrong); i++) {
		conf->net_allow = wrong[i];
		if (net_policy_open(c, &p) != E_INVALID)
			unit_fail("\"%s\" was taken", wrong[i]);
	}
}

static void
schemes_and_ports_have_rules(void **state)
{
	static const struct {
		const char *url;
		int code;
	} rows[] = {
		{ "https://h/a", OK }, { "http://h/a", OK }, { "git://h/a", OK }, { "git@h:a", OK },
		{ "https://h:8443/a", OK }, { "ssh://h:2222/a", OK }, { "file:///a", E_DENIED },
		{ "/a", E_DENIED }, { "http://h:22/a", E_DENIED }, { "https://h:22/a", E_DENIED },
		{ "git://h:22/a", E_DENIED }, { "http://h:25/a", E_DENIED },
		{ "http://h:6379/a", E_DENIED }, { "http://h:5432/a", E_DENIED },
		{ "http://h:11211/a", E_DENIED }, { "ssh://h:25/a", E_DENIED },
	};
	struct ctx *c = *state;
	struct net_policy *p = policy_with(c, "");
	struct conf strict = *c->conf;
	struct net_url url;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(net_url_parse(c, rows[i].url, &url), OK);
		if (net_policy_check_url(c, p, &url) != rows[i].code)
			unit_fail("%s: not %s", rows[i].url, code_text(rows[i].code));
	}
	strict.net_schemes = "https";
	c->conf = &strict;
	assert_int_equal(net_policy_open(c, &p), OK);
	assert_int_equal(net_url_parse(c, "http://h/a", &url), OK);
	assert_int_equal(net_policy_check_url(c, p, &url), E_DENIED);
}

/* localhost and the spellings of M-02 reach net_find as what they mean. */
static void
names_are_judged_by_what_they_resolve_to(void **state)
{
	static const char *const urls[] = { "http://localhost/a", "http://localhost./a",
		"http://127.1/a", "http://0x7f000001/a", "http://2130706433/a",
		"http://0177.0.0.1/a", "http://0/a", "http://[::ffff:127.0.0.1]/a", "http://[::1]/a",
		"http://127.0.0.1./a" };
	struct ctx *c = *state;
	struct net *n;

	(void)policy_with(c, "");
	for (size_t i = 0; i < N_OF(urls); i++) {
		struct net_url url;
		struct net_place place;

		assert_int_equal(net_open(c, "", 10, NULL, NULL, &n), OK);
		assert_int_equal(net_url_parse(c, urls[i], &url), OK);
		if (net_find(n, &url, &place) != E_DENIED)
			unit_fail("%s passes", urls[i]);
		assert_int_equal(n->why, NET_WHY_POLICY);
	}
}

static void
only_found_addresses_belong_to_a_place(void **state)
{
	struct ctx *c = *state;
	struct net *n;
	struct net_url url;
	struct net_place place;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(81) };

	(void)policy_with(c, "127.0.0.0/8");
	assert_int_equal(net_open(c, "", 10, NULL, NULL, &n), OK);
	assert_int_equal(net_url_parse(c, "http://127.0.0.1:81/a", &url), OK);
	assert_int_equal(net_find(n, &url, &place), OK);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &address.sin_addr), 1);
	assert_true(net_place_has(&place, (struct sockaddr *)&address));
	address.sin_port = htons(82);
	assert_false(net_place_has(&place, (struct sockaddr *)&address));
	address.sin_port = htons(81);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.2", &address.sin_addr), 1);
	assert_false(net_place_has(&place, (struct sockaddr *)&address));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(private_and_reserved_addresses_are_refused),
		WITH_CTX(this_machine_is_refused_by_every_address_it_has),
		WITH_CTX(net_allow_opens_networks_and_names),
		WITH_CTX(a_wrong_net_allow_is_an_error),
		WITH_CTX(schemes_and_ports_have_rules),
		WITH_CTX(names_are_judged_by_what_they_resolve_to),
		WITH_CTX(only_found_addresses_belong_to_a_place),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
