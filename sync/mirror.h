/* One sync, in a worker process: probe, fetch into a quarantine, check, publish. Knows no queue and
 * no database: the supervisor hands it a spec and decides, through the hooks, whether it may
 * publish. Every step can be repeated; killed anywhere, it leaves nothing the next run does not
 * repair. */
#ifndef SYNC_MIRROR_H
#define SYNC_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/refs.h"

/* Why a sync failed, in classes that a schedule can act on (mirroring.md section 5.5). */
enum sync_error {
	SYNC_OK = 0,
	SYNC_NETWORK,  /* "network": time-out, reset, DNS for now, HTTP 5xx, stalled */
	SYNC_BUSY,     /* "busy": 429, or 503 with Retry-After */
	SYNC_AUTH,     /* "auth": 401, 403, key refused */
	SYNC_GONE,     /* "gone": 404, 410, no such repository or host name */
	SYNC_TLS,      /* "tls": certificate or host key */
	SYNC_POLICY,   /* "policy": address, scheme, port, redirect, size limits of ours */
	SYNC_PROTOCOL, /* "protocol": not Git, broken pack, incomplete objects, object rules */
	SYNC_LOCAL,    /* "local": disk, memory, our store, a killed worker */
	SYNC_FENCED,   /* "fenced": another worker has the job now; nothing was published */
};

struct net;

/* Of a failure: what the conversation (NULL: there was none) says of it, else what the code does.
 */
enum sync_error sync_error_of(const struct net *n, int code);

const char *sync_error_text(enum sync_error class);
enum sync_error sync_error_by_name(const char *name); /* SYNC_LOCAL for what it does not know */

struct mirror_spec {
	int64_t store_id;
	const char *url;	     /* clean */
	const char *credentials;     /* "user:password", opened; "" none */
	const char *old_fingerprint; /* 64 hex digits of the published refs; "" never published */
	const char *options;	     /* what hub.mirror_options says; "" nothing */
	int64_t fence;
	bool is_anew; /* whatever the store holds: all of it is fetched (sync/anew.h) */
};

/* PHASE_PUSHING: of targets (sync/target.h). */
/* c->reason for people: an upstream may repeat what we told it. */
const char *mirror_sentence(struct ctx *c, const char *credentials);

enum mirror_phase {
	PHASE_PROBING = 1,
	PHASE_FETCHING,
	PHASE_CHECKING,
	PHASE_PUBLISHING,
	PHASE_PUSHING,
};
const char *mirror_phase_text(enum mirror_phase phase);

struct mirror_hooks {
	void *payload;
	/* Called often: at each phase, and at least each second while bytes come. false: give up.
	 */
	bool (*progress)(void *payload, enum mirror_phase phase, int64_t bytes, int64_t objects,
	    int64_t objects_total);
	/* Asked once, with the store's lock held, right before the refs are swapped. */
	bool (*may_publish)(void *payload);
};

struct mirror_result {
	enum sync_error error;	 /* SYNC_OK: the rest below is set */
	const char *error_text;	 /* one plain sentence for people, no secrets */
	int64_t retry_after_s;	 /* the upstream asked for it; 0: it did not */
	bool is_changed;	 /* refs, HEAD or latest_version differ from before */
	bool is_held;		 /* nothing was published: it waits for approval */
	const char *facts;	 /* what was decided about the refs (sync/facts.h) */
	const char *fingerprint; /* 64 hex digits over HEAD and the published refs; "" as it was */
	const char *latest_version; /* NULL: unchanged */
	const char *head;	    /* the branch HEAD names, without refs/heads/; "" unknown */
	int64_t bytes, objects, refs_changed, size_bytes;
	const struct git_ref_change *changes; /* of refs, since old_fingerprint */
	size_t n_changes;		      /* at most MIRROR_CHANGES_MAX of refs_changed */
};

/* More are counted, and told to nobody one by one. */
#define MIRROR_CHANGES_MAX 1000

/* Always fills *out; never fails otherwise. */
void mirror_sync(struct ctx *c, const struct mirror_spec *spec, const struct mirror_hooks *hooks,
    struct mirror_result *out);

#endif
