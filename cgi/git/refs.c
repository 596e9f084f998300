#include "cgi/git/refs.h"

#include <string.h>

#include "base/str.h"
#include "cgi/git/service.h"

bool
ref_is_name(const char *name)
{
	return str_starts(name, "refs/") && str_is_printable(name) &&
	    strpbrk(name, " ~^:?*[\\") == NULL && strstr(name, "..") == NULL &&
	    strstr(name, "@{") == NULL;
}

/* A line of cat-file: an id, or the name and "missing". */
static const char *
id_of(struct arena *mem, const char *line)
{
	return strlen(line) == REF_ID_CHARS && strspn(line, "0123456789abcdef") == REF_ID_CHARS
	    ? arena_strdup(mem, line)
	    : REF_NO_ID;
}

int
refs_read(struct req *r, const char *const *names, size_t n, const char ***ids_out)
{
	static const char *const argv[] = { "git", "cat-file", "--batch-check=%(objectname)",
		NULL };
	struct arena *mem = r->ctx->mem;
	const char **ids = arena_new_array(mem, const char *, n + 1);
	size_t bytes = sizeof("HEAD"), lines;
	struct buf *asked, *answered;
	char **line;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(names[i]) + 1;
	asked = buf_new(mem, bytes);
	for (size_t i = 0; i < n; i++)
		buf_printf(asked, "%s\n", names[i]);
	buf_text(asked, "HEAD\n");
	/* each name comes back, or an id, and a word */
	TRY(service_run(r, argv, asked, bytes + (n + 1) * (REF_ID_CHARS + 16), &answered));
	line = str_split(mem, answered->data, '\n', &lines);
	if (lines != n + 2)
		return fail(r->ctx, E_INTERNAL, "git cat-file answered %zu lines for %zu refs",
		    lines, n + 1);
	for (size_t i = 0; i <= n; i++)
		ids[i] = id_of(mem, line[i]);
	*ids_out = ids;
	return OK;
}

int
refs_set_head(struct req *r, const char *branch)
{
	const char *const argv[] = { "git", "symbolic-ref", "HEAD", branch, NULL };
	struct buf *nothing = buf_new(r->ctx->mem, 0), *answered;

	return service_run(r, argv, nothing, 1024, &answered);
}
