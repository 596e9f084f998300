#include "git/listing.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/str.h"
#include "git/reflist.h"
#include "git/store.h"

#define REFS_MOST 1000000

static void
close_digest(void *digest)
{
	EVP_MD_CTX_free(digest);
}

static int
open_digest(struct ctx *c, EVP_MD_CTX **out)
{
	*out = EVP_MD_CTX_new();
	if (*out == NULL)
		return fail(c, E_INTERNAL, "no memory for a digest");
	arena_defer(c->mem, close_digest, *out);
	if (EVP_DigestInit_ex(*out, EVP_sha1(), NULL) != 1)
		return fail(c, E_INTERNAL, "SHA-1 is not to be had");
	return OK;
}

static void
add_ref(EVP_MD_CTX *digest, const char *hex, const char *name)
{
	EVP_DigestUpdate(digest, hex, 2 * GIT_OID_BYTES);
	EVP_DigestUpdate(digest, " ", 1);
	EVP_DigestUpdate(digest, name, strlen(name));
	EVP_DigestUpdate(digest, "\n", 1);
}

static int
finish(struct ctx *c, EVP_MD_CTX *digest, unsigned char out[GIT_LISTING_BYTES])
{
	if (EVP_DigestFinal_ex(digest, out, NULL) != 1)
		return fail(c, E_INTERNAL, "SHA-1 fails");
	return OK;
}

int
git_listing_of_refs(
    struct ctx *c, const struct git_refs *refs, unsigned char out[GIT_LISTING_BYTES])
{
	EVP_MD_CTX *digest;

	if (refs->n == 0)
		return fail(c, E_NOTFOUND, "there are no refs");
	TRY(open_digest(c, &digest));
	for (size_t i = 0; i < refs->n; i++)
		add_ref(
		    digest, str_hex(c->mem, refs->rows[i].oid, GIT_OID_BYTES), refs->rows[i].name);
	return finish(c, digest, out);
}

/* From two files where that is possible, else Git is asked. */
static int
list_refs(struct ctx *c, const char *store_dir, const struct git_store_ref **out, size_t *n_out)
{
	struct git_reflist_id id;
	struct git_reflist list;
	struct git_repository *repo;
	int code = git_reflist_identify(c, store_dir, &id);

	if (code == OK)
		code = git_reflist_load(c, store_dir, &id, &list);
	if (code == OK) {
		*out = list.rows;
		*n_out = list.n;
		return OK;
	}
	if (code != E_NOTFOUND)
		return code;
	TRY(git_store_open(c, store_dir, &repo));
	return git_store_refs(c, repo, REFS_MOST, (struct git_store_ref **)(uintptr_t)out, n_out);
}

int
git_listing_of_store(struct ctx *c, const char *store_dir, unsigned char out[GIT_LISTING_BYTES])
{
	const struct git_store_ref *rows;
	EVP_MD_CTX *digest;
	size_t n, n_added = 0;

	TRY(list_refs(c, store_dir, &rows, &n));
	TRY(open_digest(c, &digest));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].name, "HEAD") == 0)
			continue;
		add_ref(digest, rows[i].oid, rows[i].name);
		n_added++;
	}
	if (n_added == 0)
		return fail(c, E_NOTFOUND, "there are no refs");
	return finish(c, digest, out);
}
