#include "cgi/web/view.h"

#include <string.h>

#include "core/project.h"

#define ID_CHARS 40

int
view_open(struct req *r, struct git_view **out)
{
	return project_open_view(r->ctx, r->project, out);
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
