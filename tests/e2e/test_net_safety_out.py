"""Goal G15 for the ways that lead out with our own data and secrets: targets (a push on) and providers (a
forge's API). The table of test_net_safety.py names these tests; one hub and one mirror serve them all, and
what takes its time is waited for together."""

import itertools
import ssl

import pytest

from fixtures import dns as ns
from fixtures import forbidden
from fixtures import forge as fg
from fixtures import upstream as up
from fixtures.authority import Authority
from fixtures.canary import Gate
from fixtures.gitlab import GitLab
from fixtures.hub import running
from fixtures.repos import simple
from fixtures.run import wait_until

HUB_CONF = {"net.allow": "127.0.0.1/32", "sync.workers": 4, "sync.total_s": 15, "net.connect_s": 5,
            "net.low_speed_s": 6, "sync.advert_bytes": 1 << 20}
MIRROR, CANARY = "kept", "canary-out-4d7e"
API = "/api/v4"


# ---------------------------------------------------------------- tools

@pytest.fixture(scope="module")
def names():
    with ns.Dns() as server:
        yield server


@pytest.fixture(scope="module")
def authority():
    with Authority() as one:
        yield one


@pytest.fixture(scope="module")
def hub(names, authority, upstream):
    """One mirror, and no target yet."""
    with running({**HUB_CONF, "net.resolvers": names.address}, env=authority.env) as one:
        one.hide(CANARY)
        simple(upstream.folder / "from.git")
        one.mirror(upstream.url("from.git"), MIRROR)
        yield one


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with GitLab(tmp_path_factory.mktemp("lab"), groups=["mirrors"], token=CANARY) as forge:
        yield forge


@pytest.fixture(autouse=True)
def no_targets_stay(hub):
    """A project has twenty at most."""
    yield
    hub.sql("SELECT admin.delete_target(id) FROM hub.target")


places = itertools.count()


@pytest.fixture
def place(upstream):
    """A function: an empty repository that can be pushed to, (its path, the Repo)."""
    def make():
        path = "to/%d.git" % next(places)
        return path, upstream.repo(path)
    return make


def to(url):
    """A plain target with a password."""
    return {"url": url, "user": "bob", "password": CANARY}


def at(url, name="x"):
    """A target at a provider whose API that is."""
    return {"provider": "gitlab", "providerUrl": url, "providerNamespace": "mirrors", "token": CANARY,
            "providerOptions": '{"name": "%s"}' % name}


def ask(hub, wish):
    return hub.post("/api/repos/%s/targets" % MIRROR, json=wish)


def add(hub, wish):
    answer = ask(hub, wish)
    assert answer.status_code == 201, answer.text
    return answer.json()["target"]["id"]


def show(hub, target):
    answer = hub.get("/api/repos/%s/targets/%d" % (MIRROR, target), auth=hub.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()["target"]


def ended(hub, target, after=0):
    """Its row once an attempt behind that fence is over; it is not tried again by itself."""
    def over():
        return hub.one("SELECT count(*) FROM hub.job WHERE target_id = %s AND fence > %s"
                       " AND state NOT IN ('queued', 'running')", target, after)
    wait_until(over, 90, lambda: "a push ends: %s; %s" % (show(hub, target), hub.logs("sync")[-1500:]))
    hub.sql("UPDATE hub.job SET run_at = greatest(run_at, now() + interval '1 hour') WHERE target_id = %s", target)
    return show(hub, target)


def push(hub, target):
    fence = hub.one("SELECT fence FROM hub.job WHERE target_id = %s", target)
    answer = hub.post("/api/repos/%s/targets/%d/push" % (MIRROR, target), json={})
    assert answer.status_code == 202, answer.text
    return ended(hub, target, fence)


def refused(hub, wish, *classes):
    """Refused at once, or by the worker, in one of these classes."""
    answer = ask(hub, wish)
    assert answer.status_code in (201, 400), answer.text
    if answer.status_code == 201:
        failed(ended(hub, answer.json()["target"]["id"]), *classes)


def failed(now, *classes):
    assert now["errorClass"] in classes and now["error"].isprintable(), now
    assert CANARY not in now["error"], now


WAYS = {"target": lambda base, path: to("%s/%s" % (base, path)),
        "provider": lambda base, path: at(base + API)}
ways = pytest.mark.parametrize("way", WAYS)


# ---------------------------------------------------------------- redirects

def test_a_target_that_redirects_to_where_one_may_not_go_is_not_followed(hub, upstream, place):
    waits = []
    for only, where in itertools.product(("advert", "push"), forbidden.REDIRECTS):
        path, there = place()
        where = where.replace("PORT", str(upstream.port)).replace("PATH", path + "/info/refs")
        upstream.fault(path, up.redirect(where, 307, only))
        waits.append((add(hub, to(upstream.url(path))), there))
    for target, there in waits:
        failed(ended(hub, target), "policy", "protocol")
        assert there.refs() == {}


def test_a_target_that_redirects_for_ever_is_left(hub, upstream, place):
    for fault in (up.redirect(lambda x: x.request.path + "?" + x.request.query), up.redirect_hops(50)):
        path, there = place()
        upstream.fault(path, fault)
        failed(ended(hub, add(hub, to(upstream.url(path)))), "policy", "protocol")
        assert len(upstream.asked(path)) <= 10 and there.refs() == {}


@pytest.mark.parametrize("code, only", [(301, None), (302, "advert"), (307, "push"), (308, "push")])
def test_a_target_that_redirects_away_takes_no_credentials_and_no_push_with_it(
        hub, upstream, place, tmp_path, code, only):
    path, there = place()
    with up.Upstream(tmp_path / "other") as other:
        elsewhere = other.repo(path)
        other.require(path, "bob", CANARY)  # it would like to have them
        upstream.fault(path, up.redirect(
            lambda x: "%s/%s/%s?%s" % (other.base, path, x.rest, x.request.query), code, only))
        target = add(hub, to(upstream.url(path)))
        failed(ended(hub, target), "policy", "protocol", "auth")
        for request in other.asked():
            assert request.authorization is None and CANARY not in str(request.headers) + request.path
        assert elsewhere.refs() == there.refs() == {}


def test_a_provider_that_redirects_is_not_followed(hub, lab, upstream, tmp_path):
    with up.Upstream(tmp_path / "other") as other:
        wheres = [w.replace("PORT", str(upstream.port)).replace("PATH", "x") for w in forbidden.REDIRECTS]
        waits = []
        for i, where in enumerate([*wheres, other.base + API + "/projects/1"]):
            lab.fault(fg.redirect(where, 307), None, "/projects/.*redirect-%d" % i)
            waits.append(add(hub, at(lab.endpoint, "redirect-%d" % i)))
        for target in waits:
            failed(ended(hub, target), "policy")
        assert other.asked() == []
    lab.heal()


# ---------------------------------------------------------------- names and addresses

@ways
def test_a_way_out_with_one_bad_address_is_not_taken(hub, names, upstream, way):
    asked, waits = len(upstream.asked()), []
    for what, answer in forbidden.ANSWERS.items():
        host = "%s-%s" % (way, forbidden.host_of(what))
        names.answer(host, answer)
        waits.append((what, add(hub, WAYS[way]("http://%s:%d" % (host, upstream.port), "any.git"))))
    for what, target in waits:
        now = ended(hub, target)
        assert now["errorClass"] == "policy", (what, now)
    assert len(upstream.asked()) == asked


def test_a_target_whose_name_turns_private_is_not_pushed_to(hub, names, upstream, place, tmp_path):
    """Between two look-ups of one push, and between two pushes."""
    path, there = place()
    with up.Upstream(tmp_path / "evil", host="127.0.0.2", port=upstream.port) as evil:
        evil.repo(path)
        names.answer("flip-target.test", ns.a("127.0.0.1"), ns.a("127.0.0.2"))
        target = add(hub, to(upstream.url(path, host="flip-target.test")))
        now = ended(hub, target)
        if now["state"] == "idle":  # it stayed with the address that was checked
            assert there.refs() == hub.refs(MIRROR)
        else:
            failed(now, "policy")
        names.answer("flip-target.test", ns.a("127.0.0.2"))
        failed(push(hub, target), "policy")
        assert evil.asked() == []


def test_a_provider_whose_name_turns_private_is_not_asked(hub, names, lab, tmp_path):
    """The API, and where the project is pushed to: both are looked up."""
    with up.Upstream(tmp_path / "evil", host="127.0.0.2", port=lab.port) as evil:
        base = "http://flip-lab.test:%d" % lab.port
        names.answer("flip-lab.test", ns.a("127.0.0.1"))
        lab.base, was = base, lab.base
        try:
            target = add(hub, at(base + API, "flip"))
            assert ended(hub, target)["state"] == "idle"
            for turns in ([ns.a("127.0.0.2")], [ns.a("127.0.0.1"), ns.a("127.0.0.2")]):
                names.answer("flip-lab.test", *turns)
                now = push(hub, target)
                assert now["state"] == "idle" or now["errorClass"] == "policy", now
        finally:
            lab.base = was
        assert evil.asked() == []


@ways
def test_no_spelling_of_a_private_address_is_a_way_out(hub, tmp_path, way):
    with up.Upstream(tmp_path / "inside", host="127.0.0.2") as inside:
        inside.repo("any.git")
        waits = []
        for host in forbidden.SPELLINGS:
            answer = ask(hub, WAYS[way]("http://%s:%d" % (host, inside.port), "any.git"))
            assert answer.status_code in (201, 400), (host, answer.text)
            if answer.status_code == 201:
                waits.append((host, answer.json()["target"]["id"]))
        for host, target in waits:
            now = ended(hub, target)
            assert now["errorClass"] in ("policy", "gone", "network"), (host, now)
            # what is an address at all is refused for being one
            assert now["errorClass"] == "policy" or not host[0].isdigit(), (host, now)
        assert inside.asked() == []


@ways
def test_other_schemes_and_forms_are_no_way_out(hub, way):
    key = {"target": "url", "provider": "providerUrl"}[way]
    more = ["git://127.0.0.1/x/y.git"] + (["ssh://git@127.0.0.1/x", "git@127.0.0.1:x"] if way == "provider" else [])
    for url in [*forbidden.URLS, *more]:
        wish = {**WAYS[way]("http://127.0.0.1", "any.git"), key: url}
        if url.isascii():
            assert ask(hub, wish).status_code == 400, url
        else:  # a name that the resolver has to make sense of
            refused(hub, wish, "policy", "gone", "network")


# ---------------------------------------------------------------- bytes that do not belong there

@pytest.mark.parametrize("field", ["user", "password", "token", "providerNamespace", "providerOptions"])
@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nb", "a\x1bb", "a\x7fb"])
def test_control_bytes_are_in_no_wish(hub, lab, upstream, place, field, bad):
    wish = to(upstream.url(place()[0])) if field in ("user", "password") else at(lab.endpoint)
    value = '{"name": "%s"}' % bad.replace("\r", "\\r").replace("\n", "\\n") if field == "providerOptions" else bad
    answer = ask(hub, {**wish, field: value})
    assert answer.status_code == 400, answer.text


def test_escaped_control_bytes_of_an_address_become_no_header(hub, upstream):
    asked = len(upstream.asked())
    for tail in ("/a%0d%0aX-Evil:1/b.git", "/a%0Ab.git", "/a%00b.git"):
        refused(hub, to(upstream.base + tail), "gone", "policy", "protocol")
    for request in upstream.asked()[asked:]:
        assert "x-evil" not in request.headers and request.path.isprintable()


SAID = "\x1b[31mred\x1b[0m \x07 <script>alert(1)</script>\r\nX: y"


def says_err(x):
    if x.kind != "advert":
        return False
    body = up.pkt("# service=git-receive-pack\n") + up.FLUSH + up.pkt("ERR " + SAID)
    x.send(200, body, Content_Type="application/x-git-receive-pack-advertisement")
    return True


def test_what_a_target_or_a_provider_says_is_shown_without_control_bytes(hub, lab, upstream, place):
    path, _ = place()
    upstream.fault(path, says_err)
    spoken, ng = place()
    (ng.path / "hooks").mkdir(exist_ok=True)
    hook = ng.path / "hooks" / "update"
    hook.write_text("#!/bin/sh\nprintf '%s' >&2; exit 1\n" % SAID.replace("\r\n", "\\r\\n"))
    hook.chmod(0o755)
    lab.fault(fg.status(400, {"message": SAID}), None, "/projects.*rude")
    waits = [add(hub, to(upstream.url(path))), add(hub, to(upstream.url(spoken))), add(hub, at(lab.endpoint, "rude"))]
    texts = [ended(hub, target)["error"] for target in waits]
    answer = hub.get("/api/repos/%s/targets/%d" % (MIRROR, waits[1]), hub.admin).json()
    texts += [row["error"] for row in answer["refused"]]
    assert len([text for text in texts if "red" in text]) > 2, texts
    assert all(text.isascii() and text.isprintable() for text in texts), texts
    for target in waits:
        page = hub.get("/%s/targets/%d" % (MIRROR, target), hub.admin)
        assert page.status_code == 200 and "<script>alert" not in page.text
    assert not {"\x1b", "\x07"} & set(hub.logs("sync"))
    lab.heal()


# ---------------------------------------------------------------- no end

def endless_report(x):
    """Takes a push, and talks about it for ever."""
    if x.kind != "push":
        return False
    x.head(200, Content_Type="application/x-git-receive-pack-result", Connection="close")
    x.hold(lambda: x.raw(up.pkt(b"\2still at it\n") * 200), 0.01)
    return True


def endless_push_advert(x):
    if x.kind != "advert":
        return False
    x.head(200, Connection="close", Content_Type="application/x-git-receive-pack-advertisement")
    x.raw(up.pkt("# service=git-receive-pack\n") + up.FLUSH
          + up.pkt("%s refs/heads/a\0report-status delete-refs\n" % ("1" * 40)))
    count = itertools.count()
    x.hold(lambda: x.raw(b"".join(up.pkt("%s refs/heads/b%09d\n" % ("1" * 40, next(count)))
                                  for _ in range(2000))), 0.001)
    return True


ENDLESS_TARGETS = {
    "silent": (up.silent(), ("network",)), "silent at a push": (up.silent("push"), ("network",)),
    "endless headers": (up.endless_headers(), ("network", "protocol", "policy")),
    "endless headers at a push": (up.endless_headers("push"), ("network", "protocol", "policy")),
    "endless refs": (endless_push_advert, ("policy",)), "an endless report": (endless_report, ("network", "policy")),
    "a byte at a time": (up.trickle("push"), ("network",)), "a wrong length": (up.wrong_length(), ("network", "protocol")),
}


def test_a_target_that_never_comes_to_an_end_is_cut_off_and_mended_by_the_next_push(hub, upstream, place):
    waits = []
    for what, (fault, classes) in ENDLESS_TARGETS.items():
        path, there = place()
        upstream.fault(path, fault)
        waits.append((what, add(hub, to(upstream.url(path))), there, classes, path))
    for what, target, there, classes, path in waits:
        now = ended(hub, target)
        assert now["errorClass"] in classes, (what, now)
        upstream.heal(path)
        assert push(hub, target)["state"] == "idle", what
        assert there.refs() == hub.refs(MIRROR), what


ENDLESS_PROVIDERS = {"a gigabyte": (fg.endless(), "policy"), "forty levels": (fg.deep(), "protocol"),
                     "endless headers": (fg.endless_headers(), "network protocol policy"),
                     "silent": (None, "network"), "a byte at a time": (fg.trickle(), "network")}


def test_a_provider_that_never_comes_to_an_end_is_cut_off(hub, lab):
    gate, waits = Gate(), []
    for i, (what, (fault, classes)) in enumerate(ENDLESS_PROVIDERS.items()):
        lab.fault(fault or fg.held(gate), None, "/projects/.*endless-%d" % i)
        waits.append((what, add(hub, at(lab.endpoint, "endless-%d" % i)), classes))
    try:
        for what, target, classes in waits:
            now = ended(hub, target)
            assert now["errorClass"] in classes.split(), (what, now)
    finally:
        gate.open.set()
        lab.heal()
    for what, target, _ in waits:
        assert push(hub, target)["state"] == "idle", what


# ---------------------------------------------------------------- certificates (M-16)

def test_M16_certificates_of_targets_and_providers_are_judged_too(hub, authority, tmp_path):
    (tmp_path / "up").mkdir()
    good = authority.sign("good-out", "IP:127.0.0.1")
    with up.Upstream(tmp_path / "up", tls=good) as server:
        there = server.repo("good.git")
        assert ended(hub, add(hub, to(server.url("good.git"))))["state"] == "idle"  # or the rest means nothing
        assert there.refs() == hub.refs(MIRROR)
        asked = len(server.asked())
        failed(ended(hub, add(hub, at(server.base + API))), "protocol", "policy", "gone")
        assert len(server.asked()) > asked, "a certificate that is good is talked to"
    for name, cert in {"another name": authority.sign("other-out", "DNS:elsewhere.test"),
                       "over": authority.sign("over-out", "IP:127.0.0.1", "-days", "-1"),
                       "self-signed": up.self_signed(tmp_path / "self")}.items():
        with up.Upstream(tmp_path / "up", tls=cert) as server:
            for wish in (to(server.url("good.git")), at(server.base + API)):
                assert ended(hub, add(hub, wish))["errorClass"] == "tls", name
            assert server.asked() == [], name
    with up.Upstream(tmp_path / "up", tls=good) as server:
        server.http.socket.context.set_ciphers("ALL:@SECLEVEL=0")
        server.http.socket.context.minimum_version = ssl.TLSVersion.TLSv1
        server.http.socket.context.maximum_version = ssl.TLSVersion.TLSv1
        for wish in (to(server.url("good.git")), at(server.base + API)):
            failed(ended(hub, add(hub, wish)), "tls", "network", "protocol")
        assert server.asked() == []
