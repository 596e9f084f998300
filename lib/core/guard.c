#include "core/guard.h"

#include <string.h>

#include "base/fault.h"
#include "base/js.h"
#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/filter.h"

#define KEPT_MOST 10000
#define DAYS_MOST 36500
#define PINS_MOST 500
#define LIMIT_MOST INT64_C(1000000000000000)

/* ---- what is held */

static int
decide(struct ctx *c, const struct actor *who, const struct project *p, bool is_approved,
    const char *fingerprint)
{
	TRY(guard_decide(
	    c, p->id, is_approved, fingerprint != NULL ? fingerprint : "", who->account->uname));
	return actor_record(c, who, is_approved ? "mirror.approve" : "mirror.reject", p->path, "");
}

int
guard_approve(
    struct ctx *c, const struct actor *who, const struct project *p, const char *fingerprint)
{
	return decide(c, who, p, true, fingerprint);
}

int
guard_reject(
    struct ctx *c, const struct actor *who, const struct project *p, const char *fingerprint)
{
	return decide(c, who, p, false, fingerprint);
}

static const char *
text_of(struct ctx *c, const struct js *object, const char *key)
{
	const struct js *value = js_get(object, key);

	return value != NULL && js_type(value) == JS_TEXT ? js_text_of(c, value) : "";
}

int
guard_findings(struct ctx *c, const char *json, struct git_findings *out)
{
	const struct js *list;

	TRY(js_parse(c, json, strlen(json), &list));
	*out = (struct git_findings){ .n = js_type(list) == JS_ARRAY ? js_count(list) : 0 };
	out->rows = arena_new_array(c->mem, struct git_finding, out->n + 1);
	for (size_t i = 0; i < out->n; i++)
		out->rows[i] = (struct git_finding){
			.rule = git_rule_by_name(text_of(c, js_at(list, i), "rule")),
			.ref = text_of(c, js_at(list, i), "ref"),
			.sentence = text_of(c, js_at(list, i), "sentence"),
		};
	return OK;
}

/* ---- what is taken over */

static void
judge_word(struct faults *f, const char *field, const char *text, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return;
	if (text[0] != '\0')
		faults_add(f, field, FAULT_NOT_INCLUDED, 0);
}

static void
judge_number(struct faults *f, const char *field, const char *text, int64_t least, int64_t most)
{
	int64_t n;

	if (text[0] != '\0' && (!str_is_int(text, &n) || n < least || n > most))
		faults_say(f, field, FAULT_INVALID,
		    least == 0 ? "this is a number from 0 on" : "this is a number from 1 on");
}

static void
judge_patterns(struct ctx *c, struct faults *f, const char *field, const char *text)
{
	struct ctx quiet = *c;
	const struct git_filter *filter;

	if (!str_is_utf8(text, strlen(text)))
		faults_say(f, field, FAULT_INVALID, "this is text in UTF-8");
	else if (git_filter_parse(&quiet, text, NULL, &filter) != OK)
		faults_say(f, field, FAULT_INVALID, quiet.reason);
}

static int
judge(struct ctx *c, const struct mirror_options *o)
{
	static const char *const modes[] = { "exact", "additive", "archival", NULL };
	static const char *const yes_no[] = { "yes", "no", NULL };
	struct faults *f = faults_new(c->mem);

	judge_word(f, "mode", o->mode, modes);
	judge_patterns(c, f, "ref_include", o->ref_include);
	judge_patterns(c, f, "ref_exclude", o->ref_exclude);
	judge_word(f, "prunes", o->prunes, yes_no);
	judge_word(f, "allow_rewrite", o->allow_rewrite, yes_no);
	judge_number(f, "kept_count", o->kept_count, 0, KEPT_MOST);
	judge_number(f, "kept_days", o->kept_days, 0, DAYS_MOST);
	judge_number(f, "most_bytes", o->most_bytes, 1, LIMIT_MOST);
	judge_number(f, "most_objects", o->most_objects, 1, LIMIT_MOST);
	judge_number(f, "most_refs", o->most_refs, 1, LIMIT_MOST);
	judge_number(f, "most_blob_bytes", o->most_blob_bytes, 1, LIMIT_MOST);
	return faults_end(c, f);
}

/* Without blanks around it, with newlines as Unix has them. */
static const char *
typed(struct ctx *c, const char *text)
{
	char *clean, *to;
	size_t len;

	text += strspn(text, " \t\r\n");
	to = clean = arena_strdup(c->mem, text);
	for (const char *from = text; *from != '\0'; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
	len = strlen(clean);
	while (len > 0 && strchr(" \t\n", clean[len - 1]) != NULL)
		clean[--len] = '\0';
	return clean;
}

/* "mode, prunes" */
static const char *
take_changes(struct ctx *c, const struct mirror_options *in, struct mirror_options *o)
{
	const char *changed = "";

	for (const struct field *m = mirror_options_fields; m->name != NULL; m++) {
		const char *sent = *FIELD_AT((char *)(uintptr_t)in, m, const char *);
		const char **now = FIELD_AT(o, m, const char *);

		if (sent == NULL || strcmp(typed(c, sent), *now) == 0)
			continue;
		*now = typed(c, sent);
		changed = arena_printf(c->mem, "%s%s%s", changed, changed[0] ? ", " : "", m->name);
	}
	return changed;
}

int
guard_set_options(struct ctx *c, const struct actor *who, const struct project *p,
    const struct mirror_options *in)
{
	struct mirror_options o;
	const char *changed;

	TRY(mirror_options_of(c, p->id, &o));
	changed = take_changes(c, in, &o);
	TRY(judge(c, &o));
	if (changed[0] == '\0')
		return OK;
	TRY(mirror_options_set(c, p->id, &o));
	return actor_record(c, who, "mirror.options", p->path, changed);
}

/* ---- kept tips */

static int
load(struct ctx *c, const struct project *p, struct git_refs *refs, struct git_refs *kept)
{
	const char *dir = project_store_dir(c, p->store_id);

	*refs = *kept = (struct git_refs){ .n = 0 };
	return path_is_dir(dir) ? git_refs_load(c, dir, refs, kept) : OK;
}

int
kept_list(struct ctx *c, const struct project *p, struct git_refs *refs_out,
    struct git_kept_tip **rows_out, size_t *n_out)
{
	struct git_refs kept;

	TRY(load(c, p, refs_out, &kept));
	*n_out = git_kept_list(c, &kept, rows_out);
	return OK;
}

static const struct git_kept_tip *
find_tip(struct ctx *c, const struct git_refs *kept, const char *name)
{
	struct git_kept_tip *rows;
	size_t n = git_kept_list(c, kept, &rows);

	for (size_t i = 0; i < n; i++)
		if (name != NULL && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* What it is called from now on: its own name, or with the moment it was replaced behind. */
static const char *
name_for(struct ctx *c, const struct git_refs *refs, const struct git_kept_tip *tip)
{
	const char *tail = strrchr(tip->name, '/');

	if (tip->ref[0] == '\0' || git_refs_find(refs, tip->ref) == NULL)
		return tip->ref;
	return arena_printf(c->mem, "%s-%s", tip->ref, tail + 1);
}

/* "x" is the branch x. */
static const char *
full_name(struct ctx *c, const char *as)
{
	return str_starts(as, "refs/") ? as : arena_printf(c->mem, "refs/heads/%s", as);
}

static int
check_name(struct ctx *c, const struct git_refs *refs, const char *ref)
{
	struct faults *f = faults_new(c->mem);

	if (!str_is_utf8(ref, strlen(ref)) || !git_filter_takes(NULL, ref))
		faults_say(f, "as", FAULT_INVALID, "this cannot be the name of a branch or tag");
	else if (git_refs_find(refs, ref) != NULL)
		return fail(c, E_CONFLICT, "there is a ref of this name");
	return faults_end(c, f);
}

/* Those that are let go stay until the next publication: a worker is told of both, of 1000 at most
 * (hub.mirror_options). */
static int
check_room(struct ctx *c, const struct project *p)
{
	struct faults *f = faults_new(c->mem);
	struct mirror_pin *rows;
	size_t n;

	TRY(mirror_pin_list(c, p->id, &rows, &n));
	if (n >= PINS_MOST)
		faults_say(f, "name", FAULT_TOO_MANY,
		    "so many refs were taken back that one has to be let go first");
	return faults_end(c, f);
}

int
kept_restore(struct ctx *c, const struct actor *who, const struct project *p, const char *name,
    const char *as, const char **ref_out)
{
	struct mirror_pin pin = { .actor = who->account->uname };
	const struct git_kept_tip *tip;
	struct git_refs refs, kept;

	TRY(load(c, p, &refs, &kept));
	tip = find_tip(c, &kept, name);
	if (tip == NULL)
		return fault(c, "name", FAULT_UNKNOWN, 0);
	pin.oid = tip->oid;
	pin.ref = as != NULL && as[0] != '\0' ? full_name(c, as) : name_for(c, &refs, tip);
	TRY(check_name(c, &refs, pin.ref));
	TRY(check_room(c, p));
	TRY(mirror_pin_set(c, p->id, &pin));
	*ref_out = pin.ref;
	return actor_record(c, who, "mirror.restore", p->path, pin.ref);
}

int
kept_let_go(struct ctx *c, const struct actor *who, const struct project *p, const char *ref)
{
	TRY(mirror_pin_let_go(c, p->id, ref));
	return actor_record(c, who, "mirror.let_go", p->path, ref);
}
