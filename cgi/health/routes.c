#include "cgi/health/health.h"

#include <stddef.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/path.h"
#include "db/db.h"

#define MARKER "mirrorhub.instance"

static int
say(struct req *r, const char *word)
{
	buf_text(r->out, "{\"status\":");
	js_text(r->out, word);
	buf_char(r->out, '}');
	return OK;
}

/* The process answers. */
static int
show_alive(struct req *r)
{
	return say(r, "alive");
}

/* The hub can work: the database answers, and the data folder is the one that was set up (an
 * empty mount point has no marker). */
static int
show_ready(struct req *r)
{
	const struct account nobody = { 0 };
	int64_t n;

	if (r->ctx->db == NULL)
		return fail_passing(r->ctx, 1, "the database is away");
	TRY(db_ready(r->ctx));
	TRY(project_count_mirrors(r->ctx, &nobody, "", &n));
	if (!path_is_file(path_under(r->ctx->mem, r->ctx->conf->data_dir, MARKER)))
		return fail_passing(r->ctx, 10, "the data folder has no %s", MARKER);
	return say(r, "ready");
}

static void
refuse(struct req *r, int code)
{
	(void)code;
	(void)say(r, "not ready"); /* cannot fail */
}

/* clang-format off */
static const struct route routes[] = {
	/* method path        who may      loaded     who answers  reads  flags */
	{ GET,    "/healthz", PERM_PUBLIC, LOAD_NONE, show_alive,  NULL,  ROUTE_PROBE },
	{ GET,    "/readyz",  PERM_PUBLIC, LOAD_NONE, show_ready,  NULL,  ROUTE_PROBE },
	{ 0 }
};
/* clang-format on */

const struct dialect health_dialect = {
	.name = "health",
	.realm = "Mirrorhub",
	.type = "application/json",
	.routes = routes,
	.fail = refuse,
};
