"""Contract section 7 as data: who may do what. Adjusted as docs/api/abf.md says: what one may not
read is missing (404), and a guest is asked who he is (401) wherever an account is needed."""

# A profile of a project: who asks, how he stands to it, and which bundles of requests pass.
# READ and FORK have (open, hidden). FORK of what one owns oneself is 422: the name is taken.


def project(actor, relation, read, fork, admin, own):
    return {"actor": actor, "relation": relation, "read": read, "fork": fork, "admin": admin,
            "own": own}


YES, NO, TAKEN = "+", "-", "taken"

PROJECTS = {
    "P-01": project("guest", "none", (YES, NO), (NO, NO), NO, NO),
    "P-02": project("guest, anonymous off", "none", (NO, NO), (NO, NO), NO, NO),
    "P-03": project("user", "none", (YES, NO), (YES, NO), NO, NO),
    "P-04": project("admin", "none", (YES, YES), (YES, YES), YES, YES),
    "P-05": project("user", "owner", (YES, YES), (TAKEN, TAKEN), YES, YES),
    "P-06": project("user", "reader", (YES, YES), (YES, YES), NO, NO),
    "P-07": project("user", "writer", (YES, YES), (YES, YES), NO, NO),
    "P-08": project("user", "in another group", (YES, NO), (YES, NO), NO, NO),
    "P-09": project("user", "reader of owner group", (YES, YES), (YES, YES), NO, NO),
    "P-10": project("user", "admin of owner group", (YES, YES), (YES, YES), YES, YES),
    "P-11": project("user", "reader in admin group", (YES, YES), (YES, YES), YES, NO),
    "P-12": project("user", "admin in admin group", (YES, YES), (YES, YES), YES, NO),
    "P-13": project("user", "reader in reader group", (YES, YES), (YES, YES), NO, NO),
    "P-14": project("user", "reader in reader group, admin", (YES, YES), (YES, YES), YES, NO),
    "P-15": project("user", "admin in reader group", (YES, YES), (YES, YES), NO, NO),
}


def repository(actor, relation, show, write, attach, csv, key):
    return {"actor": actor, "relation": relation, "show": show, "write": write, "attach": attach,
            "csv": csv, "key": key}


REPOSITORIES = {
    "R-01": repository("guest", "none", (YES, NO), NO, NO, NO, NO),
    "R-02": repository("guest, anonymous off", "none", (NO, NO), NO, NO, NO, NO),
    "R-03": repository("admin", "none", (YES, YES), YES, YES, YES, NO),
    "R-04": repository("user", "platform owner", (YES, YES), YES, YES, YES, NO),
    "R-05": repository("user", "none", (YES, NO), NO, NO, NO, NO),
    "R-06": repository("user", "repository member", (YES, YES), NO, YES, NO, NO),
    # the contract leaves all but the key to the rules: an unrelated account, but for locks and keys
    "R-07": repository("system", "none", (YES, NO), NO, NO, NO, YES),
}

# Rows of section 7 that are not tested yet, and why.
WAITING = {}
