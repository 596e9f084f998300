#include "core/folder.h"

#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "core/level.h"
#include "core/name.h"
#include "db/db.h"
#include "store/access.h"

#define DESCRIPTION_MOST 10000

const char *
folder_above(struct ctx *c, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? arena_strndup(c->mem, path, (size_t)(slash - path)) : "";
}

/* ---- where one may make something */

static int
judge_top(struct ctx *c, const struct actor *who, const char *path)
{
	struct folder_place place;

	TRY(folder_ask(c, who->account, path, &place));
	if (!place.is_top_open || (place.owner_id != 0 && place.access < ACCESS_WRITE))
		return fault(c, "top", FAULT_REFUSED, 0);
	return OK;
}

int
folder_may_create(struct ctx *c, const struct actor *who, const char *path)
{
	const char *above = folder_above(c, path);
	struct folder_place place;

	if (who->account->is_admin)
		return OK;
	if (above[0] == '\0')
		return judge_top(c, who, path);
	TRY(folder_ask(c, who->account, above, &place));
	if (place.access >= ACCESS_WRITE)
		return OK;
	return fault(
	    c, "folder", place.id == 0 || place.access == 0 ? FAULT_UNKNOWN : FAULT_REFUSED, 0);
}

/* ---- making */

static int
taken(struct ctx *c, int code)
{
	if (code != E_CONFLICT || db_constraint(c->db)[0] == '\0')
		return code;
	if (strcmp(db_constraint(c->db), "folder_place") == 0)
		return fail(c, E_CONFLICT, "that is the place of somebody else");
	return fault(c, "path", FAULT_TAKEN, 0);
}

static int
owner_of_way(struct ctx *c, const struct actor *who, const struct folder_place *place, int64_t *out)
{
	int code = OK;

	*out = place->owner_id;
	if (*out == 0)
		code = folder_first_admin(c, out);
	if (code == E_NOTFOUND)
		*out = who->account->id;
	return code == E_NOTFOUND ? OK : code;
}

/* It is not the path that was asked for which is taken. */
static int
folder_needed(struct ctx *c, int code, const char *path)
{
	if (code != E_CONFLICT)
		return code;
	c->faults = NULL;
	return fail(c, code, "%s is no folder", path);
}

static int
make_missing(struct ctx *c, const struct actor *who, const char *path)
{
	struct folder_new row = { .path = path, .default_access = ACCESS_READ, .description = "" };
	struct folder_place place;
	int64_t id;

	TRY(folder_ask(c, who->account, path, &place));
	if (place.id != 0)
		return OK;
	TRY(owner_of_way(c, who, &place, &row.owner_account_id));
	TRY(folder_needed(c, taken(c, folder_add(c, &row, &id)), path));
	return actor_record(c, who, "folder.create", path, "on the way to something");
}

int
folder_make_way(struct ctx *c, const struct actor *who, const char *path)
{
	TRY(name_check_slug(c, path));
	TRY(folder_may_create(c, who, path));
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
		TRY(make_missing(c, who, arena_strndup(c->mem, path, (size_t)(slash - path))));
	return OK;
}

static int
check_description(struct ctx *c, const char *description)
{
	if (description != NULL && str_characters(description) > DESCRIPTION_MOST)
		return fault(c, "description", FAULT_TOO_LONG, DESCRIPTION_MOST);
	return OK;
}

static int
copy_from_above(struct ctx *c, const struct actor *who, const char *path, int64_t id)
{
	struct folder_place above;

	TRY(folder_ask(c, who->account, folder_above(c, path), &above));
	return above.id != 0 ? folder_copy_grants(c, above.id, id) : OK;
}

/* Who makes a folder for another may go on working in it. */
static int
keep_maker(struct ctx *c, const struct actor *who, int64_t owner_id, int64_t id)
{
	const struct folder_grant grant = { .to = { GRANTEE_ACCOUNT, who->account->id,
						who->account->uname },
		.access = ACCESS_ADMIN,
		.reach = FOLDER_ALONE };
	int64_t n;

	if (who->account->is_admin || owner_id == who->account->id)
		return OK;
	return folder_set_grant(c, who->account, id, &grant, &n);
}

int
folder_create(
    struct ctx *c, const struct actor *who, const struct folder_wish *wish, int64_t *id_out)
{
	struct folder_new row = { .path = wish->path,
		.owner_account_id = wish->owner_account_id,
		.default_access = ACCESS_READ,
		.description = wish->description != NULL ? wish->description : "" };
	struct folder_place place;
	int64_t id;

	TRY(check_description(c, wish->description));
	TRY(folder_make_way(c, who, wish->path));
	TRY(folder_ask(c, who->account, wish->path, &place));
	if (row.owner_account_id == 0)
		row.owner_account_id = place.owner_id != 0 ? place.owner_id : who->account->id;
	TRY(taken(c, folder_add(c, &row, &id)));
	TRY(keep_maker(c, who, row.owner_account_id, id));
	if (wish->copies_grants)
		TRY(copy_from_above(c, who, wish->path, id));
	*id_out = id;
	return actor_record(c, who, "folder.create", wish->path, "");
}

/* ---- changing */

static bool
is_below(struct ctx *c, const char *path, const char *top)
{
	return str_starts(
	    str_lower(c->mem, path), arena_printf(c->mem, "%s/", str_lower(c->mem, top)));
}

static int64_t
count_slashes(const char *path)
{
	int64_t n = 0;

	for (; *path != '\0'; path++)
		n += *path == '/';
	return n;
}

/* What is below keeps within the limits of name_check_slug. */
static int
check_room(struct ctx *c, const struct folder *f, const char *path)
{
	int64_t more_parts = count_slashes(path) - count_slashes(f->path);
	int64_t more_bytes = (int64_t)strlen(path) - (int64_t)strlen(f->path);
	struct folder_deepest below;

	TRY(folder_deepest(c, f->id, &below));
	if (more_parts > 0 && below.parts + more_parts > NAME_PARTS_MOST)
		return fail(
		    c, E_INVALID, "a path below would have more than %d parts", NAME_PARTS_MOST);
	if (more_bytes > 0 && below.bytes + more_bytes > NAME_PATH_MOST_BYTES)
		return fail(c, E_INVALID, "a path below would have more than %d bytes",
		    NAME_PATH_MOST_BYTES);
	return OK;
}

static int
move(struct ctx *c, const struct actor *who, const struct folder *f, const char *path)
{
	if (is_below(c, path, f->path))
		return fault(c, "path", FAULT_REFUSED, 0);
	TRY(check_room(c, f, path));
	TRY(folder_make_way(c, who, path));
	return taken(c, folder_move(c, f->path, path));
}

int
folder_update(struct ctx *c, const struct actor *who, const struct folder *f,
    const struct folder_change *change)
{
	bool has_path = change->path != NULL && strcmp(change->path, f->path) != 0;

	TRY(check_description(c, change->description));
	if (has_path)
		TRY(move(c, who, f, change->path));
	TRY(taken(c, folder_set(c, f->id, change->description, change->owner_account_id)));
	return actor_record(c, who, "folder.update", f->path,
	    has_path ? arena_printf(c->mem, "to %s", change->path) : "");
}

int
folder_delete(struct ctx *c, const struct actor *who, const struct folder *f)
{
	bool is_done;

	TRY(folder_del(c, f->id, &is_done));
	if (!is_done)
		return fail(c, E_CONFLICT, "something is in the folder %s", f->path);
	return actor_record(c, who, "folder.delete", f->path, "");
}

/* ---- who may what */

static const char *
reach_text(enum folder_reach reach)
{
	static const char *const texts[] = { [FOLDER_ALONE] = "",
		[FOLDER_PROJECTS] = ", and projects below",
		[FOLDER_FOLDERS] = ", and folders below",
		[FOLDER_ALL] = ", and all below" };

	return texts[reach];
}

int
folder_give(struct ctx *c, const struct actor *who, const struct folder *f,
    const struct folder_grant *grant)
{
	struct folder_grant g = *grant;
	int64_t n;

	if (g.is_revoked)
		g.access = 0;
	if (g.to.kind == GRANTEE_EVERYONE && g.access > ACCESS_WRITE)
		return fail(c, E_INVALID, "everyone may have no more than write");
	TRY(folder_set_grant(c, who->account, f->id, &g, &n));
	return actor_record(c, who, g.is_revoked ? "folder.revoke" : "folder.grant", f->path,
	    arena_printf(c->mem, "%s%s: %s%s", g.to.kind == GRANTEE_TEAM ? "team " : "", g.to.uname,
		level_word(g.access), reach_text(g.reach)));
}
