"""Pages of what changed: commit, raw patch, compare, blame, archive; git's own output is the truth
(contracts/hpr-and-hub.md B8.1 rows 18 to 21, B8.2 rows 44 to 46 and 55; checklists X-12, F-11)."""

import io
import re
import subprocess
import tarfile
import zipfile

import html5lib
import pytest

from fixtures.run import run, wait_until

NAMES = [b"plain.txt", b"sp ace & <b>.txt", b"caf\xe9", b"quo\"te\\", b"tab\tnew\nline", b"#?%41+",
         "\u202egpj".encode()]


def lines(word, n, other=0):
    return "".join("%s %d%s\n" % (word, i, " changed" if other and i % other == 0 else "")
                   for i in range(1, n + 1))


def raw_commit(repo, entries, parents, message=b"m\n", head=b""):
    """A commit of {name: (mode, data or id)} in one folder, with any header lines."""
    rows = sorted((name, mode, data if isinstance(data, str) else repo.blob(data))
                  for name, (mode, data) in entries.items())
    tree = repo.raw_tree([(mode, name, oid) for name, mode, oid in rows])
    text = b"tree %s\n" % tree.encode()
    text += b"".join(b"parent %s\n" % p.encode() for p in parents)
    text += (b"author A. Uthor <author@example.com> 1600000000 -0700\n"
             b"committer C. Ommitter <c@example.com> 1600003600 +0530\n" + head + b"\n" + message)
    return repo.object("commit", text)


class Story:
    """A repository with a commit of each kind, and what the hub calls it."""

    def __init__(self, upstream):
        self.repo = repo = upstream.repo("diff.git")
        before = {n: ("100644", b"%s\n" % n) for n in NAMES}
        before.update({
            b"long.txt": ("100644", lines("line", 60).encode()),
            b"run.sh": ("100644", b"#!/bin/sh\n"),
            b"crlf": ("100644", b"one\r\ntwo\r\n"),
            b"noend": ("100644", b"a\nb"),
            b"binary": ("100644", b"a\0b"),
            b"old name": ("100644", lines("moved", 30).encode()),
            b"becomes": ("100644", b"a file\n"),
            b"latin1": ("100644", b"caf\xe9\n"),
            b"module": ("160000", "1" * 40),
        })
        after = dict(before)
        after.update({n: ("100644", b"%s\nand <more> & \"\n" % n) for n in NAMES})
        after.update({
            b"long.txt": ("100644", lines("line", 61, 25).encode()),
            b"run.sh": ("100755", b"#!/bin/sh\n"),
            b"crlf": ("100644", b"one\r\ntwo\n"),
            b"noend": ("100644", b"a\nb\n"),
            b"binary": ("100644", b"a\0c"),
            b"new name": ("100644", lines("moved", 30, 9).encode()),
            b"becomes": ("120000", b"plain.txt"),
            b"latin1": ("100644", b"caf\xe8\n\t\x1b[2J\n"),
            b"module": ("160000", "2" * 40),
            b"empty": ("100644", b""),
        })
        del after[b"old name"]
        self.root = raw_commit(repo, before, [], b"The first <b>commit</b>\n\nbody & more\n")
        self.second = raw_commit(repo, after, [self.root], b"The second\n")
        self.latin1 = raw_commit(repo, {**after, b"x": ("100644", b"x\n")}, [self.second],
                                 b"caf\xe9 au lait\n", b"encoding ISO-8859-1\n")
        sides = [raw_commit(repo, {**after, b"side%d" % i: ("100644", b"s\n")}, [self.second],
                            b"side %d\n" % i) for i in range(3)]
        self.side = sides[0]
        merged = {**after, b"x": ("100644", b"x\n")}
        for i in range(3):
            merged[b"side%d" % i] = ("100644", b"s\n")
        self.merge = raw_commit(repo, {**after, b"x": ("100644", b"x\n"), b"side0": ("100644", b"s\n")},
                                [self.latin1, sides[0]], b"A merge\n")
        self.octopus = raw_commit(repo, merged, [self.merge, sides[1], sides[2]], b"An octopus\n")
        self.space = raw_commit(repo, {**merged, b"long.txt": (
            "100644", lines("line", 61, 25).replace("line 3\n", "line   3\n").encode())},
            [self.octopus], b"White space\n")
        repo.ref("refs/heads/main", self.space)
        repo.ref("refs/heads/feature/x", self.side)
        repo.ref("refs/heads/<b>&", self.second)
        self.tag = repo.tag("v1.0", self.root, message="the first")
        self.own = raw_commit(repo, {b"f": ("100644", b"f\n")}, [], b"Of its own\n")
        repo.ref("refs/heads/own", self.own)


@pytest.fixture(scope="module")
def story(hub, upstream):
    made = Story(upstream)
    hub.mirror(upstream.url("diff.git"), "diff")
    return made


@pytest.fixture(scope="module")
def big(hub, upstream):
    """Commits that are too much for a page, and a tree that never ends."""
    repo = upstream.repo("big.git")
    made = {"long": repo.commit("main", {"long.txt": lines("l", 30000), "s": "s\n"}, "long"),
            "wide": repo.commit("main", {"wide": "x" * 200000}, "wide"),
            "many": repo.commit("main", {"f%04d" % i: "x\n" for i in range(1200)}, "many")}
    tree, kind = repo.blob("x\n"), "100644"
    for _ in range(10):
        tree = repo.raw_tree([(kind, "n%d" % i, tree) for i in range(10)])
        kind = "40000"
    made["bomb"] = repo.commit_of_tree(tree, [], "bomb")
    repo.ref("refs/heads/bomb", made["bomb"])
    hub.mirror(upstream.url("big.git"), "big")
    return made


# ---- reading pages

def parse(answer):
    """The page as elements; the parser is strict, so what is not well formed fails."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.content)


def page(hub, path, status=200, **kw):
    answer = hub.get("/diff" + path, **kw)
    assert answer.status_code == status, answer.text[:500]
    return parse(answer)


def text(element):
    return "".join(element.itertext())


def by_class(root, name):
    return [e for e in root.iter() if name in e.get("class", "").split()]


def hrefs(root):
    return [e.get("href") for e in root.iter("a")]


def unified(root):
    """The lines of all files as a patch has them; marks (no newline, bidi) taken out."""
    found = []
    for table in by_class(root, "diff"):
        for row in table.iter("tr"):
            if row.get("class") in ("add", "del", "same"):
                cell = row.findall("td")[2]
                found.append("".join(own_text(cell)).rstrip("\n"))
    return found


def own_text(cell):
    yield cell.text or ""
    for child in cell:
        if "mark" not in child.get("class", ""):
            yield text(child)
        yield child.tail or ""


def shown(line):
    """A line of git's as a page shows it: no bytes that are not text."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\u202e]", "", line.decode("utf-8", "replace"))


def git_lines(repo, *args):
    """The lines of hunks in git's own patch, submodules left out."""
    done = run(["git", "-C", str(repo.path), "diff", "-M", "--ignore-submodules=all", *args], input=b"")
    found, is_in = [], False
    for line in done.stdout.split(b"\n")[:-1]:
        if line.startswith(b"diff --git"):
            is_in = False
        elif line.startswith(b"@@ "):
            is_in = True
        elif is_in and not line.startswith(b"\\"):
            found.append(shown(line))
    return found


EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


# ---- commit

@pytest.mark.parametrize("name, before", [("root", None), ("second", "root"), ("latin1", "second"),
                                          ("merge", "latin1"), ("octopus", "merge"),
                                          ("space", "octopus")])
def test_a_commit_page_has_the_lines_of_gits_diff(hub, story, name, before):
    root = page(hub, "/commit/" + getattr(story, name))
    old = getattr(story, before) if before else EMPTY
    assert unified(root) == git_lines(story.repo, old, getattr(story, name))


def test_files_are_listed_with_gits_numbers(hub, story):
    root = page(hub, "/commit/" + story.second)
    numbers = {}
    for row in by_class(root, "files")[0].find("tbody").iter("tr"):
        cells = row.findall("td")
        assert cells[1].find("a").get("href").startswith("#f")
        numbers[text(cells[1])] = [text(c) for c in cells[2:]]
    told = run(["git", "-C", str(story.repo.path), "diff", "-z", "--numstat", "--no-renames",
                story.root, story.second], input=b"").stdout.split(b"\0")[:-1]
    for line in told:
        added, removed, path = line.split(b"\t", 2)
        if path in (b"old name", b"new name", b"becomes") or not path.isascii():
            continue
        got = [v for k, v in numbers.items() if k.replace("U+0009", "\t").replace("U+000A", "\n") == path.decode()]
        want = ["binary"] if added == b"-" else ["+" + added.decode(), "−" + removed.decode()]
        assert got == [want], path
    heading = text(root.find(".//h2[@id='files']"))
    assert heading.startswith("%d files changed" % len(numbers))


def test_the_box_names_people_parents_and_the_whole_message(hub, story):
    root = page(hub, "/commit/" + story.root)
    box = text(by_class(root, "commit")[0])
    assert "The first <b>commit</b>\n\nbody & more" in box
    assert "A. Uthor <author@example.com>" in box and "C. Ommitter <c@example.com>" in box
    assert story.root[:16] in box and "none: the first commit" in box
    assert [t.get("title") for t in root.iter("time")] == ["2020-09-13T12:26:40Z",
                                                           "2020-09-13T13:26:40Z"]
    root = page(hub, "/commit/" + story.octopus)
    links = hrefs(by_class(root, "commit")[0])
    for parent in story.repo.git("rev-parse", story.octopus + "^@").split():
        assert "/diff/commit/" + parent in links
    assert "against its first parent" in text(root)


def test_row_18_a_prefix_a_branch_and_a_tag_name_a_commit(hub, story):
    for name, found in [(story.second[:16], story.second), (story.second[:4], story.second),
                        ("feature/x", story.side), ("feature%2Fx", story.side),
                        ("v1.0", story.root), (story.tag, story.root), ("%3Cb%3E&", story.second)]:
        answer = hub.get("/diff/commit/" + name)
        assert answer.status_code == 200, name
        assert found in answer.text
        assert "immutable" not in answer.headers.get("Cache-Control", "") or len(name) == 40


def test_row_19_and_45_what_is_no_commit_is_missing(hub, story):
    for name in ["badbad", "0" * 40, "abc", story.root + "0", "main~1", "--all", "main^%7Btree%7D",
                 "v1.0%5E0", "%00", story.repo.oid(story.root + "^{tree}")]:
        answer = hub.get("/diff/commit/" + name)
        assert answer.status_code in (404, 400), name
        assert "immutable" not in answer.headers.get("Cache-Control", "")
    assert "404" in hub.get("/diff/commit/badbad").text


def test_row_46_a_message_in_latin1_is_shown_as_it_was_meant(hub, story):
    root = page(hub, "/commit/" + story.latin1)
    assert text(root.find(".//h1")) == "café au lait"


def test_what_cannot_be_seen_is_marked_and_lines_without_end_are_told(hub, story):
    root = page(hub, "/commit/" + story.second)
    marks = {text(m) for m in by_class(root, "mark")}
    assert {"U+001B", "U+202E", "U+0009", "U+000A", "U+000D"} <= marks
    assert "no newline at the end" in text(root)
    assert "mode 100644 → 100755" in text(root)
    assert "from " + "1" * 40 + " to " + "2" * 40 in text(root)
    assert "Binary file, 3 bytes before, 3 bytes after." in text(root)
    assert re.search("renamed\\s+from old name", text(root))


def test_side_by_side_has_the_same_lines(hub, story):
    root = page(hub, "/commit/%s?view=split" % story.second)
    rows = [[("".join(own_text(c))).rstrip("\n") for c in row.findall("td")]
            for row in by_class(root, "split")[0].find("tbody").iter("tr")
            if row.get("class") is None]
    assert all(len(row) == 4 for row in rows)
    every = [cell for table in by_class(root, "split") for row in table.iter("tr")
             for cell in row.findall("td") if cell.get("class") in ("add", "del")]
    told = [line for line in git_lines(story.repo, story.root, story.second) if line[0] in "+-"]
    assert sorted("".join(own_text(c)).rstrip("\n") for c in every) == sorted(told)


def test_white_space_may_be_ignored(hub, story):
    assert "+line   3" in unified(page(hub, "/commit/" + story.space))
    root = page(hub, "/commit/%s?w=1" % story.space)
    assert unified(root) == []
    assert "Only white space differs" in text(root)
    assert "/diff/commit/%s?view=split&w=1" % story.space in hrefs(root)


def test_a_page_by_a_full_id_may_be_kept_and_is_known_again(hub, story):
    first = hub.get("/diff/commit/" + story.second)
    assert "immutable" in first.headers["Cache-Control"]
    again = hub.get("/diff/commit/" + story.second,
                    headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""
    other = hub.get("/diff/commit/%s?w=1" % story.second,
                    headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


# ---- limits

def test_row_55_a_long_diff_is_cut_with_a_note_and_leads_to_the_patch(hub, big):
    answer = hub.get("/big/commit/" + big["long"])
    root = parse(answer)
    assert len(unified(root)) == 3000 + 1
    assert "30001 lines added" in text(root)
    assert "27000 more lines of this file are left out" in text(root)
    assert "/big/patch/" + big["long"] in hrefs(root)
    assert len(answer.content) < 1 << 20
    assert "the line goes on" in text(parse(hub.get("/big/commit/" + big["wide"])))


def test_of_many_files_the_first_ones_are_shown(hub, big):
    answer = hub.get("/big/commit/" + big["many"])
    root = parse(answer)
    assert len([e for e in root.iter("section") if e.get("id", "").startswith("f")]) == 300
    assert "901 more files are not shown here" in text(root)
    assert "1201 files changed, at least 300 lines added" in text(root)
    assert len(answer.content) < 1 << 20


def test_a_tree_that_never_ends_has_a_page_and_no_archive(hub, big):
    root = parse(hub.get("/big/commit/" + big["bomb"]))
    assert "More than 10000 files changed" in text(root)
    for ending in ("tar.gz", "zip"):
        answer = hub.get("/big/archive/bomb." + ending)
        assert answer.status_code == 413
        assert "too many files" in answer.text


# ---- patch

def git_patch(repo, commit):
    return run(["git", "-C", str(repo.path), "format-patch", "--stdout", "-1", commit], input=b"").stdout


def test_the_address_of_a_commit_with_patch_behind_it_is_its_patch(hub, story):
    for name in (story.second, "feature/x"):
        answer = hub.get("/diff/commit/%s.patch" % name, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/diff/patch/" + name)
    assert hub.get("/diff/commit/badbad.patch").status_code == 404


def test_a_patch_is_what_format_patch_writes(hub, story):
    for commit in (story.root, story.second, story.latin1, story.side):
        answer = hub.get("/diff/patch/" + commit)
        assert answer.status_code == 200
        assert answer.content == git_patch(story.repo, commit)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "immutable" in answer.headers["Cache-Control"]
    assert hub.get("/diff/patch/badbad").status_code == 404


@pytest.mark.parametrize("name, base", [("latin1", "second"), ("merge", "latin1"),
                                        ("octopus", "merge")])
def test_a_patch_applies_with_git_am(hub, story, tmp_path, name, base):
    commit = getattr(story, name)
    run(["git", "clone", "-q", "--no-checkout", str(story.repo.path), str(tmp_path / "w")])
    git = ["git", "-C", str(tmp_path / "w"), "-c", "core.symlinks=true"]
    run(git + ["reset", "-q", "--hard", getattr(story, base)])
    run(git + ["am", "-q", "--keep-cr"], input=hub.get("/diff/patch/" + commit).content)
    assert run(git + ["rev-parse", "HEAD^{tree}"]).stdout.strip() == \
        story.repo.oid(commit + "^{tree}")


# ---- compare

def test_the_form_is_there_and_offers_refs(hub, story):
    root = page(hub, "/compare")
    inputs = {e.get("name"): e.get("value") for e in root.iter("input")}
    assert inputs["from"] == "main" and inputs["to"] == ""
    options = [o.get("value") for o in root.iter("option")]
    assert {"main", "feature/x", "own", "v1.0", "<b>&"} <= set(options)


@pytest.mark.parametrize("old, new", [("feature/x", "main"), ("main", "feature/x"),
                                      ("v1.0", "main"), ("<b>&", "feature/x")])
def test_two_refs_are_compared_from_where_they_parted(hub, story, old, new):
    query = "?from=%s&to=%s" % (old.replace("&", "%26"), new.replace("&", "%26"))
    git = story.repo.git
    root = page(hub, "/compare" + query)
    assert unified(root) == git_lines(story.repo, old + "..." + new)
    listed = [next(row.iter("a")).get("href").rsplit("/", 1)[1]
              for day in by_class(root, "commits") for row in day.iter("li")]
    assert listed == git("rev-list", old + ".." + new).split()
    assert git("merge-base", old, new)[:8] in text(root)
    root = page(hub, "/compare" + query + "&dots=2")
    assert unified(root) == git_lines(story.repo, old, new)


def test_a_range_as_git_writes_it_is_a_comparison(hub, story):
    for rest, query in [("main...feature/x", "from=main&to=feature%2Fx"),
                        ("main..feature/x", "from=main&to=feature%2Fx&dots=2"),
                        ("v1.0...", "from=v1.0&to="), ("a%26b...c", "from=a%26b&to=c")]:
        answer = hub.get("/diff/compare/" + rest, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/diff/compare?" + query)
    assert hub.get("/diff/compare/main").status_code == 404


def test_what_cannot_be_compared_is_said_in_a_sentence(hub, story):
    root = page(hub, "/compare?from=main&to=no%3Cb%3E", status=404)
    assert "There is no branch, tag or commit no<b> here." in text(root)
    root = page(hub, "/compare?from=main&to=own")
    assert "have no common history: there is no point" in text(root)
    assert unified(root) == []
    root = page(hub, "/compare?from=main&to=own&dots=2")
    assert unified(root) == git_lines(story.repo, "main", "own")
    root = page(hub, "/compare?from=main&to=main")
    assert "Both are the same commit" in text(root)


def test_a_comparison_of_ids_may_be_kept(hub, story):
    path = "/diff/compare?from=%s&to=%s" % (story.root, story.second)
    assert "immutable" in hub.get(path).headers["Cache-Control"]
    answer = hub.get("/diff/compare?from=%s&to=%s" % (story.root, "0" * 40))
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("Cache-Control", "")


# ---- blame

def git_blame(repo, rev, path):
    told = run(["git", "-C", str(repo.path), "blame", "--line-porcelain", rev, "--", path],
               input=b"").stdout
    return [line.split(b" ")[0].decode() for line in told.split(b"\n")
            if re.match(rb"[0-9a-f]{40} ", line)]


@pytest.mark.parametrize("rev, path, url", [
    ("main", "long.txt", "long.txt"), ("main", "new name", "new%20name"),
    ("feature/x", "noend", "noend"), ("main", "#?%41+", "%23%3F%2541+"),
    ("main", "sp ace & <b>.txt", "sp%20ace%20&%20%3Cb%3E.txt"), ("main", "becomes", "becomes")])
def test_each_line_comes_from_the_commit_that_git_blames(hub, story, rev, path, url):
    root = page(hub, "/blame/%s/%s" % (rev, url))
    found, texts = [], []
    for body in by_class(root, "blame")[0].findall("tbody"):
        commit = body.find("tr").find("th").find("a").get("href").rsplit("/", 1)[1]
        rows = body.findall("tr")
        assert int(body.find("tr").find("th").get("rowspan")) == len(rows)
        found += [commit] * len(rows)
        texts += ["".join(own_text(row.findall("td")[1])).rstrip("\n") for row in rows]
    assert found == git_blame(story.repo, rev, path)
    data = run(["git", "-C", str(story.repo.path), "show", "%s:%s" % (rev, path)], input=b"").stdout
    assert texts == [shown(line) for line in data.rstrip(b"\n").split(b"\n")]


def test_blame_leads_to_the_commit_and_to_the_blame_before_it(hub, story):
    root = page(hub, "/blame/%s/new%%20name" % story.second)
    before = "/diff/blame/%s/old%%20name" % story.root
    assert before in hrefs(root)
    assert "/diff/commit/" + story.second in hrefs(root)
    assert "previous" not in text(page(hub, before[len("/diff"):]))


def test_blame_of_what_has_no_lines_says_so(hub, story):
    assert "This file is binary" in text(page(hub, "/blame/main/binary"))
    assert "This file is empty" in text(page(hub, "/blame/main/empty"))
    for path in ("module", "none", "long.txt/x", "", "..", "--all"):
        assert hub.get("/diff/blame/main/" + path).status_code == 404, path
    assert "immutable" in hub.get(
        "/diff/blame/%s/noend" % story.root).headers["Cache-Control"]


def test_a_name_that_is_no_utf8_is_blamed_by_its_bytes(hub, story):
    root = parse(hub.get("/diff/blame/main/caf%E9"))
    assert "caf\ufffd" in text(root.find(".//h1"))
    assert len(by_class(root, "n")) == 2


# ---- archive

def git_archive(repo, rev, prefix, format_):
    return run(["git", "-C", str(repo.path), "archive", "--format=" + format_, "--prefix=" + prefix, rev],
               input=b"").stdout


@pytest.mark.parametrize("ref, name", [("main", "diff-main"), ("feature/x", "diff-feature-x"),
                                       ("v1.0", "diff-v1.0"), ("%3Cb%3E&", "diff--b--")])
def test_archives_are_gits_own(hub, story, ref, name):
    rev = ref.replace("%3C", "<").replace("%3E", ">")
    commit = story.repo.oid(rev + "^{commit}")
    answer = hub.get("/diff/archive/%s.tar.gz" % ref)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/gzip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="%s.tar.gz"' % name
    assert answer.content == git_archive(story.repo, commit, name + "/", "tar.gz")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        assert name + "/long.txt" in tar.getnames()
    answer = hub.get("/diff/archive/%s.zip" % ref)
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert name + "/run.sh" in archive.namelist()


def test_archives_of_an_id_may_be_kept_and_of_a_ref_are_asked_about(hub, story):
    kept = hub.get("/diff/archive/%s.zip" % story.root)
    assert "immutable" in kept.headers["Cache-Control"]
    asked = hub.get("/diff/archive/main.zip")
    assert "immutable" not in asked.headers.get("Cache-Control", "")
    for first, path in ((kept, story.root), (asked, "main")):
        again = hub.get("/diff/archive/%s.zip" % path,
                        headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
    for path in ("main", "main.tar", "none.zip", ".zip", "main.zip/x", "--all.zip"):
        assert hub.get("/diff/archive/" + path).status_code == 404, path


def test_head_tells_the_same_without_a_body(hub, story):
    for path in ("/archive/main.tar.gz", "/patch/main", "/commit/main", "/blame/main/noend"):
        answer = hub.request("HEAD", "/diff" + path)
        assert answer.status_code == 200 and answer.content == b"", path
        assert answer.headers["Content-Type"] == hub.get("/diff" + path).headers["Content-Type"]


def test_a_client_that_goes_away_takes_the_child_with_it(hub, upstream):
    repo = upstream.repo("noise.git")
    repo.noise(40_000_000)
    hub.mirror(upstream.url("noise.git"), "noise")

    def children():
        told = subprocess.run(["pgrep", "-f", "^git archive.*--prefix=noise-main/"],
                              capture_output=True, text=True, check=False)
        return told.stdout.split()
    answer = hub.request("GET", "/noise/archive/main.tar.gz", stream=True)
    assert answer.status_code == 200
    wait_until(children)
    answer.close()
    wait_until(lambda: not children())


def test_a_commits_whole_id_is_there_to_copy(hub, story):
    [shown] = [e.get("data-copy") for e in page(hub, "/commit/v1.0").iter() if e.get("data-copy")]
    assert shown == story.root


def test_pages_of_a_project_lead_to_its_archives_and_comparisons(hub, story):
    assert "/diff/archive/main.zip" in hrefs(page(hub, ""))
    assert "/diff/archive/v1.0.tar.gz" in hrefs(page(hub, "/tree/v1.0"))
    assert "/diff/archive/v1.0.tar.gz" in hrefs(page(hub, "/tags"))
    assert "/diff/compare?from=main&to=feature%2Fx" in hrefs(page(hub, "/branches"))
    assert "/diff/archive/%s.zip" % story.root in hrefs(page(hub, "/commit/" + story.root))


# ---- who may

def test_hidden_looks_missing(hub, story, upstream):
    hub.mirror(upstream.url("diff.git"), "hidden")
    hub.sql("UPDATE hub.project SET default_access = 0 WHERE path = 'hidden'")
    for path in ("/commit/main", "/patch/main", "/compare", "/blame/main/noend",
                 "/archive/main.zip"):
        there, nowhere = hub.get("/hidden" + path), hub.get("/nowhere" + path)
        assert there.status_code == nowhere.status_code == 404
        assert there.headers["Content-Type"] == nowhere.headers["Content-Type"]
