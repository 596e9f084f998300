"""Where projects are pushed on to (mirroring.md 5.10; security.md M-11 to M-14, M-19, M-20; reliability.md
R-01's push steps, R-27). The targets are bare repositories behind git's own receive-pack, and a second
Mirrorhub; the truth is what git says they have."""

import json
import os
import pathlib
import re

import pytest

from fixtures import upstream as up
from fixtures.faults import end_follow, once
from fixtures.repos import simple
from fixtures.run import git, wait_until

HUB_CONF = {"sync.workers": 2, "net.low_speed_s": 6, "net.connect_s": 6, "sync.poll_s": 1}
KEPT = "refs/mirrorhub/"


# ---------------------------------------------------------------- tools

def published(hub, name):
    """The branches and tags that the hub has, by git's own word."""
    return {ref: oid for ref, oid in hub.refs(name).items()
            if ref.startswith(("refs/heads/", "refs/tags/")) and not ref.endswith("^{}")}


@pytest.fixture
def origin(upstream, name):
    repo = simple(upstream.folder / ("from/%s.git" % name))
    repo.commits(5)
    return repo


@pytest.fixture
def there(upstream, name):
    """The target: an empty bare repository."""
    return upstream.repo("to/%s.git" % name)


@pytest.fixture
def mirror(hub, upstream, origin, name):
    hub.mirror(upstream.url("from/%s.git" % name), name)
    return name


def add(hub, name, url, status=201, **more):
    answer = hub.post("/api/repos/%s/targets" % name, json={"url": url, **more})
    assert answer.status_code == status, answer
    return answer.json()["target"]["id"] if status == 201 else answer.json()


def show(hub, name, target):
    answer = hub.get("/api/repos/%s/targets/%d" % (name, target), auth=hub.admin)
    assert answer.status_code == 200, answer
    return dict(answer.json()["target"], conflicts=answer.json()["conflicts"],
                refused=answer.json()["refused"])


def wait(hub, name, target, *states):
    """Until the target is in one of the states."""
    def ended():
        now = show(hub, name, target)
        return now if now["state"] in states and now["attemptedAt"] else None
    return wait_until(ended, 60, lambda: "target is %s: %r" % (states, show(hub, name, target)))


def push(hub, name, target, *states, **more):
    """Asks for a push and waits for its end."""
    before = hub.one("SELECT coalesce(max(fence), 0) FROM hub.job")
    answer = hub.post("/api/repos/%s/targets/%d/push" % (name, target), json=more)
    assert answer.status_code == 202, answer
    wait_until(lambda: hub.one("SELECT state NOT IN ('queued', 'running') AND fence > %s FROM hub.job"
                               " WHERE target_id = %s", before, target), 60, "the push has ended")
    now = show(hub, name, target)
    assert now["state"] in (states or ("idle",)), now
    return now


# ---------------------------------------------------------------- what comes there

def test_a_new_target_gets_all_branches_and_tags_and_nothing_else(hub, upstream, mirror, origin, there):
    origin.ref("refs/pull/1/head", origin.oid("refs/heads/main"))
    hub.sync_and_wait(mirror)
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    now = wait(hub, mirror, target, "idle")
    assert there.refs() == published(hub, mirror) == {
        ref: oid for ref, oid in origin.refs().items() if not ref.startswith("refs/pull/")}
    there.git("fsck", "--strict")
    assert now["pushedAt"] and now["lookedAt"] and now["numConflicts"] == now["numRefused"] == 0


def test_each_published_change_is_pushed_on(hub, upstream, mirror, origin, there):
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    wait(hub, mirror, target, "idle")
    origin.commit("main", {"new": "thing"})
    origin.tag("v7", origin.oid("refs/heads/main"), message="seven")
    hub.sync_and_wait(mirror, "changed")
    wait_until(lambda: there.refs() == origin.refs(), 60, "the change is there")
