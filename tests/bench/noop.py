"""The part `noop` of tests/bench/run: what it costs to find out that nothing is new (mirroring.md 5.12,
G1, G2, G3, G6, G14, G17).

1,000 mirrors whose stores are in order, of upstreams with 51 refs. "files" is an nginx that answers
from files what git http-backend would say: there the client's share shows. "backend" is git itself."""
import contextlib
import glob
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from fixtures.prober import Order, Prober  # noqa: E402
from fixtures.upstream import FLUSH, SilentPort, pkt, self_signed  # noqa: E402

COUNT = int(os.environ.get("BENCH_MIRRORS", "1000"))
LOOP = 50  # of the slow ones that it is compared with
CAPABILITIES = (pkt("version 2\n") + pkt("agent=git/2.39.5\n") + pkt("ls-refs=unborn\n")
                + pkt("fetch=shallow wait-for-done\n") + pkt("server-option\n")
                + pkt("object-format=sha1\n") + FLUSH)


def oid(n):
    return "%040x" % (0x123456789 * (n + 1))


def listed(names):
    head = pkt("%s HEAD symref-target:refs/heads/main\n" % oid(0))
    return head + b"".join(pkt("%s %s\n" % (oid(n), name)) for n, name in enumerate(names)) + FLUSH


def names(heads, tags, pulls=0):
    out = ["refs/heads/main"] + sorted("refs/heads/topic-%03d" % n for n in range(heads - 1))
    return out + ["refs/pull/%d/head" % n for n in range(pulls)] + sorted(
        "refs/tags/v1.%d.0" % n for n in range(tags))


class Files:
    """An nginx of its own, over http and https."""

    def __init__(self, b, free_port):
        self.b, self.folder = b, pathlib.Path(b.path("files"))
        self.folder.mkdir()
        self.http, self.https = free_port(), free_port()
        self.cert = self_signed(self.folder / "cert") / "cert.pem"
        (self.folder / "caps").write_bytes(CAPABILITIES)
        (self.folder / "refs").write_bytes(listed(names(31, 20)))
        backend = f"""include /etc/nginx/fastcgi_params; fastcgi_buffering off;
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend; fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_CONFIG_NOSYSTEM 1; fastcgi_param HOME /nonexistent;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param GIT_PROJECT_ROOT {b.path('upstream')};"""
        self.conf = self.folder / "nginx.conf"
        self.log = self.folder / "bytes.log"
        self.conf.write_text(f"""
user {'root' if os.geteuid() == 0 else 'nobody'};
worker_processes 1; daemon off; pid {self.folder}/pid; error_log {self.folder}/err;
events {{ worker_connections 4096; }}
http {{ access_log off; log_format bytes '$request_method $body_bytes_sent'; keepalive_requests 1000000;
  client_body_temp_path {self.folder}/b; fastcgi_temp_path {self.folder}/f; proxy_temp_path {self.folder}/p;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{ listen 127.0.0.1:{self.http} backlog=1024; listen 127.0.0.1:{self.https} ssl http2 backlog=1024;
    ssl_certificate {self.cert}; ssl_certificate_key {self.cert.parent}/key.pem;
    location ~ ^/files/.*/info/refs$ {{ types {{}} default_type application/x-git-upload-pack-advertisement;
      alias {self.folder}/caps; }}
    location ~ ^/files/.*/git-upload-pack$ {{ types {{}} default_type application/x-git-upload-pack-result;
      error_page 405 =200 $uri; alias {self.folder}/refs; }}
    location ~ ^/backend/[^/]*(/.*)$ {{ {backend} fastcgi_param PATH_INFO /fifty.git$1;
      fastcgi_pass unix:{b.path('wrap.sock')}; }}
    location ~ ^/pulls(/.*)$ {{ {backend} fastcgi_param PATH_INFO /pulls.git$1;
      access_log {self.log} bytes; fastcgi_pass unix:{b.path('wrap.sock')}; }}
  }} }}
""")
        b.start(["/usr/sbin/nginx", "-c", str(self.conf), "-p", str(self.folder)])

    def url(self, kind, n, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.http if scheme == 'http' else self.https}/{kind}/r{n}.git"


def make_repo(b, name, all_names):
    path = b.path(f"upstream/{name}.git")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)
    tree = subprocess.run(["git", "-C", path, "mktree"], input=b"", check=True, capture_output=True).stdout
    commit = subprocess.run(
        ["git", "-C", path, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit-tree", "-m", "one",
         tree.decode().strip()], check=True, capture_output=True, text=True).stdout.strip()
    with open(os.path.join(path, "packed-refs"), "w", encoding="ascii") as f:
        f.write("# pack-refs with: peeled fully-peeled sorted \n")
        f.writelines(f"{commit} {name}\n" for name in sorted(all_names))
    return path


def on_processor(pids):
    """Seconds, to the nanosecond, of processes that are there."""
    total = 0
    for pid in pids:
        for task in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with contextlib.suppress(OSError):
                with open(task, encoding="ascii") as f:
                    total += int(f.read().split()[0])
    return total / 1e9


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024


class Noop:
    def __init__(self, b, tools):
        self.b, self.t = b, tools
        self.program = b.hub.var + "/bin/mirrorhub-sync"
        self.files = Files(b, tools.free_port)
        tools.wait_for(lambda: tools.reachable(self.files.http) and tools.reachable(self.files.https))

    # ---- our side

    def seen(self, url, **more):
        with self.prober(**more) as p:
            report = p.ask(url)
        if report.error:
            raise SystemExit(f"{url}: {report}")
        return report.fingerprint

    def prober(self, probes=256, folder="prober", **conf):
        env = dict(os.environ, SSL_CERT_FILE=str(self.files.cert))
        settings = {"sync.probes": probes, **{k.replace("_", ".", 1): v for k, v in conf.items()}}
        return Prober(self.b.path(folder), settings, program=self.program, env=env)

    def fill(self):
        """Mirrors whose last sync went well, as the database has them: a probe looks at nothing else."""
        self.b.hub.sql(f"""
            WITH s AS (INSERT INTO hub.store (node) SELECT 1 FROM generate_series(1, {COUNT}) RETURNING id),
            p AS (INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)
                SELECT 'noop-' || s.id, (SELECT min(id) FROM hub.account), true, s.id FROM s RETURNING id),
            m AS (INSERT INTO hub.mirror (project_id, url, last_success_at)
                SELECT id, 'http://127.0.0.1:{self.files.http}/files/r' || id || '.git', now() FROM p
                RETURNING project_id)
            INSERT INTO hub.job (kind, project_id, state, run_at, is_probed)
                SELECT 'sync', project_id, 'scheduled', now() + interval '30 days', true FROM m
                ON CONFLICT DO NOTHING""")

    def aim(self, kind, scheme):
        port = self.files.http if scheme == "http" else self.files.https
        seen = self.seen(self.files.url(kind, 1, scheme))
        self.b.hub.sql(f"""
            UPDATE hub.mirror m SET url = '{scheme}://127.0.0.1:{port}/{kind}/r' || m.project_id || '.git',
                failures = 0 FROM hub.project p WHERE p.id = m.project_id AND p.path LIKE 'noop-%';
            UPDATE hub.store s SET fingerprint = decode('{seen}', 'hex') FROM hub.project p
                WHERE p.store_id = s.id AND p.path LIKE 'noop-%';
            UPDATE hub.host SET is_own = true, slots = NULL;
            UPDATE hub.job j SET is_probed = true FROM hub.project p
                WHERE p.id = j.project_id AND p.path LIKE 'noop-%'""")

    def follow(self):
        argv = [self.program, "--conf", self.b.hub.var + "/mirrorhub.conf", "--follow"]
        st = os.stat(self.b.hub.var + "/data")
        if os.geteuid() == 0 and st.st_uid != 0:
            argv = ["setpriv", f"--reuid={st.st_uid}", f"--regid={st.st_gid}", "--clear-groups"] + argv
        env = dict(os.environ, SSL_CERT_FILE=str(self.files.cert))
        return self.b.start(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def due(self):
        self.b.hub.sql("UPDATE hub.job j SET run_at = now(), is_probed = true FROM hub.project p"
                       " WHERE p.id = j.project_id AND p.path LIKE 'noop-%' AND j.kind = 'sync'"
                       " AND j.state <> 'running'; NOTIFY mirrorhub_job")

    def is_over(self):
        return self.b.hub.sql("SELECT count(*) FROM hub.job j JOIN hub.project p ON p.id = j.project_id WHERE"
                              " p.path LIKE 'noop-%' AND (j.run_at <= now() OR j.state = 'running')") == "0"

    def round(self, root):
        """Wall, processor seconds of mirrorhub-sync, and of PostgreSQL."""
        family = self.t.family
        before = on_processor(family([root.pid])), self.postgres()
        start = time.monotonic()
        self.due()
        self.t.wait_for(self.is_over, 300)
        wall = time.monotonic() - start
        return wall, on_processor(family([root.pid])) - before[0], self.postgres() - before[1]

    def postgres(self):
        roots = [p for p, line in self.t.processes() if line.startswith("postgres:") or "bin/postgres" in line]
        return on_processor(p for p in roots if self.is_of_hub(p))

    def is_of_hub(self, pid):
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{pid}/cwd").startswith(self.b.hub.var)
        return False

    def sync(self, kind, scheme, rounds=5):
        self.aim(kind, scheme)
        root = self.follow()
        try:
            self.t.wait_for(lambda: self.t.family([root.pid]) and self.b.hub.sql("SELECT 1"))
            self.round(root)  # connections, caches
            figures = [self.round(root) for _ in range(rounds)]
        finally:
            self.t.end_group(root)
        bad = self.b.hub.sql("SELECT count(*) FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id"
                             " WHERE p.path LIKE 'noop-%' AND m.error_class <> ''")
        runs = self.b.hub.sql("SELECT count(*) FROM hub.run r JOIN hub.project p ON p.id = r.project_id"
                              " WHERE p.path LIKE 'noop-%'")
        if bad != "0" or runs != "0":
            raise SystemExit(f"{bad} mirrors failed, {runs} runs: these are no unchanged mirrors")
        return [[1000 * f[i] / COUNT for f in figures] for i in range(3)]

    # ---- theirs

    def git_loop(self, url):
        clone = self.b.path("noop-clone.git")
        env = dict(self.t.GIT_ENV, GIT_SSL_CAINFO=str(self.files.cert))
        subprocess.run(["rm", "-rf", clone], check=True)
        subprocess.run(["git", "clone", "-q", "--bare", self.files.url("backend", 1), clone], check=True, env=env)
        config = ["git", "-C", clone, "config"]
        subprocess.run(config + ["remote.origin.fetch", "+refs/heads/*:refs/heads/*"], check=True)
        subprocess.run(config + ["remote.origin.url", url], check=True)
        subprocess.run(config + ["gc.auto", "0"], check=True)

        def measure():
            runs = [self.t.timed(["git", "-C", clone, "fetch", "-q", "--prune"], env=env) for _ in range(LOOP)]
            return sum(r[0] for r in runs) / LOOP, sum(r[1] for r in runs) / LOOP
        return [measure() for _ in range(3)]

    def libgit2(self, url):
        program = self.b.path("ls_remote")
        if not os.path.exists(program):
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libgit2"], check=True,
                                   capture_output=True, text=True).stdout.split()
            subprocess.run(["gcc", "-std=gnu11", "-O2", "-o", program, str(HERE / "ls_remote.c"), *flags],
                           check=True)
        runs = [self.t.timed([program, str(LOOP), url]) for _ in range(3)]
        return [(r[0] / LOOP, r[1] / LOOP) for r in runs]


def rows_of_cost(n, t, kind, scheme, targets):
    ours = n.sync(kind, scheme)
    theirs = n.git_loop(n.files.url("backend" if kind == "backend" else "backend", 1, scheme))
    what = f"unchanged mirror over {scheme}, upstream {kind}"
    for i, label in enumerate(("wall", "client CPU")):
        mine, loop = ours[i], [1000 * f[i] for f in theirs]
        t.row(f"{what}: {label}", "`git fetch --prune`", t.spread(mine, " ms"), t.spread(loop, " ms"),
              f"{t.median(loop) / t.median(mine):.0f} times less", targets[i])
    t.row(f"{what}: PostgreSQL's CPU beside it", "", t.spread(ours[2], " ms"), "", "", "")
    if kind == "files":
        with contextlib.suppress(SystemExit):
            lib = n.libgit2(n.files.url("backend", 1, scheme))
            t.row(f"{what}: client CPU", "libgit2's ls", t.spread(ours[1], " ms"),
                  t.spread([1000 * f[1] for f in lib], " ms"),
                  f"{t.median([1000 * f[1] for f in lib]) / t.median(ours[1]):.1f} times less", "")


def bytes_of_pulls(n, t):
    make_repo(n.b, "pulls", names(146, 124, 6736))
    url = f"http://127.0.0.1:{n.files.http}/pulls"
    n.seen(url)
    with urllib.request.urlopen(url + "/info/refs?service=git-upload-pack", timeout=60) as answer:
        v0 = len(answer.read())
    ours = [int(line.split()[1]) for line in n.files.log.read_text().splitlines() if line.startswith("POST")][0]
    t.row("bytes of a look at 270 refs and 6,736 pulls", "the list of version 0", f"{ours:,}", f"{v0:,}",
          f"{v0 / ours:.1f} times fewer", "<= 19,100; >= 24 times")


def silent_hosts(n, t):
    ports = [SilentPort() for _ in range(100)]
    url = n.files.url("files", 1)
    alone, beside = [], []
    for i in range(3):
        with n.prober(folder=f"silent{i}") as p:
            start = time.monotonic()
            p.ask(url, v2=1)
            alone.append(1000 * (time.monotonic() - start))
            last = Order(url, v2=1)
            p.send([Order(port.url("x.git"), v2=1) for port in ports] + [last])
            start = time.monotonic()
            if next(iter(p.reports(1))) != last.fence:
                raise SystemExit("a silent host was first")
            beside.append(1000 * (time.monotonic() - start))
    for port in ports:
        port.close()
    t.row("a look beside 100 silent hosts, wall", "alone", t.spread(beside, " ms"), t.spread(alone, " ms"),
          f"{t.median(beside) - t.median(alone):.0f} ms later", "<= 1 s")


def memory(n, t):
    ports = [SilentPort() for _ in range(10)]
    with n.prober(probes=500, folder="memory1") as p:
        p.send([Order(ports[i % 10].url(f"x{i}.git"), v2=1) for i in range(250)])
        p.send([Order(ports[i % 10].url(f"x{i}.git"), v2=1) for i in range(250, 500)])
        t.wait_for(lambda: sum(len(port.held) for port in ports) == 500)
        time.sleep(1)
        t.row("prober with 500 requests under way, resident", "", f"{resident(p.child.pid):.1f} MiB", "", "",
              "<= 32 MiB")
    for port in ports:
        port.close()
    with n.prober(probes=500, folder="memory2") as p:
        sizes = []
        for turn in range(40):
            for scheme in ("http", "https"):
                p.send([Order(n.files.url("files", i, scheme), v2=1) for i in range(125)])
            p.reports(250)
            sizes.append(resident(p.child.pid))
        t.row("prober after 10,000 looks, resident", "after 1,000", f"{sizes[-1]:.1f} MiB", f"{sizes[3]:.1f} MiB",
              f"{sizes[-1] - sizes[3]:+.1f} MiB", "no growth")


def bench(b, tools):
    n = Noop(b, tools)
    make_repo(b, "fifty", names(31, 20))
    n.fill()
    rows_of_cost(n, tools, "files", "http", (">= 10 times", "<= 0.25 ms; >= 100 times"))
    rows_of_cost(n, tools, "files", "https", ("", "<= 0.3 ms; >= 200 times"))
    rows_of_cost(n, tools, "backend", "http", (">= 10 times", "<= 0.25 ms"))
    bytes_of_pulls(n, tools)
    silent_hosts(n, tools)
    memory(n, tools)
