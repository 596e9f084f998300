"""A client of the ABF door that looks at every answer: whether docs/api/openapi.yaml allows its
status, headers and body, and whether the rules of contract 1.3 to 1.6 hold for it."""

import re

from conformance.abf import openapi

GUEST = None
NOT_FOUND = {"status": 404, "message": "Error 404. Resource not found!"}
DENIED = {"message": "Access violation to this page!"}
SIGN_IN = {"error": "You need to sign in or sign up before continuing."}
WRONG_LOGIN = {"error": "Invalid email or password."}
LOCKED = {"error": "Your account is locked."}
# What this door says of an address that is none, or not with this method.
ELSEWHERE = {404: NOT_FOUND, 405: {"status": 405, "message": "Method Not Allowed"},
             401: [SIGN_IN, WRONG_LOGIN, LOCKED],
             400: {"status": 400, "message": "Bad Request"}}
JSON = "application/json; charset=utf-8"


def masked(message):
    """A sentence without what differs from call to call."""
    return re.sub(r"\b(User|Group|user|group|Project) '.*'(?= has been )", "X '0'", message,
                  flags=re.DOTALL)


def check_answer(operation, answer):
    """Fails unless the answer is one that the operation may give."""
    status, headers = str(answer.status_code), answer.headers
    what = "%s: %s %s %.500s" % (operation, status, dict(headers), answer.text)
    assert status in operation.responses, what
    told = operation.responses[status]
    for name, header in told.get("headers", {}).items():
        check_header(openapi.resolve(header), headers.get(name), name + " of " + what)
    assert "X-Request-Id" in headers, what
    if status == "200":
        assert "WWW-Authenticate" not in headers, what
    check_cache(operation, answer, what)
    check_body(told, answer, what)


def check_header(header, value, what):
    if value is None:
        assert not header.get("required"), what
        return
    number = header["schema"].get("type") == "integer"
    wrong = openapi.wrong(header["schema"], int(value) if number else value)
    assert not wrong, (wrong, what)


def check_cache(operation, answer, what):
    told = answer.headers.get("Cache-Control", "")
    if answer.status_code >= 400:
        assert told == "no-cache", what
    elif operation.path.endswith("packages.csv"):
        assert "no-cache" in told, what
    elif operation.id in ("showKeyPair", "showPublicKey"):
        assert "private" in told, what
    elif answer.status_code == 200 and "content" in operation.responses["200"]:
        assert told == "max-age=0, private, must-revalidate", what


def check_body(told, answer, what):
    if "content" not in told:
        assert answer.content == b"", what
        return
    (kind, media), = told["content"].items()
    given = answer.headers.get("Content-Type", "")
    if not answer.content and kind == "text/plain":
        return  # nothing has no type
    assert given == JSON if kind == "application/json" else given.split(";")[0] == kind, what
    value = answer.json() if kind == "application/json" else answer.text
    wrong = openapi.wrong(media["schema"], value)
    assert not wrong, (wrong, what)
    check_sentence(media.get("example"), value, answer.status_code, what)


def check_sentence(example, value, status, what):
    """A change says the sentence of its example; a refusal begins as its example does."""
    if not isinstance(example, dict):
        return
    (root, told), = list(example.items())[:1]
    if not (isinstance(told, dict) and set(told) == {"id", "message"}):
        return
    expected, message = masked(told["message"]), masked(value[root]["message"])
    if status == 200:
        assert message == expected, what
    elif not expected.startswith("Project adding error"):  # which has three of its own
        assert message.startswith(expected.partition(". ")[0]), what


class Abf:
    """Requests of one actor: auth is None (nobody), or a pair (uname, password)."""

    def __init__(self, hub, auth=GUEST):
        self.hub, self.auth = hub, auth

    def ask(self, method, path, status=None, json=None, data=None, auth="own", **kw):
        """The answer of /api/v1/<path>, looked at; with status it must be that one. json and data
        are bodies; a dict as data is a form."""
        path = path if path.startswith("/") else "/api/v1/" + path
        answer = self.hub.request(method, path, self.auth if auth == "own" else auth, json=json,
                                  data=data, **kw)
        operation = openapi.find(method, path)
        if operation is None:
            told = ELSEWHERE[answer.status_code]
            assert answer.json() in (told if isinstance(told, list) else [told]), answer.text
        elif method == "HEAD":
            assert answer.content == b""
        else:
            check_answer(operation, answer)
        if status is not None:
            assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer

    def get(self, path, status=200, **kw):
        """The JSON of a GET."""
        return self.ask("GET", path, status, **kw).json()

    def post(self, path, json=None, status=200, **kw):
        return self.changed(self.ask("POST", path, status, json=json, **kw))

    def put(self, path, json=None, status=200, **kw):
        return self.changed(self.ask("PUT", path, status, json=json, **kw))

    def delete(self, path, json=None, status=200, **kw):
        return self.changed(self.ask("DELETE", path, status, json=json, **kw))

    @staticmethod
    def changed(answer):
        """The id of a success, the sentence of a 422, else the JSON."""
        body = answer.json()
        if answer.status_code == 200:
            return next(iter(body.values()))["id"]
        if answer.status_code == 422:
            return next(iter(body.values()))["message"]
        return body

    # ---- objects, made through the API as a client makes them

    def me(self):
        return self.get("user.json")["user"]

    def user(self, uname, role="", password=None):
        """An account (this actor is an administrator): (its Abf, its id)."""
        password = password or "secret-of-%s" % uname
        made = self.post("users.json", {"user": {"uname": uname, "email": uname + "@example.com",
                                                 "password": password, "role": role}})
        return Abf(self.hub, (uname, password)), made

    def group(self, uname, members=()):
        """A group of this actor; members: (account id, role)."""
        made = self.post("groups.json", {"group": {"uname": uname, "description": "of tests"}})
        for account, role in members:
            self.put("groups/%d/add_member.json" % made, {"member_id": account, "role": role})
        return made

    def project(self, name, owner, kind="User", visibility="open", **more):
        return self.post("projects.json", {"project": {
            "name": name, "owner_id": owner, "owner_type": kind, "visibility": visibility, **more}})

    def platform(self, name, owner, **more):
        return self.post("platforms.json", {"platform": {
            "name": name, "description": "of tests", "default_branch": "master",
            "distrib_type": "mdv", "owner_id": owner, **more}})

    def repository(self, platform, name, **more):
        return self.post("repositories.json", {"repository": {
            "platform_id": platform, "name": name, "description": "of tests", **more}})

    def add_member(self, kind, id, member, type="User", **more):
        return self.put("%s/%d/add_member.json" % (kind, id),
                        {"member_id": member, "type": type, **more})


def personal(hub, uname):
    """(platform id, id of its repository main) of an account or group."""
    row = hub.row("SELECT p.id AS platform, r.id AS repository FROM hub.platform p"
                  " JOIN hub.repository r ON r.platform_id = p.id AND r.name = 'main'"
                  " WHERE p.name = %s", uname + "_personal")
    return row["platform"], row["repository"]


TABLES = ("account", "team", "team_member", "project", "project_grant", "platform",
          "platform_grant", "repository", "repository_grant", "repository_project", "key_pair",
          "notifier", "project_statistic", "mirror")
# What is nobody's any more the sync program removes by and by, and it looks after all of them.
STORES = ("(SELECT s.id, s.generation, s.fingerprint, s.head FROM hub.store s"
          " WHERE EXISTS (SELECT FROM hub.project p WHERE p.store_id = s.id))")


def digest(hub):
    """Of all rows that a request of this door may change."""
    parts = ["SELECT '%s' AS name, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), ''))"
             " AS sum FROM %s t" % (name, rows)
             for name, rows in [("store", STORES), *((table, "hub." + table) for table in TABLES)]]
    return {row["name"]: row["sum"] for row in hub.sql(" UNION ALL ".join(parts))}
