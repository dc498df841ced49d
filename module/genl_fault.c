// SPDX-License-Identifier: GPL-2.0-only
#include "genl_fault.h"

#include <net/genetlink.h>

#include "agent.h"
#include "fault.h"
#include "genl.h"
#include "genl_answer.h"
#include "registry.h"
#include "reported.h"
#include "telemetry.h"

#define WITHIN_BOUND_MS (24 * 60 * 60 * 1000)

/* Not const: before v6.6 a policy points to something that is not. */
static struct netlink_range_validation id_range __ro_after_init = {
	.min = AGENTSYS_ID_HELPER,
	.max = AGENTSYS_ID_MAX,
};

static struct netlink_range_validation within_range __ro_after_init = {
	.min = 1,
	.max = WITHIN_BOUND_MS,
};

static struct netlink_range_validation positive_range __ro_after_init = {
	.max = S32_MAX,
};

static const struct nla_policy rule_policy[AGENTSYS_F_ACTION + 1] = {
	[AGENTSYS_F_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, __AGENTSYS_FAULTS - 1),
	[AGENTSYS_F_ACTION] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_RECOVERS - 1),
};

static const struct nla_policy rules_policy[AGENTSYS_F_RULE + 1] = {
	[AGENTSYS_F_RULE] = NLA_POLICY_NESTED(rule_policy),
};

const struct nla_policy agentsys_genl_fault_get_policy[AGENTSYS_F_AGENT_ID + 1] = {
	[AGENTSYS_F_AGENT_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
};

const struct nla_policy agentsys_genl_recovery_set_policy[AGENTSYS_F_RULES + 1] = {
	[AGENTSYS_F_AGENT_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
	[AGENTSYS_F_PRESET] = NLA_POLICY_MAX(NLA_U32, AGENTSYS_PRESET_CUSTOM - 1),
	[AGENTSYS_F_AFTER] = NLA_POLICY_FULL_RANGE(NLA_U32, &positive_range),
	[AGENTSYS_F_WITHIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &within_range),
	[AGENTSYS_F_RULES] = NLA_POLICY_NESTED(rules_policy),
};

const struct nla_policy agentsys_genl_report_policy[AGENTSYS_F_REPORT + 1] = {
	[AGENTSYS_F_AGENT_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
	[AGENTSYS_F_INSTANCE] = { .type = NLA_U32 },
	[AGENTSYS_F_REPORT] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_REPORTS - 1),
	[AGENTSYS_F_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, __AGENTSYS_FAULTS - 1),
	[AGENTSYS_F_MEASURED] = { .type = NLA_U64 },
	[AGENTSYS_F_LIMIT] = { .type = NLA_U64 },
};

static u32 id_of(const struct genl_info *info)
{
	struct nlattr *id = info->attrs[AGENTSYS_F_AGENT_ID];

	return id ? nla_get_u32(id) : 0;
}

/* Answer @info with what @put puts. */
static int answer(struct genl_info *info, u8 cmd, int (*put)(struct sk_buff *skb, const void *arg),
		  const void *arg)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &agentsys_genl_family, 0, cmd);
	if (!head || (id_of(info) && nla_put_u32(skb, AGENTSYS_F_AGENT_ID, id_of(info))) ||
	    put(skb, arg)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* ---- faults ---- */

/**
 * struct faults - what is told of them
 * @count: by enum agentsys_fault
 * @log: the last ones of an agent
 */
struct faults {
	u64 count[__AGENTSYS_FAULTS];
	struct agentsys_fault_log log;
};

static int put_counter(struct sk_buff *skb, u32 type, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, AGENTSYS_F_COUNTER);

	if (!nest || nla_put_u32(skb, AGENTSYS_F_TYPE, type) ||
	    nla_put_u64_64bit(skb, AGENTSYS_F_COUNT, count, AGENTSYS_F_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_entry(struct sk_buff *skb, const struct agentsys_fault_record *record)
{
	struct nlattr *nest = nla_nest_start(skb, AGENTSYS_F_ENTRY);

	if (!nest || nla_put_u32(skb, AGENTSYS_F_TYPE, record->type) ||
	    nla_put_u32(skb, AGENTSYS_F_ACTION, record->action) ||
	    nla_put_u64_64bit(skb, AGENTSYS_F_TIME, record->time_ns, AGENTSYS_F_PAD) ||
	    nla_put_u64_64bit(skb, AGENTSYS_F_MEASURED, record->measured, AGENTSYS_F_PAD) ||
	    nla_put_u64_64bit(skb, AGENTSYS_F_LIMIT, record->limit, AGENTSYS_F_PAD) ||
	    nla_put_u32(skb, AGENTSYS_F_INSTANCE, record->instance))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_faults(struct sk_buff *skb, const void *arg)
{
	const struct faults *faults = arg;
	struct nlattr *nest;
	u32 i;

	nest = nla_nest_start(skb, AGENTSYS_F_COUNTERS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i < __AGENTSYS_FAULTS; i++)
		if (put_counter(skb, i, faults->count[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	nest = nla_nest_start(skb, AGENTSYS_F_ENTRIES);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < agentsys_fault_log_count(&faults->log); i++)
		if (put_entry(skb, agentsys_fault_log_at(&faults->log, i)))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static void of_all(struct faults *faults)
{
	struct agentsys_totals totals;

	agentsys_totals(&totals);
	memcpy(faults->count, totals.faults, sizeof(faults->count));
}

static int of_agent(u32 id, struct faults *faults)
{
	struct agentsys_agent *agent = agentsys_registry_get(id);
	u32 i;

	if (!agent)
		return -ESRCH;
	agentsys_fault_log(agent, &faults->log);
	agentsys_agent_put(agent);
	for (i = 0; i < __AGENTSYS_FAULTS; i++)
		faults->count[i] = faults->log.count[i];
	return 0;
}

int agentsys_genl_faults(struct sk_buff *request, struct genl_info *info)
{
	struct faults faults = {};

	if (!id_of(info)) {
		of_all(&faults);
	} else if (of_agent(id_of(info), &faults)) {
		NL_SET_ERR_MSG(info->extack, "no such agent");
		return -ESRCH;
	}
	return answer(info, AGENTSYS_CMD_FAULT_GET, put_faults, &faults);
}

/* ---- what is done about them ---- */

struct rules {
	struct agentsys_recovery all;
	struct agentsys_recovery_own own;
};

static int put_rule(struct sk_buff *skb, const struct rules *rules, u32 type)
{
	struct nlattr *nest = nla_nest_start(skb, AGENTSYS_F_RULE);
	bool own = rules->own.has & BIT(type);

	if (!nest || nla_put_u32(skb, AGENTSYS_F_TYPE, type) ||
	    nla_put_u32(skb, AGENTSYS_F_ACTION,
			own ? rules->own.action[type] : rules->all.action[type]) ||
	    (own && nla_put_flag(skb, AGENTSYS_F_OWN)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_rules(struct sk_buff *skb, const void *arg)
{
	const struct rules *rules = arg;
	struct nlattr *nest;
	u32 i;

	if (nla_put_u32(skb, AGENTSYS_F_PRESET, agentsys_recovery_is(&rules->all)) ||
	    nla_put_u32(skb, AGENTSYS_F_AFTER, rules->all.after) ||
	    nla_put_u32(skb, AGENTSYS_F_WITHIN, rules->all.within_ms))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, AGENTSYS_F_RULES);
	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i < __AGENTSYS_FAULTS; i++)
		if (put_rule(skb, rules, i))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int agentsys_genl_recovery_get(struct sk_buff *request, struct genl_info *info)
{
	struct rules rules;
	int ret;

	ret = agentsys_recovery_get(id_of(info), &rules.all, &rules.own, info->extack);
	if (ret)
		return ret;
	return answer(info, AGENTSYS_CMD_RECOVERY_GET, put_rules, &rules);
}

static int take_rule(struct nlattr *attr, struct genl_info *info,
		     struct agentsys_recovery_change *change)
{
	struct nlattr *attrs[AGENTSYS_F_ACTION + 1];
	struct nlattr *action;
	int ret;
	u32 type;

	ret = nla_parse_nested(attrs, AGENTSYS_F_ACTION, attr, rule_policy, info->extack);
	if (ret)
		return ret;
	if (!attrs[AGENTSYS_F_TYPE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "the rule does not say for what type");
		return -EINVAL;
	}
	type = nla_get_u32(attrs[AGENTSYS_F_TYPE]);
	action = attrs[AGENTSYS_F_ACTION];
	change->has &= ~BIT(type); /* the last one counts */
	change->takes_back &= ~BIT(type);
	if (!action) {
		change->takes_back |= BIT(type);
		return 0;
	}
	change->has |= BIT(type);
	change->action[type] = nla_get_u32(action);
	if (agentsys_recovery_fits(type, change->action[type]))
		return 0;
	if (change->action[type] == AGENTSYS_RECOVER_RESTART)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "to start it again gives it no new budget: alert or kill");
	else
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "slowing down is of no use against such a fault");
	return -EINVAL;
}

static int take_rules(struct genl_info *info, struct agentsys_recovery_change *change)
{
	struct nlattr *rules = info->attrs[AGENTSYS_F_RULES];
	struct nlattr *attr;
	int left, ret;

	if (!rules)
		return 0;
	nla_for_each_nested(attr, rules, left) {
		ret = take_rule(attr, info, change);
		if (ret)
			return ret;
	}
	return 0;
}

/* Is it about all agents where it must be, or about one? */
static int check_whose(struct genl_info *info, const struct agentsys_recovery_change *change)
{
	if (!id_of(info) && change->takes_back) {
		NL_SET_ERR_MSG(info->extack, "the rule does not say what to do");
		return -EINVAL;
	}
	if (id_of(info) && (change->has_preset || change->has_after || change->has_within)) {
		NL_SET_ERR_MSG(info->extack, "the preset and the ladder are for all agents");
		return -EINVAL;
	}
	return 0;
}

static u32 get_u32(struct genl_info *info, int attr, bool *has)
{
	*has = info->attrs[attr];
	return *has ? nla_get_u32(info->attrs[attr]) : 0;
}

int agentsys_genl_recovery_set(struct sk_buff *request, struct genl_info *info)
{
	struct agentsys_recovery_change change = {};
	int ret;

	ret = agentsys_genl_need_admin(request, info);
	if (ret)
		return ret;
	change.preset = get_u32(info, AGENTSYS_F_PRESET, &change.has_preset);
	change.after = get_u32(info, AGENTSYS_F_AFTER, &change.has_after);
	change.within_ms = get_u32(info, AGENTSYS_F_WITHIN, &change.has_within);
	ret = take_rules(info, &change);
	if (!ret)
		ret = check_whose(info, &change);
	if (ret)
		return ret;
	return agentsys_recovery_set(id_of(info), &change, info->extack);
}

/* ---- what others report ---- */

static u64 get_u64(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : 0;
}

static bool is_of_call(const struct agentsys_reported *report)
{
	return report->what == AGENTSYS_REPORT_CALL_BEGIN ||
	       report->what == AGENTSYS_REPORT_CALL_END;
}

static int check_call(struct genl_info *info, const struct agentsys_reported *report)
{
	bool begins = report->what == AGENTSYS_REPORT_CALL_BEGIN;
	struct nlattr *limit = info->attrs[AGENTSYS_F_LIMIT];

	if (info->attrs[AGENTSYS_F_TYPE] || info->attrs[AGENTSYS_F_MEASURED]) {
		NL_SET_ERR_MSG(info->extack, "a call is no fault, and nothing was measured");
		return -EINVAL;
	}
	if (begins && !limit) {
		NL_SET_ERR_MSG(info->extack, "it is not said how long the call may last");
		return -EINVAL;
	}
	if (!begins && limit) {
		NL_SET_ERR_MSG_ATTR(info->extack, limit, "the end of a call takes no time");
		return -EINVAL;
	}
	if (begins && (!report->limit || report->limit > AGENTSYS_CALL_MAX_MS)) {
		NL_SET_ERR_MSG_ATTR(info->extack, limit, "a call lasts between 1 ms and 24 h");
		return -ERANGE;
	}
	return 0;
}

static int check_report(struct genl_info *info, const struct agentsys_reported *report)
{
	if (!report->id || !info->attrs[AGENTSYS_F_REPORT]) {
		NL_SET_ERR_MSG(info->extack, "a report is of an agent, and of something");
		return -EINVAL;
	}
	if (report->what == AGENTSYS_REPORT_HEARTBEAT)
		return 0;
	if (is_of_call(report))
		return check_call(info, report);
	if (!report->type) {
		NL_SET_ERR_MSG(info->extack, "the report does not say what type of fault");
		return -EINVAL;
	}
	if (report->what == AGENTSYS_REPORT_FAULT &&
	    (report->type == AGENTSYS_FAULT_CRASH ||
	     agentsys_recovery_fits(report->type, AGENTSYS_RECOVER_THROTTLE))) {
		NL_SET_ERR_MSG(info->extack, "such a fault is seen by the module alone");
		return -EINVAL;
	}
	return 0;
}

int agentsys_genl_report(struct sk_buff *request, struct genl_info *info)
{
	struct agentsys_reported report = { .id = id_of(info) };
	bool has;
	int ret;

	ret = agentsys_genl_need_admin(request, info);
	if (ret)
		return ret;
	report.instance = get_u32(info, AGENTSYS_F_INSTANCE, &has);
	report.what = get_u32(info, AGENTSYS_F_REPORT, &has);
	report.type = get_u32(info, AGENTSYS_F_TYPE, &has);
	report.measured = get_u64(info, AGENTSYS_F_MEASURED);
	report.limit = get_u64(info, AGENTSYS_F_LIMIT);
	ret = check_report(info, &report);
	return ret ?: agentsys_reported(&report, info->extack);
}
