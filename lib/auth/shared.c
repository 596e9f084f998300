#include "auth/shared.h"

#include <sodium.h>
#include <string.h>

#include "auth/mapped.h"
#include "base/clock.h"
#include "base/conf.h"

#define ENTRIES 8192 /* about 850 KiB with the delays */
#define WAYS 4
#define DELAYS 1024
#define KEY_BYTES MAPPED_KEY_BYTES
#define HASH_BYTES 32
#define CHECK_BYTES crypto_generichash_BYTES_MIN
#define FORMAT 1

/* Processes write and read entries without a lock. An entry carries a keyed hash over itself, so
 * one that is half written, or damaged, is no entry; and a process that dies holds nothing. */
struct entry {
	unsigned char password[HASH_BYTES]; /* keyed hash of uname, NUL, password */
	int64_t account_id, password_version, until;
	unsigned char check[CHECK_BYTES];
};

struct delay {
	unsigned char who[HASH_BYTES];
	int64_t until;
};

struct file {
	struct mapped head;
	struct entry entries[ENTRIES];
	struct delay delays[DELAYS];
};

/* The mapping of this process: set once by shared_open, ends with the process. */
static struct file *file;

int
shared_open(struct ctx *c)
{
	void *memory;

	if (file != NULL)
		return OK;
	TRY(mapped_open(c, "auth.shared", FORMAT, sizeof(struct file), &memory));
	file = memory;
	return OK;
}

static void
hash(const char *a, const char *b, unsigned char out[HASH_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, file->head.key, KEY_BYTES, HASH_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)a, strlen(a) + 1);
	crypto_generichash_update(&state, (const unsigned char *)b, strlen(b));
	crypto_generichash_final(&state, out, HASH_BYTES);
}

static void
check(const struct entry *e, unsigned char out[CHECK_BYTES])
{
	crypto_generichash(out, CHECK_BYTES, (const unsigned char *)e,
	    offsetof(struct entry, check), file->head.key, KEY_BYTES);
}

static size_t
place(const unsigned char hash_bytes[HASH_BYTES], size_t n)
{
	uint32_t number;

	memcpy(&number, hash_bytes, sizeof(number));
	return number % n;
}

/* A time ahead by more than a memory lasts was written before the clock was set back. */
static bool
is_before(int64_t now, int64_t until, int64_t most_s)
{
	return now < until && until - now <= most_s;
}

/* The entry of that hash, copied, or false. */
static bool
look(const unsigned char password[HASH_BYTES], struct entry *out)
{
	struct entry *set = file->entries + place(password, ENTRIES / WAYS) * WAYS;
	unsigned char sum[CHECK_BYTES];

	for (size_t i = 0; i < WAYS; i++) {
		memcpy(out, set + i, sizeof(*out));
		if (sodium_memcmp(out->password, password, HASH_BYTES) != 0)
			continue;
		check(out, sum);
		if (sodium_memcmp(sum, out->check, CHECK_BYTES) == 0)
			return true;
	}
	return false;
}

bool
shared_recall(struct ctx *c, const char *uname, const char *password, int64_t *account_id_out,
    int64_t *password_version_out)
{
	unsigned char sum[HASH_BYTES];
	struct entry e;

	if (file == NULL)
		return false;
	hash(uname, password, sum);
	if (!look(sum, &e) || !is_before(clock_now(), e.until, c->conf->auth_cache_s))
		return false;
	*account_id_out = e.account_id;
	*password_version_out = e.password_version;
	return true;
}

void
shared_keep(struct ctx *c, const char *uname, const char *password, int64_t account_id,
    int64_t password_version)
{
	struct entry e = { .account_id = account_id,
		.password_version = password_version,
		.until = clock_now() + c->conf->auth_cache_s };
	struct entry *set, *oldest;

	if (file == NULL || c->conf->auth_cache_s == 0)
		return;
	hash(uname, password, e.password);
	check(&e, e.check);
	set = oldest = file->entries + place(e.password, ENTRIES / WAYS) * WAYS;
	for (size_t i = 0; i < WAYS; i++) {
		if (memcmp(set[i].password, e.password, HASH_BYTES) == 0) {
			oldest = set + i;
			break;
		}
		if (set[i].until < oldest->until)
			oldest = set + i;
	}
	memcpy(oldest, &e, sizeof(e));
}

#define DELAY_MOST_S 86400

bool
shared_is_delayed(const char *who)
{
	unsigned char sum[HASH_BYTES];
	struct delay d;

	if (file == NULL)
		return false;
	hash("delay", who, sum);
	memcpy(&d, file->delays + place(sum, DELAYS), sizeof(d));
	return memcmp(d.who, sum, HASH_BYTES) == 0 && is_before(clock_now(), d.until, DELAY_MOST_S);
}

void
shared_delay(const char *who, int64_t seconds)
{
	struct delay d = { .until = clock_now() + seconds };

	if (file == NULL)
		return;
	hash("delay", who, d.who);
	memcpy(file->delays + place(d.who, DELAYS), &d, sizeof(d));
}
