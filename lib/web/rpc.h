/* JSON-RPC: methods as rows, and the one walk to a handler. All of a door's methods are POSTed to
 * one route with the flag ROUTE_RPC: its handler reads the envelope and calls rpc_walk. Order of
 * the walk: the key -> who is asking -> method -> profile -> declared arguments -> what needs no
 * object: rights and scope of the token -> transaction -> the objects the row names -> the right on
 * each -> handler -> commit, or roll back on any failure.
 *
 * Two profiles share the methods: S (the seed's flat results) and M (the later objects), see
 * contracts/rhodecode.md section 0. Which one a call has is decided here, once. */
#ifndef WEB_RPC_H
#define WEB_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/perm.h"
#include "store/person.h"
#include "web/req.h"

struct js;

enum rpc_profile { RPC_S = 1, RPC_M = 2 };

/* ---- arguments */

/* An object by its number or its name. */
struct rpc_ref {
	const char *text; /* as given */
	int64_t number;	  /* of digits only; 0: the text is no number */
};

enum rpc_kind {
	RPC_TEXT = 1, /* const char *: numbers are taken as they are written */
	RPC_BOOL,     /* const bool *: also t true y yes on 1 as texts, any other is false */
	RPC_INT,      /* const int64_t *: also as a text */
	RPC_REF,      /* const struct rpc_ref * */
	RPC_ANY,      /* const struct js * */
};

enum rpc_arg_flags {
	RPC_NEED = 1,	  /* required */
	RPC_NULLABLE = 2, /* null is given: "none", not "not given" */
	RPC_HIDE = 4,	  /* a secret: never in the log */
};

#define RPC_ALIASES_MAX 5
#define RPC_ARGS_MAX 32 /* members of a struct */

/* A row of a method's arguments, in the order of their declaration: of several that are missing
 * the last one is named. All members are pointers, NULL when not given or not in the table, so that
 * two methods may share a struct. */
struct rpc_arg {
	const char *name; /* wins over the others */
	size_t offset;
	enum rpc_kind kind;
	unsigned flags;
	const char *aliases[RPC_ALIASES_MAX];
};

#define RPC_KIND(T, m)                                                                             \
	_Generic(((T *)0)->m, const char * : RPC_TEXT, const bool * : RPC_BOOL,                    \
		 const int64_t * : RPC_INT, const struct rpc_ref * : RPC_REF,                      \
		 const struct js * : RPC_ANY)

/* RPC_ARG(T, member, flags, aliases…), and for an argument with another name than its member. */
#define RPC_ARG(T, m, ...) RPC_ARG_AS(T, m, #m, __VA_ARGS__)
#define RPC_ARG_AS(T, m, text_name, arg_flags, ...)                                                \
	{                                                                                          \
		.name = (text_name), .offset = offsetof(struct T, m),                              \
		.kind = RPC_KIND(struct T, m), .flags = (arg_flags), .aliases = {                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* ---- objects */

enum rpc_object {
	RPC_PROJECT = 1, /* r->project, r->project_full; r->access is the asker's on it */
	RPC_PERSON,	 /* r->person */
	RPC_EDITED,	 /* the same; the built-in `default` is refused by its own words */
	RPC_SELF,	 /* the same; oneself unless given; others only for administrators */
	RPC_OWNER,	 /* call->owner, NULL unless given */
	RPC_NEW_OWNER,	 /* the same, which is only an administrator's to give */
	RPC_TEAM,	 /* r->team; r->access */
	RPC_OTHER_TEAM,	 /* call->other_team */
	RPC_GRANTEE,	 /* r->person, or NULL for the built-in `default`: everyone */
	RPC_FOLDER,	 /* r->folder; r->access */
	RPC_PARENT,	 /* call->parent, NULL unless given, and for "": the top */
	RPC_OBJECT_MAX = RPC_PARENT,
};

struct rpc_load {
	enum rpc_object object;
	const char *arg; /* of kind RPC_REF; not given: not loaded */
	enum perm perm;	 /* on it; who has less is told that it does not exist */
	/* what is said of a missing one, with a %s for what was given; RPC_NULL: the result is
	 * null; NULL: the door's words */
	const char *missing;
};

#define RPC_NULL ""
#define RPC_LOADS_MAX 3

/* ---- methods */

enum rpc_method_flags {
	RPC_WRITES = 1,	 /* changes things: a transaction that writes, and a scope for it */
	RPC_READ_TX = 2, /* several statements: one repeatable-read transaction */
	RPC_NO_TX = 4,	 /* with RPC_WRITES: the handler opens its own transactions */
};

#define RPC_MARKS_MAX 2

/* A method with different forms in the two profiles has two rows. */
struct rpc_method {
	const char *name;
	unsigned profiles; /* of enum rpc_profile */
	enum perm perm;	   /* PERM_USER or PERM_HUB_ADMIN: before any object is looked at */
	struct rpc_load loads[RPC_LOADS_MAX];
	/* Writes the result as JSON to r->out; nothing is null. r->in: the struct of `in`. */
	int (*serve)(struct req *r);
	const struct rpc_arg *in; /* ended by a row without a name; NULL: it has none */
	unsigned flags;
	const char *failed; /* said when it fails; {arg} is that argument as given. NULL: nothing */
	const char *marks[RPC_MARKS_MAX]; /* of a row for S: arguments that make a call one of S */
};

struct rpc_door {
	const struct rpc_method *methods; /* ended by a row without a name */
	const char *const *tolerated;	  /* arguments that M ignores everywhere; NULL-ended */
};

/* Why the walk did not come to the handler; the door has the words. */
enum rpc_no {
	RPC_NO_KEY = 1,
	RPC_NO_PRIVATE_METHOD, /* begins with _ */
	RPC_NO_METHOD,	       /* subject: its name */
	RPC_NO_ARGUMENT,       /* subject: the one that is missing */
	RPC_NO_SUCH_ARGUMENT,  /* subject: those that are too many, joined by RPC_JOIN */
	RPC_NO_RIGHT,
	RPC_NO_PROJECT, /* subject: as given */
	RPC_NO_PERSON,
	RPC_NO_TEAM,
	RPC_NO_FOLDER,
	RPC_NO_DEFAULT, /* the built-in user cannot be edited */
	RPC_NO_SELF,	/* the asker meant somebody else */
	RPC_NO_OWNER,	/* the asker meant somebody's, and is no administrator */
};

#define RPC_JOIN "`, `"

/* ---- a call */

struct rpc_call {
	/* what the envelope said; the door fills these in */
	const char *id;	 /* as JSON; NULL: none was sent */
	const char *key; /* NULL: not a text */
	const char *name;
	const struct js *args;	  /* NULL: none */
	unsigned profiles_forced; /* RPC_S or RPC_M by the operator's switch; 0: by the rule */

	const struct rpc_method *method; /* NULL: none was found */
	enum rpc_profile profile;
	struct person *owner;
	struct team *other_team;
	struct folder *parent;
	enum rpc_no no; /* 0: not refused by the walk */
	const char *subject;
	bool is_null;	    /* refused, which this method says by the result null */
	bool is_begun;	    /* the handler was asked: its method's words apply */
	const char *failed; /* the words from here on, instead of the row's; NULL: the row's */
	const char *said;   /* the whole sentence, whatever went wrong; NULL: by the above */
};

/* Walks r->call, which has the envelope, to its handler. OK: r->out has the result. Else r->call
 * says what to tell, and the reason is for the log. The transaction is left to route_serve's
 * rollback on failure. */
must_check int rpc_walk(struct req *r, const struct rpc_door *door);

/* In a handler: what is said if anything goes wrong from here on. */
void rpc_failed(struct req *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In a handler: ends the call with this sentence. Returns code, which is not OK. */
int rpc_say(struct req *r, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The words of the row for a failure, filled in; NULL: it has none. */
const char *rpc_failed_text(struct req *r);

/* The argument as it was given, or NULL; by its canonical name. */
const char *rpc_given(const struct req *r, const char *name);

/* Asserts that every row has its columns; called at start and by a test. */
void rpc_check(const struct rpc_door *door);

#endif
