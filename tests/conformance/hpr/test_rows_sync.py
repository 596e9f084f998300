"""Contract A8.2: the rows in which something is mirrored. The truth is git's own view of the
upstream."""

import datetime

import pytest

from fixtures.repos import Repo, simple
from fixtures.run import wait_until
from fixtures.upstream import closed_port, silent

TYPO, WORD = "/repositores", "/repositories"
HUB_CONF = {"sync.workers": 2, "net.low_speed_s": 60, "sync.lease_s": 60}


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("o/%s.git" % name))


@pytest.fixture
def url(upstream, origin, name):
    return upstream.url("o/%s.git" % name)


def shown(hub, name):
    return hub.get("%s/%s" % (TYPO, name)).json()


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").timestamp()


def test_row_17_while_the_first_clone_runs_the_status_is_cloning(hub, upstream, origin, url, name):
    upstream.fault("o/%s.git" % name, silent())
    hub.add(url, name)
    assert shown(hub, name)["status"] == "cloning"  # queued
    wait_until(lambda: upstream.asked("o/%s.git" % name), 60, "the upstream is asked")
    one = shown(hub, name)  # running
    assert (one["status"], one["updated_at"], one["latest_version"]) == ("cloning", "", "")
    upstream.heal()
    assert hub.wait_run(name)
    assert hub.wait_idle(name)["status"] == "idle"


def test_row_31_credentials_in_the_url_reach_the_upstream_and_nothing_else(
        hub, upstream, origin, name):
    upstream.require("o/%s.git" % name, "someone", "canary-pass-31")
    hub.hide("canary-pass-31")
    hub.mirror(upstream.url("o/%s.git" % name, "someone:canary-pass-31"), name)
    assert hub.refs(name) == origin.mirrored()
    one = shown(hub, name)
    assert one["url"] == upstream.url("o/%s.git" % name) or "***" in one["url"]
    assert "canary-pass-31" not in str(one) + hub.get("/info").text + hub.dump()


def test_row_33_an_unreachable_origin_is_tried_again_later(hub, name):
    held, port = closed_port()
    with held:
        hub.add("http://127.0.0.1:%d/o/r.git" % port, name)
        assert hub.wait_run(name)["outcome"] == "failed"
        hub.wait_idle(name)
        hub.park(name)
        one = shown(hub, name)
    assert (one["status"], one["updated_at"]) == ("idle", "")
    assert hub.info()["faktory"]["tasks"]["Retries"]["size"] >= 1
    assert hub.job(name)["state"] == "retry"
    assert one["scheduled_at"] != ""


def test_row_34_a_put_is_one_job(hub, url, name):
    hub.mirror(url, name)
    before = hub.run_id(name)
    got = hub.put("%s/%s" % (TYPO, name))
    assert (got.status_code, got.text) == (200, "true")
    hub.wait_run(name, before)
    hub.wait_idle(name)
    runs = hub.one("SELECT count(*) FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                   " WHERE p.path = %s AND r.id > %s", name, before)
    assert runs == 1


def test_row_35_five_puts_are_one_running_and_one_more(hub, upstream, url, name):
    hub.mirror(url, name)
    before = hub.run_id(name)
    upstream.fault("o/%s.git" % name, silent())
    asked = len(upstream.asked("o/%s.git" % name))
    for i in range(5):
        got = hub.put("%s/%s" % (WORD, name))
        assert (got.status_code, got.text) == (200, "true")
        if i == 0:
            wait_until(lambda: len(upstream.asked("o/%s.git" % name)) > asked, 60, "it runs")
    assert shown(hub, name)["status"] == "fetching"
    upstream.heal()
    hub.wait_run(name, before)
    hub.wait_idle(name)
    runs = hub.one("SELECT count(*) FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                   " WHERE p.path = %s AND r.id > %s", name, before)
    assert runs == 2


def test_row_36_a_put_during_the_first_clone_is_accepted(hub, upstream, origin, url, name):
    upstream.fault("o/%s.git" % name, silent())
    hub.add(url, name)
    wait_until(lambda: upstream.asked("o/%s.git" % name), 60, "the upstream is asked")
    got = hub.put("%s/%s" % (TYPO, name))
    assert (got.status_code, got.text) == (200, "true")
    upstream.heal()
    # the clone, and one more sync for the PUT; both may be over before we look
    wait_until(lambda: hub.one("SELECT count(*) FROM hub.run r JOIN hub.project p"
                               " ON p.id = r.project_id WHERE p.path = %s", name) == 2, 60)
    hub.wait_idle(name)
    assert hub.refs(name) == origin.mirrored()


def test_row_38_a_new_commit_arrives_and_the_times_move(hub, origin, url, name):
    hub.mirror(url, name)
    before = shown(hub, name)
    assert before["updated_at"]
    origin.commit("main", {"new": "file"}, "new")
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()
    after = hub.wait_idle(name)
    assert seconds(after["updated_at"]) >= seconds(before["updated_at"])
    run = hub.last_run(name)
    assert seconds(after["updated_at"]) == int(run["finished_at"].timestamp())
    # the period of 3600 s, give or take what spreads a thousand mirrors out
    assert 2700 <= seconds(after["scheduled_at"]) - seconds(after["updated_at"]) <= 4500


def test_row_39_what_the_origin_deletes_goes(hub, origin, url, name):
    hub.mirror(url, name)
    origin.delete("refs/heads/topic")
    origin.delete("refs/tags/light")
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()
    assert "refs/heads/topic" not in hub.refs(name) and "refs/tags/light" not in hub.refs(name)


def test_row_40_a_forced_push_is_followed(hub, origin, url, name):
    hub.mirror(url, name)
    origin.commit("topic", {"other": "history"}, "other", parents=[])
    origin.tag("light", "refs/heads/topic")
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()


def test_row_41_refs_of_forges_stay_away(hub, origin, url, name):
    pull = origin.commit_of_tree(origin.tree({"pull": "1"}), [origin.oid("main")], "pull")
    for ref in ("refs/pull/1/head", "refs/merge-requests/1/head", "refs/keep-around/x",
                "refs/changes/01/1/1", "refs/notes/commits"):
        origin.ref(ref, pull)
    hub.mirror(url, name)
    assert hub.refs(name) == origin.mirrored()
    assert Repo(hub.store_dir(name)).oid(pull + "^{commit}") is None


def test_row_42_a_repository_with_only_a_trunk(hub, upstream, name):
    origin = upstream.repo("t/%s.git" % name, head="trunk")
    origin.commit("trunk")
    hub.mirror(upstream.url("t/%s.git" % name), name)
    assert hub.refs(name) == origin.mirrored()
    assert "refs/heads/trunk" in hub.git("ls-remote", "--symref", hub.clone_url(name), "HEAD")


def test_row_43_an_empty_repository(hub, upstream, name):
    upstream.repo("e/%s.git" % name)
    hub.mirror(upstream.url("e/%s.git" % name), name, outcome=None)
    assert hub.last_run(name)["outcome"] in ("changed", "unchanged")
    one = hub.wait_idle(name)
    assert one["latest_version"] == "" and one["updated_at"]
    assert hub.refs(name) == {}


def describe_cases():
    def none(o):
        o.delete("refs/tags/light")
        o.delete("refs/tags/v1.0.0")

    def two_light(o):
        o.commit()
        o.tag("v1.9")
        o.tag("v1.10")

    def annotated_beats(o):
        two_light(o)
        o.tag("v1.2", message="annotated")

    def newer_commit(o):
        annotated_beats(o)
        o.commit()

    def nightly(o):
        newer_commit(o)
        o.tag("nightly")

    def side(o):
        newer_commit(o)
        side = o.commit("side", {"side": "1"}, "side", parents=[o.oid("main")])
        o.tag("v2.0.0", side, message="only on another branch")

    def slash(o):
        o.commit()
        o.tag("foo/bar")

    def tag_of_blob(o):
        o.commit()
        o.ref("refs/tags/blob", o.blob("a blob"))
        o.ref("refs/tags/tree", o.tree({"a": "tree"}))
    return [none, two_light, annotated_beats, newer_commit, nightly, side, slash, tag_of_blob]


@pytest.mark.parametrize("change", describe_cases(), ids=lambda f: f.__name__)
def test_row_44_the_latest_version_is_what_git_describes(hub, origin, url, name, change):
    change(origin)
    hub.mirror(url, name)
    assert hub.wait_idle(name)["latest_version"] == origin.describe()
    assert hub.refs(name) == origin.mirrored()


def test_row_44_a_new_tag_alone_is_a_change(hub, origin, url, name):
    hub.mirror(url, name)
    assert shown(hub, name)["latest_version"] == "v1.0.0"
    origin.tag("v1.1.0", "main", message="next")
    hub.sync_and_wait(name, "changed")
    assert shown(hub, name)["latest_version"] == "v1.1.0"


def test_row_45_a_renamed_default_branch_is_followed(hub, origin, url, name):
    hub.mirror(url, name)
    tip = origin.commit("main")
    origin.ref("refs/heads/trunk", tip)
    origin.set_head("trunk")
    origin.delete("refs/heads/main")
    origin.tag("v9", tip)
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()
    assert "ref: refs/heads/trunk\tHEAD" in hub.git("ls-remote", "--symref", hub.clone_url(name))
    assert shown(hub, name)["latest_version"] == "v9"


def test_row_45_a_head_alone_is_followed(hub, origin, url, name):
    hub.mirror(url, name)
    origin.set_head("topic")
    hub.sync_and_wait(name, "changed")
    assert "ref: refs/heads/topic\tHEAD" in hub.git("ls-remote", "--symref", hub.clone_url(name))


def test_row_46_delete_removes_the_row_and_the_files(hub, url, name):
    hub.mirror(url, name)
    folder = hub.store_dir(name)
    assert folder.is_dir()
    got = hub.delete("%s/%s" % (TYPO, name))
    assert (got.status_code, got.text) == (200, "true")
    assert hub.get("%s/%s" % (TYPO, name)).status_code == 404
    wait_until(lambda: not folder.exists(), 60, "the folder is gone")


def test_row_48_a_delete_during_a_sync_leaves_nothing(hub, upstream, url, name):
    hub.mirror(url, name)
    folder = hub.store_dir(name)
    asked = len(upstream.asked("o/%s.git" % name))
    upstream.fault("o/%s.git" % name, silent())
    hub.put("%s/%s" % (WORD, name))
    wait_until(lambda: len(upstream.asked("o/%s.git" % name)) > asked, 60, "it runs")
    assert hub.delete("%s/%s" % (WORD, name)).json() is True
    upstream.heal()
    wait_until(lambda: not folder.exists(), 60, "the folder is gone")
    wait_until(lambda: hub.one("SELECT count(*) FROM hub.job WHERE kind = 'remove_store'") == 0, 60,
               "the job is done")
    assert not folder.exists()
    assert hub.get("%s/%s" % (WORD, name)).status_code == 404


def test_row_49_a_name_can_be_used_again_at_once(hub, origin, url, name):
    hub.mirror(url, name)
    assert hub.delete("%s/%s" % (WORD, name)).json() is True
    hub.mirror(url, name)
    assert hub.refs(name) == origin.mirrored()


def test_row_54_successes_and_failures_are_counted(fresh_hub, upstream, origin, url):
    hub = fresh_hub()
    held, port = closed_port()
    with held:
        hub.mirror(url, "one")
        hub.mirror(url, "two")
        hub.mirror("http://127.0.0.1:%d/x.git" % port, "bad", outcome="failed")
        hub.wait_idle("bad")
        hub.park("bad")
    numbers = hub.info()["faktory"]
    assert (numbers["total_processed"], numbers["total_failures"]) == (3, 1)
    tasks = numbers["tasks"]
    assert tasks["Retries"]["size"] == 1 and tasks["Scheduled"]["size"] == 2
    assert tasks["Busy"]["size"] == 0 and tasks["Dead"]["size"] == 0

    def workers_are_counted():  # by the next pass, which may be sync.poll_s away
        tasks = hub.info()["faktory"]["tasks"]
        return tasks["Workers"]["size"] >= 1 and tasks["Scheduled"]["cycles"] >= 1
    wait_until(workers_are_counted, 60)
    for path, names in (("scheduled", ["one", "two"]), ("busy", []), ("retry_failtures", ["bad"])):
        rows = hub.get("/info/" + path, hub.admin).json()
        assert sorted(r.get("name", r.get("repository")) for r in rows) == names


def test_row_55_a_killed_sync_is_taken_over_after_its_lease(fresh_hub, upstream, origin, url, name):
    hub = fresh_hub({"net.low_speed_s": 60})
    upstream.fault("o/%s.git" % name, silent())
    hub.add(url, name)
    wait_until(lambda: upstream.asked("o/%s.git" % name), 60, "it runs")
    hub.end_program("sync")
    upstream.heal()
    assert hub.info()["faktory"]["tasks"]["Busy"] == {"reaped": 0, "size": 1}

    def taken_over():
        hub.run_program("mirrorhub-sync")  # what cron does
        return hub.info()["faktory"]["tasks"]["Busy"]["reaped"] == 1
    wait_until(taken_over, 60, "the lease ends")
    # the lost run counts as a failure: its next try may be planned for later
    hub.sql("UPDATE hub.job SET run_at = now() WHERE state = 'retry'")
    hub.run_program("mirrorhub-sync")
    one = shown(hub, name)
    assert one["status"] == "idle" and one["updated_at"]
    assert hub.refs(name) == origin.mirrored()


def runs(hub):
    return hub.one("SELECT count(*) FROM hub.run")


def test_row_56_a_job_that_always_fails_is_dead_after_eleven_tries(fresh_hub, name):
    hub = fresh_hub()
    held, port = closed_port()
    with held:
        hub.mirror("http://127.0.0.1:%d/x.git" % port, name, outcome="failed")
        for tries in range(2, 12):
            wait_until(lambda: hub.job(name)["state"] in ("retry", "dead"), 60,
                       lambda: "it is planned again: %s" % hub.job(name))
            hub.sql("UPDATE hub.job SET run_at = now() WHERE state = 'retry'")
            wait_until(lambda: runs(hub) >= tries, 60, lambda: "try %d: %s" % (tries, hub.job(name)))
        wait_until(lambda: hub.job(name)["state"] == "dead", 60, lambda: "dead: %s" % hub.job(name))
        assert runs(hub) == 11
    tasks = hub.info()["faktory"]["tasks"]
    assert (tasks["Dead"]["size"], tasks["Retries"]["size"]) == (1, 0)
    assert shown(hub, name)["status"] == "idle"
