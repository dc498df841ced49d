// SPDX-License-Identifier: GPL-2.0-only
/* What asmctl makes of what people write. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../asmctl/asmctl.h"
#include "../asmctl/endings.h"
#include "../asmctl/limit.h"
#include "../asmctl/parse.h"

static int tests, failures;

NORETURN void out_of_memory(void)
{
	abort();
}

static void ok(bool good, const char *what)
{
	printf("%sok %d %s\n", good ? "" : "not ", ++tests, what);
	failures += !good;
}

static void test_numbers(void)
{
	uint64_t n;
	int64_t s;
	uint32_t id;

	ok(parse_number("18446744073709551615", UINT64_MAX, &n) && n == UINT64_MAX,
	   "the largest");
	ok(!parse_number("18446744073709551616", UINT64_MAX, &n), "and one more");
	ok(!parse_number("", 9, &n) && !parse_number("-1", 9, &n) && !parse_number("+1", 9, &n) &&
	   !parse_number(" 1", 9, &n) && !parse_number("1 ", 9, &n) &&
	   !parse_number("0x1", 9, &n) && !parse_number("10", 9, &n), "no numbers");
	ok(parse_signed("-20", -20, 19, &s) && s == -20, "negative");
	ok(!parse_signed("-21", -20, 19, &s) && !parse_signed("--1", -20, 19, &s) &&
	   !parse_signed("-", -20, 19, &s), "not negative");
	ok(parse_id("2", &id) && id == 2 && parse_id("2147483647", &id), "ids");
	ok(!parse_id("1", &id) && !parse_id("2147483648", &id) && !parse_id("x", &id), "no ids");
}

static void test_durations(void)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {
		{ "100ms", 100 }, { "0", 0 }, { "30s", 30000 }, { "1.5s", 1500 }, { "0.25s", 250 },
		{ "5m", 300000 }, { "5min", 300000 }, { "1h", 3600000 }, { "1d", 86400000 },
		{ "24h", 86400000 }, { "0.4ms", 0 },
	};
	static const char *const bad[] = {
		"", "10", "ms", "-1s", "1x", "1 s", "25h", "1e3s", "0x10ms", "inf", "nans",
		"1.2.3s", "s1",
	};
	uint32_t ms, max;
	const char *why;
	bool all = true, second;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		all &= parse_duration(good[i].text, false, &ms, &why) && ms == good[i].ms;
	ok(all, "durations");
	all = true;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_duration(bad[i], false, &ms, &why)) {
			printf("# %s\n", bad[i]);
			all = false;
		}
	ok(all, "no durations");
	ok(parse_duration("10", true, &ms, &why) && ms == 10, "bare milliseconds");
	ok(parse_stop_timeout("infinity", &ms, &why) && ms == AGENTSYS_STOP_UNLIMITED &&
	   parse_stop_timeout("unlimited", &ms, &why) && ms == AGENTSYS_STOP_UNLIMITED &&
	   parse_stop_timeout("kill", &ms, &why) && ms == 0 &&
	   parse_stop_timeout("2s", &ms, &why) && ms == 2000 &&
	   !parse_stop_timeout("10", &ms, &why), "stop timeouts");
	ok(parse_backoff("100:10s", &ms, &max, &second, &why) &&
	   second && ms == 100 && max == 10000, "backoff with its maximum");
	ok(parse_backoff("2s", &ms, &max, &second, &why) && !second && ms == 2000, "without");
	ok(!parse_backoff("2s:1s", &ms, &max, &second, &why) &&
	   !parse_backoff(":1s", &ms, &max, &second, &why) &&
	   !parse_backoff("1s:", &ms, &max, &second, &why), "no backoff");
	ok(!parse_duration("25h", false, &ms, &why) && strstr(why, "longer than a day") &&
	   !parse_duration("25x", false, &ms, &why) && strstr(why, "is not a duration"),
	   "what is wrong with a duration");
	ok(!parse_backoff("2s:1s", &ms, &max, &second, &why) && strstr(why, "above its maximum") &&
	   !parse_backoff("2s:2d", &ms, &max, &second, &why) && strstr(why, "longer than a day") &&
	   !parse_backoff("2d", &ms, &max, &second, &why) && strstr(why, "longer than a day") &&
	   !parse_backoff("2s:x", &ms, &max, &second, &why) && strstr(why, "is not a backoff"),
	   "what is wrong with a backoff");
}

static void test_sizes(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 }, { "4096", 4096 }, { "100M", 100 << 20 }, { "1k", 1024 },
		{ "1.5G", 3UL << 29 }, { "2MiB", 2 << 20 }, { "2mb", 2 << 20 }, { "12B", 12 },
		{ "18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = {
		"", "M", "-1M", "1X", "10MM", "1 M", "99999999P", "1e9",
		"infinity", "1BB", "1BiB",
	};
	uint64_t n, period;
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!parse_size(good[i].text, &n) || n != good[i].bytes) {
			printf("# %s is %llu\n", good[i].text, (unsigned long long)n);
			all = false;
		}
	ok(all, "sizes");
	all = true;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_size(bad[i], &n)) {
			printf("# %s\n", bad[i]);
			all = false;
		}
	ok(all, "no sizes");
	ok(parse_memory("1.5G", &n) && n == 3UL << 29 && parse_memory("infinity", &n) && !n &&
	   parse_memory("max", &n) && !n, "memory");
	n = 1;
	ok(parse_memory("0", &n) && !n, "no limit of memory");
	ok(!parse_memory("0M", &n) && !parse_memory("0.1B", &n) && !parse_memory("-0", &n),
	   "no memory");
	ok(parse_cpu("50%", &n, &period) && n == 50000 && period == 100000, "half a CPU");
	ok(parse_cpu("250%", &n, &period) && n == 250000, "two and a half");
	ok(parse_cpu("2000/10000", &n, &period) && n == 2000 && period == 10000,
	   "quota and period");
	ok(parse_cpu("max", &n, &period) && n == 0, "no limit");
	n = 1;
	ok(parse_cpu("0", &n, &period) && !n && period == 100000, "nor is 0");
	ok(!parse_cpu("50", &n, &period) && !parse_cpu("0%", &n, &period) &&
	   !parse_cpu("999/10000", &n, &period) && !parse_cpu("1000/999", &n, &period) &&
	   !parse_cpu("1000/1000001", &n, &period) && !parse_cpu("/", &n, &period), "no CPU time");
	ok(parse_count("5", &n) && n == 5 && parse_count("infinity", &n) && !n, "counts");
	n = 1;
	ok(parse_count("0", &n) && !n, "no limit of a count");
	ok(!parse_count("-1", &n) && !parse_count("00x", &n), "no counts");
}

static void test_names(void)
{
	uint64_t soft, hard;
	unsigned int resource;
	uint32_t condition;
	const char *why;
	int signal;

	ok(parse_signal("TERM", &signal) && signal == SIGTERM && parse_signal("sigint", &signal) &&
	   signal == SIGINT && parse_signal("9", &signal) && signal == 9, "signals");
	ok(parse_signal("RTMIN", &signal) && signal == SIGRTMIN, "the first real-time signal");
	ok(parse_signal("SIGRTMIN+3", &signal) && signal == SIGRTMIN + 3, "and a later one");
	ok(!parse_signal("0", &signal) && !parse_signal("65", &signal) &&
	   !parse_signal("", &signal) &&
	   !parse_signal("BOGUS", &signal) && !parse_signal("RTMIN+99", &signal), "no signals");
	ok(parse_rlimit("nofile=10:20", &resource, &soft, &hard, &why) &&
	   resource == RLIMIT_NOFILE && soft == 10 && hard == 20, "soft and hard");
	ok(parse_rlimit("core=0", &resource, &soft, &hard, &why) && !soft && !hard, "a limit of 0");
	ok(parse_rlimit("CORE=infinity", &resource, &soft, &hard, &why) &&
	   resource == RLIMIT_CORE && soft == UINT64_MAX && hard == UINT64_MAX, "none");
	ok(parse_rlimit("as=1G", &resource, &soft, &hard, &why) &&
	   soft == 1 << 30 && hard == 1 << 30, "both");
	ok(!parse_rlimit("nofile", &resource, &soft, &hard, &why) &&
	   !parse_rlimit("nofile=2:1", &resource, &soft, &hard, &why) &&
	   !parse_rlimit("files=1", &resource, &soft, &hard, &why) &&
	   !parse_rlimit("nofile=", &resource, &soft, &hard, &why), "no limits");
	ok(parse_rlimit("core=0", &resource, &soft, &hard, &why) && !soft && !hard, "a limit of 0");
	ok(!parse_rlimit("nofile=2:1", &resource, &soft, &hard, &why) &&
	   strstr(why, "soft limit above") &&
	   !parse_rlimit("files=1", &resource, &soft, &hard, &why) &&
	   strstr(why, "nofile, nproc") &&
	   !parse_rlimit("nofile=x", &resource, &soft, &hard, &why) &&
	   strstr(why, "is not a resource limit"), "what is wrong with a limit");
	ok(parse_restart("on-failure", &condition) && condition == AGENTSYS_RESTART_ON_FAILURE &&
	   !parse_restart("on failure", &condition), "restart conditions");
}

static void test_groups(void)
{
	static const struct {
		const char *text;
		uint32_t n, ms;	/* 0 ms: no window */
	} good[] = {
		{ "5/60", 5, 60000 }, { "5/1m", 5, 60000 }, { "1/0.5", 1, 500 },
		{ "0/10", 0, 10000 }, { "3", 3, 0 }, { "64/500ms", 64, 500 },
		{ "default", 5, 60000 }, { "lenient", 10, 120000 }, { "strict", 3, 30000 },
		{ "never", 0, 0 }, { "4294967295/1d", UINT32_MAX, 86400000 },
	};
	static const char *const bad[] = {
		"", "/", "5/", "/5", "5/x", "-1/5", "5/-1", "5/60/7", "sometimes", "4294967296/1",
		"5 / 60", "5/1.2.3",
	};
	uint32_t n, ms, strategy;
	bool all = true, window;
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ms = 0;
		if (!parse_budget(good[i].text, &n, &ms, &window, &why) || n != good[i].n ||
		    ms != good[i].ms || window != !!good[i].ms) {
			printf("# %s is %u within %u ms\n", good[i].text, n, ms);
			all = false;
		}
	}
	ok(all, "budgets");
	all = true;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_budget(bad[i], &n, &ms, &window, &why)) {
			printf("# %s\n", bad[i]);
			all = false;
		}
	ok(all, "no budgets");
	ok(!parse_budget("5/2d", &n, &ms, &window, &why) && strstr(why, "longer than a day") &&
	   !parse_budget("5/x", &n, &ms, &window, &why) && strstr(why, "is no budget"),
	   "what is wrong with a budget");
	ok(parse_strategy("one-for-all", &strategy) && strategy == AGENTSYS_ONE_FOR_ALL &&
	   parse_strategy("rest_for_one", &strategy) && strategy == AGENTSYS_REST_FOR_ONE &&
	   parse_strategy("permanent", &strategy) && strategy == AGENTSYS_PERMANENT, "strategies");
	ok(!parse_strategy("", &strategy) && !parse_strategy("one", &strategy) &&
	   !parse_strategy("one for all", &strategy) && !parse_strategy("unknown", &strategy) &&
	   !parse_strategy("one-for-all-of-them-and-then-many-more", &strategy), "no strategies");
}

static void test_restarts(void)
{
	static const struct {
		const char *word;
		uint32_t condition;
	} words[] = {
		{ "never", AGENTSYS_RESTART_NEVER },
		{ "no", AGENTSYS_RESTART_NEVER },
		{ "temporary", AGENTSYS_RESTART_NEVER },
		{ "on-failure", AGENTSYS_RESTART_ON_FAILURE },
		{ "transient", AGENTSYS_RESTART_ON_FAILURE },
		{ "on-abnormal", AGENTSYS_RESTART_ON_ABNORMAL },
		{ "always", AGENTSYS_RESTART_ALWAYS },
		{ "permanent", AGENTSYS_RESTART_ALWAYS },
	};
	uint32_t n, ms;
	const char *why;
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		all &= parse_restart(words[i].word, &n) && n == words[i].condition;
	ok(all, "words of others for restart conditions");
	ok(!parse_restart("", &n) && !parse_restart("on-success", &n), "and what is none");
	ok(strstr(restart_instead("on-success"), "always, ") &&
	   strstr(restart_instead("on-abort"), "on-abnormal, ") &&
	   strstr(restart_instead("on-watchdog"), "on-abnormal, ") &&
	   !restart_instead("on-failure") && !restart_instead(""), "and what to write instead");
	ok(parse_backoff_kind("linear", &n) && n == AGENTSYS_BACKOFF_LINEAR &&
	   parse_backoff_kind("adaptive", &n) && n == AGENTSYS_BACKOFF_ADAPTIVE &&
	   !parse_backoff_kind("unknown", &n) && !parse_backoff_kind("", &n), "kinds of backoff");
	ok(parse_percent("0", &n) && !n && parse_percent("100%", &n) && n == 100 &&
	   parse_percent("7", &n) && n == 7, "per cent");
	ok(!parse_percent("", &n) && !parse_percent("%", &n) && !parse_percent("101", &n) &&
	   !parse_percent("5%%", &n) && !parse_percent("-1", &n) &&
	   !parse_percent("0000000007", &n),
	   "not per cent");
	ms = 1;
	ok(parse_breaker("5", &n, &ms, &why) && n == 5 && ms == 1, "a breaker");
	ok(parse_breaker("2147483647:10m", &n, &ms, &why) && n == INT32_MAX && ms == 600000,
	   "with its time");
	ok(!parse_breaker("5:10", &n, &ms, &why) && strstr(why, "unit") &&
	   !parse_breaker("5:", &n, &ms, &why) && !parse_breaker(":5s", &n, &ms, &why) &&
	   !parse_breaker("x", &n, &ms, &why) && strstr(why, "is not a breaker") &&
	   !parse_breaker("2147483648", &n, &ms, &why) && !parse_breaker("", &n, &ms, &why),
	   "no breakers");
}

/* Read and written again: "-" where it is not to be read. */
static bool endings_are(const char *text, bool causes, const char *want)
{
	struct endings endings;
	char buf[ENDINGS_MAX];

	if (!parse_endings(text, causes, &endings))
		return *want == '-';
	return !strcmp(format_endings(&endings, buf), want);
}

static void test_endings(void)
{
	struct endings all = { .signals = UINT64_MAX, .causes = (1U << __AGENTSYS_CAUSES) - 1 };
	char buf[ENDINGS_MAX];

	ok(endings_are("3", false, "3") && endings_are("0 255", false, "0, 255"), "codes");
	ok(endings_are("10-12,5 11", false, "5, 10-12") &&
	   endings_are("62-65", false, "62-65") && endings_are("7-7", false, "7") &&
	   endings_are("0-255", false, "0-255"), "ranges");
	ok(endings_are("SIGTERM hup RTMIN+2", false, "SIGHUP, SIGTERM, SIGRTMIN+2"), "signals");
	ok(endings_are("TEMPFAIL USAGE config", false, "64, 75, 78"), "codes by their names");
	ok(endings_are("oom FAULT launch 1", true, "1, oom, fault, launch"), "causes");
	ok(endings_are("oom", false, "-") && endings_are("group", true, "-") &&
	   endings_are("exit", true, "-"), "causes that do not belong there");
	ok(endings_are("", false, "") && endings_are(" , ", true, ""), "none");
	ok(endings_are("256", false, "-") && endings_are("-1", false, "-") &&
	   endings_are("3-", false, "-") && endings_are("5-3", false, "-") &&
	   endings_are("1-256", false, "-") && endings_are("1-2-3", false, "-") &&
	   endings_are("SIGBOGUS", false, "-") && endings_are("3 x", false, "-") &&
	   endings_are("0x3", false, "-"), "no endings");
	memset(all.codes, 0x55, sizeof(all.codes));
	ok(strlen(format_endings(&all, buf)) < ENDINGS_MAX - 1, "the longest text has room");
}

static void test_suggestions(void)
{
	static const char *const names[] = { "start", "stop", "status", "list", "restart" };

	ok(edit_distance("kitten", "sitting") == 3 && edit_distance("stpo", "stop") == 1 &&
	   edit_distance("", "abc") == 3 && edit_distance("same", "same") == 0, "distances");
	ok(!strcmp(nearest("lits", names, 5), "list"), "letters swapped");
	ok(!strcmp(nearest("statu", names, 5), "status"), "not typed to its end");
	ok(!nearest("completely-else", names, 5) && !nearest("", names, 5), "nothing like it");
}

static void test_limits(void)
{
	static const struct {
		const char *text;
		uint32_t limit;
		uint64_t max;
	} good[] = {
		{ "memory_max=200M", AGENTSYS_LIMIT_MEMORY_MAX, 200 << 20 },
		{ "memory-high=1.5K", AGENTSYS_LIMIT_MEMORY_HIGH, 1536 },
		{ "memory_max=infinity", AGENTSYS_LIMIT_MEMORY_MAX, 0 },
		{ "PIDS_MAX=7", AGENTSYS_LIMIT_PIDS_MAX, 7 },
		{ "watchdog=30s", AGENTSYS_LIMIT_WATCHDOG, 30000 },
		{ "watchdog=max", AGENTSYS_LIMIT_WATCHDOG, 0 },
		{ "cpu_budget=2h", AGENTSYS_LIMIT_CPU_BUDGET, 7200000000 },
		{ "cpu_budget=18446744073709551615", AGENTSYS_LIMIT_CPU_BUDGET, UINT64_MAX },
		{ "cpu_quota=50ms", AGENTSYS_LIMIT_CPU_QUOTA, 50000 },
		{ "cpu_quota=50000", AGENTSYS_LIMIT_CPU_QUOTA, 50000 },
		{ "syscall_rate=1000", AGENTSYS_LIMIT_SYSCALL_RATE, 1000 },
		{ "messages=0", AGENTSYS_LIMIT_MESSAGES, 0 },
		{ "memory_max=0", AGENTSYS_LIMIT_MEMORY_MAX, 0 },
		{ "watchdog=0", AGENTSYS_LIMIT_WATCHDOG, 0 },
		{ "tool_calls=18446744073709551615", AGENTSYS_LIMIT_TOOL_CALLS, UINT64_MAX },
		{ "io_write=1M", AGENTSYS_LIMIT_IO_WRITE, 1 << 20 },
		{ "io_read_ops=9", AGENTSYS_LIMIT_IO_READ_OPS, 9 },
	};
	static const char *const bad[] = {
		"", "=", "=1", "memory_max", "memory_max=", "memory_max=x", "memory_max=-1",
		"memory=1M", "cpu=50", "cpu=", "watchdog=30x", "messages=1.5", "messages=1s",
		"a name that is longer than any of them is=1", "cpu_quota=1e3", "pids_max= 1",
	};
	struct agentsys_limit_change parts[LIMIT_PARTS];
	char buf[FORMAT_MAX];
	const char *why;
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (parse_limit(good[i].text, parts, &why) != 1 ||
		    parts[0].limit != good[i].limit || parts[0].max != good[i].max) {
			printf("# %s\n", good[i].text);
			all = false;
		}
	ok(all, "limits");
	all = true;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_limit(bad[i], parts, &why) || !*why) {
			printf("# %s\n", bad[i]);
			all = false;
		}
	ok(all, "no limits");
	ok(parse_limit("cpu=150%", parts, &why) == 2 &&
	   parts[0].limit == AGENTSYS_LIMIT_CPU_QUOTA && parts[0].max == 150000 &&
	   parts[1].limit == AGENTSYS_LIMIT_CPU_PERIOD && parts[1].max == 100000, "a share");
	ok(parse_limit("cpu=0", parts, &why) == 2 && !parts[0].max, "and no limit of that");
	ok(!strcmp(format_limit(AGENTSYS_LIMIT_CPU_QUOTA, 150000, 100000, buf), "150%") &&
	   !strcmp(format_limit(AGENTSYS_LIMIT_MEMORY_MAX, 200 << 20, 0, buf), "200M") &&
	   !strcmp(format_limit(AGENTSYS_LIMIT_WATCHDOG, 30000, 0, buf), "30s") &&
	   !strcmp(format_limit(AGENTSYS_LIMIT_MESSAGES, 12, 0, buf), "12"), "back again");
}

int main(void)
{
	test_numbers();
	test_durations();
	test_limits();
	test_sizes();
	test_names();
	test_groups();
	test_restarts();
	test_endings();
	test_suggestions();
	printf("1..%d\n", tests);
	return failures != 0;
}
