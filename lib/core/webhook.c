#include "core/webhook.h"

#include <string.h>
#include <strings.h>

#include "auth/seal.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/rule.h"
#include "core/upstream.h"

/* What libcurl and we say ourselves, and what would make two messages of one. */
static const char *const own_headers[] = { "host", "content-length", "content-type",
	"content-encoding", "transfer-encoding", "connection", "keep-alive", "expect", "te",
	"trailer", "upgrade", "user-agent", "accept", "accept-encoding", NULL };
static const char *const own_prefixes[] = { "x-hub-", "x-github-", "x-mirrorhub-", "webhook-",
	"proxy-", NULL };

/* ---- the address */

static bool
has_word(struct ctx *c, const char *words, const char *word)
{
	size_t n;
	char **all = str_split(c->mem, words, ' ', &n);

	for (size_t i = 0; i < n; i++)
		if (str_is_equal(all[i], word))
			return true;
	return false;
}

int
webhook_check_url(struct ctx *c, const char *url)
{
	struct upstream u;

	TRY(upstream_parse(c, url, &u));
	if (u.is_scp || !str_starts(u.scheme, "http"))
		return fail(c, E_INVALID, "the address of a webhook begins with https://");
	if (!has_word(c, c->conf->webhook_schemes, u.scheme))
		return fail(c, E_INVALID, "webhooks of this hub have addresses with: %s",
		    c->conf->webhook_schemes);
	if (u.credentials != NULL || strpbrk(url, "#\"<>") != NULL)
		return fail(
		    c, E_INVALID, "the address of a webhook has no user, no fragment, no quotes");
	return OK;
}

/* ---- header lines */

static bool
is_header_name(struct ctx *c, const char *name)
{
	const char *lower = str_lower(c->mem, name);

	if (name[0] == '\0' ||
	    strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(name))
		return false;
	for (size_t i = 0; own_headers[i] != NULL; i++)
		if (strcmp(own_headers[i], lower) == 0)
			return false;
	for (size_t i = 0; own_prefixes[i] != NULL; i++)
		if (str_starts(lower, own_prefixes[i]))
			return false;
	return true;
}

static bool
is_header_value(const char *value)
{
	for (const char *s = value; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return value[0] != '\0';
}

/* One line, brought into the form it is sent in. */
static bool
take_line(struct ctx *c, char *line, struct buf *out)
{
	size_t len = strlen(line);
	char *colon;

	if (len > 0 && line[len - 1] == '\r') /* forms end lines so */
		line[len - 1] = '\0';
	if (line[0] == '\0')
		return true;
	colon = strchr(line, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	colon += 1 + strspn(colon + 1, " ");
	if (!is_header_name(c, line) || !is_header_value(colon))
		return false;
	buf_printf(out, out->len > 0 ? "\n%s: %s" : "%s: %s", line, colon);
	return true;
}

const char *
webhook_clean_headers(struct ctx *c, const char *text)
{
	struct buf *out = buf_new(c->mem, WEBHOOK_HEADERS_MOST_BYTES);
	size_t n;
	char **lines = str_split(c->mem, text, '\n', &n);

	if (n > WEBHOOK_HEADERS_MOST + 1) /* an empty one behind the last */
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!take_line(c, lines[i], out))
			return NULL;
	return out->full ? NULL : out->data;
}

/* ---- what is asked for */

static void
check_secret(struct faults *f, const char *secret)
{
	size_t len = strlen(secret);

	if (len > WEBHOOK_SECRET_MOST)
		faults_add(f, "secret", FAULT_TOO_LONG, WEBHOOK_SECRET_MOST);
	else if (!str_is_utf8(secret, len) || !str_is_printable(secret))
		faults_add(f, "secret", FAULT_INVALID, 0);
	else if (len < WEBHOOK_SECRET_LEAST)
		faults_add(f, "secret", FAULT_TOO_SHORT, WEBHOOK_SECRET_LEAST);
}

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static int
check_wish(struct ctx *c, const struct webhook_wish *w)
{
	struct faults *f = faults_new(c->mem);
	const char *why = NULL;
	int code;

	if (rule_is_blank(w->url)) {
		faults_add(f, "url", FAULT_BLANK, 0);
	} else if (webhook_check_url(c, w->url) != OK) {
		why = c->reason;
		faults_add(f, "url", FAULT_INVALID, 0);
	}
	if (is_given(w->secret))
		check_secret(f, w->secret);
	if (is_given(w->header_lines) && webhook_clean_headers(c, w->header_lines) == NULL)
		faults_add(f, "header_lines", FAULT_INVALID, 0);
	if (!w->on_push && !w->on_sync && !w->on_failure)
		faults_add(f, "events", FAULT_BLANK, 0);
	code = faults_end(c, f);
	return code != OK && why != NULL ? fail(c, code, "%s", why) : code;
}

static struct webhook_change
change_of(const struct actor *who, const struct webhook_wish *w)
{
	return (struct webhook_change){ .url = w->url,
		.on_push = w->on_push,
		.on_sync = w->on_sync,
		.on_failure = w->on_failure,
		.active = w->active,
		.account_id = who->account->id };
}

static int
seal(struct ctx *c, int64_t id, const char *what, const char *text, const char **out)
{
	const char *context = arena_printf(c->mem, "webhook:%lld:%s", (long long)id, what);

	*out = NULL;
	return is_given(text) ? seal_close(c, context, text, out) : OK;
}

static int
seal_both(struct ctx *c, int64_t id, const struct webhook_wish *w, const char **secret_out,
    const char **headers_out)
{
	const char *headers =
	    is_given(w->header_lines) ? webhook_clean_headers(c, w->header_lines) : NULL;

	TRY(seal(c, id, "secret", w->secret, secret_out));
	return seal(c, id, "headers", headers, headers_out);
}

static int64_t
id_of(const struct project *p)
{
	return p != NULL ? p->id : 0;
}

static int
record(
    struct ctx *c, const struct actor *who, const char *action, const struct project *p, int64_t id)
{
	return actor_record(c, who, action, p != NULL ? p->path : "",
	    arena_printf(c->mem, "webhook %lld", (long long)id));
}

/* ---- the verbs */

int
webhook_create(struct ctx *c, const struct actor *who, const struct project *project,
    const struct webhook_wish *wish, int64_t *id_out)
{
	const struct webhook_change change = change_of(who, wish);
	const char *secret, *headers;
	struct webhook *rows;
	size_t n;

	TRY(check_wish(c, wish));
	TRY(webhook_list(c, id_of(project), &rows, &n));
	if (n >= WEBHOOKS_MAX)
		return fault(c, "webhooks", FAULT_TOO_MANY, WEBHOOKS_MAX);
	TRY(webhook_next_id(c, id_out));
	TRY(seal_both(c, *id_out, wish, &secret, &headers));
	TRY(webhook_insert(c, *id_out, id_of(project), &change, secret, headers));
	return record(c, who, "webhook.create", project, *id_out);
}

int
webhook_edit(struct ctx *c, const struct actor *who, const struct project *project, int64_t id,
    const struct webhook_wish *wish)
{
	const struct webhook_change change = change_of(who, wish);
	const char *secret, *headers;

	TRY(check_wish(c, wish));
	TRY(webhook_update(c, id_of(project), id, &change));
	TRY(seal_both(c, id, wish, &secret, &headers));
	if (secret != NULL || wish->no_secret)
		TRY(webhook_set_secret(c, id, secret));
	if (headers != NULL || wish->no_headers)
		TRY(webhook_set_headers(c, id, headers));
	return record(c, who, "webhook.update", project, id);
}

int
webhook_remove(struct ctx *c, const struct actor *who, const struct project *project, int64_t id)
{
	TRY(webhook_delete(c, id_of(project), id));
	return record(c, who, "webhook.delete", project, id);
}

int
webhook_try(struct ctx *c, const struct actor *who, const struct project *project, int64_t id)
{
	struct webhook w;

	TRY(webhook_by_id(c, id_of(project), id, &w));
	TRY(webhook_ping(c, id));
	return record(c, who, "webhook.ping", project, id);
}

int
webhook_send_again(struct ctx *c, const struct actor *who, const struct project *project,
    int64_t id, int64_t delivery_id)
{
	struct webhook w;

	TRY(webhook_by_id(c, id_of(project), id, &w));
	TRY(webhook_redeliver(c, id, delivery_id));
	return record(c, who, "webhook.redeliver", project, id);
}

int
webhook_change_secret(struct ctx *c, const struct actor *who, int64_t id, const char *secret)
{
	struct faults *f = faults_new(c->mem);
	const char *sealed;

	check_secret(f, secret);
	TRY(faults_end(c, f));
	TRY(seal(c, id, "secret", secret, &sealed));
	TRY(webhook_set_secret(c, id, sealed));
	return record(c, who, "webhook.update", NULL, id);
}
