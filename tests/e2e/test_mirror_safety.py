"""checklists/security.md, group M: what upstreams may not do to the hub, and what nobody may reach
through it. The truth about what was reached is the upstream's own list of requests.

Not here: M-09 (all blocked ranges: a unit test of lib/net), M-10 (ports: the same), M-13 (git's own
output: git is not run on the network), M-14 (sealed values: a unit test of lib/auth)."""

import contextlib
import os
import pathlib

import pytest

from fixtures import upstream as up
from fixtures.hub import can_unshare, running
from fixtures.repos import EVIL_TREES, Repo, simple
from fixtures.run import run, wait_until

HUB_CONF = {
    "log.level": "debug",
    # a neighbour of loopback is another host that may not be reached
    "net.allow": "127.0.0.1/32",
    # limits of time that only an upstream without end comes to, not a machine that stands still
    "sync.workers": 2, "net.connect_s": 60, "net.low_speed_s": 60, "sync.lease_s": 60,
    "sync.advert_bytes": 1 << 20, "sync.pack_bytes": 1 << 20, "sync.object_bytes": 1 << 20,
}


@pytest.fixture(scope="module")
def hasty():
    """A hub that soon gives up, with a worker for each that it waits for."""
    with running({**HUB_CONF, "sync.workers": 6, "sync.total_s": 20, "net.low_speed_s": 10}) as one:
        yield one


@pytest.fixture(scope="module")
def strict():
    """A hub that allows no private address at all."""
    with running({"net.allow": "", "net.schemes": "https http"}) as one:
        yield one


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("m/%s.git" % name))


@pytest.fixture
def path(name):
    return "m/%s.git" % name


def failed(hub, name, *classes):
    """The run of a mirror that must fail in one of these classes, while what was there stays."""
    done = hub.wait_run(name)
    assert done["outcome"] == "failed", done
    assert done["error_class"] in classes, done
    assert done["error_text"] and "\n" not in done["error_text"]
    hub.park(name)
    return done


def fails_again(hub, name, origin_before, *classes):
    """The next sync of a good mirror fails; what it published before stays as it was."""
    return has_failed(hub, name, hub.sync_and_wait(name), origin_before, *classes)


def has_failed(hub, name, done, origin_before, *classes):
    job = hub.job(name)
    hub.park(name)
    assert done["outcome"] == "failed" and done["error_class"] in classes, done
    assert job["state"] in ("retry", "scheduled", "dead")
    assert (job["run_at"] - done["finished_at"]).total_seconds() > 1, "it is tried again at once: a storm"
    assert hub.refs(name) == origin_before
    store = hub.store_dir(name)
    run(["git", "-c", "safe.directory=*", "-C", str(store), "fsck", "--full"])
    return done


# ---------------------------------------------------------------- M-01: schemes

@pytest.mark.parametrize("url", [
    "file:///etc", "FILE:///etc", "file://localhost/etc/x.git", "ext::sh -c id", "EXT::sh -c id",
    "fd::17", "fd::17/foo", "ssh://-oProxyCommand=touch%20x/a/b", "gopher://127.0.0.1/a/b",
    "ftp://127.0.0.1/a/b", "ftps://127.0.0.1/a/b", "dict://127.0.0.1/a/b", "ldap://127.0.0.1/a/b",
    "/etc/a/b", "./a/b", "../a/b", "a/b", "-uxx", "--upload-pack=x", "javascript:alert(1)//a/b",
    "data:text/plain,a/b", "http:/a/b", "http:a/b", "://a/b", "transport::http://a/b", "git@-oX:a/b",
    "http://a/b c", "http://a/b\tc", "http://a\\b/c", "tftp://a/b", "smb://a/b", "rtsp://a/b"])
def test_M01_other_schemes_and_forms_are_refused_at_once(hub, url):
    got = hub.post("/repositories", {"url": url, "name": "m01"})
    assert got.status_code == 400, got.text
    assert hub.get("/repositories/m01").status_code == 404


@pytest.mark.parametrize("url", ["git://unreachable.invalid/a/b.git", "ssh://unreachable.invalid/a/b.git",
                                 "git@unreachable.invalid:a/b.git"])
def test_M01_a_scheme_that_the_settings_leave_out_is_refused(strict, url):
    got = strict.post("/repositories", {"url": url, "name": "m01"})
    if got.status_code == 201:
        failed(strict, "m01", "policy")
        strict.delete("/repositories/m01")
    else:
        assert got.status_code == 400


# ---------------------------------------------------------------- M-02, M-03: spellings of a host

SPELLINGS = ["127.0.0.1", "127.1", "127.0.1", "0x7f000001", "0x7f.0.0.1", "2130706433", "0177.0.0.1",
             "017700000001", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
             "[::127.0.0.1]", "[::1%25lo]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost",
             "localhost.", "LOCALHOST", "127.0.0.1.", "\uff11\uff12\uff17.0.0.1",
             "127\u30020\u30020\u30021", "169.254.169.254", "10.0.0.1", "192.168.0.1", "[fe80::1]",
             "[fd00::1]", "100.64.0.1"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_M02_no_spelling_of_a_private_address_is_reached(strict, upstream, host):
    before = len(upstream.asked("m/x.git"))
    got = strict.post("/repositories", {"url": "http://%s:%d/m/x.git" % (host, upstream.port),
                                        "name": "m02"})
    if got.status_code == 201:
        failed(strict, "m02", "policy", "gone", "network")
        row = strict.last_run("m02")
        # what is an address at all must be refused for being one
        assert row["error_class"] == "policy" or not host[0].isdigit(), row
        strict.delete("/repositories/m02")
    else:
        assert got.status_code == 400, got.text
    assert len(upstream.asked("m/x.git")) == before


@pytest.mark.parametrize("url", [
    "https://good.example\\@127.0.0.1/a/b", "https://good.example@127.0.0.1:PORT/a/b\\",
    "http://127.0.0.1:PORT\\@good.example/a/b", "http://good.example#@127.0.0.1:PORT/a/b",
    "http://good.example?@127.0.0.1:PORT/a/b", "http://127.0.0.1:PORT@good.example/a/b",
    "http://[::1]@127.0.0.1:PORT/a/b", "http://127.0.0.1%00.good.example:PORT/a/b",
    "http://127.0.0.1%2f@good.example:PORT/a/b", "http://good.example:PORT:80/a/b",
    "http://\u0131localhost:PORT/a/b", "http:///127.0.0.1:PORT/a/b", "http://127.0.0.1:PORT:x/a/b"])
def test_M03_a_url_that_parsers_disagree_about_reaches_nobody(strict, upstream, url):
    before = len(upstream.asked())
    got = strict.post("/repositories", {"url": url.replace("PORT", str(upstream.port)), "name": "m03"})
    assert got.status_code in (201, 400)
    if got.status_code == 201:
        failed(strict, "m03", "policy", "gone", "network")
        strict.delete("/repositories/m03")
    assert len(upstream.asked()) == before


def test_M02_the_settings_can_allow_an_address(hub, upstream, origin, path, name):
    hub.mirror(upstream.url(path), name)
    assert hub.refs(name) == origin.mirrored()


# ---------------------------------------------------------------- M-04, M-05: names

needs_hosts = pytest.mark.skipif(not can_unshare(), reason="an /etc/hosts of one's own needs root")


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """(hub, hosts file): a hub that may reach 127.0.0.1 alone, and what names mean to it."""
    hosts = tmp_path_factory.mktemp("hosts") / "hosts"
    hosts.write_text("127.0.0.1 localhost\n127.0.0.1 good.test\n"
                     "127.0.0.1 both.test\n10.9.8.7 both.test\n"
                     "127.0.0.2 private.test\n127.0.0.1 flip.test\n")
    hosts.parent.chmod(0o755)
    hosts.chmod(0o644)
    with running({"net.allow": "127.0.0.1/32"}, hosts=hosts) as one:
        yield one, hosts


@needs_hosts
def test_M04_a_name_must_have_good_addresses_only(named, upstream, origin, path, name):
    hub, _ = named
    hub.mirror(upstream.url(path, host="good.test"), name + "-good")
    before = len(upstream.asked(path))
    for host in ("both.test", "private.test"):
        hub.add(upstream.url(path, host=host), name + "-" + host[:4])
        failed(hub, name + "-" + host[:4], "policy")
    assert len(upstream.asked(path)) == before


@needs_hosts
def test_M05_a_name_that_changes_its_address_in_the_middle_is_not_followed(
        named, upstream, origin, path, name):
    hub, hosts = named
    evil_folder = upstream.folder.parent / "evil"
    simple(evil_folder / path)
    was = hosts.read_text()
    with up.Upstream(evil_folder, host="127.0.0.2", port=upstream.port) as evil:
        def flip(x):
            hosts.write_text(was.replace("127.0.0.1 flip.test", "127.0.0.2 flip.test"))
            return False
        upstream.fault(path, flip)
        hub.add(upstream.url(path, host="flip.test"), name)
        done = hub.wait_run(name)
        assert evil.asked() == []
        if done["outcome"] == "changed":  # pinned to the checked address all through
            assert hub.refs(name) == origin.mirrored()
        else:
            assert done["error_class"] == "policy", done
        # and the next sync looks again
        again = hub.sync_and_wait(name)
        assert (again["outcome"], again["error_class"]) == ("failed", "policy")
        assert evil.asked() == []
    upstream.heal()
    hosts.write_text(was)


# ---------------------------------------------------------------- M-06, M-07: redirects

BAD_TARGETS = ["http://10.0.0.1/a/b.git", "http://127.0.0.2:PORT/PATH", "file:///etc/passwd",
               "http://[::1]:PORT/PATH", "ftp://127.0.0.1/PATH", "gopher://127.0.0.1:PORT/PATH",
               "http://169.254.169.254/latest/meta-data", "", "//", "\\\\host\\share", "javascript:x"]


@pytest.mark.parametrize("target", BAD_TARGETS)
@pytest.mark.parametrize("only", ["advert", "pack"])
def test_M06_a_redirect_to_where_one_may_not_go_is_not_followed(
        hub, upstream, origin, path, name, target, only):
    target = target.replace("PORT", str(upstream.port)).replace("PATH", path + "/info/refs")
    upstream.fault(path, up.redirect(target, only=only))
    hub.add(upstream.url(path), name)
    failed(hub, name, "policy", "protocol")
    upstream.heal(path)


def test_M06_a_loop_and_fifty_hops_end(hub, upstream, origin, path, name):
    upstream.fault(path, up.redirect(lambda x: x.request.path + "?" + x.request.query))
    hub.add(upstream.url(path), name)
    failed(hub, name, "policy")
    assert len(upstream.asked(path)) <= 8
    upstream.fault(path, up.redirect_hops(50))
    before = len(upstream.asked(path))
    hub.sync_and_wait(name, "failed")
    assert len(upstream.asked(path)) - before <= 8


def test_M06_a_repository_that_moved_on_its_host_is_found(hub, upstream, origin, path, name):
    """Forges redirect /a/b to /a/b.git."""
    bare = path[:-len(".git")]
    for service in ("info/refs", "git-upload-pack"):
        upstream.fault(bare + "/" + service, up.redirect(
            lambda x, s=service: "/%s/%s?%s" % (path, s, x.request.query), code=301))
    hub.mirror(upstream.url(bare), name)
    assert hub.refs(name) == origin.mirrored()
    origin.commit()
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()


@pytest.mark.parametrize("only", ["advert", "pack"])
@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_M07_the_target_of_a_redirect_sees_no_credentials(
        hub, upstream, origin, path, name, only, code, tmp_path):
    hub.hide("canary-redirect")
    simple(tmp_path / "up" / path)
    with up.Upstream(tmp_path / "up") as other:
        upstream.fault(path, up.redirect(lambda x: "%s/%s/%s?%s" % (
            other.base, path, x.rest, x.request.query), code, only))
        hub.add(upstream.url(path, "someone:canary-redirect"), name)
        hub.wait_run(name)
        for request in other.asked():
            assert request.authorization is None
            assert "canary" not in str(request.headers) + request.path + request.query
            assert "cookie" not in request.headers
    upstream.heal(path)


# ---------------------------------------------------------------- M-08: dumb upstreams

def test_M08_an_upstream_of_loose_files_is_refused(hub, upstream, origin, path, name):
    upstream.fault(path, up.dumb(alternates="http://127.0.0.1:%d/m/inside.git/objects" % upstream.port))
    hub.add(upstream.url(path), name)
    failed(hub, name, "protocol")
    assert not upstream.asked("m/inside.git")
    assert not [r for r in upstream.asked(path) if "alternates" in r.path or "objects" in r.path]
    upstream.heal(path)


# ---------------------------------------------------------------- M-11, M-12: credentials

def test_M11_credentials_of_a_url_are_taken_out_of_it_and_sealed(hub, upstream, origin, path, name):
    hub.hide("canary-m11")
    upstream.require(path, "some one", "canary-m11/@:%")
    hub.mirror(upstream.url(path, "some%20one:canary-m11%2F%40%3A%25"), name)
    assert hub.refs(name) == origin.mirrored()
    assert "canary" not in hub.show(name)["url"] and "some" not in hub.show(name)["url"].split("/m/")[0]
    row = hub.row("SELECT m.* FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id"
                  " WHERE p.path = %s", name)
    assert row["url"] == upstream.url(path)
    assert row["sealed_credentials"] and "canary" not in row["sealed_credentials"]
    # no credentials where none are asked for by the same upstream's neighbour
    assert all(r.authorization for r in upstream.asked(path)[1:])


CANARY = "canary-7f3a91c2"


@pytest.fixture(scope="module")
def storm(hasty, upstream):
    """Mirrors whose credentials are a canary, through success and all kinds of failure."""
    seen = []
    faults = {"fine": None, "wrong": up.status(401), "denied": up.status(403), "gone": up.status(404),
              "busy": up.too_many(3600), "broken": up.status(500, CANARY + " says the upstream"),
              "page": up.login_page(), "silent": up.silent(), "moved": up.redirect("http://10.0.0.1/x"),
              "cut": up.reset_mid_pack(), "checksum": up.bad_checksum()}
    hasty.hide(CANARY)
    for what, fault in faults.items():
        path = "canary/%s.git" % what
        simple(upstream.folder / path)
        upstream.require(path, "user-" + CANARY, CANARY)
        if fault:
            upstream.fault(path, fault)
        hasty.add(upstream.url(path, "user-%s:%s" % (CANARY, CANARY)), "canary-" + what)

    def look():
        for pid in hasty.processes():
            for file in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    if CANARY.encode() in pathlib.Path("/proc/%d/%s" % (pid, file)).read_bytes():
                        seen.append((pid, file))
        return all(hasty.last_run("canary-" + what) for what in faults)
    wait_until(look, 120, "all of them have run")
    upstream.heal()
    return seen


def test_M12_a_secret_shows_in_no_process(storm):
    assert storm == []


def test_M12_a_secret_shows_in_no_answer(hasty, storm):
    for auth in (None, hasty.admin):
        for path in ("/repositories", "/repositories/canary-fine", "/repositories/canary-broken", "/info",
                     "/info/busy", "/info/scheduled", "/info/retry_failtures",
                     "/repositories/search?q=canary"):
            got = hasty.get(path, auth)
            assert CANARY not in got.text + str(got.headers)
    got = hasty.post("/repositories", {"url": "https://u:%s@h/a/b" % CANARY, "name": "../x"})
    assert got.status_code == 400 and CANARY not in got.text + str(got.headers)
    got = hasty.post("/repositories", {"url": "ftp://u:%s@h/a/b" % CANARY})
    assert got.status_code == 400 and CANARY not in got.text + str(got.headers)


def test_M12_a_secret_shows_in_no_log_and_nowhere_in_the_database(hasty, storm):
    assert CANARY not in hasty.logs()
    assert CANARY not in hasty.dump()


def test_M12_a_secret_lies_in_no_file_of_the_hub(hasty, storm):
    for folder, inner, files in os.walk(hasty.var):
        if pathlib.Path(folder) == hasty.var:
            inner.remove("pg")
        for path in (pathlib.Path(folder, file) for file in files):
            with contextlib.suppress(FileNotFoundError):  # a sync comes and goes
                assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def test_the_files_of_the_hub_are_for_its_programs_alone(hasty, storm):
    assert (hasty.var / "keys" / "seal.key").stat().st_mode & 0o777 == 0o400
    for path in [hasty.data_dir, *hasty.data_dir.glob("repos/*/*")]:
        assert path.stat().st_mode & 0o007 == 0, path


# ---------------------------------------------------------------- M-15: slow, silent, endless

# What only time ends: all are asked at once, and waited for together.
ENDLESS = {
    "silent": (up.silent(), ("network",)),
    "silent when asked for a pack": (up.silent(only="pack"), ("network",)),
    "silent in the middle of a pack": (up.silent_mid_pack(), ("network",)),
    "one byte at a time": (up.trickle(), ("network",)),
    "one byte of the refs at a time": (up.trickle(only="advert"), ("network",)),
    "endless progress": (up.endless_progress(), ("network", "policy")),
}
WRONG = {
    "endless pack": (up.endless_pack(40_000_000), ("policy",)),
    "more objects than are allowed": (up.endless_pack(0x7ffffff0), ("policy", "protocol")),
    "endless refs": (up.endless_advert(), ("policy",)),
    "a huge claim": (up.huge_claim(), ("policy", "protocol")),
    "a bomb of zeros": (up.inflate_bomb(1 << 26), ("policy", "protocol")),
    "a bomb of deltas": (up.delta_bomb(1 << 26), ("policy", "protocol")),
    "a wrong length": (up.wrong_length(), ("network", "protocol")),
    "a wrong checksum": (up.bad_checksum(), ("protocol",)),
    "a pack that ends early": (up.end_mid_pack(), ("network", "protocol")),
}


@pytest.fixture(scope="module")
def endless(hasty, upstream):
    """{what: (its mirror, its origin, the refs before, the run that was to bring more)}"""
    begun = {}
    for i, what in enumerate(ENDLESS):
        path, name = "m/endless-%d.git" % i, "endless-%d" % i
        origin = simple(upstream.folder / path)
        hasty.mirror(upstream.url(path), name)
        begun[what] = (name, origin, origin.mirrored())
        origin.noise(300000)
        upstream.fault(path, ENDLESS[what][0])
    before = {name: hasty.run_id(name) for name, _, _ in begun.values()}
    for name in before:
        assert hasty.put("/repositories/" + name).status_code == 200
    return {what: (*one, hasty.wait_run(one[0], before[one[0]], 120)) for what, one in begun.items()}


def is_whole_again(hub, upstream, origin, path, name):
    upstream.heal(path)
    hub.forgive_hosts()  # whose breaker has counted the others
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()
    hub.wait_clean(name)


@pytest.mark.parametrize("what", ENDLESS)
def test_M15_an_upstream_that_does_not_come_to_an_end_is_cut_off(hasty, upstream, endless, what):
    name, origin, before, done = endless[what]
    has_failed(hasty, name, done, before, *ENDLESS[what][1])
    is_whole_again(hasty, upstream, origin, "m/%s.git" % name, name)


@pytest.mark.parametrize("what", WRONG)
def test_M15_an_upstream_that_sends_what_it_may_not_is_cut_off(
        hub, upstream, origin, path, name, what):
    fault, classes = WRONG[what]
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    origin.noise(300000)
    upstream.fault(path, fault)
    fails_again(hub, name, before, *classes)
    is_whole_again(hub, upstream, origin, path, name)


def test_M15_too_large_a_pack_is_refused(hub, upstream, origin, path, name):
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    for i in range(4):
        origin.noise(400000 + i)
    fails_again(hub, name, before, "policy")


def test_M15_while_one_upstream_is_silent_the_others_go_on(hub, upstream, origin, path, name):
    other = simple(upstream.folder / ("m/%s-other.git" % name))
    hub.mirror(upstream.url("m/%s-other.git" % name), name + "-other")
    upstream.fault(path, up.silent())
    hub.add(upstream.url(path), name)
    wait_until(lambda: upstream.asked(path), 60, "the silent one is asked")
    other.commit()
    hub.sync_and_wait(name + "-other", "changed")
    assert hub.last_run(name) is None, "the silent one is still waited for"
    upstream.heal()  # cut off, it is asked anew, at once or with the next try
    hub.wait_run(name)
    hub.park(name)


# ---------------------------------------------------------------- M-16: what upstreams say

SAYINGS = {
    "401": (up.status(401, WWW_Authenticate='Basic realm="x"'), ("auth",)),
    "403": (up.status(403), ("auth",)),
    "404": (up.status(404), ("gone",)),
    "410": (up.status(410), ("gone",)),
    "429": (up.too_many(7200), ("busy",)),
    "503 with Retry-After": (up.status(503, Retry_After=7200), ("busy",)),
    "503": (up.status(503), ("network",)),
    "500": (up.status(500), ("network",)),
    "502": (up.status(502), ("network",)),
    "a page": (up.login_page(), ("protocol",)),
    "204": (up.status(204, ""), ("protocol",)),
    "304": (up.status(304, ""), ("protocol", "policy")),
    "500 for the pack": (up.status(500, only="pack"), ("network",)),
    "404 for the pack": (up.status(404, only="pack"), ("gone", "protocol")),
    "a page for the pack": (up.status(200, "<html>", only="pack"), ("protocol",)),
    "a reset": (up.reset_mid_pack(), ("network",)),
    "a reset at the end": (up.reset_mid_pack(0.99), ("network",)),
    "a reset after the refs": (up.reset_after_advert(), ("network",)),
}


@pytest.mark.parametrize("what", SAYINGS)
def test_M16_each_way_of_failing_has_its_class_and_changes_nothing(
        hub, upstream, origin, path, name, what):
    fault, classes = SAYINGS[what]
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    origin.noise(300000)
    upstream.fault(path, fault)
    asked = len(upstream.asked(path))
    fails_again(hub, name, before, *classes)
    assert len(upstream.asked(path)) - asked <= 4, "a storm of requests"
    upstream.heal(path)
    hub.forgive_hosts()  # one that wants to be left alone is, whoever asks
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()


@pytest.mark.parametrize("what", ["429", "503 with Retry-After"])
def test_M16_an_upstream_that_says_when_is_asked_again_then(hub, upstream, origin, path, name, what):
    upstream.fault(path, SAYINGS[what][0])
    hub.add(upstream.url(path), name)
    failed(hub, name, "busy")
    later = wait_until(lambda: hub.one(
        "SELECT extract(epoch FROM run_at - now())::float FROM hub.job j JOIN hub.project p"
        " ON p.id = j.project_id WHERE p.path = %s AND j.state <> 'running'", name), 60)
    assert later > 7100
    upstream.heal(path)


def test_M16_TLS_errors_are_never_ignored(hub, tmp_path, name):
    cert = up.self_signed(tmp_path / "tls")
    simple(tmp_path / "up" / "a.git")
    with up.Upstream(tmp_path / "up", tls=cert) as server:
        hub.add(server.url("a.git"), name)
        failed(hub, name, "tls")
        assert server.asked() == []
        hub.add(server.url("a.git", host="localhost"), name + "-host")
        failed(hub, name + "-host", "tls", "policy")  # ::1 is not allowed here
        assert server.asked() == []


def test_M16_plain_HTTP_on_a_TLS_port_and_the_other_way_round_fail(hub, upstream, tmp_path, name):
    cert = up.self_signed(tmp_path / "tls")
    with up.Upstream(tmp_path / "up", tls=cert) as server:
        hub.add(server.url("a.git").replace("https:", "http:"), name)
        failed(hub, name, "network", "protocol")
    hub.add(upstream.url("a/b.git").replace("http:", "https:"), name + "-s")
    failed(hub, name + "-s", "network", "tls", "protocol")


# ---------------------------------------------------------------- what is in a pack

def test_a_pack_without_the_objects_it_needs_is_refused(hub, upstream, path, name):
    """mirroring.md 0.5: a commit whose tree does not exist; libgit2 alone takes it."""
    origin = upstream.repo(path)
    origin.commit("main", {"a": "1"})
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    origin.commit("main", {"a": "2"})
    upstream.fault(path, up.incomplete_pack(origin, "main"))
    fails_again(hub, name, before, "protocol")
    assert Repo(hub.store_dir(name)).oid(origin.oid("main") + "^{commit}") is None
    upstream.heal(path)
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()


def test_a_first_pack_without_the_objects_it_needs_is_refused(hub, upstream, path, name):
    origin = upstream.repo(path)
    origin.commit("main", {"a": "1"})
    upstream.fault(path, up.incomplete_pack(origin, "main"))
    hub.add(upstream.url(path), name)
    failed(hub, name, "protocol")
    assert hub.get("/%s.git/info/refs?service=git-upload-pack" % name).status_code == 503


def test_refs_that_point_to_nothing_in_the_pack_are_refused(hub, upstream, path, name):
    origin = simple(upstream.folder / path)
    upstream.fault(path, up.sends_pack(lambda x: up.pack_of([(3, b"another thing", None)])))
    hub.add(upstream.url(path), name)
    failed(hub, name, "protocol")
    assert hub.get("/%s.git/info/refs?service=git-upload-pack" % name).status_code == 503
    upstream.heal(path)
    hub.sync_and_wait(name, "changed")
    assert hub.refs(name) == origin.mirrored()


@pytest.mark.parametrize("what, entries", EVIL_TREES, ids=[n for n, _ in EVIL_TREES])
def test_G01_a_tree_that_git_calls_wrong_is_refused(hub, upstream, origin, path, name, what, entries):
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    tree = origin.raw_tree(entries(origin))
    origin.ref("refs/heads/main", origin.commit_of_tree(tree, [origin.oid("main")], "evil"))
    fails_again(hub, name, before, "protocol")


def test_R24_a_sync_that_failed_in_the_middle_is_done_by_the_next(hub, upstream, origin, path, name):
    for fault in (up.reset_mid_pack(), up.reset_mid_pack(0.99), up.reset_after_advert(),
                  up.wrong_length(), up.end_mid_pack(0.9)):
        origin.noise(200000 + len(origin.mirrored()))
        upstream.fault(path, fault)
        if hub.get("/repositories/" + name).status_code == 404:
            hub.add(upstream.url(path), name)
            failed(hub, name, "network", "protocol")
        else:
            hub.sync_and_wait(name, "failed")
            hub.park(name)
        upstream.heal(path)
        hub.sync_and_wait(name, "changed")
        assert hub.refs(name) == origin.mirrored()
