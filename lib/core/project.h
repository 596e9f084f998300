/* The verbs of the hub on projects. All rules live here; every dialect calls these. Each runs in
 * the caller's transaction and adds its event. */
#ifndef CORE_PROJECT_H
#define CORE_PROJECT_H

#include "core/actor.h"
#include "store/project.h"

struct mirror_wish {
	const char *path;	  /* NULL or "": from the URL */
	const char *url;	  /* as the person gave it; user and password in it are sealed */
	bool without_sync;	  /* hpr's clone=false: nothing is queued */
	int64_t owner_account_id; /* 0: the actor */
	const char *description;  /* NULL: none */
	bool is_private;	  /* nobody reads it by default */
};

/* A new mirror, first sync queued. Reasons are in the field's plain words; the
 * codes tell a dialect which rule it was: E_INVALID (the URL, see upstream_check of
 * core/upstream.h, or the name), E_CONFLICT (taken). */
must_check int project_create_mirror(
    struct ctx *c, const struct actor *who, const struct mirror_wish *wish, int64_t *id_out);

/* A new project of its own, with an empty bare store at once. */
must_check int project_create_plain(struct ctx *c, const struct actor *who, const char *path,
    int64_t default_access, int64_t *id_out);

/* Asks for a sync. E_INVALID: not a mirror; E_CONFLICT: paused; E_NOTFOUND: deleted meanwhile. */
must_check int project_sync(struct ctx *c, const struct actor *who, const struct project *p);

/* Removes the rows at once; sync removes the folder when nobody works in it any more. Its forks
 * become forks of what it was forked from; its aliases stay, with the store. */
must_check int project_delete(struct ctx *c, const struct actor *who, const struct project *p);

/* The same for one that was just made and is what nobody asked for (a mirror of nothing, or one
 * that its forge does not want), in a transaction of its own: E_INVALID with `why`. */
must_check int project_undo(struct ctx *c, const struct actor *who, int64_t id, const char *why);

/* Whether there is something to read: a project of its own, or a mirror that has been cloned once.
 * Before its first success a mirror's folder holds nothing, or what a restored backup has given the
 * same number (docs/admin.md): nobody may see that. */
bool project_is_cloned(const struct project *p);

/* E_CONFLICT with http_status 503 and retry_after_s while it is not. */
must_check int project_check_cloned(struct ctx *c, const struct project *p);

/* Its store, for readers, until the arena closes. Codes of project_check_cloned; E_INTERNAL. */
struct git_view;
must_check int project_open_view(struct ctx *c, const struct project *p, struct git_view **out);

/* Branches and tags, as git_branches_and_tags of git/branches.h gives them; none of a mirror that
 * is not yet cloned. */
struct git_tip;
must_check int project_list_tips(
    struct ctx *c, const struct project *p, struct git_tip **rows_out, size_t *n_out);

/* Absolute folder of a store: data_dir/repos/<id / 1000>/<id>.git, and its lock file. */
const char *project_store_dir(struct ctx *c, int64_t store_id);
const char *project_store_lock(struct ctx *c, int64_t store_id);

/* Holds the lock until the arena closes. E_CONFLICT with http_status 503 when someone else has it
 * for longer than wait_ms. */
must_check int project_lock_store(struct ctx *c, int64_t store_id, int wait_ms, int **lock_out);

/* The folder that a store's folder and lock are in; and an empty store in it. */
must_check int project_make_store_folder(struct ctx *c, int64_t store_id);
must_check int project_make_store(struct ctx *c, int64_t store_id, const char *branch);

/* Folders of kept answers to clones and of rendered READMEs, of at most so many bytes
 * (base/cache.h), and what the names of a store's begin with in both. */
#define PROJECT_README_BYTES (64 * 1024 * 1024)
const char *project_cache_dir(struct ctx *c);
const char *project_readme_dir(struct ctx *c);
const char *project_cache_prefix(struct ctx *c, int64_t store_id);

/* Where one clones it from: base_url/path.git. */
const char *project_clone_url(struct ctx *c, const char *path);

/* What the credentials of a mirror are sealed for: "mirror:<project id>". */
const char *project_seal_context(struct ctx *c, int64_t id);

/* What hpr and the pages call its state: "cloning", "fetching", "pushing" or "idle" (hpr A5.4). */
const char *project_status(const struct project *p);

#endif
