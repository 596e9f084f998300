"""Contract 7.1: fifteen ways to stand to a project, and what each may do. The table is in
profiles.py."""

import pytest

from conformance.abf.client import DENIED, GUEST, NOT_FOUND, SIGN_IN, Abf, digest
from conformance.abf.profiles import NO, PROJECTS, REPOSITORIES, TAKEN, WAITING, YES
from fixtures.hub import running

CASES = [(number, visibility) for number in PROJECTS for visibility in ("open", "hidden")]


class World:
    """A hub with an administrator and the owner of what is looked at."""

    def __init__(self, hub):
        self.hub = hub
        self.admin = Abf(hub, hub.admin)
        self.guest = Abf(hub, GUEST)
        self.owner, self.owner_id = self.admin.user("owner")
        self.other, self.other_id = self.admin.user("other")

    def actor(self, number, kind):
        """(Abf, id or None) of who asks."""
        if kind == "admin":
            return self.admin, self.admin.me()["id"]
        if kind != "user":
            return self.guest, None
        return self.admin.user(number.lower().replace("-", "_"))

    def project(self, name, visibility, relation, actor):
        """(id, owner's uname): a project that the actor has this relation to."""
        owner, group = self.owner, "g_" + name.lower().replace("-", "_")
        abf, actor_id = actor
        if relation == "owner":
            return abf.project(name, actor_id, visibility=visibility), abf.auth[0]
        if relation.endswith("of owner group"):
            made = owner.group(group, [(actor_id, relation.split()[0])])
            return owner.project(name, made, "Group", visibility), group
        made = owner.project(name, self.owner_id, visibility=visibility)
        if relation in ("reader", "writer"):
            owner.add_member("projects", made, actor_id, role=relation)
        elif relation == "in another group":
            owner.group(group, [(actor_id, "admin")])
        elif " in " in relation:
            role, _, of_group = relation.partition(",")[0].partition(" in ")
            team = owner.group(group, [(actor_id, role)])
            owner.add_member("projects", made, team, "Group", role=of_group.split()[0])
            if relation.endswith(", admin"):
                owner.add_member("projects", made, actor_id, role="admin")
        else:
            assert relation == "none"
        return made, "owner"

    def count(self):
        return self.hub.one("SELECT count(*) FROM hub.project")


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


@pytest.fixture(scope="module")
def closed():
    """A hub that asks everybody for an account."""
    with running({"anonymous_read": "no"}) as one:
        yield World(one)


class Case:
    """One actor, one project, and what is to be seen of it."""

    def __init__(self, world, number, visibility):
        self.world, self.visibility = world, visibility
        row = self.row = PROJECTS[number]
        self.actor, self.actor_id = world.actor(number + "-" + visibility[0], row["actor"])
        self.name = "%s-%s" % (number.lower(), visibility)
        self.id, self.owner = world.project(self.name, visibility, row["relation"],
                                            (self.actor, self.actor_id))
        self.is_guest = self.actor.auth is None
        self.may_read = row["read"][visibility == "hidden"] == YES

    def refused(self, method, path, json=None):
        """The request is refused as one that asks for an account, and nothing changes."""
        expected = (401, SIGN_IN) if self.is_guest else \
            (403, DENIED) if self.may_read else (404, NOT_FOUND)
        before = digest(self.world.hub)
        got = self.actor.ask(method, path, expected[0], json=json)
        assert got.json() == expected[1]
        assert digest(self.world.hub) == before

    def path(self, word=""):
        return "projects/%d%s.json" % (self.id, "/" + word if word else "")


@pytest.fixture(params=CASES, ids=["%s %s" % case for case in CASES], scope="module")
def case(request):
    number, visibility = request.param
    world = request.getfixturevalue("closed" if number == "P-02" else "world")
    return Case(world, number, visibility)


def test_the_table_has_every_row_of_section_7():
    assert [*PROJECTS, *REPOSITORIES] == ["P-%02d" % i for i in range(1, 16)] + \
        ["R-%02d" % i for i in range(1, 8)]
    assert all(reason for reason in WAITING.values())


def test_READ(case):
    find = "projects/get_id.json?name=%s&owner=%s" % (case.name, case.owner)
    if case.may_read:
        shown = case.actor.get(case.path())["project"]
        assert (shown["id"], shown["fullname"]) == (case.id, case.owner + "/" + case.name)
        assert case.actor.get(case.path("refs_list"))["refs_list"] == []
        assert case.actor.get(find)["project"]["id"] == case.id
        missing = case.actor.ask("GET", "projects/get_id.json?name=nope&owner=" + case.owner, 404)
        assert missing.json() == NOT_FOUND
        return
    # guests are asked who they are only where nobody may read without an account
    status = 401 if case.row["actor"] == "guest, anonymous off" else 404
    for path in (case.path(), case.path("refs_list"), find):
        got = case.actor.ask("GET", path, status)
        assert got.json() == (SIGN_IN if status == 401 else NOT_FOUND)


def test_READ_members_is_for_admins(case):
    if case.row["admin"] == YES:
        members = case.actor.get(case.path("members"))["project"]["members"]
        assert len(members) >= 1
    else:
        case.refused("GET", case.path("members"))


def test_FORK(case):
    fork = case.row["fork"][case.visibility == "hidden"]
    before = case.world.count()
    if fork == TAKEN:
        text = case.actor.post(case.path("fork"), {}, 422)
        assert text == "Project has not been forked. Name has already been taken"
        assert case.world.count() == before
        return
    if fork == NO:
        case.refused("POST", case.path("fork"), {})
        case.refused("POST", case.path("fork"), {"fork_name": case.name + "_forked"})
        return
    me = case.actor.me()["uname"]
    for i, (body, name) in enumerate((({}, case.name),
                                      ({"fork_name": case.name + "_forked"}, case.name + "_forked"))):
        made = case.actor.post(case.path("fork"), body)
        shown = case.actor.get("projects/%d.json" % made)["project"]
        assert shown["fullname"] == me + "/" + name
        assert shown["ancestry"] == str(case.id)
        assert shown["visibility"] == case.visibility
        assert case.world.count() == before + i + 1


def test_ADMIN(case):
    other = {"member_id": case.world.other_id, "type": "User"}
    if case.row["admin"] == NO:
        for method, path, body in (
                ("PUT", case.path("update_member"), {**other, "role": "reader"}),
                ("PUT", case.path(), {"project": {"description": "changed"}}),
                ("PATCH", case.path(), {"project": {"visibility": "open"}}),
                ("PUT", case.path("add_member"), {**other, "role": "reader"}),
                ("DELETE", case.path("remove_member"), other),
                ("POST", case.path("alias"), {"fork_name": case.name + "-alias"})):
            case.refused(method, path, body)
        return

    def role():
        return case.world.hub.one(
            "SELECT access::int FROM hub.project_grant WHERE project_id = %s AND account_id = %s",
            case.id, case.world.other_id)
    text = case.actor.put(case.path(), {"project": {"maintainer_id": -1}}, 422)
    assert text == "Project has not been updated. Maintainer of project can't be blank"
    case.actor.put(case.path(), {"project": {"description": "changed"}})
    assert case.actor.get(case.path())["project"]["description"] == "changed"
    case.actor.put(case.path("add_member"), {**other, "role": "admin"})
    assert role() == 3
    case.actor.put(case.path("update_member"), {**other, "role": "reader"})
    assert role() == 1
    case.actor.delete(case.path("remove_member"), other)
    assert role() is None
    made = case.actor.post(case.path("alias"), {"fork_name": case.name + "-alias"})
    case.actor.delete("projects/%d.json" % made)


def test_OWN(case):
    before = case.world.count()
    if case.row["own"] == NO:
        case.refused("DELETE", case.path())
        assert case.world.count() == before
        return
    assert case.actor.delete(case.path()) == case.id
    assert case.world.count() == before - 1
    case.world.admin.ask("GET", case.path(), 404)


# ---------------------------------------------------------------- the last column of the table

def test_P01_and_P02_a_guest_has_no_list(world, closed):
    for one in (world, closed):
        assert one.guest.get("projects.json", 401) == SIGN_IN


def test_P03_an_unrelated_user_lists_and_creates_for_himself(world):
    actor, actor_id = world.admin.user("p_03_self")
    assert actor.get("projects.json")["projects"] == []
    before = world.count()
    made = actor.project("mine", actor_id)
    assert world.count() == before + 1
    assert [p["id"] for p in actor.get("projects.json")["projects"]] == [made]


def test_P03_for_a_group_one_has_to_be_its_writer(world):
    actor, actor_id = world.admin.user("p_03_group")
    writes = world.owner.group("p_03_writes", [(actor_id, "writer")])
    reads = world.owner.group("p_03_reads", [(actor_id, "reader")])
    foreign = world.owner.group("p_03_foreign")
    source = world.owner.project("p-03-source", world.owner_id)
    before = world.count()
    actor.project("of-group", writes, "Group")
    actor.post("projects/%d/fork.json" % source, {"group_id": writes})
    actor.post("projects/%d/fork.json" % source, {"group_id": writes, "fork_name": "p-03-renamed"})
    assert world.count() == before + 3
    for group in (reads, foreign):
        new = {"project": {"name": "no", "owner_id": group, "owner_type": "Group",
                           "visibility": "open"}}
        assert actor.post("projects.json", new, 403) == DENIED
        for body in ({"group_id": group}, {"group_id": group, "fork_name": "p-03-no"}):
            assert actor.post("projects/%d/fork.json" % source, body, 403) == DENIED
    assert world.count() == before + 3


def test_P03_nobody_creates_for_another_user_but_an_administrator(world):
    actor, _ = world.admin.user("p_03_other")
    new = {"project": {"name": "gift", "owner_id": world.owner_id, "owner_type": "User",
                       "visibility": "open"}}
    assert actor.post("projects.json", new, 403) == DENIED
    made = world.admin.post("projects.json", new)
    assert world.owner.get("projects/%d.json" % made)["project"]["owner"]["id"] == world.owner_id


def test_an_alias_into_a_group_needs_a_writer_of_it_as_well(world):
    actor, actor_id = world.admin.user("p_alias")
    writes = world.owner.group("p_alias_writes", [(actor_id, "writer")])
    reads = world.owner.group("p_alias_reads", [(actor_id, "reader")])
    source = actor.project("p-alias-source", actor_id)
    actor.post("projects/%d/alias.json" % source, {"group_id": writes})
    assert actor.post("projects/%d/alias.json" % source, {"group_id": reads}, 403) == DENIED
    assert actor.post("projects/%d/alias.json" % source, {"group_id": 10 ** 9}, 404) == NOT_FOUND
