#include "git/haves.h"

#include <git2.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "git/pkt.h"

#define HAVES_MAX 4096 /* 200 KB of request at most */
#define LINE_BYTES 50
/* A rewritten branch's old tip is unknown upstream, but something before it is: its first parents
 * at distance 1, 2, 4 … */
#define REWRITTEN_MAX 16
#define DISTANCE_MAX 1024

struct listing {
	git_repository *repo;
	struct buf *out;
	size_t n, n_walked;
};

static void
add(struct listing *l, const git_oid *oid)
{
	char hex[2 * GIT_OID_BYTES + 1];

	if (l->n == HAVES_MAX)
		return;
	git_pkt_add(l->out, "have %s\n", git_oid_tostr(hex, sizeof(hex), oid));
	l->n++;
}

static void
add_ancestors(struct listing *l, const git_oid *tip)
{
	git_commit *commit, *parent;

	if (l->n_walked++ >= REWRITTEN_MAX || git_commit_lookup(&commit, l->repo, tip) < 0)
		return;
	for (unsigned distance = 1; distance <= DISTANCE_MAX; distance++) {
		if (git_commit_parent(&parent, commit, 0) < 0)
			break;
		git_commit_free(commit);
		commit = parent;
		if ((distance & (distance - 1)) == 0)
			add(l, git_commit_id(commit));
	}
	git_commit_free(commit);
}

/* Those that moved or went first: what is new was most likely built on them. */
static void
add_tips(struct listing *l, const struct git_refs *published, const struct git_refs *advertised,
    bool moved)
{
	const unsigned char *last = NULL;
	git_oid oid;

	for (const struct git_ref *r = published->rows; r < published->rows + published->n; r++) {
		const struct git_ref *now = git_refs_find(advertised, r->name);
		bool has_moved = now == NULL || memcmp(now->oid, r->oid, GIT_OID_BYTES) != 0;

		if (has_moved != moved ||
		    (last != NULL && memcmp(last, r->oid, GIT_OID_BYTES) == 0))
			continue;
		last = r->oid;
		git_oid_fromraw(&oid, r->is_peeled ? r->peeled : r->oid);
		add(l, &oid);
		if (moved && str_starts(r->name, "refs/heads/"))
			add_ancestors(l, &oid);
	}
}

int
git_haves_list(struct ctx *c, git_repository *repo, const struct git_refs *published,
    const struct git_refs *advertised, struct buf **out)
{
	struct listing l = { .repo = repo,
		.out = buf_new(c->mem, (size_t)HAVES_MAX * (LINE_BYTES + 1)) };

	add_tips(&l, published, advertised, true);
	add_tips(&l, published, advertised, false);
	*out = l.out;
	return OK;
}
