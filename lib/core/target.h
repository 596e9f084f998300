/* The hub's rules on targets, where projects are pushed on to: what they may be, and who hears of
 * it. Each verb runs in the caller's transaction and adds its event. What a push does is
 * sync/target.h. */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include <stdbool.h>

#include "core/actor.h"
#include "store/project.h"
#include "store/target.h"

#define TARGET_SECRET_MOST 4000

/* What a person asks for; NULL and "" are alike where nothing else is said. Fields of faults have
 * these names. */
struct target_wish {
	const char *url;		/* of a provider's: where it is, once it is known */
	const char *provider;		/* "none" when it is not said */
	const char *provider_url;	/* of its API */
	const char *provider_namespace; /* group, organisation or user there */
	const char *provider_options; /* a JSON object; NULL: as they were, of the same provider */
	const char *user, *password;  /* of http(s); as they were when neither is given */
	const char *token;	      /* of the API; as it was */
	const char *ref_include, *ref_exclude;
	bool overwrites, is_thin, active;
	bool forgets_credentials, forgets_token;
};

/* First push queued. Faults: url, provider, provider_url, provider_namespace, provider_options,
 * user, password, token, ref_include, ref_exclude, targets (TARGETS_MAX). E_INVALID; E_CONFLICT,
 * fault url: a target of the hub is there already. */
must_check int target_create(struct ctx *c, const struct actor *who, const struct project *project,
    const struct target_wish *wish, int64_t *id_out);

/* Everything is as wished, but for secrets that are not given; another address forgets them, and
 * what was known of the place. Pushed at once. E_NOTFOUND, E_INVALID, E_CONFLICT. */
must_check int target_edit(struct ctx *c, const struct actor *who, const struct project *project,
    int64_t id, const struct target_wish *wish);

/* Nothing is deleted there. E_NOTFOUND. */
must_check int target_remove(
    struct ctx *c, const struct actor *who, const struct project *project, int64_t id);

/* A push now. overwrites: this once, what others put there under our refs' names goes. E_NOTFOUND;
 * E_INVALID: it is paused. */
must_check int target_push_now(struct ctx *c, const struct actor *who,
    const struct project *project, int64_t id, bool overwrites);

/* Other credentials ("user:password") or another token for any target: for the command. E_INVALID,
 * E_NOTFOUND. */
must_check int target_change_secret(
    struct ctx *c, const struct actor *who, int64_t id, bool is_token, const char *secret);

/* ---- how it is, in words: one rule for pages and API */

/* The first that fits, in this order. */
enum target_state {
	TARGET_PUSHING = 1, /* it is being pushed to, or will as soon as a worker is free */
	TARGET_PAUSED,
	TARGET_AUTH,	 /* it does not let us in */
	TARGET_BACKOFF,	 /* the last attempt failed */
	TARGET_CONFLICT, /* others put something there under our refs' names */
	TARGET_PARTIAL,	 /* it refused some refs */
	TARGET_IDLE,
};

#define TARGET_STATE_MAX TARGET_IDLE

enum target_state target_state_of(const struct target *t);
const char *target_state_word(enum target_state state);	 /* "idle" */
const char *target_state_class(enum target_state state); /* of core/mirror_state.h */
const char *target_state_sign(enum target_state state);

/* "All refs are there, looked at 3 hours ago." Without secrets. */
const char *target_state_sentence(struct arena *mem, const struct target *t, int64_t now);

#endif
