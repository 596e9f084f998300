#include "cgi/git/handlers.h"

#include "base/arena.h"
#include "base/conf.h"
#include "cgi/git/body.h"
#include "cgi/git/pkt.h"
#include "cgi/git/pump.h"
#include "cgi/git/service.h"

/* An advertisement below this size is sent whole, with its length. */
#define ADVERT_HOLD_BYTES (1024 * 1024)

/* What Git's own server sends: neither a proxy nor a browser may keep an answer. */
void
set_type(struct req *r, const char *type)
{
	r->type = type;
	res_header(r, "Cache-Control", "no-cache, max-age=0, must-revalidate");
}

int
show_refs(struct req *r, const struct service *s)
{
	struct pump p = { .r = r, .hold_bytes = ADVERT_HOLD_BYTES };

	TRY(service_start(r, s, true, &p.child));
	set_type(r, s->advert_type);
	if (!service_speaks_v2(s, service_protocol(r))) {
		pkt_text(r->out, arena_printf(r->ctx->mem, "# service=%s\n", s->name));
		pkt_flush(r->out);
	}
	return pump_run(&p);
}

int
show_refs_to_fetch(struct req *r)
{
	return show_refs(r, &service_fetch);
}

/* The request is small and read whole before anything starts: what is wrong with it is a status. */
int
serve_fetch(struct req *r)
{
	struct pump p = { .r = r };
	struct body *body;
	struct buf *request;

	TRY(body_open(r, &service_fetch, r->ctx->conf->git_request_bytes, &body));
	TRY(body_whole(body, &request));
	TRY(service_start(r, &service_fetch, false, &p.child));
	p.body = body_of(r, request);
	set_type(r, service_fetch.result_type);
	return pump_run(&p);
}
