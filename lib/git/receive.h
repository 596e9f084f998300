/* What a receive-pack tells before anything is pushed to it: the refs it has, whatever they are,
 * and what it can do. Nothing is ever fetched from there. */
#ifndef GIT_RECEIVE_H
#define GIT_RECEIVE_H

#include "base/ctx.h"
#include "git/refs.h"

struct git_wire;

struct git_receive {
	struct git_refs refs;			/* no peeled ids, no HEAD: it does not tell these */
	unsigned char (*others)[GIT_OID_BYTES]; /* tips of other stores that it has objects of */
	size_t n_others;
	bool reports, deletes, takes_ofs_delta, takes_thin, has_side_band, is_quiet;
};

/* Reads the advertisement from the wire. E_NOTFOUND: it says it has no such repository. E_INVALID:
 * not Git, SHA-256, or it reports nothing. E_DENIED: more than sync.refs refs or sync.advert_bytes
 * bytes. Failures of the wire as they are. */
must_check int git_receive_read(struct ctx *c, struct git_wire *wire, struct git_receive *out);

#endif
