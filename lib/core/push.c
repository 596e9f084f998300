#include "core/push.h"

#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/str.h"
#include "core/listing.h"
#include "store/event.h"
#include "store/target.h"
#include "store/webhook.h"

/* Refs named in one event. */
#define REFS_TOLD 20
#define DETAIL_MAX_BYTES (64 * 1024)
#define HEADS "refs/heads/"

int
push_check(struct ctx *c, const struct project *p)
{
	if (!p->is_mirror)
		return OK;
	return fail(c, E_DENIED, "this is a mirror of %s: pushes are not accepted here", p->url);
}

static const char *
tell(struct ctx *c, const struct push_ref *refs, size_t n)
{
	struct buf *b = buf_new(c->mem, DETAIL_MAX_BYTES);
	size_t told = n < REFS_TOLD ? n : REFS_TOLD;

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

/* Webhooks and post-fetch hooks, once this transaction is there. */
static int
tell_others(
    struct ctx *c, const struct actor *who, const struct project *p, const struct push *push)
{
	size_t n = push->n < REF_LIST_MAX ? push->n : REF_LIST_MAX;
	struct ref_change *rows = arena_new_array(c->mem, struct ref_change, n + 1);

	for (size_t i = 0; i < n; i++)
		rows[i] = ref_change_of(
		    c, push->refs[i].name, push->refs[i].old_id, push->refs[i].new_id);
	return webhook_refs_changed(
	    c, p->id, who->account->uname, rows, n, c->conf->hub_post_fetch_hooks[0] != '\0');
}

int
push_record(
    struct ctx *c, const struct actor *who, const struct project *p, const struct push *push)
{
	const struct event e = { .actor = who->account->uname,
		.action = "push",
		.object = p->path,
		.detail = tell(c, push->refs, push->n),
		.remote_addr = who->remote_addr,
		.result = "ok" };

	TRY(project_raise_generation(c, p->store_id, short_name(c, push->head)));
	TRY(listing_note(c, p->store_id));
	TRY(event_add(c, &e));
	TRY(target_push_all(c, p->id));
	return tell_others(c, who, p, push);
}
