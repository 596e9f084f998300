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
