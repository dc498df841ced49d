# Build, test and install agentsys. `make help` lists the targets.
#
# Everything is built below build/ (BUILD=), the module once per kernel. KVER names the kernel: a Debian series (6.1,
# 6.12) or another one in the cache, see scripts/kernel.sh.

BUILD ?= build
KVER ?= 6.1
PREFIX ?= /usr
T ?=
export BUILD KVER

O := $(abspath $(BUILD))
CC ?= gcc
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror

# Deferred: finding (and the first time extracting) them is not needed for `make help`.
SELFTESTS = $(shell scripts/kernel.sh source)/tools/testing/selftests

.PHONY: all help deps kernels module tools tests overlay check unit lint vm-test demo shell bench-quick \
	install uninstall install-tools install-module clean

all: module tools

help:
	@echo 'make demo          show what agentsys does, in a virtual machine, in under two minutes'
	@echo 'make shell         a root shell in a virtual machine with the module loaded; exit leaves it'
	@echo 'make check         everything: unit tests, lint, tests in virtual machines on both kernels'
	@echo 'make unit          unit tests on this machine'
	@echo 'make lint          static checks'
	@echo 'make vm-test       tests in a virtual machine; T=name or T="a b*" picks, KVER=6.12 picks the kernel'
	@echo 'make bench-quick   benchmarks under a clock that counts instructions; results in $(BUILD)/bench'
	@echo 'make all           build the module (KVER) and the tools'
	@echo 'make install       tools, headers, manual pages and the module for the running kernel; DESTDIR, PREFIX'
	@echo 'make uninstall     remove them'
	@echo 'make clean         remove $(BUILD)'

deps:
	@scripts/deps.sh

module: deps
	@scripts/build-module.sh $(KVER)

tools: deps
	@if [ -e tools/Makefile ]; then mkdir -p $(O)/tools && $(MAKE) -s -C tools all O=$(O)/tools; fi

# Test programs: one file is one test. A comment "build: ..." adds to the compiler's command line.
PROGRAMS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/kselftest/*.c tests/bench/*.c)) \
	$(patsubst tests/kselftest/agents/%.c,$(O)/tests/agents/%,$(wildcard tests/kselftest/agents/*.c))
UNITS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/unit/*.c))
LIBASM = $(if $(wildcard $(O)/tools/libasm-agentsys.so),$(O)/tools,$(dir $(firstword $(wildcard $(O)/tools/*/libasm-agentsys.so))))
TEST_CFLAGS = $(CFLAGS) $(WARN) -Wno-unused-parameter -std=gnu11 -D_GNU_SOURCE -MMD -MP \
	-Iinclude/uapi -Itools/libasm -Itests/kselftest/lib -isystem $(SELFTESTS)
TEST_LIBS = $(if $(LIBASM),-L$(LIBASM) -lasm-agentsys) -lnl-genl-3 -lnl-3 -ljson-c -lpthread -lm
NL_CFLAGS := -isystem /usr/include/libnl3

tests: tools $(PROGRAMS)

$(O)/tests/agents/%: tests/kselftest/agents/%.c
	@mkdir -p $(@D)
	@$(CC) $(TEST_CFLAGS) $(NL_CFLAGS) -o $@ $< $(shell scripts/directive build $<) $(TEST_LIBS)

$(O)/tests/kselftest/% $(O)/tests/bench/%: | tools
$(O)/tests/kselftest/%: tests/kselftest/%.c
	@mkdir -p $(@D)
	@$(CC) $(TEST_CFLAGS) $(NL_CFLAGS) -o $@ $< $(shell scripts/directive build $<) $(TEST_LIBS)

$(O)/tests/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	@$(CC) $(TEST_CFLAGS) $(NL_CFLAGS) -o $@ $< $(shell scripts/directive build $<) $(TEST_LIBS)

# Unit tests see the pure logic of the module, compiled for this machine with sanitizers.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_CFLAGS = $(CFLAGS) $(WARN) -Wno-unused-parameter -std=gnu11 -D_GNU_SOURCE $(SANITIZE) -MMD -MP \
	-Iinclude/uapi -Imodule -Imodule/core -Itools/libasm $(NL_CFLAGS)
CORE := $(patsubst module/core/%.c,$(O)/core/%.o,$(wildcard module/core/*.c))

$(O)/core/%.o: module/core/%.c
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -c -o $@ $<

# An archive, so that a test may bring its own stand-in for a file of core.
$(O)/core/core.a: $(CORE)
	@rm -f $@ && ar rcs $@ $(CORE)

$(O)/tests/unit/%: tests/unit/%.c $(O)/core/core.a
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -o $@ $< $(shell scripts/directive build $<) $(O)/core/core.a -lcmocka -lnl-genl-3 -lnl-3 -ljson-c -lpthread -lm

-include $(wildcard $(O)/tests/*/*.d $(O)/core/*.d)

overlay: module tools tests
	@tests/vm/overlay.sh $(KVER)

unit-programs: deps $(UNITS)
.PHONY: unit-programs

unit: unit-programs
	@scripts/check.py unit

lint: deps
	@scripts/check.py lint

check: deps
	@scripts/check.py all

vm-test: overlay
	@tests/vm/vm.py test $(T)

demo: overlay
	@tests/vm/vm.py demo

shell: overlay
	@tests/vm/vm.py shell

bench-quick: overlay
	@tests/vm/vm.py bench $(T)

clean:
	rm -rf $(O)
