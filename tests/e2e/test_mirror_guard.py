"""What a mirror takes over, and what it does not without being told to: rules about suspicious updates
(checklists/security.md M-17 to M-19, mirroring.md 5.8), kept tips, modes and filters. The truth is
git's own: for-each-ref in the store, ls-remote and clones through nginx."""

import random
import shutil
import time

import pytest

from fixtures.person import Person
from fixtures.repos import Repo, simple
from fixtures.run import run, wait_until
from fixtures.upstream import redirect_whole

HUB_CONF = {"sync.workers": 2, "net.low_speed_s": 60, "net.connect_s": 60, "sync.lease_s": 60,
            "webhook.schemes": "http https", "sync.poll_s": 1, "schedule_adaptive": "no"}


@pytest.fixture
def origin(upstream, name):
    return long_story(upstream.folder / ("g/%s.git" % name))


def long_story(path, commits=20):
    """main with `commits` commits, ten branches, eight tags."""
    repo = Repo(path)
    repo.commits(commits)
    for i in range(10):
        repo.commit("topic/%d" % i, {"t": str(i)}, parents=[repo.oid("main~%d" % (i % 5))])
    for i in range(8):
        repo.tag("v%d" % i, "main~%d" % (8 - i), message="release %d" % i if i % 2 else None)
    return repo


def mirror(hub, upstream, name, **options):
    hub.add(upstream.url("g/%s.git" % name), name, sync=False)
    for option, value in options.items():
        set_option(hub, name, option, value)
    hub.sync_and_wait(name)
    hub.wait_idle(name)


def set_option(hub, name, option, value):
    hub.sql("SELECT admin.set_mirror(%s, %s, %s)", name, option, value)


def settle(hub, name):
    """Whatever sync is under way or asked for comes to its end."""
    hub.wait_idle(name)
    hub.park(name)


def sync(hub, name, outcome):
    hub.wait_idle(name)
    return hub.sync_and_wait(name, outcome)


def guard(hub, name):
    return hub.row("SELECT m.held_at, encode(m.held_fingerprint, 'hex') AS print, m.held_findings AS findings,"
                   " m.notices, m.failures FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id"
                   " WHERE p.path = %s", name)


def next_second():
    """Kept tips are told apart by the second in which they were replaced."""
    now = int(time.time())
    wait_until(lambda: int(time.time()) > now, 5, "the next second")


def rules(hub, name):
    return sorted({f["rule"] for f in guard(hub, name)["findings"] or []})


def kept(hub, name):
    """{ref: [id, …]} of what git itself finds kept, the newest first."""
    lines = run(["git", "-c", "safe.directory=*", "-C", str(hub.store_dir(name)), "for-each-ref",
                 "--format=%(refname) %(objectname)", "--sort=-refname", "refs/mirrorhub/kept"]).stdout
    found = {}
    for line in lines.splitlines():
        ref, oid = line.split(" ")
        found.setdefault("refs/" + ref[len("refs/mirrorhub/kept/"):].rpartition("/")[0], []).append(oid)
    return found


def is_held(hub, name, before, *wanted):
    """The sync is held by these rules, and clones see what they saw."""
    done = sync(hub, name, "held")
    assert done["error_class"] == "" and done["refs_changed"] == 0
    assert rules(hub, name) == sorted(wanted)
    assert guard(hub, name)["failures"] == 0
    assert hub.refs(name) == before
    run(["git", "-c", "safe.directory=*", "-C", str(hub.store_dir(name)), "fsck", "--full"])
    return done


def rewrite(repo, branch="main", keep=0, add=1):
    """branch goes back to its first `keep` commits, and on from there in another way."""
    if keep:
        oid = repo.oid("%s~%d" % (branch, int(repo.git("rev-list", "--count", branch)) - keep))
    else:
        oid = None
    for i in range(add):
        oid = repo.commit(branch, {"other": str(i)}, "rewritten", parents=[oid] if oid else [])
    return oid


# ---------------------------------------------------------------- M-17: what is held

def test_a_rewritten_default_branch_is_held(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    before = hub.refs(name)
    assert before == origin.mirrored()
    rewrite(origin, keep=9, add=3)
    is_held(hub, name, before, "rewritten")
    assert "11 of its 20 commits are gone" in guard(hub, name)["findings"][0]["sentence"]


def test_a_default_branch_that_loses_less_is_followed_and_its_tip_kept(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    old = origin.oid("main")
    rewrite(origin, keep=12, add=3)
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()
    assert kept(hub, name) == {"refs/heads/main": [old]}
    assert [n["rule"] for n in guard(hub, name)["notices"]] == ["forced"]


def test_a_default_branch_without_a_common_root_is_held(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    before = hub.refs(name)
    rewrite(origin, keep=0, add=30)
    is_held(hub, name, before, "rewritten")
    assert "nothing in common" in guard(hub, name)["findings"][0]["sentence"]


def test_a_default_branch_of_few_commits_is_held_although_not_much_is_lost(hub, upstream, name):
    origin = Repo(upstream.folder / ("g/%s.git" % name))
    origin.commits(11)
    mirror(hub, upstream, name)
    before = hub.refs(name)
    rewrite(origin, keep=8, add=1)
    is_held(hub, name, before, "rewritten")


def test_a_default_branch_that_is_renamed_is_followed(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    origin.git("branch", "-m", "main", "trunk")
    origin.commit("trunk", {"more": "1"})
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()
    assert kept(hub, name).keys() == {"refs/heads/main"}


def test_a_default_branch_that_is_gone_for_another_is_held(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    before = hub.refs(name)
    origin.set_head("topic/4")
    origin.delete("refs/heads/main")
    origin.git("update-ref", "refs/heads/topic/4", origin.oid("main~15") or origin.oid("topic/4~15"))
    is_held(hub, name, before, "rewritten")


def test_many_deleted_branches_are_held_and_few_are_not(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    origin.delete("refs/heads/topic/0")
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()
    before = hub.refs(name)
    for i in (1, 2, 3):
        origin.delete("refs/heads/topic/%d" % i)
    is_held(hub, name, before, "branches_deleted")
    assert guard(hub, name)["findings"][0]["sentence"] == \
        "3 of 10 branches were deleted at once: topic/1, topic/2, topic/3."


def test_five_deleted_tags_are_held_and_four_are_not(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    for i in range(4):
        origin.delete("refs/tags/v%d" % i)
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()
    for i in range(5):
        origin.tag("w%d" % i)
    sync(hub, name, "changed")
    before = hub.refs(name)
    for i in range(5):
        origin.delete("refs/tags/w%d" % i)
    is_held(hub, name, before, "tags_deleted")


def test_an_upstream_that_lost_all_refs_is_held(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    before = hub.refs(name)
    for ref in origin.mirrored():
        origin.delete(ref)
    is_held(hub, name, before, "empty")


def test_another_repository_in_its_place_is_held(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    before = hub.refs(name)
    for ref in origin.mirrored():
        origin.delete(ref)
    origin.commits(30)
    is_held(hub, name, before, "branches_deleted", "tags_deleted", "unrelated")


def test_a_moved_tag_is_followed_and_kept_but_held_in_an_archive(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    old = origin.oid("refs/tags/v1")
    origin.tag("v1", "main", message="again")
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()
    assert kept(hub, name) == {"refs/tags/v1": [old]}
    assert [n["rule"] for n in guard(hub, name)["notices"]] == ["tag_moved"]
    set_option(hub, name, "mode", "archival")
    settle(hub, name)
    before = hub.refs(name)
    origin.tag("v2", "main")
    is_held(hub, name, before, "tag_moved")


def test_allow_rewrite_lets_everything_pass_and_keeps_the_tips(hub, upstream, origin, name):
    mirror(hub, upstream, name, allow_rewrite="yes")
    gone = {r: [o] for r, o in origin.mirrored().items()}
    for ref in origin.mirrored():
        origin.delete(ref)
    origin.commits(3)
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()
    assert kept(hub, name) == gone


# ---------------------------------------------------------------- approve, reject

def hold(hub, upstream, origin, name):
    """A mirror whose upstream has rewritten its default branch: what clones see."""
    mirror(hub, upstream, name)
    before = hub.refs(name)
    rewrite(origin, keep=5, add=2)
    is_held(hub, name, before, "rewritten")
    return before


def wait_published(hub, name, origin):
    wait_until(lambda: hub.refs(name) == origin.mirrored(), 60, lambda: "%s; %s" % (
        hub.job(name), hub.last_run(name)))


def test_what_is_held_is_not_fetched_again_and_clears_by_itself(hub, upstream, origin, name):
    old = origin.oid("main")
    before = hold(hub, upstream, origin, name)
    since = guard(hub, name)["held_at"]
    again = sync(hub, name, "held")
    assert again["objects"] == 0
    assert guard(hub, name)["held_at"] == since and rules(hub, name) == ["rewritten"]
    origin.ref("refs/heads/main", old)
    sync(hub, name, "unchanged")
    assert guard(hub, name)["held_at"] is None
    assert hub.refs(name) == before == origin.mirrored()
    actions = [r["action"] for r in hub.sql("SELECT action FROM hub.event WHERE object = %s ORDER BY id", name)]
    assert actions.count("mirror.hold") == 1 and actions.count("mirror.unhold") == 1


def test_psql_approves(hub, upstream, origin, name):
    old = origin.oid("main")
    hold(hub, upstream, origin, name)
    shown = hub.row("SELECT * FROM admin.held WHERE path = %s", name)
    assert "15 of its 20 commits are gone" in shown["why"]
    assert hub.one("SELECT admin.approve(%s)", name).startswith("approved")
    wait_published(hub, name, origin)
    assert guard(hub, name)["held_at"] is None
    assert kept(hub, name) == {"refs/heads/main": [old]}
    with pytest.raises(Exception, match="nothing of the mirror"):
        hub.sql("SELECT admin.approve(%s)", name)


def test_psql_rejects_until_upstream_changes_again(hub, upstream, origin, name):
    before = hold(hub, upstream, origin, name)
    hub.sql("SELECT admin.reject(%s)", name)
    assert guard(hub, name)["held_at"] is None
    assert sync(hub, name, "unchanged")["objects"] == 0
    assert hub.refs(name) == before and guard(hub, name)["held_at"] is None
    origin.commit("main", {"and": "more"})
    is_held(hub, name, before, "rewritten")
    hub.sql("SELECT admin.approve(%s)", name)
    wait_published(hub, name, origin)


def test_an_approval_is_for_what_was_seen_alone(hub, upstream, origin, name):
    before = hold(hub, upstream, origin, name)
    hub.sql("SELECT admin.pause(%s)", name)
    hub.sql("SELECT admin.approve(%s)", name)
    rewrite(origin, keep=2, add=1)
    done = hub.run_id(name)
    hub.sql("SELECT admin.resume(%s)", name)
    assert hub.wait_run(name, done)["outcome"] == "held"
    assert hub.refs(name) == before


def test_the_api_approves_and_rejects(hub, upstream, origin, name):
    before = hold(hub, upstream, origin, name)
    shown = hub.get("/api/repos/%s/held" % name, hub.admin).json()
    assert shown["isHeld"] and shown["findings"][0]["rule"] == "rewritten"
    assert hub.post("/api/repos/%s/approve" % name, json={}, auth=None).status_code == 401
    other = hub.post("/api/repos/%s/approve" % name, json={"fingerprint": "0" * 64})
    assert other.status_code == 409, other.text
    assert hub.refs(name) == before
    assert hub.post("/api/repos/%s/reject" % name, json={}).status_code == 204
    shown = hub.get("/api/repos/%s/held" % name, hub.admin).json()
    assert not shown["isHeld"] and shown["isRejected"]
    assert hub.post("/api/repos/%s/reject" % name, json={}).status_code == 404
    origin.commit("main", {"and": "more"})
    is_held(hub, name, before, "rewritten")
    fingerprint = hub.get("/api/repos/%s/held" % name, hub.admin).json()["fingerprint"]
    assert hub.post("/api/repos/%s/approve" % name, json={"fingerprint": fingerprint}).status_code == 204
    wait_published(hub, name, origin)


def test_the_page_approves_and_rejects(hub, upstream, origin, name):
    before = hold(hub, upstream, origin, name)
    person = Person(hub)
    person.get("/" + name)
    assert "approve" not in person.page.text.lower() or "/approve" not in person.answer.text
    person.sign_in(*hub.admin)
    person.get("/" + name)
    assert "15 of its 20 commits are gone" in person.page.text
    assert "held" in person.page.text
    person.submit("/%s/reject" % name)
    assert guard(hub, name)["held_at"] is None and hub.refs(name) == before
    origin.commit("main", {"and": "more"})
    is_held(hub, name, before, "rewritten")
    person.get("/?state=held")
    assert name in person.page.text
    person.get("/" + name)
    person.submit("/%s/approve" % name)
    wait_published(hub, name, origin)


# ---------------------------------------------------------------- kept tips

def test_kept_tips_are_seen_by_no_clone_and_live_through_upkeep(hub, upstream, origin, name, tmp_path):
    mirror(hub, upstream, name)
    tips = []
    for i in range(3):
        tips.append(origin.oid("topic/1"))
        origin.commit("topic/1", {"n": str(i)}, parents=[origin.oid("main~%d" % i)])
        next_second()
        sync(hub, name, "changed")
    assert kept(hub, name) == {"refs/heads/topic/1": tips[::-1]}
    for version in (0, 2):
        assert not [r for r in hub.ls_remote(name, version=version) if "mirrorhub" in r]
    hub.git("clone", "-q", "--mirror", hub.clone_url(name), str(tmp_path / "all.git"))
    assert Repo(tmp_path / "all.git").refs() == origin.mirrored()
    assert "mirrorhub" not in hub.get("/api/repos/%s/refs" % name, hub.admin).text
    store = str(hub.store_dir(name))
    run(["git", "-c", "safe.directory=*", "-C", store, "repack", "-q", "-a", "-d"])
    for tip in tips:
        run(["git", "-c", "safe.directory=*", "-C", store, "cat-file", "-e", tip + "^{tree}"])


def test_so_many_tips_of_a_ref_are_kept_and_so_long(hub, upstream, origin, name):
    mirror(hub, upstream, name, kept_count="2")
    tips = []
    for i in range(4):
        tips.append(origin.oid("topic/1"))
        origin.commit("topic/1", {"n": str(i)}, parents=[origin.oid("main~%d" % i)])
        next_second()
        sync(hub, name, "changed")
    assert kept(hub, name) == {"refs/heads/topic/1": tips[:1:-1]}
    set_option(hub, name, "kept_days", "0")
    origin.commit("topic/2", {"n": "x"}, parents=[origin.oid("main")])
    next_second()
    sync(hub, name, "changed")
    assert kept(hub, name).keys() <= {"refs/heads/topic/2"}
    set_option(hub, name, "mode", "archival")
    set_option(hub, name, "kept_count", "0")
    settle(hub, name)
    gone = origin.oid("topic/3")
    origin.delete("refs/heads/topic/3")
    sync(hub, name, "changed")
    assert kept(hub, name)["refs/heads/topic/3"] == [gone]


def test_a_kept_tip_is_taken_back_and_let_go(hub, upstream, origin, name, tmp_path):
    mirror(hub, upstream, name)
    gone = origin.oid("topic/1")
    origin.delete("refs/heads/topic/1")
    sync(hub, name, "changed")
    listed = hub.get("/api/repos/%s/kept" % name, hub.admin).json()["kept"]
    assert [(k["ref"], k["id"]) for k in listed] == [("refs/heads/topic/1", gone)]
    answer = hub.post("/api/repos/%s/kept" % name, json={"name": listed[0]["name"]})
    assert (answer.status_code, answer.json()) == (201, {"ref": "refs/heads/topic/1"}), answer.text
    with_it = {**origin.mirrored(), "refs/heads/topic/1": gone}
    wait_until(lambda: hub.refs(name) == with_it, 60, lambda: str(hub.last_run(name)))
    hub.git("clone", "-q", "-b", "topic/1", hub.clone_url(name), str(tmp_path / "clone"))
    # it stays while upstream goes on
    origin.commit("main", {"x": "y"})
    sync(hub, name, "changed")
    assert hub.refs(name) == {**origin.mirrored(), "refs/heads/topic/1": gone}
    assert sync(hub, name, "unchanged")["objects"] == 0
    next_second()
    answer = hub.delete("/api/repos/%s/restored/refs/heads/topic/1" % name)
    assert answer.status_code == 204, answer.text
    wait_until(lambda: hub.refs(name) == origin.mirrored(), 60, lambda: str(hub.last_run(name)))
    assert kept(hub, name)["refs/heads/topic/1"] == [gone, gone]
    settle(hub, name)
    assert hub.one("SELECT count(*) FROM hub.mirror_pin i JOIN hub.project p ON p.id = i.project_id"
                   " WHERE p.path = %s", name) == 0


def test_kept_tips_come_in_pieces_and_so_many_can_be_taken_back(hub, upstream, origin, name):
    mirror(hub, upstream, name, allow_rewrite="true")
    for i in range(3):
        origin.delete("refs/heads/topic/%d" % i)
    sync(hub, name, "changed")
    url = "/api/repos/%s/kept" % name
    whole = hub.get(url, hub.admin).json()
    assert (len(whole["kept"]), whole["total"]) == (3, 3)
    piece = hub.get(url + "?limit=1&offset=1", hub.admin).json()
    assert (piece["kept"], piece["total"]) == (whole["kept"][1:2], 3)
    assert hub.get(url + "?offset=3", hub.admin).json()["kept"] == []
    assert hub.get(url + "?limit=-1", hub.admin).status_code == 400
    hub.sql("SELECT admin.pause(%s)", name)
    hub.sql("INSERT INTO hub.mirror_pin (project_id, ref, oid) SELECT p.id, 'refs/heads/pin/' || g, %s"
            " FROM hub.project p, generate_series(1, 500) g WHERE p.path = %s", origin.oid("main"), name)
    answer = hub.post(url, json={"name": whole["kept"][0]["name"]})
    assert answer.status_code == 400 and "let go" in answer.text, answer.text
    hub.sql("DELETE FROM hub.mirror_pin i USING hub.project p WHERE p.id = i.project_id"
            " AND p.path = %s AND i.ref = 'refs/heads/pin/500'", name)
    assert hub.post(url, json={"name": whole["kept"][0]["name"]}).status_code == 201


def test_the_tip_of_a_forced_branch_is_taken_back_under_another_name(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    old = origin.oid("topic/1")
    origin.commit("topic/1", {"n": "x"}, parents=[origin.oid("main")])
    sync(hub, name, "changed")
    kept_name = hub.get("/api/repos/%s/kept" % name, hub.admin).json()["kept"][0]["name"]
    assert hub.post("/api/repos/%s/kept" % name, json={"name": kept_name, "as": "topic/1"}).status_code == 409
    assert hub.post("/api/repos/%s/kept" % name, json={"name": kept_name, "as": "a..b"}).status_code == 400
    assert hub.post("/api/repos/%s/kept" % name, json={"name": "none"}).status_code in (400, 404)
    ref = hub.post("/api/repos/%s/kept" % name, json={"name": kept_name}).json()["ref"]
    assert ref.startswith("refs/heads/topic/1-20")
    wait_until(lambda: hub.refs(name).get(ref) == old, 60, lambda: str(hub.last_run(name)))
    # upstream's own of that name wins
    own = origin.ref(ref, origin.oid("main"))
    sync(hub, name, "changed")
    assert hub.refs(name)[ref] == own


# ---------------------------------------------------------------- modes, prune, filters, limits

def test_additive_never_deletes_and_never_forces(hub, upstream, origin, name):
    mirror(hub, upstream, name, mode="additive")
    before = origin.mirrored()
    for i in range(5):
        origin.delete("refs/heads/topic/%d" % i)
    rewrite(origin, keep=3, add=2)
    origin.tag("v1", "main")
    new = origin.commit("new", {"n": "1"}, parents=[origin.oid("main")])
    on = origin.commit("topic/7", {"n": "1"})
    sync(hub, name, "changed")
    assert hub.refs(name) == {**before, "refs/heads/new": new, "refs/heads/topic/7": on}
    assert kept(hub, name) == {}
    assert {n["rule"] for n in guard(hub, name)["notices"]} == {"diverged"}
    assert sync(hub, name, "unchanged")["objects"] == 0
    # back to exact: who says so has seen what upstream has; what goes is kept
    set_option(hub, name, "mode", "exact")
    wait_until(lambda: hub.refs(name) == origin.mirrored(), 60, lambda: str(hub.last_run(name)))
    assert kept(hub, name)["refs/heads/main"] == [before["refs/heads/main"]]
    assert kept(hub, name)["refs/heads/topic/0"] == [before["refs/heads/topic/0"]]


def test_without_pruning_deleted_refs_stay(hub, upstream, origin, name):
    mirror(hub, upstream, name, prunes="no")
    before = origin.mirrored()
    for i in range(5):
        origin.delete("refs/heads/topic/%d" % i)
    forced = origin.commit("topic/9", {"n": "1"}, parents=[origin.oid("main")])
    sync(hub, name, "changed")
    assert hub.refs(name) == {**before, "refs/heads/topic/9": forced}


def test_filters_select_and_pull_requests_can_be_taken_on_purpose(hub, upstream, origin, name):
    for i in range(3):
        origin.ref("refs/pull/%d/head" % i, origin.oid("main~%d" % i))
        origin.ref("refs/pull/%d/merge" % i, origin.oid("main"))
    mirror(hub, upstream, name)
    assert hub.refs(name) == origin.mirrored()
    set_option(hub, name, "ref_include", "main\nrefs/pull/*/head\nv*")
    wait_until(lambda: "refs/pull/1/head" in hub.refs(name), 60, lambda: str(hub.last_run(name)))
    wanted = {r: o for r, o in origin.refs().items()
              if r == "refs/heads/main" or r.startswith("refs/tags/v") or r.endswith("/head")}
    assert hub.refs(name) == wanted
    assert guard(hub, name)["held_at"] is None
    set_option(hub, name, "ref_exclude", "refs/pull/1/*\nv7")
    for gone in ("refs/pull/1/head", "refs/tags/v7"):
        wanted.pop(gone)
    wait_until(lambda: hub.refs(name) == wanted, 60, lambda: str(hub.last_run(name)))
    # what is not selected may come and go
    origin.commit("topic/3", {"x": "y"})
    assert sync(hub, name, "unchanged")["objects"] == 0


def test_an_empty_list_takes_nothing(hub, upstream, origin, name):
    mirror(hub, upstream, name, ref_include="")
    assert hub.refs(name) == {}


def test_a_mirror_s_own_limits_lower_the_hub_s(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    before = hub.refs(name)
    origin.commit("main", {"large": "x" * 5000})
    for option, value, word in (("most_blob_bytes", "1000", "larger than the 1000"),
                                ("most_objects", "1", "objects"), ("most_refs", "3", "3 refs"),
                                ("most_bytes", "10", "10 bytes")):
        set_option(hub, name, option, value)
        hub.wait_idle(name)
        done = hub.sync_and_wait(name)
        assert done["outcome"] == "failed" and done["error_class"] == "policy", (option, done)
        assert word in done["error_text"], done
        assert hub.refs(name) == before
        set_option(hub, name, option, None)
        hub.park(name)
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()


def test_a_file_that_comes_as_a_delta_is_measured_by_what_it_makes(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    before = hub.refs(name)
    small = random.Random(1).randbytes(900)
    origin.versions("grown", [small, small + small[:200]])
    told = origin.git("cat-file", "--batch-check=%(objectsize) %(deltabase)", input=b"main:grown\n").decode()
    assert told.split()[0] == "1100" and told.split()[1].strip("0"), told
    hub.wait_idle(name)
    set_option(hub, name, "most_blob_bytes", "1000")
    done = hub.sync_and_wait(name)
    assert (done["outcome"], done["error_class"]) == ("failed", "policy"), done
    assert "larger than the 1000" in done["error_text"] and hub.refs(name) == before
    set_option(hub, name, "most_blob_bytes", "1100")
    settle(hub, name)
    sync(hub, name, "changed")


def pin_many(hub, name, oid, length):
    hub.sql("INSERT INTO hub.mirror_pin (project_id, ref, oid) SELECT p.id, 'refs/heads/' || g || repeat('x', %s),"
            " %s FROM hub.project p, generate_series(1001, 2000) g WHERE p.path = %s", length, oid, name)
    return hub.one("SELECT octet_length(to_json(hub.mirror_options(p.id))::text) FROM hub.project p"
                   " WHERE p.path = %s", name)


def test_a_job_that_is_as_long_as_it_may_be_reaches_its_worker(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    hub.wait_idle(name)
    before = hub.run_id(name)
    assert 225000 < pin_many(hub, name, origin.oid("main"), 125) < 260000
    done = hub.wait_run(name, before)
    assert done["outcome"] == "changed", done
    assert len(hub.refs(name)) == len(origin.mirrored()) + 1000


def test_more_refs_taken_back_than_a_job_can_carry_fail_their_mirror_alone(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    hub.wait_idle(name)
    before = hub.run_id(name)
    assert pin_many(hub, name, origin.oid("main"), 400) > 262144
    done = hub.wait_run(name, before)
    assert (done["outcome"], done["error_class"]) == ("failed", "policy"), done
    assert "too long" in done["error_text"]
    hub.sql("DELETE FROM hub.mirror_pin i USING hub.project p WHERE p.id = i.project_id AND p.path = %s", name)
    settle(hub, name)
    assert hub.sync_and_wait(name)["outcome"] != "failed"
    assert hub.refs(name) == origin.mirrored()


def test_a_first_sync_sees_that_its_upstream_has_moved_for_good(hub, upstream, origin, name):
    path, new = "g/%s.git" % name, "g/%s-new.git" % name

    def moved_to():
        return hub.one("SELECT m.moved_to FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id"
                       " WHERE p.path = %s", name)
    shutil.copytree(upstream.folder / path, upstream.folder / new)
    upstream.fault(path, redirect_whole(upstream.url(new), 301))
    mirror(hub, upstream, name)
    assert moved_to() == upstream.url(new)
    upstream.fault(path, redirect_whole(upstream.url(new), 302))
    for told in (None, upstream.url(new)):
        before = hub.run_id(name)
        set_option(hub, name, "ref_exclude", "topic/%d" % (told is None))  # a whole sync, no probe
        hub.wait_run(name, before)
        hub.wait_idle(name)
        assert moved_to() == told
        upstream.fault(path, redirect_whole(upstream.url(new), 308))


def test_the_api_sets_options_and_says_what_is_wrong(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    url = "/api/repos/%s/options" % name
    got = hub.put(url, json={"mode": "additive", "ref_exclude": "topic/*", "kept_days": "7"})
    assert got.status_code == 200, got.text
    shown = hub.get(url, hub.admin).json()["options"]
    assert (shown["mode"], shown["ref_exclude"], shown["kept_days"], shown["prunes"]) == \
        ("additive", "topic/*", "7", "")
    for bad in ({"mode": "other"}, {"ref_include": "a..b"}, {"prunes": "maybe"}, {"kept_count": "-1"},
                {"most_refs": "0"}, {"ref_exclude": "!main"}):
        assert hub.put(url, json=bad).status_code == 400, bad
    assert hub.get(url, hub.admin).json()["options"] == shown
    assert hub.get(url, None).status_code == 401


def test_names_that_differ_only_in_case_are_told(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    origin.ref("refs/heads/Topic-X", origin.oid("main"))
    origin.git("pack-refs", "--all")
    origin.ref("refs/heads/topic-x", origin.oid("main"))
    sync(hub, name, "changed")
    assert hub.refs(name) == origin.mirrored()
    assert [n["rule"] for n in guard(hub, name)["notices"]] == ["case"]


def test_a_webhook_hears_of_a_hold_once(hub, upstream, origin, name):
    mirror(hub, upstream, name)
    hub.sql("SELECT admin.add_webhook(%s, 'http://127.0.0.1:1/x', 'failure')", name)
    before = hub.refs(name)
    rewrite(origin, keep=5, add=2)
    is_held(hub, name, before, "rewritten")
    sync(hub, name, "held")
    told = hub.sql("SELECT d.event, d.facts FROM hub.delivery d JOIN hub.project p ON p.id = d.project_id"
                   " WHERE p.path = %s", name)
    assert [t["event"] for t in told] == ["sync_held"]
    assert told[0]["facts"]["findings"][0]["rule"] == "rewritten"
    hub.sql("DELETE FROM hub.webhook")
