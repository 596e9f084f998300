#include "core/rescan.h"

#include "base/conf.h"
#include "base/path.h"
#include "core/project.h"
#include "db/db.h"
#include "store/project_store.h"

#define MARKER "mirrorhub.instance"

struct found {
	struct project_store rows[RESCAN_MOST];
	size_t n;
	size_t n_there;
};

static int
check_folder(struct ctx *c)
{
	const char *dir = c->conf->data_dir;

	if (!path_is_file(path_under(c->mem, dir, MARKER)) ||
	    !path_is_dir(path_under(c->mem, dir, "repos")))
		return fail(c, E_INTERNAL, "%s is not the data folder that was set up", dir);
	return OK;
}

static int
look_at(struct ctx *c, const struct project_store *row, struct found *found)
{
	if (path_is_dir(project_store_dir(c, row->store_id))) {
		found->n_there++;
		return OK;
	}
	if (found->n == RESCAN_MOST)
		return fail(c, E_INTERNAL, "more than %d stores are missing", RESCAN_MOST);
	found->rows[found->n++] = *row;
	return OK;
}

static int
look_at_all(struct ctx *c, struct found *found)
{
	struct project_store *rows;
	int64_t above = 0;
	size_t n;

	do {
		TRY(project_store_list(c, above, &rows, &n));
		for (size_t i = 0; i < n; i++)
			TRY(look_at(c, &rows[i], found));
		if (n > 0)
			above = rows[n - 1].id;
	} while (n == PROJECT_STORES_MAX);
	return OK;
}

/* A store that is back meanwhile keeps its project. */
static int
remove_found(struct ctx *c, const struct actor *who, const struct found *found)
{
	TRY(db_begin(c, DB_WRITE));
	for (size_t i = 0; i < found->n; i++) {
		const struct project p = { .id = found->rows[i].id,
			.path = found->rows[i].path,
			.store_id = found->rows[i].store_id };
		int code =
		    path_is_dir(project_store_dir(c, p.store_id)) ? OK : project_delete(c, who, &p);

		if (code != OK && code != E_NOTFOUND) /* deleted meanwhile */
			return code;
	}
	return db_commit(c);
}

int
rescan(struct ctx *c, const struct actor *who, bool removes, struct rescan *out)
{
	struct found *found = arena_new_of(c->mem, struct found);

	TRY(check_folder(c));
	TRY(look_at_all(c, found));
	TRY(check_folder(c)); /* it was there all the while */
	if (removes && found->n > found->n_there)
		return fail(c, E_CONFLICT, "%zu stores are missing and %zu are there", found->n,
		    found->n_there);
	if (removes && found->n > 0)
		TRY(remove_found(c, who, found));
	out->n = found->n;
	out->paths = arena_alloc(c->mem, (found->n + 1) * sizeof(*out->paths));
	for (size_t i = 0; i < found->n; i++)
		out->paths[i] = found->rows[i].path;
	return OK;
}
