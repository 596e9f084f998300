"""Contract B8.2: the rows that need nobody to fetch anything. Each is named by its number; others
are in the files beside."""

import json
import re

import pytest

from conformance.hub.client import KEYS, PUSH, REPOS, URL, error, notice, push, repo_url, show, state
from conformance.hub.rows import FORM, JSON, ROWS


@pytest.fixture(scope="module", autouse=True)
def no_sync(hub):
    """Nobody fetches: what is asked for stays asked for."""
    hub.end_program("sync")


@pytest.fixture
def empty(hub):
    """The hub without any repository."""
    for one in hub.get(REPOS, hub.admin).json()["repositories"]:
        assert hub.delete(repo_url(one["name"])).status_code == 204
    return hub


def ask(hub, row):
    options = row["options"]
    headers = {}
    if "type" in options:
        headers["Content-Type"] = options["type"]
    if "accept" in options:
        headers["Accept"] = options["accept"]
    body = options.get("body")
    return hub.request(row["method"], row["path"], None if options.get("guest") else hub.admin,
                       data=body.encode() if isinstance(body, str) else body, headers=headers)


@pytest.mark.parametrize("row", ROWS, ids=["%02d %s %s %s" % (
    r["number"], r["method"], r["path"][:40], r["words"][:60]) for r in ROWS])
def test_row(empty, row):
    got = ask(empty, row)
    assert got.status_code == row["status"], got.text
    if row["json"] is not None:
        assert got.json() == row["json"]
    for text in row["has"]:
        if not row["options"].get("own"):
            assert text in got.text
    for key, value in row["headers"].items():
        assert got.headers.get(key) == value
    if got.headers.get("Content-Type") == "application/json" and row["method"] != "HEAD":
        got.json()  # whatever it quotes
    assert empty.get(REPOS).json() == {"repositories": []}  # nothing was made on the way


# ---------------------------------------------------------------- a new repository

def created(hub, answer, name="cool", url=URL):
    assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.text
    assert show(hub, name)["url"] == url
    assert state(hub, name) == (False, True, 0)


def test_row_1_a_notice_makes_a_repository(empty):
    created(empty, push(empty, "cool", URL, headers={"Content-Type": JSON}))


def test_row_2_the_seeds_curl_line_sends_json_as_a_form(empty):
    created(empty, push(empty, "cool", URL, headers={"Content-Type": FORM}))


def test_row_3_without_a_content_type(empty):
    body = json.dumps(notice("cool", URL)).encode()
    got = empty.ask(PUSH, "POST", ["Authorization: Bearer " + empty.token], body)
    assert (got.status, json.loads(got.body)) == (200, {"success": True})
    assert state(empty, "cool") == (False, True, 0)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "nonsense",
                                          "application/json; charset=utf-16", "multipart/form-data"])
def test_row_3_with_a_wrong_content_type(empty, content_type):
    created(empty, push(empty, "cool", URL, headers={"Content-Type": content_type}))


GITHUB = {"ssh_url": "git@code.example.com:o/cool.git", "clone_url": "https://code.example.com/o/cool.git",
          "url": "https://code.example.com/o/cool"}


@pytest.mark.parametrize("missing", [(), ("ssh_url",), ("ssh_url", "clone_url")])
@pytest.mark.parametrize("as_form", [True, False])
def test_row_4_what_github_sends_as_a_form_or_as_json(empty, missing, as_form):
    urls = {k: v for k, v in GITHUB.items() if k not in missing}
    payload = json.dumps(notice("cool", **{}, commits=[{"id": "x", "author": {"name": "e"}}])
                         | {"repository": {"name": "cool", "id": 1296269, "private": False, **urls}})
    got = empty.post(PUSH, {"payload": payload} if as_form else payload)
    created(empty, got, url=next(iter(urls.values())))


def test_a_form_without_payload_is_refused(empty):
    got = empty.post(PUSH, {"name": "cool", "url": URL})
    assert got.status_code == 400 and got.json()["success"] is False


def test_row_10_a_known_one_needs_no_url(empty):
    push(empty, "cool", URL)
    assert push(empty, "cool").json() == {"success": True}
    assert push(empty, "COOL").json() == {"success": True}  # names are the same in any case
    assert len(empty.get(REPOS).json()["repositories"]) == 1


@pytest.mark.parametrize("front", ["\ufeff", "\n", " \r\n\t", "\ufeff\n"])
def test_row_12_a_mark_or_blanks_in_front(empty, front):
    body = (front + json.dumps(notice("cool", URL))).encode()
    created(empty, empty.post(PUSH, body))


def test_row_15_of_two_keys_the_last_one_counts(empty):
    got = empty.post(PUSH, '{"repository":{"name":"x","url":"ftp://h/x"},'
                     '"repository":{"name":"first","name":"cool","url":"%s"}}' % URL)
    created(empty, got)
    assert len(empty.get(REPOS).json()["repositories"]) == 1


def test_a_push_of_two_thousand_commits_is_taken(empty):
    commits = [{"id": "%040x" % i, "tree_id": "x", "message": "m" * 50, "added": [], "removed": [],
                "author": {"name": "n", "email": "e", "username": "u"}, "timestamp": "t", "url": "u",
                "committer": {"name": "n", "email": "e", "username": "u"}, "modified": ["f"]}
               for i in range(2048)]
    created(empty, empty.post(PUSH, json.dumps({**notice("cool", URL), "commits": commits})))


def test_a_hundred_thousand_keys_are_too_many(empty):
    body = json.dumps({**notice("cool", URL), **{"k%d" % i: 1 for i in range(100000)}})
    assert empty.post(PUSH, body).status_code == 400
    assert empty.get(REPOS).json() == {"repositories": []}


# ---------------------------------------------------------------- a known one

def test_row_18_another_url_is_a_mismatch(empty):
    push(empty, "cool", "https://me:canary-18a@unreachable.invalid/o/r.git")
    empty.hide("canary-18a", "canary-18b")
    other = "https://me:canary-18b@unreachable.invalid/o/other.git"
    message = ("URL for posted 'cool' repo update does not match: existing='%s', posted='%s'"
               % (URL, "https://me:***@unreachable.invalid/o/other.git"))
    got = push(empty, "cool", other)
    assert (got.status_code, got.json()) == (400, {"success": False, "error": message})
    got = push(empty, "cool", other, path=REPOS)
    assert (got.status_code, got.json()) == (409, error(message, 409))
    assert show(empty, "cool")["url"] == URL


@pytest.mark.parametrize("url", [URL, URL[:-4], URL + "/", URL[:-4] + "/",
                                 URL.replace("unreachable", "UNREACHABLE"),
                                 URL.replace("//", "//someone:else@")])
def test_row_19_the_same_url_as_people_write_it(empty, url):
    push(empty, "cool", URL)
    assert push(empty, "cool", url).json() == {"success": True}
    assert push(empty, "cool", url, path=REPOS).status_code == 200
    assert show(empty, "cool")["url"] == URL


def test_any_of_the_addresses_in_a_notice_may_be_the_known_one(empty):
    push(empty, "cool", GITHUB["clone_url"])
    got = empty.post(PUSH, json.dumps({"repository": {"name": "cool", **GITHUB}}))
    assert got.json() == {"success": True}


@pytest.mark.parametrize("more", [
    {"before": None, "after": None, "ref": None}, {"before": 5, "after": [], "ref": {}},
    {"before": "x", "after": "<script>", "ref": "-rf"}, {"after": "0" * 40}])
def test_row_21_before_after_and_ref_change_nothing(empty, more):
    body = {k: v for k, v in {**notice("cool", URL), **more}.items() if v is not None}
    created(empty, empty.post(PUSH, json.dumps(body)))


PING = {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {"type": "Repository"}}


def test_row_22_a_ping_is_welcome(empty):
    body = {**PING, "repository": {"name": "cool", "url": URL}}
    created(empty, empty.post(PUSH, json.dumps(body), headers={"X-GitHub-Event": "ping"}))
    # a ping of an organisation's hook is of no repository
    got = empty.post(PUSH, json.dumps(PING), headers={"X-GitHub-Event": "ping"})
    assert (got.status_code, got.json()) == (200, {"success": True})


def test_row_24_lists_have_six_keys_each(empty):
    assert empty.get(REPOS).json() == {"repositories": []}
    for name in ("b", "a", "C"):
        push(empty, name, URL)
    rows = empty.get(REPOS).json()["repositories"]
    assert [r["name"] for r in rows] == ["C", "a", "b"]
    for one in rows:
        assert list(one) == KEYS
        assert [type(v) for v in one.values()] == [str, str, str, bool, bool, int]
        assert one == show(empty, one["name"])
        assert re.fullmatch(r"repos/\d+/\d+\.git", one["dir"])
        assert str(empty.store_dir(one["name"])).endswith(one["dir"])


def test_dir_is_a_whole_path_where_that_is_allowed(fresh_hub):
    hub = fresh_hub({"hub.expose_paths": "yes"})
    push(hub, "cool", URL)
    assert show(hub, "cool")["dir"] == str(hub.store_dir("cool"))


def test_row_28_all_endpoints_are_listed(hub):
    endpoints = hub.get("/api").json()["endpoints"]
    assert endpoints[0] == "POST   /api/push"
    for line in endpoints:
        assert re.fullmatch(r"(GET|POST|PUT|DELETE) +/api\S*", line) and line[7] == "/"
    assert len(set(endpoints)) == len(endpoints)
    page = hub.get("/api", headers={"Accept": "text/html"}).text
    for line in endpoints:
        assert " ".join(line.split()) in page
    assert hub.url in page


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_row_29_the_name_in_the_address_and_in_the_body(empty, method):
    def send(path, body):
        return empty.request(method, path, empty.admin, data=json.dumps(body))
    got = send(repo_url("cool"), notice("other", URL))
    assert got.status_code == 400 and "'other'" in got.json()["error"]["message"]
    assert empty.get(REPOS).json() == {"repositories": []}
    got = send(repo_url("cool"), notice(url=URL))
    assert got.status_code == 200 and list(got.json()) == ["repository"]
    assert got.json()["repository"] == show(empty, "cool")
    assert state(empty, "cool") == (False, True, 0)
    assert send(repo_url("cool"), notice("cool", URL)).status_code == 200
    assert send(repo_url("cool"), {}).status_code == 200
    assert empty.request(method, repo_url("cool"), empty.admin).status_code == 200
    got = send(repo_url("fresh"), {})
    assert (got.status_code, got.json()) == (400, error("no repository URL given", 400))


def test_a_post_to_the_list_needs_a_body(empty):
    got = empty.post(REPOS)
    assert (got.status_code, got.json()) == (400, error("missing POST body", 400))


def test_the_query_names_the_repository_of_a_hook_that_cannot(empty):
    push(empty, "o-r", URL)
    assert push(empty, "r", URL, path=PUSH + "?name=o-r").json() == {"success": True}
    assert len(empty.get(REPOS).json()["repositories"]) == 1


def test_row_30_a_deleted_repository_stays_deleted(fresh_hub):
    hub = fresh_hub()
    push(hub, "cool", URL)
    got = hub.delete(repo_url("cool"))
    assert (got.status_code, got.content) == (204, b"")
    assert hub.delete(repo_url("cool")).json() == error("no such repo: 'cool'", 404)
    assert hub.get(repo_url("cool")).status_code == 404
    hub.restart()
    assert hub.get(repo_url("cool")).status_code == 404


def test_what_the_hub_made_is_in_the_other_doors_too(empty):
    push(empty, "cool", URL)
    assert empty.get("/repositores/cool").json()["url"] == URL
    assert [r["name"] for r in empty.get("/repositories").json()["data"]] == ["cool"]
    assert empty.get("/cool", headers={"Accept": "text/html"}).status_code == 200
    empty.add("https://unreachable.invalid/by/hpr.git", sync=False)
    assert state(empty, "by-hpr") == (False, False, 0)  # nobody has asked for it yet
    push(empty, "by-hpr")
    assert state(empty, "by-hpr") == (False, True, 0)


def test_a_taken_name_is_told_without_saying_by_what(empty):
    empty.account("someone")
    push(empty, "cool", URL)
    empty.set_access("cool", 0)
    got = push(empty, "cool", URL + "x", auth=("someone", "secret-of-someone"))
    assert (got.status_code, got.json()) == (
        400, {"success": False, "error": "the repository name 'cool' is taken"})
    got = push(empty, "cool", URL, auth=("someone", "secret-of-someone"), path=REPOS)
    assert got.status_code == 409


def test_a_paused_mirror_says_so(empty):
    push(empty, "cool", URL)
    empty.sql("UPDATE hub.mirror SET paused = true")
    got = push(empty, "cool")
    assert (got.status_code, got.json()) == (
        400, {"success": False, "error": "the mirror cool is paused"})
    assert push(empty, "cool", path=REPOS).status_code == 409
