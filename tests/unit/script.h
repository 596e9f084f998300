/* The other end of a wire, played from a script, and a ctx with settings and Git's library. */
#ifndef TESTS_UNIT_SCRIPT_H
#define TESTS_UNIT_SCRIPT_H

#include "tests/unit/repo.h"

#include "git/init.h"
#include "git/pkt.h"
#include "git/wire.h"

#define WITH_GIT(test) cmocka_unit_test_setup_teardown(test, script_start, unit_ctx_end)

static inline int
script_start(void **state)
{
	struct ctx *c;

	assert_int_equal(unit_ctx(state), 0);
	c = *state;
	(void)repo_conf(c, unit_folder(c));
	return git_init(c);
}

/* What it says, a few bytes at a time. */
struct script {
	const char *text;
	size_t len, at, step;
};

static inline int
script_receive(void *payload, void *bytes, size_t size, size_t *got_out)
{
	struct script *s = payload;
	size_t len = s->len - s->at;

	len = len < s->step ? len : s->step;
	len = len < size ? len : size;
	memcpy(bytes, s->text + s->at, len);
	s->at += len;
	*got_out = len;
	return OK;
}

/* `before`, then lines and a flush; '|' is written for NUL. */
static inline struct buf *
script_lines(struct ctx *c, const char *before, const char *const *lines)
{
	struct buf *text = buf_new(c->mem, 1 << 20);

	buf_text(text, before);
	for (; *lines != NULL; lines++)
		git_pkt_add(text, "%s\n", *lines);
	git_pkt_flush(text);
	for (char *p = text->data; p < text->data + text->len; p++)
		*p = *p == '|' ? '\0' : *p;
	return text;
}

#endif
