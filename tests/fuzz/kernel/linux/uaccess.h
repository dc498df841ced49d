/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_UACCESS_H
#define AGENTSYS_TESTS_KERNEL_UACCESS_H

#include <errno.h>
#include <linux/types.h>

/* Bytes that could not be copied. */
unsigned long copy_to_user(void *to, const void *from, unsigned long n);

/* Only of a char. */
static inline int put_user(char value, char *to)
{
	return copy_to_user(to, &value, 1) ? -EFAULT : 0;
}

#endif
