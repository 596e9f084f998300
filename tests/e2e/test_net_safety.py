"""Goal G15 of mirroring.md 5.12: the safety suite. One row for each thing that others fell for, and for
each way on which the hub goes out: "fetch" (a worker's sync), "probe" (the prober's look at a known
mirror), "target" (a push on), "provider" (a forge's API), "webhook". The table says which test is where;
what is missing in other files is here."""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import ssl
import threading
import zlib

import pytest

from fixtures import dns as ns
from fixtures import forbidden
from fixtures import receiver as rc
from fixtures import upstream as up
from fixtures.authority import Authority
from fixtures.hub import ROOT, running
from fixtures.invariants import check, settle
from fixtures.receiver import Receiver
from fixtures.repos import Repo, simple
from fixtures.run import run, wait_until

SAFETY, HERE, HOOKS = "e2e/test_mirror_safety.py", "e2e/test_net_safety.py", "e2e/test_webhooks.py"
OUT, TARGETS, PROVIDERS = "e2e/test_net_safety_out.py", "e2e/test_targets.py", "e2e/test_providers.py"

# row: {way: (file, test)}
G15 = {
    "redirect to a private address, another host, file:": {
        "fetch": (SAFETY, "test_M06_a_redirect_to_where_one_may_not_go_is_not_followed"),
        "probe": (HERE, "test_a_known_mirror_that_redirects_to_where_one_may_not_go_is_not_followed"),
        "webhook": (HOOKS, "test_W06_private_targets_ports_and_redirects"),
        "target": (OUT, "test_a_target_that_redirects_to_where_one_may_not_go_is_not_followed"),
        "provider": (OUT, "test_a_provider_that_redirects_is_not_followed")},
    "redirects in a loop, and fifty of them": {
        "fetch": (SAFETY, "test_M06_a_loop_and_fifty_hops_end"),
        "probe": (HERE, "test_a_known_mirror_that_redirects_for_ever_is_left"),
        "target": (OUT, "test_a_target_that_redirects_for_ever_is_left")},
    "credentials across a redirect": {
        "fetch": (SAFETY, "test_M07_the_target_of_a_redirect_sees_no_credentials"),
        "probe": (HERE, "test_a_known_mirror_that_redirects_away_sees_no_credentials_there"),
        "target": (OUT, "test_a_target_that_redirects_away_takes_no_credentials_and_no_push_with_it"),
        "provider": (OUT, "test_a_provider_that_redirects_is_not_followed")},
    "rebinding": {
        "fetch": (HERE, "test_a_name_that_turns_private_is_not_followed"),
        "probe": (HERE, "test_a_known_mirror_whose_name_turns_private_is_not_followed"),
        "webhook": (HERE, "test_a_receiver_whose_name_turns_private_is_not_told"),
        "target": (OUT, "test_a_target_whose_name_turns_private_is_not_pushed_to"),
        "provider": (OUT, "test_a_provider_whose_name_turns_private_is_not_asked")},
    "several addresses of which one is private": {
        "fetch": (HERE, "test_a_name_with_one_bad_address_is_refused"),
        "webhook": (HERE, "test_a_receiver_with_one_bad_address_is_not_told"),
        "target, provider": (OUT, "test_a_way_out_with_one_bad_address_is_not_taken")},
    "odd spellings of IPv4 and IPv6": {
        "fetch": (SAFETY, "test_M02_no_spelling_of_a_private_address_is_reached"),
        "webhook": (HERE, "test_no_spelling_of_a_private_receiver_is_told"),
        "target, provider": (OUT, "test_no_spelling_of_a_private_address_is_a_way_out")},
    "file, ext, local paths, options": {
        "fetch": (SAFETY, "test_M01_other_schemes_and_forms_are_refused_at_once"),
        "webhook": (HERE, "test_other_schemes_of_receivers_are_refused"),
        "target, provider": (OUT, "test_other_schemes_and_forms_are_no_way_out"),
        "a target of old": (TARGETS, "test_a_folder_that_got_into_the_table_is_not_written_to")},
    "user data that two parsers read differently": {
        "fetch": (SAFETY, "test_M03_a_url_that_parsers_disagree_about_reaches_nobody"),
        "webhook": (HERE, "test_other_schemes_of_receivers_are_refused"),
        "target, provider": (OUT, "test_other_schemes_and_forms_are_no_way_out")},
    "header injection and control bytes": {
        "fetch": (HERE, "test_control_bytes_in_a_url_reach_nobody"),
        "webhook": (HERE, "test_other_schemes_of_receivers_are_refused"),
        "target, provider": (OUT, "test_control_bytes_are_in_no_wish"),
        "target": (OUT, "test_escaped_control_bytes_of_an_address_become_no_header")},
    "control bytes in what an upstream says": {
        "fetch": (HERE, "test_what_an_upstream_says_is_shown_without_control_bytes"),
        "target, provider": (OUT, "test_what_a_target_or_a_provider_says_is_shown_without_control_bytes")},
    "delta bomb": {"fetch": (SAFETY, "test_M15_an_upstream_that_does_not_come_to_an_end_is_cut_off")},
    "huge and endless advertisement": {
        "fetch": (SAFETY, "test_M15_an_upstream_that_does_not_come_to_an_end_is_cut_off"),
        "probe": (HERE, "test_a_known_mirror_that_never_comes_to_an_end_is_cut_off"),
        "target": (OUT, "test_a_target_that_never_comes_to_an_end_is_cut_off_and_mended_by_the_next_push"),
        "provider": (OUT, "test_a_provider_that_never_comes_to_an_end_is_cut_off")},
    "endless pack": {"fetch": (SAFETY, "test_M15_an_upstream_that_does_not_come_to_an_end_is_cut_off")},
    "endless headers": {
        "fetch": (HERE, "test_endless_headers_are_cut_off"),
        "probe": (HERE, "test_a_known_mirror_that_never_comes_to_an_end_is_cut_off"),
        "webhook": (HOOKS, "test_W07_a_receiver_that_does_not_answer_costs_two_seconds")},
    "incomplete pack": {"fetch": (SAFETY, "test_a_pack_without_the_objects_it_needs_is_refused")},
    "truncated loose object": {
        "fetch": (HERE, "test_a_truncated_loose_object_stops_no_sync"),
        "pages": (HERE, "test_a_truncated_loose_object_stops_no_page")},
    "refs that begin with a dash": {"fetch": (HERE, "test_refs_that_look_like_options_are_only_names")},
    "secrets in outputs (M-12)": {
        "fetch": (SAFETY, "test_M12_a_secret_lies_in_no_file_of_the_hub"),
        "webhook": (HERE, "test_M12_a_secret_of_a_webhook_shows_nowhere"),
        "target": (TARGETS, "test_M12_while_the_target_holds_a_push_its_secret_shows_nowhere"),
        "provider": (PROVIDERS, "test_M12_while_the_forge_holds_a_call_or_a_push_its_token_shows_nowhere")},
    "core dumps (M-12)": {"all": (HERE, "test_M12_no_program_leaves_a_core")},
    "slow and silent upstreams (M-15)": {
        "fetch": (SAFETY, "test_M15_an_upstream_that_does_not_come_to_an_end_is_cut_off"),
        "probe": (HERE, "test_a_known_mirror_that_never_comes_to_an_end_is_cut_off"),
        "target": (OUT, "test_a_target_that_never_comes_to_an_end_is_cut_off_and_mended_by_the_next_push"),
        "provider": (OUT, "test_a_provider_that_never_comes_to_an_end_is_cut_off")},
    "classes of failures (M-16)": {
        "fetch": (SAFETY, "test_M16_each_way_of_failing_has_its_class_and_changes_nothing"),
        "probe": (HERE, "test_M16_a_known_mirror_fails_in_the_same_classes"),
        "tls": (HERE, "test_M16_certificates_are_judged_by_name_date_and_signer"),
        "target": (TARGETS, "test_a_failure_has_its_class_and_the_next_push_repairs_it"),
        "provider": (PROVIDERS, "test_M21_a_forge_that_answers_anything_harms_nothing"),
        "tls, ways out": (OUT, "test_M16_certificates_of_targets_and_providers_are_judged_too")},
    "dumb http with alternates (M-08)": {"fetch": (SAFETY, "test_M08_an_upstream_of_loose_files_is_refused")},
}


def test_the_table_names_tests_that_are_there():
    for item, ways in G15.items():
        for way, (file, name) in ways.items():
            assert re.search(r"^def %s\(" % name, (ROOT / "tests" / file).read_text(), re.M), (item, way, name)


HUB_CONF = {
    "log.level": "debug", "net.allow": "127.0.0.1/32", "sync.workers": 2, "sync.total_s": 15,
    "net.connect_s": 5, "net.low_speed_s": 6, "answer_cpu_s": 4, "sync.advert_bytes": 1 << 20,
    "webhook.schemes": "https http", "webhook.total_s": 3,
}


@pytest.fixture(scope="module")
def names():
    with ns.Dns() as server:
        yield server


@pytest.fixture(scope="module")
def authority():
    with Authority() as one:
        yield one


@pytest.fixture(scope="module")
def hub(names, authority):
    """It asks our name server, trusts our authority, and may reach 127.0.0.1 alone."""
    with running({**HUB_CONF, "net.resolvers": names.address}, env=authority.env) as one:
        yield one


@pytest.fixture
def path(name):
    return "s/%s.git" % name


@pytest.fixture
def origin(upstream, path):
    return simple(upstream.folder / path)


@pytest.fixture(scope="module")
def receiver():
    with Receiver() as one:
        yield one


def failed(hub, name, *classes):
    done = hub.wait_run(name)
    assert done["outcome"] == "failed" and done["error_class"] in classes, done
    assert done["error_text"].isprintable(), done
    hub.park(name)
    return done


def fails_again(hub, name, before, *classes):
    """The next look at a mirror that is known fails, and what it published stays."""
    done = hub.sync_and_wait(name)
    hub.park(name)
    assert done["outcome"] == "failed" and done["error_class"] in classes, done
    assert hub.refs(name) == before
    return done


# ---------------------------------------------------------------- redirects, of a mirror that is known

@pytest.mark.parametrize("target", forbidden.REDIRECTS)
def test_a_known_mirror_that_redirects_to_where_one_may_not_go_is_not_followed(
        hub, upstream, origin, path, name, target):
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    upstream.fault(path, up.redirect(target.replace("PORT", str(upstream.port)).replace(
        "PATH", path + "/info/refs")))
    fails_again(hub, name, before, "policy", "protocol")
    upstream.heal(path)


def test_a_known_mirror_that_redirects_for_ever_is_left(hub, upstream, origin, path, name):
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    for fault in (up.redirect(lambda x: x.request.path + "?" + x.request.query), up.redirect_hops(50)):
        upstream.fault(path, fault)
        asked = len(upstream.asked(path))
        fails_again(hub, name, before, "policy", "protocol")
        assert len(upstream.asked(path)) - asked <= 10
    upstream.heal(path)


@pytest.mark.parametrize("code", [301, 307])
def test_a_known_mirror_that_redirects_away_sees_no_credentials_there(
        hub, upstream, origin, path, name, code, tmp_path):
    hub.hide("canary-known")
    simple(tmp_path / "up" / path)
    with up.Upstream(tmp_path / "up") as other:
        hub.mirror(upstream.url(path, "someone:canary-known"), name)
        upstream.fault(path, up.redirect(
            lambda x: "%s/%s/%s?%s" % (other.base, path, x.rest, x.request.query), code))
        hub.sync_and_wait(name)
        for request in other.asked():
            assert request.authorization is None and "cookie" not in request.headers
            assert "canary" not in str(request.headers) + request.path + request.query
    upstream.heal(path)
    hub.park(name)


# ---------------------------------------------------------------- slow, endless, of a mirror that is known

KNOWN_SLOW = {
    "silent": (up.silent(), ("network",)),
    # one byte at a time ends with the prober's limit on a whole probe (PROBER_TOTAL_S, two minutes)
    "endless refs": (up.endless_advert(), ("policy",)),
    "endless headers": (up.endless_headers(), ("network", "protocol", "policy")),
    "a wrong length": (up.wrong_length(), ("network", "protocol")),
}


@pytest.mark.parametrize("what", KNOWN_SLOW)
def test_a_known_mirror_that_never_comes_to_an_end_is_cut_off(hub, upstream, origin, path, name, what):
    fault, classes = KNOWN_SLOW[what]
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    origin.commit()
    upstream.fault(path, fault)
    fails_again(hub, name, before, *classes)
    upstream.heal(path)
    settle(hub, name)
    check(hub, {name: origin})


def test_endless_headers_are_cut_off(hub, upstream, origin, path, name):
    upstream.fault(path, up.endless_headers())
    hub.add(upstream.url(path), name)
    failed(hub, name, "network", "protocol", "policy")
    upstream.heal(path)


KNOWN_SAYINGS = {
    "401": (up.status(401, WWW_Authenticate='Basic realm="x"'), ("auth",)),
    "403": (up.status(403), ("auth",)), "404": (up.status(404), ("gone",)),
    "410": (up.status(410), ("gone",)), "429": (up.too_many(7200), ("busy",)),
    "503 with Retry-After": (up.status(503, Retry_After=7200), ("busy",)),
    "500": (up.status(500), ("network",)), "a page": (up.login_page(), ("protocol",)),
    "204": (up.status(204, ""), ("protocol",)), "no words": (up.status(200, "x" * 100), ("protocol",)),
}


@pytest.mark.parametrize("what", KNOWN_SAYINGS)
def test_M16_a_known_mirror_fails_in_the_same_classes(hub, upstream, origin, path, name, what):
    fault, classes = KNOWN_SAYINGS[what]
    hub.mirror(upstream.url(path), name)
    before = origin.mirrored()
    upstream.fault(path, fault)
    asked = len(upstream.asked(path))
    done = hub.sync_and_wait(name)
    later = hub.one("SELECT extract(epoch FROM j.run_at - r.finished_at)::float FROM hub.job j JOIN hub.run r"
                    " ON r.project_id = j.project_id WHERE r.id = %s", done["id"])
    hub.park(name)
    assert done["outcome"] == "failed" and done["error_class"] in classes, done
    assert later > (7100 if classes == ("busy",) else 1)
    assert len(upstream.asked(path)) - asked <= 4, "a storm of requests"
    assert hub.refs(name) == before
    upstream.heal(path)


# ---------------------------------------------------------------- names

@pytest.mark.parametrize("what", forbidden.ANSWERS)
def test_a_name_with_one_bad_address_is_refused(hub, names, upstream, origin, path, name, what):
    host = forbidden.host_of(what)
    names.answer(host, forbidden.ANSWERS[what])
    hub.add(upstream.url(path, host=host), name)
    failed(hub, name, "policy")
    assert upstream.asked(path) == []


GOOD_ANSWERS = {
    "one": [ns.a("127.0.0.1")],
    "an alias": [ns.cname("there.test"), ns.Record(ns.A, ns.a("127.0.0.1").data, owner="there.test")],
    "mapped": [ns.a("127.0.0.1"), ns.mapped("127.0.0.1")],
    "five hundred": [ns.a("127.0.0.1")] * 500,
}


@pytest.mark.parametrize("what", GOOD_ANSWERS)
def test_R26_a_name_with_good_addresses_is_mirrored(hub, names, upstream, origin, path, name, what):
    host = "good-%d.test" % list(GOOD_ANSWERS).index(what)
    names.answer(host, GOOD_ANSWERS[what])
    hub.mirror(upstream.url(path, host=host), name)
    assert hub.refs(name) == origin.mirrored()


NO_ANSWERS = {
    "it does not exist": (ns.failing(ns.NXDOMAIN), ("gone",)),
    "the server fails": (ns.failing(ns.SERVFAIL), ("network",)),
    "the server refuses": (ns.failing(ns.REFUSED), ("network",)),
    "silence": (ns.silent, ("network",)),
    "no answer": (ns.garbage(), ("network",)),
    "answers of somebody else": (ns.another_id, ("network",)),
    "aliases without end": (ns.endless_alias, ("network", "gone")),
    "no address at all": (lambda question: question.reply([]), ("gone", "network")),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_R26_a_name_that_cannot_be_found_has_its_class_and_mends_by_itself(
        hub, names, upstream, origin, path, name, what):
    fault, classes = NO_ANSWERS[what]
    host = "none-%d.test" % list(NO_ANSWERS).index(what)
    names.answer(host, ns.a("127.0.0.1"))
    names.fault(host, fault)
    hub.add(upstream.url(path, host=host), name)
    failed(hub, name, *classes)
    assert upstream.asked(path) == []
    names.answer(host, ns.a("127.0.0.1"))
    settle(hub, name)
    check(hub, {name: origin})


def test_R26_a_slow_answer_is_waited_for_and_others_go_on(hub, names, upstream, origin, path, name):
    gate = threading.Event()
    names.answer("slow.test", ns.a("127.0.0.1"))
    names.answer("quick.test", ns.a("127.0.0.1"))
    names.fault("slow.test", ns.slow(gate))
    other = simple(upstream.folder / ("s/%s-q.git" % name))
    hub.add(upstream.url(path, host="slow.test"), name)
    wait_until(lambda: names.asked("slow.test"), 60, "the slow one is asked for")
    hub.mirror(upstream.url("s/%s-q.git" % name, host="quick.test"), name + "-q")
    assert hub.refs(name + "-q") == other.mirrored()
    gate.set()
    names.fault("slow.test", None)
    settle(hub, name)
    check(hub, {name: origin})


def test_a_name_that_turns_private_is_not_followed(hub, names, upstream, origin, path, name, tmp_path):
    """The first look-up is good, all others are not: whoever asks twice is caught."""
    simple(tmp_path / "evil" / path)
    names.answer("flip.test", ns.a("127.0.0.1"), ns.a("127.0.0.2"))
    with up.Upstream(tmp_path / "evil", host="127.0.0.2", port=upstream.port) as evil:
        hub.add(upstream.url(path, host="flip.test"), name)
        done = hub.wait_run(name)
        assert evil.asked() == [], "the other address was reached"
        if done["outcome"] == "changed":  # it stayed with the address that was checked
            assert hub.refs(name) == origin.mirrored()
        else:
            assert done["error_class"] == "policy", done
    hub.park(name)


def test_a_known_mirror_whose_name_turns_private_is_not_followed(
        hub, names, upstream, origin, path, name, tmp_path):
    simple(tmp_path / "evil" / path)
    names.answer("later.test", ns.a("127.0.0.1"))
    with up.Upstream(tmp_path / "evil", host="127.0.0.2", port=upstream.port) as evil:
        hub.mirror(upstream.url(path, host="later.test"), name)
        before = origin.mirrored()
        names.answer("later.test", ns.a("127.0.0.2"))
        fails_again(hub, name, before, "policy")
        names.answer("later.test", ns.a("127.0.0.1"), ns.a("127.0.0.2"))
        hub.sync_and_wait(name)
        assert evil.asked() == []
        assert hub.refs(name) == before
    hub.park(name)


# ---------------------------------------------------------------- webhooks

def add_webhook(hub, project, url):
    """Its number; raises where the address is refused at once."""
    made = hub.psql("-At", "-v", "url=" + url, "-v", "project=" + project, input=(
        "SELECT admin.add_webhook(:'project', :'url', 'push')"), check=False)
    return int(re.search(r"\d+", made.stdout).group()) if made.returncode == 0 else None


def attempt(hub, number):
    """The first delivery, once it was tried."""
    def tried():
        return hub.row("SELECT * FROM hub.delivery WHERE webhook_id = %s AND sent_at IS NOT NULL"
                       " ORDER BY id", number)
    return wait_until(tried, 60, lambda: hub.logs("sync")[-2000:])


@pytest.mark.parametrize("what", ["a private one behind", "mapped", "NAT64", "an alias"])
def test_a_receiver_with_one_bad_address_is_not_told(
        hub, names, receiver, upstream, origin, path, name, what):
    host = "hook-" + forbidden.host_of(what)
    names.answer(host, forbidden.ANSWERS[what])
    hub.mirror(upstream.url(path), name)
    number = add_webhook(hub, name, receiver.url("/" + name, host=host))
    origin.commit()
    hub.sync_and_wait(name, "changed")
    row = attempt(hub, number)
    assert row["status"] == 0 and row["error"], row
    assert receiver.asked("/" + name) == []


def test_a_receiver_whose_name_turns_private_is_not_told(
        hub, names, receiver, upstream, origin, path, name):
    names.answer("turns.test", ns.a("127.0.0.1"))
    hub.mirror(upstream.url(path), name)
    number = add_webhook(hub, name, receiver.url("/" + name, host="turns.test"))
    origin.commit()
    hub.sync_and_wait(name, "changed")
    assert attempt(hub, number)["state"] == "delivered"
    names.answer("turns.test", ns.a("127.0.0.2"))
    told = len(receiver.asked("/" + name))
    origin.commit()
    hub.sync_and_wait(name, "changed")
    wait_until(lambda: hub.one("SELECT failures FROM hub.webhook WHERE id = %s", number), 60, "it failed")
    assert len(receiver.asked("/" + name)) == told


def test_no_spelling_of_a_private_receiver_is_told(hub, upstream, origin, path, name, receiver):
    hub.mirror(upstream.url(path), name)
    with Receiver("127.0.0.2") as inside:
        numbers = [add_webhook(hub, name, "http://%s:%d/inside" % (host, inside.port)) for host in forbidden.SPELLINGS]
        origin.commit()
        hub.sync_and_wait(name, "changed")
        for number in filter(None, numbers):
            row = attempt(hub, number)
            assert row["status"] == 0 and row["error"], row
        assert inside.asked() == []


@pytest.mark.parametrize("url", forbidden.URLS)
def test_other_schemes_of_receivers_are_refused(hub, upstream, origin, path, name, url):
    hub.mirror(upstream.url(path), name)
    number = add_webhook(hub, name, url)
    if number is None:
        return
    origin.commit()
    hub.sync_and_wait(name, "changed")
    row = attempt(hub, number)
    assert row["status"] == 0 and row["error"], row


def test_M12_a_secret_of_a_webhook_shows_nowhere(hub, upstream, origin, path, name, receiver):
    secret = "canary-webhook-2f81c7"
    hub.hide(secret)
    hub.mirror(upstream.url(path), name)
    good = add_webhook(hub, name, receiver.url("/" + name))
    bad = add_webhook(hub, name, receiver.url("/" + name + "-bad"))
    receiver.fault("/" + name + "-bad", rc.status(500, secret.encode()))  # it says what it may not know
    for number in (good, bad):
        hub.run_program("mirrorhub", "webhook-secret", str(number), "--secret-file", _file(hub, secret))
    seen = []
    origin.commit()
    hub.sync_and_wait(name, "changed")

    def look():
        for pid in hub.processes():
            for file in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    if secret.encode() in pathlib.Path("/proc/%d/%s" % (pid, file)).read_bytes():
                        seen.append((pid, file))
        return hub.one("SELECT count(*) = 2 FROM hub.delivery WHERE webhook_id IN (%s, %s)"
                       " AND sent_at IS NOT NULL", good, bad)
    wait_until(look, 60, "both were tried")
    assert seen == []
    assert all(secret not in str(r.headers) and secret.encode() not in r.body for r in receiver.asked())
    assert secret not in hub.logs()


def _file(hub, text):
    path = hub.var / "secret.txt"
    path.write_text(text + "\n")
    path.chmod(0o644)
    return str(path)


# ---------------------------------------------------------------- M-12: cores

def test_M12_no_program_leaves_a_core(hub):
    programs = hub.processes()
    assert [a for a in programs.values() if os.path.basename(a[0]) == "mirrorhub-sync"]
    seen = 0
    for pid, argv in programs.items():
        if os.path.basename(argv[0]) not in ("mirrorhub-sync", "mirrorhub-fcgi", "mirrorhub-render"):
            continue
        with contextlib.suppress(FileNotFoundError):
            limits = pathlib.Path("/proc/%d/limits" % pid).read_text()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.M), (argv, limits)
            seen += 1
    assert seen >= 2


# ---------------------------------------------------------------- bytes that do not belong there

@pytest.mark.parametrize("tail", [
    "/a%0d%0aX-Evil:1/b.git", "/a%0Ab.git", "/a\r\nX-Evil: 1/b.git", "/a\x00b.git", "/a\x1bb.git",
    "/a%00b.git", "/a\x7fb.git"])
def test_control_bytes_in_a_url_reach_nobody(hub, upstream, name, tail):
    asked = len(upstream.asked())
    got = hub.post("/repositories", {"url": upstream.base + tail, "name": name})
    if got.status_code == 201:
        done = hub.wait_run(name)
        assert done["outcome"] == "failed", done
        hub.delete("/repositories/" + name)
    else:
        assert got.status_code == 400
    for request in upstream.asked()[asked:]:
        assert "x-evil" not in request.headers and request.path.isprintable()


@pytest.mark.parametrize("user", ["a%0d%0aX-Evil:%201", "a%0ab", "a%00b"])
def test_control_bytes_in_credentials_reach_nobody(hub, upstream, origin, path, name, user):
    got = hub.post("/repositories", {"url": upstream.url(path, user + ":secret"), "name": name})
    if got.status_code == 201:
        hub.wait_run(name)
        hub.delete("/repositories/" + name)
    for request in upstream.asked(path):
        assert "x-evil" not in request.headers


def test_what_an_upstream_says_is_shown_without_control_bytes(hub, upstream, origin, path, name):
    said = b"\x1b[31mred\x1b[0m \x07 \xff\xfe <script>alert(1)</script>\r\nX: y"

    def fault(x):
        if x.kind != "advert":
            return False
        body = up.pkt(b"# service=git-upload-pack\n") + up.FLUSH + up.pkt(b"ERR " + said)
        x.send(200, body, Content_Type="application/x-git-upload-pack-advertisement")
        return True
    upstream.fault(path, fault)
    hub.add(upstream.url(path), name)
    done = failed(hub, name, "gone", "protocol", "auth", "network")
    assert "\x1b" not in hub.logs("sync") and "\x07" not in hub.logs("sync")
    page = hub.get("/" + name, hub.admin)
    assert "<script>alert" not in page.text
    assert done["error_text"].isascii()
    upstream.heal(path)


OPTIONS = ["refs/heads/-uxx", "refs/heads/--upload-pack=touch", "refs/tags/--exec=id", "refs/tags/-c",
           "refs/heads/--output=x", "refs/heads/-"]


def test_refs_that_look_like_options_are_only_names(hub, upstream, origin, path, name, tmp_path):
    main = origin.oid("main")
    for ref in OPTIONS:
        file = origin.path / ref
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(main + "\n")
    hub.mirror(upstream.url(path), name)
    assert hub.refs(name) == origin.mirrored()
    assert set(OPTIONS) <= set(hub.refs(name))
    settle(hub, name)
    check(hub, {name: origin})
    for ref in OPTIONS:
        short = ref.split("/", 2)[2]
        for page in ("tree", "commits", "archive"):
            got = hub.get("/%s/%s/%s" % (name, page, short), hub.admin)
            assert got.status_code < 500, (page, ref, got.status_code)
    assert not [p for p in (hub.data_dir, hub.store_dir(name)) if (p / "touch").exists() or (p / "x").exists()]
    clone = tmp_path / "c.git"
    hub.git("clone", "-q", "--mirror", hub.clone_url(name), clone)
    assert set(OPTIONS) <= set(Repo(clone).refs())


# ---------------------------------------------------------------- a loose object that is cut off

def plant(hub, store, repo, rev, keep):
    """A loose object as a crash of another program may leave it: the first `keep` bytes of it."""
    kind = repo.git("cat-file", "-t", rev)
    data = repo.git("cat-file", kind, rev, input=b"") if kind != "tree" else b"x"
    oid = repo.oid(rev)
    packed = zlib.compress(b"%s %d\0" % (kind.encode(), len(data) + 1) + data + b"\n")
    file = store / "objects" / oid[:2] / oid[2:]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(packed[:max(1, int(len(packed) * keep))])
    for one in (file.parent, file):
        os.chown(one, store.stat().st_uid, store.stat().st_gid)
    return oid


@pytest.mark.parametrize("keep", [0.5, 0.02])
def test_a_truncated_loose_object_stops_no_sync(hub, upstream, origin, path, name, keep):
    hub.mirror(upstream.url(path), name)
    store, before = hub.store_dir(name), origin.mirrored()
    main = plant(hub, store, origin, "main", keep)   # one that is in a pack too
    new = origin.commit("main", {"after": "the cut"})
    plant(hub, store, origin, new, keep)             # one that is to come
    done = hub.sync_and_wait(name)
    # libgit2 may read it for ever: then the limit on a sync ends that
    assert done["outcome"] in ("changed", "failed"), done
    assert hub.refs(name) in (before, origin.mirrored())
    assert_nobody_spins(hub)
    for oid in (main, new):
        (store / "objects" / oid[:2] / oid[2:]).unlink(missing_ok=True)
    settle(hub, name)
    assert hub.refs(name) == origin.mirrored()


@pytest.mark.parametrize("keep", [0.5, 0.9] if os.environ.get("FAULTS_ALL") else [0.5])
def test_a_truncated_loose_object_stops_no_page(hub, upstream, origin, path, name, keep):
    hub.expect_err(r"inflate|corrupt|loose object|zlib|object|damaged")
    hub.mirror(upstream.url(path), name)
    lost = origin.commit("elsewhere", {"lost": "1"})  # never synced
    hub.park(name)
    store = hub.store_dir(name)
    main = plant(hub, store, origin, "main", keep)
    for page in ("commit/%s", "tree/%s", "commits/%s", "archive/%s.tar.gz"):
        got = hub.get("/%s/%s" % (name, page % main), hub.admin)
        assert got.status_code == 200, (page, "it is whole in a pack")
    # libgit2 may read the other for ever: then the limit of one answer ends the process. One page of each
    # pool, at the same time, for that is fifteen seconds of a processor
    plant(hub, store, origin, lost, keep)
    with concurrent.futures.ThreadPoolExecutor() as asks:
        answers = list(asks.map(lambda page: hub.get("/%s/%s" % (name, page % lost), hub.admin, timeout=170),
                                ("commit/%s", "archive/%s.tar.gz")))
    assert all(got.status_code in (404, 500, 502, 503) for got in answers), answers
    assert hub.get("/" + name, hub.admin).status_code == 200
    assert_nobody_spins(hub)


def assert_nobody_spins(hub):
    """No process of ours stays busy: each is seen asleep some time."""
    busy = set(hub.processes())

    def all_slept():
        for pid in list(busy):
            try:
                state = pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0]
            except OSError:
                state = "gone"
            if state != "R":
                busy.discard(pid)
        return not busy
    wait_until(all_slept, 60, lambda: "nobody spins: %s" % busy)


# ---------------------------------------------------------------- certificates

def test_M16_certificates_are_judged_by_name_date_and_signer(hub, authority, tmp_path, name):
    good = authority.sign("good", "IP:127.0.0.1")
    repo = simple(tmp_path / "up" / "a.git")
    with up.Upstream(tmp_path / "up", tls=good) as server:
        hub.mirror(server.url("a.git"), name)  # or nothing below would mean anything
        assert hub.refs(name) == repo.mirrored()
    wrong = {"another name": authority.sign("other", "DNS:elsewhere.test"),
             "over": authority.sign("over", "IP:127.0.0.1", "-days", "-1"),
             "self-signed": up.self_signed(tmp_path / "self")}
    for i, (what, cert) in enumerate(wrong.items()):
        with up.Upstream(tmp_path / "up", tls=cert) as server:
            hub.add(server.url("a.git"), "%s-%d" % (name, i))
            assert failed(hub, "%s-%d" % (name, i), "tls"), what
            assert server.asked() == [], what
    with up.Upstream(tmp_path / "up", tls=good) as server:
        server.http.socket.context.set_ciphers("ALL:@SECLEVEL=0")
        server.http.socket.context.minimum_version = ssl.TLSVersion.TLSv1
        server.http.socket.context.maximum_version = ssl.TLSVersion.TLSv1
        hub.add(server.url("a.git"), name + "-old")
        failed(hub, name + "-old", "tls", "network", "protocol")
        assert server.asked() == []
