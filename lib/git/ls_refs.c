#include "git/ls_refs.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "git/pkt.h"
#include "git/ref_lines.h"

#define HEAD_BYTES 4
#define REQUEST_MAX_BYTES (512 * 1024)
#define ROOM_LEAST 256 /* of a line: most are shorter */

enum state { SERVICE = 1, SERVICE_END, LINES, V2_LINES, ENDED };

struct git_ls_refs {
	struct git_ref_lines lines;
	enum state state;
	bool is_advert;
	/* a line while it comes: its length, and then what is behind it */
	char head[HEAD_BYTES + 1];
	size_t n_head;
	char *line;
	size_t room, came, wanted; /* wanted 0: it is the length that comes */
};

const char *
git_ls_refs_request(struct ctx *c, const struct git_filter *filter)
{
	struct buf *b = buf_new(c->mem, REQUEST_MAX_BYTES);
	const char *const *prefixes;
	size_t n = git_filter_prefixes(c, filter, &prefixes);

	git_pkt_add(b, "command=ls-refs\n");
	buf_text(b, "0001");
	git_pkt_add(b, "symrefs\n");
	git_pkt_add(b, "ref-prefix HEAD\n");
	for (size_t i = 0; i < n; i++)
		git_pkt_add(b, "ref-prefix %s\n", prefixes[i]);
	git_pkt_flush(b);
	return b->data;
}

struct git_ls_refs *
git_ls_refs_new(struct ctx *c, bool is_advert, const struct git_filter *filter, int64_t refs_most)
{
	struct git_ls_refs *l = arena_new_of(c->mem, struct git_ls_refs);

	l->lines = (struct git_ref_lines){ .c = c, .filter = filter, .refs_most = refs_most };
	l->is_advert = is_advert;
	l->state = is_advert ? SERVICE : LINES;
	l->room = ROOM_LEAST;
	l->line = arena_room(c->mem, l->room);
	return l;
}

static int
not_git(struct git_ls_refs *l)
{
	return fail(l->lines.c, E_INVALID, "the upstream does not speak Git's protocol");
}

/* One whole line, without its length and newline. */
static int
take_line(struct git_ls_refs *l, char *line, size_t len)
{
	switch (l->state) {
	case SERVICE:
		if (strcmp(line, "version 2") == 0)
			l->state = V2_LINES;
		else if (strcmp(line, "# service=git-upload-pack") == 0)
			l->state = SERVICE_END;
		else
			return not_git(l);
		return OK;
	case LINES:
		if (!l->is_advert)
			return git_ref_lines_listed(&l->lines, line, len);
		if (strcmp(line, "version 2") == 0 && l->lines.capabilities == NULL) {
			l->state = V2_LINES; /* behind a service line, as some say it */
			return OK;
		}
		return git_ref_lines_advert(&l->lines, line, len);
	case V2_LINES: /* what is behind the end (a server that says more) means nothing */
	case ENDED:
		return OK;
	case SERVICE_END:
		break;
	}
	return not_git(l);
}

static int
take_flush(struct git_ls_refs *l)
{
	if (l->state == SERVICE)
		return not_git(l);
	if (l->state == SERVICE_END)
		l->state = LINES;
	else if (l->state == LINES)
		l->state = ENDED;
	return OK;
}

/* The length of a line has come. */
static int
take_head(struct git_ls_refs *l)
{
	unsigned char bytes[2];
	size_t len;

	l->n_head = 0;
	if (!str_is_hex(l->head, bytes, sizeof(bytes)))
		return not_git(l);
	len = (size_t)bytes[0] << 8 | bytes[1];
	if (len == 0)
		return take_flush(l);
	if (len < HEAD_BYTES || len > GIT_PKT_MAX)
		return not_git(l);
	if (len == HEAD_BYTES)
		return take_line(l, arena_strdup(l->lines.c->mem, ""), 0);
	l->wanted = len - HEAD_BYTES;
	l->came = 0;
	if (l->wanted >= l->room) {
		l->room = 2 * l->wanted;
		l->line = arena_room(l->lines.c->mem, l->room);
	}
	return OK;
}

static int
take_whole(struct git_ls_refs *l)
{
	size_t len = l->wanted;

	if (l->line[len - 1] == '\n')
		len--;
	l->line[len] = '\0';
	l->wanted = 0;
	return take_line(l, l->line, len);
}

int
git_ls_refs_feed(struct git_ls_refs *l, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	while (bytes < end) {
		size_t n = (size_t)(end - bytes);

		if (l->wanted == 0) {
			l->head[l->n_head++] = *bytes++;
			if (l->n_head == HEAD_BYTES)
				TRY(take_head(l));
			continue;
		}
		n = n < l->wanted - l->came ? n : l->wanted - l->came;
		memcpy(l->line + l->came, bytes, n);
		l->came += n;
		bytes += n;
		if (l->came == l->wanted)
			TRY(take_whole(l));
	}
	return OK;
}

bool
git_ls_refs_is_v2_advert(const struct git_ls_refs *l)
{
	return l->state == V2_LINES;
}

int
git_ls_refs_end(struct git_ls_refs *l, const char **fingerprint_out)
{
	struct git_refs refs;

	if (l->state != ENDED || l->n_head > 0 || l->wanted > 0)
		return not_git(l);
	TRY(git_ref_lines_end(&l->lines, &refs));
	*fingerprint_out = git_refs_fingerprint(l->lines.c->mem, &refs);
	return OK;
}
