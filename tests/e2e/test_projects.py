"""Projects through the ABF door (contracts/abf.md section 2), with real Git: what the rows of the
conformance tests do not see. Stores, HEAD, aliases, forks under load and killed in the middle."""

import concurrent.futures
import itertools
import subprocess

import pytest

from fixtures.repos import Repo
from fixtures.run import wait_until

API = "/api/v1/projects"
HUB_CONF = {"sync.workers": 2}
_numbers = itertools.count(1)


class World:
    """Two people, and what they do with projects."""

    def __init__(self, hub):
        self.hub = hub
        n = next(_numbers)
        self.ann = hub.account("ann%d" % n)
        self.bob = hub.account("bob%d" % n)

    def id_of(self, person):
        return self.hub.one("SELECT id FROM hub.account WHERE uname = %s", person[0])

    def create(self, name, auth=None, **more):
        """A new project of ann: its id."""
        auth = auth or self.ann
        answer = self.hub.post(API, auth=auth, json={"project": {
            "name": name, "owner_id": self.id_of(auth), "owner_type": "User",
            "visibility": "open", **more}})
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()["project"]["id"]

    def team(self, uname, owner=None):
        return self.hub.one("INSERT INTO hub.team (uname, owner_account_id) VALUES (%s, %s)"
                            " RETURNING id", uname, self.id_of(owner or self.ann))

    def show(self, project, auth=None):
        answer = self.hub.get("%s/%d" % (API, project), auth or self.ann)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()["project"]

    def path(self, project):
        return self.hub.one("SELECT path FROM hub.project WHERE id = %s", project)

    def update(self, project, auth=None, **values):
        return self.hub.put("%s/%d" % (API, project), auth or self.ann, json={"project": values})

    def copy(self, verb, project, auth=None, **values):
        return self.hub.post("%s/%d/%s" % (API, project, verb), auth=auth or self.ann, json=values)

    def copied(self, verb, project, auth=None, **values):
        answer = self.copy(verb, project, auth, **values)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        assert answer.json()["project"]["message"] == "Project has been forked successfully"
        return answer.json()["project"]["id"]

    def destroy(self, project, auth=None):
        answer = self.hub.delete("%s/%d" % (API, project), auth or self.ann)
        assert answer.status_code == 200, (answer.status_code, answer.text)

    def push(self, repo, project, *refs, auth=None, path=None):
        self.hub.git("-C", repo.path, "push", "-q", "-f",
                     self.hub.clone_url(path or self.path(project), auth or self.ann),
                     *(refs or ["refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"]))

    def refs(self, project, auth=None):
        return self.hub.refs(self.path(project), auth or self.ann)

    def tips(self, project, auth=None):
        answer = self.hub.get("%s/%d/refs_list" % (API, project), auth or self.ann)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return [(t["ref"], t["object"]["type"], t["object"]["sha"])
                for t in answer.json()["refs_list"]]

    def head(self, project):
        """What HEAD names for a client."""
        out = self.hub.git("ls-remote", "--symref",
                           self.hub.clone_url(self.path(project), self.ann), "HEAD")
        return out.split()[1] if out.startswith("ref:") else None


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "a.git")


def message(answer):
    return answer.json()["project"]["message"]


# ---------------------------------------------------------------- create

def test_a_new_project_is_empty_until_somebody_pushes(world, repo, name):
    project = world.create(name)
    shown = world.show(project)
    assert shown["fullname"] == "%s/%s" % (world.ann[0], name)
    assert shown["default_branch"] == "master"
    assert shown["maintainer"]["uname"] == world.ann[0]
    assert world.tips(project) == []
    commit = repo.commit("main", {"README": "hello"})
    world.push(repo, project)
    assert world.tips(project) == [("main", "commit", commit)]
    assert world.show(project)["default_branch"] == "main"  # a clone needs a HEAD that is there
    assert world.head(project) == "refs/heads/main"


def test_the_git_url_of_a_project_clones_it(world, repo, name, tmp_path):
    project = world.create(name)
    repo.commit("master", {"README": "hello"})
    world.push(repo, project)
    url = world.show(project)["git_url"]
    assert "://%s@" % world.ann[0] in url
    url = url.replace(world.ann[0] + "@", "%s:%s@" % world.ann)
    world.hub.git("clone", "-q", url, tmp_path / "clone")
    assert (tmp_path / "clone" / "README").read_text() == "hello"


def test_a_name_may_have_a_plus(world, repo, name, tmp_path):
    project = world.create("gtk+" + name[-20:])
    repo.commit("master", {"README": "hello"})
    world.push(repo, project)
    assert [t[0] for t in world.tips(project)] == ["master"]
    got = world.hub.get(API + "/get_id", world.ann,
                        params={"owner": world.ann[0], "name": "gtk+" + name[-20:]})
    assert got.json()["project"]["id"] == project


def test_everything_wrong_is_told_at_once_and_in_order(world):
    answer = world.hub.post(API, auth=world.ann, json={"project": {
        "name": "a b" * 40, "owner_id": 999999, "owner_type": "User", "visibility": "x",
        "default_branch": "b" * 101, "maintainer_id": -1}})
    assert answer.status_code == 422
    assert message(answer) == (
        "Project has not been created. Name The name can only use lower case Latin letters (a-z),"
        " numbers (0-9) and underscore (_). Name is too long (maximum is 100 characters)."
        " Owner can't be blank. Visibility is not included in the list."
        " Default branch is too long (maximum is 100 characters)."
        " Maintainer of project can't be blank")


@pytest.mark.parametrize("bad", [".", "..", "-x", "x.git", "a..b", "x.lock"])
def test_names_that_no_url_can_have_are_refused(world, bad):
    answer = world.hub.post(API, auth=world.ann, json={"project": {
        "name": bad, "owner_id": world.id_of(world.ann), "owner_type": "User",
        "visibility": "open"}})
    assert (answer.status_code, message(answer)) == (
        422, "Project has not been created. Name is invalid")


def test_a_package_of_a_taken_name_in_the_personal_platform_is_refused(world, name):
    bob = World(world.hub)  # others
    project = world.create(name, is_package="false")
    other = bob.create(name, auth=bob.ann)
    platform = world.hub.row(
        "SELECT r.id, r.platform_id FROM hub.repository r JOIN hub.platform p"
        " ON p.id = r.platform_id WHERE p.name = %s", world.ann[0] + "_personal")
    world.hub.sql("INSERT INTO hub.repository_project VALUES (%s, %s, %s, lower(%s))",
                  platform["id"], platform["platform_id"], other, name)
    answer = world.update(project, is_package="true")
    assert (answer.status_code, message(answer)) == (
        422, "Project has not been updated. Project already exists in platform")
    assert world.show(project)["is_package"] is False


def test_is_package_is_the_place_in_the_personal_repository(world, name):
    project = world.create(name)
    assert [(r["name"], r["platform"]["name"]) for r in world.show(project)["repositories"]] == [
        ("main", world.ann[0] + "_personal")]
    assert world.update(project, is_package=False).status_code == 200
    assert world.show(project)["repositories"] == []
    assert world.update(project, is_package=True).status_code == 200
    assert len(world.show(project)["repositories"]) == 1


# ---------------------------------------------------------------- refs

def test_tags_are_peeled_and_what_is_no_commit_is_left_out(world, repo, name):
    project = world.create(name)
    commit = repo.commit("master", {"README": "hello"})
    repo.commit("dev", {"README": "more"})
    repo.tag("v1", commit, message="the first one")
    repo.tag("light", commit)
    repo.tag("tree", repo.git("rev-parse", commit + "^{tree}"))
    repo.tag("blob", repo.blob("x"), message="a blob")
    world.push(repo, project)
    tips = world.tips(project)
    assert [t[:2] for t in tips] == [("dev", "commit"), ("master", "commit"), ("light", "tag"),
                                     ("v1", "tag")]
    assert {t[2] for t in tips[1:]} == {commit}


def test_a_mirror_lists_its_refs_and_keeps_its_branch(world, upstream, name, hub):
    repo = Repo(upstream.folder / (name + ".git"))
    commit = repo.commit("main", {"README": "hello"})
    repo.commit("dev", {"README": "dev"})
    path = hub.mirror(upstream.url(name + ".git"), name)
    project = hub.one("SELECT id FROM hub.project WHERE path = %s", path)
    assert ("main", "commit", commit) in world.tips(project, hub.admin)
    answer = world.update(project, hub.admin, default_branch="dev")
    assert (answer.status_code, message(answer)) == (
        422, "Project has not been updated. Default branch can't be changed")
    answer = world.update(project, hub.admin, description="told", default_branch="main")
    assert answer.status_code == 200
    assert world.copy("alias", project, hub.admin, fork_name=name + "x").status_code == 422


# ---------------------------------------------------------------- update

def test_a_rename_moves_the_address_and_nothing_else(world, repo, name, hub):
    project = world.create(name)
    repo.commit("master", {"README": "hello"})
    world.push(repo, project)
    old, refs = world.path(project), world.refs(project)
    assert world.update(project, name=name + "-2").status_code == 200
    assert world.path(project) == old + "-2"
    assert world.refs(project) == refs
    with pytest.raises(AssertionError):
        hub.refs(old, world.ann)
    assert hub.get(API + "/get_id", params={"owner": world.ann[0], "name": name}).status_code == 404
    assert hub.get(API + "/get_id",
                   params={"owner": world.ann[0], "name": name + "-2"}).status_code == 200


def test_a_project_elsewhere_is_found_by_its_owner_and_name(world, repo, name, hub):
    hub.run_program("mirrorhub", "create-project", "deep/er/" + name, "--owner", world.ann[0])
    commit = repo.commit("main", {"README": "hello"})
    world.push(repo, None, path="deep/er/" + name)
    assert hub.refs("%s/%s" % (world.ann[0], name)) == {"refs/heads/main": commit}
    got = hub.get(API + "/get_id", params={"owner": world.ann[0].upper(), "name": name.upper()})
    assert got.json()["project"]["git_url"] == hub.url + "/deep/er/%s.git" % name
    hub.set_access("deep/er/" + name, 0)
    with pytest.raises(AssertionError):
        hub.refs("%s/%s" % (world.ann[0], name), world.bob)


def test_the_default_branch_is_what_a_clone_gets(world, repo, name):
    project = world.create(name)
    repo.commit("master", {"README": "one"})
    repo.commit("dev", {"README": "two"})
    world.push(repo, project)
    answer = world.update(project, default_branch="nowhere")
    assert (answer.status_code, message(answer)) == (
        422, "Project has not been updated. Default branch Wrong branch")
    assert world.head(project) == "refs/heads/master"
    assert world.update(project, default_branch="dev").status_code == 200
    assert world.head(project) == "refs/heads/dev"
    assert world.show(project)["default_branch"] == "dev"


def test_an_empty_project_may_have_any_branch_to_come(world, name):
    project = world.create(name)
    assert world.update(project, default_branch="feature/x").status_code == 200
    assert world.show(project)["default_branch"] == "feature/x"
    for bad in ("a b", "../x", "-x", "x\ny", "HEAD", ""):
        assert world.update(project, default_branch=bad).status_code == 422, bad


def test_a_busy_store_is_told_as_503(world, repo, name, hub):
    project = world.create(name)
    repo.commit("master", {"README": "one"})
    repo.commit("dev", {"README": "two"})
    world.push(repo, project)
    lock = str(hub.store_dir(world.path(project)).with_suffix(".lock"))
    holder = subprocess.Popen(["flock", lock, "sh", "-c", "echo; read x"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    holder.stdout.readline()
    try:
        answer = world.update(project, default_branch="dev")
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
        assert world.head(project) == "refs/heads/master"
        assert world.copy("fork", project, world.bob).status_code == 503
        assert hub.one("SELECT count(*) FROM hub.project WHERE parent_id = %s", project) == 0
    finally:
        holder.communicate(b"\n")
    assert world.update(project, default_branch="dev").status_code == 200


def test_every_change_leaves_an_event(world, name, hub):
    project = world.create(name)
    path = world.path(project)
    world.update(project, description="x", visibility="hidden")
    member = {"member_id": world.id_of(world.bob), "type": "User", "role": "writer"}
    hub.put("%s/%d/add_member" % (API, project), world.ann, json=member)
    hub.put("%s/%d/update_member" % (API, project), world.ann, json={**member, "role": "admin"})
    hub.delete("%s/%d/remove_member" % (API, project), world.ann, json=member)
    world.copied("alias", project, fork_name=name + "-alias")
    world.copied("fork", project, fork_name=name + "-fork")
    world.destroy(project)
    rows = hub.sql("SELECT actor, action FROM hub.event WHERE object IN (%s, %s, %s) ORDER BY id",
                   path, path + "-alias", path + "-fork")
    assert [r["action"] for r in rows] == [
        "project.create", "project.update", "project.add_member", "project.update_member",
        "project.remove_member", "project.alias", "project.fork", "project.delete"]
    assert {r["actor"] for r in rows} == {world.ann[0]}


# ---------------------------------------------------------------- aliases

def test_aliases_live_on_one_store_to_the_last(world, repo, name, hub):
    root = world.create(name)
    first = repo.commit("master", {"README": "one"})
    repo.commit("dev", {"README": "dev"})
    world.push(repo, root)
    one = world.copied("alias", root, fork_name=name + "-1")
    two = world.copied("alias", one, fork_name=name + "-2")
    rows = {r["id"]: r for r in hub.sql("SELECT id, alias_of, parent_id, store_id FROM hub.project"
                                        " WHERE id IN (%s, %s, %s)", root, one, two)}
    assert (rows[one]["alias_of"], rows[two]["alias_of"]) == (root, root)
    assert (rows[one]["parent_id"], rows[two]["parent_id"]) == (root, one)
    assert world.show(two)["ancestry"] == "%d/%d" % (root, one)
    second = repo.commit("master", {"README": "two"})
    world.push(repo, two)
    assert world.refs(root)["refs/heads/master"] == second != first
    assert world.update(one, default_branch="dev").status_code == 200
    assert {world.show(p)["default_branch"] for p in (root, one, two)} == {"dev"}
    assert world.update(two, name=name + "-renamed").status_code == 200
    store = hub.store_dir(world.path(root))
    world.destroy(root)
    assert world.show(two)["ancestry"] == str(one)
    assert hub.one("SELECT alias_of FROM hub.project WHERE id = %s", one) is None
    assert hub.one("SELECT alias_of FROM hub.project WHERE id = %s", two) == one
    assert world.refs(two)["refs/heads/master"] == second
    world.destroy(one)
    third = repo.commit("master", {"README": "three"})
    world.push(repo, two)
    assert world.refs(two)["refs/heads/master"] == third
    assert store.exists()
    world.destroy(two)
    wait_until(lambda: not store.exists(), 60, "the store is removed with the last of them")
    wait_until(lambda: not store.with_suffix(".lock").exists(), 60, "its lock is gone too")
    wait_until(lambda: hub.one("SELECT count(*) FROM hub.store WHERE id = %s",
                               rows[root]["store_id"]) == 0, 60, "its row is gone")


# ---------------------------------------------------------------- forks

def test_a_fork_is_a_whole_copy_on_its_own(world, repo, name, hub):
    source = world.create(name, description="d", visibility="hidden", has_wiki=True)
    repo.commit("master", {"README": "one"})
    repo.tag("v1", repo.commit("dev", {"README": "two"}), message="t")
    world.push(repo, source)
    world.update(source, default_branch="dev")
    hub.grant(world.path(source), world.bob[0], 1)
    fork = world.copied("fork", source, world.bob)
    assert world.refs(fork, world.bob) == world.refs(source)
    shown = world.show(fork, world.bob)
    assert shown["fullname"] == "%s/%s" % (world.bob[0], name)
    assert (shown["visibility"], shown["description"], shown["has_wiki"], shown["ancestry"],
            shown["default_branch"], shown["maintainer"]["uname"]) == (
                "hidden", "d", True, str(source), "dev", world.ann[0])
    before = world.refs(source)
    later = repo.commit("later", {"README": "three"})
    world.push(repo, fork, "refs/heads/later", auth=world.bob)
    assert world.refs(source) == before
    assert world.refs(fork, world.bob)["refs/heads/later"] == later
    folder = hub.store_dir(world.path(source))
    world.destroy(source)
    wait_until(lambda: not folder.exists(), 60, "the source's store is removed")
    store = hub.store_dir(world.path(fork))
    hub.git("-c", "safe.directory=*", "-C", store, "fsck", "--full", "--strict")
    assert world.show(fork, world.bob)["ancestry"] is None
    assert "refs/heads/later" in world.refs(fork, world.bob)


def test_a_fork_of_an_empty_project_is_empty(world, repo, name):
    source = world.create(name, default_branch="trunk")
    fork = world.copied("fork", source, world.bob)
    assert world.tips(fork, world.bob) == []
    assert world.show(fork, world.bob)["default_branch"] == "trunk"
    commit = repo.commit("trunk", {"README": "x"})
    world.push(repo, fork, auth=world.bob)
    assert world.tips(fork, world.bob) == [("trunk", "commit", commit)]
    assert world.tips(source) == []


def test_forks_while_somebody_pushes_are_whole(world, repo, name, hub):
    source = world.create(name)
    repo.commit("master", {"README": "start"})
    world.push(repo, source)

    def push_many():
        for i in range(12):
            commit = repo.commit("master", {"README": "%d" % i})
            repo.ref("refs/heads/twin", commit)
            world.push(repo, source, "refs/heads/master", "refs/heads/twin")

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        pushing = pool.submit(push_many)
        forks = list(pool.map(
            lambda i: world.copied("fork", source, fork_name="%s-%d" % (name, i)), range(6)))
        pushing.result()
    for fork in forks:
        refs = world.refs(fork)
        # a push moves both or none
        assert len(refs) == 1 or refs["refs/heads/twin"] == refs["refs/heads/master"]
        hub.git("-c", "safe.directory=*", "-C", hub.store_dir(world.path(fork)), "fsck", "--full")
    assert hub.sql("SELECT * FROM hub.job WHERE kind = 'remove_store'") == []


def test_a_fork_of_a_taken_name_leaves_nothing(world, repo, name, hub):
    source = world.create(name)
    stores = hub.one("SELECT count(*) FROM hub.store")
    answer = world.copy("fork", source)
    assert (answer.status_code, message(answer)) == (
        422, "Project has not been forked. Name has already been taken")
    assert hub.one("SELECT count(*) FROM hub.store") == stores


def test_a_fork_into_a_team_needs_its_write_right(world, name, hub):
    source = world.create(name)
    team = world.team("team-" + name[-40:])
    assert world.copy("fork", source, world.bob, group_id=team).status_code == 403
    assert world.copy("fork", source, world.bob, group_id=10 ** 9).status_code == 404
    hub.sql("INSERT INTO hub.team_member VALUES (%s, %s, 2)", team, world.id_of(world.bob))
    fork = world.copied("fork", source, world.bob, group_id=team, fork_name=name + "-x")
    assert world.show(fork)["owner"]["type"] == "Group"


@pytest.mark.parametrize("point", ["fork-reserved", "fork-linked", "fork-made", "fork-inserted"])
def test_a_fork_that_is_killed_leaves_nothing(fresh_hub, tmp_path, point):
    hub = fresh_hub(env={"MIRRORHUB_CRASH_AT": point})
    world, repo = World(hub), Repo(tmp_path / "a.git")
    source = world.create("source")
    repo.commit("master", {"README": "one"})
    world.push(repo, source)
    answer = world.copy("fork", source, world.bob)
    assert answer.status_code in (502, 503, 504), answer.text
    assert hub.one("SELECT count(*) FROM hub.project WHERE parent_id = %s", source) == 0
    job = hub.row("SELECT * FROM hub.job WHERE kind = 'remove_store'")
    folder = hub.store_dir(world.path(source)).with_name("%d.git" % job["store_id"])
    # the hour goes by
    hub.sql("UPDATE hub.job SET run_at = '-infinity', state = 'queued' WHERE id = %s", job["id"])
    wait_until(lambda: hub.one("SELECT count(*) FROM hub.store WHERE id = %s",
                               job["store_id"]) == 0, 60, "the reserved store is gone")
    assert not folder.exists() and not folder.with_suffix(".lock").exists()
    hub.env.clear()
    hub.restart()
    fork = world.copied("fork", source, world.bob)
    assert world.refs(fork, world.bob) == world.refs(source)


# ---------------------------------------------------------------- destroy

def test_children_are_adopted(world, name):
    root = world.create(name)
    child = world.copied("fork", root, fork_name=name + "-c")
    grandchild = world.copied("fork", child, fork_name=name + "-g")
    assert world.show(grandchild)["ancestry"] == "%d/%d" % (root, child)
    world.destroy(child)
    assert world.show(grandchild)["ancestry"] == str(root)
    world.destroy(root)
    assert world.show(grandchild)["ancestry"] is None


# ---------------------------------------------------------------- statistics

def test_build_results_are_averaged_by_architecture(world, name, hub):
    project = world.create(name)
    machine = hub.account("machine%d" % next(_numbers), role="system")

    def build(duration, success=True, arch_id=1, auth=machine):
        return hub.post("%s/%d/build_results.json" % (API, project), auth=auth, json={
            "arch_id": arch_id, "duration": duration, "success": success})

    for duration, success in ((10, True), (13, True), (1000, False)):
        answer = build(duration, success)
        assert (answer.status_code, message(answer)) == (
            200, "Build result has been added to project successfully")
    assert world.show(project)["project_statistics"] == [
        {"average_build_time": 11, "build_count": 2, "arch_id": 1}]
    for duration in (-1, 10 ** 9 + 1, "x", None):
        assert build(duration).status_code == 422, duration
    assert (build(1, arch_id=99).status_code, build(1, auth=world.bob).status_code) == (422, 403)
    world.update(project, visibility="hidden")
    assert build(10 ** 9).status_code == 200
