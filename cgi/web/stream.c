/* What git writes for people to keep: a commit as a patch, its files as an archive. Both come from
 * a child of git's and are passed on as they come; what could be refused has been before. */
#include <string.h>

#include "base/str.h"
#include "cgi/git/pump.h"
#include "cgi/web/page.h"
#include "cgi/web/place.h"
#include "cgi/web/view.h"
#include "cgi/web/web.h"
#include "git/archive.h"
#include "git/commit.h"
#include "git/patch.h"

/* a patch of usual size has a length, and git's failure before its end a status of its own */
#define HOLD_BYTES (4 * 1024 * 1024)
#define HOLD_ARCHIVE_BYTES (256 * 1024)
#define SANDBOX "sandbox; default-src 'none'" /* */

/* HEAD gets the head; no child starts for it. */
static int
pass_on(struct req *r, struct pump *pump)
{
	if (r->method == HEAD)
		return res_begin(r);
	return pump_run(pump);
}

static int
start_patch(struct req *r, struct git_view *view, const char *id, struct proc **out)
{
	struct git_commit_info commit;

	TRY(git_commit_read(r->ctx, view, id, &commit));
	if (r->method == HEAD)
		return OK;
	return git_patch_start(r->ctx, git_view_dir(view), id, commit.n_parents > 1, out);
}

int
web_patch(struct req *r)
{
	const char *text = req_param(r, "rest");
	struct pump pump = { .r = r, .hold_bytes = HOLD_BYTES, .answer_bytes = GIT_PATCH_BYTES };
	struct git_view *view;
	struct git_rev rev;

	res_header(r, "Content-Security-Policy", SANDBOX); /* also of a 304 */
	if (place_is_fixed(r) && page_is_fresh(r, place_key(r, "patch")))
		return OK;
	TRY(view_open(r, &view));
	TRY(git_view_resolve(r->ctx, view, text, &rev));
	TRY(start_patch(r, view, rev.commit, &pump.child));
	r->type = "text/plain; charset=utf-8";
	return pass_on(r, &pump);
}

/* ---- archives */

static const struct ending {
	const char *text, *type;
	enum git_archive_format format;
} endings[] = {
	{ ".tar.gz", "application/gzip", GIT_ARCHIVE_TAR_GZ },
	{ ".zip", "application/zip", GIT_ARCHIVE_ZIP },
};

struct archive {
	const struct ending *ending;
	const char *ref;  /* of the address, without the ending */
	const char *name; /* of the file and of the folder in it */
	struct git_view *view;
	struct git_rev rev;
};

static int
read_name(struct req *r, struct archive *out)
{
	const char *rest = req_param(r, "rest"), *path = r->project->path;
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (str_ends(rest, endings[i].text))
			out->ending = &endings[i];
	if (out->ending == NULL)
		return fail(r->ctx, E_NOTFOUND, "archives end in .tar.gz or .zip");
	out->ref = arena_strndup(r->ctx->mem, rest, strlen(rest) - strlen(out->ending->text));
	out->name = git_archive_name(r->ctx->mem, slash != NULL ? slash + 1 : path, out->ref);
	return OK;
}

/* Whether the client has it. What a ref names may move: then it has to ask each time. */
static bool
is_fresh(struct req *r, const struct archive *a)
{
	struct arena *mem = r->ctx->mem;

	if (view_is_id(a->ref))
		return page_is_fresh(r, place_key(r, a->ending->text + 1));
	return res_tag(r,
	    arena_printf(mem, "\"%ld-%s-%ld-%s%s\"", r->project->id, a->rev.commit, r->access,
		a->name, a->ending->text));
}

static int
open_archive(struct req *r, struct archive *a)
{
	TRY(read_name(r, a));
	TRY(view_open(r, &a->view));
	return git_view_resolve(r->ctx, a->view, a->ref, &a->rev);
}

int
web_archive(struct req *r)
{
	struct pump pump = {
		.r = r, .hold_bytes = HOLD_ARCHIVE_BYTES, .answer_bytes = GIT_ARCHIVE_BYTES
	};
	struct archive a = { .ending = NULL };

	res_header(r, "Content-Security-Policy", SANDBOX);
	TRY(open_archive(r, &a));
	if (is_fresh(r, &a))
		return OK;
	TRY(git_archive_check(r->ctx, git_view_repo(a.view), a.rev.commit));
	r->type = a.ending->type;
	res_header(r, "Content-Disposition",
	    arena_printf(r->ctx->mem, "attachment; filename=\"%s%s\"", a.name, a.ending->text));
	if (r->method != HEAD)
		TRY(git_archive_start(r->ctx, git_view_dir(a.view), a.rev.commit, a.name,
		    a.ending->format, &pump.child));
	return pass_on(r, &pump);
}
