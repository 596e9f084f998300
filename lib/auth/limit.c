#include "auth/limit.h"

#include "auth/shared.h"
#include "base/conf.h"
#include "base/ip.h"
#include "base/str.h"
#include "store/failure.h"

/* While the limit of an account is on, networks that did not fail yet are heard this often. */
#define PACE_S 5

#define V6_PREFIX_BYTES 7 /* 56 bits */

const char *
limit_network(struct arena *mem, const char *remote_addr)
{
	struct ip ip;

	if (!ip_parse_peer(remote_addr, &ip))
		return "local";
	if (ip.len == 4)
		return arena_printf(mem, "%d.%d.%d.0/24", ip.bytes[0], ip.bytes[1], ip.bytes[2]);
	return arena_printf(mem, "%s/56", str_hex(mem, ip.bytes, V6_PREFIX_BYTES));
}

static const char *
pair(struct ctx *c, const char *uname, const char *network)
{
	return arena_printf(c->mem, "%s %s", uname, network);
}

static int
too_many(struct ctx *c, const char *who, int64_t wait_s)
{
	if (wait_s < 1)
		wait_s = 1;
	shared_delay(who, wait_s);
	(void)fail(c, E_DENIED, "too many failed log-ins: try again in %d s", (int)wait_s);
	c->http_status = 429;
	c->retry_after_s = (int)wait_s;
	return E_DENIED;
}

int
limit_refuse(struct ctx *c, const char *uname, const char *network, int64_t wait_s)
{
	return too_many(c, pair(c, uname, network), wait_s);
}

int
limit_check(struct ctx *c, const char *uname, const char *network, int64_t *wait_s_out)
{
	const struct conf *conf = c->conf;
	struct failures f;

	TRY(failures_by(
	    c, uname, network, conf->auth_fails_account_s, conf->auth_fails_network_s, &f));
	*wait_s_out = 0;
	if (f.network >= conf->auth_fails_network)
		return too_many(c, network, conf->auth_fails_network_s - f.network_oldest_s);
	if (f.account < conf->auth_fails_account)
		return OK;
	if (f.pair > 0)
		return limit_refuse(
		    c, uname, network, conf->auth_fails_account_s - f.account_oldest_s);
	if (f.account_newest_s < PACE_S)
		return limit_refuse(c, uname, network, PACE_S - f.account_newest_s);
	*wait_s_out = conf->auth_fails_account_s - f.account_oldest_s;
	return OK;
}

bool
limit_is_on(struct ctx *c, const char *uname, const char *network)
{
	return shared_is_delayed(network) || shared_is_delayed(pair(c, uname, network));
}
