"""checklists/reliability.md, processes: R-02 (git alone is killed), R-03 and R-07 (pushes), R-03 (upkeep),
R-12 (the database dies under load), R-28 (the clock jumps)."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import pytest
import requests

from fixtures import upstream as up
from fixtures.faults import (end_follow, family, follow, hub_follows, is_worker, kill, once,
                             start_database, stop_database, sync_pids)
from fixtures.hub import ROOT, as_user_argv
from fixtures.invariants import Told, check, is_taken, leftovers, settle
from fixtures.receiver import Receiver
from fixtures.repos import simple
from fixtures.run import clean_env, run, wait_until

HUB_CONF = {"sync.workers": 2, "sync.lease_s": 5, "sync.poll_s": 1, "sync.index_pack_objects": 0}

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@pytest.fixture
def path(name):
    return "p/%s.git" % name


@pytest.fixture
def origin(upstream, path):
    return simple(upstream.folder / path)


# ---------------------------------------------------------------- git alone

def test_R02_a_git_that_is_killed_fails_the_run_and_nothing_more(hub, upstream, origin, path, name):
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    origin.noise(300000)
    upstream.fault(path, up.silent_mid_pack())
    workers = sync_pids(hub)
    last = hub.run_id(name)
    hub.put("%s/%s" % (hub.P, name))

    def index_pack():
        return [p.pid for p in family(hub).values() if p.argv is None and p.parent in sync_pids(hub)
                and p.name.startswith("git")]
    kill(wait_until(index_pack, 60, "git is at work"))
    upstream.heal(path)
    done = hub.wait_run(name, last)
    assert done["outcome"] == "failed", done
    assert hub.refs(name) == before
    assert set(sync_pids(hub)) >= set(sync_pids(hub, workers=False)) & set(workers), "nobody else died"
    settle(hub, name)
    check(hub, {name: origin})


# ---------------------------------------------------------------- pushes

class Traced:
    """The processes that serve pushes, under strace: their children die at the n-th such call."""

    def __init__(self, hub, calls, n, how="signal=SIGKILL"):
        pids = [p for p, argv in hub.processes().items() if os.path.basename(argv[0]) == "mirrorhub-fcgi"
                and argv[argv.index("--pool") + 1] == "git"]
        self.out = pathlib.Path("/tmp/mh-strace-%d" % os.getpid())
        self.out.unlink(missing_ok=True)
        self.strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", str(self.out), "-e", "trace=" + calls,
             "-e", "inject=%s:%s:when=%d" % (calls, how, n)] + [w for p in pids for w in ("-p", str(p))],
            env=clean_env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def is_held(pid):
            try:
                return "TracerPid:\t0\n" not in pathlib.Path("/proc/%d/status" % pid).read_text()
            except OSError:  # it was one that ended
                return True

        def attached():
            return all(is_held(p) for p in pids)
        wait_until(attached, 60, "strace holds them")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.strace.send_signal(signal.SIGINT)
        self.strace.wait(60)

    def hit(self):
        text = self.out.read_text(errors="replace") if self.out.exists() else ""
        self.out.unlink(missing_ok=True)
        return "(INJECTED)" in text or "killed by SIGKILL" in text


def is_clean(hub, name):
    return not leftovers(hub.store_dir(name))


@needs_strace
@pytest.mark.parametrize("calls, few", [("rename,renameat,renameat2", (1, 2)), ("link,linkat", (1,)),
                                        ("unlink,unlinkat", (1, 2)), ("fsync,fdatasync", (1, 3))])
def test_R03_R07_a_push_killed_at_the_nth_call_is_old_or_new(hub, upstream, origin, name, calls, few):
    hub.expect_err("")
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", "read")
    url = hub.clone_url(name, hub.admin)
    origin.git("push", "-q", url, "main", "topic")
    hits = 0
    for n in few if not os.environ.get("FAULTS_ALL") else range(1, 10000):
        before = hub.refs(name)
        new = origin.commit()
        with Traced(hub, calls, n) as traced:
            done = run(["git", "-C", str(origin.path), "push", "-q", url, "main"], check=False)
        after = hub.refs(name)
        assert after in (before, {**before, "refs/heads/main": new}), (calls, n)
        if done.returncode == 0:
            assert after["refs/heads/main"] == new, "it was acknowledged"
        if not traced.hit():
            break
        hits += 1
        # the next one is as if nothing had been
        next_one = origin.commit()
        origin.git("push", "-q", url, "main")
        assert hub.refs(name)["refs/heads/main"] == next_one
    sweep_of_an_hour_later(hub)
    assert leftovers(hub.store_dir(name)) == []
    run(["git", "-c", "safe.directory=*", "-C", str(hub.store_dir(name)), "fsck", "--full", "--strict"])
    assert hits > 0 or calls.startswith("link"), "it was never called"


PUSH_CONF = {"sync.poll_s": 1, "webhook.schemes": "https http"}


class Killed:
    """A project whose web programs are killed at that place of each push; nobody syncs yet."""

    def __init__(self, fresh_hub, receiver, point, name, origin):
        self.hub = hub = fresh_hub(PUSH_CONF)
        hub.expect_err("")
        self.told = Told(hub, receiver)
        hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", "read")
        self.name, self.origin = name, origin
        self.url = hub.clone_url(name, hub.admin)
        origin.git("push", "-q", self.url, "main")
        hub.env["MIRRORHUB_CRASH_AT"] = point
        hub.restart()
        end_follow(hub)
        self.before = self.state()

    def state(self):
        return self.hub.row("SELECT s.generation, (SELECT count(*) FROM hub.push_intent) AS intents, (SELECT count(*)"
                            " FROM hub.event WHERE action = 'push') AS events FROM hub.store s JOIN hub.project p"
                            " ON p.store_id = s.id WHERE p.path = %s", self.name)

    def push(self, *refs):
        """Whatever the client hears: Git's answer may have gone out before."""
        run(["git", "-C", str(self.origin.path), "push", "-q", self.url, *refs], check=False)
        lock = self.hub.store_dir(self.name).with_suffix(".lock")
        wait_until(lambda: not is_taken(lock), 60, "it is dead, and its Git is too")
        assert self.state() == {**self.before, "intents": 1}

    def last_event(self):
        return self.hub.one("SELECT detail FROM hub.event WHERE action = 'push' ORDER BY id DESC LIMIT 1")

    def check(self):
        self.told.check({self.name: self.hub.refs(self.name)})


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


@pytest.mark.parametrize("cron", [False, True])
def test_R07_what_a_push_changed_is_told_by_sync_when_its_program_was_killed(fresh_hub, origin, receiver, name, cron):
    killed = Killed(fresh_hub, receiver, "push-done", name, origin)
    hub, old, new = killed.hub, origin.oid("refs/heads/main"), origin.commit()
    killed.push("main", "topic")
    assert hub.refs(name) == {"refs/heads/main": new, "refs/heads/topic": origin.oid("refs/heads/topic")}
    if cron:
        once(hub)
        once(hub)
    else:
        hub_follows(hub)
    told = {"generation": killed.before["generation"] + 1, "events": killed.before["events"] + 1, "intents": 0}
    wait_until(lambda: killed.state() == told, 60, lambda: "%s; %s" % (killed.state(), hub.logs("sync")[-1500:]))
    assert killed.last_event().startswith("reconciled: refs/heads/main %s..%s" % (old, new))
    killed.check()
    assert killed.state() == told, "once is enough"


def test_R07_a_push_killed_before_git_changed_anything_leaves_nothing(fresh_hub, origin, receiver, name):
    killed = Killed(fresh_hub, receiver, "push-intended", name, origin)
    refs = killed.hub.refs(name)
    origin.commit()
    killed.push("main")
    assert killed.hub.refs(name) == refs
    once(killed.hub)
    assert killed.state() == killed.before
    killed.check()


def test_R07_the_next_push_comes_behind_the_one_that_was_killed(fresh_hub, origin, receiver, name):
    """By whomever that is told: sync, or the next push itself if it is first."""
    killed = Killed(fresh_hub, receiver, "push-done", name, origin)
    hub, second = killed.hub, origin.commit()
    killed.push("main")
    hub.env.clear()
    hub.restart()
    third = origin.commit()
    origin.git("push", "-q", killed.url, "main")
    assert killed.last_event() == "refs/heads/main %s..%s" % (second, third)
    assert killed.state() == {"generation": killed.before["generation"] + 2,
                              "events": killed.before["events"] + 2, "intents": 0}
    killed.check()


@pytest.mark.parametrize("what", ["same", "refused"])
def test_R07_a_push_that_changes_nothing_leaves_no_intent(hub, origin, name, what):
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", "read")
    url = hub.clone_url(name, hub.admin)
    origin.git("push", "-q", url, "main")
    if what == "same":
        origin.git("push", "-q", url, "main")
    else:  # the branch that HEAD names
        assert run(["git", "-C", str(origin.path), "push", "-q", url, ":main"], check=False).returncode != 0
    assert hub.one("SELECT count(*) FROM hub.event WHERE action = 'push' AND object = %s", name) == 1
    assert hub.one("SELECT count(*) FROM hub.push_intent i JOIN hub.project p ON p.id = i.project_id"
                   " WHERE p.path = %s", name) == 0


def sweep_of_an_hour_later(hub):
    """What the hourly sweep finds once its hour has come for every file."""
    for store in (hub.data_dir / "repos").glob("*/*.git"):
        for path in store.rglob("*"):
            if path.name.endswith(".lock") or path.name.startswith(("tmp_", ".tmp-", "incoming-")):
                os.utime(path, (1, 1))
    hub.run_program("mirrorhub", "janitor")


# ---------------------------------------------------------------- the database, under load

def test_R12_while_the_database_is_away_answers_are_503_and_nobody_ends(fresh_hub, upstream, origin, path, name):
    hub = fresh_hub({"sync.workers": 1, "sync.lease_s": 5, "sync.poll_s": 1})
    hub.expect_err("")
    hub.mirror(upstream.url(path), name)

    def lasting():  # a worker or a prober that has done much is replaced
        return {p for p, argv in hub.processes().items() if "mirrorhub-" in argv[0] and not is_worker(argv)}
    pids = lasting()
    ends, seen, wrong = threading.Event(), set(), []

    def load(target, auth):
        while not ends.is_set():
            try:
                got = hub.get(target, auth)
                seen.add(got.status_code)
                if got.status_code not in (200, 503) or got.status_code == 503 and "Retry-After" not in got.headers:
                    wrong.append((target, got.status_code, dict(got.headers)))
            except requests.RequestException as error:
                wrong.append((target, repr(error)))
    asks = [threading.Thread(target=load, args=args, daemon=True) for args in (
        ("/repositories", hub.admin), ("/repositories/" + name, None), ("/info", hub.admin),
        ("/%s.git/info/refs?service=git-upload-pack" % name, None))]
    for one in asks:
        one.start()
    try:
        wait_until(lambda: 200 in seen, 60)
        for _ in range(2):
            stop_database(hub)
            wait_until(lambda: 503 in seen, 60, "503 while it is away")
            start_database(hub)
            wait_until(lambda: hub.get("/info", hub.admin).status_code == 200, 60, "it answers again")
    finally:
        ends.set()
        for one in asks:
            one.join(60)
    assert wrong == [], wrong[:5]
    assert pids <= lasting(), "somebody has ended"
    origin.commit()
    settle(hub, name)
    check(hub, {name: origin}, whole=True)


# ---------------------------------------------------------------- the clock

FAKETIME = next(iter(sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
needs_faketime = pytest.mark.skipif(FAKETIME is None, reason="faketime is not installed")


@needs_faketime
def test_R28_the_databases_clock_jumps_and_the_schedule_goes_on(fresh_hub, upstream, origin, path, name):
    """An hour ahead, back, to the year 2042, and back again: no double run, nothing is frozen."""
    hub = fresh_hub({"sync.workers": 1, "sync.lease_s": 5, "sync.poll_s": 1})
    hub.expect_err("")
    hub.mirror(upstream.url(path), name)
    clock = hub.var / "clock"
    for jump in ("+3600", "-3600", "+0", "+500000000", "+0"):
        clock.write_text(jump + "\n")
        clock.chmod(0o644)
        stop_database(hub)
        start_with_clock(hub, clock)
        wait_until(lambda: hub.get("/info", hub.admin).status_code == 200, 60, "it answers again")
        origin.commit("main", {"at": jump})
        settle(hub, name)
        assert hub.refs(name) == origin.mirrored(), jump
        runs = hub.one("SELECT count(*) - count(DISTINCT fence) FROM hub.run")
        assert runs == 0
        job = hub.job(name)
        # from the clock of now, it is due within two periods
        assert hub.one("SELECT %s < now() + 2 * make_interval(secs => 3600)", job["run_at"]), (jump, job)
    # people who were signed in, and tokens, are judged by the same clock
    assert hub.get("/repositories", hub.admin).status_code == 200
    check(hub, {name: origin})


def with_clock(clock):
    """Variables of a program whose clock is as far off as the file says."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}


def release_sync(hub):
    """The release program, where the hub's users can run it: the address sanitizer and faketime wait
    for each other."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    subprocess.run(["make", "-s", "BUILD=build", "build/mirrorhub-sync"], cwd=ROOT, env=env, check=True, timeout=300)
    folder = hub.var / "release"
    folder.mkdir(exist_ok=True)
    return shutil.copy(ROOT / "build" / "mirrorhub-sync", folder)


@needs_faketime
def test_R28_the_clock_of_sync_jumps_and_leases_and_times_are_the_databases(hub, upstream, origin, path, name):
    """Of the program, not of the database: who is off has to go by the other."""
    release = release_sync(hub)
    hub.mirror(upstream.url(path), name)
    clock = hub.var / "clock-of-sync"
    end_follow(hub)
    env = with_clock(clock)
    try:
        for jump in ("+3600", "-3600", "+500000000", "+0"):
            clock.write_text(jump + "\n")
            clock.chmod(0o644)
            program = follow(hub, program=release, **env)
            origin.commit("main", {"at": jump})
            settle(hub, name)
            assert hub.refs(name) == origin.mirrored(), jump
            row = hub.row("SELECT j.run_at < now() + 2 * make_interval(secs => 3600) AS is_soon, j.run_at > now() AS"
                          " is_later, m.last_success_at BETWEEN now() - interval '2 min' AND now() AS is_now"
                          " FROM hub.job j JOIN hub.project p ON p.id = j.project_id JOIN hub.mirror m ON"
                          " m.project_id = p.id WHERE p.path = %s AND j.kind = 'sync'", name)
            assert all(row.values()), (jump, row)
            end_follow(hub)
            program.wait(60)
        assert hub.one("SELECT count(*) - count(DISTINCT fence) FROM hub.run") == 0
    finally:
        hub_follows(hub)
    check(hub, {name: origin})


def start_with_clock(hub, clock):
    """The database with a clock that is as far off as the file says."""
    env = with_clock(clock)
    owner = (hub.var / "pg").owner()
    program = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))[-1]
    with open(hub.var / "log" / "postgres.log", "ab") as log:
        # a child of ours by way of setsid: it outlives nobody, the hub's stop ends it
        subprocess.Popen([*as_user_argv(owner), "env", *("%s=%s" % p for p in env.items()), str(program), "-D",
                          str(hub.var / "pg"), "-k", hub.db_settings()["host"]], cwd="/", env=clean_env(),
                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def answers():
        with contextlib.suppress(Exception):
            return hub.one("SELECT 1")
    wait_until(answers, 60, lambda: (hub.var / "log" / "postgres.log").read_text()[-1000:])


# ---------------------------------------------------------------- a host that is down

N_DOWN = 200


def test_R25_a_dead_host_of_two_hundred_mirrors_costs_little_and_comes_back_spread(
        fresh_hub, upstream, origin, path, name, tmp_path):
    hub = fresh_hub({"sync.workers": 2, "sync.poll_s": 1, "schedule": 600})
    one = simple(tmp_path / "up" / "one.git")
    with up.Upstream(tmp_path / "up") as dead:
        for i in range(N_DOWN):
            (tmp_path / "up" / ("d%d.git" % i)).symlink_to("one.git")
            dead.fault("d%d.git" % i, cut_off)
        hub.sql("WITH s AS (INSERT INTO hub.store (node) SELECT 1 FROM generate_series(1, %s) RETURNING id),"
                " n AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM s),"
                " p AS (INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)"
                " SELECT 'd' || n.k, (SELECT min(id) FROM hub.account), true, n.id FROM n RETURNING id, path),"
                " m AS (INSERT INTO hub.mirror (project_id, url) SELECT id, %s || '/' || path || '.git' FROM p"
                " RETURNING project_id) INSERT INTO hub.job (kind, project_id, state, run_at)"
                " SELECT 'sync', project_id, 'queued', now() FROM m", N_DOWN, dead.base)
        hub.sql("SELECT pg_notify('mirrorhub_job', '')")
        ours = "127.0.0.1:%d" % dead.port
        wait_until(lambda: hub.one("SELECT breaker_until > now() FROM hub.host WHERE name = %s", ours), 60,
                   lambda: "the breaker opens: %s" % hub.sql("SELECT * FROM hub.host"))
        asked = len(dead.asked())
        assert asked < N_DOWN / 2, "it was asked for nearly all of them"
        # others are not held up by it (hub.mirror() would close the breaker)
        assert hub.post(hub.P, {"url": upstream.url(path), "name": name}).status_code == 201
        assert hub.wait_run(name)["outcome"] == "changed"
        assert hub.refs(name) == origin.mirrored()
        assert len(dead.asked()) - asked <= 4, "one trial at a time, if any"
        # it comes back: one trial, and then not all of them at once. In one statement, as a claim between
        # two would find a host that is well and jobs that are not due, or the other way round
        dead.heal()
        hub.sql("WITH due AS (UPDATE hub.job j SET run_at = now() FROM hub.project p WHERE p.id = j.project_id"
                " AND p.path LIKE 'd%%' AND j.state <> 'running' RETURNING 1)"
                " UPDATE hub.host SET breaker_until = now() WHERE name = %s AND EXISTS (SELECT FROM due)", ours)
        hub.sql("SELECT pg_notify('mirrorhub_job', '')")
        wait_until(lambda: hub.one("SELECT breaker_level = 0 AND failures = 0 FROM hub.host WHERE name = %s", ours),
                   60, lambda: "it is trusted again: %s" % hub.sql("SELECT * FROM hub.host"))
        # what was due beside the trial; the trial itself has its next time already
        row = hub.row("SELECT count(*) AS n, extract(epoch FROM max(run_at) - min(run_at))::float AS spread"
                      " FROM hub.job j JOIN hub.project p ON p.id = j.project_id WHERE p.path LIKE 'd%%'"
                      " AND j.state IN ('queued', 'retry') AND run_at > '-infinity'")
        assert row["n"] > N_DOWN / 2, "they were all asked at once"
        # a host of our own without a rate: 250 in a second, or as fast as it answers
        assert row["spread"] > row["n"] / 250 / 2, "all are due at the same time"
        wait_until(lambda: hub.one("SELECT count(*) FROM hub.mirror WHERE last_success_at IS NOT NULL") >= 10, 60)
        assert hub.refs(hub.one("SELECT path FROM hub.project p JOIN hub.mirror m ON m.project_id = p.id WHERE"
                                " last_success_at IS NOT NULL AND path LIKE 'd%%' LIMIT 1")) == one.mirrored()


def cut_off(x):
    x.cut(reset=True)
    return True
