/* Time. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct arena;

/* Unix seconds. */
int64_t clock_now(void);

/* Microseconds that never go back; only differences mean anything. */
int64_t clock_mono_us(void);

/* For who wanted to wait for asked_us at most: what was waited beyond that, where it is more than a
 * second; else 0. Then this process or the whole machine stood still (SIGSTOP, a snapshot, a lid
 * that was shut), and the others as well, who have had no time to answer: their limits are put off.
 */
int64_t clock_stood_still_us(int64_t waited_us, int64_t asked_us);

/* Sleeps that long; *until_us, to which something is waited for by such pauses, is put off by what
 * was stood still. */
void clock_pause(int64_t pause_us, int64_t *until_us);

/* "2026-11-22T07:20:34.123Z", now, in UTC: for logs. */
char *clock_text_utc(struct arena *mem);

/* at as HTTP writes dates: "Sun, 06 Nov 1994 08:49:37 GMT". And back; -1: not written so. */
char *clock_text_http(struct arena *mem, int64_t at);
int64_t clock_parse_http(const char *text);

/* at as "YYYY-MM-DD HH:MM:SS +HHMM" in the server's zone (strftime "%F %T %z"); "" for 0. */
char *clock_text_local(struct arena *mem, int64_t at);

/* "3 minutes": a length of time as one says it, in its largest unit; the sign is dropped. A month
 * has 30 days and a year 365. */
char *clock_text_span(struct arena *mem, int64_t seconds);

/* at as "YYYY-MM-DDTHH:MM:SS.000Z"; what has no year of four digits is shown as 0. */
char *clock_text_iso(struct arena *mem, int64_t at);

/* The same without a fraction, as RFC 3339 and HTML's <time> have it. */
char *clock_text_rfc3339(struct arena *mem, int64_t at);

#endif
