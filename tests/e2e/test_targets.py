"""Where projects are pushed on to (mirroring.md 5.10; security.md M-11 to M-14, M-19, M-20; reliability.md
R-01's push steps, R-27). The targets are bare repositories behind git's own receive-pack, and a second
Mirrorhub; the truth is what git says they have."""

import pytest

from fixtures import canary
from fixtures import upstream as up
from fixtures.faults import end_follow, once
from fixtures.repos import simple
from fixtures.run import wait_until

HUB_CONF = {"sync.workers": 2, "net.low_speed_s": 60, "net.connect_s": 60, "sync.poll_s": 1,
            "net.allow_file": "yes"}


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


def newest(hub):
    """The fence of the last job that was begun: pushes from here on have later ones."""
    return hub.one("SELECT coalesce(max(fence), 0) FROM hub.job")


def ended(hub, name, target, after):
    """The target, once a push behind that fence is over and no other is asked for."""
    wait_until(lambda: hub.one("SELECT state NOT IN ('queued', 'running') AND fence > %s FROM hub.job"
                               " WHERE target_id = %s", after, target), 60, "the push has ended")
    return show(hub, name, target)


def push(hub, name, target, *states, **more):
    """Asks for a push and waits for its end."""
    before = newest(hub)
    answer = hub.post("/api/repos/%s/targets/%d/push" % (name, target), json=more)
    assert answer.status_code == 202, answer
    now = ended(hub, name, target, before)
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


def test_a_project_that_is_no_mirror_is_pushed_on_after_each_push(hub, upstream, there, name, tmp_path):
    assert hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user).returncode == 0
    target = add(hub, name, upstream.url("to/%s.git" % name))
    source = simple(tmp_path / "source.git")
    hub.git("-C", str(source.path), "push", "-q", "--mirror", hub.clone_url(name, hub.admin))
    wait_until(lambda: there.refs() == source.refs(), 60, "the push is there")
    source.commit("main", {"again": "x"})
    hub.git("-C", str(source.path), "push", "-q", hub.clone_url(name, hub.admin), "main")
    wait_until(lambda: there.refs() == source.refs(), 60, "the second push is there")
    assert wait(hub, name, target, "idle")["numConflicts"] == 0


# ---------------------------------------------------------------- deletions, forces, conflicts

def test_what_we_put_there_is_rewound_and_deleted_and_nothing_else(hub, upstream, mirror, origin, there):
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    wait(hub, mirror, target, "idle")
    theirs = there.commit("their-own", {"their": "work"}, parents=[])
    origin.ref("refs/heads/old", origin.oid("refs/heads/main"))
    hub.sync_and_wait(mirror, "changed")
    wait_until(lambda: "refs/heads/old" in there.refs(), 60, "the branch is there")
    origin.commit("main", {"another": "history"}, parents=[])
    origin.delete("refs/heads/old")
    hub.post("/api/repos/%s/approve" % mirror)
    hub.sync_and_wait(mirror)
    hub.post("/api/repos/%s/approve" % mirror)
    wait_until(lambda: there.refs() == dict(origin.refs(), **{"refs/heads/their-own": theirs}), 60,
               lambda: "their branch alone is left: %r" % there.refs())
    assert wait(hub, mirror, target, "idle")["numConflicts"] == 0


def test_a_target_that_is_ahead_is_a_conflict_until_it_is_overwritten(hub, upstream, mirror, origin, there):
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    wait(hub, mirror, target, "idle")
    ours = there.oid("refs/heads/main")
    ahead = there.commit("main", {"their": "fix"})
    origin.commit("next", {"other": "branch"}, parents=[])
    hub.sync_and_wait(mirror, "changed")
    now = wait(hub, mirror, target, "conflict")
    assert there.oid("refs/heads/main") == ahead
    assert there.oid("refs/heads/next") == origin.oid("refs/heads/next"), "the others go on"
    assert [(c["ref"], c["ours"], c["theirs"]) for c in now["conflicts"]] == [
        ("refs/heads/main", ours, ahead)]
    assert now["conflicts"][0]["why"]
    now = push(hub, mirror, target, overwrite=True)
    assert there.refs() == origin.refs() and now["conflicts"] == []
    there.commit("main", {"their": "second fix"})
    push(hub, mirror, target, "conflict")  # it was for once


def test_a_foreign_history_is_a_conflict_and_overwrites_lets_it_go(hub, upstream, mirror, origin, there):
    foreign = there.commit("main", {"not": "ours"})
    tag = there.tag("v1.0.0", foreign)
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    now = wait(hub, mirror, target, "conflict")
    assert {c["ref"] for c in now["conflicts"]} >= {"refs/heads/main"}
    assert there.oid("refs/heads/main") == foreign
    answer = hub.put("/api/repos/%s/targets/%d" % (mirror, target),
                     json={"url": upstream.url("to/%s.git" % mirror), "overwrites": True})
    assert answer.status_code == 200, answer.text
    wait(hub, mirror, target, "idle")
    assert there.refs() == origin.refs()
    assert tag


def test_an_older_state_of_the_same_history_is_brought_forward(hub, upstream, mirror, origin, there):
    first = origin.git("rev-list", "--max-parents=0", "main").split()[0]
    there.git("fetch", "-q", str(origin.path), "main")
    there.ref("refs/heads/main", first)
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    wait(hub, mirror, target, "idle")
    assert there.refs() == origin.refs()


def test_a_branch_makes_room_for_a_folder_of_branches(hub, upstream, mirror, origin, there):
    origin.ref("refs/heads/topic", origin.oid("refs/heads/main"))
    hub.sync_and_wait(mirror)
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    wait(hub, mirror, target, "idle")
    origin.delete("refs/heads/topic")
    origin.ref("refs/heads/topic/one", origin.oid("refs/heads/main"))
    hub.sync_and_wait(mirror, "changed")
    wait_until(lambda: there.refs() == origin.refs(), 60, lambda: "%r" % there.refs())


def test_the_default_branch_there_is_not_deleted(hub, upstream, mirror, origin, there):
    there.git("config", "receive.denyDeleteCurrent", "ignore")
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    wait(hub, mirror, target, "idle")
    old = there.oid("refs/heads/main")
    origin.ref("refs/heads/trunk", origin.oid("refs/heads/main"))
    origin.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    origin.delete("refs/heads/main")
    hub.sync_and_wait(mirror)
    hub.post("/api/repos/%s/approve" % mirror)
    now = wait(hub, mirror, target, "conflict")
    assert there.oid("refs/heads/main") == old
    assert "default branch" in now["conflicts"][0]["why"]


def test_patterns_choose_what_is_pushed_and_an_empty_list_pushes_nothing(hub, upstream, mirror, origin, there):
    origin.ref("refs/heads/release/1", origin.oid("refs/heads/main"))
    hub.sync_and_wait(mirror)
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror), include="refs/heads/release/*")
    wait(hub, mirror, target, "idle")
    assert set(there.refs()) == {"refs/heads/release/1"}
    hub.put("/api/repos/%s/targets/%d" % (mirror, target),
            json={"url": upstream.url("to/%s.git" % mirror), "include": "\n"})
    before = newest(hub)
    origin.delete("refs/heads/release/1")
    hub.sync_and_wait(mirror, "changed")
    assert ended(hub, mirror, target, before)["state"] == "idle"
    assert set(there.refs()) == {"refs/heads/release/1"}, "what is not chosen is not touched"


def test_seven_thousand_refs_come_there_and_go(hub, upstream, mirror, origin, there):
    oid = origin.oid("refs/heads/main")
    origin.git("update-ref", "--stdin", input="".join(
        "create refs/tags/many/%05d %s\n" % (i, oid) for i in range(7000)))
    hub.sync_and_wait(mirror, "changed")
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    wait(hub, mirror, target, "idle")
    assert there.refs() == origin.refs() and len(there.refs()) > 7000
    pushes = [r for r in upstream.asked("to/%s.git" % mirror) if r.method == "POST"]
    assert len(pushes) >= 14, "at most 500 refs at once"
    before = len(upstream.asked("to/%s.git" % mirror))
    hub.sync_and_wait(mirror, "unchanged")
    assert len(upstream.asked("to/%s.git" % mirror)) == before, "nothing new: nobody is asked"


# ---------------------------------------------------------------- refusals (M-20, R-27)

def write_hook(repo, name, text):
    path = repo.path / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def test_a_refused_ref_is_told_and_the_others_go_on(hub, upstream, mirror, origin, there):
    write_hook(there, "update", 'case "$1" in refs/heads/main) echo "main is protected" >&2; exit 1;; esac\n')
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    now = wait(hub, mirror, target, "partial")
    assert [r["ref"] for r in now["refused"]] == ["refs/heads/main"]
    assert "(main is protected; " in now["refused"][0]["error"], now["refused"]
    assert there.refs() == {r: o for r, o in origin.refs().items() if r != "refs/heads/main"}
    (there.path / "hooks" / "update").unlink()
    now = push(hub, mirror, target)
    assert there.refs() == origin.refs() and now["refused"] == []


def test_a_target_that_refuses_all_refs_is_partial(hub, upstream, mirror, origin, there):
    write_hook(there, "pre-receive", "echo 'closed today' >&2; exit 1\n")
    target = add(hub, mirror, upstream.url("to/%s.git" % mirror))
    now = wait(hub, mirror, target, "partial")
    assert now["numRefused"] == len(origin.refs()) and there.refs() == {}
    assert "closed today" in now["refused"][0]["error"]


@pytest.mark.parametrize("fault, states, kind", [
    (up.status(401), ("auth",), "auth"),
    (up.status(403, only="push"), ("auth",), "auth"),
    (up.status(503), ("backoff",), "network"),
    (up.too_many(7), ("backoff",), "busy"),
    (up.login_page(), ("backoff",), "protocol"),
    (up.status(500, only="push"), ("backoff",), "network"),
])
def test_a_failure_has_its_class_and_the_next_push_repairs_it(hub, upstream, mirror, origin, there, fault,
                                                               states, kind):
    path = "to/%s.git" % mirror
    upstream.fault(path, fault)
    target = add(hub, mirror, upstream.url(path))
    now = wait(hub, mirror, target, *states)
    assert now["errorClass"] == kind and now["error"], now
    upstream.heal(path)
    push(hub, mirror, target)
    assert there.refs() == origin.refs()


def cut_the_report(x):
    """Takes the push, and breaks off before it says so."""
    if x.kind != "push":
        return False
    x.real()
    x.cut(reset=True)
    return True


def test_a_push_whose_report_was_lost_is_known_to_be_ours(hub, upstream, mirror, origin, there):
    path = "to/%s.git" % mirror
    upstream.fault(path, up.first(1, cut_the_report))
    target = add(hub, mirror, upstream.url(path))
    now = wait(hub, mirror, target, "backoff")
    assert now["errorClass"] == "network"
    assert there.refs() == origin.refs()
    push(hub, mirror, target)
    origin.commit("main", {"another": "history"}, parents=[])
    hub.sync_and_wait(mirror)
    hub.post("/api/repos/%s/approve" % mirror)
    wait_until(lambda: there.refs() == origin.refs(), 60, "what came before the cut is ours to rewind")


def test_a_redirect_is_followed_on_the_same_host_alone(hub, upstream, mirror, origin, there):
    path = "moved/%s.git" % mirror
    upstream.fault(path, up.redirect_whole(upstream.url("to/%s.git" % mirror)))
    target = add(hub, mirror, upstream.url(path))
    wait(hub, mirror, target, "idle")
    assert there.refs() == origin.refs()


# ---------------------------------------------------------------- ways there: ssh, and what is none

def test_a_target_over_ssh_gets_more_than_one_batch_and_each_change(hub, mirror, origin, there, sshd):
    """A stream takes one push, and says goodbye: each batch of 500 refs is a connection of its own."""
    origin.many_refs(600, "refs/tags/many/")
    hub.sync_and_wait(mirror, "changed")
    target = add(hub, mirror, sshd.url(there.path))
    wait(hub, mirror, target, "idle")
    assert there.refs() == origin.refs()
    origin.commit("main", {"new": "thing"})
    origin.delete("refs/tags/light")
    hub.sync_and_wait(mirror, "changed")
    wait_until(lambda: there.refs() == origin.refs(), 60, lambda: show(hub, mirror, target))
    there.git("fsck", "--strict")


def test_a_refusal_over_ssh_is_told_ref_by_ref(hub, mirror, origin, there, sshd):
    write_hook(there, "update", 'case "$1" in refs/heads/main) echo "main is protected" >&2; exit 1;; esac\n')
    now = wait(hub, mirror, add(hub, mirror, sshd.url(there.path)), "partial")
    assert [r["ref"] for r in now["refused"]] == ["refs/heads/main"]
    assert there.refs() == {r: o for r, o in origin.refs().items() if r != "refs/heads/main"}


def test_a_target_over_ssh_that_is_another_or_lets_us_not_in_gets_nothing(hub, mirror, origin, there, sshd):
    sshd.is_known(False)
    try:
        target = add(hub, mirror, sshd.url(there.path))
        now = wait(hub, mirror, target, "backoff")
        assert now["errorClass"] == "tls" and "host key" in now["error"], now
        sshd.is_known()
        sshd.is_open(False)
        now = push(hub, mirror, target, "auth")
        assert now["errorClass"] == "auth" and "ssh key" in now["error"], now
        assert there.refs() == {}
    finally:
        sshd.is_known()
        sshd.is_open()
    push(hub, mirror, target)
    assert there.refs() == origin.refs()


@pytest.mark.parametrize("url, why", [
    ("git://127.0.0.1/x/y.git", "nothing can be pushed over git://"),
    ("ssh://bob:secret@127.0.0.1/x/y.git", ""), ("file:///tmp/x/y.git", "to a folder of this machine"),
    ("/tmp/x/y.git", "an address is"), ("ext::sh -c id", "an address has")])
def test_nothing_is_pushed_to_folders_and_over_git(hub, mirror, url, why):
    answer = add(hub, mirror, url, 400)
    assert why in str(answer), answer
    assert hub.one("SELECT count(*) FROM hub.target t JOIN hub.project p ON p.id = t.project_id"
                   " WHERE p.path = %s", mirror) == 0


def test_a_folder_that_got_into_the_table_is_not_written_to(hub, upstream, mirror, there):
    """Even where upstreams may be folders: sync could write to any store."""
    target = add(hub, mirror, upstream.url("nothing/%s.git" % mirror))
    wait(hub, mirror, target, "backoff")
    hub.sql("UPDATE hub.target SET url = %s WHERE id = %s", "file://%s" % there.path, target)
    now = push(hub, mirror, target, "backoff")
    assert now["errorClass"] == "policy" and "to a folder" in now["error"], now
    assert there.refs() == {}


def test_a_password_is_for_http_alone(hub, mirror):
    answer = add(hub, mirror, "ssh://git@127.0.0.1/x/y.git", 400, user="bob", password="canary-ssh")
    assert "http" in str(answer) and "canary" not in str(answer), answer


# ---------------------------------------------------------------- secrets (M-11 to M-14)

def test_credentials_in_an_address_are_refused(hub, mirror):
    answer = hub.post("/api/repos/%s/targets" % mirror, json={"url": "http://bob:canary-77@127.0.0.1/x.git"})
    assert answer.status_code == 400 and "canary-77" not in answer.text


def test_one_place_has_one_target(hub, upstream, mirror, there):
    add(hub, mirror, upstream.url("to/%s.git" % mirror))
    answer = hub.post("/api/repos/%s/targets" % mirror,
                      json={"url": upstream.url("to/%s/" % mirror).upper().replace("HTTP://", "http://")})
    assert answer.status_code == 400 and "pushed there already" in answer.text, answer.text


def test_secrets_are_used_rotated_and_never_seen(hub, upstream, mirror, origin, there):
    path = "to/%s.git" % mirror
    hub.hide("canary-one-5f", "canary-two-8e")
    upstream.require(path, "bob", "canary-two-8e")
    target = add(hub, mirror, upstream.url(path), user="bob", password="canary-one-5f")
    assert wait(hub, mirror, target, "auth")["errorClass"] == "auth"
    answer = hub.put("/api/repos/%s/targets/%d" % (mirror, target),
                     json={"url": upstream.url(path), "user": "bob", "password": "canary-two-8e"})
    assert answer.status_code == 200 and "canary" not in answer.text
    wait(hub, mirror, target, "idle")
    assert there.refs() == origin.refs()
    hub.put("/api/repos/%s/targets/%d" % (mirror, target), json={"url": upstream.url(path)})
    push(hub, mirror, target)  # what was not sent has stayed
    assert "canary" not in hub.dump()
    for uri in ("/%s/targets" % mirror, "/%s/targets/%d" % (mirror, target), "/%s" % mirror):
        page = hub.get(uri, auth=hub.admin)
        assert page.status_code == 200 and "canary" not in page.text


def test_another_address_forgets_the_credentials(hub, upstream, mirror, origin, there):
    path, other = "to/%s.git" % mirror, "other/%s.git" % mirror
    upstream.repo(other)
    upstream.require(path, "bob", "canary-three-1a")
    target = add(hub, mirror, upstream.url(path), user="bob", password="canary-three-1a")
    wait(hub, mirror, target, "idle")
    hub.put("/api/repos/%s/targets/%d" % (mirror, target), json={"url": upstream.url(other)})
    wait(hub, mirror, target, "idle")
    assert not show(hub, mirror, target)["hasCredentials"]
    assert all(r.authorization is None for r in upstream.asked(other))


def test_an_answer_that_repeats_our_secret_is_not_shown(hub, upstream, mirror, origin, there):
    path = "to/%s.git" % mirror
    hub.hide("canary-four-3c")
    write_hook(there, "update", "echo 'you are bob:canary-four-3c' >&2; exit 1\n")
    upstream.require(path, "bob", "canary-four-3c")
    target = add(hub, mirror, upstream.url(path), user="bob", password="canary-four-3c")
    now = wait(hub, mirror, target, "partial")
    assert "canary" not in str(now) and "secret" in now["refused"][0]["error"]


def test_M12_while_the_target_holds_a_push_its_secret_shows_nowhere(hub, upstream, mirror, origin, there):
    path, secret, gate, authorized = "to/%s.git" % mirror, "canary-held-6b", canary.Gate(), []
    hub.hide(secret)
    upstream.require(path, "bob", secret)

    def hold(x):
        if x.kind == "push":
            authorized.append(x.request.authorization)
            gate.pass_by()
        return False
    upstream.fault(path, hold)
    target = add(hub, mirror, upstream.url(path), user="bob", password=secret)
    with gate.held():
        assert show(hub, mirror, target)["state"] == "pushing"
        assert canary.shown(hub, secret, "bob", pages=(
            "/api/repos/%s/targets" % mirror, "/api/repos/%s/targets/%d" % (mirror, target), "/api/repos/" + mirror,
            "/repositories/" + mirror, "/info", "/info/busy", "/" + mirror, "/%s/targets" % mirror,
            "/%s/targets/%d" % (mirror, target))) == []
    assert authorized == [canary.basic("bob", secret)]
    wait(hub, mirror, target, "idle")


# ---------------------------------------------------------------- killed at each step

@pytest.mark.parametrize("point", ["target-push", "target-pushed", "before-report"])
def test_R01_a_push_that_was_killed_is_repaired_by_the_next(fresh_hub, upstream, origin, there, name, point):
    hub = fresh_hub(conf=dict(HUB_CONF, **{"sync.lease_s": 5}))
    hub.mirror(upstream.url("from/%s.git" % name), name)
    end_follow(hub)
    target = add(hub, name, upstream.url("to/%s.git" % name))
    once(hub, check=False, MIRRORHUB_CRASH_AT=point)
    hub.sql("UPDATE hub.job SET lease_until = now() - interval '1 s' WHERE state = 'running'")
    hub.sql("UPDATE hub.job SET run_at = '-infinity' WHERE target_id = %s", target)
    once(hub)
    hub.sql("UPDATE hub.job SET run_at = '-infinity', state = 'queued' WHERE target_id = %s AND state <> 'running'",
            target)
    once(hub)
    assert there.refs() == origin.refs()
    assert show(hub, name, target)["state"] == "idle"
    assert hub.one("SELECT count(*) FROM hub.target_ref WHERE target_id = %s AND planned IS NULL"
                   " AND oid IS NOT NULL", target) == len(origin.refs()), "all of it is known to be ours"


# ---------------------------------------------------------------- a second hub as the target

def test_a_second_hub_is_a_target_ref_by_ref(hub, fresh_hub, mirror, origin):
    second = fresh_hub()
    second.run_program("mirrorhub", "create-project", "copy", "--owner", second.user)
    second.hide(second.token)
    target = add(hub, mirror, second.url + "/copy.git", user=second.user, password=second.token)
    wait(hub, mirror, target, "idle")
    assert second.refs("copy", auth=second.admin) == hub.refs(mirror, auth=hub.admin) == origin.refs()
    origin.commit("main", {"next": "thing"})
    origin.delete("refs/tags/light")
    hub.sync_and_wait(mirror)
    wait_until(lambda: second.refs("copy", auth=second.admin) == origin.refs(), 60, "the change is there")


# ---------------------------------------------------------------- psql and the command

def test_psql_and_the_command_add_a_target_and_give_it_its_secret(hub, upstream, mirror, origin, there):
    path = "to/%s.git" % mirror
    hub.hide("canary-five-9d")
    upstream.require(path, "bob", "canary-five-9d")
    target = int(hub.one("SELECT admin.add_target(%s, %s)", mirror, upstream.url(path)).split()[-1])
    wait(hub, mirror, target, "auth")
    secret = hub.var / "secret"
    secret.write_text("bob:canary-five-9d\n")
    secret.chmod(0o644)
    hub.run_program("mirrorhub", "target-secret", str(target), "--secret-file", str(secret))
    wait(hub, mirror, target, "idle")
    assert there.refs() == origin.refs()
    assert hub.one("SELECT admin.push_now(%s)", mirror) == "1 queued"
    assert hub.one("SELECT count(*) FROM admin.targets WHERE project = %s", mirror) == 1
    assert hub.one("SELECT admin.delete_target(%s)", target) == "deleted"
