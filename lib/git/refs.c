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
#include "git/ref_lines.h"
#include "git/wire.h"

#define HEX_LEN ((size_t)2 * GIT_OID_BYTES)

static int
not_git(struct ctx *c)
{
	return fail(c, E_INVALID, "the upstream does not speak Git's protocol");
}

/* ---- reading */

static int
read_lines(struct git_ref_lines *l, struct git_wire *wire)
{
	struct git_pkt_reader *pkts =
	    git_pkt_reader_new(l->c->mem, wire, "upstream", l->c->conf->sync_advert_bytes);
	enum git_pkt_kind kind;
	char *line;
	size_t len;

	if (wire->is_rpc)
		TRY(git_pkt_skip_service(l->c, pkts, "git-upload-pack"));
	for (;;) {
		TRY(git_pkt_read(l->c, pkts, &kind, &line, &len));
		if (kind != PKT_LINE)
			break;
		TRY(git_ref_lines_advert(l, line, len));
	}
	if (kind != PKT_FLUSH)
		return not_git(l->c);
	if (wire->is_rpc) /* to the end, so that the connection can be used again */
		TRY(git_pkt_read(l->c, pkts, &kind, &line, &len));
	return OK;
}

int
git_advert_read(struct ctx *c, struct git_wire *wire, const struct git_filter *filter,
    int64_t refs_most, struct git_advert *out)
{
	struct git_ref_lines l = { .c = c, .filter = filter, .refs_most = refs_most };

	TRY(read_lines(&l, wire));
	TRY(git_ref_lines_end(&l, &out->refs));
	/* an empty repository of an old server lists nothing at all */
	out->capabilities = l.capabilities != NULL ? l.capabilities : "";
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
