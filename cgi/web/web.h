/* The pages (contracts/hpr-and-hub.md B5): what people look at. One file per kind of page; the
 * frame around all of them is page.h, the addresses are made by url.h. */
#ifndef CGI_WEB_WEB_H
#define CGI_WEB_WEB_H

#include "web/route.h"

extern const struct dialect web_dialect;

/* The words of a row. */
struct web_words {
	/* draws the page again that sent the form, when its inputs were refused (form.h) */
	int (*again)(struct req *r);
	bool is_challenge; /* its 401 asks for Basic, and does not lead to the log-in form */
};

/* ---- who answers: web_… because the APIs have handlers of the same verbs */

int web_front(struct req *r);	/* front.c */
int web_project(struct req *r); /* project.c */
int web_project_of_git(struct req *r);
int web_tree(struct req *r);	 /* tree.c */
int web_blob(struct req *r);	 /* blob.c */
int web_raw(struct req *r);	 /* raw.c */
int web_branches(struct req *r); /* refs.c */
int web_tags(struct req *r);

int web_commit(struct req *r);	/* commit.c */
int web_compare(struct req *r); /* compare.c */
int web_compare_range(struct req *r);
int web_blame(struct req *r); /* blame.c */
int web_patch(struct req *r); /* stream.c */
int web_archive(struct req *r);

int web_sync(struct req *r); /* mirror.c */

extern const struct field web_held_in[]; /* held.c */
int web_approve(struct req *r);
int web_reject(struct req *r);

extern const struct field web_restore_in[], web_let_go_in[]; /* kept.c */
int web_kept(struct req *r);
int web_restore(struct req *r);
int web_let_go(struct req *r);

extern const struct field web_options_in[]; /* options.c */
int web_options_form(struct req *r);
int web_options(struct req *r);

int web_runs(struct req *r); /* runs.c */
int web_run(struct req *r);

extern const struct field web_mirror_in[], web_plain_in[]; /* mirror_form.c */
int web_new(struct req *r);
int web_create_mirror(struct req *r);
int web_create_plain(struct req *r);

extern const struct field web_edit_in[], web_accept_move_in[], web_delete_in[]; /* edit.c */
int web_edit_form(struct req *r);
int web_edit(struct req *r);
int web_accept_move(struct req *r);
int web_pause(struct req *r);
int web_resume(struct req *r);
int web_delete(struct req *r);

extern const struct field web_sign_in_in[]; /* login.c */
int web_sign_in_form(struct req *r);
int web_sign_in_again(struct req *r);
int web_sign_in(struct req *r);
int web_sign_out(struct req *r);
int web_logout(struct req *r);

int web_commits(struct req *r); /* commits.c */
int web_commits_of_head(struct req *r);
int web_commit_link(struct req *r);

int web_atom_commits(struct req *r); /* atom.c */
int web_atom_tags(struct req *r);

extern const struct field web_token_in[], web_password_in[]; /* own.c */
int web_own(struct req *r);
int web_create_token(struct req *r);
int web_delete_token(struct req *r);
int web_end_session(struct req *r);
int web_end_other_sessions(struct req *r);
int web_change_password(struct req *r);

int web_admin(struct req *r); /* admin.c */
int web_admin_jobs(struct req *r);
int web_admin_run_job(struct req *r);
int web_admin_mirrors(struct req *r); /* admin_mirrors.c */
int web_admin_hosts(struct req *r);   /* admin_hosts.c */
int web_admin_try_host(struct req *r);
extern const struct field web_account_in[], web_role_in[]; /* admin_accounts.c */
int web_admin_accounts(struct req *r);
int web_admin_create_account(struct req *r);
int web_admin_set_role(struct req *r);

extern const struct field web_target_in[], web_target_push_in[]; /* targets.c */
int targets_panel(struct req *r, const struct project *p);
int web_targets(struct req *r);
int web_target_create(struct req *r);
int web_target(struct req *r);
int web_target_edit(struct req *r);
int web_target_delete(struct req *r);
int web_target_push(struct req *r);

extern const struct field web_hook_in[]; /* hooks.c; of all projects where none is loaded */
int web_hooks(struct req *r);
int web_hook_create(struct req *r);
int web_hook(struct req *r);
int web_hook_edit(struct req *r);
int web_hook_delete(struct req *r);
int web_hook_ping(struct req *r);
int web_hook_delivery(struct req *r);
int web_hook_again(struct req *r);

#endif
