"""Contract B8.1: the tests that the Hub's own makers had, rows 1 to 12, on a repository made like
theirs. It comes from a folder of this machine, named by a relative path, as their set-up has it."""

import os
import shutil

import pytest

from conformance.hub.client import error, push, repo_url
from fixtures.hub import ROOT
from fixtures.repos import Repo
from fixtures.run import clean_env

HUB_CONF = {"hub.allow_local_urls": "yes", "net.allow_file": "yes"}


class Eol:
    """86 commits on master, annotated tags 0.7.2 to 0.7.5, .gitignore first, lib/eol.py."""

    def __init__(self, hub):
        self.hub = hub
        self.repo = repo = Repo(hub.var / "eol.git", head="master")
        lib = repo.raw_tree([("100755", "eol.py", repo.blob("#!/usr/bin/env python\nprint('eol')\n"))])
        self.tree = repo.raw_tree([
            ("100644", ".gitignore", repo.blob("*.pyc\n")), ("100644", "README.md", repo.blob("eol\n")),
            ("40000", "lib", lib), ("100644", "setup.py", repo.blob("import eol\n"))])
        self.ids = []
        for i in range(86):
            self.ids.append(repo.commit_of_tree(self.tree, self.ids[-1:], "commit %d" % i))
        repo.ref("refs/heads/master", self.ids[-1])
        for i, tag in enumerate(("0.7.2", "0.7.3", "0.7.4", "0.7.5")):
            repo.tag(tag, self.ids[20 * i], message=tag)
        # their server read whatever was there; ours takes its own user's folders alone
        owner = hub.data_dir.stat()
        for folder, _, files in os.walk(repo.path):
            for name in [folder] + [os.path.join(folder, f) for f in files]:
                shutil.chown(name, owner.st_uid, owner.st_gid)
        pid = hub.pids("mirrorhub-fcgi")[0]
        got = push(hub, "eol", os.path.relpath(repo.path, os.readlink("/proc/%d/cwd" % pid)))
        assert got.json() == {"success": True}, got.text
        hub.wait_run("eol")
        hub.wait_idle("eol")


@pytest.fixture(scope="module")
def eol(hub):
    return Eol(hub)


def ok(hub, *parts, **kw):
    got = hub.get(repo_url("eol", *parts), **kw)
    assert got.status_code == 200, got.text
    return got.json()


def test_theirs_1_the_documentation_is_html_for_browsers(hub):
    got = hub.get("/api", headers={"Accept": "text/html"})
    assert got.status_code == 200 and "<html" in got.text
    assert "API Documentation" in got.text.split("</title>")[0]


def test_theirs_2_and_json_for_programs(hub):
    got = hub.get("/api", headers={"Accept": None}).json()
    assert got["endpoints"] and got["version"] == "1.0.0"


def test_theirs_3_the_list_has_it(hub, eol):
    assert "eol" in [r["name"] for r in hub.get("/api/repos").json()["repositories"]]


def test_theirs_4_one_has_its_name(hub, eol):
    one = ok(hub)["repository"]
    assert one["name"] == "eol" and one["url"] == "file://" + str(eol.repo.path)
    assert (one["isCloned"], one["isFetchPending"], one["numActiveFetches"]) == (True, False, 0)


def test_theirs_5_refs(hub, eol):
    refs = ok(hub, "refs")
    assert "master" in refs["branches"] and "0.7.2" in refs["tags"]
    assert {"refs/heads/master", "refs/tags/0.7.2"} <= set(refs["refs"])


@pytest.mark.parametrize("ref, full", [("master", "refs/heads/master"), ("0.7.2", "refs/tags/0.7.2")])
def test_theirs_6_and_7_the_root_of_a_branch_and_of_a_tag(hub, eol, ref, full):
    new, old = ok(hub, "refs", ref), ok(hub, "ref", ref)
    assert (new["ref"], old["ref"]) == (ref, full)
    for one in (new, old):
        assert (one["type"], one["path"], one["tree"]["id"]) == ("tree", "", eol.tree)
        assert one["tree"]["entries"][0]["name"] == ".gitignore"


def commit(hub, text):
    return ok(hub, "commit", text)["commit"]


def test_theirs_8_a_commit_by_its_id(hub, eol):
    one = commit(hub, eol.ids[-1])
    assert (one["id"], one["tree"], one["parents"]) == (eol.ids[-1], eol.tree, [eol.ids[-2]])
    assert (one["message"], one["author"]["name"]) == (
        "commit 85", clean_env()["GIT_AUTHOR_NAME"])


def test_theirs_9_by_eight_digits(hub, eol):
    assert commit(hub, eol.ids[-1][:8]) == commit(hub, eol.ids[-1])


def test_theirs_10_by_digits_that_nothing_has(hub, eol):
    digits = next(d for d in ("abcdef", "fedcba") if not any(i.startswith(d) for i in eol.ids))
    got = hub.get(repo_url("eol", "commit", digits))
    assert (got.status_code, got.json()) == (404, error("commit '%s' not found" % digits, 404))


def test_theirs_11_an_older_one(hub, eol):
    assert commit(hub, eol.ids[3])["message"] == "commit 3"


def test_theirs_12_by_its_branch(hub, eol):
    assert commit(hub, "master")["id"] == eol.ids[-1]


def test_a_local_path_without_the_setting_is_refused(fresh_hub, tmp_path):
    hub = fresh_hub({"net.allow_file": "yes"})
    got = push(hub, "eol", str(ROOT))
    assert got.json() == {"success": False, "error": "unsupported repository URL"}


def test_theirs_13_the_front_page_leads_to_it(hub, eol):
    got = hub.get("/", headers={"Accept": "text/html"})
    assert got.status_code == 200 and 'href="/eol"' in got.text
