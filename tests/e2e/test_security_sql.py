"""checklists/security.md, group Q: the database behind the doors."""

import re
import threading
from urllib.parse import quote

import psycopg2
import pytest

from fixtures.hub import ROOT
from fixtures.run import wait_until

HOSTILE = ["' OR 1=1 --", "\\'", "%27", "$1", ";DROP TABLE hub.project;", "$$x$$", "0x41", "'||'a",
           "\");--", "a' UNION SELECT password_hash FROM hub.account --", "\\", "''", "`id`",
           "%s%s%n", "{0}", "E'\\\\x'", "1;SELECT pg_sleep(5)", "\u02bc OR 1=1", "\ufeff", "NULL"]


def sizes(hub):
    return {t: hub.one("SELECT count(*) FROM hub." + t)
            for t in ("project", "mirror", "account", "token", "job", "store")}


# ----------------------------------------------------------------

def test_Q01_statements_are_named_rows_and_nothing_else():
    bad = []
    for path in [*ROOT.glob("lib/*/*.c"), *ROOT.glob("cgi/**/*.c"), *ROOT.glob("sync/*.c")]:
        text = path.read_text()
        if path.parent.name != "db" and re.search(r"\bPQ[a-z]\w+\(|libpq-fe\.h", text):
            bad.append("%s calls libpq" % path)
        if re.search(r"PQexecParams\(", text):
            bad.append("%s has a statement without a name" % path)
        # text that looks like SQL goes into a table of statements, never through printf
        for call in re.findall(r"\b\w*printf\w*\([^;]*\"[^\"]*\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) ",
                               text):
            bad.append("%s makes SQL with printf: %s" % (path, call[:80]))
    assert not bad, "\n".join(bad)


# ---------------------------------------------------------------- inputs

@pytest.fixture(scope="module")
def rows(hub):
    for name in ("one", "two", "per_cent", "three"):
        hub.add("https://unreachable.invalid/q/%s.git" % name, name, sync=False)
    return hub


@pytest.mark.parametrize("text", HOSTILE)
def test_Q02_hostile_text_is_only_text(rows, text):
    before = sizes(rows)
    for got in (rows.get("/repositories/" + quote(text, safe="")),
                rows.put("/repositories/" + quote(text, safe="")),
                rows.delete("/repositories/" + quote(text, safe="")),
                rows.get("/repositories/%s/status" % quote(text, safe=""))):
        assert got.status_code == 404
    got = rows.get("/repositories/search", params={"q": text})
    assert got.status_code in (200, 400) and got.json().get("total", 0) == 0
    for form in ({"url": text}, {"url": "https://unreachable.invalid/q/x.git", "name": text + "/"},
                 {"url": "https://unreachable.invalid/%s/x.git" % text, "name": "../bad"},
                 {"url": "https://u:%s@unreachable.invalid/q/x.git" % text, "name": "-bad"}):
        assert rows.post("/repositories", form).status_code == 400
    assert rows.get("/repositories", (text.encode(), text.encode())).status_code == 401
    assert rows.get("/repositories", params={"page": text}).status_code == 400
    assert sizes(rows) == before
    assert rows.get("/repositories").json()["total"] == 4


def test_Q02_hostile_text_in_a_url_is_stored_as_it_is(rows):
    for i, text in enumerate(["'OR'1'='1", "$1", "';--", "$$x$$"]):
        name = rows.add("https://unreachable.invalid/q%s/x.git" % text, "stored-%d" % i, sync=False)
        assert rows.show(name)["url"] == "https://unreachable.invalid/q%s/x.git" % text
        rows.delete("/repositories/" + name)


@pytest.mark.parametrize("text, found", [("%", []), ("_", ["per_cent"]), ("\\", []), ("o%e", []),
                                         ("t_o", []), ("ONE", ["one"]), ("t", ["per_cent", "three", "two"]),
                                         (".*", []), ("^o", [])])
def test_Q03_a_search_is_literal(rows, text, found):
    got = rows.get("/repositories/search", params={"q": text}).json()
    assert [r["name"] for r in got["data"]] == found
    assert got["total"] == len(found)


def test_Q04_there_is_no_order_to_choose(rows):
    for query in ("sort=password_hash", "order=desc;--", "fields=*", "sort_by=1", "limit=0", "offset=-1"):
        got = rows.get("/repositories?" + query).json()
        assert [r["name"] for r in got["data"]] == ["one", "per_cent", "three", "two"]


@pytest.mark.parametrize("page", ["1000000000", "2147483647", "2147483648", "4294967296",
                                  "9223372036854775807", "9223372036854775808", "18446744073709551616"])
def test_Q05_the_last_pages_of_all_do_not_overflow(rows, page):
    for query in ("page=%s" % page, "page=%s&per_page=1000" % page, "per_page=%s" % page,
                  "page=%s&per_page=%s" % (page, page)):
        got = rows.get("/repositories?" + query)
        assert got.status_code in (200, 400)
        if got.status_code == 200:
            assert got.json()["total"] == 4
            assert query.startswith("per_page") or got.json()["data"] == []


def test_Q06_what_is_no_text_never_reaches_the_database(rows):
    for target in (b"/repositories/search?q=%ff%fe", b"/repositories/search?q=%00",
                   b"/repositories/search?q=%c0%80", b"/repositories/search/%ff"):
        assert rows.ask(target).status in (400, 404)
    for body in (b"url=https://h/a/%ff", b"url=https://h/a/%00", b"url=https://h/a/b&name=%c0%80"):
        got = rows.post("/repositories", body, headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        assert got.status_code == 400
    assert "22021" not in rows.logs() and "invalid byte sequence" not in rows.logs()


# ---------------------------------------------------------------- the roles

@pytest.fixture(params=["db.web", "db.sync"])
def session(hub, request):
    db = hub.connect(request.param)
    yield db
    db.close()


def refused(db, query):
    with db.cursor() as cursor:
        try:
            cursor.execute(query)
        except psycopg2.errors.InsufficientPrivilege:
            return True
        except psycopg2.Error as e:
            return "42501" == e.pgcode or str(e)
    return False


@pytest.mark.parametrize("query", [
    "CREATE TABLE hub.mine (x int)", "CREATE TABLE public.mine (x int)", "CREATE SCHEMA mine",
    "CREATE TEMP TABLE mine (x int)", "CREATE FUNCTION hub.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE hub.project ADD mine int", "DROP TABLE hub.event", "TRUNCATE hub.event",
    "UPDATE hub.event SET actor = 'x'", "DELETE FROM hub.event", "CREATE ROLE mine",
    "ALTER ROLE mirrorhub_owner SUPERUSER", "SET ROLE mirrorhub_owner", "CREATE EXTENSION dblink",
    "COPY hub.project TO '/tmp/mine'", "COPY hub.project FROM PROGRAM 'id'",
    "SELECT pg_read_file('/etc/passwd')", "SELECT * FROM pg_authid",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mirrorhub_owner'", "ALTER SYSTEM SET log_statement = 'all'"])
def test_Q07_the_programs_roles_may_not(session, query):
    assert refused(session, query) is True


@pytest.mark.parametrize("query", ["SELECT password_hash FROM hub.account", "SELECT hash FROM hub.token",
                                   "UPDATE hub.account SET role = 'admin'",
                                   "INSERT INTO hub.token (account_id, hash, prefix) VALUES (1, '', '')"])
def test_Q07_the_sync_role_does_not_see_passwords(hub, query):
    db = hub.connect("db.sync")
    assert refused(db, query) is True
    db.close()


def test_Q07_the_web_role_reads_no_stored_credentials(hub):
    db = hub.connect("db.web")
    assert refused(db, "SELECT sealed_credentials FROM hub.mirror") is True
    db.close()


def test_Q07_no_role_of_ours_is_more_than_it_seems(hub):
    rows = hub.sql("SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
                   " FROM pg_roles WHERE rolname LIKE 'mirrorhub%%'")
    assert len(rows) == 3
    for row in rows:
        assert [k for k, v in row.items() if v is True] == []


def test_Q08_functions_with_the_owners_rights_have_a_fixed_search_path(hub):
    rows = hub.sql("SELECT p.oid::regprocedure::text AS name, coalesce(p.proconfig, '{}') AS conf"
                   " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                   " WHERE p.prosecdef AND n.nspname IN ('hub', 'admin', 'public')")
    assert rows
    for row in rows:
        path = [c for c in row["conf"] if c.startswith("search_path=")]
        assert path and path[0].endswith("pg_temp") and "public" not in path[0], row


def test_Q08_the_programs_look_into_their_own_schema_only(hub):
    hub.get("/repositories")
    def sessions():
        rows = hub.sql("SELECT DISTINCT usename, application_name FROM pg_stat_activity"
                       " WHERE usename IN ('mirrorhub_web', 'mirrorhub_sync')")
        return rows if len({r["usename"] for r in rows}) == 2 else None
    rows = wait_until(sessions, 60, "both kinds of programs are connected")
    assert all(r["application_name"].startswith("mirrorhub") for r in rows)


def test_Q09_time_limits_hold_in_the_programs_sessions(hub):
    db = hub.connect("db.web")
    with db.cursor() as cursor:
        cursor.execute("SELECT name, setting::int FROM pg_settings WHERE name IN ('statement_timeout',"
                       " 'lock_timeout', 'idle_in_transaction_session_timeout')")
        assert dict(cursor.fetchall()) == {"statement_timeout": 5000, "lock_timeout": 2000,
                                           "idle_in_transaction_session_timeout": 10000}
    db.close()


# ---------------------------------------------------------------- trouble

def test_Q10_a_locked_table_is_503_and_the_workers_go_on(rows):
    rows.expect_err("lock|canceling|timeout|try again")
    db = rows.connect()
    db.autocommit = False
    with db.cursor() as cursor:
        cursor.execute("LOCK TABLE hub.project IN ACCESS EXCLUSIVE MODE")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(rows.get("/repositories")))
                   for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
    db.rollback()
    db.close()
    assert [a.status_code for a in answers] == [503] * 6
    for got in answers:
        assert got.json() == {"message": "Service unavailable"}
        for word in ("lock", "LINE", "canceling", "55P03", "57014"):
            assert word not in got.text + str(got.headers)
    assert rows.get("/repositories").status_code == 200


def test_R17_a_backend_that_is_killed_is_noticed_and_replaced(rows):
    rows.expect_err("terminat|connection|server closed")
    rows.psql("-c", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              " WHERE usename = 'mirrorhub_web'", role="postgres")

    def works():
        codes = [rows.get("/repositories").status_code for _ in range(8)]
        assert set(codes) <= {200, 503}
        return set(codes) == {200}
    wait_until(works, 60, "all workers have a connection again")


def test_Q11_no_answer_so_far_has_shown_the_database(rows):
    for path in ("/repositories/x", "/repositories?page=x", "/info", "/nope"):
        text = rows.get(path).text
        for word in ("ERROR:", "DETAIL", "HINT", "relation", "hub.", "SQLSTATE", "pg_"):
            assert word not in text

