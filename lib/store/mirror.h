/* The mirror half of a project, as the web sees it. */
#ifndef STORE_MIRROR_H
#define STORE_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* With its job: what the pages tell of it (core/mirror_state.h has the words). Times are Unix
 * seconds, 0 for never or not known. Other modules select it with store/mirror_fields.h. */
struct mirror {
	const char *url;	/* of the upstream, without credentials */
	const char *mirror_url; /* NULL: our own clone URL */
	int64_t interval_s;	/* 0: the hub's */
	bool is_paused;
	const char *latest_version;
	int64_t last_success_at, last_change_at;
	int64_t checked_at; /* the last proven look: a success, or what a list of upstreams says */
	int64_t failures;   /* in a row */
	int64_t failing_since; /* end of the first of them, as far as runs are still known */
	const char *error_class, *error_text;
	int64_t held_at;      /* what upstream has waits for approval since then (store/guard.h) */
	const char *moved_to; /* where upstream says it is from now on; "" it does not */

	const char *job_state; /* queued, running, scheduled, retry, dead; "" without a job */
	const char *job_phase; /* while running; "" before the first */
	int64_t next_at;       /* 0: none is planned, it is wanted now, or it runs */
	int64_t due_at; /* when it should have run, or will; its host may put it off. 0: never */
	int64_t started_at; /* while running */
	const char *worker; /* "" while nobody has it */
	int64_t bytes, objects, objects_total;
};

#define MIRROR_FAILURES_SEEN 1000 /* failing_since of more is that of the 1000th before now */

/* E_NOTFOUND: the project is no mirror, or has gone. */
must_check int mirror_by_project(struct ctx *c, int64_t project_id, struct mirror *out);

/* What is known of a project's store, mirror or not. Times are Unix seconds, 0 for never. */
struct mirror_trust {
	int64_t verified_at; /* its refs were held against the upstream's */
	int64_t audited_at;  /* all of it was read and hashed */
	bool is_damaged;     /* and something was wrong */
};

/* E_NOTFOUND: the project has gone. */
must_check int mirror_trust_of(struct ctx *c, int64_t project_id, struct mirror_trust *out);

/* For forms: what the pages do not tell of it. */
struct mirror_settings {
	const char *url;
	bool has_credentials;
	int64_t interval_s; /* 0: the hub's */
	bool is_paused;
};

/* E_NOTFOUND: as above. */
must_check int mirror_settings_of(struct ctx *c, int64_t project_id, struct mirror_settings *out);

/* 0: the hub's; then what is planned stays as it is. With one of its own it runs next one interval
 * after its last success. E_NOTFOUND. */
must_check int mirror_set_interval(struct ctx *c, int64_t project_id, int64_t interval_s);

/* A running sync comes to its end, then nothing is planned any more. *is_new_out: it was not so
 * before. */
must_check int mirror_pause(struct ctx *c, int64_t project_id, bool *is_new_out);
must_check int mirror_resume(struct ctx *c, int64_t project_id, bool *is_new_out);

struct mirror_new {
	int64_t project_id;
	const char *url;		/* clean */
	const char *sealed_credentials; /* NULL: none */
};

must_check int mirror_add(struct ctx *c, const struct mirror_new *row);

#endif
