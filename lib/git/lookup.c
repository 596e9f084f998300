#include "git/lookup.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <git2.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "git/init.h"
#include "git/store.h"

#define ID_BYTES ((size_t)20)
#define ID_CHARS (2 * ID_BYTES)
#define HEAD_BYTES ((size_t)8)
#define FANOUT_BYTES ((size_t)256 * 4)
#define TRAILER_BYTES (2 * ID_BYTES)
/* Objects with the same beginning: four digits of it match 150 of ten million. */
#define CANDIDATES_MAX 1024

static const unsigned char idx_head[HEAD_BYTES] = { 0xff, 't', 'O', 'c', 0, 0, 0, 2 };

struct search {
	char prefix[ID_CHARS + 1]; /* lower case */
	size_t len;		   /* of it */
	unsigned char low[ID_BYTES];
	unsigned char (*ids)[ID_BYTES]; /* CANDIDATES_MAX of them */
	size_t n;
	bool has_too_many;
};

bool
git_lookup_is_id(const char *text)
{
	size_t len = strlen(text);

	return len >= GIT_PREFIX_LEAST && len <= ID_CHARS &&
	    strspn(text, "0123456789abcdefABCDEF") == len;
}

static void
begin(struct ctx *c, const char *text, struct search *s)
{
	char padded[ID_CHARS + 1];

	s->len = strlen(text);
	memcpy(s->prefix, str_lower(c->mem, text), s->len + 1);
	memset(padded, '0', ID_CHARS);
	memcpy(padded, s->prefix, s->len);
	padded[ID_CHARS] = '\0';
	(void)!str_is_hex(padded, s->low, ID_BYTES); /* it is: git_lookup_is_id */
}

static bool
is_alike(const struct search *s, const unsigned char *id)
{
	size_t whole = s->len / 2;

	return memcmp(id, s->low, whole) == 0 &&
	    (s->len % 2 == 0 || id[whole] >> 4 == s->low[whole] >> 4);
}

static void
take(struct ctx *c, struct search *s, const unsigned char *id)
{
	if (s->ids == NULL)
		s->ids = arena_alloc(c->mem, CANDIDATES_MAX * ID_BYTES);
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->ids[i], id, ID_BYTES) == 0)
			return;
	s->has_too_many |= s->n == CANDIDATES_MAX;
	if (!s->has_too_many)
		memcpy(s->ids[s->n++], id, ID_BYTES);
}

/* ---- packs: gitformat-pack(5), version 2 of the index */

static uint32_t
number_at(const unsigned char *fanout, size_t i)
{
	uint32_t number;

	memcpy(&number, fanout + 4 * i, sizeof(number));
	return ntohl(number);
}

/* The first id of ids[from..to) that is not below low. */
static size_t
lower_bound(const unsigned char *ids, size_t from, size_t to, const unsigned char *low)
{
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (memcmp(ids + middle * ID_BYTES, low, ID_BYTES) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void
look_into(struct ctx *c, struct search *s, const unsigned char *idx, size_t bytes)
{
	const unsigned char *fanout = idx + HEAD_BYTES, *ids = fanout + FANOUT_BYTES;
	size_t n, from, to;

	if (memcmp(idx, idx_head, HEAD_BYTES) != 0)
		return;
	n = number_at(fanout, 255);
	to = number_at(fanout, s->low[0]);
	from = s->low[0] > 0 ? number_at(fanout, s->low[0] - 1) : 0;
	if (n > (bytes - HEAD_BYTES - FANOUT_BYTES - TRAILER_BYTES) / ID_BYTES || to > n)
		return;
	for (from = lower_bound(ids, from, to, s->low); from < to; from++) {
		if (!is_alike(s, ids + from * ID_BYTES))
			break;
		take(c, s, ids + from * ID_BYTES);
	}
}

/* An index that has just been removed is not missed: what replaces it is in the list too. */
static void
search_index(struct ctx *c, struct search *s, int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	size_t bytes;
	void *idx;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (size_t)st.st_size >= HEAD_BYTES + FANOUT_BYTES + TRAILER_BYTES) {
		bytes = (size_t)st.st_size;
		idx = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
		if (idx != MAP_FAILED) {
			look_into(c, s, idx, bytes);
			munmap(idx, bytes);
		}
	}
	close(fd);
}

static void
search_packs(struct ctx *c, struct search *s, DIR *folder)
{
	for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder))
		if (str_ends(e->d_name, ".idx"))
			search_index(c, s, dirfd(folder), e->d_name);
}

/* ---- loose objects: one folder has all with the same two digits */

static void
search_loose(struct ctx *c, struct search *s, DIR *folder)
{
	char id[ID_CHARS + 1] = { s->prefix[0], s->prefix[1] };
	unsigned char bytes[ID_BYTES];

	for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
		if (strlen(e->d_name) != ID_CHARS - 2)
			continue;
		memcpy(id + 2, e->d_name, ID_CHARS - 1);
		if (str_is_hex(id, bytes, ID_BYTES) && is_alike(s, bytes))
			take(c, s, bytes);
	}
}

/* What is missing or cannot be read has nothing that we could show. */
static void
search_folder(struct ctx *c, struct search *s, const char *path,
    void (*search)(struct ctx *, struct search *, DIR *))
{
	DIR *folder = opendir(path);

	if (folder == NULL)
		return;
	search(c, s, folder);
	closedir(folder);
}

/* ---- which of them is a commit */

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such commit");
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static int
only_commit(struct ctx *c, const char *dir, const struct search *s, char *id_out)
{
	struct git_repository *repo;
	const git_oid *found = NULL;
	git_object_t type;
	git_odb *odb;
	size_t len;

	TRY(git_init(c));
	TRY(git_store_open(c, dir, &repo));
	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects of %s", dir);
	arena_defer(c->mem, close_odb, odb);
	for (size_t i = 0; i < s->n; i++) {
		const git_oid *oid = (const git_oid *)s->ids[i];

		if (git_odb_read_header(&len, &type, odb, oid) < 0 || type != GIT_OBJECT_COMMIT)
			continue;
		if (found != NULL)
			return no_such(c);
		found = oid;
	}
	if (found == NULL)
		return no_such(c);
	git_oid_tostr(id_out, ID_CHARS + 1, found);
	return OK;
}

int
git_lookup_commit(struct ctx *c, const char *dir, const char *text, char *id_out)
{
	struct search s = { .n = 0 };

	begin(c, text, &s);
	search_folder(c, &s, arena_printf(c->mem, "%s/objects/pack", dir), search_packs);
	search_folder(c, &s, arena_printf(c->mem, "%s/objects/%.2s", dir, s.prefix), search_loose);
	if (s.n == 0 || s.has_too_many)
		return no_such(c);
	return only_commit(c, dir, &s, id_out);
}
