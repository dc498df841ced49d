// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>

#include "conn.h"

static int report(struct agentsys *h, uint32_t id, uint32_t instance, uint32_t what, uint32_t type,
		  uint64_t measured, uint64_t limit)
{
	struct nl_msg *msg = conn_message(h, AGENTSYS_CMD_REPORT, 0, 64);
	struct answers answers = { .maxattr = AGENTSYS_F_MAX };

	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_F_AGENT_ID, id);
	nla_put_u32(msg, AGENTSYS_F_REPORT, what);
	if (instance)
		nla_put_u32(msg, AGENTSYS_F_INSTANCE, instance);
	if (what != AGENTSYS_REPORT_HEARTBEAT) {
		nla_put_u32(msg, AGENTSYS_F_TYPE, type);
		nla_put_u64(msg, AGENTSYS_F_MEASURED, measured);
		nla_put_u64(msg, AGENTSYS_F_LIMIT, limit);
	}
	return conn_request(h, msg, &answers);
}

int agentsys_report_heartbeat(struct agentsys *h, uint32_t id, uint32_t instance)
{
	return report(h, id, instance, AGENTSYS_REPORT_HEARTBEAT, 0, 0, 0);
}

int agentsys_report_fault(struct agentsys *h, uint32_t id, uint32_t instance,
			  enum agentsys_fault type, uint64_t measured, uint64_t limit)
{
	return report(h, id, instance, AGENTSYS_REPORT_FAULT, type, measured, limit);
}

int agentsys_report_warning(struct agentsys *h, uint32_t id, uint32_t instance,
			    enum agentsys_fault type, uint64_t measured)
{
	return report(h, id, instance, AGENTSYS_REPORT_WARNING, type, measured, 0);
}
