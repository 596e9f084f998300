#include <string.h>

#include "base/clock.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/hub/content.h"

static void
add_key(struct buf *b, const char *key)
{
	buf_printf(b, ",\"%s\":", key);
}

/* ---- refs */

enum refs_kind { REFS_ALL = 1, REFS_BRANCHES, REFS_TAGS };

static void
add_names(struct buf *b, const struct git_view_tip *rows, size_t n, enum refs_kind kind)
{
	bool is_first = true;

	buf_char(b, '[');
	for (size_t i = n; i-- > 0;) {
		if (kind != REFS_ALL && rows[i].is_tag != (kind == REFS_TAGS))
			continue;
		if (!is_first)
			buf_char(b, ',');
		is_first = false;
		js_text(b, kind == REFS_ALL ? rows[i].name : rows[i].short_name);
	}
	buf_char(b, ']');
}

void
hub_shape_refs(struct req *r, const struct git_view_tip *rows, size_t n)
{
	buf_text(r->out, "{\"refs\":");
	add_names(r->out, rows, n, REFS_ALL);
	add_key(r->out, "branches");
	add_names(r->out, rows, n, REFS_BRANCHES);
	add_key(r->out, "tags");
	add_names(r->out, rows, n, REFS_TAGS);
	buf_char(r->out, '}');
}

/* ---- commits */

static void
add_sign(struct req *r, const struct git_sign *sign)
{
	struct buf *b = r->out;

	buf_text(b, "{\"name\":");
	js_text(b, sign->name);
	add_key(b, "email");
	js_text(b, sign->email);
	add_key(b, "time");
	js_text(b, clock_text_iso(r->ctx->mem, sign->at));
	add_key(b, "timeOffset");
	buf_int(b, sign->offset_min);
	buf_char(b, '}');
}

void
hub_shape_commit(struct req *r, const struct git_commit_info *commit)
{
	struct buf *b = r->out;

	buf_printf(b, "{\"id\":\"%s\",\"message\":", commit->id);
	js_text(b, commit->message);
	add_key(b, "author");
	add_sign(r, &commit->author);
	add_key(b, "committer");
	add_sign(r, &commit->committer);
	add_key(b, "parents");
	buf_char(b, '[');
	for (size_t i = 0; i < commit->n_parents; i++)
		buf_printf(b, "%s\"%s\"", i > 0 ? "," : "", commit->parents[i]);
	buf_printf(b, "],\"tree\":\"%s\"}", commit->tree);
}

void
hub_shape_log(struct req *r, const struct hub_log *log)
{
	struct buf *b = r->out;

	buf_text(b, "{\"branch\":");
	js_text(b, log->branch);
	add_key(b, "limit");
	buf_int(b, log->limit);
	add_key(b, "offset");
	buf_int(b, log->offset);
	add_key(b, "commits");
	buf_char(b, '[');
	for (size_t i = 0; i < log->n; i++) {
		if (i > 0)
			buf_char(b, ',');
		hub_shape_commit(r, &log->rows[i]);
	}
	buf_text(b, "]}");
}

/* ---- folders and files */

static void
begin(struct req *r, const struct content *content, const char *type)
{
	buf_text(r->out, "{\"ref\":");
	js_text(r->out, content->ref);
	add_key(r->out, "path");
	js_text(r->out, content->path);
	add_key(r->out, "type");
	js_text(r->out, type);
}

static void
end(struct req *r, const struct content *content)
{
	if (!content->is_old) {
		add_key(r->out, "commit");
		hub_shape_commit(r, &content->commit);
	}
	buf_char(r->out, '}');
}

/* The mode is a number in the old dialect, octal digits in the new one. */
static void
add_entry(struct buf *b, const struct git_entry *entry, bool is_old)
{
	buf_printf(b, "{\"id\":\"%s\",\"name\":", entry->id);
	js_text(b, entry->name);
	if (is_old)
		buf_printf(b, ",\"attributes\":%u}", entry->mode);
	else
		buf_printf(b, ",\"mode\":\"%06o\"}", entry->mode);
}

void
hub_shape_folder(struct req *r, const struct content *content, const struct git_folder *folder)
{
	struct buf *b = r->out;

	begin(r, content, "tree");
	buf_printf(b, ",\"tree\":{\"id\":\"%s\",\"entries\":[", content->entry.id);
	for (size_t i = 0; i < folder->n; i++) {
		if (i > 0)
			buf_char(b, ',');
		add_entry(b, &folder->rows[i], content->is_old);
	}
	buf_text(b, "]}");
	end(r, content);
}

void
hub_shape_file(
    struct req *r, const struct content *content, const struct git_blob *blob, bool looks_like_utf8)
{
	struct buf *b = r->out;

	begin(r, content, "blob");
	buf_printf(b, ",\"blob\":{\"id\":\"%s\",\"data\":\"", content->entry.id);
	buf_text(b, str_base64(r->ctx->mem, blob->bytes, (size_t)blob->size_bytes));
	buf_printf(b, "\",\"looksLikeUtf8\":%s}", looks_like_utf8 ? "true" : "false");
	end(r, content);
}

void
hub_shape_submodule(struct req *r, const struct content *content)
{
	begin(r, content, "commit");
	buf_printf(r->out, ",\"commit_id\":\"%s\"", content->entry.id);
	end(r, content);
}

void
hub_shape_too_large(struct req *r, const char *message, int64_t size)
{
	buf_text(r->out, "{\"error\":{\"message\":");
	js_text(r->out, message);
	buf_printf(r->out, ",\"code\":%d,\"size\":%lld}}", r->status, (long long)size);
}
