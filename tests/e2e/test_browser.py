"""The pages in a real browser: reading, signing in, adding a mirror; in both themes, narrow and wide,
without scripts; nothing that came from strangers ever runs (checklists/security.md X)."""

import re
import urllib.parse

import html5lib
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from fixtures.browser import Browser
from fixtures.engine import engine
from fixtures.person import Person
from fixtures.site import Site


# Pages that only somebody with an account sees; sign_in is an administrator.
OWN = ["/-/new", "/-/tokens", "/-/admin", "/-/admin/jobs", "/-/admin/mirrors", "/-/admin/accounts",
       "/-/admin/hooks", "/story/edit", "/story/hooks", "/story", "/failing", "/empty", "/"]


@pytest.fixture(scope="module")
def site(hub, upstream):
    return Site(hub, upstream)


@pytest.fixture(scope="module")
def own(hub, upstream, site):
    """OWN, and those of a mirror in trouble."""
    return OWN + engine(hub, upstream)


@pytest.fixture(scope="module")
def browser():
    with Browser() as one:
        yield one


@pytest.fixture
def b(browser):
    """The browser as a newcomer has it."""
    browser.driver.delete_all_cookies()
    browser.scripts(True)
    browser.dark(False)
    browser.size(1280)
    browser.complaints()
    return browser


def sign_in(b, hub):
    b.go(hub.url + "/login")
    b.field("User name").send_keys(hub.user)
    b.field("Password").send_keys(hub.password)
    b.press("Sign in")
    b.wait(lambda b: b.find("header .who").text == hub.user)


def test_one_reads_from_the_front_page_to_a_line_of_code(b, hub, site):
    b.go(hub.url + "/")
    b.link("story").click()
    assert "It has everything a repository has" in b.find("main").text
    b.link("src/").click()
    b.link("number.c").click()
    assert "number_3(void)" in b.find("main").text
    b.go(b.url + "#L10-L12")
    three = b.wait(lambda b: b.find(".code .band").size["height"])
    b.go(b.url.replace("-L12", ""))
    b.wait(lambda b: 2 < three / b.find(".code .band").size["height"] < 5)
    assert not b.complaints()


def test_code_gets_its_colours_from_a_worker(b, hub, site):
    b.go(hub.url + "/story/blob/main/src/number.c")
    b.wait(lambda b: b.find(".code .hl-keyword"))
    plain = site.story.git("cat-file", "blob", "main:src/number.c")
    shown = b.js("return document.querySelector('.code .text').textContent")
    assert shown.strip("\n") == plain.strip("\n")
    assert not b.complaints()


def test_a_mirror_is_added_and_one_watches_it_arrive(b, hub, site, upstream):
    upstream.repo("arriving.git").commits(5)
    sign_in(b, hub)
    b.link("Add a project").click()
    b.field("Address of the upstream").send_keys(upstream.url("arriving.git"))
    b.field("Name here").send_keys("arriving")
    b.press("Create the mirror")
    b.wait(lambda b: "/arriving" in b.url and "Up to date" in b.find("main").text)
    assert b.link("f/").get_attribute("href").endswith("/arriving/tree/main/f")
    assert not b.complaints()


def test_reading_and_forms_need_no_scripts(b, hub, site):
    b.scripts(False)
    sign_in(b, hub)
    b.go(hub.url + "/story")
    b.press("Sync now")
    b.wait(lambda b: "Up to date" in b.find("main").text)
    b.go(hub.url + "/story/blob/main/src/number.c")
    assert "number_3(void)" in b.find("main").text
    b.press("Sign out")
    b.wait(lambda b: b.link("Sign in"))


def violations(b, hub, pages):
    """In the light theme all rules; in the dark one those of colours."""
    found = []
    for page in pages:
        b.dark(False)
        b.go(hub.url + page)
        found += ["%s: %s" % (page, line) for line in b.axe()]
        b.dark()
        found += ["%s in the dark: %s" % (page, line) for line in b.axe(b.COLOUR_RULES)]
    return "\n".join(found)


def test_every_page_is_accessible(b, hub, site):
    assert not violations(b, hub, site.pages())


def test_pages_for_people_with_an_account_are_accessible(b, hub, own):
    sign_in(b, hub)
    assert not violations(b, hub, own)


def test_the_keyboard_goes_everywhere(b, hub, site):
    b.go(hub.url + "/story")
    ActionChains(b.driver).send_keys(Keys.TAB).perform()
    b.wait(lambda b: b.js("return document.activeElement.className") == "skip")
    ActionChains(b.driver).send_keys(Keys.ENTER).perform()
    b.wait(lambda b: b.url.endswith("#main"))
    switch = b.find(".switch summary")
    b.js("arguments[0].focus()", switch)
    ActionChains(b.driver).send_keys(Keys.ENTER).perform()
    b.wait(lambda b: b.link("feature/x").is_displayed())
    ActionChains(b.driver).send_keys(Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    b.wait(lambda b: b.url.endswith("/story/tree/feature/x"))


def test_no_page_scrolls_sideways_on_a_telephone(b, hub, site, own):
    sign_in(b, hub)
    b.size(360, 800)
    wide = []
    for page in site.pages() + own:
        b.go(hub.url + page)
        if b.overflow():
            wide.append("%s: %d px" % (page, b.overflow()))
    assert not wide, "\n".join(wide)


OVERLAP = """
const rows = [...document.querySelectorAll('main section, main .tree')].map(e => e.getBoundingClientRect());
return rows.some((a, i) => rows.slice(i + 1).some(b =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));"""


def test_the_panels_beside_the_files_cover_nothing(b, hub, own):
    sign_in(b, hub)
    b.go(hub.url + "/engine")
    assert len(b.all("main section.mirror")) == 2
    assert not b.js(OVERLAP) and not b.overflow()


def test_what_is_held_and_what_is_kept_is_decided_without_scripts(b, hub, own):
    b.scripts(False)
    sign_in(b, hub)
    b.go(hub.url + "/engine")
    assert "3 of 9 branches were deleted" in b.find("main").text
    b.press("Reject")
    b.wait(lambda b: "has to be approved" not in b.find("main").text)
    b.link("Kept tips").click()
    b.press("Let it go")
    b.wait(lambda b: "Taken back" not in b.find("main").text)
    b.press("Take it back")
    b.wait(lambda b: "Taken back" in b.find("main").text)


# ---- what strangers wrote


def links_of(b, hub):
    """Addresses of ours that the page shows, without what is behind #."""
    found = b.js("return [...document.querySelectorAll('a[href]')].map(a => a.href)")
    return {urllib.parse.urldefrag(one)[0] for one in found if one.startswith(hub.url + "/")}


def test_nothing_in_hostile_names_comes_to_life(b, hub, site):
    """Follows every link of the hostile repository (X-01): no dialog, no complaint of the policy, no
    element that a name brought along."""
    start = hub.url + "/hostile"
    seen, queue = set(), [start, start + "/branches", start + "/tags", start + "/commits/main"]
    while queue and len(seen) < 250:
        url = queue.pop(0)
        if url in seen or re.search(r"/(archive|raw|patch|atom)/", url):
            continue
        seen.add(url)
        b.go(url)
        assert b.dialog() is None, url
        assert not b.complaints(), url
        assert not b.all("img[src='x'], svg[onload], [onerror]"), url
        assert b.find("h1"), url
        queue += sorted(one for one in links_of(b, hub) if one.startswith(start + "/"))
    assert len(seen) > 100


def test_raw_files_are_inert(b, hub, site):
    for path in ("docs/page.html", "docs/drawing.svg"):
        b.go(hub.url + "/story/raw/main/" + path)
        assert b.dialog() is None, path
        assert "<script>" in b.js("return document.documentElement.textContent"), path
    b.complaints()


def test_scripts_keep_to_themselves(hub):
    """X-15: no window.postMessage, no storage."""
    page = hub.get("/static/page.js").text + hub.get("/static/blob.js").text
    for word in ("localStorage", "sessionStorage", "innerHTML", "eval(", "document.write",
                 "window.postMessage", "parent.postMessage"):
        assert word not in page


# ---- what is hidden


def test_who_may_read_a_hidden_project_reads_all_its_pages(hub, site):
    """Whatever pool of nginx's a page comes from, it has to learn who is asking."""
    person = Person(hub)
    person.sign_in(hub.user, hub.password)
    pages = [page.replace("/story", "/secret", 1) for page in site.pages()
             if page.startswith("/story")]
    pages += ["/secret/archive/main.tar.gz", "/secret/patch/" + site.tip, "/secret/raw/main/LICENSE"]
    for page in pages:
        assert hub.get(page).status_code == 404, page
        assert person.get(page).status_code == 200, page


# ---- HTML


def test_every_page_is_small(hub, site):
    sizes = {page: len(hub.get(page, headers={"Accept": "text/html"}).content)
             for page in site.pages()}
    assert not {page: n for page, n in sizes.items() if n >= 100_000}


def test_every_page_is_html_without_a_parse_error(hub, site):
    for page in site.pages():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(hub.get(page, headers={"Accept": "text/html"}).text)
        assert not parser.errors, (page, parser.errors[:3])


def test_a_page_that_is_kept_stays_a_page(hub, site):
    """A browser takes the policy of a 304 for that of the page it has: without one, nginx would add
    the one that forbids all styles."""
    page = "/story/tree/" + site.tip
    first = hub.get(page)
    again = hub.get(page, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    for header in ("Content-Security-Policy", "Cache-Control", "Vary", "ETag"):
        assert again.headers[header].removeprefix("W/") == first.headers[header].removeprefix("W/")
