"""Part `propagate` of tests/bench/run: goal G11 (mirroring.md 5.12).

A commit upstream, a notice to POST /api/push as a forge's hook sends it, and then: when does a reader who asks
the hub for its refs see the commit, and when has the target it? Beside it the same work by Git's own commands,
where nothing has to be noticed or queued. One change at a time, on a hub that has nothing else to do."""
import contextlib
import http.client
import math
import os
import random
import subprocess
import time
import urllib.parse

import __main__ as bench

ROUNDS = int(os.environ.get("BENCH_NOTICES", "60"))
LOOK_S = 0.005      # between two looks
MOST_S = 60
PERSON = {"GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@b", "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@b"}


def git(repo, *argv, **kw):
    return subprocess.run(["git", "-C", repo, *argv], env={**bench.GIT_ENV, **PERSON}, check=True, capture_output=True,
                          text=True, **kw).stdout.strip()


def bare(b, name):
    """A bare repository that git http-backend takes pushes to; its address."""
    path = b.path(f"upstream/{name}.git")
    git("/", "init", "-q", "--bare", "-b", "main", path)
    git(path, "config", "http.receivepack", "true")
    return path, f"{b.base}/backend/{name}.git"


class Reader:
    """Someone who asks for the refs again and again, over one connection."""

    def __init__(self, url):
        where = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=MOST_S)
        self.path = where.path + "/info/refs?service=git-upload-pack"

    def sees(self, tip):
        self.connection.request("GET", self.path)
        return tip.encode() in self.connection.getresponse().read()


class Propagation:
    def __init__(self, b):
        self.b = b
        if not b.hub.pids("mirrorhub-sync --conf"):  # another part has ended it
            b.hub.start_again()
        self.upstream = bench.make_upstream(b, "moves", 200)
        self.source = f"{b.base}/backend/moves.git"
        self.target, target_url = bare(b, "moves-target")
        self.copy, (self.plain, self.plain_url) = b.path("clones/moves.git"), bare(b, "moves-plain")
        b.hub.request("POST", "/repositories", {"url": self.source, "name": "moves"})
        bench.wait_synced(b, "moves")
        b.hub.request("POST", "/api/repos/moves/targets", {"url": target_url})
        git("/", "clone", "-q", "--mirror", self.source, self.copy)
        git(self.copy, "push", "-q", "--mirror", self.plain_url)
        self.reader = Reader(b.hub.url + "/moves.git")
        self.late_s = 0  # the most that a look came too late: the machine's own doing

    def is_there(self, tip):
        with contextlib.suppress(FileNotFoundError), open(self.target + "/refs/heads/main", encoding="ascii") as f:
            return f.read().strip() == tip
        return False

    def quiet(self):
        bench.wait_for(lambda: self.b.hub.sql("SELECT count(*) FROM hub.job WHERE state IN ('running', 'queued')") == "0")

    def commit(self):
        tip = git(self.upstream, "commit-tree", "-p", "main", "-m", "news", "main^{tree}")
        git(self.upstream, "update-ref", "refs/heads/main", tip)
        return tip

    def until(self, is_so, since):
        """Seconds from `since` until it is so."""
        while not is_so():
            if time.monotonic() - since > MOST_S:
                raise SystemExit("a change did not arrive")
            before = time.monotonic()
            time.sleep(LOOK_S)
            self.late_s = max(self.late_s, time.monotonic() - before - LOOK_S)
        return time.monotonic() - since

    def ours(self):
        """(until a reader sees it, from there until the target has it)"""
        self.quiet()
        time.sleep(random.uniform(0.05, 0.5))  # in no step with anything that is done each so many ms
        tip = self.commit()
        start = time.monotonic()
        self.b.hub.request("POST", "/api/push", {"repository": {"name": "moves", "url": self.source},
                                                 "ref": "refs/heads/main", "after": tip})
        seen = self.until(lambda: self.reader.sees(tip), start)
        return seen, self.until(lambda: self.is_there(tip), start) - seen

    def theirs(self):
        start = time.monotonic()
        git(self.copy, "fetch", "-q", "--prune")
        fetched = time.monotonic()
        git(self.copy, "push", "-q", "--mirror", self.plain_url)
        return fetched - start, time.monotonic() - fetched


def at(values, share):
    return sorted(values)[math.ceil(share * len(values)) - 1]


def told(values):
    """p50, p95 and the most, in ms."""
    return f"{1000 * at(values, 0.5):.0f}, {1000 * at(values, 0.95):.0f}, {1000 * max(values):.0f} ms"


def propagate(b):
    bench.say(f"{ROUNDS} notices, one after the other")
    p = Propagation(b)
    p.ours()  # the target's first push
    p.theirs()
    p.late_s, load = 0, os.getloadavg()[0]
    figures = bench.in_turn({"ours": p.ours, "git": p.theirs}, rounds=ROUNDS)
    for i, (what, against, target) in enumerate((
            ("notice until readers see the change: p50, p95, most", "`git fetch` at once", "p50 <= 1.5 s, p95 <= 4 s"),
            ("from there until the target has it", "`git push` at once", "<= 2 s"))):
        ours, theirs = ([x[i] for x in figures[k]] for k in ("ours", "git"))
        bench.row(what, against, told(ours), told(theirs), f"{at(ours, 0.5) / at(theirs, 0.5):.1f} times", target)
    bench.say(f"  load {load:.1f} before, {os.getloadavg()[0]:.1f} after; a look of ours came"
              f" {1000 * p.late_s:.0f} ms too late at most")


PARTS = {"propagate": propagate}
