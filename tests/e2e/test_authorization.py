"""checklists/security.md, group Z: who may see and do what, through hpr and Git. The ABF door has its
own: every route for everyone in tests/conformance/abf/test_matrix.py, hidden and missing byte by byte in
test_hidden.py, numbers and members that are not one's own in test_bad_input.py.

Not here: Z-13 (there are no groups in groups), Z-17 (a sync acts for the hub, not for whoever asked).
Z-05 (time) is left to the count of statements below: on a shared machine medians of 0.3 ms say nothing."""

import base64

import pytest

from fixtures.repos import simple
from fixtures.run import run, wait_until

ADVERT = "/info/refs?service=git-upload-pack"


# ---------------------------------------------------------------- Z-01: the matrix

# What an actor gets: (GET, PUT, git clone, DELETE) of an open project, then of a hidden one.
# 404 where the project must look as if it were not there; only Git asks nobody who he is then.
MATRIX = {
    #                 open                     hidden
    "anonymous":      ((200, 401, 200, 401),   (404, 404, 401, 404)),
    "wrong":          ((401, 401, 401, 401),   (401, 401, 401, 401)),
    "disabled":       ((401, 401, 401, 401),   (401, 401, 401, 401)),
    "banned":         ((401, 401, 401, 401),   (401, 401, 401, 401)),
    "stranger":       ((200, 403, 200, 403),   (404, 404, 404, 404)),
    "shut out":       ((404, 404, 404, 404),   (404, 404, 404, 404)),
    "reader":         ((200, 403, 200, 403),   (200, 403, 200, 403)),
    "writer":         ((200, 200, 200, 403),   (200, 200, 200, 403)),
    "admin of it":    ((200, 200, 200, 200),   (200, 200, 200, 200)),
    "team reader":    ((200, 403, 200, 403),   (200, 403, 200, 403)),
    "team writer":    ((200, 200, 200, 403),   (200, 200, 200, 403)),
    "owner":          ((200, 200, 200, 200),   (200, 200, 200, 200)),
    "owner, token 1": ((200, 403, 200, 403),   (200, 403, 200, 403)),
    "owner, token 2": ((200, 200, 200, 403),   (200, 200, 200, 403)),
    "owner, token 3": ((200, 200, 200, 200),   (200, 200, 200, 200)),
    "team owner":     ((200, 200, 200, 200),   (200, 200, 200, 200)),
    "owner's team r": ((200, 403, 200, 403),   (200, 403, 200, 403)),
    "owner's team w": ((200, 200, 200, 403),   (200, 200, 200, 403)),
    "owner's team a": ((200, 200, 200, 200),   (200, 200, 200, 200)),
    "hub admin":      ((200, 200, 200, 200),   (200, 200, 200, 200)),
}
MISSING = {"anonymous": (404, 404, 401, 404), "wrong": (401,) * 4, "disabled": (401,) * 4,
           "banned": (401,) * 4}


@pytest.fixture(scope="module")
def people(hub):
    """One account for all actors: what they may is in the rows of the project at hand."""
    hub.account("actor", "actor's password")
    hub.account("somebody", "somebody's password")
    hub.sql("INSERT INTO hub.team (uname, owner_account_id) SELECT 'theirs', id FROM hub.account"
            " WHERE uname = 'somebody'")
    return hub


def prepare(hub, who, path):
    """Gives the actor what his name says on the project; the credentials he comes with."""
    def sql(text):
        hub.sql(text.replace("ACTOR", "(SELECT id FROM hub.account WHERE uname = 'actor')")
                .replace("TEAM", "(SELECT id FROM hub.team WHERE uname = 'theirs')"))

    def team(role):
        sql("INSERT INTO hub.team_member VALUES (TEAM, ACTOR, %d)"
            " ON CONFLICT (team_id, account_id) DO UPDATE SET role = %d" % (role, role))

    def own(account, its_team):
        sql("UPDATE hub.project SET owner_account_id = %s, owner_team_id = %s WHERE path = '%s'"
            % (account, its_team, path))

    sql("DELETE FROM hub.team_member WHERE account_id = ACTOR")
    sql("UPDATE hub.account SET active = true, role = 'user' WHERE id = ACTOR")
    sql("UPDATE hub.team SET owner_account_id = (SELECT id FROM hub.account WHERE uname = 'somebody')")
    access = {"shut out": 0, "reader": 1, "writer": 2, "admin of it": 3}
    credentials = ("actor", "actor's password")
    if who == "anonymous":
        return None
    if who == "wrong":
        return ("actor", "wrong")
    if who == "disabled":
        sql("UPDATE hub.account SET active = false WHERE id = ACTOR")
    elif who == "banned":
        sql("UPDATE hub.account SET role = 'banned' WHERE id = ACTOR")
    elif who in access:
        hub.grant(path, "actor", access[who])
    elif who in ("team reader", "team writer"):
        team(1)
        sql("INSERT INTO hub.project_grant (project_id, team_id, access)"
            " SELECT id, TEAM, %d FROM hub.project WHERE path = '%s'"
            % (1 if who == "team reader" else 2, path))
    elif who.startswith("owner's team"):
        own("NULL", "TEAM")
        team({"r": 1, "w": 2, "a": 3}[who[-1]])
    elif who == "team owner":
        own("NULL", "TEAM")
        sql("UPDATE hub.team SET owner_account_id = ACTOR")
    elif who.startswith("owner"):
        own("ACTOR", "NULL")
        if "token" in who:
            token = hub.new_token("actor")
            hub.sql("UPDATE hub.token SET scope = %s WHERE prefix = %s", int(who[-1]), token[:6])
            return (token, "")
    elif who == "hub admin":
        sql("UPDATE hub.account SET role = 'admin' WHERE id = ACTOR")
    return credentials


def statuses(hub, path, auth):
    """(GET, PUT, git, DELETE) as MATRIX has them; DELETE comes last, it may work."""
    out = (hub.get("/repositories/" + path, auth).status_code,
           hub.put("/repositories/" + path, auth).status_code,
           hub.get("/" + path + ".git" + ADVERT, auth).status_code)
    if out[2] == 503:  # he may, but it was never cloned
        out = (*out[:2], 200)
    return (*out, hub.delete("/repositories/" + path, auth).status_code)


@pytest.mark.parametrize("who", MATRIX)
def test_Z01_everyone_may_just_what_the_table_says(people, who, name):
    hub = people
    for access, expected in zip((1, 0), MATRIX[who]):
        path = "%s-%d" % (name, access)
        hub.add("https://unreachable.invalid/z/z.git", path, sync=False)
        hub.set_access(path, access)
        hub.sql("UPDATE hub.mirror SET url = 'http://127.0.0.1:9/x.git' WHERE project_id ="
                " (SELECT id FROM hub.project WHERE path = %s)", path)  # refused at once
        auth = prepare(hub, who, path)
        assert statuses(hub, path, auth) == expected
        assert hub.get("/repositories/" + path, hub.admin).status_code == \
            (404 if expected[3] == 200 else 200)
    missing = statuses(hub, name + "-2", prepare(hub, who, name + "-2"))
    assert missing == MISSING.get(who, (404,) * 4)


# ---------------------------------------------------------------- Z-02: hidden looks missing

@pytest.fixture(scope="module")
def secret(hub, upstream):
    """A hidden mirror, zhidden1, with objects of its own; zmissing does not exist."""
    repo = simple(upstream.folder / "z/hidden.git")
    repo.commit("main", {"secret": "hidden content"}, "only in the hidden one")
    hub.account("stranger", "stranger's password")
    hub.mirror(upstream.url("z/hidden.git"), "zhidden1")
    hub.set_access("zhidden1", 0)
    hub.wait_idle("zhidden1")
    return repo


def masked(answer, name):
    """All of the answer that could tell the two apart."""
    head, _, body = answer.data.partition(b"\r\n\r\n")
    request_id = (answer.header("X-Request-Id") or "?").encode()
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
    return tuple(part.replace(name, b"NAME").replace(request_id, b"ID")
                 for part in (b"\n".join(lines), body))


def basic(user, password):
    return "Authorization: Basic " + base64.b64encode(
        ("%s:%s" % (user, password)).encode()).decode()


HIDDEN_OR_NOT = [(method, path) for path in (
    "/repositories/NAME", "/repositores/NAME", "/repositories/NAME/", "/repositories/NAME/status")
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "POST")] + [
    ("GET", "/NAME.git/info/refs?service=git-upload-pack"),
    ("GET", "/NAME.git/info/refs?service=git-receive-pack"), ("GET", "/NAME.git/info/refs"),
    ("POST", "/NAME.git/git-upload-pack"), ("POST", "/NAME.git/git-receive-pack"),
    ("GET", "/NAME.git/HEAD"), ("GET", "/NAME.git/config"), ("GET", "/NAME.git/objects/info/packs"),
    ("GET", "/NAME.git"), ("GET", "/NAME"), ("GET", "/repositories/search/NAME"),
    ("GET", "/repositories/search?q=NAME"), ("GET", "/repositories/NAME.git")]


@pytest.mark.parametrize("who", ["anonymous", "stranger"])
@pytest.mark.parametrize("method, path", HIDDEN_OR_NOT)
def test_Z02_a_hidden_repository_answers_like_none(hub, secret, who, method, path):
    headers = [] if who == "anonymous" else [basic("stranger", "stranger's password")]
    body = b""
    if method == "POST":
        kind = path.rpartition("/")[2]
        headers.append("Content-Type: application/x-%s-request" % kind)
        body = b"0000"
    answers = [masked(hub.ask(path.replace("NAME", name), method, headers, body), name.encode())
               for name in ("zhidden1", "zmissing")]
    assert answers[0] == answers[1]
    assert b"200" not in answers[0][0].split(b"\n")[0] or method == "OPTIONS" or "search" in path


def test_Z02_the_owner_sees_it_all_the_same(hub, secret):
    assert hub.get("/repositories/zhidden1", hub.admin).status_code == 200
    assert hub.refs("zhidden1", hub.admin) == secret.mirrored()


def test_Z02_git_asks_nobody_for_a_password_first(hub, secret):
    for name in ("zhidden1", "zmissing"):
        got = hub.get("/%s.git%s" % (name, ADVERT))
        assert got.status_code == 401
        assert got.headers["WWW-Authenticate"].startswith("Basic realm=")
        got = hub.get("/%s.git%s" % (name, ADVERT), ("stranger", "stranger's password"))
        assert got.status_code == 404


def statement_count(hub, marker):
    """What the log says of the request with that id."""
    return wait_until(lambda: hub.log_lines("fcgi-api", id=marker), 60, "it is logged")[0]["statements"]


@pytest.mark.parametrize("who", ["anonymous", "stranger"])
def test_Z02_hidden_costs_as_many_statements_as_missing(hub, secret, who):
    auth = None if who == "anonymous" else ("stranger", "stranger's password")
    counts = []
    hub.get("/repositories", auth)  # from now on it is known who asks
    for i, name in enumerate(("zhidden1", "zmissing")):
        marker = "statements-%s-%d" % (who, i)
        hub.get("/repositories/" + name, auth, headers={"X-Request-Id": marker})
        counts.append(statement_count(hub, marker))
    assert counts[0] == counts[1] > 0


# ---------------------------------------------------------------- Z-04: lists and totals

def test_Z04_hidden_ones_are_neither_listed_nor_counted(hub, secret):
    hub.add("https://unreachable.invalid/z/open.git", "zopen", sync=False)
    hub.add("https://unreachable.invalid/z/granted.git", "zgranted", sync=False)
    hub.set_access("zgranted", 0)
    hub.grant("zgranted", "stranger", 1)
    hub.add("https://unreachable.invalid/z/lost.git", "zlost", sync=False)
    hub.grant("zlost", "stranger", 0)  # open to all but him
    stranger = ("stranger", "stranger's password")
    for auth, names in ((None, ["zlost", "zopen"]), (stranger, ["zgranted", "zopen"]),
                        (hub.admin, ["zgranted", "zhidden1", "zlost", "zopen"])):
        def mine(answer):
            got = answer.json()
            return got["total"], [r["name"] for r in got["data"] if r["name"].startswith("z")]
        total, listed = mine(hub.get("/repositories", auth))
        assert listed == names
        assert mine(hub.get("/repositories/search?q=z", auth))[1] == names
        got = hub.get("/info", auth).json()["hpr"]["repositroies"]
        assert got["total"] == total == len(got["entry"])
        assert [n for n in got["entry"] if n.startswith("z")] == names
        # page by page it is the same, and no page is short
        pages = [hub.get("/repositories?per_page=1&page=%d" % (i + 1), auth).json()
                 for i in range(total + 1)]
        assert [len(p["data"]) for p in pages] == [1] * total + [0]
        assert all(p["total"] == total for p in pages)
    for name in ("zopen", "zgranted", "zlost"):
        hub.delete("/repositories/" + name)


def test_Z04_the_queue_shows_no_hidden_names(hub, secret):
    hub.wait_idle("zhidden1")
    stranger = ("stranger", "stranger's password")
    for auth in (None, stranger):
        for path in ("/info/scheduled", "/info/busy", "/info/retry_failtures", "/info"):
            got = hub.get(path, auth)
            assert got.status_code in (200, 401, 403)
            assert "zhidden1" not in got.text
    assert "zhidden1" in hub.get("/info/scheduled", hub.admin).text
    def agree(auth):  # what is not listed is not counted; between two questions a retry may begin
        tasks = hub.get("/info", auth).json()["faktory"]["tasks"]
        return (tasks["Scheduled"]["size"] == len(hub.get("/info/scheduled", auth).json())
                and tasks["Retries"]["size"] == len(hub.get("/info/retry_failtures", auth).json()))
    for auth in (None, stranger, hub.admin):
        wait_until(lambda auth=auth: agree(auth), 60, "lists and numbers agree")


# ---------------------------------------------------------------- the rest

def test_Z06_a_taken_name_is_told_and_nothing_more(hub, secret):
    got = hub.post("/repositories", {"url": "https://unreachable.invalid/a/b.git", "name": "zhidden1",
                                     "clone": "false"}, auth=("stranger", "stranger's password"))
    assert got.status_code == 400
    assert got.json() == {"message": "Exists Repository: zhidden1"}


def test_Z09_an_answer_has_no_fields_but_those_of_the_contract(hub, secret):
    for auth in (None, hub.admin):
        for one in hub.get("/repositories", auth).json()["data"]:
            assert list(one) == ["name", "url", "mirror_url", "latest_version", "status", "created_at",
                                 "updated_at", "scheduled_at"]
    text = hub.get("/repositories", hub.admin).text + hub.get("/info", hub.admin).text
    for inside in (str(hub.var), "error_text", "sealed", "password", "@example"):
        assert inside not in text


def test_Z11_a_right_that_is_taken_away_ends_a_clone_between_its_requests(hub, secret):
    hub.grant("zhidden1", "stranger", 1)
    stranger = ("stranger", "stranger's password")
    assert hub.get("/zhidden1.git" + ADVERT, stranger).status_code == 200
    hub.sql("DELETE FROM hub.project_grant")
    tip = secret.oid("main")
    line = ("want %s side-band-64k\n" % tip).encode()
    body = b"%04x%s0000" % (len(line) + 4, line) + b"0009done\n"
    got = hub.post("/zhidden1.git/git-upload-pack", body, auth=stranger,
                   headers={"Content-Type": "application/x-git-upload-pack-request"})
    assert got.status_code == 404
    got = hub.post("/zhidden1.git/git-upload-pack", body, auth=hub.admin,
                   headers={"Content-Type": "application/x-git-upload-pack-request"})
    assert got.status_code == 200 and b"PACK" in got.content


def test_Z16_an_object_of_a_hidden_repository_cannot_be_had_through_another(hub, upstream, secret, tmp_path):
    simple(upstream.folder / "z/public.git")
    hub.mirror(upstream.url("z/public.git"), "zpublic")
    hub.git("init", "-q", tmp_path / "w")
    done = run(["git", "-C", str(tmp_path / "w"), "fetch", "-q", hub.clone_url("zpublic"),
                secret.oid("main")], check=False)
    assert done.returncode != 0
    assert secret.oid("main") not in hub.git("-C", tmp_path / "w", "rev-list", "--all")


def test_Z18_every_write_and_every_refusal_is_written_down(hub, secret):
    stranger = ("stranger", "stranger's password")

    def events(after):
        return [(e["actor"], e["action"], e["object"], e["result"] == "ok") for e in hub.sql(
            "SELECT * FROM hub.event WHERE id > %s ORDER BY id", after)]
    last = hub.one("SELECT coalesce(max(id), 0) FROM hub.event")
    hub.add("https://unreachable.invalid/z/audit.git", "zaudit", sync=False)
    assert hub.put("/repositories/zaudit").status_code == 200
    assert hub.put("/repositories/zaudit", stranger).status_code == 403
    assert hub.delete("/repositories/zaudit", stranger).status_code == 403
    assert hub.delete("/repositories/zaudit").status_code == 200
    got = [e for e in events(last) if e[2] == "zaudit" and e[0] in (hub.user, "stranger")]
    assert [(actor, fine) for actor, _, _, fine in got] == [
        (hub.user, True), (hub.user, True), ("stranger", False), ("stranger", False),
        (hub.user, True)]
    assert [action for _, action, _, fine in got if fine] == [
        "project.create", "sync.request", "project.delete"]
    row = hub.row("SELECT * FROM hub.event WHERE object = 'zaudit' LIMIT 1")
    assert row["remote_addr"] == "127.0.0.1"


def test_nobody_reads_anything_when_reading_needs_an_account(fresh_hub, upstream):
    simple(upstream.folder / "z/closed.git")
    hub = fresh_hub({"anonymous_read": "no"})
    hub.mirror(upstream.url("z/closed.git"), "zclosed")
    assert hub.get("/zclosed.git" + ADVERT).status_code == 401
    assert hub.get("/zmissing.git" + ADVERT).status_code == 401
    assert hub.refs("zclosed", hub.admin)
    assert hub.get("/repositories").status_code == 401
