/* The list of what guests may read here, in the format of grokmirror's manifests: a mirror of this
 * hub asks for one file instead of every repository. It is made when somebody asks for it and
 * something has changed, at most once a minute, kept as a file under conf->run_dir, and replaced
 * whole. */
#ifndef CORE_LISTING_H
#define CORE_LISTING_H

#include <stdint.h>

#include "base/ctx.h"

/* The file, open until the arena ends. */
struct listing {
	int fd;
	int64_t size_bytes;
	int64_t made_at;
	const char *tag; /* with quotes: of these bytes */
};

/* Makes it if need be; while another process does, the one before is given. The bytes are gzip. */
must_check int listing_open(struct ctx *c, struct listing *out);

/* Notes what the list will say of this store: its refs on disk are those of the generation that it
 * has in the caller's transaction, or newer ones that will raise it again. What was never noted is
 * looked at when the list is made. */
must_check int listing_note(struct ctx *c, int64_t store_id);

#endif
