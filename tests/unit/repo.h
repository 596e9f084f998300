/* Git itself, as the truth to compare with: runs it with settings of nobody. */
#ifndef TESTS_UNIT_REPO_H
#define TESTS_UNIT_REPO_H

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/conf.h"
#include "base/proc.h"
#include "base/str.h"

#define OUT_MAX_BYTES ((size_t)16 * 1024 * 1024)

static const char *const repo_env[] = { "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=1600000000 +0000",
	"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
	"GIT_COMMITTER_DATE=1600000000 +0000", NULL };

/* git with up to 12 arguments behind "-C dir"; its exit code. */
static inline int
repo_try(struct ctx *c, const char *dir, const void *input, size_t len, struct buf **out,
    const char *const *args)
{
	const char *argv[16] = { "git", "-C", dir };
	const struct proc_spec spec = { .argv = argv, .env = repo_env };
	struct buf *err;
	int status = -1;

	for (size_t i = 0; args[i] != NULL; i++)
		argv[3 + i] = args[i];
	if (proc_run(c, &spec, input, len, OUT_MAX_BYTES, out, &err, &status) != OK)
		unit_fail("git %s: %s", args[0], c->reason);
	if (status != 0 && getenv("VERBOSE") != NULL)
		print_error("git %s: %s\n", args[0], err->data);
	return status;
}

/* Its output without the last newline; it has to succeed. */
static inline const char *
repo_run(struct ctx *c, const char *dir, const void *input, size_t len, const char *const *args)
{
	struct buf *out = NULL;

	if (repo_try(c, dir, input, len, &out, args) != 0)
		unit_fail("git %s failed in %s", args[0], dir);
	if (out->len > 0 && out->data[out->len - 1] == '\n')
		out->data[out->len - 1] = '\0';
	return out->data;
}

#define repo_git(c, dir, ...)                                                                      \
	repo_run((c), (dir), NULL, 0, (const char *const[]){ __VA_ARGS__, NULL })
#define repo_git_with(c, dir, text, ...)                                                           \
	repo_run((c), (dir), (text), strlen(text), (const char *const[]){ __VA_ARGS__, NULL })

static inline void
repo_init(struct ctx *c, const char *dir)
{
	assert_int_equal(path_make_dir(c, dir, 0755), OK);
	(void)repo_git(c, dir, "init", "-q", "--bare", "-b", "main", "--template=");
}

/* A commit with one file "f" of that text, on the branch: its id. */
static inline const char *
repo_commit(struct ctx *c, const char *dir, const char *branch, const char *text)
{
	const char *ref = arena_printf(c->mem, "refs/heads/%s", branch);
	const char *blob = repo_git_with(c, dir, text, "hash-object", "-w", "--stdin");
	const char *line = arena_printf(c->mem, "100644 blob %s\tf\n", blob);
	const char *tree = repo_git_with(c, dir, line, "mktree");
	struct buf *parent = NULL;
	const char *oid;

	if (repo_try(c, dir, NULL, 0, &parent,
		(const char *const[]){ "rev-parse", "-q", "--verify", ref, NULL }) == 0) {
		parent->data[40] = '\0';
		oid = repo_git(c, dir, "commit-tree", tree, "-m", text, "-p", parent->data);
	} else {
		oid = repo_git(c, dir, "commit-tree", tree, "-m", text);
	}
	(void)repo_git(c, dir, "update-ref", ref, oid);
	return oid;
}

/* The defaults, with data.dir in the folder and loopback allowed. */
static inline struct conf *
repo_conf(struct ctx *c, const char *folder)
{
	struct conf *conf = arena_new_of(c->mem, struct conf);

	assert_int_equal(conf_load(c, NULL, conf), OK);
	conf->data_dir = arena_printf(c->mem, "%s/data", folder);
	conf->net_allow = "127.0.0.0/8";
	conf->net_allow_file = true;
	assert_int_equal(path_make_dir(c, conf->data_dir, 0755), OK);
	c->conf = conf;
	return conf;
}

#endif
