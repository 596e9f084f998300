#include <stdarg.h>
#include <string.h>

#include "base/js.h"
#include "cgi/rhodecode/rhodecode.h"
#include "core/level.h"

/* ---- the envelope */

static void
add_id(struct req *r)
{
	buf_char(r->out, '{');
	if (r->call == NULL || r->call->id == NULL)
		return;
	buf_text(r->out, "\"id\":");
	buf_text(r->out, r->call->id);
	buf_char(r->out, ',');
}

size_t
rhodecode_open(struct req *r)
{
	add_id(r);
	buf_text(r->out, "\"result\":");
	return r->out->len;
}

void
rhodecode_close(struct req *r, size_t start)
{
	if (r->out->len == start)
		buf_text(r->out, "null");
	buf_text(r->out, ",\"error\":null}");
}

/* ---- the ways to say no (contract 1.4) */

static const struct {
	const char *s, *m; /* with a %s for the subject, or without; m NULL: as s */
} texts[] = {
	[RPC_NO_KEY] = { "Invalid API KEY", NULL },
	[RPC_NO_PRIVATE_METHOD] = { "Method not allowed", NULL },
	[RPC_NO_METHOD] = { "No such method: %s", NULL },
	[RPC_NO_ARGUMENT] = { "Missing non optional %s arg in JSON DATA",
	    "Missing non optional `%s` arg in JSON DATA" },
	[RPC_NO_SUCH_ARGUMENT] = { "Unknown `%s` arg in JSON DATA", NULL },
	[RPC_NO_RIGHT] = { "Access was denied to this resource.", NULL },
	[RPC_NO_PROJECT] = { "repository `%s` does not exist", NULL },
	[RPC_NO_PERSON] = { "user `%s` does not exist", NULL },
	[RPC_NO_TEAM] = { "user group `%s` does not exist", NULL },
	[RPC_NO_FOLDER] = { "repository group `%s` does not exist", NULL },
	[RPC_NO_DEFAULT] = { "editing default user is forbidden", NULL },
	[RPC_NO_SELF] = { "userid is not the same as your user", NULL },
	[RPC_NO_OWNER] = { "Only Kallithea admin can specify `owner` param", NULL },
};

/* Where the %s is filled in; words without one as they are. */
static const char *
filled(struct req *r, const char *words, const char *about)
{
	const char *hole = strstr(words, "%s");

	if (hole == NULL)
		return words;
	return arena_printf(r->ctx->mem, "%.*s%s%s", (int)(hole - words), words, about, hole + 2);
}

static const char *
walk_text(struct req *r)
{
	const struct rpc_call *call = r->call;
	const char *text = texts[call->no].m;

	if (text == NULL || call->profile == RPC_S)
		text = texts[call->no].s;
	return filled(r, text, call->subject);
}

static const char *
call_text(struct req *r, int code)
{
	struct rpc_call *call = r->call;
	const char *failed;

	if (call->said != NULL)
		return call->said;
	if (call->no != 0)
		return walk_text(r);
	if (code == E_DENIED)
		return texts[RPC_NO_RIGHT].s;
	/* an argument of a wrong type is the method's failure, too */
	failed = call->is_begun || code == E_INVALID ? rpc_failed_text(r) : NULL;
	return failed != NULL ? failed : "Internal server error";
}

void
rhodecode_refuse(struct req *r, int code)
{
	/* the rest keeps its status of HTTP: another address, a broken request, one too large */
	bool is_call = r->call != NULL && r->ctx->http_status == 0;

	res_header(r, "Cache-Control", "no-store");
	if (is_call)
		r->status = 200;
	add_id(r);
	buf_text(r->out, "\"result\":null,\"error\":");
	js_text(r->out, is_call ? call_text(r, code) : r->ctx->reason);
	buf_char(r->out, '}');
}

int
rhodecode_say(struct req *r, int code, const char *words, const char *about)
{
	return rpc_say(r, code, "%s", filled(r, words, about));
}

int
rhodecode_perm(struct req *r, const char *kind, const char *text, int64_t *access_out)
{
	enum level_kind level = level_parse(kind, text, access_out);

	if (level == LEVEL_FITS)
		return OK;
	if (level == LEVEL_UNKNOWN)
		return rpc_say(r, E_INVALID, "permission `%s` does not exist", text);
	return rpc_say(
	    r, E_INVALID, "permission `%s` is invalid, should start with %s.", text, kind);
}

bool
rhodecode_is_fault(const struct req *r, const char *field, enum fault_kind kind)
{
	const struct faults *f = r->ctx->faults;

	return f != NULL && f->n > 0 && f->rows[0].kind == kind &&
	    strcmp(f->rows[0].field, field) == 0;
}

/* ---- results */

void
rhodecode_msg(struct req *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_text(r->out, "{\"msg\":");
	js_text(r->out, arena_vprintf(r->ctx->mem, format, args));
	va_end(args);
}

void
rhodecode_member(struct req *r, const char *name)
{
	buf_printf(r->out, ",\"%s\":", name);
}

void
rhodecode_members(struct req *r, const struct field *fields, const void *row)
{
	size_t start = r->out->len;

	js_row(r->out, fields, row);
	if (r->out->full)
		return;
	memmove(r->out->data + start, r->out->data + start + 1, r->out->len - start - 2);
	r->out->len -= 2;
	r->out->data[r->out->len] = '\0';
}

void
rhodecode_end(struct req *r)
{
	buf_char(r->out, '}');
}
