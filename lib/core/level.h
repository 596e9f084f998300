/* RhodeCode's texts of levels (contracts/rhodecode.md 4.1): "group.read", or "group_read". */
#ifndef CORE_LEVEL_H
#define CORE_LEVEL_H

#include <stdint.h>

enum level_kind {
	LEVEL_FITS = 1,
	LEVEL_OF_OTHERS, /* a permission, but on something else, or in the hub as a whole */
	LEVEL_UNKNOWN,
};

/* kind: "repository", "group" or "usergroup". *out: 0 none, 1 read, 2 write, 3 admin. */
enum level_kind level_parse(const char *kind, const char *text, int64_t *out);

/* "none", "read", "write" or "admin"; an owner's is "admin" (enum access of store/access.h). */
const char *level_word(int64_t access);

#endif
