#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "cgi/hub/hub.h"
#include "core/project.h"

struct hub_repo {
	const char *name, *url, *dir;
	bool is_cloned, is_fetch_pending;
	int64_t n_fetches;
};

static const struct field repo_json[] = {
	FIELD(hub_repo, name),
	FIELD(hub_repo, url),
	FIELD(hub_repo, dir),
	FIELD_AS(hub_repo, is_cloned, "isCloned"),
	FIELD_AS(hub_repo, is_fetch_pending, "isFetchPending"),
	FIELD_AS(hub_repo, n_fetches, "numActiveFetches"),
	{ 0 },
};

/* Of the data folder, unless whole paths may be told (D-14). */
static const char *
dir_of(struct req *r, const struct project *p)
{
	const struct conf *conf = r->ctx->conf;
	const char *dir = project_store_dir(r->ctx, p->store_id);

	if (conf->hub_expose_paths)
		return dir;
	dir += strlen(conf->data_dir);
	return dir + strspn(dir, "/");
}

/* B3.5 and B6: before the first clone has ended well what is queued is that clone, which is
 * pending; afterwards a notice is pending while it waits for a running fetch. */
void
hub_shape_repo(struct req *r, const struct project *p)
{
	bool is_cloned = project_is_cloned(p);
	const struct hub_repo row = {
		.name = p->path,
		.url = p->is_mirror ? p->url : project_clone_url(r->ctx, p->path),
		.dir = dir_of(r, p),
		.is_cloned = is_cloned,
		.is_fetch_pending = is_cloned ? p->is_wanted_again : p->job_state[0] != '\0',
		.n_fetches = is_cloned && p->is_job_active,
	};

	js_row(r->out, repo_json, &row);
}

void
hub_shape_one(struct req *r, const struct project *p)
{
	buf_text(r->out, "{\"repository\":");
	hub_shape_repo(r, p);
	buf_char(r->out, '}');
}

void
hub_shape_repos(struct req *r, const struct project *rows, size_t n)
{
	buf_text(r->out, "{\"repositories\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		hub_shape_repo(r, &rows[i]);
	}
	buf_text(r->out, "]}");
}

void
hub_shape_success(struct req *r)
{
	buf_text(r->out, "{\"success\":true}");
}

void
hub_shape_failure(struct req *r, const char *message)
{
	buf_text(r->out, "{\"success\":false,\"error\":");
	js_text(r->out, message);
	buf_char(r->out, '}');
}

void
hub_shape_error(struct req *r, const char *message)
{
	buf_text(r->out, "{\"error\":{\"message\":");
	js_text(r->out, message);
	buf_printf(r->out, ",\"code\":%d}}", r->status);
}
