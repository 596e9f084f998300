#include "web/load.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* ---- by path */

/* The project, and in the same statement who asks. */
static int
load_project(struct req *r)
{
	struct project *p = arena_new_of(r->ctx->mem, struct project);

	TRY(project_by_path(r->ctx, &r->claim, req_param(r, "path"), &r->account, p));
	r->project = p;
	r->access = p->access;
	return OK;
}

static int
load_mirror(struct req *r)
{
	TRY(load_project(r));
	if (!r->project->is_mirror) {
		r->project = NULL;
		return fail(r->ctx, E_NOTFOUND, "not a mirror");
	}
	return OK;
}

/* ---- the table */

static const struct {
	int (*load)(struct req *r);
	const char *params[2]; /* the pattern has one of them */
} loads[] = {
	[LOAD_PROJECT] = { load_project, { ":path", "*path" } },
	[LOAD_MIRROR] = { load_mirror, { ":path", "*path" } },
};

int
load_object(struct req *r)
{
	return loads[r->route->load].load(r);
}

bool
load_fits(enum load load, const char *pattern)
{
	if (loads[load].load == NULL)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (loads[load].params[i] != NULL && strstr(pattern, loads[load].params[i]) != NULL)
			return true;
	return false;
}

int
load_id(struct req *r, const char *param, int64_t *out)
{
	const char *text = req_param(r, param);

	if (!isdigit((unsigned char)text[0]) || !str_is_int(text, out) || *out == 0)
		return fail(r->ctx, E_NOTFOUND, "not found");
	return OK;
}
