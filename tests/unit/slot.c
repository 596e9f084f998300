/* The supervisor's end of a worker. */
#include "tests/unit/repo.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sync/slot.h"

#define TOO_LONG_S 30
#define MANY 5000
#define ENOUGH 50000 /* bytes: it is well under way */

/* Its process says the line again and again, faster than it can be heard. */
static void
start_talker(struct ctx *c, struct slot *s, const char *line)
{
	struct buf *lines = buf_new(c->mem, MANY * strlen(line));
	char peeked[ENOUGH];
	int pair[2];

	for (int i = 0; i < MANY; i++)
		buf_text(lines, line);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	s->child.pid = fork();
	assert_true(s->child.pid >= 0);
	if (s->child.pid == 0) {
		setpgid(0, 0);
		close(pair[0]);
		while (write(pair[1], lines->data, lines->len) > 0)
			;
		_exit(0);
	}
	setpgid(s->child.pid, s->child.pid);
	close(pair[1]);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	s->child.fd = pair[0];
	while (recv(pair[0], peeked, sizeof(peeked), MSG_PEEK) < ENOUGH)
		;
}

/* A worker has parsed a stranger's bytes: it may do anything. */
static void
a_worker_that_talks_without_end_does_not_stop_the_others(void **state)
{
	struct ctx *c = *state;
	struct slot *s = slot_new(c->mem);

	(void)repo_conf(c, unit_folder(c));
	s->state = SLOT_BUSY;
	s->job = (struct job){ .id = 1, .kind = "sync", .path = "a/b" };
	s->held.phase = "";
	s->begun_us = s->heard_us = clock_mono_us();
	start_talker(c, s, "{\"progress\":{\"phase\":\"fetching\",\"bytes\":1}}\n");
	alarm(TOO_LONG_S); /* it would be for ever */
	for (int i = 0; i < 3; i++)
		slot_turn(c, s);
	alarm(0);
	assert_int_equal(s->state, SLOT_BUSY);
	slot_kill(s);
	assert_int_equal(s->state, SLOT_RETURNED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_worker_that_talks_without_end_does_not_stop_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
