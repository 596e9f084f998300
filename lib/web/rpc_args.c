#include "web/rpc_args.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/log.h"
#include "base/str.h"

#define NAMES_MAX_BYTES (64 * 1024)
#define BLANKS " \t\r\n"

#define PLACE(in, arg, T) ((T *)(void *)((char *)(in) + (arg)->offset))

/* ---- by name */

static bool
is_called(const struct rpc_arg *arg, const char *name)
{
	if (strcmp(arg->name, name) == 0)
		return true;
	for (size_t i = 0; i < RPC_ALIASES_MAX && arg->aliases[i] != NULL; i++)
		if (strcmp(arg->aliases[i], name) == 0)
			return true;
	return false;
}

/* What was sent for it, by its own name or else by the first alias; NULL: nothing. */
static const struct js *
sent(const struct js *args, const struct rpc_arg *arg)
{
	const struct js *value = args != NULL ? js_get(args, arg->name) : NULL;

	for (size_t i = 0; args != NULL && value == NULL && i < RPC_ALIASES_MAX; i++)
		if (arg->aliases[i] != NULL)
			value = js_get(args, arg->aliases[i]);
	return value;
}

static const struct rpc_arg *
arg_by_name(const struct rpc_method *m, const char *name)
{
	for (const struct rpc_arg *a = m->in; a != NULL && a->name != NULL; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

/* ---- one value into its member */

static int
wrong_type(struct ctx *c, const struct rpc_arg *arg)
{
	return fail(c, E_INVALID, "the argument %s has another type", arg->name);
}

/* A text, or a number or a truth as it is written; NULL for null, a list or an object. */
static const char *
text_of(struct ctx *c, const struct js *value)
{
	switch (js_type(value)) {
	case JS_NULL:
	case JS_ARRAY:
	case JS_OBJECT:
		return NULL;
	case JS_TEXT:
		return js_text_of(c, value);
	case JS_BOOL:
	case JS_INT:
	case JS_DOUBLE:
		break;
	}
	return js_source(c, value);
}

static const char *
trimmed(struct ctx *c, const char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		len--;
	return arena_strndup(c->mem, text, len);
}

static bool
is_yes(struct ctx *c, const char *text)
{
	static const char *const words[] = { "t", "true", "y", "yes", "on", "1" };

	text = trimmed(c, text);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is_equal_nocase(words[i], text))
			return true;
	return false;
}

static bool
is_number(const char *text, int64_t *out)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' &&
	    str_is_int(text, out) && *out > 0;
}

static int
set_ref(struct ctx *c, const struct rpc_arg *arg, const char *text, void *in)
{
	struct rpc_ref *ref = arena_new_of(c->mem, struct rpc_ref);

	ref->text = text;
	if (!is_number(text, &ref->number))
		ref->number = 0;
	*PLACE(in, arg, const struct rpc_ref *) = ref;
	return OK;
}

static int
set_int(struct ctx *c, const struct rpc_arg *arg, const char *text, void *in)
{
	int64_t *n = arena_new_of(c->mem, int64_t);

	if (!str_is_int(trimmed(c, text), n))
		return wrong_type(c, arg);
	*PLACE(in, arg, const int64_t *) = n;
	return OK;
}

static int
set(struct ctx *c, const struct rpc_arg *arg, const struct js *value, void *in)
{
	const char *text;
	bool *flag;

	if (arg->kind == RPC_ANY) {
		*PLACE(in, arg, const struct js *) = value;
		return OK;
	}
	text = text_of(c, value);
	if (text == NULL)
		return wrong_type(c, arg);
	if (arg->flags & RPC_HIDE)
		log_hide(text);
	switch (arg->kind) {
	case RPC_TEXT:
		*PLACE(in, arg, const char *) = text;
		return OK;
	case RPC_BOOL:
		flag = arena_new_of(c->mem, bool);
		*flag = is_yes(c, text);
		*PLACE(in, arg, const bool *) = flag;
		return OK;
	case RPC_INT:
		return set_int(c, arg, text, in);
	case RPC_REF:
		return set_ref(c, arg, text, in);
	case RPC_ANY:
		break;
	}
	return fail(c, E_INTERNAL, "the argument %s has no kind", arg->name);
}

/* ---- what is missing, and what is too many */

/* null is not given, unless the row says that it is a value. */
static bool
is_given(const struct rpc_arg *arg, const struct js *value)
{
	return value != NULL && (js_type(value) != JS_NULL || (arg->flags & RPC_NULLABLE));
}

static int
check_missing(struct req *r)
{
	const struct rpc_method *m = r->call->method;
	const struct rpc_arg *last = NULL;

	for (const struct rpc_arg *a = m->in; a != NULL && a->name != NULL; a++)
		if ((a->flags & RPC_NEED) && !is_given(a, sent(r->call->args, a)))
			last = a;
	if (last == NULL)
		return OK;
	r->call->no = RPC_NO_ARGUMENT;
	r->call->subject = last->name;
	return fail(r->ctx, E_INVALID, "the argument %s is missing", last->name);
}

struct strangers {
	const struct rpc_door *door;
	const struct rpc_method *method;
	struct buf *names;
};

static bool
is_tolerated(const struct rpc_door *door, const char *name)
{
	for (const char *const *t = door->tolerated; *t != NULL; t++)
		if (strcmp(*t, name) == 0)
			return true;
	return false;
}

static int
look_at(void *payload, const char *key, const struct js *value)
{
	struct strangers *s = payload;

	(void)value;
	for (const struct rpc_arg *a = s->method->in; a != NULL && a->name != NULL; a++)
		if (is_called(a, key))
			return OK;
	if (is_tolerated(s->door, key))
		return OK;
	if (s->names->len > 0)
		buf_text(s->names, RPC_JOIN);
	buf_text(s->names, key);
	return OK;
}

static int
check_strangers(struct req *r, const struct rpc_door *door)
{
	struct rpc_call *call = r->call;
	struct strangers s = {
		.door = door, .method = call->method, .names = buf_new(r->ctx->mem, NAMES_MAX_BYTES)
	};

	if (call->profile == RPC_S || call->args == NULL)
		return OK;
	TRY(js_each(call->args, look_at, &s));
	if (s.names->len == 0)
		return OK;
	call->no = RPC_NO_SUCH_ARGUMENT;
	call->subject = s.names->data;
	return fail(r->ctx, E_INVALID, "there are arguments that the method does not have");
}

/* ---- all of it */

int
rpc_args_read(struct req *r, const struct rpc_door *door)
{
	const struct rpc_method *m = r->call->method;
	void *in = arena_alloc(r->ctx->mem, RPC_ARGS_MAX * sizeof(void *));

	TRY(check_missing(r));
	TRY(check_strangers(r, door));
	for (const struct rpc_arg *a = m->in; a != NULL && a->name != NULL; a++) {
		const struct js *value = sent(r->call->args, a);

		if (value != NULL && (js_type(value) != JS_NULL || a->kind == RPC_ANY))
			TRY(set(r->ctx, a, value, in));
	}
	r->in = in;
	return OK;
}

const struct rpc_ref *
rpc_ref_of(const struct req *r, const char *name)
{
	const struct rpc_arg *arg = arg_by_name(r->call->method, name);

	assert(arg != NULL && arg->kind == RPC_REF);
	return *PLACE((uintptr_t)r->in, arg, const struct rpc_ref *);
}

const char *
rpc_given(const struct req *r, const char *name)
{
	const struct rpc_arg *arg = arg_by_name(r->call->method, name);
	const struct js *value = arg != NULL ? sent(r->call->args, arg) : NULL;

	if (value == NULL)
		return NULL;
	assert(!(arg->flags & RPC_HIDE));
	return text_of(r->ctx, value);
}

/* ---- the rows themselves */

static bool
is_taken(const struct rpc_arg *rows, const struct rpc_arg *end, const char *name)
{
	for (; rows != end; rows++)
		if (strcmp(rows->name, name) == 0)
			return true;
	return false;
}

void
rpc_args_check(const struct rpc_method *m)
{
	for (const struct rpc_arg *a = m->in; a != NULL && a->name != NULL; a++) {
		assert(a->kind >= RPC_TEXT && a->kind <= RPC_ANY);
		assert(a->offset < RPC_ARGS_MAX * sizeof(void *));
		assert(!is_taken(m->in, a, a->name));
	}
	for (size_t i = 0; i < RPC_MARKS_MAX && m->marks[i] != NULL; i++) {
		const struct rpc_arg *a = m->in;

		while (a->name != NULL && !is_called(a, m->marks[i]))
			a++;
		assert(a->name != NULL);
	}
}

bool
rpc_args_has_ref(const struct rpc_method *m, const char *name)
{
	const struct rpc_arg *arg = arg_by_name(m, name);

	return arg != NULL && arg->kind == RPC_REF;
}

/* Whether the words of a failure may hold it: {name}. */
bool
rpc_args_may_show(const struct rpc_method *m, const char *name, size_t len)
{
	for (const struct rpc_arg *a = m->in; a != NULL && a->name != NULL; a++)
		if (strlen(a->name) == len && strncmp(a->name, name, len) == 0)
			return !(a->flags & RPC_HIDE);
	return false;
}
