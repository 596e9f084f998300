/* What mirrorhub-render and who calls it agree on (checklists/security.md, F-18). */
#ifndef CGI_RENDER_RENDER_H
#define CGI_RENDER_RENDER_H

#define RENDER_HEAD_MAX (16 * 1024)
#define RENDER_IN_MAX (256 * 1024)
#define RENDER_OUT_MAX (4 * 1024 * 1024)

/* Exit code: the text is too large, or becomes too large or too deep. */
#define RENDER_TOO_MUCH 1

/* Changes whenever the same text becomes other HTML: results are kept under it. */
#define RENDER_VERSION 1

#endif
