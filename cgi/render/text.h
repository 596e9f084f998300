/* Text of strangers in HTML: nothing of it is markup, and every character is one that may stand in
 * a page. */
#ifndef CGI_RENDER_TEXT_H
#define CGI_RENDER_TEXT_H

struct buf;

/* What the name of a code block's language is made of. */
#define TEXT_LANGUAGE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+#-_."

/* Text between tags. What is no UTF-8 and control characters become U+FFFD, CR nothing; those that
 * turn the direction of writing, which hide what is there, become a mark that names them. */
void text_add(struct buf *b, const char *text);

/* The same between the double quotes of an attribute, where a mark cannot stand: they become
 * U+FFFD. */
void text_attribute(struct buf *b, const char *text);

#endif
