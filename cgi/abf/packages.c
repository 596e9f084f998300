#include <string.h>

#include "cgi/abf/abf.h"
#include "core/package.h"

#define ROWS_A_TIME 500
#define TEXT_MAX_BYTES (8 * 1024 * 1024)

static const char head_row[] =
    "Project owner,Project name,Package name,Epoch,Version,Release,"
    "Maintainer uname,Maintainer email,Committer uname,Committer email\n";

/* RFC 4180 section 2: quotes where they are needed. A cell that begins with '=' stays as it is:
 * programs read this, and a spreadsheet has to be told that it is text (docs/api/abf.md). */
static void
cell(struct buf *b, const char *text, char end)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		buf_text(b, text);
	} else {
		buf_char(b, '"');
		for (const char *p = text; *p != '\0'; p++) {
			if (*p == '"')
				buf_char(b, '"');
			buf_char(b, *p);
		}
		buf_char(b, '"');
	}
	buf_char(b, end);
}

static void
line(struct buf *b, const struct package *k)
{
	cell(b, k->owner_uname, ',');
	cell(b, k->project_name, ',');
	cell(b, k->name, ',');
	if (k->epoch > 0)
		buf_int(b, k->epoch);
	buf_char(b, ',');
	cell(b, k->version, ',');
	cell(b, k->release, ',');
	cell(b, k->maintainer_uname, ',');
	cell(b, k->maintainer_email, ',');
	cell(b, k->committer_uname, ',');
	cell(b, k->committer_email, '\n');
}

/* The next rows as text; *after moves behind them. No text: that was all. */
static int
next_rows(struct ctx *c, int64_t repository_id, int64_t *after, struct buf **out)
{
	struct buf *b = buf_new(c->mem, TEXT_MAX_BYTES);
	struct package *rows;
	size_t n = 0;

	TRY(package_list(c, repository_id, *after, ROWS_A_TIME, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		line(b, &rows[i]);
		*after = rows[i].id;
	}
	*out = b;
	return b->full ? fail(c, E_INTERNAL, "rows that are too long") : OK;
}

/* A repository may have more rows than memory should hold. */
static int
send_rows(struct req *r)
{
	struct ctx inner = *r->ctx;
	struct buf *text = NULL;
	int64_t after = 0;
	int code;

	inner.mem = arena_new();
	do {
		arena_reset(inner.mem);
		code = next_rows(&inner, r->repository->id, &after, &text);
		if (code != OK)
			fail(r->ctx, code, "%s", inner.reason);
		else if (text->len > 0)
			code = res_write(r, text->data, text->len);
	} while (code == OK && text->len > 0);
	arena_free(inner.mem);
	return code;
}

int
show_packages(struct req *r)
{
	TRY(package_begin_reading(r->ctx, r->repository));
	TRY(package_wait(r->ctx, r->repository->id));
	r->type = "text/csv; charset=utf-8";
	res_header(r, "Content-Disposition", "attachment; filename=\"packages.csv\"");
	res_header(r, "X-Accel-Buffering", "no");
	res_header(r, "Cache-Control", "no-cache");
	buf_text(r->out, head_row);
	TRY(res_begin(r));
	return send_rows(r);
}
