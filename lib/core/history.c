#include "core/history.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/conf.h"
#include "base/path.h"
#include "core/project.h"
#include "git/init.h"

#define LINE (GIT_ID_CHARS + 1)

/* Beside the kept clones, which are worth more, and must not go for these. */
static const char *
folder(struct ctx *c)
{
	return path_under(c->mem, c->conf->data_dir, "cache/revisions");
}

static const char *
name_of(struct ctx *c, int64_t store_id, const char *state)
{
	return arena_printf(c->mem, "%s%s", project_cache_prefix(c, store_id), state);
}

/* NULL: nothing is kept, or it cannot be read. */
static const char *
kept(struct ctx *c, const char *name, size_t *len_out)
{
	struct ctx quiet = *c;
	int64_t bytes, at = 0;
	char *ids;
	int *fd;

	if (cache_open(&quiet, folder(c), name, &fd, &bytes) != OK || bytes % LINE != 0 ||
	    bytes > (GIT_REVISIONS_MAX + 1) * (int64_t)LINE)
		return NULL;
	ids = arena_alloc(c->mem, (size_t)bytes + 1);
	while (at < bytes) {
		ssize_t n = read(*fd, ids + at, (size_t)(bytes - at));

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return NULL;
		at += n > 0 ? n : 0;
	}
	*len_out = (size_t)bytes;
	return ids;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return false;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Whatever fails here, the list is there. What was asked for while refs changed is not kept. */
static void
keep(struct ctx *c, int64_t store_id, const char *state, const struct git_history *h)
{
	struct ctx quiet = *c;
	const char *name = name_of(c, store_id, state), *now;
	int *fd;

	if (h->n < HISTORY_KEPT_LEAST ||
	    git_history_state(&quiet, h->dir, (size_t)c->conf->sync_refs, &now) != OK ||
	    strcmp(now, state) != 0 || cache_begin(&quiet, folder(c), name, &fd) != OK)
		return;
	if (!write_all(*fd, h->ids, h->n * LINE)) {
		cache_drop(&quiet, folder(c), name, fd);
		return;
	}
	if (cache_keep(&quiet, folder(c), name, fd) == OK &&
	    cache_remove(&quiet, folder(c), project_cache_prefix(c, store_id), name) == OK)
		(void)!cache_trim(&quiet, folder(c), HISTORY_KEPT_BYTES); /* the next one trims */
}

int
project_history(struct ctx *c, int64_t store_id, struct git_history *out)
{
	const char *dir = project_store_dir(c, store_id), *state, *ids;
	size_t len = 0;

	TRY(git_init(c));
	TRY(git_history_state(c, dir, (size_t)c->conf->sync_refs, &state));
	ids = kept(c, name_of(c, store_id, state), &len);
	TRY(git_history_open(c, dir, ids, len, out));
	if (ids == NULL)
		keep(c, store_id, state, out);
	return OK;
}

int
project_history_forget(struct ctx *c, int64_t store_id)
{
	return cache_remove(c, folder(c), project_cache_prefix(c, store_id), NULL);
}
