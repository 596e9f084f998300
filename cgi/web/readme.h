/* Texts of a repository shown as pages: READMEs and other Markdown. Strangers write them, so a
 * child without rights makes the HTML (cgi/render); what it made is kept, so that a text is read
 * and rendered once. */
#ifndef CGI_WEB_README_H
#define CGI_WEB_README_H

#include <stdbool.h>
#include <stddef.h>

#include "web/html.h"
#include "web/req.h"

/* Larger texts are shown as they are (checklists/security.md, F-18). */
#define README_TEXT_MAX (256 * 1024)

/* Whether `name` is the README to show of a folder whose best so far is `best` (NULL: none yet).
 * README.md is better than README, that than README.txt and other endings; in any case. Names are
 * bytes. Folders and links to elsewhere are not asked about. */
bool readme_is_better(const char *name, const char *best);

/* Whether a file of this name is rendered; others are shown as they are. */
bool readme_is_markdown(const char *name);

/* A text in the project that the route loaded. */
struct readme {
	const char *rev;    /* as addresses say it: links lead to the same */
	const char *folder; /* that it lies in; "" is the root; bytes */
	const char *blob;   /* its id */
};

enum readme_state {
	README_RENDERED = 1,
	README_PLAIN,	/* it cannot be rendered within the limits: show the source */
	README_UNKNOWN, /* of readme_find alone: nobody has rendered it yet */
};

/* What is kept of it. README_UNKNOWN: read the blob, then call readme_render. */
enum readme_state readme_find(struct req *r, const struct readme *readme, struct safe_html *out);

/* Renders the text, or waits for someone who does, and keeps what came of it. Never fails:
 * whatever goes wrong, README_PLAIN is the answer, and out is untouched. At most a few seconds. */
enum readme_state readme_render(struct req *r, const struct readme *readme, const char *text,
    size_t len, struct safe_html *out);

#endif
