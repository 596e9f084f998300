/* The list of dialects: one program, one route list, whatever the pool. */
#ifndef CGI_ROUTES_H
#define CGI_ROUTES_H

#include "web/route.h"

/* NULL-ended; the first that knows an address answers, the last one answers what none knows. */
extern const struct dialect *const all_dialects[];

#endif
