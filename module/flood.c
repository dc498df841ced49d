// SPDX-License-Identifier: GPL-2.0-only
#include "flood.h"

#include <linux/hrtimer.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/sched/jobctl.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "agent.h"
#include "core/pace.h"
#include "fault.h"
#include "fault_internal.h"
#include "hook.h"
#include "limit.h"
#include "mailbox.h"
#include "telemetry.h"

/* How often it is looked whether a slow one may be quick again. */
#define REST_LOOK (HZ / 4)

/* So long a task that cannot put off its call takes to notice that it is to be frozen. */
#define FREEZE_LOOK_NS (50 * NSEC_PER_MSEC)

/* A sleep may be that much longer, for the sake of others that end about then. */
#define SLACK_NS (50 * NSEC_PER_USEC)

/**
 * struct flood_cpu - what one processor knows of an agent's calls
 * @calls: so many there were
 * @left: so many more may come before somebody has to be asked; below 0 for none
 */
struct flood_cpu {
	u64 calls;
	s32 left;
};

/**
 * struct agentsys_flood - an agent whose system calls are counted
 * @agent: whose they are; it is there for as long as this can be found
 * @cgroup_id: where it lives
 * @refs: who is asleep here, and one while it can be found
 * @rcu: for the delayed free: the hooks look without a reference
 * @cpu: what processors know
 * @lot: how many calls a processor is given at once, at least 1; read without the lock
 * @lock: guards what follows; innermost, never taken in an interrupt
 * @pace: how fast they come
 * @throttles: whoever finds no call left sleeps
 * @turn: changes whenever whoever sleeps is to ask anew
 * @asleep: who sleeps
 * @timer: has somebody look whether it has rested, while @throttles
 */
struct agentsys_flood {
	struct agentsys_agent *agent;
	u64 cgroup_id;
	refcount_t refs;
	struct rcu_head rcu;
	struct flood_cpu __percpu *cpu;
	u32 lot;
	raw_spinlock_t lock;
	struct agentsys_pace pace;
	bool throttles;
	u32 turn;
	wait_queue_head_t asleep;
	struct timer_list timer;
};

/* All of them by the cgroup that they live in; written with the supervisor lock held. */
static DEFINE_XARRAY(floods);

/* ---- the hooks: in the task that calls ---- */

static struct agentsys_flood *flood_of(struct cgroup *cgroup)
{
	cgroup = cgroup_ancestor(cgroup, agentsys_cgroup_root->level + 1);
	return cgroup ? xa_load(&floods, cgroup_id(cgroup)) : NULL;
}

/* The supervisor hears of what is new once. */
static void tell(struct agentsys_flood *flood, u32 news_before, u32 news)
{
	if (news & ~news_before)
		agentsys_mail_post(flood->agent, AGENTSYS_MAIL_LIMIT);
}

/* This processor has no call left: are there more? True: there are none, sleep. */
static noinline bool ask(struct agentsys_flood *flood)
{
	struct agentsys_pace *pace = &flood->pace;
	u32 lot = READ_ONCE(flood->lot);
	u64 now = ktime_get_ns();
	u32 before, news;
	bool hold = false;

	raw_spin_lock(&flood->lock);
	before = pace->news;
	if (!agentsys_pace_take(pace, lot, now)) {
		hold = flood->throttles;
		if (!hold)
			agentsys_pace_let(pace, lot, now);
	}
	news = pace->news;
	raw_spin_unlock(&flood->lock);
	tell(flood, before, news);
	this_cpu_write(flood->cpu->left, hold ? 0 : lot - 1);
	return hold;
}

bool agentsys_flood_count_in(struct cgroup *cgroup)
{
	struct agentsys_flood *flood = flood_of(cgroup);

	if (!flood)
		return false;
	agentsys_count_syscall();
	this_cpu_inc(flood->cpu->calls);
	return this_cpu_dec_return(flood->cpu->left) < 0 && ask(flood);
}

static void flood_free(struct rcu_head *rcu)
{
	struct agentsys_flood *flood = container_of(rcu, struct agentsys_flood, rcu);

	free_percpu(flood->cpu);
	kfree(flood);
}

static void flood_put(struct agentsys_flood *flood)
{
	if (refcount_dec_and_test(&flood->refs))
		call_rcu(&flood->rcu, flood_free);
}

/* That of current, with a reference. */
static struct agentsys_flood *flood_get_own(void)
{
	struct agentsys_flood *flood;

	rcu_read_lock();
	flood = flood_of(task_dfl_cgroup(current));
	if (flood && !refcount_inc_not_zero(&flood->refs))
		flood = NULL;
	rcu_read_unlock();
	return flood;
}

/*
 * Take a place among those that sleep: the calls that will have come by @until_ns are
 * ours then. False: there is no need to sleep.
 */
static bool borrow(struct agentsys_flood *flood, u32 *lot, u32 *turn, u64 *until_ns)
{
	u64 now = ktime_get_ns(), wait_ns = 0;
	u32 before, news;

	raw_spin_lock(&flood->lock);
	*lot = flood->lot;
	*turn = flood->turn;
	before = flood->pace.news;
	if (flood->throttles)
		wait_ns = agentsys_pace_borrow(&flood->pace, *lot, now);
	news = flood->pace.news;
	raw_spin_unlock(&flood->lock);
	if (news & ~before) {
		rcu_read_lock();
		/* It may have ended meanwhile: then nobody has to be told. */
		if (flood == flood_of(task_dfl_cgroup(current)))
			tell(flood, before, news);
		rcu_read_unlock();
	}
	*until_ns = wait_ns < KTIME_MAX - now ? now + wait_ns : KTIME_MAX;
	return wait_ns;
}

static void give_back(struct agentsys_flood *flood, u32 lot, u32 turn)
{
	raw_spin_lock(&flood->lock);
	if (flood->turn == turn)
		agentsys_pace_give(&flood->pace, lot, ktime_get_ns());
	raw_spin_unlock(&flood->lock);
}

/* Has current better things to do than to sleep? */
static bool is_called_away(bool restarts)
{
	if (restarts)
		return signal_pending(current);
	/* Its cgroup is being frozen, or it is to die. Other signals would be a way out. */
	return fatal_signal_pending(current) || READ_ONCE(current->jobctl) & JOBCTL_TRAP_FREEZE;
}

/* Until then, or until it has to ask anew: true. False: it was called away. */
static bool sleep_until(struct agentsys_flood *flood, u32 turn, u64 until_ns, bool restarts)
{
	/* It is no load of the system. */
	unsigned int state = restarts ? TASK_INTERRUPTIBLE : TASK_KILLABLE | TASK_NOLOAD;
	DEFINE_WAIT(wait);
	bool away;

	for (;;) {
		u64 now = ktime_get_ns();
		ktime_t wake;

		prepare_to_wait(&flood->asleep, &wait, state | TASK_FREEZABLE);
		away = is_called_away(restarts);
		if (away || READ_ONCE(flood->turn) != turn || now >= until_ns)
			break;
		wake = ns_to_ktime(restarts ? until_ns : min(until_ns, now + FREEZE_LOOK_NS));
		schedule_hrtimeout_range(&wake, SLACK_NS, HRTIMER_MODE_ABS);
	}
	finish_wait(&flood->asleep, &wait);
	return !away;
}

static long hold(struct agentsys_flood *flood, bool restarts)
{
	u32 lot, turn;
	u64 until_ns;

	while (borrow(flood, &lot, &turn, &until_ns)) {
		if (!sleep_until(flood, turn, until_ns, restarts)) {
			give_back(flood, lot, turn);
			return restarts ? -ERESTARTNOINTR : 0;
		}
		if (READ_ONCE(flood->turn) == turn)
			break;
	}
	/* One of them is the call that slept. */
	this_cpu_add(flood->cpu->left, lot - 1);
	return 0;
}

long agentsys_flood_hold(bool restarts)
{
	struct agentsys_flood *flood;
	long ret;

	/* Nobody delays his own end. */
	if (current->flags & PF_EXITING || fatal_signal_pending(current))
		return 0;
	flood = flood_get_own();
	if (!flood)
		return 0;
	ret = hold(flood, restarts);
	flood_put(flood);
	return ret;
}

/* ---- the supervisor ---- */

static void rest_timer(struct timer_list *timer)
{
	struct agentsys_flood *flood = container_of(timer, struct agentsys_flood, timer);

	agentsys_mail_post(flood->agent, AGENTSYS_MAIL_LIMIT);
}

static u64 calls_of(const struct agentsys_flood *flood)
{
	u64 calls = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		calls += READ_ONCE(per_cpu_ptr(flood->cpu, cpu)->calls);
	return calls;
}

/* What processors have left was given to them by other rules. */
static void take_away(struct agentsys_flood *flood)
{
	int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu_ptr(flood->cpu, cpu)->left, 0);
}

static struct agentsys_flood *flood_new(struct agentsys_agent *agent)
{
	struct agentsys_flood *flood = kzalloc(sizeof(*flood), GFP_KERNEL_ACCOUNT);

	if (!flood)
		return NULL;
	flood->cpu = alloc_percpu_gfp(struct flood_cpu, GFP_KERNEL_ACCOUNT);
	if (!flood->cpu) {
		kfree(flood);
		return NULL;
	}
	flood->agent = agent;
	flood->cgroup_id = agent->cgroup_id;
	refcount_set(&flood->refs, 1);
	raw_spin_lock_init(&flood->lock);
	init_waitqueue_head(&flood->asleep);
	timer_setup(&flood->timer, rest_timer, 0);
	return flood;
}

static void throttle(struct agentsys_agent *agent, bool on)
{
	struct agentsys_flood *flood = agent->faults->flood;

	if (flood->throttles != on) {
		raw_spin_lock(&flood->lock);
		flood->throttles = on;
		flood->pace.rests = false;
		WRITE_ONCE(flood->turn, flood->turn + 1);
		raw_spin_unlock(&flood->lock);
		take_away(flood);
		wake_up_all(&flood->asleep);
	}
	agentsys_fault_throttles(agent, AGENTSYS_FAULT_SYSCALL_FLOOD, on);
}

static int begin(struct agentsys_agent *agent, u32 rate, u32 burst)
{
	struct agentsys_flood *flood = flood_new(agent);
	int ret = -ENOMEM;

	if (!flood)
		return ret;
	flood->lot = agentsys_pace_lot(rate, burst, num_online_cpus());
	agentsys_pace_begin(&flood->pace, rate, burst, ktime_get_ns());
	ret = xa_insert(&floods, flood->cgroup_id, flood, GFP_KERNEL);
	if (ret) {
		flood_put(flood);
		return ret;
	}
	spin_lock(&agent->lock);
	agent->faults->flood = flood;
	spin_unlock(&agent->lock);
	agentsys_hook_use();
	return 0;
}

static void end(struct agentsys_agent *agent)
{
	struct agentsys_flood *flood = agent->faults->flood;

	throttle(agent, false);
	xa_erase(&floods, flood->cgroup_id);
	timer_delete_sync(&flood->timer); /* takes no lock */
	spin_lock(&agent->lock);
	agent->faults->flood = NULL;
	/* Some calls may be on their way, and are not missed. */
	agent->faults->syscalls += calls_of(flood);
	spin_unlock(&agent->lock);
	flood_put(flood);
	agentsys_hook_leave();
}

static void change(struct agentsys_flood *flood, u32 rate, u32 burst)
{
	const struct agentsys_bucket *bucket = &flood->pace.bucket;

	if (bucket->rate == rate && bucket->burst == burst)
		return;
	raw_spin_lock(&flood->lock);
	agentsys_pace_change(&flood->pace, rate, burst, ktime_get_ns());
	WRITE_ONCE(flood->lot, agentsys_pace_lot(rate, burst, num_online_cpus()));
	WRITE_ONCE(flood->turn, flood->turn + 1);
	raw_spin_unlock(&flood->lock);
	take_away(flood);
	wake_up_all(&flood->asleep);
}

void agentsys_flood_limits_changed(struct agentsys_agent *agent)
{
	u32 rate = agentsys_limit(agent, AGENTSYS_LIMIT_SYSCALL_RATE);
	u32 burst = agentsys_limit(agent, AGENTSYS_LIMIT_SYSCALL_BURST);
	struct agentsys_faults *faults = agent->faults;
	int ret = 0;

	lockdep_assert_held(&agentsys_lock);

	if (!faults)
		return;
	if (!rate || !agent->ran || !agent->cgroup_id)
		agentsys_flood_unwatch(agent);
	else if (faults->flood)
		change(faults->flood, rate, burst);
	else
		ret = begin(agent, rate, burst);
	if (ret)
		pr_warn_ratelimited("system calls of agent %u are not counted: error %d\n",
				    agent->id, ret);
}

void agentsys_flood_watch(struct agentsys_agent *agent)
{
	/* What the instance before has done is nothing to this one. */
	agentsys_flood_unwatch(agent);
	agentsys_flood_limits_changed(agent);
}

void agentsys_flood_unwatch(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (agent->faults && agent->faults->flood)
		end(agent);
}

bool agentsys_flood_calls(struct agentsys_agent *agent, u64 *calls)
{
	bool counted = false;

	spin_lock(&agent->lock);
	if (agent->faults) {
		counted = agent->faults->flood;
		*calls = agent->faults->syscalls;
		if (counted)
			*calls += calls_of(agent->faults->flood);
	}
	spin_unlock(&agent->lock);
	return counted;
}

static u32 fetch_news(struct agentsys_flood *flood, u64 *measured, bool *rested)
{
	u64 now = ktime_get_ns();
	u32 news;

	raw_spin_lock(&flood->lock);
	news = flood->pace.news;
	flood->pace.news = 0;
	*measured = agentsys_pace_measured(&flood->pace, now);
	*rested = flood->throttles && agentsys_pace_rested(&flood->pace, now);
	raw_spin_unlock(&flood->lock);
	return news;
}

void agentsys_flood_look(struct agentsys_agent *agent)
{
	struct agentsys_flood *flood = agent->faults->flood;
	u64 measured;
	bool rested;
	u32 news;

	lockdep_assert_held(&agentsys_lock);

	if (!flood)
		return;
	news = fetch_news(flood, &measured, &rested);
	if (news & AGENTSYS_PACE_FAULTS)
		throttle(agent, agentsys_fault_raise(agent, AGENTSYS_FAULT_SYSCALL_FLOOD, measured,
						     flood->pace.bucket.rate) ==
					AGENTSYS_RECOVER_THROTTLE);
	else if (news & AGENTSYS_PACE_WARNS)
		agentsys_fault_warn(agent, AGENTSYS_FAULT_SYSCALL_FLOOD, measured);
	else if (rested)
		throttle(agent, false);
	if (flood->throttles)
		mod_timer(&flood->timer, jiffies + REST_LOOK);
}

void agentsys_flood_exit(void)
{
	WARN_ON_ONCE(!xa_empty(&floods));
	xa_destroy(&floods);
	rcu_barrier(); /* flood_free() is ours */
}
