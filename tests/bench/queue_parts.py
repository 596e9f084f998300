"""Parts `queue` and `simulate` of tests/bench/run: goals G13 and G12 (mirroring.md 5.12).

queue: a database of its own, with the settings it has from its distribution; tests/bench/queue.c takes and
gives back through lib/store/probe.h. simulate: tests/bench/simulate.c, which prints its own table."""
import os
import subprocess
import sys

import __main__ as bench

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "db"))
import run as db_tests  # noqa: E402

MIRRORS = int(os.environ.get("BENCH_MIRRORS", "100000"))
MANY = int(os.environ.get("BENCH_MANY_MIRRORS", "1000000"))
SECONDS = int(os.environ.get("BENCH_QUEUE_SECONDS", "15"))
BATCH = 64
LIBS = "json-c libpq libgit2 libcurl libcares libsodium libcrypto zlib"

# as they are in the life of a hub: due one after the other, of a hundred hosts
FILL = """
SET session_replication_role = replica;
INSERT INTO hub.account (uname) VALUES ('bench') ON CONFLICT DO NOTHING;
INSERT INTO hub.host (name, is_own) SELECT 'h' || g || ':443', true FROM generate_series(0, 99) g
    ON CONFLICT DO NOTHING;
INSERT INTO hub.store (fingerprint, generation)
    SELECT decode(repeat('00', 32), 'hex'), 1 FROM generate_series({first}, {last}) g;
INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)
    SELECT 'group' || g % 1000 || '/project-' || g, (SELECT id FROM hub.account LIMIT 1), true, g
    FROM generate_series({first}, {last}) g;
INSERT INTO hub.mirror (project_id, url, host_id, last_success_at)
    SELECT g, 'https://h' || g % 100 || '/group/project-' || g,
    (SELECT min(id) FROM hub.host) + g % 100, now() FROM generate_series({first}, {last}) g;
INSERT INTO hub.job (kind, project_id, state, run_at, is_probed)
    SELECT 'sync', g, 'scheduled', now() + (random() * 3600 - {due_s}) * interval '1 s', true
    FROM generate_series({first}, {last}) g;
"""
DEAD = """
UPDATE hub.host SET breaker_until = now() + interval '1 h' WHERE name = 'h7:443';
UPDATE hub.job SET run_at = now() - interval '2 h' WHERE project_id IN
    (SELECT project_id FROM hub.mirror WHERE url LIKE 'https://h7/%' LIMIT 20000);
"""


class Queue(db_tests.Cluster):
    def __init__(self, folder):
        os.makedirs(folder)
        super().__init__(folder)
        self.program = os.path.join(os.path.dirname(folder), "queue")

    def build(self):
        subprocess.run(["make", "-s", "-C", TOP, "build/libmirrorhub.a", "build/mirrorhub"], check=True)
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", *LIBS.split()], check=True, capture_output=True,
                               text=True).stdout.split()
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-D_GNU_SOURCE", "-I", TOP, "-I", os.path.join(TOP, "lib"), "-o",
                        self.program, os.path.join(HERE, "queue.c"), os.path.join(TOP, "build/libmirrorhub.a"), *flags,
                        "-lfcgi", "-lcrypt", "-lm"], check=True)

    def value(self, text):
        done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres", "-d",
                               db_tests.TEMPLATE, "-c", text], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def fill(self, first, last, due_s):
        for begin in range(first, last + 1, 100000):
            self.value(FILL.format(first=begin, last=min(begin + 99999, last), due_s=due_s))
        self.value("VACUUM ANALYZE")

    def work(self, seconds, again_s):
        """{"a second": [n], "cpu": [µs a mirror], "claim": [mean, 95th, first tenth, last tenth], "finish": …}"""
        done = subprocess.run([self.program, f"host={self.folder} dbname={db_tests.TEMPLATE} user=mirrorhub_sync",
                               str(seconds), str(BATCH), str(again_s)], check=True, capture_output=True, text=True)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        return {line[0]: [float(x) for x in line[1:]] for line in lines}


def mb(text):
    return int(text) / 1e6


def small(queue):
    queue.fill(1, MIRRORS, 3600)
    found = queue.work(SECONDS, 1)
    rate, cpu = found["a second"][0], found["cpu"][0]
    bench.row(f"queue of {MIRRORS} mirrors: taken and given back, by {BATCH}", "", f"{rate:.0f} a second", "",
        f"{cpu:.0f} µs of a processor each", ">= 5000 a second")
    bench.row("the same at 50 probes a second", "", f"{100 * 50 * cpu / 1e6:.1f} % of a processor", "", "", "<= 1 %")
    heap = mb(queue.value("SELECT pg_relation_size('hub.job')"))
    indexes = mb(queue.value("SELECT pg_indexes_size('hub.job')"))
    bench.row("table of its jobs after that", "", f"{heap:.1f} MB", "", f"indexes {indexes:.1f} MB", "<= 25 MB")


def large(queue):
    queue.fill(MIRRORS + 1, MANY, 3000)
    found = queue.work(SECONDS, 7200)
    mean, late, first, last = found["claim"]
    bench.row(f"claim of {BATCH} of {MANY} mirrors", "", f"{mean:.1f} ms", "", f"95th {late:.1f} ms", "<= 10 ms")
    bench.row("the same, last tenth against first", "", f"{last:.1f} ms", f"{first:.1f} ms", f"{last / first:.2f}",
        "no slower")
    queue.value(DEAD)
    found = queue.work(SECONDS, 7200)
    mean, late, first, last = found["claim"]
    bench.row("claims while 20000 due jobs of a dead host stand first", "", f"{mean:.1f} ms", "",
        f"first {first:.1f} ms, last {last:.1f} ms", "")


def bench_queue(b):
    bench.say("queue")
    queue = Queue(b.path("queue-db"))
    queue.build()
    saved, db_tests.OPTIONS = db_tests.OPTIONS, "-c listen_addresses="
    try:
        queue.start()
        queue.make_template(os.path.join(TOP, "build"))
        small(queue)
        large(queue)
    finally:
        db_tests.OPTIONS = saved
        queue.stop()


def bench_simulate(b):
    bench.say("simulate")
    program = b.path("simulate")
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-I", TOP, "-I", os.path.join(TOP, "lib"), "-o", program,
                    os.path.join(HERE, "simulate.c"), os.path.join(TOP, "sync/schedule.c"), "-lm"], check=True)
    done = subprocess.run([program], check=True, capture_output=True, text=True)
    lines = {line.split("\t")[0]: line.split("\t")[1:] for line in done.stdout.splitlines()}
    for name, (requests, mean, median, late) in lines.items():
        if name != "ratio":
            bench.say(f"  {name}: {requests} requests a mirror and day; found after {mean} min in the mean, {median} median,"
                f" {late} 95th")
    ours, theirs = lines["ours, for as many requests"], lines["Sourcegraph's rule"]
    ratio = lines["ratio"]
    bench.row("minutes until a push is found, mean (simulated, 5 seeds)", "Sourcegraph's rule, as many requests", ours[1],
        theirs[1], ratio[1], "<= 0.55")
    bench.row("the same, median", "the same", ours[2], theirs[2], ratio[2], "<= 0.35")


PARTS = {"queue": bench_queue, "simulate": bench_simulate}
