/* Refs that a sync or a push changed, as SQL takes them. */
#ifndef STORE_REF_LIST_H
#define STORE_REF_LIST_H

#include <stddef.h>

#include "base/ctx.h"

#define REF_LIST_MAX 1000 /* more of one sync or push are told to nobody one by one */

struct ref_change {
	const char *name;	    /* full, as UTF-8 */
	const char *raw;	    /* base64 of its bytes when they are no UTF-8; NULL: they are */
	const char *before, *after; /* 40 hex digits; zeros: it was not there, it is gone */
};

/* name: Git's bytes. */
struct ref_change ref_change_of(
    struct ctx *c, const char *name, const char *before, const char *after);

/* The first REF_LIST_MAX as JSON. */
const char *ref_list_json(struct ctx *c, const struct ref_change *rows, size_t n);

#endif
