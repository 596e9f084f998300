#include "sync/jira_text.h"

#include <fnmatch.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/url.h"

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define COMMENT_MAX_BYTES (64 * 1024)
#define SHORT_ID 7

/* ---- tickets */

/* \w of a regular expression. */
static bool
is_word(char ch)
{
	return ch != '\0' && strchr(CAPITALS "abcdefghijklmnopqrstuvwxyz" DIGITS "_", ch) != NULL;
}

/* How long the ticket of that prefix at s is; 0: there is none. */
static size_t
ticket_len(const char *s, size_t prefix)
{
	size_t digits;

	if (s[prefix] != '-')
		return 0;
	digits = strspn(s + prefix + 1, DIGITS);
	if (digits == 0 || digits > JIRA_NUMBER_DIGITS || is_word(s[prefix + 1 + digits]))
		return 0;
	return prefix + 1 + digits;
}

static size_t
find_ticket(const char *s, const struct jira_list *projects)
{
	size_t len = 0, capitals = strspn(s, CAPITALS);

	if (projects->n == 0)
		return capitals >= 2 ? ticket_len(s, capitals) : 0;
	for (size_t i = 0; i < projects->n && len == 0; i++)
		if (str_starts(s, projects->rows[i]))
			len = ticket_len(s, strlen(projects->rows[i]));
	return len;
}

static void
add_once(struct jira_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->rows[i], text) == 0)
			return;
	list->rows[list->n++] = text;
}

void
jira_tickets(
    struct ctx *c, const char *message, const struct jira_list *projects, struct jira_list *out)
{
	size_t len;

	*out =
	    (struct jira_list){ .rows = arena_new_array(c->mem, const char *, JIRA_TICKETS_MAX) };
	for (const char *s = message; *s != '\0' && out->n < JIRA_TICKETS_MAX; s++) {
		if (!is_word(*s) || (s > message && is_word(s[-1])))
			continue;
		len = find_ticket(s, projects);
		if (len > 0)
			add_once(out, arena_strndup(c->mem, s, len));
	}
}

/* ---- branches */

static bool
matches(const struct jira_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->rows[i], text, 0) == 0)
			return true;
	return false;
}

bool
jira_is_wanted(const struct jira_server *s, const char *project_branch)
{
	return (s->whitelist.n == 0 || matches(&s->whitelist, project_branch)) &&
	    !matches(&s->blacklist, project_branch);
}

/* ---- links */

/* "OWNER/NAME" of an address on GitHub, as people write them; else NULL. */
static const char *
github_name(struct ctx *c, const char *upstream)
{
	struct net_url url;
	const char *slash;
	char *name;
	size_t len;

	if (net_url_parse(c, upstream, &url) != OK || url.scheme == NET_FILE ||
	    strcmp(url.host, "github.com") != 0)
		return NULL;
	name = arena_strdup(c->mem, url.path + strspn(url.path, "/"));
	len = strlen(name);
	if (str_ends(name, ".git"))
		name[len - strlen(".git")] = '\0';
	slash = strchr(name, '/');
	return slash != NULL && slash[1] != '\0' && strchr(slash + 1, '/') == NULL ? name : NULL;
}

const char *
jira_pages(struct ctx *c, const char *base, const char *project, const char *upstream)
{
	const char *name = upstream[0] != '\0' ? github_name(c, upstream) : NULL;

	if (name != NULL)
		return arena_printf(
		    c->mem, "https://github.com/%s", str_percent_path(c->mem, name));
	return arena_printf(c->mem, "%s/%s", base, str_percent_path(c->mem, project));
}

/* ---- the comment */

/* As text of a headline: nothing in it is markup, or ends the link or the bold face around it. A
 * backslash has no escape: two of them end the line. */
static void
add_label(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\') {
			buf_text(b, "&#92;");
			continue;
		}
		if (strchr("{}[]|*", *text) != NULL)
			buf_char(b, '\\');
		buf_char(b, *text);
	}
}

/* People may use markup in their messages, but no macros: they reach to the end of the comment. */
static void
add_message(struct buf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len && text[i + 1] == '{')
			buf_text(b, "&#92;");
		else if (text[i] == '{')
			buf_text(b, "\\{");
		else
			buf_char(b, text[i]);
	}
}

/* At most max bytes, cut before a character. */
static size_t
whole_len(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return len;
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		;
	return len;
}

const char *
jira_comment(struct ctx *c, const struct jira_push *push, const struct git_commit_info *commit)
{
	struct buf *b = buf_new(c->mem, COMMENT_MAX_BYTES);
	size_t len = whole_len(commit->message, JIRA_MESSAGE_MAX);

	buf_text(b, "{panel:borderColor=#ccc|borderStyle=solid|bgColor=#d3e1fe}\n*[");
	add_label(b, push->project);
	buf_printf(b, " commit %.*s|%s/commit/%s]* ([branch ", SHORT_ID, commit->id, push->pages,
	    commit->id);
	add_label(b, str_utf8(c->mem, push->branch, strlen(push->branch)));
	buf_printf(b, "|%s/commits/%s], by ", push->pages, str_percent_path(c->mem, push->branch));
	add_label(b, commit->author.name);
	buf_text(b, ")\n\n");
	add_message(b, commit->message, len);
	if (commit->message[len] != '\0')
		buf_text(b, " \xe2\x80\xa6");
	buf_text(b, "\n{panel}");
	return b->data;
}
