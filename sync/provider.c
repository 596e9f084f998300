#include "sync/provider.h"

#include "base/str.h"
#include "net/net.h"

static int
unknown(struct net *n, const struct target_spec *t)
{
	return net_fail(n, NET_WHY_POLICY, "this hub has no provider %s", t->provider);
}

int
provider_prepare(struct net *n, const struct target_spec *t, struct provider_made *out)
{
	if (!str_is_equal(t->provider, "none"))
		return unknown(n, t);
	*out = (struct provider_made){ t->url, t->provider_project_id };
	return OK;
}

int
provider_set_default(struct net *n, const struct target_spec *t, const struct provider_made *made,
    const char *branch)
{
	(void)made;
	(void)branch;
	return str_is_equal(t->provider, "none") ? OK : unknown(n, t);
}
