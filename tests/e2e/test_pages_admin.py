"""The hub as its administrators see it: numbers, jobs, mirrors, accounts, the end of the audit
trail; and that nobody else sees it."""

import re

import pytest

from fixtures.faults import end_follow, hub_follows
from fixtures.person import Person
from fixtures.repos import simple
from fixtures.run import wait_until

PAGES = ["/-/admin", "/-/admin/jobs", "/-/admin/mirrors", "/-/admin/hosts", "/-/admin/accounts"]


@pytest.fixture(scope="module")
def admin(hub):
    b = Person(hub)
    b.sign_in(*hub.admin)
    return b


@pytest.fixture(scope="module")
def carol(hub):
    pair = hub.account("carol", "correct horse")
    b = Person(hub)
    b.sign_in(*pair)
    return b


@pytest.fixture(scope="module")
def mirrors(hub, upstream):
    """One that is fresh, one that fails, one that is paused."""
    simple(upstream.folder / "good.git")
    good = hub.mirror(upstream.url("good.git"), "well-good")
    hub.mirror(upstream.url("missing.git"), "well-bad", outcome="failed")
    hub.add(upstream.url("good.git"), "well-paused", sync=False)
    hub.sql("SELECT admin.pause('well-paused')")
    hub.park("well-bad")
    return good


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_see_it(hub, carol, path):
    assert hub.get(path).status_code == 401
    guest = Person(hub)
    assert guest.get(path, follow=False).headers["Location"].startswith("/login?next=")
    assert carol.get(path).status_code == 403
    assert "Admin" not in [text for _, text in carol.page.links]
    got = hub.get(path, hub.admin)
    assert got.status_code == 200
    assert len(got.content) < 100000


def test_only_administrators_change_anything(hub, carol):
    carol.get("/-/tokens")
    token = carol.page.form("/-/tokens").values["form_token"]
    carol_id = hub.one("SELECT id FROM hub.account WHERE uname = 'carol'")
    for path, data in (("/-/admin/accounts", {"uname": "mine"}), ("/-/admin/jobs/1/run", {}),
                       ("/-/admin/hosts/1/try", {}),
                       ("/-/admin/accounts/%d/role" % carol_id, {"role": "admin"})):
        assert carol.ask("POST", path, data={"form_token": token, **data}).status_code == 403, path
    assert hub.one("SELECT role FROM hub.account WHERE uname = 'carol'") == "user"


def test_the_overview_has_numbers_and_the_end_of_the_trail(hub, admin, mirrors):
    admin.get("/-/admin")
    numbers = dict(re.findall(r"<dt>([^<]+)</dt><dd>(?:<a [^>]*>)?([^<]+)", admin.answer.text))
    assert int(numbers["Mirrors"]) == 3
    assert int(numbers["Signed in"]) >= 1
    assert "Admin" in [text for _, text in admin.page.links]
    row = admin.page.row("mirror.pause")
    assert row[3] == "well-paused"
    # what people call things is text
    hub.sql("INSERT INTO hub.event (action, object, detail) VALUES ('x', '<b>&', %s)",
            "\u202e<script>")
    admin.get("/-/admin")
    assert admin.page.row("x")[3] == "<b>&"
    assert "\u202e" not in admin.answer.text


def test_jobs_are_listed_by_state_and_run_again(hub, admin, mirrors):
    admin.get("/-/admin/jobs?state=scheduled")
    assert admin.page.row("well-good")[1] == "sync"
    admin.get("/-/admin/jobs")
    assert admin.page.row("well-good") is None
    assert "failed" in admin.page.row("well-bad")[4]
    before = hub.run_id("well-bad")
    number = admin.page.row("well-bad")[0]
    admin.submit("/-/admin/jobs/%s/run" % number)
    assert admin.answer.status_code == 200
    hub.wait_run("well-bad", before)
    hub.park("well-bad")
    assert hub.one("SELECT count(*) FROM hub.event WHERE action = 'job.run' AND object = 'well-bad'"
                   " AND actor = %s", hub.user) == 1
    admin.get("/-/admin/jobs")
    token = admin.page.form("/-/sign-out").values["form_token"]
    for number in ("999999", "0", "x"):
        got = admin.ask("POST", "/-/admin/jobs/%s/run" % number, data={"form_token": token})
        assert got.status_code == 404


def test_mirrors_that_fail_come_first_and_can_be_found(hub, admin, mirrors):
    def shown(query=""):
        admin.get("/-/admin/mirrors" + query)
        assert admin.answer.status_code == 200
        return [row[0] for row in admin.page.tables[0][1:]]
    assert shown() == ["well-bad"]
    assert "failing (1)" in admin.page.text
    assert shown("?state=paused") == ["well-paused"]
    assert shown("?state=fresh") == ["well-good"]
    assert shown("?state=all") == ["well-bad", "well-good", "well-paused"]
    assert shown("?state=all&q=GOOD") == ["well-good"]
    assert shown("?state=all&q=%25") == []
    assert shown("?state=nonsense") == ["well-bad"]
    assert shown("?state=all&page=2") == []


def test_a_host_that_is_left_alone_is_shown_first_and_asked_again(hub, admin, mirrors):
    """Its mirrors are put off and say so; the button makes one of them the trial."""
    hub.sql("INSERT INTO hub.host (name, is_own) VALUES ('a-quiet.example:443', false)")
    host = hub.row("SELECT h.id, h.name FROM hub.host h JOIN hub.mirror m ON m.host_id = h.id"
                   " JOIN hub.project p ON p.id = m.project_id WHERE p.path = 'well-good'")
    hub.wait_idle("well-good")
    hub.sql("UPDATE hub.host SET breaker_level = 2, breaker_until = now() + interval '25 min',"
            " failures = 7, error_text = 'no <b>answer', error_at = now() WHERE id = %s", host["id"])
    hub.sql("UPDATE hub.mirror m SET last_success_at = now() - interval '5 h' FROM hub.project p"
            " WHERE p.id = m.project_id AND p.path = 'well-good'")
    hub.sql("UPDATE hub.job j SET run_at = now() + interval '25 min', due_at = now() - interval '4 h'"
            " FROM hub.project p WHERE p.id = j.project_id AND p.path = 'well-good'")
    admin.get("/well-good")
    assert "has to wait for its host" in admin.page.text
    admin.get("/-/admin/mirrors?state=behind")
    assert admin.page.row("well-good") is not None
    admin.get("/-/admin/hosts")
    assert admin.page.tables[0][1][0] == host["name"]
    row = admin.page.row(host["name"])
    assert "open" in row[1] and "left alone for 2" in row[1]
    n_mirrors = hub.one("SELECT count(*) FROM hub.mirror WHERE host_id = %s", host["id"])
    assert row[2] == str(n_mirrors) and row[4] == "any" and "7 in a row: no <b>answer" in row[5]
    assert "ok" in admin.page.row("a-quiet.example:443")[1]
    assert [f.action for f in admin.page.forms if f.action.endswith("/try")] == [
        "/-/admin/hosts/%d/try" % host["id"]]
    admin.submit("/-/admin/hosts/%d/try" % host["id"])
    assert admin.answer.status_code == 200
    wait_until(lambda: hub.one("SELECT breaker_level FROM hub.host WHERE id = %s", host["id"]) == 0, 60,
               "its trial went well")
    assert hub.one("SELECT last_success_at > now() - interval '1 h' FROM hub.mirror m JOIN hub.project p"
                   " ON p.id = m.project_id WHERE p.path = 'well-good'")
    assert hub.one("SELECT count(*) FROM hub.event WHERE action = 'host.try' AND object = %s"
                   " AND actor = %s", host["name"], hub.user) == 1
    admin.get("/-/admin/hosts?q=A-QUIET")
    assert [row[0] for row in admin.page.tables[0][1:]] == ["a-quiet.example:443"]
    token = admin.page.form("/-/sign-out").values["form_token"]
    for number in ("999999", "0", "x"):
        got = admin.ask("POST", "/-/admin/hosts/%s/try" % number, data={"form_token": token})
        assert got.status_code == 404


def test_an_account_is_made_and_its_password_shown_once(hub, admin):
    admin.get("/-/admin/accounts")
    admin.submit("/-/admin/accounts", uname="Dora", email="dora@example.org", role="tester",
                 first_name="Dora", last_name="<i>")
    assert admin.answer.status_code == 200
    assert admin.answer.headers["Cache-Control"] == "no-store"
    password = re.search(r"<code class=\"secret\">([0-9a-f]{24})</code>",
                         admin.answer.text).group(1)
    hub.hide(password)
    admin.get("/-/admin/accounts?q=dora%40")
    assert password not in admin.answer.text
    assert admin.page.row("Dora")[:4] == ["Dora", "Dora <i>", "dora@example.org", "tester"]
    dora = Person(hub)
    dora.sign_in("dora", password)
    dora.get("/-/tokens")
    assert dora.page.h1 == "Dora"


@pytest.mark.parametrize("values,fault", [
    ({"uname": ""}, "This is needed."), ({"uname": "123"}, None), ({"uname": "a b"}, None),
    ({"uname": "CAROL"}, "Somebody else has this already."),
    ({"email": "a b@example.org"}, "An address has no blanks and none of < > , ;"),
    ({"role": "banned"}, "This is none of the choices."),
    ({"role": "system"}, "This is none of the choices."),
    ({"first_name": "x" * 256}, "This has at most 255 characters.")], ids=str)
def test_what_is_wrong_stands_at_the_field_and_values_are_kept(hub, admin, carol, values, fault):
    values = {"uname": "eve", "email": "eve@example.org", **values}
    admin.get("/-/admin/accounts")
    admin.submit("/-/admin/accounts", **values)
    assert admin.answer.status_code in (409, 422)
    assert len(admin.page.alerts) == 2
    if fault:
        assert admin.page.alerts[1] == fault
    form = admin.page.form("/-/admin/accounts").values
    assert (form["uname"], form["email"]) == (values["uname"], values["email"])
    assert hub.one("SELECT count(*) FROM hub.account WHERE uname = 'eve'") == 0


def set_role(admin, uname, **values):
    admin.get("/-/admin/accounts?q=" + uname)
    forms = [f for f in admin.page.forms if f.action.endswith("/role")]
    form = [f for f in forms if ("Ban" in f.buttons or "Lift the ban" in f.buttons)
            == (values.get("role") in ("banned", "lift"))][0]
    if values["role"] == "lift":
        values = {}
    return admin.ask("POST", form.action, data={**form.values, **values})


def test_A15_a_ban_signs_out_and_is_lifted(hub, admin):
    hub.account("fred", "correct horse")
    fred = Person(hub)
    fred.sign_in("fred", "correct horse")
    set_role(admin, "fred", role="banned")
    assert admin.page.row("fred")[3] == "banned"
    assert fred.get("/-/tokens", follow=False).status_code == 303
    fred.sign_in("fred", "correct horse")
    assert fred.answer.status_code == 401
    assert "locked" in fred.page.alerts[0]
    set_role(admin, "fred", role="lift")
    assert admin.page.row("fred")[3] == "user"
    assert fred.get("/-/tokens", follow=False).status_code == 303
    fred.sign_in("fred", "correct horse")
    assert fred.answer.status_code == 200
    assert [row["action"] for row in hub.sql(
        "SELECT action FROM hub.event WHERE object = 'fred' AND action LIKE 'account.%%'"
        " AND actor = %s ORDER BY id", hub.user)] == ["account.ban", "account.role"]


def test_roles_change_but_nobodys_own(hub, admin):
    hub.account("gina", "correct horse")
    set_role(admin, "gina", role="admin")
    assert admin.page.row("gina")[3] == "admin"
    gina = Person(hub)
    gina.sign_in("gina", "correct horse")
    assert gina.get("/-/admin").status_code == 200
    set_role(admin, "gina", role="tester")
    assert gina.get("/-/admin").status_code == 403
    token = admin.page.form("/-/sign-out").values["form_token"]
    me = hub.one("SELECT id FROM hub.account WHERE uname = %s", hub.user)
    path = "/-/admin/accounts/%d/role" % me
    assert admin.ask("POST", path, data={"role": "user", "form_token": token}).status_code == 409
    assert "nobody changes the role of his own account" in admin.answer.text.lower()
    gina_id = hub.one("SELECT id FROM hub.account WHERE uname = 'gina'")
    for role in ("system", "", "ADMIN"):
        got = admin.ask("POST", "/-/admin/accounts/%d/role" % gina_id,
                        data={"role": role, "form_token": token})
        assert got.status_code == 422, role
    assert admin.ask("POST", "/-/admin/accounts/999999/role",
                     data={"role": "user", "form_token": token}).status_code == 404


@pytest.fixture
def nobody_else(hub, mirrors):
    """The sync program is ended meanwhile: it writes down what it measures, each quarter of a minute."""
    hub.wait_idle("well-good")
    end_follow(hub)
    yield
    hub_follows(hub)


def test_C03_looking_around_changes_nothing(hub, admin, mirrors, nobody_else):
    """All links of the pages of people and administrators, followed by an administrator; compared
    are the rows of all tables but those that say that he looked."""
    tables = [row["name"] for row in hub.sql(
        "SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'hub'::regnamespace"
        " AND c.relkind = 'r' AND c.relname NOT IN ('worker', 'counter', 'session', 'token')")]
    assert "event" in tables and "job" in tables

    def rows():
        return {t: hub.one("SELECT md5(coalesce(string_agg(t::text, E'\n' ORDER BY t::text), ''))"
                           " FROM hub.%s t" % t) for t in tables}
    before, seen = rows(), set()
    todo = ["/", "/-/tokens", *PAGES, "/well-good", "/well-good/edit", "/well-good/runs", "/-/new"]
    while todo and len(seen) < 150:
        path = todo.pop(0)
        seen.add(path)
        answer = admin.get(path)
        assert answer.status_code != 500, path
        if admin.page is not None:
            todo += [url for url, _ in admin.page.links if url.startswith("/") and url not in seen
                     and url not in todo and not url.startswith(("/api", "/logout"))]
    assert len(seen) > 20
    assert rows() == before


def test_long_lists_come_page_by_page(hub, admin):
    hub.sql("INSERT INTO hub.account (uname) SELECT 'many-' || lpad(n::text, 3, '0')"
            " FROM generate_series(1, 120) n")
    seen, path = [], "/-/admin/accounts?q=many-"
    while path:
        admin.get(path)
        assert len(admin.answer.content) < 100000
        seen += [row[0] for row in admin.page.tables[0][1:]]
        path = next((url for url, text in admin.page.links if text == "Next"), None)
    assert seen == ["many-%03d" % n for n in range(1, 121)]
    assert [text for _, text in admin.page.links if text == "Previous"]
