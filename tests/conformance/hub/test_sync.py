"""Contract B8.2: the rows in which something is cloned and fetched. The truth is git's own view of
the upstream, and what the upstream was asked."""


import threading

import pytest

from conformance.hub.client import REPOS, push, repo_url, show, state
from fixtures.repos import simple
from fixtures.run import wait_until
from fixtures.upstream import closed_port

HUB_CONF = {"sync.workers": 2, "net.low_speed_s": 60, "sync.lease_s": 60, "sync.poll_s": 3600}


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("o/%s.git" % name))


@pytest.fixture
def url(upstream, origin, name):
    return upstream.url("o/%s.git" % name)


@pytest.fixture
def gate(upstream, name):
    """shut() keeps the upstream's answers back (only="pack": the packs alone), open() lets them go."""
    class Gate:
        def __init__(self):
            self.event = threading.Event()

        def shut(self, only=None):
            self.event.clear()
            self.held = threading.Event()  # something waits at it
            upstream.fault("o/%s.git" % name, lambda x: only in (None, x.kind) and self.holds())

        def holds(self):
            self.held.set()
            return not self.event.wait(50)

        def open(self):
            self.event.set()
            upstream.heal("o/%s.git" % name)
    one = Gate()
    yield one
    one.open()


def runs(hub, name, after=0):
    return hub.one("SELECT count(*) FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                   " WHERE p.path = %s AND r.id > %s", name, after)


def asked(upstream, name):
    return len(upstream.asked("o/%s.git" % name))


def cloned(hub, name, url):
    assert push(hub, name, url).json() == {"success": True}
    hub.wait_run(name)
    hub.wait_idle(name)


def test_row_5_after_the_clone(hub, upstream, gate, origin, url, name):
    gate.shut()
    push(hub, name, url)
    assert state(hub, name) == (False, True, 0)  # queued
    wait_until(lambda: asked(upstream, name), 60, "the upstream is asked")
    assert state(hub, name) == (False, True, 0)  # cloning
    gate.open()
    hub.wait_run(name)
    hub.wait_idle(name)
    assert state(hub, name) == (True, False, 0)
    assert hub.refs(name) == origin.mirrored()


def test_row_6_two_notices_while_it_is_cloned_are_one_fetch_after_it(
        hub, upstream, gate, origin, url, name):
    gate.shut()
    push(hub, name, url)
    wait_until(lambda: asked(upstream, name), 60, "the upstream is asked")
    for _ in range(2):
        push(hub, name, url)
        assert state(hub, name) == (False, True, 0)
    gate.open()
    wait_until(lambda: runs(hub, name) == 2, 60, "the clone and a fetch")
    hub.wait_idle(name)
    assert hub.one("SELECT count(*) FROM hub.run WHERE outcome = 'failed' AND project_id = "
                   "(SELECT id FROM hub.project WHERE path = %s)", name) == 0
    assert (runs(hub, name), state(hub, name)) == (2, (True, False, 0))
    assert hub.refs(name) == origin.mirrored()


def test_row_7_three_notices_during_a_fetch_are_one_more(hub, upstream, gate, origin, url, name):
    cloned(hub, name, url)
    before = hub.run_id(name)
    origin.commit("main", {"early": "file"}, "early")
    gate.shut(only="pack")
    push(hub, name)
    wait_until(gate.held.is_set, 60, "it fetches")
    assert state(hub, name) == (True, False, 1)
    for _ in range(3):
        push(hub, name)
        assert state(hub, name) == (True, True, 1)
    origin.commit("main", {"late": "file"}, "late")
    gate.open()
    wait_until(lambda: runs(hub, name, before) == 2, 60, "it and one more")
    hub.wait_idle(name)
    assert (runs(hub, name, before), state(hub, name)) == (2, (True, False, 0))
    assert hub.refs(name) == origin.mirrored()


def test_row_7_three_notices_while_its_refs_are_looked_at_are_in_the_fetch_that_follows(
        hub, upstream, gate, origin, url, name):
    cloned(hub, name, url)
    before = hub.run_id(name)
    gate.shut()
    push(hub, name)
    wait_until(gate.held.is_set, 60, "it runs")
    assert state(hub, name) == (True, False, 1)
    for _ in range(3):
        push(hub, name)
        assert state(hub, name) == (True, True, 1)
    origin.commit("main", {"late": "file"}, "late")
    gate.open()
    # the fetch begins after the notices: one more would be for nothing
    assert hub.wait_run(name, before)["outcome"] == "changed"
    hub.wait_idle(name)
    assert (runs(hub, name, before), state(hub, name)) == (1, (True, False, 0))
    assert hub.refs(name) == origin.mirrored()


def test_row_23_a_clone_that_fails_is_tried_again(hub, name):
    held, port = closed_port()
    with held:
        got = push(hub, name, "http://127.0.0.1:%d/o/r.git" % port)
        assert got.json() == {"success": True}
        assert hub.wait_run(name)["outcome"] == "failed"
        hub.wait_idle(name)
        hub.park(name)
    assert state(hub, name) == (False, True, 0)
    assert hub.job(name)["state"] == "retry"
    assert hub.info()["faktory"]["tasks"]["Retries"]["size"] >= 1


def test_row_31_a_delete_during_the_clone_leaves_nothing(hub, upstream, gate, url, name):
    gate.shut()
    push(hub, name, url)
    wait_until(lambda: asked(upstream, name), 60, "the upstream is asked")
    folder = hub.store_dir(name)
    assert hub.delete(repo_url(name)).status_code == 204
    assert hub.get(repo_url(name)).status_code == 404
    gate.open()
    wait_until(lambda: hub.one("SELECT count(*) FROM hub.job WHERE kind = 'remove_store'") == 0, 60,
               "the job is done")
    assert not folder.exists()


def test_row_59_what_the_upstream_deletes_goes_and_head_follows(hub, origin, url, name):
    cloned(hub, name, url)
    origin.delete("refs/heads/topic")
    before = hub.run_id(name)
    push(hub, name, url)
    hub.wait_run(name, before)
    refs = hub.get(repo_url(name, "refs")).json()
    assert refs["branches"] == ["main"]
    origin.ref("refs/heads/trunk", origin.oid("main"))
    origin.set_head("trunk")
    before = hub.run_id(name)
    push(hub, name, url)
    hub.wait_run(name, before)
    got = hub.get(repo_url(name, "commit", "HEAD")).json()["commit"]
    assert got["id"] == origin.oid("trunk")
    assert "ref: refs/heads/trunk\tHEAD" in hub.git("ls-remote", "--symref", hub.clone_url(name))


def test_a_notice_starts_the_sync_at_once(hub, origin, url, name):
    # The queue is looked at once an hour here (sync.poll_s): what wakes the program is the notice.
    cloned(hub, name, url)
    origin.commit("main", {"new": "file"}, "new")
    before = hub.run_id(name)
    push(hub, name, url)
    hub.wait_run(name, before)
    assert hub.refs(name) == origin.mirrored()


def test_a_mirror_of_hprs_is_synced_by_a_notice_too(hub, origin, url, name):
    hub.mirror(url, name)
    origin.commit("main", {"new": "file"}, "new")
    before = hub.run_id(name)
    assert push(hub, name, url).json() == {"success": True}
    assert hub.wait_run(name, before)["outcome"] == "changed"
    assert hub.refs(name) == origin.mirrored()


def test_a_retry_that_is_due_is_an_active_fetch(hub, gate, url, name):
    cloned(hub, name, url)
    hub.sql("UPDATE hub.job j SET state = 'retry', run_at = now() + interval '1 hour'"
            " FROM hub.project p WHERE p.id = j.project_id AND p.path = %s", name)
    assert state(hub, name) == (True, False, 0)
    gate.shut()
    hub.sql("UPDATE hub.job j SET run_at = now() - interval '1 second'"
            " FROM hub.project p WHERE p.id = j.project_id AND p.path = %s", name)
    assert state(hub, name) == (True, False, 1)  # due, or running by now
    gate.open()


def test_what_is_only_planned_is_neither_pending_nor_active(hub, url, name):
    cloned(hub, name, url)
    assert hub.job(name)["state"] == "scheduled"
    one = show(hub, name)
    assert (one["isFetchPending"], one["numActiveFetches"]) == (False, 0)
    assert [r for r in hub.get(REPOS).json()["repositories"] if r["name"] == name] == [one]
