#include "core/mirror_state.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* ---- which */

static bool
is_running(const struct mirror *m)
{
	return strcmp(m->job_state, "running") == 0;
}

bool
mirror_is_moving(const struct mirror *m)
{
	return is_running(m) || (strcmp(m->job_state, "queued") == 0 && !m->is_paused);
}

static int64_t
interval_of(const struct mirror *m, int64_t interval_s)
{
	return m->interval_s > 0 ? m->interval_s : interval_s;
}

enum mirror_state
mirror_state_of(const struct mirror *m, int64_t interval_s, int64_t now)
{
	if (is_running(m))
		return MIRROR_SYNCING;
	if (m->is_paused)
		return MIRROR_PAUSED;
	if (m->failures > 0)
		return MIRROR_FAILING;
	if (m->held_at > 0)
		return MIRROR_HELD;
	if (m->last_success_at == 0)
		return MIRROR_WAITING;
	if (m->checked_at + MIRROR_BEHIND_INTERVALS * interval_of(m, interval_s) < now &&
	    m->due_at + interval_of(m, interval_s) < now)
		return MIRROR_BEHIND;
	return MIRROR_FRESH;
}

/* ---- its words */

static const struct {
	const char *word, *class, *sign;
} words[] = {
	[MIRROR_SYNCING] = { "syncing", "state-syncing", "↻" },
	[MIRROR_PAUSED] = { "paused", "state-paused", "‖" },
	[MIRROR_FAILING] = { "failing", "state-failing", "✕" },
	[MIRROR_HELD] = { "held", "state-held", "!" },
	[MIRROR_WAITING] = { "waiting", "state-waiting", "…" },
	[MIRROR_BEHIND] = { "behind", "state-behind", "◔" },
	[MIRROR_FRESH] = { "fresh", "state-fresh", "✓" },
};

const char *
mirror_state_word(enum mirror_state state)
{
	assert(state >= 1 && state <= MIRROR_STATE_MAX);
	return words[state].word;
}

const char *
mirror_state_class(enum mirror_state state)
{
	assert(state >= 1 && state <= MIRROR_STATE_MAX);
	return words[state].class;
}

const char *
mirror_state_sign(enum mirror_state state)
{
	assert(state >= 1 && state <= MIRROR_STATE_MAX);
	return words[state].sign;
}

int
mirror_state_by_word(struct ctx *c, const char *word, enum mirror_state *out)
{
	for (enum mirror_state s = 1; s <= MIRROR_STATE_MAX; s++)
		if (strcmp(words[s].word, word) == 0) {
			*out = s;
			return OK;
		}
	return fail(
	    c, E_INVALID, "a state is fresh, syncing, waiting, behind, held, failing or paused");
}

/* ---- the sentence */

static const char *
span(struct arena *mem, int64_t seconds)
{
	return clock_text_span(mem, seconds);
}

const char *
mirror_interval_text(struct arena *mem, int64_t interval_s)
{
	const char *text = span(mem, interval_s);

	return arena_printf(mem, "every %s", str_starts(text, "1 ") ? text + 2 : text);
}

/* Its host has no time, or is left alone. */
static bool
is_put_off(const struct mirror *m)
{
	return m->next_at > 0 && m->due_at < m->next_at;
}

/* " Next try in 40 minutes." */
static const char *
next_try(struct arena *mem, const struct mirror *m, int64_t now)
{
	if (strcmp(m->job_state, "queued") == 0)
		return " The next sync begins as soon as a worker is free.";
	if (m->next_at == 0)
		return " No sync is planned.";
	if (m->next_at <= now)
		return " The next sync is due.";
	return arena_printf(mem, " Next try in %s.", span(mem, m->next_at - now));
}

static const char *
progress(struct arena *mem, const struct mirror *m)
{
	static const struct {
		const char *phase, *sentence;
	} phases[] = {
		{ "probing", "Asking the upstream what is new" },
		{ "fetching", "Fetching" },
		{ "checking", "Checking what came" },
		{ "publishing", "Publishing" },
		{ "pushing", "Pushing it on" },
	};
	const char *sentence = "Beginning";

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (strcmp(phases[i].phase, m->job_phase) == 0)
			sentence = phases[i].sentence;
	if (m->objects_total > 0)
		return arena_printf(mem, "%s: %lld of %lld objects, %s.", sentence,
		    (long long)m->objects, (long long)m->objects_total, str_size(mem, m->bytes));
	if (m->bytes > 0)
		return arena_printf(mem, "%s: %s so far.", sentence, str_size(mem, m->bytes));
	return arena_printf(mem, "%s.", sentence);
}

/* "the upstream refused the password", without a full stop of its own. */
static const char *
plain_error(struct arena *mem, const struct mirror *m)
{
	size_t len = strlen(m->error_text);

	if (len == 0)
		return "nothing is known about why";
	return m->error_text[len - 1] == '.' ? arena_strndup(mem, m->error_text, len - 1)
					     : m->error_text;
}

static const char *
failing(struct arena *mem, const struct mirror *m, int64_t now)
{
	const char *since = "Failing";

	if (m->failing_since > 0 && m->failures > MIRROR_FAILURES_SEEN)
		since = arena_printf(
		    mem, "Failing for more than %s", span(mem, now - m->failing_since));
	else if (m->failing_since > 0)
		since = arena_printf(mem, "Failing for %s", span(mem, now - m->failing_since));
	return arena_printf(mem, "%s: %s.%s", since, plain_error(mem, m), next_try(mem, m, now));
}

static const char *
ago(struct arena *mem, int64_t at, int64_t now)
{
	return now - at < 2 ? "just now" : arena_printf(mem, "%s ago", span(mem, now - at));
}

static const char *
paused(struct arena *mem, const struct mirror *m, int64_t now)
{
	if (m->last_success_at == 0)
		return "Paused, and never synced.";
	return arena_printf(mem, "Paused. Last checked %s.", ago(mem, m->checked_at, now));
}

const char *
mirror_state_sentence(struct arena *mem, const struct mirror *m, int64_t interval_s, int64_t now)
{
	bool is_queued = strcmp(m->job_state, "queued") == 0;

	switch (mirror_state_of(m, interval_s, now)) {
	case MIRROR_SYNCING:
		return progress(mem, m);
	case MIRROR_PAUSED:
		return paused(mem, m, now);
	case MIRROR_FAILING:
		return failing(mem, m, now);
	case MIRROR_HELD:
		return arena_printf(mem,
		    "Its upstream changed in a way that has to be approved, %s. Until then it "
		    "stays "
		    "as it was.",
		    ago(mem, m->held_at, now));
	case MIRROR_WAITING:
		return arena_printf(mem, "Never synced.%s", next_try(mem, m, now));
	case MIRROR_BEHIND:
		return arena_printf(mem, "Last checked %s, and meant to be %s.%s%s",
		    ago(mem, m->checked_at, now),
		    mirror_interval_text(mem, interval_of(m, interval_s)),
		    is_put_off(m) ? " It has to wait for its host." : "", next_try(mem, m, now));
	case MIRROR_FRESH:
		break;
	}
	return arena_printf(mem, "Up to date, checked %s.%s", ago(mem, m->checked_at, now),
	    is_queued ? next_try(mem, m, now) : "");
}

int
mirror_percent(const struct mirror *m)
{
	if (!is_running(m) || m->objects_total <= 0 || m->objects < 0)
		return -1;
	return m->objects >= m->objects_total ? 100 : (int)(m->objects * 100 / m->objects_total);
}

/* ---- errors */

const char *
mirror_error_advice(const char *error_class)
{
	static const struct {
		const char *class, *advice;
	} rows[] = {
		{ "network",
		    "The upstream could not be reached, or stopped answering. That usually passes: "
		    "the hub tries again by itself, at first soon and then less often." },
		{ "busy",
		    "The upstream asked for patience. The hub waits as long as it was told to, and "
		    "then tries again." },
		{ "auth",
		    "The upstream wants other credentials. Put a user and a password or token that "
		    "may read it into the settings of this mirror." },
		{ "gone",
		    "Compare the upstream's address with the one in the settings of this mirror: "
		    "the "
		    "repository may have been moved, renamed, deleted or made private." },
		{ "tls",
		    "The upstream could not prove who it is: its certificate or host key is wrong, "
		    "out of date, or not known to this hub. An administrator of the upstream or of "
		    "the hub has to look at it." },
		{ "policy",
		    "The rules of this hub do not allow it: the address, its port, where it "
		    "redirects "
		    "to, or the size. Change the address in the settings, or ask an administrator "
		    "of "
		    "the hub." },
		{ "protocol",
		    "What came is not a complete and sound Git repository, so nothing was "
		    "published. Try to clone the upstream yourself; if that works, tell an "
		    "administrator of the hub." },
		{ "local",
		    "This is the hub's own trouble, not the upstream's. It tries again in a "
		    "minute; "
		    "if it stays, tell an administrator of the hub." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].class, error_class) == 0)
			return rows[i].advice;
	return "";
}

const char *
mirror_error_sentence(struct arena *mem, const char *error_text)
{
	size_t len = strlen(error_text);
	char *text;

	if (len == 0)
		return "";
	text = arena_printf(mem, "%s%s", error_text, error_text[len - 1] == '.' ? "" : ".");
	text[0] = (char)toupper((unsigned char)text[0]);
	return text;
}
