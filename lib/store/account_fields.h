/* The columns of who asks, read alone (account.c) and beside a project (project.c). */
#ifndef STORE_ACCOUNT_FIELDS_H
#define STORE_ACCOUNT_FIELDS_H

/* From `account a` and `token t` or `session s`. A claim holds only for an active account that is
 * not banned. */
#define ASKER_COLUMNS                                                                              \
	"a.id AS asker_id, a.uname AS asker_uname, a.role AS asker_role, "                         \
	"a.role = 'admin' AS asker_is_admin, a.password_version AS asker_password_version, "

#define NO_SESSION "0::bigint AS asker_session_id, false AS asker_session_is_stale "

#define ASKER_BY_TOKEN                                                                             \
	"SELECT " ASKER_COLUMNS "t.scope AS asker_scope, t.id AS asker_token_id, "                 \
	"coalesce(t.last_used_at < now() - interval '1 minute', true) AS "                         \
	"asker_token_is_stale, " NO_SESSION                                                        \
	"FROM hub.token t JOIN hub.account a ON a.id = t.account_id "                              \
	"WHERE t.hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now()) "                    \
	"AND a.active AND a.role <> 'banned'"

#define ASKER_BY_ACCOUNT                                                                           \
	"SELECT " ASKER_COLUMNS "3::smallint AS asker_scope, 0::bigint AS asker_token_id, "        \
	"false AS asker_token_is_stale, " NO_SESSION                                               \
	"FROM hub.account a WHERE a.id = $1 AND a.password_version = $2 "                          \
	"AND a.active AND a.role <> 'banned'"

/* $1 is the hash, as with a token */
#define ASKER_BY_SESSION                                                                           \
	"SELECT " ASKER_COLUMNS "3::smallint AS asker_scope, 0::bigint AS asker_token_id, "        \
	"false AS asker_token_is_stale, s.id AS asker_session_id, "                                \
	"s.seen_at < now() - interval '1 minute' AS asker_session_is_stale "                       \
	"FROM hub.session s JOIN hub.account a ON a.id = s.account_id "                            \
	"WHERE s.hash = $1 AND s.password_version = a.password_version "                           \
	"AND hub.session_holds(s.created_at, s.seen_at) AND a.active AND a.role <> 'banned'"

/* clang-format off */
/* in: nothing, or the member of T that is the struct account, with its dot. */
#define ASKER_FIELDS(T, in)                                                                        \
	FIELD_AS(T, in id, "asker_id"),                                                            \
	FIELD_AS(T, in uname, "asker_uname"),                                                      \
	FIELD_AS(T, in role, "asker_role"),                                                        \
	FIELD_AS(T, in is_admin, "asker_is_admin"),                                                \
	FIELD_AS(T, in password_version, "asker_password_version"),                                \
	FIELD_AS(T, in scope, "asker_scope"),                                                      \
	FIELD_AS(T, in token_id, "asker_token_id"),                                                \
	FIELD_AS(T, in token_is_stale, "asker_token_is_stale"),                                    \
	FIELD_AS(T, in session_id, "asker_session_id"),                                            \
	FIELD_AS(T, in session_is_stale, "asker_session_is_stale")
/* clang-format on */

#endif
