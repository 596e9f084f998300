#include "git/tips.h"

#include <errno.h>
#include <fts.h>
#include <git2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/path.h"
#include "base/str.h"
#include "git/init.h"
#include "git/refs.h"
#include "git/reflist.h"
#include "git/store.h"

#define HEADS "refs/heads/"
#define TAGS "refs/tags/"
#define NS_PER_S INT64_C(1000000000)
#define HEX_LEN 40
#define ATTEMPTS 5

/* Two changes within one tick of the kernel's clock leave the same time on a file: what was changed
 * that shortly before it was read may have been changed again since. A tick is 10 ms at most. */
#define TICKS_NS (50 * INT64_C(1000000))

/* ---- what they are read from */

struct git_tips_place {
	const char *path;
	int64_t stat[4]; /* device, inode, bytes, ns of its last change; all 0: not there */
};

struct places {
	struct git_tips_place *rows;
	size_t n, size;
};

static void
look(const char *path, int64_t out[4])
{
	struct stat st;

	memset(out, 0, 4 * sizeof(out[0]));
	if (lstat(path, &st) != 0)
		return;
	out[0] = (int64_t)st.st_dev;
	out[1] = (int64_t)st.st_ino;
	out[2] = st.st_size;
	out[3] = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
}

static void
add_place(struct ctx *c, struct places *all, const char *path)
{
	if (all->n == all->size) {
		size_t size = all->size > 0 ? 2 * all->size : 8;
		struct git_tips_place *rows = arena_new_array(c->mem, struct git_tips_place, size);

		if (all->n > 0)
			memcpy(rows, all->rows, all->n * sizeof(rows[0]));
		all->rows = rows;
		all->size = size;
	}
	all->rows[all->n].path = arena_strdup(c->mem, path);
	look(path, all->rows[all->n++].stat);
}

static void
close_fts(void *walk)
{
	fts_close(walk);
}

/* packed-refs, HEAD, and every folder below refs/: Git replaces a loose ref by a new file, which
 * changes its folder. */
static int
find_places(struct ctx *c, const char *dir, struct places *out)
{
	char *const roots[] = { path_under(c->mem, dir, "refs"), NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);

	if (walk == NULL)
		return fail(c, E_INTERNAL, "read folder %s: %s", roots[0], strerror(errno));
	arena_defer(c->mem, close_fts, walk);
	*out = (struct places){ 0 };
	add_place(c, out, path_under(c->mem, dir, "packed-refs"));
	add_place(c, out, path_under(c->mem, dir, "HEAD"));
	for (FTSENT *f = fts_read(walk); f != NULL; f = fts_read(walk))
		if (f->fts_info == FTS_D) {
			add_place(c, out, f->fts_path);
			if (f->fts_level == 1 && strcmp(f->fts_name, "mirrorhub") == 0)
				fts_set(walk, f, FTS_SKIP);
		}
	arena_close(c->mem, walk);
	return OK;
}

static bool
is_same(const struct git_tips_place *places, size_t n)
{
	int64_t now[4];

	for (size_t i = 0; i < n; i++) {
		look(places[i].path, now);
		if (memcmp(now, places[i].stat, sizeof(now)) != 0)
			return false;
	}
	return true;
}

static bool
is_long_ago(const struct git_tips_place *places, size_t n)
{
	struct timespec t;
	int64_t now;

	clock_gettime(CLOCK_REALTIME, &t);
	now = t.tv_sec * NS_PER_S + t.tv_nsec;
	for (size_t i = 0; i < n; i++)
		if (llabs(now - places[i].stat[3]) < TICKS_NS)
			return false;
	return true;
}

bool
git_tips_is_current(const struct git_tips *tips)
{
	return tips->is_settled && is_same(tips->places, tips->n_places);
}

/* ---- finding one */

/* Of n rows the first whose short name is not before the text with the character `next` behind. */
static size_t
lower_bound(const struct git_view_tip *rows, size_t n, const char *text, size_t len, char next)
{
	size_t from = 0;

	while (from < n) {
		size_t middle = from + (n - from) / 2;
		const char *name = rows[middle].short_name;
		int order = strncmp(name, text, len);

		if (order < 0 || (order == 0 && (unsigned char)name[len] < (unsigned char)next))
			from = middle + 1;
		else
			n = middle;
	}
	return from;
}

/* The first that continues the text with that character, or NULL. */
static const struct git_view_tip *
find_among(const struct git_view_tip *rows, size_t n, const char *text, size_t len, char next)
{
	size_t i = lower_bound(rows, n, text, len, next);

	if (i == n || strncmp(rows[i].short_name, text, len) != 0 ||
	    rows[i].short_name[len] != next)
		return NULL;
	return &rows[i];
}

static const struct git_view_tip *
find_branch(const struct git_tips *tips, const char *text, size_t len)
{
	return find_among(tips->rows, tips->n_branches, text, len, '\0');
}

static const struct git_view_tip *
find_tag(const struct git_tips *tips, const char *text, size_t len)
{
	return find_among(
	    tips->rows + tips->n_branches, tips->n - tips->n_branches, text, len, '\0');
}

const struct git_view_tip *
git_tips_find(const struct git_tips *tips, const char *text, size_t len)
{
	const struct git_view_tip *tag;

	if (len > strlen(HEADS) && str_starts(text, HEADS))
		return find_branch(tips, text + strlen(HEADS), len - strlen(HEADS));
	if (len > strlen(TAGS) && str_starts(text, TAGS))
		return find_tag(tips, text + strlen(TAGS), len - strlen(TAGS));
	tag = find_tag(tips, text, len);
	return tag != NULL ? tag : find_branch(tips, text, len);
}

/* ---- finding those of a commit */

static int
by_commit(const void *a, const void *b)
{
	const struct git_view_tip *x = *(const struct git_view_tip *const *)a;
	const struct git_view_tip *y = *(const struct git_view_tip *const *)b;
	int order = strcmp(x->commit, y->commit);

	return order != 0 ? order : x < y ? -1 : x > y;
}

static void
put_in_order(struct git_tips *tips)
{
	tips->by_commit = arena_new_array(tips->mem, const struct git_view_tip *, tips->n + 1);
	for (size_t i = 0; i < tips->n; i++)
		tips->by_commit[i] = &tips->rows[i];
	qsort(tips->by_commit, tips->n, sizeof(tips->by_commit[0]), by_commit);
}

size_t
git_tips_of_commit(
    struct git_tips *tips, const char *commit, const struct git_view_tip *const **rows_out)
{
	size_t from = 0, to, n = tips->n;

	if (tips->by_commit == NULL)
		put_in_order(tips);
	while (from < n) {
		size_t middle = from + (n - from) / 2;

		if (strcmp(tips->by_commit[middle]->commit, commit) < 0)
			from = middle + 1;
		else
			n = middle;
	}
	for (to = from; to < tips->n && strcmp(tips->by_commit[to]->commit, commit) == 0; to++)
		;
	*rows_out = tips->by_commit + from;
	return to - from;
}

/* ---- what URLs call them */

/* Whether some are below that name as if it were a folder. */
static bool
has_below(const struct git_view_tip *rows, size_t n, const char *name)
{
	return find_among(rows, n, name, strlen(name), '/') != NULL;
}

/* What means something else at the front of a URL (git_view_split). */
static bool
begins_like_no_ref(const char *text)
{
	size_t len = strcspn(text, "/");
	unsigned char oid[HEX_LEN / 2];
	char first[HEX_LEN + 1];

	if (len > HEX_LEN)
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	return strcmp(first, "refs") == 0 || str_is_hex(first, oid, sizeof(oid));
}

static bool
is_ambiguous(const struct git_tips *tips, const struct git_view_tip *row)
{
	size_t n_tags = tips->n - tips->n_branches;

	if (begins_like_no_ref(row->short_name))
		return true;
	if (row->is_tag)
		return has_below(tips->rows, tips->n_branches, row->short_name);
	return find_tag(tips, row->short_name, strlen(row->short_name)) != NULL ||
	    has_below(tips->rows + tips->n_branches, n_tags, row->short_name);
}

/* ---- reading */

static const char *
tag_id(struct arena *mem, const struct git_store_ref *ref)
{
	return ref->peeled[0] != '\0' ? arena_strdup(mem, ref->oid) : NULL;
}

static bool
take(struct arena *mem, const struct git_store_ref *ref, struct git_view_tip *out)
{
	bool is_tag = str_starts(ref->name, TAGS);

	if (!is_tag && !str_starts(ref->name, HEADS))
		return false;
	out->name = arena_strdup(mem, ref->name);
	out->short_name = out->name + (is_tag ? strlen(TAGS) : strlen(HEADS));
	out->is_tag = is_tag;
	out->tag_id = tag_id(mem, ref);
	memcpy(out->commit, ref->peeled[0] != '\0' ? ref->peeled : ref->oid, sizeof(out->commit));
	return true;
}

static void
take_all(struct git_tips *tips, const struct git_store_ref *refs, size_t n)
{
	tips->rows = arena_new_array(tips->mem, struct git_view_tip, n + 1);
	for (size_t i = 0; i < n; i++)
		tips->n += take(tips->mem, &refs[i], &tips->rows[tips->n]);
	while (tips->n_branches < tips->n && !tips->rows[tips->n_branches].is_tag)
		tips->n_branches++;
	for (struct git_view_tip *row = tips->rows; row < tips->rows + tips->n; row++)
		row->text = is_ambiguous(tips, row) ? row->name : row->short_name;
}

/* From the two files alone where they hold everything, which is much faster; else as libgit2 sees
 * them. */
static int
read_refs(struct ctx *c, const char *dir, git_repository *repo, size_t max,
    const struct git_store_ref **rows_out, size_t *n_out)
{
	struct git_reflist_id id;
	struct git_reflist list;
	struct git_store_ref *rows;

	if (git_reflist_identify(c, dir, &id) == OK && git_reflist_load(c, dir, &id, &list) == OK) {
		if (list.n > max)
			return fail(c, E_INVALID, "it has more than %zu refs", max);
		*rows_out = list.rows;
		*n_out = list.n;
		return OK;
	}
	TRY(git_store_refs(c, repo, max, &rows, n_out));
	*rows_out = rows;
	return OK;
}

static int
read_head(struct ctx *c, const char *dir, git_repository *repo, struct git_tips *tips)
{
	const char *branch;
	git_oid oid;

	TRY(git_head_load(c, dir, &branch));
	if (branch != NULL)
		tips->head = arena_strdup(tips->mem, branch);
	else if (git_reference_name_to_id(&oid, repo, "HEAD") == 0)
		git_oid_tostr(tips->head_id, sizeof(tips->head_id), &oid);
	return OK;
}

static void
keep_places(struct git_tips *tips, const struct places *places)
{
	tips->n_places = places->n;
	tips->places = arena_new_array(tips->mem, struct git_tips_place, places->n);
	memcpy(tips->places, places->rows, places->n * sizeof(places->rows[0]));
	for (size_t i = 0; i < places->n; i++)
		tips->places[i].path = arena_strdup(tips->mem, places->rows[i].path);
}

/* Where they are read from comes first, so that what changes meanwhile is seen as changed; and is
 * read again, since a ref on its way from a loose file to packed-refs may be in neither. */
static int
read_once(struct ctx *c, const char *dir, git_repository *repo, size_t max, struct git_tips **out)
{
	const struct git_store_ref *rows = NULL;
	struct arena *mem = arena_new();
	struct places places;
	size_t n;
	int code;

	*out = arena_new_of(mem, struct git_tips);
	(*out)->mem = mem;
	(*out)->users = 1;
	code = find_places(c, dir, &places);
	if (code == OK)
		code = read_head(c, dir, repo, *out);
	if (code == OK)
		code = read_refs(c, dir, repo, max, &rows, &n);
	if (code != OK) {
		arena_free(mem);
		return code;
	}
	keep_places(*out, &places);
	take_all(*out, rows, n);
	return OK;
}

static int
read_whole(struct ctx *c, const char *dir, git_repository *repo, size_t max, struct git_tips **out)
{
	for (int attempt = 1;; attempt++) {
		bool is_whole;

		TRY(read_once(c, dir, repo, max, out));
		is_whole = is_same((*out)->places, (*out)->n_places);
		(*out)->is_settled = is_whole && is_long_ago((*out)->places, (*out)->n_places);
		if (is_whole || attempt == ATTEMPTS)
			return OK;
		git_tips_release(*out);
	}
}

int
git_tips_load(
    struct ctx *c, const char *dir, git_repository *repo, size_t max, struct git_tips **out)
{
	struct ctx work = *c; /* that the fast way was not possible is no failure of the caller's */
	struct git_tips *tips;
	int code;

	work.mem = arena_new();
	code = read_whole(&work, dir, repo, max, &tips);
	if (code != OK)
		code = fail(c, code, "%s", work.reason);
	else
		*out = tips;
	arena_free(work.mem);
	return code;
}

void
git_tips_release(struct git_tips *tips)
{
	if (tips != NULL && --tips->users == 0)
		arena_free(tips->mem);
}
