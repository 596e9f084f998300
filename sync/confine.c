#include "sync/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/conf.h"

/* The first version that lets files move between folders: quarantine to store. */
#define LEAST_ABI 2

#define MAY_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAY_RUN (MAY_READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define MAY_WRITE (MAY_READ | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define MAY_ALL                                                                                    \
	(MAY_WRITE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |                   \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                       \
	    LANDLOCK_ACCESS_FS_REFER)
/* Everything that the version knows is forbidden unless allowed: sockets, devices, links too. */
#define KNOWN                                                                                      \
	(MAY_ALL | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                     \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                          \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
/* What a rule on a file may say; the rest is about folders. */
#define OF_FILES                                                                                   \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE)

static const struct {
	const char *path;
	uint64_t may;
} places[] = {
	{ "/usr", MAY_RUN },
	{ "/bin", MAY_RUN },
	{ "/sbin", MAY_RUN },
	{ "/lib", MAY_RUN },
	{ "/lib32", MAY_RUN },
	{ "/lib64", MAY_RUN },
	{ "/proc", MAY_READ },
	{ "/sys/devices/system/cpu", MAY_READ },
	{ "/dev/null", MAY_WRITE },
	{ "/dev/zero", MAY_READ },
	{ "/dev/random", MAY_READ },
	{ "/dev/urandom", MAY_READ },
	/* not all of /etc: our keys may be there */
	{ "/etc/alternatives", MAY_RUN },
	{ "/etc/ca-certificates", MAY_READ },
	{ "/etc/gai.conf", MAY_READ },
	{ "/etc/group", MAY_READ },
	{ "/etc/host.conf", MAY_READ },
	{ "/etc/hosts", MAY_READ },
	{ "/etc/ld.so.cache", MAY_READ },
	{ "/etc/localtime", MAY_READ },
	{ "/etc/nsswitch.conf", MAY_READ },
	{ "/etc/passwd", MAY_READ },
	{ "/etc/protocols", MAY_READ },
	{ "/etc/resolv.conf", MAY_READ },
	{ "/etc/services", MAY_READ },
	{ "/etc/ssh", MAY_READ },
	{ "/etc/ssl", MAY_READ },
	/* where resolv.conf may lead */
	{ "/run/nscd", MAY_READ },
	{ "/run/resolvconf", MAY_READ },
	{ "/run/systemd/resolve", MAY_READ },
};

/* What is not there needs no rule. */
static int
allow(struct ctx *c, int rules, const char *path, uint64_t may)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = may };
	struct stat st;
	long done;

	if (path == NULL || path[0] == '\0')
		return OK;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return OK;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	done = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return done == 0 ? OK : fail(c, E_INTERNAL, "landlock, %s: %s", path, strerror(errno));
}

static int
allow_all(struct ctx *c, int rules)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		TRY(allow(c, rules, places[i].path, places[i].may));
	TRY(allow(c, rules, c->conf->data_dir, MAY_ALL));
	TRY(allow(c, rules, c->conf->net_ssh_key, MAY_READ));
	TRY(allow(c, rules, c->conf->net_ssh_known_hosts, MAY_READ));
	TRY(allow(c, rules, getenv("SSL_CERT_FILE"), MAY_READ));
	TRY(allow(c, rules, getenv("SSL_CERT_DIR"), MAY_READ));
	TRY(allow(c, rules, "/proc/self/exe", MAY_RUN)); /* reports of a crash read it */
	return c->conf->net_allow_file ? allow(c, rules, "/", MAY_READ) : OK;
}

int
confine(struct ctx *c)
{
	struct landlock_ruleset_attr known = { .handled_access_fs = KNOWN };
	int rules, code;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) <
	    LEAST_ABI)
		return OK;
	rules = (int)syscall(SYS_landlock_create_ruleset, &known, sizeof(known), 0);
	if (rules < 0)
		return fail(c, E_INTERNAL, "landlock: %s", strerror(errno));
	code = allow_all(c, rules);
	if (code == OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		code = fail(c, E_INTERNAL, "landlock: %s", strerror(errno));
	close(rules);
	return code;
}
