#include "net/multi.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "net/places.h"
#include "net/reply.h"
#include "net/resolve.h"

#define EVENTS_MOST 64
#define FORMS_MOST 8
#define SWEEP_US 250000
#define LIFE_S 300L /* of a connection, so that what it has gathered goes with it */
#define US_PER_S 1000000
#define KEPT_CONNECTIONS 64		 /* over those in use */
#define BUFFER_BYTES (4 * 1024L)	 /* of each request: answers are small */
#define OTHER_BODY_MAX_BYTES (64 * 1024) /* that are read of an answer nobody wants */

/* Who watches a descriptor: in the upper half of what epoll keeps for us. */
enum watcher { OF_CURL = 1, OF_RESOLVER, OF_OWNER };

struct lines {
	const struct net_form *form;
	struct curl_slist *list;
};

struct net_multi {
	struct ctx *c;
	CURLM *curl;
	struct net_places *places;
	struct net_policy *policy;
	int epoll, owner_fd;
	bool is_owner_ready;
	int64_t curl_us; /* when libcurl wants to be called; INT64_MAX: never */
	int64_t sweep_us;
	struct net_ask **asks; /* under way */
	size_t n, n_unfinished, most;
	CURL **idle; /* used before, with what all have in common set */
	size_t n_idle;
	struct lines lines[FORMS_MOST];
	size_t n_lines;
};

/* ---- descriptors */

static void
watch(struct net_multi *m, enum watcher who, int fd, bool for_reading, bool for_writing)
{
	struct epoll_event e = { .events =
				     (for_reading ? EPOLLIN : 0U) | (for_writing ? EPOLLOUT : 0U),
		.data.u64 = (uint64_t)who << 32 | (uint32_t)fd };

	if (e.events == 0) {
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, fd, &e);
		return;
	}
	if (epoll_ctl(m->epoll, EPOLL_CTL_MOD, fd, &e) != 0 && errno == ENOENT)
		epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &e);
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *payload, void *mark)
{
	(void)easy;
	(void)mark;
	watch(payload, OF_CURL, fd, what == CURL_POLL_IN || what == CURL_POLL_INOUT,
	    what == CURL_POLL_OUT || what == CURL_POLL_INOUT);
	return 0;
}

static int
on_curl_timer(CURLM *curl, long wait_ms, void *payload)
{
	struct net_multi *m = payload;

	(void)curl;
	m->curl_us = wait_ms < 0 ? INT64_MAX : clock_mono_us() + wait_ms * 1000;
	return 0;
}

static void
on_resolver_watch(void *payload, int fd, bool for_reading, bool for_writing)
{
	watch(payload, OF_RESOLVER, fd, for_reading, for_writing);
}

int
net_multi_watch(struct net_multi *m, int fd, bool for_writing)
{
	m->owner_fd = fd;
	watch(m, OF_OWNER, fd, true, for_writing);
	return OK;
}

/* ---- what libcurl calls for one request */

static bool
is_good(long status)
{
	return status >= 200 && status < 300;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *payload)
{
	struct net_ask *a = payload;
	size_t len = size * n;
	bool is_wanted = is_good(a->status) && a->has_type;

	a->heard_us = clock_mono_us();
	a->came += (int64_t)len;
	a->net->bytes += (int64_t)len;
	if (a->came > (is_wanted ? a->max_bytes : OTHER_BODY_MAX_BYTES)) {
		a->is_too_much = true;
		return 0;
	}
	if (is_wanted)
		a->code = a->on_bytes(a->payload, bytes, len);
	return a->code == OK ? len : 0;
}

static void
take_header(struct net_ask *a, const char *line, size_t len)
{
	struct arena *mem = a->net->c->mem;
	const char *value;

	switch (line[0] | 0x20) { /* most lines are none of these */
	case 'l':
		if ((value = net_reply_header(mem, line, len, "location")) != NULL)
			a->location = value;
		return;
	case 'c':
		if ((value = net_reply_header(mem, line, len, "content-type")) == NULL)
			return;
		a->content_type = str_lower(mem, arena_strndup(mem, value, strcspn(value, "; ")));
		a->has_type = str_is_equal(a->content_type, a->form->content_type);
		return;
	case 'r':
		if ((value = net_reply_header(mem, line, len, "retry-after")) != NULL)
			net_reply_retry_after(a->net, value);
	}
}

static size_t
on_header(char *line, size_t size, size_t n, void *payload)
{
	struct net_ask *a = payload;
	size_t len = size * n;

	a->heard_us = clock_mono_us();
	a->head_bytes += len;
	if (a->head_bytes > NET_HEAD_MAX_BYTES) {
		a->is_too_much = true;
		return 0;
	}
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
		curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &a->status);
	else if (len > 2)
		take_header(a, line, len);
	return len;
}

/* As in net/http.c: the last gate. */
static curl_socket_t
on_socket(void *payload, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct net_ask *a = payload;

	if (purpose != CURLSOCKTYPE_IPCXN || !net_place_has(&a->place, &address->addr)) {
		a->is_wrong_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one request */

/* NULL when there is no memory: then nothing works any more. */
static struct curl_slist *
lines_of(struct net_multi *m, const struct net_form *form)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < m->n_lines; i++)
		if (m->lines[i].form == form)
			return m->lines[i].list;
	assert(m->n_lines < FORMS_MOST);
	for (const char *const *line = form->headers; *line != NULL; line++)
		list = curl_slist_append(list, *line);
	if (form->is_post) /* without a value: libcurl does not wait for a 100 */
		list = curl_slist_append(list, "Expect:");
	m->lines[m->n_lines++] = (struct lines){ form, list };
	return list;
}

static CURL *
easy_of(struct net_multi *m)
{
	CURL *easy;

	if (m->n_idle > 0)
		return m->idle[--m->n_idle];
	easy = curl_easy_init();
	assert(easy != NULL);
	net_reply_set_limits(easy, m->c->conf);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, LIFE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	/* an average of the last seconds: late for silence, which has a limit of its own, right for
	 * a byte now and then */
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)m->c->conf->net_low_speed_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	return easy;
}

static void
set_url(struct net_ask *a)
{
	struct arena *mem = a->net->c->mem;
	const char *query = a->query != NULL ? a->query : a->form->query;

	curl_easy_setopt(a->easy, CURLOPT_URL,
	    arena_printf(mem, "%s%s%s%s", net_url_text(mem, &a->url), a->form->suffix,
		query != NULL ? "?" : "", query != NULL ? query : ""));
}

/* Its clock cannot be stopped: the limit grows by what the machine stood still. */
static void
set_low_speed_time(struct net_multi *m, struct net_ask *a)
{
	curl_easy_setopt(a->easy, CURLOPT_LOW_SPEED_TIME,
	    (long)(m->c->conf->net_low_speed_s + (a->still_us + US_PER_S - 1) / US_PER_S));
}

static void
set_request(struct net_multi *m, struct net_ask *a)
{
	const char *pin;

	set_url(a);
	set_low_speed_time(m, a);
	curl_easy_setopt(a->easy, CURLOPT_ERRORBUFFER, a->error);
	curl_easy_setopt(a->easy, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(a->easy, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(a->easy, CURLOPT_OPENSOCKETDATA, a);
	curl_easy_setopt(a->easy, CURLOPT_PRIVATE, a);
	curl_easy_setopt(a->easy, CURLOPT_HTTPHEADER, lines_of(m, a->form));
	/* +: forgotten after a while, as we forget it */
	pin = net_reply_pin(a->net->c->mem, &a->place, "+");
	a->pin = pin != NULL ? curl_slist_append(NULL, pin) : NULL;
	curl_easy_setopt(a->easy, CURLOPT_RESOLVE, a->pin);
	curl_easy_setopt(a->easy, CURLOPT_PIPEWAIT, a->url.scheme == NET_HTTPS ? 1L : 0L);
	curl_easy_setopt(a->easy, CURLOPT_USERPWD, a->has_credentials ? a->net->credentials : NULL);
	if (a->form->is_post) {
		curl_easy_setopt(a->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(a->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)a->body_len);
		curl_easy_setopt(a->easy, CURLOPT_POSTFIELDS, a->body);
	} else {
		curl_easy_setopt(a->easy, CURLOPT_HTTPGET, 1L);
	}
}

static void
forget_answer(struct net_ask *a)
{
	a->status = 0;
	a->has_type = a->is_too_much = a->is_wrong_address = false;
	a->content_type = "";
	a->location = NULL;
	a->head_bytes = 0;
	a->came = 0;
	a->code = OK;
	a->error[0] = '\0';
	a->net->retry_after_s = 0;
	a->net->why = 0;
}

static void
send_it(struct net_multi *m, struct net_ask *a)
{
	forget_answer(a);
	a->heard_us = clock_mono_us();
	a->still_us = 0;
	a->easy = easy_of(m);
	a->at = m->n;
	m->asks[m->n++] = a;
	set_request(m, a);
	if (curl_multi_add_handle(m->curl, a->easy) != CURLM_OK)
		a->code = net_fail(a->net, NET_WHY_LOCAL, "libcurl cannot start a request");
}

/* Its transfer is over, or given up. */
static void
take_back(struct net_multi *m, struct net_ask *a)
{
	curl_multi_remove_handle(m->curl, a->easy);
	curl_easy_setopt(a->easy, CURLOPT_USERPWD, NULL);
	curl_easy_setopt(a->easy, CURLOPT_RESOLVE, NULL);
	curl_slist_free_all(a->pin);
	a->pin = NULL;
	if (m->n_idle < m->most)
		m->idle[m->n_idle++] = a->easy;
	else
		curl_easy_cleanup(a->easy);
	a->easy = NULL;
	m->asks[a->at] = m->asks[--m->n];
	m->asks[a->at]->at = a->at;
}

/* ---- their ends */

static int
outcome(struct net_ask *a, CURLcode result)
{
	if (a->code != OK)
		return a->code;
	if (a->is_too_much && a->head_bytes > NET_HEAD_MAX_BYTES)
		return net_reply_head_failure(a->net, a->url.host);
	if (a->is_wrong_address)
		return net_fail(a->net, NET_WHY_POLICY, "%s led to an address that was not checked",
		    a->url.host);
	if (a->is_too_much && is_good(a->status) && a->has_type)
		return net_reply_size_failure(a->net, a->max_bytes);
	if (result != CURLE_OK && !a->is_too_much)
		return net_reply_failure(a->net, a->url.host, result, a->error);
	return is_good(a->status) ? OK : net_reply_status(a->net, a->status);
}

/* A redirect that can be followed starts anew where it leads. */
static int
follow(struct net_multi *m, struct net_ask *a)
{
	struct net_url target;

	if (a->hops++ == NET_HOPS_MAX)
		return net_reply_bad_redirect(a->net, "more than three times");
	TRY(net_reply_redirect(a->net, &a->url, a->form->suffix, a->location, &target, &a->query));
	if (!net_url_is_same_origin(&target, &a->url))
		a->has_credentials = false;
	a->is_moved = (a->hops == 1 || a->is_moved) && net_reply_is_for_good(a->status);
	a->url = target;
	net_places_join(m->places, a);
	return OK;
}

static void
finish(struct net_multi *m, struct net_ask *a, CURLcode result)
{
	bool is_redirect = a->code == OK && net_reply_is_redirect(a->status) &&
	    (result == CURLE_OK || a->is_too_much);
	int code = is_redirect ? OK : outcome(a, result);

	take_back(m, a);
	net_places_leave(m->places, a);
	if (is_redirect) {
		code = follow(m, a);
		if (code == OK)
			return;
	}
	m->n_unfinished--;
	a->on_end(a->payload, code);
}

/* Its turn has come, or its host cannot be asked. */
static void
on_turn(void *payload, struct net_ask *a, int code)
{
	struct net_multi *m = payload;

	if (code != OK) {
		m->n_unfinished--;
		a->on_end(a->payload, code);
		return;
	}
	if (a->net->deadline_us == 0)
		a->net->deadline_us = clock_mono_us() + a->total_s * US_PER_S;
	send_it(m, a);
}

void
net_multi_start(struct net_multi *m, struct net_ask *a, int64_t total_s)
{
	assert(a->url.scheme == NET_HTTP || a->url.scheme == NET_HTTPS);
	a->query = NULL;
	a->hops = 0;
	a->is_moved = false;
	a->total_s = total_s;
	a->status = 0;
	a->content_type = "";
	a->has_credentials = a->net->credentials[0] != '\0';
	m->n_unfinished++;
	net_places_join(m->places, a);
}

size_t
net_multi_count(const struct net_multi *m)
{
	return m->n_unfinished;
}

/* ---- turns */

static void
take_ends(struct net_multi *m)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(m->curl, &left)) != NULL) {
		struct net_ask *a;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&a);
		finish(m, a, message->data.result);
	}
}

/* libcurl's own limits look at averages, and notice silence late. From the end, because what ends
 * is replaced by the last one. */
static void
sweep(struct net_multi *m)
{
	int64_t now_us = clock_mono_us();

	if (now_us < m->sweep_us)
		return;
	m->sweep_us = now_us + SWEEP_US;
	for (size_t i = m->n; i-- > 0;) {
		struct net_ask *a;

		if (i >= m->n)
			continue;
		a = m->asks[i];
		if (now_us > a->net->deadline_us)
			a->code = net_fail(a->net, NET_WHY_NETWORK,
			    "the upstream took longer than a look at its refs may");
		else if (now_us - a->heard_us > a->idle_s * US_PER_S)
			a->code = net_fail(a->net, NET_WHY_NETWORK,
			    "the upstream was silent for %lld seconds", (long long)a->idle_s);
		if (a->code != OK)
			finish(m, a, CURLE_OPERATION_TIMEDOUT);
	}
}

static int
wait_of(struct net_multi *m, int wait_ms)
{
	int64_t now_us = clock_mono_us();
	int resolver_ms = net_resolver_turn(net_places_resolver(m->places));

	if (resolver_ms >= 0 && resolver_ms < wait_ms)
		wait_ms = resolver_ms;
	if (m->n > 0 && m->sweep_us - now_us < wait_ms * 1000LL)
		wait_ms = m->sweep_us > now_us ? (int)((m->sweep_us - now_us) / 1000) + 1 : 0;
	if (m->curl_us != INT64_MAX && m->curl_us - now_us < wait_ms * 1000LL)
		wait_ms = m->curl_us > now_us ? (int)((m->curl_us - now_us + 999) / 1000) : 0;
	return wait_ms;
}

static void
see(struct net_multi *m, const struct epoll_event *e)
{
	int fd = (int)(uint32_t)e->data.u64, running;
	bool can_read = e->events & (EPOLLIN | EPOLLERR | EPOLLHUP),
	     can_write = e->events & EPOLLOUT;

	switch ((enum watcher)(e->data.u64 >> 32)) {
	case OF_CURL:
		curl_multi_socket_action(m->curl, fd,
		    (can_read ? CURL_CSELECT_IN : 0) | (can_write ? CURL_CSELECT_OUT : 0),
		    &running);
		return;
	case OF_RESOLVER:
		net_resolver_ready(net_places_resolver(m->places), fd, can_read, can_write);
		return;
	case OF_OWNER:
		m->is_owner_ready = true;
	}
}

/* Nobody has had that time to answer. */
static void
put_off(struct net_multi *m, int64_t still_us)
{
	if (still_us == 0)
		return;
	net_resolver_stood_still(net_places_resolver(m->places), still_us);
	for (size_t i = 0; i < m->n; i++) {
		struct net_ask *a = m->asks[i];

		a->heard_us += still_us;
		a->net->deadline_us += still_us;
		a->still_us += still_us;
		set_low_speed_time(m, a);
	}
}

int
net_multi_turn(struct net_multi *m, int wait_ms, bool *is_ready_out)
{
	struct epoll_event events[EVENTS_MOST];
	int most_ms = wait_of(m, wait_ms), n, running;
	int64_t begun_us = clock_mono_us();

	n = epoll_wait(m->epoll, events, EVENTS_MOST, most_ms);
	if (n < 0 && errno != EINTR)
		return fail(m->c, E_INTERNAL, "epoll_wait: %s", strerror(errno));
	put_off(m, clock_stood_still_us(clock_mono_us() - begun_us, (int64_t)most_ms * 1000));
	m->is_owner_ready = false;
	for (int i = 0; i < n; i++)
		see(m, &events[i]);
	if (clock_mono_us() >= m->curl_us) {
		m->curl_us = INT64_MAX; /* it says so when it wants another call */
		curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	take_ends(m);
	sweep(m);
	*is_ready_out = m->is_owner_ready;
	return OK;
}

/* ---- all of it */

static void
end_multi(void *payload)
{
	struct net_multi *m = payload;

	while (m->n > 0)
		take_back(m, m->asks[m->n - 1]);
	for (size_t i = 0; i < m->n_idle; i++)
		curl_easy_cleanup(m->idle[i]);
	for (size_t i = 0; i < m->n_lines; i++)
		curl_slist_free_all(m->lines[i].list);
	curl_multi_cleanup(m->curl);
	close(m->epoll);
}

static int
open_policy(struct ctx *c, struct net_policy **out)
{
	struct net *n;

	TRY(net_open(c, "", 0, NULL, NULL, &n));
	*out = n->policy;
	return OK;
}

struct net_policy *
net_multi_policy(struct net_multi *m)
{
	return m->policy;
}

int
net_multi_open(struct ctx *c, size_t most, struct net_multi **out)
{
	struct net_multi *m = arena_new_of(c->mem, struct net_multi);

	m->c = c;
	m->most = most;
	m->curl_us = INT64_MAX;
	m->asks = arena_new_array(c->mem, struct net_ask *, most);
	m->idle = arena_new_array(c->mem, CURL *, most);
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (m->curl = curl_multi_init()) == NULL)
		return fail(c, E_INTERNAL, "libcurl cannot start");
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)most + KEPT_CONNECTIONS);
	arena_defer(c->mem, end_multi, m);
	TRY(open_policy(c, &m->policy));
	TRY(net_places_open(c, m->policy, on_resolver_watch, on_turn, m, &m->places));
	*out = m;
	return OK;
}
