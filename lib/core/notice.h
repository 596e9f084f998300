/* Notices of pushes to an upstream, and the secrets that sign them. Each in the caller's
 * transaction, with its event. */
#ifndef CORE_NOTICE_H
#define CORE_NOTICE_H

#include "core/actor.h"
#include "store/project.h"

struct mirror_wish;

/* project_create_mirror of what a notice names. With hub.mirror_on_push it gets a project in the
 * hub's own GitLab, too (contract C2), which is not waited for. */
must_check int notice_create_mirror(
    struct ctx *c, const struct actor *who, const struct mirror_wish *wish, int64_t *id_out);

/* project_delete at the same door; with that setting, what the hub has made at GitLab as well. */
must_check int notice_delete(struct ctx *c, const struct actor *who, const struct project *p);

/* Asks for a sync, as project_sync. delivery: the number its sender gave the notice; one that has
 * been here within a day is heard and not followed (checklists/security.md W-02); NULL or "": none,
 * and one that no sender would make counts as none. E_DENIED with http_status 429: this address has
 * sent more than hub.push_rate of them for this project in this hour (W-04). */
must_check int notice_take(
    struct ctx *c, const struct actor *who, const struct project *p, const char *delivery);

/* Sets the secret of a mirror's senders, or takes it away (NULL). E_INVALID: as hook_seal. */
must_check int notice_set_secret(
    struct ctx *c, const struct actor *who, const struct project *p, const char *secret);

#endif
