/* What refs of a store are before and after a push. The truth is on the disk: neither what the
 * client asked for nor what Git reported. */
#ifndef CGI_GIT_REFS_H
#define CGI_GIT_REFS_H

#include <stdbool.h>
#include <stddef.h>

#include "web/req.h"

#define REF_ID_CHARS 40
#define REF_NO_ID "0000000000000000000000000000000000000000"

/* Whether it can be a ref's name for us: below refs/, and nothing in it that means something else
 * to Git. Others are never asked for (Git refuses them too). */
bool ref_is_name(const char *name);

/* The ids of the n refs and, as the last of n + 1, of HEAD; REF_NO_ID for what does not exist. */
must_check int refs_read(struct req *r, const char *const *names, size_t n, const char ***ids_out);

/* Points HEAD to the branch. */
must_check int refs_set_head(struct req *r, const char *branch);

#endif
