#include "sync/prober.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "git/init.h"
#include "git/ls_refs.h"
#include "net/multi.h"
#include "sync/child.h"
#include "sync/confine.h"
#include "sync/mirror.h"
#include "sync/options.h"
#include "sync/peer.h"
#include "sync/probe_row.h"
#include "sync/wire.h"

#define REPORTS_MAX_BYTES (128 * 1024)
#define REPORTS_LINE_BYTES ((size_t)40 * 1024) /* as JSON they may be six times as long */
#define REPORTS_US 50000 /* they wait for a line to be full, or until nothing is under way */
#define FILES_MOST 4096
#define NO_V2 2 /* of host_v2 */
#define HAS_V2 1

/* Everything of one probe; its memory is used again. */
struct probe {
	struct prober *prober;
	struct probe *next; /* of the free ones */
	struct ctx c;
	struct net net;
	struct net_ask ask;
	struct net_url url;		 /* of the mirror: each request starts there */
	const struct git_filter *filter; /* NULL: branches and tags */
	int64_t fence, host_v2, refs_most;
	char *credentials;
	struct git_ls_refs *refs; /* of the request at hand */
	bool has_tried_v2;
};

struct prober {
	struct ctx *c;
	struct net_multi *multi;
	struct probe *free;
	char in[WIRE_LINE_MAX]; /* up to a line not yet whole */
	size_t n_in;
	struct buf *reports; /* not sent yet */
	int64_t reports_us;  /* since when; 0: there are none */
	int64_t told_us;
	struct arena *out_mem; /* of the line on its way */
	const char *out;
	size_t out_len;
	bool is_alone;	    /* the supervisor is gone */
	bool wants_writing; /* as it was told to net_multi_watch */
};

/* ---- requests */

static const struct net_form list_refs = {
	.suffix = "/git-upload-pack",
	.is_post = true,
	.headers = { "Accept: application/x-git-upload-pack-result",
	    "Content-Type: application/x-git-upload-pack-request", "Git-Protocol: version=2" },
	.content_type = "application/x-git-upload-pack-result",
};

/* Of a server that is not known to speak version 2, which may have learnt it. */
static const struct net_form advert_of_any = {
	.suffix = "/info/refs",
	.query = "service=git-upload-pack",
	.headers = { "Accept: */*", "Git-Protocol: version=2" },
	.content_type = "application/x-git-upload-pack-advertisement",
};

/* Of one that was asked by version 2, in vain. */
static const struct net_form advert = {
	.suffix = "/info/refs",
	.query = "service=git-upload-pack",
	.headers = { "Accept: */*" },
	.content_type = "application/x-git-upload-pack-advertisement",
};

static int
on_bytes(void *payload, const char *bytes, size_t len)
{
	struct probe *p = payload;

	return git_ls_refs_feed(p->refs, bytes, len);
}

static void
ask(struct probe *p, const struct net_form *form)
{
	p->has_tried_v2 |= form == &list_refs;
	p->refs = git_ls_refs_new(&p->c, !form->is_post, p->filter, p->refs_most);
	p->ask.form = form;
	p->ask.url = p->url;
	net_multi_start(p->prober->multi, &p->ask, PROBER_TOTAL_S);
}

/* ---- ends */

static void
report(struct probe *p, const struct probe_report *r)
{
	struct prober *all = p->prober;

	probe_report_add(all->reports, r);
	if (all->reports_us == 0)
		all->reports_us = clock_mono_us();
	explicit_bzero(p->credentials, strlen(p->credentials));
	arena_reset(p->c.mem);
	p->next = all->free;
	all->free = p;
}

static void
report_failure(struct probe *p, int code)
{
	report(p,
	    &(struct probe_report){ .fence = p->fence,
		.fingerprint = "",
		.error = sync_error_text(sync_error_of(&p->net, code)),
		.retry_after_s = p->net.retry_after_s,
		.moved_to = "",
		.error_text = mirror_sentence(&p->c, p->credentials) });
}

static void
report_refs(struct probe *p, const char *fingerprint)
{
	bool is_v2 = p->ask.form == &list_refs;

	report(p,
	    &(struct probe_report){ .fence = p->fence,
		.fingerprint = fingerprint,
		.error = "",
		.host_v2 = is_v2 ? HAS_V2 : NO_V2,
		.moved_to = p->ask.is_moved ? peer_address(p->c.mem, &p->ask.url) : "",
		.error_text = "" });
}

/* What was asked by version 2 and answered otherwise is asked by version 0, unless the answer is
 * one whatever the version: who we are, too often, in trouble, not to be reached. */
static bool
may_be_of_v0(const struct probe *p, int code)
{
	switch (p->ask.status) {
	case 0: /* no connection, or a rule of ours */
	case 401:
	case 403:
	case 407:
	case 408:
	case 429:
		return false;
	case 503:
		return p->host_v2 != HAS_V2 && p->net.retry_after_s == 0;
	}
	if (p->ask.status >= 500)
		return p->host_v2 != HAS_V2;
	if (p->ask.status >= 300)
		return p->net.why != NET_WHY_POLICY;
	/* a list that broke off, or is too long, is one */
	return !p->ask.has_type || (p->net.why == 0 && code != E_DENIED);
}

static int
end_of_list(struct probe *p, const char **fingerprint_out)
{
	if (!p->ask.has_type)
		return peer_check_type(&p->net, p->ask.content_type, p->ask.form->content_type);
	return git_ls_refs_end(p->refs, fingerprint_out);
}

static void
on_end(void *payload, int code)
{
	struct probe *p = payload;
	const char *fingerprint;

	if (code == OK)
		code = end_of_list(p, &fingerprint);
	if (code == OK)
		report_refs(p, fingerprint);
	else if (p->ask.form == &list_refs && may_be_of_v0(p, code))
		ask(p, &advert);
	else if (!p->has_tried_v2 && git_ls_refs_is_v2_advert(p->refs))
		ask(p, &list_refs);
	else
		report_failure(p, code);
}

/* ---- orders */

static void
free_arena(void *mem)
{
	arena_free(mem);
}

static struct probe *
free_probe(struct prober *all)
{
	struct probe *p = all->free;

	if (p != NULL) {
		all->free = p->next;
		return p;
	}
	p = arena_new_of(all->c->mem, struct probe);
	p->prober = all;
	p->c = *all->c;
	p->c.mem = arena_new();
	arena_defer(all->c->mem, free_arena, p->c.mem);
	return p;
}

static int
least(int64_t a, int64_t b)
{
	return (int)(a < b ? a : b);
}

static void
prepare(struct probe *p, const struct probe_order *o)
{
	const struct conf *conf = p->c.conf;

	p->c.reason = "";
	p->fence = o->fence;
	p->host_v2 = o->host_v2;
	p->refs_most = conf->sync_refs;
	p->filter = NULL;
	p->has_tried_v2 = false;
	p->credentials = arena_strdup(p->c.mem, o->credentials);
	p->net = (struct net){ .c = &p->c,
		.policy = net_multi_policy(p->prober->multi),
		.credentials = p->credentials };
	p->ask.net = &p->net;
	p->ask.max_bytes = conf->sync_advert_bytes;
	p->ask.idle_s = least(PROBER_IDLE_S, conf->net_low_speed_s);
	p->ask.host_most = o->most > 0 ? o->most : 1;
	p->ask.payload = p;
	p->ask.on_bytes = on_bytes;
	p->ask.on_end = on_end;
}

static int
take_options(struct probe *p, const char *json)
{
	struct options options;

	if (json[0] == '\0')
		return OK;
	TRY(options_parse(&p->c, json, &options));
	p->filter = options.filter;
	p->refs_most = options.most_refs;
	return OK;
}

static int
take_url(struct probe *p, const char *text)
{
	if (net_url_parse(&p->c, text, &p->url) != OK)
		return net_fail(&p->net, NET_WHY_POLICY, "%s", p->c.reason);
	if (p->url.scheme != NET_HTTP && p->url.scheme != NET_HTTPS)
		return net_fail(&p->net, NET_WHY_LOCAL, "only http and https are asked like this");
	return OK;
}

static void
begin(struct prober *all, const struct probe_order *o)
{
	struct probe *p = free_probe(all);
	int code;

	prepare(p, o);
	code = take_url(p, o->url);
	if (code == OK)
		code = take_options(p, o->options);
	if (code != OK) {
		report_failure(p, code);
		return;
	}
	p->ask.body = git_ls_refs_request(&p->c, p->filter);
	p->ask.body_len = strlen(p->ask.body);
	ask(p, p->host_v2 == NO_V2 ? &advert_of_any : &list_refs);
}

/* Each row has memory of its own, which is gone when the order is. */
static int
begin_all(struct prober *all, struct ctx *c, const char *rows)
{
	struct probe_order order;
	size_t n;
	char **lines = str_split(c->mem, rows, '\n', &n);

	for (size_t i = 0; i + 1 < n; i++) { /* the last one is empty */
		if (net_multi_count(all->multi) >= (size_t)c->conf->sync_probes)
			return fail(c, E_INVALID, "more probes than there may be");
		TRY(probe_order_parse(c, lines[i], &order));
		begin(all, &order);
		explicit_bzero((char *)(uintptr_t)order.credentials, strlen(order.credentials));
	}
	return OK;
}

/* ---- the line */

static int
take_line(struct prober *all, struct ctx *c, const char *line, size_t len)
{
	struct wire_message m;

	TRY(wire_parse(c, line, len, &m));
	if (m.type != WIRE_PROBES)
		return fail(c, E_INVALID, "a supervisor does not say that");
	return begin_all(all, c, m.probes.rows);
}

static int
hear(struct prober *all)
{
	struct ctx inner = *all->c;
	ssize_t n = read(CHILD_FD, all->in + all->n_in, sizeof(all->in) - all->n_in);
	char *feed;
	int code = OK;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return OK;
	all->is_alone = n <= 0;
	if (all->is_alone)
		return OK;
	all->n_in += (size_t)n;
	inner.mem = arena_new();
	while (code == OK && (feed = memchr(all->in, '\n', all->n_in)) != NULL) {
		size_t len = (size_t)(feed - all->in);

		code = take_line(all, &inner, all->in, len);
		all->n_in -= len + 1;
		memmove(all->in, feed + 1, all->n_in);
		explicit_bzero(all->in + all->n_in, len + 1); /* credentials were in it */
	}
	if (code == OK && all->n_in == sizeof(all->in))
		code = fail(&inner, E_INVALID, "a line is too long");
	if (code != OK)
		code = fail(all->c, code, "%s", inner.reason);
	arena_free(inner.mem);
	return code;
}

static void
write_out(struct prober *all)
{
	while (all->out_len > 0) {
		ssize_t n = write(CHILD_FD, all->out, all->out_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			all->is_alone = true;
			return;
		}
		all->out += n;
		all->out_len -= (size_t)n;
	}
}

static bool
is_time_to_tell(const struct prober *all)
{
	int64_t now_us = clock_mono_us();

	return all->reports->len > REPORTS_LINE_BYTES ||
	    (all->reports_us != 0 && net_multi_count(all->multi) == 0) ||
	    (all->reports_us != 0 && now_us - all->reports_us >= REPORTS_US) ||
	    now_us - all->told_us >= PROBER_TELL_US;
}

/* While a supervisor is busy more comes together than fits into a line. */
static void
put_line(struct prober *all)
{
	struct wire_message m = { .type = WIRE_PROBED };
	size_t len = probe_rows_fit(all->reports->data, all->reports->len, REPORTS_LINE_BYTES);

	arena_reset(all->out_mem);
	m.probed.rows = arena_strndup(all->out_mem, all->reports->data, len);
	all->out = wire_text(all->out_mem, &m);
	all->out_len = strlen(all->out);
	buf_drop(all->reports, len);
	all->told_us = clock_mono_us();
	if (all->reports->len == 0)
		all->reports_us = 0;
}

/* Reports go in bundles: a line for each would cost both sides more than the probe. An empty one is
 * a sign of life. */
static void
tell(struct prober *all)
{
	write_out(all);
	while (all->out_len == 0 && is_time_to_tell(all)) {
		put_line(all);
		write_out(all);
	}
}

static int
wait_ms(const struct prober *all)
{
	int64_t now_us = clock_mono_us(), until_us = all->told_us + PROBER_TELL_US;

	if (all->reports_us != 0 && all->reports_us + REPORTS_US < until_us)
		until_us = all->reports_us + REPORTS_US;
	return until_us <= now_us ? 0 : (int)((until_us - now_us) / 1000) + 1;
}

static int
turn(struct prober *all)
{
	bool is_ready;

	if (all->wants_writing != (all->out_len > 0)) {
		all->wants_writing = all->out_len > 0;
		TRY(net_multi_watch(all->multi, CHILD_FD, all->wants_writing));
	}
	TRY(net_multi_turn(all->multi, wait_ms(all), &is_ready));
	if (is_ready)
		TRY(hear(all));
	tell(all);
	return OK;
}

/* ---- all of it */

static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= FILES_MOST)
		return;
	files.rlim_cur = files.rlim_max < FILES_MOST ? files.rlim_max : FILES_MOST;
	(void)setrlimit(RLIMIT_NOFILE, &files); /* what cannot be opened then fails by itself */
}

static int
open_prober(struct ctx *c, struct prober *all)
{
	fcntl(CHILD_FD, F_SETFD, FD_CLOEXEC);
	fcntl(CHILD_FD, F_SETFL, O_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
	raise_files();
	TRY(confine(c));
	TRY(git_init(c));
	all->c = c;
	all->reports = buf_new(c->mem, REPORTS_MAX_BYTES + c->conf->sync_probes * 4096);
	all->out_mem = arena_new();
	arena_defer(c->mem, free_arena, all->out_mem);
	all->told_us = clock_mono_us();
	TRY(net_multi_open(c, (size_t)c->conf->sync_probes, &all->multi));
	return net_multi_watch(all->multi, CHILD_FD, false);
}

int
prober_run(struct ctx *c)
{
	struct prober *all = arena_new_of(c->mem, struct prober);

	TRY(open_prober(c, all));
	while (!all->is_alone)
		TRY(turn(all));
	return OK;
}
