#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "core/project.h"
#include "db/db.h"
#include "store/access.h"
#include "sync/admin.h"

/* What everyone may who has no grant of his own, by its level. */
static const char *const access_names[] = { "none", "read", "write" };

static int
read_access(struct ctx *c, const char *name, int64_t *out)
{
	if (name == NULL)
		name = access_names[ACCESS_READ];
	for (size_t i = 0; i < sizeof(access_names) / sizeof(access_names[0]); i++)
		if (strcmp(access_names[i], name) == 0) {
			*out = (int64_t)i;
			return OK;
		}
	return fail(c, E_INVALID, "--access is none, read or write");
}

static int
find_owner(struct ctx *c, const char *uname, int64_t *id_out)
{
	int code;

	if (uname == NULL)
		return fail(c, E_INVALID, "--owner UNAME says whose project it is");
	code = account_id_by_uname(c, uname, id_out);
	return code == E_NOTFOUND ? fail(c, code, "there is no account %s", uname) : code;
}

/* The store's folder has to belong to the owner of all the others: root becomes him, for good. */
static int
become_owner(struct ctx *c)
{
	const char *dir = c->conf->data_dir;
	struct stat st;

	if (stat(dir, &st) < 0)
		return fail(c, E_INTERNAL, "%s: %s", dir, strerror(errno));
	if (geteuid() == st.st_uid)
		return OK;
	if (geteuid() != 0 || setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 ||
	    setuid(st.st_uid) < 0)
		return fail(c, E_INVALID, "only root and the owner of %s may do this", dir);
	return OK;
}

int
admin_create_project(struct ctx *c, const struct admin_args *args)
{
	struct account owner = { .uname = args->owner };
	const struct actor who = { .account = &owner, .remote_addr = "" };
	int64_t access = ACCESS_READ, id;

	TRY(read_access(c, args->access, &access));
	TRY(admin_open_db(c));
	TRY(find_owner(c, args->owner, &owner.id));
	TRY(become_owner(c));
	TRY(db_begin(c, DB_WRITE));
	TRY(project_create_plain(c, &who, args->word, access, &id));
	TRY(db_commit(c));
	fprintf(stderr, "project %s is made; push to\n", args->word);
	printf("%s\n", project_clone_url(c, args->word));
	return OK;
}
