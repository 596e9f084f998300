#include "cgi/web/commit_rows.h"

#include <string.h>
#include <time.h>

#include "base/str.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "git/commit.h"
#include "web/html.h"

#define SUBJECT_MOST 100 /* characters */
#define HASH_CHARS 16	 /* that the pages show of an id (contract B5) */
#define LABELS_MOST 6	 /* branches and tags of one commit; a release script may leave hundreds */
#define DAY_S 86400

/* The refs that lead to a commit of a list. */
struct labels {
	const struct git_view_tip *const *tips;
	size_t n;
};

static void
add_labels(struct req *r, const struct labels *labels)
{
	for (size_t i = 0; i < labels->n && i < LABELS_MOST; i++) {
		const struct git_view_tip *tip = labels->tips[i];
		const char *word = tip->is_tag ? "tag" : "branch";

		html(r->out, " <a class=\"label %s\" href=\"%s\"><span class=\"hidden\">%s </span>",
		    word, url_view(r, r->project, "tree", tip->text, NULL), word);
		html_marked(r->out, tip->short_name);
		html(r->out, "</a>");
	}
	if (labels->n > LABELS_MOST)
		html(r->out, " <span class=\"label\">+%ld more</span>",
		    (long)(labels->n - LABELS_MOST));
}

const char *
commit_subject(struct req *r, const char *subject, size_t most)
{
	const char *end = subject;
	size_t n = 0, len;

	while (*end != '\0' && n++ < most) {
		len = str_utf8_len(end, strlen(end) < 4 ? strlen(end) : 4);
		end += len > 0 ? len : 1;
	}
	if (end == subject)
		return "(no message)";
	if (*end == '\0')
		return subject;
	return arena_printf(r->ctx->mem, "%.*s…", (int)(end - subject), subject);
}

static const char *
day_of(struct req *r, int64_t at)
{
	char text[64];
	struct tm tm;

	if (at == 0 || gmtime_r(&at, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 8099)
		return "At an unknown time";
	strftime(text, sizeof(text), "%A, %-d %B %Y", &tm);
	return arena_strdup(r->ctx->mem, text);
}

static void
add_author(struct req *r, const struct git_sign *author)
{
	const char *name = author->name[0] != '\0' ? author->name : author->email;

	html(r->out, "<span class=\"author\">");
	html_marked(r->out, name[0] != '\0' ? name : "nobody");
	html(r->out, "</span> ");
	page_time(r, author->at);
}

static void
add_row(struct req *r, const struct git_commit_info *info, const struct labels *labels,
    const char *path)
{
	const struct project *p = r->project;
	const char *url = url_view(r, p, "commit", info->id, NULL);

	html(r->out, "<li>\n<p class=\"subject\"><a href=\"%s\">", url);
	html_marked(r->out, commit_subject(r, info->subject, SUBJECT_MOST));
	html(r->out, "</a>");
	add_labels(r, labels);
	html(r->out, "</p>\n<p class=\"by\">");
	add_author(r, &info->author);
	html(r->out, "</p>\n<p class=\"ids\"><a class=\"hash\" href=\"%s\"><code>%s</code></a> ",
	    url, arena_strndup(r->ctx->mem, info->id, HASH_CHARS));
	html(r->out, "<a href=\"%s\">%s</a></p>\n</li>\n", url_view(r, p, "tree", info->id, path),
	    path[0] != '\0' ? "As it was" : "Files");
}

/* Days before 1970 count downwards. */
static int64_t
day_number(int64_t at)
{
	return at >= 0 ? at / DAY_S : -1 - (-1 - at) / DAY_S;
}

static void
begin_day(struct req *r, int64_t at, bool is_first)
{
	if (!is_first)
		html(r->out, "</ol>\n");
	html(r->out, "<h2>%s</h2>\n<ol class=\"commits\">\n", day_of(r, at));
}

int
commit_rows(struct req *r, struct git_view *view, const struct git_log *log, const char *path)
{
	struct git_commit_info info;
	struct labels labels;
	int64_t day, before = INT64_MIN;

	for (size_t i = 0; i < log->n; i++, before = day) {
		TRY(git_commit_read_row(r->ctx, view, log->ids[i], &info));
		TRY(git_view_refs_of(r->ctx, view, info.id, &labels.tips, &labels.n));
		day = day_number(info.author.at);
		if (day != before)
			begin_day(r, info.author.at, i == 0);
		add_row(r, &info, &labels, path);
	}
	if (log->n > 0)
		html(r->out, "</ol>\n");
	return OK;
}
