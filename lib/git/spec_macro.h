/* RPM macros, as far as the head of a spec file needs them, and nothing that does anything: no
 * shell, no Lua, no files. The text is a stranger's; time, memory and depth are bounded.
 *
 *	known      %name %{name} %{?name} %{?name:text} %{!?name:text} %%, %define %global %undefine
 *	           %dnl, macros with arguments (%1 %{1} %* %# %{-c} %{-c*} %{-c:text}), %mkrel,
 *	           %bcond_with %bcond_without %bcond %{with x} %{without x}, %nil
 *	left as it stands    %(…) %{lua:…} %{expand:…} %[…], any other macro that nobody defined
 */
#ifndef GIT_SPEC_MACRO_H
#define GIT_SPEC_MACRO_H

struct arena;
struct spec_macros;

#define SPEC_TEXT_MAX (64 * 1024) /* bytes of one text with its macros expanded */

/* The macros of one file: what every spec file may count on. */
struct spec_macros *spec_macros_new(struct arena *mem);

/* Defines it, or defines it anew. */
void spec_macros_set(struct spec_macros *m, const char *name, const char *body);

/* The text, expanded, until the next call; what defines macros does so. NULL: it is too long, too
 * deep, or too much work has been done for this file already (then nothing more is expanded). */
const char *spec_macros_expand(struct spec_macros *m, const char *text);

/* The first byte behind the bracket that closes the one at s, or NULL. */
const char *spec_macros_close(struct spec_macros *m, const char *s);

#endif
