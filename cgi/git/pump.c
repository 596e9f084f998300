#include "cgi/git/pump.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgi/git/body.h"

#define STEP_BYTES (64 * 1024)
#define SAID_BYTES (8 * 1024)
#define LOOK_MS 200 /* how often we look for the client and the clock */
#define END_MS 5000 /* what a child that has lost its input gets for its end */
#define RETRY_S 60
#define GIT_DIED 128
#define GIT_ABORTED 134 /* its own asserts: packets where none may be */

/* What is under way. */
struct flow {
	struct pump *p;
	struct req *r;
	struct proc *child;
	const char *bytes; /* the piece of the body that the child takes next */
	size_t len;
	char *step; /* STEP_BYTES, for reading from the child */
	char *said; /* the last SAID_BYTES on its standard error */
	size_t said_len;
	int64_t looked_us;
	int64_t copied, answered;
};

/* ---- client to child */

static int
next_piece(struct flow *f)
{
	f->len = 0;
	if (f->p->body != NULL)
		TRY(body_next(f->p->body, &f->bytes, &f->len));
	if (f->len == 0)
		proc_close_in(f->child);
	return OK;
}

/* One write; the piece after it is fetched when this one is through. */
static int
feed(struct flow *f)
{
	ssize_t n = write(f->child->in, f->bytes, f->len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return OK;
	if (n < 0) { /* it has heard enough; its answer says why */
		proc_close_in(f->child);
		return OK;
	}
	f->bytes += n;
	f->len -= (size_t)n;
	return f->len == 0 ? next_piece(f) : OK;
}

/* ---- child to client */

/* A copy that fails is given up, the answer goes on. */
static void
copy(struct flow *f, size_t len)
{
	f->copied += (int64_t)len;
	if (f->copied > f->p->copy_bytes || write(f->p->copy_fd, f->step, len) != (ssize_t)len)
		f->p->is_copied = false;
}

static int
answer(struct flow *f, size_t len)
{
	struct req *r = f->r;

	if (!r->is_streaming && r->out->len + len <= f->p->hold_bytes) {
		buf_add(r->out, f->step, len);
		return OK;
	}
	if (!r->is_streaming)
		TRY(res_begin(r));
	return res_write(r, f->step, len);
}

static int
pass_on(struct flow *f)
{
	ssize_t n = read(f->child->out, f->step, STEP_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return OK;
	if (n > 0 && f->p->is_copied)
		copy(f, (size_t)n);
	f->answered += n > 0 ? n : 0;
	if (f->p->answer_bytes > 0 && f->answered > f->p->answer_bytes)
		return fail(f->r->ctx, E_INTERNAL, "git said more than %lld bytes",
		    (long long)f->p->answer_bytes);
	if (n > 0)
		return answer(f, (size_t)n);
	close(f->child->out);
	f->child->out = -1;
	return OK;
}

/* Keeps the end: the cause comes last, behind progress. */
static void
keep_said(struct flow *f, const char *bytes, size_t len)
{
	if (len > SAID_BYTES) {
		bytes += len - SAID_BYTES;
		len = SAID_BYTES;
	}
	if (f->said_len + len > SAID_BYTES) {
		size_t kept = SAID_BYTES - len;

		memmove(f->said, f->said + f->said_len - kept, kept);
		f->said_len = kept;
	}
	memcpy(f->said + f->said_len, bytes, len);
	f->said_len += len;
}

static void
listen_to(struct flow *f)
{
	ssize_t n = read(f->child->err, f->step, STEP_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		keep_said(f, f->step, (size_t)n);
		return;
	}
	close(f->child->err);
	f->child->err = -1;
}

/* ---- both */

/* As res_write says it: no failure of ours. */
static int
client_gone(struct flow *f)
{
	fail(f->r->ctx, E_INTERNAL, "the client went away");
	f->r->ctx->http_status = 499;
	return E_INTERNAL;
}

static int
look_around(struct flow *f)
{
	int64_t now_us = clock_mono_us();

	if (now_us - f->looked_us < LOOK_MS * 1000)
		return OK;
	f->looked_us = now_us;
	if (req_is_abandoned(f->r))
		return client_gone(f);
	if (now_us > f->child->deadline_us)
		return fail_passing(f->r->ctx, RETRY_S, "git took longer than git.total_s");
	return OK;
}

static int
flow_once(struct flow *f)
{
	enum { IN, OUT, ERR, N };
	struct pollfd fds[N] = {
		[IN] = { .fd = f->child->in, .events = POLLOUT },
		[OUT] = { .fd = f->child->out, .events = POLLIN },
		[ERR] = { .fd = f->child->err, .events = POLLIN },
	};

	TRY(look_around(f));
	if (poll(fds, N, LOOK_MS) <= 0)
		return OK;
	if (fds[OUT].revents != 0)
		TRY(pass_on(f));
	if (fds[ERR].revents != 0)
		listen_to(f);
	if (fds[IN].revents != 0)
		TRY(feed(f));
	return OK;
}

static int
flow_all(struct flow *f)
{
	TRY(next_piece(f));
	while (f->child->out >= 0 || f->child->err >= 0)
		TRY(flow_once(f));
	return OK;
}

/* Complaints alone: a client without channels makes Git show its progress to us. */
static const char *
complaints(struct flow *f)
{
	static const char *const marks[] = { "fatal: ", "error: ", "warning: " };
	struct arena *mem = f->r->ctx->mem;
	struct buf *b = buf_new(mem, SAID_BYTES);
	size_t n;
	char **line = str_split(mem, arena_strndup(mem, f->said, f->said_len), '\n', &n);

	for (size_t i = 0; i < n; i++)
		for (size_t m = 0; m < sizeof(marks) / sizeof(marks[0]); m++)
			if (str_starts(line[i], marks[m]))
				buf_printf(b, "%s%s", b->len > 0 ? "; " : "", line[i]);
	return b->data;
}

static void
log_said(struct flow *f, int status)
{
	const char *said = complaints(f);

	if (status != 0 || *said != '\0')
		log_write(LOG_WARN, "git", LOG_TEXT("id", f->r->id),
		    LOG_TEXT("path", f->r->project->path), LOG_INT("exit", status),
		    LOG_TEXT("said", said));
}

/* After its answer has begun a failed child can only be logged: Git's own end mark is missing, so
 * the client knows. Git ends with 128 and no word to the client when a request makes no sense to
 * it; of a list of refs, which nobody can ask for wrongly, it is ours. */
static int
judge(struct flow *f, int status)
{
	log_said(f, status);
	if (status == 0 || f->r->is_streaming)
		return OK;
	if (f->p->body == NULL || (status != GIT_DIED && status != GIT_ABORTED))
		return fail(f->r->ctx, E_INTERNAL, "git ended with %d", status);
	fail(f->r->ctx, E_INVALID, "git could make nothing of the request");
	f->r->ctx->http_status = 400;
	return E_INVALID;
}

/* Ends a child whose work is void; keeps the reason why. One that still reads learns that its input
 * has ended too early, gives up by itself and removes its quarantine, which it does not do on a
 * signal; the last piece of a broken body has never been given to it. */
static void
give_up(struct flow *f)
{
	struct ctx *c = f->r->ctx, why = *c;
	int status;

	if (f->child->in < 0)
		proc_kill(f->child);
	proc_close_in(f->child);
	f->child->deadline_us = clock_mono_us() + END_MS * 1000;
	if (proc_wait(c, f->child, &status) == OK)
		log_write(LOG_DEBUG, "git given up", LOG_TEXT("id", f->r->id),
		    LOG_INT("exit", status), LOG_TEXT("why", why.reason));
	*c = why;
}

int
pump_run(struct pump *p)
{
	struct ctx *c = p->r->ctx;
	struct flow f = { .p = p,
		.r = p->r,
		.child = p->child,
		.step = arena_alloc(c->mem, STEP_BYTES),
		.said = arena_alloc(c->mem, SAID_BYTES),
		.looked_us = clock_mono_us() };
	int code;

	p->is_copied = p->copy_fd != 0;
	res_take_time();
	code = flow_all(&f);
	if (code != OK) {
		give_up(&f);
		return code;
	}
	TRY(proc_wait(c, p->child, &p->status));
	return judge(&f, p->status);
}
