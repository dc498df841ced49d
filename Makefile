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

.PHONY: all help deps module tools tests programs overlay check check-sanitizers check-kcsan check-nets coverage unit fuzz lint \
	vm-test demo shell bench-quick soak \
	install uninstall install-tools install-module clean

all: module tools

help:
	@echo 'make demo          show what agentsys does, in a virtual machine, in under two minutes'
	@echo 'make shell         a root shell in a virtual machine with the module loaded; exit leaves it'
	@echo 'make check         everything: unit tests, lint, tests in virtual machines on both kernels and one with sanitizers'
	@echo 'make check-sanitizers  the tests in a virtual machine whose kernel has KASAN, lockdep and so on'
	@echo 'make check-kcsan   the tests in a virtual machine whose kernel looks for data races'
	@echo 'make check-nets    plants bugs in a copy of the module and expects each to be reported; T=name picks'
	@echo 'make coverage      which lines and branches of module and tools the tests reach; T= picks; in $(BUILD)/coverage'
	@echo 'make unit          unit tests on this machine'
	@echo 'make fuzz          look for inputs that break something; T=name picks, SECONDS=60 for each'
	@echo 'make lint          static checks'
	@echo 'make vm-test       tests in a virtual machine; T=name or T="a b*" picks, KVER=6.12 or 6.1-check the kernel'
	@echo 'make soak          everything at random for MINUTES=5, after which nothing may be left of it; SEED, KVER'
	@echo 'make bench-quick   benchmarks under a clock that counts instructions; results in $(BUILD)/bench'
	@echo 'make all           build the module (KVER) and the tools'
	@echo 'make install       tools, headers, manual pages and the module for the running kernel; DESTDIR, PREFIX'
	@echo 'make install-tools the same without the module'
	@echo 'make uninstall     remove them'
	@echo 'make clean         remove $(BUILD)'

deps:
	@scripts/deps.sh

module: deps
	@scripts/build-module.sh $(KVER)

tools: deps
	@if [ -e tools/Makefile ]; then mkdir -p $(O)/tools && flock $(O)/tools $(MAKE) -s -C tools all O=$(O)/tools; fi
ifdef COVERAGE
	@$(MAKE) -s -C tools all O=$(O)/tools-coverage GCOV=1
endif

# Test programs: one file is one test. A comment "build: ..." adds to the compiler's command line.
NL_CFLAGS := -isystem /usr/include/libnl3
PROGRAMS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/kselftest/*.c tests/bench/*.c tests/soak/*.c)) \
	$(patsubst tests/kselftest/agents/%.c,$(O)/tests/agents/%,$(wildcard tests/kselftest/agents/*.c))
UNITS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/unit/*.c))
# Looked for when needed, by the shell: make remembers what a folder held before the library was built.
LIBASM = $(shell find $(O)/tools -name libasm-agentsys.so -printf '%h\n' -quit 2>/dev/null)
TEST_CFLAGS = $(CFLAGS) $(WARN) -Wno-unused-parameter -std=gnu11 -D_GNU_SOURCE \
	-Iinclude/uapi -Itools/libasm -Itests/kselftest/lib $(NL_CFLAGS) -isystem $(SELFTESTS)
TEST_LIBS = $(if $(LIBASM),-L$(LIBASM) -lasm-agentsys) -lnl-genl-3 -lnl-3 -ljson-c -lpthread -lm

# A test that does not compile is reported as failed, and keeps no other one from running.
tests: tools
	@$(MAKE) -s -k programs || true

programs: $(PROGRAMS)

# Linked beside its place and moved there: a second make may be running the program.
link = @mkdir -p $(@D) && $(CC) $(1) -MMD -MP -MF $@.d -MT $@ -o $@.$$$$ $< $(shell scripts/directive build $<) $(2) && \
	mv $@.$$$$ $@ || { rm -f $@; exit 1; }

$(O)/tests/agents/%: tests/kselftest/agents/%.c
	$(call link,$(TEST_CFLAGS),$(TEST_LIBS))
$(O)/tests/kselftest/%: tests/kselftest/%.c
	$(call link,$(TEST_CFLAGS) -include tests/kselftest/lib/scale.h,$(TEST_LIBS))
$(O)/tests/bench/%: tests/bench/%.c
	$(call link,$(TEST_CFLAGS),$(TEST_LIBS))
$(O)/tests/soak/%: tests/soak/%.c
	$(call link,$(TEST_CFLAGS) -Itests/kselftest -include tests/kselftest/lib/scale.h,$(TEST_LIBS))

# Unit tests see the pure logic of the module, compiled for this machine with sanitizers.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_CFLAGS = $(CFLAGS) $(WARN) -Wno-unused-parameter -std=gnu11 -D_GNU_SOURCE $(SANITIZE) \
	-Iinclude/uapi -Imodule -iquote module/core -Itools/libasm $(NL_CFLAGS)
CORE := $(patsubst module/core/%.c,$(O)/core/%.o,$(wildcard module/core/*.c))

$(O)/core/%.o: module/core/%.c
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

# An archive, so that a test may bring its own stand-in for a file of core.
$(O)/core/core.a: $(CORE)
	@rm -f $@ && ar rcs $@ $(CORE)

$(O)/tests/unit/%: tests/unit/%.c $(O)/core/core.a
	$(call link,$(UNIT_CFLAGS),$(O)/core/core.a -lcmocka -lnl-genl-3 -lnl-3 -ljson-c -lpthread -lm)

# Fuzzing targets likewise, with clang: gcc has no libFuzzer.
FUZZ_CORE := $(patsubst module/core/%.c,$(O)/core-fuzz/%.o,$(wildcard module/core/*.c))
$(O)/core-fuzz/% $(O)/tests/fuzz/%: override CC := clang
$(O)/core-fuzz/% $(O)/tests/fuzz/%: SANITIZE := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(O)/core-fuzz/%.o: module/core/%.c
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/core-fuzz/core.a: $(FUZZ_CORE)
	@rm -f $@ && ar rcs $@ $(FUZZ_CORE)

$(O)/tests/fuzz/%: tests/fuzz/%.c $(O)/core-fuzz/core.a
	$(call link,$(UNIT_CFLAGS),$(O)/core-fuzz/core.a -lnl-genl-3 -lnl-3 -ljson-c -lm)

-include $(wildcard $(O)/tests/*/*.d $(O)/core/*.d $(O)/core-fuzz/*.d)

overlay: module tools tests
	+@tests/vm/overlay.sh $(KVER)

unit-programs: deps $(UNITS)
.PHONY: unit-programs

unit: unit-programs
	@scripts/check.py unit

# For long; make unit has a short run of each.
SECONDS ?= 60
fuzz: deps
	@set -f; scripts/check.py fuzz $(SECONDS) $(T)

lint: deps
	@scripts/check.py lint

# What has not begun UNTIL so many minutes are over is skipped, and said to be.
check: export UNTIL := $(UNTIL)
check: deps
	@scripts/check.py all

check-sanitizers: deps
	@scripts/check.py sanitizers

check-kcsan: deps
	@scripts/check.py kcsan

check-nets: deps
	@set -f; scripts/check.py nets $(T)

coverage: deps
	@set -f; scripts/check.py coverage $(T)

vm-test: overlay
	@set -f; tests/vm/vm.py test $(T)

demo: overlay
	@tests/vm/vm.py demo

shell: overlay
	@tests/vm/vm.py shell

MINUTES ?= 5
soak: export MINUTES := $(MINUTES)
soak: overlay
	@tests/vm/vm.py soak

bench-quick: overlay
	@set -f; tests/vm/vm.py bench $(T)

# The module is for an installed kernel; a machine without its headers takes the tools alone.
KDIR ?= /lib/modules/$(shell uname -r)/build
MODULE_RELEASE = $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)
MODULE_DIR = $(DESTDIR)/lib/modules/$(MODULE_RELEASE)/updates
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
MANPAGES = $(notdir $(wildcard docs/man/*.[1-8]))
man_path = $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(1)))/$(1)
HEADERS := $(notdir $(wildcard include/uapi/linux/*.h))

install: install-tools install-module

install-tools:
	@scripts/deps.sh tools
	@mkdir -p $(O)/tools
	@$(MAKE) -s -C tools install O=$(O)/tools DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	@echo 'installed the tools and the library in $(DESTDIR)$(PREFIX)'
	@$(foreach header,$(HEADERS),install -D -m 644 include/uapi/linux/$(header) $(DESTDIR)$(INCLUDEDIR)/linux/$(header) &&) true
	@echo 'installed $(words $(HEADERS)) headers in $(DESTDIR)$(INCLUDEDIR)/linux'
	@$(foreach page,$(MANPAGES),install -D -m 644 docs/man/$(page) $(call man_path,$(page)) &&) true
	@echo 'installed $(words $(MANPAGES)) manual pages in $(DESTDIR)$(MANDIR)'

install-module:
ifeq ($(MODULE_RELEASE),)
	@echo 'no kernel headers in $(KDIR): the module is not installed' >&2
	@echo 'KDIR= names others; "make install-tools" installs all but the module' >&2
	@exit 1
else
	@scripts/build-module.sh $(KDIR)
	@install -D -m 644 $(O)/$(MODULE_RELEASE)/agentsys.ko $(MODULE_DIR)/agentsys.ko
	@$(if $(DESTDIR),,depmod $(MODULE_RELEASE))
	@echo 'installed the module in $(MODULE_DIR)'
endif

uninstall:
	@$(MAKE) -s -C tools uninstall O=$(O)/tools DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	@rm -f $(foreach header,$(HEADERS),$(DESTDIR)$(INCLUDEDIR)/linux/$(header)) $(foreach page,$(MANPAGES),$(call man_path,$(page)))
	@$(if $(MODULE_RELEASE),rm -f $(MODULE_DIR)/agentsys.ko)
	@$(if $(MODULE_RELEASE),$(if $(DESTDIR),,depmod $(MODULE_RELEASE)))
	@echo 'removed the tools$(if $(MODULE_RELEASE), and the module,; there are no kernel headers to tell where the module is)'

clean:
	rm -rf $(O)
