"""When mirrors are asked again, by how likely a change is (sync/schedule.h). The law itself is tested in
tests/unit/schedule.c; fixed periods in the rows of hpr's contract."""
import pytest

from fixtures.repos import simple

HUB_CONF = {"schedule_adaptive": "yes"}


@pytest.fixture
def origin(upstream, name):
    return simple(upstream.folder / ("s/%s.git" % name))


@pytest.fixture
def url(upstream, origin, name):
    return upstream.url("s/%s.git" % name)


def waits_s(hub, name):
    """Seconds from the end of the last sync to the next."""
    hub.wait_idle(name)
    return float(hub.one("SELECT extract(epoch FROM j.run_at - m.last_success_at) FROM hub.job j JOIN hub.mirror m"
                         " USING (project_id) JOIN hub.project p ON p.id = m.project_id"
                         " WHERE p.path = %s AND j.kind = 'sync'", name))


def test_a_new_mirror_is_asked_after_about_one_period(hub, url, name):
    hub.mirror(url, name)
    assert 2700 <= waits_s(hub, name) <= 4500


def test_one_that_has_changed_is_asked_soon_and_later_when_nothing_follows(hub, origin, url, name):
    hub.mirror(url, name)
    origin.commit("main", {"new": "file"}, "new")
    hub.sync_and_wait(name, "changed")
    soon = waits_s(hub, name)
    assert 27 <= soon <= 900
    hub.sql("UPDATE hub.mirror m SET last_change_at = now() - interval '2 days' FROM hub.project p"
            " WHERE p.id = m.project_id AND p.path = %s", name)
    hub.sync_and_wait(name, "unchanged")
    assert waits_s(hub, name) > 2 * soon


def test_an_interval_of_its_own_is_kept_to_the_second(hub, origin, url, name):
    hub.mirror(url, name)
    hub.sql("UPDATE hub.mirror m SET interval_s = 7200 FROM hub.project p"
            " WHERE p.id = m.project_id AND p.path = %s", name)
    origin.commit("main", {"new": "file"}, "new")
    hub.sync_and_wait(name, "changed")
    assert waits_s(hub, name) == 7200
    hub.sync_and_wait(name, "unchanged")
    assert waits_s(hub, name) == 7200
