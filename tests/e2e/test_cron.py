"""mirrorhub-sync as cron starts it: without --follow, perhaps several times at once."""

import re
import subprocess

import pytest

from fixtures.hub import ROOT
from fixtures.repos import simple
from fixtures.run import clean_env, wait_until
from fixtures.upstream import closed_port, silent

HUB_CONF = {"net.low_speed_s": 60, "sync.lease_s": 60}


@pytest.fixture(scope="module")
def hub(hub):
    """A hub whose resident sync program is ended: only what a test starts is there."""
    hub.end_program("sync")
    return hub


def start(hub):
    return subprocess.Popen(hub.program_argv("mirrorhub-sync"), env=clean_env(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def runs(hub, name):
    return hub.sql("SELECT r.outcome FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                   " WHERE p.path = %s ORDER BY r.id", name)


def test_a_run_does_what_is_due_and_ends(hub, upstream):
    repos = {"cron-%d" % i: simple(upstream.folder / ("cron-%d.git" % i)) for i in range(5)}
    for name in repos:
        hub.add(upstream.url(name + ".git"), name)
    hub.run_program("mirrorhub-sync", timeout=60)
    for name, repo in repos.items():
        assert [r["outcome"] for r in runs(hub, name)] == ["changed"]
        assert hub.refs(name) == repo.mirrored()
        assert hub.job(name)["state"] == "scheduled"
    hub.run_program("mirrorhub-sync", timeout=60)  # nothing is due: nothing is done
    assert all(len(runs(hub, name)) == 1 for name in repos)


def test_overlapping_runs_share_the_work_and_do_no_harm(hub, upstream):
    repos = {"over-%02d" % i: simple(upstream.folder / ("over-%02d.git" % i)) for i in range(12)}
    for name in repos:
        hub.add(upstream.url(name + ".git"), name)
    three = [start(hub) for _ in range(3)]
    said = [one.communicate(timeout=90)[0] for one in three]
    assert [one.returncode for one in three] == [0, 0, 0], said
    for name, repo in repos.items():
        assert [r["outcome"] for r in runs(hub, name)] == ["changed"]
        assert hub.refs(name) == repo.mirrored()
    assert hub.sql("SELECT * FROM hub.job WHERE state IN ('running', 'queued')") == []


def test_a_run_that_waits_for_one_upstream_keeps_no_other_run_from_the_rest(hub, upstream):
    simple(upstream.folder / "stuck.git")
    upstream.fault("stuck.git", silent())
    hub.add(upstream.url("stuck.git"), "stuck")
    first = start(hub)
    wait_until(lambda: upstream.asked("stuck.git"), 60, "the first run is at work")
    repo = simple(upstream.folder / "quick.git")
    hub.add(upstream.url("quick.git"), "quick")
    hub.run_program("mirrorhub-sync", timeout=60)
    hub.wait_run("quick")  # whichever of the two took it
    assert hub.refs("quick") == repo.mirrored()
    assert runs(hub, "stuck") == []
    upstream.heal()
    first.communicate(timeout=60)
    assert first.returncode == 0


def test_a_mirror_that_fails_does_not_make_the_run_fail(hub):
    held, port = closed_port()
    with held:
        hub.add("http://127.0.0.1:%d/x.git" % port, "cron-bad")
        done = hub.run_program("mirrorhub-sync", timeout=60, check=False)
    assert done.returncode == 0  # cron would send a mail each minute
    assert [r["outcome"] for r in runs(hub, "cron-bad")] == ["failed"]


def test_a_run_without_work_takes_no_lock_and_leaves_no_process(hub):
    hub.run_program("mirrorhub-sync", timeout=60)
    assert hub.pids("mirrorhub-sync") == []
    assert hub.info()["faktory"]["tasks"]["Busy"]["size"] == 0


def test_a_run_with_settings_that_are_not_there_says_so(hub):
    argv = hub.program_argv("mirrorhub-sync")
    argv[argv.index("--conf") + 1] = "/nonexistent/mirrorhub.conf"
    done = subprocess.run(argv, env=clean_env(), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "/nonexistent/mirrorhub.conf" in done.stdout + done.stderr


def test_the_tree_has_a_crontab_line_and_a_timer():
    cron = (ROOT / "sync/mirrorhub-sync.cron").read_text()
    assert re.search(r"^\* \* \* \* \* mirrorhub mirrorhub-sync --conf \S+", cron, re.M)
    timer = (ROOT / "sync/systemd/mirrorhub-sync.timer").read_text()
    assert re.search(r"^OnCalendar=minutely$", timer, re.M)
    service = (ROOT / "sync/systemd/mirrorhub-sync.service").read_text()
    assert "Type=oneshot" in service and "--follow" not in service
