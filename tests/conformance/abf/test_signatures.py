"""Contract abf.md R11 (signatures), R14 (key_pair), R15 (public_key): every text of R11, who may,
and that a secret key is in no answer but R14's, no log, no dump, no file."""

import json
import random
import re

import pytest

from fixtures.gpg import armored, armored_bytes

FAILED = "Signatures have not been updated for repository"
DENIED = '{"message":"Access violation to this page!"}'
MISSING = '{"status":404,"message":"Error 404. Resource not found!"}'
WHO = '{"error":"You need to sign in or sign up before continuing."}'

# name -> (type, hidden) of the platforms; each has a repository of its name
PLATFORMS = {"cooker": ("main", False), "secret": ("main", True), "swap": ("main", False),
             "canary": ("main", False), "forms": ("main", False)}


class World:
    """People, platforms, and a repository in each."""

    def __init__(self, hub):
        self.hub = hub
        self.people = {name: hub.account(name) for name in ("owner", "member", "keeper", "stranger")}
        self.people["system"] = hub.account("builder", role="system")
        self.people["admin"] = hub.admin
        self.people["guest"] = None
        self.repositories = {name: self.platform(name, *row) for name, row in PLATFORMS.items()}
        self.repositories["personal"] = hub.one(
            "SELECT r.id FROM hub.repository r JOIN hub.platform p ON p.id = r.platform_id"
            " WHERE p.name = 'owner_personal'")

    def platform(self, name, kind, hidden):
        hub = self.hub
        platform = hub.one(
            "INSERT INTO hub.platform (name, description, platform_type, distrib_type,"
            " default_branch, is_hidden, owner_account_id) SELECT %s, 'd', %s, 'mdv', 'master', %s, id"
            " FROM hub.account WHERE uname = 'owner' RETURNING id", name, kind, hidden)
        repository = hub.one("INSERT INTO hub.repository (platform_id, name, description)"
                             " VALUES (%s, %s, 'd') RETURNING id", platform, name)
        hub.sql("INSERT INTO hub.platform_grant (platform_id, account_id, access)"
                " SELECT %s, id, 3 FROM hub.account WHERE uname = 'member'", platform)
        hub.sql("INSERT INTO hub.repository_grant (repository_id, account_id)"
                " SELECT %s, id FROM hub.account WHERE uname = 'keeper'", repository)
        return repository

    def path(self, repository, action):
        number = self.repositories.get(repository, repository)
        return "/api/v1/repositories/%s/%s.json" % (number, action)

    def put(self, repository, body, who="owner", **kw):
        if body is not None:
            kw["json"] = body
        return self.hub.put(self.path(repository, "signatures"), self.people[who], **kw)

    def key_pair(self, repository, who="system"):
        return self.hub.get(self.path(repository, "key_pair"), self.people[who])


@pytest.fixture(scope="module")
def world(hub):
    return World(hub)


@pytest.fixture(scope="module")
def keys(keyring):
    """Texts by name: each key's two halves, and things that are no keys."""
    for name in ("anna", "berta"):
        keyring.make(name)
    keyring.make("rsa", "rsa2048")
    keyring.make("locked", passphrase="a canary passphrase")
    out = {"locked secret": keyring.secret("locked", passphrase="a canary passphrase"),
           "locked public": keyring.public("locked")}
    for name in ("anna", "berta", "rsa"):
        out[name + " public"] = keyring.public(name)
        out[name + " secret"] = keyring.secret(name)
    data = armored_bytes(out["anna public"])
    out.update({
        "nothing": None,
        "": "",
        "blanks": " \r\n\t ",
        "words": "this is no key",
        "message": keyring.sign("rsa", "hello"),
        "two keys": keyring.public("anna", "berta"),
        "two secrets": keyring.secret("anna", "berta"),
        "cut": out["anna public"][:200],
        "cut inside": armored(data[:-20]),
        "bad sum": re.sub("\n=....\n", "\n=AAAA\n", out["anna public"]),
        "certificate": out["anna public"].replace("PGP PUBLIC KEY BLOCK", "CERTIFICATE"),
        "long secret": "x" * 10000 + "\n" + out["anna secret"],
        "long public": "x" * 10000 + "\n" + out["anna public"],
        "long words": "x" * 10001,
        "as long as may be": "x" * (9999 - len(out["anna secret"])) + "\n" + out["anna secret"],
    })
    return out


def body(keys, public, secret):
    pair = {"public": keys[public], "secret": keys[secret]}
    return {name: text for name, text in pair.items() if text is not None}


NO_SECRET = ". Secret key can't be blank. Secret key wrong"
NO_PUBLIC = ". Public key can't be blank. Public key wrong"
LONG_SECRET = ". Secret key is too long (maximum is 10000 characters)"
LONG_PUBLIC = ". Public key is too long (maximum is 10000 characters)"
NO_PAIR = ". Secret key keys are imported, but it is not a key pair (ids differ)"

# public, secret, what follows the base message
REFUSED = [
    ("nothing", "nothing", NO_SECRET + NO_PUBLIC),
    ("", "", NO_SECRET + NO_PUBLIC),
    ("blanks", "blanks", NO_SECRET + NO_PUBLIC),
    ("anna public", "nothing", NO_SECRET),
    ("nothing", "anna secret", NO_PUBLIC),
    ("words", "", NO_SECRET + ". Public key wrong"),
    ("", "words", NO_PUBLIC + ". Secret key wrong"),
    ("words", "words", ". Public key wrong. Secret key wrong"),
    ("words", "anna secret", ". Public key wrong"),
    ("anna public", "words", ". Secret key wrong"),
    ("message", "message", ". Public key wrong. Secret key wrong"),
    ("two keys", "anna secret", ". Public key wrong"),
    ("anna public", "two secrets", ". Secret key wrong"),
    ("cut", "anna secret", ". Public key wrong"),
    ("cut inside", "anna secret", ". Public key wrong"),
    ("bad sum", "anna secret", ". Public key wrong"),
    ("certificate", "anna secret", ". Public key wrong"),
    ("anna secret", "anna secret", ". Public key contains secret key"),
    ("anna public", "anna public", ". Secret key contains public key"),
    ("anna secret", "anna public", ". Public key contains secret key. Secret key contains public key"),
    ("words", "anna public", ". Public key wrong. Secret key contains public key"),
    ("anna public", "berta secret", NO_PAIR),
    ("rsa public", "anna secret", NO_PAIR),
    ("anna public", "locked secret", NO_PAIR),
    ("locked public", "locked secret", ". Secret key contains passphrase"),
    ("anna public", "long secret", LONG_SECRET),
    ("long public", "anna secret", LONG_PUBLIC),
    ("long words", "long words", LONG_SECRET + ". Secret key wrong" + LONG_PUBLIC + ". Public key wrong"),
    ("berta public", "long secret", LONG_SECRET + NO_PAIR),
]


@pytest.mark.parametrize("public, secret, told", REFUSED, ids=["%s, %s" % row[:2] for row in REFUSED])
def test_R11_refuses_with_its_texts_and_keeps_the_old_keys(world, keys, public, secret, told):
    assert world.put("cooker", body(keys, "rsa public", "rsa secret")).status_code == 200
    answer = world.put("cooker", {"repository": body(keys, public, secret)})
    assert (answer.status_code, answer.json()) == (
        422, {"repository": {"id": None, "message": FAILED + told}})
    assert world.key_pair("cooker").json()["repository"]["key_pair"] == {
        "public": keys["rsa public"], "secret": keys["rsa secret"]}


@pytest.mark.parametrize("kind", ["rsa", "anna"])
@pytest.mark.parametrize("rooted", [True, False])
@pytest.mark.parametrize("form", [True, False])
def test_R11_takes_a_pair_rooted_or_bare_as_json_or_form(world, keys, kind, rooted, form):
    pair = body(keys, kind + " public", kind + " secret")
    if form:
        options = {"data": {"repository[%s]" % k if rooted else k: v for k, v in pair.items()}}
        answer = world.put("forms", None, **options)
    else:
        answer = world.put("forms", {"repository": {"id": 7, **pair}} if rooted else pair)
    number = world.repositories["forms"]
    assert (answer.status_code, answer.json()) == (200, {"repository": {
        "id": number, "message": "Signatures have been updated for repository successfully"}})
    assert answer.headers["ETag"]
    assert world.key_pair("forms").json() == {"repository": {
        "id": number, "name": "forms", "url": "/api/v1/repositories/%d.json" % number,
        "key_pair": pair}}


def test_R11_a_key_may_have_10000_characters(world, keys):
    pair = body(keys, "anna public", "as long as may be")
    assert len(pair["secret"]) == 10000
    assert world.put("cooker", pair).status_code == 200


def test_R11_stores_one_pair_with_fingerprint_and_signer(world, keys, keyring):
    for name in ("anna", "berta", "rsa"):
        assert world.put("swap", body(keys, name + " public", name + " secret"),
                         "member").status_code == 200
        rows = world.hub.sql(
            "SELECT k.*, a.uname FROM hub.key_pair k JOIN hub.account a ON a.id = k.account_id"
            " WHERE repository_id = %s", world.repositories["swap"])
        lines = keyring.gpg("--with-colons", "--list-keys", keyring.address(name)).splitlines()
        fingerprint = next(line.split(":")[9] for line in lines if line.startswith("fpr:"))
        assert len(rows) == 1 and rows[0]["uname"] == "member"
        assert rows[0]["fingerprint"].replace(":", "") == fingerprint
        assert rows[0]["public"] == keys[name + " public"]
        event = world.hub.row("SELECT * FROM hub.event ORDER BY id DESC LIMIT 1")
        assert (event["actor"], event["action"], event["object"], event["detail"]) == (
            "member", "repository.sign", "swap/swap", "key " + rows[0]["fingerprint"])


def test_R11_a_NUL_and_other_shapes_are_refused(world, keys):
    good = body(keys, "anna public", "anna secret")
    assert world.put("cooker", {**good, "public": good["public"] + "\0"}).status_code == 400
    for bad in ([], {}, [good["public"]], {"a": "b"}):
        assert world.put("cooker", {**good, "public": bad}).status_code == 422
    for plain in (5, 1.5, True, None):
        assert world.put("cooker", {**good, "public": plain}).status_code == 422
    answer = world.put("cooker", {**good, "public": "x" * 70000})
    assert answer.status_code == 413


MAY = {"admin": 200, "owner": 200, "member": 200}
WHO_MAY_SIGN = {
    "cooker": {**MAY, "guest": 401, "stranger": 403, "keeper": 403, "system": 403},
    # hidden looks missing
    "secret": {**MAY, "guest": 401, "stranger": 404, "keeper": 403, "system": 404},
    # main platforms only, whoever asks
    "personal": {"admin": 403, "owner": 403, "guest": 401, "stranger": 403, "system": 403},
    "999999": {"admin": 404, "owner": 404, "guest": 401, "stranger": 404, "system": 404},
}
BODIES = {401: WHO, 403: DENIED, 404: MISSING}


def rows(table):
    return [(where, who, status) for where, people in table.items() for who, status in people.items()]


@pytest.mark.parametrize("where, who, status", rows(WHO_MAY_SIGN))
def test_R11_is_for_administrators_of_main_platforms(world, keys, where, who, status):
    world.hub.sql("DELETE FROM hub.key_pair")
    for pair in ({}, body(keys, "anna public", "anna secret")):
        answer = world.put(where, pair, who)
        if status == 200 and pair == {}:
            assert answer.status_code == 422
        else:
            assert answer.status_code == status
    if status != 200:
        assert answer.text == BODIES[status]
        if where == "personal":
            assert world.hub.one("SELECT count(*) FROM hub.key_pair") == 0


WHO_MAY_READ = {
    "cooker": {"system": 200, "guest": 401, "stranger": 403, "keeper": 403, "member": 403,
               "owner": 403, "admin": 403},
    "secret": {"system": 200, "guest": 401, "stranger": 404, "owner": 403, "admin": 403},
    "personal": {"system": 200, "guest": 401, "stranger": 403, "owner": 403},
    "999999": {"system": 404, "guest": 401, "owner": 404},
    "0": {"system": 404},
    "x": {"system": 404},
}


@pytest.mark.parametrize("action", ["key_pair", "public_key"])
@pytest.mark.parametrize("where, who, status", rows(WHO_MAY_READ))
def test_R14_R15_are_for_system_accounts(world, keys, where, who, status, action):
    world.hub.sql("DELETE FROM hub.key_pair")
    path = world.path(where, action)
    unsigned = world.hub.get(path, world.people[who])
    if where in ("cooker", "secret"):
        assert world.put(where, body(keys, "anna public", "anna secret")).status_code == 200
    signed = world.hub.get(path, world.people[who])
    assert (unsigned.status_code, signed.status_code) == (status, status)
    if status != 200:
        assert unsigned.text == signed.text == BODIES[status]
    elif action == "key_pair":
        assert unsigned.json()["repository"]["key_pair"] == {"public": "", "secret": ""}
        if where != "personal":
            assert signed.json()["repository"]["key_pair"]["secret"] == keys["anna secret"]
    else:
        assert unsigned.text == ""


def test_R14_is_found_as_abf_worker_asks_and_is_kept_by_no_cache(world, keys):
    world.put("cooker", body(keys, "anna public", "anna secret"))
    token = world.hub.new_token("builder")
    world.hub.hide(token)
    number = world.repositories["cooker"]
    answer = world.hub.get("/api/v1/repositories/%d/key_pair/?format=json" % number, (token, ""))
    assert answer.status_code == 200 and answer.headers["ETag"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json()["repository"]["key_pair"]["secret"] == keys["anna secret"]


def test_R15_gives_plain_text_with_the_line_ends_of_unix(world, keys):
    windows = {k: v.replace("\n", "\r\n") for k, v in body(keys, "rsa public", "rsa secret").items()}
    assert world.put("cooker", windows).status_code == 200
    number = world.repositories["cooker"]
    answer = world.hub.get("/api/v1/repositories/%d/public_key" % number, world.people["system"])
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == keys["rsa public"]
    # what was given comes back as it was
    assert world.key_pair("cooker").json()["repository"]["key_pair"] == windows


def test_a_repository_takes_its_keys_along(world, keys):
    number = world.hub.one("INSERT INTO hub.repository (platform_id, name, description)"
                           " SELECT id, 'short', 'd' FROM hub.platform WHERE name = 'cooker'"
                           " RETURNING id")
    assert world.put(number, body(keys, "anna public", "anna secret")).status_code == 200
    world.hub.sql("DELETE FROM hub.repository WHERE id = %s", number)
    assert world.hub.one("SELECT count(*) FROM hub.key_pair WHERE repository_id = %s", number) == 0
    assert world.key_pair(number).text == MISSING


# ---- the secret itself

def pieces_of(secret, public):
    """What would give it away: its own lines, the number inside, and the lines' escaped form."""
    lines = [line for line in secret.split("\n")[2:-2]
             if len(line) > 20 and line not in public and not line.startswith("-")]
    data = armored_bytes(secret)
    packet = data[2:2 + data[1]]  # a short packet in the old format
    number = packet[-34:-2]
    assert lines and len(number) == 32
    return [line.encode() for line in lines] + [number, number.hex().encode()]


def assert_nowhere(pieces, data, where):
    for piece in pieces:
        assert piece not in data, where


def test_a_secret_is_nowhere_but_in_key_pair(world, keys, keyring):
    keyring.make("canary")
    keys = {**keys, "canary public": keyring.public("canary"), "canary secret": keyring.secret("canary")}
    pieces = pieces_of(keys["canary secret"], keys["canary public"])
    world.hub.hide(*(piece.decode() for piece in pieces[:-2]))
    hub, said = world.hub, []
    pairs = [("canary public", "canary secret"), ("canary secret", "canary secret"),
             ("anna public", "canary secret"), ("words", "canary secret"), ("", "canary secret"),
             ("canary secret", "canary public"), ("long words", "canary secret")]
    for where in ("canary", "personal", "secret", "999999"):
        for who in world.people:
            for public, secret in pairs:
                said.append(world.put(where, body(keys, public, secret), who))
    # broken bodies and wrong types are told without what they hold
    said.append(hub.put(world.path("canary", "signatures"), world.people["owner"],
                        data=json.dumps(body(keys, *pairs[0]))[:-3],
                        headers={"Content-Type": "application/json"}))
    said.append(world.put("canary", {"secret": [keys["canary secret"]]}))
    said.append(world.put("canary", body(keys, *pairs[0])))
    assert said[-1].status_code == 200
    for who in world.people:
        if who != "system":
            said.append(world.key_pair("canary", who))
        said.append(hub.get(world.path("canary", "public_key"), world.people[who]))
        said.append(hub.get("/api/v1/repositories/%d.json" % world.repositories["canary"],
                            world.people[who]))
    for answer in said:
        assert answer.status_code < 500
        assert_nowhere(pieces, answer.content, answer.request.url)
        assert_nowhere(pieces, str(answer.headers).encode(), answer.request.url)
    assert_nowhere(pieces, hub.dump().encode(), "the dump")
    for path in hub.var.rglob("*"):
        if path.is_file():
            assert_nowhere(pieces, path.read_bytes(), path)
    found = world.key_pair("canary").json()["repository"]["key_pair"]["secret"]
    assert found == keys["canary secret"]


def test_a_dump_without_the_key_file_opens_nothing(world, keys):
    """The row is bound to the key file and to its repository."""
    hub = world.hub
    for where in ("canary", "swap"):
        assert world.put(where, body(keys, "anna public", "anna secret")).status_code == 200
    hub.expect_err("a sealed value does not open")
    here, there = world.repositories["canary"], world.repositories["swap"]
    sealed = hub.one("SELECT sealed_secret FROM hub.key_pair WHERE repository_id = %s", here)
    hub.sql("UPDATE hub.key_pair SET sealed_secret = %s WHERE repository_id = %s", sealed, there)
    answer = world.key_pair("swap")
    assert answer.status_code == 500 and "sealed" not in answer.text
    # signing it anew mends it
    assert world.put("swap", body(keys, "rsa public", "rsa secret")).status_code == 200
    assert world.key_pair("swap").json()["repository"]["key_pair"]["secret"] == keys["rsa secret"]


def test_changed_keys_are_keys_or_wrong_and_never_a_failure(world, keys):
    rng = random.Random(20151)
    for i in range(60):
        data = bytearray(armored_bytes(keys["anna public" if i % 2 else "anna secret"]))
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        pair = body(keys, "anna public", "anna secret")
        pair["public" if i % 2 else "secret"] = armored(bytes(data))
        answer = world.put("cooker", pair)
        assert answer.status_code in (200, 422), i
        assert answer.status_code == 200 or answer.json()["repository"]["message"].startswith(FAILED)
