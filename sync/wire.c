#include "sync/wire.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/field.h"
#include "base/js.h"

static const struct field job_fields[] = {
	FIELD(wire_job, kind),
	FIELD(wire_job, fence),
	FIELD(wire_job, store_id),
	FIELD(wire_job, url),
	FIELD(wire_job, credentials),
	FIELD(wire_job, fingerprint),
	FIELD(wire_job, is_anew),
	FIELD(wire_job, may_repair),
	FIELD(wire_job, answer_s),
	FIELD(wire_job, running),
	FIELD(wire_job, branches),
	FIELD(wire_job, options),
	FIELD(wire_job, target),
	{ 0 },
};

static const struct field answer_fields[] = {
	FIELD(wire_answer, fence),
	FIELD(wire_answer, may_publish),
	{ 0 },
};

static const struct field progress_fields[] = {
	FIELD(wire_progress, phase),
	FIELD(wire_progress, bytes),
	FIELD(wire_progress, objects),
	FIELD(wire_progress, objects_total),
	{ 0 },
};

static const struct field ask_fields[] = { FIELD(wire_ask, fence), { 0 } };

static const struct field stores_fields[] = { FIELD(wire_stores, first), FIELD(wire_stores, ids),
	FIELD(wire_stores, due), { 0 } };

static const struct field package_fields[] = {
	FIELD(wire_package, branch),
	FIELD(wire_package, commit_id),
	FIELD(wire_package, committer_name),
	FIELD(wire_package, committer_email),
	FIELD(wire_package, name),
	FIELD(wire_package, epoch),
	FIELD(wire_package, version),
	FIELD(wire_package, release),
	{ 0 },
};

static const struct field ref_fields[] = {
	FIELD(wire_ref, name),
	FIELD(wire_ref, old_id),
	FIELD(wire_ref, new_id),
	{ 0 },
};

static const struct field post_fields[] = {
	FIELD(wire_post, id),
	FIELD(wire_post, url),
	FIELD(wire_post, query),
	FIELD(wire_post, headers),
	FIELD(wire_post, body),
	FIELD(wire_post, total_s),
	{ 0 },
};

static const struct field posted_fields[] = {
	FIELD(wire_posted, id),
	FIELD(wire_posted, status),
	FIELD(wire_posted, answer),
	FIELD(wire_posted, error),
	FIELD(wire_posted, took_ms),
	{ 0 },
};

static const struct field list_fields[] = {
	FIELD(wire_list, id),
	FIELD(wire_list, url),
	FIELD(wire_list, etag),
	FIELD(wire_list, last_modified),
	{ 0 },
};

static const struct field listed_fields[] = { FIELD(wire_listed, id), FIELD(wire_listed, lines),
	{ 0 } };

static const struct field list_done_fields[] = {
	FIELD(wire_list_done, id),
	FIELD(wire_list_done, status),
	FIELD(wire_list_done, etag),
	FIELD(wire_list_done, last_modified),
	FIELD(wire_list_done, bytes),
	FIELD(wire_list_done, error),
	FIELD(wire_list_done, error_text),
	{ 0 },
};

static const struct field unmake_fields[] = {
	FIELD(wire_unmake, spec),
	FIELD(wire_unmake, total_s),
	{ 0 },
};

static const struct field owned_ask_fields[] = { FIELD(wire_owned_ask, after), { 0 } };

static const struct field owned_fields[] = { FIELD(wire_owned, lines), FIELD(wire_owned, is_last),
	{ 0 } };

static const struct field notes_fields[] = { FIELD(wire_notes, lines), { 0 } };

static const struct field made_fields[] = { FIELD(wire_made, url), FIELD(wire_made, project_id),
	FIELD(wire_made, shown_url), { 0 } };

static const struct field pushed_fields[] = {
	FIELD(wire_pushed, is_read),
	FIELD(wire_pushed, fingerprint),
	FIELD(wire_pushed, n_pushed),
	FIELD(wire_pushed, n_deleted),
	FIELD(wire_pushed, n_conflicts),
	FIELD(wire_pushed, n_refused),
	FIELD(wire_pushed, conflicts),
	{ 0 },
};

static const struct field probes_fields[] = { FIELD(wire_probes, rows), { 0 } };

static const struct field result_fields[] = {
	FIELD(wire_result, error),
	FIELD(wire_result, error_text),
	FIELD(wire_result, retry_after_s),
	FIELD(wire_result, is_changed),
	FIELD(wire_result, is_held),
	FIELD(wire_result, facts),
	FIELD(wire_result, fingerprint),
	FIELD(wire_result, latest_version),
	FIELD(wire_result, head),
	FIELD(wire_result, bytes),
	FIELD(wire_result, objects),
	FIELD(wire_result, refs_changed),
	FIELD(wire_result, size_bytes),
	FIELD(wire_result, removed),
	FIELD(wire_result, found),
	{ 0 },
};

static const struct {
	const char *name;
	const struct field *fields;
	size_t offset;
} types[] = {
	[WIRE_JOB] = { "job", job_fields, offsetof(struct wire_message, job) },
	[WIRE_ANSWER] = { "answer", answer_fields, offsetof(struct wire_message, answer) },
	[WIRE_PROGRESS] = { "progress", progress_fields, offsetof(struct wire_message, progress) },
	[WIRE_ASK] = { "ask", ask_fields, offsetof(struct wire_message, ask) },
	[WIRE_STORES] = { "stores", stores_fields, offsetof(struct wire_message, stores) },
	[WIRE_PACKAGE] = { "package", package_fields, offsetof(struct wire_message, package) },
	[WIRE_REF] = { "ref", ref_fields, offsetof(struct wire_message, ref) },
	[WIRE_POST] = { "post", post_fields, offsetof(struct wire_message, post) },
	[WIRE_POSTED] = { "posted", posted_fields, offsetof(struct wire_message, posted) },
	[WIRE_LIST] = { "list", list_fields, offsetof(struct wire_message, list) },
	[WIRE_LISTED] = { "listed", listed_fields, offsetof(struct wire_message, listed) },
	[WIRE_LIST_DONE] = { "list_done", list_done_fields,
	    offsetof(struct wire_message, list_done) },
	[WIRE_UNMAKE] = { "unmake", unmake_fields, offsetof(struct wire_message, unmake) },
	[WIRE_OWNED_ASK] = { "owned_ask", owned_ask_fields,
	    offsetof(struct wire_message, owned_ask) },
	[WIRE_OWNED] = { "owned", owned_fields, offsetof(struct wire_message, owned) },
	[WIRE_NOTES] = { "notes", notes_fields, offsetof(struct wire_message, notes) },
	[WIRE_MADE] = { "made", made_fields, offsetof(struct wire_message, made) },
	[WIRE_PUSHED] = { "pushed", pushed_fields, offsetof(struct wire_message, pushed) },
	[WIRE_PROBES] = { "probes", probes_fields, offsetof(struct wire_message, probes) },
	[WIRE_PROBED] = { "probed", probes_fields, offsetof(struct wire_message, probed) },
	[WIRE_RESULT] = { "result", result_fields, offsetof(struct wire_message, result) },
};

static struct buf *
write_line(struct arena *mem, const struct wire_message *m)
{
	struct buf *b = buf_new(mem, WIRE_LINE_MAX);

	buf_printf(b, "{\"%s\":", types[m->type].name);
	js_row(b, types[m->type].fields, (const char *)m + types[m->type].offset);
	buf_text(b, "}\n");
	return b;
}

const char *
wire_text(struct arena *mem, const struct wire_message *m)
{
	const struct buf *b = write_line(mem, m);

	assert(!b->full);
	return b->data;
}

int
wire_line(struct ctx *c, const struct wire_message *m, const char **line_out)
{
	const struct buf *b = write_line(c->mem, m);

	if (b->full) {
		explicit_bzero(b->data, b->len); /* credentials may be in it */
		return fail(c, E_INVALID, "a message has at most %d bytes", WIRE_LINE_MAX);
	}
	*line_out = b->data;
	return OK;
}

static int
fill(struct ctx *c, const struct js *value, const struct field *f, void *row)
{
	static const enum js_type wanted[] = {
		[F_TEXT] = JS_TEXT,
		[F_INT] = JS_INT,
		[F_BOOL] = JS_BOOL,
	};

	if (value == NULL || js_type(value) == JS_NULL)
		return OK;
	if (js_type(value) != wanted[f->type])
		return fail(c, E_INVALID, "%s of a message has the wrong type", f->name);
	if (f->type == F_TEXT)
		*FIELD_AT(row, f, const char *) = js_text_of(c, value);
	else if (f->type == F_INT)
		*FIELD_AT(row, f, int64_t) = js_int_of(value);
	else
		*FIELD_AT(row, f, bool) = js_bool_of(value);
	return OK;
}

static void
start_empty(struct wire_message *m, enum wire_type type)
{
	*m = (struct wire_message){ .type = type };
	for (const struct field *f = types[type].fields; f->name != NULL; f++)
		if (f->type == F_TEXT)
			*FIELD_AT((char *)m + types[type].offset, f, const char *) = "";
	m->result.latest_version = NULL;
}

int
wire_parse(struct ctx *c, const char *line, size_t len, struct wire_message *out)
{
	struct wire_message m;
	const struct js *root, *body = NULL;
	enum wire_type type;

	TRY(js_parse(c, line, len, &root));
	if (js_type(root) != JS_OBJECT)
		return fail(c, E_INVALID, "a message is an object");
	for (type = WIRE_JOB; type <= WIRE_RESULT && body == NULL; type++)
		body = js_get(root, types[type].name);
	if (body == NULL || js_type(body) != JS_OBJECT)
		return fail(c, E_INVALID, "a message of no known type");
	start_empty(&m, --type);
	for (const struct field *f = types[type].fields; f->name != NULL; f++)
		TRY(fill(c, js_get(body, f->name), f, (char *)&m + types[type].offset));
	*out = m;
	return OK;
}
