"""contracts/rhodecode.md 2.3, 3.4, 3.6 and 3.7 through nginx: rows S9 to S18, 12 to 15, 30 to 59, 66 to
68, 78 and 79 of section 5, with what Git and the database have of them."""

import concurrent.futures
import json
import subprocess
import threading

import pytest

from conformance.rhodecode.client import Client
from fixtures.run import clean_env, wait_until
from fixtures.upstream import login_page, silent, status

HUB_CONF = {"net.allow": "127.0.0.0/8", "rhodecode.wait_s": 60}
DENIED = "Access was denied to this resource."
OWNER = "Only Kallithea admin can specify `owner` param"
EMPTY = {"short_id": "0" * 12, "raw_id": "0" * 40, "revision": -1, "message": "",
         "date": "1970-01-01T00:00:00", "author": ""}


@pytest.fixture(scope="module")
def api(hub):
    return Client(hub.url, hub.new_token("admin"))


@pytest.fixture(scope="module")
def seed(hub, api):
    return Client(hub.url, api.key, ids=None)


@pytest.fixture(scope="module", autouse=True)
def people(hub):
    for uname in ("test-api", "other"):
        hub.account(uname)


@pytest.fixture(scope="module")
def regular(hub, people):
    """A plain account: its client."""
    return Client(hub.url, hub.new_token("test-api"))


@pytest.fixture(scope="module")
def other(hub, people):
    return Client(hub.url, hub.new_token("other"))


@pytest.fixture(scope="module")
def full(hub, api, upstream):
    """A repository of the administrator with history, branches and tags: its name, and the truth."""
    repo = upstream.repo("truth/full.git")
    ids = [repo.commit(files={"README.rst": "one\n", "docs/index.txt": "x\n"}, message="first"),
           repo.commit(files={"README.rst": "two\n", "docs/index.txt": "x\n", "docs/deep/a": "a"},
                       message="second"),
           repo.commit(files={"README.rst": "two\n", "docs/deep/a": "a"}, message="third"),
           repo.commit(files={"README.rst": "three\n", "docs/deep/a": "a"}, message="fourth")]
    repo.git("branch", "feature/x", ids[1])
    repo.git("tag", "-a", "-m", "v", "v0.2.0", ids[1])
    api("create_repo", repo_name="full", clone_uri=upstream.url("truth/full.git"))
    return "full", ids, repo


@pytest.fixture(scope="module")
def crew(hub, api):
    return api("create_user_group", group_name="crew")["user_group"]["group_name"]


def push(hub, name, branch="main", text="x"):
    """A commit by real Git, as the administrator."""
    folder = hub.var / ("work-%s" % name.replace("/", "-"))
    env = clean_env(str(hub.var))
    if not folder.exists():
        hub.git("clone", "-q", hub.clone_url(name, hub.admin), str(folder))
    (folder / "f").write_text(text)
    for argv in (["checkout", "-q", "-B", branch], ["add", "f"],
                 ["-c", "user.name=A", "-c", "user.email=a@x", "commit", "-q", "-m", "c " + text],
                 ["push", "-q", "origin", branch]):
        subprocess.run(["git", "-C", str(folder)] + argv, env=env, check=True, capture_output=True)


def api_of(hub, api):
    """Another client of the same key, for another thread."""
    return Client(hub.url, api.key)


def read(hub, name, auth=None):
    """Whether Git shows it to somebody: the ids it lists, or None."""
    done = subprocess.run(["git", "ls-remote", hub.clone_url(name, auth)], env=clean_env(str(hub.var)),
                          capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def members(api, name):
    return {(m["type"], m["name"]): m["permission"] for m in api("get_repo", repoid=name)["members"]}


# ---------------------------------------------------------------- profile S

def test_S09_S10_folders_are_made_on_the_way(hub, seed, regular):
    assert seed("create_repo", name="foo/bar/baz", owner_name="test-api") is None
    assert [r["path"] for r in hub.sql("SELECT path FROM hub.folder WHERE path LIKE 'foo%%'"
                                       " ORDER BY path")] == ["foo", "foo/bar"]
    assert seed.refused("create_repo", name="foo/bar/baz", owner_name="test-api") == \
        "repo foo/bar/baz already exist"
    assert seed.refused("create_repo", name="left/behind/x", owner_name="nobody") == \
        "unknown user nobody"
    assert seed.refused("create_repo", name="left/behind/..", owner_name="test-api") == \
        "failed to create repository left/behind/.."
    assert hub.one("SELECT count(*) FROM hub.folder WHERE path LIKE 'left%%'") == 0
    row = seed("get_repo", name="foo/bar/baz")
    assert (row["name"], row["type"], row["description"]) == ("foo/bar/baz", "git", "baz")
    assert list(row) == ["id", "name", "type", "description", "members"]
    assert [(m["username"], m["permission"], m["type_"]) for m in row["members"]] == [
        ("default", "repository_read", "user")]
    assert read(hub, "foo/bar/baz") == ""
    assert row["id"] in [r["id"] for r in seed("get_repos")]


def test_S06_what_is_missing_is_null(seed):
    assert seed("get_repo", name="none-such") is None


def test_S11_a_private_one_is_hidden_from_others(hub, seed, api, other):
    seed("create_repo", name="s11", owner_name="test-api", private="true")
    row = seed("get_repo", name="s11")
    assert row["members"][0]["permission"] == "repository_none"
    pair = ("other", "secret-of-other")
    assert read(hub, "s11", pair) is None and read(hub, "s11", hub.admin) == ""
    assert other.refused("get_repo", repoid="s11") == "repository `s11` does not exist"
    assert "s11" not in [r["repo_name"] for r in other("get_repos")]


def test_S12_S13_permissions_of_a_user(hub, seed, api, other):
    seed("create_repo", name="s12", owner_name="test-api")
    for perm, has in (("repository_write", "repository.write"), ("repository_write", "repository.write"),
                      ("repository.read", "repository.read"), ("repository_none", "repository.none"),
                      (None, None), (None, None), ("repository_admin", "repository.admin"),
                      ("None", None), ("", None)):
        assert seed("add_user_to_repo", repo_name="s12", user_name="other", perm=perm) is None
        assert members(api, "s12").get(("user", "other")) == has
    for perm in ("haha", "read", "repository-read", "repository_", "group.read"):
        assert seed.refused("add_user_to_repo", repo_name="s12", user_name="other", perm=perm) == \
            "failed to edit permission s12 for other"
    assert seed.refused("add_user_to_repo", repo_name="x", user_name="other", perm=None) == \
        "unknown repository x"
    assert seed.refused("add_user_to_repo", repo_name="s12", user_name="x", perm=None) == \
        "unknown user x"


def test_a_user_group_gets_permissions_too(hub, seed, api, crew):
    seed("create_repo", name="s12g", owner_name="admin")
    assert seed("add_users_group_to_repo", repo_name="s12g", group_name="crew",
                perm="repository_write") is None
    row = seed("get_repo", name="s12g")["members"][1]
    assert (row["name"], row["active"], row["permission"], row["type_"]) == (
        "crew", True, "repository_write", "users_group")
    assert seed.refused("add_users_group_to_repo", repo_name="s12g", group_name="x", perm=None) == \
        "unknown users group x"
    assert seed.refused("add_users_group_to_repo", repo_name="s12g", group_name="crew", perm="x") == \
        "failed to edit permission s12g for crew"


def test_S14_pull(seed, full):
    assert seed.refused("pull", repo="none-such") == 'Unknown repo "none-such"'
    seed("create_repo", name="s14", owner_name="admin")
    assert seed.refused("pull", repo="s14") == 'Unable to pull changes from "s14"'
    assert seed("pull", repo="full") == "Pulled from full"


def test_S15_the_seeds_methods_are_for_administrators(hub, regular):
    flat = Client(hub.url, regular.key, ids=None)
    for method, args in (("get_repos", {}), ("get_repo", {"name": "full"}), ("pull", {"repo": "full"}),
                         ("create_repo", {"name": "s15", "owner_name": "test-api"}),
                         ("add_user_to_repo", {"repo_name": "x", "user_name": "x", "perm": None}),
                         ("add_users_group_to_repo", {"repo_name": "x", "group_name": "x", "perm": "x"})):
        assert flat.refused(method, **args) == DENIED, method


def test_S16_S17_S18_types_missing_arguments_and_ids(seed, api):
    assert seed.refused("create_repo", name="s16", owner_name="admin", repo_type="hg") == \
        "failed to create repository s16"
    assert seed("create_repo", name="s16", owner_name="admin", repo_type="git") is None
    assert seed.refused("create_repo", name="s17") == \
        "Missing non optional owner_name arg in JSON DATA"
    assert seed.refused("create_repo") == "Missing non optional owner_name arg in JSON DATA"
    answer = seed.send(json.dumps({"id": 7, "api_key": api.key, "method": "get_repo",
                                   "args": {"name": "s16"}}).encode())
    assert answer["id"] == 7 and answer["result"]["type"] == "git"


# ---------------------------------------------------------------- pull (rows 12, 13)

def test_12_pull_brings_what_is_new(hub, api, upstream):
    repo = upstream.repo("r12.git")
    old = repo.commit()
    api("create_repo", repo_name="r12", clone_uri=upstream.url("r12.git"))
    assert api("get_repo", repoid="r12")["last_changeset"]["raw_id"] == old
    new = repo.commit(message="more")
    for _ in range(2):
        assert api("pull", repoid="r12") == {"msg": "Pulled from `r12`", "repository": "r12"}
        assert api("get_repo", repoid="r12")["last_changeset"]["raw_id"] == new
    assert new in read(hub, "r12")
    assert api("pull", repoid="r12", clone_uri=upstream.url("r12.git"))["repository"] == "r12"


def test_13_there_is_nothing_to_pull_from(api, full):
    api.ask("create_repo", repo_name="r13")
    assert api.refused("pull", repoid="r13") == "Unable to pull changes from `r13`"
    assert api.refused("pull", repoid="nope") == "repository `nope` does not exist"
    assert api.refused("pull", repoid="full", clone_uri="http://127.0.0.1:1/x") == \
        "Unable to pull changes from `full`"


def test_an_upstream_that_fails_is_told_and_heals(hub, api, upstream):
    upstream.repo("heal.git").commit()
    api("create_repo", repo_name="heal", clone_uri=upstream.url("heal.git"))
    upstream.fault("heal.git", status(500))
    assert api.refused("pull", repoid="heal") == "Unable to pull changes from `heal`"
    upstream.heal("heal.git")
    new = upstream.repo("heal.git").commit(message="more")
    assert api("pull", repoid="heal")["repository"] == "heal"
    assert api("get_repo", repoid="heal")["last_changeset"]["raw_id"] == new


def test_a_slow_upstream_is_waited_for_up_to_the_limit(fresh_hub, upstream):
    hub = fresh_hub({"net.allow": "127.0.0.0/8", "rhodecode.wait_s": 1, "net.low_speed_s": 60})
    api = Client(hub.url, hub.new_token("admin"))
    upstream.repo("slow.git").commit()
    upstream.fault("slow.git", silent())
    assert api("create_repo", repo_name="slow", clone_uri=upstream.url("slow.git"))["success"]
    assert api("get_repo", repoid="slow")["last_changeset"] == EMPTY
    assert api.refused("pull", repoid="slow") == "Unable to pull changes from `slow`"
    # what waits holds no connection to the database in a transaction, and nobody else up
    calls = [threading.Thread(target=api.ask, args=("pull",), kwargs={"repoid": "slow"})]
    calls[0].start()
    assert hub.get("/info").status_code == 200
    calls[0].join()
    upstream.heal("slow.git")
    wait_until(lambda: api("get_repo", repoid="slow")["last_changeset"] != EMPTY, 60, "it is cloned")


# ---------------------------------------------------------------- reading (rows 15, 30 to 38)

def test_15_what_is_kept_is_forgotten(hub, api, regular, full):
    was = hub.one("SELECT s.generation FROM hub.store s JOIN hub.project p ON p.store_id = s.id"
                  " WHERE p.path = 'full'")
    assert api("invalidate_cache", repoid="full") == {
        "msg": "Cache for repository `full` was invalidated", "repository": "full"}
    assert hub.one("SELECT s.generation FROM hub.store s JOIN hub.project p ON p.store_id = s.id"
                   " WHERE p.path = 'full'") == was + 1
    assert regular.refused("invalidate_cache", repoid="full") == "repository `full` does not exist"


def test_30_31_one_repository(hub, api, full, crew, upstream):
    name, ids, repo = full
    api("grant_user_group_permission", repoid=name, usergroupid="crew", perm="repository.read")
    row = api("get_repo", repoid=name)
    assert {"tags", "pull_requests"}.isdisjoint(row)
    assert row["members"] == [{"name": "default", "type": "user", "permission": "repository.read"},
                              {"name": "crew", "type": "user_group", "permission": "repository.read"}]
    tip = repo.git("log", "-1", "--format=%H %an <%ae> %ct", "main").strip()
    last = row.pop("last_changeset")
    assert (last["raw_id"], last["author"], last["short_id"]) == (
        tip.split(" ")[0], " ".join(tip.split(" ")[1:-1]), tip[:12])
    assert last["revision"] == int(repo.git("rev-list", "--count", "--all")) - 1
    assert row.pop("created_on")[10] == "T" and row.pop("followers") == []
    del row["members"]
    assert row == {"repo_id": row["repo_id"], "repo_name": "full", "repo_type": "git",
                   "clone_uri": upstream.url("truth/full.git"), "private": False,
                   "description": "full", "landing_rev": ["rev", "tip"], "owner": "admin",
                   "fork_of": None, "enable_statistics": False, "enable_downloads": False}
    more = api("get_repo", repoid=row["repo_id"], with_revision_names="true", with_pullrequests=True)
    assert more["tags"] == {"v0.2.0": ids[1]} and more["bookmarks"] == {}
    assert more["branches"] == {"main": tip.split(" ")[0], "feature/x": ids[1]}
    assert more["pull_requests"] == []
    assert api("get_repo_refs", repoid=name) == {
        "branches": more["branches"], "branches_closed": {}, "tags": more["tags"], "bookmarks": {}}
    api("revoke_user_group_permission", repoid=name, usergroupid="crew")


@pytest.mark.parametrize("level", ["admin", "write", "read"])
def test_32_33_who_was_granted_something_reads(api, other, full, level):
    api("create_repo", repo_name="r32" + level, private=True)
    assert other.refused("get_repo", repoid="r32" + level) == \
        "repository `r32%s` does not exist" % level
    api("grant_user_permission", repoid="r32" + level, userid="other", perm="repository." + level)
    assert [m["name"] for m in other("get_repo", repoid="r32" + level)["members"]] == [
        "default", "other"]
    api("grant_user_permission", repoid="r32" + level, userid="default", perm="repository.read")
    api("grant_user_permission", repoid="r32" + level, userid="other", perm="repository.none")
    assert other.refused("get_repo", repoid="r32" + level) == \
        "repository `r32%s` does not exist" % level


def test_34_35_lists_hold_what_one_may_read(hub, api, regular, full):
    assert api.refused("get_repo", repoid="no-such-repo") == "repository `no-such-repo` does not exist"
    api("create_repo", repo_name="r35", private=True)
    everything, some = api("get_repos"), regular("get_repos")
    assert [r["repo_id"] for r in everything] == [
        r["id"] for r in hub.sql("SELECT id FROM hub.project ORDER BY id")]
    names = {r["repo_name"] for r in some}
    assert "r35" not in names and "full" in names and names < {r["repo_name"] for r in everything}
    for row in some:
        one = regular("get_repo", repoid=row["repo_id"])
        assert {k: one[k] for k in row} == row


def test_36_37_38_nodes(api, regular, full):
    name, ids, repo = full
    truth = repo.git("ls-tree", "-r", "--name-only", "main").split()
    for client in (api, regular):
        for revision in ("tip", "main", ids[-1], ids[-1][:12], str(len(ids) - 1)):
            files = client("get_repo_nodes", repoid=name, revision=revision, root_path="/",
                           ret_type="files")
            assert sorted(n["name"] for n in files) == truth and {n["type"] for n in files} == {"file"}
    assert api("get_repo_nodes", repoid=name, revision="tip", root_path="/", ret_type="dirs") == [
        {"name": "docs", "type": "dir"}, {"name": "docs/deep", "type": "dir"}]
    assert api("get_repo_nodes", repoid=name, revision="v0.2.0", root_path="docs/") == [
        {"name": "docs/deep", "type": "dir"}, {"name": "docs/index.txt", "type": "file"},
        {"name": "docs/deep/a", "type": "file"}]
    for revision, path in (("i-dont-exist", "/"), ("tip", "/idontexits"), ("--all", "/"),
                           ("main~1", "/"), ("tip", "../.."), ("HEAD^{tree}", "/"), ("-1;ls", "/")):
        assert api.refused("get_repo_nodes", repoid=name, revision=revision, root_path=path) == \
            "failed to get repo: `full` nodes"
    assert api.refused("get_repo_nodes", repoid=name, revision="tip", root_path="/",
                       ret_type="error") == "ret_type must be one of all,dirs,files"
    api.ask("create_repo", repo_name="r13")
    assert api.refused("get_repo_nodes", repoid="r13", revision="tip", root_path="/") == \
        "failed to get repo: `r13` nodes"


def test_a_file_is_shown_up_to_its_limit(api, full):
    ask = {"repoid": "full", "commit_id": "tip", "file_path": "README.rst"}
    assert api("get_repo_file", **ask) == {"name": "README.rst", "type": "file", "size": 6,
                                           "binary": False, "extension": "rst", "lines": 1}
    assert api("get_repo_file", **ask, details="full")["content"] == "three\n"
    assert api("get_repo_file", **ask, details="full", max_file_bytes="5")["content"] is None
    assert api("get_repo_file", **ask, details="minimal") == {"name": "README.rst", "type": "file"}
    for path, commit in (("docs", "tip"), ("no", "tip"), ("README.rst", "no"), ("../README.rst", "tip")):
        assert api.refused("get_repo_file", repoid="full", commit_id=commit, file_path=path) == \
            "There is no file in repo: `full` at path `%s` for commit: `%s`" % (path, commit)


# ---------------------------------------------------------------- create_repo (rows 39 to 49)

@pytest.mark.parametrize("n, args", enumerate([
    {}, {"repo_type": "git"}, {"owner": "test-api"}, {"description": "words"}, {"clone_uri": None},
    {"landing_rev": "branch:master"}, {"landing_rev": "rev:tip"}, {"private": True},
    {"enable_statistics": True, "enable_downloads": True}, {"clone_uri": ""}]))
def test_39_a_new_repository_in_all_its_forms(hub, api, regular, n, args):
    name = "r39-%d" % n
    assert api("create_repo", repo_name=name, **args) == {
        "msg": "Created new repository `%s`" % name, "success": True}
    row = api("get_repo", repoid=name)
    assert row["description"] == args.get("description", name)
    assert row["owner"] == args.get("owner", "admin")
    assert row["private"] is args.get("private", False)
    assert (row["clone_uri"], row["fork_of"], row["landing_rev"]) == (None, None, ["rev", "tip"])
    assert row["last_changeset"] == EMPTY
    push(hub, name, "master" if "landing_rev" in args and "master" in args["landing_rev"] else "main")
    assert api("get_repo", repoid=name)["last_changeset"]["revision"] == 0


def test_39_inside_a_folder_that_is_there(api):
    for leaf in ("one", "two"):
        assert api("create_repo", repo_name="r39f/" + leaf)["success"] is True


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1/x.git", "/repo", "file:///etc", "ext::sh -c x",
                                 "hg+http://h/x", "git+http://h/x", "-oProxyCommand=x", "nonsense"])
def test_40_a_source_that_cannot_be_cloned(hub, api, uri):
    assert api.refused("create_repo", repo_name="r40", clone_uri=uri) == \
        "failed to create repository `r40`"
    assert hub.one("SELECT count(*) FROM hub.project WHERE path = 'r40'") == 0


def test_a_clone_is_whole_when_the_answer_comes(hub, api, upstream):
    tip = upstream.repo("whole.git").commit()
    upstream.require("whole.git", "bob", "s3cretcanary")
    hub.hide("s3cretcanary")
    uri = upstream.url("whole.git", credentials="bob:s3cretcanary")
    assert api("create_repo", repo_name="in/whole", clone_uri=uri, private=True)["success"]
    row = api("get_repo", repoid="in/whole")
    assert row["last_changeset"]["raw_id"] == tip and row["private"] is True
    assert row["clone_uri"] == upstream.url("whole.git")
    assert api("pull", repoid="in/whole")["repository"] == "in/whole"
    upstream.require("denied.git", "bob", "x")
    upstream.repo("denied.git").commit()
    wrong = upstream.url("denied.git", credentials="bob:wr0ngcanary")
    hub.hide("wr0ngcanary")
    assert api.refused("create_repo", repo_name="denied", clone_uri=wrong) == \
        "failed to create repository `denied`"
    assert api.refused("get_repo", repoid="denied") == "repository `denied` does not exist"


def test_a_page_for_people_is_no_repository(api, upstream):
    upstream.repo("login.git").commit()
    upstream.fault("login.git", login_page())
    assert api.refused("create_repo", repo_name="login", clone_uri=upstream.url("login.git")) == \
        "failed to create repository `login`"


@pytest.mark.parametrize("bad", ["", ".", "..", ":", "<test>", "/", "a//b", "/a", "a/", "a/../x", "a/./b",
                                 "_admin/x", "123", "x.git", "x.lock", "rm__20200101_x", "a--b", "a-",
                                 "é", "a b", "a\u0000b", ".hidden", "x" * 256,
                                 "/".join("abcdefghijklmnopq")])
def test_41_42_44_names_that_may_not_be(hub, api, bad):
    before = hub.one("SELECT count(*) FROM hub.folder")
    said = api.ask("create_repo", repo_name=bad)["error"] if "\0" not in bad else None
    if said is not None:
        assert said == "failed to create repository `%s`" % bad
    assert hub.one("SELECT count(*) FROM hub.folder") == before


def test_43_an_administrator_makes_folders_others_use_them(hub, api, regular):
    assert api("create_repo", repo_name="my_gr/api-repo")["success"] is True
    assert regular.refused("create_repo", repo_name="my_other_gr/x") == \
        "repo group `my_other_gr` not found"
    # 45
    assert regular.refused("create_repo", repo_name="my_gr/y") == \
        "no permission to create repo in my_gr"
    hub.sql("UPDATE hub.folder SET default_access = 0 WHERE path = 'my_gr'")
    assert regular.refused("create_repo", repo_name="my_gr/y") == "repo group `my_gr` not found"
    hub.sql("UPDATE hub.folder SET default_access = 2 WHERE path = 'my_gr'")
    assert regular("create_repo", repo_name="my_gr/y")["success"] is True
    hub.sql("UPDATE hub.account SET may_create_at_top = false WHERE uname = 'test-api'")
    assert regular.refused("create_repo", repo_name="top45") == "no permission to create top level repo"
    hub.sql("UPDATE hub.account SET may_create_at_top = true WHERE uname = 'test-api'")


def test_46_47_48_owners(api, regular):
    assert api.refused("create_repo", repo_name="r46", owner="i-dont-exist") == \
        "user `i-dont-exist` does not exist"
    assert regular("create_repo", repo_name="r47")["success"] is True
    assert api("get_repo", repoid="r47")["owner"] == "test-api"
    for owner in ("admin", "test-api", "i-dont-exist"):
        assert regular.refused("create_repo", repo_name="r48", owner=owner) == OWNER


def test_49_what_is_there_is_said(api, full):
    for name in ("full", "FULL"):
        assert api.refused("create_repo", repo_name=name) == "repo `%s` already exist" % name
    # a folder and a repository never share a path
    api.ask("create_repo", repo_name="foo/bar/baz")
    assert api.refused("create_repo", repo_name="foo/bar") == "failed to create repository `foo/bar`"
    assert api.refused("create_repo", repo_name="full/x") == "failed to create repository `full/x`"
    for landing in ("branch:-x", "tag:x", "branch:"):
        assert api.refused("create_repo", repo_name="r49", landing_rev=landing) == \
            "failed to create repository `r49`"


def test_of_several_who_make_one_path_one_makes_it(hub, api):
    for n in range(5):
        name = "race/%d/x" % n
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            errors = list(pool.map(
                lambda _: api_of(hub, api).ask("create_repo", repo_name=name)["error"], range(4)))
        assert errors.count(None) == 1, errors
        assert {e for e in errors if e} <= {"repo `%s` already exist" % name,
                                            "failed to create repository `%s`" % name}
        assert hub.one("SELECT count(*) FROM hub.project WHERE path = %s", name) == 1


# ---------------------------------------------------------------- update_repo (rows 50 to 53)

@pytest.mark.parametrize("folder", ["", "r50f/"])
@pytest.mark.parametrize("n, change, shows", [(n, *row) for n, row in enumerate([
    ({"owner": "test-api"}, {"owner": "test-api"}),
    ({"description": "new words"}, {"description": "new words"}),
    ({"clone_uri": None}, {"clone_uri": None}),
    ({"clone_uri": ""}, {"clone_uri": None}),
    ({"landing_rev": "rev:tip"}, {"landing_rev": ["rev", "tip"]}),
    ({"landing_rev": "branch:other"}, {}),
    ({"private": True}, {"private": True}),
    ({"private": False}, {"private": False}),
    ({"enable_statistics": True}, {}),
    ({"name": "renamed"}, {"repo_name": "%srenamed"}),
    ({"group": "r50g"}, {"repo_name": "r50g/%s"}),
    ({"group": "r50g", "name": "both"}, {"repo_name": "r50g/both"}),
    ({}, {})])])
def test_50_updates(hub, api, regular, folder, n, change, shows):
    api.ask("create_repo", repo_name="r50g/anchor")
    leaf = "r50-%d-%d" % (n, len(folder))
    api("create_repo", repo_name=folder + leaf)
    change, shows = dict(change), dict(shows)
    for key in ("name",):
        if key in change:
            change[key] += "-%d" % len(folder)
    if "repo_name" in shows:
        text = shows["repo_name"]
        text = text.replace("%s", folder if "renamed" in text else leaf)
        shows["repo_name"] = text + ("-%d" % len(folder) if "name" in change else "")
    id = api("get_repo", repoid=folder + leaf)["repo_id"]
    told = api("update_repo", repoid=folder + leaf, **change)
    now = api("get_repo", repoid=id)
    assert told["msg"] == "updated repo ID:%d %s" % (id, now["repo_name"])
    assert told["repository"] == {k: now[k] for k in told["repository"]}
    for key, value in shows.items():
        assert now[key] == value
    if change.get("landing_rev") == "branch:other":
        assert hub.one("SELECT s.head FROM hub.store s JOIN hub.project p ON p.store_id = s.id"
                       " WHERE p.id = %s", id) == "other"


def test_a_moved_repository_is_read_at_its_new_place_alone(hub, api):
    api("create_repo", repo_name="mv/a")
    push(hub, "mv/a")
    tip = read(hub, "mv/a")
    api("update_repo", repoid="mv/a", name="b", group="")
    assert read(hub, "b") == tip and read(hub, "mv/a") is None
    assert api("update_repo", repoid="b", group="mv")["repository"]["repo_name"] == "mv/b"


def test_51_52_updates_that_cannot_be(api, full):
    api("create_repo", repo_name="r51")
    api("create_repo", repo_name="r51b")
    for change in ({"clone_uri": "/repo"}, {"clone_uri": "file:///x"}, {"name": "r51b"}, {"name": "a/b"},
                   {"name": ".."}, {"name": ""}, {"landing_rev": "x"}, {"description": "x" * 10001}):
        assert api.refused("update_repo", repoid="r51", **change) == "failed to update repo `r51`"
    # a mirror's branch is its upstream's; what has branches is not given to an upstream
    assert api.refused("update_repo", repoid="full", landing_rev="branch:feature/x") == \
        "failed to update repo `full`"
    assert api.refused("update_repo", repoid="r51", group="missing") == \
        "repository group `missing` does not exist"
    assert api.refused("update_repo", repoid="r51", owner="nobody") == "user `nobody` does not exist"


def test_an_upstream_comes_and_goes(hub, api, upstream):
    tip = upstream.repo("later.git").commit()
    api("create_repo", repo_name="later")
    row = api("update_repo", repoid="later", clone_uri=upstream.url("later.git"))["repository"]
    assert row["clone_uri"] == upstream.url("later.git")
    assert api("pull", repoid="later")["repository"] == "later"
    assert tip in read(hub, "later")
    row = api("update_repo", repoid="later", clone_uri="")["repository"]
    assert row["clone_uri"] is None and row["last_changeset"]["raw_id"] == tip
    assert api.refused("pull", repoid="later") == "Unable to pull changes from `later`"
    push(hub, "later")
    assert api.refused("update_repo", repoid="later", clone_uri=upstream.url("later.git")) == \
        "failed to update repo `later`"


def test_53_updates_by_others(hub, api, regular):
    api("create_repo", repo_name="r53")
    assert regular.refused("update_repo", repoid="r53", description="x") == \
        "repository `r53` does not exist"
    regular("create_repo", repo_name="r53own")
    assert regular.refused("update_repo", repoid="r53own", owner="admin") == OWNER
    hub.sql("UPDATE hub.account SET may_create_at_top = false WHERE uname = 'test-api'")
    assert regular.refused("update_repo", repoid="r53own", name="x53") == \
        "no permission to create (or move) top level repositories"
    # only a real move asks for that right
    assert regular("update_repo", repoid="r53own", description="x")["repository"]["description"] == "x"
    hub.sql("UPDATE hub.account SET may_create_at_top = true WHERE uname = 'test-api'")
    api("create_repo", repo_name="r53f/x")
    assert regular.refused("update_repo", repoid="r53own", group="r53f") == \
        "no permission to create (or move) repo in r53f"


# ---------------------------------------------------------------- delete_repo (rows 54, 55)

def test_54_55_deleting(hub, api, regular):
    for client, name in ((api, "r54a"), (regular, "r54r")):
        client("create_repo", repo_name=name)
        assert client("delete_repo", repoid=name) == {
            "msg": "Deleted repository `%s`" % name, "success": True}
        assert api.refused("get_repo", repoid=name) == "repository `%s` does not exist" % name
        assert read(hub, name, hub.admin) is None
    assert regular.refused("delete_repo", repoid="full") == "repository `full` does not exist"
    assert api.refused("delete_repo", repoid="full", forks="sell") == \
        "failed to delete repository `full`"


def test_forks_hold_their_source_until_somebody_says_what_becomes_of_them(api, regular):
    for name in ("d1", "d2", "d3"):
        api("create_repo", repo_name=name)
        api("fork_repo", repoid=name, fork_name=name + "-fork")
        api("fork_repo", repoid=name + "-fork", fork_name=name + "-fork-fork")
        assert api.refused("delete_repo", repoid=name) == \
            "Cannot delete `%s` it still contains attached forks" % name
    assert api("delete_repo", repoid="d1", forks="detach")["msg"] == \
        "Deleted repository `d1` Detached 1 forks"
    assert api("get_repo", repoid="d1-fork")["fork_of"] is None
    assert api("get_repo", repoid="d1-fork-fork")["fork_of"] == "d1-fork"
    assert api("delete_repo", repoid="d2", forks="delete")["msg"] == \
        "Deleted repository `d2` Deleted 2 forks"
    assert api.refused("get_repo", repoid="d2-fork-fork") == \
        "repository `d2-fork-fork` does not exist"
    # one's right on the source is none on other people's forks
    api("grant_user_permission", repoid="d3", userid="test-api", perm="repository.admin")
    assert regular.refused("delete_repo", repoid="d3", forks="delete") == \
        "failed to delete repository `d3`"
    assert api("get_repo", repoid="d3-fork-fork")["fork_of"] == "d3-fork"


# ---------------------------------------------------------------- fork_repo (rows 56 to 59)

def test_56_57_58_59_forks(hub, api, regular, other, full):
    name = full[0]
    assert api("fork_repo", repoid=name, fork_name="api-repo-fork", owner="test-api") == {
        "msg": "Created fork of `full` as `api-repo-fork`", "success": True}
    row = api("get_repo", repoid="api-repo-fork")
    assert (row["fork_of"], row["owner"], row["clone_uri"]) == ("full", "test-api", None)
    assert row["last_changeset"]["raw_id"] == full[1][-1]
    assert read(hub, "api-repo-fork") == read(hub, "full")
    assert regular("fork_repo", repoid=name, fork_name="r57")["success"] is True
    assert regular.refused("fork_repo", repoid=name, fork_name="r58", owner="admin") == OWNER
    assert regular.refused("fork_repo", repoid=name, fork_name="nope/r58") == \
        "repo group `nope` not found"
    api("create_repo", repo_name="r58", private=True)
    assert regular.refused("fork_repo", repoid="r58", fork_name="r58b") == \
        "repository `r58` does not exist"
    hub.sql("UPDATE hub.account SET may_create_at_top = false WHERE uname = 'test-api'")
    assert regular.refused("fork_repo", repoid=name, fork_name="r58c") == \
        "no permission to create top level repo"
    hub.sql("UPDATE hub.account SET may_create_at_top = true WHERE uname = 'test-api'")
    assert api.refused("fork_repo", repoid=name, fork_name="r59", owner="x") == \
        "user `x` does not exist"
    assert api.refused("fork_repo", repoid=name, fork_name="r57") == "fork `r57` already exist"
    assert api.refused("fork_repo", repoid=name, fork_name="r58") == "repo `r58` already exist"
    api.ask("create_repo", repo_name="foo/bar/baz")
    for bad in ("a/..", "x.git", "foo"):
        assert api.refused("fork_repo", repoid=name, fork_name=bad) == \
            "failed to fork repository `full` as `%s`" % bad
    # folders on the way, and what was granted comes along
    api("grant_user_permission", repoid="r58", userid="other", perm="repository.write")
    api("fork_repo", repoid="r58", fork_name="way/to/r59", copy_permissions=True, description="d",
        private=False)
    assert members(api, "way/to/r59") == {("user", "default"): "repository.none",
                                          ("user", "other"): "repository.write"}
    assert api("get_repo", repoid="way/to/r59")["description"] == "d"


# ---------------------------------------------------------------- grants (rows 66 to 68)

@pytest.mark.parametrize("perm", ["none", "read", "write", "admin"])
def test_66_67_68_grants(api, regular, crew, perm):
    api.ask("create_repo", repo_name="r66")
    assert api("grant_user_permission", repoid="r66", userid="test-api", perm="repository." + perm) == {
        "msg": "Granted perm: `repository.%s` for user: `test-api` in repo: `r66`" % perm,
        "success": True}
    assert api("grant_user_group_permission", repoid="r66", usergroupid="crew",
               perm="repository." + perm) == {
        "msg": "Granted perm: `repository.%s` for user group: `crew` in repo: `r66`" % perm,
        "success": True}
    assert members(api, "r66")["user", "test-api"] == "repository." + perm
    assert members(api, "r66")["user_group", "crew"] == "repository." + perm
    for _ in range(2):
        assert api("revoke_user_permission", repoid="r66", userid="test-api") == {
            "msg": "Revoked perm for user: `test-api` in repo: `r66`", "success": True}
        assert api("revoke_users_group_permission", repoid="r66", usersgroupid="crew") == {
            "msg": "Revoked perm for user group: `crew` in repo: `r66`", "success": True}
    assert members(api, "r66") == {("user", "default"): "repository.read"}


def test_66_grants_that_cannot_be(api, regular, crew):
    api.ask("create_repo", repo_name="r66")
    for method, who in (("grant_user_permission", {"userid": "test-api"}),
                        ("grant_user_group_permission", {"usergroupid": "crew"})):
        assert api.refused(method, repoid="r66", perm="haha.no.permission", **who) == \
            "permission `haha.no.permission` does not exist"
        assert api.refused(method, repoid="nope", perm="repository.read", **who) == \
            "repository `nope` does not exist"
    assert api.refused("grant_user_permission", repoid="r66", userid="x", perm="repository.read") == \
        "user `x` does not exist"
    assert api.refused("grant_user_group_permission", repoid="r66", usergroupid="x",
                       perm="repository.read") == "user group `x` does not exist"
    assert api.refused("grant_user_permission", repoid="r66", userid="default",
                       perm="repository.admin") == \
        "failed to edit permission for user: `default` in repo: `r66`"
    assert regular.refused("grant_user_permission", repoid="r66", userid="test-api",
                           perm="repository.admin") == DENIED
    assert regular.refused("revoke_user_permission", repoid="r66", userid="test-api") == DENIED
    assert regular.refused("grant_user_group_permission", repoid="r66", usergroupid="crew",
                           perm="repository.admin") == "repository `r66` does not exist"


def test_the_default_user_is_everyone(hub, api, other):
    api("create_repo", repo_name="everyone")
    api("revoke_user_permission", repoid="everyone", userid="default")
    assert api("get_repo", repoid="everyone")["private"] is True
    assert other.refused("get_repo", repoid="everyone") == "repository `everyone` does not exist"
    api("grant_user_permission", repoid="everyone", userid="default", perm="repository.write")
    assert members(other, "everyone") == {("user", "default"): "repository.write"}


# ---------------------------------------------------------------- history (rows 78, 79)

def test_78_changesets(api, regular, full):
    name, ids, repo = full
    rows = api("get_changesets", repoid=name)
    assert [r["raw_id"] for r in rows] == ids and [r["revision"] for r in rows] == [0, 1, 2, 3]
    assert set(rows[0]) == {"short_id", "raw_id", "revision", "message", "date", "author"}
    assert [r["raw_id"] for r in api("get_changesets", repoid=name, reverse="true")] == ids[::-1]
    some = regular("get_changesets", repoid=name, start=ids[0], end=ids[2])
    assert [r["raw_id"] for r in some] == ids[:3] and all(r["message"] for r in some)
    assert [r["raw_id"] for r in api("get_changesets", repoid=name, start="1", end=2)] == ids[1:3]
    assert len(api("get_changesets", repoid=name, max_revisions=2)) == 2
    assert len(api("get_changesets", repoid=name, branch_name="feature/x")) == 2
    early, late = rows[0]["date"], rows[-1]["date"]
    assert [r["raw_id"] for r in api("get_changesets", repoid=name, start_date=early, end_date=late,
                                     with_file_list=True)] == ids
    assert api("get_changesets", repoid=name, start_date="2100-01-01T00:00:00") == []
    listed = api("get_changesets", repoid=name, with_file_list=True)
    assert listed[0]["added"] == ["README.rst", "docs/index.txt"]
    assert (listed[1]["added"], listed[1]["changed"]) == (["docs/deep/a"], ["README.rst"])
    assert listed[2]["removed"] == ["docs/index.txt"]
    api.ask("create_repo", repo_name="r13")
    assert api.refused("get_changesets", repoid="r13") == "Repository is empty"
    for bad in ({"start": "--all"}, {"branch_name": "nope"}, {"start_date": "yesterday"}):
        assert api.refused("get_changesets", repoid=name, **bad) == "Internal server error"


def test_79_one_changeset(hub, api, other, full):
    name, ids, repo = full
    one = api("get_changeset", repoid=name, raw_id=ids[1])
    person, email = repo.git("log", "-1", "--format=%an|%ae", ids[1]).strip().split("|")
    assert one["author"] == {"name": person, "email": email}
    assert (one["added"], one["changed"], one["removed"]) == (["docs/deep/a"], ["README.rst"], [])
    for flag in ("reviews", "comments", "inline_comments"):
        assert api("get_changeset", repoid=name, raw_id=ids[1], **{"with_" + flag: True}) == {
            **one, flag: []}
    for unknown in ("f" * 40, "7a" * 20, "-n", "main^"):
        assert api.refused("get_changeset", repoid=name, raw_id=unknown) == \
            "Changeset %s does not exist" % unknown
    api.ask("create_repo", repo_name="r79", private=True)
    for method, more in (("get_changeset", {"raw_id": ids[0]}), ("get_changesets", {})):
        for repo_name in ("r79", "r79-missing"):
            assert other.refused(method, repoid=repo_name, **more) == \
                "Access denied to repo " + repo_name


def test_a_long_history_is_counted_once_and_stays_right(hub, api, upstream):
    n = 1200
    lines = ["commit refs/heads/main\ncommitter A <a@x> %d +0000\ndata 1\nx\n" % (1600000000 + i)
             for i in range(n)]
    subprocess.run(["git", "-C", str(upstream.repo("long.git").path), "fast-import", "--quiet"],
                   input="\n".join(lines).encode(), env=clean_env(), check=True)
    api("create_repo", repo_name="long", clone_uri=upstream.url("long.git"))
    kept = hub.var / "data" / "cache" / "revisions"
    for _ in range(2):
        assert api("get_repo", repoid="long")["last_changeset"]["revision"] == n - 1
        assert len(list(kept.iterdir())) == 1
    middle = api("get_changesets", repoid="long", start="600", end="601")
    assert [r["revision"] for r in middle] == [600, 601]
    upstream.repo("long.git").commit()
    api("pull", repoid="long")
    assert api("get_repo", repoid="long")["last_changeset"]["revision"] == n
    assert len(list(kept.iterdir())) == 1
    api("invalidate_cache", repoid="long")
    assert list(kept.iterdir()) == []
    # what somebody cut short is made anew
    assert api("get_repo", repoid="long")["last_changeset"]["revision"] == n
    next(kept.iterdir()).write_bytes(b"cut")
    assert api("get_repo", repoid="long")["last_changeset"]["revision"] == n


# ---------------------------------------------------------------- scopes and the trail

def test_a_key_for_reading_changes_nothing(hub, api, full):
    key = hub.new_token("admin")
    hub.sql("UPDATE hub.token SET scope = 1 WHERE prefix = %s", key[:6])
    reader = Client(hub.url, key)
    assert reader("get_repo", repoid="full")["repo_name"] == "full"
    for method, args in (("create_repo", {"repo_name": "scope"}), ("pull", {"repoid": "full"}),
                         ("update_repo", {"repoid": "full"}), ("delete_repo", {"repoid": "full"}),
                         ("fork_repo", {"repoid": "full", "fork_name": "scope"}),
                         ("invalidate_cache", {"repoid": "full"}),
                         ("grant_user_permission", {"repoid": "full", "userid": "default",
                                                    "perm": "repository.none"})):
        assert reader.refused(method, **args) == DENIED, method


def test_each_change_is_in_the_trail(hub, api):
    api("create_repo", repo_name="trail/a")
    api("update_repo", repoid="trail/a", name="b")
    api("grant_user_permission", repoid="trail/b", userid="test-api", perm="repository.read")
    api("invalidate_cache", repoid="trail/b")
    api("delete_repo", repoid="trail/b")
    told = [(e["action"], e["object"]) for e in hub.sql(
        "SELECT action, object FROM hub.event WHERE object LIKE 'trail%%' ORDER BY id")]
    assert told == [("folder.create", "trail"), ("project.create", "trail/a"),
                    ("project.move", "trail/a"), ("project.grant", "trail/b"),
                    ("project.forget_kept", "trail/b"), ("project.delete", "trail/b")]
