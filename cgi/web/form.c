#include "cgi/web/form.h"

#include <ctype.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "web/cookie.h"
#include "web/html.h"

/* ---- the frame of a form */

void
form_token(struct req *r)
{
	html(r->out, "<input type=\"hidden\" name=\"" COOKIE_FORM_TOKEN "\" value=\"%s\">",
	    cookie_form_token(r));
}

void
form_begin(struct req *r, const char *action, const char *name)
{
	html(r->out, "<form class=\"%s\" method=\"post\" action=\"%s\">", name, action);
	form_token(r);
	html(r->out, "\n");
}

void
form_end(struct req *r, const char *button)
{
	html(r->out, "<p><button>%s</button></p>\n</form>\n", button);
}

void
form_button(
    struct req *r, const char *action, const char *name, const char *value, const char *button)
{
	html(r->out, "<form class=\"verb\" method=\"post\" action=\"%s\">", action);
	form_token(r);
	if (name != NULL)
		html(r->out, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", name, value);
	html(r->out, "<button>%s</button></form>\n", button);
}

/* ---- what was wrong */

const char *
form_sentence(struct arena *mem, const char *reason)
{
	return arena_printf(mem, "%c%s%s", toupper((unsigned char)reason[0]),
	    reason[0] != '\0' ? reason + 1 : "", str_ends(reason, ".") ? "" : ".");
}

static const struct fault *
find_fault(struct req *r, const char *name)
{
	const struct faults *f = r->ctx->faults;

	for (size_t i = 0; f != NULL && i < f->n; i++)
		if (strcmp(f->rows[i].field, name) == 0)
			return &f->rows[i];
	return NULL;
}

const char *
form_fault(struct req *r, const char *name, const char *wrong)
{
	static const char *const sentences[] = {
		[FAULT_BLANK] = "This is needed.",
		[FAULT_INVALID] = "This is not of the form it must have.",
		[FAULT_TAKEN] = "Somebody else has this already.",
		[FAULT_NOT_INCLUDED] = "This is none of the choices.",
		[FAULT_RESERVED] = "The hub needs this name for itself.",
		[FAULT_UNKNOWN] = "There is nothing of this name.",
		[FAULT_FIXED] = "This cannot be changed any more.",
		[FAULT_WRONG_KIND] = "This is a thing of another kind.",
		[FAULT_MISMATCH] = "This does not fit the other.",
		[FAULT_LOCKED] = "This is protected by a passphrase.",
		[FAULT_REFUSED] = "This may not be used.",
	};
	const struct fault *f = find_fault(r, name);

	if (f == NULL)
		return NULL;
	if (f->sentence != NULL)
		return form_sentence(r->ctx->mem, f->sentence);
	if (f->kind == FAULT_TOO_LONG || f->kind == FAULT_TOO_SHORT)
		return arena_printf(r->ctx->mem, "This has %s %ld characters.",
		    f->kind == FAULT_TOO_LONG ? "at most" : "at least", f->limit);
	if (f->kind == FAULT_TOO_MANY)
		return arena_printf(r->ctx->mem, "There may be %ld at most.", f->limit);
	if (wrong != NULL &&
	    (f->kind == FAULT_INVALID || f->kind == FAULT_MISMATCH || f->kind == FAULT_REFUSED))
		return wrong;
	return sentences[f->kind];
}

void
form_reason(struct req *r)
{
	if (r->ctx->reason[0] == '\0' || r->code == OK)
		return;
	html(r->out, "<p class=\"fault\" role=\"alert\">%s</p>\n",
	    r->ctx->faults != NULL ? "Please look at the fields that are marked."
				   : form_sentence(r->ctx->mem, r->ctx->reason));
}

/* ---- fields */

/* The ids of what describes the field; "" without. */
static const char *
described_by(struct req *r, const struct form_field *f, const char *fault)
{
	struct arena *mem = r->ctx->mem;
	const char *hint = f->hint != NULL ? arena_printf(mem, "%s-hint", f->name) : "";

	if (fault == NULL)
		return hint;
	return arena_printf(mem, "%s-fault%s%s", f->name, hint[0] != '\0' ? " " : "", hint);
}

static void
add_attributes(struct req *r, const struct form_field *f, const char *fault)
{
	const char *by = described_by(r, f, fault);

	html(r->out, " id=\"%s\" name=\"%s\" autocomplete=\"%s\"", f->name, f->name,
	    f->autocomplete != NULL ? f->autocomplete : "off");
	if (by[0] != '\0')
		html(r->out, " aria-describedby=\"%s\"", by);
	if (fault != NULL)
		html(r->out, " aria-invalid=\"true\"");
	if (!f->is_optional)
		html(r->out, " required");
	if (f->is_first)
		html(r->out, " autofocus");
}

void
form_field(struct req *r, const struct form_field *f)
{
	const char *fault = form_fault(r, f->name, f->wrong != NULL ? f->wrong : f->hint);
	const char *type = f->type != NULL ? f->type : "text", *value = f->value;

	if (value == NULL || strcmp(type, "password") == 0)
		value = "";
	html(r->out, "<div class=\"field\">\n<label for=\"%s\">%s</label>\n", f->name, f->label);
	html(r->out, f->is_area ? "<textarea rows=\"3\"" : "<input type=\"%s\"", type);
	add_attributes(r, f, fault);
	/* HTML drops the first newline of a textarea */
	html(r->out, f->is_area ? ">\n%s</textarea>\n" : " value=\"%s\">\n", value);
	if (fault != NULL)
		html(r->out, "<p class=\"fault\" id=\"%s-fault\">%s</p>\n", f->name, fault);
	if (f->hint != NULL)
		html(r->out, "<p class=\"hint\" id=\"%s-hint\">%s</p>\n", f->name, f->hint);
	html(r->out, "</div>\n");
}

void
form_select(struct req *r, const char *name, const char *label, const char *value,
    const struct form_choice *choices)
{
	const char *fault = form_fault(r, name, NULL);

	html(r->out,
	    "<div class=\"field\">\n<label for=\"%s\">%s</label>\n<select id=\"%s\" name=\"%s\">\n",
	    name, label, name, name);
	for (; choices->value != NULL; choices++)
		html(r->out,
		    value != NULL && strcmp(value, choices->value) == 0
			? "<option value=\"%s\" selected>%s</option>\n"
			: "<option value=\"%s\">%s</option>\n",
		    choices->value, choices->text);
	html(r->out, "</select>\n");
	if (fault != NULL)
		html(r->out, "<p class=\"fault\">%s</p>\n", fault);
	html(r->out, "</div>\n");
}

void
form_check(struct req *r, const char *name, const char *label, bool is_on)
{
	html(r->out,
	    "<div class=\"field check\">\n<input type=\"checkbox\" id=\"%s\" name=\"%s\" "
	    "value=\"true\"",
	    name, name);
	html(r->out, is_on ? " checked>\n" : ">\n");
	html(r->out, "<label for=\"%s\">%s</label>\n</div>\n", name, label);
}
