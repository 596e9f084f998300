#include "cgi/git/pump.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "cgi/git/body.h"

#define STEP_BYTES (64 * 1024)
#define SAID_MAX_BYTES (8 * 1024)
#define LOOK_MS 200 /* how often we look for the client and the clock */

/* What is under way. */
struct flow {
	const struct pump *p;
	struct req *r;
	struct proc *child;
	const char *bytes; /* the piece of the body that the child takes next */
	size_t len;
	char *step;	  /* STEP_BYTES, for reading from the child */
	struct buf *said; /* on its standard error */
	int64_t looked_us;
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
	if (n > 0)
		return answer(f, (size_t)n);
	close(f->child->out);
	f->child->out = -1;
	return OK;
}

/* Keeps the beginning: the first error is the cause. */
static void
listen_to(struct flow *f)
{
	size_t room = f->said->max - f->said->len;
	ssize_t n = read(f->child->err, f->step, STEP_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		buf_add(f->said, f->step, (size_t)n < room ? (size_t)n : room);
		return;
	}
	close(f->child->err);
	f->child->err = -1;
}

/* ---- both */

static int
look_around(struct flow *f)
{
	int64_t now_us = clock_mono_us();

	if (now_us - f->looked_us < LOOK_MS * 1000)
		return OK;
	f->looked_us = now_us;
	if (req_is_abandoned(f->r))
		return fail(f->r->ctx, E_INTERNAL, "client went away");
	if (now_us > f->child->deadline_us)
		return fail(f->r->ctx, E_INTERNAL, "git took longer than git.total_s and was killed");
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

static void
log_said(struct flow *f, int status)
{
	log_write(LOG_WARN, "git", LOG_TEXT("id", f->r->id), LOG_TEXT("path", f->r->project->path),
	    LOG_INT("exit", status), LOG_TEXT("said", f->said->data));
}

/* After its answer has begun a failed child can only be logged: Git's own end mark is missing, so
 * the client knows. */
static int
judge(struct flow *f, int status)
{
	if (status == 0 && f->said->len == 0)
		return OK;
	log_said(f, status);
	if (status == 0 || f->r->is_streaming)
		return OK;
	return fail(f->r->ctx, E_INTERNAL, "git ended with %d", status);
}

int
pump_run(struct pump *p)
{
	struct ctx *c = p->r->ctx, why;
	struct flow f = { .p = p, .r = p->r, .child = p->child,
		.step = arena_alloc(c->mem, STEP_BYTES),
		.said = buf_new(c->mem, SAID_MAX_BYTES), .looked_us = clock_mono_us() };
	int code = flow_all(&f), status = 0, ended;

	why = *c;
	if (code != OK)
		proc_kill(p->child);
	ended = proc_wait(c, p->child, &status);
	if (code == OK && ended != OK)
		return ended;
	if (code == OK)
		return judge(&f, status);
	*c = why;
	return code;
}
