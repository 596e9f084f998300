/* Child processes: an argument vector, a clean environment, limits, a process group, and an end
 * that is always awaited. No shell, ever. */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ctx.h"

struct buf;

struct proc_limits {
	int64_t cpu_s;	      /* RLIMIT_CPU; 0: none */
	int64_t memory_bytes; /* RLIMIT_AS; 0: none */
	int64_t file_bytes;   /* RLIMIT_FSIZE; 0: none */
	int64_t wall_ms;      /* killed after; 0: none */
};

struct proc_spec {
	const char *const *argv; /* argv[0] is looked up in PATH; NULL at the end */
	const char *const *env;	 /* more "NAME=value" rows behind the fixed ones; NULL for none */
	const char *dir;	 /* working folder; NULL: "/" */
	int pass_fd;		 /* becomes the child's descriptor 3; 0: none */
	bool is_out_cut;	 /* proc_run: output past its limit is read and dropped */
	bool is_err_shared;	 /* its standard error is ours: for programs of our own that log */
	struct proc_limits limits;
};

struct proc {
	pid_t pid;	     /* also its process group; 0 once awaited */
	int in;		     /* write here: its standard input; -1 once closed */
	int out;	     /* read here: its standard output; -1 once closed */
	int err;	     /* read here: its standard error; -1 once closed, or shared */
	int64_t deadline_us; /* of clock_mono_us; 0: none. May be moved by the caller */
};

/* Starts the child in a process group of its own, descriptors from 3 up closed, core size 0,
 * signals as usual, the environment rebuilt (PATH, HOME=/nonexistent, LC_ALL=C.UTF-8, TZ=UTC and
 * spec->env only). The descriptors are non-blocking and close on exec; from now on this process
 * ignores SIGPIPE. When the arena closes and the child still runs, the whole group is killed and
 * reaped; when this process is killed, the kernel kills the child. E_INTERNAL: no such program, no
 * fork. */
must_check int proc_start(struct ctx *c, const struct proc_spec *spec, struct proc **out);

void proc_close_in(struct proc *p);

/* Kills the group (SIGKILL). It still has to be awaited. */
void proc_kill(struct proc *p);

/* Waits for the child's end, then kills what it left in its group. status_out: exit code, or 128 +
 * the signal. E_INTERNAL: the deadline came first; the group was killed. */
must_check int proc_wait(struct ctx *c, struct proc *p, int *status_out);

/* For those who have other things to wait for: has it ended? Then as proc_wait, at once. */
bool proc_has_ended(struct proc *p, int *status_out);

/* Starts, feeds input, collects at most out_max bytes of output and the first 8 KiB of errors,
 * waits. E_INTERNAL when it cannot start, runs too long, or its output is too much; the exit code
 * is the caller's to judge. */
must_check int proc_run(struct ctx *c, const struct proc_spec *spec, const void *input,
    size_t input_len, size_t out_max, struct buf **out, struct buf **err, int *status_out);

#endif
