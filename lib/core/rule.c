#include "core/rule.h"

#include <string.h>

#include "base/str.h"

bool
rule_is_blank(const char *text)
{
	return text == NULL || text[strspn(text, " \t\r\n\f\v")] == '\0';
}

void
rule_length(struct faults *f, const char *field, const char *text, int64_t most)
{
	if (text != NULL && (int64_t)str_characters(text) > most)
		faults_add(f, field, FAULT_TOO_LONG, most);
}

void
rule_text(struct faults *f, const char *field, const char *text, int64_t most)
{
	if (rule_is_blank(text))
		faults_add(f, field, FAULT_BLANK, 0);
	rule_length(f, field, text, most);
}

void
rule_name(struct faults *f, const char *field, const char *text, const char *allowed, int64_t most)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (rule_is_blank(text))
		faults_add(f, field, FAULT_BLANK, 0);
	if (len == 0 || strspn(text, allowed) != len || strspn(text, ".") == len)
		faults_add(f, field, FAULT_INVALID, 0);
	rule_length(f, field, text, most);
}

void
rule_visibility(struct faults *f, const char *visibility)
{
	if (rule_is_blank(visibility))
		faults_add(f, "visibility", FAULT_BLANK, 0);
	if (!str_is_equal(visibility, "open") && !str_is_equal(visibility, "hidden"))
		faults_add(f, "visibility", FAULT_NOT_INCLUDED, 0);
}

int
rule_role(struct ctx *c, const char *role, int64_t *access_out)
{
	static const char *const roles[] = { [1] = "reader", [2] = "writer", [3] = "admin" };

	for (size_t i = 1; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (str_is_equal(role, roles[i])) {
			*access_out = (int64_t)i;
			return OK;
		}
	return fail(c, E_INVALID, "a role is reader, writer or admin");
}
