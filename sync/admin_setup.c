#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/seal.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/random.h"
#include "sync/admin.h"

#define ID_BYTES 16

static int
is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
	    strcmp(entry->d_name, "lost+found") != 0;
}

static int
check_empty(struct ctx *c, const char *dir)
{
	DIR *open_dir = opendir(dir);
	struct dirent *entry;
	bool is_empty = true;

	if (open_dir == NULL)
		return fail(c, E_INTERNAL, "%s: %s", dir, strerror(errno));
	while (is_empty && (entry = readdir(open_dir)) != NULL)
		is_empty = !is_entry(entry);
	closedir(open_dir);
	return is_empty ? OK : fail(c, E_INVALID, "%s is not empty", dir);
}

int
admin_setup_data(struct ctx *c, const struct admin_args *args)
{
	const char *dir = c->conf->data_dir;
	const char *marker = path_under(c->mem, dir, "mirrorhub.instance"), *id;

	(void)args; /* takes none */
	if (path_is_file(marker))
		return fail(c, E_CONFLICT, "%s is there already", marker);
	TRY(path_make_dir(c, dir, 0750));
	TRY(check_empty(c, dir));
	TRY(path_make_dir(c, path_under(c->mem, dir, "repos"), 0750));
	TRY(path_make_dir(c, path_under(c->mem, dir, "quarantine"), 0700));
	id = arena_printf(c->mem, "%s\n", random_hex(c->mem, ID_BYTES));
	TRY(path_write(c, marker, 0440, id, strlen(id)));
	fprintf(stderr, "made %s\n", dir);
	return OK;
}

/* What is missing: a hub of an older version has some of the keys. Half a pair is not mended. */
int
admin_setup_keys(struct ctx *c, const struct admin_args *args)
{
	const struct conf *conf = c->conf;

	(void)args; /* takes none */
	if (!path_is_file(conf->seal_secret_key) || !path_is_file(conf->seal_public_key)) {
		TRY(seal_create_keys(c));
		fprintf(stderr,
		    "made %s and %s: keep a copy of the first one where the backups are not\n",
		    conf->seal_secret_key, conf->seal_public_key);
	}
	if (!path_is_file(conf->seal_web_key)) {
		TRY(seal_create_web_key(c));
		fprintf(stderr, "made %s: keep a copy of it where the backups are not\n",
		    conf->seal_web_key);
	}
	return OK;
}
