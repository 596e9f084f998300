#include "store/arch.h"

#include "store/store.h"
#include "store/total.h"

static const struct field arch_row[] = { FIELD(arch, id), FIELD(arch, name), { 0 } };

enum { ARCH_LIST, ARCH_COUNT };

const struct db_stmt arch_sql[] = {
	[ARCH_LIST] = { "arch_list", "SELECT id, name FROM hub.arch ORDER BY id LIMIT $1 OFFSET $2",
	    arch_row, sizeof(struct arch) },
	[ARCH_COUNT] = { "arch_count", "SELECT count(*) AS n FROM hub.arch", TOTAL },
	{ 0 }
};

int
arch_list(struct ctx *c, int64_t limit, int64_t offset, struct arch **rows_out, size_t *n_out)
{
	return db_all(c, &arch_sql[ARCH_LIST], rows_out, n_out, db_int(limit), db_int(offset));
}

int
arch_count(struct ctx *c, int64_t *out)
{
	return total_of(c, &arch_sql[ARCH_COUNT], out);
}
