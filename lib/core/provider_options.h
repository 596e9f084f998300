/* hub.target.provider_options: what a project on a forge is to be. A JSON object; every member may
 * be missing, none else may be there. */
#ifndef CORE_PROVIDER_OPTIONS_H
#define CORE_PROVIDER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct provider_options {
	const char *name;	/* of the project there; "": from the path here */
	const char *visibility; /* "public", "internal" (GitLab) or "private"; "": as it is here */
	bool without_create;	/* an existing one is looked up, whatever is in it */
	bool issues, wiki, merge_requests, snippets;
	bool ssh;		/* pushes go over ssh */
	int64_t ssh_port;	/* 0: as the forge says */
	const char *token_type; /* GitLab: "private", "oauth"; "": private */
};

/* E_INVALID, with the member that is wrong. */
must_check int provider_options_parse(
    struct ctx *c, const char *text, struct provider_options *out);

const char *provider_options_text(struct arena *mem, const struct provider_options *o);

#endif
