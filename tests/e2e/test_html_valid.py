"""Every page one comes to by links, as a guest and as an administrator, is valid HTML (fixtures/valid.py)
and small enough."""

import re
import urllib.parse

import html5lib
import pytest

from fixtures.engine import engine
from fixtures.person import Person
from fixtures.repos import Repo
from fixtures.valid import faults

MOST_PAGES = 250
MOST_BYTES = 100_000
HTML = {"Accept": "text/html,application/xhtml+xml"}

README = b"""# Title

[a](src/a.c) ![i](i.png) <b>x</b>

| a | b |
|---|---|
| 1 | - |

- [ ] todo
- [x] done

### deep

```c
int x;
```
"""


@pytest.fixture(scope="module", name="project")
def _project(hub, upstream):
    repo = Repo(upstream.folder / "valid.git")
    repo.commit(files={"README.md": README, "src/a.c": b"int a;\n", "i.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 9})
    repo.commit(files={"README.md": README, "src/a.c": b"int a;\nint b;\n", "empty": b"",
                       "bytes": b"\0\1", "latin": b"caf\xe9\n", "turned": "a\u202eb\n".encode(),
                       "<img src=x onerror=alert(1)>": b"x\n", "docs/\"quoted\"/a b": b"y\n"},
                message="second\n\nwith <b>words</b> & signs")
    repo.ref("refs/heads/feature/x", repo.oid("main"))
    repo.tag("v1.0", message="first")
    hub.mirror(upstream.url("valid.git"), "valid-project")
    hub.add(upstream.url("missing.git"), "valid-broken")
    hub.wait_run("valid-broken")
    return "valid-project"


def links(source):
    page = html5lib.parse(source, namespaceHTMLElements=False)
    for a in page.iter("a"):
        url = urllib.parse.urldefrag(a.attrib.get("href", ""))[0]
        if url.startswith("/") and not url.startswith("//"):
            yield url


def shape(url):
    """Pages of one shape are tried a few times only."""
    url = re.sub(r"\?.*", "?", url)
    return re.sub(r"[0-9a-f]{40}|[0-9a-f]{64}", "ID", re.sub(r"\d+", "N", url))


def crawl(get, start):
    """Each HTML page there is a way to: (address, text)."""
    left, known, shapes = list(start), set(start), {}
    while left and len(known) < 10 * MOST_PAGES:
        url = left.pop(0)
        shapes[shape(url)] = shapes.get(shape(url), 0) + 1
        if shapes[shape(url)] > 4 or re.search(r"/(raw|archive|patch|atom)/|\.git\b|/logout", url):
            continue
        answer = get(url)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        yield url, answer
        for found in links(answer.text):
            if found not in known:
                known.add(found)
                left.append(found)


def check(pages):
    bad, n = [], 0
    for url, answer in pages:
        n += 1
        assert n <= MOST_PAGES
        bad += ["%s: %s" % (url, fault) for fault in faults(answer.text)]
        if len(answer.content) > MOST_BYTES:
            bad.append("%s: %d bytes" % (url, len(answer.content)))
        if answer.status_code == 500:  # 503: there is nothing to show yet
            bad.append("%s: %d" % (url, answer.status_code))
    assert not bad, "%d faults on %d pages:\n%s" % (len(bad), n, "\n".join(bad[:80]))
    return n


def test_pages_of_a_guest_are_valid(hub, project):
    start = ["/", "/" + project, "/valid-broken", "/login", "/no/such/page", "/" + project + "/tree/nothing"]
    assert check(crawl(lambda url: hub.get(url, headers=HTML), start)) > 15


def test_pages_of_an_administrator_are_valid(hub, project):
    person = Person(hub)
    person.sign_in(hub.user, hub.password)
    start = ["/", "/" + project, "/valid-broken", "/-/tokens", "/-/admin", "/-/admin/jobs",
             "/-/admin/mirrors", "/-/admin/hosts", "/-/admin/accounts", "/-/new"]

    def get(url):
        return person.session.get(hub.url + url, headers=HTML, allow_redirects=False, timeout=60)

    assert check(crawl(get, start)) > 15


def test_pages_of_the_mirror_engine_are_valid(hub, upstream):
    person = Person(hub)
    person.sign_in(hub.user, hub.password)
    pages = [(url, person.session.get(hub.url + url, headers=HTML, timeout=60)) for url in engine(hub, upstream)]
    assert {answer.status_code for _, answer in pages} == {200}
    check(pages)
