"""Pages of stores whose objects are far larger than their packs: processes stay small and nothing takes
for ever (checklists/security.md F-11, F-12, G-02 to G-04, X-11)."""

import contextlib
import socket

import pytest

from fixtures.repos import Repo

HTML = {"Accept": "text/html"}
MB = 1024 * 1024
# Of resident memory. The address sanitizer holds back 256 MB of what was freed; thirty commits at once
# would be several hundred more.
MB_LEFT = 450


def peak_mb(hub):
    """The largest resident memory that a handler has had."""
    def high(pid):
        with contextlib.suppress(OSError), open("/proc/%d/status" % pid) as f:
            return next((int(line.split()[1]) for line in f if line.startswith("VmHWM")), 0)
        return 0  # it has just been replaced
    return max(high(pid) for pid in hub.pids("mirrorhub-fcgi")) // 1024


def made(hub, path, repo):
    hub.run_program("mirrorhub", "create-project", path, "--owner", "admin", "--access", "read")
    repo.git("push", "-q", "--mirror", hub.clone_url(path, hub.admin))


def heavy_commit(repo, tree, parents, bytes_):
    head = b"tree %s\n" % tree.encode() + b"".join(b"parent %s\n" % p.encode() for p in parents)
    return repo.object("commit", head + b"author A <a@b> 1600000000 +0000\ncommitter A <a@b> 1600000000 +0000\n"
                       b"\nheavy\n\n" + b"lorem ipsum dolor\n" * (bytes_ // 18))


@pytest.fixture(scope="module")
def heavy(hub, tmp_path_factory):
    """Thirty commits of 10 MB each, with a branch of each."""
    repo = Repo(tmp_path_factory.mktemp("heavy") / "h.git")
    tree = repo.tree({"file": "x"})
    ids = []
    for _ in range(30):
        ids.append(heavy_commit(repo, tree, ids[-1:], 10 * MB))
    for i, oid in enumerate(ids):
        repo.ref("refs/heads/b%d" % i, oid)
    repo.ref("refs/heads/main", ids[-1])
    repo.ref("refs/tags/v1", repo.object("tag", b"object %s\ntype commit\ntag v1\n"
             b"tagger A <a@b> 1600000000 +0000\n\n" % ids[-1].encode() + b"t" * (10 * MB)))
    made(hub, "heavy", repo)
    return ids


def test_lists_of_commits_of_ten_megabytes_take_no_more_memory_than_one(hub, heavy):
    for path in ("/heavy/commits/main", "/heavy/branches", "/heavy/tags", "/heavy/atom/commits/main", "/heavy",
                 "/heavy/commit/main", "/heavy/blob/main/file", "/api/repos/heavy/commits/main", "/api/repos/heavy"):
        answer = hub.get(path, headers=HTML if "api" not in path else {})
        assert answer.status_code == 200, (path, answer.text)
        assert len(answer.content) < 4 * MB, path
    assert peak_mb(hub) < MB_LEFT


def test_a_commit_of_a_hundred_megabytes_is_refused_and_the_rest_is_shown(hub, tmp_path):
    repo = Repo(tmp_path / "huge.git")
    repo.commit("main", {"file": "x"})
    repo.ref("refs/heads/huge", heavy_commit(repo, repo.tree({"f": "y"}), [], 100 * MB))
    made(hub, "huge", repo)
    for path, status in (("/huge", 200), ("/huge/blob/main/file", 200), ("/huge/branches", 200),
                         ("/huge/commit/huge", 413), ("/huge/tree/huge", 413), ("/huge/commits/huge", 413),
                         ("/api/repos/huge/commit/huge", 413)):
        assert hub.get(path, headers=HTML if "api" not in path else {}).status_code == status, path
    assert peak_mb(hub) < MB_LEFT


def test_deep_paths_of_large_folders_hold_one_folder_at_a_time(hub, tmp_path):
    repo = Repo(tmp_path / "deep.git")
    blob, below = repo.blob("x"), None
    names = [b"f%0100d" % i for i in range(80000)]
    rows = b"".join(b"100644 " + n + b"\0" + bytes.fromhex(blob) for n in names)
    for _ in range(30):
        below = repo.object("tree", (b"40000 d\0" + bytes.fromhex(below) if below else b"") + rows)
    repo.ref("refs/heads/main", repo.commit_of_tree(below))
    repo.git("repack", "-adq", "--window=5")
    made(hub, "deep", repo)
    assert hub.get("/deep/tree/main/" + "/".join(["d"] * 29), headers=HTML).status_code == 200
    assert hub.get("/deep/blob/main/" + "/".join(["d"] * 28) + "/" + names[5].decode(),
                   headers=HTML).status_code == 200
    assert peak_mb(hub) < MB_LEFT


def test_an_archive_of_folders_too_deep_for_git_is_refused(hub, tmp_path):
    repo = Repo(tmp_path / "down.git")
    tree = repo.tree({"f": "x"})
    rows = []
    for _ in range(1100):
        rows.append(b"40000 d\0" + bytes.fromhex(tree))
        tree = repo.object("tree", rows[-1])
    repo.ref("refs/heads/main", repo.commit_of_tree(tree))
    made(hub, "down", repo)
    for name in ("main.zip", "main.tar.gz"):
        answer = hub.get("/down/archive/" + name, headers=HTML)
        assert answer.status_code == 413 and "too deep" in answer.text


def test_slow_readers_of_a_large_file_hold_up_no_page(hub, tmp_path):
    repo = Repo(tmp_path / "large.git")
    repo.commit("main", {"big": b"0123456789abcde\n" * (100 * MB // 16)})
    made(hub, "large", repo)
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            s = stack.enter_context(socket.create_connection(("127.0.0.1", hub.port)))
            s.sendall(b"GET /large/raw/main/big HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert hub.get("/large", headers=HTML, timeout=45).status_code == 200


def test_a_ref_too_deep_to_be_listed_is_refused_and_hides_no_other(hub, tmp_path):
    repo = Repo(tmp_path / "parts.git")
    repo.commit("main", {"file": "x"})
    made(hub, "parts", repo)
    deep = "refs/heads/" + "/".join(["d"] * 120)
    with pytest.raises(AssertionError, match="at most 64 parts"):
        repo.git("push", "-q", hub.clone_url("parts", hub.admin), "main:" + deep)
    repo.git("push", "-q", hub.clone_url("parts", hub.admin), "main:refs/heads/" + "/".join(["d"] * 62), "main:z")
    page = hub.get("/parts/branches", headers=HTML).text
    assert all(">%s</a>" % name in page for name in ("main", "z", "/".join(["d"] * 62)))
