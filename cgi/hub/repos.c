#include "auth/hook.h"
#include "base/str.h"
#include "cgi/hub/hub.h"
#include "core/notice.h"
#include "core/project.h"
#include "store/push.h"

#define ROWS_MOST 100000 /* bounds the answer, not the hub */

int
list_hub_repos(struct req *r)
{
	struct project *rows;
	size_t n;

	TRY(project_list_all(r->ctx, &r->account, ROWS_MOST, 0, &rows, &n));
	hub_shape_repos(r, rows, n);
	return OK;
}

int
show_hub_repo(struct req *r)
{
	hub_shape_one(r, r->project);
	return OK;
}

int
delete_hub_repo(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(notice_delete(r->ctx, &who, r->project));
	r->status = 204;
	return OK;
}

/* ---- the secret of those who send notices: it is set, and never shown */

struct secret {
	const char *secret;
};

const struct field push_secret_in[] = {
	FIELD_MAX(secret, secret, HOOK_SECRET_MOST_BYTES),
	{ 0 },
};

int
show_push_secret(struct req *r)
{
	bool is_set;

	TRY(push_has_secret(r->ctx, r->project->id, &is_set));
	buf_printf(r->out, "{\"secret\":{\"isSet\":%s}}", is_set ? "true" : "false");
	return OK;
}

int
set_push_secret(struct req *r)
{
	const struct secret *in = r->in;
	const struct actor who = req_actor(r);

	if (in->secret == NULL)
		return fail(r->ctx, E_INVALID, "no secret given");
	TRY(notice_set_secret(r->ctx, &who, r->project, in->secret));
	r->status = 204;
	return OK;
}

int
delete_push_secret(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(notice_set_secret(r->ctx, &who, r->project, NULL));
	r->status = 204;
	return OK;
}
