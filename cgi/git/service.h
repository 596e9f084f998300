/* Git's two server programs as our children: fixed arguments, settings of ours that nothing in a
 * store can override, limits. What they are told by a client is one checked protocol version. */
#ifndef CGI_GIT_SERVICE_H
#define CGI_GIT_SERVICE_H

#include <stdbool.h>

#include "web/req.h"

struct proc;

struct service {
	const char *name;	 /* "git-upload-pack": in URLs and content types */
	const char *command;	 /* "upload-pack" */
	const char *advert_type; /* content types */
	const char *request_type;
	const char *result_type;
	bool has_v2; /* it answers protocol version 2; else a client that asks gets version 0 */
};

extern const struct service service_fetch; /* git-upload-pack */
extern const struct service service_push;  /* git-receive-pack */

/* The header Git-Protocol if it is "version=N", or several of them divided by colons, in at most 64
 * bytes; "" for anything else: then Git speaks its oldest version, which every client knows. */
const char *service_protocol(struct req *r);

/* The version of the answer: 0, 1 or 2. */
int service_version(const struct service *s, const char *protocol);

/* Starts the program on the project's store for a request, or for the list of refs. Its folder is
 * the store, so that no message of Git holds a path of ours. lock: a descriptor that it keeps open
 * for as long as it lives; 0: none. E_INTERNAL. */
must_check int service_start(struct req *r, const struct service *s, int lock, struct proc **out);
must_check int service_start_advert(struct req *r, const struct service *s, struct proc **out);

/* The folder of the project's store, after git_store_check. A mirror that was never published is
 * 503 "still being cloned"; anything else missing is E_INTERNAL. */
must_check int service_store(struct req *r, const char **dir_out);

/* Runs a short Git command in the store with the same settings: argv of "git", input on its
 * standard input, at most out_max bytes of answer. E_INTERNAL when it fails. */
must_check int service_run(struct req *r, const char *const *argv, const struct buf *input,
    size_t out_max, struct buf **out);

#endif
