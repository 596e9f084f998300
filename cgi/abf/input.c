#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "cgi/abf/abf.h"

#define PER_PAGE 20
#define PER_PAGE_MAX 100
#define PAGE_MAX 100000000 /* so that an offset stays a number */

bool
abf_bool(const char *text, bool otherwise)
{
	static const char *const yes[] = { "true", "1", "t", "T", "TRUE", "on", "ON" };

	if (text == NULL || text[0] == '\0')
		return otherwise;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (strcmp(text, yes[i]) == 0)
			return true;
	return false;
}

int64_t
abf_id(const char *text)
{
	int64_t id;

	if (text == NULL || !isdigit((unsigned char)text[0]) || !str_is_int(text, &id))
		return 0;
	return id;
}

struct abf_page
abf_page(struct req *r)
{
	struct abf_page page = { .number = abf_id(req_query(r, "page")),
		.limit = abf_id(req_query(r, "per_page")) };

	if (page.number < 1)
		page.number = 1;
	if (page.number > PAGE_MAX)
		page.number = PAGE_MAX;
	if (page.limit < 1)
		page.limit = PER_PAGE;
	if (page.limit > PER_PAGE_MAX)
		page.limit = PER_PAGE_MAX;
	page.offset = (page.number - 1) * page.limit;
	return page;
}
