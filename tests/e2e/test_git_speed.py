"""What makes serving cheap is never seen by a client: answers given without a Git child equal Git's
own, and packs come from where they are cheapest. Only figures of `make bench` say how fast."""

import os
import pathlib
import shutil
import socket

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
    wait_until(is_free, 120, "every process has learned for itself, and none has a child any more")


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


def test_a_project_with_loose_refs_is_told_by_git(hub, name, tmp_path):
    one = simple(tmp_path / "one.git")
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", "read")
    for n in range(9):  # as many packs
        one.commit("main", {"n": str(n)})
        one.git("push", "-q", "--mirror", hub.clone_url(name, hub.admin))
        assert hub.refs(name) == one.refs()
    for version in (0, 1, 2):
        assert hub.ls_remote(name, version=version)
    assert one.refs() == hub.refs(name)


# ---------------------------------------------------------------- kept clones

def kept(hub, name=None):
    """Files of kept clones: all, or those of one project."""
    folder = hub.data_dir / "cache" / "clones"
    prefix = "" if name is None else hub.store_dir(name).name.split(".")[0] + "-"
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(prefix))


def wants_all(repo, *more):
    oids = sorted(set(repo.refs("refs/heads").values()))
    return (pkt("command=fetch\n") + DELIMITER + pkt("ofs-delta\n") + pkt("no-progress\n")
            + b"".join(pkt("want %s\n" % oid) for oid in oids)
            + b"".join(pkt(m + "\n") for m in more) + pkt("done\n") + FLUSH)


@pytest.fixture
def large(hub, upstream, name):
    """A mirror of more than is too little to keep."""
    one = simple(upstream.folder / (name + ".git"))
    one.noise(3 << 20, "large")
    hub.mirror(upstream.url(name + ".git"), name)
    return one


def test_a_second_clone_is_the_first_ones_bytes_without_a_child(hub, large, name, tmp_path):
    first = post(hub, name, wants_all(large))
    assert first.status_code == 200
    wait_until(lambda: len(kept(hub, name)) == 1, 60, "the answer is kept")

    def is_free():
        before = children_cost(hub)
        for _ in range(8):
            again = post(hub, name, wants_all(large))
            assert again.content == first.content
            assert int(again.headers["Content-Length"]) == len(first.content)
            assert again.headers["Content-Type"] == "application/x-%s-result" % FETCH
        return children_cost(hub) == before
    wait_until(is_free, 120, "no process has a child any more")
    for n in range(3):
        hub.git("clone", "-q", "--mirror", hub.clone_url(name), tmp_path / str(n))
        copy = Repo(tmp_path / str(n))
        copy.fsck()
        assert copy.refs() == large.refs()


def test_what_was_kept_for_older_refs_is_never_sent_again(hub, large, name, tmp_path):
    for n in range(3):
        assert post(hub, name, wants_all(large)).status_code == 200
        hub.git("clone", "-q", "--mirror", hub.clone_url(name), tmp_path / str(n))
        assert Repo(tmp_path / str(n)).refs() == large.refs()
        states = {file.split("-")[1] for file in kept(hub, name)}
        assert len(states) == 1
        large.commit("main", {"n": str(n)})
        hub.sync_and_wait(name)


def test_kept_clones_are_for_those_who_may_read(hub, large, name):
    body = wants_all(large)
    assert post(hub, name, body).status_code == 200
    assert kept(hub, name)
    hub.set_access(name, 0)
    stranger = hub.account("s-" + name[:20].lower())
    headers = {"Content-Type": "application/x-%s-request" % FETCH, "Git-Protocol": "version=2"}
    for auth, status in ((None, 401), (stranger, 404), (hub.admin, 200)):
        answer = hub.post("/%s.git/%s" % (name, FETCH), body, auth=auth, headers=headers)
        assert answer.status_code == status
        assert (b"PACK" in answer.content) == (status == 200)


@pytest.mark.parametrize("more", ["deepen 1", "filter blob:none", "thin-pack", "include-tag"])
def test_another_wish_gets_another_answer(hub, large, name, more):
    plain = post(hub, name, wants_all(large)).content
    answer = post(hub, name, wants_all(large, more))
    assert answer.status_code == 200
    assert len(kept(hub, name)) == (2 if more in ("thin-pack", "include-tag") else 1)
    if more == "deepen 1":
        assert b"shallow-info" in answer.content
    if more == "filter blob:none":
        assert len(answer.content) < len(plain) / 2


def test_a_refused_or_broken_off_clone_is_not_kept(hub, large, name):
    wrong = wants_all(large, "want " + "1" * 40)
    post(hub, name, wrong)
    assert kept(hub, name) == []
    body = wants_all(large)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        s.connect(("127.0.0.1", hub.port))
        s.sendall(("POST /%s.git/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nGit-Protocol: version=2\r\n"
                   "Content-Type: application/x-%s-request\r\nContent-Length: %d\r\n\r\n"
                   % (name, FETCH, hub.port, FETCH, len(body))).encode() + body)
        assert s.recv(4096)
    # nginx and the sockets may hold all of it: then it was whole
    wait_until(lambda: not any(f.endswith(".new") for f in kept(hub, name)), 60, "nothing is begun")
    assert Repo(large.path).refs() == hub.refs(name)
    assert post(hub, name, body).content.count(b"PACK") == 1


def test_a_project_takes_its_kept_clones_along(hub, large, name):
    assert post(hub, name, wants_all(large)).status_code == 200
    prefix = hub.store_dir(name).name.split(".")[0] + "-"
    assert any(f.startswith(prefix) for f in kept(hub))
    assert hub.delete("/repositories/" + name).status_code == 200
    wait_until(lambda: not any(f.startswith(prefix) for f in kept(hub)), 60, "its clones are gone")


def test_the_room_for_kept_clones_is_bounded_and_may_be_none(fresh_hub, upstream, tmp_path):
    one = simple(upstream.folder / "bounded.git")
    one.noise(1 << 20, "large")
    hub = fresh_hub({"git.cache_bytes": 5 << 20})
    for n in range(6):
        hub.mirror(upstream.url("bounded.git"), "b%d" % n)
        assert post(hub, "b%d" % n, wants_all(one)).status_code == 200
    sizes = [(hub.data_dir / "cache" / "clones" / f).stat().st_size for f in kept(hub)]
    assert 3 <= len(sizes) <= 4 and sum(sizes) <= 5 << 20
    assert kept(hub, "b5") and not kept(hub, "b0")
    hub.restart(git__cache_bytes=0)
    shutil.rmtree(hub.data_dir / "cache", ignore_errors=True)  # a sweep may be at it
    assert post(hub, "b0", wants_all(one)).status_code == 200
    assert kept(hub) == []


# ---------------------------------------------------------------- upkeep

def wait_for_upkeep(store):
    """What it writes last is the list of commit-graphs."""
    chain = store / "objects/info/commit-graphs/commit-graph-chain"
    wait_until(chain.exists, 60, "upkeep was done")


def test_a_large_mirror_gets_a_bitmap_and_a_commit_graph(hub, large, name):
    pack = hub.store_dir(name) / "objects/pack"
    graphs = hub.store_dir(name) / "objects/info/commit-graphs"
    wait_for_upkeep(hub.store_dir(name))
    assert list(pack.glob("multi-pack-index-*.bitmap")) and list(graphs.glob("*.graph"))
    in_store(hub, name, "multi-pack-index", "verify")
    in_store(hub, name, "commit-graph", "verify")
    in_store(hub, name, "fsck", "--strict")
    assert hub.refs(name) == large.refs()
    # and syncs go on as before
    large.commit("main", {"more": "1"})
    assert hub.sync_and_wait(name)["outcome"] == "changed"
    assert hub.refs(name) == large.refs()


def test_many_small_packs_become_few_and_nothing_is_lost(hub, upstream, name):
    one = simple(upstream.folder / (name + ".git"))
    hub.mirror(upstream.url(name + ".git"), name)
    gone = one.commit("side", {"gone": "1"})
    for n in range(9):
        one.commit("main", {"n": str(n)})
        hub.sync_and_wait(name)
        if n == 4:
            one.delete("refs/heads/side")
    pack = hub.store_dir(name) / "objects/pack"
    wait_until(lambda: len(list(pack.glob("*.pack"))) < 8, 60, "the packs were joined")
    wait_for_upkeep(hub.store_dir(name))
    in_store(hub, name, "fsck", "--strict")
    assert hub.refs(name) == one.refs()
    in_store(hub, name, "cat-file", "-e", gone)  # no ref reaches it, and it is there


def test_a_store_that_git_cannot_work_in_serves_and_syncs_on(hub, large, name):
    pack = hub.store_dir(name) / "objects/pack"
    wait_for_upkeep(hub.store_dir(name))
    (pack / "multi-pack-index").write_bytes(b"nonsense")
    large.commit("main", {"after": "1"})
    assert hub.sync_and_wait(name)["outcome"] == "changed"
    assert hub.refs(name) == large.refs()


def test_what_pushes_brought_is_looked_after_by_the_next_sweep(fresh_hub, tmp_path):
    hub = fresh_hub()
    one = simple(tmp_path / "one.git")
    hub.run_program("mirrorhub", "create-project", "pushed", "--owner", hub.user, "--access", "read")
    for n in range(9):  # as many packs
        one.commit("main", {"n": str(n)})
        one.git("push", "-q", "--mirror", hub.clone_url("pushed", hub.admin))
    store = hub.store_dir("pushed")
    (store / "objects/info/commit-graphs").mkdir(exist_ok=True)
    left = [store / "objects/pack/.tmp-1-pack-x.pack", store / "objects/info/commit-graphs/tmp_graph_x"]
    for path in left:  # of an upkeep that was killed
        path.write_text("x")
        os.utime(path, (1, 1))
    run(["chown", "-R", "--reference=" + str(store), str(store)])
    hub.stop()
    (hub.data_dir / "janitor.lock").unlink(missing_ok=True)  # as if the last sweep were an hour ago
    hub.start()
    wait_for_upkeep(store)
    assert (store / "objects/pack/multi-pack-index").exists()
    assert "refs/heads/main" in (store / "packed-refs").read_text()
    assert not [path for path in left if path.exists()]
    in_store(hub, "pushed", "fsck", "--strict")
    assert hub.refs("pushed") == one.refs()
    one.commit("main", {"n": "last"})
    one.git("push", "-q", "--mirror", hub.clone_url("pushed", hub.admin))
    assert hub.refs("pushed") == one.refs()
