"""Contract B8.2, rows 32 to 48: what is in repositories, as JSON. The truth is git's own view."""

import base64
import json
import urllib.parse

import pytest

from conformance.hub.client import error, push, repo_url
from fixtures.repos import simple
from fixtures.upstream import silent

HUB_CONF = {"hub.blob_bytes": 100000}

NAMES = [b"with blank", b"hash#", b"what?", b"100%", b"%20", b"a+b", b"caf\xe9.txt", b"\xff",
         "\u00fcmlaut".encode(), b"-rf", b'<img src=x>', b'q"uote', b"back\\slash", b"tab\there",
         b"new\nline", b"\x1b[31m", "\u202egpj".encode(), b"..%2f", b"tree"]


def quote(path):
    return urllib.parse.quote(path, safe="")


class Zoo:
    """A repository with one of everything, and the hub's mirror of it: zoo."""

    name = "zoo"

    def __init__(self, hub, upstream):
        self.hub = hub
        self.repo = repo = upstream.repo("zoo.git", head="master")
        self.cut = b"x" * 1022 + "\u20ac".encode()[:2]
        self.files = {
            "text": b"hello\n", "empty": b"", "binary": b"\x00\x01\xff", "latin": b"caf\xe9",
            "cut1024": self.cut, "cut1023": self.cut[1:], "long": b"x" * 1022 + "\u20ac".encode() + b"y",
            "nul": b"a\0b", "large": b"y" * 100001, "most": b"z" * 100000}
        blob = {n: repo.blob(d) for n, d in self.files.items()}
        self.lib = repo.raw_tree([("100755", "eol.py", repo.blob("#!/usr/bin/env python\n"))])
        hostile = repo.raw_tree(sorted([("100644", n, repo.blob(n + b"!")) for n in NAMES],
                                       key=lambda e: e[1]))
        self.pinned = "12" * 20
        entries = [("100644", n, oid) for n, oid in blob.items()] + [
            ("40000", "lib", self.lib), ("40000", "names", hostile),
            ("120000", "link", repo.blob("lib/eol.py")), ("160000", "module", self.pinned)]
        self.tree = repo.raw_tree(sorted(entries, key=lambda e: (
            e[1] + "/" if e[0] == "40000" else e[1]).encode()))
        self.root = repo.commit_of_tree(repo.tree({"README": "first\n"}), [], "first")
        self.side = repo.commit_of_tree(self.tree, [self.root], "side")
        self.other = repo.commit_of_tree(self.tree, [self.root], "other")
        self.merge = repo.commit_of_tree(self.tree, [self.root, self.side], "merge")
        self.octopus = repo.commit_of_tree(self.tree, [self.merge, self.side, self.other], "octopus")
        self.tip = self.special(self.octopus)
        repo.ref("refs/heads/master", self.tip)
        repo.ref("refs/heads/feature/x", self.side)
        repo.tag("v1", self.root, message="release one")
        repo.tag("light", self.side)
        repo.ref("refs/heads/both", self.root)
        repo.tag("both", self.side)
        push(hub, self.name, upstream.url("zoo.git"))
        hub.wait_run(self.name)
        hub.wait_idle(self.name)

    def special(self, parent):
        """A commit in latin-1, by people in other zones, with newlines at the end."""
        return self.repo.object("commit", (
            "tree %s\nparent %s\nauthor J\u00fcrgen <j@example.com> 1300000000 -0700\n"
            "committer Ren\u00e9e <r@example.com> 1300000060 +0530\nencoding ISO-8859-1\n\n"
            "\u00c4nderung\n\nmit \u00fc\n\n\n" % (self.tree, parent)).encode("latin-1"))

    def get(self, *parts, **kw):
        return self.hub.get(repo_url(self.name, *parts), **kw)


@pytest.fixture(scope="module")
def zoo(hub, upstream):
    return Zoo(hub, upstream)


def ok(answer):
    assert answer.status_code == 200, (answer.status_code, answer.text[:500])
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def lost(answer, message):
    assert (answer.status_code, answer.json()) == (404, error(message, 404))


# ---------------------------------------------------------------- two dialects

def listed(repo, tree):
    """[(mode, id, name)] as git lists it."""
    lines = repo.git("ls-tree", "-z", tree, input=b"").split(b"\0")
    return [(head.split()[0].decode(), head.split()[2].decode(), name)
            for head, name in (line.split(b"\t", 1) for line in lines if line)]


def test_row_32_the_old_dialect_and_the_new_one(zoo):
    old, new = ok(zoo.get("ref", "master")), ok(zoo.get("refs", "master"))
    truth = listed(zoo.repo, zoo.tree)
    assert (old["ref"], new["ref"]) == ("refs/heads/master", "master")
    for one in (old, new):
        assert (one["path"], one["type"], one["tree"]["id"]) == ("", "tree", zoo.tree)
        assert [(e["id"], e["name"]) for e in one["tree"]["entries"]] == [
            (oid, name.decode()) for _, oid, name in truth]
    assert set(old) == {"ref", "path", "type", "tree"}
    assert set(new) == {"ref", "path", "type", "tree", "commit"}
    assert [e["attributes"] for e in old["tree"]["entries"]] == [int(m, 8) for m, _, _ in truth]
    assert [e["mode"] for e in new["tree"]["entries"]] == [m for m, _, _ in truth]
    assert new["commit"] == ok(zoo.get("commit", zoo.tip))["commit"]
    old, new = ok(zoo.get("ref", "v1", "README")), ok(zoo.get("refs", "v1", "README"))
    assert (old["ref"], new["ref"]) == ("refs/tags/v1", "v1")
    assert old["blob"] == new["blob"]
    assert base64.b64decode(old["blob"]["data"]) == b"first\n"


def entry(zoo, dialect, path, name):
    return {e["name"]: e for e in ok(zoo.get(dialect, "master", *path))["tree"]["entries"]}[name]


def test_row_33_an_executable_file(zoo):
    assert entry(zoo, "ref", ["lib"], "eol.py")["attributes"] == 33261
    assert entry(zoo, "refs", ["lib"], "eol.py")["mode"] == "100755"


@pytest.mark.parametrize("name, number, digits", [
    ("lib", 16384, "040000"), ("link", 40960, "120000"), ("module", 57344, "160000"),
    ("text", 33188, "100644")])
def test_row_34_folders_links_and_submodules(zoo, name, number, digits):
    assert entry(zoo, "ref", [], name)["attributes"] == number
    assert entry(zoo, "refs", [], name)["mode"] == digits


def test_row_34_what_is_behind_them(zoo):
    link = ok(zoo.get("refs", "master", "link"))
    assert (link["type"], base64.b64decode(link["blob"]["data"])) == ("blob", b"lib/eol.py")
    module = ok(zoo.get("refs", "master", "module"))
    assert (module["type"], module["commit_id"]) == ("commit", zoo.pinned)
    lost(zoo.get("ref", "master", "module"), "'module' not found")


@pytest.mark.parametrize("name, is_text", [
    ("text", True), ("binary", False), ("empty", True), ("cut1024", True), ("cut1023", False),
    ("long", True), ("latin", False), ("nul", False)])
def test_row_35_bytes_come_whole_and_are_looked_at(zoo, name, is_text):
    for dialect in ("ref", "refs"):
        blob = ok(zoo.get(dialect, "master", name))["blob"]
        assert base64.b64decode(blob["data"], validate=True) == zoo.files[name]
        assert blob["looksLikeUtf8"] is is_text
        assert blob["id"] == zoo.repo.blob(zoo.files[name])


def test_a_file_that_is_too_large_tells_its_size(zoo):
    got = zoo.get("refs", "master", "large")
    assert got.status_code == 413
    assert (got.json()["error"]["code"], got.json()["error"]["size"]) == (413, 100001)
    assert len(ok(zoo.get("refs", "master", "most"))["blob"]["data"]) > 100000


def test_row_36_a_tag_wins_over_a_branch(zoo):
    assert ok(zoo.get("ref", "both"))["ref"] == "refs/tags/both"
    assert ok(zoo.get("refs", "both"))["commit"]["id"] == zoo.side
    assert ok(zoo.get("commit", "both"))["commit"]["id"] == zoo.side


def test_row_37_a_slash_in_a_branch(zoo):
    assert ok(zoo.get("refs", "feature%2Fx"))["commit"]["id"] == zoo.side
    assert ok(zoo.get("ref", "feature%2Fx", "lib"))["ref"] == "refs/heads/feature/x"
    assert ok(zoo.get("commits", "feature%2Fx"))["branch"] == "feature/x"
    assert ok(zoo.get("commit", "feature%2Fx"))["commit"]["id"] == zoo.side
    assert zoo.get("refs", "feature", "x").status_code == 404


@pytest.mark.parametrize("path", ["//lib///eol.py/", "/lib/eol.py", "lib/eol.py/", "lib//eol.py"])
def test_row_38_slashes_too_many(zoo, path):
    got = zoo.hub.ask(repo_url(zoo.name, "refs", "master", path))
    assert got.status == 200, got
    one = json.loads(got.body)
    assert (one["path"], one["type"]) == ("lib/eol.py", "blob")


@pytest.mark.parametrize("ref, path", [
    ("master", "lib/../text"), ("master", "./text"), ("master", ".."), ("master", "text/x"),
    ("master", "nix"), ("master", "lib/nix"), ("master", "LIB"), ("master", ".git"),
    ("nix", "text"), ("nix", ""), ("-rf", ""), ("refs%2Fheads%2Fnix", ""), ("master%00x", "")])
def test_row_39_what_is_not_there(zoo, ref, path):
    for dialect in ("ref", "refs"):
        got = zoo.hub.ask(repo_url(zoo.name, dialect, ref, *([path] if path else [])))
        assert got.status in ((400, 404) if "%00" in ref else (404,)), got


def test_row_39_says_what_it_is_that_is_not_there(zoo):
    lost(zoo.get("refs", "nix"), "unknown branch or tag: 'nix'")
    lost(zoo.get("refs", "master", "lib", "nix"), "'lib/nix' not found")
    lost(zoo.get("commits", "nix"), "unknown branch or tag: 'nix'")
    lost(zoo.get("commit", "nix"), "commit 'nix' not found")


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_row_40_names_are_bytes(zoo, name):
    got = zoo.hub.ask(repo_url(zoo.name, "refs", "master", "names", quote(name)))
    assert got.status == 200, got
    one = json.loads(got.body)
    assert base64.b64decode(one["blob"]["data"]) == name + b"!"
    assert one["path"] == "names/" + name.decode("utf-8", "replace")


def test_row_40_a_folder_of_such_names_is_json(zoo):
    names = [e["name"] for e in ok(zoo.get("refs", "master", "names"))["tree"]["entries"]]
    assert names == [n.decode("utf-8", "replace") for n in sorted(NAMES)]


# ---------------------------------------------------------------- refs

def test_refs_have_the_highest_name_first(zoo):
    refs = ok(zoo.get("refs"))
    truth = sorted(zoo.repo.mirrored(), reverse=True)
    assert refs == {"refs": truth,
                    "branches": [r[11:] for r in truth if r.startswith("refs/heads/")],
                    "tags": [r[10:] for r in truth if r.startswith("refs/tags/")]}


def test_row_41_an_empty_repository(hub, upstream, zoo):
    upstream.repo("empty.git")
    push(hub, "empty", upstream.url("empty.git"))
    hub.wait_run("empty")
    hub.wait_idle("empty")
    assert ok(hub.get(repo_url("empty", "refs"))) == {"refs": [], "branches": [], "tags": []}
    for parts in (("ref", "main"), ("refs", "main"), ("commits", "main"), ("refs", "HEAD")):
        lost(hub.get(repo_url("empty", *parts)), "unknown branch or tag: '%s'" % parts[1])
    lost(hub.get(repo_url("empty", "commit", "main")), "commit 'main' not found")


def test_a_project_without_an_upstream_is_one_too(hub):
    got = hub.post("/api/v1/projects.json", None, json={
        "project": {"name": "plain", "owner_id": hub.one("SELECT id FROM hub.account WHERE uname = %s",
                                                         hub.user), "owner_type": "User", "visibility": "open"}})
    assert got.status_code in (200, 201), got.text
    path = hub.user + "/plain"
    one = ok(hub.get(repo_url(path), hub.admin))["repository"]
    assert (one["name"], one["isCloned"], one["isFetchPending"], one["numActiveFetches"]) == (
        path, True, False, 0)
    assert one["url"] == hub.clone_url(path)
    assert ok(hub.get(repo_url(path, "refs"), hub.admin))["refs"] == []
    got = push(hub, path)
    assert got.status_code == 400 and "no mirror" in got.json()["error"]


def test_row_42_while_it_is_cloned_there_is_nothing_to_see(hub, upstream, name):
    simple(upstream.folder / ("o/%s.git" % name))
    upstream.fault("o/%s.git" % name, silent())
    push(hub, name, upstream.url("o/%s.git" % name))
    for parts in (["refs"], ["ref", "main"], ["refs", "main"], ["refs", "main", "a"],
                  ["commit", "main"], ["commits", "main"]):
        got = hub.get(repo_url(name, *parts))
        assert got.status_code == 503 and int(got.headers["Retry-After"]) > 0
        assert got.json() == error("repository '%s' is still being cloned" % name, 503)
    upstream.heal()
    hub.wait_run(name)
    hub.wait_idle(name)
    assert ok(hub.get(repo_url(name, "refs", "main")))["type"] == "tree"


# ---------------------------------------------------------------- commits

@pytest.fixture(scope="module")
def long(hub, upstream):
    """A mirror with 86 commits in a row: (name, repo)."""
    repo = upstream.repo("long.git")
    repo.commits(86)
    push(hub, "long", upstream.url("long.git"))
    hub.wait_run("long")
    hub.wait_idle("long")
    return "long", repo


@pytest.mark.parametrize("query, limit, offset", [
    ("", 40, 0), ("?limit=1&offset=1", 1, 1), ("?limit=0", 1000, 0), ("?limit=abc", 40, 0),
    ("?offset=abc", 40, 0), ("?limit=999999", 1000, 0), ("?offset=80", 40, 80),
    ("?offset=86", 40, 86), ("?offset=99999999", 40, 99999999), ("?limit=&offset=", 40, 0)])
def test_row_43_pages_of_commits(hub, long, query, limit, offset):
    name, repo = long
    got = ok(hub.get(repo_url(name, "commits", "main") + query))
    truth = repo.git("rev-list", "main").split()
    assert (got["branch"], got["limit"], got["offset"]) == ("main", limit, offset)
    assert [c["id"] for c in got["commits"]] == truth[offset:offset + limit]


@pytest.mark.parametrize("query", ["?limit=-1", "?offset=-1", "?limit=-99999"])
def test_row_43_less_than_nothing(hub, long, query):
    got = hub.get(repo_url("long", "commits", "main") + query)
    assert got.status_code == 400 and got.json()["error"]["code"] == 400


def test_row_44_parents_and_tags(zoo):
    def parents(text):
        return ok(zoo.get("commit", text))["commit"]["parents"]
    assert parents(zoo.root) == []
    assert parents(zoo.merge) == [zoo.root, zoo.side]
    assert parents(zoo.octopus) == [zoo.merge, zoo.side, zoo.other]
    tag = zoo.repo.oid("refs/tags/v1")
    assert ok(zoo.get("commit", tag))["commit"]["id"] == zoo.root
    assert ok(zoo.get("commit", "v1"))["commit"]["id"] == zoo.root


def test_row_45_what_is_no_commit(zoo, hub, long):
    ids = long[1].git("rev-list", "main").split()
    texts = ["abc", "0" * 41, "master~1", "master^", "--all", "-n1", zoo.tree, "master:lib", "@{0}",
             "HEAD~0", zoo.repo.blob(b"hello\n"), "g" * 40, zoo.tip[:3]]
    for text in texts:
        assert zoo.get("commit", quote(text)).status_code == 404, text
        assert zoo.get("commits", quote(text)).status_code == 404, text
    assert zoo.get("commit", zoo.tip.upper()).status_code in (200, 404)
    assert ids


def test_row_45_an_ambiguous_beginning(hub, upstream):
    repo = upstream.repo("many.git")
    repo.commits(1200)
    seen, twice = set(), None
    for oid in repo.git("rev-list", "main").split():
        twice = oid[:4] if oid[:4] in seen else twice
        seen.add(oid[:4])
    assert twice
    push(hub, "many", upstream.url("many.git"))
    hub.wait_run("many")
    hub.wait_idle("many")
    lost(hub.get(repo_url("many", "commit", twice)), "commit '%s' not found" % twice)
    lost(hub.get("/api/commit/" + twice), "Commit '%s' not found." % twice)


def test_a_commit_has_all_of_it(zoo):
    commit = ok(zoo.get("commit", "master"))["commit"]
    assert commit == {
        "id": zoo.tip, "message": "\u00c4nderung\n\nmit \u00fc",
        "author": {"name": "J\u00fcrgen", "email": "j@example.com",
                   "time": "2011-03-13T07:06:40.000Z", "timeOffset": -420},
        "committer": {"name": "Ren\u00e9e", "email": "r@example.com",
                      "time": "2011-03-13T07:07:40.000Z", "timeOffset": 330},
        "parents": [zoo.octopus], "tree": zoo.tree}


def test_row_46_latin_1_is_read_by_the_commits_encoding(zoo):
    assert ok(zoo.get("commit", zoo.tip))["commit"]["message"].startswith("\u00c4nderung")


def test_row_47_zones(zoo):
    commit = ok(zoo.get("commit", zoo.tip))["commit"]
    assert (commit["author"]["timeOffset"], commit["committer"]["timeOffset"]) == (-420, 330)


def test_row_48_a_commit_in_whichever_repository_has_it(hub, upstream, zoo):
    for name in ("zoo-b", "zoo-a"):
        push(hub, name, upstream.url("zoo.git"))
        hub.wait_run(name)
        hub.wait_idle(name)
    got = ok(hub.get("/api/commit/" + zoo.tip[:16]))
    assert set(got) == {"repository", "commit"}
    assert (got["repository"]["name"], got["commit"]["id"]) == ("zoo", zoo.tip)
    assert got["repository"] == ok(zoo.get())["repository"]
    for text in ("master", "v1", "HEAD", zoo.tip[:3], "badbad", zoo.tree, "refs%2Fheads%2Fmaster"):
        assert hub.get("/api/commit/" + text).status_code == 404, text
    hub.set_access("zoo", 0)  # the next one by name
    assert ok(hub.get("/api/commit/" + zoo.tip))["repository"]["name"] == "zoo-a"
    assert ok(hub.get("/api/commit/" + zoo.tip, hub.admin))["repository"]["name"] == "zoo"
    hub.set_access("zoo", 1)
    for name in ("zoo-b", "zoo-a"):
        assert hub.delete(repo_url(name)).status_code == 204
    lost(hub.get("/api/commit/abcdef"), "Commit 'abcdef' not found.")
