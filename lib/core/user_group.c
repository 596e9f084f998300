#include "core/user_group.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/account.h"
#include "core/level.h"
#include "core/team.h"
#include "db/db.h"
#include "store/access.h"
#include "store/member.h"

#define ROLE_READER 1
#define ROLE_ADMIN 3
#define UNAME_LEAST 2
#define USES_MOST 100
#define USES_MOST_BYTES 30000

/* ---- what may be */

static void
check_uname(struct ctx *c, const char *uname, struct faults *f)
{
	struct ctx quiet = *c; /* the fault says it */

	if (uname == NULL)
		return;
	if (uname[0] == '\0')
		faults_add(f, "uname", FAULT_BLANK, 0);
	else if (strlen(uname) < UNAME_LEAST || !isalnum((unsigned char)uname[0]) ||
	    account_check_uname(&quiet, uname) != OK)
		faults_add(f, "uname", FAULT_INVALID, 0);
}

static int
check(struct ctx *c, const char *uname, const char *description)
{
	struct faults *f = faults_new(c->mem);

	check_uname(c, uname, f);
	if (description != NULL && str_characters(description) > TEAM_DESCRIPTION_MOST)
		faults_add(f, "description", FAULT_TOO_LONG, TEAM_DESCRIPTION_MOST);
	return faults_end(c, f);
}

/* System accounts own nothing and belong to nothing. */
static int
person_of(struct ctx *c, int64_t id, struct member *out)
{
	int code = member_by_id(c, false, id, out);

	return code == E_NOTFOUND ? fail(c, E_INVALID, "no such account") : code;
}

/* Also by a path below it, or by <uname>_personal. */
static int
taken(struct ctx *c, int code)
{
	if (code != E_CONFLICT || db_constraint(c->db)[0] == '\0')
		return code;
	return fault(c, "uname", FAULT_TAKEN, 0);
}

/* ---- make, change, delete */

int
user_group_create(
    struct ctx *c, const struct actor *who, const struct user_group_wish *wish, int64_t *id_out)
{
	int64_t owner_id = wish->owner_account_id != 0 ? wish->owner_account_id : who->account->id;
	struct member owner;

	if (owner_id != who->account->id && !who->account->is_admin)
		return fault(c, "owner", FAULT_REFUSED, 0);
	TRY(check(c, wish->uname, wish->description));
	TRY(person_of(c, owner_id, &owner));
	TRY(taken(c,
	    user_group_add(c, wish->uname, owner_id,
		wish->description != NULL ? wish->description : "", wish->is_active, id_out)));
	return actor_record(
	    c, who, "team.create", wish->uname, wish->is_active ? "" : "not active");
}

static const char *
tell(struct ctx *c, const struct user_group_values *change, const struct member *owner)
{
	const char *active = "";

	if (change->is_active != NULL)
		active = *change->is_active ? "active, " : "not active, ";
	return arena_printf(c->mem, "%s%s%s%s%s%s", active, change->uname != NULL ? "uname " : "",
	    change->uname != NULL ? change->uname : "",
	    change->owner_account_id != 0 ? " owner " : "",
	    change->owner_account_id != 0 ? owner->uname : "",
	    change->description != NULL ? " description" : "");
}

int
user_group_update(struct ctx *c, const struct actor *who, const struct team *t,
    const struct user_group_values *change)
{
	struct member owner = { 0 };

	TRY(check(c, change->uname, change->description));
	if (change->owner_account_id != 0)
		TRY(person_of(c, change->owner_account_id, &owner));
	TRY(taken(c, user_group_set(c, t->id, change)));
	return actor_record(c, who, "team.update", t->uname, tell(c, change, &owner));
}

static const char *
join_uses(struct ctx *c, const struct user_group_use *uses, size_t n)
{
	struct buf *b = buf_new(c->mem, USES_MOST_BYTES);

	for (size_t i = 0; i < n; i++)
		if (uses[i].path[0] != '\0')
			buf_printf(b, "%s%s", b->len > 0 ? ", " : "", uses[i].path);
	return b->data;
}

int
user_group_delete(
    struct ctx *c, const struct actor *who, const struct team *t, const char **uses_out)
{
	struct user_group_use *uses;
	size_t n;

	*uses_out = "";
	TRY(team_lock(c, t->id)); /* or a project could come meanwhile */
	TRY(user_group_list_uses(c, who->account, t->id, USES_MOST, &uses, &n));
	if (n > 0) {
		*uses_out = join_uses(c, uses, n);
		return fail(c, E_CONFLICT, "the team %s has projects or platforms", t->uname);
	}
	TRY(team_del(c, t->id));
	return actor_record(c, who, "team.delete", t->uname, "");
}

/* ---- members */

int
user_group_admit(struct ctx *c, const struct actor *who, const struct team *t, int64_t account_id,
    int64_t *number_out, bool *is_new_out)
{
	int64_t role = account_id == t->owner_account_id ? ROLE_ADMIN : ROLE_READER;
	struct member member;

	TRY(person_of(c, account_id, &member));
	TRY(user_group_join(c, t->id, account_id, role, number_out, is_new_out));
	if (!*is_new_out)
		return OK;
	return actor_record(c, who, "team.add_member", t->uname, member.uname);
}

int
user_group_dismiss(struct ctx *c, const struct actor *who, const struct team *t, int64_t account_id,
    bool *was_member_out)
{
	struct member member;

	TRY(person_of(c, account_id, &member));
	TRY(user_group_leave(c, t->id, account_id, was_member_out));
	if (!*was_member_out)
		return OK;
	return actor_record(c, who, "team.remove_member", t->uname, member.uname);
}

/* ---- who may what on it */

int
user_group_give(struct ctx *c, const struct actor *who, const struct team *t,
    const struct user_group_grant *grant)
{
	const char *level = level_word(grant->is_revoked ? ACCESS_NONE : grant->access);

	if (grant->to.kind == GRANTEE_EVERYONE && grant->access > ACCESS_WRITE)
		return fail(c, E_INVALID, "everyone may have no more than write");
	TRY(user_group_set_grant(c, t->id, grant));
	return actor_record(c, who, grant->is_revoked ? "team.revoke" : "team.grant", t->uname,
	    arena_printf(c->mem, "%s%s: %s", grant->to.kind == GRANTEE_TEAM ? "team " : "",
		grant->to.uname, level));
}
