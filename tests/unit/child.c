#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/child.h"

#define TURNS 6000
#define TURN_MS 10

/* A child that leaves one of its own behind, in a group of its own; that one's pid. */
static pid_t
leave_behind(void)
{
	int pipe_[2];
	pid_t child, left = 0;

	assert_int_equal(pipe(pipe_), 0);
	child = fork();
	if (child == 0) {
		left = fork();
		if (left == 0) {
			setpgid(0, 0);
			for (;;)
				pause();
		}
		_exit(write(pipe_[1], &left, sizeof(left)) == sizeof(left) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(read(pipe_[0], &left, sizeof(left)), sizeof(left));
	close(pipe_[0]);
	close(pipe_[1]);
	return left;
}

static bool
is_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

static void
what_a_dead_child_left_running_is_ended(void **state)
{
	pid_t left, ours;

	child_adopt();
	left = leave_behind();
	ours = fork();
	if (ours == 0)
		for (;;)
			pause();
	for (int i = 0; i < TURNS && !is_gone(left); i++) {
		child_kill_adopted(*state, &ours, 1);
		poll(NULL, 0, TURN_MS);
	}
	assert_true(is_gone(left));
	assert_int_equal(kill(ours, 0), 0); /* a known one is left alone */
	assert_int_equal(kill(ours, SIGKILL), 0);
	assert_int_equal(waitpid(ours, NULL, 0), ours);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { WITH_CTX(what_a_dead_child_left_running_is_ended) };

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
