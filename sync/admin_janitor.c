#include <stdio.h>

#include "core/platform_tree.h"
#include "git/init.h"
#include "store/job.h"
#include "sync/admin.h"
#include "sync/datadir.h"
#include "sync/janitor.h"

/* Upkeep is left to mirrorhub-sync: it may take long. */
static void
tell_unknown(
    void *payload, int64_t first, const int64_t *ids, size_t n, const int64_t *due, size_t n_due)
{
	struct ctx *c = payload;
	int64_t *unknown;
	size_t n_unknown;

	(void)first; /* what is missing is mirrorhub-sync's to fetch again */
	(void)due;
	(void)n_due;
	if (job_unknown_stores(c, ids, n, &unknown, &n_unknown) != OK) {
		fprintf(stderr, "mirrorhub: %s\n", c->reason);
		return;
	}
	for (size_t i = 0; i < n_unknown; i++)
		printf("store %lld has a folder but no row: left alone\n", (long long)unknown[i]);
}

int
admin_janitor(struct ctx *c, const struct admin_args *args)
{
	const struct janitor_hooks hooks = { c, tell_unknown, 0 };
	struct job_fences fences;
	int64_t removed, removed_trees;

	(void)args;
	TRY(datadir_check(c));
	TRY(git_init(c));
	TRY(admin_open_db(c));
	TRY(janitor_rows(c));
	TRY(job_fences(c, &fences));
	TRY(janitor_sweep(c, &fences, true, &hooks, &removed));
	TRY(platform_tree_sweep(c, true, &removed_trees));
	printf("%lld leftovers removed\n", (long long)(removed + removed_trees));
	return OK;
}
