"""checklists/security.md, group J: JSON bodies that parsers disagree about, through POST
/repositories. hpr answers 400 to all of them (contract A3.3, no. 1)."""

import json

import pytest

URL = "https://unreachable.invalid/j/%s.git"


def post(hub, body, kind="application/json", path="/repositories"):
    body = body.encode() if isinstance(body, str) else body
    return hub.post(path, body, headers={"Content-Type": kind} if kind else {})


def body(**more):
    return json.dumps({"url": URL % "x", "clone": "false", **more})


@pytest.fixture
def unchanged(hub):
    """Nothing is made by what is refused."""
    before = hub.get("/repositories").json()["total"]
    yield hub
    assert hub.get("/repositories").json()["total"] == before


def nested(depth):
    """url's document with an unknown member of so many levels in all."""
    return '{"url":"%s","clone":"false","x":%s}' % (URL % "n", "[" * (depth - 1) + "]" * (depth - 1))


GOOD = body()
WRAP = '{"url":"%s","clone":"false","name":%%s}' % (URL % "x")

REFUSED = {
    "J-01 seventeen levels": nested(17),
    "J-01 a hundred thousand levels": "[" * 30000 + "]" * 30000,
    "J-03 the same key twice": '{"url":"https://a/b/c","url":"https://a/b/d","clone":"false"}',
    "J-03 the same key twice, escaped": '{"url":"https://a/b/c","\\u0075rl":"https://a/b/d"}',
    "J-04 a key with an escaped NUL": '{"url\\u0000x":"https://a/b/c","clone":"false"}',
    "J-05 a value with an escaped NUL": WRAP % '"a\\u0000b"',
    "J-06 a raw NUL": (WRAP % '"a\0b"'),
    "J-06 a NUL behind": GOOD + "\0",
    "J-07 a raw control byte": WRAP % '"a\x01b"',
    "J-07 a raw line end": WRAP % '"a\nb"',
    "J-08 NaN": WRAP % "NaN",
    "J-08 Infinity": WRAP % "Infinity",
    "J-08 -Infinity": WRAP % "-Infinity",
    "J-09 1e999": WRAP % "1e999",
    "J-10 too large a number": WRAP % "99999999999999999999",
    "J-10 too small a number": WRAP % "-99999999999999999999",
    "J-11 a fraction for a text": WRAP % "3.9",
    "J-11 an object for a text": WRAP % '{"a":1}',
    "J-13 overlong UTF-8": b'{"url":"https://a/b/c\xc0\xaf","clone":"false"}',
    "J-13 surrogate bytes": b'{"url":"https://a/b/c\xed\xa0\x80","clone":"false"}',
    "J-14 FF FE": b'{"url":"https://a/b/c\xff\xfe","clone":"false"}',
    "J-15 a lone surrogate": WRAP % '"a\\ud800"',
    "J-15 surrogates in the wrong order": WRAP % '"\\udc00\\ud800"',
    "J-16 BOM": b"\xef\xbb\xbf" + GOOD.encode(),
    "J-16 bytes behind": GOOD + "x",
    "J-16 two documents": GOOD + GOOD,
    "J-16 single quotes": GOOD.replace('"', "'"),
    "J-16 a comment": "/* */" + GOOD,
    "J-16 a comma too many": GOOD[:-1] + ",}",
    "J-16 TRUE": WRAP % "TRUE",
    "J-16 a number with a zero in front": WRAP % "012",
    "J-16 a number with a plus": WRAP % "+1",
    "J-16 an unknown escape": WRAP % '"\\x41"',
    "J-17 blanks only": "   \n\t ",
    "J-17 cut": GOOD[:-10],
    "J-17 cut in a text": '{"url":"http',
    "J-17 cut in an escape": '{"url":"\\u00',
    "J-18 a text": '"https://a/b/c"',
    "J-18 a number": "12",
    "J-18 null": "null",
    "J-18 an array": "[%s]" % GOOD,
    "J-19 too many keys": "{%s}" % ",".join('"k%d":1' % i for i in range(5000)),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_body_that_parsers_disagree_about_is_400(unchanged, text):
    got = post(unchanged, text)
    assert got.status_code == 400, got.text
    assert list(got.json()) == ["message"]
    got = post(unchanged, text, path="/repositores")
    assert (got.status_code, got.text) == (400, "false")


def test_J01_sixteen_levels_are_fine(hub):
    """Unknown members of a body are either ignored or refused by name, not for their depth."""
    got = post(hub, nested(16))
    assert got.status_code in (201, 400, 422)
    assert "nest" not in got.text and "deep" not in got.text


def test_J02_a_body_over_the_limit_is_413_before_it_is_parsed(unchanged):
    got = post(unchanged, "[" * ((1 << 16) + 1))
    assert got.status_code == 413
    assert post(unchanged, " " * ((1 << 20) + 1)).status_code == 413


def test_J17_an_empty_body_is_a_missing_url(unchanged):
    assert post(unchanged, "").status_code == 400


def test_J20_a_long_value_is_not_repeated_in_the_answer(unchanged):
    got = post(unchanged, body(name="n" * 60000))
    assert got.status_code == 400
    assert len(got.text) < 1000 and len(str(got.headers)) < 3000


@pytest.mark.parametrize("kind", [None, "text/plain", "application/octet-stream", "text/json",
                                  "application/json;charset=utf-16", "application/xml",
                                  "multipart/form-data", "multipart/form-data; boundary=",
                                  "application/jsonp", "nonsense"])
def test_J21_a_body_of_an_unknown_kind_makes_nothing(unchanged, kind):
    got = post(unchanged, body(), kind)
    assert got.status_code in (400, 415), got.text


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8",
                                  "APPLICATION/JSON", "application/json;charset=UTF-8"])
def test_J21_the_kinds_of_JSON_are_taken(hub, kind):
    name = "kind-%d" % (abs(hash(kind)) % 10**6)
    assert post(hub, body(name=name), kind).status_code == 201
    assert hub.delete("/repositories/" + name).status_code == 200


def test_J22_answers_are_UTF8_without_escaped_slashes(hub):
    assert post(hub, body(name="slashes")).status_code == 201
    got = hub.get("/repositories/slashes")
    assert "\\/" not in got.text and not got.text.endswith("\n")
    got.content.decode("utf-8")
    got = hub.get("/repositories/%e2%80%a8%3c%2fscript%3e%22")
    assert got.status_code == 404
    assert "\u2028" not in got.text or got.json()
    assert got.headers["Content-Type"] == "application/json"


def test_J23_numbers_are_written_short(hub):
    text = hub.get("/info").text
    assert not any(len(word) > 12 for word in
                   "".join(c if c.isdigit() or c == "." else " " for c in text).split())


def test_J25_every_mutant_of_a_good_body_is_answered_below_500(hub):
    values = [None, True, False, 0, -1, 2**63, 1.5, "", " ", "x" * 3000, [], {}, [[]], {"a": {}},
              "\u0000", "\ud7ff", "../..", "%00", "\r\n", "https://", "http://[", "http://a:b:c/d",
              "ssh://", "git@", ":", "a:", "@:", "http://%/x", "http://a/%", "//", "http:///x/y",
              "https://h:99999/a/b", "https://h:-1/a/b", "https://[::1/a/b", "https://\u00e4/a/b"]
    keys = ["url", "name", "clone", "create", "mirror_only", "unknown", "id", "owner_id", "__proto__"]
    for key in keys:
        for value in values:
            made = {"url": URL % "mutant", "clone": "false", "name": "mutant"}
            made[key] = value
            got = hub.post("/repositories", json=made)
            assert got.status_code < 500, (key, value, got.text)
            if got.status_code == 201:
                for one in hub.get("/repositories").json()["data"]:
                    hub.delete("/repositories/" + one["name"])


def test_Z08_what_a_body_may_not_set_is_not_set(hub):
    got = hub.post("/repositories", json={
        "url": URL % "mass", "clone": "false", "id": 77777, "owner_id": 1, "owner_account_id": 99,
        "created_at": "1999-01-01", "mirror_url": "https://evil.example", "status": "pushing",
        "default_access": 3, "is_admin": True, "latest_version": "v9"})
    assert got.status_code in (201, 400, 422)
    if got.status_code == 201:
        row = hub.row("SELECT * FROM hub.project WHERE path = 'j-mass'")
        assert row["id"] != 77777 and row["created_at"].year > 2000 and row["default_access"] == 1
        one = hub.show("j-mass")
        assert one["mirror_url"] == hub.url + "/j-mass.git"
        assert (one["status"], one["latest_version"]) == ("idle", "")
