#include <string.h>

#include "auth/rate.h"
#include "base/clock.h"
#include "base/conf.h"
#include "cgi/abf/abf.h"

/* Whoever has logged in is judged by his account, but spends his address's requests as well. */
static int64_t
count(struct req *r)
{
	struct arena *mem = r->ctx->mem;
	const int64_t now = clock_now();
	const int64_t by_address =
	    rate_count(arena_printf(mem, "address %s", rate_client(mem, r->remote_addr)), now);

	if (r->account.id == 0)
		return by_address;
	return rate_count(arena_printf(mem, "account %lld", (long long)r->account.id), now);
}

int
abf_admit(struct req *r)
{
	const int64_t limit = r->ctx->conf->abf_rate_limit;
	int64_t n;

	if (limit == 0 || (r->account.id != 0 && strcmp(r->account.role, "system") == 0) ||
	    rate_is_exempt(r->ctx, r->remote_addr))
		return OK;
	n = count(r);
	r->rate.limit = limit;
	r->rate.left = n < limit ? limit - n : 0;
	if (n <= limit)
		return OK;
	fail(r->ctx, E_DENIED, "more than %lld requests this hour", (long long)limit);
	r->ctx->http_status = 429;
	return E_DENIED;
}
