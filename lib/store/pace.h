/* What the time of a mirror's next sync is made of: comes with the claim, goes to sync/schedule.h,
 * and what that says comes back with the result. Fractions are whole numbers of small units. */
#ifndef STORE_PACE_H
#define STORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/field.h"

struct pace {
	bool has_interval; /* of its own: exactly that */
	int64_t failures;  /* of the mirror, in a row */
	int64_t failing_s; /* since the last success */
	int64_t changed_s; /* since its last change was seen; 0 with changes_micro 0: never */
	int64_t added_s;   /* since it is here */
	int64_t changes_micro,
	    seen_s;		/* changes, in this time: both decayed, up to the last change */
	bool is_notified;	/* its upstream has told us of a push in the last week */
	int64_t mean_root_nano; /* of all mirrors: the mean of the square roots of hazards */
};

struct pace_next {
	int64_t root_nano; /* of this mirror, for as long as it is left alone; 0: no part */
	int64_t changes_micro, seen_s; /* when it has changed: the history from here on */
};

#define PACE_COLUMNS                                                                               \
	"has_interval, failures, coalesce(failing_s, 0) AS failing_s,"                             \
	" coalesce(changed_s, 0) AS changed_s, coalesce(added_s, 0) AS added_s,"                   \
	" changes_micro, seen_s, coalesce(is_notified, false) AS is_notified, mean_root_nano"

/* clang-format off */
/* in: the member of T that is the struct, with its dot. */
#define PACE_FIELDS(T, in)                                                                         \
	FIELD_AS(T, in has_interval, "has_interval"),                                              \
	FIELD_AS(T, in failures, "failures"),                                                      \
	FIELD_AS(T, in failing_s, "failing_s"),                                                    \
	FIELD_AS(T, in changed_s, "changed_s"),                                                    \
	FIELD_AS(T, in added_s, "added_s"),                                                        \
	FIELD_AS(T, in changes_micro, "changes_micro"),                                            \
	FIELD_AS(T, in seen_s, "seen_s"),                                                          \
	FIELD_AS(T, in is_notified, "is_notified"),                                                \
	FIELD_AS(T, in mean_root_nano, "mean_root_nano")

#define PACE_NEXT_FIELDS(T, in)                                                                    \
	FIELD_AS(T, in root_nano, "root_nano"),                                                    \
	FIELD_AS(T, in changes_micro, "changes_micro"),                                            \
	FIELD_AS(T, in seen_s, "seen_s")
/* clang-format on */

#endif
