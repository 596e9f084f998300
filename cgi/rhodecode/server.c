#include <fnmatch.h>
#include <sodium.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgi/rhodecode/rhodecode.h"
#include "core/rescan.h"
#include "db/db.h"
#include "git/init.h"

#define SPOKEN "0.7.0" /* the Kallithea whose calls profile M has */
#define GIT_WAIT_MS 5000
#define GIT_WORDS_BYTES 1000

/* ---- test */

struct test {
	const struct js *args;
};

const struct rpc_arg test_in[] = { RPC_ARG(test, args, RPC_NEED | RPC_NULLABLE), { 0 } };

int
echo_test(struct req *r)
{
	const struct test *in = r->in;

	buf_text(r->out, js_source(r->ctx, in->args));
	return OK;
}

/* ---- get_method */

struct get_method {
	const char *pattern;
};

const struct rpc_arg get_method_in[] = { RPC_ARG(get_method, pattern, 0), { 0 } };

/* A method with two forms is one method: M's arguments are told, where it has them. */
static bool
is_first(const struct rpc_method *m)
{
	for (const struct rpc_method *before = rhodecode_door.methods; before != m; before++)
		if (strcmp(before->name, m->name) == 0)
			return false;
	return true;
}

static const struct rpc_method *
later_form(const struct rpc_method *first)
{
	for (const struct rpc_method *m = first; m->name != NULL; m++)
		if (strcmp(m->name, first->name) == 0 && (m->profiles & RPC_M))
			return m;
	return first;
}

static void
add_arguments(struct buf *b, const struct rpc_method *m)
{
	const char *before = "{";

	for (const struct rpc_arg *a = m->in; a != NULL && a->name != NULL; a++) {
		buf_text(b, before);
		js_text(b, a->name);
		buf_text(b, (a->flags & RPC_NEED) ? ":\"<RequiredType>\"" : ":\"<Optional>\"");
		before = ",";
	}
	buf_text(b, before[0] == '{' ? "{}" : "}");
}

/* Names that the pattern fits; behind a single one, its arguments. */
int
list_methods(struct req *r)
{
	const struct get_method *in = r->in;
	const char *pattern = in->pattern != NULL ? in->pattern : "*";
	const struct rpc_method *last = NULL;
	size_t n = 0;

	buf_char(r->out, '[');
	for (const struct rpc_method *m = rhodecode_door.methods; m->name != NULL; m++) {
		if (!is_first(m) || fnmatch(pattern, m->name, 0) != 0)
			continue;
		if (n++ > 0)
			buf_char(r->out, ',');
		js_text(r->out, m->name);
		last = m;
	}
	if (n == 1) {
		buf_char(r->out, ',');
		add_arguments(r->out, later_form(last));
	}
	buf_char(r->out, ']');
	return OK;
}

/* ---- get_server_info */

struct server {
	const char *py_version, *platform, *kallithea_version, *git_version, *git_path;
};

static const struct field server_json[] = {
	FIELD(server, py_version),
	FIELD(server, platform),
	FIELD(server, kallithea_version),
	FIELD(server, git_version),
	FIELD(server, git_path),
	{ 0 },
};

/* By name. */
static void
add_modules(struct req *r)
{
	const struct {
		const char *name, *version;
	} modules[] = {
		{ "json-c", js_version() },
		{ "libgit2", git_library_version(r->ctx) },
		{ "libpq", db_version(r->ctx) },
		{ "libsodium", sodium_version_string() },
	};

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		buf_text(r->out, i > 0 ? ",[" : "[");
		js_text(r->out, modules[i].name);
		buf_char(r->out, ',');
		js_text(r->out, modules[i].version);
		buf_char(r->out, ']');
	}
}

/* "2.39.5" of "git version 2.39.5"; "" where there is no git to run. */
static const char *
git_program_version(struct req *r)
{
	static const char *const argv[] = { "git", "--version", NULL };
	const struct proc_spec spec = { .argv = argv, .limits = { .wall_ms = GIT_WAIT_MS } };
	struct ctx c = *r->ctx; /* its failure is none of ours */
	struct buf *out, *err;
	const char *words = "git version ";
	int status;

	if (proc_run(&c, &spec, NULL, 0, GIT_WORDS_BYTES, &out, &err, &status) != OK ||
	    status != 0 || !str_starts(out->data, words))
		return "";
	out->data[strcspn(out->data, "\n")] = '\0';
	return out->data + strlen(words);
}

int
show_server(struct req *r)
{
	struct server row = { .py_version = "",
		.kallithea_version = SPOKEN,
		.git_version = git_program_version(r),
		.git_path = "git" };
	struct utsname name;

	row.platform = "";
	if (uname(&name) == 0)
		row.platform = arena_printf(r->ctx->mem, "%s-%s", name.sysname, name.machine);
	buf_text(r->out, "{\"modules\":[");
	add_modules(r);
	buf_text(r->out, "],");
	rhodecode_members(r, server_json, &row);
	buf_char(r->out, '}');
	return OK;
}

/* ---- get_ip */

struct get_ip {
	const struct rpc_ref *userid;
};

const struct rpc_arg get_ip_in[] = { RPC_ARG(get_ip, userid, 0), { 0 } };
const struct rpc_arg show_ip_in[] = { RPC_ARG(get_ip, userid, RPC_NEED), { 0 } };

/* No account is bound to addresses here. */
static int
say_address(struct req *r, const char *name)
{
	buf_printf(r->out, "{\"%s\":", name);
	js_text(r->out, r->remote_addr);
	buf_text(r->out, ",\"user_ips\":[]}");
	return OK;
}

int
show_address(struct req *r)
{
	return say_address(r, "server_ip_addr");
}

int
show_address_old(struct req *r)
{
	return say_address(r, "ip_addr_server");
}

/* ---- rescan_repos */

struct rescan_repos {
	const bool *remove_obsolete;
};

const struct rpc_arg rescan_in[] = { RPC_ARG(rescan_repos, remove_obsolete, 0), { 0 } };

/* Nothing is found on disk that is not known: stores have numbers, and rows. */
int
rescan_stores(struct req *r)
{
	const struct rescan_repos *in = r->in;
	const struct actor who = req_actor(r);
	struct rescan found;

	TRY(rescan(r->ctx, &who, rhodecode_bool(in->remove_obsolete, false), &found));
	buf_text(r->out, "{\"added\":[],\"removed\":[");
	for (size_t i = 0; i < found.n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		js_text(r->out, found.paths[i]);
	}
	buf_text(r->out, "]}");
	return OK;
}
