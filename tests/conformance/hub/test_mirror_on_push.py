"""Contract C2: mirrors that push notices make, pushed on to the hub's own GitLab
(hub.mirror_on_push), against a small one (fixtures/gitlab.py)."""

import pytest

from conformance.hub.client import push, repo_url
from fixtures.forge import status
from fixtures.gitlab import GitLab, hub_of
from fixtures.repos import simple
from fixtures.run import wait_until


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with GitLab(tmp_path_factory.mktemp("gitlab"), token="glpat-canary-hub") as one:
        yield one


@pytest.fixture(scope="module")
def hub(forge):
    with hub_of(forge, {"hub.mirror_on_push": "yes"}) as one:
        yield one


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("o/%s.git" % name))


def targets(hub, name):
    return hub.sql("SELECT t.* FROM hub.target t JOIN hub.project p ON p.id = t.project_id"
                   " WHERE p.path = %s", name)


def test_what_a_notice_makes_is_pushed_on_and_deleted_with_it(hub, forge, upstream, origin, name):
    assert push(hub, name, upstream.url("o/%s.git" % name)).json() == {"success": True}
    wait_until(lambda: forge.repo("mirrors/" + name)
               and forge.repo("mirrors/" + name).refs() == origin.mirrored(), 60,
               lambda: "it is pushed: %s" % forge.calls[-10:])
    id = forge.project("mirrors/" + name)["id"]
    assert forge.project("mirrors/" + name)["description"] == "Mirror of " + upstream.url("o/%s.git" % name)
    assert hub.show(name)["mirror_url"] == "git@127.0.0.1:mirrors/%s.git" % name  # hpr shows the same
    assert hub.delete(repo_url(name)).status_code == 204
    wait_until(lambda: id in forge.deleted, 60, lambda: "it is gone there: %s" % forge.calls[-10:])


def test_what_gitlab_refuses_is_an_error_of_the_target(hub, forge, upstream, origin, name):
    forge.fault(status(403), "POST", "/projects")
    assert push(hub, name, upstream.url("o/%s.git" % name)).json() == {"success": True}
    wait_until(lambda: targets(hub, name)[0]["error_class"] == "auth", 60, lambda: str(targets(hub, name)))
    hub.wait_run(name)
    assert hub.last_run(name)["outcome"] == "changed"
    assert forge.project("mirrors/" + name) is None
    forge.heal()


def test_a_mirror_that_is_known_is_left_as_it_is(hub, forge, upstream, origin, name):
    url = upstream.url("o/%s.git" % name)
    assert push(hub, name, url).json() == {"success": True}
    assert push(hub, name, url).json() == {"success": True}
    assert len(targets(hub, name)) == 1
