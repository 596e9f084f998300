/* The list of the repositories that guests may read, for grokmirror and for other hubs. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cgi/git/handlers.h"
#include "core/listing.h"

#define PIECE_BYTES (64 * 1024)

/* If-None-Match wins, as RFC 9110 has it (13.2.2). */
static bool
is_known(struct req *r, const struct listing *l)
{
	const char *since = req_header(r, "If-Modified-Since");

	if (res_tag(r, l->tag))
		return true;
	if (since == NULL || req_header(r, "If-None-Match") != NULL ||
	    clock_parse_http(since) < l->made_at)
		return false;
	r->status = 304;
	return true;
}

static int
send_file(struct req *r, const struct listing *l)
{
	char *piece = arena_alloc(r->ctx->mem, PIECE_BYTES);
	int64_t left = l->size_bytes;

	while (left > 0) {
		ssize_t n = read(l->fd, piece, PIECE_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(r->ctx, E_INTERNAL, "the list cannot be read");
		TRY(res_write(r, piece, (size_t)n));
		left -= n;
	}
	return OK;
}

int
show_manifest(struct req *r)
{
	struct listing l;

	TRY(listing_open(r->ctx, &l));
	res_header(r, "Last-Modified", clock_text_http(r->ctx->mem, l.made_at));
	res_header(r, "Cache-Control", "no-cache");
	if (is_known(r, &l))
		return OK;
	r->type = "application/gzip";
	res_header(r, "Content-Length", arena_printf(r->ctx->mem, "%lld", (long long)l.size_bytes));
	TRY(res_begin(r));
	return r->method == HEAD ? OK : send_file(r, &l);
}
