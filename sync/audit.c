#include "sync/audit.h"

#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/audit.h"
#include "git/init.h"

/* A sync that publishes holds it for a moment, an upkeep longer: those two go first. */
#define LOCK_WAIT_MS 30000

static int
set_mark(struct ctx *c, const char *dir, const struct git_audit *a)
{
	if (a->found != GIT_AUDIT_WHOLE)
		return git_audit_mark(c, dir, a->sentence);
	return git_audit_is_marked(c->mem, dir) ? git_audit_unmark(c, dir) : OK;
}

/* One round under the lock: nothing else changes there. */
static int
look_under_lock(struct ctx *c, int64_t store_id, struct git_audit *a)
{
	const char *dir = project_store_dir(c, store_id);
	int *lock, code;

	TRY(path_lock(c, project_store_lock(c, store_id), LOCK_WAIT_MS, &lock));
	code = git_audit(c, dir, a);
	if (code == OK)
		code = set_mark(c, dir, a);
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

/* *what_out: what was derived and did not fit; "" nothing. */
static int
look(struct ctx *c, int64_t store_id, struct git_audit *a, const char **what_out)
{
	const char *dir = project_store_dir(c, store_id);
	bool has_mended = false;

	*what_out = "";
	TRY(git_audit(c, dir, a));
	if (a->found == GIT_AUDIT_WHOLE && !git_audit_is_marked(c->mem, dir))
		return OK;
	if (a->found != GIT_AUDIT_WHOLE) {
		const char *sentence = a->sentence;

		TRY(mend(c, store_id, &has_mended));
		if (has_mended)
			*what_out = sentence;
	}
	if (has_mended) {
		TRY(git_audit(c, dir, a));
		if (a->found == GIT_AUDIT_WHOLE && !git_audit_is_marked(c->mem, dir))
			return OK;
	}
	return look_under_lock(c, store_id, a);
}

/* Of an upstream without HEAD the hub's fingerprint has none either. */
static const char *
fingerprint_of(const struct git_audit *a, const char *known)
{
	return str_is_equal(a->fingerprint_without_head, known) ? known : a->fingerprint;
}

void
audit_store(struct ctx *c, int64_t store_id, const char *known, struct audit_result *out)
{
	struct git_audit a;
	const char *what = "";
	int code = look(c, store_id, &a, &what);

	*out = (struct audit_result){ .found = "whole", .sentence = "", .fingerprint = "" };
	if (code == E_NOTFOUND) {
		out->found = "missing";
		out->sentence = "its folder is not there";
	} else if (code != OK) {
		out->found = "failed";
		out->sentence = git_clean(c->mem, c->reason);
	} else {
		out->bytes = a.bytes;
		out->fingerprint = fingerprint_of(&a, known);
		out->sentence = a.found == GIT_AUDIT_WHOLE ? what : a.sentence;
		if (a.found != GIT_AUDIT_WHOLE)
			out->found = "damaged";
		else if (what[0] != '\0')
			out->found = "rebuilt";
	}
}
