/* The verbs on projects that RhodeCode's door has beside those of the others
 * (contracts/rhodecode.md 2.3, 3.4, 4.4 to 4.7): at any path, with the folders on the way, mirrors
 * at once, of any owner. Faults of places are "path" (FAULT_TAKEN), "folder" (FAULT_UNKNOWN: there
 * is none, or none that the actor may see; FAULT_REFUSED: he may not make anything in it) and "top"
 * (FAULT_REFUSED). */
#ifndef CORE_REPO_H
#define CORE_REPO_H

#include <stdbool.h>

#include "core/actor.h"
#include "core/sync_wait.h"
#include "store/project_full.h"

struct repo_wish {
	const char *path;
	const char *type;	  /* NULL: git, which is all there is */
	int64_t owner_account_id; /* 0: the actor */
	const char *description;  /* NULL or "": the last part of the path */
	const char *url;	  /* of the upstream; NULL or "": no mirror */
	const char *landing;	  /* "rev:tip" or "branch:NAME"; NULL: none was named */
	bool is_private;	  /* nobody reads it by default */
	bool copies_grants;	  /* of the folder it comes into */
};

/* All of it in one transaction of its own, folders included. A mirror is waited for: one whose
 * first sync fails is removed again (E_INVALID); one that takes longer than rhodecode.wait_s stays,
 * and goes on. waits: is_abandoned and payload alone; NULL: nobody leaves. */
must_check int repo_create(struct ctx *c, const struct actor *who, const struct repo_wish *wish,
    const struct sync_wait *waits, int64_t *id_out);

/* What is NULL or 0 stays as it is. */
struct repo_change {
	const char *name;   /* the last part of its path */
	const char *folder; /* the rest; "": to the top */
	int64_t owner_account_id;
	const char *description;
	const bool *is_private;
	const char *url;     /* "": no mirror any more. What has branches does not become one. */
	const char *landing; /* as above: a branch becomes the one HEAD names */
};

/* *path_out: the path it has now. In the caller's transaction. E_CONFLICT also with http_status
 * 503: somebody else is changing the store. */
must_check int repo_update(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct repo_change *change, const char **path_out);

enum repo_forks { REPO_FORKS_REFUSE = 1, REPO_FORKS_DETACH, REPO_FORKS_DELETE };

#define REPO_FORKS_MOST 1000

/* *n_out: how many forks were detached, or deleted with it (also theirs). Faults: "forks"
 * (FAULT_FIXED) where it has some and they were to be refused. E_CONFLICT: forks that the actor may
 * not delete, or more than REPO_FORKS_MOST. */
must_check int repo_delete(struct ctx *c, const struct actor *who, const struct project *p,
    enum repo_forks forks, size_t *n_out);

/* Everything that was made from its refs is made anew. */
must_check int repo_forget_kept(struct ctx *c, const struct actor *who, const struct project *p);

#endif
