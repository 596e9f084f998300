#include "sync/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"

#define JOBS_MAX 50
#define ENV_MAX 16
#define CHILDREN_MAX_BYTES (64 * 1024)
#define FILE_SLACK_BYTES ((rlim_t)256 << 20) /* refs and indexes beside a pack at its limit */

/* What a worker inherits of our environment; the rest is fixed. */
static const char *const kept_env[] = { "SSL_CERT_FILE", "SSL_CERT_DIR", "ASAN_OPTIONS",
	"UBSAN_OPTIONS", "LSAN_OPTIONS", "MIRRORHUB_CRASH_AT" };

struct start {
	char *const *argv;
	char *env[ENV_MAX];
	pid_t parent;
	int fd;
	struct {
		int what;
		rlim_t most;
	} limits[4];
};

static void
plan_env(struct ctx *c, struct start *s)
{
	size_t n = 0;

	s->env[n++] = arena_strdup(c->mem, "PATH=/usr/local/bin:/usr/bin:/bin");
	s->env[n++] = arena_strdup(c->mem, "HOME=/nonexistent");
	s->env[n++] = arena_strdup(c->mem, "LC_ALL=C.UTF-8");
	s->env[n++] = arena_strdup(c->mem, "TZ=UTC");
	for (size_t i = 0; i < sizeof(kept_env) / sizeof(kept_env[0]); i++)
		if (getenv(kept_env[i]) != NULL)
			s->env[n++] =
			    arena_printf(c->mem, "%s=%s", kept_env[i], getenv(kept_env[i]));
	s->env[n] = NULL;
}

static void
plan_limits(struct ctx *c, struct start *s)
{
	s->limits[0].what = RLIMIT_CORE; /* a core would hold credentials */
	s->limits[0].most = 0;
	s->limits[1].what = RLIMIT_CPU;
	s->limits[1].most = (rlim_t)c->conf->sync_cpu_s;
	s->limits[2].what = RLIMIT_FSIZE;
	s->limits[2].most = (rlim_t)c->conf->sync_pack_bytes + FILE_SLACK_BYTES;
	s->limits[3].what = RLIMIT_AS;
	s->limits[3].most = (rlim_t)c->conf->sync_memory_bytes;
#ifdef __SANITIZE_ADDRESS__
	s->limits[3].most = RLIM_INFINITY; /* its shadow memory alone is 20 TB of address space */
#endif
}

/* Between fork and exec; says nothing when it fails: the parent sees the pair close. */
static void
become(const struct start *s)
{
	sigset_t none;
	int fd = s->fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (setpgid(0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != s->parent)
		_exit(71);
	for (size_t i = 0; i < sizeof(s->limits) / sizeof(s->limits[0]); i++) {
		struct rlimit l = { s->limits[i].most, s->limits[i].most };

		if (l.rlim_max != RLIM_INFINITY && setrlimit(s->limits[i].what, &l) != 0)
			_exit(71);
	}
	if (fd == CHILD_FD)
		fcntl(fd, F_SETFD, 0);
	else if (dup2(fd, CHILD_FD) < 0)
		_exit(71);
	if (close_range(CHILD_FD + 1, ~0U, 0) != 0)
		_exit(71);
	execve("/proc/self/exe", s->argv, s->env);
	_exit(71);
}

int
child_start(struct ctx *c, struct child *ch, const char *conf_path)
{
	return child_start_as(c, ch, conf_path, "--worker");
}

int
child_start_as(struct ctx *c, struct child *ch, const char *conf_path, const char *role)
{
	char *argv[] = { arena_strdup(c->mem, "mirrorhub-sync"), arena_strdup(c->mem, "--conf"),
		arena_strdup(c->mem, conf_path), arena_strdup(c->mem, role), NULL };
	struct start s = { .argv = argv, .parent = getpid() };
	int pair[2];

	plan_env(c, &s);
	plan_limits(c, &s);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return fail(c, E_INTERNAL, "socketpair: %s", strerror(errno));
	/* a line goes out at once or not at all: the usual room is less than the longest */
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &(int){ WIRE_LINE_MAX }, sizeof(int));
	s.fd = pair[1];
	ch->pid = fork();
	if (ch->pid == 0)
		become(&s);
	close(pair[1]);
	if (ch->pid < 0) {
		ch->pid = 0;
		close(pair[0]);
		return fail(c, E_INTERNAL, "start a worker: %s", strerror(errno));
	}
	setpgid(ch->pid, ch->pid); /* whoever comes first; the other one fails, which is fine */
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	ch->fd = pair[0];
	ch->jobs = 0;
	ch->n_in = 0;
	return OK;
}

int
child_send(struct ctx *c, struct child *ch, const char *line)
{
	size_t len = strlen(line);
	ssize_t n = send(ch->fd, line, len, MSG_NOSIGNAL);

	if (n != (ssize_t)len)
		return fail(c, E_INTERNAL, "a worker does not read");
	return OK;
}

static bool
has_line(const struct child *ch)
{
	return memchr(ch->in, '\n', ch->n_in) != NULL;
}

int
child_line(struct ctx *c, struct child *ch, char **line_out)
{
	size_t len;
	ssize_t n;

	*line_out = NULL;
	if (!has_line(ch)) {
		if (ch->n_in == sizeof(ch->in))
			return fail(c, E_INVALID, "a worker's line is too long");
		n = recv(ch->fd, ch->in + ch->n_in, sizeof(ch->in) - ch->n_in, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return OK;
		if (n <= 0)
			return fail(c, E_NOTFOUND, "a worker has closed its end");
		ch->n_in += (size_t)n;
		if (!has_line(ch))
			return OK;
	}
	len = (size_t)((char *)memchr(ch->in, '\n', ch->n_in) - ch->in);
	*line_out = arena_strndup(c->mem, ch->in, len);
	ch->n_in -= len + 1;
	memmove(ch->in, ch->in + len + 1, ch->n_in);
	return OK;
}

static void
forget(struct child *ch)
{
	if (ch->fd >= 0)
		close(ch->fd);
	ch->pid = 0;
	ch->fd = -1;
}

bool
child_has_ended(struct child *ch, int *status_out)
{
	siginfo_t end = { .si_pid = 0 };

	if (ch->pid == 0 || waitid(P_PID, (id_t)ch->pid, &end, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    end.si_pid == 0)
		return false;
	*status_out =
	    child_kill(ch); /* with what it had started itself, while the pid is its own */
	return true;
}

int
child_kill(struct child *ch)
{
	int status = 0;

	if (ch->pid == 0)
		return 0;
	kill(-ch->pid, SIGKILL);
	kill(ch->pid, SIGKILL); /* it may not have its group yet */
	while (waitpid(ch->pid, &status, 0) < 0 && errno == EINTR)
		;
	forget(ch);
	return status;
}

void
child_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* without it they end by themselves, later */
}

static bool
is_known(const pid_t *known, size_t n, int64_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (known[i] == pid)
			return true;
	return false;
}

void
child_kill_adopted(struct ctx *c, const pid_t *known, size_t n)
{
	const char *list = arena_printf(c->mem, "/proc/self/task/%d/children", (int)getpid());
	char *text, **words;
	size_t n_words;
	int64_t pid;

	if (path_read(c, list, CHILDREN_MAX_BYTES, &text) != OK)
		return;
	words = str_split(c->mem, text, ' ', &n_words);
	for (size_t i = 0; i < n_words; i++)
		if (str_is_int(words[i], &pid) && pid > 0 && !is_known(known, n, pid)) {
			kill((pid_t)pid, SIGKILL);
			waitpid((pid_t)pid, NULL, WNOHANG); /* if not yet, at its SIGCHLD */
		}
}

bool
child_is_worn(struct ctx *c, const struct child *ch)
{
	return ch->jobs >= JOBS_MAX || child_is_tired(c, ch);
}

bool
child_is_tired(struct ctx *c, const struct child *ch)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(ch->pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return true;
	return used.tv_sec >= c->conf->sync_cpu_s / 2; /* the next job has as much left */
}
