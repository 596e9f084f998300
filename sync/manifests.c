#include "sync/manifests.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/str.h"
#include "sync/manifest.h"

#define US_PER_S 1000000LL
#define LEASE_S (MANIFEST_TOTAL_S + 60)
#define LINES_A_TURN 16 /* the crew has its turns, too */
#define AFTER_S 10	/* over MANIFEST_TOTAL_S: the worker's own limit comes first */
#define TEXT_MAX_BYTES 1000
#define TAG_MAX_BYTES 500
#define DATE_MAX_BYTES 100

static void
end_all(void *manifests)
{
	struct manifests *m = manifests;

	child_kill(&m->child);
	arena_free(m->mem);
	arena_free(m->text);
}

void
manifests_open(struct manifests *m, struct arena *mem, const char *conf_path)
{
	*m = (struct manifests){
		.child.fd = -1, .mem = arena_new(), .text = arena_new(), .conf_path = conf_path
	};
	arena_defer(mem, end_all, m);
}

static void
forget(struct manifests *m)
{
	m->is_busy = m->is_over = m->has_put = false;
	m->lines = NULL;
	m->n_lines = 0;
	arena_reset(m->mem);
	arena_reset(m->text);
}

static void
finish(struct manifests *m, const struct manifest_end *end)
{
	m->end = (struct manifest_end){
		.status = end->status,
		.etag = arena_strdup(m->mem, end->etag),
		.last_modified = arena_strdup(m->mem, end->last_modified),
		.bytes = end->bytes,
		.error_class = arena_strdup(m->mem, end->error_class),
		.error_text = arena_strdup(m->mem, end->error_text),
	};
	m->is_over = true;
}

static void
lose(struct manifests *m, const char *why)
{
	child_kill(&m->child);
	if (m->is_busy && !m->is_over)
		finish(m,
		    &(struct manifest_end){ .etag = "",
			.last_modified = "",
			.error_class = "local",
			.error_text = why });
}

/* ---- what the worker says */

static bool
are_lines(const char *lines, int64_t *n_out)
{
	int64_t n = 0;

	if (strlen(lines) > MANIFEST_LINES_MAX)
		return false;
	for (size_t len; *lines != '\0'; lines += len + 1, n++) {
		len = strcspn(lines, "\n");
		if (lines[len] != '\n' || !manifest_is_line(lines, len))
			return false;
	}
	*n_out = n;
	return true;
}

static int
on_listed(struct manifests *m, struct ctx *c, const struct wire_listed *listed)
{
	int64_t n;

	if (!are_lines(listed->lines, &n))
		return fail(c, E_INVALID, "a worker told of repositories that cannot be");
	m->n_lines += n;
	arena_reset(m->text);
	m->lines = arena_strdup(m->text, listed->lines);
	return OK;
}

static int
on_done(struct manifests *m, struct ctx *c, const struct wire_list_done *d)
{
	const struct manifest_end end = { .status = d->status,
		.etag = d->etag,
		.last_modified = d->last_modified,
		.bytes = d->bytes,
		.error_class = d->error,
		.error_text = d->error_text };
	bool is_well = (d->status == 200 || d->status == 304) && d->bytes >= 0;

	if (strlen(d->etag) > TAG_MAX_BYTES || strlen(d->last_modified) > DATE_MAX_BYTES ||
	    strlen(d->error) > DATE_MAX_BYTES || strlen(d->error_text) > TEXT_MAX_BYTES ||
	    !str_is_printable(d->etag) || !str_is_printable(d->last_modified) ||
	    (d->error[0] == '\0' && !is_well))
		return fail(c, E_INVALID, "a worker's answer makes no sense");
	finish(m, &end);
	return OK;
}

static int
on_line(struct manifests *m, struct ctx *c, const char *line)
{
	struct wire_message in;

	TRY(wire_parse(c, line, strlen(line), &in));
	if (!m->is_busy || m->is_over)
		return fail(c, E_INVALID, "a worker without a list has nothing to say");
	if (in.type == WIRE_LISTED && in.listed.id == m->manifest.id)
		return on_listed(m, c, &in.listed);
	if (in.type == WIRE_LIST_DONE && in.list_done.id == m->manifest.id)
		return on_done(m, c, &in.list_done);
	return fail(c, E_INVALID, "a worker does not say that");
}

void
manifests_hear(struct manifests *m, struct ctx *c)
{
	char *line;
	int status, code;

	if (m->child.pid == 0 || m->lines != NULL)
		return;
	code = child_line(c, &m->child, &line);
	if (code == OK && line != NULL)
		code = on_line(m, c, line);
	if (code == E_INVALID)
		lose(m, c->reason);
	else if (code != OK || child_has_ended(&m->child, &status))
		lose(m, "the process that read it ended");
	else if (m->is_busy && !m->is_over &&
	    clock_mono_us() - m->begun_us > (MANIFEST_TOTAL_S + AFTER_S) * US_PER_S)
		lose(m, "the process that read it did not end");
}

nfds_t
manifests_poll(const struct manifests *m, struct pollfd *fds)
{
	if (m->child.fd < 0 || m->lines != NULL)
		return 0;
	*fds = (struct pollfd){ .fd = m->child.fd, .events = POLLIN };
	return 1;
}

bool
manifests_have_work(const struct manifests *m)
{
	return m->lines != NULL || m->is_over;
}

bool
manifests_are_done(const struct manifests *m)
{
	return !m->is_busy && clock_mono_us() < m->look_us;
}

pid_t
manifests_pid(const struct manifests *m)
{
	return m->child.pid;
}

/* ---- with the database */

static int
write_lines(struct manifests *m, struct ctx *c)
{
	bool is_ours;

	if (m->lines == NULL)
		return OK;
	TRY(manifest_put(c, &m->manifest, !m->has_put, m->lines, LEASE_S, &is_ours));
	m->has_put = true;
	m->lines = NULL;
	if (!is_ours)
		lose(m, "another program reads it by now");
	return OK;
}

static void
tell(const struct manifests *m)
{
	bool is_fine = m->end.error_class[0] == '\0';

	log_write(is_fine ? LOG_INFO : LOG_WARN, "list of an upstream",
	    LOG_INT("manifest", m->manifest.id), LOG_INT("status", m->end.status),
	    LOG_INT("repositories", m->n_lines), LOG_INT("bytes", m->end.bytes),
	    LOG_INT("ms", (clock_mono_us() - m->begun_us) / 1000),
	    LOG_TEXT("why", is_fine ? NULL : m->end.error_text));
}

/* An empty list has no lines, and is one all the same. */
static int
write_end(struct manifests *m, struct ctx *c)
{
	bool is_ours;

	if (!m->is_over)
		return OK;
	if (!m->has_put && m->end.status == 200 && m->end.error_class[0] == '\0')
		TRY(manifest_put(c, &m->manifest, true, "", LEASE_S, &is_ours));
	m->has_put = true;
	crash_point("before-listed");
	TRY(manifest_done(c, &m->manifest, &m->end));
	tell(m);
	forget(m);
	m->has_ended = true;
	m->look_us = 0; /* there may be another one */
	if (m->child.pid != 0 && child_is_worn(c, &m->child))
		child_kill(&m->child);
	return OK;
}

static int
send_off(struct manifests *m, struct ctx *c)
{
	const struct wire_list list = { .id = m->manifest.id,
		.url = m->manifest.url,
		.etag = m->manifest.etag,
		.last_modified = m->manifest.last_modified };
	const char *line =
	    wire_text(c->mem, &(struct wire_message){ .type = WIRE_LIST, .list = list });
	bool is_old = m->child.pid != 0;
	int code;

	if (!is_old)
		TRY(child_start(c, &m->child, m->conf_path));
	m->child.jobs++;
	code = child_send(c, &m->child, line);
	if (code == OK || !is_old)
		return code;
	child_kill(&m->child); /* it died since, and nobody has noticed yet */
	TRY(child_start(c, &m->child, m->conf_path));
	m->child.jobs++;
	return child_send(c, &m->child, line);
}

static void
take(struct manifests *m, struct ctx *c, const struct manifest *due)
{
	m->manifest = *due;
	m->manifest.url = arena_strdup(m->mem, due->url);
	m->manifest.etag = arena_strdup(m->mem, due->etag);
	m->manifest.last_modified = arena_strdup(m->mem, due->last_modified);
	m->is_busy = true;
	m->begun_us = clock_mono_us();
	if (send_off(m, c) != OK)
		lose(m, c->reason);
}

int
manifests_work(struct manifests *m, struct ctx *c, bool may_begin, bool has_news)
{
	struct manifest due;
	int code;

	m->has_ended = false;
	for (int i = 0; i < LINES_A_TURN && m->lines != NULL; i++) {
		TRY(write_lines(m, c));
		manifests_hear(m, c);
	}
	if (m->lines == NULL)
		TRY(write_end(m, c));
	if (!may_begin || m->is_busy || (!has_news && clock_mono_us() < m->look_us))
		return OK;
	code = manifest_claim(c, LEASE_S, &due);
	if (code == OK)
		take(m, c, &due);
	else if (code != E_NOTFOUND)
		return code;
	else
		m->look_us = clock_mono_us() + c->conf->sync_poll_s * US_PER_S;
	return OK;
}
