/* The supervisor: takes jobs from the queue, hands them to worker processes, and writes down what
 * became of them. All writing to the database is here, and nothing that a stranger sent is parsed
 * here. One thread, one poll(), no waiting for anything but the database's answers. */
#ifndef SYNC_SUPERVISOR_H
#define SYNC_SUPERVISOR_H

#include <stdbool.h>

#include "base/ctx.h"

struct supervisor_options {
	const char *conf_path;
	bool follow; /* stay; else end when nothing is due */
};

/* Works until nothing is due, or with `follow` until SIGTERM or SIGINT, which it takes over. A
 * signal stops the claiming; workers get 5 s to finish, then their jobs go back to the queue.
 * A database that goes away is waited for: workers go on, results are kept. E_INTERNAL: the run
 * could not do its work (database away for a minute, disk full); whether mirrors failed is in
 * their rows. c->db is open. */
must_check int supervisor_run(struct ctx *c, const struct supervisor_options *options);

#endif
