#include "store/job.h"

#include <assert.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/field.h"
#include "base/js.h"
#include "db/db.h"
#include "store/store.h"

#define BATCH_MAX_BYTES (1024 * 1024)
#define PACKAGES_MAX_BYTES (16 * 1024 * 1024)

struct id_row {
	int64_t id;
};

struct ours_row {
	bool is_ours;
};

static const struct field id_row[] = { FIELD(id_row, id), { 0 } };
static const struct field ours_row[] = { FIELD(ours_row, is_ours), { 0 } };

static const struct field job_row[] = {
	FIELD(job, id),
	FIELD(job, kind),
	FIELD(job, fence),
	FIELD(job, worker),
	FIELD(job, attempts),
	FIELD(job, project_id),
	FIELD(job, path),
	FIELD(job, store_id),
	FIELD(job, fingerprint),
	FIELD(job, url),
	FIELD(job, sealed_credentials),
	FIELD(job, interval_s),
	FIELD(job, branches),
	FIELD(job, options),
	FIELD(job, target_id),
	FIELD(job, host_id),
	PACE_FIELDS(job, pace.),
	{ 0 },
};

/* What the SQL functions read, as JSON. */
static const struct field held_in[] = {
	FIELD(job_held, id),
	FIELD(job_held, fence),
	FIELD(job_held, phase),
	FIELD(job_held, bytes),
	FIELD(job_held, objects),
	FIELD(job_held, objects_total),
	{ 0 },
};

static const struct field result_in[] = {
	FIELD(job_result, id),
	FIELD(job_result, fence),
	FIELD(job_result, project_id),
	FIELD(job_result, is_changed),
	FIELD(job_result, error_class),
	FIELD(job_result, error_text),
	FIELD(job_result, delay_s),
	FIELD(job_result, bytes),
	FIELD(job_result, objects),
	FIELD(job_result, refs_changed),
	FIELD(job_result, size_bytes),
	FIELD(job_result, fingerprint),
	FIELD(job_result, latest_version),
	FIELD(job_result, head),
	FIELD(job_result, is_held),
	FIELD(job_result, retry_after_s),
	FIELD(job_result, host_v2),
	FIELD(job_result, facts),
	PACE_NEXT_FIELDS(job_result, next.),
	FIELD(job_result, is_lost),
	{ 0 },
};

static const struct field package_in[] = {
	FIELD(job_package, branch),
	FIELD(job_package, commit_id),
	FIELD(job_package, committer_name),
	FIELD(job_package, committer_email),
	FIELD(job_package, name),
	FIELD(job_package, epoch),
	FIELD(job_package, version),
	FIELD(job_package, release),
	{ 0 },
};

enum {
	JOB_CLAIM,
	JOB_RENEW,
	JOB_RELEASE,
	JOB_FINISH,
	JOB_PUT_PACKAGES,
	JOB_PUT_REFS,
	JOB_REAP,
	JOB_PASS,
	JOB_BEAT,
	JOB_FORGET_WORKERS,
	JOB_FENCE_NEWEST,
	JOB_FENCES_RUNNING,
	JOB_DELETE_OLD_RUNS,
	JOB_UNKNOWN_STORES,
};

const struct db_stmt job_sql[] = {
	[JOB_CLAIM] = { "job_claim",
	    "SELECT id, kind, fence, worker, attempts, project_id, path, store_id,"
	    " fingerprint, url, sealed_credentials, interval_s, branches, options, target_id,"
	    " host_id, " PACE_COLUMNS " FROM hub.job_claim($1, $2, $3, $4, $5, $6, $7, $8)",
	    job_row, sizeof(struct job) },
	[JOB_RENEW] = { "job_renew", "SELECT id FROM hub.job_renew($1, $2) id", id_row,
	    sizeof(struct id_row) },
	[JOB_RELEASE] = { "job_release", "SELECT id FROM hub.job_release($1) id", id_row,
	    sizeof(struct id_row) },
	[JOB_FINISH] = { "job_finish", "SELECT id FROM hub.job_finish($1, $2, $3, $4, $5) id",
	    id_row, sizeof(struct id_row) },
	[JOB_PUT_PACKAGES] = { "job_put_packages",
	    "SELECT hub.package_put($1, $2, $3, $4) AS is_ours", ours_row,
	    sizeof(struct ours_row) },
	[JOB_PUT_REFS] = { "job_put_refs",
	    "INSERT INTO hub.sync_refs (fence, refs, with_hooks)"
	    " SELECT j.fence, $3::jsonb, $4 FROM hub.job j WHERE j.id = $1 AND j.fence = $2"
	    " ON CONFLICT (fence) DO NOTHING",
	    NULL, 0 },
	[JOB_REAP] = { "job_reap", "SELECT hub.job_reap($1, $2, $3, $4) AS id", id_row,
	    sizeof(struct id_row) },
	[JOB_PASS] = { "job_pass", "SELECT 1::bigint AS id FROM hub.job_pass($1, $2)", id_row,
	    sizeof(struct id_row) },
	[JOB_BEAT] = { "job_beat",
	    "INSERT INTO hub.worker (name) SELECT w FROM jsonb_array_elements_text($1) w ORDER BY w"
	    " ON CONFLICT (name) DO UPDATE SET beat_at = now()",
	    NULL, 0 },
	[JOB_FORGET_WORKERS] = { "job_forget_workers",
	    "DELETE FROM hub.worker WHERE name IN (SELECT jsonb_array_elements_text($1))", NULL,
	    0 },
	[JOB_FENCE_NEWEST] = { "job_fence_newest",
	    "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS id FROM hub.fence_seq",
	    id_row, sizeof(struct id_row) },
	[JOB_FENCES_RUNNING] = { "job_fences_running",
	    "SELECT id FROM hub.job_fences_running() id LIMIT 100000", id_row,
	    sizeof(struct id_row) },
	[JOB_DELETE_OLD_RUNS] = { "job_delete_old_runs",
	    "DELETE FROM hub.run WHERE id IN (SELECT id FROM hub.run ORDER BY id LIMIT 1000)"
	    " AND finished_at < now() - interval '90 days'",
	    NULL, 0 },
	[JOB_UNKNOWN_STORES] = { "job_unknown_stores",
	    "SELECT f.id::bigint AS id FROM jsonb_array_elements_text($1) f (id)"
	    " WHERE NOT EXISTS (SELECT FROM hub.store s WHERE s.id = f.id::bigint) LIMIT 1000",
	    id_row, sizeof(struct id_row) },
	{ 0 },
};

static const char *
text_of(const struct buf *b)
{
	assert(!b->full); /* batches are bounded, and so are the texts in them */
	return b->data;
}

static const char *
names_json(struct ctx *c, const char *const *names, size_t n)
{
	struct buf *b = buf_new(c->mem, BATCH_MAX_BYTES);

	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		js_text(b, names[i]);
	}
	buf_char(b, ']');
	return text_of(b);
}

static const char *
list_json(struct ctx *c, const struct field *fields, const void *rows, size_t n, size_t size)
{
	struct buf *b = buf_new(c->mem, BATCH_MAX_BYTES);

	assert(n <= JOB_BATCH_MAX);
	js_list(b, fields, rows, n, size);
	return text_of(b);
}

static void
ids_of(struct ctx *c, const struct id_row *rows, size_t n, int64_t **ids_out)
{
	*ids_out = arena_new_array(c->mem, int64_t, n + 1);
	for (size_t i = 0; i < n; i++)
		(*ids_out)[i] = rows[i].id;
}

int
job_claim(struct ctx *c, const char *const *workers, size_t n, bool with_syncs,
    struct job **rows_out, size_t *n_out)
{
	const char *want = !with_syncs ? "light" : c->conf->sync_probes > 0 ? "slots" : "all";

	assert(n <= JOB_BATCH_MAX);
	return db_all(c, &job_sql[JOB_CLAIM], rows_out, n_out, db_text(names_json(c, workers, n)),
	    db_int((int64_t)n), db_text(want), db_int(c->conf->sync_lease_s),
	    db_int(c->conf->schedule_s), db_int(c->conf->host_rate), db_int(c->conf->host_burst),
	    db_int(c->conf->host_connections));
}

int
job_renew(struct ctx *c, const struct job_held *held, size_t n, int64_t **ids_out, size_t *n_out)
{
	struct id_row *rows;
	size_t n_rows;

	TRY(db_all(c, &job_sql[JOB_RENEW], &rows, &n_rows,
	    db_text(list_json(c, held_in, held, n, sizeof(*held))), db_int(c->conf->sync_lease_s)));
	ids_of(c, rows, n_rows, ids_out);
	*n_out = n_rows;
	return OK;
}

int
job_release(struct ctx *c, const struct job_held *held, size_t n)
{
	struct id_row *rows;
	size_t n_rows;

	return db_all(c, &job_sql[JOB_RELEASE], &rows, &n_rows,
	    db_text(list_json(c, held_in, held, n, sizeof(*held))));
}

int
job_finish(
    struct ctx *c, const struct job_result *results, size_t n, int64_t **ids_out, size_t *n_out)
{
	struct id_row *rows;
	size_t n_rows;

	TRY(db_all(c, &job_sql[JOB_FINISH], &rows, &n_rows,
	    db_text(list_json(c, result_in, results, n, sizeof(*results))),
	    db_int(c->conf->schedule_s), db_int(c->conf->sync_attempts),
	    db_bool(c->conf->sync_probes > 0), db_int(c->conf->host_connections)));
	ids_of(c, rows, n_rows, ids_out);
	*n_out = n_rows;
	return OK;
}

int
job_put_packages(struct ctx *c, const struct job_held *held, const char *branches,
    const struct job_package *rows, size_t n, bool *is_ours_out)
{
	struct buf *b = buf_new(c->mem, PACKAGES_MAX_BYTES);
	struct ours_row row;

	assert(n <= JOB_PACKAGES_MAX);
	js_list(b, package_in, rows, n, sizeof(*rows));
	TRY(db_one(c, &job_sql[JOB_PUT_PACKAGES], &row, db_int(held->id), db_int(held->fence),
	    db_text(branches), db_text(text_of(b))));
	*is_ours_out = row.is_ours;
	return OK;
}

int
job_put_refs(struct ctx *c, const struct job_held *held, const struct ref_change *rows, size_t n,
    bool with_hooks)
{
	return db_do(c, &job_sql[JOB_PUT_REFS], NULL, db_int(held->id), db_int(held->fence),
	    db_text(ref_list_json(c, rows, n)), db_bool(with_hooks));
}

int
job_reap(struct ctx *c, int64_t *n_out)
{
	struct id_row row;

	TRY(db_one(c, &job_sql[JOB_REAP], &row, db_int(c->conf->schedule_s),
	    db_int(c->conf->sync_attempts), db_bool(c->conf->sync_probes > 0),
	    db_int(c->conf->host_connections)));
	*n_out = row.id;
	return OK;
}

int
job_pass(struct ctx *c, const char *const *workers, size_t n, int64_t claim_wall_us)
{
	struct id_row row;

	return db_one(
	    c, &job_sql[JOB_PASS], &row, db_text(names_json(c, workers, n)), db_int(claim_wall_us));
}

int
job_beat(struct ctx *c, const char *const *workers, size_t n)
{
	return db_do(c, &job_sql[JOB_BEAT], NULL, db_text(names_json(c, workers, n)));
}

int
job_forget_workers(struct ctx *c, const char *const *workers, size_t n)
{
	return db_do(c, &job_sql[JOB_FORGET_WORKERS], NULL, db_text(names_json(c, workers, n)));
}

int
job_fences(struct ctx *c, struct job_fences *out)
{
	struct id_row newest, *rows;
	size_t n;

	/* this order: what is claimed in between has a fence above newest, and claims that were
	 * under way are waited for */
	TRY(db_one(c, &job_sql[JOB_FENCE_NEWEST], &newest));
	TRY(db_all(c, &job_sql[JOB_FENCES_RUNNING], &rows, &n));
	out->newest = newest.id;
	out->n_running = n;
	ids_of(c, rows, n, &out->running);
	return OK;
}

int
job_delete_old_runs(struct ctx *c, int64_t *n_out)
{
	return db_do(c, &job_sql[JOB_DELETE_OLD_RUNS], n_out);
}

int
job_unknown_stores(struct ctx *c, const int64_t *ids, size_t n, int64_t **ids_out, size_t *n_out)
{
	struct buf *b = buf_new(c->mem, BATCH_MAX_BYTES);
	struct id_row *rows;
	size_t n_rows;

	assert(n <= 1000);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%c%lld", i == 0 ? '[' : ',', (long long)ids[i]);
	buf_text(b, n == 0 ? "[]" : "]");
	TRY(db_all(c, &job_sql[JOB_UNKNOWN_STORES], &rows, &n_rows, db_text(text_of(b))));
	ids_of(c, rows, n_rows, ids_out);
	*n_out = n_rows;
	return OK;
}
