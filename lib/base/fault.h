/* What is wrong with an input, as a list: which field, in what way. The rules (lib/core) fill it, a
 * dialect says it in its own words. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum fault_kind {
	FAULT_BLANK = 1,    /* missing or empty */
	FAULT_INVALID,	    /* not of the form it must have */
	FAULT_TAKEN,	    /* someone else has it */
	FAULT_TOO_LONG,	    /* limit: characters */
	FAULT_TOO_SHORT,    /* limit: characters */
	FAULT_NOT_INCLUDED, /* not one of the words it may be */
	FAULT_RESERVED,
	FAULT_UNKNOWN,	  /* names something that does not exist */
	FAULT_FIXED,	  /* it cannot be changed (any more) */
	FAULT_TOO_MANY,	  /* limit: how many there may be */
	FAULT_WRONG_KIND, /* well formed, but a thing of another kind */
	FAULT_MISMATCH,	  /* does not belong to another field's value */
	FAULT_LOCKED,	  /* needs a passphrase, which nobody has */
	FAULT_REFUSED,	  /* of the right characters, and still none that it may be */
};

struct fault {
	const char *field; /* as core calls it: "name", "default_branch", … */
	enum fault_kind kind;
	int64_t limit; /* 0: none */
	const char
	    *sentence; /* what is wrong with it, as a reason of fail(); NULL: the kind says it */
};

#define FAULTS_MAX 32

struct faults {
	struct fault rows[FAULTS_MAX]; /* in the order they were found */
	size_t n;
};

struct faults *faults_new(struct arena *mem);

/* More than FAULTS_MAX is a bug (assert). */
void faults_add(struct faults *f, const char *field, enum fault_kind kind, int64_t limit);

/* The same with a sentence of its own, where the rule knows more than the kind: "an address has no
 * blanks". */
void faults_say(struct faults *f, const char *field, enum fault_kind kind, const char *sentence);

/* OK without a fault. Else E_INVALID (E_CONFLICT when the first is FAULT_TAKEN) with a plain reason
 * about the first, and ctx->faults for the dialect. */
must_check int faults_end(struct ctx *c, const struct faults *f);

/* One fault alone. Returns as faults_end. */
int fault(struct ctx *c, const char *field, enum fault_kind kind, int64_t limit);

#endif
