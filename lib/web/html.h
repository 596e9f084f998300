/* HTML into a buffer: what is printed is escaped unless it is the literal format itself. */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include <stddef.h>

#include "base/buf.h"

/* printf with %s, %d, %ld and %% alone; anything else is a bug and ends the program. Every %s is
 * escaped (& < > " ') and is at home in text and in quoted attributes, nowhere else: not in a URL's
 * middle (web/url.h makes those), a script or a style, which no page has. Bytes that are not UTF-8,
 * and control bytes that HTML forbids, become U+FFFD. NULL is a bug. */
void html(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for len bytes, which may hold anything. */
void html_bytes(struct buf *b, const char *bytes, size_t len);

/* A text from Git or from people, where one wants to see what one cannot see: characters that
 * change the direction of the text, take no room or control a terminal stand as
 * <span class="mark">U+202E</span> (checklists X-10). For text, not for attributes. */
void html_marked(struct buf *b, const char *text);

/* The same for a line of a file, without its newline: tabs stay, and it may hold anything. */
void html_code(struct buf *b, const char *bytes, size_t len);

/* The same for many lines with their newlines; of CR LF the newline alone. */
void html_lines(struct buf *b, const char *bytes, size_t len);

/* HTML that somebody who knows has made or cleaned: nothing else makes one. */
struct safe_html {
	const char *text;
	size_t len;
};

void html_safe(struct buf *b, struct safe_html safe);

#endif
