// SPDX-License-Identifier: GPL-2.0-only
#include "restarts.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "parse.h"
#include "spec.h"

/* As the module has them. */
#define STABLE_DEFAULT_MS  60000
#define BREAKER_DEFAULT_MS 60000

/* ---- options ---- */

static void take_endings(struct agentsys_spec *spec, int key, const char *arg)
{
	bool prevents = key == OPT_PREVENT_STATUS;
	struct endings endings;

	if (!parse_endings(arg, prevents, &endings))
		usage_error("'%s' is not a list as \"2 10-12 SIGHUP%s\"", arg,
			    prevents ? " oom" : "");
	if (prevents) {
		agentsys_spec_set_never_codes(spec, endings.codes);
		agentsys_spec_set_never_signals(spec, endings.signals);
		agentsys_spec_set_never_causes(spec, endings.causes);
	} else {
		agentsys_spec_set_success_codes(spec, endings.codes);
		agentsys_spec_set_success_signals(spec, endings.signals);
	}
}

static void take_breaker(struct agentsys_spec *spec, const char *arg)
{
	uint32_t restarts, open_ms = BREAKER_DEFAULT_MS;
	const char *why;

	if (!parse_breaker(arg, &restarts, &open_ms, &why))
		usage_error("'%s' %s", arg, why);
	agentsys_spec_set_breaker(spec, restarts, open_ms);
}

uint32_t take_backoff_kind(const char *arg)
{
	uint32_t kind;

	if (!parse_backoff_kind(arg, &kind))
		usage_error("'%s' is not one of exponential, linear, constant, adaptive", arg);
	return kind;
}

uint32_t take_jitter(const char *arg)
{
	uint32_t percent;

	if (!parse_percent(arg, &percent))
		usage_error("'%s' is not a jitter, 0 to 100 per cent", arg);
	return percent;
}

bool take_restarts_option(struct agentsys_spec *spec, int key, const char *arg)
{
	const char *why;
	uint32_t n;

	switch (key) {
	case OPT_BACKOFF_KIND:
		agentsys_spec_set_backoff_kind(spec, take_backoff_kind(arg));
		return true;
	case OPT_JITTER:
		agentsys_spec_set_jitter(spec, take_jitter(arg));
		return true;
	case OPT_STABLE:
		if (!parse_duration(arg, false, &n, &why))
			usage_error("'%s' %s", arg, why);
		if (!n)
			usage_error("a stable time is 1ms or more");
		agentsys_spec_set_stable(spec, n);
		return true;
	case OPT_BREAKER:
		take_breaker(spec, arg);
		return true;
	case OPT_TRAPS:
		if (strcmp(arg, "yes") && strcmp(arg, "no"))
			usage_error("'%s' is neither yes nor no", arg);
		agentsys_spec_set_traps(spec, !strcmp(arg, "yes"));
		return true;
	case OPT_SUCCESS_STATUS:
	case OPT_PREVENT_STATUS:
		take_endings(spec, key, arg);
		return true;
	}
	return false;
}

/* ---- what an agent has ---- */

struct endings success_of(const struct agentsys_info *info)
{
	struct endings endings = { .signals = info->success_signals };

	memcpy(endings.codes, info->success_codes, sizeof(endings.codes));
	return endings;
}

struct endings never_of(const struct agentsys_info *info)
{
	struct endings endings = {
		.signals = info->never_signals,
		.causes = info->never_causes,
	};

	memcpy(endings.codes, info->never_codes, sizeof(endings.codes));
	return endings;
}

static void print_endings(const char *label, const struct endings *endings)
{
	char buf[ENDINGS_MAX];

	if (!endings_none(endings))
		printf("  %-14s %s\n", label, format_endings(endings, buf));
}

void print_restarts(const struct agentsys_info *info)
{
	struct endings success = success_of(info), never = never_of(info);
	char buf[FORMAT_MAX];

	if (info->backoff_kind != AGENTSYS_BACKOFF_EXPONENTIAL)
		printf("  Backoff:       %s\n", agentsys_backoff_name(info->backoff_kind));
	if (info->backoff_kind == AGENTSYS_BACKOFF_ADAPTIVE && info->survival_ms)
		printf("  Survival:      %s\n", format_ms(info->survival_ms, buf));
	if (info->jitter)
		printf("  Jitter:        up to %" PRIu32 "%%\n", info->jitter);
	if (info->stable_ms != STABLE_DEFAULT_MS)
		printf("  Stable:        after %s\n", format_ms(info->stable_ms, buf));
	if (info->breaker)
		printf("  Breaker:       after %" PRIu32 " in a row, for %s\n", info->breaker,
		       format_ms(info->breaker_open_ms, buf));
	if (info->streak)
		printf("  In A Row:      %" PRIu32 "\n", info->streak);
	if (info->circuit != AGENTSYS_CIRCUIT_CLOSED)
		printf("  Circuit:       %s\n", agentsys_circuit_name(info->circuit));
	print_endings("Success:", &success);
	print_endings("Never After:", &never);
}

/* ---- JSON ---- */

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(object, key, value))
		out_of_memory();
}

static void add_to(struct json_object *array, struct json_object *value)
{
	if (!value || json_object_array_add(array, value))
		out_of_memory();
}

struct json_object *json_of_endings(const struct endings *endings)
{
	struct json_object *object = json_object_new_object();
	struct json_object *codes = json_object_new_array();
	struct json_object *signals = json_object_new_array();
	struct json_object *causes = json_object_new_array();

	for (int code = 0; code < 64 * AGENTSYS_CODE_WORDS; code++)
		if (endings->codes[code / 64] >> code % 64 & 1)
			add_to(codes, json_object_new_int(code));
	for (int signal = 1; signal <= 64; signal++)
		if (endings->signals >> (signal - 1) & 1)
			add_to(signals, json_object_new_int(signal));
	for (int cause = 0; cause < __AGENTSYS_CAUSES; cause++)
		if (endings->causes >> cause & 1)
			add_to(causes, json_object_new_string(agentsys_cause_name(cause)));
	add(object, "codes", codes);
	add(object, "signals", signals);
	add(object, "causes", causes);
	return object;
}

void add_restarts(struct json_object *object, const struct agentsys_info *info)
{
	struct endings success = success_of(info), never = never_of(info);

	add(object, "backoff_kind",
	    json_object_new_string(agentsys_backoff_name(info->backoff_kind)));
	add(object, "jitter_percent", json_object_new_uint64(info->jitter));
	add(object, "stable_ms", json_object_new_uint64(info->stable_ms));
	add(object, "breaker", json_object_new_uint64(info->breaker));
	add(object, "breaker_open_ms", json_object_new_uint64(info->breaker_open_ms));
	add(object, "success", json_of_endings(&success));
	add(object, "never_after", json_of_endings(&never));
	add(object, "restart_streak", json_object_new_uint64(info->streak));
	add(object, "survival_ms", json_object_new_uint64(info->survival_ms));
	add(object, "circuit", json_object_new_string(agentsys_circuit_name(info->circuit)));
}
