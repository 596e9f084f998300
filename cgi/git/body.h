/* The body of a POST as Git's programs want it: plain, or gzip inflated under a cap. A piece is
 * given away only when more follows or the end was reached whole: the last bytes of a body that
 * breaks off, lies about its length or has a wrong checksum never reach a child, so that it cannot
 * take effect (a pack ends in its own checksum). */
#ifndef CGI_GIT_BODY_H
#define CGI_GIT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "web/req.h"

struct body;
struct service;

/* Checks Content-Type and Content-Encoding (415) and the promised length (413). max_bytes counts
 * what comes out of gzip. */
must_check int body_open(
    struct req *r, const struct service *s, int64_t max_bytes, struct body **out);

/* The next piece, in memory that stays until the next call; *len_out 0: that was all. E_INVALID:
 * broken off, broken gzip (400), more than max_bytes (413). May wait for the client. */
must_check int body_next(struct body *b, const char **bytes_out, size_t *len_out);

/* The whole rest. */
must_check int body_whole(struct body *b, struct buf **out);

/* The next body_next gives this first. For what was read to look at. */
void body_unread(struct body *b, const struct buf *bytes);

/* A body that is all of these bytes. */
struct body *body_of(struct req *r, const struct buf *bytes);

#endif
