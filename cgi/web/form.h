/* Forms: the token that each one carries, and fields with label, hint, value, and what was wrong.
 *
 * A row whose POST is refused for its inputs shows its form again, with what was typed: its words
 * (web.h) name the function that draws the page. There r->in is what was sent, or NULL when that
 * could not be read, and r->ctx has the faults and the sentence. */
#ifndef CGI_WEB_FORM_H
#define CGI_WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "web/req.h"

/* <form method="post"> with the token. name: the class of the form. */
void form_begin(struct req *r, const char *action, const char *name);

/* The hidden input alone: each POST form has one, or the walk refuses it (web/cookie.h). */
void form_token(struct req *r);

/* The button, and the end. */
void form_end(struct req *r, const char *button);

/* A form that is one button, with no inputs but name=value when name is not NULL. */
void form_button(
    struct req *r, const char *action, const char *name, const char *value, const char *button);

struct form_field {
	const char *name, *label;
	const char *value;	  /* NULL: empty; a password is never given back */
	const char *hint;	  /* NULL: none */
	const char *type;	  /* of the input; NULL: "text" */
	const char *autocomplete; /* NULL: "off" */
	bool is_optional;
	bool is_first; /* has the focus when the page opens */
	bool is_area;  /* several lines */
	/* what to say of FAULT_INVALID, FAULT_MISMATCH and FAULT_REFUSED; NULL: the hint does */
	const char *wrong;
};

void form_field(struct req *r, const struct form_field *f);

struct form_choice {
	const char *value, *text;
};

/* One of several, ended by a NULL value. value: which; NULL: the first. */
void form_select(struct req *r, const char *name, const char *label, const char *value,
    const struct form_choice *choices);

/* A check box that sends name=true. */
void form_check(struct req *r, const char *name, const char *label, bool is_on);

/* Above a form that is shown again: the sentence of what went wrong, or that fields are marked;
 * nothing while nothing did. */
void form_reason(struct req *r);

/* A sentence about what was wrong with the field, or NULL. wrong: see struct form_field. */
const char *form_fault(struct req *r, const char *name, const char *wrong);

/* A reason as a sentence: a capital first, a full stop at the end. */
const char *form_sentence(struct arena *mem, const char *reason);

#endif
