/* The columns of a mirror with its job and how long it has failed (struct mirror of
 * store/mirror.h). For any statement with `hub.mirror m` and `hub.job j`, its sync job, which may
 * be missing. */
#ifndef STORE_MIRROR_FIELDS_H
#define STORE_MIRROR_FIELDS_H

#include "db/db.h"

/* clang-format off */
#define MIRROR_JOB "LEFT JOIN hub.job j ON j.project_id = m.project_id AND j.kind = 'sync' "

/* When it was last proven what its upstream has: by a sync of its own, or by a list of the upstream's
 * that says that what we have is what is there (the view hub.mirror_now says the same). */
#define MIRROR_CHECKED                                                                             \
	"greatest(m.last_success_at, (SELECT f.checked_at FROM hub.manifest f "                    \
	"WHERE f.id = m.listed_by AND m.taken_fingerprint = m.listed_fingerprint))"

/* Each failure has its run, so the first of those in a row is the one so far back; it is looked for
 * among the last MIRROR_FAILURES_SEEN. A job that somebody waits for has run_at -infinity. */
#define MIRROR_COLUMNS                                                                             \
	"coalesce(m.url, '') AS url, m.mirror_url, coalesce(m.interval_s, 0) AS interval_s, "      \
	"coalesce(m.paused, false) AS is_paused, "                                                 \
	"coalesce(m.latest_version, '') AS latest_version, "                                       \
	"coalesce(" DB_SECONDS("m.last_success_at") ", 0) AS last_success_at, "                    \
	"coalesce(" DB_SECONDS(MIRROR_CHECKED) ", 0) AS checked_at, "                              \
	"coalesce(" DB_SECONDS("m.last_change_at") ", 0) AS last_change_at, "                      \
	"coalesce(m.failures, 0) AS failures, coalesce((SELECT " DB_SECONDS("q.finished_at")       \
	" FROM hub.run q WHERE q.project_id = m.project_id AND m.failures > 0 ORDER BY q.id DESC " \
	"OFFSET greatest(least(m.failures, 1000) - 1, 0) LIMIT 1), 0) AS failing_since, "          \
	"coalesce(m.error_class, '') AS error_class, coalesce(m.error_text, '') AS error_text, "   \
	"coalesce(" DB_SECONDS("m.held_at") ", 0) AS held_at, "                                    \
	"coalesce(m.moved_to, '') AS moved_to, "                                                   \
	"coalesce(j.state, '') AS job_state, coalesce(j.phase, '') AS job_phase, "                 \
	"CASE WHEN j.state IN ('scheduled', 'retry', 'dead') AND isfinite(j.run_at) "              \
	"THEN " DB_SECONDS("j.run_at") " ELSE 0 END AS next_at, "                                  \
	"coalesce(" DB_SECONDS("hub.job_was_due(j)") ", 0) AS due_at, "                            \
	"coalesce(CASE WHEN j.state = 'running' THEN " DB_SECONDS("j.started_at") " END, 0) "      \
	"AS started_at, coalesce(j.worker, '') AS worker, coalesce(j.bytes, 0) AS bytes, "         \
	"coalesce(j.objects, 0) AS objects, coalesce(j.objects_total, 0) AS objects_total"

/* in: nothing, or the member of T that is the struct mirror, with its dot. */
#define MIRROR_FIELDS(T, in)                                                                       \
	FIELD_AS(T, in url, "url"),                                                                \
	FIELD_AS(T, in mirror_url, "mirror_url"),                                                  \
	FIELD_AS(T, in interval_s, "interval_s"),                                                  \
	FIELD_AS(T, in is_paused, "is_paused"),                                                    \
	FIELD_AS(T, in latest_version, "latest_version"),                                          \
	FIELD_AS(T, in last_success_at, "last_success_at"),                                        \
	FIELD_AS(T, in checked_at, "checked_at"),                                                  \
	FIELD_AS(T, in last_change_at, "last_change_at"),                                          \
	FIELD_AS(T, in failures, "failures"),                                                      \
	FIELD_AS(T, in failing_since, "failing_since"),                                            \
	FIELD_AS(T, in error_class, "error_class"),                                                \
	FIELD_AS(T, in error_text, "error_text"),                                                  \
	FIELD_AS(T, in held_at, "held_at"),                                                        \
	FIELD_AS(T, in moved_to, "moved_to"),                                                      \
	FIELD_AS(T, in job_state, "job_state"),                                                    \
	FIELD_AS(T, in job_phase, "job_phase"),                                                    \
	FIELD_AS(T, in next_at, "next_at"),                                                        \
	FIELD_AS(T, in due_at, "due_at"),                                                          \
	FIELD_AS(T, in started_at, "started_at"),                                                  \
	FIELD_AS(T, in worker, "worker"),                                                          \
	FIELD_AS(T, in bytes, "bytes"),                                                            \
	FIELD_AS(T, in objects, "objects"),                                                        \
	FIELD_AS(T, in objects_total, "objects_total")
/* clang-format on */

#endif
