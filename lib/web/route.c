#include "web/route.h"

#include <assert.h>
#include <string.h>

#include "auth/session.h"
#include "auth/who.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "core/metrics.h"
#include "db/db.h"
#include "store/event.h"
#include "store/session.h"
#include "web/body.h"
#include "web/cookie.h"
#include "web/fcgi.h"
#include "web/form.h"
#include "web/input.h"
#include "web/load.h"
#include "web/match.h"
#include "web/rails.h"
#include "web/rpc.h"

/* ---- the checks between match and handler */

static bool
has_flag(const struct req *r, enum route_flags flag)
{
	return r->route != NULL && (r->route->flags & flag) != 0;
}

static bool
is_writing(const struct req *r)
{
	return req_is_changing(r) && !has_flag(r, ROUTE_READS);
}

/* Whether the walk opens a transaction for the handler to write in. */
static bool
has_write_tx(const struct req *r)
{
	return is_writing(r) && !has_flag(r, ROUTE_NO_TX) && !has_flag(r, ROUTE_SIGN_IN);
}

static int
denied(struct ctx *c, int status, const char *why)
{
	fail(c, E_DENIED, "%s", why);
	c->http_status = status;
	return E_DENIED;
}

static int
ready(struct req *r)
{
	if (r->ctx->db == NULL)
		return fail_passing(r->ctx, 1, "the database is away");
	return db_ready(r->ctx);
}

static bool
lets_guests_in(const struct req *r)
{
	return r->ctx->conf->anonymous_read || has_flag(r, ROUTE_ANYONE) ||
	    has_flag(r, ROUTE_SIGN_IN);
}

static int
check_guest(struct req *r)
{
	if (r->claim.kind == CLAIM_NOBODY && !lets_guests_in(r))
		return denied(r->ctx, 401, "nobody is let in without an account");
	return OK;
}

static int
read_credentials(struct req *r)
{
	const char *token = r->dialect->token != NULL ? rails_text(r, r->dialect->token) : NULL;

	const char *authorization = req_header(r, "Authorization");

	if (token != NULL && token[0] != '\0')
		return who_claim_token(r->ctx, token, &r->claim);
	if (authorization != NULL || !(r->dialect->habits & HABIT_SESSION))
		return who_claim(r->ctx, authorization, r->remote_addr, &r->claim);
	cookie_claim(r);
	return OK;
}

/* Reads the credentials, if there are any; wrong ones are refused wherever they are shown. */
static int
claim(struct req *r)
{
	TRY(read_credentials(r));
	return check_guest(r);
}

static int
begin(struct req *r)
{
	if (r->route == NULL)
		return OK;
	if (has_flag(r, ROUTE_READ_TX))
		return db_begin(r->ctx, DB_READ_ONLY | DB_REPEATABLE_READ);
	if (has_write_tx(r))
		return db_begin(r->ctx, DB_WRITE);
	return OK;
}

static int
load(struct req *r)
{
	int code;

	r->access = -1;
	if (r->route == NULL || r->route->load == LOAD_NONE)
		return account_by_claim(r->ctx, &r->claim, &r->account);
	code = load_object(r);
	if (code != E_NOTFOUND || r->account.id != 0)
		return code;
	if (r->claim.kind == CLAIM_NOBODY && has_flag(r, ROUTE_ASK_FIRST))
		return denied(r->ctx, 401, "say who you are");
	/* wrong credentials are wrong also where nothing is */
	TRY(account_by_claim(r->ctx, &r->claim, &r->account));
	return code;
}

/* Notes what only the dialect's refusal will say. The refusal is the same without it. */
static void
look_for_lock(struct req *r)
{
	struct ctx c = *r->ctx;

	if (!(r->dialect->habits & HABIT_SAY_LOCKED) || r->claim.kind != CLAIM_TOKEN)
		return;
	if (token_is_locked(&c, r->claim.hash, &r->claim.is_locked) != OK)
		log_write(LOG_WARN, "lock not looked for", LOG_TEXT("id", r->id),
		    LOG_TEXT("why", c.reason));
}

/* A session ends by itself, and its owner has typed nothing wrong: he is a guest now. */
static int
begin_as_guest(struct req *r)
{
	db_rollback(r->ctx);
	cookie_drop(r);
	TRY(check_guest(r));
	TRY(begin(r));
	return load(r);
}

static int
begin_and_load(struct req *r)
{
	int code;

	TRY(begin(r));
	code = load(r);
	if (code == E_DENIED && r->claim.kind == CLAIM_SESSION && r->account.id == 0)
		return begin_as_guest(r);
	if (code == E_DENIED && r->account.id == 0)
		look_for_lock(r);
	if (code != E_DENIED || !r->claim.is_remembered)
		return code;
	db_rollback(r->ctx);
	TRY(who_claim_anew(r->ctx, req_header(r, "Authorization"), r->remote_addr, &r->claim));
	TRY(begin(r));
	return load(r);
}

bool
route_may(const struct req *r, enum perm perm)
{
	return perm_may(&r->account, perm, (int)r->access, perm != PERM_PUBLIC && perm != PERM_READ,
		   lets_guests_in(r)) == MAY;
}

static int
permit(struct req *r)
{
	switch (perm_may(
	    &r->account, r->route->perm, (int)r->access, is_writing(r), lets_guests_in(r))) {
	case MAY:
		return OK;
	case MAY_NOT:
		return denied(r->ctx, 403, "you may not do this");
	case WHO_ARE_YOU:
		return denied(r->ctx, 401, "say who you are");
	case NO_SUCH:
		if (r->account.id == 0 && has_flag(r, ROUTE_ASK_FIRST))
			return denied(r->ctx, 401, "say who you are");
		break;
	}
	return fail(r->ctx, E_NOTFOUND, "not found");
}

/* Whether the page that sent the request is one of ours: base_url without its path. */
static bool
is_own_origin(const struct req *r, const char *origin)
{
	const char *base = r->ctx->conf->base_url, *host = strstr(base, "://");
	size_t len = host != NULL ? (size_t)(host - base) + 3 + strcspn(host + 3, "/") : 0;

	return strlen(origin) == len && strncasecmp(origin, base, len) == 0;
}

/* Whose page sent the request, as far as the browser says so. */
enum sender { SENDER_UNKNOWN = 1, SENDER_US, SENDER_OPAQUE, SENDER_OTHERS };

/* Our own forms come with "Origin: null", because our pages are sent with Referrer-Policy:
 * no-referrer (Fetch, 3.2); so do those of whoever hides. Sec-Fetch-Site tells them apart, where it
 * is sent: not to plain http on another machine. */
static enum sender
sender_of(struct req *r)
{
	const char *site = req_header(r, "Sec-Fetch-Site"), *origin = req_header(r, "Origin");
	bool is_opaque = origin != NULL && strcmp(origin, "null") == 0;

	if (origin != NULL && !is_opaque && !is_own_origin(r, origin))
		return SENDER_OTHERS;
	if (site == NULL)
		return is_opaque ? SENDER_OPAQUE : origin != NULL ? SENDER_US : SENDER_UNKNOWN;
	return str_is_equal_nocase(site, "same-origin") || str_is_equal_nocase(site, "none")
	    ? SENDER_US
	    : SENDER_OTHERS;
}

static int
check_form_token(struct req *r)
{
	const struct body *body;
	const char *token;

	TRY(body_read(r, &body));
	token = body->form != NULL ? form_value(body->form, COOKIE_FORM_TOKEN) : NULL;
	if (!session_is_form_token(r->cookie, token))
		return denied(r->ctx, 403, "the form is out of date: load its page again");
	return OK;
}

/* A browser remembers Basic and cookies, and sends them along whoever's page asks (checklists C-01,
 * C-02, C-04). A cookie alone changes nothing: the form's token must be there, too. */
static int
check_site(struct req *r)
{
	const char *authorization = req_header(r, "Authorization");
	bool is_by_cookie = (r->dialect->habits & HABIT_SESSION) &&
	    (authorization == NULL || has_flag(r, ROUTE_SIGN_IN));
	bool is_basic = authorization != NULL && strncasecmp(authorization, "Basic ", 6) == 0;
	enum sender sender;

	if (!is_writing(r) || (!is_by_cookie && !is_basic))
		return OK;
	sender = sender_of(r);
	if (sender == SENDER_OTHERS || (sender == SENDER_OPAQUE && !is_by_cookie))
		return denied(r->ctx, 403, "another site's page asked for this");
	return is_by_cookie ? check_form_token(r) : OK;
}

/* ---- the walk */

static int
no_route(struct req *r)
{
	if (r->allow == NULL)
		return fail(r->ctx, E_NOTFOUND, "not found");
	res_header(r, "Allow", r->allow);
	if (r->method == OPTIONS) {
		r->status = 204;
		return OK;
	}
	fail(r->ctx, E_INVALID, "this address does not take the method");
	r->ctx->http_status = 405;
	return E_INVALID;
}

static int
serve(struct req *r)
{
	if (r->route->in != NULL)
		TRY(input_read(r, &r->in));
	TRY(r->route->serve(r));
	if (r->out->full)
		return fail(r->ctx, E_INTERNAL, "the answer is larger than %d bytes", RES_BODY_MAX);
	return OK;
}

/* Who asks, and for what. */
static int
identify(struct req *r)
{
	TRY(ready(r));
	TRY(claim(r));
	return begin_and_load(r);
}

/* code: how it went up to here, which nobody is told who has asked too often. */
static int
admit(struct req *r, int code)
{
	if (r->is_admitted || r->dialect->admit == NULL || has_flag(r, ROUTE_PROBE))
		return code;
	r->is_admitted = true;
	TRY(r->dialect->admit(r));
	return code;
}

/* From who is asking to the handler's end. */
static int
answer(struct req *r)
{
	TRY(admit(r, identify(r)));
	if (r->route == NULL)
		return no_route(r);
	TRY(permit(r));
	TRY(check_site(r));
	TRY(serve(r));
	if (has_flag(r, ROUTE_READ_TX) || has_write_tx(r))
		return db_commit(r->ctx);
	return OK;
}

static int
walk(struct req *r, const struct dialect *const *dialects)
{
	struct target target;
	int code;

	code = req_start(r);
	r->dialect = match_dialect(dialects, r->path);
	TRY(code);
	TRY(match_split(r->ctx, r->path, &target));
	TRY(match_find(r, dialects, &target));
	r->type = r->dialect->type;
	if (has_flag(r, ROUTE_HTML) || has_flag(r, ROUTE_NOT_HTML))
		res_header(r, "Vary", "Accept");
	if (has_flag(r, ROUTE_PROBE) || has_flag(r, ROUTE_RPC))
		return serve(r);
	return answer(r);
}

/* ---- the answer */

int
route_status(const struct req *r, int code)
{
	if (r->ctx->http_status > 0)
		return r->ctx->http_status;
	switch (code) {
	case E_NOTFOUND:
		return 404;
	case E_DENIED:
		return r->account.id == 0 ? 401 : 403;
	case E_INVALID:
		return 422;
	case E_CONFLICT:
		return 409;
	}
	return r->ctx->retry_after_s > 0 ? 503 : 500;
}

/* Whether what was refused would have changed something. */
static bool
is_change(const struct req *r)
{
	if (has_flag(r, ROUTE_RPC))
		return r->call != NULL && r->call->method != NULL &&
		    (r->call->method->flags & RPC_WRITES) != 0;
	return is_writing(r);
}

/* What was asked for, as the log and the audit trail have it. */
static const char *
method_name(const struct req *r)
{
	return r->call != NULL && r->call->method != NULL ? r->call->method->name : NULL;
}

/* A person who may not, and tried to change something, leaves a trace (checklists S-08). The
 * answer does not depend on it: it is a refusal either way. */
static void
record_denial(struct req *r)
{
	struct ctx c = *r->ctx;
	const struct event e = {
		.actor = r->account.uname,
		.action = "denied",
		.object = load_name(r),
		.detail = method_name(r) != NULL
		    ? method_name(r)
		    : arena_printf(c.mem, "%s %s", req_method_text(r->method), r->route->path),
		.remote_addr = r->remote_addr,
		.result = code_text(E_DENIED),
	};

	if (event_add(&c, &e) != OK)
		log_write(LOG_WARN, "denial not recorded", LOG_TEXT("id", r->id),
		    LOG_TEXT("why", c.reason));
}

static void
add_refusal_headers(struct req *r, int retry_after_s)
{
	struct arena *mem = r->ctx->mem;

	if (has_flag(r, ROUTE_RPC)) /* 200, whatever it is */
		return;
	if (retry_after_s > 0)
		res_header(r, "Retry-After", arena_printf(mem, "%d", retry_after_s));
	/* a browser that knows the scheme would ask for a password itself, over the form */
	if (r->status == 401)
		res_header(r, "WWW-Authenticate",
		    arena_printf(mem, "%s realm=\"%s\"",
			has_flag(r, ROUTE_SIGN_IN) ? "Form" : "Basic", r->dialect->realm));
	if (r->status == 405)
		res_header(r, "Allow", r->allow);
}

/* Scripts that look for what is not there are older than the pages. */
static void
choose_refuser(struct req *r)
{
	bool is_page = r->route != NULL && strcmp(r->route->path, "/*path") != 0;

	if (r->dialect->for_programs == NULL || is_page || match_wants_html(r))
		return;
	r->dialect = r->dialect->for_programs;
	r->route = NULL;
}

static void
refuse(struct req *r, int code)
{
	struct ctx *c = r->ctx;
	int retry_after_s = c->retry_after_s;

	choose_refuser(r);
	r->status = route_status(r, code);
	if (c->db != NULL)
		db_rollback(c);
	if (r->status == 403 && r->account.id != 0 && is_change(r))
		record_denial(r);
	if (r->is_streaming) /* too late for an answer */
		return;
	res_clear(r);
	add_refusal_headers(r, retry_after_s);
	r->type = r->dialect->type;
	r->dialect->fail(r, code);
}

void
route_serve(struct req *r, const struct dialect *const *dialects)
{
	const struct db *db = r->ctx->db;
	int64_t before = db != NULL ? db_statements(db) : 0;

	r->code = admit(r, walk(r, dialects)); /* what was no request counts, too */
	if (r->code != OK)
		refuse(r, r->code);
	if (!r->is_streaming)
		res_send(r);
	r->took_us = clock_mono_us() - r->started_us;
	r->statements = db != NULL ? db_statements(db) - before : 0;
}

/* ---- afterwards */

static enum log_level
level_of(const struct req *r)
{
	if (r->code != E_INTERNAL || r->ctx->http_status > 0)
		return LOG_INFO;
	return r->ctx->retry_after_s > 0 ? LOG_WARN : LOG_ERR;
}

void
route_finish(struct req *r)
{
	log_write(level_of(r), "request", LOG_TEXT("id", r->id), LOG_INT("actor", r->account.id),
	    LOG_TEXT("method", req_method_text(r->method)),
	    LOG_TEXT("route", r->route != NULL ? r->route->path : "-"),
	    LOG_TEXT("call", method_name(r)), LOG_INT("status", r->status),
	    LOG_INT("us", r->took_us), LOG_INT("statements", r->statements),
	    LOG_TEXT("why", r->code != OK ? r->ctx->reason : NULL));
	metrics_count(r->dialect != NULL ? r->dialect->name : "", r->status, r->took_us);
	if (r->account.token_is_stale && token_touch(r->ctx, r->account.token_id) != OK)
		log_write(LOG_WARN, "token's last use not noted", LOG_TEXT("id", r->id),
		    LOG_TEXT("why", r->ctx->reason));
	if (r->account.session_is_stale && session_touch(r->ctx, r->account.session_id) != OK)
		log_write(LOG_WARN, "session's last use not noted", LOG_TEXT("id", r->id),
		    LOG_TEXT("why", r->ctx->reason));
}

/* ---- the tables themselves */

static void
check_row(const struct dialect *d, const struct route *row)
{
	bool is_get = row->method == GET, is_rails = (d->inputs & INPUT_RAILS) != 0;
	size_t n = 0;

	match_check(row->path);
	assert(is_get || row->method == POST || row->method == PUT || row->method == PATCH ||
	    row->method == DELETE || row->method == ANY); /* HEAD and OPTIONS are the walk's */
	assert(row->perm >= PERM_PUBLIC && row->perm <= PERM_MAX);
	assert(row->load >= LOAD_NONE && row->load <= LOAD_MAX);
	assert(row->load == LOAD_NONE || load_fits(row->load, row->path));
	assert((row->perm == PERM_PUSH) == (row->load == LOAD_PUSH));
	assert(row->load != LOAD_PUSH || d->named != NULL);
	assert(row->serve != NULL);
	/* who may changes nothing without saying who he is */
	assert(is_get || (row->flags & (ROUTE_READS | ROUTE_RPC | ROUTE_SIGN_IN)) ||
	    row->perm != PERM_PUBLIC);
	assert(!(row->flags & ROUTE_SIGN_IN) ||
	    (row->method == POST && row->flags == ROUTE_SIGN_IN && row->perm == PERM_PUBLIC &&
		row->load == LOAD_NONE && (d->habits & HABIT_SESSION)));
	/* the token of a form is looked for in the body, before the handler has it */
	assert(!(d->habits & HABIT_SESSION) || is_get ||
	    (!(row->flags & ROUTE_STREAM) && row->method != ANY));
	/* whose rights are those of the methods, which rpc_check looks at */
	assert((row->flags == ROUTE_RPC) == (row->method == ANY));
	assert(row->method != ANY ||
	    (row->perm == PERM_PUBLIC && row->load == LOAD_NONE && row->in == NULL));
	/* a right on an object needs the object */
	assert(row->load != LOAD_NONE || row->perm == PERM_PUBLIC || row->perm == PERM_USER ||
	    row->perm == PERM_HUB_ADMIN);
	assert(row->in == NULL || ((is_rails || !is_get) && !(row->flags & ROUTE_STREAM)));
	/* a body that its handler reads cannot be looked through for a token */
	assert(d->token == NULL || is_get || !(row->flags & ROUTE_STREAM));
	assert(!(row->flags & ROUTE_READ_TX) || is_get);
	assert(!(row->flags & ROUTE_ANYONE) || (is_get && row->perm == PERM_PUBLIC) ||
	    row->perm == PERM_PUSH);
	assert(!(row->flags & ROUTE_PROBE) || (is_get && row->perm == PERM_PUBLIC));
	for (const struct field *f = row->in; f != NULL && f->name != NULL; f++, n++)
		assert(f->type >= F_TEXT && f->type <= (is_rails ? F_TEXT : F_BOOL));
	assert(n <= FAULTS_MAX); /* each may be wrong */
	/* which of these rows it is shows only when the object is loaded, in the transaction */
	assert(strncmp(row->path, "/*path", 6) != 0 || strncmp(row->path, "/*path.git", 10) == 0 ||
	    !(row->flags & ~(unsigned)(ROUTE_STREAM | ROUTE_READS)));
}

void
route_check(const struct dialect *const *dialects)
{
	assert(*dialects != NULL);
	for (; *dialects != NULL; dialects++) {
		const struct dialect *d = *dialects;

		assert(d->name != NULL && d->realm != NULL && d->type != NULL && d->fail != NULL);
		/* what a browser sends of itself is for pages alone (checklists C-03) */
		assert(!(d->habits & HABIT_SESSION) || str_starts(d->type, "text/html"));
		for (const struct route *row = d->routes; row->path != NULL; row++)
			check_row(d, row);
	}
}
