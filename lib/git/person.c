#include "git/person.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"

const char *
git_person_text(struct arena *mem, const char *text)
{
	char *line = str_utf8(mem, text, strnlen(text, GIT_PERSON_MAX));
	size_t len = strlen(line);

	for (char *p = line; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	/* what was no UTF-8 has become longer: cut between two characters */
	if (len > GIT_PERSON_MAX)
		for (len = GIT_PERSON_MAX; len > 0 && ((unsigned char)line[len] & 0xc0) == 0x80;)
			len--;
	return arena_strndup(mem, line, len);
}
