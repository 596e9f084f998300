/* Where a link in a README leads: addresses of a repository's own files become addresses of its
 * pages, what browsers would run becomes nothing (checklists/security.md, X-03). Pure text. */
#ifndef CGI_RENDER_LINK_H
#define CGI_RENDER_LINK_H

#include <stdbool.h>

struct arena;

/* What all ids in a rendered text begin with, so that they are none of the page's own. */
#define LINK_ID_PREFIX "readme-"

/* Longer addresses lead nowhere: what makes large documents of small ones has to end. */
#define LINK_URL_MAX 4096
#define LINK_DATA_MAX (32 * 1024)

/* Where the text lies. The pages' addresses are absolute paths without a slash at the end, the
 * folder is a part of an address too; all of them percent-encoded. */
struct link_base {
	const char *blob;   /* "/group/name/blob/REV": of a file; a '/' and its path follow */
	const char *tree;   /* of a folder; alone: the root's */
	const char *raw;    /* of a file's bytes: images */
	const char *folder; /* of the text in the repository, "docs/en"; "" is the root */
};

enum link_kind {
	LINK_NOWHERE = 1, /* blank, or an address that is not shown: the text stays */
	LINK_INSIDE,	  /* an anchor, or a page of ours */
	LINK_OUTSIDE,	  /* http:, https: or //host */
	LINK_MAIL,
};

struct link {
	enum link_kind kind;
	const char *url; /* ASCII, to be escaped for HTML; NULL when it leads nowhere */
};

/* A link's address: relative ones by the folder, those that begin with '/' by the repository's
 * root, never above it; the query is kept; anchors get LINK_ID_PREFIX where the target is rendered
 * too. */
struct link link_of(struct arena *mem, const struct link_base *base, const char *url);

/* The same for an image: its bytes are asked for, and data: of PNG, JPEG, GIF and WebP is inside.
 */
struct link link_of_image(struct arena *mem, const struct link_base *base, const char *url);

/* Whether the name is one of a Markdown file: .md, .markdown, .mdown, .mkd, .mkdn. */
bool link_is_markdown(const char *name);

#endif
