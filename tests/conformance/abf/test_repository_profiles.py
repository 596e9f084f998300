"""Contract 7.2: seven ways to stand to a package repository, and what each may do. The table is in
profiles.py."""

import pytest

from conformance.abf.client import (DENIED, GUEST, NOT_FOUND, SIGN_IN, Abf, digest, personal)
from conformance.abf.keys import pair
from conformance.abf.profiles import NO, REPOSITORIES, YES
from fixtures.hub import running

CASES = [(number, visibility) for number in REPOSITORIES for visibility in ("open", "hidden")]


class World:
    def __init__(self, hub):
        self.hub = hub
        self.admin, self.guest = Abf(hub, hub.admin), Abf(hub, GUEST)
        self.owner, self.owner_id = self.admin.user("owner")
        self.other, self.other_id = self.admin.user("other")
        self.project = self.owner.project("attached", self.owner_id)

    def actor(self, number, kind):
        if kind == "admin":
            return self.admin, self.admin.me()["id"]
        if kind not in ("user", "system"):
            return self.guest, None
        return self.admin.user(number.lower().replace("-", "_"),
                               role="system" if kind == "system" else "")


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


@pytest.fixture(scope="module")
def closed():
    with running({"anonymous_read": "no"}) as one:
        yield World(one)


class Case:
    """One actor and one repository of a main platform."""

    def __init__(self, world, number, visibility):
        self.world, self.row = world, REPOSITORIES[number]
        name = "%s-%s" % (number.lower(), visibility)
        self.actor, actor_id = world.actor(number + "-" + visibility[0], self.row["actor"])
        relation = self.row["relation"]
        self.owner_id = actor_id if relation == "platform owner" else world.owner_id
        owner = self.actor if relation == "platform owner" else world.owner
        self.platform = world.admin.platform(name, self.owner_id, visibility=visibility)
        self.id = owner.repository(self.platform, "main")
        self.second = owner.repository(self.platform, "contrib")
        if relation == "repository member":
            owner.add_member("repositories", self.id, actor_id)
        self.is_guest = self.actor.auth is None
        self.may_read = self.row["show"][visibility == "hidden"] == YES

    def path(self, word="", id=None):
        return "repositories/%d%s.json" % (id or self.id, "/" + word if word else "")

    def refused(self, method, path, json=None, may_read=None):
        may_read = self.may_read if may_read is None else may_read
        expected = (401, SIGN_IN) if self.is_guest else \
            (403, DENIED) if may_read else (404, NOT_FOUND)
        before = digest(self.world.hub)
        got = self.actor.ask(method, path, expected[0], json=json)
        assert got.json() == expected[1]
        assert digest(self.world.hub) == before


@pytest.fixture(params=CASES, ids=["%s %s" % case for case in CASES], scope="module")
def case(request):
    number, visibility = request.param
    world = request.getfixturevalue("closed" if number == "R-02" else "world")
    return Case(world, number, visibility)


def test_SHOW(case):
    if case.may_read:
        assert case.actor.get(case.path())["repository"]["id"] == case.id
        assert case.actor.get(case.path("projects"))["repository"]["projects"] == []
        return
    status = 401 if case.row["actor"] == "guest, anonymous off" else 404
    for word in ("", "projects"):
        got = case.actor.ask("GET", case.path(word), status)
        assert got.json() == (SIGN_IN if status == 401 else NOT_FOUND)


def test_PROJ(case):
    body = {"project_id": case.world.project}
    if case.row["attach"] == NO:
        case.refused("PUT", case.path("add_project"), body)
        case.refused("DELETE", case.path("remove_project"), body)
        return

    def attached():
        listed = case.actor.get(case.path("projects"))["repository"]["projects"]
        return [p["id"] for p in listed]
    case.actor.put(case.path("add_project"), body)
    assert attached() == [case.world.project]
    case.actor.delete(case.path("remove_project"), body)
    assert attached() == []


def test_CSV(case):
    path = "repositories/%d/packages.csv" % case.id
    if case.row["csv"] == YES:
        case.actor.ask("GET", path, 200)
        got = case.actor.ask("GET", path, 403)  # once in 15 minutes, for all who ask
        assert got.text == DENIED["message"]
        assert case.world.admin.ask("GET", "repositories/%d/packages.csv" % case.second,
                                    403).text == DENIED["message"]
        return
    got = case.actor.ask("GET", path, 401 if case.is_guest else 403 if case.may_read else 404)
    if got.status_code != 404:
        assert got.text == (SIGN_IN["error"] if case.is_guest else DENIED["message"])
    case.world.admin.ask("GET", path, 200)  # a refused call does not start the window


def test_KEY(case):
    if case.row["key"] == NO:
        case.refused("GET", case.path("key_pair"))
        return
    shown = case.actor.get(case.path("key_pair"))["repository"]
    assert shown["key_pair"] == {"public": "", "secret": ""}
    public, secret = pair()
    case.world.owner.put(case.path("signatures"),
                         {"repository": {"public": public, "secret": secret}})
    shown = case.actor.get(case.path("key_pair"))["repository"]["key_pair"]
    assert shown["public"].strip() == public.strip() and shown["secret"].strip() == secret.strip()
    got = case.actor.ask("GET", "repositories/%d/public_key" % case.id, 200)
    assert got.text.strip() == public.strip() and "\r" not in got.text


def test_WRITE(case):
    other = {"member_id": case.world.other_id, "type": "User"}
    public, secret = pair()
    keys = {"repository": {"public": public, "secret": secret}}
    rename = {"repository": {"description": "changed"}}
    is_system = case.row["actor"] == "system"
    if case.row["write"] == NO:
        case.refused("PUT", case.path(), rename)
        case.refused("PATCH", case.path(), rename)
        if not is_system:
            case.refused("PUT", case.path("add_repo_lock_file"))
            case.refused("DELETE", case.path("remove_repo_lock_file"))
        case.refused("PUT", case.path("add_member"), other)
        case.refused("DELETE", case.path("remove_member"), other)
        case.refused("PUT", case.path("signatures"), keys)
        case.refused("DELETE", case.path())
        case.refused("DELETE", case.path(id=case.second))
        return

    def members():
        return [r["account_id"] for r in case.world.hub.sql(
            "SELECT account_id FROM hub.repository_grant WHERE repository_id = %s", case.id)]
    case.actor.put(case.path(), rename)
    assert case.actor.get(case.path())["repository"]["description"] == "changed"
    case.actor.put(case.path("add_repo_lock_file"))
    case.actor.delete(case.path("remove_repo_lock_file"))
    case.actor.put(case.path("add_member"), other)
    assert members() == [case.world.other_id]
    case.actor.delete(case.path("remove_member"), other)
    assert members() == []
    case.actor.put(case.path("signatures"), keys)
    assert case.world.hub.one("SELECT count(*) FROM hub.key_pair WHERE repository_id = %s", case.id)
    assert case.actor.delete(case.path(id=case.second)) == case.second
    assert case.actor.delete(case.path()) == case.id
    case.world.admin.ask("GET", case.path(), 404)


def test_R07_system_accounts_lock_repositories_of_main_platforms(world):
    system, _ = world.admin.user("locker", role="system")
    for visibility in ("open", "hidden"):
        platform = world.admin.platform("locks-" + visibility, world.owner_id, visibility=visibility)
        main = world.owner.repository(platform, "main")
        system.put("repositories/%d/add_repo_lock_file.json" % main)
        system.delete("repositories/%d/remove_repo_lock_file.json" % main)


# ---------------------------------------------------------------- personal platforms

@pytest.mark.parametrize("who", ["owner", "admin"])
def test_main_of_a_personal_platform_stays_and_others_go(world, who):
    uname = "personal_of_" + who
    owner, _ = world.admin.user(uname)
    actor = owner if who == "owner" else world.admin
    platform, main = personal(world.hub, uname)
    extra = actor.repository(platform, "extra")
    assert actor.delete("repositories/%d.json" % main, status=403) == DENIED
    actor.get("repositories/%d.json" % main)
    actor.delete("repositories/%d.json" % extra)
    new = {"repository": {"platform_id": platform, "name": "main", "description": "again"}}
    assert actor.post("repositories.json", new, 403) == DENIED


@pytest.mark.parametrize("who", ["owner", "admin", "system"])
def test_what_is_for_main_platforms_is_refused_on_personal_ones(world, who):
    uname = "main_only_" + who
    owner, _ = world.admin.user(uname)
    actor = {"owner": owner, "admin": world.admin}.get(who) or \
        world.admin.user("main_only_machine", role="system")[0]
    main = personal(world.hub, uname)[1]
    public, secret = pair()
    other = {"member_id": world.other_id, "type": "User"}
    before = digest(world.hub)
    for method, word, body in (
            ("PUT", "add_member", other), ("DELETE", "remove_member", other),
            ("PUT", "signatures", {"repository": {"public": public, "secret": secret}}),
            ("PUT", "add_repo_lock_file", None), ("DELETE", "remove_repo_lock_file", None)):
        got = actor.ask(method, "repositories/%d/%s.json" % (main, word), 403, json=body)
        assert got.json() == DENIED
    got = actor.ask("GET", "repositories/%d/packages.csv" % main, 403)
    assert got.text == DENIED["message"]
    assert digest(world.hub) == before
