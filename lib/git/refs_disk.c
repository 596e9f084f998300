/* packed-refs and HEAD of a store (gitrepository-layout, git-pack-refs). */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"
#include "git/refs.h"
#include "git/refs_sort.h"

#define FILE_MODE 0640
#define PACKED_MAX_BYTES ((size_t)2 * 1024 * 1024 * 1024)
#define HEAD_MAX_BYTES 4096
#define HEX_LEN ((size_t)2 * GIT_OID_BYTES)
#define KEPT "refs/mirrorhub/"
/* packed-refs as it was, with the fingerprint behind it. */
#define TOLD "mirrorhub-told-"

/* What git writes too: every annotated tag has its "^" line, and the names are in order. */
static const char packed_header[] = "# pack-refs with: peeled fully-peeled sorted \n";

/* ---- reading */

struct loading {
	struct ctx *c;
	const char *path;
	struct git_refs refs, kept;
	size_t refs_size, kept_size;
	struct git_ref *last; /* what a "^" line belongs to */
	bool skips_bad;	      /* instead of failing */
};

static int
damaged(struct loading *l)
{
	return fail(l->c, E_INTERNAL, "%s is damaged", l->path);
}

static bool
is_oid(const char *line, size_t len, unsigned char *oid)
{
	size_t n;

	return len >= HEX_LEN &&
	    sodium_hex2bin(oid, GIT_OID_BYTES, line, HEX_LEN, NULL, &n, NULL) == 0 &&
	    n == GIT_OID_BYTES;
}

static int
take_line(struct loading *l, char *line, size_t len)
{
	bool is_kept;
	struct git_refs *refs;

	if (line[0] == '#' || len == 0)
		return OK;
	if (line[0] == '^') {
		if (l->last == NULL || !is_oid(line + 1, len - 1, l->last->peeled))
			return damaged(l);
		l->last->is_peeled = true;
		return OK;
	}
	if (len <= HEX_LEN + 1 || line[HEX_LEN] != ' ')
		return damaged(l);
	is_kept = str_starts(line + HEX_LEN + 1, KEPT);
	refs = is_kept ? &l->kept : &l->refs;
	git_refs_room(l->c->mem, refs, is_kept ? &l->kept_size : &l->refs_size);
	l->last = &refs->rows[refs->n++];
	l->last->name = line + HEX_LEN + 1;
	return is_oid(line, len, l->last->oid) ? OK : damaged(l);
}

/* Of a line that makes no sense nothing is left, and a "^" line behind it goes too. */
static int
take_readable(struct loading *l, char *line, size_t len)
{
	size_t n_refs = l->refs.n, n_kept = l->kept.n;
	int code = take_line(l, line, len);

	if (code == OK || !l->skips_bad)
		return code;
	l->refs.n = n_refs;
	l->kept.n = n_kept;
	l->last = NULL;
	return OK;
}

/* The lines are cut in place: the names stay in the text. */
static int
take_lines(struct loading *l, char *text)
{
	while (text[0] != '\0') {
		size_t len = strcspn(text, "\n");
		bool is_end = text[len] == '\0';

		text[len] = '\0';
		TRY(take_readable(l, text, len));
		text += len + !is_end;
	}
	return OK;
}

int
git_head_load(struct ctx *c, const char *store_dir, const char **branch_out)
{
	char *text;

	TRY(path_read(c, path_under(c->mem, store_dir, "HEAD"), HEAD_MAX_BYTES, &text));
	text[strcspn(text, "\n")] = '\0';
	*branch_out = str_starts(text, "ref: ") ? text + strlen("ref: ") : NULL;
	return OK;
}

static int
load_file(struct ctx *c, const char *path, bool skips_bad, struct git_refs *out,
    struct git_refs *kept_out)
{
	struct loading l = { .c = c, .path = path, .skips_bad = skips_bad };
	char *text = arena_strdup(c->mem, "");
	int code = path_read(c, path, PACKED_MAX_BYTES, &text);

	if (code != OK && code != E_NOTFOUND && !skips_bad)
		return code;
	TRY(take_lines(&l, text));
	TRY(git_refs_sort(c, &l.refs));
	*out = l.refs;
	*kept_out = l.kept;
	return OK;
}

int
git_refs_load(struct ctx *c, const char *store_dir, struct git_refs *out, struct git_refs *kept_out)
{
	struct git_refs refs, kept;
	const char *branch;
	const struct git_ref *head;

	TRY(load_file(c, path_under(c->mem, store_dir, "packed-refs"), false, &refs, &kept));
	TRY(git_head_load(c, store_dir, &branch));
	head = branch != NULL ? git_refs_find(&refs, branch) : NULL;
	refs.head = head != NULL ? head->name : NULL;
	*out = refs;
	if (kept_out != NULL)
		*kept_out = kept;
	return OK;
}

static bool
is_safe_name(const char *name)
{
	return str_starts(name, "refs/") && strlen(name) <= GIT_REF_NAME_MAX &&
	    str_is_printable(name) && strstr(name, "..") == NULL && !str_ends(name, ".lock");
}

int
git_refs_load_readable(
    struct ctx *c, const char *store_dir, struct git_refs *out, struct git_refs *kept_out)
{
	struct git_refs refs, kept;
	size_t n = 0;

	TRY(load_file(c, path_under(c->mem, store_dir, "packed-refs"), true, &refs, &kept));
	for (size_t i = 0; i < kept.n; i++)
		if (is_safe_name(kept.rows[i].name))
			kept.rows[n++] = kept.rows[i];
	kept.n = n;
	if (git_refs_sort(c, &kept) != OK)
		kept.n = 0; /* a name twice: whose it is nobody knows */
	*out = refs;
	*kept_out = kept;
	return OK;
}

/* ---- writing */

static void
add_row(struct buf *text, const struct git_ref *r)
{
	char hex[2 * GIT_OID_BYTES + 1];

	sodium_bin2hex(hex, sizeof(hex), r->oid, GIT_OID_BYTES);
	buf_add(text, hex, HEX_LEN);
	buf_char(text, ' ');
	buf_text(text, r->name);
	buf_char(text, '\n');
	if (!r->is_peeled)
		return;
	sodium_bin2hex(hex, sizeof(hex), r->peeled, GIT_OID_BYTES);
	buf_char(text, '^');
	buf_add(text, hex, HEX_LEN);
	buf_char(text, '\n');
}

/* Two sorted lists, as one. */
static struct buf *
packed_text(struct arena *mem, const struct git_refs *a, const struct git_refs *b)
{
	struct buf *text = buf_new(mem, PACKED_MAX_BYTES);
	size_t i = 0, k = 0;

	buf_text(text, packed_header);
	while (i < a->n || k < b->n) {
		bool from_a =
		    k == b->n || (i < a->n && strcmp(a->rows[i].name, b->rows[k].name) < 0);

		add_row(text, from_a ? &a->rows[i] : &b->rows[k]);
		i += from_a;
		k += !from_a;
	}
	return text;
}

static void
close_fd(void *fd)
{
	close(*(int *)fd);
}

static int
write_lock(struct ctx *c, const char *lock, const struct buf *text)
{
	int *fd = arena_new_of(c->mem, int);

	*fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (*fd < 0)
		return fail(c, errno == EEXIST ? E_CONFLICT : E_INTERNAL, "make %s: %s", lock,
		    strerror(errno));
	arena_defer(c->mem, close_fd, fd);
	for (size_t done = 0; done < text->len;) {
		ssize_t n = write(*fd, text->data + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return fail(c, E_INTERNAL, "write %s: %s", lock, strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	if (fsync(*fd) != 0)
		return fail(c, E_INTERNAL, "write %s: %s", lock, strerror(errno));
	arena_close(c->mem, fd);
	return OK;
}

int
git_refs_publish(
    struct ctx *c, const char *store_dir, const struct git_refs *refs, const struct git_refs *kept)
{
	const char *path = path_under(c->mem, store_dir, "packed-refs");
	const char *lock = path_under(c->mem, store_dir, "packed-refs.lock");
	struct buf *text = packed_text(c->mem, refs, kept);
	int code;

	if (text->full)
		return fail(c, E_DENIED, "the refs are more than a store may have");
	code = write_lock(c, lock, text);
	if (code == OK)
		code = path_rename(c, lock, path);
	if (code != OK && code != E_CONFLICT)
		(void)unlink(lock); /* the reason of the failure is already known */
	return code;
}

void
git_refs_forget_told(struct arena *mem, const char *store_dir)
{
	glob_t found = { 0 };

	if (glob(path_under(mem, store_dir, TOLD "*"), GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void)unlink(
			    found.gl_pathv[i]); /* at worst it stays, and is not asked for */
	globfree(&found);
}

static int
keep_told(struct ctx *c, const char *store_dir, const char *path)
{
	const char *packed = path_under(c->mem, store_dir, "packed-refs");

	git_refs_forget_told(c->mem, store_dir);
	if (link(packed, path) == 0)
		return path_fsync(c, store_dir);
	if (errno != ENOENT)
		return fail(c, E_INTERNAL, "make %s: %s", path, strerror(errno));
	return path_write(c, path, FILE_MODE, "", 0); /* there was no ref */
}

static const char *
told_path(struct arena *mem, const char *store_dir, const char *fingerprint)
{
	return path_under(mem, store_dir, arena_printf(mem, TOLD "%s", fingerprint));
}

bool
git_refs_is_untold(struct arena *mem, const char *store_dir, const char *fingerprint)
{
	return path_is_file(told_path(mem, store_dir, fingerprint));
}

int
git_refs_told(struct ctx *c, const char *store_dir, const char *fingerprint,
    const struct git_refs *now, struct git_refs *out)
{
	const char *path = told_path(c->mem, store_dir, fingerprint);
	struct git_refs kept;

	*out = (struct git_refs){ .n = 0 };
	if (fingerprint[0] == '\0') {
		git_refs_forget_told(c->mem, store_dir);
		return OK;
	}
	if (path_is_file(path))
		return load_file(c, path, false, out, &kept);
	*out = *now;
	return keep_told(c, store_dir, path);
}

int
git_refs_carry_told(
    struct ctx *c, const char *from_dir, const char *to_dir, const char *fingerprint)
{
	const char *to = told_path(c->mem, to_dir, fingerprint);

	if (fingerprint[0] == '\0' || link(told_path(c->mem, from_dir, fingerprint), to) == 0 ||
	    errno == ENOENT)
		return OK;
	return fail(c, E_INTERNAL, "make %s: %s", to, strerror(errno));
}

int
git_head_set(struct ctx *c, const char *store_dir, const char *branch)
{
	const char *text = arena_printf(c->mem, "ref: %s\n", branch);

	return path_write(c, path_under(c->mem, store_dir, "HEAD"), FILE_MODE, text, strlen(text));
}

static void
close_fts(void *walk)
{
	fts_close(walk);
}

static int
walk_open(struct ctx *c, const char *store_dir, FTS **out)
{
	char *const roots[] = { path_under(c->mem, store_dir, "refs"), NULL };

	*out = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	if (*out == NULL)
		return fail(c, E_INTERNAL, "read folder %s: %s", roots[0], strerror(errno));
	arena_defer(c->mem, close_fts, *out);
	return OK;
}

static bool
is_folder(const FTSENT *f)
{
	return f->fts_info == FTS_D || f->fts_info == FTS_DP;
}

int
git_refs_has_loose(struct ctx *c, const char *store_dir, bool *out)
{
	FTS *walk;
	FTSENT *f;

	TRY(walk_open(c, store_dir, &walk));
	do
		f = fts_read(walk);
	while (f != NULL && is_folder(f));
	*out = f != NULL;
	arena_close(c->mem, walk);
	return OK;
}

static int
take_loose(
    struct ctx *c, const char *store_dir, const FTSENT *f, struct git_refs *refs, size_t *size)
{
	const char *name = f->fts_path + strlen(store_dir) + 1;
	struct git_ref *row;
	unsigned char oid[GIT_OID_BYTES];
	char *text;

	if (!is_safe_name(name) || path_read(c, f->fts_path, HEAD_MAX_BYTES, &text) != OK ||
	    !is_oid(text, strlen(text), oid))
		return OK;
	git_refs_room(c->mem, refs, size);
	row = &refs->rows[refs->n++];
	*row = (struct git_ref){ .name = arena_strdup(c->mem, name) };
	memcpy(row->oid, oid, GIT_OID_BYTES);
	return OK;
}

/* Loose ones first: they count where packed-refs has the same name. */
int
git_refs_load_all_readable(struct ctx *c, const char *store_dir, struct git_refs *out)
{
	struct git_refs refs, kept, all = { .n = 0 }, loose;
	size_t size = 0;
	FTS *walk;

	TRY(walk_open(c, store_dir, &walk));
	for (FTSENT *f = fts_read(walk); f != NULL; f = fts_read(walk))
		if (!is_folder(f))
			TRY(take_loose(c, store_dir, f, &all, &size));
	arena_close(c->mem, walk);
	TRY(git_refs_sort(c, &all));
	loose = all;
	loose.rows = arena_new_array(c->mem, struct git_ref, all.n + 1);
	if (all.n > 0)
		memcpy(loose.rows, all.rows, all.n * sizeof(all.rows[0]));
	TRY(git_refs_load_readable(c, store_dir, &refs, &kept));
	for (size_t i = 0; i < refs.n + kept.n; i++) {
		const struct git_ref *r = i < refs.n ? &refs.rows[i] : &kept.rows[i - refs.n];

		if (!is_safe_name(r->name) || git_refs_find(&loose, r->name) != NULL)
			continue;
		git_refs_room(c->mem, &all, &size);
		all.rows[all.n++] = *r;
	}
	TRY(git_refs_sort(c, &all));
	*out = all;
	return OK;
}

int
git_refs_drop_loose(struct ctx *c, const char *store_dir)
{
	FTS *walk;

	TRY(walk_open(c, store_dir, &walk));
	for (FTSENT *f = fts_read(walk); f != NULL; f = fts_read(walk)) {
		if (is_folder(f))
			continue;
		if (unlink(f->fts_accpath) != 0 && errno != ENOENT)
			return fail(c, E_INTERNAL, "remove %s: %s", f->fts_path, strerror(errno));
	}
	arena_close(c->mem, walk);
	return OK;
}
