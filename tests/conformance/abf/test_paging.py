"""Contract 1.7: pages of lists, and the Link header that leads through them."""

import re
import urllib.parse

import pytest

from conformance.abf.client import Abf
from fixtures.run import wait_until

N = 4


class World:
    def __init__(self, hub):
        self.hub, self.admin = hub, Abf(hub, hub.admin)
        self.owner, owner = self.admin.user("owner")
        people = [self.admin.user("person%d" % i)[1] for i in range(N)]
        projects = [self.owner.project("project%d" % i, owner) for i in range(N)]
        self.group = self.owner.group("team0", [(p, "reader") for p in people])
        for i in range(1, N):
            self.owner.group("team%d" % i)
        platforms = [self.admin.platform("platform%d" % i, owner) for i in range(N)]
        repositories = [self.owner.repository(p, "main") for p in platforms]
        self.platform, self.repository, self.project = platforms[0], repositories[0], projects[0]
        for person in people:
            self.owner.add_member("projects", self.project, person, role="reader")
            self.owner.add_member("platforms", self.platform, person)
        for one in projects:
            self.owner.put("repositories/%d/add_project.json" % self.repository, {"project_id": one})


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


# path, where its rows are, at least how many
LISTS = [
    ("projects.json", ["projects"], N),
    ("projects/{project}/members.json", ["project", "members"], N),
    ("repositories/{repository}/projects.json", ["repository", "projects"], N),
    ("platforms.json", ["platforms"], N),
    ("platforms.json?type=main", ["platforms"], N),
    ("platforms/{platform}/members.json", ["platform", "members"], N),
    ("platforms/platforms_for_build.json", ["platforms"], N),
    ("groups.json", ["groups"], N),
    ("groups/{group}/members.json", ["group", "members"], N),
    ("arches.json", ["architectures"], 3),
    ("search.json?type=projects&query=project", ["results", "projects"], N),
    ("search.json?type=users&query=person", ["results", "users"], N),
    ("search.json?type=groups&query=team", ["results", "groups"], N),
    ("search.json?type=platforms&query=platform", ["results", "platforms"], N),
]


COUNTED = [row for row in LISTS if not row[0].startswith("search")]


class List:
    def __init__(self, world, path, at):
        self.world, self.at = world, at
        self.path = path.format(**vars(world))

    def page(self, **query):
        """(rows, {rel: address}) of the list with more in its query."""
        mark = "&" if "?" in self.path else "?"
        more = urllib.parse.urlencode(query)
        got = self.world.owner.ask("GET", self.path + (mark + more if more else ""), 200)
        rows = got.json()
        for key in self.at:
            rows = rows[key]
        links = re.findall(r'<([^>]+)>; rel="(\w+)"', got.headers.get("Link", ""))
        return rows, {rel: url for url, rel in links}


@pytest.fixture(params=LISTS, ids=[row[0] for row in LISTS])
def one(world, request):
    path, at, least = request.param
    made = List(world, path, at)
    made.least, made.is_search = least, path.startswith("search")
    return made


def query(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def test_pages_joined_are_the_whole_list(one):
    whole, links = one.page(per_page=100)
    assert len(whole) >= one.least and links == {}
    assert one.page() == (whole[:20], {})
    for size in (1, 3):
        pages = [one.page(page=i + 1, per_page=size)[0]
                 for i in range((len(whole) + size - 1) // size)]
        assert [row for page in pages for row in page] == whole
        assert all(len(page) == size for page in pages[:-1])


def test_the_header_leads_to_the_other_pages(one):
    n = len(one.page(per_page=100)[0])
    for number, rels in ((1, {"next", "last"}), (2, {"first", "prev", "next", "last"}),
                         (n, {"first", "prev"})):
        _, links = one.page(page=number, per_page=1)
        assert set(links) == rels - ({"last"} if one.is_search else set())
        where = {"first": 1, "prev": number - 1, "next": number + 1, "last": n}
        for rel, url in links.items():
            assert url.startswith(one.world.hub.url + "/api/v1/" + one.path.partition("?")[0])
            assert query(url) == {**query("?" + one.path.partition("?")[2]), "per_page": "1",
                                  "page": str(where[rel])}


@pytest.mark.parametrize("one", COUNTED, ids=[row[0] for row in COUNTED], indirect=True)
def test_the_last_page_ends_the_list_and_names_no_other(one):
    whole, _ = one.page(per_page=100)
    for size in range(1, len(whole)):
        _, links = one.page(per_page=size)
        last = query(links["last"])
        rows, rels = one.page(page=last["page"], per_page=size)
        assert rows and rows == whole[(int(last["page"]) - 1) * size:]
        assert set(rels) == {"first", "prev"}


def n_statements(world, path, marker):
    world.owner.ask("GET", path, 200, headers={"X-Request-Id": marker})
    return wait_until(lambda: [line["statements"] for line in world.hub.log_lines(id=marker)
                               if "statements" in line], 60, "it is logged")[0]


def test_only_a_list_that_goes_on_is_counted(one, request):
    n = len(one.page(per_page=100)[0])
    marker = "counted-%d-%%s" % LISTS.index(request.node.callspec.params["one"])
    mark = "&" if "?" in one.path else "?"
    whole, first, last = (n_statements(one.world, "%s%sper_page=%d&page=%d" % (
        one.path, mark, size, page), marker % i)
        for i, (size, page) in enumerate(((100, 1), (1, 1), (1, n))))
    assert last == whole and first == whole + (not one.is_search)


def test_a_total_is_of_what_one_may_read(world):
    other, _ = world.admin.user("other")
    path = "repositories/%d/projects.json?per_page=1" % world.repository
    world.owner.put("projects/%d.json" % world.project, {"project": {"visibility": "hidden"}})
    for who, n in ((world.owner, N), (other, N - 1)):
        link = who.ask("GET", path, 200).headers["Link"]
        assert '%s&page=%d>; rel="last"' % (path.partition("?")[2], n) in link
    world.owner.put("projects/%d.json" % world.project, {"project": {"visibility": "open"}})


def test_what_lies_behind_the_end_is_empty_and_leads_back(one):
    n = len(one.page(per_page=100)[0])
    for number in (n + 1, 10 ** 6, 10 ** 9, 2 ** 31, 2 ** 62):
        rows, links = one.page(page=number, per_page=1)
        assert rows == [] and set(links) == {"first", "prev"}
        assert one.is_search or query(links["prev"])["page"] == str(n)


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.5", "0x1", "1e3", "99999999999999999999"])
def test_a_page_that_is_no_number_is_the_first(one, page):
    assert one.page(page=page)[0] == one.page()[0]


@pytest.mark.parametrize("size", ["0", "-1", "x", "", "1.5", "0x10"])
def test_a_size_that_is_no_number_is_twenty(one, size):
    assert one.page(per_page=size)[0] == one.page()[0]


def test_twenty_rows_are_a_page_and_a_hundred_the_most(world):
    owner, owner_id = world.admin.user("many")
    # by hand: a hundred requests say nothing more
    world.hub.sql("INSERT INTO hub.team (uname, owner_account_id)"
                  " SELECT 'many_' || i, %s FROM generate_series(1, 105) i", owner_id)
    world.hub.sql("INSERT INTO hub.team_member (team_id, account_id, role)"
                  " SELECT id, %s, 3 FROM hub.team WHERE uname LIKE 'many\\_%%'", owner_id)
    for asked, given in (("", 20), ("?per_page=100", 100), ("?per_page=101", 100),
                         ("?per_page=1000000000", 100), ("?per_page=100&page=2", 5)):
        assert len(owner.get("groups.json" + asked)["groups"]) == given


def test_addresses_of_pages_are_of_the_settings_not_of_the_request(world):
    got = world.owner.ask("GET", "arches.json?per_page=1", 200,
                          headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in got.headers["Link"]
