/* Addresses and networks by their binary value. */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct ip {
	unsigned char bytes[16];
	size_t len; /* 4 or 16 */
};

struct ip_network {
	struct ip ip;
	int bits;
};

/* "192.0.2.1", "2001:db8::1". */
bool ip_parse(const char *text, struct ip *out);

/* The same for who has connected to us: an IPv4 address written as an IPv6 one (::ffff:192.0.2.1)
 * is what it holds. */
bool ip_parse_peer(const char *text, struct ip *out);

/* "192.0.2.0/24", or an address alone. */
bool ip_parse_network(struct arena *mem, const char *text, struct ip_network *out);

bool ip_is_in(const struct ip *ip, const struct ip_network *network);
bool ip_is_same(const struct ip *a, const struct ip *b);

#endif
