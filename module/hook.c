// SPDX-License-Identifier: GPL-2.0-only
#include "hook.h"

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "mailbox.h"

static char *hooks = "auto";
module_param(hooks, charp, 0444);
MODULE_PARM_DESC(hooks, "how system calls are counted: ftrace, tracepoint or auto (default)");

/*
 * They stay for so long when they are not used any more: an agent that is restarted
 * comes back, and to attach them costs everybody a moment.
 */
#define LINGER HZ

/* The better one first. */
static const struct agentsys_hook_backend *const backends[] = {
#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
	&agentsys_hook_ftrace,
#endif
	&agentsys_hook_tracepoint,
};

static unsigned int users; /* written with the supervisor lock held */

/* Which of @backends; written by @work alone, or before it can run. */
static unsigned int which;
static int error; /* why that is not the better one */
static bool attached;

/* One time or another they were: the last task may just be leaving them. */
static bool used;

static int attach(void)
{
	int ret = backends[which]->attach();

	while (ret && !strcmp(hooks, "auto") && which + 1 < ARRAY_SIZE(backends)) {
		pr_warn("system calls cannot be hooked by %s: error %d; %s does it, which costs everybody more\n",
			backends[which]->name, ret, backends[which + 1]->name);
		WRITE_ONCE(error, -ret);
		WRITE_ONCE(which, which + 1);
		ret = backends[which]->attach();
	}
	return ret;
}

static void hook_work(struct work_struct *work)
{
	bool wanted = READ_ONCE(users);
	int ret;

	if (wanted == attached)
		return;
	if (!wanted) {
		backends[which]->detach();
		attached = false;
		return;
	}
	used = true;
	ret = attach();
	attached = !ret;
	if (!ret)
		return;
	WRITE_ONCE(error, -ret);
	pr_err("system calls cannot be hooked by %s: error %d; they are not counted\n",
	       backends[which]->name, ret);
}

static DECLARE_DELAYED_WORK(work, hook_work);

void agentsys_hook_use(void)
{
	lockdep_assert_held(&agentsys_lock);

	WRITE_ONCE(users, users + 1);
	if (users == 1)
		mod_delayed_work(system_long_wq, &work, 0);
}

void agentsys_hook_leave(void)
{
	lockdep_assert_held(&agentsys_lock);

	WRITE_ONCE(users, users - 1);
	if (!users)
		mod_delayed_work(system_long_wq, &work, LINGER);
}

const char *agentsys_hook_name(void)
{
	return backends[READ_ONCE(which)]->name;
}

int agentsys_hook_error(void)
{
	return READ_ONCE(error);
}

int __init agentsys_hook_init(void)
{
	unsigned int i;

	if (!strcmp(hooks, "auto"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		if (strcmp(hooks, backends[i]->name))
			continue;
		which = i;
		return 0;
	}
	pr_err("hooks=%s is not one of auto, ftrace and tracepoint, or not for this kernel\n",
	       hooks);
	return -EINVAL;
}

/* Whoever slept in a hook held the module until he was done with that. */
void agentsys_hook_exit(void)
{
	cancel_delayed_work_sync(&work);
	if (attached)
		backends[which]->detach();
	/*
	 * He has some instructions of ours left to execute, and may have been preempted
	 * there; but he does not sleep any more before he has left.
	 */
	if (used)
		synchronize_rcu_tasks();
}
