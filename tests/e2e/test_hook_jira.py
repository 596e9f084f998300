"""The hook that comments on tickets (contracts/hpr-and-hub.md B6 and row 58 of B8.2), with a program of
the test for JIRA. What is said about a commit is compared with git's own words."""

import base64
import json
import os
import pathlib
import shutil
import threading

import pytest

from fixtures import receiver as rc
from fixtures.repos import simple
from fixtures.run import run, wait_until

FOLDER = pathlib.Path("/tmp") / ("mh-jira-%d" % os.getpid())
SETTINGS = FOLDER / "jira.json"
USER, PASSWORD, TOKEN = "robot", "geheim-für-jira", "token-of-the-robot"
HUB_CONF = {"hub.post_fetch_hooks": "jira", "hub.jira_config": str(SETTINGS)}


@pytest.fixture(scope="module", autouse=True)
def folder():
    shutil.rmtree(FOLDER, ignore_errors=True)  # of a run that was killed
    FOLDER.mkdir(mode=0o755)
    yield
    for path in FOLDER.iterdir():
        path.unlink()
    FOLDER.rmdir()


@pytest.fixture
def jira(request):
    with rc.Receiver() as one:
        yield one


def issue(ticket):
    return "/rest/api/2/issue/%s/comment" % ticket


def take_all(jira):
    """As JIRA answers: 201 for any ticket."""
    class Any(dict):
        def get(self, key, default=None):
            return dict.get(self, key) or rc.status(201, b'{"id": "1"}')
    jira.faults = Any(jira.faults)


def configure(hub, *servers, mode=0o600, **section):
    """For the hub's next calls; servers are changes to what is usual."""
    hub.hide(PASSWORD, TOKEN, base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode())
    SETTINGS.write_text(json.dumps({"jiraPostFetchHook": {"jiras": list(servers), **section}}))
    owner = hub.data_dir.stat()
    os.chown(SETTINGS, owner.st_uid, owner.st_gid)
    SETTINGS.chmod(mode)


def server(jira, **more):
    return {"jiraUrl": jira.url(""), "jiraCredentials": "%s:%s" % (USER, PASSWORD), **more}


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("j/%s.git" % name))


@pytest.fixture
def mirror(hub, upstream, origin, name):
    return hub.mirror(upstream.url("j/%s.git" % name), name)


def told(hub, mirror, n=1):
    """The log's lines of the hook's calls, once there are n and nothing is left to do."""
    def rows():
        return hub.log_lines("sync", event="hook", project=mirror)
    wait_until(lambda: len(rows()) >= n, 60, lambda: "%d calls: %s" % (n, hub.logs("sync")[-2000:]))
    wait_until(lambda: hub.one("SELECT count(*) FROM hub.hook_task") == 0, 60, "the task is over")
    assert len(rows()) == n, rows()
    return rows()


def sync(hub, mirror, n=1):
    hub.sync_and_wait(mirror, "changed")
    return told(hub, mirror, n)


def texts(jira):
    return [(r.path.split("/")[-2], r.json()["body"]) for r in jira.asked()]


def test_row_58_two_tickets_one_of_them_twice_get_a_comment_each(hub, jira, origin, mirror):
    take_all(jira)
    configure(hub, server(jira))
    oid = origin.commit("topic", message="OPS-1: öffnet {panel} für OPS-22\n\nsee OPS-1")
    row, = sync(hub, mirror)
    assert row["exit"] == 0, row
    assert [r.target for r in jira.asked()] == [issue("OPS-1"), issue("OPS-22")]
    for request in jira.asked():
        assert request.method == "POST" and request.header("Content-Type") == "application/json"
        assert base64.b64decode(request.header("Authorization").removeprefix("Basic ")).decode() == \
            "%s:%s" % (USER, PASSWORD)
        body = request.json()["body"]
        base = "%s/%s" % (hub.url, mirror)
        assert set(request.json()) == {"body"}
        assert "[%s commit %s|%s/commit/%s]" % (mirror, oid[:7], base, oid) in body
        assert "[branch topic|%s/commits/topic]" % base in body
        assert ", by %s)" % origin.git("log", "-1", "--format=%an", oid) in body
        assert "OPS-1: öffnet \\{panel} für OPS-22\n\nsee OPS-1\n{panel}" in body
        assert "öffnet".encode() in request.body, "characters stay what they are"
    # the links lead to pages that are there
    assert hub.get("/%s/commit/%s" % (mirror, oid)).status_code == 200
    assert hub.get("/%s/commits/topic" % mirror).status_code == 200


def test_row_58_a_branch_of_the_blacklist_is_not_told(hub, jira, origin, mirror):
    take_all(jira)
    configure(hub, server(jira, branchWhitelist=["*/feature/*"], branchBlacklist=["%s/*/wip*" % mirror]),
              server(jira, jiraProjects=["BOTH"], branchBlacklist=[]))
    origin.ref("refs/heads/feature/wip-1", origin.commit("main", message="OPS-1 BOTH-1"))
    rows = sync(hub, mirror, 2)
    assert all(r["exit"] == 0 and "lists of branches" in r["output"] for r in rows), rows
    assert [t for t, _ in texts(jira)] in (["BOTH-1"], [])
    before = len(jira.asked())
    origin.commit("feature/wip-1", message="OPS-2 BOTH-2")
    rows = sync(hub, mirror, 3)
    assert [t for t, _ in texts(jira)][before:] == ["BOTH-2"]
    origin.ref("refs/heads/feature/fine", origin.oid("main"))
    origin.commit("feature/fine", message="OPS-3")
    rows = sync(hub, mirror, 4)
    assert texts(jira)[-1][0] == "OPS-3" and "|%s/%s/commits/feature/fine]" % (hub.url, mirror) in \
        texts(jira)[-1][1]


def test_row_58_a_dry_run_sends_nothing(hub, jira, origin, mirror):
    configure(hub, server(jira), dryRun=True)
    origin.commit("main", message="OPS-1 and OPS-2")
    row, = sync(hub, mirror)
    assert row["exit"] == 0 and row["output"].count("would be commented") == 2
    assert jira.asked() == []
    # and nothing is remembered as said
    take_all(jira)
    configure(hub, server(jira))
    origin.ref("refs/heads/topic", origin.oid("main"))
    sync(hub, mirror, 2)
    assert [t for t, _ in texts(jira)] == ["OPS-1", "OPS-2"]


def test_a_branch_that_was_renamed_brings_nothing_new(hub, jira, origin, mirror):
    configure(hub, server(jira), dryRun=True)
    old = origin.commit("main", message="OPS-1")
    sync(hub, mirror)
    take_all(jira)
    configure(hub, server(jira))
    origin.ref("refs/heads/trunk", old)
    origin.commit("trunk", message="OPS-2")
    origin.set_head("trunk")
    origin.delete("refs/heads/main")
    rows = sync(hub, mirror, 3)
    assert all(r["exit"] == 0 for r in rows), rows
    assert [t for t, _ in texts(jira)] == ["OPS-2"]


def test_row_58_what_jira_does_not_take_is_logged(hub, jira, origin, mirror):
    take_all(jira)
    jira.fault(issue("UTF-8"), rc.status(404, b'{"errorMessages": ["Issue Does Not Exist"]}'))
    configure(hub, server(jira), admin="Ann of room 7")
    origin.commit("main", message="UTF-8 for OPS-1")
    row, = sync(hub, mirror)
    assert row["exit"] == 1 and row["level"] == "warn"
    assert "UTF-8: no such ticket" in row["output"] and "(HTTP 404)" in row["output"]
    assert "OPS-1: commented" in row["output"] and "Ann of room 7" in row["output"]
    assert [t for t, _ in texts(jira)] == ["UTF-8", "OPS-1"]


def test_commits_are_told_oldest_first_and_once(hub, jira, origin, mirror):
    take_all(jira)
    configure(hub, server(jira))
    ids = [origin.commit("main", message="OPS-%d" % n) for n in (3, 1, 2)]
    sync(hub, mirror)
    assert [(t, ids[i] in body) for i, (t, body) in enumerate(texts(jira))] == [
        ("OPS-3", True), ("OPS-1", True), ("OPS-2", True)]
    # the same commits on a second branch
    origin.ref("refs/heads/topic", ids[-1])
    new = origin.commit("topic", message="OPS-4")
    rows = sync(hub, mirror, 2)
    assert [t for t, _ in texts(jira)[3:]] == ["OPS-4"] and rows[1]["exit"] == 0
    # and merged: OPS-4 is known by main now, too
    origin.ref("refs/heads/main", new)
    rows = sync(hub, mirror, 3)
    assert "OPS-4: has the comment already" in rows[2]["output"]
    assert len(jira.asked()) == 4


def test_a_deleted_branch_and_a_forced_one(hub, jira, origin, mirror):
    take_all(jira)
    configure(hub, server(jira))
    hub.sql("UPDATE hub.mirror SET allow_rewrite = true")  # else it would wait for approval
    origin.delete("refs/heads/topic")
    origin.commit("main", {"other": "text"}, "OPS-7: begun anew", parents=[])
    rows = sync(hub, mirror, 2)
    assert [r["exit"] for r in rows] == [0, 0]
    assert [t for t, _ in texts(jira)] == ["OPS-7"]


def test_a_run_makes_fifty_comments_at_most(hub, jira, origin, mirror):
    take_all(jira)
    configure(hub, server(jira))
    for n in range(3):
        origin.commit("main", message=" ".join("OPS-%d" % (100 * n + i) for i in range(1, 31)))
    row, = sync(hub, mirror)
    assert [t for t, _ in texts(jira)] == ["OPS-%d" % i for i in [*range(1, 31), *range(101, 121)]]
    assert "40 more comments are left out" in row["output"] and row["exit"] == 0


def test_each_server_has_its_own_way_in_projects_and_lists(hub, jira, origin, mirror):
    take_all(jira)
    with rc.Receiver() as other:
        take_all(other)
        configure(hub, server(jira, jiraProjects=["OPS", "P2"]),
                  {"jiraUrl": other.url("/jira/"), "jiraToken": TOKEN, "moUrl": "https://mo.example/"})
        oid = origin.commit("main", message="OPS-1 P2-2 WEB-3")
        row, = sync(hub, mirror)
        assert row["exit"] == 0, row
        assert [t for t, _ in texts(jira)] == ["OPS-1", "P2-2"]
        assert [r.target for r in other.asked()] == ["/jira" + issue("OPS-1"), "/jira" + issue("WEB-3")]
        assert {r.header("Authorization") for r in other.asked()} == {"Bearer " + TOKEN}
        assert all("|https://mo.example/%s/commit/%s]" % (mirror, oid) in body for _, body in texts(other))


@pytest.mark.parametrize("code", [401, 429, 500, 302])
def test_a_server_that_refuses_us_is_not_asked_again(hub, jira, origin, mirror, code):
    with rc.Receiver() as other:
        take_all(other)
        jira.fault(issue("OPS-1"), rc.status(code, PASSWORD.encode(), Location="http://127.0.0.1:1/"))
        configure(hub, server(jira), server(other))
        origin.commit("main", message="OPS-1 OPS-2")
        origin.commit("main", message="OPS-3")
        row, = sync(hub, mirror)
        assert row["exit"] == 1 and "(HTTP %d)" % code in row["output"]
        assert "given up, 1 newer commits are not told" in row["output"]
        assert [t for t, _ in texts(jira)] == ["OPS-1"]
        assert [t for t, _ in texts(other)] == ["OPS-1", "OPS-2", "OPS-3"]


def test_what_failed_is_said_when_the_commit_comes_on_another_branch(hub, jira, origin, mirror):
    jira.fault(issue("OPS-1"), rc.status(503))
    configure(hub, server(jira))
    oid = origin.commit("topic", message="OPS-1")
    first, = sync(hub, mirror)
    assert first["exit"] == 1
    take_all(jira)
    jira.faults.pop(issue("OPS-1"))
    origin.ref("refs/heads/main", oid)
    second = sync(hub, mirror, 2)[1]
    assert second["exit"] == 0
    ticket, text = texts(jira)[-1]
    assert ticket == "OPS-1" and "/commits/main" in text, (first, second, texts(jira))


def test_settings_that_others_may_read_are_refused(hub, jira, origin, mirror):
    take_all(jira)
    configure(hub, server(jira), mode=0o640)
    origin.commit("main", message="OPS-1")
    row, = sync(hub, mirror)
    assert row["exit"] == 1 and "its mode has to be 0600, and is 0640" in row["output"]
    assert jira.asked() == []


def test_by_hand_it_says_how_it_is_called(hub):
    program = hub.var / "bin" / "jira-post-fetch-hook"
    done = run([program, "main"], check=False)
    assert done.returncode == 64 and "usage: jira-post-fetch-hook OLDREV NEWREV" in done.stderr


# ---------------------------------------------------------------- hubs of their own

def test_private_addresses_have_to_be_allowed(fresh_hub, upstream, name):
    hub = fresh_hub({**HUB_CONF, "net.allow": "127.0.0.1/32"})
    origin = simple(upstream.folder / ("j/%s.git" % name))
    mirror = hub.mirror(upstream.url("j/%s.git" % name), name)
    configure(hub, {"jiraUrl": "http://10.0.0.1", "jiraToken": TOKEN})
    origin.commit("main", message="OPS-1 OPS-2")
    row, = sync(hub, mirror)
    assert row["exit"] == 1 and "10.0.0.1" in row["output"] and "OPS-2" not in row["output"], row


def test_a_silent_server_does_not_take_the_whole_time(fresh_hub, upstream, jira, name):
    hub = fresh_hub({**HUB_CONF, "hub.hook_s": 12})  # of which one comment has more than half
    origin = simple(upstream.folder / ("j/%s.git" % name))
    mirror = hub.mirror(upstream.url("j/%s.git" % name), name)
    gate = threading.Event()
    jira.fault(issue("OPS-1"), rc.silent(gate))
    configure(hub, server(jira))
    origin.commit("main", message="OPS-1 OPS-2")
    try:
        row, = sync(hub, mirror)
    finally:
        gate.set()
    assert row["exit"] == 1 and "why" not in row and "OPS-1: " in row["output"], row
    assert [r.path for r in jira.asked()] == [issue("OPS-1")]
