/* mirrorhub-sync: takes what is due from the queue. Usage: see `usage`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/conf.h"
#include "base/ctx.h"
#include "base/log.h"
#include "base/str.h"
#include "db/db.h"
#include "store/store.h"
#include "sync/datadir.h"
#include "sync/prober.h"
#include "sync/supervisor.h"
#include "sync/worker.h"

#define DB_WAIT_S 60 /* cron may be up before PostgreSQL */
#define EXIT_USAGE 64

static const char usage[] =
    "usage: mirrorhub-sync --conf FILE [--follow]\n"
    "  Mirrors what is due and ends when nothing is left: for cron. Runs may overlap.\n"
    "  --follow  stays, and reacts to new work at once\n"
    "Exit code: 0 the run worked (mirrors may have failed: see admin.runs), 1 it could not,\n"
    "64 wrong arguments.\n";

struct args {
	const char *conf;
	bool follow, worker, prober, help;
};

static bool
read_args(int argc, char **argv, struct args *out)
{
	*out = (struct args){ 0 };
	for (int i = 1; i < argc; i++) {
		if (str_is_equal(argv[i], "--conf") && i + 1 < argc)
			out->conf = argv[++i];
		else if (str_is_equal(argv[i], "--follow"))
			out->follow = true;
		else if (str_is_equal(argv[i], "--worker")) /* ours alone: descriptor 3 is there */
			out->worker = true;
		else if (str_is_equal(argv[i], "--prober")) /* the same */
			out->prober = true;
		else if (str_is_equal(argv[i], "--help"))
			out->help = true;
		else
			return false;
	}
	return out->help || out->conf != NULL;
}

static int
run(struct ctx *c, const struct args *args)
{
	struct supervisor_options options = { .conf_path = args->conf, .follow = args->follow };
	const struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core); /* it would hold credentials; workers have none either */
	TRY(datadir_check(c));
	TRY(db_open(c, c->conf->db_sync, store_sync_tables, DB_WAIT_S, &c->db));
	return supervisor_run(c, &options);
}

int
main(int argc, char **argv)
{
	struct conf conf;
	struct ctx c = { .mem = arena_new(), .reason = "" };
	struct args args;
	int code;

	if (!read_args(argc, argv, &args)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (args.help) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	log_open("sync", LOG_INFO);
	code = conf_load(&c, args.conf, &conf);
	if (code == OK) {
		enum log_level level = log_level_by_name(conf.log_level);

		log_open("sync", level != 0 ? level : LOG_INFO);
		c.conf = &conf;
		code = args.worker ? worker_run(&c) : args.prober ? prober_run(&c) : run(&c, &args);
	}
	if (code != OK)
		log_write(LOG_ERR, "ended", LOG_TEXT("why", c.reason));
	arena_free(c.mem);
	return code == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
