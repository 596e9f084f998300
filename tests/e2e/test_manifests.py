"""Lists of repositories in grokmirror's format: ours, as a client of grokmirror takes it, and those of
upstreams, of which a second hub is one."""

import gzip
import hashlib
import json

import pytest

from fixtures.hub import running
from fixtures.repos import Repo, simple
from fixtures.run import wait_until


@pytest.fixture(scope="module")
def pair(hub, upstream):
    """The hub of the file with mirrors one, two and three, and a project nobody may see."""
    for name in ("one", "two", "three"):
        simple(upstream.folder / (name + ".git"))
        hub.mirror(upstream.url(name + ".git"), name)
    hub.mirror(upstream.url("one.git"), "hidden")
    hub.sql("UPDATE hub.project SET default_access = 0 WHERE path = 'hidden'")
    return hub


def fresh_list(hub):
    """The list as it would be a minute later."""
    for path in (hub.var / "run").glob("manifest.js.gz*"):
        path.unlink(missing_ok=True)
    answer = hub.get("/manifest.js.gz")
    assert answer.status_code == 200, answer.text
    return json.loads(gzip.decompress(answer.content))


def show_ref(hub, name):
    """What grokmirror's fingerprint is of: the output of git show-ref in a clone of everything."""
    lines = ["%s %s\n" % (oid, ref) for ref, oid in sorted(hub.refs(name).items())]
    return hashlib.sha1("".join(lines).encode()).hexdigest()


def test_the_list_has_what_guests_may_read_and_nothing_else(pair):
    got = fresh_list(pair)
    assert sorted(got) == ["/one.git", "/three.git", "/two.git"]
    one = got["/one.git"]
    assert one["fingerprint"] == show_ref(pair, "one")
    assert (one["head"], one["owner"], one["reference"]) == ("ref: refs/heads/main", "admin", None)
    assert one["modified"] > 1_600_000_000


def test_a_list_that_is_known_is_not_sent_again(pair):
    first = pair.get("/manifest.js.gz")
    assert first.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in first.headers
    for header, value in (("If-None-Match", first.headers["ETag"]),
                          ("If-Modified-Since", first.headers["Last-Modified"])):
        again = pair.get("/manifest.js.gz", headers={header: value})
        assert (again.status_code, again.content) == (304, b""), header
    again = pair.get("/manifest.js.gz", headers={"If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"})
    assert (again.status_code, again.content) == (200, first.content)


def test_a_list_that_says_the_same_stays_the_file_that_it_is(pair):
    before = pair.get("/manifest.js.gz").headers["ETag"]
    pair.sql("UPDATE hub.project SET description = description")
    (pair.var / "run" / "listing.shared").touch()
    assert pair.get("/manifest.js.gz").headers["ETag"] == before


def test_a_push_changes_the_list(pair, tmp_path):
    pair.run_program("mirrorhub", "create-project", "pushed", "--owner", pair.user)
    repo = simple(tmp_path / "pushed.git")
    repo.git("push", "-q", pair.clone_url("pushed", pair.admin), "refs/heads/*", "refs/tags/*")
    noted = pair.one("SELECT encode(s.listed_fingerprint, 'hex') FROM hub.store s JOIN hub.project p"
                     " ON p.store_id = s.id WHERE p.path = 'pushed'"
                     " AND s.listed_generation = s.generation")
    assert noted == show_ref(pair, "pushed")
    assert fresh_list(pair)["/pushed.git"]["fingerprint"] == noted


def test_kept_tips_are_not_in_the_fingerprint(pair, upstream):
    repo = Repo(upstream.folder / "three.git")
    repo.commit("main", {"README": "rewritten"}, parents=[])
    pair.sync_and_wait("three")
    assert fresh_list(pair)["/three.git"]["fingerprint"] == show_ref(pair, "three")


def test_where_guests_read_nothing_there_is_no_list(fresh_hub):
    closed = fresh_hub(conf={"anonymous_read": "no"})
    assert closed.get("/manifest.js.gz").status_code == 401
    assert closed.get("/manifest.js.gz", closed.admin).status_code == 200


# ---- read by others

@pytest.fixture(scope="module")
def follower(pair):
    """A second hub that mirrors the first one, and follows its list."""
    fresh_list(pair)
    with running({"schedule": 3600, "sync.poll_s": 1}) as hub:
        for name in ("one", "two"):
            hub.mirror(pair.clone_url(name), name)
        hub.psql("-c", "SELECT admin.add_manifest('%s/manifest.js.gz', NULL, 3600)" % pair.url)
        wait_until(lambda: hub.one("SELECT checked_at FROM hub.manifest") and readings(hub), 60, "the list is read")
        yield hub


def readings(hub):
    """What the log says of them."""
    return hub.log_lines("sync", msg="list of an upstream") or hub.log_lines("sync", event="list of an upstream")


def read_again(hub):
    """What the log says of it, which is later than what the database does."""
    before, told = hub.one("SELECT checked_at FROM hub.manifest"), len(readings(hub))
    hub.psql("-c", "SELECT admin.check_manifest(id) FROM hub.manifest")
    wait_until(lambda: hub.one("SELECT checked_at FROM hub.manifest") != before and len(readings(hub)) > told, 60,
               lambda: "the list is read again: %s" % hub.sql("SELECT * FROM hub.manifest"))
    return readings(hub)[-1]


def wait_taken(hub, name):
    wait_until(lambda: hub.one("SELECT m.taken_fingerprint = m.listed_fingerprint FROM hub.mirror m"
                               " JOIN hub.project p ON p.id = m.project_id WHERE p.path = %s", name),
               60, lambda: "%s is as the list says: %s" % (name, hub.job(name)))


def test_mirrors_that_are_as_the_list_says_are_left_alone(follower):
    for name in ("one", "two"):
        wait_taken(follower, name)
    job = follower.row("SELECT j.is_listed, j.run_at > now() + interval '2 hours' AS is_late"
                       " FROM hub.job j JOIN hub.project p ON p.id = j.project_id WHERE p.path = 'two'")
    follower.wait_idle("two")
    assert job["is_listed"]


def test_a_change_in_the_first_hub_is_in_the_second_one_after_one_look_at_the_list(pair, follower,
                                                                                upstream):
    repo = Repo(upstream.folder / "one.git")
    new = repo.commit("main", {"README": "news"})
    pair.sync_and_wait("one", "changed")
    fresh_list(pair)
    runs = follower.run_id("two")
    read_again(follower)
    wait_taken(follower, "one")
    assert follower.refs("one")["refs/heads/main"] == new
    assert follower.run_id("two") == runs


def test_an_unchanged_list_is_a_304_and_counts_as_a_check(follower):
    follower.sql("UPDATE hub.mirror SET last_success_at = now() - interval '2 days'")
    assert read_again(follower)["status"] == 304
    assert follower.one("SELECT count(*) FROM admin.stale") == 0
    assert follower.one("SELECT age < interval '1 hour' FROM admin.mirrors WHERE path = 'two'")


def test_without_the_list_the_mirrors_are_asked_themselves_again(follower):
    follower.sql("UPDATE hub.manifest SET url = 'http://127.0.0.1:1/manifest.js.gz',"
                 " checked_at = now() - interval '1 day', next_at = '-infinity'")
    follower.sql("NOTIFY mirrorhub_job")
    wait_until(lambda: follower.one("SELECT failures > 0 FROM hub.manifest"), 60, "it fails")
    assert follower.one("SELECT count(*) FROM hub.mirror WHERE listed_by IS NOT NULL") == 0
    assert follower.one("SELECT count(*) FROM hub.job WHERE is_listed") == 0
    assert follower.one("SELECT max(run_at) <= now() + interval '1 hour' FROM hub.job")
    assert follower.one("SELECT error_class FROM admin.manifests") == "network"
