#include "sync/jira_seen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"

#define FILE_MODE 0600
#define TEXT_MAX_BYTES ((size_t)(JIRA_SEEN_MOST + 2 * JIRA_SEEN_SLACK) * JIRA_SEEN_LINE_MAX)

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

/* Behind the first n lines. */
static const char *
skip_lines(const char *text, size_t n)
{
	while (n-- > 0)
		text = strchr(text, '\n') + 1;
	return text;
}

/* A line without an end is of a program that was killed as it wrote it. */
static int
mend(struct ctx *c, const char *path, char **text)
{
	size_t len = strlen(*text), n = count_lines(*text);
	const char *kept = *text, *end;

	if (n <= JIRA_SEEN_MOST + JIRA_SEEN_SLACK && (len == 0 || (*text)[len - 1] == '\n'))
		return OK;
	end = skip_lines(*text, n);
	if (n > JIRA_SEEN_MOST)
		kept = skip_lines(*text, n - JIRA_SEEN_MOST);
	*text = arena_strndup(c->mem, kept, (size_t)(end - kept));
	return path_write(c, path, FILE_MODE, *text, strlen(*text));
}

int
jira_seen_open(struct ctx *c, const char *path, struct jira_seen *out)
{
	char *text;
	int code = path_read(c, path, TEXT_MAX_BYTES, &text);

	if (code == E_NOTFOUND)
		text = arena_strdup(c->mem, "");
	else if (code != OK)
		return code;
	TRY(mend(c, path, &text));
	*out = (struct jira_seen){ .path = path };
	out->text = buf_new(c->mem, 2 * TEXT_MAX_BYTES);
	buf_char(out->text, '\n');
	buf_text(out->text, text);
	return OK;
}

/* With a line end on both sides. */
static const char *
line_of(struct ctx *c, const char *server, const char *ticket, const char *commit)
{
	return arena_printf(c->mem, "\n%s %s %s\n", commit, ticket, server);
}

bool
jira_seen_has(struct ctx *c, const struct jira_seen *s, const char *server, const char *ticket,
    const char *commit)
{
	return strstr(s->text->data, line_of(c, server, ticket, commit)) != NULL;
}

static int
failed(struct ctx *c, const char *path)
{
	return fail(c, E_INTERNAL, "write %s: %s", path, strerror(errno));
}

static int
append(struct ctx *c, const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	size_t len = strlen(line);
	ssize_t n;

	if (fd < 0)
		return failed(c, path);
	n = write(fd, line, len); /* half a line, of a full disk, is mended by the next call */
	if (n != (ssize_t)len || fsync(fd) != 0) {
		close(fd);
		return failed(c, path);
	}
	return close(fd) == 0 ? OK : failed(c, path);
}

int
jira_seen_add(
    struct ctx *c, struct jira_seen *s, const char *server, const char *ticket, const char *commit)
{
	const char *line = line_of(c, server, ticket, commit) + 1;

	buf_text(s->text, line);
	return append(c, s->path, line);
}
