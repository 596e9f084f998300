"""checklists/security.md Z-01 to Z-03 for JSON-RPC: every method of cgi/rhodecode/methods.c, by whoever may
come, on what he sees and on what is hidden from him. What is hidden answers like what does not
exist, byte for byte but for the name. A method that is in no table here fails."""

import json

import pytest

from conformance.rhodecode.client import Client

DENIED = "Access was denied to this resource."

# Methods for administrators alone, whatever they are about; of those about an object, its argument.
HUB = ("test", "get_method", "get_server_info", "get_ip", "show_ip", "rescan_repos", "get_users",
       "create_user", "update_user", "delete_user", "create_users_group", "pull",
       "create_repo_group", "update_repo_group", "delete_repo_group", "grant_user_permission",
       "revoke_user_permission", "add_user_users_group", "add_user_to_users_groups",
       "add_user_to_repo", "add_users_group_to_repo")
# About no object that could be hidden: everybody with an account, and what changes something.
OTHERS = {"get_user": False, "get_repos": False, "get_user_groups": False,
          "get_users_groups": False, "get_repo_groups": False, "create_repo": True,
          "create_user_group": True}

READ, WRITE, ADMIN = 1, 2, 3
REPO, TEAM, FOLDER = "repoid", "usergroupid", "repogroupid"
USER = {"userid": "the-other"}
GROUP = {"usergroupid": "open-group"}
SOURCE = {"sourceusergroupid": "open-group"}
# {method: (what it is about, access, whether it changes something, what else is sent)}
NEEDS = {
    "get_repo": (REPO, READ, False, {}),
    "get_repo_nodes": (REPO, READ, False, {"revision": "tip", "root_path": "/"}),
    "get_repo_refs": (REPO, READ, False, {}),
    "get_repo_file": (REPO, READ, False, {"commit_id": "tip", "file_path": "f"}),
    "get_changesets": (REPO, READ, False, {}),
    "get_changeset": (REPO, READ, False, {"raw_id": "0" * 40}),
    "fork_repo": (REPO, READ, True, {"fork_name": "fork-{n}"}),
    "invalidate_cache": (REPO, WRITE, True, {}),
    "update_repo": (REPO, ADMIN, True, {"description": "changed"}),
    "delete_repo": (REPO, ADMIN, True, {}),
    "grant_user_group_permission": (REPO, ADMIN, True, {**GROUP, "perm": "repository.read"}),
    "grant_users_group_permission": (REPO, ADMIN, True, {**GROUP, "perm": "repository.read"}),
    "revoke_user_group_permission": (REPO, ADMIN, True, GROUP),
    "revoke_users_group_permission": (REPO, ADMIN, True, GROUP),
    "get_user_group": (TEAM, READ, False, {}),
    "get_users_group": (TEAM, READ, False, {}),
    "update_user_group": (TEAM, ADMIN, True, {"description": "changed"}),
    "delete_user_group": (TEAM, ADMIN, True, {}),
    "add_user_to_user_group": (TEAM, ADMIN, True, USER),
    "add_user_to_users_group": (TEAM, ADMIN, True, USER),
    "remove_user_from_user_group": (TEAM, ADMIN, True, USER),
    "remove_user_from_users_group": (TEAM, ADMIN, True, USER),
    "grant_user_permission_to_user_group": (TEAM, ADMIN, True, {**USER, "perm": "usergroup.read"}),
    "revoke_user_permission_from_user_group": (TEAM, ADMIN, True, USER),
    "grant_user_group_permission_to_user_group": (TEAM, ADMIN, True,
                                                  {**SOURCE, "perm": "usergroup.read"}),
    "revoke_user_group_permission_from_user_group": (TEAM, ADMIN, True, SOURCE),
    "get_repo_group": (FOLDER, READ, False, {}),
    "grant_user_permission_to_repo_group": (FOLDER, ADMIN, True, {**USER, "perm": "group.read"}),
    "revoke_user_permission_from_repo_group": (FOLDER, ADMIN, True, USER),
    "grant_user_group_permission_to_repo_group": (FOLDER, ADMIN, True,
                                                  {**GROUP, "perm": "group.read"}),
    "revoke_user_group_permission_from_repo_group": (FOLDER, ADMIN, True, GROUP),
}
ACCESS = {"stranger": 0, "reader": 1, "writer": 2, "admin": 3, "in-group": 2, "owner": 4,
          "hub-admin": 4}
TOKENS = {"token-1": 1, "token-2": 2, "token-3": 3}  # the owner's, who has full access
KIND = {
    REPO: ("repository", "create_repo", "repo_name", "grant_user_permission",
           "grant_user_group_permission", "project", "path"),
    TEAM: ("usergroup", "create_user_group", "group_name", "grant_user_permission_to_user_group",
           "grant_user_group_permission_to_user_group", "team", "uname"),
    FOLDER: ("group", "create_repo_group", "group_name", "grant_user_permission_to_repo_group",
             "grant_user_group_permission_to_repo_group", "folder", "path"),
}


class World:
    """Everyone once; an object is made for each question, hidden from who has nothing on it."""

    def __init__(self, hub):
        self.hub, self.n = hub, 0
        self.people = {"hub-admin": Client(hub.url, hub.new_token("admin"))}
        self.admin = self.people["hub-admin"]
        for who in [who for who in ACCESS if who != "hub-admin"] + ["other"]:
            hub.account("the-" + who)
            self.people[who] = Client(hub.url, hub.new_token("the-" + who))
        for who, scope in TOKENS.items():
            self.people[who] = Client(hub.url, hub.new_token("the-owner"))
            hub.sql("UPDATE hub.token SET scope = %s WHERE prefix = %s", scope,
                    self.people[who].key[:6])
        for name in ("open-group", "inner-group"):
            self.admin("create_user_group", group_name=name)
        self.admin("add_user_to_user_group", usergroupid="inner-group", userid="the-in-group")

    def make(self, about):
        """The name and the number of a new object, with everyone's relation to it."""
        kind, create, name_arg, grant, grant_group, table, column = KIND[about]
        self.n += 1
        name, a = "%s-%d" % (kind, self.n), self.admin
        a(create, **{name_arg: name, "owner": "the-owner"})
        a(grant, **{about: name, "userid": "default", "perm": kind + ".none"})
        for who, level in (("reader", "read"), ("writer", "write"), ("admin", "admin")):
            a(grant, **{about: name, "userid": "the-" + who, "perm": "%s.%s" % (kind, level)})
        source = "sourceusergroupid" if about == TEAM else "usergroupid"
        a(grant_group, **{about: name, source: "inner-group", "perm": kind + ".write"})
        return name, self.hub.one("SELECT id FROM hub.%s WHERE %s = %%s" % (table, column), name)


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


def said(client, method, args, given):
    """The error, and the answer's bytes with what was given masked."""
    call = client.call(method, args)
    call["id"] = "matrix"
    error = client.send(json.dumps(call).encode())["error"]
    return error, client.answer.replace(str(given).encode(), b"***")


def test_every_method_is_in_a_table(world):
    tables = (set(HUB), set(OTHERS), set(NEEDS))
    assert set(world.admin("get_method")) == set().union(*tables)
    assert sum(map(len, tables)) == len(set().union(*tables))


@pytest.mark.parametrize("method", NEEDS)
def test_Z01_everyone_may_just_what_the_table_says(world, method):
    about, needs, writes, more = NEEDS[method]
    scope = max(needs, 2 if writes else 1)
    ranked = sorted({**ACCESS, **{who: 4 for who in TOKENS}}.items(), key=lambda row: row[1])
    made = None
    for who, access in ranked:  # the last ones may delete it
        if made is None or access > 2 and writes:
            made = world.make(about)
        args = {key: value.format(n=world.n) + ("-" + who if key == "fork_name" else "")
                for key, value in more.items()}
        client = world.people[who]
        for given, none_such in ((made[0], "none-such"), (made[1], 10 ** 12)):
            error, got = said(client, method, {**args, about: given}, given)
            if who in TOKENS and TOKENS[who] < scope:
                assert error == DENIED, who
            elif access < needs:
                assert got == said(client, method, {**args, about: none_such}, none_such)[1], who
                assert "does not exist" in error or error.startswith("Access denied to repo"), who
            elif given is made[0]:
                assert error is None or error.startswith(("There is no file", "Changeset ",
                                                          "Repository is empty",
                                                          "failed to get repo")), (who, error)


@pytest.mark.parametrize("ids", [None, "int"], ids=["S", "M"])
@pytest.mark.parametrize("method", HUB)
def test_Z01_the_rest_is_for_administrators(world, method, ids):
    args = ALL_ARGS.get(method, {})
    for who in list(ACCESS) + list(TOKENS):
        if who == "hub-admin":
            continue
        client = Client(world.hub.url, world.people[who].key, ids=ids)
        assert client.refused(method, **args) == DENIED, who


@pytest.mark.parametrize("method, args", [
    ("get_user", {"username": "the-owner"}), ("get_repos", {}), ("get_repo", {"name": "seen"}),
    ("create_repo", {"name": "matrix-made", "owner_name": "the-owner"}), ("get_users_groups", {}),
    ("get_users_group", {"group_name": "open-group"}),
    ("add_user_to_users_group", {"group_name": "open-group", "user_name": "the-other"})])
def test_S15_the_seeds_forms_are_for_administrators(world, method, args):
    for who in list(ACCESS) + list(TOKENS):
        if who != "hub-admin":
            client = Client(world.hub.url, world.people[who].key, ids=None)
            assert client.refused(method, **args) == DENIED, who


@pytest.mark.parametrize("method", HUB)
def test_Z01_an_administrators_lesser_key_is_no_administrators(world, method):
    for scope in (1, 2):
        client = Client(world.hub.url, world.hub.new_token("admin"))
        world.hub.sql("UPDATE hub.token SET scope = %s WHERE prefix = %s", scope, client.key[:6])
        assert client.refused(method, **ALL_ARGS.get(method, {})) == DENIED


# What the methods for administrators need to be looked at: objects that exist.
ON_REPO = {"repoid": "seen", "userid": "the-other", "perm": "repository.read"}
ALL_ARGS = {
    "test": {"args": 1}, "show_ip": {"userid": "the-owner"},
    "create_user": {"username": "matrix-made", "password": "long enough", "firstname": "a",
                    "lastname": "b", "email": "matrix-made@x.y"},
    "update_user": {"userid": "the-other", "firstname": "x"},
    "delete_user": {"userid": "the-other"},
    "create_users_group": {"group_name": "matrix-made"},
    "pull": {"repoid": "seen"},
    "create_repo_group": {"group_name": "matrix-made"},
    "update_repo_group": {"repogroupid": "seen", "description": "x"},
    "delete_repo_group": {"repogroupid": "seen"},
    "grant_user_permission": ON_REPO,
    "revoke_user_permission": {"repoid": "seen", "userid": "the-other"},
    "add_user_users_group": {"group_name": "open-group", "user_name": "the-other"},
    "add_user_to_users_groups": {"group_name": "open-group", "user_name": "the-other"},
    "add_user_to_repo": {"repo_name": "seen", "user_name": "the-other", "perm": None},
    "add_users_group_to_repo": {"repo_name": "seen", "group_name": "open-group", "perm": None},
}


@pytest.mark.parametrize("method", sorted({*HUB, *OTHERS, *NEEDS}))
def test_Z01_nobody_is_told_nothing(world, method):
    for key, wanted in ((None, "Incorrect JSON query missing 'api_key'"),
                        ("0" * 40, "Invalid API KEY")):
        for args in ({}, {"repoid": 1, "usergroupid": 1, "repogroupid": 1, "userid": 1}):
            call = {"id": 1, "method": method, "args": args, **({"api_key": key} if key else {})}
            assert world.admin.send(json.dumps(call).encode()) == {
                "id": 1, "result": None, "error": wanted}


@pytest.mark.parametrize("method", OTHERS)
def test_Z01_a_key_for_reading_makes_nothing(world, method):
    more = {"create_repo": {"repo_name": "by-key"}, "create_user_group": {"group_name": "by-key"}}
    answer = world.people["token-1"].ask(method, **more.get(method, {}))
    assert answer["error"] == (DENIED if OTHERS[method] else None)


@pytest.mark.parametrize("method", [m for m in NEEDS if NEEDS[m][3] in (GROUP, SOURCE)
                                    or "open-group" in NEEDS[m][3].values()])
def test_Z02_a_hidden_second_group_looks_missing(world, method):
    about, _, _, more = NEEDS[method]
    name, _ = world.make(about)
    hidden, number = world.make(TEAM)
    world.admin("revoke_user_permission_from_user_group", usergroupid=hidden, userid="the-admin")
    [second] = [key for key, value in more.items() if value == "open-group"]
    client = world.people["admin"]
    for given, none_such in ((hidden, "none-such"), (number, 10 ** 12)):
        error, got = said(client, method, {**more, about: name, second: given}, given)
        assert got == said(client, method, {**more, about: name, second: none_such}, none_such)[1]
        assert "does not exist" in error


@pytest.mark.parametrize("method", ["get_repos", "get_user_groups", "get_repo_groups"])
def test_Z02_lists_hold_no_hidden_ones(world, method):
    about, key = {"get_repos": (REPO, "repo_name"), "get_user_groups": (TEAM, "group_name"),
                  "get_repo_groups": (FOLDER, "group_name")}[method]
    name, _ = world.make(about)
    for who, access in ACCESS.items():
        assert (name in [row[key] for row in world.people[who](method)]) == (access > 0), who
