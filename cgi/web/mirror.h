/* What the pages of a project tell of it as a mirror. */
#ifndef CGI_WEB_MIRROR_H
#define CGI_WEB_MIRROR_H

#include "git/guard.h"
#include "store/mirror.h"
#include "web/req.h"

/* The panel of the project page: state, upstream, last success, next run, progress, "Sync now" for
 * who may. Nothing for a project that is no mirror. One statement. */
must_check int mirror_panel(struct req *r, const struct project *p);

/* For page_begin (struct page, refresh_s): > 0 while a sync runs or is about to. No statement. */
int mirror_refresh_s(const struct project *p);

/* "✓ fresh", with its class. */
void mirror_badge(struct req *r, const struct mirror *m);

/* <progress> of a running sync, or nothing. */
void mirror_progress(struct req *r, const struct mirror *m);

/* Why what upstream has is held, and the choice for who has it; nothing when it is not. */
must_check int mirror_held(struct req *r, const struct project *p);

/* What was found about an update, as a list of sentences. */
void mirror_findings(struct req *r, const struct git_findings *findings);

#endif
