/* A commit by its id alone, in whichever project has it (contracts/hpr-and-hub.md B4 and B5:
 * /api/commit/:id, /commit/:id). */
#ifndef CORE_FIND_COMMIT_H
#define CORE_FIND_COMMIT_H

#include <stdint.h>

#include "store/account.h"

/* A hub with more to look through answers for the first ones, by path (docs/decisions.md). */
#define FIND_COMMIT_PROJECTS_MAX 20000
#define FIND_COMMIT_WALL_MS 3000

struct found_commit {
	int64_t project_id;
	const char *path; /* of the project */
	int64_t store_id;
	char id[41];
};

/* text: 40 hex digits, or the beginning of an id, of at least 4; never a name. Of the projects that
 * the asker may read the first by path that has such a commit, and only one; what is no commit does
 * not count. E_NOTFOUND: none. A passing E_INTERNAL: looking took longer than FIND_COMMIT_WALL_MS.
 * Neither the answer nor the statements tell a project that is hidden from one that is not there.
 */
must_check int find_commit(
    struct ctx *c, const struct account *asker, const char *text, struct found_commit *out);

#endif
