"""checklists/security.md, group A: who may come in.

Not here: A-03 (times; who_claim spends the same hash for unknown people, which a unit test of
lib/auth counts) and A-19 (rehash under concurrency; unit and db tests)."""

import base64
import concurrent.futures
import json
import time

import pytest

from fixtures.hub import running
from fixtures.run import wait_until

PROTECTED = "/repositories"  # a POST without a body: 401 for who may not come in, 400 for who may
IN = 400


def basic(user, password):
    def data(x):
        return x.encode() if isinstance(x, str) else x
    return "Basic " + base64.b64encode(data(user) + b":" + data(password)).decode()


def knock(hub, authorization=None):
    headers = {"Authorization": authorization} if authorization else {}
    return hub.request("POST", PROTECTED, headers=headers)


def same(one, other):
    """Equal but for what is new in each answer."""
    def told(answer):
        return {k: v for k, v in answer.headers.items() if k not in ("Date", "X-Request-Id")}
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert told(one) == told(other)


@pytest.fixture(scope="module")
def alice(hub):
    return hub.account("alice", "correct horse")


# ----------------------------------------------------------------

def test_A01_without_credentials_a_write_is_asked_for_them(hub):
    got = knock(hub)
    assert got.status_code == 401
    assert got.headers["WWW-Authenticate"] == 'Basic realm="Login Required"'
    assert "Set-Cookie" not in got.headers
    assert got.text.startswith("Could not verify your access level for that URL.")


def test_A02_all_ways_of_being_wrong_look_alike(hub, alice):
    hub.account("locked", "correct horse")
    hub.sql("UPDATE hub.account SET active = false WHERE uname = 'locked'")
    hub.account("banned", "correct horse")
    hub.sql("UPDATE hub.account SET role = 'banned' WHERE uname = 'banned'")
    expired = hub.new_token("alice")
    hub.sql("UPDATE hub.token SET expires_at = now() - interval '1 s' WHERE prefix = %s", expired[:6])
    wrong = knock(hub, basic("alice", "wrong horse"))
    assert wrong.status_code == 401
    for header in (basic("nobody-here", "correct horse"), basic("locked", "correct horse"),
                   basic("banned", "correct horse"), basic("alice", ""), basic("", ""),
                   basic(expired, ""), basic("alice", expired), "Bearer " + expired,
                   basic("0" * 40, "x"), "Bearer " + "0" * 40):
        same(wrong, knock(hub, header))


@pytest.mark.parametrize("header", [
    "Basic " + base64.b64encode(b"alice").decode(), "Basic ???", "Basic", "Basic ", "Bearer",
    "Bearer ", "Nonsense abc", "Basic " + base64.b64encode(b":").decode(),
    "Basic " + base64.b64encode(b":correct horse").decode(),
    basic(b"alice\0", "correct horse"), basic("alice", b"correct horse\0"),
    basic(b"alice", b"correct horse\0more"), basic(b"al\0ice", b"x"), basic(b"alice\r\n", b"x"),
    basic(b"a" * 5000, b"x"), basic(b"\xff\xfe", b"x"), basic(b"alice", b"\xff\xfe"),
    basic("alice", "correct horse") + "x", basic("alice", "correct horse") + " garbage",
    basic("alice", "correct horse") + "\tx", "Basic=" + base64.b64encode(b"a:b").decode(),
    basic("alice", "correct horse")[:-4], basic("%61lice", "correct horse")],
    ids=lambda h: h[:24] + "..." + str(len(h)))
def test_A04_malformed_credentials_are_401_and_never_500(hub, alice, header):
    assert knock(hub, header).status_code == 401


@pytest.mark.parametrize("scheme", ["basic ", "BASIC ", "bAsIc   "])
def test_A04_the_scheme_has_no_case_and_blanks_may_be_many(hub, alice, scheme):
    assert knock(hub, basic("alice", "correct horse").replace("Basic ", scheme)).status_code == IN


@pytest.mark.parametrize("password", [
    "with:colon:s", " blank at both ends ", "x" * 64, "y" * 1024, "\U0001f600\U0001f600 smile",
    "caf\u00e9-password", "tab\tin it", "quote'\"\\$%&"], ids=lambda p: repr(p)[:20])
def test_A05_a_password_counts_byte_by_byte(hub, password):
    name = "pw-%d" % (abs(hash(password)) % 10**9)
    hub.account(name, password)
    assert knock(hub, basic(name, password)).status_code == IN
    wrong = [password.strip(), password + " ", password[:-1], password.upper(), password + "\n"]
    import unicodedata
    wrong.append(unicodedata.normalize("NFD", password))
    for other in wrong:
        if other != password:
            assert knock(hub, basic(name, other)).status_code == 401, other


def test_A06_a_huge_password_is_refused_without_harm(hub, alice):
    for size in (1025, 6000, 1 << 20):
        got = hub.ask(PROTECTED, "POST", ["Authorization: " + basic("alice", "x" * size)])
        assert got.status in (400, 401, 431), got


def test_A07_two_authorization_headers_are_refused(hub, alice):
    one = "Authorization: " + basic(*hub.admin)
    for pair in ([one, one], [one, "Authorization: " + basic("alice", "wrong")],
                 ["Authorization: " + basic("alice", "wrong"), one]):
        assert hub.ask(PROTECTED, "POST", pair).status == 400


def test_wrong_credentials_are_401_even_where_none_would_have_done(hub):
    assert hub.get("/repositories").status_code == 200
    for header in (basic("alice", "wrong"), basic("x", "y"), "Bearer abc", "Basic"):
        for path in ("/", "/info", "/repositories", "/repositories/x", "/no/such/path"):
            got = hub.get(path, headers={"Authorization": header})
            assert got.status_code == 401, (path, header)


# ---------------------------------------------------------------- limits

LIMITS = {"auth.fails_account": 10, "auth.fails_account_s": 600, "auth.fails_network": 30,
          "auth.fails_network_s": 180}


def fail_from(hub, source, user, password="wrong horse"):
    return hub.ask(PROTECTED, "POST", ["Authorization: " + basic(user, password)], source=source)


@pytest.fixture(scope="module")
def strict():
    with running(LIMITS) as one:
        one.account("victim", "correct horse")
        one.account("other", "correct horse")
        yield one


def test_A08_the_eleventh_failure_of_one_account_is_429(strict):
    codes = [fail_from(strict, "127.0.%d.1" % (i + 10), "victim").status for i in range(11)]
    assert codes == [401] * 10 + [429]
    refused = fail_from(strict, "127.0.30.1", "victim")
    assert refused.status == 429
    assert int(refused.header("Retry-After")) > 0
    # others are not held up, and neither are readers
    assert fail_from(strict, "127.0.31.1", "other", "correct horse").status == IN
    assert strict.get("/repositories").status_code == 200


def test_A09_the_limit_is_shared_by_all_workers_and_survives_their_restart(strict):
    for i in range(10):
        fail_from(strict, "127.0.%d.1" % (100 + i), "victim")
    assert fail_from(strict, "127.0.32.1", "victim").status == 429
    strict.restart()
    codes = {fail_from(strict, "127.0.%d.1" % (40 + i), "victim").status for i in range(8)}
    assert codes == {429}


def test_A08_the_31st_failure_of_one_network_is_429(strict):
    codes = [fail_from(strict, "127.7.7.%d" % (i + 1), "stranger-%d" % i).status for i in range(31)]
    assert codes == [401] * 30 + [429]
    assert fail_from(strict, "127.7.7.200", "other", "correct horse").status in (IN, 429)
    assert fail_from(strict, "127.7.8.1", "other", "correct horse").status == IN


def test_A08_an_attacker_cannot_lock_the_victim_out_for_good(strict):
    for i in range(12):
        fail_from(strict, "127.0.%d.1" % (60 + i), "other")
    # the seconds pass
    strict.sql("UPDATE hub.auth_failure SET at = at - interval '601 s'")
    assert fail_from(strict, "127.0.90.1", "other", "correct horse").status == IN


def test_A10_a_flood_of_wrong_passwords_leaves_reads_alone(hub, alice):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        wrong = [pool.submit(knock, hub, basic("alice", "wrong %d" % i)) for i in range(32)]
        for _ in range(20):
            assert hub.get("/repositories").status_code == 200
        codes = {one.result().status_code for one in wrong}
    assert codes <= {401, 503} and 401 in codes


# ---------------------------------------------------------------- tokens and changes

def test_A11_a_token_is_right_to_the_last_character(hub, alice):
    token = hub.new_token("alice")
    assert len(token) == 40 and set(token) <= set("0123456789abcdef")
    for header in (basic(token, ""), basic("", token), basic("alice", token), basic(token, "x"),
                   "Bearer " + token, "bearer " + token):
        assert knock(hub, header).status_code == IN, header
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    for bad in (changed, token[:-1], token + "0", token.upper(), " " + token, token[::-1]):
        if bad != token:
            assert knock(hub, basic(bad, "")).status_code == 401, bad
            assert knock(hub, basic("alice", bad)).status_code == 401, bad


def test_A11_a_revoked_token_and_one_of_a_disabled_user_are_dead_at_once(hub):
    for change in ("DELETE FROM hub.token WHERE prefix = '%s'",
                   "UPDATE hub.token SET expires_at = now() WHERE prefix = '%s'",
                   "UPDATE hub.account SET active = false WHERE id ="
                   " (SELECT account_id FROM hub.token WHERE prefix = '%s')"):
        hub.account("t%d" % len(change))
        token = hub.new_token("t%d" % len(change))
        for _ in range(4):
            assert knock(hub, "Bearer " + token).status_code == IN
        hub.sql(change % token[:6])
        for _ in range(4):
            assert knock(hub, "Bearer " + token).status_code == 401


def test_A12_tokens_and_passwords_are_not_in_the_database(hub, alice):
    token = hub.new_token("alice")
    knock(hub, "Bearer " + token)
    dump = hub.dump()
    for secret in (token, "correct horse", *hub.canaries):
        assert secret not in dump
    hashes = hub.sql("SELECT password_hash FROM hub.account WHERE uname = 'alice'")
    assert hashes[0]["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_A13_a_token_for_reading_does_not_write(hub, alice):
    hub.add("https://unreachable.invalid/a13/open.git", sync=False)
    hub.sql("UPDATE hub.project SET owner_account_id = (SELECT id FROM hub.account WHERE uname ="
            " 'alice') WHERE path = 'a13-open'")
    token = hub.new_token("alice")
    hub.sql("UPDATE hub.token SET scope = 1 WHERE prefix = %s", token[:6])
    auth = {"Authorization": "Bearer " + token}
    assert hub.get("/repositories/a13-open", headers=auth).status_code == 200
    for method, path in (("PUT", "/repositories/a13-open"), ("DELETE", "/repositories/a13-open"),
                         ("POST", "/repositories")):
        got = hub.request(method, path, headers=auth,
                          data={"url": "https://unreachable.invalid/a13/new.git", "clone": "false"}
                          if method == "POST" else None)
        assert got.status_code == 403, (method, got.text)
    assert hub.get("/repositories/a13-open").status_code == 200
    assert hub.get("/repositories/a13-new").status_code == 404


def test_A14_a_new_password_ends_the_old_one_in_every_worker(hub):
    hub.account("changer", "the old password")
    for _ in range(8):  # remembered by whoever answers
        assert knock(hub, basic("changer", "the old password")).status_code == IN
    hub.set_password("changer", "the new password")
    codes = {knock(hub, basic("changer", "the old password")).status_code for _ in range(8)}
    assert codes == {401}
    assert knock(hub, basic("changer", "the new password")).status_code == IN


def test_A14_the_same_password_set_anew_goes_on_working(hub):
    hub.account("nora", "correct horse")
    assert knock(hub, basic("nora", "correct horse")).status_code == IN
    hub.psql("-c", "SELECT admin.set_password('nora', 'another horse')")
    assert knock(hub, basic("nora", "correct horse")).status_code == 401
    hub.psql("-c", "SELECT admin.set_password('nora', 'correct horse')")
    for method in ("GET", "POST", "PATCH"):
        for path in ("/repositories", "/repositories/nope", "/nothing/here"):
            got = hub.request(method, path, ("nora", "correct horse"))
            assert got.status_code in (200, IN, 404, 405)


def test_A15_a_disabled_account_is_out_at_once(hub):
    hub.account("leaver", "a good password")
    for _ in range(4):
        assert knock(hub, basic("leaver", "a good password")).status_code == IN
    hub.sql("UPDATE hub.account SET active = false WHERE uname = 'leaver'")
    assert {knock(hub, basic("leaver", "a good password")).status_code for _ in range(8)} == {401}


def test_A16_the_first_administrator_has_a_random_password_of_his_own(hub, strict):
    assert hub.password != strict.password and hub.token != strict.token
    assert len(hub.password) >= 16
    rows = hub.sql("SELECT uname FROM hub.account WHERE role = 'admin'")
    assert [r["uname"] for r in rows] == [hub.user]
    for user, password in (("admin", "admin"), ("admin", ""), ("postgres", ""), ("hpr", "p@ssw0rd")):
        assert knock(hub, basic(user, password)).status_code == 401


# ----------------------------------------------------------------

def test_A17_tokens_in_the_query_are_no_credentials_here_and_never_logged(hub):
    token = hub.new_token(hub.user)
    hub.hide(token)
    for query in ("authentication_token=", "api_key=", "access_token=", "token=", "private_token="):
        assert hub.request("POST", PROTECTED + "?" + query + token).status_code == 401
        assert hub.get("/repositories?" + query + token).status_code == 200
    got = hub.get("/repositories", headers={"Referer": hub.url + "/?api_key=" + token})
    assert got.headers["Referrer-Policy"] == "no-referrer"
    # hub.end() looks for the token in every log


def test_M12_a_token_is_masked_in_the_log_however_many_came_before(hub):
    token = hub.new_token(hub.user)
    hub.hide(token)
    for n in range(120):  # each process remembers eight
        hub.get("/repositories", headers={"Authorization": "Bearer %040d" % n})
    for _ in range(12):  # whichever process it is
        got = hub.post("/repositories", {"url": "https://h/a", "name": "/" + token}, auth=(token, ""))
        assert got.status_code == 400 and token in got.text
    wait_until(lambda: "Invalid name: /***" in hub.logs("fcgi-api"), 60, "it is logged")


@pytest.mark.parametrize("header", [
    "X-Authorized-User: admin", "Remote-User: admin", "X-Forwarded-User: admin",
    "X-Remote-User: admin", "Remote_User: admin", "X-Forwarded-For: 10.0.0.1",
    "X-Real-IP: 10.0.0.1", "Forwarded: for=10.0.0.1"])
def test_A18_nobody_becomes_somebody_by_a_header(hub, header):
    assert hub.ask(PROTECTED, "POST", [header]).status == 401
    marker = "a18-%d" % time.monotonic_ns()
    hub.ask("/repositories/" + marker, "GET", [header, "X-Request-Id: " + marker])
    lines = wait_until(lambda: [line for line in hub.log_lines() if line.get("id") == marker], 60,
                       "the request is logged")
    assert "10.0.0.1" not in json.dumps(lines) and "admin" not in json.dumps(lines)


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$$",
                                    "$argon2id$v=19$m=4000000000,t=99,p=1$YWJjZGVmZ2g$YWJj",
                                    "plain text", "*", "!", "$6$", "$unknown$abc$def", "{SHA}x"])
def test_A20_a_broken_hash_fits_nothing(hub, stored):
    name = "a20-%d" % (abs(hash(stored)) % 10**9)
    hub.account(name)
    hub.sql("UPDATE hub.account SET password_hash = %s, password_version = password_version + 1"
            " WHERE uname = %s", stored, name)
    for password in ("", stored, "x", "secret-of-" + name):
        assert knock(hub, basic(name, password)).status_code == 401


