// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people write behind asmctl's options, against the manual page: what is
 * taken, and for which number, by somebody who reads it digit by digit.
 *
 * fuzz: -max_len=96 -runs=50000
 */
#include <limits.h>
#include <signal.h>
#include <strings.h>

#include "fuzz.h"

#include "../../tools/asmctl/parse.c"

/* More exact than what it is compared with. */
typedef long double exact_t;

#define TEXT_MAX 47
#define PART_MAX 31	/* what stands before a ':' or '/' may be so long */

/* Digits alone; what has too many is larger than anything. */
static bool naive_number(const char *text, size_t len, unsigned __int128 *n)
{
	*n = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (*n <= UINT64_MAX)
			*n = *n * 10 + (text[i] - '0');
	}
	return len;
}

/* A whole part, a point with digits or without, and the rest. */
static bool naive_fraction(const char *text, exact_t *n, const char **rest)
{
	exact_t digit = 0.1L;

	*n = 0;
	for (*rest = text; **rest >= '0' && **rest <= '9'; ++*rest)
		*n = *n * 10 + (**rest - '0');
	if (*rest == text)
		return false;
	if (**rest != '.')
		return true;
	for (++*rest; **rest >= '0' && **rest <= '9'; ++*rest, digit /= 10)
		*n += (**rest - '0') * digit;
	return true;
}

/* Was @exact taken, rounded, as it should be up to @max? A double is off a little. */
static void check_scaled(bool taken, uint64_t result, exact_t exact, exact_t max)
{
	exact_t off = exact * 0x1p-50L + 1e-9L;

	if (taken)
		CHECK(exact <= max + 0.5L + off && result >= exact - 0.5L - off &&
		      result <= exact + 0.5L + off);
	else
		CHECK(exact >= max + 0.5L - off);
}

static bool is_word(const char *text)
{
	return !strcmp(text, "infinity") || !strcmp(text, "unlimited") || !strcmp(text, "max");
}

static void check_numbers(const char *text, uint64_t max)
{
	unsigned __int128 exact;
	bool digits = naive_number(text, strlen(text), &exact);
	bool negative = *text == '-';
	int64_t s, least = -(int64_t)(max % 1000), most = (int64_t)(max % 777);
	uint32_t id;
	uint64_t n;

	CHECK(parse_number(text, max, &n) == (digits && exact <= max));
	if (digits && exact <= max)
		CHECK(n == exact);
	CHECK(parse_id(text, &id) == (digits && exact >= 2 && exact <= INT_MAX));
	if (digits && exact >= 2 && exact <= INT_MAX)
		CHECK(id == exact);
	CHECK(parse_count(text, &n) ==
	      (is_word(text) || !strcmp(text, "0") || (digits && exact >= 1 && exact <= INT_MAX)));

	digits = naive_number(text + (negative || *text == '+'),
			      strlen(text) - (negative || *text == '+'), &exact);
	if (parse_signed(text, least, most, &s))
		CHECK(digits && s >= least && s <= most &&
		      s == (negative ? -(__int128)exact : (__int128)exact));
	else
		CHECK(!digits || (negative ? exact > (uint64_t)-least : exact > (uint64_t)most));
}

static exact_t naive_unit(const char *unit)
{
	static const char *const names[] = { "ms", "s", "sec", "m", "min", "h", "d" };
	static const exact_t factors[] = { 1, 1000, 1000, 60e3L, 60e3L, 3600e3L, 86400e3L };

	for (size_t i = 0; i < 7; i++)
		if (!strcmp(unit, names[i]))
			return factors[i];
	return 0;
}

static void check_duration(const char *text, bool bare)
{
	const char *unit, *why = NULL;
	exact_t exact, factor = 0;
	uint32_t ms = 0;
	bool taken = parse_duration(text, bare, &ms, &why);

	if (naive_fraction(text, &exact, &unit))
		factor = !*unit && (bare || exact == 0) ? 1 : naive_unit(unit);
	if (!factor) {
		CHECK(!taken && strstr(why, "is not a duration"));
		return;
	}
	check_scaled(taken, ms, exact * factor, 86400e3L);
	CHECK(taken || strstr(why, "longer than a day"));
}

static void check_backoff(const char *text)
{
	const char *why = NULL, *colon = strchr(text, ':'), *unused;
	uint32_t initial = 0, max = 0, a = 0, b = 0;
	char first[64] = "";
	bool second = false, expected;
	bool taken = parse_backoff(text, &initial, &max, &second, &why);

	CHECK(taken || why);
	if (colon && colon - text > PART_MAX)
		return;
	memcpy(first, text, colon ? (size_t)(colon - text) : strlen(text));
	CHECK(!taken || second == !!colon);
	expected = parse_duration(first, true, &a, &unused) &&
		   (!colon || (parse_duration(colon + 1, true, &b, &unused) && a <= b));
	CHECK(taken == expected);
	if (taken)
		CHECK(initial == a && (!colon || max == b));
}

static exact_t naive_size_unit(const char *unit)
{
	static const char *const units[] = { "B", "K", "M", "G", "T", "P" };
	exact_t factor = 1;

	for (size_t i = 0; i < 6; i++, factor *= 1024) {
		char with_b[4], with_ib[4];

		snprintf(with_b, sizeof(with_b), "%sB", units[i]);
		snprintf(with_ib, sizeof(with_ib), "%siB", units[i]);
		if (!strcasecmp(unit, units[i]) ||
		    (i && (!strcasecmp(unit, with_b) || !strcasecmp(unit, with_ib))))
			return factor;
	}
	return 0;
}

static void check_size(const char *text)
{
	unsigned __int128 whole;
	exact_t exact, factor = 0;
	const char *unit;
	uint64_t bytes = 0, memory = 77;
	bool taken = parse_size(text, &bytes);
	bool none;

	if (naive_number(text, strlen(text), &whole)) {
		CHECK(taken == (whole <= UINT64_MAX));
		CHECK(!taken || bytes == whole);
	} else {
		if (naive_fraction(text, &exact, &unit))
			factor = naive_size_unit(unit);
		if (factor)
			check_scaled(taken, bytes, exact * factor, 0x1p63L);
		else
			CHECK(!taken);
	}
	none = is_word(text) || !strcmp(text, "0");
	CHECK(parse_memory(text, &memory) == (none || (taken && bytes)));
	if (none)
		CHECK(!memory);
	else if (taken && bytes)
		CHECK(memory == bytes);
}

static void check_cpu(const char *text)
{
	const char *slash = strchr(text, '/'), *unit;
	unsigned __int128 a, b;
	uint64_t quota = 0, period = 0;
	exact_t exact;
	bool taken = parse_cpu(text, &quota, &period);

	if (is_word(text) || !strcmp(text, "0")) {
		CHECK(taken && !quota);
	} else if (slash && slash - text > PART_MAX) {
		CHECK(!taken);
	} else if (slash) {
		CHECK(taken == (naive_number(text, (size_t)(slash - text), &a) &&
				naive_number(slash + 1, strlen(slash + 1), &b) && a >= 1000 &&
				a <= UINT32_MAX && b >= 1000 && b <= 1000000));
		CHECK(!taken || (quota == a && period == b));
	} else if (!naive_fraction(text, &exact, &unit) || strcmp(unit, "%")) {
		CHECK(!taken);
	} else if (taken || exact * 1000 > 1001) {
		check_scaled(taken, quota, exact * 1000, UINT32_MAX);
		CHECK(!taken || (quota >= 1000 && period == 100000));
	}
}

/* The names that there are, in both ways of writing them. */
static int naive_signal(const char *text)
{
	unsigned __int128 n;
	char name[32];

	if (naive_number(text, strlen(text), &n))
		return n <= (unsigned int)SIGRTMAX ? (int)n : 0;
	for (int i = 1; i < 32; i++) {
		snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(i));
		if (!strcasecmp(text, name) || !strcasecmp(text, name + 3))
			return i;
	}
	for (int with = 0; with < 2; with++) {
		const char *rtmin = with ? "SIGRTMIN" : "RTMIN";
		const char *rest = text + strlen(rtmin);

		if (strncasecmp(text, rtmin, strlen(rtmin)))
			continue;
		if (!*rest)
			return SIGRTMIN;
		if (*rest == '+' && naive_number(rest + 1, strlen(rest + 1), &n) &&
		    n <= (unsigned int)(SIGRTMAX - SIGRTMIN))
			return SIGRTMIN + (int)n;
	}
	return 0;
}

static void check_signal(const char *text)
{
	int signal = 0;
	bool taken = parse_signal(text, &signal);

	CHECK(taken == !!naive_signal(text));
	CHECK(!taken || signal == naive_signal(text));
}

static bool naive_limit(const char *text, uint64_t *limit)
{
	*limit = UINT64_MAX;
	return is_word(text) || parse_size(text, limit);
}

static void check_rlimit(const char *text)
{
	static const char *const names[] = {
		"cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as",
		"locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime",
	};
	unsigned int resource = 77, expected = 16;
	uint64_t soft = 0, hard = 0, a, b;
	const char *why = NULL, *equals = strchr(text, '='), *colon;
	bool taken = parse_rlimit(text, &resource, &soft, &hard, &why);
	char value[64];

	CHECK(taken || why);
	for (unsigned int i = 0; equals && i < 16; i++)
		if (strlen(names[i]) == (size_t)(equals - text) &&
		    !strncasecmp(text, names[i], strlen(names[i])))
			expected = i;
	if (expected == 16) {
		CHECK(!taken);
		return;
	}
	strcpy(value, equals + 1);
	colon = strchr(value, ':');
	if (colon)
		value[colon - value] = '\0';
	CHECK(taken == (naive_limit(value, &a) && naive_limit(colon ? colon + 1 : value, &b) &&
			a <= b));
	CHECK(!taken || (resource == expected && soft == a && hard == b));
}

static void check_text(const char *text, uint8_t choice, uint64_t max)
{
	uint32_t condition;

	switch (choice % 8) {
	case 0:
		check_numbers(text, max);
		break;
	case 1:
		check_duration(text, choice & 0x80);
		break;
	case 2:
		check_backoff(text);
		break;
	case 3:
		check_size(text);
		break;
	case 4:
		check_cpu(text);
		break;
	case 5:
		check_signal(text);
		break;
	case 6:
		check_rlimit(text);
		break;
	case 7:
		CHECK(parse_restart(text, &condition) ==
		      (!strcmp(text, "never") || !strcmp(text, "on-failure") ||
		       !strcmp(text, "always") || !strcmp(text, "on-abnormal") ||
		       !strcmp(text, "no") || !strcmp(text, "temporary") ||
		       !strcmp(text, "transient") || !strcmp(text, "permanent")));
		break;
	}
}

/* Lines: how to read it, and a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };

	while (in.left) {
		uint8_t choice = fuzz_u8(&in);
		uint64_t max = choice % 8 ? 0 : fuzz_any(&in);
		const uint8_t *end = in.left ? memchr(in.at, '\n', in.left) : NULL;
		size_t len = end ? (size_t)(end - in.at) : in.left;
		char *text = fuzz_string(&in, len < TEXT_MAX ? len : TEXT_MAX);

		if (in.left)
			fuzz_u8(&in);	/* the end of the line */
		check_text(text, choice, max);
		free(text);
	}
	return 0;
}
