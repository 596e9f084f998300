#include "core/metrics.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "auth/mapped.h"
#include "base/conf.h"
#include "base/ip.h"
#include "base/str.h"
#include "db/db.h"
#include "store/metrics.h"

/* ---- who may read it */

static bool
is_listed(struct ctx *c, const struct ip *ip, bool *is_broken)
{
	size_t n;
	char **words = str_split(c->mem, c->conf->metrics_allow, ' ', &n);
	struct ip_network network;

	for (size_t i = 0; i < n; i++) {
		if (words[i][0] == '\0')
			continue;
		if (!ip_parse_network(c->mem, words[i], &network))
			*is_broken = true;
		else if (ip != NULL && ip_is_in(ip, &network))
			return true;
	}
	return false;
}

int
metrics_check_reader(struct ctx *c, const char *remote_addr)
{
	bool is_broken;
	struct ip ip;

	if (ip_parse_peer(remote_addr, &ip) && is_listed(c, &ip, &is_broken))
		return OK;
	return fail(c, E_NOTFOUND, "not found");
}

/* ---- what this machine's processes count together */

#define FORMAT 2
#define STATUS_LEAST 100
#define STATUS_MOST 599

static const char *const dialects[] = { "none", "health", "git", "abf", "rhodecode", "hub", "hpr",
	"web" };
#define N_DIALECTS (sizeof(dialects) / sizeof(dialects[0]))

/* The bounds of a histogram, in µs and as it names them. */
static const struct {
	int64_t us;
	const char *text;
} bounds[] = { { 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" }, { 10000, "0.01" },
	{ 25000, "0.025" }, { 50000, "0.05" }, { 100000, "0.1" }, { 250000, "0.25" },
	{ 500000, "0.5" }, { 1000000, "1" }, { 2500000, "2.5" }, { 10000000, "10" } };
#define N_BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

/* Each number is one word that is only added to: a process that dies leaves no half of it. */
struct counted {
	uint64_t status[STATUS_MOST - STATUS_LEAST + 1];
	uint64_t within[N_BOUNDS + 1]; /* the last: longer than all bounds */
	uint64_t us;
};

struct file {
	struct mapped head;
	struct counted rows[N_DIALECTS];
};

/* The mapping of this process: set once by metrics_open, ends with the process. */
static struct file *file;

int
metrics_open(struct ctx *c)
{
	bool is_broken = false;
	void *memory;

	(void)is_listed(c, NULL, &is_broken);
	if (is_broken)
		return fail(c, E_INVALID, "metrics.allow is not a list of networks");
	if (file != NULL)
		return OK;
	TRY(mapped_open(c, "metrics.shared", FORMAT, sizeof(struct file), &memory));
	file = memory;
	return OK;
}

static size_t
dialect_of(const char *name)
{
	for (size_t i = 1; i < N_DIALECTS; i++)
		if (strcmp(dialects[i], name) == 0)
			return i;
	return 0;
}

bool
metrics_has_dialect(const char *dialect)
{
	return dialect_of(dialect) != 0;
}

static void
add(uint64_t *n, uint64_t more)
{
	__atomic_fetch_add(n, more, __ATOMIC_RELAXED);
}

static uint64_t
seen(const uint64_t *n)
{
	return __atomic_load_n(n, __ATOMIC_RELAXED);
}

void
metrics_count(const char *dialect, int status, int64_t took_us)
{
	struct counted *row;
	size_t i = 0;

	if (file == NULL || status < STATUS_LEAST || status > STATUS_MOST || took_us < 0)
		return;
	row = &file->rows[dialect_of(dialect)];
	while (i < N_BOUNDS && took_us > bounds[i].us)
		i++;
	add(&row->status[status - STATUS_LEAST], 1);
	add(&row->within[i], 1);
	add(&row->us, (uint64_t)took_us);
}

/* ---- the families */

#define COUNTER "counter"
#define GAUGE "gauge"
#define HISTOGRAM "histogram"

#define FAILED(class) "outcome=\"failed\",class=\"" class "\""

/* A sample of a family is a row of the database: of `source`, under these labels; labels NULL:
 * under those that the row has (several rows). Rows of one family stand together. */
struct sample {
	const char *family, *type, *help;
	const char *source;
	const char *labels;
	const char *suffix; /* of the family's name, for parts of a histogram */
};

/* clang-format off */
static const struct sample samples[] = {
	/* family, type, help, source, labels */
	{ "mirrorhub_mirrors", GAUGE, "Mirrors by state, when last measured.", "mirror_states", NULL },
	{ "mirrorhub_mirrors_stale", GAUGE,
	  "Mirrors that were not checked for alert.age_intervals of their intervals.", "mirrors_stale", "" },
	{ "mirrorhub_mirror_age_seconds", HISTOGRAM,
	  "How long ago mirrors were last checked with success, paused ones left out. As last measured: "
	  "its buckets go down, too.", "mirror_age_bucket", NULL, "_bucket" },
	{ "mirrorhub_mirror_age_seconds", HISTOGRAM, "", "mirror_age_sum", "", "_sum" },
	{ "mirrorhub_mirror_age_seconds", HISTOGRAM, "", "mirror_age_count", "", "_count" },
	{ "mirrorhub_mirror_oldest_age_seconds", GAUGE,
	  "The age of the mirror that was checked longest ago, paused ones left out.", "oldest_at", "" },
	{ "mirrorhub_jobs", GAUGE, "Jobs by kind and state, when last measured.", "jobs", NULL },
	{ "mirrorhub_jobs_due", GAUGE, "Jobs that are due and not running, when last measured.", "due", "" },
	{ "mirrorhub_due_lag_seconds", GAUGE,
	  "For how long the job that waits longest has been due; 0 when none was.", "due_at", "" },
	{ "mirrorhub_workers", GAUGE, "Sync workers heard of in the last minute.", "workers", "" },
	{ "mirrorhub_runs_total", COUNTER, "Finished jobs of the queue, syncs but for probes.",
	  "processed", "" },
	{ "mirrorhub_runs_failed_total", COUNTER, "Finished jobs that failed.", "failures", "" },
	{ "mirrorhub_syncs_total", COUNTER,
	  "Syncs with a run of their own, by what became of them; failed ones by class.",
	  "runs_changed", "outcome=\"changed\",class=\"\"" },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_unchanged", "outcome=\"unchanged\",class=\"\"" },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_held", "outcome=\"held\",class=\"\"" },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_auth", FAILED("auth") },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_busy", FAILED("busy") },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_gone", FAILED("gone") },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_local", FAILED("local") },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_network", FAILED("network") },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_policy", FAILED("policy") },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_protocol", FAILED("protocol") },
	{ "mirrorhub_syncs_total", COUNTER, "", "runs_failed_tls", FAILED("tls") },
	{ "mirrorhub_sync_bytes_total", COUNTER, "Bytes that syncs have fetched.", "run_bytes", "" },
	{ "mirrorhub_sync_objects_total", COUNTER, "Objects that syncs have fetched.", "run_objects", "" },
	{ "mirrorhub_probes_total", COUNTER,
	  "Probes of upstreams by what they saw; those that failed are failed syncs.",
	  "probes_unchanged", "outcome=\"unchanged\"" },
	{ "mirrorhub_probes_total", COUNTER, "", "probes_changed", "outcome=\"changed\"" },
	{ "mirrorhub_lease_expiries_total", COUNTER,
	  "Jobs whose program disappeared, so that their lease ran out.", "busy_reaped", "" },
	{ "mirrorhub_workers_reaped_total", COUNTER, "Sync workers that fell silent.",
	  "workers_reaped", "" },
	{ "mirrorhub_worker_kills_total", COUNTER,
	  "Worker processes that died, or were killed for what they did.", "worker_kills", "" },
	{ "mirrorhub_jobs_claimed_total", COUNTER, "Sync jobs taken at their time, or to be tried again.",
	  "scheduled_moved", "why=\"scheduled\"" },
	{ "mirrorhub_jobs_claimed_total", COUNTER, "", "retries_moved", "why=\"retry\"" },
	{ "mirrorhub_hosts", GAUGE, "Hosts that mirrors have, when last measured.", "hosts", "" },
	{ "mirrorhub_breakers_open", GAUGE,
	  "Hosts that nobody asks for now, when last measured.", "breakers_open", "" },
	{ "mirrorhub_targets", GAUGE,
	  "Targets that projects are pushed on to, by state, when last measured.", "targets", NULL },
	{ "mirrorhub_deliveries", GAUGE,
	  "Deliveries to webhooks that are kept, by state, when last measured.", "deliveries", NULL },
	{ "mirrorhub_webhooks_off", GAUGE, "Webhooks that are switched off.", "webhooks_off", "" },
	{ "mirrorhub_projects", GAUGE, "Projects.", "projects", "" },
	{ "mirrorhub_stores", GAUGE, "Stores, when last measured.", "stores", "" },
	{ "mirrorhub_stores_damaged", GAUGE, "Stores known to be damaged, when last measured.",
	  "stores_damaged", "" },
	{ "mirrorhub_store_bytes", GAUGE, "Size of all stores, when last measured.", "store_bytes", "" },
	{ "mirrorhub_measured_timestamp_seconds", GAUGE,
	  "When a sync program last measured what is said to be measured; 0: never.", "measured_at", "" },
	{ "mirrorhub_measuring_seconds", GAUGE, "How long that took.", "measuring_s", "" },
};
/* clang-format on */

#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void
head(struct buf *out, const char *family, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", family, help, family, type);
}

static void
line(struct buf *out, const struct sample *s, const struct metrics_row *row)
{
	const char *labels = s->labels != NULL ? s->labels : row->label;

	buf_printf(out, labels[0] != '\0' ? "%s%s{%s} %s\n" : "%s%s%s %s\n", s->family,
	    s->suffix != NULL ? s->suffix : "", labels, row->value);
}

/* Names come sorted, labels do not in the way of numbers; Prometheus does not mind. */
static void
write_database(struct buf *out, const struct metrics_row *rows, size_t n)
{
	const char *family = "";

	for (const struct sample *s = samples; s < samples + N_SAMPLES; s++)
		for (size_t i = 0; i < n; i++) {
			if (strcmp(rows[i].name, s->source) != 0)
				continue;
			if (strcmp(family, s->family) != 0)
				head(out, s->family, s->type, s->help);
			family = s->family;
			line(out, s, &rows[i]);
		}
}

static void
write_requests(struct buf *out)
{
	head(out, "mirrorhub_http_requests_total", COUNTER,
	    "Answers of this machine's web programs by dialect and status.");
	for (size_t d = 0; d < N_DIALECTS; d++)
		for (int s = STATUS_LEAST; s <= STATUS_MOST; s++) {
			uint64_t n = seen(&file->rows[d].status[s - STATUS_LEAST]);

			if (n > 0)
				buf_printf(out,
				    "mirrorhub_http_requests_total{dialect=\"%s\",status=\"%d\"} "
				    "%llu\n",
				    dialects[d], s, (unsigned long long)n);
		}
}

#define DURATION "mirrorhub_http_request_duration_seconds"

static void
write_durations(struct buf *out)
{
	head(out, DURATION, HISTOGRAM, "How long they took.");
	for (size_t d = 0; d < N_DIALECTS; d++) {
		const struct counted *row = &file->rows[d];
		uint64_t n = 0;

		for (size_t i = 0; i <= N_BOUNDS; i++) {
			n += seen(&row->within[i]);
			buf_printf(out, DURATION "_bucket{dialect=\"%s\",le=\"%s\"} %llu\n",
			    dialects[d], i < N_BOUNDS ? bounds[i].text : "+Inf",
			    (unsigned long long)n);
		}
		buf_printf(out,
		    DURATION "_sum{dialect=\"%s\"} %.6f\n" DURATION "_count{dialect=\"%s\"} %llu\n",
		    dialects[d], (double)seen(&row->us) / 1e6, dialects[d], (unsigned long long)n);
	}
}

/* The disk of the data folder, as this machine sees it. */
static void
write_disk(struct ctx *c, struct buf *out)
{
	struct statvfs v;

	if (statvfs(c->conf->data_dir, &v) != 0)
		return;
	head(out, "mirrorhub_disk_free_bytes", GAUGE, "Free on the disk of data.dir.");
	buf_printf(
	    out, "mirrorhub_disk_free_bytes %llu\n", (unsigned long long)v.f_bavail * v.f_frsize);
	head(out, "mirrorhub_disk_size_bytes", GAUGE, "Size of the disk of data.dir.");
	buf_printf(
	    out, "mirrorhub_disk_size_bytes %llu\n", (unsigned long long)v.f_blocks * v.f_frsize);
}

int
metrics_write(struct ctx *c, struct buf *out)
{
	struct metrics_row *rows;
	size_t n;

	TRY(metrics_list(c, &rows, &n));
	head(out, "mirrorhub_build_info", GAUGE, "1, for what the labels say.");
	buf_printf(out, "mirrorhub_build_info{schema=\"%d\",libpq=\"%s\"} 1\n", SCHEMA_VERSION,
	    db_version(c));
	write_database(out, rows, n);
	if (file != NULL) {
		write_requests(out);
		write_durations(out);
	}
	write_disk(c, out);
	return OK;
}
