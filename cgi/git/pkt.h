/* Git's pkt-lines: four hex digits of length, themselves included, then the bytes. */
#ifndef CGI_GIT_PKT_H
#define CGI_GIT_PKT_H

#include <stddef.h>

struct buf;

#define PKT_HEAD_BYTES 4
#define PKT_MAX_BYTES 65520

/* The length of the pkt-line at text, of which `available` bytes are there: 0 for a flush, 4 to
 * PKT_MAX_BYTES, PKT_MORE when its four digits are not all there, PKT_BAD for anything else. */
enum { PKT_FLUSH = 0, PKT_BAD = -1, PKT_MORE = -2 };
int pkt_length(const char *text, size_t available);

/* The four digits; the caller adds len bytes. */
void pkt_begin(struct buf *b, size_t len);

void pkt_add(struct buf *b, const void *bytes, size_t len);
void pkt_text(struct buf *b, const char *text);
void pkt_flush(struct buf *b);

#endif
