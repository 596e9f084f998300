#include "base/clock.h"

#include <time.h>

#include "base/arena.h"

#define TIME_TEXT_BYTES 40

int64_t
clock_now(void)
{
	return time(NULL);
}

int64_t
clock_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

char *
clock_text_utc(struct arena *mem)
{
	struct timespec t;
	struct tm tm;
	char *text = arena_alloc(mem, TIME_TEXT_BYTES);

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	strftime(text, TIME_TEXT_BYTES, "%FT%T", &tm);
	return arena_printf(mem, "%s.%03ldZ", text, t.tv_nsec / 1000000);
}

char *
clock_text_local(struct arena *mem, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	char *text = arena_alloc(mem, TIME_TEXT_BYTES);

	if (at == 0)
		return text;
	localtime_r(&t, &tm);
	strftime(text, TIME_TEXT_BYTES, "%F %T %z", &tm);
	return text;
}
