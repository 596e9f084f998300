/* Searching by a part of a name, in any case and literally (% and _ are letters like others).
 * Shortest names first, so that what fits as a whole is in front; platforms by name (ABF 6.4).
 *
 * A text with three letters or digits in a row is looked up in the trigram indexes. A shorter one
 * fits a good part of everything: there the names are walked in their order until the page is full.
 */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

struct search {
	const struct account *asker;
	const char *text; /* UTF-8; "" finds everything */
	int64_t limit, offset;
};

struct found_person {
	int64_t id;
	const char *uname;
	const char *name; /* NULL: none */
};

/* By uname; without system accounts. */
must_check int search_people(
    struct ctx *c, const struct search *s, struct found_person **rows_out, size_t *n_out);

struct found_team {
	int64_t id;
	const char *uname;
};

must_check int search_teams(
    struct ctx *c, const struct search *s, struct found_team **rows_out, size_t *n_out);

/* By the last part of the path; what the asker may read. */
struct project_card;
must_check int search_projects(
    struct ctx *c, const struct search *s, struct project_card **rows_out, size_t *n_out);

struct found_platform {
	int64_t id;
	const char *name;
	const char *platform_type;
	bool is_hidden;
};

/* What the asker may see. */
must_check int search_platforms(
    struct ctx *c, const struct search *s, struct found_platform **rows_out, size_t *n_out);

#endif
