#include "sync/probe_slot.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/random.h"
#include "sync/schedule.h"

static size_t *
count_of(struct probes *p, enum probe_state state)
{
	switch (state) {
	case PROBE_BUSY:
		return &p->n_busy;
	case PROBE_DONE:
		return &p->n_done;
	case PROBE_RETURNED:
		return &p->n_returned;
	case PROBE_SUSPECT:
		return &p->n_suspect;
	case PROBE_FREE:
		break;
	}
	return NULL;
}

void
probe_slot_set(struct probes *p, struct probe_slot *s, enum probe_state state)
{
	if (s->state != PROBE_FREE)
		--*count_of(p, s->state);
	s->state = state;
	if (state != PROBE_FREE)
		++*count_of(p, state);
	if (state == PROBE_DONE && p->n_done == 1)
		p->done_us = clock_mono_us();
}

void
probe_slot_clear(struct probes *p, struct probe_slot *s)
{
	if (s->secret != NULL)
		explicit_bzero((char *)(uintptr_t)s->secret, strlen(s->secret));
	s->secret = NULL;
	arena_reset(s->mem);
	probe_slot_set(p, s, PROBE_FREE);
}

/* ---- results */

void
probe_slot_fail(struct probes *p, struct probe_slot *s, enum sync_error error,
    int64_t retry_after_s, const char *why)
{
	s->result = (struct probe_result){ .id = s->job.id,
		.fence = s->job.fence,
		.project_id = s->job.project_id,
		.fingerprint = "",
		.error_class = sync_error_text(error),
		.error_text = arena_strdup(s->mem, why),
		.retry_after_s = retry_after_s,
		.moved_to = "",
		.delay_s = schedule_delay_s(&(struct schedule_case){ .error = error,
		    .failures = s->job.attempts,
		    .interval_s = s->job.interval_s,
		    .retry_after_s = retry_after_s,
		    .luck = random_below(SCHEDULE_LUCK),
		    .failing_s = s->job.pace.failing_s }) };
	probe_slot_set(p, s, PROBE_DONE);
}

void
probe_slot_end(struct probes *p, struct ctx *c, struct probe_slot *s, const struct probe_report *r)
{
	s->result = (struct probe_result){ .id = s->job.id,
		.fence = s->job.fence,
		.project_id = s->job.project_id,
		.fingerprint = arena_strdup(s->mem, r->fingerprint),
		.error_class = "",
		.error_text = "",
		.host_v2 = r->host_v2,
		.moved_to = arena_strdup(s->mem, r->moved_to) };
	s->result.delay_s = schedule_next_s(&(struct schedule_success){ .pace = &s->job.pace,
						.interval_s = s->job.interval_s,
						.is_adaptive = c->conf->schedule_adaptive,
						.chance = random_below(SCHEDULE_CHANCE) },
	    &s->result.next);
	probe_slot_set(p, s, PROBE_DONE);
}

struct probe_slot *
probe_slot_by_fence(struct probes *p, int64_t fence)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->slots[i].state == PROBE_BUSY && p->slots[i].job.fence == fence)
			return &p->slots[i];
	return NULL;
}
