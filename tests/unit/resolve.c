/* Names and their addresses, as a name server of the test's own has them. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"
#include "net/net.h"
#include "net/resolve.h"

/* What the server knows: A records by the first label of the name. */
static const struct {
	const char *label;
	int ttl_s;
	const char *addresses[10];
} records[] = {
	{ "open", 30, { "1.1.1.1", "8.8.8.8" } },
	{ "mixed", 30, { "1.1.1.1", "10.0.0.1" } },
	{ "late", 30,
	    { "1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "1.1.1.6", "1.1.1.7",
		"1.1.1.8", "127.0.0.1" } },
	{ "many", 30,
	    { "1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "1.1.1.6", "1.1.1.7",
		"1.1.1.8", "1.1.1.9" } },
	{ "long", 86400, { "1.1.1.1" } },
	{ "now", 0, { "1.1.1.1" } },
};

static size_t
add_records(unsigned char *answer, size_t len, const char *label)
{
	for (size_t i = 0; i < N_OF(records); i++)
		for (size_t k = 0; k < 10 && strcmp(records[i].label, label) == 0; k++) {
			unsigned char row[16] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4 };

			if (records[i].addresses[k] == NULL)
				break;
			row[7] = (unsigned char)(records[i].ttl_s >> 16);
			row[8] = (unsigned char)(records[i].ttl_s >> 8);
			row[9] = (unsigned char)records[i].ttl_s;
			inet_pton(AF_INET, records[i].addresses[k], row + 12);
			memcpy(answer + len, row, sizeof(row));
			len += sizeof(row);
			answer[7]++;
		}
	return len;
}

/* A question has one name; answers to AAAA are empty, names that nobody knows do not exist, and
 * "silent" is not answered. */
static void
serve(int fd)
{
	unsigned char bytes[2048];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, bytes, 512, 0, (struct sockaddr *)&from, &from_len)) > 12) {
		char label[64] = "";
		size_t len = 12;
		bool is_known = false;

		memcpy(label, bytes + 13, bytes[12] & 63);
		for (size_t i = 0; i < N_OF(records); i++)
			is_known |= strcmp(records[i].label, label) == 0;
		if (strcmp(label, "silent") == 0)
			continue;
		while (bytes[len] != 0)
			len += (size_t)bytes[len] + 1;
		len += 5;
		bytes[2] = 0x81;
		bytes[3] = is_known ? 0x80 : 0x83;
		memset(bytes + 6, 0, 6);
		if (bytes[len - 3] == 1)
			len = add_records(bytes, len, label);
		sendto(fd, bytes, len, 0, (struct sockaddr *)&from, from_len);
	}
}

static void
end_server(void *pid)
{
	kill(*(pid_t *)pid, SIGKILL);
	waitpid(*(pid_t *)pid, NULL, 0);
}

/* Starts a server that goes with the ctx, whose settings name it. */
static void
start_server(struct ctx *c)
{
	struct conf *conf = arena_new_of(c->mem, struct conf);
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	pid_t *pid = arena_new_of(c->mem, pid_t);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*pid = fork();
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
		_exit(0);
	}
	close(fd);
	arena_defer(c->mem, end_server, pid);
	assert_int_equal(conf_load(c, NULL, conf), OK);
	conf->net_resolvers = arena_printf(c->mem, " 127.0.0.1:%d ", ntohs(address.sin_port));
	c->conf = conf;
}

static int
find(struct ctx *c, const char *host, struct net_place *out, enum net_why *why_out)
{
	struct net_url url;
	struct net *n;
	int code;

	assert_int_equal(net_open(c, "", 30, NULL, NULL, &n), OK);
	assert_int_equal(
	    net_url_parse(c, arena_printf(c->mem, "https://%s.test/a", host), &url), OK);
	code = net_find(n, &url, out);
	*why_out = n->why;
	return code;
}

static void
the_servers_of_net_resolvers_are_asked(void **state)
{
	struct ctx *c = *state;
	struct net_place place;
	enum net_why why;

	start_server(c);
	if (find(c, "open", &place, &why) != OK)
		unit_fail("%s", c->reason);
	assert_int_equal(place.n, 2);
	assert_string_equal(place.addresses[0].text, "1.1.1.1");
	assert_string_equal(place.addresses[1].text, "8.8.8.8");
	assert_int_equal(
	    ntohs(((struct sockaddr_in *)(void *)&place.addresses[1].socket)->sin_port), 443);
	assert_int_equal(find(c, "nobody", &place, &why), E_NOTFOUND);
	assert_int_equal(why, NET_WHY_GONE);
}

static void
one_bad_address_refuses_the_name(void **state)
{
	struct ctx *c = *state;
	struct net_place place;
	enum net_why why;

	start_server(c);
	assert_int_equal(find(c, "mixed", &place, &why), E_DENIED);
	assert_int_equal(why, NET_WHY_POLICY);
	/* also one that would never be used */
	assert_int_equal(find(c, "late", &place, &why), E_DENIED);
	assert_int_equal(find(c, "many", &place, &why), OK);
	assert_int_equal(place.n, NET_ADDRESSES_MAX);
}

static void
a_wrong_net_resolvers_is_a_failure_of_ours(void **state)
{
	struct ctx *c = *state;
	struct conf *conf = arena_new_of(c->mem, struct conf);
	struct net_place place;
	enum net_why why;

	assert_int_equal(conf_load(c, NULL, conf), OK);
	conf->net_resolvers = "not.an.address";
	c->conf = conf;
	assert_int_equal(find(c, "open", &place, &why), E_INTERNAL);
	assert_int_equal(why, NET_WHY_LOCAL);
}

/* ---- without waiting */

struct watched {
	int fds[8];
	int n, n_done;
	struct net_answers last;
};

static void
on_watch(void *payload, int fd, bool for_reading, bool for_writing)
{
	struct watched *w = payload;
	int at = 0;

	while (at < w->n && w->fds[at] != fd)
		at++;
	if (at == w->n)
		w->fds[w->n++] = fd;
	if (!for_reading && !for_writing)
		w->fds[at] = w->fds[--w->n];
}

static void
on_done(void *payload, const struct net_answers *answers)
{
	struct watched *w = payload;

	w->n_done++;
	w->last = *answers;
}

static void
run(struct net_resolver *r, struct watched *w)
{
	while (w->n_done == 0) {
		int wait_ms = net_resolver_turn(r);

		assert_in_range(wait_ms + 1, w->n_done ? 0 : 1, NET_RESOLVE_MS + 2);
		usleep(1000);
		for (int i = w->n - 1; i >= 0; i--)
			net_resolver_ready(r, w->fds[i], true, false);
	}
}

static void
answers_may_be_kept_as_long_as_they_say_but_never_long(void **state)
{
	static const struct {
		const char *host;
		int ttl_s;
	} rows[] = { { "open.test", 30 }, { "long.test", NET_RESOLVE_KEEP_MOST_S }, { "now.test", 0 },
		{ "nobody.test", 0 } };
	struct ctx *c = *state;
	struct net_resolver *r;
	struct watched w = { .n = 0 };

	start_server(c);
	assert_int_equal(net_resolver_open(c, on_watch, &w, &r), OK);
	for (size_t i = 0; i < N_OF(rows); i++) {
		w.n_done = 0;
		net_resolver_ask(r, rows[i].host, 80, on_done, &w);
		run(r, &w);
		assert_int_equal(w.last.ttl_s, rows[i].ttl_s);
	}
	assert_int_equal(w.last.why, NET_WHY_GONE);
	assert_int_equal(net_resolver_turn(r), -1);
}

static void
an_address_needs_nobody(void **state)
{
	struct ctx *c = *state;
	struct net_resolver *r;
	struct watched *w = arena_new_of(c->mem, struct watched); /* outlives what is under way */

	start_server(c);
	assert_int_equal(net_resolver_open(c, on_watch, w, &r), OK);
	net_resolver_ask(r, "::1", 80, on_done, w);
	assert_int_equal(w->n_done, 1);
	assert_int_equal(w->last.n, 1);
	net_resolver_ask(r, "silent.test", 80, on_done, w); /* is under way at the end */
	assert_int_equal(w->n_done, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(the_servers_of_net_resolvers_are_asked),
		WITH_CTX(one_bad_address_refuses_the_name),
		WITH_CTX(a_wrong_net_resolvers_is_a_failure_of_ours),
		WITH_CTX(answers_may_be_kept_as_long_as_they_say_but_never_long),
		WITH_CTX(an_address_needs_nobody),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
