#include "git/chore.h"

#include "base/buf.h"
#include "base/conf.h"
#include "base/proc.h"
#include "git/init.h"

static const char *const env[] = {
	"GIT_DIR=.",
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_ATTR_NOSYSTEM=1",
	"GIT_TERMINAL_PROMPT=0",
	"GIT_NO_REPLACE_OBJECTS=1",
};

/* Name, value. They travel in the environment, because that is read last: a `config` planted in a
 * store can override a file, but not these (security.md G-15). */
static const char *const settings[][2] = {
	{ "core.hooksPath", "/dev/null" },
	{ "core.fsmonitor", "false" },
	{ "core.fsync", "all" },
	{ "pack.threads", "1" },
	{ "pack.windowMemory", "128m" },
	{ "core.packedGitLimit", "512m" },
	{ "core.alternateRefsCommand", "true" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static size_t
add_setting(struct ctx *c, const char **to, size_t n, const char *name, const char *value)
{
	to[0] = arena_printf(c->mem, "GIT_CONFIG_KEY_%zu=%s", n, name);
	to[1] = arena_printf(c->mem, "GIT_CONFIG_VALUE_%zu=%s", n, value);
	return n + 1;
}

static const char *const *
env_of(struct ctx *c, const struct git_chore *chore)
{
	size_t n_more = 0, n = 0, at = COUNT(env) + 1;
	const char **out;

	while (chore->settings != NULL && chore->settings[n_more] != NULL)
		n_more += 2;
	out = arena_new_array(c->mem, const char *, COUNT(env) + 3 + 2 * COUNT(settings) + n_more);
	for (size_t i = 0; i < COUNT(env); i++)
		out[i] = env[i];
	for (size_t i = 0; i < COUNT(settings); i++, at += 2)
		n = add_setting(c, out + at, n, settings[i][0], settings[i][1]);
	for (size_t i = 0; i < n_more; i += 2, at += 2)
		n = add_setting(c, out + at, n, chore->settings[i], chore->settings[i + 1]);
	out[at++] = arena_printf(c->mem, "GIT_ALTERNATE_OBJECT_DIRECTORIES=%s",
	    chore->alternate != NULL ? chore->alternate : "");
	out[COUNT(env)] = arena_printf(c->mem, "GIT_CONFIG_COUNT=%zu", n);
	out[at] = NULL;
	return out;
}

int
git_chore_try(struct ctx *c, const struct git_chore *chore, const char **said_out, int *status_out)
{
	struct proc_spec spec = {
		.argv = chore->argv, .env = env_of(c, chore), .dir = chore->dir, .is_out_cut = true
	};
	struct buf *out, *err;

	spec.limits = (struct proc_limits){ .cpu_s = c->conf->sync_cpu_s,
		.memory_bytes = c->conf->sync_memory_bytes,
		.wall_ms = chore->wall_ms };
	TRY(proc_run(
	    c, &spec, chore->input, chore->input_len, GIT_CHORE_SAID_MAX, &out, &err, status_out));
	*said_out = arena_printf(c->mem, "%s%s", err->data, out->data);
	return OK;
}

int
git_chore_run(struct ctx *c, const struct git_chore *chore)
{
	const char *said;
	int status;

	TRY(git_chore_try(c, chore, &said, &status));
	if (status != 0)
		return fail(c, E_INTERNAL, "git %s ended with %d: %s", chore->argv[1], status,
		    git_clean(c->mem, said));
	return OK;
}
