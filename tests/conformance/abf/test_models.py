"""The model cases of contract 7.1 and 7.2: forks, aliases, branches, personal repositories, renames,
lock files. Git is looked at as a client sees it."""

import pytest

from conformance.abf.client import Abf, personal
from fixtures.repos import Repo


class World:
    def __init__(self, hub):
        self.hub, self.admin = hub, Abf(hub, hub.admin)
        self.ivan, self.ivan_id = self.admin.user("ivan")
        self.peter, self.peter_id = self.admin.user("peter")
        self.n = 0

    def filled(self, repo, **more):
        """A project of ivan's with branches main and devel and a tag: its id and name."""
        self.n += 1
        name = "model-%d" % self.n
        made = self.ivan.project(name, self.ivan_id, default_branch="main", **more)
        self.push("ivan/" + name, repo, "main", "devel", "v1")
        return made, name

    def push(self, fullname, repo, *refs, auth=None):
        url = self.hub.clone_url(fullname, (auth or self.ivan).auth)
        return self.hub.git("-C", repo.path, "push", "-q", url, *refs)

    def show(self, id, actor=None):
        return (actor or self.ivan).get("projects/%d.json" % id)["project"]

    def refs(self, id, actor=None):
        return {r["ref"]: (r["object"]["type"], r["object"]["sha"]) for r in
                (actor or self.ivan).get("projects/%d/refs_list.json" % id)["refs_list"]}

    def head(self, fullname):
        """What a clone would check out."""
        out = self.hub.git("ls-remote", "--symref", self.hub.clone_url(fullname, self.ivan.auth),
                           "HEAD")
        return out.split("\t")[0].removeprefix("ref: refs/heads/") if out else None

    def row(self, id):
        return self.hub.row("SELECT * FROM hub.project WHERE id = %s", id)

    def fork(self, id, name, actor=None, verb="fork"):
        return (actor or self.ivan).post("projects/%d/%s.json" % (id, verb), {"fork_name": name})

    def destroy(self, id):
        before = self.hub.one("SELECT count(*) FROM hub.project")
        self.ivan.delete("projects/%d.json" % id)
        assert self.hub.one("SELECT count(*) FROM hub.project") == before - 1


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


@pytest.fixture
def repo(tmp_path):
    one = Repo(tmp_path / "work.git")
    first = one.commit("main", {"README": "hello"})
    one.commit("devel", {"README": "hello", "more": "x"}, parents=[first])
    one.tag("v1", first, message="the first one")
    return one


# ---------------------------------------------------------------- refs

def test_refs_are_branches_then_tags_by_name_and_tags_are_peeled(world, repo):
    main = repo.oid("main")
    repo.tag("a-light-one", main)
    repo.tag("of-a-blob", repo.blob("no commit"))
    made, name = world.filled(repo)
    world.push("ivan/" + name, repo, "a-light-one", "of-a-blob")
    listed = world.ivan.get("projects/%d/refs_list.json" % made)["refs_list"]
    assert [(r["ref"], r["object"]["type"]) for r in listed] == [
        ("devel", "commit"), ("main", "commit"), ("a-light-one", "tag"), ("v1", "tag")]
    assert {r["object"]["sha"] for r in listed if r["ref"] != "devel"} == {main}


# ---------------------------------------------------------------- forks

def test_a_fork_has_all_of_the_source_and_is_its_own(world, repo):
    source, name = world.filled(repo, description="as it was", has_wiki=True, is_package=False,
                                maintainer_id=world.peter_id)
    fork = world.fork(source, name + "-fork")
    assert world.refs(fork) == world.refs(source)
    assert world.head("ivan/%s-fork" % name) == "main"
    one, other = world.show(source), world.show(fork)
    for field in ("description", "has_wiki", "has_issues", "is_package", "visibility",
                  "default_branch", "maintainer", "publish_i686_into_x86_64"):
        assert one[field] == other[field], field
    assert (one["ancestry"], other["ancestry"]) == (None, str(source))
    assert world.row(fork)["alias_of"] is None
    assert world.row(fork)["store_id"] != world.row(source)["store_id"]
    repo.commit("main", {"README": "only in the fork"})
    world.push("ivan/%s-fork" % name, repo, "main")
    assert world.refs(fork)["main"][1] == repo.oid("main") != world.refs(source)["main"][1]
    # what the fork has does not lean on the source
    world.ivan.delete("projects/%d.json" % source)
    clone = repo.path.with_name("clone")
    world.hub.git("clone", "-q", world.hub.clone_url("ivan/%s-fork" % name), clone)
    world.hub.git("-C", clone, "fsck", "--strict")


def test_a_fork_of_a_fork_has_two_ancestors(world, repo):
    source, name = world.filled(repo)
    fork = world.fork(source, name, actor=world.peter)
    third = world.fork(fork, name + "-third")
    assert world.show(third)["ancestry"] == "%d/%d" % (source, fork)
    assert world.row(third)["parent_id"] == fork


def test_the_default_branch_of_a_fork_is_its_own(world, repo):
    source, name = world.filled(repo)
    fork = world.fork(source, name + "-fork")
    world.ivan.put("projects/%d.json" % fork, {"project": {"default_branch": "devel"}})
    assert (world.head("ivan/%s-fork" % name), world.head("ivan/" + name)) == ("devel", "main")
    assert world.show(source)["default_branch"] == "main"


def test_children_of_a_destroyed_project_are_adopted(world, repo):
    root, name = world.filled(repo)
    middle = world.fork(root, name + "-middle")
    leaf = world.fork(middle, name + "-leaf")
    world.destroy(middle)
    assert world.show(leaf)["ancestry"] == str(root)
    world.destroy(root)
    assert world.show(leaf)["ancestry"] is None
    assert world.refs(leaf)["main"][1] == repo.oid("main")


# ---------------------------------------------------------------- aliases

def test_an_alias_shares_one_store(world, repo):
    source, name = world.filled(repo)
    alias = world.fork(source, name + "-alias", verb="alias")
    again = world.fork(alias, name + "-again", verb="alias")
    assert world.row(alias)["alias_of"] == world.row(again)["alias_of"] == source
    assert world.show(alias)["ancestry"] == str(source)
    repo.commit("main", {"README": "through the alias"})
    world.push("ivan/%s-again" % name, repo, "main")
    for one in (source, alias, again):
        assert world.refs(one)["main"][1] == repo.oid("main")
    world.ivan.put("projects/%d.json" % alias, {"project": {"default_branch": "devel"}})
    for one in (source, alias, again):
        assert world.show(one)["default_branch"] == "devel"
    for path in (name, name + "-alias", name + "-again"):
        assert world.head("ivan/" + path) == "devel"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)], ids=str)
def test_members_of_an_alias_set_end_one_by_one(world, repo, order):
    source, name = world.filled(repo)
    every = [source, world.fork(source, name + "-a", verb="alias"),
             world.fork(source, name + "-b", verb="alias")]
    folder = world.hub.store_dir("ivan/" + name)
    for n, i in enumerate(order):
        world.destroy(every[i])
        for j in order[n + 1:]:
            assert world.refs(every[j])["main"][1] == repo.oid("main")
    assert world.hub.one("SELECT count(*) FROM hub.project p JOIN hub.store s ON s.id = p.store_id"
                         " WHERE p.id = ANY(%s)", every) == 0
    assert folder.name.endswith(".git")


def test_a_rename_moves_the_address_of_one_alone(world, repo):
    source, name = world.filled(repo)
    world.fork(source, name + "-alias", verb="alias")
    world.ivan.put("projects/%d.json" % source, {"project": {"name": name + "-renamed"}})
    one = world.show(source)
    assert one["fullname"] == "ivan/%s-renamed" % name
    assert one["git_url"].endswith("/ivan/%s-renamed.git" % name)
    assert world.head("ivan/%s-renamed" % name) == world.head("ivan/%s-alias" % name) == "main"
    world.ivan.ask("GET", "projects/get_id.json?owner=ivan&name=" + name, 404)
    got = world.hub.get("/ivan/%s.git/info/refs?service=git-upload-pack" % name, world.ivan.auth)
    assert got.status_code == 404


# ---------------------------------------------------------------- personal repositories

def test_a_package_is_in_its_owners_personal_repository(world):
    _, main = personal(world.hub, "ivan")

    def is_there(id):
        listed = world.ivan.get("repositories/%d/projects.json?per_page=100" % main)
        shown = world.show(id)["repositories"]
        there = id in [p["id"] for p in listed["repository"]["projects"]]
        assert there == (main in [r["id"] for r in shown])
        return there
    package = world.ivan.project("package", world.ivan_id)
    other = world.ivan.project("no-package", world.ivan_id, is_package="false")
    assert (is_there(package), is_there(other)) == (True, False)
    world.ivan.put("projects/%d.json" % package, {"project": {"is_package": False}})
    world.ivan.put("projects/%d.json" % other, {"project": {"is_package": "true"}})
    assert (is_there(package), is_there(other)) == (False, True)


def test_a_group_has_one_too(world):
    group = world.ivan.group("packagers")
    _, main = personal(world.hub, "packagers")
    made = world.ivan.project("of-group", group, "Group")
    listed = world.ivan.get("repositories/%d/projects.json" % main)["repository"]["projects"]
    assert [p["id"] for p in listed] == [made]
    assert world.ivan.get("groups/%d.json" % group)["group"]["own_projects_count"] == 1


def test_the_maintainer_is_who_creates_it_unless_he_says(world):
    mine = world.ivan.project("maintained", world.ivan_id)
    theirs = world.ivan.project("maintained-too", world.ivan_id, maintainer_id=world.peter_id)
    assert world.show(mine)["maintainer"]["uname"] == "ivan"
    assert world.show(theirs)["maintainer"]["uname"] == "peter"


# ---------------------------------------------------------------- repositories

def locks(world, platform, name, file=".repo.lock"):
    """Architectures and SRPMS whose folder of that repository has the file; and how many folders."""
    base = world.hub.data_dir / "platforms" / str(platform) / "repository"
    folders = [f for f in base.glob("*/" + name) if f.is_dir()]
    return sorted(f.parent.name for f in folders if (f / file).exists()), len(folders)


def test_a_lock_file_is_in_every_folder_of_the_repository(world):
    platform = world.admin.platform("locked", world.ivan_id)
    main = world.ivan.repository(platform, "basic_repository-name-1234")
    arches = [a["name"] for a in world.ivan.get("arches.json")["architectures"]]
    assert locks(world, platform, "basic_repository-name-1234") == ([], len(arches) + 1)
    path = "repositories/%d/" % main
    for _ in range(2):  # both can be repeated
        world.ivan.put(path + "add_repo_lock_file.json")
        assert locks(world, platform, "basic_repository-name-1234")[0] == sorted(arches + ["SRPMS"])
    for _ in range(2):
        world.ivan.delete(path + "remove_repo_lock_file.json")
        assert locks(world, platform, "basic_repository-name-1234")[0] == []


def test_the_other_lock_is_left_alone(world):
    platform = world.admin.platform("twin", world.ivan_id)
    main = world.ivan.repository(platform, "main")
    folder = world.hub.data_dir / "platforms" / str(platform) / "repository/SRPMS/main"
    (folder / ".sync.lock").touch()
    world.ivan.put("repositories/%d/add_repo_lock_file.json" % main)
    world.ivan.delete("repositories/%d/remove_repo_lock_file.json" % main)
    assert (folder / ".sync.lock").exists() and not (folder / ".repo.lock").exists()


def test_a_branch_of_a_personal_repository_is_not_kept(world):
    _, main = personal(world.hub, "ivan")
    platform = world.admin.platform("branches", world.ivan_id)
    other = world.ivan.repository(platform, "main", publish_builds_only_from_branch="one")
    for id, kept in ((main, None), (other, "two")):
        path = "repositories/%d.json" % id
        world.ivan.put(path, {"repository": {"publish_builds_only_from_branch": "two"}})
        assert world.ivan.get(path)["repository"]["publish_builds_only_from_branch"] == kept
    world.ivan.put("repositories/%d.json" % other,
                   {"repository": {"publish_builds_only_from_branch": None}})
    shown = world.ivan.get("repositories/%d.json" % other)["repository"]
    assert shown["publish_builds_only_from_branch"] is None


# ---------------------------------------------------------------- statistics

def test_statistics_are_means_of_the_builds_that_went_well(world):
    made = world.ivan.project("built", world.ivan_id)
    path = "projects/%d/build_results.json" % made
    for arch, duration, success in ((1, 100, True), (1, 201, "true"), (1, 999, False),
                                    (2, 7, "1")):
        world.ivan.post(path, {"arch_id": arch, "duration": duration, "success": success})
    assert world.show(made)["project_statistics"] == [
        {"average_build_time": 150, "build_count": 2, "arch_id": 1},
        {"average_build_time": 7, "build_count": 1, "arch_id": 2}]
