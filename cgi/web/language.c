#include "cgi/web/language.h"

#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 200 /* of a first line */

struct language {
	const char *word, *name;
};

/* Whole names, in any case. */
static const struct language files[] = {
	{ "CMakeLists.txt", "cmake" },
	{ "Containerfile", "dockerfile" },
	{ "Dockerfile", "dockerfile" },
	{ "Gemfile", "ruby" },
	{ "GNUmakefile", "makefile" },
	{ "Kconfig", "makefile" },
	{ "Makefile", "makefile" },
	{ "makefile.am", "makefile" },
	{ "makefile.in", "makefile" },
	{ "nginx.conf", "nginx" },
	{ "PKGBUILD", "bash" },
	{ "Rakefile", "ruby" },
	{ "Vagrantfile", "ruby" },
	{ ".bashrc", "bash" },
	{ ".clang-format", "yaml" },
	{ ".editorconfig", "ini" },
	{ ".gitconfig", "ini" },
	{ ".gitmodules", "ini" },
	{ ".profile", "bash" },
	{ ".vimrc", "vim" },
	{ NULL, NULL },
};

/* What is behind the last dot, in any case. */
static const struct language endings[] = {
	{ "ada", "ada" },
	{ "adb", "ada" },
	{ "ads", "ada" },
	{ "awk", "awk" },
	{ "bash", "bash" },
	{ "c", "c" },
	{ "cc", "cpp" },
	{ "cfg", "ini" },
	{ "cjs", "javascript" },
	{ "clj", "clojure" },
	{ "cmake", "cmake" },
	{ "conf", "ini" },
	{ "cpp", "cpp" },
	{ "cs", "csharp" },
	{ "css", "css" },
	{ "cxx", "cpp" },
	{ "d", "d" },
	{ "dart", "dart" },
	{ "desktop", "ini" },
	{ "diff", "diff" },
	{ "ebuild", "bash" },
	{ "el", "lisp" },
	{ "erl", "erlang" },
	{ "ex", "elixir" },
	{ "exs", "elixir" },
	{ "f", "fortran" },
	{ "f90", "fortran" },
	{ "fish", "bash" },
	{ "gemspec", "ruby" },
	{ "go", "go" },
	{ "gql", "graphql" },
	{ "gradle", "groovy" },
	{ "graphql", "graphql" },
	{ "groovy", "groovy" },
	{ "h", "c" },
	{ "hh", "cpp" },
	{ "hpp", "cpp" },
	{ "hs", "haskell" },
	{ "htm", "xml" },
	{ "html", "xml" },
	{ "hxx", "cpp" },
	{ "ini", "ini" },
	{ "java", "java" },
	{ "jl", "julia" },
	{ "js", "javascript" },
	{ "json", "json" },
	{ "jsx", "javascript" },
	{ "kt", "kotlin" },
	{ "kts", "kotlin" },
	{ "lisp", "lisp" },
	{ "lua", "lua" },
	{ "m", "objectivec" },
	{ "markdown", "markdown" },
	{ "md", "markdown" },
	{ "mjs", "javascript" },
	{ "mk", "makefile" },
	{ "ml", "ocaml" },
	{ "mli", "ocaml" },
	{ "mm", "objectivec" },
	{ "nix", "nix" },
	{ "patch", "diff" },
	{ "php", "php" },
	{ "pl", "perl" },
	{ "pm", "perl" },
	{ "properties", "properties" },
	{ "proto", "protobuf" },
	{ "ps1", "powershell" },
	{ "psm1", "powershell" },
	{ "py", "python" },
	{ "pyi", "python" },
	{ "r", "r" },
	{ "rake", "ruby" },
	{ "rb", "ruby" },
	{ "rs", "rust" },
	{ "rss", "xml" },
	{ "sc", "scala" },
	{ "scala", "scala" },
	{ "scm", "scheme" },
	{ "scss", "scss" },
	{ "service", "ini" },
	{ "sh", "bash" },
	{ "socket", "ini" },
	{ "sql", "sql" },
	{ "sv", "verilog" },
	{ "svg", "xml" },
	{ "swift", "swift" },
	{ "t", "perl" },
	{ "tcl", "tcl" },
	{ "tex", "latex" },
	{ "timer", "ini" },
	{ "toml", "ini" },
	{ "ts", "typescript" },
	{ "tsx", "typescript" },
	{ "ui", "xml" },
	{ "v", "verilog" },
	{ "vala", "vala" },
	{ "vhd", "vhdl" },
	{ "vhdl", "vhdl" },
	{ "vim", "vim" },
	{ "xhtml", "xml" },
	{ "xml", "xml" },
	{ "xsd", "xml" },
	{ "xsl", "xml" },
	{ "yaml", "yaml" },
	{ "yml", "yaml" },
	{ "zsh", "bash" },
	{ NULL, NULL },
};

/* Programs behind "#!", without their version. */
static const struct language programs[] = {
	{ "ash", "bash" },
	{ "awk", "awk" },
	{ "bash", "bash" },
	{ "dash", "bash" },
	{ "gawk", "awk" },
	{ "ksh", "bash" },
	{ "lua", "lua" },
	{ "make", "makefile" },
	{ "node", "javascript" },
	{ "perl", "perl" },
	{ "php", "php" },
	{ "python", "python" },
	{ "Rscript", "r" },
	{ "ruby", "ruby" },
	{ "sh", "bash" },
	{ "tclsh", "tcl" },
	{ "zsh", "bash" },
	{ NULL, NULL },
};

static const char *
find(const struct language *rows, const char *word, size_t len)
{
	for (; rows->word != NULL; rows++)
		if (strlen(rows->word) == len && strncasecmp(rows->word, word, len) == 0)
			return rows->name;
	return NULL;
}

static const char *
by_name(const char *name)
{
	const char *found = find(files, name, strlen(name)), *dot = strrchr(name, '.');

	return found != NULL || dot == NULL ? found : find(endings, dot + 1, strlen(dot + 1));
}

/* The last part of the path in "#!/usr/bin/python3 -u", or the word behind env and its options. */
static const char *
by_first_line(const char *line)
{
	if (strncmp(line, "#!", 2) != 0)
		return NULL;
	line += 2;
	for (;;) {
		size_t len, from;

		line += strspn(line, " \t\r");
		len = from = strcspn(line, " \t\r");
		while (from > 0 && line[from - 1] != '/')
			from--;
		if (len == 0 || (line[0] != '-' && strncmp(line + from, "env", len - from) != 0))
			return find(
			    programs, line + from, strcspn(line + from, "0123456789. \t\r"));
		line += len;
	}
}

const char *
language_of(const char *name, const char *text, size_t len)
{
	const char *found = by_name(name);
	char line[LINE_MAX_BYTES + 1];

	if (found != NULL || len == 0)
		return found;
	if (len > LINE_MAX_BYTES)
		len = LINE_MAX_BYTES;
	memcpy(line, text, len);
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return by_first_line(line);
}
