#include "base/fault.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

struct faults *
faults_new(struct arena *mem)
{
	return arena_new_of(mem, struct faults);
}

void
faults_add(struct faults *f, const char *field, enum fault_kind kind, int64_t limit)
{
	assert(f->n < FAULTS_MAX);
	f->rows[f->n++] = (struct fault){ .field = field, .kind = kind, .limit = limit };
}

void
faults_say(struct faults *f, const char *field, enum fault_kind kind, const char *sentence)
{
	faults_add(f, field, kind, 0);
	f->rows[f->n - 1].sentence = sentence;
}

/* "default_branch" is read "default branch". */
static const char *
words_of(struct ctx *c, const char *field)
{
	char *words = arena_strdup(c->mem, field);

	for (char *s = words; *s != '\0'; s++)
		if (*s == '_')
			*s = ' ';
	return words;
}

int
faults_end(struct ctx *c, const struct faults *f)
{
	static const char *const sentences[] = {
		[FAULT_BLANK] = "is missing",
		[FAULT_INVALID] = "is not of the form it must have",
		[FAULT_TAKEN] = "is taken",
		[FAULT_TOO_LONG] = "is too long",
		[FAULT_TOO_SHORT] = "is too short",
		[FAULT_NOT_INCLUDED] = "is none of the words it may be",
		[FAULT_RESERVED] = "is reserved",
		[FAULT_UNKNOWN] = "names something that does not exist",
		[FAULT_FIXED] = "cannot be changed",
		[FAULT_TOO_MANY] = "would be one too many",
		[FAULT_WRONG_KIND] = "is a thing of another kind",
		[FAULT_MISMATCH] = "does not belong to the other",
		[FAULT_LOCKED] = "is protected by a passphrase",
		[FAULT_REFUSED] = "is none that it may be",
	};
	const struct fault *first = &f->rows[0];

	if (f->n == 0)
		return OK;
	c->faults = f;
	if (first->sentence != NULL)
		return fail(c, E_INVALID, "%s", first->sentence);
	return fail(c, first->kind == FAULT_TAKEN ? E_CONFLICT : E_INVALID, "the %s %s",
	    words_of(c, first->field), sentences[first->kind]);
}

int
fault(struct ctx *c, const char *field, enum fault_kind kind, int64_t limit)
{
	struct faults *f = faults_new(c->mem);

	faults_add(f, field, kind, limit);
	return faults_end(c, f);
}
