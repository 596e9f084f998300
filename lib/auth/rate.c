#include "auth/rate.h"

#include <sodium.h>
#include <string.h>

#include "auth/mapped.h"
#include "base/conf.h"
#include "base/ip.h"
#include "base/str.h"

#define FORMAT 1
#define SETS 4096
#define WAYS 8 /* 32768 clients an hour, in 256 KiB */
#define HOUR_S 3600
#define V6_PREFIX_BYTES 8 /* 64 bits */

/* A row is one word, so that it is read and changed in one step and a process that dies leaves no
 * half of it: the client and the hour, hashed (32 bits), the hour (8), the count (24). */
#define COUNT_BITS 24
#define COUNT_MAX (((uint64_t)1 << COUNT_BITS) - 1)
#define HOUR_BITS 8

struct file {
	struct mapped head;
	uint64_t rows[SETS][WAYS];
};

/* The mapping of this process: set once by rate_open, ends with the process. */
static struct file *file;

/* ---- who is not counted */

static int
read_exempt(struct ctx *c, struct ip_network **out, size_t *n_out)
{
	size_t n_words, n = 0;
	char **words = str_split(c->mem, c->conf->abf_rate_exempt, ' ', &n_words);
	struct ip_network *networks = arena_new_array(c->mem, struct ip_network, n_words + 1);

	for (size_t i = 0; i < n_words; i++)
		if (words[i][0] != '\0' && !ip_parse_network(c->mem, words[i], &networks[n++]))
			return fail(
			    c, E_INVALID, "abf.rate_exempt: \"%s\" is not a network", words[i]);
	*out = networks;
	*n_out = n;
	return OK;
}

bool
rate_is_exempt(struct ctx *c, const char *remote_addr)
{
	struct ip_network *networks;
	struct ip ip;
	size_t n;

	if (c->conf->abf_rate_exempt[0] == '\0' || !ip_parse_peer(remote_addr, &ip) ||
	    read_exempt(c, &networks, &n) != OK)
		return false;
	for (size_t i = 0; i < n; i++)
		if (ip_is_in(&ip, &networks[i]))
			return true;
	return false;
}

int
rate_open(struct ctx *c)
{
	struct ip_network *networks;
	void *memory;
	size_t n;

	TRY(read_exempt(c, &networks, &n));
	if (file != NULL)
		return OK;
	TRY(mapped_open(c, "rate.shared", FORMAT, sizeof(struct file), &memory));
	file = memory;
	return OK;
}

/* ---- counting */

const char *
rate_client(struct arena *mem, const char *remote_addr)
{
	struct ip ip;

	if (!ip_parse_peer(remote_addr, &ip))
		return "local";
	return str_hex(mem, ip.bytes, ip.len == 4 ? ip.len : V6_PREFIX_BYTES);
}

/* The row of a client that has asked once: its upper bits name it. */
static uint64_t
first_row(const char *client, int64_t hour, size_t *set_out)
{
	unsigned char hash[16];
	crypto_generichash_state state;
	uint64_t words[2];

	crypto_generichash_init(&state, file->head.key, MAPPED_KEY_BYTES, sizeof(hash));
	crypto_generichash_update(&state, (const unsigned char *)&hour, sizeof(hour));
	crypto_generichash_update(&state, (const unsigned char *)client, strlen(client));
	crypto_generichash_final(&state, hash, sizeof(hash));
	memcpy(words, hash, sizeof(hash));
	*set_out = words[1] % SETS;
	return words[0] << 32 | (uint64_t)(hour & ((1 << HOUR_BITS) - 1)) << COUNT_BITS | 1;
}

static bool
is_of(uint64_t row, uint64_t mine)
{
	return row >> COUNT_BITS == mine >> COUNT_BITS;
}

/* How much a row is worth keeping: none of another hour is. */
static uint64_t
worth(uint64_t row, uint64_t mine)
{
	const uint64_t hour = ((uint64_t)1 << HOUR_BITS) - 1;

	return ((row ^ mine) >> COUNT_BITS & hour) == 0 ? row & COUNT_MAX : 0;
}

/* One try; 0 when another process changed the row meanwhile. */
static uint64_t
try_count(uint64_t *set, uint64_t mine)
{
	size_t least = 0;
	uint64_t rows[WAYS];

	for (size_t i = 0; i < WAYS; i++) {
		rows[i] = __atomic_load_n(&set[i], __ATOMIC_RELAXED);
		if (is_of(rows[i], mine)) {
			uint64_t next = rows[i] + ((rows[i] & COUNT_MAX) < COUNT_MAX);

			return __atomic_compare_exchange_n(&set[i], &rows[i], next, false,
				   __ATOMIC_RELAXED, __ATOMIC_RELAXED)
			    ? next & COUNT_MAX
			    : 0;
		}
		if (worth(rows[i], mine) < worth(rows[least], mine))
			least = i;
	}
	return __atomic_compare_exchange_n(
	    &set[least], &rows[least], mine, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

int64_t
rate_count(const char *client, int64_t now)
{
	uint64_t mine, count;
	size_t set;

	if (file == NULL)
		return 0;
	mine = first_row(client, now / HOUR_S, &set);
	while ((count = try_count(file->rows[set], mine)) == 0) {
		/* somebody else got on, so this ends */
	}
	return (int64_t)count;
}
