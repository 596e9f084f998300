/* Repositories, their members and changesets in both profiles (contract 2.2, 3.1). */
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/js.h"
#include "base/log.h"
#include "cgi/rhodecode/repo.h"
#include "core/folder.h"
#include "core/history.h"
#include "core/level.h"
#include "store/user.h"

#define SHORT_ID_CHARS 12
#define NO_ID "0000000000000000000000000000000000000000"
#define TIME_BYTES 32

const char *
rhodecode_time(struct arena *mem, int64_t at)
{
	char text[TIME_BYTES];
	time_t seconds = (time_t)at;
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return "1970-01-01T00:00:00";
	return arena_strdup(mem, text);
}

/* ---- changesets */

struct changeset {
	const char *short_id, *raw_id;
	int64_t revision;
	const char *message, *date;
};

static const struct field changeset_json[] = { FIELD(changeset, short_id), FIELD(changeset, raw_id),
	FIELD(changeset, revision), FIELD(changeset, message), FIELD(changeset, date), { 0 } };

static const char *
person(struct req *r, const struct git_changeset *row)
{
	if (row->author_email[0] == '\0')
		return row->author_name;
	return arena_printf(r->ctx->mem, "%s <%s>", row->author_name, row->author_email);
}

void
rhodecode_changeset_open(struct req *r, const struct git_changeset *row, bool is_author_object)
{
	const struct changeset c = {
		.short_id = arena_strndup(r->ctx->mem, row->id, SHORT_ID_CHARS),
		.raw_id = row->id,
		.revision = row->number,
		.message = row->message,
		.date = rhodecode_time(r->ctx->mem, row->at),
	};

	buf_char(r->out, '{');
	rhodecode_members(r, changeset_json, &c);
	rhodecode_member(r, "author");
	if (!is_author_object) {
		js_text(r->out, person(r, row));
		return;
	}
	buf_text(r->out, "{\"name\":");
	js_text(r->out, row->author_name);
	rhodecode_member(r, "email");
	js_text(r->out, row->author_email);
	buf_char(r->out, '}');
}

static void
add_paths(struct req *r, const char *name, const struct git_paths *paths)
{
	rhodecode_member(r, name);
	buf_char(r->out, '[');
	for (size_t i = 0; i < paths->n; i++) {
		buf_text(r->out, i > 0 ? "," : "");
		js_text(r->out, paths->rows[i]);
	}
	buf_char(r->out, ']');
}

void
rhodecode_changeset_files(struct req *r, const struct git_changeset *row)
{
	add_paths(r, "added", &row->added);
	add_paths(r, "changed", &row->changed);
	add_paths(r, "removed", &row->removed);
}

int
rhodecode_history(struct req *r, int64_t store_id, struct git_history *out)
{
	TRY(project_history(r->ctx, store_id, out));
	return out->n > 0 || out->is_cut ? OK : fail(r->ctx, E_NOTFOUND, "it has no commits");
}

static const struct git_changeset no_changeset = {
	.id = NO_ID, .number = -1, .message = "", .author_name = "", .author_email = ""
};

/* The tip of the branch HEAD names; the empty form without one. Profile S does not tell of it. */
static int
read_last(struct req *r, const struct repo *row, struct git_changeset *out)
{
	struct git_history h;
	char id[GIT_ID_CHARS + 1];
	int code;

	*out = no_changeset;
	if (!row->is_cloned || r->call->profile == RPC_S)
		return OK;
	code = rhodecode_history(r, row->store_id, &h);
	if (code == OK)
		code = git_history_find(r->ctx, &h, "tip", id);
	if (code == OK)
		code = git_history_read(r->ctx, &h, id, out);
	return code == E_NOTFOUND ? OK : code;
}

/* ---- repositories */

struct repo_s {
	int64_t id;
	const char *name, *type, *description;
};

static const struct field repo_s_json[] = { FIELD(repo_s, id), FIELD(repo_s, name),
	FIELD(repo_s, type), FIELD(repo_s, description), { 0 } };

static void
open_s(struct req *r, const struct repo *row)
{
	const struct repo_s s = {
		.id = row->id, .name = row->path, .type = "git", .description = row->description
	};

	buf_char(r->out, '{');
	rhodecode_members(r, repo_s_json, &s);
}

struct repo_m {
	int64_t repo_id;
	const char *repo_name, *repo_type, *clone_uri;
	bool private;
	const char *created_on, *description, *owner, *fork_of;
	bool enable_statistics, enable_downloads; /* there are none */
};

static const struct field repo_m_json[] = { FIELD(repo_m, repo_id), FIELD(repo_m, repo_name),
	FIELD(repo_m, repo_type), FIELD(repo_m, clone_uri), FIELD(repo_m, private),
	FIELD(repo_m, created_on), FIELD(repo_m, description), FIELD(repo_m, owner),
	FIELD(repo_m, fork_of), FIELD(repo_m, enable_statistics), FIELD(repo_m, enable_downloads),
	{ 0 } };

static void
open_m(struct req *r, const struct repo *row, const struct git_changeset *last)
{
	const struct repo_m m = { .repo_id = row->id,
		.repo_name = row->path,
		.repo_type = "git",
		.clone_uri = row->clone_uri,
		.private = row->default_access == 0,
		.created_on = rhodecode_time(r->ctx->mem, row->created_at),
		.description = row->description,
		.owner = row->owner_uname,
		.fork_of = row->fork_of };

	buf_char(r->out, '{');
	rhodecode_members(r, repo_m_json, &m);
	/* a landing branch is the one HEAD names: the tip */
	buf_text(r->out, ",\"landing_rev\":[\"rev\",\"tip\"],\"last_changeset\":");
	rhodecode_changeset_open(r, last, false);
	buf_char(r->out, '}');
}

static void
open_with(struct req *r, const struct repo *row, const struct git_changeset *last)
{
	if (r->call->profile == RPC_S)
		open_s(r, row);
	else
		open_m(r, row, last);
}

int
rhodecode_repo_open(struct req *r, const struct repo *row)
{
	struct git_changeset last;

	TRY(read_last(r, row, &last));
	open_with(r, row, &last);
	return OK;
}

/* One of a list, with memory of its own. One damaged store must not hide all the others. */
static void
add_one(struct req *r, const struct repo *row)
{
	struct ctx *whole = r->ctx, turn = *r->ctx;
	struct git_changeset last;

	turn.mem = arena_new();
	r->ctx = &turn;
	if (read_last(r, row, &last) != OK) {
		log_write(
		    LOG_WARN, "damaged", LOG_TEXT("path", row->path), LOG_TEXT("why", turn.reason));
		last = no_changeset;
	}
	open_with(r, row, &last);
	buf_char(r->out, '}');
	r->ctx = whole;
	arena_free(turn.mem);
}

void
rhodecode_repos(struct req *r, const struct repo *rows, size_t n)
{
	buf_char(r->out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_text(r->out, i > 0 ? "," : "");
		add_one(r, &rows[i]);
	}
	buf_char(r->out, ']');
}

int
rhodecode_repo_now(struct req *r, struct repo *out)
{
	return repo_by_id(r->ctx, &r->account, r->project->id, out);
}

/* ---- members */

static struct user
user_of(const struct repo_member *m)
{
	return (struct user){ .id = m->id,
		.uname = m->uname,
		.first_name = m->first_name,
		.last_name = m->last_name,
		.email = m->email,
		.more_emails = "[]",
		.role = m->role,
		.is_active = m->is_active,
		.is_admin = m->is_admin };
}

struct group_s {
	int64_t id;
	const char *name;
	bool active;
};

static const struct field group_s_json[] = { FIELD(group_s, id), FIELD(group_s, name),
	FIELD(group_s, active), { 0 } };

static void
say_member_s(struct req *r, const struct repo_member *m)
{
	const struct user user = user_of(m);
	const struct group_s group = { m->id, m->uname, m->is_active };

	if (m->is_team) {
		buf_char(r->out, '{');
		rhodecode_members(r, group_s_json, &group);
	} else {
		rhodecode_user_open(r, &user);
	}
	buf_printf(r->out, ",\"permission\":\"repository_%s\",\"type_\":\"%s\"}",
	    level_word(m->access), m->is_team ? "users_group" : "user");
}

static void
say_member_m(struct req *r, const struct repo_member *m)
{
	buf_text(r->out, "{\"name\":");
	js_text(r->out, m->uname);
	buf_printf(r->out, ",\"type\":\"%s\",\"permission\":\"repository.%s\"}",
	    m->is_team ? "user_group" : "user", level_word(m->access));
}

static void
say_member(struct req *r, const struct repo_member *m)
{
	if (r->call->profile == RPC_S)
		say_member_s(r, m);
	else
		say_member_m(r, m);
}

void
rhodecode_repo_members(
    struct req *r, const struct repo *row, const struct repo_member *rows, size_t n)
{
	/* everyone stands there as a user, who is none (contract 4.2) */
	const struct repo_member everyone = { .uname = "default",
		.first_name = "",
		.last_name = "",
		.email = "",
		.role = "",
		.access = row->default_access };

	rhodecode_member(r, "members");
	buf_char(r->out, '[');
	say_member(r, &everyone);
	for (size_t i = 0; i < n; i++) {
		buf_char(r->out, ',');
		say_member(r, &rows[i]);
	}
	buf_char(r->out, ']');
}

/* ---- refusals */

int
rhodecode_say_place(struct req *r, int code, const char *path)
{
	const char *folder = folder_above(r->ctx, path);

	if (code == OK || code == E_INTERNAL)
		return code;
	if (rhodecode_is_fault(r, "folder", FAULT_UNKNOWN))
		return rhodecode_say(r, code, "repo group `%s` not found", folder);
	if (rhodecode_is_fault(r, "folder", FAULT_REFUSED))
		return rhodecode_say(r, code, "no permission to create repo in %s", folder);
	if (rhodecode_is_fault(r, "top", FAULT_REFUSED))
		return rpc_say(r, code, "no permission to create top level repo");
	return code;
}

int
rhodecode_say_move(struct req *r, int code, const char *folder)
{
	if (code == OK || code == E_INTERNAL)
		return code;
	if (rhodecode_is_fault(r, "folder", FAULT_UNKNOWN))
		return rhodecode_say(r, code, "repository group `%s` does not exist", folder);
	if (rhodecode_is_fault(r, "folder", FAULT_REFUSED))
		return rhodecode_say(
		    r, code, "no permission to create (or move) repo in %s", folder);
	if (rhodecode_is_fault(r, "top", FAULT_REFUSED))
		return rpc_say(r, code, "no permission to create (or move) top level repositories");
	return code;
}
