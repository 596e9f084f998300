#include "git/rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/str.h"

#define OID_BYTES 20
#define HEX_LEN 40
#define MODE_MAX 0177777
#define GITLINK 0160000

/* ---- names: what a file system would make of them (git's fsck: hasDotgit, gitmodulesSymlink) */

/* Windows drops blanks and dots at the end; ':' starts a stream name, '\\' a folder. */
static bool
is_ntfs_end(const char *rest)
{
	rest += strspn(rest, " .");
	return rest[0] == '\0' || rest[0] == ':' || rest[0] == '\\' || rest[0] == '/';
}

static bool
is_ntfs(const char *name, const char *word)
{
	size_t len = strlen(word);

	return strncasecmp(name, word, len) == 0 && is_ntfs_end(name + len);
}

/* The short name Windows makes when the usual four are taken: "gi7eba~9", "gi7~1234" … */
static bool
is_ntfs_short(const char *name, const char *hashed)
{
	size_t k = 0;

	while (hashed[k] != '\0' && tolower((unsigned char)name[k]) == hashed[k])
		k++;
	if (name[k] != '~' || name[k + 1] < '1' || name[k + 1] > '9')
		return false;
	for (k += 2; k < 8; k++)
		if (!isdigit((unsigned char)name[k]))
			return false;
	return is_ntfs_end(name + 8);
}

/* Code points that HFS+ leaves out when it compares names: three bytes of UTF-8 each. */
static size_t
ignored_by_hfs(const char *p)
{
	static const char *const ignored[] = { "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e",
		"\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad",
		"\xe2\x80\xae", "\xe2\x81\xaa", "\xe2\x81\xab", "\xe2\x81\xac", "\xe2\x81\xad",
		"\xe2\x81\xae", "\xe2\x81\xaf", "\xef\xbb\xbf" };

	if ((*p & 0x80) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (strncmp(p, ignored[i], 3) == 0)
			return 3;
	return 0;
}

static bool
is_hfs(const char *name, const char *word)
{
	for (;;) {
		size_t skip;

		while ((skip = ignored_by_hfs(name)) > 0)
			name += skip;
		if (*word == '\0')
			return *name == '\0';
		if (tolower((unsigned char)*name) != *word)
			return false;
		name++;
		word++;
	}
}

bool
git_rules_is_dotgit(const char *name)
{
	if (is_hfs(name, ".git"))
		return true;
	for (const char *part = name;; part++) {
		const char *backslash = strchr(part, '\\');

		if (is_ntfs(part, ".git") || is_ntfs(part, "git~1"))
			return true;
		if (backslash == NULL)
			return false;
		part = backslash;
	}
}

bool
git_rules_is_gitmodules(const char *name)
{
	return is_hfs(name, ".gitmodules") || is_ntfs(name, ".gitmodules") ||
	    is_ntfs(name, "gitmod~1") || is_ntfs(name, "gitmod~2") || is_ntfs(name, "gitmod~3") ||
	    is_ntfs(name, "gitmod~4") || is_ntfs_short(name, "gi7eba");
}

/* Most names: no form of .git begins or goes on like this. */
static bool
is_plain(const char *name, size_t len)
{
	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((name[i] & 0x80) || name[i] == '~' || name[i] == '\\' || name[i] == '/')
			return false;
	return true;
}

static const char *
name_problem(const struct git_tree_entry *e)
{
	if (e->name_len == 0)
		return "has an entry without a name";
	if (is_plain(e->name, e->name_len))
		return NULL;
	if (memchr(e->name, '/', e->name_len) != NULL)
		return "has an entry with a slash in its name";
	if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0)
		return "has an entry named . or ..";
	if (git_rules_is_dotgit(e->name))
		return "has an entry named .git or what a file system takes for it";
	if (S_ISLNK(e->mode) && git_rules_is_gitmodules(e->name))
		return "has a link named .gitmodules";
	return NULL;
}

/* ---- trees */

bool
git_tree_take(const char **at, const char *end, struct git_tree_entry *out)
{
	const char *p = *at;
	const char *name_end;
	unsigned mode = 0;

	for (; p < end && *p >= '0' && *p <= '7' && mode <= MODE_MAX; p++)
		mode = mode * 8 + (unsigned)(*p - '0');
	if (p == *at || p == end || *p != ' ' || mode > MODE_MAX)
		return false;
	p++;
	name_end = memchr(p, '\0', (size_t)(end - p));
	if (name_end == NULL || end - name_end < 1 + OID_BYTES)
		return false;
	out->mode = mode;
	out->name = p;
	out->name_len = (size_t)(name_end - p);
	out->oid = (const unsigned char *)name_end + 1;
	*at = name_end + 1 + OID_BYTES;
	return true;
}

static bool
is_kind_known(unsigned mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || (mode & S_IFMT) == GITLINK;
}

/* Git's order: a folder's name counts with a slash behind. < 0, 0 (the same name), > 0. */
static int
compare(const struct git_tree_entry *a, const struct git_tree_entry *b)
{
	size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(a->name, b->name, len);
	unsigned char a_next = (unsigned char)a->name[len], b_next = (unsigned char)b->name[len];

	if (order != 0)
		return order;
	if (a_next == '\0' && b_next == '\0')
		return 0;
	if (a_next == '\0' && S_ISDIR(a->mode))
		a_next = '/';
	if (b_next == '\0' && S_ISDIR(b->mode))
		b_next = '/';
	return a_next < b_next ? -1 : 1;
}

#define OPEN_MAX 64

/* Files whose name a later folder could still have: "a" before "a-b" before "a/". Each is the
 * beginning of the next, so there are few. */
struct open_names {
	struct git_tree_entry files[OPEN_MAX];
	size_t n;
};

static bool
is_start_of(const struct git_tree_entry *file, const struct git_tree_entry *e)
{
	return file->name_len <= e->name_len && memcmp(file->name, e->name, file->name_len) == 0;
}

static bool
is_twice(struct open_names *open, const struct git_tree_entry *e)
{
	while (open->n > 0 && !is_start_of(&open->files[open->n - 1], e))
		open->n--;
	if (!S_ISDIR(e->mode)) {
		if (open->n < OPEN_MAX)
			open->files[open->n++] = *e;
		return false;
	}
	for (size_t i = 0; i < open->n; i++)
		if (open->files[i].name_len == e->name_len)
			return true;
	return false;
}

const char *
git_rules_tree(const char *bytes, size_t len)
{
	static const unsigned char null_oid[OID_BYTES];
	const char *at = bytes, *end = bytes + len, *problem;
	struct git_tree_entry e, last = { .name = NULL };
	struct open_names open = { .n = 0 };

	for (; at < end; last = e) {
		int order;

		if (!git_tree_take(&at, end, &e))
			return "is not a well-formed tree";
		if (!is_kind_known(e.mode))
			return "has an entry that is neither file, folder, link nor submodule";
		if (memcmp(e.oid, null_oid, OID_BYTES) == 0)
			return "has an entry that points at nothing";
		problem = name_problem(&e);
		if (problem != NULL)
			return problem;
		order = last.name != NULL ? compare(&last, &e) : -1;
		if (order == 0 || is_twice(&open, &e))
			return "has two entries of the same name";
		if (order > 0)
			return "has its entries in the wrong order";
	}
	return NULL;
}

/* ---- commits and tags */

/* Moves behind "word <40 hex digits>\n". */
static bool
take_oid_line(const char **at, const char *end, const char *word)
{
	size_t len = strlen(word);
	unsigned char oid[OID_BYTES];
	char hex[HEX_LEN + 1] = { 0 };

	if ((size_t)(end - *at) < len + HEX_LEN + 1 || memcmp(*at, word, len) != 0 ||
	    (*at)[len + HEX_LEN] != '\n')
		return false;
	memcpy(hex, *at + len, HEX_LEN);
	if (!str_is_hex(hex, oid, OID_BYTES))
		return false;
	*at += len + HEX_LEN + 1;
	return true;
}

/* Moves behind a line that starts with word. */
static bool
take_line(const char **at, const char *end, const char *word)
{
	size_t len = strlen(word);
	const char *newline;

	if ((size_t)(end - *at) < len || memcmp(*at, word, len) != 0)
		return false;
	newline = memchr(*at, '\n', (size_t)(end - *at));
	if (newline == NULL || memchr(*at, '\0', (size_t)(newline - *at)) != NULL)
		return false;
	*at = newline + 1;
	return true;
}

const char *
git_rules_commit(const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;

	if (!take_oid_line(&at, end, "tree "))
		return "has no tree line";
	while (take_oid_line(&at, end, "parent "))
		;
	if (!take_line(&at, end, "author "))
		return "has no author line behind its parents";
	while (take_line(&at, end, "author ")) /* seen in old histories (fsck: multipleAuthors) */
		;
	if (!take_line(&at, end, "committer "))
		return "has no committer line";
	return NULL;
}

const char *
git_rules_tag(const char *bytes, size_t len)
{
	static const char *const types[] = { "type commit\n", "type tree\n", "type blob\n",
		"type tag\n" };
	const char *at = bytes, *end = bytes + len;

	if (!take_oid_line(&at, end, "object "))
		return "has no object line";
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((size_t)(end - at) > strlen(types[i]) &&
		    memcmp(at, types[i], strlen(types[i])) == 0) {
			at += strlen(types[i]);
			return take_line(&at, end, "tag ") ? NULL : "has no name";
		}
	return "has no type line";
}

const char *
git_commit_take(const char **at)
{
	const char *hex;

	if (strncmp(*at, "tree ", 5) != 0 && strncmp(*at, "parent ", 7) != 0)
		return NULL;
	hex = strchr(*at, ' ') + 1;
	*at = hex + HEX_LEN + 1;
	return hex;
}

const char *
git_tag_object(const char *bytes, const char **type_out)
{
	*type_out = bytes + strlen("object ") + HEX_LEN + strlen("\ntype ");
	return bytes + strlen("object ");
}
