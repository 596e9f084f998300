"""The sentences of refused inputs (contract 5 and the details of 2.3 and 3.3), row by row, and those
cases that need more than one request."""

import pytest

from conformance.abf import openapi
from conformance.abf.client import Abf, digest, personal
from conformance.abf.keys import pair
from conformance.abf.texts import AS_ADMIN, FORM, GOOD, ROWS
from fixtures.repos import simple


class World:
    def __init__(self, hub):
        self.hub, self.admin = hub, Abf(hub, hub.admin)
        self.owner, owner = self.admin.user("owner")
        _, other = self.admin.user("other")
        stranger, stranger_id = self.admin.user("stranger")
        _, member = self.admin.user("member")
        team = self.owner.group("team", [(member, "writer")])
        project = self.owner.project("source", owner)
        self.owner.project("taken", owner)
        self.owner.add_member("projects", project, member, role="writer")
        platform = self.admin.platform("main1", owner)
        self.ids = {
            "owner": owner, "other": other, "member": member, "projects": project, "groups": team,
            "platform": platform, "platforms": platform,
            "repositories": self.owner.repository(platform, "main"),
            "hidden_platform": self.admin.platform("secret", stranger_id, visibility="hidden"),
            "hidden_project": stranger.project("secret", stranger_id, visibility="hidden"),
        }

    def refused(self, operation, change):
        """The 422 of an operation with its good body, changed so; nothing else may change."""
        one = openapi.operations()[operation]
        root, _, _ = one.inputs
        body = {k: self.value(v) for k, v in {**GOOD.get(operation, {}), **change}.items()
                if v is not None}
        path = one.path.replace("{id}", str(self.ids.get(one.tag)))
        actor = self.admin if operation in AS_ADMIN else self.owner
        before = digest(self.hub)
        got = actor.ask(one.method, path, 422, json={root: body} if root else body)
        assert digest(self.hub) == before
        return next(iter(got.json().values()))["message"]

    def value(self, value):
        return self.ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


@pytest.mark.parametrize("operation, change, errors", ROWS, ids=[
    "%s %s" % (o, str(c)[:40]) for o, c, _ in ROWS])
def test_a_refused_input_is_told_what_is_wrong(world, operation, change, errors):
    assert world.refused(operation, change) == ". ".join([FORM[operation], *errors])


def test_every_operation_that_may_refuse_an_input_has_a_row():
    told = {o.id for o in openapi.operations().values() if "422" in o.responses}
    told -= {o for o in told if o.startswith("patch")}
    elsewhere = {"updateSignatures", "addBuildResult", "updateNotifiers", "updateGroup",
                 "removeRepositoryProject"}
    assert told - {row[0] for row in ROWS} == elsewhere


# ---------------------------------------------------------------- projects

def test_a_name_is_stripped_and_kept_in_its_case(world):
    made = world.owner.project("  test_Name  ", world.ids["owner"])
    assert world.owner.get("projects/%d.json" % made)["project"]["name"] == "test_Name"


def test_a_wrong_default_branch_is_told_only_when_it_is_asked_for(world, tmp_path):
    made = world.owner.project("branches", world.ids["owner"])
    path = "projects/%d.json" % made
    world.owner.put(path, {"project": {"default_branch": "anything"}})  # there is none yet
    repo = simple(tmp_path / "repo.git")
    url = world.hub.clone_url("owner/branches", world.owner.auth)
    world.hub.git("-C", repo.path, "push", "-q", url, "main:main", "main:devel")
    text = world.owner.put(path, {"project": {"default_branch": "nope"}}, 422)
    assert text == "Project has not been updated. Default branch Wrong branch"
    world.owner.put(path, {"project": {"default_branch": "devel"}})
    assert world.owner.get(path)["project"]["default_branch"] == "devel"
    world.owner.put(path, {"project": {"description": "only this"}})


def test_a_name_that_the_personal_repository_has_already_is_told(world):
    _, main = personal(world.hub, "owner")
    other = Abf(world.hub, ("other", "secret-of-other"))
    foreign = other.project("clash", world.ids["other"])
    world.owner.put("repositories/%d/add_project.json" % main, {"project_id": foreign})
    new = {"name": "clash", "owner_id": world.ids["owner"], "owner_type": "User",
           "visibility": "open"}
    text = world.owner.post("projects.json", {"project": new}, 422)
    assert text == "Project has not been created. Project already exists in platform"
    world.owner.post("projects.json", {"project": {**new, "is_package": False}})


def test_adding_a_member_twice_keeps_the_role_and_removing_nobody_is_fine(world):
    path = "projects/%d/" % world.ids["projects"]
    member = {"member_id": world.ids["member"], "type": "User"}

    def role():
        return world.hub.one("SELECT access::int FROM hub.project_grant WHERE project_id = %s"
                             " AND account_id = %s", world.ids["projects"], world.ids["member"])
    world.owner.put(path + "add_member.json", {**member, "role": "admin"})
    assert role() == 2
    world.owner.put(path + "add_member.json",
                    {"member_id": world.ids["owner"], "type": "User", "role": "reader"})
    nobody = {"member_id": world.ids["other"], "type": "User"}
    assert world.owner.delete(path + "remove_member.json", nobody) == world.ids["projects"]
    world.owner.put(path + "add_member.json", nobody)  # no role: reader
    assert world.hub.one("SELECT access::int FROM hub.project_grant WHERE project_id = %s AND"
                         " account_id = %s", world.ids["projects"], world.ids["other"]) == 1
    world.owner.delete(path + "remove_member.json", nobody)


# ---------------------------------------------------------------- repositories

CLASH = ("Project adding error. A project with such name already exists in one repository of "
         "platform. Remove the old project first")


def test_a_platform_has_one_project_of_a_name(world):
    other = Abf(world.hub, ("other", "secret-of-other"))
    mine = world.owner.project("One", world.ids["owner"])
    theirs = other.project("oNE", world.ids["other"])
    alike = other.project("o_e", world.ids["other"])  # _ is no wildcard
    second = world.owner.repository(world.ids["platform"], "second")
    path = "repositories/%d/add_project.json"
    first = path % world.ids["repositories"]
    world.owner.put(first, {"project_id": mine})
    for again in (mine, theirs):
        assert world.owner.put(first, {"project_id": again}, 422) == CLASH
        assert world.owner.put(path % second, {"project_id": again}, 422) == CLASH
    world.owner.put(first, {"project_id": alike})
    remove = "repositories/%d/remove_project.json"
    for absent in (mine, 10 ** 9, "nonsense"):  # always 200, the number as it was sent
        got = world.owner.ask("DELETE", remove % second, 200, json={"project_id": absent})
        assert got.json()["repository"]["message"] == \
            "Project '%s' has been removed from repository successfully" % absent


def test_a_released_platform_stays_released(world):
    made = world.admin.platform("released", world.ids["owner"])
    main = world.owner.repository(made, "main")
    path = "platforms/%d.json" % made
    world.owner.put(path, {"platform": {"released": True}})
    assert world.owner.get("repositories/%d.json" % main)["repository"]["publish_without_qa"] is False
    text = world.owner.put(path, {"platform": {"released": False}}, 422)
    assert text == ("Platform has not been updated. Released Released status can't be changed if "
                    "platform has been released")


def test_a_personal_platform_keeps_its_owner(world):
    platform, _ = personal(world.hub, "owner")
    text = world.owner.put("platforms/%d.json" % platform,
                           {"platform": {"owner_id": world.ids["other"]}}, 422)
    assert text == ("Platform has not been updated. Owner Owner of personal platform can't be "
                    "changed")


@pytest.mark.parametrize("keys, errors", [
    (lambda: {}, ["Secret key can't be blank", "Secret key wrong", "Public key can't be blank",
                  "Public key wrong"]),
    (lambda: {"public": pair()[0]}, ["Secret key can't be blank", "Secret key wrong"]),
    (lambda: {"secret": pair()[1]}, ["Public key can't be blank", "Public key wrong"]),
    (lambda: {"public": "x", "secret": pair()[1]}, ["Public key wrong"]),
    (lambda: {"public": pair()[0], "secret": "x"}, ["Secret key wrong"]),
    (lambda: {"public": pair()[1], "secret": pair()[1]}, ["Public key contains secret key"]),
    (lambda: {"public": pair()[0], "secret": pair()[0]}, ["Secret key contains public key"]),
    (lambda: {"public": pair()[0], "secret": pair("someone-else")[1]},
     ["Secret key keys are imported, but it is not a key pair (ids differ)"]),
    (lambda: dict(zip(("public", "secret"), pair("guarded", "a passphrase"))),
     ["Secret key contains passphrase"]),
], ids=["nothing", "no secret", "no public", "public is none", "secret is none",
        "public is secret", "secret is public", "two pairs", "passphrase"])
def test_what_is_wrong_with_a_key_pair(world, keys, errors):
    path = "repositories/%d/signatures.json" % world.ids["repositories"]
    stored = "SELECT fingerprint FROM hub.key_pair WHERE repository_id = %s"
    public, secret = pair()
    world.owner.put(path, {"repository": {"public": public, "secret": secret}})
    before = world.hub.one(stored, world.ids["repositories"])
    text = world.owner.put(path, {"repository": keys()}, 422)
    assert text.split(". ") == ["Signatures have not been updated for repository", *errors]
    assert world.hub.one(stored, world.ids["repositories"]) == before  # the old pair stays


@pytest.mark.parametrize("which, label", [("public", "Public key"), ("secret", "Secret key")])
def test_a_key_has_at_most_ten_thousand_characters(world, which, label):
    public, secret = pair()
    keys = {"public": public, "secret": secret, which: "x" * 10001}
    text = world.owner.put("repositories/%d/signatures.json" % world.ids["repositories"],
                           {"repository": keys}, 422)
    assert label + " is too long (maximum is 10000 characters)" in text.split(". ")


def test_the_same_keys_are_taken_without_the_root(world):
    public, secret = pair()
    world.owner.put("repositories/%d/signatures.json" % world.ids["repositories"],
                    {"public": public, "secret": secret})
