/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the structs that the device's calls take.
 */
#ifndef _AGENTSYS_UARG_H
#define _AGENTSYS_UARG_H

#include <linux/mm.h>
#include <linux/uaccess.h>

/* 0, or the errno that <linux/agentsys.h> gives. */
#define agentsys_get_arg(arg, uarg) agentsys_get_struct(arg, sizeof(*(arg)), uarg)

/* Nothing has been appended to any struct yet: its first version is all of it. */
static inline int agentsys_get_struct(void *arg, size_t ksize, void __user *uarg)
{
	u32 size;

	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (size < ksize)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(arg, ksize, uarg, size);
}

#endif /* _AGENTSYS_UARG_H */
