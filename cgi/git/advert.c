#include "cgi/git/advert.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cgi/git/pkt.h"

#define OID_LEN 40

/* ---- versions 0 and 1 */

/* "<oid> <name>\0<words>" stands first, behind the "version 1" of version 1. */
const char *
advert_find_words(struct arena *mem, const char *text, size_t len)
{
	for (int line = 0; line < 2; line++) {
		int told = pkt_length(text, len);
		const char *nul;

		if (told <= 0 || (size_t)told > len)
			return NULL;
		nul = memchr(text, '\0', (size_t)told);
		if (nul != NULL)
			return pkt_strndup(mem, nul + 1, (size_t)(text + told - nul) - 1);
		text += told;
		len -= (size_t)told;
	}
	return NULL;
}

static void
add_line(struct buf *b, const char *oid, const char *name, const char *suffix)
{
	size_t name_len = strlen(name), suffix_len = strlen(suffix);

	pkt_begin(b, OID_LEN + 1 + name_len + suffix_len + 1);
	buf_add(b, oid, OID_LEN);
	buf_char(b, ' ');
	buf_add(b, name, name_len);
	buf_add(b, suffix, suffix_len);
	buf_char(b, '\n');
}

/* The word for HEAD is left out where there is no HEAD. */
static void
add_words(struct buf *line, const char *words, const struct git_store_ref *first)
{
	const char *symref = strstr(words, " symref=");
	size_t before = symref != NULL ? (size_t)(symref - words) : strlen(words);

	buf_add(line, words, before);
	if (first->symref != NULL)
		buf_printf(line, " symref=HEAD:%s", first->symref);
	if (symref != NULL)
		buf_text(line, symref + 1 + strcspn(symref + 1, " "));
}

static void
add_first(struct buf *b, const char *words, const struct git_store_ref *first)
{
	struct buf *line = buf_new(b->mem, PKT_MAX_BYTES - PKT_HEAD_BYTES);

	buf_printf(line, "%s %s", first->oid, first->name);
	buf_char(line, '\0');
	add_words(line, words, first);
	buf_char(line, '\n');
	pkt_add(b, line->data, line->len);
	if (first->peeled[0] != '\0')
		add_line(b, first->peeled, first->name, "^{}");
}

void
advert_add(struct buf *b, int version, const char *words, const struct git_reflist *refs)
{
	if (version == 1)
		pkt_text(b, "version 1\n");
	if (refs->n > 0)
		add_first(b, words, &refs->rows[0]);
	for (size_t i = 1; i < refs->n; i++) {
		const struct git_store_ref *row = &refs->rows[i];

		add_line(b, row->oid, row->name, "");
		if (row->peeled[0] != '\0')
			add_line(b, row->peeled, row->name, "^{}");
	}
	pkt_flush(b);
}

/* ---- ls-refs of version 2 */

static bool
take_argument(struct advert_ask *ask, const char *text)
{
	if (str_is_equal(text, "peel"))
		ask->wants_peeled = true;
	else if (str_is_equal(text, "symrefs"))
		ask->wants_symrefs = true;
	else if (str_is_equal(text, "unborn"))
		ask->wants_unborn = true;
	else if (str_starts(text, "ref-prefix ") && ask->n_prefixes < ADVERT_PREFIXES_MAX)
		ask->prefixes[ask->n_prefixes++] = text + strlen("ref-prefix ");
	else
		return false;
	return true;
}

bool
advert_ask_parse(struct arena *mem, const char *text, size_t len, struct advert_ask *out)
{
	struct pkt_reader r = { mem, text, len };
	enum pkt_kind kind;
	char *line;

	*out = (struct advert_ask){ 0 };
	if (pkt_next(&r, &line) != PKT_IS_TEXT || !str_is_equal(line, "command=ls-refs"))
		return false;
	while ((kind = pkt_next(&r, &line)) == PKT_IS_TEXT)
		if (!pkt_is_plain_word(line))
			return false;
	if (kind == PKT_IS_DELIMITER)
		while ((kind = pkt_next(&r, &line)) == PKT_IS_TEXT)
			if (!take_argument(out, line))
				return false;
	return kind == PKT_IS_FLUSH && r.left == 0;
}

static bool
is_asked(const struct advert_ask *ask, const char *name)
{
	for (size_t i = 0; i < ask->n_prefixes; i++)
		if (str_starts(name, ask->prefixes[i]))
			return true;
	return ask->n_prefixes == 0;
}

static void
add_word(struct buf *b, const char *word, const char *value)
{
	buf_text(b, word);
	buf_text(b, value);
}

static void
add_row(struct buf *b, const struct advert_ask *ask, const struct git_store_ref *row)
{
	const char *symref = ask->wants_symrefs && row->symref != NULL ? row->symref : NULL;
	const char *peeled = ask->wants_peeled && row->peeled[0] != '\0' ? row->peeled : NULL;
	size_t len = OID_LEN + 1 + strlen(row->name) + 1;

	len += symref != NULL ? strlen(" symref-target:") + strlen(symref) : 0;
	len += peeled != NULL ? strlen(" peeled:") + OID_LEN : 0;
	pkt_begin(b, len);
	buf_add(b, row->oid, OID_LEN);
	add_word(b, " ", row->name);
	if (symref != NULL)
		add_word(b, " symref-target:", symref);
	if (peeled != NULL)
		add_word(b, " peeled:", peeled);
	buf_char(b, '\n');
}

/* HEAD names a branch that does not exist: a clone may begin with its name all the same. */
static void
add_unborn(struct buf *b, const struct advert_ask *ask, const struct git_reflist *refs)
{
	bool has_head = refs->n > 0 && refs->rows[0].symref != NULL;

	if (has_head || !ask->wants_unborn || !ask->wants_symrefs || !is_asked(ask, "HEAD"))
		return;
	pkt_begin(b, strlen("unborn HEAD symref-target:\n") + strlen(refs->head));
	add_word(b, "unborn HEAD symref-target:", refs->head);
	buf_char(b, '\n');
}

void
advert_ask_add(struct buf *b, const struct advert_ask *ask, const struct git_reflist *refs)
{
	add_unborn(b, ask, refs);
	for (size_t i = 0; i < refs->n; i++)
		if (is_asked(ask, refs->rows[i].name))
			add_row(b, ask, &refs->rows[i]);
	pkt_flush(b);
}
