/* Reading a store for a page or an answer: opened once and remembered by the process, its branches
 * and tags too. What a person gives is looked up as a name, never taken for an option or an
 * expression of Git's. refs/mirrorhub/ never shows. */
#ifndef GIT_VIEW_H
#define GIT_VIEW_H

#include <stddef.h>

#include "base/ctx.h"
#include "git/tips.h"

struct git_odb;
struct git_repository;
struct git_view;

#define GIT_VIEW_STORES 16	 /* that stay open, those used last */
#define GIT_VIEW_IDLE_S 300	 /* after which one is closed: packs that were replaced are freed */
#define GIT_VIEW_TIPS_MAX 200000 /* refs that are remembered of stores besides the one in use */
#define GIT_VIEW_DATES_S 10	 /* to read the times of all refs; those behind have the time 0 */
#define GIT_PREFIX_LEAST 4	 /* digits of an abbreviated id */

/* A store, until the arena closes, and its refs as they are at the first question. git_store_check
 * is asked whenever the folder is another than the remembered one, or has changed. E_NOTFOUND:
 * there is none. E_INTERNAL: as git_store_open. */
must_check int git_view_open(struct ctx *c, const char *dir, struct git_view **out);

struct git_repository *git_view_repo(const struct git_view *view);
struct git_odb *git_view_odb(const struct git_view *view);
const char *git_view_dir(const struct git_view *view);

struct git_rev {
	char commit[41];  /* 40 hex digits */
	const char *name; /* full ref name, bytes; NULL: an id */
	const char *text; /* as URLs say it: a name that leads back here, or all 40 digits */
	enum { GIT_REV_BRANCH = 1, GIT_REV_TAG, GIT_REV_ID } kind;
};

/* A commit by what people call it; in this order: a full ref name; a tag; a branch; "HEAD"; the
 * unique beginning of an id, of a commit or annotated tag, of at least GIT_PREFIX_LEAST digits. All
 * 40 digits are an id or nothing: no ref can take a permalink's place. E_NOTFOUND: no such commit.
 */
must_check int git_view_resolve(
    struct ctx *c, struct git_view *view, const char *text, struct git_rev *out);

/* The same with a path behind, as a URL has it: refs hold slashes, so the longest ref that the text
 * begins with is taken. *path_out: the rest, without empty parts; "" for the root. E_NOTFOUND. */
must_check int git_view_split(struct ctx *c, struct git_view *view, const char *rest,
    struct git_rev *out, const char **path_out);

/* What HEAD names. E_NOTFOUND: it leads to no commit (yet). */
must_check int git_view_head(struct ctx *c, struct git_view *view, struct git_rev *out);

/* All branches, then all tags, each by name in byte order. They live until the arena closes.
 * git_view_tips leaves out what leads to no commit and knows the times, which costs a look at every
 * commit whenever a ref has moved; git_view_refs knows neither. E_INVALID: the store has more than
 * sync.refs refs. */
must_check int git_view_tips(
    struct ctx *c, struct git_view *view, const struct git_view_tip **rows_out, size_t *n_out);
must_check int git_view_refs(
    struct ctx *c, struct git_view *view, const struct git_view_tip **rows_out, size_t *n_out);

/* Of those of git_view_refs the ones that lead to a commit (40 digits): they live as long. */
must_check int git_view_refs_of(struct ctx *c, struct git_view *view, const char *commit,
    const struct git_view_tip *const **rows_out, size_t *n_out);

/* The branches or the tags of git_view_tips, the newest first. */
must_check int git_view_newest(struct ctx *c, struct git_view *view, bool of_tags,
    const struct git_view_tip *const **rows_out, size_t *n_out);

#endif
