#include "net/places.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define US_PER_S 1000000
#define NAME_BYTES 256
#define BUCKETS 1024
#define HOSTS_MOST 1024 /* remembered without anybody there */

struct net_host {
	struct net_host *next; /* of the bucket, or of the free ones */
	struct net_places *places;
	char name[NAME_BYTES];
	int port;
	struct net_address addresses[NET_ADDRESSES_MAX];
	size_t n;
	int64_t until_us; /* the addresses may be kept; 0: there are none */
	bool is_asked;	  /* a look-up is under way */
	int64_t n_there;
	struct net_ask *first, **last; /* who waits */
};

struct net_places {
	struct arena *mem; /* of the hosts */
	struct net_policy *policy;
	struct net_resolver *resolver;
	void (*turn)(void *payload, struct net_ask *ask, int code);
	void *payload;
	struct net_host *buckets[BUCKETS], *free;
	size_t n;
	struct ctx inner; /* for look-ups; its arena is emptied after each */
};

/* ---- hosts */

static struct net_host **
bucket_of(struct net_places *p, const char *name, int port)
{
	uint32_t hash = 2166136261U ^ (uint32_t)port;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return &p->buckets[hash % BUCKETS];
}

static bool
is_in_use(const struct net_host *h)
{
	return h->is_asked || h->n_there > 0 || h->first != NULL;
}

/* Those whose addresses are too old go; then the next turn looks them up again. */
static void
forget_old(struct net_places *p)
{
	int64_t now_us = clock_mono_us();

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct net_host **at = &p->buckets[i], *h; (h = *at) != NULL;) {
			if (is_in_use(h) || h->until_us > now_us) {
				at = &h->next;
				continue;
			}
			*at = h->next;
			h->next = p->free;
			p->free = h;
			p->n--;
		}
}

static struct net_host *
host_of(struct net_places *p, const struct net_url *url)
{
	struct net_host **bucket = bucket_of(p, url->host, url->port), *h;

	for (h = *bucket; h != NULL; h = h->next)
		if (h->port == url->port && strcmp(h->name, url->host) == 0)
			return h;
	if (p->n >= HOSTS_MOST)
		forget_old(p);
	h = p->free;
	if (h != NULL)
		p->free = h->next;
	else
		h = arena_new_of(p->mem, struct net_host);
	*h = (struct net_host){ .next = *bucket, .places = p, .port = url->port };
	assert(strlen(url->host) < NAME_BYTES); /* net_url_parse */
	memcpy(h->name, url->host, strlen(url->host) + 1);
	h->last = &h->first;
	*bucket = h;
	p->n++;
	return h;
}

/* ---- turns */

static struct net_ask *
pop(struct net_host *h)
{
	struct net_ask *a = h->first;

	h->first = a->next;
	if (h->first == NULL)
		h->last = &h->first;
	a->next = NULL;
	return a;
}

static void
begin(struct net_host *h, struct net_ask *a)
{
	h->n_there++;
	a->place = (struct net_place){ .host = a->url.host, .port = h->port, .n = h->n };
	memcpy(a->place.addresses, h->addresses, h->n * sizeof(h->addresses[0]));
	h->places->turn(h->places->payload, a, OK);
}

static void look_up(struct net_host *h);

/* Those that waited for a look-up have their turn by its answer, even one that may not be kept. */
static void
pump(struct net_host *h, bool is_fresh)
{
	while (h->first != NULL && !h->is_asked && h->n_there < h->first->host_most) {
		if (!is_fresh && clock_mono_us() >= h->until_us) {
			look_up(h);
			return;
		}
		begin(h, pop(h));
	}
}

/* Nobody who waits can be served; who joins from now on has a look-up of his own. */
static void
refuse_all(struct net_host *h, enum net_why why, const char *reason)
{
	struct net_ask *a = h->first, *next;

	h->first = NULL;
	h->last = &h->first;
	h->until_us = 0;
	for (; a != NULL; a = next) {
		next = a->next;
		a->next = NULL;
		a->host = NULL;
		h->places->turn(h->places->payload, a, net_fail(a->net, why, "%s", reason));
	}
}

static void
on_found(void *payload, const struct net_answers *answers)
{
	struct net_host *h = payload;
	struct net_places *p = h->places;
	struct net n = { .c = &p->inner, .policy = p->policy };
	struct net_url url = { .host = h->name, .port = h->port };
	struct net_place place;

	h->is_asked = false;
	if (answers->why != 0) {
		refuse_all(h, answers->why, answers->error);
	} else if (net_place_fill(&n, &url, answers, &place) != OK) {
		refuse_all(h, n.why, p->inner.reason);
	} else {
		memcpy(h->addresses, place.addresses, sizeof(place.addresses));
		h->n = place.n;
		h->until_us = clock_mono_us() + answers->ttl_s * US_PER_S;
		pump(h, true);
	}
}

static void
look_up(struct net_host *h)
{
	h->is_asked = true;
	net_resolver_ask(h->places->resolver, h->name, h->port, on_found, h);
}

void
net_places_join(struct net_places *p, struct net_ask *a)
{
	int code = net_policy_check_url(a->net->c, p->policy, &a->url);

	a->next = NULL;
	a->host = NULL;
	if (code != OK) {
		a->net->why = NET_WHY_POLICY;
		p->turn(p->payload, a, code);
		return;
	}
	a->host = host_of(p, &a->url);
	*a->host->last = a;
	a->host->last = &a->next;
	pump(a->host, false);
}

void
net_places_leave(struct net_places *p, struct net_ask *a)
{
	struct net_host *h = a->host;

	(void)p;
	if (h == NULL)
		return;
	a->host = NULL;
	h->n_there--;
	pump(h, false);
}

/* ---- all of them */

static void
free_inner(void *places)
{
	arena_free(((struct net_places *)places)->inner.mem);
}

struct net_resolver *
net_places_resolver(struct net_places *p)
{
	return p->resolver;
}

int
net_places_open(struct ctx *c, struct net_policy *policy,
    void (*watch)(void *payload, int fd, bool for_reading, bool for_writing),
    void (*turn)(void *payload, struct net_ask *ask, int code), void *payload,
    struct net_places **out)
{
	struct net_places *p = arena_new_of(c->mem, struct net_places);

	p->mem = c->mem;
	p->policy = policy;
	p->turn = turn;
	p->payload = payload;
	TRY(net_resolver_open(c, watch, payload, &p->resolver));
	p->inner = *c;
	p->inner.mem = arena_new();
	arena_defer(c->mem, free_inner, p);
	*out = p;
	return OK;
}
