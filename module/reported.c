// SPDX-License-Identifier: GPL-2.0-only
#include "reported.h"

#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "agent.h"
#include "fault.h"
#include "helper.h"
#include "liveness.h"
#include "mailbox.h"
#include "registry.h"

/* Requests of netlink are read in the context of who makes them. */
static bool is_by_helper(void)
{
	const struct agentsys_agent *own;
	bool is;

	rcu_read_lock();
	own = agentsys_registry_of_task(current);
	is = own && agentsys_is_helper(own);
	rcu_read_unlock();
	return is;
}

static int call_begins(struct agentsys_agent *agent, u32 ms, struct netlink_ext_ack *extack)
{
	int ret = agentsys_liveness_call(agent, ms);

	if (ret == -EOVERFLOW)
		NL_SET_ERR_MSG(extack, "the agent is in too many calls");
	if (ret == -ENOMEM)
		NL_SET_ERR_MSG(extack, "there is no memory to count calls with");
	return ret;
}

static int call_ends(struct agentsys_agent *agent, struct netlink_ext_ack *extack)
{
	int ret = agentsys_liveness_called(agent);

	if (ret)
		NL_SET_ERR_MSG(extack, "the agent is in no call, or its time is over");
	return ret;
}

static int take(struct agentsys_agent *agent, const struct agentsys_reported *report,
		struct netlink_ext_ack *extack)
{
	switch (report->what) {
	case AGENTSYS_REPORT_HEARTBEAT:
		if (is_by_helper())
			agentsys_liveness_heard(agent);
		else
			agentsys_liveness_beat(agent);
		break;
	case AGENTSYS_REPORT_FAULT:
		agentsys_fault_raise(agent, report->type, report->measured, report->limit);
		break;
	case AGENTSYS_REPORT_WARNING:
		agentsys_fault_warn(agent, report->type, report->measured);
		break;
	case AGENTSYS_REPORT_CALL_BEGIN:
		return call_begins(agent, report->limit, extack);
	case AGENTSYS_REPORT_CALL_END:
		return call_ends(agent, extack);
	}
	return 0;
}

/* What was seen of an instance that is gone is not held against the next one. */
static int check(const struct agentsys_agent *agent, const struct agentsys_reported *report,
		 struct netlink_ext_ack *extack)
{
	if (report->instance && report->instance != agent->status.instance) {
		NL_SET_ERR_MSG(extack, "the agent has been started again since");
		return -ESTALE;
	}
	if (agent->status.state != AGENTSYS_ACTIVE || agentsys_fault_doom(agent)) {
		NL_SET_ERR_MSG(extack, "the agent is not active");
		return -ENOTCONN;
	}
	return 0;
}

int agentsys_reported(const struct agentsys_reported *report, struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent;
	int ret = -ESRCH;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	agent = agentsys_registry_get(report->id);
	if (agent)
		ret = check(agent, report, extack);
	else
		NL_SET_ERR_MSG(extack, "no such agent");
	if (!ret)
		ret = take(agent, report, extack);
	mutex_unlock(&agentsys_lock);
	if (agent)
		agentsys_agent_put(agent);
	return ret;
}
