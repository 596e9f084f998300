#include "cgi/abf/abf.h"

/* Guests are asked who they are before anything is said of an object they may not change. */
#define ASK ROUTE_ASK_FIRST

static const struct abf_words signatures_words = { "repository",
	"Signatures have been updated for repository successfully",
	"Signatures have not been updated for repository" };

#define WORDS(root, thing, done)                                                                   \
	{                                                                                          \
		root, thing " has been " done " successfully", thing " has not been " done, NULL   \
	}

static const struct abf_words create_user_words = WORDS("user", "User", "created");
static const struct abf_words update_user_words = WORDS("user", "User", "updated");
static const struct abf_words notifiers_words = { "user",
	"User notification settings have been updated successfully",
	"User notification settings have not been updated", "notifiers" };

static const struct abf_words create_group_words = WORDS("group", "Group", "created");
static const struct abf_words update_group_words = WORDS("group", "Group", "updated");
static const struct abf_words destroy_group_words = WORDS("group", "Group", "destroyed");
static const struct abf_words add_group_member_words = { "group",
	"%s has been added to group successfully", "Member has not been added to group", NULL };
static const struct abf_words remove_group_member_words = { "group",
	"%s has been removed from group successfully", "Member has not been removed from group",
	NULL };
static const struct abf_words update_group_member_words = { "group",
	"Role for %s has been updated in group successfully",
	"Role for member has not been updated in group", NULL };

/* clang-format off */
static const struct route routes[] = {
	/* method  path                                        who may       what is loaded    who answers      reads     flags  says */

	/* ---- users (contract 6.1) */
	{ GET,     "/api/v1/users/:id",                        PERM_READ,    LOAD_PERSON,      show_user,       NULL,     0 },
	{ POST,    "/api/v1/users",                            PERM_HUB_ADMIN, LOAD_NONE,      create_user,     create_user_in, 0, &create_user_words },
	{ GET,     "/api/v1/user",                             PERM_USER,    LOAD_NONE,        show_self,       NULL,     0 },
	{ PUT,     "/api/v1/user",                             PERM_USER,    LOAD_NONE,        update_self,     update_user_in, 0, &update_user_words },
	{ PATCH,   "/api/v1/user",                             PERM_USER,    LOAD_NONE,        update_self,     update_user_in, 0, &update_user_words },
	{ GET,     "/api/v1/user/notifiers",                   PERM_USER,    LOAD_NONE,        show_notifiers,  NULL,     0 },
	{ PUT,     "/api/v1/user/notifiers",                   PERM_USER,    LOAD_NONE,        update_notifiers, notifiers_in, 0, &notifiers_words },
	{ PATCH,   "/api/v1/user/notifiers",                   PERM_USER,    LOAD_NONE,        update_notifiers, notifiers_in, 0, &notifiers_words },

	/* ---- groups (6.2) */
	{ GET,     "/api/v1/groups",                           PERM_USER,    LOAD_NONE,        list_groups,     NULL,     0 },
	{ GET,     "/api/v1/groups/:id",                       PERM_READ,    LOAD_TEAM,        show_group,      NULL,     0 },
	{ POST,    "/api/v1/groups",                           PERM_USER,    LOAD_NONE,        create_group,    create_group_in, 0, &create_group_words },
	{ PUT,     "/api/v1/groups/:id",                       PERM_ADMIN,   LOAD_TEAM,        update_group,    update_group_in, ASK, &update_group_words },
	{ PATCH,   "/api/v1/groups/:id",                       PERM_ADMIN,   LOAD_TEAM,        update_group,    update_group_in, ASK, &update_group_words },
	{ DELETE,  "/api/v1/groups/:id",                       PERM_OWNER,   LOAD_TEAM,        destroy_group,   NULL,     ASK | ROUTE_NO_TX, &destroy_group_words },
	{ GET,     "/api/v1/groups/:id/members",               PERM_ADMIN,   LOAD_TEAM,        list_group_members, NULL,  ASK },
	{ PUT,     "/api/v1/groups/:id/add_member",            PERM_ADMIN,   LOAD_TEAM,        add_group_member, group_member_in, ASK, &add_group_member_words },
	{ DELETE,  "/api/v1/groups/:id/remove_member",         PERM_ADMIN,   LOAD_TEAM,        remove_group_member, group_member_in, ASK, &remove_group_member_words },
	{ PUT,     "/api/v1/groups/:id/update_member",         PERM_ADMIN,   LOAD_TEAM,        update_group_member, group_member_in, ASK, &update_group_member_words },

	/* ---- platforms (6.3) */

	/* ---- repositories (3) */
	{ GET,     "/api/v1/repositories/:id/packages.csv",    PERM_ADMIN,   LOAD_REPOSITORY,  show_packages,   NULL,     ASK | ROUTE_STREAM },
	{ PUT,     "/api/v1/repositories/:id/signatures",      PERM_ADMIN,   LOAD_REPOSITORY,  set_signatures,  signatures_in, ASK, &signatures_words },
	{ GET,     "/api/v1/repositories/:id/key_pair",        PERM_SYSTEM,  LOAD_REPOSITORY,  show_key_pair,   NULL,     ASK | ROUTE_READ_TX },
	{ GET,     "/api/v1/repositories/:id/public_key",      PERM_SYSTEM,  LOAD_REPOSITORY,  show_public_key, NULL,     ASK | ROUTE_READ_TX },

	/* ---- projects (2) */

	/* ---- search and architectures (6.4) */
	{ GET,     "/api/v1/arches",                           PERM_PUBLIC,  LOAD_NONE,        list_arches,     NULL,     0 },

	{ .path = NULL },
};
/* clang-format on */

static const char *
root_of(const struct route *row)
{
	const struct abf_words *words = row->words;

	if (words == NULL)
		return NULL;
	return words->input != NULL ? words->input : words->root;
}

const struct dialect abf_dialect = {
	.name = "abf",
	.realm = "Application",
	.type = "application/json; charset=utf-8",
	.routes = routes,
	.fail = abf_refuse,
	.inputs = INPUT_FORM | INPUT_MULTIPART | INPUT_JSON | INPUT_RAILS,
	.prefix = "/api/v1",
	.habits = HABIT_JSON_SUFFIX | HABIT_TAG_ALL | HABIT_REVALIDATE | HABIT_SAY_LOCKED,
	.root = root_of,
	.admit = abf_admit,
	.token = ABF_TOKEN,
};
