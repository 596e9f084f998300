"""People, groups and search in the ABF API: what the contract's own rows (tests/conformance/abf) do
not say."""

import itertools

import pytest

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
