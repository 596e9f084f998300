/* Accounts, for administrators. */
#include <string.h>

#include "base/str.h"
#include "cgi/web/admin.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/web.h"
#include "core/user.h"
#include "store/overview.h"
#include "web/html.h"
#include "web/load.h"

#define ACCOUNTS "/-/admin/accounts"

struct new_account {
	const char *uname, *email, *first_name, *last_name;
	const char *role; /* user or admin */
};

struct new_role {
	const char *role;
};

const struct field web_account_in[] = { FIELD_MAX(new_account, uname, 1024),
	FIELD_MAX(new_account, email, 1024), FIELD_MAX(new_account, first_name, 2048),
	FIELD_MAX(new_account, last_name, 2048), FIELD(new_account, role), { 0 } };
const struct field web_role_in[] = { FIELD(new_role, role), { 0 } };

static const struct form_choice roles[] = { { "user", "user" }, { "tester", "tester" },
	{ "admin", "administrator" }, { 0 } };

/* ---- the list */

static void
add_search(struct req *r, const char *text)
{
	html(r->out,
	    "<form class=\"filter\" action=\"" ACCOUNTS
	    "\"><label for=\"find\">Name or e-mail</label> "
	    "<input id=\"find\" name=\"q\" type=\"search\" value=\"%s\"> "
	    "<button>Find</button></form>\n",
	    text);
}

/* Nobody changes his own role; system accounts belong to programs. */
static void
add_verbs(struct req *r, const struct overview_account *a)
{
	const char *action = arena_printf(r->ctx->mem, ACCOUNTS "/%ld/role", a->id);

	if (a->id == r->account.id || strcmp(a->role, "system") == 0)
		return;
	if (strcmp(a->role, "banned") == 0) {
		form_button(r, action, "role", "user", "Lift the ban");
		return;
	}
	html(r->out, "<form class=\"verb\" method=\"post\" action=\"%s\">", action);
	form_token(r);
	html(r->out, "<select name=\"role\" aria-label=\"Role of %s\">", a->uname);
	for (const struct form_choice *c = roles; c->value != NULL; c++)
		html(r->out,
		    strcmp(c->value, a->role) == 0 ? "<option value=\"%s\" selected>%s</option>"
						   : "<option value=\"%s\">%s</option>",
		    c->value, c->text);
	html(r->out, "</select> <button>Set role</button></form>\n");
	form_button(r, action, "role", "banned", "Ban");
}

static void
add_account(struct req *r, const struct overview_account *a)
{
	html(r->out, "<tr><th scope=\"row\">%s</th><td>", a->uname);
	html_marked(r->out, a->name);
	html(r->out, "</td><td>");
	html_marked(r->out, a->email);
	html(r->out, "</td><td>%s%s</td><td>%ld</td><td>%ld</td><td>%ld</td>", a->role,
	    a->is_active ? "" : ", disabled", a->projects, a->tokens, a->sessions);
	page_time_cell(r, a->created_at, "");
	page_time_cell(r, a->seen_at, "never");
	html(r->out, "<td>");
	add_verbs(r, a);
	html(r->out, "</td></tr>\n");
}

static int
add_accounts(struct req *r)
{
	static const char *const columns[] = { "Name", "Called", "E-mail", "Role", "Projects",
		"Tokens", "Sessions", "Made", "Last seen", "", NULL };
	const char *text = pager_query(r, "q");
	struct overview_account *rows;
	size_t n;

	TRY(overview_accounts(
	    r->ctx, text, ADMIN_PAGE_ROWS + 1, (pager_page(r) - 1) * ADMIN_PAGE_ROWS, &rows, &n));
	add_search(r, text);
	admin_table(r, "accounts", columns);
	for (size_t i = 0; i < n && i < ADMIN_PAGE_ROWS; i++)
		add_account(r, &rows[i]);
	admin_table_end(r);
	if (n == 0)
		html(r->out, "<p>There are none.</p>\n");
	admin_pages(r, arena_printf(r->ctx->mem, ACCOUNTS "?q=%s&", str_percent(r->ctx->mem, text)),
	    n > ADMIN_PAGE_ROWS);
	return OK;
}

/* ---- the form */

static void
add_form(struct req *r, const struct new_account *in)
{
	html(r->out,
	    "<h2>A new account</h2>\n<p>The hub chooses its first password and shows it this "
	    "once.</p>\n");
	form_begin(r, ACCOUNTS, "new-account");
	form_field(r,
	    &(struct form_field){ .name = "uname",
		.label = "User name",
		.value = in->uname,
		.hint = "Letters, digits and . _ -; it does not begin with . or -, and is not all "
			"digits." });
	form_field(r,
	    &(struct form_field){ .name = "email",
		.label = "E-mail address",
		.value = in->email,
		.is_optional = true,
		.wrong = "An address has no blanks and none of < > , ;" });
	form_field(r,
	    &(struct form_field){ .name = "first_name",
		.label = "First name",
		.value = in->first_name,
		.is_optional = true });
	form_field(r,
	    &(struct form_field){ .name = "last_name",
		.label = "Last name",
		.value = in->last_name,
		.is_optional = true });
	form_select(r, "role", "Role", in->role, roles);
	form_end(r, "Make the account");
}

/* uname, password: of an account just made, or NULL. */
static int
draw(struct req *r, const struct new_account *in, const char *uname, const char *password)
{
	admin_begin(r, "accounts", "Accounts");
	if (password != NULL)
		html(r->out,
		    "<p class=\"done\" role=\"status\">The account %s is made. Its password, shown "
		    "this "
		    "once: <code class=\"secret\">%s</code></p>\n",
		    uname, password);
	TRY(add_accounts(r));
	add_form(r, in);
	admin_end(r);
	return OK;
}

/* ---- who answers */

int
web_admin_accounts(struct req *r)
{
	static const struct new_account nothing = { 0 };
	bool is_form = r->route->in == web_account_in && r->in != NULL;

	return draw(r, is_form ? r->in : &nothing, NULL, NULL);
}

int
web_admin_create_account(struct req *r)
{
	const struct new_account *in = r->in;
	const struct actor who = req_actor(r);
	const struct user_wish wish = { .uname = in->uname,
		.email = in->email,
		.first_name = in->first_name,
		.last_name = in->last_name,
		.role = in->role,
		.is_active = true };
	const char *password;

	TRY(user_create_random(r->ctx, &who, &wish, &password));
	res_header(r, "Cache-Control", "no-store");
	return draw(r, &(struct new_account){ 0 }, in->uname, password);
}

int
web_admin_set_role(struct req *r)
{
	const struct new_role *in = r->in;
	const struct actor who = req_actor(r);
	struct user user;
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(user_by_id(r->ctx, id, &user));
	TRY(user_set_role(r->ctx, &who, &user, in->role));
	return page_see_other(r, arena_printf(r->ctx->mem, ACCOUNTS "?q=%s", user.uname));
}
