/* What mirrorhub-render gives up before it reads the first byte of a stranger: files, network,
 * processes, time (checklists/security.md, F-18). */
#ifndef CGI_RENDER_SANDBOX_H
#define CGI_RENDER_SANDBOX_H

#include <stdbool.h>

/* Limits of the whole process. A program with the address sanitizer, which reserves terabytes, has
 * no limit on memory. */
#define SANDBOX_CPU_S 2
#define SANDBOX_MEMORY_BYTES (128L * 1024 * 1024)

/* For good: reading from standard input, writing to standard output and error, memory that cannot
 * become code, and the end are what is left of the system's calls; another one ends the process
 * (SIGSYS). False: the kernel refuses; nothing may be read then. */
bool sandbox_enter(void);

#endif
