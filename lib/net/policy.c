#include "net/policy.h"

#include <assert.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/ip.h"
#include "base/str.h"

#define SSH_PORT 22
#define OWN_US 1000000

struct net_policy {
	const struct conf *conf;
	struct ip_network *allow, *blocked;
	size_t n_allow, n_blocked;
	char **allow_names;  /* NULL-ended */
	struct ifaddrs *own; /* this machine's addresses as of own_us; NULL: never looked */
	int64_t own_us;
};

/* security.md section 1.5, below group M. Not to be reached unless net.allow has it: this network,
 * private, shared, loopback, link-local (cloud metadata), test, relay, multicast and reserved
 * ranges. ::/96 is the IPv4-compatible form (judged by its IPv4 address, but for :: and ::1). */
static const char *const blocked_networks[] = { "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10",
	"127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "64:ff9b:1::/48", "100::/64",
	"2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
	"fec0::/10", "ff00::/8" };

#define BLOCKED_COUNT (sizeof(blocked_networks) / sizeof(blocked_networks[0]))

/* ---- addresses */

static bool
is_in_any(const struct ip *ip, const struct ip_network *nets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ip_is_in(ip, &nets[i]))
			return true;
	return false;
}

/* The IPv4 address inside an IPv6 one, by where its kind keeps it: mapped, compatible (but not ::
 * and ::1), NAT64, 6to4. Teredo is blocked whole (2001::/23). */
static struct ip
judged(struct ip ip)
{
	static const struct {
		unsigned char prefix[12];
		size_t prefix_len, at;
	} kinds[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 12, 12 },
		{ { 0x00, 0x64, 0xff, 0x9b }, 12, 12 },
		{ { 0x20, 0x02 }, 2, 2 },
		{ { 0 }, 12, 12 },
	};
	static const unsigned char zeros[15];
	struct ip inner = { .len = 4 };

	if (ip.len == 4 || (memcmp(ip.bytes, zeros, sizeof(zeros)) == 0 && ip.bytes[15] <= 1))
		return ip;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (memcmp(ip.bytes, kinds[i].prefix, kinds[i].prefix_len) == 0) {
			memcpy(inner.bytes, ip.bytes + kinds[i].at, 4);
			return inner;
		}
	return ip;
}

static bool
is_ip_socket(const struct sockaddr *address, struct ip *out)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		memcpy(out->bytes, &v4.sin_addr, out->len = 4);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		memcpy(out->bytes, &v6.sin6_addr, out->len = 16);
		return true;
	}
	return false;
}

/* ---- settings */

static int
parse_network(struct ctx *c, const char *text, struct ip_network *out)
{
	if (!ip_parse_network(c->mem, text, out))
		return fail(c, E_INVALID, "net.allow: \"%s\" is not a network", text);
	return OK;
}

/* Words with a digit in front and '/' or ':' in them, or that are an address, are networks. */
static bool
is_network_word(const char *word)
{
	struct ip ip;

	return strpbrk(word, "/:") != NULL || ip_parse(word, &ip);
}

static int
parse_allow(struct ctx *c, const char *text, struct net_policy *p)
{
	size_t n, n_names = 0;
	char **words = str_split(c->mem, text, ' ', &n);

	p->allow = arena_new_array(c->mem, struct ip_network, n + 1);
	p->allow_names = arena_new_array(c->mem, char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (words[i][0] == '\0')
			continue;
		if (is_network_word(words[i]))
			TRY(parse_network(c, words[i], &p->allow[p->n_allow++]));
		else
			p->allow_names[n_names++] = words[i];
	}
	return OK;
}

static void
forget_own(void *policy)
{
	struct net_policy *p = policy;

	if (p->own != NULL)
		freeifaddrs(p->own);
}

int
net_policy_open(struct ctx *c, struct net_policy **out)
{
	struct net_policy *p = arena_new_of(c->mem, struct net_policy);

	p->conf = c->conf;
	p->blocked = arena_new_array(c->mem, struct ip_network, BLOCKED_COUNT);
	p->n_blocked = BLOCKED_COUNT;
	for (size_t i = 0; i < BLOCKED_COUNT; i++)
		TRY(parse_network(c, blocked_networks[i], &p->blocked[i]));
	TRY(parse_allow(c, c->conf->net_allow, p));
	arena_defer(c->mem, forget_own, p);
	*out = p;
	return OK;
}

/* ---- judging */

static bool
has_word(struct arena *mem, const char *words, const char *word)
{
	size_t n;
	char **all = str_split(mem, words, ' ', &n);

	for (size_t i = 0; i < n; i++)
		if (str_is_equal_nocase(all[i], word))
			return true;
	return false;
}

int
net_policy_check_url(struct ctx *c, const struct net_policy *p, const struct net_url *url)
{
	const char *scheme = net_scheme_text(url->scheme);
	const char *port = arena_printf(c->mem, "%d", url->port);

	if (url->scheme == NET_FILE) {
		if (!p->conf->net_allow_file)
			return fail(c, E_DENIED, "local paths may not be upstreams here");
		return OK;
	}
	if (!has_word(c->mem, p->conf->net_schemes, scheme))
		return fail(c, E_DENIED, "%s:// upstreams are not allowed here", scheme);
	if (has_word(c->mem, p->conf->net_deny_ports, port) ||
	    (url->port == SSH_PORT && url->scheme != NET_SSH))
		return fail(c, E_DENIED, "port %s is not allowed for upstreams", port);
	return OK;
}

/* Asked of the system again each second: addresses come and go while we run, and a name may have
 * hundreds of them to be compared. */
static int
look_at_own(struct ctx *c, struct net_policy *p)
{
	struct ifaddrs *all;

	if (p->own != NULL && clock_mono_us() - p->own_us < OWN_US)
		return OK;
	if (getifaddrs(&all) != 0)
		return fail(
		    c, E_DENIED, "this machine's addresses are not known: %s", strerror(errno));
	if (p->own != NULL)
		freeifaddrs(p->own);
	p->own = all;
	p->own_us = clock_mono_us();
	return OK;
}

static int
check_own(struct ctx *c, struct net_policy *p, const char *host, const struct ip *outer,
    const struct ip *inner)
{
	struct ip own;

	TRY(look_at_own(c, p));
	for (struct ifaddrs *a = p->own; a != NULL; a = a->ifa_next)
		if (a->ifa_addr != NULL && is_ip_socket(a->ifa_addr, &own) &&
		    (ip_is_same(&own, outer) || ip_is_same(&own, inner)))
			return fail(c, E_DENIED, "%s is this machine itself", host);
	return OK;
}

int
net_policy_check_address(
    struct ctx *c, struct net_policy *p, const char *host, const struct sockaddr *address)
{
	struct ip outer, ip;

	if (!is_ip_socket(address, &outer))
		return fail(c, E_DENIED, "%s has an address that is neither IPv4 nor IPv6", host);
	ip = judged(outer);
	if (is_in_any(&ip, p->allow, p->n_allow))
		return OK;
	for (char **name = p->allow_names; *name != NULL; name++)
		if (str_is_equal_nocase(*name, host))
			return OK;
	if (is_in_any(&outer, p->blocked, p->n_blocked) || is_in_any(&ip, p->blocked, p->n_blocked))
		return fail(c, E_DENIED, "%s has a private, local or reserved address", host);
	return check_own(c, p, host, &outer, &ip);
}

bool
net_policy_is_own(const struct net_policy *p, const char *host)
{
	struct ip ip;

	if (ip_parse(host, &ip)) {
		ip = judged(ip);
		return is_in_any(&ip, p->allow, p->n_allow);
	}
	for (char **name = p->allow_names; *name != NULL; name++)
		if (str_is_equal_nocase(*name, host))
			return true;
	return false;
}
