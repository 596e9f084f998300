/* Loading the object that a row names. */
#ifndef WEB_LOAD_H
#define WEB_LOAD_H

#include "web/route.h"

/* Sets r->account, the object of the row's load column (r->project, …) and r->access; an object
 * that the asker may not read is either E_NOTFOUND or has access 0, which perm_may answers alike.
 * E_DENIED: the claim no longer holds. */
must_check int load_object(struct req *r);

/* How the loaded object is called, for the audit trail; "" without one. */
const char *load_name(const struct req *r);

/* For route_check: the pattern has what the load column needs. */
bool load_fits(enum load load, const char *pattern);

/* A parameter as an id: a positive 64-bit number, in digits. E_NOTFOUND: anything else. */
must_check int load_id(struct req *r, const char *param, int64_t *out);

#endif
