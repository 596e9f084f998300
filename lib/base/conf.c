#include "base/conf.h"

#include <ctype.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"

#define FILE_MAX_BYTES (256 * 1024)

#define ROW(key, member, value, sentence)                                                          \
	{                                                                                          \
		FIELD_AS(conf, member, key), value, 0, 0, sentence                                 \
	}
#define NUMBER(key, member, value, least, most, sentence)                                          \
	{                                                                                          \
		FIELD_AS(conf, member, key), value, least, most, sentence                          \
	}

/* clang-format off */
const struct conf_row conf_rows[] = {
	/*  key                      member                   default        sentence */
	ROW("data.dir",              data_dir,                "/var/lib/mirrorhub",
	    "The folder of the repositories; it holds the marker file mirrorhub.instance."),
	ROW("run.dir",               run_dir,                 "/run/mirrorhub",
	    "The folder of sockets and of what all processes share (password cache, hash slots, counts of requests)."),
	ROW("seal.public_key",       seal_public_key,         "/etc/mirrorhub/seal.pub",
	    "The key that stored credentials are sealed with; the web programs need only this one."),
	ROW("seal.secret_key",       seal_secret_key,         "/etc/mirrorhub/seal.key",
	    "The key that opens stored credentials; mode 0400, for the sync program alone."),
	ROW("seal.web_key",          seal_web_key,            "/etc/mirrorhub/web.key",
	    "The key for what the web has to read again (signing keys of repositories); mode 0400, for the web programs."),
	ROW("base_url",              base_url,                "http://127.0.0.1:8848",
	    "The address people use, without a slash at the end; links are made from it, never from the Host header."),
	ROW("db.web",                db_web,                  "dbname=mirrorhub user=mirrorhub_web",
	    "The libpq connection string of the web programs."),
	ROW("db.sync",               db_sync,                 "dbname=mirrorhub user=mirrorhub_sync",
	    "The libpq connection string of mirrorhub-sync."),
	ROW("db.admin",              db_admin,                "dbname=mirrorhub user=mirrorhub_owner",
	    "The libpq connection string of the mirrorhub command: the owner of the tables."),
	ROW("anonymous_read",        anonymous_read,          "yes",
	    "Whether people without an account may read open projects; no asks everyone for an account, everywhere."),
	NUMBER("auth.cache_s",       auth_cache_s,            "60", 0, 3600,
	    "How many seconds a password that was right is remembered (as a keyed hash, in shared memory)."),
	NUMBER("auth.hash_slots",    auth_hash_slots,         "2", 1, 64,
	    "How many password hashes run at once on this machine; as many as it has cores is right."),
	NUMBER("auth.fails_account", auth_fails_account,      "10", 1, 1000000,
	    "Failed log-ins for one account within auth.fails_account_s, after which more are refused."),
	NUMBER("auth.fails_account_s", auth_fails_account_s,  "600", 1, 86400,
	    "The seconds in which failures for one account are counted."),
	NUMBER("auth.fails_network", auth_fails_network,      "30", 1, 1000000,
	    "Failed log-ins from one network (IPv4 /24, IPv6 /56) within auth.fails_network_s, after which more are refused."),
	NUMBER("auth.fails_network_s", auth_fails_network_s,  "180", 1, 86400,
	    "The seconds in which failures from one network are counted."),
	NUMBER("body_bytes",         body_bytes,              "65536", 1024, 16777216,
	    "The largest request body of an API, in bytes."),
	ROW("hpr.version_string",    hpr_version_string,      "0.2.0",
	    "The version that GET /info reports: the level of the hpr API, not ours."),
	ROW("hpr.mirror_url_template", hpr_mirror_url_template, "{base_url}/{path}.git",
	    "What mirror_url shows for a mirror without a downstream: our own clone URL."),
	NUMBER("abf.packages_window_s", abf_packages_window_s, "900", 0, 86400,
	    "The seconds in which one packages.csv of a platform may be asked for; 0: no limit."),
	NUMBER("abf.rate_limit",     abf_rate_limit,          "2000", 0, 1000000,
	    "Requests to /api/v1/ that one client may make in a clock hour: an account, or an address without one; 0 sets no limit."),
	ROW("abf.rate_exempt",       abf_rate_exempt,         "",
	    "Networks (CIDR) and addresses, divided by blanks, that abf.rate_limit does not hold for."),
	ROW("hub.allow_local_urls",  hub_allow_local_urls,    "no",
	    "Whether a push notice may name a folder of this machine as its upstream (net.allow_file has to allow it, too); for tests on one machine only."),
	ROW("hub.expose_paths",      hub_expose_paths,        "no",
	    "Whether dir in answers of the Hub is an absolute path; else it is relative to data.dir."),
	ROW("hub.anonymous_push",    hub_anonymous_push,      "no",
	    "Whether a push notice that nobody stands behind and nobody signed may start the sync of an open mirror without a secret."),
	ROW("hub.mirror_on_push",    hub_mirror_on_push,      "no",
	    "Whether mirrors that are made by a push notice get a project in the hub's own GitLab, too (gitlab.endpoint)."),
	ROW("hub.push_secret",       hub_push_secret,         "",
	    "The file of the secret that signs push notices for every open mirror of the hub (X-Hub-Signature-256); empty for none."),
	NUMBER("hub.push_rate",      hub_push_rate,           "1000", 0, 1000000,
	    "Push notices for one project that one address may send in a clock hour; 0 sets no limit."),
	NUMBER("hub.blob_bytes",     hub_blob_bytes,          "10485760", 1024, 33554432,
	    "The largest file that the Hub's JSON shows, in bytes; raw pages have no limit."),
	ROW("rhodecode.profile",     rhodecode_profile,       "auto",
	    "What results calls to /_admin/api get: S (RhodeCode 1.2), M (Kallithea), or auto, by what a call looks like."),
	NUMBER("rhodecode.wait_s",   rhodecode_wait_s,        "300", 1, 3600,
	    "Seconds that a call to /_admin/api may wait for the sync that it asked for."),
	NUMBER("schedule",           schedule_s,              "3600", 60, 31536000,
	    "Seconds from the end of a sync to the next one, for mirrors without an interval of their own."),
	ROW("schedule_in",           schedule_in,             "",
	    "The same as hpr writes it: minutes, or N.hours, N.days, N.weeks, N.months, N.years; wins over schedule."),
	ROW("schedule_adaptive",     schedule_adaptive,       "yes",
	    "Whether mirrors that change often are asked more often than others, and schedule is their mean; no, or an interval of a mirror's own: exactly that."),
	NUMBER("host.rate",          host_rate,               "2", 0, 1000,
	    "Requests a second to one host, in the mean, unless net.allow has it; 0 sets no limit."),
	NUMBER("host.burst",         host_burst,              "10", 1, 1000,
	    "Requests that may follow each other at once before host.rate holds."),
	NUMBER("host.connections",   host_connections,        "16", 0, 256,
	    "The most requests at the same time to one host; begins with 4, and is halved when the host has trouble. For hosts in net.allow 64 times as many."),
	ROW("hub.post_fetch_hooks",  hub_post_fetch_hooks,    "",
	    "Programs, divided by commas, that run for each branch that a sync or a push changed: absolute paths, or the name of one of ours (jira)."),
	ROW("hub.hooks_on_clone",    hub_hooks_on_clone,      "no",
	    "Whether hub.post_fetch_hooks also run after the first sync of a mirror, for every branch."),
	NUMBER("hub.hook_s",         hub_hook_s,              "60", 1, 3600,
	    "Seconds that one call of a post-fetch hook may take; then it is killed."),
	ROW("hub.jira_config",       hub_jira_config,         "",
	    "The file that tells the hook jira where to comment, in JSON; mode 0600, for the sync program alone."),
	ROW("webhook.schemes",       webhook_schemes,         "https",
	    "The URL schemes that webhooks may have; http sends what is said about a project in the clear."),
	NUMBER("webhook.senders",    webhook_senders,         "2", 1, 16,
	    "Deliveries to webhooks at the same time on this machine."),
	NUMBER("webhook.total_s",    webhook_total_s,         "10", 1, 60,
	    "The longest that one delivery to a webhook may take, in seconds."),
	ROW("gitlab.endpoint",       gitlab_endpoint,         "",
	    "The address of the API of the GitLab that hpr's mirrors are pushed on to, like https://gitlab.example.com/api/v4; empty for none."),
	ROW("gitlab.private_token_file", gitlab_private_token_file, "/etc/mirrorhub/gitlab.token",
	    "The file of the access token for it, one line; mode 0400, for the sync program alone."),
	ROW("gitlab.token_type",     gitlab_token_type,       "private",
	    "private for personal, group and project access tokens; oauth for an OAuth token."),
	ROW("gitlab.group_name",     gitlab_group_name,       "mirrors",
	    "The path of the group that projects are made in; made if it is not there."),
	ROW("gitlab.push_over",      gitlab_push_over,        "http",
	    "How pushes go there: http, with the token; or ssh, with the key of net.ssh_key."),
	NUMBER("gitlab.ssh_port",    gitlab_ssh_port,         "22", 1, 65535,
	    "The port of its ssh server."),
	ROW("gitlab.project_public", gitlab_project_public,   "no",
	    "Whether new projects are public; else they are private."),
	ROW("gitlab.project_issue",  gitlab_project_issue,    "no",
	    "Whether new projects have issues."),
	ROW("gitlab.project_wiki",   gitlab_project_wiki,     "no",
	    "Whether new projects have a wiki."),
	ROW("gitlab.project_merge_request", gitlab_project_merge_request, "no",
	    "Whether new projects have merge requests."),
	ROW("gitlab.project_snippet", gitlab_project_snippet, "no",
	    "Whether new projects have snippets."),
	ROW("net.schemes",           net_schemes,             "https http ssh git",
	    "The URL schemes an upstream may have."),
	ROW("net.allow",             net_allow,               "",
	    "Networks (CIDR) and host names, divided by blanks, that may be reached although they are private or local."),
	ROW("net.deny_ports",        net_deny_ports,          "19 21 23 25 53 110 111 119 135 139 143 389 445 465 587 631 873 993 995 1433 2049 2375 2376 3306 3389 5432 5984 6379 9200 9300 11211 27017",
	    "Ports that no upstream may have: services that an HTTP request must not reach."),
	ROW("net.resolvers",         net_resolvers,           "",
	    "Name servers to ask for the hosts of upstreams: addresses, with :port if need be, divided by blanks; empty for the system's."),
	ROW("net.allow_file",        net_allow_file,          "no",
	    "Whether file: URLs may be upstreams; for tests on one machine only."),
	ROW("net.ssh_known_hosts",   net_ssh_known_hosts,     "/etc/mirrorhub/known_hosts",
	    "The host keys of ssh upstreams; a host that is not in it is refused."),
	ROW("net.ssh_key",           net_ssh_key,             "/etc/mirrorhub/ssh_key",
	    "The private key for ssh upstreams."),
	NUMBER("net.connect_s",      net_connect_s,           "10", 1, 300,
	    "Seconds to reach an upstream, name look-up and TLS included."),
	NUMBER("net.low_speed_bytes", net_low_speed_bytes,    "1000", 1, 1000000000,
	    "A transfer slower than this many bytes a second for net.low_speed_s is given up."),
	NUMBER("net.low_speed_s",    net_low_speed_s,         "60", 1, 3600,
	    "Seconds that a transfer may be slower than net.low_speed_bytes, or silent."),
	NUMBER("sync.workers",       sync_workers,            "4", 1, 64,
	    "Syncs at the same time on this machine."),
	NUMBER("sync.probes",        sync_probes,             "256", 0, 1024,
	    "Upstreams that are asked at the same time whether they have anything new; 0: each sync asks for itself."),
	NUMBER("sync.lease_s",       sync_lease_s,            "120", 3, 3600,
	    "Seconds until a job whose program died may be taken by another; renewed while it lives."),
	NUMBER("sync.poll_s",        sync_poll_s,             "5", 1, 3600,
	    "Seconds between looks at the queue when no notice comes (--follow)."),
	NUMBER("sync.total_s",       sync_total_s,            "1800", 1, 86400,
	    "The longest that one sync may take, in seconds."),
	NUMBER("sync.cpu_s",         sync_cpu_s,              "1800", 1, 86400,
	    "The most processor seconds of one worker process."),
	NUMBER("sync.memory_bytes",  sync_memory_bytes,       "4294967296", 67108864, 0x7fffffffffff,
	    "The most address space of one worker process."),
	NUMBER("sync.advert_bytes",  sync_advert_bytes,       "67108864", 1024, 1073741824,
	    "The largest list of refs an upstream may send, in bytes."),
	NUMBER("sync.pack_bytes",    sync_pack_bytes,         "10737418240", 1024, 0x7fffffffffff,
	    "The largest pack an upstream may send in one sync, in bytes."),
	NUMBER("sync.objects",       sync_objects,            "50000000", 1, 2000000000,
	    "The most objects in one pack."),
	NUMBER("sync.index_pack_objects", sync_index_pack_objects, "20000", 0, 2000000000,
	    "A pack of so many objects or more is indexed by git index-pack, a smaller one by "
	    "libgit2."),
	NUMBER("sync.object_bytes",  sync_object_bytes,       "536870912", 1024, 0x7fffffffffff,
	    "The largest object, unpacked, in bytes."),
	NUMBER("sync.refs",          sync_refs,               "500000", 1, 10000000,
	    "The most refs of one mirror."),
	NUMBER("sync.attempts",      sync_attempts,           "11", 1, 1000,
	    "Failed attempts after which a job counts as dead until its next regular time."),
	NUMBER("target.audit_s",     target_audit_s,          "86400", 60, 31536000,
	    "Seconds after which a target that nothing is pushed to is looked at all the same."),
	NUMBER("sync.disk_free_percent", sync_disk_free_percent, "5", 0, 90,
	    "Fetches pause while less of the disk, or of its inodes, than this is free."),
	ROW("mirror.mode",           mirror_mode,             "exact",
	    "How mirrors follow their upstreams: exact, additive (no ref is ever deleted or forced) or archival (exact, and what is replaced is kept for ever)."),
	ROW("mirror.prune",          mirror_prune,            "yes",
	    "Whether branches and tags that an upstream deletes are deleted here too."),
	NUMBER("kept.count",         kept_count,              "20", 0, 10000,
	    "Old tips of one ref that are kept when it is forced, moved or deleted."),
	NUMBER("kept.days",          kept_days,               "180", 0, 36500,
	    "Days that such a tip is kept."),
	ROW("guard.allow_rewrite",   guard_allow_rewrite,     "no",
	    "Whether suspicious changes of an upstream are published at once instead of being held for approval."),
	NUMBER("guard.lost_percent", guard_lost_percent,      "50", 0, 100,
	    "A forced default branch that loses more than this share of its commits is held."),
	NUMBER("guard.least_commits", guard_least_commits,    "10", 0, 1000000,
	    "A forced default branch that has fewer commits than this, and had as many, is held."),
	NUMBER("guard.branches_percent", guard_branches_percent, "20", 1, 100,
	    "The share of branches that may not go at once without approval."),
	NUMBER("guard.branches_least", guard_branches_least,  "2", 1, 1000000,
	    "Fewer deleted branches than this are never held."),
	NUMBER("guard.tags",         guard_tags,              "5", 1, 1000000,
	    "So many tags may not go at once without approval."),
	NUMBER("guard.commits",      guard_commits,           "200000", 1000, 100000000,
	    "The most commits that are compared to find out what a forced branch loses; when they do not suffice, it is held."),
	NUMBER("audit.days",         audit_days,              "30", 0, 3650,
	    "Every repository is read as a whole, hashed and checked at least once in so many days; 0: never."),
	NUMBER("audit.bytes_per_hour", audit_bytes_per_hour,  "53687091200", 0, 0x7fffffffffff,
	    "The most bytes of repositories that audits read in an hour; 0 sets no limit."),
	NUMBER("audit.total_s",      audit_total_s,           "14400", 10, 604800,
	    "The longest that the audit of one repository may take, in seconds."),
	NUMBER("upkeep.load_percent", upkeep_load_percent,    "150", 0, 100000,
	    "Audits and upkeep wait while the machine's load is above so many percent of its processors; 0: never."),
	NUMBER("upkeep.s_per_hour",  upkeep_s_per_hour,       "1800", 1, 3600,
	    "Seconds of each hour that upkeep (packs, bitmaps, commit-graphs) may take on this machine."),
	NUMBER("upkeep.old_days",    upkeep_old_days,         "14", 1, 3650,
	    "Days that a repository which was replaced by a fresh one, and objects that no ref needs, are kept."),
	NUMBER("git.push_bytes",     git_push_bytes,          "2147483648", 1024, 0x7fffffffffff,
	    "The largest push, in bytes."),
	NUMBER("git.request_bytes",  git_request_bytes,       "10485760", 1024, 1073741824,
	    "The largest request of a fetching client, unpacked, in bytes."),
	NUMBER("git.cpu_s",          git_cpu_s,               "300", 1, 86400,
	    "The most processor seconds of one git child."),
	NUMBER("git.total_s",        git_total_s,             "3600", 1, 86400,
	    "The longest that one clone, fetch or push may take, in seconds."),
	NUMBER("git.children",       git_children,            "4", 1, 256,
	    "Clones and pushes at the same time: the processes of the git pool."),
	NUMBER("git.memory_bytes",   git_memory_bytes,        "4294967296", 67108864, 0x7fffffffffff,
	    "The most address space of one git child."),
	NUMBER("git.cache_bytes",        git_cache_bytes,         "4294967296", 0, 0x7fffffffffff,
	    "The most disk space for kept answers to full clones; 0 keeps none."),
	NUMBER("answer_cpu_s",       answer_cpu_s,          "15",     1, 3600,
	    "An answer of the web may cost so many seconds of processor time, then its process "
	    "ends and is replaced. What Git's programs say may be of any size."),
	NUMBER("requests_per_process", requests_per_process,  "100000", 1, 1000000000,
	    "A web process ends after this many requests and is replaced."),
	NUMBER("alert.age_intervals", alert_age_intervals,    "3", 1, 1000,
	    "A mirror that was not checked for so many of its intervals is stale: webhooks are told once."),
	ROW("metrics.allow",         metrics_allow,           "127.0.0.0/8 ::1",
	    "Networks (CIDR) and addresses, divided by blanks, that may read /metrics; for all others it is not there."),
	ROW("log.level",             log_level,               "info",
	    "err, warn, info or debug."),
	{ .sentence = NULL },
};
/* clang-format on */

static const struct conf_row *
row_by_key(const char *key)
{
	for (const struct conf_row *r = conf_rows; r->sentence != NULL; r++)
		if (strcmp(r->field.name, key) == 0)
			return r;
	return NULL;
}

static bool
is_bool(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "yes", true }, { "no", false }, { "true", true }, { "false", false },
		{ "on", true }, { "off", false } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, text) == 0) {
			*out = words[i].value;
			return true;
		}
	return false;
}

static int
set(struct ctx *c, const struct conf_row *r, const char *value, struct conf *out)
{
	int64_t number;

	switch (r->field.type) {
	case F_TEXT:
		*FIELD_AT(out, &r->field, const char *) = arena_strdup(c->mem, value);
		return OK;
	case F_BOOL:
		if (!is_bool(value, FIELD_AT(out, &r->field, bool)))
			return fail(c, E_INVALID, "%s is yes or no", r->field.name);
		return OK;
	case F_INT:
		if (!str_is_int(value, &number))
			return fail(c, E_INVALID, "%s is a whole number", r->field.name);
		if (r->most != 0 && (number < r->least || number > r->most))
			return fail(c, E_INVALID, "%s is from %lld to %lld", r->field.name,
			    (long long)r->least, (long long)r->most);
		*FIELD_AT(out, &r->field, int64_t) = number;
		return OK;
	}
	return fail(c, E_INTERNAL, "setting %s has no type", r->field.name);
}

static char *
trimmed(char *s)
{
	char *end = s + strlen(s);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s + strspn(s, " \t\r");
}

static int
read_line(struct ctx *c, const char *path, size_t number, char *line, struct conf *out)
{
	const struct conf_row *row;
	char *key = trimmed(line), *equals = strchr(key, '=');

	if (key[0] == '\0' || key[0] == '#')
		return OK;
	if (equals == NULL)
		return fail(c, E_INVALID, "%s:%zu: a line is key = value", path, number);
	*equals = '\0';
	key = trimmed(key);
	row = row_by_key(key);
	if (row == NULL)
		return fail(c, E_INVALID, "%s:%zu: there is no setting %s", path, number, key);
	if (set(c, row, trimmed(equals + 1), out) != OK)
		return fail(c, E_INVALID, "%s:%zu: %s", path, number, c->reason);
	return OK;
}

static bool
is_profile(const char *text)
{
	return strcmp(text, "auto") == 0 || strcmp(text, "S") == 0 || strcmp(text, "M") == 0;
}

static bool
is_mode(const char *text)
{
	return strcmp(text, "exact") == 0 || strcmp(text, "additive") == 0 ||
	    strcmp(text, "archival") == 0;
}

int
conf_load(struct ctx *c, const char *path, struct conf *out)
{
	struct conf conf = { 0 };
	size_t n = 0;
	char *text, **lines;

	for (const struct conf_row *r = conf_rows; r->sentence != NULL; r++)
		TRY(set(c, r, r->value, &conf));
	if (path != NULL) {
		TRY(path_read(c, path, FILE_MAX_BYTES, &text));
		lines = str_split(c->mem, text, '\n', &n);
		for (size_t i = 0; i < n; i++)
			TRY(read_line(c, path, i + 1, lines[i], &conf));
	}
	if (!is_profile(conf.rhodecode_profile))
		return fail(c, E_INVALID, "rhodecode.profile is auto, S or M");
	if (!is_mode(conf.mirror_mode))
		return fail(c, E_INVALID, "mirror.mode is exact, additive or archival");
	if (conf.schedule_in[0] != '\0')
		TRY(conf_parse_schedule_in(c, conf.schedule_in, &conf.schedule_s));
	*out = conf;
	return OK;
}

int
conf_parse_schedule_in(struct ctx *c, const char *text, int64_t *seconds_out)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "hour", 3600 }, { "day", 86400 }, { "week", 604800 }, { "month", 2592000 },
		{ "year", 31104000 } };
	const char *dot = strchr(text, '.');
	int64_t n, unit_s = 60;

	if (!str_is_int(
		arena_strndup(c->mem, text, dot ? (size_t)(dot - text) : strlen(text)), &n) ||
	    n < 1 || n > 1000000)
		return fail(
		    c, E_INVALID, "schedule_in is minutes, or a number with a unit as in 2.weeks");
	if (dot != NULL) {
		size_t len = strlen(dot + 1);

		unit_s = 0;
		if (len > 0 && dot[len] == 's')
			len--;
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].unit) == len &&
			    strncmp(units[i].unit, dot + 1, len) == 0)
				unit_s = units[i].seconds;
		if (unit_s == 0)
			return fail(
			    c, E_INVALID, "schedule_in has hours, days, weeks, months or years");
	}
	*seconds_out = n * unit_s;
	return OK;
}
