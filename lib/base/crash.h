/* Named places where a test kills the process (checklists/reliability.md 2.1): the one whose name
 * is in MIRRORHUB_CRASH_AT. Builds for tests only; elsewhere nothing is left of it. */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#ifdef TEST_CRASH_POINTS
/* claim, probe, fetch, midpack, pack-moved, idx-moved, refs-written, head-written, packages,
 * before-report; of a fork: fork-reserved, fork-linked, fork-made, fork-inserted;
 * of platforms and repositories: before-folders; of webhooks: post, posted, before-delivered; of
 * post-fetch hooks: hooks; of pushes: push-intended, push-done */
void crash_point(const char *name);
#else
static inline void
crash_point(const char *name)
{
	(void)name;
}
#endif

#endif
