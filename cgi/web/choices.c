#include "cgi/web/choices.h"

#include <string.h>

#include "base/conf.h"
#include "base/str.h"
#include "core/mirror_state.h"

const struct form_choice choices_visibility[] = {
	{ "open", "everyone" },
	{ "hidden", "only those whom you let in" },
	{ NULL, NULL },
};

static const int64_t intervals_s[] = { 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600 };
#define N_INTERVALS (sizeof(intervals_s) / sizeof(intervals_s[0]))

static struct form_choice
every(struct arena *mem, int64_t seconds)
{
	return (struct form_choice){ arena_printf(mem, "%lld", (long long)seconds),
		mirror_interval_text(mem, seconds) };
}

const struct form_choice *
choices_interval(struct req *r, const char *value)
{
	struct arena *mem = r->ctx->mem;
	struct form_choice *rows = arena_new_array(mem, struct form_choice, N_INTERVALS + 3);
	bool is_there = value == NULL || value[0] == '\0';
	int64_t other;
	size_t n = 0;

	rows[n++] = (struct form_choice){ "",
		arena_printf(mem, "as this hub does: %s",
		    mirror_interval_text(mem, r->ctx->conf->schedule_s)) };
	for (size_t i = 0; i < N_INTERVALS; i++) {
		rows[n] = every(mem, intervals_s[i]);
		is_there = is_there || strcmp(value, rows[n].value) == 0;
		n++;
	}
	if (!is_there && str_is_int(value, &other))
		rows[n++] = every(mem, other);
	return rows;
}
