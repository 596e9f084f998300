#include "core/package.h"

#include <time.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"

#define WAIT_US (3 * 1000000LL)
#define POLL_NS (50 * 1000000L)

int
package_begin_reading(struct ctx *c, const struct repository *repository)
{
	int code;

	if (!str_is_equal(repository->platform_type, "main"))
		return fail(c, E_DENIED, "a personal platform has no list of packages");
	code = package_note_reading(c, repository->platform_id, c->conf->abf_packages_window_s);
	return code == E_CONFLICT ? fail(c, E_DENIED, "%s", c->reason) : code;
}

int
package_wait(struct ctx *c, int64_t repository_id)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int64_t until_us = clock_mono_us() + WAIT_US;
	bool is_pending = true;

	TRY(package_is_pending(c, repository_id, &is_pending));
	while (is_pending && clock_mono_us() < until_us) {
		nanosleep(&pause, NULL);
		TRY(package_is_pending(c, repository_id, &is_pending));
	}
	return OK;
}
