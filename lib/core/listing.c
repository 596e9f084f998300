#include "core/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "auth/mapped.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/init.h"
#include "git/listing.h"
#include "store/listing.h"

#define FORMAT 1
#define NAME "manifest.js.gz"
#define EVERY_S 60
#define FIRST_WAIT_MS 20000 /* while another process makes the first one */
#define LOOK_MOST_US                                                                               \
	(2 * 1000000LL) /* for stores whose fingerprint is not known; the rest next time */
#define ROW_MOST_BYTES (64 * 1024)
#define HASH_BYTES 32

/* What the last one was made of, for all processes of this machine. Written by who has the lock;
 * who reads half of it makes a list too many or one a minute later. */
struct state {
	struct mapped head;
	int64_t number, at;
	/* nothing more will come with this number: a change has its number a moment before others
	 * can see it, so the list of a new number is made twice, a minute apart */
	int64_t is_settled;
	unsigned char hash[HASH_BYTES]; /* of the text */
};

/* The mapping of this process: set once, ends with the process. */
static struct state *state;

/* One on its way. */
struct making {
	struct ctx *c;
	gzFile out;
	crypto_generichash_state hash;
	int64_t look_until_us;
	size_t n;
	bool has_unknown; /* of some stores the fingerprint was not looked for */
};

/* ---- one entry */

static int
look(struct ctx *c, struct listing_row *row)
{
	unsigned char found[GIT_LISTING_BYTES];
	int code;

	TRY(git_init(c));
	code = git_listing_of_store(c, project_store_dir(c, row->store_id), found);
	if (code != OK && code != E_NOTFOUND)
		return code;
	row->fingerprint = code == OK ? str_hex(c->mem, found, sizeof(found)) : "";
	return listing_set_fingerprint(
	    c, row->store_id, row->generation, code == OK ? found : NULL);
}

int
listing_note(struct ctx *c, int64_t store_id)
{
	unsigned char found[GIT_LISTING_BYTES];
	int code;

	TRY(git_init(c));
	code = git_listing_of_store(c, project_store_dir(c, store_id), found);
	if (code != OK && code != E_NOTFOUND)
		return OK; /* looked at again when the list is made; no reason to fail for */
	return listing_note_fingerprint(c, store_id, code == OK ? found : NULL);
}

static void
add_member(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	js_text(b, value);
}

static int
put(struct making *m, const struct buf *b)
{
	crypto_generichash_update(&m->hash, (const unsigned char *)b->data, b->len);
	if (gzwrite(m->out, b->data, (unsigned)b->len) != (int)b->len)
		return fail(m->c, E_INTERNAL, NAME " cannot be written");
	return OK;
}

static int
put_row(struct making *m, struct ctx *c, const struct listing_row *row)
{
	struct buf *b = buf_new(c->mem, ROW_MOST_BYTES);

	buf_text(b, m->n == 0 ? "{\n" : ",\n");
	js_text(b, arena_printf(c->mem, "/%s.git", row->path));
	buf_printf(b, ":{\"fingerprint\":\"%s\",\"modified\":%lld,\"reference\":null",
	    row->fingerprint, (long long)row->modified_at);
	add_member(b, "head", arena_printf(c->mem, "ref: refs/heads/%s", row->head));
	add_member(b, "owner", row->owner);
	if (row->description[0] != '\0')
		add_member(b, "description", row->description);
	buf_char(b, '}');
	if (b->full)
		return fail(c, E_INTERNAL, "%s does not fit into the list", row->path);
	m->n++;
	return put(m, b);
}

/* ---- the whole */

static int
put_page(struct making *m, struct ctx *c, const char *behind, char **last_out)
{
	struct listing_row *rows;
	size_t n;

	TRY(listing_page(c, behind, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].is_known) {
			/* else what was said of it last has to do; of a damaged one, for good */
			if (clock_mono_us() > m->look_until_us)
				m->has_unknown = true;
			else
				(void)look(c, &rows[i]);
		}
		if (rows[i].fingerprint[0] != '\0')
			TRY(put_row(m, c, &rows[i]));
	}
	*last_out = n == LISTING_PAGE ? arena_strdup(m->c->mem, rows[n - 1].path) : NULL;
	return OK;
}

static int
put_all(struct making *m)
{
	struct ctx c = *m->c;
	struct buf *end = buf_new(m->c->mem, 16);
	char *last = arena_strdup(m->c->mem, "");
	int code = OK;

	c.mem = arena_new();
	while (code == OK && last != NULL) {
		code = put_page(m, &c, last, &last);
		if (code != OK)
			(void)fail(m->c, code, "%s", c.reason);
		arena_reset(c.mem);
	}
	arena_free(c.mem);
	TRY(code);
	buf_text(end, m->n == 0 ? "{}\n" : "\n}\n");
	return put(m, end);
}

static const char *
file_path(struct ctx *c)
{
	return path_under(c->mem, c->conf->run_dir, NAME);
}

static int
write_file(struct ctx *c, const char *path, struct making *m)
{
	int code;

	*m = (struct making){ .c = c, .look_until_us = clock_mono_us() + LOOK_MOST_US };
	crypto_generichash_init(&m->hash, NULL, 0, HASH_BYTES);
	m->out = gzopen(path, "wb6");
	if (m->out == NULL)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	code = put_all(m);
	if (gzclose(m->out) != Z_OK && code == OK)
		code = fail(c, E_INTERNAL, "%s cannot be written", path);
	return code;
}

/* Under the lock. One that says the same stays the file that it is. */
static int
make(struct ctx *c, int64_t number)
{
	const char *path = file_path(c), *fresh = arena_printf(c->mem, "%s.new", path);
	unsigned char hash[HASH_BYTES];
	struct making m;

	TRY(write_file(c, fresh, &m));
	crypto_generichash_final(&m.hash, hash, sizeof(hash));
	if (memcmp(hash, state->hash, sizeof(hash)) == 0 && access(path, R_OK) == 0)
		unlink(fresh);
	else if (rename(fresh, path) < 0)
		return fail(c, E_INTERNAL, "rename %s: %s", fresh, strerror(errno));
	memcpy(state->hash, hash, sizeof(hash));
	state->is_settled = state->number == number && !m.has_unknown;
	state->number = number;
	state->at = clock_now();
	return OK;
}

static bool
is_good(int64_t number)
{
	int64_t age_s = clock_now() - state->at;

	return (state->number == number && state->is_settled) || (age_s >= 0 && age_s < EVERY_S);
}

static int
refresh(struct ctx *c, bool is_there)
{
	int64_t number;
	int *lock, code;

	TRY(listing_number(c, &number));
	if (is_there && is_good(number))
		return OK;
	code = path_lock(
	    c, arena_printf(c->mem, "%s.lock", file_path(c)), is_there ? 0 : FIRST_WAIT_MS, &lock);
	if (code == E_CONFLICT && is_there)
		return OK; /* somebody is at it */
	TRY(code);
	if (is_there || access(file_path(c), R_OK) < 0)
		code = make(c, number);
	path_unlock(c, lock);
	return code;
}

/* ---- for those who ask */

static void
close_file(void *fd)
{
	close((int)(intptr_t)fd);
}

int
listing_open(struct ctx *c, struct listing *out)
{
	const char *path = file_path(c);
	struct stat st;
	void *memory;

	if (state == NULL) {
		TRY(mapped_open(c, "listing.shared", FORMAT, sizeof(struct state), &memory));
		state = memory;
	}
	TRY(refresh(c, access(path, R_OK) == 0));
	out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (out->fd < 0 || fstat(out->fd, &st) < 0)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	arena_defer(c->mem, close_file, (void *)(intptr_t)out->fd);
	out->size_bytes = st.st_size;
	out->made_at = st.st_mtim.tv_sec;
	out->tag = arena_printf(c->mem, "\"%llx-%lx-%llx\"", (unsigned long long)st.st_mtim.tv_sec,
	    (unsigned long)st.st_mtim.tv_nsec, (unsigned long long)st.st_size);
	return OK;
}
