/* The methods, one row for each form. Nothing a call may do stands anywhere else. */
#include "cgi/rhodecode/repo.h"

#define S RPC_S
#define M RPC_M
#define BOTH (RPC_S | RPC_M)
#define W RPC_WRITES

#define EDIT_USER "failed to edit permission for user: `{userid}` in repo: `{repoid}`"
#define EDIT_GROUP "failed to edit permission for user group: `{usergroupid}` in repo: `{repoid}`"
/* said of a hidden one, and so of a missing one too */
#define NO_READING "Access denied to repo %s"

/* clang-format off */
/* What several load. In S the group was looked up first, later the user. */
#define TO_GROUP_S { RPC_TEAM, "group_name", PERM_READ, "unknown users group %s" },                \
	{ RPC_PERSON, "user_name", PERM_READ, "unknown user %s" }
#define TO_GROUP_M { RPC_PERSON, "userid", PERM_READ }, { RPC_TEAM, "usergroupid", PERM_ADMIN }
#define ON_GROUP { RPC_TEAM, "usergroupid", PERM_ADMIN }
#define IN_FOLDER { RPC_FOLDER, "repogroupid", PERM_ADMIN }

static const struct rpc_method methods[] = {
	/* name              form  who may          what is loaded                          who answers         reads           flags, says when it fails */

	/* ---- server (contract 3.2, 3.7) */
	{ "test",            BOTH, PERM_HUB_ADMIN,  { { 0 } },                              echo_test,          test_in },
	{ "get_method",      BOTH, PERM_HUB_ADMIN,  { { 0 } },                              list_methods,       get_method_in },
	{ "get_server_info", BOTH, PERM_HUB_ADMIN,  { { 0 } },                              show_server,        NULL },
	{ "get_ip",          BOTH, PERM_HUB_ADMIN,  { { RPC_SELF, "userid", PERM_READ } },  show_address,       get_ip_in },
	{ "show_ip",         BOTH, PERM_HUB_ADMIN,  { { RPC_SELF, "userid", PERM_READ } },  show_address_old,   show_ip_in },
	{ "rescan_repos",    BOTH, PERM_HUB_ADMIN,  { { 0 } },                              rescan_stores,      rescan_in,      W | RPC_NO_TX, "Error occurred during rescan repositories action" },

	/* ---- users (contract 2.3, 3.2) */
	{ "get_users",       BOTH, PERM_HUB_ADMIN,  { { 0 } },                              list_users,         NULL },
	{ "get_user",        S,    PERM_HUB_ADMIN,  { { RPC_PERSON, "username", PERM_READ, RPC_NULL } }, show_user_s, get_user_s_in },
	{ "get_user",        M,    PERM_USER,       { { RPC_SELF, "userid", PERM_READ } },  show_user_m,        get_user_m_in,  RPC_READ_TX },
	{ "create_user",     S,    PERM_HUB_ADMIN,  { { 0 } },                              create_user_s,      create_user_s_in, W, "failed to create user {username}", { "name" } },
	{ "create_user",     M,    PERM_HUB_ADMIN,  { { 0 } },                              create_user_m,      create_user_m_in, W, "failed to create user `{username}`" },
	{ "update_user",     M,    PERM_HUB_ADMIN,  { { RPC_EDITED, "userid", PERM_READ } }, update_user_m,     update_user_m_in, W, "failed to update user `{userid}`" },
	{ "delete_user",     M,    PERM_HUB_ADMIN,  { { RPC_PERSON, "userid", PERM_READ } }, delete_user_m,     delete_user_m_in, W },

	/* ---- user groups (contract 2.3, 3.3) */
	{ "get_users_groups", S,   PERM_HUB_ADMIN,  { { 0 } },                              list_user_groups,   NULL,           RPC_READ_TX },
	{ "get_users_groups", M,   PERM_USER,       { { 0 } },                              list_user_groups,   NULL,           RPC_READ_TX },
	{ "get_user_groups", M,    PERM_USER,       { { 0 } },                              list_user_groups,   NULL,           RPC_READ_TX },
	{ "get_users_group", S,    PERM_HUB_ADMIN,  { { RPC_TEAM, "group_name", PERM_READ, RPC_NULL } }, show_user_group, get_group_s_in, RPC_READ_TX, NULL, { "group_name" } },
	{ "get_users_group", M,    PERM_USER,       { { RPC_TEAM, "usergroupid", PERM_READ } }, show_user_group, get_group_m_in, RPC_READ_TX },
	{ "get_user_group",  M,    PERM_USER,       { { RPC_TEAM, "usergroupid", PERM_READ } }, show_user_group, get_group_m_in, RPC_READ_TX },
	{ "create_users_group", S, PERM_HUB_ADMIN,  { { 0 } },                              create_group_s,     create_group_s_in, W, "failed to create group {name}", { "name" } },
	{ "create_users_group", M, PERM_HUB_ADMIN,  { { RPC_OWNER, "owner", PERM_READ } },  create_users_group, create_group_m_in, W, "failed to create group `{group_name}`" },
	{ "create_user_group", M,  PERM_USER,       { { RPC_OWNER, "owner", PERM_READ } },  create_user_group,  create_group_m_in, W, "failed to create group `{group_name}`" },
	{ "update_user_group", M,  PERM_USER,       { { RPC_TEAM, "usergroupid", PERM_ADMIN }, { RPC_OWNER, "owner", PERM_READ } }, update_user_group, update_user_group_in, W, "failed to update user group `{usergroupid}`" },
	{ "delete_user_group", M,  PERM_USER,       { { RPC_TEAM, "usergroupid", PERM_ADMIN } }, delete_user_group, get_group_m_in, W },

	{ "add_user_to_users_group",  S, PERM_HUB_ADMIN, { TO_GROUP_S },                    add_member_s,       group_member_s_in, W, "failed to create users group member", { "group_name", "user_name" } },
	{ "add_user_users_group",     S, PERM_HUB_ADMIN, { TO_GROUP_S },                    add_member_s,       group_member_s_in, W, "failed to create users group member" },
	{ "add_user_to_users_groups", S, PERM_HUB_ADMIN, { TO_GROUP_S },                    add_member_s,       group_member_s_in, W, "failed to create users group member" },
	{ "add_user_to_users_group",  M, PERM_USER,      { TO_GROUP_M },                    add_member_m,       group_member_m_in, W, "failed to add member to user group `{usergroupid}`" },
	{ "add_user_to_user_group",   M, PERM_USER,      { TO_GROUP_M },                    add_member_m,       group_member_m_in, W, "failed to add member to user group `{usergroupid}`" },
	{ "remove_user_from_users_group", M, PERM_USER,  { TO_GROUP_M },                    remove_member_m,    group_member_m_in, W, "failed to remove member from user group `{usergroupid}`" },
	{ "remove_user_from_user_group",  M, PERM_USER,  { TO_GROUP_M },                    remove_member_m,    group_member_m_in, W, "failed to remove member from user group `{usergroupid}`" },

	{ "grant_user_permission_to_user_group", M, PERM_USER, { ON_GROUP, { RPC_GRANTEE, "userid", PERM_READ } }, grant_on_user_group, group_grant_user_in, W },
	{ "revoke_user_permission_from_user_group", M, PERM_USER, { ON_GROUP, { RPC_GRANTEE, "userid", PERM_READ } }, revoke_on_user_group, group_revoke_user_in, W },
	{ "grant_user_group_permission_to_user_group", M, PERM_USER, { ON_GROUP, { RPC_OTHER_TEAM, "sourceusergroupid", PERM_READ } }, grant_on_user_group, group_grant_group_in, W },
	{ "revoke_user_group_permission_from_user_group", M, PERM_USER, { ON_GROUP, { RPC_OTHER_TEAM, "sourceusergroupid", PERM_READ } }, revoke_on_user_group, group_revoke_group_in, W },

	/* ---- repository groups (contract 3.5) */
	{ "get_repo_group",  M,    PERM_USER,       { { RPC_FOLDER, "repogroupid", PERM_READ } }, show_repo_group, repo_group_in, RPC_READ_TX },
	{ "get_repo_groups", M,    PERM_USER,       { { 0 } },                              list_repo_groups,   NULL },
	{ "create_repo_group", M,  PERM_HUB_ADMIN,  { { RPC_OWNER, "owner", PERM_READ }, { RPC_PARENT, "parent", PERM_READ } }, create_repo_group, create_repo_group_in, W, "failed to create repo group `{group_name}`" },
	{ "update_repo_group", M,  PERM_HUB_ADMIN,  { { RPC_FOLDER, "repogroupid", PERM_ADMIN }, { RPC_OWNER, "owner", PERM_READ }, { RPC_PARENT, "parent", PERM_READ } }, update_repo_group, update_repo_group_in, W, "failed to update repository group `{repogroupid}`" },
	{ "delete_repo_group", M,  PERM_HUB_ADMIN,  { { RPC_FOLDER, "repogroupid", PERM_ADMIN } }, delete_repo_group, repo_group_in, W },
	{ "grant_user_permission_to_repo_group", M, PERM_USER, { IN_FOLDER, { RPC_GRANTEE, "userid", PERM_READ } }, grant_on_repo_group, repo_group_grant_user_in, W },
	{ "revoke_user_permission_from_repo_group", M, PERM_USER, { IN_FOLDER, { RPC_GRANTEE, "userid", PERM_READ } }, revoke_on_repo_group, repo_group_revoke_user_in, W },
	{ "grant_user_group_permission_to_repo_group", M, PERM_USER, { IN_FOLDER, { RPC_TEAM, "usergroupid", PERM_READ } }, grant_on_repo_group, repo_group_grant_group_in, W },
	{ "revoke_user_group_permission_from_repo_group", M, PERM_USER, { IN_FOLDER, { RPC_TEAM, "usergroupid", PERM_READ } }, revoke_on_repo_group, repo_group_revoke_group_in, W },

	/* ---- repositories (contract 2.3, 3.4); NO_TX: they wait or copy, and open their own */
	{ "get_repos",       S,    PERM_HUB_ADMIN,  { { 0 } },                              list_repos,         NULL },
	{ "get_repos",       M,    PERM_USER,       { { 0 } },                              list_repos,         NULL },
	{ "get_repo",        S,    PERM_HUB_ADMIN,  { { RPC_PROJECT, "name", PERM_READ, RPC_NULL } }, show_repo_s, get_repo_s_in, RPC_READ_TX, NULL, { "name" } },
	{ "get_repo",        M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_READ } }, show_repo_m,      get_repo_m_in,  RPC_READ_TX },
	{ "create_repo",     S,    PERM_HUB_ADMIN,  { { RPC_NEW_OWNER, "owner_name", PERM_READ, "unknown user %s" } }, create_repo_s, create_repo_s_in, W | RPC_NO_TX, "failed to create repository {name}", { "name" } },
	{ "create_repo",     M,    PERM_USER,       { { RPC_NEW_OWNER, "owner", PERM_READ } },  create_repo_m,      create_repo_m_in, W | RPC_NO_TX, "failed to create repository `{repo_name}`" },
	{ "pull",            S,    PERM_HUB_ADMIN,  { { RPC_PROJECT, "repo", PERM_READ, "Unknown repo \"%s\"" } }, pull_repo_s, pull_s_in, W | RPC_NO_TX, "Unable to pull changes from \"{repo}\"", { "repo" } },
	{ "pull",            M,    PERM_HUB_ADMIN,  { { RPC_PROJECT, "repoid", PERM_READ } }, pull_repo_m,      pull_m_in,      W | RPC_NO_TX, "Unable to pull changes from `{repoid}`" },
	{ "update_repo",     M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_ADMIN }, { RPC_NEW_OWNER, "owner", PERM_READ }, { RPC_PARENT, "group", PERM_READ } }, update_repo, update_repo_in, W, "failed to update repo `{repoid}`" },
	{ "fork_repo",       M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_READ }, { RPC_NEW_OWNER, "owner", PERM_READ } }, fork_repo, fork_repo_in, W | RPC_NO_TX, "failed to fork repository `{repoid}` as `{fork_name}`" },
	{ "delete_repo",     M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_ADMIN } }, delete_repo,     delete_repo_in, W, "failed to delete repository `{repoid}`" },
	{ "invalidate_cache", M,   PERM_USER,       { { RPC_PROJECT, "repoid", PERM_WRITE } }, invalidate_repo, repo_in,        W, "Error occurred during cache invalidation action" },

	/* ---- who may what on them */
	{ "add_user_to_repo", S,   PERM_HUB_ADMIN,  { { RPC_PROJECT, "repo_name", PERM_READ, "unknown repository %s" }, { RPC_GRANTEE, "user_name", PERM_READ, "unknown user %s" } }, set_repo_member, set_user_s_in, W, "failed to edit permission {repo_name} for {user_name}" },
	{ "add_users_group_to_repo", S, PERM_HUB_ADMIN, { { RPC_PROJECT, "repo_name", PERM_READ, "unknown repository %s" }, { RPC_TEAM, "group_name", PERM_READ, "unknown users group %s" } }, set_repo_member, set_group_s_in, W, "failed to edit permission {repo_name} for {group_name}" },
	{ "grant_user_permission", M, PERM_HUB_ADMIN, { { RPC_PROJECT, "repoid", PERM_ADMIN }, { RPC_GRANTEE, "userid", PERM_READ } }, grant_repo, grant_user_in, W, EDIT_USER },
	{ "revoke_user_permission", M, PERM_HUB_ADMIN, { { RPC_PROJECT, "repoid", PERM_ADMIN }, { RPC_GRANTEE, "userid", PERM_READ } }, revoke_repo, revoke_user_in, W, EDIT_USER },
	{ "grant_user_group_permission", M, PERM_USER, { { RPC_PROJECT, "repoid", PERM_ADMIN }, { RPC_TEAM, "usergroupid", PERM_READ } }, grant_repo, grant_group_in, W, EDIT_GROUP },
	{ "grant_users_group_permission", M, PERM_USER, { { RPC_PROJECT, "repoid", PERM_ADMIN }, { RPC_TEAM, "usergroupid", PERM_READ } }, grant_repo, grant_group_in, W, EDIT_GROUP },
	{ "revoke_user_group_permission", M, PERM_USER, { { RPC_PROJECT, "repoid", PERM_ADMIN }, { RPC_TEAM, "usergroupid", PERM_READ } }, revoke_repo, revoke_group_in, W, EDIT_GROUP },
	{ "revoke_users_group_permission", M, PERM_USER, { { RPC_PROJECT, "repoid", PERM_ADMIN }, { RPC_TEAM, "usergroupid", PERM_READ } }, revoke_repo, revoke_group_in, W, EDIT_GROUP },

	/* ---- what is in them (contract 3.4, 3.6, 3.7) */
	{ "get_repo_nodes",  M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_READ } }, list_repo_nodes,  nodes_in,       0, "failed to get repo: `{repoid}` nodes" },
	{ "get_repo_refs",   M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_READ } }, list_repo_refs,   repo_in,        0, "failed to get repo: `{repoid}` references" },
	{ "get_repo_file",   M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_READ } }, show_repo_file,   file_in,        0, "failed to get repo: `{repoid}` file" },
	{ "get_changesets",  M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_READ, NO_READING } }, list_changesets, changesets_in },
	{ "get_changeset",   M,    PERM_USER,       { { RPC_PROJECT, "repoid", PERM_READ, NO_READING } }, show_changeset, changeset_in },

	{ .name = NULL },
};
/* clang-format on */

/* What other versions sent and nobody needs (contract 2.1). */
static const char *const tolerated[] = { "enable_locking", "remove_obselete", "cache", "push_uri",
	"force_password_change", "create_personal_repo_group", "sync", NULL };

const struct rpc_door rhodecode_door = { .methods = methods, .tolerated = tolerated };
