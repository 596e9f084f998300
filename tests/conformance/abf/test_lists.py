"""What lists, look-ups and the parts of answers hold (contract 2.1, P1, P3, R2), and the last rules of
section 5 that need many rows."""

import pytest

from conformance.abf.client import DENIED, NOT_FOUND, Abf


class World:
    def __init__(self, hub):
        self.hub, self.admin, self.guest = hub, Abf(hub, hub.admin), Abf(hub)
        self.ivan, self.ivan_id = self.admin.user("ivan")
        self.peter, self.peter_id = self.admin.user("peter")


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


def names(answer):
    return [p["fullname"] for p in answer["projects"]]


# ---------------------------------------------------------------- P1

def test_a_list_has_what_one_belongs_to_and_nothing_else(world):
    anna, anna_id = world.admin.user("anna")
    ivan, ivan_id = world.ivan, world.ivan_id
    mine = ivan.group("of_anna", [(anna_id, "reader")])
    others = ivan.group("others")
    in_group = ivan.group("in_group", [(anna_id, "reader")])
    anna.project("own", anna_id)
    ivan.project("of-group", mine, "Group", "hidden")
    ivan.project("of-others", others, "Group")
    ivan.project("public", ivan_id)
    member = ivan.project("as-member", ivan_id, visibility="hidden")
    ivan.add_member("projects", member, anna_id, role="reader")
    by_group = ivan.project("by-group", ivan_id)
    ivan.add_member("projects", by_group, in_group, "Group", role="reader")
    both = ivan.project("by-both", ivan_id)
    ivan.add_member("projects", both, anna_id, role="writer")
    ivan.add_member("projects", both, in_group, "Group", role="reader")
    listed = anna.get("projects.json")
    assert names(listed) == ["anna/own", "of_anna/of-group", "ivan/as-member", "ivan/by-group",
                             "ivan/by-both"]
    ids = [p["id"] for p in listed["projects"]]
    assert ids == sorted(ids)
    assert names(world.admin.get("projects.json")) == []  # no extra rows for an administrator
    # what is listed is what is shown
    for one in listed["projects"]:
        shown = anna.get("projects/%d.json" % one["id"])["project"]
        assert one == {k: v for k, v in shown.items()
                       if k not in ("project_statistics", "repositories")}


def test_a_right_that_ends_ends_the_row_at_once(world):
    olga, olga_id = world.admin.user("olga")
    made = world.ivan.project("for-olga", world.ivan_id)
    group = world.ivan.group("with_olga", [(olga_id, "admin")])
    world.ivan.add_member("projects", made, group, "Group", role="reader")
    assert names(olga.get("projects.json")) == ["ivan/for-olga"]
    world.ivan.delete("groups/%d/remove_member.json" % group, {"member_id": olga_id})
    assert names(olga.get("projects.json")) == []


# ---------------------------------------------------------------- P3

def test_a_project_is_found_by_owner_and_name_exactly_or_in_any_case(world):
    made = world.ivan.project("Find_Me", world.ivan_id)
    for query in ("name=Find_Me&owner=ivan", "name=find_me&owner=IVAN", "owner=ivan/Find_Me"):
        for actor in (world.guest, world.peter):
            assert actor.get("projects/get_id.json?" + query)["project"]["id"] == made, query
    for query in ("", "name=Find_Me", "owner=ivan", "name=&owner=", "name=ind_M&owner=ivan",
                  "name=FindxMe&owner=ivan", "name=Find%25&owner=ivan", "name=Find_Me&owner=iva",
                  "name=Find_Me&owner=peter"):
        assert world.guest.get("projects/get_id.json?" + query, 404) == NOT_FOUND, query


# ---------------------------------------------------------------- 2.1

def test_addresses_are_for_who_asks(world):
    made = world.ivan.project("addressed", world.ivan_id)
    host = world.hub.url.partition("://")[2]
    for actor, who in ((world.guest, ""), (world.peter, "peter@"), (world.ivan, "ivan@")):
        shown = actor.get("projects/%d.json" % made)["project"]
        assert shown["git_url"] == "http://%s%s/ivan/addressed.git" % (who, host)
        assert shown["ssh_url"] == "git@%s:ivan/addressed.git" % host.partition(":")[0]
        assert shown["url"] == "/api/v1/projects/%d.json" % made


def test_a_group_as_owner_is_called_by_its_uname(world):
    group = world.ivan.group("called")
    made = world.ivan.project("tool", group, "Group")
    assert world.guest.get("projects/%d.json" % made)["project"]["owner"] == {
        "id": group, "uname": "called", "name": "called", "type": "Group",
        "url": "/api/v1/groups/%d.json" % group}


def test_members_are_told_with_the_owner_by_uname(world):
    group = world.ivan.group("a_group")
    made = world.ivan.project("with-members", world.ivan_id)
    world.ivan.add_member("projects", made, world.peter_id, role="reader")
    world.ivan.add_member("projects", made, group, "Group", role="reader")
    told = world.ivan.get("projects/%d/members.json" % made)["project"]["members"]
    assert [(m["uname"], m["type"]) for m in told] == [("a_group", "Group"), ("ivan", "User"),
                                                       ("peter", "User")]


# ---------------------------------------------------------------- 5.1

def test_an_owner_has_at_most_32000_projects(world):
    many, many_id = world.admin.user("many")
    world.hub.sql("WITH s AS (INSERT INTO hub.store DEFAULT VALUES RETURNING id)"
                  " INSERT INTO hub.project (path, owner_account_id, store_id)"
                  " SELECT 'many/p' || i, %s, s.id FROM s, generate_series(1, 31999) i", many_id)
    many.project("the-last", many_id)
    new = {"name": "one-more", "owner_id": many_id, "owner_type": "User", "visibility": "open"}
    text = many.post("projects.json", {"project": new}, 422)
    assert text == "Project has not been created. You cannot have more than 32000 projects."
    world.hub.sql("DELETE FROM hub.project WHERE owner_account_id = %s AND name ~ '^p[0-9]+$'",
                  many_id)


# ---------------------------------------------------------------- Z-06

def test_Z06_a_taken_name_is_told_to_those_alone_who_may_write_there(world):
    group = world.ivan.group("z06", [(world.peter_id, "writer")])
    world.ivan.project("hidden-one", group, "Group", "hidden")
    world.ivan.project("hidden-two", world.ivan_id, visibility="hidden")

    def create(name, owner, kind, status):
        return world.peter.post("projects.json", {"project": {
            "name": name, "owner_id": owner, "owner_type": kind, "visibility": "open"}}, status)
    assert create("hidden-one", group, "Group", 422) == \
        "Project has not been created. Name has already been taken"
    for name in ("hidden-two", "free"):
        assert create(name, world.ivan_id, "User", 403) == DENIED
