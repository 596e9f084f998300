"""Post-fetch hooks: contracts/hpr-and-hub.md B6 and rows 56 and 57 of B8.2. Each hook here writes down
how it was called; the truth about the refs is git's own."""

import json
import os
import pathlib
import shutil
import signal

import pytest

from fixtures.faults import family, sync_pids
from fixtures.hub import alive
from fixtures.repos import simple
from fixtures.run import wait_until

ZEROS = "0" * 40
FOLDER = pathlib.Path("/tmp") / ("mh-hooks-%d" % os.getpid())

# A hook that appends a line of JSON per call. Written as a program, not a shell one-liner: the
# arguments have to arrive as they are.
RECORDER = """#!/usr/bin/python3
import fcntl, json, os, sys
with open(%(to)r, "a") as out:
    fcntl.flock(out, fcntl.LOCK_EX)
    out.write(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ),
        "is_bare": os.path.isdir("objects") and os.path.isfile("HEAD")}) + "\\n")
%(more)s
"""


def write_hook(name, more=""):
    path = FOLDER / name
    path.write_text(RECORDER % {"to": str(FOLDER / (name + ".calls")), "more": more})
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def hook_folder():
    shutil.rmtree(FOLDER, ignore_errors=True)  # of a run that was killed
    FOLDER.mkdir()
    FOLDER.chmod(0o777)
    os.umask(0o022)
    yield FOLDER
    for path in FOLDER.iterdir():
        path.unlink()
    FOLDER.rmdir()


HUB_CONF = {
    "hub.post_fetch_hooks": "%s, %s,%s, missing" % (FOLDER / "first", FOLDER / "gone", FOLDER / "second"),
    "hub.hook_s": 60,
}


@pytest.fixture(autouse=True, scope="module")
def hooks(hook_folder):
    write_hook("first", "print('said \\x1b[31m https://bob:geheim-1@example.com/x'); sys.exit(1)")
    write_hook("second")


def calls(name, project_dir=None):
    path = FOLDER / (name + ".calls")
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [r for r in rows if project_dir is None or r["cwd"] == str(project_dir)]


def wait_calls(hub, project, name, n):
    folder = hub.store_dir(project)
    wait_until(lambda: len(calls(name, folder)) >= n, 60,
               lambda: "%d calls of %s: %s; %s" % (n, name, calls(name), hub.logs("sync")[-2000:]))
    wait_until(lambda: hub.one("SELECT count(*) FROM hub.hook_task") == 0, 60, "the task is over")
    got = calls(name, folder)
    assert len(got) == n, got
    return got


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("h/%s.git" % name))


@pytest.fixture
def mirror(hub, upstream, origin, name):
    return hub.mirror(upstream.url("h/%s.git" % name), name)


def test_row_56_one_call_for_each_branch_with_full_hashes(hub, origin, mirror):
    before = origin.refs()
    main = origin.commit(branch="main")
    origin.ref("refs/heads/new", main)
    origin.tag("t9", main)
    hub.sync_and_wait(mirror, "changed")
    got = wait_calls(hub, mirror, "second", 2)
    assert sorted(c["argv"] for c in got) == sorted([
        [before["refs/heads/main"], main, "refs/heads/main"],
        [ZEROS, main, "refs/heads/new"]])
    assert all(c["is_bare"] for c in got)
    assert all(c["env"]["MIRRORHUB_BEFORE"] == before["refs/heads/main"] for c in got)


def test_a_first_sync_is_told_to_nobody(hub, mirror):
    hub.wait_idle(mirror)
    assert calls("second", hub.store_dir(mirror)) == []
    assert hub.one("SELECT count(*) FROM hub.hook_task") == 0


def test_a_forced_branch_and_a_deleted_one_are_called_too(hub, origin, mirror):
    before = origin.refs()
    hub.sql("UPDATE hub.mirror SET allow_rewrite = true")  # else it would wait for approval
    forced = origin.commit("main", {"other": "history"}, "rewritten", parents=[])
    origin.delete("refs/heads/topic")
    hub.sync_and_wait(mirror, "changed")
    got = wait_calls(hub, mirror, "second", 2)
    assert sorted(c["argv"] for c in got) == sorted([
        [before["refs/heads/main"], forced, "refs/heads/main"],
        [before["refs/heads/topic"], ZEROS, "refs/heads/topic"]])
    assert sorted(got[0]["env"]["MIRRORHUB_BEFORE"].split(" ")) == sorted(
        before["refs/heads/" + b] for b in ("main", "topic"))


def test_a_tag_alone_calls_nobody(hub, origin, mirror):
    origin.tag("only-a-tag")
    hub.sync_and_wait(mirror, "changed")
    origin.commit("main", message="and then a branch")
    hub.sync_and_wait(mirror, "changed")
    assert [c["argv"][2] for c in wait_calls(hub, mirror, "second", 1)] == ["refs/heads/main"]


def test_an_unchanged_sync_calls_nobody(hub, origin, mirror):
    hub.sync_and_wait(mirror, "unchanged")
    assert hub.one("SELECT count(*) FROM hub.hook_task") == 0
    assert calls("second", hub.store_dir(mirror)) == []


def test_a_hook_sees_the_settings_and_nothing_of_ours(hub, upstream, origin, mirror, name):
    origin.commit("main", message="for the environment")
    hub.sync_and_wait(mirror, "changed")
    env = wait_calls(hub, mirror, "second", 1)[0]["env"]
    conf = str(hub.var / "mirrorhub.conf")
    assert env["CONFIG"] == env["MOLYBDENUM_CONFIG"] == conf
    assert env["MIRRORHUB_PROJECT"] == mirror
    assert env["MIRRORHUB_UPSTREAM"] == upstream.url("h/%s.git" % name)
    assert set(env) <= {"CONFIG", "MOLYBDENUM_CONFIG", "MIRRORHUB_PROJECT", "MIRRORHUB_UPSTREAM",
                        "MIRRORHUB_BEFORE", "PATH", "HOME", "LC_ALL", "LC_CTYPE", "TZ"}


def test_row_57_one_that_fails_and_one_that_is_missing_are_logged(hub, origin, mirror):
    origin.commit("main", message="for the log")
    assert hub.sync_and_wait(mirror)["outcome"] == "changed"
    wait_calls(hub, mirror, "second", 1)
    first = hub.log_lines("sync", event="hook", project=mirror, hook=str(FOLDER / "first"))
    assert [(x["exit"], x["ref"]) for x in first] == [(1, "refs/heads/main")]
    assert first[0]["output"].startswith("said \x1b[31m https://***@example.com/x") or \
        "geheim-1" not in first[0]["output"], first
    assert "geheim-1" not in hub.logs("sync") and "\x1b" not in hub.logs("sync")
    for name in (str(FOLDER / "gone"), "missing-post-fetch-hook"):
        rows = [x for x in hub.log_lines("sync", event="hook", project=mirror)
                if x["hook"].endswith(name)]
        assert [x["exit"] for x in rows] == [127] and "No such file" in rows[0]["why"], rows


def test_a_ref_name_arrives_as_it_is(hub, origin, mirror):
    for branch in ("$(touch evil)", "ünïcode", "--help", "a/b/c"):
        if branch != "--help":
            origin.ref("refs/heads/" + branch.replace(" ", "\xa0"), origin.oid("HEAD"))
    run_before = origin.oid("HEAD")
    (origin.path / "packed-refs").write_bytes(
        b"# pack-refs with: peeled fully-peeled sorted \n%s refs/heads/lat\xefn\n" % run_before.encode())
    hub.sync_and_wait(mirror, "changed")
    got = wait_calls(hub, mirror, "second", 4)
    assert sorted(os.fsencode(c["argv"][2]) for c in got) == sorted([
        "refs/heads/$(touch\xa0evil)".encode(), "refs/heads/ünïcode".encode(), b"refs/heads/a/b/c",
        b"refs/heads/lat\xefn"])


def test_a_push_to_a_plain_project_calls_them_too(hub, tmp_path, name):
    made = hub.post("/api/v1/projects.json", json={"project": {
        "name": name, "owner_id": hub.one("SELECT id FROM hub.account WHERE uname = %s", hub.user),
        "owner_type": "User", "visibility": "open"}})
    assert made.status_code in (200, 201), made.text
    path = "%s/%s" % (hub.user, name)
    repo = simple(tmp_path / "work.git")
    hub.git("-C", str(repo.path), "push", "-q", hub.clone_url(path, hub.admin), "main:main", "topic:topic")
    got = wait_calls(hub, path, "second", 2)
    assert sorted(c["argv"] for c in got) == sorted(
        [ZEROS, repo.oid(b), "refs/heads/" + b] for b in ("main", "topic"))
    assert {(c["env"]["MIRRORHUB_PROJECT"], c["env"]["MIRRORHUB_UPSTREAM"]) for c in got} == {(path, "")}


# ---------------------------------------------------------------- hubs of their own

def test_a_hook_that_hangs_is_killed_with_all_that_it_started(fresh_hub, upstream, name):
    hang, behind, pid_file = FOLDER / "hang", FOLDER / "behind", FOLDER / "hang.pid"
    # both have to come to their point within the time, on any machine: no interpreter to start
    hang.write_text("#!/bin/sh\nsleep 600 &\necho $! >%s\nwait\n" % pid_file)
    behind.write_text("#!/bin/sh\necho '{\"cwd\": \"'$PWD'\"}' >>%s.calls\n" % behind)
    for hook in (hang, behind):
        hook.chmod(0o755)
    hub = fresh_hub({"hub.post_fetch_hooks": "%s,%s" % (hang, behind), "hub.hook_s": 4})
    origin = simple(upstream.folder / ("h/%s.git" % name))
    mirror = hub.mirror(upstream.url("h/%s.git" % name), name)
    origin.commit("main", message="for a hook that hangs")
    assert hub.sync_and_wait(mirror)["outcome"] == "changed"
    wait_calls(hub, mirror, "behind", 1)
    row = hub.log_lines("sync", event="hook", hook=str(hang))[0]
    assert "longer than 4 s" in row["why"]
    pid = int(pid_file.read_text())
    wait_until(lambda: not alive(pid), 30, "what the hook started is gone")
    # meanwhile, and after, mirrors go on
    hub.sync_and_wait(mirror, "unchanged")


def test_a_hook_that_ended_while_the_program_stood_still_was_not_late(fresh_hub, upstream, name):
    hook = FOLDER / "still"
    hook.write_text("#!/bin/sh\nkill -STOP $PPID\n")  # and ends at once
    hook.chmod(0o755)
    hub = fresh_hub({"hub.post_fetch_hooks": str(hook), "hub.hook_s": 4})
    origin = simple(upstream.folder / ("h/%s.git" % name))
    mirror = hub.mirror(upstream.url("h/%s.git" % name), name)
    [program] = sync_pids(hub, workers=False)
    origin.commit("main", message="one")
    hub.sync_and_wait(mirror, "changed")
    try:
        wait_until(lambda: family(hub)[program].state == "T", 60, "it stands still")
        since = hub.one("SELECT now()")
        wait_until(lambda: hub.one("SELECT now() > %s + interval '5 s'", since), 60, interval=0.2)
    finally:
        os.kill(program, signal.SIGCONT)
    [row] = wait_until(lambda: hub.log_lines("sync", event="hook", project=mirror), 60)
    assert row["exit"] == 0 and "why" not in row, row


def test_a_sync_does_not_wait_for_hooks(fresh_hub, upstream, name):
    gate = FOLDER / "gate"
    write_hook("slow", "import time\nwhile not os.path.exists(%r): time.sleep(0.05)" % str(gate))
    hub = fresh_hub({"hub.post_fetch_hooks": str(FOLDER / "slow")})
    origin = simple(upstream.folder / ("h/%s.git" % name))
    mirror = hub.mirror(upstream.url("h/%s.git" % name), name)
    origin.commit("main", message="one")
    hub.sync_and_wait(mirror, "changed")
    wait_until(lambda: calls("slow"), 60, "the hook has begun")
    origin.commit("main", message="two")
    hub.sync_and_wait(mirror, "changed")
    assert len(calls("slow")) == 1
    gate.write_text("")
    got = wait_calls(hub, mirror, "slow", 2)
    assert got[0]["argv"][1] == got[1]["argv"][0], "in the order of the syncs"


def test_on_clone_every_branch_is_called(fresh_hub, upstream, name):
    write_hook("cloned")
    hub = fresh_hub({"hub.post_fetch_hooks": str(FOLDER / "cloned"), "hub.hooks_on_clone": "yes"})
    origin = simple(upstream.folder / ("h/%s.git" % name))
    mirror = hub.mirror(upstream.url("h/%s.git" % name), name)
    got = wait_calls(hub, mirror, "cloned", 2)
    assert sorted(c["argv"] for c in got) == sorted(
        [ZEROS, oid, ref] for ref, oid in origin.refs("refs/heads").items())


@pytest.mark.parametrize("where", ["refs-written", "head-written", "before-report", "hooks"])
def test_no_change_is_lost_when_a_program_is_killed(fresh_hub, upstream, name, where):
    """Between publishing and the hooks: the worker dies (refs-written), or the supervisor
    (before-report, hooks). The next run tells what the one before could not."""
    recorder = "killed-" + where
    write_hook(recorder)
    hub = fresh_hub({"hub.post_fetch_hooks": str(FOLDER / recorder)})
    origin = simple(upstream.folder / ("h/%s.git" % name))
    mirror = hub.mirror(upstream.url("h/%s.git" % name), name)
    old = origin.oid("main")
    new = origin.commit("main", message="told though killed")
    hub.end_program("sync")
    hub.put("/repositories/%s" % mirror)
    env = {"MIRRORHUB_CRASH_AT": where}
    from fixtures.run import clean_env, run
    run(hub.program_argv("mirrorhub-sync"), env=clean_env(**env), check=False)
    hub.sql("UPDATE hub.job SET lease_until = now() - interval '1 s' WHERE state = 'running'")
    hub.sql("UPDATE hub.hook_task SET lease_until = '-infinity'")
    for _ in range(5):
        hub.sql("UPDATE hub.job SET run_at = '-infinity' WHERE state <> 'running'")
        hub.run_program("mirrorhub-sync")
        if calls(recorder, hub.store_dir(mirror)):
            break
    assert [c["argv"] for c in wait_calls(hub, mirror, recorder, 1)] == [[old, new, "refs/heads/main"]]
