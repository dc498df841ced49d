// SPDX-License-Identifier: GPL-2.0-only
#include "telemetry.h"

#include <linux/atomic.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/ktime.h>
#include <linux/vmalloc.h>

#include "agent.h"
#include "core/name.h"
#include "core/ring.h"
#include "mailbox.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static unsigned int ring_size = AGENTSYS_RING_SIZE_DEFAULT;
module_param(ring_size, uint, 0444);
MODULE_PARM_DESC(ring_size, "events that are kept, a power of two, 64 to 65536 (default 1024)");

static atomic64_t counters[__AGENTSYS_COUNTERS];
DEFINE_PER_CPU(u64, agentsys_syscalls);
static atomic64_t fault_counters[__AGENTSYS_FAULTS];

/*
 * The ring. A writer invalidates the slot (seq 0), fills it and sets its seq
 * last; a reader takes no lock: it copies the slot and believes the copy if the
 * seq was the expected one before and after. Whole pages, so that user space can
 * be given the same memory to read in the same way.
 */
static struct agentsys_event *ring __ro_after_init;
static DEFINE_RAW_SPINLOCK(ring_lock); /* one writer at a time */
static u64 ring_last;		       /* seq of the newest event; written under the lock */

static void (*ring_notify)(void); /* called inside an RCU read side */

#define EVENT_WORDS (sizeof(struct agentsys_event) / sizeof(u64))

static_assert(sizeof(struct agentsys_event) == EVENT_WORDS * sizeof(u64));
static_assert(offsetof(struct agentsys_event, seq) == 0);
static_assert(sizeof_field(struct agentsys_event, name) == 16); /* see trace.h */

void agentsys_count_spawn(bool restart)
{
	atomic64_inc(&counters[AGENTSYS_COUNT_SPAWNS]);
	if (restart)
		atomic64_inc(&counters[AGENTSYS_COUNT_RESTARTS]);
}

void agentsys_count_exit(bool crash)
{
	atomic64_inc(&counters[AGENTSYS_COUNT_EXITS]);
	if (crash)
		atomic64_inc(&counters[AGENTSYS_COUNT_CRASHES]);
}

void agentsys_count_fault(u32 type)
{
	atomic64_inc(&counters[AGENTSYS_COUNT_FAULTS]);
	atomic64_inc(&fault_counters[type]);
}

void agentsys_totals(struct agentsys_totals *totals)
{
	int i, cpu;

	totals->count[AGENTSYS_COUNT_EXITS] = atomic64_read(&counters[AGENTSYS_COUNT_EXITS]);
	smp_rmb(); /* an exit is counted after its spawn */
	for (i = 0; i < __AGENTSYS_COUNTERS; i++)
		if (i != AGENTSYS_COUNT_EXITS)
			totals->count[i] = atomic64_read(&counters[i]);
	for_each_possible_cpu(cpu)
		totals->count[AGENTSYS_COUNT_SYSCALLS] +=
			READ_ONCE(per_cpu(agentsys_syscalls, cpu));
	for (i = 0; i < __AGENTSYS_FAULTS; i++)
		totals->faults[i] = atomic64_read(&fault_counters[i]);
	totals->active = totals->count[AGENTSYS_COUNT_SPAWNS] - totals->count[AGENTSYS_COUNT_EXITS];
}

static void fill_slot(struct agentsys_event *slot, const struct agentsys_event *event)
{
	const u64 *from = (const u64 *)event;
	u64 *to = (u64 *)slot;
	unsigned int i;

	lockdep_assert_held(&ring_lock);
	WRITE_ONCE(to[0], 0);
	smp_wmb(); /* nobody sees new contents under the old seq */
	for (i = 1; i < EVENT_WORDS; i++)
		WRITE_ONCE(to[i], from[i]);
	smp_store_release(&to[0], event->seq); /* pairs with copy_event() */
}

static void notify_reader(void)
{
	void (*notify)(void);

	rcu_read_lock();
	notify = READ_ONCE(ring_notify);
	if (notify)
		notify();
	rcu_read_unlock();
}

u64 agentsys_event(struct agentsys_event *event)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring_lock, flags);
	event->seq = ring_last + 1;
	event->time_ns = ktime_get_boottime_ns(); /* under the lock: it never goes back */
	fill_slot(&ring[agentsys_ring_slot(event->seq, ring_size)], event);
	smp_store_release(&ring_last, event->seq); /* pairs with agentsys_event_last() */
	raw_spin_unlock_irqrestore(&ring_lock, flags);

	trace_agentsys_event(event);
	notify_reader();
	return event->seq;
}

u64 agentsys_event_agent(struct agentsys_agent *agent, u16 type, u16 cause, s32 code, u64 value)
{
	return agentsys_event_ended(agent, agent->status.pid, type, cause, code, value);
}

/* What an event of an agent has, whatever it tells. */
static u64 tell_of(struct agentsys_agent *agent, struct agentsys_event *event)
{
	lockdep_assert_held(&agentsys_lock);

	event->agent_id = agent->id;
	event->instance = agent->status.instance;
	memcpy(event->name, agent->name,
	       agentsys_name_fit(agent->name, strlen(agent->name), sizeof(event->name)));
	agentsys_agent_touch(agent);
	return agentsys_event(event);
}

u64 agentsys_event_ended(struct agentsys_agent *agent, pid_t pid, u16 type, u16 cause, s32 code,
			 u64 value)
{
	struct agentsys_event event = {
		.pid = pid,
		.type = type,
		.cause = cause,
		.code = code,
		.value = value,
	};

	return tell_of(agent, &event);
}

u64 agentsys_event_fault(struct agentsys_agent *agent, u32 type, u64 measured, u64 limit,
			 u32 action)
{
	struct agentsys_event event = {
		.pid = agent->status.pid,
		.type = AGENTSYS_EVENT_FAULT,
		.code = type,
		.value = measured,
		.limit = limit,
		.action = action,
	};

	return tell_of(agent, &event);
}

/* Copy event @seq; false if it has been overwritten. */
static bool copy_event(u64 seq, struct agentsys_event *event)
{
	const u64 *from = (const u64 *)&ring[agentsys_ring_slot(seq, ring_size)];
	u64 *to = (u64 *)event;
	unsigned int i;

	if (smp_load_acquire(&from[0]) != seq) /* pairs with fill_slot() */
		return false;
	for (i = 1; i < EVENT_WORDS; i++)
		to[i] = READ_ONCE(from[i]);
	smp_rmb(); /* against the invalidation in fill_slot() */
	if (READ_ONCE(from[0]) != seq)
		return false;
	to[0] = seq;
	return true;
}

bool agentsys_event_read(u64 after, struct agentsys_event *event, u64 *lost)
{
	for (;;) {
		u64 last = agentsys_event_last();
		u64 gone = agentsys_ring_lost(after, last, ring_size);

		after += gone;
		*lost += gone;
		if (after >= last)
			return false;
		if (copy_event(after + 1, event))
			return true;
		/* Overwritten meanwhile. The next round may not see the new last yet. */
		after++;
		(*lost)++;
	}
}

u64 agentsys_event_last(void)
{
	return smp_load_acquire(&ring_last); /* the slot is filled by then */
}

u32 agentsys_event_ring_size(void)
{
	return ring_size;
}

void agentsys_event_set_notify(void (*notify)(void))
{
	WRITE_ONCE(ring_notify, notify);
	if (!notify)
		synchronize_rcu();
}

int __init agentsys_telemetry_init(void)
{
	if (!agentsys_ring_size_valid(ring_size, AGENTSYS_RING_SIZE_MIN, AGENTSYS_RING_SIZE_MAX)) {
		pr_err("ring_size=%u is not a power of two between %u and %u\n", ring_size,
		       AGENTSYS_RING_SIZE_MIN, AGENTSYS_RING_SIZE_MAX);
		return -EINVAL;
	}
	ring = vmalloc_user(array_size(ring_size, sizeof(*ring)));
	return ring ? 0 : -ENOMEM;
}

void agentsys_telemetry_exit(void)
{
	vfree(ring);
}
