/* A two-way stream of bytes: a TCP connection (git://) or a child process (ssh, a local path).
 * Reads and writes wait at most for the low-speed limit and the deadline of the conversation. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stddef.h>

#include "net/net.h"

struct net_stream;

/* Connects to one of the checked addresses of url's host, without delay for small writes. */
must_check int net_tcp_open(struct net *n, const struct net_url *url, struct net_stream **out);

/* ssh to the checked address of url's host; runs `service 'path'` there. Keys and known hosts are
 * those of the settings; a host that is not known is refused. */
must_check int net_ssh_open(
    struct net *n, const struct net_url *url, const char *service, struct net_stream **out);

/* `git <service> path` on this machine: only for net.allow_file. */
must_check int net_local_open(
    struct net *n, const struct net_url *url, const char *service, struct net_stream **out);

/* At least one byte and at most size; *got_out 0: the other side ended. */
must_check int net_stream_read(struct net_stream *s, void *bytes, size_t size, size_t *got_out);

/* All of it. */
must_check int net_stream_write(struct net_stream *s, const void *bytes, size_t len);

/* Why a stream ended where it should not have: by what a child said and its exit code. Never OK. */
must_check int net_stream_failure(struct net_stream *s);

#endif
