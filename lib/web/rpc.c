#include "web/rpc.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "auth/who.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/log.h"
#include "base/str.h"
#include "db/db.h"
#include "store/project_full.h"
#include "web/rpc_args.h"

#define SENTENCE_MAX_BYTES (256 * 1024)

static int
refused(struct req *r, int code, enum rpc_no no, const char *subject)
{
	static const char *const reasons[] = {
		[RPC_NO_KEY] = "the key opens nothing",
		[RPC_NO_PRIVATE_METHOD] = "a method's name does not begin with _",
		[RPC_NO_METHOD] = "there is no such method",
		[RPC_NO_RIGHT] = "the caller or its key may not call this",
		[RPC_NO_PROJECT] =
		    "there is no such repository, or the caller has too little on it",
		[RPC_NO_PERSON] = "there is no such user",
		[RPC_NO_TEAM] = "there is no such user group, or the caller has too little on it",
		[RPC_NO_FOLDER] =
		    "there is no such repository group, or the caller has too little on it",
		[RPC_NO_DEFAULT] = "the user default is no account",
		[RPC_NO_SELF] = "the user is not the caller",
		[RPC_NO_OWNER] = "only administrators name an owner",
	};

	r->call->no = no;
	r->call->subject = subject;
	return fail(r->ctx, code, "%s", reasons[no]);
}

/* ---- who asks */

static int
identify(struct req *r)
{
	struct ctx *c = r->ctx;
	int code;

	if (c->db == NULL)
		return fail_passing(c, 1, "the database is away");
	TRY(db_ready(c));
	if (r->call->key == NULL)
		return refused(r, E_DENIED, RPC_NO_KEY, NULL);
	code = who_claim_token(c, r->call->key, &r->claim);
	if (code == OK)
		code = account_by_claim(c, &r->claim, &r->account);
	return code == E_DENIED ? refused(r, code, RPC_NO_KEY, NULL) : code;
}

/* ---- the method */

static const struct rpc_method *
method_by_name(const struct rpc_door *door, const char *name, unsigned profiles)
{
	for (const struct rpc_method *m = door->methods; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0 && (m->profiles & profiles))
			return m;
	return NULL;
}

static bool
has_mark(const struct rpc_call *call, const struct rpc_method *m)
{
	for (size_t i = 0; m != NULL && i < RPC_MARKS_MAX && m->marks[i] != NULL; i++)
		if (call->args != NULL && js_get(call->args, m->marks[i]) != NULL)
			return true;
	return false;
}

/* Contract section 0. A method that has one form answers in it, whatever was wanted. */
static void
choose_profile(struct rpc_call *call, const struct rpc_method *s, const struct rpc_method *m)
{
	unsigned wanted = call->profiles_forced;

	if (wanted == 0)
		wanted = call->id == NULL || has_mark(call, s) ? RPC_S : RPC_M;
	if ((wanted == RPC_S && s != NULL) || m == NULL) {
		call->profile = RPC_S;
		call->method = s;
	} else {
		call->profile = RPC_M;
		call->method = m;
	}
}

static int
find_method(struct req *r, const struct rpc_door *door)
{
	struct rpc_call *call = r->call;
	const struct rpc_method *s = method_by_name(door, call->name, RPC_S);
	const struct rpc_method *m = method_by_name(door, call->name, RPC_M);

	if (call->name[0] == '_')
		return refused(r, E_INVALID, RPC_NO_PRIVATE_METHOD, NULL);
	if (s == NULL && m == NULL)
		return refused(r, E_INVALID, RPC_NO_METHOD, call->name);
	choose_profile(call, s, m);
	return OK;
}

/* ---- rights */

static bool
writes(const struct req *r)
{
	return (r->call->method->flags & RPC_WRITES) != 0;
}

static bool
may(const struct req *r, enum perm perm, int64_t access)
{
	return perm_may(&r->account, perm, (int)access, writes(r), true) == MAY;
}

/* What no object could change: who is no administrator, and a token that does not allow it. */
static int
permit(struct req *r)
{
	const struct rpc_method *m = r->call->method;

	if (!may(r, m->perm, -1))
		return refused(r, E_DENIED, RPC_NO_RIGHT, NULL);
	for (size_t i = 0; i < RPC_LOADS_MAX && m->loads[i].object != 0; i++)
		if (!may(r, m->loads[i].perm, 4))
			return refused(r, E_DENIED, RPC_NO_RIGHT, NULL);
	return OK;
}

static int
begin(struct req *r)
{
	unsigned flags = r->call->method->flags;

	if (flags & RPC_NO_TX)
		return OK;
	if (flags & RPC_READ_TX)
		return db_begin(r->ctx, DB_READ_ONLY | DB_REPEATABLE_READ);
	return flags & RPC_WRITES ? db_begin(r->ctx, DB_WRITE) : OK;
}

/* ---- objects. Each gives the asker's access; a name is exact, also in its capitals. */

static int
is_exactly(struct ctx *c, const char *name, const char *wanted)
{
	return strcmp(name, wanted) == 0 ? OK : fail(c, E_NOTFOUND, "not found");
}

static int
project_of_id(struct req *r, int64_t id, int64_t *access_out)
{
	struct project_full *p = arena_new_of(r->ctx->mem, struct project_full);

	TRY(project_full_by_id(r->ctx, &r->claim, id, &r->account, p));
	r->project_full = p;
	r->project = &p->base;
	*access_out = p->base.access;
	return OK;
}

static int
project_of_name(struct req *r, const char *name, int64_t *access_out)
{
	struct project p;

	TRY(project_by_path(r->ctx, &r->claim, name, &r->account, &p));
	TRY(is_exactly(r->ctx, p.path, name));
	return project_of_id(r, p.id, access_out);
}

static int
person_of_id(struct req *r, int64_t id, int64_t *access_out)
{
	struct person *p = arena_new_of(r->ctx->mem, struct person);

	TRY(person_by_id(r->ctx, &r->account, id, p));
	r->person = p;
	*access_out = 1;
	return OK;
}

static int
person_of_name(struct req *r, const char *name, int64_t *access_out)
{
	struct person *p = arena_new_of(r->ctx->mem, struct person);

	TRY(person_by_uname(r->ctx, &r->account, name, p));
	TRY(is_exactly(r->ctx, p->uname, name));
	r->person = p;
	*access_out = 1;
	return OK;
}

static int
team_of_id(struct req *r, int64_t id, int64_t *access_out)
{
	struct team *t = arena_new_of(r->ctx->mem, struct team);

	TRY(team_by_id(r->ctx, &r->account, id, t));
	r->team = t;
	*access_out = t->access;
	return OK;
}

static int
team_of_name(struct req *r, const char *name, int64_t *access_out)
{
	struct team *t = arena_new_of(r->ctx->mem, struct team);

	TRY(team_by_uname(r->ctx, &r->account, name, t));
	TRY(is_exactly(r->ctx, t->uname, name));
	r->team = t;
	*access_out = t->access;
	return OK;
}

static int
folder_of_id(struct req *r, int64_t id, int64_t *access_out)
{
	struct folder *f = arena_new_of(r->ctx->mem, struct folder);

	TRY(folder_by_id(r->ctx, &r->account, id, f));
	r->folder = f;
	*access_out = f->access;
	return OK;
}

static int
folder_of_name(struct req *r, const char *name, int64_t *access_out)
{
	struct folder *f = arena_new_of(r->ctx->mem, struct folder);

	TRY(folder_by_path(r->ctx, &r->account, name, f));
	TRY(is_exactly(r->ctx, f->path, name));
	r->folder = f;
	*access_out = f->access;
	return OK;
}

static const struct {
	int (*of_id)(struct req *r, int64_t id, int64_t *access_out);
	int (*of_name)(struct req *r, const char *name, int64_t *access_out);
	enum rpc_no no;
} objects[] = {
	[RPC_PROJECT] = { project_of_id, project_of_name, RPC_NO_PROJECT },
	[RPC_PERSON] = { person_of_id, person_of_name, RPC_NO_PERSON },
	[RPC_EDITED] = { person_of_id, person_of_name, RPC_NO_PERSON },
	[RPC_SELF] = { person_of_id, person_of_name, RPC_NO_PERSON },
	[RPC_OWNER] = { person_of_id, person_of_name, RPC_NO_PERSON },
	[RPC_NEW_OWNER] = { person_of_id, person_of_name, RPC_NO_PERSON },
	[RPC_TEAM] = { team_of_id, team_of_name, RPC_NO_TEAM },
	[RPC_OTHER_TEAM] = { team_of_id, team_of_name, RPC_NO_TEAM },
	[RPC_GRANTEE] = { person_of_id, person_of_name, RPC_NO_PERSON },
	[RPC_FOLDER] = { folder_of_id, folder_of_name, RPC_NO_FOLDER },
	[RPC_PARENT] = { folder_of_id, folder_of_name, RPC_NO_FOLDER },
};

/* Digits are a number and nothing else; in S, which spoke of names alone, a name first. */
static int
look_up(struct req *r, enum rpc_object object, const struct rpc_ref *ref, int64_t *access_out)
{
	int code;

	if (ref->number == 0)
		return objects[object].of_name(r, ref->text, access_out);
	if (r->call->profile == RPC_S) {
		code = objects[object].of_name(r, ref->text, access_out);
		if (code != E_NOTFOUND)
			return code;
	}
	return objects[object].of_id(r, ref->number, access_out);
}

static int
missing(struct req *r, const struct rpc_load *load, const struct rpc_ref *ref)
{
	struct rpc_call *call = r->call;
	const char *hole;

	if (load->missing != NULL && load->missing[0] == '\0') {
		call->is_null = true;
	} else if (load->missing != NULL) {
		hole = strstr(load->missing, "%s");
		call->said = arena_printf(r->ctx->mem, "%.*s%s%s", (int)(hole - load->missing),
		    load->missing, ref->text, hole + 2);
	}
	return refused(r, E_NOTFOUND, objects[load->object].no, ref->text);
}

/* Others than the asker are an administrator's; the asker by the number alone, as it always was. */
static int
check_self(struct req *r, const struct rpc_ref *ref)
{
	if (r->account.is_admin || ref->number == r->account.id)
		return OK;
	return refused(r, E_DENIED, RPC_NO_SELF, NULL);
}

/* The second one of a kind has a place of its own. */
static void
settle(struct req *r, enum rpc_object object, const struct req *before)
{
	if (object == RPC_OWNER || object == RPC_NEW_OWNER) {
		r->call->owner = r->person;
		r->person = before->person;
	} else if (object == RPC_OTHER_TEAM) {
		r->call->other_team = r->team;
		r->team = before->team;
	} else if (object == RPC_PARENT) {
		r->call->parent = r->folder;
		r->folder = before->folder;
	}
}

/* Names that are no object's, and what they mean. */
static bool
is_no_object(enum rpc_object object, const struct rpc_ref *ref)
{
	return (object == RPC_GRANTEE && strcmp(ref->text, "default") == 0) ||
	    (object == RPC_PARENT && ref->text[0] == '\0');
}

static int
load_given(struct req *r, const struct rpc_load *load, const struct rpc_ref *ref)
{
	const struct req before = *r;
	int64_t access = 0;
	int code;

	if (is_no_object(load->object, ref))
		return OK;
	if (load->object == RPC_SELF)
		TRY(check_self(r, ref));
	if (load->object == RPC_NEW_OWNER && !r->account.is_admin)
		return refused(r, E_DENIED, RPC_NO_OWNER, NULL);
	if (load->object == RPC_EDITED && strcmp(ref->text, "default") == 0)
		return refused(r, E_INVALID, RPC_NO_DEFAULT, NULL);
	code = look_up(r, load->object, ref, &access);
	if (code == E_NOTFOUND || (code == OK && !may(r, load->perm, access)))
		return missing(r, load, ref);
	TRY(code);
	settle(r, load->object, &before);
	if (r->access < 0) /* of the first one, which the call is about */
		r->access = access;
	return OK;
}

static int
load_self(struct req *r)
{
	struct person *p = arena_new_of(r->ctx->mem, struct person);

	TRY(person_by_self(r->ctx, &r->account, p));
	r->person = p;
	return OK;
}

static int
load(struct req *r)
{
	const struct rpc_method *m = r->call->method;

	r->access = -1;
	for (size_t i = 0; i < RPC_LOADS_MAX && m->loads[i].object != 0; i++) {
		const struct rpc_ref *ref = rpc_ref_of(r, m->loads[i].arg);

		if (ref != NULL)
			TRY(load_given(r, &m->loads[i], ref));
		else if (m->loads[i].object == RPC_SELF)
			TRY(load_self(r));
	}
	return OK;
}

/* ---- the walk */

static int
serve(struct req *r)
{
	unsigned flags = r->call->method->flags;

	r->call->is_begun = true;
	TRY(r->call->method->serve(r));
	if (r->out->full)
		return fail(r->ctx, E_INTERNAL, "the answer is larger than %d bytes", RES_BODY_MAX);
	if ((flags & RPC_READ_TX) || ((flags & RPC_WRITES) && !(flags & RPC_NO_TX)))
		return db_commit(r->ctx);
	return OK;
}

int
rpc_walk(struct req *r, const struct rpc_door *door)
{
	int code;

	TRY(identify(r));
	TRY(find_method(r, door));
	TRY(rpc_args_read(r, door));
	TRY(permit(r));
	TRY(begin(r));
	code = load(r);
	if (code == E_NOTFOUND && r->call->is_null) {
		db_rollback(r->ctx);
		return OK;
	}
	TRY(code);
	return serve(r);
}

/* ---- what is said */

void
rpc_failed(struct req *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	r->call->failed = arena_vprintf(r->ctx->mem, format, args);
	va_end(args);
}

int
rpc_say(struct req *r, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	r->call->said = arena_vprintf(r->ctx->mem, format, args);
	va_end(args);
	return fail(r->ctx, code, "%s", r->call->said);
}

const char *
rpc_failed_text(struct req *r)
{
	const char *words = r->call->method != NULL ? r->call->method->failed : NULL;
	struct buf *b;

	if (r->call->failed != NULL || words == NULL)
		return r->call->failed;
	b = buf_new(r->ctx->mem, SENTENCE_MAX_BYTES);
	while (*words != '\0') {
		size_t plain = strcspn(words, "{"), len;
		const char *given;

		buf_add(b, words, plain);
		words += plain;
		if (*words == '\0')
			break;
		len = strcspn(words, "}");
		given = rpc_given(r, arena_strndup(r->ctx->mem, words + 1, len - 1));
		buf_text(b, given != NULL ? given : "None"); /* as it always was */
		words += len + 1;
	}
	return b->data;
}

/* ---- the table itself */

static void
check_words(const struct rpc_method *m)
{
	const char *hole = m->failed != NULL ? strchr(m->failed, '{') : NULL;

	for (; hole != NULL; hole = strchr(hole + 1, '{')) {
		size_t len = strcspn(hole, "}");

		assert(hole[len] == '}' && rpc_args_may_show(m, hole + 1, len - 1));
	}
}

static void
check_row(const struct rpc_door *door, const struct rpc_method *m)
{
	const struct rpc_method *first = method_by_name(door, m->name, m->profiles);

	assert(first == m); /* one row for each form */
	assert(m->profiles != 0 && (m->profiles & ~(unsigned)(RPC_S | RPC_M)) == 0);
	assert(m->perm == PERM_USER || m->perm == PERM_HUB_ADMIN);
	assert(m->serve != NULL);
	assert(!(m->flags & RPC_READ_TX) || !(m->flags & (RPC_WRITES | RPC_NO_TX)));
	assert(m->marks[0] == NULL || m->profiles == RPC_S);
	rpc_args_check(m);
	check_words(m);
	for (size_t i = 0; i < RPC_LOADS_MAX && m->loads[i].object != 0; i++) {
		const struct rpc_load *l = &m->loads[i];

		assert(l->object <= RPC_OBJECT_MAX && objects[l->object].of_id != NULL);
		assert(l->perm >= PERM_READ && l->perm <= PERM_OWNER);
		assert(rpc_args_has_ref(m, l->arg));
		assert(l->missing == NULL || l->missing[0] == '\0' ||
		    strstr(l->missing, "%s") != NULL);
	}
}

void
rpc_check(const struct rpc_door *door)
{
	for (const struct rpc_method *m = door->methods; m->name != NULL; m++)
		check_row(door, m);
}
