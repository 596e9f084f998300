#include "sync/facts.h"

#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/str.h"
#include "net/url.h"

#define FACTS_MAX_BYTES (200 * 1024)
#define TEXT_MAX_BYTES 1000

static const char *const verdicts[] = {
	[FACTS_TAKEN] = "taken",
	[FACTS_HELD] = "held",
	[FACTS_REJECTED] = "rejected",
};

/* ---- writing */

static void
add_findings(struct buf *b, const char *key, const struct git_findings *list)
{
	if (list->n == 0)
		return;
	buf_printf(b, ",\"%s\":[", key);
	for (size_t i = 0; i < list->n; i++) {
		const struct git_finding *f = &list->rows[i];

		buf_printf(
		    b, "%s{\"rule\":\"%s\",\"ref\":", i > 0 ? "," : "", git_rule_text(f->rule));
		js_text(b, f->ref);
		buf_text(b, ",\"sentence\":");
		js_text(b, f->sentence);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

const char *
facts_text(struct arena *mem, const struct facts *f)
{
	struct buf *b = buf_new(mem, FACTS_MAX_BYTES);

	buf_printf(b, "{\"verdict\":\"%s\",\"upstream\":\"%s\",\"version\":%lld",
	    verdicts[f->verdict], f->upstream, (long long)f->version);
	add_findings(b, "findings", &f->findings);
	add_findings(b, "notices", &f->notices);
	if (f->moved_to != NULL) {
		buf_text(b, ",\"moved_to\":");
		js_text(b, f->moved_to);
	}
	buf_char(b, '}');
	return b->data;
}

/* ---- reading */

static int
wrong(struct ctx *c)
{
	return fail(c, E_INVALID, "what was decided about the refs makes no sense");
}

static int
take_text(struct ctx *c, const struct js *object, const char *key, const char **out)
{
	const struct js *value = js_get(object, key);

	if (value == NULL || js_type(value) != JS_TEXT)
		return wrong(c);
	*out = js_text_of(c, value);
	return strlen(*out) <= TEXT_MAX_BYTES ? OK : wrong(c);
}

static int
take_finding(struct ctx *c, const struct js *value, struct git_finding *out)
{
	const char *rule = "";

	if (js_type(value) != JS_OBJECT)
		return wrong(c);
	TRY(take_text(c, value, "rule", &rule));
	TRY(take_text(c, value, "ref", &out->ref));
	TRY(take_text(c, value, "sentence", &out->sentence));
	out->rule = git_rule_by_name(rule);
	return out->rule != 0 ? OK : wrong(c);
}

static int
take_findings(struct ctx *c, const struct js *root, const char *key, struct git_findings *out)
{
	const struct js *list = js_get(root, key);

	*out = (struct git_findings){ .n = 0 };
	if (list == NULL)
		return OK;
	if (js_type(list) != JS_ARRAY || js_count(list) > GIT_FINDINGS_MAX)
		return wrong(c);
	out->n = js_count(list);
	out->rows = arena_new_array(c->mem, struct git_finding, out->n + 1);
	for (size_t i = 0; i < out->n; i++)
		TRY(take_finding(c, js_at(list, i), &out->rows[i]));
	return OK;
}

static int
take_moved_to(struct ctx *c, const struct js *root, const char **out)
{
	*out = NULL;
	if (js_get(root, "moved_to") == NULL)
		return OK;
	TRY(take_text(c, root, "moved_to", out));
	return (*out)[0] == '\0' || net_url_is_http(c, *out) ? OK : wrong(c);
}

static enum facts_verdict
verdict_by_name(const char *name)
{
	for (enum facts_verdict v = FACTS_TAKEN; v <= FACTS_REJECTED; v++)
		if (strcmp(verdicts[v], name) == 0)
			return v;
	return 0;
}

int
facts_parse(struct ctx *c, const char *text, struct facts *out)
{
	const struct js *root, *version;
	const char *verdict = "";
	unsigned char print[32];

	TRY(js_parse(c, text, strlen(text), &root));
	if (js_type(root) != JS_OBJECT)
		return wrong(c);
	TRY(take_text(c, root, "verdict", &verdict));
	TRY(take_text(c, root, "upstream", &out->upstream));
	version = js_get(root, "version");
	out->verdict = verdict_by_name(verdict);
	if (out->verdict == 0 || !str_is_hex(out->upstream, print, sizeof(print)) ||
	    version == NULL || js_type(version) != JS_INT)
		return wrong(c);
	out->version = js_int_of(version);
	TRY(take_findings(c, root, "findings", &out->findings));
	TRY(take_findings(c, root, "notices", &out->notices));
	return take_moved_to(c, root, &out->moved_to);
}
