#include "git/refs.h"

#include <git2.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/str.h"
#include "git/init.h"
#include "git/pkt.h"
#include "git/refs_sort.h"
#include "git/wire.h"

#define CAPABILITIES_MAX 4096
#define HEX_LEN ((size_t)2 * GIT_OID_BYTES)

/* While an advertisement is read. */
struct reading {
	struct ctx *c;
	struct git_refs refs;
	size_t size; /* rows there is room for */
	const char *capabilities, *symref;
	unsigned char head[GIT_OID_BYTES];
	bool has_head, is_last_selected;
};

static int
not_git(struct ctx *c)
{
	return fail(c, E_INVALID, "the upstream does not speak Git's protocol");
}

/* ---- lines */

static const char *
capability(struct arena *mem, const char *all, const char *name)
{
	size_t len = strlen(name);

	for (const char *word = all; *word != '\0';) {
		size_t word_len = strcspn(word, " ");

		if (word_len >= len && strncmp(word, name, len) == 0)
			return arena_strndup(mem, word + len, word_len - len);
		word += word_len + (word[word_len] == ' ');
	}
	return NULL;
}

static int
take_capabilities(struct reading *r, const char *text)
{
	const char *format;

	if (r->capabilities != NULL || strlen(text) > CAPABILITIES_MAX)
		return not_git(r->c);
	r->capabilities = arena_strdup(r->c->mem, text);
	format = capability(r->c->mem, text, "object-format=");
	if (format != NULL && strcmp(format, "sha1") != 0)
		return fail(r->c, E_INVALID,
		    "the upstream keeps its objects by %s, which is not supported yet",
		    strcmp(format, "sha256") == 0 ? "SHA-256" : "another hash than SHA-1");
	r->symref = capability(r->c->mem, text, "symref=HEAD:");
	return OK;
}

/* Branches and tags, with names that Git and we can keep. */
static bool
is_selected(const char *name)
{
	int valid = 0;

	if (!str_starts(name, "refs/heads/") && !str_starts(name, "refs/tags/"))
		return false;
	/* 0x7f: git refuses it, libgit2 does not */
	return strlen(name) <= GIT_REF_NAME_MAX && strchr(name, 0x7f) == NULL &&
	    git_reference_name_is_valid(&valid, name) == 0 && valid;
}

static int
add_ref(struct reading *r, const char *name, const unsigned char *oid)
{
	struct git_ref *row;

	if ((int64_t)r->refs.n == r->c->conf->sync_refs)
		return fail(r->c, E_DENIED, "the upstream has more than the %lld refs it may",
		    (long long)r->c->conf->sync_refs);
	git_refs_room(r->c->mem, &r->refs, &r->size);
	row = &r->refs.rows[r->refs.n++];
	row->name = arena_strdup(r->c->mem, name);
	memcpy(row->oid, oid, GIT_OID_BYTES);
	return OK;
}

/* "<oid> <name>", "<oid> <name>^{}" behind the annotated tag it peels. */
static int
take_ref(struct reading *r, const char *name, const unsigned char *oid)
{
	if (str_ends(name, "^{}")) {
		struct git_ref *last = &r->refs.rows[r->refs.n - (r->refs.n > 0)];

		if (r->is_last_selected && r->refs.n > 0 &&
		    strlen(last->name) + 3 == strlen(name) && str_starts(name, last->name)) {
			memcpy(last->peeled, oid, GIT_OID_BYTES);
			last->is_peeled = true;
		}
		return OK;
	}
	r->is_last_selected = is_selected(name);
	if (strcmp(name, "HEAD") == 0) {
		memcpy(r->head, oid, GIT_OID_BYTES);
		r->has_head = true;
	}
	return r->is_last_selected ? add_ref(r, name, oid) : OK;
}

static int
take_line(struct reading *r, char *line, size_t len)
{
	unsigned char oid[GIT_OID_BYTES];
	size_t name_end = strlen(line);

	if (str_starts(line, "ERR "))
		return fail(
		    r->c, E_NOTFOUND, "the upstream says: %s", git_clean(r->c->mem, line + 4));
	if (strcmp(line, "version 1") == 0)
		return OK;
	if (str_starts(line, "shallow "))
		return fail(r->c, E_INVALID,
		    "the upstream is a shallow clone: a part of its history is missing");
	if (name_end < len)
		TRY(take_capabilities(r, line + name_end + 1));
	else if (r->capabilities == NULL)
		return not_git(r->c);
	if (name_end <= HEX_LEN || line[HEX_LEN] != ' ')
		return not_git(r->c);
	line[HEX_LEN] = '\0';
	if (!str_is_hex(line, oid, GIT_OID_BYTES))
		return not_git(r->c);
	return take_ref(r, line + HEX_LEN + 1, oid);
}

/* ---- all of it */

/* Over HTTP the list comes behind one service line and a flush. */
static int
skip_service(struct ctx *c, struct git_pkt_reader *pkts)
{
	enum git_pkt_kind kind;
	char *line;
	size_t len;

	TRY(git_pkt_read(c, pkts, &kind, &line, &len));
	if (kind != PKT_LINE || strcmp(line, "# service=git-upload-pack") != 0)
		return not_git(c);
	TRY(git_pkt_read(c, pkts, &kind, &line, &len));
	return kind == PKT_FLUSH ? OK : not_git(c);
}

static int
read_lines(struct reading *r, struct git_wire *wire)
{
	struct git_pkt_reader *pkts =
	    git_pkt_reader_new(r->c->mem, wire, r->c->conf->sync_advert_bytes);
	enum git_pkt_kind kind;
	char *line;
	size_t len;

	if (wire->is_rpc)
		TRY(skip_service(r->c, pkts));
	for (;;) {
		TRY(git_pkt_read(r->c, pkts, &kind, &line, &len));
		if (kind != PKT_LINE)
			break;
		TRY(take_line(r, line, len));
	}
	if (kind != PKT_FLUSH)
		return not_git(r->c);
	if (wire->is_rpc) /* to the end, so that the connection can be used again */
		TRY(git_pkt_read(r->c, pkts, &kind, &line, &len));
	return OK;
}

/* The branch HEAD names. Servers from before 2013 do not say: then a branch at the same commit. */
static const char *
head_branch(const struct reading *r)
{
	static const char *const usual[] = { "refs/heads/main", "refs/heads/master" };
	const struct git_ref *row;

	if (r->symref != NULL) {
		row = git_refs_find(&r->refs, r->symref);
		return row != NULL && str_starts(row->name, "refs/heads/") ? row->name : NULL;
	}
	if (!r->has_head)
		return NULL;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		row = git_refs_find(&r->refs, usual[i]);
		if (row != NULL && memcmp(row->oid, r->head, GIT_OID_BYTES) == 0)
			return row->name;
	}
	for (row = r->refs.rows; row < r->refs.rows + r->refs.n; row++)
		if (str_starts(row->name, "refs/heads/") &&
		    memcmp(row->oid, r->head, GIT_OID_BYTES) == 0)
			return row->name;
	return NULL;
}

int
git_advert_read(struct ctx *c, struct git_wire *wire, struct git_advert *out)
{
	struct reading r = { .c = c };

	git_refs_room(c->mem, &r.refs, &r.size);
	TRY(read_lines(&r, wire));
	TRY(git_refs_sort(c, &r.refs));
	r.refs.head = head_branch(&r);
	out->refs = r.refs;
	/* an empty repository of an old server lists nothing at all */
	out->capabilities = r.capabilities != NULL ? r.capabilities : "";
	return OK;
}

/* ---- comparing */

const char *
git_refs_fingerprint(struct arena *mem, const struct git_refs *refs)
{
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * GIT_OID_BYTES + 2];

	crypto_hash_sha256_init(&state);
	if (refs->head != NULL) {
		const char *line = arena_printf(mem, "ref: %s HEAD\n", refs->head);

		crypto_hash_sha256_update(&state, (const unsigned char *)line, strlen(line));
	}
	for (const struct git_ref *r = refs->rows; r < refs->rows + refs->n; r++) {
		sodium_bin2hex(hex, sizeof(hex), r->oid, GIT_OID_BYTES);
		hex[HEX_LEN] = ' ';
		crypto_hash_sha256_update(&state, (const unsigned char *)hex, HEX_LEN + 1);
		crypto_hash_sha256_update(&state, (const unsigned char *)r->name, strlen(r->name));
		crypto_hash_sha256_update(&state, (const unsigned char *)"\n", 1);
	}
	crypto_hash_sha256_final(&state, hash);
	return str_hex(mem, hash, sizeof(hash));
}

/* Walks both lists; each(payload, before, after) for what differs, NULL for what is not there. */
static void
each_change(const struct git_refs *before, const struct git_refs *after,
    void (*each)(void *payload, const struct git_ref *old, const struct git_ref *new),
    void *payload)
{
	size_t i = 0, k = 0;

	while (i < before->n || k < after->n) {
		int order = i == before->n ? 1
		    : k == after->n	   ? -1
					   : strcmp(before->rows[i].name, after->rows[k].name);
		const struct git_ref *old = order <= 0 ? &before->rows[i++] : NULL;
		const struct git_ref *new = order >= 0 ? &after->rows[k++] : NULL;

		if (order != 0 || memcmp(old->oid, new->oid, GIT_OID_BYTES) != 0)
			each(payload, old, new);
	}
}

static void
count_change(void *payload, const struct git_ref *old, const struct git_ref *new)
{
	(void)old;
	(void)new;
	++*(size_t *)payload;
}

size_t
git_refs_count_changes(const struct git_refs *before, const struct git_refs *after)
{
	size_t n = 0;

	each_change(before, after, count_change, &n);
	return n;
}

struct changes {
	struct git_ref_change *rows;
	size_t n, most;
};

static void
write_id(char *hex, const struct git_ref *ref)
{
	static const unsigned char none[GIT_OID_BYTES];

	sodium_bin2hex(hex, 2 * GIT_OID_BYTES + 1, ref != NULL ? ref->oid : none, GIT_OID_BYTES);
}

static void
take_change(void *payload, const struct git_ref *old, const struct git_ref *new)
{
	struct changes *l = payload;
	struct git_ref_change *row = &l->rows[l->n];

	if (l->n == l->most)
		return;
	row->name = new != NULL ? new->name : old->name;
	write_id(row->old_id, old);
	write_id(row->new_id, new);
	l->n++;
}

size_t
git_refs_changes(struct arena *mem, const struct git_refs *before, const struct git_refs *after,
    size_t most, struct git_ref_change **out)
{
	struct changes l = { .most = most };

	l.rows = arena_new_array(mem, struct git_ref_change, most + 1);
	each_change(before, after, take_change, &l);
	*out = l.rows;
	return l.n;
}
