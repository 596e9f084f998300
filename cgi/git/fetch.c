#include "cgi/git/handlers.h"

#include <string.h>

#include "base/arena.h"
#include "base/conf.h"
#include "cgi/git/advert.h"
#include "cgi/git/body.h"
#include "cgi/git/clone.h"
#include "cgi/git/memory.h"
#include "cgi/git/pkt.h"
#include "cgi/git/pump.h"
#include "cgi/git/service.h"

/* An advertisement of Git's below this size is sent whole, with its length, and learned from. */
#define ADVERT_HOLD_BYTES (8 * 1024 * 1024)

/* What Git's own server sends: neither a proxy nor a browser may keep an answer. */
void
set_type(struct req *r, const char *type)
{
	r->type = type;
	res_header(r, "Cache-Control", "no-cache, max-age=0, must-revalidate");
}

static void
begin_advert(struct req *r, const struct service *s, int version)
{
	set_type(r, s->advert_type);
	if (version == 2)
		return;
	pkt_text(r->out, arena_printf(r->ctx->mem, "# service=%s\n", s->name));
	pkt_flush(r->out);
}

int
show_refs(struct req *r, const struct service *s)
{
	struct pump p = { .r = r, .hold_bytes = ADVERT_HOLD_BYTES };

	TRY(service_start_advert(r, s, &p.child));
	begin_advert(r, s, service_version(s, service_protocol(r)));
	return pump_run(&p);
}

/* ---- lists of refs, without a child where we can */

/* In versions 0 and 1 they stand behind the service line and its flush. */
static void
learn_words(struct req *r, int version)
{
	int service = pkt_length(r->out->data, r->out->len);
	size_t head = service > 0 ? (size_t)service + PKT_HEAD_BYTES : 0;
	const char *words = r->out->data;

	if (r->is_streaming || r->out->len <= head)
		return;
	if (version != 2)
		words = advert_find_words(r->ctx->mem, words + head, r->out->len - head);
	if (words != NULL)
		memory_set_words(version, words);
}

/* A list too long for us is Git's, which sends it bit by bit. */
static bool
fits(struct req *r)
{
	bool does = !r->out->full;

	if (!does)
		res_clear(r);
	return does;
}

/* false: Git has to say it. */
static bool
advertise(struct req *r, const char *dir, int version)
{
	const char *words = memory_words(version);
	const struct git_reflist *refs = NULL;

	if (words == NULL || (version != 2 && (refs = memory_refs(r, dir)) == NULL))
		return false;
	begin_advert(r, &service_fetch, version);
	if (version == 2)
		buf_text(r->out, words);
	else
		advert_add(r->out, version, words, refs);
	return fits(r);
}

int
show_refs_to_fetch(struct req *r)
{
	int version = service_version(&service_fetch, service_protocol(r));
	const char *dir;

	TRY(service_store(r, &dir));
	if (advertise(r, dir, version))
		return OK;
	TRY(show_refs(r, &service_fetch));
	learn_words(r, version);
	return OK;
}

/* The command ls-refs of version 2 comes by POST. false: Git has to answer. */
static bool
list_refs(struct req *r, const struct buf *request, const struct git_reflist *refs)
{
	struct advert_ask *ask = arena_new_of(r->ctx->mem, struct advert_ask);

	if (refs == NULL || !advert_ask_parse(r->ctx->mem, request->data, request->len, ask))
		return false;
	set_type(r, service_fetch.result_type);
	advert_ask_add(r->out, ask, refs);
	return fits(r);
}

/* ---- packs */

/* clone: where the answer is kept; NULL: nowhere. */
static int
fetch(struct req *r, const struct buf *request, struct clone *clone)
{
	struct pump p = { .r = r, .body = body_of(r, request) };
	int code;

	TRY(service_start(r, &service_fetch, 0, &p.child));
	if (clone != NULL && clone_begin(r, clone)) {
		p.copy_fd = *clone->fd;
		p.copy_bytes = clone->max_bytes;
	}
	code = pump_run(&p);
	if (p.copy_fd != 0)
		clone_end(r, clone, code == OK && p.status == 0 && p.is_copied);
	return code;
}

/* Of a clone the answer may be known. */
static int
send_or_fetch(struct req *r, const struct buf *request, const struct git_reflist *refs)
{
	struct clone clone;
	int code;

	set_type(r, service_fetch.result_type);
	if (refs == NULL || !clone_find(r, request, refs, &clone))
		return fetch(r, request, NULL);
	code = clone_send(r, &clone);
	return code == E_NOTFOUND ? fetch(r, request, &clone) : code;
}

/* The request is small and read whole before anything starts: what is wrong with it is a status. */
int
serve_fetch(struct req *r)
{
	const struct git_reflist *refs = NULL;
	struct body *body;
	struct buf *request;
	const char *dir;

	TRY(body_open(r, &service_fetch, r->ctx->conf->git_request_bytes, &body));
	TRY(body_whole(body, &request));
	TRY(service_store(r, &dir));
	if (service_version(&service_fetch, service_protocol(r)) == 2)
		refs = memory_refs(r, dir);
	return list_refs(r, request, refs) ? OK : send_or_fetch(r, request, refs);
}
