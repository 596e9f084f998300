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

int64_t
abf_id(const char *text)
{
	int64_t id;

	if (text == NULL || !isdigit((unsigned char)text[0]) || !str_is_int(text, &id))
		return 0;
	return id;
}

struct actor
abf_actor(const struct req *r)
{
	return (struct actor){ .account = &r->account, .remote_addr = r->remote_addr };
}
