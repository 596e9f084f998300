/* The condition behind %if: integers, "texts", ! && || == != < <= > >= + - * / and parentheses, as
 * rpm reads them. */
#ifndef GIT_SPEC_EXPR_H
#define GIT_SPEC_EXPR_H

#include <stdbool.h>

/* false: it is no such expression (an unknown macro, a stray word), and *out is as it was. */
bool spec_expr(const char *text, bool *out);

#endif
