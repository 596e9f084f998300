/* Which language a file is written in, as the names of its files in static/highlight say it. */
#ifndef CGI_WEB_LANGUAGE_H
#define CGI_WEB_LANGUAGE_H

#include <stddef.h>

/* By the file's name (bytes), then by the first line of its text where that names a program
 * ("#!/usr/bin/env python3"). NULL: it is shown without colours. */
const char *language_of(const char *name, const char *text, size_t len);

#endif
