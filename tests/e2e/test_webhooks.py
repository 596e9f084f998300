"""Outgoing webhooks: checklists/security.md W-06 to W-13, reliability.md R-09 and R-42. The receiver
is a program of the test; signatures are checked with Python's own hmac."""

import base64
import hashlib
import hmac
import os
import re
import tempfile
import threading

import pytest

from fixtures import receiver as rc
from fixtures.hub import running
from fixtures.repos import simple
from fixtures.run import clean_env, run, wait_until

ZEROS = "0" * 40
HUB_CONF = {"webhook.schemes": "https http", "webhook.total_s": 60, "webhook.senders": 2}


@pytest.fixture(scope="module")
def receiver():
    with rc.Receiver() as one:
        yield one


@pytest.fixture(scope="module")
def hasty():
    """A hub that gives a receiver two seconds."""
    with running({**HUB_CONF, "webhook.total_s": 2}) as one:
        yield one


@pytest.fixture
def path(name):
    return "/" + name


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("w/%s.git" % name))


@pytest.fixture
def mirror(hub, upstream, origin, name):
    return hub.mirror(upstream.url("w/%s.git" % name), name)


def add_webhook(hub, project, url, events="push", secret=None):
    """As an administrator would from psql; a secret by the command."""
    made = hub.psql("-At", "-c", "SELECT admin.add_webhook(%s, '%s', '%s')"
                    % ("'%s'" % project if project else "NULL", url, events)).stdout
    number = int(re.search(r"\d+", made).group())
    if secret:
        set_secret(hub, number, secret)
    return number


def set_secret(hub, number, secret):
    hub.hide(secret)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(secret + "\n")
        file.flush()
        os.chmod(file.name, 0o644)
        done = hub.run_program("mirrorhub", "webhook-secret", str(number), "--secret-file", file.name)
    assert secret not in done.stdout + done.stderr


def deliveries(hub, number):
    return hub.sql("SELECT * FROM hub.delivery WHERE webhook_id = %s ORDER BY id", number)


def webhook(hub, number):
    return hub.row("SELECT * FROM hub.webhook WHERE id = %s", number)


def try_now(hub, number):
    """What the breaker would do later. An attempt that is under way is repeated, too."""
    hub.sql("UPDATE hub.webhook SET next_at = '-infinity' WHERE id = %s", number)


def wait_state(hub, number, *states):
    """Waits until its deliveries are in these states."""
    def so():
        return [d["state"] for d in deliveries(hub, number)] == list(states)
    wait_until(so, 60, lambda: "%s: %s %s" % (states, deliveries(hub, number), hub.logs("sync")[-2000:]))
    return deliveries(hub, number)


def wait_attempt(hub, number, n=1):
    """Waits until its first delivery has been tried n times, and gives it."""
    def so():
        row = deliveries(hub, number)
        return row and row[0]["sent_at"] and row[0]["attempts"] >= n and \
            (row[0]["state"] != "waiting" or webhook(hub, number)["failures"] >= n)
    wait_until(so, 60, lambda: "%s %s" % (deliveries(hub, number), hub.logs("sync")[-2000:]))
    return deliveries(hub, number)[0]


def told_once(requests):
    """The first request of each delivery, in order: each is repeated until an answer is written down."""
    return list({r.header("webhook-id"): r for r in reversed(requests)}.values())[::-1]


# ---------------------------------------------------------------- what is sent

def test_a_sync_sends_a_push_for_each_ref_in_github_shape(hub, receiver, origin, mirror, path):
    before = origin.refs()
    add_webhook(hub, mirror, receiver.url(path))
    main = origin.commit("main", message="told")
    origin.delete("refs/heads/topic")
    origin.tag("v2", main)
    hub.sync_and_wait(mirror, "changed")
    got = receiver.wait(path, 3)
    bodies = [r.json() for r in got]
    assert bodies[0]["ref"] == "refs/heads/main", "the branch that HEAD names comes first"
    assert {b["ref"]: (b["before"], b["after"], b["created"], b["deleted"]) for b in bodies} == {
        "refs/heads/main": (before["refs/heads/main"], main, False, False),
        "refs/heads/topic": (before["refs/heads/topic"], ZEROS, False, True),
        "refs/tags/v2": (ZEROS, main, True, False)}
    repository = bodies[0]["repository"]
    assert repository["name"] == mirror and repository["full_name"] == mirror
    assert repository["clone_url"] == repository["url"] == hub.clone_url(mirror)
    assert repository["html_url"] == hub.url + "/" + mirror
    assert repository["default_branch"] == "main" and repository["private"] is False
    assert hub.git("ls-remote", repository["clone_url"], "main").split()[0] == main
    assert {r.header("X-GitHub-Event") for r in got} == {"push"}
    assert {r.method for r in got} == {"POST"}
    assert {r.header("Content-Type") for r in got} == {"application/json"}
    assert len({r.header("X-GitHub-Delivery") for r in got}) == 3


def test_a_push_is_told_with_its_pusher(hub, receiver, tmp_path, name, path):
    made = hub.post("/api/v1/projects.json", json={"project": {
        "name": name, "owner_id": hub.one("SELECT id FROM hub.account WHERE uname = %s", hub.user),
        "owner_type": "User", "visibility": "open"}})
    assert made.status_code in (200, 201), made.text
    project = "%s/%s" % (hub.user, name)
    add_webhook(hub, project, receiver.url(path), "push,sync")
    repo = simple(tmp_path / "work.git")
    hub.git("-C", str(repo.path), "push", "-q", hub.clone_url(project, hub.admin), "main:main")
    body = receiver.wait(path)[0].json()
    assert (body["ref"], body["before"], body["after"]) == ("refs/heads/main", ZEROS, repo.oid("main"))
    assert body["pusher"]["name"] == hub.user and body["origin"] == "push"


def test_W09_the_signature_is_githubs_and_that_of_standard_webhooks(hub, receiver, origin, mirror, path):
    secret = "a-long-secret-of-webhooks"
    number = add_webhook(hub, mirror, receiver.url(path), secret=secret)
    origin.commit("main", message="signed")
    hub.sync_and_wait(mirror, "changed")
    r = receiver.wait(path)[0]
    assert r.header("X-Hub-Signature-256") == "sha256=" + hmac.new(
        secret.encode(), r.body, hashlib.sha256).hexdigest()
    told, at = r.header("webhook-id"), r.header("webhook-timestamp")
    assert abs(int(at) - r.at) < 60 and told == r.header("X-GitHub-Delivery")
    mac = hmac.new(secret.encode(), b"%s.%s." % (told.encode(), at.encode()) + r.body, hashlib.sha256)
    assert r.header("webhook-signature") == "v1," + base64.b64encode(mac.digest()).decode()
    assert r.header("X-Mirrorhub-Attempt") == "1"
    assert r.header("X-Hub-Signature-256-Old") is None
    wait_state(hub, number, "delivered")
    assert secret not in hub.dump()


def test_W09_while_a_secret_changes_both_sign(hub, receiver, origin, mirror, path):
    key = base64.b64encode(b"k" * 24).decode()
    old, new = "the-older-of-two-secrets", "whsec_" + key
    number = add_webhook(hub, mirror, receiver.url(path), secret=old)
    set_secret(hub, number, new)
    origin.commit("main", message="rotated")
    hub.sync_and_wait(mirror, "changed")
    r = receiver.wait(path)[0]
    for header, secret in (("X-Hub-Signature-256", new), ("X-Hub-Signature-256-Old", old)):
        assert r.header(header) == "sha256=" + hmac.new(
            secret.encode(), r.body, hashlib.sha256).hexdigest()
    signed = b"%s.%s." % (r.header("webhook-id").encode(), r.header("webhook-timestamp").encode()) + r.body
    assert r.header("webhook-signature").split(" ") == [
        "v1," + base64.b64encode(hmac.new(k, signed, hashlib.sha256).digest()).decode()
        for k in (b"k" * 24, old.encode())]
    hub.sql("UPDATE hub.webhook SET old_secret_until = now() WHERE id = %s", number)
    origin.commit("main", message="a day later")
    hub.sync_and_wait(mirror, "changed")
    assert receiver.wait(path, 2)[1].header("X-Hub-Signature-256-Old") is None


def test_sync_and_failure_events_come_once_per_change_of_state(hub, receiver, upstream, origin, mirror, path):
    number = add_webhook(hub, mirror, receiver.url(path), "sync,failure")
    main = origin.commit("main", message="for the event sync")
    hub.sync_and_wait(mirror, "changed")
    body = receiver.wait(path, 1)[0].json()
    assert body["event"] == "sync" and body["refs_changed"] == 1
    assert body["refs"] == [{"ref": "refs/heads/main", "after": main, "before": body["refs"][0]["before"]}]
    upstream.fault("w/%s.git" % mirror, lambda x: x.send(500) or True)
    for _ in range(2):
        hub.sync_and_wait(mirror, "failed")
        hub.park(mirror)
    upstream.fault("w/%s.git" % mirror, None)
    hub.sync_and_wait(mirror, "unchanged")
    hub.sync_and_wait(mirror, "unchanged")
    got = receiver.wait(path, 3)
    assert [r.header("X-GitHub-Event") for r in got] == ["sync", "sync_failed", "sync_recovered"]
    assert got[1].json()["error_class"] == "network" and got[1].json()["error_text"]
    wait_state(hub, number, "delivered", "delivered", "delivered")


def test_a_webhook_of_the_whole_hub_hears_of_every_project(hub, receiver, origin, mirror, path):
    number = add_webhook(hub, None, receiver.url(path))
    try:
        origin.commit("main", message="for all")
        hub.sync_and_wait(mirror, "changed")
        assert receiver.wait(path)[0].json()["repository"]["full_name"] == mirror
    finally:
        hub.sql("DELETE FROM hub.webhook WHERE id = %s", number)


# ---------------------------------------------------------------- W-06: where it may go

def test_W06_private_targets_ports_and_redirects(fresh_hub, receiver, upstream, origin, name, path):
    hub = fresh_hub({**HUB_CONF, "net.allow": "127.0.0.1/32"})
    mirror = hub.mirror(upstream.url("w/%s.git" % name), name)
    numbers = {url: add_webhook(hub, mirror, url) for url in (
        "http://10.0.0.1/x", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/x",
        "http://127.0.0.1:25/x", "http://127.0.0.2:%d%s" % (receiver.port, path))}
    hops = add_webhook(hub, mirror, receiver.url(path + "-hop"))
    receiver.fault(path + "-hop", rc.redirect(receiver.url(path)))
    origin.commit("main", message="for nobody")
    hub.sync_and_wait(mirror, "changed")
    for url, number in numbers.items():
        row = wait_attempt(hub, number)
        assert row["status"] == 0 and row["error"], (url, row)
    assert wait_attempt(hub, hops)["status"] == 302
    assert receiver.asked(path) == [], "no redirect was followed, no other address reached"


# ---------------------------------------------------------------- W-07: receivers that misbehave

@pytest.mark.parametrize("what", ["silent", "trickle", "headers"])
def test_W07_a_receiver_that_does_not_answer_costs_two_seconds(hasty, receiver, upstream, origin, name, path, what):
    gate = threading.Event()
    mirror = hasty.mirror(upstream.url("w/%s.git" % name), name)
    receiver.fault(path, {"silent": rc.silent(gate), "trickle": rc.trickle(),
                          "headers": rc.endless_headers()}[what])
    number = add_webhook(hasty, mirror, receiver.url(path))
    origin.commit("main", message="for a slow one")
    hasty.sync_and_wait(mirror, "changed")
    words = "header lines" if what == "headers" else "within 2 seconds"

    def given_up():  # at a later attempt, where the machine was slower than either of them
        row = wait_attempt(hasty, number)
        assert row["state"] == "waiting" and row["status"] == 0, row
        return words in row["error"]
    wait_until(given_up, 60, lambda: deliveries(hasty, number))
    gate.set()
    receiver.fault(path, None)
    try_now(hasty, number)
    wait_state(hasty, number, "delivered")
    again = receiver.asked(path)
    assert len({r.header("webhook-id") for r in again}) == 1 and len({r.body for r in again}) == 1
    assert [r.header("X-Mirrorhub-Attempt") for r in again] == [str(n + 1) for n in range(len(again))]
    assert len(again) >= 2


def test_W07_an_endless_answer_is_cut_and_counts_by_its_status(hub, receiver, origin, mirror, path):
    receiver.fault(path, rc.endless_body())
    number = add_webhook(hub, mirror, receiver.url(path))
    origin.commit("main", message="for one that never stops")
    hub.sync_and_wait(mirror, "changed")
    row = wait_state(hub, number, "delivered")[0]
    assert row["status"] == 200 and row["answer"] == "x" * 1024


def test_W07_slow_receivers_hold_up_neither_syncs_nor_others(hub, receiver, origin, mirror, path):
    gate = threading.Event()
    receiver.fault(path + "-slow", rc.silent(gate))
    slow = add_webhook(hub, mirror, receiver.url(path + "-slow"))
    add_webhook(hub, mirror, receiver.url(path + "-quick"))
    for i in range(3):
        origin.commit("main", message="round %d" % i)
        hub.sync_and_wait(mirror, "changed")
    receiver.wait(path + "-quick", 3)
    receiver.fault(path + "-slow", None)
    gate.set()
    wait_attempt(hub, slow)
    try_now(hub, slow)
    wait_state(hub, slow, *["delivered"] * 3)
    assert [r.json()["after"] for r in told_once(receiver.asked(path + "-slow"))] == \
        [r.json()["after"] for r in told_once(receiver.asked(path + "-quick"))], "in order"


# ---------------------------------------------------------------- W-08: the breaker

def keep_waits(hub, number):
    """Writes down for how long each failure shuts the breaker, however late we look."""
    hub.sql("CREATE TABLE IF NOT EXISTS hub.test_wait (webhook_id bigint, failures bigint, wait_s bigint)")
    hub.sql("CREATE OR REPLACE FUNCTION hub.test_wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
            " BEGIN INSERT INTO hub.test_wait VALUES (NEW.id, NEW.failures,"
            " round(extract(epoch FROM NEW.next_at - now()))); RETURN NULL; END $$")
    hub.sql("CREATE TRIGGER test_wait AFTER UPDATE ON hub.webhook FOR EACH ROW WHEN (NEW.id = %s"
            " AND NEW.failures > OLD.failures) EXECUTE FUNCTION hub.test_wait()", number)


def test_W08_failures_open_the_breaker_and_success_closes_it(hub, receiver, origin, mirror, path):
    receiver.fault(path, rc.status(500, b"<b>broken</b>"))
    number = add_webhook(hub, mirror, receiver.url(path))
    keep_waits(hub, number)
    origin.commit("main", message="for a broken one")
    hub.sync_and_wait(mirror, "changed")
    for n in range(1, 7):
        row = wait_attempt(hub, number, n)
        assert row["status"] == 500 and row["answer"] == "<b>broken</b>"
        try_now(hub, number)
    waits = hub.sql("SELECT wait_s FROM hub.test_wait WHERE webhook_id = %s ORDER BY failures LIMIT 6", number)
    assert [w["wait_s"] for w in waits] == [5, 10, 30, 60, 120, 240]
    receiver.fault(path, None)
    try_now(hub, number)
    wait_state(hub, number, "delivered")
    assert webhook(hub, number)["failures"] == 0 and webhook(hub, number)["active"]


def test_W08_forty_failures_switch_it_off(hub, receiver, origin, mirror, path):
    receiver.fault(path, rc.status(503))
    number = add_webhook(hub, mirror, receiver.url(path))
    hub.sql("UPDATE hub.webhook SET failures = 39 WHERE id = %s", number)
    origin.commit("main", message="for the last time")
    hub.sync_and_wait(mirror, "changed")
    wait_until(lambda: not webhook(hub, number)["active"], 60, "it is off")
    assert "40 failures" in webhook(hub, number)["off_why"]
    assert hub.one("SELECT count(*) FROM hub.event WHERE action = 'webhook.off' AND object = %s", mirror) == 1
    origin.commit("main", message="nobody hears of this one")
    hub.sync_and_wait(mirror, "changed")
    assert len(deliveries(hub, number)) == 1


def test_a_receiver_that_says_no_eight_times_gets_the_next_one(hub, receiver, origin, mirror, path):
    receiver.fault(path, rc.status(422))
    number = add_webhook(hub, mirror, receiver.url(path))
    origin.commit("main", message="one it does not like")
    hub.sync_and_wait(mirror, "changed")
    wait_attempt(hub, number)
    hub.sql("UPDATE hub.delivery SET attempts = 7 WHERE webhook_id = %s", number)
    try_now(hub, number)
    wait_state(hub, number, "failed")


def test_R42_a_receiver_that_is_away_costs_a_bounded_number_of_rows(hub, receiver, origin, mirror, path):
    number = add_webhook(hub, mirror, receiver.url(path))
    hub.sql("UPDATE hub.webhook SET next_at = 'infinity' WHERE id = %s", number)
    hub.sql("INSERT INTO hub.delivery (webhook_id, event) SELECT %s, 'ping' FROM generate_series(1, 1000)", number)
    origin.commit("main", message="no more room")
    hub.sync_and_wait(mirror, "changed")
    assert webhook(hub, number)["dropped"] == 1
    assert hub.one("SELECT count(*) FROM hub.delivery WHERE webhook_id = %s", number) == 1000


# ---------------------------------------------------------------- W-11: who may hear

def test_W11_what_its_account_may_not_read_is_not_sent(hub, receiver, origin, mirror, path):
    hub.account("hearer", "secret-of-hearer")
    number = add_webhook(hub, mirror, receiver.url(path))
    hub.sql("UPDATE hub.webhook SET by_owner = false, account_id = (SELECT id FROM hub.account"
            " WHERE uname = 'hearer') WHERE id = %s", number)
    hub.set_access(mirror, 0)
    hub.grant(mirror, "hearer", 3)
    origin.commit("main", message="he may")
    hub.sync_and_wait(mirror, "changed")
    wait_state(hub, number, "delivered")
    hub.sql("DELETE FROM hub.project_grant WHERE account_id = (SELECT id FROM hub.account"
            " WHERE uname = 'hearer')")
    secret = origin.commit("main", message="he may not")
    hub.sync_and_wait(mirror, "changed")
    rows = wait_state(hub, number, "delivered", "refused")
    assert rows[1]["payload"] is None and secret not in str(rows[1]["facts"])
    assert len(receiver.asked(path)) == 1


# ---------------------------------------------------------------- killed in the middle

@pytest.mark.parametrize("where", ["posted", "before-delivered"])
def test_R09_a_sender_that_is_killed_repeats_the_same_delivery(fresh_hub, receiver, upstream, origin,
                                                               name, path, where):
    hub = fresh_hub(HUB_CONF)
    mirror = hub.mirror(upstream.url("w/%s.git" % name), name)
    number = add_webhook(hub, mirror, receiver.url(path))
    hub.end_program("sync")
    origin.commit("main", message="told twice")
    hub.put("/repositories/" + mirror)
    run(hub.program_argv("mirrorhub-sync"), env=clean_env(MIRRORHUB_CRASH_AT=where), check=False)
    hub.sql("UPDATE hub.webhook SET next_at = '-infinity'")
    hub.run_program("mirrorhub-sync")
    wait_state(hub, number, "delivered")
    got = receiver.asked(path)
    assert len(got) >= 2 and len({(r.header("webhook-id"), r.body) for r in got}) == 1


# ---------------------------------------------------------------- for people

def test_W13_redelivery_and_the_log(hub, receiver, origin, mirror, path):
    number = add_webhook(hub, mirror, receiver.url(path + "?token=geheim-token-7"))
    hub.hide("geheim-token-7")
    receiver.fault(path, rc.status(200, b"you sent ?token=geheim-token-7 to me"))
    origin.commit("main", message="again and again")
    hub.sync_and_wait(mirror, "changed")
    row = wait_state(hub, number, "delivered")[0]
    assert "geheim" not in row["answer"]
    assert receiver.asked(path)[0].target == path + "?token=geheim-token-7"
    hub.psql("-c", "SELECT admin.redeliver(%d)" % row["id"])
    rows = wait_state(hub, number, "delivered", "delivered")
    got = receiver.wait(path, 2)
    assert got[0].body == got[1].body and rows[0]["guid"] != rows[1]["guid"]
    shown = hub.psql("-At", "-c", "SELECT state, status FROM admin.deliveries WHERE webhook_id = %d"
                     % number).stdout
    assert shown.split() == ["delivered|200"] * 2


def test_old_deliveries_go_after_thirty_days(hub, mirror):
    number = add_webhook(hub, mirror, "https://example.invalid/x")
    hub.sql("UPDATE hub.webhook SET active = false WHERE id = %s", number)
    hub.sql("INSERT INTO hub.delivery (webhook_id, event, created_at) VALUES"
            " (%s, 'ping', now() - interval '31 days'), (%s, 'ping', now() - interval '29 days')",
            number, number)
    hub.sql("SELECT hub.outbox_clean()")
    assert len(deliveries(hub, number)) == 1


def test_in_psql_a_wrong_address_is_refused(hub, mirror):
    for url in ("ftp://example.com/x", "http://a b/", "https://u:p@example.com/", "javascript:alert(1)"):
        done = hub.psql("-c", "SELECT admin.add_webhook('%s', '%s', 'push')" % (mirror, url), check=False)
        assert done.returncode != 0, url
    done = hub.psql("-c", "SELECT admin.add_webhook('%s', 'https://example.com/', 'nonsense')" % mirror,
                    check=False)
    assert done.returncode != 0


# ---------------------------------------------------------------- one hub after another

def test_a_push_to_one_hub_reaches_the_next_by_its_webhook(hub, fresh_hub, tmp_path, name):
    """Signed, by the second hub's own door for push notices; its schedule has nothing to do with it."""
    second = fresh_hub({"schedule": 86400})
    name = name[-30:].lstrip("-")
    made = hub.post("/api/v1/projects.json", json={"project": {
        "name": name, "owner_id": hub.one("SELECT id FROM hub.account WHERE uname = %s", hub.user),
        "owner_type": "User", "visibility": "open"}})
    assert made.status_code in (200, 201), made.text
    project = "%s/%s" % (hub.user, name)
    repo = simple(tmp_path / "work.git")
    hub.git("-C", str(repo.path), "push", "-q", hub.clone_url(project, hub.admin), "main:main")
    second.mirror(hub.clone_url(project), name)
    secret = "between-two-hubs-only"
    second.hide(secret)
    told = second.put("/api/repos/%s/secret" % name, json={"secret": secret})
    assert told.status_code == 204, told.text
    number = add_webhook(hub, project, second.url + "/api/push", secret=secret)
    main = repo.commit("main", message="goes all the way")
    before = second.run_id(name)
    hub.git("-C", str(repo.path), "push", "-q", hub.clone_url(project, hub.admin), "main:main")
    assert second.wait_run(name, before)["outcome"] == "changed"
    assert second.refs(name)["refs/heads/main"] == main
    assert wait_state(hub, number, "delivered")[0]["status"] == 200
