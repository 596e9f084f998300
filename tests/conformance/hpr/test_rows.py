"""Contract A8.2: the rows that need no sync. Each is named by its number; the rest is in
test_rows_sync.py and test_names.py, and test_every_row_is_somewhere counts them all."""

import concurrent.futures
import json
import pathlib
import re

import pytest

from conformance.hpr.rows import BOTH, ROWS, TYPO, URL, WORD
from fixtures.hub import running
from fixtures.run import run, wait_until

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}")
KEYS = ["name", "url", "mirror_url", "latest_version", "status", "created_at", "updated_at",
        "scheduled_at"]


@pytest.fixture
def empty(hub):
    """The hub without any repository."""
    for one in hub.get(TYPO, hub.admin).json()["data"]:
        assert hub.delete("%s/%s" % (TYPO, one["name"])).status_code == 200
    return hub


def add(hub, n, sync=False):
    """n repositories that nobody syncs: r-00, r-01, ..."""
    for i in range(n):
        hub.add("https://unreachable.invalid/r/%02d.git" % i, sync=sync)


def ask(hub, row):
    options = dict(row["options"])
    if options.pop("raw", False):
        got = hub.ask(row["path"], row["method"])
        return got.status, got.body.decode(), dict(got.headers)
    kw = {}
    if "form" in options:
        kw["data"] = options["form"]
    if "send" in options:
        kw["json"] = options["send"]
    auth = None if row["method"] in ("GET", "HEAD", "OPTIONS") else hub.admin
    got = hub.request(row["method"], row["path"], auth, **kw)
    return got.status_code, got.text, got.headers


@pytest.mark.parametrize("row", ROWS, ids=["%02d %s %s %s" % (
    r["number"], r["method"], r["path"][:40], r["words"]) for r in ROWS])
def test_row(empty, row):
    status, body, headers = ask(empty, row)
    allowed = row["status"] if isinstance(row["status"], tuple) else (row["status"],)
    assert status in allowed, body
    if row["body"] is not None:
        assert body == row["body"]
    if row["json"] is not None:
        assert json.loads(body) == row["json"]
    for text in row["has"]:
        assert text in body
    for key, value in row["headers"].items():
        assert headers.get(key) == value
    assert empty.get(TYPO).json()["total"] == 0  # nothing was made on the way


def test_every_row_is_somewhere():
    here = pathlib.Path(__file__).parent
    code = "".join(p.read_text() for p in here.glob("test_*.py"))
    tested = {r["number"] for r in ROWS}
    for numbers in re.findall(r"def test_row_((?:\d+_|and_)+)", code):
        tested |= set(map(int, re.findall(r"\d+", numbers)))
    assert tested == set(range(1, 66))


# ---------------------------------------------------------------- lists

def test_row_2_both_spellings_give_the_same_bytes(empty):
    add(empty, 2)
    assert empty.get(TYPO).content == empty.get(WORD).content
    assert empty.get(TYPO + "/r-00").content == empty.get(WORD + "/r-00").content


def test_row_3_a_repository_has_exactly_eight_texts(empty):
    add(empty, 2)
    for one in empty.get(TYPO).json()["data"] + [empty.get(WORD + "/r-01").json()]:
        assert list(one) == KEYS
        assert all(isinstance(value, str) for value in one.values())
    assert one["name"] == "r-01"
    assert one["url"] == "https://unreachable.invalid/r/01.git"
    assert one["mirror_url"] == empty.url + "/r-01.git"


def test_row_4_times_are_written_as_the_contract_says(empty):
    add(empty, 1)
    one = empty.get(TYPO + "/r-00").json()
    assert TIME.fullmatch(one["created_at"])
    for key in ("updated_at", "scheduled_at"):
        assert one[key] == "" or TIME.fullmatch(one[key])


def test_row_5_times_are_in_the_zone_of_the_server(fresh_hub):
    import datetime

    hub = fresh_hub(env={"TZ": "UTC"})
    add(hub, 1)
    utc = hub.get(TYPO + "/r-00").json()["created_at"]
    hub.env["TZ"] = "CST-8"  # Asia/Shanghai without the zone files
    hub.restart()
    shanghai = hub.get(TYPO + "/r-00").json()["created_at"]
    assert utc.endswith(" +0000") and shanghai.endswith(" +0800")

    def instant(text):
        return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    assert instant(utc) == instant(shanghai)


def test_row_6_a_page_of_one(empty):
    add(empty, 2)
    got = empty.get(TYPO + "?page=1&per_page=1").json()
    assert (got["total"], [r["name"] for r in got["data"]]) == (2, ["r-00"])
    got = empty.get(WORD + "?page=2&per_page=1").json()
    assert (got["total"], [r["name"] for r in got["data"]]) == (2, ["r-01"])


def test_row_7_a_page_past_the_end_is_empty(empty):
    add(empty, 2)
    assert empty.get(TYPO + "?page=3&per_page=1").json() == {"total": 2, "data": []}
    assert empty.get(TYPO + "?page=2000000000&per_page=1000").json() == {"total": 2, "data": []}


def test_row_8_and_9_a_page_alone_has_fifty_rows_and_a_size_alone_means_page_one(empty):
    add(empty, 60)
    names = ["r-%02d" % i for i in range(60)]

    def listed(query):
        got = empty.get(TYPO + query).json()
        assert got["total"] == 60
        return [r["name"] for r in got["data"]]
    assert listed("") == names  # neither: everything, by name
    assert listed("?page=2") == names[50:]
    assert listed("?per_page=5") == names[:5]
    assert listed("?page=1&per_page=999999") == names


def test_names_are_listed_in_byte_order(empty):
    for name in ("b", "B", "a-b", "a.b", "a_b", "aB", "Z", "9x"):
        if name != "B":
            empty.add(URL, name, sync=False)
    names = [r["name"] for r in empty.get(TYPO).json()["data"]]
    assert names == sorted(names, key=str.encode) and len(names) == 7


def test_row_16_one_slash_at_the_end_changes_nothing(empty):
    add(empty, 1)
    assert empty.get(TYPO + "/r-00/").content == empty.get(TYPO + "/r-00").content
    assert empty.get(TYPO + "/").content == empty.get(TYPO).content
    assert empty.ask(TYPO + "/r-00//").status == 404


def test_search_finds_by_part_of_the_name_literally(empty):
    for name in ("Alpha", "alp_ha", "beta%"[:4], "100x"):
        empty.add(URL, name, sync=False)

    def found(query):
        got = empty.get(WORD + "/search" + query).json()
        assert got["total"] == len(got["data"])
        return [r["name"] for r in got["data"]]
    assert found("?q=ALP") == ["Alpha", "alp_ha"]
    assert found("?name=alpha") == ["Alpha"]
    assert found("/alpha") == ["Alpha"]
    assert found("?q=_") == ["alp_ha"]
    assert found("?q=%25") == []
    assert found("?q=%5C") == []


def test_the_status_of_one_is_one_object(empty):
    add(empty, 1)
    got = empty.get(WORD + "/r-00/status")
    assert (got.status_code, got.text) == (200, '{"status":"idle"}')
    assert empty.get(TYPO + "/nope/status").status_code == 404


def test_the_welcome_is_there(hub):
    got = hub.get("/")
    assert (got.status_code, got.json()) == (200, {"message": "welcome to hpr api layer"})


# ---------------------------------------------------------------- create

def created(hub, answer, name="o-r"):
    assert (answer.status_code, answer.content) == (201, b"true")
    assert answer.headers["Content-Type"] == "application/json"
    one = hub.get("%s/%s" % (TYPO, name))
    assert one.status_code == 200
    return one.json()


def test_row_18_a_form_makes_a_repository_that_can_be_seen_at_once(empty):
    one = created(empty, empty.post(TYPO, {"url": URL}))
    assert one["url"] == URL


def test_row_19_a_json_body_does_the_same(empty):
    created(empty, empty.post(TYPO, json={"url": URL, "clone": "false"}))


def test_row_19_json_takes_true_and_false_as_well_as_texts(empty):
    created(empty, empty.post(TYPO, json={"url": URL, "clone": False, "create": True}))
    assert empty.job("o-r") is None


def test_row_20_multipart_does_the_same(empty):
    created(empty, empty.post(TYPO, files={"url": (None, URL), "clone": (None, "false")}))


def test_row_24_an_empty_name_is_no_name(empty):
    created(empty, empty.post(WORD, {"url": URL, "name": "", "clone": "false"}))


def test_row_25_a_name_is_taken_as_it_is(empty):
    one = created(empty, empty.post(WORD, {"url": URL, "name": "My.Name_1", "clone": "false"}),
                  "My.Name_1")
    assert one["name"] == "My.Name_1"
    assert one["mirror_url"] == empty.url + "/My.Name_1.git"


def test_row_25_a_name_has_up_to_255_bytes(empty):
    created(empty, empty.post(WORD, {"url": URL, "name": "x" * 255, "clone": "false"}), "x" * 255)


def test_row_27_a_name_exists_once_in_any_case(empty):
    empty.add(URL, "Mine", sync=False)
    for name in ("Mine", "mine", "MINE"):
        got = empty.post(WORD, {"url": URL, "name": name, "clone": "false"})
        assert got.status_code == 400
        assert got.json() == {"message": "Exists Repository: " + name}
        got = empty.post(TYPO, {"url": URL, "name": name, "clone": "false"})
        assert (got.status_code, got.text) == (400, "false")
        assert got.headers["X-Hub-Message"] == "Exists Repository: " + name


def test_row_28_of_two_at_the_same_time_one_wins(empty):
    form = {"url": URL, "clone": "false"}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = sorted(a.status_code for a in
                       pool.map(lambda _: empty.post(TYPO, form), range(8)))
    assert codes == [201] + [400] * 7
    assert empty.get(TYPO).json()["total"] == 1


def test_row_37_a_put_that_meets_a_delete_is_about_nothing(hub, name):
    hub.add(URL, name)
    db = hub.connect()
    db.autocommit = False
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        db.cursor().execute("DELETE FROM hub.project WHERE path = %s", (name,))
        got = pool.submit(hub.put, "%s/%s" % (WORD, name))
        wait_until(lambda: hub.sql("SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)"
                                   " WHERE NOT granted AND usename = 'mirrorhub_web'"), 60,
                   "it waits for the end of the other")
        db.commit()
    db.close()
    assert got.result().status_code == 404
    assert got.result().json() == {"message": "Not found repository: " + name}


@pytest.mark.parametrize("text", ["$(touch MARK)", ";touch MARK", "`touch MARK`", "|touch MARK",
                                  "\ntouch MARK", "'; touch MARK; '", "&& touch MARK"])
def test_row_29_a_url_is_never_executed(empty, tmp_path, text):
    mark = tmp_path / "mark"
    text = text.replace("MARK", str(mark))
    for url in ("https://unreachable.invalid/a%s/b.git" % text, "https://127.0.0.1:1%s/b.git" % text,
                "git@unreachable.invalid:a%s/b.git" % text):
        answer = empty.post(TYPO, {"url": url, "name": "shell"})
        assert answer.status_code in (201, 400)
        if answer.status_code == 201:
            assert empty.wait_run("shell")["outcome"] == "failed"
            empty.delete(TYPO + "/shell")
        assert not mark.exists()


def test_row_31_credentials_in_a_url_are_never_shown(empty):
    empty.hide("hunter2-canary")
    empty.add("https://someone:hunter2-canary@unreachable.invalid/o/r.git", sync=False)
    for got in (empty.get(TYPO), empty.get(TYPO + "/o-r"), empty.get(WORD + "/search?q=o"),
                empty.get("/info")):
        assert "hunter2" not in got.text
    assert "hunter2" not in empty.dump()


def test_row_52_clone_false_makes_no_job(empty):
    empty.add(URL, clone="false")
    assert empty.job("o-r") is None
    assert empty.show("o-r")["status"] == "idle"


def test_row_52_mirror_only_and_create_are_accepted(empty):
    for name, more in (("a", {"mirror_only": "true"}), ("b", {"create": "false"})):
        assert empty.add(URL, name, sync=False, **more) == name


# ---------------------------------------------------------------- delete

def test_row_50_the_second_delete_finds_nothing(empty):
    add(empty, 1)
    assert empty.delete(TYPO + "/r-00").text == "true"
    got = empty.delete(TYPO + "/r-00")
    assert (got.status_code, got.text) == (404, "false")
    assert empty.get(TYPO + "/r-00").status_code == 404


# ---------------------------------------------------------------- authentication

@pytest.fixture(scope="module")
def closed(request):
    """A hub that asks everybody for an account."""
    with running({"anonymous_read": "no"}) as one:
        yield one


PATHS = ["/", "/info", "/info/busy", "/nothing/here", TYPO, WORD, TYPO + "/x", WORD + "/search?q=a"]
WRONG = [None, "Basic YWRtaW46d3Jvbmc=", "Bearer x", "Basic !!!", "Basic YWRtaW4=", "Basic", "Digest a"]


@pytest.mark.parametrize("path", PATHS)
def test_row_58_every_path_asks_for_an_account(closed, path):
    for header in WRONG:
        got = closed.get(path, headers={"Authorization": header} if header else {})
        assert got.status_code == 401, (header, got.text)
        assert got.headers["WWW-Authenticate"] == 'Basic realm="Login Required"'
        assert got.text.splitlines() == ["Could not verify your access level for that URL.",
                                         "You have to login with proper credentials"]
        assert got.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "Set-Cookie" not in got.headers


def test_row_58_writes_ask_too(closed):
    assert closed.post(TYPO, {"url": URL}, auth=None).status_code == 401
    assert closed.put(TYPO + "/x", auth=None).status_code == 401
    assert closed.delete(TYPO + "/x", auth=None).status_code == 401


@pytest.mark.parametrize("password", ["a:b:c", "12345"])
def test_row_59_colons_and_digits_are_a_password(closed, password):
    name = "user-%s" % password.replace(":", "")
    closed.account(name)
    # shorter than what is accepted today: imported, as crypt(3) made it
    closed.sql("UPDATE hub.account SET password_hash = %s, password_version = password_version + 1"
               " WHERE uname = %s", run(["openssl", "passwd", "-6", password]).stdout.strip(), name)
    assert closed.get(TYPO, (name, password)).status_code == 200
    assert closed.get(TYPO, (name, password + "x")).status_code == 401


# ---------------------------------------------------------------- /info

PATHS_OF_INFO = {
    "hpr.version": str, "hpr.repositroies.total": int, "hpr.repositroies.entry": list,
    "faktory.default_size": int, "faktory.total_enqueued": int, "faktory.total_failures": int,
    "faktory.total_processed": int, "faktory.total_queues": int,
    "faktory.tasks.Busy.reaped": int, "faktory.tasks.Busy.size": int,
    "faktory.tasks.Workers.reaped": int, "faktory.tasks.Workers.size": int,
    "faktory.tasks.backup.count": int,
    **{"faktory.tasks.%s.%s" % (task, key): kind
       for task in ("Dead", "Retries", "Scheduled")
       for key, kind in (("cycles", int), ("enqueued", int), ("size", int),
                         ("wall_time_sec", (int, float)))},
}


def flat(value, before=""):
    if not isinstance(value, dict):
        return {before[:-1]: value}
    return {k: v for key, sub in value.items() for k, v in flat(sub, before + key + ".").items()}


def test_row_53_info_has_exactly_these_keys(empty):
    add(empty, 2)
    got = flat(empty.get("/info").json())
    assert set(got) == set(PATHS_OF_INFO)
    for key, kind in PATHS_OF_INFO.items():
        assert isinstance(got[key], kind) and not isinstance(got[key], bool), key
    assert got["hpr.version"] == "0.2.0"
    assert (got["hpr.repositroies.total"], got["hpr.repositroies.entry"]) == (2, ["r-00", "r-01"])


def test_row_57_an_empty_queue_is_still_a_queue(empty):
    def counted():
        got = flat(empty.get("/info").json())
        return got if got["faktory.total_enqueued"] == 0 else None
    got = wait_until(counted, 60, "the queue is empty")
    assert got["faktory.total_queues"] == 1
    assert got["faktory.default_size"] == 0


# ---------------------------------------------------------------- trouble

def test_row_64_without_a_database_the_answer_is_503(fresh_hub):
    hub = fresh_hub()
    add(hub, 1)
    hub.expect_err(".")
    hub.stop_database()
    for method, path in (("GET", TYPO), ("GET", WORD + "/r-00"), ("GET", "/info"),
                         ("POST", WORD), ("DELETE", WORD + "/r-00")):
        got = hub.request(method, path, hub.admin, data={"url": URL} if method == "POST" else None)
        assert got.status_code == 503, got.text
        if method == "GET" or path.startswith(WORD):
            assert got.json() == {"message": "Service unavailable"}
    assert hub.get(TYPO).status_code == 503  # without a password to check, too
    hub.restart()
    assert hub.get(TYPO + "/r-00").status_code == 200
