/* A small repository with a history told in a few words, made by one `git fast-import`: each commit
 * has a branch of its own name. */
#ifndef TESTS_UNIT_STORY_H
#define TESTS_UNIT_STORY_H

#include "tests/unit/repo.h"

#include "git/init.h"
#include "git/refs.h"
#include "git/store.h"

struct story {
	struct ctx *c;
	const char *dir;
	struct git_repository *repo;
	struct git_refs known; /* a branch per commit, and the tags */
	struct buf *text;
};

#define STORY_AT 1600000000

/* A commit on top of the others named (divided by blanks; "": none), made at that time. */
static inline void
story_commit(struct story *s, const char *name, const char *parents, int64_t at)
{
	size_t n;
	char **words = str_split(s->c->mem, parents, ' ', &n);

	buf_printf(s->text,
	    "commit refs/heads/%s\ncommitter A <a@example.com> %lld +0000\ndata %zu\n%s\n", name,
	    (long long)at, strlen(name), name);
	for (size_t i = 0; i < n; i++)
		if (words[i][0] != '\0')
			buf_printf(
			    s->text, "%s refs/heads/%s\n", i == 0 ? "from" : "merge", words[i]);
	buf_text(s->text, "\n");
}

/* <name>1 to <name>n, one on top of the other, a minute apart; the first on that parent, or "". */
static inline void
story_chain(struct story *s, const char *name, int n, const char *parent)
{
	for (int i = 1; i <= n; i++) {
		const char *this = arena_printf(s->c->mem, "%s%d", name, i);

		story_commit(s, this, parent, STORY_AT + (int64_t)60 * i);
		parent = this;
	}
}

/* An annotated tag. */
static inline void
story_tag(struct story *s, const char *name, const char *commit)
{
	buf_printf(s->text,
	    "tag %s\nfrom refs/heads/%s\ntagger A <a@example.com> %d +0000\ndata 1\nx\n", name,
	    commit, STORY_AT);
}

/* Lives as long as the program's tests: a group's set-up. tell writes the story. */
static inline int
story_begin(struct story *s, void (*tell)(struct story *s))
{
	void *state;
	struct ctx *c;

	assert_int_equal(unit_ctx(&state), 0);
	c = s->c = state;
	s->dir = path_under(c->mem, unit_folder(c), "story.git");
	s->text = buf_new(c->mem, 1 << 20);
	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	repo_init(c, s->dir);
	tell(s);
	(void)repo_run(c, s->dir, s->text->data, s->text->len,
	    (const char *const[]){ "fast-import", "--quiet", NULL });
	(void)repo_git(c, s->dir, "pack-refs", "--all");
	if (git_store_open(c, s->dir, &s->repo) != OK ||
	    git_refs_load(c, s->dir, &s->known, NULL) != OK)
		unit_fail("%s", c->reason);
	return 0;
}

static inline int
story_end(struct story *s)
{
	void *state = s->c;

	return unit_ctx_end(&state);
}

#endif
