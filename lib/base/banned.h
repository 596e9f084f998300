/* Calls that are compile errors here: no length, a shell, shared static memory, guessable numbers.
 * The Makefile includes this before everything else; the libc headers come first, so that their own
 * declarations are not touched. After git's banned.h. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Not the length of anything: buf.h or arena_printf. */
#undef strcpy
#define strcpy(...) banned_strcpy
#undef strcat
#define strcat(...) banned_strcat
#undef strncpy
#define strncpy(...) banned_strncpy
#undef strncat
#define strncat(...) banned_strncat
#undef sprintf
#define sprintf(...) banned_sprintf
#undef vsprintf
#define vsprintf(...) banned_vsprintf

/* Static memory: str_split, gmtime_r, localtime_r. */
#undef strtok
#define strtok(...) banned_strtok
#undef gmtime
#define gmtime(...) banned_gmtime
#undef localtime
#define localtime(...) banned_localtime

/* A shell: proc.h. */
#undef system
#define system(...) banned_system
#undef popen
#define popen(...) banned_popen

/* Guessable: random.h. */
#undef rand
#define rand(...) banned_rand
#undef random
#define random(...) banned_random
#undef drand48
#define drand48(...) banned_drand48

#endif
