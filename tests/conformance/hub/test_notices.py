"""Who may send a notice: accounts, signatures, nobody (contract B8.2 rows 61 and 62,
checklists/security.md W-01 to W-05), and that what is hidden looks missing."""

import base64
import json
import os
import pathlib
import tempfile
import urllib.parse

import pytest

from conformance.hub.client import PUSH, REPOS, URL, error, notice, push, repo_url, show, sign, state
from fixtures.hub import Hub
from fixtures.run import run as run_program
from fixtures.run import wait_until

SECRET, HUBS = "canary-of-a-mirror", "canary-of-the-whole-hub"

WRONG = (401, {"success": False, "error": "the signature is wrong"})
WHO = (401, {"success": False, "error": "say who you are"})
DONE = (200, {"success": True})


@pytest.fixture(scope="module")
def hub():
    with tempfile.TemporaryDirectory(prefix="mh-secret-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)  # the programs may run as another user
        file = pathlib.Path(folder, "push.secret")
        file.write_text(HUBS + "\n")
        file.chmod(0o644)
        one = Hub({"hub.push_secret": file}).start()
        one.hide(SECRET, HUBS)
        one.end_program("sync")
        yield one
        one.end()


@pytest.fixture
def mirror(hub, name):
    """A mirror that everyone may read, with a secret: its name."""
    assert push(hub, name, URL).status_code == 200
    got = hub.put(repo_url(name, "secret"), data=json.dumps({"secret": SECRET}))
    assert (got.status_code, got.content) == (204, b"")
    return name


@pytest.fixture
def hidden(hub, mirror):
    hub.set_access(mirror, 0)
    return mirror


def said(answer):
    return answer.status_code, answer.json()


def send(hub, body, headers=None, path=PUSH, auth=None):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return said(hub.post(path, body, auth, headers=headers or {}))


def signed(hub, secret, body, path=PUSH, auth=None, **more):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return send(hub, body, {**sign(secret, body), **more}, path, auth)


def asked_for(hub, name):
    """How often somebody has asked for a sync of it, by the audit trail."""
    return hub.one("SELECT count(*) FROM hub.event WHERE object = %s AND action = 'sync.request'", name)


# ---------------------------------------------------------------- accounts

def basic(user, password):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


def test_row_61_where_everyone_needs_an_account(fresh_hub):
    hub = fresh_hub({"anonymous_read": "no"})
    someone = hub.account("someone", "pass:with:colons")
    got = hub.get("/api/ping")
    assert said(got) == (200, {"ping": "pong"})
    for path in ("/api", REPOS, REPOS + "/x", REPOS + "/x/refs", "/api/commit/abcdef"):
        got = hub.get(path)
        assert said(got) == (401, error("Unauthorized", 401))
        assert got.headers["WWW-Authenticate"] == 'Basic realm="Authorization Required"'
    assert said(push(hub, "x", URL, auth=None)) == WHO
    assert hub.get(REPOS, someone).json() == {"repositories": []}
    for header in ("Negotiate x", "Basic", "Basic x", basic("someone", "pass"), "nonsense"):
        got = hub.get(REPOS, headers={"Authorization": header})
        assert said(got) == (401, error("Unauthorized", 401)), header
    # a signature lets a notice in there, too, and shows nothing
    push(hub, "x", URL)
    hub.put(repo_url("x", "secret"), data=json.dumps({"secret": SECRET}))
    assert signed(hub, SECRET, notice("x")) == DONE
    assert signed(hub, SECRET, notice("x"), REPOS) == DONE
    assert signed(hub, SECRET + "x", notice("x")) == WRONG


def test_whoever_may_not_write_may_not_have_it_synced(hub, mirror, name):
    reader, writer = hub.account("r-" + name[-8:]), hub.account("w-" + name[-8:])
    hub.grant(mirror, writer[0], 2)
    before = asked_for(hub, mirror)
    got = push(hub, mirror, URL, auth=reader)
    assert got.status_code == 403 and got.json()["success"] is False
    assert asked_for(hub, mirror) == before
    assert said(push(hub, mirror, URL, auth=writer)) == DONE
    assert asked_for(hub, mirror) == before + 1
    assert hub.delete(repo_url(mirror), writer).status_code == 403
    for method in ("GET", "PUT", "DELETE"):
        got = hub.request(method, repo_url(mirror, "secret"), writer, data='{"secret":"somesecret"}')
        assert got.status_code == 403


def test_nobody_makes_or_changes_anything(hub, mirror):
    for path in (PUSH, REPOS):
        for body in (notice(mirror, URL), notice("brand-new", URL), notice(mirror)):
            got = hub.post(path, json.dumps(body), None)
            assert got.status_code == 401
            assert got.headers["WWW-Authenticate"] == 'Basic realm="Authorization Required"'
    assert hub.delete(repo_url(mirror), None).status_code == 401
    assert hub.get(repo_url("brand-new")).status_code == 404


def test_wrong_credentials_are_wrong_whatever_the_body(hub, mirror):
    for body in ("", "{", json.dumps(notice(mirror, URL)), json.dumps(notice("nix"))):
        for auth in ((hub.user, "wrong"), ("0" * 40, "x")):
            assert hub.post(PUSH, body, auth).status_code == 401


def test_a_token_that_only_reads_sends_no_notices(hub, mirror):
    token = hub.new_token(hub.user)
    hub.sql("UPDATE hub.token SET scope = 1 WHERE prefix = %s", token[:6])
    got = hub.post(PUSH, json.dumps(notice(mirror, URL)), None,
                   headers={"Authorization": "Bearer " + token})
    assert got.status_code == 403


def test_another_sites_page_sends_no_notices(hub, mirror):
    got = hub.post(PUSH, json.dumps(notice(mirror, URL)), headers={
        "Origin": "https://evil.example", "Content-Type": "text/plain"})
    assert got.status_code == 403


# ---------------------------------------------------------------- signatures

def test_row_62_right_wrong_and_absent_signatures(hub, mirror):
    body = json.dumps(notice(mirror, URL))
    before = asked_for(hub, mirror)
    assert signed(hub, SECRET, body) == DONE
    assert asked_for(hub, mirror) == before + 1
    assert signed(hub, "another one", body) == WRONG
    assert send(hub, body) == WHO
    assert send(hub, body, auth=hub.admin) == DONE
    assert asked_for(hub, mirror) == before + 2


def test_row_62_absent_by_config(fresh_hub):
    hub = fresh_hub({"hub.anonymous_push": "yes"})
    hub.end_program("sync")
    push(hub, "open", URL)
    push(hub, "secret", URL)
    push(hub, "closed", URL)
    hub.set_access("closed", 0)
    hub.put(repo_url("secret", "secret"), data=json.dumps({"secret": SECRET}))
    assert send(hub, notice("open", URL)) == DONE
    assert send(hub, notice("open", URL), path=REPOS)[0] == 200
    assert send(hub, notice("secret", URL)) == WHO
    assert send(hub, notice("closed", URL)) == WHO
    assert send(hub, notice("brand-new", URL)) == WHO
    assert send(hub, notice("open", URL + "x"))[0] == 400
    assert signed(hub, SECRET, notice("secret", URL)) == DONE


def test_w_01_forms_of_signatures(hub, mirror):
    body = json.dumps(notice(mirror, URL))
    good = sign(SECRET, body)["X-Hub-Signature-256"]
    name = "X-Hub-Signature-256"
    assert send(hub, body, {name: "sha256=" + good[7:].upper()}) == DONE
    for bad in (good[:-2] + ("00" if good[-2:] != "00" else "11"), good[7:], "sha1=" + good[7:47],
                good + "0", "sha256=", "sha512=" + good[7:] * 2, "x" * 4000, "SHA256=" + good[7:]):
        assert send(hub, body, {name: bad}) == WRONG, bad
    assert send(hub, body, {"X-Hub-Signature": "sha1=" + good[7:47]}) == WHO
    # not of these very bytes
    assert send(hub, body + " ", {name: good}) == WRONG
    assert send(hub, json.dumps(notice(mirror, URL), indent=1), {name: good}) == WRONG
    # a wrong signature is wrong for an account, too
    assert send(hub, body, {name: good[:-1] + "x"}, auth=hub.admin) == WRONG


def test_w_01_a_form_is_signed_as_it_is_sent(hub, mirror):
    body = "payload=" + urllib.parse.quote_plus(json.dumps(notice(mirror, URL)))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert send(hub, body, {**sign(SECRET, body), **headers}) == DONE
    assert send(hub, body, {**sign(SECRET, json.dumps(notice(mirror, URL))), **headers}) == WRONG


def test_w_01_the_signature_of_openssl_is_one(hub, mirror):
    body = json.dumps(notice(mirror, URL))
    out = run_program(["openssl", "dgst", "-sha256", "-hmac", SECRET], input=body).stdout
    assert send(hub, body, {"X-Hub-Signature-256": "sha256=" + out.split()[-1]}) == DONE


def test_w_01_what_gitlab_sends_is_the_secret_itself(hub, mirror, name):
    body = json.dumps({**notice(mirror, URL), "object_kind": "push"})
    token = {"X-Gitlab-Token": SECRET}
    before = asked_for(hub, mirror)
    assert send(hub, body, token) == DONE and send(hub, body, {"X-Gitlab-Token": HUBS}) == DONE
    assert asked_for(hub, mirror) == before + 2
    for bad in (SECRET + "x", SECRET[:-1], SECRET.upper(), "x" * 4000):
        assert send(hub, body, {"X-Gitlab-Token": bad}) == (401, {"success": False, "error": "the token is wrong"})
    # beside a signature it says nothing, and an account needs none
    assert send(hub, body, {**token, "X-Hub-Signature-256": "sha256=" + "0" * 64}) == WRONG
    assert send(hub, body, {**sign(SECRET, body), "X-Gitlab-Token": "another"}) == DONE
    assert send(hub, body, {"X-Gitlab-Token": "another"}, auth=hub.admin) == DONE
    # and it is for nothing else
    assert send(hub, notice("brand-new", URL), {"X-Gitlab-Token": HUBS})[0] == 404
    assert send(hub, notice(mirror, "https://evil.example/x.git"), token)[0] == 400
    assert hub.request("DELETE", repo_url(mirror), headers=token).status_code == 401
    hub.set_access(mirror, 0)
    assert send(hub, body, token) == DONE
    assert send(hub, body, {"X-Gitlab-Token": HUBS})[0] == 404


def test_a_signature_is_for_its_own_mirror_and_for_nothing_else(hub, mirror, name):
    other = name[:40] + "-other"
    push(hub, other, URL)
    assert signed(hub, SECRET, notice(other, URL)) == WRONG
    hub.put(repo_url(other, "secret"), data=json.dumps({"secret": "another secret"}))
    assert signed(hub, SECRET, notice(other, URL)) == WRONG
    assert signed(hub, "another secret", notice(other, URL)) == DONE
    body = json.dumps({"secret": "yet another one"})
    for method in ("PUT", "DELETE", "GET"):
        got = hub.request(method, repo_url(mirror, "secret"), data=body, headers=sign(SECRET, body))
        assert got.status_code == 401
    got = hub.request("DELETE", repo_url(mirror), headers=sign(SECRET, ""))
    assert got.status_code == 401


def test_a_signed_notice_takes_no_new_url(hub, mirror):
    got = signed(hub, SECRET, notice(mirror, "https://evil.example/x.git"))
    assert got[0] == 400 and "does not match" in got[1]["error"]
    assert show(hub, mirror)["url"] == URL


def test_w_02_a_notice_that_comes_twice_counts_once(hub, mirror):
    body = notice(mirror, URL)
    before = asked_for(hub, mirror)
    for _ in range(3):
        assert signed(hub, SECRET, body, **{"X-GitHub-Delivery": "72d3162e-cc78"}) == DONE
    assert asked_for(hub, mirror) == before + 1
    assert signed(hub, SECRET, body, **{"X-GitHub-Delivery": "72d3162e-cc79"}) == DONE
    assert asked_for(hub, mirror) == before + 2
    assert hub.one("SELECT count(*) FROM hub.job j JOIN hub.project p ON p.id = j.project_id"
                   " WHERE p.path = %s", mirror) == 1
    # a number that no sender would make is none
    assert signed(hub, SECRET, body, **{"X-GitHub-Delivery": "x" * 2000}) == DONE


def test_w_02_what_failed_has_not_been_here(hub, mirror):
    hub.sql("UPDATE hub.mirror SET paused = true WHERE project_id ="
            " (SELECT id FROM hub.project WHERE path = %s)", mirror)
    number = {"X-GitHub-Delivery": "failed-once"}
    assert signed(hub, SECRET, notice(mirror, URL), **number)[0] == 400
    hub.sql("UPDATE hub.mirror SET paused = false WHERE project_id ="
            " (SELECT id FROM hub.project WHERE path = %s)", mirror)
    before = asked_for(hub, mirror)
    assert signed(hub, SECRET, notice(mirror, URL), **number) == DONE
    assert asked_for(hub, mirror) == before + 1


def test_w_02_numbers_are_forgotten_after_a_day(hub, mirror):
    assert signed(hub, SECRET, notice(mirror), **{"X-GitHub-Delivery": "old"}) == DONE
    hub.sql("UPDATE hub.push_delivery SET at = at - interval '25 hours'")
    assert signed(hub, SECRET, notice(mirror), **{"X-GitHub-Delivery": "next"}) == DONE
    rows = hub.sql("SELECT delivery FROM hub.push_delivery d JOIN hub.project p ON p.id = d.project_id"
                   " WHERE p.path = %s", mirror)
    assert rows == [{"delivery": "next"}]


def statements(hub, action):
    """What that request took in statements, by the log."""
    got = action()
    ids = got.headers["X-Request-Id"]
    return wait_until(lambda: hub.log_lines(event="request", id=ids, service="fcgi-api"))[0]["statements"]


@pytest.mark.parametrize("sender", ["nobody", "wrong signature", "the hub's", "someone"])
def test_w_03_a_hidden_repository_is_like_none(hub, hidden, name, sender):
    someone = hub.account("s-" + name[-8:])

    def ask(path, repository):
        body = json.dumps(notice(repository))  # names have equal lengths
        headers = {"wrong signature": sign("wrong one", body), "the hub's": sign(HUBS, body)}
        return hub.post(path, body, someone if sender == "someone" else None,
                        headers=headers.get(sender, {}))
    missing = hidden[:-4] + "nope"
    for path in (PUSH, REPOS):
        got, want = ask(path, hidden), ask(path, missing)
        assert got.status_code == want.status_code
        assert got.text.replace(hidden, "X") == want.text.replace(missing, "X")
        assert sorted(got.headers) == sorted(want.headers)
        assert statements(hub, lambda: ask(path, hidden)) == statements(hub, lambda: ask(path, missing))
    assert got.status_code == {"the hub's": 404, "someone": 400}.get(sender, 401)
    assert hub.one("SELECT count(*) FROM hub.project WHERE path = %s", missing) == 0


@pytest.mark.parametrize("sender", ["nobody", "someone"])
def test_a_hidden_repository_is_like_none_to_whoever_asks_for_it(hub, hidden, name, sender):
    someone = hub.account("g-" + name[-8:]) if sender == "someone" else None
    missing = hidden[:-4] + "nope"
    for method, parts in [("GET", p) for p in ([], ["secret"], ["refs"], ["refs", "main"], ["ref", "main"],
                                               ["ref", "main", "a"], ["commit", "main"],
                                               ["commits", "main"])] + [
                              ("DELETE", []), ("PUT", ["secret"]), ("DELETE", ["secret"])]:
        def ask(repository):
            return hub.request(method, repo_url(repository, *parts), someone, data=b"{}")
        got, want = ask(hidden), ask(missing)
        assert got.status_code == want.status_code == 404, (method, parts)
        assert got.text.replace(hidden, "X") == want.text.replace(missing, "X")
        assert sorted(got.headers) == sorted(want.headers)
        assert statements(hub, lambda: ask(hidden)) == statements(hub, lambda: ask(missing))


def test_w_03_its_own_secret_opens_a_hidden_one_for_notices_alone(hub, hidden):
    before = asked_for(hub, hidden)
    assert signed(hub, SECRET, notice(hidden, URL)) == DONE
    assert asked_for(hub, hidden) == before + 1
    assert signed(hub, SECRET, notice(hidden, URL), REPOS) == DONE  # shows nothing
    got = signed(hub, SECRET, notice(hidden, "https://h/other"))
    assert got[0] == 400 and URL not in got[1]["error"]
    assert hub.get(repo_url(hidden)).status_code == 404


def test_w_03_the_hubs_secret_is_for_all_that_everyone_may_read(hub, mirror):
    before = asked_for(hub, mirror)
    assert signed(hub, HUBS, notice(mirror, URL)) == DONE
    assert asked_for(hub, mirror) == before + 1
    # it makes nothing
    got = signed(hub, HUBS, notice("brand-new", URL))
    assert got == (404, {"success": False, "error": "no such repo: 'brand-new'"})
    assert hub.get(repo_url("brand-new"), hub.admin).status_code == 404
    # with an account it may make what the account may
    assert signed(hub, HUBS, notice(mirror + "-b", URL), auth=hub.admin) == DONE
    # an organisation's ping names nothing
    ping = {"zen": "x", "hook_id": 1}
    assert signed(hub, HUBS, ping) == DONE
    assert signed(hub, SECRET, ping) == WRONG
    assert send(hub, ping) == WHO


def test_w_04_more_than_the_rate_is_429_and_the_queue_holds_one(fresh_hub):
    hub = fresh_hub({"hub.push_rate": 5})
    hub.end_program("sync")
    push(hub, "cool", URL)
    answers = [push(hub, "cool", URL).status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    assert hub.one("SELECT count(*) FROM hub.job WHERE kind = 'sync'") == 1
    push(hub, "other", URL)  # each has its own
    assert said(push(hub, "other", URL)) == DONE


def test_w_05_five_mebibytes_are_the_most(hub, mirror):
    body = {**notice(mirror, URL), "filler": ""}
    rest = (5 << 20) - len(json.dumps(body))
    body["filler"] = "x" * rest
    assert signed(hub, SECRET, body) == DONE
    got = hub.post(PUSH, json.dumps(body) + " ", None)
    assert got.status_code == 413
    # also where the name in the address has a slash
    del body["repository"]["name"]
    got = hub.put(repo_url("team/tool"), data=json.dumps(body))
    assert got.status_code == 400 and "invalid repository name" in got.json()["error"]["message"]


# ---------------------------------------------------------------- secrets are set, never shown

def test_w_10_a_secret_is_never_shown(hub, mirror):
    assert hub.get(repo_url(mirror, "secret"), hub.admin).json() == {"secret": {"isSet": True}}
    assert SECRET not in hub.dump() + hub.get(REPOS, hub.admin).text + hub.logs()
    assert hub.delete(repo_url(mirror, "secret")).status_code == 204
    assert hub.get(repo_url(mirror, "secret"), hub.admin).json() == {"secret": {"isSet": False}}
    assert signed(hub, SECRET, notice(mirror, URL)) == WRONG
    events = hub.sql("SELECT detail FROM hub.event WHERE object = %s AND action = 'push_secret'"
                     " ORDER BY id", mirror)
    assert [e["detail"] for e in events] == ["a new one", "none any more"]


@pytest.mark.parametrize("body, words", [
    ("{}", "no secret given"), ('{"secret":null}', "no secret given"),
    ('{"secret":"short"}', "8 to 200 bytes"), ('{"secret":5}', "secret"),
    ('{"secret":"%s"}' % ("x" * 201), "secret"), ('{"secret":"with\\nnewline"}', "control"),
    ('{"other":"x"}', "input"), ("", "no secret given"), ("[]", "")])
def test_a_secret_that_is_none_is_refused(hub, mirror, body, words):
    got = hub.put(repo_url(mirror, "secret"), data=body)
    assert got.status_code == 400 and words in got.json()["error"]["message"]
    assert signed(hub, SECRET, notice(mirror, URL)) == DONE  # the old one stays


def test_a_plain_project_has_no_secret(hub):
    got = hub.put(repo_url("nix", "secret"), data='{"secret":"some secret"}')
    assert got.status_code == 404


def test_the_audit_trail_says_what_happened(hub, mirror):
    signed(hub, SECRET, notice(mirror, URL))
    row = hub.row("SELECT * FROM hub.event WHERE object = %s ORDER BY id DESC LIMIT 1", mirror)
    assert (row["action"], row["actor"], row["remote_addr"]) == ("sync.request", "", "127.0.0.1")
    assert state(hub, mirror) == (False, True, 0)
