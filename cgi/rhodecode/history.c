/* What is in a repository: nodes, files, changesets (contract 3.4, 3.6, 3.7). */
#include <string.h>
#include <time.h>

#include "base/js.h"
#include "base/str.h"
#include "cgi/rhodecode/repo.h"
#include "core/project.h"
#include "git/history.h"
#include "git/nodes.h"

#define FILE_MOST_BYTES (10 * 1024 * 1024)

/* A project's history; one without commits, or a mirror that is not yet cloned, has none. */
static int
open_history(struct req *r, struct git_history *out)
{
	if (!project_is_cloned(r->project))
		return fail(r->ctx, E_NOTFOUND, "it is not yet cloned");
	return rhodecode_history(r, r->project->store_id, out);
}

/* ---- get_repo_nodes */

struct nodes {
	const struct rpc_ref *repoid;
	const char *revision, *root_path, *ret_type;
};

const struct rpc_arg nodes_in[] = {
	RPC_ARG(nodes, repoid, RPC_NEED, "repo", "repo_name"),
	RPC_ARG(nodes, revision, RPC_NEED),
	RPC_ARG(nodes, root_path, RPC_NEED),
	RPC_ARG(nodes, ret_type, 0),
	{ 0 },
};

/* 0 for a word that is none. */
static unsigned
kinds_of(const char *ret_type)
{
	if (ret_type == NULL || strcmp(ret_type, "all") == 0)
		return GIT_DIRS | GIT_FILES;
	if (strcmp(ret_type, "dirs") == 0)
		return GIT_DIRS;
	return strcmp(ret_type, "files") == 0 ? GIT_FILES : 0;
}

int
list_repo_nodes(struct req *r)
{
	const struct nodes *in = r->in;
	const unsigned kinds = kinds_of(in->ret_type);
	char id[GIT_ID_CHARS + 1];
	struct git_history h;
	struct git_node *rows;
	size_t n;

	if (kinds == 0)
		return rpc_say(r, E_INVALID, "ret_type must be one of all,dirs,files");
	TRY(open_history(r, &h));
	TRY(git_history_find(r->ctx, &h, in->revision, id));
	TRY(git_nodes(r->ctx, h.repo, id, in->root_path, kinds, &rows, &n));
	buf_char(r->out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_text(r->out, i > 0 ? ",{\"name\":" : "{\"name\":");
		js_text(r->out, rows[i].path);
		buf_printf(r->out, ",\"type\":\"%s\"}", rows[i].is_dir ? "dir" : "file");
	}
	buf_char(r->out, ']');
	return OK;
}

/* ---- get_repo_file */

struct file {
	const struct rpc_ref *repoid;
	const char *commit_id, *file_path;
	const int64_t *max_file_bytes;
	const char *details;
};

const struct rpc_arg file_in[] = {
	RPC_ARG(file, repoid, RPC_NEED, "repo", "repo_name"),
	RPC_ARG(file, commit_id, RPC_NEED, "revision"),
	RPC_ARG(file, file_path, RPC_NEED),
	RPC_ARG(file, max_file_bytes, 0),
	RPC_ARG(file, details, 0),
	{ 0 },
};

enum details { DETAILS_MINIMAL = 1, DETAILS_BASIC, DETAILS_FULL };

static int
details_of(struct req *r, const char *text, enum details *out)
{
	static const char *const words[] = {
		[DETAILS_MINIMAL] = "minimal", [DETAILS_BASIC] = "basic", [DETAILS_FULL] = "full"
	};

	*out = DETAILS_BASIC;
	if (text == NULL)
		return OK;
	for (int i = DETAILS_MINIMAL; i <= DETAILS_FULL; i++)
		if (strcmp(words[i], text) == 0) {
			*out = (enum details)i;
			return OK;
		}
	return rpc_say(r, E_INVALID, "details must be one of minimal,basic,full");
}

static int64_t
most_bytes(const int64_t *asked)
{
	if (asked == NULL || *asked < 0 || *asked > FILE_MOST_BYTES)
		return FILE_MOST_BYTES;
	return *asked;
}

static const char *
extension(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');

	return dot != NULL && (slash == NULL || dot > slash + 1) && dot != path ? dot + 1 : "";
}

/* null where the file was too large to look into. */
static void
add_lines(struct req *r, const struct git_file *f)
{
	int64_t lines = 0;

	rhodecode_member(r, "lines");
	if (f->bytes == NULL) {
		buf_text(r->out, "null");
		return;
	}
	for (int64_t i = 0; i < f->size_bytes; i++)
		lines += f->bytes[i] == '\n';
	if (f->size_bytes > 0 && f->bytes[f->size_bytes - 1] != '\n')
		lines++;
	buf_int(r->out, lines);
}

/* Text alone: what is binary, or above the limit, is null. */
static void
add_content(struct req *r, const struct git_file *f)
{
	rhodecode_member(r, "content");
	if (f->bytes == NULL || f->is_binary)
		buf_text(r->out, "null");
	else
		js_text(r->out, str_utf8(r->ctx->mem, f->bytes, (size_t)f->size_bytes));
}

static void
add_file(struct req *r, const struct git_file *f, enum details details)
{
	buf_text(r->out, "{\"name\":");
	js_text(r->out, f->path);
	buf_text(r->out, ",\"type\":\"file\"");
	if (details >= DETAILS_BASIC) {
		buf_printf(r->out,
		    ",\"size\":%lld,\"binary\":%s,\"extension\":", (long long)f->size_bytes,
		    f->is_binary ? "true" : "false");
		js_text(r->out, extension(f->path));
		add_lines(r, f);
	}
	if (details == DETAILS_FULL)
		add_content(r, f);
	buf_char(r->out, '}');
}

static int
no_file(struct req *r, int code)
{
	const struct file *in = r->in;

	if (code != E_NOTFOUND)
		return code;
	return rpc_say(r, code, "There is no file in repo: `%s` at path `%s` for commit: `%s`",
	    r->project->path, in->file_path, in->commit_id);
}

int
show_repo_file(struct req *r)
{
	const struct file *in = r->in;
	char id[GIT_ID_CHARS + 1];
	enum details details;
	struct git_history h;
	struct git_file f;

	TRY(details_of(r, in->details, &details));
	TRY(no_file(r, open_history(r, &h)));
	TRY(no_file(r, git_history_find(r->ctx, &h, in->commit_id, id)));
	TRY(no_file(r,
	    git_file_read(r->ctx, h.repo, id, in->file_path, most_bytes(in->max_file_bytes), &f)));
	add_file(r, &f, details);
	return OK;
}

/* ---- get_changesets */

struct changesets {
	const struct rpc_ref *repoid;
	const char *start, *end, *start_date, *end_date, *branch_name;
	const bool *reverse, *with_file_list;
	const int64_t *max_revisions;
};

const struct rpc_arg changesets_in[] = {
	RPC_ARG(changesets, repoid, RPC_NEED, "repo", "repo_name"),
	RPC_ARG(changesets, start, 0),
	RPC_ARG(changesets, end, 0),
	RPC_ARG(changesets, start_date, 0),
	RPC_ARG(changesets, end_date, 0),
	RPC_ARG(changesets, branch_name, 0),
	RPC_ARG(changesets, reverse, 0),
	RPC_ARG(changesets, with_file_list, 0),
	RPC_ARG(changesets, max_revisions, 0),
	{ 0 },
};

/* "YYYY-MM-DDTHH:MM:SS" in the server's zone; NULL stays NULL. */
static int
time_of(struct req *r, const char *text, const int64_t **out)
{
	int64_t *at = arena_new_of(r->ctx->mem, int64_t);
	struct tm tm = { .tm_isdst = -1 };
	const char *end;

	*out = NULL;
	if (text == NULL || text[0] == '\0')
		return OK;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || *end != '\0')
		return fail(r->ctx, E_INVALID, "a date is YYYY-MM-DDTHH:MM:SS");
	*at = (int64_t)mktime(&tm);
	*out = at;
	return OK;
}

/* The id of a revision that may not be given: NULL then. */
static int
id_of(struct req *r, const struct git_history *h, const char *text, const char **out)
{
	char *id = arena_alloc(r->ctx->mem, GIT_ID_CHARS + 1);

	*out = NULL;
	if (text == NULL || text[0] == '\0')
		return OK;
	TRY(git_history_find(r->ctx, h, text, id));
	*out = id;
	return OK;
}

static int
range_of(struct req *r, const struct git_history *h, struct git_range *out)
{
	const struct changesets *in = r->in;
	char *branch = arena_alloc(r->ctx->mem, GIT_ID_CHARS + 1);

	*out = (struct git_range){ .most = in->max_revisions != NULL ? *in->max_revisions : 0 };
	TRY(id_of(r, h, in->start, &out->first_id));
	TRY(id_of(r, h, in->end, &out->last_id));
	TRY(time_of(r, in->start_date, &out->since));
	TRY(time_of(r, in->end_date, &out->until));
	if (in->branch_name == NULL || in->branch_name[0] == '\0')
		return OK;
	TRY(git_history_branch(r->ctx, h, in->branch_name, branch));
	out->branch_id = branch;
	return OK;
}

static int
add_changeset(struct req *r, const struct git_history *h, const char *id)
{
	const struct changesets *in = r->in;
	struct git_changeset row;

	TRY(git_history_read(r->ctx, h, id, &row));
	rhodecode_changeset_open(r, &row, false);
	if (rhodecode_bool(in->with_file_list, false)) {
		TRY(git_history_files(r->ctx, h, &row));
		rhodecode_changeset_files(r, &row);
	}
	buf_char(r->out, '}');
	if (r->out->full)
		return fail(r->ctx, E_INVALID, "that is more than one answer holds");
	return OK;
}

static int
add_changesets(struct req *r, const struct git_history *h, const char *ids, size_t n)
{
	const struct changesets *in = r->in;
	const bool is_reversed = rhodecode_bool(in->reverse, false);
	struct ctx *whole = r->ctx, turn = *r->ctx;
	int code = OK;

	for (size_t i = 0; i < n && code == OK; i++) {
		size_t at = is_reversed ? n - 1 - i : i;

		buf_text(r->out, i > 0 ? "," : "");
		turn.mem = arena_new(); /* each with memory of its own */
		r->ctx = &turn;
		code = add_changeset(
		    r, h, arena_strndup(turn.mem, ids + at * (GIT_ID_CHARS + 1), GIT_ID_CHARS));
		r->ctx = whole;
		if (code != OK)
			fail(whole, code, "%s", arena_strdup(whole->mem, turn.reason));
		arena_free(turn.mem);
	}
	return code;
}

int
list_changesets(struct req *r)
{
	struct git_history h;
	struct git_range range;
	const char *ids;
	size_t n;
	int code = open_history(r, &h);

	if (code == E_NOTFOUND)
		return rpc_say(r, code, "Repository is empty");
	TRY(code);
	TRY(range_of(r, &h, &range));
	TRY(git_history_list(r->ctx, &h, &range, &ids, &n));
	buf_char(r->out, '[');
	TRY(add_changesets(r, &h, ids, n));
	buf_char(r->out, ']');
	return OK;
}

/* ---- get_changeset */

struct get_changeset {
	const struct rpc_ref *repoid;
	const char *raw_id;
	const bool *with_reviews, *with_comments, *with_inline_comments;
};

const struct rpc_arg changeset_in[] = {
	RPC_ARG(get_changeset, repoid, RPC_NEED, "repo", "repo_name"),
	RPC_ARG(get_changeset, raw_id, RPC_NEED),
	RPC_ARG(get_changeset, with_reviews, 0),
	RPC_ARG(get_changeset, with_comments, 0),
	RPC_ARG(get_changeset, with_inline_comments, 0),
	{ 0 },
};

/* Nobody reviews or comments here: there are none. */
static void
add_talk(struct req *r, const char *name, const bool *is_wanted)
{
	if (!rhodecode_bool(is_wanted, false))
		return;
	rhodecode_member(r, name);
	buf_text(r->out, "[]");
}

static int
read_changeset(struct req *r, const char *text, struct git_changeset *out)
{
	char id[GIT_ID_CHARS + 1];
	struct git_history h;

	TRY(open_history(r, &h));
	TRY(git_history_find(r->ctx, &h, text, id));
	TRY(git_history_read(r->ctx, &h, id, out));
	return git_history_files(r->ctx, &h, out);
}

int
show_changeset(struct req *r)
{
	const struct get_changeset *in = r->in;
	struct git_changeset row;
	int code = read_changeset(r, in->raw_id, &row);

	if (code == E_NOTFOUND)
		return rhodecode_say(r, code, "Changeset %s does not exist", in->raw_id);
	TRY(code);
	rhodecode_changeset_open(r, &row, true);
	rhodecode_changeset_files(r, &row);
	add_talk(r, "reviews", in->with_reviews);
	add_talk(r, "comments", in->with_comments);
	add_talk(r, "inline_comments", in->with_inline_comments);
	rhodecode_end(r);
	return OK;
}
