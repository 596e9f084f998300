#!/usr/bin/python3
"""Writes a bare Git repository of a chosen size, the same one each time, by git fast-import.

make_repo.py FOLDER COMMITS: each commit changes two files in a tree of 40 folders with 25 files
each, so it brings about seven objects; every 100th commit gets a tag, every 500th a branch.
"""
import random
import subprocess
import sys


def stream(commits):
    rnd = random.Random(20261122)
    words = [f"word{n}" for n in range(3000)]

    def text(lines):
        return ("\n".join(" ".join(rnd.choices(words, k=8)) for _ in range(lines)) + "\n").encode()

    for n in range(1, commits + 1):
        message = f"change {n}\n\n{' '.join(rnd.choices(words, k=12))}\n".encode()
        yield b"commit refs/heads/main\nmark :%d\n" % n
        yield b"committer Ada Example <ada@example.org> %d +0000\n" % (1500000000 + n * 600)
        yield b"data %d\n%s\n" % (len(message), message)
        if n > 1:
            yield b"from :%d\n" % (n - 1)
        for _ in range(2 if n > 1 else 1000):
            i = rnd.randrange(1000)
            body = text(rnd.randrange(10, 60))
            yield b"M 100644 inline src/d%02d/f%02d.txt\ndata %d\n%s\n" % (
                i // 25, i % 25, len(body), body)
        if n % 100 == 0:
            yield b"tag v0.%d\nfrom :%d\ntagger Ada Example <ada@example.org> %d +0000\ndata 8\nrelease\n\n" % (
                n // 100, n, 1500000000 + n * 600)
        if n % 500 == 0:
            yield b"reset refs/heads/side-%d\nfrom :%d\n\n" % (n // 500, n)


def make(folder, commits):
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    child = subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    for part in stream(commits):
        child.stdin.write(part)
    child.stdin.close()
    if child.wait() != 0:
        raise SystemExit("fast-import failed")
    # what a well-kept server has: one pack, good deltas; no bitmap ("unprepared store")
    # no bitmap, as after pushes and fetches: in a bare repository `repack -a` would write one
    subprocess.run(["git", "-C", folder, "-c", "repack.writeBitmaps=false", "repack", "-adq", "--window=10"],
                   check=True)
    subprocess.run(["git", "-C", folder, "config", "http.receivepack", "false"], check=True)


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]))
