#include "cgi/render/slug.h"

#include <limits.h>
#include <search.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct slugs {
	struct arena *mem;
	struct buf *plain; /* the slug in hand */
	void *tree;	   /* of struct used */
};

struct used {
	const char *slug;
	int n; /* the last number behind it */
};

static int
by_slug(const void *a, const void *b)
{
	return strcmp(((const struct used *)a)->slug, ((const struct used *)b)->slug);
}

/* The rows are the arena's. */
static void
keep_row(void *row)
{
	(void)row;
}

static void
close_slugs(void *object)
{
	struct slugs *s = object;

	tdestroy(s->tree, keep_row);
}

struct slugs *
slugs_new(struct arena *mem)
{
	struct slugs *s = arena_new_of(mem, struct slugs);

	s->mem = mem;
	s->plain = buf_new(mem, SLUG_MAX * MB_LEN_MAX);
	arena_defer(mem, close_slugs, s);
	return s;
}

/* ---- one text */

static void
add_character(struct buf *b, wchar_t ch)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };
	size_t n;

	if (iswspace((wint_t)ch) || ch == L'-')
		ch = L'-';
	else if (ch != L'_' && !iswalnum((wint_t)ch))
		return;
	n = wcrtomb(bytes, (wchar_t)towlower((wint_t)ch), &state);
	if (n != (size_t)-1)
		buf_add(b, bytes, n);
}

/* Written over the last one. */
static const char *
plain_slug(struct buf *b, const char *text)
{
	size_t left = strlen(text), n;
	mbstate_t state = { 0 };
	wchar_t ch;

	buf_clear(b);
	for (int i = 0; i < SLUG_MAX && left > 0; i++) {
		n = mbrtowc(&ch, text, left, &state);
		if (n == 0 || n == (size_t)-1 || n == (size_t)-2)
			break;
		add_character(b, ch);
		text += n;
		left -= n;
	}
	return b->data;
}

/* ---- all of them */

static struct used *
find(struct slugs *s, const char *slug)
{
	struct used wanted = { .slug = slug }, **found = tfind(&wanted, &s->tree, by_slug);

	return found != NULL ? *found : NULL;
}

static const char *
take(struct slugs *s, const char *slug)
{
	struct used *row = arena_new_of(s->mem, struct used);

	row->slug = arena_strdup(s->mem, slug);
	tsearch(row, &s->tree, by_slug);
	return row->slug;
}

const char *
slug_of(struct slugs *s, const char *text)
{
	const char *slug = plain_slug(s->plain, text), *numbered;
	struct used *used;

	if (slug[0] == '\0')
		return NULL;
	used = find(s, slug);
	if (used == NULL)
		return take(s, slug);
	do
		numbered = arena_printf(s->mem, "%s-%d", slug, ++used->n);
	while (find(s, numbered) != NULL);
	return take(s, numbered);
}
