"""checklists/reliability.md, the rows about sync: R-01, R-02, R-10, R-11, R-12, R-21, R-24, R-39, and
what mirrorhub-sync promises beside them (--follow, SIGTERM, the janitor). After each fault: the
published refs are the upstream's or the last good ones, the store is whole, nothing is left over.

Most tests end the hub's own `mirrorhub-sync --follow` and run the program as cron would."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading

import psycopg2
import pytest

from fixtures import upstream as up
from fixtures.canary import Gate
from fixtures.faults import (end_follow, end_lease, files_of, follow, hub_follows, is_out_of_lease,
                             is_talking_to, kill, make_due, once, start_database, start_once,
                             stop_database, sync_argv, sync_pids)
from fixtures.invariants import check
from fixtures.repos import simple
from fixtures.run import clean_env, run, wait_until

LEASE_S = 5
HUB_CONF = {"sync.workers": 2, "net.low_speed_s": 6, "net.connect_s": 6, "sync.lease_s": LEASE_S, "sync.poll_s": 1}

SUPERVISOR_POINTS = ["claim", "before-report"]
WORKER_POINTS = ["probe", "fetch", "midpack", "pack-moved", "idx-moved", "refs-written",
                 "head-written"]


# ---------------------------------------------------------------- tools

@pytest.fixture
def path(name):
    return "f/%s.git" % name


@pytest.fixture
def origin(upstream, path):
    repo = simple(upstream.folder / path)
    repo.commits(20)
    return repo


@pytest.fixture
def still(hub):
    """The hub without a sync program of its own."""
    end_follow(hub)
    return hub


def check_whole(hub, name, origin):
    """I1 to I5: the store is whole, has the upstream's refs, and nothing is left over."""
    check(hub, {name: origin})


# ---------------------------------------------------------------- killed anywhere

def crash(hub, name, point):
    """A run that is killed at the point, and then the time until the next one may try."""
    done = once(hub, check=False, MIRRORHUB_CRASH_AT=point)
    if point in SUPERVISOR_POINTS:
        assert done.returncode in (-9, 137), done
        wait_until(lambda: not sync_pids(hub), 60, "the workers die with their supervisor")
        end_lease(hub, name)
    else:
        assert done.returncode == 0, done
        failed = hub.last_run(name)
        assert (failed["outcome"], failed["error_class"]) == ("failed", "local"), failed
        assert "signal 9" in failed["error_text"]
        job = hub.job(name)
        assert job["state"] == "retry" and job["attempts"] == 1, job
        make_due(hub, name)


@pytest.mark.parametrize("point", SUPERVISOR_POINTS + WORKER_POINTS)
def test_R01_a_first_sync_killed_anywhere_is_done_by_the_next_run(
        still, upstream, origin, path, name, point):
    still.add(upstream.url(path), name)
    crash(still, name, point)
    once(still)
    assert still.last_run(name)["outcome"] in ("changed", "unchanged")
    check_whole(still, name, origin)
    assert still.show(name)["latest_version"] == origin.describe()


@pytest.mark.parametrize("point", SUPERVISOR_POINTS + WORKER_POINTS)
def test_R01_an_update_killed_anywhere_is_done_by_the_next_run(
        still, upstream, origin, path, name, point):
    still.add(upstream.url(path), name)
    once(still)
    before = origin.mirrored()
    origin.commits(20)
    origin.delete("refs/heads/topic")
    origin.commit("trunk", {"a": "b"}, parents=[])
    origin.set_head("trunk")
    make_due(still, name)
    crash(still, name, point)
    # I8: readers saw all of the old or all of the new meanwhile
    assert still.refs(name) in (before, origin.mirrored())
    once(still)
    check_whole(still, name, origin)
    assert (still.store_dir(name) / "HEAD").read_text() == "ref: refs/heads/trunk\n"


@pytest.mark.parametrize("point", ["refs-written", "head-written", "before-report"])
def test_R01_an_upstream_that_goes_back_after_a_kill_is_followed(
        still, upstream, origin, path, name, point):
    """What was published, and the database never heard of, is not what the upstream has again."""
    still.add(upstream.url(path), name)
    once(still)
    before, refs = origin.mirrored(), origin.refs()
    origin.commit("main", message="taken back soon")
    origin.ref("refs/heads/short-lived", origin.oid("main"))
    make_due(still, name)
    crash(still, name, point)
    assert still.refs(name) == origin.mirrored() != before
    origin.ref("refs/heads/main", refs["refs/heads/main"])
    origin.delete("refs/heads/short-lived")
    once(still)
    check_whole(still, name, origin)
    assert still.refs(name) == before
    # and then it is as any other again: one look at the upstream
    still.put("/repositories/%s" % name)
    once(still)
    assert still.last_run(name)["outcome"] == "unchanged"


def test_R01_workers_die_with_a_supervisor_that_is_killed(still, upstream, origin, path, name):
    upstream.fault(path, up.endless_progress())
    still.add(upstream.url(path), name)
    program = start_once(still)
    wait_until(lambda: still.job(name)["phase"] == "fetching", 60)
    assert len(sync_pids(still, workers=True)) >= 1
    program.kill()
    program.communicate()
    wait_until(lambda: not sync_pids(still), 60, "the workers die too")
    upstream.heal(path)
    wait_until(lambda: is_out_of_lease(still, name), 60)
    once(still)
    lost = still.sql("SELECT outcome, error_class FROM hub.run r JOIN hub.project p"
                     " ON p.id = r.project_id WHERE p.path = %s ORDER BY r.id", name)
    assert [tuple(r.values()) for r in lost] == [("failed", "local"), ("changed", "")]
    check_whole(still, name, origin)


def test_R38_kills_at_random_moments_leave_old_or_new_and_nothing_else(
        still, upstream, origin, path, name):
    """The seed is printed; MIRRORHUB_KILLS=200 for a long run."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    chance = random.Random(seed)
    still.add(upstream.url(path), name)
    once(still)
    for i in range(int(os.environ.get("MIRRORHUB_KILLS", "15"))):
        before = origin.mirrored()
        origin.commits(chance.randrange(1, 30))
        origin.many_refs(3, "refs/heads/r%d/" % i)
        if i > 0:
            origin.delete("refs/heads/r%d/00000" % (i - 1))
        make_due(still, name)
        program = start_once(still)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(chance.uniform(0.05, 0.8))
        victims = [program.pid] if chance.random() < 0.5 else sync_pids(still, workers=True)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        program.communicate(timeout=60)
        wait_until(lambda: not sync_pids(still), 60, "all have ended")
        assert still.refs(name) in (before, origin.mirrored()), "seed %d, round %d" % (seed, i)
        end_lease(still, name)
        make_due(still, name)
        once(still)  # as the next minute of cron
        assert still.refs(name) == origin.mirrored(), "seed %d, round %d" % (seed, i)
    check_whole(still, name, origin)


# ---------------------------------------------------------------- the worker alone

def test_R02_a_worker_that_is_killed_is_a_failed_run_and_nothing_more(
        hub, upstream, origin, path, name):
    hub_follows(hub)
    hub.mirror(upstream.url(path), name)
    before = files_of(hub, name)
    origin.noise(200000)
    upstream.fault(path, up.endless_progress())  # busy until it is killed
    assert hub.put("%s/%s" % (hub.P, name)).text == "true"
    last = hub.run_id(name)
    supervisors = sync_pids(hub, workers=False)
    job = wait_until(lambda: (lambda j: j if j["phase"] == "fetching" else None)(hub.job(name)), 60)
    for pid in sync_pids(hub, workers=True):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    failed = hub.wait_run(name, last)
    assert failed["fence"] == job["fence"]
    assert (failed["outcome"], failed["error_class"]) == ("failed", "local")
    assert failed["error_text"] == "the worker died (signal 9)"
    assert sync_pids(hub, workers=False) == supervisors
    assert files_of(hub, name) == before
    assert 60 <= (hub.job(name)["run_at"] - failed["finished_at"]).total_seconds() <= 66
    upstream.heal(path)
    hub.sync_and_wait(name, "changed")
    check_whole(hub, name, origin)


def test_R02_a_worker_that_hangs_is_killed_and_others_go_on(still, upstream, origin, path, name):
    other = simple(upstream.folder / ("f/%s-other.git" % name))
    upstream.fault(path, up.endless_progress())
    still.add(upstream.url(path), name)
    program = start_once(still)
    try:
        wait_until(lambda: still.job(name)["phase"] == "fetching", 60)
        [worker] = [pid for pid in sync_pids(still, workers=True) if is_talking_to(pid, upstream.port)]
        os.kill(worker, signal.SIGSTOP)  # not one line more, and the engine's limits sleep too
        still.add(upstream.url("f/%s-other.git" % name), name + "-other")
        other_done = still.wait_run(name + "-other")
        done = still.wait_run(name)
        assert other_done["id"] < done["id"]
    finally:
        upstream.heal(path)
        said = program.communicate(timeout=60)[1].decode()
    assert (done["outcome"], done["error_class"]) == ("failed", "local"), done
    assert done["error_text"].startswith("no progress for")
    assert program.returncode == 0, said
    make_due(still, name)
    once(still)
    check_whole(still, name, origin)
    check_whole(still, name + "-other", other)


# ---------------------------------------------------------------- frozen and woken again

def test_R10_a_program_frozen_for_three_leases_writes_nothing_when_it_wakes(
        still, upstream, origin, path, name):
    origin.noise(200000)
    taken, silence = [], up.silent_mid_pack()

    def silent_once(x):
        if x.kind != "pack" or taken:
            return False
        taken.append(x)
        return silence(x)
    upstream.fault(path, silent_once)
    still.add(upstream.url(path), name)
    frozen = start_once(still)
    try:
        wait_until(lambda: still.job(name)["phase"] == "fetching", 60,
                   lambda: "the first one fetches: %s" % still.job(name))
        first = still.job(name)
        pids = [frozen.pid] + sync_pids(still, workers=True)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: still.one("SELECT now() > %s + make_interval(secs => %s)",
                                     first["lease_until"], 2 * LEASE_S),
                   60, "three leases are over", interval=0.2)
        once(still)
        good = still.last_run(name)
        assert good["outcome"] == "changed" and good["fence"] > first["fence"], good
        runs = still.one("SELECT count(*) FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                         " WHERE p.path = %s", name)
        assert runs == 2, "the lost one and the good one"
        files = files_of(still, name)
        job = still.job(name)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        said = frozen.communicate(timeout=60)[1].decode()
        assert frozen.returncode == 0
        assert '"outcome":"fenced"' in said
    finally:
        upstream.heal(path)
        for pid in [frozen.pid] + sync_pids(still, workers=True):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        frozen.kill()
        frozen.wait()
    assert files_of(still, name) == files
    assert still.job(name) == job
    assert still.run_id(name) == good["id"]
    check_whole(still, name, origin)


def test_R10_a_program_that_slept_for_a_while_has_lost_nothing(fresh_hub, upstream, origin, path, name):
    """It was stopped, nobody else took its job meanwhile: the probe under way goes on."""
    hub = fresh_hub({"sync.lease_s": LEASE_S, "sync.poll_s": 1, "net.low_speed_s": 60})
    hub.mirror(upstream.url(path), name)
    last, go_on = hub.run_id(name), threading.Event()

    def held(x):
        go_on.wait(60)
        return False
    upstream.fault(path, held)
    upstream.requests.clear()
    hub.sql("UPDATE hub.job SET run_at = now() WHERE kind = 'sync'")
    hub.sql("SELECT pg_notify('mirrorhub_job', '')")
    try:
        wait_until(lambda: upstream.asked(path), 60, "the probe is under way")
        assert hub.job(name)["is_probed"]
        pids, since = sync_pids(hub), hub.one("SELECT now()")
        kill(pids, signal.SIGSTOP)
        wait_until(lambda: hub.one("SELECT now() > %s + make_interval(secs => %s)", since, LEASE_S + 1), 60,
                   "the lease has run out", interval=0.2)
        kill(pids, signal.SIGCONT)
        wait_until(lambda: not is_out_of_lease(hub, name), 60, "it is renewed")
    finally:
        go_on.set()
    wait_until(lambda: hub.job(name)["state"] == "scheduled", 60, lambda: "it ends: %s" % hub.job(name))
    assert hub.run_id(name) == last and hub.job(name)["attempts"] == 0, hub.last_run(name)


def test_R10_a_renewal_that_had_to_wait_for_longer_than_a_lease_has_lost_nothing(
        fresh_hub, upstream, origin, path, name):
    """Its lease is over by the moment at which it is written: nobody reaps what he has just renewed."""
    hub = fresh_hub({"sync.lease_s": LEASE_S, "sync.poll_s": 1, "net.low_speed_s": 60})
    gate = Gate()
    upstream.fault(path, lambda x: gate.pass_by())
    hub.add(upstream.url(path), name)
    db = hub.connect()
    db.autocommit = False
    with gate.held(), contextlib.closing(db):
        db.cursor().execute("SELECT FROM hub.job WHERE id = %s FOR UPDATE", (hub.job(name)["id"],))
        wait_until(lambda: hub.one("SELECT count(*) FROM pg_locks WHERE NOT granted"), 60, "a renewal waits")
        since = hub.one("SELECT now()")
        wait_until(lambda: hub.one("SELECT now() > %s + make_interval(secs => %s)", since, LEASE_S + 1), 60,
                   "the lease that it wants is over", interval=0.2)
        db.rollback()
        wait_until(lambda: not is_out_of_lease(hub, name), 60, "it is renewed")
    assert hub.wait_run(name)["outcome"] == "changed"
    assert hub.one("SELECT n FROM hub.counter WHERE name = 'busy_reaped'") == 0


# ---------------------------------------------------------------- cron's overlaps

def test_R11_two_runs_at_once_do_each_mirror_once(still, upstream, name):
    names = ["%s-%d" % (name, i) for i in range(6)]
    for one in names:
        simple(upstream.folder / ("f/%s.git" % one))
        still.add(upstream.url("f/%s.git" % one), one)
    both = [start_once(still), start_once(still)]
    for process in both:
        said = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 0, said
    rows = still.sql("SELECT p.path, r.outcome, r.error_text FROM hub.run r JOIN hub.project p"
                     " ON p.id = r.project_id WHERE p.path = ANY(%s) ORDER BY 1", names)
    assert [(r["path"], r["outcome"]) for r in rows] == [(one, "changed") for one in names], rows
    assert sync_pids(still) == []


def test_R11_a_second_run_ends_at_once_while_the_first_is_still_at_work(
        still, upstream, origin, path, name):
    upstream.fault(path, up.endless_progress())
    still.add(upstream.url(path), name)
    first = start_once(still)
    try:
        wait_until(lambda: still.job(name)["state"] == "running", 60)
        assert once(still).returncode == 0
        assert first.poll() is None, "the second one had ended before"
    finally:
        upstream.heal(path)
        first.communicate(timeout=60)
    assert first.returncode == 0


def test_R11_a_run_waits_for_a_database_that_comes_up_later(still, upstream, origin, path, name):
    still.add(upstream.url(path), name)
    stop_database(still)
    try:
        early = start_once(still)
        with pytest.raises(subprocess.TimeoutExpired):
            early.wait(1.5)
    finally:
        start_database(still)
    said = early.communicate(timeout=60)[1].decode()
    assert early.returncode == 0, said
    assert still.last_run(name)["outcome"] == "changed"


# ---------------------------------------------------------------- the database dies

def test_R12_the_database_dies_under_a_sync_and_the_result_is_kept(
        hub, upstream, origin, path, name):
    hub_follows(hub)
    gate = []

    def held(x):
        if x.kind != "pack" or gate:
            return False
        gate.append(x)
        x.server.closing.wait(2.0)  # longer than the stop, shorter than the low-speed limit
        return False
    hub.mirror(upstream.url(path), name)
    upstream.fault(path, held)
    origin.commits(20)
    last = hub.run_id(name)
    pids = sync_pids(hub, workers=False)
    assert hub.put("%s/%s" % (hub.P, name)).text == "true"
    wait_until(lambda: gate, 60, "the fetch is under way")
    fence = hub.job(name)["fence"]
    stop_database(hub)
    try:
        with pytest.raises(psycopg2.OperationalError):
            hub.sql("SELECT 1")
        answer = hub.get("/info", hub.admin)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    finally:
        start_database(hub)
    done = hub.wait_run(name, last, 60)
    assert (done["outcome"], done["fence"]) == ("changed", fence), done  # not thrown away, not twice
    assert sync_pids(hub, workers=False) == pids, "no process has ended"
    check_whole(hub, name, origin)
    wait_until(lambda: hub.get("/info", hub.admin).status_code == 200, 60)
    upstream.heal(path)
    # and it listens again
    origin.commit()
    hub.sync_and_wait(name, "changed")


def test_R17_a_connection_that_is_cut_is_made_again(hub, upstream, origin, path, name):
    hub_follows(hub)
    hub.mirror(upstream.url(path), name)
    pids = sync_pids(hub, workers=False)
    for _ in range(3):
        cut = hub.psql("-Atc", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                       " WHERE usename = 'mirrorhub_sync'", role="postgres").stdout
        assert int(cut) >= 1
        origin.commit()
        hub.sync_and_wait(name, "changed")
    assert sync_pids(hub, workers=False) == pids
    check_whole(hub, name, origin)


# ---------------------------------------------------------------- not our data folder

@contextlib.contextmanager
def changed_data(hub, how):
    """The data folder in a state that nobody wants, for a while."""
    data, away = hub.data_dir, hub.data_dir.with_name("data.away")
    owner, mode = data.stat(), data.stat().st_mode & 0o7777
    if how == "an empty folder":
        data.rename(away)
        data.mkdir()
        os.chown(data, owner.st_uid, owner.st_gid)
    elif how == "no folder":
        data.rename(away)
    elif how == "no marker":
        (data / "mirrorhub.instance").rename(hub.var / "marker.away")
    elif how == "no repos":
        (data / "repos").rename(hub.var / "repos.away")
    elif how == "not writable":
        data.chmod(0o550)
    elif how == "another owner":
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        os.chown(data, 65534, 65534)
        data.chmod(0o755)
    try:
        yield
    finally:
        if away.exists():
            shutil.rmtree(data, ignore_errors=True)
            away.rename(data)
        if (hub.var / "marker.away").exists():
            (hub.var / "marker.away").rename(data / "mirrorhub.instance")
        if (hub.var / "repos.away").exists():
            (hub.var / "repos.away").rename(data / "repos")
        os.chown(data, owner.st_uid, owner.st_gid)
        data.chmod(mode)


R21 = {"an empty folder": "mirrorhub.instance", "no folder": "data.dir", "no marker": "mirrorhub.instance",
       "no repos": "repos", "not writable": "writable", "another owner": "writable"}


@pytest.mark.parametrize("how", R21)
def test_R21_a_data_folder_that_is_not_ours_stops_the_program(
        still, upstream, origin, path, name, how):
    still.add(upstream.url(path), name)
    once(still)
    make_due(still, name)
    before = (still.job(name), still.run_id(name), still.one("SELECT count(*) FROM hub.project"))
    with changed_data(still, how):
        for arguments in ([], ["--follow"]):
            done = run(sync_argv(still) + arguments, check=False, timeout=60)
            assert done.returncode == 1
            line = [text for text in done.stderr.splitlines() if '"level":"err"' in text]
            assert len(line) == 1 and R21[how] in line[0] and str(still.data_dir) in line[0]
        assert (still.job(name), still.run_id(name),
                still.one("SELECT count(*) FROM hub.project")) == before
    at = "SELECT last_success_at FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id WHERE p.path = %s"
    checked = still.one(at, name)
    once(still)
    assert still.one(at, name) > checked and still.run_id(name) == before[1], "nothing new, and no row for it"
    check_whole(still, name, origin)


# ---------------------------------------------------------------- the upstream breaks off

R24 = {
    "reset after the refs": up.reset_after_advert(),
    "reset in the middle of the pack": up.reset_mid_pack(),
    "reset at 99 percent": up.reset_mid_pack(0.99),
    "an end in the middle of the pack": up.end_mid_pack(),
    "a wrong length": up.wrong_length(),
    "a byte now and then": up.trickle(),
    "silent": up.silent(),
    "silent in the middle of the pack": up.silent_mid_pack(),
}


@pytest.mark.parametrize("how", R24)
def test_R24_an_upstream_that_breaks_off_changes_nothing(
        still, upstream, origin, path, name, how):
    still.add(upstream.url(path), name)
    once(still)
    before, files = origin.mirrored(), files_of(still, name)
    origin.noise(300000)
    upstream.fault(path, R24[how])
    delays = []
    for attempt in range(2):
        make_due(still, name)
        once(still)
        failed, job = still.last_run(name), still.job(name)
        assert failed["outcome"] == "failed" and failed["error_class"] in ("network", "protocol")
        assert failed["error_text"]
        assert (job["state"], job["attempts"]) == ("retry", attempt + 1)
        delays.append((job["run_at"] - failed["finished_at"]).total_seconds())
    if failed["error_class"] == "network":  # n^4 + 15 + luck * (n + 1), luck at most 29
        assert 15 <= delays[0] <= 15 + 29 and 16 <= delays[1] <= 16 + 58
    assert files_of(still, name) == files
    assert still.refs(name) == before
    upstream.heal(path)
    make_due(still, name)
    once(still)
    assert still.last_run(name)["outcome"] == "changed"
    check_whole(still, name, origin)
    assert still.job(name)["attempts"] == 0


# ---------------------------------------------------------------- stale locks

STALE = ["packed-refs.lock", "HEAD.lock", "config.lock", "refs/heads/main.lock",
         "objects/pack/tmp_pack_Ab12Cd", "objects/pack/tmp_idx_Ab12Cd", "shallow.lock"]


def test_R39_stale_locks_are_removed_and_the_run_passes(still, upstream, origin, path, name):
    still.add(upstream.url(path), name)
    once(still)
    store = still.store_dir(name)
    owner = store.stat()
    for file in STALE:
        (store / file).parent.mkdir(parents=True, exist_ok=True)
        (store / file).write_bytes(b"")
        os.chown(store / file, owner.st_uid, owner.st_gid)
    origin.commit()
    make_due(still, name)
    once(still)
    assert still.last_run(name)["outcome"] == "changed"
    check_whole(still, name, origin)


# ---------------------------------------------------------------- --follow and SIGTERM

def test_a_resident_program_takes_new_work_at_once(fresh_hub, upstream, origin, path, name):
    hub = fresh_hub({"sync.poll_s": 3600})  # it is told, or nothing would happen
    hub.mirror(upstream.url(path), name)
    origin.commit()
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()
    # it lives, however rarely it looks at the queue
    hub.sql("UPDATE hub.worker SET beat_at = now() - interval '50 s'")
    wait_until(lambda: hub.one("SELECT bool_and(beat_at > now() - interval '30 s') FROM hub.worker"), 60)


def test_a_resident_program_gives_signs_of_life(hub, upstream, origin, path, name):
    hub_follows(hub)
    hub.mirror(upstream.url(path), name)
    workers = wait_until(lambda: hub.sql("SELECT name, beat_at FROM hub.worker"), 60, "a sign of life")
    last = max(w["beat_at"] for w in workers)
    wait_until(lambda: hub.one("SELECT max(beat_at) > %s FROM hub.worker", last), 60, "and the next")


def test_a_resident_program_has_workers_whether_or_not_they_have_a_process(hub, upstream, origin, path, name):
    def workers():
        return {w["name"] for w in hub.sql("SELECT name FROM hub.worker")}
    end_follow(hub)
    hub.sql("DELETE FROM hub.worker")  # of programs that other tests have killed
    hub_follows(hub)
    at_first = wait_until(workers, 60, "a sign of life")
    assert len(at_first) == HUB_CONF["sync.workers"]
    hub.mirror(upstream.url(path), name)
    for pid in sync_pids(hub, workers=True):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for _ in range(3):
        assert workers() == at_first
        origin.commit()
        hub.sync_and_wait(name, "changed")
    assert workers() == at_first


def test_SIGTERM_gives_the_job_back_and_leaves_no_process(hub, upstream, origin, path, name):
    end_follow(hub)
    hub.sql("DELETE FROM hub.worker")  # of programs that other tests have killed
    program = follow(hub)
    upstream.fault(path, up.endless_progress())  # busy for longer than anybody waits
    hub.add(upstream.url(path), name)
    wait_until(lambda: hub.job(name)["phase"] == "fetching", 60)
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == 0
    upstream.heal(path)
    job = hub.job(name)
    assert (job["state"], job["attempts"], job["worker"]) == ("queued", 0, None)
    assert hub.last_run(name) is None
    assert sync_pids(hub) == []
    assert hub.sql("SELECT * FROM hub.worker") == []
    once(hub)
    check_whole(hub, name, origin)


# ---------------------------------------------------------------- the janitor

def test_leftovers_of_dead_runs_go_and_unknown_folders_stay(still, upstream, origin, path, name):
    still.add(upstream.url(path), name)
    once(still)
    store = still.store_dir(name)
    owner = store.stat()
    dead = still.data_dir / "quarantine" / "1-1"
    stranger = still.data_dir / "repos" / "999" / "999999.git"
    old = store / "objects" / "pack" / "tmp_pack_old"
    for folder in (dead, stranger):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    old.write_text("x")
    os.utime(old, (1, 1))
    for file in [dead, dead / "file", stranger.parent, stranger, stranger / "file", old]:
        os.chown(file, owner.st_uid, owner.st_gid)
    with contextlib.suppress(FileNotFoundError):
        (still.data_dir / "janitor.lock").unlink()  # as if the last sweep were an hour ago
    said = once(still).stderr
    assert not dead.exists() and not old.exists()
    assert (stranger / "file").exists()
    assert '"a folder without a row"' in said and '"store":999999' in said
    shutil.rmtree(stranger.parent)
    check_whole(still, name, origin)


def test_the_janitor_can_be_called_by_hand(still, upstream, origin, path, name):
    still.add(upstream.url(path), name)
    once(still)
    dead = still.data_dir / "quarantine" / "7-1"
    stranger = still.data_dir / "repos" / "998" / "998001.git"
    for folder in (dead, stranger):
        folder.mkdir(parents=True)
    for folder in (dead, stranger.parent, stranger):
        os.chown(folder, still.data_dir.stat().st_uid, still.data_dir.stat().st_gid)
    argv = sync_argv(still)
    argv[argv.index(str(still.var / "bin" / "mirrorhub-sync"))] = str(still.var / "bin" / "mirrorhub")
    said = run(argv + ["janitor"]).stdout
    assert "1 leftovers removed" in said
    assert "store 998001 has a folder but no row" in said
    assert stranger.exists() and not dead.exists()
    shutil.rmtree(stranger.parent)


def test_a_deleted_mirror_loses_its_folder_and_nothing_else_does(
        still, upstream, origin, path, name):
    still.add(upstream.url(path), name)
    other = simple(upstream.folder / ("f/%s-other.git" % name))
    still.add(upstream.url("f/%s-other.git" % name), name + "-other")
    once(still)
    store = still.store_dir(name)
    assert still.delete("%s/%s" % (still.P, name)).status_code == 200
    once(still)
    assert not store.exists() and not list(store.parent.glob(store.stem + ".*"))
    assert still.one("SELECT count(*) FROM hub.job WHERE kind = 'remove_store'") == 0
    assert still.one("SELECT count(*) FROM hub.store WHERE id = %s", int(store.stem)) == 0
    check_whole(still, name + "-other", other)


# ---------------------------------------------------------------- ssh, by a worker that is confined

def test_an_upstream_over_ssh_is_mirrored(still, upstream, origin, path, name, sshd):
    still.add(sshd.url(origin.path), name)
    once(still)
    assert still.last_run(name)["outcome"] == "changed", still.last_run(name)
    check_whole(still, name, origin)
    origin.commit()
    make_due(still, name)
    once(still)
    check_whole(still, name, origin)
