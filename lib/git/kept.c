#include "git/kept.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "git/refs_sort.h"

#define STAMP_LEN strlen("20260102T030405Z")
#define ID_LEN 12
#define TAIL_LEN (STAMP_LEN + 1 + ID_LEN)
#define DAY_S 86400
/* Longer names would not fit, with what stands around them, into what git and libgit2 allow. */
#define NAME_MAX_BYTES 900
#define TOO_LONG "long/"
#define TOO_LONG_LEN (strlen(TOO_LONG) + (size_t)2 * GIT_OID_BYTES)

/* ---- names */

static const char *
stamp(struct arena *mem, int64_t at)
{
	char *text = arena_alloc(mem, STAMP_LEN + 1);
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, STAMP_LEN + 1, "%Y%m%dT%H%M%SZ", &tm);
	return text;
}

static bool
read_stamp(const char *text, int64_t *at_out)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y%m%dT%H%M%SZ", &tm);

	if (end == NULL || (size_t)(end - text) != STAMP_LEN)
		return false;
	*at_out = timegm(&tm);
	return true;
}

static const char *
name_of(struct arena *mem, const struct git_ref *r, int64_t at)
{
	const char *rest = r->name + strlen("refs/");

	if (strlen(rest) > NAME_MAX_BYTES)
		rest = arena_printf(mem, TOO_LONG "%s", str_hex(mem, r->oid, GIT_OID_BYTES));
	return arena_printf(mem, GIT_KEPT "%s/%s-%.*s", rest, stamp(mem, at), ID_LEN,
	    str_hex(mem, r->oid, GIT_OID_BYTES));
}

/* Where "/<stamp>-<id>" begins; NULL: not one of ours. */
static const char *
tail_of(const char *name, int64_t *at_out)
{
	size_t len = strlen(name);
	const char *tail = name + len - TAIL_LEN - 1;

	if (!str_starts(name, GIT_KEPT) || len < strlen(GIT_KEPT) + TAIL_LEN + 2 ||
	    tail[0] != '/' || tail[1 + STAMP_LEN] != '-' || !read_stamp(tail + 1, at_out))
		return NULL;
	return tail;
}

/* ---- order: by ref, the newest first */

struct row {
	const struct git_ref *ref;
	const char *tail; /* in ref->name */
	int64_t at;
};

static int
by_ref(const struct row *a, const struct row *b)
{
	size_t a_len = (size_t)(a->tail - a->ref->name), b_len = (size_t)(b->tail - b->ref->name);
	int order = memcmp(a->ref->name, b->ref->name, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : a_len < b_len ? -1 : a_len > b_len;
}

static int
by_ref_and_age(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = by_ref(x, y);

	if (order != 0)
		return order;
	return x->at != y->at ? (x->at > y->at ? -1 : 1) : strcmp(x->ref->name, y->ref->name);
}

static size_t
rows_of(struct ctx *c, const struct git_refs *kept, struct row **out)
{
	struct row *rows = arena_new_array(c->mem, struct row, kept->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < kept->n; i++) {
		struct row row = { .ref = &kept->rows[i] };

		row.tail = tail_of(row.ref->name, &row.at);
		if (row.tail != NULL)
			rows[n++] = row;
	}
	qsort(rows, n, sizeof(rows[0]), by_ref_and_age);
	*out = rows;
	return n;
}

/* ---- the rule */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct git_ref *)a)->name, ((const struct git_ref *)b)->name);
}

/* What somebody else has put there is not ours to remove. */
static void
take_unread(const struct git_refs *kept, struct git_refs *out)
{
	int64_t at;

	for (size_t i = 0; i < kept->n; i++)
		if (tail_of(kept->rows[i].name, &at) == NULL)
			out->rows[out->n++] = kept->rows[i];
}

void
git_kept_expire(struct ctx *c, const struct git_refs *kept, const struct git_kept_rule *rule,
    struct git_refs *out)
{
	struct row *rows;
	size_t n = rows_of(c, kept, &rows), nth = 0;
	struct git_refs left = { .n = 0 };

	if (rule->is_forever) {
		*out = *kept;
		return;
	}
	left.rows = arena_new_array(c->mem, struct git_ref, kept->n + 1);
	take_unread(kept, &left);
	for (size_t i = 0; i < n; i++) {
		nth = i > 0 && by_ref(&rows[i - 1], &rows[i]) == 0 ? nth + 1 : 0;
		if ((int64_t)nth < rule->count && rows[i].at >= rule->now - rule->days * DAY_S)
			left.rows[left.n++] = *rows[i].ref;
	}
	qsort(left.rows, left.n, sizeof(left.rows[0]), by_name);
	*out = left;
}

/* ---- what goes */

static bool
goes(const struct git_ref *r, const struct git_refs *next, const struct git_moves *moves,
    bool is_forever)
{
	const struct git_ref *now = git_refs_find(next, r->name);
	const struct git_move *m = git_moves_find(moves, r->name);
	bool is_usual = str_starts(r->name, "refs/heads/") || str_starts(r->name, "refs/tags/");

	if (now != NULL && memcmp(now->oid, r->oid, GIT_OID_BYTES) == 0)
		return false;
	return (is_usual || is_forever) && !(m != NULL && m->kind == GIT_MOVE_ON);
}

/* The same tip twice in one second; two names that are too long, at the same object. */
static void
drop_doubles(struct git_refs *refs)
{
	size_t n = 0;

	for (size_t i = 0; i < refs->n; i++)
		if (n == 0 || strcmp(refs->rows[n - 1].name, refs->rows[i].name) != 0)
			refs->rows[n++] = refs->rows[i];
	refs->n = n;
}

void
git_kept_next(struct ctx *c, const struct git_refs *kept, const struct git_refs *published,
    const struct git_refs *next, const struct git_moves *moves, const struct git_kept_rule *rule,
    struct git_refs *out)
{
	struct git_refs all = { .n = kept->n };

	all.rows = arena_new_array(c->mem, struct git_ref, kept->n + published->n + 1);
	if (kept->n > 0)
		memcpy(all.rows, kept->rows, kept->n * sizeof(all.rows[0]));
	for (size_t i = 0; i < published->n; i++) {
		struct git_ref row = published->rows[i];

		if (!goes(&row, next, moves, rule->is_forever))
			continue;
		row.name = name_of(c->mem, &row, rule->now);
		all.rows[all.n++] = row;
	}
	qsort(all.rows, all.n, sizeof(all.rows[0]), by_name);
	drop_doubles(&all);
	git_kept_expire(c, &all, rule, out);
}

/* ---- showing them */

size_t
git_kept_list(struct ctx *c, const struct git_refs *kept, struct git_kept_tip **out)
{
	struct row *rows;
	size_t n = rows_of(c, kept, &rows);

	*out = arena_new_array(c->mem, struct git_kept_tip, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct git_ref *r = rows[i].ref;
		struct git_kept_tip *tip = &(*out)[i];
		const char *ref = r->name + strlen(GIT_KEPT);
		bool is_long =
		    str_starts(ref, TOO_LONG) && (size_t)(rows[i].tail - ref) == TOO_LONG_LEN;

		tip->name = ref;
		tip->ref = is_long
		    ? ""
		    : arena_printf(c->mem, "refs/%.*s", (int)(rows[i].tail - ref), ref);
		tip->at = rows[i].at;
		sodium_bin2hex(tip->oid, sizeof(tip->oid), r->oid, GIT_OID_BYTES);
		sodium_bin2hex(tip->commit, sizeof(tip->commit), r->is_peeled ? r->peeled : r->oid,
		    GIT_OID_BYTES);
	}
	return n;
}
