"""checklists/reliability.md: R-01 (killed at every named place), R-03 and R-04 (killed, or failed, at the
n-th system call). What holds afterwards:
fixtures/invariants.py.

FAULTS_ALL=1 tries every n instead of a few. R-38 is test_faults_chaos.py."""

import os
import re
import shutil
import tempfile

import pytest

from fixtures.faults import crash_points, end_follow, make_due, once, sync_pids
from fixtures.invariants import Reader, Told, check, leftovers, settle
from fixtures.receiver import Receiver
from fixtures.repos import simple
from fixtures.run import run, wait_until

HUB_CONF = {"sync.workers": 2, "sync.lease_s": 5, "sync.poll_s": 1,
            "webhook.schemes": "https http", "hub.post_fetch_hooks": "/bin/true", "guard.allow_rewrite": "yes"}

# Places of programs that this file does not run, or that need more than a changed upstream: who
# comes by there.
ELSEWHERE = {
    "packages": "e2e/test_packages.py",
    "fork-reserved": "e2e/test_projects.py", "fork-linked": "e2e/test_projects.py",
    "fork-made": "e2e/test_projects.py", "fork-inserted": "e2e/test_projects.py",
    "before-folders": "e2e/test_platforms.py",
    "push-intended": "e2e/test_faults_processes.py", "push-done": "e2e/test_faults_processes.py",
}
# "anew-" has a test of its own; "target-" are places of pushes on, which this file's hub has none of
POINTS = [point for point in crash_points()
          if point not in ELSEWHERE and not point.startswith(("anew-", "target-"))]
ANEW = [point for point in crash_points() if point.startswith("anew-")]

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@pytest.fixture(scope="module")
def receiver():
    with Receiver() as one:
        yield one


@pytest.fixture(scope="module")
def told(hub, receiver):
    """A webhook of the whole hub; its own sync program is ended."""
    end_follow(hub)
    return Told(hub, receiver)


@pytest.fixture
def still(hub, told):
    return hub


class Mirror:
    """A mirror that was synced once, and an upstream that changes in all ways at once."""

    def __init__(self, hub, upstream, name):
        self.hub, self.name, self.n = hub, name, 0
        self.origin = simple(upstream.folder / ("k/%s.git" % name))
        self.origin.commits(20)
        hub.add(upstream.url("k/%s.git" % name), name)
        once(hub)
        assert hub.last_run(name)["outcome"] == "changed", hub.last_run(name)

    def change(self, commits=20):
        self.n += 1
        origin, n = self.origin, self.n
        origin.commits(commits)
        origin.many_refs(3, "refs/heads/r%d/" % n)
        origin.tag("t%d" % n, "main", message="tag %d" % n)
        if n > 1:
            origin.delete("refs/heads/r%d/00001" % (n - 1))
        origin.commit("trunk%d" % (n % 2), {"a": str(n)}, parents=[])
        origin.set_head("trunk%d" % (n % 2))
        make_due(self.hub, self.name)


@pytest.fixture
def mirror(still, upstream, name):
    return Mirror(still, upstream, name)


@pytest.fixture(scope="module")
def one_mirror(hub, told, upstream):
    """The same one for all places: each kill finds what the one before left."""
    return Mirror(hub, upstream, "kills")


# ----------------------------------------------------------------

def test_R01_every_place_named_elsewhere_is_there_and_killed_there():
    from fixtures.hub import ROOT
    for point, file in ELSEWHERE.items():
        assert point in crash_points(), point
        assert '"%s"' % point in (ROOT / "tests" / file).read_text(), (point, file)


@pytest.mark.parametrize("point", POINTS)
def test_R01_killed_at_any_place_all_is_mended_by_the_next_runs(
        still, upstream, told, one_mirror, point):
    m = one_mirror
    with Reader(still, m.name, m.origin.mirrored()) as reader:
        m.change()
        reader.may_see(m.origin.mirrored())
        told.try_now()
        if point == "before-listed":  # a list of an upstream: that it is not there is its end too
            still.sql("SELECT admin.add_manifest(%s)", upstream.url("no-such-list.gz"))
        done = once(still, check=False, MIRRORHUB_CRASH_AT=point)
        assert done.returncode in (-9, 137) or re.search("signal 9|process that sent it ended", done.stderr), \
            "nothing came by %s (%s): %s" % (point, crash_points()[point], done)
        wait_until(lambda: not sync_pids(still), 60, "the workers die with their supervisor")
        settle(still, m.name)
    reader.check()
    check(still, {m.name: m.origin})
    told.check({m.name: m.origin})


@pytest.mark.parametrize("point", ANEW)
def test_R01_killed_while_a_fresh_store_takes_a_damaged_ones_place(still, told, one_mirror, point):
    m = one_mirror
    mark = still.store_dir(m.name) / "mirrorhub-damaged"  # as an audit leaves it
    with Reader(still, m.name, m.origin.mirrored()) as reader:
        m.change()
        reader.may_see(m.origin.mirrored())
        mark.write_text("four bytes of a pack")
        os.chown(mark, mark.parent.stat().st_uid, mark.parent.stat().st_gid)
        done = once(still, check=False, MIRRORHUB_CRASH_AT=point)
        assert "signal 9" in done.stderr, done
        wait_until(lambda: not sync_pids(still), 60, "the workers die with their supervisor")
        settle(still, m.name)
    reader.check()
    check(still, {m.name: m.origin})
    told.check({m.name: m.origin})


# ----------------------------------------------------------------

CALLS = {
    "rename": "rename,renameat,renameat2",
    "fsync": "fsync,fdatasync",
    "unlink": "unlink,unlinkat,rmdir",
    "link": "link,linkat",
    "write": "write,pwrite64",
    "open": "openat",
    "close": "close",
}
EVERY = bool(os.environ.get("FAULTS_ALL"))


class Injected:
    """Words that run a program under strace, which hurts it at the n-th such call of a process."""

    def __init__(self, calls, how, n):
        self.file = tempfile.NamedTemporaryFile("r", prefix="mh-strace-")
        os.chmod(self.file.name, 0o666)
        self.argv = ["strace", "-f", "-qq", "-o", self.file.name, "-e", "trace=" + CALLS[calls],
                     "-e", "inject=%s:%s:when=%d" % (CALLS[calls], how, n)]
        # the leak check cannot look into a process that strace holds
        self.env = {"ASAN_OPTIONS": "detect_leaks=0"}

    def hit(self):
        text = open(self.file.name, errors="replace").read()
        return "(INJECTED)" in text or "killed by SIGKILL" in text

    def what(self):
        return [line.strip() for line in open(self.file.name, errors="replace") if "INJECTED" in line][:3]


def turns(few):
    """1, 2, 3, … for as long as they hit, or a few of them."""
    return range(1, 100000) if EVERY else few


def hurt(hub, m, calls, how, few):
    """One run for each n, each after a change; then two good ones. How many n did hit."""
    hits = 0
    for n in turns(few):
        before = m.origin.mirrored()
        m.change(5)
        strace = Injected(calls, how, n)
        done = once(hub, check=False, before=strace.argv, **strace.env)
        assert "AddressSanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        wait_until(lambda: not sync_pids(hub), 60, "all have ended")
        # I3, I8: old or new, and nothing else
        assert hub.refs(m.name) in (before, m.origin.mirrored()), (calls, how, n, strace.what())
        settle(hub, m.name)
        try:
            check(hub, {m.name: m.origin})
        except AssertionError as error:
            raise AssertionError("%s %s when=%d: %s\n%s" % (calls, how, n, strace.what(), error)) from None
        if not strace.hit():
            break
        hits += 1
    assert hits > 0, "%s was never called" % calls
    return hits


@needs_strace
@pytest.mark.parametrize("calls, few", [("rename", (1, 2, 3)), ("fsync", (1, 2, 4)), ("unlink", (1, 3)),
                                        ("write", (4,)), *([("close", ()), ("open", ())] if EVERY else [])])
def test_R03_a_sync_killed_at_the_nth_call_is_mended_by_the_next(hub, still, mirror, calls, few):
    hurt(still, mirror, calls, "signal=SIGKILL", few)


class Upkeep:
    """A store of many small packs whose turn has come: the next run joins them."""

    def __init__(self, hub, m):
        self.hub, self.m, self.store, self.n = hub, m, hub.store_dir(m.name), 0

    def make_due(self):
        """Nine packs more, as pushes would bring them, and a sweep that finds them."""
        pack = self.store / "objects" / "pack"
        for _ in range(9):
            self.n += 1
            oid = self.m.origin.blob("loose %d of %s" % (self.n, self.m.name))
            self.m.origin.git("pack-objects", "-q", str(pack / "pack"), input=oid + "\n")
        run(["chown", "-R", "--reference=" + str(self.store), str(self.store)])
        (self.hub.data_dir / "janitor.lock").unlink(missing_ok=True)

    def times(self):
        return self.hub.one("SELECT upkeeps FROM hub.store WHERE id = %s", int(self.store.stem))

    def packs(self):
        return len(list((self.store / "objects" / "pack").glob("*.pack")))


@needs_strace
@pytest.mark.parametrize("calls, how, few", [
    ("rename", "signal=SIGKILL", (1, 2)), ("unlink", "signal=SIGKILL", (2,)), ("write", "error=ENOSPC", (4,)),
    ("open", "error=EROFS", (40,)),
    *([("fsync", "signal=SIGKILL", ()), ("link", "signal=SIGKILL", ()), ("rename", "error=ENOSPC", ())] if EVERY else [])])
def test_R03_R04_an_upkeep_hurt_at_the_nth_call_leaves_a_whole_store_and_the_next_does_it(
        still, mirror, calls, how, few):
    still.expect_err('"audit"|upkeep|sweep|No space|Read-only|strace|lost|refused|fence|file')
    upkeep, refs = Upkeep(still, mirror), mirror.origin.mirrored()
    for n in turns(few):
        upkeep.make_due()
        strace = Injected(calls, how, n)
        once(still, check=False, before=strace.argv, **strace.env)
        wait_until(lambda: not sync_pids(still), 60, "all have ended")
        assert still.refs(mirror.name) == refs
        run(["git", "-c", "safe.directory=*", "-C", str(upkeep.store), "fsck", "--full", "--strict", "--no-dangling"])
        if how.startswith("error="):
            assert leftovers(upkeep.store) == [], "what failed gives its room back at once"
        if not strace.hit():
            break
    assert n > 1 or strace.hit(), "%s was never called" % calls
    before = upkeep.times()
    upkeep.make_due()
    once(still)
    assert upkeep.times() == before + 1 and upkeep.packs() < 9, still.logs("sync")[-1500:]
    mirror.change()  # who publishes tidies up
    settle(still, mirror.name)
    check(still, {mirror.name: mirror.origin})


@needs_strace
@pytest.mark.parametrize("calls, how, few", [
    ("rename", "error=EIO", (1, 2)), ("rename", "error=ENOSPC", (3,)), ("fsync", "error=EIO", (1, 3)),
    ("fsync", "error=ENOSPC", (2,)), ("write", "error=ENOSPC", (5,)), ("open", "error=EROFS", (60,)),
    ("unlink", "error=EROFS", (1, 2)),
    *([("write", "error=EDQUOT", ()), ("write", "error=EIO", ()), ("open", "error=EMFILE", ())]
      if EVERY else [])])
def test_R04_a_sync_whose_nth_call_fails_is_mended_by_the_next(hub, still, mirror, calls, how, few):
    hub.expect_err("")  # what fails here is told loudly
    hurt(still, mirror, calls, how, few)
