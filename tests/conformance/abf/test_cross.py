"""Contract abf.md section 1, what holds for every route of /api/v1/: addresses, inputs, log-in,
error bodies, headers, pages. The limit on requests has a file of its own (test_rate.py)."""

import base64
import json

import pytest

API = "/api/v1"
SIGN_IN = {"error": "You need to sign in or sign up before continuing."}
WRONG = {"error": "Invalid email or password."}
LOCKED = {"error": "Your account is locked."}
BAD = {"status": 400, "message": "Bad Request"}
MISSING = {"status": 404, "message": "Error 404. Resource not found!"}
DENIED = {"message": "Access violation to this page!"}
JSON = "application/json; charset=utf-8"


@pytest.fixture(scope="module")
def jane(hub):
    """An account with a token and an e-mail of each kind: (uname, password)."""
    pair = hub.account("Jane")
    hub.sql("UPDATE hub.account SET email = 'Jane@Example.org' WHERE uname = 'Jane'")
    hub.sql("INSERT INTO hub.account_email SELECT id, 'jane@home.example' FROM hub.account"
            " WHERE uname = 'Jane'")
    return pair


@pytest.fixture(scope="module")
def token(hub, jane):
    one = hub.new_token("Jane")
    hub.hide(one, jane[1])
    return one


def own(hub, auth, **kw):
    """GET /user: (status, uname or the error)."""
    got = hub.get(API + "/user.json", auth, **kw)
    body = got.json()
    return got.status_code, body["user"]["uname"] if got.status_code == 200 else body


def company(hub):
    return hub.one("SELECT company FROM hub.account WHERE uname = 'Jane'")


# ---- 1.1 addresses

@pytest.mark.parametrize("path", ["/arches.json", "/arches", "/arches/", "/arches.json/",
                                  "/arches?format=json", "/arches.json?format=json"])
def test_the_suffix_is_optional(hub, path):
    got = hub.get(API + path, headers={"Accept": "text/html"})
    assert (got.status_code, got.headers["Content-Type"]) == (200, JSON)
    assert got.json()["architectures"]


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/nothing.json", "/arches.xml", "/arches.csv",
                                  "/arches?format=xml", "/arches/x", "/arches.json.json",
                                  "/repositories/0/key_pair", "/repositories/x/key_pair",
                                  "/repositories/-1/key_pair", "/repositories/1.5/key_pair",
                                  "/repositories/99999999999999999999/key_pair"])
def test_what_there_is_not_is_404_in_abfs_words(hub, path):
    for method in ("GET", "HEAD"):
        got = hub.request(method, API + path, hub.admin)
        assert got.status_code == 404
        assert got.headers["Content-Type"] == JSON
        assert got.headers["Cache-Control"] == "no-cache"
        assert "ETag" not in got.headers
        assert method == "HEAD" or got.json() == MISSING


def test_another_method_is_405_and_options_tells_which(hub):
    got = hub.put(API + "/arches.json")
    assert (got.status_code, got.json()) == (405, {"status": 405, "message": "Method Not Allowed"})
    assert got.headers["Allow"] == "GET, HEAD, OPTIONS"
    got = hub.request("OPTIONS", API + "/user.json", hub.admin)
    assert (got.status_code, got.content) == (204, b"")
    assert got.headers["Allow"] == "GET, HEAD, OPTIONS, PATCH, PUT"
    assert "Access-Control-Allow-Origin" not in got.headers


def test_an_override_of_the_method_is_ignored(hub, jane):
    for kw in ({"headers": {"X-HTTP-Method-Override": "GET"}}, {"data": {"_method": "get"}},
               {"params": {"_method": "get"}}):
        assert hub.post(API + "/arches.json", auth=jane, **kw).status_code == 405


@pytest.mark.parametrize("target", ["/arches?x=%zz", "/arches?x=%00", "/arches?x=%ff", "/%ff",
                                    "/arches?" + "&".join("x" * 101)])
def test_what_is_no_address_is_400(hub, target):
    got = hub.ask(API + target)
    assert (got.status, json.loads(got.body)) == (400, BAD)


# ---- 1.1 inputs

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
AS_JSON = {"Content-Type": "application/json"}

TAKEN = [
    ("rooted JSON", {"json": {"user": {"company": "a b", "id": 7, "nonsense": []}}}, "a b"),
    ("bare JSON", {"json": {"company": "a b", "other": {"company": "x"}}}, "a b"),
    ("the root wins", {"json": {"company": "x", "user": {"company": "a b"}}}, "a b"),
    ("form", {"data": {"user[company]": "a b", "commit": "Save"}}, "a b"),
    ("bare form", {"data": {"company": "a b"}}, "a b"),
    ("multipart", {"files": {"user[company]": (None, "a b")}}, "a b"),
    ("query", {"params": {"user[company]": "a b"}}, "a b"),
    ("bare query", {"params": {"company": "a b"}}, "a b"),
    ("the body wins over the query", {"json": {"company": "a b"}, "params": {"user[company]": "x"}},
     "a b"),
    ("the last of several", {"data": "company=x&company=y", "headers": FORM}, "y"),
    ("a number", {"json": {"user": {"company": 12}}}, "12"),
    ("a truth", {"json": {"user": {"company": True}}}, "true"),
    ("null", {"json": {"user": {"company": None}}}, ""),
    ("UTF-8", {"json": {"user": {"company": "Größe \u2603 \U0001f600"}}}, "Größe \u2603 \U0001f600"),
    ("no field at all", {"json": {"user": {}}}, "before"),
    ("a type without a body", {"headers": AS_JSON}, "before"),
    ("nothing", {}, "before"),
    ("a token that is no log-in", {"params": {"token": "x"}}, "before"),
]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("kw,value", [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_inputs_are_taken(hub, jane, method, kw, value):
    hub.sql("UPDATE hub.account SET company = 'before' WHERE uname = 'Jane'")
    got = hub.request(method, API + "/user.json", jane, **kw)
    assert got.status_code == 200, got.text
    assert got.json()["user"]["message"] == "User has been updated successfully"
    assert company(hub) == value


REFUSED = [
    ("a list", {"json": {"user": {"company": ["x"]}}}, 422),
    ("an object", {"json": {"company": {"x": 1}}}, 422),
    ("a list in a form", {"data": {"user[company][]": "x"}}, 422),
    ("too long", {"json": {"user": {"company": "\u00e9" * 256}}}, 422),
    ("no JSON", {"data": "{", "headers": AS_JSON}, 400),
    ("blanks", {"data": "  ", "headers": AS_JSON}, 400),
    ("a list of all", {"json": []}, 400),
    ("null at the top", {"data": "null", "headers": AS_JSON}, 400),
    ("a key twice", {"data": '{"company":"x","company":"y"}', "headers": AS_JSON}, 400),
    ("NUL", {"data": '{"company":"\\u0000"}', "headers": AS_JSON}, 400),
    ("NUL in a form", {"data": "company=%00", "headers": FORM}, 400),
    ("bytes that are no UTF-8", {"data": b"company=\xff", "headers": FORM}, 400),
    ("a root that is no object", {"json": {"user": "x"}}, 400),
    ("a root that is no object, in a form", {"data": {"user": "x"}}, 400),
    ("101 parameters", {"data": "&".join("x=%d" % i for i in range(101)), "headers": FORM}, 400),
    ("too deep", {"data": '{"x":' * 17 + "1" + "}" * 17, "headers": AS_JSON}, 400),
    ("another type", {"data": "company=x", "headers": {"Content-Type": "text/plain"}}, 415),
    ("too large", {"data": "company=" + "x" * 70000, "headers": FORM}, 413),
]


@pytest.mark.parametrize("kw,status", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_inputs_are_refused(hub, jane, kw, status):
    hub.sql("UPDATE hub.account SET company = 'before' WHERE uname = 'Jane'")
    got = hub.put(API + "/user.json", jane, **kw)
    assert got.status_code == status, got.text
    assert got.headers["Content-Type"] == JSON
    if status == 422:
        words = got.json()["user"]
        assert words["id"] is None
        assert words["message"].startswith("User has not been updated. Company is ")
        assert not words["message"].endswith(".") and len(got.text) < 200
    elif status == 400:
        assert got.json() == BAD
    else:
        assert got.json()["status"] == status
    assert company(hub) == "before"


def test_too_long_texts_say_how_long_they_may_be(hub, jane):
    got = hub.put(API + "/user.json", jane, json={"user": {"company": "x" * 256}})
    assert got.json()["user"]["message"] == \
        "User has not been updated. Company is too long (maximum is 255 characters)"


# ---- 1.2 log-in

@pytest.mark.parametrize("user", ["Jane", "jane", "JANE", "Jane@Example.org", "jane@example.org",
                                  "JANE@HOME.example"])
def test_unames_and_e_mails_log_in_in_any_case(hub, jane, user):
    assert own(hub, (user, jane[1])) == (200, "Jane")
    assert hub.get("/repositories", (user, jane[1])).status_code == 200  # the other doors as well


def test_a_token_logs_in_with_any_password_and_in_all_places(hub, jane, token):
    assert own(hub, (token, "")) == (200, "Jane")
    assert own(hub, (token, "anything")) == (200, "Jane")
    assert own(hub, ("Jane", token)) == (200, "Jane")
    assert own(hub, None, headers={"Authorization": "Bearer " + token}) == (200, "Jane")
    assert own(hub, None, params={"authentication_token": token}) == (200, "Jane")
    # before Basic, whatever that says
    assert own(hub, hub.admin, params={"authentication_token": token}) == (200, "Jane")
    assert own(hub, ("x", "y"), params={"authentication_token": token}) == (200, "Jane")
    # nothing given
    assert own(hub, jane, params={"authentication_token": ""}) == (200, "Jane")


def test_a_token_may_stand_in_the_body(hub, jane, token):
    named = {"authentication_token": token}
    for i, kw in enumerate((
            {"json": {"user": {"company": "by body 0"}, **named}},
            {"data": {"user[company]": "by body 1", **named}},
            {"files": {"user[company]": (None, "by body 2"), "authentication_token": (None, token)}},
            {"json": {"company": "by body 3"}, "params": named})):
        got = hub.put(API + "/user.json", None, **kw)
        assert got.status_code == 200, got.text
        assert company(hub) == "by body %d" % i


def test_a_token_in_the_query_opens_what_is_streamed_too(hub):
    platform = hub.one("INSERT INTO hub.platform (name, description, distrib_type, default_branch,"
                       " owner_account_id) SELECT 'streamed', 'd', 'mdv', 'b', id FROM hub.account"
                       " WHERE uname = 'admin' RETURNING id")
    number = hub.one("INSERT INTO hub.repository (platform_id, name, description)"
                     " VALUES (%s, 'main', 'd') RETURNING id", platform)
    path = API + "/repositories/%s/packages.csv?authentication_token=" % number
    assert hub.get(path + "0" * 40).text == WRONG["error"]
    got = hub.get(path + hub.token)
    assert (got.status_code, got.text[:13]) == (200, "Project owner"), got.text


def test_delete_and_get_take_bodies_too(hub, token):
    for value, status in ((token, 404), ("0" * 40, 401)):
        got = hub.delete(API + "/nothing.json", None, json={"authentication_token": value})
        assert got.status_code == status
    # that of a GET is not looked at
    assert hub.get(API + "/user.json", json={"authentication_token": token}).json() == SIGN_IN
    assert hub.get(API + "/arches.json", data="{", headers=AS_JSON).status_code == 200


@pytest.mark.parametrize("auth", [("Jane", "wrong"), ("Jane", ""), ("nobody", "x"), ("", ""),
                                  ("jane@example.org", "wrong"), ("nobody@example.org", "x"),
                                  ("0" * 40, ""), ("0" * 40, "x")])
def test_wrong_credentials_are_401_everywhere(hub, jane, auth):
    for path in ("/user.json", "/arches.json", "/nothing.json", "/repositories/7/key_pair.json"):
        got = hub.get(API + path, auth)
        assert (got.status_code, got.json()) == (401, WRONG)
        assert got.headers["WWW-Authenticate"] == 'Basic realm="Application"'
        assert got.headers["Cache-Control"] == "no-cache"
    got = hub.put(API + "/user.json", auth, json={"user": {"company": "x"}})
    assert (got.status_code, got.json()) == (401, WRONG)


def test_wrong_tokens_are_401_everywhere(hub, jane, token):
    for value in ("x", "0" * 40, token[:-1], token.upper() if token.upper() != token else "y"):
        assert own(hub, jane, params={"authentication_token": value}) == (401, WRONG)


def test_malformed_headers_are_wrong_credentials(hub):
    nocolon = base64.b64encode(b"Jane").decode()
    for header in ("Basic", "Basic ???", "Basic " + nocolon, "Digest x", "Bearer x", "x"):
        got = hub.get(API + "/user.json", headers={"Authorization": header})
        assert (got.status_code, got.json()) == (401, WRONG)


def test_who_shows_nothing_is_asked(hub):
    for method, path in (("GET", "/user.json"), ("PUT", "/user.json"), ("POST", "/users.json"),
                         ("GET", "/repositories/7/key_pair.json")):
        got = hub.request(method, API + path)
        assert (got.status_code, got.json()) == (401, SIGN_IN)
        assert got.headers["WWW-Authenticate"] == 'Basic realm="Application"'


def test_csv_says_it_plainly(hub):
    got = hub.get(API + "/repositories/7/packages.csv")
    assert (got.status_code, got.text) == (401, SIGN_IN["error"])
    assert got.headers["Content-Type"].startswith("text/csv")
    assert hub.get(API + "/repositories/7/packages.csv", ("x", "y")).text == WRONG["error"]


def test_a_banned_account_is_told_so_by_its_own_credentials_alone(hub):
    pair = hub.account("barred")
    token = hub.new_token("barred")
    hub.sql("UPDATE hub.account SET email = 'barred@example.org' WHERE uname = 'barred'")
    assert own(hub, pair) == (200, "barred")  # remembered, but not for long
    hub.sql("UPDATE hub.account SET role = 'banned' WHERE uname = 'barred'")
    for auth in (pair, ("barred@example.org", pair[1]), (token, ""), (token, "x")):
        assert own(hub, auth) == (401, LOCKED)
    assert own(hub, None, params={"authentication_token": token}) == (401, LOCKED)
    assert own(hub, ("barred", "wrong")) == (401, WRONG)
    got = hub.get(API + "/repositories/7/packages.csv", pair)
    assert (got.status_code, got.text) == (401, LOCKED["error"])
    # other doors do not say it
    got = hub.get("/repositories", pair)
    assert got.status_code == 401 and "locked" not in got.text
    hub.sql("UPDATE hub.account SET active = false WHERE uname = 'barred'")
    for auth in (pair, (token, "")):
        assert own(hub, auth) == (401, WRONG)


def test_a_token_is_taken_as_an_input_by_no_other_door(hub, token):
    assert hub.post("/repositories?authentication_token=" + token, {"url": "https://x.invalid/a"},
                    auth=None).status_code == 401


def test_tokens_are_in_no_log(hub, token):
    hub.get(API + "/user.json?authentication_token=" + token)
    hub.get(API + "/arches.json?%%zz&authentication_token=%s" % token)
    hub.post(API + "/nothing.json", json={"authentication_token": token}, auth=None)
    hub.get(API + "/user.json?authentication_token=wrong-" + token[:30])
    logs = hub.logs()
    assert token not in logs and token[:30] not in logs
    assert "/api/v1/user" in logs


def test_failed_log_ins_have_a_limit_and_abf_says_403(fresh_hub):
    hub = fresh_hub({"auth.fails_account": 2})
    pair = hub.account("jane")
    hub.sql("UPDATE hub.account SET email = 'jane@example.org' WHERE uname = 'jane'")
    for user in ("jane", "jane@example.org"):
        assert own(hub, (user, "wrong")) == (401, WRONG)
    for user in ("jane", "JANE@example.org"):
        got = hub.get(API + "/user.json", (user, pair[1]))
        assert got.status_code == 403
        assert got.json() == {"message": "403 Forbidden | Rate Limit Exceeded"}
        assert int(got.headers["Retry-After"]) > 0


def test_without_anonymous_read_everyone_is_asked(fresh_hub):
    hub = fresh_hub({"anonymous_read": "no"})
    for path in ("/arches.json", "/nothing.json", "/user.json", "/repositories/7/packages.json"):
        for method in ("GET", "PUT", "OPTIONS"):
            got = hub.request(method, API + path)
            assert (got.status_code, got.json()) == (401, SIGN_IN)
    assert hub.get(API + "/arches.json", hub.admin).status_code == 200
    # the one address that stays open (a row with ROUTE_ANYONE)
    assert hub.get(API + "/platforms/allowed?path=x").status_code in (200, 403)
    assert hub.get(API + "/platforms/allowed?path=x", ("x", "y")).status_code == 401


# ---- 1.6 headers

def test_every_200_has_a_tag_and_a_get_may_be_304(hub, jane):
    first = hub.get(API + "/arches.json")
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "max-age=0, private, must-revalidate"
    for value in (tag, "W/" + tag, '"x", ' + tag, "*"):
        got = hub.get(API + "/arches.json", headers={"If-None-Match": value})
        assert (got.status_code, got.content, got.headers["ETag"]) == (304, b"", tag)
        assert got.headers["Cache-Control"] == "max-age=0, private, must-revalidate"
    assert hub.get(API + "/arches.json", headers={"If-None-Match": '"x"'}).status_code == 200
    changed = hub.put(API + "/user.json", jane, headers={"If-None-Match": "*"})
    assert changed.status_code == 200 and changed.headers["ETag"].startswith('"')
    assert changed.headers["Cache-Control"] == "max-age=0, private, must-revalidate"


def test_head_is_get_without_its_body(hub):
    get, head = hub.get(API + "/arches.json"), hub.request("HEAD", API + "/arches.json")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


def test_messages_are_english_whatever_is_asked_for(hub):
    got = hub.get(API + "/user.json", headers={"Accept-Language": "ru"})
    assert got.json() == SIGN_IN


# ---- 1.7 pages

def links(hub, query):
    got = hub.get(API + "/arches.json" + query)
    assert got.status_code == 200
    header = got.headers.get("Link")
    rels = {}
    for link in header.split(", ") if header else []:
        address, rel = link.split("; ")
        assert address.startswith("<" + hub.url + API + "/arches.json?")
        rels[rel[5:-1]] = address[1 + len(hub.url + API + "/arches.json?"):-1]
    return len(got.json()["architectures"]), rels


def test_lists_have_pages_with_links(hub):
    total, rels = links(hub, "")
    assert total >= 3 and rels == {}
    assert links(hub, "?per_page=2") == (
        2, {"next": "per_page=2&page=2", "last": "per_page=2&page=%d" % ((total + 1) // 2)})
    n, rels = links(hub, "?page=2&per_page=1&q=%C3%A9%26")
    assert (n, rels) == (1, {"next": "per_page=1&q=%C3%A9%26&page=3",
                             "first": "per_page=1&q=%C3%A9%26&page=1",
                             "prev": "per_page=1&q=%C3%A9%26&page=1",
                             "last": "per_page=1&q=%C3%A9%26&page={}".format(total)})
    assert links(hub, "?page=1000")[0] == 0
    for query in ("?page=0", "?page=-3", "?page=x", "?per_page=0", "?per_page=x", "?per_page=101"):
        assert links(hub, query) == (total, {})


def test_links_hold_no_token_and_no_foreign_host(hub, token):
    got = hub.ask(API + "/arches?per_page=1&authentication_token=" + token)
    assert token not in got.header("Link")
    got = hub.raw("GET %s/arches?per_page=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                  "X-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n" % (API, hub.port))
    assert "evil" not in got.header("Link")
