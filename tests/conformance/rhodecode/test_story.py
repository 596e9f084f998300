"""One story told through the JSON-RPC door and read back through ABF's, hpr's and Git's: an account, a
group, a repository in folders, a grant, a mirror. The answers agree."""

import subprocess

import pytest

from conformance.rhodecode.client import Client
from fixtures.run import clean_env

HUB_CONF = {"net.allow": "127.0.0.0/8"}
PASSWORD = "a-g00d-password"


@pytest.fixture(scope="module")
def api(hub):
    """As the command lines: every value is a text."""
    return Client(hub.url, hub.new_token("admin"), texts=True)


@pytest.fixture(scope="module")
def story(hub, api, upstream):
    """What is told: the results, by chapter."""
    tip = upstream.repo("story.git").commit(files={"a": "1\n"})
    upstream.repo("story.git").git("tag", "v1", tip)
    return {
        "tip": tip,
        "joe": api("create_user", username="joe", email="Joe@Example.org", firstname="Joe",
                   lastname="Doe", password=PASSWORD)["user"],
        "crew": api("create_user_group", group_name="crew", description="those on board",
                    owner="joe")["user_group"],
        "member": api("create_user", username="ann", email="ann@example.org",
                      password=PASSWORD)["user"],
        "joined": api("add_user_to_user_group", usergroupid="crew", userid="ann"),
        "repo": api("create_repo", repo_name="team/tools/hammer", owner="joe", private="true",
                    description="for nails"),
        "grant": api("grant_user_group_permission", repoid="team/tools/hammer", usergroupid="crew",
                     perm="repository.write"),
        "mirror": api("create_repo", repo_name="mirrors/story",
                      clone_uri=upstream.url("story.git")),
    }


def abf(hub, path, who="joe"):
    answer = hub.get("/api/v1/" + path, (who, PASSWORD))
    return answer.json() if answer.status_code == 200 else answer.status_code


def listed(hub, name, auth=None):
    done = subprocess.run(["git", "ls-remote", hub.clone_url(name, auth)],
                          env=clean_env(str(hub.var)), capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def test_the_account_is_the_same_everywhere(hub, story):
    user = abf(hub, "user.json")["user"]
    assert (user["id"], user["uname"], user["email"]) == (
        story["joe"]["user_id"], "joe", story["joe"]["email"])
    assert user["name"] == "Joe Doe"


def test_the_group_is_a_team_with_its_members(hub, api, story):
    group = abf(hub, "groups/%d.json" % story["crew"]["users_group_id"])["group"]
    assert (group["uname"], group["description"], group["owner"]["uname"]) == (
        "crew", "those on board", "joe")
    members = abf(hub, "groups/%d/members.json" % group["id"])["group"]["members"]
    shown = api("get_user_group", usergroupid="crew")["members"]
    assert {m["id"] for m in members} | {story["joe"]["user_id"]} == {
        m["user_id"] for m in shown} | {story["joe"]["user_id"]}
    assert story["member"]["user_id"] in {m["id"] for m in members}


def test_the_repository_is_a_project(hub, api, story):
    row = api("get_repo", repoid="team/tools/hammer")
    project = abf(hub, "projects/%d.json" % row["repo_id"])["project"]
    assert (project["name"], project["description"], project["visibility"]) == (
        "hammer", "for nails", "hidden")
    assert project["owner"]["id"] == story["joe"]["user_id"]
    assert project["git_url"] == hub.url.replace("//", "//joe@") + "/team/tools/hammer.git"
    members = abf(hub, "projects/%d/members.json" % row["repo_id"])["project"]["members"]
    assert {(m["type"], m["id"]) for m in members} >= {("Group", story["crew"]["users_group_id"])}
    # hidden from everybody else, by each door
    assert hub.get("/api/v1/projects/%d.json" % row["repo_id"]).status_code == 404
    assert listed(hub, "team/tools/hammer") is None


def test_the_grant_holds_for_git(hub, story):
    ann = ("ann", PASSWORD)
    folder = hub.var / "hammer"
    env = clean_env(str(hub.var))
    subprocess.run(["git", "clone", "-q", hub.clone_url("team/tools/hammer", ann), str(folder)],
                   env=env, check=True, capture_output=True)
    (folder / "nail").write_text("1\n")
    for argv in (["checkout", "-q", "-B", "main"], ["add", "nail"],
                 ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit", "-q", "-m", "n"],
                 ["push", "-q", "origin", "main"]):
        subprocess.run(["git", "-C", str(folder)] + argv, env=env, check=True, capture_output=True)


def test_what_was_pushed_is_told_alike(hub, api, story):
    row = api("get_repo", repoid="team/tools/hammer")
    refs = abf(hub, "projects/%d/refs_list.json" % row["repo_id"])["refs_list"]
    tip = row["last_changeset"]["raw_id"]
    assert refs == [{"ref": "main", "object": {"type": "commit", "sha": tip}}]
    assert api("get_repo_refs", repoid="team/tools/hammer")["branches"] == {"main": tip}
    assert listed(hub, "team/tools/hammer", ("ann", PASSWORD)).startswith(tip)
    shown = api("get_changeset", repoid="team/tools/hammer", raw_id=tip)
    assert (shown["message"], shown["added"]) == ("n\n", ["nail"])


def test_the_mirror_is_one_of_hprs(hub, api, story, upstream):
    shown = hub.show("mirrors%2Fstory")
    row = api("get_repo", repoid="mirrors/story", with_revision_names="1")
    assert shown["name"] == row["repo_name"] and shown["url"] == row["clone_uri"]
    assert shown["status"] == "idle" and shown["latest_version"] == "v1"
    assert row["last_changeset"]["raw_id"] == story["tip"] and row["tags"] == {"v1": story["tip"]}
    assert story["tip"] in listed(hub, "mirrors/story")
    # what one door asks for, the others see
    new = upstream.repo("story.git").commit(files={"a": "2\n"})
    api("pull", repoid="mirrors/story")
    assert new in listed(hub, "mirrors/story")
    newer = upstream.repo("story.git").commit(files={"a": "3\n"})
    before = hub.run_id("mirrors/story")
    assert hub.put("/repositories/mirrors%2Fstory").text == "true"
    assert hub.wait_run("mirrors/story", before)["outcome"] == "changed"
    assert api("get_repo", repoid="mirrors/story")["last_changeset"]["raw_id"] == newer


def test_what_the_other_doors_make_is_there(hub, api, story, upstream):
    upstream.repo("by-hpr.git").commit()
    hub.mirror(upstream.url("by-hpr.git"), "by-hpr")
    made = hub.post("/api/v1/projects.json", auth=("joe", PASSWORD), json={"project": {
        "name": "by-abf", "visibility": "hidden", "owner_id": story["joe"]["user_id"],
        "owner_type": "User"}}).json()["project"]
    rows = {r["repo_name"]: r for r in api("get_repos")}
    assert rows["by-hpr"]["clone_uri"] == upstream.url("by-hpr.git")
    assert rows["joe/by-abf"]["repo_id"] == made["id"] and rows["joe/by-abf"]["private"] is True
    api("delete_repo", repoid="by-hpr")
    assert hub.get("/repositories/by-hpr", hub.admin).status_code == 404


# ---------------------------------------------------------------- the same, from the command line

WHOLE, PART = ("olga", PASSWORD), ("ivan", PASSWORD)


def refs_of(hub, name, auth):
    """What Git lists of it to somebody; None: nothing at all."""
    text = listed(hub, name, auth)
    return None if text is None else dict(line.split("\t")[::-1] for line in text.splitlines())


def abf_of(hub, path, auth=WHOLE, status=200):
    got = hub.get("/api/v1/" + path, auth)
    assert got.status_code == status, got.text
    return got.json()


@pytest.mark.parametrize("profile", ["S", "M"])
def test_what_is_told_in_each_profile_is_read_alike(fresh_hub, upstream, profile):
    hub = fresh_hub({**HUB_CONF, "rhodecode.wait_s": 60})
    truth = upstream.repo("story-%s/tool.git" % profile)
    commit = truth.commit(files={"README": "one\n"}, message="first")
    truth.git("tag", "v1", commit)
    is_seed = profile == "S"
    api = Client(hub.url, hub.new_token("admin"), ids=None if is_seed else "uuid", texts=True,
                 type="text/plain")

    # ---- accounts: their passwords open the other doors
    for who in ("olga", "ivan"):
        api("create_user", username=who, password=PASSWORD, firstname=who.title(), lastname="B",
            email=who + "@example.com", active="True", admin="False")
        me = abf_of(hub, "user.json", (who, PASSWORD))["user"]
        assert (me["uname"], me["name"], me["email"]) == (who, who.title() + " B",
                                                          who + "@example.com")
    users = {u["username"]: u for u in api("get_users")}
    number = "id" if is_seed else "user_id"
    assert users["olga"][number] == abf_of(hub, "user.json")["user"]["id"]

    # ---- a group
    api("create_users_group", **{"name" if is_seed else "group_name": "crew"})
    api("add_user_to_users_group", **({"group_name": "crew", "user_name": "ivan"} if is_seed else
                                      {"usergroupid": "crew", "userid": "ivan"}))
    [crew] = api("get_users_groups")
    [group] = abf_of(hub, "groups.json", PART)["groups"]
    assert group["uname"] == "crew"
    assert group["id"] == crew["id" if is_seed else "users_group_id"]
    assert [m["username"] for m in crew["members"] if m["username"] == "ivan"] == ["ivan"]

    # ---- a repository in folders, that nobody else sees
    name = "linux/tools/tool"
    api("create_repo", **({"name": name, "owner_name": "olga"} if is_seed else
                          {"repo_name": name, "owner": "olga"}), private="True", repo_type="git",
        description="A tool", clone_uri=upstream.url("story-%s/tool.git" % profile))
    row = api("get_repo", **({"name": name} if is_seed else {"repoid": name}))
    id = row["id" if is_seed else "repo_id"]
    project = abf_of(hub, "projects/%d.json" % id)["project"]
    assert (project["id"], project["name"]) == (id, "tool")
    assert project["description"] == row["description"] == "A tool"
    assert project["visibility"] == "hidden" and project["owner"]["id"] == users["olga"][number]
    assert abf_of(hub, "projects/%d.json" % id, PART, 404)
    assert hub.get("/repositories/" + name.replace("/", "%2F"), PART).status_code == 404
    seen = refs_of(hub, name, WHOLE)
    assert seen["refs/heads/main"] == seen["refs/tags/v1"] == commit
    assert refs_of(hub, name, PART) is None
    mirror = hub.show(name.replace("/", "%2F"))
    assert (mirror["name"], mirror["url"]) == (name, upstream.url("story-%s/tool.git" % profile))

    # ---- a grant to the group opens it to its members through every door
    if is_seed:
        api("add_users_group_to_repo", repo_name=name, group_name="crew", perm="repository_read")
    else:
        api("grant_user_group_permission", repoid=str(id), usergroupid="crew",
            perm="repository.read")
    assert abf_of(hub, "projects/%d.json" % id, PART)["project"]["id"] == id
    assert refs_of(hub, name, PART) == seen
    members = abf_of(hub, "projects/%d/members.json" % id)["project"]["members"]
    assert [(m["type"], m["id"]) for m in members] == [
        ("Group", group["id"]), ("User", users["olga"][number])]

    # ---- what is new upstream comes with the next pull
    newer = truth.commit(files={"README": "two\n"}, message="second")
    api("pull", **{"repo" if is_seed else "repoid": name})
    assert refs_of(hub, name, PART)["refs/heads/main"] == newer
    refs = abf_of(hub, "projects/%d/refs_list.json" % id, PART)["refs_list"]
    assert {r["ref"] for r in refs} == {"main", "v1"}

    # ---- and it closes again
    if is_seed:
        api("add_users_group_to_repo", repo_name=name, group_name="crew", perm="None")
    else:
        api("revoke_user_group_permission", repoid=name, usergroupid="crew")
    assert abf_of(hub, "projects/%d.json" % id, PART, 404)
    assert refs_of(hub, name, PART) is None
    ender = Client(hub.url, api.key)
    assert ender("delete_repo", repoid=name)["success"] is True
    assert abf_of(hub, "projects/%d.json" % id, WHOLE, 404)
    assert hub.get("/repositories/" + name.replace("/", "%2F"), hub.admin).status_code == 404
