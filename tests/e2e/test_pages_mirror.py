"""Mirrors on pages: made in a form, watched while they arrive, their runs, their settings, their end."""

import json
import re
import shutil

import html5lib
import pytest

from fixtures.person import Person
from fixtures.run import wait_until
from fixtures.upstream import redirect_whole, status

HUB_CONF = {"net.low_speed_s": 300}  # who is held is let go by its test


@pytest.fixture(scope="module")
def people(hub):
    for uname in ("bob", "eve", "rita"):
        hub.account(uname, uname + "'s password")
    return hub


def signed_in(hub, uname):
    person = Person(hub)
    if uname:
        person.sign_in(uname, uname + "'s password")
    return person


@pytest.fixture
def bob(people):
    return signed_in(people, "bob")


def valid(person):
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(person.answer.text)
    assert parser.errors == [], parser.errors


def create(person, expect=200, **values):
    person.get("/-/new")
    person.submit("/-/new", **values)
    assert person.answer.status_code == expect, person.answer.text
    valid(person)


def text(person):
    return " ".join(person.page.text.split())


def wait_state(person, path, pattern):
    def there():
        person.get("/" + path)
        return re.search(pattern, text(person))
    wait_until(there, 60, lambda: "%s on %s: %s" % (pattern, path, text(person)))


def events(hub, path):
    return [row["action"] for row in hub.sql(
        "SELECT action FROM hub.event WHERE object = %s ORDER BY id", path)]


# ---------------------------------------------------------------- a new one

def test_a_mirror_made_in_the_form_arrives(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(4)
    create(bob, url=upstream.url("%s.git" % name), path=name, description="it arrives")
    assert bob.answer.url.endswith("/" + name)
    wait_state(bob, name, r"fresh Up to date, checked")
    assert "it arrives" in text(bob)
    assert "http-equiv=\"refresh\"" not in bob.answer.text
    assert people.git("ls-remote", people.clone_url(name))
    assert events(people, name)[0] == "project.create"


def test_the_name_is_made_of_the_address(people, bob, upstream, name):
    upstream.repo("team/%s.git" % name).commits(1)
    create(bob, url=upstream.url("team/%s.git" % name))
    assert bob.answer.url.endswith("/team-%s" % name)


def test_everything_that_is_wrong_is_said_at_its_field_at_once(people, bob):
    create(bob, 422, url="ftp://x y", user="a:b", password="sesame-4711", path="../up",
           description="kept", visibility="hidden", interval="86400")
    assert len(bob.page.alerts) >= 3, bob.page.alerts
    form = bob.page.form("/-/new")
    assert form.values["url"] == "ftp://x y" and form.values["path"] == "../up"
    assert form.values["description"] == "kept"
    assert form.values["visibility"] == "hidden" and form.values["interval"] == "86400"
    assert "sesame-4711" not in bob.answer.text
    assert bob.answer.text.count("aria-invalid") == 2
    people.hide("sesame-4711")


@pytest.mark.parametrize("values, sentence", [
    ({"url": ""}, "Say where it comes from."),
    ({"url": "http://h/x", "path": "api"}, "The name api is reserved."),
    ({"url": "http://h/x", "path": "eve/x"}, "bob/ in front of the name is a place of yours"),
    ({"url": "http://h/x", "path": "eve"}, "You may not make anything there"),
    ({"url": "http://h/x", "path": "x.git"}, "A name does not end in .git"),
    ({"url": "http://h/"}, "No name can be made from this address"),
    ({"url": "http://h/x", "path": "b", "password": "p"}, "A password needs a user."),
    ({"url": "http://u:p@h/x", "path": "b", "user": "u"}, "leave one of them out"),
    ({"url": "git@h:x", "path": "b", "user": "u"}, "for addresses with http:// and https:// alone"),
    ({"url": "http://h/x", "path": "b", "interval": "5"}, "from a minute to a year"),
    ({"url": "http://h/x", "path": "b", "visibility": "no"}, "This is none of the choices."),
    ({"url": "http://h/x", "path": "b", "description": "x" * 10001}, "at most 10000 characters"),
])
def test_a_check_is_a_helpful_sentence(people, bob, values, sentence):
    create(bob, 422, **values)
    assert sentence in text(bob), bob.page.alerts


def test_a_name_that_is_taken_is_said_at_the_name(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(1)
    create(bob, url=upstream.url("%s.git" % name), path=name)
    create(bob, 409, url=upstream.url("%s.git" % name), path=name.upper())
    assert "Somebody else has this already." in text(bob)
    assert bob.page.form("/-/new").values["path"] == name.upper()


def test_credentials_are_used_and_never_shown(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(2)
    upstream.require("%s.git" % name, "ned", "open:sesame/é")
    create(bob, url=upstream.url("%s.git" % name), path=name, user="ned", password="open:sesame/é")
    wait_state(bob, name, r"fresh Up to date")
    people.hide("open:sesame")
    for address in ("/%s", "/%s/edit", "/%s/runs"):
        bob.get(address % name)
        assert bob.answer.status_code == 200
        assert "sesame" not in bob.answer.text and "ned" not in bob.answer.text
        valid(bob)


def test_a_hidden_mirror_is_missing_for_others(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(1)
    create(bob, url=upstream.url("%s.git" % name), path=name, visibility="hidden")
    for uname in ("eve", None):
        other = signed_in(people, uname)
        for address in ("/%s", "/%s/runs", "/%s/edit"):
            assert other.get(address % name).status_code == 404, address
    for action in ("sync", "edit", "pause", "resume", "delete"):
        missing = people.post("/%s-x/%s" % (name, action), {}, auth=("eve", "eve's password"))
        answer = people.post("/%s/%s" % (name, action), {}, auth=("eve", "eve's password"))
        assert answer.status_code == missing.status_code == 404


def test_a_guest_is_asked_to_sign_in_first(people):
    person = Person(people)
    person.get("/-/new", follow=False)
    assert person.answer.status_code == 303
    assert person.answer.headers["Location"].startswith("/login")


def test_an_empty_project_takes_a_push(people, bob, name, tmp_path):
    bob.get("/-/new")
    bob.submit("/-/new/plain", path="bob/" + name, description="to push to")
    assert bob.answer.status_code == 200
    assert "Push the first commit" in text(bob)
    bob.get("/-/new")
    bob.submit("/-/new/plain", path="bob/" + name, description="again")
    assert bob.answer.status_code == 409
    assert "Somebody else has this already." in text(bob)
    assert bob.page.form("/-/new/plain").values["description"] == "again"
    valid(bob)


# ---------------------------------------------------------------- the panel

def test_a_failing_upstream_is_told_in_plain_words(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(1)
    upstream.fault("%s.git" % name, status(404))
    create(bob, url=upstream.url("%s.git" % name), path=name)
    wait_state(bob, name, r"failing Failing for \d+ \w+: the upstream has no such repository")
    assert "Compare the upstream's address" in text(bob)
    assert re.search(r"Next try in \d+", text(bob))
    bob.get("/%s/runs" % name)
    row = bob.page.tables[0][1]
    assert row[2].split()[-1] == "failed" and row[6].startswith("The upstream has no such repository")
    valid(bob)
    bob.get([a for a, _ in bob.page.links if re.search(r"/runs/\d+$", a)][0])
    assert bob.answer.status_code == 200
    assert "What to do" in text(bob) and "Compare the upstream's address" in text(bob)
    valid(bob)
    upstream.heal("%s.git" % name)
    bob.get("/" + name)
    bob.submit("/%s/sync" % name)
    wait_state(bob, name, r"fresh Up to date")
    assert "sync.request" in events(people, name)


def test_while_it_syncs_the_page_looks_again_by_itself(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(1)
    upstream.fault("%s.git" % name, lambda x: bool(x.hold()))
    create(bob, url=upstream.url("%s.git" % name), path=name)
    wait_state(bob, name, r"syncing Asking the upstream what is new")
    assert '<meta http-equiv="refresh" content="2">' in bob.answer.text
    assert "<progress" in bob.answer.text and "/%s/sync" % name not in bob.answer.text
    bob.get("/%s/runs" % name)
    assert "by the worker" in text(bob)
    valid(bob)
    upstream.heal("%s.git" % name)
    wait_state(bob, name, r"(fresh|failing) ")


def test_a_push_notice_changes_what_the_page_says(people, bob, upstream, name):
    repo = upstream.repo("%s.git" % name)
    repo.commits(1)
    create(bob, url=upstream.url("%s.git" % name), path=name)
    wait_state(bob, name, r"fresh Up to date")
    before = people.run_id(name)
    repo.commit(files={"new": "file"}, message="the news")
    notice = {"repository": {"name": name, "url": upstream.url("%s.git" % name)}}
    answer = people.post("/api/push", json.dumps(notice))
    assert answer.status_code == 200, answer.text
    assert people.wait_run(name, before)["outcome"] == "changed"
    wait_state(bob, name, r"fresh Up to date")
    assert "the news" in bob.answer.text


# ---------------------------------------------------------------- runs

def test_runs_have_pages(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(1)
    create(bob, url=upstream.url("%s.git" % name), path=name)
    people.wait_run(name)
    people.sql("INSERT INTO hub.run (project_id, fence, worker, started_at, outcome, bytes)"
               " SELECT p.id, -i, 'w', now() - interval '2 min', 'unchanged', i"
               " FROM hub.project p, generate_series(1, 120) i WHERE p.path = %s", name)
    seen = 0
    address = "/%s/runs" % name
    while address:
        bob.get(address)
        assert len(bob.answer.content) < 100000
        seen += len(bob.page.tables[0]) - 1
        address = {t.strip(): a for a, t in bob.page.links}.get("Older")
    assert seen == 121
    assert bob.get("/%s/runs?before=x" % name).status_code == 200


def test_a_run_of_another_mirror_is_missing(people, bob, upstream, name):
    upstream.repo("%s.git" % name).commits(1)
    for path in (name, name + "-2"):
        create(bob, url=upstream.url("%s.git" % name), path=path)
        people.wait_run(path)
    assert bob.get("/%s/runs/%d" % (name, people.run_id(name))).status_code == 200
    assert bob.get("/%s/runs/%d" % (name, people.run_id(name + "-2"))).status_code == 404
    for run in ("0", "-1", "x", "9" * 30):
        assert bob.get("/%s/runs/%s" % (name, run)).status_code == 404


# ---------------------------------------------------------------- settings

@pytest.fixture
def mine(people, bob, upstream, name):
    """A mirror of bob's, synced; bob stands on its settings."""
    upstream.repo("%s.git" % name).commits(1)
    create(bob, url=upstream.url("%s.git" % name), path=name)
    people.wait_run(name)
    people.wait_idle(name)
    bob.get("/%s/edit" % name)
    assert bob.answer.status_code == 200
    valid(bob)
    return name


def test_settings_can_be_changed(people, bob, mine):
    bob.submit("/%s/edit" % mine, description="another <b>", visibility="hidden", interval="900")
    assert bob.answer.status_code == 200 and "another <b>" in text(bob)
    bob.get("/%s/edit" % mine)
    values = bob.page.form("/%s/edit" % mine).values
    assert (values["description"], values["visibility"], values["interval"]) == \
        ("another <b>", "hidden", "900")
    assert signed_in(people, "eve").get("/" + mine).status_code == 404
    job = people.job(mine)
    planned = people.one("SELECT j.run_at = m.last_success_at + interval '900 s' FROM hub.job j"
                         " JOIN hub.mirror m USING (project_id) WHERE j.id = %s", job["id"])
    assert planned
    assert events(people, mine)[-2:] == ["mirror.interval", "project.update"]


def test_settings_that_are_saved_as_they_are_change_nothing(people, bob, mine):
    before = events(people, mine)
    bob.submit("/%s/edit" % mine)
    assert bob.answer.status_code == 200
    assert events(people, mine) == before


def test_another_upstream_forgets_the_credentials_of_the_old_one(people, bob, upstream, mine):
    def sealed():
        return people.one("SELECT sealed_credentials FROM hub.mirror m JOIN hub.project p"
                          " ON p.id = m.project_id WHERE p.path = %s", mine)
    bob.submit("/%s/edit" % mine, user="ned", password="first-secret")
    people.hide("first-secret")
    assert sealed() is not None and "first-secret" not in sealed()
    bob.get("/%s/edit" % mine)
    assert "A user and a password are kept." in text(bob)
    kept = sealed()
    bob.submit("/%s/edit" % mine, description="touched")
    assert sealed() == kept
    bob.get("/%s/edit" % mine)
    bob.submit("/%s/edit" % mine, url=upstream.url("elsewhere.git"))
    assert sealed() is None
    bob.get("/%s/edit" % mine)
    bob.submit("/%s/edit" % mine, user="ned", password="second-secret")
    people.hide("second-secret")
    assert sealed() is not None
    bob.get("/%s/edit" % mine)
    bob.submit("/%s/edit" % mine, forgets_credentials="true")
    assert sealed() is None


def test_a_moved_upstream_is_proposed_and_taken_over(people, bob, upstream, mine):
    def mirror():
        return people.row("SELECT m.moved_to, m.url, m.sealed_credentials FROM hub.mirror m"
                          " JOIN hub.project p ON p.id = m.project_id WHERE p.path = %s", mine)

    def answer(*redirect):
        """What the upstream says to the next probe."""
        people.wait_idle(mine)
        upstream.heal()
        if redirect:
            upstream.fault(mine + ".git", redirect_whole(*redirect))
        people.sync_and_wait(mine, "unchanged")
        return mirror()["moved_to"]
    old, new = upstream.url(mine + ".git"), upstream.url(mine + "-new.git")
    shutil.copytree(upstream.folder / (mine + ".git"), upstream.folder / (mine + "-new.git"))
    bob.submit("/%s/edit" % mine, user="ned", password="canary-1913")
    people.hide("canary-1913")
    assert answer(new, 302) is None
    assert answer(new, 301) == new and mirror()["url"] == old
    assert people.one("SELECT moved_to FROM admin.mirrors WHERE path = %s", mine) == new
    assert answer() is None  # it is back
    with pytest.raises(Exception, match="has not moved"):
        people.sql("SELECT admin.accept_move(%s)", mine)
    assert answer(new, 308) == new
    other = signed_in(people, "eve")
    other.get("/" + mine)
    assert "The upstream has moved to " + new in text(other)
    assert "accept-move" not in other.answer.text
    bob.get("/" + mine)
    valid(bob)
    stale = bob.submit("/%s/accept-move" % mine, url=old)
    assert stale.status_code == 409 and mirror()["url"] == old
    bob.get("/" + mine)
    bob.submit("/%s/accept-move" % mine)
    assert bob.answer.status_code == 200 and "has moved" not in text(bob)
    assert mirror() == {"moved_to": None, "url": new, "sealed_credentials": None}
    assert events(people, mine)[-1] == "mirror.upstream"
    people.wait_idle(mine)
    upstream.heal()
    upstream.fault(mine + "-new.git", redirect_whole(old, 301))
    people.sync_and_wait(mine, "unchanged")
    upstream.heal()
    assert people.one("SELECT admin.accept_move(%s)", mine) == "now from " + old
    assert mirror()["url"] == old and mirror()["moved_to"] is None


def test_wrong_settings_are_told_at_their_fields(people, bob, mine):
    bob.submit("/%s/edit" % mine, url="nonsense", interval="1", description="kept")
    assert bob.answer.status_code == 422
    assert len([a for a in bob.page.alerts if a]) >= 3
    assert bob.page.form("/%s/edit" % mine).values["description"] == "kept"
    valid(bob)
    bob.get("/" + mine)
    assert "kept" not in text(bob)


def test_a_mirror_is_paused_and_resumed(people, bob, mine):
    bob.submit("/%s/pause" % mine)
    assert "paused Paused. Last checked" in text(bob)
    assert people.job(mine) is None
    assert "/%s/sync" % mine not in bob.answer.text
    bob.get("/%s/edit" % mine)
    before = people.run_id(mine)
    bob.submit("/%s/resume" % mine)
    people.wait_run(mine, before)
    wait_state(bob, mine, r"fresh Up to date")
    assert [e for e in events(people, mine) if e.startswith("mirror.")] == \
        ["mirror.pause", "mirror.resume"]


def test_the_name_is_typed_to_delete_a_project(people, bob, mine):
    bob.submit("/%s/delete" % mine, confirm="something")
    assert bob.answer.status_code == 422
    assert "Type %s to delete it." % mine in bob.page.alerts
    valid(bob)
    assert bob.get("/" + mine).status_code == 200
    bob.get("/%s/edit" % mine)
    bob.submit("/%s/delete" % mine, confirm=mine)
    assert bob.answer.status_code == 200 and bob.answer.url == people.url + "/"
    assert bob.get("/" + mine).status_code == 404
    assert events(people, mine)[-1] == "project.delete"


def test_the_default_branch_of_a_plain_project_is_one_that_is_there(people, bob, name, tmp_path):
    bob.get("/-/new")
    bob.submit("/-/new/plain", path="bob/" + name)
    work = tmp_path / "work"
    people.git("init", "-q", "-b", "main", str(work))
    people.git("-C", str(work), "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q",
               "--allow-empty", "-m", "one")
    people.git("-C", str(work), "branch", "other")
    people.git("-C", str(work), "push", "-q",
               people.clone_url("bob/" + name, ("bob", "bob%27s%20password")), "--all")
    bob.get("/bob/%s/edit" % name)
    bob.submit("/bob/%s/edit" % name, branch="nothing")
    assert bob.answer.status_code == 422 and "There is no such branch." in bob.page.alerts
    bob.submit("/bob/%s/edit" % name, branch="..")
    assert bob.answer.status_code == 422
    bob.submit("/bob/%s/edit" % name, branch="other")
    assert bob.answer.status_code == 200
    assert "refs/heads/other" in people.git("ls-remote", "--symref",
                                            people.clone_url("bob/" + name), "HEAD")


# ---------------------------------------------------------------- who may

def test_buttons_are_for_those_who_may(people, bob, mine, upstream):
    people.grant(mine, "eve", 2)   # write
    eve, rita = signed_in(people, "eve"), signed_in(people, "rita")
    eve.get("/" + mine)
    assert [f.action for f in eve.page.forms if f.action.endswith("/sync")] == ["/%s/sync" % mine]
    assert "/%s/edit" % mine not in eve.answer.text
    rita.get("/" + mine)
    assert "/%s/sync" % mine not in rita.answer.text and "/edit" not in rita.answer.text
    before = people.run_id(mine)
    eve.submit("/%s/sync" % mine)
    assert people.wait_run(mine, before)
    people.sql("UPDATE hub.project_grant g SET access = 3 FROM hub.project p"
               " WHERE p.id = g.project_id AND p.path = %s", mine)   # settings, but not the end
    eve.get("/%s/edit" % mine)
    assert eve.answer.status_code == 200 and "/%s/delete" % mine not in eve.answer.text


@pytest.mark.parametrize("action", ["sync", "edit", "pause", "resume", "delete"])
def test_who_may_read_but_not_write_gets_403(people, bob, mine, action):
    answer = people.post("/%s/%s" % (mine, action), {"confirm": mine} if action == "delete" else {},
                         auth=("rita", "rita's password"))
    assert answer.status_code == 403
    assert people.get("/%s/edit" % mine, auth=("rita", "rita's password")).status_code == 403


def test_a_form_without_its_token_changes_nothing(people, bob, mine):
    answer = bob.session.post(people.url + "/%s/delete" % mine, data={"confirm": mine},
                              allow_redirects=False)
    assert answer.status_code == 403
    assert bob.get("/" + mine).status_code == 200
