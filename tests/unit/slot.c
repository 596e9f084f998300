/* The supervisor's end of a worker. */
#include "tests/unit/repo.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "sync/slot.h"

#define TOO_LONG_S 120
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

/* A line of a worker that reads spec files; the names are those of sync/wire.h. */
static const char *
package_line(struct ctx *c, const char *commit, const char *name, const char *epoch,
    const char *version, const char *committer)
{
	return arena_printf(c->mem,
	    "{\"package\":{\"branch\":\"\",\"commit_id\":\"%s\",\"committer_name\":\"%s\","
	    "\"committer_email\":\"\",\"name\":\"%s\",\"epoch\":%s,\"version\":\"%s\","
	    "\"release\":\"1\"}}\n",
	    commit, committer, name, epoch, version);
}

/* A slot that has heard the line a few times from a worker with such a job. */
static struct slot *
hear(struct ctx *c, const char *kind, const char *line, int turns)
{
	struct slot *s = slot_new(c->mem);

	s->state = SLOT_BUSY;
	s->name = "worker";
	s->job = (struct job){ .id = 1, .kind = kind, .path = "a/b" };
	s->held.phase = "";
	s->begun_us = s->heard_us = clock_mono_us();
	start_talker(c, s, line);
	for (int i = 0; i < turns && s->state == SLOT_BUSY; i++)
		slot_turn(c, s);
	return s;
}

#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
a_package_that_no_spec_file_could_name_is_not_taken(void **state)
{
	struct ctx *c = *state;
	char *long_text = arena_alloc(c->mem, 257);
	const char *lines[] = {
		package_line(c, "none", "foo", "0", "1", "C"),
		package_line(c, COMMIT "a", "foo", "0", "1", "C"),
		package_line(c, COMMIT, "", "0", "1", "C"),
		package_line(c, COMMIT, "=cmd", "0", "1", "C"),
		package_line(c, COMMIT, "a b", "0", "1", "C"),
		package_line(c, COMMIT, "foo", "-1", "1", "C"),
		package_line(c, COMMIT, "foo", "4294967296", "1", "C"),
		package_line(c, COMMIT, "foo", "0", "1'; --", "C"), NULL, /* below */
	};

	(void)repo_conf(c, unit_folder(c));
	memset(long_text, 'x', 256);
	lines[N_OF(lines) - 1] = package_line(c, COMMIT, "foo", "0", "1", long_text);
	for (size_t i = 0; i < N_OF(lines); i++) {
		struct slot *s = hear(c, "packages", lines[i], 1);

		assert_int_equal(s->state, SLOT_DONE);
		assert_string_equal(s->result.error_class, "local");
		assert_int_equal(s->child.pid, 0);
	}
}

static void
packages_are_taken_from_whom_they_were_asked_and_not_without_end(void **state)
{
	struct ctx *c = *state;
	const char *line = package_line(c, COMMIT, "foo", "7", "", "C");
	struct slot *s;

	(void)repo_conf(c, unit_folder(c));
	s = hear(c, "packages", line, 1);
	assert_int_equal(s->state, SLOT_BUSY);
	assert_true(s->n_packages > 0 && s->n_packages <= JOB_PACKAGES_MAX);
	assert_string_equal(s->packages[0].name, "foo");
	assert_string_equal(s->packages[0].version, "");
	assert_int_equal(s->packages[0].epoch, 7);
	slot_kill(s);
	alarm(TOO_LONG_S);
	s = hear(c, "packages", line, 1 << 30);
	alarm(0);
	assert_string_equal(s->result.error_class, "local");
	s = hear(c, "sync", line, 1);
	assert_string_equal(s->result.error_class, "local");
}

/* A line about a ref that a sync changed. */
static const char *
ref_line(struct ctx *c, const char *name, size_t len, const char *old_id)
{
	return arena_printf(c->mem,
	    "{\"ref\":{\"name\":\"%s\",\"old_id\":\"%s\",\"new_id\":\"" COMMIT "\"}}\n",
	    str_base64(c->mem, name, len), old_id);
}

static void
refs_that_no_sync_could_have_changed_are_not_taken(void **state)
{
	struct ctx *c = *state;
	char *long_name = arena_alloc(c->mem, 1002);
	const char *lines[] = {
		ref_line(c, "refs/mirrorhub/x", 16, COMMIT),
		ref_line(c, "HEAD", 4, COMMIT),
		ref_line(c, "refs/heads/a\nb", 14, COMMIT),
		ref_line(c, "refs/heads/a\0b", 14, COMMIT),
		ref_line(c, "refs/heads/main", 15, "none"),
		ref_line(c, "refs/heads/main", 15, COMMIT "a"),
		"{\"ref\":{\"name\":\"!\",\"old_id\":\"" COMMIT "\",\"new_id\":\"" COMMIT "\"}}\n",
		NULL, /* below */
	};

	(void)repo_conf(c, unit_folder(c));
	memcpy(memset(long_name, 'x', 1001), "refs/heads/", 11);
	lines[N_OF(lines) - 1] = ref_line(c, long_name, 1001, COMMIT);
	for (size_t i = 0; i < N_OF(lines); i++)
		assert_string_equal(hear(c, "sync", lines[i], 1)->result.error_class, "local");
	assert_string_equal(hear(c, "packages", ref_line(c, "refs/heads/main", 15, COMMIT), 1)
				->result.error_class, "local");
}

static void
refs_are_taken_as_bytes_and_not_without_end(void **state)
{
	struct ctx *c = *state;
	const char *line = ref_line(c, "refs/heads/\xff", 12, COMMIT);
	struct slot *s;

	(void)repo_conf(c, unit_folder(c));
	s = hear(c, "sync", line, 1);
	assert_int_equal(s->state, SLOT_BUSY);
	assert_true(s->n_refs > 0 && s->n_refs <= REF_LIST_MAX);
	assert_string_equal(s->refs[0].name, "refs/heads/\xef\xbf\xbd");
	assert_string_equal(s->refs[0].raw, str_base64(c->mem, "refs/heads/\xff", 12));
	slot_kill(s);
	alarm(TOO_LONG_S);
	s = hear(c, "sync", line, 1 << 30);
	alarm(0);
	assert_string_equal(s->result.error_class, "local");
}

/* A mirror may have a thousand refs taken back, with names as long as Git takes them. */
static void
a_job_too_long_for_a_line_fails_alone(void **state)
{
	struct ctx *c = *state;
	struct slot *s = slot_new(c->mem);
	struct job job = { .id = 1, .kind = "sync", .worker = "w" };
	char *options = arena_alloc(c->mem, WIRE_LINE_MAX + 1);

	(void)repo_conf(c, unit_folder(c));
	memset(options, ' ', WIRE_LINE_MAX);
	job.options = options;
	slot_give(c, s, "/nonexistent", &job, "", NULL);
	assert_int_equal(s->state, SLOT_DONE);
	assert_string_equal(s->result.error_class, "policy");
	assert_int_equal(s->child.pid, 0);
}

/* The first bytes of a sentence, which may end in the middle of a character. */
static void
a_long_sentence_is_cut_and_still_text(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 8192);
	struct slot *s;

	(void)repo_conf(c, unit_folder(c));
	buf_text(b, "{\"result\":{\"error\":\"network\",\"error_text\":\"x");
	for (int i = 0; i < 1000; i++)
		buf_text(b, "\xc3\xa4");
	buf_text(b, "\"}}\n");
	s = hear(c, "sync", b->data, 1);
	assert_true(strlen(s->result.error_text) >= 1000);
	assert_true(str_is_utf8(s->result.error_text, strlen(s->result.error_text)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_worker_that_talks_without_end_does_not_stop_the_others),
		WITH_CTX(a_package_that_no_spec_file_could_name_is_not_taken),
		WITH_CTX(refs_that_no_sync_could_have_changed_are_not_taken),
		WITH_CTX(refs_are_taken_as_bytes_and_not_without_end),
		WITH_CTX(a_job_too_long_for_a_line_fails_alone),
		WITH_CTX(a_long_sentence_is_cut_and_still_text),
		WITH_CTX(packages_are_taken_from_whom_they_were_asked_and_not_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
