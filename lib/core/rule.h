/* Rules that many inputs share. */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/fault.h"

/* NULL, empty, or white space alone. */
bool rule_is_blank(const char *text);

/* A text of at most so many characters, which may be missing: adds FAULT_TOO_LONG. */
void rule_length(struct faults *f, const char *field, const char *text, int64_t most);

/* A text that must be there, of at most so many characters: adds FAULT_BLANK or FAULT_TOO_LONG. */
void rule_text(struct faults *f, const char *field, const char *text, int64_t most);

/* The same for a name of those characters alone: adds FAULT_INVALID too, behind FAULT_BLANK and
 * before FAULT_TOO_LONG. Names that are "." or dots alone are invalid: they are folders somewhere.
 */
void rule_name(
    struct faults *f, const char *field, const char *text, const char *allowed, int64_t most);

/* "open" or "hidden": adds FAULT_BLANK, and FAULT_NOT_INCLUDED for all else. */
void rule_visibility(struct faults *f, const char *visibility);

/* The access that a role gives: reader 1, writer 2, admin 3. E_INVALID: it is none of these. */
must_check int rule_role(struct ctx *c, const char *role, int64_t *access_out);

#endif
