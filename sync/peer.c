#include "sync/peer.h"

#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "git/pkt.h"
#include "net/http.h"
#include "net/net.h"
#include "net/stream.h"

#define PATH_MAX_BYTES 4096
#define PIECE_BYTES ((size_t)64 * 1024)

/* What we ask the other side for, in the words of each way to it. */
struct service {
	const char *name, *command;			      /* ssh, git; local */
	const char *query, *suffix;			      /* HTTP */
	const char *advert_type, *request_type, *result_type; /* HTTP */
};

static const struct service upload = { "git-upload-pack", "upload-pack", "service=git-upload-pack",
	"/git-upload-pack", "application/x-git-upload-pack-advertisement",
	"application/x-git-upload-pack-request", "application/x-git-upload-pack-result" };

static const struct service receive = { "git-receive-pack", NULL, "service=git-receive-pack",
	"/git-receive-pack", "application/x-git-receive-pack-advertisement",
	"application/x-git-receive-pack-request", "application/x-git-receive-pack-result" };

struct peer {
	const struct service *service;
	struct net *net;
	struct git_wire wire;
	struct net_http *http; /* one of the two */
	struct net_stream *stream;
	bool is_asked; /* the request for a pack is out */
};

/* ---- HTTP */

int
peer_check_type(struct net *n, const char *type, const char *expected)
{
	if (strcmp(type, expected) == 0)
		return OK;
	if (strcmp(type, "text/html") == 0)
		return net_fail(n, NET_WHY_PROTOCOL,
		    "the upstream answers with a web page: this is not the address of a Git "
		    "repository");
	return net_fail(
	    n, NET_WHY_PROTOCOL, "the upstream does not speak Git's smart HTTP protocol");
}

static int
check_type(struct peer *p, const char *expected)
{
	return peer_check_type(p->net, net_http_content_type(p->http), expected);
}

static int
http_open(struct peer *p, const struct net_url *url)
{
	const struct net_request get = {
		.suffix = "/info/refs",
		.query = p->service->query,
		.max_bytes = p->net->c->conf->sync_advert_bytes,
		.may_redirect = true,
	};

	TRY(net_http_open(p->net, url, &p->http));
	TRY(net_http_request(p->http, &get));
	return check_type(p, p->service->advert_type);
}

static int
http_send_long(void *payload, const void *bytes, size_t len,
    int (*more)(void *source, void *bytes, size_t size, size_t *got_out), void *source)
{
	struct peer *p = payload;
	const struct net_request post = {
		.suffix = p->service->suffix,
		.accept = p->service->result_type,
		.content_type = p->service->request_type,
		.body = bytes,
		.body_len = len,
		.more = more,
		.more_payload = source,
		.is_once = p->service == &receive,
		.may_gzip = more == NULL && p->service == &upload,
		.max_bytes = p->net->c->conf->sync_pack_bytes,
	};

	p->is_asked = true;
	TRY(net_http_request(p->http, &post));
	return check_type(p, p->service->result_type);
}

static int
http_send(void *payload, const void *bytes, size_t len)
{
	return http_send_long(payload, bytes, len, NULL, NULL);
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

	buf_printf(line, "%s %s", p->service->name, url->path);
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
stream_send_long(void *payload, const void *bytes, size_t len,
    int (*more)(void *source, void *bytes, size_t size, size_t *got_out), void *source)
{
	struct peer *p = payload;
	char *piece = arena_alloc(p->net->c->mem, PIECE_BYTES);
	size_t got = 0;

	TRY(net_stream_write(p->stream, bytes, len));
	do {
		TRY(more(source, piece, PIECE_BYTES, &got));
		TRY(net_stream_write(p->stream, piece, got));
	} while (got > 0);
	return OK;
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
		return net_ssh_open(p->net, url, p->service->name, &p->stream);
	case NET_FILE:
		return net_local_open(p->net, url, p->service->command, &p->stream);
	}
	return net_fail(p->net, NET_WHY_POLICY, "the address has no known scheme");
}

static int
open_peer(
    struct net *n, const struct net_url *url, const struct service *service, struct peer **out)
{
	struct peer *p = arena_new_of(n->c->mem, struct peer);

	p->net = n;
	p->service = service;
	TRY(open_by_scheme(p, url));
	p->wire.payload = p;
	p->wire.is_rpc = p->http != NULL;
	p->wire.send = p->http != NULL ? http_send : stream_send;
	p->wire.send_long = p->http != NULL ? http_send_long : stream_send_long;
	p->wire.receive = p->http != NULL ? http_receive : stream_receive;
	*out = p;
	return OK;
}

int
peer_open(struct net *n, const struct net_url *url, struct peer **out)
{
	return open_peer(n, url, &upload, out);
}

int
peer_open_to_push(struct net *n, const struct net_url *url, struct peer **out)
{
	if (url->scheme == NET_GIT)
		return net_fail(n, NET_WHY_POLICY, "nothing can be pushed over git://");
	/* sync may write to every store: whoever may edit a target could write there too */
	if (url->scheme == NET_FILE)
		return net_fail(
		    n, NET_WHY_POLICY, "nothing can be pushed to a folder of this machine");
	return open_peer(n, url, &receive, out);
}

struct git_wire *
peer_wire(struct peer *p)
{
	return &p->wire;
}

const char *
peer_address(struct arena *mem, const struct net_url *url)
{
	const char *text = net_url_text(mem, url);

	return strlen(text) <= PEER_ADDRESS_MAX ? text : "";
}

const char *
peer_moved_to(const struct peer *p)
{
	if (p->http == NULL)
		return NULL;
	return net_http_is_moved(p->http) ? peer_address(p->net->c->mem, net_http_url(p->http))
					  : "";
}
