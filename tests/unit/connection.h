/* A connection that is a table of variables, a body, and what was written: the functions of
 * web/fcgi.h that the walk calls. For one test program each. */
#ifndef TESTS_UNIT_CONNECTION_H
#define TESTS_UNIT_CONNECTION_H

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "web/fcgi.h"

struct fcgi {
	const char *variables[20]; /* name, value, …, NULL */
	const char *body;
	size_t body_len, at;
	bool is_cut; /* the client goes away behind the body */
	struct buf *answer;
};

const char *
fcgi_variable(struct fcgi *f, const char *name)
{
	for (size_t i = 0; f->variables[i] != NULL; i += 2)
		if (strcmp(f->variables[i], name) == 0)
			return f->variables[i + 1];
	return NULL;
}

ssize_t
fcgi_read(struct fcgi *f, void *buf, size_t len)
{
	size_t left = f->body_len - f->at, n = len < left ? len : left;

	if (n == 0 && f->is_cut)
		return -1;
	if (n > 0)
		memcpy(buf, f->body + f->at, n);
	f->at += n;
	return (ssize_t)n;
}

bool
fcgi_write(struct fcgi *f, const void *bytes, size_t len)
{
	buf_add(f->answer, bytes, len);
	return true;
}

void
fcgi_answer(struct fcgi *f, const struct buf *head, const void *body, size_t len)
{
	buf_add(f->answer, head->data, head->len);
	buf_add(f->answer, body, len);
}

bool
fcgi_flush(struct fcgi *f)
{
	(void)f;
	return true;
}

bool
fcgi_is_closed(struct fcgi *f)
{
	return f->is_cut;
}

void
fcgi_take_time(void)
{
}

static inline const char *
body_of(const char *answer)
{
	return strstr(answer, "\r\n\r\n") + 4;
}

static inline void
is_answer(const char *answer, int status, const char *body)
{
	assert_int_equal(atoi(answer + strlen("Status: ")), status);
	if (body != NULL)
		assert_string_equal(body_of(answer), body);
}

#endif
