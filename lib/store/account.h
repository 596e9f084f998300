/* Accounts, and what a request claims to be. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "base/ctx.h"
#include "base/field.h"

/* Who asks. id 0 is nobody. */
struct account {
	int64_t id;
	const char *uname;
	const char *role;
	bool is_admin;
	int64_t scope; /* the most the token allows: 1 read, 2 write, 3 admin; 3 without token */
	int64_t password_version;
	int64_t token_id;      /* 0: not by token */
	bool token_is_stale;   /* last_used_at is older than a minute: refresh it */
	int64_t session_id;    /* 0: not by a session */
	bool session_is_stale; /* the same of its seen_at */
};

/* What the credentials of a request come to, before the database has confirmed it. */
enum claim_kind { CLAIM_NOBODY = 1, CLAIM_TOKEN, CLAIM_ACCOUNT, CLAIM_SESSION };

struct claim {
	enum claim_kind kind;
	unsigned char hash[32]; /* CLAIM_TOKEN, CLAIM_SESSION: of its text */
	int64_t account_id;	/* CLAIM_ACCOUNT: its password was right, in this version */
	int64_t password_version;
	bool is_remembered; /* it was right a moment ago; the version may be gone since */
	bool is_given;	    /* credentials were shown, right or wrong */
	bool is_locked; /* they were right, but their account is banned: the claim does not hold */
};

/* What every refused claim is told, so that wrong, unknown and disabled read alike. */
#define ACCOUNT_WRONG "these credentials are wrong, or hold no more"

/* Confirms a claim: E_DENIED when it does not hold (any more). Nobody for CLAIM_NOBODY, without
 * a statement. */
must_check int account_by_claim(struct ctx *c, const struct claim *claim, struct account *out);

struct account_password {
	int64_t id;
	const char *password_hash;
	int64_t password_version;
	bool is_locked; /* the account is banned: its password opens nothing */
};

/* For checking a password. E_NOTFOUND: no such uname, or not active. */
must_check int account_password_by_uname(
    struct ctx *c, const char *uname, struct account_password *out);

/* Whose address this is, in any case of its letters: of the account that has it as its e-mail, else
 * of the only one that has it as a further one. E_NOTFOUND: nobody's, or several people's. */
must_check int account_uname_by_email(struct ctx *c, const char *email, const char **out);

/* Whether this is a good token of an account that is banned. */
must_check int token_is_locked(struct ctx *c, const unsigned char hash[32], bool *out);

struct account_new {
	const char *uname;
	const char *first_name, *last_name, *email; /* "" or NULL: none */
	const char *role;
	const char *password_hash; /* "": none fits */
};

/* E_CONFLICT by account_email_key: the e-mail is taken; by another constraint: the uname is, by an
 * account or a team, or <uname>_personal by a platform. */
must_check int account_add(struct ctx *c, const struct account_new *row, int64_t *id_out);

/* Stores another hash of the same password (rehash) if nothing changed meanwhile. */
must_check int account_rehash(
    struct ctx *c, const struct account_password *was, const char *password_hash);

/* A new password: raises password_version. */
must_check int account_set_password(struct ctx *c, int64_t id, const char *password_hash);

must_check int account_id_by_uname(struct ctx *c, const char *uname, int64_t *out);

struct token_new {
	const unsigned char *hash; /* 32 bytes */
	const char *prefix, *description;
	int64_t scope;
	int64_t days; /* until it expires; 0: never */
};

must_check int token_add(struct ctx *c, int64_t account_id, const struct token_new *row);
must_check int token_touch(struct ctx *c, int64_t id);

#endif
