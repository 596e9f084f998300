"""Bad input, made from docs/api/openapi.yaml (checklists/security.md J-25, Q-02, Z-08): every input
of every operation missing, null, of another type, too long, unknown, somebody else's, written like
SQL or like a path. Nothing of it is a 5xx, and what is refused changes nothing."""

import json

import pytest

from conformance.abf import openapi
from conformance.abf.client import DENIED, NOT_FOUND, Abf, digest
from conformance.abf.keys import pair

HUB_CONF = {"abf.rate_limit": 0}
MISSING = object()
WRITES = [o for o in openapi.operations().values() if o.is_write]
WITH_INPUT = [o for o in WRITES if o.body and not o.id.startswith("patch")]
READS = [o for o in openapi.operations().values() if not o.is_write]

SQL = ["' OR 1=1 --", "\\'", "%27", "$1", "; DROP TABLE hub.project; --", "$$x$$", "0x41",
       "'||(SELECT version())||'", "%", "_", "\\"]
ANY = [MISSING, None, True, False, 0, -1, 1, 2 ** 31, 2 ** 63 - 1, -2 ** 63, 1.5, "", " ",
       "x" * 300, "x" * 20000,
       "../../etc/passwd", "%00", "\r\nX-Evil: 1", "\u2028", "\U0001f600", "{}", "[]",
       *SQL]
NESTED = [[], {}, [1], {"a": {"b": 1}}, [[[]]], {"id": 1}]

# What no JSON parser of ours takes, as the whole body.
BROKEN = {
    "cut": '{"a":', "two documents": "{}{}", "a comment": "/* */{}", "a list": "[]",
    "a text": '"x"', "a number": "12", "null": "null", "the same key twice": '{"a":1,"a":2}',
    "a raw NUL": '{"a":"\0"}', "an escaped NUL": '{"a":"\\u0000"}', "NUL in a key": '{"\\u0000":1}',
    "a lone surrogate": '{"a":"\\ud800"}', "not UTF-8": b'{"a":"\xff\xfe"}', "NaN": '{"a":NaN}',
    "too large a number": '{"a":99999999999999999999}',
    "too deep": '{"a":%s1%s}' % ("[" * 40, "]" * 40),
    "too many keys": "{%s}" % ",".join('"k%d":1' % i for i in range(3000)),
}
IDS = ["0", "-1", "+1", "1.5", "1e3", "0x1", "x", "%27", "1%20OR%201=1", "1;x",
       "9223372036854775807", "9223372036854775808", "18446744073709551617",
       "99999999999999999999", "1" * 300, "%C2%A0", "1%0A", "null", "true", "01x", "$1", "*"]


class World:
    """An administrator, whose requests get as far as they can, and one object of each kind; made
    anew when a request has destroyed it."""

    def __init__(self, hub):
        self.hub, self.admin = hub, Abf(hub, hub.admin)
        self.owner, self.owner_id = self.admin.user("owner")
        _, self.other_id = self.admin.user("other")
        self.n = 0
        self.made = {}

    def id(self, operation):
        if operation.tag not in self.made or operation.id.startswith("destroy"):
            self.n += 1
            name, a = "bad-input-%d" % self.n, self.admin
            if operation.tag == "repositories" or operation.tag == "platforms":
                platform = a.platform(name, self.owner_id)
                self.made["platforms"] = platform
                self.made["repositories"] = a.repository(platform, "main")
            elif operation.tag == "projects":
                self.made["projects"] = a.project(name, self.owner_id)
            elif operation.tag == "groups":
                self.made["groups"] = a.group(name.replace("-", "_"))
        return self.made.get(operation.tag, 0)

    def path(self, operation, id=None):
        return openapi.bare(operation.path).replace(":id", str(id or self.id(operation)))

    def good(self, operation):
        """A body that would be taken, as far as a table can tell."""
        root, fields, _ = operation.inputs
        self.n += 1
        values = {"name": "new-%d" % self.n, "uname": "new_%d" % self.n, "owner_id": self.owner_id,
                  "owner_type": "User", "visibility": "open", "description": "d", "type": "User",
                  "member_id": self.other_id, "role": "", "email": "new%d@example.com" % self.n,
                  "password": "long enough", "default_branch": "b", "distrib_type": "mdv",
                  "platform_id": self.made.get("platforms", 0), "maintainer_id": self.other_id,
                  "project_id": self.made.get("projects", 0), "fork_name": "fork-%d" % self.n,
                  "group_id": self.made.get("groups", 0), "arch_id": 1, "duration": 1,
                  "success": True,
                  "public": pair()[0], "secret": pair()[1], "language": "en"}
        body = {k: values[k] for k in fields if k in values}
        if "role" in body and operation.id != "createUser":
            body["role"] = "reader"
        return root, body

    def send(self, operation, body, form=None):
        """The answer, looked at; digests are compared when it is a refusal."""
        path = self.path(operation)
        before = digest(self.hub)
        got = self.admin.ask(operation.method, path, json=body, data=form)
        assert got.status_code < 500
        if got.status_code >= 400:
            assert digest(self.hub) == before, (operation, body, got.text)
            assert len(got.text) < 2000, "the value is not repeated"
        return got


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


@pytest.mark.parametrize("operation", WITH_INPUT, ids=str)
def test_J25_an_input_of_any_other_kind_is_answered_below_500(world, operation):
    root, fields, required = operation.inputs
    for field in fields:
        values = ANY if field != "password" else ANY[:12] + SQL[:2]  # each one taken is hashed
        for value in values + NESTED:
            _, body = world.good(operation)
            if value is MISSING:
                body.pop(field, None)
            else:
                body[field] = value
            got = world.send(operation, {root: body} if root else body)
            if value is MISSING and field in required:
                assert got.status_code == 422 or operation.id == "removeRepositoryProject", field


@pytest.mark.parametrize("operation", WITH_INPUT, ids=str)
def test_J25_a_form_of_strange_texts_is_answered_below_500(world, operation):
    root, fields, _ = operation.inputs
    for field in fields:
        for value in ["", "x" * 20000, "\r\nX-Evil: 1", "\u2028", "9" * 30, "-0", "null", SQL[0]]:
            _, body = world.good(operation)
            body[field] = value
            world.send(operation, None, {"%s[%s]" % (root, k) if root else k: v
                                         for k, v in body.items()})
    name = "%s[%s]" % (root or "project", next(iter(fields)))
    for form in ({name + "[]": "x"}, {name + "[a][b]": "x"}, {root or "project": "x"},
                 {"[]": "x"}, {"a[": "x"}, {"a]b[": "x"}, {name: ["x", "y"]}):
        world.send(operation, None, form)


@pytest.mark.parametrize("operation", WITH_INPUT, ids=str)
def test_J25_a_body_without_its_root_or_with_another_one_is_answered_below_500(world, operation):
    root, body = world.good(operation)
    for other in ({}, {"nonsense": body}, {root or "project": None}, {root or "project": []},
                  {root or "project": "text"}, {root or "project": [body]}, {root or "x": 12},
                  {"project": {"user": {"group": body}}}):
        world.send(operation, other)
    if root:
        world.send(operation, body)


@pytest.mark.parametrize("operation", WITH_INPUT, ids=str)
def test_a_broken_body_is_400_and_changes_nothing(world, operation):
    path = world.path(operation)
    before = digest(world.hub)
    for what, text in BROKEN.items():
        data = text.encode() if isinstance(text, str) else text
        got = world.admin.ask(operation.method, path, 400, data=data,
                              headers={"Content-Type": "application/json"})
        assert got.json() == {"status": 400, "message": "Bad Request"}, what
    for kind in ("text/plain", "application/xml", "application/json; charset=utf-16"):
        world.admin.ask(operation.method, path, 415, data=b"{}", headers={"Content-Type": kind})
    world.admin.ask(operation.method, path, 413, data=b" " * 70000,
                    headers={"Content-Type": "application/json"})
    for form in (b"project[name]=%ff", b"project[name=%00", b"%zz=1", b"&".join([b"a=1"] * 200)):
        got = world.admin.ask(operation.method, path, 400, data=form,
                              headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert digest(world.hub) == before


@pytest.mark.parametrize("operation", [o for o in openapi.operations().values()
                                       if "{id}" in o.path], ids=str)
def test_a_number_that_is_none_is_404(world, operation):
    before = digest(world.hub)
    _, body = world.good(operation) if operation.body else (None, None)
    for id in IDS:
        if id in ("x", "true", "null", "01x") and operation.id == "showUser":
            continue  # these are unames
        got = world.admin.ask(operation.method, "/" + world.path(operation, id).lstrip("/"), 404,
                              json=body)
        assert got.json() == NOT_FOUND, id
    assert digest(world.hub) == before


@pytest.mark.parametrize("operation", READS, ids=str)
def test_a_strange_query_is_answered_below_500(world, operation):
    path = "/api/v1/users/%d" % world.owner_id if operation.id == "showUser" else \
        world.path(operation)
    names = [p["name"] for p in operation.parameters if p["in"] == "query"] + ["sort", "order"]
    before = digest(world.hub)
    for name in names:
        for value in ["", "-1", "0", "1.5", "0x10", "1e9", "9" * 30, "x" * 3000, "a,b", *SQL[:8]]:
            got = world.admin.ask("GET", path, params={name: value})
            assert got.status_code in (200, 403, 404)
        for raw in ("%s=1&%s=2" % (name, name), "%s[]=1" % name, "%s[a]=1" % name, name):
            assert world.admin.ask("GET", path + "?" + raw).status_code in (200, 403, 404)
        assert world.admin.ask("GET", path + "?%s=%%00" % name).status_code == 400
        assert world.admin.ask("GET", path + "?%s=%%ff" % name).status_code == 400
    if not path.endswith(".csv"):  # that is its format
        got = world.hub.get(path + "?format=xml" if path.startswith("/") else
                            "/api/v1/" + path + "?format=xml", world.hub.admin)
        assert (got.status_code, got.json()) == (404, NOT_FOUND)
    after = digest(world.hub)
    if operation.id == "listPackages":  # when it was last asked for
        before["platform"] = after["platform"]
    assert after == before


# ---------------------------------------------------------------- Z-07: somebody else's

def test_Z07_objects_of_others_are_out_of_reach_whatever_the_body_says(world):
    """Every write that needs a right, by somebody who has none, on what he may read."""
    stranger, stranger_id = world.admin.user("stranger")
    for operation in WRITES:
        if "{id}" not in operation.path or operation.id == "forkProject":
            continue
        root, body = world.good(operation) if operation.body else (None, {})
        body = {**body, "owner_id": stranger_id, "id": stranger_id}
        path, before = world.path(operation), digest(world.hub)
        got = stranger.ask(operation.method, path, 403, json={root: body} if root else body)
        assert got.json() == DENIED
        assert digest(world.hub) == before


# ---------------------------------------------------------------- Z-08: what nobody may write

EXTRA = {
    "updateProject": ("project", {"id": 1, "path": "evil/x", "owner_id": 1, "owner_type": "User",
                                  "owner_account_id": 1, "store_id": 1, "parent_id": 1,
                                  "alias_of": 1,
                                  "ancestry": "1", "default_access": 3, "created_at": 1,
                                  "mirror_url": "http://x/", "access": 4, "is_admin": True}),
    "updateCurrentUser": ("account", {"id": 1, "uname": "evil", "role": "admin", "is_admin": True,
                                      "active": False, "password": "changed password",
                                      "password_hash": "x", "build_priority": 1, "created_at": 1}),
    "updateGroup": ("team", {"id": 1, "uname": "evil", "owner_id": 1, "owner_account_id": 1,
                             "created_at": 1}),
    "updatePlatform": ("platform", {"id": 1, "name": "evil", "platform_type": "personal",
                                    "distrib_type": "rhel", "parent_platform_id": 1,
                                    "created_at": 1, "owner_type": "Group"}),
    "updateRepository": ("repository", {"id": 1, "name": "evil", "platform_id": 1,
                                        "created_at": 1}),
}


@pytest.mark.parametrize("operation", EXTRA)
@pytest.mark.parametrize("is_rooted", [True, False], ids=["rooted", "bare"])
def test_Z08_members_that_are_no_inputs_are_never_written(world, operation, is_rooted):
    table, extra = EXTRA[operation]
    one = openapi.operations()[operation]
    root = one.inputs[0]
    id = world.owner_id if table == "account" else world.id(one)
    actor = world.owner if table == "account" else world.admin

    def row():
        # the people beside it, too; what time it was is no secret
        return {k: v for k, v in world.hub.row("SELECT * FROM hub.%s WHERE id = %%s" % table,
                                               id).items() if k != "updated_at"}
    before, others = row(), digest(world.hub)
    actor.ask(one.method, world.path(one, id), 200, json={root: extra} if is_rooted else extra)
    assert row() == before
    after = digest(world.hub)
    assert {k for k in after if after[k] != others[k]} <= {table}


def test_Z08_a_form_cannot_either(world):
    one = openapi.operations()["updateCurrentUser"]
    world.owner.ask("PUT", world.path(one), 200, data={"user[role]": "admin", "user[uname]": "evil",
                                                       "role": "admin", "user[role][]": "admin"})
    assert world.owner.me()["role"] is None
    assert world.owner.me()["uname"] == "owner"


# ----------------------------------------------------------------

@pytest.mark.parametrize("text", SQL)
def test_Q02_a_text_that_looks_like_SQL_is_stored_and_searched_literally(world, text):
    project = openapi.operations()["updateProject"]
    path = world.path(project)
    world.admin.put(path, {"project": {"description": text}})
    assert world.admin.get(path)["project"]["description"] == text
    found = world.admin.get("search.json?query=" + json.dumps(text)[1:-1].replace("%", "%25")
                            .replace("\\", "%5C").replace(";", "%3B").replace("$", "%24")
                            .replace("#", "%23"))["results"]
    for kind in ("projects", "platforms", "groups", "users"):
        key = "uname" if kind in ("groups", "users") else "name"
        assert all(text.lower() in row[key].lower() for row in found[kind])
