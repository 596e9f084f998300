/* Probes for whoever watches the hub: no account, no details. */
#ifndef CGI_HEALTH_HEALTH_H
#define CGI_HEALTH_HEALTH_H

#include "web/route.h"

extern const struct dialect health_dialect;

#endif
