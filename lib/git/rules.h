/* What objects have to look like before we publish them: what git's own fsck refuses of names and
 * structure when it receives (receive.fsckObjects). Oddities that real histories are full of and
 * that harm nobody stay allowed: zero-padded modes, odd permission bits, bad dates and addresses.
 */
#ifndef GIT_RULES_H
#define GIT_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct git_tree_entry {
	unsigned mode;
	const char *name; /* with a NUL behind */
	size_t name_len;
	const unsigned char *oid;
};

/* Takes the entry at *at, which moves behind it. false: there is no whole entry. */
bool git_tree_take(const char **at, const char *end, struct git_tree_entry *out);

/* NULL, or the broken rule as the end of a sentence: "has an entry named .git". */
const char *git_rules_tree(const char *bytes, size_t len);

/* The same for "tree", "parent" … lines. What they name is read by git_commit_take and
 * git_tag_take, which only work on what passed here. */
const char *git_rules_commit(const char *bytes, size_t len);
const char *git_rules_tag(const char *bytes, size_t len);

/* The 40 hex digits of a commit's next "tree" or "parent" line at *at, which moves behind it; NULL:
 * no more of them. */
const char *git_commit_take(const char **at);

/* A tag's object, and the word of its type (with a newline behind). */
const char *git_tag_object(const char *bytes, const char **type_out);

/* How the rules see one name; for tests. */
bool git_rules_is_dotgit(const char *name);
bool git_rules_is_gitmodules(const char *name);

#endif
