/* What a process of the git pool remembers between two requests: lists of refs, and the words with
 * which Git introduces itself. Both are checked or asked for anew. */
#ifndef CGI_GIT_MEMORY_H
#define CGI_GIT_MEMORY_H

#include "git/reflist.h"
#include "web/req.h"

/* The refs of the project's store, whose folder is dir, as they are now: a remembered list is used
 * while packed-refs and HEAD are the same files. At most MEMORY_LISTS lists and MEMORY_BYTES of
 * them stay, those used last. NULL: Git has to be asked (git/reflist.h). It lives until the request
 * ends. */
const struct git_reflist *memory_refs(struct req *r, const char *dir);

#define MEMORY_LISTS 32
#define MEMORY_BYTES (16 * 1024 * 1024)

/* Git's capabilities are those of the installed Git and of our settings, the same for every store:
 * so they are taken from its own answer, once in MEMORY_WORDS_S. NULL: not known. */
enum { MEMORY_VERSIONS = 3 };
#define MEMORY_WORDS_S 300
const char *memory_words(int version);
void memory_set_words(int version, const char *words);

#endif
