#include "git/trailer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIT_TRAILER_BYTES 20
#define STEP_BYTES ((size_t)256 * 1024)

static void
close_fd(void *fd)
{
	close(*(int *)fd);
}

static void
close_hash(void *hash)
{
	EVP_MD_CTX_free(hash);
}

static int
open_file(struct ctx *c, const char *path, int **fd_out, off_t *size_out)
{
	int *fd = arena_new_of(c->mem, int);
	struct stat st;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return fail(c, errno == ENOENT ? E_NOTFOUND : E_INTERNAL, "open %s: %s", path,
		    strerror(errno));
	arena_defer(c->mem, close_fd, fd);
	if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(c, E_INTERNAL, "%s is no file", path);
	*fd_out = fd;
	*size_out = st.st_size;
	return OK;
}

static int
read_at(struct ctx *c, const char *path, int fd, void *to, size_t len, off_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (char *)to + done, len - done, at + (off_t)done);

		if (n == 0 || (n < 0 && errno != EINTR))
			return fail(c, E_INTERNAL, "read %s: %s", path,
			    n == 0 ? "it has become shorter" : strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return OK;
}

static int
hash(struct ctx *c, const char *path, int fd, off_t len, unsigned char *out)
{
	EVP_MD_CTX *h = EVP_MD_CTX_new();
	char *bytes = arena_alloc(c->mem, STEP_BYTES);

	if (h == NULL)
		return fail(c, E_INTERNAL, "no memory to hash %s", path);
	arena_defer(c->mem, close_hash, h);
	if (EVP_DigestInit_ex(h, EVP_sha1(), NULL) != 1)
		return fail(c, E_INTERNAL, "SHA-1 is not to be had");
	for (off_t at = 0; at < len;) {
		size_t step = len - at < (off_t)STEP_BYTES ? (size_t)(len - at) : STEP_BYTES;

		TRY(read_at(c, path, fd, bytes, step, at));
		if (EVP_DigestUpdate(h, bytes, step) != 1)
			return fail(c, E_INTERNAL, "SHA-1 fails");
		at += (off_t)step;
	}
	if (EVP_DigestFinal_ex(h, out, NULL) != 1)
		return fail(c, E_INTERNAL, "SHA-1 fails");
	arena_close(c->mem, h);
	return OK;
}

static int
fits(struct ctx *c, const char *path, bool *out)
{
	unsigned char is[EVP_MAX_MD_SIZE], says[GIT_TRAILER_BYTES];
	off_t size = 0;
	int *fd = NULL;

	TRY(open_file(c, path, &fd, &size));
	*out = false;
	if (size <= GIT_TRAILER_BYTES)
		return OK;
	TRY(hash(c, path, *fd, size - GIT_TRAILER_BYTES, is));
	TRY(read_at(c, path, *fd, says, sizeof(says), size - GIT_TRAILER_BYTES));
	*out = memcmp(is, says, sizeof(says)) == 0;
	return OK;
}

int
git_trailer_fits(struct ctx *c, const char *path, bool *out)
{
	struct ctx own = *c;
	int code;

	own.mem = arena_new();
	code = fits(&own, path, out);
	if (code != OK)
		fail(c, code, "%s", own.reason);
	arena_free(own.mem);
	return code;
}
