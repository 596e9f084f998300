# Mirrorhub. GNU make, no configure. `make` builds, `make run` sets up and runs everything under one
# folder, `make check` runs all tests. SAN=1 builds with address and undefined-behaviour checks.

SHELL := /bin/bash
CC ?= gcc
PREFIX ?= /usr/local
DESTDIR ?=

ifdef SAN
BUILD := build/san
SANFLAGS := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
OPT := -O1
else
BUILD := build
SANFLAGS :=
OPT := -O2 -D_FORTIFY_SOURCE=2
endif

LIBS := json-c libpq libgit2 libcurl libsodium zlib
PKG_CFLAGS := $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lfcgi -lcrypt

CFLAGS := -std=gnu11 $(OPT) -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wvla -Wundef -fstack-protector-strong \
	$(SANFLAGS) -D_GNU_SOURCE -Ilib -I. $(PKG_CFLAGS)
LDFLAGS := $(SANFLAGS) -Wl,-z,relro,-z,now

LIB_SRC := $(wildcard lib/*/*.c)
CGI_SRC := $(wildcard cgi/*.c cgi/*/*.c)
ADMIN_SRC := $(wildcard sync/admin*.c)
SYNC_SRC := $(filter-out $(ADMIN_SRC),$(wildcard sync/*.c))

objs = $(patsubst %.c,$(BUILD)/%.o,$(1))
ALL_OBJS := $(call objs,$(LIB_SRC) $(CGI_SRC) $(ADMIN_SRC) $(SYNC_SRC))
LIB := $(BUILD)/libmirrorhub.a
PROGRAMS := $(BUILD)/mirrorhub-fcgi $(BUILD)/mirrorhub-sync $(BUILD)/mirrorhub

.PHONY: all objects clean
all: $(PROGRAMS)
objects: $(ALL_OBJS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(call objs,$(LIB_SRC))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/mirrorhub-fcgi: $(call objs,$(CGI_SRC)) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/mirrorhub-sync: $(call objs,$(SYNC_SRC)) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/mirrorhub: $(call objs,$(ADMIN_SRC)) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

clean:
	rm -rf build

-include $(ALL_OBJS:.o=.d)
