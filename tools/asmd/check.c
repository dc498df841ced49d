// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "report.h"
#include "state.h"

/* The first check of an instance comes no later than this. */
#define FIRST_MS 500

static const struct check_kind *const kinds[] = { &check_process, &check_tcp, &check_http,
						  &check_command };

static void due(struct timer *timer);

/* ---- how one goes ---- */

/* The next one begins an interval after the last one did, if that is over by then. */
static void plan(struct check *check)
{
	uint64_t next = check->began + check->interval_ms;
	uint64_t now = now_ms();

	timer_set(&check->timer, next > now ? next - now : 0);
}

static void succeed(struct check *check)
{
	check->good = now_ms();
	check->failures = 0;
	check->health = HEALTH_HEALTHY;
}

/* A failure while it starts is none, and one that goes on is reported again. */
static void fail(struct check *check)
{
	uint64_t now = now_ms();

	if (check->health == HEALTH_STARTING && now - check->since < check->start_period_ms)
		return;
	check->failures++;
	if (check->failures < check->retries)
		return;
	check->health = HEALTH_UNHEALTHY;
	if (check->failures % check->retries == 0)
		report_unresponsive(check->agent, now - check->good,
				    (uint64_t)check->retries * check->interval_ms);
}

void check_done(struct check *check, bool good, const char *format, ...)
{
	va_list args;

	check->running = false;
	va_start(args, format);
	vsnprintf(check->result, sizeof(check->result), format, args);
	va_end(args);
	say(LOG_DEBUG, "agent %u: %s %s: %s", check->agent->id, check->kind->name, check->target,
	    check->result);
	plan(check);
	if (good)
		succeed(check);
	else
		fail(check);
}

static void cancel(struct check *check)
{
	timer_drop(&check->timer);
	if (check->running && check->kind->cancel)
		check->kind->cancel(check);
	check->running = false;
}

static void due(struct timer *timer)
{
	struct check *check = HOLDER(timer, struct check, timer);

	if (check->running) {
		cancel(check);
		check_done(check, false, "no answer within %ums", check->timeout_ms);
		return;
	}
	check->running = true;
	check->began = now_ms();
	timer_set(timer, check->timeout_ms);
	check->kind->begin(check);
}

/* ---- with the agent ---- */

static void begin(struct check *check)
{
	cancel(check);
	check->since = now_ms();
	check->good = check->since;
	check->health = HEALTH_STARTING;
	check->failures = 0;
	check->result[0] = '\0';
	if (agent_runs(check->agent))
		timer_set(&check->timer,
			  check->interval_ms < FIRST_MS ? check->interval_ms : FIRST_MS);
}

void checks_follow(struct agent *agent, bool again)
{
	for (struct check *check = agent->checks; check; check = check->next) {
		if (again)
			begin(check);
		else if (!agent_runs(agent))
			cancel(check);
		else if (!check->timer.place) /* it runs, and did not before */
			timer_set(&check->timer, check->interval_ms);
	}
}

static void free_checks(struct check *checks)
{
	while (checks) {
		struct check *next = checks->next;

		cancel(checks);
		free(checks->target);
		free(checks);
		checks = next;
	}
}

void checks_drop(struct agent *agent)
{
	struct check *checks = agent->checks;

	agent->checks = NULL;
	free_checks(checks);
}

static const char *of_checks(const struct agent *agent)
{
	bool starting = false;

	for (const struct check *check = agent->checks; check; check = check->next) {
		if (check->health == HEALTH_UNHEALTHY)
			return "unhealthy";
		starting |= check->health == HEALTH_STARTING;
	}
	return starting ? "starting" : "healthy";
}

const char *agent_health(const struct agent *agent)
{
	if (!agent->checks && !agent->notifies)
		return "none";
	switch (agent->state) {
	case AGENTSYS_ACTIVE:
		break;
	case AGENTSYS_STARTING:
	case AGENTSYS_BACKOFF:
		return "starting";
	case AGENTSYS_FAILED:
		return "unhealthy";
	default:
		return "down";
	}
	if (agent->notifies && !agent->ready)
		return "starting";
	return of_checks(agent);
}

/* ---- what is asked for ---- */

static const struct check_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (name && !strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

static const char *string(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_object_get(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int number(struct json_object *object, const char *key, uint32_t min, uint32_t max,
		  uint32_t *to, char why[CHECK_WHY_MAX])
{
	struct json_object *value = json_object_object_get(object, key);
	int64_t n;

	if (!value)
		return 0;
	n = json_object_get_int64(value);
	if (!json_object_is_type(value, json_type_int) || n < min || n > max) {
		snprintf(why, CHECK_WHY_MAX, "%s is not from %u to %u", key, min, max);
		return -1;
	}
	*to = n;
	return 0;
}

static int set_times(struct check *check, struct json_object *object, char why[CHECK_WHY_MAX])
{
	check->interval_ms = 10000;
	check->timeout_ms = 5000;
	check->retries = 3;
	if (number(object, "interval_ms", 10, CHECK_TIME_MAX_MS, &check->interval_ms, why) ||
	    number(object, "timeout_ms", 10, CHECK_TIME_MAX_MS, &check->timeout_ms, why) ||
	    number(object, "retries", 1, CHECK_RETRIES_MAX, &check->retries, why) ||
	    number(object, "start_period_ms", 0, CHECK_TIME_MAX_MS, &check->start_period_ms, why))
		return -1;
	return 0;
}

static int set_kind(struct check *check, struct json_object *object, char why[CHECK_WHY_MAX])
{
	const char *target = string(object, "target") ?: "";

	check->kind = kind_of(string(object, "kind"));
	if (!check->kind) {
		snprintf(why, CHECK_WHY_MAX, "there is no such kind of check");
		return -1;
	}
	if (check->kind->needs_target ? !*target : *target) {
		snprintf(why, CHECK_WHY_MAX, "%s %s", check->kind->name,
			 *target ? "takes nothing" : "does not say what is to be checked");
		return -1;
	}
	if (strlen(target) > CHECK_TARGET_MAX) {
		snprintf(why, CHECK_WHY_MAX, "what is to be checked is longer than %d bytes",
			 CHECK_TARGET_MAX);
		return -1;
	}
	check->target = need(strdup(target));
	return check->kind->prepare ? check->kind->prepare(target, why) : 0;
}

/* In the order of @array; NULL and why not if one of them cannot be. */
static struct check *make(struct agent *agent, struct json_object *array, char why[CHECK_WHY_MAX])
{
	struct check *first = NULL, **end = &first;
	size_t n = json_object_array_length(array);

	for (size_t i = 0; i < n; i++) {
		struct json_object *object = json_object_array_get_idx(array, i);
		struct check *check = need(calloc(1, sizeof(*check)));

		check->agent = agent;
		check->timer.due = due;
		*end = check;
		end = &check->next;
		if (set_times(check, object, why) || set_kind(check, object, why)) {
			free_checks(first);
			return NULL;
		}
	}
	return first;
}

int checks_set(struct agent *agent, struct json_object *array, char why[CHECK_WHY_MAX])
{
	size_t n = json_object_is_type(array, json_type_array) ? json_object_array_length(array) :
								 CHECKS_MAX + 1;
	struct check *checks;

	if (n > CHECKS_MAX) {
		snprintf(why, CHECK_WHY_MAX, "an agent has up to %d checks", CHECKS_MAX);
		return -1;
	}
	checks = n ? make(agent, array, why) : NULL;
	if (n && !checks)
		return -1;
	checks_drop(agent);
	agent->checks = checks;
	checks_follow(agent, true);
	state_changed();
	return 0;
}

struct json_object *checks_json(const struct agent *agent, bool all)
{
	static const char *const words[] = { "starting", "healthy", "unhealthy" };
	struct json_object *array = json_object_new_array();

	for (const struct check *check = agent->checks; check; check = check->next) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "kind", json_object_new_string(check->kind->name));
		json_object_object_add(object, "target", json_object_new_string(check->target));
		json_object_object_add(object, "interval_ms",
				       json_object_new_int64(check->interval_ms));
		json_object_object_add(object, "timeout_ms",
				       json_object_new_int64(check->timeout_ms));
		json_object_object_add(object, "retries", json_object_new_int64(check->retries));
		json_object_object_add(object, "start_period_ms",
				       json_object_new_int64(check->start_period_ms));
		json_object_array_add(array, object);
		if (!all)
			continue;
		json_object_object_add(object, "health",
				       json_object_new_string(words[check->health]));
		json_object_object_add(object, "failures", json_object_new_int64(check->failures));
		json_object_object_add(object, "result", json_object_new_string(check->result));
	}
	return array;
}
