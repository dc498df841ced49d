/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel as a file of module/ needs on the host, one header for one of its. */
#ifndef AGENTSYS_TESTS_KERNEL_TYPES_H
#define AGENTSYS_TESTS_KERNEL_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define __user

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	int64_t counter;
} atomic64_t;

static inline int64_t atomic64_read(const atomic64_t *v)
{
	return v->counter;
}

struct rcu_head {
	void *next;
};

#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))

#endif
