/* Settings: one file of "key = value" lines, every key a row of conf_rows with its default and a
 * sentence. An unknown key stops the program. */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/ctx.h"
#include "base/field.h"

struct conf {
	/* where things are */
	const char *data_dir;
	const char *run_dir;
	const char *seal_public_key;
	const char *seal_secret_key;
	const char *seal_web_key;
	const char *base_url;
	/* database */
	const char *db_web;
	const char *db_sync;
	const char *db_admin;
	/* who may */
	bool anonymous_read;
	int64_t auth_cache_s;
	int64_t auth_hash_slots;
	int64_t auth_fails_account;
	int64_t auth_fails_account_s;
	int64_t auth_fails_network;
	int64_t auth_fails_network_s;
	/* doors */
	int64_t body_bytes;
	const char *hpr_version_string;
	const char *hpr_mirror_url_template;
	int64_t abf_rate_limit;
	const char *abf_rate_exempt;
	int64_t abf_packages_window_s;
	bool hub_allow_local_urls;
	bool hub_expose_paths;
	bool hub_anonymous_push;
	bool hub_mirror_on_push;
	const char *hub_push_secret;
	int64_t hub_push_rate;
	int64_t hub_blob_bytes;
	const char *rhodecode_profile;
	int64_t rhodecode_wait_s;
	/* schedule */
	int64_t schedule_s;
	const char *schedule_in;
	bool schedule_adaptive;
	/* after a sync or a push */
	const char *hub_post_fetch_hooks;
	bool hub_hooks_on_clone;
	int64_t hub_hook_s;
	const char *hub_jira_config;
	const char *webhook_schemes;
	int64_t webhook_senders;
	int64_t webhook_total_s;
	/* a GitLab downstream, for hpr's door */
	const char *gitlab_endpoint;
	const char *gitlab_private_token_file;
	const char *gitlab_token_type;
	const char *gitlab_group_name;
	const char *gitlab_push_over;
	int64_t gitlab_ssh_port;
	bool gitlab_project_public;
	bool gitlab_project_issue;
	bool gitlab_project_wiki;
	bool gitlab_project_merge_request;
	bool gitlab_project_snippet;
	/* upstreams */
	const char *net_schemes;
	const char *net_allow;
	const char *net_deny_ports;
	const char *net_resolvers;
	bool net_allow_file;
	const char *net_ssh_known_hosts;
	const char *net_ssh_key;
	int64_t net_connect_s;
	int64_t net_low_speed_bytes;
	int64_t net_low_speed_s;
	/* sync */
	int64_t host_rate, host_burst, host_connections;
	int64_t sync_workers;
	int64_t sync_probes;
	int64_t sync_lease_s;
	int64_t sync_poll_s;
	int64_t sync_total_s;
	int64_t sync_cpu_s;
	int64_t sync_memory_bytes;
	int64_t sync_advert_bytes;
	int64_t sync_pack_bytes;
	int64_t sync_objects;
	int64_t sync_index_pack_objects;
	int64_t sync_object_bytes;
	int64_t sync_refs;
	int64_t sync_attempts;
	int64_t target_audit_s;
	int64_t sync_disk_free_percent;
	/* what mirrors take over */
	const char *mirror_mode;
	bool mirror_prune;
	int64_t kept_count;
	int64_t kept_days;
	bool guard_allow_rewrite;
	int64_t guard_lost_percent;
	int64_t guard_least_commits;
	int64_t guard_branches_percent;
	int64_t guard_branches_least;
	int64_t guard_tags;
	int64_t guard_commits;
	/* looking after stores */
	int64_t audit_days;
	int64_t audit_bytes_per_hour;
	int64_t audit_total_s;
	int64_t upkeep_load_percent;
	int64_t upkeep_s_per_hour;
	int64_t upkeep_old_days;
	/* serving Git */
	int64_t git_push_bytes;
	int64_t git_request_bytes;
	int64_t git_cpu_s;
	int64_t git_total_s;
	int64_t git_children;
	int64_t git_memory_bytes;
	int64_t git_cache_bytes;
	/* those who watch */
	int64_t alert_age_intervals;
	const char *metrics_allow;
	/* process */
	int64_t requests_per_process;
	int64_t answer_cpu_s;
	const char *log_level;
};

struct conf_row {
	struct field field;  /* .name is the key in the file */
	const char *value;   /* the default */
	int64_t least, most; /* numbers only; most 0: no limits */
	const char *sentence;
};

extern const struct conf_row conf_rows[];

/* Reads the file into *out (its texts live in c->mem). E_NOTFOUND: no such file. E_INVALID: the
 * reason names file, line and key. NULL path: the defaults alone. */
must_check int conf_load(struct ctx *c, const char *path, struct conf *out);

/* `schedule_in` as seconds: an integer is minutes, or N.unit with hour(s), day(s), week(s),
 * month(s) of 30 days, year(s) of 360 days (hpr A7). */
must_check int conf_parse_schedule_in(struct ctx *c, const char *text, int64_t *seconds_out);

#endif
