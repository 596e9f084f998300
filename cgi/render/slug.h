/* Ids of headings: as the large forges make them, so that links in texts written for those work
 * here. */
#ifndef CGI_RENDER_SLUG_H
#define CGI_RENDER_SLUG_H

struct arena;
struct slugs;

/* Characters; a longer heading has an id of its beginning. */
#define SLUG_MAX 100

/* The ids of one text. */
struct slugs *slugs_new(struct arena *mem);

/* An id no other heading has got here: lower case, blanks as '-', without punctuation but '-' and
 * '_'; the second "usage" is "usage-1". NULL when nothing is left of the heading. text is UTF-8;
 * which characters are letters is the locale's (LC_CTYPE). */
const char *slug_of(struct slugs *s, const char *text);

#endif
