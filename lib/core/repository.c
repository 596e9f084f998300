#include "core/repository.h"

#include <string.h>

#include "auth/perm.h"
#include "base/crash.h"
#include "base/str.h"
#include "core/platform_tree.h"
#include "core/rule.h"
#include "db/db.h"
#include "store/access.h"
#include "store/platform.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_-"

/* What every personal platform has, and keeps. */
#define PERSONAL_MAIN "main"

static bool
is_personal(const struct repository *r)
{
	return strcmp(r->platform_type, "personal") == 0;
}

static int
main_only(struct ctx *c, const struct repository *r)
{
	if (is_personal(r))
		return fail(c, E_DENIED, "%s is no main platform", r->platform_name);
	return OK;
}

static int
not_personal_main(struct ctx *c, const struct repository *r)
{
	if (is_personal(r) && str_is_equal(r->name, PERSONAL_MAIN))
		return fail(c, E_DENIED, "a personal platform keeps its repository main");
	return OK;
}

static int
record(struct ctx *c, const struct actor *who, const char *action, const struct repository *r,
    const char *detail)
{
	return actor_record(
	    c, who, action, arena_printf(c->mem, "%s/%s", r->platform_name, r->name), detail);
}

static struct place
place_of(const struct repository *r)
{
	return (struct place){ .id = r->id, .platform_id = r->platform_id, .name = r->name };
}

/* ---- what a repository may be */

static void
judge(struct faults *f, const struct repository *row, bool is_new)
{
	const char *branch = row->publish_builds_only_from_branch;

	rule_text(f, "description", row->description, REPOSITORY_DESCRIPTION_MAX);
	if (is_new)
		rule_name(f, "name", row->name, NAME_CHARS, REPOSITORY_NAME_MAX);
	if (branch != NULL && str_characters(branch) > REPOSITORY_BRANCH_MAX)
		faults_add(
		    f, "publish_builds_only_from_branch", FAULT_TOO_LONG, REPOSITORY_BRANCH_MAX);
}

/* What the wish says of the branch; a personal platform has no use for one. */
static const char *
branch_of(const struct repository *row, const struct repository_wish *wish)
{
	const char *wanted = wish->publish_builds_only_from_branch;

	if (wanted == NULL || is_personal(row))
		return row->publish_builds_only_from_branch;
	return rule_is_blank(wanted) ? NULL : wanted;
}

/* ---- verbs */

/* The platform that the new repository is for, with the actor's rights on it. */
static int
find_platform(struct ctx *c, const struct actor *who, int64_t id, struct platform *out)
{
	int code = platform_by_id(c, who->account, id, out);

	if (code == E_NOTFOUND || (code == OK && out->access == 0))
		return fault(c, "platform", FAULT_UNKNOWN, 0);
	TRY(code);
	if (perm_may(who->account, PERM_ADMIN, (int)out->access, true, true) != MAY)
		return fail(c, E_DENIED, "you may not do this");
	return OK;
}

static int
add(struct ctx *c, const struct repository *row, int64_t *id_out)
{
	int code = repository_add(c, row, id_out);

	if (code == E_CONFLICT && strcmp(db_constraint(c->db), "repository_name_key") == 0)
		return fault(c, "name", FAULT_TAKEN, 0);
	if (code == E_CONFLICT) /* deleted since it was found */
		return fault(c, "platform", FAULT_UNKNOWN, 0);
	return code;
}

int
repository_create(
    struct ctx *c, const struct actor *who, const struct repository_wish *wish, int64_t *id_out)
{
	struct faults *f = faults_new(c->mem);
	struct repository row = { .platform_id = wish->platform_id,
		.name = wish->name,
		.description = wish->description,
		.publish_without_qa = wish->publish_without_qa != 0 };
	struct platform p;
	struct place place;

	TRY(db_begin(c, DB_WRITE));
	TRY(find_platform(c, who, wish->platform_id, &p));
	row.platform_name = p.name;
	row.platform_type = p.platform_type;
	TRY(not_personal_main(c, &row));
	row.publish_builds_only_from_branch = branch_of(&row, wish);
	judge(f, &row, true);
	TRY(faults_end(c, f));
	TRY(add(c, &row, &row.id));
	TRY(record(c, who, "repository.create", &row, ""));
	TRY(db_commit(c));
	crash_point("before-folders");
	*id_out = row.id;
	place = place_of(&row);
	return is_personal(&row) ? OK : platform_tree_make(c, &place, 1);
}

int
repository_update(struct ctx *c, const struct actor *who, const struct repository *r,
    const struct repository_wish *wish)
{
	struct faults *f = faults_new(c->mem);
	struct repository row;

	/* what another request has changed since it was loaded stays */
	TRY(repository_by_id_locked(c, who->account, r->id, &row));
	if (wish->description != NULL)
		row.description = wish->description;
	if (wish->publish_without_qa >= 0)
		row.publish_without_qa = wish->publish_without_qa > 0;
	row.publish_builds_only_from_branch = branch_of(&row, wish);
	if (wish->synchronizing_publications >= 0)
		row.synchronizing_publications = wish->synchronizing_publications > 0;
	judge(f, &row, false);
	TRY(faults_end(c, f));
	TRY(repository_set(c, &row));
	return record(c, who, "repository.update", r, "");
}

int
repository_destroy(struct ctx *c, const struct actor *who, const struct repository *r)
{
	const struct place place = place_of(r);

	TRY(not_personal_main(c, r));
	TRY(db_begin(c, DB_WRITE));
	TRY(repository_del(c, r->id));
	TRY(record(c, who, "repository.delete", r, ""));
	TRY(db_commit(c));
	crash_point("before-folders");
	return is_personal(r) ? OK : platform_tree_remove(c, &place);
}

/* ---- members */

static int
find_member(struct ctx *c, const struct repository *r, bool is_team, int64_t id, struct member *out)
{
	int code;

	TRY(main_only(c, r));
	code = member_by_id(c, is_team, id, out);
	return code == E_NOTFOUND ? fail(c, E_INVALID, "%s", c->reason) : code;
}

int
repository_admit(struct ctx *c, const struct actor *who, const struct repository *r, bool is_team,
    int64_t member_id)
{
	struct member member;
	int code;

	TRY(find_member(c, r, is_team, member_id, &member));
	code = repository_add_member(c, r->id, &member);
	if (code == E_CONFLICT)
		return fail(c, E_INVALID, "the repository or the member is gone");
	TRY(code);
	return record(c, who, "repository.add_member", r, member.uname);
}

int
repository_dismiss(struct ctx *c, const struct actor *who, const struct repository *r, bool is_team,
    int64_t member_id)
{
	struct member member;

	TRY(find_member(c, r, is_team, member_id, &member));
	TRY(repository_del_member(c, r->id, &member));
	return record(c, who, "repository.remove_member", r, member.uname);
}

/* ---- projects */

int
repository_projects(struct ctx *c, const struct account *asker, const struct repository *r,
    int64_t limit, int64_t offset, struct project_card **rows_out, size_t *n_out)
{
	return repository_list_projects(
	    c, asker, r->id, r->access >= ACCESS_ADMIN, limit, offset, rows_out, n_out);
}

int
repository_projects_total(
    struct ctx *c, const struct account *asker, const struct repository *r, int64_t *out)
{
	return repository_count_projects(c, asker, r->id, r->access >= ACCESS_ADMIN, out);
}

static const char *
project_text(struct ctx *c, int64_t id)
{
	return arena_printf(c->mem, "project %lld", (long long)id);
}

static bool
is_name_taken(struct ctx *c)
{
	const char *constraint = db_constraint(c->db);

	return strcmp(constraint, "repository_project_name_key") == 0 ||
	    strcmp(constraint, "repository_project_pkey") == 0; /* that very one */
}

int
repository_add_project(
    struct ctx *c, const struct actor *who, const struct repository *r, int64_t project_id)
{
	int code = repository_attach(c, who->account, r, project_id);

	if (code == E_NOTFOUND)
		return fail(c, E_INVALID, "no such project");
	if (code == E_CONFLICT && is_name_taken(c))
		return fault(c, "project", FAULT_TAKEN, 0);
	if (code == E_CONFLICT)
		return fail(c, E_INVALID, "the repository or the project is gone");
	TRY(code);
	return record(c, who, "repository.add_project", r, project_text(c, project_id));
}

int
repository_remove_project(
    struct ctx *c, const struct actor *who, const struct repository *r, int64_t project_id)
{
	int64_t n;

	TRY(repository_detach(c, r->id, project_id, &n));
	if (n == 0)
		return OK;
	return record(c, who, "repository.remove_project", r, project_text(c, project_id));
}

/* ---- lock files */

int
repository_lock(struct ctx *c, const struct actor *who, const struct repository *r)
{
	const struct place place = place_of(r);

	TRY(main_only(c, r));
	TRY(record(c, who, "repository.lock", r, ""));
	return platform_tree_lock(c, &place);
}

int
repository_unlock(struct ctx *c, const struct actor *who, const struct repository *r)
{
	const struct place place = place_of(r);

	TRY(main_only(c, r));
	TRY(record(c, who, "repository.unlock", r, ""));
	return platform_tree_unlock(c, &place);
}
