"""What the tests of the Hub API share: notices, and what one asks of a repository."""

import hashlib
import hmac
import json
import urllib.parse

PUSH, REPOS = "/api/push", "/api/repos"

# Nothing is behind it; nothing asks for it while no sync runs.
URL = "https://unreachable.invalid/o/r.git"

KEYS = ["name", "url", "dir", "isCloned", "isFetchPending", "numActiveFetches"]


def notice(name=None, url=None, **more):
    """The body of a notice as the seed writes it."""
    repository = {**({"name": name} if name is not None else {}),
                  **({"url": url} if url is not None else {})}
    return {"repository": repository, "before": "0" * 40, "after": "1" * 40,
            "ref": "refs/heads/main", **more}


def push(hub, name=None, url=None, auth="admin", path=PUSH, **kw):
    return hub.post(path, json.dumps(notice(name, url)), auth, **kw)


def repo_url(name, *parts):
    """The address of a repository in the API; parts are refs and paths as they are."""
    return "/".join([REPOS, urllib.parse.quote(name, safe=""), *parts])


def show(hub, name):
    """The HUBREPO object, as the administrator sees it."""
    got = hub.get(repo_url(name), hub.admin)
    assert got.status_code == 200, (got.status_code, got.text)
    return got.json()["repository"]


def state(hub, name):
    """(isCloned, isFetchPending, numActiveFetches)"""
    one = show(hub, name)
    return one["isCloned"], one["isFetchPending"], one["numActiveFetches"]


def sign(secret, body):
    body = body.encode() if isinstance(body, str) else body
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": "sha256=" + mac}


def error(message, code):
    """The error shape of all but the push."""
    return {"error": {"message": message, "code": code}}
