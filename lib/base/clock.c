#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/arena.h"

#define TIME_TEXT_BYTES 40
#define US_PER_S 1000000
#define LATE_US US_PER_S /* a busy machine wakes one up later, too */

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
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t
clock_stood_still_us(int64_t waited_us, int64_t asked_us)
{
	return waited_us - asked_us > LATE_US ? waited_us - asked_us : 0;
}

void
clock_pause(int64_t pause_us, int64_t *until_us)
{
	const struct timespec pause = { .tv_sec = pause_us / US_PER_S,
		.tv_nsec = pause_us % US_PER_S * 1000 };
	int64_t begun_us = clock_mono_us();

	nanosleep(&pause, NULL);
	*until_us += clock_stood_still_us(clock_mono_us() - begun_us, pause_us);
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

/* n as exactly that many digits; the place behind them. */
static char *
put_digits(char *p, long n, int digits)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	return p + digits;
}

/* strftime is a fifth of what a list of projects costs, so the digits are set by hand. */
char *
clock_text_local(struct arena *mem, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	char *text = arena_alloc(mem, TIME_TEXT_BYTES), *p = text;
	long east_min;

	if (at == 0)
		return text;
	localtime_r(&t, &tm);
	if (tm.tm_year < 1000 - 1900 || tm.tm_year > 9999 - 1900) { /* no date that anybody meant */
		strftime(text, TIME_TEXT_BYTES, "%F %T %z", &tm);
		return text;
	}
	east_min = tm.tm_gmtoff / 60;
	p = put_digits(p, tm.tm_year + 1900L, 4);
	*p++ = '-';
	p = put_digits(p, tm.tm_mon + 1, 2);
	*p++ = '-';
	p = put_digits(p, tm.tm_mday, 2);
	*p++ = ' ';
	p = put_digits(p, tm.tm_hour, 2);
	*p++ = ':';
	p = put_digits(p, tm.tm_min, 2);
	*p++ = ':';
	p = put_digits(p, tm.tm_sec, 2);
	*p++ = ' ';
	*p++ = east_min < 0 ? '-' : '+';
	p = put_digits(p, labs(east_min) / 60, 2);
	put_digits(p, labs(east_min) % 60, 2);
	return text;
}

char *
clock_text_span(struct arena *mem, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *word;
	} units[] = { { 365 * 86400, "year" }, { 30 * 86400, "month" }, { 86400, "day" },
		{ 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	int64_t n = seconds < 0 ? -seconds : seconds;
	size_t i = 0;

	while (i < last && n < units[i].seconds)
		i++;
	n /= units[i].seconds;
	return arena_printf(mem, "%lld %s%s", (long long)n, units[i].word, n == 1 ? "" : "s");
}

/* ending: between the seconds and the end. */
static char *
text_of(struct arena *mem, int64_t at, const char *ending)
{
	const int64_t first = -62135596800, last = 253402300799; /* of years 1 to 9999 */
	time_t t = at >= first && at <= last ? (time_t)at : 0;
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	return arena_printf(mem, "%04d-%02d-%02dT%02d:%02d:%02d%s", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ending);
}

char *
clock_text_iso(struct arena *mem, int64_t at)
{
	return text_of(mem, at, ".000Z");
}

char *
clock_text_rfc3339(struct arena *mem, int64_t at)
{
	return text_of(mem, at, "Z");
}

#define HTTP_DATE "%a, %d %b %Y %H:%M:%S GMT"

/* The locale is C: no program of ours sets another. */
char *
clock_text_http(struct arena *mem, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	char *text = arena_alloc(mem, TIME_TEXT_BYTES);

	gmtime_r(&t, &tm);
	strftime(text, TIME_TEXT_BYTES, HTTP_DATE, &tm);
	return text;
}

int64_t
clock_parse_http(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, HTTP_DATE, &tm);

	return end != NULL && *end == '\0' ? (int64_t)timegm(&tm) : -1;
}
