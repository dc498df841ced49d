/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, so that no other file has to know. Included
 * before everything else; the HAVE_ macros come from compat/probes.mk.
 */
#ifndef _AGENTSYS_COMPAT_H
#define _AGENTSYS_COMPAT_H

/* What every line of the module in the kernel log begins with. */
#define pr_fmt(fmt) "[ASM] " fmt

/* What watches pressure must live as long as the file that it is asked for by. */
#if !defined(HAVE_TIMER_DELETE_SYNC) || !defined(HAVE_PSI_TRIGGER_OF_FILE)
#error "agentsys needs Linux 6.1.85 or later of 6.1, or 6.4 or later"
#endif

/* Signals are sent, and memory is allocated, in probes, where nothing may sleep. */
#ifdef CONFIG_PREEMPT_RT
#error "agentsys does not run on kernels with PREEMPT_RT"
#endif

#include <linux/mount.h>

/* Mounts carry an idmap since v6.3, a user namespace before. */
#ifdef HAVE_MNT_IDMAP
#define compat_mnt_idmap(mnt) mnt_idmap(mnt)
#else
#define compat_mnt_idmap(mnt) mnt_user_ns(mnt)
#endif

/* Extended acknowledgements may have numbers in them since v6.2, a fixed text before. */
#ifdef HAVE_NL_SET_ERR_MSG_FMT
#define compat_set_err_msg_fmt(extack, plain, fmt, ...)           \
	do {                                                      \
		(void)(plain);                                    \
		NL_SET_ERR_MSG_FMT((extack), fmt, ##__VA_ARGS__); \
	} while (0)
#else
#define compat_set_err_msg_fmt(extack, plain, fmt, ...) \
	do {                                            \
		no_printk(fmt, ##__VA_ARGS__);          \
		NL_SET_ERR_MSG((extack), plain);        \
	} while (0)
#endif

/* The flags of a mapping are changed by a call since v6.3. */
#ifdef HAVE_VM_FLAGS_MOD
#define compat_vm_flags_mod(vma, set, clear) vm_flags_mod((vma), (set), (clear))
#else
#define compat_vm_flags_mod(vma, set, clear) \
	((vma)->vm_flags = ((vma)->vm_flags | (set)) & ~(clear))
#endif

/*
 * One direct call for many functions has been the only kind since v6.4, one of two before.
 * That one loses memory when too many are registered at once.
 */
#ifdef HAVE_FTRACE_DIRECT_MULTI
#define COMPAT_FTRACE_DIRECT_LEAKS
#define compat_register_ftrace_direct(ops, addr)   register_ftrace_direct_multi(ops, addr)
#define compat_unregister_ftrace_direct(ops, addr) unregister_ftrace_direct_multi(ops, addr)
#else
#define compat_register_ftrace_direct(ops, addr)   register_ftrace_direct(ops, addr)
#define compat_unregister_ftrace_direct(ops, addr) unregister_ftrace_direct(ops, addr, false)
#endif

/* What x86 keeps for each processor was one structure from v6.2 to v6.14. */
#ifdef HAVE_PCPU_HOT
#define compat_x86_current	 pcpu_hot.current_task
#define compat_x86_preempt_count pcpu_hot.preempt_count
#else
#define compat_x86_current	 current_task
#define compat_x86_preempt_count __preempt_count
#endif

#endif /* _AGENTSYS_COMPAT_H */
