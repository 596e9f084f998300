#include "cgi/health/health.h"

#include <stddef.h>

#include "base/conf.h"
#include "core/metrics.h"
#include "store/metrics.h"
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

static int
reach_database(struct ctx *c)
{
	return c->db == NULL ? fail_passing(c, 1, "the database is away") : db_ready(c);
}

/* The hub can work: the database answers and has the tables that this program knows (it may have
 * newer ones: the programs of an upgrade come one after the other), and the data folder is the one
 * that was set up (an empty mount point has no marker). */
static int
show_ready(struct req *r)
{
	int64_t version;

	TRY(reach_database(r->ctx));
	TRY(metrics_schema(r->ctx, &version));
	if (version < SCHEMA_VERSION)
		return fail_passing(r->ctx, 10, "the database has migration %lld, not %d",
		    (long long)version, SCHEMA_VERSION);
	if (!path_is_file(path_under(r->ctx->mem, r->ctx->conf->data_dir, MARKER)))
		return fail_passing(r->ctx, 10, "the data folder has no %s", MARKER);
	return say(r, "ready");
}

/* For those who were asked to watch; for all others it is not there. */
static int
show_metrics(struct req *r)
{
	TRY(metrics_check_reader(r->ctx, r->remote_addr));
	TRY(reach_database(r->ctx));
	r->type = "text/plain; version=0.0.4; charset=utf-8";
	return metrics_write(r->ctx, r->out);
}

static void
refuse(struct req *r, int code)
{
	(void)say(r, code == E_NOTFOUND ? "not found" : "not ready"); /* cannot fail */
}

/* clang-format off */
static const struct route routes[] = {
	/* method path        who may      loaded     who answers  reads  flags */
	{ GET,    "/healthz", PERM_PUBLIC, LOAD_NONE, show_alive,  NULL,  ROUTE_PROBE },
	{ GET,    "/readyz",  PERM_PUBLIC, LOAD_NONE, show_ready,  NULL,  ROUTE_PROBE },
	{ GET,    "/metrics", PERM_PUBLIC, LOAD_NONE, show_metrics, NULL, ROUTE_PROBE },
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
