#!/usr/bin/python3
"""What the pages are made of besides C: the library we did not write is the one it says, the languages
that the server names are there, and neither scripts nor pages do what the pages' policy forbids
(checklists/security.md: F-17, X-08, X-15). One line per breach; exits 1 if there is one."""

import hashlib
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STATIC = os.path.join(TOP, "cgi", "web", "static")
HIGHLIGHT = os.path.join(STATIC, "highlight")
OURS = ("README.md", "SHA512SUMS")

SCRIPT_BANNED = {
	r"\b(inner|outer)HTML\b|\binsertAdjacentHTML\b|\bDOMParser\b|\bdocument\.write": "text as HTML",
	r"\beval\s*\(|\bnew\s+Function\b|\bsetTimeout\s*\(\s*[\"'`]": "text as a program",
	r"\b(local|session)Storage\b|\bindexedDB\b": "storage in the browser",
	r"\b(window|parent|top|opener|frames\[\w+\])\.postMessage\b": "messages to other windows",
	r"\bdocument\.cookie\b": "cookies",
	r"https?://(?!www\.w3\.org/)": "another host",
}

PAGE_BANNED = {
	r"\bstyle=\\\"": "a style in the page",
	r"[ \"]on[a-z]+=\\\"": "a handler in the page",
	r"<style\b": "a style sheet in the page",
	r"<script(?! src=)": "a script in the page",
	r"href=\\\"javascript:": "a script in a link",
}


def read(*path):
	with open(os.path.join(TOP, *path), encoding="utf-8") as f:
		return f.read()


def hashes():
	"""Every file of the library is the one that was taken, and none is missing in the list."""
	listed = {}
	for line in read(HIGHLIGHT, "SHA512SUMS").splitlines():
		value, name = line.split("  ")
		listed[name] = value
	found = {name for name in os.listdir(HIGHLIGHT) if name not in OURS}
	for name in sorted(found ^ set(listed)):
		yield f"highlight/{name}: in the folder or in SHA512SUMS, not in both"
	for name in sorted(found & set(listed)):
		with open(os.path.join(HIGHLIGHT, name), "rb") as f:
			if hashlib.sha512(f.read()).hexdigest() != listed[name]:
				yield f"highlight/{name}: not the file of SHA512SUMS"
	if "LICENSE" not in found:
		yield "highlight/LICENSE is missing"


def versions():
	"""README, core and languages are of one version."""
	told = re.search(r"^- version (\S+),", read(HIGHLIGHT, "README.md"), re.M)[1]
	for name in sorted(os.listdir(HIGHLIGHT)):
		if name.endswith(".js") and told not in read(HIGHLIGHT, name)[:200]:
			yield f"highlight/{name}: not of version {told}"


def languages():
	"""The server, the Worker and the folder name the same languages."""
	files = {name[:-len(".min.js")] for name in os.listdir(HIGHLIGHT) if name.endswith(".min.js")}
	files.discard("core")
	worker = read(STATIC, "highlight-worker.js")
	of_worker = set(re.findall(r'"([^"]+)"', re.search(r"LANGUAGES = new Set\((.*?)\);", worker, re.S)[1]))
	others = set(re.findall(r': "(\w+)"', re.search(r"OTHER_NAMES = (.*?)\}\)\);", worker, re.S)[1]))
	within = set(re.findall(r'\w+', re.search(r"WITHIN = \{(.*?)\};", worker, re.S)[1]))
	of_server = set(re.findall(r'\{ "[^"]+", "([^"]+)" \}', read("cgi", "web", "language.c")))
	for name in sorted(files ^ of_worker):
		yield f"{name}: in highlight/ or in highlight-worker.js, not in both"
	for name in sorted((of_server | others | within) - files):
		yield f"{name}: there is no highlight/{name}.min.js"


def classes():
	"""Each class that the script gives has its colour."""
	given = set(re.findall(r'"(hl-\w+)"', read(STATIC, "blob.js")))
	known = set(re.findall(r"\.(hl-\w+)", read(STATIC, "style-highlight.css")))
	for name in sorted(given ^ known):
		yield f"{name}: in blob.js or in style-highlight.css, not in both"


def themes(path):
	"""The colours of a style sheet, --name: #rrggbb, light and dark."""
	text = read(STATIC, path)
	dark = text.index("@media (prefers-color-scheme: dark)")
	return [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", part)) for part in (text[:dark], text[dark:])]


def luminance(colour):
	parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
	parts = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
	return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
	low, high = sorted((luminance(a), luminance(b)))
	return (high + 0.05) / (low + 0.05)


def contrasts():
	"""WCAG 1.4.3 on the backgrounds that code can have."""
	for theme, colours, page in zip(("light", "dark"), themes("style-highlight.css"), themes("style.css")):
		for name, value in colours.items():
			for back in ("back", "raised", "mark"):
				if contrast(value, page[back]) < 4.5:
					yield f"--{name}, {theme}: contrast {contrast(value, page[back]):.2f} on --{back}"


def comments_out(text):
	return re.sub(r"^\s*//.*$", "", text, flags=re.M)


def scripts():
	for name in sorted(os.listdir(STATIC)):
		if not name.endswith(".js"):
			continue
		text = comments_out(read(STATIC, name))
		for pattern, what in SCRIPT_BANNED.items():
			if re.search(pattern, text):
				yield f"static/{name}: {what}"


def pages():
	for folder in ("cgi/web", "cgi/render"):
		for name in sorted(os.listdir(os.path.join(TOP, folder))):
			if not name.endswith(".c"):
				continue
			text = read(folder, name)
			for pattern, what in PAGE_BANNED.items():
				for m in re.finditer(pattern, text):
					line = text.count("\n", 0, m.start()) + 1
					yield f"{folder}/{name}:{line}: {what}"


def main():
	found = [list(rule()) for rule in (hashes, versions, languages, classes, contrasts, scripts, pages)]
	for line in sum(found, []):
		print(line)
	failed = sum(1 for lines in found if lines)
	print(f"static: {len(found) - failed} passed, {failed} failed")
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main())
