# Tests in C: tests/unit and tests/db, one cmocka program per file, always built with the sanitizers.
# One of them alone: make SAN=1 build/san/tests/unit/str && build/san/tests/unit/str

UNIT_SRC := $(wildcard tests/unit/*.c)
DB_TEST_SRC := $(filter-out tests/db/harness.c,$(wildcard tests/db/*.c))
UNIT_TESTS := $(UNIT_SRC:%.c=$(BUILD)/%)
DB_TESTS := $(DB_TEST_SRC:%.c=$(BUILD)/%)

# What a test may want besides the library: the programs without their main().
PARTS_SRC := $(filter-out cgi/main.c cgi/render/main.c sync/main.c sync/jira_hook.c sync/admin.c \
	sync/admin_main.c,$(CGI_SRC) $(RENDER_SRC) $(SYNC_SRC) $(JIRA_SRC))
PARTS := $(BUILD)/tests/parts.a
TEST_LIBS := $(PARTS) $(LIB) $(PKG_LIBS) $(RENDER_LIBS) -lcmocka

.PHONY: check-unit check-db run-unit run-db
check-unit:
	@$(MAKE) --no-print-directory SAN=1 run-unit
check-db:
	@$(MAKE) --no-print-directory SAN=1 run-db

# All of them run, whatever the first one says.
run-unit: $(UNIT_TESTS)
	@/usr/bin/python3 tests/unit/rooms.py & rooms=$$!; failed=0; \
	for t in $(UNIT_TESTS); do $$t || { echo "failed: $$t"; failed=1; }; done; \
	wait $$rooms || failed=1; /usr/bin/python3 tests/unit/static.py || failed=1; exit $$failed

run-db: $(DB_TESTS) $(BUILD)/mirrorhub
	@/usr/bin/python3 tests/db/run.py $(DB_TESTS)

$(PARTS): $(call objs,$(PARTS_SRC))
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

$(UNIT_TESTS): $(BUILD)/%: $(BUILD)/%.o $(PARTS) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $< $(TEST_LIBS)

$(DB_TESTS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/db/harness.o $(PARTS) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/tests/db/harness.o $(TEST_LIBS)

-include $(patsubst %.c,$(BUILD)/%.d,$(wildcard tests/unit/*.c tests/db/*.c))
