#include "auth/armor.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define BEGIN "-----BEGIN PGP "
#define END "-----END PGP "
#define DASHES "-----"

/* RFC 4880, 6.1 */
#define CRC24_START 0xb704ceu
#define CRC24_POLYNOMIAL 0x1864cfbu
#define CRC24_BYTES 3
#define CRC24_TOP_BIT 0x1000000u

static uint32_t
crc24(const unsigned char *bytes, size_t len)
{
	uint32_t crc = CRC24_START;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint32_t)bytes[i] << 16;
		for (int bit = 0; bit < 8; bit++) {
			crc <<= 1;
			if (crc & CRC24_TOP_BIT)
				crc ^= CRC24_POLYNOMIAL;
		}
	}
	return crc;
}

/* The lines of text, without the white space at their ends. */
static char **
read_lines(struct arena *mem, const char *text, size_t *n_out)
{
	char **lines = str_split(mem, text, '\n', n_out);

	for (size_t i = 0; i < *n_out; i++) {
		size_t len = strlen(lines[i]);

		while (len > 0 && isspace((unsigned char)lines[i][len - 1]))
			lines[i][--len] = '\0';
	}
	return lines;
}

static char **
find_line(char **lines, const char *prefix)
{
	while (*lines != NULL && !str_starts(*lines, prefix))
		lines++;
	return *lines == NULL ? NULL : lines;
}

/* What may stand between BEGIN PGP and the dashes, and has to stand in both lines. */
static bool
is_label(const char *label)
{
	static const char *const labels[] = {
		"PUBLIC KEY BLOCK" DASHES, "PRIVATE KEY BLOCK" DASHES,
		"SECRET KEY BLOCK" DASHES, /* PGP's own word, which gpg reads too */
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(labels[i], label) == 0)
			return true;
	return false;
}

/* "=" and four characters, behind the last line of data. */
static bool
is_sum(struct arena *mem, const char *line, const unsigned char *bytes, size_t len)
{
	size_t sum_len;
	const unsigned char *sum = (unsigned char *)str_unbase64(mem, line + 1, &sum_len);

	return sum != NULL && sum_len == CRC24_BYTES &&
	    (uint32_t)(sum[0] << 16 | sum[1] << 8 | sum[2]) == crc24(bytes, len);
}

/* The lines from first to the one before last. */
static const unsigned char *
decode(struct arena *mem, char **first, char **last, size_t text_len, size_t *len_out)
{
	const char *sum = last > first && last[-1][0] == '=' ? *--last : NULL;
	struct buf *joined = buf_new(mem, text_len);
	const unsigned char *bytes;

	for (; first < last; first++)
		buf_text(joined, *first);
	bytes = (unsigned char *)str_unbase64(mem, joined->data, len_out);
	return bytes == NULL || (sum != NULL && !is_sum(mem, sum, bytes, *len_out)) ? NULL : bytes;
}

static int
not_armor(struct ctx *c)
{
	return fail(c, E_INVALID, "a key is expected, in ASCII armour");
}

int
armor_read(struct ctx *c, const char *text, const unsigned char **bytes_out, size_t *len_out)
{
	size_t n;
	char **lines = read_lines(c->mem, text, &n), **begin = find_line(lines, BEGIN), **at, **end;
	const unsigned char *bytes;
	size_t len;

	if (begin == NULL || !is_label(*begin + strlen(BEGIN)))
		return not_armor(c);
	end = find_line(begin, END);
	if (end == NULL || strcmp(*end + strlen(END), *begin + strlen(BEGIN)) != 0 ||
	    find_line(begin + 1, BEGIN) != NULL)
		return not_armor(c);
	at = begin + 1;
	while (at < end && strchr(*at, ':') != NULL)
		at++; /* Version, Comment and the like; an empty line ends them */
	if (at == end || **at != '\0')
		return not_armor(c);
	bytes = decode(c->mem, at + 1, end, strlen(text) + 1, &len);
	if (bytes == NULL || len == 0)
		return not_armor(c);
	*bytes_out = bytes;
	*len_out = len;
	return OK;
}
