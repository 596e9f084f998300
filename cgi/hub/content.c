#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/hub/content.h"
#include "core/find_commit.h"
#include "core/project.h"
#include "git/log.h"

#define ENTRIES_MOST 200000 /* of one folder: bounds the answer */
#define LIMIT_DEFAULT 40
#define LOOK_BYTES 1024 /* of a file, to see whether it is text */

/* ---- what is asked for */

static int
find_rev(struct req *r, struct git_view **view_out, struct git_rev *out)
{
	const char *ref = req_param(r, "ref");
	int code;

	TRY(project_open_view(r->ctx, r->project, view_out));
	code = git_view_resolve(r->ctx, *view_out, ref, out);
	if (code == E_NOTFOUND)
		return fail(r->ctx, E_NOTFOUND, "unknown branch or tag: '%s'", ref);
	return code;
}

int
list_hub_refs(struct req *r)
{
	struct git_view *view;
	const struct git_view_tip *rows;
	size_t n;

	TRY(project_open_view(r->ctx, r->project, &view));
	TRY(git_view_refs(r->ctx, view, &rows, &n));
	hub_shape_refs(r, rows, n);
	return OK;
}

/* ---- folders and files */

/* The rest of a path as Git has it: without slashes in front, behind and doubled. */
static const char *
clean_path(struct req *r)
{
	const char *rest = r->params[2].name != NULL ? req_param(r, "rest") : "";
	struct buf *b = buf_new(r->ctx->mem, strlen(rest) + 1);

	while (*rest != '\0') {
		size_t slashes = strspn(rest, "/"), len = strcspn(rest + slashes, "/");

		if (len > 0 && b->len > 0)
			buf_char(b, '/');
		buf_add(b, rest + slashes, len);
		rest += slashes + len;
	}
	return b->data;
}

static int
no_such_path(struct req *r, const char *path)
{
	return fail(
	    r->ctx, E_NOTFOUND, "'%s' not found", str_utf8(r->ctx->mem, path, strlen(path)));
}

static int
too_large(struct req *r, int64_t size, const char *what)
{
	r->status = 413;
	hub_shape_too_large(r, arena_printf(r->ctx->mem, "%s is too large for JSON", what), size);
	return OK;
}

static int
show_folder(struct req *r, struct git_view *view, const struct content *content)
{
	struct git_folder folder;

	TRY(git_folder_read(
	    r->ctx, view, content->entry.id, GIT_ORDER_STORED, 0, ENTRIES_MOST, &folder));
	if (folder.n < folder.all)
		return too_large(r, (int64_t)folder.all, "the folder");
	hub_shape_folder(r, content, &folder);
	return OK;
}

/* Whether fewer than four bytes are the beginning of one character. */
static bool
is_cut_character(const char *bytes, size_t len)
{
	unsigned char lead = (unsigned char)bytes[0];
	size_t needs = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (lead < 0xc2 || lead > 0xf4 || len >= needs)
		return false;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Whether the beginning is UTF-8 without NUL; a character that the look ends in is forgiven. */
static bool
looks_like_utf8(const struct git_blob *blob)
{
	size_t len = blob->size_bytes < LOOK_BYTES ? (size_t)blob->size_bytes : LOOK_BYTES;
	size_t i = 0, n;

	if (memchr(blob->bytes, '\0', len) != NULL)
		return false;
	while (i < len && (n = str_utf8_len(blob->bytes + i, len - i)) > 0)
		i += n;
	return i == len || (len == LOOK_BYTES && is_cut_character(blob->bytes + i, len - i));
}

static int
show_file(struct req *r, struct git_view *view, const struct content *content)
{
	struct git_blob blob;

	TRY(git_blob_read(r->ctx, view, content->entry.id, r->ctx->conf->hub_blob_bytes, &blob));
	if (blob.bytes == NULL)
		return too_large(r, blob.size_bytes, "the file");
	hub_shape_file(r, content, &blob, looks_like_utf8(&blob));
	return OK;
}

static int
show_content(struct req *r, bool is_old)
{
	struct ctx *c = r->ctx;
	struct content content = { .is_old = is_old, .path = clean_path(r) };
	struct git_view *view;
	int code;

	TRY(find_rev(r, &view, &content.rev));
	code = git_entry_find(c, view, content.rev.commit, content.path, &content.entry);
	if (code == E_NOTFOUND)
		return no_such_path(r, content.path);
	TRY(code);
	TRY(git_commit_read(c, view, content.rev.commit, &content.commit));
	content.ref = is_old && content.rev.name != NULL ? content.rev.name : req_param(r, "ref");
	if (content.entry.kind == GIT_FOLDER)
		return show_folder(r, view, &content);
	if (content.entry.kind != GIT_SUBMODULE)
		return show_file(r, view, &content);
	if (is_old) /* which knew nothing of them */
		return no_such_path(r, content.path);
	hub_shape_submodule(r, &content);
	return OK;
}

int
show_hub_ref(struct req *r)
{
	return show_content(r, true);
}

int
show_hub_refs(struct req *r)
{
	return show_content(r, false);
}

/* ---- commits */

int
show_hub_commit(struct req *r)
{
	struct git_view *view;
	struct git_rev rev;
	struct git_commit_info commit;
	const char *text = req_param(r, "ref");
	int code;

	TRY(project_open_view(r->ctx, r->project, &view));
	code = git_view_resolve(r->ctx, view, text, &rev);
	if (code == E_NOTFOUND)
		return fail(r->ctx, E_NOTFOUND, "commit '%s' not found", text);
	TRY(code);
	TRY(git_commit_read(r->ctx, view, rev.commit, &commit));
	buf_text(r->out, "{\"commit\":");
	hub_shape_commit(r, &commit);
	buf_char(r->out, '}');
	return OK;
}

int
hub_read_number(struct req *r, const char *name, int64_t missing, int64_t *out)
{
	const char *text = req_query(r, name);

	*out = missing;
	if (text == NULL || !str_is_int(text, out))
		return OK;
	if (*out >= 0)
		return OK;
	return fail(r->ctx, E_INVALID, "%s is 0 or more", name);
}

/* Behind the last one there is nothing, and that is no failure. */
static int
read_log(struct req *r, struct git_view *view, const struct git_rev *rev, struct hub_log *out)
{
	struct git_log log = { 0 };
	int code = git_log(r->ctx, git_view_repo(view), rev->commit, (size_t)out->offset,
	    (size_t)out->limit, &log);

	if (code != OK && code != E_NOTFOUND)
		return code;
	out->rows = arena_new_array(r->ctx->mem, struct git_commit_info, log.n);
	out->n = log.n;
	for (size_t i = 0; i < log.n; i++)
		TRY(git_commit_read_row(r->ctx, view, log.ids[i], &out->rows[i]));
	return OK;
}

int
list_hub_commits(struct req *r)
{
	struct hub_log log = { .branch = req_param(r, "ref") };
	struct git_view *view;
	struct git_rev rev;

	TRY(hub_read_number(r, "limit", LIMIT_DEFAULT, &log.limit));
	TRY(hub_read_number(r, "offset", 0, &log.offset));
	if (log.limit == 0 || log.limit > GIT_LOG_MOST)
		log.limit = GIT_LOG_MOST;
	TRY(find_rev(r, &view, &rev));
	TRY(read_log(r, view, &rev, &log));
	hub_shape_log(r, &log);
	return OK;
}

/* In whichever repository has it. */
int
find_hub_commit(struct req *r)
{
	struct ctx *c = r->ctx;
	struct found_commit found;
	struct project p;
	struct account asker;
	struct git_view *view;
	struct git_commit_info commit;
	int code = find_commit(c, &r->account, req_param(r, "id"), &found);

	if (code == OK)
		code = project_by_path(c, &r->claim, found.path, &asker, &p);
	if (code == E_NOTFOUND)
		return fail(c, E_NOTFOUND, "Commit '%s' not found.", req_param(r, "id"));
	TRY(code);
	TRY(project_open_view(c, &p, &view));
	TRY(git_commit_read(c, view, found.id, &commit));
	buf_text(r->out, "{\"repository\":");
	hub_shape_repo(r, &p);
	buf_text(r->out, ",\"commit\":");
	hub_shape_commit(r, &commit);
	buf_char(r->out, '}');
	return OK;
}
