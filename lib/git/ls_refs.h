/* What an upstream lists, read as it comes, in pieces of any size: an answer to ls-refs (protocol
 * version 2) or an advertisement over HTTP (version 0). The fingerprint is that of
 * git_advert_read and git_refs_fingerprint for the same refs, whichever way they were told. */
#ifndef GIT_LS_REFS_H
#define GIT_LS_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/filter.h"

struct git_ls_refs;

/* The body of a request, in the arena: HEAD and what the filter could take (NULL: branches and
 * tags), symbolic refs told. Peeled ids are not asked for: no fingerprint has them. */
const char *git_ls_refs_request(struct ctx *c, const struct git_filter *filter);

/* is_advert: an advertisement comes, with its service line. Behind git_init; in the arena of c,
 * which grows with the refs that are taken. */
struct git_ls_refs *git_ls_refs_new(
    struct ctx *c, bool is_advert, const struct git_filter *filter, int64_t refs_most);

/* More bytes. Codes as git_advert_read, but for the limit on bytes, which who feeds them has. */
must_check int git_ls_refs_feed(struct git_ls_refs *l, const char *bytes, size_t len);

/* It was the list of capabilities of version 2: the refs have to be asked for. */
bool git_ls_refs_is_v2_advert(const struct git_ls_refs *l);

/* There is nothing more. The refs' fingerprint in the arena. E_INVALID: the list was cut off, or
 * was none. */
must_check int git_ls_refs_end(struct git_ls_refs *l, const char **fingerprint_out);

#endif
