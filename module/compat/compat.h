/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, so that no other file has to know. Included
 * before everything else; the HAVE_ macros come from compat/probes.mk.
 */
#ifndef _AGENTSYS_COMPAT_H
#define _AGENTSYS_COMPAT_H

/* What every line of the module in the kernel log begins with. */
#define pr_fmt(fmt) "[ASM] " fmt

#include <linux/mount.h>

/* Mounts carry an idmap since v6.3, a user namespace before. */
#ifdef HAVE_MNT_IDMAP
#define compat_mnt_idmap(mnt) mnt_idmap(mnt)
#else
#define compat_mnt_idmap(mnt) mnt_user_ns(mnt)
#endif

#endif /* _AGENTSYS_COMPAT_H */
