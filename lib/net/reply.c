#include "net/reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"

/* forges tell Git clients by "git/" (mirroring.md 4.1) */
#define USER_AGENT "git/2.0 (mirrorhub)"
#define RETRY_AFTER_MAX_S 86400

/* ---- header lines */

const char *
net_reply_header(struct arena *mem, const char *line, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return NULL;
	line += name_len + 1;
	len -= name_len + 1;
	for (; len > 0 && (line[0] == ' ' || line[0] == '\t'); len--)
		line++;
	for (; len > 0 && (unsigned char)line[len - 1] <= ' '; len--)
		;
	return arena_strndup(mem, line, len);
}

void
net_reply_retry_after(struct net *n, const char *value)
{
	int64_t seconds;

	if (!str_is_int(value, &seconds)) {
		time_t at = curl_getdate(value, NULL);

		seconds = at < 0 ? 0 : (int64_t)at - clock_now();
	}
	n->retry_after_s = seconds < 0	  ? 0
	    : seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S
					  : seconds;
}

/* ---- failures */

static const struct curl_row {
	CURLcode code;
	enum net_why why;
} curl_rows[] = {
	{ CURLE_PEER_FAILED_VERIFICATION, NET_WHY_TLS },
	{ CURLE_SSL_CONNECT_ERROR, NET_WHY_TLS },
	{ CURLE_SSL_CERTPROBLEM, NET_WHY_TLS },
	{ CURLE_SSL_CIPHER, NET_WHY_TLS },
	{ CURLE_SSL_CACERT_BADFILE, NET_WHY_LOCAL },
	{ CURLE_SSL_ISSUER_ERROR, NET_WHY_TLS },
	{ CURLE_SSL_INVALIDCERTSTATUS, NET_WHY_TLS },
	{ CURLE_OUT_OF_MEMORY, NET_WHY_LOCAL },
	{ CURLE_FAILED_INIT, NET_WHY_LOCAL },
	{ CURLE_URL_MALFORMAT, NET_WHY_POLICY },
	{ CURLE_UNSUPPORTED_PROTOCOL, NET_WHY_POLICY },
	{ CURLE_WEIRD_SERVER_REPLY, NET_WHY_PROTOCOL },
	{ CURLE_BAD_CONTENT_ENCODING, NET_WHY_PROTOCOL },
};

int
net_reply_failure(struct net *n, const char *host, CURLcode result, const char *text)
{
	const char *what = text[0] != '\0' ? text : curl_easy_strerror(result);
	enum net_why why = NET_WHY_NETWORK; /* refused, reset, too slow, cut off … */

	for (size_t i = 0; i < sizeof(curl_rows) / sizeof(curl_rows[0]); i++)
		if (curl_rows[i].code == result)
			why = curl_rows[i].why;
	return net_fail(n, why, "%s: %s", host, net_clean(n->c->mem, what));
}

int
net_reply_head_failure(struct net *n, const char *host)
{
	return net_fail(n, NET_WHY_PROTOCOL, "%s sends too many header lines", host);
}

int
net_reply_size_failure(struct net *n, int64_t max_bytes)
{
	return net_fail(n, NET_WHY_POLICY, "the upstream sends more than the %lld bytes it may",
	    (long long)max_bytes);
}

static const struct status_row {
	long status;
	enum net_why why;
	const char *sentence;
} status_rows[] = {
	{ 401, NET_WHY_AUTH, "the upstream wants a user name and password, or refused ours" },
	{ 403, NET_WHY_AUTH, "the upstream does not let us in" },
	{ 404, NET_WHY_GONE, "the upstream has no such repository, or hides it from us" },
	{ 407, NET_WHY_POLICY, "a proxy stands in the way" },
	{ 408, NET_WHY_NETWORK, "the upstream waited too long for us" },
	{ 410, NET_WHY_GONE, "the upstream says that the repository is gone" },
	{ 413, NET_WHY_PROTOCOL, "the upstream finds our request too large" },
	{ 429, NET_WHY_BUSY, "the upstream asks us to come less often" },
};

int
net_reply_status(struct net *n, long status)
{
	for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++)
		if (status_rows[i].status == status)
			return net_fail(n, status_rows[i].why, "%s (HTTP %ld)",
			    status_rows[i].sentence, status);
	if (status == 503 && n->retry_after_s > 0)
		return net_fail(n, NET_WHY_BUSY, "the upstream is busy (HTTP %ld)", status);
	if (status >= 500)
		return net_fail(
		    n, NET_WHY_NETWORK, "the upstream is in trouble (HTTP %ld)", status);
	if (status >= 300 && status < 400)
		return net_fail(n, NET_WHY_POLICY,
		    "the upstream redirects to where we may not follow (HTTP %ld)", status);
	return net_fail(n, NET_WHY_PROTOCOL, "the upstream answers with HTTP %ld", status);
}

/* ---- redirects */

bool
net_reply_is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool
net_reply_is_for_good(long status)
{
	return status == 301 || status == 308;
}

int
net_reply_bad_redirect(struct net *n, const char *why)
{
	return net_fail(n, NET_WHY_POLICY, "the upstream redirects %s", why);
}

int
net_reply_redirect(struct net *n, const struct net_url *from, const char *suffix,
    const char *location, struct net_url *out, const char **query_out)
{
	struct arena *mem = n->c->mem;
	struct net_url base = *from;
	const char *query;
	char *text;

	if (location == NULL)
		return net_reply_bad_redirect(n, "without saying where to");
	base.path = "";
	if (str_starts(location, "//"))
		text = arena_printf(mem, "%s:%s", net_scheme_text(base.scheme), location);
	else if (location[0] == '/')
		text = arena_printf(mem, "%s%s", net_url_text(mem, &base), location);
	else
		text = arena_strdup(mem, location);
	text[strcspn(text, "#")] = '\0';
	query = strchr(text, '?') != NULL ? arena_strdup(mem, strchr(text, '?') + 1) : NULL;
	text[strcspn(text, "?")] = '\0';
	if (!str_ends(text, suffix))
		return net_reply_bad_redirect(n, "away from the list of refs");
	text[strlen(text) - strlen(suffix)] = '\0';
	if (net_url_parse(n->c, text, out) != OK ||
	    (query != NULL && strpbrk(query, " \t\\\"<>") != NULL))
		return net_reply_bad_redirect(n, "to an address that cannot be used");
	if (out->scheme != from->scheme && !(from->scheme == NET_HTTP && out->scheme == NET_HTTPS))
		return net_reply_bad_redirect(n, "to another scheme");
	*query_out = query;
	return OK;
}

/* ---- requests */

/* As OpenSSL itself would have it: libcurl does not ask the environment. Debian's has a folder set,
 * whose certificates are in the file too; with one, libcurl reads the file anew for each connection
 * and keeps what it read as long: 35 ms and 0.8 MiB each. */
static void
set_trust(CURL *easy)
{
	const char *file = getenv("SSL_CERT_FILE"), *folder = getenv("SSL_CERT_DIR");

	if (file != NULL && file[0] != '\0')
		curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, folder != NULL && folder[0] != '\0' ? folder : NULL);
}

void
net_reply_set_limits(CURL *easy, const struct conf *conf)
{
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)conf->net_connect_s);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	set_trust(easy);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

const char *
net_reply_pin(struct arena *mem, const struct net_place *place, const char *prefix)
{
	struct buf *line = buf_new(mem, 4096);

	if (strcmp(place->host, place->addresses[0].text) == 0)
		return NULL;
	buf_printf(line, "%s%s:%d:", prefix, place->host, place->port);
	for (size_t i = 0; i < place->n; i++)
		buf_printf(line, "%s%s", i > 0 ? "," : "", place->addresses[i].text);
	assert(!line->full);
	return line->data;
}
