#include "base/js.h"
#include "cgi/abf/abf.h"
#include "core/signature.h"

struct signatures {
	const char *public, *secret;
};

const struct field signatures_in[] = { ABF_TEXT(signatures, public), ABF_TEXT(signatures, secret),
	{ 0 } };

static const struct field pair_json[] = { FIELD_AS(signature_keys, public_key, "public"),
	FIELD_AS(signature_keys, secret_key, "secret"), { 0 } };

int
set_signatures(struct req *r)
{
	const struct signatures *in = r->in;
	const struct signature_keys keys = { .public_key = in->public, .secret_key = in->secret };
	const struct actor who = req_actor(r);

	TRY(signature_set(r->ctx, &who, r->repository, &keys));
	return abf_done(r, r->repository->id);
}

int
show_key_pair(struct req *r)
{
	const struct repository *row = r->repository;
	struct signature_keys keys;

	TRY(signature_by_repository(r->ctx, row->id, &keys));
	res_header(r, "Cache-Control", "private, no-store"); /* whatever this door says elsewhere */
	buf_printf(r->out, "{\"repository\":{\"id\":%lld,\"name\":", (long long)row->id);
	js_text(r->out, row->name);
	abf_url(r, "url", "/api/v1/repositories/%lld.json", (long long)row->id);
	buf_text(r->out, ",\"key_pair\":");
	js_row(r->out, pair_json, &keys);
	buf_text(r->out, "}}");
	return OK;
}

int
show_public_key(struct req *r)
{
	const char *key;

	TRY(signature_public_key(r->ctx, r->repository->id, &key));
	r->type = "text/plain; charset=utf-8";
	buf_text(r->out, key);
	return OK;
}
