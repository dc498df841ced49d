// SPDX-License-Identifier: GPL-2.0-only
#include "fault.h"

#include <linux/ktime.h>
#include <linux/netlink.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "agent.h"
#include "cgroup.h"
#include "core/window.h"
#include "fault_internal.h"
#include "flood.h"
#include "limit.h"
#include "liveness.h"
#include "mailbox.h"
#include "pressure.h"
#include "registry.h"
#include "telemetry.h"

/* A fault of a limit is told once in this time, by each instance. */
#define FAULT_WINDOW_MS 1000

/* A limit that is reached without harm, as by a file that is read, is told once in this time. */
#define WARNING_WINDOW_MS 60000

/* What the ladder has for its time before that is set. */
#define LADDER_WITHIN_MS 60000

/*
 * What is done about faults of all agents. Guarded by the supervisor lock, and towards
 * readers, who may be anybody, by recovery_lock; so is what an agent has of its own.
 */
static struct agentsys_recovery recovery;
static DEFINE_SPINLOCK(recovery_lock);

/* On the clock that stands still during suspend, as budgets are. */
static u64 now_ms(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_MSEC);
}

struct agentsys_faults *agentsys_faults_of(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults, *other;

	faults = smp_load_acquire(&agent->faults); /* what is in there, too */
	if (faults)
		return faults;
	faults = kzalloc(sizeof(*faults), GFP_KERNEL_ACCOUNT);
	if (!faults)
		return NULL;
	faults->agent = agent;
	INIT_LIST_HEAD(&faults->usage.node);
	spin_lock(&agent->lock);
	other = agent->faults;
	if (!other)
		smp_store_release(&agent->faults, faults); /* for readers without a lock */
	spin_unlock(&agent->lock);
	if (!other)
		return faults;
	kfree(faults);
	return other;
}

void agentsys_faults_free(struct agentsys_faults *faults)
{
	if (!faults)
		return;
	agentsys_liveness_free(faults);
	kfree_rcu(faults, rcu);
}

static void note(struct agentsys_agent *agent, u32 type, u64 measured, u64 limit, u32 action)
{
	struct agentsys_faults *faults = agent->faults;
	const struct agentsys_fault_record record = {
		.time_ns = ktime_get_boottime_ns(),
		.measured = measured,
		.limit = limit,
		.instance = agent->status.instance,
		.type = type,
		.action = action,
	};

	agentsys_count_fault(type);
	spin_lock(&agent->lock);
	agent->status.faults++;
	if (faults)
		agentsys_fault_log_add(&faults->log, &record);
	spin_unlock(&agent->lock);
	if (!faults)
		return;
	if (faults->had_by != agent->status.instance)
		faults->had = 0;
	faults->had_by = agent->status.instance;
	faults->had |= BIT(type);
}

static u32 decide(struct agentsys_agent *agent, u32 type)
{
	struct agentsys_faults *faults = agent->faults;
	struct agentsys_ladder none = {};

	return agentsys_recovery_decide(&recovery, faults ? &faults->own : NULL,
					faults ? &faults->ladder : &none, type, now_ms());
}

bool agentsys_fault_slows_memory(const struct agentsys_agent *agent)
{
	const struct agentsys_faults *faults = agent->faults;

	lockdep_assert_held(&agentsys_lock);

	return agentsys_recovery_action(&recovery, faults ? &faults->own : NULL,
					AGENTSYS_FAULT_MEMORY_LIMIT) == AGENTSYS_RECOVER_THROTTLE;
}

bool agentsys_fault_kills(const struct agentsys_agent *agent, u32 type)
{
	const struct agentsys_faults *faults;
	struct agentsys_ladder ladder = {};
	u32 action;

	faults = smp_load_acquire(&agent->faults); /* what is in there, too */
	if (faults)
		/* A copy: it is not to climb. If it does meanwhile, that came before or after. */
		ladder = data_race(faults->ladder);
	/* What is being changed is seen as it was, or as it will be. */
	action = data_race(agentsys_recovery_decide(&recovery, faults ? &faults->own : NULL,
						    &ladder, type, now_ms()));
	return action >= AGENTSYS_RECOVER_RESTART;
}

/* It ends by this, and is judged by its restart policy then. */
static void kill_for(struct agentsys_agent *agent, u32 type, bool restarts)
{
	struct agentsys_faults *faults = agent->faults;

	faults->doom = type;
	faults->restarts = restarts;
	faults->doomed = agent->status.instance;
	agentsys_event_agent(agent, AGENTSYS_EVENT_KILL, 0, 0, 0);
	agentsys_cgroup_kill(agent->id);
	/* Also where the other one failed, or did not reach it: its end has the rest killed. */
	if (agent->main)
		kill_pid(agent->main, SIGKILL, 1);
}

u32 agentsys_fault_raise(struct agentsys_agent *agent, u32 type, u64 measured, u64 limit)
{
	u32 action = agentsys_faults_of(agent) ? decide(agent, type) : AGENTSYS_RECOVER_ALERT;
	/* One that is being stopped, or has not begun, has nothing to be killed for. */
	bool runs = agent->status.state == AGENTSYS_ACTIVE && agent->ran;

	if (action >= AGENTSYS_RECOVER_RESTART && !runs)
		action = AGENTSYS_RECOVER_ALERT;
	/* What it comes to; where something else keeps it from coming back, that is noted then. */
	if (action == AGENTSYS_RECOVER_RESTART &&
	    agent->status.policy.condition == AGENTSYS_RESTART_NEVER)
		action = AGENTSYS_RECOVER_KILL;
	note(agent, type, measured, limit, action);
	agentsys_event_fault(agent, type, measured, limit, action);
	if (action >= AGENTSYS_RECOVER_RESTART)
		kill_for(agent, type, action == AGENTSYS_RECOVER_RESTART);
	return action;
}

void agentsys_fault_warn(struct agentsys_agent *agent, u32 type, u64 measured)
{
	agentsys_event_agent(agent, AGENTSYS_EVENT_WARNING, 0, type, measured);
}

void agentsys_fault_throttles(struct agentsys_agent *agent, u32 type, bool throttled)
{
	struct agentsys_faults *faults = agent->faults;
	u32 now;

	lockdep_assert_held(&agentsys_lock);

	if (!faults)
		return;
	now = throttled ? faults->throttled | BIT(type) : faults->throttled & ~BIT(type);
	if (now == faults->throttled)
		return;
	spin_lock(&agent->lock);
	if (!faults->throttled)
		faults->throttled_at_ns = ktime_get_ns();
	else if (!now)
		faults->throttled_ns += ktime_get_ns() - faults->throttled_at_ns;
	faults->throttled = now;
	if (now)
		agent->status.flags |= AGENTSYS_AGENT_THROTTLED;
	else
		agent->status.flags &= ~AGENTSYS_AGENT_THROTTLED;
	spin_unlock(&agent->lock);
}

u64 agentsys_fault_throttled_ns(struct agentsys_agent *agent)
{
	const struct agentsys_faults *faults;
	u64 ns = 0;

	spin_lock(&agent->lock);
	faults = agent->faults;
	if (faults)
		ns = faults->throttled_ns;
	if (faults && faults->throttled)
		ns += ktime_get_ns() - faults->throttled_at_ns;
	spin_unlock(&agent->lock);
	return ns;
}

void agentsys_fault_crashed(struct agentsys_agent *agent, s32 code, bool restarts)
{
	agentsys_faults_of(agent);
	/* It has ended; what its restart policy says is what is done about it. */
	decide(agent, AGENTSYS_FAULT_CRASH);
	note(agent, AGENTSYS_FAULT_CRASH, code, 0,
	     restarts ? AGENTSYS_RECOVER_RESTART : AGENTSYS_RECOVER_ALERT);
}

void agentsys_fault_stays(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	spin_lock(&agent->lock);
	if (agent->faults)
		agentsys_fault_log_stays(&agent->faults->log, agent->status.instance);
	spin_unlock(&agent->lock);
}

enum agentsys_fault agentsys_fault_doom(const struct agentsys_agent *agent)
{
	const struct agentsys_faults *faults = agent->faults;

	if (!faults || faults->doomed != agent->status.instance)
		return AGENTSYS_FAULT_NONE;
	return faults->doom;
}

bool agentsys_fault_had(const struct agentsys_agent *agent, enum agentsys_fault type)
{
	const struct agentsys_faults *faults = agent->faults;

	return faults && faults->had_by == agent->status.instance && faults->had & BIT(type);
}

bool agentsys_fault_restarts(const struct agentsys_agent *agent)
{
	return agentsys_fault_doom(agent) && agent->faults->restarts;
}

/* ---- limits that the kernel enforces and counts ---- */

bool agentsys_fault_due(struct agentsys_agent *agent, struct agentsys_told *told, u32 window_ms)
{
	u64 now = now_ms();

	if (told->instance == agent->status.instance && now - told->at_ms < window_ms)
		return false;
	told->instance = agent->status.instance;
	told->at_ms = now;
	return true;
}

static void changed(struct agentsys_watch *watch)
{
	struct agentsys_guard *guard = container_of(watch, struct agentsys_guard, watch);

	agentsys_mail_post(guard->agent, AGENTSYS_MAIL_LIMIT);
}

/* clang-format off */
static const struct {
	u32 fault;
	u32 of; /* enum agentsys_limit */
	const char *events;	/* the file that counts */
	const char *hit;	/* in it: the limit kept it from something */
	const char *touch;	/* in it: the limit was reached, without harm */
	const char *slow;	/* in it: it was slowed down before that */
	const char *limit;	/* the file with the limit */
	const char *use;	/* and with what is used of it */
} watched[] = {
	[AGENTSYS_WATCHED_MEMORY] = {
		.fault	= AGENTSYS_FAULT_MEMORY_LIMIT,
		.of	= AGENTSYS_LIMIT_MEMORY_MAX,
		/* Of the agent's own limit, not of what it may have set below. */
		.events	= "memory.events.local",
		.hit	= "oom",
		.touch	= "max",
		.slow	= "high",
		.limit	= "memory.max",
		.use	= "memory.peak",
	},
	[AGENTSYS_WATCHED_PIDS] = {
		.fault	= AGENTSYS_FAULT_PROCESS_LIMIT,
		.of	= AGENTSYS_LIMIT_PIDS_MAX,
		.events	= "pids.events",
		.hit	= "max",
		.limit	= "pids.max",
		.use	= "pids.current",
	},
};

/* clang-format on */

static_assert(ARRAY_SIZE(watched) == __AGENTSYS_WATCHED);

/* What has happened since the counters were read last. */
struct news {
	bool hit, touched, slowed;
};

/* Read the counters again: what is new? Nothing, if they cannot be read. */
static void count(struct agentsys_guard *guard, enum agentsys_watched i, struct news *news)
{
	u64 hits, touches, slows;
	char text[160];

	memset(news, 0, sizeof(*news));
	if (agentsys_watch_read(&guard->watch, text, sizeof(text)) <= 0)
		return;
	hits = agentsys_cgroup_number(text, watched[i].hit);
	touches = watched[i].touch ? agentsys_cgroup_number(text, watched[i].touch) : 0;
	slows = watched[i].slow ? agentsys_cgroup_number(text, watched[i].slow) : 0;
	news->hit = hits != guard->hits;
	news->touched = touches != guard->touches;
	news->slowed = slows != guard->slows;
	guard->hits = hits;
	guard->touches = touches;
	guard->slows = slows;
}

/* It wants more than nine tenths of its limit, and the kernel lets it have that slowly. */
static void slowed(struct agentsys_guard *guard, enum agentsys_watched i)
{
	struct agentsys_agent *agent = guard->agent;
	u64 limit = agentsys_limit(agent, watched[i].of);
	u32 action = AGENTSYS_RECOVER_THROTTLE;

	if (agentsys_fault_due(agent, &guard->fault, FAULT_WINDOW_MS))
		action = agentsys_fault_raise(agent, watched[i].fault,
					      agentsys_cgroup_memory(agent->id), limit);
	agentsys_fault_throttles(agent, watched[i].fault, action == AGENTSYS_RECOVER_THROTTLE);
}

static void look_at(struct agentsys_guard *guard, enum agentsys_watched i)
{
	struct agentsys_agent *agent = guard->agent;
	struct news news;
	u64 limit, use;

	count(guard, i, &news);
	if (news.slowed && agentsys_fault_slows_memory(agent)) {
		slowed(guard, i);
		return;
	}
	if (!news.hit && !news.touched)
		return;
	/* What it wanted was refused or taken back, and is not seen any more. */
	limit = agentsys_cgroup_u64(agent->id, watched[i].limit);
	use = max(agentsys_cgroup_u64(agent->id, watched[i].use), limit);
	if (news.hit) {
		if (agentsys_fault_due(agent, &guard->fault, FAULT_WINDOW_MS))
			agentsys_fault_raise(agent, watched[i].fault, use, limit);
	} else if (agentsys_fault_due(agent, &guard->warning, WARNING_WINDOW_MS)) {
		agentsys_fault_warn(agent, watched[i].fault, use);
	}
}

void agentsys_fault_look(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults = agent->faults;
	enum agentsys_watched i;

	lockdep_assert_held(&agentsys_lock);

	/* One that is to die has done what there was to be told. */
	if (!faults || !agent->ran || agentsys_fault_doom(agent))
		return;
	agentsys_pressure_look(agent);
	for (i = 0; i < __AGENTSYS_WATCHED; i++)
		look_at(&faults->guard[i], i);
	agentsys_flood_look(agent);
}

void agentsys_fault_near(struct agentsys_agent *agent, enum agentsys_watched i, u64 use)
{
	u64 limit = agentsys_limit(agent, watched[i].of);

	lockdep_assert_held(&agentsys_lock);

	if (limit && use >= agentsys_warning_at(limit) &&
	    agentsys_fault_due(agent, &agent->faults->guard[i].warning, WARNING_WINDOW_MS))
		agentsys_fault_warn(agent, watched[i].fault, use);
}

void agentsys_fault_settle(struct agentsys_agent *agent)
{
	enum agentsys_watched i;
	struct news news;

	lockdep_assert_held(&agentsys_lock);

	agentsys_liveness_end(agent);
	atomic_set(&agent->escapes, 0);
	/* Nor is its successor slowed down, before that has executed its program. */
	agentsys_flood_unwatch(agent);
	for (i = 0; agent->faults && i < __AGENTSYS_WATCHED; i++)
		count(&agent->faults->guard[i], i, &news);
}

/* What it did before the limit was set, in the same cgroup, does not count. */
static int watch_limit(struct agentsys_agent *agent, enum agentsys_watched i, bool anew)
{
	struct agentsys_guard *guard;
	struct news news;
	int ret;

	if (!agent->faults)
		return 0;
	guard = &agent->faults->guard[i];
	if (!agentsys_limit(agent, watched[i].of)) {
		agentsys_watch_end(&guard->watch);
		return 0;
	}
	if (guard->watch.file)
		return 0; /* of an instance before, in the same cgroup */
	guard->agent = agent;
	guard->hits = 0;
	guard->touches = 0;
	guard->slows = 0;
	ret = agentsys_watch_begin(&guard->watch, agent->id, watched[i].events, changed);
	if (!ret && anew)
		count(guard, i, &news);
	return ret;
}

static void watch_limits(struct agentsys_agent *agent, bool anew)
{
	enum agentsys_watched i;
	int ret;

	for (i = 0; i < __AGENTSYS_WATCHED; i++) {
		ret = watch_limit(agent, i, anew);
		if (ret)
			pr_warn_ratelimited("%s of agent %u holds, but is not watched: error %d\n",
					    watched[i].limit, agent->id, ret);
	}
}

void agentsys_fault_watch(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	watch_limits(agent, false);
	agentsys_pressure_watch(agent);
	agentsys_flood_watch(agent);
	/* It may have been hit before. */
	agentsys_fault_look(agent);
	agentsys_liveness_begin(agent);
}

void agentsys_fault_limits_changed(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	/* An instance that is yet to run is watched from its beginning. */
	if (!agent->ran)
		return;
	watch_limits(agent, true);
	agentsys_pressure_watch(agent);
}

void agentsys_fault_unwatch(struct agentsys_agent *agent)
{
	enum agentsys_watched i;

	lockdep_assert_held(&agentsys_lock);

	agentsys_pressure_unwatch(agent);
	if (!agent->faults)
		return;
	for (i = 0; i < __AGENTSYS_WATCHED; i++)
		agentsys_watch_end(&agent->faults->guard[i].watch);
}

void agentsys_fault_log(struct agentsys_agent *agent, struct agentsys_fault_log *log)
{
	spin_lock(&agent->lock);
	if (agent->faults)
		*log = agent->faults->log;
	else
		memset(log, 0, sizeof(*log));
	spin_unlock(&agent->lock);
}

static int set_own(struct agentsys_agent *agent, const struct agentsys_recovery_change *change)
{
	struct agentsys_faults *faults = agentsys_faults_of(agent);
	u32 fault;

	if (!faults)
		return -ENOMEM;
	spin_lock(&recovery_lock);
	for (fault = 0; fault < __AGENTSYS_FAULTS; fault++)
		if (change->has & BIT(fault))
			faults->own.action[fault] = change->action[fault];
	faults->own.has |= change->has;
	faults->own.has &= ~change->takes_back;
	spin_unlock(&recovery_lock);
	return 0;
}

static void set_all(const struct agentsys_recovery_change *change)
{
	u32 fault;

	spin_lock(&recovery_lock);
	if (change->has_preset)
		agentsys_recovery_preset(&recovery, change->preset);
	for (fault = 0; fault < __AGENTSYS_FAULTS; fault++)
		if (change->has & BIT(fault))
			recovery.action[fault] = change->action[fault];
	if (change->has_after)
		recovery.after = change->after;
	if (change->has_within)
		recovery.within_ms = change->within_ms;
	spin_unlock(&recovery_lock);
}

static struct agentsys_agent *find(u32 id, struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent = agentsys_registry_get(id);

	if (!agent)
		NL_SET_ERR_MSG(extack, "no such agent");
	return agent;
}

int agentsys_recovery_set(u32 id, const struct agentsys_recovery_change *change,
			  struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent;
	int ret = 0;

	mutex_lock(&agentsys_lock);
	if (!id) {
		set_all(change);
	} else {
		agent = find(id, extack);
		ret = agent ? set_own(agent, change) : -ESRCH;
		if (agent)
			agentsys_agent_put(agent);
	}
	if (!ret && (change->has_preset ||
		     (change->has | change->takes_back) & BIT(AGENTSYS_FAULT_MEMORY_LIMIT)))
		agentsys_limits_recovery_changed(id);
	mutex_unlock(&agentsys_lock);
	return ret;
}

int agentsys_recovery_get(u32 id, struct agentsys_recovery *all, struct agentsys_recovery_own *own,
			  struct netlink_ext_ack *extack)
{
	const struct agentsys_faults *faults = NULL;
	struct agentsys_agent *agent = NULL;

	memset(own, 0, sizeof(*own));
	if (id) {
		agent = find(id, extack);
		if (!agent)
			return -ESRCH;
		faults = smp_load_acquire(&agent->faults); /* what is in there, too */
	}
	spin_lock(&recovery_lock);
	if (faults)
		*own = faults->own;
	*all = recovery;
	spin_unlock(&recovery_lock);
	if (agent)
		agentsys_agent_put(agent);
	return 0;
}

void agentsys_faults_init(void)
{
	agentsys_recovery_preset(&recovery, AGENTSYS_PRESET_DEFAULT);
	recovery.within_ms = LADDER_WITHIN_MS;
}
