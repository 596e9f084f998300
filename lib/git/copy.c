#include "git/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <git2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/path.h"
#include "base/str.h"
#include "git/init.h"
#include "git/refs.h"
#include "git/store.h"

#define HEADS "refs/heads/"
#define DIR_MODE 0750
#define STEP_BYTES ((size_t)64 * 1024)

/* ---- refs */

static int
to_ref(struct ctx *c, const struct git_store_ref *from, struct git_ref *to)
{
	to->name = from->name;
	to->is_peeled = from->peeled[0] != '\0';
	if (!str_is_hex(from->oid, to->oid, GIT_OID_BYTES) ||
	    (to->is_peeled && !str_is_hex(from->peeled, to->peeled, GIT_OID_BYTES)))
		return fail(c, E_INTERNAL, "%s has a bad id", from->name);
	return OK;
}

/* As they are now, from packed-refs and loose files. */
static int
load_refs(struct ctx *c, const char *from, size_t max_refs, struct git_refs *out)
{
	struct git_repository *repo;
	struct git_store_ref *rows;
	size_t n;

	TRY(git_store_open(c, from, &repo));
	TRY(git_store_refs(c, repo, max_refs, &rows, &n));
	*out = (struct git_refs){ .rows = arena_new_array(c->mem, struct git_ref, n + 1) };
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, "HEAD") != 0)
			TRY(to_ref(c, &rows[i], &out->rows[out->n++]));
	return OK;
}

/* ---- objects */

static void
close_fts(void *walk)
{
	fts_close(walk);
}

static void
close_fd(void *fd)
{
	close(*(int *)fd);
}

static int
open_fd(struct ctx *c, const char *path, int flags, int **out)
{
	int *fd = arena_new_of(c->mem, int);

	*fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0440);
	if (*fd < 0)
		return fail(c, E_INTERNAL, "open %s: %s", path, strerror(errno));
	arena_defer(c->mem, close_fd, fd);
	*out = fd;
	return OK;
}

static int
write_all(int fd, const char *bytes, ssize_t len)
{
	for (ssize_t done = 0; done < len;) {
		ssize_t n = write(fd, bytes + done, (size_t)(len - done));

		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? n : 0;
	}
	return 0;
}

static int
copy_bytes(struct ctx *c, const char *from, const char *to)
{
	char bytes[STEP_BYTES];
	int *in, *out;
	ssize_t n;

	TRY(open_fd(c, from, O_RDONLY, &in));
	TRY(open_fd(c, to, O_WRONLY | O_CREAT | O_EXCL, &out));
	do
		n = read(*in, bytes, sizeof(bytes));
	while ((n > 0 && write_all(*out, bytes, n) == 0) || (n < 0 && errno == EINTR));
	if (n != 0 || fsync(*out) != 0)
		return fail(c, E_INTERNAL, "copy %s: %s", from, strerror(errno));
	arena_close(c->mem, out);
	arena_close(c->mem, in);
	return OK;
}

static int
link_or_copy(struct ctx *c, const char *from, const char *to)
{
	if (link(from, to) == 0)
		return OK;
	if (errno == EXDEV || errno == EMLINK || errno == EPERM || errno == EOPNOTSUPP)
		return copy_bytes(c, from, to);
	return fail(c, E_INTERNAL, "link %s: %s", to, strerror(errno));
}

/* What a writer that was killed left behind, and what a running one has not done yet. */
static bool
is_unfinished(const FTSENT *f)
{
	return str_starts(f->fts_name, "tmp_") || str_starts(f->fts_name, ".tmp-") ||
	    str_ends(f->fts_name, ".lock") || str_starts(f->fts_name, "bitmap-ref-tips_");
}

/* A folder comes before and again after what is in it: then its list is made durable. */
static int
take_entry(struct ctx *c, const FTSENT *f, const char *to)
{
	switch (f->fts_info) {
	case FTS_D:
		return path_make_dir(c, to, DIR_MODE);
	case FTS_DP:
		return path_fsync(c, to);
	case FTS_F:
		return link_or_copy(c, f->fts_accpath, to);
	default:
		return fail(c, E_INTERNAL, "%s has no place in a store of ours", f->fts_path);
	}
}

static int
copy_objects(struct ctx *c, const char *from, const char *to)
{
	char *const roots[] = { path_under(c->mem, from, "objects"), NULL };
	size_t root_len = strlen(roots[0]);
	const char *target = path_under(c->mem, to, "objects");
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	if (walk == NULL)
		return fail(c, E_INTERNAL, "read folder %s: %s", roots[0], strerror(errno));
	arena_defer(c->mem, close_fts, walk);
	for (FTSENT *f = fts_read(walk); f != NULL; f = fts_read(walk)) {
		if (f->fts_level > FTS_ROOTLEVEL && is_unfinished(f)) {
			fts_set(walk, f, FTS_SKIP);
			continue;
		}
		TRY(take_entry(c, f, arena_printf(c->mem, "%s%s", target, f->fts_path + root_len)));
		crash_point("fork-linked");
	}
	arena_close(c->mem, walk);
	return OK;
}

/* ---- all of it */

static int
load_head(struct ctx *c, const char *from, const char **branch_out)
{
	const char *head;

	TRY(git_head_load(c, from, &head));
	if (head == NULL || !str_starts(head, HEADS))
		return fail(c, E_INTERNAL, "HEAD of %s names no branch", from);
	*branch_out = head + strlen(HEADS);
	return OK;
}

int
git_store_copy(
    struct ctx *c, const char *from, const char *to, size_t max_refs, const char **head_out)
{
	const char *head = NULL;
	struct git_refs refs;
	const struct git_refs none = { .n = 0 };

	TRY(git_init(c));
	TRY(load_refs(c, from, max_refs, &refs));
	TRY(load_head(c, from, &head));
	TRY(git_store_create(c, to, head));
	TRY(copy_objects(c, from, to));
	TRY(git_refs_publish(c, to, &refs, &none));
	crash_point("fork-made");
	*head_out = head;
	return OK;
}
