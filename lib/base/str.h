/* Text: tests, numbers, UTF-8, hex, base64, percent-encoding. Results are arena text. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

bool str_is_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* ASCII only, independent of the locale. */
bool str_is_equal_nocase(const char *a, const char *b);
char *str_lower(struct arena *mem, const char *s);

/* A decimal integer: an optional '-', digits, nothing else, within 64 bits. */
bool str_is_int(const char *s, int64_t *out);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
bool str_is_utf8(const char *s, size_t len);

/* The length of the well-formed sequence at s, or 0. len > 0 bytes are there. */
size_t str_utf8_len(const char *s, size_t len);

/* len bytes as valid UTF-8: each byte that fits nowhere, and NUL, becomes U+FFFD. */
char *str_utf8(struct arena *mem, const char *s, size_t len);

/* Characters of well-formed UTF-8. */
size_t str_characters(const char *s);

/* No byte below 0x20 and no 0x7f. */
bool str_is_printable(const char *s);

char *str_hex(struct arena *mem, const void *bytes, size_t len);

/* Hex digits of either case to bytes; false unless text has exactly 2 * len of them. */
bool str_is_hex(const char *text, void *bytes, size_t len);

/* RFC 4648 section 4; padding required, no white space. NULL when it is not base64. The result
 * has a NUL behind its *len_out bytes. */
char *str_unbase64(struct arena *mem, const char *text, size_t *len_out);
char *str_base64(struct arena *mem, const void *bytes, size_t len);

/* Percent-decoding of len bytes, once. NULL on a bad escape or a NUL in the result. plus: '+' is
 * a blank (forms). */
char *str_unpercent(struct arena *mem, const char *s, size_t len, bool plus);

/* Everything but RFC 3986 unreserved characters as %XX; '/' too. */
char *str_percent(struct arena *mem, const char *s);

/* The same with '/' left as it is: for paths in URLs. */
char *str_percent_path(struct arena *mem, const char *s);

/* The parts of s between separators, empty ones included; a NULL ends the array. */
char **str_split(struct arena *mem, const char *s, char separator, size_t *n_out);

/* "512 bytes", "3.4 MB": a number of bytes as one says it, in thousands. */
char *str_size(struct arena *mem, int64_t bytes);

/* Equal in constant time. */
bool str_is_same_secret(const char *a, const char *b);

/* s with every secret of a URL in it replaced by "***": scheme://user:secret@host, and
 * https://token@host. */
char *str_redact(struct arena *mem, const char *s);

#endif
