#include "cgi/abf/abf.h"

/* Guests are asked who they are before anything is said of an object they may not change. */
#define ASK ROUTE_ASK_FIRST

/* clang-format off */
static const struct route routes[] = {
	/* method  path                                        who may       what is loaded    who answers      reads     flags  says */

	/* ---- users (contract 6.1) */

	/* ---- groups (6.2) */

	/* ---- platforms (6.3) */

	/* ---- repositories (3) */

	/* ---- projects (2) */

	/* ---- search and architectures (6.4) */
	{ GET,     "/api/v1/arches",                           PERM_PUBLIC,  LOAD_NONE,        list_arches,     NULL,     0 },

	{ .path = NULL },
};
/* clang-format on */

const struct dialect abf_dialect = {
	.name = "abf",
	.realm = "Application",
	.type = "application/json; charset=utf-8",
	.routes = routes,
	.fail = abf_refuse,
	.inputs = INPUT_FORM | INPUT_MULTIPART | INPUT_JSON | INPUT_IGNORE_UNKNOWN,
	.prefix = "/api/v1/",
	.habits = HABIT_JSON_SUFFIX,
};
