#include "git/reflist.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "git/refs.h"

#define HEADER_MAX 256
#define NS_PER_S INT64_C(1000000000)

static int
ask_git(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "only git knows these refs");
}

static bool
identify(const char *path, int64_t out[5])
{
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	out[0] = (int64_t)st.st_dev;
	out[1] = (int64_t)st.st_ino;
	out[2] = st.st_size;
	out[3] = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	out[4] = st.st_ctim.tv_sec * NS_PER_S + st.st_ctim.tv_nsec;
	return true;
}

/* Loose refs first: whoever packs them removes them only when packed-refs holds them. */
int
git_reflist_identify(struct ctx *c, const char *store_dir, struct git_reflist_id *out)
{
	bool has_loose;

	TRY(git_refs_has_loose(c, store_dir, &has_loose));
	if (has_loose || path_is_file(path_under(c->mem, store_dir, "shallow")) ||
	    !identify(path_under(c->mem, store_dir, "packed-refs"), out->packed) ||
	    !identify(path_under(c->mem, store_dir, "HEAD"), out->head))
		return ask_git(c);
	return OK;
}

/* Without this word a tag may lack the line with what it points at. */
static bool
is_fully_peeled(struct ctx *c, const char *store_dir)
{
	char header[HEADER_MAX + 1] = "";
	int fd = open(path_under(c->mem, store_dir, "packed-refs"), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, header, HEADER_MAX) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	header[n] = '\0';
	header[strcspn(header, "\n")] = '\0';
	return str_starts(header, "# pack-refs with:") && strstr(header, " fully-peeled ") != NULL;
}

static void
fill(struct git_store_ref *row, const struct git_ref *ref)
{
	row->name = ref->name;
	sodium_bin2hex(row->oid, sizeof(row->oid), ref->oid, GIT_OID_BYTES);
	if (ref->is_peeled)
		sodium_bin2hex(row->peeled, sizeof(row->peeled), ref->peeled, GIT_OID_BYTES);
}

static void
list(struct ctx *c, const struct git_refs *refs, struct git_reflist *out)
{
	struct git_store_ref *rows = arena_new_array(c->mem, struct git_store_ref, refs->n + 1);
	const struct git_ref *head = refs->head != NULL ? git_refs_find(refs, refs->head) : NULL;
	size_t n = 0;

	if (head != NULL) {
		fill(&rows[n], head);
		rows[n].name = "HEAD";
		rows[n++].symref = head->name;
	}
	for (size_t i = 0; i < refs->n; i++)
		fill(&rows[n++], &refs->rows[i]);
	out->rows = rows;
	out->n = n;
}

int
git_reflist_load(
    struct ctx *c, const char *store_dir, const struct git_reflist_id *id, struct git_reflist *out)
{
	struct git_reflist_id now;
	struct git_reflist made;
	struct git_refs refs;

	if (!is_fully_peeled(c, store_dir) || git_refs_load(c, store_dir, &refs, NULL) != OK ||
	    git_head_load(c, store_dir, &made.head) != OK || made.head == NULL || refs.n == 0)
		return ask_git(c);
	TRY(git_reflist_identify(c, store_dir, &now));
	if (memcmp(&now, id, sizeof(now)) != 0)
		return ask_git(c);
	list(c, &refs, &made);
	made.id = *id;
	*out = made;
	return OK;
}
