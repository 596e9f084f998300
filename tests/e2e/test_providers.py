"""Targets at GitLab, Gitea (Forgejo) and GitHub (mirroring.md 1a, 3.1 3 and 8, 3.2, 5.10; security.md M-12,
M-21): small forges that check every call, header and field, and bare repositories that the pushes go to."""

import contextlib
import json
import pathlib
import tempfile

import pytest

from fixtures import canary
from fixtures import forge as fg
from fixtures.gitea import Gitea
from fixtures.github import GitHub
from fixtures.gitlab import GitLab, hub_of, put_token
from fixtures.repos import Repo, simple
from fixtures.run import wait_until

CANARY = "glpat-canary-5d1c77e0"
KINDS = {"gitlab": lambda folder: GitLab(folder, groups=["mirrors"], token=CANARY + "-lab"),
         "gitea": lambda folder: Gitea(folder, orgs=["mirrors"], token=CANARY + "-tea"),
         "github": lambda folder: GitHub(folder, orgs=["mirrors"], users=["other"],
                                         token=CANARY + "-hub")}


@pytest.fixture(scope="module")
def forges(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield {kind: stack.enter_context(make(tmp_path_factory.mktemp(kind)))
               for kind, make in KINDS.items()}


@pytest.fixture(scope="module")
def hub(forges):
    with hub_of(forges["gitlab"], {"gitlab.group_name": "hubs"}) as one:
        one.hide(CANARY)
        yield one


@pytest.fixture(params=list(KINDS))
def forge(request, forges):
    one = forges[request.param]
    one.kind = request.param
    yield one
    one.heal()
    assert one.wrong == []


@pytest.fixture
def lab(forges):
    one = forges["gitlab"]
    one.kind = "gitlab"
    yield one
    one.heal()
    assert one.wrong == []


def park(hub):
    """Whether no target is being pushed to; those that are to be tried again are so much later: nobody
    calls a forge by himself while another test counts its calls."""
    hub.sql("UPDATE hub.job SET run_at = greatest(run_at, now() + interval '1 hour')"
            " WHERE kind = 'target' AND state NOT IN ('queued', 'running')")
    return hub.one("SELECT count(*) = 0 FROM hub.job WHERE kind = 'target' AND (state IN ('queued', 'running')"
                   " OR run_at < now() + interval '30 minutes')")


@pytest.fixture(autouse=True)
def nobody_comes_by_himself(hub):
    yield
    wait_until(lambda: park(hub), 60, lambda: "all pushes are over: %s" % hub.sql(
        "SELECT * FROM hub.job WHERE kind = 'target' AND state IN ('queued', 'running')"))


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("p/%s.git" % name))


@pytest.fixture
def url(upstream, origin, name):
    return upstream.url("p/%s.git" % name)


@pytest.fixture
def mirror(hub, url, name):
    """Made through the Hub's door: nothing of hpr's GitLab is in it."""
    made = hub.post("/api/repos", json={"repository": {"clone_url": url, "name": name}})
    assert made.status_code in (200, 201), made.text
    wait_until(lambda: (hub.last_run(name) or {"outcome": ""})["outcome"] == "changed", 60)
    return name


def add(hub, forge, name, namespace="mirrors", **more):
    options = more.pop("options", {})
    answer = hub.post("/api/repos/%s/targets" % name, data=None, json={
        "provider": forge.kind, "providerUrl": forge.endpoint, "providerNamespace": namespace,
        "token": forge.token, "providerOptions": json.dumps(options), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["target"]["id"]


def show(hub, name, target):
    answer = hub.get("/api/repos/%s/targets/%d" % (name, target), hub.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()["target"]


def ended(hub, name, target, after=0):
    """The target, once an attempt that was asked for after that fence is over."""
    def over():
        return hub.one("SELECT count(*) FROM hub.job WHERE target_id = %s AND state NOT IN"
                       " ('queued', 'running') AND fence > %s", target, after) == 1
    wait_until(over, 60, lambda: "the target's job ends: %s" % show(hub, name, target))
    return show(hub, name, target)


def push(hub, name, target):
    fence = hub.one("SELECT fence FROM hub.job WHERE target_id = %s", target)
    got = hub.post("/api/repos/%s/targets/%d/push" % (name, target), data=None, json={})
    assert got.status_code == 202, got.text
    return ended(hub, name, target, fence)


def is_private(p):
    return p["private"] if "private" in p else p["visibility"] == "private"


# ---------------------------------------------------------------- make, adopt, refuse

def test_a_project_is_made_and_gets_all_refs(hub, forge, mirror, origin, url):
    target = add(hub, forge, mirror)
    now = ended(hub, mirror, target)
    assert (now["state"], now["error"]) == ("idle", "")
    p = forge.project("mirrors/" + mirror)
    assert p["description"] == "Mirror of " + url and not is_private(p)
    assert now["providerProjectId"] == str(p["id"])
    assert now["url"] == "%s/mirrors/%s.git" % (forge.base, mirror)
    assert forge.repo("mirrors/" + mirror).refs() == origin.mirrored()
    assert forge.repo("mirrors/" + mirror).head() == origin.head()
    features = ("has_issues", "has_wiki") if forge.kind != "gitlab" else (
        "issues_enabled", "wiki_enabled", "snippets_enabled", "merge_requests_enabled")
    assert {p[f] for f in features} <= {False, "false"}


def test_a_second_push_asks_for_nothing_but_the_project(hub, forge, mirror, origin):
    target = add(hub, forge, mirror)
    ended(hub, mirror, target)
    before = len(forge.calls)
    origin.commit("main", {"one": "more"})
    hub.sync_and_wait(mirror, "changed")
    wait_until(lambda: forge.repo("mirrors/" + mirror).refs() == origin.mirrored(), 60)
    ended(hub, mirror, target)
    assert len(forge.calls) == before + 1 and forge.calls[-1].startswith("GET /")


def test_an_empty_project_of_that_name_is_taken(hub, forge, mirror, origin, url):
    p = forge.add_project("mirrors/" + mirror, "made by hand")
    target = add(hub, forge, mirror)
    assert ended(hub, mirror, target)["state"] == "idle"
    assert forge.project("mirrors/" + mirror) is p and p["description"] == "Mirror of " + url
    assert forge.repo("mirrors/" + mirror).refs() == origin.mirrored()


def test_a_project_that_mirrors_the_same_upstream_is_taken(hub, forge, mirror, origin, url):
    p = forge.add_project("mirrors/" + mirror, "Mirror of " + url)
    Repo(p["dir"]).git("fetch", "-q", str(origin.path), "+refs/*:refs/*")
    target = add(hub, forge, mirror)
    assert ended(hub, mirror, target)["state"] == "idle"
    assert forge.project("mirrors/" + mirror) is p


def test_a_foreign_project_is_refused_and_stays_as_it_is(hub, forge, mirror):
    p = forge.add_project("mirrors/" + mirror, "somebody's work")
    simple(p["dir"])
    before = Repo(p["dir"]).refs()
    pushes = len(forge.pushes)
    now = ended(hub, mirror, add(hub, forge, mirror))
    assert now["errorClass"] == "policy" and "there is a project mirrors/" in now["error"]
    assert Repo(p["dir"]).refs() == before and p["description"] == "somebody's work"
    assert len(forge.pushes) == pushes and now["providerProjectId"] is None


def test_somebody_who_is_quicker_is_noticed(hub, forge, mirror, origin, url):
    """The name is free when we look, and taken when we make it: by another run of ours, say."""
    path = "/projects/.*" if forge.kind == "gitlab" else "/repos/.*"
    forge.fault(fg.status(404), "GET", path, times=1)
    forge.add_project("mirrors/" + mirror, "Mirror of " + url)
    target = add(hub, forge, mirror)
    assert ended(hub, mirror, target)["state"] == "idle"
    assert forge.repo("mirrors/" + mirror).refs() == origin.mirrored()


def test_the_tokens_own_account_is_a_namespace(hub, forge, mirror, origin):
    assert ended(hub, mirror, add(hub, forge, mirror, namespace="robot"))["state"] == "idle"
    assert forge.repo("robot/" + mirror).refs() == origin.mirrored()


def test_groups_in_groups_are_made(hub, lab, mirror, origin):
    assert ended(hub, mirror, add(hub, lab, mirror, namespace="far/far/away"))["state"] == "idle"
    assert set(lab.groups) >= {"far", "far/far", "far/far/away"}
    assert lab.repo("far/far/away/" + mirror).refs() == origin.mirrored()


def test_a_project_that_vanished_there_is_made_anew(hub, forge, mirror, origin):
    target = add(hub, forge, mirror)
    first = ended(hub, mirror, target)["providerProjectId"]
    del forge.projects[int(first)]
    assert push(hub, mirror, target)["state"] == "idle"
    assert show(hub, mirror, target)["providerProjectId"] != first
    assert forge.repo("mirrors/" + mirror).refs() == origin.mirrored()


# ---------------------------------------------------------------- as it is to be

def test_what_is_closed_here_is_private_there(hub, forge, mirror):
    hub.set_access(mirror, 0)
    target = add(hub, forge, mirror, options={"visibility": "public"})
    ended(hub, mirror, target)
    p = forge.project("mirrors/" + mirror)
    assert is_private(p)
    p.update(private=False) if "private" in p else p.update(visibility="public")
    push(hub, mirror, target)
    assert is_private(p)


def test_a_wish_for_another_visibility_is_carried_out(hub, forge, mirror):
    target = add(hub, forge, mirror, options={"visibility": "private"})
    ended(hub, mirror, target)
    p = forge.project("mirrors/" + mirror)
    assert is_private(p)
    fence = hub.one("SELECT fence FROM hub.job WHERE target_id = %s", target)
    got = hub.put("/api/repos/%s/targets/%d" % (mirror, target), json={
        "provider": forge.kind, "providerUrl": forge.endpoint, "providerNamespace": "mirrors",
        "providerOptions": json.dumps({"visibility": "public"})})
    assert got.status_code == 200, got.text
    ended(hub, mirror, target, fence)
    assert not is_private(p) and show(hub, mirror, target)["providerProjectId"] == str(p["id"])


def test_a_default_branch_that_is_renamed_is_followed(hub, forge, mirror, origin):
    target = add(hub, forge, mirror)
    ended(hub, mirror, target)
    there = forge.repo("mirrors/" + mirror)
    assert there.head() == "refs/heads/main"
    origin.ref("refs/heads/trunk", origin.commit("main"))
    origin.set_head("trunk")
    origin.delete("refs/heads/main")
    hub.sync_and_wait(mirror, "changed")
    # a forge refuses to have its default branch deleted: the other one had to come first
    wait_until(lambda: there.refs() == origin.mirrored(), 60, lambda: show(hub, mirror, target))
    assert there.head() == "refs/heads/trunk" and "refs/heads/main" not in there.refs()
    assert ended(hub, mirror, target)["state"] == "idle"


# ---------------------------------------------------------------- secrets

def test_a_new_token_is_all_that_a_rotation_takes(hub, forge, mirror, origin):
    target = add(hub, forge, mirror)
    id = ended(hub, mirror, target)["providerProjectId"]
    old = forge.token
    forge.rotate(old + "-rotated")
    try:
        assert push(hub, mirror, target)["state"] == "auth"
        origin.commit("main", {"after": "rotation"})
        hub.sync_and_wait(mirror, "changed")
        with tempfile.NamedTemporaryFile("w", prefix="mh-") as file:
            file.write(forge.token + "\n")
            file.flush()
            pathlib.Path(file.name).chmod(0o644)
            fence = hub.one("SELECT fence FROM hub.job WHERE target_id = %s", target)
            hub.run_program("mirrorhub", "target-token", str(target), "--secret-file", file.name)
        now = ended(hub, mirror, target, fence)
        assert (now["state"], now["providerProjectId"]) == ("idle", id)
        assert forge.repo("mirrors/" + mirror).refs() == origin.mirrored()
    finally:
        forge.rotate(old)


def test_the_hubs_own_token_is_rotated_by_writing_its_file(hub, lab, origin, url, name):
    hub.mirror(url, name)
    wait_until(lambda: lab.repo("hubs/" + name).refs() == origin.mirrored(), 60)
    id = lab.project("hubs/" + name)["id"]
    old = lab.token
    lab.rotate(old + "-rotated")
    try:
        put_token(hub, lab)
        origin.commit("main", {"after": "rotation"})
        hub.sync_and_wait(name, "changed")
        wait_until(lambda: lab.repo("hubs/" + name).refs() == origin.mirrored(), 60)
        assert lab.project("hubs/" + name)["id"] == id
    finally:
        lab.rotate(old)
        put_token(hub, lab)


def test_the_hubs_own_token_goes_nowhere_else(hub, lab, forges, origin, url, name):
    """Whoever may edit the target of an hpr mirror cannot have the hub's token sent to himself."""
    hub.mirror(url, name)
    target = hub.one("SELECT t.id FROM hub.target t JOIN hub.project p ON p.id = t.project_id"
                     " WHERE p.path = %s", name)
    ended(hub, name, target)
    tea = forges["gitea"]
    asked = len(tea.asked)
    for more in ({"providerUrl": tea.base + "/api/v4", "providerNamespace": "hubs"},
                 {"providerUrl": lab.endpoint, "providerNamespace": "others"},
                 {"providerUrl": lab.endpoint, "providerNamespace": "hubs",
                  "providerOptions": json.dumps({"name": "victim", "without_create": True})}):
        calls = len(lab.calls)
        fence = hub.one("SELECT fence FROM hub.job WHERE target_id = %s", target)
        got = hub.put("/api/repos/%s/targets/%d" % (name, target),
                      json={"provider": "gitlab", **more})
        assert got.status_code == 200, got.text
        now = ended(hub, name, target, fence)
        assert now["errorClass"] == "auth" and "no token" in now["error"], now
        assert len(tea.asked) == asked and len(lab.calls) == calls


def test_options_that_are_not_sent_stay_and_so_does_the_hubs_own_token(hub, lab, origin, url, name):
    hub.mirror(url, name)
    target = hub.one("SELECT t.id FROM hub.target t JOIN hub.project p ON p.id = t.project_id"
                     " WHERE p.path = %s", name)
    ended(hub, name, target)

    def kept():
        return hub.row("SELECT provider_options, of_hub FROM hub.target WHERE id = %s", target)
    before = kept()
    assert before["of_hub"] and before["provider_options"] != {}
    fence = hub.one("SELECT fence FROM hub.job WHERE target_id = %s", target)
    same = {"provider": "gitlab", "providerUrl": lab.endpoint, "providerNamespace": "hubs"}
    got = hub.put("/api/repos/%s/targets/%d" % (name, target), json={**same, "exclude": "refs/tags/*"})
    assert got.status_code == 200, got.text
    assert kept() == before
    assert ended(hub, name, target, fence)["error"] == ""
    got = hub.put("/api/repos/%s/targets/%d" % (name, target), json={**same, "providerOptions": ""})
    assert got.status_code == 200, got.text
    assert kept() == {"provider_options": {}, "of_hub": False}


def test_a_token_file_that_others_may_read_is_not_used(hub, lab, origin, url, name):
    file = hub.var / "keys" / "gitlab.token"
    file.chmod(0o444)
    try:
        calls = len(lab.calls)
        hub.add(url, name)
        target = hub.one("SELECT t.id FROM hub.target t JOIN hub.project p ON p.id = t.project_id"
                         " WHERE p.path = %s", name)
        now = ended(hub, name, target)
        assert "only its owner may read it" in now["error"] and len(lab.calls) == calls
        hub.wait_run(name)  # whose refs are pushed on, too
        ended(hub, name, target)
    finally:
        file.chmod(0o400)


@pytest.fixture(scope="module")
def storm(hub, forges, upstream):
    """Targets whose tokens are canaries, through success and all kinds of failure, and where one showed
    meanwhile."""
    needles, seen = [CANARY.encode()], []
    faults = {"wrong": fg.status(401, {"message": "bad token " + CANARY + "-lab"}),
              "denied": fg.status(403), "busy": fg.status(429, Retry_After="3600"),
              "broken": fg.status(500, {"error": CANARY + "-lab says GitLab"}),
              "page": fg.raw("<html>" + CANARY + "-lab</html>", kind="text/html"),
              "moved": fg.redirect("http://10.0.0.1/" + CANARY),
              "lies": fg.changed(http_url_to_repo="http://%s-lab@evil.invalid/a.git" % CANARY,
                                 path_with_namespace=CANARY + "-lab/x")}
    lab = forges["gitlab"]
    lab.kind = "gitlab"
    targets = []
    for what, fault in faults.items():
        name = "storm-" + what
        simple(upstream.folder / ("p/%s.git" % name))
        got = hub.post("/api/repos", json={"repository": {
            "clone_url": upstream.url("p/%s.git" % name), "name": name}})
        assert got.status_code in (200, 201), got.text
        lab.fault(fault, None, "/projects.*%s" % name)
        targets.append((name, add(hub, lab, name)))

    def look():
        seen.extend(canary.in_processes(hub, needles))
        return all(show(hub, *t)["attemptedAt"] and hub.last_run(t[0]) for t in targets) and park(hub)
    wait_until(look, 120, "all of them have been tried, also with what was fetched")
    lab.heal()
    return seen, targets


def test_M12_while_the_forge_holds_a_call_or_a_push_its_token_shows_nowhere(hub, forge, mirror, origin):
    path = "/projects" if forge.kind == "gitlab" else "/orgs/mirrors/repos"
    called, pushed = canary.Gate(), canary.Gate()
    forge.fault(fg.held(called), "POST", path)
    forge.push_gate = pushed
    try:
        target = add(hub, forge, mirror)
        pages = ["/api/repos/%s/targets/%d" % (mirror, target), "/%s/targets/%d" % (mirror, target), "/info/busy"]
        besides = [hub.var / "keys" / "gitlab.token"]  # where it belongs
        for gate in (called, pushed):
            with gate.held():
                assert show(hub, mirror, target)["state"] == "pushing"
                user = forge.pushes[-1][1] if gate is pushed else forge.user
                assert canary.shown(hub, forge.token, user, pages, besides) == []
    finally:
        forge.push_gate = None
        pushed.open.set()
    assert ended(hub, mirror, target)["state"] == "idle"


def test_M12_a_token_shows_in_no_process(storm):
    assert storm[0] == []


def test_M12_a_token_shows_in_no_answer(hub, storm):
    for name, target in storm[1]:
        for path in ("/api/repos/%s/targets" % name, "/api/repos/%s/targets/%d" % (name, target),
                     "/" + name, "/api/repos/" + name, "/repositories/" + name):
            got = hub.get(path, hub.admin)
            assert CANARY not in got.text + str(got.headers), path
    states = {name: show(hub, name, target)["state"] for name, target in storm[1]}
    assert states["storm-wrong"] == "auth", states
    assert {name for name, state in states.items() if state == "idle"} == {"storm-lies"}, "nobody asks where to"


def test_M12_a_token_shows_in_no_log_and_nowhere_in_the_database(hub, storm):
    assert CANARY not in hub.logs()
    assert CANARY not in hub.dump()


# ---------------------------------------------------------------- what a forge may do

LIES = {
    "a gigabyte": (fg.endless(), "policy"),
    "forty levels": (fg.deep(), "protocol"),
    "a page": (fg.raw("<!DOCTYPE html><html>", kind="text/html"), "protocol"),
    "a list": (fg.raw("[1,2]"), "protocol"),
    "a number": (fg.raw("5"), "protocol"),
    "nothing": (fg.raw(""), "protocol"),
    "an id that is a text": (fg.changed(id="7"), "protocol"),
    "a negative id": (fg.changed(id=-7), "protocol"),
    "a path that climbs": (fg.changed(full_name="../../etc", path_with_namespace="../../etc"), None),
    "a description that is a number": (fg.changed(description=5), "protocol"),
    "somewhere else": (fg.redirect("http://127.0.0.1:1/api/v4/x"), "policy"),
    "busy for a minute": (fg.status(429, Retry_After="60"), "busy"),
    "its limit": (fg.rate_limited(60), "busy"),
    "its limit as 403": (fg.rate_limited(60, 403), "busy"),
    "no entry": (fg.status(403), "auth"),
    "not now": (fg.status(502), "network"),
}


@pytest.mark.parametrize("what", LIES, ids=lambda w: w.replace(" ", "-"))
def test_M21_a_forge_that_answers_anything_harms_nothing(hub, forge, mirror, origin, what):
    fault, error_class = LIES[what]
    forge.add_project("mirrors/" + mirror)  # so that its answers have something to lie about
    pushes = len(forge.pushes)
    forge.fault(fault, "GET", "/(projects|repos)/.*%s" % mirror)
    target = add(hub, forge, mirror)
    now = ended(hub, mirror, target)
    assert now["errorClass"] == (error_class or now["errorClass"]) != "", now
    assert len(forge.pushes) == pushes and now["providerProjectId"] is None
    if error_class == "busy":
        waits = hub.one("SELECT extract(epoch FROM j.run_at - t.attempted_at) FROM hub.job j JOIN hub.target t"
                        " ON t.id = j.target_id WHERE t.id = %s", target)
        assert 20 < waits < 200
    forge.heal()
    assert push(hub, mirror, target)["state"] == "idle"
    assert forge.repo("mirrors/" + mirror).refs() == origin.mirrored()


def test_M21_a_token_goes_to_the_forge_alone_whatever_address_it_gives(hub, forge, mirror, origin,
                                                                       upstream):
    evil = upstream.url("evil/%s.git" % mirror)
    forge.fault(fg.changed(http_url_to_repo=evil, clone_url=evil, ssh_url="git@10.0.0.1:x/y.git",
                           ssh_url_to_repo="git@10.0.0.1:x/y.git"))
    target = add(hub, forge, mirror)
    now = ended(hub, mirror, target)
    assert now["state"] == "idle" and now["url"] == "%s/mirrors/%s.git" % (forge.base, mirror)
    assert now["shownUrl"] == "git@127.0.0.1:mirrors/%s.git" % mirror.lower()
    assert forge.repo("mirrors/" + mirror).refs() == origin.mirrored()
    assert not upstream.asked("evil/%s.git" % mirror)


# ---------------------------------------------------------------- mirrorhub check

def check(hub):
    done = hub.run_program("mirrorhub", "check", check=False)
    return "".join(line + "\n" for line in done.stdout.splitlines() if "itLab" in line), done.stdout


def test_check_says_who_the_token_is(hub, lab):
    assert "GitLab at 127.0.0.1 reached as robot, group hubs" in check(hub)[0]


def test_check_says_what_gitlab_refuses(hub, lab):
    lab.fault(fg.status(401, {"message": "401 Unauthorized"}))
    assert "[FATAL] Server responded with code 401" in check(hub)[1]
    lab.heal()
    lab.may_create_project = False
    try:
        assert "please enable create project role" in check(hub)[1]
    finally:
        lab.may_create_project = True
