"""docs/api/abf.md, "A story": the lines that a reader would type, just as they stand, and the answers
shown there."""

import re

from fixtures.hub import ROOT
from fixtures.run import clean_env, run, wait_until

MANUAL = ROOT / "docs/api/abf.md"
SHOWN_URL = "127.0.0.1:8848"
SHOWN_FOLDER = "/tmp/hub/"


def blocks():
    """(commands, what they print) of the section, in its order."""
    story = MANUAL.read_text().partition("\n## A story\n")[2].partition("\n## ")[0]
    found = re.findall(r"```sh\n(.*?)```\n(?:```(?:json|csv|text)\n(.*?)```\n)?", story, re.DOTALL)
    assert len(found) == story.count("```sh\n")
    return found


def matches(shown, printed):
    """Whether the text is as shown, where … stands for any characters of one line."""
    lines = [re.escape(line).replace("…", "[^\n]*") for line in shown.split("\n")]
    return re.fullmatch("\n".join(lines), printed) is not None


def one_per_line(text):
    """Answers have no line end of their own: each in a line, as the manual shows them."""
    return re.sub(r"(?<=\})(?=\{\"|[0-9a-f]{40}\t)", "\n", text)


def test_the_story_of_the_manual_is_true(fresh_hub, tmp_path):
    hub = fresh_hub()
    host = hub.url.partition("://")[2]
    # curl says nothing but the answer
    (tmp_path / ".curlrc").write_text("silent\nshow-error\nproxy = \"\"\n")
    env = clean_env(str(tmp_path))
    prelude = None
    for commands, shown in blocks():
        script = commands.replace(SHOWN_URL, host).replace(SHOWN_FOLDER, str(hub.var) + "/")
        prelude = prelude or script
        if "packages.csv" in script:  # which waits for them by itself, but not as long as this
            wait_until(lambda: hub.one("SELECT count(*) FROM hub.job WHERE kind = 'packages'"
                                       " AND state <> 'done'") == 0, 60, "packages are read")
        text = "set -euo pipefail\n%s\n%s" % (prelude, script if script != prelude else "")
        printed = one_per_line(run(["bash", "-c", text], env=env, cwd=tmp_path).stdout)
        assert matches(shown.rstrip("\n"), printed.rstrip("\n")), \
            "%s\nprints\n%s\nbut shown is\n%s" % (commands, printed, shown)


def test_the_story_speaks_of_all_that_it_promises():
    text = "".join(commands for commands, _ in blocks())
    for word in ("users.json", "groups.json", "platforms.json", "repositories.json",
                 "projects.json", "packages.csv", "fork.json", "alias.json", "signatures.json",
                 "repo_lock_file.json", "git -C hello push", "-X DELETE"):
        assert word in text
