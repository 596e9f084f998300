#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "cgi/abf/abf.h"

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

int
abf_flag(const char *text)
{
	return text == NULL || text[0] == '\0' ? -1 : abf_bool(text, false);
}

int64_t
abf_id(const char *text)
{
	int64_t id;

	if (text == NULL || !isdigit((unsigned char)text[0]) || !str_is_int(text, &id))
		return 0;
	return id;
}

int64_t
abf_id_or_none(const char *text)
{
	int64_t id = abf_id(text);

	return text == NULL || text[0] == '\0' ? 0 : id > 0 ? id : -1;
}

int
abf_whom(struct req *r, const char *type, const char *member_id, struct abf_whom *out)
{
	out->is_team = str_is_equal(type, "Group");
	out->id = abf_id(member_id);
	if (out->id == 0 || (!out->is_team && !str_is_equal(type, "User")))
		return fail(r->ctx, E_INVALID, "a member has a type and a number");
	out->about = arena_printf(r->ctx->mem, "%s '%lld'", type, (long long)out->id);
	return OK;
}
