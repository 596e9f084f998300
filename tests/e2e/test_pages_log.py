"""Pages of commits, histories of paths, feeds and short links: contracts/hpr-and-hub.md B5, B8.1 rows
20 and 21, B8.2 rows 43 to 48, 53 and 54. git log is the truth."""

import datetime
import random
import re
import urllib.parse
import xml.etree.ElementTree

import html5lib
import pytest

from fixtures.repos import Repo

PAGE = 40
ATOM = "{http://www.w3.org/2005/Atom}"
MISSING = "1" * 40


# ---------------------------------------------------------------- helpers

def push(hub, repo, name, access="read"):
    """A project with the branches and tags of a Repo: its name."""
    hub.run_program("mirrorhub", "create-project", name, "--owner", hub.user, "--access", access)
    if repo is not None:
        repo.git("push", "-q", "--mirror", hub.clone_url(name, hub.admin))
    return name


def skewed(path, n, seed):
    """n commits whose clocks are wrong by up to a day either way and often alike, with merges of up
    to six parents."""
    dice, lines = random.Random(seed), []
    for i in range(n):
        at = 1_600_000_000 + i * 600 + dice.randrange(-144, 144) * 600
        lines.append("commit refs/heads/b%d\nmark :%d\nauthor A <a@x> %d +0130\n"
                     "committer C <c@x> %d +0000\ndata %d\nchange %d\n"
                     % (i % 50, i + 1, at - dice.randrange(90_000), at, len("change %d" % i), i))
        parents = {max(0, i - 1 - dice.randrange(3))} if i else set()
        if i and dice.randrange(3) == 0:
            parents |= {max(0, i - 1 - dice.randrange(30)) for _ in range(dice.randrange(1, 6))}
        for word, parent in zip(["from"] + ["merge"] * 6, sorted(parents, reverse=True)):
            lines.append("%s :%d\n" % (word, parent + 1))
        lines.append("M 100644 inline f%d\ndata 4\n%04d\n\n" % (dice.randrange(9), i % 1000))
    lines.append("reset refs/heads/main\nfrom :%d\n" % n)
    repo = Repo(path)
    repo.git("fast-import", "--quiet", "--force", input="".join(lines).encode())
    for i in range(50):
        repo.git("update-ref", "-d", "refs/heads/b%d" % i)
    return repo


def ids_of_git(repo, *args):
    return repo.git("log", "--format=%H", *args).split()


def parse(answer):
    """The page as a tree; it has to be HTML without a parse error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(answer.text)


def with_class(page, name, tag="*"):
    return [e for e in page.iter(None if tag == "*" else tag)
            if name in (e.get("class") or "").split()]


def text_of(element):
    return "".join(element.itertext())


def rows_of(page):
    """[(id, subject)] of the list, as linked."""
    out = []
    for subject in with_class(page, "subject", "p"):
        link = subject.find("a")
        out.append((re.search(r"/commit/([0-9a-f]{40})$", link.get("href")).group(1),
                    text_of(link)))
    return out


def ids_of(page):
    return [oid for oid, _ in rows_of(page)]


def link(page, rel):
    found = [a.get("href") for a in page.iter("a") if a.get("rel") == rel]
    assert len(found) <= 1
    return found[0] if found else None


def show(hub, path, **kw):
    answer = hub.get(path, headers={"Accept": "text/html"}, **kw)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[-500:])
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return parse(answer)


@pytest.fixture(scope="module")
def long(hub, tmp_path_factory):
    """A project of 5,000 commits: (name, Repo)."""
    repo = skewed(tmp_path_factory.mktemp("long") / "long.git", 5000, 1)
    tip = repo.oid("main")
    repo.tag("v1", tip, message="the first")
    repo.ref("refs/heads/feature/x", tip)
    return push(hub, repo, "team/long"), repo


# ---------------------------------------------------------------- pages

def test_pages_list_forty_commits_in_the_order_of_git_log(hub, long):
    name, repo = long
    truth = ids_of_git(repo, "main")
    url, before, seen = "/%s/commits/main" % name, None, []
    for number in range(1, 30):  # beyond the place where a child of git takes over
        page = show(hub, url)
        seen += ids_of(page)
        assert link(page, "prev") == before, number
        before, url = url, link(page, "next")
        assert url == "/%s/commits/main?page=%d" % (name, number + 1)
    assert seen == truth[:29 * PAGE]


def test_the_last_page_has_no_older_one_and_behind_it_is_nothing(hub, long):
    name, repo = long
    truth = ids_of_git(repo, "main")
    last = (len(truth) + PAGE - 1) // PAGE
    page = show(hub, "/%s/commits/main?page=%d" % (name, last))
    assert ids_of(page) == truth[(last - 1) * PAGE:]
    assert link(page, "next") is None
    for number in (last + 1, 999, 2500, 2501, 10 ** 9, 10 ** 30):
        answer = hub.get("/%s/commits/main?page=%d" % (name, number))
        assert answer.status_code == 404, number


@pytest.mark.parametrize("page", ["0", "x", "-1", "", "1x", "%31", "1.5", "0x2", "٢"])
def test_a_bad_page_is_the_first(hub, long, page):
    name, repo = long
    assert ids_of(show(hub, "/%s/commits/main?page=%s" % (name, page))) == ids_of_git(repo, "main")[:PAGE]


def test_any_way_to_say_a_commit_works(hub, long):
    name, repo = long
    tip = repo.oid("main")
    older = ids_of_git(repo, "main")[100]
    for rev in ("feature/x", "v1", "HEAD", tip, tip[:16], "feature%2Fx"):
        assert ids_of(show(hub, "/%s/commits/%s" % (name, rev))) == ids_of_git(repo, "main")[:PAGE], rev
    assert ids_of(show(hub, "/%s/commits/%s?page=2" % (name, older))) \
        == ids_of_git(repo, older)[PAGE:2 * PAGE]
    for rev in ("none", "main~1", "--all", "main..v1", "@", tip[:3], tip + "0", "refs", MISSING):
        assert hub.get("/%s/commits/%s" % (name, rev)).status_code == 404, rev


def test_commits_are_grouped_by_the_authors_day(hub, long):
    name, repo = long
    page = show(hub, "/%s/commits/main" % name)
    truth, before = [], None
    for line in repo.git("log", "-%d" % PAGE, "--format=%at %H", "main").splitlines():
        at, oid = line.split()
        day = datetime.datetime.fromtimestamp(int(at), datetime.timezone.utc).date()
        if day != before:
            truth.append([])
        truth[-1].append(oid)
        before = day
    assert [[oid for oid, _ in rows_of(ol)] for ol in with_class(page, "commits", "ol")] == truth
    assert len(truth) > 1
    assert len(page.find(".//main").findall("h2")) == len(truth)


def test_a_row_says_who_when_and_which(hub, long):
    name, repo = long
    tip = repo.oid("main")
    page = show(hub, "/%s/commits/main" % name)
    row = next(with_class(page, "commits", "ol")[0].iter("li"))
    at = int(repo.git("log", "-1", "--format=%at", "main"))
    iso = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    time = next(row.iter("time"))
    assert time.get("datetime") == time.get("title") == iso
    assert text_of(with_class(row, "author")[0]) == "A"
    assert text_of(with_class(row, "hash")[0]) == tip[:16]
    labels = {text_of(a): a.get("href") for a in with_class(row, "label")}
    assert labels == {"tag v1": "/%s/tree/v1" % name, "branch main": "/%s/tree/main" % name,
                      "branch feature/x": "/%s/tree/feature/x" % name}
    feeds = [e.get("href") for e in page.iter("link") if e.get("rel") == "alternate"]
    assert feeds == ["/%s/atom/commits/main" % name]


def test_commits_lead_to_those_of_other_branches_and_the_tabs_stay_there(hub, long):
    name, _ = long
    page = show(hub, "/%s/commits/feature/x" % name)
    [switch] = with_class(page, "switch", "details")
    links = {a.get("href") for a in switch.iter("a")}
    assert {"/%s/commits/main" % name, "/%s/commits/v1" % name} <= links
    tabs = [a.get("href") for a in with_class(page, "tabs")[0].iter("a")]
    assert tabs[:2] == ["/%s/tree/feature/x" % name, "/%s/commits/feature/x" % name]
    assert ("/%s/atom/commits/feature/x" % name) in [a.get("href") for a in page.iter("a")], "to subscribe to"
    assert [a.get("href") for a in with_class(page, "folder", "a")] == ["/?q=team%2F"], "what else is there"
    of_file = show(hub, "/%s/commits/feature/x/f3" % name)
    links = {a.get("href") for a in with_class(of_file, "switch", "details")[0].iter("a")}
    assert "/%s/commits/main/f3" % name in links, "the same file in another branch"


def test_behind_the_deepest_page_the_list_goes_on_from_a_commit(hub, tmp_path):
    repo = Repo(tmp_path / "deep.git")
    repo.git("fast-import", "--quiet", input=b"".join(
        b"commit refs/heads/main\ncommitter C <c@x> %d +0000\ndata 1\nm\n" % (1_600_000_000 + i)
        for i in range(100_100)))
    name = push(hub, repo, "deep")
    truth = ids_of_git(repo, "--skip=99960", "main")
    page = show(hub, "/%s/commits/main?page=2500" % name)
    assert ids_of(page) == truth[:PAGE]
    assert link(page, "next") == "/%s/commits/%s" % (name, truth[PAGE])
    assert ids_of(show(hub, link(page, "next"))) == truth[PAGE:2 * PAGE]
    assert hub.get("/%s/commits/main?page=2501" % name).status_code == 404


def test_commits_without_a_branch_is_the_default_one(hub, tmp_path):
    repo = Repo(tmp_path / "t.git", head="trunk")
    repo.commit("trunk", {"a": "1"})
    name = push(hub, repo, "trunked")  # whose first push decides
    repo.commit("main", {"a": "2"})
    repo.git("push", "-q", hub.clone_url(name, hub.admin), "main")
    answer = hub.get("/%s/commits" % name)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/%s/commits/trunk" % name)
    assert hub.get("/%s/commits/" % name).headers["Location"] == "/%s/commits/trunk" % name


def test_a_project_without_commits_says_so(hub):
    name = push(hub, None, "empty")
    assert "There are no commits yet" in text_of(show(hub, "/%s/commits" % name))
    assert hub.get("/%s/commits/main" % name).status_code == 404
    feed = xml.etree.ElementTree.fromstring(hub.get("/%s/atom/tags" % name).content)
    assert feed.findall(ATOM + "entry") == [] and feed.find(ATOM + "updated") is not None


def test_a_mirror_that_is_not_cloned_yet_is_busy(hub):
    name = hub.add("https://127.0.0.1:1/x.git", "uncloned", sync=False)
    for path in ("commits", "commits/main", "atom/commits/main", "atom/tags"):
        answer = hub.get("/%s/%s" % (name, path))
        assert answer.status_code == 503, path
        assert int(answer.headers["Retry-After"]) > 0


def test_who_may_not_read_sees_what_is_not_there(hub, tmp_path):
    repo = Repo(tmp_path / "s.git")
    oid = repo.commit("main", {"a": "1"}, "a secret")
    name = push(hub, repo, "secret", access="none")
    for path in ("/%s/commits", "/%s/commits/main", "/%s/commits/main/a", "/%s/atom/commits/main",
                 "/%s/atom/tags"):
        hidden, missing = (hub.get(path % n, headers={"Accept": "text/html"})
                           for n in (name, "nobody"))
        assert hidden.status_code == missing.status_code == 404
        plain = [re.sub(r"Request \S+", "", a.text).replace(n, "X")
                 for a, n in ((hidden, name), (missing, "nobody"))]
        assert plain[0] == plain[1]
        assert hub.get(path % name, hub.admin).status_code in (200, 302)
    assert hub.get("/commit/" + oid).status_code == 404
    assert hub.get("/commit/" + oid, hub.admin).status_code == 302


# ---------------------------------------------------------------- what people write

@pytest.fixture(scope="module")
def odd(hub, tmp_path_factory):
    """Commits as nobody should make them, on one branch: (name, Repo, {subject: id})."""
    repo = Repo(tmp_path_factory.mktemp("odd") / "odd.git")
    tree, ids, parent = repo.tree({"a": "1"}), {}, b""
    for key, author, headers, message in [
            ("latin", b"J\xf6rg", b"encoding ISO-8859-1\n", b"gr\xfc\xdfe\n"),
            ("broken", b"J\xf6rg \xff", b"", b"\xfc\xff bytes\n"),
            ("html", b"<script>alert(1)</script>".replace(b"<", b"(").replace(b">", b")"), b"",
             b"<script>alert(1)</script> & \"q\" 'q' {{x}}\n"),
            ("bidi", b"Mallory \xe2\x80\xae", b"", b"evil \xe2\x80\xae txt\n"),
            ("huge", b"H", b"", b"h\xc3\xa4" * 32768 + b"\n\nbody\n"),
            ("empty", b"E", b"", b""),
            ("control", b"C", b"", b"bell\x07 \x1b[31m \xef\xbf\xbf\n")]:
        ids[key] = repo.object("commit", b"tree %s\n%sauthor %s <a@x> 1600000000 +0200\n"
                               b"committer %s <a@x> %d +0000\n%s\n%s"
                               % (tree.encode(), parent, author, author, 1_600_000_000 + len(ids),
                                  headers, message))
        parent = b"parent %s\n" % ids[key].encode()
    repo.ref("refs/heads/main", ids["control"])
    repo.ref("refs/heads/b\u00fc<b>", ids["html"])
    return push(hub, repo, "odd"), repo, ids


def test_what_people_write_is_text_and_never_more(hub, odd):
    name, repo, ids = odd
    answer = hub.get("/%s/commits/main" % name)
    page = parse(answer)
    rows = dict(rows_of(page))
    assert list(rows) == ids_of_git(repo, "main")
    assert rows[ids["latin"]] == "grüße"
    assert rows[ids["broken"]] == "\ufffd\ufffd bytes"
    assert rows[ids["html"]] == "<script>alert(1)</script> & \"q\" 'q' {{x}}"
    assert rows[ids["bidi"]] == "evil U+202E txt"
    assert rows[ids["huge"]] == "hä" * 50 + "…"
    assert rows[ids["empty"]] == "(no message)"
    assert rows[ids["control"]] == "bellU+0007 U+001B[31m \ufffd"
    authors = [text_of(e) for e in with_class(page, "author")]
    assert "Jörg" in authors and "J\ufffdrg \ufffd" in authors
    assert len(answer.content) < 100_000
    assert not [e for e in page.iter("script") if "alert" in text_of(e)]


def test_a_branch_may_have_any_name(hub, odd):
    name, _, ids = odd
    page = show(hub, "/%s/commits/main" % name)
    labels = {text_of(a): a.get("href") for a in with_class(page, "label")}
    url = labels["branch b\u00fc<b>"].replace("/tree/", "/commits/")
    assert ids_of(show(hub, url))[0] == ids["html"]


def test_many_labels_of_one_commit_are_cut(hub, tmp_path):
    repo = Repo(tmp_path / "l.git")
    oid = repo.commit("main", {"a": "1"})
    repo.many_refs(300, oid=oid)
    page = show(hub, "/%s/commits/main" % push(hub, repo, "labels"))
    labels = [text_of(e) for e in with_class(page, "label")]
    assert len(labels) == 7 and labels[-1] == "+295 more"


# ---------------------------------------------------------------- one path

def test_the_history_of_a_path_is_that_of_git(hub, long):
    name, repo = long
    truth = ids_of_git(repo, "main", "--", "f3")
    first = show(hub, "/%s/commits/main/f3" % name)
    assert ids_of(first) == truth[:PAGE] and len(truth) > PAGE
    second = show(hub, link(first, "next"))
    assert ids_of(second) == truth[PAGE:2 * PAGE]
    assert link(second, "prev") == "/%s/commits/main/f3" % name
    assert ids_of(show(hub, "/%s/commits/main?path=f3" % name)) == truth[:PAGE]
    files = {a.get("href") for a in first.iter("a") if text_of(a) == "As it was"}
    assert "/%s/tree/%s/f3" % (name, truth[0]) in files


def test_a_path_is_never_an_option_or_a_pattern(hub, long):
    name, _ = long
    for path in ("none", "*", "--all", ":(glob)f3", "..%2Ff3", "%2E%2E/f3", "f3/x", "-n1"):
        assert hub.get("/%s/commits/main/%s" % (name, path)).status_code == 404, path
        answer = hub.get("/%s/commits/main?path=%s" % (name, path))
        assert answer.status_code == 404, path


def test_the_history_of_a_renamed_file_leads_to_its_older_name(hub, tmp_path):
    repo = Repo(tmp_path / "r.git")
    old = repo.commit("main", {"old name": "1\n2\n3\n4\n", "z": "z"}, "made")
    moved = repo.commit("main", {"d/n\u00fc": "1\n2\n3\n4\n", "z": "z"}, "moved")
    changed = repo.commit("main", {"d/n\u00fc": "1\n2\n3\n5\n", "z": "z"}, "changed")
    name = push(hub, repo, "renamed")
    page = show(hub, "/%s/commits/main/d/n%%C3%%BC" % name)
    assert ids_of(page) == [changed, moved]
    url = with_class(page, "renamed")[0].find("a").get("href")
    assert url == "/%s/commits/%s/old%%20name" % (name, old)
    older = show(hub, url)
    assert ids_of(older) == [old] and not with_class(older, "renamed")
    assert ids_of(show(hub, "/%s/commits/main/old%%20name" % name)) == [moved, old]


def test_names_of_files_are_bytes(hub, tmp_path):
    repo = Repo(tmp_path / "n.git")
    tree = repo.raw_tree([("100644", b"caf\xe9 #%?", repo.blob("x"))])
    oid = repo.commit_of_tree(tree)
    repo.ref("refs/heads/main", oid)
    name = push(hub, repo, "bytes")
    page = show(hub, "/%s/commits/main/%s" % (name, urllib.parse.quote(b"caf\xe9 #%?")))
    assert ids_of(page) == [oid]
    assert "caf\ufffd #%?" in text_of(next(page.iter("h1")))


# ---------------------------------------------------------------- by id alone

def test_a_commit_is_found_by_its_id_alone(hub, long):
    name, repo = long
    tip = repo.oid("main")
    for oid in (tip, tip[:16], tip[:12].upper()):
        answer = hub.get("/commit/" + oid)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/%s/commit/%s" % (name, tip))
    for text in ("badbad", "main", "HEAD", "v1", tip[:3], tip + "0", repo.oid("main^{tree}"),
                 "--all", "main~1"):
        assert hub.get("/commit/" + text).status_code == 404, text


def test_a_commit_of_several_projects_is_that_of_the_first_by_name(hub, tmp_path):
    repo = Repo(tmp_path / "two.git")
    oid = repo.commit("main", {"only": "here"}, "in two of them")
    push(hub, repo, "two/b")
    push(hub, repo, "two/a")
    assert hub.get("/commit/" + oid[:16]).headers["Location"] == "/two/a/commit/" + oid


# ---------------------------------------------------------------- feeds

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def feed_of(hub, path):
    """The feed, which has to have what RFC 4287 asks for."""
    answer = hub.get(path)
    assert answer.status_code == 200, answer.text[-500:]
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = xml.etree.ElementTree.fromstring(answer.content)
    assert feed.tag == ATOM + "feed"
    ids = []
    for element in [feed, *feed.findall(ATOM + "entry")]:
        for child in ("id", "title", "updated"):
            assert len(element.findall(ATOM + child)) == 1, child
        ids.append(element.findtext(ATOM + "id"))
        assert ids[-1].startswith(hub.url + "/")
        assert RFC_3339.match(element.findtext(ATOM + "updated"))
        assert element.findtext(ATOM + "author/" + ATOM + "name")
        links = {a.get("rel"): a.get("href") for a in element.findall(ATOM + "link")}
        assert links["alternate"].startswith(hub.url + "/")
    assert len(set(ids)) == len(ids)
    links = {a.get("rel"): a.get("href") for a in feed.findall(ATOM + "link")}
    assert links["self"] == hub.url + path
    return feed


def entries(feed):
    return feed.findall(ATOM + "entry")


def test_a_feed_has_the_newest_commits(hub, long):
    name, repo = long
    feed = feed_of(hub, "/%s/atom/commits/feature/x" % name)
    truth = ids_of_git(repo, "main")[:PAGE]
    assert [e.findtext(ATOM + "id") for e in entries(feed)] \
        == ["%s/%s/commit/%s" % (hub.url, name, oid) for oid in truth]
    assert entries(feed)[0].findtext(ATOM + "title") == repo.git("log", "-1", "--format=%s", "main")
    newest = max(e.findtext(ATOM + "updated") for e in entries(feed))
    assert feed.findtext(ATOM + "updated") == newest
    assert hub.get("/%s/atom/commits/none" % name).status_code == 404
    assert hub.get("/%s/atom/commits/main/f3" % name).status_code == 404


def test_a_feed_that_has_not_changed_is_not_sent_again(hub, long):
    name, _ = long
    path = "/%s/atom/commits/main" % name
    tag = hub.get(path).headers["ETag"]
    answer = hub.get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_feed_is_xml_whatever_people_write(hub, odd):
    name, _, ids = odd
    feed = feed_of(hub, "/%s/atom/commits/main" % name)
    titles = {e.findtext(ATOM + "id")[-40:]: e.findtext(ATOM + "title") for e in entries(feed)}
    assert titles[ids["latin"]] == "grüße"
    assert titles[ids["html"]] == "<script>alert(1)</script> & \"q\" 'q' {{x}}"
    assert "\ufffd" in titles[ids["control"]]
    assert len(xml.etree.ElementTree.tostring(feed)) < 200_000


def test_a_feed_of_tags_has_the_newest_first(hub, tmp_path):
    repo = Repo(tmp_path / "tags.git")
    for i in range(45):
        oid = repo.commit("main", {"a": str(i)}, "commit %d" % i)
        repo.tag("v%02d" % i, oid, message="tag %d\n\nwords <b>" % i if i % 2 else None)
    name = push(hub, repo, "tagged")
    feeds = [e.get("href") for e in show(hub, "/tagged/tags").iter("link") if e.get("rel") == "alternate"]
    assert feeds == ["/tagged/atom/tags"]
    feed = feed_of(hub, "/%s/atom/tags" % name)
    assert [e.findtext(ATOM + "title") for e in entries(feed)] \
        == ["v%02d" % i for i in range(44, 4, -1)]
    by_title = {e.findtext(ATOM + "title"): e for e in entries(feed)}
    assert by_title["v43"].findtext(ATOM + "content") == "tag 43\n\nwords <b>"
    assert by_title["v44"].findtext(ATOM + "content") == "commit 44"
    for version in ("1.9", "1.10"):
        repo.tag(version, oid)
    repo.git("push", "-q", "--mirror", hub.clone_url(name, hub.admin))
    first = [e.findtext(ATOM + "title") for e in entries(feed_of(hub, "/%s/atom/tags" % name))][:3]
    page = [e.text for e in show(hub, "/tagged/tags").iter("a") if e.text in ("v44", "1.9", "1.10")]
    assert first == page == ["v44", "1.9", "1.10"], "tags of one time stand as on the page"
    assert by_title["v44"].findtext(ATOM + "id") == "%s/%s/tree/v44" % (hub.url, name)
