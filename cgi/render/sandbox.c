#include "cgi/render/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The sanitizer asks for its signal stack before the end, and for this and that to report a bug,
 * which is to be seen. */
#ifdef __SANITIZE_ADDRESS__
#define OTHER_CALLS SCMP_ACT_ERRNO(EPERM)
#define CALLS_OF_SANITIZER , SCMP_SYS(sigaltstack)
#else
/* Of the one thread, which is the process: this needs no call that systemd's filters refuse, as the
 * action of the other name does. */
#define OTHER_CALLS SCMP_ACT_KILL_THREAD
#define CALLS_OF_SANITIZER
#endif

static const struct {
	int what;
	rlim_t most;
} limits[] = {
	{ RLIMIT_CPU, SANDBOX_CPU_S },
#ifndef __SANITIZE_ADDRESS__
	{ RLIMIT_AS, SANDBOX_MEMORY_BYTES },
#endif
	{ RLIMIT_CORE, 0 },
	{ RLIMIT_NPROC, 0 },
	{ RLIMIT_NOFILE, 0 },
};

/* What malloc needs besides mmap, and the end. */
static const int calls[] = { SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(exit), SCMP_SYS(exit_group) CALLS_OF_SANITIZER };

static bool
is_limited(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit = { limits[i].most, limits[i].most };

		if (setrlimit(limits[i].what, &limit) != 0)
			return false;
	}
	return true;
}

static bool
has_rules(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
			return false;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1,
		   SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO)) == 0 &&
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
		SCMP_A0(SCMP_CMP_EQ, STDOUT_FILENO)) == 0 &&
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
		SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO)) == 0 &&
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
		SCMP_A2(SCMP_CMP_EQ, PROT_READ | PROT_WRITE),
		SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0;
}

static bool
is_filtered(void)
{
	scmp_filter_ctx filter = seccomp_init(OTHER_CALLS);
	bool is_on;

	if (filter == NULL)
		return false;
	is_on = has_rules(filter) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return is_on;
}

bool
sandbox_enter(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && is_limited() && is_filtered();
}
