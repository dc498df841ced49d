// SPDX-License-Identifier: GPL-2.0-only
/*
 * By a direct call from the entry of each function that is a system call. There a task
 * may sleep, and a bystander executes some twenty instructions more.
 */
#include "hook.h"

#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#ifdef CONFIG_IA32_EMULATION
#include <asm/unistd_32_ia32.h>
#endif

#include "flood.h"

/*
 * System calls without arguments go by the second of these names, and so do inner
 * functions of others, which are told apart by what they are given.
 */
static const char *const names[] = {
	"__x64_sys_*",
	"__do_sys_*",
	"__ia32_sys_*",
	"__ia32_compat_sys_*",
};

static struct ftrace_ops ops;

/* Where there is no such thing the kernel's macro is empty. */
#if !__has_attribute(__no_caller_saved_registers__)
#error "the compiler cannot keep the registers of hooked functions"
#endif

/* Is current in an agent's cgroup? The registers stay as they are, for the hooked function. */
notrace bool agentsys_hook_concerns(void)
{
	bool concerns;

	preempt_disable_notrace();
	concerns = cgroup_is_descendant(task_dfl_cgroup(current), agentsys_cgroup_root);
	preempt_enable_notrace();
	return concerns;
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
	if (regs != current_pt_regs() || !agentsys_flood_count() || is_end(regs))
		return 0;
	if (!try_module_get(THIS_MODULE))
		return 0;
	/* Those that come by a page fault, of old programs, know no such thing. */
	restarts = syscall_get_nr(current, (struct pt_regs *)regs) != -1;
	ret = agentsys_flood_hold(restarts);
	module_put(THIS_MODULE);
	return ret;
}

static int set_filter(const char *name, bool first)
{
	char glob[32]; /* it is written to */

	strscpy(glob, name, sizeof(glob));
	return ftrace_set_filter(&ops, (unsigned char *)glob, strlen(glob), first);
}

/* Some kernels free the filters and keep the pointers to them. */
static void forget(void)
{
	ftrace_free_filter(&ops);
	memset(&ops, 0, sizeof(ops));
}

static int attach(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ret = set_filter(names[i], !i);
		/* Without the old gate there is nothing of its name. */
		if (ret == -EINVAL && i)
			ret = 0;
		if (ret)
			break;
	}
	if (!ret)
		ret = compat_register_ftrace_direct(&ops, (unsigned long)agentsys_hook_entry);
	if (ret)
		forget();
	return ret;
}

static void detach(void)
{
	WARN_ON_ONCE(compat_unregister_ftrace_direct(&ops, (unsigned long)agentsys_hook_entry));
	forget();
}

const struct agentsys_hook_backend agentsys_hook_ftrace = {
	.name = "ftrace",
	.attach = attach,
	.detach = detach,
};
