/* The head of an RPM spec file: what package it makes. The text is a stranger's: nothing in it is
 * ever run (no shell, no Lua), and time and memory are bounded.
 *
 * It is read as rpm reads it (`rpmspec -q`), by someone who knows no distribution's macros:
 *
 *	macros       spec_macro.h; the tags before it are there as %name, %version, %release, %epoch
 *	%if          as rpm does; a condition that cannot be told (an unknown macro) holds
 *	%ifarch      the machine is x86_64, the system linux
 *	the end      the first section (%description, %prep, %package, …): what comes behind it is
 *	             not about the main package's name
 *	twice        the first of two equal tags counts; rpm takes neither
 *	not known    a tag that is missing, that rpm would refuse, or whose text still has a macro
 *in it is "": no guess is shown as a fact */
#ifndef GIT_SPEC_H
#define GIT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define GIT_SPEC_MAX_BYTES (1024 * 1024)
#define GIT_SPEC_TAG_MAX 255 /* bytes; a longer tag is not known */

/* Plain ASCII without blanks; "" is not known. */
struct git_spec {
	const char *name, *version, *release;
	int64_t epoch; /* 0: none */
};

/* Of len bytes in any encoding; what is behind GIT_SPEC_MAX_BYTES is not looked at. A text that is
 * no spec file is one without tags. */
void git_spec_read(struct arena *mem, const char *text, size_t len, struct git_spec *out);

/* Could git_spec_read have said this, with a name? For those who were told it by someone else. */
bool git_spec_is_possible(const struct git_spec *spec);

#endif
