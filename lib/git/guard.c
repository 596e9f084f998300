#include "git/guard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/str.h"
#include "git/ancestry.h"

#define HEADS "refs/heads/"
#define TAGS "refs/tags/"
#define NAMES_MOST 3 /* that a sentence lists */
#define NAME_MAX_BYTES 200
#define SENTENCE_MAX_BYTES 1000

static const char *const rule_texts[] = {
	[GIT_RULE_EMPTY] = "empty",
	[GIT_RULE_UNRELATED] = "unrelated",
	[GIT_RULE_REWRITTEN] = "rewritten",
	[GIT_RULE_UNCOMPARED] = "uncompared",
	[GIT_RULE_BRANCHES] = "branches_deleted",
	[GIT_RULE_TAGS] = "tags_deleted",
	[GIT_RULE_TAG_MOVED] = "tag_moved",
	[GIT_RULE_FORCED] = "forced",
	[GIT_RULE_DIVERGED] = "diverged",
	[GIT_RULE_CASE] = "case",
};

const char *
git_rule_text(enum git_rule rule)
{
	assert(rule >= GIT_RULE_EMPTY && rule <= GIT_RULE_CASE);
	return rule_texts[rule];
}

enum git_rule
git_rule_by_name(const char *name)
{
	for (enum git_rule r = GIT_RULE_EMPTY; r <= GIT_RULE_CASE; r++)
		if (strcmp(rule_texts[r], name) == 0)
			return r;
	return 0;
}

/* While an update is judged. */
struct judging {
	struct ctx *c;
	struct git_repository *repo;
	const struct git_guard *g;
	struct git_findings *out;
};

/* ---- findings */

/* As text, and no longer than a sentence bears. */
static const char *
shown(struct judging *x, const char *ref)
{
	size_t len = strlen(ref);

	return len <= NAME_MAX_BYTES
	    ? str_utf8(x->c->mem, ref, len)
	    : arena_printf(x->c->mem, "%s…", str_utf8(x->c->mem, ref, NAME_MAX_BYTES));
}

/* Without refs/heads/ or refs/tags/. */
static const char *
short_name(struct judging *x, const char *ref)
{
	if (str_starts(ref, HEADS))
		ref += strlen(HEADS);
	else if (str_starts(ref, TAGS))
		ref += strlen(TAGS);
	return shown(x, ref);
}

static void find(struct judging *x, enum git_rule rule, const char *ref, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void
find(struct judging *x, enum git_rule rule, const char *ref, const char *format, ...)
{
	va_list args;

	if (x->out->n == GIT_FINDINGS_MAX)
		return;
	va_start(args, format);
	x->out->rows[x->out->n++] = (struct git_finding){
		.rule = rule,
		.ref = shown(x, ref),
		.sentence = arena_vprintf(x->c->mem, format, args),
	};
	va_end(args);
}

static const char *
id_text(struct judging *x, const struct git_ref *r)
{
	return arena_strndup(x->c->mem, str_hex(x->c->mem, r->oid, GIT_OID_BYTES), 10);
}

/* ---- whose a ref was */

static bool
is_pin(const struct git_guard *g, const char *name)
{
	for (size_t i = 0; i < g->n_pins; i++)
		if (strcmp(g->pins[i].name, name) == 0)
			return true;
	return false;
}

/* Published because the upstream had it, and not yet passed over by a filter. */
static bool
was_theirs(const struct git_guard *g, const char *name)
{
	return git_filter_takes(g->filter, name) && !is_pin(g, name);
}

struct count {
	size_t had, gone;
	struct buf *names; /* the first few that are gone */
};

static struct count
count(struct judging *x, const char *place)
{
	struct count n = { .names = buf_new(x->c->mem, SENTENCE_MAX_BYTES) };
	const struct git_refs *published = x->g->published;

	for (size_t i = 0; i < published->n; i++) {
		const char *name = published->rows[i].name;

		if (!str_starts(name, place) || !was_theirs(x->g, name))
			continue;
		n.had++;
		if (git_refs_find(x->g->upstream, name) != NULL)
			continue;
		if (n.gone++ < NAMES_MOST)
			buf_printf(n.names, "%s%s", n.gone > 1 ? ", " : "", short_name(x, name));
	}
	if (n.gone > NAMES_MOST)
		buf_printf(n.names, " and %zu more", n.gone - NAMES_MOST);
	return n;
}

/* ---- the default branch */

static const char *
commits_text(struct judging *x, int64_t n)
{
	return arena_printf(x->c->mem, "%lld commit%s", (long long)n, n == 1 ? "" : "s");
}

/* That fewer commits are left than there may be, and there were as many before. */
static int
judge_length(struct judging *x, const struct git_ref *old, const struct git_ref *new)
{
	int64_t least = x->c->conf->guard_least_commits, had, has;

	TRY(git_ancestry_count(x->c, x->repo, new->oid, least, &has));
	TRY(git_ancestry_count(x->c, x->repo, old->oid, least, &had));
	if (has < least && had >= least)
		find(x, GIT_RULE_REWRITTEN, old->name,
		    "The default branch %s was rewritten: it has only %s now, and had %lld or "
		    "more.",
		    short_name(x, old->name), commits_text(x, has), (long long)least);
	return OK;
}

static int
judge_rewritten(struct judging *x, const struct git_ref *old, const struct git_ref *new)
{
	const struct conf *conf = x->c->conf;
	const struct git_ancestry_in in = {
		.old = old->oid,
		.new = new->oid,
		.most = conf->guard_commits,
		.percent = (int)conf->guard_lost_percent,
		.progress = x->g->progress,
		.payload = x->g->payload,
	};
	const char *name = short_name(x, old->name);
	struct git_ancestry a;

	TRY(git_ancestry(x->c, x->repo, &in, &a));
	if (a.is_on)
		return OK;
	if (a.is_cut)
		find(x, GIT_RULE_UNCOMPARED, old->name,
		    "The default branch %s was rewritten, and how much of it is gone could not be "
		    "found out.",
		    name);
	else if (!a.is_related)
		find(x, GIT_RULE_REWRITTEN, old->name,
		    "The default branch %s was rewritten: it has nothing in common with what it "
		    "was.",
		    name);
	else if (a.lost * 100 > in.percent * (a.lost + a.common))
		find(x, GIT_RULE_REWRITTEN, old->name,
		    "The default branch %s was rewritten: %lld of its %s are gone.", name,
		    (long long)a.lost, commits_text(x, a.lost + a.common));
	else
		return judge_length(x, old, new);
	return OK;
}

/* The branch that stands for all: the one HEAD names, or a likely one, or any; NULL: there is none.
 */
static const struct git_ref *
main_branch(const struct git_refs *refs)
{
	const char *const usual[] = { refs->head, HEADS "main", HEADS "master" };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i] != NULL && git_refs_find(refs, usual[i]) != NULL)
			return git_refs_find(refs, usual[i]);
	for (size_t i = 0; i < refs->n; i++)
		if (str_starts(refs->rows[i].name, HEADS))
			return &refs->rows[i];
	return NULL;
}

/* What becomes of the branch that clones check out. One that is gone is compared with the one that
 * takes its place: it may have been renamed. */
static int
judge_default(struct judging *x)
{
	const struct git_guard *g = x->g;
	const char *name = g->published->head;
	const struct git_ref *old, *new;

	if (name == NULL || !was_theirs(g, name))
		return OK;
	old = git_refs_find(g->published, name);
	new = git_refs_find(g->upstream, name);
	if (new != NULL)
		return g->ignores_forced ? OK : judge_rewritten(x, old, new);
	if (g->ignores_deleted)
		return OK;
	new = main_branch(g->upstream);
	if (new != NULL)
		return judge_rewritten(x, old, new);
	find(x, GIT_RULE_REWRITTEN, name,
	    "The default branch %s is gone, and there is no other branch.", short_name(x, name));
	return OK;
}

/* ---- all refs together */

static bool
is_empty(struct judging *x)
{
	const struct git_guard *g = x->g;
	size_t had = 0;

	for (size_t i = 0; i < g->published->n; i++)
		had += was_theirs(g, g->published->rows[i].name);
	if (g->upstream->n > 0 || had == 0)
		return false;
	find(x, GIT_RULE_EMPTY, "",
	    "The upstream has no refs any more that this mirror would take over; here are %zu.",
	    had);
	return true;
}

static int
by_oid(const void *a, const void *b)
{
	return memcmp(
	    *(const unsigned char *const *)a, *(const unsigned char *const *)b, GIT_OID_BYTES);
}

/* Whether the two lists have an object in common. */
static bool
share_an_object(struct judging *x)
{
	const struct git_refs *a = x->g->published, *b = x->g->upstream;
	const unsigned char **ids = arena_new_array(x->c->mem, const unsigned char *, a->n + 1);

	for (size_t i = 0; i < a->n; i++)
		ids[i] = a->rows[i].oid;
	qsort(ids, a->n, sizeof(ids[0]), by_oid);
	for (size_t i = 0; i < b->n; i++) {
		const unsigned char *id = b->rows[i].oid;

		if (bsearch(&id, ids, a->n, sizeof(ids[0]), by_oid) != NULL)
			return true;
	}
	return false;
}

/* The commit that stands for all: of that branch, or, without branches, of the first tag or other
 * ref that leads to one; NULL: there is none. */
static const unsigned char *
main_commit(struct judging *x, const struct git_refs *refs)
{
	const struct git_ref *branch = main_branch(refs);

	if (branch != NULL)
		return branch->oid;
	for (size_t i = 0; i < refs->n; i++) {
		const struct git_ref *r = &refs->rows[i];
		const unsigned char *id = r->is_peeled ? r->peeled : r->oid;

		if (git_ancestry_has(x->repo, id))
			return id;
	}
	return NULL;
}

/* Whether anything that is there now goes back to something that was there. */
static int
is_related(struct judging *x, bool *out)
{
	const struct git_guard *g = x->g;
	struct git_ancestry_in in = { .most = x->c->conf->guard_commits,
		.percent = -1,
		.progress = g->progress,
		.payload = g->payload };
	struct git_ancestry a;

	*out = share_an_object(x);
	for (size_t i = 0; i < g->moves->n && !*out; i++)
		*out = g->moves->rows[i].is_related;
	if (*out)
		return OK;
	in.old = main_commit(x, g->published);
	in.new = main_commit(x, g->upstream);
	if (in.old == NULL || in.new == NULL)
		return OK;
	TRY(git_ancestry(x->c, x->repo, &in, &a));
	*out = a.is_on || a.is_related || a.is_cut;
	return OK;
}

/* ---- what is gone, what was moved */

static void
judge_deleted(struct judging *x)
{
	const struct conf *conf = x->c->conf;
	struct count branches = count(x, HEADS), tags = count(x, TAGS);

	if (branches.gone >= (size_t)conf->guard_branches_least &&
	    branches.gone * 100 >= branches.had * (size_t)conf->guard_branches_percent)
		find(x, GIT_RULE_BRANCHES, "", "%zu of %zu branches were deleted at once: %s.",
		    branches.gone, branches.had, branches.names->data);
	if (tags.gone >= (size_t)conf->guard_tags)
		find(x, GIT_RULE_TAGS, "", "%zu of %zu tags were deleted at once: %s.", tags.gone,
		    tags.had, tags.names->data);
}

static void
judge_tags(struct judging *x)
{
	for (size_t i = 0; i < x->g->moves->n; i++) {
		const struct git_move *m = &x->g->moves->rows[i];

		if (m->kind == GIT_MOVE_FORCED && str_starts(m->name, TAGS))
			find(x, GIT_RULE_TAG_MOVED, m->name, "The tag %s was moved from %s to %s.",
			    short_name(x, m->name), id_text(x, m->before), id_text(x, m->after));
	}
}

static void
start(struct judging *x, struct ctx *c, const struct git_guard *g, struct git_findings *out)
{
	*x = (struct judging){ .c = c, .g = g, .out = out };
	*out = (struct git_findings){
		.rows = arena_new_array(c->mem, struct git_finding, GIT_FINDINGS_MAX),
	};
}

int
git_guard(
    struct ctx *c, struct git_repository *repo, const struct git_guard *g, struct git_findings *out)
{
	struct judging x;
	bool related = true;

	start(&x, c, g, out);
	x.repo = repo;
	if (g->published->n == 0)
		return OK;
	if (is_empty(&x)) {
		out->n *= !g->ignores_deleted;
		return OK;
	}
	if (g->upstream->n > 0)
		TRY(is_related(&x, &related));
	if (!related)
		find(&x, GIT_RULE_UNRELATED, "",
		    "Nothing that the upstream has now is related to what it had: it may be "
		    "another "
		    "repository.");
	else
		TRY(judge_default(&x));
	if (!g->ignores_deleted)
		judge_deleted(&x);
	if (g->holds_tags && !g->ignores_forced)
		judge_tags(&x);
	return OK;
}

/* ---- notices */

static void
tell_moved(struct judging *x, const struct git_move *m)
{
	bool is_tag = str_starts(m->name, TAGS);
	const char *what = is_tag ? "tag" : "branch", *name = short_name(x, m->name);

	if (m->kind != GIT_MOVE_FORCED || !(is_tag || str_starts(m->name, HEADS)))
		return;
	if (x->g->ignores_forced)
		find(x, GIT_RULE_DIVERGED, m->name,
		    "The %s %s was rewritten upstream to %s; here it stays at %s.", what, name,
		    id_text(x, m->after), id_text(x, m->before));
	else
		find(x, is_tag ? GIT_RULE_TAG_MOVED : GIT_RULE_FORCED, m->name,
		    "The %s %s was %s from %s to %s; the old %s is kept.", what, name,
		    is_tag ? "moved" : "rewritten", id_text(x, m->before), id_text(x, m->after),
		    is_tag ? "one" : "tip");
}

static int
by_name_nocase(const void *a, const void *b)
{
	const char *x = (*(const struct git_ref *const *)a)->name,
		   *y = (*(const struct git_ref *const *)b)->name;
	int order = strcasecmp(x, y);

	return order != 0 ? order : strcmp(x, y);
}

/* File systems of Windows and macOS cannot have both. */
static void
tell_cases(struct judging *x, const struct git_refs *next)
{
	const struct git_ref **rows =
	    arena_new_array(x->c->mem, const struct git_ref *, next->n + 1);

	for (size_t i = 0; i < next->n; i++)
		rows[i] = &next->rows[i];
	qsort(rows, next->n, sizeof(rows[0]), by_name_nocase);
	for (size_t i = 1; i < next->n; i++)
		if (strcasecmp(rows[i - 1]->name, rows[i]->name) == 0)
			find(x, GIT_RULE_CASE, rows[i]->name,
			    "%s and %s differ only in case: clones on some systems can have only "
			    "one of them.",
			    shown(x, rows[i - 1]->name), shown(x, rows[i]->name));
}

void
git_guard_notices(
    struct ctx *c, const struct git_guard *g, const struct git_refs *next, struct git_findings *out)
{
	struct judging x;

	start(&x, c, g, out);
	for (size_t i = 0; i < g->moves->n; i++)
		tell_moved(&x, &g->moves->rows[i]);
	tell_cases(&x, next);
}
