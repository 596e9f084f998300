"""checklists/security.md Z-01 for the ABF door: every operation of docs/api/openapi.yaml that is about
an object, for everyone who may come, on what is open and on what is hidden. An operation that is not in
the table fails."""

import pytest

from conformance.abf import openapi
from conformance.abf.client import Abf

HUB_CONF = {"abf.rate_limit": 0}
NEVER = 5

# The access that an operation asks for: 1 read, 2 write, 3 admin, 4 owner. With ACCOUNT nobody is
# not enough, even to read; with SYSTEM a system account needs none.
ACCOUNT, SYSTEM = "account", "system"
NEEDS = {
    "showProject": (1,), "listRefs": (1,), "forkProject": (1, ACCOUNT),
    "updateProject": (3,), "patchProject": (3,), "destroyProject": (4,), "aliasProject": (3,),
    "listProjectMembers": (3,), "addProjectMember": (3,), "removeProjectMember": (3,),
    "updateProjectMember": (3,), "addBuildResult": (2, SYSTEM),
    "showRepository": (1,), "listRepositoryProjects": (1,),
    "addRepositoryProject": (2,), "removeRepositoryProject": (2,),
    "updateRepository": (3,), "patchRepository": (3,), "destroyRepository": (3,),
    "listPackages": (3,), "addRepositoryMember": (3,), "removeRepositoryMember": (3,),
    "updateSignatures": (3,), "addRepoLockFile": (3, SYSTEM), "removeRepoLockFile": (3, SYSTEM),
    "showKeyPair": (NEVER, SYSTEM), "showPublicKey": (NEVER, SYSTEM),
    "showPlatform": (1,), "listPlatformMembers": (1,),
    "updatePlatform": (4,), "patchPlatform": (4,), "destroyPlatform": (4,),
    "addPlatformMember": (3,), "removePlatformMember": (3,),
    "clonePlatform": ("hub admin",), "clearPlatform": (NEVER,),  # the one here is no personal one
    "showGroup": (1,), "updateGroup": (3,), "patchGroup": (3,), "destroyGroup": (4,),
    "listGroupMembers": (3,), "addGroupMember": (3,), "removeGroupMember": (3,),
    "updateGroupMember": (3,),
}
# What is about no object that could be hidden, and who may: everyone, accounts, administrators.
# It is tested where it belongs: here only that nobody less may.
OTHERS = {
    "showUser": "everyone", "findProject": "everyone", "listPlatformsForBuild": "everyone",
    "isPlatformAllowed": "everyone", "search": "everyone", "listArches": "everyone",
    "showCurrentUser": ACCOUNT, "updateCurrentUser": ACCOUNT, "patchCurrentUser": ACCOUNT,
    "showNotifiers": ACCOUNT, "updateNotifiers": ACCOUNT, "patchNotifiers": ACCOUNT,
    "listGroups": ACCOUNT, "createGroup": ACCOUNT, "listPlatforms": ACCOUNT,
    "listProjects": ACCOUNT, "createProject": ACCOUNT, "createRepository": ACCOUNT,
    "createUser": "hub admin", "createPlatform": "hub admin",
}
# Rights of tokens: 2 changes and reads what asks for write, 3 all. Reading asks for 1.
SCOPE = {1: 1, 2: 2, 3: 3, 4: 3, NEVER: 3, "hub admin": 3}

# {actor: access, by kind of object}; a group's members are its own kind of people.
PROJECT = {"guest": 0, "stranger": 0, "system": 0, "reader": 1, "writer": 2, "admin": 3, "owner": 4,
           "group reader": 1, "group writer": 2, "group admin": 4, "group owner": 4,
           "reader in writer group": 2, "hub admin": 4}
PLATFORM = {"guest": 0, "stranger": 0, "system": 0, "member": 3, "owner": 4, "group reader": 1,
            "group writer": 1, "group admin": 3, "group owner": 4, "reader in member group": 3,
            "hub admin": 4}
REPOSITORY = {**PLATFORM, "repository member": 2, "reader in repository group": 2}
GROUP = {"guest": 0, "stranger": 0, "system": 0, "group reader": 1, "group writer": 2,
         "group admin": 3, "group owner": 4, "hub admin": 4}
ACTORS = {"projects": PROJECT, "platforms": PLATFORM, "repositories": REPOSITORY, "groups": GROUP}
TOKENS = {"token 1": 1, "token 2": 2, "token 3": 3}  # the owner's
LOCKED = ("disabled", "banned")


def test_every_operation_is_in_the_table():
    assert set(NEEDS) | set(OTHERS) == set(openapi.operations())
    assert set(NEEDS) == {o.id for o in openapi.operations().values()
                          if "{id}" in o.path and o.id != "showUser"}


class World:
    """Everyone once; each object is made for the question, with everyone's relation to it."""

    def __init__(self, hub):
        self.hub, self.admin, self.n = hub, Abf(hub, hub.admin), 0
        self.people, self.ids = {"guest": Abf(hub), "hub admin": self.admin}, {}
        names = {who for table in ACTORS.values() for who in table} | set(LOCKED)
        for who in sorted(names - set(self.people)):
            self.people[who], self.ids[who] = self.admin.user(
                "the_" + who.replace(" ", "_"), role="system" if who == "system" else "")
        for who, scope in TOKENS.items():
            token = hub.new_token("the_owner")
            hub.sql("UPDATE hub.token SET scope = %s WHERE prefix = %s", scope, token[:6])
            self.people[who] = Abf(hub, (token, ""))
        hub.sql("UPDATE hub.account SET active = false WHERE uname = 'the_disabled'")
        hub.sql("UPDATE hub.account SET role = 'banned' WHERE uname = 'the_banned'")
        owner = self.people["group owner"]
        self.group = owner.group("theirs", [(self.ids["group " + role], role)
                                            for role in ("reader", "writer", "admin")])
        self.member_groups = {who: owner.group(who.replace(" ", "_") + "_group",
                                               [(self.ids[who], "reader")])
                              for who in self.ids if who.startswith("reader in")}
        self.made = {}

    def make(self, kind, is_hidden, of_group):
        """A new object of that kind, with all its relations."""
        self.n += 1
        a, name = self.admin, "matrix-%d" % self.n
        visibility = "hidden" if is_hidden else "open"
        if kind == "groups":
            return self.people["group owner"].group("matrix_%d" % self.n, [
                (self.ids["group " + role], role) for role in ("reader", "writer", "admin")])
        owner = (self.group, "Group") if of_group else (self.ids["owner"], "User")
        if kind == "projects":
            made = a.project(name, *owner, visibility)
            for who in ("reader", "writer", "admin"):
                a.add_member("projects", made, self.ids[who], role=who)
            a.add_member("projects", made, self.member_groups["reader in writer group"], "Group",
                         role="writer")
            return made
        platform = a.platform(name, self.ids["owner"], visibility=visibility)
        if of_group:  # there is no such input
            self.hub.sql("UPDATE hub.platform SET owner_account_id = NULL, owner_team_id = %s"
                         " WHERE id = %s", self.group, platform)
        a.add_member("platforms", platform, self.ids["member"])
        a.add_member("platforms", platform, self.member_groups["reader in member group"], "Group")
        repository = a.repository(platform, "main")
        a.add_member("repositories", repository, self.ids["repository member"])
        a.add_member("repositories", repository,
                     self.member_groups["reader in repository group"], "Group")
        return platform if kind == "platforms" else repository

    def object(self, kind, is_hidden, of_group):
        """One that is used until somebody destroys it."""
        key = (kind, is_hidden, of_group)
        table = {"projects": "project", "platforms": "platform", "groups": "team",
                 "repositories": "repository"}[kind]
        if key not in self.made or not self.hub.one(
                "SELECT 1 FROM hub.%s WHERE id = %%s" % table, self.made[key]):
            self.made[key] = self.make(*key)
        return self.made[key]


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


def expected(operation, who, access, is_hidden):
    """The status, or None for: whatever a person gets who may."""
    needs, *more = NEEDS[operation.id]
    if who in LOCKED:
        return 401
    if operation.tag == "groups":
        is_hidden = False
    access = access if is_hidden else max(access, 1)
    if who == "guest" and not operation.is_open:
        return 401
    if who == "system" and SYSTEM in more:
        return None
    if access == 0:
        return 404
    if needs == "hub admin":
        is_allowed = who == "hub admin"
    else:
        is_allowed = access >= needs
    if is_allowed and who in TOKENS:
        least = max(SCOPE[needs], 2 if operation.is_write else 1)
        is_allowed = TOKENS[who] >= least
    return None if is_allowed else 403


def body_of(operation):
    """One that changes little: what is missing in it is told to those who may."""
    return {} if operation.body else None


@pytest.mark.parametrize("is_hidden", [False, True], ids=["open", "hidden"])
@pytest.mark.parametrize("operation", [openapi.operations()[id] for id in NEEDS], ids=str)
def test_Z01_everyone_may_just_what_the_table_says(world, operation, is_hidden):
    kind = operation.tag
    actors = {**ACTORS[kind], **{who: 0 for who in LOCKED}}
    if kind != "groups":
        actors.update({who: 4 for who in TOKENS})
    # those who may least come first: the last ones may destroy it
    for who, access in sorted(actors.items(), key=lambda item: item[1]):
        of_group = kind != "groups" and who.startswith("group")
        if operation.id == "listPackages":  # once in a quarter of an hour
            world.hub.sql("UPDATE hub.platform SET packages_read_at = NULL")
        id = world.object(kind, is_hidden, of_group)
        got = world.people[who].ask(operation.method, openapi.bare(operation.path).replace(
            ":id", str(id)), json=body_of(operation))
        wanted = expected(operation, who, access, is_hidden)
        if wanted is None:
            assert got.status_code in (200, 422), (who, got.status_code, got.text)
        else:
            assert got.status_code == wanted, (who, got.status_code, got.text)


@pytest.mark.parametrize("operation", [openapi.operations()[id] for id in OTHERS], ids=str)
def test_Z01_what_is_about_no_object_is_for_those_whom_it_is_for(world, operation):
    who_may = OTHERS[operation.id]
    path = openapi.bare(operation.path).replace(":id", str(world.ids["owner"]))
    rank = {"guest": 0, "stranger": 1, "hub admin": 2}
    least = {"everyone": 0, ACCOUNT: 1, "hub admin": 2}[who_may]
    for who in rank:
        got = world.people[who].ask(operation.method, path, json=body_of(operation))
        if rank[who] >= least:
            assert got.status_code in (200, 422, 404 if operation.id == "findProject" else 200)
        else:
            assert got.status_code == (401 if who == "guest" else 403)
    for who in LOCKED:
        world.people[who].ask(operation.method, path, 401)
    if operation.is_write:
        assert world.people["token 1"].ask(operation.method, path, json={}).status_code == 403
