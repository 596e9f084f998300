#include "cgi/routes.h"

#include <stddef.h>

#include "cgi/abf/abf.h"
#include "cgi/git/git.h"
#include "cgi/health/health.h"
#include "cgi/hpr/hpr.h"
#include "cgi/hub/hub.h"
#include "cgi/rhodecode/rhodecode.h"
#include "cgi/web/web.h"

const struct dialect *const all_dialects[] = {
	&health_dialect,
	&git_dialect,
	&abf_dialect,
	&rhodecode_dialect,
	&hub_dialect,
	&hpr_dialect,
	&web_dialect,
	NULL,
};
