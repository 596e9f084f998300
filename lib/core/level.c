#include "core/level.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "store/access.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const levels[] = { [ACCESS_NONE] = "none",
	[ACCESS_READ] = "read",
	[ACCESS_WRITE] = "write",
	[ACCESS_ADMIN] = "admin",
	[ACCESS_OWNER] = "admin" };

const char *
level_word(int64_t access)
{
	assert(access >= 0 && (size_t)access < COUNT(levels));
	return levels[access];
}

static bool
is_level(const char *kind, const char *text, int64_t *out)
{
	size_t len = strlen(kind);

	if (!str_starts(text, kind) || (text[len] != '.' && text[len] != '_'))
		return false;
	for (size_t i = 0; i < COUNT(levels); i++)
		if (strcmp(text + len + 1, levels[i]) == 0) {
			*out = (int64_t)i;
			return true;
		}
	return false;
}

static bool
is_of_others(const char *text)
{
	static const char *const kinds[] = { "repository", "group", "usergroup" };
	static const char *const words[] = { "hg.admin", "hg.create.none", "hg.create.repository",
		"hg.fork.none", "hg.fork.repository", "hg.usergroup.create.false",
		"hg.usergroup.create.true", "hg.register.none", "hg.register.manual_activate",
		"hg.register.auto_activate", "hg.extern_activate.manual",
		"hg.extern_activate.auto" };
	int64_t level;

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (is_level(kinds[i], text, &level))
			return true;
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

enum level_kind
level_parse(const char *kind, const char *text, int64_t *out)
{
	if (is_level(kind, text, out))
		return LEVEL_FITS;
	return is_of_others(text) ? LEVEL_OF_OTHERS : LEVEL_UNKNOWN;
}
