#include "git/history.h"

#include <git2.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/proc.h"
#include "base/str.h"
#include "git/branches.h"
#include "git/init.h"
#include "git/person.h"
#include "git/refs.h"
#include "git/store.h"

#define LINE (GIT_ID_CHARS + 1)
#define LIST_WALL_MS 60000
#define PREFIX_LEAST 4
#define NUMBER_MOST_DIGITS 9
#define ARGS_MAX 16

/* ---- git, for what it does faster and in less memory than libgit2 */

static const char *const env[] = { "GIT_DIR=.", "GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null", "GIT_NO_REPLACE_OBJECTS=1", NULL };

static int
run(struct ctx *c, const char *dir, const char *const *argv, struct buf **out)
{
	struct proc_spec spec = { .argv = argv, .env = env, .dir = dir };
	struct buf *err;
	int status;

	spec.limits = (struct proc_limits){
		.memory_bytes = c->conf->sync_memory_bytes,
		.wall_ms = LIST_WALL_MS,
	};
	TRY(proc_run(c, &spec, NULL, 0, (GIT_REVISIONS_MAX + 2) * LINE, out, &err, &status));
	if (status != 0)
		return fail(c, E_INTERNAL, "git %s ended with %d: %s", argv[1], status,
		    git_clean(c->mem, err->data));
	return OK;
}

/* Ids of commits, oldest first. Kept tips are nobody's to see. */
static int
list(struct ctx *c, const char *dir, const struct git_range *range, int64_t most, struct buf **out)
{
	const char *argv[ARGS_MAX] = { "git", "rev-list", "--date-order", "--reverse",
		arena_printf(c->mem, "--max-count=%lld", (long long)most) };
	size_t n = 5;

	if (range->since != NULL)
		argv[n++] = arena_printf(c->mem, "--max-age=%lld", (long long)*range->since);
	if (range->until != NULL)
		argv[n++] = arena_printf(c->mem, "--min-age=%lld", (long long)*range->until);
	if (range->branch_id != NULL) {
		argv[n++] = range->branch_id;
	} else {
		argv[n++] = "--exclude=refs/mirrorhub/*";
		argv[n++] = "--all";
	}
	return run(c, dir, argv, out);
}

int
git_history_open(
    struct ctx *c, const char *dir, const char *ids, size_t len, struct git_history *out)
{
	const struct git_range all = { .most = 0 };
	struct buf *told;

	*out = (struct git_history){ .dir = dir, .ids = ids, .n = len / LINE };
	TRY(git_store_open(c, dir, &out->repo));
	if (ids == NULL) {
		TRY(list(c, dir, &all, GIT_REVISIONS_MAX + 1, &told));
		out->ids = told->data;
		out->n = told->len / LINE;
	}
	out->is_cut = out->n > GIT_REVISIONS_MAX;
	if (out->is_cut)
		out->n = 0;
	return OK;
}

int
git_history_state(struct ctx *c, const char *dir, size_t max, const char **out)
{
	struct git_repository *repo;
	struct git_store_ref *rows;
	struct git_refs refs = { .n = 0 };
	size_t n;

	TRY(git_store_open(c, dir, &repo));
	TRY(git_store_refs(c, repo, max, &rows, &n));
	refs.rows = arena_new_array(c->mem, struct git_ref, n + 1);
	for (size_t i = 0; i < n; i++) {
		refs.rows[i].name = rows[i].name;
		(void)str_is_hex(rows[i].oid, refs.rows[i].oid, GIT_OID_BYTES);
		if (rows[i].symref != NULL)
			refs.head = rows[i].symref;
	}
	refs.n = n;
	*out = git_refs_fingerprint(c->mem, &refs);
	return OK;
}

/* -1: it is not there. */
static int64_t
place_of(const char *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(ids + i * LINE, id, GIT_ID_CHARS) == 0)
			return (int64_t)i;
	return -1;
}

/* ---- one by its name */

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such revision");
}

static void
close_object(void *object)
{
	git_object_free(object);
}

/* The commit that a ref stands for. */
static int
of_ref(struct ctx *c, const struct git_history *h, const char *name, char *out)
{
	git_object *object, *commit;
	git_oid oid;
	int error = git_reference_name_to_id(&oid, h->repo, name);

	if (error == GIT_ENOTFOUND || error == GIT_EINVALIDSPEC)
		return no_such(c);
	if (error < 0 || git_object_lookup(&object, h->repo, &oid, GIT_OBJECT_ANY) < 0)
		return git_fail(c, E_INTERNAL, "read %s", git_clean(c->mem, name));
	arena_defer(c->mem, close_object, object);
	if (git_object_peel(&commit, object, GIT_OBJECT_COMMIT) < 0)
		return no_such(c);
	git_oid_tostr(out, LINE, git_object_id(commit));
	git_object_free(commit);
	return OK;
}

int
git_history_branch(struct ctx *c, const struct git_history *h, const char *name, char *id_out)
{
	if (!git_branch_is_name(name))
		return no_such(c);
	return of_ref(c, h, arena_printf(c->mem, "refs/heads/%s", name), id_out);
}

/* Where all are listed they are the ones a ref reaches; else Git looks. */
static int
is_reached(struct ctx *c, const struct git_history *h, const char *id, bool *out)
{
	const char *const argv[] = { "git", "for-each-ref", "--count=1", "--contains", id,
		"refs/heads", "refs/tags", NULL };
	struct buf *found;

	*out = place_of(h->ids, h->n, id) >= 0;
	if (*out || !h->is_cut)
		return OK;
	TRY(run(c, h->dir, argv, &found));
	*out = found->len > 0;
	return OK;
}

static bool
has_only(const char *text, const char *characters)
{
	return text[0] != '\0' && strspn(text, characters) == strlen(text);
}

static int
of_id(struct ctx *c, const struct git_history *h, const char *text, char *out)
{
	size_t len = strlen(text);
	git_object *object;
	git_oid oid;
	bool is_there;

	if (len < PREFIX_LEAST || len > GIT_ID_CHARS || !has_only(text, "0123456789abcdefABCDEF") ||
	    git_oid_fromstrn(&oid, text, len) < 0 ||
	    git_object_lookup_prefix(&object, h->repo, &oid, len, GIT_OBJECT_COMMIT) < 0)
		return no_such(c);
	git_oid_tostr(out, LINE, git_object_id(object));
	git_object_free(object);
	TRY(is_reached(c, h, out, &is_there));
	return is_there ? OK : no_such(c);
}

static int
of_number(struct ctx *c, const struct git_history *h, const char *text, char *out)
{
	int64_t number;

	if (strlen(text) > NUMBER_MOST_DIGITS || !has_only(text, "0123456789") ||
	    !str_is_int(text, &number) || number >= (int64_t)h->n)
		return no_such(c);
	memcpy(out, h->ids + number * LINE, GIT_ID_CHARS);
	out[GIT_ID_CHARS] = '\0';
	return OK;
}

static bool
is_tip(const char *text)
{
	static const char *const words[] = { "", "tip", "HEAD", "head", "-1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

int
git_history_find(struct ctx *c, const struct git_history *h, const char *text, char *id_out)
{
	int code;

	if (is_tip(text))
		return of_ref(c, h, "HEAD", id_out);
	code = git_history_branch(c, h, text, id_out);
	if (code == E_NOTFOUND && git_branch_is_name(text))
		code = of_ref(c, h, arena_printf(c->mem, "refs/tags/%s", text), id_out);
	if (code == E_NOTFOUND)
		code = of_number(c, h, text, id_out);
	if (code == E_NOTFOUND)
		code = of_id(c, h, text, id_out);
	return code;
}

/* ---- one */

static int
open_commit(struct ctx *c, const struct git_history *h, const char *id, git_commit **out)
{
	git_object *object;
	git_oid oid;

	if (git_oid_fromstr(&oid, id) < 0 ||
	    git_object_lookup(&object, h->repo, &oid, GIT_OBJECT_COMMIT) < 0)
		return no_such(c);
	arena_defer(c->mem, close_object, object);
	*out = (git_commit *)object;
	return OK;
}

int
git_history_read(
    struct ctx *c, const struct git_history *h, const char *id, struct git_changeset *out)
{
	const git_signature *author;
	const char *message;
	git_commit *commit;

	TRY(open_commit(c, h, id, &commit));
	author = git_commit_author(commit);
	message = git_commit_message(commit);
	*out = (struct git_changeset){ .at = git_commit_time(commit) };
	git_oid_tostr(out->id, sizeof(out->id), git_commit_id(commit));
	out->number = h->is_cut ? -1 : place_of(h->ids, h->n, out->id);
	out->message = str_utf8(c->mem, message, strlen(message));
	out->author_name = git_person_text(c->mem, author->name);
	out->author_email = git_person_text(c->mem, author->email);
	arena_close(c->mem, commit);
	return OK;
}

/* ---- what it changed */

static void
close_tree(void *tree)
{
	git_tree_free(tree);
}

static void
close_diff(void *diff)
{
	git_diff_free(diff);
}

static int
tree_of(struct ctx *c, const git_commit *commit, git_tree **out)
{
	if (git_commit_tree(out, commit) < 0)
		return git_fail(c, E_INTERNAL, "read a tree");
	arena_defer(c->mem, close_tree, *out);
	return OK;
}

/* NULL for the parent of a first commit. */
static int
parent_tree(struct ctx *c, const git_commit *commit, git_tree **out)
{
	git_commit *parent;
	int code;

	*out = NULL;
	if (git_commit_parentcount(commit) == 0)
		return OK;
	if (git_commit_parent(&parent, commit, 0) < 0)
		return git_fail(c, E_INTERNAL, "read a parent");
	code = tree_of(c, parent, out);
	git_commit_free(parent);
	return code;
}

static struct git_paths *
paths_of(struct git_changeset *changeset, git_delta_t status)
{
	if (status == GIT_DELTA_ADDED)
		return &changeset->added;
	return status == GIT_DELTA_DELETED ? &changeset->removed : &changeset->changed;
}

static int
sort(struct ctx *c, git_diff *diff, struct git_changeset *changeset)
{
	size_t n = git_diff_num_deltas(diff);

	if (n > GIT_CHANGED_MAX)
		return fail(c, E_INVALID, "more than %d files were changed", GIT_CHANGED_MAX);
	changeset->added.rows = arena_new_array(c->mem, const char *, n + 1);
	changeset->changed.rows = arena_new_array(c->mem, const char *, n + 1);
	changeset->removed.rows = arena_new_array(c->mem, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		const git_diff_delta *delta = git_diff_get_delta(diff, i);
		struct git_paths *paths = paths_of(changeset, delta->status);
		const char *path = delta->new_file.path;

		paths->rows[paths->n++] = str_utf8(c->mem, path, strlen(path));
	}
	return OK;
}

int
git_history_files(struct ctx *c, const struct git_history *h, struct git_changeset *changeset)
{
	git_diff_options options;
	git_commit *commit;
	git_tree *before, *after;
	git_diff *diff;
	int code;

	git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	options.flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_SKIP_BINARY_CHECK;
	TRY(open_commit(c, h, changeset->id, &commit));
	TRY(parent_tree(c, commit, &before));
	TRY(tree_of(c, commit, &after));
	if (git_diff_tree_to_tree(&diff, h->repo, before, after, &options) < 0)
		return git_fail(c, E_INTERNAL, "compare %s with its parent", changeset->id);
	arena_defer(c->mem, close_diff, diff);
	code = sort(c, diff, changeset);
	arena_close(c->mem, diff);
	return code;
}

/* ---- a list */

int
git_history_list(struct ctx *c, const struct git_history *h, const struct git_range *range,
    const char **ids_out, size_t *n_out)
{
	int64_t first = -1, last = -1, n, most = GIT_REVISIONS_MAX + 1;
	struct buf *ids;

	if (range->most > 0 && range->most < most)
		most = range->most;
	TRY(list(c, h->dir, range, most, &ids));
	n = (int64_t)(ids->len / LINE);
	if (n > GIT_REVISIONS_MAX)
		return fail(c, E_INVALID, "more than %d commits", GIT_REVISIONS_MAX);
	if (range->first_id != NULL)
		first = place_of(ids->data, (size_t)n, range->first_id);
	if (range->last_id != NULL)
		last = place_of(ids->data, (size_t)n, range->last_id);
	if (first >= 0 && last >= 0 && first > last)
		return fail(c, E_INVALID, "the first commit comes behind the last");
	first = first < 0 ? 0 : first;
	last = last < 0 ? n - 1 : last;
	*ids_out = ids->data + first * LINE;
	*n_out = (size_t)(last + 1 - first);
	return OK;
}
