#include "git/ref_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "git/init.h"
#include "git/refs_sort.h"

#define CAPABILITIES_MAX 4096
#define HEX_LEN ((size_t)2 * GIT_OID_BYTES)

static int
not_git(struct ctx *c)
{
	return fail(c, E_INVALID, "the upstream does not speak Git's protocol");
}

/* ---- lines */

static const char *
capability(struct arena *mem, const char *all, const char *name)
{
	size_t len = strlen(name);

	for (const char *word = all; *word != '\0';) {
		size_t word_len = strcspn(word, " ");

		if (word_len >= len && strncmp(word, name, len) == 0)
			return arena_strndup(mem, word + len, word_len - len);
		word += word_len + (word[word_len] == ' ');
	}
	return NULL;
}

static int
take_capabilities(struct git_ref_lines *l, const char *text)
{
	const char *format;

	if (l->capabilities != NULL || strlen(text) > CAPABILITIES_MAX)
		return not_git(l->c);
	l->capabilities = arena_strdup(l->c->mem, text);
	format = capability(l->c->mem, text, "object-format=");
	if (format != NULL && strcmp(format, "sha1") != 0)
		return fail(l->c, E_INVALID,
		    "the upstream keeps its objects by %s, which is not supported yet",
		    strcmp(format, "sha256") == 0 ? "SHA-256" : "another hash than SHA-1");
	l->symref = capability(l->c->mem, text, "symref=HEAD:");
	return OK;
}

static int
add_ref(struct git_ref_lines *l, const char *name, const unsigned char *oid)
{
	struct git_ref *row;

	if ((int64_t)l->refs.n == l->refs_most)
		return fail(l->c, E_DENIED, "the upstream has more than the %lld refs it may",
		    (long long)l->refs_most);
	git_refs_room(l->c->mem, &l->refs, &l->size);
	row = &l->refs.rows[l->refs.n++];
	row->name = arena_strdup(l->c->mem, name);
	memcpy(row->oid, oid, GIT_OID_BYTES);
	return OK;
}

/* "<oid> <name>", "<oid> <name>^{}" behind the annotated tag it peels. */
static int
take_ref(struct git_ref_lines *l, const char *name, const unsigned char *oid)
{
	if (str_ends(name, "^{}")) {
		struct git_ref *last = &l->refs.rows[l->refs.n - (l->refs.n > 0)];

		if (l->is_last_taken && l->refs.n > 0 && strlen(last->name) + 3 == strlen(name) &&
		    str_starts(name, last->name)) {
			memcpy(last->peeled, oid, GIT_OID_BYTES);
			last->is_peeled = true;
		}
		return OK;
	}
	l->is_last_taken = git_filter_takes(l->filter, name);
	if (strcmp(name, "HEAD") == 0) {
		memcpy(l->head, oid, GIT_OID_BYTES);
		l->has_head = true;
	}
	return l->is_last_taken ? add_ref(l, name, oid) : OK;
}

int
git_ref_lines_advert(struct git_ref_lines *l, char *line, size_t len)
{
	unsigned char oid[GIT_OID_BYTES];
	size_t name_end = strlen(line);

	if (str_starts(line, "ERR "))
		return fail(
		    l->c, E_NOTFOUND, "the upstream says: %s", git_clean(l->c->mem, line + 4));
	if (strcmp(line, "version 1") == 0)
		return OK;
	if (str_starts(line, "shallow "))
		return fail(l->c, E_INVALID,
		    "the upstream is a shallow clone: a part of its history is missing");
	if (name_end < len)
		TRY(take_capabilities(l, line + name_end + 1));
	else if (l->capabilities == NULL)
		return not_git(l->c);
	if (name_end <= HEX_LEN || line[HEX_LEN] != ' ')
		return not_git(l->c);
	line[HEX_LEN] = '\0';
	if (!str_is_hex(line, oid, GIT_OID_BYTES))
		return not_git(l->c);
	return take_ref(l, line + HEX_LEN + 1, oid);
}

/* "unborn HEAD …" is of a repository without commits: it lists nothing else of it. */
int
git_ref_lines_listed(struct git_ref_lines *l, char *line, size_t len)
{
	unsigned char oid[GIT_OID_BYTES];
	char *name = line + HEX_LEN + 1, *more;

	if (strlen(line) != len)
		return not_git(l->c);
	if (str_starts(line, "ERR "))
		return fail(
		    l->c, E_NOTFOUND, "the upstream says: %s", git_clean(l->c->mem, line + 4));
	if (str_starts(line, "unborn "))
		return OK;
	if (len <= HEX_LEN + 1 || line[HEX_LEN] != ' ')
		return not_git(l->c);
	line[HEX_LEN] = '\0';
	if (!str_is_hex(line, oid, GIT_OID_BYTES))
		return not_git(l->c);
	more = name + strcspn(name, " ");
	if (*more != '\0')
		*more++ = '\0';
	if (strcmp(name, "HEAD") == 0)
		l->symref = capability(l->c->mem, more, "symref-target:");
	return str_ends(name, "^{}") ? not_git(l->c) : take_ref(l, name, oid);
}

/* ---- all of it */

/* The branch HEAD names. Servers from before 2013 do not say: then a branch at the same commit. */
static const char *
head_branch(const struct git_ref_lines *l)
{
	static const char *const usual[] = { "refs/heads/main", "refs/heads/master" };
	const struct git_ref *row;

	if (l->symref != NULL) {
		row = git_refs_find(&l->refs, l->symref);
		return row != NULL && str_starts(row->name, "refs/heads/") ? row->name : NULL;
	}
	if (!l->has_head)
		return NULL;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		row = git_refs_find(&l->refs, usual[i]);
		if (row != NULL && memcmp(row->oid, l->head, GIT_OID_BYTES) == 0)
			return row->name;
	}
	for (row = l->refs.rows; row < l->refs.rows + l->refs.n; row++)
		if (str_starts(row->name, "refs/heads/") &&
		    memcmp(row->oid, l->head, GIT_OID_BYTES) == 0)
			return row->name;
	return NULL;
}

int
git_ref_lines_end(struct git_ref_lines *l, struct git_refs *out)
{
	git_refs_room(l->c->mem, &l->refs, &l->size);
	TRY(git_refs_sort(l->c, &l->refs));
	l->refs.head = head_branch(l);
	*out = l->refs;
	return OK;
}
