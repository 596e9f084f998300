#include "sync/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/str.h"
#include "db/db.h"
#include "store/store.h"

#define DB_WAIT_S 30

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *word;    /* what it is told besides options; NULL: nothing */
	const char *options; /* those it takes, each between blanks */
	int (*run)(struct ctx *c, const struct admin_args *args);
	const char *sentence;
};

/* clang-format off */
static const struct command commands[] = {
	/* name              word     options                               who does it */
	{ "setup-data",       NULL,    "",                                    admin_setup_data,
	    "makes data.dir with its folders and its marker file, once" },
	{ "setup-keys",       NULL,    "",                                    admin_setup_keys,
	    "makes the key files for stored secrets that are not there yet" },
	{ "migrate",          NULL,    " --sql ",                             admin_migrate,
	    "brings the database to the version of these programs" },
	{ "create-account",   "UNAME", " --role --email --password-file ",    admin_create_account,
	    "makes an account; without --password-file prints a random password" },
	{ "new-token",        "UNAME", "",                                    admin_new_token,
	    "prints a new token of an account" },
	{ "create-project",   "PATH",  " --owner --access ",                  admin_create_project,
	    "makes a project that is no mirror, to push to; read is what everyone may" },
	{ "webhook-secret",   "ID",    " --secret-file ",                     admin_webhook_secret,
	    "gives a webhook the secret in the file; the old one signs too for a day" },
	{ "target-secret",    "ID",    " --secret-file ",                     admin_target_secret,
	    "gives a target the user:password in the file, and pushes there" },
	{ "target-token",     "ID",    " --secret-file ",                     admin_target_token,
	    "gives a target the token of its provider's API, and pushes there" },
	{ "check",            NULL,    " --sql ",                             admin_check,
	    "says whether everything is as it has to be; exit code 1 when not" },
	{ "janitor",          NULL,    "",                                    admin_janitor,
	    "removes what killed runs left behind; tells of folders without a row" },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct {
	const char *name;
	size_t offset; /* of the text in struct admin_args */
	const char *what;
} options[] = {
	{ "--sql",           offsetof(struct admin_args, sql),           "DIR" },
	{ "--role",          offsetof(struct admin_args, role),          "user|admin|system|tester" },
	{ "--email",         offsetof(struct admin_args, email),         "ADDRESS" },
	{ "--password-file", offsetof(struct admin_args, password_file), "FILE" },
	{ "--secret-file",   offsetof(struct admin_args, secret_file),   "FILE" },
	{ "--owner",         offsetof(struct admin_args, owner),         "UNAME" },
	{ "--access",        offsetof(struct admin_args, access),        "none|read|write" },
};
/* clang-format on */

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

int
admin_open_db(struct ctx *c)
{
	return db_open(c, c->conf->db_admin, store_admin_tables, DB_WAIT_S, &c->db);
}

static bool
takes(const struct command *command, const char *option)
{
	const char *hit = strstr(command->options, option);

	return hit != NULL && hit[strlen(option)] == ' ';
}

static int
usage(void)
{
	printf("usage: mirrorhub --conf FILE COMMAND\n       mirrorhub --help-config\n\n");
	for (const struct command *k = commands; k->name != NULL; k++) {
		printf("  %s%s%s", k->name, k->word != NULL ? " " : "",
		    k->word != NULL ? k->word : "");
		for (size_t i = 0; i < N_OPTIONS; i++)
			if (takes(k, options[i].name))
				printf(" [%s %s]", options[i].name, options[i].what);
		printf("\n      %s\n", k->sentence);
	}
	return EXIT_USAGE;
}

static const struct command *
command_by_name(const char *name)
{
	for (const struct command *k = commands; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static bool
read_option(
    const struct command *command, const char *name, const char *value, struct admin_args *out)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (strcmp(options[i].name, name) == 0 && takes(command, name)) {
			*(const char **)(void *)((char *)out + options[i].offset) = value;
			return true;
		}
	return false;
}

/* The words behind the subcommand, a NULL behind the last. */
static bool
read_args(const struct command *command, char *const *words, struct admin_args *out)
{
	while (words[0] != NULL) {
		if (str_starts(words[0], "--")) {
			if (words[1] == NULL || !read_option(command, words[0], words[1], out))
				return false;
			words += 2;
		} else {
			if (command->word == NULL || out->word != NULL)
				return false;
			out->word = *words++;
		}
	}
	return (command->word != NULL) == (out->word != NULL);
}

static int
run(const struct command *command, const char *conf_file, const struct admin_args *args)
{
	struct conf conf;
	struct ctx c = { .mem = arena_new(), .conf = &conf, .reason = "" };
	int code;

	umask(027); /* the data folder is for the hub's own group at most */
	code = conf_load(&c, conf_file, &conf);
	if (code == OK) {
		log_open("mirrorhub", log_level_by_name(conf.log_level));
		code = command->run(&c, args);
	}
	if (code != OK)
		fprintf(stderr, "mirrorhub: %s\n", c.reason);
	arena_free(c.mem);
	return code == OK ? EXIT_SUCCESS : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	struct admin_args args = { 0 };
	const struct command *command;

	if (argc == 2 && strcmp(argv[1], "--help-config") == 0) {
		admin_help_config();
		return EXIT_SUCCESS;
	}
	if (argc < 4 || strcmp(argv[1], "--conf") != 0)
		return usage();
	command = command_by_name(argv[3]);
	if (command == NULL || !read_args(command, argv + 4, &args))
		return usage();
	return run(command, argv[2], &args);
}
