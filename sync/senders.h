/* Deliveries to webhooks: what is due is given to worker processes of their own, apart from those
 * that mirror, so that no slow receiver holds up a sync. The workers know no database and no
 * secret: they get a body that is signed already, and say what came back. */
#ifndef SYNC_SENDERS_H
#define SYNC_SENDERS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "store/outbox.h"
#include "sync/child.h"

#define SENDERS_MOST 16
#define SENDER_SECRETS_MOST 64 /* of a delivery */

struct sender {
	struct child child;
	struct arena *mem; /* as long as the delivery */
	bool is_busy, is_done;
	struct outbox_delivery delivery;
	const char *secrets[SENDER_SECRETS_MOST]; /* that no log and no row may show */
	size_t n_secrets;
	int64_t begun_us;
	int64_t status, took_ms; /* what came of it */
	const char *error, *answer;
};

struct senders {
	struct sender *rows;
	size_t n; /* webhook.senders */
	const char *conf_path;
};

/* mem: as long as the senders, which end with it. */
void senders_open(struct senders *s, struct ctx *c, struct arena *mem, const char *conf_path);

/* Reads what the workers say, and ends those that are silent or dead. */
void senders_hear(struct senders *s, struct ctx *c);

/* Writes down what has come back, and takes what is due while *has_more and a sender is free.
 * *has_more: there may be more now, or not before another look. */
must_check int senders_work(struct senders *s, struct ctx *c, bool may_begin, bool *has_more);

size_t senders_count_busy(const struct senders *s); /* or not yet written down */

/* Adds what to poll, at most n of it. */
nfds_t senders_poll(const struct senders *s, struct pollfd *fds);

/* Adds their process ids, at most n of them. */
size_t senders_pids(const struct senders *s, pid_t *pids);

/* Kills whoever is at work: it is sent again, with the same number. */
void senders_stop(struct senders *s);

#endif
