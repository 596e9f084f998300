/* What forms of projects let one choose from. */
#ifndef CGI_WEB_CHOICES_H
#define CGI_WEB_CHOICES_H

#include "cgi/web/form.h"

extern const struct form_choice choices_visibility[];

/* Lengths of time in seconds, "" for the hub's; one more for a value that is none of them. */
const struct form_choice *choices_interval(struct req *r, const char *value);

#endif
