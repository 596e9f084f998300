#include "sync/decide.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "git/check.h"
#include "git/follow.h"

/* The upstream has what was taken over last. */
static bool
is_known(const struct decide *d)
{
	const char *upstream = d->options->upstream;

	return strcmp(d->fingerprint, upstream[0] != '\0' ? upstream : d->old_fingerprint) == 0;
}

static bool
is_print(const struct decide *d, const char *of)
{
	return of[0] != '\0' && strcmp(d->fingerprint, of) == 0;
}

enum facts_verdict
decide_early(const struct decide *d)
{
	const struct options *o = d->options;

	if (o->version != o->taken_version || is_print(d, o->approved))
		return 0;
	if (is_known(d))
		return FACTS_TAKEN;
	if (is_print(d, o->held))
		return FACTS_HELD;
	return is_print(d, o->rejected) ? FACTS_REJECTED : 0;
}

/* Somebody has said yes already, or there is nothing new to say yes to. */
static bool
may_pass(const struct decide *d)
{
	return d->options->allow_rewrite || is_known(d) || is_print(d, d->options->approved);
}

static int
compare(struct ctx *c, const struct decide *d, struct git_repository *repo, struct git_moves *out)
{
	const struct git_moves_in in = {
		.before = d->published,
		.after = d->upstream,
		.most = c->conf->guard_commits,
		.progress = d->progress,
		.payload = d->payload,
	};

	return git_moves(c, repo, &in, out);
}

static int
follow(struct ctx *c, const struct decide *d, const struct git_guard *g, struct git_refs *out)
{
	const struct git_follow f = {
		.published = d->published,
		.upstream = d->upstream,
		.moves = g->moves,
		.kept = d->kept,
		.keeps_deleted = g->ignores_deleted,
		.keeps_forced = g->ignores_forced,
		.pins = g->pins,
		.n_pins = g->n_pins,
	};

	return git_follow(c, &f, out);
}

static enum facts_verdict
judge(const struct decide *d, const struct git_findings *findings)
{
	if (findings->n == 0)
		return FACTS_TAKEN;
	return is_print(d, d->options->rejected) ? FACTS_REJECTED : FACTS_HELD;
}

int
decide(struct ctx *c, const struct decide *d, struct decision *out)
{
	const struct options *o = d->options;
	struct git_guard g = {
		.published = d->published,
		.upstream = d->upstream,
		.filter = o->filter,
		.pins = o->pins,
		.n_pins = o->n_pins,
		.ignores_deleted = !o->prunes || o->mode == OPTIONS_ADDITIVE,
		.ignores_forced = o->mode == OPTIONS_ADDITIVE,
		.holds_tags = o->mode == OPTIONS_ARCHIVAL,
		.progress = d->progress,
		.payload = d->payload,
	};
	struct git_repository *repo;

	*out = (struct decision){ .verdict = FACTS_TAKEN };
	TRY(git_quarantine_open(c, d->quarantine_dir, &repo));
	TRY(compare(c, d, repo, &out->moves));
	g.moves = &out->moves;
	if (!may_pass(d))
		TRY(git_guard(c, repo, &g, &out->findings));
	out->verdict = judge(d, &out->findings);
	if (out->verdict != FACTS_TAKEN)
		return OK;
	out->kept_rule = (struct git_kept_rule){
		.is_forever = o->mode == OPTIONS_ARCHIVAL,
		.count = o->kept_count,
		.days = o->kept_days,
		.now = clock_now(),
	};
	TRY(follow(c, d, &g, &out->next));
	git_guard_notices(c, &g, &out->next, &out->notices);
	return OK;
}
