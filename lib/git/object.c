#include "git/object.h"

#include "git/init.h"

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such object");
}

static int
too_large(struct ctx *c, size_t bytes)
{
	fail(c, E_INVALID, "an object has %zu bytes: too many to be read here", bytes);
	c->http_status = 413;
	return E_INVALID;
}

int
git_object_read(struct ctx *c, git_odb *odb, const git_oid *oid, git_object_t type,
    size_t max_bytes, git_odb_object **out)
{
	git_object_t found;
	size_t bytes;
	int error = git_odb_read_header(&bytes, &found, odb, oid);

	if (error == GIT_ENOTFOUND || (error == 0 && found != type))
		return no_such(c);
	if (error == 0 && bytes > max_bytes)
		return too_large(c, bytes);
	if (error == 0)
		error = git_odb_read(out, odb, oid);
	if (error == GIT_ENOTFOUND) /* it was there a moment ago */
		return no_such(c);
	if (error < 0)
		return git_fail(c, E_INTERNAL, "read object %s", git_oid_tostr_s(oid));
	return OK;
}
