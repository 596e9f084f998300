#include "core/find_commit.h"

#include "base/clock.h"
#include "core/project.h"
#include "git/lookup.h"
#include "store/project_store.h"

#define AGAIN_S 10

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such commit");
}

/* Memory of its own for each store: there are thousands. A store that fails is passed by, as one
 * that is damaged must not hide what the others have. */
static bool
has_commit(struct ctx *c, const struct project_store *p, const char *text, char *id_out)
{
	struct ctx one = { .mem = arena_new(), .conf = c->conf, .reason = "" };
	int code = git_lookup_commit(&one, project_store_dir(&one, p->store_id), text, id_out);

	arena_free(one.mem);
	return code == OK;
}

static int
look(struct ctx *c, const struct project_store *rows, size_t n, const char *text, int64_t end_us,
    struct found_commit *out)
{
	for (size_t i = 0; i < n; i++) {
		if (has_commit(c, &rows[i], text, out->id)) {
			out->project_id = rows[i].id;
			out->path = rows[i].path;
			out->store_id = rows[i].store_id;
			return OK;
		}
		if (clock_mono_us() > end_us)
			return fail_passing(c, AGAIN_S, "looking for a commit took too long");
	}
	return no_such(c);
}

int
find_commit(struct ctx *c, const struct account *asker, const char *text, struct found_commit *out)
{
	int64_t end_us = clock_mono_us() + FIND_COMMIT_WALL_MS * INT64_C(1000);
	struct found_commit found = { 0 };
	struct project_store *rows;
	const char *behind = "";
	size_t n, n_all = 0;
	int code;

	if (!git_lookup_is_id(text))
		return no_such(c);
	do {
		TRY(project_store_list_readable(c, asker, behind, &rows, &n));
		code = look(c, rows, n, text, end_us, &found);
		if (code == OK)
			*out = found;
		if (code != E_NOTFOUND)
			return code;
		behind = n > 0 ? rows[n - 1].path : "";
		n_all += n;
	} while (n == PROJECT_STORES_MAX && n_all < FIND_COMMIT_PROJECTS_MAX);
	return code;
}
