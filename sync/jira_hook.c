/* jira-post-fetch-hook: comments on the tickets that new commits name. sync/hooks.c calls it for
 * each changed branch; what it prints comes into the hub's log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/path.h"
#include "base/str.h"
#include "git/init.h"
#include "git/log.h"
#include "git/view.h"
#include "net/http.h"
#include "sync/jira_conf.h"
#include "sync/jira_seen.h"
#include "sync/jira_text.h"

#define EXIT_USAGE 64
#define BRANCHES "refs/heads/"
#define COMMITS_MAX GIT_LOG_MOST /* the newest ones of a branch that are looked at */
#define COMMENTS_MAX 50		 /* in one run */
#define COMMENT_S 10		 /* for one */
#define READ_MAX_BYTES                                                                             \
	(64 * 1024) /* of an answer: then its connection is good for the next one                  \
		     */
#define BODY_MAX_BYTES (256 * 1024)

static const char usage[] =
    "usage: jira-post-fetch-hook OLDREV NEWREV refs/heads/BRANCH\n"
    "  Comments on the tickets of JIRA that the commits OLDREV..NEWREV name. To be called in the\n"
    "  bare repository, by mirrorhub-sync (hub.post_fetch_hooks = jira), with these set:\n"
    "  CONFIG             the settings file; its hub.jira_config names the file of the servers\n"
    "  MIRRORHUB_PROJECT  the project's path\n"
    "  MIRRORHUB_UPSTREAM its upstream, if it is a mirror\n"
    "  MIRRORHUB_BEFORE   what all branches that changed with it pointed at before\n"
    "Exit code: 0 all is said, 1 something is not, 64 wrong arguments.\n";

struct run {
	struct ctx *c;
	const struct jira_conf *conf;
	const char *old_id, *new_id, *ref; /* as we were called */
	const char *project, *upstream, *before;
	const char *place; /* "PROJECT/BRANCH", of the lists */
	int64_t comment_s; /* the longest that one comment may take */
	struct git_view *view;
	struct git_log log;
	struct jira_seen seen;
	int64_t until_us; /* of clock_mono_us */
	int n_comments, n_left_out, n_failures;
};

/* One comment on its way. */
struct comment {
	const struct jira_server *server;
	const char *ticket, *commit, *text;
};

static const char *
branch_of(const struct run *r)
{
	return r->ref + strlen(BRANCHES);
}

/* ---- one comment to one server */

/* What it says does not matter, and neither does how it ends. */
static void
read_away(struct net_http *h)
{
	char bytes[4096];
	size_t len = 0, got = 0;

	do {
		if (net_http_read(h, bytes, sizeof(bytes), &got) != OK)
			return;
		len += got;
	} while (got > 0 && len < READ_MAX_BYTES);
}

/* The statuses after which the next ticket would fare no better. */
static bool
is_servers_fault(long status)
{
	return status == 401 || status == 429 || status >= 500 || (status >= 300 && status < 400);
}

static const char *
word_for(long status)
{
	switch (status) {
	case 401:
		return "our credentials are refused";
	case 403:
		return "we may not comment there, or have to sign in by hand first";
	case 404:
		return "no such ticket, or it is hidden from us";
	case 429:
		return "we come too often";
	default:
		return "not taken";
	}
}

static int
send_comment(struct ctx *c, const struct comment *m, int64_t total_s, long *status_out)
{
	const char *bearer = m->server->token == NULL
	    ? NULL
	    : arena_printf(c->mem, "Authorization: Bearer %s", m->server->token);
	struct buf *body = buf_new(c->mem, BODY_MAX_BYTES);
	const char *const headers[] = { bearer, NULL };
	struct net_request request = { .accept = "application/json",
		.content_type = "application/json",
		.max_bytes = INT64_MAX,
		.headers = headers,
		.any_status = true };
	struct net_http *h;
	struct net_url url;
	struct net *n;

	buf_text(body, "{\"body\":");
	js_text(body, m->text);
	buf_char(body, '}');
	request.suffix = arena_printf(c->mem, "/%s/comment", m->ticket);
	request.body = body->data;
	request.body_len = body->len;
	TRY(net_url_parse(c, arena_printf(c->mem, "%s/rest/api/2/issue", m->server->url), &url));
	TRY(net_open(c, m->server->credentials != NULL ? m->server->credentials : "", total_s, NULL,
	    NULL, &n));
	TRY(net_http_open(n, &url, &h));
	TRY(net_http_request(h, &request));
	*status_out = net_http_status(h);
	read_away(h);
	return OK;
}

static void
tell(const struct comment *m, const char *what)
{
	printf("%s: %s (commit %.7s, %s)\n", m->ticket, what, m->commit, m->server->url);
}

static void
tell_failure(struct run *r, const struct comment *m, const char *why)
{
	r->n_failures++;
	tell(m, why);
}

/* false: this server is not to be asked again. */
static bool
post(struct run *r, struct ctx *c, const struct comment *m)
{
	long status = 0;

	if (send_comment(c, m, r->comment_s, &status) != OK) {
		tell_failure(r, m, str_redact(c->mem, c->reason));
		return false;
	}
	if (status < 200 || status > 299) {
		tell_failure(r, m, arena_printf(c->mem, "%s (HTTP %ld)", word_for(status), status));
		return !is_servers_fault(status);
	}
	tell(m, "commented");
	if (jira_seen_add(c, &r->seen, m->server->url, m->ticket, m->commit) != OK)
		tell_failure(r, m, c->reason);
	return true;
}

static bool
comment(struct run *r, struct ctx *c, const struct comment *m)
{
	if (jira_seen_has(c, &r->seen, m->server->url, m->ticket, m->commit)) {
		tell(m, "has the comment already");
		return true;
	}
	if (r->n_comments == COMMENTS_MAX || clock_mono_us() > r->until_us) {
		r->n_left_out++;
		return true;
	}
	r->n_comments++;
	if (!r->conf->is_dry_run)
		return post(r, c, m);
	tell(m, "would be commented: this is a dry run");
	return true;
}

/* ---- commits */

/* false: as above. */
static bool
tell_of_commit(struct run *r, struct ctx *c, const struct jira_server *s, const char *id)
{
	const struct jira_push push = { .project = r->project,
		.branch = branch_of(r),
		.pages = jira_pages(c, s->pages != NULL ? s->pages : r->c->conf->base_url,
		    r->project, r->upstream) };
	struct comment m = { .server = s, .commit = id };
	struct git_commit_info info;
	struct jira_list tickets;

	if (git_commit_read(c, r->view, id, &info) != OK) {
		r->n_failures++;
		printf("commit %.7s: %s\n", id, c->reason);
		return true;
	}
	jira_tickets(c, info.message, &s->projects, &tickets);
	if (tickets.n > 0)
		m.text = jira_comment(c, &push, &info);
	for (size_t i = 0; i < tickets.n; i++) {
		m.ticket = tickets.rows[i];
		if (!comment(r, c, &m))
			return false;
	}
	return true;
}

/* Oldest first. What one commit needs is given back before the next one. */
static void
tell_server(struct run *r, const struct jira_server *s)
{
	struct ctx inner = *r->c;
	size_t i = r->log.n;

	inner.mem = arena_new();
	while (i > 0 && tell_of_commit(r, &inner, s, r->log.ids[i - 1])) {
		arena_reset(inner.mem);
		inner.reason = "";
		i--;
	}
	arena_free(inner.mem);
	if (i > 1)
		printf("%s: given up, %zu newer commits are not told\n", s->url, i - 1);
}

static bool
is_wanted_by_any(struct run *r)
{
	bool is = false;

	for (size_t i = 0; i < r->conf->n; i++) {
		const struct jira_server *s = &r->conf->servers[i];

		if (jira_is_wanted(s, r->place))
			is = true;
		else
			printf("%s: not told, by its lists of branches\n", s->url);
	}
	return is;
}

/* ---- a run */

static bool
is_none(const char *id)
{
	return strspn(id, "0") == strlen(id);
}

static int
find_commits(struct run *r)
{
	struct ctx *c = r->c;
	const char *dir = path_absolute(c->mem, ".");
	struct git_arrival a = { .id = r->new_id, .branch = r->ref };

	a.old_id = is_none(r->old_id) ? NULL : r->old_id;
	a.before = (const char *const *)str_split(c->mem, r->before, ' ', &a.n_before);
	if (dir == NULL)
		return fail(c, E_NOTFOUND, "the repository is gone");
	TRY(git_init(c));
	TRY(git_view_open(c, dir, &r->view));
	TRY(git_log_new(c, git_view_repo(r->view), &a, COMMITS_MAX, &r->log));
	if (r->log.has_more || r->log.is_cut)
		printf("only the newest %zu commits are looked at\n", r->log.n);
	return OK;
}

/* Runs of several hubs' machines, or by hand, wait for each other: what one comments, the next one
 * has to know. */
static int
open_seen(struct run *r)
{
	const char *path = path_under(r->c->mem, r->c->conf->data_dir, "jira-comments");
	int wait_ms = (int)(r->c->conf->hub_hook_s * 1000 / 2), *lock;

	TRY(path_lock(r->c, arena_printf(r->c->mem, "%s.lock", path), wait_ms, &lock));
	return jira_seen_open(r->c, path, &r->seen);
}

static int
tell_all(struct run *r)
{
	TRY(find_commits(r));
	TRY(open_seen(r));
	for (size_t i = 0; i < r->conf->n; i++)
		if (jira_is_wanted(&r->conf->servers[i], r->place))
			tell_server(r, &r->conf->servers[i]);
	if (r->n_left_out > 0)
		printf("%d more comments are left out: a run makes at most %d, and has no more "
		       "than %lld s\n",
		    r->n_left_out, COMMENTS_MAX, (long long)r->c->conf->hub_hook_s);
	return r->n_failures == 0 ? OK
				  : fail(r->c, E_INTERNAL, "%d failures, see above", r->n_failures);
}

/* Nobody waits for us longer than hub.hook_s. */
static void
set_times(struct run *r)
{
	int64_t hook_s = r->c->conf->hub_hook_s;

	r->comment_s = hook_s / 2 < COMMENT_S ? hook_s / 2 + 1 : COMMENT_S;
	r->until_us = clock_mono_us() + (hook_s - r->comment_s) * 1000000;
}

static int
begin(struct run *r)
{
	struct ctx *c = r->c;
	struct jira_conf conf;
	int code;

	if (c->conf->hub_jira_config[0] == '\0')
		return fail(c, E_INVALID, "hub.jira_config is not set");
	TRY(jira_conf_read(c, c->conf->hub_jira_config, &conf));
	set_times(r);
	r->conf = &conf;
	r->place = arena_printf(c->mem, "%s/%s", r->project, branch_of(r));
	if (is_none(r->new_id) || !is_wanted_by_any(r)) /* the branch is gone */
		return OK;
	code = tell_all(r);
	if (code != OK && conf.admin != NULL)
		printf("please tell %s\n", conf.admin);
	return code;
}

static bool
is_id(const char *text)
{
	unsigned char bytes[20];

	return str_is_hex(text, bytes, sizeof(bytes));
}

static const char *
setting(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

int
main(int argc, char **argv)
{
	struct conf conf;
	struct ctx c = { .reason = "", .conf = &conf };
	struct run r = { .c = &c,
		.project = setting("MIRRORHUB_PROJECT"),
		.upstream = setting("MIRRORHUB_UPSTREAM"),
		.before = setting("MIRRORHUB_BEFORE") };
	const char *file =
	    setting("CONFIG")[0] != '\0' ? setting("CONFIG") : setting("MOLYBDENUM_CONFIG");
	int code;

	if (argc != 4 || !is_id(argv[1]) || !is_id(argv[2]) || !str_starts(argv[3], BRANCHES) ||
	    file[0] == '\0' || r.project[0] == '\0') {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0); /* what is said is said, also when we are killed */
	r.old_id = argv[1];
	r.new_id = argv[2];
	r.ref = argv[3];
	c.mem = arena_new();
	code = conf_load(&c, file, &conf);
	if (code == OK)
		code = begin(&r);
	if (code != OK)
		printf("%s\n", c.reason);
	arena_free(c.mem);
	return code == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
