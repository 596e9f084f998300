#include "git/receive.h"

#include <string.h>

#include "base/conf.h"
#include "base/str.h"
#include "git/init.h"
#include "git/pkt.h"
#include "git/refs_sort.h"
#include "git/wire.h"

#define HEX_LEN ((size_t)2 * GIT_OID_BYTES)
#define OTHERS_MAX 4096

struct reading {
	struct ctx *c;
	struct git_receive out;
	size_t size; /* rows there is room for */
	bool has_words;
};

static int
not_git(struct ctx *c)
{
	return fail(c, E_INVALID, "the target does not speak Git's protocol");
}

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

static int
take_words(struct reading *r, const char *words)
{
	const char *format = strstr(words, "object-format=");

	r->has_words = true;
	if (format != NULL && !has_word(words, "object-format=sha1"))
		return fail(r->c, E_INVALID,
		    "the target keeps its objects by another hash than SHA-1, which is not "
		    "supported yet");
	r->out.reports = has_word(words, "report-status");
	r->out.deletes = has_word(words, "delete-refs");
	r->out.takes_ofs_delta = has_word(words, "ofs-delta");
	r->out.takes_thin = !has_word(words, "no-thin");
	r->out.has_side_band = has_word(words, "side-band-64k");
	r->out.is_quiet = has_word(words, "quiet");
	return OK;
}

static int
take_ref(struct reading *r, const char *name, const unsigned char *oid)
{
	struct git_ref *row;

	if (strcmp(name, ".have") == 0) {
		if (r->out.n_others < OTHERS_MAX)
			memcpy(r->out.others[r->out.n_others++], oid, GIT_OID_BYTES);
		return OK;
	}
	/* the place holder of an empty repository; and names that we never push to */
	if (!str_starts(name, "refs/") || strlen(name) > GIT_REF_NAME_MAX)
		return OK;
	if ((int64_t)r->out.refs.n == r->c->conf->sync_refs)
		return fail(r->c, E_DENIED, "the target has more than the %lld refs it may",
		    (long long)r->c->conf->sync_refs);
	git_refs_room(r->c->mem, &r->out.refs, &r->size);
	row = &r->out.refs.rows[r->out.refs.n++];
	row->name = arena_strdup(r->c->mem, name);
	memcpy(row->oid, oid, GIT_OID_BYTES);
	return OK;
}

static int
take_line(struct reading *r, char *line, size_t len)
{
	unsigned char oid[GIT_OID_BYTES];
	size_t name_end = strlen(line);

	if (str_starts(line, "ERR "))
		return fail(
		    r->c, E_NOTFOUND, "the target says: %s", git_clean(r->c->mem, line + 4));
	if (strcmp(line, "version 1") == 0 || str_starts(line, "shallow "))
		return OK;
	if (name_end < len && !r->has_words)
		TRY(take_words(r, line + name_end + 1));
	else if (!r->has_words)
		return not_git(r->c);
	if (name_end <= HEX_LEN || line[HEX_LEN] != ' ')
		return not_git(r->c);
	line[HEX_LEN] = '\0';
	if (!str_is_hex(line, oid, GIT_OID_BYTES))
		return not_git(r->c);
	return take_ref(r, line + HEX_LEN + 1, oid);
}

int
git_receive_read(struct ctx *c, struct git_wire *wire, struct git_receive *out)
{
	struct reading r = { .c = c };
	struct git_pkt_reader *pkts =
	    git_pkt_reader_new(c->mem, wire, "target", c->conf->sync_advert_bytes);
	enum git_pkt_kind kind;
	char *line;
	size_t len;

	r.out.others = arena_alloc(c->mem, OTHERS_MAX * sizeof(r.out.others[0]));
	git_refs_room(c->mem, &r.out.refs, &r.size);
	if (wire->is_rpc)
		TRY(git_pkt_skip_service(c, pkts, "git-receive-pack"));
	for (;;) {
		TRY(git_pkt_read(c, pkts, &kind, &line, &len));
		if (kind != PKT_LINE)
			break;
		TRY(take_line(&r, line, len));
	}
	if (kind != PKT_FLUSH || !r.has_words)
		return not_git(c);
	if (wire->is_rpc) /* to the end, so that the connection can be used again */
		TRY(git_pkt_read(c, pkts, &kind, &line, &len));
	if (!r.out.reports)
		return fail(c, E_INVALID, "the target does not report what became of a push");
	TRY(git_refs_sort(c, &r.out.refs));
	*out = r.out;
	return OK;
}
