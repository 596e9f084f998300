"""Signing in and out, as a person without JavaScript sees it, and checklists/security.md, group C.

Not here: which rows may be GETs (a unit test of the tables), ends of sessions by time and the token's
bits (tests/db/session.c, tests/unit/session.c)."""

import re

import pytest

from fixtures.person import Person

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def alice(hub):
    hub.account("alice", PASSWORD)
    return "alice"


@pytest.fixture(scope="module")
def hidden(hub, alice):
    """A project of alice's that nobody else may see."""
    hub.run_program("mirrorhub", "create-project", "alice/secret", "--owner", "alice",
                    "--access", "none")
    return "/alice/secret"


@pytest.fixture
def browser(hub):
    return Person(hub)


@pytest.fixture
def signed_in(hub, alice):
    b = Person(hub)
    assert b.sign_in("alice", PASSWORD).status_code == 200
    hub.hide(b.cookie[1:])
    return b


def sessions(hub, uname="alice"):
    return hub.one("SELECT count(*) FROM hub.session s JOIN hub.account a ON a.id = s.account_id"
                   " WHERE a.uname = %s", uname)


def events(hub, action):
    return hub.one("SELECT count(*) FROM hub.event WHERE action = %s", action)


def who(browser):
    """Whom the frame says one is; None: a guest."""
    names = [text for url, text in browser.page.links if url == "/-/tokens"]
    return names[0].strip() if names else None


# ---------------------------------------------------------------- coming and going

def test_a_person_signs_in_and_out(hub, browser, alice):
    browser.get("/")
    assert who(browser) is None
    browser.get([url for url, text in browser.page.links if text == "Sign in"][0])
    before, made = browser.cookie, events(hub, "session.create")
    browser.submit("/login", uname="alice", password=PASSWORD)
    assert browser.answer.url == hub.url + "/"
    assert who(browser) == "alice"
    assert events(hub, "session.create") == made + 1
    assert browser.cookie != before
    ended = events(hub, "session.end")
    browser.submit("/-/sign-out")
    assert browser.answer.url == hub.url + "/"
    assert who(browser) is None
    assert browser.cookie is None
    assert events(hub, "session.end") == ended + 1


def test_names_have_no_case_and_an_e_mail_is_one(hub, alice):
    hub.sql("UPDATE hub.account SET email = 'alice@example.org' WHERE uname = 'alice'")
    for name in ("ALICE", "Alice@example.ORG"):
        b = Person(hub)
        b.sign_in(name, PASSWORD)
        assert who(b) == "alice"


def test_a_wrong_password_is_told_and_the_name_is_kept(hub, browser, alice):
    browser.sign_in("alice", "wrong horse")
    wrong = browser.page
    assert browser.answer.status_code == 401
    assert wrong.alerts == ["This name and password do not belong together."]
    assert wrong.form("/login").values["uname"] == "alice"
    assert wrong.form("/login").values["password"] == ""
    assert "wrong horse" not in wrong.source
    # a browser must not open a box of its own
    assert not browser.answer.headers["WWW-Authenticate"].startswith("Basic")
    assert browser.answer.headers["Cache-Control"] == "no-store"
    browser.submit("/login", password=PASSWORD)
    assert who(browser) == "alice"


def test_A02_unknown_disabled_and_wrong_look_alike(hub, alice):
    hub.account("disabled", PASSWORD)
    hub.sql("UPDATE hub.account SET active = false WHERE uname = 'disabled'")
    hub.account("banned", PASSWORD)
    hub.sql("UPDATE hub.account SET role = 'banned' WHERE uname = 'banned'")

    def told(uname, password):
        b = Person(hub)
        b.sign_in(uname, password)
        hidden = re.compile('(form_token" value="|Request )[0-9a-f]+')
        return (b.answer.status_code,
                hidden.sub("", b.answer.text).replace(uname, "X"),
                {k for k in b.answer.headers if k != "Content-Length"})
    wrong = told("alice", "wrong horse")
    for pair in (("nobody-here", "x"), ("disabled", PASSWORD), ("banned", "wrong horse")):
        assert told(*pair) == wrong, pair
    b = Person(hub)
    b.sign_in("banned", PASSWORD)
    assert b.answer.status_code == 401
    assert b.page.alerts == ["This account is locked: ask who runs this hub."]
    assert who(b) is None


def test_blank_fields_are_told_where_they_are(hub, browser, alice):
    browser.sign_in("", "")
    assert browser.answer.status_code == 422
    assert browser.page.alerts[1:] == ["This is needed.", "This is needed."]


def test_A08_too_many_failures_are_429_as_with_basic(fresh_hub):
    hub = fresh_hub(conf={"auth.fails_account": 3, "auth.fails_network": 1000})
    hub.account("bob", PASSWORD)
    b = Person(hub)
    for _ in range(2):
        b.sign_in("bob", "wrong horse")
        assert b.answer.status_code == 401
    assert hub.get("/repositories", auth=("bob", "wrong horse")).status_code == 401
    b.sign_in("bob", PASSWORD)
    assert b.answer.status_code == 429
    assert int(b.answer.headers["Retry-After"]) > 0
    assert "too many failed log-ins" in b.page.alerts[0].lower()
    assert b.page.form("/login").values["uname"] == "bob"
    assert hub.get("/repositories", auth=("bob", PASSWORD)).status_code == 429


# ---------------------------------------------------------------- where one comes to

@pytest.mark.parametrize("path", ["/-/tokens", "/-/tokens?x=%2F%26y&z=%C3%A9"])
def test_a_guest_is_led_to_the_form_and_back(hub, browser, alice, path):
    answer = browser.get(path, follow=False)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=%2F") or \
        answer.headers["Location"].startswith("/login?next=/")
    browser.get(path)
    answer = browser.submit("/login", follow=False, uname="alice", password=PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["Location"] == path


@pytest.mark.parametrize("next_", [
    "//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/a\\b",
    "evil", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/a\r\nX-Evil: 1", "/ü",
    "/a b", "", "/" + "x" * 1990, "///", "http:/evil"])
def test_next_is_a_path_of_this_hub(hub, browser, alice, next_):
    browser.get("/login")
    answer = browser.submit("/login", follow=False, uname="alice", password=PASSWORD, next=next_)
    assert answer.status_code == 303
    assert answer.headers["Location"] == (next_ if next_.startswith("/xxx") else "/")
    assert "X-Evil" not in answer.headers
    answer = browser.ask("GET", "/login", follow=False, params={"next": next_})
    assert (answer.status_code, answer.headers["Location"]) == \
        (302, next_ if next_.startswith("/xxx") else "/")


def test_programs_are_asked_for_basic(hub, alice):
    got = hub.get("/-/tokens")
    assert (got.status_code, got.headers["WWW-Authenticate"]) == (401, 'Basic realm="Mirrorhub"')
    got = hub.get("/-/tokens", auth=("alice", "wrong"), headers={"Accept": "text/html"})
    assert got.status_code == 401
    assert hub.get("/-/tokens", auth=("alice", PASSWORD)).status_code == 200


def test_where_guests_may_nothing_they_may_sign_in(fresh_hub):
    hub = fresh_hub(conf={"anonymous_read": "no"})
    hub.account("alice", PASSWORD)
    b = Person(hub)
    for path in ("/", "/no/such", "/-/tokens"):
        answer = b.get(path, follow=False)
        assert (answer.status_code, answer.headers["Location"][:6]) == (303, "/login"), path
    b.sign_in("alice", PASSWORD)
    assert who(b) == "alice"
    assert b.get("/no/such").status_code == 404


def test_logout_makes_a_browser_forget_its_password(hub, signed_in):
    for headers in ({}, {"Accept": "text/html"}):
        got = hub.get("/logout", headers=headers)
        assert (got.status_code, got.headers["WWW-Authenticate"]) == \
            (401, 'Basic realm="Mirrorhub"')
    # it is a GET, and ends no session
    assert signed_in.get("/logout").status_code == 401
    signed_in.get("/")
    assert who(signed_in) == "alice"


# ---------------------------------------------------------------- C-01 to C-07

def post(browser, path="/-/sign-out", token=None, **headers):
    """A POST with the browser's cookie, as another site's page could send it."""
    data = {} if token is None else {"form_token": token}
    return browser.session.post(browser.hub.url + path, data=data, headers=headers,
                                allow_redirects=False)


def token_of(browser):
    browser.get("/")
    return browser.page.form("/-/sign-out").values["form_token"]


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}], ids=str)
def test_C01_another_site_changes_nothing(hub, signed_in, headers):
    token = token_of(signed_in)
    assert post(signed_in, token=token, **headers).status_code == 403
    signed_in.get("/")
    assert who(signed_in) == "alice"


@pytest.mark.parametrize("kind,body", [
    ("text/plain", "form_token=%s"), ("application/json", '{"form_token": "%s"}'),
    ("text/plain", '{"form_token": "%s", "x": "="}')])
def test_C01_tricks_with_types_change_nothing(hub, signed_in, kind, body):
    token = token_of(signed_in)
    got = signed_in.session.post(hub.url + "/-/sign-out", data=body % token,
                                 headers={"Content-Type": kind}, allow_redirects=False)
    assert got.status_code == 415
    signed_in.get("/")
    assert who(signed_in) == "alice"


def test_C02_without_the_forms_token_nothing_changes(hub, signed_in, alice):
    other = Person(hub)
    other.sign_in("alice", PASSWORD)
    wrong = token_of(other)
    for token in (None, "", "0" * 128, wrong):
        assert post(signed_in, token=token).status_code == 403
        assert post(signed_in, token=token, Origin=hub.url).status_code == 403
    got = signed_in.session.post(hub.url + "/-/sign-out?form_token=" + token_of(signed_in),
                                 allow_redirects=False)
    assert got.status_code == 403  # not from the address, which ends up in histories
    signed_in.get("/")
    assert who(signed_in) == "alice"
    denied = events(hub, "denied")
    post(signed_in)
    assert events(hub, "denied") == denied + 1
    assert post(signed_in, token=token_of(signed_in)).status_code == 303


def test_C03_a_get_changes_nothing(hub, signed_in):
    for path in ("/-/sign-out", "/-/password"):
        answer = signed_in.get(path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST"), path
    signed_in.get("/")
    assert who(signed_in) == "alice"


def test_C04_basic_is_not_used_by_another_site(hub, alice):
    auth = ("alice", PASSWORD)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert hub.post("/-/sign-out", auth=auth, headers=headers).status_code == 403, headers
    for headers in ({}, {"Origin": hub.url}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}):
        got = hub.post("/-/sign-out", auth=auth, headers=headers)
        assert (got.status_code, got.headers["Location"]) == (303, "/logout"), headers


def test_C05_an_old_cookie_is_nobodys(hub, signed_in, alice):
    old = signed_in.cookie
    second = Person(hub)
    second.session.cookies.update(signed_in.session.cookies)
    second.get("/")
    assert who(second) == "alice"
    signed_in.submit("/-/sign-out") if signed_in.page.forms else None
    thief = Person(hub)
    thief.session.headers["Cookie"] = "mirrorhub=" + old
    answer = thief.get("/-/tokens", follow=False)
    assert (answer.status_code, answer.headers["Location"][:6]) == (303, "/login")
    assert "mirrorhub=;" in answer.headers["Set-Cookie"]
    thief.session.headers["Accept"] = "*/*"
    assert thief.get("/-/tokens").status_code == 401
    second.get("/")
    assert who(second) is None


@pytest.mark.parametrize("column,age", [("seen_at", "8 hours 1 minute"),
                                        ("created_at", "7 days 1 minute")])
def test_C05_time_ends_a_session(hub, signed_in, column, age):
    hub.sql("UPDATE hub.session SET %s = now() - %%s::interval" % column, age)
    signed_in.get("/")
    assert who(signed_in) is None


def test_C05_nobody_can_be_made_to_use_a_known_cookie(hub, alice):
    """A cookie that somebody planted is not the one after signing in."""
    b = Person(hub)
    b.get("/login")
    planted = b.cookie
    victim = Person(hub)
    victim.session.cookies.set("mirrorhub", planted, domain="127.0.0.1")
    victim.get("/login")
    victim.submit("/login", uname="alice", password=PASSWORD)
    assert who(victim) == "alice"
    b.get("/")
    assert who(b) is None
    for made_up in ("s" + planted[1:], "s" + "0" * 64):
        b.session.cookies.clear()
        b.session.headers["Cookie"] = "mirrorhub=" + made_up
        b.get("/")
        assert who(b) is None


def test_C05_signing_in_anew_ends_the_session_before(hub, signed_in, alice):
    before, old = sessions(hub), signed_in.cookie
    token = token_of(signed_in)
    answer = signed_in.session.post(
        hub.url + "/login", allow_redirects=False,
        data={"uname": "alice", "password": PASSWORD, "next": "/", "form_token": token})
    assert answer.status_code == 303
    assert sessions(hub) == before
    b = Person(hub)
    b.session.headers["Cookie"] = "mirrorhub=" + old
    b.get("/")
    assert who(b) is None


def test_C06_the_cookie_is_for_this_hub_alone(hub, browser, alice):
    answer = browser.get("/login")
    assert re.fullmatch("mirrorhub=p[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Lax",
                        answer.headers["Set-Cookie"])
    answer = browser.submit("/login", follow=False, uname="alice", password=PASSWORD)
    assert re.fullmatch("mirrorhub=s[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Lax",
                        answer.headers["Set-Cookie"])
    assert answer.headers["Cache-Control"] == "no-store"
    answer = browser.get("/")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer.headers["Vary"]
    assert "Set-Cookie" not in Person(hub).get("/").headers
    # only its hash is known
    cookie = browser.cookie
    rows = hub.sql("SELECT s::text AS row FROM hub.session s")
    assert rows and all(cookie[1:] not in row["row"] for row in rows)


def test_C06_with_https_it_has_its_prefix(fresh_hub):
    hub = fresh_hub(conf={"base_url": "https://hub.example"})
    answer = Person(hub).get("/login")
    assert re.fullmatch("__Host-mirrorhub=p[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Lax; Secure",
                        answer.headers["Set-Cookie"])


def test_C07_nobody_is_signed_in_by_another_site(hub, browser, alice):
    browser.get("/login")
    good = browser.page.form("/login").values
    pair = {"uname": "alice", "password": PASSWORD, "next": "/"}
    stranger = Person(hub)

    def knock(b, **more):
        headers = more.pop("headers", {})
        return b.session.post(hub.url + "/login", data={**pair, **more}, headers=headers,
                              allow_redirects=False).status_code
    assert knock(stranger) == 403
    assert knock(stranger, form_token=good["form_token"]) == 403
    assert knock(browser) == 403
    assert knock(browser, form_token=good["form_token"],
                 headers={"Origin": "https://evil.example"}) == 403
    assert knock(browser, form_token=good["form_token"],
                 headers={"Sec-Fetch-Site": "cross-site"}) == 403
    assert knock(browser, form_token=good["form_token"]) == 303


def test_an_old_log_in_form_is_given_anew(hub, browser, alice):
    browser.get("/login")
    browser.session.cookies.clear()
    browser.submit("/login", uname="alice", password=PASSWORD)
    assert browser.answer.status_code == 403
    assert browser.page.alerts
    browser.submit("/login", uname="alice", password=PASSWORD)
    assert who(browser) == "alice"


# ---------------------------------------------------------------- what a cookie opens

def test_hidden_is_missing_for_guests_and_there_for_its_owner(hub, browser, signed_in, hidden):
    def told(path):
        answer = browser.get(path)
        return answer.status_code, re.sub("Request [0-9a-f]+", "", answer.text).replace(
            path, "X").replace(path.replace("/", "%2F"), "X")
    assert told(hidden) == told("/alice/nothng")
    assert told(hidden)[0] == 404
    assert signed_in.get(hidden).status_code == 200
    hub.account("stranger", PASSWORD)
    browser.sign_in("stranger", PASSWORD)
    assert told(hidden)[0] == 404


def test_no_api_takes_a_cookie(hub, signed_in, hidden):
    cookies = {"mirrorhub": signed_in.cookie}

    def ask(method, path, **kw):
        return hub.request(method, path, cookies=cookies, **kw).status_code
    assert ask("POST", "/repositories", data={"url": "https://example.org/x"}) == 401
    assert ask("GET", "/api/v1/user.json") == 401
    assert ask("GET", "/repositories/alice%2Fsecret") == 404
    assert ask("GET", "/alice/secret.git/info/refs?service=git-upload-pack") == 401
    got = hub.request("POST", "/_admin/api", cookies=cookies,
                      json={"id": 1, "method": "get_repos", "args": {}})
    assert "error" in got.json() and got.json()["error"]
    for path in ("/repositories", "/info", "/api/v1/arches.json", "/healthz"):
        assert "Set-Cookie" not in hub.get(path, cookies=cookies).headers


def test_A14_a_new_password_ends_all_sessions(hub, alice):
    hub.account("carol", PASSWORD)
    one, other = Person(hub), Person(hub)
    one.sign_in("carol", PASSWORD)
    other.sign_in("carol", PASSWORD)
    hub.sql("SELECT admin.set_password('carol', 'another horse')")
    for b in (one, other):
        b.get("/")
        assert who(b) is None
    one.sign_in("carol", "another horse")
    assert who(one) == "carol"


@pytest.mark.parametrize("change,back", [("role = 'banned'", "role = 'user'"),
                                         ("active = false", "active = true")])
def test_A15_a_disabled_account_has_no_session(hub, alice, change, back):
    name = "off-" + change.split()[0]
    hub.account(name, PASSWORD)
    b = Person(hub)
    b.sign_in(name, PASSWORD)
    assert who(b) == name
    hub.sql("UPDATE hub.account SET %s WHERE uname = '%s'" % (change, name))
    b.get("/")
    assert who(b) is None
    hub.sql("UPDATE hub.account SET %s WHERE uname = '%s'" % (back, name))
    b.get("/")
    assert who(b) is None


def test_A17_no_log_has_a_cookie_or_a_form_token(hub, signed_in):
    token = token_of(signed_in)
    hub.hide(signed_in.cookie[1:], token)
    assert signed_in.cookie[1:] not in hub.logs()
    assert token not in hub.logs()
