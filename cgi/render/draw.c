#include "cgi/render/draw.h"

#include <cmark-gfm-core-extensions.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "cgi/render/link.h"
#include "cgi/render/slug.h"
#include "cgi/render/text.h"

#define ALT_MAX 1000	 /* bytes of an image's text */
#define HEADING_MAX 1000 /* bytes of a heading that its id is made of */
#define LANGUAGE_MAX 30	 /* characters of a code block's language */

#define OPTIONS (CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8)

static const char *const extensions[] = { "table", "strikethrough", "autolink", "tasklist" };

struct drawing {
	struct arena *mem; /* of one node: emptied for the next */
	struct buf *out;
	const struct link_base *base;
	struct slugs *slugs;
	cmark_iter *iter;
	int depth;
	int level;	 /* of the last heading */
	bool is_in_link; /* there is an <a> open */
	bool has_body;	 /* of the table: there was a row below the head */
	bool is_in_head;
	int column;
};

/* ---- small parts */

static void
add(struct drawing *d, const char *tags)
{
	buf_text(d->out, tags);
}

static void
add_attribute(struct drawing *d, const char *name, const char *value)
{
	buf_char(d->out, ' ');
	buf_text(d->out, name);
	add(d, "=\"");
	text_attribute(d->out, value);
	buf_char(d->out, '"');
}

/* What a node says without its marks: at most max bytes. */
static const char *
words_of(struct drawing *d, cmark_node *node, size_t max)
{
	struct buf *b = buf_new(d->mem, max);
	cmark_iter *iter = cmark_iter_new(node);

	while (cmark_iter_next(iter) != CMARK_EVENT_DONE && !b->full) {
		cmark_node *part = cmark_iter_get_node(iter);

		switch (cmark_node_get_type(part)) {
		case CMARK_NODE_TEXT:
		case CMARK_NODE_CODE:
			buf_text(b, cmark_node_get_literal(part));
			break;
		case CMARK_NODE_SOFTBREAK:
		case CMARK_NODE_LINEBREAK:
			buf_char(b, ' ');
			break;
		default:
			break;
		}
	}
	cmark_iter_free(iter);
	return b->data;
}

/* The node's inside is done: the walk goes on behind it. */
static void
skip_inside(struct drawing *d, cmark_node *node)
{
	cmark_iter_reset(d->iter, node, CMARK_EVENT_EXIT);
	d->depth--;
}

static bool
is_a(cmark_node *node, const char *type)
{
	return str_is_equal(cmark_node_get_type_string(node), type);
}

/* ---- blocks */

/* Without <p> in lists whose items are close together. */
static bool
is_tight(cmark_node *paragraph)
{
	cmark_node *list = cmark_node_parent(cmark_node_parent(paragraph));

	return list != NULL && cmark_node_get_type(list) == CMARK_NODE_LIST &&
	    cmark_node_get_list_tight(list);
}

static void
begin_paragraph(struct drawing *d, cmark_node *node)
{
	if (!is_tight(node))
		add(d, "<p>");
}

static void
end_paragraph(struct drawing *d, cmark_node *node)
{
	add(d, is_tight(node) ? "\n" : "</p>\n");
}

/* Headings leave no level out, so that the page has an order whatever the text does. */
static void
begin_heading(struct drawing *d, cmark_node *node)
{
	int level = cmark_node_get_heading_level(node) + DRAW_TOP_LEVEL - 1;
	const char *slug = slug_of(d->slugs, words_of(d, node, HEADING_MAX));

	d->level = level > d->level + 1 ? d->level + 1 : level;
	if (d->level > 6)
		d->level = 6;
	buf_printf(d->out, "<h%d", d->level);
	if (slug != NULL)
		add_attribute(d, "id", arena_printf(d->mem, LINK_ID_PREFIX "%s", slug));
	add(d, ">");
}

static void
end_heading(struct drawing *d, cmark_node *node)
{
	(void)node;
	buf_printf(d->out, "</h%d>\n", d->level);
}

static void
begin_list(struct drawing *d, cmark_node *node)
{
	int start = cmark_node_get_list_start(node);

	if (cmark_node_get_list_type(node) != CMARK_ORDERED_LIST)
		add(d, "<ul>\n");
	else if (start == 1)
		add(d, "<ol>\n");
	else
		buf_printf(d->out, "<ol start=\"%d\">\n", start);
}

static void
end_list(struct drawing *d, cmark_node *node)
{
	add(d, cmark_node_get_list_type(node) == CMARK_ORDERED_LIST ? "</ol>\n" : "</ul>\n");
}

static void
begin_item(struct drawing *d, cmark_node *node)
{
	if (!is_a(node, "tasklist"))
		add(d, "<li>");
	else if (cmark_gfm_extensions_get_tasklist_item_checked(node))
		add(d,
		    "<li class=\"task\"><input type=\"checkbox\" checked disabled "
		    "aria-label=\"done\"> ");
	else
		add(d,
		    "<li class=\"task\"><input type=\"checkbox\" disabled "
		    "aria-label=\"not done\"> ");
}

/* The language is data for the script that colours, not a class of our style. */
static void
begin_code_block(struct drawing *d, cmark_node *node)
{
	const char *info = cmark_node_get_fence_info(node);
	size_t len = info != NULL ? strspn(info, TEXT_LANGUAGE) : 0;

	add(d, "<pre><code");
	if (len > 0 && len <= LANGUAGE_MAX && strchr(" \t,{", info[len]) != NULL)
		add_attribute(d, "data-language", arena_strndup(d->mem, info, len));
	add(d, ">");
	text_add(d->out, cmark_node_get_literal(node));
	add(d, "</code></pre>\n");
}

/* ---- inline */

static void
begin_text(struct drawing *d, cmark_node *node)
{
	text_add(d->out, cmark_node_get_literal(node));
}

static void
begin_code(struct drawing *d, cmark_node *node)
{
	add(d, "<code>");
	text_add(d->out, cmark_node_get_literal(node));
	add(d, "</code>");
}

static void
open_link(struct drawing *d, const struct link *link, const char *title)
{
	add(d, "<a");
	add_attribute(d, "href", link->url);
	if (link->kind == LINK_OUTSIDE)
		add(d, " rel=\"nofollow noopener ugc\"");
	if (title != NULL && title[0] != '\0')
		add_attribute(d, "title", title);
	add(d, ">");
}

/* A link that leads nowhere is its text; a link in a link cannot be. */
static void
begin_link(struct drawing *d, cmark_node *node)
{
	struct link link = link_of(d->mem, d->base, cmark_node_get_url(node));

	if (link.kind == LINK_NOWHERE || d->is_in_link)
		return;
	open_link(d, &link, cmark_node_get_title(node));
	d->is_in_link = true;
}

static bool
is_inside_link(cmark_node *node)
{
	for (node = cmark_node_parent(node); node != NULL; node = cmark_node_parent(node))
		if (cmark_node_get_type(node) == CMARK_NODE_LINK)
			return true;
	return false;
}

static void
end_link(struct drawing *d, cmark_node *node)
{
	if (!d->is_in_link || is_inside_link(node))
		return;
	add(d, "</a>");
	d->is_in_link = false;
}

/* Images of other hosts would tell them who reads this, and the page's policy forbids them: what
 * is left is a link to the image. */
static void
draw_link_to_image(struct drawing *d, const struct link *link, const char *words)
{
	bool is_linked = link->kind != LINK_NOWHERE && !d->is_in_link;

	if (is_linked)
		open_link(d, link, NULL);
	text_add(d->out, words[0] != '\0' ? words : "image");
	if (is_linked)
		add(d, "</a>");
}

static void
begin_image(struct drawing *d, cmark_node *node)
{
	struct link link = link_of_image(d->mem, d->base, cmark_node_get_url(node));
	const char *title = cmark_node_get_title(node), *words = words_of(d, node, ALT_MAX);

	skip_inside(d, node);
	if (link.kind != LINK_INSIDE) {
		draw_link_to_image(d, &link, words);
		return;
	}
	add(d, "<img");
	add_attribute(d, "src", link.url);
	add_attribute(d, "alt", words);
	if (title != NULL && title[0] != '\0')
		add_attribute(d, "title", title);
	add(d, " loading=\"lazy\">");
}

/* ---- tables */

static void
begin_table(struct drawing *d, cmark_node *node)
{
	(void)node;
	d->has_body = false;
	add(d, "<div class=\"wide\"><table>\n");
}

static void
end_table(struct drawing *d, cmark_node *node)
{
	(void)node;
	add(d, d->has_body ? "</tbody>\n</table></div>\n" : "</table></div>\n");
}

static void
begin_row(struct drawing *d, cmark_node *node)
{
	d->is_in_head = cmark_gfm_extensions_get_table_row_is_header(node) != 0;
	d->column = 0;
	if (d->is_in_head)
		add(d, "<thead>\n");
	else if (!d->has_body)
		add(d, "<tbody>\n");
	d->has_body = d->has_body || !d->is_in_head;
	add(d, "<tr>");
}

static void
end_row(struct drawing *d, cmark_node *node)
{
	(void)node;
	add(d, d->is_in_head ? "</tr>\n</thead>\n" : "</tr>\n");
}

static const char *
side_of(struct drawing *d, cmark_node *cell)
{
	cmark_node *table = cmark_node_parent(cmark_node_parent(cell));
	const uint8_t *sides = cmark_gfm_extensions_get_table_alignments(table);

	if (sides == NULL || d->column >= cmark_gfm_extensions_get_table_columns(table))
		return NULL;
	switch (sides[d->column]) {
	case 'c':
		return "middle";
	case 'r':
		return "right";
	default:
		return NULL;
	}
}

/* A heading without words is no heading. */
static bool
is_head_cell(const struct drawing *d, cmark_node *node)
{
	return d->is_in_head && cmark_node_first_child(node) != NULL;
}

static void
begin_cell(struct drawing *d, cmark_node *node)
{
	const char *side = side_of(d, node);

	add(d, is_head_cell(d, node) ? "<th scope=\"col\"" : "<td");
	if (side != NULL)
		add_attribute(d, "class", side);
	add(d, ">");
}

static void
end_cell(struct drawing *d, cmark_node *node)
{
	add(d, is_head_cell(d, node) ? "</th>" : "</td>");
	d->column++;
}

/* ---- the kinds of nodes */

struct kind {
	const char *type;	 /* as cmark calls it */
	const char *open, *shut; /* NULL: by the functions, if any */
	void (*begin)(struct drawing *d, cmark_node *node);
	void (*end)(struct drawing *d, cmark_node *node);
	bool is_leaf; /* cmark tells of no end */
};

/* What is not here is left out with all its text: html_block, html_inline. */
/* clang-format off */
static const struct kind kinds[] = {
	{ "document" },
	{ "text",           NULL,             NULL,              begin_text, .is_leaf = true },
	{ "paragraph",      NULL,             NULL,              begin_paragraph, end_paragraph },
	{ "softbreak",      "\n",             .is_leaf = true },
	{ "link",           NULL,             NULL,              begin_link, end_link },
	{ "code",           NULL,             NULL,              begin_code, .is_leaf = true },
	{ "strong",         "<strong>",       "</strong>" },
	{ "emph",           "<em>",           "</em>" },
	{ "item",           NULL,             "</li>\n",         begin_item },
	{ "tasklist",       NULL,             "</li>\n",         begin_item },
	{ "list",           NULL,             NULL,              begin_list, end_list },
	{ "heading",        NULL,             NULL,              begin_heading, end_heading },
	{ "code_block",     NULL,             NULL,              begin_code_block, .is_leaf = true },
	{ "image",          NULL,             NULL,              begin_image },
	{ "table_cell",     NULL,             NULL,              begin_cell, end_cell },
	{ "table_row",      NULL,             NULL,              begin_row, end_row },
	{ "table_header",   NULL,             NULL,              begin_row, end_row },
	{ "table",          NULL,             NULL,              begin_table, end_table },
	{ "block_quote",    "<blockquote>\n", "</blockquote>\n" },
	{ "linebreak",      "<br>\n",         .is_leaf = true },
	{ "strikethrough",  "<del>",          "</del>" },
	{ "thematic_break", "<hr>\n",         .is_leaf = true },
	{ NULL }
};
/* clang-format on */

static const struct kind *
kind_of(cmark_node *node)
{
	const char *type = cmark_node_get_type_string(node);
	const struct kind *k = kinds;

	while (k->type != NULL && strcmp(k->type, type) != 0)
		k++;
	return k->type != NULL ? k : NULL;
}

static void
begin(struct drawing *d, const struct kind *k, cmark_node *node)
{
	arena_reset(d->mem);
	if (!k->is_leaf)
		d->depth++;
	if (k->open != NULL)
		add(d, k->open);
	if (k->begin != NULL)
		k->begin(d, node);
}

static void
end(struct drawing *d, const struct kind *k, cmark_node *node)
{
	d->depth--;
	if (k->shut != NULL)
		add(d, k->shut);
	if (k->end != NULL)
		k->end(d, node);
}

static bool
walk(struct drawing *d)
{
	cmark_event_type event;

	while ((event = cmark_iter_next(d->iter)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(d->iter);
		const struct kind *k = kind_of(node);

		if (k != NULL && event == CMARK_EVENT_ENTER)
			begin(d, k, node);
		else if (k != NULL)
			end(d, k, node);
		if (d->out->full || d->depth > DRAW_DEPTH_MAX)
			return false;
	}
	return true;
}

/* ---- cmark */

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		exit(EX_OSERR); /* as the arena does */
	}
	return p;
}

static void *
must_calloc(size_t n, size_t size)
{
	return must(calloc(n, size));
}

static void *
must_realloc(void *p, size_t size)
{
	return must(realloc(p, size));
}

/* cmark's own would abort. */
static cmark_mem memory = { must_calloc, must_realloc, free };

void
draw_start(void)
{
	cmark_gfm_core_extensions_ensure_registered();
}

static void
close_parser(void *parser)
{
	cmark_parser_free(parser);
}

static void
close_tree(void *tree)
{
	cmark_node_free(tree);
}

static void
close_iter(void *iter)
{
	cmark_iter_free(iter);
}

static void
close_scratch(void *mem)
{
	arena_free(mem);
}

static struct arena *
open_scratch(struct arena *mem)
{
	struct arena *scratch = arena_new();

	arena_defer(mem, close_scratch, scratch);
	return scratch;
}

static cmark_node *
parse(struct arena *mem, const char *text, size_t len)
{
	cmark_parser *parser = cmark_parser_new_with_mem(OPTIONS, &memory);
	cmark_node *tree;

	arena_defer(mem, close_parser, parser);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		cmark_parser_attach_syntax_extension(
		    parser, cmark_find_syntax_extension(extensions[i]));
	cmark_parser_feed(parser, text, len);
	tree = cmark_parser_finish(parser);
	arena_defer(mem, close_tree, tree);
	return tree;
}

bool
draw(struct arena *mem, const char *text, size_t len, const struct link_base *base, struct buf *out)
{
	struct drawing d = { .mem = open_scratch(mem),
		.out = out,
		.base = base,
		.slugs = slugs_new(mem),
		.iter = cmark_iter_new(parse(mem, text, len)),
		.level = DRAW_TOP_LEVEL - 1 };

	arena_defer(mem, close_iter, d.iter);
	return walk(&d);
}
