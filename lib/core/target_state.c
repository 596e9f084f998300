#include "core/target.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/mirror_state.h"

static const struct {
	const char *word, *class, *sign;
} words[] = {
	[TARGET_PUSHING] = { "pushing", "state-syncing", "↻" },
	[TARGET_PAUSED] = { "paused", "state-paused", "‖" },
	[TARGET_AUTH] = { "auth", "state-failing", "✕" },
	[TARGET_BACKOFF] = { "backoff", "state-failing", "✕" },
	[TARGET_CONFLICT] = { "conflict", "state-behind", "≠" },
	[TARGET_PARTIAL] = { "partial", "state-behind", "◔" },
	[TARGET_IDLE] = { "idle", "state-fresh", "✓" },
};

enum target_state
target_state_of(const struct target *t)
{
	if (strcmp(t->job_state, "running") == 0)
		return TARGET_PUSHING;
	if (!t->active)
		return TARGET_PAUSED;
	if (strcmp(t->job_state, "queued") == 0)
		return TARGET_PUSHING;
	if (t->failures > 0)
		return strcmp(t->error_class, "auth") == 0 ? TARGET_AUTH : TARGET_BACKOFF;
	if (t->n_conflicts > 0)
		return TARGET_CONFLICT;
	return t->n_refused > 0 ? TARGET_PARTIAL : TARGET_IDLE;
}

const char *
target_state_word(enum target_state state)
{
	assert(state >= 1 && state <= TARGET_STATE_MAX);
	return words[state].word;
}

const char *
target_state_class(enum target_state state)
{
	assert(state >= 1 && state <= TARGET_STATE_MAX);
	return words[state].class;
}

const char *
target_state_sign(enum target_state state)
{
	assert(state >= 1 && state <= TARGET_STATE_MAX);
	return words[state].sign;
}

/* ---- the sentence */

static const char *
next_try(struct arena *mem, const struct target *t, int64_t now)
{
	if (t->next_at == 0)
		return "";
	if (t->next_at <= now)
		return " The next push is due.";
	return arena_printf(mem, " Next try in %s.", clock_text_span(mem, t->next_at - now));
}

static const char *
refs(struct arena *mem, int64_t n)
{
	return n == 1 ? "1 ref" : arena_printf(mem, "%lld refs", (long long)n);
}

static const char *
ago(struct arena *mem, int64_t at, int64_t now)
{
	return now - at < 2 ? "just now"
			    : arena_printf(mem, "%s ago", clock_text_span(mem, now - at));
}

/* What was left as it is there. */
static const char *
left_behind(struct arena *mem, const struct target *t, int64_t now)
{
	const char *refused = "";

	if (t->n_refused > 0)
		refused = arena_printf(mem, " The target refused %s.", refs(mem, t->n_refused));
	if (t->n_conflicts == 0)
		return arena_printf(mem, "%s%s", refused + 1, next_try(mem, t, now));
	return arena_printf(mem, "Others have put something else under %s there.%s%s",
	    refs(mem, t->n_conflicts), refused, next_try(mem, t, now));
}

const char *
target_state_sentence(struct arena *mem, const struct target *t, int64_t now)
{
	switch (target_state_of(t)) {
	case TARGET_PUSHING:
		return strcmp(t->job_state, "running") == 0
		    ? "A push is under way."
		    : "The next push begins as soon as a worker is free.";
	case TARGET_PAUSED:
		return "Paused: nothing is pushed.";
	case TARGET_AUTH:
	case TARGET_BACKOFF:
		return arena_printf(
		    mem, "%s%s", mirror_error_sentence(mem, t->error_text), next_try(mem, t, now));
	case TARGET_CONFLICT:
	case TARGET_PARTIAL:
		return left_behind(mem, t, now);
	case TARGET_IDLE:
		break;
	}
	if (t->audited_at == 0)
		return arena_printf(mem, "Nothing was pushed yet.%s", next_try(mem, t, now));
	return arena_printf(mem, "All refs are there, looked at %s.", ago(mem, t->audited_at, now));
}
