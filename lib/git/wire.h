/* What lib/git needs of a connection to an upload-pack or a receive-pack; who makes it (lib/net, a
 * test) fills it in. Callbacks return OK, or a code with the reason in the ctx, which comes out of
 * lib/git unchanged.
 */
#ifndef GIT_WIRE_H
#define GIT_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct git_wire {
	void *payload;
	/* Each send is one whole request of its own (smart HTTP), and the advertisement starts with
	 * a service line. Otherwise: one stream both ways. */
	bool is_rpc;
	int (*send)(void *payload, const void *bytes, size_t len);
	/* The same for a request whose end is read in pieces, as receive reads. NULL: it can only
	 * ask. */
	int (*send_long)(void *payload, const void *bytes, size_t len,
	    int (*more)(void *source, void *bytes, size_t size, size_t *got_out), void *source);
	/* At least one byte and at most size; *got_out 0: the end. */
	int (*receive)(void *payload, void *bytes, size_t size, size_t *got_out);
};

#endif
