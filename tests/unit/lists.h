/* Lists of refs as a test writes them: "heads/main=1 tags/v1=2^1". */
#ifndef TESTS_UNIT_LISTS_H
#define TESTS_UNIT_LISTS_H

#include "tests/unit/unit.h"

#include "base/str.h"
#include "git/moves.h"
#include "git/refs_sort.h"

/* An id of 40 equal hex digits; or that of the branch or tag of this name among the known refs. */
static inline void
lists_oid(const struct git_refs *known, const char *word, unsigned char *oid, struct git_ref *peels)
{
	static const char *const places[] = { "refs/heads/", "refs/tags/" };
	char name[256];

	if (known == NULL) {
		assert_true(strlen(word) == 1 && strchr("0123456789abcdef", word[0]) != NULL);
		memset(oid, (int)strtol(word, NULL, 16) * 0x11, GIT_OID_BYTES);
		return;
	}
	for (size_t i = 0; i < N_OF(places); i++) {
		const struct git_ref *r;

		snprintf(name, sizeof(name), "%s%s", places[i], word);
		r = git_refs_find(known, name);
		if (r == NULL)
			continue;
		memcpy(oid, r->oid, GIT_OID_BYTES);
		if (peels != NULL && r->is_peeled) {
			memcpy(peels->peeled, r->peeled, GIT_OID_BYTES);
			peels->is_peeled = true;
		}
		return;
	}
	unit_fail("no commit is called %s", word);
}

/* "name=id", "name=id^peeled"; names without refs/, in any order. head: full; NULL: none. */
static inline struct git_refs
lists_of(struct ctx *c, const struct git_refs *known, const char *text, const char *head)
{
	struct git_refs refs = { .n = 0 };
	size_t n, size = 0;
	char **words = str_split(c->mem, text, ' ', &n);

	git_refs_room(c->mem, &refs, &size);
	for (size_t i = 0; i < n; i++) {
		char *id = strrchr(words[i], '='), *peeled;
		struct git_ref row = { .is_peeled = false };

		if (words[i][0] == '\0')
			continue;
		assert_non_null(id);
		*id++ = '\0';
		peeled = strchr(id, '^');
		if (peeled != NULL)
			*peeled++ = '\0';
		lists_oid(known, id, row.oid, &row);
		row.is_peeled |= peeled != NULL;
		if (peeled != NULL)
			lists_oid(known, peeled, row.peeled, NULL);
		row.name = arena_printf(c->mem, "refs/%s", words[i]);
		git_refs_room(c->mem, &refs, &size);
		refs.rows[refs.n++] = row;
	}
	assert_int_equal(git_refs_sort(c, &refs), OK);
	refs.head = head != NULL && git_refs_find(&refs, head) != NULL
	    ? git_refs_find(&refs, head)->name
	    : NULL;
	return refs;
}

/* The same text of a list, by name; ids by their first digit. */
static inline const char *
lists_text(struct ctx *c, const struct git_refs *refs)
{
	const char *text = "";

	for (size_t i = 0; i < refs->n; i++) {
		const struct git_ref *r = &refs->rows[i];

		text = arena_printf(c->mem, "%s%s%s=%x", text, i > 0 ? " " : "",
		    r->name + strlen("refs/"), r->oid[0] & 15);
		if (r->is_peeled)
			text = arena_printf(c->mem, "%s^%x", text, r->peeled[0] & 15);
	}
	return text;
}

/* What became of the refs of one list in another, where nobody can ask their histories: what moved
 * was forced, but for the one called `on` (NULL: none). */
static inline struct git_moves
lists_moves(
    struct ctx *c, const struct git_refs *before, const struct git_refs *after, const char *on)
{
	struct git_moves moves = { .rows =
				       arena_new_array(c->mem, struct git_move, before->n + 1) };

	for (size_t i = 0; i < before->n; i++) {
		const struct git_ref *a = &before->rows[i], *b = git_refs_find(after, a->name);
		struct git_move m = { .name = a->name, .before = a, .after = b };

		if (b != NULL && memcmp(a->oid, b->oid, GIT_OID_BYTES) == 0)
			continue;
		m.kind = b == NULL				 ? GIT_MOVE_GONE
		    : on != NULL && strcmp(on, a->name + 5) == 0 ? GIT_MOVE_ON
								 : GIT_MOVE_FORCED;
		moves.rows[moves.n++] = m;
	}
	return moves;
}

#endif
