#include <stdio.h>

#include "base/conf.h"
#include "sync/admin.h"

void
admin_help_config(void)
{
	for (const struct conf_row *r = conf_rows; r->sentence != NULL; r++) {
		printf("# %s\n", r->sentence);
		if (r->field.type == F_INT && r->most != 0)
			printf("# From %lld to %lld.\n", (long long)r->least, (long long)r->most);
		printf("#%s = %s\n\n", r->field.name, r->value);
	}
}
