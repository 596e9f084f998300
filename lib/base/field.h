/* One row per member of a struct: its name, place and type. The same row shape serves settings,
 * request inputs, database rows and JSON; a type we do not support does not compile. */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	F_TEXT = 1, /* const char *; NULL is "absent" or SQL NULL */
	F_INT,	    /* int64_t */
	F_BOOL,	    /* bool */
};

struct field {
	const char *name;
	size_t offset;
	enum field_type type;
	size_t max; /* request inputs: most bytes of a text; 0 means FIELD_MAX_DEFAULT */
};

#define FIELD_MAX_DEFAULT 255

#define FIELD_TYPE(T, m)                                                                           \
	_Generic(((T *)0)->m, const char * : F_TEXT, int64_t : F_INT, bool : F_BOOL)

/* A member under its own name, under another name, and with its own limit in bytes. */
#define FIELD(T, m) FIELD_AS(T, m, #m)
#define FIELD_AS(T, m, text_name)                                                                  \
	{                                                                                          \
		.name = text_name, .offset = offsetof(struct T, m),                                \
		.type = FIELD_TYPE(struct T, m)                                                    \
	}
#define FIELD_MAX(T, m, max_bytes)                                                                 \
	{                                                                                          \
		.name = #m, .offset = offsetof(struct T, m), .type = FIELD_TYPE(struct T, m),      \
		.max = (max_bytes)                                                                 \
	}

/* The place of a field in a struct. */
#define FIELD_AT(base, f, T) ((T *)(void *)((char *)(base) + (f)->offset))

/* The least size of a struct that holds all the fields. */
size_t field_size(const struct field *fields);

/* The row with that name, or NULL. */
const struct field *field_by_name(const struct field *fields, const char *name);

#endif
