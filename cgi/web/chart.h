/* The last runs of a mirror as bars: inline SVG without a script. */
#ifndef CGI_WEB_CHART_H
#define CGI_WEB_CHART_H

#include "web/req.h"

/* runs: as struct front_row of store/front.h has them. A bar each, its height by duration, with a
 * foot below the line where it failed; what a picture cannot say is in its title. Nothing without
 * runs. */
void chart_runs(struct req *r, const char *runs);

#endif
