#include "sync/salvage.h"

#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/str.h"
#include "git/audit.h"
#include "git/chore.h"
#include "git/init.h"
#include "git/refs.h"
#include "sync/anew.h"

#define HEADS "refs/heads/"
#define MS_PER_S 1000
#define REFS_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define NAMED_MAX_BYTES 500

/* Git writes them, and so knows what each tag leads to. */
static int
write_refs(struct ctx *c, const char *fresh_dir, const struct git_refs *refs)
{
	static const char *const update[] = { "git", "update-ref", "--stdin", NULL };
	static const char *const pack[] = { "git", "pack-refs", "--all", NULL };
	struct buf *lines = buf_new(c->mem, REFS_MAX_BYTES);
	struct git_chore chore = {
		.dir = fresh_dir, .argv = update, .wall_ms = c->conf->sync_total_s * MS_PER_S / 4
	};

	for (size_t i = 0; i < refs->n; i++)
		buf_printf(lines, "create %s %s\n", refs->rows[i].name,
		    str_hex(c->mem, refs->rows[i].oid, GIT_OID_BYTES));
	if (lines->full)
		return fail(c, E_INTERNAL, "too many refs");
	chore.input = lines->data;
	chore.input_len = lines->len;
	TRY(git_chore_run(c, &chore));
	chore.argv = pack;
	chore.input_len = 0;
	return git_chore_run(c, &chore);
}

static const char *
lost_text(struct ctx *c, const struct git_refs *had, const struct git_refs *has)
{
	struct buf *b = buf_new(c->mem, NAMED_MAX_BYTES);
	size_t n = 0;

	for (size_t i = 0; i < had->n; i++)
		if (git_refs_find(has, had->rows[i].name) == NULL) {
			n++;
			buf_printf(b, " %s", had->rows[i].name);
		}
	if (n == 0)
		return "repaired: nothing is lost";
	return arena_printf(
	    c->mem, "repaired; %zu refs could not be read:%s", n, git_clean(c->mem, b->data));
}

static const char *
branch_of(struct ctx *c, const char *store_dir)
{
	const char *head;

	if (git_head_load(c, store_dir, &head) != OK || head == NULL || !str_starts(head, HEADS) ||
	    !str_is_printable(head) || strchr(head, ' ') != NULL || str_ends(head, "/"))
		return "main";
	return head + strlen(HEADS);
}

int
salvage(struct ctx *c, int64_t store_id, const char *store_dir, const char **sentence_out)
{
	struct git_refs had, has, none = { .n = 0 };
	struct git_audit audit;
	const char *fresh;

	TRY(git_refs_load_all_readable(c, store_dir, &had));
	TRY(anew_make(c, store_dir, branch_of(c, store_dir), &fresh));
	has = had;
	has.rows = arena_new_array(c->mem, struct git_ref, had.n + 1);
	if (had.n > 0)
		memcpy(has.rows, had.rows, had.n * sizeof(had.rows[0]));
	TRY(anew_carry(c, store_dir, fresh, &none, &has));
	TRY(write_refs(c, fresh, &has));
	TRY(git_audit(c, fresh, &audit));
	if (audit.found != GIT_AUDIT_WHOLE)
		return fail(c, E_INTERNAL, "what was saved is damaged too: %s", audit.sentence);
	*sentence_out = lost_text(c, &had, &has);
	return anew_swap(c, store_id, store_dir, fresh, "damaged");
}
