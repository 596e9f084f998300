/* The methods, one row for each form. Nothing a call may do stands anywhere else. */
#include "cgi/rhodecode/rhodecode.h"

#define S RPC_S
#define M RPC_M
#define BOTH (RPC_S | RPC_M)
#define W RPC_WRITES

/* clang-format off */
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

	{ .name = NULL },
};
/* clang-format on */

/* What other versions sent and nobody needs (contract 2.1). */
static const char *const tolerated[] = { "enable_locking", "remove_obselete", "cache", "push_uri",
	"force_password_change", "create_personal_repo_group", "sync", NULL };

const struct rpc_door rhodecode_door = { .methods = methods, .tolerated = tolerated };
