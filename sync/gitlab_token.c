#include "sync/gitlab_token.h"

#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/path.h"

#define TOKEN_MAX_BYTES 4000

int
gitlab_token_read(struct ctx *c, const char **out)
{
	const char *path = c->conf->gitlab_private_token_file;
	struct stat st;
	char *text;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(c, E_NOTFOUND, "there is no token file %s", path);
	if ((st.st_mode & 0077) != 0)
		return fail(c, E_INVALID, "%s has mode %o: only its owner may read it (0400)", path,
		    (unsigned)st.st_mode & 07777);
	TRY(path_read(c, path, TOKEN_MAX_BYTES, &text));
	text[strcspn(text, "\r\n")] = '\0';
	if (text[0] == '\0' || strpbrk(text, " \t") != NULL)
		return fail(c, E_INVALID, "%s holds no token in its first line", path);
	*out = text;
	return OK;
}
