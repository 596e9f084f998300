#include "store/arch.h"

#include "store/store.h"

static const struct field arch_row[] = { FIELD(arch, id), FIELD(arch, name), { 0 } };

enum { ARCH_LIST };

const struct db_stmt arch_sql[] = {
	[ARCH_LIST] = { "arch_list", "SELECT id, name FROM hub.arch ORDER BY id LIMIT $1 OFFSET $2",
	    arch_row, sizeof(struct arch) },
	{ 0 }
};

int
arch_list(struct ctx *c, int64_t limit, int64_t offset, struct arch **rows_out, size_t *n_out)
{
	return db_all(c, &arch_sql[ARCH_LIST], rows_out, n_out, db_int(limit), db_int(offset));
}
