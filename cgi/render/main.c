/* mirrorhub-render: one text in Markdown on standard input, HTML on standard output. Started by
 * cgi/web/readme.c for each text that is not in its cache; what it reads is a stranger's.
 *
 * The text comes behind a head of four lines and an empty one, the members of struct link_base:
 *
 *   blob /group/name/blob/main
 *   tree /group/name/tree/main
 *   raw /group/name/raw/main
 *   folder docs
 *
 * Exit codes: RENDER_TOO_MUCH; EX_OSERR, the memory is used up; 2, not called as above, or without
 * a sandbox. Any other end is a limit or a bug. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cgi/render/draw.h"
#include "cgi/render/link.h"
#include "cgi/render/render.h"
#include "cgi/render/sandbox.h"

#define STEP_BYTES (64 * 1024)

#define MISUSED 2

/* ---- in and out */

/* Without the handlers that exit() calls: they belong to a process without limits. */
static _Noreturn void
leave(int code, const char *reason)
{
	if (reason != NULL && write(STDERR_FILENO, reason, strlen(reason)) < 0)
		_exit(MISUSED);
	_exit(code);
}

static struct buf *
read_all(struct arena *mem)
{
	struct buf *b = buf_new(mem, RENDER_HEAD_MAX + RENDER_IN_MAX + 1);
	ssize_t n;

	do {
		size_t left = b->max - b->len, step = left < STEP_BYTES ? left : STEP_BYTES;

		n = step > 0 ? read(STDIN_FILENO, buf_room(b, step), step) : 0;
		if (n > 0)
			buf_grew(b, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		leave(MISUSED, "standard input cannot be read\n");
	return b;
}

static void
write_all(const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(STDOUT_FILENO, b->data + done, b->len - done);
		if (n < 0 && errno != EINTR)
			leave(MISUSED, "standard output cannot be written\n");
		done += n > 0 ? (size_t)n : 0;
	}
}

/* ---- the head */

/* Takes "word value\n" off the front. NULL: it is not there. */
static const char *
take_line(struct arena *mem, const char *word, const char **text)
{
	size_t len = strlen(word), end = strcspn(*text, "\n");
	const char *line = *text;

	if (strncmp(line, word, len) != 0 || line[end] != '\n' || end < len)
		return NULL;
	*text += end + 1;
	return arena_strndup(mem, line + len, end - len);
}

static bool
has_head(struct arena *mem, const char **text, struct link_base *out)
{
	out->blob = take_line(mem, "blob ", text);
	out->tree = take_line(mem, "tree ", text);
	out->raw = take_line(mem, "raw ", text);
	out->folder = take_line(mem, "folder ", text);
	return out->blob != NULL && out->tree != NULL && out->raw != NULL && out->folder != NULL &&
	    take_line(mem, "", text) != NULL;
}

int
main(void)
{
	struct arena *mem = arena_new();
	struct buf *out = buf_new(mem, RENDER_OUT_MAX);
	struct link_base base;
	const char *text;
	struct buf *in;

	setlocale(LC_CTYPE, "C.UTF-8"); /* without it only headings in English have ids */
	draw_start();
	if (!sandbox_enter())
		leave(MISUSED, "the sandbox cannot be entered\n");
	in = read_all(mem);
	text = in->data;
	if (!has_head(mem, &text, &base))
		leave(MISUSED, "standard input does not begin with a head\n");
	in->len -= (size_t)(text - in->data);
	if (in->len > RENDER_IN_MAX || !draw(mem, text, in->len, &base, out))
		leave(RENDER_TOO_MUCH, NULL);
	write_all(out);
	leave(EXIT_SUCCESS, NULL);
}
