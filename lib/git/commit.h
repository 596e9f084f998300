/* One commit, as texts. */
#ifndef GIT_COMMIT_H
#define GIT_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_view;

#define GIT_MESSAGE_MAX (1024 * 1024) /* bytes of a message; what is longer is cut */

#define GIT_MESSAGE_ROW_MAX (16 * 1024) /* of a tag, or of one commit among many */

/* Bytes that are no sign of Git's give their whole line as the name, and a time of 0. */
struct git_sign {
	const char *name, *email; /* one line of UTF-8 each, at most GIT_PERSON_MAX bytes */
	int64_t at;		  /* Unix seconds */
	int offset_min;		  /* east of UTC */
};

struct git_commit_info {
	char id[41], tree[41];
	const char (*parents)[41];
	size_t n_parents;
	struct git_sign author, committer;
	const char *subject; /* the lines of the first paragraph, joined by blanks, as git's %s */
	const char *message; /* all of it, without newlines at the end; UTF-8 */
};

/* Texts are read by the commit's encoding header if it is a usual one, else as UTF-8. id: all 40
 * digits. E_NOTFOUND: no such commit. E_INVALID: larger than GIT_COMMIT_MAX. */
must_check int git_commit_read(
    struct ctx *c, struct git_view *view, const char *id, struct git_commit_info *out);

/* As one of a list of many: of the message there are GIT_MESSAGE_ROW_MAX bytes at most. */
must_check int git_commit_read_row(
    struct ctx *c, struct git_view *view, const char *id, struct git_commit_info *out);

/* Its committer's time alone. E_NOTFOUND, E_INVALID. */
must_check int git_commit_date(
    struct ctx *c, struct git_view *view, const char *id, int64_t *at_out);

/* An annotated tag's own texts. */
struct git_tag_info {
	struct git_sign tagger; /* old tags have none: empty texts */
	const char *message;	/* as of a commit; a signature behind it is left out */
};

/* E_NOTFOUND: no such tag. E_INVALID. */
must_check int git_tag_read(
    struct ctx *c, struct git_view *view, const char *id, struct git_tag_info *out);

#endif
