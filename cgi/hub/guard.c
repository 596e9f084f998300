#include "base/clock.h"
#include "base/js.h"
#include "cgi/hub/hub.h"
#include "core/guard.h"

#define PATTERNS_BYTES 20000
#define KEPT_MOST 10000

/* ---- what is held */

struct held {
	const char *fingerprint;
};

const struct field held_in[] = { FIELD(held, fingerprint), { 0 } };

static void
add_text(struct req *r, const char *key, const char *text)
{
	buf_printf(r->out, ",\"%s\":", key);
	js_text(r->out, text);
}

/* A moment, or null. */
static void
add_moment(struct req *r, const char *key, int64_t at)
{
	add_text(r, key, at > 0 ? clock_text_rfc3339(r->ctx->mem, at) : NULL);
}

/* Lists in JSON of our own, from the database. */
static void
add_list(struct req *r, const char *key, const char *json)
{
	buf_printf(r->out, ",\"%s\":%s", key, json);
}

int
show_held(struct req *r)
{
	struct guard g;

	TRY(guard_of(r->ctx, r->project->id, &g));
	buf_printf(r->out, "{\"isHeld\":%s", g.held_at > 0 ? "true" : "false");
	add_text(r, "fingerprint", g.held_at > 0 ? g.fingerprint : NULL);
	add_moment(r, "heldAt", g.held_at);
	add_list(r, "findings", g.findings);
	add_list(r, "notices", g.notices);
	buf_printf(r->out, ",\"isApproved\":%s,\"isRejected\":%s", g.is_approved ? "true" : "false",
	    g.is_rejected ? "true" : "false");
	add_text(r, "decidedBy", g.decided_at > 0 ? g.decided_by : NULL);
	add_moment(r, "decidedAt", g.decided_at);
	buf_char(r->out, '}');
	return OK;
}

int
approve_held(struct req *r)
{
	const struct held *in = r->in;
	const struct actor who = req_actor(r);

	TRY(guard_approve(r->ctx, &who, r->project, in->fingerprint));
	r->status = 204;
	return OK;
}

int
reject_held(struct req *r)
{
	const struct held *in = r->in;
	const struct actor who = req_actor(r);

	TRY(guard_reject(r->ctx, &who, r->project, in->fingerprint));
	r->status = 204;
	return OK;
}

/* ---- what is taken over */

const struct field options_in[] = {
	FIELD(mirror_options, mode),
	FIELD_MAX(mirror_options, ref_include, PATTERNS_BYTES),
	FIELD_MAX(mirror_options, ref_exclude, PATTERNS_BYTES),
	FIELD(mirror_options, prunes),
	FIELD(mirror_options, allow_rewrite),
	FIELD(mirror_options, kept_count),
	FIELD(mirror_options, kept_days),
	FIELD(mirror_options, most_bytes),
	FIELD(mirror_options, most_objects),
	FIELD(mirror_options, most_refs),
	FIELD(mirror_options, most_blob_bytes),
	{ 0 },
};

int
show_options(struct req *r)
{
	struct mirror_options o;

	TRY(mirror_options_of(r->ctx, r->project->id, &o));
	buf_text(r->out, "{\"options\":");
	js_row(r->out, options_in, &o);
	buf_char(r->out, '}');
	return OK;
}

int
set_options(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(guard_set_options(r->ctx, &who, r->project, r->in));
	return show_options(r);
}

/* ---- what is kept */

struct kept {
	const char *name, *as;
};

const struct field kept_in[] = { FIELD_MAX(kept, name, 2000), FIELD_MAX(kept, as, 2000), { 0 } };

static void
add_tip(struct req *r, const struct git_kept_tip *tip)
{
	buf_text(r->out, "{\"name\":");
	js_text(r->out, tip->name);
	add_text(r, "ref", tip->ref);
	add_text(r, "id", tip->oid);
	add_text(r, "commit", tip->commit);
	add_moment(r, "replacedAt", tip->at);
	buf_char(r->out, '}');
}

static void
add_pin(struct req *r, const struct mirror_pin *pin)
{
	buf_text(r->out, "{\"ref\":");
	js_text(r->out, pin->ref);
	add_text(r, "id", pin->oid);
	add_text(r, "restoredBy", pin->actor);
	add_moment(r, "restoredAt", pin->created_at);
	buf_char(r->out, '}');
}

/* An archive keeps them for ever. */
static void
add_tips(struct req *r, const struct git_kept_tip *tips, size_t n, int64_t limit, int64_t offset)
{
	buf_text(r->out, "{\"kept\":[");
	for (int64_t i = offset; i < (int64_t)n && i - offset < limit; i++) {
		buf_text(r->out, i > offset ? "," : "");
		add_tip(r, &tips[i]);
	}
	buf_printf(r->out, "],\"total\":%zu", n);
}

int
list_kept(struct req *r)
{
	struct git_kept_tip *tips;
	struct mirror_pin *pins;
	struct git_refs refs;
	size_t n_tips, n_pins;
	int64_t limit, offset;

	TRY(hub_read_number(r, "limit", KEPT_MOST, &limit));
	TRY(hub_read_number(r, "offset", 0, &offset));
	TRY(kept_list(r->ctx, r->project, &refs, &tips, &n_tips));
	TRY(mirror_pin_list(r->ctx, r->project->id, &pins, &n_pins));
	add_tips(r, tips, n_tips, limit < KEPT_MOST ? limit : KEPT_MOST, offset);
	buf_text(r->out, ",\"restored\":[");
	for (size_t i = 0; i < n_pins; i++) {
		buf_text(r->out, i > 0 ? "," : "");
		add_pin(r, &pins[i]);
	}
	buf_text(r->out, "]}");
	return OK;
}

int
restore_kept(struct req *r)
{
	const struct kept *in = r->in;
	const struct actor who = req_actor(r);
	const char *ref;

	TRY(kept_restore(r->ctx, &who, r->project, in->name, in->as, &ref));
	r->status = 201;
	buf_text(r->out, "{\"ref\":");
	js_text(r->out, ref);
	buf_char(r->out, '}');
	return OK;
}

int
let_go_restored(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(kept_let_go(r->ctx, &who, r->project, req_param(r, "rest")));
	r->status = 204;
	return OK;
}
