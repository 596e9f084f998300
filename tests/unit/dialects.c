/* The tables of all dialects: their columns, and that the manual names the same routes. */
#include "cgi/routes.h"

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/str.h"
#include "cgi/hpr/hpr.h"
#include "cgi/rhodecode/rhodecode.h"
#include "cgi/web/web.h"
#include "core/name.h"

#define MANUAL "docs/api/hpr.md"
#define MANUAL_MAX_BYTES (256 * 1024)

static void
every_row_has_its_columns(void **state)
{
	(void)state;
	route_check(all_dialects);
	rpc_check(&rhodecode_door);
}

/* "## GET /info", alone in its line. */
static bool
has_heading(struct ctx *c, const char *manual, const char *heading)
{
	return strstr(manual, arena_printf(c->mem, "\n## %s\n", heading)) != NULL;
}

static void
the_manual_has_every_route_of_hpr(void **state)
{
	struct ctx *c = *state;
	char *manual;

	assert_int_equal(path_read(c, MANUAL, MANUAL_MAX_BYTES, &manual), OK);
	for (const struct route *r = hpr_dialect.routes; r->path != NULL; r++) {
		const char *heading =
		    arena_printf(c->mem, "%s %s", req_method_text(r->method), r->path);

		if (!has_heading(c, manual, heading))
			print_error("%s does not have \"## %s\"\n", MANUAL, heading);
		assert_true(has_heading(c, manual, heading));
	}
}

/* checklists C-03. What a handler does for a POST it must not do for a GET; a GET that needs a
 * transaction has one in which nothing can be written, and none lets nobody become somebody. */
static void
a_get_changes_nothing(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct dialect *const *d = all_dialects; *d != NULL; d++)
		for (const struct route *get = (*d)->routes; get->path != NULL; get++) {
			if (get->method != GET)
				continue;
			assert_false(get->flags & (ROUTE_SIGN_IN | ROUTE_NO_TX));
			for (const struct route *r = (*d)->routes; r->path != NULL; r++)
				if (r->method != GET && r->serve == get->serve &&
				    !(r->flags & ROUTE_READS))
					unit_fail("%s: the GET does what a %s does", get->path,
					    req_method_text(r->method));
			n++;
		}
	assert_true(n > 50);
}

/* What a browser sends by itself says who asks at pages alone, and only they come with forms. */
static void
only_the_pages_take_a_cookie(void **state)
{
	(void)state;
	for (const struct dialect *const *d = all_dialects; *d != NULL; d++)
		assert_int_equal(((*d)->habits & HABIT_SESSION) != 0, *d == &web_dialect);
}

/* The part of a pattern that begins at `at`; NULL for none, or one that takes anything. */
static const char *
literal_part(struct ctx *c, const char *pattern, size_t at)
{
	const char *part = pattern + at;
	size_t len = strcspn(part, "/");

	if (len == 0 || part[0] == ':' || part[0] == '*')
		return NULL;
	return arena_strndup(c->mem, part, len);
}

/* An account's or a project's pages must never stand where a route is. */
static void
no_uname_and_no_path_begins_like_a_route(void **state)
{
	struct ctx *c = *state;
	const char *part;
	size_t n = 0;

	for (const struct dialect *const *d = all_dialects; *d != NULL; d++)
		for (const struct route *r = (*d)->routes; r->path != NULL; r++) {
			part = literal_part(c, r->path, 1);
			if (part == NULL)
				continue;
			if (!name_is_reserved(part))
				unit_fail("%s of %s is free", part, r->path);
			if (!str_starts(r->path, "/api/v1/"))
				continue;
			part = literal_part(c, r->path, strlen("/api/v1/"));
			assert_non_null(part);
			if (!name_is_reserved_uname(part))
				unit_fail("%s of %s is free", part, r->path);
			n++;
		}
	assert_true(n > 0);
}

static bool
has_route(const char *method, const char *path)
{
	for (const struct route *r = hpr_dialect.routes; r->path != NULL; r++)
		if (strcmp(req_method_text(r->method), method) == 0 && strcmp(r->path, path) == 0)
			return true;
	return false;
}

static void
hpr_has_every_route_of_the_manual(void **state)
{
	struct ctx *c = *state;
	char *manual, **lines;
	size_t n, n_found = 0;

	assert_int_equal(path_read(c, MANUAL, MANUAL_MAX_BYTES, &manual), OK);
	lines = str_split(c->mem, manual, '\n', &n);
	for (size_t i = 0; i < n; i++) {
		char *path = strchr(lines[i], '/');

		if (!str_starts(lines[i], "## ") || path == NULL)
			continue;
		path[-1] = '\0';
		if (!has_route(lines[i] + 3, path))
			print_error(
			    "%s has %s %s, which is no route\n", MANUAL, lines[i] + 3, path);
		assert_true(has_route(lines[i] + 3, path));
		n_found++;
	}
	assert_true(n_found >= 15);
}

static void
both_spellings_have_the_same_rows(void **state)
{
	static const char typo[] = "/repositores", word[] = "/repositories";
	struct ctx *c = *state;

	for (const struct route *r = hpr_dialect.routes; r->path != NULL; r++) {
		if (str_starts(r->path, typo))
			assert_true(has_route(req_method_text(r->method),
			    arena_printf(c->mem, "%s%s", word, r->path + strlen(typo))));
		if (str_starts(r->path, word))
			assert_true(has_route(req_method_text(r->method),
			    arena_printf(c->mem, "%s%s", typo, r->path + strlen(word))));
	}
}

/* Calls in a body: who may is a column of the methods' own table. */
static bool
is_for_calls(const struct dialect *d, const struct route *r)
{
	if (r->method != ANY)
		return false;
	assert_ptr_equal(d, &rhodecode_dialect);
	assert_true(r->flags == ROUTE_RPC);
	return true;
}

/* Nobody may sign in, or nobody could; the password is what he shows. */
static bool
is_sign_in(const struct dialect *d, const struct route *r)
{
	if (!(r->flags & ROUTE_SIGN_IN))
		return false;
	assert_ptr_equal(d, &web_dialect);
	assert_string_equal(r->path, "/login");
	return true;
}

static void
getting_never_changes_and_changing_never_is_public(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct dialect *const *d = all_dialects; *d != NULL; d++)
		for (const struct route *r = (*d)->routes; r->path != NULL; r++) {
			if (is_for_calls(*d, r))
				n++;
			else if (r->method == GET)
				assert_true(r->in == NULL || ((*d)->inputs & INPUT_RAILS));
			else if (!is_sign_in(*d, r) && !(r->flags & ROUTE_READS))
				assert_true(r->perm > PERM_PUBLIC && r->perm != PERM_READ);
		}
	assert_int_equal(n, 2);
	for (const struct rpc_method *m = rhodecode_door.methods; m->name != NULL; m++)
		assert_true(m->perm == PERM_USER || m->perm == PERM_HUB_ADMIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(every_row_has_its_columns),
		WITH_CTX(a_get_changes_nothing),
		WITH_CTX(only_the_pages_take_a_cookie),
		WITH_CTX(no_uname_and_no_path_begins_like_a_route),
		WITH_CTX(the_manual_has_every_route_of_hpr),
		WITH_CTX(hpr_has_every_route_of_the_manual),
		WITH_CTX(both_spellings_have_the_same_rows),
		WITH_CTX(getting_never_changes_and_changing_never_is_public),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
