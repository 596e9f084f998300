#include "cgi/web/place.h"

#include <string.h>

#include "base/str.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/view.h"
#include "git/commit.h"
#include "web/html.h"

#define HEX_LEN 40
#define ID_SHOWN 16	 /* digits (contract B5) */
#define SUBJECT_SHOWN 60 /* characters (contract B5) */
#define PARENTS_SHOWN 8	 /* an octopus has more */
#define SWITCH_MOST 25	 /* branches, and as many tags: what one can look through */
#define DATED_MOST 500	 /* more refs than that are not put in order for a list so short */

/* ---- the address */

int
place_open(struct req *r, struct place *out)
{
	return view_open_rest(r, &out->view, &out->rev, &out->path);
}

bool
place_is_fixed(struct req *r)
{
	const char *rest = req_param(r, "rest");

	return strspn(rest, "0123456789abcdef") == HEX_LEN &&
	    (rest[HEX_LEN] == '\0' || rest[HEX_LEN] == '/');
}

const char *
place_key(struct req *r, const char *view)
{
	return arena_printf(r->ctx->mem, "%s-%lld-%.*s", view, (long long)r->project->id, HEX_LEN,
	    req_param(r, "rest"));
}

const char *
place_title(struct req *r, const struct place *place)
{
	const char *project = r->project->path;

	if (place->path[0] == '\0')
		return arena_printf(r->ctx->mem, "%s at %s", project, place->rev.text);
	return arena_printf(r->ctx->mem, "%s at %s · %s", place->path, place->rev.text, project);
}

const char *
place_tabs_rev(const struct place *place)
{
	return place->rev.kind != GIT_REV_ID ? place->rev.text : NULL;
}

const char *
place_cut(struct req *r, const char *text, size_t characters)
{
	const char *end = text;

	while (characters > 0 && *end != '\0') {
		size_t n = str_utf8_len(end, strlen(end));

		end += n > 0 ? n : 1;
		characters--;
	}
	if (*end == '\0')
		return text;
	return arena_printf(r->ctx->mem, "%.*s...", (int)(end - text), text);
}

/* ---- the way here */

static void
add_crumb(struct req *r, const struct place *place, const char *path, size_t len, size_t from)
{
	const char *name = arena_strndup(r->ctx->mem, path + from, len - from);

	html(r->out, "<span class=\"quiet\">/</span>");
	if (path[len] != '\0') {
		html(r->out, "<a href=\"%s\">",
		    url_view(r, r->project, "tree", place->rev.text,
			arena_strndup(r->ctx->mem, path, len)));
		html_marked(r->out, name);
		html(r->out, "</a>");
		return;
	}
	html_marked(r->out, name);
}

void
place_crumbs(struct req *r, const struct place *place)
{
	const char *name = strrchr(r->project->path, '/');
	size_t from = 0, len;

	name = name != NULL ? name + 1 : r->project->path;
	html(r->out, "<h1 class=\"crumbs\">");
	if (place->path[0] == '\0')
		html(r->out, "%s", name);
	else
		html(r->out, "<a href=\"%s\">%s</a>",
		    url_view(r, r->project, "tree", place->rev.text, NULL), name);
	while (place->path[from] != '\0') {
		len = from + strcspn(place->path + from, "/");
		add_crumb(r, place, place->path, len, from);
		from = len + (place->path[len] == '/');
	}
	html(r->out, "</h1>\n");
}

/* ---- other branches and tags */

struct choice {
	const struct git_view_tip *rows[SWITCH_MOST];
	size_t n;   /* of these */
	size_t all; /* of that kind */
};

/* Branches come before tags. */
static size_t
count_branches(const struct git_view_tip *tips, size_t n)
{
	size_t from = 0;

	while (from < n) {
		size_t middle = from + (n - from) / 2;

		if (tips[middle].is_tag)
			n = middle;
		else
			from = middle + 1;
	}
	return from;
}

static void
insert(struct choice *choice, const struct git_view_tip *tip)
{
	size_t i = choice->n;

	if (i == SWITCH_MOST && choice->rows[i - 1]->at > tip->at)
		return;
	if (i < SWITCH_MOST)
		choice->n++;
	else
		i--;
	for (; i > 0 && choice->rows[i - 1]->at <= tip->at; i--)
		choice->rows[i] = choice->rows[i - 1];
	choice->rows[i] = tip;
}

/* The newest first; of very many, whose times are not known, the last names first: the highest
 * versions of most tags. rows: choice->all of them. */
static void
choose(struct choice *choice, const struct git_view_tip *rows, bool of_many)
{
	size_t i = of_many && choice->all > SWITCH_MOST ? choice->all - SWITCH_MOST : 0;

	for (; i < choice->all; i++)
		insert(choice, &rows[i]);
}

static void
add_choice(struct req *r, const struct place *place, const char *view, const char *title,
    const struct choice *choice)
{
	const char *before = url_view(r, r->project, view, NULL, NULL);
	const char *behind = str_percent_path(r->ctx->mem, place->path);

	if (choice->n == 0)
		return;
	html(r->out, "<h2>%s</h2>\n<ul>\n", title);
	for (size_t i = 0; i < choice->n; i++) {
		const struct git_view_tip *tip = choice->rows[i];
		bool is_here = str_is_equal(tip->name, place->rev.name);

		html(r->out,
		    is_here ? "<li><a href=\"%s/%s%s%s\" aria-current=\"true\">"
			    : "<li><a href=\"%s/%s%s%s\">",
		    before, str_percent_path(r->ctx->mem, tip->text), behind[0] != '\0' ? "/" : "",
		    behind);
		html_marked(r->out, tip->short_name);
		html(r->out, "</a></li>\n");
	}
	html(r->out, "</ul>\n");
}

static void
add_ways_to_all(struct req *r, const struct choice *branches, const struct choice *tags)
{
	html(r->out, "<p><a href=\"%s\">All branches (%ld)</a>",
	    url_view(r, r->project, "branches", NULL, NULL), (long)branches->all);
	if (tags->all > 0)
		html(r->out, " · <a href=\"%s\">All tags (%ld)</a>",
		    url_view(r, r->project, "tags", NULL, NULL), (long)tags->all);
	html(r->out, "</p>\n");
}

/* What a page that may be kept for long says instead: the list would grow old. */
static void
add_id(struct req *r, const struct place *place)
{
	html(r->out,
	    "<p class=\"rev\">Commit <a href=\"%s\"><code>%s</code></a> · "
	    "<a href=\"%s\">Branches</a></p>\n",
	    url_view(r, r->project, "commit", place->rev.commit, NULL),
	    arena_strndup(r->ctx->mem, place->rev.commit, ID_SHOWN),
	    url_view(r, r->project, "branches", NULL, NULL));
}

int
place_switch(struct req *r, const struct place *place, const char *view)
{
	struct choice branches = { .n = 0 }, tags = { .n = 0 };
	bool is_tag = place->rev.kind == GIT_REV_TAG;
	const struct git_view_tip *tips;
	size_t n;

	if (place->rev.kind == GIT_REV_ID) {
		add_id(r, place);
		return OK;
	}
	TRY(git_view_refs(r->ctx, place->view, &tips, &n));
	if (n <= DATED_MOST)
		TRY(git_view_tips(r->ctx, place->view, &tips, &n));
	branches.all = count_branches(tips, n);
	tags.all = n - branches.all;
	choose(&branches, tips, n > DATED_MOST);
	choose(&tags, tips + branches.all, n > DATED_MOST);
	html(r->out, "<details class=\"switch\">\n<summary>%s <b>", is_tag ? "Tag" : "Branch");
	html_marked(r->out, strchr(place->rev.name + strlen("refs/"), '/') + 1);
	html(r->out, "</b></summary>\n<div>\n");
	add_choice(r, place, view, "Branches", &branches);
	add_choice(r, place, view, "Tags", &tags);
	add_ways_to_all(r, &branches, &tags);
	html(r->out, "</div>\n</details>\n");
	return OK;
}

/* ---- the commit */

static void
add_commit_id(struct req *r, const char *id)
{
	html(r->out, "<a href=\"%s\"><code>%s</code></a>",
	    url_view(r, r->project, "commit", id, NULL), arena_strndup(r->ctx->mem, id, ID_SHOWN));
}

static void
add_parents(struct req *r, const struct git_commit_info *commit)
{
	size_t n = commit->n_parents;

	if (n == 0)
		return;
	html(r->out, " <span class=\"quiet\">%s</span>", n == 1 ? "parent" : "parents");
	for (size_t i = 0; i < n && i < PARENTS_SHOWN; i++) {
		html(r->out, " ");
		add_commit_id(r, commit->parents[i]);
	}
	if (n > PARENTS_SHOWN)
		html(r->out, " and %ld more", (long)(n - PARENTS_SHOWN));
}

int
place_commit(struct req *r, const struct place *place)
{
	struct git_commit_info commit;
	const char *subject;

	TRY(git_commit_read(r->ctx, place->view, place->rev.commit, &commit));
	subject = commit.subject[0] != '\0' ? commit.subject : "(no message)";
	html(r->out, "<div class=\"commit\">\n<p class=\"subject\"><a href=\"%s\">",
	    url_view(r, r->project, "commit", commit.id, NULL));
	html_marked(r->out, place_cut(r, subject, SUBJECT_SHOWN));
	html(r->out, "</a></p>\n<p class=\"quiet\"><span class=\"author\">");
	html_marked(r->out, commit.author.name);
	html(r->out, "</span> ");
	if (place->rev.kind == GIT_REV_ID)
		page_date(r, commit.author.at);
	else
		page_time(r, commit.author.at);
	html(r->out, "</p>\n<p class=\"ids\">");
	add_commit_id(r, commit.id);
	add_parents(r, &commit);
	html(r->out, "</p>\n</div>\n");
	return OK;
}

/* ---- to take along */

void
place_permalink(struct req *r, const struct place *place, const char *view)
{
	if (place->rev.kind != GIT_REV_ID)
		html(r->out, "<li><a href=\"%s\">Permalink</a></li>\n",
		    url_view(r, r->project, view, place->rev.commit, place->path));
}

void
place_downloads(struct req *r, const struct place *place)
{
	const char *url = url_view(r, r->project, "archive", place->rev.text, NULL);

	html(r->out,
	    "<li><a href=\"%s.tar.gz\" rel=\"nofollow\">tar.gz</a></li>\n"
	    "<li><a href=\"%s.zip\" rel=\"nofollow\">zip</a></li>\n",
	    url, url);
}
