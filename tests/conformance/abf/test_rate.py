"""Contract abf.md 1.8: the limit on requests. The facts that its source pins are for a limit of 3."""

import base64
import time

import pytest

from fixtures.run import wait_until

HUB_CONF = {"abf.rate_limit": 3, "abf.rate_exempt": "127.9.0.0/16 127.8.0.1"}

ARCHES = "/api/v1/arches.json"
OVER = b'{"message":"403 Forbidden | Rate Limit Exceeded"}'


def basic(auth):
    return "Authorization: Basic " + base64.b64encode(":".join(auth).encode()).decode()


class Client:
    """Somebody at an address of his own."""

    last = 0

    def __init__(self, hub, address=None):
        if address is None:
            Client.last += 1
            address = "127.1.%d.%d" % (Client.last // 250, 1 + Client.last % 250)
        self.hub, self.address = hub, address

    def ask(self, auth=None, target=ARCHES, method="GET", headers=(), body=b""):
        headers = list(headers) + ([basic(auth)] if auth else [])
        return self.hub.ask(target, method, headers, body, source=self.address)

    def left(self, *args, **kw):
        """(status, how many are left)."""
        got = self.ask(*args, **kw)
        left = got.header("X-RateLimit-Remaining")
        if left is not None:
            assert got.header("X-RateLimit-Limit") == "3"
        return got.status, None if left is None else int(left)


@pytest.fixture
def client(hub):
    """A function that gives clients. Towards the end of an hour it waits for the next one."""
    if time.time() % 3600 > 3600 - 30:
        hour = time.time() // 3600
        wait_until(lambda: time.time() // 3600 > hour, 90)
    return lambda address=None: Client(hub, address)


def test_an_address_has_its_requests_and_then_403(client):
    one = client()
    assert [one.left() for _ in range(3)] == [(200, 2), (200, 1), (200, 0)]
    for _ in range(2):
        got = one.ask()
        assert (got.status, got.body) == (403, OVER)
        assert got.header("X-RateLimit-Remaining") == "0"
        assert got.header("Retry-After") is None
        assert got.header("Cache-Control") == "no-cache"
    assert client().left() == (200, 2)


def test_who_logs_in_is_judged_by_his_account_but_spends_his_address(hub, client):
    jane, one = hub.account("jane"), client()
    assert one.left(jane) == (200, 2)
    assert one.left() == (200, 1)
    assert one.left() == (200, 0)
    assert one.left() == (403, 0)
    assert one.left(jane) == (200, 1)


def test_accounts_do_not_share(hub, client):
    ann, ben, one = hub.account("ann"), hub.account("ben"), client()
    for status in (200, 200, 200, 403):
        assert one.left(ann)[0] == status
    assert client().left(ann) == (403, 0)
    assert one.left(ben) == (200, 2)


def test_uname_e_mail_and_token_count_on_the_same_account(hub, client):
    hub.account("tom", "a password")
    hub.sql("UPDATE hub.account SET email = 'tom@example.org' WHERE uname = 'tom'")
    token = hub.new_token("tom")
    assert client().left(("TOM", "a password")) == (200, 2)
    assert client().left(("tom@example.org", "a password")) == (200, 1)
    assert client().left((token, "")) == (200, 0)
    assert client().left(target=ARCHES + "?authentication_token=" + token) == (403, 0)


def test_wrong_credentials_count_on_the_address(hub, client):
    one = client()
    assert one.left(("nobody", "x")) == (401, 2)
    assert one.left(("0" * 40, "x")) == (401, 1)
    assert one.left(target=ARCHES + "?authentication_token=x") == (401, 0)
    assert one.left(("nobody", "x")) == (403, 0)
    assert one.left() == (403, 0)


@pytest.mark.parametrize("target,method,status", [
    ("/api/v1/nothing", "GET", 404), ("/api/v1", "GET", 404), (ARCHES, "PUT", 405),
    (ARCHES, "OPTIONS", 204), (ARCHES, "HEAD", 200), ("/api/v1/user", "GET", 401),
    ("/api/v1/user", "PUT", 401), (ARCHES + "?x=%zz", "GET", 400), ("/api/v1/%ff", "GET", 400),
    ("/api/v1/repositories/7/packages.csv", "GET", 401)])
def test_whatever_is_asked_counts(client, target, method, status):
    one = client()
    assert [one.left(target=target, method=method) for _ in range(3)] == \
        [(status, 2), (status, 1), (status, 0)]
    assert one.left(target=target, method=method) == (403, 0)


def test_the_refusal_does_not_tell_whether_there_is_something(hub, client):
    eve = hub.account("eve")
    for target in (ARCHES, "/api/v1/user", "/api/v1/nothing"):
        client().ask(eve, target)
    bodies = {client().ask(eve, target).body for target in (
        ARCHES, "/api/v1/nothing", "/api/v1/repositories/1/key_pair", "/api/v1/users/1")}
    assert bodies == {OVER}


def test_nothing_is_changed_once_it_is_too_much(hub, client):
    kim, one = hub.account("kim"), client()
    put = {"target": "/api/v1/user.json", "method": "PUT",
           "headers": ["Content-Type: application/json"]}
    for i in range(5):
        one.ask(kim, body=b'{"company":"%d"}' % i, **put)
    assert hub.one("SELECT company FROM hub.account WHERE uname = 'kim'") == "2"


def test_a_304_counts_and_says_so(client):
    one = client()
    tag = one.ask().header("ETag")
    assert one.left(headers=["If-None-Match: " + tag]) == (304, 1)


def test_system_accounts_and_exempt_addresses_have_no_limit(hub, client):
    robot = hub.account("robot", role="system")
    one = client()
    assert {one.left(robot) for _ in range(5)} == {(200, None)}
    for address in ("127.9.3.4", "127.8.0.1"):
        assert {client(address).left() for _ in range(5)} == {(200, None)}
    assert client("127.8.0.2").left() == (200, 2)


def test_other_doors_have_no_limit(client):
    one = client()
    assert {one.left(target="/repositories") for _ in range(5)} == {(200, None)}


def test_all_processes_count_together(client):
    one = client()
    assert sorted(one.left()[1] for _ in range(8)) == [0, 0, 0, 0, 0, 0, 1, 2]


def test_no_limit_at_all(fresh_hub):
    hub = fresh_hub({"abf.rate_limit": 0})
    got = hub.get(ARCHES)
    assert got.status_code == 200 and "X-RateLimit-Limit" not in got.headers
