#include "tests/unit/unit.h"

#include "cgi/web/language.h"

static const struct {
	const char *name, *text, *is;
} files[] = {
	{ "a.c", "", "c" },
	{ "A.C", "", "c" },
	{ "a.tar.gz.py", "", "python" },
	{ "Makefile", "", "makefile" },
	{ "makefile", "", "makefile" },
	{ "CMakeLists.txt", "", "cmake" },
	{ "a.txt", "x", NULL },
	{ "a.", "x", NULL },
	{ "", "", NULL },
	{ "\xff\xfe", "x", NULL },
	{ "a.c", "#!/bin/sh\n", "c" },
	{ "configure", "#!/bin/sh -e\n", "bash" },
	{ "run", "#! /usr/bin/python3.11", "python" },
	{ "run", "#!/usr/bin/env -S perl -w\n", "perl" },
	{ "run", "#!/usr/bin/env\n", NULL },
	{ "run", "#!/usr/bin/env -", NULL },
	{ "run", "#!", NULL },
	{ "run", "#!/", NULL },
	{ "run", "#!/usr/bin/", NULL },
	{ "run", "#!/opt/x/what\n", NULL },
	{ "run", "sh\n", NULL },
	{ "run", "\n#!/bin/sh\n", NULL },
};

static void
test_a_language_is_known_by_name_or_first_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(files); i++) {
		size_t len = strlen(files[i].text);
		char *text = malloc(len > 0 ? len : 1); /* what reads behind it is found */
		const char *is;

		memcpy(text, files[i].text, len);
		is = language_of(files[i].name, text, len);
		if ((is == NULL) != (files[i].is == NULL) ||
		    (is != NULL && strcmp(is, files[i].is) != 0))
			unit_fail("%s, %s: %s", files[i].name, files[i].text, is);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_language_is_known_by_name_or_first_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
