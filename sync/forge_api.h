/* Calls of a forge's REST API, in a worker process: the forge is a stranger. No redirect is
 * followed, answers have a most of bytes and of depth, values are taken only with their types, and
 * what is told of a failure holds no secret (checklists/security.md M-12, M-21). */
#ifndef SYNC_FORGE_API_H
#define SYNC_FORGE_API_H

#include "base/js.h"
#include "net/http.h"

#define FORGE_ANSWER_MAX_BYTES (4 * 1024 * 1024)
#define FORGE_HEADERS_MAX 4

struct forge_api {
	struct ctx *c;
	struct net *net;
	struct net_http *http;
	struct net_url base;
	const char *token; /* that no text of an answer may bring back */
	const char *headers[FORGE_HEADERS_MAX + 2];
};

/* endpoint: an http or https address, "/api/v4" and the like in it. headers: lines, of which one
 * holds the token. */
must_check int forge_api_open(struct net *n, const char *endpoint, const char *token,
    const char *const *headers, struct forge_api **out);

struct forge_call {
	const char *method; /* "GET" … */
	const char *path;   /* behind the endpoint, encoded */
	const char *query;  /* NULL: none */
	const char *body;   /* NULL: none */
	const char *type;   /* of the body */
};

/* One of 2xx, 400, 404, 409, 410 or 422: what else came is a failure already, with its class
 * (net_fail): 401, 403 auth; 429, and 403 with its limit used up, busy with when to come back; 5xx
 * network; redirects, a flood, an odd answer policy or protocol. */
struct forge_answer {
	long status;
	const struct js *json; /* of 2xx: an object or array, NULL for none; of others maybe NULL */
	const char *message;   /* of others: what it says, cleaned */
	const char *page;      /* header X-Next-Page; "" */
};

must_check int forge_call(
    struct forge_api *a, const struct forge_call *call, struct forge_answer *out);

/* One of 2xx. */
bool forge_is_ok(const struct forge_answer *answer);

/* forge_call, whose answer must be one of 2xx with an object. */
must_check int forge_object(
    struct forge_api *a, const struct forge_call *call, struct forge_answer *out);

/* forge_call for something that may not be there: *out NULL where the answer is 404 or 410. */
must_check int forge_find(
    struct forge_api *a, const struct forge_call *call, const struct js **out);

/* net_fail for an answer that is no success, in hpr's words: "Server responded with code …". */
int forge_refused(struct forge_api *a, const struct forge_call *call,
    const struct forge_answer *answer, enum net_why why);

/* The class of an answer: 404, 410 gone; else policy (it will say no again). */
enum net_why forge_why(long status);

/* ---- values of answers: absent and null are the default, another type is a failure */

must_check int forge_text(struct forge_api *a, const struct js *object, const char *key,
    const char *missing, const char **out);
must_check int forge_bool(
    struct forge_api *a, const struct js *object, const char *key, bool missing, bool *out);

/* A positive number; there must be one. */
must_check int forge_id(
    struct forge_api *a, const struct js *object, const char *key, int64_t *out);

/* ---- bodies */

struct forge_pair {
	const char *name;  /* NULL at the end */
	const char *value; /* NULL: left out */
	bool is_word;	   /* true or false: no text, where JSON tells them apart */
};

#define FORGE_FLAG(name, is)                                                                       \
	{                                                                                          \
		name, (is) ? "true" : "false", true                                                \
	}

const char *forge_form(struct arena *mem, const struct forge_pair *pairs);
const char *forge_json(struct arena *mem, const struct forge_pair *pairs);

#endif
