#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/hpr/hpr.h"
#include "core/project.h"

#define URL_MAX_BYTES 8192

/* ---- REPO */

struct repository {
	const char *name, *url, *mirror_url, *latest_version, *status;
	const char *created_at, *updated_at, *scheduled_at;
};

static const struct field repository_json[] = {
	FIELD(repository, name),
	FIELD(repository, url),
	FIELD(repository, mirror_url),
	FIELD(repository, latest_version),
	FIELD(repository, status),
	FIELD(repository, created_at),
	FIELD(repository, updated_at),
	FIELD(repository, scheduled_at),
	{ 0 },
};

/* The template with {base_url} and {path} filled in. */
static const char *
from_template(struct req *r, const char *path)
{
	const struct {
		const char *name, *value;
	} words[] = {
		{ "{base_url}", r->ctx->conf->base_url },
		{ "{path}", str_percent_path(r->ctx->mem, path) },
	};
	struct buf *url = buf_new(r->ctx->mem, URL_MAX_BYTES);

	for (const char *s = r->ctx->conf->hpr_mirror_url_template; *s != '\0';) {
		size_t i = 0;

		while (i < 2 && !str_starts(s, words[i].name))
			i++;
		if (i < 2) {
			buf_text(url, words[i].value);
			s += strlen(words[i].name);
		} else {
			buf_char(url, *s++);
		}
	}
	return url->data;
}

static struct repository
repository_of(struct req *r, const struct project *p)
{
	struct arena *mem = r->ctx->mem;

	return (struct repository){
		.name = p->path,
		.url = p->url,
		.mirror_url = p->mirror_url != NULL ? p->mirror_url : from_template(r, p->path),
		.latest_version = p->latest_version,
		.status = project_status(p),
		.created_at = clock_text_local(mem, p->created_at),
		.updated_at = clock_text_local(mem, p->last_success_at),
		.scheduled_at = clock_text_local(mem, p->scheduled_at),
	};
}

void
shape_repository(struct req *r, const struct project *p)
{
	const struct repository row = repository_of(r, p);

	js_row(r->out, repository_json, &row);
}

void
shape_list(struct req *r, int64_t total, const struct project *rows, size_t n)
{
	buf_text(r->out, "{\"total\":");
	buf_int(r->out, total);
	buf_text(r->out, ",\"data\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		shape_repository(r, &rows[i]);
	}
	buf_text(r->out, "]}");
}

/* ---- the small ones */

void
shape_message(struct req *r, const char *message)
{
	buf_text(r->out, "{\"message\":");
	js_text(r->out, message);
	buf_char(r->out, '}');
}

void
shape_true(struct req *r, int status)
{
	r->status = status;
	buf_text(r->out, "true");
}

/* ---- /info */

/* The two tasks without scans are plain rows of the numbers. */
static const struct field busy_json[] = {
	FIELD_AS(queue_stats, busy_reaped, "reaped"),
	FIELD_AS(queue_stats, running, "size"),
	{ 0 },
};

static const struct field workers_json[] = {
	FIELD_AS(queue_stats, workers_reaped, "reaped"),
	FIELD_AS(queue_stats, workers, "size"),
	{ 0 },
};

static const struct field backup_json[] = {
	FIELD_AS(queue_stats, backups, "count"),
	{ 0 },
};

static const struct field totals_json[] = {
	FIELD_AS(queue_stats, queued, "total_enqueued"),
	FIELD_AS(queue_stats, failures, "total_failures"),
	FIELD_AS(queue_stats, processed, "total_processed"),
	FIELD_AS(queue_stats, queues, "total_queues"),
	{ 0 },
};

/* Microseconds as a plain decimal number of seconds, without zeros at its end. */
static void
add_seconds(struct buf *b, int64_t us)
{
	buf_int(b, us / 1000000);
	if (us % 1000000 == 0)
		return;
	buf_printf(b, ".%06d", (int)(us % 1000000));
	while (b->len > 0 && b->data[b->len - 1] == '0')
		b->data[--b->len] = '\0';
}

/* A task that scans its set in cycles. */
static void
add_scan(struct buf *b, const char *name, int64_t cycles, int64_t moved, int64_t size, int64_t us)
{
	buf_printf(b,
	    "\"%s\":{\"cycles\":%lld,\"enqueued\":%lld,\"size\":%lld,\"wall_time_sec\":", name,
	    (long long)cycles, (long long)moved, (long long)size);
	add_seconds(b, us);
	buf_text(b, "},");
}

static void
add_tasks(struct buf *b, const struct queue_stats *s)
{
	buf_text(b, "{\"Busy\":");
	js_row(b, busy_json, s);
	buf_char(b, ',');
	add_scan(b, "Dead", s->dead_cycles, s->dead_purged, s->dead, s->dead_wall_us);
	add_scan(b, "Retries", s->retries_cycles, s->retries_moved, s->retry, s->retries_wall_us);
	add_scan(b, "Scheduled", s->scheduled_cycles, s->scheduled_moved, s->scheduled,
	    s->scheduled_wall_us);
	buf_text(b, "\"Workers\":");
	js_row(b, workers_json, s);
	buf_text(b, ",\"backup\":");
	js_row(b, backup_json, s);
	buf_char(b, '}');
}

/* The totals stand beside the tasks, in one object with them. */
static void
add_totals(struct buf *b, const struct queue_stats *s)
{
	for (const struct field *f = totals_json; f->name != NULL; f++) {
		buf_printf(b, ",\"%s\":", f->name);
		buf_int(b, *FIELD_AT((void *)(uintptr_t)s, f, int64_t));
	}
}

void
shape_info(
    struct req *r, const struct project_path *rows, size_t n, const struct queue_stats *stats)
{
	struct buf *b = r->out;

	buf_text(b, "{\"hpr\":{\"version\":");
	js_text(b, r->ctx->conf->hpr_version_string);
	buf_printf(b, ",\"repositroies\":{\"total\":%zu,\"entry\":[", n); /* sic (D-06) */
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		js_text(b, rows[i].path);
	}
	buf_text(b, "]}},\"faktory\":{\"default_size\":");
	buf_int(b, stats->queued_default);
	buf_text(b, ",\"tasks\":");
	add_tasks(b, stats);
	add_totals(b, stats);
	buf_text(b, "}}");
}
