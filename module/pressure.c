// SPDX-License-Identifier: GPL-2.0-only
#include "pressure.h"

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "agent.h"
#include "cgroup.h"
#include "fault_internal.h"
#include "limit.h"
#include "mailbox.h"
#include "telemetry.h"

/*
 * Within this time it counts. A multiple of 2 s needs no thread of the kernel's for
 * each agent: such triggers are looked at when averages are made.
 */
#define WINDOW_US 2000000

/* It is told once in this time, that of the average which is told. */
#define TELL_MS 10000

static const struct {
	const char *file;
	u32 limit;
} kinds[] = {
	[AGENTSYS_PRESSURE_MEMORY] = { "memory.pressure", AGENTSYS_LIMIT_MEMORY_PRESSURE },
	[AGENTSYS_PRESSURE_CPU] = { "cpu.pressure", AGENTSYS_LIMIT_CPU_PRESSURE },
	[AGENTSYS_PRESSURE_IO] = { "io.pressure", AGENTSYS_LIMIT_IO_PRESSURE },
};

static_assert(ARRAY_SIZE(kinds) == __AGENTSYS_PRESSURES);

bool agentsys_pressure_lacks(const struct agentsys_limits *limits)
{
	u32 kind;

	for (kind = 0; kind < __AGENTSYS_PRESSURES; kind++)
		if (limits->max[kinds[kind].limit])
			return !agentsys_cgroup_has_pressure();
	return false;
}

static void changed(struct agentsys_watch *watch)
{
	struct agentsys_pressure_watch *pressure =
		container_of(watch, struct agentsys_pressure_watch, watch);

	agentsys_mail_post(pressure->agent, AGENTSYS_MAIL_LIMIT);
}

static int watch_kind(struct agentsys_agent *agent, u32 kind)
{
	struct agentsys_pressure_watch *pressure = &agent->faults->pressure[kind];
	u32 percent = agentsys_limit(agent, kinds[kind].limit);
	char trigger[48];

	if (percent == pressure->percent && (!percent || pressure->watch.file))
		return 0; /* of an instance before, in the same cgroup */
	agentsys_watch_end(&pressure->watch);
	pressure->agent = agent;
	pressure->percent = percent;
	if (!percent)
		return 0;
	snprintf(trigger, sizeof(trigger), "some %u %u", WINDOW_US / 100 * percent, WINDOW_US);
	return agentsys_watch_trigger(&pressure->watch, agent->id, kinds[kind].file, trigger,
				      changed);
}

void agentsys_pressure_watch(struct agentsys_agent *agent)
{
	u32 kind;
	int ret;

	lockdep_assert_held(&agentsys_lock);

	for (kind = 0; agent->faults && kind < __AGENTSYS_PRESSURES; kind++) {
		ret = watch_kind(agent, kind);
		if (ret)
			pr_warn_ratelimited("%s of agent %u is not watched: error %d\n",
					    kinds[kind].file, agent->id, ret);
	}
}

void agentsys_pressure_unwatch(struct agentsys_agent *agent)
{
	u32 kind;

	lockdep_assert_held(&agentsys_lock);

	for (kind = 0; agent->faults && kind < __AGENTSYS_PRESSURES; kind++)
		agentsys_watch_end(&agent->faults->pressure[kind].watch);
}

/* "some avg10=12.34 ...", in hundredths of a per cent; 0 if it cannot be read. */
static u32 average(struct agentsys_watch *watch)
{
	char text[80];
	u32 whole, hundredths;

	if (agentsys_watch_read(watch, text, sizeof(text)) <= 0 ||
	    sscanf(text, "some avg10=%u.%u", &whole, &hundredths) != 2)
		return 0;
	return whole * 100 + hundredths;
}

static bool is_due(struct agentsys_agent *agent, struct agentsys_told *told)
{
	u64 now = div_u64(ktime_get_ns(), NSEC_PER_MSEC);

	if (told->instance == agent->status.instance && now - told->at_ms < TELL_MS)
		return false;
	told->instance = agent->status.instance;
	told->at_ms = now;
	return true;
}

void agentsys_pressure_look(struct agentsys_agent *agent)
{
	struct agentsys_pressure_watch *pressure;
	u32 kind;

	lockdep_assert_held(&agentsys_lock);

	for (kind = 0; agent->faults && kind < __AGENTSYS_PRESSURES; kind++) {
		pressure = &agent->faults->pressure[kind];
		if (agentsys_watch_fired(&pressure->watch) && is_due(agent, &pressure->told))
			agentsys_event_agent(agent, AGENTSYS_EVENT_PRESSURE, 0, kind,
					     average(&pressure->watch));
	}
}
