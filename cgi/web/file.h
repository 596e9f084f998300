/* What the bytes of a file are, for showing or sending them: judged by themselves, never by the
 * file's name alone (checklists X-06). */
#ifndef CGI_WEB_FILE_H
#define CGI_WEB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

/* "image/png" and so on, of the four kinds that a browser draws and never runs; NULL: none. */
const char *file_image(const char *bytes, size_t len);

/* Whether the text holds characters that change the direction of what is behind them, by which a
 * program can be made to look like another (checklists X-10). */
bool file_has_bidi(const char *bytes, size_t len);

/* Where Git LFS has put the file that belongs here. */
struct file_lfs {
	char oid[65]; /* SHA-256, 64 hex digits */
	int64_t size_bytes;
};

/* Whether the bytes are such a pointer (git-lfs, docs/spec.md). */
bool file_is_lfs(const char *bytes, size_t len, struct file_lfs *out);

/* A Content-Disposition for a file to be saved: an ASCII name, and the real one as RFC 5987 has it,
 * both of at most 150 bytes (checklists P-31). name: bytes. */
const char *file_attachment(struct arena *mem, const char *name);

#endif
