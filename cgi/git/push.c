#include "cgi/git/handlers.h"

#include "base/conf.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "cgi/git/body.h"
#include "cgi/git/commands.h"
#include "cgi/git/pump.h"
#include "cgi/git/refs.h"
#include "cgi/git/service.h"
#include "core/project.h"
#include "core/push.h"
#include "db/db.h"
#include "git/refs.h"
#include "git/store.h"

/* Above git.push_bytes, which is for the pack: so that Git refuses a large pack in its own words,
 * and the commands have room. */
#define BODY_EXTRA_BYTES (16 * 1024 * 1024)
#define LOCK_WAIT_MS 10000
#define RECORD_TRIES 5

int
show_refs_to_push(struct req *r)
{
	TRY(push_check(r->ctx, r->project));
	return show_refs(r, &service_push);
}

/* One push at a time, and neither maintenance nor removal during it. Held to the request's end. */
static int
lock_store(struct req *r, int **out)
{
	return project_lock_store(r->ctx, r->project->store_id, LOCK_WAIT_MS, out);
}

/* The project may have gone while we waited for the lock. */
static int
check_still_there(struct req *r)
{
	struct account account;
	struct project p;

	TRY(project_by_path(r->ctx, &r->claim, r->project->path, &account, &p));
	if (p.id != r->project->id)
		return fail(r->ctx, E_NOTFOUND, "not found");
	return OK;
}

/* A lock file that a killed push left would make Git refuse this branch for ever. */
static int
tidy_store(struct req *r)
{
	const char *dir;

	TRY(service_store(r, &dir));
	return git_store_tidy(r->ctx, dir);
}

/* ---- what came of it */

struct outcome {
	const struct commands *commands;
	const char **before, **after; /* ids of commands->refs, and of HEAD */
	int64_t intent;
};

/* Of an empty repository HEAD names a branch that nobody may ever push: one that was pushed becomes
 * it, so that a clone has files. */
static int
adopt_head(struct req *r, const struct outcome *o)
{
	const char *branch;

	if (!str_is_equal(o->after[o->commands->n], REF_NO_ID))
		return OK;
	branch = push_first_branch(o->commands->refs, o->after, o->commands->n);
	return branch != NULL ? refs_set_head(r, branch) : OK;
}

static size_t
list_changes(struct req *r, const struct outcome *o, struct push_ref **out)
{
	struct push_ref *changes = arena_new_array(r->ctx->mem, struct push_ref, o->commands->n);
	size_t n = 0;

	for (size_t i = 0; i < o->commands->n; i++)
		if (!str_is_equal(o->before[i], o->after[i]))
			changes[n++] = (struct push_ref){ .name = o->commands->refs[i],
				.old_id = o->before[i],
				.new_id = o->after[i] };
	*out = changes;
	return n;
}

/* The refs have changed, whatever the database says: one that has to choose between us and a sync
 * that wants the same rows (a deadlock) is asked again. */
static int
write_down(struct req *r, int64_t intent, const struct push *push)
{
	int code = E_CONFLICT;

	for (int i = 0; i < RECORD_TRIES && code == E_CONFLICT; i++) {
		TRY(db_begin(r->ctx, DB_WRITE));
		code = push_record(r->ctx, intent, r->project, push);
		if (code == OK)
			return db_commit(r->ctx);
		db_rollback(r->ctx);
	}
	return code;
}

static int
record(struct req *r, struct outcome *o)
{
	struct ctx *c = r->ctx;
	struct push_ref *changes;
	struct push push = { 0 };
	const char *dir;

	TRY(refs_read(r, o->commands->refs, o->commands->n, &o->after));
	TRY(db_ready(c)); /* a long push may have outlived the connection */
	push.n = list_changes(r, o, &changes);
	push.refs = changes;
	if (push.n == 0)
		return push_drop(c, o->intent);
	TRY(adopt_head(r, o));
	TRY(service_store(r, &dir));
	TRY(git_head_load(c, dir, &push.head));
	return write_down(r, o->intent, &push);
}

/* Who is killed from here on leaves word of what he was about to do: push_reconcile. */
static int
intend(struct req *r, struct outcome *o)
{
	const struct actor who = req_actor(r);
	size_t n = o->commands->n;
	struct push_ref *refs = arena_new_array(r->ctx->mem, struct push_ref, n + 1);

	TRY(refs_read(r, o->commands->refs, n, &o->before));
	for (size_t i = 0; i < n; i++)
		refs[i] = (struct push_ref){ .name = o->commands->refs[i], .old_id = o->before[i] };
	TRY(push_intend(r->ctx, &who, r->project, refs, n, &o->intent));
	crash_point("push-intended");
	return OK;
}

/* What has to be done although the push has failed, and can be told to nobody but the log. */
static void
note(struct req *r, int code, const char *failure)
{
	if (code != OK)
		log_write(LOG_ERR, failure, LOG_TEXT("id", r->id),
		    LOG_TEXT("path", r->project->path), LOG_TEXT("why", r->ctx->reason));
}

/* Whatever happened to the client or the child: what changed on the disk is recorded. The child has
 * the lock too: if we are killed, nobody takes it before the child has gone. */
static int
run_and_record(struct req *r, struct pump *p, const struct commands *commands, const int *lock)
{
	struct outcome o = { .commands = commands };
	struct ctx why;
	int code;

	TRY(intend(r, &o));
	TRY(service_start(r, &service_push, *lock, &p->child));
	code = pump_run(p);
	crash_point("push-done");
	if (code == OK)
		return record(r, &o);
	why = *r->ctx;
	note(r, record(r, &o), "push not recorded");
	/* a child that had to be killed left its quarantine */
	note(r, tidy_store(r), "store not tidied");
	*r->ctx = why;
	return code;
}

int
serve_push(struct req *r)
{
	struct pump p = { .r = r };
	struct commands commands = { .n = 0 };
	int *lock;

	TRY(push_check(r->ctx, r->project));
	TRY(body_open(r, &service_push, r->ctx->conf->git_push_bytes + BODY_EXTRA_BYTES, &p.body));
	TRY(commands_read(r, p.body, &commands));
	set_type(r, service_push.result_type);
	if (commands.n_lines > COMMANDS_MAX) {
		commands_refuse(r, &commands, "a push may change at most 10000 refs");
		return OK;
	}
	if (commands_are_deep(&commands)) {
		commands_refuse(r, &commands, "the name of a ref may have at most 64 parts");
		return OK;
	}
	TRY(lock_store(r, &lock));
	TRY(check_still_there(r));
	TRY(tidy_store(r));
	return run_and_record(r, &p, &commands, lock);
}
