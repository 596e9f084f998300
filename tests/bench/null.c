/* The yardstick of `make bench`: a prefork FastCGI program on libfcgi that does nothing, or one
 * prepared SELECT per request. Usage: null SOCKET PROCESSES [CONNINFO SQL]; $1 of the SQL is the
 * last segment of the request's path. */
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
end(int sig)
{
	(void)sig;
	_exit(0);
}

static void
answer_row(FCGX_Request *r, PGconn *db)
{
	const char *path = FCGX_GetParam("REQUEST_URI", r->envp);
	const char *name = path != NULL ? strrchr(path, '/') + 1 : "";
	const char *values[] = { name };
	PGresult *row = PQexecPrepared(db, "one", 1, values, NULL, NULL, 0);

	FCGX_PutS("Content-Type: application/json\r\n\r\n{", r->out);
	for (int i = 0; PQntuples(row) == 1 && i < PQnfields(row); i++)
		FCGX_FPrintF(r->out, "\"%s\":\"%s\",", PQfname(row, i), PQgetvalue(row, 0, i));
	FCGX_PutS("\"end\":true}", r->out);
	PQclear(row);
}

static int
work(int fd, const char *conninfo, const char *sql)
{
	FCGX_Request r;
	PGconn *db = NULL;

	if (conninfo != NULL) {
		db = PQconnectdb(conninfo);
		PQclear(PQprepare(db, "one", sql, 1, NULL));
		if (PQstatus(db) != CONNECTION_OK || PQerrorMessage(db)[0] != '\0') {
			fputs(PQerrorMessage(db), stderr);
			return 1;
		}
	}
	FCGX_Init();
	signal(SIGTERM, end);
	FCGX_InitRequest(&r, fd, 0);
	while (FCGX_Accept_r(&r) == 0) {
		if (db != NULL)
			answer_row(&r, db);
		else
			FCGX_PutS("Content-Type: application/json\r\n\r\n{\"ok\":true}", r.out);
		FCGX_Finish_r(&r);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	int fd;

	if (argc != 3 && argc != 5)
		return 2;
	fd = FCGX_OpenSocket(argv[1], 1024);
	if (fd < 0 || chmod(argv[1], 0666) < 0)
		return 1;
	for (int i = 0; i < atoi(argv[2]); i++)
		if (fork() == 0)
			return work(fd, argc == 5 ? argv[3] : NULL, argc == 5 ? argv[4] : NULL);
	signal(SIGTERM, SIG_DFL);
	while (wait(NULL) > 0)
		;
	return 0;
}
