"""A session as abf-console-client makes it (contract 8.1): the same requests in the same order, with
Python's standard library. Like that client it takes the ETag of every answer for granted, keeps
answers by it, needs each of the fields it names, and compares messages as texts."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from conformance.abf.client import Abf

PROJECT = """id name fullname git_url created_at updated_at visibility ancestry default_branch
    is_package owner repositories maintainer project_statistics description has_issues has_wiki
    publish_i686_into_x86_64""".split()
REPOSITORY = "id name created_at updated_at description publish_without_qa platform".split()
PLATFORM = """id name parent_platform_id created_at updated_at released owner visibility platform_type
    distrib_type repositories""".split()
USER = """id name email language professional_experience site company location uname own_projects_count
    build_priority created_at updated_at avatar_url html_url""".split()
GROUP = """id uname own_projects_count created_at updated_at description owner avatar_url
    html_url""".split()


class Failure(Exception):
    pass


class Client:
    def __init__(self, base, login, password):
        self.base = base
        self.authorization = "Basic " + base64.b64encode(
            ("%s:%s" % (login, password)).encode()).decode()
        self.kept, self.n_not_modified = {}, 0  # {URL: (tag, answer)}

    def request(self, method, path, body=None, **query):
        url = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, method=method)
        request.add_header("Authorization", self.authorization)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if method == "GET" and url in self.kept:
            request.add_header("If-None-Match", self.kept[url][0])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                tag, value = answer.headers["ETag"], json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code == 304:
                self.n_not_modified += 1
                return self.kept[url][1]
            value = json.loads(error.read())  # it dies of anything else
            raise Failure(self.what(value))
        tag.strip('"')  # ... and of a missing tag
        self.kept[url] = (tag, value)
        self.check(value)
        return value

    @staticmethod
    def what(value):
        for key in ("message", "error"):
            if key in value:
                return value[key]
        return next(iter(value.values()))["message"]

    @staticmethod
    def check(value):
        repository, project = value.get("repository"), value.get("project")
        for one, words in ((repository, ["error"]), (project, ["error", "has not been"])):
            if one and any(word in str(one.get("message", "")) for word in words):
                raise Failure(one["message"])

    def get(self, path, **query):
        return self.request("GET", path, **query)

    # ---- its models: every field is taken out

    def model(self, path, root, fields):
        value = self.get(path)[root]
        return {field: value[field] for field in fields}

    def user(self, id):
        return self.model("/users/%s.json" % id, "user", USER)

    def group(self, id):
        one = self.model("/groups/%s.json" % id, "group", GROUP)
        self.user(one["owner"]["id"])
        return one

    def owner(self, owner):
        return self.group(owner["id"]) if owner["type"] == "Group" else self.user(owner["id"])

    def platform(self, id):
        one = self.model("/platforms/%s.json" % id, "platform", PLATFORM)
        self.owner(one["owner"])
        return one

    def repository(self, id):
        one = self.model("/repositories/%s.json" % id, "repository", REPOSITORY)
        assert one["platform"]["id"] and one["platform"]["name"]
        return one

    def project(self, fullname):
        owner, _, name = fullname.partition("/")
        id = self.get("/projects/get_id.json", name=name, owner=owner)["project"]["id"]
        one = self.model("/projects/%s.json" % id, "project", PROJECT)
        if "uname" not in one["owner"]:
            self.owner(one["owner"])
        assert one["maintainer"]["id"]
        for ancestor in (one["ancestry"] or "").split("/"):
            if ancestor:
                self.get("/projects/%s.json" % ancestor)
        return one

    def search(self, kind, query):
        return self.get("/search.json", type=kind, query=query, per_page=100)["results"][kind]

    def owner_named(self, name):
        """What `abf create_empty` and `abf fork` do: the first hit of each search."""
        for kind, type in (("groups", "Group"), ("users", "User")):
            found = self.search(kind, name)
            if found and found[0]["uname"] == name:
                return found[0]["id"], type
        raise Failure("no such owner: " + name)

    # ---- its commands

    def create_empty(self, name, owner, visibility="open", description=None):
        owner_id, owner_type = self.owner_named(owner)
        return self.request("POST", "/projects.json", {"project": {
            "name": name, "owner_id": owner_id, "owner_type": owner_type, "visibility": visibility,
            "description": description, "is_package": "true", "has_issues": "true",
            "has_wiki": "false", "default_branch": "master"}})["project"]["id"]

    def update(self, fullname, **change):
        one = self.project(fullname)
        maintainer = change.pop("maintainer", None)
        maintainer_id = self.user(maintainer)["id"] if maintainer else one["maintainer"]["id"]
        fields = {k: one[k] for k in ("id", "name", "description", "visibility", "is_package",
                                      "default_branch", "has_issues", "has_wiki",
                                      "publish_i686_into_x86_64")}
        return self.request("PUT", "/projects/%d.json" % one["id"],
                            {"project": {**fields, "maintainer_id": maintainer_id, **change}})

    def copy(self, verb, fullname, target):
        source = self.project(fullname)
        owner, _, name = target.partition("/")
        owner_id, kind = self.owner_named(owner)
        body = {"fork_name": name, **({"group_id": owner_id} if kind == "Group" else {})}
        return self.request("POST", "/projects/%d/%s.json" % (source["id"], verb), body)

    def attach(self, method, word, place, fullname):
        platform_name, _, name = place.partition("/")
        found = self.search("platforms", platform_name)
        platform = self.platform([p for p in found if p["name"] == platform_name][0]["id"])
        repository = [r for r in platform["repositories"] if r["name"] == name][0]
        project = self.project(fullname)
        return self.request(method, "/repositories/%d/%s.json" % (repository["id"], word),
                            {"project_id": project["id"]})


@pytest.fixture(scope="module")
def client(hub):
    admin = Abf(hub, hub.admin)
    ivan, ivan_id = admin.user("ivan")
    _, peter_id = admin.user("peter")
    ivan.put("user.json", {"user": {"name": "Ivan Aivazovsky"}})
    ivan.group("team", [(peter_id, "writer")])
    platform = admin.platform("rosa2012", ivan_id)
    ivan.repository(platform, "main")
    return Client(hub.url + "/api/v1", *ivan.auth)


def test_a_session_from_the_first_project_to_the_last(client):
    made = client.create_empty("tool", "ivan", description="a tool")
    one = client.project("ivan/tool")
    assert (one["id"], one["visibility"], one["is_package"], one["has_wiki"]) == \
        (made, "open", True, False)
    assert one["owner"]["uname"] == "ivan"

    assert client.update("ivan/tool", description="a better tool", maintainer="peter")["project"][
        "message"] == "Project has been updated successfully"
    one = client.project("ivan/tool")
    assert (one["description"], one["maintainer"]["uname"]) == ("a better tool", "peter")

    client.copy("fork", "ivan/tool", "team/tool")
    with pytest.raises(Failure, match="^Project has not been forked. Name has already been taken$"):
        client.copy("fork", "ivan/tool", "team/tool")
    client.copy("alias", "ivan/tool", "ivan/second-name")
    assert client.project("team/tool")["ancestry"] == str(made)

    client.attach("PUT", "add_project", "rosa2012/main", "ivan/tool")
    with pytest.raises(Failure, match="error"):
        client.attach("PUT", "add_project", "rosa2012/main", "ivan/tool")
    client.attach("DELETE", "remove_project", "rosa2012/main", "ivan/tool")

    for name in ("ivan/tool", "team/tool", "ivan/second-name"):
        id = client.project(name)["id"]
        client.request("DELETE", "/projects/%d.json" % id, {"id": id})
        with pytest.raises(Failure, match="^Error 404. Resource not found!$"):
            client.project(name)


def test_what_it_prints_has_every_field(client):
    client.create_empty("shown", "ivan")
    found = {kind: client.search(kind, query)[0] for kind, query in (
        ("projects", "shown"), ("users", "ivan"), ("groups", "team"), ("platforms", "rosa2012"))}
    client.user(found["users"]["id"])
    client.group(found["groups"]["id"])
    platform = client.platform(found["platforms"]["id"])
    for repository in platform["repositories"]:
        one = client.repository(repository["id"])
        client.get("/repositories/%d/projects.json" % one["id"], page=1, per_page=100)
    client.get("/platforms/platforms_for_build.json")
    client.get("/platforms.json", page=1, per_page=100)
    for arch in client.get("/arches.json")["architectures"]:
        assert arch["id"] and arch["name"]
    client.get("/arches")  # without the suffix, as scripts ask


def test_what_is_asked_again_is_not_sent_again(client):
    client.create_empty("again", "ivan")
    client.project("ivan/again")
    before = client.n_not_modified
    client.project("ivan/again")
    assert client.n_not_modified == before + 2


def test_a_wrong_password_is_told_in_its_words(hub, client):
    wrong = Client(hub.url + "/api/v1", "ivan", "wrong")
    with pytest.raises(Failure, match="^Invalid email or password.$"):
        wrong.get("/arches.json")


def test_others_ask_in_their_own_ways(hub, client):
    """Contract 8.2: the file stores, the workers, scripts with curl."""
    admin = Abf(hub, hub.admin)
    ivan = Abf(hub, ("ivan", "secret-of-ivan"))
    me = ivan.get("user.json")["user"]
    assert (me["uname"], me["role"]) == ("ivan", None)
    refused = Abf(hub, ("ivan", "wrong")).get("user.json", 401)
    assert all(isinstance(value, str) for value in refused.values())
    _, machine_id = admin.user("worker", role="system")
    token = hub.new_token("worker")
    platform = ivan.get("search.json?type=platforms&query=rosa2012")["results"]["platforms"][0]
    main = ivan.get("platforms/%d.json" % platform["id"])["platform"]["repositories"][0]["id"]
    worker = Abf(hub, (token, ""))
    pair = worker.get("repositories/%d/key_pair/?format=json" % main)["repository"]["key_pair"]
    assert pair == {"public": "", "secret": ""}
    key = (hub.new_token("ivan"), "whatever")
    for path in ("arches", "platforms.json?type=main", "user",
                 "repositories/%d/projects?per_page=100&page=1" % main):
        Abf(hub, key).get(path)
    form = {"project[name]": "by-form", "project[owner_id]": me["id"],
            "project[owner_type]": "User", "project[visibility]": "open"}
    made = ivan.ask("POST", "projects.json", 200, data=form).json()["project"]["id"]
    ivan.ask("PUT", "projects/%d" % made, 200, data={"project[description]": "by form"})
    assert ivan.get("projects/%d" % made)["project"]["description"] == "by form"
    ivan.ask("DELETE", "projects/%d" % made, 200)
