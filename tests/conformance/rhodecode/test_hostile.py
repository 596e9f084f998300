"""What somebody would try who means no good: places, moves, sources, texts. All of it through nginx, as a
person of no rank or as an administrator by mistake."""

import json
import threading
import urllib.parse

import pytest

from conformance.rhodecode.client import Client
from fixtures.run import wait_until
from fixtures.upstream import SilentPort, silent

HUB_CONF = {"net.allow": ""}  # as it is installed: nothing in here is asked
SECRET = "hunter2secretword"


@pytest.fixture(scope="module")
def api(hub):
    return Client(hub.url, hub.new_token("admin"))


@pytest.fixture(scope="module")
def seed(api, hub):
    return Client(hub.url, api.key, ids=None)


@pytest.fixture(scope="module")
def mallory(hub):
    hub.account("mallory")
    hub.account("victim")
    return Client(hub.url, hub.new_token("mallory"))


def count(hub):
    return [hub.one("SELECT count(*) FROM hub." + t) for t in ("project", "folder")]


# ---------------------------------------------------------------- places

PLACES = ["..", ".", "../x", "a/../b", "a/./b", "a//b", "/a", "a/", "a/..", "..%2fx", "a\\b", "a\nb",
          "~root", "$(id)", "a/.git", "a.git", "a/b.lock", ".hidden", "_admin", "_admin/x",
          "rm__20260101_000000__x", "-x", "123", "a b", "a/\u202eb", "e\u0301", "x" * 256, "-" * 10,
          "/".join(["p"] * 17), "/".join(["p"] * 300), "p/" * 20000, "api/v1", "repositories/x", "%s%n"]


@pytest.mark.parametrize("n", range(len(PLACES)))
def test_a_place_that_may_not_be_leaves_nothing(hub, api, seed, mallory, n):
    name, before = PLACES[n], count(hub)
    assert mallory.refused("create_repo", repo_name=name)
    if name not in ("api/v1", "repositories/x"):
        error = api.refused("create_repo", repo_name=name)
        words = "failed to create repository "
        assert error.startswith(words), error
        assert seed.refused("create_repo", name=name, owner_name="victim").startswith(words)
    api("get_ip")
    assert count(hub) == before


def test_capitals_make_no_second_place(hub, api):
    api("create_repo", repo_name="Case/Inner")
    for name in ("case/inner", "CASE/INNER", "Case", "case", "Case/Inner/x", "case/inner/x"):
        before = count(hub)
        assert api.refused("create_repo", repo_name=name)
        assert api.refused("fork_repo", repoid="Case/Inner", fork_name=name)
        assert count(hub) == before
    api.refused("create_repo_group", group_name="CASE")


def test_the_place_of_another_uname_is_no_ones(hub, api, mallory):
    for name in ("victim/x", "Victim/x", "victim", "VICTIM"):
        assert mallory.refused("create_repo", repo_name=name), name
    mallory("create_repo", repo_name="mine")
    for name in ("victim/forked", "VICTIM/forked", "victim"):
        assert mallory.refused("fork_repo", repoid="mine", fork_name=name), name
    assert mallory.refused("update_repo", repoid="mine", group="victim")
    assert mallory.refused("update_repo", repoid="mine", name="../victim")
    assert mallory.refused("update_repo", repoid="mine", name="victim/x")
    assert hub.one("SELECT count(*) FROM hub.project WHERE path ILIKE 'victim%%'") == 0


def test_two_who_want_one_place_at_once(hub, api):
    clients = [Client(hub.url, api.key) for _ in range(4)]
    answers = []

    def create(client):
        answers.append(client.ask("create_repo", repo_name="race/to/the/place"))
    threads = [threading.Thread(target=create, args=(c,)) for c in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(a["error"] is None for a in answers) == [False, False, False, True], answers
    assert all("Internal" not in (a["error"] or "") for a in answers)
    assert hub.one("SELECT count(*) FROM hub.project WHERE path = 'race/to/the/place'") == 1


def test_what_is_in_a_hidden_group_is_not_found_out_by_making_another(hub, api, mallory):
    api("create_repo", repo_name="shut/secret", private=True)
    api("create_repo", repo_name="victim/secret", owner="victim", private=True)
    api("grant_user_permission_to_repo_group", repogroupid="shut", userid="default",
        perm="group.none")
    mallory("create_repo", repo_name="lever")
    for group, there in (("shut", "secret"), ("shut", "SECRET"), ("victim", "secret")):
        told = []
        for name in (there, "nothing"):
            path = "%s/%s" % (group, name)
            told.append([mallory.refused(method, **args).replace(path, "***") for method, args in (
                ("create_repo", {"repo_name": path}),
                ("fork_repo", {"repoid": "lever", "fork_name": path}),
                ("update_repo", {"repoid": "lever", "group": group, "name": name}))])
        assert told[0] == told[1]


# ---------------------------------------------------------------- groups

def test_a_group_does_not_move_into_itself(hub, api):
    api("create_repo", repo_name="ring/a/b/leaf")
    for group, parent in (("ring", "ring"), ("ring", "ring/a"), ("ring", "ring/a/b"), ("ring/a", "ring/a/b")):
        error = api.refused("update_repo_group", repogroupid=group, parent=parent)
        assert error == "failed to update repository group `%s`" % group
    for name in ("..", "a/b", "", "new/x", "/x", "x/"):
        assert api.refused("update_repo_group", repogroupid="ring/a", group_name=name)
    assert [r["path"] for r in hub.sql("SELECT path FROM hub.folder WHERE path LIKE 'ring%%'"
                                       " ORDER BY 1")] == ["ring", "ring/a", "ring/a/b"]
    assert api("get_repo", repoid="ring/a/b/leaf")["repo_name"] == "ring/a/b/leaf"


def test_a_move_never_makes_a_path_too_deep(hub, api):
    deep = "/".join(["d"] * 15)
    api("create_repo", repo_name=deep + "/leaf")
    api("create_repo", repo_name="above/x")
    assert api.refused("update_repo_group", repogroupid="d", parent="above") == \
        "failed to update repository group `d`"
    assert api("get_repo", repoid=deep + "/leaf")


def test_a_grant_reaches_a_big_tree(hub, api, mallory):
    api("create_repo_group", group_name="big")
    owner, folder = hub.row("SELECT owner_account_id AS o, id FROM hub.folder WHERE path = 'big'").values()
    hub.sql("INSERT INTO hub.folder (path, owner_account_id, description, default_access)"
            " SELECT 'big/f' || n, %s, '', 1 FROM generate_series(1, 500) n", owner)
    api("create_repo", repo_name="big/one")
    api("grant_user_permission_to_repo_group", repogroupid="big", userid="mallory",
        perm="group.write", apply_to_children="all")
    assert hub.one("SELECT count(*) FROM hub.folder_grant g JOIN hub.folder f ON f.id = g.folder_id"
                   " WHERE f.path LIKE 'big%%' AND g.access = 2"
                   " AND g.account_id = (SELECT id FROM hub.account WHERE uname = 'mallory')") == 501
    assert mallory("get_repo", repoid="big/one")
    api("revoke_user_permission_from_repo_group", repogroupid="big", userid="mallory",
        apply_to_children="all")
    assert hub.one("SELECT count(*) FROM hub.folder_grant WHERE folder_id <> 0 AND account_id ="
                   " (SELECT id FROM hub.account WHERE uname = 'mallory')") == 0


# ---------------------------------------------------------------- sources

SOURCES = ["file:///etc/passwd", "/etc", "../..", "ext::sh -c id", "http://127.0.0.1:%(port)d/x.git",
           "http://localhost:%(port)d/x.git", "http://[::1]:%(port)d/x.git", "http://0.0.0.0:%(port)d/",
           "http://2130706433:%(port)d/x", "http://10.0.0.1/x.git", "http://169.254.169.254/latest",
           "http://[::ffff:127.0.0.1]:%(port)d/", "git+http://example.org/x", "-uevil", "--upload-pack=x",
           "ssh://-oProxyCommand=id/x", "http://a\nb/", "gopher://127.0.0.1/", "x" * 5000,
           "http://user:" + SECRET + "@127.0.0.1:%(port)d/x.git"]


@pytest.mark.parametrize("n", range(len(SOURCES)))
def test_a_source_in_here_is_not_asked(hub, api, seed, mallory, n):
    before = count(hub)
    trap = SilentPort()
    try:
        uri = SOURCES[n].replace("%(port)d", str(trap.port))
        for client, args in ((api, {"repo_name": "src"}), (mallory, {"repo_name": "src"}),
                             (seed, {"name": "src", "owner_name": "victim"})):
            error = client.refused("create_repo", clone_uri=uri, **args)
            assert error.startswith("failed to create repository") and SECRET not in error
        assert not trap.held
    finally:
        trap.close()
    assert count(hub) == before
    assert SECRET not in hub.logs()


def test_a_source_is_not_changed_to_one_in_here(hub, api, mallory):
    """Addresses are judged when they are asked, by every sync anew."""
    mallory("create_repo", repo_name="turned")
    for uri in ("file:///etc", "/etc", "ext::sh -c id", "-x"):
        error = mallory.refused("update_repo", repoid="turned", clone_uri=uri)
        assert error == "failed to update repo `turned`", uri
    trap = SilentPort()
    try:
        mallory.ask("update_repo", repoid="turned", clone_uri="http://127.0.0.1:%d/x" % trap.port)
        assert api.refused("pull", repoid="turned") == "Unable to pull changes from `turned`"
        assert not trap.held
    finally:
        trap.close()


def test_slow_sources_do_not_close_the_door(fresh_hub, upstream):
    hub = fresh_hub({"net.allow": "127.0.0.0/8", "net.low_speed_s": 60, "rhodecode.wait_s": 60})
    api = Client(hub.url, hub.new_token("admin"))
    hub.account("mallory")
    mallory = Client(hub.url, hub.new_token("mallory"))
    answers, names = {}, ["slow-%d" % n for n in range(8)]

    def create(name):
        client = Client(hub.url, mallory.key)
        answers[name] = client.ask("create_repo", repo_name=name,
                                   clone_uri=upstream.url("door/%s.git" % name))
    for name in names:
        upstream.repo("door/%s.git" % name).commit()
        upstream.fault("door/%s.git" % name, silent())
    threads = [threading.Thread(target=create, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answers) == 5, 60, "all but three are answered")
    assert api("get_ip") and mallory("get_user")
    assert len(answers) == 5
    for name in names:
        upstream.heal("door/%s.git" % name)
    hub.sql("UPDATE hub.mirror SET paused = true")
    for thread in threads:
        thread.join()
    assert [a["error"] for a in answers.values()].count(None) >= 5


# ---------------------------------------------------------------- texts

@pytest.mark.parametrize("method", ["'; DROP TABLE hub.account; --", '"quoted"', "a`b", "%s%n%s", "<script>",
                                    "x" * 40000, "\u2028", "get_ip\0", "\\", "get_ip ", "\U0001f600"])
def test_a_methods_name_is_only_text(api, method):
    body = json.dumps({"id": 1, "api_key": api.key, "method": method, "args": {}}).encode()
    answer = api.send(body)
    if "\0" in method:
        assert answer["error"].startswith("JSON parse error")
    else:
        assert answer == {"id": 1, "result": None, "error": "No such method: " + method}


@pytest.mark.parametrize("n", range(6))
def test_an_id_of_any_shape_comes_back_or_is_no_json(api, n):
    ids = [{"a": [1, {"b": None}]}, [], {}, [[[]]], "x" * 40000, 1e300]
    body = json.dumps({"id": ids[n], "api_key": api.key, "method": "get_ip", "args": {}}).encode()
    answer = api.send(body)
    assert answer["id"] == ids[n] and answer["error"] is None


@pytest.mark.parametrize("text", ["[" * 100000, '{"a":' * 5000, '{"args":' + "[" * 60 + "]" * 60 + "}"])
def test_what_is_deep_is_no_json(api, text):
    answer = api.raw(text.encode())
    assert api.status in (200, 413) and b"ERR:" in answer or api.status == 413
    assert len(answer) < 1000


@pytest.mark.parametrize("value", [[], {}, [1], {"a": 1}, -1, 1.5, 10 ** 18, "9" * 400, "", " ", True, False,
                                   "'", "\\", "1 OR 1=1", "%", "_", "*", "\U0001f600"])
def test_an_object_is_named_by_nothing_but_its_name(api, value):
    for method, arg in (("get_repo", "repoid"), ("get_user", "userid"), ("get_user_group", "usergroupid"),
                        ("get_repo_group", "repogroupid")):
        error = api.refused(method, **{arg: value})
        if isinstance(value, (list, dict)):
            assert error == "Internal server error"
        else:
            assert error.endswith("does not exist"), error


@pytest.mark.parametrize("how", ["raw", "quoted"])
def test_J24_no_part_of_a_secret_is_repeated(hub, api, how):
    for password in ("a,%s" % SECRET, "a}%s" % SECRET, "a\\\" %s" % SECRET, "a %s" % SECRET,
                     "a&%s" % SECRET, "a:%s" % SECRET):
        for text in ('{"args": {"password": "%s"}, oops' % password,
                     '{"args": {"clone_uri": "http://u:%s@h/"}, oops' % SECRET,
                     '{"password":"%s"' % password):
            text = urllib.parse.quote_plus(text) if how == "quoted" else text
            assert SECRET not in api.send(text.encode())["error"], text
    assert SECRET not in hub.logs()
