#include "git/compare.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "git/child.h"

#define ID_CHARS 40
#define LINE (ID_CHARS + 1)
#define OUT_MAX_BYTES (64 * 1024)
#define NONE 1 /* git merge-base's exit code */
#define RETRY_S 60
#define COUNT_MS 2000 /* a number is a comfort: a long history goes without */

static int
run(struct ctx *c, const char *dir, const char *const *argv, int64_t wall_ms, struct buf **out,
    int *status_out)
{
	const struct git_child child = {
		.dir = dir, .argv = argv, .wall_ms = wall_ms, .out_max = OUT_MAX_BYTES
	};

	return git_child_run(c, &child, out, status_out);
}

static int
find_base(
    struct ctx *c, const char *dir, const char *from, const char *to, struct git_comparison *out)
{
	const char *const argv[] = { "git", "merge-base", "--all", from, to, NULL };
	struct buf *told;
	int status;

	TRY(run(c, dir, argv, GIT_COMPARE_WALL_MS, &told, &status));
	if (status != 0 && status != NONE)
		return fail(c, E_INTERNAL, "git merge-base ended with %d", status);
	out->n_bases = told->len / LINE;
	if (out->n_bases > 0)
		memcpy(out->base, told->data, ID_CHARS);
	return OK;
}

static int
list_commits(
    struct ctx *c, const char *dir, const char *from, const char *to, struct git_comparison *out)
{
	const char *const argv[] = { "git", "rev-list",
		arena_printf(c->mem, "--max-count=%d", GIT_COMPARE_COMMITS + 1), to,
		arena_printf(c->mem, "^%s", from), NULL };
	struct buf *told;

	TRY(run(c, dir, argv, GIT_COMPARE_WALL_MS, &told, NULL));
	out->n = told->len / LINE;
	out->is_cut = out->n > GIT_COMPARE_COMMITS;
	if (out->is_cut)
		out->n = GIT_COMPARE_COMMITS;
	out->commits = arena_alloc(c->mem, (out->n + 1) * sizeof(*out->commits));
	for (size_t i = 0; i < out->n; i++)
		memcpy(out->commits[i], told->data + i * LINE, ID_CHARS);
	return OK;
}

/* "BEHIND\tAHEAD\n"; what git cannot count in time stays -1. */
static void
count_sides(
    struct ctx *c, const char *dir, const char *from, const char *to, struct git_comparison *out)
{
	const char *const argv[] = { "git", "rev-list", "--count", "--left-right",
		arena_printf(c->mem, "%s...%s", from, to), NULL };
	struct ctx before = *c;
	struct buf *told;
	char *tab;

	out->ahead = out->behind = -1;
	if (run(c, dir, argv, COUNT_MS, &told, NULL) != OK) {
		*c = before;
		return;
	}
	tab = strchr(told->data, '\t');
	if (tab == NULL || told->len == 0)
		return;
	*tab = '\0';
	told->data[told->len - 1] = '\0';
	if (!str_is_int(told->data, &out->behind) || !str_is_int(tab + 1, &out->ahead))
		out->ahead = out->behind = -1;
}

static int
ask_git(
    struct ctx *c, const char *dir, const char *from, const char *to, struct git_comparison *out)
{
	TRY(find_base(c, dir, from, to, out));
	TRY(list_commits(c, dir, from, to, out));
	count_sides(c, dir, from, to, out);
	return OK;
}

int
git_compare(
    struct ctx *c, const char *dir, const char *from, const char *to, struct git_comparison *out)
{
	int64_t began_us = clock_mono_us();
	int code;

	*out = (struct git_comparison){ .n = 0 };
	code = ask_git(c, dir, from, to, out);
	if (code != OK && clock_mono_us() - began_us >= GIT_COMPARE_WALL_MS * 1000)
		return fail_passing(c, RETRY_S, "comparing %s and %s takes too long", from, to);
	return code;
}
