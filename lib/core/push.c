#include "core/push.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/event.h"

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
	return event_add(c, &e);
}
