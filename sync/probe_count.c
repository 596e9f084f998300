#include "sync/probe_count.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define TELL_US 10000000LL

void
probe_count_add(struct probe_count *n, const char *outcome)
{
	if (str_is_equal(outcome, "unchanged"))
		n->unchanged++;
	else if (str_is_equal(outcome, "changed"))
		n->changed++;
	else if (str_is_equal(outcome, "held"))
		n->held++;
	else
		n->failed++;
}

void
probe_count_tell(struct probe_count *n, bool at_once)
{
	int64_t now_us = clock_mono_us();

	if (n->unchanged + n->changed + n->held + n->failed == 0 ||
	    (!at_once && now_us - n->told_us < TELL_US))
		return;
	log_write(LOG_INFO, "probes", LOG_INT("unchanged", n->unchanged),
	    LOG_INT("changed", n->changed), LOG_INT("held", n->held), LOG_INT("failed", n->failed));
	*n = (struct probe_count){ .told_us = now_us };
}
