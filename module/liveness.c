// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sign of life is written down, no more: the timer is armed for the time when there
 * would be something to tell if no other sign came, sees then that some did, and is
 * armed anew. What it finds it leaves to the supervisor.
 */
#include "liveness.h"

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#include "agent.h"
#include "cgroup.h"
#include "core/calls.h"
#include "core/silence.h"
#include "fault.h"
#include "fault_internal.h"
#include "helper.h"
#include "limit.h"
#include "mailbox.h"
#include "supervisor.h"
#include "threads.h"

/* Triggers of an instance are told once in this time. */
#define TRIGGER_WINDOW_MS 1000

/* So many times in its timeout it is looked for signs that do not tell of themselves. */
#define LOOKS	  4
#define LOOKS_PHI 16

#define LOOK_MIN_MS 10

/**
 * struct agentsys_liveness - the watchdog of one agent
 * @agent: whose
 * @timer: posts AGENTSYS_MAIL_LIVENESS, unless there were signs
 * @triggered: when it last said that it is broken; guarded by the supervisor lock
 * @lock: for what follows; taken in any context but interrupts
 * @rules: how to judge
 * @silence: of the present instance
 * @armed: the timer is, or its message is on the way
 * @wake_ms: for when
 * @excused: it could give no sign when it was last looked at
 * @heard: the helper heard its last sign
 * @calls: that the present instance is in
 * @page: the page that it has mapped, or NULL
 * @seen: the count in there, as far as it was seen
 * @cpu_us: CPU time that its cgroup had used at the last look, with PASSIVE
 * @rcu: for the delayed free
 */
struct agentsys_liveness {
	struct agentsys_agent *agent;
	struct timer_list timer;
	struct agentsys_told triggered;
	spinlock_t lock;
	struct agentsys_silence_rules rules;
	struct agentsys_silence silence;
	bool armed;
	u64 wake_ms;
	bool excused;
	bool heard;
	struct agentsys_calls calls;
	struct page *page;
	u64 seen;
	u64 cpu_us;
	struct rcu_head rcu;
};

/* On the clock that stands still during suspend. */
static u64 now_ms(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_MSEC);
}

static struct agentsys_liveness *liveness_of(struct agentsys_agent *agent)
{
	/* Both are there for good when they are seen, with what is in them. */
	struct agentsys_faults *faults = smp_load_acquire(&agent->faults);

	/* As above. */
	return faults ? smp_load_acquire(&faults->liveness) : NULL;
}

/* Calls whose time is over have ended then, whenever that is seen. Is it in one? */
static bool in_call(struct agentsys_liveness *live, u64 now)
{
	lockdep_assert_held(&live->lock);

	if (agentsys_calls_lapse(&live->calls, now))
		agentsys_silence_excuse(&live->silence, live->calls.until_ms);
	return live->calls.n;
}

static void sign(struct agentsys_liveness *live, u64 now)
{
	bool calls = in_call(live, now);

	live->excused = false;
	live->heard = false;
	agentsys_silence_sign(&live->silence, &live->rules, now);
	if (calls)
		agentsys_silence_skip(&live->silence);
}

/* Signs that nobody has told us of. */
static void sample(struct agentsys_liveness *live, u64 now)
{
	const struct agentsys_live_page *page;
	u64 beats;

	lockdep_assert_held(&live->lock);

	if (!live->page)
		return;
	page = page_address(live->page);
	beats = READ_ONCE(page->beats);
	if (beats == live->seen)
		return;
	atomic64_add(beats > live->seen ? beats - live->seen : 1, &live->agent->heartbeats);
	agentsys_agent_touch(live->agent);
	live->seen = beats;
	sign(live, now);
}

static bool is_passive(const struct agentsys_liveness *live)
{
	return live->rules.mode == AGENTSYS_WATCHDOG_PASSIVE;
}

/* When to look next. */
static u64 next_look(const struct agentsys_liveness *live, u64 now)
{
	bool phi = live->rules.mode == AGENTSYS_WATCHDOG_PHI;
	u32 every = live->rules.timeout_ms / (phi ? LOOKS_PHI : LOOKS);
	u64 next = agentsys_silence_next(&live->silence, &live->rules);

	if (!live->rules.timeout_ms)
		return U64_MAX;
	if (live->calls.n)
		return live->calls.until_ms;
	if (live->page || live->excused || is_passive(live))
		next = min(next, now + max_t(u32, every, LOOK_MIN_MS));
	return next;
}

/* The timer fires then or a little later, when that is over. */
static void arm(struct agentsys_liveness *live, u64 now)
{
	u64 next = next_look(live, now);
	u64 wait = next > now ? next - now : 0;

	lockdep_assert_held(&live->lock);

	live->armed = next != U64_MAX;
	live->wake_ms = next;
	if (live->armed)
		mod_timer(&live->timer, jiffies + msecs_to_jiffies(min_t(u64, wait, INT_MAX)) + 1);
}

static void expired(struct timer_list *timer)
{
	struct agentsys_liveness *live = container_of(timer, struct agentsys_liveness, timer);
	u64 now = now_ms();
	bool due = false;

	spin_lock(&live->lock);
	if (live->armed) {
		sample(live, now);
		due = !in_call(live, now) &&
		      (live->excused || is_passive(live) ||
		       agentsys_silence_next(&live->silence, &live->rules) <= now);
		if (!due)
			arm(live, now);
	}
	spin_unlock(&live->lock);
	if (due)
		agentsys_mail_post(live->agent, AGENTSYS_MAIL_LIVENESS);
}

/* The limit is read after what it belongs to can be found: whoever changes it sees this. */
static void take_limit(struct agentsys_agent *agent, struct agentsys_liveness *live)
{
	struct agentsys_limits limits;

	agentsys_limits_of(agent, &limits);
	spin_lock_bh(&live->lock);
	live->rules = (struct agentsys_silence_rules){
		.mode = limits.max[AGENTSYS_LIMIT_WATCHDOG_MODE],
		.timeout_ms = limits.max[AGENTSYS_LIMIT_WATCHDOG],
		.threshold = limits.max[AGENTSYS_LIMIT_WATCHDOG_PHI],
		.min_deviation_ms = limits.max[AGENTSYS_LIMIT_WATCHDOG_DEVIATION],
		.pause_ms = limits.max[AGENTSYS_LIMIT_WATCHDOG_PAUSE],
		.window = limits.max[AGENTSYS_LIMIT_WATCHDOG_WINDOW],
		.from_start = limits.max[AGENTSYS_LIMIT_WATCHDOG_START],
	};
	agentsys_silence_judge_by(&live->silence, &live->rules);
	spin_unlock_bh(&live->lock);
}

int agentsys_liveness_prepare(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults = agentsys_faults_of(agent);
	struct agentsys_liveness *live;
	bool lost;

	if (!faults)
		return -ENOMEM;
	if (liveness_of(agent))
		return 0;
	live = kzalloc(sizeof(*live), GFP_KERNEL_ACCOUNT);
	if (!live)
		return -ENOMEM;
	live->agent = agent;
	spin_lock_init(&live->lock);
	timer_setup(&live->timer, expired, 0);
	agentsys_silence_begin(&live->silence, now_ms());
	spin_lock(&agent->lock);
	lost = faults->liveness;
	if (!lost)
		smp_store_release(&faults->liveness, live); /* see liveness_of() */
	spin_unlock(&agent->lock);
	if (lost)
		kfree(live);
	else
		take_limit(agent, live);
	return 0;
}

void agentsys_liveness_free(struct agentsys_faults *faults)
{
	struct agentsys_liveness *live = faults->liveness;

	if (!live)
		return;
	/* It was stopped with the last instance. */
	WARN_ON_ONCE(timer_delete_sync(&live->timer));
	if (live->page)
		put_page(live->page);
	kfree_rcu(live, rcu);
}

static void beat(struct agentsys_agent *agent, bool heard)
{
	struct agentsys_liveness *live = liveness_of(agent);
	bool waits;
	u64 now;

	agentsys_agent_touch(agent);
	atomic64_inc(&agent->heartbeats);
	if (!live)
		return;
	spin_lock_bh(&live->lock);
	now = now_ms();
	sign(live, now);
	live->heard = heard;
	waits = !live->armed && live->rules.timeout_ms;
	/* The timer is for the latest end that there may be; phi has brought that nearer. */
	if (live->armed && next_look(live, now) < live->wake_ms)
		arm(live, now);
	spin_unlock_bh(&live->lock);
	/* The first one, or the first after a fault. */
	if (waits)
		agentsys_mail_post(agent, AGENTSYS_MAIL_LIVENESS);
}

void agentsys_liveness_beat(struct agentsys_agent *agent)
{
	beat(agent, false);
}

void agentsys_liveness_heard(struct agentsys_agent *agent)
{
	beat(agent, true);
}

struct page *agentsys_liveness_page(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live;
	struct page *page, *fresh;

	if (agentsys_liveness_prepare(agent))
		return ERR_PTR(-ENOMEM);
	live = liveness_of(agent);
	fresh = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	spin_lock_bh(&live->lock);
	if (!live->page) {
		live->page = fresh;
		live->seen = 0;
		fresh = NULL;
	}
	page = live->page;
	get_page(page);
	spin_unlock_bh(&live->lock);
	if (fresh)
		put_page(fresh);
	/* It has to be looked at from now on. */
	agentsys_mail_post(agent, AGENTSYS_MAIL_LIVENESS);
	return page;
}

/* Who has it mapped keeps it; what is written there counts for nobody any more. */
static void drop_page(struct agentsys_liveness *live)
{
	struct page *page;

	spin_lock_bh(&live->lock);
	page = live->page;
	live->page = NULL;
	spin_unlock_bh(&live->lock);
	if (page)
		put_page(page);
}

void agentsys_liveness_trigger(struct agentsys_agent *agent)
{
	agentsys_mail_post(agent, AGENTSYS_MAIL_TRIGGER);
}

static void disarm(struct agentsys_liveness *live)
{
	lockdep_assert_held(&agentsys_lock);

	spin_lock_bh(&live->lock);
	live->armed = false;
	spin_unlock_bh(&live->lock);
	/* The callback takes no lock but the one above, and does not arm it again. */
	timer_delete_sync(&live->timer);
}

/* One that is frozen, to end or to die is not asked how it is. */
static bool is_asked(const struct agentsys_agent *agent)
{
	return agent->status.state == AGENTSYS_ACTIVE && agent->ran &&
	       !(agent->status.flags & AGENTSYS_AGENT_PAUSED) && !agentsys_fault_doom(agent);
}

static void look_at_cpu(struct agentsys_agent *agent, struct agentsys_liveness *live, u64 now)
{
	u64 cpu_us = agentsys_cgroup_cpu_us(agent->id);

	spin_lock_bh(&live->lock);
	if (cpu_us != live->cpu_us)
		sign(live, now);
	live->cpu_us = cpu_us;
	spin_unlock_bh(&live->lock);
}

static enum agentsys_verdict_of_silence verdict_on(struct agentsys_liveness *live, u64 now)
{
	enum agentsys_verdict_of_silence verdict = AGENTSYS_SILENCE_FINE;

	spin_lock_bh(&live->lock);
	sample(live, now);
	if (!in_call(live, now))
		verdict = agentsys_silence_look(&live->silence, &live->rules, now);
	spin_unlock_bh(&live->lock);
	return verdict;
}

/* Its silence begins anew, with the next look at the latest where it lasts. */
static void excuse(struct agentsys_liveness *live, bool lasts, u64 now)
{
	spin_lock_bh(&live->lock);
	agentsys_silence_excuse(&live->silence, now);
	live->excused = lasts;
	spin_unlock_bh(&live->lock);
}

/*
 * Is there a reason for its silence? When a stop or the like ended is not seen, so that
 * is taken to have lasted until the first look that does not find it any more.
 */
static bool is_excused(struct agentsys_agent *agent, struct agentsys_liveness *live, u64 now)
{
	bool before = READ_ONCE(live->excused);
	bool still = agent->faults->throttled ||
		     (READ_ONCE(live->heard) && agentsys_helper_away()) ||
		     agentsys_threads_stopped(agent);

	if (before || still) {
		excuse(live, still, now);
		return true;
	}
	if (!is_passive(live))
		return false;
	/* What one sees of its threads is of one moment if none of them has run meanwhile. */
	if (agentsys_threads_hang(agent) &&
	    agentsys_cgroup_cpu_us(agent->id) == READ_ONCE(live->cpu_us))
		return false;
	excuse(live, false, now);
	return true;
}

void agentsys_liveness_look(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live = liveness_of(agent);
	enum agentsys_verdict_of_silence verdict;
	u64 now = now_ms();
	u64 silent;
	u32 limit;

	lockdep_assert_held(&agentsys_lock);

	if (!live)
		return;
	if (!is_asked(agent)) {
		disarm(live);
		return;
	}
	if (agentsys_supervisor_asleep()) /* it is excused when that is over */
		return;
	if (is_passive(live))
		look_at_cpu(agent, live, now);
	verdict = verdict_on(live, now);
	if ((verdict || READ_ONCE(live->excused)) && is_excused(agent, live, now))
		verdict = AGENTSYS_SILENCE_FINE;
	spin_lock_bh(&live->lock);
	if (verdict) /* a sign may have come meanwhile */
		verdict = agentsys_silence_look(&live->silence, &live->rules, now);
	agentsys_silence_tell(&live->silence, verdict);
	silent = now - min(now, live->silence.since_ms);
	limit = agentsys_silence_end(&live->silence, &live->rules) - live->silence.since_ms;
	arm(live, now);
	spin_unlock_bh(&live->lock);

	if (verdict == AGENTSYS_SILENCE_WARNING)
		agentsys_fault_warn(agent, AGENTSYS_FAULT_UNRESPONSIVE, silent);
	if (verdict == AGENTSYS_SILENCE_OVER)
		agentsys_fault_raise(agent, AGENTSYS_FAULT_UNRESPONSIVE, silent, limit);
}

void agentsys_liveness_triggered(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live;
	u64 now = now_ms();
	u64 silent;
	u32 limit;

	lockdep_assert_held(&agentsys_lock);

	if (!is_asked(agent) || agentsys_liveness_prepare(agent))
		return;
	live = liveness_of(agent);
	if (live->triggered.instance == agent->status.instance &&
	    now - live->triggered.at_ms < TRIGGER_WINDOW_MS)
		return;
	live->triggered.instance = agent->status.instance;
	live->triggered.at_ms = now;
	spin_lock_bh(&live->lock);
	silent = now - min(now, live->silence.since_ms);
	limit = live->rules.timeout_ms;
	agentsys_silence_tell(&live->silence, AGENTSYS_SILENCE_OVER);
	spin_unlock_bh(&live->lock);
	agentsys_fault_raise(agent, AGENTSYS_FAULT_UNRESPONSIVE, silent, limit);
}

void agentsys_liveness_use(struct agentsys_agent *agent, u64 *silent_ms, u64 *phi)
{
	struct agentsys_liveness *live = liveness_of(agent);
	u64 now = now_ms();
	bool counts;

	*silent_ms = 0;
	*phi = 0;
	if (!live)
		return;
	spin_lock_bh(&live->lock);
	counts = live->armed && !in_call(live, now);
	if (counts && agentsys_silence_counts(&live->silence, &live->rules))
		*silent_ms = now - min(now, live->silence.since_ms);
	if (counts)
		*phi = agentsys_silence_phi(&live->silence, &live->rules, now);
	spin_unlock_bh(&live->lock);
}

u32 agentsys_liveness_calls(struct agentsys_agent *agent, u32 *left_ms)
{
	struct agentsys_liveness *live = liveness_of(agent);
	u64 now = now_ms();
	u32 n;

	*left_ms = 0;
	if (!live)
		return 0;
	spin_lock_bh(&live->lock);
	n = in_call(live, now) ? live->calls.n : 0;
	*left_ms = agentsys_calls_left(&live->calls, now);
	spin_unlock_bh(&live->lock);
	return n;
}

int agentsys_liveness_call(struct agentsys_agent *agent, u32 ms)
{
	struct agentsys_liveness *live;
	u64 now = now_ms();
	int ret;

	lockdep_assert_held(&agentsys_lock);

	if (agentsys_liveness_prepare(agent))
		return -ENOMEM;
	live = liveness_of(agent);
	spin_lock_bh(&live->lock);
	sample(live, now);
	in_call(live, now);
	ret = agentsys_calls_begin(&live->calls, ms, now);
	agentsys_silence_skip(&live->silence);
	if (live->armed)
		arm(live, now);
	spin_unlock_bh(&live->lock);
	return ret;
}

int agentsys_liveness_called(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live = liveness_of(agent);
	u64 now = now_ms();
	int ret;

	lockdep_assert_held(&agentsys_lock);

	if (!live)
		return -ENOENT;
	spin_lock_bh(&live->lock);
	sample(live, now);
	in_call(live, now);
	ret = agentsys_calls_end(&live->calls);
	if (!ret && !live->calls.n)
		agentsys_silence_excuse(&live->silence, now);
	if (live->armed)
		arm(live, now);
	spin_unlock_bh(&live->lock);
	return ret;
}

void agentsys_liveness_limit(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live = liveness_of(agent);

	lockdep_assert_held(&agentsys_lock);

	if (!live)
		return;
	take_limit(agent, live);
	agentsys_liveness_look(agent);
}

void agentsys_liveness_reset(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live = liveness_of(agent);

	lockdep_assert_held(&agentsys_lock);

	if (!live)
		return;
	spin_lock_bh(&live->lock);
	agentsys_silence_begin(&live->silence, now_ms());
	live->excused = false;
	live->heard = false;
	spin_unlock_bh(&live->lock);
	drop_page(live);
}

void agentsys_liveness_begin(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live = liveness_of(agent);

	lockdep_assert_held(&agentsys_lock);

	if (!live)
		return;
	spin_lock_bh(&live->lock);
	/* The time that it took to start is not its own; signs it may have given already. */
	if (!live->silence.signs)
		live->silence.since_ms = now_ms();
	spin_unlock_bh(&live->lock);
	agentsys_liveness_look(agent);
}

void agentsys_liveness_end(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live = liveness_of(agent);

	lockdep_assert_held(&agentsys_lock);

	if (!live)
		return;
	disarm(live);
	spin_lock_bh(&live->lock);
	live->calls.n = 0;
	spin_unlock_bh(&live->lock);
	drop_page(live);
}

void agentsys_liveness_excuse(struct agentsys_agent *agent)
{
	struct agentsys_liveness *live = liveness_of(agent);

	lockdep_assert_held(&agentsys_lock);

	if (!live)
		return;
	excuse(live, false, now_ms());
	agentsys_liveness_look(agent);
}
