#include "tests/unit/repo.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "git/pkt.h"
#include "git/audit.h"
#include "git/upkeep.h"
#include "sync/mirror.h"

#define STORE_ID 7

/* Everything is done twice: packs indexed by libgit2, and by git. */
static int64_t index_pack_objects;

/* One upstream and the mirror of it. */
struct house {
	struct ctx *c;
	const char *upstream, *store, *quarantine;
	const char *url;
	bool may_publish, may_go_on;
	enum mirror_phase last_phase;
	const char *fingerprint, *options;
	struct mirror_result result;
};

static bool
on_progress(void *payload, enum mirror_phase phase, int64_t bytes, int64_t objects,
    int64_t objects_total)
{
	struct house *h = payload;

	assert_true(phase >= h->last_phase);
	assert_true(bytes >= 0 && objects >= 0 && objects <= objects_total);
	h->last_phase = phase;
	return h->may_go_on;
}

static bool
on_ask(void *payload)
{
	return ((struct house *)payload)->may_publish;
}

static struct house *
house(struct ctx *c)
{
	struct house *h = arena_new_of(c->mem, struct house);
	const char *folder = unit_folder(c);

	repo_conf(c, folder)->sync_index_pack_objects = index_pack_objects;
	h->c = c;
	h->upstream = path_under(c->mem, folder, "upstream.git");
	h->store = arena_printf(c->mem, "%s/repos/0/%d.git", c->conf->data_dir, STORE_ID);
	h->quarantine = path_under(c->mem, c->conf->data_dir, "quarantine");
	h->url = h->upstream;
	h->may_publish = h->may_go_on = true;
	h->fingerprint = h->options = "";
	repo_init(c, h->upstream);
	return h;
}

static enum sync_error
sync_once(struct house *h)
{
	struct mirror_hooks hooks = { h, on_progress, on_ask };
	struct mirror_spec spec = { STORE_ID, h->url, "", h->fingerprint, h->options, 42 };

	h->last_phase = 0;
	mirror_sync(h->c, &spec, &hooks, &h->result);
	if (h->result.error == SYNC_OK)
		h->fingerprint = h->result.fingerprint;
	return h->result.error;
}

static void
sync_well(struct house *h)
{
	if (sync_once(h) != SYNC_OK)
		unit_fail("%s: %s", sync_error_text(h->result.error), h->result.error_text);
}

/* Branches and tags with what they peel to. */
static const char *
refs_of(struct ctx *c, const char *repo)
{
	struct buf *out = NULL;

	(void)repo_try(c, repo, NULL, 0, &out,
	    (const char *const[]){ "for-each-ref", "--format=%(objectname) %(refname) %(*objectname)",
		"refs/heads", "refs/tags", NULL });
	return out->data;
}

static int
count_entries(const char *folder)
{
	DIR *dir = opendir(folder);
	int n = 0;

	if (dir == NULL)
		return 0;
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
is_faithful(struct house *h)
{
	struct ctx *c = h->c;
	const char *counts = repo_git(c, h->store, "count-objects", "-v");

	assert_string_equal(refs_of(c, h->store), refs_of(c, h->upstream));
	(void)repo_git(c, h->store, "fsck", "--strict", "--no-dangling");
	assert_int_equal(count_entries(h->quarantine), 0);
	assert_int_equal(count_entries(path_under(c->mem, h->store, "refs/heads")), 0);
	assert_non_null(strstr(counts, "garbage: 0"));
	assert_non_null(strstr(counts, "count: 0"));
}

static void
fill(struct house *h)
{
	struct ctx *c = h->c;

	(void)repo_commit(c, h->upstream, "main", "one");
	(void)repo_git(c, h->upstream, "tag", "light", "main");
	(void)repo_git(c, h->upstream, "tag", "-a", "v1.0", "-m", "x", "main");
	(void)repo_git(c, h->upstream, "tag", "-a", "again", "-m", "x", "v1.0");
	(void)repo_commit(c, h->upstream, "main", "two");
	(void)repo_git(c, h->upstream, "update-ref", "refs/heads/a/b", "main~1");
	(void)repo_git(c, h->upstream, "update-ref", "refs/pull/1/head", "main");
}

/* ---- the plain way */

static void
a_first_sync_gives_the_same_refs_and_objects(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	sync_well(h);
	is_faithful(h);
	assert_true(h->result.is_changed);
	assert_int_equal(h->result.refs_changed, 5);
	assert_string_equal(h->result.latest_version,
	    repo_git(c, h->upstream, "describe", "--tags", "--abbrev=0"));
	assert_string_equal(repo_git(c, h->store, "symbolic-ref", "HEAD"), "refs/heads/main");
	assert_true(h->result.bytes > 0 && h->result.objects > 0 && h->result.size_bytes > 0);
	assert_int_equal(strlen(h->result.fingerprint), 64);
	assert_int_equal(h->last_phase, PHASE_PUBLISHING);
}

static void
an_unchanged_upstream_costs_a_look_at_the_refs_alone(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	sync_well(h);
	/* were an object read, this would be a failure */
	assert_int_equal(rename(path_under(c->mem, h->store, "objects"),
			     path_under(c->mem, h->store, "hidden")),
	    0);
	sync_well(h);
	assert_false(h->result.is_changed);
	assert_null(h->result.latest_version);
	assert_int_equal(h->last_phase, PHASE_PROBING);
}

static void
a_missing_store_is_fetched_again(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	sync_well(h);
	assert_int_equal(path_remove_tree(c, h->store), OK);
	sync_well(h);
	assert_true(h->result.is_changed);
	is_faithful(h);
}

/* Somebody's hand, or a disk: the next sync of a worker brings them back. */
static void
refs_that_were_changed_on_disk_are_put_right(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	sync_well(h);
	(void)repo_git(c, h->store, "update-ref", "refs/heads/main", "main~1");
	(void)repo_git(c, h->store, "pack-refs", "--all");
	sync_well(h);
	is_faithful(h);
	assert_false(h->result.is_changed);
}

/* Whole again, with the tips that were kept, and the old one beside it. */
static void
is_fetched_anew(struct house *h, const char *kept)
{
	struct ctx *c = h->c;
	const char *old = arena_printf(c->mem, "%s.old-*", h->store);
	glob_t found;

	sync_well(h);
	is_faithful(h);
	assert_false(h->result.is_changed);
	assert_false(git_audit_is_marked(c->mem, h->store));
	if (kept != NULL)
		assert_string_equal(kept,
		    repo_git(c, h->store, "rev-parse", "refs/mirrorhub/kept/1"));
	(void)repo_git(c, h->store, "fsck", "--full", "--strict");
	assert_int_equal(glob(old, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	globfree(&found);
	/* and that was it */
	sync_well(h);
	assert_int_equal(h->last_phase, PHASE_PROBING);
}

static const char *
damaged_house(struct house *h)
{
	struct ctx *c = h->c;
	const char *kept;

	fill(h);
	sync_well(h);
	kept = repo_commit(c, h->store, "lost", "of ours alone");
	(void)repo_git(c, h->store, "update-ref", "-d", "refs/heads/lost");
	(void)repo_git(c, h->store, "update-ref", "refs/mirrorhub/kept/1", kept);
	(void)repo_git(c, h->store, "pack-refs", "--all");
	return kept;
}

static void
a_damaged_store_is_fetched_anew(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *kept = damaged_house(h);

	assert_int_equal(git_audit_mark(c, h->store, "an audit said so"), OK);
	is_fetched_anew(h, kept);
}

static void
a_store_with_broken_refs_is_fetched_anew(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *kept = damaged_house(h), *packed = path_under(c->mem, h->store, "packed-refs");
	char *text;

	assert_int_equal(path_read(c, packed, 65536, &text), OK);
	text = arena_printf(c->mem, "no line of Git's\n%s", text);
	assert_int_equal(path_write(c, packed, 0640, text, strlen(text)), OK);
	is_fetched_anew(h, kept);
}

static void
a_kept_tip_that_cannot_be_read_stays_behind(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *kept = damaged_house(h);
	struct git_refs refs, others;

	assert_int_equal(
	    unlink(arena_printf(c->mem, "%s/objects/%.2s/%s", h->store, kept, kept + 2)), 0);
	assert_int_equal(git_audit_mark(c, h->store, "an audit said so"), OK);
	is_fetched_anew(h, NULL);
	assert_int_equal(git_refs_load(c, h->store, &refs, &others), OK);
	assert_int_equal(others.n, 0);
}

static void
changes_of_all_kinds_are_followed(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	(void)repo_git(c, h->upstream, "update-ref", "refs/mirrorhub/kept/1", "main");
	sync_well(h);
	(void)repo_git(c, h->store, "update-ref", "refs/mirrorhub/kept/1", "main");
	(void)repo_git(c, h->store, "pack-refs", "--all");
	(void)repo_commit(c, h->upstream, "main", "three");
	(void)repo_git(c, h->upstream, "update-ref", "-d", "refs/tags/light");
	(void)repo_git(c, h->upstream, "tag", "-f", "-a", "v1.0", "-m", "moved", "main");
	(void)repo_git(c, h->upstream, "update-ref", "-d", "refs/heads/a/b");
	(void)repo_git(c, h->upstream, "update-ref", "refs/heads/a", "main");
	sync_well(h);
	is_faithful(h);
	assert_int_equal(h->result.refs_changed, 5);
	assert_string_equal(h->result.latest_version, "v1.0");
	(void)repo_git(c, h->store, "rev-parse", "refs/mirrorhub/kept/1"); /* ours stays */
	/* a rewritten history: only the new commit travels */
	(void)repo_git(c, h->upstream, "update-ref", "refs/heads/main", "main~1");
	(void)repo_commit(c, h->upstream, "main", "rewritten");
	(void)repo_git(c, h->upstream, "update-ref", "-d", "refs/heads/a");
	sync_well(h);
	is_faithful(h);
	assert_int_equal(h->result.objects, 3);
}

static void
only_what_is_new_is_fetched(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	sync_well(h);
	/* a branch at a commit that is there already: nothing but refs */
	(void)repo_git(c, h->upstream, "update-ref", "refs/heads/new", "main~1");
	sync_well(h);
	is_faithful(h);
	assert_int_equal(h->result.objects, 0);
	assert_int_equal(h->result.refs_changed, 1);
	/* one file: a commit, a tree, a blob */
	(void)repo_commit(c, h->upstream, "new", "three");
	sync_well(h);
	is_faithful(h);
	assert_int_equal(h->result.objects, 3);
}

/* libgit2 reads what git's upkeep leaves: a multi-pack-index, packs merged and gone. */
static void
a_store_after_its_upkeep_is_synced_on(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	for (int i = 0; i < 4; i++) {
		sync_well(h);
		is_faithful(h);
		assert_int_equal(git_upkeep(c, h->store), OK);
		is_faithful(h);
		(void)repo_commit(c, h->upstream, "main", arena_printf(c->mem, "more %d", i));
		(void)repo_git(c, h->upstream, "tag", "-a", arena_printf(c->mem, "t%d", i), "-m", "x",
		    "main~1");
	}
	sync_well(h);
	is_faithful(h);
	assert_int_equal(h->result.objects, 4); /* commit, tree, blob, tag */
}

static void
an_empty_upstream_is_a_success(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	sync_well(h);
	assert_true(h->result.is_changed);
	assert_string_equal(h->result.latest_version, "");
	assert_true(path_is_dir(h->store));
	sync_well(h);
	assert_false(h->result.is_changed);
	fill(h);
	sync_well(h);
	is_faithful(h);
}

/* M-18 */
static void
head_never_points_at_a_missing_branch(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	fill(h);
	(void)repo_git(c, h->upstream, "symbolic-ref", "HEAD", "refs/heads/a/b");
	sync_well(h);
	assert_string_equal(repo_git(c, h->store, "symbolic-ref", "HEAD"), "refs/heads/a/b");
	(void)repo_git(c, h->upstream, "symbolic-ref", "HEAD", "refs/heads/nowhere");
	sync_well(h);
	is_faithful(h);
	assert_string_equal(repo_git(c, h->store, "symbolic-ref", "HEAD"), "refs/heads/a/b");
	(void)repo_git(c, h->upstream, "update-ref", "-d", "refs/heads/a/b");
	sync_well(h);
	assert_string_equal(repo_git(c, h->store, "symbolic-ref", "HEAD"), "refs/heads/main");
	(void)repo_git(c, h->upstream, "update-ref", "refs/heads/trunk", "main");
	(void)repo_git(c, h->upstream, "symbolic-ref", "HEAD", "refs/heads/trunk");
	(void)repo_git(c, h->upstream, "update-ref", "-d", "refs/heads/main");
	sync_well(h);
	is_faithful(h);
	assert_string_equal(repo_git(c, h->store, "symbolic-ref", "HEAD"), "refs/heads/trunk");
}

/* contracts/hpr-and-hub.md A5.5 */
static void
the_version_is_the_nearest_tag(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);

	(void)repo_commit(c, h->upstream, "main", "one");
	sync_well(h);
	assert_string_equal(h->result.latest_version, "");
	(void)repo_git(c, h->upstream, "tag", "v1.9", "main");
	(void)repo_git(c, h->upstream, "tag", "v1.10", "main");
	sync_well(h);
	assert_string_equal(h->result.latest_version, "v1.10");
	(void)repo_git(c, h->upstream, "tag", "-a", "v1.2", "-m", "x", "main");
	sync_well(h);
	assert_string_equal(h->result.latest_version, "v1.2");
	(void)repo_commit(c, h->upstream, "main", "two");
	(void)repo_commit(c, h->upstream, "side", "other");
	(void)repo_git(c, h->upstream, "tag", "v2.0.0", "side");
	sync_well(h);
	assert_string_equal(h->result.latest_version, "v1.2");
	(void)repo_git(c, h->upstream, "tag", "foo/bar", "main");
	sync_well(h);
	assert_string_equal(h->result.latest_version, "foo/bar");
}

/* ---- who may not */

static void
a_fenced_worker_publishes_nothing(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *before;

	fill(h);
	sync_well(h);
	before = refs_of(c, h->store);
	(void)repo_commit(c, h->upstream, "main", "three");
	h->may_publish = false;
	assert_int_equal(sync_once(h), SYNC_FENCED);
	assert_string_equal(refs_of(c, h->store), before);
	assert_int_equal(count_entries(path_under(c->mem, h->store, "objects/pack")), 2);
	assert_int_equal(count_entries(h->quarantine), 0);
	h->may_go_on = false;
	assert_int_equal(sync_once(h), SYNC_FENCED);
	h->may_publish = h->may_go_on = true;
	sync_well(h);
	is_faithful(h);
}

static void
what_was_not_allowed_says_so(void **state)
{
	static const struct {
		const char *url;
		enum sync_error error;
	} rows[] = {
		{ "/nowhere/at/all.git", SYNC_GONE }, { "http://10.0.0.1/a.git", SYNC_POLICY },
		{ "http://user:secret@127.0.0.1/a", SYNC_POLICY }, { "ftp://h/a", SYNC_POLICY },
		{ "http://127.0.0.1:1/a.git", SYNC_NETWORK }, { "git://127.0.0.1:1/a", SYNC_NETWORK },
		{ "ssh://127.0.0.1:1/a", SYNC_NETWORK }, { "http://127.0.0.1:22/a", SYNC_POLICY },
	};
	struct ctx *c = *state;
	struct house *h = house(c);

	for (size_t i = 0; i < N_OF(rows); i++) {
		h->url = rows[i].url;
		if (sync_once(h) != rows[i].error)
			unit_fail("%s: %s: %s", h->url, sync_error_text(h->result.error),
			    h->result.error_text);
		assert_true(h->result.error_text[0] != '\0');
		assert_null(strstr(h->result.error_text, "secret"));
		assert_false(path_is_dir(h->store));
	}
}

/* ---- an upstream of our own making, over git:// */

struct fake {
	pid_t pid;
	int port;
};

static void
end_fake(void *fake)
{
	const struct fake *f = fake;

	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
}

/* Reads until the bytes have come. */
static void
expect(int fd, const char *end)
{
	char got[65536];
	size_t n = 0;
	ssize_t more;

	while ((more = read(fd, got + n, sizeof(got) - 1 - n)) > 0) {
		n += (size_t)more;
		got[n] = '\0';
		if (n >= strlen(end) && memcmp(got + n - strlen(end), end, strlen(end)) == 0)
			return;
	}
	_exit(1);
}

/* For every connection: the advertisement, the request, the answer. */
static void
serve(int listener, const struct buf *advert, const struct buf *answer)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		char request[4];

		if (fd < 0 || recv(fd, request, 4, MSG_WAITALL) != 4 ||
		    write(fd, advert->data, advert->len) != (ssize_t)advert->len)
			_exit(1);
		expect(fd, "0009done\n");
		if (write(fd, answer->data, answer->len) != (ssize_t)answer->len)
			_exit(1);
		close(fd);
	}
}

static const char *
fake_upstream(struct ctx *c, const struct buf *advert, const struct buf *answer)
{
	struct fake *f = arena_new_of(c->mem, struct fake);
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	f->port = ntohs(address.sin_port);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		serve(listener, advert, answer);
	close(listener);
	arena_defer(c->mem, end_fake, f);
	return arena_printf(c->mem, "git://127.0.0.1:%d/a.git", f->port);
}

/* One branch at oid; of it, a pack with the listed objects only. */
static const char *
sends_only(struct house *h, const char *oid, const char *objects)
{
	struct ctx *c = h->c;
	struct buf *advert = buf_new(c->mem, 10000), *answer = buf_new(c->mem, 1 << 20), *pack;

	buf_printf(advert, "%04zx%s refs/heads/main", 4 + 40 + 1 + strlen("refs/heads/main") + 1 + 14,
	    oid);
	buf_char(advert, '\0');
	buf_text(advert, "side-band-64k\n0000");
	assert_int_equal(repo_try(c, h->upstream, objects, strlen(objects), &pack,
			     (const char *const[]){ "pack-objects", "--stdout", "-q", NULL }),
	    0);
	buf_printf(answer, "0008NAK\n%04zx\1", pack->len + 5);
	buf_add(answer, pack->data, pack->len);
	buf_text(answer, "0000");
	return fake_upstream(c, advert, answer);
}

/* mirroring.md 0.5: libgit2 takes a commit without its tree; git does not, and neither do we. */
static void
an_incomplete_pack_is_refused(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *commit, *tree, *blob, *before;

	(void)repo_commit(c, h->upstream, "main", "one");
	sync_well(h);
	before = refs_of(c, h->store);
	commit = repo_commit(c, h->upstream, "main", "two");
	tree = repo_git(c, h->upstream, "rev-parse", "main^{tree}");
	blob = repo_git(c, h->upstream, "rev-parse", "main:f");

	const char *const lacking[] = {
		arena_printf(c->mem, "%s\n", commit),
		arena_printf(c->mem, "%s\n%s\n", commit, tree),
		arena_printf(c->mem, "%s\n%s\n", commit, blob),
		arena_printf(c->mem, "%s\n%s\n", tree, blob),
	};

	for (size_t i = 0; i < N_OF(lacking); i++) {
		h->url = sends_only(h, commit, lacking[i]);
		h->fingerprint = "";
		if (sync_once(h) != SYNC_PROTOCOL)
			unit_fail("row %zu: %s %s", i, sync_error_text(h->result.error),
			    h->result.error_text);
		assert_string_equal(refs_of(c, h->store), before);
		assert_int_equal(count_entries(h->quarantine), 0);
	}
	h->url = sends_only(h, commit, arena_printf(c->mem, "%s\n%s\n%s\n", commit, tree, blob));
	sync_well(h);
	is_faithful(h);
}

static void
an_object_of_the_wrong_kind_is_refused(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *blob, *tree, *commit, *text;

	(void)repo_commit(c, h->upstream, "main", "one");
	blob = repo_git(c, h->upstream, "rev-parse", "main:f");
	tree = repo_git(c, h->upstream, "rev-parse", "main^{tree}");
	/* a branch that is a blob; a commit whose tree is a blob */
	h->url = sends_only(h, blob, arena_printf(c->mem, "%s\n", blob));
	assert_int_equal(sync_once(h), SYNC_PROTOCOL);
	text = arena_printf(c->mem, "tree %s\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n", blob);
	commit = repo_git_with(c, h->upstream, text, "hash-object", "-t", "commit", "-w", "--literally",
	    "--stdin");
	h->url = sends_only(h, commit, arena_printf(c->mem, "%s\n%s\n%s\n", commit, tree, blob));
	assert_int_equal(sync_once(h), SYNC_PROTOCOL);
	assert_non_null(strstr(h->result.error_text, "but it is a blob"));
}

static void
an_evil_tree_is_refused(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *blob, *tree, *commit;
	struct buf *bytes = buf_new(c->mem, 1000);
	unsigned char oid[20];

	(void)repo_commit(c, h->upstream, "main", "one");
	blob = repo_git(c, h->upstream, "rev-parse", "main:f");
	assert_true(str_is_hex(blob, oid, 20));
	buf_text(bytes, "100644 .git");
	buf_char(bytes, '\0');
	buf_add(bytes, oid, 20);
	tree = repo_run(c, h->upstream, bytes->data, bytes->len,
	    (const char *const[]){ "hash-object", "-t", "tree", "-w", "--literally", "--stdin", NULL });
	commit = repo_git(c, h->upstream, "commit-tree", tree, "-m", "x");
	h->url = sends_only(h, commit, arena_printf(c->mem, "%s\n%s\n%s\n", commit, tree, blob));
	assert_int_equal(sync_once(h), SYNC_PROTOCOL);
	assert_non_null(strstr(h->result.error_text, ".git"));
}

static void
a_silent_upstream_is_left_at_the_limit(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	struct conf conf = *c->conf;

	/* it says nothing until "done" has come, which it never will */
	h->url = fake_upstream(c, buf_new(c->mem, 10), buf_new(c->mem, 10));
	conf.net_low_speed_s = 1;
	c->conf = &conf;
	assert_int_equal(sync_once(h), SYNC_NETWORK);
	/* not those of the default */
	assert_non_null(strstr(h->result.error_text, "for 1 seconds"));
}

/* ---- git's own server */

struct daemon {
	struct proc *proc;
	int port;
};

static bool
answers(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool is_there;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	is_there = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return is_there;
}

static int
free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static int
start_daemon(struct ctx *c, const char *folder)
{
	int port = free_port();
	const char *const argv[] = { "git", "daemon", "--export-all", "--listen=127.0.0.1",
		"--reuseaddr", arena_printf(c->mem, "--port=%d", port),
		arena_printf(c->mem, "--base-path=%s", folder), NULL };
	const struct proc_spec spec = { .argv = argv, .env = repo_env };
	struct proc *p;

	assert_int_equal(proc_start(c, &spec, &p), OK);
	for (int i = 0; i < 3000 && !answers(port); i++)
		poll(NULL, 0, 20);
	return port;
}

static void
git_daemon_is_mirrored_too(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	int port;

	fill(h);
	port = start_daemon(c, arena_strndup(c->mem, h->upstream,
				   (size_t)(strrchr(h->upstream, '/') - h->upstream)));
	h->url = arena_printf(c->mem, "git://127.0.0.1:%d/upstream.git", port);
	sync_well(h);
	is_faithful(h);
	sync_well(h);
	assert_false(h->result.is_changed);
	(void)repo_commit(c, h->upstream, "main", "three");
	sync_well(h);
	is_faithful(h);
	h->url = arena_printf(c->mem, "git://127.0.0.1:%d/other.git", port);
	assert_int_equal(sync_once(h), SYNC_GONE);
}

/* ---- ssh */

#define SSHD "/usr/sbin/sshd"

static void
make_key(struct ctx *c, const char *path)
{
	const char *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL };
	const struct proc_spec spec = { .argv = argv };
	struct buf *out, *err;
	int status = -1;

	assert_int_equal(proc_run(c, &spec, NULL, 0, 1000, &out, &err, &status), OK);
	assert_int_equal(status, 0);
}

static void
put(struct ctx *c, const char *path, const char *text)
{
	assert_int_equal(path_write(c, path, 0600, text, strlen(text)), OK);
}

/* A server for this user alone, on a free port. */
static int
start_sshd(struct ctx *c, const char *dir)
{
	int port = free_port();
	const char *conf = path_under(c->mem, dir, "sshd.conf");
	const char *const argv[] = { SSHD, "-D", "-e", "-f", conf, NULL };
	const struct proc_spec spec = { .argv = argv };
	struct proc *p;

	put(c, conf,
	    arena_printf(c->mem,
		"Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/user.pub\n"
		"StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
		"UsePAM no\nPermitRootLogin prohibit-password\nPidFile none\n",
		port, dir, dir));
	if (geteuid() == 0)
		assert_int_equal(path_make_dir(c, "/run/sshd", 0755), OK);
	assert_int_equal(proc_start(c, &spec, &p), OK);
	for (int i = 0; i < 3000 && !answers(port); i++)
		poll(NULL, 0, 20);
	return port;
}

static const char *
known_line(struct ctx *c, const char *dir, const char *key, int port)
{
	char *pub = NULL;

	assert_int_equal(
	    path_read(c, arena_printf(c->mem, "%s/%s.pub", dir, key), 1000, &pub), OK);
	return arena_printf(c->mem, "[127.0.0.1]:%d %s", port, pub);
}

/* M-22: only a host that is known, only with our key. */
static void
ssh_hosts_have_to_be_known(void **state)
{
	struct ctx *c = *state;
	struct house *h = house(c);
	struct conf conf = *c->conf;
	const char *dir = unit_folder(c), *known = path_under(c->mem, dir, "known");
	const struct passwd *me = getpwuid(geteuid());
	int port;

	if (access(SSHD, X_OK) != 0 || me == NULL)
		skip();
	c->conf = &conf;
	conf.net_ssh_known_hosts = known;
	conf.net_ssh_key = path_under(c->mem, dir, "user");
	make_key(c, path_under(c->mem, dir, "host"));
	make_key(c, path_under(c->mem, dir, "user"));
	make_key(c, path_under(c->mem, dir, "stranger"));
	fill(h);
	port = start_sshd(c, dir);
	h->url = arena_printf(c->mem, "ssh://%s@127.0.0.1:%d%s", me->pw_name, port, h->upstream);
	put(c, known, "");
	assert_int_equal(sync_once(h), SYNC_TLS);
	put(c, known, known_line(c, dir, "stranger", port));
	assert_int_equal(sync_once(h), SYNC_TLS);
	put(c, known, known_line(c, dir, "host", port));
	conf.net_ssh_key = path_under(c->mem, dir, "stranger");
	assert_int_equal(sync_once(h), SYNC_AUTH);
	conf.net_ssh_key = path_under(c->mem, dir, "user");
	sync_well(h);
	is_faithful(h);
	(void)repo_commit(c, h->upstream, "main", "three");
	sync_well(h);
	is_faithful(h);
	h->url = arena_printf(c->mem, "%s-not", h->url);
	assert_int_equal(sync_once(h), SYNC_GONE);
}

/* ---- killed anywhere: old or new, never a mixture; the next run repairs it */

static void
crash_at(struct house *h, const char *name)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("MIRRORHUB_CRASH_AT", name, 1);
		(void)sync_once(h);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		unit_fail("it was not killed at %s", name);
}

static void
a_kill_leaves_the_old_refs_or_the_new_ones(void **state)
{
	static const char *const points[] = { "probe", "fetch", "midpack", "pack-moved", "idx-moved",
		"refs-written", "head-written" };
	struct ctx *c = *state;
	struct house *h = house(c);
	const char *branch = "main", *before, *now;

	fill(h);
	for (size_t i = 0; i < N_OF(points); i++) {
		h->fingerprint = "";
		assert_int_equal(path_remove_tree(c, h->store), OK);
		crash_at(h, points[i]); /* the first clone */
		sync_well(h);
		is_faithful(h);
		before = refs_of(c, h->store);
		(void)repo_commit(c, h->upstream, branch, points[i]);
		/* HEAD moves to a new branch, and the old one goes */
		(void)repo_git(c, h->upstream, "branch", "-m", branch, points[i]);
		branch = points[i];
		crash_at(h, points[i]);
		now = refs_of(c, h->store);
		if (strcmp(now, before) != 0)
			assert_string_equal(now, refs_of(c, h->upstream));
		(void)repo_git(c, h->store, "fsck", "--strict", "--no-dangling");
		assert_int_equal(
		    path_write(c, path_under(c->mem, h->store, "packed-refs.lock"), 0600, "", 0), OK);
		sync_well(h);
		is_faithful(h);
		assert_string_equal(repo_git(c, h->store, "symbolic-ref", "HEAD"),
		    arena_printf(c->mem, "refs/heads/%s", branch));
	}
}

static void
classes_have_names(void **state)
{
	(void)state;
	for (enum sync_error e = SYNC_OK; e <= SYNC_FENCED; e++)
		assert_int_equal(sync_error_by_name(sync_error_text(e)), e);
	assert_int_equal(sync_error_by_name("what"), SYNC_LOCAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_first_sync_gives_the_same_refs_and_objects),
		WITH_CTX(an_unchanged_upstream_costs_a_look_at_the_refs_alone),
		WITH_CTX(a_missing_store_is_fetched_again),
		WITH_CTX(refs_that_were_changed_on_disk_are_put_right),
		WITH_CTX(a_damaged_store_is_fetched_anew),
		WITH_CTX(a_store_with_broken_refs_is_fetched_anew),
		WITH_CTX(a_kept_tip_that_cannot_be_read_stays_behind),
		WITH_CTX(changes_of_all_kinds_are_followed),
		WITH_CTX(only_what_is_new_is_fetched),
		WITH_CTX(a_store_after_its_upkeep_is_synced_on),
		WITH_CTX(an_empty_upstream_is_a_success),
		WITH_CTX(head_never_points_at_a_missing_branch),
		WITH_CTX(the_version_is_the_nearest_tag),
		WITH_CTX(a_fenced_worker_publishes_nothing),
		WITH_CTX(what_was_not_allowed_says_so),
		WITH_CTX(an_incomplete_pack_is_refused),
		WITH_CTX(an_object_of_the_wrong_kind_is_refused),
		WITH_CTX(an_evil_tree_is_refused),
		WITH_CTX(a_silent_upstream_is_left_at_the_limit),
		WITH_CTX(git_daemon_is_mirrored_too),
		WITH_CTX(ssh_hosts_have_to_be_known),
		WITH_CTX(a_kill_leaves_the_old_refs_or_the_new_ones),
		WITH_CTX(classes_have_names),
	};

	int failed;

	index_pack_objects = INT32_MAX;
	failed = cmocka_run_group_tests_name("mirror, libgit2", tests, NULL, NULL);
	index_pack_objects = 0;
	return failed + cmocka_run_group_tests_name("mirror, git index-pack", tests, NULL, NULL);
}
