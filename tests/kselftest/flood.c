// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls of agents, hooked by the tracepoint.
 *
 * vm: nomodule timeout=300
 */
#define HOOKS "tracepoint"

#include "kselftest_harness.h"
#include "lib/flood.h"

TEST_HARNESS_MAIN
