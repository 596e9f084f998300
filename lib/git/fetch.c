#include "git/fetch.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "git/haves.h"
#include "git/init.h"
#include "git/pack_in.h"
#include "git/pkt.h"
#include "git/wire.h"

#define DIR_MODE 0750
#define FILE_MODE 0640
/* 100 bytes a line leave room for the names of what is wanted. */
#define REQUEST_MAX_BYTES ((size_t)512 * 1024 * 1024)

/* One fetch. What it asks and how it reads the answer is ours (gitprotocol-pack, without multi_ack:
 * all that we have goes out at once, and one answer is enough); what comes is indexed as it comes
 * (git/pack_in.h). */
struct fetching {
	struct ctx *c;
	const struct git_fetch *f;
	bool is_banded;	     /* the answer is taken apart by side-band-64k */
	struct buf *request; /* wants, haves */
	struct git_pkt_reader *answer;
	struct git_pack_in *pack;
	int64_t bytes;
};

/* ---- the quarantine */

static const char *const quarantine_dirs[] = { "objects/info", "objects/pack", "refs" };

static const char quarantine_config[] = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";

static void
close_repo(void *repo)
{
	git_repository_free(repo);
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static int
write_text(struct ctx *c, const char *dir, const char *name, const char *text)
{
	return path_write(c, path_under(c->mem, dir, name), FILE_MODE, text, strlen(text));
}

static int
make_quarantine(
    struct ctx *c, const struct git_fetch *f, git_repository **repo_out, git_odb **odb_out)
{
	const char *dir = f->quarantine_dir;

	for (size_t i = 0; i < sizeof(quarantine_dirs) / sizeof(quarantine_dirs[0]); i++)
		TRY(path_make_dir(c, path_under(c->mem, dir, quarantine_dirs[i]), DIR_MODE));
	TRY(write_text(c, dir, "config", quarantine_config));
	TRY(write_text(c, dir, "HEAD", "ref: refs/heads/none\n"));
	if (f->store_dir != NULL)
		TRY(write_text(c, dir, "objects/info/alternates",
		    arena_printf(c->mem, "%s/objects\n", f->store_dir)));
	if (git_repository_open_bare(repo_out, dir) < 0)
		return git_fail(c, E_INTERNAL, "open %s", dir);
	arena_defer(c->mem, close_repo, *repo_out);
	if (git_repository_odb(odb_out, *repo_out) < 0)
		return git_fail(c, E_INTERNAL, "open %s", dir);
	arena_defer(c->mem, close_odb, *odb_out);
	return OK;
}

/* ---- what is asked for */

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

/* No thin packs: libgit2 completes them in quadratic time (mirroring.md 0.6), and a base may be
 * lost to us while the pack is under way. */
static const char *
wanted_capabilities(struct arena *mem, const char *offered)
{
	static const char *const wanted[] = { "side-band-64k", "ofs-delta" };
	struct buf *out = buf_new(mem, 256);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (has_word(offered, wanted[i]))
			buf_printf(out, " %s", wanted[i]);
	return out->data;
}

/* The first carries the capabilities. */
static void
add_want(struct fetching *x, const char *hex)
{
	git_pkt_add(x->request, "want %s%s\n", hex,
	    x->request->len > 0 ? "" : wanted_capabilities(x->c->mem, x->f->advert->capabilities));
}

static int
by_oid(const void *a, const void *b)
{
	return memcmp((*(const struct git_ref *const *)a)->oid,
	    (*(const struct git_ref *const *)b)->oid, GIT_OID_BYTES);
}

/* Tips that are in neither the store nor the rest of the list, each id once. That an object is in
 * the store means that everything below it is, too: nothing enters it unchecked (git/check.h). */
static void
list_wanted(struct fetching *x, git_odb *odb)
{
	const struct git_refs *refs = &x->f->advert->refs;
	const struct git_ref **rows =
	    arena_new_array(x->c->mem, const struct git_ref *, refs->n + 1);
	const unsigned char *last = NULL;
	git_oid oid;
	char hex[2 * GIT_OID_BYTES + 1];

	for (size_t i = 0; i < refs->n; i++)
		rows[i] = &refs->rows[i];
	qsort(rows, refs->n, sizeof(rows[0]), by_oid);
	for (size_t i = 0; i < refs->n; i++) {
		git_oid_fromraw(&oid, rows[i]->oid);
		if ((last != NULL && memcmp(last, rows[i]->oid, GIT_OID_BYTES) == 0) ||
		    git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH))
			continue;
		last = rows[i]->oid;
		add_want(x, git_oid_tostr(hex, sizeof(hex), &oid));
	}
}

static int
send_request(struct fetching *x, git_repository *repo)
{
	struct buf *haves;

	TRY(git_haves_list(x->c, repo, x->f->published, &x->f->advert->refs, &haves));
	git_pkt_flush(x->request);
	buf_add(x->request, haves->data, haves->len);
	git_pkt_add(x->request, "done\n");
	if (x->request->full)
		return fail(x->c, E_DENIED, "too many refs for one request");
	return x->f->wire->send(x->f->wire->payload, x->request->data, x->request->len);
}

/* ---- the answer */

static bool
on_progress(void *payload, int64_t objects, int64_t objects_total)
{
	struct fetching *x = payload;

	return x->f->progress(x->f->payload, x->bytes, objects, objects_total);
}

static int
broken_off(struct fetching *x)
{
	return fail(x->c, E_INVALID, "the upstream ended before its pack");
}

static int
add_bytes(struct fetching *x, const char *bytes, size_t len)
{
	x->bytes += (int64_t)len;
	if (x->bytes > x->c->conf->sync_pack_bytes)
		return fail(x->c, E_DENIED, "the upstream sends more than the %lld bytes it may",
		    (long long)x->c->conf->sync_pack_bytes);
	return git_pack_in_add(x->pack, bytes, len);
}

/* A line that is no part of the pack. */
static int
read_word(struct fetching *x, const char *line, size_t len)
{
	if (str_starts(line, "ERR "))
		return fail(x->c, E_INVALID, "the upstream says: %s",
		    git_clean(x->c->mem, arena_strndup(x->c->mem, line + 4, len - 4)));
	if (str_starts(line, "NAK") || str_starts(line, "ACK "))
		return OK;
	return fail(x->c, E_INVALID, "the upstream's answer cannot be used");
}

/* Band 1 is the pack, band 2 is for people, band 3 says why there is no more. */
static int
read_banded(struct fetching *x)
{
	enum git_pkt_kind kind;
	char *line;
	size_t len;

	for (;;) {
		TRY(git_pkt_read_bytes(x->c, x->answer, &kind, &line, &len));
		if (kind == PKT_FLUSH)
			return OK;
		if (kind == PKT_END || len == 0)
			return broken_off(x);
		if (line[0] == 1)
			TRY(add_bytes(x, line + 1, len - 1));
		else if (line[0] == 3)
			return fail(x->c, E_INVALID, "the upstream says: %s",
			    git_clean(x->c->mem, arena_strndup(x->c->mem, line + 1, len - 1)));
		else if (line[0] != 2)
			TRY(read_word(x, line, len));
	}
}

/* One line, then nothing but the pack until the end. */
static int
read_plain(struct fetching *x)
{
	enum git_pkt_kind kind;
	char *bytes;
	size_t len;

	TRY(git_pkt_read(x->c, x->answer, &kind, &bytes, &len));
	if (kind != PKT_LINE)
		return broken_off(x);
	TRY(read_word(x, bytes, len));
	for (;;) {
		TRY(git_pkt_read_rest(x->c, x->answer, &bytes, &len));
		if (len == 0)
			return OK;
		TRY(add_bytes(x, bytes, len));
	}
}

static int
read_answer(struct fetching *x, git_odb *odb, struct git_fetched *out)
{
	const struct git_pack_in_spec spec = {
		.dir = x->f->quarantine_dir,
		.odb = odb,
		.progress = x->f->progress != NULL ? on_progress : NULL,
		.payload = x,
	};

	x->answer = git_pkt_reader_new(x->c->mem, x->f->wire, "upstream", INT64_MAX);
	x->pack = git_pack_in_new(x->c, &spec);
	TRY(x->is_banded ? read_banded(x) : read_plain(x));
	TRY(git_pack_in_end(x->pack, out));
	out->bytes = x->answer->came;
	return OK;
}

/* ---- all of it */

int
git_fetch(struct ctx *c, const struct git_fetch *f, struct git_fetched *out)
{
	struct fetching x = { .c = c, .f = f, .request = buf_new(c->mem, REQUEST_MAX_BYTES) };
	git_repository *repo = NULL;
	git_odb *odb = NULL;

	*out = (struct git_fetched){ 0 };
	x.is_banded = has_word(f->advert->capabilities, "side-band-64k");
	TRY(make_quarantine(c, f, &repo, &odb));
	list_wanted(&x, odb);
	if (x.request->len == 0)
		return git_fetch_nothing(f->wire);
	TRY(send_request(&x, repo));
	return read_answer(&x, odb, out);
}

int
git_fetch_nothing(struct git_wire *wire)
{
	return wire->is_rpc ? OK : wire->send(wire->payload, "0000", strlen("0000"));
}
