#include "core/signature.h"

#include <string.h>

#include "auth/openpgp.h"
#include "auth/seal.h"
#include "base/buf.h"
#include "base/fault.h"
#include "core/rule.h"
#include "db/db.h"
#include "store/key_pair.h"

#define PUBLIC "public"
#define SECRET "secret"

/* ---- the rules */

/* Whether text is a key of the expected kind. Asked of blank texts too: they are wrong besides. */
static int
judge_key(struct ctx *c, struct faults *f, const char *field, const char *text,
    enum openpgp_kind expected, struct openpgp_key *out)
{
	int code = openpgp_read(c, text == NULL ? "" : text, out);

	if (code == E_INVALID)
		faults_add(f, field, FAULT_INVALID, 0);
	else if (code == OK && out->kind != expected)
		faults_add(f, field, FAULT_WRONG_KIND, 0);
	return code == E_INVALID ? OK : code;
}

/* For two keys, each of its kind. */
static void
judge_pair(
    struct faults *f, const struct openpgp_key *public_key, const struct openpgp_key *secret_key)
{
	if (strcmp(public_key->fingerprint, secret_key->fingerprint) != 0)
		faults_add(f, SECRET, FAULT_MISMATCH, 0);
	else if (secret_key->has_passphrase)
		faults_add(f, SECRET, FAULT_LOCKED, 0);
}

static struct faults *
joined(struct arena *mem, const struct faults *first, const struct faults *then)
{
	struct faults *both = faults_new(mem);
	const struct faults *parts[] = { first, then };

	for (size_t i = 0; i < 2; i++)
		for (const struct fault *f = parts[i]->rows; f < parts[i]->rows + parts[i]->n; f++)
			faults_add(both, f->field, f->kind, f->limit);
	return both;
}

/* "ab12…" as "AB:12:…". */
static const char *
in_groups(struct arena *mem, const char *fingerprint)
{
	struct buf *out = buf_new(mem, strlen(fingerprint) * 2);

	for (; *fingerprint != '\0'; fingerprint++) {
		if (out->len % 3 == 2)
			buf_char(out, ':');
		buf_char(
		    out, *fingerprint >= 'a' ? (char)(*fingerprint - 'a' + 'A') : *fingerprint);
	}
	return out->data;
}

/* Faults are told key by key; the secret key comes first when the first look (is it there, is it
 * short enough) has something against it, else the public one. */
int
signature_check(struct ctx *c, const struct signature_keys *keys, const char **fingerprint_out)
{
	struct faults *of_public = faults_new(c->mem), *of_secret = faults_new(c->mem);
	struct openpgp_key public_key = { .kind = 0 }, secret_key = { .kind = 0 };
	bool is_secret_first;

	rule_text(of_secret, SECRET, keys->secret_key, SIGNATURE_KEY_MAX);
	rule_text(of_public, PUBLIC, keys->public_key, SIGNATURE_KEY_MAX);
	is_secret_first = of_secret->n > 0;
	TRY(judge_key(c, of_public, PUBLIC, keys->public_key, OPENPGP_PUBLIC, &public_key));
	TRY(judge_key(c, of_secret, SECRET, keys->secret_key, OPENPGP_SECRET, &secret_key));
	if (public_key.kind == OPENPGP_PUBLIC && secret_key.kind == OPENPGP_SECRET)
		judge_pair(of_secret, &public_key, &secret_key);
	TRY(faults_end(c,
	    is_secret_first ? joined(c->mem, of_secret, of_public)
			    : joined(c->mem, of_public, of_secret)));
	*fingerprint_out = in_groups(c->mem, public_key.fingerprint);
	return OK;
}

/* ---- the keys of a repository */

static const char *
seal_context(struct ctx *c, int64_t repository_id)
{
	return arena_printf(c->mem, "key_pair:%lld", (long long)repository_id);
}

int
signature_set(struct ctx *c, const struct actor *who, const struct repository *repository,
    const struct signature_keys *keys)
{
	struct key_pair row = { .public_key = keys->public_key };
	int code;

	if (strcmp(repository->platform_type, "main") != 0)
		return fail(c, E_DENIED, "only the repositories of main platforms are signed");
	TRY(signature_check(c, keys, &row.fingerprint));
	TRY(seal_keep(c, seal_context(c, repository->id), keys->secret_key, &row.sealed_secret));
	code = key_pair_set(c, repository->id, &row, who->account->id);
	if (code == E_CONFLICT && strcmp(db_constraint(c->db), "key_pair_repository_id_fkey") == 0)
		return fail(c, E_NOTFOUND, "no such repository"); /* deleted since it was loaded */
	TRY(code);
	return actor_record(c, who, "repository.sign",
	    arena_printf(c->mem, "%s/%s", repository->platform_name, repository->name),
	    arena_printf(c->mem, "key %s", row.fingerprint));
}

int
signature_by_repository(struct ctx *c, int64_t repository_id, struct signature_keys *out)
{
	struct key_pair row;
	int code = key_pair_by_repository(c, repository_id, &row);

	if (code == E_NOTFOUND) {
		*out = (struct signature_keys){ .public_key = "", .secret_key = "" };
		return OK;
	}
	TRY(code);
	TRY(seal_show(c, seal_context(c, repository_id), row.sealed_secret, &out->secret_key));
	out->public_key = row.public_key;
	return OK;
}

int
signature_public_key(struct ctx *c, int64_t repository_id, const char **out)
{
	struct key_pair row = { .public_key = "" };
	int code = key_pair_by_repository(c, repository_id, &row);
	struct buf *text;

	if (code != E_NOTFOUND)
		TRY(code);
	text = buf_new(c->mem, strlen(row.public_key));
	for (const char *s = row.public_key; *s != '\0'; s++)
		if (*s != '\r')
			buf_char(text, *s);
	*out = text->data;
	return OK;
}
