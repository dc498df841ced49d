/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_PID_H
#define AGENTSYS_TESTS_KERNEL_PID_H

struct pid;

#endif
