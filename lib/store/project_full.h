/* Projects with all that ABF shows of them: owner, maintainer, flags, ancestry (contracts/abf.md
 * 2.1), and the short form that lists show. */
#ifndef STORE_PROJECT_FULL_H
#define STORE_PROJECT_FULL_H

#include <stddef.h>

#include "store/project.h"

/* What a list shows. Other modules select it with the macros of store/project_fields.h. */
struct project_card {
	int64_t id;
	const char *path;
	const char *name; /* the last part of the path */
	const char *owner_uname;
	bool is_hidden;	       /* default_access is 0 */
	int64_t maintainer_id; /* 0: none, and the three texts are NULL */
	const char *maintainer_uname;
	const char *maintainer_name;  /* NULL: none */
	const char *maintainer_email; /* NULL: none */
};

struct project_full {
	struct project base;
	struct project_card card;
	const char *owner_name; /* of a team its uname; NULL: an account without a name */
	const char *head;	/* the branch that HEAD of its store names */
	const char *ancestry;	/* ids from the root to the parent, joined by '/'; NULL: a root */
	int64_t parent_id;	/* forked from; 0: from none */
	int64_t alias_of;	/* the first project of its alias set; 0: no alias */
	bool is_package, has_issues, has_wiki, publish_i686_into_x86_64, architecture_dependent;
	int64_t autostart_status; /* 0, 1 or 2; -1: none */
};

/* The project and, in the same statement, who asks (as project_by_path of store/project.h). Also
 * what the asker may not see: base.access is 0 then. E_DENIED: the claim no longer holds.
 * E_NOTFOUND: no such project; *account_out is set even so. */
must_check int project_full_by_id(struct ctx *c, const struct claim *claim, int64_t id,
    struct account *account_out, struct project_full *out);

/* The same for the one with the path owner/name, else of that name (its path's last part) owned by
 * the account or team of that uname, in any case; of several the oldest. */
must_check int project_full_by_name(struct ctx *c, const struct claim *claim, const char *owner,
    const char *name, struct account *account_out, struct project_full *out);

/* What the asker belongs to: his own, those of his teams, and those with a grant for him or one of
 * them that lets him read; by id. An administrator gets no more than that (ABF contract P1). */
must_check int project_full_list(struct ctx *c, const struct account *asker, int64_t limit,
    int64_t offset, struct project_full **rows_out, size_t *n_out);

/* How many the list has. */
must_check int project_full_count(struct ctx *c, const struct account *asker, int64_t *out);

#endif
