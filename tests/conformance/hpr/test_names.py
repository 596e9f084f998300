"""Row 32 of contract A8.2: every row of A5.1, through POST."""

import pytest

from conformance.hpr.names import NAMES


@pytest.mark.parametrize("url, name", NAMES, ids=["%02d %s" % (i, url or "empty")
                                                  for i, (url, _) in enumerate(NAMES, 1)])
def test_row_32_a_url_gives_the_name_of_the_contract(hub, url, name):
    answer = hub.post("/repositores", {"url": url, "clone": "false"})
    if name is None:
        assert (answer.status_code, answer.text) == (400, "false")
        assert hub.get("/repositores").json()["total"] == 0
        return
    assert (answer.status_code, answer.text) == (201, "true"), answer.headers
    rows = hub.get("/repositores").json()["data"]
    assert [row["name"] for row in rows] == [name]
    assert hub.delete("/repositores/" + name).text == "true"
