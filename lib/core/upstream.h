/* The address of an upstream, as a person gives it: its parts, and what may be stored of it. Only
 * its text is judged here; where it leads is for sync to find out, at each connection. */
#ifndef CORE_UPSTREAM_H
#define CORE_UPSTREAM_H

#include <stdbool.h>

#include "base/ctx.h"

#define UPSTREAM_MOST_BYTES 2000

struct upstream {
	const char *scheme;	 /* lower case; "ssh" for user@host:path */
	const char *url;	 /* as given, without the user and password of http and https */
	const char *credentials; /* "user:password", decoded; NULL without */
	const char *path;	 /* still encoded, without query and fragment; no slash in front */
	bool is_scp;		 /* user@host:path: its path is never encoded */
};

/* Takes it apart. E_INVALID: no form that we know (hpr A5.1), a scheme that no hub speaks, control
 * bytes, blanks, a backslash, too long, a host or user that a program could take for an option. */
must_check int upstream_parse(struct ctx *c, const char *url, struct upstream *out);

/* upstream_parse, and its scheme is one of the settings net.schemes and net.allow_file. */
must_check int upstream_check(struct ctx *c, const char *url, struct upstream *out);

bool upstream_is_http(const struct upstream *u); /* or https */

/* Whether two addresses are the same place as people write them: without users and passwords of
 * http and https, in any case of the host, with or without a slash and ".git" at the end (Hub
 * contract B3.1). What is no address is the same as nothing. */
bool upstream_is_same(struct ctx *c, const char *a, const char *b);

#endif
