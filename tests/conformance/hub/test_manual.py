"""docs/api/hub.md against what the hub has: every route has a heading and every heading a route, and
its story is told as it stands."""

import re

import pytest

from fixtures.hub import ROOT
from fixtures.run import clean_env, run

MANUAL = (ROOT / "docs/api/hub.md").read_text()
SHOWN_URL, SHOWN_FOLDER = "127.0.0.1:8848", "/tmp/hub/"


def headings():
    return re.findall(r"^## ([A-Z]+) (/\S*)$", MANUAL, re.MULTILINE)


def as_endpoint(method, path):
    """As GET /api writes it."""
    return "%-6s %s" % (method, path.replace(":path", ":repo").replace("*rest", ":path"))


def test_the_manual_and_the_hub_have_the_same_calls(hub):
    assert sorted(as_endpoint(*h) for h in headings()) == sorted(hub.get("/api").json()["endpoints"])


def test_what_the_manual_says_of_settings_is_there():
    known = (ROOT / "docs/configuration.md").read_text()
    for name in re.findall(r"`(hub\.[a-z_]+)", MANUAL):
        assert "| `%s` |" % name in known


@pytest.mark.parametrize("file", ["README.md", "CHANGES.md"])
def test_the_door_is_known(file):
    assert "docs/api/hub.md" in (ROOT / file).read_text()


# ---------------------------------------------------------------- the story

def blocks():
    """(commands, what they print) of the section, in its order."""
    story = MANUAL.partition("\n## A story\n")[2].partition("\n## ")[0]
    found = re.findall(r"```sh\n(.*?)```\n(?:```(?:json|text)\n(.*?)```\n)?", story, re.DOTALL)
    assert len(found) == story.count("```sh\n")
    return found


def matches(shown, printed):
    """Whether the text is as shown, where … stands for any characters of one line."""
    lines = [re.escape(line).replace("…", "[^\n]*") for line in shown.split("\n")]
    return re.fullmatch("\n".join(lines), printed) is not None


def test_the_story_of_the_manual_is_true(fresh_hub, tmp_path):
    hub = fresh_hub()
    host = hub.url.partition("://")[2]
    (tmp_path / ".curlrc").write_text("silent\nshow-error\nproxy = \"\"\n")
    env = clean_env(str(tmp_path))
    prelude = None
    for commands, shown in blocks():
        script = commands.replace(SHOWN_URL, host).replace(SHOWN_FOLDER, str(hub.var) + "/")
        prelude = prelude or script
        text = "set -euo pipefail\n%s\n%s" % (prelude, script if script != prelude else "")
        printed = re.sub(r"(?<=\})(?=\{\")", "\n",
                         run(["bash", "-c", text], env=env, cwd=tmp_path).stdout)
        assert matches(shown.rstrip("\n").replace(SHOWN_URL, host), printed.rstrip("\n")), \
            "%s\nprints\n%s\nbut shown is\n%s" % (commands, printed, shown)
