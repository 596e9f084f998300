/* JSON. Writing goes straight into a buffer; reading is a strict pre-scan and then json-c, whose
 * calls stay in js.c. */
#ifndef BASE_JS_H
#define BASE_JS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct buf;
struct field;

/* Of the library that reads. */
const char *js_version(void);

/* ---- writing */

/* A JSON string. Bytes that are not UTF-8 become U+FFFD; '/' stays as it is; characters that show
 * nothing (controls, line separators, direction marks) are escaped; NULL is null. */
void js_text(struct buf *b, const char *text);

/* {"name":value,…} of a struct, in the table's order. */
void js_row(struct buf *b, const struct field *fields, const void *row);

/* [{…},{…}] of n structs, size bytes apart. */
void js_list(struct buf *b, const struct field *fields, const void *rows, size_t n, size_t size);

/* ---- reading */

struct js; /* one value of a document; lives in the arena */

enum js_type { JS_NULL = 1, JS_BOOL, JS_INT, JS_DOUBLE, JS_TEXT, JS_ARRAY, JS_OBJECT };

/* Limits of every document (checklists/security.md J-01, J-19). */
#define JS_DEPTH_MAX 16
#define JS_KEYS_MAX 1000

/* Parses one document. E_INVALID for everything RFC 8259 forbids and for what json-c would let
 * through: duplicate keys, NUL in a key or value, NaN, numbers beyond 64 bits or a double, raw
 * control bytes, bad UTF-8, lone surrogates, bytes behind the end, too deep, too many keys. */
must_check int js_parse(struct ctx *c, const char *text, size_t len, const struct js **out);

/* The same for what programs of others send, as they send it: a byte order mark in front is no
 * matter, a key may be there twice (the last one counts), and there may be JS_KEYS_MAX_LOOSE of
 * them (a push of two thousand commits, as forges tell of it, has 35,000). */
#define JS_KEYS_MAX_LOOSE 50000
must_check int js_parse_loose(struct ctx *c, const char *text, size_t len, const struct js **out);

enum js_type js_type(const struct js *v);

/* The member of an object, or NULL. */
const struct js *js_get(const struct js *object, const char *key);

/* Calls each(payload, key, value) for the members in order; stops at the first non-OK result. */
must_check int js_each(const struct js *object,
    int (*each)(void *payload, const char *key, const struct js *value), void *payload);

size_t js_count(const struct js *array);
const struct js *js_at(const struct js *array, size_t i);

const char *js_text_of(struct ctx *c, const struct js *v); /* v must be JS_TEXT */
int64_t js_int_of(const struct js *v);			   /* v must be JS_INT */
bool js_bool_of(const struct js *v);			   /* v must be JS_BOOL */

/* The value as JSON text again. */
const char *js_source(struct ctx *c, const struct js *v);

#endif
