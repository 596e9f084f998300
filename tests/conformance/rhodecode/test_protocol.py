"""contracts/rhodecode.md sections 0 and 1, row by row through nginx: transport, envelope, errors; rows
1 to 6, S19, S20 of section 5; checklists/security.md J-01 to J-24 at this door."""

import base64
import json
import re
import string
import subprocess
import urllib.parse

import pytest

from conformance.rhodecode.client import Client
from fixtures.hub import ROOT, build_dir
from fixtures.run import wait_until

NO_LENGTH = "No Content-Length in request"
DENIED = "Access was denied to this resource."


@pytest.fixture(scope="module")
def key(hub):
    return hub.new_token("admin")


@pytest.fixture(scope="module")
def api(hub, key):
    return Client(hub.url, key)


@pytest.fixture(scope="module")
def seed(hub, key):
    """As the seed's curl line: no id."""
    return Client(hub.url, key, ids=None)


@pytest.fixture(scope="module")
def regular(hub):
    hub.account("test-api")
    return Client(hub.url, hub.new_token("test-api"))


def body(api, **changes):
    """A good call of get_ip with changes; None takes a member away."""
    call = {"id": 7, "api_key": api.key, "method": "get_ip", "args": {}, **changes}
    return json.dumps({k: v for k, v in call.items() if v is not Ellipsis}).encode()


GOOD = {"server_ip_addr": "127.0.0.1", "user_ips": []}


# ---------------------------------------------------------------- 1.1 transport

@pytest.mark.parametrize("path", ["/_admin/api", "/_admin/api/", "/_admin/apiv2", "/_admin/apiv2/",
                                  "/_admin/api?x=1"])
def test_the_address_and_its_aliases(api, path):
    assert api.send(body(api), path=path) == {"id": 7, "result": GOOD, "error": None}


@pytest.mark.parametrize("path", ["/_admin/api/x", "/_admin/apiv3", "/_admin/API", "/_admin", "/_admin/"])
def test_other_addresses_are_404(api, path):
    api.raw(body(api), path=path)
    assert api.status == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_no_method_of_http_is_refused(api, method):
    assert api.send(body(api), method)["result"] == GOOD
    assert api.send(None, method) == {"result": None, "error": NO_LENGTH}


def test_HEAD_has_the_headers_alone(api):
    assert api.raw(None, "HEAD") == b"" and api.status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/json; charset=utf-16",
                                  "application/x-www-form-urlencoded", "image/png", ""])
def test_the_content_type_is_not_looked_at(api, kind):
    assert api.send(body(api), headers={"Content-Type": kind})["result"] == GOOD


def test_content_length_rows(api):
    assert api.send(b"")["error"] == "Content-Length is 0"
    assert api.send(None)["error"] == NO_LENGTH
    api.raw(b"x" * 70000)
    assert api.status == 413
    api.raw(b"x" * (2 << 20))
    assert api.status == 413


def test_chunked_bodies_are_read(api):
    assert api.send(body(api), chunked=True)["result"] == GOOD
    assert api.send(b"", chunked=True)["error"] in (NO_LENGTH, "Content-Length is 0")


def test_no_header_says_who_asks(hub, api):
    name, password = hub.admin
    basic = base64.b64encode(("%s:%s" % (name, password)).encode()).decode()
    for value in ("Basic " + basic, "Bearer " + api.key, "Basic broken"):
        answer = api.send(body(api, api_key="0" * 40), headers={"Authorization": value})
        assert answer["error"] == "Invalid API KEY"
        assert api.send(body(api), headers={"Authorization": value})["result"] == GOOD


def test_reading_without_an_account_may_be_off(fresh_hub):
    hub = fresh_hub({"anonymous_read": "no"})
    api = Client(hub.url, hub.new_token("admin"))
    assert api("get_ip") == GOOD
    assert api.send(b"{")["error"].startswith("JSON parse error")


# ---------------------------------------------------------------- 1.2, 1.3 the envelope

@pytest.mark.parametrize("id", ["7", "0", "-1", '""', '"x"', "null", "1.50", "1e3", "true", "false",
                                '{"a": [1, null]}', "[2]", '"\\u00e9"'])
def test_an_id_comes_back_as_it_was(api, id):
    for text in (body(api), body(api, api_key="x"), body(api, method="nope")):
        answer = api.send(text.replace(b'"id": 7', b'"id": ' + id.encode()))
        assert json.dumps(answer["id"]) == json.dumps(json.loads(id))


def test_without_an_id_the_answer_has_none(api):
    assert api.send(body(api, id=...)) == {"result": GOOD, "error": None}


def test_members_are_missed_in_their_order(api):
    for gone, said in ((("api_key", "method", "args"), "api_key"), (("method", "args"), "method"),
                       (("args",), "args"), (("api_key",), "api_key"), (("method",), "method")):
        answer = api.send(body(api, **{name: ... for name in gone}))
        assert answer == {"id": 7, "result": None,
                          "error": "Incorrect JSON query missing '%s'" % said}


@pytest.mark.parametrize("args", ["x", 1, None, [], True])
def test_args_of_another_type_are_none_at_all(api, args):
    assert api.send(body(api, args=args))["result"] == GOOD


def test_auth_token_is_the_key_too_and_other_members_are_ignored(api):
    assert api.send(body(api, api_key=..., auth_token=api.key, jsonrpc="2.0"))["result"] == GOOD
    assert api.send(body(api, auth_token="nothing"))["result"] == GOOD


@pytest.mark.parametrize("document", ["[]", "1", '"x"', "null", "true"])
def test_what_is_no_object_lacks_a_key(api, document):
    assert api.send(document.encode()) == {
        "result": None, "error": "Incorrect JSON query missing 'api_key'"}


# ---------------------------------------------------------------- 1.4 errors

@pytest.mark.parametrize("wrong", ["trololo", "", "0" * 40, "0" * 39, "G" * 40, None, 1, ["x"], {}])
def test_01_a_wrong_key(api, wrong):
    assert api.send(body(api, api_key=wrong)) == {"id": 7, "result": None, "error": "Invalid API KEY"}


def test_06_keys_of_those_who_may_not_are_wrong(hub, api):
    hub.account("locked")
    locked = Client(hub.url, hub.new_token("locked"))
    assert locked("get_user")["username"] == "locked"
    for change in ("active = false", "active = true, role = 'banned'"):
        hub.sql("UPDATE hub.account SET %s WHERE uname = 'locked'" % change)
        assert locked.refused("get_user") == "Invalid API KEY"
    hub.sql("UPDATE hub.account SET role = 'user' WHERE uname = 'locked'")
    hub.sql("UPDATE hub.token SET expires_at = now() - interval '1 s' WHERE prefix = %s",
            locked.key[:6])
    assert locked.refused("get_user") == "Invalid API KEY"


def test_the_key_is_looked_at_before_the_method(api):
    for method in ("nope", "_x", "get_ip"):
        assert api.send(body(api, api_key="x", method=method))["error"] == "Invalid API KEY"


@pytest.mark.parametrize("method, error", [
    ("_private", "Method not allowed"), ("_", "Method not allowed"), ("", "No such method: "),
    ("not_existing", "No such method: not_existing"), ("GET_IP", "No such method: GET_IP"),
    ("m\u00e9thode", "No such method: m\u00e9thode"), (7, "No such method: 7"),
    (None, "No such method: null"), (["get_ip"], 'No such method: ["get_ip"]'),
    ("create_gist", "No such method: create_gist"), ("lock", "No such method: lock"),
    ("comment_pullrequest", "No such method: comment_pullrequest"),
    ("__class__", "Method not allowed"), ("apiuser", "No such method: apiuser")])
def test_05_unknown_methods(api, method, error):
    answer = api.send(body(api, method=method))["error"]
    assert answer.replace(" ", "") == error.replace(" ", "")


def test_a_missing_argument_is_named_in_the_words_of_its_time(api, seed):
    assert api.refused("test") == "Missing non optional `args` arg in JSON DATA"
    assert seed.refused("create_user") == "Missing non optional email arg in JSON DATA"
    assert api.refused("create_user") == "Missing non optional `email` arg in JSON DATA"
    assert api.refused("create_user", email="x") == "Missing non optional `username` arg in JSON DATA"
    assert seed.refused("create_user", email="x", lastname="x", username="x") == \
        "Missing non optional firstname arg in JSON DATA"


@pytest.mark.parametrize("args", [{}, None, 1, {"repoid": None}])
def test_02_get_repo_needs_one(api, args):
    answer = api.send(body(api, method="get_repo", args=args))
    assert answer["error"] == "Missing non optional `repoid` arg in JSON DATA"


def test_03_args_of_another_type_with_a_method_that_needs_none(api):
    for args in (None, 1):
        answer = api.send(body(api, method="get_users", args=args))
        assert answer["error"] is None and answer["result"]


def test_too_many_arguments(api, seed):
    assert api.refused("get_users", x=1) == "Unknown `x` arg in JSON DATA"
    assert api.refused("get_users", x=1, apiuser="admin") == "Unknown `x`, `apiuser` arg in JSON DATA"
    assert api("get_users", enable_locking=1, cache="", sync=None) == api("get_users")
    assert seed("get_users", x=1, apiuser="test-api") == seed("get_users")


def test_another_type_is_the_methods_own_failure(api, seed):
    assert seed.refused("create_user", username="typed", password=[], firstname="a", lastname="b",
                        email="c") == "failed to create user typed"
    assert api.refused("create_user", username="typed", email={}) == "failed to create user `typed`"
    assert api.refused("get_user", userid=[1]) == "Internal server error"


def test_who_may_not_is_denied_whatever_is_asked(hub, api, regular):
    for call in (("get_users", {}), ("get_ip", {}), ("test", {"args": 1}), ("get_server_info", {}),
                 ("create_user", {"username": "x", "email": "y"}), ("delete_user", {"userid": "admin"}),
                 ("delete_user", {"userid": "nobody"}), ("update_user", {"userid": "default"})):
        assert regular.refused(call[0], **call[1]) == DENIED
    assert hub.one("SELECT count(*) FROM hub.event WHERE action = 'denied' AND actor = 'test-api'"
                   " AND detail = 'delete_user'") == 2


@pytest.mark.parametrize("scope", [1, 2])
def test_a_token_that_allows_less_is_denied(hub, scope):
    api = Client(hub.url, hub.new_token("admin"))
    hub.sql("UPDATE hub.token SET scope = %s WHERE prefix = %s", scope, api.key[:6])
    assert api("get_user")["username"] == "admin"
    assert api.refused("get_users") == DENIED
    assert api.refused("delete_user", userid="nobody") == DENIED


# ---------------------------------------------------------------- S19, S20: bodies

@pytest.mark.parametrize("text", ["{", "{'a': 1}", "", " ", '{"a": 1,}', "{} {}", "\ufeff{}", "TRUE",
                                  '{"a": 1, "a": 2}', '{"a": "\\u0000"}', '{"a": "\x01"}', "[NaN]",
                                  "[1e999]", "[99999999999999999999]", '["\\ud800"]', "[" * 17,
                                  '{"a"', "{\"id\": 1, oops"])
def test_S19_what_is_no_json(api, text):
    error = api.send((text or " ").encode())["error"]
    assert error.startswith("JSON parse error ERR:") and " RAW:'" in error and error.endswith("'")


@pytest.mark.parametrize("keys", [1001, 100000 // 15])
def test_J19_more_keys_than_a_call_needs(api, keys):
    text = json.dumps({"%d" % i: 0 for i in range(keys)}, separators=(",", ":"))
    api.raw(text.encode())
    assert api.status == 413 or "at most 1000 keys" in json.loads(api.answer)["error"]


def test_J20_a_long_value_is_not_repeated_when_it_is_refused_for_its_length(api):
    error = api.refused("create_user", username="long", email="x" * 60000)
    assert error == "failed to create user `long`"


@pytest.mark.parametrize("raw", [b"\xff\xfe{", b"{\"a\": \"\xc0\xaf\"}", b"{\0}",
                                 b'{"a": "\xed\xa0\x80"}'])
def test_bytes_that_are_no_text_come_back_as_text(api, raw):
    assert api.send(raw)["error"].startswith("JSON parse error ERR:")


def test_J24_keys_and_passwords_are_not_shown_nor_logged(hub, api):
    secret = "hunter2-is-not-shown"
    for text in ('{"id": 1, "api_key": "%s", oops' % api.key,
                 '{"args": {"password": "%s"}, oops' % secret,
                 "%%7B%%22api_key%%22%%3A%%22%s%%22" % api.key,
                 '{"x": "%s", "api_key": "%s' % ("-" * 150, api.key)):
        error = api.send(text.encode())["error"]
        assert "***" in error and len(error) < 400
        for hidden in (api.key, api.key[:12], secret):
            assert hidden not in error
    assert api.key not in hub.logs() and secret not in hub.logs()


def test_S20_a_body_encoded_like_a_form(api):
    assert api.send(urllib.parse.quote_plus(body(api)).encode())["result"] == GOOD
    assert api.send(urllib.parse.quote(body(api), safe="").encode())["result"] == GOOD


def test_S20_a_body_is_read_as_it_is_first(hub, seed):
    password = "100%+%41 a+b&c=%2B"
    seed("create_user", username="verbatim", password=password, firstname="a", lastname="b",
         email="verbatim@example.com")
    assert hub.get("/api/v1/user.json", ("verbatim", password)).status_code == 200
    assert hub.get("/api/v1/user.json", ("verbatim", urllib.parse.unquote_plus(password))
                   ).status_code == 401


def test_04_what_is_said_comes_back(api):
    said = {"letters": string.ascii_letters, "whitespace": string.whitespace.strip("\x0b"),
            "printable": string.printable.replace("\x0b", "")}
    assert api("test", args=said) == said
    for value in (1, -2.5, "", None, [], {}, False, "\u2028\u202e</script>"):
        assert api("test", args=value) == value


# ---------------------------------------------------------------- section 0: profiles

def test_the_profile_is_that_of_the_call(api, seed):
    assert "ldap" in seed("get_users")[0] and "id" in seed("get_users")[0]
    assert "emails" in api("get_users")[0] and "user_id" in api("get_users")[0]
    # a method without an S form answers as in M, whatever the call looks like
    assert seed("delete_user", userid=api("create_user", username="gone", email="gone@x.y")["user"][
        "user_id"])["user"] is None
    # the argument `name` existed in S alone
    assert set(api("create_user", username="marked", password="a good password", name="m",
                   lastname="n", email="marked@x.y")) == {"id", "msg"}


@pytest.mark.parametrize("profile", ["S", "M"])
def test_the_operator_decides(fresh_hub, profile):
    hub = fresh_hub({"rhodecode.profile": profile})
    key = hub.new_token("admin")
    for ids in (None, "int"):
        user = Client(hub.url, key, ids=ids)("get_users")[0]
        assert ("ldap" in user) == (profile == "S")


# ---------------------------------------------------------------- clients of section 6

@pytest.mark.parametrize("how", [{"texts": True}, {"ids": "uuid"}, {"ids": "text", "type": "application/json"},
                                 {"ids": None}])
def test_clients_of_all_kinds_are_answered(hub, key, how):
    client = Client(hub.url, key, **how)
    assert client("get_ip") == GOOD
    name = "kind-" + "-".join("%s-%s" % pair for pair in sorted(how.items())).replace("/", ".").lower()
    password = "a good password"
    client("create_user", username=name, password=password, firstname="F", lastname="L",
           email=name + "@x.y", active="True", admin="False")
    [row] = [u for u in client("get_users") if u["username"] == name]
    assert row["active"] is True and row["admin"] is False


# ---------------------------------------------------------------- the pool

def test_nginx_waits_longer_than_a_call_may():
    conf = (ROOT / "nginx/locations.conf").read_text()
    place = re.search(r"location /_admin/api \{(.*?)\n\}", conf, re.DOTALL)[1]
    waits = int(re.search(r"fastcgi_read_timeout (\d+)s;", place)[1])
    printed = subprocess.run([ROOT / build_dir() / "mirrorhub", "--help-config"], check=True,
                             capture_output=True, text=True).stdout
    assert waits > int(re.search(r"^#rhodecode.wait_s = (\d+)$", printed, re.MULTILINE)[1])


def test_calls_have_processes_of_their_own(hub, api):
    def pools(name):
        return [argv for argv in hub.processes().values() if "--pool" in argv and name in argv]
    assert pools("rpc") and pools("api")
    api.send(body(api), headers={"X-Request-Id": "rpc-pool-1"})
    wait_until(lambda: hub.log_lines("fcgi-rpc", id="rpc-pool-1"), 60)
    assert not hub.log_lines("fcgi-api", id="rpc-pool-1")


# ---------------------------------------------------------------- what is logged

def test_the_log_names_the_call_and_who_made_it(hub, api):
    api.send(body(api), headers={"X-Request-Id": "rpc-logged-1"})
    [line] = wait_until(lambda: hub.log_lines("fcgi-rpc", id="rpc-logged-1"), 60)
    assert line["call"] == "get_ip" and line["actor"] == 1
    assert api.key not in hub.logs()


def test_a_call_is_counted_as_use_of_its_key(hub):
    api = Client(hub.url, hub.new_token("admin"))
    assert hub.one("SELECT last_used_at FROM hub.token WHERE prefix = %s", api.key[:6]) is None
    api("get_ip")
    wait_until(lambda: hub.one("SELECT last_used_at FROM hub.token WHERE prefix = %s", api.key[:6]),
               60, "it is noted")
