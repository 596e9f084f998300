#include "tests/unit/unit.h"

#include "base/cache.h"
#include "base/conf.h"
#include "cgi/web/readme.h"
#include "core/project.h"
#include "store/project.h"

/* ---- names */

static const char *
best_of(const char *const *names)
{
	const char *best = NULL;

	for (; *names != NULL; names++)
		if (readme_is_better(*names, best))
			best = *names;
	return best;
}

static void
test_the_readme_of_a_folder_is_found_by_its_name(void **state)
{
	const char *const all[] = { "a.md", "README.txt", "readme", "ReadMe.MD", "README.rst",
		NULL };
	const char *const twins[] = { "readme.md", "README.md", "Readme.md", NULL };
	const char *const plain[] = { "README.rst", "README.txt", "README.md.orig", NULL };
	const char *const none[] = { "README.ru.md", "READMES", "README-x", "xREADME.md", "",
		NULL };

	(void)state;
	assert_string_equal(best_of(all), "ReadMe.MD");
	assert_string_equal(best_of(all + 3), "ReadMe.MD");
	assert_string_equal(best_of(twins), "README.md");
	assert_string_equal(best_of(plain), "README.txt");
	assert_null(best_of(none));
}

/* ---- what is kept; tests/e2e/test_readme.py has the rest, with the child */

struct page_of {
	struct conf conf;
	struct project project;
	struct req r;
};

static struct req *
a_request(struct ctx *c)
{
	struct page_of *p = arena_new_of(c->mem, struct page_of);

	p->conf.data_dir = unit_folder(c);
	p->project = (struct project){ .id = 1, .store_id = 7, .path = "a/b" };
	p->r = (struct req){ .ctx = c, .id = "x", .project = &p->project };
	c->conf = &p->conf;
	return &p->r;
}

#define BLOB "1234567890123456789012345678901234567890"

static void
test_nothing_is_known_of_a_new_text(void **state)
{
	struct req *r = a_request(*state);
	struct readme readme = { .rev = "main", .folder = "", .blob = BLOB };
	struct safe_html out;

	assert_int_equal(readme_find(r, &readme, &out), README_UNKNOWN);
}

/* No mirrorhub-render lies beside this test. */
static void
test_without_the_child_the_source_is_shown_and_nothing_is_kept(void **state)
{
	struct req *r = a_request(*state);
	struct readme readme = { .rev = "main", .folder = "", .blob = BLOB };
	struct safe_html out;

	assert_int_equal(readme_render(r, &readme, "a", 1, &out), README_PLAIN);
	assert_int_equal(readme_find(r, &readme, &out), README_UNKNOWN);
}

static void
test_a_text_that_is_too_large_is_not_tried(void **state)
{
	struct req *r = a_request(*state);
	struct readme readme = { .rev = "main", .folder = "", .blob = BLOB };
	struct safe_html out;

	assert_int_equal(readme_render(r, &readme, "", README_TEXT_MAX + 1, &out), README_PLAIN);
	assert_false(path_is_dir(project_readme_dir(r->ctx)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(test_the_readme_of_a_folder_is_found_by_its_name),
		WITH_CTX(test_nothing_is_known_of_a_new_text),
		WITH_CTX(test_without_the_child_the_source_is_shown_and_nothing_is_kept),
		WITH_CTX(test_a_text_that_is_too_large_is_not_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
