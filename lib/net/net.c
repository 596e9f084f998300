#include "net/net.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "net/resolve.h"

#define CLEAN_MAX_BYTES 200

static const int codes[] = {
	[NET_WHY_NETWORK] = E_INTERNAL,
	[NET_WHY_BUSY] = E_INTERNAL,
	[NET_WHY_AUTH] = E_DENIED,
	[NET_WHY_GONE] = E_NOTFOUND,
	[NET_WHY_TLS] = E_DENIED,
	[NET_WHY_POLICY] = E_DENIED,
	[NET_WHY_PROTOCOL] = E_INVALID,
	[NET_WHY_STOPPED] = E_CONFLICT,
	[NET_WHY_LOCAL] = E_INTERNAL,
};

int
net_open(struct ctx *c, const char *credentials, int64_t total_s, bool (*tick)(void *payload),
    void *payload, struct net **out)
{
	struct net *n = arena_new_of(c->mem, struct net);

	n->c = c;
	n->credentials = credentials;
	n->deadline_us = clock_mono_us() + total_s * 1000000;
	n->tick = tick;
	n->tick_payload = payload;
	TRY(net_policy_open(c, &n->policy));
	*out = n;
	return OK;
}

int
net_fail(struct net *n, enum net_why why, const char *format, ...)
{
	va_list args;
	const char *reason;

	assert(why >= NET_WHY_NETWORK && why <= NET_WHY_LOCAL);
	va_start(args, format);
	reason = arena_vprintf(n->c->mem, format, args);
	va_end(args);
	n->why = why;
	return fail(n->c, codes[why], "%s", reason);
}

int64_t
net_left_ms(const struct net *n)
{
	int64_t left_us = n->deadline_us - clock_mono_us();

	return left_us > 0 ? left_us / 1000 : 0;
}

int
net_tick(struct net *n)
{
	if (n->tick != NULL && !n->tick(n->tick_payload))
		return net_fail(n, NET_WHY_STOPPED, "given up because it was told to");
	if (net_left_ms(n) == 0)
		return net_fail(n, NET_WHY_NETWORK, "the upstream took longer than one sync may");
	return OK;
}

/* The count starts anew whenever a whole limit's worth has come, so that silence is noticed after
 * exactly the limit, however fast it was before. */
int
net_pace_add(struct net *n, struct net_pace *pace, int64_t waited_us, int64_t moved_bytes)
{
	int64_t limit_s = n->c->conf->net_low_speed_s, rate = n->c->conf->net_low_speed_bytes;

	pace->waited_us += waited_us < NET_WAIT_MOST_US ? waited_us : NET_WAIT_MOST_US;
	pace->moved_bytes += moved_bytes;
	if (pace->moved_bytes >= rate * limit_s)
		*pace = (struct net_pace){ 0 };
	if (pace->waited_us < limit_s * 1000000)
		return OK;
	return net_fail(n, NET_WHY_NETWORK,
	    "the upstream sent less than %lld bytes a second for %lld seconds", (long long)rate,
	    (long long)limit_s);
}

int
net_waited(
    struct net *n, struct net_pace *pace, int64_t waited_us, int64_t asked_us, int64_t moved_bytes)
{
	n->deadline_us += clock_stood_still_us(waited_us, asked_us);
	return net_pace_add(n, pace, waited_us, moved_bytes);
}

const char *
net_clean(struct arena *mem, const char *text)
{
	size_t len = strnlen(text, CLEAN_MAX_BYTES);
	char *out = arena_strndup(mem, text, len);

	for (size_t i = 0; i < len; i++)
		if (out[i] < ' ' || out[i] > '~')
			out[i] = '?';
	while (len > 0 && (out[len - 1] == '?' || out[len - 1] == ' '))
		out[--len] = '\0';
	return str_redact(mem, out);
}

/* ---- looking up */

/* A rule of ours was broken. */
static int
refused(struct net *n, int code)
{
	n->why = NET_WHY_POLICY;
	return code;
}

int
net_place_fill(struct net *n, const struct net_url *url, const struct net_answers *answers,
    struct net_place *out)
{
	*out = (struct net_place){ .host = url->host, .port = url->port };
	for (const struct net_address *a = answers->rows; a < answers->rows + answers->n; a++) {
		int code = net_policy_check_address(
		    n->c, n->policy, url->host, (const struct sockaddr *)&a->socket);

		if (code != OK)
			return refused(n, code);
		/* the rest is still judged: one bad answer refuses the name */
		if (out->n < NET_ADDRESSES_MAX)
			out->addresses[out->n++] = *a;
	}
	return OK;
}

int
net_find(struct net *n, const struct net_url *url, struct net_place *out)
{
	struct net_answers answers;
	int code = net_policy_check_url(n->c, n->policy, url);

	if (code != OK)
		return refused(n, code);
	TRY(net_resolve(n, url->host, url->port, &answers));
	return net_place_fill(n, url, &answers, out);
}

static bool
is_same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET) {
		memcpy(&a4, a, sizeof(a4));
		memcpy(&b4, b, sizeof(b4));
		return a4.sin_port == b4.sin_port && a4.sin_addr.s_addr == b4.sin_addr.s_addr;
	}
	memcpy(&a6, a, sizeof(a6));
	memcpy(&b6, b, sizeof(b6));
	return a6.sin6_port == b6.sin6_port &&
	    memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof(a6.sin6_addr)) == 0;
}

bool
net_place_has(const struct net_place *place, const struct sockaddr *address)
{
	for (size_t i = 0; i < place->n; i++)
		if (is_same_address((const struct sockaddr *)&place->addresses[i].socket, address))
			return true;
	return false;
}
