#include "sync/mirror.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/audit.h"
#include "git/check.h"
#include "git/describe.h"
#include "git/fetch.h"
#include "git/init.h"
#include "git/refs.h"
#include "git/store.h"
#include "net/net.h"
#include "base/crash.h"
#include "sync/anew.h"
#include "sync/decide.h"
#include "sync/options.h"
#include "sync/peer.h"
#include "sync/publish.h"

#define DIR_MODE 0750
#define TICK_US 200000
#define HEADS "refs/heads/"

/* One sync while it runs. */
struct run {
	struct ctx *c;
	const struct mirror_spec *spec;
	const struct mirror_hooks *hooks;
	struct mirror_result *out;
	const char *store_dir, *quarantine_dir;
	struct net *net; /* NULL before the probe */
	struct peer *peer;
	struct git_advert advert;
	const char *fingerprint; /* of advert: what the upstream has of what we take */
	const char *moved_to;	 /* peer_moved_to, where it can be told */
	struct git_fetched fetched;
	bool has_store;
	bool is_anew;	  /* the store is damaged: a fresh one takes its place */
	bool is_faithful; /* the refs on disk are those that the database has heard of */
	struct options options;
	struct git_refs published, kept; /* of the store, before */
	struct decision decision;
	/* for the hooks */
	enum mirror_phase phase;
	int64_t objects, objects_total, told_us;
	bool is_told_to_stop;
};

static const char *const phase_texts[] = {
	[PHASE_PROBING] = "probing",
	[PHASE_FETCHING] = "fetching",
	[PHASE_CHECKING] = "checking",
	[PHASE_PUBLISHING] = "publishing",
	[PHASE_PUSHING] = "pushing",
};

const char *
mirror_phase_text(enum mirror_phase phase)
{
	assert(phase >= PHASE_PROBING && phase <= PHASE_PUSHING);
	return phase_texts[phase];
}

/* ---- progress */

static bool
tell(struct run *r)
{
	if (r->is_told_to_stop)
		return false;
	r->told_us = clock_mono_us();
	if (!r->hooks->progress(r->hooks->payload, r->phase, r->net != NULL ? r->net->bytes : 0,
		r->objects, r->objects_total))
		r->is_told_to_stop = true;
	return !r->is_told_to_stop;
}

static bool
on_tick(void *payload)
{
	struct run *r = payload;

	return clock_mono_us() - r->told_us < TICK_US ? !r->is_told_to_stop : tell(r);
}

static bool
on_fetch(void *payload, int64_t bytes, int64_t objects, int64_t objects_total)
{
	struct run *r = payload;

	(void)bytes; /* net counts them, those of the advertisement too */
	if (objects > objects_total / 2)
		crash_point("midpack");
	r->objects = objects;
	r->objects_total = objects_total;
	return on_tick(r);
}

static bool
on_check(void *payload, int64_t objects, int64_t objects_total)
{
	struct run *r = payload;

	r->objects = objects;
	r->objects_total = objects_total;
	return on_tick(r);
}

static int
enter(struct run *r, enum mirror_phase phase)
{
	r->phase = phase;
	r->objects = r->objects_total = 0;
	return tell(r) ? OK : fail(r->c, E_CONFLICT, "given up because it was told to");
}

/* ---- probe */

static int
probe(struct run *r)
{
	const struct conf *conf = r->c->conf;
	struct net_url url;

	TRY(enter(r, PHASE_PROBING));
	TRY(net_open(r->c, r->spec->credentials, conf->sync_total_s, on_tick, r, &r->net));
	crash_point("probe");
	if (net_url_parse(r->c, r->spec->url, &url) != OK)
		return net_fail(r->net, NET_WHY_POLICY, "%s", r->c->reason);
	TRY(peer_open(r->net, &url, &r->peer));
	TRY(git_advert_read(
	    r->c, peer_wire(r->peer), r->options.filter, r->options.most_refs, &r->advert));
	r->fingerprint = git_refs_fingerprint(r->c->mem, &r->advert.refs);
	r->moved_to = peer_moved_to(r->peer);
	return OK;
}

/* HEAD may be ours: an upstream does not always say which branch it names. */
static bool
is_as_told(const struct run *r, struct git_refs refs)
{
	const char *told = r->spec->old_fingerprint;

	if (strcmp(git_refs_fingerprint(r->c->mem, &refs), told) == 0)
		return true;
	refs.head = NULL;
	return strcmp(git_refs_fingerprint(r->c->mem, &refs), told) == 0;
}

/* What the database says was published may have been changed on disk since: a run of ours looks. */
static void
look_at_store(struct run *r)
{
	struct git_refs refs;

	r->has_store = path_is_dir(r->store_dir);
	if (!r->has_store)
		return;
	r->is_anew = r->spec->is_anew || git_audit_is_marked(r->c->mem, r->store_dir) ||
	    git_refs_load(r->c, r->store_dir, &refs, NULL) != OK;
	r->is_faithful = !r->is_anew && is_as_told(r, refs);
}

/* Most runs end here: what is published is what upstream has. Unless a worker was killed as it had
 * published more than the database has heard of, and the upstream went back since. */
static bool
is_untold(struct run *r)
{
	return !r->is_faithful ||
	    git_refs_is_untold(r->c->mem, r->store_dir, r->spec->old_fingerprint);
}

/* ---- fetch, check */

static int
check_disk(struct run *r)
{
	int percent;

	TRY(path_free_percent(r->c, r->c->conf->data_dir, &percent));
	if (percent < r->c->conf->sync_disk_free_percent)
		return fail(r->c, E_INTERNAL, "only %d%% of the disk are free: nothing is fetched",
		    percent);
	return OK;
}

/* What is published; of a damaged store, as far as it can be read. */
static int
load_refs(struct run *r, bool has_store)
{
	bool is_all;

	if (r->is_anew)
		return anew_refs(r->c, r->store_dir, &r->published, &r->kept, &is_all);
	if (!has_store)
		return OK;
	TRY(git_store_check(r->c, r->store_dir));
	return git_refs_load(r->c, r->store_dir, &r->published, &r->kept);
}

static int
fetch(struct run *r)
{
	bool has_store = r->has_store && !r->is_anew;
	const struct git_refs none = { .n = 0 };
	const struct git_fetch f = {
		.quarantine_dir = r->quarantine_dir,
		.store_dir = has_store ? r->store_dir : NULL,
		.advert = &r->advert,
		.published = has_store ? &r->published : &none,
		.wire = peer_wire(r->peer),
		.progress = on_fetch,
		.payload = r,
	};
	const struct git_check k = {
		.quarantine_dir = r->quarantine_dir,
		.refs = &r->advert.refs,
		.published = has_store ? &r->published : &none,
		.progress = on_check,
		.payload = r,
	};
	struct git_check check = k;

	TRY(enter(r, PHASE_FETCHING));
	TRY(check_disk(r));
	TRY(load_refs(r, has_store));
	TRY(path_remove_tree(r->c, r->quarantine_dir));
	TRY(path_make_dir(r->c, r->quarantine_dir, DIR_MODE));
	crash_point("fetch");
	TRY(git_fetch(r->c, &f, &r->fetched));
	TRY(enter(r, PHASE_CHECKING));
	check.pack = r->fetched.pack;
	check.indexed_by = r->fetched.indexed_by;
	return git_check(r->c, &check);
}

/* ---- publish */

static int
publish(struct run *r)
{
	struct publication p = {
		.store_id = r->spec->store_id,
		.store_dir = r->store_dir,
		.pack = r->fetched.pack,
		.refs = &r->decision.next,
		.upstream = &r->advert.refs,
		.moves = &r->decision.moves,
		.kept_rule = &r->decision.kept_rule,
		.may_publish = r->hooks->may_publish,
		.payload = r->hooks->payload,
		.old_fingerprint = r->spec->old_fingerprint,
		.changes_most = MIRROR_CHANGES_MAX,
		.is_anew = r->is_anew,
	};

	TRY(enter(r, PHASE_PUBLISHING));
	TRY(publish_refs(r->c, &p));
	r->out->fingerprint = git_refs_fingerprint(r->c->mem, p.refs);
	/* what was only put right is as it was; what was not there at all is new */
	r->out->is_changed = !r->has_store || p.refs_changed > 0 ||
	    strcmp(r->out->fingerprint, r->spec->old_fingerprint) != 0;
	r->out->refs_changed = (int64_t)p.refs_changed;
	r->out->changes = p.changes;
	r->out->n_changes = p.n_changes;
	r->out->size_bytes = p.size_bytes;
	r->out->latest_version = p.latest_version;
	return OK;
}

/* Which branch HEAD names now: also of an unchanged store, whose row may be older than the
 * question. */
static void
look_at_head(struct run *r)
{
	const char *branch;

	r->out->head = "";
	if (git_head_load(r->c, r->store_dir, &branch) == OK && branch != NULL &&
	    str_starts(branch, HEADS))
		r->out->head =
		    str_utf8(r->c->mem, branch + strlen(HEADS), strlen(branch) - strlen(HEADS));
}

/* ---- what is to be done */

static struct decide
question(struct run *r)
{
	return (struct decide){
		.options = &r->options,
		.old_fingerprint = r->spec->old_fingerprint,
		.fingerprint = r->fingerprint,
		.quarantine_dir = r->quarantine_dir,
		.upstream = &r->advert.refs,
		.published = &r->published,
		.kept = &r->kept,
		.progress = on_tick,
		.payload = r,
	};
}

/* For whom keeps what was decided. */
static void
tell_verdict(struct run *r, const struct decision *d)
{
	const struct facts facts = {
		.verdict = d->verdict,
		.upstream = r->fingerprint,
		.version = r->options.version,
		.findings = d->findings,
		.notices = d->notices,
		.moved_to = r->moved_to,
	};

	r->out->is_held = d->verdict == FACTS_HELD;
	r->out->facts = facts_text(r->c->mem, &facts);
}

/* Nothing is fetched, and nothing is published. */
static int
pass_over(struct run *r, enum facts_verdict verdict)
{
	const struct decision d = { .verdict = verdict };

	tell_verdict(r, &d);
	if (verdict == FACTS_TAKEN)
		r->out->fingerprint = r->spec->old_fingerprint;
	look_at_head(r);
	return git_fetch_nothing(peer_wire(r->peer));
}

/* Limits of the mirror's own stand in place of the hub's, wherever they are read. */
static int
read_options(struct run *r)
{
	struct conf *own = arena_new_of(r->c->mem, struct conf);

	if (options_parse(r->c, r->spec->options, &r->options) != OK)
		return fail(r->c, E_DENIED, "%s", r->c->reason);
	*own = *r->c->conf;
	own->sync_pack_bytes = r->options.most_bytes;
	own->sync_objects = r->options.most_objects;
	own->sync_refs = r->options.most_refs;
	own->sync_object_bytes = r->options.most_blob_bytes;
	r->c->conf = own;
	return OK;
}

static int
sync_mirror(struct run *r)
{
	struct decide d;
	enum facts_verdict early;

	r->out->fingerprint = "";
	TRY(git_init(r->c));
	TRY(read_options(r));
	TRY(probe(r));
	look_at_store(r);
	d = question(r);
	early = decide_early(&d);
	if (early != 0 && (early == FACTS_TAKEN ? !is_untold(r) : r->has_store))
		return pass_over(r, early);
	TRY(fetch(r));
	TRY(decide(r->c, &d, &r->decision));
	tell_verdict(r, &r->decision);
	if (r->decision.verdict == FACTS_TAKEN)
		TRY(publish(r));
	look_at_head(r);
	return OK;
}

/* ---- how it went */

static const enum sync_error by_why[] = {
	[NET_WHY_NETWORK] = SYNC_NETWORK,
	[NET_WHY_BUSY] = SYNC_BUSY,
	[NET_WHY_AUTH] = SYNC_AUTH,
	[NET_WHY_GONE] = SYNC_GONE,
	[NET_WHY_TLS] = SYNC_TLS,
	[NET_WHY_POLICY] = SYNC_POLICY,
	[NET_WHY_PROTOCOL] = SYNC_PROTOCOL,
	[NET_WHY_STOPPED] = SYNC_FENCED,
	[NET_WHY_LOCAL] = SYNC_LOCAL,
};

/* What is not about the connection: a refusal is about what the upstream sent. */
static const enum sync_error by_code[] = {
	[E_NOTFOUND] = SYNC_GONE,
	[E_DENIED] = SYNC_POLICY,
	[E_INVALID] = SYNC_PROTOCOL,
	[E_CONFLICT] = SYNC_FENCED,
	[E_INTERNAL] = SYNC_LOCAL,
};

enum sync_error
sync_error_of(const struct net *n, int code)
{
	return n != NULL && n->why != 0 ? by_why[n->why] : by_code[code];
}

static enum sync_error
class_of(const struct run *r, int code)
{
	if (r->is_told_to_stop)
		return SYNC_FENCED;
	return sync_error_of(r->net, code);
}

const char *
mirror_sentence(struct ctx *c, const char *credentials)
{
	const char *colon = strchr(credentials, ':');
	const char *secret = colon != NULL ? colon + 1 : credentials;

	if (secret[0] != '\0' && strstr(c->reason, secret) != NULL)
		return "the upstream's answer cannot be shown: our password is in it";
	return str_redact(c->mem, c->reason);
}

/* A failed clean-up is not the run's failure: the janitor does it again. */
static void
drop_quarantine(struct run *r)
{
	const char *reason = r->c->reason;

	if (r->phase > PHASE_PROBING && path_remove_tree(r->c, r->quarantine_dir) != OK)
		r->c->reason = reason;
}

void
mirror_sync(struct ctx *c, const struct mirror_spec *spec, const struct mirror_hooks *hooks,
    struct mirror_result *out)
{
	struct ctx inner = *c; /* its settings are the mirror's own */
	struct run r = { .c = &inner, .spec = spec, .hooks = hooks, .out = out };
	int code;

	*out = (struct mirror_result){ .error_text = "" };
	r.store_dir = project_store_dir(c, spec->store_id);
	r.quarantine_dir = arena_printf(c->mem, "%s/quarantine/%lld-%lld", c->conf->data_dir,
	    (long long)spec->store_id, (long long)spec->fence);
	code = sync_mirror(&r);
	drop_quarantine(&r);
	out->bytes = r.net != NULL ? r.net->bytes : 0;
	out->objects = r.fetched.objects;
	if (code == OK)
		return;
	*out = (struct mirror_result){ .error = class_of(&r, code),
		.error_text = mirror_sentence(&inner, spec->credentials),
		.bytes = out->bytes,
		.objects = out->objects };
	out->retry_after_s = r.net != NULL ? r.net->retry_after_s : 0;
}

/* ---- names of the classes */

static const char *const error_texts[] = {
	[SYNC_OK] = "",
	[SYNC_NETWORK] = "network",
	[SYNC_BUSY] = "busy",
	[SYNC_AUTH] = "auth",
	[SYNC_GONE] = "gone",
	[SYNC_TLS] = "tls",
	[SYNC_POLICY] = "policy",
	[SYNC_PROTOCOL] = "protocol",
	[SYNC_LOCAL] = "local",
	[SYNC_FENCED] = "fenced",
};

const char *sync_error_text(enum sync_error class)
{
	assert(class >= SYNC_OK && class <= SYNC_FENCED);
	return error_texts[class];
}

enum sync_error
sync_error_by_name(const char *name)
{
	for (enum sync_error e = SYNC_OK; e <= SYNC_FENCED; e++)
		if (strcmp(error_texts[e], name) == 0)
			return e;
	return SYNC_LOCAL;
}
