// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys are those of the module's own JSON (calls 500 and 502) where both
 * tell the same.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "asmctl.h"
#include "format.h"
#include "restarts.h"

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(object, key, value))
		out_of_memory();
}

static void add_number(struct json_object *object, const char *key, uint64_t n)
{
	add(object, key, json_object_new_uint64(n));
}

static void add_signed(struct json_object *object, const char *key, int64_t n)
{
	add(object, key, json_object_new_int64(n));
}

static void add_string(struct json_object *object, const char *key, const char *s)
{
	add(object, key, json_object_new_string(s));
}

static void add_bool(struct json_object *object, const char *key, bool value)
{
	add(object, key, json_object_new_boolean(value));
}

static void add_policy(struct json_object *object, const struct agentsys_info *info)
{
	add_bool(object, "auto_restart", info->restart != AGENTSYS_RESTART_NEVER);
	add_string(object, "restart", agentsys_restart_name(info->restart));
	add_number(object, "max_restarts", info->max_restarts);
	add_number(object, "restart_count", info->restarts);
	add_number(object, "backoff_initial_ms", info->backoff_initial_ms);
	add_number(object, "backoff_max_ms", info->backoff_max_ms);
	add_number(object, "next_start_ms", info->next_start_ms);
	add_number(object, "stop_signal", info->stop_signal);
	add_number(object, "stop_timeout_ms", info->stop_timeout_ms);
	add_restarts(object, info);
}

static void add_metrics(struct json_object *object, const struct agentsys_info *info)
{
	add_number(object, "instance", info->instance);
	add_number(object, "spawn_count", info->spawns);
	add_number(object, "exit_count", info->exits);
	add_number(object, "crash_count", info->crashes);
	add_number(object, "fault_count", info->faults);
	add_number(object, "syscalls", info->syscalls);
	add_number(object, "heartbeat_count", info->heartbeats);
	add_number(object, "throttled_us", info->throttled_ns / 1000);
	add_number(object, "calls", info->calls);
	add_number(object, "calls_left_ms", info->calls_left_ms);
	add_number(object, "cpu_time_us", info->cpu_time_us);
	add_number(object, "memory_bytes", info->memory);
	add_number(object, "made_time_us", info->made_time / 1000);
	add_number(object, "start_time_us", info->start_time / 1000);
	add_number(object, "end_time_us", info->end_time / 1000);
	add_number(object, "last_activity_us", info->last_activity / 1000);
}

static struct json_object *json_of_limits(const struct agentsys_info *info)
{
	struct json_object *limits = json_object_new_object();

	add_number(limits, "memory_max_bytes", info->memory_max);
	add_number(limits, "memory_high_bytes", info->memory_high);
	add_number(limits, "cpu_quota_us", info->cpu_quota_us);
	add_number(limits, "cpu_period_us", info->cpu_period_us);
	add_number(limits, "pids_max", info->pids_max);
	return limits;
}

/* What wait() would tell: the one or the other, and null for what it is not. */
static void add_status(struct json_object *object, const struct agentsys_info *info)
{
	bool known = info->exit_status >= 0;
	bool by_signal = known && WIFSIGNALED(info->exit_status);
	struct json_object *code = NULL, *signal = NULL;

	if (by_signal)
		signal = json_object_new_int(WTERMSIG(info->exit_status));
	else if (known)
		code = json_object_new_int(WEXITSTATUS(info->exit_status));
	json_object_object_add(object, "exit_code", code);
	json_object_object_add(object, "signal", signal);
}

struct json_object *json_of_ended(const struct agentsys_info *info)
{
	struct json_object *object = json_object_new_object();
	uint64_t took = info->end_time > info->asked_time ? info->end_time - info->asked_time : 0;

	add_number(object, "agent_id", info->id);
	add_string(object, "name", info->name);
	add_string(object, "group", info->group);
	add_number(object, "pid", info->end_pid);
	add_string(object, "state", agentsys_state_name(info->state));
	add_string(object, "cause", agentsys_cause_name(info->cause));
	add_status(object, info);
	add_bool(object, "killed", info->cause == AGENTSYS_CAUSE_KILL);
	add_number(object, "took_us", info->asked_time ? took / 1000 : 0);
	return object;
}

struct json_object *json_of_agent(const struct agentsys_info *info)
{
	struct json_object *object = json_object_new_object();
	struct json_object *last_exit = json_object_new_object();

	add_number(object, "agent_id", info->id);
	add_number(object, "pid", info->pid);
	add_string(object, "name", info->name);
	add(object, "capabilities", json_object_new_array());
	add_string(object, "state", agentsys_state_name(info->state));
	add_bool(object, "paused", info->flags & AGENTSYS_AGENT_PAUSED);
	add_bool(object, "throttled", info->flags & AGENTSYS_AGENT_THROTTLED);
	add_bool(object, "attached", info->flags & AGENTSYS_AGENT_ATTACHED);
	add_bool(object, "waits", info->flags & AGENTSYS_AGENT_WAITS);
	add_bool(object, "traps", info->flags & AGENTSYS_AGENT_TRAPS);
	add_policy(object, info);
	add_metrics(object, info);
	add_string(last_exit, "cause", agentsys_cause_name(info->cause));
	add_signed(last_exit, "code", info->code);
	add_status(last_exit, info);
	if (info->cause == AGENTSYS_CAUSE_LAUNCH)
		add_string(last_exit, "step", agentsys_step_text(info->step));
	add(object, "last_exit", last_exit);
	add_number(object, "uid", info->uid);
	add_number(object, "gid", info->gid);
	add(object, "limits", json_of_limits(info));
	add_string(object, "cgroup", info->cgroup);
	add_string(object, "group", info->group);
	add_number(object, "place", info->place);
	add_bool(object, "significant", info->significant);
	add_number(object, "parent_id", info->parent_id);
	add_number(object, "parent_instance", info->parent_instance);
	add_string(object, "backend", agentsys_backend_name(info->backend));
	return object;
}

struct json_object *json_of_group(const struct agentsys_group *group)
{
	struct json_object *object = json_object_new_object();

	add_string(object, "name", group->name);
	/* Only root is in no other one, which is null. */
	json_object_object_add(object, "parent",
			       *group->parent ? json_object_new_string(group->parent) : NULL);
	add_number(object, "place", group->place);
	add_string(object, "state", agentsys_state_name(group->state));
	add_string(object, "strategy", agentsys_strategy_name(group->strategy));
	add_number(object, "budget", group->budget);
	add_number(object, "within_ms", group->within_ms);
	add_number(object, "backoff_initial_ms", group->backoff_initial_ms);
	add_number(object, "backoff_max_ms", group->backoff_max_ms);
	add_number(object, "members", group->members);
	add_number(object, "recent_restarts", group->recent);
	add_number(object, "restart_count", group->restarts);
	add_number(object, "reason", group->reason);
	add_string(object, "auto_shutdown", agentsys_auto_shutdown_name(group->auto_shutdown));
	add_bool(object, "significant", group->significant);
	add_string(object, "backoff_kind", agentsys_backoff_name(group->backoff_kind));
	add_number(object, "jitter_percent", group->jitter);
	add_number(object, "members_max", group->members_max);
	return object;
}

struct json_object *json_of_past(const struct agentsys_past *past)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "time_us", past->time_ns / 1000);
	add_number(object, "agent_id", past->agent_id);
	add_number(object, "instance", past->instance);
	add_number(object, "ran_us", past->ran_ns / 1000);
	add_string(object, "cause", agentsys_cause_name(past->cause));
	add_signed(object, "code", past->code);
	add_string(object, "decision", agentsys_decision_name(past->decision));
	add_number(object, "delay_ms", past->delay_ms);
	add_number(object, "pid", past->pid);
	add_string(object, "group", past->group);
	return object;
}

struct json_object *json_of_event(const struct agentsys_event *event)
{
	struct json_object *object = json_object_new_object();
	char text[256];
	char name[sizeof(event->name) + 1];

	agentsys_event_text(event, text, sizeof(text));
	snprintf(name, sizeof(name), "%.*s", (int)sizeof(event->name), event->name);
	add_number(object, "seq", event->seq);
	add_number(object, "time_us", event->time_ns / 1000);
	add_number(object, "agent_id", event->agent_id);
	add_string(object, "name", name);
	add_signed(object, "pid", event->pid);
	add_string(object, "type", agentsys_event_name(event->type));
	add_string(object, "cause", agentsys_cause_name(event->cause));
	add_signed(object, "code", event->code);
	add_number(object, "value", event->value);
	add_number(object, "instance", event->instance);
	if (event->type == AGENTSYS_EVENT_FAULT) {
		add_number(object, "limit", event->limit);
		add_string(object, "action", agentsys_recover_name(event->action));
	}
	add_string(object, "text", text);
	return object;
}

static struct json_object *json_of_words(const char *words)
{
	struct json_object *array = json_object_new_array();

	while (*words) {
		int length = strcspn(words, " ");

		if (length)
			json_object_array_add(array, json_object_new_string_len(words, length));
		words += length + !!words[length];
	}
	return array;
}

struct json_object *json_of_system(const struct agentsys_system *system)
{
	struct json_object *object = json_object_new_object();
	struct json_object *counters = json_object_new_object();
	struct json_object *module = json_object_new_object();

	add_number(counters, "total_agents_spawned", system->spawns);
	add_number(counters, "total_agents_exited", system->exits);
	add_number(counters, "active_agents", system->active);
	add_number(counters, "total_faults", system->faults);
	add_number(counters, "total_crashes", system->crashes);
	add_number(counters, "total_restarts", system->restarts);
	add_number(counters, "total_syscalls", system->syscalls);
	add(object, "system", counters);

	add_string(module, "release", system->release);
	add_number(module, "abi", system->abi);
	add_number(module, "agents", system->agents);
	add_number(module, "max_agents", system->max_agents);
	add_number(module, "events", system->events);
	add_number(module, "ring_size", system->ring_size);
	add_number(module, "launcher_pid", system->launcher_pid);
	add_string(module, "launcher_path", system->launcher_path);
	add_string(module, "cgroup_root", system->cgroup_root);
	add(module, "controllers", json_of_words(system->controllers));
	add_string(module, "hooks", system->hooks);
	add_number(module, "hooks_error", system->hooks_error);
	add(object, "module", module);
	return object;
}

static void print(struct json_object *object, int flags)
{
	const char *text =
		json_object_to_json_string_ext(object, flags | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		out_of_memory();
	puts(text);
	json_object_put(object);
}

void print_json(struct json_object *object)
{
	print(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void print_json_line(struct json_object *object)
{
	print(object, JSON_C_TO_STRING_PLAIN);
}
