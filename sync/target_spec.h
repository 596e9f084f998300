/* A target as its worker knows it: what the supervisor read of it (store/target.h), secrets opened,
 * sent as JSON in the job (sync/wire.h). */
#ifndef SYNC_TARGET_SPEC_H
#define SYNC_TARGET_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct target_spec {
	int64_t id, store_id;
	const char *path, *description; /* of the project here */
	const char *upstream;		/* of the mirror, without credentials; "" it is none */
	bool is_private;		/* here: what is made there is so, too */
	bool is_cloned;	 /* false: a mirror before its first sync, there is nothing to push */
	const char *url; /* "" not known before the provider has made it */
	const char *credentials;  /* "user:password" of the push; "" none */
	const char *provider;	  /* "none", "gitlab", "gitea" or "github" */
	const char *provider_url; /* of its API */
	const char *provider_namespace, *provider_project_id;
	const char *provider_options; /* a JSON object */
	const char *token;	      /* of the API; "" none */
	const char *ref_include, *ref_exclude;
	bool overwrites, is_thin;
	const char *last_fingerprint; /* 64 hex digits, or "" */
	const char *avoid_ids;	      /* of projects that are being deleted there, by commas */
	bool is_asked;		      /* somebody asked for this push: nothing is skipped */
	bool is_audit;		      /* for a while nobody has looked: nothing is skipped */
	int64_t fence;		      /* of the job */
};

/* As the one line of JSON, and back. Texts that are missing are "". E_INVALID. */
const char *target_spec_text(struct arena *mem, const struct target_spec *t);
must_check int target_spec_parse(struct ctx *c, const char *text, struct target_spec *out);

#endif
