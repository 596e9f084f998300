#include "cgi/web/view.h"

#include <string.h>

#include "core/project.h"

#define ID_CHARS 40
#define RETRY_NOT_CLONED_S 10

static int
not_cloned(struct ctx *c)
{
	fail(c, E_CONFLICT, "this mirror is still being cloned, try again in a moment");
	c->http_status = 503;
	c->retry_after_s = RETRY_NOT_CLONED_S;
	return E_CONFLICT;
}

/* Before its first success a mirror's folder holds nothing, or what a restored backup has given the
 * same number (docs/admin.md): nobody may see that. */
int
view_open(struct req *r, struct git_view **out)
{
	const struct project *p = r->project;
	struct ctx *c = r->ctx;
	int code;

	if (p->is_mirror && p->last_success_at == 0)
		return not_cloned(c);
	code = git_view_open(c, project_store_dir(c, p->store_id), out);
	if (code == E_NOTFOUND)
		return fail(
		    c, E_INTERNAL, "the folder of store %lld is missing", (long long)p->store_id);
	return code;
}

int
view_open_rest(
    struct req *r, struct git_view **view_out, struct git_rev *rev_out, const char **path_out)
{
	TRY(view_open(r, view_out));
	return git_view_split(r->ctx, *view_out, req_param(r, "rest"), rev_out, path_out);
}

bool
view_is_id(const char *text)
{
	return strlen(text) == ID_CHARS && strspn(text, "0123456789abcdef") == ID_CHARS;
}
