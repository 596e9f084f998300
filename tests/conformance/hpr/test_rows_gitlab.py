"""Contract A8.2: the rows about GitLab, against a small one that refuses what it does not know
(fixtures/gitlab.py)."""

import concurrent.futures
import threading

import pytest

from fixtures.forge import redirect, silent, status
from fixtures.gitlab import GitLab, hub_of
from fixtures.repos import simple
from fixtures.run import wait_until

TYPO, WORD = "/repositores", "/repositories"


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with GitLab(tmp_path_factory.mktemp("gitlab"), token="glpat-canary-rows") as one:
        yield one


@pytest.fixture(scope="module")
def hub(forge):
    with hub_of(forge) as one:
        yield one


@pytest.fixture(autouse=True)
def well(hub, forge):
    yield
    # what has failed here is not tried again in the middle of another test
    hub.sql("UPDATE hub.job SET run_at = greatest(run_at, now() + interval '1 hour')"
            " WHERE kind = 'target' AND state = 'retry'")
    forge.heal()
    assert forge.wrong == []


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("o/%s.git" % name))


@pytest.fixture
def url(upstream, origin, name):
    return upstream.url("o/%s.git" % name)


def pushed(forge, name, origin):
    """Waits until the project has what the origin has."""
    wait_until(lambda: forge.repo("mirrors/" + name)
               and forge.repo("mirrors/" + name).refs() == origin.mirrored(), 60,
               lambda: "it is pushed: %s" % forge.calls[-10:])


def targets(hub, name):
    return hub.sql("SELECT t.* FROM hub.target t JOIN hub.project p ON p.id = t.project_id"
                   " WHERE p.path = %s", name)


def removals(hub, name):
    return hub.one("SELECT count(*) FROM hub.removal WHERE path = %s", name)


def try_now(hub, name):
    """What waits its turn is taken at once."""
    hub.sql("UPDATE hub.job SET run_at = now() WHERE kind = 'target' AND state = 'retry' AND target_id IN"
            " (SELECT t.id FROM hub.target t JOIN hub.project p ON p.id = t.project_id WHERE p.path = %s)", name)
    hub.sql("UPDATE hub.removal SET due_at = now() WHERE error_class <> '' AND path = %s", name)


def projects(forge, name):
    return [p for p in list(forge.projects.values()) if p["path"].startswith(name)]


def test_row_18_and_A5_6_a_mirror_has_a_project_and_is_pushed_there(hub, forge, origin, url, name):
    hub.add(url, name)
    p = forge.project("mirrors/" + name)
    assert p["description"] == "Mirror of " + url
    assert p["visibility"] == "private" and forge.groups["mirrors"]["visibility"] == "private"
    assert {p[f + "_enabled"] for f in ("issues", "wiki", "snippets", "merge_requests")} == {"false"}
    assert hub.show(name)["mirror_url"] == "git@127.0.0.1:mirrors/%s.git" % name
    pushed(forge, name, origin)
    origin.commit("main", {"more": "files"})
    hub.sync_and_wait(name, "changed")
    pushed(forge, name, origin)
    assert forge.pushes[-1] == ("mirrors/" + name, "oauth2")


def test_A5_4_a_mirror_is_pushing_until_it_is_pushed_on(hub, forge, origin, url, name):
    hub.mirror(url, name)
    wait_until(lambda: hub.show(name)["status"] == "idle", 60)
    pushed(forge, name, origin)
    gate = threading.Event()
    origin.commit("main", {"more": "files"})
    forge.fault(silent(gate), times=1)
    try:
        hub.sync_and_wait(name, "changed")
        assert hub.show(name)["status"] == "pushing"
        wait_until(lambda: hub.one("SELECT j.state FROM hub.job j WHERE j.target_id = %s",
                                   targets(hub, name)[0]["id"]) == "running", 60)
        assert hub.get("%s/%s/status" % (WORD, name)).text == '{"status":"pushing"}'
    finally:
        gate.set()
    wait_until(lambda: hub.show(name)["status"] == "idle", 60)  # a failure is idle, too


def test_row_28_of_two_at_the_same_time_one_wins_and_one_project_is_made(hub, forge, url, name):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        codes = sorted(a.status_code for a in
                       pool.map(lambda _: hub.post(WORD, {"url": url, "name": name}), range(2)))
    assert codes == [201, 400]
    wait_until(lambda: projects(forge, name), 60)
    assert len(projects(forge, name)) == 1
    assert [b for m, r, b in forge.bodies if (m, r) == ("POST", "/projects")
            and b["name"] == name].__len__() == 1


def test_row_31_the_description_has_no_password(hub, forge, upstream, origin, name):
    hub.hide("canary-pass-gl")
    upstream.require("o/%s.git" % name, "someone", "canary-pass-gl")
    hub.add(upstream.url("o/%s.git" % name, "someone:canary-pass-gl"), name)
    assert forge.project("mirrors/" + name)["description"] == \
        "Mirror of " + upstream.url("o/%s.git" % name)
    pushed(forge, name, origin)
    assert "canary-pass-gl" not in repr(forge.asked) + repr(forge.bodies)


def test_row_46_and_47_a_project_is_deleted_by_its_id_and_no_other(hub, forge, url, name):
    other = forge.add_project("mirrors/%sbar" % name, "not ours")
    hub.add(url, name)
    id = forge.project("mirrors/" + name)["id"]
    before = len(forge.calls)
    got = hub.delete("%s/%s" % (TYPO, name))
    assert (got.status_code, got.text) == (200, "true")
    wait_until(lambda: id in forge.deleted, 60, lambda: "it is gone there: %s" % forge.calls[-10:])
    assert forge.projects[other["id"]] is other and forge.project("mirrors/%sbar" % name)
    assert [c for c in forge.calls[before:] if c.startswith("DELETE")] == ["DELETE /projects/%d" % id] * 2
    wait_until(lambda: removals(hub, name) == 0, 60)
    assert hub.one("SELECT detail FROM hub.event WHERE action = 'target.delete' AND object = %s",
                   name) == "gitlab project %d at %s" % (id, forge.endpoint)


def test_row_46_a_gitlab_that_is_away_is_asked_again_later(hub, forge, url, name):
    hub.add(url, name)
    id = forge.project("mirrors/" + name)["id"]
    forge.fault(status(500), "DELETE", times=1)
    assert hub.delete("%s/%s" % (WORD, name)).status_code == 200
    wait_until(lambda: hub.one("SELECT error_class FROM hub.removal WHERE path = %s", name) == "network", 60)
    try_now(hub, name)
    wait_until(lambda: id in forge.deleted, 60)
    wait_until(lambda: removals(hub, name) == 0, 60)


def test_row_47_a_mirror_without_a_project_deletes_nothing(hub, forge, url, name):
    forge.add_project("mirrors/" + name, "somebody's")
    forge.fault(status(500), "GET", "/projects/.*")
    hub.add(url, name, sync=False)
    before = len(forge.calls)
    assert hub.delete("%s/%s" % (WORD, name)).status_code == 200
    assert removals(hub, name) == 0
    assert not [c for c in forge.calls[before:] if c.startswith("DELETE")]
    assert forge.project("mirrors/" + name)


@pytest.mark.parametrize("renames", [True, False], ids=["renamed", "kept"])
def test_row_49_a_name_can_be_used_again_at_once(hub, forge, origin, url, name, renames):
    forge.renames_marked = renames
    hub.add(url, name)
    first = forge.project("mirrors/" + name)["id"]
    forge.leaving["mirrors/" + name] = 1
    assert hub.delete("%s/%s" % (WORD, name)).status_code == 200
    hub.add(url, name)

    def again():
        try_now(hub, name)
        p = forge.project("mirrors/" + name)
        return p and p["id"] != first and forge.repo("mirrors/" + name).refs() == origin.mirrored()
    wait_until(again, 90, lambda: "made anew: %s" % forge.calls[-20:], 0.3)
    assert first in forge.deleted
    assert forge.project("mirrors/" + name)["id"] not in forge.deleted


def test_row_50_a_second_delete_finds_nothing(hub, forge, url, name):
    hub.add(url, name)
    assert hub.delete("%s/%s" % (WORD, name)).status_code == 200
    assert hub.delete("%s/%s" % (WORD, name)).status_code == 404


@pytest.mark.parametrize("code", [401, 403, 409])
def test_row_51_what_gitlab_refuses_is_told_and_leaves_nothing(hub, forge, url, name, code):
    forge.fault(status(code, {"message": "%d no, not here" % code}), "POST", "/projects")
    got = hub.post(WORD, {"url": url, "name": name})
    assert got.status_code == 400
    assert got.json()["message"] == "Server responded with code %d, message: %d no, not here." \
        " Request URI: %s/projects" % (code, code, forge.endpoint)
    assert hub.get("%s/%s" % (WORD, name)).status_code == 404
    assert projects(forge, name) == []
    forge.heal()
    got = hub.post(TYPO, {"url": url, "name": name})
    assert (got.status_code, got.text) == (201, "true")


def test_row_51_on_the_typo_path_a_refusal_is_false(hub, forge, url, name):
    forge.fault(status(401), "POST", "/projects")
    got = hub.post(TYPO, {"url": url, "name": name})
    assert (got.status_code, got.text) == (400, "false")
    assert got.headers["X-Hub-Message"].startswith("Server responded with code 401, message: ")


def test_row_51_a_name_that_is_taken_by_something_else_is_told(hub, forge, url, name):
    p = forge.add_project("mirrors/" + name, "somebody's")
    simple(p["dir"])
    got = hub.post(WORD, {"url": url, "name": name})
    assert got.status_code == 400 and "there is a project mirrors/%s already" % name in got.text
    assert hub.get("%s/%s" % (WORD, name)).status_code == 404
    assert forge.project("mirrors/" + name) is p and p["description"] == "somebody's"


@pytest.mark.parametrize("what", [status(500), status(502), status(429, Retry_After="30")],
                         ids=["500", "502", "429"])
def test_row_51_what_passes_by_itself_is_accepted_and_tried_again(hub, forge, origin, url, name, what):
    forge.fault(what, "POST", "/projects")
    hub.add(url, name)
    assert forge.project("mirrors/" + name) is None
    assert hub.show(name)["mirror_url"] == "git@127.0.0.1:mirrors/%s.git" % name.lower()
    forge.heal()

    def again():
        try_now(hub, name)
        return forge.project("mirrors/" + name)
    wait_until(again, 60, None, 0.3)
    pushed(forge, name, origin)


def test_row_51_a_silent_gitlab_is_not_waited_for_longer_than_ten_seconds(hub, forge, url, name):
    gate = threading.Event()
    forge.fault(silent(gate), "POST", "/projects")
    try:
        hub.add(url, name)
        assert forge.project("mirrors/" + name) is None
    finally:
        gate.set()
    wait_until(lambda: targets(hub, name)[0]["attempted_at"], 60, "the call is over")


def test_row_51_a_gitlab_elsewhere_is_not_followed(hub, forge, url, name):
    forge.fault(redirect(forge.base + "/users/sign_in"))
    got = hub.post(WORD, {"url": url, "name": name})
    assert got.status_code == 400 and "code 302" in got.json()["message"]
    assert hub.get("%s/%s" % (WORD, name)).status_code == 404


def test_row_52_create_false_looks_an_existing_project_up(hub, forge, origin, url, name):
    p = forge.add_project("mirrors/" + name, "made by hand", visibility="public")
    bodies = len(forge.bodies)
    hub.add(url, name, create="false")
    pushed(forge, name, origin)
    assert (p["description"], p["visibility"]) == ("made by hand", "public")
    assert [b for b in forge.bodies[bodies:] if b[0] == "POST"] == []
    assert hub.delete("%s/%s" % (WORD, name)).status_code == 200
    assert removals(hub, name) == 0  # what we did not make stays


def test_row_52_create_false_without_a_project_is_refused(hub, forge, url, name):
    got = hub.post(WORD, {"url": url, "name": name, "create": "false"})
    assert got.status_code == 400 and "there is no project mirrors/%s" % name in got.text
    assert forge.project("mirrors/" + name) is None
    assert hub.get("%s/%s" % (WORD, name)).status_code == 404


def test_row_52_mirror_only_makes_no_project(hub, forge, url, name):
    hub.mirror(url, name, mirror_only="true")
    wait_until(lambda: targets(hub, name)[0]["error_class"] == "gone", 60)
    assert forge.project("mirrors/" + name) is None
    assert hub.show(name)["updated_at"] != ""


def test_row_52_clone_false_makes_a_project_and_no_sync(hub, forge, url, name):
    hub.add(url, name, clone="false")
    assert forge.project("mirrors/" + name)
    wait_until(lambda: hub.show(name)["status"] == "idle", 60)  # until then that is written down
    assert hub.job(name) is None and hub.last_run(name) is None
