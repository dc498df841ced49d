// SPDX-License-Identifier: GPL-2.0-only
#include "limits.h"

#include "phi.h"

#define CPU_PERIOD_DEFAULT_US 100000

/* Wrong once in 100 million. */
#define PHI_DEFAULT	     8000
#define DEVIATION_DEFAULT_MS 100
#define WINDOW_DEFAULT	     64

/* Python 3.11 makes about 600 calls until its program runs, and some more for each import. */
#define SYSCALL_BURST_MIN     20000
#define SYSCALL_BURST_SECONDS 10

/* clang-format off */
static const struct {
	u64 min;
	u64 max;
	const char *why;
} ranges[] = {
	[AGENTSYS_LIMIT_CPU_QUOTA] = { 1000, U64_MAX, "the CPU quota is below 1000 us" },
	[AGENTSYS_LIMIT_CPU_PERIOD] = {
		1000, 1000000, "the CPU period is not within 1000 and 1000000 us"
	},
	[AGENTSYS_LIMIT_SYSCALL_RATE] = {
		1, U32_MAX, "the rate of system calls is above 4294967295 per second"
	},
	[AGENTSYS_LIMIT_SYSCALL_BURST] = {
		1, U32_MAX, "the burst of system calls is above 4294967295"
	},
	[AGENTSYS_LIMIT_IO_READ ... AGENTSYS_LIMIT_IO_WRITE_OPS] = {
		2, U64_MAX, "an I/O limit of 1 is less than the kernel can keep: it takes 2 or more"
	},
	[AGENTSYS_LIMIT_WATCHDOG] = {
		100, 86400000, "the watchdog timeout is not within 100 ms and 24 h"
	},
	[AGENTSYS_LIMIT_MEMORY_PRESSURE ... AGENTSYS_LIMIT_IO_PRESSURE] = {
		1, 100, "the pressure is above 100 per cent"
	},
	[AGENTSYS_LIMIT_WATCHDOG_MODE] = {
		1, __AGENTSYS_WATCHDOGS - 1,
		"there is no such watchdog mode: timeout is 0, phi 1, passive 2"
	},
	[AGENTSYS_LIMIT_WATCHDOG_PHI] = {
		1, AGENTSYS_PHI_MAX, "the phi of the watchdog is above 12000 thousandths"
	},
	[AGENTSYS_LIMIT_WATCHDOG_DEVIATION] = {
		1, 86400000, "the deviation of the watchdog is above 24 h"
	},
	[AGENTSYS_LIMIT_WATCHDOG_PAUSE] = {
		1, 86400000, "the pause of the watchdog is above 24 h"
	},
	[AGENTSYS_LIMIT_WATCHDOG_START] = {
		1, 1, "the watchdog counts from the start, 1, or not, 0"
	},
	[AGENTSYS_LIMIT_WATCHDOG_WINDOW] = {
		AGENTSYS_PHI_WINDOW_MIN, AGENTSYS_PHI_WINDOW_MAX,
		"the window of the watchdog is not within 2 and 128 intervals"
	},
};

static const struct agentsys_limits presets[] = {
	[AGENTSYS_LIMITS_NONE] = {},
	[AGENTSYS_LIMITS_GUIDE] = { .max = {
		[AGENTSYS_LIMIT_MEMORY_MAX]	= 100 << 20,
		[AGENTSYS_LIMIT_CPU_QUOTA]	= 1000000,
		[AGENTSYS_LIMIT_CPU_PERIOD]	= 1000000,
		[AGENTSYS_LIMIT_SYSCALL_RATE]	= 1000,
		[AGENTSYS_LIMIT_WATCHDOG]	= 30000,
	} },
};

/* clang-format on */

static_assert(ARRAY_SIZE(presets) == __AGENTSYS_LIMITS_PRESETS, "a preset has no limits");
static_assert(__AGENTSYS_LIMITS <= 32, "a change has no room for all limits");

int agentsys_limits_check(struct agentsys_limits *limits, enum agentsys_limit *wrong,
			  const char **why)
{
	u64 *max = limits->max;
	u32 i;

	if (!max[AGENTSYS_LIMIT_CPU_PERIOD])
		max[AGENTSYS_LIMIT_CPU_PERIOD] = CPU_PERIOD_DEFAULT_US;
	if (max[AGENTSYS_LIMIT_SYSCALL_RATE] && !max[AGENTSYS_LIMIT_SYSCALL_BURST]) {
		u64 burst = max[AGENTSYS_LIMIT_SYSCALL_RATE] * SYSCALL_BURST_SECONDS;

		if (burst < SYSCALL_BURST_MIN)
			burst = SYSCALL_BURST_MIN;
		max[AGENTSYS_LIMIT_SYSCALL_BURST] = burst < U32_MAX ? burst : U32_MAX;
	}
	if (max[AGENTSYS_LIMIT_WATCHDOG_MODE] == AGENTSYS_WATCHDOG_PHI) {
		if (!max[AGENTSYS_LIMIT_WATCHDOG_PHI])
			max[AGENTSYS_LIMIT_WATCHDOG_PHI] = PHI_DEFAULT;
		if (!max[AGENTSYS_LIMIT_WATCHDOG_DEVIATION])
			max[AGENTSYS_LIMIT_WATCHDOG_DEVIATION] = DEVIATION_DEFAULT_MS;
		if (!max[AGENTSYS_LIMIT_WATCHDOG_WINDOW])
			max[AGENTSYS_LIMIT_WATCHDOG_WINDOW] = WINDOW_DEFAULT;
	}
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (!ranges[i].why || !max[i] ||
		    (max[i] >= ranges[i].min && max[i] <= ranges[i].max))
			continue;
		*wrong = i;
		*why = ranges[i].why;
		return -EINVAL;
	}
	return 0;
}

void agentsys_limits_change(struct agentsys_limits *limits,
			    const struct agentsys_limits_change *change)
{
	u32 i;

	if (change->has >> AGENTSYS_LIMIT_CPU_QUOTA & 1)
		limits->max[AGENTSYS_LIMIT_CPU_PERIOD] = 0;
	if (change->has >> AGENTSYS_LIMIT_SYSCALL_RATE & 1)
		limits->max[AGENTSYS_LIMIT_SYSCALL_BURST] = 0;
	for (i = 0; i < __AGENTSYS_LIMITS; i++)
		if (change->has >> i & 1)
			limits->max[i] = change->max[i];
}

/* A period that was not filled in is the usual one. */
static u64 meant(const struct agentsys_limits *limits, u32 limit)
{
	if (limit == AGENTSYS_LIMIT_CPU_PERIOD && !limits->max[limit])
		return CPU_PERIOD_DEFAULT_US;
	return limits->max[limit];
}

u32 agentsys_limits_differ(const struct agentsys_limits *a, const struct agentsys_limits *b)
{
	u32 which = 0;
	u32 i;

	for (i = 0; i < __AGENTSYS_LIMITS; i++)
		which |= (u32)(meant(a, i) != meant(b, i)) << i;
	return which;
}

bool agentsys_limits_preset(struct agentsys_limits *limits, u32 preset)
{
	const char *why;
	enum agentsys_limit wrong;

	if (preset >= ARRAY_SIZE(presets))
		return false;
	*limits = presets[preset];
	/* Fills in the rest. */
	return !agentsys_limits_check(limits, &wrong, &why);
}

bool agentsys_limits_io(const struct agentsys_limits *limits)
{
	const u64 *max = limits->max;

	return max[AGENTSYS_LIMIT_IO_READ] || max[AGENTSYS_LIMIT_IO_WRITE] ||
	       max[AGENTSYS_LIMIT_IO_READ_OPS] || max[AGENTSYS_LIMIT_IO_WRITE_OPS];
}

bool agentsys_limits_any(const struct agentsys_limits *limits)
{
	u32 i;

	for (i = 0; i < __AGENTSYS_LIMITS; i++)
		if (limits->max[i] && i != AGENTSYS_LIMIT_CPU_PERIOD)
			return true;
	return false;
}
