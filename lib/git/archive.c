#include "git/archive.h"

#include <git2.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/proc.h"
#include "git/child.h"
#include "git/init.h"

#define ID_CHARS 40
#define LOOK_EVERY 256 /* entries, between two looks at the clock */

/* ---- is it within the limits? */

struct frame {
	git_tree *tree;
	size_t at;
};

struct count {
	struct ctx *c;
	git_repository *repo;
	git_odb *odb;
	struct frame *frames;
	size_t depth, room;
	int64_t n, bytes, until_us;
};

static void
close_count(void *object)
{
	struct count *k = object;

	while (k->depth > 0)
		git_tree_free(k->frames[--k->depth].tree);
	git_odb_free(k->odb);
}

static int
push(struct count *k, const git_oid *id)
{
	if (k->depth == k->room) {
		size_t room = k->room == 0 ? 16 : k->room * 2;
		struct frame *more = arena_new_array(k->c->mem, struct frame, room);

		if (k->depth > 0)
			memcpy(more, k->frames, k->depth * sizeof(*more));
		k->frames = more;
		k->room = room;
	}
	k->frames[k->depth] = (struct frame){ .tree = NULL };
	if (git_tree_lookup(&k->frames[k->depth].tree, k->repo, id) < 0)
		return git_fail(k->c, E_INTERNAL, "read a tree");
	k->depth++;
	return OK;
}

static int
too_much(struct ctx *c, const char *what)
{
	fail(c, E_INVALID, "this commit has %s for an archive; clone the repository instead", what);
	c->http_status = 413;
	return E_INVALID;
}

static int
judge(struct count *k)
{
	if (k->depth > GIT_ARCHIVE_DEPTH)
		return too_much(k->c, "folders too deep");
	if (k->n > GIT_ARCHIVE_ENTRIES)
		return too_much(k->c, "too many files");
	if (k->bytes > GIT_ARCHIVE_BYTES)
		return too_much(k->c, "too many bytes");
	if (k->n % LOOK_EVERY == 0 && clock_mono_us() > k->until_us)
		return too_much(k->c, "too much to count");
	return OK;
}

static int
take(struct count *k, const git_tree_entry *entry)
{
	git_object_t type = git_tree_entry_type(entry), found;
	size_t len;

	k->n++;
	if (type == GIT_OBJECT_TREE)
		return push(k, git_tree_entry_id(entry));
	if (type != GIT_OBJECT_BLOB) /* a submodule is an empty folder */
		return OK;
	if (git_odb_read_header(&len, &found, k->odb, git_tree_entry_id(entry)) < 0)
		return git_fail(k->c, E_INTERNAL, "look at a file");
	k->bytes += (int64_t)len;
	return OK;
}

static int
step(struct count *k)
{
	struct frame *f = &k->frames[k->depth - 1];
	const git_tree_entry *entry = git_tree_entry_byindex(f->tree, f->at++);

	if (entry == NULL) {
		git_tree_free(f->tree);
		k->depth--;
		return OK;
	}
	TRY(take(k, entry));
	return judge(k);
}

static void
close_commit(void *commit)
{
	git_commit_free(commit);
}

int
git_archive_check(struct ctx *c, git_repository *repo, const char *id)
{
	struct count *k = arena_new_of(c->mem, struct count);
	git_commit *commit;
	git_oid oid;

	if (strlen(id) != ID_CHARS || git_oid_fromstr(&oid, id) < 0 ||
	    git_commit_lookup(&commit, repo, &oid) < 0)
		return fail(c, E_NOTFOUND, "no such commit");
	arena_defer(c->mem, close_commit, commit);
	*k = (struct count){
		.c = c, .repo = repo, .until_us = clock_mono_us() + GIT_ARCHIVE_COUNT_MS * 1000
	};
	if (git_repository_odb(&k->odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects");
	arena_defer(c->mem, close_count, k);
	TRY(push(k, git_commit_tree_id(commit)));
	while (k->depth > 0)
		TRY(step(k));
	arena_close(c->mem, k);
	return OK;
}

/* ---- git */

static bool
is_plain(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	    (ch != '\0' && strchr("._+-", ch) != NULL);
}

const char *
git_archive_name(struct arena *mem, const char *name, const char *ref)
{
	char *text = arena_printf(mem, "%s-%s", name, ref);

	text[strnlen(text, GIT_ARCHIVE_PREFIX_BYTES)] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (!is_plain(*p))
			*p = '-';
	if (text[0] == '.')
		text[0] = '-';
	return text;
}

int
git_archive_start(struct ctx *c, const char *dir, const char *id, const char *name,
    enum git_archive_format format, struct proc **out)
{
	const char *const argv[] = { "git", "archive",
		format == GIT_ARCHIVE_ZIP ? "--format=zip" : "--format=tar.gz",
		arena_printf(c->mem, "--prefix=%s/", name), id, NULL };
	const struct git_child child = {
		.dir = dir, .argv = argv, .wall_ms = c->conf->git_total_s * 1000
	};

	TRY(git_child_start(c, &child, out));
	proc_close_in(*out);
	return OK;
}
