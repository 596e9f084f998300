/* mirrorhub-fcgi: the parent of a pool. It listens, forks the processes that serve, replaces those
 * that end, and knows nothing of requests. SIGTERM lets the queue run empty, SIGHUP reads the
 * settings anew and replaces the processes one by one. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/rate.h"
#include "auth/who.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/str.h"
#include "cgi/rhodecode/rhodecode.h"
#include "cgi/routes.h"
#include "core/metrics.h"
#include "web/fcgi.h"

#define WORKERS_MAX 256
#define WORKERS_DEFAULT 6
#define SOCKET_MODE 0660
#define DRAIN_US (30 * 1000000LL)
#define TICK_MS 200
#define SHORT_LIFE_US 1000000 /* who ends sooner is probably broken: slow down */
#define PAUSE_MOST_US 10000000
#define RATHER_LONG_US 5000000

struct worker {
	pid_t pid; /* 0: an empty place */
	int64_t started_us;
	bool is_old;	/* to be replaced (SIGHUP) */
	bool is_ending; /* SIGTERM sent */
};

struct pool {
	struct ctx *ctx;
	struct arena *conf_mem; /* of the settings in force */
	const char *conf_path;
	const char *name;
	const char *service; /* in the log */
	const char *socket;
	int fd;
	sigset_t signals;
	size_t n;
	struct worker workers[WORKERS_MAX];
	int64_t pause_us;   /* between starts, while processes die at once */
	int64_t started_us; /* the last start */
	bool has_served;    /* some process has lived */
	bool is_misfit;	    /* the program and the database do not go together */
};

/* ---- one worker */

static void
let_signals_in(const struct pool *p)
{
	sigset_t mask = p->signals;

	/* the end comes by SIGTERM from the parent, when nothing is being served (fcgi.h) */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigdelset(&mask, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static int
work(struct pool *p)
{
	struct ctx *c = p->ctx;

	let_signals_in(p);
	if (who_open(c) != OK || rate_open(c) != OK || metrics_open(c) != OK) {
		log_write(LOG_ERR, "not started", LOG_TEXT("why", c->reason));
		return EX_CONFIG;
	}
	return fcgi_serve(c, p->fd, all_dialects, c->conf->answer_cpu_s);
}

/* ---- the pool */

static int
start_one(struct pool *p, struct worker *w)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		log_write(LOG_WARN, "cannot fork", LOG_TEXT("why", strerror(errno)));
		return E_INTERNAL;
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* before the look: it may end in between */
		exit(getppid() == parent ? work(p) : EX_OSERR);
	}
	p->started_us = clock_mono_us();
	*w = (struct worker){ .pid = pid, .started_us = p->started_us };
	return OK;
}

static void
fill(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->workers[i].pid != 0)
			continue;
		if (p->pause_us > 0 && clock_mono_us() - p->started_us < p->pause_us)
			return;
		if (start_one(p, &p->workers[i]) != OK)
			return;
	}
}

static struct worker *
worker_by_pid(struct pool *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->workers[i].pid == pid)
			return &p->workers[i];
	return NULL;
}

/* Notes how a worker ended, and brakes when they die at once. */
static void
bury(struct pool *p, struct worker *w, int status)
{
	int64_t life_us = clock_mono_us() - w->started_us;
	bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == EX_OK;

	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG && !p->has_served)
		p->is_misfit = true;
	if (!is_clean)
		log_write(LOG_WARN, "worker died", LOG_TEXT("pool", p->name),
		    LOG_INT("pid", w->pid), LOG_INT("life_us", life_us),
		    LOG_INT("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
		    LOG_INT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
	if (is_clean || life_us > SHORT_LIFE_US)
		p->pause_us = 0;
	else
		p->pause_us = p->pause_us == 0 ? TICK_MS * 1000 : 2 * p->pause_us;
	if (p->pause_us > PAUSE_MOST_US)
		p->pause_us = PAUSE_MOST_US;
	p->has_served = p->has_served || is_clean || life_us > RATHER_LONG_US;
	w->pid = 0;
}

static size_t
reap(struct pool *p)
{
	size_t n_alive = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct worker *w = worker_by_pid(p, pid);

		if (w != NULL)
			bury(p, w, status);
	}
	for (size_t i = 0; i < p->n; i++)
		n_alive += p->workers[i].pid != 0;
	return n_alive;
}

/* Ends one old worker, unless one is on its way out already or a place is empty. */
static void
replace_one(struct pool *p)
{
	struct worker *old = NULL;

	for (size_t i = 0; i < p->n; i++) {
		struct worker *w = &p->workers[i];

		if (w->pid == 0 || w->is_ending)
			return;
		if (w->is_old)
			old = w;
	}
	if (old == NULL)
		return;
	old->is_ending = true;
	kill(old->pid, SIGTERM);
}

/* Reads the settings into an arena of their own; what was in force before stays on failure. */
static int
load_conf(struct pool *p)
{
	struct arena *before = p->conf_mem;
	struct ctx c = { .mem = arena_new(), .reason = "" };
	struct conf *conf = arena_new_of(c.mem, struct conf);
	enum log_level level;
	int code = conf_load(&c, p->conf_path, conf);

	if (code == OK && (level = log_level_by_name(conf->log_level)) == 0)
		code = fail(&c, E_INVALID, "log.level is err, warn, info or debug");
	if (code != OK) {
		fail(p->ctx, code, "%s", c.reason);
		arena_free(c.mem);
		return code;
	}
	log_open(p->service, level);
	p->ctx->conf = conf;
	p->conf_mem = c.mem;
	arena_free(before);
	return OK;
}

static void
reload(struct pool *p)
{
	if (load_conf(p) != OK) {
		log_write(
		    LOG_WARN, "the settings stay as they were", LOG_TEXT("why", p->ctx->reason));
		return;
	}
	for (size_t i = 0; i < p->n; i++)
		p->workers[i].is_old = true;
	log_write(LOG_INFO, "settings read anew", LOG_TEXT("pool", p->name));
}

/* New clients are turned away, those in the queue are served, then the workers end by
 * themselves. */
static void
drain(struct pool *p)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	int64_t until = clock_mono_us() + DRAIN_US;

	log_write(LOG_INFO, "ending", LOG_TEXT("pool", p->name));
	shutdown(p->fd, SHUT_RDWR);
	while (reap(p) > 0 && clock_mono_us() < until)
		sigtimedwait(&p->signals, NULL, &tick);
	for (size_t i = 0; i < p->n; i++)
		if (p->workers[i].pid != 0)
			kill(p->workers[i].pid, SIGKILL);
}

static int
run(struct pool *p)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };

	for (;;) {
		int sig;

		reap(p);
		if (p->is_misfit)
			return EX_CONFIG;
		fill(p);
		replace_one(p);
		sig = sigtimedwait(&p->signals, NULL, &tick);
		if (sig == SIGTERM || sig == SIGINT)
			return EX_OK;
		if (sig == SIGHUP)
			reload(p);
	}
}

/* ---- the command line */

static int
usage(void)
{
	fputs("usage: mirrorhub-fcgi --conf FILE --pool api|web|git|rpc [--socket PATH] "
	      "[--processes N]\n",
	    stderr);
	return EX_USAGE;
}

static bool
is_pool(const char *name)
{
	static const char *const names[] = { "api", "web", "git", "rpc" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
read_arguments(int argc, char **argv, struct pool *p)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "pool", required_argument, NULL, 'p' },
		{ "socket", required_argument, NULL, 's' },
		{ "processes", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t n = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			p->conf_path = optarg;
			break;
		case 'p':
			p->name = optarg;
			break;
		case 's':
			p->socket = optarg;
			break;
		case 'n':
			if (!str_is_int(optarg, &n) || n < 1 || n > WORKERS_MAX)
				return false;
			p->n = (size_t)n;
			break;
		default:
			return false;
		}
	}
	return optind == argc && p->conf_path != NULL && p->name != NULL && is_pool(p->name);
}

static void
hold_signals(struct pool *p)
{
	sigemptyset(&p->signals);
	sigaddset(&p->signals, SIGTERM);
	sigaddset(&p->signals, SIGINT);
	sigaddset(&p->signals, SIGHUP);
	sigaddset(&p->signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &p->signals, NULL);
}

static int
open_pool(struct pool *p)
{
	struct ctx *c = p->ctx;

	p->service = arena_printf(c->mem, "fcgi-%s", p->name);
	TRY(load_conf(p));
	if (p->n == 0)
		p->n =
		    strcmp(p->name, "git") == 0 ? (size_t)c->conf->git_children : WORKERS_DEFAULT;
	if (p->socket == NULL)
		p->socket = arena_printf(c->mem, "%s/%s.sock", c->conf->run_dir, p->name);
	return fcgi_listen(c, p->socket, SOCKET_MODE, &p->fd);
}

int
main(int argc, char **argv)
{
	static struct pool pool; /* large, and lives as long as the program */
	struct ctx c = { .mem = arena_new(), .reason = "" };
	int code;

	pool.ctx = &c;
	if (!read_arguments(argc, argv, &pool))
		return usage();
	umask(027);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }); /* a core would hold secrets */
	log_open("fcgi", LOG_INFO);
	route_check(all_dialects);
	rpc_check(&rhodecode_door);
	if (sodium_init() < 0 || open_pool(&pool) != OK) {
		log_write(LOG_ERR, "not started", LOG_TEXT("why", c.reason));
		return EX_CONFIG;
	}
	hold_signals(&pool);
	log_write(LOG_INFO, "started", LOG_TEXT("pool", pool.name),
	    LOG_INT("processes", (int64_t)pool.n));
	code = run(&pool);
	drain(&pool);
	arena_free(pool.conf_mem);
	arena_free(c.mem);
	return code;
}
