/* The arguments of a JSON-RPC method: from the object of a call to the struct that its row
 * declares (contracts/rhodecode.md 2.1). For rpc.c alone, but rpc_given, which rpc.h declares. */
#ifndef WEB_RPC_ARGS_H
#define WEB_RPC_ARGS_H

#include "web/rpc.h"

/* Sets r->in. E_INVALID: an argument is missing or too many (call->no), or has a type that cannot
 * be taken for the one it should have (without: the method's own words apply). */
must_check int rpc_args_read(struct req *r, const struct rpc_door *door);

/* The argument of that name, which the row declares as RPC_REF; NULL: not given. */
const struct rpc_ref *rpc_ref_of(const struct req *r, const char *name);

/* For rpc_check. */
void rpc_args_check(const struct rpc_method *m);
bool rpc_args_has_ref(const struct rpc_method *m, const char *name);
bool rpc_args_may_show(const struct rpc_method *m, const char *name, size_t len);

#endif
