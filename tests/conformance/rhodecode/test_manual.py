"""docs/api/rhodecode.md against what the hub has: every method has a heading (tests/unit/rpc.c), every
argument stands below it, and the line that a reader would type works as it stands."""

import json
import re

import pytest

from conformance.rhodecode.client import Client
from fixtures.hub import ROOT
from fixtures.run import clean_env, run

MANUAL = (ROOT / "docs/api/rhodecode.md").read_text()
SHOWN_URL, SHOWN_KEY = "127.0.0.1:8848", "<40 characters>"


def sections():
    """{method: what stands below its heading}"""
    parts = re.split(r"^### ([a-z_]+)\n", MANUAL, flags=re.MULTILINE)
    return {name: text.partition("\n## ")[0] for name, text in zip(parts[1::2], parts[2::2])}


# Said once for two methods, in front of them.
DIRECTORY = {"extern_type", "extern_name"}


def words_of(name, depth=2):
    """The words of a method's section, and of those of the methods that it refers to."""
    text = sections()[name]
    words = set(re.findall(r"\w+", text))
    if re.search(r"\b([Tt]he same|As `|(another|third) name)", text) and depth:
        named = words & set(sections()) or {list(sections())[list(sections()).index(name) - 1]}
        for other in named - {name}:
            words |= words_of(other, depth - 1)
    return words


@pytest.fixture(scope="module")
def api(hub):
    return Client(hub.url, hub.new_token("admin"))


def test_every_argument_of_every_method_is_in_the_manual(api):
    assert set(sections()) == set(api("get_method"))
    for name in api("get_method"):
        # in a pattern a name with brackets fits itself alone, where it is a part of others
        args = api("get_method", pattern="[%s]%s" % (name[0], name[1:]))[1]
        missing = set(args) - words_of(name)
        if name in ("create_user", "update_user"):
            missing -= DIRECTORY
        assert not missing, "%s: %s" % (name, sorted(missing))


def test_the_line_of_the_manual_works(hub, api, tmp_path):
    [line] = re.findall(r"```\n(curl .*?)```", MANUAL, re.DOTALL)
    assert SHOWN_URL in line and SHOWN_KEY in line
    line = line.strip().replace(SHOWN_URL, hub.url.partition("://")[2]).replace(SHOWN_KEY, api.key)
    env = clean_env(str(tmp_path))
    answer = json.loads(run(["bash", "-c", line + " --noproxy '*' -sS"], env=env).stdout)
    assert answer["error"] is None and answer["result"][0]["username"] == "admin"


def test_the_seeds_line_works(hub, api, tmp_path):
    """Which its documentation has, but for the key and the repository."""
    line = ("curl %s/_admin/api -X POST -H 'content-type:text/plain' --data-binary"
            " '{\"api_key\":\"%s\",\"method\":\"pull\",\"args\":{\"repo\":\"CPython\"}}'"
            % (hub.url, api.key))
    answer = run(["bash", "-c", line + " --noproxy '*' -sS"], env=clean_env(str(tmp_path))).stdout
    assert json.loads(answer) == {"result": None, "error": 'Unknown repo "CPython"'}


@pytest.mark.parametrize("name", ["README.md", "CHANGES.md", "docs/hacking.md"])
def test_the_door_is_known(name):
    assert "JSON-RPC" in (ROOT / name).read_text() or "RhodeCode" in (ROOT / name).read_text()
