#include "git/spec_args.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "git/spec_macro.h"

#define BLANKS " \t\n"

/* How many words the option at the front takes; 0: there is none. */
static size_t
take_option(struct spec_args *a, const char *options)
{
	const char *word = a->n > 0 ? a->words[0] : "", *known;
	bool has_value;

	known = word[0] == '-' && word[1] != '\0' ? strchr(options, word[1]) : NULL;
	if (known == NULL || *known == ':' || *known == '-' || a->n_options == SPEC_OPTIONS_MAX)
		return 0;
	has_value = known[1] == ':';
	if ((!has_value && word[2] != '\0') || (has_value && word[2] == '\0' && a->n < 2))
		return 0;
	a->options[a->n_options].letter = word[1];
	a->options[a->n_options++].value = !has_value ? ""
	    : word[2] != '\0'			      ? word + 2
						      : a->words[1];
	return has_value && word[2] == '\0' ? 2 : 1;
}

bool
spec_args_read(struct arena *mem, const char *name, const char *text, const char *options,
    struct spec_args *out)
{
	size_t n;

	*out = (struct spec_args){ .name = name,
		.words = arena_new_array(mem, char *, SPEC_ARGS_MAX) };
	for (text += strspn(text, BLANKS); *text != '\0'; text += strspn(text, BLANKS)) {
		size_t len = strcspn(text, BLANKS);

		if (out->n == SPEC_ARGS_MAX)
			return false;
		out->words[out->n++] = arena_strndup(mem, text, len);
		text += len;
	}
	while ((n = take_option(out, options)) > 0) {
		out->words += n;
		out->n -= n;
	}
	return true;
}

bool
spec_args_is_name(const char *name)
{
	return name[0] == '*' || name[0] == '#' || name[0] == '-' ||
	    (name[0] != '\0' && strspn(name, "0123456789") == strlen(name));
}

/* %{-c*} is the value, %{-c} the whole option; the last one counts. */
static const char *
option(struct arena *mem, const struct spec_args *a, const char *name)
{
	for (size_t i = a->n_options; i-- > 0;) {
		const char *value = a->options[i].value;

		if (a->options[i].letter != name[1])
			continue;
		if (name[2] == '*')
			return value;
		return arena_printf(mem, "-%c%s%s", name[1], value[0] != '\0' ? " " : "", value);
	}
	return NULL;
}

static const char *
joined(struct arena *mem, const struct spec_args *a)
{
	struct buf *all = buf_new(mem, SPEC_TEXT_MAX);

	for (size_t i = 0; i < a->n; i++)
		buf_printf(all, "%s%s", i > 0 ? " " : "", a->words[i]);
	return all->data;
}

const char *
spec_args_get(struct arena *mem, const struct spec_args *a, const char *name)
{
	int64_t k;

	if (name[0] == '-')
		return option(mem, a, name);
	if (name[0] == '*')
		return joined(mem, a);
	if (name[0] == '#')
		return arena_printf(mem, "%zu", a->n);
	if (!str_is_int(name, &k) || k < 0 || (uint64_t)k > a->n)
		return NULL;
	return k == 0 ? a->name : a->words[k - 1];
}
