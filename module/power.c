// SPDX-License-Identifier: GPL-2.0-only
#include "power.h"

#include <linux/delay.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "mailbox.h"
#include "shutdown.h"
#include "supervisor.h"

/* No reboot is held up for longer: once for whoever is busy, once for what does not die. */
#define PATIENCE (2 * HZ)

/* How often it is looked whether everything has ended. */
#define LOOK_MS 10

static bool lock_in_time(unsigned long until)
{
	while (!mutex_trylock(&agentsys_lock)) {
		if (time_after(jiffies, until))
			return false;
		msleep(LOOK_MS);
	}
	return true;
}

/* Let what was killed end, and handle that; the lock is given up meanwhile. */
static unsigned int await_ends(unsigned long until)
{
	while (agentsys_supervisor_live() && time_before(jiffies, until)) {
		mutex_unlock(&agentsys_lock);
		msleep(LOOK_MS);
		mutex_lock(&agentsys_lock);
		agentsys_mail_drain();
	}
	return agentsys_supervisor_live();
}

/*
 * An orderly system has had its agents shut down long before. Where it has not, they
 * were about to be killed by it, one by one, and started again.
 */
static int goes_down(struct notifier_block *block, unsigned long how, void *command)
{
	unsigned int live;

	if (!lock_in_time(jiffies + PATIENCE)) {
		pr_warn("the system goes down, and agents cannot be ended\n");
		return NOTIFY_DONE;
	}
	agentsys_mail_drain();
	live = agentsys_supervisor_live();
	if (live)
		pr_notice("the system goes down: %u agents are killed, none is started any more\n",
			  live);
	agentsys_shutdown_for_good();
	live = await_ends(jiffies + PATIENCE);
	mutex_unlock(&agentsys_lock);
	if (live)
		pr_warn("%u agents have not ended\n", live);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_block = {
	.notifier_call = goes_down,
};

/*
 * Before tasks are frozen, and after they are thawed. In between processes of agents stand
 * still, and the kernel starts no launcher: a launch would fail, or hang.
 */
static int goes_to_sleep(struct notifier_block *block, unsigned long what, void *unused)
{
	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	switch (what) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		agentsys_supervisor_sleep();
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		agentsys_supervisor_wake();
		break;
	}
	mutex_unlock(&agentsys_lock);
	return NOTIFY_DONE;
}

static struct notifier_block sleep_block = {
	.notifier_call = goes_to_sleep,
};

int agentsys_power_init(void)
{
	int ret = register_reboot_notifier(&reboot_block);

	if (ret)
		return ret;
	ret = register_pm_notifier(&sleep_block);
	if (ret)
		unregister_reboot_notifier(&reboot_block);
	return ret;
}

void agentsys_power_exit(void)
{
	unregister_pm_notifier(&sleep_block);
	unregister_reboot_notifier(&reboot_block);
}
