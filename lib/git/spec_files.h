/* The spec files of a store, where package builders look for them: in the root of a branch. */
#ifndef GIT_SPEC_FILES_H
#define GIT_SPEC_FILES_H

#include <stddef.h>

#include "base/ctx.h"
#include "git/person.h"
#include "git/spec.h"

struct git_repository;

#define GIT_SPEC_FILES_MAX 20 /* of one branch; by name, what comes later is left out */

/* A branch's packages, and the commit they are of. */
struct git_spec_tip {
	char commit[41];			      /* 40 hex digits */
	const char *committer_name, *committer_email; /* UTF-8, one line each */
	struct git_spec specs[GIT_SPEC_FILES_MAX];    /* those whose name is known, each once */
	size_t n;
};

/* What *.spec files in the root of the branch's tip say, in the order of the file names; of two
 * with one package name the first. branch: without refs/heads/; "" is the one that HEAD names.
 * Links, folders and files above GIT_SPEC_MAX_BYTES are left out. E_NOTFOUND: there is no such
 * branch. E_INTERNAL: the store is damaged. */
must_check int git_spec_files(
    struct ctx *c, struct git_repository *repo, const char *branch, struct git_spec_tip *out);

#endif
