#include "sync/removals.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "sync/gitlab_token.h"
#include "sync/schedule.h"
#include "sync/target_spec.h"

#define US_PER_S 1000000
#define TOTAL_S 60    /* for the calls of one */
#define AFTER_S 5     /* over that: its own limit comes first */
#define LEASE_S 120   /* more than both, and a restart of the database */
#define LOOK_S 2      /* between two looks that find nothing */
#define PERIOD_S 3600 /* what does not pass by itself is tried so often */
#define TEXT_MAX_BYTES 1000

static void
end(void *removals)
{
	struct removals *r = removals;

	child_kill(&r->child);
	arena_free(r->mem);
}

void
removals_open(struct removals *r, struct ctx *c, struct arena *mem, const char *conf_path)
{
	(void)c;
	*r = (struct removals){ .conf_path = conf_path, .mem = arena_new() };
	r->child.fd = -1;
	arena_defer(mem, end, r);
}

/* ---- one */

static void
finish(struct removals *r, enum sync_error error, const char *error_text, int64_t retry_after_s)
{
	r->error = error;
	r->error_text = arena_strdup(r->mem, error_text);
	r->retry_after_s = retry_after_s;
	r->is_done = true;
}

static void
lose(struct removals *r, const char *why)
{
	child_kill(&r->child);
	if (r->is_busy && !r->is_done)
		finish(r, SYNC_LOCAL, why, 0);
}

static void
keep(struct removals *r, const struct forge_removal *row)
{
	struct arena *mem = r->mem;

	r->row = *row;
	r->row.provider = arena_strdup(mem, row->provider);
	r->row.provider_url = arena_strdup(mem, row->provider_url);
	r->row.provider_namespace = arena_strdup(mem, row->provider_namespace);
	r->row.provider_options = arena_strdup(mem, row->provider_options);
	r->row.provider_project_id = arena_strdup(mem, row->provider_project_id);
	r->row.path = arena_strdup(mem, row->path);
}

/* The hub's token is for the hub's GitLab: one that was set before is not told it. */
static int
token_for(struct removals *r, struct ctx *c)
{
	const char *token;

	if (strcmp(r->row.provider_url, c->conf->gitlab_endpoint) != 0)
		return fail(
		    c, E_INVALID, "gitlab.endpoint is not the address where this project was made");
	TRY(gitlab_token_read(c, &token));
	r->token = arena_strdup(r->mem, token);
	return OK;
}

static int
send_off(struct removals *r, struct ctx *c)
{
	struct target_spec spec = { .path = r->row.path,
		.description = "",
		.upstream = "",
		.url = "",
		.credentials = "",
		.ref_include = "",
		.ref_exclude = "",
		.last_fingerprint = "",
		.avoid_ids = "" };
	struct wire_message m = { .type = WIRE_UNMAKE, .unmake.total_s = TOTAL_S };

	TRY(token_for(r, c));
	log_hide(r->token);
	spec.provider = r->row.provider;
	spec.provider_url = r->row.provider_url;
	spec.provider_namespace = r->row.provider_namespace;
	spec.provider_options = r->row.provider_options;
	spec.provider_project_id = r->row.provider_project_id;
	spec.token = r->token;
	m.unmake.spec = target_spec_text(c->mem, &spec);
	if (r->child.pid == 0)
		TRY(child_start(c, &r->child, r->conf_path));
	return child_send(c, &r->child, wire_text(c->mem, &m));
}

static void
give(struct removals *r, struct ctx *c, const struct forge_removal *row)
{
	keep(r, row);
	r->is_busy = true;
	r->is_done = false;
	r->begun_us = clock_mono_us();
	if (send_off(r, c) != OK)
		lose(r, c->reason);
	log_hide_none();
}

/* ---- what the worker says */

static int
on_line(struct removals *r, struct ctx *c, const char *line)
{
	struct wire_message m;
	const struct wire_result *result = &m.result;

	TRY(wire_parse(c, line, strlen(line), &m));
	if (m.type != WIRE_RESULT || !r->is_busy || strlen(result->error_text) > TEXT_MAX_BYTES ||
	    result->retry_after_s < 0)
		return fail(c, E_INVALID, "a worker does not say that");
	if (strstr(result->error_text, r->token) != NULL)
		return fail(c, E_INVALID, "a secret of ours is in its answer");
	finish(r, result->error[0] == '\0' ? SYNC_OK : sync_error_by_name(result->error),
	    result->error_text, result->retry_after_s);
	return OK;
}

void
removals_hear(struct removals *r, struct ctx *c)
{
	int status, code;
	char *line;

	if (r->child.pid == 0)
		return;
	code = child_line(c, &r->child, &line);
	if (code == OK && line != NULL)
		code = on_line(r, c, line);
	if (code == E_INVALID)
		lose(r, c->reason);
	else if (code != OK || child_has_ended(&r->child, &status))
		lose(r, "the process that did it ended");
	else if (r->is_busy && !r->is_done &&
	    clock_mono_us() - r->begun_us > (TOTAL_S + AFTER_S) * US_PER_S)
		lose(r, "the process that did it did not end");
}

/* ---- with the database */

static int
write_done(struct removals *r, struct ctx *c)
{
	const struct schedule_case at = { .error = r->error,
		.failures = r->row.attempts - 1,
		.interval_s = PERIOD_S,
		.retry_after_s = r->retry_after_s,
		.luck = random_below(SCHEDULE_LUCK) };
	bool is_ok = r->error == SYNC_OK;

	TRY(forge_finish_removal(c, &r->row, is_ok ? "" : sync_error_text(r->error), r->error_text,
	    is_ok ? 0 : schedule_delay_s(&at)));
	log_write(is_ok ? LOG_INFO : LOG_WARN, "project deleted at a forge",
	    LOG_TEXT("project", r->row.path), LOG_TEXT("id", r->row.provider_project_id),
	    LOG_TEXT("why", is_ok ? NULL : r->error_text));
	arena_reset(r->mem);
	r->row = (struct forge_removal){ 0 };
	r->token = NULL;
	r->is_busy = r->is_done = false;
	r->look_us = 0;
	if (r->child.pid != 0 && child_is_worn(c, &r->child))
		child_kill(&r->child);
	return OK;
}

int
removals_work(struct removals *r, struct ctx *c, bool may_begin)
{
	struct forge_removal row;
	int code;

	if (r->is_done)
		TRY(write_done(r, c));
	if (r->is_busy || !may_begin || clock_mono_us() < r->look_us)
		return OK;
	code = forge_claim_removal(c, LEASE_S, &row);
	r->has_looked = code == E_NOTFOUND;
	if (r->has_looked) {
		r->look_us = clock_mono_us() + LOOK_S * US_PER_S;
		return OK;
	}
	TRY(code);
	give(r, c, &row);
	return OK;
}

bool
removals_is_done(const struct removals *r)
{
	return !r->is_busy && r->has_looked;
}

nfds_t
removals_poll(const struct removals *r, struct pollfd *fds)
{
	if (r->child.fd < 0)
		return 0;
	fds[0] = (struct pollfd){ .fd = r->child.fd, .events = POLLIN };
	return 1;
}

pid_t
removals_pid(const struct removals *r)
{
	return r->child.pid;
}
