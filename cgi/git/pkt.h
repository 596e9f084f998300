/* Git's pkt-lines: four hex digits of length, themselves included, then the bytes. */
#ifndef CGI_GIT_PKT_H
#define CGI_GIT_PKT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

#define PKT_HEAD_BYTES 4
#define PKT_MAX_BYTES 65520

/* The length of the pkt-line at text, of which `available` bytes are there: 0 for a flush, 4 to
 * PKT_MAX_BYTES, PKT_MORE when its four digits are not all there, PKT_BAD for anything else. */
enum { PKT_FLUSH = 0, PKT_BAD = -1, PKT_MORE = -2 };
int pkt_length(const char *text, size_t available);

/* Text of which the last byte may be a newline that does not count. */
char *pkt_strndup(struct arena *mem, const char *text, size_t len);

/* Goes through the lines of a request that is there whole. */
struct pkt_reader {
	struct arena *mem;
	const char *at;
	size_t left;
};

/* Delimiters are of protocol version 2. */
enum pkt_kind { PKT_IS_BAD, PKT_IS_TEXT, PKT_IS_FLUSH, PKT_IS_DELIMITER };

/* The next line as text, without its newline; a NUL in it ends it. */
enum pkt_kind pkt_next(struct pkt_reader *r, char **text_out);

/* A line behind the command of version 2 that changes nothing for us: the client's name, and the
 * one kind of ids that we have. */
bool pkt_is_plain_word(const char *text);

/* The four digits; the caller adds len bytes. */
void pkt_begin(struct buf *b, size_t len);

void pkt_add(struct buf *b, const void *bytes, size_t len);
void pkt_text(struct buf *b, const char *text);
void pkt_flush(struct buf *b);

#endif
