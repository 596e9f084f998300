"""checklists/security.md, group P: requests as no well-behaved client sends them, through nginx.

Not here: P-29's limit of 100 parameters, P-30 to P-31 (no redirects and no file names yet), P-32
(FastCGI records: the fuzz targets)."""

import base64
import json
import re

import pytest

from fixtures.repos import simple
from fixtures.run import wait_until

FIXED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


@pytest.fixture(scope="module")
def repo(hub):
    """One repository, r, that everybody may read."""
    return hub.add("https://unreachable.invalid/p/r.git", "r", sync=False)


def looks_like_r(answer):
    return b'"name":"r"' in answer.body


def is_clean(hub, answer, *statuses):
    """One of the statuses, in one piece, JSON (or empty), nothing of the inside told."""
    assert answer.status in statuses, answer
    if answer.body and answer.header("Content-Type") == "application/json":
        json.loads(answer.body)
    for word in (b"nginx/", b"/tmp/", b"SELECT", b"libpq", b".c:"):
        assert word not in answer.data
    for key, value in FIXED.items():
        assert answer.header(key) == value, (key, answer)


# ---------------------------------------------------------------- the target

@pytest.mark.parametrize("target", ["/a/../../x", "/%2e%2e/%2e%2e/x", "/../etc/passwd", "/..", "/%2e%2e"])
def test_P01_above_the_root_there_is_nothing(hub, target):
    is_clean(hub, hub.ask(target), 400, 404)


@pytest.mark.parametrize("target", [
    "/repositories/x/../r", "/repositories/./r", "/repositories/../repositories/r",
    "/x/../repositories/r", "/repositories/%2e/r", "/repositories/x/%2e%2e/r",
    "/./repositories/r", "/repositories/r/.", "/repositories/r/x/.."])
def test_P02_dots_are_not_resolved(hub, repo, target):
    got = hub.ask(target)
    is_clean(hub, got, 404)
    assert not looks_like_r(got)


@pytest.mark.parametrize("target", ["/repositories%2fr", "/repositories/a%2fr", "/repositories/r%2f",
                                    "/repositories/%2fr", "/repositories/r%2fstatus"])
def test_P03_an_escaped_slash_divides_nothing(hub, repo, target):
    is_clean(hub, hub.ask(target), 404)


@pytest.mark.parametrize("target", ["/repositories/%2572", "/repositories/%252e%252e",
                                    "/%2572epositories/r", "/repositories/r%2500"])
def test_P04_escapes_are_decoded_once(hub, repo, target):
    is_clean(hub, hub.ask(target), 404)


def test_P04_an_escaped_letter_is_the_letter(hub, repo):
    assert looks_like_r(hub.ask("/repositories/%72"))


def test_P05_NUL_is_refused(hub):
    for target in ("/repositories/r%00", "/%00", "/repositories%00/r", "/" + "%00" * 40, "/-/%00",
                   "/r/blob/main/%00", "/api/repos/%00"):
        is_clean(hub, hub.ask(target), 400)
        for method in ("HEAD", "POST"):
            got = hub.ask(target, method=method)
            assert got.status in ((400,) if method == "HEAD" else (400, 401, 403, 405)), (method, target, got)


@pytest.mark.parametrize("target", ["/repositories/r%0d%0aX-Evil:%201", "/r%0d%0a%0d%0a<html>",
                                    "/repositories/%0aSet-Cookie:x=1", "/info%0d"])
def test_P06_line_ends_in_the_path_reach_no_header(hub, repo, target):
    got = hub.ask(target)
    is_clean(hub, got, 404)
    head = got.data.partition(b"\r\n\r\n")[0]
    assert b"Evil" not in head and b"Set-Cookie" not in head
    assert b"<html>" not in got.body


@pytest.mark.parametrize("target", [b"/repositories/%c0%ae", b"/repositories/%ff", b"/repositories/\xff",
                                    b"/repositories/%ed%a0%80", b"/repositories/%f5%80%80%80"])
def test_P07_what_is_not_UTF8_is_refused(hub, target):
    is_clean(hub, hub.ask(target), 400, 404)


@pytest.mark.parametrize("target", [
    "/repositories/..\\r", "/repositories/r;x=1", "//repositories/r", "/repositories//r",
    "/repositories/r.", "/repositories/r%20", "/repositories/%20r", "/repositories/r%09",
    "/repositories/" + "r" * 4096, "/repositories/r/", "/Repositories/r", "/repositories/r%23",
    "/repositories/r%3f", "/repositories/r+", "/repositories/r*"])
def test_P08_there_are_no_other_spellings_of_a_name(hub, repo, target):
    got = hub.ask(target)
    if target.endswith("r/"):
        assert looks_like_r(got)  # the one that hpr allows
        return
    is_clean(hub, got, 404)
    assert not looks_like_r(got)


@pytest.mark.parametrize("target", ["/repositories/%zz", "/repositories/%2", "/%", "/%%", "/a%u0041"])
def test_P09_broken_escapes_are_refused(hub, target):
    is_clean(hub, hub.ask(target), 400)


@pytest.mark.parametrize("target", ["/repositories/a b", "/repositories/a\tb", "/repositories/a\x01b",
                                    "/repositories/a\x7fb\x02"])
def test_P10_blanks_and_control_bytes_in_the_target_are_refused(hub, target):
    assert hub.ask(target).status in (400, 404, 505)


def test_P11_too_much_is_refused(hub):
    assert hub.ask("/" + "a" * 9000).status == 414
    assert hub.ask("/", headers=["X-A: " + "a" * 9000]).status == 400
    assert hub.ask("/", headers=["X-%d: %s" % (i, "a" * 7000) for i in range(6)]).status == 400
    assert hub.ask("/", headers=["X-%d: %s" % (i, "a" * 100) for i in range(1000)]).status == 400
    assert hub.ask("/").status == 200


# ---------------------------------------------------------------- the method

@pytest.mark.parametrize("method, status", [
    ("get", 400), ("FOO", 405), ("TRACE", 405), ("CONNECT", (400, 405)), ("PROPFIND", 405),
    ("G ET", 400), ("PATCH", 405)])
def test_P12_unknown_methods_are_refused(hub, method, status):
    got = hub.ask("/repositories", method)
    is_clean(hub, got, *(status if isinstance(status, tuple) else (status,)))
    if method in ("FOO", "PATCH", "PROPFIND"):
        assert got.header("Allow") == "GET, HEAD, OPTIONS, POST"


def test_P12_OPTIONS_of_everything_is_refused(hub):
    assert hub.ask("*", "OPTIONS").status == 400


@pytest.mark.parametrize("path", ["/", "/info", "/repositories", "/repositories/r", "/repositories/no",
                                  "/repositories/search?q=r", "/info/busy", "/no/such", "/healthz"])
def test_P13_HEAD_is_GET_without_a_body(hub, repo, path):
    get, head = hub.ask(path), hub.ask(path, "HEAD")
    assert head.status == get.status and head.body == b""
    ours = [(k, v) for k, v in get.headers if k not in ("Date", "X-Request-Id", "Content-Length")]
    assert [(k, v) for k, v in head.headers
            if k not in ("Date", "X-Request-Id", "Content-Length")] == ours
    if path != "/info":  # its numbers move
        assert head.header("Content-Length") == get.header("Content-Length") == str(len(get.body))


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE",
                                    "X-Method-Override: DELETE", "X-Original-URL: /info",
                                    "X-Rewrite-URL: /info"])
def test_P14_and_Z14_headers_change_neither_method_nor_path(hub, repo, header):
    for method in ("GET", "POST"):
        auth = "Authorization: Basic " + base64.b64encode(
            ("%s:%s" % hub.admin).encode()).decode()
        hub.ask("/repositories/r", method, [header, auth])
    assert looks_like_r(hub.ask("/repositories/r", headers=[header]))
    got = hub.post("/repositories/r", {"_method": "DELETE"})
    assert got.status_code == 405 or got.status_code == 200  # documented for form bodies by hpr
    if got.status_code == 200:
        hub.add("https://unreachable.invalid/p/r.git", "r", sync=False)
    got = hub.post("/repositories/r?_method=DELETE", json={"_method": "DELETE"})
    assert got.status_code == 405
    assert hub.get("/repositories/r").status_code == 200


def test_P15_a_Proxy_header_reaches_nobody(hub, upstream, repo):
    simple(upstream.folder / "p15.git")
    auth = "Authorization: Basic " + base64.b64encode(
        ("%s:%s" % hub.admin).encode()).decode()
    body = "url=%s&name=p15" % upstream.url("p15.git")
    got = hub.ask("/repositories", "POST", [
        "Proxy: http://127.0.0.1:9/", auth, "Content-Type: application/x-www-form-urlencoded"], body)
    assert got.status == 201
    assert hub.wait_run("p15")["outcome"] == "changed"
    for pid in hub.processes():
        try:
            with open("/proc/%d/environ" % pid, "rb") as file:
                assert b"PROXY" not in file.read().upper()
        except FileNotFoundError:
            pass


# ---------------------------------------------------------------- Host and headers

def test_P16_a_request_has_one_good_Host(hub):
    for lines in ("", "Host: a\r\nHost: b\r\n", "Host: a/../b\r\n", "Host: \r\n" * 2):
        got = hub.raw("GET / HTTP/1.1\r\n" + lines + "Connection: close\r\n\r\n")
        assert got.status == 400, (lines, got)


@pytest.mark.parametrize("host", ["evil.example", "a\"><script>", "127.0.0.1:99999999", "evil:80",
                                  "127.0.0.1.evil.example"])
def test_P17_an_unknown_Host_is_refused_and_never_echoed(hub, repo, host):
    got = hub.raw("GET /repositories/r HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host)
    assert got.status in (400, 421, 200), got
    assert b"evil" not in got.data and b"script" not in got.data
    if got.status == 200:
        assert json.loads(got.body)["mirror_url"].startswith(hub.url + "/")


def test_P17_an_absolute_target_with_another_host_is_no_way_around(hub, repo):
    got = hub.raw("GET http://evil.example/repositories/r HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                  "Connection: close\r\n\r\n" % hub.port)
    assert got.status in (400, 404, 421)
    assert b"evil" not in got.data


def test_P17_links_come_from_the_settings(hub, repo):
    got = hub.get("/repositories/r", headers={"Host": "localhost:%d" % hub.port})
    assert got.status_code in (200, 421)
    if got.status_code == 200:
        assert got.json()["mirror_url"] == hub.url + "/r.git"


def test_P18_a_header_with_an_underscore_is_none(hub):
    auth = base64.b64encode(("%s:%s" % hub.admin).encode()).decode()
    assert hub.ask("/repositories", "POST", ["Authorization_: Basic " + auth]).status == 401
    assert hub.ask("/repositories", "POST", ["HTTP_AUTHORIZATION: Basic " + auth]).status == 401


@pytest.mark.parametrize("line", [b"Host : x", b"X-A: 1\r\n folded", b"X-A: a\0b", b"X-A: a\rX-B: b",
                                  b"Authorization : Basic YTpi", b": empty", b"no colon at all"])
def test_P19_broken_headers_do_no_harm(hub, line):
    assert hub.ask("/", headers=[line]).status in (200, 400)


def test_P20_line_ends_may_be_bare(hub, repo):
    got = hub.raw("GET /repositories/r HTTP/1.1\nHost: 127.0.0.1:%d\nConnection: close\n\n" % hub.port)
    assert looks_like_r(got)


def test_P21_of_two_equal_headers_none_are_joined(hub):
    got = hub.ask("/", headers=["X-Request-Id: first-id-1", "X-Request-Id: second-id-2"])
    assert got.status == 200
    assert got.header("X-Request-Id") != "first-id-1, second-id-2"


# ---------------------------------------------------------------- bodies

def form(hub, *headers, body=b"", target="/repositories"):
    auth = base64.b64encode(("%s:%s" % hub.admin).encode())
    head = [b"POST " + target.encode() + b" HTTP/1.1", b"Host: 127.0.0.1:%d" % hub.port,
            b"Authorization: Basic " + auth, b"Content-Type: application/x-www-form-urlencoded",
            b"Connection: close", *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def count(hub):
    return hub.one("SELECT count(*) FROM hub.project")


@pytest.mark.parametrize("headers", [
    [b"Content-Length: 5", b"Content-Length: 6"], [b"Content-Length: 5, 5"], [b"Content-Length: +3"],
    [b"Content-Length: -1"], [b"Content-Length: 0x5"], [b"Content-Length: 99999999999999999999"],
    [b"Content-Length: 5 5"], [b"Content-Length: "]])
def test_P22_a_broken_length_is_refused(hub, headers):
    before = count(hub)
    assert hub.raw(form(hub, *headers, body=b"a=b&c")).status == 400
    assert count(hub) == before


@pytest.mark.parametrize("headers, body, statuses", [
    ([b"Content-Length: 5", b"Transfer-Encoding: chunked"], b"0\r\n\r\n", (400,)),
    ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], b"0\r\n\r\n", (400,)),
    ([b"Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n", (400, 501)),
    ([b"Transfer-Encoding: banana"], b"", (400, 501)),
    ([b"Transfer-Encoding: chunked"], b"zz\r\n", (400,)),
    ([b"Transfer-Encoding: chunked"], b"fffffffffffffffff\r\n", (400, 413)),
    ([b"Transfer-Encoding: chunked"], b"ffffffff\r\n", (400, 413))])
def test_P23_broken_framing_is_refused(hub, headers, body, statuses):
    before = count(hub)
    assert hub.raw(form(hub, *headers, body=body), shut=True).status in statuses + (0,)
    assert count(hub) == before


def test_P23_a_chunked_body_is_a_body(hub):
    body = b"url=https://unreachable.invalid/p/chunked.git&clone=false"
    got = hub.raw(form(hub, b"Transfer-Encoding: chunked",
                       body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)))
    assert (got.status, got.body) == (201, b"true")


def test_P24_a_body_that_is_cut_short_does_nothing(hub):
    before = count(hub)
    body = b"url=https://unreachable.invalid/p/short.git&clone=false"
    got = hub.raw(form(hub, b"Content-Length: %d" % (len(body) + 20), body=body), shut=True)
    assert got.status in (0, 400)
    assert count(hub) == before


def test_P25_more_than_promised_is_not_read_as_a_body(hub):
    body = b"url=https://unreachable.invalid/p/longer.git&clone=false"
    got = hub.raw(form(hub, b"Content-Length: %d" % len(body), body=body + b"&name=other"))
    assert got.status == 201
    assert hub.get("/repositories/p-longer").status_code == 200


def test_P26_too_large_a_body_is_413(hub):
    got = hub.raw(form(hub, b"Content-Length: 70000", body=b"a" * 70000))
    is_clean(hub, got, 413)
    got = hub.raw(form(hub, b"Content-Length: 3000000", body=b"a" * 10))
    is_clean(hub, got, 413)


@pytest.mark.parametrize("data", [b"GET /repositories HTTP/1.2\r\nHost: 127.0.0.1\r\n\r\n",
                                  b"GET /repositories\r\n", b"GET / HTTP/0.9\r\n\r\n",
                                  b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                  b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n\r\n\r\n", b"\0" * 100])
def test_P27_other_protocols_do_no_harm(hub, data):
    hub.raw(data, shut=True)
    assert hub.get("/").status_code == 200


def test_P28_the_body_of_a_GET_is_ignored(hub, repo):
    got = hub.ask("/repositories/r", "GET", body=b"url=x&_method=DELETE")
    assert looks_like_r(got)
    assert hub.get("/repositories/r").status_code == 200


def test_P29_of_two_equal_names_the_first_counts(hub, repo):
    assert hub.get("/repositories?per_page=1&per_page=0").status_code == 200
    assert hub.get("/repositories?per_page=0&per_page=1").status_code == 400
    assert hub.get("/repositories?per_page[]=0&x[y]=1").status_code == 200


def test_P29_an_input_given_twice_is_never_joined(hub):
    got = hub.post("/repositories", [("url", "https://unreachable.invalid/p/twice.git"),
                                     ("url", "https://unreachable.invalid/p/other.git"),
                                     ("clone", "false")])
    assert got.status_code in (201, 400, 422)
    assert hub.get("/repositories/p-other").status_code == 404


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1.evil.example"])
def test_P33_no_other_site_may_read_the_answers(hub, origin):
    for got in (hub.get("/repositories", headers={"Origin": origin}),
                hub.request("OPTIONS", "/repositories", headers={
                    "Origin": origin, "Access-Control-Request-Method": "POST"})):
        assert not [k for k in got.headers if k.lower().startswith("access-control")]


# ---------------------------------------------------------------- every answer

def test_X09_fixed_headers_are_on_every_answer(hub, repo):
    for target, method in (("/", "GET"), ("/repositories/r", "GET"), ("/nope", "GET"),
                           ("/repositories", "PUT"), ("/%zz", "GET"), ("/" + "a" * 9000, "GET")):
        got = hub.ask(target, method)
        for key, value in FIXED.items():
            assert got.header(key) == value, (target, key)
        assert not got.header("X-Powered-By")
        assert not re.search(r"\d", got.header("Server") or "")


def test_S06_a_good_request_id_is_kept_and_another_is_replaced(hub):
    assert hub.get("/", headers={"X-Request-Id": "good-id-1234"}).headers["X-Request-Id"] == \
        "good-id-1234"
    for bad in ("short", "x" * 65, "with blank", "a\"b<c>d{e}"):
        got = hub.get("/", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert got != bad and re.fullmatch(r"[A-Za-z0-9_-]{8,64}", got)


def test_S04_hostile_text_leaves_each_log_line_one_JSON_object(hub):
    for target in ("/repositories/a%0a%7b%22level%22", "/x%1b[2J", "/%22%7d", "/repositories/%e2%80%ae"):
        hub.ask(target, headers=['User-Agent: "}\x1b[31m'])
    lines = [line for line in hub.logs("fcgi-api", "nginx").splitlines() if line.strip()]
    for line in lines:
        assert isinstance(json.loads(line), dict), line
        assert not re.search(r"[\x00-\x1f\x7f]", line)


def test_S05_the_log_tells_the_request_without_its_query(hub):
    hub.get("/repositories?q=secret-in-query", headers={"X-Request-Id": "s05-request-id"})
    line = wait_until(lambda: hub.log_lines("fcgi-api", id="s05-request-id"), 60, "it is logged")[0]
    assert line["method"] == "GET" and line["status"] == 200
    assert "secret-in-query" not in hub.logs()


def test_a_browser_gets_nginxs_own_errors_as_a_page(hub):
    body = b"x" * (3 * 1024 * 1024)
    page = hub.post("/x", body, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert "<h1>The request is too large</h1>" in page.text
    short = hub.post("/x", body, headers={"Accept": "*/*"})
    assert (short.status_code, short.json()) == (413, {"message": "The request is too large"})
