#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/js.h"
#include "base/str.h"

#define LINE_MAX_BYTES (32 * 1024)
#define HIDDEN_MAX 8
#define HIDDEN_LEAST_BYTES 6

/* The log's own state: set at start, and the secrets of the request at hand. */
static struct {
	const char *service;
	enum log_level level;
	struct arena *mem;	  /* emptied after each line */
	struct arena *hidden_mem; /* holds hidden[] */
	const char *hidden[HIDDEN_MAX];
	size_t n_hidden;
} sink = { .service = "mirrorhub", .level = LOG_INFO };

static const char *const level_names[] = {
	[LOG_ERR] = "err",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

void
log_open(const char *service, enum log_level level)
{
	sink.service = service;
	sink.level = level;
}

enum log_level
log_level_by_name(const char *name)
{
	for (enum log_level l = LOG_ERR; l <= LOG_DEBUG; l++)
		if (strcmp(level_names[l], name) == 0)
			return l;
	return 0;
}

void
log_hide(const char *secret)
{
	if (strlen(secret) < HIDDEN_LEAST_BYTES || sink.n_hidden == HIDDEN_MAX)
		return;
	if (sink.hidden_mem == NULL)
		sink.hidden_mem = arena_new();
	sink.hidden[sink.n_hidden++] = arena_strdup(sink.hidden_mem, secret);
}

void
log_hide_none(void)
{
	sink.n_hidden = 0;
	if (sink.hidden_mem != NULL)
		arena_reset(sink.hidden_mem);
}

static const char *
masked(const char *text)
{
	struct buf *out;

	text = str_redact(sink.mem, text);
	for (size_t i = 0; i < sink.n_hidden; i++) {
		const char *secret = sink.hidden[i], *hit;

		if (strstr(text, secret) == NULL)
			continue;
		out = buf_new(sink.mem, strlen(text));
		while ((hit = strstr(text, secret)) != NULL) {
			buf_add(out, text, (size_t)(hit - text));
			buf_text(out, "***");
			text = hit + strlen(secret);
		}
		buf_text(out, text);
		text = out->data;
	}
	return text;
}

void
log_write_pairs(enum log_level level, const char *event, const struct log_pair *pairs)
{
	struct buf *line;
	bool is_written;

	if (level > sink.level)
		return;
	if (sink.mem == NULL)
		sink.mem = arena_new();
	line = buf_new(sink.mem, LINE_MAX_BYTES);
	buf_printf(line, "{\"at\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"event\":",
	    clock_text_utc(sink.mem), level_names[level], sink.service);
	js_text(line, event);
	for (; pairs->kind != LOG_END; pairs++) {
		size_t len = line->len;

		if (pairs->kind == LOG_IS_TEXT && pairs->text == NULL)
			continue;
		buf_char(line, ',');
		js_text(line, pairs->key);
		buf_char(line, ':');
		if (pairs->kind == LOG_IS_TEXT)
			js_text(line, masked(pairs->text));
		else
			buf_int(line, pairs->number);
		if (line->full || line->len > LINE_MAX_BYTES - 64) { /* too long: leave it out */
			line->full = false;
			line->len = len;
		}
	}
	buf_text(line, "}\n");
	/* one write, so that lines of several processes do not mix */
	is_written = write(STDERR_FILENO, line->data, line->len) >= 0;
	(void)is_written; /* a log that cannot be written must not stop the service */
	arena_reset(sink.mem);
}
