#include "net/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "net/reply.h"

#define US_PER_MS 1000
#define WAIT_MS 500
/* What has come and was not read yet. libcurl hands over at most CURL_MAX_WRITE_SIZE at once; when
 * that does not fit any more, the transfer pauses. */
#define WINDOW_BYTES (4 * CURL_MAX_WRITE_SIZE)
#define GZIP_LEAST_BYTES 1024
/* A longer body goes out in chunks, as git itself does it (http.postBuffer). */
#define WHOLE_MOST_BYTES ((size_t)1024 * 1024)

struct header {
	const char *line; /* "Name: value" */
	const struct header *before;
};

struct net_http {
	struct net *net;
	struct net_url url;
	struct net_place place;
	CURL *easy; /* of the request at hand; NULL: none */
	struct curl_slist *headers, *resolve;
	const char *query; /* that a redirect gave; NULL: the request's own */
	bool with_credentials, is_moved;
	/* the answer */
	long status;
	int64_t max_bytes, came;
	size_t head_bytes;
	struct net_pace pace;
	int64_t paced; /* bytes in both directions that pace has counted */
	/* a body that is read in pieces: the beginning of it, then the rest from more */
	const char *body;
	size_t body_at, body_len;
	int (*more)(void *payload, void *bytes, size_t size, size_t *got_out);
	void *more_payload;
	int more_code; /* of more, when it failed */
	bool is_head_done, is_done, is_paused, is_too_much, is_wrong_address;
	CURLcode result;
	const char *location, *content_type;
	const struct header *last; /* of the answer's headers */
	char error[CURL_ERROR_SIZE];
	size_t start, end; /* of window */
	char window[WINDOW_BYTES];
};

/* The connections of this process, kept from job to job: a check of an unchanged upstream costs one
 * round trip on a warm connection (mirroring.md 0.1). Each was made to an address that was checked
 * then. Made at first use, ends with the process. */
static CURLM *connections;

/* ---- what libcurl calls */

static size_t
on_body(char *bytes, size_t size, size_t n, void *payload)
{
	struct net_http *h = payload;
	size_t len = size * n;

	if (h->came + (int64_t)len > h->max_bytes) {
		h->is_too_much = true;
		return 0;
	}
	if (h->end + len > sizeof(h->window) && h->start > 0) {
		memmove(h->window, h->window + h->start, h->end - h->start);
		h->end -= h->start;
		h->start = 0;
	}
	if (h->end + len > sizeof(h->window)) {
		h->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	memcpy(h->window + h->end, bytes, len);
	h->end += len;
	h->came += (int64_t)len;
	h->net->bytes += (int64_t)len;
	return len;
}

static void
keep_line(struct net_http *h, const char *line, size_t len)
{
	struct header *header = arena_new_of(h->net->c->mem, struct header);

	header->line = arena_strndup(h->net->c->mem, line, len);
	header->before = h->last;
	h->last = header;
}

static size_t
on_header(char *line, size_t size, size_t n, void *payload)
{
	struct net_http *h = payload;
	struct arena *mem = h->net->c->mem;
	size_t len = size * n;
	const char *value;
	long status = 0;

	h->head_bytes += len;
	if (h->head_bytes > NET_HEAD_MAX_BYTES) {
		h->is_too_much = true;
		return 0;
	}
	keep_line(h, line, len);
	if ((value = net_reply_header(mem, line, len, "location")) != NULL)
		h->location = value;
	else if ((value = net_reply_header(mem, line, len, "content-type")) != NULL)
		h->content_type = str_lower(mem, arena_strndup(mem, value, strcspn(value, "; ")));
	else if ((value = net_reply_header(mem, line, len, "retry-after")) != NULL)
		net_reply_retry_after(h->net, value);
	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	if (len <= 2 && status >= 200)
		h->is_head_done = true;
	return len;
}

/* The last gate: whatever libcurl made of name and settings, only a checked address gets a socket.
 */
static curl_socket_t
on_socket(void *payload, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct net_http *h = payload;

	if (purpose != CURLSOCKTYPE_IPCXN || !net_place_has(&h->place, &address->addr)) {
		h->is_wrong_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- failures */

static int
transfer_failure(struct net_http *h)
{
	if (h->more_code != OK)
		return h->more_code; /* with its reason */
	if (h->is_too_much && h->head_bytes > NET_HEAD_MAX_BYTES)
		return net_reply_head_failure(h->net, h->url.host);
	if (h->is_too_much)
		return net_reply_size_failure(h->net, h->max_bytes);
	if (h->is_wrong_address)
		return net_fail(h->net, NET_WHY_POLICY, "%s led to an address that was not checked",
		    h->url.host);
	return net_reply_failure(h->net, h->url.host, h->result, h->error);
}

/* ---- one request */

static void
end_request(void *payload)
{
	struct net_http *h = payload;

	if (h->easy == NULL)
		return;
	curl_multi_remove_handle(connections, h->easy);
	curl_easy_cleanup(h->easy);
	curl_slist_free_all(h->headers);
	curl_slist_free_all(h->resolve);
	h->easy = NULL;
	h->headers = h->resolve = NULL;
}

static void
add_line(struct net_http *h, const char *line)
{
	struct curl_slist *more = curl_slist_append(h->headers, line);

	assert(more != NULL);
	h->headers = more;
}

static void
add_header(struct net_http *h, const char *name, const char *value)
{
	if (value != NULL)
		add_line(h, arena_printf(h->net->c->mem, "%s: %s", name, value));
}

/* So that libcurl looks nothing up itself. */
static void
pin(struct net_http *h)
{
	const char *line = net_reply_pin(h->net->c->mem, &h->place, "");

	if (line == NULL)
		return;
	h->resolve = curl_slist_append(NULL, line);
	assert(h->resolve != NULL);
}

/* Ids are hex digits: half of a long request is saved, and more servers take it. */
static void
set_body(struct net_http *h, const struct net_request *r)
{
	z_stream z = { .next_in = (Bytef *)r->body, .avail_in = (uInt)r->body_len };
	const void *body = r->body;
	size_t len = r->body_len;
	uLong room;

	if (r->may_gzip && len > GZIP_LEAST_BYTES && len < UINT32_MAX &&
	    deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK) {
		room = deflateBound(&z, (uLong)len);
		z.next_out = arena_alloc(h->net->c->mem, room);
		z.avail_out = (uInt)room;
		body = z.next_out;
		if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
			len = z.total_out;
			add_header(h, "Content-Encoding", "gzip");
		} else {
			body = r->body;
		}
		deflateEnd(&z);
	}
	curl_easy_setopt(h->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
}

static size_t
on_more(char *bytes, size_t size, size_t n, void *payload)
{
	struct net_http *h = payload;
	size_t left = h->body_len - h->body_at, got = left < size * n ? left : size * n;

	if (left > 0) {
		memcpy(bytes, h->body + h->body_at, got);
		h->body_at += got;
		return got;
	}
	h->more_code = h->more(h->more_payload, bytes, size * n, &got);
	return h->more_code == OK ? got : CURL_READFUNC_ABORT;
}

/* Reads the beginning. What ends with it is sent with its length. */
static int
set_long_body(struct net_http *h, const struct net_request *r)
{
	char *body = arena_alloc(h->net->c->mem, WHOLE_MOST_BYTES + r->body_len);
	size_t len = r->body_len, most = WHOLE_MOST_BYTES + r->body_len, got = 1;

	if (len > 0)
		memcpy(body, r->body, len);
	while (len < most && got > 0) {
		TRY(r->more(r->more_payload, body + len, most - len, &got));
		len += got;
	}
	h->body = body;
	h->body_len = len;
	curl_easy_setopt(h->easy, CURLOPT_POST, 1L);
	if (got == 0) {
		curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		return OK;
	}
	add_line(h, "Transfer-Encoding: chunked");
	h->more = r->more;
	h->more_payload = r->more_payload;
	curl_easy_setopt(h->easy, CURLOPT_READFUNCTION, on_more);
	curl_easy_setopt(h->easy, CURLOPT_READDATA, h);
	return OK;
}

static int
set_request(struct net_http *h, const struct net_request *r)
{
	const char *query = h->query != NULL ? h->query : r->query;

	curl_easy_setopt(h->easy, CURLOPT_URL,
	    arena_printf(h->net->c->mem, "%s%s%s%s", net_url_text(h->net->c->mem, &h->url),
		r->suffix, query != NULL ? "?" : "", query != NULL ? query : ""));
	curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, h);
	add_header(h, "Accept", r->accept);
	for (const char *const *line = r->headers; line != NULL && *line != NULL; line++)
		add_line(h, *line);
	if (r->content_type != NULL) {
		add_header(h, "Content-Type", r->content_type);
		if (r->more != NULL)
			TRY(set_long_body(h, r));
		else
			set_body(h, r);
		/* without a value: libcurl leaves the header out and does not wait for a 100 */
		add_line(h, "Expect:");
	}
	if (r->method != NULL)
		curl_easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, r->method);
	if (r->is_once)
		curl_easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers);
	if (h->with_credentials) {
		curl_easy_setopt(h->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(h->easy, CURLOPT_USERPWD, h->net->credentials);
	}
	return OK;
}

/* One turn: lets libcurl work, and waits for more where `wait`. */
static int
turn(struct net_http *h)
{
	int running, left;
	CURLMsg *m;

	if (h->is_paused && h->end - h->start <= sizeof(h->window) - 2 * CURL_MAX_WRITE_SIZE) {
		h->is_paused = false;
		curl_easy_pause(h->easy, CURLPAUSE_CONT);
	}
	if (curl_multi_perform(connections, &running) != CURLM_OK)
		return net_fail(h->net, NET_WHY_LOCAL, "libcurl does not work");
	while ((m = curl_multi_info_read(connections, &left)) != NULL)
		if (m->msg == CURLMSG_DONE && m->easy_handle == h->easy) {
			h->is_done = true;
			h->result = m->data.result;
		}
	return net_tick(h->net);
}

/* libcurl's own low-speed limit looks at an average of the last seconds: it notices silence late,
 * and goes on counting while we do not read. */
static int
wait_more(struct net_http *h)
{
	int64_t before_us = clock_mono_us(), left_ms = net_left_ms(h->net), moved;
	int wait_ms = left_ms < WAIT_MS ? (int)left_ms + 1 : WAIT_MS;
	curl_off_t sent = 0;

	if (curl_multi_poll(connections, NULL, 0, wait_ms, NULL) != CURLM_OK)
		return net_fail(h->net, NET_WHY_LOCAL, "libcurl does not work");
	curl_easy_getinfo(h->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	moved = h->came + sent - h->paced;
	h->paced += moved;
	return net_waited(
	    h->net, &h->pace, clock_mono_us() - before_us, (int64_t)wait_ms * US_PER_MS, moved);
}

static int
send_request(struct net_http *h, const struct net_request *r, long *status_out)
{
	end_request(h);
	h->easy = curl_easy_init();
	if (h->easy == NULL)
		return net_fail(h->net, NET_WHY_LOCAL, "libcurl cannot start a request");
	h->is_head_done = h->is_done = h->is_paused = h->is_too_much = h->is_wrong_address = false;
	h->start = h->end = 0;
	h->came = h->paced = 0;
	h->pace = (struct net_pace){ 0 };
	h->head_bytes = 0;
	h->max_bytes = r->max_bytes;
	h->body_at = h->body_len = 0;
	h->more_code = OK;
	h->location = NULL;
	h->content_type = "";
	h->last = NULL;
	h->error[0] = '\0';
	h->net->retry_after_s = 0;
	pin(h);
	net_reply_set_limits(h->easy, h->net->c->conf);
	curl_easy_setopt(h->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h->easy, CURLOPT_RESOLVE, h->resolve);
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETDATA, h);
	TRY(set_request(h, r));
	if (curl_multi_add_handle(connections, h->easy) != CURLM_OK)
		return net_fail(h->net, NET_WHY_LOCAL, "libcurl cannot start a request");
	for (;;) {
		TRY(turn(h));
		if (h->is_done && h->result != CURLE_OK)
			return transfer_failure(h);
		if (h->is_head_done || h->is_done)
			break;
		TRY(wait_more(h));
	}
	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, status_out);
	return OK;
}

/* ---- redirects */

static int
follow(struct net_http *h, const struct net_request *r)
{
	struct net_url target;
	struct net_place place;

	TRY(net_reply_redirect(h->net, &h->url, r->suffix, h->location, &target, &h->query));
	TRY(net_find(h->net, &target, &place));
	if (!net_url_is_same_origin(&target, &h->url))
		h->with_credentials = false;
	h->url = target;
	h->place = place;
	return OK;
}

/* ---- the calls */

static int
start_libcurl(struct net *n)
{
	if (connections != NULL)
		return OK;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return net_fail(n, NET_WHY_LOCAL, "libcurl cannot start");
	connections = curl_multi_init();
	if (connections == NULL)
		return net_fail(n, NET_WHY_LOCAL, "libcurl cannot start");
	return OK;
}

int
net_http_open(struct net *n, const struct net_url *url, struct net_http **out)
{
	struct net_http *h = arena_new_of(n->c->mem, struct net_http);

	assert(url->scheme == NET_HTTP || url->scheme == NET_HTTPS);
	TRY(start_libcurl(n));
	h->net = n;
	h->url = *url;
	h->content_type = "";
	h->with_credentials = n->credentials[0] != '\0';
	TRY(net_find(n, url, &h->place));
	arena_defer(n->c->mem, end_request, h);
	*out = h;
	return OK;
}

int
net_http_request(struct net_http *h, const struct net_request *r)
{
	long status;

	h->query = NULL;
	for (int hops = 0;; hops++) {
		TRY(send_request(h, r, &status));
		h->status = status;
		if ((status >= 200 && status < 300) || r->any_status)
			return OK;
		if (!net_reply_is_redirect(status) || !r->may_redirect)
			return net_reply_status(h->net, status);
		if (hops == NET_HOPS_MAX)
			return net_reply_bad_redirect(h->net, "more than three times");
		h->is_moved = (hops == 0 || h->is_moved) && net_reply_is_for_good(status);
		TRY(follow(h, r));
	}
}

long
net_http_status(const struct net_http *h)
{
	return h->status;
}

const char *
net_http_content_type(const struct net_http *h)
{
	return h->content_type;
}

const char *
net_http_header(const struct net_http *h, const char *name)
{
	for (const struct header *row = h->last; row != NULL; row = row->before) {
		const char *value =
		    net_reply_header(h->net->c->mem, row->line, strlen(row->line), name);

		if (value != NULL)
			return value;
	}
	return "";
}

int
net_http_read(struct net_http *h, void *bytes, size_t size, size_t *got_out)
{
	size_t len;

	while (h->start == h->end) {
		if (h->is_done && h->result != CURLE_OK)
			return transfer_failure(h);
		if (h->is_done) {
			*got_out = 0;
			return OK;
		}
		TRY(turn(h));
		if (h->start == h->end && !h->is_done)
			TRY(wait_more(h));
	}
	len = h->end - h->start < size ? h->end - h->start : size;
	memcpy(bytes, h->window + h->start, len);
	h->start += len;
	*got_out = len;
	return OK;
}

const struct net_url *
net_http_url(const struct net_http *h)
{
	return &h->url;
}

bool
net_http_is_moved(const struct net_http *h)
{
	return h->is_moved;
}
