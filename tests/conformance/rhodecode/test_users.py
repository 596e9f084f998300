"""contracts/rhodecode.md 2.3 and 3.2, the methods of users and of the server: rows 7 to 11, 21 to 29 and
77 of section 5, S1 to S4, S15. Not here: rows 24 and 29 "forced" are made by input that must fail."""

import concurrent.futures
import os

import pytest

from conformance.rhodecode.client import Client

DENIED = "Access was denied to this resource."
PASSWORD = "a good password"


@pytest.fixture(scope="module")
def api(hub):
    return Client(hub.url, hub.new_token("admin"))


@pytest.fixture(scope="module")
def seed(api):
    return Client("http://%s:%d" % (api.host, api.port), api.key, ids=None)


@pytest.fixture(scope="module")
def regular(hub, api):
    api("create_user", username="test-api", email="test@example.com", firstname="first",
        lastname="last", password=PASSWORD)
    return Client(hub.url, hub.new_token("test-api"))


def user(api, username):
    return [u for u in api("get_users") if u["username"] == username][0]


def events(hub, object):
    return [(e["action"], e["detail"]) for e in
            hub.sql("SELECT action, detail FROM hub.event WHERE object = %s ORDER BY id", object)]


def made(api, name, **more):
    """A new user, as the answer shows it."""
    return api("create_user", username=name, email=name + "@example.com", **more)["user"]


# ---------------------------------------------------------------- lists

def test_S01_users_as_the_seed_shows_them(seed, regular):
    rows = seed("get_users")
    for row in rows:
        assert list(row) == ["id", "username", "firstname", "lastname", "email", "active", "admin",
                             "ldap"]
        assert type(row["id"]) is int and type(row["active"]) is type(row["admin"]) is bool
        assert row["ldap"] is None
    assert rows == sorted(rows, key=lambda row: row["username"])
    assert [row["firstname"] for row in rows if row["username"] == "test-api"] == ["first"]


def test_07_users_as_kallithea_shows_them(hub, api, regular):
    hub.account("robot", role="system")
    hub.sql("INSERT INTO hub.account_email SELECT id, e FROM hub.account,"
            " unnest(ARRAY['z@example.com', 'b\"@example.com']) e WHERE uname = 'test-api'")
    names = [row["username"] for row in api("get_users")]
    assert names == sorted(names) and "default" not in names and "robot" not in names
    row = user(api, "test-api")
    assert row == {"user_id": row["user_id"], "username": "test-api", "firstname": "first",
                   "lastname": "last", "email": "test@example.com", "active": True, "admin": False,
                   "emails": ["test@example.com", 'b"@example.com', "z@example.com"]}


# ---------------------------------------------------------------- update_user and log-ins

def test_a_name_that_was_changed_logs_nobody_in(hub, api):
    made(api, "before", password=PASSWORD)
    assert hub.get("/api/v1/user.json", ("before", PASSWORD)).status_code == 200  # remembered now
    api("update_user", userid="before", username="after", email="after@example.com")
    for name, status in (("before", 401), ("after", 200), ("before@example.com", 401),
                         ("after@example.com", 200)):
        assert hub.get("/api/v1/user.json", (name, PASSWORD)).status_code == status


# ---------------------------------------------------------------- get_user

def test_08_an_administrator_sees_anybody(api, regular):
    own = api("get_user")
    assert own["username"] == "admin" and own["permissions"]["global"][0] == "hg.admin"
    assert api("get_user", userid="admin") == api("get_user", userid=own["user_id"]) == \
        api("get_user", userid=str(own["user_id"])) == api("get_user", username="admin") == own
    permissions = own.pop("permissions")
    assert own == user(api, "admin")
    assert set(permissions) == {"global", "repositories", "repositories_groups", "user_groups"}
    assert api("get_user", userid="test-api")["email"] == "test@example.com"


def test_09_everybody_sees_himself(regular):
    own = regular("get_user")
    assert own["username"] == "test-api" and "hg.admin" not in own["permissions"]["global"]
    assert regular("get_user", userid=own["user_id"]) == regular("get_user", userid=None) == own
    assert regular("get_user", userid=str(own["user_id"])) == own


def test_the_right_to_create_at_the_top_is_a_global_one(hub, regular):
    def rights():
        return regular("get_user")["permissions"]["global"]
    for may, word in ((False, "hg.create.none"), (True, "hg.create.repository")):
        hub.sql("UPDATE hub.account SET may_create_at_top = %s WHERE uname = 'test-api'", may)
        assert rights() == [word, "hg.fork.repository", "hg.usergroup.create.true"]


def test_a_system_account_sees_itself_and_is_no_user(hub, api):
    hub.account("builder", role="system")
    builder = Client(hub.url, hub.new_token("builder"))
    assert builder("get_user")["username"] == "builder"
    for method in ("get_user", "update_user", "delete_user"):
        assert api.refused(method, userid="builder") == "user `builder` does not exist"
    assert api.refused("create_user", username="builder", email="b@example.com") == \
        "user `builder` already exist"


def test_what_is_a_users_own_is_in_his_permissions(hub, regular):
    me = regular("get_user")["user_id"]
    auth = ("test-api", PASSWORD)
    got = hub.post("/repositories", {"url": "https://unreachable.invalid/x.git", "name": "owned",
                                     "clone": "false"}, auth)
    assert got.status_code == 201
    hub.add("https://unreachable.invalid/y.git", "granted", sync=False)
    hub.add("https://unreachable.invalid/z.git", "of-everybody", sync=False)
    hub.grant("granted", "test-api", 2)
    hub.sql("INSERT INTO hub.team (uname, owner_account_id) SELECT 'crew', id FROM hub.account"
            " WHERE uname = 'admin'")
    hub.sql("INSERT INTO hub.team_member SELECT id, %s, 1 FROM hub.team WHERE uname = 'crew'", me)
    permissions = regular("get_user")["permissions"]
    assert permissions["repositories"] == {"granted": "repository.write", "owned": "repository.admin"}
    assert permissions["user_groups"] == {"crew": "usergroup.read"}
    hub.sql("INSERT INTO hub.folder (path, owner_account_id) VALUES ('shared', 1), ('other', 1)")
    hub.sql("INSERT INTO hub.folder_grant (folder_id, team_id, access) SELECT f.id, t.id, 2"
            " FROM hub.folder f, hub.team t WHERE f.path = 'shared' AND t.uname = 'crew'")
    assert regular("get_user")["permissions"]["repositories_groups"] == {"shared": "group.write"}


@pytest.mark.parametrize("who", ["trololo", "Admin", 999999, "999999", "default", "", "0", "-1",
                                 "99999999999999999999", "robot", "x" * 5000])
def test_10_unknown_users(api, who):
    assert api.refused("get_user", userid=who) == "user `%s` does not exist" % who


@pytest.mark.parametrize("who", ["test-api", "admin", 1, "nobody"])
def test_11_somebody_else_is_for_administrators(regular, who):
    assert regular.refused("get_user", userid=who) == "userid is not the same as your user"


def test_the_seed_asks_by_name_and_nobody_is_null(hub, seed, regular):
    row = seed("get_user", username="test-api")
    assert row["firstname"] == "first" and "ldap" in row
    assert seed("get_user", username=str(row["id"])) == seed("get_user", userid=row["id"]) == row
    assert seed("get_user", username="nobody") is None
    assert seed.refused("get_user") == "Missing non optional username arg in JSON DATA"
    flat = Client(hub.url, regular.key, ids=None)
    assert flat.refused("get_user", username="test-api") == DENIED


# ---------------------------------------------------------------- create_user

def test_S02_a_user_is_made_once(seed):
    args = {"username": "joe", "password": PASSWORD, "firstname": "Joe", "lastname": "Doe",
            "email": "Joe@Example.com"}
    assert seed("create_user", **args) == {"msg": "created new user joe"}
    assert seed.refused("create_user", **args) == "user joe already exist"
    assert seed.refused("create_user", **{**args, "username": "JOE"}) == "user JOE already exist"
    assert seed.refused("create_user", **{**args, "username": "joe2"}) == \
        "email Joe@Example.com already exist"
    assert seed("get_user", username="joe") == {
        "id": seed("get_user", username="joe")["id"], "username": "joe", "firstname": "Joe",
        "lastname": "Doe", "email": "joe@example.com", "active": True, "admin": False, "ldap": None}


def test_S03_the_call_before_the_seed_gives_the_number(hub, seed):
    result = seed("create_user", username="older", password=PASSWORD, name="Old", lastname="Er",
                  email="older@example.com", active=True, admin=False)
    assert result == {"id": hub.one("SELECT id FROM hub.account WHERE uname = 'older'"),
                      "msg": "created new user older"}
    assert seed("get_user", username="older")["firstname"] == "Old"


@pytest.mark.parametrize("active, admin", [("True", "False"), ("0", "1"), (False, True), ("no", "yes")])
def test_S04_flags_are_kept(seed, name, active, admin):
    name = "flags-" + name
    seed("create_user", username=name, password=PASSWORD, firstname="", lastname="",
         email=name + "@example.com", active=active, admin=admin)
    row = seed("get_user", username=name)
    yes = (True, "True", "1", "yes")
    assert row["active"] == (active in yes) and row["admin"] == (admin in yes)
    seed("get_users")
    Client("http://%s:%d" % (seed.host, seed.port), seed.key)("delete_user", userid=name)


def test_a_password_of_the_seed_may_be_null(hub, seed):
    for i, password in enumerate((None, "")):
        seed("create_user", username="nopass%d" % i, password=password, firstname="a", lastname="b",
             email="nopass%d@example.com" % i, ldap_dn="uid=x")
        assert hub.one("SELECT password_hash FROM hub.account WHERE uname = %s", "nopass%d" % i) == ""
        assert seed("get_user", username="nopass%d" % i)["ldap"] is None
    assert seed.refused("create_user", username="x", firstname="a", lastname="b", email="c") == \
        "Missing non optional password arg in JSON DATA"


def test_21_22_taken_names_and_addresses(hub, api, regular):
    assert api.refused("create_user", username="admin", email="new@example.com") == \
        "user `admin` already exist"
    assert api.refused("create_user", username="taken", email="TEST@example.com") == \
        "email `TEST@example.com` already exist"
    hub.sql("INSERT INTO hub.account_email SELECT id, 'More@example.com' FROM hub.account"
            " WHERE uname = 'test-api'")
    assert api.refused("create_user", username="taken", email="more@example.com") == \
        "email `more@example.com` already exist"
    assert api.refused("create_user", username="admin", email="test@example.com") == \
        "user `admin` already exist"
    hub.sql("INSERT INTO hub.team (uname, owner_account_id) SELECT 'takers', 1")
    assert api.refused("create_user", username="Takers", email="t@example.com") == \
        "user `Takers` already exist"
    assert hub.one("SELECT count(*) FROM hub.account WHERE uname = 'taken'") == 0


@pytest.mark.parametrize("more", [{}, {"password": PASSWORD}, {"extern_name": "internal"},
                                  {"password": None, "firstname": None, "active": None, "admin": None,
                                   "extern_type": "ldap", "extern_name": None, "ldap_dn": "x"},
                                  {"firstname": "F", "lastname": "L", "active": False, "admin": True}])
def test_23_what_is_not_given_has_a_value(hub, api, name, more):
    name = "N-" + name
    answer = api("create_user", username=name, email=name + "@example.com", **more)
    row = {"user_id": hub.one("SELECT id FROM hub.account WHERE uname = %s", name),
           "username": name, "firstname": more.get("firstname") or "",
           "lastname": more.get("lastname") or "", "email": name.lower() + "@example.com",
           "emails": [name.lower() + "@example.com"],
           "active": more.get("active") is not False, "admin": bool(more.get("admin"))}
    assert answer == {"msg": "created new user `%s`" % name, "user": row}
    assert user(api, name) == row
    if more.get("password"):
        assert hub.get("/api/v1/user.json", (name, PASSWORD)).status_code == 200
    assert ("account.create", "admin" if more.get("admin") else "user") in events(hub, name)
    api("delete_user", userid=name)


@pytest.mark.parametrize("wrong", [
    {"username": ""}, {"username": "12345"}, {"username": "a b"}, {"username": "../x"},
    {"username": "default"}, {"username": "new_user"}, {"username": "-x"}, {"username": "a" * 101},
    {"username": "\u00e9"}, {"username": "_admin"}, {"password": "short"}, {"password": "password"},
    {"password": "x" * 1025}, {"firstname": "a\nb"}, {"lastname": "x" * 256}, {"email": "a b@c"},
    {"email": "x" * 256}])
def test_24_what_cannot_be_made_fails_in_one_sentence(hub, api, seed, wrong):
    before = hub.one("SELECT count(*) FROM hub.account")
    args = {"username": "fails", "email": "fails@example.com", **wrong}
    assert api.refused("create_user", **args) == "failed to create user `%s`" % args["username"]
    args = {"password": PASSWORD, "firstname": "", "lastname": "", **args}
    assert seed.refused("create_user", **args) == "failed to create user %s" % args["username"]
    assert hub.one("SELECT count(*) FROM hub.account") == before


def test_passwords_are_in_no_log(hub, api):
    api.refused("create_user", username="secretive", email="a b", password="my-secret-password-1")
    api("create_user", username="secretive", email="s@example.com", password="my-secret-password-2")
    api("update_user", userid="secretive", password="my-secret-password-3")
    assert "my-secret-password" not in hub.logs()
    assert "my-secret-password" not in hub.dump()


# ---------------------------------------------------------------- update_user

@pytest.mark.parametrize("change", [
    {"firstname": "new_first"}, {"lastname": "new_last"}, {"email": "new_username"}, {"admin": True},
    {"admin": "False"}, {"extern_type": "ldap"}, {"extern_type": None}, {"extern_name": "test"},
    {"extern_name": None}, {"ldap_dn": "test"}, {"active": False}, {"active": "true"},
    {"password": "another password"}, {"username": "renamed"}, {"email": ""}, {"firstname": ""}, {}])
def test_26_27_what_is_given_changes_and_nothing_else(hub, api, name, change):
    before = made(api, name, firstname="first", lastname="last", password=PASSWORD)
    expected = dict(before)
    for key, value in change.items():
        if key in expected:
            expected[key] = {"True": True, "False": False, "true": True}.get(str(value), value)
    expected["emails"] = [expected["email"]] if expected["email"] else []
    got = api("update_user", userid=name, **change)
    assert got == {"msg": "updated user ID:%d %s" % (before["user_id"], expected["username"]),
                   "user": expected}
    assert api("update_user", userid=before["user_id"]) == got
    password = change.get("password", PASSWORD)
    status = hub.get("/api/v1/user.json", (expected["username"], password)).status_code
    assert status == (200 if expected["active"] else 401)
    assert events(hub, name)[1][0] == "account.update"
    api("delete_user", userid=before["user_id"])


def test_a_new_password_ends_the_old_one_at_once(hub, api, name):
    made(api, name, password=PASSWORD)
    key = Client(hub.url, hub.new_token(name))
    assert hub.get("/api/v1/user.json", (name, PASSWORD)).status_code == 200
    api("update_user", userid=name, password="quite another one")
    assert hub.get("/api/v1/user.json", (name, PASSWORD)).status_code == 401
    assert hub.get("/api/v1/user.json", (name, "quite another one")).status_code == 200
    api("update_user", userid=name, password="")
    assert hub.get("/api/v1/user.json", (name, "quite another one")).status_code == 401
    assert key("get_user")["username"] == name


def test_a_new_name_takes_the_personal_platform_along(hub, api, name):
    made(api, name)
    api("update_user", userid=name, username=name + "-2")
    assert hub.one("SELECT p.name FROM hub.platform p JOIN hub.account a ON a.id = p.owner_account_id"
                   " WHERE a.uname = %s", name + "-2") == name + "-2_personal"
    again = made(api, name + "x")
    assert api.refused("update_user", userid=name + "x", username=name.upper() + "-2") == \
        "failed to update user `%sx`" % name
    assert api("update_user", userid=again["user_id"], username=name)["user"]["username"] == name


def test_28_default_is_nobodys(api):
    assert api.refused("update_user", userid="default", firstname="x") == \
        "editing default user is forbidden"
    assert api.refused("delete_user", userid="default") == "user `default` does not exist"


@pytest.mark.parametrize("wrong", [{"username": "admin"}, {"email": "TAKEN@example.com"},
                                   {"password": "short"}, {"username": "default"}, {"username": ""},
                                   {"firstname": []}])
def test_29_what_cannot_be_changed_fails_as_asked_for(hub, api, name, wrong):
    number = made(api, name)["user_id"]
    if hub.one("SELECT count(*) FROM hub.account WHERE email = 'taken@example.com'") == 0:
        api("create_user", username="taker-" + name, email="taken@example.com")
    for who in (name, number, str(number)):
        assert api.refused("update_user", userid=who, **wrong) == "failed to update user `%s`" % who
    assert user(api, name)["email"] == name + "@example.com"


def test_a_banned_user_stays_banned(hub, api, name):
    made(api, name)
    hub.sql("UPDATE hub.account SET role = 'banned' WHERE uname = %s", name)
    assert api("update_user", userid=name, active=True, admin=True)["user"]["active"] is False
    assert hub.one("SELECT role FROM hub.account WHERE uname = %s", name) == "banned"


# ---------------------------------------------------------------- delete_user

def test_25_a_user_goes_with_what_is_his_alone(hub, api, name):
    number = made(api, name)["user_id"]
    client = Client(hub.url, hub.new_token(name))
    hub.add("https://unreachable.invalid/d.git", name + "-project", sync=False)
    hub.grant(name + "-project", name, 2)
    hub.sql("INSERT INTO hub.team (uname, owner_account_id) VALUES (%s, 1)", name + "-team")
    hub.sql("INSERT INTO hub.team_member SELECT id, %s, 1 FROM hub.team WHERE uname = %s",
            number, name + "-team")
    assert api("delete_user", userid=name) == {
        "msg": "deleted user ID:%d %s" % (number, name), "user": None}
    assert client.refused("get_user") == "Invalid API KEY"
    for table in ("token", "team_member", "project_grant"):
        assert hub.one("SELECT count(*) FROM hub.%s WHERE account_id = %%s" % table, number) == 0
    assert hub.one("SELECT count(*) FROM hub.platform WHERE owner_account_id = %s", number) == 0
    assert events(hub, name)[-1] == ("account.delete", "")
    assert api.refused("delete_user", userid=name) == "user `%s` does not exist" % name
    made(api, name)  # the name is free


@pytest.mark.parametrize("what", ["project", "team", "platform", "folder"])
def test_25_who_owns_something_stays(hub, api, name, what):
    number = made(api, name)["user_id"]
    hub.sql({"project": "WITH s AS (INSERT INTO hub.store DEFAULT VALUES RETURNING id) INSERT INTO"
                        " hub.project (path, owner_account_id, store_id) SELECT %s, %s, id FROM s",
             "team": "INSERT INTO hub.team (uname, owner_account_id) VALUES (%s, %s)",
             "folder": "INSERT INTO hub.folder (path, owner_account_id) VALUES (%s, %s)",
             "platform": "INSERT INTO hub.platform (name, owner_account_id, description, distrib_type,"
                         " default_branch) VALUES (%s, %s, 'd', 'mdv', 'b')"}[what],
            name + "-owned", number)
    assert api.refused("delete_user", userid=number) == \
        "failed to delete user ID:%d %s" % (number, name)
    assert user(api, name)["user_id"] == number


# ---------------------------------------------------------------- the last administrator

@pytest.fixture
def only(hub, api):
    """No administrator but one."""
    hub.sql("UPDATE hub.account SET role = 'user' WHERE role = 'admin' AND uname <> 'admin'")
    return api


def test_the_last_administrator_stays(hub, only, name):
    number = only("get_user")["user_id"]
    made(only, name, admin=True, active=False)  # one who is inactive does not count
    assert only.refused("delete_user", userid="admin") == "failed to delete user ID:%d admin" % number
    for change in ({"admin": False}, {"active": False}, {"admin": "no", "firstname": "x"}):
        assert only.refused("update_user", userid="admin", **change) == "failed to update user `admin`"
    assert only("update_user", userid="admin", firstname="", admin=True)["user"]["admin"] is True
    only("update_user", userid=name, active=True)
    assert only("update_user", userid=name, admin=False)["user"]["admin"] is False


def test_two_who_dismiss_each_other_leave_one(hub, only, name):
    made(only, name, admin=True)
    other = Client(hub.url, hub.new_token(name))

    def dismiss(pair):
        client, who = pair
        return client.ask("update_user", userid=who, admin=False)["error"]
    for _ in range(5):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            errors = list(pool.map(dismiss, [(only, name), (other, "admin")]))
        assert hub.one("SELECT count(*) FROM hub.account WHERE role = 'admin' AND active") == 1
        assert any(errors)
        hub.sql("UPDATE hub.account SET role = 'admin' WHERE uname IN ('admin', %s)", name)


# ---------------------------------------------------------------- S15, server

def test_S15_these_are_for_administrators(regular):
    flat = Client("http://%s:%d" % (regular.host, regular.port), regular.key, ids=None)
    new = {"username": "x", "password": PASSWORD, "firstname": "", "lastname": "", "email": "x"}
    for client in (regular, flat):
        assert client.refused("get_users") == DENIED
        assert client.refused("create_user", **new) == DENIED
    for method in ("update_user", "delete_user"):
        assert regular.refused(method, userid="test-api") == DENIED


def test_77_addresses(api, regular):
    assert api("get_ip") == api("get_ip", userid="test-api") == {
        "server_ip_addr": "127.0.0.1", "user_ips": []}
    assert api("show_ip", userid="admin") == {"ip_addr_server": "127.0.0.1", "user_ips": []}
    assert api.refused("get_ip", userid="nobody") == "user `nobody` does not exist"
    assert api.refused("show_ip") == "Missing non optional `userid` arg in JSON DATA"


def test_the_server_has_modules_as_pairs(api):
    told = api("get_server_info")
    assert set(told) == {"modules", "py_version", "platform", "kallithea_version", "git_version",
                         "git_path"}
    assert [len(pair) for pair in told["modules"]] == [2] * len(told["modules"])
    assert told["modules"] == sorted(told["modules"])
    assert told["git_version"][0].isdigit()
    assert all(isinstance(text, str) for key, text in told.items() if key != "modules")


def test_methods_are_listed_by_a_pattern(api):
    names = api("get_method")
    assert {"create_user", "get_method", "test"} <= set(names) and len(names) == len(set(names))
    assert api("get_method", pattern="*_user") == [n for n in names if n.endswith("_user")]
    assert api("get_method", pattern="nope") == []
    assert api("get_method", pattern="delete_user") == ["delete_user", {"userid": "<RequiredType>"}]
    assert api("get_method", pattern="get_users") == ["get_users", {}]
    assert api("get_method", pattern="create_user")[1]["password"] == "<Optional>"


# ---------------------------------------------------------------- rescan_repos

FAILED = "Error occurred during rescan repositories action"


def folder_of(hub, name):
    number = hub.one("SELECT store_id FROM hub.project WHERE path = %s", name)
    return hub.data_dir / "repos" / str(number // 1000) / ("%d.git" % number)


def store(hub, name):
    """A repository of half an hour ago, with its folder."""
    hub.sql("WITH s AS (INSERT INTO hub.store DEFAULT VALUES RETURNING id) INSERT INTO hub.project"
            " (path, owner_account_id, store_id, created_at)"
            " SELECT %s, 1, id, now() - interval '30 minutes' FROM s", name)
    folder = folder_of(hub, name)
    owner = hub.data_dir.stat()
    for path in (folder.parent, folder):
        path.mkdir(exist_ok=True)
        os.chown(path, owner.st_uid, owner.st_gid)


@pytest.fixture
def stored(hub, name):
    """Three repositories by name."""
    names = ["%s-%d" % (name, i) for i in range(3)]
    for one in names:
        store(hub, one)
    yield names
    hub.sql("DELETE FROM hub.project WHERE path LIKE %s", name + "-%")


def test_14_nothing_is_missing(hub, api, stored):
    hub.add("https://unreachable.invalid/r/n.git", "never-fetched", sync=False)
    hub.sql("UPDATE hub.project SET created_at = now() - interval '30 minutes'"
            " WHERE path = 'never-fetched'")
    assert api("rescan_repos") == api("rescan_repos", remove_obsolete=True) == {
        "added": [], "removed": []}


def test_lost_stores_are_named_and_removed_when_asked_for(hub, api, stored):
    folder_of(hub, stored[1]).rmdir()
    before = hub.one("SELECT count(*) FROM hub.project")
    assert api("rescan_repos") == {"added": [], "removed": [stored[1]]}
    assert hub.one("SELECT count(*) FROM hub.project") == before
    assert api("rescan_repos", remove_obsolete="true") == {"added": [], "removed": [stored[1]]}
    assert hub.one("SELECT count(*) FROM hub.project") == before - 1
    assert ("project.delete", "") in events(hub, stored[1])
    assert api("rescan_repos") == {"added": [], "removed": []}


def test_a_young_repository_is_left_alone(hub, api, stored):
    folder_of(hub, stored[1]).rmdir()
    hub.sql("UPDATE hub.project SET created_at = now() WHERE path = %s", stored[1])
    assert api("rescan_repos", remove_obsolete=True)["removed"] == []


def test_more_lost_stores_than_are_left_are_no_clean_up(hub, api, stored):
    for name in stored[:2]:
        folder_of(hub, name).rmdir()
    assert api("rescan_repos")["removed"] == stored[:2]
    assert api.refused("rescan_repos", remove_obsolete=True) == FAILED
    assert hub.one("SELECT count(*) FROM hub.project WHERE path = ANY(%s)", stored) == 3


def test_an_empty_disk_is_never_everything_removed(fresh_hub):
    hub = fresh_hub()
    hub.expect_err("not the data folder|mirrorhub.instance")
    api = Client(hub.url, hub.new_token("admin"))
    store(hub, "one")
    hub.end_program("sync")  # it looks at the folder too
    (hub.data_dir / "mirrorhub.instance").unlink()
    for remove in (False, True):
        assert api.refused("rescan_repos", remove_obsolete=remove) == FAILED
    assert hub.one("SELECT count(*) FROM hub.project") == 1
