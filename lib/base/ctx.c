#include "base/ctx.h"

#include <assert.h>

int
fail(struct ctx *c, int code, const char *format, ...)
{
	va_list args;

	assert(code != OK);
	va_start(args, format);
	c->reason = arena_vprintf(c->mem, format, args);
	va_end(args);
	c->retry_after_s = 0;
	c->http_status = 0;
	return code;
}

int
fail_passing(struct ctx *c, int retry_after_s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	c->reason = arena_vprintf(c->mem, format, args);
	va_end(args);
	c->retry_after_s = retry_after_s;
	c->http_status = 0;
	return E_INTERNAL;
}

const char *
code_text(int code)
{
	static const char *const words[] = {
		[OK] = "ok",
		[E_NOTFOUND] = "notfound",
		[E_DENIED] = "denied",
		[E_INVALID] = "invalid",
		[E_CONFLICT] = "conflict",
		[E_INTERNAL] = "internal",
	};

	assert(code >= OK && code <= E_INTERNAL);
	return words[code];
}
