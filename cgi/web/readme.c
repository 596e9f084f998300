#include "cgi/web/readme.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgi/render/link.h"
#include "cgi/render/render.h"
#include "cgi/web/url.h"
#include "core/project.h"

#define PROGRAM "mirrorhub-render"
#define CPU_S 2
#define WALL_MS 5000
/* How many may be rendered at once on this machine, and how long one waits for its turn: bombs
 * take all the time they are given, and processes that serve pages are few. */
#define SLOTS 2
#define WAIT_MS 1500
#define HASH_BYTES 16
#define DIR_MODE 0700

/* ---- names */

/* Best first; the rest of the name behind "readme". */
static const char *const endings[] = { ".md", ".markdown", ".mdown", ".mkd", ".mkdn", "", ".txt",
	".rst", ".adoc", ".asciidoc", ".org", ".pod", ".textile" };

#define N_ENDINGS (sizeof(endings) / sizeof(endings[0]))

static size_t
rank(const char *name)
{
	size_t i = 0;

	if (name == NULL || strncasecmp(name, "readme", strlen("readme")) != 0)
		return N_ENDINGS;
	while (i < N_ENDINGS && !str_is_equal_nocase(name + strlen("readme"), endings[i]))
		i++;
	return i;
}

bool
readme_is_better(const char *name, const char *best)
{
	size_t mine = rank(name), others = rank(best);

	return mine < others || (mine < N_ENDINGS && mine == others && strcmp(name, best) < 0);
}

bool
readme_is_markdown(const char *name)
{
	return link_is_markdown(name);
}

/* ---- what is kept */

/* A text and where it is; the head of what the child reads. */
struct place {
	const char *head;
	const char *dir, *name; /* of the cache */
};

static const char *
hash_of(struct arena *mem, const char *text)
{
	unsigned char hash[HASH_BYTES];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, strlen(text), NULL, 0);
	return str_hex(mem, hash, sizeof(hash));
}

/* The same text has other links elsewhere, so the head is a part of its name. */
static struct place
place_of(struct req *r, const struct readme *readme)
{
	struct arena *mem = r->ctx->mem;
	const struct project *project = r->project;
	struct place at = { .dir = project_readme_dir(r->ctx) };

	at.head = arena_printf(mem, "blob %s\ntree %s\nraw %s\nfolder %s\n\n",
	    url_view(r, project, "blob", readme->rev, NULL),
	    url_view(r, project, "tree", readme->rev, NULL),
	    url_view(r, project, "raw", readme->rev, NULL), str_percent_path(mem, readme->folder));
	at.name = arena_printf(mem, "%s%d-%s", project_cache_prefix(r->ctx, project->store_id),
	    RENDER_VERSION, hash_of(mem, arena_printf(mem, "%s%s", readme->blob, at.head)));
	return at;
}

/* Everything in the file, which cache_keep wrote whole. */
static bool
is_read(struct ctx *c, int fd, size_t len, char **out)
{
	char *text = arena_alloc(c->mem, len + 1);
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, text + done, len - done);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	*out = text;
	return true;
}

/* An empty file is kept of what has no HTML within the limits, so that the next one who asks does
 * not pay for it again. */
static enum readme_state
find(struct ctx *c, const struct place *at, struct safe_html *out)
{
	int64_t bytes;
	char *text;
	int *fd;

	if (cache_open(c, at->dir, at->name, &fd, &bytes) != OK)
		return README_UNKNOWN;
	if (bytes == 0)
		return README_PLAIN;
	if (bytes > RENDER_OUT_MAX || !is_read(c, *fd, (size_t)bytes, &text))
		return README_UNKNOWN;
	*out = (struct safe_html){ .text = text, .len = (size_t)bytes };
	return README_RENDERED;
}

enum readme_state
readme_find(struct req *r, const struct readme *readme, struct safe_html *out)
{
	struct ctx c = *r->ctx;
	struct place at = place_of(r, readme);

	return find(&c, &at, out);
}

static bool
is_written(int fd, const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(fd, b->data + done, b->len - done);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static void
tell(struct req *r, enum log_level level, const char *what, const char *why)
{
	log_write(level, what, LOG_TEXT("id", r->id), LOG_TEXT("why", why));
}

/* Whatever fails here, the page has its text. */
static void
keep(struct req *r, struct ctx *c, const struct place *at, const struct buf *html)
{
	int *fd;

	if (cache_begin(c, at->dir, at->name, &fd) != OK) {
		tell(r, LOG_WARN, "a readme was not kept", c->reason);
		return;
	}
	if (!is_written(*fd, html)) {
		tell(r, LOG_WARN, "a readme was not kept", strerror(errno));
		cache_drop(c, at->dir, at->name, fd);
		return;
	}
	if (cache_keep(c, at->dir, at->name, fd) != OK ||
	    cache_trim(c, at->dir, PROJECT_README_BYTES) != OK)
		tell(r, LOG_WARN, "a readme was not kept", c->reason);
}

/* ---- the child */

/* It lies beside this program. */
static const char *
program(struct ctx *c)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

	while (len > 0 && path[len - 1] != '/')
		len--;
	return arena_printf(c->mem, "%.*s" PROGRAM, (int)(len > 0 ? len : 0), path);
}

/* Ends that the text is to blame for: it is too much, or cmark has a bug. They come again. */
static bool
is_of_text(int status)
{
	switch (status) {
	case RENDER_TOO_MUCH:
	case EX_OSERR:
	case 128 + SIGKILL:
	case 128 + SIGXCPU:
	case 128 + SIGSEGV:
		return true;
	default:
		return false;
	}
}

static int
run(struct ctx *c, const struct place *at, const char *text, size_t len, struct buf **html,
    int *status)
{
	const char *const argv[] = { program(c), NULL };
	struct proc_spec spec = { .argv = argv, .limits = { .cpu_s = CPU_S, .wall_ms = WALL_MS } };
	struct buf *input = buf_new(c->mem, RENDER_HEAD_MAX + RENDER_IN_MAX), *err;

	buf_text(input, at->head);
	if (input->len > RENDER_HEAD_MAX)
		return fail(c, E_INTERNAL, "its place has too long a name");
	buf_add(input, text, len);
	TRY(proc_run(c, &spec, input->data, input->len, RENDER_OUT_MAX, html, &err, status));
	if (*status != 0 && !is_of_text(*status))
		return fail(c, E_INTERNAL, PROGRAM " ended with %d: %s", *status, err->data);
	if (*status == 0 && !str_is_utf8((*html)->data, (*html)->len))
		return fail(c, E_INTERNAL, PROGRAM " wrote what is no UTF-8");
	return OK;
}

static enum readme_state
render(struct req *r, struct ctx *c, const struct place *at, const char *text, size_t len,
    struct safe_html *out)
{
	struct buf *html;
	int status = 0;

	if (run(c, at, text, len, &html, &status) != OK) {
		tell(r, status != 0 ? LOG_ERR : LOG_WARN, "a readme was not rendered", c->reason);
		return README_PLAIN;
	}
	if (status != 0)
		html = buf_new(c->mem, 1);
	keep(r, c, at, html);
	if (html->len == 0)
		return README_PLAIN;
	*out = (struct safe_html){ .text = html->data, .len = html->len };
	return README_RENDERED;
}

/* ---- one at a time: many may ask for a text that is new */

static int
take_turn(struct ctx *c, const struct place *at, int **lock)
{
	size_t slot = (unsigned char)at->name[strlen(at->name) - 1] % SLOTS;

	TRY(path_make_dir(c, at->dir, DIR_MODE));
	return path_lock(c, arena_printf(c->mem, "%s/.slot-%zu", at->dir, slot), WAIT_MS, lock);
}

enum readme_state
readme_render(
    struct req *r, const struct readme *readme, const char *text, size_t len, struct safe_html *out)
{
	struct ctx c = *r->ctx;
	struct place at = place_of(r, readme);
	enum readme_state state;
	int *lock;

	if (len > README_TEXT_MAX)
		return README_PLAIN;
	if (take_turn(&c, &at, &lock) != OK) {
		tell(r, LOG_WARN, "a readme was not rendered", c.reason);
		return README_PLAIN;
	}
	state = find(&c, &at, out);
	if (state == README_UNKNOWN)
		state = render(r, &c, &at, text, len, out);
	path_unlock(&c, lock);
	return state;
}
