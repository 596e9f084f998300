"""READMEs on the pages: found, rendered once, with links that lead to the hub's own pages, and shown
as they are where that cannot be. tests/e2e/test_render.py has what comes out of the child."""

import concurrent.futures
import pathlib

import html5lib
import pytest

from fixtures.repos import Repo
from fixtures.run import wait_until

HTML = {"Accept": "text/html"}

README = """\
# The thing

See [the code](src/a.c#L2), [how](docs/how.md#First-Steps), [up](../..), [root](/docs/) and
[elsewhere](https://host.example/x). ![logo](logo.png) ![badge](https://host.example/b.svg)

<script>alert(1)</script>

- [x] done

```c
int x;
```
"""


def files():
    return {
        "README.md": README.encode(),
        "logo.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 20,
        "src/a.c": b"int a;\nint b;\n",
        "docs/how.md": b"# First steps\n\n[back](../README.md) [here](#first-steps) [a](./b%20c.md)\n",
        "docs/b c.md": b"# B\n",
        "docs/readme.TXT": b"plain <b>text</b>\r\n\tsecond\n",
        "docs/README.rst": b"not this one\n",
        "large/README.md": b"# large\n" + b"a line of words\n" * 20_000,
        "huge/README": b"word\n" * 100_000,
        "deep/README.md": b">" * 1000 + b" too deep\n",
        "binary/README": b"\0\1\2",
        "html/README.md": b"<h1>all of it is HTML</h1>\n",
        "bytes/README.md": b"# caf\xe9 \x01\n",
    }


@pytest.fixture(scope="module", name="project")
def _project(hub, upstream):
    repo = Repo(upstream.folder / "readme.git")
    repo.commit(files=files())
    repo.ref("refs/heads/feature/x", repo.oid("main"))
    return hub.mirror(upstream.url("readme.git"), "readme")


def page(hub, path):
    answer = hub.get(path, headers=HTML)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)


def box(hub, path):
    found = page(hub, path).findall(".//section[@class='readme']")
    assert len(found) <= 1
    return found[0] if found else None


def text(element):
    return "".join(element.itertext())


def hrefs(element):
    return {text(a): a.attrib["href"] for a in element.iter("a")}


def kept(hub):
    """The files of the cache, without its locks: (name, bytes, inode)."""
    folder = hub.data_dir / "cache" / "readmes"
    rows = [(path.name, path.stat()) for path in folder.iterdir() if path.name[0] != "."]
    return sorted((name, st.st_size, st.st_ino) for name, st in rows)


def children_cost(hub):
    """Grows whenever a process of a pool has had a child: page faults of awaited children."""
    pids = [pid for pid, argv in hub.processes().items() if "--pool" in argv]
    assert pids
    stats = [pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1] for pid in pids]
    return sum(int(stat.split()[8]) for stat in stats)


def test_the_project_page_shows_its_readme(hub, project):
    found = box(hub, f"/{project}")
    assert text(found.find("h2")) == "README.md"
    assert found.find(".//h3").attrib == {"id": "readme-the-thing"}
    assert not list(found.iter("script"))
    assert found.find(".//li[@class='task']/input").attrib["aria-label"] == "done"
    assert found.find(".//pre/code").attrib == {"data-language": "c"}
    assert hrefs(found) == {
        "README.md": f"/{project}/blob/main/README.md",
        "the code": f"/{project}/blob/main/src/a.c#L2",
        "how": f"/{project}/blob/main/docs/how.md#readme-first-steps",
        "up": f"/{project}/tree/main",
        "root": f"/{project}/tree/main/docs",
        "elsewhere": "https://host.example/x",
        "badge": "https://host.example/b.svg",
    }
    assert found.find(".//img").attrib["src"] == f"/{project}/raw/main/logo.png"


def test_links_of_a_readme_stay_in_its_branch_and_lead_somewhere(hub, project):
    start = f"/{project}/tree/feature/x"
    found = hrefs(box(hub, start))
    assert found["the code"] == f"/{project}/blob/feature/x/src/a.c#L2"
    for url in found.values():
        if url.startswith("/"):
            page(hub, url)
    assert hub.get(box(hub, start).find(".//img").attrib["src"]).content[:4] == b"\x89PNG"


def test_a_markdown_file_can_be_read_as_a_page(hub, project):
    found = box(hub, f"/{project}/blob/main/docs/how.md?rendered=1")
    assert hrefs(found) == {
        "how.md": f"/{project}/blob/main/docs/how.md",
        "back": f"/{project}/blob/main/README.md",
        "here": "#readme-first-steps",
        "a": f"/{project}/blob/main/docs/b%20c.md",
    }
    assert found.find(".//h3").attrib["id"] == "readme-first-steps"
    assert box(hub, f"/{project}/blob/main/docs/how.md") is None  # that is the source


def test_a_readme_that_is_no_markdown_is_shown_as_it_is(hub, project):
    found = box(hub, f"/{project}/tree/main/docs")
    assert text(found.find("h2")) == "readme.TXT"
    assert text(found.find("pre")) == "plain <b>text</b>\n\tsecond\n"


@pytest.mark.parametrize("folder,words", [
    ("large", "too many to be shown here"), ("huge", "too many to be shown here"),
    ("deep", "too large or too intricate"), ("html", "too large or too intricate")])
def test_what_cannot_be_rendered_is_said(hub, project, folder, words):
    found = box(hub, f"/{project}/tree/main/{folder}")
    assert words in text(found.find("p[@class='note']"))
    if folder in ("deep", "html"):
        assert text(found.find("pre")) == files()[folder + "/README.md"].decode()


def test_a_readme_that_is_no_text_is_left_out(hub, project):
    assert box(hub, f"/{project}/tree/main/binary") is None


def test_bytes_that_are_no_characters_become_a_sign(hub, project):
    assert text(box(hub, f"/{project}/tree/main/bytes").find(".//h3")) == "caf\ufffd \ufffd"


def test_a_text_is_rendered_once_whatever_came_of_it(hub, project):
    paths = [f"/{project}", f"/{project}/tree/main/deep", f"/{project}/tree/main/bytes"]
    for path in paths:
        page(hub, path)
    before, cost = kept(hub), children_cost(hub)
    assert any(size == 0 for _, size, _ in before)  # what ended by a limit, too
    for path in paths * 3:
        page(hub, path)
    assert kept(hub) == before
    assert children_cost(hub) == cost


def test_a_project_that_goes_takes_what_was_kept_along(hub, upstream, name):
    repo = Repo(upstream.folder / (name + ".git"))
    repo.commit(files={"README.md": b"# mine\n"})
    hub.mirror(upstream.url(name + ".git"), name)
    before = kept(hub)
    page(hub, "/" + name)
    assert len(kept(hub)) == len(before) + 1
    assert hub.delete("/repositories/" + name).status_code == 200
    wait_until(lambda: kept(hub) == before, 60, "it is gone")


def test_many_who_ask_for_a_new_text_at_once_get_it(hub, upstream, name):
    repo = Repo(upstream.folder / (name + ".git"))
    repo.commit(files={"README.md": b"# at once\n" + b"*a* `b` [c](d)\n" * 3000})
    hub.mirror(upstream.url(name + ".git"), name)
    before = kept(hub)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: hub.get("/" + name, headers=HTML).text, range(16)))
    assert all("readme-at-once" in text for text in texts)
    assert len(kept(hub)) == len(before) + 1
