"""Parts of tests/bench/run about fetching: many small first syncs, a large catch-up, the publication of many
refs (mirroring goals G8, G9, G10)."""
import os
import shutil
import statistics
import subprocess
import tempfile

import __main__ as bench

SMALL = 200
BEHIND = 8000  # commits: 56,000 objects
REFS = 7007


def git(repo, *argv, **kw):
    return subprocess.run(["git", "-C", repo, *argv], env=bench.GIT_ENV, check=True, capture_output=True, text=True,
                          **kw).stdout


def told(figures, what, against, targets):
    """A row for each of (label, unit, place, target): the median of the ratios of the pairs."""
    for label, unit, i, target in targets:
        ours, theirs = ([x[i] for x in figures[k]] for k in ("ours", "git"))
        bench.row(f"{what}, {label}", against, bench.spread(ours, unit), bench.spread(theirs, unit),
                  f"{statistics.median(x / y for x, y in zip(ours, theirs)):.2f}", target)


def small_clones(b):
    bench.say(f"first sync of {SMALL} small repositories")
    bench.stop_follow(b)
    for n in range(SMALL):
        bench.make_upstream(b, f"small{n}", 20)
    turn = [0]

    def ours():
        turn[0] += 1
        names = [f"small-{turn[0]}-{n}" for n in range(SMALL)]
        for n, name in enumerate(names):
            b.hub.request("POST", "/repositories", {"url": f"{b.base}/backend/small{n}.git", "name": name})
        figures = bench.one_shot(b)
        for name in names:
            bench.wait_synced(b, name)
        return figures

    def loop():
        target = tempfile.mkdtemp(dir=b.folder)
        wall = cpu = 0
        for n in range(SMALL):
            took = bench.timed(["git", "clone", "-q", "--mirror", f"{b.base}/backend/small{n}.git", f"{target}/{n}"],
                               env=bench.GIT_ENV)
            wall, cpu = wall + took[0], cpu + took[1]
        shutil.rmtree(target)
        return wall, cpu
    told(bench.in_turn({"ours": ours, "git": loop}, rounds=3), f"first sync of {SMALL} small repositories",
         "`git clone --mirror` loop", [("wall", " s", 0, "<= 0.85"), ("client CPU", " s", 1, "<= 0.4")])


def catch_up(b):
    bench.say(f"a mirror that is {BEHIND} commits behind")
    bench.stop_follow(b)
    big = bench.make_upstream(b, "big", bench.COMMITS)
    moving = b.path("upstream/moving.git")
    if not os.path.isdir(moving):
        git(big, "clone", "-q", "--mirror", big, moving)
        git(moving, "gc", "-q")
    new = git(moving, "for-each-ref", "--format=%(refname) %(objectname)")
    old_tip = git(moving, "rev-parse", f"refs/heads/main~{BEHIND}").strip()
    old = git(moving, "for-each-ref", "--format=%(refname) %(objectname)", "--merged", old_tip)
    old += f"refs/heads/main {old_tip}\n"
    turn, kept = [0], []

    def put(refs):
        git(moving, "update-ref", "--stdin", input="".join(
            f"delete {line.split()[0]}\n" for line in git(moving, "for-each-ref", "--format=%(refname)").splitlines()
            if line not in refs) + "".join(f"update {line}\n" for line in refs.splitlines()))

    def ours():
        turn[0] += 1
        name = f"behind-{turn[0]}"
        put(old)
        b.hub.request("POST", "/repositories", {"url": f"{b.base}/backend/moving.git", "name": name})
        bench.one_shot(b)
        bench.wait_synced(b, name)
        bench.upkeep(b)  # a store as it is in the life of a hub
        put(new)
        b.hub.request("PUT", f"/repositories/{name}")
        figures = bench.one_shot(b)
        bench.wait_synced(b, name)
        kept.append(bench.upkeep(b))
        return figures

    def plain():
        target = tempfile.mkdtemp(dir=b.folder)
        put(old)
        git(target, "clone", "-q", "--mirror", f"{b.base}/backend/moving.git", "r")
        put(new)
        figures = bench.timed(["git", "-C", target + "/r", "fetch", "-q", "--prune"], env=bench.GIT_ENV)
        shutil.rmtree(target)
        return figures
    told(bench.in_turn({"ours": ours, "git": plain}, rounds=3), f"catching up on {7 * BEHIND:,} objects",
         "`git fetch --prune`", [("wall", " s", 0, ""), ("client CPU", " s", 1, "<= 1")])
    bench.row_of_upkeep(f"catching up on {7 * BEHIND:,} objects", kept)


def many_refs(b):
    """What a change of all refs costs, without any new object: ours is the whole sync, a process started for it."""
    bench.say(f"{REFS} refs that move")
    bench.stop_follow(b)
    repo = bench.make_upstream(b, "refs", 60)
    commits = git(repo, "rev-list", "main").split()
    turn = [0]

    def move():
        turn[0] += 1
        git(repo, "update-ref", "--stdin", input="".join(
            f"update refs/heads/b/{n:05d} {commits[(n + turn[0]) % len(commits)]}\n" for n in range(REFS)))
        git(repo, "pack-refs", "--all")
    move()
    b.hub.request("POST", "/repositories", {"url": f"{b.base}/backend/refs.git", "name": "refs"})
    bench.one_shot(b)
    bench.wait_synced(b, "refs")
    clone = b.path("clones/refs.git")
    git(repo, "clone", "-q", "--mirror", f"{b.base}/backend/refs.git", clone)

    def ours():
        move()
        b.hub.request("PUT", "/repositories/refs")
        figures = bench.one_shot(b)
        bench.wait_synced(b, "refs")
        return figures

    def plain():
        move()
        return bench.timed(["git", "-C", clone, "fetch", "-q", "--prune"], env=bench.GIT_ENV)
    told(bench.in_turn({"ours": ours, "git": plain}, rounds=3), f"{REFS:,} refs that move, the whole sync",
         "`git fetch --prune`", [("wall", " s", 0, ""), ("client CPU", " s", 1, "")])


PARTS = {"small": small_clones, "catchup": catch_up, "refs": many_refs}
