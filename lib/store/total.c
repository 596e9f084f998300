#include "store/total.h"

const struct field total_row[] = { FIELD(total, n), { 0 } };

int
total_of_n(struct ctx *c, const struct db_stmt *stmt, int64_t *out, const struct db_param *params,
    size_t n)
{
	struct total row;

	TRY(db_one_n(c, stmt, &row, params, n));
	*out = row.n;
	return OK;
}
