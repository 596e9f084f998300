#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"

/* Long enough that a test which waits for its end has failed. */
#define FOR_EVER "1000"

struct said {
	int code, status;
	const char *out, *err;
};

static struct said
run(struct ctx *c, const struct proc_spec *spec, const char *input, size_t len)
{
	struct buf *out = NULL, *err = NULL;
	struct said s = { .status = -1 };

	s.code = proc_run(c, spec, input, len, 2 << 20, &out, &err, &s.status);
	s.out = out != NULL ? out->data : NULL;
	s.err = err != NULL ? err->data : NULL;
	return s;
}

static struct said
run_sh(struct ctx *c, const char *script, const struct proc_limits *limits)
{
	struct proc_spec spec = { .argv = (const char *[]){ "sh", "-c", script, NULL } };

	if (limits != NULL)
		spec.limits = *limits;
	return run(c, &spec, NULL, 0);
}

/* Waits until nothing runs under that number (a zombie does not run). */
static bool
is_gone(pid_t pid)
{
	struct ctx c = { .mem = arena_new(), .reason = "" };
	int64_t until_us = clock_mono_us() + 60000000;
	bool is_running = true;

	while (is_running && clock_mono_us() < until_us) {
		char *stat;

		is_running =
		    path_read(&c, arena_printf(c.mem, "/proc/%d/stat", pid), 1000, &stat) == OK &&
		    strstr(stat, ") Z ") == NULL;
		if (is_running)
			usleep(2000);
	}
	arena_free(c.mem);
	return !is_running;
}

/* The first line of a child's output as a number. */
static pid_t
read_pid(struct proc *p)
{
	struct pollfd ready = { .fd = p->out, .events = POLLIN };
	char line[32] = { 0 };
	size_t len = 0;

	while (strchr(line, '\n') == NULL && len < sizeof(line) - 1) {
		assert_int_equal(poll(&ready, 1, 60000), 1);
		assert_int_equal(read(p->out, line + len, 1), 1);
		len++;
	}
	return (pid_t)atol(line);
}

static void
output_errors_and_exit_code_come_back(void **state)
{
	struct said s = run_sh(*state, "echo out; echo err >&2; exit 3", NULL);

	assert_int_equal(s.code, OK);
	assert_int_equal(s.status, 3);
	assert_string_equal(s.out, "out\n");
	assert_string_equal(s.err, "err\n");
}

static void
a_signal_counts_from_128(void **state)
{
	struct said s = run_sh(*state, "kill -TERM $$", NULL);

	assert_int_equal(s.code, OK);
	assert_int_equal(s.status, 128 + SIGTERM);
}

static void
much_goes_in_and_out_at_once(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){ "cat", NULL } };
	size_t len = 1 << 20;
	char *text = arena_alloc(c->mem, len + 1);
	struct said s;

	memset(text, 'x', len);
	s = run(c, &spec, text, len);
	assert_int_equal(s.code, OK);
	assert_string_equal(s.out, text);
}

static void
a_child_that_does_not_read_does_not_end_us(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){ "true", NULL } };
	struct said s = run(c, &spec, arena_alloc(c->mem, 1 << 20), 1 << 20);

	assert_int_equal(s.code, OK);
	assert_int_equal(s.status, 0);
}

static void
without_input_the_child_reads_an_end(void **state)
{
	assert_string_equal(run_sh(*state, "cat; echo end", NULL).out, "end\n");
}

static void
a_missing_program_is_an_error(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec by_name = { .argv = (const char *[]){ "no-such-program", NULL } };
	const struct proc_spec by_path = { .argv = (const char *[]){ "/nonexistent/p", NULL } };
	const struct proc_spec no_dir = { .argv = (const char *[]){ "true", NULL },
		.dir = "/nonexistent" };
	struct proc *p = NULL;

	assert_int_equal(proc_start(c, &by_name, &p), E_INTERNAL);
	assert_int_equal(proc_start(c, &by_path, &p), E_INTERNAL);
	assert_non_null(strstr(c->reason, "No such file"));
	assert_int_equal(proc_start(c, &no_dir, &p), E_INTERNAL);
	assert_null(p);
}

static void
too_much_output_is_an_error(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){
					    "head", "-c", "100000", "/dev/zero", NULL } };
	struct buf *out = NULL, *err = NULL;
	int status;

	assert_int_equal(proc_run(c, &spec, NULL, 0, 99999, &out, &err, &status), E_INTERNAL);
	assert_int_equal(proc_run(c, &spec, NULL, 0, 100000, &out, &err, &status), OK);
	assert_int_equal(out->len, 100000);
}

static void
many_errors_are_cut(void **state)
{
	struct said s =
	    run_sh(*state, "head -c 300000 /dev/zero | tr '\\0' e >&2; echo done", NULL);

	assert_int_equal(s.code, OK);
	assert_string_equal(s.out, "done\n");
	assert_int_equal(strlen(s.err), 8192);
}

static void
the_environment_is_rebuilt(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){ "env", NULL },
		.env = (const char *[]){ "GIT_DIR=/x", "A=b c", NULL } };

	setenv("HTTP_PROXY", "http://evil", 1); /* what a Proxy: header becomes */
	setenv("LD_PRELOAD_X", "x", 1);
	assert_string_equal(run(c, &spec, NULL, 0).out,
	    "PATH=/usr/local/bin:/usr/bin:/bin\nHOME=/nonexistent\nLC_ALL=C.UTF-8\nTZ=UTC\n"
	    "GIT_DIR=/x\nA=b c\n");
	unsetenv("HTTP_PROXY");
	unsetenv("LD_PRELOAD_X");
}

static void
descriptors_from_3_up_are_closed(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){ "ls", "/proc/self/fd", NULL } };
	int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 200);

	assert_true(high >= 200);
	assert_string_equal(run(c, &spec, NULL, 0).out, "0\n1\n2\n3\n"); /* 3 is what ls opened */
	close(low);
	close(high);
}

static void
one_descriptor_can_be_passed_as_3(void **state)
{
	struct ctx *c = *state;
	int ends[2], status;
	char text[8] = { 0 };
	struct proc *p;
	struct proc_spec spec = { .argv = (const char *[]){ "sh", "-c", "echo hi >&3", NULL } };

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	spec.pass_fd = ends[1];
	assert_int_equal(proc_start(c, &spec, &p), OK);
	close(ends[1]);
	assert_int_equal(read(ends[0], text, sizeof(text) - 1), 3);
	assert_string_equal(text, "hi\n");
	assert_int_equal(read(ends[0], text, 1), 0); /* nobody else holds it */
	assert_int_equal(proc_wait(c, p, &status), OK);
	assert_int_equal(status, 0);
	close(ends[0]);
}

static void
limits_reach_the_child(void **state)
{
	const struct proc_limits limits = {
		.cpu_s = 7, .memory_bytes = 1 << 30, .file_bytes = 1 << 20
	};

	assert_string_equal(
	    run_sh(*state, "ulimit -t; ulimit -v; ulimit -f; ulimit -c", &limits).out,
	    "7\n1048576\n2048\n0\n"); /* KiB, and blocks of 512 */
}

static void
a_limit_of_the_parent_is_not_the_childs(void **state)
{
	const struct proc_limits none = { 0 };
	struct rlimit before, low;

	assert_int_equal(getrlimit(RLIMIT_CPU, &before), 0);
	low = before;
	low.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_CPU, &low), 0);
	assert_string_equal(run_sh(*state, "ulimit -S -t", &none).out, "unlimited\n");
	assert_int_equal(setrlimit(RLIMIT_CPU, &before), 0);
}

static void
cpu_time_ends_a_busy_child(void **state)
{
	const struct proc_limits limits = { .cpu_s = 1, .wall_ms = 60000 };
	struct said s = run_sh(*state, "while :; do :; done", &limits);

	assert_int_equal(s.code, OK);
	assert_true(s.status == 128 + SIGKILL || s.status == 128 + SIGXCPU);
}

static unsigned long long
signal_set(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	assert_non_null(line);
	/* without 32 and 33: glibc keeps these for itself and lets nobody set them */
	return strtoull(line + strlen(name), NULL, 16) & ~(3ULL << 31);
}

static void
signals_are_as_usual_in_the_child(void **state)
{
	sigset_t term, before;
	struct said s;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	signal(SIGHUP, SIG_IGN);
	s = run_sh(*state, "grep Sig /proc/self/status", NULL);
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(signal_set(s.out, "SigBlk:"), 0);
	assert_int_equal(signal_set(s.out, "SigIgn:"), 0);
}

static void
the_child_leads_a_group_of_its_own(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){ "sleep", FOR_EVER, NULL } };
	struct proc *p;

	assert_int_equal(proc_start(c, &spec, &p), OK);
	assert_int_equal(getpgid(p->pid), p->pid);
	assert_int_not_equal(getpgrp(), p->pid);
}

static void
a_deadline_kills_the_whole_group(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = {
		.argv = (const char *[]){ "sh", "-c", "sleep " FOR_EVER " & echo $!; wait", NULL },
		.limits = { .wall_ms = 60000 },
	};
	struct proc *p;
	pid_t leader, grandchild;
	int status = -1;

	assert_int_equal(proc_start(c, &spec, &p), OK);
	leader = p->pid;
	grandchild = read_pid(p);
	p->deadline_us = clock_mono_us() + 10000; /* not before there is somebody to kill */
	assert_int_equal(proc_wait(c, p, &status), E_INTERNAL);
	assert_int_equal(status, -1);
	assert_int_equal(p->pid, 0);
	assert_true(is_gone(leader));
	assert_true(is_gone(grandchild));
}

static void
a_run_has_a_deadline_too(void **state)
{
	const struct proc_limits limits = { .wall_ms = 100 };

	assert_int_equal(run_sh(*state, "sleep " FOR_EVER, &limits).code, E_INTERNAL);
	assert_int_equal(
	    run_sh(*state, "trap '' TERM INT; while :; do sleep 1; done", &limits).code,
	    E_INTERNAL);
}

static volatile int64_t busy_until_us;

static void
be_busy(int number)
{
	(void)number;
	while (clock_mono_us() < busy_until_us)
		usleep(1000);
}

/* Its child ended in time, and it notices when the time is over. */
static void
a_run_that_looks_too_late_has_all_of_the_output_or_none(void **state)
{
	const struct proc_limits limits = { .wall_ms = 200 };
	struct sigaction busy = { .sa_handler = be_busy }, before;
	struct said s;

	sigaction(SIGUSR1, &busy, &before);
	busy_until_us = clock_mono_us() + 500000;
	s = run_sh(*state, "kill -USR1 $PPID; echo all of it", &limits);
	sigaction(SIGUSR1, &before, NULL);
	if (s.code == OK) /* else the child itself was late */
		assert_string_equal(s.out, "all of it\n");
	else
		assert_int_equal(s.code, E_INTERNAL);
}

static void
the_end_of_the_arena_kills_the_whole_group(void **state)
{
	struct ctx own = { .mem = arena_new(), .reason = "" };
	const struct proc_spec spec = { .argv = (const char *[]){ "sh", "-c",
					    "sleep " FOR_EVER " & echo $!; wait", NULL } };
	struct proc *p;
	pid_t leader, grandchild;

	(void)state;
	assert_int_equal(proc_start(&own, &spec, &p), OK);
	leader = p->pid;
	grandchild = read_pid(p);
	arena_free(own.mem);
	assert_int_equal(kill(leader, 0), -1); /* reaped */
	assert_true(is_gone(grandchild));
}

/* A process that dies without a word (out of memory, kill -9) leaves no child either. */
static void
the_child_dies_with_its_parent(void **state)
{
	const struct proc_spec spec = { .argv = (const char *[]){ "sleep", FOR_EVER, NULL } };
	int said[2];
	pid_t parent, child = 0;

	(void)state;
	assert_int_equal(pipe(said), 0);
	parent = fork();
	if (parent == 0) {
		struct ctx own = { .mem = arena_new(), .reason = "" };
		struct proc *p;

		if (proc_start(&own, &spec, &p) == OK &&
		    write(said[1], &p->pid, sizeof(p->pid)) == sizeof(p->pid))
			pause();
		_exit(1);
	}
	assert_int_equal(read(said[0], &child, sizeof(child)), sizeof(child));
	assert_true(child > 0);
	kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(is_gone(child));
	close(said[0]);
	close(said[1]);
}

static void
what_a_child_leaves_behind_is_killed(void **state)
{
	struct said s = run_sh(*state, "sleep " FOR_EVER " & echo $!", NULL);

	assert_int_equal(s.code, OK);
	assert_int_equal(s.status, 0);
	assert_true(is_gone((pid_t)atol(s.out)));
}

static void
a_grandchild_outside_the_group_does_not_hold_us(void **state)
{
	struct said s = run_sh(*state, "setsid sleep " FOR_EVER " & echo $!", NULL);

	assert_int_equal(s.code, OK);
	kill((pid_t)atol(s.out), SIGKILL);
}

static void
a_killed_child_can_be_awaited(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){ "sleep", FOR_EVER, NULL } };
	struct proc *p;
	int status;

	assert_int_equal(proc_start(c, &spec, &p), OK);
	proc_kill(p);
	assert_int_equal(proc_wait(c, p, &status), OK);
	assert_int_equal(status, 128 + SIGKILL);
	proc_kill(p); /* nobody any more */
}

static void
the_working_folder_is_root_or_as_asked(void **state)
{
	struct ctx *c = *state;
	const struct proc_spec spec = { .argv = (const char *[]){ "pwd", NULL }, .dir = "/usr" };

	assert_string_equal(run_sh(c, "pwd", NULL).out, "/\n");
	assert_string_equal(run(c, &spec, NULL, 0).out, "/usr\n");
}

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
no_descriptor_is_left_behind(void **state)
{
	struct ctx own = { .mem = arena_new(), .reason = "" };
	int before = open_fds();

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(run_sh(&own, "echo x; exit 1", NULL).code, OK);
	arena_free(own.mem);
	assert_int_equal(open_fds(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(output_errors_and_exit_code_come_back),
		WITH_CTX(a_signal_counts_from_128),
		WITH_CTX(much_goes_in_and_out_at_once),
		WITH_CTX(a_child_that_does_not_read_does_not_end_us),
		WITH_CTX(without_input_the_child_reads_an_end),
		WITH_CTX(a_missing_program_is_an_error),
		WITH_CTX(too_much_output_is_an_error),
		WITH_CTX(many_errors_are_cut),
		WITH_CTX(the_environment_is_rebuilt),
		WITH_CTX(descriptors_from_3_up_are_closed),
		WITH_CTX(one_descriptor_can_be_passed_as_3),
		WITH_CTX(limits_reach_the_child),
		WITH_CTX(a_limit_of_the_parent_is_not_the_childs),
		WITH_CTX(cpu_time_ends_a_busy_child),
		WITH_CTX(signals_are_as_usual_in_the_child),
		WITH_CTX(the_child_leads_a_group_of_its_own),
		WITH_CTX(a_deadline_kills_the_whole_group),
		WITH_CTX(a_run_has_a_deadline_too),
		WITH_CTX(a_run_that_looks_too_late_has_all_of_the_output_or_none),
		WITH_CTX(the_end_of_the_arena_kills_the_whole_group),
		cmocka_unit_test(the_child_dies_with_its_parent),
		WITH_CTX(what_a_child_leaves_behind_is_killed),
		WITH_CTX(a_grandchild_outside_the_group_does_not_hold_us),
		WITH_CTX(a_killed_child_can_be_awaited),
		WITH_CTX(the_working_folder_is_root_or_as_asked),
		WITH_CTX(no_descriptor_is_left_behind),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
