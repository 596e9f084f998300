/* The forges that a target can be at: they make the project that we push to, and are told which
 * branch is its default. Nothing there is ever deleted but by provider_remove, which a person asked
 * for. A provider's name is a word of hub.target.provider; "none" does nothing.
 *
 * All of them run in a worker process. n is a conversation of its own, without credentials (the
 * token is t->token); failures are told with net_fail, which gives the class. */
#ifndef SYNC_PROVIDER_H
#define SYNC_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "sync/target_spec.h"

struct net;

/* Where the project is there. */
struct provider_made {
	const char *url;	    /* to push to, clean; judged like any address (net/policy.h) */
	const char *project_id;	    /* as the provider names it */
	const char *full_path;	    /* there: "namespace/name" */
	const char *credentials;    /* for url, where the target has none of its own; "" none */
	const char *shown_url;	    /* for people: the ssh one, as hpr's mirror_url */
	const char *default_branch; /* there, now; "" unknown */
	bool is_new;		    /* just made by us */
};

/* Before the push: the project by its stored id; else the one of that name, if it is empty or says
 * that it is a mirror of the same upstream; else a new one, with visibility and features as
 * t->provider_options has them (core/provider_options.h). What people have changed there since
 * stays, but a project that has to be private is made so again. Idempotent. For "none", *out is
 * what t says.
 *
 * Classes of failures: as of syncs; a name that is taken by something else is policy, one that is
 * still being deleted busy. */
must_check int provider_prepare(
    struct net *n, const struct target_spec *t, struct provider_made *out);

/* After refs were made or moved, before any is deleted: `branch` (without refs/heads/) becomes the
 * default there, if it is not yet. */
must_check int provider_set_default(struct net *n, const struct target_spec *t,
    const struct provider_made *made, const char *branch);

/* Removes the project with the id t->provider_project_id, and no other; one that is not there is
 * removed. GitLab alone. */
must_check int provider_remove(struct net *n, const struct target_spec *t);

/* What a person wants to know before the first push: who the token is, whether it may make projects
 * in t->provider_namespace, whether public_key ("": any) is known there, if pushes go over ssh.
 * *what_out: a sentence of what is right. GitLab alone. */
must_check int provider_check(
    struct net *n, const struct target_spec *t, const char *public_key, const char **what_out);

#endif
