/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong with an attribute that came in an answer of the family "agentsys" or in
 * an event, by what the header says of it. Include it behind fuzz.h.
 */
#ifndef TESTS_LIB_FUZZ_ANSWER_H
#define TESTS_LIB_FUZZ_ANSWER_H

#include <errno.h>
#include <linux/agentsys.h>
#include <linux/agentsys_netlink.h>
#include <netlink/attr.h>
#include <string.h>

/* Terminated, and nowhere else; UTF-8. */
static inline bool is_text(const struct nlattr *attr)
{
	const char *text = nla_data(attr);
	size_t len = nla_len(attr);

	return len && strnlen(text, len) == len - 1 && is_utf8(text, len - 1);
}

static inline const char *group_fault(const struct nlattr *attr)
{
	int type = nla_type(attr);

	if (type > AGENTSYS_G_MAX)
		return "is unknown";
	if (type == AGENTSYS_G_NAME || type == AGENTSYS_G_TEXT || type == AGENTSYS_G_PARENT)
		return is_text(attr) ? NULL : "is no text";
	if (type == AGENTSYS_G_SIGNIFICANT)
		return nla_len(attr) ? "is no flag" : NULL;
	if (type != AGENTSYS_G_PAD && nla_len(attr) != (type == AGENTSYS_G_RESTARTS ? 8 : 4))
		return "has a wrong size";
	if (type == AGENTSYS_G_STATE && nla_get_u32(attr) >= __AGENTSYS_STATES)
		return "is no state";
	if (type == AGENTSYS_G_STRATEGY && nla_get_u32(attr) >= __AGENTSYS_STRATEGIES)
		return "is no strategy";
	if (type == AGENTSYS_G_BUDGET && nla_get_u32(attr) > AGENTSYS_BUDGET_MAX)
		return "is no budget";
	if (type == AGENTSYS_G_ERRNO && nla_get_u32(attr) != ECANCELED && nla_get_u32(attr) != EIO)
		return "is not documented";
	return NULL;
}

/* One end of the past. */
static inline const char *entry_fault(const struct nlattr *attr)
{
	int type = nla_type(attr);

	if (type < AGENTSYS_H_TIME && type != AGENTSYS_H_AGENT_ID && type != AGENTSYS_H_PAD)
		return "has something else in it";
	if (type != AGENTSYS_H_PAD &&
	    nla_len(attr) != (type == AGENTSYS_H_TIME || type == AGENTSYS_H_RAN ? 8 : 4))
		return "has something of a wrong size in it";
	if (type == AGENTSYS_H_CAUSE && nla_get_u32(attr) >= __AGENTSYS_CAUSES)
		return "has no cause";
	if (type == AGENTSYS_H_DECISION && nla_get_u32(attr) >= __AGENTSYS_DECISIONS)
		return "has no decision";
	return NULL;
}

static inline const char *history_fault(const struct nlattr *attr)
{
	struct nlattr *entry, *field;
	const char *fault = NULL;
	int rest, inner;

	if (nla_type(attr) != AGENTSYS_H_ENTRIES)
		return "is none of an answer";
	nla_for_each_nested(entry, attr, rest) {
		if (nla_type(entry) != AGENTSYS_H_ENTRY)
			return "has something that is no entry";
		nla_for_each_nested(field, entry, inner)
			fault = fault ?: entry_fault(field);
	}
	return fault;
}

static inline const char *relation_fault(const struct nlattr *attr)
{
	int type = nla_type(attr);

	if (!type || type > AGENTSYS_R_MAX)
		return "is unknown";
	if (nla_len(attr) != 4)
		return "has a wrong size";
	if (type == AGENTSYS_R_KIND)
		return nla_get_u32(attr) < __AGENTSYS_RELATIONS ? NULL : "is no relation";
	return nla_get_u32(attr) < AGENTSYS_ID_MIN ? "is no agent" : NULL;
}

/* A rule, a counter or an entry. */
static inline const char *field_fault(const struct nlattr *attr)
{
	int type = nla_type(attr);
	bool wide = type >= AGENTSYS_F_COUNT && type <= AGENTSYS_F_LIMIT;

	if (type == AGENTSYS_F_OWN)
		return nla_len(attr) ? "has something that is no flag" : NULL;
	if (type != AGENTSYS_F_PAD && nla_len(attr) != (wide ? 8 : 4))
		return "has something of a wrong size in it";
	if (type == AGENTSYS_F_TYPE && nla_get_u32(attr) - 1 >= __AGENTSYS_FAULTS - 1)
		return "is of no type";
	if (type == AGENTSYS_F_ACTION && nla_get_u32(attr) >= __AGENTSYS_RECOVERS)
		return "has no action";
	return NULL;
}

static inline const char *faults_fault(const struct nlattr *attr)
{
	int type = nla_type(attr);
	struct nlattr *entry, *field;
	const char *fault = NULL;
	int rest, inner;

	if (type == AGENTSYS_F_RULES || type == AGENTSYS_F_COUNTERS || type == AGENTSYS_F_ENTRIES) {
		nla_for_each_nested(entry, attr, rest) {
			if (nla_type(entry) != type + 1)
				return "has something else in it";
			nla_for_each_nested(field, entry, inner)
				fault = fault ?: field_fault(field);
		}
		return fault;
	}
	if (type != AGENTSYS_F_AGENT_ID && type != AGENTSYS_F_PRESET && type != AGENTSYS_F_AFTER &&
	    type != AGENTSYS_F_WITHIN)
		return "is none of an answer";
	if (nla_len(attr) != 4)
		return "has a wrong size";
	if (type == AGENTSYS_F_PRESET && nla_get_u32(attr) > AGENTSYS_PRESET_CUSTOM)
		return "is no preset";
	return NULL;
}

/* What is wrong with an attribute of an answer or an event, or NULL. */
static inline const char *attribute_fault(uint8_t cmd, const struct nlattr *attr)
{
	int type = nla_type(attr);
	bool string, wide;

	if (cmd == AGENTSYS_CMD_SYSTEM_GET) {
		string = type == AGENTSYS_S_LAUNCHER_PATH || type == AGENTSYS_S_CGROUP_ROOT ||
			 type == AGENTSYS_S_CONTROLLERS || type == AGENTSYS_S_RELEASE;
		return string && !is_text(attr) ? "is no text" : NULL;
	}
	if (cmd == AGENTSYS_NTF_EVENT)
		return type == AGENTSYS_E_NAME && !is_text(attr) ? "is no text" : NULL;
	if (cmd == AGENTSYS_CMD_HISTORY_GET)
		return history_fault(attr);
	if (cmd == AGENTSYS_CMD_RELATION_GET)
		return relation_fault(attr);
	if (cmd == AGENTSYS_CMD_FAULT_GET || cmd == AGENTSYS_CMD_RECOVERY_GET)
		return faults_fault(attr);
	if (cmd > AGENTSYS_NTF_EVENT && cmd != AGENTSYS_CMD_LIMITS_GET)
		return group_fault(attr);
	string = type == AGENTSYS_A_NAME || type == AGENTSYS_A_TEXT || type == AGENTSYS_A_CGROUP ||
		 type == AGENTSYS_A_GROUP;
	wide = (type >= AGENTSYS_A_SPAWNS && type <= AGENTSYS_A_LAST_ACTIVITY) ||
	       (type >= AGENTSYS_A_MEMORY_MAX && type <= AGENTSYS_A_PIDS_MAX) ||
	       type == AGENTSYS_A_SUCCESS_SIGNALS || type == AGENTSYS_A_NEVER_SIGNALS ||
	       type == AGENTSYS_A_ASKED_TIME || type == AGENTSYS_A_MADE_TIME ||
	       type == AGENTSYS_A_SYSCALLS || type == AGENTSYS_A_THROTTLED_TIME;
	if (type == AGENTSYS_A_SUCCESS_CODES || type == AGENTSYS_A_NEVER_CODES)
		return nla_len(attr) == 8 * AGENTSYS_CODE_WORDS ? NULL : "has a wrong size";
	if (type == AGENTSYS_A_LIMITS || type == AGENTSYS_A_USE)
		return nla_len(attr) % NLA_ALIGNTO ? "has a wrong size" : NULL;
	if (type > AGENTSYS_A_MAX)
		return "is unknown";
	if (type == AGENTSYS_A_SIGNIFICANT)
		return nla_len(attr) ? "is no flag" : NULL;
	if (string)
		return is_text(attr) ? NULL : "is no text";
	if (type != AGENTSYS_A_PAD && nla_len(attr) != (wide ? 8 : 4))
		return "has a wrong size";
	if (type == AGENTSYS_A_STATE && nla_get_u32(attr) >= __AGENTSYS_STATES)
		return "is no state";
	if (type == AGENTSYS_A_BACKEND && nla_get_u32(attr) >= AGENTSYS_BACKEND_TEE)
		return "is no backend that there is";
	if (type == AGENTSYS_A_STEP && nla_get_u32(attr) >= __AGENTSYS_STEPS)
		return "is no step";
	if (type == AGENTSYS_A_ERRNO && (!nla_get_u32(attr) || nla_get_u32(attr) > 4095))
		return "is no errno";
	return NULL;
}

#endif
