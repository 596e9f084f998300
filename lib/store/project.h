/* Projects with their mirror and its live job: the row that every dialect shows. */
#ifndef STORE_PROJECT_H
#define STORE_PROJECT_H

#include "base/ctx.h"
#include "store/account.h"

struct project {
	int64_t id;
	const char *path;
	const char *description;
	int64_t owner_account_id; /* 0: a team owns it */
	int64_t owner_team_id;	  /* 0: an account owns it */
	int64_t default_access;
	int64_t store_id;
	int64_t created_at, updated_at;
	int64_t access; /* of the asker: 0 none, 1 read, 2 write, 3 admin, 4 owner */

	bool is_mirror; /* the rest is 0 or "" without one */
	const char *url;
	const char *mirror_url; /* NULL: our own clone URL */
	bool is_paused;
	const char *latest_version;
	int64_t last_success_at; /* 0: never */
	int64_t failures;
	const char *error_class, *error_text;

	const char *job_state; /* queued, running, scheduled, retry, dead; "" without a sync job */
	bool is_wanted_again;  /* one more sync follows the running one */
	bool is_job_active;    /* queued, running, or a retry that is due */
	bool is_pushed_on;     /* the job of one of its targets is queued or running */
	int64_t scheduled_at;  /* 0 while none is planned */
};

/* The project and, in the same statement, who asks (claim: who_claim of auth/who.h gives it).
 * *account is left as nobody for an anonymous claim. E_DENIED: the claim no longer holds (token
 * gone, password changed, account disabled). E_NOTFOUND: no such path, or access is 0. */
must_check int project_by_path(struct ctx *c, const struct claim *claim, const char *path,
    struct account *account_out, struct project *out);

/* Mirrors the asker may read, by path in byte order. text: case-insensitive substring of the path,
 * literally; "" for all. */
must_check int project_list_mirrors(struct ctx *c, const struct account *asker, const char *text,
    int64_t limit, int64_t offset, struct project **rows_out, size_t *n_out);

/* The same, of all projects. */
must_check int project_list_all(struct ctx *c, const struct account *asker, int64_t limit,
    int64_t offset, struct project **rows_out, size_t *n_out);

/* The list of mirrors, of everything and by name alone: it comes from the index, without the rows.
 */
struct project_path {
	const char *path;
};

must_check int project_list_mirror_paths(struct ctx *c, const struct account *asker, int64_t limit,
    struct project_path **rows_out, size_t *n_out);

/* How many the list would have without limit. Without text no row is counted: counters are read. */
must_check int project_count_mirrors(
    struct ctx *c, const struct account *asker, const char *text, int64_t *out);

struct project_new {
	const char *path;
	int64_t owner_account_id;
	int64_t owner_team_id;
	int64_t default_access;
	const char *description;
	bool is_mirror;
};

/* Inserts a store row and the project. E_CONFLICT: the path is taken (in any case). */
must_check int project_add(
    struct ctx *c, const struct project_new *row, int64_t *id_out, int64_t *store_id_out);

/* Removes the row; *is_last_out says that no other project uses its store. E_NOTFOUND. */
must_check int project_del(struct ctx *c, int64_t id, bool *is_last_out);

/* The refs of a store have changed: what was made from them is out of date. head: the branch HEAD
 * names now, without refs/heads/; NULL: as before. E_NOTFOUND: the store is gone. */
must_check int project_raise_generation(struct ctx *c, int64_t store_id, const char *head);

#endif
