"""Platforms and package repositories in the ABF API: what the contract's own rows
(tests/conformance/abf) do not say. What is on disk, what hides, what a clone has."""

import itertools
import os

import pytest

from conformance.abf.client import GUEST, Abf
from fixtures.run import wait_until

HUB_CONF = {"abf.rate_limit": 0}
COUNTER = itertools.count()
LOCK = ".repo.lock"


def unique(word):
    return "%s%d" % (word, next(COUNTER))


class World:
    """An administrator, the owner of platforms, and people by need."""

    def __init__(self, hub):
        self.hub, self.admin = hub, Abf(hub, hub.admin)
        self.guest = Abf(hub, GUEST)
        self.owner, self.owner_id = self.person()

    def person(self, role="user"):
        uname = unique("person")
        pair = self.hub.account(uname, role=role)
        return Abf(self.hub, pair), self.account_id(uname)

    def account_id(self, uname):
        return self.hub.one("SELECT id FROM hub.account WHERE uname = %s", uname)

    def platform(self, name=None, **more):
        body = {"name": name or unique("platform"), "description": "d", "default_branch": "b",
                "distrib_type": "mdv", "owner_id": self.owner_id, **more}
        return self.admin.post("platforms.json", {"platform": body})

    def repository(self, platform, name="main", by=None):
        return (by or self.owner).post("repositories.json", {"repository": {
            "platform_id": platform, "name": name, "description": "d"}})

    def personal(self, uname):
        return self.hub.one("SELECT id FROM hub.platform WHERE name = %s", uname + "_personal")

    def project(self, access="read", owner=None):
        """Its number. Owned by the administrator, who has nothing to do with the platforms."""
        path = unique("project")
        self.hub.run_program("mirrorhub", "create-project", path, "--owner",
                             owner or self.hub.user, "--access", access)
        return self.hub.one("SELECT id FROM hub.project WHERE path = %s", path)

    def tree(self, platform):
        return self.hub.data_dir / "platforms" / str(platform)

    def folders(self, platform, repository):
        """Where the files of a repository lie, as far as they are there."""
        return sorted(p.parent.name for p in (self.tree(platform) / "repository").glob(
            "*/" + repository))

    def arches(self):
        return sorted(["SRPMS"] + [row["name"] for row in
                                   self.hub.sql("SELECT name FROM hub.arch")])

    def locks(self, platform):
        return sorted(p.parent.parent.name for p in
                      self.tree(platform).glob("repository/*/*/" + LOCK))

    def give_away(self, *paths):
        """Files that this test made belong to the user of the hub's programs."""
        owner = self.hub.data_dir.stat()
        for path in paths:
            os.chown(path, owner.st_uid, owner.st_gid)

    def janitor(self):
        return self.hub.run_program("mirrorhub", "janitor").stdout

    def actions(self):
        return [row["action"] for row in self.hub.sql("SELECT action FROM hub.event ORDER BY id")]


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


# ---- folders


def test_a_new_repository_has_folders_and_a_destroyed_one_none(world):
    platform = world.platform()
    made = world.repository(platform)
    other = world.repository(platform, "contrib")
    assert world.folders(platform, "main") == world.arches()
    assert world.owner.delete("repositories/%d" % made) == made
    assert world.folders(platform, "main") == []
    assert world.folders(platform, "contrib") == world.arches()
    world.owner.delete("repositories/%d" % other)
    world.owner.delete("platforms/%d" % platform)
    assert not world.tree(platform).exists()
    assert list((world.hub.data_dir / "platforms" / "removed").iterdir()) == []


def test_a_personal_platform_has_no_folders(world):
    stranger, _ = world.person()
    platform = world.personal(stranger.auth[0])
    made = world.repository(platform, "extra", by=stranger)
    assert not world.tree(platform).exists()
    stranger.delete("repositories/%d" % made)


def test_packages_that_somebody_published_go_with_their_repository_alone(world):
    platform = world.platform()
    made = world.repository(platform)
    world.repository(platform, "contrib")
    for name in ("main", "contrib"):
        deep = world.tree(platform) / "repository" / "x86_64" / name / "release"
        deep.mkdir()
        (deep / "a.rpm").write_text("rpm")
        world.give_away(deep)
    world.owner.delete("repositories/%d" % made)
    assert [p.parent.parent.name for p in world.tree(platform).glob("**/*.rpm")] == ["contrib"]


def test_what_others_published_and_keep_is_out_of_the_way_at_least(world):
    if os.geteuid() != 0:
        pytest.skip("whoever is not root owns all files here")
    platform = world.platform()
    made = world.repository(platform)
    deep = world.tree(platform) / "repository" / "x86_64" / "main" / "release"
    deep.mkdir()  # root's, and so is what is in it
    (deep / "a.rpm").write_text("rpm")
    assert world.owner.delete("repositories/%d" % made) == made
    assert world.folders(platform, "main") == []
    world.repository(platform)
    left, = (world.hub.data_dir / "platforms" / "removed").iterdir()
    done = world.hub.run_program("mirrorhub", "janitor", check=False)
    assert done.returncode != 0 and left.name in done.stderr
    world.give_away(left / "release")
    world.janitor()
    assert not left.exists()


def test_lock_files_are_set_everywhere_and_may_be_set_twice(world):
    platform = world.platform()
    made = world.repository(platform)
    add, remove = ["repositories/%d/%s_repo_lock_file.json" % (made, verb)
                   for verb in ("add", "remove")]
    for _ in range(2):
        assert world.owner.put(add) == made
        assert world.locks(platform) == world.arches()
    for _ in range(2):
        assert world.owner.delete(remove) == made
        assert world.locks(platform) == []
    for folder in ("SRPMS", "x86_64"):
        (world.tree(platform) / "repository" / folder / "main").rmdir()
    world.owner.put(add)  # what is missing is left out
    assert world.locks(platform) == sorted(set(world.arches()) - {"SRPMS", "x86_64"})
    world.owner.delete(remove)
    assert world.locks(platform) == []


def test_links_below_the_folder_are_never_followed(world, tmp_path):
    platform = world.platform()
    made = world.repository(platform)
    aim = tmp_path / "aim"
    aim.mkdir()
    tmp_path.chmod(0o777)
    aim.chmod(0o777)
    (aim / "kept").write_text("kept")
    folder = world.tree(platform) / "repository" / "x86_64" / "main"
    folder.rmdir()
    folder.symlink_to(aim)
    world.owner.put("repositories/%d/add_repo_lock_file.json" % made)
    assert world.locks(platform) == sorted(set(world.arches()) - {"x86_64"})
    assert not (aim / LOCK).exists()
    # and a link that stands where the file goes is a file that is there
    other = world.tree(platform) / "repository" / "i586" / "main" / LOCK
    other.unlink()
    other.symlink_to(aim / "made")
    world.owner.put("repositories/%d/add_repo_lock_file.json" % made)
    assert not (aim / "made").exists()
    world.owner.delete("repositories/%d" % made)
    assert not folder.is_symlink() and (aim / "kept").read_text() == "kept"


def test_a_name_that_comes_again_has_nothing_of_the_old_one(world):
    platform = world.platform()
    made = world.repository(platform)
    world.owner.put("repositories/%d/add_repo_lock_file.json" % made)
    # killed between the rows and the folders
    world.hub.sql("DELETE FROM hub.repository WHERE id = %s", made)
    assert world.locks(platform) == world.arches()
    world.repository(platform)
    assert world.locks(platform) == [] and world.folders(platform, "main") == world.arches()


def test_what_a_kill_left_undone_is_done_by_the_janitor(world):
    platform, gone = world.platform(), world.platform()
    made = world.repository(platform)
    world.repository(gone)
    world.hub.sql("DELETE FROM hub.repository WHERE id = %s", made)
    world.hub.sql("DELETE FROM hub.platform WHERE id = %s", gone)
    world.hub.sql("INSERT INTO hub.repository (platform_id, name, description)"
                  " VALUES (%s, 'psql', 'd')", platform)
    foreign = world.tree(platform) / "repository" / "x86_64" / "Not Ours"
    foreign.mkdir()
    assert "%d leftovers removed" % (1 + len(world.arches())) in world.janitor()
    assert world.folders(platform, "main") == [] and not world.tree(gone).exists()
    assert world.folders(platform, "psql") == world.arches()
    assert foreign.is_dir()  # what it does not know it leaves alone
    assert "0 leftovers removed" in world.janitor()
    foreign.rmdir()


def test_a_verb_that_is_killed_before_its_folders_is_done_in_the_rows(fresh_hub):
    world = World(fresh_hub(HUB_CONF))
    platform = world.platform()
    for name in ("main", "contrib"):
        world.repository(platform, name)
    world.hub.env["MIRRORHUB_CRASH_AT"] = "before-folders"
    world.hub.restart()

    def killed(who, method, path, json=None):
        answer = world.hub.request(method, "/api/v1/" + path, who.auth, json=json)
        assert answer.status_code in (502, 503, 504), answer.text
    main, _ = ids = [row["id"] for row in world.hub.sql(
        "SELECT id FROM hub.repository WHERE platform_id = %s ORDER BY id", platform)]
    killed(world.owner, "POST", "repositories", {"repository": {
        "platform_id": platform, "name": "new", "description": "d"}})
    killed(world.owner, "DELETE", "repositories/%d" % main)
    killed(world.admin, "POST", "platforms/%d/clone" % platform, {"platform": {
        "name": "clone", "description": "d", "default_branch": "b"}})
    cloned = world.hub.one("SELECT id FROM hub.platform WHERE name = 'clone'")
    left = [r["name"] for r in world.owner.get("platforms/%d" % platform)["platform"][
        "repositories"]]
    assert left == ["contrib", "new"] and len(ids) == 2
    assert world.folders(platform, "main") == world.arches()
    assert world.folders(platform, "new") == [] and not world.tree(cloned).exists()
    world.janitor()
    assert world.folders(platform, "main") == []
    for at in (platform, cloned):
        assert world.folders(at, "new") == world.folders(at, "contrib") == world.arches()
    killed(world.owner, "DELETE", "platforms/%d" % platform)
    world.owner.ask("GET", "platforms/%d" % platform, 404)
    assert world.tree(platform).exists()
    world.janitor()
    assert not world.tree(platform).exists() and world.tree(cloned).exists()


def test_a_new_architecture_gets_its_folders(world):
    platform = world.platform()
    world.repository(platform)
    world.hub.sql("INSERT INTO hub.arch (name) VALUES ('riscv64')")
    assert "riscv64" not in world.folders(platform, "main")
    world.janitor()
    assert "riscv64" in world.folders(platform, "main")
    world.hub.sql("DELETE FROM hub.arch WHERE name = 'riscv64'")


def test_sync_looks_after_the_folders_by_itself(fresh_hub):
    world = World(fresh_hub(HUB_CONF))
    platform = world.platform()
    made = world.repository(platform)
    world.hub.sql("DELETE FROM hub.repository WHERE id = %s", made)
    os.unlink(world.hub.data_dir / "platforms" / ".lock")  # an hour has gone by
    world.hub.restart()
    wait_until(lambda: world.folders(platform, "main") == [], 60, "its folders are gone")


# ---- clones


def test_a_clone_has_the_repositories_and_the_projects_of_its_source(world):
    source = world.platform(visibility="hidden", released=True)
    names = ["main", "contrib", "empty"]
    made = [world.repository(source, name) for name in names]
    projects = [world.project(), world.project("none")]
    for repository, project in zip(made, projects):
        world.admin.put("repositories/%d/add_project.json" % repository, {"project_id": project})
    member, member_id = world.person()
    world.owner.put("platforms/%d/add_member.json" % source,
                    {"member_id": member_id, "type": "User"})
    world.owner.put("repositories/%d.json" % made[0], {"repository": {
        "publish_without_qa": False, "publish_builds_only_from_branch": "lts"}})
    name = unique("clone")
    body = {"platform": {"name": name, "description": "n", "default_branch": "nb"}}
    world.owner.ask("POST", "platforms/%d/clone.json" % source, 403, json=body)
    assert world.admin.post("platforms/%d/clone.json" % source, body) == source
    cloned = world.hub.one("SELECT id FROM hub.platform WHERE name = %s", name)
    shown = world.admin.get("platforms/%d.json" % cloned)["platform"]
    assert (shown["parent_platform_id"], shown["released"], shown["visibility"]) == (
        source, False, "hidden")
    assert (shown["description"], shown["default_branch"], shown["owner"]["uname"]) == (
        "n", "nb", world.hub.user)
    assert [r["name"] for r in shown["repositories"]] == names
    for repository, expected in zip(shown["repositories"], [[projects[0]], [projects[1]], []]):
        path = "repositories/%d" % repository["id"]
        listed = world.admin.get(path + "/projects.json")["repository"]["projects"]
        assert [p["id"] for p in listed] == expected
        assert world.folders(cloned, repository["name"]) == world.arches()
    first = world.admin.get("repositories/%d" % shown["repositories"][0]["id"])["repository"]
    assert (first["publish_without_qa"], first["publish_builds_only_from_branch"]) == (
        False, "lts")
    members = world.admin.get("platforms/%d/members" % cloned)["platform"]["members"]
    assert [m["uname"] for m in members] == [world.hub.user]
    member.ask("GET", "platforms/%d" % cloned, 404)
    # a clone does not need its source
    world.owner.delete("platforms/%d" % source)
    shown = world.admin.get("platforms/%d.json" % cloned)["platform"]
    assert shown["parent_platform_id"] is None and len(shown["repositories"]) == 3


def test_a_name_that_is_taken_leaves_no_half_of_a_clone(world):
    source = world.platform()
    world.repository(source)
    taken = world.platform()
    name = world.admin.get("platforms/%d" % taken)["platform"]["name"]
    before = world.hub.one("SELECT count(*) FROM hub.repository")
    text = world.admin.post("platforms/%d/clone" % source, {"platform": {
        "name": name.upper(), "description": "d", "default_branch": "b"}}, 422)
    assert text == "Platform has not been cloned. Name has already been taken"
    assert world.hub.one("SELECT count(*) FROM hub.repository") == before


# ---- who sees what


def test_a_member_of_a_repository_sees_its_hidden_platform_but_not_who_is_in_it(world):
    platform = world.platform(visibility="hidden")
    made = world.repository(platform)
    (member, member_id), (stranger, _) = world.person(), world.person()
    path = "platforms/%d" % platform
    for asked in (path, path + "/members.json", "repositories/%d" % made):
        member.ask("GET", asked, 404)
    world.owner.put("repositories/%d/add_member" % made, {"member_id": member_id, "type": "User"})
    assert member.get(path)["platform"]["repositories"][0]["id"] == made
    member.get("repositories/%d" % made)
    member.ask("GET", path + "/members.json", 403)
    assert [p["id"] for p in member.get("platforms?type=main")["platforms"]] == [platform]
    member.put("repositories/%d/add_project" % made, {"project_id": world.project()})
    member.ask("PUT", "repositories/%d" % made, 403,
               json={"repository": {"description": "mine"}})
    stranger.ask("GET", path, 404)
    # a member of the platform sees both
    world.owner.put(path + "/add_member", {"member_id": member_id, "type": "User"})
    unames = [m["uname"] for m in member.get(path + "/members.json")["platform"]["members"]]
    assert unames == sorted([world.owner.auth[0], member.auth[0]])
    world.owner.delete(path + "/remove_member", {"member_id": member_id, "type": "User"})
    world.owner.delete("repositories/%d/remove_member" % made,
                       {"member_id": member_id, "type": "User"})
    member.ask("GET", path, 404)


def test_a_group_counts_as_its_members(world):
    platform = world.platform(visibility="hidden")
    made = world.repository(platform)
    (head, _), (member, member_id) = world.person(), world.person()
    group = head.group(unique("group"), [(member_id, "reader")])
    world.owner.put("repositories/%d/add_member" % made, {"member_id": group, "type": "Group"})
    project = world.project()
    member.put("repositories/%d/add_project" % made, {"project_id": project})
    world.owner.put("platforms/%d/add_member" % platform, {"member_id": group, "type": "Group"})
    member.put("repositories/%d" % made, {"repository": {"description": "of a member"}})
    members = world.owner.get("platforms/%d/members" % platform)["platform"]["members"]
    assert ("Group", group) in [(m["type"], m["id"]) for m in members]
    member.ask("DELETE", "platforms/%d" % platform, 403)  # no owner
    world.owner.delete("platforms/%d/remove_member" % platform,
                       {"member_id": group, "type": "Group"})
    world.owner.delete("repositories/%d/remove_member" % made,
                       {"member_id": group, "type": "Group"})
    member.ask("GET", "platforms/%d" % platform, 404)


def test_hiding_a_platform_hides_its_repositories_at_once(world):
    platform = world.platform()
    made = world.repository(platform)
    stranger, _ = world.person()

    def sees(who):
        listed = who.get("platforms/platforms_for_build?per_page=100")["platforms"]
        return [who.ask("GET", "platforms/%d" % platform).status_code,
                who.ask("GET", "repositories/%d" % made).status_code,
                who.ask("GET", "repositories/%d/projects" % made).status_code,
                platform in [p["id"] for p in listed]]
    for visibility, expected in (("open", [200, 200, 200, True]),
                                 ("hidden", [404, 404, 404, False])):
        world.owner.put("platforms/%d" % platform, {"platform": {"visibility": visibility}})
        assert sees(stranger) == expected and sees(world.guest) == expected
        assert sees(world.owner) == [200, 200, 200, True]


def test_platforms_for_build_are_those_with_a_repository_by_name(world):
    with_one, without = world.platform(unique("B-platform")), world.platform()
    other = world.platform(unique("a-platform"))
    for platform in (with_one, other):
        world.repository(platform)
    ids = [p["id"] for p in world.guest.get(
        "platforms/platforms_for_build?per_page=100")["platforms"]]
    assert ids.index(other) < ids.index(with_one) and without not in ids
    names = [p["name"].lower() for p in world.guest.get(
        "platforms/platforms_for_build?per_page=100")["platforms"]]
    assert names == sorted(names)


def test_a_list_has_what_one_has_to_do_with_and_no_more(world):
    someone, someone_id = world.person()
    personal = world.personal(someone.auth[0])
    owned = world.platform(owner_id=someone_id)
    world.platform()  # an open one of somebody else
    assert [p["id"] for p in someone.get("platforms")["platforms"]] == [personal, owned]
    assert [p["id"] for p in someone.get("platforms?type=main")["platforms"]] == [owned]
    assert [p["id"] for p in someone.get("platforms?type=personal")["platforms"]] == [personal]
    assert someone.get("platforms?type=other")["platforms"] == []
    page = someone.ask("GET", "platforms?per_page=1", 200)
    assert 'rel="next"' in page.headers["Link"]
    assert [p["id"] for p in page.json()["platforms"]] == [personal]


# ---- who may read files


def allowed(world, who, path):
    answer = world.hub.request("GET", "/api/v1/platforms/allowed", who.auth, params={"path": path})
    assert answer.content == b""
    return answer.status_code


def test_a_web_server_may_ask_who_may_read(world):
    names = unique("open"), unique("hidden")
    platforms = [world.platform(n, visibility=v) for n, v in zip(names, ("open", "hidden"))]
    made = world.repository(platforms[1])
    (member, member_id), (stranger, _) = world.person(), world.person()
    world.owner.put("repositories/%d/add_member" % made, {"member_id": member_id, "type": "User"})
    rows = [("/", 200, 200), ("", 200, 200), ("/%s/repository/x86_64/main" % names[0], 200, 200),
            ("/" + names[0], 200, 200), ("//%s//x" % names[0].upper(), 200, 200),
            ("/%s/x" % names[1], 200, 403), (names[1], 200, 403), ("/no-such/x", 403, 403),
            ("/%s/../%s/x" % names, 403, 403), ("/\N{KELVIN SIGN}/", 403, 403),
            ("/%s_/" % names[0], 403, 403)]
    for path, for_member, for_others in rows:
        assert allowed(world, member, path) == for_member, path
        assert allowed(world, world.owner, path) == for_member, path
        for other in (stranger, world.guest):
            assert allowed(world, other, path) == for_others, path
    token = world.hub.new_token(member.auth[0])
    assert allowed(world, Abf(world.hub, (token, "")), "/%s/x" % names[1]) == 200
    assert world.hub.get("/api/v1/platforms/allowed").status_code == 200


def test_a_web_server_may_ask_where_nobody_reads_without_an_account(fresh_hub):
    world = World(fresh_hub(HUB_CONF))
    name = world.admin.get("platforms/%d" % world.platform())["platform"]["name"]
    world.hub.restart(anonymous_read="no")
    assert allowed(world, world.guest, "/%s/x" % name) == 200
    assert allowed(world, world.guest, "/no-such/x") == 403
    assert world.hub.get("/api/v1/platforms/platforms_for_build").status_code == 401


def test_an_address_with_a_path_in_its_query_does_not_open_another_platform(world):
    hidden, opened = unique("hidden"), unique("open")
    world.platform(hidden, visibility="hidden")
    world.platform(opened)
    for uri in ("/%s/x?&path=/%s/", "/%s/x&path=/%s/", "/%s/x?a=b&path=%s"):
        asked = "/api/v1/platforms/allowed?path=" + uri % (hidden, opened)
        assert world.hub.get(asked).status_code == 403, uri


# ---- changes


def test_from_its_release_on_nothing_is_published_without_qa(world):
    platform = world.platform()
    made = world.repository(platform)

    def without_qa(repository):
        return world.owner.get("repositories/%d" % repository)["repository"]["publish_without_qa"]
    assert without_qa(made) is True
    world.owner.put("platforms/%d" % platform, {"platform": {"released": "true"}})
    assert without_qa(made) is False
    # the release was one moment: what is set afterwards stays
    world.owner.put("repositories/%d" % made, {"repository": {"publish_without_qa": "1"}})
    world.owner.put("platforms/%d" % platform, {"platform": {"description": "released"}})
    assert without_qa(made) is True
    for word in (False, "false", "0", "no"):
        world.owner.put("platforms/%d" % platform, {"platform": {"released": word}}, 422)
    assert world.owner.get("platforms/%d" % platform)["platform"]["released"] is True


def test_a_new_owner_has_all_rights_and_the_old_one_none(world):
    platform = world.platform()
    heir, heir_id = world.person()
    world.owner.put("platforms/%d/add_member" % platform, {"member_id": heir_id, "type": "User"})
    heir.ask("PUT", "platforms/%d" % platform, 403, json={"platform": {"description": "x"}})
    world.owner.put("platforms/%d" % platform, {"platform": {"owner_id": str(heir_id)}})
    heir.put("platforms/%d" % platform, {"platform": {"description": "mine"}})
    members = heir.get("platforms/%d/members" % platform)["platform"]["members"]
    assert [m["id"] for m in members] == [heir_id]
    world.owner.ask("PUT", "platforms/%d" % platform, 403, json={"platform": {"description": "x"}})
    assert heir.delete("platforms/%d/remove_member" % platform, {
        "member_id": heir_id, "type": "User"}, 422) == "Member has not been removed from platform"


def test_what_was_not_sent_stays_as_it_is(world):
    platform = world.platform(visibility="hidden")
    made = world.repository(platform)
    world.owner.put("repositories/%d" % made, {"repository": {
        "publish_builds_only_from_branch": "lts", "publish_without_qa": False}})
    before = world.owner.get("repositories/%d" % made)["repository"]
    for path, root in (("platforms/%d" % platform, "platform"),
                       ("repositories/%d" % made, "repository")):
        world.owner.put(path, {root: {"name": "other", "id": 1, "platform_id": 1}})
        world.owner.ask("PATCH", path, 200, json={})
    after = world.owner.get("repositories/%d" % made)["repository"]
    assert {**after, "updated_at": 0} == {**before, "updated_at": 0}
    assert after["platform"]["visibility"] == "hidden"
    world.owner.put("repositories/%d" % made, {"repository": {
        "publish_builds_only_from_branch": None}})
    shown = world.owner.get("repositories/%d" % made)["repository"]
    assert shown["publish_builds_only_from_branch"] is None


def test_a_personal_repository_publishes_from_no_branch_of_its_own(world):
    someone, _ = world.person()
    made = world.hub.one("SELECT id FROM hub.repository WHERE platform_id = %s",
                         world.personal(someone.auth[0]))
    someone.put("repositories/%d" % made, {"repository": {
        "publish_builds_only_from_branch": "lts", "description": "new"}})
    shown = someone.get("repositories/%d" % made)["repository"]
    assert (shown["publish_builds_only_from_branch"], shown["description"]) == (None, "new")


def test_clearing_a_personal_platform_takes_its_packages_back(world):
    someone, _ = world.person()
    platform = world.personal(someone.auth[0])
    main = world.hub.one("SELECT id FROM hub.repository WHERE platform_id = %s", platform)
    project = world.project()
    someone.put("repositories/%d/add_project" % main, {"project_id": project})
    world.hub.sql("INSERT INTO hub.package (repository_id, project_id, name, commit_id)"
                  " VALUES (%s, %s, 'foo', repeat('a', 40))", main, project)
    published = world.tree(platform) / "repository" / "x86_64" / "main"
    published.mkdir(parents=True)
    world.give_away(*[published, *list(published.parents)[:4]])
    assert someone.put("platforms/%d/clear" % platform) == platform
    assert world.hub.one("SELECT count(*) FROM hub.package WHERE repository_id = %s", main) == 0
    assert not world.tree(platform).exists()
    listed = someone.get("repositories/%d/projects" % main)["repository"]["projects"]
    assert [p["id"] for p in listed] == [project]  # only what is published goes
    for who in (someone, world.admin):
        who.ask("PUT", "platforms/%d/clear" % world.platform(), 403)
    for verb, path in (("DELETE", ""), ("POST", "/clone")):
        world.admin.ask(verb, "platforms/%d%s" % (platform, path), 403,
                        json={"platform": {"name": "n", "description": "d",
                                           "default_branch": "b"}})


def test_attached_projects_are_listed_by_name_and_hidden_ones_for_admins_alone(world):
    platform = world.platform()
    made = world.repository(platform)
    projects = [world.project("none" if i == 1 else "read") for i in range(4)]
    for project in reversed(projects):
        world.admin.put("repositories/%d/add_project" % made, {"project_id": project})
    path = "repositories/%d/projects" % made

    def listed(who, query=""):
        return [p["id"] for p in who.get(path + query)["repository"]["projects"]]
    visible = [p for i, p in enumerate(projects) if i != 1]
    stranger, _ = world.person()
    assert listed(world.owner) == listed(world.admin) == projects
    assert listed(stranger) == listed(world.guest) == visible
    assert listed(stranger, "?per_page=2") == visible[:2]
    assert listed(stranger, "?per_page=2&page=2") == visible[2:]
    assert listed(stranger, "?page=9") == []


def test_who_does_not_see_a_project_cannot_attach_it_nor_tell_that_it_is_there(world):
    platform = world.platform()
    made = world.repository(platform)
    path = "repositories/%d/add_project" % made
    texts = [world.owner.put(path, {"project_id": project}, 422)
             for project in (world.project("none"), 10 ** 12)]
    assert texts == ["Project has not been added to repository"] * 2


# ---- the audit trail


def test_every_verb_leaves_an_event(world):
    before = len(world.actions())
    platform = world.platform()
    made = world.repository(platform)
    project = world.project()
    someone, someone_id = world.person()
    start = len(world.actions())
    who = {"member_id": someone_id, "type": "User"}
    world.owner.put("platforms/%d" % platform, {"platform": {"description": "new"}})
    world.owner.put("platforms/%d/add_member" % platform, who)
    world.owner.delete("platforms/%d/remove_member" % platform, who)
    world.owner.put("repositories/%d" % made, {"repository": {"description": "new"}})
    world.owner.put("repositories/%d/add_member" % made, who)
    world.owner.delete("repositories/%d/remove_member" % made, who)
    world.owner.put("repositories/%d/add_project" % made, {"project_id": project})
    world.owner.delete("repositories/%d/remove_project" % made, {"project_id": project})
    world.owner.delete("repositories/%d/remove_project" % made, {"project_id": project})
    world.owner.put("repositories/%d/add_repo_lock_file" % made)
    world.owner.delete("repositories/%d/remove_repo_lock_file" % made)
    world.admin.post("platforms/%d/clone" % platform, {"platform": {
        "name": unique("clone"), "description": "d", "default_branch": "b"}})
    someone.put("platforms/%d/clear" % world.personal(someone.auth[0]))
    world.owner.delete("repositories/%d" % made)
    world.owner.delete("platforms/%d" % platform)
    someone.ask("DELETE", "platforms/%d" % world.platform(), 403)
    actions = world.actions()
    assert actions[before:before + 2] == ["platform.create", "repository.create"]
    assert actions[start:] == [
        "platform.update", "platform.add_member", "platform.remove_member", "repository.update",
        "repository.add_member", "repository.remove_member", "repository.add_project",
        "repository.remove_project", "repository.lock", "repository.unlock", "platform.clone",
        "platform.clear", "repository.delete", "platform.delete", "platform.create", "denied"]
    last = world.hub.row("SELECT * FROM hub.event ORDER BY id DESC LIMIT 1")
    name = world.hub.one("SELECT name FROM hub.platform ORDER BY id DESC LIMIT 1")
    assert (last["actor"], last["object"]) == (someone.auth[0], name)
