#include "git/spec_expr.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 50

/* A number, or with `text` a text of len bytes. */
struct value {
	int64_t number;
	const char *text;
	size_t len;
};

struct expr {
	const char *at;
	int depth;
	bool is_bad;
};

/* From what binds weakest; a line's longer words come first. */
enum op {
	OP_OR = 1,
	OP_AND,
	OP_EQ,
	OP_NE,
	OP_LE,
	OP_GE,
	OP_LT,
	OP_GT,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV
};

static const struct {
	const char *word;
	int level;
} ops[] = {
	[OP_OR] = { "||", 1 },
	[OP_AND] = { "&&", 2 },
	[OP_EQ] = { "==", 3 },
	[OP_NE] = { "!=", 3 },
	[OP_LE] = { "<=", 3 },
	[OP_GE] = { ">=", 3 },
	[OP_LT] = { "<", 3 },
	[OP_GT] = { ">", 3 },
	[OP_ADD] = { "+", 4 },
	[OP_SUB] = { "-", 4 },
	[OP_MUL] = { "*", 5 },
	[OP_DIV] = { "/", 5 },
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static struct value read_binary(struct expr *e, int level);

static struct value
bad(struct expr *e)
{
	e->is_bad = true;
	return (struct value){ 0 };
}

static struct value
number(int64_t n)
{
	return (struct value){ .number = n };
}

static bool
is_true(const struct value *v)
{
	return v->text != NULL ? v->len > 0 : v->number != 0;
}

static void
skip_blanks(struct expr *e)
{
	e->at += strspn(e->at, " \t\r\n");
}

static struct value
read_number(struct expr *e)
{
	int64_t n = 0;

	for (; *e->at >= '0' && *e->at <= '9'; e->at++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *e->at - '0', &n))
			return bad(e);
	/* "1x" and "1.2" are no numbers */
	if (*e->at != '\0' && strchr(" \t\r\n()=!<>&|+-*/", *e->at) == NULL)
		return bad(e);
	return number(n);
}

static struct value
read_text(struct expr *e)
{
	struct value v = { .text = e->at + 1 };

	v.len = strcspn(v.text, "\"");
	if (v.text[v.len] == '\0')
		return bad(e);
	e->at = v.text + v.len + 1;
	return v;
}

static struct value
read_group(struct expr *e)
{
	struct value v;

	e->at++;
	v = read_binary(e, 1);
	skip_blanks(e);
	if (*e->at != ')')
		return bad(e);
	e->at++;
	return v;
}

static struct value
read_one(struct expr *e)
{
	struct value v = { 0 };

	skip_blanks(e);
	if (e->is_bad || ++e->depth > DEPTH_MAX)
		return bad(e);
	if (*e->at == '!' || *e->at == '-') {
		bool is_not = *e->at++ == '!';

		v = read_one(e);
		if (!is_not && v.text != NULL)
			v = bad(e);
		v = number(is_not ? !is_true(&v) : (int64_t)(0 - (uint64_t)v.number));
	} else if (*e->at == '(') {
		v = read_group(e);
	} else if (*e->at == '"') {
		v = read_text(e);
	} else if (*e->at >= '0' && *e->at <= '9') {
		v = read_number(e);
	} else {
		v = bad(e);
	}
	e->depth--;
	return v;
}

/* The operator that is next, if it binds that tightly or more; 0: none. */
static enum op
next_op(struct expr *e, int level)
{
	skip_blanks(e);
	for (size_t i = 1; i < N_OPS; i++)
		if (strncmp(e->at, ops[i].word, strlen(ops[i].word)) == 0)
			return ops[i].level >= level ? (enum op)i : 0;
	return 0;
}

static int
compare(const struct value *a, const struct value *b)
{
	int order;

	if (a->text == NULL)
		return (a->number > b->number) - (a->number < b->number);
	order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static struct value
divide(struct expr *e, int64_t a, int64_t b)
{
	if (b == 0 || (a == INT64_MIN && b == -1))
		return bad(e);
	return number(a / b);
}

static struct value
calculate(struct expr *e, enum op op, const struct value *a, const struct value *b)
{
	if (op >= OP_ADD && a->text != NULL)
		return bad(e);
	switch (op) {
	case OP_EQ:
		return number(compare(a, b) == 0);
	case OP_NE:
		return number(compare(a, b) != 0);
	case OP_LT:
		return number(compare(a, b) < 0);
	case OP_LE:
		return number(compare(a, b) <= 0);
	case OP_GT:
		return number(compare(a, b) > 0);
	case OP_GE:
		return number(compare(a, b) >= 0);
	case OP_ADD:
		return number((int64_t)((uint64_t)a->number + (uint64_t)b->number));
	case OP_SUB:
		return number((int64_t)((uint64_t)a->number - (uint64_t)b->number));
	case OP_MUL:
		return number((int64_t)((uint64_t)a->number * (uint64_t)b->number));
	case OP_DIV:
		return divide(e, a->number, b->number);
	case OP_OR:
	case OP_AND:
		break;
	}
	return number(op == OP_OR ? is_true(a) || is_true(b) : is_true(a) && is_true(b));
}

static struct value
read_binary(struct expr *e, int level)
{
	struct value left = read_one(e), right;
	enum op op;

	while (!e->is_bad && (op = next_op(e, level)) != 0) {
		e->at += strlen(ops[op].word);
		right = read_binary(e, ops[op].level + 1);
		/* a number against a text is no question */
		if (op > OP_AND && (left.text != NULL) != (right.text != NULL))
			return bad(e);
		left = calculate(e, op, &left, &right);
	}
	return left;
}

bool
spec_expr(const char *text, bool *out)
{
	struct expr e = { .at = text };
	struct value v = read_binary(&e, 1);

	skip_blanks(&e);
	if (e.is_bad || *e.at != '\0')
		return false;
	*out = is_true(&v);
	return true;
}
