#include "cgi/git/service.h"

#include <string.h>

#include "base/conf.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/project.h"
#include "git/store.h"

#define PROTOCOL_MAX_BYTES 64
#define SHORT_COMMAND_MS 60000

/* clang-format off */
const struct service service_fetch = {
	.name = "git-upload-pack",
	.command = "upload-pack",
	.advert_type = "application/x-git-upload-pack-advertisement",
	.request_type = "application/x-git-upload-pack-request",
	.result_type = "application/x-git-upload-pack-result",
	.has_v2 = true,
};

const struct service service_push = {
	.name = "git-receive-pack",
	.command = "receive-pack",
	.advert_type = "application/x-git-receive-pack-advertisement",
	.request_type = "application/x-git-receive-pack-request",
	.result_type = "application/x-git-receive-pack-result",
};

/* Settings of every Git child. They travel in the environment, because that is read last: a
 * `config` planted in a store can override a global file, but not these. */
static const struct setting {
	const char *key, *value;
} settings[] = {
	/* "." is the store: the child's folder. It may belong to the sync program's user. */
	{ "safe.directory",                 "." },
	/* nothing a store holds is run (security.md G-14, G-15) */
	{ "core.hooksPath",                 "/dev/null" },
	{ "core.fsmonitor",                 "false" },
	{ "core.sshCommand",                "false" },
	{ "core.alternateRefsCommand",      "true" },
	{ "gpg.program",                    "false" },
	{ "protocol.allow",                 "never" },
	/* refs of our own: the kept tips of mirrors */
	{ "transfer.hideRefs",              "refs/mirrorhub" },
	/* what a fetch may ask for (G-20) */
	{ "uploadpack.allowFilter",         "true" },
	{ "uploadpackfilter.allow",         "false" },
	{ "uploadpackfilter.blob:none.allow", "true" },
	{ "uploadpackfilter.blob:limit.allow", "true" },
	{ "uploadpackfilter.tree.allow",    "true" },
	{ "uploadpackfilter.tree.maxDepth", "0" },
	{ "uploadpack.allowTipSHA1InWant",  "false" },
	{ "uploadpack.allowReachableSHA1InWant", "false" },
	{ "uploadpack.allowAnySHA1InWant",  "false" },
	{ "uploadpack.allowRefInWant",      "false" },
	{ "uploadpack.keepAlive",           "5" },
	/* what a push must be, and that it is on the disk when we say so (F-13, F-14) */
	{ "transfer.fsckObjects",           "true" },
	{ "receive.fsckObjects",            "true" },
	/* three old slips of harmless kind that well-known histories hold */
	{ "receive.fsck.zeroPaddedFilemode", "ignore" },
	{ "receive.fsck.badTimezone",       "ignore" },
	{ "receive.fsck.missingSpaceBeforeDate", "ignore" },
	{ "receive.unpackLimit",            "1" },
	{ "receive.keepAlive",              "5" },
	{ "receive.advertisePushOptions",   "false" },
	{ "receive.denyDeleteCurrent",      "refuse" },
	{ "core.fsync",                     "all" },
	{ "core.logAllRefUpdates",          "false" },
	{ "core.protectHFS",                "true" },
	{ "core.protectNTFS",               "true" },
	/* maintenance is the sync program's work, under the store's lock */
	{ "gc.auto",                        "0" },
	{ "receive.autogc",                 "false" },
	{ "maintenance.auto",               "false" },
	/* memory and processors of one child */
	{ "pack.threads",                   "2" },
	{ "pack.windowMemory",              "128m" },
	{ "pack.deltaCacheSize",            "64m" },
	{ "core.packedGitWindowSize",       "32m" },
	{ "core.packedGitLimit",            "512m" },
	{ "core.deltaBaseCacheLimit",       "64m" },
	{ "core.bigFileThreshold",          "50m" },
};
/* clang-format on */

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))
#define ENV_MORE 12

static bool
is_version(const char *token)
{
	size_t digits;

	if (!str_starts(token, "version="))
		return false;
	token += strlen("version=");
	digits = strspn(token, "0123456789");
	return digits > 0 && token[digits] == '\0';
}

const char *
service_protocol(struct req *r)
{
	const char *header = req_header(r, "Git-Protocol");
	char **tokens;
	size_t n;

	if (header == NULL || strlen(header) > PROTOCOL_MAX_BYTES)
		return "";
	tokens = str_split(r->ctx->mem, header, ':', &n);
	for (size_t i = 0; i < n; i++)
		if (!is_version(tokens[i]))
			return "";
	return header;
}

/* Git takes the highest version it knows of those offered; it knows 0 to 2. */
int
service_version(const struct service *s, const char *protocol)
{
	int version = 0;

	for (const char *at = protocol; str_starts(at, "version=");) {
		size_t len = strcspn(at, ":");
		int offered = at[len - 1] - '0';

		if (len == strlen("version=N") && offered > version &&
		    offered <= (s->has_v2 ? 2 : 1))
			version = offered;
		at += len + (at[len] == ':');
	}
	return version;
}

static size_t
add_setting(struct arena *mem, const char **env, size_t n, size_t number, const struct setting *s)
{
	env[n++] = arena_printf(mem, "GIT_CONFIG_KEY_%zu=%s", number, s->key);
	env[n++] = arena_printf(mem, "GIT_CONFIG_VALUE_%zu=%s", number, s->value);
	return n;
}

static const char *const *
make_env(struct req *r, const char *protocol)
{
	struct arena *mem = r->ctx->mem;
	const struct setting input_size = { "receive.maxInputSize",
		arena_printf(mem, "%lld", (long long)r->ctx->conf->git_push_bytes) };
	const char **env = arena_new_array(mem, const char *, 2 * (SETTINGS + 1) + ENV_MORE);
	size_t n = 0;

	env[n++] = "GIT_CONFIG_NOSYSTEM=1";
	env[n++] = "GIT_CONFIG_GLOBAL=/dev/null";
	env[n++] = "GIT_ATTR_NOSYSTEM=1";
	env[n++] = "GIT_TERMINAL_PROMPT=0";
	env[n++] = "GIT_ASKPASS=false";
	env[n++] = "GIT_PROTOCOL_FROM_USER=0";
	env[n++] = "GIT_OPTIONAL_LOCKS=0";
	if (*protocol != '\0')
		env[n++] = arena_printf(mem, "GIT_PROTOCOL=%s", protocol);
	env[n++] = arena_printf(mem, "GIT_CONFIG_COUNT=%zu", SETTINGS + 1);
	for (size_t i = 0; i < SETTINGS; i++)
		n = add_setting(mem, env, n, i, &settings[i]);
	add_setting(mem, env, n, SETTINGS, &input_size);
	return env;
}

static struct proc_limits
limits_of(struct req *r)
{
	const struct conf *conf = r->ctx->conf;

	return (struct proc_limits){
		.cpu_s = conf->git_cpu_s,
		.memory_bytes = conf->git_memory_bytes,
		/* a thin pack grows by the bases it lacks; the exact limit is receive.maxInputSize
		 */
		.file_bytes = conf->git_push_bytes * 2,
		.wall_ms = conf->git_total_s * 1000,
	};
}

int
service_store(struct req *r, const char **dir_out)
{
	struct ctx *c = r->ctx;
	const char *dir = project_store_dir(c, r->project->store_id);
	int code;

	TRY(project_check_cloned(c, r->project));
	code = git_store_check(c, dir);
	if (code == E_NOTFOUND)
		return fail(c, E_INTERNAL, "the folder of store %lld is missing",
		    (long long)r->project->store_id);
	TRY(code);
	*dir_out = dir;
	return OK;
}

static int
start(struct req *r, const struct service *s, bool advertise, int lock, struct proc **out)
{
	const char *argv[7];
	struct proc_spec spec = { .argv = argv, .limits = limits_of(r), .pass_fd = lock };
	size_t n = 0;

	argv[n++] = "git";
	argv[n++] = s->command;
	if (s == &service_fetch)
		argv[n++] = "--strict"; /* this folder and no ".git" below it */
	argv[n++] = "--stateless-rpc";
	if (advertise)
		argv[n++] = "--advertise-refs";
	argv[n++] = ".";
	argv[n] = NULL;
	TRY(service_store(r, &spec.dir));
	spec.env = make_env(r, service_protocol(r));
	return proc_start(r->ctx, &spec, out);
}

int
service_start(struct req *r, const struct service *s, int lock, struct proc **out)
{
	return start(r, s, false, lock, out);
}

int
service_start_advert(struct req *r, const struct service *s, struct proc **out)
{
	return start(r, s, true, 0, out);
}

int
service_run(struct req *r, const char *const *argv, const struct buf *input, size_t out_max,
    struct buf **out)
{
	struct proc_spec spec = { .argv = argv, .env = make_env(r, ""), .limits = limits_of(r) };
	struct buf *err;
	int status;

	spec.limits.wall_ms = SHORT_COMMAND_MS;
	TRY(service_store(r, &spec.dir));
	TRY(proc_run(r->ctx, &spec, input->data, input->len, out_max, out, &err, &status));
	if (status != 0)
		return fail(
		    r->ctx, E_INTERNAL, "git %s ended with %d: %s", argv[1], status, err->data);
	return OK;
}
