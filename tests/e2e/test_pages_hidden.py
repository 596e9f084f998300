"""Hidden looks missing on every address that names a project, for guests, strangers and sessions:
checklists/security.md Z-02, Z-04, Z-15."""

import re

import pytest

from fixtures.person import Person
from fixtures.repos import simple
from fixtures.run import wait_until

PASSWORD = "correct horse"
HTML = {"Accept": "text/html"}

# what stands where an id of an address does; the right commit is put in for ID
VIEWS = ["", "/", ".git", "/commits", "/commits/main", "/commits/ID", "/atom/commits/main", "/atom/tags",
         "/tree/main", "/tree/ID", "/tree/main/lib", "/blob/main/file", "/blob/ID/file", "/raw/main/file",
         "/raw/ID/file", "/branches", "/tags", "/commit/ID", "/commit/ID12", "/compare",
         "/compare?from=main&to=ID", "/blame/main/file", "/blame/ID/file", "/patch/ID",
         "/archive/main.tar.gz", "/archive/ID.zip", "/hooks", "/hooks/HOOK", "/hooks/HOOK/deliveries/1",
         "/runs", "/runs/RUN", "/edit"]
POSTS = ["/hooks", "/hooks/HOOK", "/hooks/HOOK/delete", "/hooks/HOOK/ping",
         "/hooks/HOOK/deliveries/1/again", "/sync", "/edit", "/pause", "/resume", "/delete"]
API = ["", "/secret", "/refs", "/refs/main", "/refs/main/file", "/refs/ID", "/ref/main", "/ref/main/file",
       "/commit/ID", "/commit/main", "/commits/main"]
SPELLINGS = [lambda n: n, str.upper, lambda n: n.replace("/", "%2F"), lambda n: n + "/"]
NAMED = ["zz/hidden1", "zz/tree/hid1"]


@pytest.fixture(scope="module")
def ids(hub, upstream):
    repo = simple(upstream.folder / "zz.git")
    oid = repo.commit("main", {"file": "secret", "lib/x": "y"}, "only here")
    for i, name in enumerate(NAMED):
        flat = hub.mirror(upstream.url("zz.git"), "zz-%d" % i)
        hub.wait_idle(flat)
        hub.sql("UPDATE hub.project SET path = %s, default_access = 0 WHERE path = %s", name, flat)
    hub.mirror(upstream.url("zz.git"), "zz1open")
    hook = hub.one("INSERT INTO hub.webhook (project_id, url, by_owner) SELECT id, 'http://h/', true"
                   " FROM hub.project WHERE path = %s RETURNING id", NAMED[0])
    hub.account("stranger", PASSWORD)
    return {"ID12": oid[:12], "ID": oid, "HOOK": str(hook), "RUN": str(hub.last_run(NAMED[0])["id"])}


def statements(hub, ids):
    """{request id: what it took in statements, by the log}"""
    def found():
        rows = {row["id"]: row["statements"] for row in hub.log_lines(event="request")
                if row["service"] != "nginx"}
        return rows if all(i in rows for i in ids) else None
    return wait_until(found)


def told(answer, name):
    """All of the answer, without what is of this request alone and without the end of the name."""
    def masked(text):
        text = re.sub(name[-4:], "X", text, flags=re.IGNORECASE)
        return re.sub('Request [0-9a-f]+|form_token" value="[0-9a-f]+"|mirrorhub=[a-z0-9]+', "", text)
    headers = {k: masked(v) for k, v in answer.headers.items() if k not in ("Date", "X-Request-Id")}
    return answer.status_code, headers, masked(answer.text)


def filled(path, ids):
    for word, value in ids.items():
        path = path.replace(word, value)
    return path


def missing_of(name):
    return name[:-4] + "nope"


@pytest.mark.parametrize("who", ["guest", "stranger", "session"])
@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_hidden_is_like_missing_on_every_row(hub, ids, who, name, accept):
    auth = ("stranger", PASSWORD) if who == "stranger" else None
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    if who == "session":
        b = Person(hub)
        b.sign_in("stranger", PASSWORD)
        hub.hide(b.cookie[1:])
        headers["Cookie"] = "mirrorhub=" + b.cookie
    hub.get("/", auth, headers=headers)  # from now on it is known who asks
    wrong, ids_of = [], []
    for method, base, rows in (("GET", "/%s", VIEWS), ("HEAD", "/%s", VIEWS), ("POST", "/%s", POSTS),
                               ("GET", "/api/repos/%s", API), ("DELETE", "/api/repos/%s", ["", "/secret"]),
                               ("PUT", "/api/repos/%s", ["/secret"]), ("PATCH", "/%s", ["", "/edit"])):
        for row in rows:
            for change in SPELLINGS if accept == "text/html" else SPELLINGS[:1]:
                asked = []
                for n in (name, missing_of(name)):
                    n2 = change(n).replace("/", "%2F") if base.startswith("/api") else change(n)
                    path = base % n2 + filled(row, ids)
                    answer = hub.request(method, path, auth, headers=headers)
                    asked.append((answer.headers["X-Request-Id"], told(answer, n)))
                ids_of.append((method, path, asked[0][0], asked[1][0]))
                if asked[0][1] != asked[1][1] or asked[0][1][0] < 300:
                    wrong.append((method, path, asked))
    assert wrong == []
    took = statements(hub, [i for row in ids_of for i in row[2:]])
    assert [row for row in ids_of if took[row[2]] != took[row[3]]] == []


# ---------------------------------------------------------------- Z-15: what a browser keeps

def signed_in(hub):
    b = Person(hub)
    b.sign_in("stranger", PASSWORD)
    hub.hide(b.cookie[1:])
    return b


def test_a_page_kept_from_another_session_is_not_known_again(hub, ids):
    """It has form tokens of that session, which fit no other."""
    page = "/zz1open/commit/" + ids["ID"]
    first = signed_in(hub)
    tag = first.get(page).headers["ETag"]
    assert "immutable" in first.answer.headers["Cache-Control"] and "Cookie" in first.answer.headers["Vary"]
    assert first.get(page, headers={"If-None-Match": tag}).status_code == 304
    second = signed_in(hub)
    assert second.get(page, headers={"If-None-Match": tag}).status_code == 200
    second.submit("/-/sign-out")
    assert hub.get(page, headers={"If-None-Match": tag}).status_code == 200


def test_what_basic_has_opened_is_not_kept(hub, ids):
    for view in ("commit/%s", "tree/%s", "blob/%s/file", "raw/%s/file", "patch/%s", "archive/%s.zip",
                 "blame/%s/file", "commits/%s", "compare?from=%s&to=%s"):
        answer = hub.get("/%s/%s" % (NAMED[0], view.replace("%s", ids["ID"])), hub.admin, headers=HTML)
        assert answer.status_code == 200, (view, answer.text)
        assert answer.headers["Cache-Control"] == "private, no-store", view


def test_a_kept_page_is_missing_once_access_is_withdrawn(hub, ids):
    page = "/%s/commit/%s" % (NAMED[0], ids["ID"])
    hub.grant(NAMED[0], "stranger", 1)
    b = signed_in(hub)
    tag = b.get(page).headers["ETag"]
    assert b.answer.status_code == 200
    hub.sql("DELETE FROM hub.project_grant WHERE project_id = (SELECT id FROM hub.project WHERE path = %s)",
            NAMED[0])
    for known in (tag, "*"):
        assert b.get(page, headers={"If-None-Match": known}).status_code == 404


def test_raw_bytes_keep_their_sandbox_when_they_are_known_again(hub, ids):
    for view in ("raw/%s/file", "raw/main/file", "patch/%s", "archive/%s.zip", "archive/main.zip"):
        page = "/zz1open/" + view.replace("%s", ids["ID"])
        first = hub.get(page)
        again = hub.get(page, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304), view
        for answer in (first, again):
            assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'", view
