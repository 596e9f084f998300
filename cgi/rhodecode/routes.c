#include "cgi/rhodecode/rhodecode.h"

static int
serve_call(struct req *r)
{
	size_t start;

	res_header(r, "Cache-Control", "no-store");
	r->call = arena_new_of(r->ctx->mem, struct rpc_call);
	TRY(rhodecode_read(r));
	start = rhodecode_open(r);
	TRY(rpc_walk(r, &rhodecode_door));
	rhodecode_close(r, start);
	return OK;
}

/* No method of HTTP is refused: without a body there is nothing to do (contract 1.1). */
/* clang-format off */
static const struct route routes[] = {
	/* method  path              who may      loaded     who answers reads flags */
	{ ANY,     "/_admin/api",    PERM_PUBLIC, LOAD_NONE, serve_call, NULL, ROUTE_RPC },
	{ ANY,     "/_admin/apiv2",  PERM_PUBLIC, LOAD_NONE, serve_call, NULL, ROUTE_RPC },
	{ .path = NULL },
};
/* clang-format on */

const struct dialect rhodecode_dialect = {
	.name = "rhodecode",
	.realm = "Mirrorhub",
	.type = "application/json; charset=utf-8",
	.routes = routes,
	.fail = rhodecode_refuse,
	.prefixes = (const char *const[]){ "/_admin/api", NULL },
};
