"""What makes serving cheap is never seen by a client: answers given without a Git child equal Git's
own, and packs come from where they are cheapest. Only figures of `make bench` say how fast."""

import os
import pathlib
import re

import pytest

from fixtures.repos import Repo, simple
from fixtures.run import clean_env, git, run, wait_until
from fixtures.upstream import FLUSH, pkt

FETCH = "git-upload-pack"
DELIMITER = b"0001"


# ---------------------------------------------------------------- helpers

def in_store(hub, name, *args, **kw):
    return git("-c", "safe.directory=*", "-C", hub.store_dir(name), *args, **kw)


def gits_own(hub, name, version, *args, body=b""):
    """What upload-pack itself says of the store, with the settings that matter."""
    env = clean_env(GIT_PROTOCOL="version=%d" % version, GIT_CONFIG_COUNT="3",
               GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*",
               GIT_CONFIG_KEY_1="uploadpack.allowFilter", GIT_CONFIG_VALUE_1="true",
               GIT_CONFIG_KEY_2="transfer.hideRefs", GIT_CONFIG_VALUE_2="refs/mirrorhub")
    return run(["git", "upload-pack", "--strict", "--stateless-rpc", *args,
                str(hub.store_dir(name))], input=body, env=env).stdout


def advert(hub, name, version):
    return hub.get("/%s.git/info/refs?service=%s" % (name, FETCH),
                   headers={"Git-Protocol": "version=%d" % version} if version else {}).content


def ls_refs_body(*args, words=("agent=git/2.39.5", "object-format=sha1")):
    lines = b"".join(pkt(w + "\n") for w in words)
    return (pkt("command=ls-refs\n") + lines + DELIMITER + b"".join(pkt(a + "\n") for a in args)
            + FLUSH)


def post(hub, name, body, version=2):
    return hub.post("/%s.git/%s" % (name, FETCH), body, headers={
        "Content-Type": "application/x-%s-request" % FETCH,
        "Git-Protocol": "version=%d" % version})


def children_cost(hub):
    """Grows whenever a process of the git pool has had a child: page faults of awaited children."""
    pids = [pid for pid, argv in hub.processes().items() if "--pool git" in " ".join(argv)]
    assert pids
    stats = [pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1] for pid in pids]
    return sum(int(stat.split()[8]) for stat in stats)


@pytest.fixture
def mirrored(hub, upstream, name):
    """A mirror with branches, light and annotated tags, and tags of tags."""
    one = simple(upstream.folder / (name + ".git"))
    one.git("tag", "-a", "-m", "x", "outer", one.oid("main"))
    one.git("tag", "-a", "-m", "y", "of-a-tag", "outer")
    hub.mirror(upstream.url(name + ".git"), name)
    return one


# ---------------------------------------------------------------- lists of refs

@pytest.mark.parametrize("version", [0, 1, 2])
def test_advertisements_equal_gits_own(hub, mirrored, name, version):
    service = b"" if version == 2 else pkt("# service=%s\n" % FETCH) + FLUSH
    own = service + gits_own(hub, name, version, "--advertise-refs")
    for _ in range(12):  # more than there are processes: the first answer of each is Git's
        assert advert(hub, name, version) == own


def test_a_known_mirror_is_listed_without_a_child(hub, mirrored, name):
    def is_free():
        before = children_cost(hub)
        for version in (0, 1, 2) * 4:
            advert(hub, name, version)
            hub.refs(name)
        return children_cost(hub) == before
    wait_until(is_free, 30, "every process has learned for itself, and none has a child any more")


@pytest.mark.parametrize("args", [
    (), ("peel",), ("symrefs",), ("peel", "symrefs"), ("peel", "symrefs", "unborn"),
    ("ref-prefix refs/heads/",), ("peel", "ref-prefix refs/tags/", "ref-prefix HEAD"),
    ("symrefs", "ref-prefix HEAD"), ("ref-prefix refs/heads/main", "ref-prefix refs/heads/main"),
    ("ref-prefix ",), ("ref-prefix refs/none",), ("unknown-word",)])
def test_ls_refs_equals_gits_own(hub, mirrored, name, args):
    body = ls_refs_body(*args)
    answer = post(hub, name, body)
    if args == ("unknown-word",):
        assert answer.status_code == 400
    else:
        assert answer.status_code == 200
        assert answer.content == gits_own(hub, name, 2, body=body)


@pytest.mark.parametrize("body", [
    pkt("command=ls-refs\n"), pkt("command=ls-refs\n") + b"0002", b"0001" + FLUSH,
    pkt("command=ls-refs\n") + DELIMITER + b"ffffpeel",
    pkt("command=ls-refs\n") + pkt("object-format=sha256\n") + FLUSH])
def test_what_is_no_ls_refs_is_gits_to_refuse(hub, mirrored, name, body):
    answer = post(hub, name, body)
    assert answer.status_code in (200, 400)
    assert mirrored.oid("main").encode() not in answer.content
    assert hub.refs(name) == mirrored.mirrored()


def test_ls_refs_in_one_piece_with_nothing_behind_the_command(hub, mirrored, name):
    body = pkt("command=ls-refs\n") + FLUSH
    assert post(hub, name, body).content == gits_own(hub, name, 2, body=body)


def test_a_change_shows_at_once_in_every_process(hub, upstream, mirrored, name):
    for n in range(3):
        mirrored.commit("main", {"n": str(n)})
        mirrored.git("tag", "t%d" % n, "main")
        if n == 2:
            mirrored.git("update-ref", "-d", "refs/tags/t0")
        hub.sync_and_wait(name)
        for _ in range(8):
            assert hub.refs(name) == mirrored.mirrored()


def test_head_follows_and_may_lead_nowhere(hub, upstream, mirrored, name):
    mirrored.git("branch", "-f", "other", "main")
    mirrored.git("symbolic-ref", "HEAD", "refs/heads/other")
    hub.sync_and_wait(name)
    for version in (0, 1, 2):
        for _ in range(6):
            assert b"HEAD:refs/heads/other" in advert(hub, name, version) or version == 2
    (hub.store_dir(name) / "HEAD").write_text("ref: refs/heads/nowhere\n")
    for version in (0, 1, 2):
        own = gits_own(hub, name, version, "--advertise-refs")
        for _ in range(6):
            assert advert(hub, name, version).endswith(own)
    for args in (("symrefs", "unborn"), ("symrefs",), ("unborn",),
                 ("symrefs", "unborn", "ref-prefix refs/heads/")):
        body = ls_refs_body(*args)
        assert post(hub, name, body).content == gits_own(hub, name, 2, body=body)


def test_kept_tips_are_never_told(hub, mirrored, name):
    packed = hub.store_dir(name) / "packed-refs"
    secret = mirrored.oid("main")
    text = packed.read_text()
    packed.write_text(text.replace("sorted \n", "sorted \n", 1) + "%s refs/mirrorhub/kept/main/1\n"
                      % secret)
    for version in (0, 1):
        for _ in range(6):
            assert b"refs/mirrorhub" not in advert(hub, name, version)
    for args in ((), ("ref-prefix refs/mirrorhub/",)):
        assert b"mirrorhub" not in post(hub, name, ls_refs_body(*args)).content


def test_a_project_with_loose_refs_is_told_by_git_and_then_packed(hub, name, tmp_path):
    one = simple(tmp_path / "one.git")
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", "read")
    for n in range(9):  # as many packs
        one.commit("main", {"n": str(n)})
        one.git("push", "-q", "--mirror", hub.clone_url(name, hub.admin))
        assert hub.refs(name) == one.refs()
    for version in (0, 1, 2):
        assert hub.ls_remote(name, version=version)
    assert one.refs() == hub.refs(name)
