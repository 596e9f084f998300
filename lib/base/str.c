#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"

static char
lower(char ch)
{
	return ch >= 'A' && ch <= 'Z' ? (char)(ch + 'a' - 'A') : ch;
}

bool
str_is_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(s + len - suffix_len, suffix) == 0;
}

bool
str_is_equal_nocase(const char *a, const char *b)
{
	for (; lower(*a) == lower(*b); a++, b++)
		if (*a == '\0')
			return true;
	return false;
}

char *
str_lower(struct arena *mem, const char *s)
{
	char *copy = arena_strdup(mem, s);

	for (char *p = copy; *p != '\0'; p++)
		*p = lower(*p);
	return copy;
}

bool
str_is_int(const char *s, int64_t *out)
{
	const char *digits = s[0] == '-' ? s + 1 : s;
	char *end;
	long long n;

	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return false;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno != 0)
		return false;
	*out = n;
	return true;
}

size_t
str_utf8_len(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;
	unsigned char low = 0x80, high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (len < n)
		return 0;
	/* the second byte is narrower after these four: overlong forms, surrogates, the end */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* How many bytes of ASCII s begins with, in eights. */
static size_t
ascii_len(const char *s, size_t len)
{
	uint64_t eight;
	size_t n = 0;

	for (; n + sizeof(eight) <= len; n += sizeof(eight)) {
		memcpy(&eight, s + n, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	return n;
}

bool
str_is_utf8(const char *s, size_t len)
{
	while (len > 0) {
		size_t n = ascii_len(s, len);

		if (n == 0)
			n = str_utf8_len(s, len);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

char *
str_utf8(struct arena *mem, const char *s, size_t len)
{
	struct buf *out;

	if (memchr(s, '\0', len) == NULL && str_is_utf8(s, len)) /* nearly always */
		return arena_strndup(mem, s, len);
	out = buf_new(mem, len * 3);
	while (len > 0) {
		size_t n = *s == '\0' ? 0 : str_utf8_len(s, len);

		if (n == 0) {
			buf_text(out, "\xef\xbf\xbd");
			n = 1;
		} else {
			buf_add(out, s, n);
		}
		s += n;
		len -= n;
	}
	return out->data;
}

size_t
str_characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

bool
str_is_printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

char *
str_hex(struct arena *mem, const void *bytes, size_t len)
{
	char *text = arena_alloc(mem, 2 * len + 1);

	return sodium_bin2hex(text, 2 * len + 1, bytes, len);
}

bool
str_is_hex(const char *text, void *bytes, size_t len)
{
	size_t got;

	if (strlen(text) != 2 * len)
		return false;
	return sodium_hex2bin(bytes, len, text, 2 * len, NULL, &got, NULL) == 0 && got == len;
}

char *
str_unbase64(struct arena *mem, const char *text, size_t *len_out)
{
	size_t len = strlen(text);
	char *bytes = arena_alloc(mem, len / 4 * 3 + 4);
	const char *end;

	if (sodium_base642bin((unsigned char *)bytes, len / 4 * 3 + 3, text, len, NULL, len_out,
		&end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    *end != '\0')
		return NULL;
	bytes[*len_out] = '\0';
	return bytes;
}

char *
str_base64(struct arena *mem, const void *bytes, size_t len)
{
	size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(
	    arena_alloc(mem, size), size, bytes, len, sodium_base64_VARIANT_ORIGINAL);
}

char *
str_unpercent(struct arena *mem, const char *s, size_t len, bool plus)
{
	char *out = arena_alloc(mem, len + 1), *p = out;
	unsigned char byte;

	for (size_t i = 0; i < len; i++) {
		byte = (unsigned char)s[i];
		if (plus && byte == '+') {
			byte = ' ';
		} else if (byte == '%') {
			char pair[3] = { 0 };

			if (len - i < 3)
				return NULL;
			memcpy(pair, s + i + 1, 2);
			if (!str_is_hex(pair, &byte, 1))
				return NULL;
			i += 2;
		}
		if (byte == '\0')
			return NULL;
		*p++ = (char)byte;
	}
	return out;
}

/* RFC 3986, section 2.3: what never needs to be encoded. */
static const bool is_unreserved[UCHAR_MAX + 1] = {
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['0' ... '9'] = true,
	['-'] = true,
	['.'] = true,
	['_'] = true,
	['~'] = true,
};

static char *
percent(struct arena *mem, const char *s, char keep)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_room(mem, 3 * strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++) {
		unsigned char ch = (unsigned char)*s;

		if (is_unreserved[ch] || *s == keep) {
			*p++ = *s;
		} else {
			*p++ = '%';
			*p++ = hex[ch >> 4];
			*p++ = hex[ch & 15];
		}
	}
	*p = '\0';
	return out;
}

char *
str_percent(struct arena *mem, const char *s)
{
	return percent(mem, s, '\0');
}

char *
str_percent_path(struct arena *mem, const char *s)
{
	return percent(mem, s, '/');
}

char **
str_split(struct arena *mem, const char *s, char separator, size_t *n_out)
{
	size_t n = 1;
	char **parts;

	for (const char *p = s; *p != '\0'; p++)
		n += *p == separator;
	parts = arena_new_array(mem, char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(s, (char[]){ separator, '\0' });

		parts[i] = arena_strndup(mem, s, len);
		s += len + 1;
	}
	*n_out = n;
	return parts;
}

bool
str_is_same_secret(const char *a, const char *b)
{
	size_t len = strlen(a);

	return len == strlen(b) && sodium_memcmp(a, b, len) == 0;
}

/* Where the secret of a URL's authority begins, or NULL. Ends at *at_out. In http a name alone is a
 * token (GitHub's way); in ssh it is just the name. */
static const char *
secret_of(const char *authority, bool is_http, const char **at_out)
{
	size_t len = strcspn(authority, "/?# \t\n'\"");
	const char *at = memrchr(authority, '@', len);
	const char *colon = at != NULL ? memchr(authority, ':', (size_t)(at - authority)) : NULL;

	*at_out = at;
	if (colon != NULL)
		return colon + 1;
	return is_http && at != NULL ? authority : NULL;
}

static bool
is_http_before(const char *start, const char *end)
{
	return (end - start >= 4 && strncasecmp(end - 4, "http", 4) == 0) ||
	    (end - start >= 5 && strncasecmp(end - 5, "https", 5) == 0);
}

char *
str_redact(struct arena *mem, const char *s)
{
	struct buf *out = buf_new(mem, 2 * strlen(s) + 16);
	const char *scheme_end;

	while ((scheme_end = strstr(s, "://")) != NULL) {
		const char *authority = scheme_end + 3, *at;
		const char *secret = secret_of(authority, is_http_before(s, scheme_end), &at);

		buf_add(out, s, (size_t)((secret != NULL ? secret : authority) - s));
		if (secret != NULL)
			buf_text(out, "***");
		s = secret != NULL ? at : authority;
	}
	buf_text(out, s);
	return out->data;
}

/* "1.2 kB", "12 kB": without printf, a page has hundreds. */
char *
str_size(struct arena *mem, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	uint64_t n = (uint64_t)bytes, unit = 1000, tenths;
	struct buf *out = buf_new(mem, 32);
	size_t i = 0;

	if (bytes < 1000)
		return arena_printf(mem, bytes == 1 ? "1 byte" : "%lld bytes", (long long)bytes);
	for (; i < last && n >= unit * 1000 - unit / 2; i++)
		unit *= 1000;
	tenths = (n + unit / 20) / (unit / 10);
	buf_int(out, (long long)(tenths < 100 ? tenths / 10 : (n + unit / 2) / unit));
	if (tenths < 100) {
		buf_char(out, '.');
		buf_int(out, (long long)(tenths % 10));
	}
	buf_char(out, ' ');
	buf_text(out, units[i]);
	return out->data;
}
