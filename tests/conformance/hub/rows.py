"""The rows of contract B8.2 that are one request and one answer.

A row: number, its words, method, path, options, status, and any of json (exact), has (texts the body
holds), headers (exact). All are asked by the administrator unless they say guest. Options: body
(bytes or text), type (Content-Type; None sends none)."""

import json

from conformance.hub.client import PUSH, REPOS, URL, notice

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

GET_HEAD = "GET, HEAD, OPTIONS"


def row(number, words, method, path, status, json=None, has=(), headers=None, **options):
    return {"number": number, "words": words, "method": method, "path": path, "status": status,
            "json": json, "has": has, "headers": headers or {}, "options": options}


def bad_push(number, words, body, has="", status=400, **options):
    """A notice that is refused in the push's own shape."""
    return row(number, words, "POST", PUSH, status, has=('{"success":false,"error":"' + has,),
               body=body, **options)


def named(name, url=URL):
    return json.dumps(notice(name, url))


ROWS = [
    *[bad_push(8, "body %r" % body, body, "missing POST body" if not body.strip() else "invalid JSON")
      for body in ("", "  \n", "{", "[]", "null", '"x"', "5", "true")],

    bad_push(9, "nothing in it", '{"repository":{}}', "no repository name given"),
    bad_push(9, "no repository", '{"ref":"refs/heads/main"}', "no repository name given"),
    bad_push(9, "name only, unknown", json.dumps(notice("fresh")), "no repository URL given"),
    bad_push(9, "url only", json.dumps(notice(url=URL)), "no repository name given"),
    bad_push(9, "an empty name", named(""), "no repository name given"),
    bad_push(9, "an empty url", named("fresh", ""), "no repository URL given"),

    bad_push(11, "trailing comma", '{"repository":{"name":"fresh","url":"%s"},}' % URL, "invalid JSON"),
    bad_push(11, "single quotes", "{'repository':{'name':'new','url':'%s'}}" % URL, "invalid JSON"),
    bad_push(11, "text behind", named("fresh") + " x", "invalid JSON"),
    bad_push(11, "two documents", named("fresh") + named("fresh"), "invalid JSON"),
    bad_push(11, "a comment", "/* x */" + named("fresh"), "invalid JSON"),
    bad_push(11, "the seed's template, without its comma",
             '{"repository":{"url":"%s","name":"fresh"} "before":"0"}' % URL, "invalid JSON"),

    bad_push(13, "invalid UTF-8", b'{"repository":{"name":"\xff","url":"x"}}', "invalid JSON"),
    bad_push(13, "overlong", b'{"repository":{"name":"\xc0\xaf","url":"x"}}', "invalid JSON"),
    bad_push(13, "half a surrogate", '{"repository":{"name":"\\ud800"}}', "invalid JSON"),
    bad_push(13, "NUL in a name", '{"repository":{"name":"a\\u0000b"}}', "invalid JSON"),
    bad_push(13, "NUL in a key", '{"repository":{"name\\u0000x":"a"}}', "invalid JSON"),
    bad_push(13, "raw NUL", b'{"repository":{"name":"a\0b"}}', "invalid JSON"),
    bad_push(13, "raw newline", '{"repository":{"name":"a\nb"}}', "invalid JSON"),

    bad_push(14, "repository a text", '{"repository":"x"}', "repository is no object"),
    bad_push(14, "repository null", '{"repository":null}', "repository is no object"),
    bad_push(14, "repository a list", '{"repository":[]}', "repository is no object"),
    bad_push(14, "name a number", '{"repository":{"name":5,"url":"%s"}}' % URL, "repository name"),
    bad_push(14, "name an object", '{"repository":{"name":{},"url":"%s"}}' % URL, "repository name"),
    bad_push(14, "url a list", '{"repository":{"name":"fresh","url":["x"]}}', "repository url"),

    bad_push(16, "nested 10000 deep", '{"a":' * 10000 + "1" + "}" * 10000, "invalid JSON"),
    bad_push(16, "lists 10000 deep", '{"a":' + "[" * 10000 + "]" * 10000 + "}", "invalid JSON"),
    row(16, "30 MiB", "POST", PUSH, 413, body=b"x" * (30 << 20)),
    row(16, "30 MiB", "POST", REPOS, 413, body=b"x" * (30 << 20)),
    bad_push(16, "just over 5 MiB", '{"a":"' + "x" * (5 << 20) + '"}', status=413, own=True),

    *[bad_push(17, "name %r" % name[:20], named(name), "invalid repository name: ")
      for name in ("../x", "a/b", ".git", "api", "static", "commit", "API", "x" * 300, "-x", "x.git",
                   "x.lock", "x.atom", "..", ".", "a b", "a\tb", "<b>", "caf\u00e9", "12345",
                   "repositores", "login", "robots.txt", "a\\b", "x.", "$(id)", "a;b")],
    *[row(17, "name %r" % name, "POST", REPOS, 400, has=("invalid repository name: ",),
          body=named(name)) for name in ("../x", "a/b", ".git", "api")],

    *[bad_push(20, "url %r" % url, named("fresh", url), "unsupported repository URL")
      for url in ("file:///etc", "/etc", "etc/x.git", "./x", "../x", "ext::sh -c 'touch /tmp/x'",
                  "--upload-pack=x", "-x", "ssh://-oProxyCommand=x/a/b", "git@-x:a/b", "ftp://h/a",
                  "javascript:alert(1)", "fd::17", "https://", "https:///a", "http://h/a b",
                  "https://h/a\n", "x" * 3000)],

    row(25, "unknown", "GET", REPOS + "/asdf", 404,
        json={"error": {"message": "no such repo: 'asdf'", "code": 404}}, guest=True),
    row(25, "unknown, DELETE", "DELETE", REPOS + "/asdf", 404,
        json={"error": {"message": "no such repo: 'asdf'", "code": 404}}),
    *[row(25, "unknown, " + what, "GET", REPOS + "/asdf" + what, 404, guest=True,
          json={"error": {"message": "no such repo: 'asdf'", "code": 404}})
      for what in ("/refs", "/refs/main", "/ref/main", "/ref/main/a/b", "/commit/main",
                   "/commits/main")],

    row(26, "a quote", "GET", REPOS + "/a%22b'c", 404, guest=True,
        json={"error": {"message": "no such repo: 'a\"b'c'", "code": 404}}),
    row(26, "a tag", "GET", REPOS + "/%3Cscript%3E", 404, guest=True,
        json={"error": {"message": "no such repo: '<script>'", "code": 404}}),

    *[row(27, "Accept: %s" % accept, "GET", "/api", 200, guest=True, accept=accept,
          has=("<html", "API Documentation"),
          headers={"Content-Type": "text/html; charset=utf-8"})
      for accept in ("text/html", "application/xhtml+xml", "text/html,*/*;q=0.8")],
    *[row(27, "Accept: %s" % accept, "GET", "/api", 200, guest=True, accept=accept,
          has=('{"endpoints":["', '"version":"1.0.0"'),
          headers={"Content-Type": "application/json", "Vary": "Accept"})
      for accept in ("*/*", "application/json", None)],

    row(28, "exactly three blanks", "GET", "/api", 200, guest=True, has=('"POST   /api/push"',)),

    row(60, "HEAD of the list", "HEAD", REPOS, 200, headers={"Content-Length": "19"}, guest=True),
    row(60, "HEAD of none", "HEAD", REPOS + "/asdf", 404, guest=True),
    row(60, "OPTIONS of the list", "OPTIONS", REPOS, 204, headers={"Allow": GET_HEAD + ", POST"}),
    row(60, "OPTIONS of one", "OPTIONS", REPOS + "/x", 204,
        headers={"Allow": "DELETE, GET, HEAD, OPTIONS, POST, PUT"}),
    row(60, "OPTIONS of the push", "OPTIONS", PUSH, 204, headers={"Allow": "OPTIONS, POST"}),
    row(60, "GET of the push", "GET", PUSH, 405, headers={"Allow": "OPTIONS, POST"}),
    row(60, "PATCH of one", "PATCH", REPOS + "/x", 405,
        headers={"Allow": "DELETE, GET, HEAD, OPTIONS, POST, PUT"}),
    *[row(60, "POST to " + path, "POST", path, 405, headers={"Allow": GET_HEAD})
      for path in ("/api", "/api/ping", "/api/commit/abcd", REPOS + "/x/refs",
                   REPOS + "/x/refs/main", REPOS + "/x/ref/main", REPOS + "/x/ref/main/a/b",
                   REPOS + "/x/commit/abcd", REPOS + "/x/commits/main")],
    row(60, "no such address", "GET", "/api/nix", 404,
        json={"error": {"message": "not found", "code": 404}}),
    row(60, "no such address below one", "GET", REPOS + "/x/nix", 404,
        json={"error": {"message": "not found", "code": 404}}),
]

LOG, TREE, DIFF, HOOK, JIRA = ("e2e/test_pages_log.py", "e2e/test_pages_tree.py",
                               "e2e/test_pages_diff.py", "e2e/test_hooks.py", "e2e/test_hook_jira.py")

# Rows that are tested somewhere else, with the tests that do it: those of B8.1, and those of B8.2.
# 41 is both an answer of the API, tested here, and a page.
THEIRS_ELSEWHERE = {
    14: [(TREE, "test_a_folder_of_a_tag_leads_on_to_folders_and_files")],
    15: [(TREE, "test_a_folder_of_a_tag_leads_on_to_folders_and_files")],
    16: [(TREE, "test_a_file_has_its_text_numbers_and_a_way_to_its_bytes")],
    17: [(TREE, "test_what_is_not_there_is_404")],
    18: [(DIFF, "test_row_18_a_prefix_a_branch_and_a_tag_name_a_commit")],
    19: [(DIFF, "test_row_19_and_45_what_is_no_commit_is_missing")],
    20: [(LOG, "test_a_commit_is_found_by_its_id_alone")],
    21: [(LOG, "test_a_commit_is_found_by_its_id_alone")],
}
ELSEWHERE = {
    41: [(TREE, "test_an_empty_project_has_a_page"), (LOG, "test_a_project_without_commits_says_so")],
    49: [(TREE, "test_addresses_lead_to_the_right_view")],
    50: [(TREE, "test_addresses_lead_to_the_right_view")],
    51: [(TREE, "test_raw_bytes_run_nowhere")],
    52: [(TREE, "test_what_looks_like_html_is_text")],
    53: [(LOG, "test_commits_without_a_branch_is_the_default_one")],
    54: [(LOG, "test_pages_list_forty_commits_in_the_order_of_git_log"),
         (LOG, "test_the_last_page_has_no_older_one_and_behind_it_is_nothing"),
         (LOG, "test_a_bad_page_is_the_first")],
    55: [(DIFF, "test_row_55_a_long_diff_is_cut_with_a_note_and_leads_to_the_patch")],
    56: [(HOOK, "test_row_56_one_call_for_each_branch_with_full_hashes")],
    57: [(HOOK, "test_row_57_one_that_fails_and_one_that_is_missing_are_logged"),
         (HOOK, "test_a_hook_that_hangs_is_killed_with_all_that_it_started")],
    58: [(JIRA, "test_row_58_two_tickets_one_of_them_twice_get_a_comment_each"),
         (JIRA, "test_row_58_a_branch_of_the_blacklist_is_not_told"),
         (JIRA, "test_row_58_a_dry_run_sends_nothing"),
         (JIRA, "test_row_58_what_jira_does_not_take_is_logged")],
}

# Rows of B8.2 of what is not there yet.
WAITING = {}
