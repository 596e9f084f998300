"""Administration in psql: docs/psql.md, played as it is written, and the audit of it."""

import re

import pytest

from fixtures.hub import ROOT
from fixtures.repos import simple
from fixtures.run import wait_until

PAGE = (ROOT / "docs" / "psql.md").read_text()


def sessions():
    """(role, statement, the answer's lines) of all that the page shows at a psql prompt."""
    out, role = [], "mirrorhub_owner"
    for block in re.findall(r"^```\n(.*?)^```", PAGE, re.S | re.M):
        lines = block.splitlines()
        role = "mirrorhub_owner"
        for i, line in enumerate(lines):
            if line.startswith("$ psql"):
                role = re.search(r"-U (\w+)", line)[1]
            elif line.startswith("mirrorhub=> "):
                answer = []
                for more in lines[i + 1:]:
                    if more.startswith(("mirrorhub=> ", "$ ")):
                        break
                    answer.append(more)
                out.append((role, line[len("mirrorhub=> "):], answer))
    return out


@pytest.fixture(scope="module")
def shop(hub, upstream):
    """The hub of the page: two mirrors that work, and one whose host does not exist."""
    for name in ("editor", "tools"):
        simple(upstream.folder / (name + ".git"))
        hub.mirror(upstream.url(name + ".git"), name)
    hub.mirror("https://someone:page-secret@git.invalid/team/private.git", "team-private",
               outcome="failed")
    hub.hide("page-secret")
    hub.wait_idle("tools")
    return hub


def test_every_session_of_the_page_goes_as_it_is_shown(shop):
    token = None
    for role, statement, answer in sessions():
        if "revoke_token" in statement and token:
            statement = statement.replace("f414b5", token[:6])
        done = shop.psql("-c", statement, role=role, check=False)
        if any(line.startswith("ERROR:") for line in answer):
            shown = next(line for line in answer if line.startswith("ERROR:"))
            assert shown in done.stderr, (statement, done.stderr)
            continue
        assert done.returncode == 0, (statement, done.stderr)
        got = done.stdout.splitlines()
        assert [w.strip() for w in got[0].split("|")] == [w.strip() for w in answer[0].split("|")], \
            statement
        if answer[2].strip() in ("queued", "paused", "resumed, and queued", "deleted", "disabled"):
            assert got[2].strip() == answer[2].strip(), statement
        if "new_token" in statement:
            token = got[2].strip()
            assert re.fullmatch("[0-9a-f]{40}", token)


def test_all_functions_and_views_of_the_page_exist_and_no_others(shop):
    views = {row["viewname"] for row in shop.sql(
        "SELECT viewname FROM pg_views WHERE schemaname = 'admin'")}
    for name in views:
        shop.sql("SELECT * FROM admin." + name)
    assert views == {name for name in re.findall(r"`admin\.(\w+)`", PAGE) if name in views}
    made = {row["name"] for row in shop.sql(
        "SELECT p.proname AS name FROM pg_proc p WHERE p.pronamespace = 'admin'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')")}
    told = set(re.findall(r"`admin\.(\w+)\(", PAGE))
    helpers = {"project_id", "account_id", "webhook_id", "manifest_id", "target_id", "record",
               "record_webhook", "record_target", "hash", "decide"}
    assert made - helpers == told - {"revoke_token"} | {"revoke_token"}


def test_sync_now_mirrors_what_is_new(shop, upstream):
    repo = upstream.repo("tools.git")
    shop.wait_idle("tools")  # the page has asked too, and what is new is not for its sync
    repo.commit()
    last = shop.run_id("tools")
    assert shop.one("SELECT admin.sync_now('TOOLS')") == "queued"
    assert shop.wait_run("tools", last)["outcome"] == "changed"
    assert shop.refs("tools") == repo.mirrored()


def test_a_paused_mirror_is_left_alone_until_it_is_resumed(shop, upstream):
    repo = upstream.repo("tools.git")
    shop.wait_idle("tools")
    assert shop.one("SELECT admin.pause('tools')") == "paused"
    assert shop.one("SELECT admin.pause('tools')") == "it was paused already"
    last, old = shop.run_id("tools"), repo.mirrored()
    repo.commit()
    assert shop.put("/repositories/tools").status_code in (200, 400, 409)
    assert shop.show("tools")["status"] == "idle" and shop.show("tools")["scheduled_at"] == ""
    assert shop.job("tools") is None
    assert shop.refs("tools") == old and shop.run_id("tools") == last
    assert shop.one("SELECT admin.resume('tools')") == "resumed, and queued"
    assert shop.wait_run("tools", last)["outcome"] == "changed"
    assert shop.refs("tools") == repo.mirrored()


def test_an_account_made_here_may_log_in_and_gets_a_better_hash(shop):
    text = shop.one("SELECT admin.create_account('dora', NULL)")
    password = text.split()[-1]
    assert shop.get("/repositories", ("dora", password)).status_code == 200
    assert shop.get("/repositories", ("dora", password + "x")).status_code == 401
    kind = wait_until(lambda: shop.one("SELECT password FROM admin.accounts WHERE uname = 'dora'"), 60)
    assert kind == "argon2id"
    token = shop.one("SELECT admin.new_token('dora', 'for a test', 1)")
    assert shop.get("/repositories", (token, "")).status_code == 200
    shop.one("SELECT admin.revoke_token(%s)", token[:6])
    assert shop.get("/repositories", (token, "")).status_code == 401


def test_a_password_set_here_ends_the_old_one(shop):
    shop.one("SELECT admin.create_account('eric', 'the first password')")
    assert shop.get("/repositories", ("eric", "the first password")).status_code == 200
    shop.one("SELECT admin.set_password('eric', 'the second password')")
    assert shop.get("/repositories", ("eric", "the first password")).status_code == 401
    assert shop.get("/repositories", ("eric", "the second password")).status_code == 200
    shop.one("SELECT admin.set_active('eric', false)")
    assert shop.get("/repositories", ("eric", "the second password")).status_code == 401


@pytest.mark.parametrize("statement", [
    "SELECT admin.create_account('fred', 'short')", "SELECT admin.create_account('12345', NULL)",
    "SELECT admin.create_account('a b', NULL)", "SELECT admin.create_account('gina', NULL, 'king')",
    "SELECT admin.create_team('12', 'admin')", "SELECT admin.create_team('herd', 'nobody')",
    "SELECT admin.create_team('ADMIN', 'admin')", "SELECT admin.add_member('none', 'admin', 'admin')",
    "SELECT admin.set_team_active('none', true)", "SELECT admin.set_top('nobody', true)",
    "SELECT admin.sync_now('no such mirror')", "SELECT admin.new_token('nobody')",
    "SELECT admin.new_token('admin', '', 4)", "SELECT admin.pause(NULL)",
    "SELECT admin.revoke_token('ffffff')"])
def test_a_wrong_call_says_what_is_wrong_and_changes_nothing(shop, statement):
    before = shop.one("SELECT count(*) FROM hub.event")
    done = shop.psql("-c", statement, check=False)
    assert done.returncode != 0 and "ERROR:" in done.stderr
    assert shop.one("SELECT count(*) FROM hub.event") == before


def test_a_team_made_here_is_a_group_of_the_api(shop):
    pair = shop.account("hugo", "a password of hugo")
    shop.account("irma")
    shop.one("SELECT admin.create_team('herd', 'hugo')")
    assert shop.one("SELECT admin.add_member('HERD', 'Irma', 'reader')") == "reader of herd"
    assert shop.one("SELECT admin.add_member('herd', 'irma', 'writer')") == "writer of herd"
    (group,) = shop.get("/api/v1/groups.json", pair).json()["groups"]
    assert (group["uname"], group["owner"]["uname"]) == ("herd", "hugo")
    members = shop.get("/api/v1/groups/%d/members.json" % group["id"], pair).json()
    assert [m["uname"] for m in members["group"]["members"]] == ["irma"]
    assert shop.one("SELECT count(*) FROM hub.platform WHERE name = 'herd_personal'") == 1
    path = "/api/v1/groups/%d.json" % group["id"]
    assert shop.one("SELECT admin.set_team_active('Herd', false)") == "not active"
    assert shop.get(path, pair).status_code == 200
    assert shop.one("SELECT admin.set_team_active('herd', true)") == "active"


def test_folders_are_counted_by_what_is_directly_in_them(shop):
    shop.sql("INSERT INTO hub.folder (path, owner_account_id, default_access) SELECT p, id, 0"
             " FROM hub.account, unnest(ARRAY['box', 'box/in', 'box/in/deep', 'box-2']) p"
             " WHERE uname = 'admin'")
    assert shop.row("SELECT owner, everyone, grants, folders, projects FROM admin.folders"
                    " WHERE path = 'box'") == {"owner": "admin", "everyone": "none", "grants": 0,
                                               "folders": 1, "projects": 0}


def test_the_right_to_create_at_the_top_is_taken_and_given(shop):
    shop.account("tina", "a password of tina")
    assert shop.one("SELECT admin.set_top('tina', false)") == "tina may not create at the top"
    assert shop.one("SELECT may_create_at_top FROM hub.account WHERE uname = 'tina'") is False
    assert shop.one("SELECT admin.set_top('Tina', true)") == "Tina may create at the top"


def test_the_schema_is_for_the_owner_alone(shop):
    for role in ("mirrorhub_web", "mirrorhub_sync"):
        for statement in ("SELECT * FROM admin.mirrors", "SELECT admin.sync_now('tools')",
                          "SELECT admin.create_account('mallory', NULL, 'admin')"):
            done = shop.psql("-c", statement, role=role, check=False)
            assert done.returncode != 0 and "permission denied" in done.stderr


def test_a_deleted_project_loses_its_folder(shop, upstream):
    simple(upstream.folder / "short-lived.git")
    shop.mirror(upstream.url("short-lived.git"), "short-lived")
    folder = shop.store_dir("short-lived")
    assert shop.one("SELECT admin.delete_project('short-lived')") == "deleted"
    wait_until(lambda: not folder.exists(), 60, "the folder is gone")
