/* What mirrorhub check says of the hub's own GitLab: what hpr asked of it at each start. */
#include <string.h>

#include "base/conf.h"
#include "base/path.h"
#include "core/gitlab.h"
#include "net/net.h"
#include "sync/admin_check.h"
#include "sync/gitlab_token.h"
#include "sync/provider.h"

#define TOTAL_S 30
#define KEY_MAX_BYTES 16384

/* The public half of our key; "" when it is not beside the other one: then any will do. */
static const char *
public_key(struct ctx *c)
{
	const struct ctx before = *c;
	char *text;

	if (path_read(c, arena_printf(c->mem, "%s.pub", c->conf->net_ssh_key), KEY_MAX_BYTES,
		&text) == OK)
		return text;
	*c = before; /* an answer, not a failure */
	return "";
}

int
check_gitlab(struct ctx *c, const struct admin_args *args)
{
	struct target_spec spec = { .provider = "gitlab",
		.path = "check",
		.upstream = "",
		.provider_url = c->conf->gitlab_endpoint,
		.provider_namespace = c->conf->gitlab_group_name };
	const char *what;
	struct net *n;

	(void)args;
	if (!gitlab_is_set(c->conf))
		return OK;
	TRY(gitlab_check_settings(c));
	TRY(gitlab_token_read(c, &spec.token));
	spec.provider_options = gitlab_options(c, "", false);
	TRY(net_open(c, "", TOTAL_S, NULL, NULL, &n));
	TRY(provider_check(n, &spec, public_key(c), &what));
	check_say(CHECK_OK, "%s", what);
	return OK;
}
