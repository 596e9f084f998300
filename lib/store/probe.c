#include "store/probe.h"

#include <assert.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/field.h"
#include "base/js.h"
#include "db/db.h"
#include "store/store.h"

#define BATCH_MAX_BYTES (1024 * 1024)

struct id_row {
	int64_t id;
};

static const struct field id_row[] = { FIELD(id_row, id), { 0 } };

static const struct field job_row[] = {
	FIELD(probe_job, id),
	FIELD(probe_job, fence),
	FIELD(probe_job, attempts),
	FIELD(probe_job, project_id),
	FIELD(probe_job, path),
	FIELD(probe_job, url),
	FIELD(probe_job, sealed_credentials),
	FIELD(probe_job, options),
	FIELD(probe_job, interval_s),
	FIELD(probe_job, host_id),
	FIELD(probe_job, host_v2),
	FIELD(probe_job, has_put_off),
	PACE_FIELDS(probe_job, pace.),
	{ 0 },
};

static const struct field end_row[] = { FIELD(probe_end, id), FIELD(probe_end, outcome), { 0 } };

/* What the SQL functions read, as JSON. */
static const struct field result_in[] = {
	FIELD(probe_result, id),
	FIELD(probe_result, fence),
	FIELD(probe_result, project_id),
	FIELD(probe_result, fingerprint),
	FIELD(probe_result, error_class),
	FIELD(probe_result, error_text),
	FIELD(probe_result, retry_after_s),
	FIELD(probe_result, delay_s),
	FIELD(probe_result, host_v2),
	FIELD(probe_result, moved_to),
	PACE_NEXT_FIELDS(probe_result, next.),
	{ 0 },
};

static const struct field held_in[] = { FIELD(probe_held, id), FIELD(probe_held, fence), { 0 } };

enum { PROBE_CLAIM, PROBE_FINISH, PROBE_RELEASE, PROBE_HAND_OVER };

const struct db_stmt probe_sql[] = {
	[PROBE_CLAIM] = { "probe_claim",
	    "SELECT id, fence, attempts, project_id, path, url, sealed_credentials, options,"
	    " interval_s, host_id, coalesce(host_v2, 0) AS host_v2, has_put_off, " PACE_COLUMNS
	    " FROM hub.job_claim(jsonb_build_array($1::text), $2, 'probes', $3, $4, $5, $6, $7)",
	    job_row, sizeof(struct probe_job) },
	[PROBE_FINISH] = { "probe_finish",
	    "SELECT id, outcome FROM hub.probe_finish($1, $2, $3, $4)", end_row,
	    sizeof(struct probe_end) },
	[PROBE_RELEASE] = { "probe_release", "SELECT id FROM hub.probe_release($1) id", id_row,
	    sizeof(struct id_row) },
	[PROBE_HAND_OVER] = { "probe_hand_over", "SELECT id FROM hub.probe_hand_over($1) id",
	    id_row, sizeof(struct id_row) },
	{ 0 },
};

static const char *
list_json(struct ctx *c, const struct field *fields, const void *rows, size_t n, size_t size)
{
	struct buf *b = buf_new(c->mem, BATCH_MAX_BYTES);

	assert(n <= PROBE_BATCH_MAX);
	js_list(b, fields, rows, n, size);
	assert(!b->full); /* batches are bounded, and so are the texts in them */
	return b->data;
}

int
probe_claim(struct ctx *c, const char *worker, size_t n, struct probe_job **rows_out, size_t *n_out)
{
	assert(n <= PROBE_BATCH_MAX);
	return db_all(c, &probe_sql[PROBE_CLAIM], rows_out, n_out, db_text(worker),
	    db_int((int64_t)n), db_int(c->conf->sync_lease_s), db_int(c->conf->schedule_s),
	    db_int(c->conf->host_rate), db_int(c->conf->host_burst),
	    db_int(c->conf->host_connections));
}

int
probe_finish(struct ctx *c, const struct probe_result *results, size_t n,
    struct probe_end **rows_out, size_t *n_out)
{
	return db_all(c, &probe_sql[PROBE_FINISH], rows_out, n_out,
	    db_text(list_json(c, result_in, results, n, sizeof(*results))),
	    db_int(c->conf->schedule_s), db_int(c->conf->sync_attempts),
	    db_int(c->conf->host_connections));
}

int
probe_release(struct ctx *c, const struct probe_held *held, size_t n)
{
	return db_do(c, &probe_sql[PROBE_RELEASE], NULL,
	    db_text(list_json(c, held_in, held, n, sizeof(*held))));
}

int
probe_hand_over(struct ctx *c, const struct probe_held *held, size_t n)
{
	return db_do(c, &probe_sql[PROBE_HAND_OVER], NULL,
	    db_text(list_json(c, held_in, held, n, sizeof(*held))));
}
