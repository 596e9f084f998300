/* Where the hook jira comments: a JSON file with the keys of Molybdenum's jiraPostFetchHook
 * (contracts/hpr-and-hub.md B6), so that a section of an old settings file can be taken over. */
#ifndef SYNC_JIRA_CONF_H
#define SYNC_JIRA_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

#define JIRA_CONF_MAX_BYTES (64 * 1024)

struct jira_list {
	const char **rows;
	size_t n;
};

struct jira_server {
	const char *url;	 /* jiraUrl, without a slash at the end */
	const char *credentials; /* jiraCredentials, "user:password"; NULL: a token */
	const char *token;	 /* jiraToken */
	const char *pages;	 /* moUrl, without a slash at the end; NULL: base_url */
	struct jira_list projects, whitelist, blacklist;
};

struct jira_conf {
	bool is_dry_run;
	const char *admin; /* whom to tell of failures; NULL: not said */
	struct jira_server *servers;
	size_t n;
};

/* The section of a file's text: below "jiraPostFetchHook", where other keys are no matter, or the
 * whole. E_INVALID: not such a section; the reason names the key, never a value. */
must_check int jira_conf_parse(struct ctx *c, const char *text, struct jira_conf *out);

/* The file. E_DENIED: others than its owner may read or write it. E_NOTFOUND, E_INVALID. */
must_check int jira_conf_read(struct ctx *c, const char *path, struct jira_conf *out);

#endif
