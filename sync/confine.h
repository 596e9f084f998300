/* What a worker gives up before it reads a stranger's first byte: with Landlock (Linux 5.19 and
 * newer) it reaches the data folder, the programs and libraries of the system, certificates, name
 * look-up and its ssh files, and nothing else. The key that opens stored credentials is out of its
 * reach, and so are the settings, the shared memory of the web programs and everything people have.
 */
#ifndef SYNC_CONFINE_H
#define SYNC_CONFINE_H

#include "base/ctx.h"

/* For good, and for all children. Needs PR_SET_NO_NEW_PRIVS. Where the kernel cannot do it nothing
 * happens: it is the second lock, after limits and checks. With net.allow_file everything may still
 * be read. E_INTERNAL: the kernel can, but refuses. */
must_check int confine(struct ctx *c);

#endif
