// SPDX-License-Identifier: GPL-2.0-only
/*
 * By the tracepoint of all system calls. There nobody may sleep: whoever is to be held
 * is on his way back to user space.
 */
#include "hook.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/task_work.h>
#include <linux/tracepoint.h>

#include "flood.h"

static struct tracepoint *sys_enter;

static void hold(struct callback_head *work)
{
	kfree(work);
	agentsys_flood_hold(false);
	module_put(THIS_MODULE);
}

/* Without memory, or about to be unloaded, it is let through. */
static noinline void hold_later(void)
{
	struct callback_head *work;

	if (!try_module_get(THIS_MODULE))
		return;
	work = kmalloc(sizeof(*work), GFP_NOWAIT | __GFP_NOWARN);
	if (work) {
		init_task_work(work, hold);
		if (!task_work_add(current, work, TWA_RESUME))
			return; /* hold() has the reference now */
	}
	kfree(work);
	module_put(THIS_MODULE);
}

/* Called by every task, for every system call. */
static void probe(void *data, struct pt_regs *regs, long nr)
{
	if (unlikely(agentsys_flood_count()))
		hold_later();
}

static void find(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sys_enter"))
		sys_enter = tracepoint;
}

static int attach(void)
{
	if (!sys_enter)
		for_each_kernel_tracepoint(find, NULL);
	return sys_enter ? tracepoint_probe_register(sys_enter, probe, NULL) : -ENOENT;
}

static void detach(void)
{
	tracepoint_probe_unregister(sys_enter, probe, NULL);
	tracepoint_synchronize_unregister();
}

const struct agentsys_hook_backend agentsys_hook_tracepoint = {
	.name = "tracepoint",
	.attach = attach,
	.detach = detach,
};
