#include "git/fetch.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <git2.h>
#include <git2/sys/transport.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "git/haves.h"
#include "git/init.h"
#include "git/pkt.h"
#include "git/wire.h"

#define DIR_MODE 0750
#define FILE_MODE 0640
/* 100 bytes a line leave room for the names of what is wanted. */
#define REQUEST_MAX_BYTES ((size_t)512 * 1024 * 1024)

/* One fetch: libgit2 frames the request, takes the side-band apart and indexes the pack; what it is
 * shown of the upstream and what it sends passes through here. */
struct fetching {
	git_smart_subtransport_stream stream; /* first: libgit2 hands this back */
	git_smart_subtransport subtransport;
	git_smart_subtransport_definition definition;
	struct ctx *c;
	const struct git_fetch *f;
	struct buf *advert; /* rewritten: only what is wanted, only capabilities that we want */
	size_t advert_read;
	struct buf *haves;
	bool is_sent, is_given_up;
	int code; /* of the wire, when it failed */
	int64_t bytes, objects;
};

/* ---- the quarantine */

static const char *const quarantine_dirs[] = { "objects/info", "objects/pack", "refs" };

static const char quarantine_config[] = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";

static void
close_repo(void *repo)
{
	git_repository_free(repo);
}

static int
write_text(struct ctx *c, const char *dir, const char *name, const char *text)
{
	return path_write(c, path_under(c->mem, dir, name), FILE_MODE, text, strlen(text));
}

static int
make_quarantine(struct ctx *c, const struct git_fetch *f, git_repository **out)
{
	const char *dir = f->quarantine_dir;
	git_repository *repo;

	for (size_t i = 0; i < sizeof(quarantine_dirs) / sizeof(quarantine_dirs[0]); i++)
		TRY(path_make_dir(c, path_under(c->mem, dir, quarantine_dirs[i]), DIR_MODE));
	TRY(write_text(c, dir, "config", quarantine_config));
	TRY(write_text(c, dir, "HEAD", "ref: refs/heads/none\n"));
	if (f->store_dir != NULL)
		TRY(write_text(c, dir, "objects/info/alternates",
		    arena_printf(c->mem, "%s/objects\n", f->store_dir)));
	if (git_repository_open_bare(&repo, dir) < 0)
		return git_fail(c, E_INTERNAL, "open %s", dir);
	arena_defer(c->mem, close_repo, repo);
	*out = repo;
	return OK;
}

/* ---- what is asked for */

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

/* No thin packs: libgit2 completes them in quadratic time (mirroring.md 0.6). No multi_ack: all
 * that we have goes out at once, one answer is enough. */
static const char *
wanted_capabilities(struct arena *mem, const char *offered)
{
	static const char *const wanted[] = { "side-band-64k", "ofs-delta" };
	struct buf *out = buf_new(mem, 256);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (has_word(offered, wanted[i]))
			buf_printf(out, "%s%s", out->len > 0 ? " " : "", wanted[i]);
	return out->data;
}

/* One line of the rewritten advertisement. The first carries the capabilities behind a NUL. */
static void
add_wanted(struct fetching *x, const char *hex, const char *name)
{
	const char *words = wanted_capabilities(x->c->mem, x->f->advert->capabilities);
	size_t len = strlen(hex) + 1 + strlen(name) + 1;

	if (x->advert->len > 0) {
		git_pkt_add(x->advert, "%s %s\n", hex, name);
		return;
	}
	buf_printf(x->advert, "%04zx%s %s", len + 1 + strlen(words) + 4, hex, name);
	buf_char(x->advert, '\0');
	buf_printf(x->advert, "%s\n", words);
}

static int
by_oid(const void *a, const void *b)
{
	return memcmp((*(const struct git_ref *const *)a)->oid,
	    (*(const struct git_ref *const *)b)->oid, GIT_OID_BYTES);
}

/* Tips that are in neither the store nor the rest of the list, each id once. That an object is in
 * the store means that everything below it is, too: nothing enters it unchecked (git/check.h). */
static int
list_wanted(struct fetching *x, git_repository *repo, size_t *n_out)
{
	const struct git_refs *refs = &x->f->advert->refs;
	const struct git_ref **rows =
	    arena_new_array(x->c->mem, const struct git_ref *, refs->n + 1);
	const unsigned char *last = NULL;
	git_odb *odb;
	git_oid oid;
	char hex[2 * GIT_OID_BYTES + 1];

	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(x->c, E_INTERNAL, "open %s", x->f->quarantine_dir);
	arena_defer(x->c->mem, close_odb, odb);
	*n_out = 0;
	for (size_t i = 0; i < refs->n; i++)
		rows[i] = &refs->rows[i];
	qsort(rows, refs->n, sizeof(rows[0]), by_oid);
	for (size_t i = 0; i < refs->n; i++) {
		git_oid_fromraw(&oid, rows[i]->oid);
		if ((last != NULL && memcmp(last, rows[i]->oid, GIT_OID_BYTES) == 0) ||
		    git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH))
			continue;
		last = rows[i]->oid;
		add_wanted(x, git_oid_tostr(hex, sizeof(hex), &oid), rows[i]->name);
		++*n_out;
	}
	git_pkt_flush(x->advert);
	return OK;
}

/* ---- the subtransport */

/* libgit2 wants a message of its own behind every -1. */
static int
broken(struct fetching *x, int code)
{
	x->code = code;
	git_error_set_str(GIT_ERROR_NET, "the connection failed");
	return -1;
}

static int
on_read(git_smart_subtransport_stream *stream, char *bytes, size_t size, size_t *got_out)
{
	struct fetching *x = (struct fetching *)(void *)stream;
	size_t left = x->advert->len - x->advert_read;
	int code;

	if (left > 0) {
		*got_out = left < size ? left : size;
		memcpy(bytes, x->advert->data + x->advert_read, *got_out);
		x->advert_read += *got_out;
		return 0;
	}
	code = x->f->wire->receive(x->f->wire->payload, bytes, size, got_out);
	if (code != OK)
		return broken(x, code);
	x->bytes += (int64_t)*got_out;
	if (x->bytes > x->c->conf->sync_pack_bytes)
		return broken(x,
		    fail(x->c, E_DENIED, "the upstream sends more than the %lld bytes it may",
			(long long)x->c->conf->sync_pack_bytes));
	return 0;
}

/* libgit2's request ends in a flush and "done": the quarantine has no refs, so it has nothing to
 * say between them. There we name every published tip. Its own negotiation would walk back from the
 * newest commits and stop at the first answer (mirroring.md 4.3). */
static int
on_write(git_smart_subtransport_stream *stream, const char *bytes, size_t len)
{
	static const char end[] = "00000009done\n";
	struct fetching *x = (struct fetching *)(void *)stream;
	struct buf *request;
	size_t wants;
	int code;

	if (x->is_sent) /* the flush that says goodbye */
		return 0;
	if (len < strlen(end) || memcmp(bytes + len - strlen(end), end, strlen(end)) != 0)
		return broken(x, fail(x->c, E_INTERNAL, "libgit2 asks in a way that is not known"));
	wants = len - strlen(end) + strlen("0000");
	request = buf_new(x->c->mem, REQUEST_MAX_BYTES);
	buf_add(request, bytes, wants);
	buf_add(request, x->haves->data, x->haves->len);
	buf_add(request, bytes + wants, len - wants);
	if (request->full)
		return broken(x, fail(x->c, E_DENIED, "too many refs for one request"));
	x->is_sent = true;
	code = x->f->wire->send(x->f->wire->payload, request->data, request->len);
	return code == OK ? 0 : broken(x, code);
}

/* All of these live in the arena. */
static void
on_free_stream(git_smart_subtransport_stream *stream)
{
	(void)stream;
}

static int
on_action(git_smart_subtransport_stream **out, git_smart_subtransport *subtransport,
    const char *url, git_smart_service_t action)
{
	struct fetching *x = (struct fetching *)(void *)((char *)subtransport -
	    offsetof(struct fetching, subtransport));

	(void)url;
	assert(action == GIT_SERVICE_UPLOADPACK_LS || action == GIT_SERVICE_UPLOADPACK);
	*out = &x->stream;
	return 0;
}

static int
on_close(git_smart_subtransport *subtransport)
{
	(void)subtransport;
	return 0;
}

static void
on_free(git_smart_subtransport *subtransport)
{
	(void)subtransport;
}

static int
on_subtransport(git_smart_subtransport **out, git_transport *owner, void *param)
{
	struct fetching *x = param;

	(void)owner;
	x->stream.subtransport = &x->subtransport;
	x->stream.read = on_read;
	x->stream.write = on_write;
	x->stream.free = on_free_stream;
	x->subtransport.action = on_action;
	x->subtransport.close = on_close;
	x->subtransport.free = on_free;
	*out = &x->subtransport;
	return 0;
}

static int
on_transport(git_transport **out, git_remote *owner, void *param)
{
	struct fetching *x = param;

	x->definition.callback = on_subtransport;
	/* one request and one answer: even over HTTP it looks like one stream to libgit2 */
	x->definition.rpc = 0;
	x->definition.param = x;
	return git_transport_smart(out, owner, &x->definition);
}

static int
on_progress(const git_indexer_progress *p, void *payload)
{
	struct fetching *x = payload;

	x->objects = p->total_objects;
	if (x->f->progress == NULL ||
	    x->f->progress(x->f->payload, x->bytes, p->indexed_objects, p->total_objects))
		return 0;
	x->is_given_up = true;
	return -1;
}

/* ---- all of it */

static void
close_remote(void *remote)
{
	git_remote_free(remote);
}

/* The flags keep libgit2 from reading settings, and from leaking at each look (mirroring.md 4.4).
 */
static int
make_remote(struct ctx *c, git_repository *repo, git_remote **out)
{
	git_remote_create_options options;

	if (git_remote_create_options_init(&options, GIT_REMOTE_CREATE_OPTIONS_VERSION) < 0)
		return git_fail(c, E_INTERNAL, "prepare the fetch");
	options.repository = repo;
	options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
	/* a name for messages; the connection is ours */
	if (git_remote_create_with_opts(out, "mirrorhub://upstream", &options) < 0)
		return git_fail(c, E_INTERNAL, "prepare the fetch");
	arena_defer(c->mem, close_remote, *out);
	return OK;
}

static int
download_failure(struct fetching *x)
{
	const git_error *last = git_error_last();
	int class = last != NULL ? last->klass : GIT_ERROR_NONE;

	if (x->code != OK)
		return x->code; /* with its reason */
	if (x->is_given_up)
		return fail(x->c, E_CONFLICT, "given up because it was told to");
	if (class == GIT_ERROR_OS || class == GIT_ERROR_NOMEMORY || class == GIT_ERROR_FILESYSTEM)
		return git_fail(x->c, E_INTERNAL, "storing the pack");
	return git_fail(x->c, E_INVALID, "the upstream's answer cannot be used");
}

static int
download(struct fetching *x, git_repository *repo)
{
	static char *specs[] = { (char *)"+refs/*:refs/*" };
	const git_strarray refspecs = { specs, 1 };
	git_fetch_options options;
	git_remote *remote;

	if (git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION) < 0)
		return git_fail(x->c, E_INTERNAL, "prepare the fetch");
	TRY(make_remote(x->c, repo, &remote));
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	options.prune = GIT_FETCH_NO_PRUNE;
	options.update_fetchhead = 0;
	options.callbacks.transport = on_transport;
	options.callbacks.transfer_progress = on_progress;
	options.callbacks.payload = x;
	if (git_remote_download(remote, &refspecs, &options) < 0) {
		x->is_sent = true; /* what libgit2 says on closing goes nowhere */
		return download_failure(x);
	}
	arena_close(x->c->mem, remote);
	return OK;
}

static void
close_dir(void *dir)
{
	closedir(dir);
}

/* The one pack that came. */
static int
find_pack(struct ctx *c, const char *quarantine_dir, const char **out)
{
	const char *dir = path_under(c->mem, quarantine_dir, "objects/pack");
	DIR *d = opendir(dir);

	if (d == NULL)
		return fail(c, E_INTERNAL, "read folder %s: %s", dir, strerror(errno));
	arena_defer(c->mem, close_dir, d);
	*out = NULL;
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
		if (!str_ends(e->d_name, ".idx"))
			continue;
		if (*out != NULL)
			return fail(c, E_INTERNAL, "%s has two packs", dir);
		*out = arena_printf(c->mem, "%s/%.*s", dir, (int)strlen(e->d_name) - 4, e->d_name);
	}
	return OK;
}

int
git_fetch(struct ctx *c, const struct git_fetch *f, struct git_fetched *out)
{
	struct fetching *x = arena_new_of(c->mem, struct fetching); /* libgit2 may keep it */
	struct git_fetched fetched = { 0 };
	git_repository *repo = NULL;
	size_t n_wanted = 0;

	x->c = c;
	x->f = f;
	x->advert = buf_new(c->mem, REQUEST_MAX_BYTES);
	TRY(make_quarantine(c, f, &repo));
	TRY(list_wanted(x, repo, &n_wanted));
	if (x->advert->full)
		return fail(c, E_DENIED, "too many refs for one request");
	if (n_wanted > 0) {
		TRY(git_haves_list(c, repo, f->published, &f->advert->refs, &x->haves));
		TRY(download(x, repo));
		TRY(find_pack(c, f->quarantine_dir, &fetched.pack));
	} else {
		TRY(git_fetch_nothing(f->wire));
	}
	fetched.bytes = x->bytes;
	fetched.objects = x->objects;
	*out = fetched;
	return OK;
}

int
git_fetch_nothing(struct git_wire *wire)
{
	return wire->is_rpc ? OK : wire->send(wire->payload, "0000", strlen("0000"));
}
