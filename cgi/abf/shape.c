#include <stdarg.h>
#include <string.h>

#include "base/fault.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/abf/abf.h"

static void
say(struct req *r, const char *root, int64_t id, const char *message)
{
	buf_printf(r->out, "{\"%s\":{\"id\":", root);
	if (id > 0)
		buf_int(r->out, id);
	else
		buf_text(r->out, "null");
	buf_text(r->out, ",\"message\":");
	js_text(r->out, message);
	buf_text(r->out, "}}");
}

int
abf_done(struct req *r, int64_t id)
{
	const struct abf_words *words = r->route->words;

	say(r, words->root, id, words->done);
	return OK;
}

int
abf_done_about(struct req *r, int64_t id, const char *about)
{
	const struct abf_words *words = r->route->words;
	const char *hole = strstr(words->done, "%s");

	say(r, words->root, id,
	    arena_printf(
		r->ctx->mem, "%.*s%s%s", (int)(hole - words->done), words->done, about, hole + 2));
	return OK;
}

void
abf_url(struct req *r, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_printf(r->out, ",\"%s\":", name);
	js_text(r->out, arena_vprintf(r->ctx->mem, format, args));
	va_end(args);
}

void
abf_members(struct req *r, const struct field *fields, const void *row)
{
	size_t start = r->out->len;

	js_row(r->out, fields, row);
	if (r->out->full)
		return;
	memmove(r->out->data + start, r->out->data + start + 1, r->out->len - start - 2);
	r->out->len -= 2;
	r->out->data[r->out->len] = '\0';
}

/* ---- what is wrong (contract 5) */

/* How a field is called where it is not its name with a capital and blanks. */
static const struct {
	const char *field, *words;
	const char *root; /* where it is called so; NULL: everywhere */
} humans[] = {
	{ "uname", "Nickname", "user" },
	{ "maintainer", "Maintainer of project", NULL },
	{ "public", "Public key" },
	{ "secret", "Secret key" },
};

/* Sentences of their own. */
static const struct sentence {
	const char *root, *field;
	enum fault_kind kind;
	const char *text;
	bool is_whole; /* nothing is said before it */
} sentences[] = {
	{ "project", "name", FAULT_INVALID,
	    "Name The name can only use lower case Latin letters (a-z), numbers (0-9) and "
	    "underscore (_)" },
	{ "project", "default_branch", FAULT_UNKNOWN, "Default branch Wrong branch" },
	{ "project", "owner", FAULT_TOO_MANY, "You cannot have more than %lld projects." },
	{ "project", "platform", FAULT_TAKEN, "Project already exists in platform" },
	{ "project", "alias", FAULT_REFUSED, "A mirror has no aliases" },
	{ "platform", "visibility", FAULT_BLANK, "Status can't be blank" },
	{ "platform", "visibility", FAULT_NOT_INCLUDED, "Status is not included in the list" },
	{ "platform", "distrib_type", FAULT_BLANK, "Source type can't be blank" },
	{ "platform", "distrib_type", FAULT_NOT_INCLUDED,
	    "Source type is not included in the list" },
	{ "platform", "released", FAULT_FIXED,
	    "Released Released status can't be changed if platform has been released" },
	{ "platform", "owner", FAULT_FIXED, "Owner Owner of personal platform can't be changed" },
	{ "repository", "project", FAULT_TAKEN,
	    "Project adding error. A project with such name already exists in one repository of "
	    "platform. Remove the old project first",
	    .is_whole = true },
	{ "repository", "public", FAULT_INVALID, "Public key wrong" },
	{ "repository", "secret", FAULT_INVALID, "Secret key wrong" },
	{ "repository", "public", FAULT_WRONG_KIND, "Public key contains secret key" },
	{ "repository", "secret", FAULT_WRONG_KIND, "Secret key contains public key" },
	{ "repository", "secret", FAULT_MISMATCH,
	    "Secret key keys are imported, but it is not a key pair (ids differ)" },
	{ "repository", "secret", FAULT_LOCKED, "Secret key contains passphrase" },
};

static const char *const texts[] = {
	[FAULT_BLANK] = "can't be blank",
	[FAULT_INVALID] = "is invalid",
	[FAULT_TAKEN] = "has already been taken",
	[FAULT_TOO_LONG] = "is too long (maximum is %lld characters)",
	[FAULT_TOO_SHORT] = "is too short (minimum is %lld characters)",
	[FAULT_NOT_INCLUDED] = "is not included in the list",
	[FAULT_RESERVED] = "is reserved",
	[FAULT_UNKNOWN] = "can't be blank", /* a reference that leads nowhere is none */
	[FAULT_FIXED] = "can't be changed",
	[FAULT_TOO_MANY] = "is more than %lld",
	[FAULT_WRONG_KIND] = "is of another kind",
	[FAULT_MISMATCH] = "does not match",
	[FAULT_LOCKED] = "contains passphrase",
	[FAULT_REFUSED] = "is invalid",
};

static const char *
human(struct req *r, const char *root, const char *field)
{
	char *words;

	for (size_t i = 0; i < sizeof(humans) / sizeof(humans[0]); i++)
		if (strcmp(humans[i].field, field) == 0 &&
		    (humans[i].root == NULL || strcmp(humans[i].root, root) == 0))
			return humans[i].words;
	words = arena_strdup(r->ctx->mem, field);
	for (char *s = words; *s != '\0'; s++)
		if (*s == '_')
			*s = ' ';
	words[0] = (char)(words[0] & ~0x20);
	return words;
}

static const char *
with_limit(struct req *r, const char *text, int64_t limit)
{
	const char *hole = strstr(text, "%lld");

	if (hole == NULL)
		return text;
	return arena_printf(r->ctx->mem, "%.*s%lld%s", (int)(hole - text), text, (long long)limit,
	    hole + strlen("%lld"));
}

/* NULL: it is said as all others are. */
static const struct sentence *
sentence_of(struct req *r, const struct fault *fault)
{
	const struct abf_words *words = r->route->words;

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (strcmp(sentences[i].root, words->root) == 0 &&
		    strcmp(sentences[i].field, fault->field) == 0 &&
		    sentences[i].kind == fault->kind)
			return &sentences[i];
	return NULL;
}

const char *
abf_fault_text(struct req *r, const struct fault *fault)
{
	const struct abf_words *words = r->route->words;
	const struct sentence *own = sentence_of(r, fault);

	if (own != NULL)
		return with_limit(r, own->text, fault->limit);
	return arena_printf(r->ctx->mem, "%s %s", human(r, words->root, fault->field),
	    with_limit(r, texts[fault->kind], fault->limit));
}

/* ---- refusals (contract 1.3) */

#define MESSAGE_MAX 16384

static bool
is_whole(struct req *r, const struct faults *faults)
{
	const struct sentence *own = NULL;

	if (faults != NULL && faults->n == 1)
		own = sentence_of(r, &faults->rows[0]);
	return own != NULL && own->is_whole;
}

/* Base message and faults; for E_CONFLICT and E_INVALID of a row with words. */
static void
refuse_input(struct req *r)
{
	const struct abf_words *words = r->route->words;
	const struct faults *faults = r->ctx->faults;
	struct buf *message = buf_new(r->ctx->mem, MESSAGE_MAX);

	if (!is_whole(r, faults))
		buf_text(message, words->failed);
	for (size_t i = 0; faults != NULL && i < faults->n; i++)
		buf_printf(message, "%s%s", message->len > 0 ? ". " : "",
		    abf_fault_text(r, &faults->rows[i]));
	say(r, words->root, 0, message->data);
}

static void
say_plain(struct req *r, const char *text)
{
	r->type = "text/csv; charset=utf-8";
	buf_text(r->out, text);
}

static void
say_401(struct req *r)
{
	const char *text = "You need to sign in or sign up before continuing.";

	if (r->claim.is_locked)
		text = "Your account is locked.";
	else if (r->claim.is_given)
		text = "Invalid email or password.";
	if (r->route != NULL && str_ends(r->route->path, ".csv")) {
		say_plain(r, text);
		return;
	}
	buf_text(r->out, "{\"error\":");
	js_text(r->out, text);
	buf_char(r->out, '}');
}

/* Too many requests, or too many failed log-ins: ABF says 403 to both (contract 1.8). */
static void
say_limit(struct req *r)
{
	r->status = 403;
	buf_text(r->out, "{\"message\":\"403 Forbidden | Rate Limit Exceeded\"}");
}

static const struct {
	int status;
	const char *body;
} bodies[] = {
	{ 400, "{\"status\":400,\"message\":\"Bad Request\"}" },
	{ 403, "{\"message\":\"Access violation to this page!\"}" },
	{ 404, "{\"status\":404,\"message\":\"Error 404. Resource not found!\"}" },
	{ 405, "{\"status\":405,\"message\":\"Method Not Allowed\"}" },
	{ 413, "{\"status\":413,\"message\":\"Payload Too Large\"}" },
	{ 415, "{\"status\":415,\"message\":\"Unsupported Media Type\"}" },
	{ 500,
	    "{\"status\":500,\"message\":\"Something went wrong. We've been notified about this "
	    "issue and we'll take a look at it shortly.\"}" },
	{ 503,
	    "{\"status\":503,\"message\":\"We update the site, it will take some time. We are "
	    "really "
	    "trying to do it fast. We apologize for any inconvenience..\"}" },
};

static const char *
body_of(int status)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (bodies[i].status == status)
			return bodies[i].body;
	return NULL;
}

void
abf_refuse(struct req *r, int code)
{
	const bool is_input = code == E_INVALID || code == E_CONFLICT;
	bool is_csv = r->route != NULL && str_ends(r->route->path, ".csv");

	if (is_input && r->ctx->http_status == 0 && r->route != NULL && r->route->words != NULL) {
		r->status = 422;
		refuse_input(r);
	} else if (r->status == 401) {
		say_401(r);
	} else if (r->status == 429) {
		say_limit(r);
	} else if (r->status == 403 && is_csv) {
		say_plain(r, "Access violation to this page!");
	} else {
		if (body_of(r->status) == NULL)
			r->status = code == E_INTERNAL ? 500 : 400;
		buf_text(r->out, body_of(r->status));
	}
}
