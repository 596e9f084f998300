/* Projects as RhodeCode's door shows and changes them (contracts/rhodecode.md 3.1, 3.4): what lists
 * need in one row, grants of any level, owners, the state of a sync somebody waits for. */
#ifndef STORE_REPO_H
#define STORE_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

struct repo {
	int64_t id;
	const char *path;
	const char *description;
	const char *owner_uname;
	const char *clone_uri; /* without credentials; NULL: no mirror */
	const char *fork_of;   /* the path of what it was forked from, if the asker may read that */
	int64_t store_id;
	int64_t default_access;
	int64_t created_at;
	bool is_cloned; /* no mirror, or one whose first sync has ended well */
};

/* A list with more rows than this is refused, not cut. */
#define REPOS_MOST 100000

/* E_NOTFOUND. Whether the asker may see it is the caller's to know. */
must_check int repo_by_id(struct ctx *c, const struct account *asker, int64_t id, struct repo *out);

/* All that the asker may read, by id. E_INTERNAL: more than REPOS_MOST. */
must_check int repo_list(
    struct ctx *c, const struct account *asker, struct repo **rows_out, size_t *n_out);

/* What is at a path, in any case. */
struct repo_at {
	bool is_there;
	bool is_fork; /* it was forked from something */
};

must_check int repo_ask(struct ctx *c, const char *path, struct repo_at *out);

/* Those forked from it, without its aliases, and what the asker may on them; at most limit. */
struct repo_fork {
	int64_t id;
	int64_t access;
};

must_check int repo_list_forks(struct ctx *c, const struct account *asker, int64_t id,
    int64_t limit, struct repo_fork **rows_out, size_t *n_out);

/* Forks of it are forks of nothing from now on. */
must_check int repo_detach_forks(struct ctx *c, int64_t id);

/* ---- changes; all E_NOTFOUND when it has gone */

/* E_CONFLICT: as project_update_row. */
must_check int repo_set_path(struct ctx *c, int64_t id, const char *path);
must_check int repo_set_owner(struct ctx *c, int64_t id, int64_t account_id);
must_check int repo_set_default(struct ctx *c, int64_t id, int64_t access);
must_check int repo_set_description(struct ctx *c, int64_t id, const char *description);

/* A mirror has another upstream from now on. */
must_check int repo_set_upstream(
    struct ctx *c, int64_t id, const char *url, const char *sealed_credentials);

/* What was none is a mirror now. */
must_check int repo_add_upstream(
    struct ctx *c, int64_t id, const char *url, const char *sealed_credentials);

/* A mirror is one no more: its schedule goes with it. */
must_check int repo_drop_upstream(struct ctx *c, int64_t id);

/* ---- who may what */

/* A grant: to an account, with all that others see of it, or to a team. */
struct repo_member {
	int64_t id;
	bool is_team;
	const char *uname;
	const char *first_name, *last_name, *email; /* "": none, as of teams */
	const char *role;
	bool is_active; /* an account is also not banned */
	bool is_admin;
	int64_t access; /* 0 to 3 */
};

/* Accounts, then teams, both in the order of their grants. E_INTERNAL: more than REPOS_MOST. */
must_check int repo_list_members(
    struct ctx *c, int64_t id, struct repo_member **rows_out, size_t *n_out);

/* An account's or team's grant becomes this one. E_CONFLICT: it, or the project, has gone. */
must_check int repo_set_grant(
    struct ctx *c, int64_t id, bool is_team, int64_t member_id, int64_t access);
must_check int repo_del_grant(
    struct ctx *c, int64_t id, bool is_team, int64_t member_id, bool *was_there_out);

/* What accounts and teams were granted on one project they are granted on the other. */
must_check int repo_copy_grants(struct ctx *c, int64_t from_id, int64_t to_id);

/* What a folder gives to them they have on the project; everyone has the same, unless that would
 * open what is closed. */
must_check int repo_copy_folder_grants(struct ctx *c, int64_t id, const char *folder);

/* ---- a sync that somebody waits for */

/* The database's time as it writes it. */
must_check int repo_sync_now(struct ctx *c, const char **out);

struct repo_sync {
	bool is_live;		/* a mirror that is not paused */
	bool is_done;		/* a run that began at that time or later has ended */
	bool is_ok;		/* well */
	const char *error_text; /* of the run; "" */
};

must_check int repo_sync_since(struct ctx *c, int64_t id, const char *since, struct repo_sync *out);

#endif
