"""The front page: which projects it lists for whom, in which order, and how it says what they are."""

import re

import html5lib
import pytest

from fixtures.person import HTML, Person
from fixtures.upstream import status


@pytest.fixture(scope="module")
def site(hub, upstream):
    """Mirrors in all states, a hidden one, a plain project, one with a hostile description."""
    hub.account("bob", "bob's password")
    hub.account("eve", "eve's password")
    repo = upstream.repo("fresh.git")
    repo.commits(3)
    repo.tag("v1.2", message="a release")
    hub.mirror(upstream.url("fresh.git"), "fresh")
    upstream.repo("secret.git").commits(1)
    hub.mirror(upstream.url("secret.git"), "secret")
    hub.set_access("secret", 0)
    hub.grant("secret", "bob", 1)
    upstream.repo("gone.git").commits(1)
    upstream.fault("gone.git", status(404))
    hub.mirror(upstream.url("gone.git"), "gone", outcome="failed")
    hub.park("gone")
    hub.add(upstream.url("fresh.git"), "waiting", sync=False)
    hub.mirror(upstream.url("fresh.git"), "sleeping")
    hub.psql("-c", "SELECT admin.pause('sleeping')")
    hub.sql("UPDATE hub.project SET description = %s WHERE path = 'fresh'",
            "<script>alert(1)</script> \u202e & 100% _sure_")
    person = Person(hub)
    person.sign_in("bob", "bob's password")
    person.get("/-/new")
    person.submit("/-/new/plain", path="bob/own")
    assert person.answer.status_code == 200, person.answer.text
    return hub


def guest(hub):
    return Person(hub)


def signed_in(hub, uname):
    person = Person(hub)
    person.sign_in(uname, uname + "'s password")
    return person


def names(person):
    return re.findall(r'<th scope="row"><a href="/([^"]+)"', person.answer.text)


def show(person, address="/"):
    answer = person.get(address)
    assert answer.status_code == 200, answer.text
    return names(person)


def test_a_browser_gets_a_page_and_a_program_the_welcome(site):
    assert site.get("/", headers={"Accept": HTML}).headers["Content-Type"].startswith("text/html")
    assert site.get("/").headers["Content-Type"].startswith("application/json")


def test_everyone_sees_what_he_may_read(site):
    open_ones = ["bob/own", "fresh", "gone", "sleeping", "waiting"]
    assert show(guest(site)) == open_ones
    assert show(signed_in(site, "eve")) == open_ones
    assert show(signed_in(site, "bob")) == sorted(open_ones + ["secret"])


def test_what_is_hidden_is_in_no_number_of_a_guest(site):
    page = guest(site)
    show(page)
    assert "5 projects, 4 of them mirrors" in page.page.text
    assert "secret" not in page.answer.text
    bob = signed_in(site, "bob")
    show(bob)
    assert "6 projects, 5 of them mirrors" in bob.page.text


def test_a_row_says_how_the_mirror_is(site):
    page = guest(site)
    show(page)
    text = " ".join(page.page.text.split())
    assert re.search(r"fresh Up to date, checked (just now|\d+ (second|minute)s? ago)\.", text)
    assert re.search(r"failing Failing for \d+ \w+: the upstream has no such repository", text)
    assert "waiting Never synced. No sync is planned." in text
    assert re.search(r"paused Paused. Last checked", text)
    assert "v1.2" in text


@pytest.mark.parametrize("state, found", [
    ("fresh", ["fresh"]), ("failing", ["gone"]), ("waiting", ["waiting"]), ("paused", ["sleeping"]),
    ("nonsense", ["bob/own", "fresh", "gone", "sleeping", "waiting"]),
])
def test_a_state_filters_the_list(site, state, found):
    assert show(guest(site), "/?state=" + state) == found


def test_the_numbers_lead_to_the_states(site):
    page = guest(site)
    show(page)
    links = {text.strip(): address for address, text in page.page.links}
    assert show(page, links["✕ 1 failing"]) == ["gone"]


@pytest.mark.parametrize("text, found", [
    ("RESH", ["fresh"]), ("own", ["bob/own"]), ("bob/", ["bob/own"]), ("100%25%20_sure", ["fresh"]),
    ("00%25", ["fresh"]), ("FR", ["fresh"]), ("%25", []), ("_", []), ("%5C", []), ("fr_sh", []), ("secret", []),
    ("%3Cscript", ["fresh"]), ("'", []), ("%00", None),
])
def test_a_text_is_searched_literally_in_names_and_descriptions(site, text, found):
    page = guest(site)
    answer = page.get("/?q=" + text)
    if found is None:
        assert answer.status_code == 400
        return
    assert answer.status_code == 200
    assert names(page) == found
    if not found:
        assert "Nothing found" in page.page.text


def test_a_text_that_nobody_meets_is_shown_as_text(site):
    page = guest(site)
    page.get("/", params={"q": "\"><img src=x onerror=alert(1)>\u202e"})
    assert page.answer.status_code == 200
    assert "<img" not in page.answer.text
    assert '<span class="mark">U+202E</span>' in page.answer.text


def test_the_list_is_ordered_by_the_last_change_too(site):
    first = show(guest(site), "/?sort=change")
    assert sorted(first) == ["bob/own", "fresh", "gone", "sleeping", "waiting"]
    assert first.index("sleeping") < first.index("fresh")


def test_long_lists_have_pages(fresh_hub):
    hub = fresh_hub()
    hub.expect_err("a store without its folder")  # the rows below are all there is
    hub.sql("WITH s AS (INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 120)"
            " RETURNING id) INSERT INTO hub.project (path, owner_account_id, store_id)"
            " SELECT 'p' || lpad(s.id::text, 6, '0'), a.id, s.id FROM s, hub.account a"
            " WHERE a.uname = %s", hub.user)
    page = guest(hub)
    seen = []
    address = "/"
    while address:
        seen += show(page, address)
        assert len(page.answer.content) < 100000
        address = {text.strip(): a for a, text in page.page.links}.get("Next")
    assert len(seen) == 120 and seen == sorted(set(seen))
    for address in ("/?page=4", "/?page=1001", "/?page=99999999999999999999"):
        assert page.get(address).status_code in (200, 404)
    assert page.get("/?page=4").status_code == 404
    assert show(page, "/?page=x") == seen[:50]


def test_runs_are_bars_that_say_what_they_are(site):
    page = guest(site)
    show(page)
    titles = re.findall(r'<svg class="runs" role="img"[^>]*><title>([^<]*)</title>', page.answer.text)
    assert any(re.match(r"The last 1 run: 1 failed; the longest took ", t) for t in titles), titles
    assert any("1 changed" in t for t in titles)
    assert page.answer.text.count('class="run-failed"') == 1


def test_the_page_is_valid_html(site):
    for person in (guest(site), signed_in(site, "bob")):
        for address in ("/", "/?q=nothing-like-it", "/?state=failing", "/?sort=change"):
            person.get(address)
            parser = html5lib.HTMLParser(strict=False)
            parser.parse(person.answer.text)
            assert parser.errors == [], (address, parser.errors)


def test_an_empty_hub_says_what_to_do_first(fresh_hub):
    hub = fresh_hub()
    page = guest(hub)
    page.get("/")
    assert "Nothing here yet" in page.page.text
    assert "/-/new" not in page.answer.text
    page.sign_in(hub.user, hub.password)
    page.get("/")
    assert ["/-/new", "Add the first project"] in page.page.links
