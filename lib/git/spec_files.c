#include "git/spec_files.h"

#include <git2.h>
#include <string.h>

#include "base/str.h"
#include "git/init.h"
#include "git/person.h"

#define BRANCH_MAX 1000

/* ---- handles */

static void
close_commit(void *commit)
{
	git_commit_free(commit);
}

static void
close_tree(void *tree)
{
	git_tree_free(tree);
}

/* ---- the tip */

static const char *
ref_of(struct ctx *c, const char *branch)
{
	return branch[0] == '\0' ? "HEAD" : arena_printf(c->mem, "refs/heads/%s", branch);
}

static int
open_tip(struct ctx *c, git_repository *repo, const char *branch, git_commit **out)
{
	git_object *object;
	git_oid oid;
	int error = GIT_ENOTFOUND;

	if (strlen(branch) <= BRANCH_MAX)
		error = git_reference_name_to_id(&oid, repo, ref_of(c, branch));
	if (error == GIT_ENOTFOUND || error == GIT_EINVALIDSPEC)
		return fail(c, E_NOTFOUND, "no such branch");
	if (error < 0 || git_object_lookup(&object, repo, &oid, GIT_OBJECT_COMMIT) < 0)
		return git_fail(c, E_INTERNAL, "read the tip of %s", ref_of(c, branch));
	*out = (git_commit *)object;
	arena_defer(c->mem, close_commit, *out);
	return OK;
}

static void
fill_commit(struct ctx *c, git_commit *commit, struct git_spec_tip *out)
{
	const git_signature *who = git_commit_committer(commit);

	git_oid_tostr(out->commit, sizeof(out->commit), git_commit_id(commit));
	out->committer_name = git_person_text(c->mem, who->name);
	out->committer_email = git_person_text(c->mem, who->email);
}

/* ---- its files */

static bool
is_spec_file(const git_tree_entry *entry)
{
	git_filemode_t mode = git_tree_entry_filemode(entry);

	return (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE) &&
	    str_ends(git_tree_entry_name(entry), ".spec");
}

/* The size alone, before anything is unpacked. */
static int
is_small(struct ctx *c, git_repository *repo, const git_oid *oid, bool *out)
{
	git_odb *odb;
	git_object_t type;
	size_t len;
	int error;

	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects");
	error = git_odb_read_header(&len, &type, odb, oid);
	git_odb_free(odb);
	if (error < 0)
		return git_fail(c, E_INTERNAL, "read a spec file");
	*out = type == GIT_OBJECT_BLOB && len <= GIT_SPEC_MAX_BYTES;
	return OK;
}

static bool
has_name(const struct git_spec_tip *tip, const char *name)
{
	for (size_t i = 0; i < tip->n; i++)
		if (strcmp(tip->specs[i].name, name) == 0)
			return true;
	return false;
}

static int
read_file(struct ctx *c, git_repository *repo, const git_oid *oid, struct git_spec_tip *out)
{
	struct git_spec spec;
	git_blob *blob;
	bool fits = false;

	TRY(is_small(c, repo, oid, &fits));
	if (!fits)
		return OK;
	if (git_blob_lookup(&blob, repo, oid) < 0)
		return git_fail(c, E_INTERNAL, "read a spec file");
	git_spec_read(c->mem, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob), &spec);
	git_blob_free(blob);
	if (spec.name[0] != '\0' && !has_name(out, spec.name))
		out->specs[out->n++] = spec;
	return OK;
}

int
git_spec_files(struct ctx *c, git_repository *repo, const char *branch, struct git_spec_tip *out)
{
	git_commit *commit = NULL;
	git_tree *tree;
	size_t n_files = 0;

	*out = (struct git_spec_tip){ .n = 0 };
	TRY(open_tip(c, repo, branch, &commit));
	fill_commit(c, commit, out);
	if (git_commit_tree(&tree, commit) < 0)
		return git_fail(c, E_INTERNAL, "read the tree of %s", out->commit);
	arena_defer(c->mem, close_tree, tree);
	for (size_t i = 0; i < git_tree_entrycount(tree) && n_files < GIT_SPEC_FILES_MAX; i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);

		if (!is_spec_file(entry))
			continue;
		n_files++;
		TRY(read_file(c, repo, git_tree_entry_id(entry), out));
	}
	return OK;
}
