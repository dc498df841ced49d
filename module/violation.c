// SPDX-License-Identifier: GPL-2.0-only
#include "violation.h"

#include <linux/sched.h>

#include "agent.h"
#include "fault.h"
#include "fault_internal.h"
#include "mailbox.h"
#include "registry.h"

/* It is told once in this time, by each instance. */
#define WINDOW_MS 1000

void agentsys_violation_refused(void)
{
	struct agentsys_agent *agent = agentsys_registry_get_by_task(current);
	struct agentsys_faults *faults;

	if (!agent)
		return;
	faults = agentsys_faults_of(agent);
	if (faults) {
		atomic_inc(&faults->refused);
		agentsys_mail_post(agent, AGENTSYS_MAIL_REFUSED);
	}
	agentsys_agent_put(agent);
}

void agentsys_violation_look(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults = agent->faults;

	lockdep_assert_held(&agentsys_lock);

	if (agent->status.state != AGENTSYS_ACTIVE || !agent->ran || agentsys_fault_doom(agent) ||
	    !agentsys_fault_due(agent, &faults->violation, WINDOW_MS))
		return;
	agentsys_fault_raise(agent, AGENTSYS_FAULT_CAPABILITY_VIOLATION,
			     atomic_xchg(&faults->refused, 0), 0);
}
