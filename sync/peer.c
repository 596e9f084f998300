#include "sync/peer.h"

#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "git/pkt.h"
#include "net/http.h"
#include "net/net.h"
#include "net/stream.h"

#define SERVICE "git-upload-pack"
#define PATH_MAX_BYTES 4096

struct peer {
	struct net *net;
	struct git_wire wire;
	struct net_http *http; /* one of the two */
	struct net_stream *stream;
	bool is_asked; /* the request for a pack is out */
};

/* ---- HTTP */

static const char advert_type[] = "application/x-" SERVICE "-advertisement";
static const char request_type[] = "application/x-" SERVICE "-request";
static const char result_type[] = "application/x-" SERVICE "-result";

static int
check_type(struct peer *p, const char *expected)
{
	const char *type = net_http_content_type(p->http);

	if (strcmp(type, expected) == 0)
		return OK;
	if (strcmp(type, "text/html") == 0)
		return net_fail(p->net, NET_WHY_PROTOCOL,
		    "the upstream answers with a web page: this is not the address of a Git "
		    "repository");
	return net_fail(
	    p->net, NET_WHY_PROTOCOL, "the upstream does not speak Git's smart HTTP protocol");
}

static int
http_open(struct peer *p, const struct net_url *url)
{
	const struct net_request get = {
		.suffix = "/info/refs",
		.query = "service=" SERVICE,
		.max_bytes = p->net->c->conf->sync_advert_bytes,
		.may_redirect = true,
	};

	TRY(net_http_open(p->net, url, &p->http));
	TRY(net_http_request(p->http, &get));
	return check_type(p, advert_type);
}

static int
http_send(void *payload, const void *bytes, size_t len)
{
	struct peer *p = payload;
	const struct net_request post = {
		.suffix = "/" SERVICE,
		.accept = result_type,
		.content_type = request_type,
		.body = bytes,
		.body_len = len,
		.may_gzip = true,
		.max_bytes = p->net->c->conf->sync_pack_bytes,
	};

	p->is_asked = true;
	TRY(net_http_request(p->http, &post));
	return check_type(p, result_type);
}

/* The end is never expected: the advertisement and a pack in side-bands end in a flush of their
 * own, and nobody reads on behind it. But with HTTP, lib/git reads an advertisement to the end. */
static int
http_receive(void *payload, void *bytes, size_t size, size_t *got_out)
{
	struct peer *p = payload;

	TRY(net_http_read(p->http, bytes, size, got_out));
	if (*got_out == 0 && p->is_asked)
		return net_fail(p->net, NET_WHY_NETWORK, "the upstream stopped in the middle");
	return OK;
}

/* ---- git, ssh, local */

static int
git_open(struct peer *p, const struct net_url *url)
{
	struct buf *line = buf_new(p->net->c->mem, PATH_MAX_BYTES);

	buf_printf(line, SERVICE " %s", url->path);
	buf_char(line, '\0');
	buf_printf(line, strchr(url->host, ':') != NULL ? "host=[%s]:%d" : "host=%s:%d", url->host,
	    url->port);
	buf_char(line, '\0');
	TRY(net_tcp_open(p->net, url, &p->stream));
	TRY(net_stream_write(p->stream, arena_printf(p->net->c->mem, "%04zx", line->len + 4), 4));
	return net_stream_write(p->stream, line->data, line->len);
}

static int
stream_send(void *payload, const void *bytes, size_t len)
{
	struct peer *p = payload;

	return net_stream_write(p->stream, bytes, len);
}

static int
stream_receive(void *payload, void *bytes, size_t size, size_t *got_out)
{
	struct peer *p = payload;

	TRY(net_stream_read(p->stream, bytes, size, got_out));
	return *got_out == 0 ? net_stream_failure(p->stream) : OK;
}

/* ---- all of them */

static int
open_by_scheme(struct peer *p, const struct net_url *url)
{
	switch (url->scheme) {
	case NET_HTTP:
	case NET_HTTPS:
		return http_open(p, url);
	case NET_GIT:
		return git_open(p, url);
	case NET_SSH:
		return net_ssh_open(p->net, url, SERVICE, &p->stream);
	case NET_FILE:
		return net_local_open(p->net, url, "upload-pack", &p->stream);
	}
	return net_fail(p->net, NET_WHY_POLICY, "the address has no known scheme");
}

int
peer_open(struct net *n, const struct net_url *url, struct peer **out)
{
	struct peer *p = arena_new_of(n->c->mem, struct peer);

	p->net = n;
	TRY(open_by_scheme(p, url));
	p->wire.payload = p;
	p->wire.is_rpc = p->http != NULL;
	p->wire.send = p->http != NULL ? http_send : stream_send;
	p->wire.receive = p->http != NULL ? http_receive : stream_receive;
	*out = p;
	return OK;
}

struct git_wire *
peer_wire(struct peer *p)
{
	return &p->wire;
}
