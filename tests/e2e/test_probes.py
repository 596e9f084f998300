"""Probes in the queue (sync/probes.c): an unchanged mirror costs one request and nothing else, a changed
one is synced, and a prober that dies has failed nobody."""

import signal

import pytest

from fixtures import upstream as up
from fixtures.faults import end_follow, hub_follows, is_talking_to, kill, make_due, once
from fixtures.repos import simple
from fixtures.run import wait_until

# Nothing here ends by these limits: a machine that stands still for a while must not reach them.
HUB_CONF = {"sync.poll_s": 1, "sync.lease_s": 60, "net.low_speed_s": 60, "net.connect_s": 60}


@pytest.fixture(autouse=True)
def quiet(hub):
    """No resident program, unless the test starts it: `once` is then all that works."""
    end_follow(hub)


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / (name + ".git"))


@pytest.fixture
def mirrored(hub, upstream, origin, name):
    """A mirror in order; what was asked for until here is forgotten."""
    hub.add(upstream.url(name + ".git"), name)
    once(hub)
    assert hub.show(name)["status"] == "idle"
    upstream.requests.clear()
    return name


def job(hub, name):
    return hub.row("SELECT j.*, extract(epoch FROM j.run_at - now()) AS due_s FROM hub.job j"
                   " JOIN hub.project p ON p.id = j.project_id WHERE p.path = %s", name)


def runs(hub, name):
    return hub.one("SELECT count(*) FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                   " WHERE p.path = %s", name)


def last_success(hub, name):
    return hub.one("SELECT m.last_success_at FROM hub.mirror m JOIN hub.project p"
                   " ON p.id = m.project_id WHERE p.path = %s", name)


def prober_pids(hub):
    return [pid for pid, argv in hub.processes().items() if "--prober" in argv]


def test_an_unchanged_mirror_costs_one_request_and_no_run(hub, upstream, mirrored):
    before, n_runs = last_success(hub, mirrored), runs(hub, mirrored)
    for _ in range(2):
        make_due(hub, mirrored)
        once(hub)
    assert [(r.method, r.path.rpartition("/")[2]) for r in upstream.asked(mirrored)] \
        == [("POST", "git-upload-pack")] * 2
    assert last_success(hub, mirrored) > before and runs(hub, mirrored) == n_runs
    now = job(hub, mirrored)
    assert now["state"] == "scheduled" and now["is_probed"] and now["due_s"] > 60


def test_no_store_is_looked_at(hub, upstream, mirrored):
    where = hub.store_dir(mirrored)
    away = where.with_name(where.name + ".away")
    where.rename(away)
    try:
        make_due(hub, mirrored)
        once(hub)
        assert hub.show(mirrored)["status"] == "idle"
        assert len(upstream.asked(mirrored)) == 1
    finally:
        away.rename(where)


def test_what_has_changed_is_synced_in_the_same_run(hub, upstream, origin, mirrored):
    origin.commit("main", {"new": "file"}, "new")
    make_due(hub, mirrored)
    once(hub)
    assert hub.refs(mirrored) == origin.mirrored()
    assert hub.last_run(mirrored)["outcome"] == "changed"
    assert job(hub, mirrored)["is_probed"]


def test_somebody_who_asks_gets_a_run(hub, mirrored):
    n_runs = runs(hub, mirrored)
    hub.put("/repositories/" + mirrored)
    once(hub)
    assert runs(hub, mirrored) == n_runs + 1
    assert hub.last_run(mirrored)["outcome"] == "unchanged"


def test_version_0_is_seen_as_it_was_published(hub, upstream, origin, mirrored):
    upstream.speaks_v2 = False
    try:
        for _ in range(2):
            make_due(hub, mirrored)
            once(hub)
    finally:
        upstream.speaks_v2 = True
    assert [r.method for r in upstream.asked(mirrored)] == ["POST", "GET", "GET"]
    assert hub.last_run(mirrored)["outcome"] == "changed"  # that of the first sync


@pytest.mark.parametrize("kind", ["detached", "tags only", "empty"])
def test_repositories_of_all_kinds_are_unchanged_when_they_are(hub, upstream, origin, name, kind):
    if kind == "detached":
        origin.git("update-ref", "--no-deref", "HEAD", origin.oid("refs/heads/main"))
    elif kind == "tags only":
        for ref in [r for r in origin.refs() if r.startswith("refs/heads/")]:
            origin.delete(ref)
    else:
        for ref in list(origin.refs()):
            origin.delete(ref)
    hub.add(upstream.url(name + ".git"), name)
    once(hub)
    n_runs = runs(hub, name)
    make_due(hub, name)
    upstream.requests.clear()
    once(hub)
    # by the version that its host was last seen to speak, which may be wrong once
    assert len(upstream.asked(name)) <= 2 and runs(hub, name) == n_runs


def test_credentials_are_used_and_shown_nowhere(hub, upstream, origin, name):
    upstream.require(name + ".git", "bob", "canary-90210")
    hub.hide("canary-90210")
    hub.add(upstream.url(name + ".git", credentials="bob:canary-90210"), name)
    once(hub)
    upstream.requests.clear()
    make_due(hub, name)
    once(hub)
    assert [r.authorization is not None for r in upstream.asked(name)] == [True]
    upstream.fault(name + ".git", up.status(200, "canary-90210"))
    make_due(hub, name)
    once(hub)
    upstream.heal()
    shown = hub.row("SELECT m.error_class, m.error_text FROM hub.mirror m JOIN hub.project p"
                    " ON p.id = m.project_id WHERE p.path = %s", name)
    assert shown["error_class"] == "protocol" and "canary" not in shown["error_text"]


def test_a_failed_probe_is_a_failed_sync(hub, upstream, mirrored):
    upstream.fault(mirrored + ".git", up.status(404))
    make_due(hub, mirrored)
    once(hub)
    upstream.heal()
    assert hub.last_run(mirrored)["outcome"] == "failed"
    assert hub.last_run(mirrored)["error_class"] == "gone"
    make_due(hub, mirrored)
    once(hub)
    assert hub.last_run(mirrored)["outcome"] == "unchanged"  # it ends a row of failures


def test_a_killed_prober_has_failed_nobody(hub, upstream, mirrored):
    n_runs = runs(hub, mirrored)
    upstream.fault(mirrored + ".git", up.silent())
    hub_follows(hub)
    make_due(hub, mirrored)
    wait_until(lambda: upstream.asked(mirrored), 60)
    first = wait_until(lambda: prober_pids(hub), 60)
    upstream.requests.clear()
    kill(first)
    wait_until(lambda: upstream.asked(mirrored), 60, "another prober asks again")
    assert prober_pids(hub) != first
    assert runs(hub, mirrored) == n_runs
    upstream.heal()  # which cuts the connection of the other one


def test_what_kills_probers_fails_alone(hub, upstream, mirrored):
    """Whoever asks for it dies: two probers, and then the one worker that has nothing else to do."""
    harmless = mirrored + "-harmless"
    simple(upstream.folder / (harmless + ".git"))
    hub.add(upstream.url(harmless + ".git"), harmless)
    once(hub)
    killed = []

    def poison(x):
        asks = [pid for pid, argv in hub.processes().items()
                if {"--prober", "--worker"} & set(argv) and is_talking_to(pid, upstream.port)]
        killed.extend("--prober" if pid in prober_pids(hub) else "--worker" for pid in asks)
        kill(asks)
        return False
    upstream.fault(mirrored + ".git", poison)
    hub_follows(hub)
    make_due(hub, mirrored)
    wait_until(lambda: runs(hub, mirrored) > 1, 60, "it has failed")
    upstream.heal()
    failed = hub.last_run(mirrored)
    assert (failed["outcome"], failed["error_class"]) == ("failed", "local")
    assert killed.count("--prober") == 2 and killed.count("--worker") >= 1
    assert not job(hub, mirrored)["is_probed"]
    make_due(hub, harmless)
    wait_until(lambda: job(hub, harmless)["state"] == "scheduled" and job(hub, harmless)["due_s"] > 60, 60)
    assert runs(hub, harmless) == 1 and job(hub, harmless)["is_probed"]


def test_a_stopped_prober_is_replaced(hub, upstream, mirrored):
    """Silent, but alive: it is given up after half a minute at the most, and its jobs go on."""
    hub_follows(hub)
    make_due(hub, mirrored)
    first = wait_until(lambda: prober_pids(hub), 60)
    wait_until(lambda: job(hub, mirrored)["state"] == "scheduled", 60)
    kill(first, signal.SIGSTOP)
    upstream.requests.clear()
    make_due(hub, mirrored)
    wait_until(lambda: upstream.asked(mirrored), 90, "another prober asks")
    wait_until(lambda: job(hub, mirrored)["state"] == "scheduled", 60)
    assert hub.last_run(mirrored)["outcome"] == "changed"


def test_sigterm_puts_probes_back(hub, upstream, mirrored):
    upstream.fault(mirrored + ".git", up.silent())
    hub_follows(hub)
    make_due(hub, mirrored)
    wait_until(lambda: upstream.asked(mirrored), 60)
    end_follow(hub)
    upstream.heal()
    now = job(hub, mirrored)
    assert now["state"] == "scheduled" and now["due_s"] <= 0 and now["is_probed"]


def test_without_probes_every_sync_asks_for_itself(fresh_hub, upstream, name):
    simple(upstream.folder / (name + ".git"))
    hub = fresh_hub({**HUB_CONF, "sync.probes": 0})
    hub.mirror(upstream.url(name + ".git"), name)
    upstream.requests.clear()
    hub.sync_and_wait(name, "unchanged")
    assert [r.method for r in upstream.asked(name)] == ["GET"]
    assert not prober_pids(hub)


N_BEHIND = 6


@pytest.fixture
def narrow(fresh_hub, upstream, name):
    """A hub whose next pass is far away, and mirrors that are all due, of a host with two places for probes."""
    hub = fresh_hub({**HUB_CONF, "sync.poll_s": 600})
    for i in range(N_BEHIND):
        simple(upstream.folder / ("%s-%d.git" % (name, i)))
        hub.mirror(upstream.url("%s-%d.git" % (name, i)), "%s-%d" % (name, i))
    for i in range(N_BEHIND):
        hub.wait_idle("%s-%d" % (name, i))
    end_follow(hub)
    upstream.requests.clear()
    hub.sql("UPDATE hub.host SET slots = 3, slots_at = now()")
    hub.sql("UPDATE hub.job SET run_at = now() WHERE kind = 'sync'")
    return hub


def asked_for(upstream, name):
    return {r.path.rpartition("/")[0] for r in upstream.asked(name)}


def test_those_that_their_host_has_no_room_for_follow_before_the_next_pass(narrow, upstream, name):
    hub_follows(narrow)
    wait_until(lambda: len(asked_for(upstream, name)) == N_BEHIND, 60, lambda: str(asked_for(upstream, name)))
    assert narrow.one("SELECT count(*) FROM hub.mirror WHERE failures > 0") == 0


def test_a_run_of_cron_ends_although_some_are_put_off(narrow, upstream, name):
    once(narrow)
    assert 0 < len(asked_for(upstream, name)) < N_BEHIND
    assert narrow.one("SELECT count(*) FROM hub.job WHERE due_at IS NOT NULL") == N_BEHIND - len(asked_for(upstream, name))
