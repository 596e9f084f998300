/* How many requests a client has made in this clock hour, counted by all processes of this machine
 * together (contracts/abf.md 1.8). No client's name is in the shared memory, only keyed hashes.
 * When it is full, whoever asked least is forgotten; when it vanishes, all begin anew. */
#ifndef AUTH_RATE_H
#define AUTH_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* Maps the file under conf->run_dir; once per process. Without it nobody is counted. E_INVALID:
 * abf.rate_exempt is no list of networks. */
must_check int rate_open(struct ctx *c);

/* The name to count an address under: the address, of IPv6 its /64, which one person has whole;
 * "local" for what is no address. */
const char *rate_client(struct arena *mem, const char *remote_addr);

/* Counts one request at that time (Unix seconds) and gives how many the client has made in the hour
 * so far, this one included; at most 2^24 - 1. 0: nothing is counted. */
int64_t rate_count(const char *client, int64_t now);

/* Whether the address is in conf->abf_rate_exempt. */
bool rate_is_exempt(struct ctx *c, const char *remote_addr);

#endif
