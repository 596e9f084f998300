/* What is in repositories, as the Hub shows it: refs, folders and files in two dialects, commits
 * (contracts/hpr-and-hub.md B4). */
#ifndef CGI_HUB_CONTENT_H
#define CGI_HUB_CONTENT_H

#include "cgi/hub/hub.h"
#include "git/commit.h"
#include "git/tree.h"
#include "git/view.h"

/* A folder, file or submodule of a commit. */
struct content {
	bool is_old;	  /* /ref/, the dialect of the seed; else /refs/ */
	const char *ref;  /* as the answer says it */
	const char *path; /* bytes; "" for the root */
	struct git_rev rev;
	struct git_entry entry;
	struct git_commit_info commit;
};

struct hub_log {
	const char *branch;
	int64_t limit, offset;
	struct git_commit_info *rows;
	size_t n;
};

/* ---- what it looks like (shape_content.c) */

/* {"refs":[…],"branches":[…],"tags":[…]}: the highest name first. */
void hub_shape_refs(struct req *r, const struct git_view_tip *rows, size_t n);

void hub_shape_folder(
    struct req *r, const struct content *content, const struct git_folder *folder);
void hub_shape_file(struct req *r, const struct content *content, const struct git_blob *blob,
    bool looks_like_utf8);
void hub_shape_submodule(struct req *r, const struct content *content);

/* The COMMIT object. */
void hub_shape_commit(struct req *r, const struct git_commit_info *commit);

void hub_shape_log(struct req *r, const struct hub_log *log);

/* {"error":{…,"size":…}} */
void hub_shape_too_large(struct req *r, const char *message, int64_t size);

#endif
