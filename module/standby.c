// SPDX-License-Identifier: GPL-2.0-only
#include "standby.h"

#include <linux/workqueue.h>

#include "cgroup.h"
#include "mailbox.h"
#include "registry.h"
#include "supervisor.h"

static void make(struct work_struct *work);

/* The id that is reserved, with its cgroup; 0 for none. Guarded by the supervisor lock. */
static u32 standby;
static DECLARE_DELAYED_WORK(make_work, make);

static void make(struct work_struct *work)
{
	u32 id;

	mutex_lock(&agentsys_lock);
	if (!standby && agentsys_supervisor_live() && !agentsys_registry_reserve(&id)) {
		if (agentsys_cgroup_make(id))
			agentsys_registry_unreserve(id);
		else
			standby = id;
	}
	mutex_unlock(&agentsys_lock);
}

bool agentsys_standby_take(u32 *id)
{
	lockdep_assert_held(&agentsys_lock);

	if (!standby || (*id && *id != standby))
		return false;
	*id = standby;
	standby = 0;
	return true;
}

void agentsys_standby_give_back(u32 id)
{
	lockdep_assert_held(&agentsys_lock);

	standby = id;
}

void agentsys_standby_fill(void)
{
	lockdep_assert_held(&agentsys_lock);

	/* Not at once: the one that was just asked for is being started. */
	if (!standby)
		queue_delayed_work(system_unbound_wq, &make_work, 1);
}

void agentsys_standby_drop(void)
{
	lockdep_assert_held(&agentsys_lock);

	if (!standby)
		return;
	agentsys_cgroup_remove(standby);
	agentsys_registry_unreserve(standby);
	standby = 0;
}

void agentsys_standby_exit(void)
{
	cancel_delayed_work_sync(&make_work);
	mutex_lock(&agentsys_lock);
	agentsys_standby_drop();
	mutex_unlock(&agentsys_lock);
}
