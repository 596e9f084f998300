# Mirrorhub. GNU make, no configure. `make` builds, `make run` sets up and runs everything under one
# folder, `make check` runs all tests. SAN=1 (or BUILD=build/san) builds with address and
# undefined-behaviour checks.

SHELL := /bin/bash
CC ?= gcc
PREFIX ?= /usr/local
DESTDIR ?=

BUILD ?= $(if $(SAN),build/san,build)
ifeq ($(notdir $(BUILD)),san)
SANFLAGS := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined \
	-DTEST_CRASH_POINTS
OPT := -O1
else
SANFLAGS :=
OPT := -O2 -D_FORTIFY_SOURCE=2
endif

LIBS := json-c libpq libgit2 libcurl libcares libsodium libcrypto zlib
PKG_CFLAGS := $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lfcgi -lcrypt -lm
RENDER_LIBS := -lcmark-gfm-extensions -lcmark-gfm -lseccomp -lsodium

CFLAGS := -std=gnu11 $(OPT) -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wno-missing-field-initializers \
	-fstack-protector-strong \
	$(SANFLAGS) -D_GNU_SOURCE -Ilib -I. -include lib/base/banned.h $(PKG_CFLAGS)
LDFLAGS := $(SANFLAGS) -Wl,-z,relro,-z,now

LIB_SRC := $(wildcard lib/*/*.c)
RENDER_SRC := $(wildcard cgi/render/*.c)
CGI_SRC := $(filter-out $(RENDER_SRC),$(wildcard cgi/*.c cgi/*/*.c))
ADMIN_SRC := $(wildcard sync/admin*.c)
JIRA_SRC := $(wildcard sync/jira*.c)
FORGE_SRC := $(wildcard sync/provider*.c) $(wildcard sync/forge_*.c) sync/gitlab_token.c
SYNC_SRC := $(filter-out $(ADMIN_SRC) $(JIRA_SRC),$(wildcard sync/*.c))

objs = $(patsubst %.c,$(BUILD)/%.o,$(1))
ALL_OBJS := $(call objs,$(LIB_SRC) $(CGI_SRC) $(RENDER_SRC) $(ADMIN_SRC) $(JIRA_SRC) $(SYNC_SRC))
LIB := $(BUILD)/libmirrorhub.a
PROGRAMS := $(addprefix $(BUILD)/,mirrorhub-fcgi mirrorhub-render mirrorhub-sync mirrorhub \
	jira-post-fetch-hook)

.PHONY: all objects packages run start stop check check-unit check-db lint format sizes install bench clean
all: $(PROGRAMS)
objects: $(ALL_OBJS)

# Of the pages and all that shows in them: a browser's copies are good for this one only.
PAGE_FILES := $(wildcard cgi/web/*.[ch] cgi/web/static/*.* cgi/web/static/highlight/*.js \
	cgi/render/*.[ch] lib/web/html.c)
PAGE_VERSION := $(shell cat $(PAGE_FILES) | sha256sum | cut -c1-12)
$(BUILD)/cgi/web/page.o: CFLAGS += -DPAGE_VERSION='"$(PAGE_VERSION)"'
$(BUILD)/cgi/web/page.o: $(PAGE_FILES)

# The newest migration that these programs know.
MIGRATIONS := $(wildcard sql/migrations/*.sql)
SCHEMA_OBJS := $(BUILD)/cgi/health/routes.o $(BUILD)/lib/core/metrics.o
$(SCHEMA_OBJS): CFLAGS += -DSCHEMA_VERSION=$(words $(MIGRATIONS))
$(SCHEMA_OBJS): $(MIGRATIONS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(call objs,$(LIB_SRC))
	@rm -f $@
	ar rcs $@ $^

# Which names are Markdown is asked on both sides of the child.
$(BUILD)/mirrorhub-fcgi: $(call objs,$(CGI_SRC) cgi/render/link.c) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Nothing that could reach a database or a network is linked to it.
$(BUILD)/mirrorhub-render: $(call objs,$(RENDER_SRC)) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(RENDER_LIBS)

$(BUILD)/mirrorhub-sync: $(call objs,$(SYNC_SRC)) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/jira-post-fetch-hook: $(call objs,$(JIRA_SRC)) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# The command cleans up with sync's own janitor, and asks GitLab as sync does.
$(BUILD)/mirrorhub: $(call objs,$(ADMIN_SRC) sync/janitor.c sync/datadir.c $(FORGE_SRC)) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# ---- a whole hub under one folder: VAR (var), PORT (8848), URL, CONF_EXTRA; see nginx/standalone
HUB_ENV = VAR='$(VAR)' PORT='$(PORT)' URL='$(URL)' CONF_EXTRA='$(CONF_EXTRA)' BUILD='$(BUILD)'

packages:
	@nginx/install-packages nginx/packages

# A make of its own builds: only then are the compiler and pkg-config there for sure.
run start: packages
	@$(MAKE) --no-print-directory -s -j2 all
	@$(HUB_ENV) exec nginx/standalone $@

stop:
	@$(HUB_ENV) exec nginx/standalone stop

# ---- tests, all of them with the sanitizers; one closing line counts them
check:
	@nginx/install-packages nginx/packages tests/packages
	@$(MAKE) --no-print-directory -s -j2 all
	@$(MAKE) --no-print-directory -s -j2 all SAN=1
	@tests/run

bench:
	@nginx/install-packages nginx/packages tests/bench/packages
	@$(MAKE) --no-print-directory -s -j2 all
	@tests/bench/run

SCRIPTS := nginx/standalone nginx/install-packages .ci/run
C_FILES := $(wildcard lib/*/*.[ch] cgi/*.[ch] cgi/*/*.[ch] sync/*.[ch])

lint:
	shellcheck -x $(SCRIPTS)
	clang-format-14 --dry-run -Werror $(C_FILES)
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr -Ilib -I. \
		--enable=warning,portability --suppress=missingIncludeSystem \
		--suppress=legacyUninitvar --suppress=autoVariables lib cgi sync

format:
	clang-format-14 -i $(C_FILES)

# The longest functions and files: to ask whether splitting one makes either half easier to name.
sizes:
	@wc -l $(C_FILES) | grep -v total | sort -rn | head -10
	@awk '/^[a-z_]+\(/ { name = $$1; start = FNR } \
		/^}/ && name { print FNR - start, FILENAME, name; name = "" }' $(C_FILES) | sort -rn | head -10

# ---- into the system; docs/admin.md has what is left to do by hand
SBIN := $(DESTDIR)$(PREFIX)/sbin
SHARE := $(DESTDIR)$(PREFIX)/share
ETC := $(DESTDIR)/etc
UNITS := $(DESTDIR)/lib/systemd/system

install: all
	install -d $(SBIN) $(SHARE)/mirrorhub/sql/migrations $(SHARE)/mirrorhub/nginx $(SHARE)/man/man8 \
		$(SHARE)/doc/mirrorhub $(ETC)/mirrorhub $(ETC)/nginx/sites-available $(UNITS) \
		$(DESTDIR)/usr/lib/sysusers.d $(DESTDIR)/usr/lib/tmpfiles.d
	install -m 755 $(PROGRAMS) $(SBIN)
	install -m 644 sql/*.sql $(SHARE)/mirrorhub/sql
	install -m 644 sql/migrations/*.sql $(SHARE)/mirrorhub/sql/migrations
	install -d $(SHARE)/mirrorhub/nginx/static/highlight
	install -m 644 cgi/web/static/*.* $(SHARE)/mirrorhub/nginx/static
	install -m 644 cgi/web/static/highlight/* $(SHARE)/mirrorhub/nginx/static/highlight
	for file in http server fastcgi locations mirrorhub; do \
		sed 's|@MIRRORHUB_NGINX@|$(PREFIX)/share/mirrorhub/nginx|' nginx/$$file.conf \
			>$(SHARE)/mirrorhub/nginx/$$file.conf || exit 1; done
	mv $(SHARE)/mirrorhub/nginx/mirrorhub.conf $(ETC)/nginx/sites-available/mirrorhub
	for unit in nginx/systemd/*.service sync/systemd/*; do \
		sed 's|@SBIN@|$(PREFIX)/sbin|' $$unit >$(UNITS)/$${unit##*/} || exit 1; done
	install -m 644 nginx/systemd/sysusers.conf $(DESTDIR)/usr/lib/sysusers.d/mirrorhub.conf
	install -m 644 nginx/systemd/tmpfiles.conf $(DESTDIR)/usr/lib/tmpfiles.d/mirrorhub.conf
	install -m 644 sync/mirrorhub-sync.cron $(SHARE)/mirrorhub
	install -m 644 docs/man/*.8 $(SHARE)/man/man8
	cp -r README.md CHANGES.md docs/*.md docs/*.yml docs/api $(SHARE)/doc/mirrorhub
	[ -f $(ETC)/mirrorhub/mirrorhub.conf ] || \
		$(BUILD)/mirrorhub --help-config >$(ETC)/mirrorhub/mirrorhub.conf

clean:
	rm -rf build

-include tests/tests.mk
-include $(ALL_OBJS:.o=.d)
