/* What the hook jira reads and writes: tickets in messages, lists of branches, comments in Jira's
 * wiki markup (contracts/hpr-and-hub.md B6). */
#ifndef SYNC_JIRA_TEXT_H
#define SYNC_JIRA_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "git/commit.h"
#include "sync/jira_conf.h"

#define JIRA_TICKETS_MAX 50	/* of one message; more are not looked for */
#define JIRA_NUMBER_DIGITS 10	/* longer ones are no tickets */
#define JIRA_MESSAGE_MAX (8000) /* bytes of a message in a comment; Jira takes 32767 characters */

/* The ids of tickets in a message, in its order, each once: of these projects (as regular
 * expression, \b(P1|P2)-\d+\b), or without any of all (\b[A-Z]{2,}-\d+\b). */
void jira_tickets(
    struct ctx *c, const char *message, const struct jira_list *projects, struct jira_list *out);

/* Whether "PROJECT/BRANCH" is to be told of: some pattern of the whitelist matches, or there is
 * none, and none of the blacklist does. Patterns are the shell's; * takes slashes too. */
bool jira_is_wanted(const struct jira_server *s, const char *project_branch);

/* The address below which commits and branches have pages: the upstream's if it is on GitHub, else
 * base/PROJECT. upstream: "" for none. */
const char *jira_pages(struct ctx *c, const char *base, const char *project, const char *upstream);

struct jira_push {
	const char *project, *branch; /* without refs/heads/; bytes */
	const char *pages;	      /* jira_pages */
};

const char *jira_comment(
    struct ctx *c, const struct jira_push *push, const struct git_commit_info *commit);

#endif
