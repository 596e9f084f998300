#include "net/resolve.h"

#include <ares.h>
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"

#define TRY_MS 1500 /* the first try of a server; the second waits twice as long */
#define TRIES 2
#define US_PER_MS 1000
#define TICK_MS 1000
#define RENEW_US (10 * 1000000LL) /* an idle channel is made anew: resolv.conf may have changed */

/* ---- answers */

static void
set_text(struct net_address *a)
{
	const void *bytes = a->socket.ss_family == AF_INET
	    ? (void *)&((struct sockaddr_in *)(void *)&a->socket)->sin_addr
	    : (void *)&((struct sockaddr_in6 *)(void *)&a->socket)->sin6_addr;

	inet_ntop(a->socket.ss_family, bytes, a->text, sizeof(a->text));
}

static void
set_port(struct net_address *a, int port)
{
	if (a->socket.ss_family == AF_INET)
		((struct sockaddr_in *)(void *)&a->socket)->sin_port = htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)(void *)&a->socket)->sin6_port = htons((uint16_t)port);
}

/* Whether a packet for it would leave this machine at all. Connecting a datagram socket sends
 * nothing. */
static bool
has_route(const struct net_address *a)
{
	int fd = socket(a->socket.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has;

	if (fd < 0)
		return false;
	has = connect(fd, (const struct sockaddr *)&a->socket, a->len) == 0;
	close(fd);
	return has;
}

static const struct net_address *
next_of(const struct net_address *all, size_t n, size_t *at, bool is_v6)
{
	while (*at < n && (all[*at].socket.ss_family == AF_INET6) != is_v6)
		++*at;
	return *at < n ? &all[(*at)++] : NULL;
}

/* A family that leads nowhere comes last; otherwise one of each by turns, so that the first few
 * addresses that are used have both. */
static const struct net_address *
in_order(struct arena *mem, const struct net_address *all, size_t n)
{
	struct net_address *out = arena_new_array(mem, struct net_address, n + 1);
	size_t at[2] = { 0, 0 }, n_out = 0, first = 0;
	const struct net_address *a, *b;

	a = next_of(all, n, &first, true);
	if (a == NULL || n == 1)
		return all;
	if (has_route(a)) {
		while ((a = next_of(all, n, &at[0], true)) != NULL) {
			out[n_out++] = *a;
			if ((b = next_of(all, n, &at[1], false)) != NULL)
				out[n_out++] = *b;
		}
	}
	while ((b = next_of(all, n, &at[1], false)) != NULL)
		out[n_out++] = *b;
	while ((a = next_of(all, n, &at[0], true)) != NULL)
		out[n_out++] = *a;
	return out;
}

static int64_t
ttl_of(const struct ares_addrinfo *found)
{
	int64_t ttl_s = NET_RESOLVE_KEEP_MOST_S;

	for (const struct ares_addrinfo_node *a = found->nodes; a != NULL; a = a->ai_next)
		ttl_s = a->ai_ttl < ttl_s ? a->ai_ttl : ttl_s;
	for (const struct ares_addrinfo_cname *a = found->cnames; a != NULL; a = a->next)
		ttl_s = a->ttl < ttl_s ? a->ttl : ttl_s;
	return ttl_s > 0 ? ttl_s : 0;
}

static void
take_all(struct arena *mem, const struct ares_addrinfo *found, int port, struct net_answers *out)
{
	struct net_address *rows;
	size_t n = 0;

	for (const struct ares_addrinfo_node *a = found->nodes; a != NULL; a = a->ai_next)
		n++;
	rows = arena_new_array(mem, struct net_address, n + 1);
	for (const struct ares_addrinfo_node *a = found->nodes; a != NULL; a = a->ai_next) {
		struct net_address *row = &rows[out->n];

		if ((a->ai_family != AF_INET && a->ai_family != AF_INET6) ||
		    a->ai_addrlen > sizeof(row->socket))
			continue;
		memcpy(&row->socket, a->ai_addr, a->ai_addrlen);
		row->len = a->ai_addrlen;
		set_port(row, port);
		set_text(row);
		out->n++;
	}
	out->rows = in_order(mem, rows, out->n);
	out->ttl_s = ttl_of(found);
}

static void
answer(struct arena *mem, const char *host, int port, int status, const struct ares_addrinfo *found,
    struct net_answers *out)
{
	*out = (struct net_answers){ .error = "" };
	if (status == ARES_SUCCESS && found != NULL)
		take_all(mem, found, port, out);
	if (out->n > 0)
		return;
	if (status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA ||
	    status == ARES_EBADNAME) {
		out->why = NET_WHY_GONE;
		out->error = arena_printf(mem, "there is no host named %s", host);
		return;
	}
	out->why = NET_WHY_NETWORK;
	out->error = arena_printf(mem, "the name %s cannot be looked up now: %s", host,
	    status == ARES_ECANCELLED ? "no answer in time" : ares_strerror(status));
}

/* An address is its own answer; it goes into row. */
static bool
is_address(const char *host, int port, struct net_address *row, struct net_answers *out)
{
	struct sockaddr_in *v4 = (void *)&row->socket;
	struct sockaddr_in6 *v6 = (void *)&row->socket;

	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		row->len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		row->len = sizeof(*v6);
	} else {
		return false;
	}
	set_port(row, port);
	set_text(row);
	*out = (struct net_answers){
		.error = "", .rows = row, .n = 1, .ttl_s = NET_RESOLVE_KEEP_MOST_S
	};
	return true;
}

/* ---- channels */

static int
use_servers(struct ctx *c, ares_channel channel)
{
	char *list =
	    arena_strdup(c->mem, c->conf->net_resolvers + strspn(c->conf->net_resolvers, " "));

	if (list[0] == '\0')
		return OK;
	for (char *p = list; *p != '\0'; p++)
		*p = *p == ' ' ? ',' : *p;
	if (ares_set_servers_ports_csv(channel, list) != ARES_SUCCESS)
		return fail(c, E_INVALID, "net.resolvers: \"%s\" are not addresses of name servers",
		    c->conf->net_resolvers);
	return OK;
}

static int
open_channel(struct ctx *c, ares_sock_state_cb watch, void *payload, ares_channel *out)
{
	struct ares_options options = { .timeout = TRY_MS,
		.tries = TRIES,
		.sock_state_cb = watch,
		.sock_state_cb_data = payload };
	int mask =
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | (watch != NULL ? ARES_OPT_SOCK_STATE_CB : 0);
	int status, code;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
	    (status = ares_init_options(out, &options, mask)) != ARES_SUCCESS)
		return fail(c, E_INTERNAL, "c-ares cannot start");
	code = use_servers(c, *out);
	if (code != OK)
		ares_destroy(*out);
	return code;
}

static void
close_channel(void *channel)
{
	ares_destroy(channel);
}

static void
ask_channel(ares_channel channel, const char *host, ares_addrinfo_callback done, void *payload)
{
	/* the order of addresses is ours: c-ares would open a socket for each of them */
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
		.ai_flags = ARES_AI_NOSORT };

	ares_getaddrinfo(channel, host, NULL, &hints, done, payload);
}

/* ---- one, waited for */

struct wait {
	struct net *net;
	const char *host;
	int port;
	struct net_answers *out;
	bool is_done;
};

static void
on_waited(void *payload, int status, int timeouts, struct ares_addrinfo *found)
{
	struct wait *w = payload;

	(void)timeouts;
	answer(w->net->c->mem, w->host, w->port, status, found, w->out);
	w->is_done = true;
	if (found != NULL)
		ares_freeaddrinfo(found);
}

static void
process(ares_channel channel, int wait_ms)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	unsigned wanted = (unsigned)ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval most = { wait_ms / 1000, wait_ms % 1000 * 1000 }, left, *next;
	nfds_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		/* what ARES_GETSOCK_READABLE and _WRITABLE say, without a shift out of an int */
		short events = (short)((wanted >> i & 1 ? POLLIN : 0) |
		    (wanted >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));

		if (events != 0)
			fds[n++] = (struct pollfd){ .fd = sockets[i], .events = events };
	}
	next = ares_timeout(channel, &most, &left);
	if (poll(fds, n, (int)(next->tv_sec * 1000 + next->tv_usec / 1000) + 1) <= 0)
		n = 0;
	for (nfds_t i = 0; i < n; i++)
		ares_process_fd(channel,
		    fds[i].revents & (POLLIN | POLLERR | POLLHUP) ? fds[i].fd : ARES_SOCKET_BAD,
		    fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what took too long */
}

static int
wait_for(struct wait *w, ares_channel channel)
{
	int64_t end_us = clock_mono_us() + NET_RESOLVE_MS * US_PER_MS;

	while (!w->is_done) {
		int64_t left_ms = (end_us - clock_mono_us()) / US_PER_MS, before_us, still_us;
		int code = net_tick(w->net), wait_ms;

		if (code != OK || left_ms <= 0) {
			ares_cancel(channel); /* calls on_waited */
			TRY(code);
			break;
		}
		before_us = clock_mono_us();
		wait_ms = left_ms < TICK_MS ? (int)left_ms : TICK_MS;
		process(channel, wait_ms);
		still_us =
		    clock_stood_still_us(clock_mono_us() - before_us, (int64_t)wait_ms * US_PER_MS);
		end_us += still_us;
		w->net->deadline_us += still_us;
	}
	return OK;
}

int
net_resolve(struct net *n, const char *host, int port, struct net_answers *out)
{
	struct wait *w = arena_new_of(n->c->mem, struct wait);
	ares_channel channel;

	if (is_address(host, port, arena_new_of(n->c->mem, struct net_address), out))
		return OK;
	if (open_channel(n->c, NULL, NULL, &channel) != OK)
		return net_fail(n, NET_WHY_LOCAL, "%s", n->c->reason);
	*w = (struct wait){ .net = n, .host = host, .port = port, .out = out };
	arena_defer(n->c->mem, close_channel, channel); /* after a look-up that was given up, too */
	ask_channel(channel, host, on_waited, w);
	TRY(wait_for(w, channel));
	arena_close(n->c->mem, channel);
	return out->why == 0 ? OK : net_fail(n, out->why, "%s", out->error);
}

/* ---- many at once */

struct query {
	struct query *next; /* of those under way */
	struct net_resolver *resolver;
	bool is_told; /* that it took too long, or nobody listens any more */
	int port;
	int64_t end_us;
	void (*done)(void *payload, const struct net_answers *answers);
	void *payload;
	char host[];
};

struct net_resolver {
	struct ctx *c;
	ares_channel channel;
	int64_t opened_us;
	struct query *queries;
	struct arena *mem; /* for an answer while it is told */
	int n_telling;	   /* who is told may ask again */
	void (*watch)(void *payload, int fd, bool for_reading, bool for_writing);
	void *payload;
};

static void
end_resolver(void *payload)
{
	struct net_resolver *r = payload;

	for (struct query *q = r->queries; q != NULL; q = q->next)
		q->is_told = true;
	ares_destroy(r->channel);
	arena_free(r->mem);
}

static void
on_state(void *payload, ares_socket_t fd, int readable, int writable)
{
	struct net_resolver *r = payload;

	r->watch(r->payload, fd, readable != 0, writable != 0);
}

int
net_resolver_open(struct ctx *c,
    void (*watch)(void *payload, int fd, bool for_reading, bool for_writing), void *payload,
    struct net_resolver **out)
{
	struct net_resolver *r = arena_new_of(c->mem, struct net_resolver);

	*r = (struct net_resolver){ .c = c, .watch = watch, .payload = payload };
	TRY(open_channel(c, on_state, r, &r->channel));
	r->opened_us = clock_mono_us();
	r->mem = arena_new();
	arena_defer(c->mem, end_resolver, r);
	*out = r;
	return OK;
}

/* One that cannot be made stays the old one. */
static void
renew(struct net_resolver *r)
{
	struct ctx inner = *r->c;
	ares_channel fresh;

	if (r->queries != NULL || clock_mono_us() - r->opened_us < RENEW_US)
		return;
	inner.mem = r->mem;
	if (open_channel(&inner, on_state, r, &fresh) == OK) {
		ares_destroy(r->channel);
		r->channel = fresh;
	}
	r->opened_us = clock_mono_us();
	if (r->n_telling == 0)
		arena_reset(r->mem);
}

static void
tell(struct query *q, int status, const struct ares_addrinfo *found)
{
	struct net_resolver *r = q->resolver;
	struct net_answers answers;

	q->is_told = true;
	r->n_telling++;
	answer(r->mem, q->host, q->port, status, found, &answers);
	q->done(q->payload, &answers);
	if (--r->n_telling == 0)
		arena_reset(r->mem);
}

static void
on_found(void *payload, int status, int timeouts, struct ares_addrinfo *found)
{
	struct query *q = payload, **p = &q->resolver->queries;

	(void)timeouts;
	while (*p != q)
		p = &(*p)->next;
	*p = q->next;
	if (!q->is_told)
		tell(q, status, found);
	if (found != NULL)
		ares_freeaddrinfo(found);
	free(q);
}

void
net_resolver_ask(struct net_resolver *r, const char *host, int port,
    void (*done)(void *payload, const struct net_answers *answers), void *payload)
{
	struct net_answers answers;
	struct net_address row = { .len = 0 };
	struct query *q;

	if (is_address(host, port, &row, &answers)) {
		done(payload, &answers);
		return;
	}
	renew(r);
	q = malloc(sizeof(*q) + strlen(host) + 1);
	assert(q != NULL);
	*q = (struct query){ .next = r->queries,
		.resolver = r,
		.port = port,
		.end_us = clock_mono_us() + NET_RESOLVE_MS * 1000,
		.done = done,
		.payload = payload };
	memcpy(q->host, host, strlen(host) + 1);
	r->queries = q;
	ask_channel(r->channel, q->host, on_found, q);
}

void
net_resolver_ready(struct net_resolver *r, int fd, bool can_read, bool can_write)
{
	ares_process_fd(
	    r->channel, can_read ? fd : ARES_SOCKET_BAD, can_write ? fd : ARES_SOCKET_BAD);
}

static int
ms_until(int64_t end_us)
{
	int64_t left_us = end_us - clock_mono_us();

	return left_us > 0 ? (int)(left_us / 1000) + 1 : 0;
}

void
net_resolver_stood_still(struct net_resolver *r, int64_t still_us)
{
	for (struct query *q = r->queries; q != NULL; q = q->next)
		q->end_us += still_us;
}

int
net_resolver_turn(struct net_resolver *r)
{
	struct timeval most = { NET_RESOLVE_MS / 1000, 0 }, left, *next;
	int wait_ms = -1, next_ms;

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	for (struct query *q = r->queries; q != NULL; q = q->next)
		if (!q->is_told && ms_until(q->end_us) == 0)
			tell(q, ARES_ECANCELLED, NULL); /* c-ares itself forgets it later */
	for (struct query *q = r->queries; q != NULL; q = q->next)
		if (!q->is_told && (wait_ms < 0 || ms_until(q->end_us) < wait_ms))
			wait_ms = ms_until(q->end_us);
	if (wait_ms < 0)
		return -1;
	next = ares_timeout(r->channel, &most, &left);
	next_ms = (int)(next->tv_sec * 1000 + next->tv_usec / 1000) + 1;
	return next_ms < wait_ms ? next_ms : wait_ms;
}
