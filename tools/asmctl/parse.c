// SPDX-License-Identifier: GPL-2.0-only
#include "parse.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "libasm.h"

#define DAY_MS	      (24 * 60 * 60 * 1000)
#define CPU_PERIOD_US 100000

static const char too_long[] = "is longer than a day";

bool parse_number(const char *text, uint64_t max, uint64_t *n)
{
	char *end;

	/* Not what strtoull() skips, nor a sign. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*n = strtoull(text, &end, 10);
	return !*end && !errno && *n <= max;
}

bool parse_signed(const char *text, int64_t min, int64_t max, int64_t *n)
{
	bool negative = *text == '-';
	uint64_t magnitude;

	if (!parse_number(text + (negative || *text == '+'), INT64_MAX, &magnitude))
		return false;
	*n = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return *n >= min && *n <= max;
}

bool parse_id(const char *text, uint32_t *id)
{
	uint64_t n;

	if (!parse_number(text, AGENTSYS_ID_MAX, &n) || n < AGENTSYS_ID_MIN)
		return false;
	*id = n;
	return true;
}

static bool is_unlimited(const char *text)
{
	return !strcmp(text, "infinity") || !strcmp(text, "unlimited") || !strcmp(text, "max");
}

/* Of a resource limit, 0 is a limit; of what an agent may use it is none. */
static bool is_no_limit(const char *text)
{
	return is_unlimited(text) || !strcmp(text, "0");
}

/* A decimal fraction with a unit behind it. */
static bool parse_fraction(const char *text, double *n, const char **unit)
{
	char *end;

	/* strtod() would also take "inf", "0x1p3", "1e3" and blanks. */
	if (*text < '0' || *text > '9')
		return false;
	*n = strtod(text, &end);
	*unit = end;
	return end <= text + strspn(text, "0123456789.") && isfinite(*n);
}

static bool scale(double n, double factor, double max, uint64_t *result)
{
	n = round(n * factor);
	if (n > max)
		return false;
	*result = n;
	return true;
}

bool parse_duration(const char *text, bool bare, uint32_t *ms, const char **why)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {
		{ "ms", 1 },	      { "s", 1000 },	       { "sec", 1000 }, { "m", 60 * 1000 },
		{ "min", 60 * 1000 }, { "h", 60 * 60 * 1000 }, { "d", DAY_MS },
	};
	const char *unit;
	uint64_t result;
	double n;

	*why = "is not a duration with its unit, as 500ms, 10s";
	if (!parse_fraction(text, &n, &unit))
		return false;
	if (!*unit) {
		if (!bare && n != 0)
			return false;
		unit = "ms";
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(unit, units[i].name)) {
			*why = too_long;
			if (!scale(n, units[i].ms, DAY_MS, &result))
				return false;
			*ms = result;
			return true;
		}
	return false;
}

/* What is no duration is no backoff either, which has its own examples. */
static bool parse_wait(const char *text, uint32_t *ms, const char **why)
{
	const char *problem;

	if (parse_duration(text, true, ms, &problem))
		return true;
	if (problem == too_long)
		*why = too_long;
	return false;
}

bool parse_stop_timeout(const char *text, uint32_t *ms, const char **why)
{
	if (!strcmp(text, "infinity") || !strcmp(text, "unlimited"))
		*ms = AGENTSYS_STOP_UNLIMITED;
	else if (!strcmp(text, "kill"))
		*ms = 0;
	else
		return parse_duration(text, false, ms, why);
	return true;
}

bool parse_backoff(const char *text, uint32_t *initial_ms, uint32_t *max_ms, bool *has_second,
		   const char **why)
{
	const char *colon = strchr(text, ':');
	char first[32];

	*why = "is not a backoff, as 100, 100ms or 100ms:30s";
	*has_second = colon;
	if (!colon)
		return parse_wait(text, initial_ms, why);
	if (colon - text >= (ptrdiff_t)sizeof(first))
		return false;
	memcpy(first, text, colon - text);
	first[colon - text] = '\0';
	if (!parse_wait(first, initial_ms, why) || !parse_wait(colon + 1, max_ms, why))
		return false;
	*why = "has a first wait above its maximum";
	return *initial_ms <= *max_ms;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "BKMGTP";
	const char *unit, *found;
	double n, factor = 1;

	/* Exact, where a double would not be. */
	if (parse_number(text, UINT64_MAX, bytes))
		return true;
	if (!parse_fraction(text, &n, &unit))
		return false;
	found = *unit ? strchr(units, *unit >= 'a' ? *unit - 'a' + 'A' : *unit) : NULL;
	if (!found)
		return false;
	for (const char *u = units; u < found; u++)
		factor *= 1024;
	unit++;
	if (*unit && (found == units || (strcasecmp(unit, "B") && strcasecmp(unit, "iB"))))
		return false;
	return scale(n, factor, 0x1p63, bytes);
}

bool parse_memory(const char *text, uint64_t *bytes)
{
	if (is_no_limit(text)) {
		*bytes = 0;
		return true;
	}
	return parse_size(text, bytes) && *bytes;
}

bool parse_cpu(const char *text, uint64_t *quota_us, uint64_t *period_us)
{
	const char *slash = strchr(text, '/');
	const char *unit;
	char quota[32];
	double n;

	*period_us = CPU_PERIOD_US;
	if (is_no_limit(text)) {
		*quota_us = 0;
		return true;
	}
	if (slash) {
		if (slash - text >= (ptrdiff_t)sizeof(quota))
			return false;
		memcpy(quota, text, slash - text);
		quota[slash - text] = '\0';
		return parse_number(quota, UINT32_MAX, quota_us) &&
		       parse_number(slash + 1, 1000000, period_us) && *quota_us >= 1000 &&
		       *period_us >= 1000;
	}
	if (!parse_fraction(text, &n, &unit) || strcmp(unit, "%"))
		return false;
	return scale(n, CPU_PERIOD_US / 100.0, UINT32_MAX, quota_us) && *quota_us >= 1000;
}

bool parse_count(const char *text, uint64_t *n)
{
	if (is_no_limit(text)) {
		*n = 0;
		return true;
	}
	return parse_number(text, INT32_MAX, n) && *n;
}

bool parse_signal(const char *text, int *signal)
{
	uint64_t n;

	if (parse_number(text, SIGRTMAX, &n)) {
		*signal = n;
		return n > 0;
	}
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	if (!strncasecmp(text, "RTMIN", 5)) {
		n = 0;
		if (text[5] && (text[5] != '+' || !parse_number(text + 6, 64, &n)))
			return false;
		*signal = SIGRTMIN + n;
		return *signal <= SIGRTMAX;
	}
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *name = sigabbrev_np(i);

		if (name && !strcasecmp(text, name)) {
			*signal = i;
			return true;
		}
	}
	return false;
}

static const struct {
	const char *name;
	unsigned int resource;
} resources[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

static bool parse_limit(const char *text, uint64_t *limit)
{
	if (is_unlimited(text)) {
		*limit = UINT64_MAX;
		return true;
	}
	return parse_size(text, limit);
}

bool parse_rlimit(const char *text, unsigned int *resource, uint64_t *soft, uint64_t *hard,
		  const char **why)
{
	char copy[64];
	char *value, *colon;
	size_t i;

	*why = "is not a resource limit, as nofile=1024:4096 or core=infinity";
	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	value = strchr(copy, '=');
	if (!value)
		return false;
	*value++ = '\0';
	for (i = 0; i < sizeof(resources) / sizeof(*resources); i++)
		if (!strcasecmp(copy, resources[i].name))
			break;
	if (i == sizeof(resources) / sizeof(*resources)) {
		*why = "names no resource limit, as core, nofile, nproc: see getrlimit(2)";
		return false;
	}
	*resource = resources[i].resource;

	colon = strchr(value, ':');
	if (!colon)
		return parse_limit(value, soft) && parse_limit(value, hard);
	*colon = '\0';
	if (!parse_limit(value, soft) || !parse_limit(colon + 1, hard))
		return false;
	*why = "has a soft limit above the hard one";
	return *soft <= *hard;
}

bool parse_restart(const char *text, uint32_t *condition)
{
	static const struct {
		const char *word;
		enum agentsys_restart condition;
	} others[] = {
		{ "no", AGENTSYS_RESTART_NEVER },
		{ "temporary", AGENTSYS_RESTART_NEVER },
		{ "transient", AGENTSYS_RESTART_ON_FAILURE },
		{ "permanent", AGENTSYS_RESTART_ALWAYS },
	};

	for (uint32_t i = 0; i < __AGENTSYS_RESTARTS; i++)
		if (!strcmp(text, agentsys_restart_name(i))) {
			*condition = i;
			return true;
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(text, others[i].word)) {
			*condition = others[i].condition;
			return true;
		}
	return false;
}

const char *restart_instead(const char *text)
{
	static const char *const others[][2] = {
		{
			"on-success",
			"always, --prevent-status with '1-255 oom fault link launch' and the signals, and \"asmctl recovery --agent AGENT Unresponsive=kill\"",
		},
		{
			"on-abort",
			"on-abnormal, --prevent-status 'oom fault link', and \"asmctl recovery --agent AGENT Unresponsive=kill\"",
		},
		{
			"on-watchdog",
			"on-abnormal, --prevent-status with 'oom fault link' and the signals, and \"asmctl recovery --agent AGENT Unresponsive=restart\"",
		},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(text, others[i][0]))
			return others[i][1];
	return NULL;
}

bool parse_strategy(const char *text, uint32_t *strategy)
{
	char copy[32];

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	for (char *c = copy; *c; c++)
		if (*c == '-')
			*c = '_';
	for (uint32_t i = 0; i < __AGENTSYS_STRATEGIES; i++)
		if (!strcmp(copy, agentsys_strategy_name(i))) {
			*strategy = i;
			return true;
		}
	return false;
}

static const char *budget_of_word(const char *text)
{
	static const char *const words[][2] = {
		{ "default", "5/60" },
		{ "lenient", "10/120" },
		{ "strict", "3/30" },
		{ "never", "0" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i][0]))
			return words[i][1];
	return text;
}

/* A duration, or seconds. */
static bool parse_window(const char *text, uint32_t *ms, const char **why)
{
	const char *problem;
	char seconds[32];

	if (*text && !text[strspn(text, "0123456789.")] && strlen(text) < sizeof(seconds) - 1) {
		strcpy(stpcpy(seconds, text), "s");
		text = seconds;
	}
	if (parse_duration(text, false, ms, &problem))
		return true;
	if (problem == too_long)
		*why = "has a window longer than a day";
	return false;
}

bool parse_budget(const char *text, uint32_t *n, uint32_t *within_ms, bool *has_window,
		  const char **why)
{
	const char *slash;
	char first[16];
	uint64_t count;

	*why = "is no budget, as 5/60 (restarts and seconds), default, lenient, strict, never";
	text = budget_of_word(text);
	slash = strchrnul(text, '/');
	if (slash - text >= (ptrdiff_t)sizeof(first))
		return false;
	memcpy(first, text, slash - text);
	first[slash - text] = '\0';
	if (!parse_number(first, UINT32_MAX, &count))
		return false;
	*n = count;
	*has_window = *slash;
	return !*slash || parse_window(slash + 1, within_ms, why);
}

bool parse_backoff_kind(const char *text, uint32_t *kind)
{
	for (uint32_t i = 0; i < __AGENTSYS_BACKOFFS; i++)
		if (!strcmp(text, agentsys_backoff_name(i))) {
			*kind = i;
			return true;
		}
	return false;
}

bool parse_percent(const char *text, uint32_t *percent)
{
	size_t length = strlen(text);
	char number[8];
	uint64_t n;

	length -= length && text[length - 1] == '%';
	if (length >= sizeof(number))
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	if (!parse_number(number, 100, &n))
		return false;
	*percent = n;
	return true;
}

bool parse_breaker(const char *text, uint32_t *restarts, uint32_t *open_ms, const char **why)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	char number[16];
	uint64_t n;

	*why = "is not a breaker, as 5 or 5:30s";
	if (length >= sizeof(number))
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	if (!parse_number(number, INT32_MAX, &n))
		return false;
	*restarts = n;
	return !colon || parse_duration(colon + 1, false, open_ms, why);
}
