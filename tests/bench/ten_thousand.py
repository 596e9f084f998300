"""10,000 mirrors of small repositories on one machine: tests/bench/run ten_thousand (BENCH_MIRRORS=n).

The first sync of all of them, then rounds in which next to nothing changes: is memory flat, is the
schedule kept, does a restart ask no more than usual? It takes about ten minutes at most.

The upstream is this program too: `ten_thousand.py serve` answers for any number of repositories
(/u/N.git) that all have the same two states; /change?n=N puts one into the other state, /stats tells
requests per second."""

import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request

MIRRORS = int(os.environ.get("BENCH_MIRRORS", "10000"))
SCHEDULE_S = 60   # a round of all of them
ROUNDS = 3
FIRST_MOST_S = 100   # then the rest is made: stores by hard links, rows as those of the first ones


# ---------------------------------------------------------------- the upstream

def git(folder, *args, data=None):
    env = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
           "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
           "GIT_AUTHOR_DATE": "1600000000 +0000", "GIT_COMMITTER_DATE": "1600000000 +0000"}
    return subprocess.run(["git", "-C", folder, *args], env=env, input=data, capture_output=True, check=True).stdout


def states(folder):
    """Two states of a small repository: [(commit, pack)], each pack whole."""
    git(folder, "init", "-q", "--bare", "-b", "main", ".")
    out, parent = [], []
    for n in range(2):
        blob = git(folder, "hash-object", "-w", "--stdin", data=b"state %d\n" % n).decode().strip()
        tree = git(folder, "mktree", data=b"100644 blob %s\tfile\n" % blob.encode()).decode().strip()
        commit = git(folder, "commit-tree", tree, "-m", "state %d" % n, *parent).decode().strip()
        parent = ["-p", commit]
        pack = git(folder, "pack-objects", "--stdout", "--revs", "-q", data=commit.encode() + b"\n")
        out.append((commit, pack))
    return out


def pkt(data):
    return b"%04x" % (len(data) + 4) + data


class Upstream:
    def __init__(self, folder):
        self.states = states(folder)
        self.changed = set()
        self.seconds = {}   # second: requests
        self.packs = 0

    def count(self):
        now = int(time.time())
        self.seconds[now] = self.seconds.get(now, 0) + 1

    def answer(self, target, headers, body):
        """(content type, bytes)"""
        path, _, query = target.partition("?")
        if path == "/stats":
            return "application/json", json.dumps({"seconds": self.seconds, "packs": self.packs}).encode()
        if path == "/change":
            self.changed.add(int(query.partition("=")[2]))
            return "text/plain", b"ok"
        self.count()
        number = int(path.split("/")[2].partition(".")[0])
        commit, pack = self.states[number in self.changed]
        is_v2 = "version=2" in headers.get("git-protocol", "")
        if path.endswith("/info/refs"):
            head = pkt(b"# service=git-upload-pack\n") + b"0000"
            if is_v2:
                return "application/x-git-upload-pack-advertisement", head + pkt(b"version 2\n") \
                    + pkt(b"agent=small\n") + pkt(b"ls-refs=unborn\n") + pkt(b"fetch\n") + b"0000"
            return "application/x-git-upload-pack-advertisement", head + pkt(
                b"%s HEAD\0side-band-64k ofs-delta symref=HEAD:refs/heads/main agent=small\n" % commit.encode()) \
                + pkt(b"%s refs/heads/main\n" % commit.encode()) + b"0000"
        kind = "application/x-git-upload-pack-result"
        if b"command=ls-refs" in body:
            return kind, pkt(b"%s HEAD symref-target:refs/heads/main\n" % commit.encode()) \
                + pkt(b"%s refs/heads/main\n" % commit.encode()) + b"0000"
        if b"done" not in body:
            return kind, pkt(b"NAK\n")
        self.packs += 1
        return kind, (pkt(b"packfile\n") if is_v2 else pkt(b"NAK\n")) + pkt(b"\1" + pack) + b"0000"


class Connection(asyncio.Protocol):
    def __init__(self, upstream):
        self.upstream, self.data = upstream, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, rest = self.data.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
            length = int(headers.get("content-length", 0))
            if "chunked" in headers.get("transfer-encoding", ""):
                end = rest.find(b"0\r\n\r\n")
                if end < 0:
                    return
                body, self.data = rest[:end], rest[end + 5:]
            elif len(rest) < length:
                return
            else:
                body, self.data = rest[:length], rest[length:]
            kind, out = self.upstream.answer(lines[0].split(" ")[1], headers, body)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                                 % (kind.encode(), len(out)) + out)


async def serve(folder, port):
    upstream = Upstream(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(upstream), "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


# ---------------------------------------------------------------- the measurement

def ask(base, path):
    with urllib.request.urlopen(base + path, timeout=30) as answer:
        return answer.read()


def per_second(base, begin, end):
    """Requests in each second of [begin, end)."""
    seconds = json.loads(ask(base, "/stats"))["seconds"]
    return [int(seconds.get(str(s), 0)) for s in range(int(begin), int(end))]


def memory_kb(pid):
    with contextlib.suppress(OSError), open("/proc/%d/status" % pid, encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def programs(hub):
    """{kind: memory in KiB} of the sync program's processes, the largest of each kind."""
    out = {}
    for pid in hub.pids("mirrorhub-sync"):
        with contextlib.suppress(OSError), open("/proc/%d/cmdline" % pid, "rb") as file:
            words = file.read().decode(errors="replace").split("\0")
            if not os.path.basename(words[0]).startswith("mirrorhub-sync"):
                continue
            flags = [w for w in words if w.startswith("--") and w not in ("--conf", "--follow")]
            kind = flags[0].strip("-").split("=")[0] if flags else "supervisor"
            out[kind] = max(out.get(kind, 0), memory_kb(pid))
    return out


def fill(hub, base):
    hub.sql(f"""
        WITH s AS (INSERT INTO hub.store (node) SELECT 1 FROM generate_series(1, {MIRRORS}) RETURNING id),
        n AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM s),
        p AS (INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)
            SELECT 'small-' || n.k, (SELECT min(id) FROM hub.account), true, n.id FROM n RETURNING id, path),
        m AS (INSERT INTO hub.mirror (project_id, url)
            SELECT id, '{base}/u/' || substr(path, 7) || '.git' FROM p RETURNING project_id)
        INSERT INTO hub.job (kind, project_id, state, run_at) SELECT 'sync', project_id, 'queued', now() FROM m""")
    hub.sql("VACUUM ANALYZE")


def finish(hub):
    """Those that have not had their first sync yet become as those that have: the same content."""
    hub.stop_sync()
    model = int(hub.sql("SELECT p.store_id FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id"
                        " WHERE m.last_success_at IS NOT NULL LIMIT 1"))
    stores = [int(x) for x in hub.sql("SELECT p.store_id FROM hub.mirror m JOIN hub.project p"
                                      " ON p.id = m.project_id WHERE m.last_success_at IS NULL").split()]
    repos = os.path.join(hub.var, "data", "repos")
    for store in stores:
        folder = os.path.join(repos, str(store // 1000))
        if not os.path.exists(folder):
            os.mkdir(folder, 0o750)
            shutil.copystat(os.path.join(repos, str(model // 1000)), folder)
            owner = os.stat(os.path.join(repos, str(model // 1000)))
            os.chown(folder, owner.st_uid, owner.st_gid)
        link(os.path.join(repos, str(model // 1000), "%d.git" % model), os.path.join(folder, "%d.git" % store))
    hub.sql(f"""
        UPDATE hub.store s SET fingerprint = o.fingerprint, generation = 1, head = o.head, size_bytes = o.size_bytes
            FROM hub.store o, hub.project p, hub.mirror m WHERE o.id = {model} AND p.store_id = s.id
            AND m.project_id = p.id AND m.last_success_at IS NULL;
        UPDATE hub.job j SET state = 'scheduled', worker = NULL, lease_until = NULL, phase = '', is_probed = true,
            started_at = NULL, run_at = now() + random() * interval '{SCHEDULE_S} s' FROM hub.mirror m
            WHERE m.project_id = j.project_id AND m.last_success_at IS NULL;
        UPDATE hub.mirror m SET last_attempt_at = now(), last_success_at = now(), last_change_at = now(),
            upstream_fingerprint = o.fingerprint FROM hub.store o WHERE o.id = {model} AND m.last_success_at IS NULL""")
    hub.start_again()


def link(model, store):
    """Packs are never written to: one file will do. The rest is copied, with its owner."""
    for folder, _, files in os.walk(model):
        here = os.path.join(store, os.path.relpath(folder, model))
        os.makedirs(here, exist_ok=True)
        shutil.copystat(folder, here)
        seen = os.stat(folder)
        os.chown(here, seen.st_uid, seen.st_gid)
        for name in files:
            one, two = os.path.join(folder, name), os.path.join(here, name)
            if "/pack" in folder:
                os.link(one, two)
            else:
                shutil.copy2(one, two)
                os.chown(two, seen.st_uid, seen.st_gid)


LAG = ("SELECT coalesce(round(extract(epoch FROM max(now() - run_at)))::int, 0) || ' ' ||"
       " coalesce(round(extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(now() - run_at,"
       " '0')))::numeric, 1), 0) || ' ' || count(*) FILTER (WHERE run_at < now()) FROM hub.job"
       " WHERE kind = 'sync' AND state <> 'running' AND run_at > '-infinity'")


def watch(hub, seconds, say):
    """Memory and lag each ten seconds: lists of what was seen."""
    memory, lags, end = [], [], time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(10)
        memory.append(programs(hub))
        lags.append([float(x) for x in hub.sql(LAG).split()])
        say("    %s; latest %.0f s, due %d" % (
            ", ".join("%s %.1f MiB" % (k, v / 1024) for k, v in sorted(memory[-1].items())), lags[-1][0], lags[-1][2]))
    return memory, lags


def restart(hub):
    """The sync program ends and comes again, as with an upgrade."""
    hub.stop_sync()
    hub.start_again()


def growth(memory, kind):
    """(first, last) of a kind, MiB: means of the first and the last third."""
    seen = [m[kind] / 1024 for m in memory if kind in m]
    third = max(1, len(seen) // 3)
    return (statistics.mean(seen[:third]), statistics.mean(seen[-third:])) if seen else (0, 0)


def bench(hub, folder, port, start, wait_for, reachable, say, row):
    """hub: of tests/bench/run, with net.allow, schedule and workers set; start(argv) starts a child."""
    os.makedirs(folder, exist_ok=True)
    start([sys.executable, os.path.abspath(__file__), "serve", folder, str(port)])
    wait_for(lambda: reachable(port))
    base = "http://127.0.0.1:%d" % port
    say("  %d mirrors of small repositories, a round each %d s" % (MIRRORS, SCHEDULE_S))
    fill(hub, base)
    began, end = time.monotonic(), time.monotonic() + FIRST_MOST_S
    todo = MIRRORS
    hub.sql("SELECT pg_notify('mirrorhub_job', '')")
    while todo and time.monotonic() < end:
        time.sleep(2)
        todo = int(hub.sql("SELECT count(*) FROM hub.mirror WHERE last_success_at IS NULL"))
    took = time.monotonic() - began
    row("first sync of %d small mirrors" % MIRRORS, "", "%.0f/s" % ((MIRRORS - todo) / took),
        "", "%d in %.0f s, the rest by hard links" % (MIRRORS - todo, took) if todo else "%.0f s" % took, "all")
    if todo:
        finish(hub)
    say("  unchanged rounds")
    time.sleep(SCHEDULE_S)  # those of the first sync were spread by their own ends
    begin = time.time()
    memory, lags = watch(hub, ROUNDS * SCHEDULE_S, say)
    usual = per_second(base, begin, time.time())
    probed = int(hub.sql("SELECT count(*) FROM hub.job WHERE kind = 'sync' AND is_probed"))
    for kind in sorted({k for m in memory for k in m}):
        first, last = growth(memory, kind)
        row("memory of the %s, unchanged rounds" % kind, "the first minute", "%.1f MiB" % last, "%.1f MiB" % first,
            "%+.1f MiB" % (last - first), "flat")
    row("requests in a second, unchanged rounds", "mirrors by schedule", "%.0f (most %d)" % (
        statistics.mean(usual), max(usual)), "%.0f" % (MIRRORS / SCHEDULE_S), "%d by the prober" % probed, "")
    row("lag of the schedule", "", "p95 %.1f s" % max(x[1] for x in lags), "", "latest %.0f s" % max(
        x[0] for x in lags), "< a period")
    say("  a change of one in a hundred")
    packs = json.loads(ask(base, "/stats"))["packs"]
    for n in range(0, MIRRORS, 100):
        ask(base, "/change?n=%d" % n)
    began, want = time.monotonic(), packs + MIRRORS // 100
    while json.loads(ask(base, "/stats"))["packs"] < want and time.monotonic() - began < 3 * SCHEDULE_S:
        time.sleep(1)
    row("%d of %d mirrors change" % (MIRRORS // 100, MIRRORS), "", "%.0f s" % (time.monotonic() - began), "",
        "%d fetches" % (json.loads(ask(base, "/stats"))["packs"] - packs), "two periods")
    say("  a restart")
    restart(hub)
    begin = time.time()
    time.sleep(SCHEDULE_S)
    after = per_second(base, begin, time.time())
    row("requests in a second, the minute after a restart", "before it", "%.0f (most %d)" % (
        statistics.mean(after), max(after)), "%.0f (most %d)" % (statistics.mean(usual), max(usual)),
        "%.2f" % (statistics.mean(after) / max(statistics.mean(usual), 1)), "no stampede")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2], int(sys.argv[3])))
