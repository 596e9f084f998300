/* The log: one JSON object per line on stderr, valid whatever the values hold. Secrets are
 * masked here, in the sink: URL passwords always, and every text given to log_hide. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_ERR = 1, LOG_WARN, LOG_INFO, LOG_DEBUG };

enum log_kind { LOG_END = 0, LOG_IS_TEXT, LOG_IS_INT };

struct log_pair {
	enum log_kind kind;
	const char *key;
	const char *text;
	int64_t number;
};

#define LOG_TEXT(k, v) ((struct log_pair){ .kind = LOG_IS_TEXT, .key = (k), .text = (v) })
#define LOG_INT(k, v) ((struct log_pair){ .kind = LOG_IS_INT, .key = (k), .number = (v) })

/* log_write(LOG_INFO, "request", LOG_TEXT("method", m), LOG_INT("status", n)); NULL texts are
 * left out. Keys "at", "level", "service" and "event" are ours. */
#define log_write(level, event, ...)                                                               \
	log_write_pairs((level), (event), (struct log_pair[]){ __VA_ARGS__, { .kind = LOG_END } })

void log_write_pairs(enum log_level level, const char *event, const struct log_pair *pairs);

/* What comes first in each line: the program's name. Messages above `level` are dropped. */
void log_open(const char *service, enum log_level level);

/* Parses "err", "warn", "info", "debug"; 0 for anything else. */
enum log_level log_level_by_name(const char *name);

/* From now on this text is written as "***". At most 8 at a time; log_hide_none forgets all. Texts
 * shorter than 6 bytes are not hidden (they would mask half of every line). */
void log_hide(const char *secret);
void log_hide_none(void);

#endif
