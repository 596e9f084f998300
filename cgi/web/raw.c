/* The bytes of a file, in a way that no browser runs them (checklists X-06). */
#include <string.h>

#include "base/conf.h"
#include "base/str.h"
#include "cgi/git/pump.h"
#include "cgi/web/file.h"
#include "cgi/web/page.h"
#include "cgi/web/place.h"
#include "cgi/web/web.h"
#include "git/child.h"
#include "git/tree.h"

/* Larger files go through git, piece by piece: an object of a pack is unpacked whole. */
#define MEMORY_MOST (8 * 1024 * 1024)

/* Raised when the same bytes are sent with other headers. */
#define TAG_VERSION "raw-1"

#define POLICY "sandbox; default-src 'none'"

/* Text is shown, the four kinds of images too; all else is saved. */
static void
set_type(struct req *r, const struct git_entry *entry, const struct git_blob *blob)
{
	const char *image = NULL;

	if (blob->bytes != NULL)
		image = file_image(blob->bytes, (size_t)blob->size_bytes);
	if (image != NULL) {
		r->type = image;
	} else if (blob->bytes != NULL && blob->is_utf8 && !blob->is_binary) {
		r->type = "text/plain; charset=utf-8";
	} else {
		r->type = "application/octet-stream";
		res_header(r, "Content-Disposition", file_attachment(r->ctx->mem, entry->name));
	}
}

static int
send_large(struct req *r, const struct place *place, const struct git_entry *entry, int64_t bytes)
{
	const char *const argv[] = { "git", "cat-file", "blob", entry->id, NULL };
	const struct git_child child = {
		.dir = git_view_dir(place->view),
		.argv = argv,
		.wall_ms = r->ctx->conf->git_total_s * 1000,
	};
	struct pump pump = { .r = r };

	res_header(r, "Content-Length", arena_printf(r->ctx->mem, "%lld", (long long)bytes));
	if (r->method == HEAD)
		return res_begin(r);
	TRY(git_child_start(r->ctx, &child, &pump.child));
	return pump_run(&pump);
}

int
web_raw(struct req *r)
{
	struct place place;
	struct git_entry entry;
	struct git_blob blob;

	res_header(r, "Content-Security-Policy", POLICY); /* also of a 304 */
	if (place_is_fixed(r) && page_is_fresh(r, place_key(r, "raw")))
		return OK;
	TRY(place_open(r, &place));
	TRY(git_entry_find(r->ctx, place.view, place.rev.commit, place.path, &entry));
	if (entry.kind != GIT_FILE && entry.kind != GIT_LINK)
		return fail(r->ctx, E_NOTFOUND, "no such file");
	if (!place_is_fixed(r) &&
	    res_tag(r, arena_printf(r->ctx->mem, "\"" TAG_VERSION "-%s\"", entry.id)))
		return OK;
	TRY(git_blob_read(r->ctx, place.view, entry.id, MEMORY_MOST, &blob));
	set_type(r, &entry, &blob);
	if (blob.bytes == NULL)
		return send_large(r, &place, &entry, blob.size_bytes);
	buf_add(r->out, blob.bytes, (size_t)blob.size_bytes);
	return OK;
}
