"""Every row of contract B8.1 and B8.2 is tested: here as data or by a test with its number in its name,
or elsewhere, by a test that rows.py names."""

import pathlib
import re

import pytest

from conformance.hub.rows import ELSEWHERE, ROWS, THEIRS_ELSEWHERE, WAITING
from fixtures.hub import ROOT

HERE = pathlib.Path(__file__).parent


def named(prefix):
    """The numbers in the names of the tests of this folder."""
    code = "".join(p.read_text() for p in HERE.glob("test_*.py"))
    numbers = set()
    for found in re.findall(r"def test_%s_((?:\d+_|and_)+)" % prefix, code):
        numbers |= set(map(int, re.findall(r"\d+", found)))
    return numbers


def test_every_row_of_theirs_is_somewhere():
    assert named("theirs") | set(THEIRS_ELSEWHERE) == set(range(1, 22))


def test_every_row_of_ours_is_somewhere():
    tested = {r["number"] for r in ROWS} | named("row") | set(ELSEWHERE)
    assert tested | set(WAITING) == set(range(1, 63))
    assert not tested & set(WAITING)


@pytest.mark.parametrize("file, test", sorted({
    place for rows in (ELSEWHERE, THEIRS_ELSEWHERE) for places in rows.values() for place in places}))
def test_what_is_tested_elsewhere_is_there(file, test):
    assert re.search(r"^def %s\(" % test, (ROOT / "tests" / file).read_text(), re.MULTILINE)
