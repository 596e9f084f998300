#include "git/pack_in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <git2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "git/fetch.h"
#include "git/init.h"

#define HEAD_BYTES 12
#define WAIT_MS 200
#define SAID_MAX_BYTES ((size_t)64 * 1024)
#define MS_PER_S 1000

struct git_pack_in {
	struct ctx *c;
	struct git_pack_in_spec spec;
	unsigned char head[HEAD_BYTES]; /* "PACK", version, number of objects */
	size_t n_head;
	uint32_t n_objects;
	bool is_given_up;
	git_indexer *indexer; /* one of the two */
	git_indexer_progress seen;
	struct proc *proc;
	struct buf *said, *answer; /* what proc wrote */
	int64_t n_done;		   /* of n_objects, as far as proc has told */
};

static int
given_up(struct git_pack_in *p)
{
	return fail(p->c, E_CONFLICT, "given up because it was told to");
}

static bool
tell(struct git_pack_in *p, int64_t objects)
{
	if (p->spec.progress != NULL && !p->spec.progress(p->spec.payload, objects, p->n_objects))
		p->is_given_up = true;
	return !p->is_given_up;
}

/* ---- small: libgit2 */

static int
on_progress(const git_indexer_progress *seen, void *payload)
{
	return tell(payload, seen->indexed_objects) ? 0 : -1;
}

static void
close_indexer(void *indexer)
{
	git_indexer_free(indexer);
}

static int
indexer_failure(struct git_pack_in *p)
{
	const git_error *last = git_error_last();
	int class = last != NULL ? last->klass : GIT_ERROR_NONE;

	if (p->is_given_up)
		return given_up(p);
	if (class == GIT_ERROR_OS || class == GIT_ERROR_NOMEMORY || class == GIT_ERROR_FILESYSTEM)
		return git_fail(p->c, E_INTERNAL, "storing the pack");
	return git_fail(p->c, E_INVALID, "the upstream's answer cannot be used");
}

static int
indexer_open(struct git_pack_in *p)
{
	const char *folder = path_under(p->c->mem, p->spec.dir, "objects/pack");
	git_indexer_options options;

	if (git_indexer_options_init(&options, GIT_INDEXER_OPTIONS_VERSION) < 0)
		return git_fail(p->c, E_INTERNAL, "prepare the fetch");
	options.progress_cb = on_progress;
	options.progress_cb_payload = p;
	if (git_indexer_new(&p->indexer, folder, 0, p->spec.odb, &options) < 0)
		return git_fail(p->c, E_INTERNAL, "prepare the fetch");
	arena_defer(p->c->mem, close_indexer, p->indexer);
	return OK;
}

static int
indexer_add(struct git_pack_in *p, const void *bytes, size_t len)
{
	return git_indexer_append(p->indexer, bytes, len, &p->seen) < 0 ? indexer_failure(p) : OK;
}

static int
indexer_end(struct git_pack_in *p, const char **path_out)
{
	if (git_indexer_commit(p->indexer, &p->seen) < 0)
		return indexer_failure(p);
	*path_out = arena_printf(
	    p->c->mem, "%s/objects/pack/pack-%s", p->spec.dir, git_indexer_name(p->indexer));
	arena_close(p->c->mem, p->indexer);
	p->indexer = NULL;
	return OK;
}

/* ---- large: git index-pack */

static const char *const env[] = {
	"GIT_DIR=.",
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_TERMINAL_PROMPT=0",
	"GIT_NO_REPLACE_OBJECTS=1",
	"GIT_CONFIG_COUNT=3",
	"GIT_CONFIG_KEY_0=core.fsync",
	"GIT_CONFIG_VALUE_0=all",
	"GIT_CONFIG_KEY_1=core.alternateRefsCommand",
	"GIT_CONFIG_VALUE_1=true",
	"GIT_CONFIG_KEY_2=core.deltaBaseCacheLimit",
	"GIT_CONFIG_VALUE_2=64m",
	NULL,
};

static int
child_open(struct git_pack_in *p)
{
	static const char *const argv[] = { "git", "index-pack", "-v", "--stdin", NULL };
	const struct conf *conf = p->c->conf;
	const struct proc_spec spec = {
		.argv = argv,
		.env = env,
		.dir = p->spec.dir,
		.limits = { .cpu_s = conf->sync_cpu_s,
		    .memory_bytes = conf->sync_memory_bytes,
		    .file_bytes = conf->sync_pack_bytes,
		    .wall_ms = conf->sync_total_s * MS_PER_S },
	};

	p->said = buf_new(p->c->mem, SAID_MAX_BYTES);
	p->answer = buf_new(p->c->mem, SAID_MAX_BYTES);
	return proc_start(p->c, &spec, &p->proc);
}

/* "Receiving objects:  45% (56789/126416)", each over the one before. */
static void
read_progress(struct git_pack_in *p)
{
	const char *last = strrchr(p->said->data, '(');
	int64_t n;
	char *slash;

	if (last == NULL || (slash = strchr(last, '/')) == NULL)
		return;
	if (str_is_int(arena_strndup(p->c->mem, last + 1, (size_t)(slash - last - 1)), &n) &&
	    n > p->n_done && n <= p->n_objects)
		p->n_done = n;
}

/* Whatever is there; false at its end. The first SAID_MAX_BYTES of what went wrong would not help:
 * only what came last is kept. */
static bool
drain(int fd, struct buf *out)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		if (out->len + (size_t)n > out->max / 2)
			buf_clear(out);
		buf_add(out, bytes, (size_t)n);
	}
	return n != 0;
}

static bool
has_said(const struct git_pack_in *p, int error)
{
	return strstr(p->said->data, strerror(error)) != NULL;
}

/* Its end, when that is a failure: whose fault? */
static int
child_failure(struct git_pack_in *p)
{
	static const int ours[] = { ENOSPC, EDQUOT, EROFS, EIO, ENOMEM, EFBIG };
	const char *fatal;
	int status;

	TRY(proc_wait(p->c, p->proc, &status));
	fatal = strstr(p->said->data, "fatal: ");
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (has_said(p, ours[i]))
			return fail(p->c, E_INTERNAL, "storing the pack: %s", strerror(ours[i]));
	if (strstr(p->said->data, "out of memory") != NULL)
		return fail(p->c, E_DENIED, "the upstream's pack needs too much memory to index");
	if (status > 128 || fatal == NULL)
		return fail(p->c, E_INTERNAL, "git index-pack ended with %d", status);
	return fail(p->c, E_INVALID, "the upstream's answer cannot be used: %s",
	    git_clean(p->c->mem, fatal + strlen("fatal: ")));
}

/* Waits until it takes more, or has said something; is_ending: until it has ended. */
static int
child_wait(struct git_pack_in *p, bool is_ending, bool *has_closed)
{
	struct pollfd fds[] = { { .fd = p->proc->err, .events = POLLIN },
		{ .fd = p->proc->out, .events = POLLIN },
		{ .fd = is_ending ? -1 : p->proc->in, .events = POLLOUT } };

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), WAIT_MS) < 0 && errno != EINTR)
		return fail(p->c, E_INTERNAL, "poll: %s", strerror(errno));
	*has_closed = !drain(p->proc->err, p->said);
	drain(p->proc->out, p->answer);
	read_progress(p);
	return tell(p, p->n_done) ? OK : given_up(p);
}

static int
child_add(struct git_pack_in *p, const char *bytes, size_t len)
{
	bool has_closed = false;

	while (len > 0) {
		ssize_t n = write(p->proc->in, bytes, len);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			has_closed = true; /* EPIPE: it has said why */
		}
		if (n <= 0)
			TRY(child_wait(p, has_closed, &has_closed));
		if (has_closed)
			return child_failure(p);
	}
	return OK;
}

static int
child_end(struct git_pack_in *p, const char **path_out)
{
	static const char word[] = "pack\t";
	unsigned char id[GIT_OID_RAWSZ];
	bool has_closed = false;
	char *hex;
	int status;

	proc_close_in(p->proc);
	while (!has_closed)
		TRY(child_wait(p, true, &has_closed));
	drain(p->proc->out, p->answer);
	if (!str_starts(p->answer->data, word))
		return child_failure(p);
	TRY(proc_wait(p->c, p->proc, &status));
	hex = arena_strndup(p->c->mem, p->answer->data + strlen(word), 2 * GIT_OID_RAWSZ);
	if (status != 0 || !str_is_hex(hex, id, sizeof(id)))
		return fail(p->c, E_INTERNAL, "git index-pack ended with %d", status);
	*path_out = arena_printf(p->c->mem, "%s/objects/pack/pack-%s", p->spec.dir, hex);
	return OK;
}

/* ---- either */

struct git_pack_in *
git_pack_in_new(struct ctx *c, const struct git_pack_in_spec *spec)
{
	struct git_pack_in *p = arena_new_of(c->mem, struct git_pack_in);

	p->c = c;
	p->spec = *spec;
	return p;
}

static int
add(struct git_pack_in *p, const void *bytes, size_t len)
{
	return p->proc != NULL ? child_add(p, bytes, len) : indexer_add(p, bytes, len);
}

static int
begin(struct git_pack_in *p)
{
	uint32_t n;

	memcpy(&n, p->head + HEAD_BYTES - sizeof(n), sizeof(n));
	p->n_objects = ntohl(n);
	if (memcmp(p->head, "PACK", 4) != 0)
		return fail(p->c, E_INVALID, "what the upstream sends is no pack");
	if (p->n_objects > p->c->conf->sync_objects)
		return fail(p->c, E_DENIED,
		    "the upstream's pack has more than the %lld objects it may",
		    (long long)p->c->conf->sync_objects);
	TRY(p->n_objects < p->c->conf->sync_index_pack_objects ? indexer_open(p) : child_open(p));
	return add(p, p->head, HEAD_BYTES);
}

int
git_pack_in_add(struct git_pack_in *p, const void *bytes, size_t len)
{
	const char *at = bytes;
	size_t n = HEAD_BYTES - p->n_head < len ? HEAD_BYTES - p->n_head : len;

	if (n > 0) {
		memcpy(p->head + p->n_head, at, n);
		p->n_head += n;
		if (p->n_head < HEAD_BYTES)
			return OK;
		TRY(begin(p));
	}
	return len > n ? add(p, at + n, len - n) : OK;
}

int
git_pack_in_end(struct git_pack_in *p, struct git_fetched *out)
{
	if (p->n_head < HEAD_BYTES)
		return fail(p->c, E_INVALID, "the upstream ended before its pack");
	out->pack = NULL;
	out->objects = p->n_objects;
	out->indexed_by = p->proc != NULL ? GIT_INDEXED_BY_GIT : GIT_INDEXED_BY_LIBGIT2;
	if (p->n_objects == 0)
		return OK;
	return p->proc != NULL ? child_end(p, &out->pack) : indexer_end(p, &out->pack);
}
