/* What a macro of a spec file was called with: options first, as getopt has them, then words. */
#ifndef GIT_SPEC_ARGS_H
#define GIT_SPEC_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

#define SPEC_ARGS_MAX 100
#define SPEC_OPTIONS_MAX 10

struct spec_args {
	const char *name; /* of the macro */
	char **words;
	size_t n;
	struct {
		char letter;
		const char *value; /* "" without one */
	} options[SPEC_OPTIONS_MAX];
	size_t n_options;
};

/* options: "ab:" are -a, and -b with a value; an option that is not there is a word. false: too
 * many words. */
bool spec_args_read(struct arena *mem, const char *name, const char *text, const char *options,
    struct spec_args *out);

/* Is this a name that stands for arguments: 1, *, **, #, -c, -c*? */
bool spec_args_is_name(const char *name);

/* What it stands for; NULL: that was not given. */
const char *spec_args_get(struct arena *mem, const struct spec_args *a, const char *name);

#endif
