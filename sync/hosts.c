#include "sync/hosts.h"

#include <string.h>

#include "db/db.h"
#include "net/policy.h"
#include "store/host.h"

int
hosts_open(struct hosts *h, struct ctx *c)
{
	*h = (struct hosts){ .has_begun = false };
	return net_policy_open(c, &h->policy);
}

/* Of "host:port" or "[address]:port". */
static const char *
bare(struct arena *mem, const char *name)
{
	const char *colon = strrchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : strlen(name);

	if (name[0] == '[' && len >= 2)
		return arena_strndup(mem, name + 1, len - 2);
	return arena_strndup(mem, name, len);
}

/* Writes down what is not known yet, or was otherwise. */
static int
judge(const struct hosts *h, struct ctx *c, struct host *rows, size_t n)
{
	size_t n_new = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_own = net_policy_is_own(h->policy, bare(c->mem, rows[i].name));

		if (rows[i].is_known && rows[i].is_own == is_own)
			continue;
		rows[i].is_own = is_own;
		rows[n_new++] = rows[i];
	}
	return n_new == 0 ? OK : host_set_own(c, rows, n_new);
}

static int
judge_all(const struct hosts *h, struct ctx *c)
{
	struct host *rows;
	int64_t last_id = 0;
	size_t n;

	do {
		TRY(host_list(c, last_id, &rows, &n));
		last_id = n > 0 ? rows[n - 1].id : last_id;
		TRY(judge(h, c, rows, n));
	} while (n == HOST_BATCH_MAX);
	return OK;
}

int
hosts_work(struct hosts *h, struct ctx *c)
{
	struct host *rows;
	size_t n;

	TRY(db_ready(c));
	if (!h->has_begun)
		TRY(judge_all(h, c));
	h->has_begun = true;
	TRY(host_list_unknown(c, &rows, &n));
	return judge(h, c, rows, n);
}
