/* What supervisor and worker say to each other: JSON objects, one per line, over a socket pair.
 *
 *	supervisor → worker   {"job":{…}}       do this; the worker has nothing else to do
 *	                      {"answer":{…}}    to an ask
 *	                      {"post":{…}}      send this to a webhook's receiver
 *	                      {"list":{…}}      ask an upstream for its list of repositories
 *	                      {"unmake":{…}}    delete this project at a forge: a result follows
 *	                      {"owned":{…}}     to an owned_ask
 *	                      {"probes":{…}}    ask these upstreams (to the prober)
 *	worker → supervisor   {"progress":{…}}  how far it is
 *	                      {"ask":{…}}       may I publish? waits for the answer
 *	                      {"stores":{…}}    a sweep has seen these folders
 *	                      {"package":{…}}   what a spec file says
 *	                      {"ref":{…}}       a ref that the sync changed
 *	                      {"listed":{…}}    some of the list
 *	                      {"list_done":{…}} all of it, or why not
 *	                      {"posted":{…}}    what the receiver answered
 *	                      {"owned_ask":{…}} what have we put there? waits for the answer
 *	                      {"notes":{…}}     what happens to refs of a target
 *	                      {"made":{…}}      where a provider has the project
 *	                      {"pushed":{…}}    how the push to a target ended; its result follows
 *	                      {"probed":{…}}    what the prober saw there
 *	                      {"result":{…}}    the job is over
 *
 * A worker has parsed a stranger's bytes, so its lines are read like a stranger's: strictly, within
 * limits, and nothing in them is taken for a path, an address or SQL. */
#ifndef SYNC_WIRE_H
#define SYNC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct arena;

#define WIRE_LINE_MAX (256 * 1024) /* bytes, the line feed included */

enum wire_type {
	WIRE_JOB = 1,
	WIRE_ANSWER,
	WIRE_PROGRESS,
	WIRE_ASK,
	WIRE_STORES,
	WIRE_PACKAGE,
	WIRE_REF,
	WIRE_POST,
	WIRE_POSTED,
	WIRE_LIST,
	WIRE_LISTED,
	WIRE_LIST_DONE,
	WIRE_UNMAKE,
	WIRE_OWNED_ASK,
	WIRE_OWNED,
	WIRE_NOTES,
	WIRE_MADE,
	WIRE_PUSHED,
	WIRE_PROBES,
	WIRE_PROBED,
	WIRE_RESULT,
};

struct wire_job {
	const char *kind; /* "sync", "packages", "remove_store", "sweep", "upkeep" or "audit" */
	int64_t fence;	  /* sweep: the newest one given out */
	int64_t store_id; /* but for sweep */
	const char *url;  /* sync only, as the next two */
	const char *credentials; /* opened; "" none */
	const char *fingerprint;
	bool is_anew;	      /* sync: all of it is fetched anew */
	bool may_repair;      /* audit: of a damaged store what can be read is saved */
	int64_t answer_s;     /* how long an answer may take: about a lease */
	const char *running;  /* sweep only: fences of running jobs, divided by commas */
	const char *branches; /* packages only: a JSON list */
	const char *options;  /* sync and audit only: JSON (sync/options.h) */
	const char *target;   /* target only: sync/target_spec.h */
};

struct wire_answer {
	int64_t fence;
	bool may_publish;
};

struct wire_progress {
	const char *phase; /* a mirror_phase_text */
	int64_t bytes, objects, objects_total;
};

struct wire_ask {
	int64_t fence;
};

struct wire_stores {
	int64_t first;	 /* they are of first..first + 999 */
	const char *ids; /* of the folders, divided by commas */
	const char *due; /* those of them that want upkeep */
};

struct wire_package {
	const char *branch; /* one of the job's */
	const char *commit_id;
	const char *committer_name, *committer_email;
	const char *name;
	int64_t epoch;
	const char *version, *release;
};

struct wire_ref {
	const char *name; /* base64: Git's names are bytes */
	const char *old_id, *new_id;
};

struct wire_post {
	int64_t id;	     /* of the delivery: comes back with the answer */
	const char *url;     /* without its query */
	const char *query;   /* "" none */
	const char *headers; /* lines "Name: value" */
	const char *body;
	int64_t total_s;
};

struct wire_posted {
	int64_t id;
	int64_t status;	    /* HTTP; 0: there was no answer */
	const char *answer; /* the beginning of the body */
	const char *error;  /* a plain sentence; "" none */
	int64_t took_ms;
};

struct wire_list {
	int64_t id; /* of the manifest: comes back with the answers */
	const char *url;
	const char *etag, *last_modified; /* of the one that is known; "" none */
};

struct wire_listed {
	int64_t id;
	const char *lines; /* "<40 hex digits> <path>" each */
};

struct wire_list_done {
	int64_t id;
	int64_t status; /* HTTP: 200 or 304; else there is an error */
	const char *etag, *last_modified;
	int64_t bytes;
	const char *error; /* a class, or "" */
	const char *error_text;
};

struct wire_unmake {
	const char *spec; /* a target_spec_text */
	int64_t total_s;
};

struct wire_owned_ask {
	const char *after; /* base64 of the last name so far; "" none */
};

/* Lines "<id> <id that was planned> <r: refused> <base64 of the name>"; "-" for none. */
struct wire_owned {
	const char *lines;
	bool is_last;
};

/* Lines "<op> <id> <base64 of the name> <base64 of what was said>". */
struct wire_notes {
	const char *lines;
};

struct wire_made {
	const char *url, *project_id, *shown_url;
};

struct wire_pushed {
	bool is_read;
	const char *fingerprint;
	int64_t n_pushed, n_deleted, n_conflicts, n_refused;
	const char *conflicts; /* lines "<id here> <id there> <base64 of the name> <of why>" */
};

/* Both ways: lines of sync/probe_row.h, each with its line feed. */
struct wire_probes {
	const char *rows;
};

struct wire_result {
	const char *error; /* a sync_error_text, or "" */
	const char *error_text;
	int64_t retry_after_s;
	bool is_changed;
	bool is_held;	   /* sync: waits for approval */
	const char *facts; /* sync: what was decided, as JSON (sync/facts.h) */
	const char *fingerprint;
	const char *latest_version; /* NULL: unchanged */
	const char *head;	    /* the branch HEAD names; "" unknown */
	int64_t bytes, objects, refs_changed, size_bytes;
	int64_t removed;   /* sweep: leftovers */
	const char *found; /* audit: a word of store/audit.h */
};

struct wire_message {
	enum wire_type type;
	struct wire_job job;
	struct wire_answer answer;
	struct wire_progress progress;
	struct wire_ask ask;
	struct wire_stores stores;
	struct wire_package package;
	struct wire_ref ref;
	struct wire_post post;
	struct wire_posted posted;
	struct wire_list list;
	struct wire_listed listed;
	struct wire_list_done list_done;
	struct wire_unmake unmake;
	struct wire_owned_ask owned_ask;
	struct wire_owned owned;
	struct wire_notes notes;
	struct wire_made made;
	struct wire_pushed pushed;
	struct wire_probes probes, probed;
	struct wire_result result;
};

/* The message as a line, line feed included. Too long is a bug (assert): the sender bounds it. */
const char *wire_text(struct arena *mem, const struct wire_message *m);

/* The same of what people may make as long as they like (the pins of a mirror), in the arena.
 * E_INVALID: it is too long for a line. */
must_check int wire_line(struct ctx *c, const struct wire_message *m, const char **line_out);

/* Texts that the line leaves out are ""; latest_version is NULL. E_INVALID: not one of ours. */
must_check int wire_parse(struct ctx *c, const char *line, size_t len, struct wire_message *out);

#endif
