/* What version a store is at. */
#ifndef GIT_DESCRIBE_H
#define GIT_DESCRIBE_H

struct arena;
struct git_repository;

/* The nearest tag reachable from HEAD, annotated or not; "" when there is none, or no HEAD
 * (contracts/hpr-and-hub.md A5.5). Valid UTF-8. */
const char *git_describe_version(struct arena *mem, struct git_repository *repo);

#endif
