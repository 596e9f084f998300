/* What a spec file says of its package, compared with rpm itself where rpm can be asked. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/proc.h"
#include "git/spec.h"
#include "git/spec_expr.h"

#define OUT_MAX_BYTES ((size_t)1024 * 1024)
#define TOO_LONG_S 120
#define TAIL "Summary: %zu\nLicense: l\n%%description\nd\n"

/* Heads that rpm reads: ours is to be the same. */
static const char *const heads[] = {
	"Name: foo\nVersion: 1.2\nRelease: 3\n",
	"Name: foo\nEpoch: 7\nVersion: 1.2\nRelease: 3\n",
	"Name: foo\nEpoch: 0\nVersion: 1.2\nRelease: 3\n",
	"name:foo\nVERSION :\t1.2  \nReLeAsE\t:3\t\n",
	"Name: gtk+2.0_x-y\nVersion: 1.2~rc1^git5\nRelease: 0.1+b\n",
	"Name: _a\nVersion: .1\nRelease: +1\n",
	"# a comment\n\n#Name: bar\nName: foo\nVersion: 1\nRelease: 1\n",
	"#%define vers 9\nName: foo\nVersion: %{vers}\nRelease: 1\n", /* rpm does that */
	"Name: foo\nVersion: 1\nRelease: 1%{?dist}\n",
	"Name: foo\nVersion: 1\nRelease: 1%?dist\n",
	"Name: foo\nVersion: 1\nRelease: 1%{!?dist:.none}%{?!dist:.none}%{?dist:.some}%{!?dist}\n",
	"%define dist .rosa\nName: foo\nVersion: 1\nRelease: "
	"1%{?dist:.d}%{!?dist:.e}%{?dist}%dist\n",
	"%define name foo\n%define version 1.5\n%define release 2\n"
	"Name: %{name}\nVersion: %version\nRelease: %{release}\n",
	"Name: foo\nVersion: 1\nRelease: %{name}.%{VERSION}.%{version}%NAME\n",
	"Epoch: 3\nName: foo\nVersion: 1\nRelease: %{epoch}\n",
	"%global major 4\n%global minor %{major}.2\n%global major 5\n"
	"Name: foo\nVersion: %{minor}.%{major}\nRelease: 1\n",
	"%define major 4\n%define minor %{major}.2\n%define major 5\n"
	"Name: foo\nVersion: %{minor}.%{major}\nRelease: 1\n",
	"%{!?rel:%define rel 7}\nName: foo\nVersion: 1\nRelease: %{rel}\n",
	"%define rel 6\n%{!?rel:%define rel 7}\nName: foo\nVersion: 1\nRelease: %{rel}\n",
	"%{!?rel:%global rel %{?subrel:%{subrel}}%{!?subrel:0}}\nName: foo\nVersion: 1\nRelease: "
	"%rel\n",
	"%define rel 6\n%undefine rel\nName: foo\nVersion: 1\nRelease: 1%{?rel}\n",
	"%define spaced   2.0   \nName: foo\nVersion: %{spaced}\nRelease: 1\n",
	"%define braced {2.0}\nName: foo\nVersion: %{braced}\nRelease: 1\n",
	"%define long 2\\\n.0\nName: foo\nVersion: 1\nRelease: 1\n",
	"%define open %{?nothing:\n%{x}\n}3\nName: foo\nVersion: %{open}\nRelease: 1\n",
	"%define with_args() x%1.%{2}-%#\nName: %{with_args 1 2}\nVersion: 1\nRelease: 1\n",
	"%define with_args(c:) x%1%{?1:y}%{?3:z}%{!?3:n}\nName: foo\nVersion: 1\nRelease: "
	"%with_args 7\n",
	"%define with_opt(xc:) %{-c:0.%{-c*}.}%{1}%{!-c:.no}%{-x:.x}%{!-x:.nox}%#\nName: foo\n"
	"Version: %{with_opt -c rc1 2}.%{with_opt 3}\nRelease: %with_opt -x -cb 7\n",
	"%define with_opt(c) %{-c}%{-c*}%1\nName: foo\nVersion: 1%{with_opt 5}\nRelease: 1\n",
	"%define with_opt(-) %1\nName: foo\nVersion: 1%{with_opt 5}\nRelease: 1\n",
	"%define all_args() %*\nName: foo\nVersion: 1\nRelease: %{all_args 7}\n",
	"%define inner() <%1>\n%define outer() %{1}.%{1}\nName: foo\nVersion: %{outer 3}\nRelease: "
	"1\n",
	"%define one 1\n%define twice() %1%1\nName: foo\nVersion: 1\nRelease: %{twice "
	"%{one}%one}\n",
	"%define mkrel() %{1}%{?subrel:.%subrel}\nName: foo\nVersion: 1\nRelease: %mkrel 3\n",
	"%define subrel 2\n%define mkrel() %{1}%{?subrel:.%subrel}\n"
	"Name: foo\nVersion: 1\nRelease: %mkrel 3\n",
	"%bcond_without ssl\n%bcond_with gui\nName: foo\nVersion: 1\n"
	"Release: %{with ssl}%{with gui}.%{without ssl}%{without gui}%{?with_ssl:.y}\n",
	"Name: foo\nVersion: 1%{nil}\nRelease: %{nil}1\n",
	"%if 0%{?fedora}\nName: bar\n%else\nName: foo\n%endif\nVersion: 1\nRelease: 1\n",
	"%define fedora 30\n%if 0%{?fedora} >= 28 && 1\nName: bar\n%else\nName: foo\n%endif\n"
	"Version: 1\nRelease: 1\n",
	"%if 0\nName: a\n%elif 0\nName: b\n%elif 1\nName: c\n%elif 1\nName: d\n%else\nName: "
	"e\n%endif\n"
	"Version: 1\nRelease: 1\n",
	"%if 0\n%if 1\nName: a\n%else\nName: b\n%endif\n%define rel 9\n%else\nName: c\n%endif\n"
	"Version: 1\nRelease: 1%{?rel}\n",
	"%if 1\n%if 0\nName: a\n%else\nName: b\n%endif\n%endif # end\nVersion: 1\nRelease: 1\n",
	"%if \"%{?distro}\" == \"rosa\"\nName: a\n%else\nName: b\n%endif\nVersion: 1\nRelease: 1\n",
	"%ifarch x86_64\nName: a\n%else\nName: b\n%endif\nVersion: 1\nRelease: 1\n",
	"%ifarch %{ix86} aarch64\nName: a\n%else\nName: b\n%endif\nVersion: 1\nRelease: 1\n",
	"%ifnarch x86_64\nName: a\n%elifarch x86_64\nName: b\n%else\nName: c\n%endif\n"
	"Version: 1\nRelease: 1\n",
	"%ifos linux\nName: a\n%else\nName: b\n%endif\nVersion: 1\nRelease: 1\n",
	"%if %{with x} && !0%{?rhel} || (1 > 2)\nName: a\n%else\nName: b\n%endif\nVersion: "
	"1\nRelease: 1\n",
	"%if 0%{?nope:1} \\\n   || 0\nName: a\n%else\nName: b\n%endif\nVersion: 1\nRelease: 1\n",
	"Name: foo\r\nVersion: 1\r\n%define rel 3\r\nRelease: %{rel}.1\r\n",
	"Name: foo\nVersion: 1\n%dnl %define rel 3\nRelease: 1%{?rel}\n",
	"%define both Name: foo\\\nVersion: 3\n%both\nRelease: 1\n",
	"Name: foo\nVersion: 1\nRelease: 1\nURL: http://x/%{name}-%{version}\nRequires: a = "
	"%{version}\n",
};

/* "name|epoch|version|release" */
static const char *
shown(struct ctx *c, const struct git_spec *spec)
{
	return arena_printf(c->mem, "%s|%lld|%s|%s", spec->name, (long long)spec->epoch,
	    spec->version, spec->release);
}

static const char *
read_text(struct ctx *c, const char *text)
{
	struct git_spec spec;

	git_spec_read(c->mem, text, strlen(text), &spec);
	return shown(c, &spec);
}

/* One rpmspec for all heads: the number of each is its summary. */
static const char *
ask_rpm(struct ctx *c, const char *folder)
{
	const char *argv[N_OF(heads) + 8] = { "rpmspec", "-q", "--srpm", "--qf",
		"=%{summary}|%{name}|%|epoch?{%{epoch}}:{0}||%{version}|%{release}\n" };
	const char *env[] = { "HOME=/nonexistent", "LC_ALL=C.UTF-8", NULL };
	const struct proc_spec spec = { .argv = argv, .env = env };
	struct buf *out, *err;
	int status;

	for (size_t i = 0; i < N_OF(heads); i++) {
		const char *path = arena_printf(c->mem, "%s/%zu.spec", folder, i);
		const char *text = arena_printf(c->mem, "%s" TAIL, heads[i], i);

		assert_int_equal(path_write(c, path, 0600, text, strlen(text)), OK);
		argv[5 + i] = path;
	}
	if (proc_run(c, &spec, NULL, 0, OUT_MAX_BYTES, &out, &err, &status) != OK)
		unit_fail("rpmspec: %s", c->reason);
	if (status != 0)
		unit_fail("rpmspec: %s", err->data);
	return out->data;
}

static void
the_head_is_read_as_rpm_reads_it(void **state)
{
	struct ctx *c = *state;
	const char *all = arena_printf(c->mem, "\n%s", ask_rpm(c, unit_folder(c)));

	for (size_t i = 0; i < N_OF(heads); i++) {
		const char *text = arena_printf(c->mem, "%s" TAIL, heads[i], i);
		const char *line = arena_printf(c->mem, "\n=%zu|%s\n", i, read_text(c, text));

		if (strstr(all, line) == NULL)
			unit_fail("%s\nours:%srpm's: %s", heads[i], line,
			    strstr(all, arena_printf(c->mem, "\n=%zu|", i)));
	}
}

/* What rpm would refuse, or ask a distribution about, or run. */
static const struct {
	const char *text, *wanted;
} unclear[] = {
	{ "", "|0||" },
	{ "no spec file at all", "|0||" },
	{ "Name: foo", "foo|0||" },
	{ "Name:\nVersion: 1\nRelease: 1\n", "|0|1|1" },
	{ "Name: a b\nVersion: 1-2\nRelease: 1 # why\n", "|0||" },
	{ "Name: -a\nVersion: =1\nRelease: @1\n", "|0||" },
	{ "Name: a..b\nVersion: 1..2\nRelease: 1,2\n", "|0||" },
	{ "Name: foo\nVersion: 1\nRelease: 3\nRelease: 4\n", "foo|0|1|3" },
	{ "Name: foo\nEpoch: -1\nVersion: 1\nRelease: 3\n", "foo|0|1|3" },
	{ "Name: foo\nEpoch: 4294967296\nVersion: 1\nRelease: 3\n", "foo|0|1|3" },
	{ "Name: foo\nEpoch: 4294967295\nVersion: 1\nRelease: 3\n", "foo|4294967295|1|3" },
	{ "Name: foo\nEpoch: one\nVersion: 1\nRelease: 3\n", "foo|0|1|3" },
	/* a distribution's */
	{ "Name: foo\nVersion: 1\nRelease: %mkrel 3\n", "foo|0|1|3" },
	{ "%define subrel 2\nName: foo\nVersion: 1\nRelease: %mkrel 3\n", "foo|0|1|3.2" },
	{ "%define release %mkrel 3\nName: foo\nVersion: 1\nRelease: %{release}\n", "foo|0|1|3" },
	{ "Name: foo\nVersion: 1\nRelease: %{mkrel 3}\n", "foo|0|1|3" },
	{ "Name: foo\nVersion: 1\nRelease: %mkrel -c rc1 3\n", "foo|0|1|0.rc1.3" },
	{ "Name: foo\nVersion: 1\nRelease: %autorelease\n", "foo|0|1|" },
	{ "Name: foo\nVersion: 1\nRelease: 1%{dist}\n", "foo|0|1|" },
	/* never run */
	{ "Name: foo\nVersion: %(echo 1)\nRelease: %{lua:print(1)}\n", "foo|0||" },
	{ "%define date %(date +%%Y)\nName: foo\nVersion: %{date}\nRelease: %[1+1]\n", "foo|0||" },
	{ "Name: %{expand:foo}\nVersion: %{basename:/a/b}\nRelease: %{S:0}\n", "|0||" },
	{ "%if %(test -e /etc/rosa && echo 1 || echo 0)\nName: a\n%else\nName: b\n%endif\n",
	    "a|0||" },
	{ "%if %{mdkversion} < 201010\nName: a\n%else\nName: b\n%endif\n", "a|0||" },
	/* what is not the main package's head */
	{ "Name: foo\n%package devel\nVersion: 2\nEpoch: 3\n", "foo|0||" },
	{ "Name: foo\n%description\nVersion: 1\n", "foo|0||" },
	{ "Name: foo\n%prep\nVersion: 1\n", "foo|0||" },
	{ "Name: foo\n%Changelog\nVersion: 1\n", "foo|0||" },
	{ "Name: foo\n%{?x:%prep}\n%{?x}\nVersion: 1\n", "foo|0|1|" },
	{ "Names: foo\nVersions: 1\nVersion 2: 1\nMyRelease: 1\n", "|0||" },
	/* broken */
	{ "Name: foo\n%endif\nVersion: 1\n", "foo|0||" },
	{ "Name: foo\n%if 1\nVersion: 1\n", "foo|0|1|" },
	{ "Name: foo\nRelease: %{\nVersion: 1\n", "foo|0||" },
	{ "Name: foo\nRelease: %{?a:%{?b\nVersion: 1\n", "foo|0||" },
	{ "Name: foo\nRelease: %\nVersion: 1%", "foo|0||" },
	{ "Name: foo\n%define\n%define \n%define %x\n%define foo\n%undefine\nVersion: 1\n",
	    "foo|0|1|" },
	{ "\xef\xbb\xbfName: foo\nVersion: 1\n", "foo|0|1|" },
	{ "Summary: \xe9t\xe9\nName: foo\nPackager: \xe9\nVersion: 1\n", "foo|0|1|" },
	{ "Name: f\xe9\nVersion: 1\n", "|0|1|" },
	{ "Name: foo\rVersion: 1\n", "|0||" },
};

static void
what_cannot_be_known_is_left_out(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(unclear); i++) {
		const char *got = read_text(c, unclear[i].text);

		if (strcmp(got, unclear[i].wanted) != 0)
			unit_fail("%s\ngot %s\nnot %s", unclear[i].text, got, unclear[i].wanted);
	}
}

static void
a_nul_byte_ends_nothing(void **state)
{
	static const char text[] = "Summary: a\0b\nName: foo\nVersion: 1\0\nRelease: 1\n";
	struct ctx *c = *state;
	struct git_spec spec;

	git_spec_read(c->mem, text, sizeof(text) - 1, &spec);
	assert_string_equal(shown(c, &spec), "foo|0||1");
}

static void
a_tag_longer_than_the_limit_is_not_known(void **state)
{
	struct ctx *c = *state;
	char name[GIT_SPEC_TAG_MAX + 2];
	struct git_spec spec;

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (int more = 0; more < 2; more++) {
		const char *text = arena_printf(c->mem, "Name: %s\n", name + 1 - more);

		git_spec_read(c->mem, text, strlen(text), &spec);
		assert_int_equal(strlen(spec.name), more ? 0 : GIT_SPEC_TAG_MAX);
	}
}

/* ---- texts that are meant to be too much */

static const char *
repeated(struct ctx *c, const char *text, size_t n)
{
	struct buf *b = buf_new(c->mem, (size_t)4 * 1024 * 1024);

	for (size_t i = 0; i < n; i++)
		buf_text(b, text);
	assert_false(b->full);
	return b->data;
}

/* Each macro is the one before it, twice. */
static const char *
doubling(struct ctx *c, const char *seed)
{
	struct buf *b = buf_new(c->mem, 65536);

	buf_printf(b, "%%define m00 %s\n", seed);
	for (int i = 1; i < 60; i++)
		buf_printf(b, "%%define m%02d %%{m%02d}%%{m%02d}\n", i, i - 1, i - 1);
	buf_text(b, "Version: 1%{m59}\nRelease: 1\n");
	return b->data;
}

static void
what_would_take_for_ever_ends(void **state)
{
	struct ctx *c = *state;
	const char *const texts[] = {
		"%define again %again\nVersion: %again\nRelease: 1\n",
		"%define aaa %bbb\n%define bbb %aaa\nVersion: %aaa\nRelease: 1\n",
		"%define aaa() %{aaa %*x}\nVersion: %{aaa 1}\nRelease: 1\n",
		doubling(c, "long"),
		doubling(c, "%{nil}"),
		repeated(c, "%{?a:", 200000),
		repeated(c, "%{!?a:", 10000),
		repeated(c, "%{a", 300000),
		repeated(c, "%(", 300000),
		repeated(c, "%a", 400000),
		arena_printf(c->mem, "%%{%s", repeated(c, "\n", 500000)),
		arena_printf(c->mem, "%%if %s", repeated(c, "(", 60000)),
		arena_printf(c->mem, "%%if %s1", repeated(c, "!", 60000)),
		repeated(c, "%if 1\n", 100000),
		repeated(c, "x\n", 500000),
		repeated(c, "%define x a\\\n", 80000),
		repeated(c, "%global xxx %{?xxx}yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n", 17000),
		repeated(c, "%bcond_without x\n", 60000),
		repeated(c, "a ", 500000),
		arena_printf(c->mem, "%%define f(c:) %s\n%%f %s\n", repeated(c, "%{?*:}", 10000),
		    repeated(c, "aaaa", 15000)),
		arena_printf(c->mem, "%%define f(c:) %s\n%%f -c%s\n", repeated(c, "%{-c:}", 10000),
		    repeated(c, "aaaa", 15000)),
	};
	struct git_spec spec;

	alarm(TOO_LONG_S); /* some would be for ever */
	for (size_t i = 0; i < N_OF(texts); i++) {
		const char *text = arena_printf(c->mem, "Name: foo\n%s\nRelease: 2\n", texts[i]);

		git_spec_read(c->mem, text, strlen(text), &spec);
		assert_string_equal(spec.name, "foo");
		assert_true(strcmp(spec.version, "1") != 0);
	}
	alarm(0);
}

static void
more_macros_than_the_limit_end_the_reading(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 65536);
	struct git_spec spec;

	buf_text(b, "Name: foo\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(b, "%%define m%d 1\n", i);
	buf_text(b, "Version: %{m999}\n");
	git_spec_read(c->mem, b->data, b->len, &spec);
	assert_string_equal(shown(c, &spec), "foo|0||");
}

static void
what_is_behind_the_first_mebibyte_is_not_read(void **state)
{
	struct ctx *c = *state;
	const char *blanks =
	    repeated(c, "#                                                \n", 21000);
	const char *text = arena_printf(c->mem, "Name: foo\n%sVersion: 1\n", blanks);
	struct git_spec spec;

	assert_true(strlen(text) > GIT_SPEC_MAX_BYTES);
	git_spec_read(c->mem, text, strlen(text), &spec);
	assert_string_equal(shown(c, &spec), "foo|0||");
	text += strlen(text) - GIT_SPEC_MAX_BYTES;
	git_spec_read(c->mem, text, strlen(text), &spec);
	assert_string_equal(shown(c, &spec), "|0|1|");
}

/* ---- bytes by chance, from a fixed seed */

static uint32_t
chance(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static void
is_clean(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		assert_true((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= 'a' && *p <= 'z') || strchr("_-.+~^", *p) != NULL);
}

static void
any_bytes_are_read_and_only_clean_text_comes_out(void **state)
{
	static const char *const bits[] = { "%", "%{", "}", "{", "%define xx ", "%global yy ",
		"%if ", "%else\n", "%endif\n", "\\\n", "\n", "%{?", "%{!?", ":", "%xx", "%yy", "%1",
		"%*", "()", "%(", ")", "%[", "%%", "\"", "&&", "%undefine xx",
		"Version: ", "%{xx a b}", "\r", "\xff" };
	struct ctx *c = *state;
	uint32_t seed = 20;

	alarm(TOO_LONG_S);
	for (int i = 0; i < 20000; i++) {
		char *text = arena_printf(c->mem, "%s%s%%description\n",
		    heads[chance(&seed, N_OF(heads))], heads[chance(&seed, N_OF(heads))]);
		size_t len = strlen(text);
		struct git_spec spec;

		for (uint32_t n = chance(&seed, 8); n > 0; n--) {
			const char *bit = bits[chance(&seed, N_OF(bits))];
			size_t at = chance(&seed, (uint32_t)len);
			size_t bit_len = strlen(bit) < len - at ? strlen(bit) : len - at;

			memcpy(text + at, bit, bit_len);
			if (chance(&seed, 3) == 0)
				text[chance(&seed, (uint32_t)len)] = (char)chance(&seed, 256);
		}
		git_spec_read(c->mem, text, len, &spec);
		is_clean(spec.name);
		is_clean(spec.version);
		is_clean(spec.release);
		assert_true(spec.epoch >= 0 && spec.epoch <= 4294967295);
		arena_reset(c->mem);
	}
	alarm(0);
}

/* ---- conditions */

static void
a_condition_is_what_it_is_or_cannot_be_told(void **state)
{
	static const struct {
		const char *text;
		int wanted; /* -1: cannot be told */
	} cases[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ " 12 ", 1 },
		{ "-1", 1 },
		{ "!1", 0 },
		{ "!!1", 1 },
		{ "1 == 1 && 2 != 3", 1 },
		{ "1 || 0 && 0", 1 },
		{ "(1 || 0) && 0", 0 },
		{ "1 + 2 * 3 == 7", 1 },
		{ "7 - 2 - 1 == 4", 1 },
		{ "8 / 2 / 2 == 2", 1 },
		{ "2 < 10", 1 },
		{ "\"2\" < \"10\"", 0 },
		{ "010 == 10", 1 },
		{ "\"\"", 0 },
		{ "\"a\"", 1 },
		{ "\"a\" == \"a\"", 1 },
		{ "\"a\" != \"ab\"", 1 },
		{ "\"a\" == 1", -1 },
		{ "", -1 },
		{ "a", -1 },
		{ "1 2", -1 },
		{ "1 +", -1 },
		{ "(1", -1 },
		{ "1)", -1 },
		{ "\"a", -1 },
		{ "1 / 0", -1 },
		{ "1.5", -1 },
		{ "%{x}", -1 },
		{ "\"a\" + \"b\"", -1 },
		{ "9223372036854775808", -1 },
		{ "1 ? 2 : 3", -1 },
		{ "-\"a\"", -1 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		bool value = false;
		int got = spec_expr(cases[i].text, &value) ? value : -1;

		if (got != cases[i].wanted)
			unit_fail("%s is %d", cases[i].text, got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(the_head_is_read_as_rpm_reads_it),
		WITH_CTX(what_cannot_be_known_is_left_out),
		WITH_CTX(a_nul_byte_ends_nothing),
		WITH_CTX(a_tag_longer_than_the_limit_is_not_known),
		WITH_CTX(what_would_take_for_ever_ends),
		WITH_CTX(more_macros_than_the_limit_end_the_reading),
		WITH_CTX(what_is_behind_the_first_mebibyte_is_not_read),
		WITH_CTX(any_bytes_are_read_and_only_clean_text_comes_out),
		WITH_CTX(a_condition_is_what_it_is_or_cannot_be_told),
	};

	return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
