#include "core/platform.h"

#include <string.h>

#include "base/crash.h"
#include "base/str.h"
#include "core/platform_tree.h"
#include "core/rule.h"
#include "db/db.h"
#include "store/access.h"
#include "store/repository.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static bool
is_main(const struct platform *p)
{
	return strcmp(p->platform_type, "main") == 0;
}

static int
only(struct ctx *c, const char *type, const struct platform *p)
{
	if (strcmp(p->platform_type, type) == 0)
		return OK;
	return fail(c, E_DENIED, "%s is no %s platform", p->name, type);
}

/* ---- what a platform may be */

static int
judge_distrib_type(struct ctx *c, struct faults *f, const char *name)
{
	bool is_known = false;

	if (rule_is_blank(name))
		faults_add(f, "distrib_type", FAULT_BLANK, 0);
	else
		TRY(platform_has_distrib_type(c, name, &is_known));
	if (!is_known)
		faults_add(f, "distrib_type", FAULT_NOT_INCLUDED, 0);
	return OK;
}

static int
judge_owner(struct ctx *c, struct faults *f, int64_t account_id)
{
	struct member owner;
	int code = member_by_id(c, false, account_id, &owner);

	if (code == E_NOTFOUND)
		faults_add(f, "owner", FAULT_UNKNOWN, 0);
	return code == E_NOTFOUND ? OK : code;
}

/* What a new platform and a changed one must be alike; name NULL: it has one. */
static void
judge(struct faults *f, const struct platform *row, const char *visibility, bool is_new)
{
	rule_text(f, "description", row->description, PLATFORM_DESCRIPTION_MAX);
	if (visibility != NULL)
		rule_visibility(f, visibility);
	if (is_new)
		rule_name(f, "name", row->name, NAME_CHARS, PLATFORM_NAME_MAX);
	rule_text(f, "default_branch", row->default_branch, PLATFORM_BRANCH_MAX);
}

static const char *
or_else(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

/* What the database has the last word on, as faults. */
static int
conflict(struct ctx *c, int code)
{
	static const struct {
		const char *constraint, *field;
		enum fault_kind kind;
	} rows[] = {
		{ "platform_name_key", "name", FAULT_TAKEN },
		{ "platform_distrib_type_fkey", "distrib_type", FAULT_NOT_INCLUDED },
		{ "platform_owner_account_id_fkey", "owner", FAULT_UNKNOWN },
	};

	for (size_t i = 0; code == E_CONFLICT && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(db_constraint(c->db), rows[i].constraint) == 0)
			return fault(c, rows[i].field, rows[i].kind, 0);
	return code;
}

/* ---- verbs */

int
platform_create(
    struct ctx *c, const struct actor *who, const struct platform_wish *wish, int64_t *id_out)
{
	struct faults *f = faults_new(c->mem);
	struct platform row = { .name = wish->name,
		.description = wish->description,
		.distrib_type = wish->distrib_type,
		.default_branch = wish->default_branch,
		.is_hidden = str_is_equal(wish->visibility, "hidden"),
		.is_released = wish->released > 0,
		.owner_account_id = who->account->id };

	judge(f, &row, wish->visibility, true);
	TRY(judge_distrib_type(c, f, row.distrib_type));
	if (wish->owner_account_id != 0) {
		row.owner_account_id = wish->owner_account_id;
		TRY(judge_owner(c, f, row.owner_account_id));
	}
	TRY(faults_end(c, f));
	TRY(conflict(c, platform_add(c, &row, id_out)));
	return actor_record(c, who, "platform.create", row.name, row.is_hidden ? "hidden" : "open");
}

static int
change_owner(struct ctx *c, struct faults *f, int64_t account_id, struct platform *row)
{
	if (account_id == 0 || account_id == row->owner_account_id)
		return OK;
	if (!is_main(row))
		faults_add(f, "owner", FAULT_FIXED, 0);
	else
		TRY(judge_owner(c, f, account_id));
	row->owner_account_id = account_id;
	row->owner_team_id = 0;
	return OK;
}

int
platform_update(struct ctx *c, const struct actor *who, const struct platform *p,
    const struct platform_wish *wish)
{
	struct faults *f = faults_new(c->mem);
	struct platform row;

	/* what another request has changed since it was loaded, a release for one, stays */
	TRY(platform_by_id_locked(c, who->account, p->id, &row));
	row.description = or_else(wish->description, row.description);
	row.default_branch = or_else(wish->default_branch, row.default_branch);
	if (wish->visibility != NULL)
		row.is_hidden = strcmp(wish->visibility, "hidden") == 0;
	judge(f, &row, wish->visibility, false);
	if (row.is_released && wish->released == 0)
		faults_add(f, "released", FAULT_FIXED, 0);
	row.is_released |= wish->released > 0;
	TRY(change_owner(c, f, wish->owner_account_id, &row));
	TRY(faults_end(c, f));
	TRY(conflict(c, platform_set(c, &row)));
	return actor_record(c, who, "platform.update", p->name,
	    arena_printf(c->mem, "%s%s%s", row.is_hidden ? "hidden" : "open",
		row.is_released ? ", released" : "",
		row.owner_account_id != p->owner_account_id ? ", owner changed" : ""));
}

int
platform_destroy(struct ctx *c, const struct actor *who, const struct platform *p)
{
	TRY(only(c, "main", p));
	TRY(db_begin(c, DB_WRITE));
	TRY(platform_del(c, p->id));
	TRY(actor_record(c, who, "platform.delete", p->name, ""));
	TRY(db_commit(c));
	crash_point("before-folders");
	return platform_tree_remove_all(c, p->id);
}

/* ---- clone */

static int
make_trees(struct ctx *c, int64_t platform_id)
{
	struct repository_card *cards;
	struct place *places;
	size_t n;

	TRY(repository_list_cards(c, &platform_id, 1, &cards, &n));
	places = arena_new_array(c->mem, struct place, n);
	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){
			.id = cards[i].id, .platform_id = platform_id, .name = cards[i].name
		};
	return platform_tree_make(c, places, n);
}

int
platform_clone(struct ctx *c, const struct actor *who, const struct platform *p,
    const struct platform_wish *wish, int64_t *id_out)
{
	struct faults *f = faults_new(c->mem);
	struct platform row = *p;

	TRY(only(c, "main", p));
	row.name = wish->name;
	row.description = wish->description;
	row.default_branch = wish->default_branch;
	row.is_released = false;
	row.parent_platform_id = p->id;
	row.owner_account_id = who->account->id;
	judge(f, &row, NULL, true);
	TRY(faults_end(c, f));
	TRY(db_begin(c, DB_WRITE));
	TRY(conflict(c, platform_add(c, &row, id_out)));
	TRY(platform_copy_repositories(c, p->id, *id_out));
	TRY(actor_record(
	    c, who, "platform.clone", row.name, arena_printf(c->mem, "from %s", p->name)));
	TRY(db_commit(c));
	crash_point("before-folders");
	return make_trees(c, *id_out);
}

int
platform_clear(struct ctx *c, const struct actor *who, const struct platform *p)
{
	TRY(only(c, "personal", p));
	TRY(db_begin(c, DB_WRITE));
	TRY(platform_clear_packages(c, p->id));
	TRY(actor_record(c, who, "platform.clear", p->name, ""));
	TRY(db_commit(c));
	return platform_tree_remove_all(c, p->id);
}

/* ---- members */

int
platform_members(struct ctx *c, const struct account *asker, const struct platform *p,
    int64_t limit, int64_t offset, struct member **rows_out, size_t *n_out)
{
	bool may = !p->is_hidden || p->access >= ACCESS_ADMIN;

	if (!may)
		TRY(platform_is_member(c, asker, p->id, &may));
	if (!may)
		return fail(c, E_DENIED, "its members are for its members");
	return platform_list_members(c, p->id, limit, offset, rows_out, n_out);
}

static int
find_member(struct ctx *c, bool is_team, int64_t id, struct member *out)
{
	int code = member_by_id(c, is_team, id, out);

	return code == E_NOTFOUND ? fail(c, E_INVALID, "%s", c->reason) : code;
}

static bool
is_owner(const struct platform *p, const struct member *m)
{
	return m->id == (m->is_team ? p->owner_team_id : p->owner_account_id);
}

int
platform_admit(struct ctx *c, const struct actor *who, const struct platform *p, bool is_team,
    int64_t member_id)
{
	struct member member;
	int code;

	TRY(only(c, "main", p));
	TRY(find_member(c, is_team, member_id, &member));
	if (is_owner(p, &member))
		return OK;
	code = platform_add_member(c, p->id, &member);
	if (code == E_CONFLICT)
		return fail(c, E_INVALID, "the platform or the member is gone");
	TRY(code);
	return actor_record(c, who, "platform.add_member", p->name, member.uname);
}

int
platform_dismiss(struct ctx *c, const struct actor *who, const struct platform *p, bool is_team,
    int64_t member_id)
{
	struct member member;

	TRY(only(c, "main", p));
	TRY(find_member(c, is_team, member_id, &member));
	if (is_owner(p, &member))
		return fail(c, E_INVALID, "the owner is no member that could be removed");
	TRY(platform_del_member(c, p->id, &member));
	return actor_record(c, who, "platform.remove_member", p->name, member.uname);
}

/* ---- for web servers */

/* A path that could lead out of its first folder is nobody's to read. */
static bool
has_dots(const char *path)
{
	for (const char *at = strstr(path, ".."); at != NULL; at = strstr(at + 1, ".."))
		if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
			return true;
	return false;
}

int
platform_allows(struct ctx *c, const struct account *asker, const char *path, bool *out)
{
	const char *name = path + strspn(path, "/");
	struct platform p;
	int code;

	name = arena_strndup(c->mem, name, strcspn(name, "/"));
	*out = name[0] == '\0';
	if (*out || has_dots(path))
		return OK;
	code = platform_by_name(c, asker, name, &p);
	*out = code == OK && p.access > 0;
	return code == E_NOTFOUND ? OK : code;
}
