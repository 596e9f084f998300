#!/usr/bin/python3
"""The rules of the rooms: who includes whom, which foreign header and call belongs where, what nobody
may write, and that each header compiles alone. One line per breach; exits 1 if there is one."""

import concurrent.futures
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# room: the rooms whose headers it may include, besides its own
MAY_INCLUDE = {
	"base": "",
	"db": "base",
	"git": "base",
	"net": "base",
	"store": "base db",
	"auth": "base db store",
	"core": "base db store auth git",
	"web": "base db store auth core",
	"cgi": "base db store auth core web git",
	"sync": "base db store auth core git net",
}

# foreign header: the only rooms (or file) that include it
FOREIGN = {
	r"libpq-fe\.h|pg_.*|postgres.*": "db",
	r"git2(\.h|/.*)": "git",
	r"curl/.*": "net",
	r"ares.*": "net",
	r"fcgi.*\.h": "web",
	r"json.*": "lib/base/js.c",
	r"crypt\.h": "auth",
	r"openssl/.*": "lib/auth/openpgp.c lib/git/trailer.c lib/git/listing.c",
	r"cmark.*": "cgi/render/draw.c",
	r"seccomp\.h": "cgi/render/sandbox.c",
}

# what nobody writes outside the room that owns it
CALLS = {
	r"\bPQ[a-z]\w*\(": "db",
	r"\bcurl_[a-z]+_\w+\(": "net",
	r"\bares_\w+\(": "net",
	r"\bFCGX_\w+\(": "web",
	r"\bjson_object_\w+\(": "lib/base/js.c",
}

BANNED = {
	r"\bgoto\b": "goto",
	r"__attribute__\s*\(\(\s*cleanup": "cleanup attribute",
	r"\b(setjmp|longjmp)\s*\(": "setjmp",
	r"\balloca\s*\(": "alloca",
	r"\b(strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|gets)\s*\(": "a text function without a length",
	r"\b(gmtime|localtime|asctime|ctime)\s*\(": "a time function with static memory",
	r"\b(system|popen)\s*\(": "a shell",
	r"\b(rand|random|drand48|srand)\s*\(": "guessable random numbers",
	r"\bTODO\b|\bFIXME\b|\bXXX\b": "unfinished work",
	r"\btypedef\s+struct\b": "typedef of a struct",
}

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def sources():
	for top in ("lib", "cgi", "sync"):
		for folder, _, names in os.walk(os.path.join(TOP, top)):
			for name in sorted(names):
				if name.endswith((".c", ".h")) and name != "banned.h":
					yield os.path.relpath(os.path.join(folder, name), TOP)


def room_of(path):
	parts = path.split("/")
	return parts[1] if parts[0] == "lib" else parts[0]


def code_only(text):
	"""Comments and strings blanked, lines kept."""
	return COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def line_of(text, at):
	return text.count("\n", 0, at) + 1


def check_own(path, header):
	where = "lib/" + header if os.path.exists(os.path.join(TOP, "lib", header)) else header
	if "/" not in header or not os.path.exists(os.path.join(TOP, where)):
		return f'"{header}" is not ROOM/NAME.h of a header that exists'
	room, other = room_of(path), room_of(where)
	if where == "lib/db/inner.h" and room != "db":
		return "db/inner.h is for lib/db alone"
	if other != room and other not in MAY_INCLUDE[room].split():
		return f"{room} may not include {header}"
	return None


def check_foreign(path, header):
	for pattern, rooms in FOREIGN.items():
		if re.fullmatch(pattern, header) and not {path, room_of(path)} & set(rooms.split()):
			return f"<{header}> belongs to {rooms}"
	return None


def own_includes(path, text, code):
	for m in INCLUDE.finditer(text):
		if m[1] == '"':
			yield m.start(2), check_own(path, m[2])


def foreign_includes(path, text, code):
	for m in INCLUDE.finditer(text):
		if m[1] == "<":
			yield m.start(2), check_foreign(path, m[2])


def foreign_calls(path, text, code):
	for pattern, rooms in CALLS.items():
		if path != rooms and room_of(path) not in rooms.split():
			for m in re.finditer(pattern, code):
				yield m.start(), f"{m.group()}…) belongs to {rooms}"


def banned_words(path, text, code):
	for pattern, what in BANNED.items():
		for m in re.finditer(pattern, code):
			yield m.start(), what


def breaches(rule, files):
	for path, (text, code) in files.items():
		for at, wrong in rule(path, text, code):
			if wrong:
				yield f"{path}:{line_of(text, at)}: {wrong}"


def compile_alone(header):
	"""A header includes what it needs."""
	command = ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-Ilib", "-I.",
		   "-I/usr/include/postgresql", "-x", "c", header]
	done = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
	return [] if done.returncode == 0 else [done.stderr.strip().split("\n")[0]]


def headers_alone(paths):
	with concurrent.futures.ThreadPoolExecutor(2) as pool:
		for lines in pool.map(compile_alone, [p for p in paths if p.endswith(".h")]):
			yield from lines


def main():
	files = {}
	for path in sources():
		with open(os.path.join(TOP, path), encoding="utf-8") as f:
			text = f.read()
		files[path] = text, code_only(text)
	rules = [own_includes, foreign_includes, foreign_calls, banned_words]
	found = [list(breaches(rule, files)) for rule in rules] + [list(headers_alone(files))]
	for line in sum(found, []):
		print(line)
	failed = sum(1 for lines in found if lines)
	print(f"rooms: {len(found) - failed} passed, {failed} failed")
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main())
