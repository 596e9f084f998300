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

static const struct abf_words create_platform_words = WORDS("platform", "Platform", "created");
static const struct abf_words update_platform_words = WORDS("platform", "Platform", "updated");
static const struct abf_words destroy_platform_words = WORDS("platform", "Platform", "destroyed");
static const struct abf_words clone_platform_words = WORDS("platform", "Platform", "cloned");
static const struct abf_words clear_platform_words = WORDS("platform", "Platform", "cleared");
static const struct abf_words add_platform_member_words = { "platform",
	"%s has been added to platform successfully", "Member has not been added to platform" };
static const struct abf_words remove_platform_member_words = { "platform",
	"%s has been removed from platform successfully",
	"Member has not been removed from platform" };

static const struct abf_words create_repository_words =
    WORDS("repository", "Repository", "created");
static const struct abf_words update_repository_words =
    WORDS("repository", "Repository", "updated");
static const struct abf_words destroy_repository_words =
    WORDS("repository", "Repository", "destroyed");
static const struct abf_words add_repository_member_words = { "repository",
	"%s has been added to repository successfully", "Member has not been added to repository" };
static const struct abf_words remove_repository_member_words = { "repository",
	"%s has been removed from repository successfully",
	"Member has not been removed from repository" };
static const struct abf_words add_project_words = { "repository",
	"%s has been added to repository successfully",
	"Project has not been added to repository" };
static const struct abf_words remove_project_words = { "repository",
	"%s has been removed from repository successfully",
	"Project has not been removed from repository" };
static const struct abf_words add_lock_words = { "repository",
	"'.repo.lock' file has been added to repository successfully",
	"'.repo.lock' file has not been added to repository" };
static const struct abf_words remove_lock_words = { "repository",
	"'.repo.lock' file has been removed from repository successfully",
	"'.repo.lock' file has not been removed from repository" };

static const struct abf_words create_project_words = WORDS("project", "Project", "created");
static const struct abf_words update_project_words = WORDS("project", "Project", "updated");
static const struct abf_words destroy_project_words = WORDS("project", "Project", "destroyed");
/* of an alias too (contract P9) */
static const struct abf_words fork_project_words = WORDS("project", "Project", "forked");
static const struct abf_words add_project_member_words = { "project",
	"%s has been added to project successfully", "Member has not been added to project" };
static const struct abf_words remove_project_member_words = { "project",
	"%s has been removed from project successfully",
	"Member has not been removed from project" };
static const struct abf_words update_project_member_words = { "project",
	"Role for %s has been updated in project successfully",
	"Role for member has not been updated in project" };
static const struct abf_words add_build_words = { "project",
	"Build result has been added to project successfully",
	"Build result has not been added to project" };

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
	{ GET,     "/api/v1/platforms",                        PERM_USER,    LOAD_NONE,        list_platforms,  NULL,     ROUTE_READ_TX },
	{ GET,     "/api/v1/platforms/platforms_for_build",    PERM_PUBLIC,  LOAD_NONE,        list_platforms_for_build, NULL, ROUTE_READ_TX },
	{ GET,     "/api/v1/platforms/allowed",                PERM_PUBLIC,  LOAD_NONE,        allow_platform,  NULL,     ROUTE_ANYONE },
	{ GET,     "/api/v1/platforms/:id",                    PERM_READ,    LOAD_PLATFORM,    show_platform,   NULL,     ROUTE_READ_TX },
	{ POST,    "/api/v1/platforms",                        PERM_HUB_ADMIN, LOAD_NONE,      create_platform, create_platform_in, 0, &create_platform_words },
	{ PUT,     "/api/v1/platforms/:id",                    PERM_OWNER,   LOAD_PLATFORM,    update_platform, update_platform_in, ASK, &update_platform_words },
	{ PATCH,   "/api/v1/platforms/:id",                    PERM_OWNER,   LOAD_PLATFORM,    update_platform, update_platform_in, ASK, &update_platform_words },
	{ DELETE,  "/api/v1/platforms/:id",                    PERM_OWNER,   LOAD_PLATFORM,    destroy_platform, NULL,    ASK | ROUTE_NO_TX, &destroy_platform_words },
	{ GET,     "/api/v1/platforms/:id/members",            PERM_READ,    LOAD_PLATFORM,    list_platform_members, NULL, ROUTE_READ_TX },
	{ PUT,     "/api/v1/platforms/:id/add_member",         PERM_ADMIN,   LOAD_PLATFORM,    add_platform_member, platform_member_in, ASK, &add_platform_member_words },
	{ DELETE,  "/api/v1/platforms/:id/remove_member",      PERM_ADMIN,   LOAD_PLATFORM,    remove_platform_member, platform_member_in, ASK, &remove_platform_member_words },
	{ POST,    "/api/v1/platforms/:id/clone",              PERM_HUB_ADMIN, LOAD_PLATFORM,  clone_platform,  clone_platform_in, ASK | ROUTE_NO_TX, &clone_platform_words },
	{ PUT,     "/api/v1/platforms/:id/clear",              PERM_OWNER,   LOAD_PLATFORM,    clear_platform,  NULL,     ASK | ROUTE_NO_TX, &clear_platform_words },

	/* ---- repositories (3) */
	{ GET,     "/api/v1/repositories/:id",                 PERM_READ,    LOAD_REPOSITORY,  show_package_repository, NULL, 0 },
	{ GET,     "/api/v1/repositories/:id/projects",        PERM_READ,    LOAD_REPOSITORY,  list_repository_projects, NULL, ROUTE_READ_TX },
	{ POST,    "/api/v1/repositories",                     PERM_USER,    LOAD_NONE,        create_package_repository, create_repository_in, ROUTE_NO_TX, &create_repository_words },
	{ PUT,     "/api/v1/repositories/:id",                 PERM_ADMIN,   LOAD_REPOSITORY,  update_package_repository, update_repository_in, ASK, &update_repository_words },
	{ PATCH,   "/api/v1/repositories/:id",                 PERM_ADMIN,   LOAD_REPOSITORY,  update_package_repository, update_repository_in, ASK, &update_repository_words },
	{ DELETE,  "/api/v1/repositories/:id",                 PERM_ADMIN,   LOAD_REPOSITORY,  destroy_package_repository, NULL, ASK | ROUTE_NO_TX, &destroy_repository_words },
	{ PUT,     "/api/v1/repositories/:id/add_member",      PERM_ADMIN,   LOAD_REPOSITORY,  add_repository_member, repository_member_in, ASK, &add_repository_member_words },
	{ DELETE,  "/api/v1/repositories/:id/remove_member",   PERM_ADMIN,   LOAD_REPOSITORY,  remove_repository_member, repository_member_in, ASK, &remove_repository_member_words },
	{ PUT,     "/api/v1/repositories/:id/add_project",     PERM_WRITE,   LOAD_REPOSITORY,  add_repository_project, repository_project_in, ASK, &add_project_words },
	{ DELETE,  "/api/v1/repositories/:id/remove_project",  PERM_WRITE,   LOAD_REPOSITORY,  remove_repository_project, repository_project_in, ASK, &remove_project_words },
	{ PUT,     "/api/v1/repositories/:id/add_repo_lock_file", PERM_ADMIN_OR_SYSTEM, LOAD_REPOSITORY, add_lock_file, NULL, ASK, &add_lock_words },
	{ DELETE,  "/api/v1/repositories/:id/remove_repo_lock_file", PERM_ADMIN_OR_SYSTEM, LOAD_REPOSITORY, remove_lock_file, NULL, ASK, &remove_lock_words },
	{ GET,     "/api/v1/repositories/:id/packages.csv",    PERM_ADMIN,   LOAD_REPOSITORY,  show_packages,   NULL,     ASK | ROUTE_STREAM },
	{ PUT,     "/api/v1/repositories/:id/signatures",      PERM_ADMIN,   LOAD_REPOSITORY,  set_signatures,  signatures_in, ASK, &signatures_words },
	{ GET,     "/api/v1/repositories/:id/key_pair",        PERM_SYSTEM,  LOAD_REPOSITORY,  show_key_pair,   NULL,     ASK | ROUTE_READ_TX },
	{ GET,     "/api/v1/repositories/:id/public_key",      PERM_SYSTEM,  LOAD_REPOSITORY,  show_public_key, NULL,     ASK | ROUTE_READ_TX },

	/* ---- projects (2) */
	{ GET,     "/api/v1/projects",                         PERM_USER,    LOAD_NONE,        list_projects,   NULL,     0 },
	{ GET,     "/api/v1/projects/get_id",                  PERM_READ,    LOAD_PROJECT_NAME, show_project_id, NULL,    0 },
	{ GET,     "/api/v1/projects/:id",                     PERM_READ,    LOAD_PROJECT_ID,  show_project,    NULL,     ROUTE_READ_TX },
	{ GET,     "/api/v1/projects/:id/refs_list",           PERM_READ,    LOAD_PROJECT_ID,  list_project_refs, NULL,   0 },
	{ POST,    "/api/v1/projects",                         PERM_USER,    LOAD_NONE,        create_project,  create_project_in, 0, &create_project_words },
	{ PUT,     "/api/v1/projects/:id",                     PERM_ADMIN,   LOAD_PROJECT_ID,  update_project,  update_project_in, ASK, &update_project_words },
	{ PATCH,   "/api/v1/projects/:id",                     PERM_ADMIN,   LOAD_PROJECT_ID,  update_project,  update_project_in, ASK, &update_project_words },
	{ DELETE,  "/api/v1/projects/:id",                     PERM_OWNER,   LOAD_PROJECT_ID,  destroy_project, NULL,     ASK, &destroy_project_words },
	{ POST,    "/api/v1/projects/:id/fork",                PERM_USER,    LOAD_PROJECT_ID,  fork_project,    copy_project_in, ASK | ROUTE_NO_TX, &fork_project_words },
	{ POST,    "/api/v1/projects/:id/alias",               PERM_ADMIN,   LOAD_PROJECT_ID,  alias_project,   copy_project_in, ASK, &fork_project_words },
	{ GET,     "/api/v1/projects/:id/members",             PERM_ADMIN,   LOAD_PROJECT_ID,  list_project_members, NULL, ASK },
	{ PUT,     "/api/v1/projects/:id/add_member",          PERM_ADMIN,   LOAD_PROJECT_ID,  add_project_member, project_member_in, ASK, &add_project_member_words },
	{ DELETE,  "/api/v1/projects/:id/remove_member",       PERM_ADMIN,   LOAD_PROJECT_ID,  remove_project_member, project_member_in, ASK, &remove_project_member_words },
	{ PUT,     "/api/v1/projects/:id/update_member",       PERM_ADMIN,   LOAD_PROJECT_ID,  update_project_member, project_member_in, ASK, &update_project_member_words },
	{ POST,    "/api/v1/projects/:id/build_results",       PERM_WRITE_OR_SYSTEM, LOAD_PROJECT_ID, add_build_result, build_result_in, ASK, &add_build_words },

	/* ---- search and architectures (6.4) */
	{ GET,     "/api/v1/search",                           PERM_PUBLIC,  LOAD_NONE,        search_all,      NULL,     ROUTE_READ_TX },
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
	.prefixes = (const char *const[]){ "/api/v1", NULL },
	.habits = HABIT_JSON_SUFFIX | HABIT_TAG_ALL | HABIT_REVALIDATE | HABIT_SAY_LOCKED,
	.root = root_of,
	.admit = abf_admit,
	.token = ABF_TOKEN,
};
