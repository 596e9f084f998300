#include "git/log.h"

#include <assert.h>
#include <errno.h>
#include <git2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/proc.h"
#include "base/str.h"
#include "git/init.h"
#include "git/object.h"
#include "git/seen.h"

#define ID_CHARS 40
#define LINE (ID_CHARS + 1)
#define PARENT_LINE 48 /* "parent ", an id, a newline */
#define DATE_MOST 31   /* bytes of a date that are looked at */
/* Up to here it costs less to read the commits here than to start a child. */
#define HERE_MAX 1000
#define RENAME_WALL_MS 3000
#define RENAME_MAX_BYTES (256 * 1024)
/* Pairs of files that are compared: of a larger commit no renames are told. */
#define RENAME_LIMIT "-l400"
#define ARGS_MAX 10
#define BRANCHES "refs/heads/"

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such commits");
}

/* ---- the walk that git log does: of the commits whose child was listed, the newest by its
 * committer's date is next; of equal ones, the one that was found first */

struct node {
	git_oid oid;
	uint64_t at;
	size_t turn; /* when it was found */
	git_oid *parents;
	size_t n_parents;
};

struct walk {
	git_odb *odb;
	struct git_seen *seen;
	struct node **heap;
	size_t n, size, turns;
};

static bool
is_before(const struct node *a, const struct node *b)
{
	return a->at > b->at || (a->at == b->at && a->turn < b->turn);
}

static void
swap(struct node **a, struct node **b)
{
	struct node *held = *a;

	*a = *b;
	*b = held;
}

static void
push(struct ctx *c, struct walk *w, struct node *node)
{
	size_t i = w->n++;

	if (w->n > w->size) {
		struct node **more = arena_new_array(c->mem, struct node *, 2 * w->size + 64);

		if (w->size > 0)
			memcpy(more, w->heap, w->size * sizeof(*more));
		w->heap = more;
		w->size = 2 * w->size + 64;
	}
	w->heap[i] = node;
	for (; i > 0 && is_before(w->heap[i], w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&w->heap[i], &w->heap[(i - 1) / 2]);
}

static struct node *
pop(struct walk *w)
{
	struct node *first = w->heap[0];

	w->heap[0] = w->heap[--w->n];
	for (size_t i = 0, child = 1; child < w->n; i = child, child = 2 * i + 1) {
		if (child + 1 < w->n && is_before(w->heap[child + 1], w->heap[child]))
			child++;
		if (!is_before(w->heap[child], w->heap[i]))
			break;
		swap(&w->heap[i], &w->heap[child]);
	}
	return first;
}

static bool
begins(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - at) > len && memcmp(at, word, len) == 0;
}

/* Behind the first such character. */
static const char *
behind(const char *at, const char *end, char ch)
{
	const char *found = memchr(at, ch, (size_t)(end - at));

	return found != NULL ? found + 1 : end;
}

/* As Git reads it (parse_commit_date), which takes what is no number for 0. at: the author. */
static uint64_t
committed_at(const char *at, const char *end)
{
	char digits[DATE_MOST + 1] = "";
	size_t len;

	if (!begins(at, end, "author"))
		return 0;
	at = behind(at, end, '\n');
	if (!begins(at, end, "committer"))
		return 0;
	at = behind(at, end, '>');
	len = (size_t)(end - at) < DATE_MOST ? (size_t)(end - at) : DATE_MOST;
	memcpy(digits, at, len);
	return strtoull(digits, NULL, 10);
}

static void
parse(struct ctx *c, const char *at, const char *end, struct node *node)
{
	const char *parents = behind(at, end, '\n'); /* its tree comes first */

	for (at = parents; begins(at, end, "parent ") && end - at >= PARENT_LINE;)
		at += PARENT_LINE;
	node->parents = arena_new_array(c->mem, git_oid, (at - parents) / PARENT_LINE);
	for (; parents < at; parents += PARENT_LINE)
		if (git_oid_fromstr(&node->parents[node->n_parents], parents + 7) == 0)
			node->n_parents++;
	node->at = committed_at(at, end);
}

/* The bytes, as lib/git/commit.c reads them: libgit2 remembers an object as bytes or as its own
 * struct, and would unpack it again and again for who asks for both. */
static int
read_commit(struct ctx *c, struct walk *w, struct node *node)
{
	git_odb_object *object = NULL;
	const char *bytes;
	int code =
	    git_object_read(c, w->odb, &node->oid, GIT_OBJECT_COMMIT, GIT_COMMIT_MAX, &object);

	if (code == E_NOTFOUND)
		return fail(c, E_INTERNAL, "a parent is missing");
	TRY(code);
	bytes = git_odb_object_data(object);
	parse(c, bytes, bytes + git_odb_object_size(object), node);
	git_odb_object_free(object);
	return OK;
}

static int
add(struct ctx *c, struct walk *w, const git_oid *oid)
{
	struct node *node;
	enum git_kind kind;

	if (git_seen_find(w->seen, oid->id, &kind))
		return OK;
	git_seen_add(w->seen, oid->id, GIT_KIND_COMMIT);
	node = arena_new_of(c->mem, struct node);
	node->oid = *oid;
	node->turn = w->turns++;
	TRY(read_commit(c, w, node));
	push(c, w, node);
	return OK;
}

static int
next(struct ctx *c, struct walk *w, struct node **out)
{
	*out = pop(w);
	for (size_t i = 0; i < (*out)->n_parents; i++)
		TRY(add(c, w, &(*out)->parents[i]));
	return OK;
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static int
open_odb(struct ctx *c, struct git_repository *repo, git_odb **out)
{
	if (git_repository_odb(out, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects");
	arena_defer(c->mem, close_odb, *out);
	return OK;
}

static int
walk_here(
    struct ctx *c, git_odb *odb, const git_oid *tip, size_t skip, size_t most, struct git_log *out)
{
	struct walk w = { .odb = odb, .seen = git_seen_open(c->mem) };
	int64_t until_us = clock_mono_us() + GIT_LOG_WALL_MS * INT64_C(1000);
	struct node *node;

	TRY(add(c, &w, tip));
	for (size_t i = 0; w.n > 0 && out->n < most; i++) {
		out->is_cut = clock_mono_us() > until_us; /* commits may be very large */
		if (out->is_cut)
			break;
		TRY(next(c, &w, &node));
		if (i >= skip)
			git_oid_tostr(out->ids[out->n++], LINE, &node->oid);
	}
	out->has_more = w.n > 0;
	return OK;
}

/* ---- Git, for what it does better with its commit-graph */

static const char *const env[] = { "GIT_DIR=.", "GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null", "GIT_NO_REPLACE_OBJECTS=1", "GIT_LITERAL_PATHSPECS=1",
	NULL };

static struct proc_spec
spec_of(struct ctx *c, struct git_repository *repo, const char *const *argv, int64_t wall_ms)
{
	return (struct proc_spec){ .argv = argv,
		.env = env,
		.dir = git_repository_path(repo),
		.limits = { .memory_bytes = c->conf->sync_memory_bytes, .wall_ms = wall_ms } };
}

/* Reads until it ends, `bytes` are there, or time is up. What is there then holds: Git writes line
 * by line. */
static bool
read_lines(struct proc *p, struct buf *lines, size_t bytes)
{
	struct pollfd out = { .fd = p->out, .events = POLLIN };
	int64_t left_us;
	ssize_t n;

	while (lines->len < bytes) {
		left_us = p->deadline_us - clock_mono_us();
		if (left_us <= 0)
			return false;
		if (poll(&out, 1, (int)(left_us / 1000) + 1) <= 0)
			continue;
		n = read(p->out, buf_room(lines, bytes - lines->len), bytes - lines->len);
		if (n == 0)
			return true;
		if (n > 0)
			buf_grew(lines, (size_t)n);
		else if (errno != EINTR && errno != EAGAIN)
			return true;
	}
	return true;
}

/* The ids that it says, up to most + 1 of them. */
static int
run(struct ctx *c, const struct proc_spec *spec, size_t most, struct buf **out, bool *is_cut)
{
	size_t bytes = (most + 1) * LINE;
	struct buf *lines = buf_new(c->mem, bytes + 1);
	struct proc *p;
	int status;

	TRY(proc_start(c, spec, &p));
	proc_close_in(p);
	*is_cut = !read_lines(p, lines, bytes);
	*out = lines;
	if (!*is_cut)
		TRY(proc_wait(c, p, &status));
	arena_close(c->mem, p);
	if (!*is_cut && status != 0)
		return fail(c, E_INTERNAL, "git %s ended with %d", spec->argv[1], status);
	return OK;
}

static bool
is_commit(git_odb *odb, const git_oid *oid)
{
	git_object_t type;
	size_t len;

	return git_odb_read_header(&len, &type, odb, oid) == 0 && type == GIT_OBJECT_COMMIT;
}

static int
list_with(struct ctx *c, struct git_repository *repo, const char *const *argv, size_t most,
    struct git_log *out)
{
	struct proc_spec spec = spec_of(c, repo, argv, GIT_LOG_WALL_MS);
	struct buf *lines;
	size_t n;

	TRY(run(c, &spec, most, &lines, &out->is_cut));
	n = lines->len / LINE;
	for (; out->n < n && out->n < most; out->n++)
		memcpy(out->ids[out->n], lines->data + out->n * LINE, ID_CHARS);
	out->has_more = n > most;
	return OK;
}

/* path: NULL: of any. */
static int
list(struct ctx *c, struct git_repository *repo, const char *id, const char *path, size_t skip,
    size_t most, struct git_log *out)
{
	const char *argv[ARGS_MAX] = { "git", "rev-list", arena_printf(c->mem, "--skip=%zu", skip),
		arena_printf(c->mem, "--max-count=%zu", most + 1), id, "--", path };

	return list_with(c, repo, argv, most, out);
}

/* ---- both */

/* *tip_out: the commit of that id. */
static int
find(
    struct ctx *c, struct git_repository *repo, const char *id, git_odb **odb_out, git_oid *tip_out)
{
	TRY(open_odb(c, repo, odb_out));
	if (strlen(id) != ID_CHARS || git_oid_fromstr(tip_out, id) < 0 ||
	    !is_commit(*odb_out, tip_out))
		return no_such(c);
	return OK;
}

int
git_log(struct ctx *c, struct git_repository *repo, const char *id, size_t skip, size_t most,
    struct git_log *out)
{
	struct git_log log = { .ids = arena_alloc(c->mem, most * LINE) };
	git_odb *odb;
	git_oid tip;

	assert(most > 0 && most <= GIT_LOG_MOST);
	TRY(find(c, repo, id, &odb, &tip));
	if (skip > GIT_LOG_SKIP_MAX)
		return no_such(c);
	if (skip + most <= HERE_MAX)
		TRY(walk_here(c, odb, &tip, skip, most, &log));
	else
		TRY(list(c, repo, id, NULL, skip, most, &log));
	if (log.n == 0 && !log.is_cut)
		return no_such(c);
	*out = log;
	return OK;
}

/* What Git would take for another place than a tree's name, or for one outside. */
static bool
is_path(const char *path)
{
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[len] == '\0')
			return true;
	}
}

int
git_log_path(struct ctx *c, struct git_repository *repo, const char *id, const char *path,
    size_t skip, size_t most, struct git_log *out)
{
	struct git_log log = { .ids = arena_alloc(c->mem, most * LINE) };
	git_odb *odb;
	git_oid tip;

	assert(most > 0 && most <= GIT_LOG_MOST);
	TRY(find(c, repo, id, &odb, &tip));
	if (skip > GIT_LOG_SKIP_MAX || !is_path(path))
		return no_such(c);
	TRY(list(c, repo, id, path, skip, most, &log));
	if (log.n == 0 && !log.is_cut)
		return no_such(c);
	*out = log;
	return OK;
}

static bool
is_there(git_odb *odb, const char *id)
{
	git_oid oid;

	return strlen(id) == ID_CHARS && git_oid_fromstr(&oid, id) == 0 && is_commit(odb, &oid);
}

/* What was there before, as arguments behind --not; how many. */
static size_t
add_known(struct ctx *c, git_odb *odb, const struct git_arrival *a, const char **argv)
{
	size_t n = 0;

	if (a->old_id != NULL && is_there(odb, a->old_id)) {
		argv[n++] = a->old_id;
		return n;
	}
	argv[n++] = arena_printf(c->mem, "--exclude=%s", a->branch + strlen(BRANCHES));
	argv[n++] = "--branches";
	for (size_t i = 0; i < a->n_before; i++)
		if (is_there(odb, a->before[i]))
			argv[n++] = a->before[i];
	return n;
}

int
git_log_new(struct ctx *c, struct git_repository *repo, const struct git_arrival *a, size_t most,
    struct git_log *out)
{
	struct git_log log = { .ids = arena_alloc(c->mem, most * LINE) };
	const char **argv = arena_new_array(c->mem, const char *, a->n_before + ARGS_MAX);
	size_t n = 0;
	git_odb *odb;
	git_oid tip;

	assert(most > 0 && most <= GIT_LOG_MOST && str_starts(a->branch, BRANCHES));
	TRY(find(c, repo, a->id, &odb, &tip));
	argv[n++] = "git";
	argv[n++] = "rev-list";
	argv[n++] = arena_printf(c->mem, "--max-count=%zu", most + 1);
	argv[n++] = a->id;
	argv[n++] = "--not";
	n += add_known(c, odb, a, argv + n);
	argv[n] = "--";
	TRY(list_with(c, repo, argv, most, &log));
	*out = log;
	return OK;
}

/* ---- renames */

static int
first_parent(struct ctx *c, struct git_repository *repo, const char *id, char *out)
{
	struct walk w = { .seen = NULL };
	struct node node = { .n_parents = 0 };

	TRY(find(c, repo, id, &w.odb, &node.oid));
	TRY(read_commit(c, &w, &node));
	if (node.n_parents == 0)
		return no_such(c);
	git_oid_tostr(out, LINE, &node.parents[0]);
	return OK;
}

/* The old name in "R<share> NUL old NUL new NUL" rows; NULL: path is not among the new ones. */
static const char *
old_name(const struct buf *rows, const char *path)
{
	const char *at = rows->data, *end = rows->data + rows->len, *from, *to;

	while (at < end) {
		from = at + strlen(at) + 1;
		to = from < end ? from + strlen(from) + 1 : end;
		if (to < end && strcmp(to, path) == 0)
			return from;
		at = to < end ? to + strlen(to) + 1 : end;
	}
	return NULL;
}

int
git_log_rename(struct ctx *c, struct git_repository *repo, const char *id, const char *path,
    const char **from_out, char *parent_out)
{
	char parent[LINE];
	const char *const argv[] = { "git", "diff-tree", "-r", "-z", "-M", RENAME_LIMIT,
		"--diff-filter=R", "--name-status", parent, id, "--", NULL };
	struct proc_spec spec = spec_of(c, repo, argv, RENAME_WALL_MS);
	struct ctx quiet = *c;
	struct buf *rows, *err;
	const char *from;
	int status;

	TRY(first_parent(c, repo, id, parent));
	/* too large, too slow: then it is not told */
	if (proc_run(&quiet, &spec, NULL, 0, RENAME_MAX_BYTES, &rows, &err, &status) != OK ||
	    status != 0 || (from = old_name(rows, path)) == NULL)
		return no_such(c);
	*from_out = from;
	memcpy(parent_out, parent, LINE);
	return OK;
}
