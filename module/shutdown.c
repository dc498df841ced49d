// SPDX-License-Identifier: GPL-2.0-only
#include "shutdown.h"

#include <linux/netlink.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "group.h"
#include "helper.h"
#include "launch.h"
#include "mailbox.h"
#include "registry.h"
#include "supervisor.h"
#include "telemetry.h"

/* When nothing of what was killed has gone for so long, it will not: whoever waits is told. */
#define KILLED_GRACE (10 * HZ)

static void deadline(struct work_struct *work);

/*
 * Guarded by the supervisor lock.
 *
 * @active: one is under way
 * @for_good: and stays so, because the system goes down
 * @killing: everything left has been killed
 * @launcher_killed: no agent was left, and the launcher has been killed too
 * @left: agents that were live when that was looked at last
 * @due: jiffies at which everything left is killed, or has not gone in spite of it
 * @asker: who asked for it, or NULL
 * @answer: what it is told
 */
static bool active;
static bool for_good;
static bool killing;
static bool launcher_killed;
static unsigned int left;
static unsigned long due;
static struct agentsys_waiter *asker;
static struct agentsys_answer answer;
static DECLARE_DELAYED_WORK(deadline_work, deadline);

bool agentsys_shutdown_active(void)
{
	lockdep_assert_held(&agentsys_lock);

	return active;
}

void agentsys_shutdown_killed(void)
{
	lockdep_assert_held(&agentsys_lock);

	answer.killed += active;
}

/* Others may need what it does for them until they have ended. */
static bool goes_last(const struct agentsys_agent *agent)
{
	return agentsys_is_helper(agent) && !agentsys_helper_alone();
}

static void end(struct agentsys_agent *agent, enum agentsys_input input)
{
	u32 left_ms = time_before(jiffies, due) ? jiffies_to_msecs(due - jiffies) : 0;

	agent->by_group = false;
	agent->restart_after = false;
	agent->by_required = false;
	agent->stop_timeout_ms = min(agent->status.stop_timeout_ms, left_ms);
	agentsys_supervisor_apply(agent, input);
}

void agentsys_shutdown_stop(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (!goes_last(agent))
		end(agent, AGENTSYS_IN_STOP);
}

/* Let @input happen to everything that lives, but to those that run only if @running. */
static void all(enum agentsys_input input, bool running)
{
	struct agentsys_agent *agent;
	u32 id;

	for (id = 0; (agent = agentsys_registry_next(id)); agentsys_agent_put(agent)) {
		id = agent->id + 1;
		/* One that is being attached is ended when that is done. */
		if (!agent->populated || goes_last(agent) ||
		    (!running && agent->status.state == AGENTSYS_ACTIVE) ||
		    (!agent->spec && !agent->main && agent->status.state == AGENTSYS_STARTING))
			continue;
		end(agent, input);
	}
}

void agentsys_shutdown_late(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (active)
		end(agent, killing ? AGENTSYS_IN_KILL : AGENTSYS_IN_STOP);
}

static void wait_until(unsigned long when)
{
	due = when;
	mod_delayed_work(agentsys_wq, &deadline_work, time_after(due, jiffies) ? due - jiffies : 0);
}

static void kill_what_is_left(void)
{
	killing = true;
	left = agentsys_supervisor_live();
	wait_until(jiffies + KILLED_GRACE);
	all(AGENTSYS_IN_KILL, true);
}

static void stop_in_order(u32 deadline_ms)
{
	wait_until(jiffies + msecs_to_jiffies(deadline_ms));
	/* What does not run yet does so in no order: it is called off. */
	all(AGENTSYS_IN_STOP, false);
}

/* No agent lives, and the launcher is gone. */
static void done(void)
{
	struct agentsys_waiter *waiter = asker;

	lockdep_assert_held(&agentsys_lock);

	active = for_good;
	asker = NULL;
	cancel_delayed_work(&deadline_work);
	agentsys_groups_release();
	if (waiter)
		waiter->answer(waiter, &answer);
}

static void give_up(void)
{
	answer.count -= min(answer.count, left);
	answer.error = ETIMEDOUT;
	answer.text = left ? "some agents were killed, but not all of their processes go away" :
			     "the launcher was killed, but does not go away";
	agentsys_launch_gone(NULL);
	done();
}

static void deadline(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	/* It may have been meant for one that is over. */
	if (!active || time_before(jiffies, due) || agentsys_supervisor_asleep())
		goto out;
	if (!killing) {
		kill_what_is_left();
	} else if (agentsys_supervisor_live() < left) {
		left = agentsys_supervisor_live();
		wait_until(jiffies + KILLED_GRACE);
	} else if (!left && !launcher_killed) {
		launcher_killed = true;
		agentsys_launch_kill();
		wait_until(jiffies + KILLED_GRACE);
	} else {
		give_up();
	}
out:
	mutex_unlock(&agentsys_lock);
}

/* Nobody else is left: it is its turn. */
static void end_helper(void)
{
	struct agentsys_agent *agent = agentsys_registry_get(AGENTSYS_ID_HELPER);

	if (agent->status.state != AGENTSYS_STOPPING)
		end(agent, killing ? AGENTSYS_IN_KILL : AGENTSYS_IN_STOP);
	agentsys_agent_put(agent);
}

void agentsys_shutdown_check(void)
{
	lockdep_assert_held(&agentsys_lock);

	if (active && agentsys_helper_alone())
		end_helper();
	if (!active || agentsys_supervisor_live())
		return;
	agentsys_launch_dismiss(true);
	if (agentsys_launch_gone(done))
		done();
}

static void begin(u32 deadline_ms, struct agentsys_waiter *waiter)
{
	struct agentsys_event event = {
		.type = AGENTSYS_EVENT_SHUTDOWN,
		.value = deadline_ms,
	};

	active = true;
	asker = waiter;
	memset(&answer, 0, sizeof(answer));
	answer.count = agentsys_supervisor_live();
	agentsys_event(&event);
	killing = false;
	launcher_killed = false;
	agentsys_groups_hold();
	if (deadline_ms)
		stop_in_order(deadline_ms);
	else
		kill_what_is_left();
	/* Of what has been killed the groups only learn that it is to stay so. */
	agentsys_groups_stop(agentsys_shutdown_stop);
	/* The last one may have gone above, and have ended it. */
	if (active)
		agentsys_shutdown_check();
}

int agentsys_shutdown(u32 deadline_ms, struct agentsys_waiter *waiter,
		      struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	if (active) {
		NL_SET_ERR_MSG(extack, "a shutdown is under way already");
		ret = -EALREADY;
	} else {
		begin(deadline_ms, waiter);
	}
	mutex_unlock(&agentsys_lock);
	return ret;
}

void agentsys_shutdown_put_off(unsigned long by)
{
	lockdep_assert_held(&agentsys_lock);

	if (active)
		wait_until(due + by);
}

void agentsys_shutdown_for_good(void)
{
	lockdep_assert_held(&agentsys_lock);

	for_good = true;
	if (!active)
		begin(0, NULL);
	else if (!killing)
		kill_what_is_left();
	agentsys_launch_kill();
}

void agentsys_shutdown_exit(void)
{
	cancel_delayed_work_sync(&deadline_work);
}
