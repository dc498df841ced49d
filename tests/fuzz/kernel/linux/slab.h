/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_SLAB_H
#define AGENTSYS_TESTS_KERNEL_SLAB_H

#include <limits.h>
#include <linux/types.h>
#include <stdlib.h>

#define GFP_KERNEL	0

static inline void *kmalloc(size_t size, unsigned int flags)
{
	(void)flags;
	return malloc(size);
}

static inline void kfree(void *p)
{
	free(p);
}

#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))

/* What the kernel would only warn of. */
#define WARN_ON_ONCE(condition)	((condition) ? (abort(), true) : false)

#endif
