#include "cgi/git/clone.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "cgi/git/pkt.h"
#include "core/project.h"

#define OID_LEN 40
#define STEP_BYTES (64 * 1024)
#define MIN_BYTES (64 * 1024) /* below, Git's own start is most of the cost */
#define MAX_SHARE 4	      /* one file has at most a quarter of the room */
#define RETRY_S 60
#define HASH_BYTES 16
#define HEADS "refs/heads/"

/* ---- what is asked */

static const struct {
	const char *word;
	enum clone_flags flag;
} words[] = {
	{ "thin-pack", CLONE_THIN },
	{ "ofs-delta", CLONE_OFS_DELTA },
	{ "no-progress", CLONE_QUIET },
	{ "include-tag", CLONE_WITH_TAGS },
};

static bool
is_want(const char *line)
{
	return str_starts(line, "want ") && strlen(line) == strlen("want ") + OID_LEN &&
	    strspn(line + strlen("want "), "0123456789abcdef") == OID_LEN;
}

static bool
take_argument(struct clone_ask *ask, char *line, bool *is_done)
{
	if (is_want(line)) {
		ask->wants[ask->n_wants++] = line + strlen("want ");
		return true;
	}
	if (str_is_equal(line, "done")) {
		*is_done = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is_equal(line, words[i].word)) {
			ask->flags |= words[i].flag;
			return true;
		}
	return false;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort(struct clone_ask *ask)
{
	size_t n = 0;

	qsort(ask->wants, ask->n_wants, sizeof(ask->wants[0]), by_text);
	for (size_t i = 0; i < ask->n_wants; i++)
		if (n == 0 || strcmp(ask->wants[n - 1], ask->wants[i]) != 0)
			ask->wants[n++] = ask->wants[i];
	ask->n_wants = n;
}

bool
clone_parse(struct arena *mem, const char *text, size_t len, struct clone_ask *out)
{
	struct pkt_reader r = { mem, text, len };
	enum pkt_kind kind;
	bool is_done = false;
	char *line;

	if (pkt_next(&r, &line) != PKT_IS_TEXT || !str_is_equal(line, "command=fetch"))
		return false;
	while ((kind = pkt_next(&r, &line)) == PKT_IS_TEXT)
		if (!pkt_is_plain_word(line))
			return false;
	if (kind != PKT_IS_DELIMITER)
		return false;
	*out = (struct clone_ask){ .wants = arena_new_array(mem, char *, len / OID_LEN + 1) };
	while ((kind = pkt_next(&r, &line)) == PKT_IS_TEXT)
		if (!take_argument(out, line, &is_done))
			return false;
	sort(out);
	return kind == PKT_IS_FLUSH && r.left == 0 && is_done && out->n_wants > 0;
}

bool
clone_is_full(const struct clone_ask *ask, const struct git_reflist *refs)
{
	bool has_any = false;

	for (size_t i = 0; i < refs->n; i++) {
		const char *oid = refs->rows[i].oid;

		if (!str_starts(refs->rows[i].name, HEADS))
			continue;
		has_any = true;
		if (bsearch(&oid, ask->wants, ask->n_wants, sizeof(ask->wants[0]), by_text) == NULL)
			return false;
	}
	return has_any;
}

/* ---- its name */

static const char *
hash_of_state(struct arena *mem, const struct git_reflist *refs)
{
	unsigned char hash[HASH_BYTES];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)refs->id.packed,
	    sizeof(refs->id.packed), NULL, 0);
	return str_hex(mem, hash, sizeof(hash));
}

static const char *
hash_of_ask(struct arena *mem, const struct clone_ask *ask)
{
	crypto_generichash_state state;
	unsigned char hash[HASH_BYTES];

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, (const unsigned char *)&ask->flags, sizeof(ask->flags));
	for (size_t i = 0; i < ask->n_wants; i++)
		crypto_generichash_update(&state, (const unsigned char *)ask->wants[i], OID_LEN);
	crypto_generichash_final(&state, hash, sizeof(hash));
	return str_hex(mem, hash, sizeof(hash));
}

bool
clone_find(
    struct req *r, const struct buf *request, const struct git_reflist *refs, struct clone *out)
{
	struct arena *mem = r->ctx->mem;
	struct clone_ask ask;

	if (r->ctx->conf->git_cache_bytes == 0 ||
	    !clone_parse(mem, request->data, request->len, &ask) || !clone_is_full(&ask, refs))
		return false;
	out->dir = project_cache_dir(r->ctx);
	out->store = project_cache_prefix(r->ctx, r->project->store_id);
	out->state = arena_printf(mem, "%s%s-", out->store, hash_of_state(mem, refs));
	out->name = arena_printf(mem, "%s%s", out->state, hash_of_ask(mem, &ask));
	out->max_bytes = r->ctx->conf->git_cache_bytes / MAX_SHARE;
	return true;
}

/* ---- sending */

static int
read_some(struct req *r, int fd, char *step, size_t *len_out)
{
	ssize_t n;

	do
		n = read(fd, step, STEP_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(r->ctx, E_INTERNAL, "a kept clone cannot be read: %s", strerror(errno));
	*len_out = (size_t)n;
	return OK;
}

int
clone_send(struct req *r, const struct clone *clone)
{
	int64_t until_us = clock_mono_us() + r->ctx->conf->git_total_s * 1000000, bytes;
	char *step = arena_alloc(r->ctx->mem, STEP_BYTES);
	size_t len = 0;
	int *fd;

	TRY(cache_open(r->ctx, clone->dir, clone->name, &fd, &bytes));
	res_header(r, "Content-Length", arena_printf(r->ctx->mem, "%lld", (long long)bytes));
	TRY(res_begin(r));
	for (;;) {
		TRY(read_some(r, *fd, step, &len));
		if (len == 0)
			return OK;
		TRY(res_write(r, step, len));
		if (clock_mono_us() > until_us)
			return fail_passing(
			    r->ctx, RETRY_S, "a clone took longer than git.total_s");
	}
}

/* ---- keeping: whatever fails here, the client has its answer */

bool
clone_begin(struct req *r, struct clone *clone)
{
	struct ctx c = *r->ctx;
	int percent;

	return path_free_percent(&c, c.conf->data_dir, &percent) == OK &&
	    percent >= c.conf->sync_disk_free_percent &&
	    cache_begin(&c, clone->dir, clone->name, &clone->fd) == OK;
}

void
clone_end(struct req *r, struct clone *clone, bool is_whole)
{
	struct ctx c = *r->ctx;
	struct stat st;

	if (!is_whole || fstat(*clone->fd, &st) != 0 || st.st_size < MIN_BYTES) {
		cache_drop(&c, clone->dir, clone->name, clone->fd);
		return;
	}
	if (cache_keep(&c, clone->dir, clone->name, clone->fd) == OK &&
	    cache_remove(&c, clone->dir, clone->store, clone->state) == OK &&
	    cache_trim(&c, clone->dir, c.conf->git_cache_bytes) == OK)
		return;
	log_write(
	    LOG_WARN, "an answer was not kept", LOG_TEXT("id", r->id), LOG_TEXT("why", c.reason));
}
