#include "auth/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/random.h"

#define ENTRIES 8192 /* about 850 KiB with the delays */
#define WAYS 4
#define DELAYS 1024
#define KEY_BYTES crypto_generichash_KEYBYTES
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
	uint64_t format;
	unsigned char key[KEY_BYTES];
	struct entry entries[ENTRIES];
	struct delay delays[DELAYS];
};

/* The mapping of this process: set once by shared_open, ends with the process. */
static struct file *file;

/* Makes the contents of a new file. The key comes with it: an old file's entries mean nothing to
 * a new one. Called with the file locked. */
static int
fill(struct ctx *c, int fd, const char *path)
{
	struct stat st;
	struct {
		uint64_t format;
		unsigned char key[KEY_BYTES];
	} head = { .format = FORMAT };
	uint64_t format = 0;

	if (fstat(fd, &st) < 0)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	if (st.st_size == sizeof(struct file) &&
	    pread(fd, &format, sizeof(format), 0) == sizeof(format) && format == FORMAT)
		return OK;
	random_bytes(head.key, sizeof(head.key));
	if (ftruncate(fd, 0) < 0 || ftruncate(fd, sizeof(struct file)) < 0 ||
	    pwrite(fd, &head, sizeof(head), 0) != sizeof(head))
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	return OK;
}

static int
map(struct ctx *c, int fd, const char *path)
{
	void *memory;

	if (flock(fd, LOCK_EX) < 0)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	TRY(fill(c, fd, path));
	memory = mmap(NULL, sizeof(struct file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	file = memory;
	return OK;
}

int
shared_open(struct ctx *c)
{
	const char *path = path_under(c->mem, c->conf->run_dir, "auth.shared");
	int fd, code;

	if (file != NULL)
		return OK;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	code = map(c, fd, path);
	flock(fd, LOCK_UN); /* the mapping keeps the file open, and so would the lock */
	close(fd);
	return code;
}

static void
hash(const char *a, const char *b, unsigned char out[HASH_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, file->key, KEY_BYTES, HASH_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)a, strlen(a) + 1);
	crypto_generichash_update(&state, (const unsigned char *)b, strlen(b));
	crypto_generichash_final(&state, out, HASH_BYTES);
}

static void
check(const struct entry *e, unsigned char out[CHECK_BYTES])
{
	crypto_generichash(out, CHECK_BYTES, (const unsigned char *)e,
	    offsetof(struct entry, check), file->key, KEY_BYTES);
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
