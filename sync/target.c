#include "sync/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/crash.h"
#include "base/str.h"
#include "core/project.h"
#include "git/fetch.h"
#include "git/filter.h"
#include "git/init.h"
#include "git/push.h"
#include "git/receive.h"
#include "git/store.h"
#include "net/net.h"
#include "sync/peer.h"

#define HEADS "refs/heads/"
#define TICK_US 200000
#define NOTES_MAX GIT_PUSH_MOST
#define ERROR_MAX 1000

struct run {
	struct ctx *c;
	const struct target_spec *spec;
	const struct target_hooks *hooks;
	struct target_result *out;
	const char *store_dir;
	struct git_repository *repo;
	const struct git_filter *filter;
	struct git_refs ours;
	struct net *api, *net; /* NULL before they are needed */
	struct net_url url;
	const char *credentials;
	struct provider_made made;
	struct git_receive there;
	struct git_push_plan plan;
	struct git_push_known known;
	struct peer
	    *peer; /* its advertisement was read, and nothing sent yet; NULL: to be opened */
	/* for the hooks */
	enum mirror_phase phase;
	int64_t n_done, told_us;
	bool is_told_to_stop;
};

/* ---- progress */

static int64_t
bytes_of(const struct run *r)
{
	return r->net != NULL ? r->net->bytes : 0;
}

static bool
tell(struct run *r)
{
	if (r->is_told_to_stop)
		return false;
	r->told_us = clock_mono_us();
	if (!r->hooks->progress(r->hooks->payload, r->phase, bytes_of(r), r->n_done,
		(int64_t)(r->plan.n_moves + r->plan.n_deletes)))
		r->is_told_to_stop = true;
	return !r->is_told_to_stop;
}

static bool
on_tick(void *payload)
{
	struct run *r = payload;

	return clock_mono_us() - r->told_us < TICK_US ? !r->is_told_to_stop : tell(r);
}

static int
told_to_stop(struct run *r)
{
	r->is_told_to_stop = true;
	return fail(r->c, E_CONFLICT, "given up because it was told to");
}

static int
enter(struct run *r, enum mirror_phase phase)
{
	r->phase = phase;
	return tell(r) ? OK : told_to_stop(r);
}

static int
may_push(struct run *r)
{
	return r->hooks->may_push(r->hooks->payload) ? OK : told_to_stop(r);
}

/* ---- secrets */

static bool
holds(const char *text, const char *secret)
{
	return secret[0] != '\0' && strstr(text, secret) != NULL;
}

/* A target may repeat what we told it. */
static const char *
hide(const struct run *r, const char *text)
{
	const char *colon = strchr(r->credentials, ':');

	if (holds(text, r->spec->token) || holds(text, colon != NULL ? colon + 1 : r->credentials))
		return "the target's answer cannot be shown: a secret of ours is in it";
	return str_redact(r->c->mem, text);
}

/* lib/net, and what lib/git does for both sides, speak of upstreams. */
static const char *
of_target(struct arena *mem, const char *text)
{
	static const char upstream[] = "the upstream";
	const char *at = strstr(text, upstream);

	if (at == NULL)
		return text;
	return arena_printf(
	    mem, "%.*sthe target%s", (int)(at - text), text, of_target(mem, at + strlen(upstream)));
}

/* ---- what is here */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct git_ref *)a)->name, ((const struct git_ref *)b)->name);
}

static int
load_ours(struct run *r)
{
	struct git_store_ref *rows;
	size_t n;

	TRY(git_store_open(r->c, r->store_dir, &r->repo));
	TRY(git_store_refs(r->c, r->repo, (size_t)r->c->conf->sync_refs + 1, &rows, &n));
	r->ours.rows = arena_new_array(r->c->mem, struct git_ref, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct git_ref *row = &r->ours.rows[r->ours.n];

		if (strcmp(rows[i].name, "HEAD") == 0 &&
		    git_filter_takes(r->filter, rows[i].symref))
			r->ours.head = rows[i].symref;
		if (!git_filter_takes(r->filter, rows[i].name))
			continue;
		row->name = rows[i].name;
		if (!str_is_hex(rows[i].oid, row->oid, GIT_OID_BYTES))
			return fail(r->c, E_INTERNAL, "a ref of the store has no id");
		r->ours.n++;
	}
	qsort(r->ours.rows, r->ours.n, sizeof(r->ours.rows[0]), by_name);
	return OK;
}

/* ---- the provider */

/* The provider says where its project is; a push with a password goes there only if that is at the
 * provider, or where somebody wrote the address himself. */
static int
check_origin(struct run *r)
{
	struct net_url api;

	if (str_is_equal(r->spec->provider, "none") || r->credentials[0] == '\0' ||
	    r->url.scheme == NET_SSH || strcmp(r->made.url, r->spec->url) == 0)
		return OK;
	if (net_url_parse(r->c, r->spec->provider_url, &api) == OK &&
	    (strcmp(api.host, r->url.host) == 0 ||
		(str_starts(api.host, "api.") && strcmp(api.host + 4, r->url.host) == 0)) &&
	    (r->url.scheme == NET_HTTPS || api.scheme == NET_HTTP))
		return OK;
	return net_fail(r->api, NET_WHY_POLICY,
	    "the provider says that the project is at another host, which is not told our secrets");
}

static int
prepare(struct run *r)
{
	const struct target_spec *t = r->spec;
	bool is_news;

	TRY(enter(r, PHASE_PROBING));
	TRY(net_open(r->c, "", r->c->conf->sync_total_s, on_tick, r, &r->api));
	TRY(provider_prepare(r->api, t, &r->made));
	if (t->credentials[0] == '\0' && r->made.credentials != NULL)
		r->credentials = r->made.credentials;
	if (net_url_parse(r->c, r->made.url, &r->url) != OK)
		return net_fail(r->api, NET_WHY_POLICY, "%s", r->c->reason);
	TRY(check_origin(r));
	is_news = strcmp(r->made.url, t->url) != 0 ||
	    !str_is_equal(r->made.project_id, t->provider_project_id);
	if (!is_news)
		return OK;
	crash_point("target-made");
	if (!r->hooks->made(r->hooks->payload, &r->made))
		return told_to_stop(r);
	return may_push(r);
}

/* ---- what is there */

static int
connect_to(struct run *r, struct git_receive *out)
{
	TRY(peer_open_to_push(r->net, &r->url, &r->peer));
	return git_receive_read(r->c, peer_wire(r->peer), out);
}

/* Which branch is the default there: what the provider said, else what the target tells those who
 * clone. Nothing is fetched; that it does not let us read is no failure. */
static const char *
default_branch(struct run *r)
{
	struct net *ask;
	struct peer *peer;
	struct git_advert advert;
	const char *reason = r->c->reason;

	if (r->made.default_branch != NULL && r->made.default_branch[0] != '\0')
		return arena_printf(r->c->mem, HEADS "%s", r->made.default_branch);
	if (net_open(r->c, r->credentials, r->c->conf->sync_total_s, on_tick, r, &ask) == OK &&
	    peer_open(ask, &r->url, &peer) == OK &&
	    git_advert_read(r->c, peer_wire(peer), NULL, r->c->conf->sync_refs, &advert) == OK &&
	    git_fetch_nothing(peer_wire(peer)) == OK)
		return advert.refs.head;
	r->c->reason = reason;
	return NULL;
}

static bool
deletes_branches(const struct git_push_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->rows[i].kind == PUSH_DELETE && str_starts(plan->rows[i].name, HEADS))
			return true;
	return false;
}

static int
make_plan(struct run *r)
{
	struct git_push_owned *owned;
	struct git_push_facts facts = { .ours = &r->ours,
		.filter = r->filter,
		.there = &r->there.refs,
		.overwrites = r->spec->overwrites,
		.is_behind = git_push_is_behind,
		.payload = r->repo };

	TRY(r->hooks->owned(r->hooks->payload, &owned, &facts.n_owned));
	facts.owned = owned;
	git_push_plan(r->c, &facts, &r->plan);
	/* with a provider the default moves first, and the old one may go then */
	if (deletes_branches(&r->plan)) {
		const char *head = default_branch(r);

		if (!str_is_equal(r->spec->provider, "none") && r->ours.head != NULL)
			head = r->ours.head;
		git_push_spare(&r->plan, &r->ours, head);
	}
	return git_push_known(r->c, r->repo, &r->there, r->plan.n_moves, &r->known);
}

/* ---- notes */

struct notes {
	struct target_note *rows;
	size_t n;
};

static int
send_notes(struct run *r, struct notes *notes)
{
	if (notes->n > 0 && !r->hooks->note(r->hooks->payload, notes->rows, notes->n))
		return told_to_stop(r);
	notes->n = 0;
	return OK;
}

static int
add_note(struct run *r, struct notes *notes, const char *op, const struct git_push_row *row,
    const char *error)
{
	notes->rows[notes->n++] = (struct target_note){ .op = op,
		.name = row->name,
		.oid = str_hex(r->c->mem, row->new, GIT_OID_BYTES),
		.error = error };
	return notes->n < NOTES_MAX ? OK : send_notes(r, notes);
}

static struct notes
new_notes(struct run *r)
{
	return (
	    struct notes){ .rows = arena_new_array(r->c->mem, struct target_note, NOTES_MAX + 1) };
}

/* What the look at the target has told, before anything is sent to it. */
static int
note_plan(struct run *r)
{
	struct notes notes = new_notes(r);

	for (size_t i = 0; i < r->plan.n; i++) {
		const struct git_push_row *row = &r->plan.rows[i];

		if (row->kind == PUSH_GONE)
			TRY(add_note(r, &notes, "gone", row, ""));
		else if (row->is_claimed)
			TRY(add_note(r, &notes, "put", row, ""));
		else if (row->is_stale)
			TRY(add_note(r, &notes, "kept", row, ""));
	}
	return send_notes(r, &notes);
}

/* ---- batches */

static void
take_known(struct git_push_known *known, const struct git_push_row *row)
{
	if (row->kind != PUSH_DELETE)
		memcpy(known->oids[known->n++], row->new, GIT_OID_BYTES);
}

static const char *
short_of(const struct run *r, const char *error)
{
	const char *text = hide(r, error);

	return arena_strndup(r->c->mem, text, strnlen(text, ERROR_MAX));
}

static int
note_report(struct run *r, const struct git_push_row *rows, size_t n, const char **errors)
{
	struct notes notes = new_notes(r);

	for (size_t i = 0; i < n; i++) {
		bool is_delete = rows[i].kind == PUSH_DELETE;

		if (errors[i] != NULL) {
			r->out->n_refused++;
			TRY(add_note(r, &notes, "refused", &rows[i], short_of(r, errors[i])));
			continue;
		}
		*(is_delete ? &r->out->n_deleted : &r->out->n_pushed) += 1;
		take_known(&r->known, &rows[i]);
		TRY(add_note(r, &notes, is_delete ? "gone" : "put", &rows[i], ""));
	}
	return send_notes(r, &notes);
}

/* A stream takes one push; over HTTP the next one is a request of its own. */
static int
have_peer(struct run *r)
{
	struct git_receive again;

	if (r->peer != NULL)
		return OK;
	return connect_to(r, &again);
}

static int
push_batch(struct run *r, const struct git_push_row *rows, size_t n)
{
	struct notes notes = new_notes(r);
	const char **errors = arena_new_array(r->c->mem, const char *, n + 1);
	struct git_push_order order = { .store_dir = r->store_dir,
		.there = &r->there,
		.rows = rows,
		.n = n,
		.known = &r->known,
		.is_thin = r->spec->is_thin,
		.tick = on_tick,
		.payload = r,
		.errors = errors };
	bool is_rpc;

	for (size_t i = 0; i < n; i++)
		TRY(add_note(r, &notes, "plan", &rows[i], ""));
	TRY(send_notes(r, &notes));
	TRY(may_push(r));
	TRY(have_peer(r));
	order.wire = peer_wire(r->peer);
	is_rpc = order.wire->is_rpc;
	crash_point("target-push");
	TRY(git_push_send(r->c, &order));
	crash_point("target-pushed");
	if (!is_rpc)
		r->peer = NULL;
	TRY(note_report(r, rows, n, errors));
	r->n_done += (int64_t)n;
	return tell(r) ? OK : told_to_stop(r);
}

static int
push_rows(struct run *r, const struct git_push_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i += GIT_PUSH_MOST)
		TRY(push_batch(r, rows + i, n - i < GIT_PUSH_MOST ? n - i : GIT_PUSH_MOST));
	return OK;
}

/* ---- all of it */

static bool
is_refused(const struct run *r)
{
	return r->out->n_refused > 0;
}

/* The default branch there is ours, once that is there. */
static int
set_default(struct run *r)
{
	const struct git_ref *head =
	    r->ours.head != NULL ? git_refs_find(&r->ours, r->ours.head) : NULL;

	if (str_is_equal(r->spec->provider, "none") || head == NULL || is_refused(r))
		return OK;
	return provider_set_default(r->api, r->spec, &r->made, head->name + strlen(HEADS));
}

static int
push_plan(struct run *r)
{
	size_t n_moves = r->plan.n_moves;

	TRY(note_plan(r));
	if (n_moves + r->plan.n_deletes == 0) {
		TRY(git_fetch_nothing(peer_wire(r->peer)));
		return set_default(r);
	}
	if (r->plan.n_deletes > 0 && !r->there.deletes)
		return fail(r->c, E_INVALID, "the target cannot delete refs");
	TRY(enter(r, PHASE_PUSHING));
	TRY(push_rows(r, r->plan.rows, n_moves));
	TRY(set_default(r));
	return push_rows(r, r->plan.rows + n_moves, r->plan.n_deletes);
}

static void
tell_conflicts(struct run *r)
{
	size_t n = 0;

	r->out->n_conflicts = (int64_t)r->plan.n_conflicts;
	r->out->conflicts =
	    arena_new_array(r->c->mem, const struct git_push_row *, TARGET_CONFLICTS_MAX + 1);
	for (size_t i = 0; i < r->plan.n && n < TARGET_CONFLICTS_MAX; i++)
		if (r->plan.rows[i].kind == PUSH_CONFLICT)
			r->out->conflicts[n++] = &r->plan.rows[i];
}

static int
push_on(struct run *r)
{
	const struct target_spec *t = r->spec;
	const char *fingerprint;

	if (!t->is_cloned) /* its project can be made already */
		return prepare(r);
	TRY(git_init(r->c));
	TRY(git_filter_parse(r->c, t->ref_include, t->ref_exclude, &r->filter));
	TRY(load_ours(r));
	fingerprint = git_refs_fingerprint(r->c->mem, &r->ours);
	if (strcmp(fingerprint, t->last_fingerprint) == 0 && !t->is_asked && !t->is_audit) {
		r->out->fingerprint = fingerprint;
		return OK;
	}
	TRY(prepare(r));
	TRY(net_open(r->c, r->credentials, r->c->conf->sync_total_s, on_tick, r, &r->net));
	TRY(connect_to(r, &r->there));
	TRY(make_plan(r));
	TRY(push_plan(r));
	tell_conflicts(r);
	r->out->is_read = true;
	if (r->out->n_conflicts == 0 && r->out->n_refused == 0)
		r->out->fingerprint = fingerprint;
	return OK;
}

/* The conversation that failed. */
static struct net *
failed(const struct run *r)
{
	if (r->api != NULL && r->api->why != 0)
		return r->api;
	return r->net;
}

void
target_sync(struct ctx *c, const struct target_spec *spec, const struct target_hooks *hooks,
    struct target_result *out)
{
	struct run r = { .c = c, .spec = spec, .hooks = hooks, .out = out };
	int code;

	*out = (struct target_result){ .error_text = "", .fingerprint = "" };
	r.credentials = spec->credentials;
	r.store_dir = project_store_dir(c, spec->store_id);
	code = push_on(&r);
	out->bytes = bytes_of(&r);
	if (code == OK)
		return;
	out->error = r.is_told_to_stop ? SYNC_FENCED : sync_error_of(failed(&r), code);
	out->error_text = of_target(c->mem, hide(&r, c->reason));
	out->retry_after_s = failed(&r) != NULL ? failed(&r)->retry_after_s : 0;
}
