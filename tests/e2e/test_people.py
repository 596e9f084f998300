"""People, groups and search in the ABF API: what the contract's own rows (tests/conformance/abf) do
not say."""

import concurrent.futures
import itertools

import pytest

from fixtures.run import wait_until

COUNTER = itertools.count()
NEW_TEXTS = {"name": "Ivan  Aivazovsky the Elder", "language": "ru", "site": "https://sea.example",
             "company": "Sea & Co", "location": "Феодосия",
             "professional_experience": "painter\nof water"}


def unique(word):
    return "%s_%d" % (word, next(COUNTER))


class Person:
    """An account, which asks with its password."""

    def __init__(self, hub, uname=None, **more):
        self.hub = hub
        self.uname = uname or unique("person")
        self.password = "the long way to " + self.uname
        answer = make_user(hub, uname=self.uname, password=self.password, **more)
        assert answer.status_code == 200, answer.text
        self.id = answer.json()["user"]["id"]
        self.pair = (self.uname, self.password)

    def ask(self, method, path, json=None, **kw):
        return self.hub.request(method, "/api/v1/" + path, self.pair, json=json, **kw)

    def get(self, path):
        return self.ask("GET", path)

    def user(self):
        return self.get("user.json").json()["user"]

    def email(self):
        return self.user()["email"]


def make_user(hub, **texts):
    texts.setdefault("email", texts["uname"] + "@example.com")
    texts.setdefault("password", "a password of nobody")
    return hub.post("/api/v1/users.json", json={"user": texts})


def message(answer, root, status=422):
    assert answer.status_code == status, answer.text
    return answer.json()[root]["message"]


# ---- people


def test_a_new_person_logs_in_and_has_a_personal_platform(hub):
    ivan = Person(hub, name="  Ivan  Aivazovsky the Elder ", role="tester")
    user = ivan.user()
    assert user["name"] == "Ivan  Aivazovsky the Elder"
    assert (user["role"], user["email"]) == ("tester", ivan.uname + "@example.com")
    assert (user["company"], user["avatar_url"]) == (None, "")
    row = hub.row("SELECT p.platform_type, r.name FROM hub.platform p"
                  " JOIN hub.repository r ON r.platform_id = p.id WHERE p.name = %s",
                  ivan.uname + "_personal")
    assert (row["platform_type"], row["name"]) == ("personal", "main")


def test_others_see_a_person_by_number_and_by_name_in_any_case_but_not_the_role(hub):
    ivan = Person(hub)
    for key in (ivan.id, ivan.uname, ivan.uname.upper()):
        user = hub.get("/api/v1/users/%s.json" % key).json()["user"]
        assert user["id"] == ivan.id
        assert user["html_url"] == "/" + ivan.uname
        assert "role" not in user


def test_a_system_account_is_missing_but_sees_itself(hub):
    worker = Person(hub, role="system")
    missing = hub.get("/api/v1/users/999999999.json")
    for key in (worker.id, worker.uname):
        answer = hub.get("/api/v1/users/%s.json" % key, hub.admin)
        assert (answer.status_code, answer.text) == (404, missing.text)
    assert worker.user()["role"] == "system"
    assert hub.one("SELECT count(*) FROM hub.platform WHERE name = %s",
                   worker.uname + "_personal") == 0


def test_an_address_that_was_changed_logs_nobody_in_and_changes_do_not_shut_each_other_out(hub):
    ivan = Person(hub)
    old = (ivan.uname + "@example.com", ivan.password)
    assert hub.get("/api/v1/user.json", old).status_code == 200  # it is remembered
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        wishes = [{"user": {"email": "%s-%d@example.com" % (ivan.uname, i)}} for i in range(40)]
        answers = list(pool.map(lambda wish: ivan.ask("PUT", "user.json", wish), wishes))
    assert [answer.status_code for answer in answers] == [200] * 40
    assert hub.get("/api/v1/user.json", old).status_code == 401
    assert hub.get("/api/v1/user.json", (ivan.email(), ivan.password)).status_code == 200


def test_nobody_takes_an_address_that_is_somebody_elses_further_one(hub):
    ivan, thief = Person(hub), Person(hub)
    further = ivan.uname + "@home.example"
    hub.sql("INSERT INTO hub.account_email VALUES (%s, %s)", ivan.id, further)
    taken = "Email has already been taken"
    for address in (further, further.upper()):
        answer = thief.ask("PUT", "user.json", {"user": {"email": address}})
        assert answer.json() == {"user": {"id": None,
                                          "message": "User has not been updated. " + taken}}
        answer = make_user(hub, uname=unique("thief"), email=address, password="correct horse")
        assert answer.json()["user"]["message"] == "User has not been created. " + taken
    assert thief.email() != further
    assert hub.get("/api/v1/user.json", (further, ivan.password)).json()["user"]["id"] == ivan.id
    # his own he may put in front
    assert ivan.ask("PUT", "user.json", {"user": {"email": further}}).status_code == 200


def test_only_administrators_make_people(hub):
    ivan = Person(hub)
    wish = {"user": {"uname": unique("x"), "email": "x@example.com", "password": "correct horse"}}
    assert ivan.ask("POST", "users.json", wish).status_code == 403
    assert hub.request("POST", "/api/v1/users.json", json=wish).status_code == 401
    assert hub.one("SELECT count(*) FROM hub.account WHERE uname = %s", wish["user"]["uname"]) == 0


@pytest.mark.parametrize("texts, faults", [
    ({"uname": ""}, "Nickname can't be blank. Nickname is invalid"),
    ({"uname": "Ivan"}, "Nickname is invalid"),
    ({"uname": "i-van"}, "Nickname is invalid"),
    ({"uname": "12345"}, "Nickname is invalid"),
    ({"uname": "иван"}, "Nickname is invalid"),
    ({"uname": "i" * 31}, "Nickname is too long (maximum is 30 characters)"),
    ({"uname": "xmpp"}, "Nickname is reserved"),
    ({"uname": "groups"}, "Nickname is reserved"),
    ({"uname": "root"}, "Nickname is reserved"),
    ({"email": ""}, "Email can't be blank"),
    ({"email": "nobody"}, "Email is invalid"),
    ({"email": "a@b@c"}, "Email is invalid"),
    ({"password": ""}, "Password can't be blank"),
    ({"password": "short"}, "Password is too short (minimum is 8 characters)"),
    ({"password": "password123"}, "Password is invalid"),
    ({"name": "n" * 101}, "Name is too long (maximum is 100 characters)"),
    ({"role": "king"}, "Role is not included in the list"),
    ({"uname": "A", "email": "", "password": "p"},
     "Nickname is invalid. Email can't be blank. Password is too short (minimum is 8 characters)"),
])
def test_what_is_wrong_with_a_new_person_is_said(hub, texts, faults):
    before = hub.one("SELECT count(*) FROM hub.account")
    texts = {"uname": unique("wrong"), **texts}
    answer = make_user(hub, email=texts.pop("email", "wrong@example.com"), **texts)
    assert message(answer, "user") == "User has not been created. " + faults
    assert hub.one("SELECT count(*) FROM hub.account") == before


def test_unames_and_addresses_are_unique_in_any_case(hub):
    ivan = Person(hub, email="Ivan.The@Example.com")
    assert ivan.user()["email"] == "ivan.the@example.com"
    assert message(make_user(hub, uname=ivan.uname, email="other@example.com"), "user") == \
        "User has not been created. Nickname has already been taken"
    assert message(make_user(hub, uname=unique("x"), email=" IVAN.the@example.COM"), "user") == \
        "User has not been created. Email has already been taken"
    petr = Person(hub)
    assert message(petr.ask("PUT", "user.json", {"user": {"email": "IVAN.the@example.com"}}),
                   "user") == "User has not been updated. Email has already been taken"


def test_a_name_whose_personal_platform_is_there_already_is_taken(hub):
    uname = unique("early")
    hub.sql("INSERT INTO hub.platform (name, description, distrib_type, default_branch,"
            " owner_account_id) SELECT %s, 'x', 'mdv', 'x', id FROM hub.account LIMIT 1",
            uname + "_PERSONAL")
    assert message(make_user(hub, uname=uname), "user") == \
        "User has not been created. Nickname has already been taken"
    assert hub.one("SELECT count(*) FROM hub.account WHERE uname = %s", uname) == 0


def test_a_person_changes_what_is_sent_and_nothing_else(hub):
    ivan = Person(hub)
    before = ivan.user()
    done = ivan.ask("PUT", "user.json", {"user": NEW_TEXTS})
    assert message(done, "user", 200) == "User has been updated successfully"
    after = ivan.user()
    assert {**before, **NEW_TEXTS} == {**after, "updated_at": before["updated_at"]}
    assert ivan.ask("PATCH", "user.json", {"company": ""}).status_code == 200
    assert ivan.user() == {**after, "company": None, "updated_at": ivan.user()["updated_at"]}


def test_neither_uname_nor_password_nor_role_change_here(hub):
    ivan = Person(hub)
    ivan.ask("PUT", "user.json", {"user": {"uname": "tsar", "password": "another horse",
                                           "role": "admin", "id": 1, "build_priority": 1}})
    user = ivan.user()
    assert (user["uname"], user["role"], user["build_priority"]) == (ivan.uname, None, 50)


@pytest.mark.parametrize("texts, faults", [
    ({"email": "nobody"}, "Email is invalid"),
    ({"email": None}, "Email can't be blank"),
    ({"language": "fr"}, "Language is not included in the list"),
    ({"language": ""}, "Language is not included in the list"),
    ({"name": "й" * 101}, "Name is too long (maximum is 100 characters)"),
    ({"site": "s" * 256}, "Site is too long (maximum is 255 characters)"),
    ({"company": "a\x07b"}, "Company is invalid"),
    ({"professional_experience": "x" * 10001},
     "Professional experience is too long (maximum is 10000 characters)"),
])
def test_a_wrong_change_changes_nothing(hub, texts, faults):
    ivan = Person(hub)
    before = ivan.user()
    answer = ivan.ask("PUT", "user.json", {"user": {"name": "New", **texts}})
    assert message(answer, "user") == "User has not been updated. " + faults
    assert ivan.user() == before


def test_a_token_that_only_reads_changes_no_address(hub):
    ivan = Person(hub)
    token = hub.one("SELECT admin.new_token(%s, '', 1)", ivan.uname)
    bearer = {"Authorization": "Bearer " + token}
    assert hub.get("/api/v1/user.json", headers=bearer).status_code == 200
    answer = hub.put("/api/v1/user.json", None, headers=bearer, json={"email": "e@example.com"})
    assert answer.status_code == 403
    assert ivan.user()["email"] == ivan.uname + "@example.com"


def test_notifiers_are_on_until_they_are_turned_off_one_by_one(hub):
    ivan, path = Person(hub), "user/notifiers.json"
    first = ivan.get(path).json()
    assert first["url"] == "/api/v1/" + path
    assert set(first["user"]["notifiers"].values()) == {True}
    for sent in ({"notifiers": {"new_issue": False, "new_build": "0", "can_notify": ""}},
                 {"notifiers": {"new_build": "on"}}):
        assert message(ivan.ask("PUT", path, sent), "user", 200) == \
            "User notification settings have been updated successfully"
    off = {k for k, v in ivan.get(path).json()["user"]["notifiers"].items() if not v}
    assert off == {"new_issue"}
    assert set(Person(hub).get(path).json()["user"]["notifiers"].values()) == {True}


def test_after_a_change_the_new_address_logs_in_and_the_old_one_does_not(hub):
    ivan = Person(hub)
    old, new = ivan.email(), unique("moved") + "@example.com"
    assert hub.get("/api/v1/user.json", (old.upper(), ivan.password)).status_code == 200
    assert ivan.ask("PUT", "user.json", {"email": new}).status_code == 200
    assert hub.get("/api/v1/user.json", (old, ivan.password)).status_code == 401
    assert hub.get("/api/v1/user.json", (new, ivan.password)).json()["user"]["id"] == ivan.id
    assert ivan.get("user.json").status_code == 200


# ---- groups


class Group:
    """A group, which its owner made."""

    def __init__(self, owner, **members):
        self.uname = unique("group")
        answer = owner.ask("POST", "groups.json", {"group": {"uname": self.uname}})
        assert answer.status_code == 200, answer.text
        self.id = answer.json()["group"]["id"]
        self.owner = owner
        self.path = "groups/%d" % self.id
        for role, person in members.items():
            assert self.add(person, role).status_code == 200

    def member(self, action, person, asker=None, **more):
        method = "DELETE" if action == "remove" else "PUT"
        return (asker or self.owner).ask(method, "%s/%s_member" % (self.path, action),
                                         {"member_id": person.id, **more})

    def add(self, person, role=None, asker=None):
        return self.member("add", person, asker, **({"role": role} if role else {}))

    def roles(self):
        return {row["uname"]: row["role"] for row in self.owner.hub.sql(
            "SELECT a.uname, m.role FROM hub.team_member m JOIN hub.account a"
            " ON a.id = m.account_id WHERE m.team_id = %s", self.id)}


def test_who_makes_a_group_owns_it_and_everyone_sees_it(hub):
    ivan, petr = Person(hub, name="Ivan A"), Person(hub)
    group = Group(ivan, reader=petr)
    shown = hub.get("/api/v1/%s.json" % group.path).json()["group"]
    assert shown["owner"] == {"id": ivan.id, "name": "Ivan A", "type": "User", "uname": ivan.uname,
                              "url": "/api/v1/users/%d.json" % ivan.id}
    assert (shown["description"], shown["avatar_url"]) == (None, "")
    assert group.roles() == {ivan.uname: 3, petr.uname: 1}
    assert hub.one("SELECT count(*) FROM hub.platform p JOIN hub.repository r"
                   " ON r.platform_id = p.id WHERE p.owner_team_id = %s AND r.name = 'main'",
                   group.id) == 1


def test_a_group_list_is_of_those_one_is_a_member_of(hub):
    ivan, petr = Person(hub), Person(hub)
    groups = [Group(ivan), Group(ivan, writer=petr), Group(ivan), Group(petr)]
    ids = [group.id for group in groups]
    assert [g["id"] for g in petr.get("groups.json").json()["groups"]] == [ids[1], ids[3]]
    pages = [ivan.get("groups.json?per_page=2&page=%d" % n).json()["groups"] for n in (1, 2, 3)]
    assert [[g["id"] for g in page] for page in pages] == [ids[:2], ids[2:3], []]
    assert hub.get("/api/v1/groups.json", hub.admin).json()["groups"] == []


def test_a_uname_is_of_one_account_or_one_group_in_any_case(hub):
    ivan = Person(hub)
    group = Group(ivan)
    for uname, taken in ((ivan.uname, True), (group.uname, True), (unique("free"), False)):
        answer = ivan.ask("POST", "groups.json", {"group": {"uname": uname}})
        assert answer.status_code == (422 if taken else 200)
        if taken:
            assert message(answer, "group") == \
                "Group has not been created. Uname has already been taken"
    assert message(make_user(hub, uname=group.uname), "user") == \
        "User has not been created. Nickname has already been taken"
    hub.account("Upper_Case")  # made by the command, which allows capitals
    assert message(ivan.ask("POST", "groups.json", {"uname": "upper_case"}), "group") == \
        "Group has not been created. Uname has already been taken"


@pytest.mark.parametrize("texts, faults", [
    ({}, "Uname can't be blank. Uname is invalid"),
    ({"uname": "Big"}, "Uname is invalid"),
    ({"uname": "settings"}, "Uname is reserved"),
    ({"uname": "g" * 101}, "Uname is too long (maximum is 100 characters)"),
    ({"uname": "good", "description": "d" * 10001},
     "Description is too long (maximum is 10000 characters)"),
])
def test_what_is_wrong_with_a_new_group_is_said(hub, texts, faults):
    answer = Person(hub).ask("POST", "groups.json", {"group": texts})
    assert message(answer, "group") == "Group has not been created. " + faults
    assert hub.one("SELECT count(*) FROM hub.team WHERE uname = 'good'") == 0


def test_a_group_changes_its_description_and_branch_but_not_its_name(hub):
    ivan, petr = Person(hub), Person(hub)
    group = Group(ivan, admin=petr)
    done = petr.ask("PUT", group.path, {"group": {"description": "who packages", "uname": "tsars",
                                                  "default_branch": "rosa2014.1"}})
    assert message(done, "group", 200) == "Group has been updated successfully"
    assert ivan.ask("PATCH", group.path, {"description": ""}).status_code == 200
    shown = ivan.get(group.path).json()["group"]
    assert (shown["uname"], shown["description"]) == (group.uname, None)
    assert hub.one("SELECT default_branch FROM hub.team WHERE id = %s", group.id) == "rosa2014.1"
    assert message(ivan.ask("PUT", group.path, {"default_branch": "b" * 101}), "group") == \
        "Group has not been updated. Default branch is too long (maximum is 100 characters)"


def test_members_are_listed_by_name_without_the_owner(hub):
    ivan = Person(hub, name="AAA")
    group = Group(ivan)
    zoe, bob, nameless = (Person(hub, name="zoe"), Person(hub, name="Bob C"),
                          Person(hub, uname=unique("m_nameless")))
    for person in (zoe, nameless, bob):
        group.add(person)
    answer = ivan.get(group.path + "/members.json").json()
    assert answer["url"] == "/api/v1/%s/members.json" % group.path
    assert [m["name"] for m in answer["group"]["members"]] == ["Bob C", None, "zoe"]
    assert answer["group"]["members"][0] == {
        "id": bob.id, "type": "User", "name": "Bob C", "uname": bob.uname,
        "url": "/api/v1/users/%d.json" % bob.id}
    page = ivan.get(group.path + "/members?per_page=1&page=2").json()["group"]["members"]
    assert [m["id"] for m in page] == [nameless.id]


def test_adding_is_done_once_and_the_role_stays(hub):
    ivan, petr, olga = Person(hub), Person(hub), Person(hub)
    group = Group(ivan)
    for role in ("reader", "admin", None):
        assert message(group.add(petr, role), "group", 200) == \
            "User '%d' has been added to group successfully" % petr.id
    group.add(olga)
    assert message(group.add(ivan, "reader"), "group", 200).startswith("User")
    assert group.roles() == {ivan.uname: 3, petr.uname: 1, olga.uname: 3}


def test_removing_may_be_repeated_but_not_of_the_owner_or_of_nobody(hub):
    ivan, petr, worker = Person(hub), Person(hub), Person(hub, role="system")
    group = Group(ivan, admin=petr)
    assert message(group.member("remove", ivan, petr), "group") == \
        "Member has not been removed from group"
    for _ in range(2):
        assert message(group.member("remove", petr), "group", 200) == \
            "User '%d' has been removed from group successfully" % petr.id
    assert group.roles() == {ivan.uname: 3}
    for wrong in (999999999, "x", None, worker.id):
        answer = ivan.ask("DELETE", group.path + "/remove_member", {"member_id": wrong})
        assert message(answer, "group") == "Member has not been removed from group"
        answer = ivan.ask("PUT", group.path + "/add_member", {"member_id": wrong})
        assert message(answer, "group") == "Member has not been added to group"


def test_a_role_changes_for_members_only_and_never_for_the_owner(hub):
    ivan, petr, olga = Person(hub), Person(hub), Person(hub)
    group = Group(ivan, admin=petr)
    failed = "Role for member has not been updated in group"
    assert message(group.member("update", petr, role="writer"), "group", 200) == \
        "Role for user '%d' has been updated in group successfully" % petr.id
    for person, role in ((ivan, "reader"), (olga, "reader"), (petr, "king"), (petr, ""),
                         (petr, None)):
        assert message(group.member("update", person, role=role), "group") == failed
    assert message(group.add(olga, "king"), "group") == "Member has not been added to group"
    assert group.roles() == {ivan.uname: 3, petr.uname: 2}


def test_only_the_owner_and_admins_manage_a_group_and_only_the_owner_ends_it(hub):
    ivan, admin, writer, stranger = (Person(hub) for _ in range(4))
    group = Group(ivan, admin=admin, writer=writer)
    for person, status in ((writer, 403), (stranger, 403), (admin, 200), (ivan, 200)):
        assert person.get(group.path + "/members").status_code == status
        assert person.ask("PUT", group.path, {"description": "x"}).status_code == status
        assert group.add(writer, "reader", person).status_code == status
    for person in (writer, stranger, admin):
        assert person.ask("DELETE", group.path).status_code == 403
    for method, path in (("PUT", ""), ("DELETE", ""), ("GET", "/members"), ("PUT", "/add_member")):
        for number in (group.id, 999999999):
            answer = hub.request(method, "/api/v1/groups/%d%s" % (number, path))
            assert answer.status_code == 401
    assert group.roles() == {ivan.uname: 3, admin.uname: 3, writer.uname: 2}


def test_what_a_role_allows_changes_at_once(hub, name):
    ivan, petr = Person(hub), Person(hub)
    group = Group(ivan, reader=petr)
    add_project(hub, group, name)
    hub.set_access(name, 0)
    for role, status in (("reader", 403), ("admin", 200), ("writer", 403), ("admin", 200)):
        assert group.member("update", petr, role=role).status_code == 200
        assert petr.get(group.path + "/members").status_code == status
        assert petr.ask("PUT", group.path, {"description": role}).status_code == status
    for role, fetch, push in (("reader", 200, 403), ("writer", 200, 200), ("reader", 200, 403)):
        assert group.member("update", petr, role=role).status_code == 200
        for service, status in (("upload", fetch), ("receive", push)):
            assert hub.get("/%s.git/info/refs?service=git-%s-pack" % (name, service),
                           petr.pair).status_code == status
    count = petr.get(group.path).json()["group"]["own_projects_count"]
    group.member("remove", petr)
    assert (count, petr.get(group.path).json()["group"]["own_projects_count"]) == (1, 0)
    assert petr.get("groups.json").json()["groups"] == []
    assert hub.get("/%s.git/info/refs?service=git-upload-pack" % name, petr.pair).status_code == 404


def add_project(hub, group, path):
    """A project of the group, with a store."""
    hub.run_program("mirrorhub", "create-project", path, "--owner", group.owner.uname)
    hub.sql("UPDATE hub.project SET owner_account_id = NULL, owner_team_id = %s WHERE path = %s",
            group.id, path)


def test_a_group_goes_with_its_projects_their_stores_and_its_platform(hub, name):
    ivan, petr = Person(hub), Person(hub)
    group, other = Group(ivan, writer=petr), Group(ivan)
    paths = [name + "-1", name + "-2"]
    for path in paths:
        add_project(hub, group, path)
    add_project(hub, other, name + "-other")
    stores = [hub.store_dir(path) for path in paths]
    kept = hub.store_dir(name + "-other")
    assert all(store.is_dir() for store in stores)
    done = ivan.ask("DELETE", group.path)
    assert message(done, "group", 200) == "Group has been destroyed successfully"
    assert ivan.get(group.path).status_code == 404
    assert hub.one("SELECT count(*) FROM hub.project WHERE path = ANY(%s)", paths) == 0
    assert hub.one("SELECT count(*) FROM hub.platform WHERE name = %s",
                   group.uname + "_personal") == 0
    wait_until(lambda: not any(store.exists() for store in stores), 60, "the stores are gone")
    assert kept.is_dir()
    assert ivan.get(other.path).json()["group"]["own_projects_count"] == 1
    actions = [row["action"] for row in hub.sql(
        "SELECT action FROM hub.event WHERE actor = %s ORDER BY id", ivan.uname)]
    assert actions[-3:] == ["project.delete", "project.delete", "team.delete"]
    # the name is free again
    assert ivan.ask("POST", "groups.json", {"uname": group.uname}).status_code == 200


# ---- search


def search(hub, text, auth=None, **more):
    answer = hub.get("/api/v1/search.json", auth, params={"query": text, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json()["url"] == "/api/v1/search.json"
    return answer.json()["results"]


def test_a_search_is_of_the_type_asked_for_or_of_all(hub):
    ivan = Person(hub, uname="searched_ivan", name="Ivan A")
    found = search(hub, "searched")
    assert list(found) == ["users", "groups", "projects", "platforms"]
    assert found["users"] == [{"id": ivan.id, "uname": ivan.uname, "name": "Ivan A",
                               "url": "/api/v1/users/%d.json" % ivan.id}]
    (platform,) = found["platforms"]
    assert (platform["name"], platform["visibility"], platform["platform_type"]) == \
        ("searched_ivan_personal", "open", "personal")
    assert set(platform) == {"id", "name", "visibility", "platform_type", "url"}
    assert (found["groups"], found["projects"]) == ([], [])
    assert search(hub, "searched", type="users") == {"users": found["users"]}
    assert search(hub, "searched", type="platforms") == {"platforms": found["platforms"]}
    assert search(hub, "searched", type="cats") == found


def test_an_exact_name_is_found_first(hub):
    long, short = Person(hub, uname="exactly_long"), Person(hub, uname="exactly")
    assert [u["id"] for u in search(hub, "EXACTLY")["users"]] == [short.id, long.id]
    group = Group(short)
    assert search(hub, group.uname, type="groups")["groups"][0] == {
        "id": group.id, "uname": group.uname, "url": "/api/v1/groups/%d.json" % group.id}


def test_hidden_projects_are_found_by_those_who_may_read_them(hub, name):
    ivan, petr, stranger = Person(hub), Person(hub), Person(hub)
    group = Group(ivan, reader=petr)
    add_project(hub, group, name)
    assert search(hub, name)["projects"][0]["name"] == name
    hub.set_access(name, 0)
    for auth, n in ((None, 0), (stranger.pair, 0), (petr.pair, 1), (ivan.pair, 1), (hub.admin, 1)):
        assert len(search(hub, name, auth)["projects"]) == n


def test_a_page_of_a_search_names_the_next_one(hub):
    people = [Person(hub, uname="paged_%d" % i) for i in range(3)]
    answer = hub.get("/api/v1/search.json?query=paged_&type=users&per_page=2")
    assert [u["id"] for u in answer.json()["results"]["users"]] == [p.id for p in people[:2]]
    assert 'rel="next"' in answer.headers["Link"]
    last = hub.get(answer.links["next"]["url"][len(hub.url):])
    assert [u["id"] for u in last.json()["results"]["users"]] == [people[2].id]
    assert 'rel="next"' not in last.headers["Link"]


def test_a_search_takes_any_text(hub):
    for text in ("", "%", "_", "\\", "'", "a" * 3000, "юла", "\x01", None):
        assert set(search(hub, text)) == {"users", "groups", "projects", "platforms"}
    assert hub.get("/api/v1/search.json?query=%ff").status_code == 400
