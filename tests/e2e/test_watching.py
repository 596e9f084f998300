"""For those who watch the hub: /healthz, /readyz and /metrics, the rules for alerts, and what webhooks
are told of mirrors that have grown too old."""

import re
import subprocess

import pytest
import yaml

from fixtures.hub import ROOT
from fixtures.receiver import Receiver
from fixtures.repos import simple
from fixtures.run import wait_until

HUB_CONF = {"webhook.schemes": "https http"}
RULES = ROOT / "docs" / "prometheus-rules.yml"


@pytest.fixture(scope="module")
def watched(hub, upstream):
    """One mirror that works, hidden from guests, and one that never did."""
    simple(upstream.folder / "secret-name.git")
    hub.mirror(upstream.url("secret-name.git"), "secret-name")
    hub.sql("UPDATE hub.project SET default_access = 0")
    hub.mirror("https://hidden-host.invalid/x.git", "broken", outcome="failed")
    hub.park("broken")
    measure(hub)
    return hub


def measure(hub):
    """Has everything measured anew, as it is every quarter of a minute."""
    hub.sql("UPDATE hub.watch SET measured_at = '-infinity'")
    hub.sql("SELECT hub.watch_pass(3600, 3, 0)")


def metrics(hub):
    """{'name{labels}': value}"""
    text = hub.get("/metrics").text
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line and not line.startswith("#")}


def promtool(*argv, text=None):
    return subprocess.run(["promtool", *argv], input=text, capture_output=True, text=True)


def test_prometheus_finds_nothing_wrong_with_the_metrics(watched):
    watched.get("/")
    answer = watched.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = promtool("check", "metrics", text=answer.text)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_metrics_say_how_mirrors_are_and_how_it_went(watched):
    m = metrics(watched)
    assert m['mirrorhub_mirrors{state="fresh"}'] == 1
    assert m['mirrorhub_mirrors{state="failing"}'] == 1
    assert m["mirrorhub_mirror_age_seconds_count"] == 2
    assert m['mirrorhub_mirror_age_seconds_bucket{le="+Inf"}'] == 2
    assert m["mirrorhub_jobs_due"] == 0
    assert m['mirrorhub_syncs_total{outcome="changed",class=""}'] == 1
    assert sum(v for k, v in m.items() if k.startswith('mirrorhub_syncs_total{outcome="failed"')) >= 1
    wait_until(lambda: metrics(watched)["mirrorhub_workers"] > 0, 60, "a sign of life")
    assert 0 < m["mirrorhub_disk_free_bytes"] < m["mirrorhub_disk_size_bytes"]
    assert [v for k, v in m.items() if k.startswith("mirrorhub_build_info{")] == [1]


def test_requests_are_counted_by_dialect_and_status_in_all_processes_together(watched):
    name = 'mirrorhub_http_requests_total{dialect="hpr",status="200"}'
    took = 'mirrorhub_http_request_duration_seconds_count{dialect="hpr"}'
    before = metrics(watched)
    for _ in range(20):
        assert watched.get("/info").status_code == 200
    # a process counts when its answer has gone out: another may be asked before
    wait_until(lambda: metrics(watched)[took] >= before[took] + 20, 60, "they are counted")
    after = metrics(watched)
    assert after[name] == before.get(name, 0) + 20
    assert after[took] == before[took] + 20


def test_no_metric_names_a_project_or_an_upstream(watched):
    text = watched.get("/metrics").text
    assert "secret-name" not in text and "hidden-host" not in text and "127.0.0.1" not in text


def test_strangers_find_no_metrics(fresh_hub):
    hub = fresh_hub(conf={"metrics.allow": "192.0.2.1"})
    answer = hub.get("/metrics")
    assert (answer.status_code, answer.text) == (404, '{"status":"not found"}')
    assert hub.get("/metrics", hub.admin).status_code == 404


def test_health_tells_no_details(watched):
    assert (watched.get("/healthz").status_code, watched.get("/healthz").text) == (200, '{"status":"alive"}')
    assert (watched.get("/readyz").status_code, watched.get("/readyz").text) == (200, '{"status":"ready"}')


def test_a_hub_whose_tables_are_too_old_is_not_ready(watched):
    newest = watched.one("SELECT max(version) FROM public.hub_migration")
    watched.sql("UPDATE public.hub_migration SET version = -version WHERE version = %s", newest)
    try:
        answer = watched.get("/readyz")
        assert (answer.status_code, answer.text) == (503, '{"status":"not ready"}')
        assert int(answer.headers["Retry-After"]) > 0
        assert watched.get("/healthz").status_code == 200
    finally:
        watched.sql("UPDATE public.hub_migration SET version = -version WHERE version < 0")
    assert watched.get("/readyz").status_code == 200


def test_a_folder_without_the_marker_is_not_ready(watched):
    marker = watched.data_dir / "mirrorhub.instance"
    marker.rename(marker.with_suffix(".away"))
    try:
        assert watched.get("/readyz").status_code == 503
    finally:
        marker.with_suffix(".away").rename(marker)
    assert watched.get("/readyz").status_code == 200


# ---- alerts

def test_prometheus_takes_the_rules_and_they_alert_when_they_should():
    done = promtool("check", "rules", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr
    done = promtool("test", "rules", str(ROOT / "tests" / "fixtures" / "prometheus-rules-test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_ask_for_metrics_that_there_are(watched):
    known = {k.split("{")[0] for k in metrics(watched)}
    text = RULES.read_text()
    asked = set(re.findall(r"\bmirrorhub_[a-z_]+", " ".join(
        rule["expr"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"])))
    assert asked and asked <= known, asked - known


def test_a_webhook_is_told_once_that_a_mirror_is_stale_and_once_that_it_is_fresh(watched):
    with Receiver() as receiver:
        watched.psql("-c", "SELECT admin.add_webhook('secret-name', '%s', 'failure')" % receiver.url("/stale"))
        watched.sql("UPDATE hub.mirror m SET last_success_at = now() - interval '1 day', failures = 3"
                    " FROM hub.project p WHERE p.id = m.project_id AND p.path = 'secret-name'")
        watched.sql("UPDATE hub.job j SET state = 'retry', run_at = now() + interval '1 day' FROM hub.project p"
                    " WHERE p.id = j.project_id AND p.path = 'secret-name'")
        measure(watched)
        measure(watched)
        assert watched.one("SELECT state FROM admin.stale WHERE path = 'secret-name'") == "failing"
        assert receiver.wait("/stale", 1)[0].json()["age_s"] >= 86400
        watched.sync_and_wait("secret-name")
        measure(watched)
        told = receiver.wait("/stale", 3)
        assert [r.header("X-GitHub-Event") for r in told] == ["stale", "sync_recovered", "fresh"]


def test_psql_shows_how_the_hub_is(watched):
    answers = {row["question"]: row["answer"] for row in watched.sql("SELECT * FROM admin.health")}
    assert len(answers) == 9
    assert answers["Are sync programs at work?"] == "ok"
    for view in ("stale", "hosts", "targets", "queue", "manifests"):
        watched.sql("SELECT * FROM admin.%s" % view)
    assert watched.one("SELECT count(*) FROM admin.hosts WHERE name = 'hidden-host.invalid:443'") == 1
