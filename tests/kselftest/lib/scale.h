/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much slower than usual this machine is, as the runner knows: a kernel with
 * sanitizers says it of itself. Included ahead of every test, so that the time
 * that the harness gives each test grows with it.
 */
#ifndef TESTS_LIB_SCALE_H
#define TESTS_LIB_SCALE_H

#include <stdlib.h>
#include <unistd.h>

static inline unsigned int vm_scale(void)
{
	const char *scale = getenv("VM_SCALE");

	return scale ? atoi(scale) : 1;
}

static inline unsigned int scaled_alarm(unsigned int seconds)
{
	return alarm(seconds * vm_scale());
}

#define alarm(seconds) scaled_alarm(seconds)

#endif
