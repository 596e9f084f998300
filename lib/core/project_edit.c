#include "core/project_edit.h"

#include <string.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/path.h"
#include "base/str.h"
#include "core/name.h"
#include "core/project.h"
#include "core/rule.h"
#include "db/db.h"
#include "git/branches.h"
#include "git/init.h"
#include "git/refs.h"
#include "git/store.h"
#include "store/access.h"

#define NAME_MAX_CHARACTERS 100
#define BRANCH_MAX_CHARACTERS 100
#define AUTOSTART_MAX 2
#define FIRST_BRANCH "master"
#define LOCK_WAIT_MS 2000

/* ---- what is wished */

static const char *
visibility_of(int64_t default_access)
{
	return default_access > ACCESS_NONE ? "open" : "hidden";
}

struct project_wish
project_wish_new(const struct actor *who)
{
	return (struct project_wish){ .default_branch = FIRST_BRANCH,
		.maintainer_id = who->account->id,
		.is_package = true,
		.has_issues = true,
		.autostart_status = -1 };
}

struct project_wish
project_wish_of(const struct project_full *p)
{
	return (struct project_wish){ .name = p->card.name,
		.visibility = visibility_of(p->base.default_access),
		.description = p->base.description,
		.default_branch = p->head,
		.maintainer_id = p->card.maintainer_id,
		.is_package = p->is_package,
		.has_issues = p->has_issues,
		.has_wiki = p->has_wiki,
		.publish_i686_into_x86_64 = p->publish_i686_into_x86_64,
		.architecture_dependent = p->architecture_dependent,
		.autostart_status = p->autostart_status };
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static const char *
without_blanks(struct ctx *c, const char *text)
{
	const char *start = or_empty(text) + strspn(or_empty(text), " \t\r\n\f\v");
	size_t len = strlen(start);

	while (len > 0 && strchr(" \t\r\n\f\v", start[len - 1]) != NULL)
		len--;
	return arena_strndup(c->mem, start, len);
}

/* ---- what may be */

static const char *
path_in(struct ctx *c, const char *folder, const char *name)
{
	return folder[0] != '\0' ? arena_printf(c->mem, "%s/%s", folder, name) : name;
}

static void
judge_name(struct ctx *c, struct faults *f, const char *folder, const char *name, bool is_taken)
{
	struct ctx quiet = *c; /* the reason of a path that may not be is not the answer's */

	if (is_taken)
		faults_add(f, "name", FAULT_TAKEN, 0);
	if (name[0] == '\0')
		faults_add(f, "name", FAULT_BLANK, 0);
	if (name[0] == '\0' || !name_has_characters(name))
		faults_add(f, "name", FAULT_INVALID, 0);
	else if (name_check_path(&quiet, path_in(c, folder, name)) != OK)
		faults_add(f, "name", FAULT_REFUSED, 0);
	if (str_characters(name) > NAME_MAX_CHARACTERS)
		faults_add(f, "name", FAULT_TOO_LONG, NAME_MAX_CHARACTERS);
}

static void
judge_branch(struct faults *f, const char *branch)
{
	if (str_characters(branch) > BRANCH_MAX_CHARACTERS)
		faults_add(f, "default_branch", FAULT_TOO_LONG, BRANCH_MAX_CHARACTERS);
	if (!git_branch_is_name(branch))
		faults_add(f, "default_branch", FAULT_UNKNOWN, 0);
}

static void
judge_people(struct faults *f, const struct project_wish *wish, bool has_maintainer)
{
	if (!has_maintainer)
		faults_add(f, "maintainer", FAULT_UNKNOWN, 0);
	if (wish->autostart_status < -1 || wish->autostart_status > AUTOSTART_MAX)
		faults_add(f, "autostart", FAULT_NOT_INCLUDED, 0);
}

static struct project_values
values_of(const char *path, int64_t default_access, const struct project_wish *wish)
{
	return (struct project_values){ .path = path,
		.default_access = default_access,
		.description = or_empty(wish->description),
		.head = wish->default_branch,
		.maintainer_id = wish->maintainer_id,
		.is_package = wish->is_package,
		.has_issues = wish->has_issues,
		.has_wiki = wish->has_wiki,
		.publish_i686_into_x86_64 = wish->publish_i686_into_x86_64,
		.architecture_dependent = wish->architecture_dependent,
		.autostart_status = wish->autostart_status };
}

int
project_conflict(struct ctx *c, int code)
{
	if (code != E_CONFLICT)
		return code;
	/* by a project, or by a folder */
	if (strcmp(db_constraint(c->db), "project_path_key") == 0 ||
	    strcmp(db_constraint(c->db), "path_taken_pkey") == 0)
		return fault(c, "name", FAULT_TAKEN, 0);
	if (strcmp(db_constraint(c->db), "repository_project_name_key") == 0)
		return fault(c, "platform", FAULT_TAKEN, 0);
	return code;
}

/* The personal repository has exactly the packages. */
static int
settle(struct ctx *c, int64_t id, bool is_package)
{
	if (!is_package)
		return project_detach_personal(c, id);
	return project_conflict(c, project_attach_personal(c, id));
}

/* ---- a new one */

static int
judge_new(struct ctx *c, const struct project_wish *wish, const char *name,
    const struct project_facts *facts)
{
	struct faults *f = faults_new(c->mem);

	/* without an owner the name is judged as it would be in some folder */
	judge_name(c, f, facts->owner_uname != NULL ? facts->owner_uname : "_", name,
	    facts->is_name_taken);
	if (facts->owner_uname == NULL)
		faults_add(f, "owner", FAULT_BLANK, 0);
	rule_visibility(f, wish->visibility);
	judge_branch(f, wish->default_branch);
	judge_people(f, wish, facts->has_maintainer);
	if (facts->n_projects >= PROJECTS_PER_OWNER)
		faults_add(f, "owner", FAULT_TOO_MANY, PROJECTS_PER_OWNER);
	return faults_end(c, f);
}

static int
denied(struct ctx *c)
{
	return fail(c, E_DENIED, "you may not create projects there");
}

int
project_create(struct ctx *c, const struct actor *who, const struct owner *owner,
    const struct project_wish *wish, int64_t *id_out)
{
	const struct project_question q = { .owner = *owner,
		.name = without_blanks(c, wish->name),
		.maintainer_id = wish->maintainer_id };
	struct project_facts facts;
	struct project_values row;
	struct project_ids ids;

	TRY(project_ask(c, who->account, &q, &facts));
	if (facts.owner_uname != NULL && facts.owner_access < ACCESS_WRITE)
		return denied(c);
	TRY(judge_new(c, wish, q.name, &facts));
	row = values_of(path_in(c, facts.owner_uname, q.name),
	    strcmp(wish->visibility, "open") == 0 ? ACCESS_READ : ACCESS_NONE, wish);
	TRY(project_conflict(c, project_insert(c, owner, &row, &ids)));
	TRY(settle(c, ids.id, row.is_package));
	TRY(actor_record(c, who, "project.create", row.path, ""));
	TRY(project_make_store(c, ids.store_id, row.head));
	*id_out = ids.id;
	return OK;
}

/* ---- another state of one */

/* The part of the path before the name, without its '/'. */
static const char *
folder_of(struct ctx *c, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? arena_strndup(c->mem, path, (size_t)(slash - path)) : "";
}

struct change {
	const struct project_full *p;
	const struct project_wish *wish;
	const char *folder, *name;
	bool has_name, has_visibility, has_branch, has_maintainer; /* another one than before */
};

static bool
is_same_rest(const struct project_full *p, const struct project_wish *w)
{
	return strcmp(or_empty(w->description), p->base.description) == 0 &&
	    w->is_package == p->is_package && w->has_issues == p->has_issues &&
	    w->has_wiki == p->has_wiki &&
	    w->publish_i686_into_x86_64 == p->publish_i686_into_x86_64 &&
	    w->architecture_dependent == p->architecture_dependent &&
	    w->autostart_status == p->autostart_status;
}

static struct change
change_of(struct ctx *c, const struct project_full *p, const struct project_wish *w)
{
	struct change change = { .p = p,
		.wish = w,
		.folder = folder_of(c, p->base.path),
		.name = without_blanks(c, w->name) };

	change.has_name = strcmp(change.name, p->card.name) != 0;
	change.has_visibility = !str_is_equal(w->visibility, visibility_of(p->base.default_access));
	change.has_branch = strcmp(or_empty(w->default_branch), p->head) != 0;
	change.has_maintainer = w->maintainer_id != p->card.maintainer_id;
	return change;
}

static const char *
tell(struct ctx *c, const struct change *change, bool has_rest)
{
	struct buf *b = buf_new(c->mem, 4096);

	if (change->has_name)
		buf_printf(b, "name %s, ", change->name);
	if (change->has_visibility)
		buf_printf(b, "visibility %s, ", change->wish->visibility);
	if (change->has_branch)
		buf_printf(b, "default branch %s, ", change->wish->default_branch);
	if (change->has_maintainer)
		buf_printf(b, "maintainer %lld, ", (long long)change->wish->maintainer_id);
	if (has_rest)
		buf_text(b, "description or flags, ");
	b->len -= strlen(", ");
	b->data[b->len] = '\0';
	return b->data;
}

/* The branch is looked for in the store, which somebody holds the lock of. */
static int
judge_new_head(struct ctx *c, struct faults *f, const struct change *change)
{
	struct git_repository *repo;
	bool is_possible;

	if (change->p->base.is_mirror) {
		faults_add(f, "default_branch", FAULT_FIXED, 0);
		return OK;
	}
	if (str_characters(or_empty(change->wish->default_branch)) > BRANCH_MAX_CHARACTERS ||
	    !git_branch_is_name(or_empty(change->wish->default_branch))) {
		judge_branch(f, or_empty(change->wish->default_branch));
		return OK;
	}
	TRY(git_init(c));
	TRY(git_store_open(c, project_store_dir(c, change->p->base.store_id), &repo));
	TRY(git_branch_is_possible(c, repo, change->wish->default_branch, &is_possible));
	if (!is_possible)
		faults_add(f, "default_branch", FAULT_UNKNOWN, 0);
	return OK;
}

static int
judge_change(struct ctx *c, const struct actor *who, const struct change *change)
{
	const struct project *base = &change->p->base;
	const struct project_question q = {
		.owner = { .is_team = base->owner_team_id != 0,
		    .id = base->owner_team_id != 0 ? base->owner_team_id : base->owner_account_id },
		.folder = change->folder,
		.name = change->name,
		.id = base->id,
		.maintainer_id = change->wish->maintainer_id,
	};
	struct faults *f = faults_new(c->mem);
	struct project_facts facts;

	TRY(project_ask(c, who->account, &q, &facts));
	if (change->has_name)
		judge_name(c, f, change->folder, change->name, facts.is_name_taken);
	rule_visibility(f, change->wish->visibility);
	if (change->has_branch)
		TRY(judge_new_head(c, f, change));
	judge_people(f, change->wish, !change->has_maintainer || facts.has_maintainer);
	return faults_end(c, f);
}

static int64_t
access_after(const struct change *change)
{
	if (!change->has_visibility)
		return change->p->base.default_access;
	return strcmp(change->wish->visibility, "open") == 0 ? ACCESS_READ : ACCESS_NONE;
}

static int
set_head(struct ctx *c, const struct change *change)
{
	return git_head_set(c, project_store_dir(c, change->p->base.store_id),
	    arena_printf(c->mem, "refs/heads/%s", change->wish->default_branch));
}

/* What the wish does not change is as it is now, not as it was when somebody read it. */
static struct project_wish
brought_up(const struct project_wish *wish, const struct project_full *then,
    const struct project_full *now)
{
	const struct project_wish old = project_wish_of(then), new = project_wish_of(now);
	struct project_wish w = *wish;

#define KEEP_TEXT(m) w.m = str_is_equal(w.m, old.m) ? new.m : w.m
#define KEEP(m) w.m = w.m == old.m ? new.m : w.m
	KEEP_TEXT(name);
	KEEP_TEXT(visibility);
	KEEP_TEXT(description);
	KEEP_TEXT(default_branch);
	KEEP(maintainer_id);
	KEEP(is_package);
	KEEP(has_issues);
	KEEP(has_wiki);
	KEEP(publish_i686_into_x86_64);
	KEEP(architecture_dependent);
	KEEP(autostart_status);
#undef KEEP
#undef KEEP_TEXT
	return w;
}

/* The row as it is, held until the transaction ends. */
static int
hold(struct ctx *c, int64_t id, struct project_full *out)
{
	const struct claim nobody = { .kind = CLAIM_NOBODY };
	struct account account;

	TRY(project_hold(c, id));
	return project_full_by_id(c, &nobody, id, &account, out);
}

int
project_update(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct project_wish *wish)
{
	struct project_full now;
	struct project_wish up;
	struct project_values row;
	struct change change = change_of(c, p, wish);
	bool has_rest;
	int *lock;

	if (change.has_branch && !p->base.is_mirror) {
		TRY(project_lock_store(c, p->base.store_id, LOCK_WAIT_MS, &lock));
		TRY(project_hold_store(c, p->base.id));
	}
	TRY(hold(c, p->base.id, &now));
	up = brought_up(wish, p, &now);
	change = change_of(c, &now, &up);
	has_rest = !is_same_rest(&now, &up);
	if (!change.has_name && !change.has_visibility && !change.has_branch &&
	    !change.has_maintainer && !has_rest)
		return OK;
	TRY(judge_change(c, who, &change));
	row = values_of(path_in(c, change.folder, change.name), access_after(&change), &up);
	if (!change.has_branch)
		row.head = NULL;
	TRY(project_conflict(c, project_update_row(c, p->base.id, p->base.store_id, &row)));
	TRY(settle(c, p->base.id, row.is_package));
	TRY(actor_record(c, who, "project.update", now.base.path, tell(c, &change, has_rest)));
	return change.has_branch ? set_head(c, &change) : OK;
}

/* ---- a second one of a store */

int
project_copy_place(struct ctx *c, const struct actor *who, const struct project_full *source,
    const struct copy_wish *wish, struct copy_place *out)
{
	struct project_question q = { .owner = { .is_team = wish->is_for_team,
					  .id = wish->is_for_team ? wish->team_id
								  : who->account->id },
		.name = without_blanks(c, wish->name) };
	struct faults *f = faults_new(c->mem);
	struct project_facts facts;

	if (q.name[0] == '\0')
		q.name = source->card.name;
	TRY(project_ask(c, who->account, &q, &facts));
	if (facts.owner_uname == NULL)
		return fail(c, E_NOTFOUND, "no such team");
	if (facts.owner_access < ACCESS_WRITE)
		return denied(c);
	judge_name(c, f, facts.owner_uname, q.name, facts.is_name_taken);
	if (facts.n_projects >= PROJECTS_PER_OWNER)
		faults_add(f, "owner", FAULT_TOO_MANY, PROJECTS_PER_OWNER);
	*out = (struct copy_place){ q.owner, path_in(c, facts.owner_uname, q.name) };
	return faults_end(c, f);
}

int
project_alias(struct ctx *c, const struct actor *who, const struct project_full *source,
    const struct copy_wish *wish, int64_t *id_out)
{
	struct copy_place place;
	int64_t id;

	if (source->base.is_mirror)
		return fault(c, "alias", FAULT_REFUSED, 0);
	TRY(project_copy_place(c, who, source, wish, &place));
	TRY(project_conflict(
	    c, project_insert_alias(c, source->base.id, &place.owner, place.path, &id)));
	if (source->is_package)
		TRY(settle(c, id, true));
	TRY(actor_record(
	    c, who, "project.alias", place.path, arena_printf(c->mem, "of %s", source->base.path)));
	*id_out = id;
	return OK;
}
