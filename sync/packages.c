#include "sync/packages.h"

#include <string.h>

#include "base/js.h"
#include "base/path.h"
#include "core/project.h"
#include "git/store.h"
#include "base/crash.h"

static int
read_branch(struct ctx *c, struct git_repository *repo, const char *branch,
    const struct packages_hooks *hooks)
{
	struct git_spec_tip *tip = arena_new_of(c->mem, struct git_spec_tip);
	int code = git_spec_files(c, repo, branch, tip);

	if (code == E_NOTFOUND)
		return OK;
	TRY(code);
	for (size_t i = 0; i < tip->n; i++)
		if (!hooks->found(hooks->payload, branch, tip, &tip->specs[i]))
			return fail(c, E_INTERNAL, "nobody listens");
	return OK;
}

int
packages_read(
    struct ctx *c, int64_t store_id, const char *branches, const struct packages_hooks *hooks)
{
	const char *dir = project_store_dir(c, store_id);
	struct git_repository *repo;
	const struct js *list;

	TRY(js_parse(c, branches, strlen(branches), &list));
	if (js_type(list) != JS_ARRAY || js_count(list) > PACKAGES_BRANCHES_MAX)
		return fail(c, E_INVALID, "no list of branches");
	if (!path_is_dir(dir))
		return OK;
	TRY(git_store_open(c, dir, &repo));
	crash_point("packages");
	for (size_t i = 0; i < js_count(list); i++) {
		if (js_type(js_at(list, i)) != JS_TEXT)
			return fail(c, E_INVALID, "no list of branches");
		TRY(read_branch(c, repo, js_text_of(c, js_at(list, i)), hooks));
	}
	return OK;
}
