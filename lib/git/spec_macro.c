#include "git/spec_macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "git/spec_args.h"

#define MACROS_MAX 500
#define DEPTH_MAX 64
#define WORK_MAX (4 * 1024 * 1024) /* bytes looked at or made, and WORK_PER_CALL for each macro */
#define WORK_PER_CALL 64

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

struct macro {
	const char *name;
	const char *body;
	const char
	    *options; /* "ab:": -a, and -b with a value; NULL: it takes no arguments at all */
};

struct spec_macros {
	struct arena *table_mem;
	struct arena *mem; /* emptied for each text */
	struct macro rows[MACROS_MAX];
	size_t n;
	const struct spec_args *frame; /* NULL: not within one */
	int depth;
	int64_t work;
	bool is_over; /* something was too much */
};

/* One %… of a text. */
struct call {
	const char *text; /* its '%' */
	const char *next; /* behind it */
	bool asks;	  /* '?' */
	bool negates;	  /* '!' */
	bool has_braces;
	const char *name;
	const char *arg; /* behind the name, up to the brace; "" */
	bool has_colon;
};

static void expand(struct spec_macros *m, struct buf *out, const char *text);

static bool
is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static void
charge(struct spec_macros *m, size_t work)
{
	m->work += (int64_t)work;
	m->is_over |= m->work > WORK_MAX;
}

/* ---- the table */

static struct macro *
find(struct spec_macros *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->rows[i].name, name) == 0)
			return &m->rows[i];
	return NULL;
}

static void
set(struct spec_macros *m, const char *name, const char *body, const char *options)
{
	struct macro *row = find(m, name);

	if (row == NULL && m->n == MACROS_MAX) {
		m->is_over = true;
		return;
	}
	if (row == NULL) {
		row = &m->rows[m->n++];
		row->name = arena_strdup(m->table_mem, name);
	}
	row->body = arena_strdup(m->table_mem, body);
	row->options = options != NULL ? arena_strdup(m->table_mem, options) : NULL;
	charge(m, strlen(body));
}

static void
unset(struct spec_macros *m, const char *name)
{
	struct macro *row = find(m, name);

	if (row != NULL)
		*row = m->rows[--m->n];
}

void
spec_macros_set(struct spec_macros *m, const char *name, const char *body)
{
	set(m, name, body, NULL);
}

static void
close_arena(void *arena)
{
	arena_free(arena);
}

struct spec_macros *
spec_macros_new(struct arena *mem)
{
	struct spec_macros *m = arena_new_of(mem, struct spec_macros);

	m->table_mem = mem;
	m->mem = arena_new();
	arena_defer(mem, close_arena, m->mem);
	set(m, "nil", "", NULL);
	/* Mandriva's release, without the distribution's own suffix: it is the builder's to know */
	set(m, "mkrel", "%{-c:0.%{-c*}.}%{1}%{?subrel:.%{subrel}}", "c:");
	set(m, "manbo_mkrel", "%{-c:0.%{-c*}.}%{1}%{?subrel:.%{subrel}}", "c:");
	return m;
}

/* ---- texts within texts */

static const char *
expanded(struct spec_macros *m, const char *text)
{
	struct buf *out = buf_new(m->mem, SPEC_TEXT_MAX);

	expand(m, out, text);
	charge(m, out->len);
	return out->data;
}

/* ---- %define and its like: they are read to the end of their line */

/* The body that begins at s, and *next_out behind it: {…} or the rest of the line. A backslash
 * joins the next line to it, an open %{ does too. */
static const char *
read_body(struct spec_macros *m, const char *s, const char **next_out)
{
	struct buf *body = buf_new(m->mem, SPEC_TEXT_MAX);
	const char *close = *s == '{' ? spec_macros_close(m, s) : NULL;

	if (close != NULL) {
		buf_add(body, s + 1, (size_t)(close - s) - 2);
		*next_out = close + strcspn(close, "\n");
		return body->data;
	}
	while (*s != '\0' && *s != '\n') {
		const char *end = s + 1;

		if (s[0] == '\\' && s[1] != '\0')
			end = ++s + 1;
		else if (s[0] == '%' && s[1] == '{' && spec_macros_close(m, s + 1) != NULL)
			end = spec_macros_close(m, s + 1);
		buf_add(body, s, (size_t)(end - s));
		s = end;
	}
	while (body->len > 0 && strchr(" \t\n", body->data[body->len - 1]) != NULL)
		body->data[--body->len] = '\0';
	m->is_over |= body->full;
	*next_out = s;
	return body->data;
}

static const char *
define(struct spec_macros *m, const char *s, bool is_global)
{
	const char *name, *body, *next, *options = NULL;
	size_t len;

	s = skip_blanks(s);
	len = strspn(s, NAME_CHARS);
	name = arena_strndup(m->mem, s, len);
	s += len;
	if (*s == '(') {
		options = arena_strndup(m->mem, s + 1, strcspn(s + 1, ")\n"));
		s += strcspn(s, ")\n");
		s += *s == ')';
	}
	if (len == 0 || !is_blank(*s)) /* rpm calls that an error */
		return s + strcspn(s, "\n");
	body = read_body(m, skip_blanks(s), &next);
	set(m, name, is_global ? expanded(m, body) : body, options);
	return next;
}

static const char *
do_define(struct spec_macros *m, const char *rest)
{
	return define(m, rest, false);
}

static const char *
do_global(struct spec_macros *m, const char *rest)
{
	return define(m, rest, true);
}

static const char *
do_undefine(struct spec_macros *m, const char *rest)
{
	const char *name = skip_blanks(rest);

	unset(m, arena_strndup(m->mem, name, strspn(name, NAME_CHARS)));
	return rest + strcspn(rest, "\n");
}

static const char *
do_nothing(struct spec_macros *m, const char *rest)
{
	(void)m;
	return rest + strcspn(rest, "\n");
}

static const struct {
	const char *name;
	const char *(*read)(struct spec_macros *m, const char *rest);
} directives[] = {
	{ "define", do_define },
	{ "global", do_global },
	{ "undefine", do_undefine },
	{ "dnl", do_nothing },
};

/* ---- what a builder switches on and off: nobody builds here, so the defaults hold */

static bool
is_with(struct spec_macros *m, const char *name)
{
	return find(m, arena_printf(m->mem, "with_%s", name)) != NULL;
}

static void
set_with(struct spec_macros *m, const char *name)
{
	set(m, arena_printf(m->mem, "with_%s", name), "1", NULL);
}

static const char *
answer_with(struct spec_macros *m, const struct spec_args *f)
{
	return f->n > 0 && is_with(m, f->words[0]) ? "1" : "0";
}

static const char *
answer_without(struct spec_macros *m, const struct spec_args *f)
{
	return f->n > 0 && is_with(m, f->words[0]) ? "0" : "1";
}

static const char *
answer_bcond_without(struct spec_macros *m, const struct spec_args *f)
{
	if (f->n > 0)
		set_with(m, f->words[0]);
	return "";
}

static const char *
answer_bcond_with(struct spec_macros *m, const struct spec_args *f)
{
	(void)m;
	(void)f;
	return "";
}

static const char *
answer_bcond(struct spec_macros *m, const struct spec_args *f)
{
	if (f->n > 1 && strcmp(f->words[1], "0") != 0)
		set_with(m, f->words[0]);
	return "";
}

static const struct {
	const char *name;
	const char *(*answer)(struct spec_macros *m, const struct spec_args *f);
} answers[] = {
	{ "with", answer_with },
	{ "without", answer_without },
	{ "bcond", answer_bcond },
	{ "bcond_with", answer_bcond_with },
	{ "bcond_without", answer_bcond_without },
};

static int
find_answer(const char *name)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(answers[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* ---- one call */

const char *
spec_macros_close(struct spec_macros *m, const char *s)
{
	char open = *s, close = open == '(' ? ')' : open == '[' ? ']' : '}';
	const char *begin = s;
	int depth = 0;

	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (*s == open)
			depth++;
		else if (*s == close && --depth == 0)
			break;
	}
	charge(m, (size_t)(s - begin));
	return *s == '\0' ? NULL : s + 1;
}

/* The length of the name at s: letters, or what stands for arguments. */
static size_t
name_len(const char *s)
{
	size_t sign = *s == '-';

	if (*s == '*')
		return s[1] == '*' ? 2 : 1;
	if (*s == '#')
		return 1;
	return sign + strspn(s + sign, NAME_CHARS) +
	    (sign != 0 && s[sign + strspn(s + sign, NAME_CHARS)] == '*');
}

/* The call at text. false: it is none that we know, and its text up to `next` stays as it is. */
static bool
read_call(struct spec_macros *m, const char *text, struct call *out)
{
	const char *s = text + 1, *end;
	size_t len;

	charge(m, WORK_PER_CALL);
	*out = (struct call){ .text = text, .arg = "", .next = s };
	if (*s == '(' || *s == '[' || *s == '{') {
		end = spec_macros_close(m, s);
		m->is_over |= end == NULL; /* for rpm the file ends here too, with an error */
		out->next = end != NULL ? end : s + strlen(s);
		if (*s != '{' || end == NULL)
			return false;
		out->has_braces = true;
		s++;
	}
	for (; *s == '?' || *s == '!'; s++)
		*(*s == '?' ? &out->asks : &out->negates) = true;
	len = name_len(s);
	out->name = arena_strndup(m->mem, s, len);
	s += len;
	if (len == 0)
		return false;
	if (!out->has_braces) {
		out->next = s;
		return true;
	}
	out->has_colon = *s == ':';
	if (!out->has_colon && !is_blank(*s) && s != out->next - 1)
		return false;
	if (s < out->next - 1)
		out->arg = arena_strndup(m->mem, s + 1, (size_t)(out->next - s) - 2);
	return true;
}

/* %name takes what is left of its line, %{name …} what is in the braces. */
static void
read_args(struct spec_macros *m, struct call *call, const char *options, struct spec_args *f)
{
	const char *text = call->arg;

	if (!call->has_braces) {
		size_t len = is_blank(*call->next) ? strcspn(call->next, "\n") : 0;

		text = arena_strndup(m->mem, call->next, len);
		call->next += len;
	}
	m->is_over |= !spec_args_read(m->mem, call->name, expanded(m, text), options, f);
}

static void
run(struct spec_macros *m, struct buf *out, struct call *call, const struct macro *row)
{
	const struct spec_args *outer = m->frame;
	const char *body = row->body, *options = row->options; /* the row may move meanwhile */
	struct spec_args f = { 0 };

	if (options != NULL) {
		read_args(m, call, options, &f);
		m->frame = &f;
	}
	expand(m, out, body);
	m->frame = outer;
}

static void
expand_argument(struct spec_macros *m, struct buf *out, const struct call *call)
{
	const char *value = spec_args_get(m->mem, m->frame, call->name);
	bool is_there = value != NULL, asks = call->asks || call->name[0] == '-';

	if (is_there)
		charge(m, strlen(value)); /* it has been made for us */
	if (asks && call->has_colon && is_there != call->negates)
		expand(m, out, call->arg);
	else if (is_there && !call->negates && !call->has_colon)
		buf_text(out, value); /* expanded already */
}

static void
expand_call(struct spec_macros *m, struct buf *out, struct call *call)
{
	const struct macro *row = find(m, call->name);
	int answer = find_answer(call->name);
	bool is_there = row != NULL || answer >= 0;
	struct spec_args f = { 0 };

	if (m->frame != NULL && spec_args_is_name(call->name))
		expand_argument(m, out, call);
	else if (call->asks && call->has_colon && is_there != call->negates)
		expand(m, out, call->arg);
	else if (call->asks && (call->has_colon || call->negates || !is_there))
		return;
	else if (!is_there || call->negates)
		buf_add(out, call->text, (size_t)(call->next - call->text));
	else if (row != NULL)
		run(m, out, call, row);
	else {
		read_args(m, call, "", &f);
		buf_text(out, answers[answer].answer(m, &f));
	}
}

/* %define and its like at s, a '%': the text behind it. NULL: it is none of them. */
static const char *
expand_directive(struct spec_macros *m, const char *s)
{
	size_t len = strspn(s + 1, NAME_CHARS);

	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strlen(directives[i].name) == len &&
		    strncmp(directives[i].name, s + 1, len) == 0)
			return directives[i].read(m, s + 1 + len);
	return NULL;
}

static const char *
expand_percent(struct spec_macros *m, struct buf *out, const char *s)
{
	const char *next = expand_directive(m, s);
	struct call call;

	if (next != NULL)
		return next;
	if (read_call(m, s, &call))
		expand_call(m, out, &call);
	else
		buf_add(out, s, (size_t)(call.next - s));
	return call.next;
}

static void
expand(struct spec_macros *m, struct buf *out, const char *text)
{
	charge(m, strlen(text) + WORK_PER_CALL);
	m->is_over |= ++m->depth > DEPTH_MAX;
	while (*text != '\0' && !m->is_over) {
		size_t len = strcspn(text, "%");

		buf_add(out, text, len);
		text += len;
		if (text[0] == '%' && text[1] == '%') {
			buf_char(out, '%');
			text += 2;
		} else if (text[0] == '%') {
			text = expand_percent(m, out, text);
		}
		m->is_over |= out->full;
	}
	m->depth--;
}

const char *
spec_macros_expand(struct spec_macros *m, const char *text)
{
	const char *all;

	arena_reset(m->mem);
	all = expanded(m, text);
	return m->is_over ? NULL : all;
}
