#include "cgi/web/file.h"

#include <string.h>

#include "base/str.h"

#define NAME_MAX_BYTES 150
#define LFS_MAX_BYTES 1024 /* a pointer is smaller */
#define LFS_VERSION "version https://git-lfs.github.com/spec/v1\n"
#define LFS_OID "\noid sha256:"
#define LFS_SIZE "\nsize "

const char *
file_image(const char *bytes, size_t len)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *type;
	} magics[] = {
		{ "\x89PNG\r\n\x1a\n", 8, "image/png" },
		{ "\xff\xd8\xff", 3, "image/jpeg" },
		{ "GIF87a", 6, "image/gif" },
		{ "GIF89a", 6, "image/gif" },
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (len >= magics[i].len && memcmp(bytes, magics[i].bytes, magics[i].len) == 0)
			return magics[i].type;
	if (len >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
		return "image/webp";
	return NULL;
}

/* ---- directions */

/* U+202A to U+202E, U+2066 to U+2069, U+200E, U+200F: all begin with the byte E2. */
static bool
is_e2_bidi(const unsigned char *s, size_t len)
{
	if (len < 3)
		return false;
	if (s[1] == 0x80)
		return (s[2] >= 0xaa && s[2] <= 0xae) || s[2] == 0x8e || s[2] == 0x8f;
	return s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9;
}

/* U+061C */
static bool
is_d8_bidi(const unsigned char *s, size_t len)
{
	return len >= 2 && s[1] == 0x9c;
}

static bool
has_one(const char *bytes, size_t len, int first, bool (*is_it)(const unsigned char *s, size_t len))
{
	const char *at = bytes, *end = bytes + len;

	for (; (at = memchr(at, first, (size_t)(end - at))) != NULL; at++)
		if (is_it((const unsigned char *)at, (size_t)(end - at)))
			return true;
	return false;
}

bool
file_has_bidi(const char *bytes, size_t len)
{
	return has_one(bytes, len, 0xe2, is_e2_bidi) || has_one(bytes, len, 0xd8, is_d8_bidi);
}

/* ---- Git LFS */

bool
file_is_lfs(const char *bytes, size_t len, struct file_lfs *out)
{
	char text[LFS_MAX_BYTES + 1];
	const char *oid, *size;
	unsigned char raw[32];
	char digits[32] = "";
	size_t n;

	if (len > LFS_MAX_BYTES || len < strlen(LFS_VERSION) ||
	    memcmp(bytes, LFS_VERSION, strlen(LFS_VERSION)) != 0)
		return false;
	memcpy(text, bytes, len);
	text[len] = '\0';
	oid = strstr(text, LFS_OID);
	size = strstr(text, LFS_SIZE);
	if (oid == NULL || size == NULL || strlen(oid) < strlen(LFS_OID) + 64)
		return false;
	memcpy(out->oid, oid + strlen(LFS_OID), 64);
	out->oid[64] = '\0';
	size += strlen(LFS_SIZE);
	n = strcspn(size, "\n");
	if (n >= sizeof(digits) || !str_is_hex(out->oid, raw, sizeof(raw)))
		return false;
	memcpy(digits, size, n);
	return str_is_int(digits, &out->size_bytes) && out->size_bytes >= 0;
}

/* ---- names for saving */

const char *
file_attachment(struct arena *mem, const char *name)
{
	size_t len = strnlen(name, NAME_MAX_BYTES);
	char *plain = arena_strndup(mem, name, len);
	const char *coded = str_percent(mem, str_utf8(mem, name, len));

	for (char *p = plain; *p != '\0'; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\' || *p == '%')
			*p = '_';
	/* an escape is not cut in two */
	len = strnlen(coded, NAME_MAX_BYTES);
	if (coded[len] != '\0')
		while (len > 0 && (coded[len - 1] == '%' || (len > 1 && coded[len - 2] == '%')))
			len--;
	return arena_printf(
	    mem, "attachment; filename=\"%s\"; filename*=UTF-8''%.*s", plain, (int)len, coded);
}
