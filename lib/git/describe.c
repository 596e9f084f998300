#include "git/describe.h"

#include <git2.h>

#include "base/arena.h"
#include "base/str.h"

static void
close_object(void *object)
{
	git_object_free(object);
}

static void
close_description(void *description)
{
	git_describe_result_free(description);
}

static void
close_text(void *text)
{
	git_buf_dispose(text);
}

const char *
git_describe_version(struct arena *mem, git_repository *repo)
{
	git_describe_options options;
	git_describe_format_options format;
	git_describe_result *description;
	git_object *head;
	git_oid oid;
	git_buf *text = arena_new_of(mem, git_buf);

	if (git_reference_name_to_id(&oid, repo, "HEAD") < 0 ||
	    git_object_lookup(&head, repo, &oid, GIT_OBJECT_COMMIT) < 0)
		return "";
	arena_defer(mem, close_object, head);
	git_describe_options_init(&options, GIT_DESCRIBE_OPTIONS_VERSION);
	options.describe_strategy = GIT_DESCRIBE_TAGS;
	if (git_describe_commit(&description, head, &options) < 0)
		return ""; /* no tag is an error like any other (A5.5) */
	arena_defer(mem, close_description, description);
	git_describe_format_options_init(&format, GIT_DESCRIBE_FORMAT_OPTIONS_VERSION);
	format.abbreviated_size = 0;
	if (git_describe_format(text, description, &format) < 0)
		return "";
	arena_defer(mem, close_text, text);
	return str_utf8(mem, text->ptr, text->size);
}
