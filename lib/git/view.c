#include "git/view.h"

#include <errno.h>
#include <git2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "git/commit.h"
#include "git/init.h"
#include "git/store.h"

#define HEX_LEN 40
#define NS_PER_S INT64_C(1000000000)
#define US_PER_S INT64_C(1000000)
#define FULL_PREFIX "refs/"

/* Objects of up to so many bytes stay unpacked, within what git_init allows for all: pages are
 * often of the same folders and files. libgit2's own limits are 4 kB and none at all. */
#define KEPT_TREE_BYTES (64 * 1024)
#define KEPT_FILE_BYTES (128 * 1024)

/* ---- stores that are open */

/* Everything that is published, and every store that takes another's place, changes the folder. */
struct identity {
	int64_t device, inode, changed_ns;
};

struct open_store {
	struct arena *mem; /* of all this, closes repo and odb; freed with its last user */
	const char *dir;
	struct identity id;
	git_repository *repo;
	git_odb *odb;
	struct git_tips *tips; /* as last read; NULL: not yet */
	unsigned users;	       /* views, and its place among the remembered */
	int64_t used_us;
};

struct git_view {
	struct open_store *store;
	struct git_tips *tips; /* NULL: nobody asked yet */
};

/* The process's own, for as long as it lives. */
static struct open_store *stores[GIT_VIEW_STORES];

static void
store_release(struct open_store *s)
{
	if (--s->users > 0)
		return;
	git_tips_release(s->tips);
	arena_free(s->mem);
}

static void
forget(struct open_store **place)
{
	struct open_store *s = *place;

	*place = NULL;
	store_release(s);
}

static void
close_view(void *object)
{
	struct git_view *view = object;

	git_tips_release(view->tips);
	store_release(view->store);
}

static int
identify(struct ctx *c, const char *dir, struct identity *out)
{
	struct stat st;

	if (lstat(dir, &st) != 0)
		return fail(c, errno == ENOENT ? E_NOTFOUND : E_INTERNAL, "open %s: %s", dir,
		    strerror(errno));
	out->device = (int64_t)st.st_dev;
	out->inode = (int64_t)st.st_ino;
	out->changed_ns = st.st_ctim.tv_sec * NS_PER_S + st.st_ctim.tv_nsec;
	return OK;
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static int
set_limits(struct ctx *c)
{
	if (git_libgit2_opts(
		GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, (size_t)KEPT_TREE_BYTES) < 0 ||
	    git_libgit2_opts(
		GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_BLOB, (size_t)KEPT_FILE_BYTES) < 0)
		return git_fail(c, E_INTERNAL, "set the limits of kept objects");
	return OK;
}

static int
open_both(struct ctx *c, const char *dir, struct open_store *s)
{
	TRY(git_init(c));
	TRY(set_limits(c));
	TRY(identify(c, dir, &s->id));
	TRY(git_store_open(c, dir, &s->repo));
	if (git_repository_odb(&s->odb, s->repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects of %s", dir);
	arena_defer(c->mem, close_odb, s->odb);
	return OK;
}

static int
open_store(struct ctx *c, const char *dir, struct open_store **out)
{
	struct ctx own = *c;
	struct open_store *s;
	int code;

	own.mem = arena_new();
	s = arena_new_of(own.mem, struct open_store);
	s->mem = own.mem;
	s->dir = arena_strdup(own.mem, dir);
	s->users = 1;
	code = open_both(&own, dir, s);
	if (code != OK) {
		code = fail(c, code, "%s", own.reason);
		arena_free(own.mem);
		return code;
	}
	*out = s;
	return OK;
}

/* The place of the store, or the one it may have: an empty one, or that used longest ago. */
static struct open_store **
place_of(const char *dir)
{
	int64_t idle_us = clock_mono_us() - GIT_VIEW_IDLE_S * US_PER_S;
	struct open_store **best = &stores[0];

	for (size_t i = 0; i < GIT_VIEW_STORES; i++) {
		struct open_store **place = &stores[i];

		if (*place != NULL && strcmp((*place)->dir, dir) == 0)
			return place;
		if (*place != NULL && (*place)->used_us < idle_us)
			forget(place);
		if (*place == NULL || (*best != NULL && (*place)->used_us < (*best)->used_us))
			best = place;
	}
	return best;
}

/* What is remembered is forgotten once the folder is gone, another one, or changed. */
static int
check_remembered(struct ctx *c, const char *dir, struct open_store **place)
{
	struct identity now;
	int code = identify(c, dir, &now);

	if (*place != NULL && strcmp((*place)->dir, dir) == 0 &&
	    (code != OK || memcmp(&(*place)->id, &now, sizeof(now)) != 0))
		forget(place);
	return code;
}

int
git_view_open(struct ctx *c, const char *dir, struct git_view **out)
{
	struct open_store **place = place_of(dir), *s = NULL;
	struct git_view *view = arena_new_of(c->mem, struct git_view);

	TRY(check_remembered(c, dir, place));
	if (*place == NULL || strcmp((*place)->dir, dir) != 0) {
		TRY(open_store(c, dir, &s));
		if (*place != NULL)
			forget(place);
		*place = s;
	}
	view->store = *place;
	view->store->used_us = clock_mono_us();
	view->store->users++;
	arena_defer(c->mem, close_view, view);
	*out = view;
	return OK;
}

git_repository *
git_view_repo(const struct git_view *view)
{
	return view->store->repo;
}

git_odb *
git_view_odb(const struct git_view *view)
{
	return view->store->odb;
}

const char *
git_view_dir(const struct git_view *view)
{
	return view->store->dir;
}

/* ---- their refs */

static void
drop_tips(struct open_store *s)
{
	git_tips_release(s->tips);
	s->tips = NULL;
}

/* Those of the stores used longest ago, until what is left of all but this one fits. */
static void
trim_tips(const struct open_store *but)
{
	for (;;) {
		struct open_store *oldest = NULL;
		size_t n = 0;

		for (size_t i = 0; i < GIT_VIEW_STORES; i++) {
			struct open_store *s = stores[i];

			if (s == NULL || s == but || s->tips == NULL)
				continue;
			n += s->tips->n;
			if (oldest == NULL || s->used_us < oldest->used_us)
				oldest = s;
		}
		if (n <= GIT_VIEW_TIPS_MAX)
			return;
		drop_tips(oldest);
	}
}

/* One view sees one list, however often it asks. */
static int
load_tips(struct ctx *c, struct git_view *view)
{
	struct open_store *s = view->store;

	if (view->tips != NULL)
		return OK;
	if (s->tips != NULL && !git_tips_is_current(s->tips))
		drop_tips(s);
	if (s->tips == NULL) {
		TRY(git_tips_load(c, s->dir, s->repo, (size_t)c->conf->sync_refs, &s->tips));
		trim_tips(s);
	}
	view->tips = s->tips;
	view->tips->users++;
	return OK;
}

int
git_view_refs(
    struct ctx *c, struct git_view *view, const struct git_view_tip **rows_out, size_t *n_out)
{
	TRY(load_tips(c, view));
	*rows_out = view->tips->rows;
	*n_out = view->tips->n;
	return OK;
}

int
git_view_refs_of(struct ctx *c, struct git_view *view, const char *commit,
    const struct git_view_tip *const **rows_out, size_t *n_out)
{
	TRY(load_tips(c, view));
	*n_out = git_tips_of_commit(view->tips, commit, rows_out);
	return OK;
}

/* Asked of the object's header alone. */
static bool
is_commit(struct git_view *view, const char *hex)
{
	git_object_t type;
	git_oid oid;
	size_t len;

	return git_oid_fromstr(&oid, hex) == 0 &&
	    git_odb_read_header(&len, &type, view->store->odb, &oid) == 0 &&
	    type == GIT_OBJECT_COMMIT;
}

/* In memory of each turn's own: there may be very many commits. */
static void
add_dated(struct ctx *c, struct git_view *view, const struct git_view_tip *row, bool is_in_time)
{
	struct git_tips *tips = view->tips;
	struct ctx turn = *c;
	int64_t at = 0;

	turn.mem = arena_new();
	if (is_in_time ? git_commit_date(&turn, view, row->commit, &at) == OK
		       : is_commit(view, row->commit)) {
		tips->dated[tips->n_dated] = *row;
		tips->dated[tips->n_dated++].at = at;
	}
	arena_free(turn.mem);
}

int
git_view_tips(
    struct ctx *c, struct git_view *view, const struct git_view_tip **rows_out, size_t *n_out)
{
	int64_t until_us = clock_mono_us() + GIT_VIEW_DATES_S * US_PER_S;
	struct git_tips *tips;

	TRY(load_tips(c, view));
	tips = view->tips;
	if (tips->dated == NULL) {
		tips->dated = arena_new_array(tips->mem, struct git_view_tip, tips->n + 1);
		for (size_t i = 0; i < tips->n; i++)
			add_dated(c, view, &tips->rows[i], clock_mono_us() < until_us);
	}
	*rows_out = tips->dated;
	*n_out = tips->n_dated;
	return OK;
}

/* Newest first, then by name, the highest first: versions of one day. */
static int
newest_first(const void *a, const void *b)
{
	const struct git_view_tip *x = *(const struct git_view_tip *const *)a;
	const struct git_view_tip *y = *(const struct git_view_tip *const *)b;

	if (x->is_tag != y->is_tag)
		return x->is_tag ? 1 : -1;
	if (x->at != y->at)
		return x->at < y->at ? 1 : -1;
	return strcmp(y->name, x->name);
}

int
git_view_newest(struct ctx *c, struct git_view *view, bool of_tags,
    const struct git_view_tip *const **rows_out, size_t *n_out)
{
	const struct git_view_tip *dated;
	struct git_tips *tips;
	size_t n;

	TRY(git_view_tips(c, view, &dated, &n));
	tips = view->tips;
	if (tips->newest == NULL) {
		tips->newest = arena_new_array(tips->mem, const struct git_view_tip *, n + 1);
		for (size_t i = 0; i < n; i++) {
			tips->newest[i] = &dated[i];
			tips->n_dated_branches += !dated[i].is_tag;
		}
		qsort(tips->newest, n, sizeof(tips->newest[0]), newest_first);
	}
	*rows_out = tips->newest + (of_tags ? tips->n_dated_branches : 0);
	*n_out = of_tags ? n - tips->n_dated_branches : tips->n_dated_branches;
	return OK;
}

/* ---- one by its name */

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such commit");
}

static void
close_object(void *object)
{
	git_object_free(object);
}

/* An annotated tag's id is what it leads to. */
static int
take_tag_id(struct ctx *c, struct git_view *view, const git_oid *oid, struct git_rev *out)
{
	git_object *tag, *commit;

	if (git_object_lookup(&tag, view->store->repo, oid, GIT_OBJECT_TAG) < 0)
		return no_such(c);
	arena_defer(c->mem, close_object, tag);
	if (git_object_peel(&commit, tag, GIT_OBJECT_COMMIT) < 0)
		return no_such(c);
	git_oid_tostr(out->commit, sizeof(out->commit), git_object_id(commit));
	git_object_free(commit);
	return OK;
}

/* A commit is not looked at but for its header: libgit2 would remember it in a shape that
 * git_commit_read could not use. */
static int
take_id(struct ctx *c, struct git_view *view, const git_oid *oid, struct git_rev *out)
{
	git_object_t type;
	size_t len;

	if (git_odb_read_header(&len, &type, view->store->odb, oid) < 0)
		return no_such(c);
	*out = (struct git_rev){ .kind = GIT_REV_ID };
	if (type == GIT_OBJECT_COMMIT)
		git_oid_tostr(out->commit, sizeof(out->commit), oid);
	else
		TRY(take_tag_id(c, view, oid, out));
	out->text = arena_strdup(c->mem, out->commit);
	return OK;
}

static bool
is_digits(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdefABCDEF") >= len;
}

static int
find_id(struct ctx *c, struct git_view *view, const char *text, size_t len, struct git_rev *out)
{
	git_oid oid, whole;

	if (len < GIT_PREFIX_LEAST || len > HEX_LEN || !is_digits(text, len) ||
	    git_oid_fromstrn(&oid, text, len) < 0 ||
	    git_odb_exists_prefix(&whole, view->store->odb, &oid, len) < 0)
		return no_such(c);
	return take_id(c, view, &whole, out);
}

/* Asked of the object's header alone, once: nearly every page is of a tip. */
static bool
leads_to_commit(struct git_view *view, const struct git_view_tip *tip)
{
	struct git_tips *tips = view->tips;
	bool *known;

	if (tips->is_commit == NULL)
		tips->is_commit = arena_new_array(tips->mem, bool, tips->n + 1);
	known = &tips->is_commit[tip - tips->rows];
	*known = *known || is_commit(view, tip->commit);
	return *known;
}

static bool
take_tip(struct git_view *view, const struct git_view_tip *tip, struct git_rev *out)
{
	if (tip == NULL || !leads_to_commit(view, tip))
		return false;
	*out = (struct git_rev){
		.name = tip->name,
		.text = tip->text,
		.kind = tip->is_tag ? GIT_REV_TAG : GIT_REV_BRANCH,
	};
	memcpy(out->commit, tip->commit, sizeof(out->commit));
	return true;
}

int
git_view_head(struct ctx *c, struct git_view *view, struct git_rev *out)
{
	const struct git_tips *tips;

	TRY(load_tips(c, view));
	tips = view->tips;
	if (tips->head == NULL)
		return find_id(c, view, tips->head_id, strlen(tips->head_id), out);
	if (!str_starts(tips->head, FULL_PREFIX) ||
	    !take_tip(view, git_tips_find(tips, tips->head, strlen(tips->head)), out))
		return no_such(c);
	return OK;
}

/* The longest ref the text begins with. */
static bool
find_ref(struct git_view *view, const char *text, struct git_rev *out, size_t *len_out)
{
	for (size_t len = strlen(text); len > 0; len--)
		if ((text[len] == '\0' || text[len] == '/') &&
		    take_tip(view, git_tips_find(view->tips, text, len), out)) {
			*len_out = len;
			return true;
		}
	return false;
}

static int
find_first(
    struct ctx *c, struct git_view *view, const char *text, struct git_rev *out, size_t *len_out)
{
	size_t first = strcspn(text, "/");

	TRY(load_tips(c, view));
	*len_out = first;
	if (first == HEX_LEN && is_digits(text, first))
		return find_id(c, view, text, first, out);
	if (find_ref(view, text, out, len_out))
		return OK;
	if (first == strlen("HEAD") && str_starts(text, "HEAD"))
		return git_view_head(c, view, out);
	return find_id(c, view, text, first, out);
}

int
git_view_resolve(struct ctx *c, struct git_view *view, const char *text, struct git_rev *out)
{
	struct git_rev found;
	size_t len;

	TRY(find_first(c, view, text, &found, &len));
	if (text[len] != '\0')
		return no_such(c);
	*out = found;
	return OK;
}

static const char *
without_empty_parts(struct ctx *c, const char *path)
{
	char *out = arena_strdup(c->mem, path), *to = out;

	for (const char *from = path; *from != '\0'; from++)
		if (*from != '/' || (to > out && from[1] != '/' && from[1] != '\0'))
			*to++ = *from;
	*to = '\0';
	return out;
}

int
git_view_split(struct ctx *c, struct git_view *view, const char *rest, struct git_rev *out,
    const char **path_out)
{
	size_t len;

	rest += strspn(rest, "/");
	TRY(find_first(c, view, rest, out, &len));
	*path_out = without_empty_parts(c, rest + len);
	return OK;
}
