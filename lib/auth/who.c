#include "auth/who.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "auth/limit.h"
#include "auth/password.h"
#include "auth/shared.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/random.h"
#include "base/str.h"
#include "db/db.h"
#include "store/event.h"
#include "store/failure.h"

#define UNAME_MOST_BYTES 100
#define EMAIL_MOST_BYTES 255
#define SLOT_WAIT_US 1000000
#define SLOT_POLL_US 10000

/* One log-in by password, with what it is counted under. */
struct attempt {
	const char *uname; /* lower case; an e-mail only when it is nobody's */
	const char *password;
	const char *remote_addr;
	const char *network;
};

static int
wrong(struct ctx *c)
{
	return fail(c, E_DENIED, ACCOUNT_WRONG);
}

/* ---- the header */

/* What follows the scheme and its blanks; NULL for another scheme. */
static const char *
after_scheme(const char *header, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncasecmp(header, scheme, len) != 0 || header[len] != ' ')
		return NULL;
	return header + len + strspn(header + len, " ");
}

static int
parse_basic(struct ctx *c, const char *encoded, struct who_given *out)
{
	size_t len;
	char *text = str_unbase64(c->mem, encoded, &len), *colon;

	if (text == NULL || strlen(text) != len || !password_is_text(text))
		return wrong(c);
	colon = strchr(text, ':');
	if (colon == NULL)
		return wrong(c);
	*colon = '\0';
	if (token_is_wellformed(colon + 1))
		out->token = colon + 1;
	else if (token_is_wellformed(text))
		out->token = text;
	else {
		out->uname = text;
		out->password = colon + 1;
	}
	return OK;
}

int
who_parse(struct ctx *c, const char *authorization, struct who_given *out)
{
	const char *header = authorization + strspn(authorization, " "), *rest;
	size_t len = strlen(header);

	memset(out, 0, sizeof(*out));
	while (len > 0 && header[len - 1] == ' ')
		len--;
	header = arena_strndup(c->mem, header, len);
	rest = after_scheme(header, "Basic");
	if (rest != NULL)
		return parse_basic(c, rest, out);
	rest = after_scheme(header, "Bearer");
	if (rest == NULL || !token_is_wellformed(rest))
		return wrong(c);
	out->token = rest;
	return OK;
}

/* ---- the password */

/* At most conf->auth_hash_slots hashes run at once on the machine: each is 19 MiB and a core. */
static int
take_slot(struct ctx *c, int **slot_out)
{
	int64_t give_up_us = clock_mono_us() + SLOT_WAIT_US;
	uint32_t n = (uint32_t)c->conf->auth_hash_slots, first = random_below(n);

	do {
		for (uint32_t i = 0; i < n; i++) {
			const char *name = arena_printf(c->mem, "auth.slot.%u", (first + i) % n);
			int code =
			    path_lock(c, path_under(c->mem, c->conf->run_dir, name), 0, slot_out);

			if (code != E_CONFLICT)
				return code;
		}
		usleep(SLOT_POLL_US);
	} while (clock_mono_us() < give_up_us);
	return fail_passing(c, 1, "all password checks are busy");
}

static int
record_failure(struct ctx *c, const struct attempt *a, int64_t wait_s, const char *detail)
{
	const struct event event = { .actor = "",
		.action = "login",
		.object = a->uname,
		.detail = detail,
		.remote_addr = a->remote_addr,
		.result = "denied" };

	TRY(db_begin(c, DB_WRITE));
	TRY(failure_add(c, a->uname, a->network));
	TRY(event_add(c, &event));
	TRY(db_commit(c));
	return wait_s > 0 ? limit_refuse(c, a->uname, a->network, wait_s) : wrong(c);
}

static int
rehash(struct ctx *c, const struct account_password *was, const char *password)
{
	const char *hash;

	TRY(password_hash(c, password, &hash));
	return account_rehash(c, was, hash);
}

/* With a slot held. Unknown accounts and hashes of no known form take the time of a check. */
static int
check_password(struct ctx *c, const struct attempt *a, struct claim *out)
{
	struct account_password row = { 0 };
	bool needs_rehash;
	int64_t wait_s;
	int code;

	/* again: others failed while we waited */
	TRY(limit_check(c, a->uname, a->network, &wait_s));
	code = account_password_by_uname(c, a->uname, &row);
	if (code != OK && code != E_NOTFOUND)
		return code;
	if (code == E_NOTFOUND || !password_is_known(row.password_hash)) {
		password_dummy(a->password);
		return record_failure(
		    c, a, wait_s, code == OK ? "its hash is of no known form" : "no such account");
	}
	if (!password_is_right(row.password_hash, a->password, &needs_rehash))
		return record_failure(c, a, wait_s, "wrong password");
	if (row.is_locked) {
		out->is_locked = true;
		return record_failure(c, a, wait_s, "the account is locked");
	}
	if (needs_rehash)
		TRY(rehash(c, &row, a->password));
	shared_keep(c, a->uname, a->password, row.id, row.password_version);
	out->kind = CLAIM_ACCOUNT;
	out->account_id = row.id;
	out->password_version = row.password_version;
	return OK;
}

static bool
is_email(const char *name)
{
	return strchr(name, '@') != NULL;
}

/* What can be no account or no password costs neither a hash nor a row. */
static bool
is_possible(const char *name, const char *password)
{
	size_t len = strlen(name), password_len = strlen(password);

	if (password_len < 1 || password_len > PASSWORD_MOST_BYTES)
		return false;
	if (is_email(name))
		return len <= EMAIL_MOST_BYTES && strchr(name, ' ') == NULL;
	return len >= 1 && len <= UNAME_MOST_BYTES &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == len;
}

/* Each time and before anything is remembered or counted: an account has one count of failures,
 * under whichever name it is tried. */
static int
resolve_email(struct ctx *c, struct attempt *a)
{
	const char *uname;
	int code = account_uname_by_email(c, a->uname, &uname);

	if (code == OK)
		a->uname = str_lower(c->mem, uname);
	return code == E_NOTFOUND ? OK : code;
}

static bool
is_remembered(struct ctx *c, const struct attempt *a, struct claim *out)
{
	if (limit_is_on(c, a->uname, a->network) ||
	    !shared_recall(c, a->uname, a->password, &out->account_id, &out->password_version))
		return false;
	out->kind = CLAIM_ACCOUNT;
	out->is_remembered = true;
	return true;
}

static int
claim_by_password(struct ctx *c, const struct attempt *a, struct claim *out)
{
	int64_t wait_s;
	int *slot, code;

	TRY(limit_check(c, a->uname, a->network, &wait_s));
	TRY(take_slot(c, &slot));
	code = check_password(c, a, out);
	path_unlock(c, slot);
	return code;
}

int
who_claim_token(struct ctx *c, const char *token, struct claim *out)
{
	*out = (struct claim){ .kind = CLAIM_NOBODY, .is_given = true };
	log_hide(token);
	if (!token_is_wellformed(token))
		return wrong(c);
	token_hash(token, out->hash);
	out->kind = CLAIM_TOKEN;
	return OK;
}

static int
claim_pair(struct ctx *c, const struct who_given *given, const char *remote_addr, bool is_anew,
    struct claim *out)
{
	struct attempt a = { .uname = str_lower(c->mem, given->uname),
		.password = given->password,
		.remote_addr = remote_addr,
		.network = limit_network(c->mem, remote_addr) };

	log_hide(given->password);
	if (!is_possible(a.uname, a.password))
		return wrong(c);
	if (is_email(a.uname))
		TRY(resolve_email(c, &a));
	if (!is_anew && is_remembered(c, &a, out))
		return OK;
	return claim_by_password(c, &a, out);
}

static int
claim(struct ctx *c, const char *authorization, const char *remote_addr, bool is_anew,
    struct claim *out)
{
	struct who_given given;

	*out = (struct claim){ .kind = CLAIM_NOBODY, .is_given = authorization != NULL };
	if (authorization == NULL)
		return OK;
	TRY(who_parse(c, authorization, &given));
	if (given.token != NULL)
		return who_claim_token(c, given.token, out);
	return claim_pair(c, &given, remote_addr, is_anew, out);
}

int
who_claim_typed(struct ctx *c, const char *uname, const char *password, const char *remote_addr,
    struct claim *out)
{
	const struct who_given given = { .uname = uname, .password = password };

	*out = (struct claim){ .kind = CLAIM_NOBODY, .is_given = true };
	return claim_pair(c, &given, remote_addr, true, out);
}

int
who_claim(struct ctx *c, const char *authorization, const char *remote_addr, struct claim *out)
{
	return claim(c, authorization, remote_addr, false, out);
}

int
who_claim_anew(struct ctx *c, const char *authorization, const char *remote_addr, struct claim *out)
{
	return claim(c, authorization, remote_addr, true, out);
}

int
who_open(struct ctx *c)
{
	return shared_open(c);
}
