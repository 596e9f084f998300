#include "sync/jira_conf.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/field.h"
#include "base/js.h"
#include "base/path.h"
#include "base/str.h"
#include "net/url.h"

#define SECTION "jiraPostFetchHook"
#define WORD_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static const struct field texts[] = { FIELD_AS(jira_server, url, "jiraUrl"),
	FIELD_AS(jira_server, credentials, "jiraCredentials"),
	FIELD_AS(jira_server, token, "jiraToken"), FIELD_AS(jira_server, pages, "moUrl"), { 0 } };

static const struct {
	const char *name;
	size_t offset;
} lists[] = {
	{ "jiraProjects", offsetof(struct jira_server, projects) },
	{ "branchWhitelist", offsetof(struct jira_server, whitelist) },
	{ "branchBlacklist", offsetof(struct jira_server, blacklist) },
};

#define N_LISTS (sizeof(lists) / sizeof(lists[0]))

/* Of the section alone. git: a path that Molybdenum needed. */
static const char *const section_keys[] = { "dryRun", "git", "admin", "jiras", NULL };

/* ---- one value */

/* NULL: it is not there, or null. */
static const struct js *
value_of(const struct js *object, const char *key)
{
	const struct js *v = js_get(object, key);

	return v != NULL && js_type(v) != JS_NULL ? v : NULL;
}

static int
read_text(struct ctx *c, const struct js *object, const char *key, const char **out)
{
	const struct js *v = value_of(object, key);

	*out = NULL;
	if (v == NULL)
		return OK;
	if (js_type(v) != JS_TEXT)
		return fail(c, E_INVALID, "%s is no text", key);
	*out = js_text_of(c, v);
	if (!str_is_printable(*out))
		return fail(c, E_INVALID, "%s has control characters", key);
	if ((*out)[0] == '\0')
		*out = NULL;
	return OK;
}

static int
read_list(struct ctx *c, const struct js *object, const char *key, struct jira_list *out)
{
	const struct js *v = value_of(object, key);

	if (v == NULL)
		return OK;
	if (js_type(v) != JS_ARRAY)
		return fail(c, E_INVALID, "%s is no list", key);
	out->rows = arena_new_array(c->mem, const char *, js_count(v) + 1);
	for (; out->n < js_count(v); out->n++) {
		if (js_type(js_at(v, out->n)) != JS_TEXT)
			return fail(c, E_INVALID, "%s is no list of texts", key);
		out->rows[out->n] = js_text_of(c, js_at(v, out->n));
	}
	return OK;
}

/* ---- one server */

static bool
is_server_key(const char *key)
{
	for (size_t i = 0; i < N_LISTS; i++)
		if (strcmp(lists[i].name, key) == 0)
			return true;
	return field_by_name(texts, key) != NULL;
}

static bool
is_section_key(const char *key)
{
	for (size_t i = 0; section_keys[i] != NULL; i++)
		if (strcmp(section_keys[i], key) == 0)
			return true;
	return is_server_key(key);
}

/* A key that is spelt wrong would comment where nobody wants it. */
static int
check_server_key(void *payload, const char *key, const struct js *value)
{
	(void)value;
	return is_server_key(key) ? OK : fail(payload, E_INVALID, "no such key in jiras: %s", key);
}

static int
check_section_key(void *payload, const char *key, const struct js *value)
{
	(void)value;
	return is_section_key(key)
	    ? OK
	    : fail(payload, E_INVALID, "no such key in " SECTION ": %s", key);
}

static const char *
without_slashes(struct ctx *c, const char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return arena_strndup(c->mem, url, len);
}

/* Requests go to it, and links in comments are made of it. */
static int
check_url(struct ctx *c, const char *key, const char **url)
{
	struct net_url parsed;

	*url = without_slashes(c, *url);
	if (strpbrk(*url, "?#[]{}|<>\"\\ ") != NULL ||
	    net_url_parse(c, arena_printf(c->mem, "%s/x", *url), &parsed) != OK ||
	    (parsed.scheme != NET_HTTP && parsed.scheme != NET_HTTPS))
		return fail(
		    c, E_INVALID, "%s is no plain http or https address without a user", key);
	return OK;
}

static int
check_projects(struct ctx *c, const struct jira_list *projects)
{
	for (size_t i = 0; i < projects->n; i++)
		if (projects->rows[i][0] == '\0' ||
		    strspn(projects->rows[i], WORD_CHARS) != strlen(projects->rows[i]))
			return fail(c, E_INVALID, "jiraProjects are letters, digits and _");
	return OK;
}

static int
check_server(struct ctx *c, struct jira_server *s)
{
	if (s->url == NULL)
		return fail(c, E_INVALID, "there is no jiraUrl");
	TRY(check_url(c, "jiraUrl", &s->url));
	if (s->pages != NULL)
		TRY(check_url(c, "moUrl", &s->pages));
	if ((s->credentials == NULL) == (s->token == NULL))
		return fail(c, E_INVALID, "a jira has either jiraCredentials or a jiraToken");
	if (s->credentials != NULL && strchr(s->credentials, ':') == NULL)
		return fail(c, E_INVALID, "jiraCredentials are user:password");
	return check_projects(c, &s->projects);
}

static int
read_server(struct ctx *c, const struct js *object, struct jira_server *out)
{
	*out = (struct jira_server){ 0 };
	for (const struct field *f = texts; f->name != NULL; f++)
		TRY(read_text(c, object, f->name, FIELD_AT(out, f, const char *)));
	for (size_t i = 0; i < N_LISTS; i++)
		TRY(read_list(c, object, lists[i].name,
		    (struct jira_list *)(void *)((char *)out + lists[i].offset)));
	return check_server(c, out);
}

/* ---- the section */

static int
read_servers(struct ctx *c, const struct js *array, struct jira_conf *out)
{
	if (js_type(array) != JS_ARRAY)
		return fail(c, E_INVALID, "jiras is no list");
	out->servers = arena_new_array(c->mem, struct jira_server, js_count(array) + 1);
	for (; out->n < js_count(array); out->n++) {
		const struct js *one = js_at(array, out->n);

		if (js_type(one) != JS_OBJECT)
			return fail(c, E_INVALID, "jiras is no list of objects");
		TRY(js_each(one, check_server_key, c));
		TRY(read_server(c, one, &out->servers[out->n]));
	}
	return OK;
}

/* Before there was a list, the keys of the only server stood in the section itself. */
static int
read_only_server(struct ctx *c, const struct js *section, struct jira_conf *out)
{
	out->servers = arena_new_of(c->mem, struct jira_server);
	out->n = 1;
	return read_server(c, section, out->servers);
}

static int
read_section(struct ctx *c, const struct js *section, struct jira_conf *out)
{
	const struct js *dry = value_of(section, "dryRun"), *jiras = value_of(section, "jiras");

	TRY(js_each(section, check_section_key, c));
	if (dry != NULL && js_type(dry) != JS_BOOL)
		return fail(c, E_INVALID, "dryRun is true or false");
	out->is_dry_run = dry != NULL && js_bool_of(dry);
	TRY(read_text(c, section, "admin", &out->admin));
	if (jiras != NULL && value_of(section, "jiraUrl") != NULL)
		return fail(c, E_INVALID, "either jiras or one jiraUrl, not both");
	return jiras != NULL ? read_servers(c, jiras, out) : read_only_server(c, section, out);
}

int
jira_conf_parse(struct ctx *c, const char *text, struct jira_conf *out)
{
	const struct js *all, *section;

	*out = (struct jira_conf){ 0 };
	TRY(js_parse(c, text, strlen(text), &all));
	if (js_type(all) != JS_OBJECT)
		return fail(c, E_INVALID, "there is no object");
	section = js_get(all, SECTION);
	if (section == NULL)
		return read_section(c, all, out);
	if (js_type(section) != JS_OBJECT)
		return fail(c, E_INVALID, SECTION " is no object");
	TRY(read_section(c, section, out));
	return out->admin == NULL ? read_text(c, all, "adminName", &out->admin) : OK;
}

int
jira_conf_read(struct ctx *c, const char *path, struct jira_conf *out)
{
	struct stat st;
	char *text;
	int code;

	if (stat(path, &st) != 0)
		return fail(
		    c, errno == ENOENT ? E_NOTFOUND : E_INTERNAL, "%s: %s", path, strerror(errno));
	if ((st.st_mode & 077) != 0)
		return fail(c, E_DENIED,
		    "%s holds credentials: its mode has to be 0600, and is %04o", path,
		    (unsigned)st.st_mode & 07777);
	TRY(path_read(c, path, JIRA_CONF_MAX_BYTES, &text));
	code = jira_conf_parse(c, text, out);
	return code == OK ? OK : fail(c, code, "%s: %s", path, c->reason);
}
