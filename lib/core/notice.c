#include "core/notice.h"

#include <string.h>

#include "auth/hook.h"
#include "auth/rate.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "core/gitlab.h"
#include "core/project.h"
#include "store/push.h"

int
notice_create_mirror(
    struct ctx *c, const struct actor *who, const struct mirror_wish *wish, int64_t *id_out)
{
	TRY(project_create_mirror(c, who, wish, id_out));
	return c->conf->hub_mirror_on_push ? gitlab_attach(c, who, *id_out) : OK;
}

int
notice_delete(struct ctx *c, const struct actor *who, const struct project *p)
{
	return c->conf->hub_mirror_on_push ? gitlab_delete_mirror(c, who, p)
					   : project_delete(c, who, p);
}

static int
check_rate(struct ctx *c, const struct actor *who, const struct project *p)
{
	const int64_t most = c->conf->hub_push_rate;
	const char *client = arena_printf(
	    c->mem, "push %lld %s", (long long)p->id, rate_client(c->mem, who->remote_addr));

	if (most == 0 || rate_count(client, clock_now()) <= most)
		return OK;
	fail(c, E_DENIED, "more than %lld notices for this repository in this hour",
	    (long long)most);
	c->http_status = 429;
	return E_DENIED;
}

static bool
is_number(const char *delivery)
{
	return delivery != NULL && delivery[0] != '\0' &&
	    strlen(delivery) <= PUSH_DELIVERY_MOST_BYTES && str_is_printable(delivery) &&
	    str_is_utf8(delivery, strlen(delivery));
}

int
notice_take(struct ctx *c, const struct actor *who, const struct project *p, const char *delivery)
{
	bool is_new = true;

	TRY(check_rate(c, who, p));
	if (p->is_mirror && is_number(delivery))
		TRY(push_note_delivery(c, p->id, delivery, &is_new));
	return is_new ? project_sync(c, who, p) : OK;
}

int
notice_set_secret(
    struct ctx *c, const struct actor *who, const struct project *p, const char *secret)
{
	const char *sealed = NULL;

	if (secret != NULL)
		TRY(hook_seal(c, p->id, secret, &sealed));
	TRY(push_set_secret(c, p->id, sealed));
	return actor_record(
	    c, who, "push_secret", p->path, secret != NULL ? "a new one" : "none any more");
}
