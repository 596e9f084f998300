/* People in commits: bytes of any kind, as texts. */
#ifndef GIT_PERSON_H
#define GIT_PERSON_H

struct arena;

#define GIT_PERSON_MAX 255 /* bytes of a name or an address; what is longer is cut */

/* One line of valid UTF-8. */
const char *git_person_text(struct arena *mem, const char *text);

#endif
