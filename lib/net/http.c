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

#define USER_AGENT                                                                                 \
	"git/2.0 (mirrorhub)" /* forges tell Git clients by "git/" (mirroring.md 4.1)              \
			       */
#define HOPS_MAX 3
#define WAIT_MS 500
/* What has come and was not read yet. libcurl hands over at most CURL_MAX_WRITE_SIZE at once; when
 * that does not fit any more, the transfer pauses. */
#define WINDOW_BYTES (4 * CURL_MAX_WRITE_SIZE)
#define RETRY_AFTER_MAX_S 86400
#define HEAD_MAX_BYTES ((size_t)128 * 1024) /* libcurl limits each line, not all of them */
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
	bool with_credentials;
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

/* "Name: value" of a header line, when it is that name; otherwise NULL. */
static const char *
header_value(struct arena *mem, const char *line, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return NULL;
	line += name_len + 1;
	len -= name_len + 1;
	for (; len > 0 && (line[0] == ' ' || line[0] == '\t'); len--)
		line++;
	for (; len > 0 && (unsigned char)line[len - 1] <= ' '; len--)
		;
	return arena_strndup(mem, line, len);
}

static void
keep_line(struct net_http *h, const char *line, size_t len)
{
	struct header *header = arena_new_of(h->net->c->mem, struct header);

	header->line = arena_strndup(h->net->c->mem, line, len);
	header->before = h->last;
	h->last = header;
}

static void
take_retry_after(struct net *n, const char *value)
{
	int64_t seconds;

	if (!str_is_int(value, &seconds)) {
		time_t at = curl_getdate(value, NULL);

		seconds = at < 0 ? 0 : (int64_t)at - clock_now();
	}
	n->retry_after_s = seconds < 0	  ? 0
	    : seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S
					  : seconds;
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
	if (h->head_bytes > HEAD_MAX_BYTES) {
		h->is_too_much = true;
		return 0;
	}
	keep_line(h, line, len);
	if ((value = header_value(mem, line, len, "location")) != NULL)
		h->location = value;
	else if ((value = header_value(mem, line, len, "content-type")) != NULL)
		h->content_type = str_lower(mem, arena_strndup(mem, value, strcspn(value, "; ")));
	else if ((value = header_value(mem, line, len, "retry-after")) != NULL)
		take_retry_after(h->net, value);
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

static const struct curl_row {
	CURLcode code;
	enum net_why why;
} curl_rows[] = {
	{ CURLE_PEER_FAILED_VERIFICATION, NET_WHY_TLS },
	{ CURLE_SSL_CONNECT_ERROR, NET_WHY_TLS },
	{ CURLE_SSL_CERTPROBLEM, NET_WHY_TLS },
	{ CURLE_SSL_CIPHER, NET_WHY_TLS },
	{ CURLE_SSL_CACERT_BADFILE, NET_WHY_LOCAL },
	{ CURLE_SSL_ISSUER_ERROR, NET_WHY_TLS },
	{ CURLE_SSL_INVALIDCERTSTATUS, NET_WHY_TLS },
	{ CURLE_OUT_OF_MEMORY, NET_WHY_LOCAL },
	{ CURLE_FAILED_INIT, NET_WHY_LOCAL },
	{ CURLE_URL_MALFORMAT, NET_WHY_POLICY },
	{ CURLE_UNSUPPORTED_PROTOCOL, NET_WHY_POLICY },
	{ CURLE_WEIRD_SERVER_REPLY, NET_WHY_PROTOCOL },
	{ CURLE_BAD_CONTENT_ENCODING, NET_WHY_PROTOCOL },
};

static int
transfer_failure(struct net_http *h)
{
	const char *what = h->error[0] != '\0' ? h->error : curl_easy_strerror(h->result);
	enum net_why why = NET_WHY_NETWORK; /* refused, reset, too slow, cut off … */

	if (h->more_code != OK)
		return h->more_code; /* with its reason */
	if (h->is_too_much && h->head_bytes > HEAD_MAX_BYTES)
		return net_fail(
		    h->net, NET_WHY_PROTOCOL, "%s sends too many header lines", h->url.host);
	if (h->is_too_much)
		return net_fail(h->net, NET_WHY_POLICY,
		    "the upstream sends more than the %lld bytes it may", (long long)h->max_bytes);
	if (h->is_wrong_address)
		return net_fail(h->net, NET_WHY_POLICY, "%s led to an address that was not checked",
		    h->url.host);
	for (size_t i = 0; i < sizeof(curl_rows) / sizeof(curl_rows[0]); i++)
		if (curl_rows[i].code == h->result)
			why = curl_rows[i].why;
	return net_fail(h->net, why, "%s: %s", h->url.host, net_clean(h->net->c->mem, what));
}

static const struct status_row {
	long status;
	enum net_why why;
	const char *sentence;
} status_rows[] = {
	{ 401, NET_WHY_AUTH, "the upstream wants a user name and password, or refused ours" },
	{ 403, NET_WHY_AUTH, "the upstream does not let us in" },
	{ 404, NET_WHY_GONE, "the upstream has no such repository, or hides it from us" },
	{ 407, NET_WHY_POLICY, "a proxy stands in the way" },
	{ 408, NET_WHY_NETWORK, "the upstream waited too long for us" },
	{ 410, NET_WHY_GONE, "the upstream says that the repository is gone" },
	{ 413, NET_WHY_PROTOCOL, "the upstream finds our request too large" },
	{ 429, NET_WHY_BUSY, "the upstream asks us to come less often" },
};

static int
status_failure(struct net_http *h, long status)
{
	for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++)
		if (status_rows[i].status == status)
			return net_fail(h->net, status_rows[i].why, "%s (HTTP %ld)",
			    status_rows[i].sentence, status);
	if (status == 503 && h->net->retry_after_s > 0)
		return net_fail(h->net, NET_WHY_BUSY, "the upstream is busy (HTTP %ld)", status);
	if (status >= 500)
		return net_fail(
		    h->net, NET_WHY_NETWORK, "the upstream is in trouble (HTTP %ld)", status);
	if (status >= 300 && status < 400)
		return net_fail(h->net, NET_WHY_POLICY,
		    "the upstream redirects to where we may not follow (HTTP %ld)", status);
	return net_fail(h->net, NET_WHY_PROTOCOL, "the upstream answers with HTTP %ld", status);
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

/* host:port:address,address for libcurl, so that it looks nothing up itself. An address needs no
 * looking up, and an IPv6 one would not fit this form. */
static void
pin(struct net_http *h)
{
	struct buf *line = buf_new(h->net->c->mem, 4096);

	if (strcmp(h->place.host, h->place.addresses[0].text) == 0)
		return;
	buf_printf(line, "%s:%d:", h->place.host, h->place.port);
	for (size_t i = 0; i < h->place.n; i++)
		buf_printf(line, "%s%s", i > 0 ? "," : "", h->place.addresses[i].text);
	assert(!line->full);
	h->resolve = curl_slist_append(NULL, line->data);
	assert(h->resolve != NULL);
}

static void
set_limits(struct net_http *h)
{
	const struct conf *conf = h->net->c->conf;

	curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT, (long)conf->net_connect_s);
	curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)net_left_ms(h->net) + 1);
	curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(h->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(h->easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(h->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(h->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->easy, CURLOPT_RESOLVE, h->resolve);
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETDATA, h);
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
	curl_easy_setopt(h->easy, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(h->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
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
	int64_t before_us = clock_mono_us(), moved;
	curl_off_t sent = 0;

	if (curl_multi_poll(connections, NULL, 0, WAIT_MS, NULL) != CURLM_OK)
		return net_fail(h->net, NET_WHY_LOCAL, "libcurl does not work");
	curl_easy_getinfo(h->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	moved = h->came + sent - h->paced;
	h->paced += moved;
	return net_pace_add(h->net, &h->pace, clock_mono_us() - before_us, moved);
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
	set_limits(h);
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
bad_redirect(struct net_http *h, const char *why)
{
	return net_fail(h->net, NET_WHY_POLICY, "the upstream redirects %s", why);
}

/* Location, which may leave scheme and host out, as a URL without the request's suffix, and its
 * query. */
static int
redirect_target(
    struct net_http *h, const struct net_request *r, struct net_url *out, const char **query_out)
{
	struct arena *mem = h->net->c->mem;
	struct net_url base = h->url;
	const char *query;
	char *text;

	if (h->location == NULL)
		return bad_redirect(h, "without saying where to");
	base.path = "";
	if (str_starts(h->location, "//"))
		text = arena_printf(mem, "%s:%s", net_scheme_text(base.scheme), h->location);
	else if (h->location[0] == '/')
		text = arena_printf(mem, "%s%s", net_url_text(mem, &base), h->location);
	else
		text = arena_strdup(mem, h->location);
	text[strcspn(text, "#")] = '\0';
	query = strchr(text, '?') != NULL ? arena_strdup(mem, strchr(text, '?') + 1) : NULL;
	text[strcspn(text, "?")] = '\0';
	if (!str_ends(text, r->suffix))
		return bad_redirect(h, "away from the list of refs");
	text[strlen(text) - strlen(r->suffix)] = '\0';
	if (net_url_parse(h->net->c, text, out) != OK ||
	    (query != NULL && strpbrk(query, " \t\\\"<>") != NULL))
		return bad_redirect(h, "to an address that cannot be used");
	if (out->scheme != h->url.scheme &&
	    !(h->url.scheme == NET_HTTP && out->scheme == NET_HTTPS))
		return bad_redirect(h, "to another scheme");
	*query_out = query;
	return OK;
}

static int
follow(struct net_http *h, const struct net_request *r)
{
	struct net_url target;
	struct net_place place;

	TRY(redirect_target(h, r, &target, &h->query));
	TRY(net_find(h->net, &target, &place));
	if (!net_url_is_same_origin(&target, &h->url))
		h->with_credentials = false;
	h->url = target;
	h->place = place;
	return OK;
}

static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
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
		if (!is_redirect(status) || !r->may_redirect)
			return status_failure(h, status);
		if (hops == HOPS_MAX)
			return bad_redirect(h, "more than three times");
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
		    header_value(h->net->c->mem, row->line, strlen(row->line), name);

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
