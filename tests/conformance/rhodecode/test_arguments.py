"""contracts/rhodecode.md 1.4 and 2.1 in both profiles: what each kind of argument may look like, its other
names, and in which words a call is refused."""

import json

import pytest

from conformance.rhodecode.client import Client

YES = [True, 1, "t", "true", "y", "yes", "on", "1", " True ", "YES", "oN", "T"]
NO = [False, 0, "f", "false", "n", "no", "off", "0", "", " ", "2", 2, "truee", "ja", -1, "None"]


@pytest.fixture(scope="module")
def api(hub):
    return Client(hub.url, hub.new_token("admin"))


@pytest.fixture(scope="module")
def seed(hub, api):
    return Client(hub.url, api.key, ids=None)


@pytest.fixture(scope="module")
def things(hub, api):
    """A user, a group, a repository group and a repository: {argument: (name, number)}."""
    hub.account("thing")
    return {
        "userid": ("thing", hub.one("SELECT id FROM hub.account WHERE uname = 'thing'")),
        "usergroupid": ("things", api("create_user_group", group_name="things")["user_group"][
            "users_group_id"]),
        "repogroupid": ("folder", api("create_repo_group", group_name="folder")["repo_group"]["group_id"]),
        "repoid": ("repo", api("create_repo", repo_name="repo") and api("get_repo", repoid="repo")[
            "repo_id"]),
    }


@pytest.mark.parametrize("flag", [(v, True) for v in YES] + [(v, False) for v in NO], ids=repr)
def test_arguments_flags(api, things, flag):
    value, meant = flag
    assert api("update_user", userid="thing", active=value)["user"]["active"] is meant
    assert api("update_user_group", usergroupid="things", active=value)["user_group"]["active"] is meant
    assert api("update_repo", repoid="repo", private=value)["repository"]["private"] is meant


@pytest.mark.parametrize("method, arg", [("get_user", "userid"), ("get_user_group", "usergroupid"),
                                         ("get_repo_group", "repogroupid"), ("get_repo", "repoid")])
def test_arguments_a_number_a_text_of_digits_and_a_name(api, things, method, arg):
    name, number = things[arg]
    told = api(method, **{arg: name})
    assert api(method, **{arg: number}) == api(method, **{arg: str(number)}) == told
    for wrong in (name.upper(), name + " ", " " + name, "+%d" % number, "%d " % number, "%d.0" % number,
                  -number, "0x%x" % number):
        assert api.refused(method, **{arg: wrong}).endswith("does not exist"), wrong


@pytest.mark.parametrize("method, arg, names", [
    ("get_repo", "repoid", ("repo", "name", "repo_name")),
    ("pull", "repoid", ("repo", "name", "repo_name")),
    ("grant_user_permission", "userid", ("user_name", "username")),
    ("revoke_user_permission", "userid", ("user_name", "username")),
    ("add_user_to_user_group", "userid", ("user_name", "username")),
    ("add_user_to_user_group", "usergroupid", ("usersgroupid", "group_name")),
    ("get_user_group", "usergroupid", ("usersgroupid", "group_name")),
    ("grant_user_group_permission", "usergroupid", ("usersgroupid", "group_name")),
    ("delete_repo", "repoid", ("repo_name",)), ("create_repo", "owner", ("owner_name",)),
    ("create_user", "extern_name", ("ldap_dn",)), ("create_user_group", "group_name", ("name",))])
def test_arguments_other_names(api, things, method, arg, names):
    """None is too many; and the canonical one wins."""
    for name in names:
        error = api.ask(method, **{name: "none-such"})["error"] or ""
        assert "arg in JSON DATA" not in error or "`%s`" % arg not in error, (name, error)
        assert not error.startswith("Unknown `"), (name, error)
    args = {"get_repo": {"repoid": "repo", names[0]: "none-such"}}.get(method)
    if args:
        assert api("get_repo", repoid="repo", repo_name="none-such")["repo_name"] == "repo"


def test_arguments_null_is_not_given(api, seed, things):
    before = api("get_user", userid="thing")
    assert api("update_user", userid="thing", email=None, firstname=None, active=None, admin=None,
               username=None, password=None, extern_type=None, extern_name=None)["user"]["email"] \
        == before["email"]
    assert api.refused("get_repo", repoid=None) == "Missing non optional `repoid` arg in JSON DATA"
    assert seed.refused("get_repo", name=None) == "Missing non optional name arg in JSON DATA"
    assert api("create_repo", repo_name="nulls", owner=None, repo_type=None, description=None, private=None,
               clone_uri=None, landing_rev=None, enable_statistics=None, enable_downloads=None,
               copy_permissions=None)["success"]


def test_arguments_numbers_are_texts_where_texts_are_due(api, things):
    told = api("update_user", userid="thing", firstname=12, lastname=1.50)["user"]
    assert (told["firstname"], told["lastname"]) in (("12", "1.5"), ("12", "1.50"))
    assert api("update_repo", repoid="repo", description=7)["repository"]["description"] == "7"


@pytest.mark.parametrize("what", [[], {}, ["a"], {"a": "b"}], ids=repr)
def test_errors_another_type_is_refused_by_the_methods_own_words(api, seed, what):
    assert api.refused("create_repo", repo_name="typed", description=what) == \
        "failed to create repository `typed`"
    assert seed.refused("create_repo", name="typed", owner_name="admin", description=what) == \
        "failed to create repository typed"
    assert api.refused("get_repo", repoid=what) == "Internal server error"
    assert api.refused("create_user_group", group_name="typed", active=what) == \
        "failed to create group `typed`"


@pytest.mark.parametrize("ids", [None, "int"], ids=["S", "M"])
@pytest.mark.parametrize("change, error", [
    ({"api_key": ...}, "Incorrect JSON query missing 'api_key'"),
    ({"method": ...}, "Incorrect JSON query missing 'method'"),
    ({"args": ...}, "Incorrect JSON query missing 'args'"),
    ({"api_key": ..., "method": ..., "args": ...}, "Incorrect JSON query missing 'api_key'"),
    ({"method": ..., "args": ...}, "Incorrect JSON query missing 'method'"),
    ({"api_key": "f" * 40}, "Invalid API KEY"), ({"api_key": ""}, "Invalid API KEY"),
    ({"api_key": 1}, "Invalid API KEY"), ({"api_key": None}, "Invalid API KEY"),
    ({"api_key": "f" * 40, "method": "_x"}, "Invalid API KEY"),
    ({"method": "_x"}, "Method not allowed"), ({"method": "none"}, "No such method: none"),
    ({"method": 1}, "No such method: 1"), ({"method": None}, "No such method: null"),
    ({"method": "pull"}, {None: "Missing non optional repo arg in JSON DATA",
                          "int": "Missing non optional `repoid` arg in JSON DATA"}),
    ({"method": "create_repo"}, {None: "Missing non optional owner_name arg in JSON DATA",
                                 "int": "Missing non optional `repo_name` arg in JSON DATA"}),
    ({"method": "get_users", "args": {"more": 1}},
     {None: None, "int": "Unknown `more` arg in JSON DATA"}),
    ({"method": "get_users", "args": {"more": 1, "b": 2}},
     {None: None, "int": "Unknown `more`, `b` arg in JSON DATA"}),
    ({"method": "get_users", "args": {"apiuser": {"admin": True}}},
     {None: None, "int": "Unknown `apiuser` arg in JSON DATA"}),
], ids=str)
def test_errors_the_words_of_each_profile(api, ids, change, error):
    client = Client("http://%s:%d" % (api.host, api.port), api.key, ids=ids)
    call = {key: value for key, value in {**client.call("get_ip", {}), **change}.items()
            if value is not ...}
    answer = client.send(json.dumps(call).encode())
    assert answer["error"] == (error[ids] if isinstance(error, dict) else error)
    assert ("id" in answer) == (ids is not None) and answer.get("id") == call.get("id")
