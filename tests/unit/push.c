/* One push: what is sent, and what is made of what comes back. */
#include "tests/unit/script.h"
#include "tests/unit/story.h"

#include "git/push.h"

#define ZERO "0000000000000000000000000000000000000000"

static struct story story;

static void
tell(struct story *s)
{
	story_chain(s, "m", 20, "");
	story_commit(s, "aside", "m5", STORY_AT + 5000);
}

static int
begin(void **state)
{
	(void)state;
	return story_begin(&story, tell);
}

static int
end(void **state)
{
	(void)state;
	return story_end(&story);
}

static const unsigned char *
id_of(const char *name)
{
	const struct git_ref *r =
	    git_refs_find(&story.known, arena_printf(story.c->mem, "refs/heads/%s", name));

	assert_non_null(r);
	return r->oid;
}

/* What was sent to a target, and what it answers. */
struct target {
	struct script answer; /* first, for script_receive */
	struct ctx *c;
	struct buf *request, *pack;
	bool is_long, is_cut; /* the wire breaks while the pack goes through it */
};

static int
take(void *payload, const void *bytes, size_t len)
{
	struct target *t = payload;

	buf_add(t->request, bytes, len);
	return OK;
}

static int
take_long(void *payload, const void *bytes, size_t len,
    int (*more)(void *source, void *bytes, size_t size, size_t *got_out), void *source)
{
	struct target *t = payload;
	char piece[1000];
	size_t got;

	t->is_long = true;
	buf_add(t->request, bytes, len);
	for (;;) {
		TRY(more(source, piece, sizeof(piece), &got));
		if (got == 0)
			return OK;
		buf_add(t->pack, piece, got);
		if (t->is_cut)
			return fail(t->c, E_NOTFOUND, "the wire was cut");
	}
}

/* A push of two branches, one of which is there already. */
struct push {
	struct target target;
	struct git_wire wire;
	struct git_receive there;
	struct git_push_known known;
	struct git_push_row rows[2];
	const char *errors[2];
	struct git_push_order order;
};

static void
set_row(struct git_push_row *row, enum git_push_kind kind, const char *name, const char *old,
    const char *new)
{
	*row = (struct git_push_row){ .kind = kind, .name = name, .why = "" };
	if (old != NULL)
		memcpy(row->old, id_of(old), GIT_OID_BYTES);
	if (new != NULL)
		memcpy(row->new, id_of(new), GIT_OID_BYTES);
}

static struct push *
push_of(struct ctx *c)
{
	struct push *p = arena_new_of(c->mem, struct push);

	p->target = (struct target){
		.c = c, .request = buf_new(c->mem, 1 << 20), .pack = buf_new(c->mem, 1 << 24)
	};
	p->wire = (struct git_wire){ .payload = &p->target,
		.send = take,
		.send_long = take_long,
		.receive = script_receive };
	p->there = (struct git_receive){ .reports = true, .takes_ofs_delta = true };
	set_row(&p->rows[0], PUSH_UPDATE, "refs/heads/main", "m19", "m20");
	set_row(&p->rows[1], PUSH_CREATE, "refs/heads/aside", NULL, "aside");
	p->errors[0] = p->errors[1] = "untouched";
	p->order = (struct git_push_order){ .store_dir = story.dir,
		.there = &p->there,
		.rows = p->rows,
		.n = 2,
		.known = &p->known,
		.wire = &p->wire,
		.errors = p->errors };
	return p;
}

/* The same with nothing to pack: where only the answer matters. */
static struct push *
deletions_of(struct ctx *c)
{
	struct push *p = push_of(c);

	set_row(&p->rows[0], PUSH_DELETE, "refs/heads/main", "m19", NULL);
	set_row(&p->rows[1], PUSH_DELETE, "refs/heads/aside", "aside", NULL);
	return p;
}

static void
answers(struct push *p, const struct buf *text, size_t len)
{
	p->target.answer = (struct script){ text->data, len, 0, 11 };
}

#define BOTH "unpack ok", "ok refs/heads/main", "ok refs/heads/aside"

/* The lines of a report, plain or in the first band. */
static struct buf *
report(struct ctx *c, const char *const *lines, bool has_bands)
{
	struct buf *plain = script_lines(c, "", lines), *banded;

	if (!has_bands)
		return plain;
	banded = buf_new(c->mem, 1 << 20);
	for (size_t at = 0; at < plain->len; at += 20) {
		size_t len = plain->len - at < 20 ? plain->len - at : 20;

		buf_printf(banded, "%04zx\1", len + 5);
		buf_add(banded, plain->data + at, len);
	}
	git_pkt_flush(banded);
	return banded;
}

static int
send_it(struct ctx *c, struct push *p, const char *const *lines, bool has_bands)
{
	const struct buf *text = report(c, lines, has_bands);

	p->there.has_side_band = has_bands;
	answers(p, text, text->len);
	return git_push_send(c, &p->order);
}

/* ---- what is sent */

static void
each_ref_is_named_with_what_is_there_and_what_shall_be(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = push_of(c);
	const char *first = arena_printf(c->mem, "%s %s refs/heads/main",
		       str_hex(c->mem, id_of("m19"), GIT_OID_BYTES),
		       str_hex(c->mem, id_of("m20"), GIT_OID_BYTES)),
		   *second = arena_printf(c->mem, ZERO " %s refs/heads/aside0000",
		       str_hex(c->mem, id_of("aside"), 20));

	p->there.is_quiet = true;
	assert_int_equal(send_it(c, p, good, true), OK);
	assert_string_equal(p->target.request->data + 4, first);
	assert_string_equal(p->target.request->data + 4 + strlen(first) + 1,
	    arena_printf(c->mem,
		"report-status side-band-64k quiet ofs-delta agent=git/mirrorhub%04zx%s",
		strlen(second), second));
	assert_true(p->target.is_long);
}

static void
only_what_it_can_do_is_asked_of_it(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = push_of(c);
	const char *words;

	p->there = (struct git_receive){ .reports = true };
	assert_int_equal(send_it(c, p, good, false), OK);
	words = p->target.request->data + strlen(p->target.request->data) + 1;
	assert_true(str_starts(words, "report-status agent=git/mirrorhub00"));
}

/* Objects of the pack, as git counts them in an empty store or, for a thin one, in this one. */
static int
objects_of(struct ctx *c, const struct buf *pack, const char *dir)
{
	struct buf *out;
	const char *rows;
	size_t n;

	if (dir == NULL) {
		dir = path_under(c->mem, unit_folder(c), "empty.git");
		repo_init(c, dir);
	}
	assert_int_equal(repo_try(c, dir, pack->data, pack->len, &out,
			     (const char *const[]){ "index-pack", "--stdin", "--fix-thin", NULL }),
	    0);
	rows = repo_git(c, dir, "cat-file", "--batch-all-objects", "--batch-check");
	(void)str_split(c->mem, rows, '\n', &n);
	return (int)n;
}

static void
the_pack_has_what_the_target_lacks(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = push_of(c);

	assert_int_equal(send_it(c, p, good, false), OK);
	assert_int_equal(objects_of(c, p->target.pack, NULL), 20 + 1 + 1); /* and a tree */
	p = push_of(c);
	p->known.oids = arena_alloc(c->mem, 2 * GIT_OID_BYTES);
	memcpy(p->known.oids[p->known.n++], id_of("m19"), GIT_OID_BYTES);
	assert_int_equal(send_it(c, p, good, false), OK);
	assert_int_equal(objects_of(c, p->target.pack, NULL), 2);
	memcpy(p->known.oids[p->known.n++], id_of("m20"), GIT_OID_BYTES);
	p->rows[1] = p->rows[0];
	buf_clear(p->target.pack);
	assert_int_equal(send_it(c, p, good, false), OK);
	assert_int_equal(objects_of(c, p->target.pack, NULL), 1); /* one empty line */
}

static void
deletions_need_no_pack(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = deletions_of(c);

	assert_int_equal(send_it(c, p, good, false), OK);
	assert_false(p->target.is_long);
	assert_non_null(strstr(p->target.request->data, " " ZERO " refs/heads/main"));
	/* with anything else beside it there has to be one, if an empty one */
	p = push_of(c);
	set_row(&p->rows[0], PUSH_DELETE, "refs/heads/main", "m19", NULL);
	assert_int_equal(send_it(c, p, good, false), OK);
	assert_true(p->target.is_long);
}

static void
a_pack_that_cannot_be_made_is_never_taken_for_a_whole_one(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = push_of(c);

	memset(p->rows[1].new, 0x77, GIT_OID_BYTES);
	assert_int_equal(send_it(c, p, good, false), E_INTERNAL);
	assert_non_null(strstr(c->reason, "git pack-objects ended with"));
	assert_non_null(strstr(c->reason, "7777"));
	assert_string_equal(p->errors[0], "untouched");
}

static bool
never(void *payload)
{
	(void)payload;
	return false;
}

static void
it_gives_up_when_it_is_told_to(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = push_of(c);

	p->order.tick = never;
	assert_int_equal(send_it(c, p, good, true), E_CONFLICT);
}

static void
a_failure_of_the_wire_comes_out_as_it_is(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = push_of(c);

	p->target.is_cut = true;
	assert_int_equal(send_it(c, p, good, false), E_NOTFOUND);
	assert_string_equal(c->reason, "the wire was cut");
	assert_string_equal(p->errors[0], "untouched");
}

/* ---- what comes back */

#define SILENT "the target did not say what became of it"

static void
each_ref_has_what_the_report_says_of_it(void **state)
{
	static const struct {
		const char *lines[6];
		const char *of_main, *of_aside; /* NULL: done */
	} rows[] = {
		{ { BOTH, NULL }, NULL, NULL },
		{ { "unpack ok", "ok refs/heads/aside", "ok refs/heads/main", NULL }, NULL, NULL },
		{ { "unpack ok", "ng refs/heads/main non-fast-forward", "ok refs/heads/aside",
		      NULL },
		    "non-fast-forward", NULL },
		{ { "unpack ok", "ng refs/heads/main", "ng refs/heads/aside ", NULL },
		    "refused without a reason", "refused without a reason" },
		{ { "unpack ok", "ok refs/heads/main", NULL }, NULL, SILENT },
		{ { "unpack ok", NULL }, SILENT, SILENT },
		/* of refs that nobody has pushed, and of others' names */
		{ { "unpack ok", "ok refs/heads/mai", "ok refs/heads/main2", "ok refs/heads/aside",
		      NULL },
		    SILENT, NULL },
		/* the pack was not taken: no ref was moved, whatever it says of them */
		{ { "unpack index-pack abnormal exit", "ok refs/heads/main", "ok refs/heads/aside",
		      NULL },
		    "the pack was refused: index-pack abnormal exit",
		    "the pack was refused: index-pack abnormal exit" },
		{ { "unpack ", NULL }, "the pack was refused: refused without a reason",
		    "the pack was refused: refused without a reason" },
		/* what it said last holds */
		{ { "unpack ok", "ok refs/heads/main", "ok refs/heads/aside",
		      "ng refs/heads/main no", NULL },
		    "no", NULL },
		/* for a terminal */
		{ { "unpack ok", "ng refs/heads/main \x1b[2J\xff\r", "ok refs/heads/aside", NULL },
		    "?[2J??", NULL },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < 2 * N_OF(rows); i++) {
		struct push *p = deletions_of(c);
		const char *of_main = rows[i / 2].of_main, *of_aside = rows[i / 2].of_aside;

		if (send_it(c, p, rows[i / 2].lines, i % 2) != OK)
			unit_fail("row %zu: %s", i / 2, c->reason);
		if (!str_is_equal(p->errors[0], of_main) || !str_is_equal(p->errors[1], of_aside))
			unit_fail("row %zu: %s; %s", i / 2, p->errors[0], p->errors[1]);
	}
}

static void
what_is_no_report_is_refused(void **state)
{
	static const char *const rows[][4] = { { NULL }, { "ok refs/heads/main", NULL },
		{ "unpack ok", "yes refs/heads/main", NULL }, { "<html>", NULL },
		{ "unpack ok", "okrefs/heads/main", NULL } };
	struct ctx *c = *state;

	for (size_t i = 0; i < 2 * N_OF(rows); i++) {
		struct push *p = deletions_of(c);

		if (send_it(c, p, rows[i / 2], i % 2) != E_INVALID)
			unit_fail("row %zu was taken", i / 2);
	}
}

/* Whatever is missing: it is not known to be done. */
static void
a_report_that_is_cut_off_never_says_that_all_is_done(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;

	for (int has_bands = 0; has_bands < 2; has_bands++) {
		const struct buf *text = report(c, good, has_bands);
		const char *last = "refs/heads/aside\n";
		/* behind its last line nothing is said any more */
		size_t whole = has_bands
		    ? text->len - 4
		    : (size_t)(strstr(text->data, last) - text->data) + strlen(last);

		for (size_t len = 0; len < whole; len += 3) {
			struct push *p = deletions_of(c);

			p->there.has_side_band = has_bands;
			answers(p, text, len);
			if (git_push_send(c, &p->order) == OK && p->errors[0] == NULL &&
			    p->errors[1] == NULL)
				unit_fail("%zu bytes of %zu were enough", len, text->len);
		}
	}
}

/* A packet of that band. */
static void
add_band(struct buf *b, int band, const char *text)
{
	buf_printf(b, "%04zx%c%s", strlen(text) + 5, band, text);
}

static int
send_bands(struct ctx *c, struct push *p, const char *said, int band, const char *const *lines)
{
	struct buf *text = buf_new(c->mem, 1 << 20);
	const struct buf *rest = report(c, lines, true);

	add_band(text, band, said);
	buf_add(text, rest->data, rest->len);
	p->there.has_side_band = true;
	answers(p, text, text->len);
	return git_push_send(c, &p->order);
}

static void
a_hook_says_itself_why_it_refused(void **state)
{
	static const char *const lines[] = { "unpack ok",
		"ng refs/heads/main pre-receive hook declined", "ng refs/heads/aside no room",
		NULL };
	struct ctx *c = *state;
	struct push *p = deletions_of(c);

	assert_int_equal(send_bands(c, p, "GL-HOOK-ERR: not\nallowed", 2, lines), OK);
	assert_string_equal(p->errors[0], "pre-receive hook declined (GL-HOOK-ERR: not; allowed)");
	assert_string_equal(p->errors[1], "no room");
}

static void
what_hooks_say_of_a_good_push_is_of_no_interest(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;
	struct push *p = deletions_of(c);

	assert_int_equal(send_bands(c, p, "create a merge request: https://x", 2, good), OK);
	assert_null(p->errors[0]);
	assert_null(p->errors[1]);
}

static void
a_fatal_word_ends_it(void **state)
{
	static const char *const good[] = { BOTH, NULL };
	struct ctx *c = *state;

	for (int band = 3; band < 5; band++) {
		struct push *p = deletions_of(c);

		assert_int_equal(send_bands(c, p, "disk quota\x1b exceeded", band, good), E_DENIED);
		assert_string_equal(c->reason, "the target says: disk quota? exceeded");
		assert_string_equal(p->errors[0], "untouched");
	}
}

/* A secret that a target repeats in an address is not shown. */
static void
an_address_with_a_password_is_not_repeated(void **state)
{
	static const char *const lines[] = { "unpack ok",
		"ng refs/heads/main see https://bob:s3cret@host/x", "ok refs/heads/aside", NULL };
	struct ctx *c = *state;
	struct push *p = deletions_of(c);

	assert_int_equal(send_it(c, p, lines, false), OK);
	assert_non_null(p->errors[0]);
	assert_null(strstr(p->errors[0], "s3cret"));
}

/* ---- a target that never ends */

struct endless {
	struct target target;
	int band;
	size_t at, sent;
	char packet[GIT_PKT_MAX + 1];
};

static int
receive_endless(void *payload, void *bytes, size_t size, size_t *got_out)
{
	struct endless *e = payload;
	size_t left = GIT_PKT_MAX - e->at;

	*got_out = left < size ? left : size;
	memcpy(bytes, e->packet + e->at, *got_out);
	e->at = (e->at + *got_out) % GIT_PKT_MAX;
	e->sent += *got_out;
	return OK;
}

static void
a_target_that_never_ends_is_left(void **state)
{
	struct ctx *c = *state;

	for (int band = 1; band < 3; band++) {
		struct push *p = deletions_of(c);
		struct endless *e = arena_new_of(c->mem, struct endless);

		e->target = p->target;
		memset(e->packet, ' ', GIT_PKT_MAX);
		memcpy(e->packet, arena_printf(c->mem, "%04x%c", GIT_PKT_MAX, band), 5);
		p->there.has_side_band = true;
		p->wire.payload = e;
		p->wire.receive = receive_endless;
		p->order.n = 1;
		assert_int_equal(git_push_send(c, &p->order), E_DENIED);
		assert_true(e->sent < (size_t)100 * 1024 * 1024);
		assert_string_equal(p->errors[0], "untouched");
	}
}

static void
a_report_that_is_too_long_is_none(void **state)
{
	struct ctx *c = *state;
	struct push *p = deletions_of(c);
	size_t most = (size_t)16 * 1024 * 1024 + 70000;
	struct buf *text = buf_new(c->mem, most * 2);

	while (text->len < most) {
		char *room = buf_room(text, GIT_PKT_MAX);

		memset(room, 'x', GIT_PKT_MAX);
		memcpy(room, arena_printf(c->mem, "%04x\1", GIT_PKT_MAX), 5);
		buf_grew(text, GIT_PKT_MAX);
	}
	git_pkt_flush(text);
	p->order.n = 1;
	p->there.has_side_band = true;
	p->target.answer = (struct script){ text->data, text->len, 0, 1 << 20 };
	assert_int_equal(git_push_send(c, &p->order), E_INVALID);
	assert_non_null(strstr(c->reason, "cannot be read"));
}

/* ---- what is known there */

static void
what_both_have_is_known_once_each(void **state)
{
	struct ctx *c = *state;
	struct git_ref rows[4] = { { .name = "refs/heads/a" }, { .name = "refs/heads/b" },
		{ .name = "refs/heads/c" }, { .name = "refs/heads/d" } };
	unsigned char others[2][GIT_OID_BYTES];
	const struct git_receive there = {
		.refs = { .rows = rows, .n = 4 }, .others = others, .n_others = 2
	};
	struct git_push_known known;

	memcpy(rows[0].oid, id_of("m3"), GIT_OID_BYTES);
	memset(rows[1].oid, 0x55, GIT_OID_BYTES); /* nothing of ours */
	memcpy(rows[2].oid, id_of("m3"), GIT_OID_BYTES);
	memcpy(rows[3].oid, id_of("m4"), GIT_OID_BYTES);
	memcpy(others[0], id_of("m4"), GIT_OID_BYTES);
	memcpy(others[1], id_of("m5"), GIT_OID_BYTES);
	assert_int_equal(git_push_known(c, story.repo, &there, 3, &known), OK);
	assert_int_equal(known.n, 3);
	for (size_t i = 1; i < known.n; i++)
		assert_true(memcmp(known.oids[i - 1], known.oids[i], GIT_OID_BYTES) < 0);
	memset(known.oids[known.n + 2], 0, GIT_OID_BYTES); /* there is room */
}

static void
behind_is_what_lies_in_the_history(void **state)
{
	static const struct {
		const char *old, *new;
		bool is_behind;
	} rows[] = { { "m3", "m20", true }, { "m20", "m3", false }, { "m5", "aside", true },
		{ "m6", "aside", false }, { "aside", "m20", false }, { "m3", "m3", false } };
	unsigned char none[GIT_OID_BYTES];

	(void)state;
	memset(none, 0x55, sizeof(none));
	for (size_t i = 0; i < N_OF(rows); i++)
		if (git_push_is_behind(story.repo, id_of(rows[i].old), id_of(rows[i].new)) !=
		    rows[i].is_behind)
			unit_fail("%s..%s", rows[i].old, rows[i].new);
	/* what we do not have may be anything */
	assert_false(git_push_is_behind(story.repo, none, id_of("m3")));
	assert_false(git_push_is_behind(story.repo, id_of("m3"), none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(each_ref_is_named_with_what_is_there_and_what_shall_be),
		WITH_GIT(only_what_it_can_do_is_asked_of_it),
		WITH_GIT(the_pack_has_what_the_target_lacks),
		WITH_GIT(deletions_need_no_pack),
		WITH_GIT(a_pack_that_cannot_be_made_is_never_taken_for_a_whole_one),
		WITH_GIT(it_gives_up_when_it_is_told_to),
		WITH_GIT(a_failure_of_the_wire_comes_out_as_it_is),
		WITH_GIT(each_ref_has_what_the_report_says_of_it),
		WITH_GIT(what_is_no_report_is_refused),
		WITH_GIT(a_report_that_is_cut_off_never_says_that_all_is_done),
		WITH_GIT(a_hook_says_itself_why_it_refused),
		WITH_GIT(what_hooks_say_of_a_good_push_is_of_no_interest),
		WITH_GIT(a_fatal_word_ends_it),
		WITH_GIT(an_address_with_a_password_is_not_repeated),
		WITH_GIT(a_target_that_never_ends_is_left),
		WITH_GIT(a_report_that_is_too_long_is_none),
		WITH_GIT(what_both_have_is_known_once_each),
		WITH_GIT(behind_is_what_lies_in_the_history),
	};

	return cmocka_run_group_tests_name("push", tests, begin, end);
}
