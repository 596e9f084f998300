#include "git/push.h"

#include <errno.h>
#include <git2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/proc.h"
#include "base/str.h"
#include "git/child.h"
#include "git/init.h"
#include "git/pkt.h"
#include "git/wire.h"

#define HEX_LEN ((size_t)2 * GIT_OID_BYTES)
#define AGENT "git/mirrorhub"
#define REQUEST_MAX_BYTES ((size_t)GIT_PUSH_MOST * (GIT_REF_NAME_MAX + 256))
#define TICK_MS 1000
#define SAID_MAX_BYTES 4096
#define REPORT_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define ANSWER_MAX_BYTES ((int64_t)64 * 1024 * 1024) /* with all that hooks have to say */
#define TOLD_MAX_BYTES 2000

struct pushing {
	struct ctx *c;
	const struct git_push_order *p;
	struct proc *pack; /* NULL: nothing but deletions */
	char said[SAID_MAX_BYTES];
	size_t said_len;
	struct buf *told; /* the last that the target's programs said */
};

/* ---- what is known there */

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, GIT_OID_BYTES);
}

static void
take_known(git_odb *odb, const unsigned char *raw, struct git_push_known *out)
{
	git_oid oid;

	git_oid_fromraw(&oid, raw);
	if (git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH))
		memcpy(out->oids[out->n++], raw, GIT_OID_BYTES);
}

int
git_push_known(struct ctx *c, struct git_repository *repo, const struct git_receive *there,
    size_t n_more, struct git_push_known *out)
{
	git_odb *odb;
	size_t n = 0;

	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the store's objects");
	out->n = 0;
	out->oids =
	    arena_alloc(c->mem, (there->refs.n + there->n_others + n_more + 1) * GIT_OID_BYTES);
	for (size_t i = 0; i < there->refs.n; i++)
		take_known(odb, there->refs.rows[i].oid, out);
	for (size_t i = 0; i < there->n_others; i++)
		take_known(odb, there->others[i], out);
	git_odb_free(odb);
	qsort(out->oids, out->n, GIT_OID_BYTES, by_bytes);
	for (size_t i = 0; i < out->n; i++)
		if (n == 0 || memcmp(out->oids[n - 1], out->oids[i], GIT_OID_BYTES) != 0)
			memmove(out->oids[n++], out->oids[i], GIT_OID_BYTES);
	out->n = n;
	return OK;
}

bool
git_push_is_behind(void *repo, const unsigned char *old, const unsigned char *new)
{
	git_oid a, b;
	git_odb *odb;
	bool is_here;

	git_oid_fromraw(&a, old);
	git_oid_fromraw(&b, new);
	if (git_repository_odb(&odb, repo) < 0)
		return false;
	is_here = git_odb_exists_ext(odb, &a, GIT_ODB_LOOKUP_NO_REFRESH) &&
	    git_odb_exists_ext(odb, &b, GIT_ODB_LOOKUP_NO_REFRESH);
	git_odb_free(odb);
	return is_here && git_graph_descendant_of(repo, &b, &a) == 1;
}

/* ---- the pack */

static bool
has_pack(const struct git_push_order *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->rows[i].kind != PUSH_DELETE)
			return true;
	return false;
}

static int
tick(struct pushing *x)
{
	if (x->p->tick == NULL || x->p->tick(x->p->payload))
		return OK;
	return fail(x->c, E_CONFLICT, "given up because it was told to");
}

static int
pack_failed(struct pushing *x, int status)
{
	x->said[x->said_len] = '\0';
	return fail(x->c, E_INTERNAL, "git pack-objects ended with %d: %s", status,
	    git_clean(x->c->mem, x->said));
}

/* What it complains about must not fill its pipe. */
static void
take_errors(struct pushing *x)
{
	char more[512];
	ssize_t n;

	while (x->pack->err >= 0 && (n = read(x->pack->err, more, sizeof(more))) > 0) {
		size_t room = sizeof(x->said) - 1 - x->said_len;
		size_t len = (size_t)n < room ? (size_t)n : room;

		memcpy(x->said + x->said_len, more, len);
		x->said_len += len;
	}
}

static int
wait_for(struct pushing *x, int fd, short events)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events },
		{ .fd = x->pack->err, .events = POLLIN } };

	if (poll(fds, 2, TICK_MS) < 0 && errno != EINTR)
		return fail(x->c, E_INTERNAL, "poll: %s", strerror(errno));
	take_errors(x);
	/* a closed error pipe is ready for ever */
	if (fds[0].revents == 0 && (fds[1].revents & POLLHUP))
		(void)poll(fds, 1, 20);
	return tick(x);
}

/* The ids that it is made of. It reads them all before it writes. */
static int
feed_pack(struct pushing *x, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(x->pack->in, text, len);
		int status;

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EPIPE) {
			take_errors(x);
			TRY(proc_wait(x->c, x->pack, &status));
			return pack_failed(x, status);
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			return fail(x->c, E_INTERNAL, "git pack-objects: %s", strerror(errno));
		} else {
			TRY(wait_for(x, x->pack->in, POLLOUT));
		}
	}
	proc_close_in(x->pack);
	return OK;
}

static void
add_id(struct buf *b, const char *before, const unsigned char *oid)
{
	git_oid id;
	char hex[HEX_LEN + 1];

	git_oid_fromraw(&id, oid);
	buf_printf(b, "%s%s\n", before, git_oid_tostr(hex, sizeof(hex), &id));
}

/* Objects are taken as they lie there, deltas too, and found through the bitmap where there is one.
 */
static int
start_pack(struct pushing *x)
{
	static const char *const words[] = { "git", "pack-objects", "--revs", "--stdout", "-q",
		"--threads=1" };
	const struct git_push_order *p = x->p;
	size_t most = (p->n + p->known->n + 1) * (HEX_LEN + 3), n = 0;
	struct buf *ids = buf_new(x->c->mem, most);
	const char *argv[16];
	const struct git_child child = { .dir = p->store_dir, .argv = argv, .is_of_sync = true };

	for (; n < sizeof(words) / sizeof(words[0]); n++)
		argv[n] = words[n];
	if (p->there->takes_ofs_delta)
		argv[n++] = "--delta-base-offset";
	if (p->is_thin && p->there->takes_thin)
		argv[n++] = "--thin";
	argv[n] = NULL;
	for (size_t i = 0; i < p->n; i++)
		if (p->rows[i].kind != PUSH_DELETE)
			add_id(ids, "", p->rows[i].new);
	for (size_t i = 0; i < p->known->n; i++)
		add_id(ids, "^", p->known->oids[i]);
	TRY(git_child_start(x->c, &child, &x->pack));
	return feed_pack(x, ids->data, ids->len);
}

/* For the wire. Its end is one only if the program says so, too: a pack that is cut off must never
 * look like a whole one. */
static int
read_pack(void *payload, void *bytes, size_t size, size_t *got_out)
{
	struct pushing *x = payload;
	int status;

	for (;;) {
		ssize_t n = read(x->pack->out, bytes, size);

		if (n > 0) {
			*got_out = (size_t)n;
			return tick(x);
		}
		if (n == 0)
			break;
		if (errno != EAGAIN && errno != EINTR)
			return fail(x->c, E_INTERNAL, "git pack-objects: %s", strerror(errno));
		TRY(wait_for(x, x->pack->out, POLLIN));
	}
	take_errors(x);
	if (x->pack->pid != 0) {
		TRY(proc_wait(x->c, x->pack, &status));
		if (status != 0)
			return pack_failed(x, status);
	}
	*got_out = 0;
	return OK;
}

/* ---- the request */

static const char *
capabilities(struct arena *mem, const struct git_receive *there)
{
	return arena_printf(mem, "report-status%s%s%s agent=" AGENT,
	    there->has_side_band ? " side-band-64k" : "", there->is_quiet ? " quiet" : "",
	    there->takes_ofs_delta ? " ofs-delta" : "");
}

static void
add_command(struct buf *b, const struct git_push_row *row, const char *words)
{
	git_oid old, new;
	char old_hex[HEX_LEN + 1], new_hex[HEX_LEN + 1];
	size_t len = 4 + 2 * (HEX_LEN + 1) + strlen(row->name);

	git_oid_fromraw(&old, row->old);
	git_oid_fromraw(&new, row->new);
	if (words != NULL)
		len += 1 + strlen(words);
	buf_printf(b, "%04zx%s %s %s", len, git_oid_tostr(old_hex, sizeof(old_hex), &old),
	    git_oid_tostr(new_hex, sizeof(new_hex), &new), row->name);
	if (words != NULL) {
		buf_char(b, '\0');
		buf_text(b, words);
	}
}

static int
send_request(struct pushing *x)
{
	struct buf *request = buf_new(x->c->mem, REQUEST_MAX_BYTES);
	const struct git_push_order *p = x->p;

	for (size_t i = 0; i < p->n; i++)
		add_command(
		    request, &p->rows[i], i == 0 ? capabilities(x->c->mem, p->there) : NULL);
	git_pkt_flush(request);
	if (request->full)
		return fail(x->c, E_INTERNAL, "too many refs for one push");
	if (!has_pack(p))
		return p->wire->send(p->wire->payload, request->data, request->len);
	TRY(start_pack(x));
	return p->wire->send_long(p->wire->payload, request->data, request->len, read_pack, x);
}

/* ---- the report */

static int
bad_report(struct pushing *x)
{
	return fail(x->c, E_INVALID, "the target's report cannot be read");
}

static const char *
reason_of(struct pushing *x, const char *text)
{
	return text[0] != '\0' ? git_clean(x->c->mem, text) : "refused without a reason";
}

static void
take_ref_line(struct pushing *x, char *name, const char *error)
{
	for (size_t i = 0; i < x->p->n; i++)
		if (strcmp(x->p->rows[i].name, name) == 0)
			x->p->errors[i] = error;
}

/* "unpack ok", then "ok <ref>" or "ng <ref> <why>" for each. */
static int
take_report_line(struct pushing *x, char *line, const char **unpack_out)
{
	char *blank;

	if (str_starts(line, "unpack ")) {
		*unpack_out = arena_strdup(x->c->mem, line + strlen("unpack "));
	} else if (str_starts(line, "ok ")) {
		take_ref_line(x, line + strlen("ok "), NULL);
	} else if (str_starts(line, "ng ")) {
		line += strlen("ng ");
		blank = strchr(line, ' ');
		if (blank != NULL)
			*blank = '\0';
		take_ref_line(x, line, reason_of(x, blank != NULL ? blank + 1 : ""));
	} else {
		return bad_report(x);
	}
	return OK;
}

static int
read_report(struct pushing *x, struct git_wire *wire)
{
	struct git_pkt_reader *pkts =
	    git_pkt_reader_new(x->c->mem, wire, "target", (int64_t)REPORT_MAX_BYTES);
	enum git_pkt_kind kind;
	const char *unpack = NULL;
	char *line;
	size_t len;

	for (size_t i = 0; i < x->p->n; i++)
		x->p->errors[i] = "the target did not say what became of it";
	for (;;) {
		TRY(git_pkt_read(x->c, pkts, &kind, &line, &len));
		if (kind != PKT_LINE)
			break;
		TRY(take_report_line(x, line, &unpack));
	}
	if (unpack == NULL)
		return bad_report(x);
	if (strcmp(unpack, "ok") != 0)
		for (size_t i = 0; i < x->p->n; i++)
			x->p->errors[i] = arena_printf(
			    x->c->mem, "the pack was refused: %s", reason_of(x, unpack));
	return OK;
}

/* ---- side-bands */

/* The report out of the first band, as a wire of its own. */
struct report {
	struct buf *bytes;
	size_t at;
};

static int
receive_report(void *payload, void *bytes, size_t size, size_t *got_out)
{
	struct report *r = payload;
	size_t left = r->bytes->len - r->at;

	*got_out = left < size ? left : size;
	memcpy(bytes, r->bytes->data + r->at, *got_out);
	r->at += *got_out;
	return OK;
}

/* The end of what its programs say is where the reason stands. */
static void
take_told(struct pushing *x, const char *text, size_t len)
{
	if (len > TOLD_MAX_BYTES) {
		text += len - TOLD_MAX_BYTES;
		len = TOLD_MAX_BYTES;
	}
	if (x->told->len + len > TOLD_MAX_BYTES)
		buf_clear(x->told);
	buf_add(x->told, text, len);
}

static int
read_bands(struct pushing *x)
{
	struct git_pkt_reader *pkts =
	    git_pkt_reader_new(x->c->mem, x->p->wire, "target", ANSWER_MAX_BYTES);
	struct report report = { .bytes = buf_new(x->c->mem, REPORT_MAX_BYTES) };
	struct git_wire wire = { .payload = &report, .receive = receive_report };
	enum git_pkt_kind kind;
	char *line;
	size_t len;

	for (;;) {
		TRY(tick(x));
		TRY(git_pkt_read_bytes(x->c, pkts, &kind, &line, &len));
		if (kind != PKT_LINE)
			break;
		if (len == 0)
			continue;
		if (line[0] == 1)
			buf_add(report.bytes, line + 1, len - 1);
		else if (line[0] == 2)
			take_told(x, line + 1, len - 1);
		else
			return fail(
			    x->c, E_DENIED, "the target says: %s", git_clean(x->c->mem, line + 1));
	}
	if (report.bytes->full)
		return bad_report(x);
	return read_report(x, &wire);
}

/* What it told, in one line. */
static const char *
told_text(struct pushing *x)
{
	struct buf *text = buf_new(x->c->mem, 2 * TOLD_MAX_BYTES);
	size_t n;
	char **lines = str_split(x->c->mem, x->told->data, '\n', &n);

	for (size_t i = 0; i < n; i++)
		if (lines[i][0] != '\0')
			buf_printf(text, "%s%s", text->len > 0 ? "; " : "", lines[i]);
	return git_clean(x->c->mem, text->data);
}

/* A hook's own words say more than "pre-receive hook declined". */
static void
add_told(struct pushing *x)
{
	const char *told = told_text(x);

	for (size_t i = 0; told[0] != '\0' && i < x->p->n; i++)
		if (x->p->errors[i] != NULL && strstr(x->p->errors[i], "hook") != NULL)
			x->p->errors[i] = arena_printf(x->c->mem, "%s (%s)", x->p->errors[i], told);
}

int
git_push_send(struct ctx *c, const struct git_push_order *p)
{
	struct pushing x = { .c = c, .p = p };

	x.told = buf_new(c->mem, TOLD_MAX_BYTES + 1);
	TRY(send_request(&x));
	TRY(p->there->has_side_band ? read_bands(&x) : read_report(&x, p->wire));
	add_told(&x);
	return OK;
}
