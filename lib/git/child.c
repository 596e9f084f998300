#include "git/child.h"

#include "base/buf.h"
#include "base/conf.h"
#include "base/proc.h"
#include "git/init.h"

/* Settings travel in the environment, because that is read last: a `config` planted in a store can
 * override a global file, but not these (security.md G-15). Only these two formats of `git archive`
 * could run a program; Git's own compression takes their place. */
static const char *const env[] = {
	"GIT_DIR=.",
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_ATTR_NOSYSTEM=1",
	"GIT_TERMINAL_PROMPT=0",
	"GIT_ASKPASS=false",
	"GIT_OPTIONAL_LOCKS=0",
	"GIT_LITERAL_PATHSPECS=1",
	"GIT_NO_REPLACE_OBJECTS=1",
	"GIT_PAGER=cat",
	"GIT_CONFIG_COUNT=12",
	"GIT_CONFIG_KEY_0=core.hooksPath",
	"GIT_CONFIG_VALUE_0=/dev/null",
	"GIT_CONFIG_KEY_1=core.fsmonitor",
	"GIT_CONFIG_VALUE_1=false",
	"GIT_CONFIG_KEY_2=core.attributesFile",
	"GIT_CONFIG_VALUE_2=/dev/null",
	"GIT_CONFIG_KEY_3=core.alternateRefsCommand",
	"GIT_CONFIG_VALUE_3=true",
	"GIT_CONFIG_KEY_4=gpg.program",
	"GIT_CONFIG_VALUE_4=false",
	"GIT_CONFIG_KEY_5=protocol.allow",
	"GIT_CONFIG_VALUE_5=never",
	"GIT_CONFIG_KEY_6=tar.tar.gz.command",
	"GIT_CONFIG_VALUE_6=git archive gzip",
	"GIT_CONFIG_KEY_7=tar.tgz.command",
	"GIT_CONFIG_VALUE_7=git archive gzip",
	"GIT_CONFIG_KEY_8=core.packedGitLimit",
	"GIT_CONFIG_VALUE_8=256m",
	"GIT_CONFIG_KEY_9=core.deltaBaseCacheLimit",
	"GIT_CONFIG_VALUE_9=32m",
	"GIT_CONFIG_KEY_10=core.bigFileThreshold",
	"GIT_CONFIG_VALUE_10=50m",
	"GIT_CONFIG_KEY_11=core.quotePath",
	"GIT_CONFIG_VALUE_11=true",
	NULL,
};

static struct proc_spec
spec_of(struct ctx *c, const struct git_child *child)
{
	return (struct proc_spec){
		.argv = child->argv,
		.env = env,
		.dir = child->dir,
		.limits = { .cpu_s = child->is_of_sync ? c->conf->sync_cpu_s : c->conf->git_cpu_s,
		    .memory_bytes =
			child->is_of_sync ? c->conf->sync_memory_bytes : c->conf->git_memory_bytes,
		    .wall_ms = child->wall_ms },
	};
}

int
git_child_start(struct ctx *c, const struct git_child *child, struct proc **out)
{
	const struct proc_spec spec = spec_of(c, child);

	return proc_start(c, &spec, out);
}

int
git_child_run(struct ctx *c, const struct git_child *child, struct buf **out, int *status_out)
{
	const struct proc_spec spec = spec_of(c, child);
	struct buf *err;
	int status;

	TRY(proc_run(c, &spec, NULL, 0, child->out_max, out, &err, &status));
	if (status_out == NULL && status != 0)
		return fail(c, E_INTERNAL, "git %s ended with %d: %s", child->argv[1], status,
		    git_clean(c->mem, err->data));
	if (status_out != NULL)
		*status_out = status;
	return OK;
}
