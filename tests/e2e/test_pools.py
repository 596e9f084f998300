"""A pool of FastCGI processes: what it promises when it ends, is told to read its settings anew, loses
a process, or is spoken to by something that is not nginx (checklists P-24, P-32, R-05, R-06, R-30)."""

import base64
import os
import random
import signal
import subprocess
import threading

import pytest

from fixtures import fastcgi
from fixtures.hub import alive, build_dir, descendants
from fixtures.run import wait_until

FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}


class Pool:
    """A pool of the hub's own, on its own socket, as a child of this process."""

    def __init__(self, hub, n):
        self.hub = hub
        self.path = hub.var / "run" / "test.sock"
        self.log = hub.var / "log" / "test-pool.log"
        with open(self.log, "ab") as log:
            self.parent = subprocess.Popen(
                hub.program_argv("mirrorhub-fcgi", "--pool", "api", "--socket", str(self.path),
                                 "--processes", str(n)), stderr=log)
        wait_until(lambda: self.path.exists() and len(self.workers()) == n, 60, self.said)
        wait_until(lambda: self.ask(target="/readyz")[0] == 200, 60, self.said)

    def said(self):
        """Its log without the requests."""
        return "\n".join(line for line in self.log.read_text(errors="replace").splitlines()
                         if '"event":"request"' not in line)

    def workers(self):
        return sorted(p for p in descendants(self.parent.pid) if alive(p))

    def ask(self, *args, **kw):
        return fastcgi.ask(self.path, fastcgi.whole(*args, **kw))

    def connect(self):
        return fastcgi.Connection(self.path)

    def end(self):
        if self.parent.poll() is None:
            self.parent.terminate()
        return self.parent.wait(60)


@pytest.fixture
def pool(hub):
    pools = []

    def start(n=2):
        pools.append(Pool(hub, n))
        return pools[-1]
    yield start
    for one in pools:
        one.end()


def basic(hub):
    pair = "%s:%s" % (hub.user, hub.token)
    return "Basic " + base64.b64encode(pair.encode()).decode()


def half_a_post(hub, one, name):
    """A connection with a request whose body is not whole yet, and the rest of it."""
    body = ("url=https://unreachable.invalid/o/r.git&clone=false&name=" + name).encode()
    c = one.connect()
    c.send(fastcgi.begin() + fastcgi.params("POST", "/repositories", CONTENT_LENGTH=len(body),
                                            HTTP_AUTHORIZATION=basic(hub), **FORM) +
           fastcgi.record(fastcgi.STDIN, body[:10]))
    return c, fastcgi.record(fastcgi.STDIN, body[10:]) + fastcgi.record(fastcgi.STDIN)


def is_refused(one):
    try:
        one.connect().socket.close()
    except ConnectionRefusedError:
        return True
    return False


class Load:
    """Requests one after the other, from a few threads, until the with block ends."""

    def __init__(self, one, n=4):
        self.one, self.statuses, self.is_over = one, [], False
        self.threads = [threading.Thread(target=self.run) for _ in range(n)]

    def run(self):
        while not self.is_over:
            self.statuses.append(self.one.ask(target="/repositories")[0])

    def __enter__(self):
        for t in self.threads:
            t.start()
        wait_until(lambda: len(self.statuses) > 20)
        return self

    def __exit__(self, *_):
        self.is_over = True
        for t in self.threads:
            t.join()


# ---------------------------------------------------------------- the end

def test_R30_SIGTERM_lets_what_has_begun_end_well(hub, pool, name):
    one = pool()
    c, rest = half_a_post(hub, one, name)
    wait_until(lambda: one.ask(target="/healthz")[0] == 200)  # the other process is free
    one.parent.terminate()
    wait_until(lambda: '"ending"' in one.said())
    wait_until(lambda: is_refused(one), 60, "nobody is let in any more")
    assert one.parent.poll() is None
    c.send(rest)
    assert c.answer()[::2] == (201, b"true")
    assert one.parent.wait(60) == 0
    assert hub.show(name)["name"] == name


def test_R06_SIGTERM_serves_who_waits_in_the_queue(hub, pool, name):
    one = pool(1)
    c, rest = half_a_post(hub, one, name)
    waiting = [one.connect() for _ in range(5)]  # behind the only process, which is busy
    for w in waiting:
        w.send(fastcgi.whole(target="/repositories/" + name))
    one.parent.terminate()
    wait_until(lambda: '"ending"' in one.said())
    c.send(rest)
    assert c.answer()[0] == 201
    assert [w.answer()[0] for w in waiting] == [200] * 5
    assert one.parent.wait(60) == 0


def test_workers_end_with_a_parent_that_was_killed(pool):
    one = pool()
    workers = one.workers()
    one.parent.kill()
    one.parent.wait(60)
    wait_until(lambda: not any(alive(w) for w in workers), 60, "the workers are gone")


# ---------------------------------------------------------------- its processes

def test_R05_a_killed_process_is_replaced_and_the_others_serve_on(pool):
    one = pool(3)
    before = one.workers()
    with Load(one) as load:
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: len(one.workers()) == 3 and before[0] not in one.workers(), 60, one.said)
        n = len(load.statuses)
        wait_until(lambda: len(load.statuses) > n + 20)
    # at most the one request that was in its hands
    assert sum(s != 200 for s in load.statuses) <= 1
    assert '"signal":9' in one.said()


def test_SIGHUP_replaces_all_processes_and_no_request_fails(hub, pool):
    one = pool(3)
    before = set(one.workers())
    with Load(one) as load:
        one.parent.send_signal(signal.SIGHUP)
        wait_until(lambda: len(one.workers()) == 3 and not before & set(one.workers()), 60, one.said)
    assert set(load.statuses) == {200}


def test_SIGHUP_reads_the_settings_anew_and_keeps_the_old_ones_if_they_are_broken(hub, pool):
    one = pool(1)
    file = hub.var / "mirrorhub.conf"
    good = file.read_text()

    def version():
        return one.ask(target="/info")[2]
    try:
        file.write_text(good + "hpr.version_string = 9.9.9\n")
        one.parent.send_signal(signal.SIGHUP)
        wait_until(lambda: b'"version":"9.9.9"' in version(), 60, one.said)
        file.write_text(good + "no.such.setting = 1\n")
        workers = one.workers()
        one.parent.send_signal(signal.SIGHUP)
        wait_until(lambda: "the settings stay as they were" in one.said(), 60)
        assert b'"version":"9.9.9"' in version()
        assert one.workers() == workers
    finally:
        file.write_text(good)


def test_a_program_that_does_not_fit_its_schema_does_not_start(hub, tmp_path):
    hub.expect_err("database not opened")
    text = (hub.var / "mirrorhub.conf").read_text()
    bad = hub.var / "bad.conf"
    bad.write_text("\n".join(line.replace("dbname=mirrorhub", "dbname=postgres")
                             if line.startswith("db.web") else line for line in text.splitlines()))
    argv = hub.program_argv("mirrorhub-fcgi", "--pool", "api", "--socket",
                            str(hub.var / "run" / "bad.sock"))
    argv[argv.index("--conf") + 1] = str(bad)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 78  # EX_CONFIG
    assert "does not exist" in done.stderr


# ---------------------------------------------------------------- bodies

def test_P24_a_body_that_breaks_off_does_nothing(hub, pool, name):
    one = pool(1)
    c, _ = half_a_post(hub, one, name)
    c.socket.close()
    c, _ = half_a_post(hub, one, name)
    c.send(fastcgi.record(fastcgi.STDIN))  # the end, too early
    assert c.answer()[0] == 400
    assert one.ask(target="/repositories/" + name)[0] == 404
    assert hub.one("SELECT count(*) FROM hub.event WHERE object = %s", name) == 0


# ---------------------------------------------------------------- P-32: records

RECORDS = {
    "wrong version": fastcgi.record(fastcgi.BEGIN, b"\0\1\0\0\0\0\0\0", version=9),
    "authorizer": fastcgi.begin(2) + fastcgi.params() + fastcgi.record(fastcgi.STDIN),
    "filter": fastcgi.begin(3) + fastcgi.params() + fastcgi.record(fastcgi.STDIN),
    "unknown role": fastcgi.begin(9) + fastcgi.params() + fastcgi.record(fastcgi.STDIN),
    "management": fastcgi.record(9, fastcgi.pairs({"FCGI_MAX_CONNS": ""}), number=0),
    "unknown kind": fastcgi.record(77, b"x" * 100),
    "aborted": fastcgi.begin() + fastcgi.record(fastcgi.ABORT),
    "aborted late": fastcgi.begin() + fastcgi.params() + fastcgi.record(fastcgi.ABORT),
    "no variables": fastcgi.begin() + fastcgi.record(fastcgi.PARAMS) + fastcgi.record(fastcgi.STDIN),
    "name longer than all": fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, b"\xff" * 8),
    "variables without an end": fastcgi.begin() + fastcgi.record(
        fastcgi.PARAMS, fastcgi.pairs({"A": "b" * 60000})) * 50,
    "head cut": fastcgi.begin()[:5],
    "body cut": fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, b"abc", length=500),
    "another request's number": fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, b"", number=2),
    "a connection to keep": fastcgi.begin(flags=1) + fastcgi.whole()[16:],
    "nothing": b"",
}


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def test_P32_strange_records_harm_nobody(pool):
    one = pool(2)
    workers = one.workers()
    for words, data in RECORDS.items():
        fastcgi.ask(one.path, data)
        assert one.ask(target="/healthz")[0] == 200, words
    assert one.workers() == workers, one.said()


def test_P32_a_thousand_damaged_requests_harm_nobody(pool):
    one = pool(2)
    workers = one.workers()
    good = fastcgi.whole("POST", "/repositories?a=b", b"url=x", **FORM)
    dice = random.Random(32)
    sizes = []
    for i in range(1000):
        data = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            # lengths of names and values stay small: libfcgi would ask for that much memory
            at = dice.randrange(len(data))
            data[at] = dice.randrange(128)
        fastcgi.ask(one.path, bytes(data[:dice.randrange(1, len(data) + 1)]))
        if i % 300 == 0:
            sizes.append(sum(map(memory_kib, workers)))
    assert one.ask(target="/healthz")[0] == 200
    assert one.workers() == workers, one.said()
    # the sanitizer keeps what was freed for a while
    most_kib = 64 * 1024 if build_dir() == "build/san" else 1024
    assert sizes[-1] - sizes[1] < most_kib * len(workers)
