/* Repositories in the RhodeCode door: their shapes (shape_repo.c) and who answers (repos.c,
 * repo_changes.c, history.c). */
#ifndef CGI_RHODECODE_REPO_H
#define CGI_RHODECODE_REPO_H

#include "cgi/rhodecode/rhodecode.h"
#include "store/repo.h"

struct git_changeset;
struct git_history;

/* ---- shapes (contract 2.2, 3.1) */

/* repo-S or repo-M by the call's profile, open for more members. E_INTERNAL: its store cannot be
 * read. */
must_check int rhodecode_repo_open(struct req *r, const struct repo *row);

/* The same as a list; a store that cannot be read has no last changeset there. */
void rhodecode_repos(struct req *r, const struct repo *rows, size_t n);

/* "members": everyone, accounts, teams. */
void rhodecode_repo_members(
    struct req *r, const struct repo *row, const struct repo_member *rows, size_t n);

/* A changeset, open for more members; the author as a text, or as an object. */
void rhodecode_changeset_open(
    struct req *r, const struct git_changeset *row, bool is_author_object);
void rhodecode_changeset_files(struct req *r, const struct git_changeset *row);

/* The history of a project, for reading. E_NOTFOUND: it has no store yet, or no commits. */
must_check int rhodecode_history(struct req *r, int64_t store_id, struct git_history *out);

/* Of r->project as it is now: what a verb changed shows. */
must_check int rhodecode_repo_now(struct req *r, struct repo *out);

/* "YYYY-MM-DDTHH:MM:SS" in the server's zone. */
const char *rhodecode_time(struct arena *mem, int64_t at);

/* ---- what a verb of core/repo.h refused */

/* Ends the call for a place that somebody may not have ("folder", "top"), by the words of
 * create_repo or update_repo. Returns code. */
int rhodecode_say_place(struct req *r, int code, const char *path);
int rhodecode_say_move(struct req *r, int code, const char *folder);

/* ---- who answers */

extern const struct rpc_arg get_repo_s_in[], get_repo_m_in[], pull_s_in[], pull_m_in[],
    create_repo_s_in[], create_repo_m_in[]; /* repos.c */
int list_repos(struct req *r);
int show_repo_s(struct req *r);
int show_repo_m(struct req *r);
int pull_repo_s(struct req *r);
int pull_repo_m(struct req *r);
int create_repo_s(struct req *r);
int create_repo_m(struct req *r);

extern const struct rpc_arg update_repo_in[], fork_repo_in[], delete_repo_in[], repo_in[];
int update_repo(struct req *r); /* repo_changes.c */
int fork_repo(struct req *r);
int delete_repo(struct req *r);
int invalidate_repo(struct req *r);

extern const struct rpc_arg set_user_s_in[], set_group_s_in[], grant_user_in[], revoke_user_in[],
    grant_group_in[], revoke_group_in[]; /* repo_grants.c */
int set_repo_member(struct req *r);	 /* of an account, a team, everyone */
int grant_repo(struct req *r);
int revoke_repo(struct req *r);

extern const struct rpc_arg nodes_in[], changesets_in[], changeset_in[], file_in[]; /* history.c */
int list_repo_nodes(struct req *r);
int list_changesets(struct req *r);
int show_changeset(struct req *r);
int list_repo_refs(struct req *r);
int show_repo_file(struct req *r);

#endif
