#include "sync/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "sync/crew.h"
#include "sync/hooks.h"
#include "sync/hosts.h"
#include "sync/intents.h"
#include "sync/keeper.h"
#include "sync/manifests.h"
#include "sync/probes.h"
#include "sync/removals.h"
#include "sync/senders.h"
#include "sync/watch.h"

#define US_PER_MS 1000
#define US_PER_S 1000000
#define GRACE_US (5 * US_PER_S)	       /* for workers, after SIGTERM */
#define LAST_WORDS_US (3 * US_PER_S)   /* for the database, behind that */
#define AWAY_MOST_US (60LL * US_PER_S) /* without `follow` */
#define TRY_DB_MOST_US (10 * US_PER_S)
#define TURN_MOST_MS 1000
#define TURN_SOON_MS 50

struct supervisor {
	struct crew crew;
	struct senders senders;
	struct hooks hooks;
	struct manifests manifests;
	struct removals removals;
	struct intents intents;
	struct hosts hosts;
	struct watch watch;
	struct keeper keeper;
	struct probes probes;
	bool has_deliveries, has_tasks, has_probes; /* there may be some */
	const struct supervisor_options *options;
	int signals; /* a signalfd */
	bool has_lost_child;
	int64_t stop_us; /* when it was asked to stop */
	int64_t away_us; /* since when the database is away; 0: it is not */
	int64_t try_db_us, try_db_after_us;
};

/* A failure that does not pass is a bug or a missing right: told each time, and tried again all
 * the same, more and more slowly. */
static void
see_database(struct supervisor *s, int code)
{
	int64_t now_us = clock_mono_us();

	if (code == OK) {
		if (s->away_us != 0)
			log_write(LOG_INFO, "the database answers again",
			    LOG_INT("ms", (now_us - s->away_us) / US_PER_MS));
		s->away_us = s->try_db_us = s->try_db_after_us = 0;
		return;
	}
	if (s->away_us == 0 || s->crew.c->retry_after_s == 0)
		log_write(s->crew.c->retry_after_s > 0 || code == E_CONFLICT ? LOG_WARN : LOG_ERR,
		    "database", LOG_TEXT("why", s->crew.c->reason));
	if (s->away_us == 0)
		s->away_us = now_us;
	s->try_db_after_us = s->try_db_after_us == 0 ? US_PER_S / 4 : s->try_db_after_us * 2;
	if (s->try_db_after_us > TRY_DB_MOST_US)
		s->try_db_after_us = TRY_DB_MOST_US;
	s->try_db_us = now_us + s->try_db_after_us;
}

static void
see_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			s->has_lost_child = true;
			continue;
		}
		if (!s->crew.is_closing)
			s->stop_us = clock_mono_us();
		else
			s->stop_us -= GRACE_US; /* asked twice: at once */
		crew_close(&s->crew);
		keeper_stop(&s->keeper);
		log_write(LOG_INFO, "stopping",
		    LOG_INT("running", (int64_t)crew_count(&s->crew, SLOT_BUSY)));
	}
}

/* Are all probes, deliveries and hooks that are due over? */
static bool
is_told(const struct supervisor *s)
{
	return senders_count_busy(&s->senders) == 0 && !s->hooks.has_task && !s->has_deliveries &&
	    !s->has_tasks && !s->has_probes && probes_count(&s->probes) == 0 && !s->crew.has_news &&
	    removals_is_done(&s->removals) && s->intents.has_looked;
}

static int
wait_ms(const struct supervisor *s)
{
	int64_t now_us = clock_mono_us(), until_us = now_us + TURN_MOST_MS * US_PER_MS;
	int probes_ms = probes_wait_ms(&s->probes);
	bool has_work = crew_count(&s->crew, SLOT_DONE) + crew_count(&s->crew, SLOT_RETURNED) > 0 ||
	    s->crew.is_closing || s->crew.has_news || s->hooks.is_over ||
	    manifests_have_work(&s->manifests);

	if (s->away_us != 0)
		until_us = s->try_db_us < until_us ? s->try_db_us : until_us;
	else if (has_work)
		until_us = now_us + TURN_SOON_MS * US_PER_MS;
	else if (s->crew.pass_us < until_us)
		until_us = s->crew.pass_us;
	if (s->away_us == 0 && probes_ms >= 0 && now_us + probes_ms * US_PER_MS < until_us)
		until_us = now_us + probes_ms * US_PER_MS;
	return until_us <= now_us ? 0 : (int)((until_us - now_us) / US_PER_MS) + 1;
}

/* Workers have had no time to say something, either. */
static void
put_off(struct supervisor *s, int64_t still_us)
{
	for (size_t i = 0; i < s->crew.n_slots; i++) {
		s->crew.slots[i]->begun_us += still_us;
		s->crew.slots[i]->heard_us += still_us;
	}
	for (size_t i = 0; i < s->senders.n; i++)
		s->senders.rows[i].begun_us += still_us;
	s->manifests.begun_us += still_us;
	s->removals.begun_us += still_us;
	s->probes.heard_us += still_us;
}

static void
wait_for_something(struct supervisor *s)
{
	struct pollfd fds[CREW_MOST + SENDERS_MOST + 8];
	int64_t begun_us = clock_mono_us();
	int most_ms = wait_ms(s);
	nfds_t n = 0;

	fds[n++] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = db_fd(s->crew.c->db), .events = POLLIN };
	for (size_t i = 0; i < s->crew.n_slots; i++)
		/* one that has to be dealt with first would only wake us up for nothing */
		if (!slot_is_full(s->crew.slots[i]))
			fds[n++] =
			    (struct pollfd){ .fd = s->crew.slots[i]->child.fd, .events = POLLIN };
	n += senders_poll(&s->senders, fds + n);
	n += hooks_poll(&s->hooks, fds + n);
	n += manifests_poll(&s->manifests, fds + n);
	n += removals_poll(&s->removals, fds + n);
	n += keeper_poll(&s->keeper, fds + n);
	n += probes_poll(&s->probes, fds + n);
	(void)poll(fds, n, most_ms); /* EINTR: the next turn sees to it */
	put_off(s, clock_stood_still_us(clock_mono_us() - begun_us, (int64_t)most_ms * US_PER_MS));
}

static void
tidy(struct supervisor *s)
{
	pid_t others[SENDERS_MOST + 5];
	size_t n = senders_pids(&s->senders, others);

	if (hooks_pid(&s->hooks) != 0)
		others[n++] = hooks_pid(&s->hooks);
	if (keeper_pid(&s->keeper) != 0)
		others[n++] = keeper_pid(&s->keeper);
	if (manifests_pid(&s->manifests) != 0)
		others[n++] = manifests_pid(&s->manifests);
	if (removals_pid(&s->removals) != 0)
		others[n++] = removals_pid(&s->removals);
	if (probes_pid(&s->probes) != 0)
		others[n++] = probes_pid(&s->probes);
	crew_tidy(&s->crew, others, n);
}

/* The crew first: what it finishes is what the others tell. */
static int
work(struct supervisor *s)
{
	bool may_begin = !s->crew.is_closing, has_news, has_passed;

	TRY(db_ready(s->crew.c)); /* connects again: before anybody asks */
	if (may_begin)
		TRY(intents_work(&s->intents, s->crew.c, &s->crew.has_news));
	s->crew.wants_claim |= s->crew.has_news;
	if (s->crew.wants_claim)
		TRY(hosts_work(&s->hosts, s->crew.c));
	TRY(probes_renew(&s->probes, s->crew.c));
	TRY(crew_work(&s->crew));
	has_news = s->crew.has_news;
	if (has_news)
		s->has_deliveries = s->has_tasks = s->has_probes = true;
	s->crew.has_news = false;
	TRY(probes_work(&s->probes, s->crew.c, may_begin, &s->has_probes, &has_passed));
	TRY(manifests_work(&s->manifests, s->crew.c, may_begin, has_news));
	if (has_passed || s->manifests.has_ended) { /* what we tell ourselves wakes nobody up */
		s->crew.wants_claim = true;
		TRY(crew_work(&s->crew));
	}
	TRY(keeper_work(&s->keeper, &s->crew));
	TRY(watch_work(&s->watch, &s->crew, &s->has_deliveries));
	TRY(senders_work(&s->senders, s->crew.c, may_begin, &s->has_deliveries));
	TRY(removals_work(&s->removals, s->crew.c, may_begin));
	return hooks_work(&s->hooks, s->crew.c, may_begin, &s->has_tasks);
}

static void
turn(struct supervisor *s)
{
	wait_for_something(s);
	see_signals(s);
	crew_hear(&s->crew);
	senders_hear(&s->senders, s->crew.c);
	hooks_hear(&s->hooks, s->crew.c);
	manifests_hear(&s->manifests, s->crew.c);
	removals_hear(&s->removals, s->crew.c);
	keeper_hear(&s->keeper, &s->crew);
	probes_hear(&s->probes, s->crew.c);
	if (s->has_lost_child) /* after they have all seen their own dead */
		tidy(s);
	s->has_lost_child = false;
	if (s->crew.is_closing && clock_mono_us() - s->stop_us > GRACE_US)
		crew_stop(&s->crew);
	if (s->crew.is_closing)
		probes_stop(&s->probes);
	if (s->away_us == 0 || clock_mono_us() >= s->try_db_us)
		see_database(s, work(s));
	arena_reset(s->crew.c->mem);
}

static bool
is_over(const struct supervisor *s)
{
	int64_t now_us = clock_mono_us();

	if (s->crew.is_closing)
		return (crew_count(&s->crew, SLOT_FREE) == s->crew.n_slots &&
			   senders_count_busy(&s->senders) == 0 && probes_count(&s->probes) == 0 &&
			   hooks_pid(&s->hooks) == 0) ||
		    now_us - s->stop_us > GRACE_US + LAST_WORDS_US;
	if (s->options->follow)
		return false;
	if (s->away_us != 0)
		return crew_count(&s->crew, SLOT_BUSY) == 0 && now_us - s->away_us > AWAY_MOST_US;
	return crew_is_done(&s->crew) && is_told(s) && keeper_is_done(&s->keeper, &s->crew) &&
	    manifests_are_done(&s->manifests);
}

static int
open_signals(struct ctx *c, int *out)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return fail(c, E_INTERNAL, "signals cannot be blocked");
	*out = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (*out < 0)
		return fail(c, E_INTERNAL, "signalfd cannot be made");
	signal(SIGPIPE, SIG_IGN);
	return OK;
}

static int
last_word(struct supervisor *s)
{
	if (s->away_us != 0)
		return fail(s->crew.c, E_INTERNAL, "the database has been away until the end");
	if (s->crew.is_disk_low && !s->options->follow)
		return fail(s->crew.c, E_INTERNAL, "the disk is too full to fetch");
	return OK;
}

static void
free_arena(void *mem)
{
	arena_free(mem);
}

int
supervisor_run(struct ctx *c, const struct supervisor_options *options)
{
	/* not on the stack: what c->mem has deferred looks into it after we have returned */
	struct supervisor *s = arena_new_of(c->mem, struct supervisor);
	struct ctx *inner = arena_new_of(c->mem, struct ctx); /* of the turns, with its own arena */

	s->options = options;
	*inner = *c;
	inner->mem = arena_new();
	arena_defer(c->mem, free_arena, inner->mem);
	TRY(open_signals(c, &s->signals));
	child_adopt();
	TRY(hosts_open(&s->hosts, c));
	TRY(db_listen(c, "mirrorhub_job"));
	crew_open(&s->crew, c->mem, inner, options->conf_path);
	senders_open(&s->senders, inner, c->mem, options->conf_path);
	keeper_open(&s->keeper, c->mem, options->conf_path);
	probes_open(&s->probes, inner, c->mem, options->conf_path);
	hooks_open(&s->hooks, inner, c->mem, options->conf_path);
	manifests_open(&s->manifests, c->mem, options->conf_path);
	removals_open(&s->removals, inner, c->mem, options->conf_path);
	while (!is_over(s))
		turn(s);
	hooks_end(&s->hooks, inner);
	crew_end(&s->crew);
	close(s->signals);
	if (last_word(s) != OK)
		return fail(c, E_INTERNAL, "%s", inner->reason);
	return OK;
}
