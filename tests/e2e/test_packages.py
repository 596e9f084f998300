"""ABF's packages.csv (contracts/abf.md 3.3 R3): from a spec file that is pushed or mirrored to the
line that a platform's administrator reads."""

import subprocess

import pytest

from fixtures.repos import Repo, simple
from fixtures.run import clean_env, run, wait_until

HUB_CONF = {"abf.packages_window_s": 0, "sync.workers": 2}

HEAD = ("Project owner,Project name,Package name,Epoch,Version,Release,"
        "Maintainer uname,Maintainer email,Committer uname,Committer email\n")
DENIED = "Access violation to this page!"
COMMITTER = "C. Ommitter,committer@example.com"
WAIT_S = 3  # how long a request waits for what is being read; a busy machine needs more


def spec(name, version="1.0", release="1", **tags):
    lines = ["%s: %s" % pair for pair in {"Name": name, "Version": version, "Release": release,
                                          "Summary": "s", "License": "GPL", **tags}.items()]
    return "\n".join(lines) + "\n\n%description\nd\n"


class World:
    """A main platform with two repositories, and what a test puts into them."""

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.platform = hub.one(
            "INSERT INTO hub.platform (name, description, distrib_type, default_branch,"
            " owner_account_id) SELECT %s, 'd', 'mdv', 'x', id FROM hub.account WHERE uname = %s"
            " RETURNING id", name, hub.user)
        self.main = self.repository("main")

    def repository(self, name, branch=None):
        return self.hub.one(
            "INSERT INTO hub.repository (platform_id, name, description,"
            " publish_builds_only_from_branch) VALUES (%s, %s, 'd', %s) RETURNING id",
            self.platform, name, branch)

    def project(self, path, owner=None):
        """A package with an empty repository to push to: its path."""
        self.hub.run_program("mirrorhub", "create-project", path, "--owner", owner or self.hub.user,
                             "--access", "read")
        self.hub.sql("UPDATE hub.project SET is_package = true, maintainer_id = NULL"
                     " WHERE path = %s", path)
        return path

    def attach(self, path, repository=None):
        self.hub.sql(
            "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, name_key)"
            " SELECT r.id, r.platform_id, p.id, lower(p.name) FROM hub.repository r, hub.project p"
            " WHERE r.id = %s AND p.path = %s", repository or self.main, path)

    def publish(self, branch, repository=None):
        self.hub.sql("UPDATE hub.repository SET publish_builds_only_from_branch = %s WHERE id = %s",
                     branch, repository or self.main)

    def get(self, auth="admin", repository=None, **kw):
        return self.hub.get("/api/v1/repositories/%s/packages.csv" % (repository or self.main),
                            self.hub.admin if auth == "admin" else auth, **kw)

    def is_pending(self):
        return self.hub.one("SELECT EXISTS (SELECT FROM hub.job WHERE kind = 'packages'"
                            " AND state IN ('queued', 'running'))")

    def lines(self, repository=None):
        was_pending = self.is_pending()
        answer = self.get(repository=repository)
        if was_pending and answer.elapsed.total_seconds() >= WAIT_S:  # it may not have waited to the end
            wait_until(lambda: not self.is_pending(), 60, "the packages are read")
            answer = self.get(repository=repository)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        assert answer.text.startswith(HEAD)
        return answer.text[len(HEAD):].splitlines()


@pytest.fixture
def world(hub, name):
    return World(hub, name[:80])


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "a.git")


def push(hub, repo, path, *refs):
    hub.git("-C", repo.path, "push", "-q", "-f", hub.clone_url(path, hub.admin),
            *(refs or ["refs/heads/*:refs/heads/*"]))


def line(hub, path, package, committer=COMMITTER):
    return "%s,%s,%s,,,%s" % (hub.user, path, package, committer)


# ---------------------------------------------------------------- what it says

def test_an_empty_repository_has_the_head_row(world):
    assert world.get().text == HEAD


def test_the_answer_is_a_csv_file_that_is_streamed(hub, world, repo):
    path = world.project(world.name)
    world.attach(path)
    repo.commit("main", {"foo.spec": spec("foo", "1.2", "3", Epoch="2")})
    push(hub, repo, path)
    answer = world.get()
    assert answer.content == (HEAD + "%s,%s,foo,2,1.2,3,,,%s\n" % (hub.user, path, COMMITTER)).encode()
    assert answer.headers["Content-Type"].split(";")[0] == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="packages.csv"'
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Content-Length" not in answer.headers
    assert hub.run_id(path) == 0, "no run of a sync"
    raw = hub.request("HEAD", "/api/v1/repositories/%d/packages.csv" % world.main, hub.admin)
    assert (raw.status_code, raw.content) == (200, b"")


def test_a_push_shows_at_once_and_what_is_gone_is_gone(hub, world, repo):
    path = world.project(world.name)
    world.attach(path)
    assert world.lines() == []
    repo.commit("main", {"foo.spec": spec("foo"), "bar.spec": spec("bar", Epoch=0), "src/no.spec": spec("no")})
    push(hub, repo, path)
    assert world.lines() == [line(hub, path, "bar,,1.0,1"), line(hub, path, "foo,,1.0,1")]
    ids = hub.sql("SELECT id, name FROM hub.package WHERE repository_id = %s ORDER BY id", world.main)
    # the file is renamed, the package is not; the other one gets another name
    repo.commit("main", {"moved.spec": spec("foo", "1.1"), "bar.spec": spec("baz")})
    push(hub, repo, path)
    assert world.lines() == [line(hub, path, "foo,,1.1,1"), line(hub, path, "baz,,1.0,1")]
    assert hub.one("SELECT id FROM hub.package WHERE name = 'foo' AND repository_id = %s",
                   world.main) == ids[1]["id"]
    repo.commit("main", {"README": "no spec file any more"})
    push(hub, repo, path)
    assert world.lines() == []


def test_fields_are_quoted_where_csv_wants_it(hub, world, repo):
    path = world.project(world.name)
    world.attach(path)
    tree = repo.tree({"foo.spec": spec("foo")})
    who = clean_env(GIT_COMMITTER_NAME='=O\'Hara, "Bob" Builder', GIT_COMMITTER_EMAIL="b@x")
    repo.ref("refs/heads/main", repo.git("commit-tree", tree, "-m", "m", env=who))
    push(hub, repo, path)
    assert world.lines() == [line(hub, path, "foo,,1.0,1", '"=O\'Hara, ""Bob"" Builder",b@x')]


def test_a_committer_whom_we_know_and_a_maintainer(hub, world, repo):
    path = world.project(world.name)
    world.attach(path)
    hub.account("known", "secret-of-known")
    hub.sql("UPDATE hub.account SET email = 'Committer@Example.com' WHERE uname = 'known'")
    hub.sql("UPDATE hub.project SET maintainer_id = (SELECT id FROM hub.account WHERE uname = 'known')"
            " WHERE path = %s", path)
    repo.commit("main", {"foo.spec": spec("foo")})
    push(hub, repo, path)
    known = "known,Committer@Example.com"
    try:
        assert world.lines() == ["%s,%s,foo,,1.0,1,%s,%s" % (hub.user, path, known, known)]
    finally:
        hub.sql("UPDATE hub.account SET email = 'other@example.com' WHERE uname = 'known'")


@pytest.mark.parametrize("garbage", [
    b"", b"\0" * 5000, bytes(range(256)) * 40, b"%{" * 50000, b"Name: %(touch /tmp/never)\n",
    b"%define a %a\nName: %a\n", b"Name: foo\n" * 200000], ids=range(7))
def test_a_spec_file_that_is_none_does_no_harm(hub, world, repo, garbage):
    path = world.project(world.name)
    world.attach(path)
    repo.commit("main", {"bad.spec": garbage, "good.spec": spec("good")})
    push(hub, repo, path)
    assert world.lines() == [line(hub, path, "good,,1.0,1")]


def test_links_folders_and_too_many_files_are_left_out(hub, world, repo):
    path = world.project(world.name)
    world.attach(path)
    blob = repo.blob("/etc/passwd")
    files = [("100644", "p%02d.spec" % i, repo.blob(spec("p%02d" % i))) for i in range(30)]
    repo.ref("refs/heads/main", repo.commit_of_tree(repo.raw_tree(
        [("120000", "a.spec", blob), ("40000", "b.spec", repo.tree({"x": "x"}))] + files)))
    push(hub, repo, path)
    assert world.lines() == [line(hub, path, "p%02d,,1.0,1" % i) for i in range(20)]


# ---------------------------------------------------------------- which projects, which branch

def test_attaching_and_detaching(hub, world, repo):
    path = world.project(world.name)
    repo.commit("main", {"foo.spec": spec("foo")})
    push(hub, repo, path)
    other = world.repository("contrib")
    assert world.lines() == []
    world.attach(path)
    assert world.lines() == [line(hub, path, "foo,,1.0,1")]
    assert world.lines(other) == []
    hub.sql("DELETE FROM hub.repository_project WHERE repository_id = %s", world.main)
    assert world.lines() == []
    world.attach(path, other)
    assert world.lines(other) == [line(hub, path, "foo,,1.0,1")]


def test_a_project_that_is_no_package_is_not_read(hub, world, repo):
    path = world.project(world.name)
    world.attach(path)
    hub.sql("UPDATE hub.project SET is_package = false WHERE path = %s", path)
    repo.commit("main", {"foo.spec": spec("foo")})
    push(hub, repo, path)
    assert world.lines() == []
    hub.sql("UPDATE hub.project SET is_package = true WHERE path = %s", path)
    assert world.lines() == [line(hub, path, "foo,,1.0,1")]
    hub.sql("UPDATE hub.project SET is_package = false WHERE path = %s", path)
    assert world.lines() == []


def test_the_branch_that_is_published_is_the_one_that_is_read(hub, world, repo):
    path = world.project(world.name)
    repo.commit("main", {"foo.spec": spec("foo", "2.0")})
    repo.commit("rosa/2021.1", {"foo.spec": spec("foo", "1.0")}, parents=[])
    push(hub, repo, path)
    world.attach(path)
    assert world.lines() == [line(hub, path, "foo,,2.0,1")]
    world.publish("rosa/2021.1")
    assert world.lines() == [line(hub, path, "foo,,1.0,1")]
    repo.commit("main", {"foo.spec": spec("foo", "2.1")})
    push(hub, repo, path)
    assert world.lines() == [line(hub, path, "foo,,1.0,1")]
    world.publish("nowhere")
    assert world.lines() == []
    world.publish(None)
    assert world.lines() == [line(hub, path, "foo,,2.1,1")]


def test_a_mirror_is_read_when_its_upstream_has_changed(hub, world, upstream, name):
    origin = simple(upstream.folder / ("%s.git" % name))
    origin.commit("main", {"foo.spec": spec("foo", "1")})
    path = hub.mirror(upstream.url("%s.git" % name), name)
    hub.sql("UPDATE hub.project SET is_package = true WHERE path = %s", path)
    world.attach(path)
    assert world.lines() == [line(hub, path, "foo,,1,1")]
    runs = hub.run_id(path)
    origin.commit("main", {"foo.spec": spec("foo", "2")})
    hub.sync_and_wait(path, "changed")
    assert world.lines() == [line(hub, path, "foo,,2,1")]
    # another branch under HEAD, and nothing else
    origin.commit("next", {"foo.spec": spec("foo", "3")}, parents=[])
    hub.sync_and_wait(path, "changed")
    origin.set_head("next")
    hub.sync_and_wait(path, "changed")
    assert world.lines() == [line(hub, path, "foo,,3,1")]
    assert hub.one("SELECT s.head FROM hub.store s JOIN hub.project p ON p.store_id = s.id"
                   " WHERE p.path = %s", path) == "next"
    assert hub.one("SELECT count(*) FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                   " WHERE p.path = %s AND r.id > %s", path, runs) == 3


def test_the_first_branch_that_is_pushed_is_heads(hub, world, repo):
    path = world.project(world.name)
    world.attach(path)
    repo.commit("devel", {"foo.spec": spec("foo")})
    push(hub, repo, path)
    assert hub.one("SELECT s.head FROM hub.store s JOIN hub.project p ON p.store_id = s.id"
                   " WHERE p.path = %s", path) == "devel"
    assert world.lines() == [line(hub, path, "foo,,1.0,1")]
    # a row that is wrong is put right by the next push
    hub.sql("UPDATE hub.store SET head = 'wrong' WHERE head = 'devel'")
    repo.commit("topic", {"x": "x"})
    push(hub, repo, path)
    assert hub.one("SELECT count(*) FROM hub.store WHERE head = 'wrong'") == 0


# ---------------------------------------------------------------- who, and how often

@pytest.mark.parametrize("actor, status, text", [
    (None, 401, "You need to sign in or sign up before continuing."),
    ("stranger", 403, DENIED), ("reader", 403, DENIED), ("administrator", 200, HEAD)])
def test_who_may_read_it(hub, world, actor, status, text):
    auth = hub.account("its-%s" % actor, "a long secret") if actor else None
    if actor in ("reader", "administrator"):
        hub.sql("INSERT INTO hub.platform_grant (platform_id, account_id, access)"
                " SELECT %s, id, %s FROM hub.account WHERE uname = %s", world.platform,
                3 if actor == "administrator" else 1, auth[0])
    answer = world.get(auth)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["Content-Type"].split(";")[0] == "text/csv"


def test_a_hidden_platform_looks_like_a_missing_one(hub, world):
    hub.sql("UPDATE hub.platform SET is_hidden = true WHERE id = %s", world.platform)
    stranger = hub.account("somebody-else", "a long secret")
    hidden, missing = world.get(stranger), world.get(stranger, repository=999999999)
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text == missing.text


def test_a_personal_platform_has_none_for_anyone(hub, world):
    own = hub.one("SELECT r.id FROM hub.repository r JOIN hub.platform f ON f.id = r.platform_id"
                  " WHERE f.name = %s", hub.user + "_personal")
    answer = world.get(repository=own)
    assert (answer.status_code, answer.text) == (403, DENIED)


def test_other_formats_are_missing(hub, world):
    for suffix in ("packages", "packages.json", "packages.xml"):
        answer = hub.get("/api/v1/repositories/%d/%s" % (world.main, suffix), hub.admin)
        assert answer.status_code == 404


def test_the_second_request_in_a_quarter_of_an_hour_is_refused(fresh_hub, name):
    hub = fresh_hub()
    world = World(hub, name[:80])
    other, stranger = world.repository("contrib"), hub.account("stranger", "a long secret")
    assert hub.settings.get("abf.packages_window_s") is None, "900 s by default"
    assert world.get(stranger).status_code == 403  # does not start the time
    assert world.get().text == HEAD
    for repository in (world.main, other):
        answer = world.get(repository=repository)
        assert (answer.status_code, answer.text) == (403, DENIED)
        assert answer.headers["Content-Type"].split(";")[0] == "text/csv"
    hub.sql("UPDATE hub.platform SET packages_read_at = now() - interval '15 minutes'")
    assert world.get(repository=other).status_code == 200
    assert World(hub, "another").get().status_code == 200


# ---------------------------------------------------------------- faults

def sync_argv(hub):
    return hub.program_argv("mirrorhub-sync")


@pytest.fixture
def still(fresh_hub):
    hub = fresh_hub(HUB_CONF)
    hub.end_program("sync")
    return hub


def test_a_reader_that_is_killed_is_followed_by_another(still, repo, name):
    hub, world = still, World(still, name[:80])
    path = world.project(world.name)
    world.attach(path)
    repo.commit("main", {"foo.spec": spec("foo")})
    push(hub, repo, path)
    run(sync_argv(hub), env=clean_env(MIRRORHUB_CRASH_AT="packages"))
    job = hub.row("SELECT state, attempts FROM hub.job WHERE kind = 'packages'")
    assert (job["state"], job["attempts"]) == ("retry", 1)
    assert world.lines() == []
    hub.sql("UPDATE hub.job SET run_at = now()")
    subprocess.run(sync_argv(hub), env=clean_env(MIRRORHUB_CRASH_AT="before-report"),
                   capture_output=True)
    assert hub.one("SELECT state FROM hub.job WHERE kind = 'packages'") == "running"
    wait_until(lambda: hub.one("SELECT lease_until < now() FROM hub.job WHERE kind = 'packages'"), 60,
               "the lease runs out")
    run(sync_argv(hub))  # as cron would
    run(sync_argv(hub))
    assert hub.one("SELECT count(*) FROM hub.job WHERE kind = 'packages'") == 0
    assert world.lines() == [line(hub, path, "foo,,1.0,1")]
    assert hub.info()["faktory"]["total_processed"] == 0
    assert hub.one("SELECT count(*) FROM hub.run") == 0


def test_without_a_sync_program_the_list_is_what_is_known(still, repo, name):
    hub, world = still, World(still, name[:80])
    path = world.project(world.name)
    world.attach(path)
    repo.commit("main", {"foo.spec": spec("foo")})
    push(hub, repo, path)
    assert world.get().text == HEAD  # after 3 s
    hub.run_program("mirrorhub-sync", timeout=60)
    assert world.lines() == [line(hub, path, "foo,,1.0,1")]


# ---------------------------------------------------------------- through the door alone

class Door:
    """The ABF API as the administrator."""

    def __init__(self, hub):
        self.hub = hub

    def __call__(self, method, path, body=None):
        answer = self.hub.request(method, "/api/v1/" + path, self.hub.admin, json=body)
        assert answer.status_code == 200, (method, path, answer.status_code, answer.text)
        return next(iter(answer.json().values()))["id"]


def test_each_verb_of_the_api_that_changes_packages_shows(hub, repo):
    api = Door(hub)
    owner = hub.one("SELECT id FROM hub.account WHERE uname = %s", hub.user)
    platform = api("POST", "platforms", {"platform": {
        "name": "story", "description": "d", "distrib_type": "mdv", "default_branch": "x",
        "owner_id": owner, "platform_type": "main", "visibility": "open"}})
    main = api("POST", "repositories", {"repository": {
        "platform_id": platform, "name": "main", "description": "d"}})

    def lines():
        answer = hub.get("/api/v1/repositories/%d/packages.csv" % main, hub.admin)
        assert answer.status_code == 200 and answer.text.startswith(HEAD)
        # by id, and two workers may be at it
        return sorted(cells[1] + " " + cells[2] + " " + cells[4] for cells in
                      (text.split(",") for text in answer.text[len(HEAD):].splitlines()))

    def project(**more):
        return {"project": {"name": "tale", "owner_id": owner, "owner_type": "User", "visibility": "open",
                            "is_package": "true", **more}}
    tale = api("POST", "projects", project())
    repo.commit("master", {"tale.spec": spec("tale", "1")})
    repo.commit("next", {"tale.spec": spec("tale", "2")}, parents=[])
    push(hub, repo, hub.user + "/tale")
    assert lines() == []
    api("PUT", "repositories/%d/add_project" % main, {"project_id": tale})
    assert lines() == ["tale tale 1"]
    api("PUT", "projects/%d" % tale, {"project": {"default_branch": "next"}})
    assert lines() == ["tale tale 2"]
    api("PUT", "repositories/%d" % main, {"repository": {"publish_builds_only_from_branch": "master"}})
    assert lines() == ["tale tale 1"]
    other = api("POST", "projects/%d/alias" % tale, {"alias_name": "alias", "fork_name": "alias"})
    fork = api("POST", "projects/%d/fork" % tale, {"fork_name": "fork"})
    for one in (other, fork):
        api("PUT", "repositories/%d/add_project" % main, {"project_id": one})
    assert lines() == ["alias tale 1", "fork tale 1", "tale tale 1"]
    # a push through the alias is one of the first project too, and not of the fork
    repo.commit("master", {"tale.spec": spec("tale", "3")})
    push(hub, repo, hub.user + "/alias")
    assert lines() == ["alias tale 3", "fork tale 1", "tale tale 3"]
    api("PUT", "projects/%d" % fork, {"project": {"is_package": False}})
    api("DELETE", "repositories/%d/remove_project" % main, {"project_id": other})
    assert lines() == ["tale tale 3"]
    api("PUT", "projects/%d" % fork, {"project": {"is_package": True}})
    api("PUT", "projects/%d" % tale, {"project": {"name": "tale2"}})
    assert lines() == ["fork tale 1", "tale2 tale 3"]
    api("DELETE", "projects/%d" % tale)
    assert lines() == ["fork tale 1"]
