#include "git/branches.h"

#include <git2.h>
#include <string.h>

#include "base/str.h"
#include "git/init.h"
#include "git/store.h"

#define HEADS "refs/heads/"
#define TAGS "refs/tags/"
#define NAME_MAX_BYTES 1000

bool
git_branch_is_name(const char *branch)
{
	char full[sizeof(HEADS) + NAME_MAX_BYTES];
	int is_valid = 0;

	if (branch[0] == '\0' || branch[0] == '-' || strcmp(branch, "HEAD") == 0 ||
	    strlen(branch) > NAME_MAX_BYTES || !str_is_printable(branch))
		return false;
	memcpy(full, HEADS, strlen(HEADS));
	memcpy(full + strlen(HEADS), branch, strlen(branch) + 1);
	return git_reference_name_is_valid(&is_valid, full) == 0 && is_valid;
}

static void
close_ref(void *ref)
{
	git_reference_free(ref);
}

static void
close_iterator(void *iterator)
{
	git_reference_iterator_free(iterator);
}

static int
has_any_branch(struct ctx *c, git_repository *repo, bool *out)
{
	git_reference_iterator *all;
	const char *name;
	int error;

	if (git_reference_iterator_glob_new(&all, repo, HEADS "*") < 0)
		return git_fail(c, E_INTERNAL, "list branches");
	arena_defer(c->mem, close_iterator, all);
	error = git_reference_next_name(&name, all);
	if (error != 0 && error != GIT_ITEROVER)
		return git_fail(c, E_INTERNAL, "list branches");
	*out = error == 0;
	return OK;
}

int
git_branch_is_possible(struct ctx *c, git_repository *repo, const char *branch, bool *out)
{
	git_reference *ref;
	bool has_any = false;
	int error = git_reference_lookup(&ref, repo, arena_printf(c->mem, HEADS "%s", branch));

	if (error == 0)
		arena_defer(c->mem, close_ref, ref);
	else if (error != GIT_ENOTFOUND)
		return git_fail(c, E_INTERNAL, "look for a branch");
	if (error == 0) {
		*out = true;
		return OK;
	}
	TRY(has_any_branch(c, repo, &has_any));
	*out = !has_any;
	return OK;
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

/* What it stands for is a commit: asked of the object's header alone. */
static bool
is_commit(git_odb *odb, const char *hex)
{
	git_object_t type;
	git_oid oid;
	size_t len;

	return git_oid_fromstr(&oid, hex) == 0 &&
	    git_odb_read_header(&len, &type, odb, &oid) == 0 && type == GIT_OBJECT_COMMIT;
}

static bool
take(git_odb *odb, const struct git_store_ref *ref, struct git_tip *out)
{
	const char *commit = ref->peeled[0] != '\0' ? ref->peeled : ref->oid;

	out->is_tag = str_starts(ref->name, TAGS);
	if (!out->is_tag && !str_starts(ref->name, HEADS))
		return false;
	out->name = ref->name + (out->is_tag ? strlen(TAGS) : strlen(HEADS));
	memcpy(out->commit, commit, sizeof(out->commit));
	return is_commit(odb, commit);
}

/* All refs by name: what lies below refs/heads/ comes before refs/tags/. */
int
git_branches_and_tags(
    struct ctx *c, git_repository *repo, size_t max, struct git_tip **rows_out, size_t *n_out)
{
	struct git_store_ref *refs;
	struct git_tip *rows;
	git_odb *odb;
	size_t n_refs, n = 0;

	TRY(git_store_refs(c, repo, max, &refs, &n_refs));
	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "read objects");
	arena_defer(c->mem, close_odb, odb);
	rows = arena_new_array(c->mem, struct git_tip, n_refs + 1);
	for (size_t i = 0; i < n_refs; i++)
		n += take(odb, &refs[i], &rows[n]);
	*rows_out = rows;
	*n_out = n;
	return OK;
}
