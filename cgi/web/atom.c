/* Atom feeds (RFC 4287): of commits and of tags. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cgi/web/commit_rows.h"
#include "cgi/web/url.h"
#include "cgi/web/view.h"
#include "cgi/web/web.h"
#include "git/commit.h"
#include "web/html.h"

#define ENTRIES 40
#define TITLE_MOST 200 /* characters */
#define TEXT_MOST 8000 /* of a message: 40 of them, twice that long in bytes, are 640 kB */

struct entry {
	const char *id, *url; /* absolute */
	const char *title;
	const char *author;
	const char *text;
	int64_t at; /* last changed; Unix s */
};

static const char *
author_of(const struct git_sign *sign)
{
	return sign->name[0] != '\0' ? sign->name : "nobody";
}

/* ---- any feed */

struct feed {
	const char *title;
	const char *self, *page; /* addresses of the feed and of the page that shows the same */
	struct entry entries[ENTRIES];
	size_t n;
};

/* Its newest entry need not be the first: clocks are wrong. */
static void
begin_feed(struct req *r, const struct feed *f)
{
	int64_t at = f->n > 0 ? f->entries[0].at : r->project->created_at;
	const char *self = url_absolute(r, f->self);

	for (size_t i = 1; i < f->n; i++)
		at = f->entries[i].at > at ? f->entries[i].at : at;
	r->type = "application/atom+xml; charset=utf-8";
	html(r->out,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	    "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>%s</id>\n<title>%s</title>\n"
	    "<updated>%s</updated>\n<author><name>%s</name></author>\n"
	    "<link rel=\"self\" type=\"application/atom+xml\" href=\"%s\"/>\n"
	    "<link rel=\"alternate\" type=\"text/html\" href=\"%s\"/>\n",
	    self, f->title, clock_text_rfc3339(r->ctx->mem, at), r->project->path, self,
	    url_absolute(r, f->page));
}

static void
add_entry(struct req *r, const struct entry *e)
{
	html(r->out,
	    "<entry>\n<id>%s</id>\n<title>%s</title>\n<updated>%s</updated>\n"
	    "<author><name>%s</name></author>\n"
	    "<link rel=\"alternate\" type=\"text/html\" href=\"%s\"/>\n"
	    "<content type=\"text\">%s</content>\n</entry>\n",
	    e->id, e->title, clock_text_rfc3339(r->ctx->mem, e->at), e->author, e->url, e->text);
}

static void
add_feed(struct req *r, const struct feed *f)
{
	begin_feed(r, f);
	for (size_t i = 0; i < f->n; i++)
		add_entry(r, &f->entries[i]);
	html(r->out, "</feed>\n");
}

/* ---- of commits */

static int
commit_entry(struct req *r, struct git_view *view, const char *id, struct entry *out)
{
	struct git_commit_info info;

	TRY(git_commit_read_row(r->ctx, view, id, &info));
	out->url = url_absolute(r, url_view(r, r->project, "commit", id, NULL));
	out->id = out->url;
	out->title = commit_subject(r, info.subject, TITLE_MOST);
	out->author = author_of(&info.author);
	out->text = commit_subject(r, info.message, TEXT_MOST);
	out->at = info.committer.at;
	return OK;
}

int
web_atom_commits(struct req *r)
{
	struct feed f = { .n = 0 };
	struct git_view *view;
	struct git_log log;
	struct git_rev rev;
	const char *path;

	TRY(view_open_rest(r, &view, &rev, &path));
	if (path[0] != '\0')
		return fail(r->ctx, E_NOTFOUND, "no such branch or tag");
	TRY(git_log(r->ctx, git_view_repo(view), rev.commit, 0, ENTRIES, &log));
	for (; f.n < log.n; f.n++)
		TRY(commit_entry(r, view, log.ids[f.n], &f.entries[f.n]));
	f.title = arena_printf(r->ctx->mem, "%s: commits of %s", r->project->path, rev.text);
	f.self = url_view(r, r->project, "atom/commits", rev.text, NULL);
	f.page = url_view(r, r->project, "commits", rev.text, NULL);
	add_feed(r, &f);
	return OK;
}

/* ---- of tags */

/* A tag that is moved keeps its entry, which has changed then. What an annotated tag says of itself
 * comes before what its commit says. */
static int
tag_entry(struct req *r, struct git_view *view, const struct git_view_tip *tip, struct entry *out)
{
	struct git_commit_info info;
	struct git_tag_info tag = { .message = "" };

	TRY(git_commit_read_row(r->ctx, view, tip->commit, &info));
	if (tip->tag_id != NULL)
		TRY(git_tag_read(r->ctx, view, tip->tag_id, &tag));
	out->url = url_absolute(r, url_view(r, r->project, "tree", tip->text, NULL));
	out->id = out->url;
	out->title = tip->short_name;
	out->author = author_of(tag.tagger.at != 0 ? &tag.tagger : &info.author);
	out->text =
	    commit_subject(r, tag.message[0] != '\0' ? tag.message : info.message, TEXT_MOST);
	out->at = tag.tagger.at != 0 ? tag.tagger.at : info.committer.at;
	return OK;
}

int
web_atom_tags(struct req *r)
{
	const struct git_view_tip *const *tags;
	struct feed f = { .n = 0 };
	struct git_view *view;
	size_t n;

	TRY(view_open(r, &view));
	TRY(git_view_newest(r->ctx, view, true, &tags, &n));
	for (; f.n < n && f.n < ENTRIES; f.n++)
		TRY(tag_entry(r, view, tags[f.n], &f.entries[f.n]));
	f.title = arena_printf(r->ctx->mem, "%s: tags", r->project->path);
	f.self = url_view(r, r->project, "atom/tags", NULL, NULL);
	f.page = url_view(r, r->project, "tags", NULL, NULL);
	add_feed(r, &f);
	return OK;
}
