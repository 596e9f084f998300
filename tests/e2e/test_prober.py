"""The prober (mirroring.md 5.6) alone, against upstreams that behave and upstreams that do not: what it
says of each, what it asks for, and whom it connects to. What becomes of it in the queue is in
test_probes.py."""

import hashlib
import re
import threading

import pytest

from fixtures import upstream as up
from fixtures.dns import Dns, a, cname, silent as no_answer
from fixtures.hub import ROOT, build_dir
from fixtures.prober import Order, Prober
from fixtures.run import clean_env
from fixtures.upstream import SilentPort, Upstream, closed_port, self_signed

PROGRAM = ROOT / build_dir() / "mirrorhub-sync"


@pytest.fixture
def start(tmp_path):
    """start(conf, **more): a prober that ends with the test, and ends well."""
    running = []

    def begin(conf=None, **more):
        running.append(Prober(tmp_path / ("prober%d" % len(running)), conf, program=PROGRAM, **more))
        return running[-1]
    yield begin
    for one in running:
        one.close()


@pytest.fixture
def server(tmp_path):
    with Upstream(tmp_path / "upstream") as one:
        yield one


@pytest.fixture
def repo(server):
    repo = server.repo("a.git")
    first = repo.commit("main", {"README": "hello"})
    repo.commit("other", {"README": "other"})
    repo.tag("v1", first, message="the first one")
    repo.tag("light", first)
    repo.ref("refs/pull/1/head", first)
    return repo


def fingerprint(repo, head="refs/heads/main"):
    """As git_refs_fingerprint has it."""
    refs = {name: oid for name, oid in repo.refs().items()
            if name.startswith(("refs/heads/", "refs/tags/"))}
    text = "ref: %s HEAD\n" % head if head in refs else ""
    text += "".join("%s %s\n" % (refs[name], name) for name in sorted(refs))
    return hashlib.sha256(text.encode()).hexdigest()


def asked(server):
    return [(r.method, r.path.rpartition("/")[2], r.headers.get("git-protocol"))
            for r in server.requests]


POST = ("POST", "git-upload-pack", "version=2")
GET = ("GET", "refs", None)
GET_ANY = ("GET", "refs", "version=2")


# ---------------------------------------------------------------- what it sees

def test_a_server_of_version_2_is_asked_once(start, server, repo):
    report = start().ask(server.url("a.git"))
    assert (report.fingerprint, report.v2, report.error) == (fingerprint(repo), 1, "")
    assert asked(server) == [POST]
    assert b"ref-prefix refs/heads/\n" in server.requests[0].body
    assert b"peel" not in server.requests[0].body


def test_a_server_of_version_0_is_found_out_and_seen_alike(start, server, repo):
    server.speaks_v2 = False
    prober = start()
    report = prober.ask(server.url("a.git"))
    assert (report.fingerprint, report.v2) == (fingerprint(repo), 2)
    assert asked(server) == [POST, GET]
    server.requests.clear()
    assert prober.ask(server.url("a.git"), v2=2).fingerprint == fingerprint(repo)
    assert asked(server) == [GET_ANY]


def test_a_host_that_learns_or_forgets_version_2_is_found_out(start, server, repo):
    prober = start()
    assert prober.ask(server.url("a.git"), v2=2).v2 == 1
    assert asked(server) == [GET_ANY, POST]
    server.speaks_v2 = False
    assert prober.ask(server.url("a.git"), v2=1).v2 == 2


def test_a_server_that_says_2_and_answers_by_0_is_no_endless_loop(start, server, repo):
    def fault(x):
        if x.request.method == "POST":
            x.send(404, "no")
            return True
        return False
    server.fault("a.git", fault)
    report = start().ask(server.url("a.git"), v2=2)
    assert report.v2 == 2 and report.fingerprint == fingerprint(repo)
    assert asked(server) == [GET_ANY, POST, GET]


@pytest.mark.parametrize("v2", [True, False])
@pytest.mark.parametrize("kind", ["empty", "unborn", "detached", "detached elsewhere", "no main"])
def test_repositories_of_all_kinds_are_seen(start, server, v2, kind):
    server.speaks_v2 = v2
    repo = server.repo("b.git")
    head = "refs/heads/main"
    if kind == "unborn":
        repo.commit("other", {"a": "a"})
    elif kind == "detached":
        repo.commit("zzz", {"a": "a"})
        repo.git("update-ref", "--no-deref", "HEAD", repo.commit("master", {"a": "b"}))
        head = "refs/heads/master"
    elif kind == "detached elsewhere":
        first = repo.commit("main", {"a": "a"})
        repo.commit("main", {"a": "b"})
        repo.git("update-ref", "--no-deref", "HEAD", first)
        head = None
    elif kind == "no main":
        repo.commit("trunk", {"a": "a"})
        repo.git("symbolic-ref", "HEAD", "refs/heads/trunk")
        head = "refs/heads/trunk"
    assert start().ask(server.url("b.git")).fingerprint == fingerprint(repo, head)


def test_options_say_which_refs_count(start, server, repo):
    prober = start()
    options = '{"ref_include":"refs/pull/*\\nmain","ref_exclude":"refs/tags/*"}'
    report = prober.ask(server.url("a.git"), options=options)
    lines = "ref: refs/heads/main HEAD\n" + "".join(
        "%s %s\n" % (repo.oid(name), name) for name in ("refs/heads/main", "refs/pull/1/head"))
    assert report.fingerprint == hashlib.sha256(lines.encode()).hexdigest()
    assert prober.ask(server.url("a.git"), options='{"most_refs":2}').error == "policy"
    assert prober.ask(server.url("a.git"), options='{"ref_include":7}').error == "protocol"


def test_repositories_by_sha256_are_refused(start, server, tmp_path):
    from fixtures.run import run
    run(["git", "init", "-q", "--bare", "--object-format=sha256", str(tmp_path / "upstream/s.git")])
    server.repo("s.git").commit("main", {"a": "a"})
    report = start().ask(server.url("s.git"))
    assert report.error == "protocol" and "SHA-256" in report.text


# ---------------------------------------------------------------- what goes wrong

@pytest.mark.parametrize("fault,error,n", [
    (up.status(401), "auth", 1), (up.status(403), "auth", 1), (up.status(404), "gone", 2),
    (up.status(410), "gone", 2), (up.too_many(70), "busy", 1), (up.status(500), "network", 2),
    (up.status(503, Retry_After=70), "busy", 1), (up.status(418), "protocol", 2),
    (up.status(200, "hello"), "protocol", 2), (up.login_page(), "protocol", 2),
    (up.dumb(), "protocol", None), (up.wrong_length(100), "network", 1),
    (up.status(200, "0000", Content_Type2="x"), "protocol", 2),
])
def test_failures_have_the_class_that_a_sync_gives_them(start, server, repo, fault, error, n):
    server.fault("a.git", fault)
    report = start().ask(server.url("a.git"))
    assert (report.error, report.fingerprint) == (error, "")
    assert report.text and report.retry_after_s == (70 if error == "busy" else 0)
    if n is not None:
        assert len(server.requests) == n


def test_a_known_host_in_trouble_is_not_asked_twice(start, server, repo):
    server.fault("a.git", up.status(502))
    assert start().ask(server.url("a.git"), v2=1).error == "network"
    assert asked(server) == [POST]


def test_nobody_there_and_a_cut_connection_are_of_the_network(start, server, repo):
    prober = start()
    holder, port = closed_port()
    assert prober.ask("http://127.0.0.1:%d/a.git" % port).error == "network"
    holder.close()

    def cut(x):
        x.cut(reset=True)
        return True
    server.fault("a.git", cut)
    assert prober.ask(server.url("a.git")).error == "network"


def test_lists_without_end_are_cut_at_their_limit(start, server, repo):
    prober = start({"sync.advert_bytes": 1 << 20, "sync.refs": 1000})
    server.fault("a.git", up.endless_advert())
    assert prober.ask(server.url("a.git"), v2=1).error == "policy"
    prober = start({"sync.advert_bytes": 1 << 16})
    server.fault("a.git", up.endless_advert())
    report = prober.ask(server.url("a.git"))
    assert report.error == "policy" and "65536" in report.text


def test_headers_without_end_are_cut(start, server, repo):
    def flood(x):
        x.raw(b"HTTP/1.1 200 X\r\n")
        x.hold(lambda: x.raw(b"X-Header: %s\r\n" % (b"y" * 1000) * 20), 0.001)
        return True
    server.fault("a.git", flood)
    assert start().ask(server.url("a.git")).error in ("protocol", "network")


def test_a_page_of_an_upstream_without_end_is_not_read_to_the_end(start, server, repo):
    def endless(x):
        x.head(404, Content_Type="text/html", Connection="close")
        x.hold(lambda: x.raw(b"x" * 60000), 0.001)
        return True
    server.fault("a.git", endless)
    assert start().ask(server.url("a.git")).error == "gone"


def test_an_upstream_that_repeats_the_password_is_not_quoted(start, server, repo):
    def echo(x):
        x.send(200, up.pkt("ERR hello canary-4711\n"),
               Content_Type="application/x-git-upload-pack-%s" % (
                   "result" if x.request.method == "POST" else "advertisement"))
        return True
    server.fault("a.git", echo)
    report = start().ask(server.url("a.git"), credentials="bob:canary-4711")
    assert report.error and "canary" not in repr(report)


# ---------------------------------------------------------------- silence and many at once

@pytest.fixture
def silence():
    """A hundred orders for hosts that accept and say nothing."""
    ports = [SilentPort() for _ in range(20)]
    yield [Order(port.url("x%d.git" % i)) for port in ports for i in range(5)]
    for port in ports:
        port.close()


def test_silent_hosts_hold_up_nobody(start, server, repo, silence):
    """G14: a hundred of them, and a hundred and first, which is told of while they are waited for."""
    prober, last = start(), Order(server.url("a.git"))
    prober.send([*silence, last])
    assert {fence: r.fingerprint for fence, r in prober.reports(1).items()} == {last.fence: fingerprint(repo)}


def test_silent_hosts_are_given_up(start, silence):
    prober = start({"net.low_speed_s": 2})
    prober.send(silence)
    reports = prober.reports(len(silence))
    assert {reports[o.fence].error for o in silence} == {"network"}
    # libcurl looks once a second, and we when it may have missed it
    assert re.search("silent for 2 seconds|the last 2 seconds", reports[silence[0].fence].text)


def test_a_host_has_no_more_requests_than_it_may(start, server, repo):
    gate, lock, n = threading.Event(), threading.Lock(), [0, 0]

    def count(x):
        with lock:
            n[0] += 1
            n[1] = max(n)
        if n[0] == 3:
            gate.set()
        gate.wait(20)
        with lock:
            n[0] -= 1
        return False
    server.fault("a.git", count)
    prober = start()
    prober.send([Order(server.url("a.git"), v2=1, most=3) for _ in range(12)])
    assert {r.fingerprint for r in prober.reports(12).values()} == {fingerprint(repo)}
    assert n[1] == 3


def test_connections_are_kept(start, server, repo):
    ports = set()

    def note(x):
        ports.add(x.handler.client_address[1])
        return False
    server.fault("a.git", note)
    prober = start()
    for _ in range(5):
        assert prober.ask(server.url("a.git"), v2=1).error == ""
    assert len(ports) == 1


# ---------------------------------------------------------------- redirects and secrets

def test_a_permanent_redirect_is_followed_and_told(start, server, repo):
    prober = start()
    server.fault("old.git", up.redirect_whole(server.url("a.git"), 301))
    report = prober.ask(server.url("old.git"))
    assert (report.fingerprint, report.moved_to) == (fingerprint(repo), server.url("a.git"))
    server.fault("old.git", up.redirect_whole(server.url("a.git"), 302))
    report = prober.ask(server.url("old.git"))
    assert (report.fingerprint, report.moved_to) == (fingerprint(repo), "")


def test_redirects_have_the_rules_of_a_sync(start, server, repo):
    prober = start()
    server.fault("a.git", up.redirect(lambda x: server.url("login")))
    assert prober.ask(server.url("a.git")).error == "policy"
    server.fault("a.git", up.redirect(lambda x: "ftp://127.0.0.1/a.git/" + x.rest))
    assert prober.ask(server.url("a.git")).error == "policy"
    server.fault("a.git", up.redirect(lambda x: "http://10.0.0.1/a.git/" + x.rest))
    assert prober.ask(server.url("a.git")).error == "policy"
    server.fault("a.git", up.redirect(lambda x: server.url("a.git/") + x.rest))
    assert prober.ask(server.url("a.git")).error == "policy"
    assert len(server.requests) == 1 + 1 + 1 + 4


def test_credentials_stay_with_the_host_they_are_for(start, server, repo, tmp_path):
    with Upstream(tmp_path / "upstream") as other:
        server.require("a.git", "bob", "secret-4711")
        prober = start()
        assert prober.ask(server.url("a.git")).error == "auth"
        assert prober.ask(server.url("a.git"), credentials="bob:secret-4711").error == ""
        server.fault("a.git", up.redirect_whole(other.url("a.git")))
        assert prober.ask(server.url("a.git"), credentials="bob:secret-4711").error == ""
        assert all(r.authorization is None for r in other.requests)
        # and nobody has those of the one before him
        server.heal()
        assert prober.ask(server.url("a.git")).error == "auth"


# ---------------------------------------------------------------- TLS

def test_certificates_are_looked_at(start, tmp_path):
    cert = self_signed(tmp_path / "cert")
    with Upstream(tmp_path / "upstream", tls=cert) as server:
        repo = server.repo("a.git")
        repo.commit("main", {"a": "a"})
        assert start().ask(server.url("a.git")).error == "tls"
        env = clean_env(SSL_CERT_FILE=str(cert / "cert.pem"))
        prober = start(env=env)
        assert prober.ask(server.url("a.git")).fingerprint == fingerprint(repo)
        assert prober.ask(server.url("a.git", host="localhost")).error == ""
        assert prober.ask(server.url("a.git", host="127.0.0.2")).error in ("tls", "network")
        assert prober.ask(server.url("a.git").replace("https", "http")).error in ("network", "protocol")


# ---------------------------------------------------------------- names

@pytest.fixture
def dns():
    with Dns() as one:
        yield one


def test_names_are_looked_up_once_for_all_who_wait(start, server, repo, dns):
    dns.answer("many.test", a("127.0.0.1"))
    prober = start({"net.resolvers": dns.address})
    url = server.url("a.git", host="many.test")
    prober.send([Order(url, v2=1) for _ in range(20)])
    assert {r.error for r in prober.reports(20).values()} == {""}
    assert len([q for q in dns.asked("many.test")]) <= 4  # A and AAAA, and once more at the most


def test_a_name_that_turns_inwards_is_refused(start, server, repo, dns):
    dns.answer("flip.test", a("127.0.0.1"), a("10.0.0.1"))
    dns.answer("mixed.test", [a("127.0.0.1"), a("10.0.0.1")])
    prober = start({"net.resolvers": dns.address, "net.allow": "127.0.0.0/8"})
    url = server.url("a.git", host="flip.test")
    assert prober.ask(url).error == ""
    assert prober.ask(url).error == "policy"
    assert prober.ask(server.url("a.git", host="mixed.test")).error == "policy"


def test_hundreds_of_addresses_are_all_judged(start, server, repo, dns):
    many = [a("127.0.%d.%d" % (1 + i // 250, 1 + i % 250)) for i in range(500)]
    many[0] = a("127.0.0.1")
    dns.answer("hosts.test", many)
    dns.answer("trap.test", many[:-1] + [a("10.0.0.1")])
    prober = start({"net.resolvers": dns.address, "net.allow": "127.0.0.0/8"})
    assert prober.ask(server.url("a.git", host="hosts.test")).error == ""
    assert prober.ask(server.url("a.git", host="trap.test")).error == "policy"


def test_a_silent_name_server_costs_its_own_hosts_alone(start, server, repo, dns):
    dns.fault("silent.test", no_answer)
    dns.answer("alias.test", cname("alias2.test"))
    prober = start({"net.resolvers": dns.address})
    waits, other = Order(server.url("a.git", host="silent.test")), Order(server.url("a.git"))
    prober.send([waits, other])
    reports = prober.reports(2)
    assert list(reports) == [other.fence, waits.fence]
    assert reports[waits.fence].error == "network" and "looked up" in reports[waits.fence].text
    assert prober.ask(server.url("a.git", host="nobody.test")).error == "gone"
