/* The JSON-RPC API of RhodeCode and Kallithea (contracts/rhodecode.md): calls in the body of
 * requests to /_admin/api. S and M are its two profiles. The user's view of it is
 * docs/api/rhodecode.md. */
#ifndef CGI_RHODECODE_RHODECODE_H
#define CGI_RHODECODE_RHODECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/access.h"
#include "web/route.h"
#include "web/rpc.h"

extern const struct dialect rhodecode_dialect;
extern const struct rpc_door rhodecode_door; /* the table of methods (methods.c) */

/* ---- the envelope (input.c, shape.c; contract 1.1 to 1.4) */

/* Reads the body into r->call. E_INVALID: call->said has the words; with http_status 400 or 413 as
 * req_body. */
must_check int rhodecode_read(struct req *r);

/* A body as an error may show it: what may be a key or a password masked, at most 200 bytes. */
const char *rhodecode_echo(struct arena *mem, const char *body, size_t len);

/* The result around what the handler wrote: opens it, and closes it (null if nothing was). */
size_t rhodecode_open(struct req *r);
void rhodecode_close(struct req *r, size_t start);

/* How this door says no: HTTP status 200, result null. */
void rhodecode_refuse(struct req *r, int code);

/* ---- results */

/* {"msg":"…"}, open for more members; rhodecode_end closes it. */
void rhodecode_msg(struct req *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rhodecode_member(struct req *r, const char *name); /* ,"name": */
void rhodecode_end(struct req *r);

/* In a handler: ends the call with words that hold one %s. Returns code. */
int rhodecode_say(struct req *r, int code, const char *words, const char *about);

/* A user in the shape of the call's profile; _open leaves the last brace to the caller. */
struct user;
struct user_rights;
void rhodecode_user(struct req *r, const struct user *u);
void rhodecode_user_open(struct req *r, const struct user *u);
void rhodecode_users(struct req *r, const struct user *rows, size_t n);
void rhodecode_permissions(struct req *r, const struct user *u, const struct user_rights *projects,
    const struct user_rights *folders, const struct user_rights *teams);

/* Whom a call that grants or revokes means: the team, else the call's user, else everyone, who is
 * called "default"; and the word for his kind. */
struct grantee rhodecode_grantee(const struct req *r, const struct team *team);
const char *rhodecode_grantee_kind(const struct grantee *g);

/* The argument `perm` of a call that grants, as a level of that kind (core/level.h); says what is
 * wrong with another. */
must_check int rhodecode_perm(
    struct req *r, const char *kind, const char *text, int64_t *access_out);

/* Whether the last failure was this first fault (base/fault.h). */
bool rhodecode_is_fault(const struct req *r, const char *field, enum fault_kind kind);

/* Adds a struct's members as js_row does, without the braces. */
void rhodecode_members(struct req *r, const struct field *fields, const void *row);

/* An optional flag of a call. */
bool rhodecode_bool(const bool *given, bool otherwise);

/* ---- who answers */

extern const struct rpc_arg test_in[], get_method_in[], get_ip_in[], show_ip_in[],
    rescan_in[]; /* server.c */
int echo_test(struct req *r);
int list_methods(struct req *r);
int show_server(struct req *r);
int show_address(struct req *r);
int show_address_old(struct req *r);
int rescan_stores(struct req *r);

extern const struct rpc_arg get_user_s_in[], get_user_m_in[], create_user_s_in[],
    create_user_m_in[], update_user_m_in[], delete_user_m_in[]; /* users.c */
int list_users(struct req *r);
int show_user_s(struct req *r);
int show_user_m(struct req *r);
int create_user_s(struct req *r);
int create_user_m(struct req *r);
int update_user_m(struct req *r);
int delete_user_m(struct req *r);

extern const struct rpc_arg get_group_s_in[], get_group_m_in[], create_group_s_in[],
    create_group_m_in[], update_user_group_in[], group_member_s_in[], group_member_m_in[],
    group_grant_user_in[], group_revoke_user_in[], group_grant_group_in[],
    group_revoke_group_in[]; /* user_groups.c */
int show_user_group(struct req *r);
int list_user_groups(struct req *r);
int create_group_s(struct req *r);
int create_users_group(struct req *r);
int create_user_group(struct req *r);
int update_user_group(struct req *r);
int delete_user_group(struct req *r);
int add_member_s(struct req *r);
int add_member_m(struct req *r);
int remove_member_m(struct req *r);
int grant_on_user_group(struct req *r);
int revoke_on_user_group(struct req *r);

extern const struct rpc_arg repo_group_in[], create_repo_group_in[], update_repo_group_in[],
    repo_group_grant_user_in[], repo_group_revoke_user_in[], repo_group_grant_group_in[],
    repo_group_revoke_group_in[]; /* repo_groups.c */
int show_repo_group(struct req *r);
int list_repo_groups(struct req *r);
int create_repo_group(struct req *r);
int update_repo_group(struct req *r);
int delete_repo_group(struct req *r);
int grant_on_repo_group(struct req *r);
int revoke_on_repo_group(struct req *r);

#endif
