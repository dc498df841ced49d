// SPDX-License-Identifier: GPL-2.0-only
#include "genl_put.h"

#include <linux/agentsys_netlink.h>
#include <linux/math64.h>
#include <linux/ktime.h>
#include <net/netlink.h>

#include "agent.h"
#include "cgroup.h"
#include "core/limits.h"
#include "fault.h"
#include "flood.h"
#include "genl_limits.h"
#include "group.h"
#include "hook.h"
#include "launch.h"
#include "limit.h"
#include "liveness.h"
#include "registry.h"
#include "spec.h"
#include "telemetry.h"
#include "waiter.h"

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, AGENTSYS_A_PAD);
}

static int put_spec(struct sk_buff *skb, const struct agentsys_spec *spec)
{
	const struct agentsys_job *job = spec->job;

	return nla_put_u32(skb, AGENTSYS_A_BACKEND, spec->backend) ||
	       nla_put_u32(skb, AGENTSYS_A_UID, job->uid) ||
	       nla_put_u32(skb, AGENTSYS_A_GID, job->gid);
}

static int put_limits(struct sk_buff *skb, struct agentsys_agent *agent)
{
	struct agentsys_limits limits;
	const u64 *max = limits.max;

	agentsys_limits_of(agent, &limits);
	return put_u64(skb, AGENTSYS_A_MEMORY_MAX, max[AGENTSYS_LIMIT_MEMORY_MAX]) ||
	       put_u64(skb, AGENTSYS_A_MEMORY_HIGH, max[AGENTSYS_LIMIT_MEMORY_HIGH]) ||
	       put_u64(skb, AGENTSYS_A_CPU_QUOTA, max[AGENTSYS_LIMIT_CPU_QUOTA]) ||
	       put_u64(skb, AGENTSYS_A_CPU_PERIOD, max[AGENTSYS_LIMIT_CPU_PERIOD]) ||
	       put_u64(skb, AGENTSYS_A_PIDS_MAX, max[AGENTSYS_LIMIT_PIDS_MAX]) ||
	       agentsys_genl_put_limits(skb, &limits);
}

static int put_syscalls(struct sk_buff *skb, struct agentsys_agent *agent)
{
	u64 calls;

	return agentsys_flood_calls(agent, &calls) ? put_u64(skb, AGENTSYS_A_SYSCALLS, calls) : 0;
}

static int put_circuit(struct sk_buff *skb, const struct agentsys_status *status)
{
	u64 ran_ms = status->spawns == status->exits ?
			     0 :
			     div_u64(ktime_get_boottime_ns() - status->start_ns, NSEC_PER_MSEC);

	return nla_put_u32(skb, AGENTSYS_A_STREAK, status->streak) ||
	       nla_put_u32(skb, AGENTSYS_A_SURVIVAL, status->survival_ms) ||
	       nla_put_u32(skb, AGENTSYS_A_CIRCUIT,
			   agentsys_circuit_of(&status->policy, status->streak, status->state,
					       ran_ms));
}

static int put_more_policy(struct sk_buff *skb, const struct agentsys_restart_policy *policy)
{
	return nla_put_u32(skb, AGENTSYS_A_BACKOFF_KIND, policy->backoff_kind) ||
	       nla_put_u32(skb, AGENTSYS_A_JITTER, policy->jitter) ||
	       nla_put_u32(skb, AGENTSYS_A_STABLE, policy->stable_ms) ||
	       nla_put_u32(skb, AGENTSYS_A_BREAKER, policy->breaker) ||
	       nla_put_u32(skb, AGENTSYS_A_BREAKER_OPEN, policy->breaker_ms) ||
	       nla_put(skb, AGENTSYS_A_SUCCESS_CODES, sizeof(policy->success_codes),
		       policy->success_codes) ||
	       put_u64(skb, AGENTSYS_A_SUCCESS_SIGNALS, policy->success_signals) ||
	       nla_put(skb, AGENTSYS_A_NEVER_CODES, sizeof(policy->never_codes),
		       policy->never_codes) ||
	       put_u64(skb, AGENTSYS_A_NEVER_SIGNALS, policy->never_signals) ||
	       nla_put_u32(skb, AGENTSYS_A_NEVER_CAUSES, policy->never_causes);
}

static int put_policy(struct sk_buff *skb, const struct agentsys_status *status)
{
	return nla_put_u32(skb, AGENTSYS_A_RESTART, status->policy.condition) ||
	       nla_put_u32(skb, AGENTSYS_A_MAX_RESTARTS, status->policy.max_restarts) ||
	       nla_put_u32(skb, AGENTSYS_A_BACKOFF_INITIAL, status->policy.backoff_initial_ms) ||
	       nla_put_u32(skb, AGENTSYS_A_BACKOFF_MAX, status->policy.backoff_max_ms) ||
	       nla_put_u32(skb, AGENTSYS_A_STOP_SIGNAL, status->stop_signal) ||
	       nla_put_u32(skb, AGENTSYS_A_STOP_TIMEOUT, status->stop_timeout_ms);
}

static int put_status(struct sk_buff *skb, const struct agentsys_status *status)
{
	return nla_put_u32(skb, AGENTSYS_A_PID, status->pid) ||
	       nla_put_u32(skb, AGENTSYS_A_STATE, status->state) ||
	       nla_put_u32(skb, AGENTSYS_A_FLAGS, status->flags) ||
	       nla_put_u32(skb, AGENTSYS_A_INSTANCE, status->instance) ||
	       nla_put_u32(skb, AGENTSYS_A_RESTARTS, status->restarts) ||
	       nla_put_u32(skb, AGENTSYS_A_CAUSE, status->cause) ||
	       nla_put_s32(skb, AGENTSYS_A_CODE, status->code) ||
	       nla_put_u32(skb, AGENTSYS_A_STEP, status->step) ||
	       put_u64(skb, AGENTSYS_A_SPAWNS, status->spawns) ||
	       put_u64(skb, AGENTSYS_A_EXITS, status->exits) ||
	       put_u64(skb, AGENTSYS_A_CRASHES, status->crashes) ||
	       put_u64(skb, AGENTSYS_A_FAULTS, status->faults) ||
	       put_u64(skb, AGENTSYS_A_START_TIME, status->start_ns) ||
	       put_u64(skb, AGENTSYS_A_END_TIME, status->end_ns);
}

/* Of the last end, what the cause and the code do not tell. */
static int put_end(struct sk_buff *skb, const struct agentsys_status *status)
{
	return put_u64(skb, AGENTSYS_A_ASKED_TIME, status->asked_ns) ||
	       (status->exit_status != AGENTSYS_NO_STATUS &&
		(nla_put_u32(skb, AGENTSYS_A_EXIT_STATUS, status->exit_status) ||
		 nla_put_u32(skb, AGENTSYS_A_END_PID, status->end_pid)));
}

static int put_next_start(struct sk_buff *skb, const struct agentsys_status *status)
{
	u64 now = ktime_get_ns();
	u64 left = status->next_start_ns > now ? status->next_start_ns - now : 0;

	if (status->state != AGENTSYS_BACKOFF)
		return 0;
	return nla_put_u32(skb, AGENTSYS_A_NEXT_START, div_u64(left, NSEC_PER_MSEC));
}

static int put_cgroup(struct sk_buff *skb, u32 id)
{
	char path[128];

	snprintf(path, sizeof(path), "%.100s/%u", agentsys_cgroup_root_path(), id);
	return nla_put_string(skb, AGENTSYS_A_CGROUP, path);
}

static int put_calls(struct sk_buff *skb, struct agentsys_agent *agent)
{
	u32 left_ms, n = agentsys_liveness_calls(agent, &left_ms);

	return n && (nla_put_u32(skb, AGENTSYS_A_CALLS, n) ||
		     nla_put_u32(skb, AGENTSYS_A_CALLS_LEFT, left_ms));
}

int agentsys_genl_put_agent(struct sk_buff *skb, struct agentsys_agent *agent)
{
	char group[AGENTSYS_NAME_MAX + 1];
	struct agentsys_status status;
	u64 cpu_us, memory;

	agentsys_group_of(agent, group);
	agentsys_agent_usage(agent, &cpu_us, &memory);
	agentsys_agent_status(agent, &status);
	if (nla_put_u32(skb, AGENTSYS_A_ID, agent->id) ||
	    nla_put_string(skb, AGENTSYS_A_NAME, agent->name) || put_status(skb, &status) ||
	    put_end(skb, &status) || put_policy(skb, &status) ||
	    put_more_policy(skb, &status.policy) || put_circuit(skb, &status) ||
	    put_next_start(skb, &status) || put_u64(skb, AGENTSYS_A_CPU_TIME, cpu_us) ||
	    put_u64(skb, AGENTSYS_A_MEMORY, memory) ||
	    put_u64(skb, AGENTSYS_A_HEARTBEATS, atomic64_read(&agent->heartbeats)) ||
	    put_u64(skb, AGENTSYS_A_LAST_ACTIVITY, READ_ONCE(agent->activity_ns)) ||
	    put_cgroup(skb, agent->id) || nla_put_string(skb, AGENTSYS_A_GROUP, group) ||
	    nla_put_u32(skb, AGENTSYS_A_PLACE, READ_ONCE(agent->node.place)) ||
	    nla_put_u32(skb, AGENTSYS_A_PARENT, agent->parent_id) ||
	    nla_put_u32(skb, AGENTSYS_A_PARENT_INSTANCE, agent->parent_instance) ||
	    put_u64(skb, AGENTSYS_A_MADE_TIME, agent->made_ns) ||
	    (READ_ONCE(agent->node.significant) && nla_put_flag(skb, AGENTSYS_A_SIGNIFICANT)) ||
	    put_u64(skb, AGENTSYS_A_THROTTLED_TIME, agentsys_fault_throttled_ns(agent)) ||
	    put_limits(skb, agent) || put_syscalls(skb, agent) || put_calls(skb, agent) ||
	    (agent->spec && put_spec(skb, agent->spec)))
		return -EMSGSIZE;
	return 0;
}

static int put_counters(struct sk_buff *skb)
{
	static const struct {
		int attr;
		enum agentsys_counter counter;
	} map[] = {
		{ AGENTSYS_S_SPAWNS, AGENTSYS_COUNT_SPAWNS },
		{ AGENTSYS_S_EXITS, AGENTSYS_COUNT_EXITS },
		{ AGENTSYS_S_CRASHES, AGENTSYS_COUNT_CRASHES },
		{ AGENTSYS_S_FAULTS, AGENTSYS_COUNT_FAULTS },
		{ AGENTSYS_S_RESTARTS, AGENTSYS_COUNT_RESTARTS },
		{ AGENTSYS_S_SYSCALLS, AGENTSYS_COUNT_SYSCALLS },
	};
	struct agentsys_totals totals;
	unsigned int i;

	agentsys_totals(&totals);
	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (nla_put_u64_64bit(skb, map[i].attr, totals.count[map[i].counter],
				      AGENTSYS_S_PAD))
			return -EMSGSIZE;
	return nla_put_u32(skb, AGENTSYS_S_ACTIVE, totals.active);
}

int agentsys_genl_put_system(struct sk_buff *skb)
{
	if (put_counters(skb) || nla_put_u32(skb, AGENTSYS_S_AGENTS, agentsys_registry_count()) ||
	    nla_put_u32(skb, AGENTSYS_S_MAX_AGENTS, agentsys_registry_max()) ||
	    nla_put_u64_64bit(skb, AGENTSYS_S_EVENTS, agentsys_event_last(), AGENTSYS_S_PAD) ||
	    nla_put_u32(skb, AGENTSYS_S_RING_SIZE, agentsys_event_ring_size()) ||
	    nla_put_u32(skb, AGENTSYS_S_LAUNCHER_PID, agentsys_launch_pid()) ||
	    nla_put_string(skb, AGENTSYS_S_LAUNCHER_PATH, agentsys_launch_path()) ||
	    nla_put_string(skb, AGENTSYS_S_CGROUP_ROOT, agentsys_cgroup_root_path()) ||
	    nla_put_string(skb, AGENTSYS_S_CONTROLLERS, agentsys_cgroup_controllers()) ||
	    nla_put_string(skb, AGENTSYS_S_RELEASE, THIS_MODULE->version) ||
	    nla_put_u32(skb, AGENTSYS_S_ABI, AGENTSYS_ABI_VERSION) ||
	    nla_put_string(skb, AGENTSYS_S_HOOKS, agentsys_hook_name()) ||
	    nla_put_u32(skb, AGENTSYS_S_HOOKS_ERROR, agentsys_hook_error()))
		return -EMSGSIZE;
	return 0;
}

int agentsys_genl_put_event(struct sk_buff *skb, const struct agentsys_event *event)
{
	char name[sizeof(event->name) + 1] = "";

	memcpy(name, event->name, sizeof(event->name));
	if (nla_put_u64_64bit(skb, AGENTSYS_E_SEQ, event->seq, AGENTSYS_E_PAD) ||
	    nla_put_u64_64bit(skb, AGENTSYS_E_TIME, event->time_ns, AGENTSYS_E_PAD) ||
	    nla_put_u32(skb, AGENTSYS_E_AGENT_ID, event->agent_id) ||
	    nla_put_u32(skb, AGENTSYS_E_PID, event->pid) ||
	    nla_put_u32(skb, AGENTSYS_E_TYPE, event->type) ||
	    nla_put_u32(skb, AGENTSYS_E_CAUSE, event->cause) ||
	    nla_put_s32(skb, AGENTSYS_E_CODE, event->code) ||
	    nla_put_u32(skb, AGENTSYS_E_INSTANCE, event->instance) ||
	    nla_put_u64_64bit(skb, AGENTSYS_E_VALUE, event->value, AGENTSYS_E_PAD) ||
	    nla_put_string(skb, AGENTSYS_E_NAME, name))
		return -EMSGSIZE;
	if (event->type == AGENTSYS_EVENT_FAULT &&
	    (nla_put_u64_64bit(skb, AGENTSYS_E_LIMIT, event->limit, AGENTSYS_E_PAD) ||
	     nla_put_u32(skb, AGENTSYS_E_ACTION, event->action)))
		return -EMSGSIZE;
	return 0;
}

int agentsys_genl_put_group(struct sk_buff *skb, const struct agentsys_group_status *status)
{
	const struct agentsys_group_policy *policy = &status->policy;

	if (nla_put_string(skb, AGENTSYS_G_NAME, status->name) ||
	    (status->parent[0] && nla_put_string(skb, AGENTSYS_G_PARENT, status->parent)) ||
	    nla_put_u32(skb, AGENTSYS_G_STRATEGY, policy->strategy) ||
	    nla_put_u32(skb, AGENTSYS_G_BUDGET, policy->budget) ||
	    nla_put_u32(skb, AGENTSYS_G_WITHIN, policy->within_ms) ||
	    nla_put_u32(skb, AGENTSYS_G_BACKOFF_INITIAL, policy->backoff_initial_ms) ||
	    nla_put_u32(skb, AGENTSYS_G_BACKOFF_MAX, policy->backoff_max_ms) ||
	    nla_put_u32(skb, AGENTSYS_G_AUTO_SHUTDOWN, policy->auto_shutdown) ||
	    (status->significant && nla_put_flag(skb, AGENTSYS_G_SIGNIFICANT)) ||
	    nla_put_u32(skb, AGENTSYS_G_STATE, status->state) ||
	    nla_put_u32(skb, AGENTSYS_G_PLACE, status->place) ||
	    nla_put_u32(skb, AGENTSYS_G_MEMBERS, status->members) ||
	    nla_put_u32(skb, AGENTSYS_G_RECENT, status->recent) ||
	    nla_put_u64_64bit(skb, AGENTSYS_G_RESTARTS, status->restarts, AGENTSYS_G_PAD) ||
	    nla_put_u32(skb, AGENTSYS_G_REASON, status->reason) ||
	    nla_put_u32(skb, AGENTSYS_G_BACKOFF_KIND, policy->backoff_kind) ||
	    nla_put_u32(skb, AGENTSYS_G_JITTER, policy->jitter) ||
	    (status->parent[0] && nla_put_u32(skb, AGENTSYS_G_MEMBERS_MAX, policy->members_max)))
		return -EMSGSIZE;
	return 0;
}

static int put_group_answer(struct sk_buff *skb, const struct agentsys_answer *answer)
{
	if (nla_put_string(skb, AGENTSYS_G_NAME, answer->group) ||
	    nla_put_u32(skb, AGENTSYS_G_STATE, answer->state) ||
	    (answer->error && nla_put_u32(skb, AGENTSYS_G_ERRNO, answer->error)) ||
	    (answer->text && nla_put_string(skb, AGENTSYS_G_TEXT, answer->text)))
		return -EMSGSIZE;
	return 0;
}

int agentsys_genl_put_answer(struct sk_buff *skb, const struct agentsys_answer *answer)
{
	if (answer->group)
		return put_group_answer(skb, answer);
	if (answer->error) {
		if (nla_put_u32(skb, AGENTSYS_A_ERRNO, answer->error) ||
		    nla_put_u32(skb, AGENTSYS_A_STEP, answer->step) ||
		    (answer->text && nla_put_string(skb, AGENTSYS_A_TEXT, answer->text)))
			return -EMSGSIZE;
	}
	if (!answer->id) { /* of a shutdown */
		if (nla_put_u32(skb, AGENTSYS_A_COUNT, answer->count) ||
		    nla_put_u32(skb, AGENTSYS_A_KILLED, answer->killed))
			return -EMSGSIZE;
		return 0;
	}
	if (nla_put_u32(skb, AGENTSYS_A_ID, answer->id) ||
	    nla_put_u32(skb, AGENTSYS_A_PID, answer->pid) ||
	    nla_put_u32(skb, AGENTSYS_A_STATE, answer->state))
		return -EMSGSIZE;
	return 0;
}
