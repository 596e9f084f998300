/* The ABF API (contracts/abf.md): /api/v1/. Projects, and the package world around them: platforms,
 * repositories, groups, users, search. The user's view of it is docs/api/abf.md, the exact one
 * docs/api/openapi.yaml. */
#ifndef CGI_ABF_ABF_H
#define CGI_ABF_ABF_H

#include <stdbool.h>
#include <stdint.h>

#include "web/route.h"

extern const struct dialect abf_dialect;

/* The input that names a token instead of a header (contract 1.2). */
#define ABF_TOKEN "authentication_token"

/* What a row that changes something says: {"<root>":{"id":…,"message":…}} (contract 1.4). done may
 * have one %s: what abf_done_about puts there. */
struct abf_words {
	const char *root; /* project, repository, platform, group, user */
	const char *done;
	const char *failed; /* the base message of a 422 */
	const char *input;  /* what its inputs may be wrapped in; NULL: root */
};

/* ---- answers (shape.c) */

/* How this door says no (contract 1.3). */
void abf_refuse(struct req *r, int code);

/* The success of a changing row, with the id of the object. */
int abf_done(struct req *r, int64_t id);

/* The same for sentences with a %s: "User '32'". */
int abf_done_about(struct req *r, int64_t id, const char *about);

/* The sentence of one fault: "Name can't be blank". */
struct fault;
const char *abf_fault_text(struct req *r, const struct fault *fault);

/* Adds ,"url":"<path of this request's resource>"; path with %lld for the id. */
void abf_url(struct req *r, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a struct's members as js_row does, without the braces. */
void abf_members(struct req *r, const struct field *fields, const void *row);

/* ---- fragments of answers (shape_project.c; contract 2.1) */

struct project_card;
struct project_full;

/* An account or a team as owner: {"id":…,"name":…,"type":"User","url":…,"uname":…}. */
void abf_owner(
    struct req *r, bool is_team, int64_t id, const char *uname, const char *name_or_null);

/* P-mini and P-full without their braces, so that a handler can add members. */
void abf_project_mini(struct req *r, const struct project_card *p);
void abf_project_full(struct req *r, const struct project_full *p);

/* The owner of a project, as abf_owner has it. */
void abf_project_owner(struct req *r, const struct project_full *p);

/* [P-mini, …] of n structs, size bytes apart, that begin with a struct project_card. */
void abf_project_minis(struct req *r, const void *rows, size_t n, size_t size);

/* {"id":…,"uname":…,…} of who is asked for (6.1) and of a group (6.2). */
struct person;
struct team;
void abf_person(struct req *r, const struct person *p, bool with_role);
void abf_team(struct req *r, const struct team *t);

/* ---- limit (limit.c) */

/* Counts the request (contract 1.8). E_DENIED with http_status 429, which this door says as 403. */
int abf_admit(struct req *r);

/* Lists of members, and R-mini of repositories: [{…},…] (shape_platform.c). */
struct member;
struct platform;
struct repository_card;
void abf_member_list(struct req *r, const struct member *rows, size_t n);
void abf_repository_minis(struct req *r, const struct repository_card *rows, size_t n);

/* {id, name, visibility, platform_type, url} without the braces, for search too. */
void abf_platform_mini(struct req *r, const struct platform *p);

/* ---- inputs (input.c): all are texts, NULL when not sent, "" for null or blank (contract 1.1) */

/* otherwise: when not sent or blank. */
bool abf_bool(const char *text, bool otherwise);

/* 1 or 0; -1 when not sent or blank. */
int abf_flag(const char *text);

/* Digits as a number; 0 (no object has it) for anything else. */
int64_t abf_id(const char *text);

/* A number that may be missing or blank (0); -1, which no object has, for anything else. */
int64_t abf_id_or_none(const char *text);

/* Whom a route of members means by type and member_id, and how it is called: "User '32'".
 * E_INVALID: no type or no number. */
struct abf_whom {
	bool is_team;
	int64_t id;
	const char *about;
};

must_check int abf_whom(
    struct req *r, const char *type, const char *member_id, struct abf_whom *out);

/* A text that core has the last word on: larger than any body. */
#define ABF_TEXT(T, m) FIELD_MAX(T, m, 16 * 1024 * 1024)

/* ---- lists (page.c) */

struct abf_page {
	int64_t limit, offset, number;
	int64_t total; /* rows of the whole list; -1: not counted */
};

/* page and per_page of the query, within their bounds (contract 1.7). */
struct abf_page abf_page(struct req *r);

/* n: the rows got of page.limit + 1 asked for, of which the one too many shows that there is a next
 * page. Does the header need to know how many there are in all? It does when there is a next page,
 * or when this one lies behind the end: what fits on one page is never counted. */
bool abf_page_needs_total(const struct abf_page *page, size_t n);

/* Adds the Link header: next, last, first and prev, as far as they apply; without a total no last
 * one. Gives how many rows to show: at most page.limit. */
size_t abf_page_links(struct req *r, const struct abf_page *page, size_t n);

/* ---- who answers */

int list_arches(struct req *r); /* arches.c */
int search_all(struct req *r);	/* search.c */

extern const struct field create_user_in[], update_user_in[], notifiers_in[]; /* users.c */
int show_user(struct req *r);
int show_self(struct req *r);
int update_self(struct req *r);
int show_notifiers(struct req *r);
int update_notifiers(struct req *r);
int create_user(struct req *r);

extern const struct field create_group_in[], update_group_in[], group_member_in[]; /* groups.c */
int list_groups(struct req *r);
int show_group(struct req *r);
int create_group(struct req *r);
int update_group(struct req *r);
int destroy_group(struct req *r);
int list_group_members(struct req *r);
int add_group_member(struct req *r);
int remove_group_member(struct req *r);
int update_group_member(struct req *r);

extern const struct field create_platform_in[], update_platform_in[], clone_platform_in[],
    platform_member_in[]; /* platforms.c */
int list_platforms(struct req *r);
int list_platforms_for_build(struct req *r);
int show_platform(struct req *r);
int create_platform(struct req *r);
int update_platform(struct req *r);
int destroy_platform(struct req *r);
int list_platform_members(struct req *r);
int add_platform_member(struct req *r);
int remove_platform_member(struct req *r);
int clone_platform(struct req *r);
int clear_platform(struct req *r);
int allow_platform(struct req *r);

extern const struct field create_repository_in[], update_repository_in[], repository_member_in[],
    repository_project_in[]; /* repositories.c */
int show_package_repository(struct req *r);
int list_repository_projects(struct req *r);
int create_package_repository(struct req *r);
int update_package_repository(struct req *r);
int destroy_package_repository(struct req *r);
int add_repository_member(struct req *r);
int remove_repository_member(struct req *r);
int add_repository_project(struct req *r);
int remove_repository_project(struct req *r);
int add_lock_file(struct req *r);
int remove_lock_file(struct req *r);

extern const struct field create_project_in[], update_project_in[],
    copy_project_in[]; /* projects.c */
int list_projects(struct req *r);
int show_project(struct req *r);
int show_project_id(struct req *r);
int list_project_refs(struct req *r);
int create_project(struct req *r);
int update_project(struct req *r);
int destroy_project(struct req *r);
int fork_project(struct req *r);
int alias_project(struct req *r);

extern const struct field project_member_in[], build_result_in[]; /* project_members.c */
int list_project_members(struct req *r);
int add_project_member(struct req *r);
int remove_project_member(struct req *r);
int update_project_member(struct req *r);
int add_build_result(struct req *r);

extern const struct field signatures_in[]; /* signatures.c */
int set_signatures(struct req *r);
int show_key_pair(struct req *r);
int show_public_key(struct req *r);
int show_packages(struct req *r); /* packages.c */

#endif
