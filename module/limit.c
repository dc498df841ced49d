// SPDX-License-Identifier: GPL-2.0-only
#include "limit.h"

#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "cgroup.h"
#include "cgroup_limit.h"
#include "fault.h"
#include "fault_internal.h"
#include "flood.h"
#include "liveness.h"
#include "mailbox.h"
#include "pressure.h"
#include "registry.h"
#include "telemetry.h"
#include "usage.h"

static char *default_limits = "none";
module_param(default_limits, charp, 0444);
MODULE_PARM_DESC(default_limits, "what a new agent may use: none or guide (default none)");

/* Guarded by the supervisor lock, and towards readers, who may be anybody, by defaults_lock. */
static struct agentsys_limits defaults;
static DEFINE_SPINLOCK(defaults_lock);

/*
 * Held while limits change, so that the files say what the record says in the end.
 * Before the supervisor lock, which is not held while they are written.
 */
static DEFINE_MUTEX(changing);

static struct workqueue_struct *limits_wq;

void agentsys_limits_default(struct agentsys_limits *limits)
{
	spin_lock(&defaults_lock);
	*limits = defaults;
	spin_unlock(&defaults_lock);
}

int agentsys_limits_begin(struct agentsys_agent *agent, const struct agentsys_limits *limits)
{
	struct agentsys_faults *faults;

	if (!agentsys_limits_any(limits))
		return 0;
	faults = agentsys_faults_of(agent);
	if (!faults)
		return -ENOMEM;
	faults->limits = *limits;
	return limits->max[AGENTSYS_LIMIT_WATCHDOG] ? agentsys_liveness_prepare(agent) : 0;
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

/* Slowed down is who comes to this. */
static u64 slow_at(u64 limit)
{
	return limit - div_u64(limit, 10);
}

void agentsys_limits_effective(struct agentsys_agent *agent, struct agentsys_limits *limits)
{
	u64 *high = &limits->max[AGENTSYS_LIMIT_MEMORY_HIGH];
	u64 max = limits->max[AGENTSYS_LIMIT_MEMORY_MAX];

	lockdep_assert_held(&agentsys_lock);

	if (max && agentsys_fault_slows_memory(agent) && (!*high || *high > slow_at(max)))
		*high = slow_at(max);
}

static void effective_of(struct agentsys_agent *agent, struct agentsys_limits *limits)
{
	agentsys_limits_of(agent, limits);
	agentsys_limits_effective(agent, limits);
}

int agentsys_limits_write(struct agentsys_agent *agent)
{
	const struct agentsys_limits none = {};
	struct agentsys_limits limits;
	struct agentsys_limit_files files;
	int ret;

	mutex_lock(&agentsys_lock);
	effective_of(agent, &limits);
	mutex_unlock(&agentsys_lock);
	ret = agentsys_limit_files_open(&files, agent->id, &none, &limits);
	if (ret)
		return ret;
	ret = agentsys_limit_files_write(&files, &limits);
	agentsys_limit_files_close(&files);
	return ret;
}

void agentsys_limits_changed(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	agentsys_fault_limits_changed(agent);
	agentsys_liveness_limit(agent);
	agentsys_flood_limits_changed(agent);
	agentsys_usage_limits_changed(agent);
}

/* The record has them. What was to be written is open in @files. */
static int change_record(struct agentsys_agent *agent, const struct agentsys_limits *to,
			 struct agentsys_limit_files *files)
{
	struct agentsys_faults *faults = agent->faults;
	struct agentsys_limits from, then = *to;
	int ret = 0;

	memset(files, 0, sizeof(*files));
	effective_of(agent, &from);
	agentsys_limits_effective(agent, &then);
	if (READ_ONCE(agent->has_cgroup))
		ret = agentsys_limit_files_open(files, agent->id, &from, &then);
	if (ret && ret != -ENOENT) /* made when it is needed, with these */
		return ret;
	spin_lock(&agent->lock);
	faults->limits = *to;
	spin_unlock(&agent->lock);
	/* What launches it has taken those before perhaps, and writes them after us. */
	if (agent->status.state == AGENTSYS_STARTING)
		faults->rewrite = true;
	agentsys_limits_changed(agent);
	return 0;
}

static int check(struct agentsys_limits *limits, struct netlink_ext_ack *extack)
{
	enum agentsys_limit wrong;
	const char *why;

	if (agentsys_limits_check(limits, &wrong, &why)) {
		if (extack)
			extack->_msg = why;
		return -EINVAL;
	}
	if (agentsys_pressure_lacks(limits)) {
		NL_SET_ERR_MSG(extack, "the kernel measures no pressure: boot it with psi=1");
		return -EOPNOTSUPP;
	}
	if (!agentsys_limits_lack(limits))
		return 0;
	NL_SET_ERR_MSG(extack, "a controller for it is missing: see asmctl doctor");
	return -EOPNOTSUPP;
}

/*
 * Write them without the supervisor lock. A cgroup that goes meanwhile has none, which looks
 * like a device that has gone.
 */
static int write_files(struct agentsys_agent *agent, const struct agentsys_limit_files *files,
		       const struct agentsys_limits *limits)
{
	int ret = agentsys_limit_files_write(files, limits);

	if (ret != -EOPNOTSUPP)
		return ret;
	mutex_lock(&agentsys_lock);
	if (!agent->has_cgroup)
		ret = -ENODEV;
	mutex_unlock(&agentsys_lock);
	return ret;
}

/* The one that launched it may have been told before they changed. */
static void rewrite(struct agentsys_agent *agent)
{
	struct agentsys_limit_files files;
	struct agentsys_limits limits;
	int ret;

	mutex_lock(&agentsys_lock);
	effective_of(agent, &limits);
	ret = READ_ONCE(agent->has_cgroup) ?
		      agentsys_limit_files_open(&files, agent->id, NULL, &limits) :
		      -ENOENT;
	mutex_unlock(&agentsys_lock);
	if (!ret) {
		ret = write_files(agent, &files, &limits);
		agentsys_limit_files_close(&files);
	}
	if (ret && ret != -ENOENT && ret != -ENODEV)
		pr_warn_ratelimited("agent %u has limits of before: error %d\n", agent->id, ret);
}

static void rewrite_work(struct work_struct *work)
{
	struct agentsys_faults *faults = container_of(work, struct agentsys_faults, rewrite_work);
	struct agentsys_agent *agent = faults->agent;

	mutex_lock(&changing);
	rewrite(agent);
	mutex_unlock(&changing);
	agentsys_agent_put(agent);
}

/* The supervisor lock is held. */
static int begin_change(struct agentsys_agent *agent, const struct agentsys_limits_change *change,
			struct agentsys_limits *from, struct agentsys_limits *to,
			struct agentsys_limit_files *files, struct netlink_ext_ack *extack)
{
	struct agentsys_faults *faults;
	int ret;

	faults = agentsys_faults_of(agent);
	if (!faults)
		return -ENOMEM;
	*from = faults->limits;
	*to = *from;
	agentsys_limits_change(to, change);
	ret = check(to, extack);
	if (!ret && to->max[AGENTSYS_LIMIT_WATCHDOG])
		ret = agentsys_liveness_prepare(agent);
	return ret ?: change_record(agent, to, files);
}

static void write_back(struct agentsys_agent *agent, struct agentsys_limits *from,
		       const struct agentsys_limit_files *files)
{
	struct agentsys_limit_files again;

	mutex_lock(&agentsys_lock);
	if (!change_record(agent, from, &again))
		agentsys_limit_files_close(&again);
	agentsys_limits_effective(agent, from);
	mutex_unlock(&agentsys_lock);
	agentsys_limit_files_write(files, from);
}

/* Tell that those of which the bit is set are others now. */
static void tell(struct agentsys_agent *agent, u32 changed)
{
	struct agentsys_agent *now;

	if (!changed)
		return;
	mutex_lock(&agentsys_lock);
	/* What has been removed meanwhile has no events any more. */
	now = agentsys_registry_get(agent->id);
	if (now == agent)
		agentsys_event_agent(agent, AGENTSYS_EVENT_LIMITS, 0, 0, changed);
	if (now)
		agentsys_agent_put(now);
	mutex_unlock(&agentsys_lock);
}

static int change_agent(struct agentsys_agent *agent, const struct agentsys_limits_change *change,
			struct netlink_ext_ack *extack)
{
	struct agentsys_limit_files files;
	struct agentsys_limits from, to;
	u32 changed = 0;
	int ret;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	ret = begin_change(agent, change, &from, &to, &files, extack);
	if (!ret) {
		changed = agentsys_limits_differ(&from, &to);
		agentsys_limits_effective(agent, &to);
	}
	mutex_unlock(&agentsys_lock);
	if (ret)
		return ret;
	ret = write_files(agent, &files, &to);
	if (ret == -ENODEV) /* the cgroup has gone meanwhile */
		ret = 0;
	if (ret) {
		if (ret == -EOPNOTSUPP)
			NL_SET_ERR_MSG(extack, "there is no block device to limit the I/O of");
		else
			NL_SET_ERR_MSG(extack, "its cgroup does not take it");
		write_back(agent, &from, &files);
	} else {
		tell(agent, changed);
	}
	agentsys_limit_files_close(&files);
	return ret;
}

int agentsys_limits_set(u32 id, const struct agentsys_limits_change *change,
			struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent = agentsys_registry_get(id);
	int ret;

	if (!agent) {
		NL_SET_ERR_MSG(extack, "no such agent");
		return -ESRCH;
	}
	ret = mutex_lock_killable(&changing);
	if (!ret) {
		ret = change_agent(agent, change, extack);
		mutex_unlock(&changing);
	}
	agentsys_agent_put(agent);
	return ret;
}

/* Supervisor lock held. */
static void set_default(const struct agentsys_limits *limits)
{
	struct agentsys_event event = {
		.type = AGENTSYS_EVENT_LIMITS,
		.value = agentsys_limits_differ(&defaults, limits),
	};

	spin_lock(&defaults_lock);
	defaults = *limits;
	spin_unlock(&defaults_lock);
	if (event.value)
		agentsys_event(&event);
}

int agentsys_limits_set_default(u32 preset, const struct agentsys_limits_change *change,
				struct netlink_ext_ack *extack)
{
	struct agentsys_limits limits;
	int ret;

	mutex_lock(&agentsys_lock);
	if (!agentsys_limits_preset(&limits, preset))
		limits = defaults;
	agentsys_limits_change(&limits, change);
	ret = check(&limits, extack);
	if (!ret)
		set_default(&limits);
	mutex_unlock(&agentsys_lock);
	return ret;
}

static void queue_rewrite(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults = agent->faults;

	faults->rewrite = false;
	if (!faults->rewrite_work.func)
		INIT_WORK(&faults->rewrite_work, rewrite_work);
	agentsys_agent_get(agent);
	if (!queue_work(limits_wq, &faults->rewrite_work))
		agentsys_agent_put(agent); /* one that is queued does it */
}

void agentsys_limits_ran(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	/* The launcher knows nothing of I/O. */
	if (agent->faults && (agent->faults->rewrite || agentsys_limits_io(&agent->faults->limits)))
		queue_rewrite(agent);
}

static void slows_or_not(struct agentsys_agent *agent)
{
	if (!agentsys_limit(agent, AGENTSYS_LIMIT_MEMORY_MAX))
		return;
	/* What launches it has taken those before perhaps. */
	if (agent->status.state == AGENTSYS_STARTING)
		agent->faults->rewrite = true;
	else if (READ_ONCE(agent->has_cgroup))
		queue_rewrite(agent);
}

void agentsys_limits_recovery_changed(u32 id)
{
	struct agentsys_agent *agent;
	u32 next = id;

	lockdep_assert_held(&agentsys_lock);

	for (; (agent = agentsys_registry_next(next)); agentsys_agent_put(agent)) {
		next = agent->id + 1;
		if (!id || agent->id == id)
			slows_or_not(agent);
		if (id) {
			agentsys_agent_put(agent);
			break;
		}
	}
}

static void know(struct agentsys_limits_use *use, enum agentsys_limit limit, u64 value)
{
	use->known |= BIT(limit);
	use->of[limit] = value;
}

static void look_use(struct agentsys_agent *agent, const struct agentsys_limits *limits,
		     struct agentsys_limits_use *use)
{
	u64 cpu_us, memory, silent_ms, phi;

	agentsys_agent_usage(agent, &cpu_us, &memory);
	know(use, AGENTSYS_LIMIT_MEMORY_MAX, memory);
	know(use, AGENTSYS_LIMIT_MEMORY_HIGH, memory);
	know(use, AGENTSYS_LIMIT_CPU_BUDGET, cpu_us);
	agentsys_liveness_use(agent, &silent_ms, &phi);
	if (limits->max[AGENTSYS_LIMIT_WATCHDOG])
		know(use, AGENTSYS_LIMIT_WATCHDOG, silent_ms);
	if (limits->max[AGENTSYS_LIMIT_WATCHDOG_MODE] == AGENTSYS_WATCHDOG_PHI)
		know(use, AGENTSYS_LIMIT_WATCHDOG_PHI, phi);
	agentsys_usage_of(agent, use);
	if (READ_ONCE(agent->has_cgroup))
		know(use, AGENTSYS_LIMIT_PIDS_MAX, agentsys_cgroup_u64(agent->id, "pids.current"));
}

int agentsys_limits_get(u32 id, struct agentsys_limits *limits, struct agentsys_limits_use *use,
			struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent;

	memset(use, 0, sizeof(*use));
	if (!id) {
		agentsys_limits_default(limits);
		return 0;
	}
	agent = agentsys_registry_get(id);
	if (!agent) {
		NL_SET_ERR_MSG(extack, "no such agent");
		return -ESRCH;
	}
	agentsys_limits_of(agent, limits);
	look_use(agent, limits, use);
	agentsys_agent_put(agent);
	return 0;
}

static const char *const presets[] = {
	[AGENTSYS_LIMITS_NONE] = "none",
	[AGENTSYS_LIMITS_GUIDE] = "guide",
};

int agentsys_limits_init(void)
{
	int preset = match_string(presets, ARRAY_SIZE(presets), default_limits);
	int ret;

	if (preset < 0) {
		pr_err("default_limits=%s is neither none nor guide\n", default_limits);
		return preset;
	}
	agentsys_limits_preset(&defaults, preset);
	if (agentsys_limits_lack(&defaults)) {
		pr_err("default_limits=%s needs the controller %s, which agents do not have\n",
		       default_limits, agentsys_limits_lack(&defaults));
		return -EOPNOTSUPP;
	}
	limits_wq = alloc_workqueue("agentsys_limits", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!limits_wq)
		return -ENOMEM;
	ret = agentsys_usage_init(limits_wq);
	if (ret)
		destroy_workqueue(limits_wq);
	return ret;
}

void agentsys_limits_exit(void)
{
	agentsys_usage_exit();
	destroy_workqueue(limits_wq);
}
