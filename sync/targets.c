#include "sync/targets.h"

#include <string.h>

#include "auth/seal.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/field.h"
#include "base/js.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "sync/gitlab_token.h"
#include "git/refs.h"
#include "store/forge.h"
#include "store/target.h"
#include "sync/target.h"

#define OWNED_PAGE 200 /* rows: what a socket takes at once, whatever their names */
#define OWNED_MAX_BYTES ((size_t)150 * 1024)
#define NOTES_MAX_BYTES ((size_t)1024 * 1024)
#define NOTES_MOST 8 /* messages that wait to be written; then nobody listens until they are */
#define FACTS_MAX_BYTES ((size_t)512 * 1024)
#define TEXT_MAX 1000
#define URL_MAX 2000
/* A push that left something behind is tried again: an hour later, then twice as long each time. */
#define PARTIAL_S 3600
#define PARTIAL_DOUBLED_MAX 10

static const char unclear_text[] = "the target's answer held a secret of ours and is not shown";

struct notes {
	const char *json;
	struct notes *next;
};

struct target_talk {
	int64_t id, partials;
	bool is_asked, overwrites_once;
	const char *spec; /* secrets in it */
	const char *token;
	struct notes *first, *last; /* to be written */
	size_t n_notes;
	struct arena *notes_mem; /* of those: a large push tells more than a supervisor may keep */
	bool has_made, has_pushed, is_asking;
	struct wire_made made;
	const char *after; /* is_asking: what is put there behind this one? */
	struct wire_pushed pushed;
	const char *conflicts; /* JSON */
};

/* ---- giving */

static int
open_secret(struct ctx *c, int64_t id, const char *what, const char *sealed, const char **out)
{
	*out = "";
	if (sealed == NULL)
		return OK;
	return seal_open(
	    c, arena_printf(c->mem, "target:%lld:%s", (long long)id, what), sealed, out);
}

/* What the hub itself has made is pushed to with its own token, which is told to its own GitLab
 * alone. */
static int
open_secrets(struct ctx *c, const struct target_facts *f, const struct forge_hints *hints,
    const char **credentials_out, const char **token_out)
{
	TRY(open_secret(c, f->id, "credentials", f->sealed_credentials, credentials_out));
	if (hints->of_hub && f->sealed_token == NULL &&
	    strcmp(f->provider_url, c->conf->gitlab_endpoint) == 0)
		return gitlab_token_read(c, token_out);
	return open_secret(c, f->id, "token", f->sealed_token, token_out);
}

static struct target_spec
spec_of(const struct target_facts *f, int64_t fence, const struct forge_hints *hints,
    const char *credentials, const char *token)
{
	return (struct target_spec){ .id = f->id,
		.store_id = f->store_id,
		.path = f->path,
		.description = f->description,
		.upstream = f->upstream,
		.is_private = f->is_private,
		.is_cloned = f->is_cloned,
		.url = f->url,
		.credentials = credentials,
		.provider = f->provider,
		.provider_url = f->provider_url,
		.provider_namespace = f->provider_namespace,
		.provider_project_id = f->provider_project_id,
		.provider_options = f->provider_options,
		.token = token,
		.ref_include = f->ref_include,
		.ref_exclude = f->ref_exclude,
		.overwrites = f->overwrites || f->overwrites_once,
		.is_thin = f->is_thin,
		.last_fingerprint = f->last_fingerprint,
		.avoid_ids = hints->avoid_ids,
		.is_asked = f->is_asked || f->overwrites_once,
		.is_audit = f->is_audit,
		.fence = fence };
}

static void
wipe(const char *secret)
{
	explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}

static void
free_arena(void *mem)
{
	arena_free(mem);
}

static void
give(struct ctx *c, struct slot *slot, const char *conf_path, const struct job *job,
    const struct target_facts *f, const struct forge_hints *hints)
{
	struct target_talk *t = arena_new_of(slot->mem, struct target_talk);
	struct job whole = *job;
	struct target_spec spec;
	const char *credentials, *token;

	whole.project_id = 0;
	whole.path = f->path;
	whole.store_id = f->store_id;
	if (open_secrets(c, f, hints, &credentials, &token) != OK) {
		slot_refuse(slot, &whole,
		    hints->of_hub ? c->reason : "the stored secrets cannot be opened");
		return;
	}
	spec = spec_of(f, job->fence, hints, credentials, token);
	t->id = f->id;
	t->partials = f->partials;
	t->is_asked = f->is_asked;
	t->overwrites_once = f->overwrites_once;
	t->spec = target_spec_text(slot->mem, &spec);
	t->token = arena_strdup(slot->mem, token);
	t->conflicts = "[]";
	t->notes_mem = arena_new();
	arena_defer(slot->mem, free_arena, t->notes_mem);
	slot->target = t;
	slot_give(c, slot, conf_path, &whole, credentials, NULL);
	wipe(credentials);
	wipe(token);
}

void
targets_give(struct ctx *c, struct slot *slot, const char *conf_path, const struct job *job)
{
	struct target_facts f;
	struct forge_hints hints;
	int code = target_facts_of(c, job->target_id, c->conf->target_audit_s * 4 / 5, &f);

	if (code == OK)
		code = forge_hints_of(c, job->target_id, &hints);
	if (code == OK)
		give(c, slot, conf_path, job, &f, &hints);
	else if (code == E_NOTFOUND)
		slot_skip(slot, job);
	else
		slot_refuse(slot, job, "the target could not be read");
}

const char *
targets_spec(const struct target_talk *t)
{
	return t->spec;
}

bool
targets_is_secret(const struct target_talk *t, const char *text)
{
	return t->token[0] != '\0' && strstr(text, t->token) != NULL;
}

bool
targets_is_full(const struct target_talk *t)
{
	return t->n_notes >= NOTES_MOST;
}

void
targets_forget(struct target_talk *t)
{
	wipe(t->spec);
	wipe(t->token);
}

/* ---- hearing */

static int
cannot_be(struct ctx *c)
{
	return fail(c, E_INVALID, "a worker told of a target what cannot be");
}

static const char *
told(struct arena *mem, const struct slot *slot, const char *text)
{
	const char *colon = strchr(slot->credentials, ':');
	const char *password = colon != NULL ? colon + 1 : slot->credentials;

	if ((password[0] != '\0' && strstr(text, password) != NULL) ||
	    targets_is_secret(slot->target, text))
		return unclear_text;
	return str_utf8(mem, text, strnlen(text, TEXT_MAX));
}

static bool
is_id(const char *hex)
{
	unsigned char id[GIT_OID_BYTES];

	return str_is_hex(hex, id, sizeof(id));
}

/* Git's bytes; NULL: they cannot be a name. */
static const char *
name_of(struct arena *mem, const char *base64)
{
	size_t len = 0;
	const char *name = str_unbase64(mem, base64, &len);

	if (name == NULL || len != strlen(name) || len == 0 || len > GIT_REF_NAME_MAX ||
	    !str_starts(name, "refs/"))
		return NULL;
	return name;
}

static const char *
text_of(struct arena *mem, const struct slot *slot, const char *base64)
{
	size_t len;
	const char *text = str_unbase64(mem, base64, &len);

	return text != NULL ? told(mem, slot, text) : NULL;
}

struct note_row {
	const char *op, *name, *shown, *oid, *error;
};

static const struct field note_fields[] = { FIELD(note_row, op), FIELD(note_row, name),
	FIELD(note_row, shown), FIELD(note_row, oid), FIELD(note_row, error), { 0 } };

static bool
is_op(const char *word)
{
	static const char *const ops[] = { "plan", "put", "gone", "refused", "kept", NULL };

	for (size_t i = 0; ops[i] != NULL; i++)
		if (strcmp(ops[i], word) == 0)
			return true;
	return false;
}

static int
take_note(struct ctx *c, const struct slot *slot, const char *line, struct note_row *out)
{
	size_t n;
	char **words = str_split(c->mem, line, ' ', &n);
	const char *name, *error;

	if (n != 4 || !is_op(words[0]) || !is_id(words[1]))
		return cannot_be(c);
	name = name_of(c->mem, words[2]);
	error = text_of(c->mem, slot, words[3]);
	if (name == NULL || error == NULL)
		return cannot_be(c);
	*out = (struct note_row){ .op = words[0],
		.name = words[2],
		.shown = str_utf8(c->mem, name, strlen(name)),
		.oid = words[1],
		.error = error };
	return OK;
}

static int
hear_notes(struct ctx *c, struct slot *slot, const struct wire_notes *m)
{
	struct target_talk *t = slot->target;
	struct notes *more = arena_new_of(t->notes_mem, struct notes);
	struct buf *json = buf_new(t->notes_mem, NOTES_MAX_BYTES);
	size_t n, n_rows = 0;
	char **lines = str_split(c->mem, m->lines, '\n', &n);
	struct note_row *rows = arena_new_array(c->mem, struct note_row, n + 1);

	for (size_t i = 0; i < n; i++)
		if (lines[i][0] != '\0')
			TRY(take_note(c, slot, lines[i], &rows[n_rows++]));
	js_list(json, note_fields, rows, n_rows, sizeof(rows[0]));
	if (json->full)
		return cannot_be(c);
	more->json = json->data;
	*(t->last != NULL ? &t->last->next : &t->first) = more;
	t->last = more;
	t->n_notes++;
	return OK;
}

static int
hear_made(struct ctx *c, struct slot *slot, const struct wire_made *m)
{
	struct target_talk *t = slot->target;

	if (strlen(m->url) > URL_MAX || strlen(m->shown_url) > URL_MAX ||
	    strlen(m->project_id) > TEXT_MAX || !str_is_printable(m->url) ||
	    !str_is_printable(m->shown_url) || !str_is_printable(m->project_id))
		return cannot_be(c);
	t->made = (struct wire_made){ .url = told(slot->mem, slot, m->url),
		.project_id = told(slot->mem, slot, m->project_id),
		.shown_url = told(slot->mem, slot, m->shown_url) };
	t->has_made = true;
	return OK;
}

struct conflict_row {
	const char *ref, *ours, *theirs, *why;
};

static const struct field conflict_fields[] = { FIELD(conflict_row, ref), FIELD(conflict_row, ours),
	FIELD(conflict_row, theirs), FIELD(conflict_row, why), { 0 } };

static int
take_conflict(struct ctx *c, struct slot *slot, const char *line, struct conflict_row *out)
{
	size_t n;
	char **words = str_split(slot->mem, line, ' ', &n);
	const char *name, *why;

	if (n != 4 || !is_id(words[0]) || !is_id(words[1]))
		return cannot_be(c);
	name = name_of(slot->mem, words[2]);
	why = text_of(slot->mem, slot, words[3]);
	if (name == NULL || why == NULL)
		return cannot_be(c);
	*out = (struct conflict_row){ .ref = str_utf8(slot->mem, name, strlen(name)),
		.ours = words[0],
		.theirs = words[1],
		.why = why };
	return OK;
}

static int
hear_pushed(struct ctx *c, struct slot *slot, const struct wire_pushed *m)
{
	struct target_talk *t = slot->target;
	struct buf *json = buf_new(slot->mem, FACTS_MAX_BYTES / 2);
	unsigned char fingerprint[32];
	size_t n, n_rows = 0;
	char **lines = str_split(slot->mem, m->conflicts, '\n', &n);
	struct conflict_row *rows;

	if (n > TARGET_CONFLICTS_MAX + 1 ||
	    (m->fingerprint[0] != '\0' &&
		!str_is_hex(m->fingerprint, fingerprint, sizeof(fingerprint))) ||
	    m->n_pushed < 0 || m->n_deleted < 0 || m->n_conflicts < 0 || m->n_refused < 0)
		return cannot_be(c);
	rows = arena_new_array(slot->mem, struct conflict_row, n + 1);
	for (size_t i = 0; i < n; i++)
		if (lines[i][0] != '\0')
			TRY(take_conflict(c, slot, lines[i], &rows[n_rows++]));
	js_list(json, conflict_fields, rows, n_rows, sizeof(rows[0]));
	if (json->full)
		return cannot_be(c);
	t->conflicts = json->data;
	t->pushed = *m;
	t->pushed.fingerprint = arena_strdup(slot->mem, m->fingerprint);
	t->has_pushed = true;
	return OK;
}

int
targets_hear(struct ctx *c, struct slot *slot, const struct wire_message *m)
{
	struct target_talk *t = slot->target;
	size_t len;

	if (t == NULL)
		return cannot_be(c);
	switch (m->type) {
	case WIRE_NOTES:
		return hear_notes(c, slot, &m->notes);
	case WIRE_MADE:
		return hear_made(c, slot, &m->made);
	case WIRE_PUSHED:
		return hear_pushed(c, slot, &m->pushed);
	default:
		break;
	}
	if (str_unbase64(slot->mem, m->owned_ask.after, &len) == NULL)
		return cannot_be(c);
	t->after = arena_strdup(slot->mem, m->owned_ask.after);
	t->is_asking = true;
	return OK;
}

/* ---- the end */

static const char *
facts_text(struct slot *slot)
{
	const struct target_talk *t = slot->target;
	const struct wire_pushed *p = &t->pushed;
	struct buf *b = buf_new(slot->mem, FACTS_MAX_BYTES);

	buf_printf(b,
	    "{\"is_read\":%s,\"fingerprint\":\"%s\",\"n_pushed\":%lld,\"n_deleted\":%lld,"
	    "\"n_conflicts\":%lld,\"n_refused\":%lld,\"overwrote\":%s,\"was_asked\":%s,"
	    "\"conflicts\":",
	    p->is_read ? "true" : "false", p->fingerprint, (long long)p->n_pushed,
	    (long long)p->n_deleted, (long long)p->n_conflicts, (long long)p->n_refused,
	    t->overwrites_once ? "true" : "false", t->is_asked ? "true" : "false");
	buf_text(b, t->conflicts);
	buf_char(b, '}');
	return b->data;
}

/* Seconds until it is looked at again, not all at the same time. */
static int64_t
delay_s(const struct target_talk *t, int64_t audit_s)
{
	int64_t partial_s = PARTIAL_S
	    << (t->partials < PARTIAL_DOUBLED_MAX ? t->partials : PARTIAL_DOUBLED_MAX);

	if (t->pushed.fingerprint[0] == '\0' && partial_s < audit_s)
		return partial_s;
	return audit_s - (int64_t)random_below((uint32_t)(audit_s / 10 + 1));
}

void
targets_end(struct slot *slot)
{
	if (!slot->target->has_pushed) {
		slot_fail(slot, SYNC_LOCAL, 0, "the worker's answer makes no sense");
		return;
	}
	slot->result.facts = facts_text(slot);
}

/* ---- the database */

static void
stop(struct slot *slot, enum sync_error error, const char *why)
{
	child_kill(&slot->child);
	slot->has_died = true;
	slot->is_asking = false;
	slot->target->is_asking = false;
	slot_fail(slot, error, 0, why);
}

/* What the database does not take ends this push, not the round. That the job is another's now is
 * found out by the next renewal. */
static int
write_notes(struct ctx *c, struct slot *slot)
{
	struct target_talk *t = slot->target;
	bool is_ours;

	for (; t->first != NULL; t->first = t->first->next) {
		int code = target_note(c, slot->job.id, slot->job.fence, t->first->json, &is_ours);

		if (code != OK && c->retry_after_s > 0)
			return code;
		if (code != OK) {
			stop(slot, SYNC_LOCAL, "what the push told cannot be written down");
			t->first = NULL;
			break;
		}
	}
	t->last = NULL;
	t->n_notes = 0;
	arena_reset(t->notes_mem);
	return OK;
}

static int
write_made(struct ctx *c, struct slot *slot)
{
	struct target_talk *t = slot->target;
	bool is_ours;
	int code;

	if (!t->has_made)
		return OK;
	code = target_made(c, slot->job.id, slot->job.fence, t->made.url, t->made.project_id,
	    t->made.shown_url, &is_ours);
	if (code != OK && c->retry_after_s > 0)
		return code;
	t->has_made = false;
	if (code == E_CONFLICT)
		stop(slot, SYNC_POLICY, "a project of this hub is pushed to that place already");
	else if (code != OK)
		stop(slot, SYNC_LOCAL, "where the project was made cannot be written down");
	return OK;
}

static void
add_owned(struct buf *lines, const struct target_ref *row)
{
	buf_printf(lines, "%s %s %s %s\n", row->oid[0] != '\0' ? row->oid : "-",
	    row->planned[0] != '\0' ? row->planned : "-", row->is_refused ? "r" : "-", row->name);
}

static int
answer(struct ctx *c, struct slot *slot)
{
	struct target_talk *t = slot->target;
	struct wire_message m = { .type = WIRE_OWNED };
	struct buf *lines = buf_new(c->mem, OWNED_MAX_BYTES + 8192);
	struct target_ref *rows;
	size_t n, i = 0;

	if (!t->is_asking)
		return OK;
	TRY(target_refs_after(c, t->id, t->after, OWNED_PAGE, &rows, &n));
	for (; i < n && lines->len < OWNED_MAX_BYTES; i++)
		add_owned(lines, &rows[i]);
	m.owned = (struct wire_owned){ .lines = lines->data, .is_last = i == n && n < OWNED_PAGE };
	t->is_asking = false;
	if (slot->child.pid != 0 && child_send(c, &slot->child, wire_text(c->mem, &m)) != OK)
		stop(slot, SYNC_LOCAL, c->reason);
	return OK;
}

int
targets_work(struct ctx *c, struct slot *const *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slot *slot = slots[i];

		if (slot->target == NULL || (slot->state != SLOT_BUSY && slot->state != SLOT_DONE))
			continue;
		TRY(write_notes(c, slot));
		TRY(write_made(c, slot));
		if (slot->state == SLOT_BUSY)
			TRY(answer(c, slot));
		else if (slot->result.error_class[0] == '\0')
			slot->result.delay_s = delay_s(slot->target, c->conf->target_audit_s);
	}
	return OK;
}
