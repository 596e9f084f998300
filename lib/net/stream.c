#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/proc.h"
#include "base/str.h"

#define US_PER_MS 1000
#define TICK_MS 1000
#define SAID_MAX_BYTES 4096
#define CHILD_END_MS 2000

struct net_stream {
	struct net *net;
	int in, out;	    /* read from in, write to out; the same socket for TCP */
	struct proc *child; /* NULL for TCP */
	const char *what;   /* for sentences: "ssh", "the upstream" */
	struct net_pace pace;
	char said[SAID_MAX_BYTES]; /* the child's standard error, the first of it */
	size_t said_len;
};

/* ---- waiting */

/* What the child complains about must not fill its pipe. */
static void
take_errors(struct net_stream *s)
{
	char more[512];
	ssize_t n;

	while (s->child != NULL && s->child->err >= 0 &&
	    (n = read(s->child->err, more, sizeof(more))) > 0) {
		size_t room = sizeof(s->said) - 1 - s->said_len;
		size_t len = (size_t)n < room ? (size_t)n : room;

		memcpy(s->said + s->said_len, more, len);
		s->said_len += len;
	}
}

/* Waits until fd is ready for events, at most a second; *ready_out false: not yet. */
static int
wait_once(struct net_stream *s, int fd, short events, bool *ready_out)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events },
		{ .fd = s->child != NULL ? s->child->err : -1, .events = POLLIN } };
	int64_t before_us = clock_mono_us(), left_ms = net_left_ms(s->net);
	int wait_ms = left_ms < TICK_MS ? (int)left_ms : TICK_MS, n = poll(fds, 2, wait_ms);

	if (n < 0 && errno != EINTR)
		return net_fail(s->net, NET_WHY_LOCAL, "poll: %s", strerror(errno));
	if (n > 0 && fds[1].revents != 0)
		take_errors(s);
	/* a closed error pipe is ready for ever: look at the other one alone */
	if (n > 0 && fds[0].revents == 0 && (fds[1].revents & POLLHUP))
		(void)poll(fds, 1, 20);
	*ready_out = n > 0 && fds[0].revents != 0;
	TRY(net_waited(
	    s->net, &s->pace, clock_mono_us() - before_us, (int64_t)wait_ms * US_PER_MS, 0));
	return net_tick(s->net);
}

static int
lost(struct net_stream *s)
{
	if (s->child != NULL)
		return net_stream_failure(s);
	return net_fail(s->net, NET_WHY_NETWORK, "the connection broke: %s", strerror(errno));
}

int
net_stream_read(struct net_stream *s, void *bytes, size_t size, size_t *got_out)
{
	for (;;) {
		ssize_t n = read(s->in, bytes, size);
		bool ready;

		if (n >= 0) {
			s->net->bytes += n;
			*got_out = (size_t)n;
			return net_pace_add(s->net, &s->pace, 0, n);
		}
		if (errno != EAGAIN && errno != EINTR)
			return lost(s);
		TRY(wait_once(s, s->in, POLLIN, &ready));
	}
}

int
net_stream_write(struct net_stream *s, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n =
		    s->child != NULL ? write(s->out, p, len) : send(s->out, p, len, MSG_NOSIGNAL);
		bool ready;

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
			TRY(net_pace_add(s->net, &s->pace, 0, n));
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return lost(s);
		TRY(wait_once(s, s->out, POLLOUT, &ready));
	}
	return OK;
}

/* ---- TCP */

static void
close_socket(void *fd)
{
	close(*(int *)fd);
}

static int
connected(struct net *n, int fd, int64_t until_us)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	for (;;) {
		int64_t left_ms = (until_us - clock_mono_us()) / 1000;
		int wait_ms = left_ms < 0 ? 0 : left_ms < TICK_MS ? (int)left_ms : TICK_MS;
		int64_t before_us = clock_mono_us(), still_us;
		int ready = poll(&p, 1, wait_ms);

		if (ready > 0)
			break;
		still_us =
		    clock_stood_still_us(clock_mono_us() - before_us, (int64_t)wait_ms * US_PER_MS);
		if (ready == 0 && left_ms <= TICK_MS && still_us == 0)
			return ETIMEDOUT;
		until_us += still_us;
		if (net_tick(n) != OK)
			return ECANCELED;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return errno;
	return error;
}

/* 0 and *fd_out, or an errno. */
static int
try_address(struct net *n, const struct net_address *a, int64_t until_us, int *fd_out)
{
	int fd = socket(a->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&a->socket, a->len) != 0)
		error = errno == EINPROGRESS ? connected(n, fd, until_us) : errno;
	if (error != 0) {
		close(fd);
		return error;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*fd_out = fd;
	return 0;
}

static struct net_stream *
stream_new(struct net *n, int in, int out)
{
	struct net_stream *s = arena_new_of(n->c->mem, struct net_stream);

	s->net = n;
	s->in = in;
	s->out = out;
	return s;
}

int
net_tcp_open(struct net *n, const struct net_url *url, struct net_stream **out)
{
	int64_t now_us = clock_mono_us();
	int64_t span_us = n->c->conf->net_connect_s * 1000000;
	int *fd = arena_new_of(n->c->mem, int), error = 0;
	struct net_place place;

	TRY(net_find(n, url, &place));
	for (size_t i = 0; i < place.n; i++) {
		/* each address has its share of what is left */
		int64_t share_us = (now_us + span_us - clock_mono_us()) / (int64_t)(place.n - i);

		error = try_address(n, &place.addresses[i], clock_mono_us() + share_us, fd);
		if (error == ECANCELED)
			return E_CONFLICT; /* net_tick said why */
		if (error != 0)
			continue;
		arena_defer(n->c->mem, close_socket, fd);
		*out = stream_new(n, *fd, *fd);
		return OK;
	}
	return net_fail(n, NET_WHY_NETWORK, "cannot connect to %s: %s", url->host, strerror(error));
}

/* ---- child processes */

static int
child_open(struct net *n, const char *const *argv, const char *const *env, const char *what,
    struct net_stream **out)
{
	const struct proc_spec spec = { .argv = argv, .env = env };
	struct net_stream *s;
	struct proc *child;

	if (proc_start(n->c, &spec, &child) != OK) {
		n->why = NET_WHY_LOCAL;
		return E_INTERNAL;
	}
	s = stream_new(n, child->out, child->in);
	s->child = child;
	s->what = what;
	*out = s;
	return OK;
}

/* known_hosts has hosts on other ports in brackets; the alias takes that form too, so that lines of
 * ssh-keyscan can be used as they are. */
static const char *
key_alias(struct arena *mem, const struct net_url *url)
{
	if (url->port == 22)
		return arena_printf(mem, "HostKeyAlias=%s", url->host);
	return arena_printf(mem, "HostKeyAlias=[%s]:%d", url->host, url->port);
}

int
net_ssh_open(struct net *n, const struct net_url *url, const char *service, struct net_stream **out)
{
	struct arena *mem = n->c->mem;
	const struct conf *conf = n->c->conf;
	struct net_place place;
	const char *argv[40];
	size_t i = 0;

	TRY(net_find(n, url, &place));
	const char *const options[] = { "BatchMode=yes", "StrictHostKeyChecking=yes",
		"GlobalKnownHostsFile=/dev/null", "UpdateHostKeys=no", "IdentitiesOnly=yes",
		"IdentityAgent=none", "PasswordAuthentication=no", "ClearAllForwardings=yes",
		"ProxyCommand=none", "PermitLocalCommand=no", "ControlPath=none", "LogLevel=ERROR",
		arena_printf(mem, "ConnectTimeout=%lld", (long long)conf->net_connect_s),
		arena_printf(mem, "UserKnownHostsFile=%s", conf->net_ssh_known_hosts),
		arena_printf(mem, "IdentityFile=%s", conf->net_ssh_key),
		arena_printf(mem, "HostName=%s", place.addresses[0].text), key_alias(mem, url) };

	argv[i++] = "ssh";
	argv[i++] = "-F";
	argv[i++] = "none";
	argv[i++] = "-T";
	argv[i++] = "-p";
	argv[i++] = arena_printf(mem, "%d", url->port);
	argv[i++] = "-l";
	argv[i++] = url->user != NULL ? url->user : "git";
	for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++)
		argv[i++] = arena_printf(mem, "-o%s", options[k]);
	argv[i++] = "--";
	argv[i++] = url->host;
	/* net_url_parse refused every byte that could end the quotes */
	argv[i++] = arena_printf(mem, "%s '%s'", service, url->path);
	argv[i] = NULL;
	return child_open(n, argv, NULL, "ssh", out);
}

int
net_local_open(
    struct net *n, const struct net_url *url, const char *service, struct net_stream **out)
{
	/* the operator allowed local paths: whose they are does not matter then */
	static const char *const env[] = { "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		NULL };
	const char *const argv[] = { "git", service, "--", url->path, NULL };
	int code = net_policy_check_url(n->c, n->policy, url);

	if (code != OK) {
		n->why = NET_WHY_POLICY;
		return code;
	}
	return child_open(n, argv, env, "git", out);
}

/* What ssh and git say, in the order in which it is looked for. */
/* clang-format off */
static const struct saying {
	const char *text;
	enum net_why why;
	const char *sentence;
} sayings[] = {
	{ "Host key verification failed", NET_WHY_TLS, "the host key of the upstream is not the known one" },
	{ "REMOTE HOST IDENTIFICATION HAS CHANGED", NET_WHY_TLS, "the host key of the upstream has changed" },
	{ "Permission denied", NET_WHY_AUTH, "the upstream refused our ssh key" },
	{ "Too many authentication failures", NET_WHY_AUTH, "the upstream refused our ssh key" },
	{ "does not appear to be a git repository", NET_WHY_GONE, "the upstream has no such repository" },
	{ "epository not found", NET_WHY_GONE, "the upstream has no such repository" },
	{ "o such repository", NET_WHY_GONE, "the upstream has no such repository" },
	{ "onnection refused", NET_WHY_NETWORK, "the upstream refused the connection" },
	{ "timed out", NET_WHY_NETWORK, "the upstream did not answer in time" },
};
/* clang-format on */

static int
say(struct net_stream *s)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++)
		if (strstr(s->said, sayings[i].text) != NULL)
			return net_fail(s->net, sayings[i].why, "%s", sayings[i].sentence);
	if (s->said_len > 0)
		return net_fail(s->net, NET_WHY_NETWORK, "%s says: %s", s->what,
		    net_clean(s->net->c->mem, s->said));
	return net_fail(s->net, NET_WHY_NETWORK, "the upstream closed the connection early");
}

int
net_stream_failure(struct net_stream *s)
{
	int status;

	if (s->child == NULL)
		return say(s);
	/* it ended or is about to: what it still has to say comes within a moment */
	for (int64_t end_us = clock_mono_us() + CHILD_END_MS * 1000; clock_mono_us() < end_us;) {
		struct pollfd p = { .fd = s->child->err, .events = POLLIN };

		if (s->child->err < 0 || poll(&p, 1, 100) < 0)
			break;
		take_errors(s);
		if ((p.revents & POLLHUP) && !(p.revents & POLLIN))
			break;
	}
	proc_kill(s->child);
	if (proc_wait(s->net->c, s->child, &status) != OK)
		return net_fail(s->net, NET_WHY_LOCAL, "%s does not end", s->what);
	return say(s);
}
