"""The pages of webhooks, as a person without JavaScript sees them; checklists/security.md W-10, W-12,
W-13. What is sent and when is test_webhooks.py."""

import hashlib
import hmac

import pytest

from fixtures import receiver as rc
from fixtures.person import Person
from fixtures.repos import simple
from fixtures.run import wait_until

PASSWORD = "correct horse"
# No receiver here is slow; what is sent once more because a machine was would be counted.
HUB_CONF = {"webhook.schemes": "https http", "webhook.total_s": 60}


@pytest.fixture(scope="module")
def receiver():
    with rc.Receiver() as one:
        yield one


@pytest.fixture(scope="module")
def alice(hub):
    hub.account("alice", PASSWORD)
    hub.account("bob", PASSWORD)
    b = Person(hub)
    b.sign_in("alice", PASSWORD)
    return b


@pytest.fixture
def bob(hub, alice):
    b = Person(hub)
    b.sign_in("bob", PASSWORD)
    return b


def in_folder(hub, name):
    """hpr's door makes none there."""
    hub.sql("UPDATE hub.project SET path = 'folder/' || path WHERE path = %s", name)
    return "folder/" + name


@pytest.fixture
def project(hub, upstream, alice, name):
    """A mirror in a folder that alice administers and bob may read: (its path, its origin)."""
    origin = simple(upstream.folder / ("ph/%s.git" % name))
    path = in_folder(hub, hub.mirror(upstream.url("ph/%s.git" % name), name))
    hub.grant(path, "alice", 3)
    return path, origin


def sync(hub, path):
    before = hub.run_id(path)
    hub.psql("-c", "SELECT admin.sync_now('%s')" % path)
    assert hub.wait_run(path, before)["outcome"] == "changed"


def add(b, path, url, **more):
    b.get("/%s/hooks" % path)
    b.submit("/%s/hooks" % path, url=url, **more)
    return b.answer


def number(hub):
    return hub.one("SELECT max(id) FROM hub.webhook")


def test_a_webhook_is_added_tried_and_deleted(hub, receiver, alice, project, name):
    path, origin = project
    secret = "a-secret-nobody-sees"
    hub.hide(secret)
    add(alice, path, receiver.url("/" + name + "?token=tok-1234567"), secret=secret, header_lines="X-Room: 12\r\n")
    at = "/%s/hooks/%d" % (path, number(hub))
    assert alice.answer.url == hub.url + at and alice.page.h1 == "Webhook"
    assert alice.page.here == ["/%s/hooks" % path], "the tab of webhooks, not the settings'"
    assert "It signs with a secret" in alice.page.text and "header lines of its own" in alice.page.text
    assert "alice answers for it" in alice.page.text
    alice.submit(at + "/ping")
    r = receiver.wait("/" + name)[0]
    assert r.header("X-GitHub-Event") == "ping" and r.header("X-Room") == "12"
    assert r.header("X-Hub-Signature-256") == "sha256=" + hmac.new(
        secret.encode(), r.body, hashlib.sha256).hexdigest()
    wait_until(lambda: alice.get(at) and alice.page.row("ping") and
               alice.page.row("ping")[1] == "delivered", 60, lambda: alice.page.text)
    assert alice.page.row("ping")[-1] == "HTTP 200"
    alice.get("/%s/hooks" % path)
    assert "tok-1234567" not in alice.answer.text, "a list shows no tokens"
    assert [row for table in alice.page.tables for row in table][1][1] == "push"
    alice.get(at)
    alice.submit(at + "/delete")
    assert alice.page.h1 == "Webhooks" and "There is none yet" in alice.page.text
    assert hub.sql("SELECT action, detail FROM hub.event WHERE object = %s AND action LIKE 'webhook.%%'"
                   " ORDER BY id", path)[0]["action"] == "webhook.create"
    assert hub.one("SELECT count(*) FROM hub.event WHERE object = %s AND action LIKE 'webhook.%%'", path) == 3


def test_W10_a_secret_is_written_and_never_shown(hub, alice, project):
    path, _ = project
    add(alice, path, "https://example.invalid/x", secret="write-only-secret", header_lines="X-Key: write-only-line")
    hub.hide("write-only-secret", "write-only-line")
    at = "/%s/hooks/%d" % (path, number(hub))
    for page in ("/%s/hooks" % path, at):
        alice.get(page)
        assert "write-only" not in alice.answer.text
    alice.get(at)
    assert alice.page.form(at).values["secret"] == "" and alice.page.form(at).values["header_lines"] == ""
    # what is not typed again stays
    alice.submit(at, url="https://example.invalid/y")
    assert "It signs with a secret" in alice.page.text and "header lines" in alice.page.text
    alice.submit(at, no_secret="true", no_headers="true")
    assert "It has no secret" in alice.page.text and "header lines of its own" not in alice.page.text
    assert "write-only" not in hub.dump()


@pytest.mark.parametrize("url, more, said", [
    ("ftp://example.com/", {}, "begins with https"), ("", {}, "needed"),
    ("https://u:p@example.com/", {}, "user"), ("https://example.com/#x", {}, "fragment"),
    ("https://example.com/", {"header_lines": "Host: other"}, "hub sets itself"),
    ("https://example.com/", {"header_lines": "X-A: 1\r\nno colon"}, "hub sets itself"),
    ("https://example.com/", {"secret": "short"}, "at least 8"),
    ("https://example.com/", {"on_push": None}, "needed")])
def test_W12_what_may_not_be_is_said_and_what_was_typed_stays(hub, alice, project, url, more, said):
    path, _ = project
    before = number(hub)
    answer = add(alice, path, url, **more)
    assert answer.status_code == 422 and said in " ".join(alice.page.alerts)
    assert alice.page.form("/%s/hooks" % path).values["url"] == url
    assert number(hub) == before
    if "secret" in more:
        assert more["secret"] not in answer.text


def test_only_who_administers_the_project_sees_its_webhooks(hub, alice, bob, project):
    path, _ = project
    add(alice, path, "https://example.invalid/x")
    at = "/%s/hooks/%d" % (path, number(hub))
    for page in ("/%s/hooks" % path, at):
        assert bob.get(page).status_code == 403
        assert Person(hub).get(page, follow=False).status_code == 303, "a guest is asked who he is"
    hub.set_access(path, 0)
    assert bob.get(at).status_code == 404
    assert bob.get("/-/admin/hooks").status_code == 403 and alice.get("/-/admin/hooks").status_code == 403


def test_a_webhook_is_found_below_its_own_project_alone(hub, alice, project, upstream, name):
    path, _ = project
    other = in_folder(hub, hub.mirror(upstream.url("ph/%s.git" % name), "other-" + name[-20:]))
    hub.grant(other, "alice", 3)
    add(alice, path, "https://example.invalid/x")
    n = number(hub)
    assert alice.get("/%s/hooks/%d" % (other, n)).status_code == 404
    assert alice.get("/-/admin/hooks/%d" % n).status_code in (403, 404)


def test_W13_a_delivery_is_shown_escaped_and_sent_again(hub, receiver, alice, project, name):
    path, origin = project
    receiver.fault("/" + name, rc.status(200, b"<script>alert(1)</script>\x1b[2J" + b"z" * 3000))
    add(alice, path, receiver.url("/" + name), on_sync="true")
    at = "/%s/hooks/%d" % (path, number(hub))
    main = origin.commit("main", message="for the log")
    sync(hub, path)
    receiver.wait("/" + name, 2)
    wait_until(lambda: alice.get(at) and (alice.page.row("push") or ["", ""])[1] == "delivered", 60)
    [link] = [url for url, text in alice.page.links if text == "push"]
    alice.get(link)
    assert "<script>alert" not in alice.answer.text and "<script>alert(1)" in alice.page.text
    assert main in alice.page.text and len(alice.page.text) < 8000
    before = len(receiver.asked("/" + name))
    alice.submit(link + "/again")
    again = receiver.wait("/" + name, before + 1)
    first = next(r for r in again if r.header("X-GitHub-Event") == "push")
    assert again[-1].body == first.body
    assert again[-1].header("X-GitHub-Delivery") != first.header("X-GitHub-Delivery")


@pytest.mark.parametrize("said", ["Bearer never-shown-1", "in: never-shown-1", "{\"key\": \"never-shown-2\"}",
                                  "x" * 1014 + "never-shown-1"], ids=["line", "word", "query", "cut"])
def test_W13_what_a_receiver_repeats_of_secrets_is_not_shown(hub, receiver, alice, project, name, said):
    path, _ = project
    hub.hide("never-shown-1", "never-shown-2")
    receiver.fault("/" + name, rc.status(400, said.encode()))
    add(alice, path, receiver.url("/" + name + "?key=never-shown-2&a=1"),
        header_lines="Authorization: Bearer never-shown-1\nX-Short: 1")
    at = "/%s/hooks/%d" % (path, number(hub))
    alice.submit(at + "/ping")
    wait_until(lambda: hub.one("SELECT failures FROM hub.webhook WHERE id = %s", number(hub)), 60)
    alice.get(at)
    [link] = [url for url, text in alice.page.links if text == "ping"]
    alice.get(link)
    assert "never-sho" not in alice.page.text and "a secret is in it" in alice.page.text
    assert "never-sho" not in hub.one("SELECT answer FROM hub.delivery WHERE webhook_id = %s", number(hub))


def test_an_administrator_has_webhooks_of_all_projects(hub, receiver, project, name):
    path, origin = project
    b = Person(hub)
    b.sign_in(hub.user, hub.password)
    b.get("/-/admin/hooks")
    assert b.page.here == ["/-/admin/hooks"], "it is one of the administrators' pages"
    b.submit("/-/admin/hooks", url=receiver.url("/all-" + name))
    n = number(hub)
    try:
        origin.commit("main", message="for all")
        sync(hub, path)
        assert receiver.wait("/all-" + name)[0].json()["repository"]["full_name"] == path
    finally:
        b.get("/-/admin/hooks/%d" % n)
        b.submit("/-/admin/hooks/%d/delete" % n)
    assert "There is none yet" in b.page.text


def test_there_are_at_most_twenty(hub, alice, project):
    path, _ = project
    hub.sql("INSERT INTO hub.webhook (project_id, url, active) SELECT p.id, 'https://example.invalid/', false"
            " FROM hub.project p, generate_series(1, 20) WHERE p.path = %s", path)
    assert add(alice, path, "https://example.invalid/21").status_code == 422
    assert hub.one("SELECT count(*) FROM hub.webhook w JOIN hub.project p ON p.id = w.project_id"
                   " WHERE p.path = %s", path) == 20
