#include "sync/senders.h"

#include <signal.h>
#include <string.h>

#include "auth/seal.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/webhook.h"
#include "core/webhook_sign.h"

#define US_PER_S 1000000
#define LEASE_MARGIN_S 30 /* over webhook.total_s: for a restart of the database */
#define AFTER_S 5	  /* over webhook.total_s: its own limit comes first */
#define TEXT_MAX_BYTES 1000

static void
end_all(void *senders)
{
	struct senders *s = senders;

	for (size_t i = 0; i < s->n; i++) {
		child_kill(&s->rows[i].child);
		arena_free(s->rows[i].mem);
	}
}

void
senders_open(struct senders *s, struct ctx *c, struct arena *mem, const char *conf_path)
{
	*s = (struct senders){ .n = (size_t)c->conf->webhook_senders, .conf_path = conf_path };
	s->rows = arena_new_array(mem, struct sender, s->n);
	for (size_t i = 0; i < s->n; i++) {
		s->rows[i].child.fd = -1;
		s->rows[i].mem = arena_new();
	}
	arena_defer(mem, end_all, s);
}

size_t
senders_count_busy(const struct senders *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->rows[i].is_busy;
	return n;
}

/* ---- one delivery */

static void
forget(struct sender *x)
{
	arena_reset(x->mem);
	x->n_secrets = 0;
	x->delivery = (struct outbox_delivery){ 0 };
	x->is_busy = x->is_done = false;
}

/* error: "" when there was an answer. */
static void
finish(struct sender *x, int64_t status, const char *error, const char *answer)
{
	x->status = status;
	x->error = arena_strdup(x->mem, error);
	x->answer = arena_strdup(x->mem, answer);
	x->is_done = true;
}

static void
lose(struct sender *x, const char *why)
{
	child_kill(&x->child);
	if (x->is_busy && !x->is_done)
		finish(x, 0, why, "");
}

static int
open_secret(struct ctx *c, const struct outbox_delivery *d, const char *what, const char *sealed,
    const char **out)
{
	const char *context =
	    arena_printf(c->mem, "webhook:%lld:%s", (long long)d->webhook_id, what);

	*out = NULL;
	return sealed == NULL ? OK : seal_open(c, context, sealed, out);
}

/* ---- what a receiver may repeat, and nobody be shown */

/* What is shorter occurs in any text, and is no secret. */
#define SECRET_LEAST 6

static void
keep_secret(struct sender *x, const char *text, size_t len)
{
	if (len >= SECRET_LEAST && x->n_secrets < SENDER_SECRETS_MOST)
		x->secrets[x->n_secrets++] = arena_strndup(x->mem, text, len);
}

/* The value of each line, and its last word: of "Bearer abc" that is what counts. */
static void
keep_header_values(struct sender *x, const char *lines)
{
	while (lines[0] != '\0') {
		size_t len = strcspn(lines, "\n"), from = strcspn(lines, ":") + 1, last;

		for (; from < len && lines[from] == ' '; from++)
			;
		for (last = len; last > from && lines[last - 1] != ' '; last--)
			;
		if (from < len)
			keep_secret(x, lines + from, len - from);
		if (last > from)
			keep_secret(x, lines + last, len - last);
		lines += len + (lines[len] == '\n');
	}
}

/* Services keep tokens there: the whole, and the value of each pair. */
static void
keep_query_values(struct sender *x, const char *query)
{
	keep_secret(x, query, strlen(query));
	while (query[0] != '\0') {
		size_t len = strcspn(query, "&"), name = strcspn(query, "=&");

		if (name < len)
			keep_secret(x, query + name + 1, len - name - 1);
		query += len + (query[len] == '&');
	}
}

static void
keep_secrets(struct sender *x, const struct webhook_message *m, const char *url)
{
	const char *query = strchr(url, '?');

	if (m->secret != NULL)
		keep_secret(x, m->secret, strlen(m->secret));
	if (m->old_secret != NULL)
		keep_secret(x, m->old_secret, strlen(m->old_secret));
	if (query != NULL)
		keep_query_values(x, query + 1);
	if (m->headers != NULL)
		keep_header_values(x, m->headers);
}

/* Also one that the end of the text has cut in two. */
static bool
has_secret(const char *text, const char *secret)
{
	size_t len = strlen(text), n = strlen(secret);

	if (strstr(text, secret) != NULL)
		return true;
	for (n = n < len ? n : len; n >= SECRET_LEAST; n--)
		if (memcmp(text + len - n, secret, n) == 0)
			return true;
	return false;
}

/* A receiver that repeats what it should not have. */
static const char *
masked(const struct sender *x, const char *text)
{
	for (size_t i = 0; i < x->n_secrets; i++)
		if (has_secret(text, x->secrets[i]))
			return "(not shown: a secret is in it)";
	return text;
}

/* ---- sending it */

static int
make_headers(struct sender *x, struct ctx *c, const char **headers_out)
{
	const struct outbox_delivery *d = &x->delivery;
	struct webhook_message m = { .webhook_id = d->webhook_id,
		.guid = d->guid,
		.event = d->event,
		.attempt = d->attempt,
		.at = clock_now(),
		.payload = d->payload };

	TRY(open_secret(c, d, "secret", d->sealed_secret, &m.secret));
	TRY(open_secret(c, d, "secret", d->sealed_old_secret, &m.old_secret));
	TRY(open_secret(c, d, "headers", d->sealed_headers, &m.headers));
	keep_secrets(x, &m, d->url);
	*headers_out = webhook_headers(c, &m);
	return OK;
}

static int
start_and_send(struct sender *x, struct ctx *c, const char *conf_path, const char *line)
{
	if (x->child.pid == 0)
		TRY(child_start(c, &x->child, conf_path));
	x->child.jobs++;
	return child_send(c, &x->child, line);
}

static int
send_off(struct sender *x, struct ctx *c, const char *conf_path)
{
	const struct outbox_delivery *d = &x->delivery;
	struct wire_message m = { .type = WIRE_POST };
	const char *line, *headers;
	size_t url_len = strcspn(d->url, "?");
	bool is_old = x->child.pid != 0;
	int code;

	TRY(webhook_check_url(c, d->url)); /* of psql, or before webhook.schemes was changed */
	TRY(make_headers(x, c, &headers));
	m.post = (struct wire_post){ .id = d->id,
		.url = arena_strndup(c->mem, d->url, url_len),
		.query = d->url[url_len] == '?' ? d->url + url_len + 1 : "",
		.headers = headers,
		.body = d->payload,
		.total_s = c->conf->webhook_total_s };
	line = wire_text(c->mem, &m);
	code = start_and_send(x, c, conf_path, line);
	if (code != OK && is_old) { /* it died since, and nobody has noticed yet */
		child_kill(&x->child);
		code = start_and_send(x, c, conf_path, line);
	}
	return code;
}

static void
give(struct sender *x, struct ctx *c, const char *conf_path, const struct outbox_delivery *d)
{
	struct outbox_delivery *own = &x->delivery;

	*own = *d;
	own->guid = arena_strdup(x->mem, d->guid);
	own->event = arena_strdup(x->mem, d->event);
	own->url = arena_strdup(x->mem, d->url);
	own->payload = arena_strdup(x->mem, d->payload);
	own->path = arena_strdup(x->mem, d->path != NULL ? d->path : "");
	x->is_busy = true;
	x->is_done = false;
	x->took_ms = 0;
	x->begun_us = clock_mono_us();
	if (send_off(x, c, conf_path) != OK)
		lose(x, c->reason);
	log_hide_none();
	own->sealed_secret = own->sealed_old_secret = own->sealed_headers = NULL;
}

/* ---- what the workers say */

static int
on_line(struct sender *x, struct ctx *c, const char *line)
{
	struct wire_message m;

	TRY(wire_parse(c, line, strlen(line), &m));
	if (m.type != WIRE_POSTED || !x->is_busy || m.posted.id != x->delivery.id)
		return fail(c, E_INVALID, "a sender does not say that");
	if (m.posted.status < 0 || m.posted.status > 999 || strlen(m.posted.answer) > 1024 ||
	    strlen(m.posted.error) > TEXT_MAX_BYTES || m.posted.took_ms < 0)
		return fail(c, E_INVALID, "a sender's answer makes no sense");
	x->took_ms = m.posted.took_ms;
	finish(x, m.posted.status, masked(x, m.posted.error), masked(x, m.posted.answer));
	return OK;
}

static void
hear(struct sender *x, struct ctx *c)
{
	char *line;
	int status, code;

	if (x->child.pid == 0)
		return;
	code = child_line(c, &x->child, &line);
	if (code == OK && line != NULL)
		code = on_line(x, c, line);
	if (code != OK || child_has_ended(&x->child, &status))
		lose(x, "the process that sent it ended");
	else if (x->is_busy && !x->is_done &&
	    clock_mono_us() - x->begun_us > (c->conf->webhook_total_s + AFTER_S) * US_PER_S)
		lose(x, "the process that sent it did not end");
}

void
senders_hear(struct senders *s, struct ctx *c)
{
	for (size_t i = 0; i < s->n; i++)
		hear(&s->rows[i], c);
}

nfds_t
senders_poll(const struct senders *s, struct pollfd *fds)
{
	nfds_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->rows[i].child.fd >= 0)
			fds[n++] = (struct pollfd){ .fd = s->rows[i].child.fd, .events = POLLIN };
	return n;
}

size_t
senders_pids(const struct senders *s, pid_t *pids)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->rows[i].child.pid != 0)
			pids[n++] = s->rows[i].child.pid;
	return n;
}

/* ---- with the database */

static void
tell(const struct sender *x)
{
	bool is_fine = x->status >= 200 && x->status < 300;

	log_write(is_fine ? LOG_INFO : LOG_WARN, "webhook", LOG_TEXT("project", x->delivery.path),
	    LOG_INT("webhook", x->delivery.webhook_id), LOG_TEXT("delivery", x->delivery.guid),
	    LOG_TEXT("what", x->delivery.event), LOG_INT("attempt", x->delivery.attempt),
	    LOG_INT("status", x->status), LOG_INT("ms", x->took_ms),
	    LOG_TEXT("why", x->error[0] != '\0' ? x->error : NULL));
}

static int
write_done(struct senders *s, struct ctx *c, bool *has_more)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sender *x = &s->rows[i];

		if (!x->is_done)
			continue;
		crash_point("before-delivered");
		TRY(outbox_finish(c, &x->delivery, x->status, x->error, x->answer, x->took_ms));
		tell(x);
		forget(x);
		*has_more = true; /* the next one of this webhook */
		if (x->child.pid != 0 && child_is_worn(c, &x->child))
			child_kill(&x->child);
	}
	return OK;
}

static struct sender *
free_sender(struct senders *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->rows[i].is_busy)
			return &s->rows[i];
	return NULL;
}

int
senders_work(struct senders *s, struct ctx *c, bool may_begin, bool *has_more)
{
	struct outbox_delivery *due;
	size_t n, n_free;

	TRY(write_done(s, c, has_more));
	n_free = s->n - senders_count_busy(s);
	if (!may_begin || !*has_more || n_free == 0)
		return OK;
	TRY(outbox_claim(c, n_free, c->conf->webhook_total_s + LEASE_MARGIN_S, &due, &n));
	*has_more = n == n_free;
	for (size_t i = 0; i < n; i++)
		give(free_sender(s), c, s->conf_path, &due[i]);
	return OK;
}

void
senders_stop(struct senders *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rows[i].is_busy && !s->rows[i].is_done)
			lose(&s->rows[i], "stopped");
}
