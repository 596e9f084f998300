"""The pages of files: project, folder, file, raw bytes, branches, tags; contracts/hpr-and-hub.md B5 and
B8 (rows 13-17 of B8.1, 38-41, 49-52 of B8.2), checklists/security.md X-01, X-06, X-10, X-11, X-14.
What they show is compared with git ls-tree and git cat-file."""

import html
import re
import subprocess
import urllib.parse

import html5lib
import pytest

from fixtures.repos import Repo
from fixtures.run import clean_env

HTML = {"Accept": "text/html"}
WHOLE = {"Accept-Encoding": "identity"}  # what nginx compresses has no length before
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
GIF = b"GIF89a/*" + b"\0" * 10 + b"*/=1;alert(1)"

# checklists/security.md, under group X; without what Git itself refuses in a tree
NAMES = [b"<img src=x onerror=alert(1)>", b"\"><svg onload=alert(1)>", b"'--", b"`", b"${7*7}", b"{{7*7}}",
         b"%s%n", b"..%2f", b"-rf", b"--upload-pack=x", b"$(id)", b";id", b"|id", b"a\nb", b"a\rb", b"a\tb",
         b"\x1b[2J", b"\x07", b"\xff", "\u202e".encode(), "\u200b".encode(), b"n" * 255, b"con", b"aux.c",
         b"HEAD", b"@", b"a.lock", b"0" * 40, "\U0001f600".encode(), b"#", b"?", b"&amp;", b" a ", b"tree",
         b"blob", b"raw", b"%", b"+", b"a=b&c", b"...", b"\xc3", b"\\"]
REFS = [n[:200] for n in NAMES]  # a file while it is made


# ---------------------------------------------------------------- helpers

class Page:
    """A page as a browser sees it; that it is well-formed HTML is checked on the way."""

    def __init__(self, answer):
        self.answer = answer
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        self.root = parser.parse(answer.content, transport_encoding="utf-8")
        assert parser.errors == [], (parser.errors[:3], answer.text[:2000])
        ids = [e.get("id") for e in self.root.iter() if e.get("id") is not None]
        assert len(ids) == len(set(ids)), "an id twice"
        for e in self.root.iter():
            if isinstance(e.tag, str):
                assert "style" not in e.attrib and not any(a.startswith("on") for a in e.attrib), e.attrib

    def all(self, path):
        return self.root.findall(".//" + path)

    def one(self, path):
        found = self.all(path)
        assert len(found) == 1, (path, len(found), self.answer.text[:3000])
        return found[0]

    def text(self, path="main"):
        return "".join(self.one(path).itertext())

    def links(self, path="main"):
        return [a.get("href") for e in self.all(path) for a in e.iter("a")]

    def link(self, word):
        """Where the one link of that text leads."""
        found = {a.get("href") for a in self.one("main").iter("a") if "".join(a.itertext()).strip() == word}
        assert len(found) == 1, (word, found)
        return found.pop()

    def rows(self):
        """[(link, text of the first cell)] of the table of a folder."""
        out = []
        for tr in self.one("table[@class='tree']").find("tbody").findall("tr"):
            cell = tr.find("td")
            out.append((cell.find("a").get("href"), "".join(cell.find("a").itertext())))
        return out

    def code(self):
        """The text of a file as it would be copied."""
        return self.text("pre[@class='text']")


def see(hub, url, status=200, auth=None, headers=None):
    answer = hub.get(url, auth, headers={**HTML, **(headers or {})})
    assert answer.status_code == status, (url, answer.status_code, answer.text[-800:])
    return Page(answer)


def goes_to(hub, url):
    answer = hub.get(url, headers=HTML)
    assert answer.status_code == 302, (url, answer.status_code)
    return answer.headers["Location"]


def quoted(name):
    """A name from Git as it stands in a URL."""
    return urllib.parse.quote(name, safe="")


def git_bytes(repo, *args):
    return subprocess.run(["git", "-C", str(repo.path), *args], env=clean_env(), check=True,
                          capture_output=True).stdout


def plain(hub, name, source=None, access="read"):
    """A project to push to; source (a Repo) is pushed into it."""
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", access)
    if source is not None:
        source.git("push", "-q", "--mirror", hub.clone_url(name, hub.admin))
    return name


def in_order(entries):
    """As Git sorts a tree: folders as if a slash were behind their name."""
    return sorted(entries, key=lambda e: e[1] + (b"/" if e[0] == "40000" else b""))


# ---------------------------------------------------------------- an ordinary project

@pytest.fixture(scope="module")
def fix(hub, tmp_path_factory):
    """The fixture of the Hub's own tests, made small: (name, Repo)."""
    repo = Repo(tmp_path_factory.mktemp("fix") / "fix.git", head="master")
    files = {".gitignore": "*.pyc\n", "README": "fix\n", "lib/eol.py": "#!/usr/bin/env python\nimport os\n",
             "lib/deep/er/x.txt": "x\n", "empty": "", "noend": "a\nb", "crlf": "a\r\nb\r\n",
             "odd.html": "<script>alert(1)</script>{{x}}&amp;\n", "setup.py": "import sys\n"}
    repo.commit("master", files, "first\n\nbody")
    repo.tag("0.7.2", "refs/heads/master", message="release 0.7.2")
    tree = repo.git("rev-parse", "master^{tree}")
    module = "12" * 20
    lines = repo.git("ls-tree", tree) + "\n160000 commit %s\tmodule\n120000 blob %s\tlink\n" % (
        module, repo.blob("lib/eol.py"))
    lines = lines.replace("100644 blob %s\tsetup.py" % repo.blob("import sys\n"),
                          "100755 blob %s\tsetup.py" % repo.blob("import sys\n"))
    top = repo.commit_of_tree(repo.git("mktree", "--missing", input=lines),
                              [repo.oid("refs/heads/master")], "second <b>&\u202e")
    repo.ref("refs/heads/master", top)
    repo.ref("refs/heads/release/1.0", top)
    repo.commit("topic", {"topic.txt": "t\n"}, "topic", parents=[top])
    return plain(hub, "fix", repo), repo


def test_the_root_is_what_ls_tree_says_folders_first(hub, fix):
    name, repo = fix
    entries = [line.split(None, 3) for line in repo.git("ls-tree", "master").splitlines()]
    folders = sorted(e[3] for e in entries if e[1] != "blob")
    files = sorted(e[3] for e in entries if e[1] == "blob")
    page = see(hub, "/" + name)
    assert [t.rstrip("/") for _, t in page.rows()] == folders + files
    assert "/fix/tree/master/lib" in page.links()
    assert "executable" in page.text() and "12" * 8 in page.text()


def test_a_folder_of_a_tag_leads_on_to_folders_and_files(hub, fix):  # B8.1 row 14, 15
    name, _ = fix
    links = see(hub, "/fix/tree/0.7.2").links()
    assert "/fix/tree/0.7.2/lib" in links and "/fix/blob/0.7.2/.gitignore" in links
    page = see(hub, "/fix/tree/0.7.2/lib")
    assert "/fix/blob/0.7.2/lib/eol.py" in page.links()
    assert "/fix/tree/0.7.2" in page.links("h1")  # the way back


def test_a_file_has_its_text_numbers_and_a_way_to_its_bytes(hub, fix):  # row 16
    page = see(hub, goes_to(hub, "/fix/tree/0.7.2/lib/eol.py"))
    assert page.code() == "#!/usr/bin/env python\nimport os\n"
    assert page.link("Raw") == "/fix/raw/0.7.2/lib/eol.py"
    numbers = page.all("pre[@class='numbers']/b")
    assert [(b.get("id"), b.text) for b in numbers] == [("L1", "1"), ("L2", "2")]
    assert hub.get(page.link("Raw")).content == b"#!/usr/bin/env python\nimport os\n"


@pytest.mark.parametrize("path", ["blob/0.7.2x/README", "tree/0.7.2x", "raw/0.7.2x/README", "blob/master/nope",
                                  "tree/master/nope", "raw/master/nope", "blob/master/README/x",
                                  "blob/master/lib/%2e%2e/setup.py",
                                  "tree/master~1", "tree/--all", "raw/master/lib", "raw/master/module",
                                  "blob/master/README?page=2", "tree/master?page=2", "branches?page=9",
                                  "tree/" + "1" * 40, "blob/abcdef/README"])
def test_what_is_not_there_is_404(hub, fix, path):  # row 17, B8.2 row 39
    answer = hub.get("/fix/" + path, headers=HTML)
    assert answer.status_code in ((400, 404) if ".." in path else (404,)), answer.status_code
    if answer.status_code == 404:
        assert "404" in Page(answer).text()
        assert "immutable" not in answer.headers["Cache-Control"]


def test_doubled_slashes_are_one(hub, fix):  # row 38
    assert see(hub, "/fix/blob/master//lib///eol.py/").code().startswith("#!")


def test_addresses_lead_to_the_right_view(hub, fix):  # rows 49, 50
    assert goes_to(hub, "/fix/tree/master") == "/fix"
    assert goes_to(hub, "/fix/tree/master/") == "/fix"
    assert goes_to(hub, "/fix/tree/HEAD") == "/fix"
    assert goes_to(hub, "/fix/blob/master/lib") == "/fix/tree/master/lib"
    assert goes_to(hub, "/fix/tree/master/setup.py") == "/fix/blob/master/setup.py"
    assert goes_to(hub, "/fix/blob/master/module") == "/fix/tree/master/module"
    assert goes_to(hub, "/fix.git") == "/fix"


def test_refs_with_slashes_ids_and_abbreviations_are_revisions(hub, fix):
    _, repo = fix
    top = repo.oid("refs/heads/master")
    for rev in ("release/1.0", "release%2F1.0", top, top[:10], "refs/heads/release/1.0"):
        assert see(hub, "/fix/blob/%s/README" % rev).code() == "fix\n"
    tag = repo.oid("refs/tags/0.7.2")  # of the annotated tag itself
    assert see(hub, "/fix/blob/%s/README" % tag).code() == "fix\n"


def test_every_file_is_shown_as_cat_file_gives_it(hub, fix):
    _, repo = fix
    for path in git_bytes(repo, "ls-tree", "-r", "-z", "--name-only", "0.7.2").decode().split("\0")[:-1]:
        data = git_bytes(repo, "cat-file", "blob", "0.7.2:" + path)
        answer = hub.get("/fix/raw/0.7.2/" + path, headers=WHOLE)
        assert answer.content == data
        assert answer.headers["Content-Length"] == str(len(data))
        if data:
            assert see(hub, "/fix/blob/0.7.2/" + path).code() == data.decode().replace("\r\n", "\n")
    assert "empty" in see(hub, "/fix/blob/0.7.2/empty").text()


def test_what_looks_like_html_is_text(hub, fix):  # row 52
    page = see(hub, "/fix/blob/master/odd.html")
    assert page.code() == "<script>alert(1)</script>{{x}}&amp;\n"
    assert page.all("main//script") == []
    assert page.all("p[@class='subject']/a/span[@class='mark']")[0].text == "U+202E"


def test_links_and_submodules_say_what_they_are(hub, fix):
    _, repo = fix
    page = see(hub, "/fix/blob/master/link")
    assert "symbolic link" in page.text() and "lib/eol.py" in page.text()
    assert hub.get("/fix/raw/master/link").content == b"lib/eol.py"
    page = see(hub, "/fix/tree/master/module")
    assert "submodule" in page.text() and "12" * 20 in page.text()


def test_the_switch_keeps_the_path_and_needs_no_script(hub, fix):
    page = see(hub, "/fix/tree/topic")
    assert page.one("details[@class='switch']").find("summary") is not None
    page = see(hub, "/fix/tree/0.7.2/lib/deep")
    links = page.links("details[@class='switch']")
    for link in ("/fix/tree/master/lib/deep", "/fix/tree/release/1.0/lib/deep", "/fix/tree/topic/lib/deep",
                 "/fix/tree/0.7.2/lib/deep", "/fix/branches", "/fix/tags"):
        assert link in links
    here = [a.text for a in page.all("details//a[@aria-current]")]
    assert here == ["0.7.2"]
    assert page.links("div[@class='tabs']")[:2] == ["/fix/tree/0.7.2", "/fix/commits/0.7.2"]
    assert page.text("title") == "lib/deep at 0.7.2 · fix · Mirrorhub"


def test_the_commit_box_names_the_commit_and_its_parents(hub, fix):
    _, repo = fix
    top, first = repo.oid("refs/heads/master"), repo.oid("refs/tags/0.7.2^{commit}")
    page = see(hub, "/fix/tree/topic")
    assert "/fix/commit/" + top in page.links("div[@class='commit']")
    text = see(hub, "/fix").text("div[@class='commit']")
    assert top[:16] in text and first[:16] in text and top[:17] not in text


# ---------------------------------------------------------------- caching

def test_a_permalink_is_kept_and_answered_without_git(hub, fix):
    _, repo = fix
    page = see(hub, "/fix/blob/master/README")
    link = page.link("Permalink")
    assert link == "/fix/blob/%s/README" % repo.oid("refs/heads/master")
    first = see(hub, link).answer
    assert "immutable" in first.headers["Cache-Control"] and "private" in first.headers["Cache-Control"]
    again = hub.get(link, headers={**HTML, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = hub.get(link, hub.admin, headers={**HTML, "If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200  # another asker has another page


def test_a_moved_branch_is_seen_at_once(hub, tmp_path):
    repo = Repo(tmp_path / "moves.git")
    repo.commit("main", {"f": "1\n"})
    name = plain(hub, "moves", repo)
    for n in range(2, 8):
        tag = hub.get("/moves/blob/main/f", headers=HTML).headers["ETag"]
        raw_tag = hub.get("/moves/raw/main/f").headers["ETag"]
        assert hub.get("/moves/blob/main/f", headers={**HTML, "If-None-Match": tag}).status_code == 304
        assert hub.get("/moves/raw/main/f", headers={"If-None-Match": raw_tag}).status_code == 304
        repo.commit("main", {"f": "%d\n" % n})
        repo.git("push", "-q", "--mirror", hub.clone_url(name, hub.admin))
        for _ in range(4):  # every process sees it
            answer = hub.get("/moves/blob/main/f", headers={**HTML, "If-None-Match": tag})
            assert Page(answer).code() == "%d\n" % n
            answer = hub.get("/moves/raw/main/f", headers={"If-None-Match": raw_tag})
            assert answer.content == b"%d\n" % n


# ---------------------------------------------------------------- hostile names

@pytest.fixture(scope="module")
def hostile(hub, tmp_path_factory):
    """Every name as a file, as a folder with such files, as a branch and as a tag: (name, Repo, refs)."""
    repo = Repo(tmp_path_factory.mktemp("hostile") / "h.git")
    inner = repo.raw_tree(in_order([("100644", n, repo.blob(b"in " + n)) for n in NAMES]))
    outer = repo.raw_tree(in_order(
        [("40000", b"d" + n[:254], inner) for n in NAMES] + [("100644", n, repo.blob(b"at " + n)) for n in NAMES]))
    top = repo.commit_of_tree(outer, message="\n".join(["<script>alert(1)</script> \"'&"]))
    repo.ref("refs/heads/main", top)
    refs = []
    stream = b""
    for n in REFS:
        for kind in (b"refs/heads/", b"refs/tags/", b"refs/heads/x/"):
            ok = subprocess.run([b"git", b"check-ref-format", kind + n]).returncode == 0
            if ok:
                refs.append(kind + n)
                stream += b"create %s\0%s\0" % (kind + n, top.encode())
    repo.git("update-ref", "--stdin", "-z", input=stream)
    assert len(refs) > 50
    return plain(hub, "odd/hostile", repo), repo, refs


def shown(name):
    """How a page writes a name: with marks for what cannot be seen."""
    out = ""
    for ch in name.decode("utf-8", "replace"):
        code = ord(ch)
        if code < 0x20 or code in (0x202e, 0x200b):
            out += "U+%04X" % code
        else:
            out += ch
    return out


def test_every_hostile_name_is_shown_and_leads_to_its_file(hub, hostile):  # X-01, row 40
    name, repo, _ = hostile
    page = see(hub, "/" + name)
    rows = dict(page.rows())
    for n in NAMES:
        url = "/%s/blob/main/%s" % (name, quoted(n))
        assert rows[url] == shown(n), n
        assert see(hub, url).code() == shown(b"at " + n).replace(shown(b"\n"), "\n").replace(shown(b"\t"), "\t")
        assert hub.get(see(hub, url).link("Raw")).content == b"at " + n
        assert page.all("main//img") == page.all("main//svg") == []
    inner = see(hub, "/%s/tree/main/%s" % (name, quoted(b"d#")))
    for (url, text), n in zip(inner.rows(), sorted(NAMES)):
        assert text == shown(n)
        assert hub.get(url.replace("/blob/", "/raw/")).content == b"in " + n


def test_hostile_folders_lead_on(hub, hostile):
    name, _, _ = hostile
    for url, text in see(hub, "/" + name).rows():
        if text.endswith("/"):
            page = see(hub, url)
            assert len(page.rows()) == len(NAMES)
            assert page.text("h1").endswith(text[:-1])


def test_every_hostile_ref_is_reachable_by_its_printed_link(hub, hostile):
    name, repo, refs = hostile
    top = repo.oid("refs/heads/main")
    for kind in ("branches", "tags"):
        links, url = [], "/%s/%s" % (name, kind)
        page = see(hub, url)
        names = ["".join(th.find("a").itertext()) for th in page.all("tbody/tr/th")]
        wanted = [r.split(b"/", 2)[2] for r in refs if (b"/tags/" in r) == (kind == "tags")]
        assert sorted(names) == sorted([shown(n) for n in wanted] + (["main"] if kind == "branches" else []))
        for th in page.all("tbody/tr/th"):
            answer = hub.get(th.find("a").get("href"), headers=HTML)
            assert answer.status_code == 200 and top[:16] in answer.text
            assert answer.text.count("<tr class=") == 2 * len(NAMES)
            url = html.unescape(re.search('<td><a href="([^"]*/%23)"', answer.text).group(1))
            assert hub.get(url.replace("/hostile/blob/", "/hostile/raw/")).content == b"at #"


# ---------------------------------------------------------------- kinds of files

RAW = {  # X-06, row 51: name -> (bytes, type, is saved)
    "x.html": (b"<script>alert(1)</script>", "text/plain; charset=utf-8", False),
    "x.svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain; charset=utf-8", False),
    "x.xml": (b"<?xml version='1.0'?><x/>", "text/plain; charset=utf-8", False),
    "x.js": (b"alert(1)", "text/plain; charset=utf-8", False),
    "x.pdf": (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n\0", "application/octet-stream", True),
    "gif.html": (GIF, "image/gif", False),
    ".htaccess": (b"Options +ExecCGI\n", "text/plain; charset=utf-8", False),
    "none": (b"plain\n", "text/plain; charset=utf-8", False),
    "latin.txt": (b"d\xe9j\xe0\n", "application/octet-stream", True),
    "p.png": (PNG, "image/png", False),
    "html.png": (b"<script>alert(1)</script>", "text/plain; charset=utf-8", False),
    "j.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg", False),
    "w.webp": (b"RIFF\x04\0\0\0WEBPVP8 ", "image/webp", False),
    "bin": (bytes(range(256)), "application/octet-stream", True),
    "empty": (b"", None, False),
    "\u00fc\"\\;.bin": (b"\0", "application/octet-stream", True),
}
LFS = ("version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 12345678\n").encode()


@pytest.fixture(scope="module")
def kinds(hub, tmp_path_factory):
    repo = Repo(tmp_path_factory.mktemp("kinds") / "k.git")
    files = {n: data for n, (data, _, _) in RAW.items()}
    files.update({"lfs.bin": LFS, "bidi.c": "int a; /* \u202e } if (x) */\n", "notes.md": "# Title\n\ntext\n",
                  "large.bin": b"\0" + b"x" * (9 << 20), "large.txt": b"y" * (9 << 20)})
    entries = [("100644", n.encode(), repo.blob(data)) for n, data in files.items()]
    repo.ref("refs/heads/main", repo.commit_of_tree(repo.raw_tree(in_order(entries))))
    return plain(hub, "kinds", repo), files


@pytest.mark.parametrize("file", sorted(RAW))
def test_raw_bytes_run_nowhere(hub, kinds, file):
    data, kind, is_saved = RAW[file]
    for method in ("GET", "HEAD"):
        answer = hub.request(method, "/kinds/raw/main/" + quoted(file.encode()), headers=WHOLE)
        assert answer.status_code == 200
        assert answer.content == (data if method == "GET" else b"")
        assert answer.headers["Content-Length"] == str(len(data))
        if kind:
            assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers.get("Content-Disposition", "").startswith("attachment") == is_saved


def test_the_name_of_a_saved_file_is_given_twice(hub, kinds):  # P-31
    answer = hub.get("/kinds/raw/main/" + quoted("\u00fc\"\\;.bin".encode()))
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"____;.bin\"; filename*=UTF-8''%C3%BC%22%5C%3B.bin")


def test_large_files_are_streamed_and_not_shown(hub, kinds):
    for file in ("large.bin", "large.txt"):
        answer = hub.get("/kinds/raw/main/" + file)
        assert answer.content == kinds[1][file]
        assert answer.headers["Content-Length"] == str(len(kinds[1][file]))
        head = hub.request("HEAD", "/kinds/raw/main/" + file)
        assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(kinds[1][file])))
        page = see(hub, "/kinds/blob/main/" + file)
        assert "too large" in page.text() and page.link("Raw")
        assert len(page.answer.content) < 20000


def test_each_kind_of_file_is_shown_as_what_it_is(hub, kinds):
    assert see(hub, "/kinds/blob/main/p.png").one("main//img").get("src") == "/kinds/raw/main/p.png"
    assert see(hub, "/kinds/blob/main/html.png").all("main//img") == []
    page = see(hub, "/kinds/blob/main/bin")
    assert "binary" in page.text() and page.link("Download it") == "/kinds/raw/main/bin"
    page = see(hub, "/kinds/blob/main/lfs.bin")
    assert "Git LFS" in page.text() and "ab" * 32 in page.text() and "12 MB" in page.text()
    page = see(hub, "/kinds/blob/main/latin.txt")
    assert "not UTF-8" in page.text() and page.code() == "d\ufffdj\ufffd\n"
    page = see(hub, "/kinds/blob/main/notes.md")
    assert page.code() == "# Title\n\ntext\n"
    page = see(hub, page.link("Rendered"))
    assert "Title" in page.text("section[@class='readme']") and page.link("Source")


def test_a_file_with_bidi_characters_is_warned_of(hub, kinds):  # X-10
    page = see(hub, "/kinds/blob/main/bidi.c")
    assert "direction of text" in page.text("p[@class='warning']")
    assert "U+202E" in page.code() and "\u202e" not in page.answer.text
    assert see(hub, "/kinds/blob/main/x.js").all("p[@class='warning']") == []


# ---------------------------------------------------------------- large ones

@pytest.fixture(scope="module")
def large(hub, upstream):
    repo = Repo(upstream.folder / "large.git")
    blob = repo.blob("x\n")
    many = repo.raw_tree([("100644", "f%05d" % i, blob) for i in range(20000)])
    top = repo.raw_tree([("100644", "lines", repo.blob("".join("%d\n" % i for i in range(200000)))),
                         ("40000", "many", many), ("100644", "one", repo.blob("z" * (1 << 20)))])
    repo.ref("refs/heads/main", repo.commit_of_tree(top, message="s" * 65536))
    top = repo.oid("refs/heads/main")
    (repo.path / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + "".join(
        "%s refs/heads/many/%05d\n" % (top, i) for i in range(5000)))
    return hub.mirror(upstream.url("large.git"), "large")


def test_twenty_thousand_entries_come_in_pages(hub, large):  # X-11
    seen, url = [], "/large/tree/main/many"
    while url:
        page = see(hub, url)
        assert len(page.answer.content) < 1 << 20
        seen += [t for _, t in page.rows()]
        following = page.all("a[@rel='next']")
        url = following[0].get("href") if following else None
    assert seen == ["f%05d" % i for i in range(20000)]


def test_two_hundred_thousand_lines_come_in_pages(hub, large):
    page = see(hub, "/large/blob/main/lines")
    assert len(page.answer.content) < 1 << 20
    assert "200000 lines" in page.text()
    page = see(hub, page.one("a[@rel='next']").get("href"))
    assert page.code().startswith("5000\n5001\n")
    assert page.all("pre[@class='numbers']/b")[0].get("id") == "L5001"
    page = see(hub, "/large/blob/main/lines?page=40")
    assert page.code().endswith("199999\n") and page.all("a[@rel='next']") == []


def test_a_line_of_a_megabyte_is_cut_with_a_note(hub, large):
    page = see(hub, "/large/blob/main/one")
    assert len(page.answer.content) < 1 << 20
    assert "too long" in page.text()
    assert len(hub.get("/large/raw/main/one").content) == 1 << 20


def test_five_thousand_branches_come_in_pages(hub, large):
    seen = set()
    for n in (1, 2, 50, 51):
        answer = hub.get("/large/branches?page=%d" % n, headers=HTML)
        assert len(answer.content) < 200000
        assert ("rel=\"next\"" in answer.text) == (n < 51)
        seen |= set(re.findall("scope=\"row\"><a [^>]*>([^<]*)<", answer.text))
    assert len(seen) == 301 and hub.get("/large/branches?page=52", headers=HTML).status_code == 404
    page = see(hub, "/large")
    assert len(page.answer.content) < 100000
    assert "All branches (5001)" in page.text("details[@class='switch']")


# ---------------------------------------------------------------- branches and tags

def test_branches_are_listed_newest_first_with_a_way_to_compare(hub, fix):
    _, repo = fix
    page = see(hub, "/fix/branches")
    names = [th.find("a").text for th in page.all("tbody/tr/th")]
    assert names[0] == "topic" and sorted(names) == ["master", "release/1.0", "topic"]
    assert "/fix/compare?from=master&to=topic" in page.links("tbody")
    assert "default" in page.text("tbody")
    links = [th.find("a").get("href") for th in page.all("tbody/tr/th")]
    assert "/fix" in links and "/fix/tree/release/1.0" in links


def test_tags_say_what_they_were_given(hub, fix):
    page = see(hub, "/fix/tags")
    assert "release 0.7.2" in page.text("tbody")
    assert "/fix/tree/0.7.2" in page.links("tbody") and "/fix/archive/0.7.2.tar.gz" in page.links("tbody")


# ---------------------------------------------------------------- nothing there

def test_an_empty_project_has_a_page(hub):  # row 41
    plain(hub, "nothing")
    assert "no commits" in see(hub, "/nothing").text()
    assert "git push" not in see(hub, "/nothing").text()
    assert "git push" in see(hub, "/nothing", auth=hub.admin).text()
    assert "no branches" in see(hub, "/nothing/branches").text()
    assert "no tags" in see(hub, "/nothing/tags").text()
    see(hub, "/nothing/tree/main", 404)


def test_a_default_branch_without_commits_points_at_the_others(hub, tmp_path):
    repo = Repo(tmp_path / "o.git")
    repo.commit("other", {"f": "x\n"})
    plain(hub, "headless", repo)
    (hub.store_dir("headless") / "HEAD").write_text("ref: refs/heads/nothing\n")
    assert "/headless/branches" in see(hub, "/headless").links()
    assert see(hub, "/headless/tree/other").rows() == [("/headless/blob/other/f", "f")]


def test_a_mirror_that_is_not_cloned_has_a_page(hub):
    name = hub.add("https://git.invalid/x/y.git", "later", sync=False)
    page = see(hub, "/" + name)
    assert "first sync" in page.text() and "git.invalid" in page.text()
    assert goes_to(hub, "/later/branches") == goes_to(hub, "/later/tags") == "/later"
    answer = hub.get("/later/tree/main", headers=HTML)
    assert answer.status_code == 503 and "Retry-After" in answer.headers


def test_hidden_looks_missing(hub, tmp_path):
    repo = Repo(tmp_path / "s.git")
    top = repo.commit("main", {"f": "secret\n"})
    plain(hub, "hidden", repo, access="none")
    for path in ("", "/tree/main", "/blob/main/f", "/raw/main/f", "/branches", "/tags", "/blob/%s/f" % top):
        a = hub.get("/hidden" + path, headers=HTML)
        b = hub.get("/hiddem" + path, headers=HTML)
        assert a.status_code == b.status_code == 404
        hide = lambda t: re.sub("hidde[nm]|Request [0-9a-zA-Z-]+", "", t)
        assert hide(a.text) == hide(b.text)
        assert hub.get("/hidden" + path, hub.admin, headers=HTML).status_code in (200, 302)
    assert hub.get("/hidden/raw/%s/f" % top, headers={"If-None-Match": "*"}).status_code == 404
