// SPDX-License-Identifier: GPL-2.0-only
#include "limit.h"

#include <linux/string.h>

#include "agent.h"
#include "fault_internal.h"

int agentsys_limits_begin(struct agentsys_agent *agent, const struct agentsys_limits *limits)
{
	struct agentsys_faults *faults;

	if (!agentsys_limits_any(limits))
		return 0;
	faults = agentsys_faults_of(agent);
	if (!faults)
		return -ENOMEM;
	faults->limits = *limits;
	return 0;
}

void agentsys_limits_of(struct agentsys_agent *agent, struct agentsys_limits *limits)
{
	spin_lock(&agent->lock);
	if (agent->faults)
		*limits = agent->faults->limits;
	else
		memset(limits, 0, sizeof(*limits));
	spin_unlock(&agent->lock);
}

u64 agentsys_limit(const struct agentsys_agent *agent, enum agentsys_limit limit)
{
	return agent->faults ? agent->faults->limits.max[limit] : 0;
}
