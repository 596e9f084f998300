/* The page of one file. */
#include <string.h>

#include "base/str.h"
#include "cgi/web/file.h"
#include "cgi/web/language.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/place.h"
#include "cgi/web/prose.h"
#include "cgi/web/readme.h"
#include "cgi/web/tree.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "git/tree.h"
#include "web/html.h"

/* Larger files are not read for a page: there is the raw file. */
#define READ_MOST (8 * 1024 * 1024)

/* Of a page: what a browser lays out at once without effort. */
#define LINES_MOST 5000
#define BYTES_MOST (512 * 1024)

struct file {
	struct place place;
	struct git_entry entry;
	struct git_blob blob;
	int64_t lines; /* of text; 0: it is none, or not read */
};

static const char *
raw_url(struct req *r, const struct file *f)
{
	return url_view(r, r->project, "raw", f->place.rev.text, f->place.path);
}

/* A person may want to read it, not its source. */
static bool
is_rendered(struct req *r, const struct file *f)
{
	return req_query(r, "rendered") != NULL && readme_is_markdown(f->entry.name);
}

/* ---- text */

struct part {
	const char *bytes;
	size_t len;
	int64_t first, n, all; /* lines: the first of it, how many, and of the file */
	bool is_cut;	       /* in the middle of its lines: they are too long for a page */
};

static int64_t
count_lines(const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;
	int64_t n = 0;

	for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		n++;
	return n + (len > 0 && end[-1] != '\n');
}

/* Behind so many lines. */
static const char *
skip_lines(const char *at, const char *end, int64_t lines)
{
	for (; lines > 0 && at < end; lines--) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline != NULL ? newline + 1 : end;
	}
	return at;
}

static struct part
part_of(const struct git_blob *blob, int64_t lines, int64_t page)
{
	const char *end = blob->bytes + blob->size_bytes, *from, *to;
	struct part part = { .first = (page - 1) * LINES_MOST + 1, .all = lines };

	from = skip_lines(blob->bytes, end, part.first - 1);
	to = lines <= LINES_MOST ? end : skip_lines(from, end, LINES_MOST);
	part.bytes = from;
	part.len = (size_t)(to - from);
	part.is_cut = part.len > BYTES_MOST;
	if (part.is_cut)
		part.len = BYTES_MOST;
	while (part.is_cut && part.len > 0 && ((unsigned char)from[part.len] & 0xc0) == 0x80)
		part.len--; /* not through a character */
	part.n = part.len == (size_t)blob->size_bytes ? lines : count_lines(from, part.len);
	return part;
}

/* By hand: there are thousands in a page. No links: a thousand of them between the reader and the
 * text, and half of the page; blob.js makes a click lead there, #L12 works without it. */
static void
add_number(struct buf *b, int64_t n)
{
	char digits[24], *at = digits + sizeof(digits);
	size_t len;

	for (; n > 0; n /= 10)
		*--at = (char)('0' + n % 10);
	len = (size_t)(digits + sizeof(digits) - at);
	buf_add(b, "<b id=L", 7);
	buf_add(b, at, len);
	buf_char(b, '>');
	buf_add(b, at, len);
	buf_add(b, "</b>\n", 5);
}

#define FIRST_MOST 2000 /* numbers that are written once, for most files need no others */
#define NUMBER_BYTES 24 /* of one of these at most */

/* The numbers 1 to n of those. They are the same on every page: the process keeps them. */
static void
add_first_numbers(struct buf *b, int64_t n)
{
	static struct buf *kept;
	static size_t ends[FIRST_MOST + 1];

	if (kept == NULL) {
		kept = buf_new(arena_new(), FIRST_MOST * NUMBER_BYTES);
		for (int64_t i = 1; i <= FIRST_MOST; i++) {
			add_number(kept, i);
			ends[i] = kept->len;
		}
	}
	buf_add(b, kept->data, ends[n]);
}

static void
add_numbers(struct buf *b, const struct part *part)
{
	int64_t n = part->first, end = part->first + part->n;

	if (n == 1) {
		n = part->n < FIRST_MOST ? part->n : FIRST_MOST;
		add_first_numbers(b, n++);
	}
	for (; n < end; n++)
		add_number(b, n);
}

/* Numbers and text stand side by side, each in one piece: what is marked in the text is copied as
 * it is in the file. */
static void
add_code(struct req *r, const struct file *f, const struct part *part)
{
	const char *language =
	    language_of(f->entry.name, f->blob.bytes, (size_t)f->blob.size_bytes);

	html(r->out, "<div class=\"code\">\n<pre class=\"numbers\" aria-hidden=\"true\">");
	add_numbers(r->out, part);
	html(r->out, "</pre>\n<pre class=\"text\" tabindex=\"0\"><code");
	if (language != NULL)
		html(r->out, " data-language=\"%s\"", language);
	html(r->out, ">");
	html_lines(r->out, part->bytes, part->len);
	html(r->out, "</code></pre>\n</div>\n");
}

static void
add_warnings(struct req *r, const struct file *f)
{
	if (file_has_bidi(f->blob.bytes, (size_t)f->blob.size_bytes))
		html(r->out,
		    "<p class=\"warning\" role=\"note\">This file has characters that change the "
		    "direction of text: it may be read by programs in another way than it looks. "
		    "They are shown as marks like <span class=\"mark\">U+202E</span>.</p>\n");
	if (!f->blob.is_utf8)
		html(r->out,
		    "<p class=\"note\">This file is not UTF-8: bytes that are no characters are "
		    "shown as �.</p>\n");
}

static int
show_text(struct req *r, const struct file *f)
{
	const char *url = url_view(r, r->project, "blob", f->place.rev.text, f->place.path);
	int64_t page = pager_page(r);
	struct part part = part_of(&f->blob, f->lines, page);

	if (page > 1 && part.first > part.all)
		return fail(r->ctx, E_NOTFOUND, "there is no such page");
	add_warnings(r, f);
	add_code(r, f, &part);
	if (part.is_cut)
		html(r->out,
		    "<p class=\"note\">These lines are too long to be shown whole: see the "
		    "<a href=\"%s\">raw file</a>.</p>\n",
		    raw_url(r, f));
	pager_numbered(r, url, page, LINES_MOST, part.all);
	return OK;
}

/* ---- anything else */

static void
show_link(struct req *r, const struct file *f)
{
	html(r->out, "<p>This is a symbolic link to</p>\n<p><code>");
	html_code(r->out, f->blob.bytes, (size_t)f->blob.size_bytes);
	html(r->out, "</code></p>\n");
}

static void
show_lfs(struct req *r, const struct file_lfs *lfs)
{
	html(r->out,
	    "<p>This is a pointer of Git LFS. The file itself, of %s, is kept elsewhere, by the "
	    "SHA-256</p>\n<p><code>%s</code></p>\n",
	    str_size(r->ctx->mem, lfs->size_bytes), lfs->oid);
}

static void
show_other(struct req *r, const struct file *f, const char *what)
{
	html(r->out, "<p>%s (%s). <a href=\"%s\">Download it</a>.</p>\n", what,
	    str_size(r->ctx->mem, f->blob.size_bytes), raw_url(r, f));
}

static int
show_bytes(struct req *r, const struct file *f)
{
	size_t len = (size_t)f->blob.size_bytes;
	struct file_lfs lfs;

	if (f->blob.bytes == NULL) {
		show_other(r, f, "This file is too large to be shown");
	} else if (f->entry.kind == GIT_LINK) {
		show_link(r, f);
	} else if (len == 0) {
		html(r->out, "<p>This file is empty.</p>\n");
	} else if (file_image(f->blob.bytes, len) != NULL) {
		html(r->out, "<p class=\"image\"><img src=\"%s\" alt=\"%s\"></p>\n", raw_url(r, f),
		    f->entry.name);
	} else if (f->blob.is_binary) {
		show_other(r, f, "This file is binary");
	} else if (file_is_lfs(f->blob.bytes, len, &lfs)) {
		show_lfs(r, &lfs);
	} else if (is_rendered(r, f)) {
		return prose_of_file(r, f->place.view, &f->place.rev, f->place.path, &f->entry);
	} else {
		return show_text(r, f);
	}
	return OK;
}

/* ---- the page */

static void
add_action(struct req *r, const struct file *f, const char *view, const char *word)
{
	html(r->out, "<li><a href=\"%s\">%s</a></li>\n",
	    url_view(r, r->project, view, f->place.rev.text, f->place.path), word);
}

static void
add_actions(struct req *r, const struct file *f)
{
	bool is_text = f->entry.kind == GIT_FILE && f->blob.bytes != NULL && !f->blob.is_binary;

	html(r->out, "<ul class=\"actions\">\n");
	if (is_text && readme_is_markdown(f->entry.name)) {
		bool is_source = !is_rendered(r, f);

		html(r->out, "<li><a href=\"%s%s\">%s</a></li>\n",
		    url_view(r, r->project, "blob", f->place.rev.text, f->place.path),
		    is_source ? "?rendered=1" : "", is_source ? "Rendered" : "Source");
	}
	add_action(r, f, "raw", "Raw");
	if (is_text)
		add_action(r, f, "blame", "Blame");
	add_action(r, f, "commits", "History");
	place_permalink(r, &f->place, "blob");
	html(r->out, "</ul>\n");
}

/* "120 lines, 3.4 kB, executable" */
static void
add_facts(struct req *r, const struct file *f)
{
	html(r->out, "<p class=\"facts quiet\">");
	if (f->blob.bytes != NULL && !f->blob.is_binary && f->entry.kind == GIT_FILE)
		html(r->out, f->lines == 1 ? "%ld line, " : "%ld lines, ", f->lines);
	html(r->out, f->entry.mode == 0100755 ? "%s, executable</p>\n" : "%s</p>\n",
	    str_size(r->ctx->mem, f->blob.size_bytes));
}

static int
show(struct req *r, const struct file *f)
{
	page_begin(r,
	    &(struct page){ .title = place_title(r, &f->place),
		.project = r->project,
		.tab = "files",
		.rev = place_tabs_rev(&f->place),
		.has_code = true });
	place_crumbs(r, &f->place);
	html(r->out, "<div class=\"bar\">\n");
	TRY(place_switch(r, &f->place, "blob"));
	add_actions(r, f);
	html(r->out, "</div>\n");
	TRY(place_commit(r, &f->place));
	add_facts(r, f);
	TRY(show_bytes(r, f));
	page_end(r);
	return OK;
}

int
web_blob(struct req *r)
{
	struct file f = { .lines = 0 };

	if (place_is_fixed(r) && page_is_fresh(r, place_key(r, "blob")))
		return OK;
	TRY(place_open(r, &f.place));
	TRY(git_entry_find(r->ctx, f.place.view, f.place.rev.commit, f.place.path, &f.entry));
	if (f.entry.kind == GIT_FOLDER || f.entry.kind == GIT_SUBMODULE)
		return page_redirect(
		    r, url_view(r, r->project, "tree", f.place.rev.text, f.place.path));
	TRY(git_blob_read(r->ctx, f.place.view, f.entry.id, READ_MOST, &f.blob));
	if (f.blob.bytes != NULL && !f.blob.is_binary)
		f.lines = count_lines(f.blob.bytes, (size_t)f.blob.size_bytes);
	return show(r, &f);
}
