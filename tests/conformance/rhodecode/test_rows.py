"""contracts/rhodecode.md section 5: each of its rows is tested somewhere here, or stands in LEFT_OUT with
the reason. A test says in its name which rows it is about: test_S09_S10_…, test_40_…."""

import json
import re
from pathlib import Path

import pytest

from conformance.rhodecode.client import Client

ROWS = {str(n) for n in range(1, 81)} | {"S%d" % n for n in range(1, 21)}

LOCKS = "the hub has no locks: `No such method: …`"
GISTS = "the hub has no gists: `No such method: …`"
# Rows of which nothing is tested but the refusal.
LEFT_OUT = {
    **{str(n): LOCKS for n in range(16, 21)},
    **{str(n): GISTS for n in range(73, 77)},
    "80": "the hub has no pull requests: `No such method: …`",
}
METHODS_LEFT_OUT = ("lock", "get_locks", "get_user_locks", "create_gist", "get_gist", "get_gists",
                    "delete_gist", "get_pullrequest", "comment_pullrequest", "edit_reviewers",
                    "get_pull_request", "get_pull_requests", "create_pull_request",
                    "update_pull_request", "merge_pull_request", "close_pull_request",
                    "comment_pull_request", "comment_commit", "changeset_comment",
                    "get_repo_comments", "strip", "maintenance", "cleanup_sessions")

# Rows of which a part is not tested: a model made to throw. The hub has no such switch; the text
# is seen with a call that fails by itself, where there is one.
FORCED = {
    "14": "nothing but an empty disk fails there: test_an_empty_disk_is_never_everything_removed",
    "15": "forgetting what is kept has no way to fail that a call could make",
    "24": "names and addresses that are none", "25": "who owns something stays",
    "29": "names and addresses that are taken or none", "49": "names that are none",
    "51": "a source that cannot be cloned", "55": "`forks` that is no word",
    "59": "names that are none", "61": "names that are none", "62": "names that are taken or none",
    "63": "who is in already is no failure: there is no call that fails otherwise",
    "64": "as 63", "65": "a group that owns something",
    "66": "levels that are none", "67": "as 66", "68": "as 66", "72": "levels that are none",
}
# Rows of which a part speaks of what the hub does otherwise, and why.
OTHERWISE = {
    "1": "Kallithea's `Invalid API key`: the contract's own choice is KEY",
    "6": "CE's text: the contract's own choice is `Invalid API KEY`",
    "12": "clone_uri of a single pull: a mirror shows its own upstream alone (docs/decisions.md)",
    "31": "`pull_requests` is there, and empty", "42": "Kallithea's text: ours is the contract's",
    "43": "Kallithea's text: ours is the contract's", "79": "`reviews` and comments are empty",
}


def rows_of(name):
    """The rows in a test's name."""
    found = re.match(r"test_((?:S?\d+_)+)", name)
    return {re.sub(r"^(S?)0+", r"\1", row) for row in found[1].split("_") if row} if found else set()


def tested():
    rows = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE):
            rows |= rows_of(name)
    return rows


def test_no_row_of_the_contract_is_forgotten():
    assert ROWS - tested() == set(LEFT_OUT)
    assert tested() <= ROWS
    for table in (FORCED, OTHERWISE):
        assert set(table) <= tested() and all(table.values())


@pytest.fixture(scope="module")
def api(hub):
    return Client(hub.url, hub.new_token("admin"))


@pytest.mark.parametrize("method", METHODS_LEFT_OUT)
def test_what_is_left_out_is_no_method(api, method):
    for args in ({}, {"repoid": 1, "gistid": "1", "userid": "admin"}):
        assert api.refused(method, **args) == "No such method: %s" % method
    assert method not in api("get_method")


@pytest.mark.parametrize("args", [{}, None, 1])
def test_02_an_argument_is_missed_whatever_args_is(api, args):
    call = api.call("get_repo", {})
    call["args"] = args
    assert api.send(json.dumps(call).encode()) == {
        "id": call["id"], "result": None,
        "error": "Missing non optional `repoid` arg in JSON DATA"}


def test_45_a_group_that_is_none_of_yours_takes_no_repository(hub, api):
    hub.account("test-api")
    regular = Client(hub.url, hub.new_token("test-api"))
    api("create_repo_group", group_name="test_repo_group")
    api("create_repo_group", group_name="api-repo-repo", parent="test_repo_group")
    group = "test_repo_group/api-repo-repo"
    for perm, said in (("read", "no permission to create repo in %s" % group),
                       ("none", "repo group `%s` not found" % group)):
        api("grant_user_permission_to_repo_group", repogroupid=group, userid="test-api",
            perm="group." + perm)
        assert regular.refused("create_repo", repo_name=group + "/api-repo") == said
    assert regular.refused("create_repo", repo_name="test_repo_group/none-such/api-repo") == \
        "repo group `test_repo_group/none-such` not found"
    assert api.refused("get_repo", repoid=group + "/api-repo")
