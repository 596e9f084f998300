/* The mirror half of a project, as the web sees it. */
#ifndef STORE_MIRROR_H
#define STORE_MIRROR_H

#include <stdint.h>

#include "base/ctx.h"

struct mirror_new {
	int64_t project_id;
	const char *url;		/* clean */
	const char *sealed_credentials; /* NULL: none */
};

must_check int mirror_add(struct ctx *c, const struct mirror_new *row);

#endif
