#include "git/check.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "git/init.h"
#include "git/packfile.h"
#include "git/rules.h"
#include "git/seen.h"

#define PROGRESS_EVERY 1024
#define GITLINK 0160000
#define HEX_LEN ((size_t)2 * GIT_OID_BYTES)

#define RECENT_COUNT 8192

struct recent {
	unsigned char oid[GIT_OID_BYTES];
	enum git_kind kind; /* 0: empty */
};

struct checking {
	struct ctx *c;
	const struct git_check *k;
	git_repository *repo; /* the quarantine, which sees the store too */
	git_odb *odb;
	struct git_packfile *pack; /* NULL: nothing came */
	struct git_seen *seen;	   /* objects of the store that were looked up before */
	struct recent *recent;	   /* by the first bytes of the id */
	int64_t done;
};

static const char *
hex_of(struct arena *mem, const unsigned char *oid)
{
	return str_hex(mem, oid, GIT_OID_BYTES);
}

/* ---- is it there? */

static enum git_kind
kind_of(git_object_t type)
{
	return type >= GIT_OBJECT_COMMIT && type <= GIT_OBJECT_TAG ? (enum git_kind)type : 0;
}

static bool
store_has(struct checking *k, const unsigned char *raw, enum git_kind *kind_out)
{
	git_oid oid;
	git_object_t type;
	size_t len;

	if (git_seen_find(k->seen, raw, kind_out))
		return true;
	git_oid_fromraw(&oid, raw);
	if (git_odb_read_header(&len, &type, k->odb, &oid) < 0)
		return false;
	*kind_out = kind_of(type);
	git_seen_add(k->seen, raw, *kind_out);
	return true;
}

/* Trees name mostly what the tree before named: a glance at what was found last saves the search.
 */
static bool
has(struct checking *k, const unsigned char *oid, enum git_kind *kind_out)
{
	struct recent *r = &k->recent[(oid[0] << 8 | oid[1]) % RECENT_COUNT];

	if (r->kind == 0 || memcmp(r->oid, oid, GIT_OID_BYTES) != 0) {
		if (!(k->pack != NULL && git_packfile_has(k->pack, oid, &r->kind)) &&
		    !store_has(k, oid, &r->kind))
			return false;
		memcpy(r->oid, oid, GIT_OID_BYTES);
	}
	*kind_out = r->kind;
	return true;
}

/* what: of whom the object is a part, for the sentence. kind 0: any. */
static int
need(struct checking *k, const char *what, const unsigned char *of, const unsigned char *oid,
    enum git_kind kind)
{
	enum git_kind is;

	if (!has(k, oid, &is))
		return fail(k->c, E_INVALID, "the upstream's pack is incomplete: %s %s lacks %s %s",
		    what, hex_of(k->c->mem, of), git_kind_text(kind), hex_of(k->c->mem, oid));
	if (kind != 0 && is != kind)
		return fail(k->c, E_INVALID, "%s %s names %s as a %s, but it is a %s", what,
		    hex_of(k->c->mem, of), hex_of(k->c->mem, oid), git_kind_text(kind),
		    git_kind_text(is));
	return OK;
}

static int
need_hex(struct checking *k, const char *what, const unsigned char *of, const char *hex,
    enum git_kind kind)
{
	git_oid oid;

	/* the rules have looked at the digits already */
	if (git_oid_fromstrn(&oid, hex, HEX_LEN) < 0)
		return git_fail(k->c, E_INVALID, "%s %s", what, hex_of(k->c->mem, of));
	return need(k, what, of, oid.id, kind);
}

/* ---- objects of the pack */

static int
check_tree(struct checking *k, const unsigned char *oid, const char *bytes, size_t len)
{
	const char *at = bytes;
	struct git_tree_entry e;

	while (git_tree_take(&at, bytes + len, &e))
		if ((e.mode & S_IFMT) != GITLINK)
			TRY(need(k, "tree", oid, e.oid,
			    S_ISDIR(e.mode) ? GIT_KIND_TREE : GIT_KIND_BLOB));
	return OK;
}

static int
check_commit(struct checking *k, const unsigned char *oid, const char *bytes)
{
	const char *at = bytes;
	enum git_kind kind = GIT_KIND_TREE; /* the first line; parents follow */

	for (const char *hex = git_commit_take(&at); hex != NULL; hex = git_commit_take(&at)) {
		TRY(need_hex(k, "commit", oid, hex, kind));
		kind = GIT_KIND_COMMIT;
	}
	return OK;
}

static int
check_tag(struct checking *k, const unsigned char *oid, const char *bytes)
{
	const char *type, *hex = git_tag_object(bytes, &type);
	enum git_kind kind = GIT_KIND_COMMIT;

	while (!str_starts(type, git_kind_text(kind))) /* the rules know the four words */
		kind++;
	return need_hex(k, "tag", oid, hex, kind);
}

static const char *
problem_of(enum git_kind kind, const char *bytes, size_t len)
{
	switch (kind) {
	case GIT_KIND_COMMIT:
		return git_rules_commit(bytes, len);
	case GIT_KIND_TREE:
		return git_rules_tree(bytes, len);
	case GIT_KIND_TAG:
		return git_rules_tag(bytes, len);
	case GIT_KIND_BLOB:
		break;
	}
	return NULL;
}

static int
on_object(
    void *payload, const unsigned char *oid, enum git_kind kind, const char *bytes, size_t len)
{
	struct checking *k = payload;
	const char *problem = problem_of(kind, bytes, len);

	if (problem != NULL)
		return fail(k->c, E_INVALID, "%s %s of the upstream %s", git_kind_text(kind),
		    hex_of(k->c->mem, oid), problem);
	if (k->done++ % PROGRESS_EVERY == 0 && k->k->progress != NULL &&
	    !k->k->progress(k->k->payload, k->done, (int64_t)git_packfile_count(k->pack)))
		return fail(k->c, E_CONFLICT, "given up because it was told to");
	if (kind == GIT_KIND_TREE)
		return check_tree(k, oid, bytes, len);
	if (kind == GIT_KIND_COMMIT)
		return check_commit(k, oid, bytes);
	return check_tag(k, oid, bytes);
}

/* ---- refs */

static int
peel(struct checking *k, struct git_ref *r)
{
	git_oid oid;
	git_object *tag, *object;

	git_oid_fromraw(&oid, r->oid);
	if (git_object_lookup(&tag, k->repo, &oid, GIT_OBJECT_TAG) < 0)
		return git_fail(k->c, E_INVALID, "tag %s", r->name);
	if (git_object_peel(&object, tag, GIT_OBJECT_ANY) < 0) {
		git_object_free(tag);
		return git_fail(k->c, E_INVALID, "tag %s", r->name);
	}
	memcpy(r->peeled, git_object_id(object)->id, GIT_OID_BYTES);
	r->is_peeled = true;
	git_object_free(object);
	git_object_free(tag);
	return OK;
}

/* What the upstream says a tag peels to is not believed: readers trust packed-refs. */
static int
check_ref(struct checking *k, struct git_ref *r)
{
	const struct git_ref *old = git_refs_find(k->k->published, r->name);
	enum git_kind kind;

	r->is_peeled = false;
	if (!has(k, r->oid, &kind))
		return fail(k->c, E_INVALID, "the upstream did not send %s, which %s names",
		    hex_of(k->c->mem, r->oid), r->name);
	if (str_starts(r->name, "refs/heads/") && kind != GIT_KIND_COMMIT)
		return fail(k->c, E_INVALID, "branch %s of the upstream is not a commit", r->name);
	if (kind != GIT_KIND_TAG)
		return OK;
	if (old != NULL && old->is_peeled && memcmp(old->oid, r->oid, GIT_OID_BYTES) == 0) {
		memcpy(r->peeled, old->peeled, GIT_OID_BYTES);
		r->is_peeled = true;
		return OK;
	}
	return peel(k, r);
}

/* ---- all of it */

static void
close_repo(void *repo)
{
	git_repository_free(repo);
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

int
git_quarantine_open(struct ctx *c, const char *quarantine_dir, git_repository **out)
{
	git_repository *repo;

	if (git_repository_open_bare(&repo, quarantine_dir) < 0)
		return git_fail(c, E_INTERNAL, "open %s", quarantine_dir);
	arena_defer(c->mem, close_repo, repo);
	*out = repo;
	return OK;
}

static int
open_quarantine(struct checking *k)
{
	TRY(git_quarantine_open(k->c, k->k->quarantine_dir, &k->repo));
	if (git_repository_odb(&k->odb, k->repo) < 0)
		return git_fail(k->c, E_INTERNAL, "open %s", k->k->quarantine_dir);
	arena_defer(k->c->mem, close_odb, k->odb);
	return OK;
}

int
git_check(struct ctx *c, const struct git_check *k)
{
	struct checking x = { .c = c, .k = k };

	TRY(open_quarantine(&x));
	x.seen = git_seen_open(c->mem);
	x.recent = arena_new_array(c->mem, struct recent, RECENT_COUNT);
	if (k->pack != NULL) {
		TRY(git_packfile_open(c, k->pack, &x.pack));
		TRY(git_packfile_each(c, x.pack, k->indexed_by, on_object, &x));
	}
	for (size_t i = 0; i < k->refs->n; i++)
		TRY(check_ref(&x, &k->refs->rows[i]));
	return OK;
}
