/* The fingerprint by which grokmirror's lists tell whether a repository has changed: SHA-1 of what
 * `git show-ref` prints. */
#ifndef GIT_LISTING_H
#define GIT_LISTING_H

#include "git/refs.h"

#define GIT_LISTING_BYTES 20

/* Of these refs, by name, without HEAD. E_NOTFOUND: there are none, and no fingerprint. */
must_check int git_listing_of_refs(
    struct ctx *c, const struct git_refs *refs, unsigned char out[GIT_LISTING_BYTES]);

/* Of a store: all its refs but refs/mirrorhub/, loose ones too. E_NOTFOUND as above. git_init comes
 * first. */
must_check int git_listing_of_store(
    struct ctx *c, const char *store_dir, unsigned char out[GIT_LISTING_BYTES]);

#endif
