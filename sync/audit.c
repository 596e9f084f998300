#include "sync/audit.h"

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/audit.h"
#include "git/init.h"
#include "git/kept.h"
#include "git/refs.h"
#include "git/upkeep.h"
#include "sync/options.h"
#include "sync/salvage.h"

/* A sync that publishes holds it for a moment, an upkeep longer: those two go first. */
#define LOCK_WAIT_MS 30000

static int
set_mark(struct ctx *c, const char *dir, const struct git_audit *a)
{
	if (a->found != GIT_AUDIT_WHOLE)
		return git_audit_mark(c, dir, a->sentence);
	return git_audit_is_marked(c->mem, dir) ? git_audit_unmark(c, dir) : OK;
}

struct question {
	int64_t store_id;
	bool may_repair;
	const char *mended; /* what was made again, or how it was repaired; "" nothing */
};

static int
look_again(struct ctx *c, const char *dir, struct question *q, struct git_audit *a)
{
	TRY(git_audit(c, dir, a));
	if (a->found != GIT_AUDIT_WHOLE && q->may_repair) {
		TRY(salvage(c, q->store_id, dir, &q->mended));
		TRY(git_audit(c, dir, a));
	}
	return set_mark(c, dir, a);
}

/* One round under the lock: nothing else changes there. */
static int
look_under_lock(struct ctx *c, struct question *q, struct git_audit *a)
{
	int *lock, code;

	TRY(path_lock(c, project_store_lock(c, q->store_id), LOCK_WAIT_MS, &lock));
	code = look_again(c, project_store_dir(c, q->store_id), q, a);
	path_unlock(c, lock);
	return code;
}

static int
mend(struct ctx *c, int64_t store_id, bool *has_mended_out)
{
	int *lock, code;

	TRY(path_lock(c, project_store_lock(c, store_id), LOCK_WAIT_MS, &lock));
	code = git_audit_mend(c, project_store_dir(c, store_id), has_mended_out);
	path_unlock(c, lock);
	return code;
}

static int
look(struct ctx *c, struct question *q, struct git_audit *a)
{
	const char *dir = project_store_dir(c, q->store_id);
	bool has_mended = false;

	TRY(git_audit(c, dir, a));
	if (a->found == GIT_AUDIT_WHOLE && !git_audit_is_marked(c->mem, dir))
		return OK;
	if (a->found != GIT_AUDIT_WHOLE) {
		const char *sentence = a->sentence;

		TRY(mend(c, q->store_id, &has_mended));
		if (has_mended)
			q->mended = sentence;
	}
	if (has_mended) {
		TRY(git_audit(c, dir, a));
		if (a->found == GIT_AUDIT_WHOLE && !git_audit_is_marked(c->mem, dir))
			return OK;
	}
	return look_under_lock(c, q, a);
}

/* Of an upstream without HEAD the hub's fingerprint has none either. */
static const char *
fingerprint_of(const struct git_audit *a, const char *known)
{
	return str_is_equal(a->fingerprint_without_head, known) ? known : a->fingerprint;
}

/* ---- what may go */

static int
let_go_tips(struct ctx *c, const char *dir, const struct options *o)
{
	const struct git_kept_rule rule = {
		.count = o->kept_count, .days = o->kept_days, .now = clock_now()
	};
	struct git_refs refs, kept, left;

	TRY(git_refs_load(c, dir, &refs, &kept));
	git_kept_expire(c, &kept, &rule, &left);
	return left.n < kept.n ? git_refs_publish(c, dir, &refs, &left) : OK;
}

static int
let_go_locked(struct ctx *c, const char *dir, const struct audit_spec *spec)
{
	struct options o;

	if (spec->options[0] != '\0') {
		TRY(options_parse(c, spec->options, &o));
		if (o.mode != OPTIONS_EXACT)
			return OK;
		TRY(let_go_tips(c, dir, &o));
	}
	return git_upkeep_prune(c, dir, c->conf->upkeep_old_days);
}

/* That something stays is no failure of the audit; it goes the next time. */
static void
let_go(struct ctx *c, const struct audit_spec *spec)
{
	int *lock;

	if (path_lock(c, project_store_lock(c, spec->store_id), LOCK_WAIT_MS, &lock) != OK)
		return;
	(void)let_go_locked(c, project_store_dir(c, spec->store_id), spec);
	path_unlock(c, lock);
}

void
audit_store(struct ctx *c, const struct audit_spec *spec, struct audit_result *out)
{
	struct question q = {
		.store_id = spec->store_id, .may_repair = spec->may_repair, .mended = ""
	};
	struct git_audit a;
	int code = look(c, &q, &a);

	*out = (struct audit_result){ .found = "whole", .sentence = "", .fingerprint = "" };
	if (code == E_NOTFOUND) {
		out->found = "missing";
		out->sentence = "its folder is not there";
		return;
	}
	if (code != OK) {
		out->found = "failed";
		out->sentence = git_clean(c->mem, c->reason);
		return;
	}
	out->bytes = a.bytes;
	out->fingerprint = fingerprint_of(&a, spec->known);
	out->sentence = a.found == GIT_AUDIT_WHOLE ? q.mended : a.sentence;
	if (a.found != GIT_AUDIT_WHOLE)
		out->found = "damaged";
	else if (q.mended[0] != '\0')
		out->found = "rebuilt";
	else
		let_go(c, spec);
}
