/* What `mirrorhub check` asks of a hub that runs. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "store/health.h"
#include "sync/admin_check.h"

#define SKEW_WARN_S 2
#define SKEW_FATAL_S 60
#define PASS_WARN_S 300

/* Names with why, as lines of their own below the first. */
static void
say_names(enum check_level level, const struct health_name *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_say(level, "  %s%s%s", rows[i].name, rows[i].why[0] != '\0' ? ": " : "",
		    rows[i].why);
}

/* Leases are the database's time, files and tokens of HTTP the machine's. */
int
check_clock(struct ctx *c, const struct admin_args *args)
{
	struct health h;
	int64_t skew_s;

	(void)args;
	TRY(health_of(c, &h));
	skew_s = llabs(h.clock_ms / 1000 - clock_now());
	check_say(skew_s > SKEW_FATAL_S ? CHECK_FATAL
		: skew_s > SKEW_WARN_S	? CHECK_WARN
					: CHECK_OK,
	    "clocks of the database and of this machine differ by %lld s", (long long)skew_s);
	return OK;
}

int
check_sync(struct ctx *c, const struct admin_args *args)
{
	struct health h;

	(void)args;
	TRY(health_of(c, &h));
	if (h.pass_s < 0)
		check_say(CHECK_WARN, "mirrorhub-sync has never run");
	else
		check_say(h.pass_s > PASS_WARN_S ? CHECK_WARN : CHECK_OK,
		    "mirrorhub-sync looked at the queue %s ago", clock_text_span(c->mem, h.pass_s));
	return OK;
}

/* ---- the pools */

/* Whether somebody listens; what he answers is nginx's to see. */
static bool
is_answered(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_there;

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	is_there = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
	    errno == EAGAIN; /* all are busy */
	close(fd);
	return is_there;
}

int
check_sockets(struct ctx *c, const struct admin_args *args)
{
	static const char *const pools[] = { "api", "web", "git", "rpc" };

	(void)args;
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
		const char *path =
		    path_under(c->mem, c->conf->run_dir, arena_printf(c->mem, "%s.sock", pools[i]));

		if (is_answered(path))
			check_say(CHECK_OK, "pool %s listens at %s", pools[i], path);
		else
			check_say(CHECK_WARN, "pool %s does not answer at %s: %s", pools[i], path,
			    strerror(errno));
	}
	return OK;
}

/* ---- mirrors, hosts, stores */

int
check_mirrors(struct ctx *c, const struct admin_args *args)
{
	struct health_name *rows;
	struct health h;
	size_t n;

	(void)args;
	TRY(health_of(c, &h));
	check_say(h.stale > 0 ? CHECK_WARN : CHECK_OK,
	    "%lld mirrors, %lld of them failing, %lld not checked for too long",
	    (long long)h.mirrors, (long long)h.failing, (long long)h.stale);
	if (h.stale > 0) {
		TRY(health_stale(c, &rows, &n));
		say_names(CHECK_WARN, rows, n);
	}
	if (h.held > 0)
		check_say(
		    CHECK_WARN, "%lld mirrors are held until somebody approves", (long long)h.held);
	return OK;
}

int
check_hosts(struct ctx *c, const struct admin_args *args)
{
	struct health_name *rows;
	struct health h;
	size_t n;

	(void)args;
	TRY(health_of(c, &h));
	check_say(h.hosts_blocked > 0 ? CHECK_WARN : CHECK_OK, "%lld upstream hosts are left alone",
	    (long long)h.hosts_blocked);
	if (h.hosts_blocked == 0)
		return OK;
	TRY(health_blocked(c, &rows, &n));
	say_names(CHECK_WARN, rows, n);
	return OK;
}

int
check_stores(struct ctx *c, const struct admin_args *args)
{
	struct health_name *rows;
	struct health h;
	size_t n;

	(void)args;
	TRY(health_of(c, &h));
	check_say(h.damaged > 0 ? CHECK_FATAL : CHECK_OK, "%lld damaged repositories",
	    (long long)h.damaged);
	if (h.damaged > 0) {
		TRY(health_damaged(c, &rows, &n));
		say_names(CHECK_FATAL, rows, n);
	}
	if (c->conf->audit_days > 0 && h.unaudited > 0)
		check_say(CHECK_WARN,
		    "%lld repositories should have been audited a week ago: audit.bytes_per_hour "
		    "or the machine is too small",
		    (long long)h.unaudited);
	return OK;
}
