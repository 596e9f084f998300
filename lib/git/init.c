#include "git/init.h"

#include <git2.h>
#include <stdarg.h>
#include <string.h>

#include "base/conf.h"
#include "base/str.h"

#define OBJECT_CACHE_BYTES (16 * 1024 * 1024)
#define MAPPED_BYTES ((size_t)1024 * 1024 * 1024)
#define MESSAGE_MAX_BYTES 200
#define MAPPED_FILES ((size_t)256)

/* Debian keeps this name free for ever: nothing is read from there. */
#define NO_SETTINGS "/nonexistent"

const char *
git_clean(struct arena *mem, const char *message)
{
	char *text = arena_strndup(mem, message, strnlen(message, MESSAGE_MAX_BYTES));

	for (char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return str_redact(mem, text);
}

int
git_fail(struct ctx *c, int code, const char *format, ...)
{
	const git_error *last = git_error_last();
	const char *what;
	va_list args;

	va_start(args, format);
	what = arena_vprintf(c->mem, format, args);
	va_end(args);
	if (last == NULL || last->message == NULL)
		return fail(c, code, "%s", what);
	return fail(c, code, "%s: %s", what, git_clean(c->mem, last->message));
}

static int
set_search_paths(void)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_GLOBAL,
		GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_PROGRAMDATA };
	int error = 0;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		error |= git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], NO_SETTINGS);
	return error;
}

/* The owner test of libgit2 is left on, but git_store_open does not rely on it: version 1.5 lets
 * root through (checklists/security.md G-18). SET_PACK_MAX_OBJECT_SIZE came with the fix of
 * CVE-2026-53585: where it does not compile, libgit2 is too old to be given strangers' packs. */
static int
set_options(const struct conf *conf)
{
	int error = set_search_paths();

	error |= git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, NO_SETTINGS);
	error |= git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	error |= git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	error |= git_libgit2_opts(GIT_OPT_ENABLE_OFS_DELTA, 1);
	error |= git_libgit2_opts(GIT_OPT_DISABLE_PACK_KEEP_FILE_CHECKS, 1);
	error |=
	    git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, (size_t)conf->sync_object_bytes);
	error |= git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, (size_t)conf->sync_objects);
	error |= git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)OBJECT_CACHE_BYTES);
	error |= git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_BYTES);
	error |= git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, MAPPED_FILES);
	return error;
}

int
git_init(struct ctx *c)
{
	int count = git_libgit2_init();

	if (count < 0)
		return git_fail(c, E_INTERNAL, "starting libgit2");
	if (count > 1) { /* already set up: give the extra count back */
		git_libgit2_shutdown();
		return OK;
	}
	if (set_options(c->conf) != 0)
		return git_fail(c, E_INTERNAL, "setting libgit2 up");
	return OK;
}

const char *
git_library_version(struct ctx *c)
{
	int major, minor, revision;

	git_libgit2_version(&major, &minor, &revision);
	return arena_printf(c->mem, "%d.%d.%d", major, minor, revision);
}
