#include "sync/target_job.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "sync/target.h"

#define LINES_MAX_BYTES                                                                            \
	((size_t)96 * 1024) /* of one message: half of what a socket takes at once */
#define LINE_MOST_BYTES ((size_t)4096)
#define OWNED_STEP 1024

struct talk {
	struct ctx *c;
	const struct target_line *line;
};

static const char *
base64(struct talk *t, const char *text)
{
	return str_base64(t->c->mem, text, strlen(text));
}

/* ---- what we put there */

struct owned {
	struct git_push_owned *rows;
	size_t n, size;
};

static int
bad_answer(struct talk *t)
{
	return fail(t->c, E_INTERNAL, "the supervisor's answer makes no sense");
}

static bool
take_id(const char *hex, unsigned char *oid, bool *has_out)
{
	*has_out = strcmp(hex, "-") != 0;
	return !*has_out || str_is_hex(hex, oid, GIT_OID_BYTES);
}

static int
take_owned(struct talk *t, const char *line, struct owned *owned)
{
	struct git_push_owned *row;
	size_t n, len;
	char **words = str_split(t->c->mem, line, ' ', &n);

	if (owned->n == owned->size) {
		size_t size = owned->size * 2 + OWNED_STEP;
		struct git_push_owned *rows =
		    arena_new_array(t->c->mem, struct git_push_owned, size);

		if (owned->n > 0)
			memcpy(rows, owned->rows, owned->n * sizeof(rows[0]));
		owned->rows = rows;
		owned->size = size;
	}
	row = &owned->rows[owned->n++];
	if (n != 4 || !take_id(words[0], row->oid, &row->has_oid) ||
	    !take_id(words[1], row->planned, &row->has_planned))
		return bad_answer(t);
	row->is_refused = strcmp(words[2], "r") == 0;
	row->name = str_unbase64(t->c->mem, words[3], &len);
	return row->name != NULL && len == strlen(row->name) ? OK : bad_answer(t);
}

static int
ask_owned(struct talk *t, const char *after, struct wire_owned *out)
{
	const struct target_line *l = t->line;
	struct wire_message m = { .type = WIRE_OWNED_ASK, .owned_ask = { after } };

	if (!l->say(l->worker, &m))
		return fail(t->c, E_CONFLICT, "the supervisor is gone");
	for (;;) {
		TRY(l->listen(l->worker, l->wait_ms, &m));
		if (m.type == WIRE_OWNED)
			break; /* others were for an earlier job */
	}
	*out = m.owned;
	return OK;
}

static int
on_owned(void *payload, struct git_push_owned **rows_out, size_t *n_out)
{
	struct talk *t = payload;
	struct owned owned = { 0 };
	struct wire_owned page = { .is_last = false };
	const char *after = "";
	size_t n;

	while (!page.is_last) {
		char **lines;

		TRY(ask_owned(t, after, &page));
		lines = str_split(t->c->mem, page.lines, '\n', &n);
		for (size_t i = 0; i < n; i++)
			if (lines[i][0] != '\0')
				TRY(take_owned(t, lines[i], &owned));
		if (owned.n > 0)
			after = base64(t, owned.rows[owned.n - 1].name);
	}
	*rows_out = owned.rows;
	*n_out = owned.n;
	return OK;
}

/* ---- what happens there */

static bool
say_notes(struct talk *t, struct buf *lines)
{
	const struct wire_message m = { .type = WIRE_NOTES, .notes = { lines->data } };
	bool is_heard = lines->len == 0 || t->line->say(t->line->worker, &m);

	buf_clear(lines);
	return is_heard;
}

static bool
on_note(void *payload, const struct target_note *rows, size_t n)
{
	struct talk *t = payload;
	struct buf *lines = buf_new(t->c->mem, LINES_MAX_BYTES + LINE_MOST_BYTES);

	for (size_t i = 0; i < n; i++) {
		buf_printf(lines, "%s %s %s %s\n", rows[i].op, rows[i].oid, base64(t, rows[i].name),
		    base64(t, rows[i].error));
		if (lines->len > LINES_MAX_BYTES && !say_notes(t, lines))
			return false;
	}
	return say_notes(t, lines);
}

static bool
on_made(void *payload, const struct provider_made *made)
{
	struct talk *t = payload;
	const struct wire_message m = { .type = WIRE_MADE,
		.made = {
		    made->url, made->project_id, made->shown_url != NULL ? made->shown_url : "" } };

	return t->line->say(t->line->worker, &m);
}

static bool
on_progress(
    void *payload, enum mirror_phase phase, int64_t bytes, int64_t objects, int64_t objects_total)
{
	struct talk *t = payload;

	return t->line->progress(t->line->worker, phase, bytes, objects, objects_total);
}

static bool
on_ask(void *payload)
{
	struct talk *t = payload;

	return t->line->ask(t->line->worker);
}

/* ---- the end */

static const char *
conflict_lines(struct talk *t, const struct target_result *r)
{
	struct buf *lines = buf_new(t->c->mem, TARGET_CONFLICTS_MAX * LINE_MOST_BYTES);

	for (size_t i = 0; r->conflicts != NULL && r->conflicts[i] != NULL; i++) {
		const struct git_push_row *row = r->conflicts[i];

		buf_printf(lines, "%s %s %s %s\n", str_hex(t->c->mem, row->new, GIT_OID_BYTES),
		    str_hex(t->c->mem, row->old, GIT_OID_BYTES), base64(t, row->name),
		    base64(t, row->why));
		if (lines->len > LINES_MAX_BYTES)
			break;
	}
	return lines->data;
}

static void
say_end(struct talk *t, const struct target_result *r)
{
	const struct wire_message m = { .type = WIRE_PUSHED,
		.pushed = { .is_read = r->is_read,
		    .fingerprint = r->fingerprint,
		    .n_pushed = r->n_pushed,
		    .n_deleted = r->n_deleted,
		    .n_conflicts = r->n_conflicts,
		    .n_refused = r->n_refused,
		    .conflicts = conflict_lines(t, r) } };

	(void)t->line->say(t->line->worker, &m); /* the result that follows shows it */
}

void
target_job(struct ctx *c, const struct target_line *line, const char *text, struct wire_result *out)
{
	struct talk t = { c, line };
	const struct target_hooks hooks = { &t, on_progress, on_owned, on_note, on_made, on_ask };
	struct target_spec spec;
	struct target_result r = { .error = SYNC_LOCAL, .fingerprint = "" };

	if (target_spec_parse(c, text, &spec) != OK)
		r.error_text = c->reason;
	else
		target_sync(c, &spec, &hooks, &r);
	if (r.error == SYNC_OK)
		say_end(&t, &r);
	out->error = r.error == SYNC_OK ? "" : sync_error_text(r.error);
	out->error_text = r.error_text;
	out->retry_after_s = r.retry_after_s;
	out->is_changed = r.n_pushed + r.n_deleted > 0;
	out->refs_changed = r.n_pushed + r.n_deleted;
	out->bytes = r.bytes;
}
