#include "sync/keeper.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/str.h"

#define US_PER_MS 1000
#define US_PER_S INT64_C(1000000)
#define HOUR_US (3600 * US_PER_S)
#define AFTER_S 30 /* over the limits of what it runs, which come first */
#define AUDIT_EVERY_US (10 * US_PER_S)
#define TEXT_MAX 1000

static void
end(void *keeper)
{
	struct keeper *k = keeper;

	child_kill(&k->child);
	arena_free(k->mem);
}

void
keeper_open(struct keeper *k, struct arena *mem, const char *conf_path)
{
	*k = (struct keeper){ .conf_path = conf_path, .mem = arena_new() };
	k->child.fd = -1;
	arena_defer(mem, end, k);
}

static void
forget(struct keeper *k)
{
	arena_reset(k->mem);
	k->chore = 0;
	k->is_done = k->has_kept = false;
	k->result = (struct audit_result){ 0 };
	k->error = "";
}

/* ---- what the worker says */

static void
finish(struct keeper *k)
{
	k->took_us = clock_mono_us() - k->begun_us;
	k->is_done = true;
}

static void
lose(struct keeper *k, const char *why)
{
	child_kill(&k->child);
	if (k->chore == 0 || k->is_done)
		return;
	k->error = arena_strdup(k->mem, why);
	k->result =
	    (struct audit_result){ .found = "failed", .sentence = k->error, .fingerprint = "" };
	finish(k);
}

static bool
is_found(const char *word)
{
	static const char *const words[] = { "whole", "rebuilt", "damaged", "missing", "failed" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is_equal(words[i], word))
			return true;
	return false;
}

static bool
is_fingerprint(const char *text)
{
	unsigned char bytes[32];

	return text[0] == '\0' || str_is_hex(text, bytes, sizeof(bytes));
}

static int
on_line(struct keeper *k, struct ctx *c, const char *line)
{
	struct wire_message m;
	const struct wire_result *r = &m.result;

	TRY(wire_parse(c, line, strlen(line), &m));
	if (m.type != WIRE_RESULT || k->chore == 0 || k->is_done || r->bytes < 0 ||
	    !is_fingerprint(r->fingerprint) || (k->chore == KEEPER_AUDIT && !is_found(r->found)))
		return fail(c, E_INVALID, "a keeper does not say that");
	k->error = str_utf8(k->mem, r->error_text, strnlen(r->error_text, TEXT_MAX));
	k->has_kept = r->is_changed;
	k->result = (struct audit_result){
		.found = arena_strdup(k->mem, r->found),
		.sentence = k->error,
		.fingerprint = arena_strdup(k->mem, r->fingerprint),
		.bytes = r->bytes,
	};
	finish(k);
	return OK;
}

/* Seconds that the chore may take. */
static int64_t
limit_s(const struct keeper *k, struct ctx *c)
{
	return AFTER_S +
	    (k->chore == KEEPER_AUDIT ? c->conf->audit_total_s : c->conf->sync_total_s);
}

static void
hear(struct keeper *k, struct ctx *c)
{
	char *line = NULL;
	int status, code;

	if (k->child.pid == 0)
		return;
	code = child_line(c, &k->child, &line);
	if (code == OK && line != NULL)
		code = on_line(k, c, line);
	if (code == E_INVALID)
		lose(k, c->reason);
	else if (code != OK || child_has_ended(&k->child, &status))
		lose(k, "the process that did it ended");
	else if (k->chore != 0 && !k->is_done &&
	    clock_mono_us() - k->begun_us > limit_s(k, c) * US_PER_S)
		lose(k, "it took too long");
}

/* An upkeep holds the store's lock, for minutes if the store is large; when the sync has published
 * it is due again. */
void
keeper_hear(struct keeper *k, const struct crew *w)
{
	hear(k, w->c);
	if (k->chore != 0 && !k->is_done && crew_needs_store(w, k->store_id))
		keeper_stop(k);
}

void
keeper_stop(struct keeper *k)
{
	child_kill(&k->child);
	if (k->chore == KEEPER_AUDIT && !k->is_done)
		lose(k, "a sync wanted the store"); /* its turn goes to the next one */
	else if (!k->is_done)
		forget(k);
}

nfds_t
keeper_poll(const struct keeper *k, struct pollfd *fds)
{
	if (k->child.fd < 0)
		return 0;
	fds[0] = (struct pollfd){ .fd = k->child.fd, .events = POLLIN };
	return 1;
}

pid_t
keeper_pid(const struct keeper *k)
{
	return k->child.pid;
}

/* ---- when */

static bool
is_machine_busy(struct ctx *c)
{
	double load;

	return c->conf->upkeep_load_percent > 0 && getloadavg(&load, 1) == 1 &&
	    load * 100 > (double)(c->conf->upkeep_load_percent * sysconf(_SC_NPROCESSORS_ONLN));
}

/* Syncs come first: one place is free, so nobody waits for one. */
static bool
is_crew_busy(const struct crew *w)
{
	return crew_count(w, SLOT_FREE) == 0 || w->wants_claim || w->is_closing;
}

static bool
has_budget(struct keeper *k, struct ctx *c)
{
	int64_t now_us = clock_mono_us();

	if (now_us >= k->hour_us) {
		k->hour_us = now_us + HOUR_US;
		k->spent_us = 0;
	}
	return k->spent_us < c->conf->upkeep_s_per_hour * US_PER_S;
}

/* A machine that is never quiet: clones only get dearer by waiting on, so an upkeep waits for an
 * hour at most. An audit can wait. */
static bool
may_keep(struct keeper *k, struct ctx *c, bool is_busy)
{
	int64_t now_us = clock_mono_us();

	if (!is_busy || k->waits_us == 0)
		k->waits_us = is_busy ? now_us : 0;
	return has_budget(k, c) && (!is_busy || now_us - k->waits_us > HOUR_US);
}

bool
keeper_is_done(const struct keeper *k, const struct crew *w)
{
	bool has_audit = w->c->conf->audit_days > 0 && clock_mono_us() >= k->audit_us;

	return k->chore == 0 && (k->is_paused || (w->n_upkeep == 0 && !has_audit));
}

/* ---- doing it */

static int
start_and_send(struct keeper *k, struct ctx *c, const char *line)
{
	if (k->child.pid == 0)
		TRY(child_start(c, &k->child, k->conf_path));
	k->child.jobs++;
	return child_send(c, &k->child, line);
}

static void
begin(struct keeper *k, struct ctx *c, const struct wire_job *job)
{
	const struct wire_message m = { .type = WIRE_JOB, .job = *job };
	const char *line = wire_text(c->mem, &m);
	bool is_old = k->child.pid != 0;
	int code;

	k->chore = str_is_equal(job->kind, "audit") ? KEEPER_AUDIT : KEEPER_UPKEEP;
	k->store_id = job->store_id;
	k->begun_us = clock_mono_us();
	k->error = "";
	code = start_and_send(k, c, line);
	if (code != OK && is_old) { /* it died since, and nobody has noticed yet */
		child_kill(&k->child);
		code = start_and_send(k, c, line);
	}
	if (code != OK)
		lose(k, c->reason);
}

static struct wire_job
job_of(const char *kind, int64_t store_id)
{
	return (struct wire_job){ .kind = kind,
		.store_id = store_id,
		.url = "",
		.credentials = "",
		.fingerprint = "",
		.running = "",
		.branches = "" };
}

static void
begin_upkeep(struct keeper *k, struct crew *w)
{
	const struct wire_job job = job_of("upkeep", w->upkeep[--w->n_upkeep]);

	k->path = "";
	begin(k, w->c, &job);
}

static int
begin_audit(struct keeper *k, struct ctx *c)
{
	struct audit audit;
	struct wire_job job;
	int code;

	if (c->conf->audit_days == 0 || clock_mono_us() < k->audit_us)
		return OK;
	code = audit_claim(c, limit_s(k, c) + AFTER_S, &audit);
	if (code == E_NOTFOUND) {
		k->audit_us = clock_mono_us() + AUDIT_EVERY_US;
		return OK;
	}
	TRY(code);
	job = job_of("audit", audit.store_id);
	job.fingerprint = audit.fingerprint;
	job.options = audit.options;
	job.may_repair = audit.may_repair && !audit.is_mirror;
	k->path = arena_strdup(k->mem, audit.path);
	begin(k, c, &job);
	return OK;
}

/* ---- what came of it */

static int
write_upkeep(struct keeper *k, struct ctx *c)
{
	k->spent_us += k->took_us;
	if (k->has_kept)
		TRY(audit_note_upkeep(c, k->store_id, k->took_us / US_PER_MS));
	if (k->error[0] != '\0')
		log_write(
		    LOG_WARN, "upkeep", LOG_INT("store", k->store_id), LOG_TEXT("why", k->error));
	else if (k->has_kept)
		log_write(LOG_INFO, "upkeep", LOG_INT("store", k->store_id),
		    LOG_INT("ms", k->took_us / US_PER_MS));
	return OK;
}

static int
write_audit(struct keeper *k, struct ctx *c)
{
	const struct audit_result *r = &k->result;
	const char *news;
	enum log_level level = LOG_INFO;

	TRY(audit_finish(c, k->store_id, r, &news));
	if (str_is_equal(r->found, "damaged") || str_is_equal(r->found, "missing"))
		level = str_is_equal(news, "damaged") ? LOG_ERR : LOG_WARN;
	else if (!str_is_equal(r->found, "whole"))
		level = LOG_WARN;
	log_write(level, "audit", LOG_INT("store", k->store_id), LOG_TEXT("project", k->path),
	    LOG_TEXT("found", r->found), LOG_TEXT("why", r->sentence), LOG_INT("bytes", r->bytes),
	    LOG_INT("ms", k->took_us / US_PER_MS));
	return OK;
}

static int
write_done(struct keeper *k, struct ctx *c)
{
	if (!k->is_done)
		return OK;
	TRY(k->chore == KEEPER_AUDIT ? write_audit(k, c) : write_upkeep(k, c));
	forget(k);
	if (k->child.pid != 0 && child_is_worn(c, &k->child))
		child_kill(&k->child);
	return OK;
}

int
keeper_work(struct keeper *k, struct crew *w)
{
	bool is_busy;

	TRY(write_done(k, w->c));
	if (w->is_closing || w->is_disk_low)
		w->n_upkeep = 0;
	if (k->chore != 0 || w->is_closing || is_crew_busy(w))
		return OK;
	is_busy = is_machine_busy(w->c);
	k->is_paused = is_busy;
	if (w->n_upkeep > 0) {
		k->is_paused = !may_keep(k, w->c, is_busy);
		if (!k->is_paused)
			begin_upkeep(k, w);
	} else if (!is_busy) {
		TRY(begin_audit(k, w->c));
	}
	return OK;
}
