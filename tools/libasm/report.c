// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>

#include "conn.h"

static struct nl_msg *report(struct agentsys *h, uint32_t id, uint32_t instance, uint32_t what)
{
	struct nl_msg *msg = conn_message(h, AGENTSYS_CMD_REPORT, 0, 64);

	if (!msg)
		return NULL;
	nla_put_u32(msg, AGENTSYS_F_AGENT_ID, id);
	nla_put_u32(msg, AGENTSYS_F_REPORT, what);
	if (instance)
		nla_put_u32(msg, AGENTSYS_F_INSTANCE, instance);
	return msg;
}

static int tell(struct agentsys *h, struct nl_msg *msg)
{
	struct answers answers = { .maxattr = AGENTSYS_F_MAX };

	return msg ? conn_request(h, msg, &answers) : -ENOMEM;
}

int agentsys_report_heartbeat(struct agentsys *h, uint32_t id, uint32_t instance)
{
	return tell(h, report(h, id, instance, AGENTSYS_REPORT_HEARTBEAT));
}

static int report_fault(struct agentsys *h, uint32_t id, uint32_t instance, uint32_t what,
			uint32_t type, uint64_t measured, uint64_t limit)
{
	struct nl_msg *msg = report(h, id, instance, what);

	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_F_TYPE, type);
	nla_put_u64(msg, AGENTSYS_F_MEASURED, measured);
	nla_put_u64(msg, AGENTSYS_F_LIMIT, limit);
	return tell(h, msg);
}

int agentsys_report_fault(struct agentsys *h, uint32_t id, uint32_t instance,
			  enum agentsys_fault type, uint64_t measured, uint64_t limit)
{
	return report_fault(h, id, instance, AGENTSYS_REPORT_FAULT, type, measured, limit);
}

int agentsys_report_warning(struct agentsys *h, uint32_t id, uint32_t instance,
			    enum agentsys_fault type, uint64_t measured)
{
	return report_fault(h, id, instance, AGENTSYS_REPORT_WARNING, type, measured, 0);
}

int agentsys_report_call_begin(struct agentsys *h, uint32_t id, uint32_t instance, uint32_t ms)
{
	struct nl_msg *msg = report(h, id, instance, AGENTSYS_REPORT_CALL_BEGIN);

	if (!msg)
		return -ENOMEM;
	nla_put_u64(msg, AGENTSYS_F_LIMIT, ms);
	return tell(h, msg);
}

int agentsys_report_call_end(struct agentsys *h, uint32_t id, uint32_t instance)
{
	return tell(h, report(h, id, instance, AGENTSYS_REPORT_CALL_END));
}
