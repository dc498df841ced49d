// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls of agents, hooked by ftrace: which patches the entries of hundreds of
 * functions. The emulator's other processors may go on executing what was there before,
 * so there is only one. Attaching takes long on a kernel with sanitizers, where
 * hooks_ftrace.c has to do.
 *
 * vm: nomodule timeout=300 cpus=1 kernels=6.1,6.12
 */
#define HOOKS "ftrace"

#include "kselftest_harness.h"
#include "lib/flood.h"
#include "lib/flood_tests.h"

TEST_HARNESS_MAIN
