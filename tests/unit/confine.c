/* Each look is done by a child: what it gives up is gone for good. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"
#include "sync/confine.h"

struct place {
	struct ctx *c;
	const char *data, *keys;
	struct conf conf;
};

static bool
kernel_can(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
}

static bool
may_open(const char *folder, const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static struct place
make_place(struct ctx *c)
{
	struct place p = { .c = c, .data = unit_folder(c), .keys = unit_folder(c) };

	assert_int_equal(conf_load(c, NULL, &p.conf), OK);
	p.conf.data_dir = p.data;
	p.conf.net_ssh_key = arena_printf(c->mem, "%s/ssh_key", p.keys);
	assert_true(may_open(p.keys, "seal.key", O_CREAT | O_WRONLY));
	assert_true(may_open(p.keys, "ssh_key", O_CREAT | O_WRONLY));
	assert_int_equal(mkdir(arena_printf(c->mem, "%s/quarantine", p.data), 0700), 0);
	assert_int_equal(mkdir(arena_printf(c->mem, "%s/repos", p.data), 0700), 0);
	return p;
}

/* 0 when `look` found all as it should be. */
static int
in_a_confined_child(struct place *p, bool (*look)(const struct place *p))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		p->c->conf = &p->conf;
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (confine(p->c) != OK)
			_exit(2);
		_exit(look(p) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static bool
cannot_read_keys(const struct place *p)
{
	return !may_open(p->keys, "seal.key", O_RDONLY) && may_open(p->keys, "ssh_key", O_RDONLY) &&
	    !may_open(p->keys, "ssh_key", O_WRONLY) && !may_open("/etc", "shadow", O_RDONLY) &&
	    !may_open("/etc", "fstab", O_RDONLY) && !may_open("/tmp", "confined", O_CREAT | O_RDWR);
}

static bool
can_work_in_the_data_folder(const struct place *p)
{
	const char *from = arena_printf(p->c->mem, "%s/quarantine/a", p->data);
	const char *to = arena_printf(p->c->mem, "%s/repos/a", p->data);

	return may_open(p->data, "quarantine/a", O_CREAT | O_RDWR) && rename(from, to) == 0 &&
	    may_open(p->data, "repos/a", O_RDWR) && unlink(to) == 0 && symlink("/", from) != 0;
}

static bool
can_run_programs_and_look_up_names(const struct place *p)
{
	(void)p;
	return access("/usr/bin/git", X_OK) == 0 && may_open("/etc", "hosts", O_RDONLY) &&
	    may_open("/dev", "null", O_RDWR) && may_open("/dev", "urandom", O_RDONLY) &&
	    !may_open("/usr/bin", "git", O_WRONLY);
}

static bool
can_read_all_but_write_nothing(const struct place *p)
{
	return may_open(p->keys, "seal.key", O_RDONLY) && !may_open(p->keys, "seal.key", O_WRONLY);
}

static void
a_confined_process_reaches_no_keys(void **state)
{
	struct place p = make_place(*state);

	if (!kernel_can())
		skip();
	assert_int_equal(in_a_confined_child(&p, cannot_read_keys), 0);
}

static void
it_works_in_the_data_folder(void **state)
{
	struct place p = make_place(*state);

	if (!kernel_can())
		skip();
	assert_int_equal(in_a_confined_child(&p, can_work_in_the_data_folder), 0);
}

static void
it_runs_programs_and_looks_up_names(void **state)
{
	struct place p = make_place(*state);

	if (!kernel_can())
		skip();
	assert_int_equal(in_a_confined_child(&p, can_run_programs_and_look_up_names), 0);
}

static void
file_upstreams_may_be_anywhere(void **state)
{
	struct place p = make_place(*state);

	if (!kernel_can())
		skip();
	p.conf.net_allow_file = true;
	assert_int_equal(in_a_confined_child(&p, can_read_all_but_write_nothing), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_confined_process_reaches_no_keys),
		WITH_CTX(it_works_in_the_data_folder),
		WITH_CTX(it_runs_programs_and_looks_up_names),
		WITH_CTX(file_upstreams_may_be_anywhere),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
