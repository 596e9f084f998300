/* Names and paths of projects: what is allowed, and what a URL gives (hpr contract A5.1, A5.2). */
#ifndef CORE_NAME_H
#define CORE_NAME_H

#include <stdbool.h>

#include "base/ctx.h"

/* E_INVALID with a sentence unless it may be a full path of a project (design.md section 7): parts
 * of [A-Za-z0-9_.+-], none reserved at the top, no '.' in front at the top, no .git, .lock, .atom
 * behind, no two dots in a row, not all digits, at most 255 bytes a part and 1000 in all. */
must_check int name_check_path(struct ctx *c, const char *path);

/* The same without '+', which hpr's names do not have (hpr A5.2). */
must_check int name_check_mirror(struct ctx *c, const char *path);

/* The same for a path that RhodeCode's door makes or moves something to
 * (contracts/rhodecode.md 4.5): each part is its own slug, at most NAME_PARTS_MOST of them, 255
 * bytes in all, and none is called as RhodeCode calls what it has thrown away. */
#define NAME_PARTS_MOST 16
#define NAME_PATH_MOST_BYTES 255
must_check int name_check_slug(struct ctx *c, const char *path);

/* Whether a part has only characters that name_check_path knows; true for "". */
bool name_has_characters(const char *part);

/* name_check_mirror for one part: what hpr calls a name. */
must_check int name_check(struct ctx *c, const char *name);

/* The project name that hpr derives from an upstream URL: "owner-repo". E_INVALID: nothing is left,
 * or the URL is of no known form. */
must_check int name_from_url(struct ctx *c, const char *url, const char **name_out);

/* The first part of a path; the uname of an account or team. In any case. */
bool name_is_reserved(const char *part);
bool name_is_reserved_uname(const char *uname);

#endif
