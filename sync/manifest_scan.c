#include "sync/manifest_scan.h"

#include <string.h>

#include "base/str.h"

enum {
	VALUE = 0, /* one has to come; at first, the list itself */
	FIRST_KEY, /* or the end of the object */
	FIRST_ITEM,
	KEY,
	COLON,
	AFTER, /* a value */
	TEXT,
	ESCAPE,
	HEX,
	LITERAL, /* a number, true, false, null */
	END,
};

static int
broken(struct ctx *c)
{
	return fail(c, E_INVALID, "the list is not what grokmirror writes (JSON)");
}

/* ---- texts */

static void
add_byte(struct manifest_scan *s, unsigned byte)
{
	if (s->len < MANIFEST_TEXT_MAX)
		s->text[s->len++] = (char)byte;
	else
		s->is_long = true;
}

static void
add_rune(struct manifest_scan *s, unsigned rune)
{
	if (rune < 0x80) {
		add_byte(s, rune);
		return;
	}
	if (rune < 0x800) {
		add_byte(s, 0xc0 | rune >> 6);
	} else {
		if (rune < 0x10000) {
			add_byte(s, 0xe0 | rune >> 12);
		} else {
			add_byte(s, 0xf0 | rune >> 18);
			add_byte(s, 0x80 | (rune >> 12 & 0x3f));
		}
		add_byte(s, 0x80 | (rune >> 6 & 0x3f));
	}
	add_byte(s, 0x80 | (rune & 0x3f));
}

/* A NUL, or half a pair, belongs to no path: such a text is passed over. */
static void
add_unit(struct manifest_scan *s)
{
	bool is_low = s->unit >= 0xdc00 && s->unit < 0xe000;

	if (s->unit >= 0xd800 && s->unit < 0xdc00) {
		s->is_long = s->is_long || s->high != 0;
		s->high = s->unit;
		return;
	}
	if (s->unit == 0 || is_low != (s->high != 0))
		s->is_long = true;
	else
		add_rune(s,
		    is_low ? 0x10000 + ((s->high - 0xd800) << 10) + (s->unit - 0xdc00) : s->unit);
	s->high = 0;
}

static int
on_hex(struct ctx *c, struct manifest_scan *s, char ch)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, ch | 0x20);

	if (ch >= '0' && ch <= '9')
		at = digits + (ch - '0');
	if (at == NULL || *at == '\0')
		return broken(c);
	s->unit = s->unit << 4 | (unsigned)(at - digits);
	if (++s->n_hex == 4) {
		add_unit(s);
		s->state = TEXT;
	}
	return OK;
}

static int
on_escape(struct ctx *c, struct manifest_scan *s, char ch)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = ch != '\0' ? strchr(from, ch) : NULL;

	if (ch == 'u') {
		s->n_hex = 0;
		s->unit = 0;
		s->state = HEX;
		return OK;
	}
	if (at == NULL)
		return broken(c);
	add_byte(s, (unsigned char)to[at - from]);
	s->state = TEXT;
	return OK;
}

/* ---- what a text means, by where it stands */

static void
on_key(struct manifest_scan *s)
{
	s->text[s->len] = '\0';
	if (s->depth == 1) {
		memcpy(s->path, s->text, s->len + 1);
		if (s->is_long)
			s->path[0] = '\0';
		s->fingerprint[0] = '\0';
	}
	s->is_wanted = s->depth == 2 && strcmp(s->text, "fingerprint") == 0;
	s->state = COLON;
}

static void
on_text(struct manifest_scan *s)
{
	unsigned char bytes[20];

	s->text[s->len] = '\0';
	if (s->is_wanted && s->depth == 2 && !s->is_long && str_is_hex(s->text, bytes, 20))
		memcpy(s->fingerprint, s->text, sizeof(s->fingerprint));
	s->state = AFTER;
}

static void
end_text(struct manifest_scan *s)
{
	s->is_long = s->is_long || s->high != 0;
	if (s->is_key)
		on_key(s);
	else
		on_text(s);
}

static void
begin_text(struct manifest_scan *s, bool is_key)
{
	s->state = TEXT;
	s->is_key = is_key;
	s->is_long = false;
	s->len = 0;
	s->high = 0;
}

/* ---- structure */

static int
open_value(struct ctx *c, struct manifest_scan *s, bool is_object)
{
	if (s->depth == MANIFEST_DEPTH_MAX)
		return fail(c, E_INVALID, "the list is nested too deeply");
	if (s->depth == 1 && ++s->n_entries > MANIFEST_ENTRIES_MAX)
		return fail(
		    c, E_INVALID, "the list has more than %d repositories", MANIFEST_ENTRIES_MAX);
	s->is_object[s->depth++] = is_object;
	s->state = is_object ? FIRST_KEY : FIRST_ITEM;
	s->is_wanted = false;
	return OK;
}

static int
close_value(struct ctx *c, struct manifest_scan *s, bool is_object)
{
	if (s->depth == 0 || s->is_object[s->depth - 1] != is_object)
		return broken(c);
	s->depth--;
	s->state = s->depth > 0 ? AFTER : END;
	s->is_wanted = false;
	if (s->depth == 1 && s->path[0] != '\0' && s->fingerprint[0] != '\0')
		return s->found(s->payload, s->path, s->fingerprint);
	return OK;
}

static int
on_value(struct ctx *c, struct manifest_scan *s, char ch)
{
	/* the list is an object, and so is each member that counts */
	if (ch == '{')
		return open_value(c, s, true);
	if (s->depth == 0)
		return broken(c);
	if (ch == '[')
		return open_value(c, s, false);
	if (ch == '"') {
		begin_text(s, false);
		return OK;
	}
	if (strchr("-0123456789tfn", ch) == NULL || ch == '\0')
		return broken(c);
	s->state = LITERAL;
	s->n_literal = 1;
	return OK;
}

static int
on_after(struct ctx *c, struct manifest_scan *s, char ch)
{
	s->is_wanted = false;
	if (ch == ',') {
		s->state = s->is_object[s->depth - 1] ? KEY : VALUE;
		return OK;
	}
	if (ch == '}' || ch == ']')
		return close_value(c, s, ch == '}');
	return broken(c);
}

static bool
is_blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static int
on_literal(struct ctx *c, struct manifest_scan *s, char ch)
{
	bool is_more = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || ch == '.' ||
	    ch == '+' || ch == '-' || ch == 'E';

	if (is_more)
		return ++s->n_literal <= 64 ? OK : broken(c);
	s->state = AFTER;
	return is_blank(ch) ? OK : on_after(c, s, ch);
}

static int
on_text_byte(struct manifest_scan *s, char ch)
{
	if (ch == '"')
		end_text(s);
	else if (ch == '\\')
		s->state = ESCAPE;
	else
		add_byte(s, (unsigned char)ch);
	return OK;
}

/* In front of a key or an item: its beginning, or at once the end. */
static int
on_first(struct ctx *c, struct manifest_scan *s, char ch)
{
	bool is_object = s->state != FIRST_ITEM;

	if (s->state != KEY && ch == (is_object ? '}' : ']'))
		return close_value(c, s, is_object);
	if (!is_object)
		return on_value(c, s, ch);
	if (ch != '"')
		return broken(c);
	begin_text(s, true);
	return OK;
}

static int
on_byte(struct ctx *c, struct manifest_scan *s, char ch)
{
	bool is_open = s->state == TEXT || s->state == ESCAPE || s->state == HEX;

	if (is_open && (unsigned char)ch < 0x20)
		return broken(c);
	if (!is_open && s->state != LITERAL && is_blank(ch))
		return OK;
	switch (s->state) {
	case TEXT:
		return on_text_byte(s, ch);
	case ESCAPE:
		return on_escape(c, s, ch);
	case HEX:
		return on_hex(c, s, ch);
	case LITERAL:
		return on_literal(c, s, ch);
	case VALUE:
		return on_value(c, s, ch);
	case FIRST_KEY:
	case FIRST_ITEM:
	case KEY:
		return on_first(c, s, ch);
	case COLON:
		s->state = VALUE;
		return ch == ':' ? OK : broken(c);
	case AFTER:
		return on_after(c, s, ch);
	}
	return broken(c); /* something behind the end */
}

int
manifest_scan(struct ctx *c, struct manifest_scan *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		TRY(on_byte(c, s, bytes[i]));
	return OK;
}

int
manifest_scan_end(struct ctx *c, const struct manifest_scan *s)
{
	return s->state == END ? OK : fail(c, E_INVALID, "the list breaks off");
}
