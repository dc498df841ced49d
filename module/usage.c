// SPDX-License-Identifier: GPL-2.0-only
#include "usage.h"

#include <linux/ctype.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "cgroup.h"
#include "fault.h"
#include "fault_internal.h"
#include "limit.h"
#include "mailbox.h"

#define INTERVAL_MIN_MS 10
#define INTERVAL_MAX_MS 60000

static unsigned int check_interval_ms = 1000;
module_param(check_interval_ms, uint, 0444);
MODULE_PARM_DESC(check_interval_ms,
		 "ms between looks at what agents with limits use (default 1000)");

/* Those that are looked at, and those that this look has yet to come to; supervisor lock. */
static LIST_HEAD(looked_at);
static LIST_HEAD(due);

static struct workqueue_struct *usage_wq;

static void look_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(look, look_work);

/**
 * struct reading - what the files of a cgroup told
 * @instance: of which instance
 * @cpu_us: CPU time
 * @throttled: how often it was kept from using more in a period
 * @memory: bytes
 * @pids: processes and threads
 * @io: bytes and operations, in the order of their limits, of the device that has most
 */
struct reading {
	u32 instance;
	u64 cpu_us;
	u64 throttled;
	u64 memory;
	u64 pids;
	u64 io[AGENTSYS_IO_KINDS];
};

static u64 now_ms(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_MSEC);
}

static bool is_limited(const struct agentsys_limits *limits)
{
	const u64 *max = limits->max;

	return max[AGENTSYS_LIMIT_CPU_QUOTA] || max[AGENTSYS_LIMIT_CPU_BUDGET] ||
	       max[AGENTSYS_LIMIT_MEMORY_MAX] || max[AGENTSYS_LIMIT_PIDS_MAX] ||
	       agentsys_limits_io(limits);
}

/* The largest number behind " key=" in lines of devices. */
static u64 most_of(const char *text, const char *key)
{
	u64 most = 0, n;

	while ((text = strstr(text, key))) {
		for (text += strlen(key), n = 0; isdigit(*text); text++)
			n = n * 10 + (*text - '0');
		most = max(most, n);
	}
	return most;
}

static void read_io(u32 id, u64 io[AGENTSYS_IO_KINDS])
{
	static const char *const keys[AGENTSYS_IO_KINDS] = {
		" rbytes=",
		" wbytes=",
		" rios=",
		" wios=",
	};
	char text[512]; /* five devices or more */
	u32 i;

	if (agentsys_cgroup_text(id, "io.stat", text, sizeof(text)) < 0)
		return;
	for (i = 0; i < AGENTSYS_IO_KINDS; i++)
		io[i] = most_of(text, keys[i]);
}

/* Files that no limit asks for are not read. */
static void read_usage(u32 id, const struct agentsys_limits *limits, struct reading *reading)
{
	char text[512];

	if (limits->max[AGENTSYS_LIMIT_CPU_QUOTA] || limits->max[AGENTSYS_LIMIT_CPU_BUDGET]) {
		if (agentsys_cgroup_text(id, "cpu.stat", text, sizeof(text)) < 0)
			*text = '\0';
		reading->cpu_us = agentsys_cgroup_number(text, "usage_usec");
		reading->throttled = agentsys_cgroup_number(text, "nr_throttled");
	}
	if (limits->max[AGENTSYS_LIMIT_MEMORY_MAX])
		reading->memory = agentsys_cgroup_memory(id);
	if (agentsys_limits_io(limits))
		read_io(id, reading->io);
	if (limits->max[AGENTSYS_LIMIT_PIDS_MAX])
		reading->pids = agentsys_cgroup_u64(id, "pids.current");
}

/* ---- judging; the supervisor lock is held ---- */

static void judge_cpu(struct agentsys_agent *agent, const struct reading *reading)
{
	struct agentsys_window *cpu = &agent->faults->usage.cpu;
	u64 quota = agentsys_limit(agent, AGENTSYS_LIMIT_CPU_QUOTA);
	enum agentsys_reading comes_to;
	bool throttled = false;
	u64 allowed;

	if (!quota)
		return;
	spin_lock(&agent->lock);
	comes_to = agentsys_window_look(cpu, quota,
					agentsys_limit(agent, AGENTSYS_LIMIT_CPU_PERIOD),
					check_interval_ms, reading->cpu_us, reading->throttled,
					true, now_ms(), &allowed);
	spin_unlock(&agent->lock);
	if (comes_to == AGENTSYS_READING_FAULTS)
		throttled = agentsys_fault_raise(agent, AGENTSYS_FAULT_CPU_QUOTA, cpu->used,
						 allowed) == AGENTSYS_RECOVER_THROTTLE;
	else if (comes_to == AGENTSYS_READING_WARNS)
		agentsys_fault_warn(agent, AGENTSYS_FAULT_CPU_QUOTA, cpu->used);
	/* cpu.max holds it: there is nothing to be done but to show it. */
	agentsys_fault_throttles(agent, AGENTSYS_FAULT_CPU_QUOTA, throttled);
}

/* What all of them come to is told once: what comes first in the order of the limits. */
static void judge_io(struct agentsys_agent *agent, const struct reading *reading)
{
	struct agentsys_window *io = agent->faults->usage.io;
	enum agentsys_reading worst = AGENTSYS_READING_QUIET, one;
	u64 used = 0, limit = 0, max, allowed = 0;
	bool throttled = false;
	u32 i;

	for (i = 0; i < AGENTSYS_IO_KINDS; i++) {
		max = agentsys_limit(agent, AGENTSYS_LIMIT_IO_READ + i);
		if (!max)
			continue;
		spin_lock(&agent->lock);
		one = agentsys_window_look(&io[i], max, USEC_PER_SEC, check_interval_ms,
					   reading->io[i], 0, false, now_ms(), &allowed);
		spin_unlock(&agent->lock);
		if (one <= worst)
			continue;
		worst = one;
		used = io[i].used;
		limit = allowed;
	}
	if (worst == AGENTSYS_READING_FAULTS)
		throttled = agentsys_fault_raise(agent, AGENTSYS_FAULT_IO_LIMIT, used, limit) ==
			    AGENTSYS_RECOVER_THROTTLE;
	else if (worst == AGENTSYS_READING_WARNS)
		agentsys_fault_warn(agent, AGENTSYS_FAULT_IO_LIMIT, used);
	/* io.max holds it. */
	agentsys_fault_throttles(agent, AGENTSYS_FAULT_IO_LIMIT, throttled);
}

/* A warning at 80 per cent, once; a fault when it is spent, once for each instance. */
static void judge_budget(struct agentsys_agent *agent, enum agentsys_budget_kind kind, u64 used,
			 u64 limit, bool spent)
{
	struct agentsys_spending *spending = &agent->faults->usage.budget[kind];
	bool near = limit && used >= agentsys_warning_at(limit);
	bool warns, faults;

	spin_lock(&agent->lock);
	faults = spent && limit && spending->told_by != agent->status.instance;
	warns = near && !spent && !spending->warned;
	if (faults)
		spending->told_by = agent->status.instance;
	spending->warned |= near;
	spending->wanted = 0;
	spin_unlock(&agent->lock);
	if (faults)
		agentsys_fault_raise(agent, AGENTSYS_FAULT_BUDGET, used, limit);
	else if (warns)
		agentsys_fault_warn(agent, AGENTSYS_FAULT_BUDGET, used);
}

static void judge_cpu_budget(struct agentsys_agent *agent, u64 cpu_us)
{
	u64 limit = agentsys_limit(agent, AGENTSYS_LIMIT_CPU_BUDGET);
	u64 used = agent->status.cpu_us + cpu_us;

	judge_budget(agent, AGENTSYS_BUDGET_CPU, used, limit, used >= limit);
}

/* It is slowed down for memory until it has less than it is slowed down at, and gets no more. */
static void judge_memory(struct agentsys_agent *agent, u64 memory)
{
	struct agentsys_guard *guard = &agent->faults->guard[AGENTSYS_WATCHED_MEMORY];
	struct agentsys_limits limits = agent->faults->limits;

	agentsys_fault_near(agent, AGENTSYS_WATCHED_MEMORY, memory);
	agentsys_limits_effective(agent, &limits);
	if (guard->slows == guard->seen_slows && memory < limits.max[AGENTSYS_LIMIT_MEMORY_HIGH])
		agentsys_fault_throttles(agent, AGENTSYS_FAULT_MEMORY_LIMIT, false);
	guard->seen_slows = guard->slows;
}

static void judge(struct agentsys_agent *agent, const struct reading *reading)
{
	judge_cpu(agent, reading);
	if (!agentsys_fault_doom(agent))
		judge_cpu_budget(agent, reading->cpu_us);
	if (!agentsys_fault_doom(agent))
		judge_io(agent, reading);
	if (agentsys_fault_doom(agent))
		return;
	judge_memory(agent, reading->memory);
	agentsys_fault_near(agent, AGENTSYS_WATCHED_PIDS, reading->pids);
}

/* Read without the lock what it uses: it may have ended, and another one begun, meanwhile. */
static void look_at(struct agentsys_agent *agent)
{
	struct reading reading = { .instance = agent->status.instance };
	struct agentsys_limits limits = agent->faults->limits;

	agentsys_agent_get(agent);
	mutex_unlock(&agentsys_lock);
	read_usage(agent->id, &limits, &reading);
	cond_resched();
	mutex_lock(&agentsys_lock);
	if (!list_empty(&agent->faults->usage.node) && agent->status.instance == reading.instance &&
	    !agentsys_fault_doom(agent))
		judge(agent, &reading);
	agentsys_agent_put(agent);
}

static void arm(void)
{
	queue_delayed_work(usage_wq, &look, msecs_to_jiffies(check_interval_ms));
}

static void look_work(struct work_struct *work)
{
	struct agentsys_faults *faults;

	mutex_lock(&agentsys_lock);
	list_splice_init(&looked_at, &due);
	while ((faults = list_first_entry_or_null(&due, struct agentsys_faults, usage.node))) {
		list_move_tail(&faults->usage.node, &looked_at);
		look_at(faults->agent);
	}
	if (!list_empty(&looked_at))
		arm();
	mutex_unlock(&agentsys_lock);
}

/* From here on what it uses counts. */
static void begin(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults = agent->faults;
	struct reading reading = {};
	u32 i;

	if (list_empty(&looked_at) && list_empty(&due))
		arm();
	list_add_tail(&faults->usage.node, &looked_at);
	read_usage(agent->id, &faults->limits, &reading);
	spin_lock(&agent->lock);
	agentsys_window_begin(&faults->usage.cpu, reading.cpu_us, reading.throttled, now_ms());
	for (i = 0; i < AGENTSYS_IO_KINDS; i++)
		agentsys_window_begin(&faults->usage.io[i], reading.io[i], 0, now_ms());
	spin_unlock(&agent->lock);
	/* One that never runs as long as an interval uses it up too. */
	judge_cpu_budget(agent, reading.cpu_us);
}

void agentsys_usage_begin(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults = agent->faults;

	lockdep_assert_held(&agentsys_lock);

	if (!faults || !agent->ran || !list_empty(&faults->usage.node) ||
	    !is_limited(&faults->limits))
		return;
	begin(agent);
}

static void forget(struct agentsys_agent *agent)
{
	list_del_init(&agent->faults->usage.node);
	agentsys_fault_throttles(agent, AGENTSYS_FAULT_CPU_QUOTA, false);
	agentsys_fault_throttles(agent, AGENTSYS_FAULT_MEMORY_LIMIT, false);
	agentsys_fault_throttles(agent, AGENTSYS_FAULT_IO_LIMIT, false);
}

void agentsys_usage_limits_changed(struct agentsys_agent *agent)
{
	struct agentsys_usage *usage = &agent->faults->usage;
	enum agentsys_budget_kind i;

	lockdep_assert_held(&agentsys_lock);

	spin_lock(&agent->lock);
	for (i = 0; i < __AGENTSYS_BUDGETS; i++) {
		usage->budget[i].warned = false;
		usage->budget[i].told_by = 0;
		usage->budget[i].wanted = 0;
	}
	spin_unlock(&agent->lock);
	if (!list_empty(&usage->node))
		forget(agent);
	agentsys_usage_begin(agent);
}

void agentsys_usage_end(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (agent->faults)
		forget(agent);
}

/* ---- what it reports itself ---- */

static const u32 reported_limits[] = {
	[AGENTSYS_BUDGET_MESSAGES] = AGENTSYS_LIMIT_MESSAGES,
	[AGENTSYS_BUDGET_TOOL_CALLS] = AGENTSYS_LIMIT_TOOL_CALLS,
};

void agentsys_usage_reported(struct agentsys_agent *agent)
{
	struct agentsys_spending spending;
	enum agentsys_budget_kind i;

	lockdep_assert_held(&agentsys_lock);

	if (!agent->faults)
		return;
	for (i = AGENTSYS_BUDGET_MESSAGES; i <= AGENTSYS_BUDGET_TOOL_CALLS; i++) {
		if (agentsys_fault_doom(agent) || !agent->ran)
			return;
		spin_lock(&agent->lock);
		spending = agent->faults->usage.budget[i];
		spin_unlock(&agent->lock);
		judge_budget(agent, i, spending.wanted ?: spending.used,
			     agentsys_limit(agent, reported_limits[i]), spending.wanted);
	}
}

/* How much it would be with @n more; the lock of the record is held. */
static u64 sum(const struct agentsys_spending *spending, u64 n)
{
	return n > U64_MAX - spending->used ? U64_MAX : spending->used + n;
}

/* May it? */
static bool fits(const struct agentsys_faults *faults, enum agentsys_budget_kind kind, u64 n)
{
	u64 max = faults->limits.max[reported_limits[kind]];

	return !n || !max || sum(&faults->usage.budget[kind], n) <= max;
}

/* Is there something to be told? */
static bool is_near(const struct agentsys_faults *faults, enum agentsys_budget_kind kind)
{
	u64 max = faults->limits.max[reported_limits[kind]];
	const struct agentsys_spending *spending = &faults->usage.budget[kind];

	return max && spending->used >= agentsys_warning_at(max) && !spending->warned;
}

int agentsys_usage_report(struct agentsys_agent *agent, u64 messages, u64 tool_calls)
{
	const u64 more[__AGENTSYS_BUDGETS] = {
		[AGENTSYS_BUDGET_MESSAGES] = messages,
		[AGENTSYS_BUDGET_TOOL_CALLS] = tool_calls,
	};
	struct agentsys_faults *faults = agentsys_faults_of(agent);
	enum agentsys_budget_kind i;
	bool tells = false;
	int ret = 0;

	if (!faults)
		return -ENOMEM;
	spin_lock(&agent->lock);
	for (i = AGENTSYS_BUDGET_MESSAGES; i <= AGENTSYS_BUDGET_TOOL_CALLS; i++) {
		struct agentsys_spending *spending = &faults->usage.budget[i];

		if (fits(faults, i, more[i]))
			continue;
		ret = -EDQUOT;
		/* How often it tries on does not matter. */
		tells |= spending->told_by != agent->status.instance;
		spending->wanted = sum(spending, more[i]);
	}
	for (i = AGENTSYS_BUDGET_MESSAGES; !ret && i <= AGENTSYS_BUDGET_TOOL_CALLS; i++) {
		faults->usage.budget[i].used = sum(&faults->usage.budget[i], more[i]);
		tells |= is_near(faults, i);
	}
	spin_unlock(&agent->lock);
	if (tells)
		agentsys_mail_post(agent, AGENTSYS_MAIL_LIMIT);
	return ret;
}

void agentsys_usage_of(struct agentsys_agent *agent, struct agentsys_limits_use *use)
{
	struct agentsys_usage usage = {};
	struct agentsys_limits limits;
	u32 i;

	agentsys_limits_of(agent, &limits);
	spin_lock(&agent->lock);
	if (agent->faults)
		usage = agent->faults->usage;
	spin_unlock(&agent->lock);
	for (i = AGENTSYS_BUDGET_MESSAGES; i <= AGENTSYS_BUDGET_TOOL_CALLS; i++) {
		use->known |= BIT(reported_limits[i]);
		use->of[reported_limits[i]] = usage.budget[i].used;
	}
	for (i = 0; i < AGENTSYS_IO_KINDS; i++) {
		if (!usage.io[i].used_ms || !limits.max[AGENTSYS_LIMIT_IO_READ + i])
			continue;
		use->known |= BIT(AGENTSYS_LIMIT_IO_READ + i);
		use->of[AGENTSYS_LIMIT_IO_READ + i] =
			agentsys_window_pace(&usage.io[i], USEC_PER_SEC);
	}
	if (!usage.cpu.used_ms || !limits.max[AGENTSYS_LIMIT_CPU_QUOTA])
		return;
	use->known |= BIT(AGENTSYS_LIMIT_CPU_QUOTA);
	use->of[AGENTSYS_LIMIT_CPU_QUOTA] =
		agentsys_window_pace(&usage.cpu, limits.max[AGENTSYS_LIMIT_CPU_PERIOD]);
}

int agentsys_usage_init(struct workqueue_struct *wq)
{
	if (check_interval_ms < INTERVAL_MIN_MS || check_interval_ms > INTERVAL_MAX_MS) {
		pr_err("check_interval_ms=%u is not within %u and %u\n", check_interval_ms,
		       INTERVAL_MIN_MS, INTERVAL_MAX_MS);
		return -EINVAL;
	}
	usage_wq = wq;
	return 0;
}

/* No agent runs: it does not arm itself again. */
void agentsys_usage_exit(void)
{
	cancel_delayed_work_sync(&look);
}
