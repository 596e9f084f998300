#include "auth/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/path.h"
#include "base/random.h"

/* Makes the contents of a new file. Called with the file locked. */
static int
fill(struct ctx *c, int fd, const char *path, uint64_t format, size_t size)
{
	struct stat st;
	struct mapped head = { .format = format };
	uint64_t found = 0;

	if (fstat(fd, &st) < 0)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	if (st.st_size == (off_t)size && pread(fd, &found, sizeof(found), 0) == sizeof(found) &&
	    found == format)
		return OK;
	random_bytes(head.key, sizeof(head.key));
	if (ftruncate(fd, 0) < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    pwrite(fd, &head, sizeof(head), 0) != sizeof(head))
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	return OK;
}

static int
map(struct ctx *c, int fd, const char *path, uint64_t format, size_t size, void **out)
{
	void *memory;

	if (flock(fd, LOCK_EX) < 0)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	TRY(fill(c, fd, path, format, size));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	*out = memory;
	return OK;
}

int
mapped_open(struct ctx *c, const char *name, uint64_t format, size_t size, void **out)
{
	const char *path = path_under(c->mem, c->conf->run_dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), code;

	if (fd < 0)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	code = map(c, fd, path, format, size, out);
	flock(fd, LOCK_UN); /* the mapping keeps the file open, and so would the lock */
	close(fd);
	return code;
}
