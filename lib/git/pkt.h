/* Lines of Git's protocol: four hex digits of length, then the bytes (gitprotocol-common). */
#ifndef GIT_PKT_H
#define GIT_PKT_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_wire;
struct buf;

#define GIT_PKT_MAX 65520

enum git_pkt_kind { PKT_LINE = 1, PKT_FLUSH, PKT_END };

struct git_pkt_reader {
	struct git_wire *wire;
	const char *whom;  /* who sends: failures name it */
	int64_t max_bytes; /* in all */
	int64_t came;
	size_t start, end;
	char bytes[GIT_PKT_MAX + 16];
};

/* whom: "upstream", "target". */
struct git_pkt_reader *git_pkt_reader_new(
    struct arena *mem, struct git_wire *wire, const char *whom, int64_t max_bytes);

/* The next line, with a NUL behind and without the newline, valid until the next call. PKT_END: the
 * stream ended between two lines. E_INVALID: not such a line, or cut off. E_DENIED: too much. */
must_check int git_pkt_read(struct ctx *c, struct git_pkt_reader *r, enum git_pkt_kind *kind_out,
    char **line_out, size_t *len_out);

/* The same with all its bytes, a newline at its end too. */
must_check int git_pkt_read_bytes(struct ctx *c, struct git_pkt_reader *r,
    enum git_pkt_kind *kind_out, char **bytes_out, size_t *len_out);

/* Over HTTP a list of refs comes behind one line "# service=git-upload-pack" and a flush: these
 * two, for that service. E_INVALID: something else comes (gitprotocol-http). */
must_check int git_pkt_skip_service(struct ctx *c, struct git_pkt_reader *r, const char *service);

/* Whatever comes next, where the lines have ended; *len_out 0: the end. Valid until the next call.
 */
must_check int git_pkt_read_rest(
    struct ctx *c, struct git_pkt_reader *r, char **bytes_out, size_t *len_out);

void git_pkt_add(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void git_pkt_flush(struct buf *b);

#endif
