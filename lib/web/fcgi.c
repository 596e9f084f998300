#include "web/fcgi.h"

#include <assert.h>
#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/random.h"
#include "store/store.h"

#define BACKLOG 1024 /* the customary 5 gives 502s at 16 clients (performance.md) */
#define REOPEN_US 1000000
#define ACCEPT_FAILED_MS 100

struct fcgi {
	FCGX_Request request;
	bool is_answered; /* whole, past libfcgi's stream */
};

/* The process at work. */
struct server {
	struct ctx *ctx;
	const struct dialect *const *dialects;
	struct arena *mem;    /* of the request at hand */
	struct arena *db_mem; /* of the connection */
	int64_t db_tried_us;  /* 0: never */
	int64_t answer_cpu_s; /* of processor time */
	bool is_misfit;	      /* the schema is not the one this program was made for */
};

static volatile sig_atomic_t is_ending;

/* ---- one connection */

const char *
fcgi_variable(struct fcgi *f, const char *name)
{
	return FCGX_GetParam(name, f->request.envp);
}

ssize_t
fcgi_read(struct fcgi *f, void *buf, size_t len)
{
	int n;

	assert(len <= INT32_MAX);
	n = FCGX_GetStr(buf, (int)len, f->request.in);
	return FCGX_GetError(f->request.in) != 0 ? -1 : n;
}

bool
fcgi_write(struct fcgi *f, const void *bytes, size_t len)
{
	assert(len <= INT32_MAX);
	return FCGX_PutStr(bytes, (int)len, f->request.out) == (int)len;
}

/* ---- a whole answer at once: libfcgi's stream would write it in pieces of 8 KiB, and wake up
 * nginx for each of them */

#define RECORD_MOST 65528 /* bytes of a record: so it needs no padding */
#define RECORDS_MOST 16	  /* in one call */

struct sender {
	int fd, request_id;
	bool is_broken;
	size_t n;
	FCGI_Header heads[RECORDS_MOST];
	struct iovec pieces[2 * RECORDS_MOST];
};

static void
send_pieces(struct sender *s)
{
	struct iovec *at = s->pieces, *end = at + 2 * s->n;
	ssize_t n = 0;

	while (at < end && !s->is_broken) {
		n = writev(s->fd, at, (int)(end - at));
		s->is_broken = n < 0 && errno != EINTR;
		for (; n > 0 && at < end && (size_t)n >= at->iov_len; at++)
			n -= (ssize_t)at->iov_len;
		while (at < end && at->iov_len == 0)
			at++;
		if (n > 0) {
			at->iov_base = (char *)at->iov_base + n;
			at->iov_len -= (size_t)n;
		}
	}
	s->n = 0;
}

static void
add_record(struct sender *s, unsigned char type, const void *bytes, size_t len)
{
	if (s->n == RECORDS_MOST)
		send_pieces(s);
	s->heads[s->n] = (FCGI_Header){
		.version = FCGI_VERSION_1,
		.type = type,
		.requestIdB1 = (unsigned char)(s->request_id >> 8),
		.requestIdB0 = (unsigned char)s->request_id,
		.contentLengthB1 = (unsigned char)(len >> 8),
		.contentLengthB0 = (unsigned char)len,
	};
	s->pieces[2 * s->n] = (struct iovec){ &s->heads[s->n], sizeof(s->heads[0]) };
	s->pieces[2 * s->n + 1] = (struct iovec){ (void *)(uintptr_t)bytes, len };
	s->n++;
}

static void
add_output(struct sender *s, const char *bytes, size_t len)
{
	for (size_t n; len > 0; bytes += n, len -= n) {
		n = len < RECORD_MOST ? len : RECORD_MOST;
		add_record(s, FCGI_STDOUT, bytes, n);
	}
}

void
fcgi_answer(struct fcgi *f, const struct buf *head, const void *body, size_t len)
{
	struct sender s = { .fd = f->request.ipcFd, .request_id = f->request.requestId };
	FCGI_EndRequestBody end = { .protocolStatus = FCGI_REQUEST_COMPLETE };

	f->is_answered = true;
	add_output(&s, head->data, head->len);
	add_output(&s, body, len);
	add_record(&s, FCGI_STDOUT, NULL, 0);
	add_record(&s, FCGI_END_REQUEST, &end, sizeof(end));
	send_pieces(&s); /* a client that has gone is no failure of ours */
}

static bool
has_no_body(struct fcgi *f)
{
	const char *method = fcgi_variable(f, "REQUEST_METHOD");
	const char *length = fcgi_variable(f, "CONTENT_LENGTH");

	return method != NULL && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) &&
	    (length == NULL || length[0] == '\0');
}

/* libfcgi waits until the other side has closed, lest bytes that nobody has read cut off the
 * answer. Without a body there are hardly any: what is behind long headers. */
static void
finish(struct fcgi *f)
{
	char unread[1024];

	if (!f->is_answered) {
		FCGX_Finish_r(&f->request);
	} else if (has_no_body(f)) {
		(void)recv(f->request.ipcFd, unread, sizeof(unread), MSG_DONTWAIT);
		FCGX_Detach(&f->request);
	}
	FCGX_Free(
	    &f->request, 1); /* closes what the client asked to keep: nobody would look at it */
}

bool
fcgi_flush(struct fcgi *f)
{
	return FCGX_FFlush(f->request.out) == 0;
}

bool
fcgi_is_closed(struct fcgi *f)
{
	/* nginx never half-closes: the end of its side is the end */
	struct pollfd p = { .fd = f->request.ipcFd, .events = POLLRDHUP };

	if (FCGX_GetError(f->request.out) != 0)
		return true;
	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* ---- the loop */

static void
end_soon(int sig)
{
	(void)sig;
	is_ending = 1;
}

/* FCGX_Init sets handlers of its own; this comes behind it. */
static void
catch_end(void)
{
	struct sigaction end = { .sa_handler = end_soon };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Opens the database, at most one try a second. A server that is away passes; a schema that does
 * not fit does not. */
static void
open_db(struct server *s)
{
	struct ctx c = *s->ctx;
	int64_t now = clock_mono_us();

	if (s->db_tried_us != 0 && now - s->db_tried_us < REOPEN_US)
		return;
	s->db_tried_us = now;
	arena_reset(s->db_mem);
	c.mem = s->db_mem;
	if (db_open(&c, c.conf->db_web, store_web_tables, 0, &s->ctx->db) == OK)
		return;
	s->ctx->db = NULL;
	s->is_misfit = c.retry_after_s == 0;
	log_write(
	    s->is_misfit ? LOG_ERR : LOG_WARN, "database not opened", LOG_TEXT("why", c.reason));
}

/* One answer may cost so much; what costs more is no answer but a loop: libgit2 1.5 reads a loose
 * object that is cut off for ever (mirroring.md 4.5). SIGXCPU ends this process, and another takes
 * its place. */
static void
limit_processor(int64_t answer_cpu_s)
{
	struct rusage used;
	struct rlimit limit;

	if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &limit) != 0)
		return;
	limit.rlim_cur = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + answer_cpu_s + 1);
	setrlimit(RLIMIT_CPU, &limit);
}

void
fcgi_take_time(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CPU, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_CPU, &limit);
}

static void
serve_one(struct server *s, struct fcgi *f)
{
	struct ctx c = {
		.mem = s->mem,
		.db = s->ctx->db,
		.conf = s->ctx->conf,
		.reason = "",
	};
	struct req r = { .ctx = &c, .fcgi = f };

	f->is_answered = false;
	limit_processor(s->answer_cpu_s);
	route_serve(&r, s->dialects);
	finish(f);
	route_finish(&r);
	log_hide_none(); /* the next one has secrets of its own, and few places for them */
	arena_reset(s->mem);
}

/* Waits until a client knocks; SIGTERM comes in here and nowhere else, so no request is ever cut.
 * EPOLLEXCLUSIVE wakes one process, not all. *is_shut_out: nobody new will come. */
static bool
wait_for_client(int epoll_fd, const sigset_t *open_mask, bool *is_shut_out)
{
	struct epoll_event event;

	if (epoll_pwait(epoll_fd, &event, 1, -1, open_mask) != 1 || is_ending)
		return false;
	*is_shut_out = (event.events & EPOLLHUP) != 0;
	return true;
}

/* Whether to go on after accept has failed. */
static bool
is_passing(int error, bool is_shut)
{
	if (error == EAGAIN ||
	    error == EINVAL) /* another process was faster, or the queue is empty */
		return !is_shut;
	if (error != EINTR && error != ECONNABORTED) {
		log_write(LOG_WARN, "accept failed", LOG_TEXT("why", strerror(error)));
		poll(NULL, 0, ACCEPT_FAILED_MS);
	}
	return true;
}

static void
serve_all(struct server *s, int fd, int epoll_fd, int64_t n_most)
{
	struct fcgi f;
	sigset_t open_mask;
	int64_t n = 0;
	bool is_shut = false;

	FCGX_InitRequest(&f.request, fd, FCGI_FAIL_ACCEPT_ON_INTR);
	sigprocmask(SIG_SETMASK, NULL, &open_mask);
	sigdelset(&open_mask, SIGTERM);
	while (!is_ending && !s->is_misfit && n < n_most) {
		int result;

		if (!wait_for_client(epoll_fd, &open_mask, &is_shut))
			continue;
		result = FCGX_Accept_r(&f.request);
		if (result < 0 && !is_passing(-result, is_shut))
			break;
		if (result < 0)
			continue;
		if (s->ctx->db == NULL)
			open_db(s);
		serve_one(s, &f);
		n++;
	}
}

int
fcgi_serve(struct ctx *c, int fd, const struct dialect *const *dialects, int64_t answer_cpu_s)
{
	struct server s = {
		.ctx = c,
		.dialects = dialects,
		.answer_cpu_s = answer_cpu_s,
		.mem = arena_new(),
		.db_mem = arena_new(),
	};
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int64_t most = c->conf->requests_per_process;

	if (FCGX_Init() != 0 || epoll_fd < 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_write(LOG_ERR, "cannot serve", LOG_TEXT("why", strerror(errno)));
		return EX_OSERR;
	}
	catch_end();
	open_db(&s);
	/* not all processes of a pool at the same moment */
	serve_all(&s, fd, epoll_fd, most + random_below((uint32_t)(most / 10 + 1)));
	close(epoll_fd);
	arena_free(s.mem);
	arena_free(s.db_mem);
	return s.is_misfit ? EX_CONFIG : EX_OK;
}

/* ---- listening */

int
fcgi_listen(struct ctx *c, const char *path, int mode, int *fd_out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *fresh = arena_printf(c->mem, "%s.new", path);
	int fd;

	if (strlen(fresh) >= sizeof(address.sun_path))
		return fail(c, E_INVALID, "the path of the socket has at most %zu bytes: %s",
		    sizeof(address.sun_path) - sizeof(".new"), path);
	memcpy(address.sun_path, fresh, strlen(fresh) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(c, E_INTERNAL, "socket: %s", strerror(errno));
	unlink(fresh); /* of a start that broke off; missing is fine */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(fresh, (mode_t)mode) < 0 || listen(fd, BACKLOG) < 0 || rename(fresh, path) < 0) {
		fail(c, E_INTERNAL, "listen on %s: %s", path, strerror(errno));
		close(fd);
		return E_INTERNAL;
	}
	*fd_out = fd;
	return OK;
}
