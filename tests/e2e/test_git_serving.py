"""Clone, fetch and push over smart HTTP: checklists/security.md G-12 to G-14, G-18 to G-23, F-13,
P-24, and R-08. What a client sees is compared with what Git itself says about the store."""

import base64
import contextlib
import functools
import gzip
import hashlib
import os
import pathlib
import re
import shutil
import socket
import struct
import zlib

import pytest

from fixtures.repos import Repo, simple
from fixtures.run import clean_env, git, run, wait_until
from fixtures.upstream import FLUSH, pack_of, pkt

ZERO = "0" * 40
PUSH_BYTES = 3 << 20
PROMPT_S = 25  # sooner than any time limit (nginx: 30 s) would do it
HUB_CONF = {"git.push_bytes": PUSH_BYTES, "git.request_bytes": 8 << 20}

FETCH, PUSH = "git-upload-pack", "git-receive-pack"


# ---------------------------------------------------------------- helpers

def plain(hub, name, source=None, access="read"):
    """A project to push to; source (a Repo) is pushed into it."""
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", access)
    if source is not None:
        source.git("push", "-q", "--mirror", hub.clone_url(name, hub.admin))
    return name


def push(hub, repo, name, *refspecs, auth="admin", options=()):
    """A push that may fail: the finished process."""
    url = hub.clone_url(name, hub.admin if auth == "admin" else auth)
    return run(["git", "-C", str(repo.path), *options, "push", url, *refspecs], check=False)


def in_store(hub, name, *args):
    """A git command in the store; its stdout."""
    return git("-c", "safe.directory=*", "-C", hub.store_dir(name), *args)


def store_refs(hub, name):
    lines = in_store(hub, name, "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split(" ") for line in lines.splitlines())


def as_owner(hub, name, *paths):
    """Gives what a test planted in a store to whom the store belongs."""
    owner = hub.store_dir(name).stat()
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid)


def ask(hub, name, service, body, auth=None, **headers):
    """A POST with exactly this body."""
    headers = {"Content-Type": "application/x-%s-request" % service,
               **{k.replace("_", "-"): v for k, v in headers.items()}}
    return hub.post("/%s.git/%s" % (name, service), body, auth=auth, headers=headers)


def advert(hub, name, service=FETCH, auth=None, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    return hub.get("/%s.git/info/refs?service=%s" % (name, service), auth, headers=headers)


def wants(*oids, capabilities="side-band-64k ofs-delta", more=b""):
    """A version 0 request for everything below these."""
    lines = [pkt("want %s %s\n" % (oid, capabilities if i == 0 else "")) for i, oid in
             enumerate(oids)]
    return b"".join(lines) + more + FLUSH + pkt("done\n")


def push_body(repo, oid, ref, old=ZERO, pack=None):
    """What a client sends to set ref to oid, with the whole history below it."""
    if pack is None:
        pack = repo.git("pack-objects", "--revs", "--stdout", "-q", input=(oid + "\n").encode())
        pack = pack if pack.endswith(hashlib.sha1(pack[:-20]).digest()) else pack + b"\n"
    return pkt("%s %s %s\0 report-status side-band-64k" % (old, oid, ref)) + FLUSH + pack


def children(hub, name):
    """Processes that work in the store: {pid: command line}."""
    store, out = str(hub.store_dir(name)), {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(path / "cwd") == store:
                out[int(path.name)] = (path / "cmdline").read_bytes()
    return out


def environment(hub, name):
    """That of a process that works in the store; b"" while there is none, or it has just begun or
    ended."""
    for pid, line in children(hub, name).items():
        if b"mirrorhub" in line:  # of ours still: it is about to become Git
            continue
        with contextlib.suppress(OSError):
            return pathlib.Path("/proc/%d/environ" % pid).read_bytes()
    return b""


def events(hub, name, action="push"):
    return [row["detail"] for row in hub.sql(
        "SELECT detail FROM hub.event WHERE object = %s AND action = %s ORDER BY id", name, action)]


def generation(hub, name):
    return hub.one("SELECT s.generation FROM hub.store s JOIN hub.project p ON p.store_id = s.id"
                   " WHERE p.path = %s", name)


def connect(hub, name, service, length, auth=None, receive_buffer=None):
    """A socket on which the head of a POST has been sent."""
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(60)
    s.connect(("127.0.0.1", hub.port))
    lines = ["POST /%s.git/%s HTTP/1.1" % (name, service), "Host: 127.0.0.1:%d" % hub.port,
             "Content-Type: application/x-%s-request" % service, "Connection: close"]
    if auth:
        lines.append("Authorization: Basic "
                     + base64.b64encode(":".join(auth).encode()).decode())
    lines.append("Transfer-Encoding: chunked" if length is None else "Content-Length: %d" % length)
    s.sendall("\r\n".join(lines + ["", ""]).encode())
    return s


@pytest.fixture
def repo(tmp_path):
    return simple(tmp_path / "source.git")


@pytest.fixture(scope="module")
def shared(hub, tmp_path_factory):
    """A project that no test changes, and its source."""
    one = simple(tmp_path_factory.mktemp("shared") / "source.git")
    return plain(hub, "shared", one), one


@pytest.fixture
def noisy(tmp_path):
    """A repository of about 2 MB that do not compress: more than all pipes together hold."""
    one = Repo(tmp_path / "noisy.git")
    one.noise(2 << 20)
    return one


# ---------------------------------------------------------------- clone and fetch

@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_clone_has_what_the_store_has(hub, repo, tmp_path, name, version):
    plain(hub, name, repo)
    hub.git("-c", "protocol.version=%d" % version, "clone", "-q", "--mirror", hub.clone_url(name),
            tmp_path / "c.git")
    copy = Repo(tmp_path / "c.git")
    assert copy.refs() == repo.refs() == store_refs(hub, name)
    assert copy.head() == "refs/heads/main"
    copy.fsck()
    # and what comes later
    new = repo.commit("main", {"a": "new"})
    repo.git("push", "-q", hub.clone_url(name, hub.admin), "main")
    copy.git("-c", "protocol.version=%d" % version, "fetch", "-q", "origin")
    assert copy.oid("main") == new


@pytest.mark.parametrize("version", [0, 2])
def test_a_shallow_clone_is_deepened(hub, repo, tmp_path, name, version):
    repo.commits(5)
    plain(hub, name, repo)
    v = ["-c", "protocol.version=%d" % version]
    hub.git(*v, "clone", "-q", "--depth", "2", hub.clone_url(name), tmp_path / "c")
    assert hub.git("-C", tmp_path / "c", "rev-list", "--count", "HEAD") == "2"
    hub.git("-C", tmp_path / "c", *v, "fetch", "-q", "--unshallow")
    assert hub.git("-C", tmp_path / "c", "rev-list", "HEAD") == repo.git("rev-list", "main")


@pytest.mark.parametrize("wish,works", [
    ("blob:none", True), ("blob:limit=10", True), ("tree:0", True), ("tree:1", False),
    ("object:type=commit", False), ("combine:tree:0+blob:none", False)])
def test_g20_only_cheap_filters_are_taken(hub, repo, tmp_path, name, wish, works):
    plain(hub, name, repo)
    done = run(["git", "clone", "-q", "--no-checkout", "--filter=" + wish, hub.clone_url(name),
                str(tmp_path / "c")], check=False)
    assert (done.returncode == 0) == works, done.stderr


def test_an_empty_project_is_an_empty_clone(hub, tmp_path, name):
    plain(hub, name)
    for version in (0, 1, 2):
        assert hub.ls_remote(name, version=version) == {}
    hub.git("clone", "-q", hub.clone_url(name), tmp_path / "c")
    assert hub.git("-C", tmp_path / "c", "symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_mirror_before_its_first_clone_says_so(hub, upstream, name):
    hub.add(upstream.url("nothing.git"), name, sync=False)
    answer = advert(hub, name)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    done = run(["git", "clone", hub.clone_url(name)], check=False, cwd=hub.var)
    assert "still being cloned" in done.stderr


def test_a_store_that_lost_its_folder_is_our_failure_and_names_no_path(hub, repo, name):
    plain(hub, name, repo)
    hub.expect_err("folder of store .* is missing")
    shutil.move(hub.store_dir(name), str(hub.var / "lost.git"))
    answer = advert(hub, name)
    assert answer.status_code == 500
    assert str(hub.var) not in answer.text and "store" not in answer.text


def test_the_answer_is_what_gits_own_server_would_say(hub, repo, name):
    plain(hub, name, repo)
    answer = advert(hub, name)
    assert answer.headers["Content-Type"] == "application/x-git-upload-pack-advertisement"
    assert "no-cache" in answer.headers["Cache-Control"]
    assert answer.content.startswith(pkt("# service=git-upload-pack\n") + FLUSH)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    answer = ask(hub, name, FETCH, wants(repo.oid("main")))
    assert answer.headers["Content-Type"] == "application/x-git-upload-pack-result"
    assert answer.content.endswith(FLUSH)


# ---------------------------------------------------------------- who may

def test_hidden_and_missing_look_alike_to_strangers_and_to_accounts(hub, repo, name):
    plain(hub, name, repo, access="none")
    other = hub.account("other-" + name[:20].lower())
    for auth, status in ((None, 401), (other, 404)):
        for service in (FETCH, PUSH):
            hidden, missing = (advert(hub, x, service, auth) for x in (name, name + "-not"))
            assert hidden.status_code == missing.status_code == status
            assert hidden.content == missing.content
            hidden, missing = (ask(hub, x, service, FLUSH, auth) for x in (name, name + "-not"))
            assert hidden.status_code == missing.status_code == status
            assert hidden.content == missing.content
    assert advert(hub, name, auth=None).headers["WWW-Authenticate"].startswith("Basic realm=")


def test_hidden_projects_are_cloned_with_basic_and_with_a_token(hub, repo, name):
    plain(hub, name, repo, access="none")
    reader = hub.account("reader-" + name[:20].lower())
    hub.grant(name, reader[0], 1)
    token = hub.new_token(reader[0])
    for auth in (hub.admin, reader, (reader[0], token), (token, "x-oauth-basic")):
        assert hub.refs(name, auth) == repo.mirrored()
    assert run(["git", "ls-remote", hub.clone_url(name, (reader[0], "wrong-password"))],
               check=False).returncode != 0


def test_wrong_credentials_are_401_even_for_open_projects(hub, repo, name):
    plain(hub, name, repo)
    assert advert(hub, name, auth=(hub.user, "wrong-password")).status_code == 401


def test_a_reader_may_not_push_and_a_writer_may(hub, repo, name):
    plain(hub, name, repo)
    who = hub.account("who-" + name[:20].lower())
    before = store_refs(hub, name)
    assert advert(hub, name, PUSH).status_code == 401
    assert advert(hub, name, PUSH, who).status_code == 403
    body = push_body(repo, repo.oid("main"), "refs/heads/mine")
    assert ask(hub, name, PUSH, body, who).status_code == 403
    assert store_refs(hub, name) == before
    assert events(hub, name, "denied")
    hub.grant(name, who[0], 2)
    assert push(hub, repo, name, "main:refs/heads/mine", auth=who).returncode == 0
    assert store_refs(hub, name)["refs/heads/mine"] == repo.oid("main")
    # a token may do less than its account
    token = hub.new_token(who[0])
    hub.sql("UPDATE hub.token SET scope = 1 WHERE account_id ="
            " (SELECT id FROM hub.account WHERE uname = %s)", who[0])
    assert hub.refs(name, (who[0], token)) == store_refs(hub, name)
    assert push(hub, repo, name, ":refs/heads/mine", auth=(who[0], token)).returncode != 0
    assert "refs/heads/mine" in store_refs(hub, name)


def test_a_page_of_another_site_cannot_push(hub, repo, name):
    plain(hub, name, repo)
    body = push_body(repo, repo.oid("main"), "refs/heads/cross")
    answer = ask(hub, name, PUSH, body, hub.admin, Origin="http://evil.example")
    assert answer.status_code == 403
    assert "refs/heads/cross" not in store_refs(hub, name)


def test_g23_nobody_pushes_to_a_mirror(hub, upstream, name):
    one = simple(upstream.folder / "pushed.git")
    hub.mirror(upstream.url("pushed.git"), name)
    done = push(hub, one, name, "main:refs/heads/mine")
    assert done.returncode != 0
    assert "remote: This is a mirror of %s: pushes are not accepted here." \
        % upstream.url("pushed.git") in done.stderr
    assert advert(hub, name, PUSH, hub.admin).status_code == 403
    body = push_body(one, one.oid("main"), "refs/heads/mine")
    assert ask(hub, name, PUSH, body, hub.admin).status_code == 403
    assert hub.refs(name) == one.mirrored()
    assert events(hub, name) == []


# ---------------------------------------------------------------- what exists

@pytest.mark.parametrize("rest", [
    "HEAD", "config", "description", "packed-refs", "hooks/post-receive", "info/refs",
    "info/refs?service=git-upload-archive", "info/refs?service=upload-pack", "info/refs?service=",
    "info/refs?service=git-upload-pack%20--x", "objects/info/packs", "objects/info/alternates",
    "objects/00/" + "0" * 38, "refs/heads/main", "git-upload-archive", "../x.git/HEAD"])
def test_g19_only_the_smart_routes_exist(hub, shared, rest):
    project = shared[0]
    answer = hub.ask("/%s.git/%s" % (project, rest))
    assert answer.status == 404, answer
    assert str(hub.var).encode() not in answer.data
    assert hub.ask("/%s.git/%s" % (project, rest.split("?")[0]), "POST", body=b"x").status in (404, 405)


def test_the_address_itself_leads_a_browser_to_the_project(hub, shared):
    answer = hub.get("/%s.git" % shared[0], allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/" + shared[0])


def test_g19_only_the_right_methods(hub, repo, name):
    plain(hub, name, repo)
    base = "/%s.git/" % name
    assert hub.ask(base + "git-upload-pack").status == 405
    assert hub.ask(base + "info/refs?service=git-upload-pack", "DELETE").status == 405
    head = hub.ask(base + "info/refs?service=git-upload-pack", "HEAD")
    assert head.status == 200 and head.body == b""


# ---------------------------------------------------------------- protocol (G-20)

@pytest.mark.parametrize("header,version", [
    (None, 0), ("version=0", 0), ("version=1", 1), ("version=2", 2), ("version=9", 0),
    ("version=1:version=2", 2), ("version=2:sideband", 0), ("version=", 0), ("2", 0),
    ("version=2 ", 2), ("version=" + "2" * 70, 0), ("version=2:" * 5000, None)])
def test_g20_protocol_versions(hub, shared, header, version):
    project = shared[0]
    answer = advert(hub, project, **({"Git_Protocol": header} if header else {}))
    if version is None:  # nginx has an end to headers
        assert answer.status_code == 400
        return
    assert answer.status_code == 200
    service = pkt("# service=git-upload-pack\n") + FLUSH
    if version == 2:
        assert answer.content.startswith(pkt("version 2\n"))
        assert b"refs/heads" not in answer.content
    else:
        assert answer.content.startswith(service)
        assert (pkt("version 1\n") in answer.content) == (version == 1)
        assert b"refs/heads/main" in answer.content
    # a push is never in version 2
    answer = advert(hub, project, PUSH, hub.admin, **({"Git_Protocol": header} if header else {}))
    assert answer.content.startswith(pkt("# service=git-receive-pack\n") + FLUSH)


@pytest.mark.parametrize("body", [
    b"", b"zzzz", b"000", b"0003x", b"0005", b"ffff" + b"x" * 100, b"0032want " + b"x" * 200,
    pkt("want nonsense\n") + FLUSH, b"\0" * 1000], ids=range(9))
def test_g20_malformed_requests_get_an_answer(hub, shared, body):
    project, repo = shared
    for version in ("version=0", "version=2"):
        answer = ask(hub, project, FETCH, body, Git_Protocol=version)
        assert answer.status_code in (200, 400), answer.text
        assert str(hub.var) not in answer.text
    answer = ask(hub, project, PUSH, body, hub.admin)
    assert answer.status_code in (200, 400), answer.text
    assert store_refs(hub, project) == repo.refs()


def test_g20_what_is_not_shown_is_not_given(hub, repo, name):
    plain(hub, name, repo)
    hidden = repo.commit_of_tree(repo.tree({"secret": "hidden"}))
    dangling = repo.commit_of_tree(repo.tree({"secret": "dangling"}))
    for oid in (hidden, dangling):
        repo.git("push", "-q", hub.clone_url(name, hub.admin), "+%s:refs/heads/soon-gone" % oid)
    in_store(hub, name, "update-ref", "refs/mirrorhub/kept/x", hidden)
    in_store(hub, name, "update-ref", "-d", "refs/heads/soon-gone")
    for path in hub.store_dir(name).glob("refs/mirrorhub/**/*"):
        as_owner(hub, name, path)
    as_owner(hub, name, hub.store_dir(name) / "refs/mirrorhub")
    for packed in (False, True):
        if packed:  # then no child of Git tells the list
            in_store(hub, name, "pack-refs", "--all")
            as_owner(hub, name, hub.store_dir(name) / "packed-refs")
        for version in (0, 1, 2):
            shown = hub.ls_remote(name, version=version)
            assert {r for r in shown if not r.endswith("^{}")} == set(repo.refs()) | {"HEAD"}
            assert hidden not in shown.values()
    for oid in (hidden, dangling, "1" * 40):
        answer = ask(hub, name, FETCH, wants(oid))
        assert b"not our ref" in answer.content and b"PACK" not in answer.content
    done = push(hub, repo, name, "main:refs/mirrorhub/kept/y")
    assert done.returncode != 0 and "hidden ref" in done.stderr


def test_g20_a_hundred_thousand_wants_and_haves(hub, repo, name):
    plain(hub, name, repo)
    tip = repo.oid("main")
    answer = ask(hub, name, FETCH, wants(*[tip] * 100_000))
    assert answer.status_code == 200 and b"PACK" in answer.content
    haves = b"".join(pkt("have %040x\n" % i) for i in range(1, 100_001))
    body = pkt("want %s side-band-64k\n" % tip) + FLUSH + haves + pkt("done\n")
    answer = ask(hub, name, FETCH, body)
    assert answer.status_code == 200 and b"PACK" in answer.content
    assert ask(hub, name, FETCH, wants(*[tip] * 200_000)).status_code == 413


def test_g20_an_endless_depth_is_all_there_is(hub, repo, name, tmp_path):
    plain(hub, name, repo)
    hub.git("clone", "-q", "--bare", "--depth", "2147483647", hub.clone_url(name), tmp_path / "c")
    assert Repo(tmp_path / "c").git("rev-list", "HEAD") == repo.git("rev-list", "main")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-git-receive-pack-request", None])
def test_the_content_type_says_what_is_asked(hub, shared, kind):
    project, repo = shared
    answer = hub.post("/%s.git/git-upload-pack" % project, wants(repo.oid("main")), auth=None,
                      headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == 415


# ---------------------------------------------------------------- compressed requests (G-21)

@functools.lru_cache
def bomb():
    """200 MiB of zeros."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(squeeze.compress(b"\0" * (1 << 20)) for _ in range(200)) + squeeze.flush()


def bodies(good):
    packed = gzip.compress(good)
    return [
        ("good", packed, "gzip", 200),
        ("plain", good, "identity", 200),
        ("two members", packed + packed, "gzip", 400),
        ("something behind", packed + b"x", "gzip", 400),
        ("wrong checksum", packed[:-8] + b"abcd" + packed[-4:], "gzip", 400),
        ("wrong length", packed[:-4] + b"abcd", "gzip", 400),
        ("cut", packed[:-1], "gzip", 400),
        ("cut at half", packed[:len(packed) // 2], "gzip", 400),
        ("nothing", b"", "gzip", 400),
        ("not gzip", good, "gzip", 400),
        ("zlib called gzip", zlib.compress(good), "gzip", 400),
        ("bomb", bomb(), "gzip", 413),
        ("deflate", zlib.compress(good), "deflate", 415),
        ("brotli", good, "br", 415),
        ("twice", gzip.compress(packed), "gzip, gzip", 415),
    ]


def test_g21_a_fetch_may_be_compressed_and_nothing_else_passes(hub, repo, name):
    plain(hub, name, repo)
    for what, body, encoding, status in bodies(wants(repo.oid("main"))):
        answer = ask(hub, name, FETCH, body, Content_Encoding=encoding)
        assert answer.status_code == status, what
        assert (b"PACK" in answer.content) == (status == 200), what


def test_g21_a_push_that_is_not_whole_changes_nothing(hub, repo, noisy, name):
    plain(hub, name, repo)
    before = store_refs(hub, name)
    for source in (repo, noisy):  # in one piece, and in many
        for what, body, encoding, status in bodies(
                push_body(source, source.oid("main"), "refs/heads/packed")):
            if status == 200:
                continue
            answer = ask(hub, name, PUSH, body, hub.admin, Content_Encoding=encoding)
            assert answer.status_code in (status, 400), what  # zeros are no pkt-line
            assert store_refs(hub, name) == before, what
    assert events(hub, name) == events(hub, name)[:1]
    body = gzip.compress(push_body(noisy, noisy.oid("main"), "refs/heads/packed"))
    assert ask(hub, name, PUSH, body, hub.admin, Content_Encoding="gzip").status_code == 200
    assert store_refs(hub, name)["refs/heads/packed"] == noisy.oid("main")


# ---------------------------------------------------------------- push

def test_what_a_push_changes_is_recorded(hub, repo, name):
    plain(hub, name)
    url, first = hub.clone_url(name, hub.admin), repo.oid("main")
    steps = [
        (["main"], "refs/heads/main %s..%s" % (ZERO, first)),
        (["main:refs/heads/two"], "refs/heads/two %s..%s" % (ZERO, first)),
        (["v1.0.0"], "refs/tags/v1.0.0 %s..%s" % (ZERO, repo.oid("refs/tags/v1.0.0"))),
    ]
    for n, (refspecs, detail) in enumerate(steps, 1):
        repo.git("push", "-q", url, *refspecs)
        assert events(hub, name)[-1] == detail
        assert generation(hub, name) == len(events(hub, name)) == n
    other = repo.commit("other-root", parents=[])
    repo.git("push", "-q", url, "+other-root:two")
    assert events(hub, name)[-1] == "refs/heads/two %s..%s" % (first, other)
    repo.git("push", "-q", url, ":two")
    assert events(hub, name)[-1] == "refs/heads/two %s..%s" % (other, ZERO)
    assert store_refs(hub, name) == hub.refs(name)
    row = hub.row("SELECT * FROM hub.event WHERE object = %s AND action = 'push' LIMIT 1", name)
    assert (row["actor"], row["remote_addr"], row["result"]) == (hub.user, "127.0.0.1", "ok")
    in_store(hub, name, "fsck", "--full", "--strict")


def test_a_refused_push_is_no_event(hub, repo, name):
    plain(hub, name, repo)
    before = (store_refs(hub, name), events(hub, name), generation(hub, name))
    stale = push_body(repo, repo.oid("main"), "refs/heads/main", old="1" * 40)
    assert b"ng refs/heads/main" in ask(hub, name, PUSH, stale, hub.admin).content
    done = push(hub, repo, name, ":main")
    assert "refusing to delete the current branch" in done.stderr
    assert "receive.denyDeleteCurrent" not in done.stderr
    assert push(hub, repo, name, "main:main").returncode == 0  # up to date
    assert (store_refs(hub, name), events(hub, name), generation(hub, name)) == before


def test_the_first_branch_pushed_becomes_the_default(hub, tmp_path, name):
    one = Repo(tmp_path / "trunk.git", head="trunk")
    one.commit("trunk", {"a": "b"})
    plain(hub, name)
    assert push(hub, one, name, "trunk").returncode == 0
    hub.git("clone", "-q", hub.clone_url(name), tmp_path / "c")
    assert (tmp_path / "c" / "a").read_text() == "b"


def test_a_large_push_comes_in_chunks(hub, noisy, name):
    """Above http.postBuffer git sends no Content-Length."""
    plain(hub, name)
    assert push(hub, noisy, name, "main", options=["-c", "http.postBuffer=65536"]).returncode == 0
    assert store_refs(hub, name) == noisy.refs()
    assert not list(hub.store_dir(name).glob("objects/[0-9a-f][0-9a-f]"))  # F-14: kept as a pack


def test_g12_a_push_over_the_limit_is_refused_and_leaves_nothing(hub, repo, tmp_path, name):
    plain(hub, name, repo)
    before = in_store(hub, name, "count-objects", "-v")
    big = Repo(tmp_path / "big.git")
    big.noise(PUSH_BYTES + (64 << 10))
    for options in ([], ["-c", "http.postBuffer=%d" % (2 * PUSH_BYTES)]):
        done = push(hub, big, name, "main:big", options=options)
        assert done.returncode != 0
        assert "pack exceeds maximum allowed size" in done.stderr, done.stderr
        assert str(hub.var) not in done.stderr
    assert in_store(hub, name, "count-objects", "-v") == before
    assert store_refs(hub, name) == repo.refs()


def test_g13_a_push_changes_at_most_ten_thousand_refs(hub, repo, name):
    """Asked for by hand: git's own client needs minutes for so many."""
    plain(hub, name, repo)
    before, tip = store_refs(hub, name), repo.oid("main")

    def body(n, capabilities):
        lines = [pkt("%s %s refs/heads/many/%d\0%s" % (ZERO, tip, i, capabilities if i == 0 else ""))
                 for i in range(n)]
        return b"".join(lines) + FLUSH + pack_of([])
    refusal = b"a push may change at most 10000 refs"
    answer = ask(hub, name, PUSH, body(10_001, "report-status side-band-64k"), hub.admin)
    report = pkt(b"unpack " + refusal + b"\n") + FLUSH
    assert answer.status_code == 200
    assert answer.content == pkt(b"\2" + refusal + b"\n") + pkt(b"\1" + report) + FLUSH
    answer = ask(hub, name, PUSH, body(10_001, "report-status"), hub.admin)
    assert answer.content == report
    assert store_refs(hub, name) == before and len(events(hub, name)) == 1
    answer = ask(hub, name, PUSH, body(300, "report-status"), hub.admin)
    assert answer.content.count(b"ok refs/heads/many/") == 300
    assert len(store_refs(hub, name)) == len(before) + 300
    assert events(hub, name)[-1].endswith(" and 280 more")


EVIL = {
    "dotgit": lambda r: r.raw_tree([("100644", ".git", r.blob("x"))]),
    "GIT": lambda r: r.raw_tree([("100644", ".GIT", r.blob("x"))]),
    "dotdot": lambda r: r.raw_tree([("100644", "..", r.blob("x"))]),
    "slash": lambda r: r.raw_tree([("100644", "a/b", r.blob("x"))]),
    "short name": lambda r: r.raw_tree([("100644", "git~1", r.blob("x"))]),
    "twice": lambda r: r.raw_tree([("100644", "a", r.blob("x")), ("100644", "a", r.blob("y"))]),
    "link": lambda r: r.raw_tree([("120000", ".gitmodules", r.blob("x"))]),
    "no name": lambda r: r.raw_tree([("100644", "", r.blob("x"))]),
}


@pytest.mark.parametrize("what", EVIL)
def test_f13_evil_trees_are_refused(hub, shared, what):
    project, repo = shared
    before = store_refs(hub, project)
    oid = repo.commit_of_tree(EVIL[what](repo))
    pack = repo.git("pack-objects", "--stdout", "-q", input="\n".join(
        [oid, repo.oid(oid + "^{tree}"), repo.blob("x"), repo.blob("y"), ""]).encode())
    answer = ask(hub, project, PUSH, push_body(repo, oid, "refs/heads/evil", pack=pack), hub.admin)
    assert answer.status_code == 200 and b"unpack ok" not in answer.content
    assert store_refs(hub, project) == before
    in_store(hub, project, "fsck", "--full")


def test_g06_broken_packs_are_refused_and_leave_nothing(hub, repo, name):
    plain(hub, name, repo)
    before = store_refs(hub, name)
    oid = repo.commit("next", {"new": "content"})
    tree, blob = repo.oid(oid + "^{tree}"), repo.oid(oid + ":new")
    whole = repo.git("pack-objects", "--stdout", "-q",
                     input="\n".join([oid, tree, blob, ""]).encode())
    commit = repo.git("cat-file", "commit", oid, input=b"")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    packs = {
        "checksum": whole[:-20] + b"\1" * 20,
        "cut": whole[:-30],
        "bit": bytes(flipped),
        "no objects": pack_of([]),
        "too few": pack_of([(1, commit, None)], count=7),
        "size lie": pack_of([(3, b"content", 5)]),
        "missing tree": repo.git("pack-objects", "--stdout", "-q", input=(oid + "\n").encode()),
        "not a pack": b"PUCK" + struct.pack(">II", 2, 1) + b"\0" * 40,
    }
    for what, pack in packs.items():
        answer = ask(hub, name, PUSH, push_body(repo, oid, "refs/heads/next", pack=pack), hub.admin)
        assert answer.status_code == 200 and b"ok refs/heads/next" not in answer.content, what
        assert store_refs(hub, name) == before, what
        assert not list(hub.store_dir(name).glob("objects/tmp_objdir*")), what
    in_store(hub, name, "fsck", "--full")
    assert len(events(hub, name)) == 1
    # bytes behind a good pack: git takes it or not, as its processes happen to run (tried: 1 of 10)
    ask(hub, name, PUSH, push_body(repo, oid, "refs/heads/next", pack=whole + b"more"), hub.admin)
    taken = "refs/heads/next" in store_refs(hub, name)
    assert len(events(hub, name)) == 1 + taken
    in_store(hub, name, "fsck", "--full")
    answer = ask(hub, name, PUSH, push_body(repo, oid, "refs/heads/other", pack=whole), hub.admin)
    assert b"ok refs/heads/other" in answer.content


def test_a_lock_that_a_killed_push_left_does_not_stop_the_next_one(hub, repo, name):
    plain(hub, name, repo)
    store = hub.store_dir(name)
    (store / "refs/heads").mkdir(parents=True, exist_ok=True)
    left = [store / "refs/heads/main.lock", store / "packed-refs.lock", store / "HEAD.lock"]
    for path in left:
        path.write_text("")
    as_owner(hub, name, store / "refs/heads", *left)
    new = repo.commit()
    assert push(hub, repo, name, "main").returncode == 0
    assert store_refs(hub, name)["refs/heads/main"] == new
    assert not [path for path in left if path.exists()]


def test_pushes_at_the_same_time_all_arrive(hub, repo, name):
    import concurrent.futures
    plain(hub, name, repo)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(
            lambda i: push(hub, repo, name, "main:refs/heads/at-once-%d" % i), range(8)))
    assert [d.returncode for d in done] == [0] * 8, [d.stderr for d in done]
    assert len([r for r in store_refs(hub, name) if "at-once" in r]) == 8
    assert generation(hub, name) == len(events(hub, name)) == 9


# ---------------------------------------------------------------- what lies in a store

def test_g14_nothing_that_lies_in_a_store_is_run(hub, repo, name):
    plain(hub, name, repo)
    dangling = repo.commit_of_tree(repo.tree({"was": "pushed"}))
    for refspec in (dangling + ":refs/heads/soon-gone", ":refs/heads/soon-gone"):
        assert push(hub, repo, name, refspec).returncode == 0
    store, marker = hub.store_dir(name), hub.var / "run-by-git"
    script = "#!/bin/sh\ntouch %s\nexit 0\n" % marker
    planted = [store / "hooks" / hook for hook in (
        "pre-receive", "update", "post-receive", "post-update", "reference-transaction",
        "proc-receive", "push-to-checkout", "pre-auto-gc", "fsmonitor", "command")]
    (store / "hooks").mkdir()
    for path in planted:
        path.write_text(script)
        path.chmod(0o755)
    config = store / "config"
    command = store / "hooks" / "command"
    config.write_text(config.read_text() + "".join("[%s]\n\t%s = %s\n" % row for row in (
        ("core", "hooksPath", store / "hooks"), ("core", "fsmonitor", command),
        ("core", "sshCommand", command), ("core", "alternateRefsCommand", command),
        ("core", "gitProxy", command), ("uploadpack", "packObjectsHook", command),
        ("receive", "procReceiveRefs", "refs"), ("gpg", "program", command),
        ("transfer", "hideRefs", "!refs/mirrorhub"), ("uploadpack", "allowAnySHA1InWant", "true"))))
    as_owner(hub, name, store / "hooks", *planted, config)
    marker.parent.chmod(0o777)
    try:
        assert hub.refs(name) == repo.refs()
        assert b"PACK" in ask(hub, name, FETCH, wants(repo.oid("main"))).content
        assert b"not our ref" in ask(hub, name, FETCH, wants(dangling)).content
        repo.commit()
        assert push(hub, repo, name, "main", "main:refs/for/main").returncode == 0
        assert push(hub, repo, name, ":refs/for/main").returncode == 0
    finally:
        marker.parent.chmod(0o755)
    assert not marker.exists()


@pytest.mark.parametrize("plant", ["owner", "mode", "link", "alternates"])
def test_g18_a_store_that_is_not_as_we_made_it_is_not_served(hub, repo, name, plant):
    plain(hub, name, repo)
    hub.expect_err("belongs to another user|others than its owner|no place in a store|is not a folder")
    store = hub.store_dir(name)
    if plant == "owner":
        if os.geteuid() != 0:
            pytest.skip("only root gives files away")
        other = 1 if store.stat().st_uid != 1 else 2
        os.chown(store, other, -1)
    elif plant == "mode":
        store.chmod(0o777)
    elif plant == "link":
        store.rename(hub.var / (name + ".git"))
        store.symlink_to(hub.var / (name + ".git"))
    else:
        path = store / "objects/info/alternates"
        path.write_text(str(hub.data_dir) + "\n")
        as_owner(hub, name, path)
    answer = advert(hub, name)
    assert answer.status_code == 500 and str(hub.var) not in answer.text
    assert ask(hub, name, FETCH, wants(repo.oid("main"))).status_code == 500


# ---------------------------------------------------------------- clients that go away (R-08, G-22)

@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_r08_an_upload_that_breaks_off_ends_the_child_and_changes_nothing(
        hub, repo, noisy, name, chunked):
    plain(hub, name, repo)
    body = push_body(noisy, noisy.oid("main"), "refs/heads/broken")
    part = body[:len(body) * 3 // 10]
    with connect(hub, name, PUSH, None if chunked else len(body), hub.admin) as s:
        s.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
        wait_until(lambda: children(hub, name), 60, "the push has begun")
    wait_until(lambda: not children(hub, name), PROMPT_S, "its child is gone")
    assert store_refs(hub, name) == repo.refs()
    assert len(events(hub, name)) == 1
    wait_until(lambda: not list(hub.store_dir(name).glob("objects/tmp_objdir*")), 60,
               "its quarantine is gone")


def test_p24_a_push_that_is_one_byte_short_changes_nothing(hub, repo, name):
    plain(hub, name, repo)
    for body in (push_body(repo, repo.oid("main"), "refs/heads/short"),
                 pkt("%s %s refs/heads/main\0report-status" % (repo.oid("main"), ZERO)) + FLUSH):
        with connect(hub, name, PUSH, len(body) + 1, hub.admin) as s:
            s.sendall(body)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
    wait_until(lambda: not children(hub, name), 60, "no child is left")
    assert store_refs(hub, name) == repo.refs()
    assert len(events(hub, name)) == 1


def begin_clone(hub, name, tip):
    """A clone of which a little has been read."""
    body = wants(tip)
    s = connect(hub, name, FETCH, len(body), receive_buffer=32768)
    s.sendall(body)
    seen = b""
    while b"PACK" not in seen:
        more = s.recv(16384)
        assert more, seen
        seen += more
    return s


@pytest.fixture(scope="module")
def big(hub, tmp_path_factory):
    """A project of 24 MB: more than sockets, pipes and nginx hold between them."""
    one = Repo(tmp_path_factory.mktemp("big") / "big.git")
    tip = one.noise(24 << 20)
    plain(hub, "big-one")
    store = hub.store_dir("big-one")
    for path in one.path.glob("objects/[0-9a-f][0-9a-f]/*"):
        target = store / "objects" / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
        as_owner(hub, "big-one", target.parent, target)
    (store / "refs/heads/main").write_text(tip + "\n")
    as_owner(hub, "big-one", store / "refs/heads/main")
    return "big-one", tip


def test_r08_a_download_that_breaks_off_ends_the_child(hub, big):
    name, tip = big
    with begin_clone(hub, name, tip):
        assert children(hub, name)
    wait_until(lambda: not children(hub, name), PROMPT_S, "its children are gone")


def test_g22_stalled_clones_hold_up_neither_the_api_nor_more_than_their_own(hub, repo, big, name):
    tip, workers = big[1], int(hub.settings.get("git.children", 4))
    plain(hub, name, repo)
    stalled = [begin_clone(hub, big[0], tip) for _ in range(workers - 1)]
    try:
        waiting = [connect(hub, big[0], FETCH, 10) for _ in range(20)]  # and never say what
        assert hub.get("/repositories").status_code == 200
        assert hub.refs(name) == repo.refs()
        uploads = [line for line in children(hub, big[0]).values() if b"upload-pack" in line]
        assert len(uploads) == workers - 1
        for s in waiting:
            s.close()
    finally:
        for s in stalled:
            s.close()
    wait_until(lambda: not children(hub, big[0]), 60, "all children are gone")


@pytest.mark.slow
def test_g22_a_client_that_stops_reading_is_cut_off(hub, big):
    name, tip = big
    with begin_clone(hub, name, tip):
        wait_until(lambda: not children(hub, name), 60, "the child of a silent client is gone")


def test_a_clone_that_takes_longer_than_allowed_is_ended(fresh_hub, tmp_path):
    hub = fresh_hub({"git.total_s": 4})
    one = Repo(tmp_path / "slow.git")
    one.noise(24 << 20)
    plain(hub, "slow")
    store = hub.store_dir("slow")
    shutil.copytree(one.path / "objects", store / "objects", dirs_exist_ok=True)
    (store / "refs/heads/main").write_text(one.oid("main") + "\n")
    run(["chown", "-R", "--reference=" + str(store), str(store)])
    body = wants(one.oid("main"))
    with connect(hub, "slow", FETCH, len(body), receive_buffer=32768) as s:
        s.sendall(body)

        def is_ended():  # a client that reads, but slowly (2 MB/s)
            s.recv(65536)
            return "git took longer than git.total_s" in hub.logs("fcgi-git")
        wait_until(is_ended, 60, "it is cut off")
        wait_until(lambda: not children(hub, "slow"), 60, "the child is gone")


def test_what_git_complains_about_is_logged_with_the_request(hub, repo, name):
    plain(hub, name, repo)
    answer = ask(hub, name, FETCH, wants("1" * 40), X_Request_Id="complaint-1")
    assert answer.status_code == 200
    line = wait_until(lambda: hub.log_lines("fcgi-git", event="git", id="complaint-1"), 60)[0]
    assert "not our ref" in line["said"] and line["path"] == name


def test_no_setting_of_the_person_who_started_the_hub_reaches_git(hub, noisy, name):
    """The environment of a child holds our names alone."""
    plain(hub, name)
    body = push_body(noisy, noisy.oid("main"), "refs/heads/env")
    with connect(hub, name, PUSH, len(body), hub.admin) as s:
        s.sendall(body[:len(body) // 2])
        env = wait_until(lambda: environment(hub, name), 60, "the child is there").split(b"\0")
    names = {e.split(b"=")[0].decode() for e in env if e}
    assert {n for n in names if not re.match(r"GIT_CONFIG_(KEY|VALUE)_\d+$", n)} <= {
        "PATH", "HOME", "LC_ALL", "TZ", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_COUNT", "GIT_ATTR_NOSYSTEM", "GIT_TERMINAL_PROMPT", "GIT_ASKPASS",
        "GIT_PROTOCOL", "GIT_PROTOCOL_FROM_USER", "GIT_OPTIONAL_LOCKS", "GIT_EXEC_PATH"}
    assert b"HOME=/nonexistent" in env and b"GIT_CONFIG_NOSYSTEM=1" in env
