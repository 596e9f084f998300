/* Markdown to HTML: parsed by cmark-gfm, written by a walk over its tree, in which a table says for
 * each kind of node which tags it becomes. Nothing else writes a tag, so the answer holds only what
 * that table knows: raw HTML of the text never comes through (checklists/security.md, X-04). */
#ifndef CGI_RENDER_DRAW_H
#define CGI_RENDER_DRAW_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct link_base;

/* The level of the text's first headings: above are the page's h1 and the title of the box. */
#define DRAW_TOP_LEVEL 3

/* Nodes in nodes. People write less than ten; browsers stop at 512. */
#define DRAW_DEPTH_MAX 100

/* What has to be done before the first text: reads nothing later. */
void draw_start(void);

/* Writes to out. False: the text nests too deeply, or does not fit into out. len bytes of any kind;
 * what is no UTF-8 becomes U+FFFD, bidirectional controls become visible. */
bool draw(
    struct arena *mem, const char *text, size_t len, const struct link_base *base, struct buf *out);

#endif
