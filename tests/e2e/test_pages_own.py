"""One's own account at the pages: tokens, sessions, the password. Each form works without
JavaScript, keeps what was typed, and says what is wrong where it is."""

import re

import pytest

from fixtures.person import Person
from fixtures.run import wait_until

PASSWORD = "correct horse"


@pytest.fixture
def bob(hub, name):
    """An account of the test's own, and a browser that is signed in."""
    hub.account(name, PASSWORD)
    b = Person(hub)
    b.sign_in(name, PASSWORD)
    b.name = name
    return b


def make_token(b, description="ci", follow=True, **more):
    b.get("/-/tokens")
    b.submit("/-/tokens", follow, description=description, **more)
    found = re.search(r"<code class=\"secret\">([0-9a-f]{40})</code>", b.answer.text)
    return found and found.group(1)


def status(hub, token):
    return hub.get("/-/tokens", headers={"Authorization": "Bearer " + token}).status_code


def test_a_token_is_made_shown_once_used_and_deleted(hub, bob):
    token = make_token(bob, "nightly <b>build</b>", scope="read", days="90")
    hub.hide(token)
    assert bob.answer.headers["Cache-Control"] == "no-store"
    assert "nightly <b>build</b>" in bob.page.text  # as text
    assert status(hub, token) == 200
    # its use is noted behind the answer
    wait_until(lambda: hub.one("SELECT last_used_at FROM hub.token WHERE prefix = %s", token[:6]),
               60, "the use of the token is noted")
    bob.get("/-/tokens")
    assert token not in bob.answer.text
    row = bob.page.row("nightly <b>build</b>")
    assert row[1:3] == [token[:6] + "…", "read"]
    assert "2 months" in row[5] or "3 months" in row[5] or "90 days" in row[5]
    assert row[4] != "never"  # it was used
    assert hub.one("SELECT count(*) FROM hub.event WHERE action = 'token.create' AND actor = %s",
                   bob.name) == 1
    bob.submit("/delete")
    assert bob.answer.url.endswith("/-/tokens")
    assert bob.page.row("nightly <b>build</b>") is None
    assert status(hub, token) == 401
    assert hub.one("SELECT count(*) FROM hub.event WHERE action = 'token.delete' AND actor = %s",
                   bob.name) == 1


@pytest.mark.parametrize("values,fault", [
    ({"description": ""}, "This is needed."), ({"description": "   "}, "This is needed."),
    ({"description": "x" * 256}, "This has at most 255 characters."),
    ({"description": "a\tb"}, "The name of a machine or a script, so that you know it again."),
    ({"scope": "owner"}, "This is none of the choices."),
    ({"days": "0"}, None), ({"days": "x"}, None), ({"days": "99999"}, None),
    ({"days": "99999999999999999999"}, None)], ids=str)
def test_what_is_wrong_stands_at_the_field_and_values_are_kept(hub, bob, values, fault):
    values = {"description": "kept", "scope": "write", "days": "365", **values}
    bob.get("/-/tokens")
    bob.submit("/-/tokens", **values)
    assert bob.answer.status_code == 422
    assert bob.page.alerts[0] == "Please look at the fields that are marked."
    assert len(bob.page.alerts) == 2
    if fault:
        assert bob.page.alerts[1] == fault
    form = bob.page.form("/-/tokens").values
    assert form["description"] == values["description"]
    if "scope" not in values or values["scope"] == "write":
        assert form["scope"] == "write"
    assert hub.one("SELECT count(*) FROM hub.token t JOIN hub.account a ON a.id = t.account_id"
                   " WHERE a.uname = %s", bob.name) == 0


def test_a_lesser_token_makes_no_better_one(hub, bob):
    for scope in ("read", "write"):
        token = make_token(bob, scope, scope=scope)
        auth = {"Authorization": "Bearer " + token}
        got = hub.request("POST", "/-/tokens", headers=auth,
                          data={"description": "more", "scope": "admin", "days": ""})
        assert got.status_code == 403
        session = hub.one("SELECT s.id FROM hub.session s JOIN hub.account a ON a.id = s.account_id"
                          " WHERE a.uname = %s", bob.name)
        for path in ("/-/sessions/end-others", "/-/sessions/%d/end" % session,
                     "/-/tokens/1/delete"):
            assert hub.request("POST", path, headers=auth).status_code == 403, path
    bob.get("/-/tokens")
    assert bob.page.row("more") is None


def test_what_is_anothers_is_missing(hub, bob, name):
    other = Person(hub)
    hub.account("other-" + name, PASSWORD)
    other.sign_in("other-" + name, PASSWORD)
    token = make_token(other, "theirs")
    number = re.search(r"/-/tokens/(\d+)/delete", other.answer.text).group(1)
    session = hub.one("SELECT s.id FROM hub.session s JOIN hub.account a ON a.id = s.account_id"
                      " WHERE a.uname = %s", "other-" + name)
    bob.get("/-/tokens")
    form_token = bob.page.form("/-/tokens").values["form_token"]
    for path in ("/-/tokens/%s/delete" % number, "/-/sessions/%d/end" % session,
                 "/-/tokens/999999/delete", "/-/sessions/0/end", "/-/sessions/x/end"):
        assert bob.ask("POST", path, data={"form_token": form_token}).status_code == 404, path
    assert status(hub, token) == 200
    other.get("/-/tokens")
    assert other.answer.url.endswith("/-/tokens")


def test_sessions_are_listed_and_ended(hub, bob):
    second = Person(hub, **{"User-Agent": "Other/2 <i>"})
    second.sign_in(bob.name, PASSWORD)
    bob.get("/-/tokens")
    assert bob.page.row("this one")[:2] == ["Browser/1", "127.0.0.1"]
    assert bob.page.row("Other/2 <i>")[-1] == "Sign out"
    bob.submit("/end")
    assert bob.page.row("Other/2 <i>") is None
    assert second.get("/-/tokens", follow=False).status_code == 303
    second.sign_in(bob.name, PASSWORD)
    third = Person(hub)
    third.sign_in(bob.name, PASSWORD)
    bob.get("/-/tokens")
    bob.submit("/-/sessions/end-others")
    assert bob.answer.status_code == 200
    for b in (second, third):
        assert b.get("/-/tokens", follow=False).status_code == 303


def test_A14_a_new_password_ends_the_other_sessions(hub, bob):
    second = Person(hub)
    second.sign_in(bob.name, PASSWORD)
    token, before = make_token(bob), bob.cookie
    bob.submit("/-/password", old=PASSWORD, new="another horse", repeated="another horse")
    assert bob.answer.status_code == 200
    assert bob.cookie != before
    assert second.get("/-/tokens", follow=False).status_code == 303
    assert status(hub, token) == 200
    assert hub.get("/-/tokens", auth=(bob.name, PASSWORD)).status_code == 401
    assert hub.get("/-/tokens", auth=(bob.name, "another horse")).status_code == 200
    assert "another horse" not in hub.logs()


@pytest.mark.parametrize("values,fault", [
    ({"old": "wrong horse"}, "This is not your password."), ({"old": ""}, "This is needed."),
    ({"new": "short", "repeated": "short"}, "This has at least 8 characters."),
    ({"new": "password123", "repeated": "password123"},
     "This is one that everybody tries first, or the one you have."),
    ({"new": PASSWORD, "repeated": PASSWORD},
     "This is one that everybody tries first, or the one you have."),
    ({"new": "x" * 1025, "repeated": "x" * 1025}, "This has at most 1024 characters."),
    ({"repeated": "another hose"}, "This is not the same as above.")], ids=str)
def test_a_password_that_will_not_do_changes_nothing(hub, bob, values, fault):
    values = {"old": PASSWORD, "new": "another horse", "repeated": "another horse", **values}
    bob.get("/-/tokens")
    bob.submit("/-/password", **values)
    assert bob.answer.status_code == 422
    assert fault in bob.page.alerts
    assert all(v not in bob.answer.text for v in values.values() if v)
    assert hub.get("/-/tokens", auth=(bob.name, PASSWORD)).status_code == 200
    bob.get("/-/tokens")
    assert bob.answer.url.endswith("/-/tokens")


def test_guesses_of_the_old_password_are_limited(fresh_hub):
    hub = fresh_hub(conf={"auth.fails_account": 3})
    hub.account("bob", PASSWORD)
    b = Person(hub)
    b.sign_in("bob", PASSWORD)
    for _ in range(3):
        b.get("/-/tokens")
        b.submit("/-/password", old="wrong horse", new="another horse", repeated="another horse")
        assert b.answer.status_code == 422
    b.get("/-/tokens")
    b.submit("/-/password", old=PASSWORD, new="another horse", repeated="another horse")
    assert b.answer.status_code == 429
