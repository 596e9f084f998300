/* Mirrors and projects as people make and change them in a form: all that is wrong is told at once,
 * as faults with sentences (base/fault.h), by the name of the input. In the caller's transaction;
 * each verb adds its event. */
#ifndef CORE_MIRROR_EDIT_H
#define CORE_MIRROR_EDIT_H

#include "core/actor.h"
#include "store/project_full.h"

#define MIRROR_INTERVAL_LEAST_S 60
#define MIRROR_INTERVAL_MOST_S 31536000

/* As typed: NULL and "" are alike. Fields of faults have these names. */
struct mirror_input {
	const char *url;
	const char *user, *password; /* of http and https; sealed */
	const char *path;	     /* "": from the address */
	const char *description;
	const char *visibility; /* "open" or "hidden" */
	const char *interval;	/* seconds; "": the hub's */
};

/* A new mirror, first sync queued. *path_out: where it is. Where one may make it is said by
 * core/folder.h. */
must_check int mirror_make(struct ctx *c, const struct actor *who, const struct mirror_input *in,
    int64_t *id_out, const char **path_out);

/* A project of its own, with an empty store: faults "path" and "visibility". */
struct plain_input {
	const char *path, *description, *visibility;
};

must_check int plain_make(
    struct ctx *c, const struct actor *who, const struct plain_input *in, const char **path_out);

/* Settings. What is NULL stays as it is. */
struct edit_input {
	const char *description, *visibility;
	/* of a mirror. Another address forgets the credentials of the old one, which is never asked
	 * with them; blank ones of the same address stay. */
	const char *url, *user, *password, *interval;
	bool forgets_credentials;
	const char *branch; /* the default branch, of what is no mirror */
};

must_check int project_edit(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct edit_input *in);

/* The address at which its upstream says it is from now on becomes that of the mirror, by the rules
 * of project_edit. url: the one that was looked at; NULL or "": whatever it says. E_NOTFOUND: it
 * says nothing. E_CONFLICT: another one by now. Fault "url". */
must_check int project_accept_move(
    struct ctx *c, const struct actor *who, const struct project_full *p, const char *url);

/* Until it is resumed nothing is synced; what runs comes to its end. Nothing happens, and no event
 * is added, where it is so already. E_INVALID: no mirror. */
must_check int project_pause(struct ctx *c, const struct actor *who, const struct project *p);

/* Synced at once, then by its interval. */
must_check int project_resume(struct ctx *c, const struct actor *who, const struct project *p);

/* project_delete for whoever has typed its path: fault "confirm". */
must_check int project_delete_named(
    struct ctx *c, const struct actor *who, const struct project *p, const char *typed);

#endif
