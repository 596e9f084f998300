#include "tests/unit/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/js.h"
#include "base/log.h"
#include "base/str.h"

#define LINE_LIMIT (32 * 1024)

/* Standard error goes into a file from one call to the next. */
struct capture {
	char *file;
	int before;
};

static struct capture
catch_stderr(struct ctx *c)
{
	struct capture cap = { .file = path_under(c->mem, unit_folder(c), "log"),
		.before = dup(2) };
	int fd = open(cap.file, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(cap.before >= 0 && fd >= 0);
	assert_int_equal(dup2(fd, 2), 2);
	close(fd);
	return cap;
}

static char *
caught(struct ctx *c, struct capture cap)
{
	char *text = NULL;

	assert_int_equal(dup2(cap.before, 2), 2);
	close(cap.before);
	assert_int_equal(path_read(c, cap.file, 1 << 20, &text), OK);
	return text;
}

/* The only line of the text, as JSON. */
static const struct js *
only_line(struct ctx *c, const char *text)
{
	const struct js *v = NULL;
	size_t len = strlen(text);

	assert_true(len > 1 && strchr(text, '\n') == text + len - 1);
	assert_int_equal(js_parse(c, text, len, &v), OK);
	return v;
}

#define LOGGED(c, ...)                                                                             \
	({                                                                                         \
		struct capture cap_ = catch_stderr(c);                                             \
		log_write(__VA_ARGS__);                                                            \
		caught((c), cap_);                                                                 \
	})

static const char *
text_at(struct ctx *c, const struct js *line, const char *key)
{
	return js_text_of(c, js_get(line, key));
}

static void
a_line_is_an_object_with_our_keys_first(void **state)
{
	struct ctx *c = *state;
	const struct js *line = only_line(c,
	    LOGGED(c, LOG_WARN, "slow", LOG_TEXT("path", "/x"), LOG_INT("ms", -12),
		LOG_TEXT("user", NULL)));

	assert_string_equal(text_at(c, line, "level"), "warn");
	assert_string_equal(text_at(c, line, "service"), "unit");
	assert_string_equal(text_at(c, line, "event"), "slow");
	assert_string_equal(text_at(c, line, "path"), "/x");
	assert_int_equal(js_int_of(js_get(line, "ms")), -12);
	assert_int_equal(strlen(text_at(c, line, "at")), 24);
	assert_null(js_get(line, "user"));
}

static void
a_value_cannot_leave_its_place(void **state)
{
	static const char *const rows[] = {
		"a\n{\"level\":\"err\",\"event\":\"forged\"}",
		"a\r\nb",
		"\x1b[2J\x1b[31mred",
		"\"}",
		"\",\"level\":\"err",
		"\\",
		"\\\"",
		"\xc2\x9b"
		"31m",
		"\xff\xfe\xc3",
		"\xe2\x80\xa8 \xe2\x80\xae",
		"{\"a\":1}",
		"%s%n%d",
		"\x7f\x01\x1f",
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		char *text = LOGGED(c, LOG_INFO, "request", LOG_TEXT("path", rows[i]));
		const struct js *line = only_line(c, text);

		assert_string_equal(
		    text_at(c, line, "path"), str_utf8(c->mem, rows[i], strlen(rows[i])));
		assert_string_equal(text_at(c, line, "level"), "info");
		for (const char *p = text; p[1] != '\0'; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
		assert_null(strstr(text, "\xc2\x9b"));
	}
}

static void
url_secrets_never_show(void **state)
{
	struct ctx *c = *state;
	char *text =
	    LOGGED(c, LOG_INFO, "sync", LOG_TEXT("why", "GET https://bob:s3cret@h/x: 401"));

	assert_null(strstr(text, "s3cret"));
	assert_non_null(strstr(text, "https://bob:***@h/x: 401"));
}

static void
hidden_texts_never_show_anywhere(void **state)
{
	struct ctx *c = *state;
	char *text;

	log_hide("0123456789abcdef");
	log_hide("correct horse");
	text = LOGGED(c, LOG_INFO, "x",
	    LOG_TEXT("a", "Bearer 0123456789abcdef, 0123456789abcdef0123456789abcdef"),
	    LOG_TEXT("b", "is it correct horse?"));
	log_hide_none();
	assert_null(strstr(text, "0123456789abcdef"));
	assert_null(strstr(text, "correct horse"));
	assert_non_null(strstr(text, "Bearer ***, ******"));
	assert_non_null(strstr(text, "is it ***?"));
}

static void
a_short_secret_hides_nothing_and_hiding_ends(void **state)
{
	struct ctx *c = *state;

	log_hide("e");
	assert_non_null(strstr(LOGGED(c, LOG_INFO, "x", LOG_TEXT("a", "hello")), "hello"));
	log_hide("secret-text");
	log_hide_none();
	assert_non_null(
	    strstr(LOGGED(c, LOG_INFO, "x", LOG_TEXT("a", "secret-text")), "secret-text"));
}

static void
a_long_value_is_left_out_and_the_line_stays_whole(void **state)
{
	struct ctx *c = *state;
	char *big = arena_alloc(c->mem, 2 * LINE_LIMIT);
	const struct js *line;

	memset(big, '\n', 2 * LINE_LIMIT - 1); /* two bytes each, escaped */
	line = only_line(c,
	    LOGGED(
		c, LOG_INFO, "x", LOG_TEXT("a", "1"), LOG_TEXT("big", big), LOG_TEXT("z", "26")));
	assert_string_equal(text_at(c, line, "a"), "1");
	assert_null(js_get(line, "big"));
	assert_string_equal(text_at(c, line, "z"), "26");
}

static void
what_is_below_the_level_is_dropped(void **state)
{
	struct ctx *c = *state;

	log_open("unit", LOG_WARN);
	assert_string_equal(LOGGED(c, LOG_INFO, "x", LOG_INT("n", 1)), "");
	assert_non_null(strstr(LOGGED(c, LOG_WARN, "x", LOG_INT("n", 1)), "\"warn\""));
	log_open("unit", LOG_INFO);
}

static void
levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_by_name("err"), LOG_ERR);
	assert_int_equal(log_level_by_name("warn"), LOG_WARN);
	assert_int_equal(log_level_by_name("info"), LOG_INFO);
	assert_int_equal(log_level_by_name("debug"), LOG_DEBUG);
	assert_int_equal(log_level_by_name("error"), 0);
	assert_int_equal(log_level_by_name(""), 0);
}

static int
open_log(void **state)
{
	(void)state;
	log_open("unit", LOG_INFO);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_line_is_an_object_with_our_keys_first),
		WITH_CTX(a_value_cannot_leave_its_place),
		WITH_CTX(url_secrets_never_show),
		WITH_CTX(hidden_texts_never_show_anywhere),
		WITH_CTX(a_short_secret_hides_nothing_and_hiding_ends),
		WITH_CTX(a_long_value_is_left_out_and_the_line_stays_whole),
		WITH_CTX(what_is_below_the_level_is_dropped),
		WITH_CTX(levels_have_names),
	};

	return cmocka_run_group_tests_name("log", tests, open_log, NULL);
}
