"""Looking after stores: the rolling audit, what is made again, what is fetched anew, what only an
administrator may repair, and folders that are missing (checklists/reliability.md R-22, R-23, R-39)."""

import glob
import os
import pathlib
import shutil
import time

import pytest

from fixtures.repos import simple
from fixtures.run import git, run, wait_until

HUB_CONF = {"sync.poll_s": 1, "sync.workers": 2, "audit.bytes_per_hour": 0}  # no rest between audits


@pytest.fixture
def origin(upstream, name):
    repo = simple(upstream.folder / ("u/%s.git" % name))
    repo.commits(12)
    return repo


@pytest.fixture
def mirror(hub, upstream, origin, name):
    hub.add(upstream.url("u/%s.git" % name), name)
    hub.wait_run(name)
    return name


def store_of(hub, name):
    return hub.row("SELECT s.* FROM hub.store s JOIN hub.project p ON p.store_id = s.id"
                   " WHERE p.path = %s", name)


def audit(hub, name):
    """Its turn comes; the row of the store when it is over."""
    before = store_of(hub, name)["audited_at"]
    hub.sql("UPDATE hub.store s SET audit_at = '-infinity' FROM hub.project p WHERE p.store_id = s.id"
            " AND p.path = %s", name)

    def done():
        row = store_of(hub, name)
        return row if row["audited_at"] != before else None
    return wait_until(done, 90, lambda: "an audit of %s; %s" % (name, hub.logs("sync")[-2000:]))


def fsck(store):
    return run(["git", "-c", "safe.directory=*", "-C", str(store), "fsck", "--full", "--strict"],
               check=False).returncode


def one_pack(store, suffix="pack"):
    return pathlib.Path(sorted(glob.glob(str(store / "objects/pack/pack-*.")  + suffix))[0])


def overwrite(path):
    """Four bytes in the middle, as dd would."""
    os.chmod(path, 0o644)
    half = path.stat().st_size // 2
    with open(path, "r+b") as file:
        file.seek(half)
        old = file.read(4)
        file.seek(half)
        file.write(bytes(255 - b for b in old))


def events(hub, name):
    return [row["action"] for row in
            hub.sql("SELECT action FROM hub.event WHERE object = %s ORDER BY id", name)]


def test_a_whole_mirror_is_said_to_be_whole(hub, mirror):
    row = audit(hub, mirror)
    assert (row["damaged"], row["audit_result"]) == (False, "")
    assert row["verified_at"] is not None
    # and comes again before the month is over
    assert hub.one("SELECT audit_at BETWEEN now() + interval '26 days' AND now() + interval '30 days'"
                   " FROM hub.store WHERE id = %s", row["id"])


def test_R22_a_mirror_with_a_corrupt_pack_is_fetched_anew_while_it_is_read(hub, mirror, origin):
    hub.expect_err('"audit"')
    store = hub.store_dir(mirror)
    tip = origin.oid("main~3")
    kept = "refs/mirrorhub/kept/heads/x/%s-%s" % (time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), tip[:12])
    lines = (store / "packed-refs").read_text().splitlines()
    (store / "packed-refs").write_text("\n".join(lines + ["%s %s" % (tip, kept)]) + "\n")
    inode = store.stat().st_ino
    overwrite(one_pack(store))
    assert fsck(store) != 0
    assert audit(hub, mirror)["audit_result"]
    assert "store.damaged" in events(hub, mirror)  # not the row: it may be whole again by now

    def is_whole():
        return not store_of(hub, mirror)["damaged"]
    wait_until(is_whole, 90, lambda: "it is whole again: %s; %s"
               % (store_of(hub, mirror), hub.logs("sync")[-3000:]))
    assert fsck(store) == 0
    assert store.stat().st_ino != inode
    assert hub.refs(mirror) == origin.mirrored()
    assert git("-c", "safe.directory=*", "-C", str(store), "rev-parse", kept) == tip
    assert events(hub, mirror)[-1] == "store.whole"
    # the old one stays beside it
    assert len(list(store.parent.glob(store.name + ".old-*"))) == 1
    # nobody was told of changes that were none
    assert hub.last_run(mirror)["refs_changed"] == 0


@pytest.mark.parametrize("what", ["idx", "midx", "graph"])
def test_R23_what_is_derived_is_made_again_in_place(hub, mirror, what):
    store = hub.store_dir(mirror)
    run(["git", "-c", "safe.directory=*", "-C", str(store), "repack", "-adq", "--write-midx",
         "--write-bitmap-index"])
    run(["git", "-c", "safe.directory=*", "-C", str(store), "commit-graph", "write", "--reachable"])
    run(["chown", "-R", "--reference", str(store.parent), str(store)])
    inode = store.stat().st_ino
    overwrite({"idx": one_pack(store, "idx"),
               "midx": store / "objects/pack/multi-pack-index",
               "graph": store / "objects/info/commit-graph"}[what])
    row = audit(hub, mirror)
    assert not row["damaged"] and row["audit_result"]
    assert fsck(store) == 0 and store.stat().st_ino == inode
    assert events(hub, mirror)[-1] == "store.rebuilt"


@pytest.mark.parametrize("what", ["packed-refs", "HEAD"])
def test_R23_a_mirror_with_broken_refs_is_fetched_anew(hub, mirror, origin, what):
    hub.expect_err('"audit"')
    path = hub.store_dir(mirror) / what
    path.write_bytes(b"")
    audit(hub, mirror)
    wait_until(lambda: not store_of(hub, mirror)["damaged"] and
               hub.refs(mirror) == origin.mirrored(), 90, "it is whole again")
    assert fsck(hub.store_dir(mirror)) == 0


def test_R22_a_plain_repository_is_marked_and_waits_for_approval(hub, name, tmp_path):
    hub.expect_err('"audit"|corrupt|unreadable|inflate|failed')
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user)
    work = tmp_path / "work"
    git("init", "-q", "-b", "main", str(work))
    for i in range(3):
        (work / ("f%d" % i)).write_bytes(os.urandom(3000))
        git("-C", str(work), "add", ".")
        git("-C", str(work), "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", str(i))
    git("-C", str(work), "branch", "old", "main~2")
    url = hub.url.replace("://", "://%s:%s@" % hub.admin) + "/%s.git" % name
    git("-C", str(work), "push", "-q", url, "old")
    git("-C", str(work), "push", "-q", url, "main")
    store = hub.store_dir(name)
    packs = sorted(store.glob("objects/pack/pack-*.pack"), key=lambda p: p.stat().st_mtime)
    overwrite(packs[-1])
    row = audit(hub, name)
    assert row["damaged"] and row["audit_result"]
    # nothing is done to it, and what is whole is served
    assert hub.row("SELECT * FROM hub.job WHERE project_id = (SELECT id FROM hub.project WHERE path = %s)"
                   " AND kind = 'sync'", name) is None
    run(["git", "clone", "-q", "--branch", "old", "--single-branch", url, str(tmp_path / "old")])
    answer = hub.sql("SELECT admin.repair(%s) AS said", name)[0]["said"]
    assert "repaired" in answer or "queued" in answer
    wait_until(lambda: not store_of(hub, name)["damaged"], 90,
               lambda: "it was repaired: " + hub.logs("sync")[-2000:])
    assert fsck(store) == 0
    refs = hub.refs(name)
    assert refs.get("refs/heads/old") == git("-C", str(work), "rev-parse", "old").strip()
    assert "refs/heads/main" not in refs
    assert list(store.parent.glob(store.name + ".damaged-*"))


def test_a_mirror_whose_folder_is_missing_is_fetched_again_by_the_sweep(hub, mirror, origin):
    store = hub.store_dir(mirror)
    shutil.rmtree(store)
    (hub.data_dir / "janitor.lock").unlink()
    hub.restart()
    wait_until(lambda: store.exists() and hub.refs(mirror) == origin.mirrored(), 60,
               lambda: "it is there again: " + hub.logs("sync")[-2000:])
    hub.wait_run(mirror)


def test_a_third_answer_without_sense_in_a_row_fetches_all_anew(hub, mirror, origin, upstream):
    store = hub.store_dir(mirror)
    inode = store.stat().st_ino
    hub.park(mirror)
    hub.sql("UPDATE hub.mirror m SET failures = 3, error_class = 'protocol' FROM hub.project p"
            " WHERE p.id = m.project_id AND p.path = %s", mirror)
    hub.sql("INSERT INTO hub.run (project_id, fence, worker, started_at, outcome, error_class)"
            " SELECT p.id, -p.id * 10 - k, 'x', now(), 'failed', 'protocol' FROM hub.project p,"
            " generate_series(1, 3) k WHERE p.path = %s", mirror)
    hub.sql("UPDATE hub.job j SET attempts = 3, state = 'retry', run_at = now(), is_probed = false"
            " FROM hub.project p WHERE p.id = j.project_id AND p.path = %s AND j.kind = 'sync'", mirror)
    wait_until(lambda: store.stat().st_ino != inode, 60,
               lambda: "a fresh store: %s" % hub.logs("sync")[-2000:])
    assert fsck(store) == 0 and hub.refs(mirror) == origin.mirrored()
