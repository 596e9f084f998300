#include "core/push.h"

#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/str.h"
#include "core/listing.h"
#include "git/refs.h"
#include "git/store.h"
#include "store/push_intent.h"

/* Refs named in one event. */
#define REFS_TOLD 20
#define DETAIL_MAX_BYTES (64 * 1024)
#define HEADS "refs/heads/"
#define ID_CHARS 40
#define NO_ID "0000000000000000000000000000000000000000"

int
push_check(struct ctx *c, const struct project *p)
{
	if (!p->is_mirror)
		return OK;
	return fail(c, E_DENIED, "this is a mirror of %s: pushes are not accepted here", p->url);
}

static const char *
tell(struct ctx *c, const struct push *push)
{
	struct buf *b = buf_new(c->mem, DETAIL_MAX_BYTES);
	size_t n = push->n, told = n < REFS_TOLD ? n : REFS_TOLD;
	const struct push_ref *refs = push->refs;

	if (push->remark != NULL)
		buf_printf(b, "%s%s", push->remark, n > 0 ? ": " : "");

	for (size_t i = 0; i < told; i++)
		buf_printf(b, "%s%s %s..%s", i > 0 ? ", " : "",
		    str_utf8(c->mem, refs[i].name, strlen(refs[i].name)), refs[i].old_id,
		    refs[i].new_id);
	if (n > told)
		buf_printf(b, " and %zu more", n - told);
	return b->data;
}

/* Text of the database; Git's names are bytes. */
static const char *
short_name(struct ctx *c, const char *branch)
{
	if (branch == NULL || !str_starts(branch, HEADS))
		return NULL;
	return str_utf8(c->mem, branch + strlen(HEADS), strlen(branch) - strlen(HEADS));
}

/* ---- what came of it */

static int
tell_all(struct ctx *c, int64_t intent, const struct push *push, bool *is_new_out)
{
	size_t n = push->n < REF_LIST_MAX ? push->n : REF_LIST_MAX;
	struct ref_change *rows = arena_new_array(c->mem, struct ref_change, n + 1);
	const struct push_told told = { .detail = tell(c, push),
		.head = short_name(c, push->head),
		.refs = rows,
		.n = n,
		.with_hooks = c->conf->hub_post_fetch_hooks[0] != '\0' };

	for (size_t i = 0; i < n; i++)
		rows[i] = ref_change_of(
		    c, push->refs[i].name, push->refs[i].old_id, push->refs[i].new_id);
	return push_intent_tell(c, intent, &told, is_new_out);
}

int
push_record(struct ctx *c, int64_t intent, const struct project *p, const struct push *push)
{
	bool is_new;

	TRY(tell_all(c, intent, push, &is_new));
	return is_new ? listing_note(c, p->store_id) : OK;
}

int
push_drop(struct ctx *c, int64_t intent)
{
	return push_intent_drop(c, intent);
}

/* ---- what is to come */

/* The first of them, as many as there is room for. */
static void
put_lines(struct buf *b, const struct push_ref *refs, size_t n)
{
	size_t most = n < PUSH_INTENT_REFS ? n : PUSH_INTENT_REFS;

	for (size_t i = 0; i < most; i++) {
		if (b->len + ID_CHARS + strlen(refs[i].name) + 2 > PUSH_INTENT_BYTES)
			return;
		buf_printf(b, "%s %s\n", refs[i].old_id, refs[i].name);
	}
}

int
push_intend(struct ctx *c, const struct actor *who, const struct project *p,
    const struct push_ref *refs, size_t n, int64_t *intent_out)
{
	struct buf *lines = buf_new(c->mem, PUSH_INTENT_BYTES);
	struct push_intent intent = { .store_id = p->store_id,
		.project_id = p->id,
		.actor = who->account->uname,
		.remote_addr = who->remote_addr != NULL ? who->remote_addr : "",
		.n_refs = (int64_t)n };
	enum push_end end;
	int code;

	put_lines(lines, refs, n);
	intent.refs = lines->data;
	intent.refs_bytes = lines->len;
	code = push_intent_add(c, &intent, intent_out);
	if (code != E_CONFLICT)
		return code;
	TRY(push_reconcile(c, p->store_id, &end));
	return push_intent_add(c, &intent, intent_out);
}

/* ---- a push that was never told of */

/* Our own lines; what is none was not written by us. */
static int
read_lines(struct ctx *c, const struct push_intent *intent, struct push_ref **out, size_t *n_out)
{
	size_t len, n;
	char *text = str_unbase64(c->mem, intent->refs, &len), **lines;
	struct push_ref *refs;

	if (text == NULL)
		return fail(c, E_INTERNAL, "an intent's refs are not base64");
	lines = str_split(c->mem, text, '\n', &n);
	refs = arena_new_array(c->mem, struct push_ref, n + 1);
	*n_out = 0;
	for (size_t i = 0; i < n && lines[i][0] != '\0'; i++) {
		if (strlen(lines[i]) <= ID_CHARS + 1 || lines[i][ID_CHARS] != ' ')
			return fail(c, E_INTERNAL, "an intent's refs are no lines of ours");
		lines[i][ID_CHARS] = '\0';
		refs[(*n_out)++] =
		    (struct push_ref){ .name = lines[i] + ID_CHARS + 1, .old_id = lines[i] };
	}
	*out = refs;
	return OK;
}

/* Into new_id. *head_out: the branch that HEAD names; one that no clone would have files of is
 * changed as after any push, and if that fails, the next push does it. */
static int
look(struct ctx *c, int64_t store_id, struct push_ref *refs, size_t n, const char **head_out)
{
	const char *dir = project_store_dir(c, store_id), *first;
	const char **names = arena_new_array(c->mem, const char *, n + 1);
	const char **ids = arena_new_array(c->mem, const char *, n + 1);
	struct git_refs now;

	TRY(git_store_check(c, dir)); /* one that is missing has not lost its refs by a push */
	TRY(git_refs_load_all_readable(c, dir, &now));
	for (size_t i = 0; i < n; i++) {
		const struct git_ref *found = git_refs_find(&now, refs[i].name);

		names[i] = refs[i].name;
		ids[i] = refs[i].new_id =
		    found != NULL ? str_hex(c->mem, found->oid, sizeof(found->oid)) : NO_ID;
	}
	TRY(git_head_load(c, dir, head_out));
	first = push_first_branch(names, ids, n);
	if (*head_out == NULL || first == NULL || git_refs_find(&now, *head_out) != NULL)
		return OK;
	if (git_head_set(c, dir, first) == OK)
		*head_out = first;
	return OK;
}

static size_t
keep_changes(struct push_ref *refs, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!str_is_equal(refs[i].old_id, refs[i].new_id))
			refs[kept++] = refs[i];
	return kept;
}

static int
compare(struct ctx *c, const struct push_intent *intent, struct push *out)
{
	struct push_ref *refs = NULL;
	size_t n = 0;

	TRY(read_lines(c, intent, &refs, &n));
	TRY(look(c, intent->store_id, refs, n, &out->head));
	out->refs = refs;
	out->n = keep_changes(refs, n);
	out->remark = (int64_t)n == intent->n_refs
	    ? "reconciled"
	    : arena_printf(c->mem, "reconciled, and %lld more refs may have changed",
		  (long long)intent->n_refs - (long long)n);
	return OK;
}

/* Whoever follows the project has to look himself; and pushes are taken again. */
static struct push
unknown(struct ctx *c, const struct push_intent *intent)
{
	return (struct push){ .remark = arena_printf(c->mem,
				  "the repository cannot be read: %lld refs may have changed",
				  (long long)intent->n_refs) };
}

int
push_reconcile(struct ctx *c, int64_t store_id, enum push_end *end_out)
{
	struct push push = { .n = 0 };
	struct push_intent intent;
	bool is_unknown, is_new;
	int code = push_intent_of_store(c, store_id, &intent);

	*end_out = PUSH_NOTHING;
	if (code == E_NOTFOUND)
		return OK;
	TRY(code);
	code = compare(c, &intent, &push);
	is_unknown = code != OK && intent.is_old;
	if (is_unknown)
		push = unknown(c, &intent);
	else
		TRY(code);
	if (push.n == 0 && str_is_equal(push.remark, "reconciled"))
		return push_intent_drop(c, intent.id);
	TRY(tell_all(c, intent.id, &push, &is_new));
	if (is_new)
		*end_out = is_unknown ? PUSH_UNKNOWN : PUSH_TOLD;
	return OK;
}

const char *
push_first_branch(const char *const *names, const char *const *ids, size_t n)
{
	static const char *const liked[] = { HEADS "main", HEADS "master" };
	const char *branch = NULL;

	for (size_t i = n; i-- > 0;) {
		if (!str_starts(names[i], HEADS) || str_is_equal(ids[i], NO_ID))
			continue;
		if (!str_is_equal(branch, liked[0]) &&
		    (!str_is_equal(branch, liked[1]) || str_is_equal(names[i], liked[0])))
			branch = names[i];
	}
	return branch;
}
