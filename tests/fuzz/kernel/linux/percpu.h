/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_PERCPU_H
#define AGENTSYS_TESTS_KERNEL_PERCPU_H

#define DECLARE_PER_CPU(type, name)	extern type name
#define this_cpu_inc(name)		((name)++)

#endif
