#!/usr/bin/python3
"""Writes a bare Git repository of a chosen size, the same one each time, by git fast-import.

make_repo.py FOLDER COMMITS [wide]: each commit changes two files in a tree of 40 folders with 25
files each, so it brings about seven objects; every 100th commit gets a tag, every 500th a branch.
wide: for looking at, with much of everything that pages show: 75 folders with 200 files each, three
of them changed by a commit; seven tags to 16 commits, each 25th of them annotated; a README and a
file of 1,500 lines.
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


def wide(commits):
    rnd = random.Random(20261123)
    words = [f"word{n}" for n in range(3000)]

    def text(lines):
        return "".join(f"static int {a}_{b} = {c}; /* {a} {c} */\n" for a, b, c in
                       (rnd.choices(words, k=3) for _ in range(lines))).encode()

    def file(name, body):
        return b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(body), body)

    for n in range(1, commits + 1):
        message = f"change {n} of {' '.join(rnd.choices(words, k=4))}\n\n{' '.join(rnd.choices(words, k=12))}\n".encode()
        yield b"commit refs/heads/main\nmark :%d\n" % n
        yield b"committer Ada Example <ada@example.org> %d +0000\n" % (1500000000 + n * 3600)
        yield b"data %d\n%s\n" % (len(message), message)
        if n == 1:
            yield file("README.md", b"# Example\n\nA repository to look at.\n\n* one\n* two\n")
            yield file("src/long.c", text(1500))
            for i in range(15000):
                yield file(f"src/d{i // 200:02d}/f{i % 200:03d}.c", text(20))
        for i in rnd.sample(range(15000), 3):
            yield file(f"src/d{i // 200:02d}/f{i % 200:03d}.c", text(rnd.randrange(20, 60)))
        if n * 7 // 16 != (n - 1) * 7 // 16:
            name = n * 7 // 16
            if name % 25:
                yield b"reset refs/tags/v%05d\nfrom :%d\n\n" % (name, n)
            else:
                yield b"tag v%05d\nfrom :%d\ntagger Ada Example <ada@example.org> %d +0000\ndata 8\nrelease\n\n" % (
                    name, n, 1500000000 + n * 3600)
        if n % 2000 == 0:
            yield b"reset refs/heads/side-%d\nfrom :%d\n\n" % (n // 2000, n)


def make(folder, commits, kind=stream):
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    child = subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    for part in kind(commits):
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
    make(sys.argv[1], int(sys.argv[2]), wide if sys.argv[3:] == ["wide"] else stream)
