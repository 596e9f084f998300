#include "base/ip.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

#define MAPPED "::ffff:"

bool
ip_parse(const char *text, struct ip *out)
{
	out->len = strchr(text, ':') != NULL ? 16 : 4;
	return inet_pton(out->len == 16 ? AF_INET6 : AF_INET, text, out->bytes) == 1;
}

bool
ip_parse_peer(const char *text, struct ip *out)
{
	if (str_starts(text, MAPPED) && strchr(text, '.') != NULL)
		text += strlen(MAPPED);
	return ip_parse(text, out);
}

bool
ip_parse_network(struct arena *mem, const char *text, struct ip_network *out)
{
	size_t len = strcspn(text, "/");
	int64_t bits;

	if (!ip_parse(arena_strndup(mem, text, len), &out->ip))
		return false;
	bits = (int64_t)out->ip.len * 8;
	if (text[len] == '/' && (!str_is_int(text + len + 1, &bits) || bits < 0))
		return false;
	out->bits = (int)bits;
	return bits <= (int64_t)out->ip.len * 8;
}

bool
ip_is_in(const struct ip *ip, const struct ip_network *network)
{
	size_t whole = (size_t)network->bits / 8, rest = (size_t)network->bits % 8;

	if (ip->len != network->ip.len || memcmp(ip->bytes, network->ip.bytes, whole) != 0)
		return false;
	return rest == 0 ||
	    ((ip->bytes[whole] ^ network->ip.bytes[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}

bool
ip_is_same(const struct ip *a, const struct ip *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
