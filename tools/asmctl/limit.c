// SPDX-License-Identifier: GPL-2.0-only
#include "limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

enum unit {
	UNIT_COUNT,
	UNIT_BYTES,
	UNIT_US,
	UNIT_MS,
	UNIT_PERCENT,
	UNIT_MODE,
	UNIT_THOUSANDTHS,
	UNIT_YES,
};

/* clang-format off */
static const enum unit units[] = {
	[AGENTSYS_LIMIT_MEMORY_MAX] = UNIT_BYTES,
	[AGENTSYS_LIMIT_MEMORY_HIGH] = UNIT_BYTES,
	[AGENTSYS_LIMIT_CPU_QUOTA] = UNIT_US,
	[AGENTSYS_LIMIT_CPU_PERIOD] = UNIT_US,
	[AGENTSYS_LIMIT_WATCHDOG] = UNIT_MS,
	[AGENTSYS_LIMIT_CPU_BUDGET] = UNIT_US,
	[AGENTSYS_LIMIT_IO_READ] = UNIT_BYTES,
	[AGENTSYS_LIMIT_IO_WRITE] = UNIT_BYTES,
	[AGENTSYS_LIMIT_MEMORY_PRESSURE ... AGENTSYS_LIMIT_IO_PRESSURE] = UNIT_PERCENT,
	[AGENTSYS_LIMIT_WATCHDOG_MODE] = UNIT_MODE,
	[AGENTSYS_LIMIT_WATCHDOG_PHI] = UNIT_THOUSANDTHS,
	[AGENTSYS_LIMIT_WATCHDOG_DEVIATION] = UNIT_MS,
	[AGENTSYS_LIMIT_WATCHDOG_PAUSE] = UNIT_MS,
	[AGENTSYS_LIMIT_WATCHDOG_START] = UNIT_YES,
	[AGENTSYS_LIMIT_WATCHDOG_WINDOW] = UNIT_COUNT,
};

/* clang-format on */

_Static_assert(sizeof(units) / sizeof(*units) == __AGENTSYS_LIMITS, "a limit has no unit");

static const char *const why_not[] = {
	[UNIT_COUNT] = "has no number, 1 or more, or 0 or infinity for no limit",
	[UNIT_BYTES] = "has no size, as 100M, 1.5G, or 0 or infinity for no limit",
	[UNIT_US] =
		"has no time, as 500ms, 2s, a number of microseconds, or 0 or infinity for no limit",
	[UNIT_MS] = "has no time, as 500ms, 30s, or 0 or infinity for no limit",
	[UNIT_PERCENT] = "has no percentage, 1% to 100%, or 0 or infinity for no limit",
	[UNIT_MODE] = "has no mode: timeout, phi or passive",
	[UNIT_THOUSANDTHS] = "has no number, as 8 or 3.5",
	[UNIT_YES] = "is neither yes nor no",
};

/* A duration, or a number of what there are @per_ms of. */
static bool parse_time(const char *text, uint64_t per_ms, uint64_t *n)
{
	const char *why;
	uint32_t ms;

	if (parse_count(text, n) || parse_number(text, UINT64_MAX, n))
		return true;
	if (!parse_duration(text, false, &ms, &why))
		return false;
	*n = ms * per_ms;
	return true;
}

static bool parse_share_of_time(const char *text, uint64_t *n)
{
	uint32_t percent;

	if (parse_count(text, n) && !*n)
		return true;
	if (!parse_percent(text, &percent) || !percent)
		return false;
	*n = percent;
	return true;
}

static const char *const modes[] = {
	[AGENTSYS_WATCHDOG_TIMEOUT] = "timeout",
	[AGENTSYS_WATCHDOG_PHI] = "phi",
	[AGENTSYS_WATCHDOG_PASSIVE] = "passive",
};

static const char *const answers[] = { "no", "yes" };

static bool parse_word(const char *const words[], size_t count, const char *text, uint64_t *n)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(text, words[i])) {
			*n = i;
			return true;
		}
	}
	return false;
}

static bool parse_thousandths(const char *text, uint64_t *n)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0.001 && value <= 1000000))
		return false;
	*n = value * 1000 + 0.5;
	return true;
}

static bool parse_value(enum unit unit, const char *text, uint64_t *n)
{
	if (!strcmp(text, "0")) {
		*n = 0;
		return true;
	}
	switch (unit) {
	case UNIT_BYTES:
		return parse_memory(text, n);
	case UNIT_US:
		return parse_time(text, 1000, n);
	case UNIT_MS:
		return parse_time(text, 1, n);
	case UNIT_PERCENT:
		return parse_share_of_time(text, n);
	case UNIT_MODE:
		return parse_word(modes, sizeof(modes) / sizeof(*modes), text, n);
	case UNIT_YES:
		return parse_word(answers, sizeof(answers) / sizeof(*answers), text, n);
	case UNIT_THOUSANDTHS:
		return parse_thousandths(text, n);
	default:
		return parse_count(text, n) || parse_number(text, UINT64_MAX, n);
	}
}

bool parse_limit_value(uint32_t limit, const char *text, uint64_t *n)
{
	return parse_value(units[limit], text, n);
}

static size_t parse_share(const char *text, struct agentsys_limit_change parts[LIMIT_PARTS],
			  const char **why)
{
	*why = "has no CPU time, as 50%, 50000/100000 (1 ms or more), or 0 or infinity for none";
	if (!parse_cpu(text, &parts[0].max, &parts[1].max))
		return 0;
	parts[0].limit = AGENTSYS_LIMIT_CPU_QUOTA;
	parts[1].limit = AGENTSYS_LIMIT_CPU_PERIOD;
	return 2;
}

/* "memory-max" is what the option is called. */
static uint32_t limit_of(const char *text, size_t length)
{
	char name[32] = "";

	if (length >= sizeof(name))
		return __AGENTSYS_LIMITS;
	memcpy(name, text, length);
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return agentsys_limit_number(name);
}

size_t parse_limit(const char *text, struct agentsys_limit_change parts[LIMIT_PARTS],
		   const char **why)
{
	const char *equals = strchr(text, '=');

	*why = "is no limit, as memory_max=200M, cpu=50%";
	if (!equals)
		return 0;
	if (!strncmp(text, "cpu=", 4))
		return parse_share(equals + 1, parts, why);
	*why = "names no limit that there is: see \"asmctl limits --help\"";
	parts[0].limit = limit_of(text, equals - text);
	if (parts[0].limit >= __AGENTSYS_LIMITS)
		return 0;
	*why = why_not[units[parts[0].limit]];
	return parse_value(units[parts[0].limit], equals + 1, &parts[0].max);
}

const char *format_limit(uint32_t limit, uint64_t n, uint64_t period_us, char buf[FORMAT_MAX])
{
	if (limit == AGENTSYS_LIMIT_CPU_QUOTA && period_us) {
		snprintf(buf, FORMAT_MAX, "%.4g%%", 100.0 * n / period_us);
		return buf;
	}
	switch (limit < __AGENTSYS_LIMITS ? units[limit] : UNIT_COUNT) {
	case UNIT_BYTES:
		return format_bytes(n, buf);
	case UNIT_US:
		return format_cpu(n, buf);
	case UNIT_MS:
		return format_duration(n * 1000000, buf);
	case UNIT_PERCENT:
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "%%", n);
		return buf;
	case UNIT_MODE:
		snprintf(buf, FORMAT_MAX, "%s",
			 n < sizeof(modes) / sizeof(*modes) ? modes[n] : "unknown");
		return buf;
	case UNIT_THOUSANDTHS:
		snprintf(buf, FORMAT_MAX, "%.4g", n / 1000.0);
		return buf;
	case UNIT_YES:
		snprintf(buf, FORMAT_MAX, "%s", n ? "yes" : "no");
		return buf;
	default:
		snprintf(buf, FORMAT_MAX, "%" PRIu64, n);
		return buf;
	}
}

bool is_part(uint32_t limit)
{
	return limit == AGENTSYS_LIMIT_CPU_PERIOD;
}

const char *limit_title(uint32_t limit)
{
	return limit == AGENTSYS_LIMIT_CPU_QUOTA ? "cpu" : agentsys_limit_name(limit);
}

const char *limit_words(uint32_t limit)
{
	/* clang-format off */
	static const char *const words[] = {
		"Memory", "Memory High", "CPU", "CPU Period", "Processes", "Syscall Rate",
		"Burst", "Watchdog", "CPU Budget", "Messages", "Tool Calls", "I/O Read",
		"I/O Write", "Read Ops", "Write Ops", "Memory Stall", "CPU Stall", "I/O Stall",
		"Watchdog Mode", "Watchdog Phi", "Deviation", "Pause", "From Start", "Window",
	};
	/* clang-format on */

	_Static_assert(sizeof(words) / sizeof(*words) == __AGENTSYS_LIMITS, "a limit has no words");
	return limit < __AGENTSYS_LIMITS ? words[limit] : agentsys_limit_name(limit);
}
