"""The main job, as a person does it: register an upstream, mirror it, use the mirror, remove it."""

import re

import pytest

from fixtures.repos import simple
from fixtures.run import run, wait_until


@pytest.mark.parametrize("word", ["repositores", "repositories"])
def test_a_person_mirrors_a_repository_and_works_with_it(hub, upstream, tmp_path, word):
    name, repo = word + "-story", simple(upstream.folder / word / "story.git")
    url = upstream.url(word + "/story.git")

    def curl(*args):
        return run(["curl", "-sS", "-u", "%s:%s" % hub.admin, *args]).stdout

    # register it, and look at it
    assert curl("-d", "url=" + url, "%s/%s" % (hub.url, word)) == "true"
    one = wait_until(lambda: (lambda r: r if r["updated_at"] else None)(hub.show(name)), 60,
                     "the first clone is done")
    assert one["status"] == "idle"
    assert one["latest_version"] == "v1.0.0"
    assert one["mirror_url"] == hub.clone_url(name)

    # clone it with every protocol, and find the same as upstream
    for version in (0, 1, 2):
        work = tmp_path / ("clone%d" % version)
        hub.git("-c", "protocol.version=%d" % version, "clone", "-q", one["mirror_url"], work)
        assert (work / "README.md").read_text() == "# hello again\n"
        assert hub.git("-C", work, "rev-parse", "HEAD") == repo.oid("main")
        assert hub.git("-C", work, "branch", "--show-current") == "main"
    assert hub.ls_remote(name, version=0) == hub.ls_remote(name, version=2)
    assert hub.refs(name) == repo.mirrored()
    bare = tmp_path / "bare.git"
    hub.git("clone", "-q", "--mirror", one["mirror_url"], bare)
    hub.git("-C", bare, "fsck", "--full", "--strict")

    # upstream goes on; ask for it, and fetch
    new = repo.commit("main", {"README.md": "# third\n"}, "third")
    repo.tag("v1.1.0", new, message="release")
    assert curl("-X", "PUT", "%s/%s/%s" % (hub.url, word, name)) == "true"
    wait_until(lambda: hub.show(name)["latest_version"] == "v1.1.0", 60, "the new version is there")
    hub.git("-C", work, "fetch", "-q", "--tags")
    assert hub.git("-C", work, "rev-parse", "origin/main") == new
    assert hub.git("-C", work, "rev-parse", "v1.1.0^{commit}") == new

    # nobody pushes to a mirror
    hub.git("-C", work, "checkout", "-q", "-b", "mine")
    done = run(["git", "-C", str(work), "push", hub.clone_url(name, hub.admin), "mine"], check=False)
    assert done.returncode != 0 and "mirror" in done.stderr
    assert hub.refs(name) == repo.mirrored()

    # remove it
    assert curl("-X", "DELETE", "%s/%s/%s" % (hub.url, word, name)) == "true"
    assert hub.get("/%s/%s" % (word, name)).status_code == 404
    assert run(["git", "ls-remote", hub.clone_url(name)], check=False).returncode != 0


def test_a_clone_without_git_at_the_end_of_the_address_is_told_apart_from_a_page(hub):
    assert hub.get("/nothing.git/info/refs?service=git-upload-pack").status_code == 401
    assert hub.get("/nothing/info/refs?service=git-upload-pack").status_code == 404


def test_a_hub_that_was_stopped_finds_its_mirrors_again(fresh_hub, upstream):
    repo = simple(upstream.folder / "again.git")
    hub = fresh_hub()
    hub.mirror(upstream.url("again.git"), "again")
    before = hub.show("again")
    hub.restart()
    assert hub.show("again") == before
    assert hub.refs("again") == repo.mirrored()
    repo.commit()
    hub.sync_and_wait("again", "changed")
    assert hub.refs("again") == repo.mirrored()


def test_the_programs_of_a_stopped_hub_are_gone(fresh_hub):
    hub = fresh_hub()
    assert hub.processes()
    hub.stop()
    assert hub.processes() == {}


def test_two_hubs_run_side_by_side(hub, fresh_hub):
    other = fresh_hub()
    assert other.port != hub.port
    other.add("https://unreachable.invalid/only/there.git", sync=False)
    assert other.get("/repositories/only-there").status_code == 200
    assert hub.get("/repositories/only-there").status_code == 404
    assert other.get("/repositories", hub.admin).status_code == 401


def test_the_administrators_file_is_for_its_owner_alone(hub):
    path = hub.var / "admin.env"
    assert path.stat().st_mode & 0o777 == 0o600
    keys = re.findall(r"^(\w+)=", path.read_text(), re.M)
    assert sorted(keys) == ["MIRRORHUB_PASSWORD", "MIRRORHUB_TOKEN", "MIRRORHUB_URL",
                            "MIRRORHUB_USER"]


def test_twenty_mirrors_asked_for_at_once_all_arrive(hub, upstream):
    repo = simple(upstream.folder / "many.git")
    names = [hub.add(upstream.url("many.git"), "many-%02d" % i) for i in range(20)]
    for one in names:
        assert hub.wait_run(one, timeout=60)["outcome"] == "changed"
    assert all(hub.refs(one) == repo.mirrored() for one in names[::7])


def test_a_repository_of_many_objects_and_refs_is_mirrored_whole(hub, upstream):
    repo = simple(upstream.folder / "large.git")
    repo.commits(2000, size=200)
    repo.many_refs(3000)
    hub.mirror(upstream.url("large.git"), "large", timeout=120)
    assert hub.refs("large") == repo.mirrored()
    hub.git("-C", hub.store_dir("large"), "-c", "safe.directory=*", "fsck", "--full")
    repo.commits(300, size=10)
    repo.delete("refs/heads/many/00007")
    hub.sync_and_wait("large", "changed", timeout=60)
    assert hub.refs("large") == repo.mirrored()


def test_an_upstream_over_the_git_protocol_is_mirrored(hub, upstream):
    from fixtures.upstream import GitDaemon
    repo = simple(upstream.folder / "daemon.git")
    daemon = GitDaemon(upstream.folder)
    try:
        hub.mirror(daemon.url("daemon.git"), "daemon")
        assert hub.refs("daemon") == repo.mirrored()
        repo.commit()
        hub.sync_and_wait("daemon", "changed")
        assert hub.refs("daemon") == repo.mirrored()
    finally:
        daemon.close()
