"""The rows of contract A8.2 that are one request and one answer each, and the list of all.

A row: number, its words in the contract, method, path, options of the request, what is expected.
Options: form and send (JSON) are bodies, raw has the target just as it is. Expected: status, and any of body (exact), json (exact), has (texts the body holds),
headers (exact), no_body. BOTH stands for both spellings, each a case of its own."""

BOTH = ("/repositores", "/repositories")
TYPO, WORD = BOTH

URL = "https://unreachable.invalid/o/r.git"


def row(number, words, method, path, status, body=None, json=None, has=(), headers=None, **options):
    return {"number": number, "words": words, "method": method, "path": path, "status": status,
            "body": body, "json": json, "has": has, "headers": headers or {}, "options": options}


def bad_create(number, words, form=None, message="", **options):
    """A POST that is refused: false for the typo, a message for the word."""
    if form is not None:
        options["form"] = {"clone": "false", **form}
    return [row(number, words, "POST", TYPO, 400, body="false", **options),
            row(number, words, "POST", WORD, 400, has=('{"message":"' + message,), **options)]


def page(number, query, message):
    return [row(number, "?" + query, "GET", p + "?" + query, 400, json={"message": message})
            for p in BOTH]


ROWS = [
    *[row(1, "empty hub", "GET", p, 200, body='{"total":0,"data":[]}',
          headers={"Content-Type": "application/json"}) for p in BOTH],

    *[r for bad in ("0", "-1", "abc", "1.5", "", "12345678901234567890", "0x10", "+1", "1%20")
      for r in page(10, "page=" + bad, "Invalid page")],
    *[r for bad in ("0", "-1", "abc", "1.5", "", "12345678901234567890")
      for r in page(10, "per_page=" + bad, "Invalid per_page")],
    row(11, "per_page too large", "GET", TYPO + "?per_page=999999", 200,
        body='{"total":0,"data":[]}'),
    row(12, "unknown query key", "GET", TYPO + "?nonsense=1&x[]=2", 200,
        body='{"total":0,"data":[]}'),

    row(13, "unknown name", "GET", TYPO + "/nope", 404,
        json={"message": "Not found repository: nope"}),
    row(13, "unknown name", "GET", WORD + "/nope", 404,
        json={"message": "Not found repository: nope"}),
    row(14, "dots", "GET", TYPO + "/%2e%2e%2fetc", 404, raw=True),
    row(14, "slash", "GET", TYPO + "/a%2Fb", 404, raw=True),
    # nginx answers this one itself (P-05); the contract's 404 would need another server
    row(15, "NUL", "GET", TYPO + "/a%00b", (400, 404), raw=True),

    *[r for r in (
        row(21, "url in the query only", "POST", p + "?url=" + URL, 400) for p in BOTH)],

    *bad_create(22, "no body", message="Missing parameter: url"),
    *bad_create(22, "empty url", {"url": ""}, message="Missing parameter: url"),
    *bad_create(22, "no url in JSON", send={}, message="Missing parameter: url"),
    *bad_create(22, "url is an array", send={"url": ["a"]}),
    *bad_create(22, "url is a number", send={"url": 5}),
    *bad_create(22, "url is null", send={"url": None}),
    *bad_create(22, "no object", send=[1], message="Invalid body"),
    row(23, "ftp", "POST", WORD, 400, form={"url": "ftp://h/a"},
        has=("ftp://h/a", "ssh/http(s)"),
        json={"message": "Not support repository url: ftp://h/a, avaiable in ssh/http(s) protocols."}),
    row(23, "ftp", "POST", TYPO, 400, form={"url": "ftp://h/a"}, body="false"),

    *[row(31, "a refused url with a password", "POST", WORD, 400, form={"url": bad},
          json={"message": "Not support repository url: " + told +
                ", avaiable in ssh/http(s) protocols."}) for bad, told in (
        ("ftp://me:canary-31@h/a", "ftp://h/a"), ("https:/me:canary-31@h/a", "https:/h/a"),
        ("https:///me:canary-31@h/a", "https:///h/a"), ("https://me:ca/nary-31@h/a", "https://h/a"),
        ("https:\\\\me:canary-31@h\\a", "https:\\\\h\\a"), ("me:canary-31@h:/a", "h:/a"),
        ("https//me:canary-31@h/a", "h/a"))],

    *[r for bad in ("../x", "-x", "a/b", "a.git", "a.GIT", "a.lock", "a.atom", "a.", "a..b", ".", "..",
                    "search", "info", "API", "x" * 256, "a b", "a\x01b", "a\nb", "a\x7fb", "caf\u00e9",
                    ".hidden", "12345", "a\\b", "a%2fb", "<b>", "a;b", "$(id)")
      for r in bad_create(26, "name " + repr(bad)[:20], {"url": URL, "name": bad},
                          message="Invalid name: ")],

    *[r for bad in ("--upload-pack=x", "ext::sh -c 'touch /tmp/x'", "-oProxyCommand=x", "fd::17",
                    "file:///etc", "/etc", "ssh://-oProxyCommand=x/a/b", "git@-x:a/b",
                    "https://-x/a/b\n")
      for r in bad_create(30, "url " + repr(bad)[:24], {"url": bad})],

    row(37, "PUT unknown", "PUT", TYPO + "/nope", 404, body="false",
        headers={"X-Hub-Message": "Not found repository: nope"}),
    row(37, "PUT unknown", "PUT", WORD + "/nope", 404,
        json={"message": "Not found repository: nope"}),
    row(37, "DELETE unknown", "DELETE", TYPO + "/nope", 404, body="false"),
    row(37, "DELETE unknown", "DELETE", WORD + "/nope", 404,
        json={"message": "Not found repository: nope"}),

    *[row(60, "HEAD", "HEAD", p, 200, body="", headers={"Content-Length": "21"}) for p in BOTH],
    row(60, "HEAD unknown", "HEAD", TYPO + "/nope", 404, body="",
        headers={"Content-Length": str(len('{"message":"Not found repository: nope"}'))}),
    *[row(61, "OPTIONS", "OPTIONS", p, 204, body="", headers={"Allow": "GET, HEAD, OPTIONS, POST"})
      for p in BOTH],
    row(61, "OPTIONS of one", "OPTIONS", TYPO + "/x", 204, body="",
        headers={"Allow": "DELETE, GET, HEAD, OPTIONS, PUT"}),
    row(62, "PATCH the list", "PATCH", TYPO, 405, headers={"Allow": "GET, HEAD, OPTIONS, POST"}),
    row(62, "POST to one", "POST", TYPO + "/x", 405,
        headers={"Allow": "DELETE, GET, HEAD, OPTIONS, PUT"}),
    row(62, "DELETE the list", "DELETE", WORD, 405),
    row(62, "POST /info", "POST", "/info", 405, headers={"Allow": "GET, HEAD, OPTIONS"}),
    row(63, "unknown path", "GET", "/nothing/here", 404, json={"message": "Not found."}),
    row(63, "unknown path below one", "GET", TYPO + "/x/y/z", 404, json={"message": "Not found."}),
    row(63, "unknown path, PUT", "PUT", "/nothing", 404, json={"message": "Not found."}),
    *[row(65, "body over the limit", "POST", p, 413, form={"url": "https://h/" + "a" * 70000})
      for p in BOTH],
    row(65, "body over nginx's limit", "POST", TYPO, 413, form={"url": "a" * (2 << 20)}),
]
