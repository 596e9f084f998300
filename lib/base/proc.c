#include "base/proc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define ERR_MAX_BYTES (8 * 1024)
#define STEP_BYTES (64 * 1024)
#define ENV_FIXED 4

/* What the child does between fork and exec touches only this: no malloc, no locks. */
struct child {
	const char *program;
	char *const *argv, *const *env;
	const char *dir;
	const struct proc_limits *limits;
	int in, out, err; /* become 0, 1, 2 */
	int pass;	  /* becomes 3; -1 none */
	int report;	  /* errno goes here when there is no exec */
	pid_t parent;
};

/* ---- the child */

static bool
is_limited(int what, int64_t most)
{
	struct rlimit limit = { .rlim_cur = (rlim_t)most, .rlim_max = (rlim_t)most };

	return setrlimit(what, &limit) == 0;
}

/* What its parent allows itself for now is not the child's. */
static bool
has_all_time(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CPU, &limit) != 0)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_CPU, &limit) == 0;
}

static bool
is_confined(const struct proc_limits *l)
{
	return is_limited(RLIMIT_CORE, 0) &&
	    (l->cpu_s == 0 ? has_all_time() : is_limited(RLIMIT_CPU, l->cpu_s)) &&
	    (l->memory_bytes == 0 || is_limited(RLIMIT_AS, l->memory_bytes)) &&
	    (l->file_bytes == 0 || is_limited(RLIMIT_FSIZE, l->file_bytes));
}

/* Handlers and the mask of the parent are not the child's. */
static void
forget_signals(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &usual, NULL); /* fails for KILL and STOP, which are as usual */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* One that is 3 already only loses its close-on-exec. */
static bool
is_passed(int fd)
{
	return fd == 3 ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, 3) == 3;
}

/* All ends are 4 or more (see above_3), so no dup2 can hit another. */
static bool
is_wired(const struct child *k)
{
	return dup2(k->in, 0) == 0 && dup2(k->out, 1) == 1 && dup2(k->err, 2) == 2 &&
	    (k->pass < 0 || is_passed(k->pass)) &&
	    close_range(k->pass < 0 ? 3 : 4, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static void
report_and_exit(int report)
{
	int number = errno;

	if (write(report, &number, sizeof(number)) < 0)
		_exit(126);
	_exit(127);
}

static void
run_child(const struct child *k)
{
	setpgid(0, 0);
	/* a killed parent takes its children along */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != k->parent)
		_exit(126);
	forget_signals();
	if (chdir(k->dir) == 0 && is_wired(k) && is_confined(k->limits))
		execve(k->program, k->argv, k->env);
	report_and_exit(k->report);
	_exit(127);
}

/* ---- the start */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
close_plain_fd(void *fd)
{
	close_fd(fd);
}

/* Moves a descriptor out of the child's 0 to 3. */
static bool
above_3(int *fd)
{
	int moved;

	if (*fd > 3)
		return true;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, 4);
	if (moved < 0)
		return false;
	close(*fd);
	*fd = moved;
	return true;
}

/* A pipe whose ends close with the arena: out[0] is read, out[1] written. */
static int
open_pipe(struct ctx *c, int **out)
{
	int *ends = arena_new_array(c->mem, int, 2);

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail_passing(c, 5, "pipe: %s", strerror(errno));
	arena_defer(c->mem, close_plain_fd, &ends[0]);
	arena_defer(c->mem, close_plain_fd, &ends[1]);
	if (!above_3(&ends[0]) || !above_3(&ends[1]))
		return fail_passing(c, 5, "pipe: %s", strerror(errno));
	*out = ends;
	return OK;
}

static const char *
find_program(struct arena *mem, const char *name)
{
	static const char *const folders[] = { "/usr/local/bin", "/usr/bin", "/bin" };
	const char *path;

	if (strchr(name, '/') != NULL)
		return name;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		path = arena_printf(mem, "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static char *const *
make_env(struct arena *mem, const char *const *more)
{
	static const char *const fixed[ENV_FIXED] = { "PATH=/usr/local/bin:/usr/bin:/bin",
		"HOME=/nonexistent", "LC_ALL=C.UTF-8", "TZ=UTC" };
	const char **env;
	size_t n = 0;

	while (more != NULL && more[n] != NULL)
		n++;
	env = arena_new_array(mem, const char *, ENV_FIXED + n + 1);
	memcpy(env, fixed, sizeof(fixed));
	if (n > 0)
		memcpy(env + ENV_FIXED, more, n * sizeof(*more));
	return (char *const *)env;
}

/* The group is killed while its leader is unreaped, so that the number cannot be another's. */
static int
reap(struct proc *p)
{
	siginfo_t info;
	int status = 0;

	while (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	kill(-p->pid, SIGKILL);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void
close_proc(void *object)
{
	struct proc *p = object;

	close_fd(&p->in);
	close_fd(&p->out);
	close_fd(&p->err);
	if (p->pid == 0)
		return;
	proc_kill(p);
	reap(p);
}

/* Forks with all signals blocked: no handler of ours may run in the child. */
static pid_t
fork_child(const struct child *k)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		run_child(k);
	if (pid > 0)
		setpgid(pid, pid); /* the child does it too; whoever is first */
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* The parent's end as the caller gets it; the child's end closes now. */
static int
keep_end(int *ends, int mine)
{
	int fd = ends[mine];

	ends[mine] = -1;
	close_fd(&ends[!mine]);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

int
proc_start(struct ctx *c, const struct proc_spec *spec, struct proc **out)
{
	struct child k = { .argv = (char *const *)spec->argv,
		.env = make_env(c->mem, spec->env),
		.dir = spec->dir != NULL ? spec->dir : "/",
		.limits = &spec->limits,
		.pass = spec->pass_fd > 0 ? spec->pass_fd : -1,
		.parent = getpid() };
	struct proc *p = arena_new_of(c->mem, struct proc);
	int *in, *output, *err = NULL, *report, number = 0;
	ssize_t n;

	assert(spec->pass_fd == 0 || spec->pass_fd >= 3);
	k.program = find_program(c->mem, spec->argv[0]);
	if (k.program == NULL)
		return fail(c, E_INTERNAL, "there is no program %s", spec->argv[0]);
	TRY(open_pipe(c, &in));
	TRY(open_pipe(c, &output));
	TRY(open_pipe(c, &report));
	if (!spec->is_err_shared)
		TRY(open_pipe(c, &err));
	k.in = in[0];
	k.out = output[1];
	k.err = err != NULL ? err[1] : STDERR_FILENO;
	k.report = report[1];
	signal(SIGPIPE, SIG_IGN); /* a child that stops reading must not end us */

	*p = (struct proc){ .in = -1, .out = -1, .err = -1 };
	p->pid = fork_child(&k);
	if (p->pid < 0)
		return fail_passing(c, 5, "fork: %s", strerror(errno));
	arena_defer(c->mem, close_proc, p);
	if (spec->limits.wall_ms > 0)
		p->deadline_us = clock_mono_us() + spec->limits.wall_ms * 1000;
	p->in = keep_end(in, 1);
	p->out = keep_end(output, 0);
	if (err != NULL)
		p->err = keep_end(err, 0);
	close_fd(&report[1]);
	while ((n = read(report[0], &number, sizeof(number))) < 0 && errno == EINTR)
		;
	close_fd(&report[0]);
	if (n != 0)
		return fail(c, E_INTERNAL, "start %s: %s", k.program, strerror(number));
	*out = p;
	return OK;
}

/* ---- the end */

void
proc_close_in(struct proc *p)
{
	close_fd(&p->in);
}

void
proc_kill(struct proc *p)
{
	if (p->pid > 0)
		kill(-p->pid, SIGKILL);
}

/* Milliseconds until the deadline for poll: -1 for ever, 0 when it is over. */
static int
left_ms(const struct proc *p)
{
	int64_t us;

	if (p->deadline_us == 0)
		return -1;
	us = p->deadline_us - clock_mono_us();
	if (us <= 0)
		return 0;
	return us > INT64_C(3600000000) ? 3600000 : (int)((us + 999) / 1000);
}

static int
too_long(struct ctx *c, struct proc *p)
{
	proc_kill(p);
	reap(p);
	return fail(c, E_INTERNAL, "the child process ran too long and was killed");
}

/* A descriptor that becomes readable when the child has ended. */
static int
open_pidfd(struct ctx *c, struct proc *p, int **out)
{
	int *fd = arena_new_of(c->mem, int);

	*fd = pidfd_open(p->pid, 0);
	if (*fd < 0)
		return fail_passing(c, 5, "pidfd: %s", strerror(errno));
	arena_defer(c->mem, close_plain_fd, fd);
	*out = fd;
	return OK;
}

int
proc_wait(struct ctx *c, struct proc *p, int *status_out)
{
	struct pollfd ended = { .events = POLLIN };
	int *fd, wait_ms;

	assert(p->pid > 0);
	TRY(open_pidfd(c, p, &fd));
	ended.fd = *fd;
	do {
		wait_ms = left_ms(p);
	} while (poll(&ended, 1, wait_ms) <= 0 && wait_ms != 0);
	arena_close(c->mem, fd);
	if (!(ended.revents & POLLIN))
		return too_long(c, p);
	*status_out = reap(p);
	return OK;
}

bool
proc_has_ended(struct proc *p, int *status_out)
{
	siginfo_t info = { .si_pid = 0 };

	assert(p->pid > 0);
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT | WNOHANG) != 0 ||
	    info.si_pid == 0)
		return false;
	*status_out = reap(p);
	return true;
}

/* ---- start, feed, collect, wait */

struct pump {
	struct proc *p;
	const char *input;
	size_t input_len;
	struct buf *out, *err;
	bool is_out_cut, has_too_much, has_ended;
};

static void
feed(struct pump *f)
{
	ssize_t n;

	while (f->input_len > 0) {
		n = write(f->p->in, f->input, f->input_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break; /* it does not want to know */
		f->input += n;
		f->input_len -= (size_t)n;
	}
	proc_close_in(f->p);
}

/* Reads what is there; closes at the end. False: more came than the buffer may hold. */
static bool
drain(int *fd, struct buf *b)
{
	char byte;
	ssize_t n;

	do {
		size_t left = b->max - b->len, step = left < STEP_BYTES ? left : STEP_BYTES;

		n = step > 0 ? read(*fd, buf_room(b, step), step) : read(*fd, &byte, 1);
		if (n > 0 && step == 0)
			return false;
		if (n > 0)
			buf_grew(b, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n == 0 || errno != EAGAIN)
		close_fd(fd);
	return true;
}

/* What is past the limit is dropped: a chatty child is not a wrong one. */
static void
drain_cut(int *fd, struct buf *into)
{
	char rest[1024];
	ssize_t n;

	if (drain(fd, into))
		return;
	do {
		n = read(*fd, rest, sizeof(rest));
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n == 0)
		close_fd(fd);
}

static void
drain_out(struct pump *f)
{
	if (f->p->out >= 0 && f->is_out_cut)
		drain_cut(&f->p->out, f->out);
	else if (f->p->out >= 0)
		f->has_too_much = !drain(&f->p->out, f->out);
}

/* One round; false when nothing more will come. After the child's end (ended_fd) what the pipes
 * hold is all there is: a grandchild that kept them open does not count. */
static bool
pump_once(struct pump *f, int ended_fd, int wait_ms)
{
	enum { IN, OUT, ERR, ENDED, N };
	struct pollfd fds[N] = {
		[IN] = { .fd = f->p->in, .events = POLLOUT },
		[OUT] = { .fd = f->p->out, .events = POLLIN },
		[ERR] = { .fd = f->p->err, .events = POLLIN },
		[ENDED] = { .fd = ended_fd, .events = POLLIN },
	};

	if (poll(fds, N, wait_ms) <= 0)
		return true;
	if (fds[IN].revents != 0)
		feed(f);
	if (fds[OUT].revents != 0 || fds[ENDED].revents != 0)
		drain_out(f);
	if (fds[ERR].revents != 0 || fds[ENDED].revents != 0)
		if (f->p->err >= 0)
			drain_cut(&f->p->err, f->err);
	f->has_ended = fds[ENDED].revents != 0;
	return !f->has_ended && !f->has_too_much;
}

int
proc_run(struct ctx *c, const struct proc_spec *spec, const void *input, size_t input_len,
    size_t out_max, struct buf **out, struct buf **err, int *status_out)
{
	struct pump f = { .input = input,
		.input_len = input_len,
		.is_out_cut = spec->is_out_cut,
		.out = buf_new(c->mem, out_max),
		.err = buf_new(c->mem, ERR_MAX_BYTES) };
	int *ended, wait_ms;

	TRY(proc_start(c, spec, &f.p));
	TRY(open_pidfd(c, f.p, &ended));
	if (input_len == 0)
		proc_close_in(f.p);
	do { /* one more look when the time is over: we may be late, and it was not */
		wait_ms = left_ms(f.p);
	} while (pump_once(&f, *ended, wait_ms) && wait_ms != 0);
	arena_close(c->mem, ended);
	if (f.has_too_much) {
		proc_kill(f.p);
		reap(f.p);
		return fail(c, E_INTERNAL, "%s said more than %zu bytes", spec->argv[0], out_max);
	}
	if (!f.has_ended)
		return too_long(c, f.p);
	*status_out = reap(f.p);
	*out = f.out;
	*err = f.err;
	return OK;
}
