#include "sync/unmake.h"

#include "base/str.h"
#include "net/net.h"
#include "sync/mirror.h"
#include "sync/provider.h"

void
unmake(struct ctx *c, const struct wire_unmake *order, struct wire_result *out)
{
	struct target_spec spec;
	struct net *n = NULL;
	int code = target_spec_parse(c, order->spec, &spec);

	if (code == OK)
		code = net_open(c, "", order->total_s, NULL, NULL, &n);
	if (code == OK)
		code = provider_remove(n, &spec);
	*out = (struct wire_result){
		.error = "", .error_text = "", .fingerprint = "", .head = "", .found = ""
	};
	if (code == OK)
		return;
	out->error = sync_error_text(sync_error_of(n, code));
	out->error_text = str_redact(c->mem, c->reason);
	out->retry_after_s = n != NULL ? n->retry_after_s : 0;
}
