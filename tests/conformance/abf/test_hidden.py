"""checklists/security.md Z-02, Z-03, Z-07 for the ABF door: what one may not read answers like what
does not exist, byte for byte, by number and by name, in every read and every write."""

import base64
import json
import re

import pytest

from conformance.abf import openapi
from conformance.abf.client import Abf, digest
from fixtures.run import wait_until

HUB_CONF = {"abf.rate_limit": 0}  # its counter would tell two answers apart
MISSING = 10 ** 12
HIDDEN_KINDS = ("projects", "repositories", "platforms")  # groups and users are seen by everyone
EVERY = [o for o in openapi.operations().values() if "{id}" in o.path and o.tag in HIDDEN_KINDS]


class World:
    def __init__(self, hub):
        self.hub, self.admin = hub, Abf(hub, hub.admin)
        self.owner, owner = self.admin.user("owner")
        self.stranger, self.stranger_id = self.admin.user("stranger")
        platform = self.admin.platform("secret", owner, visibility="hidden")
        self.ids = {
            "projects": self.owner.project("secret", owner, visibility="hidden"),
            "platforms": platform,
            "repositories": self.owner.repository(platform, "main"),
        }


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


def sent(world, who, method, target, body):
    """Status line, headers and body, without what differs from request to request."""
    headers = []
    if who == "stranger":
        pair = ":".join(world.stranger.auth).encode()
        headers.append("Authorization: Basic " + base64.b64encode(pair).decode())
    data = b""
    if body is not None:
        headers.append("Content-Type: application/json")
        data = json.dumps(body).encode()
    got = world.hub.ask(target, method, headers, data)
    head = got.data.partition(b"\r\n\r\n")[0]
    lines = [re.sub(rb"^(X-Request-Id|Date): .*", rb"\1", line) for line in head.split(b"\r\n")]
    return got.status, lines, got.body


def good_body(operation):
    """What its example sends, or nothing."""
    schema = operation.body
    return schema and schema.get("examples", [{"repository": {"public": "a", "secret": "b"}}])[0]


@pytest.mark.parametrize("who", ["guest", "stranger"])
@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_a_hidden_object_answers_like_a_missing_one(world, operation, who):
    before = digest(world.hub)
    for suffix in ("", ".json") if operation.path.endswith(".json") else ("",):
        path = openapi.bare(operation.path) + suffix
        answers = [sent(world, who, operation.method, path.replace(":id", str(number)),
                        good_body(operation))
                   for number in (world.ids[operation.tag], MISSING)]
        assert answers[0] == answers[1]
        expected = 404 if who == "stranger" or operation.is_open else 401
        assert answers[0][0] == expected
    assert digest(world.hub) == before


@pytest.mark.parametrize("who", ["guest", "stranger"])
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("kind", HIDDEN_KINDS)
def test_other_methods_tell_no_more(world, kind, method, who):
    answers = [sent(world, who, method, "/api/v1/%s/%d.json" % (kind, number), None)
               for number in (world.ids[kind], MISSING)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("who", ["guest", "stranger"])
@pytest.mark.parametrize("targets", [
    ("/api/v1/projects/get_id.json?name=secret&owner=owner",
     "/api/v1/projects/get_id.json?name=nosuch&owner=owner"),
    ("/api/v1/projects/get_id.json?name=SECRET&owner=OWNER",
     "/api/v1/projects/get_id.json?name=NOSUCH&owner=OWNER"),
    ("/api/v1/projects/get_id.json?name=owner/secret",
     "/api/v1/projects/get_id.json?name=owner/nosuch"),
    ("/api/v1/projects/get_id.json?owner=owner/secret",
     "/api/v1/projects/get_id.json?owner=owner/nosuch"),
    ("/api/v1/search.json?query=secret", "/api/v1/search.json?query=nosuch"),
    ("/api/v1/search.json?query=secret&type=platforms",
     "/api/v1/search.json?query=nosuch&type=platforms"),
    ("/api/v1/platforms/secret.json", "/api/v1/platforms/nosuch.json"),
    ("/api/v1/repositories/main.json", "/api/v1/repositories/nosuch.json"),
    ("/owner/secret.git/info/refs?service=git-upload-pack",
     "/owner/nosuch.git/info/refs?service=git-upload-pack"),
    ("/owner/secret.git/info/refs?service=git-receive-pack",
     "/owner/nosuch.git/info/refs?service=git-receive-pack"),
], ids=lambda t: t[0][8:])
def test_a_hidden_name_answers_like_a_free_one(world, targets, who):
    answers = [sent(world, who, "GET", target, None) for target in targets]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kind", HIDDEN_KINDS)
def test_lists_and_counts_leave_them_out(world, kind):
    if kind == "repositories":
        return
    for actor in (world.stranger, Abf(world.hub)):
        found = actor.get("search.json?query=secret&per_page=1")["results"]
        assert found[kind] == []
    if kind == "platforms":
        listed = world.stranger.get("platforms/platforms_for_build.json")["platforms"]
        assert world.ids["platforms"] not in [p["id"] for p in listed]
    assert world.owner.get("search.json?query=secret")["results"][kind] != []


def test_a_number_in_a_body_tells_no_more_than_one_in_an_address(world):
    mine = world.stranger.project("mine", world.stranger_id)
    platform = world.hub.one("SELECT id FROM hub.platform WHERE name = 'stranger_personal'")
    main = world.hub.one("SELECT id FROM hub.repository WHERE platform_id = %s", platform)
    for hidden, path, body in (
            ("projects", "repositories/%d/add_project.json" % main, {"project_id": 0}),
            ("platforms", "repositories.json",
             {"repository": {"platform_id": 0, "name": "x", "description": "x"}})):
        texts = []
        for number in (world.ids[hidden], MISSING):
            text = json.loads(json.dumps(body).replace(": 0", ": %d" % number))
            method = world.stranger.put if "add" in path else world.stranger.post
            texts.append(method(path, text, 422))
        assert texts[0] == texts[1]
    assert world.stranger.get("projects/%d.json" % mine)["project"]["repositories"] != []


def test_a_hidden_project_in_an_open_repository_is_seen_by_those_who_may(world):
    platform = world.admin.platform("open-one", world.hub.one(
        "SELECT id FROM hub.account WHERE uname = 'owner'"))
    main = world.owner.repository(platform, "main")
    world.owner.put("repositories/%d/add_project.json" % main,
                    {"project_id": world.ids["projects"]})
    path = "repositories/%d/projects.json" % main
    assert world.stranger.get(path)["repository"]["projects"] == []
    assert Abf(world.hub).get(path)["repository"]["projects"] == []
    assert len(world.owner.get(path)["repository"]["projects"]) == 1
    assert len(world.admin.get(path)["repository"]["projects"]) == 1


def test_who_may_no_longer_read_gets_no_304(world):
    made = world.owner.project("fading", world.hub.one(
        "SELECT id FROM hub.account WHERE uname = 'owner'"))
    path = "projects/%d.json" % made
    tag = world.stranger.ask("GET", path, 200).headers["ETag"]
    world.stranger.ask("GET", path, 304, headers={"If-None-Match": tag})
    world.owner.put(path, {"project": {"visibility": "hidden"}})
    world.stranger.ask("GET", path, 404, headers={"If-None-Match": tag})
    world.stranger.ask("GET", path, 404, headers={"If-None-Match": "*"})


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_hidden_costs_as_many_statements_as_missing(world, operation):
    counts = []
    world.stranger.get("user.json")  # from now on it is known who asks
    for number in (world.ids[operation.tag], MISSING):
        marker = "count-%s-%d" % (operation.id, number)
        world.stranger.ask(operation.method, openapi.bare(operation.path).replace(":id", str(number)),
                           404, json=good_body(operation), headers={"X-Request-Id": marker})
        counts.append(wait_until(lambda m=marker: [line["statements"] for line in world.hub.log_lines(
            id=m) if "statements" in line], 60, "it is logged")[0])
    assert counts[0] == counts[1] > 0


def test_Z12_an_old_name_leads_nowhere_once_somebody_else_hides_behind_it(world):
    owner = world.hub.one("SELECT id FROM hub.account WHERE uname = 'owner'")
    first = world.owner.project("moving", owner)
    world.owner.put("projects/%d.json" % first, {"project": {"name": "moved"}})
    world.owner.project("moving", owner, visibility="hidden")
    find = "/api/v1/projects/get_id.json?owner=owner&name=%s"
    for target in (find, "/owner/%s.git/info/refs?service=git-upload-pack"):
        for who in ("guest", "stranger"):
            assert sent(world, who, "GET", target % "moving", None) == \
                sent(world, who, "GET", target % "nosuch", None)
    assert world.stranger.get(find % "moved")["project"]["id"] == first
