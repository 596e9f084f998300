"""checklists/reliability.md, disks: R-18 (full), R-19 (files too large), R-20 (no inodes), R-22 and R-23
(what lies in a store is broken). Disks of one's own are tmpfs: that needs root."""

import contextlib
import os
import pathlib
import pwd
import subprocess

import pytest

from fixtures.faults import files_of, make_due
from fixtures.hub import Hub
from fixtures.invariants import check, settle
from fixtures.repos import simple
from fixtures.run import run, wait_until

MIB = 1 << 20


def can_mount():
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return done.returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="a small disk of one's own (tmpfs) needs root")


class Disk:
    """A small one, below a folder of a hub."""

    def __init__(self, folder, options):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", options, "none", str(self.folder)])

    def fill(self, leave=0):
        """Takes all of it but so many bytes."""
        with open(self.folder / "filler", "wb") as file, contextlib.suppress(OSError):
            free = os.statvfs(self.folder)
            left = free.f_bavail * free.f_frsize - leave
            while left > 0:
                left -= file.write(b"\0" * min(left, 65536))
                file.flush()

    def take_inodes(self):
        (self.folder / "many").mkdir()
        with contextlib.suppress(OSError):
            for i in range(1 << 20):
                (self.folder / "many" / str(i)).touch()

    def free(self):
        (self.folder / "filler").unlink(missing_ok=True)
        if (self.folder / "many").exists():
            for path in (self.folder / "many").iterdir():
                path.unlink()
            (self.folder / "many").rmdir()

    def close(self):
        run(["umount", "-l", str(self.folder)], check=False)


@contextlib.contextmanager
def on_disk(conf, below, options):
    """(hub, disk): a hub of its own, started, that has a disk of its own at this folder."""
    hub = Hub(conf)
    disk = Disk(hub.var / below, options)
    try:
        yield hub.start(), disk
    finally:
        try:
            hub.stop()
        finally:
            disk.close()
            hub.end()


@pytest.fixture(scope="module")
def small():
    """(hub, disk): its data on a disk of 32 MiB and 4,000 files."""
    conf = {"sync.workers": 2, "sync.lease_s": 5, "sync.poll_s": 1, "sync.disk_free_percent": 10,
            "sync.pack_bytes": 64 * MIB, "git.push_bytes": 64 * MIB, "net.allow": "127.0.0.0/8"}
    with on_disk(conf, "data", "size=32m,nr_inodes=4000,mode=0755") as both:
        both[0].expect_err("")  # what does not fit is told loudly
        yield both


@pytest.fixture
def path(name):
    return "d/%s.git" % name


@pytest.fixture
def origin(upstream, path):
    return simple(upstream.folder / path)


# ---------------------------------------------------------------- full

@needs_mount
@pytest.mark.parametrize("how", ["bytes", "inodes"])
def test_R18_R20_a_full_disk_stops_fetches_alone_and_they_resume_by_themselves(
        small, upstream, origin, path, name, how):
    hub, disk = small
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    try:
        if how == "bytes":
            disk.fill(leave=MIB)
        else:
            disk.take_inodes()
        new = origin.commit("main", {"while": "full"})
        assert hub.put("%s/%s" % (hub.P, name)).text == "true"
        wait_until(lambda: (hub.last_run(name) or {})["outcome"] == "failed"
                   or '"disk low' in hub.logs("sync"), 60, "it is noticed")
        assert hub.refs(name) == before, "clients are served"
        assert hub.get("/" + name, hub.admin).status_code == 200
    finally:
        disk.free()
    wait_until(lambda: hub.refs(name).get("refs/heads/main") == new or make_due(hub, name), 60, "it resumes",
               interval=0.5)
    settle(hub, name)
    check(hub, {name: origin})


@needs_mount
def test_R18_a_pack_that_does_not_fit_changes_nothing_and_gives_its_room_back(small, upstream, origin, path, name):
    hub, disk = small
    hub.mirror(upstream.url(path), name)
    before, files = origin.mirrored(), files_of(hub, name)
    free = os.statvfs(disk.folder).f_bavail
    origin.noise(40 * MIB, "large")
    done = hub.sync_and_wait(name)
    assert done["outcome"] == "failed", done
    hub.wait_clean(name)
    assert hub.refs(name) == before and files_of(hub, name) == files
    wait_until(lambda: os.statvfs(disk.folder).f_bavail > free - 256, 60, "the room is given back")
    origin.delete("refs/heads/large")
    origin.commit()
    settle(hub, name)
    check(hub, {name: origin})


@needs_mount
def test_R18_a_push_that_does_not_fit_is_refused_and_gives_its_room_back(small, upstream, origin, name):
    hub, disk = small
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", "read")
    url = hub.clone_url(name, hub.admin)
    origin.git("push", "-q", url, "main")
    before = hub.refs(name)
    free = os.statvfs(disk.folder).f_bavail
    origin.noise(40 * MIB, "large")
    pushed = run(["git", "-C", str(origin.path), "push", "-q", url, "large"], check=False)
    assert pushed.returncode != 0
    assert hub.refs(name) == before
    wait_until(lambda: os.statvfs(disk.folder).f_bavail > free - 256, 60, "the room is given back")
    new = origin.commit()
    origin.git("push", "-q", url, "main")
    assert hub.refs(name)["refs/heads/main"] == new
    check(hub, {})


@needs_mount
def test_R18_a_full_disk_of_logs_stops_no_service(upstream, name):
    with on_disk({}, "log", "size=1m,mode=0755") as (hub, disk):
        origin = simple(upstream.folder / "d/logs.git")
        hub.mirror(upstream.url("d/logs.git"), name)
        disk.fill()
        origin.commit()
        hub.sync_and_wait(name, "changed")
        assert hub.refs(name) == origin.mirrored()
        assert hub.get("/" + name, hub.admin).status_code == 200
        disk.free()
        settle(hub, name)
        check(hub, {name: origin})


@needs_mount
def test_R18_a_full_disk_of_the_database_refuses_changes_and_serves_on(upstream, name):
    user = pwd.getpwnam("postgres")
    with on_disk({"sync.workers": 1, "sync.lease_s": 5, "sync.poll_s": 1}, "pg",
                 "size=192m,mode=0700,uid=%d,gid=%d" % (user.pw_uid, user.pw_gid)) as (hub, disk):
        origin = simple(upstream.folder / "d/database.git")
        hub.mirror(upstream.url("d/database.git"), name)
        before = origin.mirrored()
        # the journal has room: without that PostgreSQL ends, and R-12 is what follows
        for text in ("CHECKPOINT", "SELECT pg_switch_wal()", "CREATE TABLE first_of_its_segment AS SELECT 1 AS n"):
            run(["psql", "-X", "-q", "-h", hub.db_settings()["host"], "-U", "postgres", "-d", "postgres", "-c", text])
        disk.fill()
        hub.expect_err("No space left|could not extend|disk full")
        refused = next(got for got in (add(hub, "%s-%d" % (name, i)) for i in range(3000)) if got.status_code != 201)
        assert refused.status_code == 503 and "Retry-After" in refused.headers, (refused.status_code, refused.text)
        n = hub.one("SELECT count(*) FROM hub.project")
        assert add(hub, name + "-more").status_code == 503
        assert hub.one("SELECT count(*) FROM hub.project") == n, "nothing is half there"
        assert hub.refs(name) == before, "clients are served"
        assert hub.get("/" + name, hub.admin).status_code == 200
        origin.commit("main", {"while": "full"})
        hub.put("%s/%s" % (hub.P, name))  # may be taken, and may fail: but is not lost and harms nothing
        disk.free()
        settle(hub, name)
        check(hub, {name: origin})
        assert add(hub, name + "-more").status_code == 201


def add(hub, name):
    """A mirror that is not synced."""
    return hub.post(hub.P, {"url": "https://upstream.invalid/a/" + name, "name": name, "clone": "false",
                            "description": "x" * 200})


# ---------------------------------------------------------------- files that are too large

def test_R19_what_is_too_large_for_a_file_leaves_nothing(fresh_hub, upstream, origin, path, name):
    hub = fresh_hub({"sync.pack_bytes": MIB, "sync.index_pack_objects": 0, "sync.workers": 1})
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    origin.noise(3 * MIB, "large")
    done = hub.sync_and_wait(name)
    assert done["outcome"] == "failed" and done["error_class"] in ("policy", "protocol"), done
    assert hub.refs(name) == before
    origin.delete("refs/heads/large")
    settle(hub, name)
    check(hub, {name: origin})


# ---------------------------------------------------------------- broken stores

def pack_of(store):
    return max((store / "objects/pack").glob("*.pack"), key=lambda p: p.stat().st_size)


def cut(path):
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])


def overwrite(path, at=0.5):
    """Four bytes of it."""
    path.chmod(0o640)
    with open(path, "r+b") as file:
        file.seek(int(path.stat().st_size * at))
        file.write(b"\xde\xad\xbe\xef")


DAMAGE = {
    "four bytes of a pack": lambda s: overwrite(pack_of(s)),
    "half a pack": lambda s: cut(pack_of(s)),
    "an empty pack": lambda s: os.truncate(pack_of(s), 0),
    "an index": lambda s: overwrite(pack_of(s).with_suffix(".idx"), 0.1),
    "an empty index": lambda s: os.truncate(pack_of(s).with_suffix(".idx"), 0),
    "packed-refs": lambda s: (s / "packed-refs").write_bytes(b"\xff" * 100),
    "empty packed-refs": lambda s: os.truncate(s / "packed-refs", 0),
    "HEAD": lambda s: (s / "HEAD").write_bytes(b"\0" * 23),
    "an empty HEAD": lambda s: os.truncate(s / "HEAD", 0),
    # not the config: libgit2 1.5.1 loses six bytes over a broken one, which ends this test
}


@pytest.fixture(scope="module")
def neighbour(hub, upstream):
    origin = simple(upstream.folder / "d/neighbour.git")
    hub.mirror(upstream.url("d/neighbour.git"), "neighbour")
    return origin


@pytest.mark.parametrize("what", DAMAGE)
def test_R22_R23_a_broken_store_harms_no_other_and_no_program(hub, upstream, origin, neighbour, path, name, what):
    hub.expect_err("")
    origin.noise(100000)
    hub.mirror(upstream.url(path), name)
    DAMAGE[what](hub.store_dir(name))
    main = origin.oid("main")
    for page in ("", "/tree/main", "/commits/main", "/commit/" + main, "/raw/main/noise", "/archive/main.tar.gz"):
        got = hub.get("/%s%s" % (name, page), hub.admin)
        assert got.status_code in (200, 302, 303, 400, 404, 422, 500, 503), (page, got.status_code)
    run(["git", "clone", "-q", "--mirror", hub.clone_url(name), str(hub.var / "broken")], check=False)
    origin.commit()
    hub.sync_and_wait(name)  # however it ends, it ends
    assert hub.refs("neighbour") == neighbour.mirrored()
    neighbour.commit()
    hub.sync_and_wait("neighbour", "changed")
    check(hub, {"neighbour": neighbour})
