// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <errno.h>

#include "log.h"

/* What has happened to it meanwhile, its end or a restart, comes as an event. */
static void check(const struct agent *agent, int error)
{
	if (error && error != -ESTALE && error != -ENOTCONN && error != -ESRCH)
		say(LOG_WARNING, "cannot report of agent %u: %s", agent->id,
		    agentsys_error(module));
}

void report_alive(struct agent *agent)
{
	check(agent, agentsys_report_heartbeat(module, agent->id, agent->instance));
}

void report_unresponsive(struct agent *agent, uint64_t ms, uint64_t limit_ms)
{
	say(LOG_NOTICE, "agent %u (%s) is unresponsive", agent->id, agent->name);
	check(agent, agentsys_report_fault(module, agent->id, agent->instance,
					   AGENTSYS_FAULT_UNRESPONSIVE, ms, limit_ms));
}
