/* Who is asking: from an Authorization header to a claim that the database then confirms.
 *
 * The limits on failures (security.md A-08), so that guessing is slow and nobody can be locked out:
 * - 30 failures from one network (IPv4 /24, IPv6 /56) in 3 minutes: that network waits.
 * - 10 failures for one account in 10 minutes, from anywhere: networks that failed for it within
 *   these minutes wait; any other network is heard, with at least 5 seconds between failures of the
 *   account altogether, and told 429 too if it is wrong. So its owner gets in from elsewhere after
 *   a short wait, and a guesser needs a new network for each guess, gets at most 120 of them in ten
 *   minutes, and is not told which ones counted.
 * - Whoever waits is answered 429 without a look at his password: not by its hash, and not by what
 *   is remembered either, or the memory would answer guesses without counting them.
 * - From everywhere else a remembered password goes on working, whatever others do.
 * Unknown accounts are counted like known ones. The numbers are settings (auth.fails_…). */
#ifndef AUTH_WHO_H
#define AUTH_WHO_H

#include "store/account.h"

/* What a header gives: a token, or an account and its password. The others are NULL. */
struct who_given {
	const char *token;
	const char *uname, *password;
};

/* Reads an Authorization header: Basic (RFC 7617) with an account and its password, or with a token
 * as either part; Bearer with a token. E_DENIED: anything else. */
must_check int who_parse(struct ctx *c, const char *authorization, struct who_given *out);

/* The claim of a request; nobody for NULL. An account may be named by its e-mail, too; it is
 * counted as the account then. A password is checked here: first in the memory that all processes
 * share, then by its hash, behind the limits. Before the request's transaction: a failure is
 * recorded in one of its own. E_DENIED: wrong, malformed, or unknown, all alike (also in time);
 * with http_status 429 and retry_after_s when a limit is reached. out->is_locked then says that the
 * password was right and its account is banned, which is counted as a failure all the same. A
 * passing E_INTERNAL (503) when no hash slot gets free within a second. */
must_check int who_claim(
    struct ctx *c, const char *authorization, const char *remote_addr, struct claim *out);

/* The same for a claim that was remembered and holds no more: the password may have been set anew
 * to what it was. It is checked by its hash, outside of any transaction. */
must_check int who_claim_anew(
    struct ctx *c, const char *authorization, const char *remote_addr, struct claim *out);

/* The claim of an account and its password that somebody typed into a page: the same limits, the
 * same count, the same answers; by its hash alone, outside of any transaction. */
must_check int who_claim_typed(struct ctx *c, const char *uname, const char *password,
    const char *remote_addr, struct claim *out);

/* The claim of a token that stood somewhere else than in a header. E_DENIED: it is none. */
must_check int who_claim_token(struct ctx *c, const char *token, struct claim *out);

/* Opens what all processes share, under conf->run_dir. Once per process. */
must_check int who_open(struct ctx *c);

#endif
