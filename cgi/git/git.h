/* Git over smart HTTP: clone, fetch, push. Three routes; nothing else of a store is reachable. */
#ifndef CGI_GIT_GIT_H
#define CGI_GIT_GIT_H

#include "web/route.h"

extern const struct dialect git_dialect;

#endif
