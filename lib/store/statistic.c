#include "store/statistic.h"

#include "store/platform_fields.h"
#include "store/store.h"

#define ROWS_MAX 1000

static const struct field statistic_row[] = { FIELD(statistic, average_build_time),
	FIELD(statistic, build_count), FIELD(statistic, arch_id), { 0 } };
static const struct field attachment_row[] = { FIELD(attachment, id), FIELD(attachment, name),
	FIELD(attachment, platform_id), FIELD(attachment, platform_name), { 0 } };

enum { LIST, ADD, ATTACHMENTS };

/* clang-format off */
const struct db_stmt statistic_sql[] = {
	[LIST] = { "statistic_list",
	    "SELECT average_build_time, build_count, arch_id FROM hub.project_statistic "
	    "WHERE project_id = $1 ORDER BY arch_id LIMIT $2",
	    statistic_row, sizeof(struct statistic) },
	[ADD] = { "statistic_add",
	    "INSERT INTO hub.project_statistic AS s "
	    "(project_id, arch_id, average_build_time, build_count) VALUES ($1, $2, $3, 1) "
	    "ON CONFLICT (project_id, arch_id) DO UPDATE SET average_build_time = "
	    "(s.average_build_time * s.build_count + EXCLUDED.average_build_time) "
	    "/ (s.build_count + 1), build_count = s.build_count + 1",
	    NULL, 0 },
	[ATTACHMENTS] = { "attachment_list",
	    "SELECT r.id, r.name, p.id AS platform_id, p.name AS platform_name "
	    "FROM hub.repository_project a JOIN hub.repository r ON r.id = a.repository_id "
	    "JOIN hub.platform p ON p.id = a.platform_id "
	    "WHERE a.project_id = $3 AND " PLATFORM_ACCESS("$1", "$2") " > 0 "
	    "ORDER BY r.id LIMIT $4",
	    attachment_row, sizeof(struct attachment) },
	{ 0 }
};
/* clang-format on */

int
statistic_list(struct ctx *c, int64_t project_id, struct statistic **rows_out, size_t *n_out)
{
	return db_all(
	    c, &statistic_sql[LIST], rows_out, n_out, db_int(project_id), db_int(ROWS_MAX));
}

int
statistic_add(struct ctx *c, int64_t project_id, int64_t arch_id, int64_t duration_s)
{
	return db_do(
	    c, &statistic_sql[ADD], NULL, db_int(project_id), db_int(arch_id), db_int(duration_s));
}

int
attachment_list(struct ctx *c, const struct account *asker, int64_t project_id,
    struct attachment **rows_out, size_t *n_out)
{
	return db_all(c, &statistic_sql[ATTACHMENTS], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(project_id), db_int(ROWS_MAX));
}
