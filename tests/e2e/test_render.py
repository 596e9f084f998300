"""mirrorhub-render alone: what strangers write in Markdown, read back by a parser of HTML
(checklists/security.md: X-03, X-04, X-05, F-18). tests/unit/render.c has the single rules."""

import ctypes
import errno
import os
import random
import subprocess
import time

import html5lib
import pytest

from fixtures.hub import ROOT, build_dir

PROGRAM = str(ROOT / build_dir() / "mirrorhub-render")
RELEASE = str(ROOT / "build" / "mirrorhub-render")  # the sanitizers know no limit on memory
HEAD = b"blob /p/blob/main\ntree /p/tree/main\nraw /p/raw/main\nfolder docs\n\n"

# All that may come out, and every attribute it may have.
ALLOWED = {
    "a": {"href", "rel", "title"},
    "blockquote": set(), "br": set(), "code": {"data-language"}, "del": set(), "div": {"class"},
    "em": set(), "h3": {"id"}, "h4": {"id"}, "h5": {"id"}, "h6": {"id"}, "hr": set(),
    "img": {"src", "alt", "title", "loading"},
    "input": {"type", "checked", "disabled", "aria-label"},
    "li": {"class"}, "ol": {"start"}, "p": set(), "pre": set(), "span": {"class", "title"},
    "strong": set(), "table": set(), "tbody": set(), "td": {"class"}, "th": {"scope", "class"},
    "thead": set(), "tr": set(), "ul": set(),
}


def run(text, program=PROGRAM):
    if isinstance(text, str):
        text = text.encode()
    done = subprocess.run([program], input=HEAD + text, capture_output=True, timeout=60, check=False)
    assert b"Sanitizer" not in done.stderr and b"runtime error" not in done.stderr, done.stderr
    return done


def rendered(text):
    done = run(text)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def parsed(html):
    """The elements; the parser is strict, so what is not well formed fails."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)


def elements(text):
    return list(parsed(rendered(text)).iter())[1:]


def check_allowed(html):
    found = parsed(html)
    ids = set()
    for e in found.iter():
        if e is found:
            continue
        assert e.tag in ALLOWED, f"<{e.tag}>"
        assert set(e.attrib) <= ALLOWED[e.tag], (e.tag, e.attrib)
        check_values(e)
        if "id" in e.attrib:
            assert e.attrib["id"].startswith("readme-")
            assert e.attrib["id"] not in ids
            ids.add(e.attrib["id"])
    return found


def check_values(e):
    for name in ("href", "src"):
        url = e.attrib.get(name)
        if url is None:
            continue
        assert url.isascii() and url.isprintable() and " " not in url
        inside = url.startswith(("/p/blob/main", "/p/tree/main", "/p/raw/main", "#readme-"))
        outside = url.lower().startswith(("http://", "https://", "//"))
        if e.tag == "img":
            assert url.startswith("/p/raw/main/") or url.lower().startswith("data:image/")
        else:
            assert inside or outside or url.lower().startswith("mailto:"), url
        assert (e.attrib.get("rel") == "nofollow noopener ugc") == outside
    assert e.attrib.get("class") in (None, "task", "wide", "middle", "right", "mark")
    if e.tag == "input":
        assert e.attrib["type"] == "checkbox" and "disabled" in e.attrib
        assert e.attrib["aria-label"] in ("done", "not done")
    if e.tag == "img":
        assert "alt" in e.attrib


# ----

DANGEROUS = [
    "javascript:alert(1)",
    "JaVaScRiPt&#58;alert(1)",
    "JAVASCRIPT:alert(1)",
    "java&#9;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "&#1;javascript:alert(1)",
    "\x01javascript:alert(1)",
    "&#32;javascript:alert(1)",
    "&#x6a;avascript:alert(1)",
    "javascript&colon;alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml,<svg/onload=alert(1)>",
    "data:image/png;base64,AAAA",
    "file:///etc/passwd",
    "blob:https://a/b",
    "feed:javascript:alert(1)",
    "view-source:javascript:alert(1)",
]


@pytest.mark.parametrize("url", DANGEROUS)
@pytest.mark.parametrize("form", ["[x]({})", "[x](<{}>)", "[x][r]\n\n[r]: <{}>", "<{}>",
                                  "![x]({})", "![x](<{}>)", "[![x](<{}>)](<{}>)"])
def test_no_address_runs_anything(url, form):
    html = rendered(form.replace("{}", url))
    for e in check_allowed(html).iter():
        for name in ("href", "src"):
            target = e.attrib.get(name, "/p/").lower()
            # a browser strips control bytes and blanks in front; nothing of the kind is left
            assert target.startswith(("/p/", "#readme-")) or \
                (e.tag == "img" and target.startswith("data:image/png"))


@pytest.mark.parametrize("url", ["//host/x", "http://host", "https://host/a?b#c", "HTTPS://host",
                                 "www.host.example", "https://user@host/"])
def test_links_to_other_hosts_say_that_they_are_not_ours(url):
    links = [e for e in elements(f"[x](<{url}>) {url}") if e.tag == "a"]
    outside = [e for e in links if not e.attrib["href"].startswith("/p/")]
    assert outside
    for e in outside:
        assert e.attrib["rel"] == "nofollow noopener ugc"


def test_images_of_other_hosts_become_links_to_them():
    found = elements("![words](https://host/i.png) [![badge](//host/b.svg)](https://ci/)")
    assert [e.tag for e in found] == ["p", "a", "a"]
    assert [(e.attrib["href"], e.text) for e in found[1:]] == \
        [("https://host/i.png", "words"), ("https://ci/", "badge")]


# ----

HTML = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//host></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<b onclick=alert(1)>x</b>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<style>@import '//host'</style>",
    "<form action=//host><input name=password></form>",
    "<!-- --!><script>alert(1)</script> -->",
    "<?php echo 1 ?>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!DOCTYPE html>",
    "<plaintext>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
]


@pytest.mark.parametrize("raw", HTML)
@pytest.mark.parametrize("around", ["{}", "a {} b", "> {}", "- {}", "# {}", "|a|\n|-|\n|{}|",
                                    "[{}](x)", "![{}](x)", "**{}**", "a\n{}\nb"])
def test_raw_html_does_not_come_through(raw, around):
    check_allowed(rendered(around.replace("{}", raw)))


@pytest.mark.parametrize("raw", HTML)
@pytest.mark.parametrize("around", ["`` {} ``", "    {}", "```\n{}\n```", "``` {}\nx\n```",
                                    "[x](y \"{}\")", "![x](y '{}')", "[x](</{}>)"])
def test_html_that_is_shown_is_text(raw, around):
    check_allowed(rendered(around.replace("{}", raw)))


def test_code_and_titles_keep_every_sign():
    text = "<a href=\"x\" onclick='y'>&amp;</a>"
    assert elements(f"    {text}")[1].text == text + "\n"
    found = elements("[x](y \"<a onclick='y'>\\\"\")")
    assert found[1].attrib["title"] == "<a onclick='y'>\""


# ----

BOMBS = {
    "quotes": b">" * 100_000,
    "lists": b"- " * 100_000,
    "deeper lists": b"".join(b" " * (2 * i) + b"- a\n" for i in range(400)),
    "pipes": b"|" * 250_000,
    "a wide table": b"|" * 1000 + b"\n" + b"|-" * 1000 + b"|\n" + b"|\n" * 60_000,
    "references": b"[a]: /" + b"x" * 40_000 + b"\n\n" + b"[a]" * 15_000,
    "short references": b"[a]: <http://h/" + b"x" * 4000 + b">\n\n" + b"[a]" * 15_000,
    "data": b"[a]: <data:image/png;" + b"x" * 30_000 + b">\n\n" + b"![a]" * 50_000,
    "images in images": b"![[]()" * 20_000,
    "addresses": b"a@" * 40_000,
    "brackets": b"[" * 200_000,
    "emphasis": b"*a_" * 80_000,
    "open emphasis": b"**a " * 60_000,
    "headings": b"# a\n" * 60_000,
    "escapes": b"&#1;" * 60_000,
    "hosts": b"www.a.b " * 30_000,
    "backticks": b"".join(b"`" * i + b" " for i in range(1, 700)),
}


@pytest.fixture(scope="module", name="release")
def _release(programs):  # one make at a time
    subprocess.run(["make", "-s", "BUILD=build", "build/mirrorhub-render"], cwd=ROOT, check=True)
    return RELEASE


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_by_a_limit_or_is_harmless(release, name):
    before = os.times()
    done = run(BOMBS[name], release)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 2.5  # the limit, and its start and end
    assert len(done.stdout) <= 4 * 1024 * 1024
    if done.returncode != 0:
        assert done.stdout == b""
        assert done.returncode in (1, 71, -9, -24), done.stderr
    else:
        check_allowed(done.stdout.decode())


# without the two that would take all the memory there is, where no limit is on it
@pytest.mark.parametrize("name", sorted(set(BOMBS) - {"references", "data"}))
def test_a_bomb_finds_no_mistake_in_memory(name):
    assert run(BOMBS[name]).returncode in (0, 1, -9, -24)


def test_a_text_has_a_largest_size():
    most = 256 * 1024
    assert run(b"a" * most).returncode == 0
    assert run(b"a" * (most + 1)).returncode == 1
    assert run(b"a" * (8 * most)).returncode == 1


# ---- the sandbox

def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def test_the_sandbox_is_closed_before_the_first_byte_is_read(release):
    with subprocess.Popen([release], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        until = time.monotonic() + 60
        while status_of(child.pid)["Seccomp"] != "2":
            assert time.monotonic() < until
        assert status_of(child.pid)["NoNewPrivs"] == "1"
        with open(f"/proc/{child.pid}/limits", encoding="ascii") as f:
            limits = {line[:26].strip(): line[26:].split() for line in f}
        assert limits["Max cpu time"][:2] == ["2", "2"]
        assert limits["Max processes"][:2] == ["0", "0"]
        assert limits["Max open files"][:2] == ["0", "0"]
        assert limits["Max core file size"][:2] == ["0", "0"]
        assert limits["Max address space"][:2] == [str(128 << 20)] * 2
        out, _ = child.communicate(HEAD + b"a")
    assert out == b"<p>a</p>\n"
    assert child.returncode == 0


def test_after_its_start_the_child_asks_the_system_for_nothing_but_bytes_and_memory(release, tmp_path):
    trace = tmp_path / "trace"
    subprocess.run(["strace", "-f", "-o", str(trace), release], input=HEAD + b"# a\n" * 20_000,
                   capture_output=True, check=True)
    lines = [line.split(" ", 1)[1].lstrip() for line in trace.read_text().splitlines()]
    calls = [line.split("(", 1)[0] for line in lines]
    last = max(i for i, line in enumerate(lines)
               if line.startswith(("seccomp(SECCOMP_SET_MODE_FILTER", "prctl(PR_SET_SECCOMP")))
    after = {call for call in calls[last + 1:] if not call.startswith(("+++", "---"))}
    assert "read" in after and "write" in after
    assert after <= {"read", "write", "brk", "mmap", "munmap", "mremap", "madvise",
                     "exit_group"}


def _as_in_a_unit():
    """What @system-service of systemd refuses, of all that the start of the child could ask for."""
    allow, refuse = 0x7fff0000, 0x00050000 | errno.EPERM
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(lib.seccomp_init(allow))
    for name in (b"seccomp", b"setrlimit"):
        assert lib.seccomp_rule_add(rules, refuse, lib.seccomp_syscall_resolve_name(name), 0) == 0
    assert lib.seccomp_load(rules) == 0


def test_the_sandbox_can_be_entered_in_a_unit_of_systemd(release):
    with subprocess.Popen([release], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          preexec_fn=_as_in_a_unit) as child:
        until = time.monotonic() + 60
        while status_of(child.pid)["Seccomp_filters"] != "2":
            assert time.monotonic() < until and child.poll() is None
        out, _ = child.communicate(HEAD + b"a")
    assert (child.returncode, out) == (0, b"<p>a</p>\n")


@pytest.mark.parametrize("head", [b"", b"\n", b"blob /p\n\n", b"blob /p\ntree /p\nraw /p\nfolder",
                                  b"\0" * 100, b"tree a\nblob a\nraw a\nfolder a\n\n"])
def test_without_a_head_nothing_is_rendered(head):
    done = subprocess.run([PROGRAM], input=head, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stdout == b""


# ---- anything at all

PIECES = ["\n", "\n\n", " ", "  ", "    ", "\t", "# ", "## ", "- ", "* ", "1. ", "> ", "```", "~~~",
          "`", "``", "*", "**", "_", "~~", "[", "]", "(", ")", "![", "](", "]: ", "<", ">", "\\",
          "|", "|-|-|", "\n|-|:-:|\n", "---", "===", "[ ] ", "[x] ", "&amp;", "&#", "&lt;", "\"",
          "'", "a", "b c", "http://h/", "www.h.d", "a@b.de", "javascript:", "<b onclick=x>", "</b>",
          "<script>", "<!--", "-->", "\u202e", "\u00e4", "\u0438", "\U0001f600", "\x00", "\x01", "\r",
          "#readme-a", "../", "/", "?q=1", "data:image/png;x", ":", ";", "\ufffe", "\u200d"]


@pytest.mark.parametrize("seed", range(60))
def test_random_markdown_becomes_html_of_allowed_tags(seed):
    chosen = random.Random(seed)
    text = "".join(chosen.choice(PIECES) for _ in range(chosen.randint(1, 400))).encode()
    if seed % 3 == 0:  # and what is no UTF-8
        at = chosen.randrange(len(text) + 1)
        text = text[:at] + bytes(chosen.randrange(256) for _ in range(8)) + text[at:]
    done = run(text)
    assert done.returncode == 0, done.stderr
    check_allowed(done.stdout.decode())
