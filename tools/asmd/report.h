/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module is told of agents.
 */
#ifndef ASMD_REPORT_H
#define ASMD_REPORT_H

#include "agents.h"

/* It is alive. */
void report_alive(struct agent *agent);

/* It has given no sign of life for so long, where so much is allowed. */
void report_unresponsive(struct agent *agent, uint64_t ms, uint64_t limit_ms);

#endif
