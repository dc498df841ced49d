// SPDX-License-Identifier: GPL-2.0-only
/*
 * By a direct call from the entry of each function that is a system call. There a task
 * may sleep, and a bystander executes a dozen instructions more.
 */
#include "hook.h"

#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/ibt.h>
#include <asm/linkage.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#ifdef CONFIG_IA32_EMULATION
#include <asm/unistd_32_ia32.h>
#endif

#include "flood.h"

/*
 * Functions that are system calls, by their names: __x64_sys_*, __ia32_sys_* and
 * __ia32_compat_sys_*, or __do_sys_* and __do_compat_sys_* if they take no arguments. By
 * the last two go inner functions of others as well, which are told apart by what they
 * are given.
 */
static const char *const globs[] = {
#ifdef COMPAT_FTRACE_DIRECT_LEAKS
	/*
	 * The kernel's table of direct calls is replaced when one is added to 65, 129, 257 or
	 * so, or to none, and of those replaced in one registration the last is freed. There
	 * is one at most, whoever else has entries in the table, for up to 64 functions, and
	 * for fewer than it has already. The numbers are those of Debian's kernel; where some
	 * are left out there is room for others to be missing.
	 */
	"__[dix]*_sys_[abde]*",	  /* 61 */
	"__[dix]*_sys_[ck]*",	  /* 60 */
	"__[dix]*_sys_[fw]*",	  /* 90, and 121 are there */
	"__[dix]*_sys_[g-jv]*",	  /* 152, and 211 */
	"__[dix]*_sys_[l-q]*",	  /* 258, and 363 */
	"__[dix]*_sys_[!a-qvw]*", /* 369, and 621 */
#else
	"__[dix]*_sys_*",
#endif
};

/* One for each of them. */
static struct ftrace_ops lots[ARRAY_SIZE(globs)];

/* All are registered. Before that nothing is counted: some calls would be, and others not. */
static bool all_there;

/* While this is registered, ftrace cannot be switched off. */
static struct ftrace_ops keeper;

/* clang-format off */
/* The arguments of the hooked function are in these. */
#define SAVE                   \
	"	pushq	%%rbp\n"      \
	"	movq	%%rsp, %%rbp\n" \
	"	pushq	%%rdi\n"      \
	"	pushq	%%rsi\n"      \
	"	pushq	%%rdx\n"      \
	"	pushq	%%rcx\n"      \
	"	pushq	%%r8\n"       \
	"	pushq	%%r9\n"
#define RESTORE           \
	"	popq	%%r9\n"  \
	"	popq	%%r8\n"  \
	"	popq	%%rcx\n" \
	"	popq	%%rdx\n" \
	"	popq	%%rsi\n" \
	"	popq	%%rdi\n" \
	"	popq	%%rbp\n"

/*
 * Never called: it gives the assembler the numbers that it needs. A bystander goes
 * through this in each system call, so it is agentsys_flood_count() as far as that is
 * about bystanders, in registers that nobody needs there. On the stack are two
 * addresses: that in the hooked function, and that in its own caller, which gets the
 * answer if there is one.
 */
static void __used emit(void)
{
	asm volatile(".pushsection .text.agentsys_hook, \"ax\"\n"
		     ".type refused, @function\n"
		     "refused:\n" ANNOTATE_NOENDBR /* one returns to here */
		     ASM_RET
		     ".size refused, .-refused\n"
		     ".balign 16\n"
		     ".globl agentsys_hook_entry\n"
		     ".type agentsys_hook_entry, @function\n"
		     "agentsys_hook_entry:\n" ASM_ENDBR
		     "	incl	%%gs:%[preempt_count]\n"
		     "	movq	%%gs:%[task], %%rax\n"
		     "	movq	%c[cgroups](%%rax), %%rax\n"
		     "	movq	%c[dfl_cgrp](%%rax), %%rax\n"
		     "	movq	agentsys_cgroup_root(%%rip), %%r10\n"
		     "	movslq	%c[level](%%r10), %%r11\n"
		     "	cmpl	%%r11d, %c[level](%%rax)\n"
		     "	jl	1f\n"
		     "	cmpq	%%r10, %c[ancestors](%%rax, %%r11, 8)\n"
		     "	je	2f\n"
		     "1:	decl	%%gs:%[preempt_count]\n"
		     "	jz	4f\n"
		     ASM_RET
		     "2:	decl	%%gs:%[preempt_count]\n" /* the check will look */
		     SAVE
		     "	call	agentsys_hook_check\n"
		     "	testq	%%rax, %%rax\n"
		     "	jz	3f\n"
		     "	movq	$refused, 8(%%rbp)\n"
		     "3:\n" RESTORE ASM_RET
		     "4:\n" SAVE
		     "	call	agentsys_hook_preempt\n"
		     RESTORE ASM_RET
		     ".size agentsys_hook_entry, .-agentsys_hook_entry\n"
		     ".popsection\n"
		     :
		     : [preempt_count] "m"(compat_x86_preempt_count),
		       [task] "m"(compat_x86_current),
		       [cgroups] "i"(offsetof(struct task_struct, cgroups)),
		       [dfl_cgrp] "i"(offsetof(struct css_set, dfl_cgrp)),
		       [level] "i"(offsetof(struct cgroup, level)),
		       [ancestors] "i"(offsetof(struct cgroup, ancestors)));
}

/* clang-format on */

/* Somebody else is to have the processor since a moment ago. */
notrace void agentsys_hook_preempt(void)
{
	preempt_disable_notrace();
	preempt_enable_notrace();
}

/* Nobody is held who wants to end. */
static bool is_end(const struct pt_regs *regs)
{
	long nr = syscall_get_nr(current, (struct pt_regs *)regs);

#ifdef CONFIG_IA32_EMULATION
	if (in_ia32_syscall())
		return nr == __NR_ia32_exit || nr == __NR_ia32_exit_group;
#endif
	return nr == __NR_exit || nr == __NR_exit_group;
}

/* 0: on with it. Otherwise that is what the system call returns instead. */
long agentsys_hook_check(const struct pt_regs *regs)
{
	bool restarts;
	long ret;

	/* The one argument of a system call. */
	if (regs != current_pt_regs())
		return 0;
	if (!READ_ONCE(all_there) || !agentsys_flood_count() || is_end(regs))
		return 0;
	if (!try_module_get(THIS_MODULE))
		return 0;
	/* Those that come by a page fault, of old programs, know no such thing. */
	restarts = syscall_get_nr(current, (struct pt_regs *)regs) != -1;
	ret = agentsys_flood_hold(restarts);
	module_put(THIS_MODULE);
	return ret;
}

/* Never called: what @keeper is registered for, and what would be called then. */
static noinline void __used kept(void)
{
}

static notrace void keep(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			 struct ftrace_regs *regs)
{
}

/* Some kernels free the filters and keep the pointers to them. */
static void forget(struct ftrace_ops *ops)
{
	ftrace_free_filter(ops);
	memset(ops, 0, sizeof(*ops));
}

/* -EBUSY while it is switched off: direct calls could be registered, and would not be made. */
static int keep_enabled(void)
{
	int ret;

	keeper.func = keep;
	keeper.flags = FTRACE_OPS_FL_PERMANENT;
	ret = ftrace_set_filter_ip(&keeper, (unsigned long)kept, 0, 1);
	if (!ret)
		ret = register_ftrace_function(&keeper);
	if (ret)
		forget(&keeper);
	return ret;
}

static int register_lot(unsigned int lot)
{
	struct ftrace_ops *ops = &lots[lot];
	char glob[32]; /* it is written to */
	int ret;

	strscpy(glob, globs[lot], sizeof(glob));
	ret = ftrace_set_filter(ops, (unsigned char *)glob, strlen(glob), 0);
	/* Some configurations have nothing of some names. */
	if (ret == -EINVAL && lot)
		return 0;
	if (ret)
		return ret;
	return compat_register_ftrace_direct(ops, (unsigned long)agentsys_hook_entry);
}

static void unregister_lot(unsigned int lot)
{
	const unsigned long addr = (unsigned long)agentsys_hook_entry;
	struct ftrace_ops *ops = &lots[lot];

	if (ops->flags & FTRACE_OPS_FL_ENABLED)
		WARN_ON_ONCE(compat_unregister_ftrace_direct(ops, addr));
	forget(ops);
}

static void detach(void)
{
	unsigned int lot = ARRAY_SIZE(lots);

	WRITE_ONCE(all_there, false);
	while (lot--)
		unregister_lot(lot);
	WARN_ON_ONCE(unregister_ftrace_function(&keeper));
	forget(&keeper);
}

static int attach(void)
{
	int ret = keep_enabled();
	unsigned int lot;

	if (ret)
		return ret;
	for (lot = 0; !ret && lot < ARRAY_SIZE(lots); lot++)
		ret = register_lot(lot);
	if (ret)
		detach();
	else
		WRITE_ONCE(all_there, true);
	return ret;
}

const struct agentsys_hook_backend agentsys_hook_ftrace = {
	.name = "ftrace",
	.attach = attach,
	.detach = detach,
};
